#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core oldest quick debug
#
# Allow, deny and reject; what happens without a rule; which of several rules wins.
. "$(dirname "$0")/lib.sh"

default_pass() {
	fresh
	udp_passes 4000 53
	reason_some pass-default
}

default_drop() {
	fresh default drop
	udp_vanishes 4000 53
	reason_some drop-default
}

allow_opens() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	udp_vanishes 4000 54
	reason_is "allow-$M" 1
	reason_some drop-default
}

deny_is_silent() {
	fresh
	rule deny tcp from "$A" to "$S" dport 80
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=80 flags=S
		none net tcp dport=80
		none host within=0
	E
	reason_is deny 1
}

reject_tcp() {
	fresh
	rule reject tcp from "$A" to "$S" dport 80
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=80 flags=S seq=1000
		expect host tcp src=$S dst=$A sport=80 dport=4000 flags=RA ack=1001 sum=ok
		send host ip src=$A dst=$S tcp sport=4001 dport=80 flags=A seq=1000 ack=77
		expect host tcp src=$S sport=80 dport=4001 flags=R seq=77 sum=ok
		none net tcp dport=80
	E
	reason_is reject 2
}

# A reset is never answered, or two of us would never stop.
reject_no_loop() {
	fresh
	rule reject from "$A" to "$S"
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=80 flags=R
		send host ip src=$A dst=$S icmp type=$UNREACH code=0 ip src=$S dst=$A udp sport=1 dport=2
		none host
	E
}

reject_udp() {
	local code=13
	[[ $V == 4 ]] || code=1
	fresh
	rule reject udp from "$A" to "$S" dport 53
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53 data=question
		expect host icmp type=$UNREACH code=$code sum=ok i.src=$A i.dst=$S i.sport=4000 i.dport=53
		none net udp dport=53
	E
	reason_is reject 1
}

reject_real() {
	fresh
	rule reject tcp from "$A" to "$S" dport 80
	local status=0
	on_host curl -sS -g --connect-timeout 3 "http://$(at "$S" 80)/" || status=$?
	want "$status" 7 "status of curl (7: could not connect, 28: timeout)"
}

# With everything dropped, neighbours still find each other.
neighbour_discovery() {
	fresh default drop
	no_neighbours "$HOST"
	no_neighbours "$GW"
	rule allow from "$A" to "$AGW"
	rule allow from "$AGW" to "$A"
	on_host ping "-$V" -c 1 -W 3 -I "$A" "$AGW"
	[[ $V == 4 ]] || want "$(reason pass-nd | sed 's/^[1-9][0-9]*/some/')" some "discovery packets"
	neighbours
}

priority_wins() {
	fresh
	rule priority 20 deny udp from "$A" to "$S" dport 53
	rule priority 10 allow udp from "$ANET" to "$SNET"
	udp_passes 4000 53
	rule priority 5 deny udp from "$A" to "$S" sport 4000 dport 53
	udp_vanishes 4000 53
	ctl rule del id "$RULE"
	udp_passes 4000 53
}

# Among equal priorities the older rule wins, whatever its shape.
tie_oldest_wins() {
	fresh
	rule allow udp from "$ANET" to "$SNET" dport 50-59
	local first=$RULE
	rule deny udp from "$A" to "$S" sport 4000 dport 53
	rule deny udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	ctl rule del id "$first"
	udp_vanishes 4000 53
}

stateful_replies() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53 stateful
	pkt <<-E
		send net ip src=$S dst=$A udp sport=53 dport=4000 data=early
		none host udp data=early
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net udp sport=4000 dport=53
		send net ip src=$S dst=$A udp sport=53 dport=4000 data=reply
		expect host udp src=$S dst=$A data=reply sum=ok
		send net ip src=$S2 dst=$A udp sport=53 dport=4000 data=other
		send net ip src=$S dst=$A udp sport=54 dport=4000 data=other
		none host udp data=other
	E
}

stateless_no_replies() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net udp sport=4000 dport=53
		send net ip src=$S dst=$A udp sport=53 dport=4000 data=reply
		none host udp data=reply
	E
}

stateful_exact() {
	fresh default drop
	rule allow tcp from "$A" sport 4000 to "$S" dport 80 stateful
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=80 flags=S
		expect net tcp flags=S sum=ok
		send net ip src=$S dst=$A tcp sport=80 dport=4000 flags=SA
		expect host tcp flags=SA sum=ok
	E
}

# Taking the rule back ends what it permitted, replies too.
deleted_rule_ends_flows() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53 stateful
	udp_passes 4000 53
	ctl rule del id "$RULE"
	udp_vanishes 4000 53
	pkt <<-E
		send net ip src=$S dst=$A udp sport=53 dport=4000 data=reply
		none host udp data=reply
	E
	want "$(flow_count)" 0 flows
}

# A rule added later applies to flows that go on.
new_rule_applies_to_old_flows() {
	fresh
	rule allow udp from "$A" to "$S" dport 53
	udp_passes 4000 53
	rule priority 1 deny udp from "$ANET" to "$SNET"
	udp_vanishes 4000 53
}

real_web() {
	fresh default drop
	rule allow tcp from "$A" to "$S" dport 80 stateful
	want "$(whoami_at "$HOST" "$S" 80 | cut -d ' ' -f 1)" "$A" "client seen"
	fails whoami_at "$HOST" "$S" 80 --interface "$A2" --connect-timeout 1
}

real_ping() {
	fresh default drop
	rule allow proto "$ICMP" from "$A" to "$S" stateful
	on_host ping "-$V" -c 2 -i 0.2 -W 2 -I "$A" "$S"
	fails on_host ping "-$V" -c 1 -W 1 -I "$A2" "$S"
}

test_start
gateway
web "$NET" 80
both "without a rule, default pass" default_pass
both "without a rule, default drop" default_drop
every "X-FP-10,5382-2 allow opens what default drop closes" allow_opens
both "X-FP-3,5382-4a deny is silent" deny_is_silent
both "X-FP-3 reject answers TCP by a reset" reject_tcp
both "5508-10d reject answers no reset and no error" reject_no_loop
both "X-FP-3,5508-8 reject answers UDP by administratively prohibited" reject_udp
both "X-FP-3 a program sees a rejected connection as refused" reject_real
both "neighbour discovery passes default drop" neighbour_discovery
every "lower priority wins" priority_wins
every "of equal priorities the older rule wins" tie_oldest_wins
every "X-FP-4 stateful permits replies, and only those" stateful_replies
both "without stateful, replies need a rule of their own" stateless_no_replies
every "stateful exact rule permits replies" stateful_exact
every "a deleted rule ends its flows" deleted_rule_ends_flows
every "a new rule applies to running flows" new_rule_applies_to_old_flows
every "curl through default drop" real_web
every "ping through default drop" real_ping
ktap_end
