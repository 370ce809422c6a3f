# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers say in NETCONF, for peer.py. Each of them takes one call or more."""
import json
import socket
import ssl
import time
import xml.etree.ElementTree as ET
from datetime import datetime

from peer import (BASE, MARKER, MON, NATFW, NS, WD, Session, check_error, hello, q, want)

LIB = "urn:ietf:params:xml:ns:yang:ietf-yang-library"


def bare(l):
    """A session before any hello."""
    return Session(l.secure(l.accept()), greet=False)


def get(filter_="", config=False, more=""):
    op = "get-config" if config else "get"
    return "<%s>%s%s%s</%s>" % (op, "<source><running/></source>" if config else "", filter_, more, op)


def subtree(inner):
    return '<filter type="subtree">%s</filter>' % inner


def natfw(inner):
    return subtree('<natfw xmlns="%s">%s</natfw>' % (NATFW, inner))


def names(e):
    return [c.tag.split("}")[1] for c in e]


def greetings(o, l):
    s = bare(l)
    s.take_hello()                          # it does not wait for ours
    want(BASE + "1.0" in s.capabilities and BASE + "1.1" in s.capabilities, "base versions")
    want(s.id > 0, "session id")
    text = s.capabilities
    want(any(c.startswith("urn:ietf:params:netconf:capability:yang-library:1.1?revision=") for c in text), "library")
    want("urn:ietf:params:netconf:capability:xpath:1.0" in text, "xpath")
    # the mode is the one that is used: see configuration()
    want(any(":with-defaults:1.0?basic-mode=trim&also-supported=" in c for c in text), "with-defaults")
    extra = "".join("<capability>urn:x:%d</capability>" % n for n in range(50))
    s.send_raw(hello(("1.1?a=b",)).replace(b"</capabilities>", extra.encode() + b"</capabilities>"))
    s.close()


def old_framing(o, l):
    s = l.session(versions=("1.0",))
    want(not s.chunked, "chunks")
    s.data(get(natfw("<gist/>"), True))
    s.data(get(natfw("<gist/>"), True))
    s.send_raw(b'<rpc message-id="7" xmlns="%s"><close-session/></rpc>]]' % NS.encode())
    time.sleep(0.2)
    s.send_raw(b">]]>")
    want(s.reply("7").find(q("ok")) is not None, "a marker in pieces")


def one_segment(o, l):
    s = bare(l)
    rpc = b'<rpc message-id="1" xmlns="%s"><get-config><source><running/></source></get-config></rpc>' % NS.encode()
    s.send_raw(hello() + b"\n#%d\n%s\n##\n" % (len(rpc), rpc))
    s.take_hello()
    want(s.reply("1").find(q("data")) is not None, "data")
    s.close()


def dribble(o, l):
    s = l.session()
    rpc = ('<rpc message-id="ä" xmlns="%s"><close-session/></rpc>' % NS).encode()
    for n in range(len(rpc)):
        s.send_raw(b"\n#1\n%s" % rpc[n:n + 1])
    s.send_raw(b"\n##\n")
    want(s.reply("ä").find(q("ok")) is not None, "ok")


def pipeline(o, l):
    s = l.session()
    rpcs = b""
    for n in range(40):
        rpc = ('<rpc message-id="p%d" xmlns="%s">%s</rpc>' % (
            n, NS, get(natfw("<state/>")) if n % 2 else get(natfw("<nslp/>"), True))).encode()
        rpcs += b"\n#%d\n%s\n##\n" % (len(rpc), rpc)
    s.send_raw(rpcs)
    for n in range(40):
        want(s.reply("p%d" % n).find(q("data")) is not None, "data")
    # nothing is done after close-session
    kill = b'<rpc message-id="b" xmlns="%s"><kill-session><session-id>1</session-id></kill-session></rpc>' % NS.encode()
    close = b'<rpc message-id="a" xmlns="%s"><close-session/></rpc>' % NS.encode()
    s.send_raw(b"\n#%d\n%s\n##\n" % (len(close), close) + b"\n#%d\n%s\n##\n" % (len(kill), kill))
    want(s.reply("a").find(q("ok")) is not None, "ok")
    want(s.ended() and not s.buf, "an answer after the end")


