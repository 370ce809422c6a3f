#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# Generic call home at the manager: services of devices, offered on connections that the devices opened, and
# tools that are joined with them. Over TLS by the manager, and plain, where the tool does that.

import hashlib
import os
import socket
import subprocess
import threading
import time

import rig
from rig import CLI, Device, Manager, certificate, holds, path, usual, wait_for, want

LISTEN = '''- {transport: tls}
- {transport: relay, service: echo, port: 20001}
- {transport: relay, service: other, port: 20002}
- {transport: relay-plain, service: raw, port: 20003}'''


class Service(Device):
    """Calls home, and echoes in capitals what comes; tells first what it is told to."""

    def __init__(self, cert, port=20001, banner=b'', **keys):
        self.banner, self.got, self.half_closed = banner, b'', False
        super().__init__(cert, port=port, **keys)

    def serve(self):
        self.tls.settimeout(None)
        if self.banner:
            self.tls.sendall(self.banner)
        while True:
            data = self.tls.recv(65536)
            if not data:
                self.half_closed = True
                raise EOFError
            self.got += data
            self.tls.sendall(data.upper())


class Plain(Service):
    """The same without TLS."""

    def make_context(self):
        return None

    def call(self):
        self.sock = socket.create_connection((self.host, self.port), 20,
                                             (self.source, 0) if self.source else None)
        self.wire = self.sock.dup()
        self.tls = self.sock


