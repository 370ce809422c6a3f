#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# Who a device is, over TLS: pins, issuers, identifiers, validity, revocation; what it is shown, and what has
# no say in it.

import os
import shutil
import ssl
import threading
import time

import rig
from rig import (Device, Manager, answer, authority, certificate, credential, digest, holds, path, revoked, usual,
                 wait_for, want)

CDP = 'crlDistributionPoints=URI:http://crl.example/maker.crl'
OCSP = 'authorityInfoAccess=OCSP;URI:http://ocsp.example/'


class Quiet(Device):
    """Notes whether anything of NETCONF came, and what certificate was shown."""

    def serve(self):
        self.shown = self.peer
        super().serve()


def not_let_in(m, cert, reason, **keys):
    """The handshake fails before the manager shows anything of its own."""
    d = Quiet(cert, **keys)
    got = m.refusal(reason)
    d.over()
    want(d.received, [], f'{cert}: messages')
    want(getattr(d, 'shown', None), None, f'{cert}: certificate shown to it')
    return got


def issuer(more):
    return f'issuer:\n- {{name: maker, certificates: {path("maker.pem")}, {more}}}\n'


def start(rule='identifier: serial-number', **keys):
    text = usual(**keys)
    return Manager(issuer(rule) + text, issuer=None)


def unknown_issuer():
    m = start()
    authority('other')
    certificate('false', 'other', '/serialNumber=SN1')
    m.add('gw-1', identifier='SN1')
    got = not_let_in(m, 'false', 'unknown issuer')
    want(got['pin'].lower(), digest('false').replace(':', '').replace('sha256', 'sha256:').lower(), 'what was shown')
    # one of the same name as the right one
    os.rename(path('maker.pem'), path('right.pem'))
    os.rename(path('maker.key'), path('right.key'))
    authority('maker')
    certificate('forged', 'maker', '/serialNumber=SN1')
    d = Quiet('forged')
    d.over()
    want((d.received, m.device('gw-1')['state']), ([], 'expected'))
    # and one that a public authority of this system may have certified
    m.stop()


def unknown_identifier():
    m = start()
    m.add('gw-1', identifier='SN1')
    certificate('gw-2', 'maker', '/CN=SN1/serialNumber=SN2')
    got = not_let_in(m, 'gw-2', 'unknown identifier')
    want((got['identifier'], got['source'], got['transport']), ('SN2', '127.0.0.1', 'tls'))
    certificate('none', 'maker', '/CN=SN1')
    not_let_in(m, 'none', 'no identifier in the certificate')
    certificate('both', 'maker', '/serialNumber=SN1/serialNumber=SN2')
    not_let_in(m, 'both', 'several identifiers in the certificate')


def address_has_no_say():
    m = start()
    m.add('gw-1', identifier='SN1')
    certificate('gw-1', 'maker', '/serialNumber=SN1')
    certificate('gw-2', 'maker', '/serialNumber=SN2')
    for n in (1, 2, 3):
        d = Device('gw-1', source=f'127.0.1.{n}')
        wait_for(lambda: m.device('gw-1').get('source') == f'127.0.1.{n}' and m.device('gw-1').get('session'), 10,
                 'the device from elsewhere')
        d.hang_up()
        d.over()
    # from where the right one was seen last
    not_let_in(m, 'gw-2', 'unknown identifier', source='127.0.1.3')


def fields():
    for rule, subject, extension, good in (
            ('serial-number', '/CN=x/serialNumber=DEV-1', '', True),
            ('common-name', '/CN=DEV-1', '', True),
            ('common-name', '/CN=x/serialNumber=DEV-1', '', False),
            ('dns-name', '/CN=x', 'subjectAltName=DNS:y.example,DNS:DEV-1', True),
            ('dns-name', '/CN=DEV-1', 'subjectAltName=URI:DEV-1', False),
            ('uri', '/CN=x', 'subjectAltName=URI:DEV-1', True),
            ('uri', '/CN=x', 'subjectAltName=DNS:DEV-1', False)):
        m = start(f'identifier: {rule}')
        m.add('dev-1', identifier='DEV-1')
        certificate('dev', 'maker', subject, extension)
        d = Device('dev')
        if good:
            m.connected('dev-1')
        else:
            d.over()
            want((d.received, m.device('dev-1')['state']), ([], 'expected'), rule)
        m.stop()
        shutil.rmtree(path('state'))


