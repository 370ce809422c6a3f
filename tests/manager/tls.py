#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# NETCONF over TLS on connections that devices opened: roles, framing, requests, one device or many.

import os
import re
import socket
import struct
import threading
import time

import rig
from rig import BASE, Device, Failed, Framing, Manager, answer, certificate, hello, holds, path, usual, wait_for, want


def ready(more='', limits='', **keys):
    m = Manager(usual(more, limits), **keys)
    certificate('gw-1', 'maker', '/CN=any/serialNumber=SN1')
    m.add('gw-1', identifier='SN1')
    return m


def defaults_listen():
    m = Manager(usual())
    for port, first in ((4335, b'\x16\x03'), (4336, b'\x16\x03'), (4334, b'SSH-2.0-')):
        s = socket.create_connection(('127.0.0.1', port), 5)
        s.settimeout(10)
        got = s.recv(len(first))
        want(got, first, f'first octets on port {port}')
        s.close()


def other_ports():
    m = Manager(usual(), listen='- {transport: tls, port: 9443}\n- {transport: restconf, port: 4335}\n'
                                '- {transport: tls, address: 127.0.0.1, port: 17000}')
    try:
        socket.create_connection(('127.0.0.1', 4334), 5)
        raise Failed('4334 accepts')
    except ConnectionRefusedError:
        pass
    certificate('gw-1', 'maker', '/serialNumber=SN1')
    m.add('gw-1', identifier='SN1')
    for port in (9443, 17000):
        d = Device('gw-1', port)
        m.connected('gw-1')
        d.heard()
        holds(d.received[0].startswith('<?xml') and '<hello' in d.received[0], 'a NETCONF hello')
        d.hang_up()
        wait_for(lambda: m.device('gw-1')['state'] == 'seen', 5, 'it to go')


def client_hello():
    m = ready()
    s = socket.create_connection(('127.0.0.1', 4335), 5)
    s.settimeout(5)
    got = s.recv(4096)
    want(got[0], 22, 'content type of the first record')
    want(got[5], 1, 'handshake type')
    # OpenSSL has no code for heartbeats, so extension 15 is not claimed
    at = 43 + 1 + got[43]
    at += 2 + struct.unpack('>H', got[at:at + 2])[0]
    at += 1 + got[at]
    at, kinds = at + 2, []
    while at < len(got):
        kind, size = struct.unpack('>HH', got[at:at + 4])
        kinds.append(kind)
        at += 4 + size
    holds(kinds and 15 not in kinds, 'no heartbeat extension')
    holds(43 in kinds, 'supported_versions')


def session():
    m = ready()
    d = Device('gw-1')
    m.connected('gw-1')
    d.heard()
    want(d.received[0].count('<hello'), 1)
    holds('base:1.0' in d.received[0] and 'base:1.1' in d.received[0], 'both base versions')
    holds('session-id' not in d.received[0], 'a client names no session')
    holds(d.raw.startswith(b'<?xml') and d.raw.endswith(b']]>]]>'), 'hello ends with the marker')
    want(d.peer['subject'][0][0], ('commonName', 'nms1'), 'certificate of the manager')
    got = m.command('get', 'gw-1')
    holds('<name>it</name>' in got, 'data')
    holds('\n#' in d.raw.decode() and '<get></get>' in d.received[1], 'chunked from then on')
    d2 = m.device('gw-1')
    holds('NETCONF 1.1' in d2['session'] and d2['transport'] == 'tls', 'what is said of it')
    want(d2['source'], '127.0.0.1', 'where it was seen')


def old_framing():
    m = ready()
    d = Device('gw-1', versions=('1.0',))
    m.connected('gw-1')
    for _ in range(3):
        holds('<name>it</name>' in m.command('get', 'gw-1'), 'data')
    want(d.raw.count(b']]>]]>'), 4, 'markers')
    holds(b'\n#' not in d.raw, 'no chunks')
    holds('NETCONF 1.0' in m.device('gw-1')['session'], 'version')


def newest_version():
    m = ready()
    more = '<capability>urn:ietf:params:netconf:base:1.1?x=1</capability><capability>urn:other:thing</capability>' * 20
    d = Device('gw-1', versions=('1.0', '1.1'), first=hello('1.0', more=more))
    m.connected('gw-1')
    m.command('get', 'gw-1')
    holds(d.framing.chunked and len(d.received) == 2, 'chunked')


