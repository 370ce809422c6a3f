# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the manager's tests share: KTAP points, certificates made by openssl, a running manager, and
# devices that call it. The devices know nothing of the manager's code: Python's ssl and sockets.
#
# Everything happens in a network namespace of the test's own, so ports are free.

import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.realpath(os.path.join(HERE, '..', '..'))
MANAGER = os.environ.get('MANAGER', os.path.join(HERE, 'natfw-manager-san'))
# the daemon runs with sanitizers; commands do not need them
CLI = os.environ.get('MANAGER_CLI', os.path.join(HERE, 'natfw-manager'))
SLOW = float(os.environ.get('NATFW_SLOWNESS', '1'))
# what limits of waiting are multiplied by: builds and other tests run beside (tests/lib.sh)
LONG = 4 * SLOW
BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0'
PORT = {'ssh': 4334, 'tls': 4335, 'restconf': 4336}
WORK = None


class Failed(Exception):
    pass


class Skip(Exception):
    pass


def want(got, expected, what='value'):
    if got != expected:
        raise Failed(f'{what}: got {got!r}, expected {expected!r}')


def holds(condition, what):
    if not condition:
        raise Failed(f'not so: {what}')


def wait_for(condition, seconds=10, what='condition'):
    """Until it is true; what it returned then."""
    end = time.monotonic() + seconds * LONG
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise Failed(f'waited {seconds} s for: {what}')
        time.sleep(0.05)


# --- points --------------------------------------------------------------------------------

def alone():
    """Go on in a network namespace of our own."""
    if os.environ.get('MANAGER_TEST_NS') != str(os.getppid()):
        if os.geteuid() != 0:
            print('1..0 # SKIP needs root')
            sys.exit(4)
        env = dict(os.environ, MANAGER_TEST_NS=str(os.getpid()))
        child = subprocess.Popen(['unshare', '--net', sys.executable] + sys.argv, env=env)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        sys.exit(child.wait())
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


def run(points):
    """Points are (name, function); each starts with a fresh directory and no manager."""
    global WORK
    only = os.environ.get('ONLY')
    points = [p for p in points if not only or re.search(only, p[0])]
    bad = False
    print('KTAP version 1', flush=True)
    for number, (name, function) in enumerate(points, 1):
        WORK = tempfile.mkdtemp(prefix='natfw-manager.')
        status, end = 'ok', ''
        try:
            function()
            Manager.end_all()
        except Skip as e:
            end = f' # SKIP {e}'
        except BaseException as e:
            status, bad = 'not ok', True
            for line in traceback.format_exc().splitlines():
                print('# ' + line)
            for m in Manager.running:
                for line in m.log_text().splitlines()[-40:]:
                    print('# log: ' + line)
            if isinstance(e, KeyboardInterrupt):
                raise
        finally:
            Manager.kill_all()
            Device.stop_all()
            shutil.rmtree(WORK, ignore_errors=True)
        print(f'{status} {number} {name}{end}', flush=True)
    print(f'1..{len(points)}', flush=True)
    os._exit(1 if bad else 0)


# --- certificates --------------------------------------------------------------------------

def path(name):
    return os.path.join(WORK, name)


def openssl(*args):
    p = subprocess.run(['openssl'] + list(args), capture_output=True, text=True, cwd=WORK)
    if p.returncode:
        raise Failed(f'openssl {args}: {p.stderr}')
    return p.stdout


