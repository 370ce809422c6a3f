# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers are told without asking (RFC 5277), for peer.py. Each of them takes one call or more."""
import datetime
import subprocess
import time
import xml.etree.ElementTree as ET

from peer import NATFW, NOTIFICATION, Session, q, want
from scenarios import get, natfw, subtree

MANAGE = "urn:ietf:params:xml:ns:netmod:notification"
BASE_EVENTS = "urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"


def subscribe(inner=""):
    return '<create-subscription xmlns="%s">%s</create-subscription>' % (NOTIFICATION, inner)


def at(seconds, zone=0):
    """Time of SECONDS from now, written in a zone of ZONE hours."""
    t = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=zone)))
    return (t + datetime.timedelta(seconds=seconds)).isoformat()


def age(when):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.fromisoformat(when)).total_seconds()


def start(seconds, zone=0):
    return "<startTime>%s</startTime>" % at(seconds, zone)


def stop(seconds, zone=0):
    return "<stopTime>%s</stopTime>" % at(seconds, zone)


def leaf(e, name, ns=BASE_EVENTS):
    n = e.find(q(name, ns))
    return None if n is None else n.text


def name_of(e):
    return e.tag.split("}")[1]


def until(s, *names):
    """Names of events up to and with the last of NAMES, which is the end."""
    seen = []
    while not seen or seen[-1] != names[-1]:
        seen.append(name_of(s.next_event()[1]))
    return seen


def capabilities(o, l):
    s = l.session()
    for c in ("notification:1.0", "interleave:1.0"):
        want("urn:ietf:params:netconf:capability:" + c in s.capabilities, c)
    s.close()


def streams(o, l):
    s = l.session()
    d = s.data(get(subtree('<netconf xmlns="%s"><streams/></netconf>' % MANAGE)))
    found = {leaf(x, "name", MANAGE): x for x in d.iter(q("stream", MANAGE))}
    want(set(found) == {"NETCONF", "natfw"}, "%s" % found)
    for x in found.values():
        want(leaf(x, "replaySupport", MANAGE) == "true" and leaf(x, "description", MANAGE), "a stream's leaves")
        want(age(leaf(x, "replayLogCreationTime", MANAGE)) < 300, "it was begun")
        want(leaf(x, "replayLogAgedTime", MANAGE) is None, "nothing has gone yet")
    s.close()


def sessions(o, l):
    """Others come and go while this one listens and asks."""
    a = l.session()
    a.ok(subscribe())
    b = l.session()
    when, e = a.event("netconf-session-start")
    want(when.endswith("Z") and age(when) < 30, when)
    want(e.tag == q("netconf-session-start", BASE_EVENTS), e.tag)
    want((leaf(e, "username"), leaf(e, "session-id"), leaf(e, "source-host")) == ("nms1", str(b.id), o.address), "start")
    a.data(get(natfw("<gist/>"), True))     # :interleave
    b.close()
    _, e = a.event("netconf-session-end")
    want((leaf(e, "session-id"), leaf(e, "termination-reason")) == (str(b.id), "closed"), "closed")
    b = l.session()
    b.s.close()
    _, e = a.event("netconf-session-end")
    want((leaf(e, "session-id"), leaf(e, "termination-reason")) == (str(b.id), "dropped"), "dropped")
    b = Session(l.secure(l.accept()), greet=False)
    b.send_raw(b"<nothing/>]]>]]>")
    b.ended()
    _, e = a.event("netconf-session-end")
    want(leaf(e, "termination-reason") == "bad-hello", "bad-hello")
    a.ok("<close-session/>")                # 5277-b: while there is a subscription
    want(a.ended(), "closed")


