#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A manager that is called: accepts a connection, is the client of TLS or SSH on it, and speaks NETCONF, strictly.

	peer.py [OPTION...] SCENARIO [ARGUMENT...]

A scenario is a function below, in scenarios.py, or, as MODULE.NAME, in another file; it fails by an exception, and what it prints is for the test to look at.
"""
import argparse
import importlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

NS = "urn:ietf:params:xml:ns:netconf:base:1.0"
MON = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
NATFW = "urn:natfw:yang:natfw"
NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
WD = "urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
BASE = "urn:ietf:params:netconf:base:"
MARKER = b"]]>]]>"
TIMEOUT = 15


def q(name, ns=NS):
    return "{%s}%s" % (ns, name)


def want(condition, text):
    if not condition:
        raise AssertionError(text)


class Listener:
    def __init__(self, o, port=None):
        family = socket.AF_INET6 if ":" in o.address else socket.AF_INET
        self.o = o
        self.s = socket.socket(family, socket.SOCK_STREAM)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.s.bind((o.address, port or o.port))
        self.s.listen(16)
        self.s.settimeout(o.timeout)

    def accept(self):
        c, self.peer = self.s.accept()
        c.settimeout(self.o.timeout)
        return c

    def context(self, cert=None):
        o = self.o
        t = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        t.check_hostname = False
        t.load_verify_locations(os.path.join(o.certs, o.ca + ".pem"))
        t.minimum_version = t.maximum_version = getattr(ssl.TLSVersion, o.tls)
        cert = cert or o.cert
        if cert != "none":
            t.load_cert_chain(os.path.join(o.certs, cert + ".pem"), os.path.join(o.certs, cert + ".key"))
        return t

    def secure(self, c, cert=None):
        if self.o.key:
            return Ssh(self.o, c)
        return self.context(cert).wrap_socket(c, server_side=False, suppress_ragged_eofs=False)

    def session(self, **args):
        return Session(self.secure(self.accept()), **args)


class Caller(Listener):
    """The same for who connects to the device: what would be accepted is opened."""

    def __init__(self, o):
        self.o = o

    def accept(self):
        self.peer = (self.o.address, self.o.port)
        return socket.create_connection(self.peer, self.o.timeout, (self.o.source, 0) if self.o.source else None)


class Ssh:
    """OpenSSH's client on connection C; reads and writes what comes by the subsystem, or by other means."""

    def __init__(self, o, c, *more, ask=("-s", "gateway", "netconf")):
        name = "natfw-peer-%d-%d" % (os.getpid(), c.fileno())
        with socket.socket(socket.AF_UNIX) as giver:
            giver.bind("\0" + name)
            giver.listen(1)
            giver.settimeout(o.timeout)
            self.s, its = socket.socketpair()
            self.log = os.path.join(o.certs, "ssh.log")
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    ["ssh", "-F", "none", "-o", "ProxyCommand=%s %s %s" % (
                        sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "fdpass.py"), name),
                     "-o", "ProxyUseFdpass=yes", "-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes",
                     "-o", "UserKnownHostsFile=" + os.path.join(o.certs, "known_hosts"),
                     "-o", "GlobalKnownHostsFile=none", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
                     "-i", os.path.join(o.certs, o.key), "-l", o.login, *more, *ask],
                    stdin=its, stdout=its, stderr=log)
            its.close()
            taker, _ = giver.accept()
            socket.send_fds(taker, [b"x"], [c.fileno()])
            taker.close()
            c.close()
        self.s.settimeout(o.timeout)

    def __getattr__(self, name):
        return getattr(self.s, name)

    def version(self):
        return "SSH"

    def over(self):
        """Its exit status."""
        return self.process.wait(30)


