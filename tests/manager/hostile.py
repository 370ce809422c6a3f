#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=300
#
# What the manager's ports have to withstand: half-open connections, silence, nonsense at every layer, floods.

import os
import re
import signal
import socket
import threading
import time

import rig
from rig import BASE, Device, Framing, Manager, answer, certificate, hello, holds, path, usual, wait_for, want


def ready(limits='', **keys):
    m = Manager(usual(limits=limits), **keys)
    certificate('gw-1', 'maker', '/serialNumber=SN1')
    m.add('gw-1', identifier='SN1')
    return m


def strange(source, port=4335, timeout=20):
    """A connection; it may have been reset by the time."""
    s = socket.socket()
    s.settimeout(timeout)
    s.bind((source, 0))
    try:
        s.connect(('127.0.0.1', port))
    except ConnectionResetError:
        pass
    return s


def plain(function):
    """With the manager as it is installed: sanitizers' memory says nothing."""
    def run():
        before, rig.MANAGER = rig.MANAGER, rig.CLI
        try:
            function()
            Manager.end_all()
        finally:
            rig.MANAGER = before
    return run


def rss(m):
    text = open(f'/proc/{m.process.pid}/status').read()
    return int(re.search(r'VmRSS:\s+(\d+)', text).group(1))


def fds(m):
    return len(os.listdir(f'/proc/{m.process.pid}/fd'))


def silence():
    m = ready('handshake-time: 2, half-open-per-source: 4, failures: 100')
    before = fds(m)
    some = [strange('127.0.0.77', p) for p in (4334, 4335, 4336, 4335)]
    start = time.monotonic()
    for s in some:
        s.settimeout(15 * rig.LONG)
        try:
            while s.recv(4096):
                pass
        except ConnectionError:
            pass
    holds(1.5 < time.monotonic() - start < 10 * rig.LONG, 'ended after the time for a handshake')
    m.logged('handshake takes too long')
    wait_for(lambda: fds(m) <= before, 5, 'descriptors')
    want(m.status()['handshakes'], 0)


def nonsense():
    m = ready('failures: 100')
    for junk in (b'GET / HTTP/1.1\r\n\r\n', b'\0' * 5000, os.urandom(5000), b'\x16\x03\x01\xff\xff' + b'a' * 70000,
                 b'SSH-2.0-x\r\n' + os.urandom(2000), b'\x15\x03\x03\x00\x02\x02\x28'):
        for port in (4334, 4335, 4336):
            s = strange('127.0.0.78', port)
            try:
                s.sendall(junk)
                s.settimeout(1)
                while s.recv(4096):
                    pass
            except OSError:
                pass
            s.close()
    Device('gw-1')
    m.connected('gw-1')
    wait_for(lambda: m.status()['handshakes'] == 0, 25, 'the strangers to be gone')


def speak(data, chunked=False, after=None):
    """A device that says @data after the hellos, or instead of its own."""
    class Rude(Device):
        def serve(self):
            self.framing = Framing()
            self.tls.settimeout(20)
            if after is None:
                self.tls.sendall(data)
            else:
                self.tls.sendall(self.framing.encode(hello(*after)))
                while b']]>]]>' not in self.framing.buffer:
                    self.more()
                time.sleep(0.05)
                try:
                    for at in range(0, len(data), 1 << 20):
                        self.tls.sendall(data[at:at + (1 << 20)])
                except OSError:
                    pass
            while True:
                self.more()
    return Rude('gw-1')


BOMB = ('<?xml version="1.0"?><!DOCTYPE hello [<!ENTITY a "aaaaaaaaaa">' +
        ''.join(f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)) +
        f']><hello xmlns="{BASE}"><capabilities><capability>&j;</capability></capabilities></hello>')


