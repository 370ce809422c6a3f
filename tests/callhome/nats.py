# SPDX-License-Identifier: GPL-2.0-or-later
"""Translation as managers read it (RFC 8512), for peer.py and rest.py. Each takes one call or more."""
import threading
import time
import xml.etree.ElementTree as ET

import rest
from access import as_user
from peer import MON, NATFW, NS, q, want
from scenarios import get, names, natfw, subtree

NAT = "urn:ietf:params:xml:ns:yang:ietf-nat"
NFN = "urn:natfw:yang:natfw-nat"
LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
TABLE = "/ietf-nat:nat/instances/instance=1/mapping-table"
SHARED = 12000		# mappings of the daemon without a module; 10,000 are told at once


def inside(inner):
    return get(subtree('<nat xmlns="%s"><instances><instance>%s</instance></instances></nat>' % (NAT, inner)))


def entry(inner):
    return inside("<mapping-table><mapping-entry>%s</mapping-entry></mapping-table>" % inner)


def xpath(expr):
    return get('<filter type="xpath" xmlns:n="%s" xmlns:t="%s" select="%s"/>' % (NAT, NS, expr))


def text(e, path, ns=NAT):
    n = e.find("/".join(q(p, ns) for p in path.split("/")))
    return None if n is None else n.text


def indices(d):
    return [int(text(m, "index")) for m in d.iter(q("mapping-entry", NAT))]


def instance(s, inner):
    return next(s.data(inside(inner)).iter(q("instance", NAT)))


# ---------------------------------------------------------------- without a module

def described(o, l):
    """The instance, its capabilities, pools and numbers; and what the library says of the modules."""
    s = l.session()
    i = instance(s, "<id>1</id><name/><enable/><capabilities/><policy/><statistics/>")
    want(text(i, "enable") == "true" and text(i, "id") == "1", ET.tostring(i).decode())
    flavors = [f.text.split(":")[-1] for f in i.iter(q("nat-flavor", NAT))]
    want(flavors == ["basic-nat44", "napt44", "dst-nat", "napt66"], "%s" % flavors)
    want(text(i, "policy/id") == "1" and text(i, "policy/external-ip-address-pool/pool-id") == "1", "pool")
    pool = i.find("%s/%s" % (q("policy", NAT), q("external-ip-address-pool", NAT)))
    want(text(pool, "external-ip-pool") == "192.0.2.128/31" and text(pool, "name", NFN) == "internet", "addresses")
    want(text(i, "policy/timers/tcp-idle-timeout") == "7441", "timers")
    want(text(i, "statistics/mappings-statistics/total-port-mappings") == str(SHARED), "mappings")
    want(text(i, "statistics/pools-stats/ports-stats/ports-allocated") == "7", "ports")
    want(text(i, "statistics/discontinuity-time") == "2001-09-09T01:46:40+00:00", "since")
    want(i.find(q("mapping-table", NAT)) is None, "mappings that nobody asked for")
    d = s.data(get(subtree('<yang-library xmlns="%s"/>' % LIBRARY)))
    m = [e for e in d.iter(q("module", LIBRARY)) if text(e, "name", LIBRARY) == "ietf-nat"][0]
    want([e.text for e in m.findall(q("deviation", LIBRARY))] == ["natfw-nat"], ET.tostring(m).decode())
    want(sorted(e.text for e in m.findall(q("feature", LIBRARY))) == ["basic-nat44", "dst-nat", "napt44"], "features")
    for name in ("ietf-nat", "natfw-nat"):
        r = s.ask('<get-schema xmlns="%s"><identifier>%s</identifier></get-schema>' % (MON, name))
        want("module %s {" % name in ET.tostring(r).decode(), "schema of %s" % name)
    s.close()


def pool_use(o, l):
    s = l.session()
    d = s.data(get(natfw("<state><pools/></state>")))
    p = next(d.iter(q("pool", NATFW)))
    want({n: text(p, n, NATFW) for n in ("name", "configured", "ports", "used", "held", "hosts", "refused")} == {
        "name": "internet", "configured": "true", "ports": "129024", "used": "7", "held": "2", "hosts": "4",
        "refused": "3"}, ET.tostring(p).decode())
    s.close()


def read_only(o, l):
    s = l.session()
    e = s.ask(
        '<edit-config><target><candidate/></target><config><nat xmlns="%s"><instances><instance><id>1</id>'
        "</instance></instances></nat></config></edit-config>" % NAT)
    want(e.find(q("rpc-error")) is not None, ET.tostring(e).decode())
    d = s.data(get("", True))
    want("nat" not in names(d), "state in the configuration")
    s.close()


