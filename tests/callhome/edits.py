# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers change, for peer.py. Each of them takes one call, or two of them for two sessions."""
import datetime
import os
import time
import xml.etree.ElementTree as ET

from peer import NATFW, NS, MON, Session, check_error, q, want

YANG = "urn:ietf:params:xml:ns:yang:1"
NACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
ACL = "urn:ietf:params:xml:ns:yang:ietf-access-control-list"


def natfw(inner):
    return '<natfw xmlns="%s" xmlns:nc="%s" xmlns:y="%s">%s</natfw>' % (NATFW, NS, YANG, inner)


def edit(config, target="candidate", more="", wrap=natfw):
    return "<edit-config><target><%s/></target>%s<config>%s</config></edit-config>" % (target, more, wrap(config))


def ok(s, op):
    r = s.ask(op)
    want(len(r) == 1 and r[0].tag == q("ok"), "not ok: %s" % ET.tostring(r).decode())


def config(s, which="running", inner=""):
    """Container natfw, as text without white space."""
    d = s.data("<get-config><source><%s/></source>%s</get-config>" % (
        which, '<filter><natfw xmlns="%s">%s</natfw></filter>' % (NATFW, inner) if inner else ""))
    return ET.tostring(d).decode()


def whole_of(s):
    """All that is running, as text."""
    return "".join(ET.tostring(e).decode() for e in s.data("<get-config><source><running/></source></get-config>"))


def leaf(s, path, which="running"):
    d = s.data("<get-config><source><%s/></source></get-config>" % which)
    e = d.find("/".join(q(n, NATFW) for n in ["natfw"] + path.split("/")))
    return None if e is None else e.text


def entries(s, which="running"):
    d = s.data("<get-config><source><%s/></source></get-config>" % which)
    return [e.text for e in d.iter(q("name", NATFW)) if e.text.startswith("p-")]


def port(n):
    return "<gist><port>%d</port></gist>" % n


def entry(name, more="", attributes=""):
    return "<policy><entry%s><name>p-%s</name><action>permit</action>%s</entry></policy>" % (attributes, name, more)


def path_of(e):
    """error-path with prefixes resolved by what is declared there: names of its steps."""
    p = e.find(q("error-path"))
    return None if p is None else p.text


def fresh(s):
    """What other scenarios left."""
    ok(s, "<discard-changes/>")
    ok(s, edit('<policy nc:operation="remove"/><gist nc:operation="remove"/><key nc:operation="remove"><id>9</id></key>',
               "running"))


# ---------------------------------------------------------------- the way of an edit

def commits(o, l):
    s = l.session()
    fresh(s)
    ok(s, edit(port(4711)))
    want(leaf(s, "gist/port", "candidate") == "4711" and leaf(s, "gist/port") is None, "candidate only")
    ok(s, "<commit/>")
    want(leaf(s, "gist/port") == "4711", "running")
    ok(s, edit(port(4712)))
    ok(s, "<discard-changes/>")
    want(leaf(s, "gist/port", "candidate") == "4711", "discarded")
    want(config(s, "candidate") == config(s), "the same")
    ok(s, "<commit/>")
    # at once
    ok(s, edit("<gist><t1>123</t1></gist>", "running"))
    want(leaf(s, "gist/t1") == "123" and leaf(s, "gist/t1", "candidate") == "123", "both")
    s.close()


def marker(o, l):
    """What ends a message of NETCONF 1.0, within one."""
    s = Session(l.secure(l.accept()), versions=("1.0",))
    want(not s.chunked, "framing of 1.0")
    comment = ('<nacm xmlns="%s" xmlns:nc="%s"><rule-list><name>all</name><rule><name>all</name>'
               '<comment nc:operation="%%s">%%s</comment></rule></rule-list></nacm>' % (NACM, NS))
    ok(s, edit(comment % ("merge", "a ]]&gt;]]&gt; b"), "running", wrap=lambda c: c))
    for _ in range(2):
        d = s.data("<get-config><source><running/></source></get-config>")
        want([e.text for e in d.iter(q("comment", NACM))] == ["a ]]>]]> b"], "comment: %s" % ET.tostring(d).decode())
        want(not s.buf, "one message came, and no more")
    ok(s, edit(comment % ("delete", ""), "running", wrap=lambda c: c))
    s.close()


