# SPDX-License-Identifier: GPL-2.0-or-later
"""Managers that are offered a service: see peer.py. With --plain there is no TLS around it."""
import hashlib
import os
import socket
import struct
import time

from peer import want


def end(o, l):
    c = l.accept()
    return c if o.plain else l.secure(c)


def take(c, n):
    data = b""
    while len(data) < n:
        more = c.recv(n - len(data))
        want(more, "ended after %d octets" % len(data))
        data += more
    return data


def rest(c):
    data = b""
    while True:
        more = c.recv(65536)
        if not more:
            return data
        data += more


def echoes(o, l, *args):
    """What is said comes back."""
    c = end(o, l)
    for n in (1, 10, 1000, 100000, 3):
        data = os.urandom(n)
        c.sendall(data)
        want(take(c, n) == data, "not what was said")
    print("done", flush=True)


def banner(o, l, *args):
    """The service speaks first."""
    print(take(end(o, l), 10).decode().strip(), flush=True)


def waits(o, l, *args):
    """Says nothing for a while, then something."""
    c = end(o, l)
    print("quiet", flush=True)
    time.sleep(float(args[0]))
    c.sendall(b"x")
    want(take(c, 1) == b"x", "no echo")
    print("done", flush=True)


def halves(o, l, *args):
    """Says much, then no more, and hears the answer to that."""
    c = end(o, l)
    data = os.urandom(5000000)
    c.sendall(data)
    c.shutdown(socket.SHUT_WR)
    want(rest(c).decode() == hashlib.sha256(data).hexdigest(), "another digest")
    print("done", flush=True)


def slow(o, l, *args):
    """Does not take what it is sent, for a while; then it is all there."""
    c = end(o, l)
    c.sendall(b"x")
    print("begun", flush=True)
    time.sleep(float(args[0]))
    h, n = hashlib.sha256(), 0
    while True:
        data = c.recv(1 << 20)
        if not data:
            break
        h.update(data)
        n += len(data)
    want(h.hexdigest() == hashlib.sha256(bytes(range(256)) * 256 * 3200).hexdigest(), "%d octets" % n)
    print("done", flush=True)


def stuffs(o, l, *args):
    """Says much to a service that does not listen."""
    c = end(o, l)
    c.settimeout(3)
    n = 0
    try:
        while n < 200000000:
            n += c.send(b"x" * 65536)
    except OSError:
        pass
    print("sent", n, flush=True)


def idle(o, l, *args):
    """Says one thing, and waits for the end."""
    c = end(o, l)
    c.sendall(b"x")
    want(take(c, 1) == b"x", "no echo")
    start = time.monotonic()
    want(not rest(c), "octets")
    print("%.1f" % (time.monotonic() - start), flush=True)


def ends(o, l, *args):
    """Hears out a service that ends by itself."""
    c = end(o, l)
    c.sendall(b"x")
    print(rest(c).decode(), flush=True)


def resets(o, l, *args):
    """Is cut off."""
    c = end(o, l)
    c.sendall(b"x")
    want(take(c, 1) == b"x", "no echo")
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(c.detach())
    print("done", flush=True)


def nothing(o, l, *args):
    """The service is not there: an end, and no octet."""
    c = end(o, l)
    c.sendall(b"x")
    try:
        got = rest(c)
    except OSError:
        got = b""
    want(not got, "came %r" % got)
    print("ended", flush=True)
