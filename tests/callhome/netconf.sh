#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# What a manager that was called can ask: hellos and framing, the configuration, the state, modules; and what
# one that does not keep to the rules cannot do. The managers are in scenarios.py.
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
# a name that looks like another field of the log
certificate boss managers '/CN=boss" client="x'
open_work
make_network
device_conf "$(client nms "remote-address: $MGR4")" "$(client other "remote-address: $MGR4")" \
	"key:" \
	"  - {id: 1, name: first, secret: c2VjcmV0LXNlY3JldA==}" \
	"  - {id: 2, name: second, secret: c2VjcmV0LXNlY3JldA==}" \
	"ietf-netconf-acm:nacm:" \
	"  groups: {group: [{name: killers, user-name: [nms1]}]}" \
	"  rule-list:" \
	"    - {name: killers, group: [killers], rule: [{name: kill, module-name: ietf-netconf," \
	"       rpc-name: kill-session, access-operations: exec, action: permit}]}"
fresh_start

# plays SCENARIO...: the device goes through it, and is there afterwards.
plays() {
	local before
	before=$(pid_of mgmt)
	peer "$@"
	want "$(pid_of mgmt)" "$before" 'the process'
}

takes_no_memory() {
	local before after
	before=$(awk '/VmRSS/ { print $2 }' "/proc/$(pid_of mgmt)/status")
	manager huge
	seen announced
	after=$(awk '/VmRSS/ { print $2 }' "/proc/$(pid_of mgmt)/status")
	((after - before < 4096)) || die "grew by $((after - before)) KiB"
	seen over
	after=$(awk '/VmRSS/ { print $2 }' "/proc/$(pid_of mgmt)/status")
	((after - before < 65536)) || die "grew by $((after - before)) KiB"
	logs 'message too long'
}

compiles() {
	mkdir -p "$WORK/schemas"
	plays --schemas "$WORK/schemas" monitoring
	quietly yanglint -p "$WORK/schemas" "$WORK"/schemas/natfw@*.yang
}

same_tree() {
	# what the control socket says and what a manager is told
	ctl '{"id":1,"get":"config"}' | jq -r 'select(.data) | .data."natfw:natfw".management."call-home".client[].name' \
		>"$WORK/here"
	want "$(tr '\n' ' ' <"$WORK/here")" 'nms other '
	plays configuration
}

# Sessions have the same names here and there.
same_sessions() {
	unanswered_session
	plays sessions "$(cat "$WORK/tag")"
}

unharmed() {
	# both users are in the log, and neither can write what it likes there
	file_has "$LOG" 'user="nms1"'
	file_has "$LOG" 'user="boss\\" client=\\"x"'
	kill -TERM "$MONITOR"
	logs 'monitor main notice: ended'
	file_lacks "$LOG" 'system call not allowed'
	file_lacks "$LOG" 'does not fit the modules'
}

point "6241-8.1a,6241-8.1b,6241-8.1c,6241-8.1e,6241-8a,6242-4.1a,6243-a,X-INT-6 hellos" plays greetings
point "6242-4.1c,6242-4.3a,X-6242-4.3b,7589-3a framing of base:1.0" plays old_framing
point "X-6242-4.1d,6242-4.1b a hello and a request in one segment" plays one_segment
point "6242-4.2a,6242-4.2e,6241-4.1b chunks of one octet" plays dribble
point "6241-4.5a,6242-5a,6242-5b,7589-4a requests without waiting, and close-session" plays pipeline
point "6242-4.2b,6242-4.2c framing that is none ends the session" plays bad_framing
point "6242-4.2d,X-6241-3d what is announced takes no memory, what comes is limited" takes_no_memory
point "6241-8.1d,6241-8.1f,6241-8.1g hellos that are refused" plays bad_hellos
point "X-6241-3d,6241-3b,6241-3c,6241-3.2a,6241-Aa,6241-3a XML that is none, document types, depth" plays bad_xml
point "6241-4.1a,6241-4.1b,6241-4.2a,6241-4.3a,6241-4.3d,6241-4.3e,6241-7.1c,6241-Ab,X-INT-5 requests and errors" \
	plays envelope
point "6241-7.1b,X-NC-9,8071-S6a the configuration, without secrets, as the control socket has it" same_tree
point "6241-6a,6241-6b,6241-6c,6241-6d,6241-6e,6241-6f,6241-6g,6241-8.9a filters" plays filters
point "6241-7.7a,CHO-1 configuration and state" plays state
point "X-NC-9 sessions by the names the control socket has for them, and no ids" same_sessions
point "6022-2a,6022-2b,6022-2d,6022-2e,6022-3a,6022-3b,X-6022-2f,7950-5.6a,8525-b,8525-c,X-INT-4 monitoring, and modules that compile" compiles
point "6241-1.2a,6241-7.9a,6241-7.9b,6241-7.9d,8341-3.4.4c kill-session" plays killed
point "X-CM-9 who takes nothing holds up nobody" plays deaf
point "all within the limits of the process" unharmed

# reloads: with the configuration it has.
reloads() {
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

reload_while_calling() {
	local mgmt
	# the one that all others are of
	kill -TERM "$MONITOR" 2>/dev/null || :
	wait_for 10 gone "$MONITOR"
	mkdir -p "/etc/netns/$DEV"
	echo "nameserver $MGR4" >"/etc/netns/$DEV/resolv.conf"
	# questions are lost for as long as this is there; the first two addresses are nobody's
	in_ns "$MGR" nft 'add table ip t; add chain ip t in {type filter hook input priority 0;};
		add rule ip t in udp dport 53 drop'
	bg in_ns "$MGR" python3 "$CALLHOME/dns.py" $MGR4 "nms.example=2001:db8::99,192.0.2.99,$MGR4"
	device_conf "$(client nms "remote-address: nms.example")" "        authentication-time: 20"
	sed -i 's/backoff-max: 1,/backoff-max: 1, max-wait: 20,/' "$CONF"
	manager hold
	fresh_start
	mgmt=$(pid_of mgmt)
	comes nms state resolving
	reloads
	reloads
	in_ns "$MGR" nft delete table ip t
	comes nms state connecting
	reloads
	reloads
	comes nms state up
	want "$(of nms address)" $MGR4
	want "$(pid_of mgmt)" "$mgmt" 'the process'
	daemon_stop
	rm -rf "/etc/netns/$DEV"
	file_lacks "$LOG" 'AddressSanitizer'
}

point "reload while a name is looked up and a connection is made" reload_while_calling
ktap_end