def prefixes(o, l):
    """The same request, however its namespaces are declared."""
    s = l.session()
    for text in ('<rpc message-id="p" xmlns="%s"><get-config><source><running/></source></get-config></rpc>',
                 '<a:rpc message-id="p" xmlns:a="%s"><a:get-config><a:source><a:running/></a:source></a:get-config></a:rpc>',
                 "<a:rpc xmlns:a='%s' message-id='p'\n><get-config xmlns='%s'><b:source xmlns:b='%s'><b:running/></b:source>"
                 "</get-config></a:rpc>",
                 '<rpc xmlns="%s" xmlns:z="urn:z" z:message-id="no" message-id="p"><a:get-config xmlns:a="%s"><source>'
                 '<running xmlns="%s"/></source></a:get-config></rpc>'):
        s.send(text % ((NS,) * text.count("%s")))
        r = s.reply("p")
        want(r.find(q("data")) is not None, "%s: %s" % (text, ET.tostring(r).decode()))
    # and who declares another one, or none, is told so, by the id of the request
    for text, tag in (('<rpc message-id="p" xmlns="%s"><get-config xmlns="urn:x"/></rpc>', "unknown-namespace"),
                      ('<a:rpc message-id="p" xmlns:a="%s"><get-config/></a:rpc>', "unknown-namespace"),
                      ('<a:rpc message-id="p" xmlns:a="%s"><a:get-config><source/></a:get-config></a:rpc>', None)):
        s.send(text % NS)
        r = s.reply("p")
        want(r.find(q("rpc-error")) is not None, ET.tostring(r).decode())
        want(tag is None or r.find(q("rpc-error")).find(q("error-tag")).text == tag, ET.tostring(r).decode())
    s.close()


def announced(o, l):
    s = l.session()
    for c in ("writable-running:1.0", "candidate:1.0", "confirmed-commit:1.1", "rollback-on-error:1.0",
              "validate:1.1"):
        want("urn:ietf:params:netconf:capability:" + c in s.capabilities, c)
    want(not any(":startup:" in c or ":url:" in c for c in s.capabilities), "no more than there is")
    d = s.data('<get><filter><netconf-state xmlns="%s"><datastores/><capabilities/></netconf-state></filter></get>' % MON)
    want(sorted(e.text for e in d.iter(q("name", MON))) == ["candidate", "running"], "datastores")
    want([c.text for c in d.iter(q("capability", MON))] == s.capabilities, "capabilities")
    s.close()


def operations(o, l):
    s = l.session()
    fresh(s)
    op = ' nc:operation="%s"'
    ok(s, edit(entry("a") + entry("b") + entry("c"), "running"))
    before = config(s)
    for target in ("running", "candidate"):
        e = s.error(edit(entry("b", "", op % "create"), target), "data-exists", "application")
        want(path_of(e) == "/natfw:natfw/natfw:policy/natfw:entry[natfw:name='p-b']", "path %s" % path_of(e))
        e = s.error(edit(entry("z", "", op % "delete"), target), "data-missing")
        want("p-z" in path_of(e), "path")
        ok(s, edit(entry("z", "", op % "remove"), target))
        e = s.error(edit(entry("z", "<zone>1</zone>"), target, "<default-operation>none</default-operation>"), "data-missing")
        want(config(s, target) == before, "was changed")
    ok(s, edit(entry("b", "<zone>5</zone>", op % "replace")))
    want(entries(s, "candidate") == ["p-a", "p-b", "p-c"], "place of what was replaced")
    ok(s, edit('<policy><entry><name>p-b</name><zone nc:operation="delete"/></entry></policy>'))
    want(config(s, "candidate") == before, "nested delete")
    ok(s, edit(entry("d", "", ' y:insert="before" y:key="[name=\'p-b\']"')))
    ok(s, edit(entry("e", "", ' nc:operation="create" y:insert="first"')))
    ok(s, edit(entry("c", "", ' y:insert="after" xmlns:x="%s" y:key="[x:name=\'p-e\']"' % NATFW)))
    want(entries(s, "candidate") == ["p-e", "p-c", "p-a", "p-d", "p-b"], "order %s" % entries(s, "candidate"))
    ok(s, "<commit/>")
    want(entries(s) == ["p-e", "p-c", "p-a", "p-d", "p-b"], "order in force")
    e = s.error(edit(entry("f", "", ' y:insert="before" y:key="[name=\'p-z\']"')), "bad-attribute")
    want(e.find(q("error-app-tag")).text == "missing-instance", "app-tag")
    # a word of the whole
    whole = whole_of(s)
    ok(s, edit(whole, "candidate", "<default-operation>replace</default-operation>", wrap=lambda c: c))
    want(config(s, "candidate").count("p-e") == 1, "replaced by itself")
    s.close()


