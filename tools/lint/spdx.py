# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads file names; every file must say its licence within its first three lines, in the
# way its kind of file does, and it must be the one its directory has.

import re
import sys

# first match counts
EXPECTED = [
    (r'LICENSES/', None),
    (r'debian/(copyright|changelog|control|source/|.*\.(install|manpages|docs|examples|dkms)$)', None),
    (r'(.*/)?\.(gitignore|shellcheckrc|checkpatch-camelcase.*)$', None),
    (r'uapi/|Documentation/netlink/specs/|Documentation/netlink\.rst$|kmod/netlink_gen',
     'GPL-2.0 syscall'),
    (r'userd/yang/ietf/', 'BSD-3-Clause'),
    (r'kmod/|Kbuild$', 'GPL-2.0-only'),
    (r'tools/dkms/dkms', 'GPL-2.0-only GPL-2.0-or-later'),
    (r'', 'GPL-2.0-or-later GPL-2.0-only'),
]
SYSCALL = {
    '((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)',
    'GPL-2.0-only WITH Linux-syscall-note',
    'GPL-2.0 WITH Linux-syscall-note',
}
TEXTS = {'GPL-2.0-only', 'GPL-2.0-or-later', 'Linux-syscall-note', 'BSD-3-Clause'}
# what holds no comment, is data, or is made by a program
PLAIN = re.compile(r'\.(json|svg|png|pcap|bin|csv|tsv|txt|patch|gitkeep)$|/corpus/|/seeds?/')


def tag(name):
    with open(name, 'rb') as f:
        head = f.read(600)
    if head.startswith(b'\x7fELF'):
        return 'built'
    if b'\0' in head:
        return 'binary'
    for line in head.decode('utf-8', 'replace').splitlines()[:4]:
        found = re.search(r'SPDX-License-Identifier:\s*(.*?)\s*(\*/|-->|\.\\"|$)', line)
        if found:
            return found[1]
    return None


def expected(name):
    for pattern, licences in EXPECTED:
        if re.match(pattern, name):
            return licences
    return None


def main():
    n = 0
    for name in sys.stdin.read().split('\n'):
        if not name or expected(name) is None:
            continue
        have = tag(name)
        if have == 'built':
            print(f'error: {name}:1: built, and no source: git rm --cached, and into .gitignore')
            continue
        if have is None:
            if PLAIN.search(name):
                continue
            print(f'error: {name}:1: no SPDX-License-Identifier')
            continue
        if have == 'binary':
            continue
        n += 1
        allowed = set(expected(name).split())
        if 'syscall' in allowed:
            allowed |= SYSCALL
        if have not in allowed:
            print(f'error: {name}:1: licence is {have}, this directory has '
                  f'{expected(name).split()[0]}')
    print(f'note: {n} files')


main()
