# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as an aligned table, as JSON, and as a picture."""
import json
import os
from xml.sax.saxutils import escape

COLUMNS = (('case', 'case'), ('impl', 'impl'), ('family', 'fam'), ('flows', 'flows'),
           ('rules', 'rules'), ('order', 'order'), ('size', 'size'), ('cpus', 'cpus'),
           ('pps', 'packets/s'), ('added_ns', 'added ns'), ('spread', 'spread'),
           ('ratio', 'of peer'), ('note', 'note'))
NUMBERS = {'family', 'flows', 'rules', 'size', 'cpus', 'pps', 'added_ns', 'spread', 'ratio'}
# what natfw is held against, by case
PEER = {'drop': 'nft-set', 'allow': 'ip_forward', 'snat': 'nft-flowtable',
        'dnat': 'nft-flowtable', 'twice': 'nft-flowtable'}


def place(r):
    return tuple(r.get(k) for k in ('case', 'family', 'flows', 'order', 'size', 'cpus'))


def compare(rows):
    """Cost in proportion to the peer's under the same traffic, where both are known."""
    peers = {place(r): r['added_ns'] for r in rows
             if r['impl'] == PEER.get(r['case']) and (r['added_ns'] or 0) > 0}
    for r in rows:
        peer = peers.get(place(r))
        if r['impl'].startswith('natfw') and peer and r['added_ns'] is not None:
            r['ratio'] = round(r['added_ns'] / peer, 2)


def cell(r, key):
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


def table(rows):
    """Packet cases, one line each; then what is counted in something else."""
    packets = [r for r in rows if 'value' not in r]
    columns = [c for c in COLUMNS if any(r.get(c[0]) is not None for r in packets)]
    parts = []
    if packets:
        lines = [[cell(r, k) for k, _ in columns] for r in packets]
        parts.append(aligned([name for _, name in columns], lines,
                             [k in NUMBERS for k, _ in columns]))
    others = [r for r in rows if 'value' in r]
    if others:
        lines = [[r['case'], r['impl'], str(r.get('note', '')), f"{r['value']:,}", r['unit']]
                 for r in others]
        parts.append(aligned(['case', 'impl', 'what', 'figure', 'unit'], lines,
                             [False, False, False, True, False]))
    errors = sorted({f"{r['impl']}, {r['case']}, {r['flows']} flows: {r['error']}"
                     for r in rows if r.get('error')})
    if errors:
        parts.append('not measured:\n' + '\n'.join('  ' + e for e in errors))
    return '\n\n'.join(parts)


def write_json(rows, path):
    with open(path, 'w', encoding='utf-8') as f:
        f.write('[\n' + ',\n'.join(json.dumps(r) for r in rows) + '\n]\n')


def machine():
    """What the figures are from; the host's part comes from tools/bench/run."""
    lines = ['Linux ' + os.uname().release]
    host = os.environ.get('BENCH_MACHINE')
    if host:
        lines[0] += f' as User Mode Linux, {os.cpu_count()} virtual processors'
        lines.append('on ' + host)
        lines.append('time is processor time of the virtual processors, as the host accounts it')
    else:
        lines.append('time is that of pktgen')
    return '\n'.join(lines)


def publish(rows, directory):
    os.makedirs(directory, exist_ok=True)
    write_json(rows, os.path.join(directory, 'results.json'))
    write_svg(rows, os.path.join(directory, 'results.svg'))
    with open(os.path.join(directory, 'results.txt'), 'w', encoding='utf-8') as f:
        f.write(machine() + '\n\n' + table(rows) + '\n')


def write_svg(rows, path):
    text = svg(rows, 'Nanoseconds a packet above the generator alone '
                     '(IPv4, UDP, 60 bytes, random order, one processor)')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)


# ---- the picture ----

COLOURS = {'natfw-direct': '#1b6ca8', 'natfw-stack': '#7fb2d9', 'nft-flowtable': '#d9822b',
           'nft-conntrack': '#a23b3b', 'nft-set': '#8a8a2a', 'ip_forward': '#6b6b6b',
           'nft-fwd': '#b8b8b8'}
WIDTH, PANEL, BAR, LEFT = 860, 30, 13, 130
CASES = {'drop': 'Denied at ingress', 'allow': 'Permitted and forwarded',
         'snat': 'Source translated', 'dnat': 'Destination translated',
         'twice': 'Source and destination translated'}


def drawable(rows, family=4):
    """Rows of one kind: random order, smallest packets, one processor."""
    return [r for r in rows if r['case'] in CASES and r['family'] == family and
            r['cpus'] == 1 and r['order'] == 'random' and r['size'] in (60, 78) and
            r['added_ns'] is not None and 'rules' not in r]


def bar(y, r, scale):
    """A bar with its figure, and the spread as a whisker."""
    length = max(r['added_ns'], 0) * scale
    half = r['spread'] / 2 * scale
    low, high = max(length - half, 0), length + half
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
    """Added cost by case, flows and implementation. '' if there is nothing to draw."""
    rows = drawable(rows)
    if not rows:
        return ''
    scale = (WIDTH - LEFT - 150) / max(r['added_ns'] + r['spread'] for r in rows)
    out, y = [f'<text x="8" y="18" font-size="14">{escape(title)}</text>'], 34
    for case, name in CASES.items():
        mine = [r for r in rows if r['case'] == case]
        if mine:
            more, y = panel(y, name, mine, scale)
            out += more
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" '
            f'font-family="sans-serif" font-size="11">\n'
            f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>\n' + '\n'.join(out) + '\n</svg>\n')
