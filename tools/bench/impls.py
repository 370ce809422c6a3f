# SPDX-License-Identifier: GPL-2.0-or-later
"""Those who are compared: how each is configured for each case, and how to tell that the
packets really went the way they are quoted for."""
from gateway import DPORT, SPORT, Failed, put, sh, sysctl
from nl import NlError, Natfw, packed, rule

UDP = 17
MANY = 4 << 20


def nft(gw, text):
    """Load a rule set; "lan" and "wan" in it are the gateway's devices."""
    for name, dev in gw.names.items():
        text = text.replace(f'"{name}"', f'"{dev}"')
    sh('nft', '-f', '-', text=text)


def prefix(text):
    """('address', length) of a prefix."""
    addr, _, length = text.partition('/')
    return packed(addr), int(length)


def ports(traffic):
    """Every (source port, destination port) of the traffic."""
    return ((SPORT + s, DPORT + d)
            for d in range(traffic.dports) for s in range(traffic.sports))


class Impl:
    """One way to treat packets."""
    name = ''
    cases = ()
    label = ''      # case as it is called in the results, if that is another
    sweeps = 1      # of all flows, before anything is measured
    spread = False  # packets of any ports instead, hardly two of the same flow

    def __init__(self, case):
        self.case = case
        self.more = {}      # fields of its own in the results

    def setup(self, gw):
        """Configure the gateway; called within its namespace."""

    def ready(self, gw):
        """Aim the generator, every flow having been seen."""
        if self.spread:
            gw.aim(spread=True)
        elif self.sweeps:
            gw.sweep(self.sweeps)
        else:
            gw.aim()

    def floor(self):
        """What this one's cost is counted from."""
        return Floor(spread=self.spread)

    def passes(self, packets):
        """How many of so many packets have to leave; None: that is not looked at."""
        return 0 if self.case in ('floor', 'drop') else packets

    def before(self, gw):
        """Called before a measured run."""

    def after(self, gw, packets):
        """Called after it: Failed if packets went another way than they should have."""


class Floor(Impl):
    """The generator, and the cheapest verdict there is."""
    name = 'generator'
    cases = ('floor',)
    sweeps = 0

    def __init__(self, case='floor', spread=False):
        super().__init__(case)
        self.spread = spread

    def setup(self, gw):
        gw.drop_all()


class NatfwImpl(Impl):
    """natfw; with exact rules for drop, one wildcard rule for everything else."""
    emit = 'direct'
    cases = ('drop', 'allow', 'snat', 'dnat', 'twice')
    sweeps = 2
    ends = {'drop': 'deny', 'allow': 'allow', 'snat': 'nat', 'dnat': 'nat', 'twice': 'nat'}

    def setup(self, gw):
        try:
            self._setup(gw)
        except NlError as e:
            raise Failed(f'natfw: {e}') from e

    def _setup(self, gw):
        self.nl = Natfw()
        gw.sockets.append(self.nl)
        self.nl.net_set(flow_max=MANY, cache_max=MANY, rule_max=MANY,
                        timeout={'udp': 3600, 'cache': 3600})
        if self.case == 'drop':
            self.nl.load(self.exact(gw))
        else:
            self.one_rule(gw)
        self.attach(gw)

    def attach(self, gw):
        for dev in ('lan', 'wan'):
            self.nl.attach(gw.names[dev], self.emit)

    @staticmethod
    def exact(gw, traffic=None):
        n = gw.net
        match = {'src': packed(n.host), 'dst': packed(n.server), 'proto': UDP}
        return [rule('deny', {**match, 'sport': s, 'dport': d})
                for s, d in ports(traffic or gw.traffic)]

    def one_rule(self, gw):
        n = gw.net
        src, length = prefix(n.inside)
        match, nat = {'src': src, 'src_len': length, 'proto': UDP}, {}
        if self.case in ('snat', 'twice'):
            self.nl.pool('bench', n.ext, n.ext_last)
            nat['pool'] = 'bench'
        if self.case in ('dnat', 'twice'):
            match['dst'] = packed(n.server)
            nat['dst'] = packed(n.real)
        self.nl.add(rule('nat' if nat else 'allow', match, nat))

    def reason(self):
        end = self.ends[self.case]
        return end if end == 'deny' else f'{end}-{self.emit}'

    def before(self, gw):
        self.was = self.nl.counters().get(self.reason(), 0)

    def after(self, gw, packets):
        self.ended(packets, 0.999)

    def ended(self, packets, share):
        """Failed unless that share of the packets ended the way they should."""
        ended = self.nl.counters().get(self.reason(), 0) - self.was
        if ended < packets * share:
            now = sorted(self.nl.counters().items(), key=lambda kv: -kv[1])[:4]
            raise Failed(f'{packets - ended} of {packets} packets did not end as '
                         f'{self.reason()}; counters: {now}')


class NatfwDirect(NatfwImpl):
    name = 'natfw-direct'