def issuer_of_device():
    authority('maker')
    authority('maker2')
    text = usual()
    conf = (f'issuer:\n- {{name: maker, certificates: {path("maker.pem")}}}\n'
            f'- {{name: maker2, certificates: {path("maker2.pem")}}}\n')
    m = Manager(conf + text, issuer=None) if os.path.exists(path('operator.pem')) else None
    if m is None:
        authority('operator')
        certificate('manager', 'operator', '/CN=nms1')
        m = Manager(conf + 'credential:\n' + credential(certificate=path('manager.crt'), key=path('manager.key')),
                    issuer=None)
    m.add('gw-1', identifier='SN1', issuer='maker2')
    certificate('wrong', 'maker', '/serialNumber=SN1')
    certificate('right', 'maker2', '/serialNumber=SN1')
    not_let_in(m, 'wrong', 'certified by another issuer than the device\'s')
    Device('right')
    m.connected('gw-1')


def intermediates():
    m = start()
    m.add('gw-1', identifier='SN1')
    authority('plant', 'maker')
    certificate('gw-1', 'plant', '/serialNumber=SN1', chain=('plant',))
    certificate('short', 'plant', '/serialNumber=SN1')
    not_let_in(m, 'short', 'unknown issuer')
    Device('gw-1')
    m.connected('gw-1')


def intermediate_as_anchor():
    text = usual()
    authority('plant', 'maker')
    authority('plant2', 'maker')
    m = Manager(f'issuer:\n- {{name: plant, certificates: {path("plant.pem")}}}\n' + text, issuer=None)
    m.add('gw-1', identifier='SN1')
    certificate('other', 'plant2', '/serialNumber=SN1', chain=('plant2', 'maker'))
    not_let_in(m, 'other', 'unknown issuer')
    certificate('gw-1', 'plant', '/serialNumber=SN1', chain=('plant',))
    Device('gw-1')
    m.connected('gw-1')


def dates():
    m = start()
    m.add('gw-1', identifier='SN1')
    certificate('old', 'maker', '/serialNumber=SN1', dates=('20200101000000Z', '20200201000000Z'))
    not_let_in(m, 'old', 'certificate expired')
    certificate('young', 'maker', '/serialNumber=SN1', dates=('20900101000000Z', '20910101000000Z'))
    not_let_in(m, 'young', 'certificate not yet valid')
    certificate('client', 'maker', '/serialNumber=SN1', 'extendedKeyUsage=clientAuth')
    not_let_in(m, 'client', 'certificate not meant for this')
    # pinned, and yet out of date
    m.add('gw-2', pins=[digest('old')])
    m.status()
    before = [r for r in m.refused() if r['reason'] == 'certificate expired'][0]['count']
    Quiet('old').over()
    want([r for r in m.refused() if r['reason'] == 'certificate expired'][0]['count'], before + 1)


def pins():
    m = start()
    authority('none')
    certificate('pinned', 'none', '/CN=x')
    certificate('like', 'none', '/CN=x')
    m.add('by-certificate', pins=[digest('pinned')])
    not_let_in(m, 'like', 'unknown issuer')
    Device('pinned')
    m.connected('by-certificate')
    # the key alone: it stays the same when the certificate is renewed
    certificate('key', 'none', '/CN=x')
    spki = rig.openssl('pkey', '-in', 'key.key', '-pubout', '-outform', 'DER', '-out', 'key.der')
    import hashlib
    m.add('by-key', pins=['sha256:' + hashlib.sha256(open(path('key.der'), 'rb').read()).hexdigest()])
    rig.openssl('req', '-new', '-key', 'key.key', '-subj', '/CN=renewed', '-out', 'key.csr')
    rig.sign('key', 'none', 'basicConstraints=critical,CA:FALSE')
    shutil.copy(path('key.crt'), path('key.chain'))
    Device('key')
    m.connected('by-key')


def revocation():
    usual()
    certificate('gw-1', 'maker', '/serialNumber=SN1', CDP)
    certificate('gw-2', 'maker', '/serialNumber=SN2', CDP)
    revoked('maker', 'gw-2')
    m = start(f'crl: {path("maker.crl")}')
    m.add('gw-1', identifier='SN1')
    m.add('gw-2', identifier='SN2')
    not_let_in(m, 'gw-2', 'certificate revoked')
    Device('gw-1')
    m.connected('gw-1')
    # withdrawn while the manager runs
    Device.stop_all()
    revoked('maker', 'gw-1')
    m.command('reload')
    not_let_in(m, 'gw-1', 'certificate revoked')
    # and pinning does not help
    m.command('devices', 'remove', 'gw-1')
    m.add('gw-1', pins=[digest('gw-1')])
    before = m.status()['refused']
    Quiet('gw-1').over()
    want(m.status()['refused'], before + 1)


class Mute(Device):
    """Has shown its certificate, and says nothing after that."""

    def serve(self):
        self.mute = True
        while self.tls.recv(1000):
            pass


