#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The benchmark's own arithmetic: statistics of paired rounds, which rounds count, whether a
# target is met, and what is read from pktgen and from the host.
#
# natfw-test: quick timeout=60
import json
import math
import os
import random
import sys
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, 'tools', 'bench'))

import clock        # noqa: E402
import figures      # noqa: E402
import gateway      # noqa: E402
import loading      # noqa: E402
import report       # noqa: E402
import ring         # noqa: E402
import siphash      # noqa: E402
import stats        # noqa: E402
import targets      # noqa: E402

POINTS = []


def point(f):
    POINTS.append(f)
    return f


def same(got, want):
    if got != want:
        raise AssertionError(f'{got!r}, not {want!r}')


def close(got, want, by):
    if abs(got - want) > by:
        raise AssertionError(f'{got!r} is further than {by} from {want!r}')


# ---- statistics ----

@point
def ranks_are_those_of_the_binomial_distribution():
    """Tables of confidence intervals for the median: n 6: 1, 10: 2, 15: 4, 25: 8, 41: 14."""
    for n, k in ((6, 1), (8, 1), (9, 2), (10, 2), (15, 4), (20, 6), (25, 8), (41, 14)):
        same(stats.ranks(n)[0], k)
    close(stats.ranks(10)[1], 0.9785, 0.0001)


@point
def few_values_give_their_extremes_and_what_those_are_worth():
    e = stats.estimate([3, 1, 2])
    same((e.median, e.low, e.high), (2, 1, 3))
    close(e.confidence, 0.75, 1e-9)
    same(stats.estimate([7])[:3], (7, 7, 7))


@point
def interval_holds_the_median_as_often_as_it_says():
    rng, held, rounds = random.Random(4), 0, 2000
    for _ in range(rounds):
        e = stats.estimate([rng.expovariate(1.0) for _ in range(15)])
        held += e.low <= math.log(2) <= e.high
    close(held / rounds, e.confidence, 0.015)


@point
def disturbed_rounds_are_left_out():
    same(stats.undisturbed([0.0, 0.2, 0.01, 0.0, 0.5, 0.02]), [0, 2, 3, 5])


@point
def the_better_half_counts_where_all_were_disturbed():
    same(stats.undisturbed([0.5, 0.2, 0.3, 0.9, 0.8, 0.7]), [0, 1, 2])


def row(ns, lost=None, **more):
    return {'ns': ns, 'lost': lost or [0.0] * len(ns), **more}


@point
def a_round_counts_only_if_all_had_it():
    use, total = stats.rounds(row([1, None, 3, 4, 5, 6]),
                              row([1, 2, 3, 4, 5, 6], [0, 0, 0.9, 0, 0, 0]))
    same((use, total), ([0, 3, 4, 5], 6))


@point
def difference_is_taken_within_rounds():
    """A machine that gets slower meanwhile: each alone says nothing, the pairs everything."""
    floor = row([100, 200, 400, 800, 1600, 3200])
    e = stats.added(row([n + 50 for n in floor['ns']]), floor)
    same((e.median, e.low, e.high), (50, 50, 50))


@point
def proportion_is_taken_within_rounds():
    floor = row([100, 100, 300, 500, 100, 900])
    peer = row([n + c for n, c in zip(floor['ns'], (100, 200, 300, 400, 500, 600))])
    ours = row([n + c for n, c in zip(floor['ns'], (25, 50, 75, 100, 125, 150))])
    e = stats.ratio(ours, floor, peer, floor)
    same((e.median, e.low, e.high), (0.25, 0.25, 0.25))
    same(stats.ratio(ours, floor, peer, floor, 2.0).median, 0.5)


@point
def a_peer_below_its_floor_is_noise_and_no_victory():
    floor, ours, peer = row([100] * 3), row([110] * 3), row([90, 99, 120])
    e = stats.ratio(ours, floor, peer, floor)
    same(e.high, math.inf)


@point
def nothing_measured_is_no_estimate():
    same(stats.added(row([None, None]), row([1, 2])), None)


# ---- targets ----

@point
def verdict_needs_the_whole_interval():
    def of(low, high, limit, least=False):
        return targets.verdict(stats.Estimate(0, low, high, 9, 9, 0.95), limit, least)
    same(of(0.3, 0.4, 0.4), 'met')
    same(of(0.3, 0.41, 0.4), 'within noise')
    same(of(0.41, 0.5, 0.4), 'not met')
    same(of(1.9, 2.0, 1.85, True), 'met')
    same(of(1.8, 2.0, 1.85, True), 'within noise')
    same(of(1.5, 1.8, 1.85, True), 'not met')


def group(*rows):
    """Rows of one group behind a floor of 100 ns."""
    out = [row([100.0] * 9, case='floor', impl='generator', group=1, member=0, floor=0,
               family=4, flows=1000, cpus=1, size=60, order='random', arrive='poll', added_ns=0.0)]
    for n, (impl, cost, more) in enumerate(rows):
        out.append(row([100.0 + cost] * 9, **{
            'case': 'snat', 'impl': impl, 'group': 1, 'member': n + 1, 'floor': 0, 'family': 4,
            'flows': 1000, 'cpus': 1, 'size': 60, 'order': 'random', 'arrive': 'poll', 'added_ns': cost, **more}))
    return out


