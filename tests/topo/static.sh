#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug timeout=300
#
# Access control lists in the file of a natfwd: packets obey, also after a reload and while no daemon is there.
#
#	A ---- lan [ GW ] wan ---- B
. "$(dirname "$0")/lib.sh"

topology() {
	node A GW B
	join A eth0 10.1.0.2/24 GW lan 10.1.0.1/24
	join B eth0 192.0.2.2/24 GW wan 192.0.2.1/24
	router GW
	via A default 10.1.0.1
	via B default 192.0.2.1
	iface GW lan
	iface GW wan outside edge
}

# lists TEXT: the entries of the only list, which is lan's.
lists() {
	EXTRA[GW]="ietf-access-control-list:acls:
  acl: [{name: office, type: ipv4-acl-type, aces: {ace: [$1]}}]
  attachment-points:
    interface: [{interface-id: lan, ingress: {acl-sets: {acl-set: [{name: office}]}}}]
"
}

# permit NAME PROTO PORT
permit() { echo "{name: $1, matches: {$2: {destination-port: {port: $3}}}, actions: {forwarding: accept}}"; }

reload() {
	config GW >"$RUN/GW/natfwd.yaml"
	: >"$(log_of GW)"
	kill -HUP "$(pid_of GW)"
	wait_for 5 file_has "$(log_of GW)" "configuration in force"
}

obeyed() {
	passes A udp 10.1.0.2 4000 192.0.2.2 5000
	passes A tcp 10.1.0.2 4000 192.0.2.2 5000
	blocked A udp 10.1.0.2 4000 192.0.2.2 5001
	blocked B udp 192.0.2.2 4000 10.1.0.2 5000
}

shown() {
	passes A udp 10.1.0.2 4100 192.0.2.2 5000
	session_json GW static >"$WORK/static"
	want "$(jq -r '[.[].entry] | join(" ")' "$WORK/static")" "some-tcp some-udp"
	jq -e '.[1] | .list == "office" and .rules == 1 and (.packets | tonumber) > 0 and
		(.octets | tonumber) > 0' "$WORK/static" >/dev/null || die "$(cat "$WORK/static")"
	session GW static | has "office  *some-udp  *1 " || die "$(session GW static)"
	ctl_json GW rule show | jq -e 'any(.[]; .name == "office/some-udp")' >/dev/null || die "no such rule"
}

changed() {
	lists "$(permit some-udp udp 5001), $(permit some-tcp tcp 5000)"
	reload
	wait_for 5 passes A udp 10.1.0.2 4000 192.0.2.2 5001
	blocked A udp 10.1.0.2 4000 192.0.2.2 5000
	passes A tcp 10.1.0.2 4000 192.0.2.2 5000
}

# What the module would refuse is not in force anywhere.
refused() {
	local i entries="" before
	before=$(ctl_json GW rule show | jq -c '[.[].id] | sort')
	for ((i = 0; i < 9; i++)); do
		entries+="$(permit "e$i" udp $((6000 + i))), "
	done
	lists "${entries%, }"
	config GW >"$RUN/GW/natfwd.yaml"
	ctl GW net set rule-max 8
	: >"$(log_of GW)"
	kill -HUP "$(pid_of GW)"
	wait_for 5 file_has "$(log_of GW)" "that was in force stays so"
	ctl GW net set rule-max 2097152
	grep -q "path=/ietf-access-control-list:acls/acl\[name='office'\]/aces/ace\[name='e" "$(log_of GW)" ||
		die "not said which"
	want "$(ctl_json GW rule show | jq -c '[.[].id] | sort')" "$before" "rules"
	passes A udp 10.1.0.2 4000 192.0.2.2 5001
	# the same with room enough
	reload
	want "$(session_json GW static | jq length)" 9 "entries"
	lists "$(permit some-udp udp 5001), $(permit some-tcp tcp 5000)"
	reload
	wait_for 5 passes A udp 10.1.0.2 4000 192.0.2.2 5001
}

# Without a daemon, the firewall is as it was; the next one finds it so.
stays() {
	local before after
	# points know nothing of each other
	lists "$(permit some-udp udp 5001), $(permit some-tcp tcp 5000)"
	before=$(ctl_json GW rule show | jq -c '[.[] | select(.name | startswith("office/")) | .id]')
	want "$(jq length <<<"$before")" 2 "rules"
	kill -TERM "$(pid_of GW)"
	wait_for 10 gone GW
	passes A udp 10.1.0.2 4000 192.0.2.2 5001
	blocked A udp 10.1.0.2 4000 192.0.2.2 5000
	daemons GW
	after=$(ctl_json GW rule show | jq -c '[.[] | select(.name | startswith("office/")) | .id]')
	want "$after" "$before" "rules of the daemon before"
	crash GW
	blocked A udp 10.1.0.2 4000 192.0.2.2 5000
	daemons GW
	crash_one GW kern
	passes A udp 10.1.0.2 4000 192.0.2.2 5001
}

topo_start
topology
lists "$(permit some-udp udp 5000), $(permit some-tcp tcp 5000)"
serve B udp 5000 5001
serve B tcp 5000
serve A udp 5000
daemons GW
point "packets obey an access list of the file" obeyed
point "natfwctl shows entries and what they have counted" shown
point "and one that has changed, at reload" changed
point "what the module refuses leaves all as it was" refused
point "rules stay when the daemon ends, and while it restarts" stays
ktap_end
