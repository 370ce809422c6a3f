#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# NETCONF over SSH on connections that devices opened. The device is OpenSSH's sshd -i on the socket that it
# connected, with a subsystem in Python; the rude ones are sockets.

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

import rig
from rig import Manager, answer, certificate, credential, holds, path, usual, wait_for, want

SUBSYSTEM = r'''
import os, re, sys
sys.path.insert(0, %(here)r)
import rig
f, versions = rig.Framing(), %(versions)r
def put(text):
    data = f.encode(text)
    while data:
        data = data[os.write(1, data):]
def message():
    while True:
        got = f.decode()
        if got is not None:
            return got
        data = os.read(0, 65536)
        if not data:
            sys.exit()
        f.buffer += data
put(rig.hello(*versions))
first = message()
f.chunked = '1.1' in versions and 'base:1.1' in first
open(%(note)r, 'a').write('hello\n')
while True:
    rpc = message()
    said = rig.answer(rpc)
    big = re.search(r'<big xmlns="urn:x">(\d+)<', rpc)
    if big:
        said = said.replace('<ok/>', '<data>' + 'x' * int(big.group(1)) + '</data>')
    put(said)
    if 'close-session' in rpc:
        sys.exit()
'''


class Sshd:
    """A device: connects, and lets sshd -i have the socket."""
    all = []

    def __init__(self, name, host_key=None, authorized=None, more='', versions=('1.0', '1.1'), port=4334, source='127.0.0.1'):
        self.name, self.note = name, path(f'{name}.note')
        key = host_key or keypair(f'{name}.host')
        with open(path(f'{name}.py'), 'w') as f:
            f.write(SUBSYSTEM % dict(here=rig.HERE, versions=versions, note=self.note))
        if authorized:
            shutil.copy(authorized + '.pub', path(f'{name}.keys'))
        else:
            open(path(f'{name}.keys'), 'w').close()
        os.chmod(rig.WORK, 0o755)
        with open(path(f'{name}.conf'), 'w') as f:
            f.write(f'''HostKey {key}
AuthorizedKeysFile {path(name + ".keys")}
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel DEBUG1
Subsystem netconf {sys.executable} {path(name + ".py")}
{more}
''')
        self.sock = socket.create_connection(('127.0.0.1', port), 20, (source, 0))
        os.makedirs('/run/sshd', exist_ok=True)
        self.log = path(f'{name}.log')
        # its own place, so that more than one may be on a machine
        self.process = subprocess.Popen(['/usr/sbin/sshd', '-i', '-f', path(f'{name}.conf'), '-E', self.log],
                                        stdin=self.sock, stdout=self.sock, stderr=subprocess.DEVNULL)
        self.sock.close()
        Sshd.all.append(self)

    def log_text(self):
        return open(self.log, errors='replace').read() if os.path.exists(self.log) else ''

    def greeted(self):
        return os.path.exists(self.note)

    def over(self):
        self.process.wait(20 * rig.LONG)

    @staticmethod
    def end_all():
        for s in Sshd.all:
            s.process.kill()
            s.process.wait()
        Sshd.all.clear()


def keypair(name, kind='ed25519'):
    if not os.path.exists(path(name)):
        subprocess.run(['ssh-keygen', '-q', '-t', kind, '-N', '', '-f', path(name)], check=True)
    return path(name)


def public(name):
    return open(path(name) + '.pub').read().strip()


def start(more='', **keys):
    keypair('ops')
    text = 'credential:\n' + credential('ops', 'root', **{'ssh-key': path('ops')}) + more
    return Manager(text, issuer=None, **keys)


def device(m, name='gw-1', **keys):
    keypair(f'{name}.host', keys.pop('kind', 'ed25519'))
    m.add(name, pins=[keys.pop('pin', None) or public(f'{name}.host')], credential=keys.pop('credential', 'ops'))
    return Sshd(name, authorized=path('ops'), **keys)


def point(function):
    def run():
        if not os.path.exists('/usr/sbin/sshd'):
            raise rig.Skip('sshd is not installed')
        try:
            function()
        except BaseException:
            for s in Sshd.all:
                for line in s.log_text().splitlines()[-15:]:
                    print('# sshd: ' + line)
            raise
        finally:
            Sshd.end_all()
    return run


