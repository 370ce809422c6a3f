#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What strangers at a manager's port do to it and to devices: strangers.py RATE prints rows of figures as JSON.

100 devices are connected, each from an address of its own, with the default limits. While so many strangers a second
come, all devices are asked, half of them hang up and call again, and 20 call that were never seen. An attempt that comes
to nothing is repeated after half a second, then after twice as long, up to eight.
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import manager
from manager import HERE, PORT, TOP, row

KNOWN, NEW, LONGEST = 100, 20, 90
FLOODS = (('silent', 1), ('silent', 20000), ('junk', 20000), ('tls', 20000), ('-6 tls', 60000))
CASES = {'silent': 'say nothing', 'junk': 'send garbage', 'tls': 'shake hands', '-6 tls': 'shake hands'}


class Manager(manager.Manager):
    def fds(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))


class Devices:
    """So many, whose names begin with @prefix."""
    def __init__(self, work, prefix, n, network):
        self.dir, self.n, self.prefix = os.path.join(work, prefix), n, prefix
        os.mkdir(self.dir)
        self.process = subprocess.Popen([os.path.join(HERE, 'devices'), str(n), str(PORT), self.dir, prefix,
                                         str(network)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def say(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def there(self, m):
        text = m.command('devices', '-j').stdout
        return sum(d['state'] == 'connected' and d['name'].startswith(self.prefix)
                   for d in map(json.loads, text.splitlines()))

    def all_in(self, m):
        start = time.monotonic()
        while self.there(m) < self.n and time.monotonic() - start < LONGEST:
            time.sleep(0.1)
        return time.monotonic() - start


class Watch(threading.Thread):
    """The most memory and descriptors that the manager has meanwhile."""
    def __init__(self, m):
        super().__init__(daemon=True)
        self.m, self.over, self.most = m, threading.Event(), [m.rss(), m.fds()]
        self.start()

    def run(self):
        while not self.over.wait(0.2):
            self.most = [max(self.most[0], self.m.rss()), max(self.most[1], self.m.fds())]


def flood(m, known, new, rate, kind, sources):
    m.command('forgive')
    before, cpu, watch = (m.rss(), m.fds()), m.cpu(), Watch(m)
    strangers = subprocess.Popen([os.path.join(HERE, 'strangers')] + kind.split() + [str(rate), str(PORT), str(sources)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    begin = time.monotonic()
    time.sleep(4)
    got = json.loads(m.command('get', '-j', 'k*').stdout.splitlines()[-1])
    known.say(str(KNOWN // 2))
    time.sleep(0.2)
    again = known.all_in(m)
    new.say('begin')
    first = new.all_in(m)
    took = time.monotonic() - begin
    cpu = (m.cpu() - cpu) / took
    made = json.loads(strangers.communicate('')[0])['made']
    watch.over.set()
    case = f'strangers {CASES[kind]}, {"a /64 each" if kind.startswith("-6") else f"{sources} sources"}'
    return [row(case, 'connections made in a second', made / took, ''),
            row(case, 'of 100 devices, without an answer', KNOWN - got['ok'], 'devices', 0),
            row(case, '50 known again, until all are back', again, limit=10),
            row(case, '20 never seen, until all are in', first, limit=LONGEST),
            row(case, 'not there in the end', KNOWN - known.there(m) + NEW - new.there(m), 'devices', 0),
            row(case, 'processors for the manager', cpu, ''),
            row(case, 'memory of the manager, more', (watch.most[0] - before[0]) / 1024, 'MiB', 64),
            row(case, 'descriptors, more', watch.most[1] - before[1], '', 4096 + 256)]


def measure(rate, work):
    known = Devices(work, 'k', KNOWN, 32)
    new = [Devices(work, f'n{i}', NEW, 33 + i) for i in range(len(FLOODS))]
    manager.certificate(work)
    m = Manager(work, [d.prefix for d in [known] + new], '', '')
    m.start()
    for d in [known] + new:
        m.command('devices', 'import', os.path.join(d.dir, 'devices.json'))
    subprocess.run(['ip', '-6', 'route', 'add', 'local', '2001:db8:f00::/40', 'dev', 'lo'], check=True)
    known.say('begin')
    if known.all_in(m) >= LONGEST:
        sys.exit(f'only {known.there(m)} of {KNOWN} came')
    rows = []
    for (kind, sources), d in zip(FLOODS, new):
        rows += flood(m, known, d, rate, kind, sources)
        d.process.kill()
    known.process.kill()
    m.process.terminate()
    m.process.wait()
    return rows


def main():
    manager.alone()
    subprocess.run(['make', '-s', '-C', os.path.join(TOP, 'userd', 'manager')], check=True)
    subprocess.run(['make', '-s', '-C', HERE], check=True)
    with tempfile.TemporaryDirectory(prefix='natfw-callhome.') as work:
        print(json.dumps(measure(int(sys.argv[1]), work)))


if __name__ == '__main__':
    main()
