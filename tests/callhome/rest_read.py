# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers read by RESTCONF, for rest.py. Each takes one call."""
import json
import xml.etree.ElementTree as ET

from peer import NATFW, want
from rest import DATA, JSON, RC, TOP, XML, session

LIB = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
WORDS = "urn:ietf:params:restconf:capability:"


def discovery(o, l):
    h = session(l)
    a = h.get("/.well-known/host-meta", accept="application/xrd+xml")
    want(a.fields["content-type"] == "application/xrd+xml", "type")
    links = [e for e in ET.fromstring(a.body) if e.tag.endswith("}Link")]
    want([e.get("rel") for e in links] == ["restconf"] and links[0].get("href") == "/restconf", "links: %s" % a)
    h.error("GET", "/.well-known/host-meta", 406, "invalid-value", accept="text/html")

    root = h.get("/restconf").json()["ietf-restconf:restconf"]
    want(sorted(root) == ["data", "operations", "yang-library-version"], "root: %s" % root)
    want(root["yang-library-version"] == "2019-01-04", "version")
    want(h.get("/restconf?depth=1").json() == {"ietf-restconf:restconf": {}}, "depth 1")
    some = h.get("/restconf?fields=yang-library-version").json()["ietf-restconf:restconf"]
    want(list(some) == ["yang-library-version"], "fields: %s" % some)
    x = h.get("/restconf", accept=XML).xml()
    want(x.tag == "{%s}restconf" % RC and [e.tag.split("}")[1] for e in x] == sorted(root), "XML")
    want(h.get("/restconf/yang-library-version").json() == {"ietf-restconf:yang-library-version": "2019-01-04"}, "leaf")
    x = h.get("/restconf/yang-library-version", accept=XML).xml()
    want(x.tag == "{%s}yang-library-version" % RC and x.text == "2019-01-04", "leaf")

    ops = h.get("/restconf/operations").json()["ietf-restconf:operations"]
    for name in ("natfw:call-home", "natfw:reload", "natfw:session-open", "ietf-netconf-monitoring:get-schema"):
        want(ops.get(name) == [None], "operation %s" % name)
    want(not any(n.startswith("ietf-netconf:") for n in ops), "operations of NETCONF itself")
    x = h.get("/restconf/operations", accept=XML).xml()
    want("{%s}call-home" % NATFW in [e.tag for e in x], "operations in XML")
    h.error("GET", "/restconf/operations/natfw:call-home", 405, "operation-not-supported")
    h.error("GET", "/restconf/operations/natfw:none", 404, "invalid-value")
    h.error("GET", "/restconf/none", 404, "invalid-value")
    h.error("GET", "/elsewhere", 404, "invalid-value")