def authority(name, issuer=None):
    """NAME.pem, NAME.key; below another one if issuer is given."""
    make = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN=authority {name}',
            '-keyout', f'{name}.key']
    if issuer is None:
        openssl('req', '-x509', *make, '-days', '30', '-out', f'{name}.pem')
    else:
        openssl('req', '-new', *make, '-out', f'{name}.csr')
        sign(name, issuer, 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign')
        shutil.copy(path(f'{name}.crt'), path(f'{name}.pem'))
    os.chmod(path(f'{name}.key'), 0o600)


SERIAL = [1000]


def sign(name, issuer, extensions, dates=None):
    SERIAL[0] += 1
    with open(path(f'{name}.ext'), 'w') as f:
        f.write(extensions + '\n')
    if dates is None:
        openssl('x509', '-req', '-in', f'{name}.csr', '-CA', f'{issuer}.pem', '-CAkey', f'{issuer}.key',
                '-set_serial', str(SERIAL[0]), '-days', '30', '-extfile', f'{name}.ext', '-out', f'{name}.crt')
        return
    authority_conf(issuer)
    with open(path(f'{issuer}.serial'), 'w') as f:
        f.write('%04X\n' % SERIAL[0])
    openssl('ca', '-batch', '-config', f'{issuer}.conf', '-startdate', dates[0], '-enddate', dates[1],
            '-in', f'{name}.csr', '-keyfile', f'{issuer}.key', '-cert', f'{issuer}.pem', '-notext',
            '-extfile', f'{name}.ext', '-out', f'{name}.crt')


def authority_conf(issuer):
    if os.path.exists(path(f'{issuer}.conf')):
        return
    open(path(f'{issuer}.index'), 'w').close()
    with open(path(f'{issuer}.number'), 'w') as f:
        f.write('01\n')
    with open(path(f'{issuer}.conf'), 'w') as f:
        f.write(f'''[ca]
default_ca = this
[this]
database = {issuer}.index
serial = {issuer}.serial
crlnumber = {issuer}.number
new_certs_dir = .
default_md = sha256
default_crl_days = 30
policy = any
unique_subject = no
[any]
commonName = optional
serialNumber = optional
organizationName = optional
''')


def certificate(name, issuer, subject=None, extensions='', dates=None, chain=()):
    """NAME.crt, NAME.key and NAME.chain, which is what the device shows."""
    openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
            '-subj', subject or f'/CN={name}', '-keyout', f'{name}.key', '-out', f'{name}.csr')
    sign(name, issuer, 'basicConstraints=critical,CA:FALSE\n' + extensions, dates)
    with open(path(f'{name}.chain'), 'w') as out:
        for part in (f'{name}.crt',) + tuple(f'{c}.pem' for c in chain):
            out.write(open(path(part)).read())
    os.chmod(path(f'{name}.key'), 0o600)


def revoked(issuer, *names, days=30):
    """ISSUER.crl, in which they are."""
    authority_conf(issuer)
    key = ['-config', f'{issuer}.conf', '-keyfile', f'{issuer}.key', '-cert', f'{issuer}.pem']
    for name in names:
        openssl('ca', *key, '-revoke', f'{name}.crt')
    when = ['-crldays', str(days)] if days > 0 else ['-crl_lastupdate', '20200101000000Z',
                                                      '-crl_nextupdate', '20200201000000Z']
    openssl('ca', *key, '-gencrl', *when, '-out', f'{issuer}.crl')


def digest(name):
    """Of a certificate, as a pin."""
    text = openssl('x509', '-in', f'{name}.crt', '-noout', '-fingerprint', '-sha256')
    return 'sha256:' + text.split('=')[1].strip()


# --- the manager ---------------------------------------------------------------------------

