# SPDX-License-Identifier: GPL-2.0-or-later
"""Making and ending state: new bindings a second, and a table that is full."""
from figures import figure, timed
from gateway import Failed, Gateway, Traffic
from impls import NatfwDirect, NftConntrack, NftFlowtable
from measure import Wanted, measure_group
from memory import endpoints
from nl import C
from variants import Full


def bind_once(make, flows):
    """Nanoseconds a new binding takes by its first packet, and to end again if known."""
    impl = make('snat')
    with Gateway(4, Traffic(flows)) as gw:
        with gw.inside():
            impl.setup(gw)
        was = gw.sent()
        sent = endpoints(gw, flows)
        if gw.sent() - was < sent.packets * 0.999:
            raise Failed(f'of {sent.packets} first packets {gw.sent() - was} were forwarded')
        end = None
        if isinstance(impl, NatfwDirect):
            if impl.nl.net_get('flows') < sent.packets * 0.999:
                raise Failed(f'{sent.packets} packets made {impl.nl.net_get("flows")} flows')
            end = timed(lambda: impl.nl.request(C['NATFW_CMD_FLOW_DEL'])) * 1e9 / sent.packets
        return sent.seconds * 1e9 / sent.packets, end


def bind(_o, impls, _rounds):
    rows, flows = [], 100000
    for make in (NatfwDirect, NftConntrack, NftFlowtable):
        if make.name not in impls:
            continue
        took = [bind_once(make, flows) for _ in range(3)]
        rows.append(figure('bind', make.name, 'new bindings by first packets, generator included',
                           [1e9 / t for t, _ in took], 'per s', flows=flows))
        if took[0][1]:
            rows.append(figure('bind', make.name, 'bindings ended by flow-del',
                               [1e9 / e for _, e in took], 'per s', flows=flows))
    return rows


def full(o, _impls, rounds):
    return measure_group([Wanted(Full(), 4, Traffic(100000))], rounds, o.seconds)