class Tool:
    """natfw-manager relay, on its standard input and output."""

    def __init__(self, m, *words):
        self.p = subprocess.Popen([CLI, 'relay', '-S', m.socket, *words], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def say(self, data):
        self.p.stdin.write(data)
        self.p.stdin.flush()

    def hear(self, size):
        return self.p.stdout.read(size)

    def end(self):
        """It says no more; what it hears until the end, and its status."""
        out, err = self.p.communicate(timeout=30 * rig.LONG)
        return out, self.p.returncode, err.decode()


def start(limits=''):
    m = Manager(usual(limits=limits), listen=LISTEN)
    certificate('gw-1', 'maker', '/serialNumber=SN1')
    certificate('gw-2', 'maker', '/serialNumber=SN2')
    m.add('gw-1', identifier='SN1')
    m.add('gw-2', identifier='SN2')
    return m


def calls(m, name):
    return [(c['service'], c['in-use']) for c in m.device(name).get('calls', [])]


def called(m, name, *wanted):
    wait_for(lambda: sorted(calls(m, name)) == sorted(wanted), 10, f'{name} to have {wanted}')


def joined():
    m = start()
    d = Service('gw-1', banner=b'here I am\n')
    called(m, 'gw-1', ('echo', False))
    want(d.peer['subject'][0][0], ('commonName', 'nms1'), 'the certificate that it was shown')
    t = Tool(m, 'echo', 'gw-1')
    want(t.hear(10), b'here I am\n')
    t.say(b'hello')
    want(t.hear(5), b'HELLO')
    called(m, 'gw-1', ('echo', True))
    out, status, err = t.end()
    want((out, status, err), (b'', 0, ''))
    d.over()
    holds(d.half_closed, 'it ended in order')
    want(calls(m, 'gw-1'), [])
    want(m.device('gw-1')['state'], 'seen')


def much():
    """More than any buffer, both ways, and what was sent last before the end."""
    m = start()
    for make in (Service, Plain):
        d = make('gw-1', port=20001 if make is Service else 20003)
        t = Tool(m, *(('echo', 'gw-1') if make is Service else ('raw',)))
        data = os.urandom(3000000).replace(b'a', b'b').lower()
        threading.Thread(target=lambda: (t.say(data), t.p.stdin.close()), daemon=True).start()
        got = t.p.stdout.read()
        want(len(got), len(data), 'octets that came back')
        want(hashlib.sha256(got).digest(), hashlib.sha256(data.upper()).digest())
        want(t.p.wait(30), 0)
        d.over()


def memory(m):
    with open(f'/proc/{m.process.pid}/status') as f:
        return int([line for line in f if line.startswith('VmRSS')][0].split()[1])


def bounded():
    """A tool that does not read, and a device that does not: neither fills the manager."""
    m = start()
    d = Service('gw-1', banner=b'x' * 40000000, start=False)
    before = memory(m)
    t = Tool(m, 'echo', 'gw-1')
    wait_for(lambda: m.status()['relayed'], 10, 'the tool to wait')
    d.start()
    called(m, 'gw-1', ('echo', True))
    time.sleep(1)
    grown = memory(m) - before
    holds(grown < 8192, f'grew by {grown} KiB')
    t.p.kill()
    t.p.wait()
    d.over()
    # nor does one that talks before anybody asked
    d = Service('gw-1', banner=b'x' * 40000)
    m.logged('it says too much before anybody asked')
    d.over()
    want(calls(m, 'gw-1'), [])


def identity():
    m = start()
    rig.authority('other')
    certificate('false', 'other', '/serialNumber=SN1')
    certificate('stranger', 'maker', '/serialNumber=SN9')
    for cert, why in (('false', 'unknown issuer'), ('stranger', 'unknown identifier')):
        d = Service(cert)
        got = m.refusal(why)
        want(got['transport'], 'relay')
        d.over()
    want(calls(m, 'gw-1') + calls(m, 'gw-2'), [])
    # a device is no other, and a service no other
    a, b = Service('gw-1'), Service('gw-2', banner=b'second')
    called(m, 'gw-1', ('echo', False))
    called(m, 'gw-2', ('echo', False))
    t = Tool(m, 'echo', 'gw-2')
    want(t.hear(6), b'second')
    t.end()
    want(Tool(m, '-w', '0', 'other', 'gw-1').end()[1:], (1, 'natfw-manager: the device has not called for it\n'))
    want(Tool(m, '-w', '0', 'nothing', 'gw-1').end()[2], 'natfw-manager: service: there is no such relay\n')
    want(Tool(m, '-w', '0', 'echo', 'gw-9').end()[2], 'natfw-manager: device: there is no such device\n')
    want(Tool(m, '-w', '0', 'echo').end()[2], 'natfw-manager: device: there is no such device\n')
    want(a.got, b'', 'what came to the other')
    b.over()
    m.command('devices', 'remove', 'gw-1')
    a.over()


def replaced():
    m = start()
    first = Service('gw-1', banner=b'old')
    called(m, 'gw-1', ('echo', False))
    second = Service('gw-1', banner=b'new')
    first.over()
    t = Tool(m, 'echo', 'gw-1')
    want(t.hear(3), b'new')
    # the one in use stays, and another waits for the next tool; NETCONF has nothing to do with it
    third = Service('gw-1', banner=b'3rd')
    called(m, 'gw-1', ('echo', True), ('echo', False))
    Device('gw-1')
    m.connected('gw-1')
    t.say(b'still')
    want(t.hear(5), b'STILL')
    u = Tool(m, 'echo', 'gw-1')
    want(u.hear(3), b'3rd')
    m.command('devices', 'close', 'gw-1')
    second.over()
    third.over()
    want((t.hear(1), u.hear(1)), (b'', b''))
    want(m.device('gw-1')['state'], 'seen')


def waits():
    m = start()
    t = Tool(m, '-w', '20', 'echo', 'gw-1')
    u = Tool(m, '-w', '1', 'echo', 'gw-2')
    want(u.end()[1:], (1, 'natfw-manager: the device has not called for it\n'))
    t.say(b'said before')
    Service('gw-1')
    want(t.hear(11), b'SAID BEFORE')
    t.end()
    v = Tool(m, '-w', '20', 'echo', 'gw-2')
    wait_for(lambda: m.status()['relayed'] == 3, 10, 'the tool to wait')
    m.command('devices', 'remove', 'gw-2')
    want(v.end()[2], 'natfw-manager: the device is not expected any more\n')


def plain():
    m = start()
    d = Plain('gw-1', port=20003, banner=b'any')
    m.logged('call held service=raw device=-')
    want(Tool(m, '-w', '0', 'raw', 'gw-1').end()[2],
         'natfw-manager: device: it is not known who calls at a plain relay\n')
    t = Tool(m, 'raw')
    want(t.hear(3), b'any')
    t.say(b'abc')
    want(t.hear(3), b'ABC')
    out, status, err = t.end()
    want((status, err), (0, ''))
    d.over()


def plain_places():
    """Strangers do not fill the manager, and the newest call is the one that is used."""
    m = start()
    all = []
    for i in range(40):
        all.append(Plain('gw-1', port=20003, banner=b'%02d' % i))
        wait_for(lambda: m.status()['established'] > i, 10, 'it to be held')
    wait_for(lambda: len([d for d in all if not d.ended.is_set()]) == 16, 10, '16 to be held')
    t = Tool(m, 'raw')
    want(t.hear(2), b'39')
    t.end()


def local_sockets():
    """A tool that knows nothing of the manager: on a port of loopback, and on a UNIX socket."""
    m = start()
    p = subprocess.Popen([CLI, 'relay', '-S', m.socket, '-q', '-l', '20100', 'echo', 'gw-1'])
    u = subprocess.Popen([CLI, 'relay', '-S', m.socket, '-q', '-u', path('tool'), 'echo', 'gw-1'])
    try:
        for _ in range(2):
            Service('gw-1')
            s = wait_for(lambda: connected(socket.AF_INET, ('127.0.0.1', 20100)), 10, 'the port')
            s.sendall(b'port')
            want(s.recv(100), b'PORT')
            s.close()
            wait_for(lambda: calls(m, 'gw-1') == [], 15, 'the call to end')
        want(connected(socket.AF_INET, ('127.0.0.2', 20100)), None, 'reached at another address')
        Service('gw-1')
        s = wait_for(lambda: connected(socket.AF_UNIX, path('tool')), 10, 'the socket')
        s.sendall(b'unix')
        want(s.recv(100), b'UNIX')
        want(os.stat(path('tool')).st_mode & 0o777, 0o600)
        s.close()
    finally:
        for q in (p, u):
            q.terminate()
            q.wait()
    got = subprocess.run([CLI, 'relay', '-S', m.socket, '-l', '0.0.0.0:1', 'echo', 'gw-1'], capture_output=True)
    want(got.returncode, 2)


def connected(family, where):
    s = socket.socket(family)
    s.settimeout(15)
    try:
        s.connect(where)
        return s
    except OSError:
        s.close()
        return None


def ends_with_it():
    m = start()
    d = Service('gw-1', banner=b'1')
    t = Tool(m, 'echo', 'gw-1')
    want(t.hear(1), b'1')
    d.hang_up()
    want(t.end()[1], 0)
    d = Service('gw-1', banner=b'2')
    t = Tool(m, 'echo', 'gw-1')
    want(t.hear(1), b'2')
    m.stop()
    want(t.hear(1), b'')
    d.over()


def limited():
    """Strangers at a relay are kept from costing much, as at the other ports."""
    m = start('failures: 3, penalty: 60')
    rig.authority('other')
    certificate('false', 'other', '/serialNumber=SN1')
    for _ in range(3):
        Service('false').over()
    m.logged('source blocked')
    Service('gw-1').over()
    want(calls(m, 'gw-1'), [])
    d = Service('gw-1', source='127.0.0.2')
    called(m, 'gw-1', ('echo', False))
    want(d.ended.is_set(), False)


def refused_settings():
    for text, why in (('- {transport: relay, port: 1}', 'a relay needs service and port'),
                      ('- {transport: relay, service: a}', 'a relay needs service and port'),
                      ('- {transport: tls, service: a}', 'service is for relays only'),
                      ('- {transport: relay, service: a, port: 1}\n- {transport: relay-plain, service: a, port: 2}',
                       'the service is relayed by another transport')):
        with open(path('conf.yaml'), 'w') as f:
            f.write(f'state: {path("")}\nlisten:\n{text}\n')
        got = subprocess.run([CLI, 'serve', '-t', '-c', path('conf.yaml')], capture_output=True, text=True)
        holds(got.returncode == 1 and why in got.stderr, f'{text}: {got.stderr}')


if __name__ == '__main__':
    rig.alone()
    rig.run([
        ('CHD-2a,CHD-2b,CHD-6a a tool is joined with the service of a device that called', joined),
        ('CHD-2b megabytes go both ways, and nothing is lost at the end', much),
        ('CHD-2b neither end fills the manager\'s memory', bounded),
        ('CHD-6a,CHD-3d who offers a service is who it proved to be', identity),
        ('a device that calls again, and several calls at a time', replaced),
        ('CHD-5a a tool waits for the device', waits),
        ('CHD-2b a plain call is relayed unseen', plain),
        ('CHD-5g plain calls have few places', plain_places),
        ('local sockets for tools that know nothing of it', local_sockets),
        ('device, tool and manager may end at any time', ends_with_it),
        ('CHD-5g,CHD-6a strangers are blocked at relays too', limited),
        ('CHS-19,CHD-6g relays have no port of themselves', refused_settings),
    ])
