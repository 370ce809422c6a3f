# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers are told of as server-sent events, for rest.py. Each takes one call."""
import json
import time
import xml.etree.ElementTree as ET

from peer import want
from rest import DATA, session

NOTIFICATION = "urn:ietf:params:xml:ns:netconf:notification:1.0"
STREAM = "/restconf/streams/NETCONF/"


def subscribe(h, path):
    h.send("GET", path, accept="text/event-stream")
    status, fields = h.head()
    want(status == 200 and fields["content-type"] == "text/event-stream", "%s: %s" % (path, fields))
    want(fields["transfer-encoding"] == "chunked" and "no-cache" in fields["cache-control"], "fields: %s" % fields)
    h.events = b""


def event(h):
    """The data of the next event; None: the stream is over."""
    while b"\n\n" not in h.events:
        n = int(h.line(), 16)
        if not n:
            want(h.line() == "", "end of the chunks")
            return None
        h.events += h.take(n)
        want(h.line() == "", "end of a chunk")
    text, h.events = h.events.split(b"\n\n", 1)
    lines = text.decode().split("\n")
    want(all(line.startswith("data: ") for line in lines), "an event: %r" % text)
    return "\n".join(line[6:] for line in lines)


def streams(o, l):
    """Other managers are called in vain all the time, which is an event."""
    h = session(l)
    rs = h.get(DATA + "/ietf-restconf-monitoring:restconf-state/streams").json()
    found = [s for s in rs["ietf-restconf-monitoring:streams"]["stream"] if s["name"] == "NETCONF"][0]
    want({a["location"] for a in found["access"]} == {STREAM + "xml", STREAM + "json"}, "locations: %s" % found)
    want(found["replay-support"] is True, "replay: %s" % found)
    h.error("GET", STREAM + "json", 406, "invalid-value", accept="application/yang-data+json")
    h.error("GET", STREAM + "yaml", 404, "invalid-value", accept="text/event-stream")
    h.error("GET", "/restconf/streams/NONE/json", 404, "invalid-value", accept="text/event-stream")
    for q in ("filter=%2F%5B", "filter=", "start-time=x", "stop-time=2020-01-01T00:00:00Z",
              "start-time=2999-01-01T00:00:00Z", "depth=1", "content=all",
              "start-time=2020-01-01T00:00:00Z&stop-time=2019-01-01T00:00:00Z"):
        h.error("GET", STREAM + "json?" + q, 400, "invalid-value", accept="text/event-stream")
    a = h.ask("OPTIONS", STREAM + "json")
    want(a.status == 200 and "GET" in a.fields["allow"], "OPTIONS: %s" % a)

    subscribe(h, STREAM + "json")
    n = json.loads(event(h))["ietf-restconf:notification"]
    want(n["eventTime"].startswith("20") and n["eventTime"].endswith("Z"), "time: %s" % n)
    want(len(n) == 2 and [k for k in n if k.startswith("natfw:") or k.startswith("ietf-")], "event: %s" % n)
    h.s.close()


def in_xml(o, l):
    h = session(l)
    subscribe(h, STREAM + "xml")
    n = ET.fromstring(event(h))
    want(n.tag == "{%s}notification" % NOTIFICATION, "XML: %s" % n.tag)
    want(n[0].tag == "{%s}eventTime" % NOTIFICATION and len(n) == 2, "XML: %s" % list(n))
    h.s.close()


def replayed(o, l):
    """What was before is told again, up to the end that was asked for; and the connection goes on after it."""
    h = session(l)
    stop = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    subscribe(h, STREAM + "json?start-time=2020-01-01T00:00:00%2B00:00&stop-time=" + stop.replace(":", "%3A"))
    names, times = [], []
    while True:
        e = event(h)
        if e is None:
            break
        n = json.loads(e)["ietf-restconf:notification"]
        name = [k for k in n if k != "eventTime"]
        names += name
        # the stream's own come when they are said, between events or behind them
        if not name[0].startswith("nc-notifications:"):
            times.append(n["eventTime"])
    want("nc-notifications:replayComplete" in names and names[-1] == "nc-notifications:notificationComplete", names)
    want(names.index("nc-notifications:replayComplete") > 0, "nothing was told again")
    want(times == sorted(times), "order: %s" % [t for t, u in zip(times, sorted(times)) if t != u])
    want(h.get("/restconf/yang-library-version").status == 200, "the connection after a stream")
    h.s.close()


def filtered(o, l):
    h = session(l)
    subscribe(h, STREAM + "json?start-time=2020-01-01T00:00:00Z&filter=%2Fietf-netconf-notifications%3Anetconf-session-start")
    until = time.monotonic() + 5
    h.s.settimeout(3)
    try:
        while time.monotonic() < until:
            n = json.loads(event(h))["ietf-restconf:notification"]
            want(not any(k.startswith("natfw:") for k in n), "not what was asked for: %s" % n)
    except TimeoutError:
        pass
    h.s.close()
