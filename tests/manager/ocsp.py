#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# Responses of OCSP that devices show with their certificates: who is let in by them, and who is not.

import os
import socket
import subprocess
import sys

import rig
from rig import Manager, authority, certificate, hello, holds, path, revoked, usual, wait_for, want

NAMED = 'authorityInfoAccess=OCSP;URI:http://ocsp.example/'
MAKER = os.path.join(rig.HERE, '..', 'callhome', 'responder.py')


class Stapling:
    """A device by openssl's server, which shows what is in FILE, if there is one. Is a context: it ends with it."""

    def __init__(self, cert, file=None, version=3):
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            port = s.getsockname()[1]
        more = ['-status_file', path(file)] if file else []
        self.server = subprocess.Popen(
            ['openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-naccept', '1', '-quiet', f'-tls1_{version}',
             '-cert', path(f'{cert}.crt'), '-key', path(f'{cert}.key'), '-cert_chain', path(f'{cert}.chain'),
             '-CAfile', path('operator.pem'), '-Verify', '2', *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.server.stdin.write(hello('1.0').encode() + b']]>]]>')
        self.server.stdin.flush()
        wait_for(lambda: f':{port} ' in subprocess.run(['ss', '-Hltn'], capture_output=True, text=True).stdout, 10,
                 'the server')
        self.wire = subprocess.Popen(['socat', 'TCP:127.0.0.1:4335', f'TCP:127.0.0.1:{port}'])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for p in (self.wire, self.server):
            p.kill()
            p.wait()

    def said(self):
        """All that the manager said, when it has gone."""
        self.wire.wait(20 * rig.LONG)
        return self.server.communicate(timeout=20 * rig.LONG)[0]


def response(name, cert, **keys):
    """NAME, about CERT."""
    keys = {'issuer': path('maker.pem'), 'key': path('maker.key'), **keys}
    words = [w for k, v in keys.items() for w in (f'--{k}', str(v))]
    p = subprocess.run([sys.executable, MAKER, 'make', '--cert', path(f'{cert}.crt'), '--out', path(name), *words],
                       capture_output=True, text=True)
    holds(p.returncode == 0, p.stderr)
    return name


def start(rule, limits='failures: 1000'):
    m = Manager(f'issuer:\n- {{name: maker, certificates: {path("maker.pem")}, {rule}}}\n' +
                usual(limits=limits), issuer=None)
    there = [d['name'] for d in m.json('devices', 'list')]
    for n in range(1, 4):
        if f'gw-{n}' not in there:
            m.add(f'gw-{n}', identifier=f'SN{n}')
    return m


def device(n, extension=NAMED):
    certificate(f'gw-{n}', 'maker', f'/serialNumber=SN{n}', extension)
    return f'gw-{n}'


def let_in(m, cert, file=None, version=3):
    with Stapling(cert, file, version):
        m.connected(cert)
    wait_for(lambda: m.device(cert)['state'] == 'seen', 10, f'{cert} to go')


def refused(m, cert, reason, file=None, version=3):
    """And not a word is said to it."""
    before = sum(r['count'] for r in m.refused() if r['reason'] == reason)
    with Stapling(cert, file, version) as d:
        wait_for(lambda: sum(r['count'] for r in m.refused() if r['reason'] == reason) > before, 10,
                 f'refusal: {reason}; {m.refused()}')
        want(d.said(), b'', 'what the manager said')


def good():
    usual()
    one, plain = device(1), device(2, '')
    m = start('ocsp: prefer')
    for version in (2, 3):
        # a list or a response: it names a responder, so there has to be one
        refused(m, one, 'no revocation list', version=version)
        let_in(m, one, response('good', one), version)
    let_in(m, one, response('good', one, digest='sha256'))
    let_in(m, one, response('endless', one, until=0))
    want(m.status()['stapled'], 4)
    # names nobody, and shows nothing
    let_in(m, plain)
    want(m.status()['stapled'], 4)


def bad():
    usual()
    authority('other')
    certificate('helper', 'maker', '/CN=responder', 'extendedKeyUsage=OCSPSigning')
    certificate('gw-9', 'maker', '/serialNumber=SN9')
    certificate('foreign', 'other', '/CN=authority maker', 'extendedKeyUsage=OCSPSigning')
    one, two = device(1), device(2)
    m = start('ocsp: require')
    response('revoked', one, status='revoked')
    for version in (2, 3):
        refused(m, one, 'certificate revoked', 'revoked', version)
        refused(m, one, 'no OCSP response', version=version)
    refused(m, one, 'the responder does not know the certificate', response('unknown', one, status='unknown'))
    refused(m, one, 'the OCSP response is out of date', response('old', one, since=-7200, until=-3600))
    refused(m, one, 'the OCSP response is out of date', response('early', one, since=3600, until=7200))
    refused(m, one, 'the OCSP response is out of date', response('silent', one, since=-7200, until=0))
    refused(m, one, 'the OCSP response is about another certificate', response('another', two))
    refused(m, one, 'the OCSP response is not signed by who may',
            response('foreign', one, signer=path('foreign.crt'), key=path('foreign.key')))
    refused(m, one, 'the OCSP response is not signed by who may',
            response('peer', one, signer=path('gw-9.crt'), key=path('gw-9.key')))
    with open(path('forged'), 'wb') as out:
        data = bytearray(open(path(response('right', one)), 'rb').read())
        data[-1] ^= 1
        out.write(data)
    refused(m, one, 'the OCSP response is not signed by who may', 'forged')
    let_in(m, one, response('delegated', one, signer=path('helper.crt'), key=path('helper.key')))
    # within what clocks may differ
    let_in(m, one, response('nearly', one, since=-7200, until=-120))


def with_lists():
    usual()
    one, two, plain = device(1), device(2), device(3, '')
    revoked('maker', one)
    m = start(f'crl: {path("maker.crl")}')
    # the worst counts, whoever says it
    refused(m, one, 'certificate revoked', response('good', one))
    refused(m, two, 'certificate revoked', response('bad', two, status='revoked'))
    let_in(m, two)
    # what cannot be used is as good as nothing
    let_in(m, two, response('old', two, since=-7200, until=-3600))
    m.stop()
    m = start('ocsp: off')
    refused(m, two, 'no revocation list', response('good', two))
    let_in(m, plain, response('bad', plain, status='revoked'))
    m.stop()
    m = start('revocation: required, ocsp: require')
    let_in(m, two, response('good', two))


def not_to_blame():
    """Nobody is shut out for that a responder was not there, but who is revoked."""
    usual()
    one, two = device(1), device(2)
    limits = 'failures: 2, penalty: 60'
    for rule, reason in (('ocsp: require', 'no OCSP response'), ('ocsp: prefer', 'no revocation list')):
        m = start(rule, limits)
        for _ in range(4):
            refused(m, one, reason)
        want(m.status()['blocked'], 0)
        m.stop()
    m = start('ocsp: require', limits)
    response('bad', two, status='revoked')
    for _ in range(2):
        refused(m, two, 'certificate revoked', 'bad')
    wait_for(lambda: m.status()['blocked'] == 1, 5, 'the block')


def said_again():
    """On a list that was read while it was connected; others stay."""
    usual()
    revoked('maker')
    one, two = device(1), device(2)
    m = start(f'crl: {path("maker.crl")}')
    with Stapling(one, response('good', one)), Stapling(two):
        m.connected(one)
        m.connected(two)
        m.command('reload')
        want(m.device(one)['state'], 'connected')
        revoked('maker', one)
        m.command('reload')
        wait_for(lambda: m.device(one)['state'] == 'seen', 10, 'it to be hung up')
        m.logged('session ended device=gw-1 why=certificate revoked')
        want(m.device(two)['state'], 'connected')


rig.alone()
rig.run([
    ('8071-C5c responses that speak for a device', good),
    ('8071-C5c,8071-C5d responses that do not, or not for this one', bad),
    ('responses beside lists', with_lists),
    ('8071-5d who has nothing to show yet is not blocked', not_to_blame),
    ('8071-C5d revoked while it is connected', said_again),
])
