#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug timeout=180
#
# How Queries get to natfwd through devices that drop what no rule permits.
#
#	NI ---- lan [ FW ] wan ---- NR
. "$(dirname "$0")/lib.sh"

PKT=$TESTS/net/pkt
QUERY=4e04bda5010a0002002180c0aabbccdd11223344	# C=1, for NATFW
OTHER=4e04bda5010a00027fc080c0aabbccdd11223344	# C=1, for an application that is not here
DATA=4e04bda5010a000200210380aabbccdd11223344	# C=0

topology() {
	node NI FW NR
	join NI eth0 203.0.113.2/28,2001:db8:a::2/64 FW lan 203.0.113.1/28,2001:db8:a::1/64
	join FW wan 192.0.2.1/30,2001:db8:1::1/64 NR eth0 192.0.2.2/30,2001:db8:1::2/64
	ip -n "$NI" link set eth0 address 02:00:00:00:01:01
	ip -n "$FW" link set lan address 02:00:00:00:01:02
	ip -n "$FW" link set wan address 02:00:00:00:02:01
	ip -n "$NR" link set eth0 address 02:00:00:00:02:02
	router FW
	via NI default 203.0.113.1
	via NI default 2001:db8:a::1
	via NR default 192.0.2.1
	via NR default 2001:db8:1::1
	iface FW lan
	iface FW wan outside edge
}

pkt() {
	{
		echo "open ni $NI eth0 02:00:00:00:01:02"
		echo "open nr $NR eth0 02:00:00:00:02:01"
		cat
	} | "$PKT" --slowness "$SLOW"
}

V4="ip src=203.0.113.2 dst=192.0.2.2 ttl=64 opts=94040041 df=1"
V6="ip src=2001:db8:a::2 dst=2001:db8:1::2 ttl=64 hbh opts=050200440100"

# How many packets the rule of IP version 4 or 6 has taken.
trapped() {
	in_ns "$FW" nft -j list table inet natfwd |
		jq "[.nftables[].rule? // empty | .expr[] | .counter? // empty | .packets][$(($1 == 6))]"
}

# takes VERSION STATEMENT PAYLOAD
takes() {
	local before
	before=$(trapped "$1")
	pkt <<-E
		send ni $2 udp sport=270 dport=270 hex=$3
		none nr dport=270 hex=$3
	E
	want "$(trapped "$1")" "$((before + 1))" "packets taken"
}

vanishes() {
	pkt <<-E
		send ni $1 udp sport=270 dport=270 hex=$QUERY
		none nr dport=270
	E
}

passes() {
	pkt <<-E
		send ni $1 udp sport=270 dport=270 hex=$2
		expect nr ttl=63 dport=270 sum=ok
	E
}

without_daemon() {
	ctl FW dev add lan default drop
	ctl FW dev add wan default drop
	vanishes "$V4"
	vanishes "$V6"
	ctl FW dev del lan
	ctl FW dev del wan
}

with_daemon() {
	[[ $(ctl_json FW dev show | jq -r '[.[].default] | unique[]') == drop ]]
	takes 4 "$V4" "$QUERY"
	takes 6 "$V6" "$QUERY"
}

still() {
	takes 4 "$V4" "$QUERY"
	takes 6 "$V6" "$QUERY"
}

# What is caught and not ours leaves as a packet of this node, which the module lets go.
sends_on() {
	passes "$V4" "$OTHER"
	passes "$V6" "$OTHER"
}

others() {
	pkt <<-E
		send ni $V4 udp sport=270 dport=271 hex=$QUERY
		send ni $V6 udp sport=270 dport=271 hex=$QUERY
		none nr dport=271
	E
}

# The port that Queries need is no way through for anything else.
guarded() {
	local packet before4 before6
	before4=$(trapped 4) before6=$(trapped 6)
	for packet in "$V4" "$V6" "${V4/opts=94040041/}" "${V6/hbh opts=050200440100/}"; do
		pkt <<-E
			send ni $packet udp sport=270 dport=270 hex=$DATA
			send ni $packet udp sport=4000 dport=270 hex=00112233445566778899aabb
			none nr dport=270
		E
	done
	want "$(trapped 4) $(trapped 6)" "$before4 $before6"
}

without_signalling_process() {
	crash_one FW sig
	still
}

without_kern_process() {
	crash_one FW kern
	still
}

# Its rules in the module live on for a while, its trap does not: Queries go by.
daemon_gone() {
	crash FW
	in_ns "$FW" nft list tables >"$WORK/tables"
	file_lacks "$WORK/tables" natfwd
	passes "$V4" "$QUERY"
	passes "$V6" "$QUERY"
}

topo_start
topology
point "default drop takes Queries where no natfwd runs" without_daemon
daemons FW
point "GIST-5.3.2-03,GIST-5.3.2.3-05 Queries reach natfwd through default drop" with_daemon
point "GIST-4.3.4-03 those of other applications go on" sends_on
point "other ports are the module's to judge" others
point "nothing but Queries passes by the port of Queries where default is drop" guarded
point "the signalling process dies: Queries reach the next one" without_signalling_process
point "the kern process dies: Queries still get through" without_kern_process
point "natfwd dies: Queries go by" daemon_gone
ktap_end
