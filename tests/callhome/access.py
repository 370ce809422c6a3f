# SPDX-License-Identifier: GPL-2.0-or-later
"""What managers may do by rules (RFC 8341), for peer.py. Each of them takes one call or more."""
import subprocess

from events import BASE_EVENTS, name_of, start, subscribe, until
from peer import MON, NATFW, NS, Session, q, want
from scenarios import get, names, natfw, subtree

ACM = "urn:ietf:params:xml:ns:yang:ietf-netconf-acm"
DENIED = ("denied-operations", "denied-data-writes", "denied-notifications")


def as_user(l, name):
    return Session(l.secure(l.accept(), name))


def nacm(s):
    d = s.data(get(subtree('<nacm xmlns="%s"/>' % ACM)))
    return d[0] if len(d) else None


def denied(s):
    n = nacm(s)
    return [int(n.find(q(c, ACM)).text) for c in DENIED]


def keys(s):
    d = s.data(get(natfw("<key/>"), True))
    return [k.find(q("name", NATFW)).text for k in d.iter(q("key", NATFW))]


def path_of(e):
    return e.find(q("error-path")).text


def standard(o, l):
    """No rules: all is read but what is about rules, nothing is killed or written."""
    s = as_user(l, "wilma")
    want(keys(s) == ["first", "second"], "read")
    want(nacm(s) is None, "nacm is not")
    a = as_user(l, "toor")
    for x, y in ((s, a), (a, s)):
        e = x.error("<kill-session><session-id>%d</session-id></kill-session>" % y.id, "access-denied")
        want(path_of(e) == "/nc:rpc/nc:kill-session", path_of(e))
    e = a.error("<delete-config><target><startup/></target></delete-config>", "access-denied")
    want(path_of(e) == "/nc:rpc/nc:delete-config", path_of(e))
    want(nacm(a) is None, "a name makes nobody root")
    s.close()
    a.close()


def defaults(o, l):
    """As the module has them, where nothing is set (report-all)."""
    s = as_user(l, "admin")
    d = s.data(get(subtree('<nacm xmlns="%s"/>' % ACM), True,
                   '<with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">report-all'
                   "</with-defaults>"))
    n = d[0]
    have = {x: n.find(q(x, ACM)).text for x in
            ("enable-nacm", "read-default", "write-default", "exec-default", "enable-external-groups")}
    want(have == {"enable-nacm": "true", "read-default": "permit", "write-default": "deny", "exec-default": "permit",
                  "enable-external-groups": "true"}, "%s" % have)
    s.close()


def readers(o, l):
    """wilma sees one key of two, guest none of natfw's, nor the monitoring; who asks by a filter is not told either."""
    w, g, a = (as_user(l, u) for u in ("wilma", "guest", "admin"))
    want(keys(a) == ["first", "second"] and keys(w) == ["second"] and keys(g) == [], "keys")
    d = w.data(get(natfw("<key><id>1</id></key>"), True))
    want(len(d) == 0, "what is asked for by its key")
    d = w.data(get('<filter type="xpath" xmlns:n="%s" select="/n:natfw/n:key/n:name"/>' % NATFW, True))
    want([x.text for x in d.iter(q("name", NATFW))] == ["second"], "by an expression")
    d = w.data(get('<filter type="xpath" xmlns:n="%s" select="/n:natfw[n:key/n:name=\'first\']/n:gist"/>' % NATFW, True))
    want(len(d) == 0, "nor by what an expression says of it")
    d = g.data(get())
    want("natfw" not in names(d) and "netconf-state" not in names(d) and "nacm" not in names(d), "%s" % names(d))
    want("yang-library" in names(d), "what no rule is about")
    want(len(g.data(get(subtree('<netconf-state xmlns="%s"/>' % MON)))) == 0, "monitoring")
    for s in w, g, a:
        s.close()


def operations(o, l):
    g, w = as_user(l, "guest"), as_user(l, "wilma")
    e = g.error('<get-schema xmlns="%s"><identifier>natfw</identifier></get-schema>' % MON, "access-denied")
    want(path_of(e) == "/nc:rpc/op:get-schema", path_of(e))
    want(w.ask('<get-schema xmlns="%s"><identifier>natfw</identifier></get-schema>' % MON).find(q("data", MON))
         is not None, "others may")
    e = g.error(subscribe(), "access-denied")
    want("error-info" not in [x.tag.split("}")[1] for x in e], "nothing more")
    g.close()                               # whoever may nothing may go
    w.close()


def counted(o, l):
    a, g = as_user(l, "admin"), as_user(l, "guest")
    before = denied(a)
    g.error('<get-schema xmlns="%s"><identifier>natfw</identifier></get-schema>' % MON, "access-denied")
    after = denied(a)
    want(after == [before[0] + 1, before[1], before[2]], "%s %s" % (before, after))
    w = as_user(l, "wilma")
    w.ok(subscribe())
    as_user(l, "toor").close()
    until(w, "netconf-session-end")
    w.error(lifetime("merge", 700), "access-denied")
    after = denied(a)
    want(after == [before[0] + 1, before[1] + 1, before[2] + 1], "%s %s" % (before, after))
    for s in a, g, w:
        s.close()


def listeners(o, l):
    """Who may not be told of something is not, and is told of the rest."""
    w, a = as_user(l, "wilma"), as_user(l, "admin")
    w.ok(subscribe(start(-60)))
    seen = until(w, "replayComplete")
    want("netconf-session-start" not in seen, "%s" % seen)
    a.ok(subscribe())
    as_user(l, "toor").close()
    want("netconf-session-start" in until(a, "netconf-session-end"), "admin")
    want("netconf-session-start" not in until(w, "netconf-session-end"), "wilma")
    for s in a, w:
        s.close()


