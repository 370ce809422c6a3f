#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What many devices cost one manager: manager.py DEVICES prints rows of figures as JSON.

How long until all have called, memory for each, one request to all of them, and how long until they are back after
the manager was killed. Everything runs on this machine, devices included: they take about half of the processor time.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(os.path.join(HERE, '..', '..', '..'))
MANAGER = os.path.join(TOP, 'userd', 'manager', 'natfw-manager')
PORT = 4335


def alone():
    if os.environ.get('BENCH_NS') != str(os.getppid()):
        env = dict(os.environ, BENCH_NS=str(os.getpid()))
        sys.exit(subprocess.run(['unshare', '--net', sys.executable] + sys.argv, env=env).returncode)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


class Manager:
    def __init__(self, work, issuers=('',), limits='half-open-per-source: 256, waiting-per-source: 4096',
                 where=', address: 127.0.0.1'):
        anchors = ''.join(f'- {{name: bench{i}, certificates: {work}/{i}/ca.pem}}\n' for i in issuers)
        self.work, self.socket = work, os.path.join(work, 'control')
        self.log = os.path.join(work, 'log')
        with open(os.path.join(work, 'conf.yaml'), 'w') as f:
            f.write(f'''user: root
state: {work}
control: {{path: {self.socket}}}
listen:
- {{transport: tls{where}}}
issuer:
{anchors}credential:
- {{name: ops, certificate: {work}/nms.crt, key: {work}/nms.key}}
limits: {{{limits}}}
''')

    def start(self):
        out = open(self.log, 'a')
        self.process = subprocess.Popen([MANAGER, 'serve', '-c', os.path.join(self.work, 'conf.yaml'), '-d', 'warning'],
                                        stderr=out)
        while not os.path.exists(self.socket):
            time.sleep(0.005)
        while subprocess.run([MANAGER, 'status', '-S', self.socket], capture_output=True).returncode:
            time.sleep(0.01)

    def command(self, *args):
        return subprocess.run([MANAGER, args[0], '-S', self.socket] + list(args[1:]), capture_output=True, text=True)

    def status(self):
        return json.loads(self.command('status', '-j').stdout)

    def all_in(self, n, limit):
        start = time.monotonic()
        while self.status()['connected'] < n:
            if time.monotonic() - start > limit:
                sys.exit(f'only {self.status()} after {limit} s')
            time.sleep(0.1)
        return time.monotonic() - start

    def rss(self):
        text = open(f'/proc/{self.process.pid}/status').read()
        return int(re.search(r'RssAnon:\s+(\d+)', text).group(1))

    def cpu(self):
        fields = open(f'/proc/{self.process.pid}/stat').read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def certificate(work):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                    '-subj', '/CN=nms', '-keyout', f'{work}/nms.key', '-out', f'{work}/nms.crt'],
                   check=True, capture_output=True)
    os.chmod(f'{work}/nms.key', 0o600)


def measure(n, work):
    devices = subprocess.Popen([os.path.join(HERE, 'devices'), str(n), str(PORT), work], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    devices.stdout.readline()
    certificate(work)
    m = Manager(work)
    m.start()
    got = m.command('devices', 'import', os.path.join(work, 'devices.json'))
    if got.returncode:
        sys.exit(got.stderr)
    empty = m.rss()
    devices.stdin.write('\n')
    devices.stdin.flush()
    took = m.all_in(n, 120)
    each = m.cpu() * 1000 / n
    rows = [row('devices', f'{n} call, until all are there', took),
            row('devices', 'processor time of the manager for each', round(each, 2), 'ms')]
    time.sleep(2)
    rows.append(row('memory of the manager', 'for each idle session', round((m.rss() - empty) / n, 1), 'KiB', 64))
    start = time.monotonic()
    got = m.command('get', '-j', 'd*')
    rows.append(row('get of all devices', 'one request to each', time.monotonic() - start))
    answered = json.loads(got.stdout.splitlines()[-1])['ok']
    rows.append(row('get of all devices', 'without an answer', n - answered, 'devices', 0))
    rows.append(row('memory of the manager', 'for each after that', round((m.rss() - empty) / n, 1), 'KiB'))
    m.process.kill()
    m.process.wait()
    os.unlink(m.socket)
    start = time.monotonic()
    m.start()
    m.all_in(n, 120)
    rows.append(row('manager killed', 'until all are back', time.monotonic() - start, limit=30))
    s = m.status()
    rows.append(row('manager killed', 'turned away meanwhile',
                    sum(v for k, v in s.items() if k.startswith('turned-away')) + s['expired'], 'devices'))
    devices.kill()
    m.process.terminate()
    m.process.wait()
    return rows


def row(case, what, value, unit='s', limit=None):
    r = {'case': case, 'what': what, 'value': round(value, 2), 'low': None, 'high': None, 'unit': unit}
    if limit is not None:
        r['limit'] = limit
    return r


def main():
    n = int(sys.argv[1])
    alone()
    subprocess.run(['make', '-s', '-C', os.path.join(TOP, 'userd', 'manager')], check=True)
    subprocess.run(['make', '-s', '-C', HERE], check=True)
    with tempfile.TemporaryDirectory(prefix='natfw-callhome.') as work:
        print(json.dumps(measure(n, work)))


if __name__ == '__main__':
    main()