def bad_framing(o, l):
    for bad in (b"\n#007\n1234567", b"\n#\n", b"\n#4294967296\n", b"\n#-1\n", b"x", b"\n##\n", b"\n#3 \nabc",
                b"\n#99999999999999999999\n"):
        s = l.session()
        s.send_raw(bad)
        want(s.ended() and not s.buf, "put up with %r" % bad)
        print("closed", bad, flush=True)


def huge(o, l):
    s = l.session()
    s.send_raw(b"\n#4294967295\n0123456789")
    print("announced", flush=True)
    time.sleep(2)
    data = b" " * 65536
    try:
        for _ in range(100):
            s.send_raw(data)
    except OSError:
        pass
    print("over", flush=True)


MOUNTS = '<schema-mounts xmlns="urn:ietf:params:xml:ns:yang:ietf-yang-schema-mount"%s'


def bad_hellos(o, l):
    rpc = b'<rpc message-id="1" xmlns="%s"><get/></rpc>' % NS.encode() + MARKER
    for first in (rpc, hello(("1.7",)), hello(extra="<session-id>4</session-id>"), hello(()), b"<hello" + MARKER,
                  b"x" * 70000, hello(extra=MOUNTS % "/>"),
                  ('<hello xmlns="%s">%s</hello>' % (NS, MOUNTS % "/>")).encode() + MARKER):
        s = bare(l)
        s.take_hello()
        s.send_raw(first)
        want(s.ended() and not s.buf, "was answered: %r" % first[:60])
        print("closed", flush=True)


def bad_xml(o, l):
    s = l.session()
    s.send("<rpc message-id='1' xmlns='%s'><get></rpc>" % NS)
    check_error(s.reply(), "malformed-message", "rpc")
    s.send('<!DOCTYPE r [<!ENTITY a "b">]><rpc message-id="1" xmlns="%s"><get>&a;</get></rpc>' % NS)
    check_error(s.reply(), "malformed-message", "rpc")
    s.send("<a>" * 5000 + "</a>" * 5000)
    check_error(s.reply(), "malformed-message", "rpc")
    # elements the device's library knows by itself, anywhere
    s.send('<rpc message-id="1" xmlns="%s"><get>%s</get></rpc>' % (NS, subtree(
        MOUNTS % "><namespace><prefix>a</prefix><uri>urn:x</uri></namespace></schema-mounts>")))
    check_error(s.reply(), "malformed-message", "rpc")
    for many in ("<a/>" * 50000, "<a%s/>" % "".join(" a%d=''" % n for n in range(50000))):
        s.send('<rpc message-id="1" xmlns="%s"><get>%s</get></rpc>' % (NS, subtree(many)))
        check_error(s.reply(), "too-big", "rpc")
    s.data(get(subtree("<a/>" * 9000), True))
    s.send("\xff\xfe")
    check_error(s.reply(), "malformed-message", "rpc")
    s.data(get(natfw("<gist/>"), True))     # the session has gone on
    s.send('<other xmlns="urn:x"/>')
    want(s.ended() and not s.buf, "put up with what is no request")
    s = l.session(versions=("1.0",))
    s.send("<rpc")
    want(s.ended() and not s.buf, "malformed-message to who does not know it")


