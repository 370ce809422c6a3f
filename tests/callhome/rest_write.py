# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers change by RESTCONF, for rest.py. Each takes one call, which it leaves in order."""
import copy
import time

from peer import NATFW, Listener, q, want
from rest import DATA, RC, TOP, XML, session

POLICY = TOP + "/policy"


def entry(name, **more):
    return {"natfw:entry": [dict({"name": name, "action": "permit"}, **more)]}


def names(h):
    a = h.ask("GET", POLICY + "/entry?content=config")
    return [e["name"] for e in a.json()["natfw:entry"]] if a.status == 200 else []


def does(h, method, path, status, body=None, **fields):
    a = h.ask(method, path, body, **fields)
    want(a.status == status, "%s %s: %s" % (method, path, a))
    want(a.body == b"" or status >= 400, "a body: %s" % a)
    return a


def cleared(h):
    for name in names(h):
        does(h, "DELETE", POLICY + "/entry=" + name, 204)


def creates(o, l):
    h = session(l)
    cleared(h)
    a = does(h, "POST", POLICY, 201, entry("one", **{"third-party": True}))
    want(a.fields["location"].endswith("/natfw:policy/entry=one") or a.fields["location"].endswith("/policy/entry=one"),
         "location: %s" % a)
    got = h.get(a.fields["location"])
    want(got.json()["natfw:entry"][0]["third-party"] is True, "what is there: %s" % got)
    tag = a.fields["etag"]
    want(tag == got.fields["etag"], "tag: %s" % a)
    h.error("POST", POLICY, 409, "data-exists", entry("one"))
    two = {"natfw:entry": [entry("x")["natfw:entry"][0], entry("y")["natfw:entry"][0]]}
    h.error("POST", POLICY, 400, "invalid-value", two)
    h.error("POST", POLICY, 400, "invalid-value", {})
    h.error("POST", POLICY, 400, "missing-element", {"natfw:entry": [{"action": "permit"}]})
    h.error("POST", POLICY, 400, "unknown-element", {"natfw:nothing": 1})
    h.error("POST", POLICY, 400, "invalid-value", {"natfw:rate": "much"})
    h.error("POST", POLICY, 400, "invalid-value")
    h.error("POST", TOP + "/key=9", 404, "invalid-value", {"natfw:name": "x"})
    want(names(h) == ["one"], "created after all: %s" % names(h))
    odd = "a,b/c \"%"
    a = does(h, "POST", POLICY, 201, entry(odd))
    want(h.get(a.fields["location"]).json()["natfw:entry"][0]["name"] == odd, "odd: %s" % a)
    does(h, "DELETE", a.fields["location"], 204)
    x = '<entry xmlns="%s"><name>xml</name><action>refuse</action></entry>' % NATFW
    does(h, "POST", POLICY, 201, x, content_type=XML)
    want(h.get(POLICY + "/entry=xml/action").json() == {"natfw:action": "refuse"}, "XML")
    want(tag != h.get(POLICY).fields["etag"], "one tag for two things")
    cleared(h)


def replaces(o, l):
    h = session(l)
    cleared(h)
    e = POLICY + "/entry=one"
    a = does(h, "PUT", e, 201, entry("one", zone=3, **{"third-party": True}))
    want(a.fields["etag"] == h.get(e).fields["etag"], "the new tag: %s" % a)
    does(h, "PUT", e, 204, entry("one", zone=4))
    got = h.get(e).json()["natfw:entry"][0]
    want(got == {"name": "one", "action": "permit", "zone": 4}, "replaced: %s" % got)
    h.error("PUT", e, 400, "invalid-value", entry("two"))
    h.error("PUT", e, 400, "invalid-value", {"natfw:rate": 1})
    h.error("PUT", e, 400, "invalid-value")
    h.error("PUT", POLICY + "/entry", 405, "operation-not-supported", entry("one"))
    h.error("PUT", e + "/name", 405, "operation-not-supported", {"natfw:name": "two"})
    h.error("PUT", TOP + "/interface=nix/none", 404, "invalid-value", {"natfw:none": 1})
    want(names(h) == ["one"] and h.get(e + "/zone").json() == {"natfw:zone": 4}, "changed after all")
    does(h, "PUT", POLICY + "/rate", 201, {"natfw:rate": 7})
    does(h, "PUT", POLICY + "/rate", 204, {"natfw:rate": 8})
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 8}, "a leaf")
    does(h, "DELETE", POLICY + "/rate", 204)
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 50}, "the default again")
    x = '<entry xmlns="%s"><name>one</name><action>refuse</action></entry>' % NATFW
    does(h, "PUT", e, 204, x, content_type=XML)
    want(h.get(e).json()["natfw:entry"][0] == {"name": "one", "action": "refuse"}, "XML")
    # one of many values
    does(h, "PUT", e + "/from=192.0.2.0%2F24", 201, {"natfw:from": ["192.0.2.0/24"]})
    h.error("PUT", e + "/from=192.0.2.0%2F24", 400, "invalid-value", {"natfw:from": ["198.51.100.0/24"]})
    want(h.get(e + "/from").json() == {"natfw:from": ["192.0.2.0/24"]}, "a leaf-list")
    cleared(h)


