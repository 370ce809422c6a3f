# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations of managers on sessions by NETCONF, for peer.py, at a device whose paths are fake (../daemon/fake.c)."""
import subprocess
import time

from access import as_user, path_of
from peer import NATFW, NS, q, want
from scenarios import get, natfw

ACTION = "urn:ietf:params:xml:ns:yang:1"


def rpc(name, inner=""):
    return '<%s xmlns="%s">%s</%s>' % (name, NATFW, inner, name)


def flow(destination="192.0.2.99", source="192.0.2.1"):
    return ("<flow><source>%s</source><destination>%s</destination><protocol>udp</protocol><source-port>4000"
            "</source-port><destination-port>5004</destination-port></flow>" % (source, destination))


def opening(destination="192.0.2.99", more="", kind="create"):
    return rpc("session-open", "<kind>%s</kind>%s%s" % (kind, flow(destination), more))


def on(tag, action, inner=""):
    return ('<action xmlns="%s"><natfw xmlns="%s"><state><sessions><session><session>%s</session><%s>%s</%s>'
            "</session></sessions></state></natfw></action>" % (ACTION, NATFW, tag, action, inner, action))


def output(s, op):
    r = s.ask(op)
    want(r.find(q("rpc-error")) is None and r.find(q("ok")) is None, "no output: %s" % [(e.tag, e.text) for e in r.iter()])
    return {e.tag.split("}")[1]: e for e in r}


def text(out, name):
    want(out[name].tag == q(name, NATFW), "namespace of %s" % name)
    return out[name].text


def opened(s, *args, **more):
    return text(output(s, opening(*args, **more)), "session")


def sessions(s):
    d = s.data(get(natfw("<state><sessions/></state>")))
    return {e.find(q("session", NATFW)).text: e.find(q("state", NATFW)).text for e in d.iter(q("session", NATFW))
            if len(e)}


def defaults(o, l):
    """Where no rule says so, sessions are not opened, refreshed or closed, and the file is not read again."""
    g, a = as_user(l, "guest"), as_user(l, "admin")
    tag = opened(a)
    for name, inner in (("session-open", "<kind>create</kind>" + flow()), ("session-close", "<session>%s</session>" % tag),
                        ("session-refresh", "<session>%s</session>" % tag),
                        ("session-trace", "<session>%s</session>" % tag), ("reload", "")):
        e = g.error(rpc(name, inner), "access-denied")
        want(path_of(e) == "/nc:rpc/op:%s" % name, path_of(e))
    for action in "close", "refresh", "trace":
        e = g.error(on(tag, action), "access-denied")
        want(tag in path_of(e) and path_of(e).endswith(action), path_of(e))
    want(sessions(g) == {tag: "established"}, "%s" % sessions(g))
    a.ok(on(tag, "close"))
    for s in g, a:
        s.close()


def opens(o, l):
    w = as_user(l, "wilma")
    out = output(w, opening(more="<lifetime>600</lifetime>"))
    want(text(out, "state") == "established" and text(out, "kind") == "create" and text(out, "lifetime") == "600", "%s" % out)
    want(not {"id", "token"} & set(out), "secrets: %s" % out)
    tag = text(out, "session")
    want(sessions(w) == {tag: "established"}, "it is there")
    out = output(w, rpc("session-trace", "<session>%s</session>" % tag))
    want(text(out, "outcome") == "answered" and int(text(out, "round-trip")) < 5000, "%s" % out)
    want(text(out, "code-name") == "all processed" and text(out, "state") == "established", "%s" % out)
    want(out["flow"].find(q("destination", NATFW)).text == "192.0.2.99", "flow")
    want("uid" not in out, "no application opened it")
    w.ok(rpc("session-refresh", "<session>%s</session>" % tag))
    # the same, changed
    want(opened(w, "192.0.2.98", "<session>%s</session>" % tag) == tag, "changed")
    w.ok(rpc("session-close", "<session>%s</session>" % tag))
    want(sessions(w) == {}, "it is not")
    e = w.error(rpc("session-close", "<session>%s</session>" % tag), "invalid-value")
    want(path_of(e).endswith("session"), path_of(e))
    out = output(w, opening(kind="external"))
    ext = out["external"]
    want([x.text for x in ext] == ["192.0.2.1", "40000"], "external")
    out = output(w, on(text(out, "session"), "trace"))
    want([x.text for x in out["bindings"]] == ["40000", "192.0.2.1"], "translators on the way")
    for tag in sessions(w):
        w.ok(rpc("session-close", "<session>%s</session>" % tag))
    w.close()