def bad_hellos():
    m = ready('failures: 1000, hello: 16')
    h = hello('1.0', '1.1')
    cases = [
        (BOMB, 'document type declaration'),
        (f'<!DOCTYPE hello SYSTEM "file:///etc/passwd">{h}', 'document type declaration'),
        (hello('1.0', '1.1', session=None), 'hello without session-id'),
        (hello('1.0', session=0), 'session-id is not right'),
        (hello('1.0', session=4294967296), 'session-id is not right'),
        (hello('1.0', session='1</session-id><session-id>2'), 'session-id is not right'),
        (hello(), 'no base version in common'),
        (hello('2.0'), 'no base version in common'),
        (f'<rpc xmlns="{BASE}" message-id="1"><get/></rpc>', 'something else than hello came first'),
        ('<hello/>', 'something else than hello came first'),
        (h.replace('</hello>', ''), 'not well-formed'),
        (h + h, 'not well-formed'),
        (h.replace('<capabilities>', '<capabilities>\0'), 'not well-formed'),
        (b'\xff\xfe' + h.encode('utf-16-le'), 'not well-formed'),
        (h.encode().replace(b'base:1.0', b'base:1.0\xff\xfe'), 'not well-formed'),
        ('', 'an empty message'),
        ('<a>' * 5000, 'nested too deeply'),
        (h.replace('<capabilities>', '<capabilities>' + ' ' * 20000), 'message too long'),
    ]
    for text, reason in cases:
        data = text if isinstance(text, bytes) else text.encode()
        at = len(m.log_text())
        d = speak(data + b']]>]]>')
        d.over()
        wait_for(lambda: f'why={reason}' in m.log_text()[at:], 5, f'{text[:60]!r}: {reason}')
    want(m.status()['established'], 0)
    holds(rss(m) < 400000, 'memory')


def bad_chunks():
    m = ready('failures: 1000, message: 64, hello: 16')
    bad = [b'\n#007\nabcdefg', b'\n#\n', b'\n#4294967296\n', b'\n#0\n', b'\n##\n', b'#3\nabc', b'\n#3 \nabc',
           b'\n#-1\n', b'\r\n#3\r\n', b'\n#99999999999\n', b'\n#3\nabcd', b'x', b'\n#2\n<a\n##x', b'\n#0x3\nabc']
    for data in bad:
        n = m.status()['ended']
        d = speak(data, after=('1.0', '1.1'))
        d.over()
        wait_for(lambda: m.status()['ended'] == n + 1, 5, f'end after {data!r}')
        holds(re.search('why=(framing lost|not well-formed)', m.log_text().splitlines()[-1]), m.log_text()[-200:])
    # what a header promises is not reserved
    before = rss(m)
    d = speak(b'\n#4294967295\n0123456789', after=('1.0', '1.1'))
    d.over()
    d = speak(b'\n#4294967295\n<a>' + b'x' * 7, after=('1.0', '1.1'))
    m.connected('gw-1')
    time.sleep(0.3)
    holds(rss(m) - before < 20000, 'memory')
    d.hang_up()
    n = m.status()['ended']
    d = speak(b'\n#4294967295\n<a>' + b'x' * 20000, after=('1.0', '1.1'))
    m.logged('why=message too long')


def bad_replies():
    m = ready('failures: 1000, message: 64')
    reply = '<rpc-reply xmlns="%s" message-id="%s">%s</rpc-reply>'
    cases = [
        (lambda i: reply % (BASE, i + 1, '<ok/>'), 'a reply to another message-id'),
        (lambda i: reply % (BASE, f'{i}x', '<ok/>'), 'a reply to another message-id'),
        (lambda i: (reply % (BASE, i, '<ok/>')).replace(f' message-id="{i}"', ''), 'a reply to another message-id'),
        (lambda i: reply % (BASE, i, ''), 'an empty reply'),
        (lambda i: reply % (BASE, i, '<ok/><rpc-error><error-severity>error</error-severity></rpc-error>'),
         'a reply of ok and an error'),
        (lambda i: reply % ('urn:other', i, '<ok/>'), 'neither a reply nor a notification'),
        (lambda i: hello('1.1'), 'neither a reply nor a notification'),
        (lambda i: '<!DOCTYPE a>' + reply % (BASE, i, '<ok/>'), 'document type declaration'),
        (lambda i: reply % (BASE, i, '&lol;'), 'not well-formed'),
        (lambda i: reply % (BASE, i, '<data>' + 'x' * 70000 + '</data>'), 'message too long'),
    ]
    for make, reason in cases:
        d = Device('gw-1', answer=lambda rpc: make(int(re.search(r'message-id="(\d+)"', rpc).group(1))))
        m.connected('gw-1')
        got = m.json('get', 'gw-1', status=1)
        want((got[0]['outcome'], got[0]['message']), ('failed', reason))
        d.over()
    # one nobody asked for
    d = Device('gw-1')
    m.connected('gw-1')
    d.send_raw(d.framing.encode(reply % (BASE, 1, '<ok/>')))
    d.over()
    m.logged('why=a reply that nobody asked for')
    # notifications are no harm
    d = Device('gw-1')
    m.connected('gw-1')
    note = ('<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0">'
            '<eventTime>2026-01-01T00:00:00Z</eventTime><e xmlns="urn:e"/></notification>')
    for _ in range(50):
        d.send_raw(d.framing.encode(note))
    holds('<data>' in m.command('get', 'gw-1'), 'still there')


