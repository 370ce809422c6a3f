# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations of managers on sessions by RESTCONF, for rest.py, at a device whose paths are fake."""
from peer import NATFW, want
from rest import JSON, TOP, XML, session

OPS = "/restconf/operations/natfw:"
SESSIONS = TOP + "/state/sessions"
FLOW = {"source": "192.0.2.1", "destination": "192.0.2.99", "protocol": "udp", "source-port": 4000,
        "destination-port": 5004}


def run(h, path, status, inside=None, **fields):
    a = h.ask("POST", path, None if inside is None else {"natfw:input": inside}, **fields)
    want(a.status == status and (status == 200) == bool(a.body), "%s: %s" % (path, a))
    return a


def opened(h, **more):
    return run(h, OPS + "session-open", 200, {"kind": "create", "flow": FLOW, **more}).json()["natfw:output"]


def session_operations(o, l):
    h = session(l)
    ops = h.get("/restconf/operations").json()["ietf-restconf:operations"]
    want(all("natfw:session-" + n in ops for n in ("open", "refresh", "close", "trace")), "%s" % ops)
    out = opened(h, lifetime=600)
    tag = out.pop("session")
    want(out == {"state": "established", "kind": "create", "lifetime": 600}, "%s" % out)
    want(h.get(SESSIONS + "/session=" + tag).json()["natfw:session"][0]["state"] == "established", "it is there")
    out = run(h, OPS + "session-trace", 200, {"session": tag}).json()["natfw:output"]
    want(out["outcome"] == "answered" and out["flow"]["destination"] == "192.0.2.99", "%s" % out)
    run(h, OPS + "session-refresh", 204, {"session": tag})
    run(h, OPS + "session-close", 204, {"session": tag})
    h.error("POST", OPS + "session-close", 400, "invalid-value", {"natfw:input": {"session": tag}},
            "/natfw:session-close/session")
    h.error("GET", SESSIONS + "/session=" + tag, 404, "invalid-value")
    bad = dict(FLOW, destination="198.51.100.2")
    e = h.error("POST", OPS + "session-open", 500, "operation-failed", {"natfw:input": {"kind": "create", "flow": bad}})
    want(e["error-message"] == "refused: fake", "%s" % e)
    h.error("POST", OPS + "session-open", 400, "data-missing")
    h.error("POST", OPS + "session-open", 400, "invalid-value", {"natfw:input": {"kind": "x"}}, "/natfw:session-open/kind")
    h.error("POST", OPS + "session-open", 400, "invalid-value", {"natfw:input": {"kind": "create"}})
    # in XML
    a = h.ask("POST", OPS + "session-open", '<input xmlns="%s"><kind>block</kind><flow><source>192.0.2.9</source>'
              "<destination>192.0.2.1</destination></flow></input>" % NATFW, content_type=XML)
    want(a.status == 200 and a.xml().tag == "{%s}output" % NATFW, "%s" % a)
    out = {e.tag: e.text for e in a.xml()}
    want(out["{%s}kind" % NATFW] == "block", "%s" % out)
    run(h, OPS + "session-close", 204, {"session": out["{%s}session" % NATFW]})
    # what is not for managers, and what is NETCONF's
    h.error("POST", OPS + "session-attach", 501, "operation-not-supported", {"natfw:input": {"token": "0" * 32}})
    h.error("POST", OPS + "reload", 501, "operation-not-supported")
    for name in "ietf-netconf:commit", "ietf-netconf:close-session":
        h.error("POST", "/restconf/operations/" + name, 501, "operation-not-supported")


def session_actions(o, l):
    h = session(l)
    tag = opened(h)["session"]
    at = SESSIONS + "/session=%s/" % tag
    a = h.ask("OPTIONS", at + "trace")
    want(set(a.fields["allow"].split(", ")) == {"OPTIONS", "POST"}, "%s" % a)
    h.error("GET", at + "trace", 405, "operation-not-supported")
    h.error("DELETE", at + "close", 405, "operation-not-supported")
    out = run(h, at + "trace", 200).json()["natfw:output"]
    want(out["outcome"] == "answered" and "round-trip" in out and "session" not in out, "%s" % out)
    run(h, at + "trace", 200, {"wait": 1})
    a = h.ask("POST", at + "trace", '<input xmlns="%s"><wait>1</wait></input>' % NATFW, content_type=XML)
    want(a.status == 200 and a.xml().find("{%s}outcome" % NATFW).text == "answered", "%s" % a)
    run(h, at + "trace", 200, {}, accept=JSON)
    h.error("POST", at + "trace", 400, "invalid-value", {"natfw:input": {"wait": 61}})
    h.error("POST", at + "trace", 400, "unknown-element", {"natfw:input": {"x": 1}})
    h.error("POST", at + "trace", 400, "malformed-message", {"natfw:output": {}})
    run(h, at + "refresh", 204)
    h.error("POST", at + "refresh", 400, "invalid-value", {"natfw:input": {}})
    h.error("POST", at + "none", 404, "invalid-value")
    h.error("POST", SESSIONS + "/session/close", 400, "invalid-value")
    h.error("POST", SESSIONS + "/session=x/close", 400, "invalid-value")
    run(h, at + "close", 204)
    for action in "close", "refresh", "trace":
        e = h.error("POST", at + action, 404, "invalid-value")
        want(tag in e["error-path"], "%s" % e)


def session_denied(o, l):
    """A user whom no rule permits anything; a session of an application of the device is there."""
    h = session(l, cert="guest")
    tag = h.get(SESSIONS).json()["natfw:sessions"]["session"][0]["session"]
    at = SESSIONS + "/session=%s/" % tag
    h.error("POST", OPS + "session-open", 403, "access-denied", {"natfw:input": {"kind": "create", "flow": FLOW}})
    h.error("POST", at + "close", 403, "access-denied")
    h.error("POST", at + "trace", 403, "access-denied")