def options(o, l):
    h = session(l)

    def allow(path):
        a = h.ask("OPTIONS", path)
        want(a.status == 200, "%s: %s" % (path, a))
        return a, set(a.fields["allow"].split(", "))

    both = {"application/yang-data+xml", "application/yang-data+json"}
    a, m = allow(TOP + "/policy")
    want(m == {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}, "container: %s" % a)
    want(both <= set(a.fields["accept-patch"].split(", ")), "Accept-Patch: %s" % a)
    a, m = allow(DATA)
    want(m == {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"} and "accept-patch" in a.fields, "datastore: %s" % a)
    a, m = allow(TOP + "/state")
    want(m == {"GET", "HEAD", "OPTIONS"} and "accept-patch" not in a.fields, "state: %s" % a)
    a, m = allow("/restconf/operations/natfw:call-home")
    want(m == {"OPTIONS", "POST"}, "operation: %s" % a)
    a, m = allow(TOP + "/key")
    want(m == {"GET", "HEAD", "OPTIONS"}, "a list as such: %s" % a)
    a, m = allow(TOP + "/key=1/id")
    want(m == {"GET", "HEAD", "OPTIONS"}, "a key: %s" % a)
    want(h.ask("OPTIONS", "*").status == 204, "the server as such")
    h.error("DELETE", DATA, 405, "operation-not-supported")
    h.error("PUT", TOP + "/state", 405, "operation-not-supported", {"natfw:state": {}})
    h.error("BREW", TOP, 501, "operation-not-supported")


def formats(o, l):
    h = session(l)
    want(h.get(TOP + "/daemon").json()["natfw:daemon"], "JSON without a wish")
    want(h.get(TOP + "/daemon", accept=XML).xml().tag == "{%s}daemon" % NATFW, "XML")
    want(h.get(TOP + "/daemon", accept="*/*").json(), "anything")
    want(h.get(TOP + "/daemon", accept="application/*;q=0.1, text/html").json(), "a range")
    want(h.get(TOP + "/daemon", accept="%s;q=0.2, %s;q=0.7" % (JSON, XML)).xml() is not None, "weights")
    want(h.get(TOP + "/daemon", accept="application/*, %s;q=0" % JSON).xml() is not None, "all but one")
    h.error("GET", TOP + "/daemon", 406, "invalid-value", accept="text/html")
    h.error("GET", TOP + "/daemon", 406, "invalid-value", accept="%s;q=0, %s;q=0.0" % (JSON, XML))
    # what an answer is in if nothing is said is what the request is in
    a = h.ask("PATCH", TOP + "/daemon", "<daemon", content_type=XML)
    want(a.status == 400 and a.xml().tag == "{%s}errors" % RC, "error: %s" % a)
    a = h.ask("PATCH", TOP + "/daemon", '{"x', content_type=JSON)
    want(a.status == 400 and "ietf-restconf:errors" in a.json(), "error: %s" % a)
    h.error("PATCH", TOP + "/daemon", 415, "invalid-value", "x", content_type="text/plain")
    h.error("PATCH", TOP + "/daemon", 415, "invalid-value", "x")
    h.error("PATCH", TOP + "/daemon", 415, "invalid-value", "{}", content_type=JSON, content_encoding="gzip")
    a = h.get(TOP + "/daemon")
    want("no-cache" in a.fields["cache-control"], "cache")


def data(o, l):
    h = session(l)
    all_ = h.get(DATA).json()["ietf-restconf:data"]
    want("natfw:natfw" in all_ and "ietf-yang-library:yang-library" in all_, "top: %s" % list(all_))
    want("ietf-restconf-monitoring:restconf-state" in all_, "monitoring")
    want("state" in all_["natfw:natfw"], "state")
    x = h.get(DATA, accept=XML).xml()
    want(x.tag == "{%s}data" % RC and "{%s}natfw" % NATFW in [e.tag for e in x], "XML")
    clients = h.get(TOP + "/management/call-home/client").json()["natfw:client"]
    want([c["name"] for c in clients] == ["nms", "a,b/c d", "slow", "classic"], "a list: %s" % clients)
    a = h.ask("GET", TOP + "/management/call-home/client", accept=XML)
    want(a.status == 400 and a.xml().find(".//{%s}error-tag" % RC).text == "invalid-value", "several in XML: %s" % a)
    one = h.get(TOP + "/management/call-home/client=nms").json()["natfw:client"]
    want(len(one) == 1 and one[0]["name"] == "nms", "an entry: %s" % one)
    odd = TOP + "/management/call-home/client=a%2Cb%2Fc%20d"
    want(h.get(odd + "/name").json() == {"natfw:name": "a,b/c d"}, "a key with reserved characters")
    h.error("GET", TOP + "/management/call-home/client=a,b", 400, "invalid-value")
    h.error("GET", TOP + "/management/call-home/client=none", 404, "invalid-value")
    h.error("GET", TOP + "/management/call-home/client/name", 400, "invalid-value")
    h.error("GET", TOP + "/key=x", 400, "invalid-value")
    h.error("GET", TOP + "/none", 404, "invalid-value")
    h.error("GET", DATA + "/natfw", 400, "invalid-value")
    h.error("GET", DATA + "/none:natfw", 404, "invalid-value")
    h.error("GET", TOP + "/daemon=1", 400, "invalid-value")
    h.error("GET", TOP + "/daemon/%zz", 400, "invalid-value")
    h.error("GET", TOP + "//daemon", 400, "invalid-value")
    # secrets and ids of sessions are nobody's
    text = h.get(DATA + "?with-defaults=report-all").body
    want(b"c2VjcmV0" not in text and b'"secret"' not in text, "a secret")
    want(h.get(TOP + "/key=1").json() == {"natfw:key": [{"id": 1, "name": "first"}]}, "a key")


def state(o, l):
    h = session(l)
    calls = h.get(TOP + "/state/call-home").json()["natfw:call-home"]["client"]
    me = [c for c in calls if c["name"] == "nms"][0]
    want(me["state"] == "up" and me["transport"] == "restconf" and me["user"] == "nms1", "call: %s" % me)
    want(list(h.get(TOP + "/state/daemon").json()) == ["natfw:daemon"], "a part")
    mon = h.get(DATA + "/ietf-netconf-monitoring:netconf-state/datastores").json()
    want("ietf-netconf-monitoring:datastores" in mon, "monitoring")
    rs = h.get(DATA + "/ietf-restconf-monitoring:restconf-state").json()
    rs = rs["ietf-restconf-monitoring:restconf-state"]
    caps = rs["capabilities"]["capability"]
    want(WORDS + "defaults:1.0?basic-mode=trim" in caps, "defaults: %s" % caps)
    for word in ("depth", "fields", "filter", "replay", "with-defaults"):
        want(WORDS + word + ":1.0" in caps, word)
    streams = {s["name"]: s for s in rs["streams"]["stream"]}
    want("NETCONF" in streams and {a["encoding"] for a in streams["NETCONF"]["access"]} == {"xml", "json"}, "streams")
    # every module that anything is of is in the library
    lib = h.get(DATA + "/ietf-yang-library:yang-library").json()["ietf-yang-library:yang-library"]
    known = {m["name"] for s in lib["module-set"] for m in s["module"]}
    all_ = h.get(DATA).json()["ietf-restconf:data"]
    want({n.split(":")[0] for n in all_} <= known, "modules: %s" % set(all_))
    want({"natfw", "ietf-restconf", "ietf-restconf-monitoring", "ietf-yang-library"} <= known, "library: %s" % known)
    schema = h.ask("POST", "/restconf/operations/ietf-netconf-monitoring:get-schema",
                   {"ietf-netconf-monitoring:input": {"identifier": "natfw"}})
    want(schema.status == 200 and schema.json()["ietf-netconf-monitoring:output"]["data"].startswith("// SPDX"), "schema")


def defaults(o, l):
    h = session(l)
    port = TOP + "/gist/port"
    want(h.get(port).json() == {"natfw:port": 270}, "a default in use: %s" % h.get(port))
    want(h.get(port + "?with-defaults=trim").json() == {"natfw:port": 270}, "basic mode is for what is around")
    trim = h.get(TOP + "/gist").json()["natfw:gist"]
    want("port" not in trim, "trim: %s" % trim)
    full = h.get(TOP + "/gist?with-defaults=report-all").json()["natfw:gist"]
    want(full["port"] == 270, "report-all")
    for mode in ("explicit", "report-all-tagged", "", "ALL"):
        h.error("GET", TOP + "/gist?with-defaults=" + mode, 400, "invalid-value")


def queries(o, l):
    h = session(l)

    def get(q, at=TOP):
        return h.get(at + q).json()[at.split("/")[-1].split("=")[0] if ":" in at.split("/")[-1] else
                                    "natfw:" + at.split("/")[-1].split("=")[0]]

    config = get("?content=config")
    want("state" not in config and "management" in config, "config: %s" % list(config))
    other = get("?content=nonconfig")
    want(list(other) == ["state"], "nonconfig: %s" % list(other))
    want("state" in get("?content=all") and "management" in get("?content=all"), "all")
    want(get("?depth=1") == {}, "depth 1: %s" % get("?depth=1"))
    two = get("?depth=2")
    want(two["management"] == {} and two["daemon"] == {}, "depth 2: %s" % two)
    three = get("?depth=3&content=config", TOP + "/management")
    want(three["call-home"]["client"][0] == {"name": "nms"}, "depth 3: %s" % three)
    want(get("?depth=unbounded").keys() == get("").keys(), "unbounded")
    want(h.get(DATA + "?depth=1").json() == {"ietf-restconf:data": {}}, "depth of the datastore")
    f = get("?fields=management/call-home/client(name;endpoint/remote-port);state/daemon")
    want(sorted(f) == ["management", "state"] and list(f["state"]) == ["daemon"], "fields: %s" % f)
    want(f["management"]["call-home"]["client"][0]["name"] == "nms", "fields: %s" % f)
    want("reconnect" not in f["management"]["call-home"]["client"][0], "fields: %s" % f)
    f = get("?fields=call-home/client&depth=2", TOP + "/management")
    want(f["call-home"]["client"][0].keys() == {"name"} or "endpoint" in f["call-home"]["client"][0], "both: %s" % f)
    f = h.get(DATA + "?fields=ietf-yang-library:yang-library/content-id").json()["ietf-restconf:data"]
    want(list(f) == ["ietf-yang-library:yang-library"] and
         list(f["ietf-yang-library:yang-library"]) == ["content-id"], "fields: %s" % f)
    a = h.get(TOP + "/management?fields=none")
    want(a.json() == {"natfw:management": {}}, "nothing: %s" % a)
    for q in ("content=config&content=config", "content=x", "foo=1", "depth=0", "depth=65536", "depth=1x", "depth=",
              "fields=", "fields=a(b", "fields=a)", "fields=a;;b", "fields=a/", "fields=/a", "fields=(a)", "filter=a",
              "insert=first", "point=a", "start-time=2020-01-01T00:00:00Z", "CONTENT=all", "content=%zz",
              "fields=" + "a(" * 60 + "a" + ")" * 60, "fields=" + ";".join("a" * 200)):
        h.error("GET", TOP + "?" + q, 400, "invalid-value")
    h.error("GET", "/restconf/operations?depth=1", 400, "invalid-value")
    h.error("GET", "/restconf?content=all", 400, "invalid-value")


def conditions(o, l):
    h = session(l)
    for path in (DATA + "?content=config", DATA, TOP + "/daemon"):
        a = h.get(path)
        tag, when = a.fields["etag"], a.fields["last-modified"]
        want(tag[0] == tag[-1] == '"', "tag %s" % tag)
        b = h.get(path)
        want(b.fields["etag"] == tag and b.fields["last-modified"] == when, "another tag, and nothing has changed")
        x = h.get(path, accept=XML)
        want(x.fields["etag"] != tag, "one tag for two representations")
        n = h.get(path, 304, if_none_match=tag)
        want(not n.body and n.fields["etag"] == tag, "304: %s" % n)
        h.get(path, 304, if_none_match='"x", %s' % tag)
        h.get(path, 304, if_none_match="*")
        h.get(path, 200, if_none_match='"x"')
        h.get(path, 304, if_modified_since=when)
        h.get(path, 200, if_modified_since="Thu, 01 Jan 1970 00:00:00 GMT")
        h.get(path, 200, if_none_match='"x"', if_modified_since=when)
        h.get(path, 200, if_modified_since="yesterday")
        h.get(path, 200, if_match=tag)
        h.error("GET", path, 412, "operation-failed", if_match='"x"')
        h.error("GET", path, 412, "operation-failed", if_unmodified_since="Thu, 01 Jan 1970 00:00:00 GMT")
        h.get(path, 200, if_unmodified_since=when)
    want("etag" not in h.get(TOP + "/state/daemon").fields, "a tag of state")


def heads(o, l):
    h = session(l)
    for path in (DATA, TOP + "/daemon", "/restconf", "/restconf/operations", "/.well-known/host-meta", TOP + "/none",
                 TOP + "?foo=1"):
        get = h.ask("GET", path)
        head = h.ask("HEAD", path)
        want(head.status == get.status and not head.body, "HEAD %s: %s" % (path, head))
        same = {k for k in get.fields if k not in ("date", "content-length")}
        want({k: head.fields[k] for k in same} == {k: get.fields[k] for k in same}, "HEAD %s: %s" % (path, head))
        want("state" in path or path == DATA or head.fields["content-length"] == get.fields["content-length"], "length")


def many(o, l):
    h = session(l)
    for host in ("device-serial-17", "192.0.2.1", "[2001:db8::1]:4336", "x"):
        want(h.ask("GET", TOP + "/daemon", host=host).status == 200, "Host: %s" % host)
    for n in range(100):
        h.get(TOP + "/daemon")
    # all at once, answered in order
    paths = [TOP + "/gist/port", TOP + "/none", "/restconf/yang-library-version", TOP + "/state/daemon"] * 10
    h.s.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % p.encode() for p in paths))
    got = [h.receive() for p in paths]
    want([a.status for a in got] == [200, 404, 200, 200] * 10, "pipelining: %s" % [a.status for a in got])
    want(json.loads(got[0].body) == {"natfw:port": 270} and b"2019" in got[38].body, "order")
    a = h.ask("GET", TOP + "/daemon", connection="close")
    want(a.status == 200 and a.fields["connection"] == "close" and h.ended(), "close")
    # and it calls again
    want(session(l).ask("GET", TOP + "/daemon").status == 200, "the next call")


