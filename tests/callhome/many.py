# SPDX-License-Identifier: GPL-2.0-or-later
"""Managers that read a device with many sessions, whose answers come in pieces; for peer.py and rest.py.

What is asked for in one way has to be the same as what is asked for in another.
"""
import json
import time
import xml.etree.ElementTree as ET

from peer import NATFW, Session, q, want

SESSIONS = "/restconf/data/natfw:natfw/state/sessions"


def subtree(inside):
    return '<get><filter><natfw xmlns="%s"><state>%s</state></natfw></filter></get>' % (NATFW, inside)


def xpath(expression):
    return '<get><filter type="xpath" xmlns:n="%s" select="%s"/></get>' % (NATFW, expression)


def leaves(e, at=""):
    """What is in an entry, by path; not what changes meanwhile."""
    own = at + e.tag.split("}")[1]
    if not len(e):
        return {} if own == "session/left" else {own: e.text}
    return {k: v for c in e for k, v in leaves(c, own + "/").items()}


def entries(d, name="session"):
    """By tag; each once."""
    found = {}
    for e in d.iter(q(name, NATFW)):
        if len(e):
            tag = e.find(q("session", NATFW)).text
            want(tag not in found, "%s twice" % tag)
            found[tag] = leaves(e)
    return found


def read(s, operation):
    return entries(s.data(operation))


def same(o, l, count):
    """All of them, by text as it is, by trees, by an expression, and beside everything else."""
    s = l.session()
    all_ = read(s, subtree("<sessions/>"))
    want(len(all_) == int(count), "%d sessions" % len(all_))
    want(all("session/flow/source" in e and "session/state" in e for e in all_.values()), "leaves")
    want(read(s, subtree("<sessions><session><kind>create</kind></session></sessions>")) == all_, "by values")
    want(read(s, xpath("/n:natfw/n:state/n:sessions/n:session[n:kind = 'create']")) == all_, "by an expression")
    want(read(s, xpath("/n:natfw/n:state/n:sessions/n:session[count(n:kind) = 1]")) == all_, "by one of all")
    want(read(s, subtree("")) == all_, "state")
    whole = s.data("<get/>")
    want(entries(whole) == all_, "among all")
    # still one tree
    want(len(whole.findall(q("natfw", NATFW))) == 1, "natfw")
    n = whole.find(q("natfw", NATFW))
    want(len(n.findall(q("state", NATFW))) == 1 and n.find(q("management", NATFW)) is not None, "state beside the rest")
    want(len(n.find(q("state", NATFW)).findall(q("sessions", NATFW))) == 1, "sessions")
    s.close()


def some(o, l, count):
    s = l.session()
    roles = s.data(subtree("<sessions><session><role/></session></sessions>"))
    for e in roles.iter(q("session", NATFW)):
        want(not len(e) or [c.tag for c in e] == [q("session", NATFW), q("role", NATFW)], "key and role")
    want(len(list(roles.iter(q("role", NATFW)))) == int(count), "roles")
    one = sorted(entries(s.data(subtree("<sessions/>"))))[-1]
    for by in (subtree("<sessions><session><session>%s</session></session></sessions>" % one),
               xpath("/n:natfw/n:state/n:sessions/n:session[n:session = '%s']" % one)):
        want(list(read(s, by)) == [one], "one")
    for by in (subtree("<sessions><session><session>0123456789abcdef</session></session></sessions>"),
               subtree("<sessions><session><kind>block</kind></session></sessions>"),
               xpath("/n:natfw/n:state/n:sessions/n:session[n:kind = 'block']")):
        want(not len(s.data(by)), "nothing")
    # more than one filter of a kind, and one for what is beside
    both = s.data(subtree("<sessions><session><session>%s</session></session></sessions><daemon/>" % one))
    want(list(entries(both)) == [one] and both.find(".//" + q("version", NATFW)) is not None, "beside")
    s.close()


def old_framing(o, l, count):
    s = Session(l.secure(l.accept()), versions=("1.0",))
    want(not s.chunked and len(read(s, subtree("<sessions/>"))) == int(count), "sessions")
    want(len(read(s, "<get/>")) == int(count), "again")
    s.close()


