# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark, in the kernel that is measured. tools/bench/run starts it there."""
import argparse
import itertools
import os
import sys
import time

import flood
import loading
import measure
import memory
import paired
import report
import state
from figures import trouble
from gateway import CLOCK, Failed, Gateway, Traffic
from impls import BY_NAME
from nl import NlError

CASES = ('drop', 'allow', 'snat', 'dnat', 'twice')
NAT = ('snat', 'dnat', 'twice')
IMPLS = tuple(i for i in BY_NAME if i != 'generator')

# (cases, flows, families, orders, sizes, processors[, implementations]) of each profile,
# beyond the groups of paired.py
FASTEST = ('natfw-direct', 'nft-flowtable', 'nft-set', 'nft-fwd', 'bare', 'ip_forward')
PROFILES = {
    'quick': [
        (('drop', 'allow', 'snat'), (1, 1000, 100000), (4,), ('random',), (60,), (1,)),
    ],
    'medium': [
        (('drop', 'allow', 'snat'), (1,), (4,), ('random',), (60,), (1,)),
        (CASES, (1000, 100000), (4,), ('random',), (60,), (1,)),
        (('allow',), (1000000,), (4,), ('random',), (60,), (1,), FASTEST),
        (('snat',), (1000, 100000), (4,), ('sequential',), (60,), (1,)),
        (('snat',), (1000,), (4,), ('random',), (512, 1514, 'imix'), (1,), FASTEST),
        (('drop', 'allow', 'snat'), (1000, 100000), (6,), ('random',), (60,), (1,)),
        (('drop', 'allow', 'snat'), (1000, 100000), (4,), ('random',), (60,), (2,)),
    ],
    'full': [
        (CASES, (1, 1000, 100000), (4, 6), ('random',), (60,), (1,)),
        (('drop', 'allow'), (1000000,), (4,), ('random',), (60,), (1,)),
        (('snat',), (1000000,), (6,), ('random',), (60,), (1,), FASTEST),
        (('allow', 'snat'), (1000, 100000), (4, 6), ('sequential',), (60,), (1,)),
        (('drop', 'allow', 'snat'), (1000, 100000), (4, 6), ('random',), (60,), (2,)),
        (('allow', 'snat'), (1000,), (4,), ('random',), (512, 1514, 'imix'), (1,)),
        (('snat',), (100000,), (4,), ('random',), (512, 1514, 'imix'), (1,)),
    ],
}
# (of groups that targets are judged by, of the others)
ROUNDS = {'quick': (15, 7), 'medium': (21, 7), 'full': (41, 21)}
EXTRAS = {'memory': memory.memory, 'load': loading.load, 'atomic': loading.atomic,
          'state': state.state, 'full': state.full,
          'flood': flood.flood}
OURS = ('load', 'atomic', 'full', 'flood')   # nothing to measure without natfw
NAMES = CASES + ('targets',) + tuple(EXTRAS)


def listed(kind):
    def read(text):
        return tuple(kind(t) for t in text.split(','))
    return read


def size(text):
    return text if text == 'imix' else int(text)


def options(argv):
    p = argparse.ArgumentParser(prog='tools/bench/run', description=__doc__)
    p.add_argument('--profile', choices=PROFILES, default='medium')
    p.add_argument('--case', type=listed(str), help='of ' + ','.join(NAMES))
    p.add_argument('--impl', type=listed(str), help='of ' + ','.join(IMPLS))
    p.add_argument('--flows', type=listed(int), help='of 1,1000,100000,1000000')
    p.add_argument('--family', type=listed(int), help='of 4,6')
    p.add_argument('--order', type=listed(str), help='of random,sequential')
    p.add_argument('--size', type=listed(size), help='bytes without checksum, or imix')
    p.add_argument('--cpus', type=listed(int))
    p.add_argument('--arrive', choices=Gateway.lans, default='poll',
                   help='64 in a poll, as from a card, or one by one')
    p.add_argument('--rounds', type=int)
    p.add_argument('--seconds', type=float, default=0.06, help='of each run')
    p.add_argument('--group', help='groups whose names have this regular expression')
    p.add_argument('--also', help='figures of another run, to be part of the results')
    p.add_argument('--json', default=os.environ.get('BENCH_JSON'))
    p.add_argument('--svg')
    p.add_argument('--publish', help='directory for results.json, .txt and .svg')
    return p, p.parse_args(argv)


