#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=500
#
# What signalling and pinholes withstand: processes killed, the module gone and back, rules taken away,
# messages lost, repeated and out of order.
#
#	NI ---- lan [ FW ] wan ---- R ---- wan [ NAT ] lan ---- NR
. "$(dirname "$0")/lib.sh"

topology() {
	node NI FW R NAT NR
	join NI eth0 203.0.113.2/28 FW lan 203.0.113.1/28
	join FW wan 192.0.2.1/30 R r1 192.0.2.2/30
	join R r2 192.0.2.5/30 NAT wan 192.0.2.6/30
	join NAT lan 10.1.0.1/24 NR eth0 10.1.0.2/24
	router FW R NAT
	via NI default 203.0.113.1
	via FW default 192.0.2.2
	via R 203.0.113.0/28 192.0.2.1
	via R 198.51.100.8/29 192.0.2.6
	via NAT default 192.0.2.5
	via NR default 10.1.0.1
	ctl NAT pool add public 198.51.100.8/29
	iface FW lan
	iface FW wan outside edge
	iface NAT lan
	iface NAT wan outside edge nat pool public
	local name
	for name in NI FW NAT NR; do
		set_in "$name" nslp lifetime-min 1
	done
}

S=203.0.113.2

external() {
	open NR external "$1" dport 5000 toward 192.0.2.5 "${@:2}"
	X=$(answer .external.address) XP=$(answer .external.port) RESERVED=$SID
}

# both ends have asked; the flow runs.
running() {
	calm NI NR
	external "$1" "${@:2}"
	open NI create "$1" from "$S" sport 4000 to "$X" dport "$XP" "${@:2}"
	steady NI "$1" "$S" 4000 "$X" "$XP"
}

# Signalling works after what has happened: another session, and its end.
still_signals() {
	external udp
	open NI create udp from "$S" sport 4100 to "$X" dport "$XP"
	passes NI udp "$S" 4100 "$X" "$XP"
	close NI
	shut NI udp "$S" 4100 "$X" "$XP"
	close NR "$RESERVED"
}

# one_killed NODE PROCESS: an established flow loses nothing, and is refreshed as before.
one_killed() {
	running udp lifetime 6 refresh 1
	crash_one "$1" "$2"
	goes_on 9
	none_lost
	still_signals
	quit NI NR
}

# The whole daemon is killed and started again; it adopts what is alive.
all_killed() {
	running udp lifetime 90 refresh 5
	crash "$1"
	goes_on 1
	daemons "$1"
	# senders notice that their neighbour is not what it was, and look for it again
	wait_for 80 sessions_back "$1"
	goes_on 1
	none_lost
	still_signals
	quit NI NR
}

sessions_back() {
	local want=1
	[[ $1 != NAT ]] || want=2
	sessions_are "$1" $want
}

terminated() {
	running udp lifetime 90 refresh 5
	kill "$(pid_of "$1")"
	wait_for 10 gone "$1"
	goes_on 1
	daemons "$1"
	wait_for 80 sessions_back "$1"
	goes_on 1
	none_lost
	quit NI NR
}

reloaded() {
	running udp lifetime 6 refresh 1
	kill -HUP "$(pid_of "$1")"
	wait_for 5 file_has "$(log_of "$1")" "configuration"
	goes_on 8
	none_lost
	still_signals
	quit NI NR
}

# Somebody removes what is not his: it is put right, or the sender is told that it is no more.
rule_taken_away() {
	running udp lifetime 60 refresh 20
	ctl FW rule "$@"
	wait_for 10 mended_or_told
	still_signals
	quit NI NR
}

mended_or_told() {
	pinholes_are FW 1 || sessions_are NI 0
}

one_rule() {
	ctl_json FW rule show | jq -r '.[] | select(.priority == 500) | .id' | head -n 1
}

one_rule_taken_away() {
	running udp lifetime 60 refresh 20
	ctl FW rule del id "$(one_rule)"
	wait_for 10 mended_or_told
	still_signals
	quit NI NR
}

module_reloaded() {
	running udp lifetime 20 refresh 2
	rmmod natfw
	stop "$STEADY_PID"
	modprobe natfw
	ctl NAT pool add public 198.51.100.8/29
	wait_for 20 pinholes_are FW 1
	quit NI NR
	wait_for 20 still_signals
}

# netem SPEC: on every link of the signalling path, both ways.
netem() {
	local name dev
	while read -r name dev; do
		on "$name" tc qdisc replace dev "$dev" root netem "$@"
	done <<-L
		NI eth0
		FW wan
		R r1
		R r2
		NAT wan
		NR eth0
	L
}

no_netem() {
	local name dev
	for name in NI FW R NAT NR; do
		for dev in eth0 wan r1 r2; do
			on "$name" tc qdisc del dev "$dev" root 2>/dev/null || :
		done
	done
}

disturbed() {
	local i
	calm NI NR
	netem "$@"
	for i in 1 2 3 4 5; do
		external udp wait 60
		open NI create udp from "$S" sport 4000 to "$X" dport "$XP" wait 60
		close NI
		wait_for 40 no_sessions FW
		close NR "$RESERVED"
		wait_for 40 no_sessions NAT
	done
	no_netem
	still_signals
}

no_sessions() { sessions_are "$1" 0; }

topo_start
topology
daemons NI FW NAT NR
serve NR udp 5000
serve NR tcp 5000
for gateway in FW NAT; do
	for process in sig kern ctl; do
		point "NATFW-1.1-04 $gateway: its $process process is killed" one_killed "$gateway" "$process"
	done
	point "NATFW-1.1-04 $gateway: all of its daemon is killed, and starts again" all_killed "$gateway"
	point "NATFW-1.1-04 $gateway: its daemon ends, and starts again" terminated "$gateway"
done
point "NATFW-3.2.8-13 NI: its sig process is killed" one_killed NI sig
point "NATFW-3.2.8-13 NI: all of its daemon is killed, and starts again" all_killed NI
point "NATFW-3.2.8-13 NR: its sig process is killed" one_killed NR sig
point "configuration read again, no session lost" reloaded FW
point "NATFW-1.4-02 one rule removed behind the daemon's back" one_rule_taken_away
point "NATFW-1.4-02 all rules removed behind the daemon's back" rule_taken_away flush all
point "GIST-5.3.3-01 one packet in ten is lost on every link" disturbed loss 10%
point "NATFW-3.5-11,NATFW-3.5-12 packets are repeated and out of order" disturbed delay 20ms reorder 30% 50% duplicate 30%
point "the module is removed, and loaded again" module_reloaded
ktap_end
