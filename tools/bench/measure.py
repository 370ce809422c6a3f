# SPDX-License-Identifier: GPL-2.0-or-later
"""Paired measurement: in each round everyone is run once, close together, the generator
alone among them; what is compared is the difference within a round."""
import statistics
import subprocess
import sys

from gateway import Failed, Gateway, Traffic, put, sysctl
from impls import BY_NAME, Floor, NatfwImpl, Nft


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


def quartiles(values):
    """Median and interquartile range."""
    if len(values) < 3:
        return statistics.median(values), max(values) - min(values)
    q = statistics.quantiles(values, n=4, method='inclusive')
    return q[1], q[2] - q[0]


class Subject:
    """An implementation on its gateway."""

    def __init__(self, impl, family, traffic):
        self.impl, self.error, self.gw = impl, '', None
        self.ns = []        # nanoseconds of processor time per packet, by round
        self.wall = []      # the same by pktgen's watch
        try:
            self.gw = Gateway(family, traffic)
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
            self.gw.close()
            self.gw = None

    def warm(self, seconds):
        """How many packets take so many seconds. What became of them does not count."""
        try:
            for count in (20000, 40000):
                packets, took, _ = self.gw.send(count)
        except Failed as e:
            self.fail(e)
            return 0
        return int(seconds * packets / took) * self.gw.traffic.cpus

    def run(self, count):
        """One round: noted, if the packets went the way they are quoted for."""
        ns = wall = None
        try:
            self.impl.before(self.gw)
            was = self.gw.sent()
            packets, seconds, watch = self.gw.send(count)
            self.passed(packets, self.gw.sent() - was)
            self.impl.after(self.gw, packets)
            ns, wall = seconds * 1e9 / packets, watch * 1e9 / packets
        except Failed as e:
            self.error = str(e)
        self.ns.append(ns)
        self.wall.append(wall)

    def passed(self, packets, sent):
        want = packets if self.impl.forwards() else 0
        if abs(sent - want) > packets * 0.001 + 8:   # neighbour discovery of our own
            raise Failed(f'of {packets} packets {sent} were forwarded, not {want}')


def measure_subjects(subjects, rounds, seconds):
    """Rounds over all subjects, the first of which is the floor. Calibrates first."""
    counts = {s: s.warm(seconds) for s in subjects if s.gw}
    for r in range(rounds):
        turn = r % len(subjects)
        for s in subjects[turn:] + subjects[:turn]:
            if s.gw:
                s.run(counts[s])


def row(case, impl, family, traffic, **more):
    """One object of the results."""
    return {'case': case, 'impl': impl, 'family': family, 'flows': traffic.flows,
            'order': traffic.order, 'size': traffic.size, 'cpus': traffic.cpus,
            'pps': None, 'added_ns': None, 'spread': None, **more}


def result(subject, floor, family, traffic, **more):
    """The row of a subject, from its rounds paired with those of the floor."""
    r = row(subject.impl.case, subject.impl.name, family, traffic, **more)
    pairs = [(a, b) for a, b in zip(subject.ns, floor.ns) if a and b]
    if 2 * len(pairs) <= len(floor.ns):
        r['error'] = subject.error or floor.error or 'no run succeeded'
        return r
    ns = statistics.median(a for a, _ in pairs)
    added, spread = quartiles([a - b for a, b in pairs])
    if subject is floor:
        added, spread = 0.0, quartiles([a for a, _ in pairs])[1]
    wall = statistics.median(w for w in subject.wall if w)
    r.update(pps=round(traffic.cpus * 1e9 / ns), added_ns=round(added, 1),
             spread=round(spread, 1), ns=round(ns, 1), rounds=len(pairs),
             pps_watch=round(traffic.cpus * 1e9 / wall))
    return r


def size_of(family, size):
    """pktgen's smallest IPv6 packet is larger."""
    return 78 if family == 6 and size == 60 else size


def point(cases, impls, family, flows, order, size, cpus, rounds, seconds):
    """Every case and implementation under one traffic. Rows."""
    traffic = Traffic(flows, order, size_of(family, size), cpus)
    wanted = [BY_NAME[i](c) for c in cases for i in impls
              if i != 'generator' and c in BY_NAME[i].cases]
    rows = []
    for group in groups(wanted, flows):
        rows += measure_group(group, family, traffic, rounds, seconds)
    return rows


def groups(wanted, flows):
    """Who is set up at the same time: many flows of many would only fight for memory."""
    if flows > 100000:
        return [[w] for w in wanted]
    by_case = {}
    for w in wanted:
        by_case.setdefault(w.case, []).append(w)
    return list(by_case.values())


def measure_group(group, family, traffic, rounds, seconds, floor=None, make=Subject):
    """The generator alone and the group, in turns. Rows."""
    subjects = []
    try:
        for impl in [floor or Floor('floor')] + group:
            subjects.append(make(impl, family, impl.traffic or traffic))
        measure_subjects(subjects, rounds, seconds)
        return [result(s, subjects[0], family, s.impl.traffic or traffic, **s.impl.more)
                for s in subjects]
    finally:
        for s in subjects:
            s.close()


def needs(impl):
    """What an implementation wants of this kernel: '' or why it cannot be."""
    if issubclass(BY_NAME[impl], NatfwImpl):
        return natfw_loads()
    if issubclass(BY_NAME[impl], Nft):
        sysctl('net/netfilter/nf_conntrack_max', 8 << 20)
    return ''