def faults(o, l):
    s = l.session()
    fresh(s)
    before = config(s)
    cases = [
        (port(70000), "invalid-value", "/natfw:natfw/natfw:gist/natfw:port"),
        ("<gist><port>x</port></gist>", "invalid-value", "/natfw:natfw/natfw:gist/natfw:port"),
        ("<gist><prot>1</prot></gist>", "unknown-element", None),
        ("<policy><entry><action>permit</action></entry></policy>", "missing-element", None),
        ("<state><version>1</version></state>", "unknown-element", None),
        ('<gist nc:operation="none"/>', "bad-attribute", None),
        ('<gist nc:operation="x"/>', "bad-attribute", None),
        ('<gist operation="merge"/>', "unknown-attribute", None),
        ('<interface y:insert="first"><name>z</name></interface>', "unknown-attribute", None),
        (entry("a", "", ' y:insert="middle"'), "bad-attribute", None),
        (entry("a", "", ' y:insert="after"'), "missing-attribute", None),
    ]
    for target in ("candidate", "running"):
        for text, tag, path in cases:
            e = s.error(edit(text, target), tag)
            want(path is None or path_of(e) == path, "path %s of %s" % (path_of(e), text))
            want(tag == "invalid-value" or e.find(q("error-info")) is not None, "info of %s" % text)
        e = s.error(edit("<x/>", target, wrap=lambda c: '<y xmlns="urn:y"/>'), "unknown-namespace")
        want(e.find(q("error-info")).find(q("bad-namespace")) is not None, "namespace")
        two = '<acls xmlns="%s"><acl><name>x</name><aces><ace><name>1</name><matches>%s</matches></ace></aces></acl></acls>'
        s.error(edit("<ipv4><dscp>1</dscp></ipv4><ipv6><dscp>1</dscp></ipv6>", target, wrap=lambda c: two % (ACL, c)),
                "bad-element")
        want(config(s, target) == before, "changed something")
    for op, tag in (
            ("<edit-config><config/></edit-config>", "missing-element"),
            ("<edit-config><target><running/></target></edit-config>", "missing-element"),
            ("<edit-config><target><startup/></target><config/></edit-config>", "invalid-value"),
            (edit("", more="<error-option>x</error-option>"), "invalid-value"),
            (edit("", more="<test-option>x</test-option>"), "invalid-value"),
            (edit("", more="<default-operation>create</default-operation>"), "invalid-value"),
            (edit("", more="<other/>"), "unknown-element"),
            ("<commit><confirm-timeout>5</confirm-timeout></commit>", "missing-element"),
            ("<commit><confirmed/><confirm-timeout>0</confirm-timeout></commit>", "invalid-value"),
            ("<commit><confirmed/><persist></persist></commit>", "invalid-value"),
            ("<commit><persist-id>x</persist-id></commit>", "invalid-value"),
            ("<cancel-commit/>", "operation-failed"),
            ("<validate/>", "missing-element")):
        s.error(op, tag)
    s.close()