def merges(o, l):
    h = session(l)
    cleared(h)
    for n in "ab":
        does(h, "POST", POLICY, 201, entry(n, zone=3))
    does(h, "PATCH", POLICY + "/entry=a", 204, {"natfw:entry": [{"name": "a", "interface": "lo"}]})
    got = h.get(POLICY + "/entry=a").json()["natfw:entry"][0]
    want(got == {"name": "a", "action": "permit", "zone": 3, "interface": "lo"}, "merged: %s" % got)
    want(names(h) == ["a", "b"], "order: %s" % names(h))
    h.error("PATCH", POLICY + "/entry=c", 404, "invalid-value", entry("c"))
    h.error("PATCH", POLICY + "/entry=a", 400, "invalid-value", entry("b"))
    h.error("PATCH", POLICY + "/entry=a", 400, "invalid-value", {"natfw:entry": [{"name": "a", "action": "none"}]})
    want(names(h) == ["a", "b"], "created after all")
    does(h, "PATCH", DATA, 204, {"ietf-restconf:data": {"natfw:natfw": {"policy": {"rate": 9}}}})
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 9}, "the datastore")
    does(h, "PATCH", DATA, 204, '<data xmlns="%s"><natfw xmlns="%s"><policy><rate>10</rate></policy></natfw></data>' % (
        RC, NATFW), content_type=XML)
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 10} and names(h) == ["a", "b"], "the datastore in XML")
    h.error("PATCH", DATA, 400, "malformed-message", {"natfw:natfw": {"policy": {"rate": 9}}})
    does(h, "DELETE", POLICY + "/rate", 204)
    cleared(h)


def own_entry(o, l):
    """The entry of the call itself changes."""
    h = session(l)
    nms = TOP + "/management/call-home/client=nms"
    does(h, "PATCH", nms + "/reconnect", 204, {"natfw:reconnect": {"backoff-max": 2}})
    want(h.get(nms + "/reconnect/backoff-max").json() == {"natfw:backoff-max": 2}, "no such change")
    for _ in range(3):
        a = does(h, "PATCH", nms + "/endpoint=main", 204, {"natfw:endpoint": [{"name": "main", "interface": "wan"}]})
        want(a.fields.get("connection") == "close" and h.ended(), "still there: %s" % a)
        h = session(l)
        does(h, "DELETE", nms + "/endpoint=main/interface", 204)
        want(h.ended(), "still there")
        h = session(l)
    does(h, "PATCH", nms + "/reconnect", 204, {"natfw:reconnect": {"backoff-max": 1}})


def deletes(o, l):
    h = session(l)
    cleared(h)
    does(h, "POST", POLICY, 201, entry("a"))
    does(h, "POST", POLICY, 201, entry("b"))
    h.error("DELETE", POLICY + "/entry", 405, "operation-not-supported")
    does(h, "DELETE", POLICY + "/entry=a", 204)
    h.error("DELETE", POLICY + "/entry=a", 404, "invalid-value")
    h.error("DELETE", POLICY + "/rate", 404, "invalid-value")
    h.error("DELETE", POLICY + "/entry=b?content=all", 400, "invalid-value")
    h.error("DELETE", DATA, 405, "operation-not-supported")
    # what others need stays
    e = h.ask("DELETE", POLICY + "/entry=b/action")
    want(e.status in (400, 409) and b"natfw:" in e.body, "a mandatory leaf: %s" % e)
    want(names(h) == ["b"] and h.get(POLICY + "/entry=b/action"), "deleted after all")
    cleared(h)
    want(names(h) == [], "all")


