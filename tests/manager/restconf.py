#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# RESTCONF over TLS on connections that devices opened: the root is found, requests go on one connection, and
# responses that could be understood in two ways end it.

import json
import os
import re
import time

import rig
from rig import Device, Manager, authority, certificate, credential, digest, holds, path, usual, wait_for, want

META = '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="other" href="/x"/>' \
       '<Link rel="restconf" href="/top/restconf"/></XRD>'


def response(body='', status='200 OK', kind='application/yang-data+json', more=''):
    data = body.encode() if isinstance(body, str) else body
    return (f'HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{more}\r\n').encode() + data


def usual_answer(method, target, headers, body):
    if target == '/.well-known/host-meta':
        return response(META, kind='application/xrd+xml')
    if method in ('PATCH', 'PUT', 'DELETE'):
        return b'HTTP/1.1 204 No Content\r\n\r\n'
    if target.endswith('/none'):
        return response(json.dumps({'ietf-restconf:errors': {'error': [
            {'error-type': 'protocol', 'error-tag': 'invalid-value', 'error-path': '/x:none',
             'error-message': 'there is none'}]}}), '404 Not Found')
    return response('{"it": "€"}')


class Rest(Device):
    """An HTTP server on a connection it opened. requests: (method, target, headers, body)."""

    def __init__(self, cert, answer=usual_answer, port=4336, **keys):
        self.requests = []
        super().__init__(cert, port=port, answer=answer, **keys)

    def serve(self):
        self.buffer = b''
        while True:
            while b'\r\n\r\n' not in self.buffer:
                self.read()
            head, self.buffer = self.buffer.split(b'\r\n\r\n', 1)
            lines = head.decode().split('\r\n')
            method, target, version = lines[0].split(' ')
            want(version, 'HTTP/1.1', 'version')
            headers = {k.lower(): v.strip() for k, v in (line.split(':', 1) for line in lines[1:])}
            size = int(headers.get('content-length', '0'))
            while len(self.buffer) < size:
                self.read()
            body, self.buffer = self.buffer[:size], self.buffer[size:]
            self.requests.append((method, target, headers, body))
            said = self.answer(method, target, headers, body)
            if said:
                self.tls.sendall(said)

    def read(self):
        data = self.tls.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data


def ready(**keys):
    m = Manager(usual(keys.pop('more', ''), keys.pop('limits', '')), **keys)
    certificate('gw-1', 'maker', '/serialNumber=SN1')
    m.add('gw-1', identifier='SN1')
    return m


def session():
    m = ready()
    d = Rest('gw-1')
    m.connected('gw-1')
    want(d.tls.selected_alpn_protocol(), None)
    method, target, headers, _ = d.requests[0]
    want((method, target), ('GET', '/.well-known/host-meta'))
    holds('host' in headers and 'application/xrd+xml' in headers['accept'], headers)
    want(m.device('gw-1')['session'], 'RESTCONF /top/restconf')
    holds('€' in m.command('get', 'gw-1'), 'data')
    want(d.requests[1][:2], ('GET', '/top/restconf/data'))
    want(d.requests[1][2]['accept'], 'application/yang-data+json')
    m.command('get', '-c', '-p', '/x:a/b=1', 'gw-1')
    want(d.requests[2][1], '/top/restconf/data/x:a/b=1?content=config')
    with open(path('b.json'), 'w') as f:
        f.write('{"x:a": 1}')
    m.command('edit', '-p', '/x:a', path('b.json'), 'gw-1')
    want((d.requests[3][0], d.requests[3][1], d.requests[3][3]), ('PATCH', '/top/restconf/data/x:a', b'{"x:a": 1}'))
    want(d.requests[3][2]['content-type'], 'application/yang-data+json')
    with open(path('b.xml'), 'w') as f:
        f.write('<a/>')
    m.command('edit', '-p', '/x:a', '-m', 'PUT', path('b.xml'), 'gw-1')
    want((d.requests[4][0], d.requests[4][2]['content-type']), ('PUT', 'application/yang-data+xml'))
    m.command('rest', 'DELETE', '/data/x:a', 'gw-1')
    m.command('rest', '-d', path('b.json'), 'POST', '/operations/x:reset', 'gw-1')
    want([r[:2] for r in d.requests[5:]], [('DELETE', '/top/restconf/data/x:a'), ('POST', '/top/restconf/operations/x:reset')])
    out = m.command('shell', 'gw-1', text='GET /data/x:q\n')
    holds('€' in out, out)
    want(m.device('gw-1')['connections'], 1)