def never_reads():
    m = ready('message: 64, dead: 4, keepalive: 1')

    class Deaf(Device):
        def answer_later(self):
            pass

        def serve(self):
            self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.framing = Framing()
            self.tls.sendall(self.framing.encode(hello('1.0')))
            self.stop = threading.Event()
            self.stop.wait(60)
    d = Deaf('gw-1')
    m.connected('gw-1')
    before = rss(m)
    with open(path('big.xml'), 'w') as f:
        f.write('<a xmlns="urn:a">' + 'x' * 3000000 + '</a>')
    got = m.json('rpc', '-T', '2', path('big.xml'), 'gw-1', status=1)
    want(got[0]['outcome'], 'failed')
    d.stop.set()
    wait_for(lambda: m.status()['connected'] == 0, 5, 'its end')


def blocking():
    m = ready('failures: 3, penalty: 3, penalty-max: 3')
    certificate('bad', 'maker', '/serialNumber=SN66')
    for _ in range(3):
        Device('bad', source='127.0.0.66').over()
    wait_for(lambda: m.status()['blocked'] == 1, 5, 'the block')
    begun = m.status()['begun']
    for _ in range(20):
        d = Device('gw-1', source='127.0.0.66')
        d.over()
        want(d.received, [])
    want(m.status()['begun'], begun, 'handshakes begun for it')
    Device('gw-1', source='127.0.0.67')
    m.connected('gw-1')
    want(m.status()['turned-away-blocked'], 20)
    time.sleep(3.2)
    d = Device('gw-1', source='127.0.0.66')
    wait_for(lambda: m.device('gw-1')['source'] == '127.0.0.66', 5, 'it to be let in again')
    # lifted by hand
    for _ in range(12):
        Device('bad', source='127.0.0.68').over()
    wait_for(lambda: m.status()['blocked'] == 1, 5, 'the block')
    m.command('forgive')
    want(m.status()['blocked'], 0)


def half_open():
    m = ready('half-open: 8, half-open-per-source: 2, waiting-per-source: 3, waiting: 16, handshake-time: 30')
    some = [strange('127.0.0.70') for _ in range(12)]
    wait_for(lambda: m.status()['turned-away-source-full'] >= 6, 5, 'the source to be bounded')
    s = m.status()
    want((s['handshakes'], s['waiting'] <= 3), (2, True))
    # many sources: half of all places are not for those never seen
    more = [strange(f'127.0.2.{n}') for n in range(1, 30)]
    wait_for(lambda: m.status()['turned-away-full'] > 0, 5, 'all places to be taken')
    s = m.status()
    holds(s['handshakes'] <= 4 and s['waiting'] <= 8, s)
    for x in some + more:
        x.close()
    Device('gw-1', source='127.0.0.99')
    m.connected('gw-1', 40)
    m.stop()
    m.start()
    # known from before: it comes in past a full house
    some = [strange(f'127.0.3.{n}') for n in range(1, 60)]
    wait_for(lambda: m.status()['turned-away-full'] > 0, 5, 'all places to be taken')
    start = time.monotonic()
    Device('gw-1', source='127.0.0.99')
    m.connected('gw-1', 5)
    for x in some:
        x.close()


def comes_in(m, name, source, seconds):
    """It calls until it is let in, as devices do; after how long."""
    start = time.monotonic()
    while m.device(name)['state'] != 'connected':
        holds(time.monotonic() - start < seconds * rig.LONG, f'{name} is let in')
        d = Device(name, source=source)
        while not d.ended.wait(0.1) and m.device(name)['state'] != 'connected':
            pass
        time.sleep(0.2)
    return time.monotonic() - start


