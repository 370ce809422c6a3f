#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Services near a device, for managers to be offered: service.py ADDRESS PORT KIND LOG

Each connection is a line in LOG when it begins, and one when it ends.
"""
import hashlib
import socket
import socketserver
import sys

address, port, kind, log = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


def note(text):
    with open(log, "a") as f:
        f.write(text + "\n")


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        note("begin")
        try:
            n = globals()[kind](self.request)
            note("end %s" % n)
        except OSError as e:
            note("broken %s" % type(e).__name__)


def echo(s):
    n = 0
    while True:
        data = s.recv(65536)
        if not data:
            return n
        n += len(data)
        s.sendall(data)


def banner(s):
    s.sendall(b"220 here\r\n")
    return echo(s)


def digest(s):
    """Says what it got when the other end says no more."""
    h, n = hashlib.sha256(), 0
    while True:
        data = s.recv(65536)
        if not data:
            break
        n += len(data)
        h.update(data)
    s.sendall(h.hexdigest().encode())
    s.shutdown(socket.SHUT_WR)
    return n


def flood(s):
    """Sends much, whatever comes, and goes."""
    block = bytes(range(256)) * 256
    for _ in range(3200):
        s.sendall(block)
    s.shutdown(socket.SHUT_WR)
    while s.recv(65536):
        pass
    return 3200 * len(block)


def quit(s):
    s.recv(1)
    s.sendall(b"bye")
    return 1


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server((address, port), Handler).serve_forever()