def session():
    m = start()
    d = device(m)
    m.connected('gw-1')
    holds('<name>it</name>' in m.command('get', 'gw-1'), 'data')
    want(m.device('gw-1')['transport'], 'ssh')
    got = m.json('exec', '-', 'gw-1', text='<a xmlns="urn:a"/><refuse xmlns="urn:b"/><c xmlns="urn:c"/>', status=1)
    want([(g.get('step'), g.get('outcome')) for g in got[:2]], [(0, 'ok'), (1, 'error')])
    log = d.log_text()
    holds(re.search(r'Accepted publickey for root', log), log)
    holds(re.search("subsystem 'netconf' for root", log), log)
    m.command('devices', 'close', 'gw-1')
    d.over()


def kinds():
    m = start()
    for kind in ('ed25519', 'ecdsa', 'rsa'):
        d = device(m, f'gw-{kind}', kind=kind)
        m.connected(f'gw-{kind}')
    fingerprint = subprocess.run(['ssh-keygen', '-lf', path('gw-rsa.host')], capture_output=True,
                                 text=True).stdout.split()[1]
    m.command('devices', 'remove', 'gw-rsa')
    Sshd.end_all()
    device(m, 'gw-rsa', pin=fingerprint)
    m.connected('gw-rsa')


def wrong_key():
    m = start()
    keypair('right')
    m.add('gw-1', pins=[public('right')], credential='ops')
    d = Sshd('gw-1', authorized=path('ops'))
    got = m.refusal('unknown host key')
    d.over()
    log = d.log_text()
    holds('userauth-request' not in log and 'Accepted' not in log, log)
    holds(not d.greeted(), 'no NETCONF')
    # what was shown can be looked at, and pinned
    want(got['transport'], 'ssh')
    m.add('gw-2', pins=[got['pin']], credential='ops')
    shutil.copy(path('gw-1.host'), path('gw-2.host'))
    Sshd('gw-2', host_key=path('gw-1.host'), authorized=path('ops'))
    m.connected('gw-2')


def bound():
    keypair('second')
    m = start(credential('second', 'root', **{'ssh-key': path('second')}))
    one = device(m, 'gw-1', credential='ops')
    two = device(m, 'gw-2', credential='second')
    m.connected('gw-1')
    two.over()
    # gw-2 accepts the key of ops, which is not for it
    holds(two.greeted() is False, 'not let in by another\'s key')
    m.logged('the device does not accept our credential')
    ours = subprocess.run(['ssh-keygen', '-lf', path('ops')], capture_output=True, text=True).stdout.split()[1]
    theirs = subprocess.run(['ssh-keygen', '-lf', path('second')], capture_output=True, text=True).stdout.split()[1]
    holds(ours in one.log_text() and theirs not in one.log_text(), one.log_text())
    holds(ours not in two.log_text(), two.log_text())


def old_framing():
    m = start()
    device(m, versions=('1.0',))
    m.connected('gw-1')
    holds('<data>' in m.command('get', 'gw-1'), 'data')
    holds('NETCONF 1.0' in m.device('gw-1')['session'], 'version')


def rekey():
    m = start()
    d = device(m, more='RekeyLimit 100K')
    m.connected('gw-1')
    for _ in range(4):
        got = m.command('rpc', '<big xmlns="urn:x">300000</big>', 'gw-1')
        holds(len(got) > 300000, 'all of it')
    holds(d.log_text().count('rekey') or d.log_text().count('SSH2_MSG_KEXINIT received') > 1, 'keys were exchanged again')


def big():
    m = start()
    device(m)
    m.connected('gw-1')
    got = m.command('rpc', '<big xmlns="urn:x">6000000</big>', 'gw-1')
    want(got.count('x') >= 6000000, True)
    with open(path('big.xml'), 'w') as f:
        f.write('<edit xmlns="urn:x">' + 'y' * 3500000 + '</edit>')
    holds('<ok/>' in m.command('rpc', path('big.xml'), 'gw-1'), 'more than a window')
    holds('<data>' in m.command('get', 'gw-1'), 'goes on')


def keepalive():
    m = start()
    d = device(m, more='ClientAliveInterval 1\nClientAliveCountMax 2')
    m.connected('gw-1')
    time.sleep(4.5)
    want(m.device('gw-1')['connections'], 1)
    holds('<data>' in m.command('get', 'gw-1'), 'alive')