def hello_at_once():
    m = ready()
    seen = []

    class Shy(Device):
        def serve(self):
            self.framing = Framing()
            while b']]>]]>' not in self.framing.buffer:
                self.more()
            seen.append(bytes(self.framing.buffer))
            self.tls.sendall(self.framing.encode(hello('1.0')))
            self.more()
    Shy('gw-1')
    m.connected('gw-1')
    want(len(seen), 1)


def torn():
    m = ready()
    d = Device('gw-1', chunk=1)
    m.connected('gw-1')
    text = 'grün €'

    def speak(rpc):
        return answer(rpc).replace('it', text)
    d.answer = speak
    for _ in range(2):
        holds(text in m.command('get', 'gw-1'), 'octets put together')

    def dribble(rpc):
        for b in d.framing.encode(speak(rpc), 3):
            d.tls.sendall(bytes([b]))
    d.answer = dribble
    holds(text in m.command('get', 'gw-1'), 'octets put together')


def split_marker():
    m = ready()
    d = Device('gw-1', versions=('1.0',))
    m.connected('gw-1')

    def dribble(rpc):
        data = (answer(rpc).replace('it', 'a]]b]') + ']]>]]>').replace('a]]b]', '<!--]]>]] ]]>] ]]-->it').encode()
        for i in range(0, len(data), 1):
            d.tls.sendall(data[i:i + 1])
    d.answer = dribble
    for _ in range(2):
        holds(']]>]]' in m.command('get', 'gw-1'), 'what is like the marker stays')


def operations():
    m = ready()
    d = Device('gw-1')
    m.connected('gw-1')
    with open(path('edit.xml'), 'w') as f:
        f.write('<?xml version="1.0"?>\n<acl xmlns="urn:x"><rule operation="merge">1 &lt; 2</rule></acl>\n')
    holds('<ok/>' in m.command('edit', '-t', 'candidate', '-o', 'none', path('edit.xml'), 'gw-1'), 'ok')
    got = d.received[-1]
    holds('<edit-config><target><candidate/></target><default-operation>none</default-operation>'
          '<config>\n<acl' in got and '1 &lt; 2' in got, got)
    holds('test-option' not in got, 'no test-option')
    out = m.command('edit', '-C', path('edit.xml'), 'gw-1')
    holds('<lock><target><candidate/>' in d.received[-4] and '<edit-config><target><candidate/>' in d.received[-3] and
          '<commit/>' in d.received[-2] and '<unlock><target><candidate/>' in d.received[-1], 'lock, edit, commit')
    want(out.count('<ok/>'), 2, 'answers shown')
    m.command('edit', '-R', '90', path('edit.xml'), 'gw-1')
    holds('<edit-config><target><candidate/>' in d.received[-4] and '<commit/>' in d.received[-2] and
          '<commit><confirmed/><confirm-timeout>90</confirm-timeout></commit>' in d.received[-3], 'confirmed commit')
    m.command('edit', '-R', '0', path('edit.xml'), 'gw-1', status=2)
    m.command('edit', '-C', '-t', 'running', path('edit.xml'), 'gw-1', status=2)
    m.command('get', '-c', '-x', '/a:b[c="1"]', '-n', 'a=urn:a', 'gw-1')
    holds('<get-config><source><running/></source><filter type="xpath" xmlns:a="urn:a" '
          'select="/a:b[c=&quot;1&quot;]"/></get-config>' in d.received[-1], d.received[-1])
    with open(path('f.xml'), 'w') as f:
        f.write('<acl xmlns="urn:x"/>')
    m.command('get', '-f', path('f.xml'), 'gw-1')
    holds('<filter type="subtree"><acl xmlns="urn:x"/></filter>' in d.received[-1], d.received[-1])
    m.command('rpc', '<lock><target><running/></target></lock>', 'gw-1')
    holds('<lock><target><running/></target></lock></rpc>' in re.sub(r' xmlns="[^"]*"', '', d.received[-1]),
          d.received[-1])
    out = m.command('exec', '-', 'gw-1', text='<rpc><validate/></rpc>\n<commit/><a xmlns="urn:q"/>')
    want(out.count('<ok/>'), 3)
    out = m.command('shell', 'gw-1', text='get-config\n# nothing\n<commit/>\nquit\nnonsense\n')
    want((out.count('<data>'), out.count('<ok/>')), (1, 1))
    out = m.command('shell', 'gw-1', text='nonsense\r\n  get\t', status=1)
    want(out.count('<data>'), 1)
    ids = [int(re.search(r'message-id="(\d+)"', r).group(1)) for r in d.received[1:]]
    want(ids, list(range(1, len(ids) + 1)), 'message-ids')


