#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# Floods: of packets with ever new keys, of new flows, of ICMP errors, of packets that are
# answered. What each may use up is bounded, and who was there before does not notice.
. "$(dirname "$0")/lib.sh"

NEW="ip src=10.1.0.0..10.1.255.255 dst=203.0.113.1"

limits() { ctl net set flow-max 1048576 cache-max 262144 watermark 80; }

# begin WORDS...: limits, then a fresh gateway.
begin() {
	ctl net set "$@"
	fresh default drop
}

gauge() { ctl_json net show | jq ".\"$1\""; }

at_most() {
	local now
	now=$(gauge "$1")
	((now <= $2)) || die "$now $1, more than $2"
}

# flow SPORT FIELD: of the flow or cached verdict from A with that port, or nothing.
flow() {
	ctl_json flow show |
		jq -r "[.[] | select(.orig.src == \"$A\" and .orig.sport == $1)][0] | $2 // empty"
}

udp() { echo "send host ip src=$A dst=$S udp sport=$1 dport=${2:-53} len=8"; }

times() {
	local i
	for ((i = 0; i < $1; i++)); do
		"${@:2}"
	done
}

# --- cached verdicts -------------------------------------------------------------------

busy_round() {
	echo "flood host 400 $NEW udp sport=$((1000 + i)) dport=53..99"
	udp 7
}

# Its counter would start anew had it been thrown out.
cached_stays() {
	begin cache-max 1000
	rule allow udp dport 53-99
	pkt <<-E
		$(udp 7)
		$(udp 7)
		$(times 40 busy_round)
	E
	at_most cached 1000
	want "$(flow 7 .orig.packets)" 42 "packets counted by the verdict that is in use"
}

fill() {
	pkt <<-E
		flood host 4000 $NEW udp sport=1000 dport=$1
	E
	at_most cached 1000
	# those that idle age out meanwhile
	(($(gauge cached) > 500)) || die "only $(gauge cached) cached: was that a flood?"
}

# Somebody who comes when the cache is full of what nobody needs.
newcomer() {
	pkt <<-E
		flood host 4000 $NEW udp sport=2000 dport=$1
		$(times 200 udp 8 "$1")
		flood host 4000 $NEW udp sport=3000 dport=$1
		$(times 50 udp 8 "$1")
	E
	at_most cached 1000
	(($(flow 8 .orig.packets) > 50)) || die "a flow of 250 packets found no place in the cache"
}

cache_taken() {
	begin cache-max 1000
	rule allow udp dport 53-99
	fill 53
	newcomer 53
}

# The same for those who match no rule.
cache_of_none() {
	begin cache-max 1000
	rule allow udp dport 9
	fill 53
	newcomer 53
	(($(reason drop-default) > 12000)) || die "$(reason drop-default) packets ended as drop-default"
}

# Every key of the flood comes twice, so that each verdict was hit: after two idle seconds
# they go all the same.
cache_of_pairs() {
	begin cache-max 1000
	rule allow udp dport 53-99
	pkt <<-E
		flood host 1000 ip src=10.1.1.0..10.1.4.231 dst=203.0.113.1 udp sport=1000 dport=53
		flood host 1000 ip src=10.1.1.0..10.1.4.231 dst=203.0.113.1 udp sport=1000 dport=53
		sleep 3500
		$(times 200 udp 8)
	E
	at_most cached 1000
	(($(flow 8 .orig.packets) > 1)) || die "a flow of 200 packets found no place in the cache"
}

# Whether a verdict is cached or not, it is the same.
same_verdicts() {
	local allowed denied
	begin cache-max 100
	rule priority 5 deny udp dport 54
	rule priority 9 allow udp dport 53-54
	pkt <<-E
		flood host 5000 $NEW udp sport=1000 dport=53..54
		flood host 5000 $NEW udp sport=1000 dport=53..54
		none net dport=54
	E
	allowed=$(reason allow-stack) denied=$(reason deny)
	((allowed <= 5000 && denied <= 5000 && allowed > 4000 && denied > 4000)) ||
		die "$allowed allowed, $denied denied"
	at_most cached 100
}