class Manager:
    running = []

    def __init__(self, more='', start=True, issuer='maker', listen=None):
        self.conf, self.log, self.socket = path('conf.yaml'), path('log'), path('control')
        os.makedirs(path('state'), exist_ok=True)
        self.process = None
        if more is not None:
            self.write(more, issuer, listen)
        if start:
            self.start()

    def write(self, more, issuer, listen):
        with open(self.conf, 'w') as f:
            f.write(f'user: root\nstate: {path("state")}\ncontrol: {{path: {self.socket}}}\n')
            if listen:
                f.write(f'listen:\n{listen}\n')
            if issuer:
                f.write(f'issuer:\n- {{name: {issuer}, certificates: {path(issuer + ".pem")}, '
                        f'identifier: serial-number}}\n')
            f.write(more)

    def start(self):
        out = open(self.log, 'a')
        before = self.log_text().count(' ready ')
        env = dict(os.environ, NATFW_MANAGER_NO_GUARD='1')
        self.process = subprocess.Popen([MANAGER, 'serve', '-c', self.conf, '-d', 'debug'], stderr=out,
                                        stdout=out, stdin=subprocess.DEVNULL, env=env)
        Manager.running.append(self)
        wait_for(lambda: self.log_text().count(' ready ') > before or self.process.poll() is not None, 10,
                 'manager to start')
        if self.process.poll() is not None:
            raise Failed(f'manager ended with {self.process.returncode}')

    def log_text(self):
        try:
            return open(self.log, errors='replace').read()
        except FileNotFoundError:
            return ''

    def logged(self, pattern, seconds=10):
        return wait_for(lambda: re.search(pattern, self.log_text()), seconds, f'log line {pattern}')

    def stop(self):
        """In order; sanitizers must have nothing to say."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=20 * LONG)
        want(status, 0, 'exit status of the manager')
        holds('Sanitizer' not in self.log_text() and 'runtime error' not in self.log_text(), 'log is clean')
        holds('system call not allowed' not in self.log_text(), 'no system call was refused')
        Manager.running.remove(self)

    def kill(self):
        self.process.kill()
        self.process.wait()
        Manager.running.remove(self)

    @staticmethod
    def end_all():
        for m in list(Manager.running):
            m.stop()

    @staticmethod
    def kill_all():
        for m in list(Manager.running):
            m.process.kill()
            m.process.wait()
        Manager.running.clear()

    def command(self, *args, text=None, status=0):
        """Its standard output; status None: any."""
        p = subprocess.run([CLI, args[0], '-S', self.socket] + list(args[1:]), capture_output=True,
                           text=True, input=text, timeout=120 * LONG)
        if status is not None and p.returncode != status:
            raise Failed(f'{args}: status {p.returncode}, {p.stdout!r} {p.stderr!r}')
        self.stderr = p.stderr
        return p.stdout

    def json(self, *args, **more):
        return [json.loads(line) for line in self.command(args[0], '-j', *args[1:], **more).splitlines()]

    def add(self, name, **keys):
        pins = keys.pop('pins', [])
        keys.setdefault('credential', 'ops')
        words = [f'{k}={v}' for k, v in keys.items()] + [f'pin={p}' for p in pins]
        self.command('devices', 'add', name, *words)

    def device(self, name):
        return [d for d in self.json('devices', 'list') if d['name'] == name][0]

    def connected(self, name, seconds=10):
        return wait_for(lambda: self.device(name)['state'] == 'connected', seconds, f'{name} to be connected')

    def status(self):
        return self.json('status')[0]

    def refused(self):
        return self.json('devices', 'refused')

    def refusal(self, reason, seconds=10):
        return wait_for(lambda: [r for r in self.refused() if r['reason'] == reason], seconds,
                        f'refusal: {reason}')[0]


def credential(name='ops', user='admin', **more):
    """A line of configuration; with certificate and key unless told otherwise."""
    words = ''.join(f', {k}: {v}' for k, v in more.items())
    return f'- {{name: {name}, user: {user}{words}}}\n'


def usual(more='', limits='', issuer=''):
    """Authorities, the manager's certificate, and what to write about them."""
    if not os.path.exists(path('maker.pem')):
        authority('maker')
        authority('operator')
        certificate('manager', 'operator', '/CN=nms1')
    text = f'{issuer}credential:\n' + credential(certificate=path('manager.crt'), key=path('manager.key')) + more
    return text + (f'limits: {{{limits}}}\n' if limits else '')


# --- devices -------------------------------------------------------------------------------

def hello(*versions, session=7, more=''):
    caps = ''.join(f'<capability>urn:ietf:params:netconf:base:{v}</capability>' for v in versions)
    sid = f'<session-id>{session}</session-id>' if session is not None else ''
    return f'<hello xmlns="{BASE}"><capabilities>{caps}{more}</capabilities>{sid}</hello>'


def answer(rpc):
    """What a device says to an rpc, if nobody says otherwise."""
    mid = re.search(r'message-id="(\d+)"', rpc).group(1)
    if '<get' in rpc:
        body = '<data><system xmlns="urn:example"><name>it</name></system></data>'
    elif '<refuse' in rpc:
        body = ('<rpc-error><error-type>application</error-type><error-tag>invalid-value</error-tag>'
                '<error-severity>error</error-severity><error-path>/t:rule</error-path>'
                '<error-message>no such thing</error-message></rpc-error>')
    else:
        body = '<ok/>'
    return f'<rpc-reply xmlns="{BASE}" message-id="{mid}">{body}</rpc-reply>'


