#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug
#
# `natfwctl test` says what would happen; then it happens.
. "$(dirname "$0")/lib.sh"

ask() { ctl test dev "$1" "${@:2}"; }

rule_named() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	ask lan udp from "$A" sport 4000 to "$S" dport 53 >"$WORK/answer"
	file_has "$WORK/answer" allow
	file_has "$WORK/answer" "$RULE"
	udp_passes 4000 53
}

default_named() {
	fresh default drop
	ask lan udp from "$A" sport 4000 to "$S" dport 53 >"$WORK/answer"
	file_has "$WORK/answer" drop
	udp_vanishes 4000 53
}

translation_named() {
	fresh default drop
	rule nat udp from "$A" to "$S" dport 53 snat "$X"
	ask lan udp from "$A" sport 4000 to "$S" dport 53 >"$WORK/answer"
	file_has "$WORK/answer" "$X"
}

# Asking leaves no trace: no flow, no mapping, no count.
no_trace() {
	fresh default drop
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p
	ask lan udp from "$A" sport 4000 to "$S" dport 53
	want "$(flow_count)" 0 flows
	want "$(rule_field "$RULE" packets)" 0 packets
}

# A hundred random questions, answered as the packets then fare.
agrees() {
	local i sport dport said did
	fresh default drop
	rule priority 5 deny udp sport 10-20
	rule priority 10 allow udp dport 100-200
	rule priority 11 deny udp dport 201
	rule priority 12 allow udp from "$A" sport 7 to "$S" dport 201
	rule priority 20 allow udp sport 30-3000 dport 150-400
	for ((i = 0; i < 40; i++)); do
		sport=$((RANDOM % 40)) dport=$((95 + RANDOM % 120))
		said=$(ctl_json test dev lan udp from "$A" sport "$sport" to "$S" dport "$dport" |
			jq -r '.answer | .action // .verdict')
		did=$(pkt <<-E | sed -n 's/^n=//p'
			send host ip src=$A dst=$S udp sport=$sport dport=$dport
			count net n within=20 udp
		E
		)
		case $said.$did in
		*allow*.1) ;;
		*allow*.0 | *.1) die "$sport -> $dport: said '$said', $did arrived" ;;
		esac
	done
}

test_start
gateway
both "the rule" rule_named
both "the default" default_named
both "the translation" translation_named
both "asking leaves no trace" no_trace
both "the answer agrees with what happens" agrees
ktap_end