def constraints(o, l):
    """Put off on candidate, and told with their tags."""
    s = l.session()
    fresh(s)
    before = config(s)
    cases = [
        ("<nslp><lifetime>5</lifetime></nslp>", "operation-failed", "must-violation"),
        ("<nslp><key-id>77</key-id></nslp>", "data-missing", "instance-required"),
        ("<policy><entry><name>p-a</name></entry></policy>", "data-missing", None),
        ("<policy><entry><name>p-a</name><action>permit</action>%s</entry></policy>" % "".join(
            "<protocol>%d</protocol>" % n for n in range(200, 210)), "operation-failed", "too-many-elements"),
        ("<gist><tcp-port>5971</tcp-port></gist>", "operation-failed", None),
    ]
    for text, tag, app in cases:
        ok(s, edit(text))
        for op in ("<validate><source><candidate/></source></validate>", "<commit/>"):
            e = s.error(op, tag)
            found = e.find(q("error-app-tag"))
            want(app is None or found is not None and found.text == app, "app-tag of %s" % text)
        ok(s, "<discard-changes/>")
        s.error("<validate><source><config>%s</config></source></validate>" % natfw(text), tag)
        s.error(edit(text, more="<test-option>test-then-set</test-option>"), tag)
        s.error(edit(text, more="<test-option>test-only</test-option>"), tag)
        s.error(edit(text, "running"), tag)
        want(config(s) == before and config(s, "candidate") == before, "changed by %s" % text)
    ok(s, "<validate><source><running/></source></validate>")
    ok(s, "<validate><source><candidate/></source></validate>")
    s.close()


def options(o, l):
    s = l.session()
    fresh(s)
    before = config(s)
    for target in ("candidate", "running"):
        ok(s, edit(port(7), target, "<test-option>test-only</test-option>"))
        want(config(s, target) == before, "only a test")
    ok(s, edit(port(7), more="<test-option>set</test-option>"))
    ok(s, edit(port(8), more="<test-option>test-then-set</test-option>"))
    want(leaf(s, "gist/port", "candidate") == "8", "set")
    ok(s, "<discard-changes/>")
    two = ('<gist><t1>123</t1><t2 nc:operation="delete"/></gist><nslp><lifetime nc:operation="delete"/></nslp>' + entry("a"))
    for target in ("candidate", "running"):
        for option in ("", "stop-on-error", "rollback-on-error"):
            s.error(edit(two, target, "<error-option>%s</error-option>" % option if option else ""), "data-missing")
            want(config(s, target) == before, "%s left something" % option)
        r = s.ask(edit(two, target, "<error-option>continue-on-error</error-option>"))
        want([e.find(q("error-tag")).text for e in r] == ["data-missing"] * 2, "two errors")
        want(leaf(s, "gist/t1", target) == "123" and entries(s, target) == ["p-a"], "did not go on")
        ok(s, "<discard-changes/>")
    s.close()


def copies(o, l):
    s = l.session()
    fresh(s)
    copy = "<copy-config><target><%s/></target><source>%s</source></copy-config>"
    s.error(copy % ("running", "<running/>"), "invalid-value")
    s.error(copy % ("candidate", "<candidate/>"), "invalid-value")
    ok(s, edit(port(7)))
    ok(s, copy % ("running", "<candidate/>"))
    want(leaf(s, "gist/port") == "7", "candidate to running")
    ok(s, edit(port(8)))
    ok(s, copy % ("candidate", "<running/>"))
    want(leaf(s, "gist/port", "candidate") == "7", "running to candidate")
    whole = whole_of(s)
    ok(s, copy % ("candidate", "<config>%s</config>" % whole.replace(">7<", ">9<")))
    ok(s, "<commit/>")
    want(leaf(s, "gist/port") == "9", "a whole one")
    for target in ("running", "candidate"):
        s.error("<delete-config><target><%s/></target></delete-config>" % target, "operation-not-supported")
    fresh(s)
    s.close()


def secrets(o, l):
    """They stay, new ones are taken, and nobody sees them."""
    s = l.session()
    fresh(s)
    key = "<key>%s<id>9</id>%s</key>"
    s.error(edit(key % ("", "<name>x</name>"), "running"), "data-missing")
    ok(s, edit(key % ("", "<secret>c2VjcmV0LXNlY3JldA==</secret>")))
    want("c2Vj" not in config(s, "candidate") and "<secret" not in config(s, "candidate"), "a secret is shown")
    ok(s, "<commit/>")
    ok(s, edit(key % ("", "<name>x</name>"), "running"))
    ok(s, edit(key % ("", "<name>y</name>")))
    ok(s, "<validate><source><candidate/></source></validate>")
    ok(s, "<commit/>")
    want("c2Vj" not in config(s) and ">y<" in config(s), "name")
    print("named", flush=True)
    ok(s, edit(key % ("", "<secret>b3RoZXItc2VjcmV0</secret>"), "running"))
    s.close()


