#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# Devices by other implementations: libnetconf2's server calling home by TLS and SSH, OpenSSL's s_server.

import os
import re
import socket
import subprocess

import rig
from rig import Manager, certificate, credential, digest, holds, path, usual, wait_for, want

DEVICE = os.path.join(rig.HERE, 'nc_device')
MODULES = os.environ.get('NATFW_YANG_IETF', os.path.join(rig.TOP, 'userd', 'yang', 'ietf'))
RUNNING = []


def device(*args):
    if not os.path.exists(DEVICE):
        raise rig.Skip('libnetconf2 is not installed')
    if not os.path.exists(os.path.join(MODULES, 'ietf-netconf.yang')):
        raise rig.Skip('ietf-netconf.yang is not there')
    p = subprocess.Popen([DEVICE, MODULES] + list(args), stdout=subprocess.PIPE, stderr=open(path('nc.log'), 'a'),
                         text=True)
    RUNNING.append(p)
    return p


def ends(function):
    def run():
        try:
            function()
        except Exception:
            if os.path.exists(path('nc.log')):
                print('# device: ' + open(path('nc.log')).read()[-500:].replace('\n', '\n# '))
            raise
        finally:
            for p in RUNNING:
                p.kill()
                p.wait()
            RUNNING.clear()
    return run


def used(m, transport):
    m.connected('gw-1', 20)
    want(m.device('gw-1')['transport'], transport)
    holds(m.device('gw-1')['session'].startswith('NETCONF 1.1'), m.device('gw-1')['session'])
    holds('<data' in m.command('get', 'gw-1'), 'data')
    holds('<data' in m.command('get', '-c', 'gw-1'), 'data')
    holds('<ok/>' in m.command('rpc', '<lock><target><running/></target></lock>', 'gw-1'), 'ok')
    got = m.json('rpc', '<no-such-thing xmlns="urn:x"/>', 'gw-1', status=1)
    want((got[0]['outcome'], got[0]['error-tag']), ('error', 'operation-failed'))
    n = m.device('gw-1')['connections']
    m.command('devices', 'close', 'gw-1')
    wait_for(lambda: m.device('gw-1')['connections'] > n and m.device('gw-1')['state'] == 'connected', 20,
             'it to call again')
    holds('<data' in m.command('get', 'gw-1'), 'data')


def by_tls():
    m = Manager(usual())
    certificate('gw-1', 'maker', '/CN=gw/serialNumber=SN1')
    m.add('gw-1', identifier='SN1')
    fingerprint = digest('manager').replace('sha256:', '04:')
    d = device('tls', '4335', path('gw-1.crt'), path('gw-1.key'), path('operator.pem'), fingerprint)
    used(m, 'tls')
    want(d.stdout.readline(), 'session of nms1\n')


def by_ssh():
    for name, more in (('ops', []), ('host', ['-m', 'PEM', '-t', 'ecdsa'])):
        subprocess.run(['ssh-keygen', '-q', '-N', '', *(more or ['-t', 'ed25519']), '-f', path(name)], check=True)
    m = Manager('credential:\n' + credential(**{'ssh-key': path('ops')}), issuer=None)
    m.add('gw-1', pins=[open(path('host.pub')).read().strip()])
    d = device('ssh', '4334', path('host'), '-', path('ops.pub'), '-')
    used(m, 'ssh')
    want(d.stdout.readline(), 'session of admin\n')


def s_server():
    """It cannot call, so a socket is relayed to it; its view of the handshake is what counts."""
    m = Manager(usual())
    certificate('gw-1', 'maker', '/serialNumber=SN1')
    m.add('gw-1', identifier='SN1')
    port = 14433
    p = subprocess.Popen(['openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-cert', path('gw-1.crt'), '-key',
                          path('gw-1.key'), '-CAfile', path('operator.pem'), '-Verify', '2', '-verify_return_error',
                          '-naccept', '1', '-tlsextdebug'],
                         stdin=subprocess.PIPE, stdout=open(path('s.log'), 'w'), stderr=subprocess.STDOUT)
    RUNNING.append(p)
    wait_for(lambda: 'ACCEPT' in open(path('s.log')).read(), 10, 's_server')
    relay = subprocess.Popen(['socat', f'TCP:127.0.0.1:{port}', 'TCP:127.0.0.1:4335'], stderr=subprocess.DEVNULL)
    RUNNING.append(relay)
    wait_for(lambda: '<hello' in open(path('s.log'), errors='replace').read(), 10, 'hello')
    text = open(path('s.log'), errors='replace').read()
    holds('subject=CN = nms1' in text and 'CIPHER is TLS_AES' in text, text)
    holds('heartbeat' not in text, 'no heartbeat extension')
    p.stdin.write(rig.hello('1.0').encode() + b']]>]]>\n')
    p.stdin.flush()
    m.connected('gw-1')


if __name__ == '__main__':
    rig.alone()
    rig.run([
        ('8071-C8a,8071-C3b,7589-1a,6242-4.1b libnetconf2 calls by TLS', ends(by_tls)),
        ('8071-C8a,8071-C3a,6242-6a,6242-4.1b libnetconf2 calls by SSH', ends(by_ssh)),
        ('8071-C7b,X-8071-C4b s_server: an ordinary handshake, with our certificate', ends(s_server)),
    ])
