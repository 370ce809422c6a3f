#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug
#
# A flow that is under way goes where its last packet went, by a next hop that is kept for it.
# Whatever of that changes, the next packet must know.
. "$(dirname "$0")/lib.sh"

ELSE=02:00:00:00:02:99
TRACING=/sys/kernel/tracing

# A flow of which packets take the short way.
warm() {
	fresh
	rule "${1:-allow}" udp from "$A" to "$S" dport 53 "${@:2}"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53 data=one
		expect net udp dst=$S data=one sum=ok
		send host ip src=$A dst=$S udp sport=4000 dport=53 data=two
		expect net udp dst=$S data=two sum=ok
		send host ip src=$A dst=$S udp sport=4000 dport=53 data=three
		expect net udp dst=$S data=three ethdst=$MAC_NET sum=ok
	E
}

# One more packet of it: goes "to net ..." or nowhere.
more() { pkt <<<"send host ip src=$A dst=$S udp sport=4000 dport=53 data=more
expect net udp dst=$S data=more sum=ok $*"; }

none() { pkt <<<"send host ip src=$A dst=$S udp sport=4000 dport=53 data=more
none net udp data=more"; }

# The device takes whatever comes, so that a frame to another address is seen.
address_changes() {
	warm "$@"
	on_net ip link set eth0 promisc on
	on_gw ip neigh replace "$R" lladdr "$ELSE" nud permanent dev wan
	more "ethdst=$ELSE"
	more "ethdst=$ELSE"
	on_net ip link set eth0 promisc off
	neighbours
	more "ethdst=$MAC_NET"
}

allowed_address_changes() { address_changes; }
translated_address_changes() { address_changes nat snat "$X"; }

neighbour_goes() {
	warm
	on_gw ip neigh del "$R" dev wan
	# it is asked for, and may have to ask back before it answers
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53 data=more
		expect net within=6000 udp dst=$S data=more ethdst=$MAC_NET sum=ok
	E
	neighbours
}

# What it was is not good enough any more: the stack's way of asking again is taken.
neighbour_stale() {
	warm
	on_gw ip neigh replace "$R" lladdr "$MAC_NET" nud stale dev wan
	more "ethdst=$MAC_NET"
	want "$(on_gw ip -j neigh show "$R" | jq -r '.[0].state[0]' | grep -c STALE)" 0 "still stale"
	neighbours
}

own_address_changes() {
	warm
	on_gw ip link set wan address 02:00:00:00:02:77
	neighbours
	more "ethsrc=02:00:00:00:02:77"
	on_gw ip link set wan address "$MAC_WAN"
	neighbours
	more "ethsrc=$MAC_WAN"
}

link_shrinks() {
	local type=3 code=4 df="df=1"
	[[ $V == 4 ]] || type=2 code=0 df=''
	warm
	on_gw ip link set wan mtu 1300
	pkt <<-E
		send host ip src=$A dst=$S $df udp sport=4000 dport=53 len=1372
		expect host icmp type=$type code=$code mtu=1300 i.src=$A
		none net udp
	E
	on_gw ip link set wan mtu 1500
	more
}

forwarding() {
	on_gw sh -c "echo $1 >/proc/sys/net/ipv4/ip_forward
		echo $1 >/proc/sys/net/ipv6/conf/all/forwarding"
}

forwarding_ends() {
	warm
	forwarding 0
	none
	forwarding 1
	more
}

# What the kernel takes off a device that goes down.
wan_again() {
	ip -n "$GW" addr replace 2001:db8:2::1/64 dev wan nodad
	ip -n "$GW" route replace 203.0.113.0/24 via 192.0.2.2
	ip -n "$GW" route replace 2001:db8:3::/64 via 2001:db8:2::2
	default_route
	neighbours
}

link_down_and_up() {
	warm
	on_gw ip link set wan down
	none
	on_gw ip link set wan up
	wan_again
	more "ethdst=$MAC_NET"
}

last_hop() {
	warm
	pkt <<-E
		send host ip src=$A dst=$S ttl=1 udp sport=4000 dport=53 data=late
		expect host icmp i.src=$A i.dst=$S
		none net udp data=late
	E
	more
}

# With a route to blackhole, reject, and back.
route_closes() {
	warm
	on_gw ip "-$V" route replace blackhole "$S/$HOSTLEN"
	none
	on_gw ip "-$V" route del blackhole "$S/$HOSTLEN"
	more
}

lookups() { # EVENT: routes looked for, of packets of the flow as they came
	grep "$1" "$TRACING/trace" | grep -c "$A/0 -> $S/0"
}

# Routes to elsewhere come and go: each flow has to look once, and goes on as quickly as before.
other_routes() {
	local event=fib6_table_lookup group=fib6 once
	[[ $V == 6 ]] || event=fib_table_lookup group=fib
	[[ -w $TRACING/events/$group/$event/enable ]] || unable "no event $group:$event"
	# in IPv6 each processor has a copy of a route of its own
	taskset -pc 0 "$BASHPID" >/dev/null || return
	warm nat snat "$X"
	: >"$TRACING/trace"
	echo 1 >"$TRACING/events/$group/$event/enable"
	on_gw ip "-$V" route add "$S8/$HOSTLEN" via "$R"
	on_gw ip "-$V" route add "$S9/$HOSTLEN" via "$R"
	more "src=$X"
	once=$(lookups "$event")
	want "$((once > 0))" 1 "looks after routes have changed"
	more "src=$X"
	more "src=$X"
	want "$(lookups "$event")" "$once" "lookups after that"
	echo 0 >"$TRACING/events/$group/$event/enable"
	on_gw ip "-$V" route del "$S8/$HOSTLEN"
	on_gw ip "-$V" route del "$S9/$HOSTLEN"
}

# Two flows by one route; a closer one takes the second away, and not the first.
closer_route() {
	fresh
	rule allow udp from "$A" to "$SNET" dport 53
	for data in one two three; do
		pkt <<-E
			send host ip src=$A dst=$S udp sport=4000 dport=53 data=$data
			expect net udp dst=$S data=$data sum=ok
			send host ip src=$A dst=$S2 udp sport=4000 dport=53 data=$data
			expect net udp dst=$S2 data=$data sum=ok
		E
	done
	on_gw ip "-$V" route add blackhole "$S2/$HOSTLEN"
	more
	pkt <<-E
		send host ip src=$A dst=$S2 udp sport=4000 dport=53 data=closed
		none net udp data=closed
	E
	on_gw ip "-$V" route del blackhole "$S2/$HOSTLEN"
}

# An IPv4 route by a next hop of IPv6 (RFC 8950): its frames are IPv4's all the same.
other_family_hop() {
	on_gw ip route replace "$S/32" via inet6 2001:db8:2::2 dev wan
	warm "$@"
	more "ethdst=$MAC_NET type=0x0800"
	more "ethdst=$MAC_NET type=0x0800"
	on_gw ip route del "$S/32" via inet6 2001:db8:2::2 dev wan
}

allowed_other_family() { other_family_hop; }
translated_other_family() { other_family_hop nat snat "$X"; }

# Nothing that flows keep may keep a device from going: a neighbour holds its own.
device_goes() {
	local start
	warm
	start=$SECONDS
	on_gw ip link del wan || return
	want "$((SECONDS - start < 20 * SLOW))" 1 "gone in time"
}

test_start
gateway
every "the next hop's link-layer address changes" allowed_address_changes
every "the next hop's link-layer address changes under a translated flow" translated_address_changes
every "the next hop is forgotten" neighbour_goes
every "the next hop is to be asked again" neighbour_stale
every "the gateway's own address changes" own_address_changes
every "the link's MTU shrinks" link_shrinks
every "forwarding is switched off" forwarding_ends
every "the link goes down and up" link_down_and_up
every "hop limit used up within a flow" last_hop
every "the route closes" route_closes
M=direct
both "routes to elsewhere are added (direct)" other_routes
every "a closer route is added to another flow's destination" closer_route
use 4
for M in direct stack; do
	point "IPv4 by a next hop of IPv6 ($M)" allowed_other_family
	point "IPv4, translated, by a next hop of IPv6 ($M)" translated_other_family
done
point "flows do not keep a device" device_goes
ktap_end
