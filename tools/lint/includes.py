# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads names of C files; checks who includes whom, and that nobody but those of VERSIONS
# looks at the kernel's version.

import os
import re
import sys

# Who looks at the kernel's version: the module's one place for it, and a module of one file.
VERSIONS = ('kmod/compat.h', 'tools/bench/nic/natfw_nic.c')

# A file below the first may not include one below the second, save from the third.
FORBIDDEN = [
    ('kmod/', 'userd/', None),
    ('kmod/', 'tools/', None),
    ('userd/', 'kmod/', None),
    ('tools/', 'kmod/', None),
    ('tools/', 'userd/', 'tools/bench/'),     # measures the daemon's parts
    ('userd/', 'tools/', ('userd/kern/', 'userd/snmp/')),
    ('uapi/', '', None),
    ('', 'tests/', 'tests/'),
    ('userd/gist/', 'userd/sip/', None),
    ('userd/gist/', 'userd/fep/', None),
    ('userd/gist/', 'userd/mgmt/', None),
    ('userd/nslp/', 'userd/sip/', None),
    ('userd/nslp/', 'userd/fep/', None),
    ('userd/nslp/', 'userd/mgmt/', None),
    ('userd/sip/', 'userd/gist/', None),
    ('userd/sip/', 'userd/nslp/', None),
    ('userd/sip/', 'userd/fep/', None),
    ('userd/sip/', 'userd/mgmt/', None),
    ('userd/fep/', 'userd/gist/', None),
    ('userd/fep/', 'userd/nslp/', None),
    ('userd/fep/', 'userd/sip/', None),
    ('userd/fep/', 'userd/mgmt/', None),
    ('userd/mgmt/', 'userd/gist/', None),
    ('userd/mgmt/', 'userd/nslp/', None),
    ('userd/mgmt/', 'userd/sip/', None),
    ('userd/mgmt/', 'userd/fep/', None),
    ('userd/manager/', 'userd/gist/', None),
    ('userd/manager/', 'userd/nslp/', None),
    ('userd/manager/', 'userd/sip/', None),
    ('userd/manager/', 'userd/fep/', None),
    ('userd/manager/', 'userd/mgmt/', None),
    ('userd/manager/', 'userd/kern/', None),
]
# the unit tests of the control program live beside it
SEARCH = ['', 'uapi', 'tools', 'tools/lib', 'tools/natfwctl', 'userd', 'tests', 'kmod']


def resolve(name, include, files):
    """The file of the tree an #include "..." means, or None."""
    places = [os.path.dirname(name)] + SEARCH
    for place in places:
        path = os.path.normpath(os.path.join(place, include))
        if path in files:
            return path
    return None


def own(name, include):
    """Tools and daemons may have headers of the same name as the module's."""
    return os.path.dirname(name) == os.path.dirname(include)


def main():
    files = [n for n in sys.stdin.read().split('\n') if n]
    known = set(files)
    n = 0
    for name in files:
        with open(name, encoding='utf-8', errors='replace') as f:
            text = f.read()
        for number, line in enumerate(text.split('\n'), 1):
            if name not in VERSIONS and not name.startswith('tests/') and \
               re.search(r'\b(LINUX_VERSION_CODE|KERNEL_VERSION)\b', line) and \
               not re.match(r'\s*(/?\*|//)', line):
                print(f'error: {name}:{number}: looks at the kernel version; '
                      'that belongs into kmod/compat.h')
            found = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
            if not found:
                continue
            n += 1
            target = resolve(name, found[1], known)
            if not target or own(name, target):
                continue
            for who, what, but in FORBIDDEN:
                if name.startswith(who) and target.startswith(what) and \
                   not (but and name.startswith(but)):
                    print(f'error: {name}:{number}: includes {target}')
                    break
    print(f'note: {n} includes')


main()