def filters(o, l):
    a = l.session()
    a.ok(subscribe(subtree('<netconf-session-end xmlns="%s"/>' % BASE_EVENTS)))
    b = l.session()
    b.ok(subscribe('<filter type="xpath" xmlns:n="%s" select="/n:netconf-session-start[n:username=\'boss\']"/>'
                   % BASE_EVENTS))
    c = Session(l.secure(l.accept(), "boss"))
    c.ok(subscribe(subtree('<netconf-session-end xmlns="%s"><termination-reason>killed</termination-reason>'
                           "</netconf-session-end>" % BASE_EVENTS)))
    l.session().close()                     # nms1: not for b, and not killed
    want(leaf(b.next_event()[1], "username") == "boss", "the first is the one")
    want(name_of(a.next_event()[1]) == "netconf-session-end", "the first is one")
    b.close()
    want(leaf(a.next_event()[1], "session-id") == str(b.id), "then that of b")
    want(not c.events and not b.events, "nothing else")
    a.close()
    c.close()


def wrong(o, l):
    s = l.session()
    for inner, tag, bad in (
            ("<stream>nothing</stream>", "invalid-value", None),
            ("<x/>", "unknown-element", "x"),
            (stop(60), "missing-element", "startTime"),
            (start(3600), "bad-element", "startTime"),
            (start(-60) + stop(-120), "bad-element", "stopTime"),
            ("<startTime>yesterday</startTime>", "bad-element", "startTime"),
            ("<startTime>2026-01-01T00:00:00</startTime>", "bad-element", "startTime"),
            ('<filter type="xpath" select="/n:x[" xmlns:n="urn:x"/>', "invalid-value", None),
            ('<filter type="other"/>', "invalid-value", None)):
        e = s.error(subscribe(inner), tag)
        b = e.find("%s/%s" % (q("error-info"), q("bad-element")))
        want((None if b is None else b.text) == bad, "%s: bad-element" % inner)
    s.ok(subscribe("<stream>natfw</stream>"))
    s.error(subscribe(), "operation-failed")
    s.close()


def replay(o, l):
    """Zones of either sign; the record, then what is new."""
    l.session().close()
    a = l.session()
    a.ok(subscribe(start(-3600, 5)))
    seen = until(a, "replayComplete")
    want("netconf-session-start" in seen and "netconf-session-end" in seen, "%s" % seen)
    b = l.session()
    want(leaf(a.event("netconf-session-start")[1], "session-id") == str(b.id), "what is new follows")
    b.close()
    a.event("netconf-session-end")
    # until a time that has been
    b = l.session()
    b.ok(subscribe(start(-3600, -7) + stop(-0.5)))
    seen = until(b, "notificationComplete")
    want(seen[-2:] == ["replayComplete", "notificationComplete"], "%s" % seen)
    b.data(get(natfw("<gist/>"), True))     # an ordinary session again
    b.ok(subscribe(start(-0.001) + stop(1.5)))
    seen = until(b, "notificationComplete")
    want("replayComplete" in seen, "%s" % seen)
    # neither can be filtered out
    b.ok(subscribe(subtree('<nothing xmlns="urn:x"/>') + start(-60) + stop(-1)))
    want(until(b, "notificationComplete") == ["replayComplete", "notificationComplete"], "nothing else")
    b.close()
    a.close()


def calls(o, l):
    """The other client of the device fails, and is told of; so is this session."""
    s = l.session()
    s.ok(subscribe("<stream>natfw</stream>" + start(-3600)))
    seen = {}
    while not {("nms", "connected"), ("other", "failed"), ("other", "attempt")} <= set(seen):
        _, e = s.event("call-home-event")
        seen.setdefault((leaf(e, "client", NATFW), leaf(e, "event", NATFW)), e)
    e = seen["nms", "connected"]
    want((leaf(e, "endpoint", NATFW), leaf(e, "address", NATFW), leaf(e, "port", NATFW), leaf(e, "user", NATFW)) ==
         ("main", o.address, str(o.port), "nms1"), "connected")
    e = seen["other", "failed"]
    want((leaf(e, "endpoint", NATFW), leaf(e, "reason", NATFW), leaf(e, "next-endpoint", NATFW)) ==
         ("first", "refused", "second"), "failed")
    want(leaf(e, "reason-text", NATFW) and int(leaf(e, "next-in", NATFW)) >= 1, "text and time")
    s.close()
    s = l.session()
    s.ok(subscribe("<stream>natfw</stream>" + start(-10)))
    while True:
        _, e = s.event("call-home-event")
        if (leaf(e, "client", NATFW), leaf(e, "event", NATFW)) == ("nms", "ended"):
            break
    want(leaf(e, "reason", NATFW) == "closed", "ended")
    s.close()