def revoked_within_handshake():
    usual()
    certificate('gw-1', 'maker', '/serialNumber=SN1', CDP)
    certificate('gw-2', 'maker', '/serialNumber=SN2', CDP)
    revoked('maker')
    m = start(f'crl: {path("maker.crl")}')
    m.add('gw-1', identifier='SN1')
    m.add('gw-2', identifier='SN2')
    one, two = Mute('gw-1'), Mute('gw-2')
    wait_for(lambda: hasattr(one, 'mute') and hasattr(two, 'mute'), 10, 'TLS')
    revoked('maker', 'gw-1')
    m.command('reload')
    one.over(3)
    holds(not two.ended.is_set(), 'the other one stays')


def combined(*lists):
    with open(path('all.crl'), 'w') as out:
        for name in lists:
            out.write(open(path(f'{name}.crl')).read())


def revoked_and_more():
    """What else would be wrong with it by now does not hide that."""
    usual()
    authority('upper', 'maker')
    authority('lower', 'upper')
    certificate('gw-1', 'lower', '/serialNumber=SN1', chain=('lower', 'upper'))
    end = time.time() + 12 * rig.SLOW
    certificate('gw-2', 'maker', '/serialNumber=SN2',
                dates=('20200101000000Z', time.strftime('%Y%m%d%H%M%SZ', time.gmtime(end))))
    for name in ('maker', 'upper', 'lower'):
        revoked(name)
    combined('maker', 'upper', 'lower')
    m = start(f'crl: {path("all.crl")}, revocation: required')
    for n in (1, 2):
        m.add(f'gw-{n}', identifier=f'SN{n}')
        Device(f'gw-{n}')
    m.connected('gw-1')
    m.connected('gw-2')
    wait_for(lambda: time.time() > end + 1, 20, 'its end')
    # no list of the lower one, and out of date
    combined('maker', 'lower')
    m.command('reload')
    want([m.device(f'gw-{n}')['state'] for n in (1, 2)], ['connected'] * 2)
    revoked('maker', 'upper', 'gw-2')
    combined('maker', 'lower')
    m.command('reload')
    for n in (1, 2):
        wait_for(lambda n=n: m.device(f'gw-{n}')['state'] == 'seen', 5, f'gw-{n} to be hung up')


def intermediate_revoked():
    usual()
    authority('plant', 'maker')
    certificate('gw-1', 'plant', '/serialNumber=SN1', chain=('plant',))
    revoked('maker', 'plant')
    m = start(f'crl: {path("maker.crl")}')
    m.add('gw-1', identifier='SN1')
    not_let_in(m, 'gw-1', 'certificate revoked')


def no_list():
    usual()
    certificate('plain', 'maker', '/serialNumber=SN1')
    certificate('cdp', 'maker', '/serialNumber=SN1', CDP)
    certificate('ocsp', 'maker', '/serialNumber=SN1', OCSP)
    m = start()
    m.add('gw-1', identifier='SN1')
    not_let_in(m, 'cdp', 'no revocation list')
    not_let_in(m, 'ocsp', 'no revocation list')
    d = Device('plain')
    m.connected('gw-1')
    m.stop()
    m = start('revocation: if-there')
    Device('cdp')
    m.connected('gw-1')
    m.stop()
    revoked('maker', days=0)
    m = start(f'crl: {path("maker.crl")}, revocation: required')
    not_let_in(m, 'plain', 'revocation list out of date')
    revoked('maker')
    m.command('reload')
    Device('plain')
    m.connected('gw-1')
    # a list of somebody else's is not taken, and nothing changes
    authority('other')
    revoked('other')
    with open(path('maker.crl'), 'w') as f:
        f.write('no list\n')
    m.command('reload', status=1)
    holds('crl' in m.stderr, m.stderr)
    Device.stop_all()
    wait_for(lambda: m.device('gw-1')['state'] == 'seen', 5, 'it to go')
    Device('plain')
    m.connected('gw-1')


def credentials_bound():
    usual()
    authority('op2')
    certificate('manager2', 'op2', '/CN=nms2')
    more = credential('second', certificate=path('manager2.crt'), key=path('manager2.key'))
    m = start(more=more)
    certificate('gw-1', 'maker', '/serialNumber=SN1')
    certificate('gw-2', 'maker', '/serialNumber=SN2')
    m.add('gw-1', identifier='SN1', credential='ops')
    m.add('gw-2', identifier='SN2', credential='second')
    one, two = Device('gw-1'), Device('gw-2', ca='op2')
    m.connected('gw-1')
    m.connected('gw-2')
    want((one.peer['subject'][0][0][1], two.peer['subject'][0][0][1]), ('nms1', 'nms2'))
    # a device that accepts only the other's gets the one bound to it all the same
    three = Device('gw-1', ca='op2')
    three.over()
    want(three.received, [])


