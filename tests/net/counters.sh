#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core quick debug
#
# Every packet ends in exactly one reason, and counts for the rule that decided.
. "$(dirname "$0")/lib.sh"

# Packets the device received according to the kernel, and according to all reasons.
received() { on_gw cat "/sys/class/net/$1/statistics/rx_packets"; }

reasons_of() {
	ctl_json dev show | jq "[.. | objects | select(.ifname? == \"$1\") | .. | objects |
		select(has(\"packets\") and has(\"name\")) | .packets] | add // 0"
}

sum_all() { ctl_json stats | jq '[.. | objects | select(has("packets") and has("name")) | .packets] | add // 0'; }

every_packet_once() {
	local before after lan
	fresh default drop
	ctl pool add p "$X" ports 2000-2100
	rule nat udp from "$ANET" to "$S" snat pool p
	rule deny tcp dport 80
	rule reject tcp dport 81
	rule allow udp to "$S2"
	before=$(sum_all)
	lan=$(reasons_of lan)
	pkt <<-E
		flood host 300 ip src=$A dst=$S udp sport=1..300 dport=53
		flood host 100 ip src=$A dst=$S2 udp sport=1..300 dport=53
		flood host 50 ip src=$A dst=$S tcp sport=7 dport=80..82 flags=S
		flood host 20 ip src=$A dst=$S3 icmp type=$ECHO id=1..9
		flood host 20 ip src=$A dst=$S cut=6 udp sport=7 dport=9
		flood host 10 ip src=$A dst=$S iplen=10 udp sport=7 dport=9
		send host ip src=$A dst=$S id=9 split=512 udp sport=1 dport=2 len=1000
		flood host 13 eth type=0x88b5 raw data=x
		sleep 300
	E
	after=$(sum_all)
	# neighbour discovery and the server's answers come on top, at the other device
	want "$(($(reasons_of lan) - lan))" $((300 + 100 + 50 + 20 + 20 + 10 + 2 + 13)) "packets of lan"
	((after - before >= 515)) || die "$((after - before)) packets in all"
}


per_rule() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	want "$(rule_field "$RULE" packets)" 0 "packets at first"
	pkt <<-E
		flood host 25 ip src=$A dst=$S udp sport=4000 dport=53 len=100
		count net n within=300 udp
	E
	want "$(rule_field "$RULE" packets)" 25 packets
	want "$(rule_field "$RULE" bytes)" $((25 * (100 + 8 + (V == 4 ? 20 : 40)))) bytes
}

per_rule_exact() {
	fresh default drop
	rule allow udp from "$A" sport 4000 to "$S" dport 53
	pkt <<-E
		flood host 25 ip src=$A dst=$S udp sport=4000 dport=53 len=100
		count net n within=300 udp
	E
	want "$(rule_field "$RULE" packets)" 25 packets
	want "$(rule_field "$RULE" bytes)" $((25 * (100 + 8 + (V == 4 ? 20 : 40)))) bytes
}

# Both directions of a binding, and the deny rule that made nothing of it.
per_rule_nat() {
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	pkt <<-E
		flood host 10 ip src=$A dst=$S udp sport=4000 dport=53
		flood net 5 ip src=$S dst=$X udp sport=53 dport=4000
		count host n within=300 udp
	E
	want "$(rule_field "$RULE" packets)" 15 packets
}

deny_counts() {
	fresh
	rule deny udp to "$S" dport 53
	pkt <<-E
		flood host 40 ip src=$A dst=$S udp sport=1..1000 dport=53
		count net n udp
	E
	want "$(rule_field "$RULE" packets)" 40 packets
	reason_is deny 40
}

last_used() {
	fresh
	rule allow udp to "$S" dport 53
	want "$(rule_field "$RULE" used)" "" "last use before the first packet"
	udp_passes 4000 53
	local used
	used=$(rule_field "$RULE" used)
	((used >= 0 && used < 5000 * SLOW)) || die "used $used ms ago"
}

per_flow() {
	fresh
	rule nat udp from "$A" to "$S" snat "$X"
	pkt <<-E
		flood host 12 ip src=$A dst=$S udp sport=4000 dport=53 len=100
		flood net 7 ip src=$S dst=$X udp sport=53 dport=4000 len=50
		count host n within=300 udp
	E
	want "$(flows | jq -c '[.. | objects | select(has("orig"))] | first | [.orig.packets, .reply.packets]')" "[12,7]" packets
	want "$(flows | jq -c '[.. | objects | select(has("orig"))] | first | .orig.bytes')" \
		$((12 * (108 + (V == 4 ? 20 : 40)))) bytes
}

# Counters of a deleted device stay in the namespace's totals.
device_gone() {
	fresh
	rule deny udp to "$S"
	pkt <<-E
		flood host 10 ip src=$A dst=$S udp sport=4000 dport=53
		none net udp
	E
	ctl dev detach lan
	reason_is deny 10
}

tcp_segments_counted() {
	fresh
	rule nat tcp from "$A" to "$S" snat "$X"
	head -c 500000 /dev/urandom >"$WORK/web/file"
	on_host curl -sS -g -m 10 "http://$(at "$S" 80)/file" >"$WORK/got"
	cmp "$WORK/web/file" "$WORK/got"
	(($(rule_field "$RULE" bytes) > 500000)) || die "$(rule_field "$RULE" bytes) bytes"
}

test_start
gateway
web "$NET" 80
every "every packet ends in one reason" every_packet_once
every "X-FP-8 rule counters" per_rule
every "X-FP-8 rule counters, exact rule" per_rule_exact
every "X-FP-8 rule counters, both directions" per_rule_nat
both "X-FP-8 counters of a deny rule" deny_counts
both "X-FP-8 last use" last_used
every "X-FP-8 flow counters" per_flow
both "a detached device's figures stay" device_gone
every "X-FP-8 bytes of a transfer" tcp_segments_counted
ktap_end