def errors():
    m = ready()
    d = Rest('gw-1')
    m.connected('gw-1')
    got = m.json('get', '-p', '/none', 'gw-1', status=1)
    want((got[0]['outcome'], got[0]['status'], got[0]['error-tag'], got[0]['error-path'], got[0]['message']),
         ('error', 404, 'invalid-value', '/x:none', 'there is none'))
    for bad in ('/a b', 'data', '/a\r\nX: y', '/ä', '/a#b'):
        got = m.json('rest', 'GET', bad, 'gw-1', status=1)
        want(got[0]['outcome'], 'failed', bad)
    got = m.json('rest', 'CONNECT', '/data', 'gw-1', status=1)
    want(got[0]['message'], 'no such method')
    got = m.json('rpc', '<lock/>', 'gw-1', status=1)
    want(got[0]['message'], 'the device speaks RESTCONF, not NETCONF')
    want(len(d.requests), 2, 'requests')
    certificate('gw-2', 'maker', '/serialNumber=SN2')
    m.add('gw-2', identifier='SN2')
    Device('gw-2')
    m.connected('gw-2')
    got = m.json('get', '-p', '/x', 'gw-2', status=1)
    want(got[0]['message'], 'the device speaks NETCONF, not RESTCONF')
    # both at once
    want(m.json('get', 'gw-*')[2]['ok'], 2)


def many_requests():
    m = ready()
    d = Rest('gw-1')
    m.connected('gw-1')
    out = m.command('shell', 'gw-1', text='GET /data\n' * 100)
    want(out.count('€'), 100)
    want((len(d.requests), m.device('gw-1')['connections']), (101, 1))


def chunked():
    m = ready()
    body = '{"a": "' + 'x' * 5000 + '"}'

    def speak(method, target, headers, _):
        if 'host-meta' in target:
            return usual_answer(method, target, headers, _)
        parts = [body[i:i + 700].encode() for i in range(0, len(body), 700)]
        return (b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
                b''.join(b'%X;x=y\r\n%s\r\n' % (len(p), p) for p in parts) + b'0\r\nTrailer: z\r\n\r\n')
    d = Rest('gw-1', answer=speak)
    m.connected('gw-1')
    for _ in range(2):
        want(m.command('get', 'gw-1').strip(), body)

    def dribble(*args):
        for b in b'HTTP/1.1 100 Continue\r\n\r\n' + speak(*args):
            d.tls.sendall(bytes([b]))
    d.answer = dribble
    body = '{"b": 1}'
    want(m.command('get', 'gw-1').strip(), body)


