#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core quick debug
#
# How permitted packets leave: past the stack or through it, and what then sees them.
. "$(dirname "$0")/lib.sh"

UDP="udp sport=4000 dport=53"

# An administrator's nftables rules that count what they see.
watch_hooks() {
	on_gw nft -f - <<-E
		flush ruleset
		table inet seen {
			counter pre {}
			counter forwarded {}
			counter post {}
			chain pre { type filter hook prerouting priority 0; meta l4proto udp counter name pre; }
			chain forwarded { type filter hook forward priority 0; meta l4proto udp counter name forwarded; }
			chain post { type filter hook postrouting priority 0; meta l4proto udp counter name post; }
		}
	E
}

seen() { on_gw nft -j list counter inet seen "$1" | jq '[.. | .packets? // empty] | first'; }

hooks() {
	M=$1
	fresh
	watch_hooks
	rule nat udp from "$A" to "$S" snat "$X"
	udp_snat_round
	want "$(seen pre) $(seen forwarded) $(seen post)" "$2" "packets at prerouting, forward, postrouting"
	on_gw nft flush ruleset
}

udp_snat_round() {
	pkt <<-E
		send host ip src=$A dst=$S $UDP data=a
		expect net udp src=$X data=a
		send net ip src=$S dst=$X udp sport=53 dport=4000 data=b
		expect host udp dst=$A data=b
	E
}

hooks_stack() { hooks stack "2 2 2"; }
hooks_direct() { hooks direct "0 0 0"; }

# Without conntrack entries of ours.
no_conntrack() {
	fresh
	rule nat udp from "$A" to "$S" snat "$X"
	udp_snat_round
	want "$(on_gw cat /proc/net/nf_conntrack 2>/dev/null | grep -c 4000)" 0 "conntrack entries"
}

# What the administrator's rules drop stays dropped.
admin_drops() {
	M=stack
	fresh
	on_gw nft -f - <<-E
		flush ruleset
		table inet admin {
			chain forwarded { type filter hook forward priority 0; policy drop; }
		}
	E
	rule nat udp from "$A" to "$S" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S $UDP
		none net udp
	E
	on_gw nft flush ruleset
}

# ipsec WORDS_THAT_BLOCK... -- WORDS_THAT_END_IT...: of ip xfrm policy, while a flow goes directly.
ipsec() {
	local blocking=()
	while [[ $1 != -- ]]; do
		blocking+=("$1")
		shift
	done
	fresh
	rule allow udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	udp_passes 4000 53
	on_gw ip xfrm policy "${blocking[@]}" || unable "no IPsec policies here"
	udp_vanishes 4000 53
	on_gw ip xfrm policy "${@:2}"
	udp_passes 4000 53
}

ipsec_forward() { ipsec add dir fwd src "$A" dst "$S" action block -- flush; }
ipsec_out() { ipsec add dir out src "$A" dst "$S" action block -- flush; }
ipsec_default() { ipsec setdefault fwd block -- setdefault fwd accept; }

rule_over_device() {
	M=stack
	fresh
	rule allow udp from "$A" to "$S" dport 53 emit direct
	udp_passes 4000 53
	reason_is allow-direct 1
	M=direct
	fresh
	rule allow udp from "$A" to "$S" dport 53 emit stack
	udp_passes 4000 53
	reason_is allow-stack 1
}

namespace_default() {
	M=inherit
	fresh
	rule allow udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	reason_is allow-stack 1
	ctl net set emit direct
	udp_passes 4000 53
	reason_is allow-direct 1
	ctl net set emit stack
}

# What direct mode does to a packet is what a router does.
as_a_router() {
	fresh
	rule allow udp from "$A" to "$S" dport 53
	pkt <<-E
		send host ip src=$A dst=$S ttl=17 dscp=46 $UDP data=x
		expect net udp src=$A ttl=16 dscp=46 ethsrc=$MAC_WAN data=x sum=ok
	E
}

