#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A manager by ncclient, as Debian has it for Debian's Python: is called over SSH, and does what such managers do.

	nc_client.py ADDRESS PORT USER KEY HOST-KEY(file)
"""
import base64
import sys

from ncclient import manager
from ncclient.operations import RPCError

NATFW = "urn:natfw:yang:natfw"
PORT = ('<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><natfw xmlns="%s"><gist><port>%d</port></gist></natfw>'
        '</config>')
FILTER = ("subtree", '<natfw xmlns="%s"><gist/></natfw>' % NATFW)


def want(condition, text):
    if not condition:
        raise AssertionError(text)


def refused(tag, function, *args, **keys):
    try:
        function(*args, **keys)
    except RPCError as e:
        want(e.tag == tag, "%s instead of %s" % (e.tag, tag))
        want(e.message, "no words for it")
        return
    raise AssertionError("not refused")


def running(m, number, store="running"):
    got = str(m.get_config(store, FILTER))
    want(("<port>%d</port>" % number) in got, "%d is not in %s: %s" % (number, store, got))


def reads(m):
    want(int(m.session_id) > 0, "session")
    want(":candidate" in m.server_capabilities and ":confirmed-commit" in m.server_capabilities, "capabilities")
    got = str(m.get(("subtree", '<natfw xmlns="%s"><state><call-home/></state></natfw>' % NATFW)))
    want("<user>ops</user>" in got, got)
    want('namespace "%s"' % NATFW in m.get_schema("natfw").data, "module")
    refused("invalid-value", m.get_schema, "no-such-module")
    # what is often written so is nothing, but is answered, where a reply without message-id would end the session
    refused("unknown-element", m.edit_config, target="candidate", config="<config><natfw xmlns='%s'/></config>" % NATFW)
    # its keepalive is another request, over and over
    for _ in range(50):
        m.get_config("running", FILTER)


def edits(m):
    with m.locked("running"), m.locked("candidate"):
        m.edit_config(target="candidate", config=PORT % (NATFW, 3101))
        m.validate("candidate")
        running(m, 3101, "candidate")
        m.commit()
    running(m, 3101)
    m.edit_config(target="candidate", config=PORT % (NATFW, 3102), default_operation="merge")
    m.discard_changes()
    running(m, 3101, "candidate")
    refused("invalid-value", m.edit_config, target="candidate", config=PORT % (NATFW, 70000))
    m.edit_config(target="running", config=PORT % (NATFW, 3103), error_option="rollback-on-error")
    running(m, 3103)


def confirms(m):
    m.edit_config(target="candidate", config=PORT % (NATFW, 3110))
    m.commit(confirmed=True, timeout="60")
    running(m, 3110)
    m.cancel_commit()
    running(m, 3103)
    m.edit_config(target="candidate", config=PORT % (NATFW, 3111))
    m.commit(confirmed=True, timeout="60")
    m.commit()
    running(m, 3111)


def hears(m):
    m.create_subscription(stream_name="NETCONF")
    m.edit_config(target="running", config=PORT % (NATFW, 3120))
    while True:
        n = m.take_notification(timeout=20)
        want(n, "no event")
        if "netconf-config-change" in n.notification_xml:
            break
    want("<username>ops</username>" in n.notification_xml, n.notification_xml)
    running(m, 3120)


def main():
    address, port, user, key, host_key = sys.argv[1:]
    with manager.call_home(host=address, port=int(port), username=user, key_filename=key, hostkey_verify=False,
                           allow_agent=False, look_for_keys=False, timeout=30) as m:
        # its call_home knows no name to look a key up by
        shown = m._session._transport.get_remote_server_key()
        want(shown.asbytes() == base64.b64decode(open(host_key).read().split()[1]), "another host key")
        for step in reads, edits, confirms, hears:
            step(m)
            print(step.__name__, flush=True)


if __name__ == "__main__":
    main()
