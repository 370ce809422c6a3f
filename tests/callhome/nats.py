# SPDX-License-Identifier: GPL-2.0-or-later
"""Translation as managers read it (RFC 8512), for peer.py and rest.py. Each takes one call or more."""
import json
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
FEWER = 7000		# once it is told to have fewer
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
    path = "/n:nat/n:instances/n:instance[n:policy/n:id=%d]/n:mapping-table/n:mapping-entry[n:index=6]"
    want(indices(s.data(xpath(path % 1))) == [6], "XPath, by what else an instance has")
    want(indices(s.data(xpath(path % 2))) == [], "XPath, by what it has not")
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
        want(took < 40, "%.1f s" % took)
    for expr in ("3 mod 0", "/n:nat[1mod 0 = 1]"):
        s.error(xpath(expr), "resource-denied", "application")
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


def by_name(o, l):
    """What an instance is matched by need not be its key."""
    s = l.session()
    for match in ("<name>natfw</name>", "<id>1</id><enable>true</enable>"):
        d = s.data(inside(match + "<mapping-table><mapping-entry><index>5</index></mapping-entry></mapping-table>"))
        want(indices(d) == [5], "%s: %s" % (match, ET.tostring(d).decode()[:500]))
        want(len(list(d.iter(q("instance", NAT)))) == 1, "one instance")
    d = s.data(inside("<name>natfw</name><mapping-table/>"))
    want(sorted(indices(d)) == list(range(1, FEWER + 1)), "%d mappings" % len(indices(d)))
    want([n.text for n in d.iter(q("name", NAT))] == ["natfw"], "the name once")
    want(indices(s.data(inside("<name>other</name><mapping-table/>"))) == [], "another name")
    path = "/n:nat/n:instances/n:instance[n:%s]/n:mapping-table/n:mapping-entry"
    want(len(indices(s.data(xpath(path % "name='natfw'")))) == FEWER, "XPath")
    want(indices(s.data(xpath(path % "name='natfw'" + "[n:index='6']"))) == [6], "XPath, one")
    want(indices(s.data(xpath(path % "name='other'"))) == [], "XPath, another name")
    s.close()


def uncounted(o, l):
    """Of what nobody may read, not even that there is too much of it is told."""
    s = as_user(l, "guest")
    want(indices(s.data(xpath("//n:mapping-entry"))) == [], "no mappings")
    want(list(s.data(xpath("//t:session")).iter(q("session", NATFW))) == [], "no sessions")
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


def many_mappings(o, l):
    h = rest.session(l)
    top = "/restconf/data"
    for path, way in ((TABLE, ["mapping-table"]), ("/ietf-nat:nat/instances/instance=1", ["instance", 0, "mapping-table"]),
                      ("/ietf-nat:nat/instances/instance", ["instance", 0, "mapping-table"]),
                      ("/ietf-nat:nat/instances", ["instances", "instance", 0, "mapping-table"]),
                      (TABLE + "/mapping-entry", [])):
        d = h.get(top + path).json()
        way = way + ["mapping-entry"]
        for step in ["ietf-nat:" + way[0]] + way[1:]:
            d = d[step]
        want(sorted(e["index"] for e in d) == list(range(1, FEWER + 1)), "%s: %d" % (path, len(d)))
    for path in (TABLE, "/ietf-nat:nat/instances/instance=1", "/ietf-nat:nat/instances/instance"):
        a = h.ask("GET", top + path, accept=rest.XML)
        want(a.status == 200 and indices(ET.fromstring(a.body)) == list(range(1, FEWER + 1)), "%s: %s" % (path, a.status))
    a = h.ask("GET", top + TABLE + "/mapping-entry", accept=rest.XML)
    want(a.status == 400, "several entries: %s" % a.status)


# ---------------------------------------------------------------- with a module

def mappings(s, inner):
    return list(s.data(entry(inner)).iter(q("mapping-entry", NAT)))


def of_host(s, address):
    return mappings(s, "<internal-src-address>%s/32</internal-src-address>" % address)


