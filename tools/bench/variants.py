# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations beyond the plain cases: more rules than flows, wildcards, and what nftables
does instead of them."""
from gateway import Traffic, sh
from impls import UDP, Impl, NatfwDirect
from nl import Natfw, packed, rule

LENGTHS = (8, 16, 24, 32)
SHAPES = [(src, dst) for src in LENGTHS for dst in LENGTHS]
WILDCARDS = 1000


class Exact(NatfwDirect):
    """Exact deny rules, more than there are flows, if so told."""

    def __init__(self, rules, label='lookup', note=None):
        super().__init__('drop')
        self.rules, self.label = rules, label
        self.more = {'rules': rules, **({'note': note} if note else {})}

    def _setup(self, gw):
        mine, gw.traffic = gw.traffic, Traffic(self.rules)
        super()._setup(gw)
        gw.traffic = mine


def missing(n):
    """The nth wildcard that no packet matches: (source, its length, destination, its length)."""
    src, dst = SHAPES[n % len(SHAPES)]
    return bytes([64 + n // len(SHAPES), 0, 0, 0]), src, dst


def wildcards(last):
    """1,000 rules in 16 mask shapes that miss, and one of priority last that matches."""
    bodies = []
    for n in range(WILDCARDS - 1):
        addr, src, dst = missing(n)
        bodies.append(rule('deny', {'src': addr, 'src_len': src, 'dst': addr, 'dst_len': dst,
                                    'proto': UDP}))
    bodies.append(rule('deny', {'src': packed('10.0.0.0'), 'src_len': 8, 'proto': UDP,
                                'dst': packed('203.0.0.0'), 'dst_len': 8}, priority=last))
    return bodies


class Wild(NatfwDirect):
    """Wildcard rules. new: no verdict is kept, every packet is classified."""

    def __init__(self, note, last, new):
        super().__init__('drop')
        self.last, self.spread = last, new
        self.label = 'wild-new' if new else 'wild-cached'
        self.more = {'rules': WILDCARDS, 'note': note}

    def _setup(self, gw):
        self.nl = Natfw()
        gw.sockets.append(self.nl)
        self.nl.net_set(cache_max=0 if self.spread else 1 << 20)
        self.nl.load(wildcards(self.last))
        self.nl.attach('lan', 'direct')


class NftShapes(Impl):
    """One set of nftables for each mask shape, looked up one after the other at ingress."""
    name = 'nft-set'
    label = 'wild-new'
    cases = ('drop',)
    spread = True

    def __init__(self, note, shapes=SHAPES):
        super().__init__('drop')
        self.shapes = shapes
        self.more = {'rules': WILDCARDS, 'note': note}

    def setup(self, gw):
        text = ['table netdev bench {']
        for i, shape in enumerate(self.shapes):
            found = [n for n in range(WILDCARDS - 1) if SHAPES[n % len(SHAPES)] == shape]
            addrs = ('.'.join(str(b) for b in missing(n)[0]) for n in found)
            text.append(f'\tset s{i} {{\n\t\ttypeof ip saddr . ip daddr . meta l4proto\n'
                        '\t\telements = { ' + ', '.join(f'{a} . {a} . udp' for a in addrs) +
                        ' }\n\t}')
        text.append('\tchain in {\n\t\ttype filter hook ingress device "lan" priority 0; '
                    'policy drop;')
        for i, (src, dst) in enumerate(self.shapes):
            text.append(f'\t\tip saddr & {mask(src)} . ip daddr & {mask(dst)} . meta l4proto '
                        f'@s{i} drop')
        sh('nft', '-f', '-', text='\n'.join(text) + '\n\t}\n}\n')


def mask(length):
    """255.255.0.0 of 16."""
    bits = (0xffffffff << (32 - length)) & 0xffffffff
    return '.'.join(str(b) for b in bits.to_bytes(4, 'big'))


class Full(NatfwDirect):
    """1,000 flows fit, 100,000 come: each packet is classified and most are refused."""
    label = 'full'

    def __init__(self):
        super().__init__('dnat')    # with a pool, its ports would be what is lacking
        self.more = {'note': 'flow table full'}

    def _setup(self, gw):
        super()._setup(gw)
        self.nl.net_set(flow_max=1000)

    def passes(self, packets):
        """The thousand that fit are forwarded."""

    def reason(self):
        return 'flow-limit'

    def after(self, gw, packets):
        self.ended(packets, 0.98)