def hidden(o, l, count):
    """A user from whom flows are kept, and one session."""
    s = Session(l.secure(l.accept(), "partner"))
    mine = read(s, subtree("<sessions/>"))
    want(len(mine) == int(count) - 1, "%d" % len(mine))
    want(not any(k.startswith("session/flow") for e in mine.values() for k in e), "flows")
    want(not len(s.data(subtree("<sessions><session><flow/></session></sessions>"))) or
         "flow" not in ET.tostring(s.data(subtree("<sessions><session><flow/></session></sessions>"))).decode(), "flow")
    s.close()
    # all of the first portion is his, and not all of the rest
    s = Session(l.secure(l.accept(), "visitor"))
    theirs = read(s, subtree("<sessions/>"))
    want(sorted(theirs) == sorted(mine), "%d of a visitor" % len(theirs))
    want(all("session/flow/source" in e for e in theirs.values()), "flows of a visitor")
    s.close()


def interleaved(o, l, count):
    """Events do not come within an answer, nor get lost."""
    s = l.session()
    s.ok('<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"/>')
    s.events = []
    for _ in range(3):
        other = l.session()
        want(len(read(s, subtree("<sessions/>"))) == int(count), "sessions")
        other.close()
    while len(s.events) < 6:
        s.events.append(ET.fromstring(s.receive()))
    s.close()


def slow(o, l, count):
    """Who does not read gets it all in the end, and who asks meanwhile need not wait for him."""
    s = l.session()
    other = l.session()
    for n in range(40):
        s.send('<rpc message-id="%d" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">%s</rpc>' % (n, subtree("<sessions/>")))
    begin = time.monotonic()
    for _ in range(5):
        other.data(subtree("<daemon/>"))
    print("others wait %.3f" % (time.monotonic() - begin), flush=True)
    for n in range(40):
        want(len(entries(s.reply(str(n)))) == int(count), "answer %d" % n)
    other.close()
    s.close()


def gone(o, l, count):
    """Who leaves in the middle leaves nothing behind."""
    for _ in range(5):
        s = l.session()
        for n in range(20):
            s.send('<rpc message-id="%d" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><get/></rpc>' % n)
        s.more()
        s.s.close()
    s = l.session()
    want(len(read(s, subtree("<sessions/>"))) == int(count), "sessions")
    s.close()


# --- RESTCONF --------------------------------------------------------------------------

def by_tag(list_):
    for e in list_:
        e.pop("left", None)
    found = {e["session"]: e for e in list_}
    want(len(found) == len(list_), "one twice")
    return found


def rest_same(o, l, count):
    import rest
    c = rest.session(l)
    all_ = by_tag(c.get(SESSIONS).json()["natfw:sessions"]["session"])
    want(len(all_) == int(count), "%d sessions" % len(all_))
    want(by_tag(c.get(SESSIONS + "/session").json()["natfw:session"]) == all_, "the list")
    state = c.get("/restconf/data/natfw:natfw/state").json()["natfw:state"]
    want(by_tag(state["sessions"]["session"]) == all_ and "version" in state["daemon"], "state")
    data = c.get("/restconf/data").json()["ietf-restconf:data"]["natfw:natfw"]
    want(by_tag(data["state"]["sessions"]["session"]) == all_ and "management" in data, "data")
    want(by_tag(c.get(SESSIONS + "?fields=session").json()["natfw:sessions"]["session"]) == all_, "by trees")
    tree = c.get(SESSIONS, accept=rest.XML).xml()
    want({t: e["session/role"] for t, e in entries(tree).items()} == {t: e["role"] for t, e in all_.items()}, "XML")
    c.s.close()


def rest_some(o, l, count):
    import rest
    c = rest.session(l)
    roles = c.get(SESSIONS + "?fields=session(role)").json()["natfw:sessions"]["session"]
    want(len(roles) == int(count) and all(sorted(e) == ["role", "session"] for e in roles), "fields")
    want(c.get(SESSIONS + "?depth=1").json() == {"natfw:sessions": {}}, "depth 1")
    keys = c.get(SESSIONS + "?depth=2").json()["natfw:sessions"]["session"]
    want(len(keys) == int(count) and all(list(e) == ["session"] for e in keys), "depth 2")
    tag = keys[-1]["session"]
    one = c.get(SESSIONS + "/session=" + tag).json()["natfw:session"]
    want(len(one) == 1 and one[0]["session"] == tag and "flow" in one[0], "one")
    want(c.get(SESSIONS + "/session=%s/role" % tag).json() == {"natfw:role": one[0]["role"]}, "a leaf")
    c.error("GET", SESSIONS + "/session=0123456789abcdef", 404, "invalid-value")
    want(c.get(SESSIONS + "/session", 400, accept=rest.XML), "no document")
    head = c.ask("HEAD", SESSIONS)
    want(head.status == 200 and not head.body, "HEAD")
    # the same connection goes on
    want(json.loads(c.get(SESSIONS + "/session=" + tag).body)["natfw:session"][0]["session"] == tag, "after HEAD")
    c.s.close()
