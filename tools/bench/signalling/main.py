# SPDX-License-Identifier: GPL-2.0-or-later
"""What signalling costs a gateway: natfwd on a node between two that only generate load.

Runs where natfw.ko loads, as root; tools/bench/signalling/run starts it there. Three network
namespaces, data sender - gateway - data receiver; on the gateway the real daemon and the real
module. The processor time of the gateway's processes tells what one core could do, whatever the
two generators take beside it.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(f'{HERE}/../../..')
CTL = f'{TOP}/tools/natfwctl/natfwctl'

CONFIG = '''
daemon:
  user: nobody
  chroot: {dir}/empty
  state-directory: {dir}/state
  log: {{level: warning}}
control:
  socket: {dir}/control
interface:
- {{name: lan, side: inside, attach: true, default: drop}}
- {{name: dmz, side: inside, attach: true, default: drop}}
- {{name: wan, side: outside, edge: true, attach: true, default: drop}}
gist: {{validity: 3600000, states: 1000000, rate: 1000000000}}
nslp: {{lifetime-max: 7200, sessions: 1000000, sessions-per-peer: 1000000}}
policy:
  sessions-max: 1000000
  entry:
  - {{name: load, kind: [create], third-party: true, sessions-max: 1000000, action: permit}}
'''


def processor_time(pid, children=False):
    """Seconds a process has used, by ticks; with those of its children that have ended."""
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return sum(int(x) for x in fields[11:15 if children else 13]) / os.sysconf('SC_CLK_TCK')


def sh(command):
    subprocess.run(command, shell=True, check=True)


def say(text):
    print(text, file=sys.stderr, flush=True)


class Gateway:
    """The node that is measured, and the namespaces around it."""

    config = CONFIG

    def __init__(self, program):
        self.program = program
        self.dir = tempfile.mkdtemp(prefix='natfw-bench.')
        os.chmod(self.dir, 0o755)
        for name in ('empty', 'state'):
            os.mkdir(f'{self.dir}/{name}')
        self.tag = os.path.basename(self.dir).split('.')[1]
        self.ns = {n: f'{n}-{self.tag}' for n in ('ni', 'gw', 'nr', 'fl')}
        self.daemon = None
        self.network()
        self.start()

    def network(self):
        ni, gw, nr, fl = (self.ns[n] for n in ('ni', 'gw', 'nr', 'fl'))
        for n in self.ns.values():
            sh(f'ip netns add {n}; ip -n {n} link set lo up')
        sh(f'ip -n {ni} link add eth0 type veth peer name lan netns {gw}')
        sh(f'ip -n {nr} link add eth0 type veth peer name wan netns {gw}')
        sh(f'ip -n {fl} link add eth0 type veth peer name dmz netns {gw}')
        for ns, dev, addr in ((ni, 'eth0', '10.1.0.2/24'), (gw, 'lan', '10.1.0.1/24'),
                              (gw, 'wan', '10.2.0.1/24'), (nr, 'eth0', '10.2.0.2/24'),
                              (gw, 'dmz', '10.3.0.1/24'), (fl, 'eth0', '10.3.0.2/24')):
            sh(f'ip -n {ns} addr add {addr} dev {dev}; ip -n {ns} link set {dev} up')
        for ns, via in ((ni, '10.1.0.1'), (nr, '10.2.0.1'), (fl, '10.3.0.1')):
            sh(f'ip -n {ns} route add default via {via}')
        sh(f'ip netns exec {gw} sysctl -qw net.ipv4.ip_forward=1')

    def start(self):
        with open(f'{self.dir}/natfwd.yaml', 'w', encoding='ascii') as f:
            f.write(self.config.format(dir=self.dir))
        self.daemon = subprocess.Popen(['ip', 'netns', 'exec', self.ns['gw'],
                                        self.program, '-f', '-c', f'{self.dir}/natfwd.yaml'])
        for _ in range(200):
            if os.path.exists(f'{self.dir}/control') and len(self.pids()) >= 4:
                break
            time.sleep(0.05)
        else:
            raise SystemExit('natfwd does not start')
        time.sleep(1)

    def pids(self):
        """natfwd and its children: {name of the process: pid}."""
        found = {}
        for path in glob.glob('/proc/[0-9]*/stat'):
            try:
                with open(path, encoding='ascii') as f:
                    head, tail = f.read().rsplit(')', 1)
                with open(path[:-4] + 'cmdline', 'rb') as f:
                    words = f.read().replace(b'\0', b' ').decode()
            except OSError:
                continue
            pid, parent = int(head.split()[0]), int(tail.split()[1])
            if self.daemon.pid in (pid, parent):
                found[words.strip() + f' {pid}'] = pid
        return found

    def cpu(self):
        """Seconds of processor all processes of the daemon have used; they have one thread each."""
        total = 0
        for pid in self.pids().values():
            try:
                with open(f'/proc/{pid}/schedstat', encoding='ascii') as f:
                    total += int(f.read().split()[0]) / 1e9
            except OSError:     # a kernel that only counts ticks
                total += processor_time(pid)
        return total

    def memory(self):
        """Octets of private memory of all of them."""
        total = 0
        for pid in self.pids().values():
            with open(f'/proc/{pid}/status', encoding='ascii') as f:
                for line in f:
                    if line.startswith(('RssAnon:', 'VmSwap:')):
                        total += int(line.split()[1]) * 1024
        return total

    def rules(self):
        out = subprocess.run(['ip', 'netns', 'exec', self.ns['gw'], CTL, '-j', 'stats', 'net'],
                             capture_output=True, text=True, check=False).stdout
        try:
            return json.loads(out)
        except ValueError:
            return None

    def load(self, where, *words):
        return subprocess.Popen(['ip', 'netns', 'exec', self.ns[where], f'{HERE}/load',
                                 *map(str, words)], stdout=subprocess.PIPE, text=True)

    def end(self):
        self.daemon.terminate()
        self.daemon.wait()
        for n in self.ns.values():
            sh(f'ip netns del {n}')
        sh(f'rm -rf {self.dir}')


def lines(p):
    for line in p.stdout:
        yield json.loads(line)


def lines_until(p, phase):
    """Those up to the one of that phase, after which @p goes on."""
    for r in lines(p):
        yield r
        if r['phase'] == phase:
            return


def sessions(gw, n, window, rounds):
    """CREATE of @n sessions, refreshes, memory; rows of figures."""
    rows = []
    before, cpu = gw.memory(), gw.cpu()
    p = gw.load('ni', 'ni', '10.1.0.2', '10.2.0.2', n, window, rounds, 1)
    for r in lines(p):
        if r['phase'] in ('create', 'refresh'):
            used = gw.cpu() - cpu
            cpu += used
            rows.append({'case': r['phase'], 'sessions': r['sessions'], 'failed': r['failed'],
                         'window': window, 'per_second': r['per_second'],
                         'cpu_us': round(used * 1e6 / max(r['sessions'], 1), 1),
                         'per_second_core': round(r['sessions'] / used) if used else None,
                         'rtt_median_us': r['rtt_median_us'], 'rtt_p99_us': r['rtt_p99_us']})
            say(json.dumps(rows[-1]))
        elif r['phase'] == 'hold':
            live = gw.memory() - before
            rows.append({'case': 'memory', 'sessions': n, 'bytes_per_session': round(live / n)})
            say(json.dumps(rows[-1]))
    p.wait()
    return rows


def flood(gw, n, rate):
    """Queries nobody confirms, and what becomes of one who asks for sessions meanwhile."""
    before, cpu = gw.memory(), gw.cpu()
    p = gw.load('fl', 'flood', '10.3.0.2', '10.2.0.2', n, rate)
    sent = [r for r in lines(p) if r['phase'] == 'flood'][0]
    p.wait()
    time.sleep(0.5)
    rows = [{'case': 'flood', 'queries': sent['sent'], 'rate': round(sent['sent'] / sent['seconds']),
             'cpu_us': round((gw.cpu() - cpu) * 1e6 / max(sent['sent'], 1), 1),
             'grown_bytes': gw.memory() - before}]
    p = gw.load('fl', 'flood', '10.3.0.2', '10.2.0.2', n * 10, rate)
    time.sleep(0.5)
    rows += [dict(r, case=f'{r["case"]}, flooded') for r in sessions(gw, 1000, 16, 3)
             if r['case'] != 'memory']
    p.kill()
    p.wait()
    rows += [r for r in sessions(gw, 1000, 16, 3) if r['case'] != 'memory']
    return rows


def table(rows):
    out = []
    for r in rows:
        rest = '  '.join(f'{k.replace("_", " ")} {v}' for k, v in r.items() if k != 'case')
        out.append(f'{r["case"]:16}  {rest}')
    return '\n'.join(out)


def main(argv):
    p = argparse.ArgumentParser(prog='tools/bench/signalling/run', description=__doc__)
    p.add_argument('--sessions', type=int, default=20000, help='opened for rates')
    p.add_argument('--live', type=int, default=0, help='as many once more, for memory (200000)')
    p.add_argument('--queries', type=int, default=100000, help='of the flood')
    p.add_argument('--rate', type=int, default=50000, help='of the flood, a second')
    p.add_argument('--json')
    p.add_argument('--granting', action='store_true',
                   help='without kernel rules: a gate that grants everything')
    o = p.parse_args(argv)
    gw = Gateway(f'{HERE}/granting' if o.granting else f'{TOP}/userd/natfwd')
    nr = gw.load('nr', 'nr')
    rows = []
    try:
        time.sleep(0.5)
        rows += [dict(r, case='rtt' if r['case'] == 'create' else r['case'])
                 for r in sessions(gw, 1000, 1, 0) if r['case'] == 'create']
        rows += sessions(gw, o.sessions, 256, 1)
        if o.live:
            rows += sessions(gw, o.live, 256, 0)
        rows += flood(gw, o.queries, o.rate)
    finally:
        nr.terminate()
        gw.end()
    if o.json:
        with open(o.json, 'w', encoding='ascii') as f:
            json.dump(rows, f, indent=1)
    print(table(rows))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