def operations(o, l):
    h = session(l)
    op = "/restconf/operations/natfw:call-home"
    a = h.ask("POST", op, {"natfw:input": {"client": "nms"}})
    want(a.status == 204 and not a.body, "call-home: %s" % a)
    a = h.ask("POST", op, '<input xmlns="%s"><client>nms</client></input>' % NATFW, content_type=XML)
    want(a.status == 204, "call-home in XML: %s" % a)
    h.error("POST", op, 400, "invalid-value", {"natfw:input": {"client": "nobody"}}, "/natfw:call-home/client")
    h.error("POST", op, 400, "data-missing")
    h.error("POST", op, 400, "unknown-element", {"natfw:input": {"client": "nms", "x": 1}})
    h.error("POST", op, 400, "malformed-message", {"natfw:output": {"client": "nms"}})
    h.error("POST", op, 400, "malformed-message", "{", content_type=JSON)
    h.error("POST", "/restconf/operations/natfw:none", 404, "invalid-value", {"natfw:input": {}})
    h.error("POST", "/restconf/operations/call-home", 400, "invalid-value", {"natfw:input": {}})
    x = h.ask("POST", op, '<input xmlns="%s"><client>nobody</client></input>' % NATFW, content_type=XML)
    path = x.xml().find(".//{%s}error-path" % RC)
    want(path is not None and path.text == "/natfw:call-home/natfw:client" and b"xmlns:natfw=" in x.body, "path: %s" % x)