def cut_short():
    """Who asked goes away in the midst of an edit: it is undone, and the device is free for others."""
    import subprocess
    m = ready()
    free = threading.Event()
    d = Device('gw-1', answer=lambda rpc: ('<edit-config' in rpc and free.wait(20)) and answer(rpc) or answer(rpc))
    m.connected('gw-1')
    with open(path('edit.xml'), 'w') as f:
        f.write('<fine xmlns="urn:x"/>')
    p = subprocess.Popen([rig.CLI, 'edit', '-S', m.socket, '-C', path('edit.xml'), 'gw-1'], stdout=subprocess.DEVNULL)
    wait_for(lambda: '<edit-config' in d.received[-1], 10, 'the edit')
    p.kill()
    p.wait()
    m.status()
    free.set()
    wait_for(lambda: '<unlock' in d.received[-1], 10, 'the end of it')
    holds('<discard-changes/>' in d.received[-2], 'it is undone')
    holds(not any('<commit' in r for r in d.received), 'nothing is committed')
    # what cannot be sent leaves nothing behind either
    got = m.ask(['gw-1'], [{'rpc': '<a/>', 'quiet': True}, {'rpc': '<a>'}], undo=[{'rpc': '<b/>'}, {'rpc': '<refuse/>'},
                                                                                  {'rpc': '<c/>'}])
    want([(g.get('step'), g.get('outcome')) for g in got[:2]], [(1, 'failed'), (1, 'error')])
    holds(len(got) == 3 and got[2]['failed'] == 1, got)
    want([re.sub('.*(<.*/>).*', r'\1', r) for r in d.received[-4:]], ['<a/>', '<b/>', '<refuse/>', '<c/>'])
    for bad in ({'undo': {'rpc': '<a/>'}}, {'undo': [{}]}, {'undo-from': -1}, {'undo': [{'rpc': '<a/>'}] * 9}):
        holds('undo' in m.ask(['gw-1'], [{'rpc': '<a/>'}], **bad)[0]['error'] or bad == {'undo': [{}]}, bad)


def refusals():
    m = ready()
    d = Device('gw-1')
    m.connected('gw-1')
    got = m.json('rpc', '<refuse xmlns="urn:x"/>', 'gw-1', status=1)
    want((got[0]['outcome'], got[0]['error-tag'], got[0]['error-path'], got[0]['message']),
         ('error', 'invalid-value', '/t:rule', 'no such thing'))
    want((got[1]['ok'], got[1]['error'], got[1]['failed']), (0, 1, 0))
    with open(path('edit.xml'), 'w') as f:
        f.write('<refuse xmlns="urn:x"/>')
    with open(path('f.xml'), 'w') as f:
        f.write('<fine xmlns="urn:x"/>')
    m.command('edit', '-C', path('edit.xml'), 'gw-1', status=1)
    holds('<discard-changes/>' in d.received[-2] and '<unlock>' in d.received[-1], 'the candidate is put back')
    holds(not any('<commit/>' in r for r in d.received), 'nothing is committed')
    d.answer = lambda rpc: answer(rpc.replace('<lock', '<refuse'))
    n = len(d.received)
    m.command('edit', '-C', path('f.xml'), 'gw-1', status=1)
    want(len(d.received), n + 1, 'messages after a lock that was refused')
    d.answer = lambda rpc: answer(rpc).replace('>error<', '>warning<')
    got = m.json('rpc', '<refuse xmlns="urn:x"/>', 'gw-1')
    want(got[0]['outcome'], 'warning')
    m.command('rpc', '<a><b></a>', 'gw-1', status=2)
    m.command('rpc', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'gw-1', status=2)
    before = len(d.received)
    for bad in ('<a/><b/>', '<a>', '', '<a/></rpc><rpc>', '<!DOCTYPE a><a/>'):
        got = m.ask(['gw-1'], [{'rpc': bad}])
        want(got[0]['outcome'], 'failed', f'request {bad!r}')
    want(len(d.received), before, 'messages sent')
    holds('<data>' in m.command('get', 'gw-1'), 'the session lives')


def no_marker_out():
    m = ready()
    d = Device('gw-1', versions=('1.0',))
    m.connected('gw-1')
    got = m.ask(['gw-1'], [{'rpc': '<a b="]]>]]>"/>'}])
    holds(got[0]['outcome'] == 'failed' and 'marker' in got[0]['message'], got)
    m.command('get', 'gw-1')
    want(len(d.received), 2, 'messages')