def judged(rows, words):
    found = [j for j in targets.judge(rows) if words in j['target']]
    same(len(found), 1)
    return found[0]


@point
def a_proportion_is_judged():
    j = judged(group(('natfw-direct', 30, {}), ('nft-flowtable', 100, {})), 'direct, 1,000 flows')
    same((j['measured'], j['verdict']), (0.3, 'met'))
    j = judged(group(('natfw-direct', 50, {}), ('nft-flowtable', 100, {})), 'direct, 1,000 flows')
    same((j['measured'], j['verdict']), (0.5, 'not met'))


@point
def a_few_rounds_are_no_verdict():
    rows = group(('natfw-direct', 30, {}), ('nft-flowtable', 100, {}))
    for r in rows:
        r['ns'], r['lost'] = r['ns'][:4], r['lost'][:4]
    same(judged(rows, 'direct, 1,000 flows')['verdict'], 'within noise')


@point
def rows_of_other_rounds_are_never_compared():
    rows = group(('natfw-direct', 30, {})) + [
        {**r, 'group': 2} for r in group(('nft-flowtable', 100, {}))]
    same(judged(rows, 'direct, 1,000 flows')['verdict'], 'not measured')


@point
def a_peer_that_failed_is_told():
    rows = group(('natfw-direct', 30, {}),
                 ('nft-flowtable', 0, {'added_ns': None, 'error': 'not offloaded'}))
    j = judged(rows, 'direct, 1,000 flows')
    same((j['verdict'], j['why']), ('not measured', 'nft-flowtable: not offloaded'))


@point
def two_processors_are_judged_by_packets_and_by_cost():
    rows = group(('natfw-direct', 100, {'flows': 100000}),
                 ('natfw-direct', 120, {'flows': 100000, 'cpus': 2}))
    same(judged(rows, 'packets a second of one')['measured'], 1.818)
    same(judged(rows, 'without the generator')['measured'], 1.667)


@point
def a_figure_is_judged_with_its_extremes():
    load = {'case': 'load', 'impl': 'netlink', 'what': 'new', 'rules': 1000000,
            'value': 510000, 'low': 480000, 'high': 530000}
    same(judged([load], 'by netlink')['verdict'], 'within noise')
    same(judged([{**load, 'low': 505000}], 'by netlink')['verdict'], 'met')
    atomic = {'case': 'atomic', 'impl': 'natfw-direct', 'rules': 1000000, 'value': 1}
    same(judged([atomic], 'replaced under traffic')['verdict'], 'not met')


@point
def only_packets_in_polls_are_judged():
    rows = group(('natfw-direct', 30, {}), ('nft-flowtable', 100, {}))
    for r in rows:
        r['arrive'] = 'one'
    j = judged(rows, 'direct, 1,000 flows')
    same((j['verdict'], 'as from a card' in j['why']), ('not measured', True))
    rows += [{**r, 'group': 2} for r in group(('natfw-direct', 20, {}), ('nft-flowtable', 100, {}))]
    same(judged(rows, 'direct, 1,000 flows')['measured'], 0.2)


@point
def every_target_without_a_figure_says_so():
    found = targets.judge([])
    same({j['verdict'] for j in found}, {'not measured'})
    same(all(j['why'] for j in found), True)


# ---- report ----

@point
def the_table_and_the_json_hold_targets_and_figures():
    rows = group(('natfw-direct', 30, {'low': 29, 'high': 31}),
                 ('nft-flowtable', 100, {'low': 90, 'high': 110}))
    for r in rows:
        r.setdefault('low', 0), r.setdefault('high', 0), r.setdefault('pps', 1)
    report.compare(rows)
    same((rows[1]['ratio'], 'ratio' in rows[2]), (0.3, False))
    table = report.table(rows)
    for word in ('targets', 'met', '0.30', '29..31', 'nft-flowtable'):
        same(word in table, True)
    with tempfile.TemporaryDirectory() as d:
        report.publish(rows, d)
        with open(os.path.join(d, 'results.json'), encoding='utf-8') as f:
            found = json.load(f)
        same(len(found['targets']), len(targets.TARGETS))
        same(len(found['figures']), len(rows))
        with open(os.path.join(d, 'results.svg'), encoding='utf-8') as f:
            same(f.read().startswith('<svg'), True)


@point
def the_picture_is_of_one_way_to_arrive_and_says_which():
    one, poll = ([{**r, 'arrive': way} for r in group(('natfw-direct', 30, {}))]
                 for way in ('one', 'poll'))
    drawn, how = report.drawable(one + poll)
    same(([r['arrive'] for r in drawn], 'in polls' in how), (['poll'], True))
    drawn, how = report.drawable(one)
    same(([r['arrive'] for r in drawn], 'one by one' in how), (['one'], True))
    same(report.drawable([]), ([], ''))


