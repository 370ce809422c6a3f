#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# The same addresses twice: in two realms of one gateway, and in two namespaces.
. "$(dirname "$0")/lib.sh"

# host2's side becomes a second realm that also uses A: zone 2, routed by its mark.
overlap() {
	fresh default drop
	ctl dev set lan2 zone 2
	if [[ $V == 4 ]]; then
		ip -n "$HOST2" addr replace 10.1.0.2/32 dev eth0
	else
		ip -n "$HOST2" addr replace fd00:1::2/128 dev eth0 nodad
	fi
	ip -n "$GW" "-$V" route replace "$A/32" dev lan2 table 102 2>/dev/null ||
		ip -n "$GW" "-$V" route replace "$A/128" dev lan2 table 102
	ip -n "$GW" "-$V" rule add fwmark 2 table 102 2>/dev/null || :
	ip -n "$GW" neigh replace "$A" lladdr "$MAC_HOST2" dev lan2
}

overlap_end() {
	ip -n "$GW" "-$V" rule del fwmark 2 table 102
	ip -n "$HOST2" addr del "$A/$HOSTLEN" dev eth0
	ip -n "$GW" neigh del "$A" dev lan2
}

verdicts() {
	overlap
	rule allow udp from "$A" to "$S" dport 53 zone 0
	rule deny udp from "$A" to "$S" dport 53 zone 2
	udp_passes 4000 53
	pkt <<-E
		send host2 ip src=$A dst=$S udp sport=4001 dport=53
		none net sport=4001
	E
	overlap_end
}

# One key, two zones: two flows, two external addresses.
translations() {
	overlap
	rule nat udp from "$A" to "$S" dport 53 zone 0 snat "$X"
	rule nat udp from "$A" to "$S" dport 53 zone 2 snat "$X2" mark 2
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net src=$X sport=4000
		send host2 ip src=$A dst=$S udp sport=4000 dport=53
		expect net src=$X2 sport=4000
		send net ip src=$S dst=$X udp sport=53 dport=4000 data=one
		expect host udp dst=$A data=one
		send net ip src=$S dst=$X2 udp sport=53 dport=4000 data=two
		expect host2 udp dst=$A data=two
		none host within=0 data=two
	E
	overlap_end
}

# The mapping of a pool belongs to the host's zone.
pool_zones() {
	overlap
	ctl pool add p "$X"
	rule nat udp from "$A" to "$S" zone any snat pool p
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net src=$X sport=?one
		send host2 ip src=$A dst=$S udp sport=4000 dport=53
		expect net src=$X sport=?two sport!=%one
	E
	overlap_end
}

# A second gateway with the same addresses throughout.
two_namespaces() {
	local first=$GW
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	"$NATFWCTL" -N "$GW2" dev attach lan default drop
	"$NATFWCTL" -N "$GW2" dev attach wan default drop
	HOST=$HOST3 NET=$NET3 udp_vanishes 4000 53
	"$NATFWCTL" -N "$GW2" rule add nat udp from "$A" to "$S" dport 53 snat "$X"
	HOST=$HOST3 NET=$NET3 pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net udp src=$X
	E
	udp_passes 4000 53
	want "$(rule_count) $(rule_count -N "$GW2")" "1 1" rules
	"$NATFWCTL" -N "$GW2" rule flush all >/dev/null
	want "$(rule_count)" 1 "rules of the first namespace"
	"$NATFWCTL" -N "$GW2" dev detach lan
	"$NATFWCTL" -N "$GW2" dev detach wan
}

second_gateway() {
	local host=$HOST gw=$GW net=$NET host2=$HOST2
	ns HOST3 GW2 NET3
	HOST=$HOST3 GW=$GW2 NET=$NET3
	veth "$HOST" eth0 "$MAC_HOST" "$GW" lan "$MAC_LAN"
	veth "$NET" eth0 "$MAC_NET" "$GW" wan "$MAC_WAN"
	gateway_addresses
	HOST=$host GW=$gw NET=$net HOST2=$host2
}

test_start
gateway two
second_gateway
both "X-FP-13 same addresses in two zones, two verdicts" verdicts
every "4787-7,X-FP-13 same addresses in two zones, two translations" translations
both "4787-3,X-FP-13 same addresses in two zones, one pool" pool_zones
HOST2=''
both "X-FP-13 same addresses in two namespaces" two_namespaces
ktap_end