def envelope(o, l):
    s = l.session()
    r = s.ask("<close-sessions/>", ' xmlns:x="urn:x" x:tag="&lt;&quot;" other="2"')
    want(r.get("{urn:x}tag") == '<"' and r.get("other") == "2", "attributes: %s" % r.attrib)
    e = check_error(r, "unknown-element", "protocol")
    want(e.find(".//" + q("bad-element")).text == "close-sessions", "bad-element")
    s.send('<rpc xmlns="%s"><get/></rpc>' % NS)
    e = check_error(s.reply(), "missing-attribute", "rpc")
    want(e.find(".//" + q("bad-attribute")).text == "message-id", "bad-attribute")
    want(e.find(".//" + q("bad-element")).text == "rpc", "bad-element")
    e = s.error('<get xmlns="urn:nobody"/>', "unknown-namespace", "protocol")
    want(e.find(".//" + q("bad-namespace")).text == "urn:nobody", "bad-namespace")
    s.error("<edit-config/>", "missing-element")
    s.error("<get/><get/>", "bad-element")
    s.error(get(more="<colour/>"), "unknown-element")
    s.error("<get-config/>", "missing-element")
    s.error("<get-config><source><startup/></source></get-config>", "invalid-value")
    s.error("<get-config><source><foo/></source></get-config>", "invalid-value")
    # blanks, a declaration and a comment between messages
    s.send_raw(b"")
    rpc = b' \r\n<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- x --><rpc message-id="9" xmlns="%s"><get-schema xmlns="%s"/></rpc>\r\n'
    rpc = rpc % (NS.encode(), MON.encode())
    s.send_raw(b"\n#%d\n%s\n##\n" % (len(rpc), rpc))
    check_error(s.reply("9"), "missing-element")
    s.close()


def configuration(o, l):
    s = l.session()
    d = s.data(get(config=True))
    want(names(d) == ["natfw"], "only our tree is configuration: %s" % names(d))
    n = d[0]
    want(n.find(q("state", NATFW)) is None, "state in get-config")
    call = n.find("/".join(q(x, NATFW) for x in ("management", "call-home", "client")))
    want(call.find(q("name", NATFW)).text == "nms", "client")
    want(call.find(q("endpoint", NATFW)).find(q("remote-address", NATFW)).text == o.address, "address")
    text = ET.tostring(d).decode()
    want("c2VjcmV0LXNlY3JldA" not in text and "secret" not in text, "a secret")
    # what has its default is told when asked for
    want(n.find(q("gist", NATFW)) is None, "defaults though trimmed")
    mode = '<with-defaults xmlns="%s">%%s</with-defaults>' % WD
    d = s.data(get(natfw("<gist/>"), True, mode % "report-all"))
    want(d.find(".//" + q("port", NATFW)).text == "270", "report-all")
    s.error(get(natfw("<gist/>"), True, mode % "explicit"), "invalid-value")
    s.close()


def filters(o, l):
    s = l.session()
    want(len(s.data(get(subtree("")))) == 0, "an empty filter")
    want(len(s.data(get(subtree('<other xmlns="urn:x"/>')))) == 0, "of no module")
    d = s.data(get(natfw("<key><id>2</id></key>"), True))
    key = d.findall(".//" + q("key", NATFW))
    want(len(key) == 1 and key[0].find(q("name", NATFW)).text == "second", "content match")
    d = s.data(get(natfw("<key><name/></key>"), True))
    want([names(k) for k in d.findall(".//" + q("key", NATFW))] == [["id", "name"]] * 2, "selection with keys")
    d = s.data(get(natfw("<key><id>2</id></key><key><name>first</name><id/></key>"), True))
    want([k.find(q("id", NATFW)).text for k in d.iter(q("key", NATFW))] == ["1", "2"], "two filters are one tree")
    d = s.data(get(subtree('<natfw xmlns=""><key><id>1</id></key></natfw>'), True))
    want(len(list(d.iter(q("key", NATFW)))) == 1, "no namespace is any")
    want(len(s.data(get(natfw('<key x="1"/>'), True))) == 0, "attributes have to be there")
    want(len(s.data(get(natfw("<key> \n </key>"), True))[0]) == 2, "blanks select")
    d = s.data(get('<filter type="xpath" select="/n:natfw/n:key[n:id=\'2\']/n:name" xmlns:n="%s"/>' % NATFW, True))
    want([names(k) for k in d.iter(q("key", NATFW))] == [["id", "name"]], "xpath")
    s.error(get('<filter type="xpath"/>'), "missing-attribute")
    s.error(get('<filter type="xpath" select="///"/>'), "invalid-value")
    s.error(get('<filter type="xpath" select="//*[//*[//*]]"/>'), "resource-denied")
    s.error(get('<filter type="regex"/>'), "bad-attribute")
    s.close()


