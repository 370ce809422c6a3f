#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# Tagged frames: VLAN devices are attached on their own; priority tags change nothing.
. "$(dirname "$0")/lib.sh"

UDP="udp sport=4000 dport=53"

# VLAN 5 on the lan wire; the gateway's lan.5 is 10.5.0.1.
vlan_up() {
	ip -n "$GW" link add link lan name lan.5 type vlan id 5
	ip -n "$GW" link set lan.5 up
	ip -n "$GW" addr add 10.5.0.1/24 dev lan.5
	ip -n "$GW" addr add fd00:5::1/64 dev lan.5 nodad
	vlan_neighbours
}

vlan_neighbours() {
	ip -n "$GW" neigh replace 10.5.0.2 lladdr "$MAC_HOST" dev lan.5
	ip -n "$GW" neigh replace fd00:5::2 lladdr "$MAC_HOST" dev lan.5
}

guest_address() {
	if [[ $V == 4 ]]; then echo 10.5.0.2; else echo fd00:5::2; fi
}

tagged_fresh() {
	fresh "$@"
	ctl dev attach lan.5 emit "$M" "$@"
	VA=$(guest_address)
}

# The rules of lan are not those of its VLANs.
tagged_passes_base() {
	fresh default drop
	pkt <<-E
		send host vlan id=5 ip src=$(guest_address) dst=$S $UDP data=x
		expect net udp data=x
	E
	reason_some pass-vlan
}

filter() {
	tagged_fresh default drop
	rule allow udp from "$VA" to "$S" dport 53 dev lan.5
	pkt <<-E
		send host vlan id=5 ip src=$VA dst=$S $UDP data=a
		expect net udp data=a
		send host vlan id=5 ip src=$VA dst=$S udp sport=4000 dport=54 data=b
		none net data=b
		send host ip src=$A dst=$S $UDP data=c
		none net data=c
	E
}

nat() {
	tagged_fresh default drop
	rule nat udp from "$VA" to "$S" snat "$X"
	pkt <<-E
		send host vlan id=5 ip src=$VA dst=$S $UDP data=a
		expect net udp src=$X data=a sum=ok
		send net ip src=$S dst=$X udp sport=53 dport=4000 data=b
		expect host udp dst=$VA vlan=5 data=b sum=ok
	E
}

# VLAN 7 within VLAN 5.
two_tags() {
	local n addr=10.57.0.2
	[[ $V == 4 ]] || addr=fd00:57::2
	fresh default drop
	ip -n "$GW" link add link lan.5 name lan.57 type vlan id 7
	ip -n "$GW" link set lan.57 up
	ip -n "$GW" addr add 10.57.0.1/24 dev lan.57
	ip -n "$GW" addr add fd00:57::1/64 dev lan.57 nodad
	ip -n "$GW" neigh replace "$addr" lladdr "$MAC_HOST" dev lan.57
	ctl dev attach lan.57 emit "$M"
	rule nat udp from "$addr" to "$S" snat "$X"
	pkt <<-E
		send host vlan id=5 vlan id=7 ip src=$addr dst=$S $UDP data=a
		expect net udp src=$X data=a sum=ok
	E
	for n in a b c; do
		pkt <<-E
			send net ip src=$S dst=$X udp sport=53 dport=4000 data=$n
			expect host udp dst=$addr vlan=5 vlan=7 data=$n sum=ok ethdst=$MAC_HOST
		E
	done
	ip -n "$GW" link del lan.57
}

zone_of_vlan() {
	tagged_fresh default drop
	ctl dev set lan.5 zone 5
	rule allow udp from "$VA" to "$S" zone 5
	pkt <<-E
		send host vlan id=5 ip src=$VA dst=$S $UDP data=a
		expect net udp data=a
	E
}

unknown_vlan() {
	fresh default drop
	pkt <<-E
		send host vlan id=9 ip src=$A dst=$S $UDP data=x
		none net data=x
	E
}

