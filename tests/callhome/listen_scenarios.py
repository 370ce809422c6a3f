# SPDX-License-Identifier: GPL-2.0-or-later
"""Managers that connect to a device, and strangers: see peer.py, whose --connect says so."""
import os
import socket
import ssl
import struct
import time

from peer import Session, want


def turned_away(o, l):
    """The connection is closed before anything is said."""
    c = l.accept()
    try:
        want(not c.recv(1), "something was said")
    except ConnectionError:
        pass
    print("away")


def mutes(o, l, count):
    """So many connections that say nothing, until they are closed."""
    all_ = [l.accept() for _ in range(int(count))]
    for c in all_:
        c.settimeout(20)
        try:
            want(not c.recv(1), "something was said")
        except ConnectionError:
            pass
    print("over")


def crowd(o, l, count):
    """So many sessions, and no more."""
    all_ = [l.session() for _ in range(int(count))]
    want(len({s.id for s in all_}) == int(count), "the same session")
    try:
        l.session()
    except (EOFError, ConnectionError, ssl.SSLError):
        pass
    else:
        raise AssertionError("one more was let in")
    for s in all_:
        s.data("<get-config><source><running/></source></get-config>")
    print("done")


def slams(o, l):
    """Comes and goes."""
    c = l.accept()
    c.recv(1)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(c.detach())
    time.sleep(0.1)
