# SPDX-License-Identifier: GPL-2.0-or-later
"""Paired measurement: in each round everyone of a group is run once, close together and in an
order of its own, the generator alone among them; what is compared is of the same round."""
import collections
import contextlib
import itertools
import os
import random
import statistics
import subprocess
import sys
import time

import stats
from clock import Clock
from gateway import CLOCK, Failed, Gateway, Traffic, put, sysctl
from impls import BY_NAME, Bare, NatfwImpl, Nft

# one to measure: what, for which family, under which traffic
Wanted = collections.namedtuple('Wanted', 'impl family traffic')

MORE = 1.5      # times as many rounds at most, to make up for disturbed ones


def say(text):
    print(text, file=sys.stderr, flush=True)


def prepare():
    """Modules and limits of the whole kernel; what is missing is told later, by its user."""
    for module in ('dummy', 'pktgen', 'nf_conntrack', 'nf_flow_table_inet'):
        subprocess.run(['modprobe', '-q', module], check=False)
    sysctl('net/netfilter/nf_conntrack_max', 8 << 20)
    try:
        put('/sys/module/nf_conntrack/parameters/hashsize', 1 << 20)
    except OSError:
        say('bench: cannot enlarge the connection tracking table: peers may look slow')


def natfw_loads():
    done = subprocess.run(['modprobe', 'natfw'], capture_output=True, text=True, check=False)
    return '' if done.returncode == 0 else done.stderr.strip() or 'modprobe natfw failed'


def own_loads(name):
    """A module of the benchmark's own, as tools/bench/run has built it: '' or why not."""
    path = os.environ.get('BENCH_' + name.upper())
    if not path:
        return 'its module was not built'
    if os.path.isdir('/sys/module/natfw_' + name):
        return ''
    done = subprocess.run(['insmod', path], capture_output=True, text=True, check=False)
    return '' if done.returncode == 0 else done.stderr.strip() or f'insmod {path} failed'


def arrival(wanted):
    """How packets will arrive: as wanted, or one by one where there is no card."""
    why = own_loads('nic') if wanted == 'poll' else ''
    if why:
        say(f'bench: no packets in polls, as from a card (tools/bench/nic): {why}; '
            'THEY COME ONE BY ONE')
        wanted = 'one'
    Traffic.usual = wanted
    return wanted


def needs(impl):
    """What an implementation wants of this kernel: '' or why it cannot be."""
    if issubclass(BY_NAME[impl], NatfwImpl):
        return natfw_loads()
    if BY_NAME[impl] is Bare:
        return own_loads('bare')
    if issubclass(BY_NAME[impl], Nft):
        sysctl('net/netfilter/nf_conntrack_max', 8 << 20)
    return ''


def settle():
    """Wait until the kernel is done with what was taken down before."""
    deadline = time.monotonic() + 15
    before, start = CLOCK.read(), time.monotonic()
    while before and time.monotonic() < deadline:
        time.sleep(0.1)
        after, now = CLOCK.read(), time.monotonic()
        if not after or Clock.seconds(before, after, None) < 0.1 * (now - start):
            return
        before, start = after, now