priority_tag() {
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	pkt <<-E
		send host vlan id=0 pcp=5 ip src=$A dst=$S $UDP data=a
		expect net udp src=$X data=a
	E
}

# A tag must not carry what the rules of an attached device refuse.
priority_tag_denied() {
	fresh
	rule deny udp from "$A" to "$S"
	pkt <<-E
		send host vlan id=0 pcp=5 ip src=$A dst=$S $UDP data=a
		send host vlan id=0 vlan id=0 ip src=$A dst=$S $UDP data=a
		none net data=a
	E
}

# lan2 becomes a port of br0, which gets its addresses.
bridge_up() {
	ip -n "$GW" link add br0 type bridge
	ip -n "$GW" link set lan2 master br0
	ip -n "$GW" link set br0 address "$MAC_LAN2" up
	ip -n "$GW" addr flush dev lan2
	ip -n "$GW" addr add 10.2.0.1/16 dev br0
	ip -n "$GW" addr add fd00:2::1/64 dev br0 nodad
	ctl dev detach lan2
	ctl dev attach br0 emit "$M"
}

bridge_down() {
	ip -n "$GW" link del br0
	ip -n "$GW" addr add 10.2.0.1/16 dev lan2
	ip -n "$GW" addr add fd00:2::1/64 dev lan2 nodad
	ip -n "$GW" neigh replace 10.2.0.2 lladdr "$MAC_HOST2" dev lan2
	ip -n "$GW" neigh replace fd00:2::2 lladdr "$MAC_HOST2" dev lan2
}

bridge_port() {
	fresh
	bridge_up
	rule nat udp from "$B" to "$S" snat "$X"
	pkt <<-E
		send host2 ip src=$B dst=$S $UDP data=a
		expect net udp src=$X data=a
		send net ip src=$S dst=$X udp sport=53 dport=4000 data=b
		expect host2 udp dst=$B data=b
	E
	bridge_down
}

# into_vlan DATA WORD...: a packet from behind the bridge, which goes to the host as WORD... say.
into_vlan() {
	pkt <<-E
		send host2 ip src=$B dst=$VA $UDP data=$1
		expect host udp dst=$VA vlan=5 data=$1 sum=ok ethdst=$MAC_HOST ${*:2}
	E
}

# Packets of a flow under way have the header that is kept for them. With a port that wants
# it, those that come by the bridge have room for the header of a VLAN device; others here do not.
under_way() {
	fresh
	bridge_up
	VA=$(guest_address)
	ip -n "$GW" link add vx0 type vxlan id 1 remote 192.0.2.99 dstport 4789
	ip -n "$GW" link set vx0 master br0
	rule allow udp from "$B" to "$VA"
	for n in a b c d e; do
		into_vlan "$n" "ethsrc=$MAC_LAN"
	done
	ip -n "$GW" link set lan.5 address 02:00:00:00:05:05
	vlan_neighbours
	for n in f g h i j; do
		into_vlan "$n" ethsrc=02:00:00:00:05:05
	done
	ip -n "$GW" link set lan.5 address "$MAC_LAN"
	vlan_neighbours
	ip -n "$GW" link set lan.5 type vlan reorder_hdr off
	into_vlan k "ethsrc=$MAC_LAN"
	for n in l m n o; do
		into_vlan "$n" "ethsrc=$MAC_LAN"
	done
	ip -n "$GW" link set lan.5 type vlan reorder_hdr on
	into_vlan p "ethsrc=$MAC_LAN"
	ip -n "$GW" link del vx0
	bridge_down
}

test_start
gateway two
vlan_up
both "tagged frames pass the wire's own rules" tagged_passes_base
every "rules of a VLAN device" filter
every "translation of a VLAN device" nat
every "a VLAN within a VLAN" two_tags
both "zone of a VLAN device" zone_of_vlan
both "a VLAN nobody is on" unknown_vlan
every "priority tags" priority_tag
both "priority tags carry nothing past the rules" priority_tag_denied
every "a bridge" bridge_port
every "a flow under way into a VLAN" under_way
ktap_end
