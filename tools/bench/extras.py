# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not a packet rate under a case: how lookup grows with rules, wildcards, loading
rules, memory, making and ending bindings, and what happens when the flow table is full."""
import os
import statistics
import subprocess
import tempfile
import time

from clock import Clock
from gateway import CLOCK, Failed, Gateway, Traffic
from impls import UDP, Floor, NatfwDirect, NftConntrack, NftFlowtable, NftSet
from measure import Subject, measure_group, say
from nl import C, NlError, Natfw, packed, rule

NAMES = ('lookup', 'wild', 'load', 'memory', 'bind', 'full')
NATFWCTL = os.path.join(os.path.dirname(__file__), '..', 'natfwctl', 'natfwctl')
HOSTS = 32      # inside hosts; with 3125 ports each, 100,000 endpoints


def figure(case, impl, note, value, unit, **more):
    return {'case': case, 'impl': impl, 'family': 4, 'flows': more.pop('flows', 0),
            'size': 60, 'cpus': 1, 'pps': None, 'added_ns': None, 'spread': None,
            'note': note, 'value': value, 'unit': unit, **more}


def trouble(case, impl, why):
    return {'case': case, 'impl': impl, 'family': 4, 'flows': 0, 'size': 60, 'cpus': 1,
            'pps': None, 'added_ns': None, 'spread': None, 'error': str(why)}


# ---- lookup cost by number of rules ----

class Exact(NatfwDirect):
    """Many exact rules, of which the traffic meets the same few."""

    def __init__(self, rules):
        super().__init__('drop')
        self.rules = rules
        self.more = {'rules': rules}

    def _setup(self, gw):
        mine, gw.traffic = gw.traffic, Traffic(self.rules)
        super()._setup(gw)
        gw.traffic = mine


def lookup(o, _impls, rounds):
    sizes = [1000, 10000, 100000] + ([] if o.profile == 'quick' else [1000000])
    rows = measure_group([Exact(1)], 4, Traffic(1), rounds, o.seconds)
    rows += measure_group([Exact(n) for n in sizes], 4, Traffic(1000), rounds, o.seconds)
    for r in rows:
        r['case'] = 'lookup' if r['case'] == 'drop' else r['case']
    return rows


# ---- wildcards ----

LENGTHS = (8, 16, 24, 32)


def wildcards(last):
    """1,000 rules in 16 mask shapes that miss, and one of priority last that matches."""
    bodies = []
    for n in range(999):
        src, dst = LENGTHS[n % 4], LENGTHS[n // 4 % 4]
        prefix = bytes([64 + n // 16, 0, 0, 0])
        bodies.append(rule('deny', {'src': prefix, 'src_len': src, 'dst': prefix,
                                    'dst_len': dst, 'proto': UDP}))
    bodies.append(rule('deny', {'src': packed('10.0.0.0'), 'src_len': 8, 'proto': UDP,
                                'dst': packed('203.0.0.0'), 'dst_len': 8}, priority=last))
    return bodies


class Wild(NatfwDirect):
    """Wildcard rules. new: no verdict is kept, every packet is classified."""

    def __init__(self, note, last, new):
        super().__init__('drop')
        self.last, self.new = last, new
        self.more = {'rules': 1000, 'note': note}

    def _setup(self, gw):
        self.nl = Natfw()
        gw.sockets.append(self.nl)
        self.nl.net_set(cache_max=0 if self.new else 1 << 20)
        self.nl.load(wildcards(self.last))
        self.nl.attach('lan', 'direct')

    def ready(self, gw):
        if self.new:
            gw.aim(spread=True)
        else:
            super().ready(gw)


class SpreadFloor(Floor):
    def ready(self, gw):
        gw.aim(spread=True)


def wild(o, _impls, rounds):
    exact, nft = Exact(1000), NftSet('drop')
    exact.more['note'] = nft.more['note'] = 'exact'
    rows = measure_group([exact, Wild('16 shapes, cached', 2000, False), nft], 4,
                         Traffic(1000), rounds, o.seconds)
    rows += measure_group([Wild('16 shapes visited', 2000, True),
                           Wild('1 shape visited', 10, True)], 4,
                          Traffic(1000), rounds, o.seconds, SpreadFloor('floor'))
    for r in rows:
        if r['case'] == 'drop':
            r['case'] = 'wild-new' if 'visited' in r.get('note', '') else 'wild-cached'
    return rows


# ---- loading rules ----

def numbered(count, base, action='deny', nat=False):
    """Exact rules, count of them; different ones for each base."""
    host, server = packed('10.2.0.0'), packed('203.0.113.1')
    for n in range(count):
        sport, dport = 1024 + n % 50000, base + n // 50000
        match = {'src': host, 'dst': server, 'proto': UDP, 'sport': sport, 'dport': dport}
        to = {'src': packed('198.51.100.200'), 'sport': sport} if nat else None
        yield rule(action, match, to)


def timed(action):
    """Seconds the kernel needs, of all processors together where the host tells."""
    before, start = CLOCK.read(), time.monotonic()
    action()
    took, after = time.monotonic() - start, CLOCK.read()
    return Clock.seconds(before, after, None) if before and after else took


def load_netlink(nl, count):
    """Loading into an empty table, replacing all at once, and taking all away."""
    first, second = (nl.batches(numbered(count, base)) for base in (2000, 3000))
    rows = []
    for note, work in ((f'{count:,} exact rules in one transaction',
                        lambda: nl.commit(first)),
                       (f'{count:,} exact rules replaced by as many others',
                        lambda: nl.commit(second, flush=True))):
        took = timed(work)
        if nl.net_get('rules') != count:
            raise Failed(f'{nl.net_get("rules")} rules are in force, not {count}')
        rows.append(figure('load', 'netlink', note, round(count / took), 'rules/s',
                           rules=count, seconds=round(took, 3)))
    took = timed(lambda: nl.request(C['NATFW_CMD_RULE_FLUSH']))
    rows.append(figure('load', 'netlink', f'{count:,} exact rules flushed',
                       round(count / took), 'rules/s', rules=count))
    return rows


def load_file(gw, nl, count):
    """The same through the configuration file of natfwctl."""
    with tempfile.NamedTemporaryFile('w', dir='/dev/shm', suffix='.natfw') as f:
        f.writelines(f'rule add deny udp from 10.2.0.0 sport {1024 + n % 50000} to 203.0.113.1 '
                     f'dport {4000 + n // 50000}\n' for n in range(count))
        f.flush()
        start = time.monotonic()
        with gw.inside():
            done = subprocess.run([NATFWCTL, 'apply', f.name], capture_output=True,
                                  text=True, check=False)
        took = time.monotonic() - start
    if done.returncode:
        raise Failed('natfwctl apply: ' + done.stderr.strip()[:200])
    if nl.net_get('rules') != count:
        raise Failed(f'after natfwctl apply {nl.net_get("rules")} rules are in force')
    return [figure('load', 'natfwctl', f'{count:,} exact rules by natfwctl apply',
                   round(count / took), 'rules/s', rules=count, seconds=round(took, 3))]


def load_one(count):
    rows = []
    with Gateway(4, Traffic(1)) as gw:
        with gw.inside():
            nl = Natfw()
        gw.sockets.append(nl)
        nl.net_set(rule_max=4 << 20, flow_max=4 << 20)
        rows += load_netlink(nl, count)
        nat = nl.batches(numbered(100000, 2000, 'nat', True))
        took = timed(lambda: nl.commit(nat))
        rows.append(figure('load', 'netlink', '100,000 exact bindings in one transaction',
                           round(1e5 / took), 'rules/s', rules=100000))
        nl.request(C['NATFW_CMD_RULE_FLUSH'])
        rows += load_file(gw, nl, count)
    return rows


def load(o, _impls, _rounds):
    rows = load_one(100000)
    if o.profile != 'quick':
        rows += load_one(1000000)
    return rows


# ---- memory ----

def slabs_now():
    with open('/proc/slabinfo', encoding='ascii') as f:
        lines = [line.split() for line in f if not line.startswith(('#', 'slabinfo'))]
    return sum(int(w[1]) * int(w[3]) for w in lines)


def slabs():
    """Bytes of all objects in slabs (large tables are not there), once they stay the same.

    Network namespaces that were removed before take a while to go.
    """
    now = slabs_now()
    for _ in range(20):
        time.sleep(0.3)
        was, now = now, slabs_now()
        if abs(now - was) < 100000:
            break
    return now


def endpoints(gw, traffic, times):
    """Traffic with an inside endpoint of its own in each flow."""
    gw.aim(Traffic(traffic.flows, 'sequential', 60, 1), hosts=HOSTS)
    gw.send(traffic.flows * times)


def memory_of(impl, traffic):
    """Bytes per flow: (in slabs, by natfw's own account or None)."""
    with Gateway(4, traffic) as gw:
        with gw.inside():
            impl.setup(gw)
        nl = getattr(impl, 'nl', None)
        gw.aim(Traffic(1))
        gw.send(10)
        was, own = slabs(), nl.net_get('memory') if nl else 0
        endpoints(gw, traffic, 3)
        used = (slabs() - was) / traffic.flows
        return used, (nl.net_get('memory') - own) / traffic.flows if nl else None


def memory_rules(count):
    """Bytes of an exact binding, likewise."""
    with Gateway(4, Traffic(1)) as gw:
        with gw.inside():
            nl = Natfw()
        gw.sockets.append(nl)
        nl.net_set(rule_max=4 << 20, flow_max=4 << 20)
        msgs = nl.batches(numbered(count, 2000, 'nat', True))
        was, own = slabs(), nl.net_get('memory')
        nl.commit(msgs)
        return (slabs() - was) / count, (nl.net_get('memory') - own) / count


def memory(_o, impls, _rounds):
    rows, traffic = [], Traffic(100000)
    wanted = [(NatfwDirect('snat'), 'pool, a mapping each'), (NatfwDirect('dnat'), 'no pool'),
              (NftConntrack('snat'), 'connection'), (NftFlowtable('snat'), 'offloaded')]
    for impl, note in wanted:
        if impl.name not in impls:
            continue
        used, own = memory_of(impl, traffic)
        rows += memory_rows(impl.name, f'two-way binding ({note})', used, own, traffic.flows)
    if 'natfw-direct' in impls:
        rows += memory_rows('natfw-direct', 'exact rule with two-way binding',
                            *memory_rules(100000), 100000)
    return rows


def memory_rows(impl, note, used, own, flows):
    rows = [figure('memory', impl, note + ', slabs', round(used), 'bytes', flows=flows)]
    if own is not None:
        rows.append(figure('memory', impl, note + ', gauge', round(own), 'bytes', flows=flows))
    return rows


# ---- bindings a second ----

def bind_once(make, traffic):
    """Nanoseconds a new binding takes by its first packet, and to end again if known."""
    impl = make('snat')
    with Gateway(4, traffic) as gw:
        with gw.inside():
            impl.setup(gw)
        gw.aim(Traffic(traffic.flows, 'sequential', 60, 1), hosts=HOSTS)
        was = gw.sent()
        packets, seconds, _ = gw.send(traffic.flows)
        if gw.sent() - was < packets * 0.999:
            raise Failed(f'of {packets} first packets {gw.sent() - was} were forwarded')
        end = None
        if isinstance(impl, NatfwDirect):
            if impl.nl.net_get('flows') < packets * 0.999:
                raise Failed(f'{packets} packets made {impl.nl.net_get("flows")} flows')
            end = timed(lambda: impl.nl.request(C['NATFW_CMD_FLOW_DEL'])) * 1e9 / packets
        return seconds * 1e9 / packets, end


def bind(_o, impls, _rounds):
    rows, traffic = [], Traffic(100000)
    for make in (NatfwDirect, NftConntrack, NftFlowtable):
        if make.name not in impls:
            continue
        took = [bind_once(make, traffic) for _ in range(3)]
        rows.append(figure('bind', make.name, 'new bindings by first packets, generator included',
                           round(1e9 / statistics.median(t for t, _ in took)), 'per s',
                           flows=traffic.flows))
        if took[0][1]:
            rows.append(figure('bind', make.name, 'bindings ended by flow-del',
                               round(1e9 / statistics.median(e for _, e in took)), 'per s',
                               flows=traffic.flows))
    return rows


# ---- no room for another flow ----

class Full(NatfwDirect):
    """1,000 flows fit, 100,000 come: each packet is classified and most are refused."""

    def __init__(self):
        super().__init__('dnat')    # with a pool, its ports would be what is lacking
        self.more = {'note': 'flow table full'}

    def _setup(self, gw):
        super()._setup(gw)
        self.nl.net_set(flow_max=1000)

    def forwards(self):
        return False

    def reason(self):
        return 'flow-limit'

    def after(self, gw, packets):
        ended = self.nl.counters().get('flow-limit', 0) - self.was
        if ended < packets * 0.98:
            raise Failed(f'only {ended} of {packets} packets ended as flow-limit')


class FullSubject(Subject):
    def passed(self, packets, sent):
        """The thousand that fit are forwarded."""


def full(o, _impls, rounds):
    rows = measure_group([Full()], 4, Traffic(100000), rounds, o.seconds, make=FullSubject)
    for r in rows:
        r['case'] = 'full' if r['case'] == 'dnat' else r['case']
    return rows


# ---- all of them ----

TABLE = {'lookup': lookup, 'wild': wild, 'load': load, 'memory': memory, 'bind': bind,
         'full': full}
OURS = ('lookup', 'wild', 'load', 'full')   # nothing to measure without natfw


def run(o, impls, rounds, started, names):
    rows = []
    for name in names:
        if o.case and name not in o.case:
            continue
        if name in OURS and 'natfw-direct' not in impls:
            continue
        if not o.case and (o.impl or o.flows or o.family or o.order or o.size or o.cpus):
            continue
        say(f'bench: {name} [{time.monotonic() - started:.0f} s]')
        try:
            rows += TABLE[name](o, impls, rounds)
        except (Failed, NlError, OSError) as e:
            rows.append(trouble(name, 'natfw-direct', e))
    return rows