no_cache() {
	begin cache-max 0
	rule allow udp dport 53
	pkt <<-E
		flood host 1000 $NEW udp sport=1000 dport=53
		$(udp 7)
		expect net sport=7
	E
	want "$(gauge cached)" 0 cached
}

# --- flows with state ------------------------------------------------------------------

talk() {
	cat <<-E
		flood host 300 $NEW udp sport=$((1000 + i)) dport=53
		flood host 100 $NEW tcp sport=$((1000 + i)) dport=80 flags=S
		drain net
		send host ip src=$A dst=$S udp sport=7 dport=53 data=there$i
		expect net udp src=$X sport=7 data=there$i
		send net ip src=$S dst=$X udp sport=53 dport=7 data=back$i
		expect host udp dst=$A dport=7 data=back$i
		send host ip src=$A dst=$S tcp sport=7 dport=80 flags=A data=there$i
		expect net tcp src=$X sport=7 data=there$i
		send net ip src=$S dst=$X tcp sport=80 dport=7 flags=A data=back$i
		expect host tcp dst=$A dport=7 data=back$i
	E
}

# No packet of an established flow is lost while others are refused.
established() {
	begin flow-max 200
	rule nat from "$A" to "$S" snat "$X"
	rule nat from 10.1.0.0/16 snat 198.51.0.0/16
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=7 dport=80 flags=S
		expect net tcp src=$X flags=S
		send net ip src=$S dst=$X tcp sport=80 dport=7 flags=SA
		expect host tcp dst=$A flags=SA
		send host ip src=$A dst=$S udp sport=7 dport=53
		expect net udp src=$X
		send net ip src=$S dst=$X udp sport=53 dport=7
		expect host udp dst=$A
		$(times 30 talk)
	E
	at_most flows 200
	reason_some flow-limit
	(($(flow 7 .orig.packets) >= 31)) || die "$(flow 7 .orig.packets) packets of the flow"
}

# times_out SECONDS SPORT: what its flow has from its last packet on.
times_out() {
	local now
	now=$(flow "$2" "(.expires + .orig.idle)")
	((now >= $1 - 2 && now <= $1 + 2)) || die "flow from port $2 times out after $now s, not $1"
}

# What was never answered gives way sooner when room is short; what was keeps its time.
pressure() {
	begin flow-max 100 watermark 50
	rule allow stateful
	pkt <<-E
		send host ip src=$A dst=$S udp sport=7 dport=53
		send host ip src=$A dst=$S udp sport=8 dport=53
		send net ip src=$S dst=$A udp sport=53 dport=8
		send host ip src=$A dst=$S tcp sport=9 dport=80 flags=S
		send host ip src=$A dst=$S icmp type=8 id=10
		expect net icmp
	E
	times_out 300 7
	pkt < <(echo "flood host 72 $NEW udp sport=1000 dport=53")
	times_out 210 7		# 75 of 100 flows, one source being our own; 50 is the watermark
	pkt < <(echo "flood host 100 $NEW udp sport=2000 dport=53")
	want "$(gauge flows)" 100 flows
	times_out 120 7		# RFC 4787 REQ-5
	times_out 300 8
	times_out 240 9		# RFC 5382 REQ-5
	times_out 60 10		# RFC 5508 REQ-2
	ctl net set flow-max 1000
	times_out 300 7
}

# --- ICMP errors -----------------------------------------------------------------------