mark() {
	M=$1
	fresh
	on_gw ip "-$V" rule add fwmark 0x77 table 77
	on_gw ip "-$V" route add blackhole default table 77
	rule allow udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	ctl rule del id "$RULE"
	rule allow udp from "$A" to "$S" dport 53 mark 0x77
	udp_vanishes 4000 53
	on_gw ip "-$V" rule del fwmark 0x77
	on_gw ip "-$V" route flush table 77
}

mark_nft() {
	M=stack
	fresh
	on_gw nft -f - <<-E
		flush ruleset
		table inet seen {
			counter pre {}
			chain pre { type filter hook prerouting priority 0; meta mark 0x55 counter name pre; }
		}
	E
	rule nat udp from "$A" to "$S" snat "$X" mark 0x55
	udp_snat_round
	want "$(seen pre)" 2 "marked packets"
	on_gw nft flush ruleset
}

# A rule that is changed is so for the flows there are, its own if it is exact.
rule_changed() {
	M=stack
	fresh
	on_gw nft -f - <<-E
		flush ruleset
		table inet seen {
			counter pre {}
			chain pre { type filter hook prerouting priority 0; meta mark 0x55 counter name pre; }
		}
	E
	rule allow udp from "$A" to "$S" dport 53 "$@"
	udp_passes 4000 53
	udp_passes 4000 53
	ctl rule set id "$RULE" mark 0x55
	udp_passes 4000 53
	want "$(seen pre)" 1 "marked packets"
	ctl rule set id "$RULE" mark none
	udp_passes 4000 53
	want "$(seen pre)" 1 "marked packets, after the mark was cleared"
	ctl rule set id "$RULE" emit direct
	udp_passes 4000 53
	reason_is allow-direct 1
	ctl rule set id "$RULE" emit stack
	udp_passes 4000 53
	reason_is allow-stack 5
	on_gw nft flush ruleset
}

wildcard_changed() { rule_changed; }
exact_changed() { rule_changed sport 4000; }
stateful_changed() { rule_changed sport 4000 stateful; }

mtu_allow() {
	local type=3 code=4 df="df=1"
	[[ $V == 4 ]] || type=2 code=0 df=''
	fresh
	rule allow udp from "$A" to "$S" dport 53
	ip -n "$GW" link set wan mtu 1300
	pkt <<-E
		send host ip src=$A dst=$S $df $UDP len=1372
		expect host icmp type=$type code=$code mtu=1300 i.src=$A
		none net udp
	E
	ip -n "$GW" link set wan mtu 1500
}

ttl_allow() {
	fresh
	rule allow udp from "$A" to "$S" dport 53
	pkt <<-E
		send host ip src=$A dst=$S ttl=1 $UDP
		expect host icmp type=$TIMEX i.src=$A
		none net udp
	E
}

# The next hop is resolved when it is not known, and the packet waits for it.
neighbour_unknown() {
	fresh
	rule allow udp from "$A" to "$S" dport 53
	no_neighbours "$GW"
	udp_passes 4000 53
	neighbours
}

# The next hop does not answer: the sender learns of it, in time.
neighbour_dead() {
	local code=1
	[[ $V == 4 ]] || code=3
	fresh
	rule nat udp from "$A" to "$DEAD" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$DEAD $UDP
		expect host within=8000 icmp type=$UNREACH code=$code i.src=$A i.dst=$DEAD i.sport=4000
	E
}

dead_neighbour() {
	DEAD=192.0.2.99
	[[ $V == 4 ]] || DEAD=2001:db8:2::99
	neighbour_dead
}

no_route() {
	local code=0 nowhere=100.64.0.1
	[[ $V == 4 ]] || nowhere=2001:db8:99::1
	fresh
	ip -n "$GW" "-$V" route del default
	rule nat udp from "$A" to "$nowhere" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$nowhere $UDP
		expect host icmp type=$UNREACH code=$code i.src=$A i.dst=$nowhere i.sport=4000
	E
	default_route
}

# A flow follows the route when it changes.
route_change() {
	fresh
	rule allow udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	on_gw ip "-$V" route replace "$S/$HOSTLEN" via "$B" dev lan2
	pkt <<-E
		send host ip src=$A dst=$S $UDP data=moved
		expect host2 udp src=$A dst=$S data=moved
		none net data=moved
	E
	on_gw ip "-$V" route del "$S/$HOSTLEN"
	udp_passes 4000 53
}

