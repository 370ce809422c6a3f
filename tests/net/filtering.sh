#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug timeout=600
#
# Who outside may send to a mapped endpoint (RFC 4787 section 5), and insiders that reach
# each other by external endpoints (section 6).
. "$(dirname "$0")/lib.sh"

# mapped FILTERING [PROTO [FIELDS]]: host's port 4000 has talked to S port 99.
mapped() {
	fresh
	ctl pool add p "$X" filtering "$1"
	rule nat from "$ANET" snat pool p
	EXT=$(pkt <<-E | sed -n 's/^port=//p'
		send host ip src=$A dst=$S ${2:-udp} sport=4000 dport=99 ${3:-}
		expect net ${2:-udp} src=$X sport=?port sum=ok
	E
	)
}

# from ADDRESS PORT passes|vanishes [PROTO [FIELDS]]
from() {
	local then="none host dst=$A data=in"
	[[ $3 != passes ]] || then="expect host src=$1 dst=$A dport=4000 sport=$2 data=in"
	pkt <<-E
		send net ip src=$1 dst=$X ${4:-udp} sport=$2 dport=$EXT data=in ${5:-}
		$then
	E
}

eif() {
	mapped eif
	from "$S" 99 passes
	from "$S" 98 passes
	from "$S2" 97 passes
}

adf() {
	mapped adf
	from "$S" 99 passes
	from "$S" 98 passes
	from "$S2" 99 vanishes
	reason_is filtered 1
}

apdf() {
	local memory
	mapped apdf
	from "$S" 99 passes
	memory=$(ctl_json net show | jq .memory)
	from "$S" 98 vanishes
	from "$S2" 99 vanishes
	reason_is filtered 2
	# strangers who try ports make nothing of it larger
	want "$(ctl_json net show | jq .memory)" "$memory" memory
}

# What the first one asked does not close what the second one opened.
apdf_second_peer() {
	mapped apdf
	pkt <<-E
		send host ip src=$A dst=$S2 udp sport=4000 dport=77
		expect net udp dst=$S2 sport=$EXT
	E
	from "$S" 99 passes
	from "$S2" 77 passes
	from "$S2" 78 vanishes
}

tcp() {
	mapped eif tcp flags=S
	from "$S2" 97 passes tcp flags=S
	mapped adf tcp flags=S
	from "$S" 98 passes tcp flags=S
	from "$S2" 99 vanishes tcp flags=S
}

dccp() {
	mapped eif dccp
	from "$S2" 97 passes dccp
	mapped adf dccp
	from "$S2" 99 vanishes dccp
}

per_protocol() {
	mapped eif
	from "$S" 99 vanishes tcp flags=S
}

# TCP through one pool, UDP through another of the same kind but other filtering.
by_protocol() {
	fresh
	ctl pool add t "$X" filtering adf
	ctl pool add u "$X2" filtering eif
	rule nat tcp from "$ANET" snat pool t
	rule nat udp from "$ANET" snat pool u
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=99 flags=S
		expect net tcp src=$X sport=?t
		send host ip src=$A dst=$S udp sport=4000 dport=99
		expect net udp src=$X2 sport=?u
		send net ip src=$S2 dst=$X tcp sport=99 dport=%t flags=S
		none host tcp src=$S2
		send net ip src=$S2 dst=$X2 udp sport=99 dport=%u
		expect host udp src=$S2
	E
}

# Packets from outside keep a mapping alive that inside has long forgotten, if they are
# admitted: the timer does not look at the direction.
inbound_refreshes() {
	local i
	mapped eif
	# seconds to spare: a machine with much else to do takes some for a packet
	ctl net set timeout udp $((6 * SLOW))
	for i in 1 2 3 4 5; do
		from "$S" 99 passes
		sleep $((2 * SLOW))
	done
	want "$(flow_count)" 1 flows
	wait_for 14 no_flows
}

# Nobody asked for it, and nobody answers: not within six seconds, not at all.
unsolicited_dccp() {
	mapped apdf dccp
	pkt <<-E
		send net ip src=$S2 dst=$X dccp type=10 sport=77 dport=$EXT
		send net ip src=$S2 dst=$X dccp type=8 sport=77 dport=$EXT
		none net within=6500 dst=$S2
		none host within=0 src=$S2
	E
}

