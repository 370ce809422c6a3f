# SPDX-License-Identifier: GPL-2.0-or-later
"""What is aimed at, and whether the results have it. Reads rows, knows of nothing else."""
import collections
import math

import stats

# text: what it is. limit: at most that much, or at least, if `least`. kind: `added`, the cost
# of row above its floor in proportion to peer's; `total`, the same of whole packets; `value`, a
# figure of its own. row and peer: fields by which they are found, peer among those of row's group.
Target = collections.namedtuple('Target', 'text limit kind row peer scale least unit',
                                defaults=(None, 1.0, False, '×'))


def snat(flows=1000, impl='natfw-direct', **more):
    return {'case': 'snat', 'impl': impl, 'flows': flows, 'family': 4, 'cpus': 1,
            'order': 'random', 'size': 60, **more}


ARRIVE = 'poll'     # what packets do in front of all that is compared
FLOWTABLE = {'impl': 'nft-flowtable'}
NEW16, NEW1 = '16 shapes visited', '1 shape visited'

TARGETS = (
    Target('NAT, direct, 1,000 flows: of nft flowtable', 0.40, 'added', snat(), FLOWTABLE),
    Target('NAT, direct, 100,000 random flows: of nft flowtable', 0.25, 'added',
           snat(100000), FLOWTABLE),
    Target('NAT, direct, 1,000,000 random flows: of nft flowtable', 0.25, 'added',
           snat(1000000), FLOWTABLE),
    Target('allow, direct, 100,000 flows: of ip_forward', 0.20, 'added',
           snat(100000, case='allow'), {'impl': 'ip_forward'}),
    Target('deny, 1,000,000 exact rules, 100,000 flows: of nft set of 100,000, same flows', 1.0,
           'added', {'case': 'deny', 'impl': 'natfw-direct', 'flows': 100000},
           {'impl': 'nft-set'}),
    Target('deny, 1,000,000 exact rules, as many flows: of nft set of 100,000, as many flows', 1.0,
           'added', {'case': 'deny', 'impl': 'natfw-direct', 'flows': 1000000},
           {'impl': 'nft-set'}),
    Target('lookup, 1,000,000 exact rules: of 1,000 rules, same 1,000 flows', 1.3, 'added',
           {'case': 'lookup', 'rules': 1000000}, {'case': 'lookup', 'rules': 1000}),
    Target('1,000 wildcards, 16 mask shapes, cached: of exact rules', 1.1, 'added',
           {'case': 'wild-cached', 'impl': 'natfw-direct'}, {'case': 'lookup'}),
    Target('1,000 wildcards, every packet new: of an nft set lookup for each of 16 shapes', 1.5,
           'added', {'case': 'wild-new', 'impl': 'natfw-direct', 'note': NEW16},
           {'impl': 'nft-set', 'note': NEW16}),
    Target('the same where the best priority decides: of visiting all 16 shapes', 0.5, 'added',
           {'case': 'wild-new', 'impl': 'natfw-direct', 'note': NEW1},
           {'impl': 'natfw-direct', 'note': NEW16}),
    Target('two processors, shared tables, NAT 100,000 flows: packets a second of one', 1.85,
           'total', snat(100000), {'impl': 'natfw-direct', 'cpus': 2}, 2.0, True),
    Target('the same without the generator', 1.85, 'added', snat(100000),
           {'impl': 'natfw-direct', 'cpus': 2}, 2.0, True),
    Target('1,000,000 rules by netlink in one transaction', 500000, 'value',
           {'case': 'load', 'impl': 'netlink', 'what': 'new', 'rules': 1000000}, least=True,
           unit='rules/s'),
    Target('1,000,000 rules replaced under traffic: packets lost or misjudged', 0, 'value',
           {'case': 'atomic', 'impl': 'natfw-direct', 'rules': 1000000}, unit='packets'),
    Target('memory of a two-way binding, all included', 192, 'value',
           {'case': 'memory', 'impl': 'natfw-direct', 'what': 'binding'}, unit='bytes'),
    Target('the same behind a pool, each with a mapping of its own', 192, 'value',
           {'case': 'memory', 'impl': 'natfw-direct', 'what': 'mapping'}, unit='bytes'),
    Target('IPv6, NAT 1,000 flows: of IPv4', 1.25, 'added', snat(family=6, size=78),
           {'impl': 'natfw-direct', 'family': 4, 'cpus': 1}),
    Target('IPv6, NAT 100,000 flows: of IPv4', 1.25, 'added', snat(100000, family=6, size=78),
           {'impl': 'natfw-direct', 'family': 4, 'cpus': 1}),
)


def has(row, fields):
    return all(row.get(k) == v for k, v in fields.items())


def usable(row):
    return not row.get('error') and (row.get('value') is not None or
                                     row.get('added_ns') is not None)


def floor_of(row, rows):
    """The floor that was measured in the rounds of this row."""
    for r in rows:
        if r.get('group') == row['group'] and r.get('member') == row['floor']:
            return r
    return None


def pair(target, rows):
    """(row, peer) that were measured in the same rounds, or why there are none."""
    why = 'not part of this run'
    for row in (r for r in rows if has(r, target.row)):
        if not usable(row):
            why = row.get('error', why)
            continue
        if row.get('arrive') != ARRIVE:
            why = 'only measured with packets that do not arrive as from a card'
            continue
        for peer in rows:
            if peer is row or peer.get('group') != row['group'] or not has(peer, target.peer):
                continue
            if usable(peer):
                return row, peer, ''
            why = f'{peer["impl"]}: {peer.get("error", "not measured")}'
    return None, None, why


def compared(target, rows):
    """(estimate, '') of a proportion, or (None, why there is none)."""
    row, peer, why = pair(target, rows)
    if not row:
        return None, why
    if target.kind == 'total':
        return stats.of_total(row, peer, target.scale), ''
    return stats.ratio(row, floor_of(row, rows), peer, floor_of(peer, rows), target.scale), ''


def counted(target, rows):
    """The same of a figure. What was measured several times has low and high."""
    why = 'not part of this run'
    for r in (r for r in rows if has(r, target.row)):
        if usable(r):
            v = r['value']
            return stats.Estimate(v, r.get('low', v), r.get('high', v), r.get('rounds', 1),
                                  r.get('rounds_of', 1), r.get('confidence', 0)), ''
        why = r.get('error', why)
    return None, why


def verdict(found, limit, least=False):
    """`met` and `not met` only where the whole interval says so."""
    low, high = (-found.high, -found.low) if least else (found.low, found.high)
    limit = -limit if least else limit
    if high <= limit:
        return 'met'
    return 'not met' if low > limit else 'within noise'


def rounded(value, unit):
    if not math.isfinite(value):
        return None
    return round(value, 3) if unit == '×' else round(value, 1)


def judge(rows, targets=TARGETS):
    """One object for each target."""
    out = []
    for t in targets:
        found, why = (counted if t.kind == 'value' else compared)(t, rows)
        j = {'target': t.text, 'limit': t.limit, 'sense': 'at least' if t.least else 'at most',
             'unit': t.unit, 'measured': None, 'low': None, 'high': None}
        if found:
            j.update(measured=rounded(found.median, t.unit), low=rounded(found.low, t.unit),
                     high=rounded(found.high, t.unit), rounds=found.n, rounds_of=found.of,
                     confidence=round(found.confidence, 3),
                     verdict=verdict(found, t.limit, t.least))
            # of a few rounds it would be one of chance
            if t.kind != 'value' and found.confidence < stats.CONFIDENCE:
                j['verdict'] = 'within noise'
        else:
            j.update(verdict='not measured', why=why)
        out.append(j)
    return out