def memory():
    """With the manager as it is installed: sanitizers' memory says nothing."""
    before, rig.MANAGER = rig.MANAGER, rig.CLI
    try:
        m = start()

        def rss():
            text = open(f'/proc/{m.process.pid}/status').read()
            return int(re.search(r'RssAnon:\s+(\d+)', text).group(1))
        for n in range(10):
            device(m, f'gw-{n}')
            m.connected(f'gw-{n}', 20)
            if n == 1:
                base = rss()
        each = (rss() - base) / 8
        print(f'# {each:.0f} KiB for an idle session')
        holds(each <= 64, f'{each} KiB for a session')
        Manager.end_all()
    finally:
        rig.MANAGER = before


def no_subsystem():
    m = start()
    d = device(m, more='MaxSessions 0')
    d.over()
    m.logged('why=SSH: ')
    m.command('devices', 'remove', 'gw-1')
    d = device(m)
    m.connected('gw-1')
    Sshd.end_all()
    wait_for(lambda: m.device('gw-1')['state'] == 'seen', 10, 'it to go')
    with open(path('gw-1.py'), 'w') as f:
        f.write('')
    n = len(m.log_text())
    text, rig_text = SUBSYSTEM, globals()
    rig_text['SUBSYSTEM'] = '#%(here)s%(versions)s%(note)s'
    try:
        Sshd('gw-1', authorized=path('ops')).over()
    finally:
        rig_text['SUBSYSTEM'] = text
    wait_for(lambda: 'handshake failed' in m.log_text()[n:], 10, 'its end')
    want(m.device('gw-1')['connections'], 1)


def banner():
    """Lines before the identification string, and an identification of 1.99 or none."""
    m = start()
    keypair('gw-1.host')
    m.add('gw-1', pins=[public('gw-1.host')], credential='ops')
    s = socket.create_connection(('127.0.0.1', 4334), 10)
    s.sendall(b'welcome\r\nto the device\r\nSSH-2.0-test\r\n')
    s.settimeout(10)
    got = b''
    while len(got) < 200:
        more = s.recv(4096)
        if not more:
            break
        got += more
    holds(re.match(rb'SSH-2.0-[^\r\n]*\r\n', got), got[:60])
    holds(b'curve25519-sha256' in got, 'a key exchange is begun, as the client')
    s.close()


def rude_ends():
    """Connections that are over in every way while others are made: no descriptor is closed twice."""
    m = start('limits: {failures: 10000, half-open-per-source: 64, waiting-per-source: 64, handshakes: 1000}\n')
    before = len(os.listdir(f'/proc/{m.process.pid}/fd'))
    disconnect = bytes([1]) + (2).to_bytes(4, 'big') + (3).to_bytes(4, 'big') + b'bye' + bytes(4)
    padding = 8 - (len(disconnect) + 5) % 8 + 4
    packet = (len(disconnect) + 1 + padding).to_bytes(4, 'big') + bytes([padding]) + disconnect + bytes(padding)
    ends, stop, wrong = [b'', b'SSH-2.0-x\r\n', b'SSH-2.0-x\r\n' + packet, b'SSH-1.0-x\r\n', bytes(300)], threading.Event(), []
    count = [0]

    def call(n):
        while not stop.is_set():
            data = ends[(count[0] + n) % len(ends)]
            try:
                s = socket.create_connection(('127.0.0.1', 4334), 5, (f'127.0.0.{30 + n}', 0))
                s.sendall(data)
                s.settimeout(0.02)
                while data and s.recv(4096):
                    pass
            except OSError:
                pass
            s.close()
            count[0] += 1

    def ask(n):
        """Many at a time on the control socket, each with its own answer, whole."""
        while not stop.is_set():
            some = []
            for i in range(4):
                s = socket.socket(socket.AF_UNIX)
                s.settimeout(20 * rig.LONG)
                s.connect(m.socket)
                s.sendall(b'{"op":"status","id":"%d-%d"}\n' % (n, i))
                some.append(s)
            for i, s in enumerate(some):
                try:
                    f = s.makefile()
                    got = [json.loads(f.readline()) for _ in range(2)]
                    if [g.get('id') for g in got] != [f'{n}-{i}'] * 2 or not got[1].get('done'):
                        wrong.append(got)
                except (OSError, ValueError) as e:
                    wrong.append(repr(e))
                s.close()
    threads = [threading.Thread(target=f, args=(n,), daemon=True) for f in (call, ask) for n in range(3)]
    for t in threads:
        t.start()
    time.sleep(6)
    stop.set()
    for t in threads:
        t.join(30 * rig.LONG)
    print(f'# {count[0]} connections')
    holds(count[0] > 200, 'many')
    want(wrong[:3], [])
    wait_for(lambda: len(os.listdir(f'/proc/{m.process.pid}/fd')) == before, 25, 'descriptors to be as before')
    holds('[warn]' not in m.log_text(), 'libevent found no event on a closed descriptor')
    device(m)
    m.connected('gw-1')