def two_devices():
    m = ready()
    certificate('gw-2', 'maker', '/serialNumber=SN2')
    m.add('gw-2', identifier='SN2')
    one, two = Device('gw-1'), Device('gw-2')
    m.connected('gw-1')
    m.connected('gw-2')
    two.answer = lambda rpc: answer(rpc).replace('it', 'two')
    got = m.json('get', 'gw-*')
    want(sorted((g['device'], 'two' in g['reply']) for g in got[:2]), [('gw-1', False), ('gw-2', True)])
    want(got[2]['ok'], 2)
    slow = []
    one.answer = lambda rpc: slow.append(time.sleep(1)) or answer(rpc)
    got = m.json('get', 'gw-1', 'gw-2')
    want([g['device'] for g in got[:2]], ['gw-2', 'gw-1'], 'order of answers')


def stale():
    m = ready()
    first = Device('gw-1')
    m.connected('gw-1')
    since = m.device('gw-1')['connections']
    second = Device('gw-1', source='127.0.0.9')
    wait_for(lambda: m.device('gw-1')['connections'] == since + 1, 10, 'the second session')
    first.over()
    m.logged('session ended device=gw-1 why=replaced by a newer one')
    want(m.status()['connected'], 1)
    m.command('get', 'gw-1')
    want((len(first.received), len(second.received)), (1, 2))


