#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core
#
# Who may change what: the network administrator of the namespace, nobody else.
. "$(dirname "$0")/lib.sh"

# as_nobody COMMAND...: without capabilities, in the gateway's namespace.
as_nobody() {
	on_gw setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all "$@"
}

nobody_reads() {
	fresh
	rule allow udp to "$S"
	as_nobody "$NATFWCTL" rule show | has udp
	as_nobody "$NATFWCTL" stats | has .
}

nobody_changes() {
	fresh
	rule allow udp to "$S"
	fails as_nobody "$NATFWCTL" rule add deny udp
	fails as_nobody "$NATFWCTL" rule del id "$RULE"
	fails as_nobody "$NATFWCTL" rule flush
	fails as_nobody "$NATFWCTL" dev detach lan
	fails as_nobody "$NATFWCTL" pool add p 198.51.100.1
	fails as_nobody "$NATFWCTL" flow flush all
	fails as_nobody "$NATFWCTL" net set timeout udp 5
	want "$(rule_count)" 1 rules
	want "$(dev_count)" 2 devices
}

# Root of a user namespace rules its own network namespace.
user_namespace() {
	unshare --user --map-root-user --net true 2>/dev/null || unable "no user namespaces"
	cat >"$WORK/inside" <<-E
		set -e
		ip link add a0 type veth peer name a1
		"$NATFWCTL" dev attach a0 default drop
		"$NATFWCTL" rule add allow udp dport 53
		[[ \$("$NATFWCTL" rule show) == *53* ]]
		"$NATFWCTL" rule flush
	E
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare --user --map-root-user --net bash "$WORK/inside"
}

# But not the one it came from.
outer_namespace() {
	unshare --user --map-root-user true 2>/dev/null || unable "no user namespaces"
	fresh
	fails on_gw setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare --user --map-root-user "$NATFWCTL" rule add deny udp
	want "$(rule_count)" 0 rules
}

test_start
gateway
chmod 755 "$WORK"
point "anybody may look" nobody_reads
point "nobody else may change" nobody_changes
point "root of a user namespace rules its own network" user_namespace
point "root of a user namespace does not rule another's" outer_namespace
ktap_end
