# SPDX-License-Identifier: GPL-2.0-or-later
"""Making and ending state, after RFC 9693: the highest rates at which connections are established
and torn down, by first packets of pseudorandom ports (RFC 4814) and by netlink, and how many there
can be.

RFC 9693 looks for the highest rate without loss by binary search. Here the generator waits for
the gateway, so nothing is lost, and the rate at which it gets rid of packets is that rate."""
import ctnl
import stats
from figures import figure, timed, under
from gateway import Failed, Gateway, Traffic
from impls import Floor, NatfwDirect, NftConntrack, NftFlowtable
from loading import REPEATS, numbered, opened
from measure import Wanted, measure_group, settle
from nl import C
from variants import Full

CONNECTIONS = 50000
HOSTS = 16          # times 64,000 source ports: hardly an endpoint occurs twice
MAKERS = (NatfwDirect, NftConntrack, NftFlowtable)


class Rig:
    """A gateway on which the same number of connections is made and ended again and again."""

    def __init__(self, impl):
        self.impl, self.gw, self.ct = impl, Gateway(4, Traffic(1)), None
        self.ns, self.lost, self.ended, self.made = [], [], [], []
        with self.gw.inside():
            impl.setup(self.gw)
            if isinstance(impl, (NftConntrack, NftFlowtable)):
                self.ct = ctnl.Conntrack()
                self.gw.sockets.append(self.ct)
        self.gw.aim(hosts=HOSTS, spread=True)

    def count(self):
        """Connections there are."""
        if self.ct:
            with self.gw.inside():
                return ctnl.connections()
        return self.impl.nl.net_get('flows') if isinstance(self.impl, NatfwDirect) else 0

    def end(self):
        if self.ct:
            self.ct.flush()
        elif isinstance(self.impl, NatfwDirect):
            self.impl.nl.request(C['NATFW_CMD_FLOW_DEL'])

    def round(self):
        """One establishment of all, and its end. What has been established is counted."""
        was = self.gw.sent()
        sent = self.gw.send(CONNECTIONS)
        made, forwarded = self.count(), self.gw.sent() - was
        if self.impl.case != 'floor' and min(made, forwarded) < 0.99 * sent.packets:
            raise Failed(f'{sent.packets} first packets made {made} connections, '
                         f'{forwarded} were forwarded')
        self.ns.append(sent.seconds * 1e9 / sent.packets)
        self.lost.append(sent.lost)
        if made:
            self.made.append(made)
            self.ended.append(made / timed(self.end))


def establishment(rig, floor):
    """Rows of one implementation: by first packets, and their end."""
    row, base = {'ns': rig.ns, 'lost': rig.lost}, {'ns': floor.ns, 'lost': floor.lost}
    use, total = stats.rounds(row, base)
    rates = [1e9 / max(rig.ns[i] - floor.ns[i], 1) for i in use]
    whole = [1e9 / rig.ns[i] for i in use]
    name, more = rig.impl.name, {'flows': CONNECTIONS}
    return [figure('establish', name, 'by first packets, pseudorandom ports', rates, 'per s',
                   what='packets', **more),
            figure('establish', name, 'the same, generator included', whole, 'per s', **more),
            figure('tear-down', name, 'all at once by netlink', rig.ended, 'per s',
                   what='all', **more)]


def by_packets(impls, rounds):
    rigs = []
    settle()
    try:
        for impl in [Floor(spread=True)] + [m('snat') for m in MAKERS if m.name in impls]:
            rigs.append(Rig(impl))
        for _ in range(rounds):
            for rig in rigs:
                rig.round()
        return under([row for rig in rigs[1:] for row in establishment(rig, rigs[0])],
                     Traffic.usual)
    finally:
        for rig in rigs:
            rig.gw.close()


def by_netlink_natfw():
    with Gateway(4, Traffic(1)) as gw:
        nl = opened(gw)
        msgs, made, ended = nl.batches(numbered(CONNECTIONS, 2000, 'nat', True)), [], []
        for _ in range(REPEATS):
            made.append(CONNECTIONS / timed(lambda: nl.commit(msgs)))
            if nl.net_get('rules') != CONNECTIONS:
                raise Failed(f'{nl.net_get("rules")} bindings were made, not {CONNECTIONS}')
            ended.append(CONNECTIONS / timed(lambda: nl.request(C['NATFW_CMD_RULE_FLUSH'])))
    return made, ended


def by_netlink_conntrack():
    with Gateway(4, Traffic(1)) as gw:
        with gw.inside():
            NftConntrack('snat').setup(gw)
            ct = ctnl.Conntrack()
        gw.sockets.append(ct)
        msgs, made, ended = ct.batches(CONNECTIONS), [], []
        for _ in range(REPEATS):
            made.append(CONNECTIONS / timed(lambda: ct.send(msgs)))
            with gw.inside():
                if ctnl.connections() != CONNECTIONS:
                    raise Failed(f'{ctnl.connections()} connections were made by netlink')
            ended.append(CONNECTIONS / timed(ct.flush))
    return made, ended


def by_netlink(impls):
    rows = []
    for name, work, how in ((NatfwDirect.name, by_netlink_natfw, 'one transaction'),
                            (NftConntrack.name, by_netlink_conntrack, 'batches')):
        if name in impls:
            made, ended = work()
            rows += [figure('establish', name, f'by netlink, {how}', made, 'per s',
                            what='netlink', flows=CONNECTIONS),
                     figure('tear-down', name, 'those, all at once', ended, 'per s',
                            flows=CONNECTIONS)]
    return rows


def state(_o, impls, rounds):
    return by_packets(impls, max(5, rounds // 2)) + by_netlink(impls)


def full(o, _impls, rounds):
    return measure_group([Wanted(Full(), 4, Traffic(100000))], rounds, o.seconds)
