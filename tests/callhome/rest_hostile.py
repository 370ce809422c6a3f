# SPDX-License-Identifier: GPL-2.0-or-later
"""Managers that do not keep to the rules, for rest.py. Each takes one call or more."""
import socket
import ssl
import time

from peer import want
from rest import DATA, JSON, RC, TOP, XML, Http, session

HEAD = b"PUT %s HTTP/1.1\r\nHost: x\r\n" % (TOP + "/daemon").encode()


def refused(l, data, status):
    """@data, sent on a connection of its own, is answered by @status and nothing else, and that was the end."""
    h = session(l)
    try:
        h.s.sendall(data)
    except OSError:
        pass
    a = h.receive()
    want(a.status == status and a.fields["connection"] == "close", "%r: %s" % (data[:100], a))
    want(a.json()["ietf-restconf:errors"]["error"], "no errors: %s" % a)
    want(h.ended() and not h.buf, "something behind: %r" % h.buf)


def smuggling(o, l):
    inside = b"GET /restconf HTTP/1.1\r\nHost: x\r\n\r\n"
    refused(l, HEAD + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s" % (len(inside) + 5, inside), 400)
    refused(l, HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + inside, 400)
    refused(l, HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd" + inside, 400)
    refused(l, HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inside, 501)
    refused(l, b"GET /restconf HTTP/1.1\nHost: x\n\n" + inside, 400)
    refused(l, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)


def chunks(o, l):
    h = session(l)
    body = b"".join(b"1;x=y\r\n%c\r\n" % c for c in b'{"natfw:none":{}}') + b"0\r\nTrailer: x\r\n\r\n"
    h.s.sendall(b"PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % (
        TOP.encode(), JSON.encode()) + body)
    want(h.receive().status == 400, "no such node")
    h.get(TOP + "/daemon")                      # and it goes on
    h.s.close()
    for bad in (b"x\r\n", b"-1\r\n", b"0x1\r\na\r\n", b"1\r\nab\r\n", b"\r\n", b"1\n a\r\n", b"10000000000000000\r\n",
                b"1" + b"0" * 9000):
        refused(l, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + bad,
                431 if len(bad) > 8000 else 400)


def too_large(o, l):
    refused(l, b"GET /" + b"a" * 9000, 414)
    refused(l, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000, 431)
    refused(l, b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: aaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 2000, 431)
    refused(l, HEAD + b"Content-Length: 2097153\r\n\r\n", 413)
    refused(l, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 40, 413)
    h = session(l)
    deep = "[" * 100000
    h.error("PATCH", TOP, 400, "malformed-message", '{"natfw:natfw":%s}' % deep, content_type=JSON)
    h.error("PATCH", TOP, 400, "malformed-message", '{"natfw:natfw":' * 1000 + "{}" + "}" * 1000, content_type=JSON)
    h.error("PATCH", TOP, 413, "too-big", '{"natfw:natfw":[%s0]}' % ("0," * 60000), content_type=JSON)
    for bad in ("", "{", "[]", "1", '{"natfw:natfw":', '{"natfw:natfw":{}}}', "\0", '{"natfw:natfw":{"x":"\ud800"}}'):
        data = bad.encode("utf-8", "surrogatepass")
        want(h.ask("PATCH", TOP, data, content_type=JSON).status == 400, "JSON %r" % bad)
    lol = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    for bad in (lol + '<natfw xmlns="urn:natfw:yang:natfw">&b;</natfw>',
                '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "<a>" * 1000, "<a", "<a></b>", "&a;", "<a>&lol;</a>",
                "<a><![CDATA[", "<!--"):
        a = h.ask("PATCH", TOP, bad, content_type=XML)
        want(a.status == 400 and a.xml().tag == "{%s}errors" % RC, "XML %r: %s" % (bad, a))
    want(h.ask("PATCH", TOP, "<a>%s</a>" % ("<b/>" * 60000), content_type=XML).status == 413, "many elements")
    h.get(TOP + "/daemon")


def plain(o, l):
    """HTTP without TLS is not answered."""
    c = l.accept()
    c.sendall(b"GET /.well-known/host-meta HTTP/1.1\r\nHost: x\r\n\r\n")
    got = b""
    try:
        while True:
            d = c.recv(1000)
            if not d:
                break
            got += d
    except ConnectionError:
        pass
    want(b"HTTP/1." not in got, "an answer: %r" % got)


def alpn(o, l):
    t = l.context()
    t.set_alpn_protocols(["h2", "http/1.1"])
    s = t.wrap_socket(l.accept(), server_side=False)
    want(s.selected_alpn_protocol() == "http/1.1", "ALPN: %s" % s.selected_alpn_protocol())
    want(s.getpeercert(binary_form=True), "no certificate")
    want(Http(s).get("/restconf").json(), "HTTP/1.1")
    s.close()
    t = l.context()
    t.set_alpn_protocols(["h2"])
    try:
        t.wrap_socket(l.accept(), server_side=False)
    except ssl.SSLError as e:
        want("ALERT_NO_APPLICATION_PROTOCOL" in str(e).upper().replace(" ", "_"), "h2: %s" % e)
    else:
        raise AssertionError("h2 alone was taken")
    s = l.secure(l.accept())
    want(s.selected_alpn_protocol() is None and Http(s).get("/restconf").json(), "without ALPN")


def nobody(o, l):
    """Without a certificate nothing is answered, and there is nothing to be had without it."""
    try:
        s = l.secure(l.accept(), cert="none")
        h = Http(s)
        h.ask("GET", DATA)
    except (ssl.SSLError, EOFError, ConnectionError):
        return
    raise AssertionError("was let in")


def old(o, l):
    h = session(l)
    h.s.sendall(b"GET /restconf/yang-library-version HTTP/1.0\r\n\r\n")
    want(h.receive().status == 200 and h.ended(), "HTTP/1.0")


def halves(o, l):
    """A request that is never whole: told so, and that was it. Prints how long that took."""
    h = session(l)
    h.get(TOP + "/daemon")
    start = time.monotonic()
    h.s.settimeout(120)
    h.s.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
    print("half", flush=True)
    a = h.receive()
    want(a.status == 408 and h.ended(), "half: %s" % a)
    print("over %.0f" % (time.monotonic() - start), flush=True)


def deaf(o, l):
    """Asks for all there is again and again, and reads nothing."""
    h = session(l)
    h.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    h.s.settimeout(0.5)
    sent = 0
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            h.s.sendall(b"GET %s?with-defaults=report-all HTTP/1.1\r\nHost: x\r\n\r\n" % DATA.encode())
            sent += 1
        except (TimeoutError, ssl.SSLWantWriteError):
            break
        except OSError:
            break
    print("asked", sent, flush=True)
    time.sleep(90)


def dribble(o, l):
    h = session(l)
    for c in b"GET /restconf/yang-library-version HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n":
        h.s.sendall(bytes([c]))
    want(h.receive().status == 200, "octet by octet")


def continues(o, l):
    h = session(l)
    h.s.sendall(b"PATCH %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n" % (
        TOP.encode(), JSON.encode()))
    status, fields = h.head()
    want(status == 100 and not fields, "no 100")
    h.s.sendall(b"{}")
    want(h.receive().status == 400, "an empty body")
    h.s.close()
    refused(l, HEAD + b"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n", 417)