class Framing:
    """A strict decoder, and an encoder, of RFC 6242."""

    def __init__(self):
        self.chunked, self.buffer = False, b''

    def encode(self, text, chunk=None):
        data = text.encode() if isinstance(text, str) else text
        if not self.chunked:
            return data + b']]>]]>'
        n = chunk or len(data)
        parts = [data[i:i + n] for i in range(0, len(data), n)]
        return b''.join(b'\n#%d\n%s' % (len(p), p) for p in parts) + b'\n##\n'

    def decode(self):
        """One message, or None."""
        if not self.chunked:
            end = self.buffer.find(b']]>]]>')
            if end < 0:
                return None
            got, self.buffer = self.buffer[:end], self.buffer[end + 6:]
            return got.decode()
        at, out = 0, b''
        while True:
            m = re.match(rb'\n#([1-9]\d{0,9})\n', self.buffer[at:at + 14])
            if m:
                at += m.end()
                size = int(m.group(1))
                if len(self.buffer) < at + size:
                    return None
                out += self.buffer[at:at + size]
                at += size
            elif self.buffer[at:at + 4] == b'\n##\n' and out:
                self.buffer = self.buffer[at + 4:]
                return out.decode()
            elif len(self.buffer) - at < 14 and re.match(rb'(\n(#([1-9]\d*|#)?)?)?\Z', self.buffer[at:]):
                return None
            else:
                raise Failed(f'bad framing from the manager: {self.buffer[at:at + 20]!r}')


class Device(threading.Thread):
    """Calls the manager, is a TLS server on that connection, and a NETCONF server on that."""
    all = []

    def __init__(self, cert, port=4335, source=None, versions=('1.0', '1.1'), answer=answer, first=None, ca='operator',
                 context=None, chunk=None, start=True, host='127.0.0.1'):
        super().__init__(daemon=True)
        self.cert, self.port, self.source, self.versions, self.host = cert, port, source, versions, host
        self.answer, self.first, self.ca, self.chunk = answer, first, ca, chunk
        self.context = context or self.make_context()
        self.sock = self.wire = self.tls = self.error = self.peer = None
        self.received, self.ended, self.raw = [], threading.Event(), b''
        Device.all.append(self)
        if start:
            self.start()

    def make_context(self):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(path(f'{self.cert}.chain'), path(f'{self.cert}.key'))
        if self.ca:
            c.load_verify_locations(path(f'{self.ca}.pem'))
            c.verify_mode = ssl.CERT_REQUIRED
        return c

    def run(self):
        try:
            self.call()
            self.serve()
        except (OSError, ssl.SSLError, EOFError) as e:
            self.error = e
        except BaseException as e:
            self.error = e
            traceback.print_exc(file=sys.stdout)
        finally:
            self.close()
            self.ended.set()

    def call(self):
        self.sock = socket.create_connection((self.host, self.port), 20,
                                             (self.source, 0) if self.source else None)
        self.wire = self.sock.dup()
        self.tls = self.context.wrap_socket(self.sock, server_side=True)
        self.peer = self.tls.getpeercert()

    def more(self):
        data = self.tls.recv(65536)
        if not data:
            raise EOFError
        self.raw += data
        self.framing.buffer += data

    def serve(self):
        self.framing = Framing()
        self.tls.sendall(self.framing.encode(self.first or hello(*self.versions)))
        self.tls.settimeout(None)
        first = None
        while first is None:
            self.more()
            first = self.framing.decode()
        self.received.append(first)
        self.framing.chunked = '1.1' in self.versions and 'base:1.1' in first
        while True:
            message = self.framing.decode()
            if message is None:
                self.more()
                continue
            self.received.append(message)
            said = self.answer(message)
            if said is not None:
                self.tls.sendall(self.framing.encode(said, self.chunk))
            if '<close-session' in message:
                raise EOFError

    def heard(self, count=1):
        """Until so many messages have come: the manager can be ahead of who it talks to."""
        wait_for(lambda: len(self.received) >= count, 10, f'message {count}')

    def send_raw(self, data):
        self.tls.sendall(data)

    def close(self):
        for s in (self.tls, self.sock, self.wire):
            try:
                if s:
                    s.close()
            except OSError:
                pass

    def hang_up(self):
        """At once, and without a word of TLS."""
        self.wire.shutdown(socket.SHUT_RDWR)

    def over(self, seconds=10):
        if not self.ended.wait(seconds * LONG):
            raise Failed(f'{self.cert}: the connection is not over')
        return self.error

    @staticmethod
    def stop_all():
        for d in Device.all:
            try:
                if d.wire:
                    d.hang_up()
            except OSError:
                pass
        Device.all.clear()