def flood():
    # places for strangers are few, and so it does not take long until they are all taken
    m = ready('handshake-time: 5, waiting: 256')
    certificate('gw-2', 'maker', '/serialNumber=SN2')
    m.add('gw-2', identifier='SN2')
    Device('gw-1', source='127.0.0.99')
    m.connected('gw-1')
    Device.stop_all()
    wait_for(lambda: m.device('gw-1')['state'] == 'seen', 5, 'it to go')
    before = rss(m)
    end = threading.Event()
    count = [0, 0]

    def strangers(n):
        import select
        held = []
        while not end.is_set():
            s = socket.socket()
            s.setblocking(False)
            try:
                s.bind((f'127.{10 + n}.{count[n] // 200 % 250}.{count[n] % 200 + 1}', 0))
                s.connect(('127.0.0.1', 4335))
            except BlockingIOError:
                pass
            except OSError:
                s.close()
                continue
            count[n] += 1
            held.append(s)
            if len(held) > 300:
                held.pop(0).close()
            time.sleep(0.001)
    # the others may be gone before their silence is noticed; these stay
    silent = [strange(f'127.12.{n}.1', 4335) for n in range(200)]
    threads = [threading.Thread(target=strangers, args=(n,), daemon=True) for n in (0, 1)]
    begin = time.monotonic()
    for t in threads:
        t.start()
    time.sleep(3)
    start = time.monotonic()
    Device('gw-1', source='127.0.0.99')
    m.connected('gw-1', 5)
    took = time.monotonic() - start
    holds('<data>' in m.command('get', 'gw-1'), 'it is of use')
    most = fds(m)
    new = comes_in(m, 'gw-2', '127.0.0.98', 30)
    most = max(most, fds(m))
    holds('<data>' in m.command('get', 'gw-2'), 'it is of use')
    time.sleep(1)
    end.set()
    for t in threads:
        t.join()
    for s in silent:
        s.close()
    rate = sum(count) / (time.monotonic() - begin)
    print(f'# {rate:.0f} connections a second, a device seen before was in after {took:.2f} s, one never seen after '
          f'{new:.2f} s, {(rss(m) - before)} KiB and {most} descriptors')
    holds(rate > 500, 'a flood')
    holds(rss(m) - before < 100000, 'memory is bounded')
    holds(most < 128 + 128 + 64, f'descriptors are bounded: {most}')
    holds('silence, while others wait' in m.log_text(), 'who says nothing makes room')
    s = m.status()
    holds(s['begun'] < 300 * (time.monotonic() - begin + 1), 'handshakes are limited')


def lost_sessions():
    m = ready()
    before = fds(m)
    for _ in range(30):
        d = Device('gw-1')
        wait_for(lambda: d.received, 10, 'hello')
        d.hang_up()
        d.over()
    wait_for(lambda: fds(m) <= before + 1, 10, 'descriptors')
    want(len([1 for line in m.log_text().splitlines() if 'session established' in line]) >= 25, True)


def control_nonsense():
    m = ready()
    for data in (b'{}\n', b'[]\n', b'nonsense\n', b'{"op":"none"}\n', b'{"op":"ask"}\n', b'{"op":1}\n', b'\n',
                 b'{"op":"add","add":[{}]}\n', b'{"op":"add","add":{}}\n', b'{"op":"add","add":[1]}\n',
                 b'{"op":"ask","devices":["gw-1"],"steps":[]}\n', b'{"op":"ask","devices":[1],"steps":[{"rpc":"<a/>"}]}\n',
                 b'{"op":"ask","devices":["gw-1"],"steps":[{"rpc":"<a/>"}],"timeout":-1}\n',
                 b'{"op":"ask","devices":["gw-1"],"steps":[{"rpc":"<a/>"}],"wait":1e99}\n',
                 b'{"op":"ask","devices":["gw-1"],"steps":[{"method":"GET"}]}\n',
                 b'{"op":"remove","devices":[]}\n', b'{"op":"close","devices":["none"]}\n', b'\xff\xfe\n'):
        s = socket.socket(socket.AF_UNIX)
        s.connect(m.socket)
        s.sendall(data)
        got = s.makefile().readline()
        holds('"error"' in got, f'{data!r}: {got!r}')
        s.close()
    # a line without end; going away in the middle
    s = socket.socket(socket.AF_UNIX)
    s.connect(m.socket)
    try:
        for _ in range(20):
            s.sendall(b'x' * (1 << 20))
    except OSError:
        pass
    s.close()
    d = Device('gw-1', answer=lambda rpc: time.sleep(0.5) or answer(rpc))
    m.connected('gw-1')
    for _ in range(5):
        s = socket.socket(socket.AF_UNIX)
        s.connect(m.socket)
        s.sendall(b'{"op":"ask","devices":["gw-1"],"steps":[{"rpc":"<get/>"},{"rpc":"<get/>"}]}\n')
        s.close()
    m.command('get', 'gw-1')
    m.status()


