# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions a packet costs, in an emulated stock kernel whose clock advances one nanosecond
for each (tools/vm/run --icount). tools/bench/run --instructions starts it there.

Nothing about caches, branches or how long an instruction takes; what it shows is the arithmetic,
without what User Mode Linux adds to some of it, and it shows the same each time."""
import argparse
import os
import sys
import time

import measure
import report
from figures import trouble
from impls import BY_NAME
from main import check, listed

CASES = ('drop', 'allow', 'snat')
IMPLS = ('natfw-direct', 'nft-set', 'nft-flowtable', 'ip_forward', 'nft-conntrack', 'nft-fwd', 'bare')
PACKETS, ROUNDS = 8000, 3


def counted(row):
    """The row in instructions."""
    if row.get('added_ns') is None:
        return trouble('instructions: ' + row['case'], row['impl'], row.get('error', 'not counted'))
    same = ('case', 'impl', 'family', 'flows', 'order', 'size', 'cpus', 'low', 'high', 'rounds')
    return {**{k: row[k] for k in same}, 'instructions': row['added_ns'],
            'whole': row['ns_median'], 'kernel': os.uname().release}


def options(argv):
    p = argparse.ArgumentParser(prog='tools/bench/run --instructions', description=__doc__)
    p.add_argument('--case', type=listed(str), default=CASES)
    p.add_argument('--impl', type=listed(str), default=IMPLS)
    p.add_argument('--family', type=listed(int), default=(4, 6))
    p.add_argument('--flows', type=listed(int), default=(1000,))
    p.add_argument('--json')
    o = p.parse_args(argv)
    for name in ('order', 'cpus', 'svg', 'publish'):
        setattr(o, name, None)
    check(p, o)
    return o


def main(argv):
    o, rows, started = options(argv), [], time.monotonic()
    measure.prepare()
    why = measure.natfw_loads()
    if why:
        sys.exit(f'bench: {why}')
    for flows in o.flows:
        for family in o.family:
            traffic = measure.Traffic(flows, 'random', measure.size_of(family, 60), 1)
            for case in o.case:
                measure.say(f'bench: {case} IPv{family} {flows} flows')
                group = [measure.Wanted(BY_NAME[i](case), family, traffic) for i in o.impl
                         if case in BY_NAME[i].cases]
                found = measure.measure_group(group, ROUNDS, 0, PACKETS)
                rows += [counted(r) for r in found if r['case'] != 'floor']
                report.finish(rows, o)
    print(report.text(rows))
    measure.say(f'bench: {len(rows)} figures, {time.monotonic() - started:.1f} s '
                'of the emulated clock')
    return 1 if any('error' in r and r['impl'].startswith('natfw') for r in rows) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
