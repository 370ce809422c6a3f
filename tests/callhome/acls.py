# SPDX-License-Identifier: GPL-2.0-or-later
"""Access control lists that managers change, on a device with the kernel module; for peer.py."""
import time
import xml.etree.ElementTree as ET

from edits import ACL, ok
from peer import NS, check_error, q, want

NFA = "urn:natfw:yang:natfw-acl"


def ace(name, matches="", forwarding="accept", more=""):
    return "<ace><name>%s</name><matches>%s</matches><actions><forwarding>%s</forwarding>%s</actions></ace>" % (
        name, matches, forwarding, more)


def udp(port):
    return "<udp><destination-port><port>%d</port></destination-port></udp>" % port


ICMP = "<ipv4><protocol>1</protocol></ipv4>"
AT_WAN = ("<attachment-points><interface><interface-id>wan</interface-id><ingress><acl-sets><acl-set>"
          "<name>office</name></acl-set></acl-sets></ingress></interface></attachment-points>")


def replace(*aces, target="candidate"):
    """All there is: one list, which is wan's."""
    return ('<edit-config><target><%s/></target><config><acls xmlns="%s" xmlns:nc="%s" nc:operation="replace"><acl>'
            "<name>office</name><type>ipv4-acl-type</type><aces>%s</aces></acl>%s</acls></config></edit-config>" % (
                target, ACL, NS, "".join(aces), AT_WAN))


def insert(one, before):
    """A new entry before another (RFC 7950, 7.8.6)."""
    return ('<edit-config><target><running/></target><config><acls xmlns="%s"><acl><name>office</name><aces>'
            '<ace xmlns:y="urn:ietf:params:xml:ns:yang:1" y:insert="before" y:key="[name=\'%s\']"%s</aces></acl>'
            "</acls></config></edit-config>" % (ACL, before, one[len("<ace"):]))


def statistics(s):
    """Packets that matched, by entry."""
    d = s.data('<get><filter><acls xmlns="%s"/></filter></get>' % ACL)
    return {e.find(q("name", ACL)).text: int(e.find("%s/%s" % (q("statistics", ACL), q("matched-packets", ACL))).text)
            for e in d.iter(q("ace", ACL)) if e.find(q("statistics", ACL)) is not None}


def put(o, l, forwarding):
    """What is done with echo requests."""
    s = l.session()
    ok(s, replace(ace("ping", ICMP, forwarding), ace("rest")))
    ok(s, "<commit/>")
    s.close()


def counted(o, l):
    s = l.session()
    n = statistics(s)
    want(sorted(n) == ["ping", "rest"] and n["ping"] > 0, "%s" % n)
    s.close()


def shut(o, l):
    """Nothing is let in any more, but for what this call says."""
    s = l.session()
    ok(s, replace(ace("no", "", "drop"), target="running"))
    want(list(statistics(s)) == ["no"], "in force")
    ok(s, replace(ace("rest"), target="running"))
    s.close()


def refused(o, l):
    """The module's word against the commit: an entry that names a pool that is not there."""
    s = l.session()
    ok(s, replace(ace("good", udp(5)), ace("rest"), target="running"))
    bad = '<translate xmlns="%s"><source-pool>nowhere</source-pool></translate>' % NFA
    ok(s, replace(ace("good", udp(5)), ace("bad", udp(6), "accept", bad), ace("rest")))
    e = check_error(s.ask("<commit/>"), "operation-failed")
    text = ET.tostring(e).decode()
    want("no such pool" in text and "bad" in e.find(q("error-path")).text, text)
    want(sorted(statistics(s)) == ["good", "rest"], "in force")
    d = s.data('<get-config><source><running/></source><filter><acls xmlns="%s"/></filter></get-config>' % ACL)
    want("nowhere" not in ET.tostring(d).decode(), "running")
    ok(s, "<discard-changes/>")
    s.close()


def thousand(o, l):
    s = l.session()
    ok(s, replace(*[ace("e%d" % n, udp(1000 + n)) for n in range(999)], ace("rest")))
    begin = time.monotonic()
    ok(s, "<commit/>")
    commit = time.monotonic()
    want(len(statistics(s)) == 1000, "entries in force")
    get = time.monotonic()
    ok(s, insert(ace("new", udp(7), "drop"), "e500"))
    end = time.monotonic()
    n = statistics(s)
    want(len(n) == 1001 and "new" in n, "entries in force")
    print("commit %.3f get %.3f one more %.3f" % (commit - begin, get - commit, end - get), flush=True)
    s.close()