def state(o, l):
    s = l.session()
    d = s.data(get())
    want(set(names(d)) >= {"natfw", "netconf-state", "yang-library"}, "%s" % names(d))
    st = d.find("%s/%s" % (q("natfw", NATFW), q("state", NATFW)))
    want({"counters", "call-home", "daemon"} <= set(names(st)), "%s" % names(st))
    # either of the two managers may be the one that was called
    calls = [{c.tag.split("}")[1]: c.text for c in call} for call in st.iter(q("client", NATFW))]
    up = [c for c in calls if c["state"] == "up"]
    want(len(up) == 1 and up[0]["user"] == "nms1" and up[0]["address"] == o.address, "%s" % calls)
    counters = {c.find(q("name", NATFW)).text for c in st.iter(q("counter", NATFW))}
    want(any(c.startswith("gist_") for c in counters) and any(c.startswith("gate_") for c in counters), "counters")
    d = s.data(get(natfw("<state><daemon/></state>")))
    want(names(d[0][0]) == ["daemon"] and names(d) == ["natfw"], "a part")
    s.close()


def sessions(o, l, tag):
    s = l.session()
    d = s.data(get(natfw("<state><sessions/></state>")))
    here = list(d.iter(q("session", NATFW)))
    tags = [x.text for x in here if x.text and not len(x)]
    want(tags == [tag], "sessions: %s" % tags)
    want(not list(d.iter(q("id", NATFW))), "ids")
    s.close()


def library(s):
    """The modules in the library, each with version and namespace; and what else is to be there."""
    d = s.data(get(subtree('<yang-library xmlns="%s"/>' % LIB)))

    def modules(kind):
        return {tuple(x.find(q(n, LIB)).text if x.find(q(n, LIB)) is not None else ""
                      for n in ("name", "revision", "namespace")) for x in d.iter(q(kind, LIB))}

    have = modules("module")
    names = {x[0]: x[1] for x in have}
    want({"natfw", "ietf-netconf-monitoring", "ietf-yang-library"} <= set(names), "%s" % names)
    content = d.find(".//" + q("content-id", LIB)).text
    want("urn:ietf:params:netconf:capability:yang-library:1.1?revision=%s&content-id=%s" % (
        names["ietf-yang-library"], content) in s.capabilities, "revision and content-id as in hello")
    schemas = {x.find(q("name", LIB)).text for x in d.iter(q("schema", LIB)) if x.find(q("name", LIB)) is not None}
    stores = {x.find(q("name", LIB)).text.split(":")[-1]: x.find(q("schema", LIB)).text
              for x in d.iter(q("datastore", LIB))}
    want(set(stores) == {"running", "candidate", "operational"} and set(stores.values()) <= schemas, "%s" % stores)
    # for clients of the older library (RFC 7895)
    old = s.data(get(subtree('<modules-state xmlns="%s"/>' % LIB)))
    want(set(names) <= {x.find(q("name", LIB)).text for x in old.iter(q("module", LIB))}, "modules-state")
    return have | modules("import-only-module")