def check(p, o):
    """Names that do not exist are refused before anything takes time."""
    for given, known in ((o.case, NAMES), (o.impl, IMPLS),
                         (o.order, ('random', 'sequential')), (o.family, (4, 6))):
        for g in given or ():
            if g not in known:
                p.error(f'{g} is none of {", ".join(map(str, known))}')
    for c in o.cpus or ():
        if not 0 < c <= os.cpu_count():
            p.error(f'there are {os.cpu_count()} processors here, not {c}')


def axes(o):
    """Whether an axis was given, which then stands for the profile's."""
    return any((o.flows, o.family, o.order, o.size, o.cpus))


def blocks(o):
    """The profile's blocks, or one of the axes that were given."""
    if axes(o):
        return [(CASES, o.flows or (1000,), o.family or (4,), o.order or ('random',),
                 o.size or (60,), o.cpus or (1,), IMPLS)]
    return [b if len(b) > 6 else (*b, IMPLS) for b in PROFILES[o.profile]]


def plan(o, impls, rows):
    """(cases, implementations, flows, family, order, size, cpus) of every point.

    What is among the rows already, in groups of its own, is not measured again.
    """
    done = {tuple(r.get(k) for k in ('case', 'flows', 'family', 'order', 'size', 'cpus'))
            for r in rows if r['impl'] not in ('generator', 'natfw-direct') and
            r.get('arrive') == Traffic.usual}
    points = []
    for cases, flows, family, order, size_, cpus, of in blocks(o):
        of = tuple(i for i in of if i in impls)
        for axis in itertools.product(flows, family, order, size_, cpus):
            left = tuple(c for c in cases if (not o.case or c in o.case) and
                         (c, *axis) not in done)
            if left and of and axis[-1] <= os.cpu_count():
                points.append((left, of, *axis))
    return list(dict.fromkeys(points))


def usable(impls):
    """Those that work in this kernel, and a row for each that does not."""
    good, rows = [], []
    for i in impls:
        why = measure.needs(i)
        if why:
            measure.say(f'bench: {i} is left out: {why}')
            rows.append(trouble('all', i, why))
        else:
            good.append(i)
    return good, rows


class Run:
    """One run of the benchmark: rows so far, and how long it has taken."""

    def __init__(self, o):
        self.o, self.started = o, time.monotonic()
        self.impls, self.rows = usable(o.impl or IMPLS)
        targets, others = ROUNDS[o.profile]
        self.rounds, self.target_rounds = o.rounds or others, o.rounds or targets

    def since(self):
        return time.monotonic() - self.started

    def wants(self, name):
        """Whether an extra is to be measured: named, or nothing was."""
        o = self.o
        if o.case or o.group:
            return name in (o.case or ())
        return not (axes(o) or o.impl)

    def extra(self, name):
        if not self.wants(name) or (name in OURS and 'natfw-direct' not in self.impls):
            return
        measure.say(f'bench: {name} [{self.since():.0f} s]')
        try:
            self.add(EXTRAS[name](self.o, self.impls, self.rounds))
        except (Failed, NlError, OSError) as e:
            self.add([trouble(name, 'natfw-direct', e)])

    def targets(self):
        if self.wants('targets') or self.o.group:
            for rows in paired.run(self.o, self.impls, self.target_rounds, self.since):
                self.add(rows)

    def points(self):
        points = [] if self.o.group else plan(self.o, self.impls, self.rows)
        for n, (cases, of, flows, family, order, size_, cpus) in enumerate(points):
            measure.say(f'bench: {n + 1}/{len(points)} {",".join(cases)} IPv{family} {flows} '
                        f'flows {order} {size_} bytes {cpus} cpus [{self.since():.0f} s]')
            self.add(measure.point(cases, of, family, flows, order, size_, cpus, self.rounds,
                                   self.o.seconds))

    def add(self, rows):
        """What is there is kept, however this ends."""
        self.rows += rows
        report.PAGES[:] = CLOCK.pages()
        report.finish(self.rows, self.o)


def main(argv):
    parser, o = options(argv)
    check(parser, o)
    measure.prepare()
    o.arrive = measure.arrival(o.arrive)
    run = Run(o)
    if o.also:
        run.rows += report.figures_of(o.also)
    # first, while nothing of others is still on its way back to the allocator
    run.extra('memory')
    run.targets()
    run.points()
    for name in EXTRAS:
        if name != 'memory':
            run.extra(name)
    print(report.text(run.rows))
    failed = sum('error' in r for r in run.rows)
    measure.say(f'bench: {len(run.rows)} figures, {failed} not measured, {run.since():.0f} s')
    return 1 if any('error' in r and r['impl'].startswith('natfw') for r in run.rows) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