def switched_off(o, l):
    g = as_user(l, "guest")
    want(keys(g) == ["first", "second"], "no access control")
    a = as_user(l, "wilma")
    g.ok("<kill-session><session-id>%d</session-id></kill-session>" % a.id)
    g.close()


def changed(o, l, *args):
    """Rules change under a session, by a command, and are its own at once."""
    w = as_user(l, "wilma")
    want(keys(w) == ["second"], "before")
    subprocess.run(args, check=True)
    want(keys(w) == [], "after")
    w.close()


def edit(inner, target="running", more=""):
    return ("<edit-config><target><%s/></target>%s<config>%s</config></edit-config>" % (target, more, inner))


def lifetime(operation, seconds=""):
    """An edit of one leaf."""
    return edit('<natfw xmlns="%s" xmlns:nc="%s"><nslp><lifetime nc:operation="%s">%s</lifetime></nslp></natfw>'
                % (NATFW, NS, operation, seconds))


def no_writers(o, l):
    """Nobody writes anything where no rule says so."""
    s, a = as_user(l, "wilma"), as_user(l, "toor")
    for x in s, a:
        e = x.error(lifetime("merge", 700), "access-denied")
        want(path_of(e).endswith("lifetime"), path_of(e))
        x.close()


def writers(o, l):
    """c may create, u update, d delete this leaf, and no other."""
    c, u, d = (as_user(l, x) for x in "cud")
    for x in u, d:
        x.error(lifetime("create", 700), "access-denied")
    c.ok(lifetime("create", 700))
    for x in c, d:
        x.error(lifetime("merge", 800), "access-denied")
    u.ok(lifetime("merge", 800))
    for x in c, u:
        x.error(lifetime("delete"), "access-denied")
    d.ok(lifetime("delete"))
    # 8341-3.2.8a: what is the same needs no right, and one that is not is found
    c.ok(lifetime("create", 900))
    u.ok(edit('<natfw xmlns="%s"><nslp><forward>false</forward><lifetime>1000</lifetime></nslp></natfw>' % NATFW))
    e = u.error(edit('<natfw xmlns="%s"><nslp><forward>true</forward><lifetime>1000</lifetime></nslp></natfw>' % NATFW),
                "access-denied")
    want(path_of(e).endswith("forward"), path_of(e))
    # who may read only may not make himself one who may more
    e = u.error(edit('<nacm xmlns="%s"><enable-nacm>false</enable-nacm></nacm>' % ACM), "access-denied")
    want(e.find(q("error-path")) is None or "nacm" not in path_of(e), "of what is not read nothing is told")
    d.ok(lifetime("delete"))
    for x in c, u, d:
        x.close()


def hidden(o, l):
    """Who sees one key of two, and changes none, does not find out about the others: there are 1 and 2."""
    w = as_user(l, "wilma")

    def probe(operation, i, target, more, inner=""):
        none = "<default-operation>none</default-operation>" if operation == "none" else ""
        attribute = "" if none else ' nc:operation="%s"' % operation
        e = w.error(edit('<natfw xmlns="%s" xmlns:nc="%s"><key%s><id>%d</id>%s</key></natfw>'
                         % (NATFW, NS, attribute, i, inner), target, none + more), "access-denied")
        return [(x.tag, x.text) for x in e]

    for target, more in (("running", ""), ("candidate", ""), ("running", "<test-option>test-only</test-option>"),
                         ("running", "<error-option>continue-on-error</error-option>")):
        for operation, inner in (("create", ""), ("delete", ""), ("merge", "<name>x</name>"), ("replace", ""),
                                 ("none", "<name nc:operation='create'>x</name>")):
            # 4294967 does not exist
            here, there = (probe(operation, i, target, more, inner) for i in (1, 4294967))
            want(here == there, "%s: %s %s" % (operation, here, there))
    w.close()


def copied(o, l):
    """RFC 8341, 3.2.6: what is not read is not copied, and what is not copied goes."""
    w, a = as_user(l, "wilma"), as_user(l, "admin")
    copy = "<copy-config><target><running/></target><source><candidate/></source></copy-config>"
    w.error(copy, "access-denied")
    a.ok(copy)
    want(keys(a) == ["first", "second"], "keys")
    for x in w, a:
        x.close()


def committers(o, l):
    """The candidate is checked as it is edited, and again by who commits it."""
    u, w = as_user(l, "u"), as_user(l, "wilma")
    w.error(lifetime("merge", 700).replace("running", "candidate"), "access-denied")
    a = as_user(l, "admin")
    a.ok(lifetime("merge", 700).replace("running", "candidate"))
    w.error("<commit/>", "access-denied")
    a.ok("<commit/>")
    u.ok(lifetime("merge", 750).replace("running", "candidate"))
    u.ok("<commit/>")
    a.ok(lifetime("delete"))
    for x in u, w, a:
        x.close()


def own_rules(o, l):
    """An edit of the rules themselves is done under the old ones; what comes next is under the new ones."""
    a, w = as_user(l, "admin"), as_user(l, "wilma")
    want(keys(w) == ["second"], "before")
    a.ok(edit('<nacm xmlns="%s"><rule-list><name>admins</name><rule><name>all</name><action>deny</action></rule>'
              "</rule-list></nacm>" % ACM))
    want(keys(w) == ["second"], "others")
    a.error(get(natfw("<key/>"), True), "access-denied")
    a.error(edit('<nacm xmlns="%s"><rule-list><name>admins</name><rule><name>all</name><action>permit</action></rule>'
                 "</rule-list></nacm>" % ACM), "access-denied")
    for x in a, w:
        x.close()