# Strict reverse path filter, and sources that are external addresses.
strict_path_filter() {
	M=$1
	use 4
	fresh
	on_gw sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter'
	rule nat udp from "$A" to "$S" snat "$X"
	udp_snat_round
	pkt <<-E
		send net ip src=$S dst=$X udp sport=53 dport=4000 data=again
		expect host udp dst=$A data=again
	E
	on_gw sh -c 'echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter'
}

# What is for the gateway itself goes to its own sockets.
for_this_host() {
	fresh default drop
	rule allow proto "$ICMP" from "$A" to "$AGW" stateful
	on_host ping "-$V" -c 1 -W 2 -I "$A" "$AGW"
}

dnat_to_this_host() {
	fresh default drop
	rule nat tcp to "$X" dport 8080 dnat "$(at "$AGW" 80)"
	want "$(whoami_at "$NET" "$X" 8080 --interface "$S" | cut -d ' ' -f 1)" "$S" "client seen"
}

# SNAT to the gateway's own address: replies come for it and go on inside.
snat_to_own_address() {
	fresh default drop
	ctl pool add p "$G"
	rule nat from "$ANET" snat pool p
	want "$(whoami_at "$HOST" "$S" 80 | cut -d ' ' -f 1)" "$G" "client seen"
	on_host ping "-$V" -c 1 -W 2 -I "$A" "$S"
}

non_ip_passes() {
	fresh default drop
	pkt <<-E
		send host eth type=0x88b5 raw data=hello
	E
	reason_is pass-non-ip 1
}

other_host() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	pkt <<-E
		send host eth dst=02:00:00:00:77:77 ip src=$A dst=$S $UDP
		none net udp
	E
	want "$(($(reason pass-otherhost) > 0))" 1 "packets for others"
}

multicast() {
	local group=224.0.0.251 mac=01:00:5e:00:00:fb
	[[ $V == 4 ]] || group=ff02::fb mac=33:33:00:00:00:fb
	fresh default drop
	rule allow udp to "$group" dport 5353
	pkt <<-E
		send host eth dst=$mac ip src=$A dst=$group ttl=1 udp sport=5353 dport=5353 data=x
		none net udp
	E
	reason_some pass-local
}

test_start
gateway two
web "$NET" 80
web "$GW" 80
both "stack mode: every hook sees every packet" hooks_stack
both "direct mode: no hook sees any" hooks_direct
every "no connection tracking entry is made" no_conntrack
both "stack mode: the administrator's rules have the last word" admin_drops
every "IPsec policies hold for what is forwarded" ipsec_forward
every "IPsec policies hold for what is sent" ipsec_out
every "IPsec's policy where none is given holds" ipsec_default
both "a rule's mode over the device's" rule_over_device
both "the namespace's mode where nothing else says" namespace_default
every "X-FP-7 hop limit, DSCP, link-layer source as a router leaves them" as_a_router
both "mark chooses the route (stack)" mark stack
both "mark chooses the route (direct)" mark direct
both "mark is seen by nftables" mark_nft
both "a rule with wildcards is changed under its flows" wildcard_changed
both "an exact rule is changed" exact_changed
both "an exact rule with replies is changed" stateful_changed
every "4787-13,6864-3 too big for the next link" mtu_allow
every "5508-7.2 hop limit used up" ttl_allow
every "next hop unknown yet" neighbour_unknown
every "next hop dead" dead_neighbour
every "no route" no_route
every "route changes under a flow" route_change
point "strict reverse path filter (stack)" strict_path_filter stack
point "strict reverse path filter (direct)" strict_path_filter direct
every "X-5382-4d for the gateway itself" for_this_host
every "translated to the gateway itself" dnat_to_this_host
every "translated to the gateway's own address" snat_to_own_address
both "what is not IP passes" non_ip_passes
both "frames of others are left alone" other_host
both "6092-1 groups are left to the stack" multicast
ktap_end