def confined():
    m = ready()
    Device('gw-1')
    m.connected('gw-1')
    m.command('get', 'gw-1')
    m.command('reload')
    status = open(f'/proc/{m.process.pid}/status').read()
    want(re.search(r'Seccomp:\s+(\d)', status).group(1), '2', 'seccomp')
    want(re.search(r'NoNewPrivs:\s+(\d)', status).group(1), '1', 'no new privileges')
    for task in os.listdir(f'/proc/{m.process.pid}/task'):
        text = open(f'/proc/{m.process.pid}/task/{task}/status').read()
        want(re.search(r'Seccomp:\s+(\d)', text).group(1), '2', f'seccomp of thread {task}')
    time.sleep(1.2)
    m.stop()
    # as another user
    os.chmod(rig.WORK, 0o755)
    import shutil
    shutil.chown(path('state'), 'nobody', 'nogroup')
    for f in os.listdir(path('state')):
        shutil.chown(os.path.join(path('state'), f), 'nobody', 'nogroup')
    text = open(m.conf).read().replace('user: root', 'user: nobody')
    open(m.conf, 'w').write(text)
    m.start()
    import pwd
    status = open(f'/proc/{m.process.pid}/status').read()
    uid = str(pwd.getpwnam('nobody').pw_uid)
    want(re.search(r'Uid:\s+(.*)', status).group(1).split(), [uid] * 4)
    want(int(re.search(r'CapEff:\s+(\w+)', status).group(1), 16), 0, 'capabilities')
    Device('gw-1')
    m.connected('gw-1')
    m.add('gw-5', identifier='SN5')
    m.stop()


def all_threads():
    """Landlock binds a thread and those it makes later: none may be older than it."""
    import shutil
    import subprocess
    if not shutil.which('strace'):
        raise rig.Skip('strace is not installed')
    m = Manager(usual(), start=False)
    p = subprocess.Popen(['strace', '-f', '-o', path('trace'), '-e',
                          'trace=landlock_create_ruleset,landlock_restrict_self,clone,clone3,sendto', rig.CLI, 'serve',
                          '-c', m.conf], stderr=subprocess.DEVNULL)
    wait_for(lambda: os.path.exists(m.socket) and 'clone' in open(path('trace')).read(), 10, 'it to start')
    # not the tracer, which would wait for it
    os.kill(int(open(f'/proc/{p.pid}/task/{p.pid}/children').read().split()[0]), signal.SIGTERM)
    p.wait(20 * rig.LONG)
    trace = open(path('trace')).read()
    holds(re.search(r' clone3?\(', trace), f'there is a thread: {trace}')
    before = re.split(r' clone3?\(', trace)[0]
    made = re.search(r'landlock_create_ruleset\(\{.* = (-?\d+)', before)
    holds(made, trace)
    holds(int(made.group(1)) < 0 or re.search(r'landlock_restrict_self\(.* = 0', before), trace)


def limits():
    """libssh keeps 16 bits of a descriptor."""
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, 200000))
    except (ValueError, OSError):
        raise rig.Skip('more descriptors than 65536 cannot be had')
    try:
        m = ready()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, min(hard, 200000)))
    text = open(f'/proc/{m.process.pid}/limits').read()
    want(re.search(r'Max open files\s+(\d+)\s+(\d+)', text).groups(), ('65536', '65536'))


