# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes of a binding, by three accounts: natfw's own gauge; objects in slabs; and what the whole
kernel has less of, which leaves out nothing but wants many bindings to be exact."""
import os
import time

from figures import figure
from gateway import Gateway, Traffic
from impls import NatfwDirect, NftConntrack, NftFlowtable
from loading import numbered, opened

ONE_ADDRESS = 50000    # connections behind one address, which is all nftables is given here
ACCOUNTS = ('gauge', 'slabs', 'kernel')


def slabs():
    """Bytes of all objects in slabs (large tables are not there)."""
    with open('/proc/slabinfo', encoding='ascii') as f:
        lines = [line.split() for line in f if not line.startswith(('#', 'slabinfo'))]
    return sum(int(w[1]) * int(w[3]) for w in lines)


def kernel():
    """Bytes in use by anything but files. What processors keep at hand of free pages is free."""
    with open('/proc/meminfo', encoding='ascii') as f:
        kib = {line.split(':')[0]: int(line.split()[1]) for line in f}
    with open('/proc/zoneinfo', encoding='ascii') as f:
        at_hand = sum(int(line.split()[1]) for line in f if line.split()[0] == 'count:')
    free = at_hand * os.sysconf('SC_PAGESIZE') // 1024
    return 1024 * (kib['MemTotal'] - free - kib['MemFree'] - kib['Buffers'] - kib['Cached'])


def accounts(nl):
    """(gauge or None, slabs, kernel), once they stay the same.

    Network namespaces that were removed before take a while to go.
    """
    was = slabs()
    for _ in range(30):
        time.sleep(0.3)
        now = slabs()
        if abs(now - was) < 100000:
            break
        was = now
    return nl.net_get('memory') if nl else None, slabs(), kernel()


def between(before, after, count):
    """Bytes each of count took, by account."""
    return {name: (b - a) / count for name, a, b in zip(ACCOUNTS, before, after)
            if a is not None}


def endpoints(gw, flows, times=1):
    """Traffic with an inside endpoint of its own in each flow, each of them seen in turn."""
    t = Traffic(flows, 'sequential', 60, 1)
    gw.aim(t, hosts=t.dports)
    return gw.send(flows * times)


def of_traffic(impl, flows):
    """Bytes of what a flow's packets make."""
    with Gateway(4, Traffic(flows)) as gw:
        with gw.inside():
            impl.setup(gw)
        gw.aim(Traffic(1))
        gw.send(10)
        nl = getattr(impl, 'nl', None)
        before = accounts(nl)
        endpoints(gw, flows, 3)
        return between(before, accounts(nl), flows)


def of_rules(count):
    """Bytes of an exact rule that translates."""
    with Gateway(4, Traffic(1)) as gw:
        nl = opened(gw)
        msgs = nl.batches(numbered(count, 2000, 'nat', True))
        before = accounts(nl)
        nl.commit(msgs)
        return between(before, accounts(nl), count)


def rows_of(impl, what, note, found, flows):
    """A row of each account, the first with the largest of them: all included."""
    most = max(found.values())
    rows = [figure('memory', impl, f'{note}, all included', most, 'bytes', flows=flows, what=what)]
    return rows + [figure('memory', impl, f'{note}, by {name}', value, 'bytes', flows=flows)
                   for name, value in found.items()]


def memory(o, impls, _rounds):
    flows = 100000 if o.profile == 'quick' else 1000000
    rows = []
    for make, case, what, note in (
            (NatfwDirect, 'dnat', 'binding', 'two-way binding'),
            (NatfwDirect, 'snat', 'mapping', 'two-way binding behind a pool, a mapping each'),
            (NftConntrack, 'snat', 'connection', 'connection'),
            (NftFlowtable, 'snat', 'offloaded', 'offloaded connection')):
        if make.name in impls:
            n = flows if make is NatfwDirect else ONE_ADDRESS
            rows += rows_of(make.name, what, note, of_traffic(make(case), n), n)
    if NatfwDirect.name in impls:
        rows += rows_of(NatfwDirect.name, 'rule', 'exact rule with its binding',
                        of_rules(100000), 100000)
    return rows