def hosts(o, l):
    """By what root acts is not for managers, though NACM lets this one do everything."""
    s = l.session()
    fresh(s)
    before = config(s)
    file = "<management><identity><name>%s</name><certificate>%s</certificate><key>%s</key><authority>%s</authority></identity></management>"
    for text, path in (
            ("<management><ssh><program>/usr/bin/vi</program></ssh></management>", "ssh/program"),
            ("<management><ssh><relay>/bin/sh</relay></ssh></management>", "ssh/relay"),
            ("<management><ssh><directory>/etc</directory></ssh></management>", "ssh/directory"),
            ("<management><ssh><host-key><name>x</name><file>/etc/shadow</file></host-key></ssh></management>", "host-key/file"),
            ("<control><socket>/etc/passwd</socket></control>", "control/socket"),
            ("<daemon><user>root</user></daemon>", "daemon/user"),
            ("<daemon><state-directory>/etc</state-directory></daemon>", "daemon/state-directory"),
            (file % ("x", "/etc/shadow", "/etc/shadow", "/etc/shadow"), "identity/certificate")):
        for target in ("running", "candidate"):
            e = s.error(edit(text, target), "operation-failed") if target == "running" else (
                ok(s, edit(text)), s.error("<commit><confirmed/></commit>", "operation-failed"))[1]
            want("not for managers" in e.find(q("error-message")).text, e.find(q("error-message")).text)
            want(path_of(e).replace("natfw:", "").endswith(path), "path %s" % path_of(e))
            want(config(s) == before, "changed")
        ok(s, "<discard-changes/>")
    s.close()


def leave(o, l, number):
    """Makes a change, for the test to look at files."""
    s = l.session()
    ok(s, edit(port(int(number))))
    ok(s, "<commit/>")
    s.close()


def refuses(o, l, tag, message):
    """A commit is refused in these words, and nothing has changed."""
    s = l.session()
    before = config(s)
    for target in ("running", "candidate"):
        e = None
        if target == "running":
            e = s.error(edit(port(5555), target), tag)
        else:
            ok(s, edit(port(5555)))
            e = s.error("<commit/>", tag)
        want(message in e.find(q("error-message")).text, e.find(q("error-message")).text)
        want(config(s) == before, "changed")
    ok(s, "<discard-changes/>")
    s.close()


# ---------------------------------------------------------------- two sessions

