#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A manager that is called, and speaks RESTCONF, strictly, as the client of HTTP on the connection that it accepted.

	rest.py [OPTION...] SCENARIO [ARGUMENT...]

A scenario is a function of rest_read.py, rest_write.py, rest_events.py,
rest_hostile.py or rest_ops.py.
"""
import argparse
import importlib
import json
import sys
import xml.etree.ElementTree as ET

import peer
from peer import want

JSON, XML = "application/yang-data+json", "application/yang-data+xml"
RC = "urn:ietf:params:xml:ns:yang:ietf-restconf"
DATA = "/restconf/data"
TOP = DATA + "/natfw:natfw"


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        want(self.fields["content-type"] == JSON, "type %s" % self.fields["content-type"])
        return json.loads(self.body)

    def xml(self):
        want(self.fields["content-type"] == XML, "type %s" % self.fields["content-type"])
        return ET.fromstring(self.body)

    def __str__(self):
        return "%d %s %s" % (self.status, self.fields, self.body[:2000])


class Http:
    def __init__(self, s):
        self.s = s
        self.buf = b""
        self.asked = 0

    def more(self):
        data = self.s.recv(65536)
        if not data:
            raise EOFError("closed")
        self.buf += data

    def line(self):
        while b"\r\n" not in self.buf:
            self.more()
        line, self.buf = self.buf.split(b"\r\n", 1)
        return line.decode()

    def take(self, n):
        while len(self.buf) < n:
            self.more()
        data, self.buf = self.buf[:n], self.buf[n:]
        return data

    def head(self):
        version, status, _ = self.line().split(" ", 2)
        want(version == "HTTP/1.1", "version")
        fields = {}
        while True:
            line = self.line()
            if not line:
                return int(status), fields
            name, value = line.split(":", 1)
            want(name.lower() not in fields, "%s twice" % name)
            fields[name.lower()] = value.strip()

    def chunk(self):
        n = int(self.line(), 16)
        data = self.take(n)
        want(self.line() == "", "end of a chunk")
        return data

    def chunks(self):
        all_ = []
        while not all_ or all_[-1]:
            all_.append(self.chunk())
        return b"".join(all_)

    def receive(self, method="GET"):
        status, fields = self.head()
        while status == 100:
            status, fields = self.head()
        want("date" in fields, "no Date")
        chunked = fields.get("transfer-encoding") == "chunked"
        want(status in (204, 304) or "content-length" in fields or chunked, "no length")
        want(not (chunked and "content-length" in fields), "two lengths")
        want(not (status == 204 and "content-length" in fields), "a length of nothing")
        bodiless = method == "HEAD" or status in (204, 304)
        if bodiless:
            body = b""
        else:
            body = self.chunks() if chunked else self.take(int(fields["content-length"]))
        want("cache-control" in fields, "no Cache-Control")
        return Answer(status, fields, body)

    def send(self, method, path, body=None, host="device", **fields):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            fields.setdefault("content_type", JSON)
        text = "%s %s HTTP/1.1\r\nHost: %s\r\n" % (method, path, host)
        for name, value in fields.items():
            text += "%s: %s\r\n" % (name.replace("_", "-"), value)
        data = body.encode() if isinstance(body, str) else body
        if data is not None:
            text += "Content-Length: %d\r\n" % len(data)
        self.asked += 1
        self.s.sendall(text.encode() + b"\r\n" + (data or b""))

    def ask(self, method, path, body=None, **fields):
        self.send(method, path, body, **fields)
        return self.receive(method)

    def get(self, path, status=200, **fields):
        a = self.ask("GET", path, **fields)
        want(a.status == status, "%s: %s" % (path, a))
        return a

    def error(self, method, path, status, tag, body=None, at=None, **fields):
        """What is refused: the status, and an errors document of which the first error is returned."""
        a = self.ask(method, path, body, **fields)
        want(a.status == status, "%s %s: %s" % (method, path, a))
        errors = a.json()["ietf-restconf:errors"]["error"]
        want(len(errors) == 1 and errors[0]["error-tag"] == tag, "%s %s: %s" % (method, path, a))
        want(errors[0]["error-type"] in ("transport", "rpc", "protocol", "application"), "type")
        want(at is None or errors[0].get("error-path") == at, "path: %s" % a)
        return errors[0]

    def ended(self):
        try:
            while True:
                self.more()
        except (EOFError, OSError):
            return True


def session(l, **args):
    return Http(l.secure(l.accept(), **args))


def find(name):
    for module in ("rest_read", "rest_write", "rest_events", "rest_hostile", "rest_ops", "many", "nats"):
        f = getattr(importlib.import_module(module), name, None)
        if f:
            return f
    raise SystemExit("no scenario " + name)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--certs", required=True)
    p.add_argument("--address", default="192.0.2.2")
    p.add_argument("--port", type=int, default=4336)
    p.add_argument("--cert", default="nms")
    p.add_argument("--ca", default="root")
    p.add_argument("--tls", default="TLSv1_3")
    p.add_argument("--ready", help="file to make once it listens")
    p.add_argument("--timeout", type=float, default=peer.TIMEOUT)
    p.set_defaults(key=None)
    p.add_argument("scenario")
    p.add_argument("argument", nargs="*")
    o = p.parse_args()
    f = find(o.scenario)
    listener = peer.Listener(o)
    if o.ready:
        open(o.ready, "w").close()
    f(o, listener, *o.argument)


if __name__ == "__main__":
    sys.modules["rest"] = sys.modules["__main__"]
    main()