errors() {
	local before
	begin cache-max 1000
	rule nat udp from "$A" to "$S" snat "$X"
	ctl pool add p 198.51.100.8/29
	pkt <<-E
		$(udp 7)
		expect net src=$X sport=7
	E
	before=$(gauge memory)
	pkt <<-E
		flood net 10000 ip src=192.0.2.2 dst=198.51.100.8 icmp type=3 code=1 ip src=198.51.100.8 dst=203.0.113.1 udp sport=1..60000 dport=53
		flood net 10000 ip src=203.0.113.0..203.0.113.255 dst=$X icmp type=3 code=1 ip src=$X dst=203.0.113.1 udp sport=1000..60000 dport=53
		drain host
		send net ip src=$S dst=$X udp sport=53 dport=7 data=alive
		expect host udp dst=$A data=alive
	E
	(($(reason icmp-unrelated) > 9000)) || die "$(reason icmp-unrelated) ended as icmp-unrelated"
	want "$(gauge flows)" 1 flows
	at_most cached 1000
	at_most memory $((before + (1 << 20)))
}

# --- answers ---------------------------------------------------------------------------

# The kernel's limits, which tests otherwise do without.
kernel_limits() {
	on_gw sh -c 'echo 1000 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 1000 >/proc/sys/net/ipv4/icmp_msgs_per_sec
		echo 1000 >/proc/sys/net/ipv6/icmp/ratelimit' 2>/dev/null || :
}

no_kernel_limits() {
	on_gw sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 100000 >/proc/sys/net/ipv4/icmp_msgs_per_sec
		echo 0 >/proc/sys/net/ipv6/icmp/ratelimit' 2>/dev/null || :
}

# few REASON CONDITION... < FLOOD: of 3000 packets that end so, few are answered.
few() {
	local flood counted n
	flood=$(cat)
	kernel_limits
	counted=$(pkt <<-E
		$flood
		count host n within=300 ${@:2}
	E
	)
	no_kernel_limits
	n=$(sed -n 's/^n=//p' <<<"$counted")
	(($(reason "$1") > 2000)) || die "$(reason "$1") of 3000 packets ended as $1"
	((n > 0 && n < 300)) || die "$n answers"
}

icmp_answers() {
	begin cache-max 1000
	rule priority 5 reject udp dport 9
	rule nat udp from "$A" to "$S" dport 53 snat "$X"
	few reject icmp "type=$UNREACH" <<-E
		flood host 3000 ip src=$A dst=$S udp sport=1..60000 dport=9
	E
	few ttl icmp "type=$TIMEX" <<-E
		flood host 3000 ip src=$A dst=$S ttl=1 udp sport=1..60000 dport=53
	E
}

# Resets have a limit of natfw's own: a thousand a second.
resets() {
	local start=$SECONDS counted n
	begin cache-max 1000
	rule reject tcp
	counted=$(pkt <<-E
		flood host 20000 ip src=$A dst=$S tcp sport=1..60000 dport=80 flags=S
		count host n within=300 tcp
	E
	)
	n=$(sed -n 's/^n=//p' <<<"$counted")
	(($(reason reject) > 15000)) || die "$(reason reject) packets ended as reject"
	((n > 0 && n <= 50 + (SECONDS - start + 2) * 1000)) || die "$n resets in $((SECONDS - start)) s"
	((n < 15000)) || unable "too slow a machine to reach the limit"
}

test_start
gateway
ip -n "$NET" route add 198.51.0.0/16 via 192.0.2.1
on_net nft -f - <<-E
	table ip silent {
		chain out {
			type filter hook output priority 0
			meta l4proto { icmp, tcp } drop
		}
	}
E
point "X-FP-6 a verdict in use stays in the cache" cached_stays
point "X-FP-6 traffic that comes later gets into the cache" cache_taken
point "X-FP-6 the same without a rule" cache_of_none
point "X-FP-6 a flood that comes twice does not keep the cache" cache_of_pairs
point "X-FP-6 verdicts are the same with a full cache" same_verdicts
point "X-FP-6 verdicts are the same without a cache" no_cache
limits
point "6888-11d,6888-5 established flows lose nothing at the limit" established
point "4787-5,5382-5,5508-2 what was never answered gives way, in time" pressure
limits
point "ICMP errors about nothing" errors
both "answers by ICMP are few" icmp_answers
point "resets are few" resets
limits
ktap_end