def ambiguous():
    m = ready(limits='failures: 1000, message: 64')
    ok = b'HTTP/1.1 200 OK\r\n'
    cases = [
        ok + b'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ok + b'Content-Length: 2\r\nContent-Length: 3\r\n\r\nab',
        ok + b'Content-Length: 2, 2\r\n\r\nab',
        ok + b'Content-Length: -2\r\n\r\n',
        ok + b'Content-Length: +2\r\n\r\nab',
        ok + b'Content-Length: 99999999999999999999999\r\n\r\n',
        ok + b'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
        ok + b'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ok + b'Transfer-Encoding: chunked\r\n\r\nx\r\n',
        ok + b'Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n',
        ok + b'Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n',
        ok + b'Content-Length : 2\r\n\r\nab',
        ok + b' Content-Length: 2\r\n\r\nab',
        ok + b'Content-Length: 2\r\n folded\r\n\r\nab',
        ok + b'X: y\n\nab',
        ok + b'\r\nab',
        ok + b'X: \0\r\n\r\n',
        b'HTTP/2 200\r\n\r\n', b'HTTP/1.1 999 x\r\n\r\n', b'HTTP/1.1 20 x\r\n\r\n', b'HTTP/1.1 101 x\r\n\r\n',
        b'\r\n', b'nonsense', b'\x16\x03\x01',
        ok + b'X: ' + b'y' * 10000 + b'\r\n\r\n',
        ok + b'X: y\r\n' * 10000,
        ok + b'Content-Length: 70000\r\n\r\n' + b'x' * 70000,
        ok + b'Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    ]
    for bad in cases:
        first = []

        def speak(method, target, headers, body):
            if 'host-meta' in target:
                return usual_answer(method, target, headers, body)
            first.append(1)
            return bad
        d = Rest('gw-1', answer=speak)
        m.connected('gw-1')
        n = m.status()['ended']
        # what follows a response that is right is seen after it
        if not bad.endswith(b'Length: 0\r\n\r\n'):
            got = m.json('get', '-T', '2', 'gw-1', status=1)
            want(got[0]['outcome'], 'failed', repr(bad[:60]))
        else:
            m.command('get', 'gw-1')
        wait_for(lambda: m.status()['ended'] == n + 1, 5, f'end after {bad[:60]!r}')
        d.over()


def no_root():
    m = ready(limits='failures: 1000')
    for meta in ('<XRD/>', '<XRD><Link rel="restconf"/></XRD>', '<XRD><Link rel="restconf" href="x"/></XRD>', 'x',
                 '<XRD><Link rel="restconf" href="/a b"/></XRD>',
                 '<!DOCTYPE XRD [<!ENTITY e "/r">]><XRD><Link rel="restconf" href="&e;"/></XRD>',
                 '<XRD><Link rel="restconf" href="/a&#13;&#10;X: y"/></XRD>',
                 '<?xml version="1.0" encoding="UTF-7"?><XRD><Link rel="restconf" href="+AC8-r"/></XRD>'):
        d = Rest('gw-1', answer=lambda *_: response(meta))
        d.over()
    d = Rest('gw-1', answer=lambda *_: response('', '404 Not Found'))
    d.over()
    want(m.status()['established'], 0)
    holds(m.log_text().count('why=no root resource of RESTCONF found') == 9, m.log_text()[-2000:])


def close():
    m = ready()

    def speak(method, target, headers, body):
        if 'host-meta' in target:
            return usual_answer(method, target, headers, body)
        return response('{}', more='Connection: close\r\n')
    d = Rest('gw-1', answer=speak)
    m.connected('gw-1')
    want(m.command('get', 'gw-1').strip(), '{}')
    d.over()
    wait_for(lambda: m.device('gw-1')['state'] == 'seen', 5, 'it to go')


def passwords():
    authority('none')
    certificate('pinned', 'none', '/CN=x')
    with open(path('word'), 'w') as f:
        f.write('secret\n')
    os.chmod(path('word'), 0o600)
    authority('maker')
    issuer = f'issuer:\n- {{name: maker, certificates: {path("maker.pem")}, shared: true}}\ncredential:\n'
    m = Manager(issuer + credential('word', **{'password-file': path('word')}), issuer=None)
    m.add('gw-1', pins=[digest('pinned')], credential='word')
    d = Rest('pinned', ca=None)
    m.connected('gw-1')
    import base64
    want(d.requests[0][2].get('authorization'), 'Basic ' + base64.b64encode(b'admin:secret').decode())
    # by an issuer that certifies others' too: none
    certificate('shared', 'maker', '/serialNumber=SN2')
    m.add('gw-2', identifier='SN2', credential='word')
    d = Rest('shared', ca=None)
    m.connected('gw-2')
    want(d.requests[0][2].get('authorization'), None)
    m.stop()
    # with a certificate there is no need of one
    authority('operator')
    certificate('manager', 'operator', '/CN=nms1')
    m = Manager('credential:\n' + credential(certificate=path('manager.crt'), key=path('manager.key'),
                                            **{'password-file': path('word')}))
    certificate('gw-3', 'maker', '/serialNumber=SN3')
    m.add('gw-3', identifier='SN3')
    d = Rest('gw-3')
    m.connected('gw-3')
    want(d.requests[0][2].get('authorization'), None)


if __name__ == '__main__':
    rig.alone()
    rig.run([
        ('8071-C8a,8071-C3b,8040-3.1b,8040-3.2a a session: the root is found, and used', session),
        ('8040-3.2a errors have status, tag and path; what is no path is not sent', errors),
        ('8071-C8a a hundred requests on one connection', many_requests),
        ('chunked bodies, whole and torn', chunked),
        ('responses that could be understood in two ways end it', ambiguous),
        ('8040-3.1b no root, no session', no_root),
        ('the device may close after an answer', close),
        ('8071-5b,8071-5e a password is told to who is pinned, and only then', passwords),
    ])
