#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug timeout=300
#
# RFC 5973, 2.1: both hosts behind firewalls, a router between that knows nothing of it.
#
#	NI ---- lan [ FW1 ] wan ---- R ---- wan [ FW2 ] lan ---- NR
. "$(dirname "$0")/lib.sh"

topology() {
	node NI FW1 R FW2 NR
	join NI eth0 203.0.113.2/28,2001:db8:a::2/64 FW1 lan 203.0.113.1/28,2001:db8:a::1/64
	join FW1 wan 192.0.2.1/30,2001:db8:1::1/64 R r1 192.0.2.2/30,2001:db8:1::2/64
	join R r2 192.0.2.5/30,2001:db8:2::1/64 FW2 wan 192.0.2.6/30,2001:db8:2::2/64
	join FW2 lan 198.51.100.1/28,2001:db8:b::1/64 NR eth0 198.51.100.2/28,2001:db8:b::2/64
	addresses NI eth0 203.0.113.3/28
	router FW1 R FW2
	via NI default 203.0.113.1
	via NI default 2001:db8:a::1
	via FW1 default 192.0.2.2
	via FW1 default 2001:db8:1::2
	via R 203.0.113.0/28 192.0.2.1
	via R 2001:db8:a::/64 2001:db8:1::1
	via R 198.51.100.0/28 192.0.2.6
	via R 2001:db8:b::/64 2001:db8:2::2
	via FW2 default 192.0.2.5
	via FW2 default 2001:db8:2::1
	via NR default 198.51.100.1
	via NR default 2001:db8:b::1
	iface FW1 lan
	iface FW1 wan outside edge
	iface FW2 lan
	iface FW2 wan outside edge
	local name
	for name in NI FW1 FW2 NR; do
		set_in "$name" nslp lifetime-min 1
	done
	# whoever asks from outside may reach NR; without, NR would have to ask first
	more FW2 <<-'CONF'
		policy:
		  entry:
		  - name: visitors
		    interface: wan
		    kind: [create]
		    toward: [198.51.100.0/28, 2001:db8:b::/64]
		    third-party: true
		    action: permit
	CONF
}

use() {
	V=$1
	if [[ $1 == 4 ]]; then
		S=203.0.113.2 D=198.51.100.2
	else
		S=2001:db8:a::2 D=2001:db8:b::2
	fi
}

# create PROTO SPORT DPORT WORDS...
create() { open NI create "$1" from "$S" sport "$2" to "$D" dport "$3" "${@:4}"; }

udp_opens() {
	blocked NI udp "$S" 4000 "$D" 5000
	create udp 4000 5000
	want "$(answer .state)" established
	passes NI udp "$S" 4000 "$D" 5000 "$S 4000"
	blocked NI udp "$S" 4001 "$D" 5000
	blocked NI udp "$S" 4000 "$D" 5001
	blocked NI tcp "$S" 4000 "$D" 5000
	close NI
	shut NI udp "$S" 4000 "$D" 5000
	wait_for 5 pinholes_are FW1 0
	wait_for 5 pinholes_are FW2 0
	wait_for 5 sessions_are FW2 0
}

tcp_opens() {
	blocked NI tcp "$S" 4000 "$D" 5000
	create tcp 4000 5000
	passes NI tcp "$S" 4000 "$D" 5000 "$S 4000"
	blocked NI tcp "$S" 4001 "$D" 5000
	blocked NI tcp "$S" 4000 "$D" 5001
	close NI
	shut NI tcp "$S" 4000 "$D" 5000
}

# The same host's other address is not the flow's.
another_source() {
	use 4
	create udp 4000 5000
	blocked NI udp 203.0.113.3 4000 "$D" 5000
	passes NI udp "$S" 4000 "$D" 5000
	close NI
}

several_sessions() {
	local one two
	create udp 4000 5000
	one=$SID
	create udp 4001 5001
	two=$SID
	passes NI udp "$S" 4000 "$D" 5000
	passes NI udp "$S" 4001 "$D" 5001
	close NI "$one"
	shut NI udp "$S" 4000 "$D" 5000
	passes NI udp "$S" 4001 "$D" 5001
	close NI "$two"
	shut NI udp "$S" 4001 "$D" 5001
}

roles_are() {
	create udp 4000 5000
	want "$(session_json NI list | jq -r '.[0].role')" initiator "role of NI"
	want "$(session_json FW1 list | jq -r '.[0].role')" forwarder "role of FW1"
	want "$(session_json FW2 list | jq -r '.[0].role')" forwarder "role of FW2"
	want "$(session_json NR list | jq -r '.[0].role')" responder "role of NR"
	want "$(session_json FW1 list | jq -r '.[0].flow["destination-port"]')" 5000 "port at FW1"
	pinholes_are FW1 1
	pinholes_are FW2 1
	close NI
}

refreshed() {
	create udp 4000 5000 lifetime 8 refresh 2
	steady NI udp "$S" 4000 "$D" 5000
	goes_on 10
	none_lost
	close NI
	stops 14
}

# Nobody refreshes: the flow goes on, and ends with its lifetime.
sender_dies() {
	create udp 4000 5000 lifetime $((20 * SLOW)) refresh 2
	steady NI udp "$S" 4000 "$D" 5000
	crash NI
	goes_on 1
	stops 30
	wait_for 8 pinholes_are FW1 0
	wait_for 8 pinholes_are FW2 0
	wait_for 5 sessions_are FW1 0
	rm -rf "$RUN/NI/state"/*
	daemons NI
}

unreachable_responder() {
	refused NI . create udp from 203.0.113.2 to 198.51.100.9 dport 5000 wait 40
	wait_for 5 pinholes_are FW1 0
}

topo_start
topology
use 4
daemons NI FW1 FW2 NR
serve NR udp 5000 5001
serve NR tcp 5000 5001
both "NATFW-1.5-01,NATFW-1.2-03,NATFW-1.4-01,NATFW-2.3-01,NATFW-3.1-01,NATFW-3.1-06,NATFW-3.2.1-05 a UDP flow and no other passes two firewalls" udp_opens
both "NATFW-1.2-03,NATFW-3.1-01,NATFW-3.1-06,NATFW-D.2-02 a TCP flow and no other passes two firewalls" tcp_opens
point "NATFW-1.4-01 another source address is another flow" another_source
both "NATFW-1.1-03,NATFW-1.2-06 sessions of one pair live and end by themselves" several_sessions
both "NATFW-3.2.1-01,NATFW-3.2.1-02,NATFW-3.2.1-03 who is what on the path" roles_are
both "NATFW-3.2.5-01,NATFW-3.4-11 refreshes keep a pinhole beyond its first lifetime" refreshed
point "NATFW-1.1-04,NATFW-3.2.8-07,NATFW-3.4-01 a dead sender's flow goes on, and ends with its lifetime" sender_dies
ktap_end
