# SPDX-License-Identifier: GPL-2.0-or-later
"""Instructions a packet costs, in an emulated stock kernel whose clock advances one nanosecond
for each (tools/vm/run --icount). tools/bench/run --instructions starts it there.

Nothing about caches, branches or how long an instruction takes; what it shows is the arithmetic,
without what User Mode Linux adds to some of it, and it shows the same each time."""
import argparse
import os
import sys
import time

import framed
import measure
import report
from figures import trouble
from gateway import Gateway
from impls import BY_NAME
from main import check, listed

CASES = ('drop', 'allow', 'snat')
IMPLS = ('natfw-direct', 'nft-set', 'nft-flowtable', 'ip_forward', 'nft-conntrack', 'nft-fwd',
         'bare')
FRAMES = {**BY_NAME, **framed.OWN}
PACKETS, ROUNDS = 8000, 3


def counted(row):
    """The row in instructions."""
    if row.get('added_ns') is None:
        return trouble('instructions: ' + row['case'], row['impl'], row.get('error', 'not counted'))
    same = ('case', 'impl', 'family', 'flows', 'order', 'size', 'cpus', 'arrive', 'low', 'high',
            'rounds')
    return {**{k: row[k] for k in same}, 'instructions': row['added_ns'],
            'whole': row['ns_median'], 'kernel': os.uname().release}


def options(argv):
    p = argparse.ArgumentParser(prog='tools/bench/run --instructions', description=__doc__)
    p.add_argument('--case', type=listed(str), default=CASES)
    p.add_argument('--impl', type=listed(str), default=IMPLS)
    p.add_argument('--family', type=listed(int), default=(4, 6))
    p.add_argument('--flows', type=listed(int), default=(1000,))
    p.add_argument('--arrive', choices=Gateway.lans, default='poll',
                   help='64 in a poll, as from a card, or one by one')
    p.add_argument('--frames', action='store_true', help='only what arrives as frames')
    p.add_argument('--json')
    o = p.parse_args(argv)
    for name in ('order', 'cpus', 'svg', 'publish'):
        setattr(o, name, None)
    check(p, o)
    return o


def group(o, rows, kinds, family, traffic, name):
    """Everyone of every case under one traffic."""
    for case in o.case:
        measure.say(f'bench: {name}{case} IPv{family} {traffic.flows} flows')
        wanted = [measure.Wanted(kinds[i](case), family, traffic) for i in kinds
                  if case in kinds[i].cases and i in (*o.impl, *framed.OWN)]
        found = [counted(r) for r in measure.measure_group(wanted, ROUNDS, 0, PACKETS)
                 if r['case'] != 'floor']
        rows += [{**r, 'case': name + r['case']} for r in found]
        report.finish(rows, o)


def packets(o, rows):
    for flows in o.flows:
        for family in o.family:
            group(o, rows, BY_NAME, family,
                  measure.Traffic(flows, 'random', measure.size_of(family, 60), 1), '')


def frames(o, rows):
    why = framed.needs()
    if why:
        rows.append(trouble('frames', 'natfw-xdp', why))
        return
    for flows in o.flows:
        group(o, rows, FRAMES, 4, framed.FrameTraffic(flows, 'sequential'), 'frames: ')


def main(argv):
    o, rows, started = options(argv), [], time.monotonic()
    measure.prepare()
    measure.arrival(o.arrive)
    for impl in ('natfw-direct', *o.impl):
        why = measure.needs(impl)
        if why:
            sys.exit(f'bench: {impl}: {why}')
    if not o.frames:
        packets(o, rows)
    frames(o, rows)
    print(report.text(rows))
    measure.say(f'bench: {len(rows)} figures, {time.monotonic() - started:.1f} s '
                'of the emulated clock')
    return 1 if any('error' in r and r['impl'].startswith('natfw') for r in rows) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
