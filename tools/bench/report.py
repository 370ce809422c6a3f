# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as an aligned table, as JSON, and as a picture."""
import json
import math
import os
from xml.sax.saxutils import escape

import stats
import targets

COLUMNS = (('case', 'case'), ('impl', 'impl'), ('family', 'fam'), ('flows', 'flows'),
           ('rules', 'rules'), ('order', 'order'), ('size', 'size'), ('cpus', 'cpus'),
           ('arrive', 'arrive'),
           ('pps', 'packets/s'), ('added_ns', 'added ns'), ('range', '95 %'),
           ('ratio', 'of peer'), ('ratio_range', '95 %'), ('note', 'note'))
NUMBERS = {'family', 'flows', 'rules', 'size', 'cpus', 'pps', 'added_ns', 'range', 'ratio',
           'ratio_range'}
# what natfw is held against, by case
PEER = {'drop': 'nft-set', 'allow': 'ip_forward', 'snat': 'nft-flowtable',
        'dnat': 'nft-flowtable', 'twice': 'nft-flowtable'}
AXES = ('case', 'group', 'family', 'flows', 'order', 'size', 'cpus', 'arrive')


def compare(rows):
    """Cost in proportion to the peer's, round by round, where both were measured together."""
    place = {tuple(r.get(k) for k in AXES): r for r in rows
             if r['impl'] == PEER.get(r['case']) and r.get('added_ns') is not None}
    for r in rows:
        peer = place.get(tuple(r.get(k) for k in AXES))
        if not r['impl'].startswith('natfw') or not peer or r.get('added_ns') is None:
            continue
        found = stats.ratio(r, targets.floor_of(r, rows), peer, targets.floor_of(peer, rows))
        if found and math.isfinite(found.high):
            r.update(ratio=round(found.median, 2), ratio_low=round(found.low, 2),
                     ratio_high=round(found.high, 2))


def between(low, high, digits=0):
    return '-' if low is None or high is None else f'{low:.{digits}f}..{high:.{digits}f}'


def cell(r, key):
    if key == 'range':
        return between(r.get('low'), r.get('high'))
    if key == 'ratio_range':
        return between(r.get('ratio_low'), r.get('ratio_high'), 2)
    value = r.get(key)
    if value is None:
        return '-'
    return f'{value:.2f}' if key == 'ratio' else str(value)


def aligned(head, lines, numeric):
    widths = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
    out = []
    for line in [head] + lines:
        cells = (c.rjust(w) if n else c.ljust(w) for c, w, n in zip(line, widths, numeric))
        out.append('  '.join(cells).rstrip())
    return '\n'.join(out)


def packets(rows):
    """Packet cases, one line each."""
    columns = [c for c in COLUMNS if c[0].endswith('range') or
               any(r.get(c[0]) is not None for r in rows)]
    return aligned([name for _, name in columns], [[cell(r, k) for k, _ in columns] for r in rows],
                   [k in NUMBERS for k, _ in columns])


def others(rows):
    """What is counted in something else."""
    lines = [[r['case'], r['impl'], r.get('arrive', '-'), str(r.get('note', '')),
              f"{r['value']:,}", between(r.get('low'), r.get('high')), r['unit']] for r in rows]
    return aligned(['case', 'impl', 'arrive', 'what', 'figure', 'extremes', 'unit'], lines,
                   [False, False, False, False, True, True, False])


def number(value, unit):
    if value is None:
        return '-'
    return f'{value:.2f}' if unit == '×' else f'{value:,.0f} {unit}'


def judged(found):
    """The targets, and whether they are met."""
    lines = [[j['verdict'], j['target'], f"{j['sense']} {number(j['limit'], j['unit'])}",
              number(j['measured'], j['unit']),
              between(j['low'], j['high'], 2 if j['unit'] == '×' else 0)] for j in found]
    met = sum(j['verdict'] == 'met' for j in found)
    return (aligned(['verdict', 'target', 'limit', 'measured', '95 %'], lines,
                    [False, False, True, True, True]) + f'\n{met} of {len(found)} met')


def instructions(rows):
    """What packets cost in instructions, one line for each implementation and case."""
    lines = [[r['case'], r['impl'], str(r['family']), str(r['flows']), r.get('arrive', 'one'),
              f"{r['instructions']:,.0f}", between(r['low'], r['high'])] for r in rows]
    return ('instructions a packet above the floor, Linux ' + rows[0]['kernel'] + '\n\n' +
            aligned(['case', 'impl', 'fam', 'flows', 'arrive', 'instructions', 'extremes'], lines,
                    [False, False, True, True, False, True, True]))


def failures(rows):
    return sorted({f"{r['impl']}, {r['case']}, {r.get('flows', 0)} flows: {r['error']}"
                   for r in rows if r.get('error')})


def table(rows):
    """Everything, in parts."""
    parts = []
    found = targets.judge(rows)
    if any(j['verdict'] != 'not measured' for j in found):
        parts.append('targets\n\n' + judged(found))
    timed = [r for r in rows if 'ns' in r]
    if timed:
        parts.append(packets(timed))
    valued = [r for r in rows if 'value' in r]
    if valued:
        parts.append(others(valued))
    counted = [r for r in rows if 'instructions' in r]
    if counted:
        parts.append(instructions(counted))
    errors = failures(rows)
    if errors:
        parts.append('not measured:\n' + '\n'.join('  ' + e for e in errors))
    return '\n\n'.join(parts)


def write_json(rows, path):
    """An object: the machine, each target's verdict, each figure."""
    def lines(objects):
        return ',\n'.join(json.dumps(o) for o in objects)
    with open(path, 'w', encoding='utf-8') as f:
        f.write('{"machine": ' + json.dumps(machine().split('\n')) +
                ',\n"targets": [\n' + lines(targets.judge(rows)) +
                '\n],\n"figures": [\n' + lines(rows) + '\n]}\n')