def monitoring(o, l):
    s = l.session()
    library(s)
    t = l.session()
    d = s.data(get(subtree('<netconf-state xmlns="%s"/>' % MON)))
    want(names(d) == ["netconf-state"], "%s" % names(d))
    m = d[0]
    want([c.text for c in m.iter(q("capability", MON))] == s.capabilities, "capabilities as in hello")
    me = [x for x in m.iter(q("session", MON)) if x.find(q("session-id", MON)).text == str(s.id)]
    want(len(me) == 1, "our session")
    want(me[0].find(q("username", MON)).text == "nms1", "user")
    want(me[0].find(q("source-host", MON)).text == o.address, "source-host")
    want(me[0].find(q("transport", MON)).text.endswith("netconf-tls"), "transport")
    want(abs(datetime.fromisoformat(me[0].find(q("login-time", MON)).text).timestamp() - time.time()) < 60, "login-time")
    want({x.find(q("session-id", MON)).text for x in m.iter(q("session", MON))} == {str(s.id), str(t.id)},
         "sessions of all calls")
    t.close()
    # every module that is listed can be had, each once, as the library has it
    schemas = [tuple(x.find(q(n, MON)).text or "" for n in ("identifier", "version", "namespace", "format", "location"))
               for x in m.iter(q("schema", MON))]
    want(len(set(schemas)) == len(schemas), "twice")
    want({(x[3].split(":")[-1], x[4]) for x in schemas} == {("yang", "NETCONF")}, "format and location")
    want({x[:3] for x in schemas} == set(library(s)), "not the same as in the library")
    listed = set()
    for x in m.iter(q("schema", MON)):
        name, version = x.find(q("identifier", MON)).text, x.find(q("version", MON)).text or ""
        listed.add(name)
        r = s.ask('<get-schema xmlns="%s"><identifier>%s</identifier><version>%s</version><format>yang</format>'
                  "</get-schema>" % (MON, name, version))
        text = r.find(q("data", MON)).text
        want("module %s" % name in text, name)
        if o.schemas:
            with open("%s/%s%s.yang" % (o.schemas, name, "@" + version if version else ""), "w") as f:
                f.write(text)
    want({"natfw", "ietf-netconf", "ietf-inet-types"} <= listed, "%s" % listed)
    s.error('<get-schema xmlns="%s"><identifier>nothing</identifier></get-schema>' % MON, "invalid-value")
    s.error('<get-schema xmlns="%s"><identifier>natfw</identifier><format>yin</format></get-schema>' % MON,
            "invalid-value")
    s.close()


def killed(o, l):
    a, b = l.session(), l.session()
    want(a.id != b.id, "ids")
    a.error("<kill-session><session-id>%d</session-id></kill-session>" % a.id, "invalid-value")
    a.error("<kill-session><session-id>4711</session-id></kill-session>", "invalid-value")
    a.error("<kill-session><session-id>0</session-id></kill-session>", "invalid-value")
    a.error("<kill-session/>", "missing-element")
    r = a.ask("<kill-session><session-id>%d</session-id></kill-session>" % b.id)
    want(r.find(q("ok")) is not None, "ok")
    want(b.ended() and not b.buf, "the other has gone")
    b = Session(l.secure(l.accept(), "boss"))
    b.error("<kill-session><session-id>%d</session-id></kill-session>" % a.id, "access-denied")
    a.data(get(natfw("<gist/>"), True))     # both are there
    a.ok("<kill-session><session-id>%d</session-id></kill-session>" % b.id)
    want(b.ended(), "the other has gone")
    a.close()


def deaf(o, l):
    """Asks without end, and takes nothing. Others are served meanwhile."""
    a = l.session()
    a.s.settimeout(1)
    rpc = ('<rpc message-id="1" xmlns="%s">%s</rpc>' % (NS, get())).encode()
    sent = 0
    try:
        while sent < 20000:
            a.send_raw(b"\n#%d\n%s\n##\n" % (len(rpc), rpc))
            sent += 1
    except (socket.timeout, ssl.SSLError):
        pass
    print("asked", sent, flush=True)
    b = l.session()
    b.data(get(natfw("<gist/>"), True))
    b.close()
    print("served", flush=True)
    time.sleep(1)