def counted(o, l):
    MON = "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
    s = l.session()
    s.ok(subscribe(start(-60)))
    n = len(until(s, "replayComplete"))
    d = s.data(get(subtree('<netconf-state xmlns="%s"/>' % MON)))
    me = [x for x in d.iter(q("session", MON)) if leaf(x, "session-id", MON) == str(s.id)]
    want(int(leaf(me[0], "out-notifications", MON)) >= n, "of the session")
    want(int(d.find(".//%s/%s" % (q("statistics", MON), q("out-notifications", MON))).text) >= n, "of all")
    s.close()


def idle(o, l):
    """A subscription is no idleness, however long nothing comes."""
    s = l.session()
    s.ok(subscribe(subtree('<pool-exhausted xmlns="%s"/>' % NATFW)))
    time.sleep(5)
    s.data(get(natfw("<gist/>"), True))
    s.close()


def daemon(o, l, *args):
    """Sessions that a command opens and closes: one, then more than are told of."""
    s = l.session()
    s.ok(subscribe("<stream>natfw</stream>" + subtree(
        '<session-event xmlns="%s"/><events-suppressed xmlns="%s"/>' % (NATFW, NATFW))))
    subprocess.run(args + ("1",), check=True)
    _, e = s.event("session-event")
    have = {x: leaf(e, x, NATFW) for x in ("state", "kind", "role", "reason", "id")}
    want(have == {"state": "dead", "kind": "create", "role": "initiator", "reason": "closed", "id": None}, "%s" % have)
    want(len(leaf(e, "session", NATFW)) == 16, "a tag")
    want(leaf(e.find(q("flow", NATFW)), "destination", NATFW) == "192.0.2.2", "the flow")
    subprocess.run(args + ("600",), check=True)
    told = lost = 0
    while told + lost < 600:
        _, e = s.next_event()
        if name_of(e) == "session-event":
            told += 1
        else:
            want(leaf(e, "process", NATFW) == "sig", "process")
            lost += int(leaf(e, "events", NATFW))
    want(told + lost == 600 and 150 <= told < 450, "%d told, %d lost" % (told, lost))
    s.close()