class Session:
    """Framing as RFC 6242 has it, and nothing else is put up with."""

    def __init__(self, s, versions=("1.0", "1.1"), greet=True):
        self.s = s
        self.buf = b""
        self.chunked = False
        self.n = 0
        self.events = []
        self.hello = None
        if greet:
            self.greet(versions)

    def greet(self, versions=("1.0", "1.1"), extra=""):
        self.send_raw(hello(versions, extra))
        self.take_hello(versions)

    def take_hello(self, versions=("1.0", "1.1")):
        self.hello = ET.fromstring(self.receive_marked())
        want(self.hello.tag == q("hello"), "no hello: %s" % self.hello.tag)
        self.capabilities = [c.text for c in self.hello.iter(q("capability"))]
        self.id = int(self.hello.find(q("session-id")).text)
        self.chunked = "1.1" in versions and BASE + "1.1" in self.capabilities

    def send_raw(self, data):
        self.s.sendall(data)

    def send(self, text):
        data = text.encode()
        if self.chunked:
            self.send_raw(b"\n#%d\n%s\n##\n" % (len(data), data))
        else:
            self.send_raw(data + MARKER)

    def more(self):
        data = self.s.recv(65536)
        if not data:
            raise EOFError("closed")
        self.buf += data

    def take(self, n):
        while len(self.buf) < n:
            self.more()
        data, self.buf = self.buf[:n], self.buf[n:]
        return data

    def receive_marked(self):
        while MARKER not in self.buf:
            self.more()
        data, self.buf = self.buf.split(MARKER, 1)
        return data

    def receive_chunked(self):
        whole = b""
        while True:
            want(self.take(2) == b"\n#", "no chunk")
            head = b""
            while not head.endswith(b"\n"):
                head += self.take(1)
            if head == b"#\n":
                want(whole, "a message without a chunk")
                return whole
            want(re.fullmatch(rb"[1-9][0-9]{0,9}\n", head), "bad size %r" % head)
            whole += self.take(int(head))

    def receive(self):
        return self.receive_chunked() if self.chunked else self.receive_marked()

    def ask(self, op, attributes=""):
        self.n += 1
        self.send('<rpc message-id="%d" xmlns="%s"%s>%s</rpc>' % (self.n, NS, attributes, op))
        return self.reply(str(self.n))

    def reply(self, message_id=None):
        r = ET.fromstring(self.receive())
        while r.tag == q("notification", NOTIFICATION):
            self.events.append(r)
            r = ET.fromstring(self.receive())
        want(r.tag == q("rpc-reply"), "no reply: %s" % r.tag)
        want(message_id is None or r.get("message-id") == message_id, "another reply")
        return r

    def next_event(self):
        """Its time and its content."""
        n = self.events.pop(0) if self.events else ET.fromstring(self.receive())
        want(n.tag == q("notification", NOTIFICATION) and len(n) == 2, "no event: %s" % ET.tostring(n).decode())
        want(n[0].tag == q("eventTime", NOTIFICATION), "no eventTime")
        return n[0].text, n[1]

    def event(self, name):
        """The next one of that name; others are passed over."""
        while True:
            at, e = self.next_event()
            if e.tag.split("}")[1] == name:
                return at, e

    def ok(self, op):
        r = self.ask(op)
        want(r.find(q("ok")) is not None, "not ok: %s" % ET.tostring(r).decode())

    def data(self, op):
        r = self.ask(op)
        d = r.find(q("data"))
        want(d is not None, "no data: %s" % ET.tostring(r).decode())
        return d

    def error(self, op, tag, kind=None):
        return check_error(self.ask(op), tag, kind)

    def ended(self):
        """The other side closes, and says no more than what is in the buffer already."""
        try:
            while True:
                self.more()
        except (EOFError, ConnectionError, ssl.SSLError):
            return True

    def close(self):
        r = self.ask("<close-session/>")
        want(r.find(q("ok")) is not None, "close-session refused")
        try:
            self.more()
        except EOFError:
            return
        raise AssertionError("not closed")


def hello(versions=("1.0", "1.1"), extra=""):
    return ('<hello xmlns="%s"><capabilities>%s</capabilities>%s</hello>' % (
        NS, "".join("<capability>%s%s</capability>" % (BASE, v) for v in versions), extra)).encode() + MARKER