def queued():
    m = ready()
    import subprocess
    p = subprocess.Popen([rig.CLI, 'get', '-S', m.socket, '-j', '-w', '20', 'gw-1'], stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    want(p.poll(), None, 'status while the device is away')
    Device('gw-1')
    out = p.communicate(timeout=30)[0]
    want(p.returncode, 0)
    holds('<name>it</name>' in out, out)
    m2 = m.json('devices', 'list')
    Device.stop_all()
    wait_for(lambda: m.device('gw-1')['state'] == 'seen', 5, 'it to go')
    got = m.json('get', 'gw-1', status=1)
    want((got[0]['outcome'], got[0]['message']), ('failed', 'the device is not connected'))
    start = time.monotonic()
    got = m.json('get', '-w', '1', 'gw-1', status=1)
    holds(time.monotonic() - start >= 0.9 and got[0]['outcome'] == 'failed', 'expires')


def in_turn():
    m = ready()
    d = Device('gw-1')
    m.connected('gw-1')
    import subprocess
    busy = []

    def speak(rpc):
        busy.append(len(busy))
        time.sleep(0.05)
        return answer(rpc)
    d.answer = speak
    all = [subprocess.Popen([rig.CLI, 'get', '-S', m.socket, 'gw-1'], stdout=subprocess.PIPE) for _ in range(8)]
    for p in all:
        want((p.wait(30), b'<data>' in p.stdout.read()), (0, True))
    want(len(busy), 8)


def timeouts():
    m = ready()
    d = Device('gw-1', answer=lambda rpc: None)
    m.connected('gw-1')
    got = m.json('get', '-T', '1', 'gw-1', status=1)
    want((got[0]['outcome'], got[0]['message']), ('failed', 'no answer in time'))
    d.over()


def goodbye():
    m = ready()
    d = Device('gw-1')
    m.connected('gw-1')
    m.command('devices', 'close', 'gw-1')
    d.over()
    holds('<close-session/>' in d.received[-1], 'close-session is the last')
    m.logged('session ended device=gw-1 why=closed')


def close_notify():
    m = ready()
    d = Device('gw-1')
    m.connected('gw-1')
    m.stop()
    # EOFError: an alert came before the end of the connection; without it ssl says so
    holds(isinstance(d.over(), EOFError), f'close_notify: {d.error!r}')


def remembered():
    m = ready()
    Device('gw-1', source='127.0.0.5')
    m.connected('gw-1')
    certificate('stranger', 'maker', '/serialNumber=SN9')
    Device('stranger')
    m.refusal('unknown identifier')
    m.add('gw-7', identifier='SN7')
    want(sorted(d['state'] for d in m.json('devices', 'list')), ['connected', 'expected'])
    time.sleep(1.5)
    m.kill()
    Device.stop_all()
    m.start()
    want([(d['name'], d['state'], d.get('source')) for d in m.json('devices', 'list')],
         [('gw-1', 'seen', '127.0.0.5'), ('gw-7', 'expected', None)])
    want(m.refused()[0]['identifier'], 'SN9')
    m.command('devices', 'remove', 'gw-7')
    m.kill()
    m.start()
    want([d['name'] for d in m.json('devices', 'list')], ['gw-1'])
    Device('gw-1')
    m.connected('gw-1')


def version():
    import subprocess
    m = ready()
    told = subprocess.run([rig.CLI, '-V'], capture_output=True, text=True).stdout.split()
    want(told, ['natfw-manager', m.status()['version']])


def all_or_none():
    m = ready()
    with open(path('list'), 'w') as f:
        f.write('[{"name": "a", "identifier": "A", "credential": "ops"}, {"name": "b", "identifier": "A", "credential": "ops"}]')
    m.command('devices', 'import', path('list'), status=1)
    holds('b: identifier: another device has it' in m.stderr, m.stderr)
    want([d['name'] for d in m.json('devices', 'list')], ['gw-1'])
    for words, why in ((['x y', 'identifier=1', 'credential=ops'], 'name'), (['x', 'credential=ops'], 'identifier'),
                       (['x', 'identifier=1'], 'credential'), (['x', 'identifier=1', 'credential=none'], 'credential'),
                       (['x', 'identifier=1', 'credential=ops', 'issuer=none'], 'issuer'),
                       (['x', 'pin=sha256:00', 'credential=ops'], 'pins')):
        m.command('devices', 'add', *words, status=1)
        holds(why in m.stderr, f'{words}: {m.stderr}')
    m.command('devices', 'remove', 'none', status=1)
    m.command('get', 'gw-1', 'none', status=1)
    holds('no such device: none' in m.stderr, m.stderr)
    m.command('get', 'none*', status=1)
    got = m.ask(['\x1b[2J'], [{'rpc': '<get/>'}])
    want(got[0]['error'], 'devices: there is no such device: ?[2J')


def long_reply():
    m = ready(limits='message: 1024')
    d = Device('gw-1')
    m.connected('gw-1')
    text = 'x' * 900 * 1024
    d.answer = lambda rpc: answer(rpc).replace('it', text)
    want(len(m.command('get', 'gw-1')) > len(text), True)
    d.answer = lambda rpc: answer(rpc).replace('it', text * 2)
    got = m.json('get', 'gw-1', status=1)
    want(got[0]['message'], 'message too long')
    d.over()


def _ask(self, devices, steps, **more):
    import json
    s = socket.socket(socket.AF_UNIX)
    s.connect(self.socket)
    s.sendall(json.dumps({'id': 1, 'op': 'ask', 'devices': devices, 'steps': steps, **more}).encode() + b'\n')
    f, out = s.makefile('rb'), []
    while True:
        got = json.loads(f.readline())
        if got.get('octets'):
            got['reply'] = f.read(got['octets']).decode()
        out.append(got)
        if got.get('done'):
            return out


Manager.ask = _ask

if __name__ == '__main__':
    rig.alone()
    rig.run([
        ('8071-C1a,CHD-5i,CHD-6g the three registered ports are listened on, each by its protocol', defaults_listen),
        ('8071-C1b,8071-C8b any port, and what is spoken there is configured', other_ports),
        ('8071-C3b,7589-2a,X-8071-C4b the caller gets a ClientHello, without a heartbeat that nobody would answer', client_hello),
        ('8071-C8a,8071-C7b,6241-8.1b,6242-4.1a,6242-4.1b,7589-1a,7589-3a,CHD-3d,CHD-6a a session', session),
        ('6242-4.1c,6242-4.3a a device of NETCONF 1.0 gets markers', old_framing),
        ('6241-8.1c,6241-8a version with parameters, unknown capabilities', newest_version),
        ('6241-8.1a hello does not wait for theirs', hello_at_once),
        ('6242-4.2a,6242-4.2e chunks torn anywhere', torn),
        ('6242-4.3a what looks like the marker, and the marker in pieces', split_marker),
        ('6241-7.2h get, edit, rpc, exec, shell: what is sent', operations),
        ('6241-3a,6241-3.2a errors have tag and path; nothing ill-formed is sent', refusals),
        ('an edit that nobody waits for any more is undone', cut_short),
        ('6242-4.3a a marker within a request is not sent', no_marker_out),
        ('X-8071-C9 two devices at once; the slow one does not hold up the other', two_devices),
        ('X-8071-C10 a device that calls again replaces its stale session', stale),
        ('CHD-5a work waits for the device, or expires', queued),
        ('requests of several operators come one after the other', in_turn),
        ('no answer in time ends the session', timeouts),
        ('NCSM-9 a session is ended by close-session', goodbye),
        ('CHS-20 the end is told by close_notify', close_notify),
        ('inventory: what was seen, expected and refused outlives the manager', remembered),
        ('inventory: a list is added whole or not at all; errors name the member', all_or_none),
        ('6242-4.2d a reply is bounded', long_reply),
        ('8071-5c the version is told', version),
    ])