def no_account():
    """Root stays root only if it is told to."""
    import pwd
    import subprocess
    try:
        pwd.getpwnam('natfw-manager')
        raise rig.Skip('there is an account natfw-manager')
    except KeyError:
        pass
    m = Manager(usual(), start=False)
    text = open(m.conf).read()
    for line, why in (('', 'there is no account natfw-manager to run as'), ('user: nobody-at-all\n', 'nobody-at-all: ')):
        open(m.conf, 'w').write(text.replace('user: root\n', line))
        p = subprocess.run([rig.CLI, 'serve', '-c', m.conf], capture_output=True, text=True, timeout=20 * rig.LONG)
        want(p.returncode, 1)
        holds(why in p.stderr and 'ready' not in p.stderr, p.stderr)


def no_descriptors():
    """Who waits on the control socket while there is none does not keep it busy."""
    import resource
    m = ready()

    def ticks():
        return sum(int(n) for n in open(f'/proc/{m.process.pid}/stat').read().rsplit(')', 1)[1].split()[11:13])
    soft, hard = resource.prlimit(m.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(m.process.pid, resource.RLIMIT_NOFILE, (fds(m), hard))
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20 * rig.LONG)
    s.connect(m.socket)
    s.sendall(b'{"op":"status"}\n')
    m.logged('ctl error: cannot take a connection')
    before = ticks()
    time.sleep(2)
    holds(ticks() - before < 20, f'{ticks() - before} ticks')
    holds(m.log_text().count('cannot take a connection') < 10, 'a line a second')
    resource.prlimit(m.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
    holds('connected' in s.makefile().readline(), 'taken when there is one')


def one_manager():
    m = ready()
    import subprocess
    p = subprocess.run([rig.CLI, 'serve', '-c', m.conf], capture_output=True, text=True)
    holds(p.returncode == 1 and 'Address already in use' in p.stderr, p.stderr)
    with open(path('c2.yaml'), 'w') as f:
        f.write(open(m.conf).read().replace('state:', 'listen:\n- {transport: tls, port: 9999}\nstate:'))
    p = subprocess.run([rig.CLI, 'serve', '-c', path('c2.yaml')], capture_output=True, text=True)
    holds(p.returncode == 1 and 'another manager is running' in p.stderr, p.stderr)
    with open(path('c2.yaml'), 'a') as f:
        f.write('# end\n')
    text = open(path('c2.yaml')).read().replace('control}', 'control2}')
    open(path('c2.yaml'), 'w').write(text)
    p = subprocess.run([rig.CLI, 'serve', '-c', path('c2.yaml')], capture_output=True, text=True)
    holds(p.returncode == 1 and 'locked' in p.stderr, p.stderr)
    want(m.device('gw-1')['state'], 'expected')


if __name__ == '__main__':
    rig.alone()
    rig.run([
        ('CHD-5g half-open and silent connections end in time, on each port', silence),
        ('6242-6a,7589-2c nonsense instead of SSH and TLS', nonsense),
        ('6241-3.2a,6241-8.1d,6241-3a hellos that are none, entities, depth, length', bad_hellos),
        ('6242-4.2b,6242-4.2c,6242-4.2d chunks that are none, promises of length', bad_chunks),
        ('6241-3.2a replies that are none, or to something else', bad_replies),
        ('a device that never reads', never_reads),
        ('8071-5d,CHD-5g a source that fails is blocked for a while, and no other', blocking),
        ('8071-5d,CHD-5g places are bounded by source and in all, and kept for those known', half_open),
        ('CHD-5g a flood of strangers: devices get in, seen before or not; memory, descriptors and handshakes are bounded',
         plain(flood)),
        ('sessions that come and go leave nothing behind', lost_sessions),
        ('nonsense on the control socket is answered, and harms nobody', control_nonsense),
        ('8071-C2a it runs without root, cannot connect, and few system calls are left to it', plain(confined)),
        ('files are out of reach before there is a second thread', all_threads),
        ('no descriptor is beyond what libssh can tell', plain(limits)),
        ('without an account it does not run as root', no_account),
        ('no descriptor left: the control socket rests', no_descriptors),
        ('one manager to a port, a socket and an inventory', one_manager),
    ])