def check_error(r, tag, kind=None):
    e = r.findall(q("rpc-error"))
    want(len(e) == 1 and len(r) == 1, "no error: %s" % ET.tostring(r).decode())
    e = e[0]
    want(e.find(q("error-tag")).text == tag, "error %s" % ET.tostring(e).decode())
    want(e.find(q("error-severity")).text == "error", "severity")
    want(e.find(q("error-type")).text in ("transport", "rpc", "protocol", "application"), "type")
    want(kind is None or e.find(q("error-type")).text == kind, "type")
    m = e.find(q("error-message"))
    want(m is not None and m.get("{http://www.w3.org/XML/1998/namespace}lang"), "language")
    return e


# ---------------------------------------------------------------- scenarios: connections

def drop(o, l, *args):
    """Closes connections as they come."""
    for _ in range(int(args[0])):
        l.accept().close()
        print(*l.peer[:2], "%.2f" % time.monotonic(), flush=True)


def silent(o, l, *args):
    """Says nothing; prints how long it was put up with, and what came."""
    c = l.accept()
    c.settimeout(o.timeout)
    start = time.monotonic()
    got = b""
    try:
        while True:
            d = c.recv(100)
            if not d:
                break
            got += d
    except ConnectionError:
        pass
    print("%d %.1f" % (len(got), time.monotonic() - start))


def session(o, l, *args):
    """A session, closed in order; or with SECONDS, held so long."""
    s = l.session()
    print("up", s.id, l.peer[0], l.peer[1], s.s.version(), flush=True)
    if args:
        time.sleep(float(args[0]))
    else:
        s.close()


def hold(o, l, *args):
    """A session that ends when the program is killed; then nothing is closed in order."""
    s = l.session()
    print("up", s.id, flush=True)
    s.s.settimeout(None)
    s.ended()
    print("over", flush=True)


def reset(o, l, *args):
    """Sessions cut off by RST: peer.py reset COUNT"""
    for _ in range(int(args[0])):
        s = l.session()
        print("up %.2f" % time.monotonic(), flush=True)
        s.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        os.close(s.s.detach())


def several(o, l, *args):
    """Sessions one after the other, each closed in order."""
    for _ in range(int(args[0])):
        l.session().close()
        print("%.2f" % time.monotonic(), flush=True)


def refused(o, l, *args):
    """The handshake, or the first word after it, is refused."""
    try:
        s = Session(l.secure(l.accept()), greet=False)
        s.receive_marked()
    except (ssl.SSLError, EOFError, ConnectionError) as e:
        print("refused", str(e) or type(e).__name__)
        return
    raise AssertionError("was let in")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--certs", required=True)
    p.add_argument("--address", default="192.0.2.2")
    p.add_argument("--port", type=int, default=4335)
    p.add_argument("--cert", default="nms")
    p.add_argument("--ca", default="root")
    p.add_argument("--key", help="speak SSH, with this key")
    p.add_argument("--connect", action="store_true", help="to the device, at --address and --port")
    p.add_argument("--source", help="address to connect from")
    p.add_argument("--relay", action="store_true", help="be the client of a service")
    p.add_argument("--plain", action="store_true", help="the same without TLS")
    p.add_argument("--login", default="natfwd-ssh")
    p.add_argument("--tls", default="TLSv1_3")
    p.add_argument("--ready", help="file to make once it listens")
    p.add_argument("--schemas", help="directory that modules are written to")
    p.add_argument("--timeout", type=float, default=TIMEOUT)
    p.add_argument("scenario")
    p.add_argument("argument", nargs="*")
    o = p.parse_args()
    module, _, name = o.scenario.rpartition(".")
    f = globals().get(o.scenario)
    for m in [module] if module else ["scenarios", "ssh_scenarios", "listen_scenarios"]:
        f = f or getattr(importlib.import_module(m), name, None)
    listener = Caller(o) if o.connect else Listener(o)
    if o.ready:
        open(o.ready, "w").close()
    f(o, listener, *o.argument)


if __name__ == "__main__":
    sys.modules["peer"] = sys.modules["__main__"]
    main()