def changes(o, l):
    """Who has changed what, and what becomes of commits that have to be confirmed."""
    a, b = l.session(), l.session()
    a.ok(subscribe(subtree('<netconf-config-change xmlns="%s"/><netconf-confirmed-commit xmlns="%s"/>'
                           % (BASE_EVENTS, BASE_EVENTS))))
    leaf_edit = ('<edit-config><target><%s/></target><config><natfw xmlns="%s"><nslp><lifetime>%d</lifetime></nslp>'
                 "</natfw></config></edit-config>")
    b.ok(leaf_edit % ("running", NATFW, 700))
    _, e = a.event("netconf-config-change")
    by = e.find(q("changed-by", BASE_EVENTS))
    want((leaf(by, "username"), leaf(by, "session-id"), leaf(by, "source-host")) == ("nms1", str(b.id), o.address), "by")
    edits = e.findall(q("edit", BASE_EVENTS))
    want(len(edits) == 1 and leaf(edits[0], "target").endswith(":lifetime"), leaf(edits[0], "target"))
    want(leaf(edits[0], "operation") in ("create", "merge", "replace"), "operation")
    # what is only tried is no change
    b.ok(leaf_edit % ("candidate", NATFW, 710))
    b.ok("<validate><source><candidate/></source></validate>")
    b.ok("<discard-changes/>")
    a.data("<get-config><source><running/></source></get-config>")
    want(not a.events, "events of a validation")
    b.ok(leaf_edit % ("candidate", NATFW, 800))
    b.ok("<commit><confirmed/><confirm-timeout>60</confirm-timeout></commit>")
    _, e = a.event("netconf-confirmed-commit")
    want((leaf(e, "confirm-event"), leaf(e, "timeout"), leaf(e, "session-id")) == ("start", "60", str(b.id)), "start")
    b.ok("<commit><confirmed/><confirm-timeout>50</confirm-timeout></commit>")
    _, e = a.event("netconf-confirmed-commit")
    want((leaf(e, "confirm-event"), leaf(e, "timeout")) == ("extend", "50"), "extend")
    b.ok("<cancel-commit/>")
    _, e = a.event("netconf-confirmed-commit")
    want(leaf(e, "confirm-event") == "cancel", "cancel")
    b.ok(leaf_edit % ("candidate", NATFW, 900))
    b.ok("<commit><confirmed/><confirm-timeout>1</confirm-timeout></commit>")
    until(a, "netconf-confirmed-commit")
    _, e = a.event("netconf-confirmed-commit")
    want((leaf(e, "confirm-event"), leaf(e, "username")) == ("timeout", None), "timeout")
    b.ok(leaf_edit % ("candidate", NATFW, 900))
    b.ok("<commit><confirmed/><confirm-timeout>60</confirm-timeout></commit>")
    until(a, "netconf-confirmed-commit")
    b.ok("<commit/>")
    _, e = a.event("netconf-confirmed-commit")
    want(leaf(e, "confirm-event") == "complete", "complete")
    for x in a, b:
        x.close()


def reloaded(o, l):
    """What people change in the file and load is told, too; what they load unchanged is not."""
    s = l.session()
    s.ok(subscribe(subtree('<netconf-config-change xmlns="%s"/><netconf-confirmed-commit xmlns="%s"/>'
                           % (BASE_EVENTS, BASE_EVENTS))))
    s.ok('<edit-config><target><candidate/></target><config><natfw xmlns="%s"><nslp><lifetime>700</lifetime></nslp></natfw>'
         "</config></edit-config>" % NATFW)
    s.ok("<commit><confirmed/><confirm-timeout>600</confirm-timeout></commit>")
    until(s, "netconf-config-change", "netconf-confirmed-commit")
    s.ok("<cancel-commit/>")
    # first that it is to be, then that it is
    _, e = s.event("netconf-config-change")
    want(is_by_server(e), "by: %s" % ET.tostring(e).decode())
    want(targets(e) == ["lifetime"], "edits: %s" % targets(e))
    s.ok('<edit-config><target><candidate/></target><config><natfw xmlns="%s"><nslp><lifetime>700</lifetime></nslp></natfw>'
         "</config></edit-config>" % NATFW)
    s.ok("<commit><confirmed/><confirm-timeout>600</confirm-timeout></commit>")
    until(s, "netconf-confirmed-commit")
    print("ready", flush=True)
    _, e = s.event("netconf-confirmed-commit")
    want(leaf(e, "confirm-event") == "cancel", "overtaken")
    _, e = s.event("netconf-config-change")
    want(is_by_server(e), "by: %s" % ET.tostring(e).decode())
    want(targets(e) == ["lifetime", "policy"], "edits: %s" % targets(e))
    _, e = s.event("netconf-config-change")
    want(targets(e) == ["policy"], "edits: %s" % targets(e))
    want(leaf(e.find(q("edit", BASE_EVENTS)), "operation") == "delete", "operation")
    s.close()


def is_by_server(e):
    by = e.find(q("changed-by", BASE_EVENTS))
    return len(by) == 1 and by[0].tag == q("server", BASE_EVENTS)


def targets(e):
    """Names of the nodes that have been changed."""
    return sorted(leaf(x, "target").rpartition(":")[2] for x in e.findall(q("edit", BASE_EVENTS)))