def shared_issuer_warned():
    m = start()
    # an authority that this system trusts for the web
    name = [f for f in sorted(os.listdir('/etc/ssl/certs')) if f.endswith('.pem')] if os.path.isdir('/etc/ssl/certs') else []
    if not name:
        raise rig.Skip('no certificates of public authorities here')
    conf = f'issuer:\n- {{name: world, certificates: /etc/ssl/certs/{name[0]}}}\n'
    with open(path('w.yaml'), 'w') as f:
        f.write(conf)
    import subprocess
    p = subprocess.run([rig.CLI, 'serve', '-t', '-c', path('w.yaml')], capture_output=True, text=True)
    holds('is a public authority' in p.stderr and p.stdout == 'ok\n', p.stderr)
    with open(path('w.yaml'), 'w') as f:
        f.write(conf.replace('}', ', shared: true}'))
    p = subprocess.run([rig.CLI, 'serve', '-t', '-c', path('w.yaml')], capture_output=True, text=True)
    holds('is a public authority' not in p.stderr and p.stdout == 'ok\n', p.stderr)


def old_tls():
    m = start()
    m.add('gw-1', identifier='SN1')
    certificate('gw-1', 'maker', '/serialNumber=SN1')

    def context(version, ciphers=None):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.minimum_version = c.maximum_version = version
        c.set_ciphers((ciphers or 'ALL') + ':@SECLEVEL=0')
        c.load_cert_chain(path('gw-1.chain'), path('gw-1.key'))
        c.load_verify_locations(path('operator.pem'))
        c.verify_mode = ssl.CERT_REQUIRED
        return c
    import warnings
    warnings.simplefilter('ignore')
    for v in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        d = Device('gw-1', context=context(v))
        d.over()
        want(d.received, [])
    for ciphers in ('eNULL', 'aNULL', 'AES128-SHA', 'ECDHE-ECDSA-AES128-SHA'):
        d = Device('gw-1', context=context(ssl.TLSVersion.TLSv1_2, ciphers))
        d.over()
        want(d.received, [], ciphers)
    m.command('forgive')
    for v in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        d = Device('gw-1', context=context(v))
        m.connected('gw-1')
        want(d.tls.version(), 'TLSv1.2' if v == ssl.TLSVersion.TLSv1_2 else 'TLSv1.3')
        d.hang_up()
        d.over()
        wait_for(lambda: m.device('gw-1')['state'] == 'seen', 5, 'it to go')


def key_files():
    usual()
    os.chmod(path('manager.key'), 0o640)
    import subprocess
    with open(path('k.yaml'), 'w') as f:
        f.write('credential:\n' + credential(certificate=path('manager.crt'), key=path('manager.key')))

    def check():
        p = subprocess.run([rig.CLI, 'serve', '-t', '-c', path('k.yaml')], capture_output=True, text=True)
        return p.stdout + p.stderr
    holds('can be read by others' in check(), check())
    os.chmod(path('manager.key'), 0o600)
    want(check(), 'ok\n')
    certificate('else', 'operator')
    with open(path('k.yaml'), 'w') as f:
        f.write('credential:\n' + credential(certificate=path('manager.crt'), key=path('else.key')))
    holds('is not the key of the certificate' in check(), check())


if __name__ == '__main__':
    rig.alone()
    rig.run([
        ('8071-C5a,8071-C6a,7589-5a a chain to a configured issuer, and nothing is shown to others', unknown_issuer),
        ('8071-C6b,7589-6a,CHD-6g an identifier that is known', unknown_identifier),
        ('8071-C6b,CHD-3d where it calls from has no say', address_has_no_say),
        ('8071-C6c the field that has the identifier is the issuer\'s rule', fields),
        ('8071-C6a a device may be bound to its issuer', issuer_of_device),
        ('8071-C5b,7589-5a intermediates come from the device', intermediates),
        ('8071-C6a an intermediate may be the anchor', intermediate_as_anchor),
        ('7589-5a expired, not yet valid, meant for something else', dates),
        ('8071-C5b,7589-5a pinned certificate, pinned key', pins),
        ('8071-C5c,8071-C5d a revoked certificate ends it at once', revocation),
        ('8071-C5d a certificate revoked between the handshake and the first word', revoked_within_handshake),
        ('8071-C5d revoked, and out of date or without a list besides', revoked_and_more),
        ('8071-C5d a revoked intermediate', intermediate_revoked),
        ('8071-C5c a certificate that names a source of revocation needs a list', no_list),
        ('8071-C7a each device is shown what is bound to it', credentials_bound),
        ('8071-5a a public authority is warned of', shared_issuer_warned),
        ('7589-8a,7589-8b,CHS-10 TLS 1.2 and 1.3, and nothing older or without secrecy', old_tls),
        ('keys that others can read are refused', key_files),
    ])
