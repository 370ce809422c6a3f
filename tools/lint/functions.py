# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads names of C files; reports functions of more than SOFT lines (a warning) and more
# than HARD (an error), files of more than FILE lines (a warning), and the median. A function
# is what stands between a brace in the first column and the next closing one, without
# both, if it has a parameter list before.

import re
import statistics
import sys

SOFT = 60
HARD = 100
FILE = 900
GENERATED = re.compile(r'netlink_gen')


def functions(name):
    """(name, line, length) of each function."""
    with open(name, encoding='utf-8', errors='replace') as f:
        lines = f.read().split('\n')
    start = None
    for i, line in enumerate(lines):
        if start is None and line == '{':
            start = i
        elif start is not None and re.match(r'\}', line):
            head = ' '.join(lines[max(0, start - 8):start])
            found = re.findall(r'(\w+)\s*\((?:[^()]|\([^()]*\))*\)[^;={}()]*$', head)
            # a function ends in a brace alone, a table in "};"
            if line == '}':
                yield (found[-1] if found else '?'), start + 1, i - start - 1
            start = None


def main():
    part = {}
    files = [n for n in sys.stdin.read().split('\n') if n and not GENERATED.search(n)]
    for name in files:
        with open(name, 'rb') as f:
            size = f.read().count(b'\n')
        if size > FILE:
            print(f'warning: {name}: {size} lines, more than {FILE}')
        for function, line, length in functions(name):
            part.setdefault(name.split('/')[0], []).append(length)
            if length > HARD:
                print(f'error: {name}:{line}: {function}() has {length} lines')
            elif length > SOFT:
                print(f'warning: {name}:{line}: {function}() has {length} lines')
    for directory, lengths in sorted(part.items()):
        lengths.sort()
        print(f'note: {directory} {len(lengths)} functions, median '
              f'{statistics.median(lengths):g}, 90th percentile '
              f'{lengths[int(len(lengths) * 0.9)]}, longest {lengths[-1]}')


main()