class NatfwStack(NatfwImpl):
    name = 'natfw-stack'
    emit = 'stack'
    cases = ('allow', 'snat', 'dnat', 'twice')


class IpForward(Impl):
    """The stack, with nothing in its way."""
    name = 'ip_forward'
    cases = ('allow',)


class NftFwd(Impl):
    """From ingress to the other device unseen: what sending alone costs, a lower bound."""
    name = 'nft-fwd'
    cases = ('allow',)

    def setup(self, gw):
        nft(gw, '''table netdev bench {
	chain in { type filter hook ingress device "lan" priority 0; fwd to "wan"; }
}''')


class Bare(Impl):
    """A hash chain, another address, and away to a device that is always the same: the least
    that lookup, rewriting and sending can cost (tools/bench/bare)."""
    name = 'bare'
    cases = ('allow', 'snat')
    control = '/sys/module/natfw_bare/parameters/attach'

    def setup(self, gw):
        n = gw.net
        if n.family == 6:
            raise Failed('IPv4 only')
        to = n.ext if self.case == 'snat' else ''
        put(self.control, f'{gw.names["lan"]} {gw.names["wan"]} {to}')


class NftSet(Impl):
    """A set of 5-tuples at netdev ingress."""
    name = 'nft-set'
    cases = ('drop',)
    most = 100000       # nft itself takes minutes for more

    def setup(self, gw):
        t, n = gw.traffic, gw.net
        if t.flows > self.most:
            raise Failed(f'not measured above {self.most} elements: loading them takes minutes')
        addr = 'ipv6_addr' if n.family == 6 else 'ipv4_addr'
        text = [f'''table netdev bench {{
	counter hit {{ }}
	set s {{
		type {addr} . {addr} . inet_proto . inet_service . inet_service
		size {max(t.flows, 2)}
		elements = {{''']
        text.append(',\n'.join(f'{n.host} . {n.server} . udp . {s} . {d}'
                               for s, d in ports(t)))
        text.append(f'''}} }}
	chain in {{ type filter hook ingress device "lan" priority 0; policy accept;
		{n.word} saddr . {n.word} daddr . meta l4proto . udp sport . udp dport @s drop
	}}
}}''')
        nft(gw, ''.join(text))


class Nft(Impl):
    """Connection tracking, with and without flowtable."""
    cases = ('allow', 'snat', 'dnat', 'twice')
    sweeps = 3          # the second packet of a flow puts it into the flowtable
    flowtable = False

    def setup(self, gw):
        n = gw.net
        w = n.word
        sysctl('net/netfilter/nf_conntrack_udp_timeout', 3600)
        sysctl('net/netfilter/nf_conntrack_udp_timeout_stream', 3600)
        sysctl('net/netfilter/nf_flowtable_udp_timeout', 3600)
        text = ['table inet bench {\n\tcounter slow { }\n']
        if self.flowtable:
            text.append('\tflowtable f { hook ingress priority 0; devices = { "lan", "wan" }; }\n')
        text.append('\tchain forward { type filter hook forward priority 0; policy drop;\n')
        text.append('\t\tcounter name slow\n')
        if self.flowtable:
            text.append('\t\tmeta l4proto udp flow add @f\n')
        text.append('\t\tct state established,related accept\n'
                    f'\t\tiifname "lan" {w} saddr {n.inside} meta l4proto udp accept\n\t}}\n')
        if self.case in ('snat', 'twice'):
            text.append('\tchain post { type nat hook postrouting priority srcnat;\n'
                        f'\t\toifname "wan" snat {w} to {n.ext}\n\t}}\n')
        if self.case in ('dnat', 'twice'):
            text.append('\tchain pre { type nat hook prerouting priority dstnat;\n'
                        f'\t\tiifname "lan" {w} daddr {n.server} dnat {w} to {n.real}\n\t}}\n')
        nft(gw, ''.join(text) + '}\n')


class NftConntrack(Nft):
    name = 'nft-conntrack'
    sweeps = 2


class NftFlowtable(Nft):
    """What the flowtable forwards never comes to the forward chain, which counts."""
    name = 'nft-flowtable'
    flowtable = True

    @staticmethod
    def slow(gw):
        with gw.inside():
            words = sh('nft', 'list', 'counter', 'inet', 'bench', 'slow').split()
        return int(words[words.index('packets') + 1])

    def before(self, gw):
        self.was = self.slow(gw)

    def after(self, gw, packets):
        missed = self.slow(gw) - self.was
        if missed > packets * 0.001:
            raise Failed(f'{missed} of {packets} packets were not offloaded')


ALL = (Floor, NatfwDirect, NatfwStack, NftFlowtable, NftConntrack, NftSet, NftFwd, Bare,
       IpForward)
BY_NAME = {i.name: i for i in ALL}


def offloaded(gw):
    """Connections that stand as offloaded."""
    with gw.inside(), open('/proc/net/nf_conntrack', encoding='ascii') as f:
        return sum('[OFFLOAD]' in line for line in f)
