# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers cost one device: a `get` of many signalled sessions, and an edit of many rules.

As root, each part with a daemon and network namespaces of its own. Sessions are made by real signalling
(../signalling); without the module natfwd has a gate that grants all (../signalling/granting.c). Rows of figures are
{'case', 'what', 'value', 'low', 'high', 'unit'}, with a 'limit' where there is one.
"""
import ctypes
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(f'{HERE}/../../..')
sys.path[:0] = [HERE, f'{HERE}/../signalling']
import client  # noqa: E402
import main as signalling  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
ADDRESS = '10.1.0.2'    # the manager is on the node that sends data
NETCONF, OTHERS, RESTCONF = 4335, (14335, 14336), 4336
ACL = 'urn:ietf:params:xml:ns:yang:ietf-access-control-list'

CONFIG = '''
ietf-netconf-acm:nacm:
  groups: {{group: [{{name: managers, user-name: [nms]}}]}}
  rule-list:
  - name: all
    group: [managers]
    rule: [{{name: all, module-name: '*', access-operations: '*', action: permit}}]
management:
  identity:
  - {{name: gateway, certificate: {dir}/device.crt, key: {dir}/device.key, authority: {dir}/nms.crt}}
  cert-to-name: [{{id: 1, map-type: common-name}}]
  call-home:
    client:
''' + ''.join(f'''
    - name: {name}
      endpoint:
      - {{{{name: a, transport: {transport}, identity: gateway, remote-address: {ADDRESS}, remote-port: {port}}}}}
      reconnect: {{{{backoff-max: 1, minimum-uptime: 0}}}}
''' for name, transport, port in (('first', 'tls', NETCONF), ('other', 'tls', OTHERS[0]), ('another', 'tls', OTHERS[1]),
                                   ('web', 'restconf', RESTCONF)))


def say(text):
    print(text, file=sys.stderr, flush=True)


def certificate(directory, name, subject):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                    '-subj', subject, '-keyout', f'{directory}/{name}.key', '-out', f'{directory}/{name}.crt'],
                   check=True, capture_output=True)


class Device(signalling.Gateway):
    config = signalling.CONFIG + CONFIG

    def start(self):
        certificate(self.dir, 'device', '/CN=gateway')
        certificate(self.dir, 'nms', '/CN=nms')
        # in its namespace, without leaving this one for the rest
        self.listeners = self.within(lambda: [client.Listener(self.dir, ADDRESS, port)
                                              for port in (NETCONF, *OTHERS, RESTCONF)])
        super().start()
        self.netconf, *self.others = (client.Netconf(one.accept()) for one in self.listeners[:3])
        self.restconf = client.Restconf(self.listeners[3].accept())

    def within(self, make):
        made = []

        def run():
            with open(f'/run/netns/{self.ns["ni"]}', 'rb') as ns:
                if LIBC.setns(ns.fileno(), 0):
                    raise OSError(ctypes.get_errno(), 'setns')
            made.append(make())
        t = threading.Thread(target=run)
        t.start()
        t.join()
        return made[0]

    def process(self, name):
        for pid in self.pids().values():
            with open(f'/proc/{pid}/comm', encoding='ascii') as f:
                if f.read().strip() == f'natfwd-{name}':
                    return pid
        raise SystemExit(f'there is no process {name}')

    def memory_of(self, name, field='RssAnon'):
        """KiB."""
        with open(f'/proc/{self.process(name)}/status', encoding='ascii') as f:
            return next(int(line.split()[1]) for line in f if line.startswith(field + ':'))

    def forget_peak(self, name):
        with open(f'/proc/{self.process(name)}/clear_refs', 'w', encoding='ascii') as f:
            f.write('5')

    def used(self, name):
        """Seconds of processor time."""
        return signalling.processor_time(self.process(name))

    def used_by_all(self):
        """The same of all processes, with those that have ended."""
        return sum(signalling.processor_time(pid, children=True) for pid in self.pids().values())

    def rules_in_kernel(self):
        out = subprocess.run(['ip', 'netns', 'exec', self.ns['gw'], signalling.CTL, '-j', 'net', 'show'],
                             capture_output=True, text=True, check=True).stdout
        return json.loads(out)['rules']


class Asking:
    """Somebody else who asks for little all the time, in a process that @session is used by: how long does he wait?"""

    def __init__(self, session, part):
        fork = multiprocessing.get_context('fork')
        self.over, (self.mine, its) = fork.Event(), fork.Pipe()
        self.process = fork.Process(target=self.run, args=(session, part, its))
        self.process.start()

    def run(self, session, part, pipe):
        times = []
        while not self.over.is_set():
            times.append(session.ask(filtered(f'<{part}/>'))[1])
            time.sleep(0.002)
        pipe.send(times)

    def end(self):
        self.over.set()
        times = self.mine.recv()
        self.process.join()
        return times


def row(case, what, values, unit='s', limit=None):
    values = sorted(values)
    r = {'case': case, 'what': what, 'value': values[len(values) // 2], 'low': values[0],
         'high': values[min(len(values) - 1, len(values) * 95 // 100)], 'unit': unit}
    r = {k: round(v, 4) if isinstance(v, float) else v for k, v in r.items()}
    if limit:
        r['limit'] = limit
    say(json.dumps(r))
    return r


def filtered(inside):
    return f'<get><filter><natfw xmlns="{client.NATFW}"><state>{inside}</state></natfw></filter></get>'


# --- get -------------------------------------------------------------------------------

def read(case, n, rounds, ask, limit=None, entries=None):
    """@ask gives octets and seconds; @entries: how to count sessions in them, and how many there have to be."""
    times, size = [], 0
    for _ in range(rounds):
        octets, took = ask()
        size = len(octets)
        if entries and octets.count(entries[0]) != entries[1]:
            raise SystemExit(f'{case}: {octets.count(entries[0])} entries of {entries[1]}: {octets[:300]}')
        times.append(took)
    return [row(case, f'{n} sessions, {size / 1e6:.1f} MB' if size > 99999 else f'of {n} sessions, {size} octets',
                times, limit=limit)]


def waits(device, n, part, process):
    """The longest that somebody else waits while all sessions are read again and again."""
    begin, cpu = device.used('mgmt'), device.used('sig')
    other = Asking(device.others.pop(), part)
    for _ in range(3):
        device.netconf.ask(filtered('<sessions/>'))
    times = other.end()
    mgmt, sig = (device.used('mgmt') - begin) / 3, (device.used('sig') - cpu) / 3
    return [row('others meanwhile', f'{part}, by {process}, longest of {len(times)}', [max(times)]),
            row('others meanwhile', f'{part}, by {process}', times),
            row('processor time', f'mgmt, each get of {n} sessions', [mgmt]),
            row('processor time', f'sig, each get of {n} sessions', [sig])]


def get(n, rounds, here):
    """Figures of `get` with @n sessions. @here: with the module."""
    program = f'{TOP}/userd/natfwd' if here else f'{HERE}/../signalling/granting'
    device = Device(program)
    nr = device.load('nr', 'nr')
    rows, ni = [], None
    try:
        time.sleep(0.5)
        empty = device.memory_of('mgmt')
        ni = device.load('ni', 'ni', ADDRESS, '10.2.0.2', n, 256, 0, 100000)
        made = [r for r in signalling.lines_until(ni, 'hold') if r['phase'] == 'create'][0]
        if made['sessions'] < n:
            raise SystemExit(f'only {made["sessions"]} sessions')
        xml, js = (b'<role>', n), (b'"role":', n)
        limit = n / 10000
        rows += read('get, NETCONF', n, rounds, lambda: device.netconf.ask('<get/>'), limit, xml)
        rows += read('get sessions, NETCONF', n, rounds,
                     lambda: device.netconf.ask(filtered('<sessions/>')), limit, xml)
        rows += read('get sessions, RESTCONF', n, rounds,
                     lambda: device.restconf.get('/natfw:natfw/state/sessions'), limit, js)
        answer, _ = device.restconf.get('/natfw:natfw/state/sessions?fields=session(session)')
        one = json.loads(answer)['natfw:sessions']['session'][n // 2]['session']
        rows += read('get one, NETCONF', n, rounds * 2, lambda: device.netconf.ask(
            filtered(f'<sessions><session><session>{one}</session></session></sessions>')), None, (b'<role>', 1))
        rows += read('get one, RESTCONF', n, rounds * 2, lambda: device.restconf.get(
            f'/natfw:natfw/state/sessions/session={one}'), None, (b'"role":', 1))
        rows += waits(device, n, 'daemon', 'mgmt') + waits(device, n, 'peers', 'mgmt and sig')
        device.forget_peak('mgmt')
        device.netconf.ask('<get/>')
        rows += [row('memory of mgmt', 'before sessions', [empty], 'KiB'),
                 row('memory of mgmt', 'after all of this', [device.memory_of('mgmt')], 'KiB'),
                 row('memory of mgmt', f'resident at most, in a get of {n}', [device.memory_of('mgmt', 'VmHWM')],
                     'KiB')]
    finally:
        for p in (ni, nr):
            if p:
                p.kill()
                p.wait()
        device.end()
    return rows


# --- edit and commit -------------------------------------------------------------------

def aces(n, action):
    entries = ''.join(f'<ace><name>e{i}</name><matches><udp><destination-port><port>{1000 + i}</port>'
                      f'</destination-port></udp></matches><actions><forwarding>{action}</forwarding></actions></ace>'
                      for i in range(n - 1))
    entries += '<ace><name>rest</name><matches/><actions><forwarding>accept</forwarding></actions></ace>'
    return (f'<acls xmlns="{ACL}" xmlns:nc="{client.BASE}" nc:operation="replace"><acl><name>bench</name>'
            f'<type>ipv4-acl-type</type><aces>{entries}</aces></acl><attachment-points><interface>'
            '<interface-id>wan</interface-id><ingress><acl-sets><acl-set><name>bench</name></acl-set></acl-sets>'
            '</ingress></interface></attachment-points></acls>')


def policy(n, action):
    entries = ''.join(f'<entry><name>e{i}</name><kind>create</kind><source>192.0.{i >> 8}.{i & 255}/32</source>'
                      f'<action>{action}</action></entry>' for i in range(n))
    return (f'<natfw xmlns="{client.NATFW}" xmlns:nc="{client.BASE}"><policy nc:operation="replace">{entries}'
            '</policy></natfw>')


def used_rows(device, n, what, before, rounds):
    """What a guest takes for processor time is the time of its host."""
    if os.path.exists('/sys/module/natfw'):
        return []
    return [row('processor time', f'all processes, {n} {what}', [(device.used_by_all() - before) / rounds])]


def change(device, what, n, rounds, make, actions):
    """Every commit changes all of them, as the actions take turns."""
    edits, commits = [], []
    for i in range(rounds + 1):
        text = ('<edit-config><target><candidate/></target><config>' + make(n, actions[i % 2]) +
                '</config></edit-config>')
        _, edit = device.netconf.ask(text)
        _, commit = device.netconf.ask('<commit/>')
        if not i:
            used = device.used_by_all()
        else:   # before the first there were none
            edits.append(edit)
            commits.append(commit)
    if not rounds:
        return []
    return [row('edit-config', f'{n} {what}', edits), row('commit', f'{n} {what}', commits),
            row('both', f'{n} {what}', [e + c for e, c in zip(edits, commits)], limit=n / 1000),
            *used_rows(device, n, what, used, rounds)]


def commit(n, rounds):
    """Figures of an edit of @n rules: with the module if it is loaded here, else without."""
    device = Device(f'{TOP}/userd/natfwd')
    try:
        rows = change(device, 'entries of policy', n, rounds, policy, ('permit', 'refuse'))
        change(device, 'entries of policy', 1, 0, policy, ('permit',))
        rows += change(device, 'entries of an access list', n, rounds, aces, ('drop', 'accept'))
        if os.path.exists('/sys/module/natfw'):
            rows.append(row('rules in the kernel', 'after that', [device.rules_in_kernel()], 'rules'))
    finally:
        device.end()
    return rows