default_mode() {
	fresh
	ctl pool add p "$X"
	want "$(ctl_json pool show | jq -r '[.. | objects | select(has("filtering"))] | first | .filtering')" \
		endpoint-independent filtering
}

changed_mode() {
	mapped eif
	from "$S2" 97 passes
	ctl pool set p filtering apdf
	from "$S2" 96 vanishes
	from "$S" 99 passes
}

# Refused inbound probes leave the mapping's age alone.
inbound_refused() {
	local i
	mapped apdf
	ctl net set timeout udp 2
	# until it must be gone, whenever the table was last gone through
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
		from "$S2" 99 vanishes
		sleep 0.5
	done
	wait_for 1 no_flows
}

no_flows() { (($(flow_count) == 0)); }

hairpin() {
	local fields=${2:-}
	fresh
	ctl pool add p "$X"
	rule nat from "$ANET" snat pool p
	rule nat from "$B" snat pool p
	pkt <<-E
		send host2 ip src=$B dst=$S $1 sport=5000 dport=99 $fields
		expect net $1 src=$X sport=?b
		send host ip src=$A dst=$S $1 sport=4000 dport=99 $fields
		expect net $1 src=$X sport=?a
		send host ip src=$A dst=$X $1 sport=4000 dport=%b data=hello $fields
		expect host2 $1 src=$X sport=%a dst=$B dport=5000 data=hello sum=ok
		send host2 ip src=$B dst=$X $1 sport=5000 dport=%a data=answer $fields
		expect host $1 src=$X sport=%b dst=$A dport=4000 data=answer sum=ok
		none net within=0 data=hello
	E
}

hairpin_udp() { hairpin udp; }
hairpin_tcp() { hairpin tcp flags=S; }
hairpin_dccp() { hairpin dccp; }

# The unreachable of a hairpinned datagram reaches who sent it, about what it sent.
hairpin_error() {
	fresh
	ctl pool add p "$X"
	rule nat from "$ANET" snat pool p
	rule nat from "$B" snat pool p
	pkt <<-E
		send host2 ip src=$B dst=$S udp sport=5000 dport=99
		expect net udp src=$X sport=?b
		send host ip src=$A dst=$X udp sport=4000 dport=%b data=hello
		expect host2 udp src=$X sport=?a dst=$B dport=5000
		send host2 ip src=$B dst=$X icmp type=$UNREACH code=$PORTUN ip src=$X dst=$B udp sport=%a dport=5000 data=hello
		expect host icmp dst=$A type=$UNREACH code=$PORTUN sum=ok i.src=$A i.dst=$X i.sport=4000 i.dport=%b
	E
}

# Basic NAT: ping a neighbour by its external address.
hairpin_ping() {
	fresh
	rule nat from "$A" snat "$X"
	rule nat from "$B" snat "$X2"
	rule nat to "$X2" dnat "$B"
	rule nat to "$X" dnat "$A"
	pkt <<-E
		send host ip src=$A dst=$X2 icmp type=$ECHO id=7 data=ping
		expect host2 icmp dst=$B type=$ECHO data=ping
	E
}

test_start
gateway two
every "4787-8,4787-8a,6888-7 endpoint-independent filtering" eif
every "4787-8,4787-8a address-dependent filtering" adf
every "4787-8a address- and port-dependent filtering" apdf
both "4787-11 filters of several peers" apdf_second_peer
both "5382-3 filtering of TCP" tcp
both "5597-3 filtering of DCCP" dccp
both "7857-6 a mapping admits its own protocol only" per_protocol
both "5382-3a TCP and UDP filtered differently" by_protocol
both "4787-6a admitted inbound packets refresh" inbound_refreshes
both "5597-4 nothing is said to an unsolicited DCCP Listen or Sync" unsolicited_dccp
both "6888-7 default filtering" default_mode
both "4787-8a,8512-2 filtering changed while mapped" changed_mode
both "7857-7 refused packets do not refresh" inbound_refused
every "4787-9,4787-9a,X-FP-12 hairpin, UDP" hairpin_udp
both "5382-8 hairpin, TCP" hairpin_tcp
both "5597-8 hairpin, DCCP" hairpin_dccp
both "5508-7,5508-7a,7857-12 hairpinned error" hairpin_error
both "5508-7 hairpinned query, basic NAT" hairpin_ping
ktap_end
