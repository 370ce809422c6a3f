# SPDX-License-Identifier: GPL-2.0-or-later
"""Denial of service: what a packet of a flood costs, in slices of time, so that a cost that grows
would show; and what established flows on another processor take meanwhile."""
import random

import stats
from figures import figure, trouble, under
from gateway import DPORT, SPORT, Failed, Gateway, Traffic
from impls import Floor, NatfwDirect, NftConntrack
from measure import say, settle
from nl import Natfw, NlError, packed
from ring import HOST, SERVER, RingGateway, flows, fragments
from siphash import colliding
from state import HOSTS
from variants import Full, Wild, wildcards

SIZES = {'quick': (8, 10000), 'medium': (16, 40000), 'full': (40, 40000)}  # slices, packets
KEYS = 1000
COLLIDE = 6     # bits


class Miss(Wild):
    """1,000 wildcard rules that match nothing of the flood, which the device then refuses."""

    def __init__(self):
        super().__init__('', 2000, False)

    def _setup(self, gw):
        self.nl = Natfw()
        gw.sockets.append(self.nl)
        self.nl.load(wildcards(2000)[:-1])
        self.nl.attach('lan', 'direct', 'drop')


def slices(size, send):
    """Nanoseconds a packet in each slice, those left out in which the host was away."""
    ns, lost = zip(*(send() for _ in range(size[0])))
    return [ns[i] for i in stats.undisturbed(lost)]


def by_pktgen(impl, size):
    """A flood of pseudorandom addresses and ports: each packet is a flow of its own."""
    with Gateway(4, Traffic(1)) as gw:
        with gw.inside():
            impl.setup(gw)
        gw.aim(hosts=HOSTS, spread=True)

        def send():
            sent = gw.send(size[1])
            return sent.seconds * 1e9 / sent.packets, sent.lost
        return slices(size, send)


def packets(impls, size):
    kinds = ((NatfwDirect, lambda: NatfwDirect('snat'), 'new flows behind a pool'),
             (NftConntrack, lambda: NftConntrack('snat'), 'new connections, translated'),
             (NatfwDirect, Miss, '1,000 wildcards, none matches'),
             (NatfwDirect, Full, 'flow table full'))
    return under([figure('flood', make.name, f'{note}: a packet, generator included',
                         by_pktgen(impl(), size), 'ns')
                  for make, impl, note in kinds if make.name in impls], Traffic.usual)


# ---- established flows meanwhile ----

def beside(impl, flood, size):
    """Nanoseconds an established flow's packet takes on processor 0; flood: processor 1 as well."""
    with Gateway(4, Traffic(1000)) as gw:
        with gw.inside():
            impl.setup(gw)
        gw.sweep(3)
        if flood:
            gw.aim_second(HOSTS)

        def send():
            count, was = size[1] * 2, gw.sent()
            took = gw.send_first(count)
            if gw.sent() - was < count * 0.999:
                raise Failed(f'of {count} packets of established flows {gw.sent() - was} came out')
            return took
        return slices(size, send)


def established(impls, size):
    if NatfwDirect.name not in impls:
        return []
    rows = []
    for note, make, flood in (('nothing else', lambda: NatfwDirect('snat'), False),
                              ('a flood of new flows', lambda: NatfwDirect('snat'), True),
                              ('a full flow table, and a flood', Crowded, True)):
        rows.append(figure('flood', NatfwDirect.name, 'established flows beside ' + note +
                           ': a packet, generator included', beside(make(), flood, size), 'ns'))
    return under(rows, Traffic.usual)


class Crowded(NatfwDirect):
    """No room but for the established thousand."""

    def __init__(self):
        super().__init__('dnat')

    def _setup(self, gw):
        super()._setup(gw)
        self.nl.net_set(flow_max=1000)


# ---- chosen keys, fragments ----

def key_of(pair):
    """As much of a flow's key as an attacker chooses, in its order."""
    return b''.join((bytes(10), b'\xff\xff', packed(HOST), bytes(10), b'\xff\xff', packed(SERVER),
                     pair[0].to_bytes(2, 'big'), pair[1].to_bytes(2, 'big'), b'\x11\0\0\0'))


def key_sets():
    some = random.Random(1)

    def any_pair():
        while True:
            yield some.randrange(1024, 65536), some.randrange(1024, 65536)
    source = any_pair()
    return (('pseudorandom', [next(source) for _ in range(KEYS)]),
            ('sequential', [(SPORT + n, DPORT) for n in range(KEYS)]),
            ('equal low bits', [(1024 + 64 * (n // 8), 4096 * (1 + n % 8)) for n in range(KEYS)]),
            ('colliding under another seed', colliding(KEYS, key_of, source, COLLIDE)))


def prepared(impl, frames):
    """A gateway with these frames ready to be sent to it."""
    gw = RingGateway()
    with gw.inside():
        impl.setup(gw)
    gw.fill(frames)
    gw.send_ring(2)
    return gw


def frames(_impls, size):
    """Chosen keys and fragments, in turns, with the same frames dropped at ingress among them."""
    kinds = [('', Floor(), flows([(SPORT, DPORT)]))]
    kinds += [(f'established flows, keys {name}', NatfwDirect('allow'), flows(pairs))
              for name, pairs in key_sets()]
    kinds.append(('fragments that are never complete', NatfwDirect('allow'), fragments(0)))
    rigs, rows = [], [{'ns': [], 'lost': []} for _ in kinds]
    try:
        for _, impl, what in kinds:
            rigs.append(prepared(impl, what))
        for _ in range(2 * size[0]):
            for gw, row in zip(rigs, rows):
                ns, lost = gw.send_ring()
                row['ns'].append(ns)
                row['lost'].append(lost)
    finally:
        for gw in rigs:
            gw.close()
    return under([above(name, row, rows[0])
                  for (name, _, _), row in list(zip(kinds, rows))[1:]], 'veth')


def above(note, row, floor):
    cost = stats.added(row, floor)
    r = figure('flood', NatfwDirect.name, note + ': a packet, above the floor', cost.median, 'ns')
    return {**r, 'low': round(cost.low), 'high': round(cost.high), 'rounds': cost.n,
            'rounds_of': cost.of, 'confidence': round(cost.confidence, 3)}


PARTS = (('packets', packets), ('established flows meanwhile', established),
         ('chosen keys and fragments', frames))


def flood(o, impls, _rounds):
    rows = []
    for name, part in PARTS:
        settle()
        say(f'bench: flood: {name}')
        try:
            rows += part(impls, SIZES[o.profile])
        except (Failed, NlError, OSError) as e:
            rows.append(trouble('flood', NatfwDirect.name, e))
    return rows
