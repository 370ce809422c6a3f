# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark, in the kernel that is measured. tools/bench/run starts it there."""
import argparse
import itertools
import os
import sys
import time

import extras
import measure
import report
from impls import BY_NAME

CASES = ('drop', 'allow', 'snat', 'dnat', 'twice')
NAT = ('snat', 'dnat', 'twice')
IMPLS = tuple(i for i in BY_NAME if i != 'generator')

# (cases, flows, families, orders, sizes, processors[, implementations]) of each profile
FASTEST = ('natfw-direct', 'nft-flowtable', 'nft-set', 'nft-fwd', 'ip_forward')
PROFILES = {
    'quick': [
        (('drop', 'allow', 'snat'), (1, 1000, 100000), (4,), ('random',), (60,), (1,)),
        (('snat',), (1000,), (6,), ('random',), (60,), (1,)),
    ],
    'medium': [
        (('drop', 'allow', 'snat'), (1,), (4,), ('random',), (60,), (1,)),
        (CASES, (1000, 100000), (4,), ('random',), (60,), (1,)),
        (('allow', 'snat'), (1000000,), (4,), ('random',), (60,), (1,), FASTEST),
        (('snat',), (1000, 100000), (4,), ('sequential',), (60,), (1,)),
        (('drop', 'allow', 'snat'), (1000, 100000), (6,), ('random',), (60,), (1,)),
        (('drop', 'allow', 'snat'), (1000, 100000), (4,), ('random',), (60,), (2,)),
    ],
    'full': [
        (CASES, (1, 1000, 100000), (4, 6), ('random',), (60,), (1,)),
        (('drop', 'allow', 'snat'), (1000000,), (4,), ('random',), (60,), (1,)),
        (('snat',), (1000000,), (6,), ('random',), (60,), (1,), FASTEST),
        (('allow', 'snat'), (1000, 100000), (4, 6), ('sequential',), (60,), (1,)),
        (('drop', 'allow', 'snat'), (1000, 100000), (4, 6), ('random',), (60,), (2,)),
        (('allow', 'snat'), (1000,), (4,), ('random',), (512, 1514, 'imix'), (1,)),
        (('snat',), (100000,), (4,), ('random',), (512, 1514, 'imix'), (1,)),
    ],
}
ROUNDS = {'quick': 5, 'medium': 7, 'full': 9}


def listed(kind):
    def read(text):
        return tuple(kind(t) for t in text.split(','))
    return read


def size(text):
    return text if text == 'imix' else int(text)


def options(argv):
    p = argparse.ArgumentParser(prog='tools/bench/run', description=__doc__)
    p.add_argument('--profile', choices=PROFILES, default='medium')
    p.add_argument('--case', type=listed(str), help='of ' + ','.join(CASES + extras.NAMES))
    p.add_argument('--impl', type=listed(str), help='of ' + ','.join(IMPLS))
    p.add_argument('--flows', type=listed(int), help='of 1,1000,100000,1000000')
    p.add_argument('--family', type=listed(int), help='of 4,6')
    p.add_argument('--order', type=listed(str), help='of random,sequential')
    p.add_argument('--size', type=listed(size), help='bytes without checksum, or imix')
    p.add_argument('--cpus', type=listed(int))
    p.add_argument('--rounds', type=int)
    p.add_argument('--seconds', type=float, default=0.1, help='of each run')
    p.add_argument('--json', default=os.environ.get('BENCH_JSON'))
    p.add_argument('--svg')
    p.add_argument('--publish', help='directory for results.json, .txt and .svg')
    return p, p.parse_args(argv)


def check(p, o):
    """Names that do not exist are refused before anything takes time."""
    for given, known in ((o.case, CASES + extras.NAMES), (o.impl, IMPLS),
                         (o.order, ('random', 'sequential')), (o.family, (4, 6))):
        for g in given or ():
            if g not in known:
                p.error(f'{g} is none of {", ".join(map(str, known))}')
    for c in o.cpus or ():
        if not 0 < c <= os.cpu_count():
            p.error(f'there are {os.cpu_count()} processors here, not {c}')


def blocks(o):
    """The profile's blocks, or one of the axes that were given."""
    if any((o.flows, o.family, o.order, o.size, o.cpus)):
        return [(CASES, o.flows or (1000,), o.family or (4,), o.order or ('random',),
                 o.size or (60,), o.cpus or (1,), IMPLS)]
    return [b if len(b) > 6 else (*b, IMPLS) for b in PROFILES[o.profile]]


def plan(o, impls):
    """(cases, implementations, flows, family, order, size, cpus) of every point."""
    points = []
    for cases, flows, family, order, size_, cpus, of in blocks(o):
        cases = tuple(c for c in cases if not o.case or c in o.case)
        of = tuple(i for i in of if i in impls)
        for axes in itertools.product(flows, family, order, size_, cpus):
            if cases and of and axes[-1] <= os.cpu_count():
                points.append((cases, of, *axes))
    return list(dict.fromkeys(points))


def usable(impls):
    """Those that work in this kernel, and a row for each that does not."""
    good, rows = [], []
    for i in impls:
        why = measure.needs(i)
        if why:
            measure.say(f'bench: {i} is left out: {why}')
            rows.append({'case': 'all', 'impl': i, 'family': 0, 'flows': 0, 'order': '',
                         'size': 0, 'cpus': 0, 'pps': None, 'added_ns': None,
                         'spread': None, 'error': why})
        else:
            good.append(i)
    return good, rows


def main(argv):
    parser, o = options(argv)
    check(parser, o)
    started = time.monotonic()
    measure.prepare()
    impls, rows = usable(o.impl or IMPLS)
    rounds = o.rounds or ROUNDS[o.profile]
    # first, while nothing of others is still on its way back to the allocator
    rows += extras.run(o, impls, rounds, started, ('memory',))
    points = plan(o, impls)
    for n, (cases, of, flows, family, order, size_, cpus) in enumerate(points):
        measure.say(f'bench: {n + 1}/{len(points)} {",".join(cases)} IPv{family} '
                    f'{flows} flows {order} {size_} bytes {cpus} cpus '
                    f'[{time.monotonic() - started:.0f} s]')
        rows += measure.point(cases, of, family, flows, order, size_, cpus, rounds,
                              o.seconds)
        finish(rows, o)     # what is there is kept, however this ends
    rows += extras.run(o, impls, rounds, started,
                       [n for n in extras.NAMES if n != 'memory'])
    finish(rows, o)
    print(report.machine() + '\n\n' + report.table(rows))
    failed = sum('error' in r for r in rows)
    measure.say(f'bench: {len(rows)} figures, {failed} not measured, '
                f'{time.monotonic() - started:.0f} s')
    return 1 if any('error' in r and r['impl'].startswith('natfw') for r in rows) else 0


def finish(rows, o):
    report.compare(rows)
    if o.json:
        report.write_json(rows, o.json)
    if o.svg:
        report.write_svg(rows, o.svg)
    if o.publish:
        report.publish(rows, o.publish)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