def closes():
    """Every close() of the manager is of a descriptor that it has."""
    if not shutil.which('strace'):
        raise rig.Skip('strace is not installed')
    before, rig.MANAGER = rig.MANAGER, rig.CLI
    try:
        m = start('limits: {failures: 1000}\n')
        tracer = subprocess.Popen(['strace', '-f', '-e', 'trace=close', '-o', path('trace'), '-p', str(m.process.pid)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        holds('attached' in tracer.stderr.readline(), 'attached')
        for data in (b'', b'SSH-2.0-x\r\n', bytes(300)) * 4:
            s = socket.create_connection(('127.0.0.1', 4334), 5)
            s.sendall(data)
            s.close()
        device(m)
        m.connected('gw-1')
        m.command('devices', 'close', 'gw-1')
        wait_for(lambda: m.status()['handshakes'] == 0, 10, 'all to be over')
        tracer.terminate()
        tracer.wait()
        trace = open(path('trace')).read()
        holds(trace.count('close(') > 12, trace)
        holds('EBADF' not in trace, trace)
        Manager.end_all()
    finally:
        rig.MANAGER = before


def rude_device(m, manner):
    """One that is let in, and then does what no NETCONF server does; what it printed."""
    keypair('rude.host')
    s = socket.create_connection(('127.0.0.1', 4334), 20)
    s.setblocking(True)
    p = subprocess.run([os.path.join(rig.HERE, 'ssh_device'), path('rude.host'), manner], stdin=s,
                       capture_output=True, text=True, timeout=60 * rig.LONG)
    s.close()
    return p.stdout


def rude_devices():
    m = start('limits: {failures: 1000}\n')
    keypair('rude.host')
    m.add('rude', pins=[public('rude.host')], credential='ops')
    for manner, why in (('stderr', 'extended data on the channel'), ('early', 'extended data on the channel')):
        n = len(m.log_text())
        rude_device(m, manner)
        wait_for(lambda: f'why={why}' in m.log_text()[n:], 10, why)
    said = rude_device(m, 'open')
    m.logged('why=too many requests of the device')
    want(said.strip(), 'refused 64', 'channels of the device')
    device(m)
    m.connected('gw-1')


def passwords():
    with open(path('word'), 'w') as f:
        f.write('secret-of-one\n')
    os.chmod(path('word'), 0o600)
    m = start(credential('word', 'root', **{'password-file': path('word')}))
    d = device(m, 'gw-1', credential='word', more='PasswordAuthentication yes')
    d.over()
    log = d.log_text()
    holds('Failed password for root' in log or 'password' in log, log)
    m.logged('the device does not accept our credential')
    # to one whose key is not pinned nothing is told
    m.command('devices', 'remove', 'gw-1')
    n = Sshd('gw-1', authorized=path('ops'), more='PasswordAuthentication yes')
    n.over()
    m.refusal('unknown host key')
    holds('password' not in n.log_text()[len(log):], n.log_text())


if __name__ == '__main__':
    rig.alone()
    rig.run([(name, point(function)) for name, function in [
        ('8071-C3a,8071-C8a,8071-C7b,8071-1.4a,8071-C2a a session with sshd', session),
        ('8071-C5b host keys of each kind, pinned by key or by fingerprint', kinds),
        ('8071-C5a,6242-6a another host key: nothing is shown, and it is noted', wrong_key),
        ('8071-C7a each device is shown the key bound to it', bound),
        ('6242-4.1c a device of NETCONF 1.0', old_framing),
        ('4253-7a keys are exchanged again within a session', rekey),
        ('4254-6a more than a window both ways', big),
        ('4254-4a what asks whether we are there is answered', keepalive),
        ('a device without the subsystem, or without a channel', no_subsystem),
        ('an idle session takes 64 KiB of memory at most', memory),
        ('4253-4a lines before the identification', banner),
        ('connections that end in every way leave the descriptors of others alone', rude_ends),
        ('no descriptor is closed twice', closes),
        ('channels of the device are refused, and extended data ends the session', rude_devices),
        ('8071-5b a password is told to who is pinned', passwords),
    ]])