def places(o, l):
    h = session(l)
    cleared(h)

    def post(name, q):
        does(h, "POST", POLICY + q, 201, entry(name))

    post("m", "?insert=first")
    post("a", "?insert=first")
    post("z", "?insert=last")
    post("b", "?insert=after&point=%2Fnatfw%3Anatfw%2Fpolicy%2Fentry%3Da")
    post("l", "?insert=before&point=%2Frestconf%2Fdata%2Fnatfw%3Anatfw%2Fpolicy%2Fentry%3Dm")
    want(names(h) == ["a", "b", "l", "m", "z"], "order: %s" % names(h))
    does(h, "PUT", POLICY + "/entry=z?insert=before&point=%2Fnatfw%3Anatfw%2Fpolicy%2Fentry%3Da", 204, entry("z"))
    want(names(h) == ["z", "a", "b", "l", "m"], "moved: %s" % names(h))
    for q in ("?insert=middle", "?insert=before", "?point=%2Fnatfw%3Anatfw%2Fpolicy%2Fentry%3Da", "?insert=after&point=x",
              "?insert=after&point=%2Fnatfw%3Anatfw%2Fpolicy%2Fentry%3Dnone",
              "?insert=after&point=%2Fnatfw%3Anatfw%2Fpolicy", "?insert=first&insert=first"):
        h.error("POST", POLICY + q, 400, "invalid-value", entry("x"))
    h.error("POST", TOP + "?insert=first", 400, "invalid-value", {"natfw:key": [{"id": 7, "name": "x", "secret": "YWJjZGVmZ2hpamtsbW5vcA=="}]})
    want(names(h) == ["z", "a", "b", "l", "m"], "after all: %s" % names(h))
    cleared(h)


def conditional(o, l):
    h = session(l)
    cleared(h)
    store = h.get(DATA + "?content=config")
    old = store.fields["etag"]
    time.sleep(1.1)
    a = does(h, "POST", POLICY, 201, entry("a"), if_match='"nothing", %s' % h.get(POLICY).fields["etag"])
    now = h.get(DATA + "?content=config")
    want(now.fields["etag"] != old and now.fields["last-modified"] != store.fields["last-modified"], "the same tag")
    body = {"ietf-restconf:data": {"natfw:natfw": {"policy": {"rate": 9}}}}
    h.error("PATCH", DATA, 412, "operation-failed", body, if_match=old)
    h.error("PATCH", DATA, 412, "operation-failed", body, if_unmodified_since=store.fields["last-modified"])
    h.error("PUT", POLICY + "/entry=a", 412, "operation-failed", entry("a", zone=5), if_none_match="*")
    h.error("DELETE", POLICY + "/entry=a", 412, "operation-failed", if_match='"x-json"')
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 50}, "changed after all")
    # the tag of the other format is of the same thing
    does(h, "PATCH", DATA, 204, body, if_match=h.get(DATA, accept=XML).fields["etag"])
    does(h, "PUT", POLICY + "/entry=b", 201, entry("b"), if_none_match="*")
    # back as it was, it is as it was
    does(h, "DELETE", POLICY + "/rate", 204)
    cleared(h)
    want(h.get(DATA + "?content=config").fields["etag"] == old, "the same is not the same")


def whole(o, l):
    """The datastore, as it was read, put back with one thing changed; secrets that nobody sees stay."""
    h = session(l)
    cleared(h)
    all_ = h.get(DATA + "?content=config").json()
    all_["ietf-restconf:data"]["natfw:natfw"].setdefault("policy", {})["rate"] = 11
    does(h, "PUT", DATA, 204, all_)
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 11}, "rate")
    want(len(h.get(TOP + "/key").json()["natfw:key"]) == 2, "keys")
    text = h.get(DATA + "?content=config", accept=XML).body.decode()
    does(h, "PUT", DATA, 204, text.replace("<rate>11</rate>", ""), content_type=XML)
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 50}, "the default")
    e = h.ask("PUT", DATA, {"ietf-restconf:data": {"natfw:natfw": {"policy": {"entry": [
        {"name": "x", "action": "permit", "key-id": 77}]}}}})
    want(400 <= e.status < 500 and "error-path" in e.body.decode(), "what refers to nothing: %s" % e)
    want(len(h.get(TOP + "/key").json()["natfw:key"]) == 2, "keys after all")