class Subject:
    """An implementation on its gateway."""

    def __init__(self, impl, family, traffic):
        self.impl, self.family, self.traffic = impl, family, traffic
        self.error, self.gw, self.per_poll = '', None, None
        self.ns = []        # nanoseconds of processor time per packet, by round
        self.watch = []     # the same by pktgen's watch
        self.lost = []      # share of the time the host gave to others
        try:
            self.gw = (traffic.gateway or Gateway)(family, traffic)
            with self.gw.inside():
                impl.setup(self.gw)
            impl.ready(self.gw)
        except (Failed, OSError) as e:
            self.fail(e)

    def fail(self, why):
        self.error = str(why)
        self.close()

    def close(self):
        if self.gw:
            with contextlib.suppress(Failed):
                self.per_poll = self.gw.per_poll()
            self.gw.close()
            self.gw = None

    def warm(self, seconds, packets=None):
        """How many packets take so many seconds. What became of them does not count."""
        try:
            if packets:
                self.gw.send(packets // 5)
                return packets
            for count in (20000, 40000):
                sent = self.gw.send(count)
        except Failed as e:
            self.fail(e)
            return 0
        return int(seconds * sent.packets / sent.seconds) * self.gw.traffic.cpus

    def run(self, count):
        """One round: noted, if the packets went the way they are quoted for."""
        ns, watch, lost = None, None, 1.0
        try:
            if self.gw:
                sent = self._send(count)
                ns = sent.seconds * 1e9 / sent.packets
                watch, lost = sent.watch * 1e9 / sent.packets, sent.lost
        except Failed as e:
            self.error = str(e)
        self.ns.append(ns)
        self.watch.append(watch)
        self.lost.append(lost)

    def _send(self, count):
        self.impl.before(self.gw)
        was = self.gw.sent()
        sent = self.gw.send(count)
        self.passed(sent.packets, self.gw.sent() - was)
        self.impl.after(self.gw, sent.packets)
        return sent

    def passed(self, packets, sent):
        want = self.impl.passes(packets)
        # neighbour discovery of our own
        if want is not None and abs(sent - want) > packets * 0.001 + 8:
            raise Failed(f'of {packets} packets {sent} were forwarded, not {want}')

    def row(self):
        """What was measured, as an object of the results, without comparing it yet."""
        t = self.traffic
        r = {'case': self.impl.label or self.impl.case, 'impl': self.impl.name,
             'family': self.family, 'flows': t.flows,
             'order': t.order, 'size': t.size, 'cpus': t.cpus, 'arrive': t.arrive,
             'pps': None, 'added_ns': None, **self.impl.more,
             'ns': [n and round(n, 1) for n in self.ns], 'lost': [round(w, 4) for w in self.lost]}
        if self.per_poll:
            r['per_poll'] = round(self.per_poll, 1)
        if self.error:
            r['error'] = self.error
        seen = [w for w in self.watch if w]
        if seen:
            r['pps_watch'] = round(t.cpus * 1e9 / statistics.median(seen))
        return r


def calm(subjects):
    """Whether nobody lost much in the last round."""
    return all(s.lost[-1] <= stats.LOST for s in subjects if s.gw)


def measure_subjects(subjects, rounds, seconds, packets=None):
    """Rounds over all subjects, in another order each time. Calibrates first.

    A run takes so many seconds, or is of so many packets.
    """
    counts = {s: s.warm(seconds, packets) for s in subjects if s.gw}
    shuffle, good = random.Random(len(subjects)), 0
    for _ in range(int(rounds * MORE)):
        turn = list(subjects)
        shuffle.shuffle(turn)
        for s in turn:
            s.run(counts.get(s, 0))
        good += calm(subjects)
        if good >= rounds:
            return


def together(wanted):
    """Who is measured in one group: everyone, behind a floor for each kind of traffic."""
    floors = {}
    for w in wanted:
        floor = w.impl.floor()
        floors.setdefault((w.family, w.traffic.key(), floor.spread),
                          Wanted(floor, w.family, w.traffic))
    return list(floors.values()) + list(wanted)


def floor_of(subject, subjects):
    for s in subjects:
        if (s.impl.case == 'floor' and s.family == subject.family and
                s.traffic.key() == subject.traffic.key() and s.impl.spread == subject.impl.spread):
            return s
    raise KeyError('no floor in this group')


GROUPS = itertools.count(1)


def result(row, floor):
    """Fills in what the row costs above its floor."""
    cost = stats.added(row, floor)
    if cost is None or 2 * sum(n is not None for n in row['ns']) <= len(row['ns']):
        row.setdefault('error', floor.get('error', 'no run succeeded'))
        return row
    row.pop('error', None)
    use, total = stats.rounds(row, floor)
    ns = statistics.median(row['ns'][i] for i in use)
    if row is floor:
        cost = stats.estimate([row['ns'][i] - ns for i in use], total)
    row.update(pps=round(row['cpus'] * 1e9 / ns), added_ns=round(cost.median, 1),
               low=round(cost.low, 1), high=round(cost.high, 1), ns_median=round(ns, 1),
               rounds=cost.n, rounds_of=cost.of, confidence=round(cost.confidence, 3))
    return row


def measure_group(wanted, rounds, seconds, packets=None):
    """Everyone wanted, and a floor for each traffic, in turns. Rows."""
    subjects = []
    settle()
    try:
        for w in together(wanted):
            subjects.append(Subject(*w))
        measure_subjects(subjects, rounds, seconds, packets)
    finally:
        for s in subjects:
            s.close()
    group, rows = next(GROUPS), {s: s.row() for s in subjects}
    for n, s in enumerate(subjects):
        rows[s].update(group=group, member=n, floor=subjects.index(floor_of(s, subjects)))
    return [result(rows[s], rows[floor_of(s, subjects)]) for s in subjects]


def size_of(family, size):
    """pktgen's smallest IPv6 packet is larger."""
    return 78 if family == 6 and size == 60 else size


def point(cases, impls, family, flows, order, size, cpus, rounds, seconds):
    """Every case and implementation under one traffic. Rows."""
    traffic = Traffic(flows, order, size_of(family, size), cpus)
    rows = []
    for case in cases:
        group = [Wanted(BY_NAME[i](case), family, traffic) for i in impls
                 if i != 'generator' and case in BY_NAME[i].cases]
        if group:
            rows += measure_group(group, rounds, seconds)
    return rows