def refused(o, l):
    """What the path refuses, and what it does not answer."""
    w = as_user(l, "wilma")
    e = w.error(opening("198.51.100.2"), "operation-failed")
    want(e.find(q("error-message")).text == "refused: fake", "reason")
    want(path_of(e).endswith("session-open"), path_of(e))
    want(sessions(w) == {}, "nothing is left of it")
    start = time.monotonic()
    out = output(w, opening("198.51.100.1", "<wait>1</wait>"))
    want(text(out, "state") == "pending" and 0.5 < time.monotonic() - start < 40, "waits")
    tag = text(out, "session")
    want(text(output(w, on(tag, "trace")), "outcome") == "not-asked", "pending")
    w.ok(rpc("session-close", "<session>%s</session>" % tag))
    out = output(w, opening("198.51.100.1", "<wait>0</wait>"))
    want(text(out, "state") == "pending", "does not wait")
    w.ok(rpc("session-close", "<session>%s</session>" % text(out, "session")))
    tag = opened(w, "198.51.100.7")
    out = output(w, on(tag, "trace", "<wait>1</wait>"))
    want(text(out, "outcome") == "no-answer" and "round-trip" not in out, "silent path: %s" % out)
    w.ok(rpc("session-close", "<session>%s</session>" % tag))
    tag = opened(w, "198.51.100.8")
    out = output(w, on(tag, "trace"))
    want(text(out, "outcome") == "refused" and text(out, "code") == "1282" and text(out, "state") == "established", "%s" % out)
    w.ok(rpc("session-close", "<session>%s</session>" % tag))
    w.close()


def traces(o, l):
    """A session is refreshed for a trace once in 5 seconds, and all who ask get that answer."""
    w = as_user(l, "wilma")
    tag = opened(w)
    outs = [output(w, rpc("session-trace", "<session>%s</session>" % tag)) for _ in range(20)]
    want(all(text(o, "outcome") == "answered" for o in outs), "answered")
    want(len({text(o, "round-trip") for o in outs}) == 1, "one answer")
    time.sleep(5.1)
    want(text(output(w, on(tag, "trace")), "outcome") == "answered", "again")
    w.ok(rpc("session-close", "<session>%s</session>" % tag))
    # an answer that does not come is not asked for again
    tag = opened(w, "198.51.100.7")
    for _ in range(3):
        want(text(output(w, on(tag, "trace", "<wait>1</wait>")), "outcome") == "no-answer", "silent path")
    w.ok(rpc("session-close", "<session>%s</session>" % tag))
    w.close()


def owners(o, l):
    """Operations are for one's own sessions, actions for those that access control permits."""
    w, f, a = (as_user(l, u) for u in ("wilma", "fred", "admin"))
    tag, other = opened(w), opened(f)
    for name in "session-close", "session-refresh", "session-trace":
        f.error(rpc(name, "<session>%s</session>" % tag), "invalid-value")
        a.error(rpc(name, "<session>%s</session>" % tag), "invalid-value")
    f.error(opening(more="<session>%s</session>" % tag), "invalid-value")
    f.error(on(tag, "close"), "access-denied")
    a.ok(on(tag, "refresh"))
    # one who has that action of all sessions, by its path, and no other
    b = as_user(l, "barney")
    e = b.error(on(tag, "refresh"), "access-denied")
    want(tag in path_of(e), path_of(e))
    b.error(rpc("session-close", "<session>%s</session>" % tag), "access-denied")
    b.ok(on(tag, "close"))
    f.ok(rpc("session-close", "<session>%s</session>" % other))
    want(sessions(a) == {}, "%s" % sessions(a))
    for s in w, f, a, b:
        s.close()