def figures_of(path):
    """Rows of another run."""
    with open(path, encoding='utf-8') as f:
        return json.load(f)['figures']


PAGES = [0, 0]      # KiB of the guest's memory that are mapped, of these by huge pages


def machine():
    """What the figures are from; the host's part comes from tools/bench/run."""
    lines = ['Linux ' + os.uname().release]
    host = os.environ.get('BENCH_MACHINE')
    if os.environ.get('BENCH_UNIT') == 'instructions':
        lines[0] += ', emulated, counting instructions'
    elif os.environ.get('BENCH_UNIT') == 'busy':
        lines.append('time is what processors were busy, of all together')
    elif host:
        lines[0] += f' as User Mode Linux, {os.cpu_count()} virtual processors'
        lines.append('on ' + host)
        lines.append('time is processor time of the virtual processors, as the host accounts it')
        lines.append('disabling interrupts costs ' + (
            'next to nothing, as on a real processor' if os.environ.get('BENCH_LAZY')
            else 'two system calls of the host, as User Mode Linux has it'))
        if PAGES[0]:
            lines.append(f'{100 * PAGES[1] // PAGES[0]} % of the guest\'s memory is mapped by '
                         'pages of 2 MiB, the rest by pages of 4 KiB')
    else:
        lines.append('time is that of pktgen')
    return '\n'.join(lines)


def text(rows):
    return machine() + '\n\n' + table(rows)


def finish(rows, o):
    """Compare, and write the files that were asked for."""
    compare(rows)
    if o.json:
        write_json(rows, o.json)
    if o.svg:
        write_svg(rows, o.svg)
    if o.publish:
        publish(rows, o.publish)


def publish(rows, directory):
    os.makedirs(directory, exist_ok=True)
    write_json(rows, os.path.join(directory, 'results.json'))
    write_svg(rows, os.path.join(directory, 'results.svg'))
    with open(os.path.join(directory, 'results.txt'), 'w', encoding='utf-8') as f:
        f.write(text(rows) + '\n')


def write_svg(rows, path):
    rows, how = drawable(rows)
    text = svg(rows, 'Nanoseconds a packet above the generator alone '
                     f'(IPv4, UDP, 60 bytes, random order, one processor, {how})')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)


# ---- the picture ----

COLOURS = {'natfw-direct': '#1b6ca8', 'natfw-stack': '#7fb2d9', 'nft-flowtable': '#d9822b',
           'nft-conntrack': '#a23b3b', 'nft-set': '#8a8a2a', 'ip_forward': '#6b6b6b',
           'nft-fwd': '#b8b8b8', 'bare': '#5c9c6b'}
WIDTH, PANEL, BAR, LEFT = 860, 30, 13, 130
CASES = {'drop': 'Denied at ingress', 'allow': 'Permitted and forwarded',
         'snat': 'Source translated', 'dnat': 'Destination translated',
         'twice': 'Source and destination translated'}


ARRIVING = {'poll': 'arriving in polls, as from a card', 'one': 'arriving one by one',
            'card': 'arriving by a card'}


def drawable(rows, family=4):
    """Rows of one kind: random order, smallest packets, one processor, and arriving in one way,
    which stands beside: in polls, if there are such."""
    rows = [r for r in rows if r['case'] in CASES and r['family'] == family and
            r['cpus'] == 1 and r['order'] == 'random' and r['size'] in (60, 78) and
            r.get('added_ns') is not None and 'rules' not in r]
    ways = {r.get('arrive') for r in rows}
    way = next((w for w in ARRIVING if w in ways), '')
    return [r for r in rows if r.get('arrive') == way], ARRIVING.get(way, '')


def bar(y, r, scale):
    """A bar with its figure, and the interval as a whisker."""
    length = max(r['added_ns'], 0) * scale
    low, high = max(r['low'], 0) * scale, max(r['high'], 0) * scale
    mid = y + BAR / 2 - 1
    return (f'<rect x="{LEFT}" y="{y}" width="{max(length, 1):.1f}" height="{BAR - 2}" '
            f'fill="{COLOURS[r["impl"]]}"/>'
            f'<path d="M{LEFT + low:.1f} {mid}H{LEFT + high:.1f}" stroke="#222"/>'
            f'<text x="{LEFT + max(high, 1) + 5:.1f}" y="{y + 9}">{r["added_ns"]:.0f}'
            f' {escape(r["impl"])}</text>')


def panel(y, title, rows, scale):
    """Bars of one case, grouped by number of flows; the next free line."""
    out = [f'<text x="8" y="{y + 12}" font-weight="bold">{escape(title)}</text>']
    y += 20
    for flows in sorted({r['flows'] for r in rows}):
        label = f'{flows:,} flow{"s" if flows > 1 else ""}'
        out.append(f'<text x="{LEFT - 8}" y="{y + 9}" text-anchor="end">{label}</text>')
        for r in (r for r in rows if r['flows'] == flows):
            out.append(bar(y, r, scale))
            y += BAR
        y += 5
    return out, y + PANEL - 20


def svg(rows, title):
    """Added cost of drawable rows by case, flows and implementation. '' of none."""
    if not rows:
        return ''
    scale = (WIDTH - LEFT - 150) / max(max(r['added_ns'], r['high']) for r in rows)
    out, y = [f'<text x="8" y="18" font-size="14">{escape(title)}</text>'], 34
    for case, name in CASES.items():
        mine = [r for r in rows if r['case'] == case]
        if mine:
            more, y = panel(y, name, mine, scale)
            out += more
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" '
            f'font-family="sans-serif" font-size="11">\n'
            f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>\n' + '\n'.join(out) + '\n</svg>\n')