@point
def the_table_says_how_packets_arrive():
    rows = group(('natfw-direct', 30, {'low': 29, 'high': 31}))
    figure = figures.figure('flood', 'natfw-direct', 'fragments', [1, 2, 3], 'ns')
    table = report.table(rows + figures.under([figure], 'veth'))
    same(('poll' in table, 'veth' in table), (True, True))


@point
def infinity_never_gets_into_the_json():
    rows = group(('natfw-direct', 30, {}), ('nft-flowtable', -10, {}))
    report.compare(rows)
    json.dumps([rows, targets.judge(rows)], allow_nan=False)


# ---- what is read ----

@point
def processor_time_of_the_busiest_threads():
    before = {'1': (10, 0), '2': (0, 0), 'steal': (0, 0)}
    after = {'1': (1000000010, 1000), '2': (500, 0), '3': (2000000000, 1000000000),
             'steal': (0, 0)}
    same(clock.Clock.seconds(before, after, 1), 2.0)
    close(clock.Clock.seconds(before, after, 2), 3.0, 1e-9)
    close(clock.Clock.lost(before, after, 1), 1 / 3, 1e-9)
    after['steal'] = (1000000000, 0)
    close(clock.Clock.lost(before, after, 1), 0.5, 1e-9)


@point
def host_and_guest_understand_each_other():
    text = ' '.join(f'{t}:{r}:{w}' for t, (r, w) in clock.threads(os.getpid()).items())
    with tempfile.TemporaryDirectory() as d:
        c = clock.Clock(d)
        with open(os.path.join(d, 'answer.1'), 'w', encoding='ascii') as f:
            f.write(text + ' steal:0:0')
        same(str(os.getpid()) in c.read(), True)
    same(clock.Clock(None).read(), None)


@point
def traffic_meets_every_flow_in_turn():
    for flows, (sports, dports) in gateway.SHAPES.items():
        same(sports * dports, flows)
        same(math.gcd(sports, dports), 1)
        same(gateway.SPORT + sports <= 65536, True)


@point
def traffic_that_arrives_otherwise_has_a_floor_of_its_own():
    one, usual = gateway.Traffic(1000, arrive='one'), gateway.Traffic(1000)
    same((usual.arrive, one.key() == usual.key()), ('poll', False))
    same((one.ordered('sequential').arrive, one.ordered('sequential').order),
         ('one', 'sequential'))


@point
def counters_of_a_device_are_found():
    text = 'face |bytes\n  lan2: 1 2 3 4 5 6 7 8 9 10 11\n   lan: 60 7 0 3 0 0 0 0 80 9 0\n'
    same(gateway.counters('lan', text), (7, 3, 9))
    try:
        gateway.counters('gen', text)
    except gateway.Failed:
        return
    raise AssertionError('a device that is not there has counters')


@point
def processors_get_flows_of_their_own():
    for flows in (1000, 100000):
        parts = [gateway.Traffic(flows, cpus=2).part(cpu) for cpu in (0, 1)]
        seen = [{(s, d) for s in range(p[0], p[0] + p[1]) for d in range(p[2], p[2] + p[3])}
                for p in parts]
        same(len(seen[0] & seen[1]), 0)
        same(len(seen[0] | seen[1]), flows)


@point
def siphash_is_that_of_its_authors():
    k0, k1 = 0x0706050403020100, 0x0f0e0d0c0b0a0908
    same(siphash.siphash(bytes(range(15)), k0, k1), 0xa129ca6149be45e5)
    same(siphash.siphash(b'', k0, k1), 0x726fdb47dd0e0e31)


@point
def colliding_keys_collide_under_their_seed_only():
    keys = siphash.colliding(20, lambda n: n.to_bytes(4, 'big'), range(100000), 4)
    same({siphash.siphash(n.to_bytes(4, 'big')) & 15 for n in keys}, {0})
    same(len({siphash.siphash(n.to_bytes(4, 'big'), 1) & 15 for n in keys}) > 5, True)


@point
def frames_have_a_valid_header():
    f = ring.frame(ring.udp(1, 2), ident=7, fragment=ring.MF)
    same(ring.checksum(f[14:34]), 0)
    same((len(f), f[12:14], f[18:20]), (60, b'\x08\0', b'\0\x07'))
    same(len(set(ring.fragments(0))), ring.FRAMES)


@point
def rules_are_numbered_without_repeating():
    same(len(set(loading.numbered(100001, 2000, 'nat', True))), 100001)
    same(set(loading.numbered(1000, 2000)) & set(loading.numbered(1000, 3000)), set())


def main():
    failed = 0
    print('KTAP version 1')
    print(f'1..{len(POINTS)}')
    for n, f in enumerate(POINTS, 1):
        try:
            f()
            print(f'ok {n} {f.__name__}')
        except Exception as e:      # whatever it is, the next point is tried
            failed += 1
            print(f'# {type(e).__name__}: {e}')
            print(f'not ok {n} {f.__name__}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