def locked(o, l):
    """Another manager, over NETCONF: its locks hold, what it has on trial is confirmed unless that takes a word."""
    h = session(l)
    cleared(h)
    other = copy.copy(o)
    other.port = 4335
    n = Listener(other).session()

    def ok(op):
        want(n.ask(op).find(q("ok")) is not None, op)

    ok("<lock><target><running/></target></lock>")
    h.error("PUT", POLICY + "/rate", 409, "in-use", {"natfw:rate": 12})
    h.error("DELETE", TOP + "/key=2", 409, "in-use")
    ok("<unlock><target><running/></target></unlock>")
    does(h, "PUT", POLICY + "/rate", 201, {"natfw:rate": 12})
    edit = ('<edit-config><target><candidate/></target><config><natfw xmlns="%s"><policy><rate>%%d</rate></policy></natfw>'
            '</config></edit-config>' % NATFW)
    ok(edit % 13)
    ok("<commit><confirmed/><confirm-timeout>60</confirm-timeout><persist>word</persist></commit>")
    h.error("PUT", POLICY + "/sessions-max", 409, "in-use", {"natfw:sessions-max": 12})
    ok("<commit><persist-id>word</persist-id></commit>")
    ok(edit % 14)
    ok("<commit><confirmed/><confirm-timeout>3</confirm-timeout></commit>")
    does(h, "PUT", POLICY + "/sessions-max", 201, {"natfw:sessions-max": 12})
    time.sleep(4)
    want(h.get(POLICY + "/rate").json() == {"natfw:rate": 14}, "reverted after all")
    want(h.get(POLICY + "/sessions-max").json() == {"natfw:sessions-max": 12}, "reverted after all")
    # a candidate that has been changed is nobody else's
    ok(edit % 15)
    does(h, "DELETE", POLICY + "/sessions-max", 204)
    does(h, "DELETE", POLICY + "/rate", 204)
    ok("<discard-changes/>")
    n.close()


def denied(o, l):
    """The rules of NACM (nms1 may not write gist, nor see log, nor reload)."""
    h = session(l)
    h.error("PUT", TOP + "/gist/port", 403, "access-denied", {"natfw:port": 271}, "/natfw:natfw/gist/port")
    want(h.get(TOP + "/gist/port").json() == {"natfw:port": 270}, "written after all")
    h.error("GET", TOP + "/daemon/log", 404, "invalid-value")
    want("log" not in h.get(TOP + "/daemon?with-defaults=report-all").json()["natfw:daemon"], "log")
    # what is not seen is not there, however it is asked about
    log, level = TOP + "/daemon/log", {"natfw:level": "info"}
    h.error("DELETE", log, 404, "invalid-value")
    h.error("DELETE", log + "/level", 404, "invalid-value")
    h.error("PUT", log + "/level", 404, "invalid-value", level)
    for fields in ({"If_Match": "*"}, {"If_Match": '"0"'}):
        h.error("PUT", log + "/level", 412, "operation-failed", level, **fields)
    h.error("PUT", log + "/level", 404, "invalid-value", level, If_None_Match="*")
    # what is told of a path is a document, whatever was in it
    for octets in "%01", "%FF", "%EF%BF%BE":
        x = h.ask("GET", "/restconf/data/no%s:such" % octets, Content_Type="application/yang-data+xml")
        want(x.status == 404 and x.xml() is not None, "%s" % x)
    h.error("POST", "/restconf/operations/natfw:reload", 403, "access-denied")
    does(h, "PUT", POLICY + "/rate", 201, {"natfw:rate": 12})
    does(h, "DELETE", POLICY + "/rate", 204)


def survives(o, l, *args):
    """An edit that is still there when the daemon has died of it."""
    h = session(l)
    if args[0] == "before":
        cleared(h)
        does(h, "POST", POLICY, 201, entry("kept"))
    else:
        want(names(h) == ["kept"], "lost: %s" % names(h))
        cleared(h)


def large(o, l):
    """A thousand entries at once, in less than a second."""
    h = session(l)
    cleared(h)
    body = {"natfw:policy": {"entry": [entry("e%d" % n, zone=3)["natfw:entry"][0] for n in range(1000)]}}
    start = time.monotonic()
    does(h, "PUT", POLICY, 204, body)
    print("took %.2f" % (time.monotonic() - start), flush=True)
    want(len(names(h)) == 1000, "entries")
    does(h, "PUT", POLICY, 204, {"natfw:policy": {}})
    want(names(h) == [], "all gone")


def steady(o, l):
    """All kinds of requests again and again; prints when it has warmed up, goes on when told, and prints again."""
    h = session(l)
    cleared(h)

    def round_():
        h.get(DATA + "?depth=3&fields=natfw:natfw(policy;gist)")
        h.get(TOP + "/state/call-home", accept=XML)
        h.error("GET", TOP + "/none?x=1", 404, "invalid-value")
        h.error("GET", TOP + "/gist?fields=a(b", 400, "invalid-value")
        h.error("PUT", POLICY + "/rate", 400, "invalid-value", {"natfw:rate": "x"})
        h.error("PATCH", POLICY, 400, "malformed-message", "{", content_type="application/yang-data+json")
        h.error("POST", "/restconf/operations/natfw:call-home", 400, "invalid-value", {"natfw:input": {"client": "x"}})
        does(h, "PUT", POLICY + "/rate", 201, {"natfw:rate": 5})
        does(h, "DELETE", POLICY + "/rate", 204)

    for _ in range(5):
        round_()
    print("warm", flush=True)
    for _ in range(30):
        round_()
    print("over", flush=True)
    time.sleep(2)