def wrong(o, l):
    """What makes no sense has a path."""
    a = as_user(l, "admin")
    for inner, tag, end in (("", "data-missing", ""), ("<kind>x</kind>", "invalid-value", "kind"),
                            ("<kind>create</kind><x/>", "unknown-element", ""),
                            ("<kind>create</kind><wait>61</wait>" + flow(), "invalid-value", "wait"),
                            ("<kind>create</kind><bound>true</bound>" + flow(), "invalid-value", "bound"),
                            ("<kind>create</kind>", "invalid-value", "destination"),
                            ("<kind>create</kind><toward>192.0.2.7</toward>" + flow(), "operation-failed", "toward"),
                            ("<kind>create</kind>" + flow("2001:db8::1"), "invalid-value", "source")):
        e = a.error(rpc("session-open", inner), tag)
        p = e.find(q("error-path"))
        want(not end or (p is not None and p.text.endswith(end)), "%s: %s" % (inner, p is not None and p.text))
    a.error(rpc("session-close"), "data-missing")
    a.error(rpc("none"), "unknown-element")
    none = "0123456789abcdef"
    for action in "close", "refresh", "trace":
        e = a.error(on(none, action), "data-missing")
        want(none in path_of(e), path_of(e))
    a.error(on("x", "close"), "invalid-value")
    a.error(on(none, "close", "<x/>"), "unknown-element")
    a.error(on(none, "none"), "unknown-element")
    a.error('<action xmlns="%s"/>' % ACTION, "missing-element")
    a.error('<action xmlns="%s"><natfw xmlns="%s"/></action>' % (ACTION, NATFW), "missing-element")
    a.error('<action xmlns="%s"><x xmlns="urn:x"/></action>' % ACTION, "unknown-namespace")
    a.error('<action xmlns="%s"><natfw xmlns="%s"><state><sessions><session><close/></session></sessions></state>'
            "</natfw></action>" % (ACTION, NATFW), "missing-element")
    one = on(none, "close")[len('<action xmlns="%s">' % ACTION):-len("</action>")]
    a.error('<action xmlns="%s">%s%s</action>' % (ACTION, one, one), "bad-element")
    for name, inner in (("reload", ""), ("session-attach", "<token>%s</token>" % ("0" * 32))):
        a.error(rpc(name, inner), "operation-not-supported")
    a.ok(rpc("call-home", "<client>nms1</client>"))
    e = a.error(rpc("call-home", "<client>none</client>"), "invalid-value")
    want(path_of(e).endswith("client"), path_of(e))
    a.close()


def many(o, l):
    """A manager has so many sessions and no more; another one is not concerned."""
    w, f = as_user(l, "wilma"), as_user(l, "fred")
    tags = [opened(w, more="<wait>0</wait>") for _ in range(256)]
    w.error(opening(), "resource-denied")
    f.ok(rpc("session-close", "<session>%s</session>" % opened(f)))
    for tag in tags:
        w.ok(rpc("session-close", "<session>%s</session>" % tag))
    w.close()
    f.close()


def waiting(o, l, *kill):
    """The process that has sessions dies while one waits for it: there is an answer, and sessions come back."""
    w, a = as_user(l, "wilma"), as_user(l, "admin")
    tag = opened(w)
    w.send('<rpc message-id="x" xmlns="%s">%s</rpc>' % (NS, opening("198.51.100.1", "<wait>60</wait>")))
    time.sleep(0.5)
    start = time.monotonic()
    subprocess.run(kill, check=True)
    r = w.reply("x")
    want(r.find(q("rpc-error")).find(q("error-tag")).text == "operation-failed", "an error")
    want(time.monotonic() - start < 15, "at once")
    for _ in range(300):
        if sessions(a).get(tag) == "established":
            break
        time.sleep(0.2)
    w.ok(rpc("session-close", "<session>%s</session>" % tag))
    for tag in sessions(a):
        a.ok(on(tag, "close"))
    w.close()
    a.close()


def again(l, name):
    """The next call that comes to something; those before may be of a process that is no more."""
    for _ in range(20):
        try:
            return as_user(l, name)
        except OSError:
            pass
    raise AssertionError("no call")


def left(o, l, *kill):
    """A session is its user's, whatever becomes of connections and of the process that had them."""
    w = as_user(l, "wilma")
    tag = opened(w)
    w.send('<rpc message-id="x" xmlns="%s">%s</rpc>' % (NS, opening("198.51.100.1", "<wait>60</wait>")))
    time.sleep(0.5)
    subprocess.run(kill, check=True)
    want(w.ended(), "the connection")
    w = again(l, "wilma")
    want(sessions(w)[tag] == "established" and len(sessions(w)) == 2, "%s" % sessions(w))
    for tag in sessions(w):
        w.ok(rpc("session-close", "<session>%s</session>" % tag))
    w.close()


def real(o, l):
    """A path that is not fake: to a node that answers, and to none."""
    a = as_user(l, "admin")
    out = output(a, rpc("session-open", "<kind>create</kind>" + flow("192.0.2.2")))
    want(text(out, "state") == "established", "%s" % out)
    tag = text(out, "session")
    out = output(a, on(tag, "trace"))
    want(text(out, "outcome") == "answered" and text(out, "responder-side") == "192.0.2.2", "%s" % out)
    want(text(out, "role") == "initiator" and int(text(out, "round-trip")) < 5000, "%s" % out)
    a.ok(on(tag, "close"))
    out = output(a, rpc("session-open", "<kind>create</kind><wait>1</wait>" + flow("192.0.2.77")))
    want(text(out, "state") == "pending", "nobody answers")
    a.ok(rpc("session-close", "<session>%s</session>" % text(out, "session")))
    a.close()
