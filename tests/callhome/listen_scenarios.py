# SPDX-License-Identifier: GPL-2.0-or-later
"""Managers that connect to a device, and strangers: see peer.py, whose --connect says so."""
import os
import socket
import ssl
import struct
import time

from peer import NATFW, NS, Session, want


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


def own_port(o, l, name):
    """The listener that the session came by changes: limits leave it alone, another port ends it when that has been answered."""
    edit = ('<edit-config><target><running/></target><config><natfw xmlns="%s" xmlns:nc="%s"><management><listen><endpoint>'
            "<name>%s</name>%%s</endpoint></listen></management></natfw></config></edit-config>" % (NATFW, NS, name))
    s, t = l.session(), l.session()
    s.ok(edit % "<max-sessions>2</max-sessions><max-per-source>3</max-per-source>")
    for x in s, t:
        x.data("<get-config><source><running/></source></get-config>")
    for port in 6514, 6515, 6516:
        s.ok(edit % "<port>%d</port>" % port)
        want(s.ended() and t.ended(), "still there")
        o.port = port
        s, t = again(l), again(l)
    s.close()
    t.close()


def again(l):
    for _ in range(50):
        try:
            return l.session()
        except ConnectionError:
            time.sleep(0.1)
    raise AssertionError("no connection")


def flood(o, l, count):
    """So many connections that say nothing, all at once, and a session all the same."""
    all_ = [l.accept() for _ in range(int(count))]
    s = l.session()
    for c in all_[:-3]:
        c.settimeout(20)
        try:
            want(not c.recv(1), "something was said")
        except ConnectionError:
            pass
    s.data("<get-config><source><running/></source></get-config>")
    s.close()
    print("done")
