# SPDX-License-Identifier: GPL-2.0-or-later
"""A manager of a device whose natfwd is a service of systemd; for peer.py."""
from edits import ok
from peer import NATFW, check_error, q, want


def lifetime(value):
    return ('<edit-config><target><running/></target><config><natfw xmlns="%s"><nslp><lifetime>%s</lifetime></nslp>'
            "</natfw></config></edit-config>" % (NATFW, value))


def commit(o, l, value):
    s = l.session()
    ok(s, lifetime(value))
    s.close()


def refused(o, l, value):
    s = l.session()
    e = check_error(s.ask(lifetime(value)), "operation-failed")
    print(e.find(q("error-message")).text, flush=True)
    s.close()


def reads(o, l):
    s = l.session()
    d = s.data('<get><filter><natfw xmlns="%s"><state><daemon/></state></natfw></filter></get>' % NATFW)
    want(d.find(".//" + q("version", NATFW)) is not None, "version")
    s.close()