def selected(o, l):
    """Filters find what they are for, however many others there are."""
    s = l.session()
    want(indices(s.data(entry("<index>5</index>"))) == [5], "index")
    want(indices(s.data(entry("<index>%d</index>" % SHARED))) == [SHARED], "the last one")
    want(indices(s.data(entry("<index>%d</index>" % (SHARED + 1)))) == [], "none")
    want(indices(s.data(entry("<internal-src-address>10.0.1.4/32</internal-src-address>"))) == [260], "address")
    want(indices(s.data(entry("<internal-src-address>10.0.1.4/32</internal-src-address>"
                              "<transport-protocol>6</transport-protocol>"))) == [], "another protocol")
    d = s.data(entry("<index>7</index><external-src-port/>"))
    m = next(d.iter(q("mapping-entry", NAT)))
    want(names(m) == ["index", "external-src-port"] and text(m, "external-src-port/start-port-number") == "1030",
         ET.tostring(d).decode())
    d = s.data(inside("<mapping-table><mapping-entry><index>3</index></mapping-entry><mapping-entry><index>2</index>"
                      "</mapping-entry></mapping-table>"))
    want(sorted(indices(d)) == [2, 3], "two of them")
    path = "/n:nat/n:instances/n:instance/n:mapping-table/n:mapping-entry"
    want(indices(s.data(xpath(path + "[n:index='9']"))) == [9], "XPath")
    want(indices(s.data(xpath(path + "[n:external-src-port/n:start-port-number=2000]"))) == [977], "XPath, port")
    want(indices(s.data(xpath("/n:nat/n:instances/n:instance[n:id=1]/n:statistics"))) == [], "XPath, beside")
    e = next(s.data(entry("<index>5</index>")).iter(q("mapping-entry", NAT)))
    want([text(e, n) for n in ("type", "transport-protocol", "internal-src-address", "external-src-address")] ==
         ["dynamic-implicit", "17", "10.0.0.5/32", "192.0.2.128/32"], ET.tostring(e).decode())
    want([text(e, n, NFN) for n in ("pool", "rule", "flows")] == ["internet", "9", "1"], ET.tostring(e).decode())
    s.close()


def too_many(o, l):
    """More than are told at once are refused with words, and other questions are answered meanwhile."""
    s, other = l.session(), l.session()
    for op in (entry("<transport-protocol>17</transport-protocol>"), inside("<mapping-table/>"), "<get/>",
               xpath("//n:mapping-entry"), inside("")):
        begin = time.monotonic()
        e = s.error(op, "resource-denied", "application")
        took = time.monotonic() - begin
        want("internal-src-address" in e.find(q("error-message")).text, ET.tostring(e).decode())
        want(took < 10, "%.1f s" % took)
    # each of these is one that does not want mappings
    for op in (get(natfw("<state/>")), inside("<statistics/>"), xpath("/t:none"), get("", True)):
        want(s.ask(op).find(q("rpc-error")) is None, op)
    done = []
    t = threading.Thread(target=lambda: done.append(s.ask("<get/>")))
    t.start()
    want(indices(other.data(entry("<index>5</index>"))) == [5], "meanwhile")
    t.join()
    want(len(done) == 1, "answered")
    s.close()
    other.close()


def unseen(o, l):
    """Who may not read mappings is not refused all else because of them."""
    s = as_user(l, "guest")
    d = s.data("<get/>")
    want("nat" in names(d) and indices(d) == [] and len(list(d.iter(q("statistics", NAT)))) == 1, "%s" % names(d))
    want(indices(s.data(entry("<index>5</index>"))) == [], "one")
    s.close()


# ---------------------------------------------------------------- the same by RESTCONF

def resources(o, l):
    h = rest.session(l)
    top = "/restconf/data"
    one = h.get(top + TABLE + "/mapping-entry=5").json()["ietf-nat:mapping-entry"][0]
    want(one["internal-src-address"] == "10.0.0.5/32" and one["natfw-nat:rule"] == "9", "%s" % one)
    port = h.get(top + TABLE + "/mapping-entry=5/external-src-port/start-port-number").json()
    want(port == {"ietf-nat:start-port-number": 1028}, "%s" % port)
    h.error("GET", top + TABLE + "/mapping-entry=%d" % (SHARED + 1), 404, "invalid-value")
    e = h.error("GET", top + TABLE, 409, "resource-denied")
    want("index" in e["error-message"], "%s" % e)
    h.error("GET", top, 409, "resource-denied")
    i = h.get(top + "/ietf-nat:nat?depth=4").json()["ietf-nat:nat"]["instances"]["instance"][0]
    want("mapping-table" not in i and i["enable"] is True, "%s" % i)
    i = h.get(top + "/ietf-nat:nat?fields=instances/instance/statistics/mappings-statistics").json()
    want(i["ietf-nat:nat"]["instances"]["instance"][0]["statistics"]["mappings-statistics"]["total-port-mappings"] ==
         SHARED, "%s" % i)
    h.get(top + "?content=config")
    i = h.get(top + "/ietf-nat:nat/instances/instance=1/policy=1").json()["ietf-nat:policy"][0]
    want(i["external-ip-address-pool"][0]["natfw-nat:name"] == "internet", "%s" % i)
    a = h.ask("PUT", top + "/ietf-nat:nat", {"ietf-nat:nat": {}})
    want(a.status == 405, "%s" % a)
