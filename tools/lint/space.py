# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads file names; reports white space that .editorconfig rules out.

import re
import sys

SKIP = re.compile(r'LICENSES/|\.(patch|json|tsv|csv|svg|png|pcap|bin|txt)$|/corpus/|/seeds?/|'
                  r'^debian/copyright$|^Documentation/netlink\.rst$|\.gitkeep$')
INDENTED_BY_TABS = re.compile(r'\.[ch]$|\.sh$')


def check(name, text):
    if text and not text.endswith('\n'):
        print(f'error: {name}: no newline at the end')
    if text.endswith('\n\n'):
        print(f'error: {name}: empty lines at the end')
    for number, line in enumerate(text.split('\n'), 1):
        if line != line.rstrip():
            print(f'error: {name}:{number}: white space at the end of the line')
        if '\r' in line:
            print(f'error: {name}:{number}: carriage return')
        if INDENTED_BY_TABS.search(name) and re.match(r' {8}', line):
            print(f'error: {name}:{number}: indented by spaces')


def main():
    n = 0
    for name in sys.stdin.read().split('\n'):
        if not name or SKIP.search(name):
            continue
        with open(name, 'rb') as f:
            data = f.read()
        if b'\0' in data:
            continue
        try:
            check(name, data.decode('utf-8'))
        except UnicodeDecodeError:
            print(f'error: {name}: not UTF-8')
        n += 1
    print(f'note: {n} files')


main()
