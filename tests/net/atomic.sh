#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# Rule sets change as a whole, under traffic that must not notice.
. "$(dirname "$0")/lib.sh"

RULES=200

# A rule set that permits the traffic, with $1 other rules around it and all priorities
# moved by $2, so that nothing of the old set is in the new.
rule_set() {
	local i
	printf 'dev attach lan default drop emit %s\ndev attach wan default drop emit %s\n' "$M" "$M"
	echo "rule add priority $((1000 + $2)) allow udp from $A to $S dport 5000-6000 stateful"
	for ((i = 1; i <= $1; i++)); do
		echo "rule add priority $((i + $2)) deny udp from $A to $S2 dport $i"
	done
}

# Packets that went out, and those that arrived, while COMMAND runs over and over.
lossless() {
	local arrived lost
	fresh default drop
	rule_set "$RULES" 0 | ctl apply - >/dev/null
	bg churn
	local churn=$BG
	lost=$(backlog_losses)
	pkt <<-E >"$WORK/counts"
		flood host 20000 ip src=$A dst=$S udp sport=1..65535 dport=5000..6000
		count net arrived within=500 udp
	E
	kill -0 "$churn"
	stop "$churn"
	arrived=$(sed -n 's/^arrived=//p' "$WORK/counts")
	lost=$(($(backlog_losses) - lost))
	((arrived + lost >= 20000)) ||
		die "$arrived of 20000 arrived, $lost lost before or behind the gateway: $(ctl stats)"
	(($(wc -l <"$WORK/rounds") > 2)) || die "only $(wc -l <"$WORK/rounds") replacements meanwhile"
}

churn() {
	: >"$WORK/rounds"
	while :; do
		rule_set "$RULES" 5 | ctl apply - >/dev/null || exit
		rule_set $((RULES / 2)) 0 | ctl apply - >/dev/null || exit
		echo >>"$WORK/rounds"
	done
}

# A translated connection across replacements that keep its rule.
binding_stays() {
	fresh default drop
	nat_set 10 | ctl apply - >/dev/null
	bg nat_churn
	head -c 3000000 /dev/urandom >"$WORK/web/file"
	on_host curl -sS -g -m 40 --limit-rate 1M "http://$(at "$S" 80)/file" >"$WORK/got"
	cmp "$WORK/web/file" "$WORK/got"
}

nat_set() {
	local i
	printf 'dev attach lan default drop emit %s\ndev attach wan default drop emit %s\n' "$M" "$M"
	echo "rule add nat tcp from $A to $S dport 80 snat $X"
	for ((i = 1; i <= $1; i++)); do
		echo "rule add deny udp from $A to $S2 dport $i"
	done
}

nat_churn() {
	while :; do
		nat_set 20 | ctl sync - >/dev/null || exit
		nat_set 10 | ctl sync - >/dev/null || exit
	done
}

# One bad line among many: nothing of it happens.
all_or_nothing() {
	local before
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	ctl show >"$WORK/before"
	rule_set 50 0 >"$WORK/bad"
	echo "rule add nat udp from $A snat pool nosuch" >>"$WORK/bad"
	rule_set 50 3 >>"$WORK/bad"
	fails ctl apply "$WORK/bad"
	ctl show >"$WORK/after"
	diff "$WORK/before" "$WORK/after"
	udp_passes 4000 53
}

# A name the kernel refuses is found out only there.
all_or_nothing_kernel() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	ctl show >"$WORK/before"
	{
		ctl show
		echo "rule add deny udp dport 7 dev nosuch"
		echo "rule add deny udp dport 8"
	} >"$WORK/bad"
	fails ctl apply "$WORK/bad"
	ctl show >"$WORK/after"
	diff "$WORK/before" "$WORK/after"
}

show_apply() {
	fresh default drop
	ctl pool add p "$X-$X4" filtering adf parity
	rule allow udp from "$ANET" to "$SNET" dport 50-60 stateful name web
	rule nat tcp from "$A" sport 4000 to "$S" dport 80 snat "$(at "$X6" 5001)" mark 0x5
	rule nat from "$ANET" snat pool p
	rule priority 7 reject proto "$ICMP" type "$ECHO" from "$A" dev lan
	rule deny proto esp spi 0x77 zone any
	ctl show >"$WORK/one"
	ctl apply "$WORK/one"
	ctl show >"$WORK/two"
	diff "$WORK/one" "$WORK/two"
}

# Only the difference is sent: what stays keeps its id, counters and flows.
sync_keeps() {
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	local kept=$RULE
	rule deny udp to "$S2"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net udp src=$X
	E
	ctl show | grep -v "$S2" >"$WORK/set"
	echo "rule add deny udp to $S3" >>"$WORK/set"
	ctl sync "$WORK/set"
	want "$(rule_field "$kept" packets)" 1 "packets of the kept rule"
	want "$(flow_count)" 1 flows
	want "$(rule_count)" 2 rules
	ctl rule show | has "$S3"
}

check_changes_nothing() {
	fresh default drop
	rule deny udp to "$S2"
	ctl show >"$WORK/before"
	rule_set 5 0 | ctl check -
	ctl show | diff "$WORK/before" -
}

owners() {
	local one=00000000000000000000000000000001 two=00000000000000000000000000000002
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53 owner "$one"
	rule allow udp from "$A" to "$S" dport 54 owner "$one"
	rule allow udp from "$A" to "$S" dport 55 owner "$two"
	ctl rule flush owner "$one"
	udp_vanishes 4000 53
	udp_passes 4000 55
	want "$(rule_count)" 1 rules
}

many_at_once() {
	local i
	fresh default drop
	{
		rule_set 0 0
		for ((i = 0; i < 10000; i++)); do
			echo "rule add allow udp from 10.$((i >> 16)).$((i >> 8 & 255)).$((i & 255)) to 203.0.113.1 dport 53 sport $((i % 60000 + 1))"
		done
	} >"$WORK/many"
	ctl apply "$WORK/many"
	want "$(rule_count)" 10001 rules
	echo "rule add nat udp snat pool nosuch" >>"$WORK/many"
	fails ctl apply "$WORK/many"
	want "$(rule_count)" 10001 rules
}

test_start
gateway
web "$NET" 80
((SLOW == 1)) || RULES=40
every "X-FP-2 packets permitted by both sets are never lost" lossless
every "X-FP-2 a connection across synchronisations" binding_stays
both "X-FP-2 one bad rule: nothing happens" all_or_nothing
point "X-FP-2 one rule the kernel refuses: nothing happens" all_or_nothing_kernel
both "what show prints, apply takes" show_apply
both "synchronising keeps what stays" sync_keeps
both "checking changes nothing" check_changes_nothing
both "flush by owner" owners
point "10000 rules in one change, or none" many_at_once
ktap_end
