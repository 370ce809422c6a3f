# SPDX-License-Identifier: GPL-2.0-or-later
"""A manager that is called: the client of TLS on a connection it accepted, and of NETCONF or HTTP on that."""
import http.client
import os
import socket
import ssl
import time

BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0'
NATFW = 'urn:natfw:yang:natfw'
HELLO = (f'<hello xmlns="{BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability>'
         '</capabilities></hello>]]>]]>').encode()
SECONDS = 120


class Listener:
    """Where one of the device's clients calls, with certificates in directory @certs."""

    def __init__(self, certs, address, port):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.tls.check_hostname = False
        self.tls.load_verify_locations(os.path.join(certs, 'device.crt'))
        self.tls.load_cert_chain(os.path.join(certs, 'nms.crt'), os.path.join(certs, 'nms.key'))
        self.s = socket.create_server((address, port))
        self.s.settimeout(SECONDS)

    def accept(self):
        c, _ = self.s.accept()
        c.settimeout(SECONDS)
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(c)


class Netconf:
    """A session; answers are octets, not looked into."""

    def __init__(self, s):
        self.s, self.buf, self.number = s, b'', 0
        s.sendall(HELLO)
        while b']]>]]>' not in self.buf:
            self.more()
        self.buf = self.buf.split(b']]>]]>', 1)[1]

    def more(self):
        data = self.s.recv(1 << 18)
        if not data:
            raise EOFError('the device has closed')
        self.buf += data

    def until(self, end, at):
        while (found := self.buf.find(end, at)) < 0:
            self.more()
        return found

    def reply(self):
        """A whole message, without its framing."""
        parts, at = [], 0
        while True:
            end = self.until(b'\n', at + 2)
            if self.buf[at:end] == b'\n##':
                self.buf = self.buf[end + 1:]
                return b''.join(parts)
            size = int(self.buf[at + 2:end])
            while len(self.buf) < end + 1 + size:
                # joined once, not for each piece that comes
                need, got = end + 1 + size - len(self.buf), []
                while need > 0:
                    data = self.s.recv(1 << 18)
                    if not data:
                        raise EOFError('the device has closed')
                    got.append(data)
                    need -= len(data)
                self.buf += b''.join(got)
            parts.append(self.buf[end + 1:end + 1 + size])
            self.buf, at = self.buf[end + 1 + size:], 0

    def ask(self, operation):
        """The answer to @operation, and how many seconds it took."""
        self.number += 1
        text = f'<rpc message-id="{self.number}" xmlns="{BASE}">{operation}</rpc>'.encode()
        begin = time.monotonic()
        self.s.sendall(b'\n#%d\n%s\n##\n' % (len(text), text))
        answer = self.reply()
        took = time.monotonic() - begin
        if b'<rpc-error' in answer:
            raise SystemExit('the device refuses: ' + answer[:2000].decode())
        return answer, took


class Restconf:
    def __init__(self, s):
        self.c = http.client.HTTPConnection('device', timeout=SECONDS)
        self.c.sock = s

    def get(self, path):
        begin = time.monotonic()
        self.c.request('GET', '/restconf/data' + path, headers={'Accept': 'application/yang-data+json'})
        r = self.c.getresponse()
        body = r.read()
        took = time.monotonic() - begin
        if r.status != 200:
            raise SystemExit(f'the device answers {r.status}: {body[:2000].decode()}')
        return body, took