def by_packets(o, l, path):
    """What the module says itself is in @path."""
    s = l.session()
    have = of_host(s, "10.1.0.2")
    said = [m for m in json.load(open(path)) if m["int-addr"] == "10.1.0.2"]
    want(len(have) == 3 and len(said) == 3, "%d, %d" % (len(have), len(said)))

    def ends(m):
        return tuple(text(m, n) for n in ("transport-protocol", "internal-src-address",
                                          "internal-src-port/start-port-number", "external-src-address",
                                          "external-src-port/start-port-number"))
    want(sorted(map(ends, have)) == sorted(
        ("17", m["int-addr"] + "/32", str(m["int-port"]), m["ext-addr"] + "/32", str(m["ext-port"])) for m in said),
         "%s, %s" % ([ends(m) for m in have], said))
    for m in have:
        want([text(m, "type"), text(m, "lifetime"), text(m, "pool", NFN), text(m, "flows", NFN)] ==
             ["dynamic-implicit", None, "internet", "1"], ET.tostring(m).decode())
        one = mappings(s, "<index>%s</index>" % text(m, "index"))
        want(len(one) == 1 and ends(one[0]) == ends(m), "by index")
        one = list(s.data(xpath("/n:nat/n:instances/n:instance/n:mapping-table/n:mapping-entry[n:external-src-address='%s'"
                                " and n:external-src-port/n:start-port-number='%s']" % (ends(m)[3], ends(m)[4])))
                   .iter(q("mapping-entry", NAT)))
        want(len(one) == 1 and ends(one[0]) == ends(m), "by external endpoint")
    want(mappings(s, "<transport-protocol>6</transport-protocol>") == [], "another protocol")
    want(of_host(s, "10.1.0.3") == [], "another host")
    s.close()


def by_rules(o, l):
    s = l.session()
    for address, kind, protocol in (("10.1.0.7", "dynamic-explicit", "17"), ("10.1.0.8", "static", "17"),
                                    ("10.1.0.9", "static", "6")):
        m = of_host(s, address)
        want(len(m) == 1, "%s: %d" % (address, len(m)))
        m = m[0]
        want([text(m, "type"), text(m, "transport-protocol")] == [kind, protocol], ET.tostring(m).decode())
        left = text(m, "lifetime")
        want((left is not None and 0 < int(left) <= 60) if kind == "dynamic-explicit" else left is None, "%s" % left)
    m = of_host(s, "10.1.0.9")[0]
    want([text(m, "external-src-address"), text(m, "external-src-port/start-port-number"), text(m, "flows", NFN)] ==
         ["192.0.2.129/32", "8080", "0"], ET.tostring(m).decode())
    s.close()


def in_numbers(o, l):
    """500 more were sent, of which a host may have 400 in all."""
    s = l.session()
    i = instance(s, "<policy/><statistics/>")
    p = i.find("%s" % q("policy", NAT))
    want([text(p, n) for n in ("filtering-type", "mapping-type", "port-set-restrict/end-port-number",
                               "port-quota/port-limit", "timers/hold-down-timeout")] ==
         ["eif", "eim", "50000", "400", "7"], ET.tostring(p).decode())
    prefixes = [e.text for e in p.iter(q("prefix", NFN))]
    want(prefixes == ["192.0.2.129/32", "192.0.2.136/30"], "%s" % prefixes)
    st = i.find(q("statistics", NAT))
    have = of_host(s, "10.1.0.2")
    want(len(have) == 400, "%d mappings" % len(have))
    want(len({text(m, "index") for m in have}) == 400, "indices")
    total = len(mappings(s, ""))
    want(total == 403 and text(st, "mappings-statistics/total-port-mappings") == "403", "total %d" % total)
    want(text(st, "mappings-statistics/total-active-subscribers") == "3", ET.tostring(st).decode())
    want(int(text(st, "traffic-statistics/dropped-port-limit-packets")) == 103, ET.tostring(st).decode())
    used = int(text(st, "pools-stats/ports-stats/ports-allocated"))
    want(used == 402 and int(text(st, "pools-stats/per-pool-stats/port-stats/ports-allocated")) == used, "%d" % used)
    want(int(text(st, "pools-stats/ports-stats/ports-free")) == 5 * (50000 - 1023) - used, "free")
    pool = next(s.data(get(natfw("<state><pools/></state>"))).iter(q("pool", NATFW)))
    want([text(pool, n, NATFW) for n in ("used", "hosts", "refused", "configured")] ==
         [str(used), "3", "103", "true"], ET.tostring(pool).decode())
    c = {(text(e, "name", NATFW), text(e, "label-value", NATFW)): text(e, "value", NATFW)
         for e in s.data(get(natfw("<state><counters/></state>"))).iter(q("counter", NATFW))}
    want(c[("gate_pool_ports_used", "internet")] == str(used) and c[("gate_pool_refused_total", "internet")] == "103",
         "%s" % c)
    s.close()