def seconds(text):
    """Of a date-and-time."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def locks(o, l, how):
    a, b = l.session(), l.session()
    fresh(a)
    lock, unlock = "<lock><target><%s/></target></lock>", "<unlock><target><%s/></target></unlock>"

    def owner(e):
        return int(e.find(q("error-info")).find(q("session-id")).text)

    for which in ("running", "candidate"):
        ok(a, lock % which)
        want(owner(b.error(lock % which, "lock-denied", "protocol")) == a.id, "whose")
        want(owner(a.error(lock % which, "lock-denied")) == a.id, "its own")
        want(owner(b.error(edit(port(1), which), "in-use")) == a.id, "edit")
        b.error(unlock % which, "operation-failed")
        want(owner(b.error("<commit/>", "in-use")) == a.id, "commit")
        d = b.data('<get><filter><netconf-state xmlns="%s"><datastores/></netconf-state></filter></get>' % MON)
        want([e.text for e in d.iter(q("locked-by-session", MON))] == [str(a.id)], "monitoring")
        since = [e.text for e in d.iter(q("locked-time", MON))]
        want(len(since) == 1 and abs(seconds(since[0]) - time.time()) < 60, "since when: %s" % since)
        ok(a, edit(port(4), which))
        ok(a, unlock % which)
        a.error(unlock % which, "operation-failed")
        d = b.data('<get><filter><netconf-state xmlns="%s"><datastores/></netconf-state></filter></get>' % MON)
        want(not list(d.iter(q("locks", MON))), "shown, and not locked any more")
        ok(b, lock % which)
        ok(b, unlock % which)
    want(config(a) == config(a, "candidate"), "unlocking discards")
    # not with changes
    ok(a, edit(port(5)))
    want(owner(b.error(lock % "candidate", "lock-denied")) == 0, "nobody's")
    ok(a, "<discard-changes/>")
    b.error("<discard-changes><x/></discard-changes>", "unknown-element")
    # they go with the session, in order or not, and take the changes along
    ok(a, lock % "running")
    ok(a, lock % "candidate")
    ok(a, edit(port(6)))
    print("locked", flush=True)
    if how == "close":
        a.close()
    else:
        a.s.close()
    soon(lambda: b.ask(lock % "running"))
    ok(b, lock % "candidate")
    want(leaf(b, "gist/port", "candidate") != "6", "its changes")
    # kill-session, too
    ok(b, edit(port(6)))
    c = l.session()
    ok(c, "<kill-session><session-id>%d</session-id></kill-session>" % b.id)
    want(b.ended(), "killed")
    ok(c, lock % "running")
    ok(c, lock % "candidate")
    ok(c, unlock % "candidate")
    ok(c, unlock % "running")
    fresh(c)
    c.close()


def holds_lock(o, l):
    s = l.session()
    ok(s, "<lock><target><running/></target></lock>")
    time.sleep(3)
    s.close()


def keeps_lock(o, l):
    """Until it is ended by somebody."""
    s = l.session()
    ok(s, "<lock><target><running/></target></lock>")
    print("locked", s.id, flush=True)
    want(s.ended(), "still there")
    print("ended", flush=True)


def soon(ask):
    for _ in range(300):
        r = ask()
        if r[0].tag == q("ok"):
            return
        time.sleep(0.1)
    raise AssertionError("not: %s" % ET.tostring(r).decode())


def becomes(s, path, value, seconds=30):
    until = time.monotonic() + seconds
    while leaf(s, path) != value:
        want(time.monotonic() < until, "%s is %s" % (path, leaf(s, path)))
        time.sleep(0.1)


CONFIRMED = "<commit><confirmed/><confirm-timeout>%d</confirm-timeout>%s</commit>"


def confirmed(o, l, how):
    a, b = l.session(), l.session()
    fresh(a)
    # not confirmed in time
    ok(a, edit(port(11)))
    start = time.monotonic()
    ok(a, CONFIRMED % (4, ""))
    want(leaf(b, "gist/port") == "11", "in force")
    b.error("<commit/>", "in-use")
    b.error("<cancel-commit/>", "in-use")
    b.error("<lock><target><running/></target></lock>", "lock-denied")
    b.error(edit(port(1), "running"), "in-use")
    print("trial", flush=True)
    becomes(b, "gist/port", None)
    want(3.8 < time.monotonic() - start < 40, "at another time: %.1f" % (time.monotonic() - start))
    # prolonged, then confirmed
    ok(a, edit(port(12)))
    ok(a, CONFIRMED % (8, ""))
    time.sleep(4.2)
    ok(a, edit("<gist><t1>77</t1></gist>"))
    ok(a, CONFIRMED % (8, ""))
    time.sleep(4.2)
    want(leaf(b, "gist/port") == "12" and leaf(b, "gist/t1") == "77", "was reverted early")
    ok(a, "<commit/>")
    time.sleep(4.2)
    want(leaf(b, "gist/port") == "12" and leaf(b, "gist/t1") == "77", "was reverted")
    print("confirmed", flush=True)
    # cancelled
    ok(a, edit(port(13)))
    ok(a, CONFIRMED % (60, ""))
    ok(a, "<cancel-commit/>")
    want(leaf(b, "gist/port") == "12", "cancelled")
    a.error("<cancel-commit/>", "operation-failed")
    # prolonged in time by what takes longer than there is time left
    if how == "cut":
        ok(a, edit(port(13)))
        start = time.monotonic()
        ok(a, CONFIRMED % (6, ""))
        ok(a, edit(many(1000)))
        time.sleep(max(0, 4 - (time.monotonic() - start)))
        ok(a, CONFIRMED % (60, ""))
        time.sleep(max(0.5, 6.5 - (time.monotonic() - start)))
        want(leaf(b, "gist/port") == "13" and len(entries(b)) == 1000, "was reverted though prolonged")
        ok(a, "<cancel-commit/>")
        want(leaf(b, "gist/port") == "12" and not entries(b), "cancelled")
    # both steps of a trial go
    ok(a, edit(port(13)))
    ok(a, CONFIRMED % (60, ""))
    ok(a, edit(port(14)))
    ok(a, CONFIRMED % (60, ""))
    ok(a, "<cancel-commit/>")
    want(leaf(b, "gist/port") == "12", "cancelled whole")
    # with its session
    ok(a, edit(port(15)))
    ok(a, CONFIRMED % (60, ""))
    if how == "close":
        a.close()
    elif how == "kill":
        ok(b, "<kill-session><session-id>%d</session-id></kill-session>" % a.id)
    else:
        a.s.close()
    becomes(b, "gist/port", "12")
    b.close()


def persistent(o, l):
    a, b = l.session(), l.session()
    fresh(a)
    ok(a, edit(port(21)))
    ok(a, CONFIRMED % (30, "<persist>quux</persist>"))
    a.close()
    time.sleep(0.5)
    want(leaf(b, "gist/port") == "21", "went with its session")
    b.error("<commit/>", "invalid-value")
    b.error("<commit><persist-id>wrong</persist-id></commit>", "invalid-value")
    b.error("<cancel-commit/>", "invalid-value")
    b.error("<cancel-commit><persist-id>wrong</persist-id></cancel-commit>", "invalid-value")
    ok(b, "<commit><persist-id>quux</persist-id></commit>")
    b.error("<commit><persist-id>quux</persist-id></commit>", "invalid-value")
    ok(b, edit(port(22)))
    ok(b, CONFIRMED % (30, "<persist>other</persist>"))
    c = l.session()
    ok(c, "<cancel-commit><persist-id>other</persist-id></cancel-commit>")
    want(leaf(c, "gist/port") == "21", "cancelled by another")
    ok(b, edit(port(23)))
    ok(b, CONFIRMED % (1, "<persist>third</persist>"))
    becomes(c, "gist/port", "21")
    b.close()
    c.close()


def call_again(l):
    """The next call that becomes a session; what was hung up meanwhile waits to be accepted as well."""
    for _ in range(20):
        try:
            return l.session()
        except (OSError, EOFError):
            pass
    raise AssertionError("no call")


def cuts_itself(o, l):
    """The change takes away the way it came by: the call it came in is hung up, and it comes back."""
    s = l.session()
    ok(s, edit('<management><call-home><client><name>nms</name><endpoint><name>main</name>'
               "<remote-port>17</remote-port></endpoint></client><client><name>other</name>"
               "<endpoint><name>main</name><remote-port>17</remote-port></endpoint></client></call-home></management>"))
    ok(s, CONFIRMED % (60, ""))
    want(s.ended(), "still there")
    s = call_again(l)
    want(">17<" not in config(s), "did not come back")
    ok(s, "<discard-changes/>")
    s.close()


def of_clients(inner):
    """INNER in the entries of both managers that are called."""
    return "<management><call-home>%s</call-home></management>" % "".join(
        "<client><name>%s</name>%s</client>" % (name, inner) for name in ("nms", "other"))


def own_entry(o, l):
    """The entries of the calls themselves change: what calls are not by leaves them alone; what they are by ends them, when
    that has been answered."""
    s, t = l.session(), l.session()
    ok(s, edit(of_clients("<reconnect><backoff-max>2</backoff-max></reconnect>"), "running"))
    ok(s, edit(of_clients('<endpoint><name>second</name><transport>tls</transport><identity>ours</identity>'
                          "<remote-address>%s</remote-address><remote-port>9</remote-port></endpoint>" % o.address), "running"))
    ok(s, edit(of_clients("<endpoint><name>main</name><keepalive><max-wait>29</max-wait></keepalive></endpoint>"), "running"))
    for x in s, t:
        want(">29<" in config(x, inner="<management/>"), "no such change")
    wan = "<endpoint><name>main</name><interface%s</endpoint>"
    for _ in range(4):
        for how in ">wan</interface>", ' nc:operation="delete"/>':
            ok(s, edit(of_clients(wan % how), "running"))
            want(s.ended() and t.ended(), "still there")
            s, t = l.session(), l.session()
    ok(s, edit(of_clients('<endpoint nc:operation="delete"><name>second</name></endpoint>'), "running"))
    s.close()
    t.close()


def trial(o, l, number):
    """Something on trial, for the test to do something about; then what is there is printed."""
    s = l.session()
    ok(s, "<discard-changes/>")
    ok(s, edit(port(int(number))))
    ok(s, CONFIRMED % (600, "<persist>x</persist>"))
    print("trial", flush=True)
    want(s.ended(), "still there")
    s = call_again(l)
    print("port", leaf(s, "gist/port"), flush=True)
    s.close()


def shows(o, l):
    s = l.session()
    print("port", leaf(s, "gist/port"), flush=True)
    s.close()


def overtaken(o, l, number, back):
    """A reload while something is on trial: there is nothing to confirm any more."""
    s = l.session()
    ok(s, edit(port(int(number))))
    ok(s, CONFIRMED % (600, ""))
    print("trial", flush=True)
    becomes(s, "gist/port", back)
    s.error("<cancel-commit/>", "operation-failed")
    s.close()


# ---------------------------------------------------------------- much

def many(n, more=""):
    return "<policy>%s</policy>" % "".join(
        "<entry><name>p-%d</name><toward>10.%d.%d.0/24</toward><protocol>udp</protocol><port>%d</port>"
        "<action>permit</action>%s</entry>" % (i, i // 256, i % 256, 1000 + i, more) for i in range(n))


def thousand(o, l):
    s = l.session()
    fresh(s)
    start = time.monotonic()
    ok(s, edit(many(1000)))
    middle = time.monotonic()
    ok(s, "<commit/>")
    end = time.monotonic()
    want(len(entries(s)) == 1000, "all")
    print("edit %.3f commit %.3f" % (middle - start, end - middle), flush=True)
    start = time.monotonic()
    ok(s, edit(many(1000, "<zone>4</zone>"), "running"))
    print("again %.3f" % (time.monotonic() - start), flush=True)
    start = time.monotonic()
    ok(s, edit(port(99), "running"))
    print("one %.3f" % (time.monotonic() - start), flush=True)
    fresh(s)
    s.close()


def storm(o, l):
    """Commits one after the other, until the device is no more; each that was answered is printed before the next."""
    s = l.session()
    n = 1000
    print("begin", flush=True)
    try:
        while True:
            n += 1
            ok(s, edit(port(n) + many(n % 7 * 30), "running"))
            print("done", n, flush=True)
    except (EOFError, OSError):
        print("over", flush=True)


def refused_storm(o, l):
    """Commits of which some are refused as what tries them is killed: each has been done, or has changed nothing."""
    s = l.session()
    port_now, refused, until = leaf(s, "gist/port"), 0, time.monotonic() + 60
    n = 2000
    while refused < 5 and time.monotonic() < until:
        n += 1
        r = s.ask(edit(port(n), "running"))
        if r[0].tag == q("ok"):
            port_now = str(n)
            print("done", n, flush=True)
        else:
            refused += 1
            check_error(r, "operation-failed")
        want(leaf(s, "gist/port") == port_now, "neither done nor refused")
    if refused == 5:
        print("enough", flush=True)
    s.close()


def schedules(o, l):
    """How often it calls is told by the manager: weekly until then."""
    s = l.session()
    ok(s, edit('<management><call-home><client><name>nms</name><periodic><period>1</period></periodic></client>'
               "</call-home></management>", "running"))
    s.close()
    print("told", flush=True)
    start = time.monotonic()
    s = l.session()
    print("called %.0f" % (time.monotonic() - start), flush=True)
    s.close()
