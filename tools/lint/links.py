# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads names of Markdown and reStructuredText files; reports links to files of the tree
# that are not there.

import os
import re
import sys

MARKDOWN = re.compile(r'\[[^\]]*\]\(([^)\s]+)\)')
RST = re.compile(r'`[^`<]*<([^>`\s]+)>`__?')


def main():
    n = 0
    for name in sys.stdin.read().split('\n'):
        if not name:
            continue
        with open(name, encoding='utf-8') as f:
            text = f.read()
        pattern = MARKDOWN if name.endswith('.md') else RST
        for found in pattern.finditer(text):
            link = found[1].split('#')[0]
            if not link or re.match(r'[a-z]+:', link):
                continue
            n += 1
            path = os.path.normpath(os.path.join(os.path.dirname(name), link))
            if not os.path.exists(path):
                line = text.count('\n', 0, found.start()) + 1
                print(f'error: {name}:{line}: no {link}')
    print(f'note: {n} links within the tree')


main()
