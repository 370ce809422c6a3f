#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core
#
# Who may have what of the gate: quotas, requests that make no sense, a reload, the log.
. "$(dirname "$0")/lib.sh"

begin() {
	fresh default drop
	: >"$WORK/gate.log"
	gate_up "$@"
}

plain() {
	echo "admit $1 kind=allow proto=17 src=$A sport=$2 dst=$S dport=99 in=lan out=wan from=lan peer=${3:-$A}"
}

sessions() {
	begin "set sessions 2"
	granted "$(plain one 4001)"
	granted "$(plain two 4002)"
	refused 0x0401 "$(plain three 4003)"
	granted "$(plain one 4001)"
	say close one
	granted "$(plain three 4003)"
	granted open three 60
	refused 0x0401 "$(plain four 4004)"
	# somebody else has quotas of its own
	granted "$(plain five 4005 "$A2")"
	say stat gate_quota_total >"$WORK/stat"
	want "$(cat "$WORK/stat")" "gate_quota_total 2"
	gate_down
}

# Whoever the signalling process says they are.
all_sessions() {
	local i
	begin "set all 2"
	for ((i = 1; i <= 4; i++)); do
		granted "admit s$i kind=reserve proto=17 src=$ANY dst=$A dport=$i in=wan out=lan from=lan peer=$A"
		granted hold "s$i" 60
	done
	refused 0x0401 "admit five kind=reserve proto=17 src=$ANY dst=$A2 dport=9 in=wan out=lan from=lan peer=$A2"
	granted "admit s1 kind=reserve proto=17 src=$ANY dst=$A dport=1 in=wan out=lan from=lan peer=$A"
	say close s1
	granted "admit five kind=reserve proto=17 src=$ANY dst=$A2 dport=9 in=wan out=lan from=lan peer=$A2"
	gate_down
}

# What was admitted and not opened is given back in the end: here by somebody who asks anew.
third_party() {
	begin
	refused 0x0502 "admit one kind=reserve proto=17 src=$ANY dst=$A2 dport=9 in=wan out=lan from=lan peer=$A"
	granted "admit one kind=reserve proto=17 src=$ANY dst=$A2 dport=9 in=wan out=lan from=lan peer=$A2"
	refused 0x0502 "admit two kind=allow proto=17 src=$S sport=1 dst=$S2 dport=9 in=lan out=wan from=lan peer=$A"
	gate_down
}

logged() {
	begin "policy no-telnet permit toward=$SNET"
	granted "$(plain one 4000)"
	grep -q "request granted sid=[0-9a-f]\{16\} requester=\"$A\" kind=allow flow=\"udp $(at "$A" 4000) > $(at "$S" 99)\" entry=no-telnet lifetime=60" "$WORK/gate.log" ||
		die "not in the log: $(cat "$WORK/gate.log")"
	want "$(grep -c 'request granted' "$WORK/gate.log")" 1 "lines"
	refused 0x0502 "admit two kind=reserve proto=17 src=$ANY dst=$A2 dport=9 in=wan out=lan from=lan peer=$A"
	grep -q 'request refused .* entry=built-in .* why=' "$WORK/gate.log" || die "refusal is not in the log"
	grep -q "one" <(grep -v interface "$WORK/gate.log") && die "a session id is in the log"
	gate_down
}

nonsense() {
	begin
	local hex i
	want "$(say raw 00)" ""
	hex=$(printf '00%.0s' {1..224})
	ANSWER=$(say raw "$hex")
	[[ $ANSWER == "admit "*" code=0x0504 "* ]] || die "zeroes: $ANSWER"
	ANSWER=$(say raw "$(printf 'ff%.0s' {1..224})")
	[[ $ANSWER != *code=0x0000* ]] || die "ones: $ANSWER"
	for ((i = 0; i < 200; i++)); do
		say raw "$(head -c 224 /dev/urandom | od -An -v -tx1 | tr -d ' \n')" >/dev/null
	done
	want "$(our_count)" 0 rules
	granted "$(plain one 4000)"
	gate_down
}

unknown_sessions() {
	begin
	refused 0x0701 open nobody 60
	refused 0x0701 hold nobody 60
	want "$(say close nobody)" ""
	granted "$(plain one 4000)"
	refused 0x0504 hold one 60
	granted "admit res kind=reserve proto=17 src=$ANY dst=$A dport=9 in=wan out=lan from=lan peer=$A"
	refused 0x0504 open res 60
	gate_down
}

# OPEN asks for what was admitted, whatever the signalling process says then.
no_longer_than_granted() {
	begin "set max 100"
	granted "$(plain one 4000) life=5000"
	want "$(answer_field lifetime)" 100
	granted open one 4000
	want "$(answer_field lifetime)" 100
	want "$(our_rules | jq '.[0].lifetime')" 100 "lifetime of the rule"
	gate_down
}

reload() {
	begin
	granted "$(plain one 4000)"
	granted open one 60
	say "policy none refuse toward=$S" >/dev/null
	say start >/dev/null
	grep -q 'session is not permitted any more .* entry=none' "$WORK/gate.log" || die "not said"
	passes_out "$A" 4000 "$S" 99
	refused 0x0502 "$(plain one 4000)"
	passes_out "$A" 4000 "$S" 99
	refused 0x0502 "$(plain two 4001)"
	gate_down
}

listed() {
	begin
	granted "$(plain one 4000)"
	granted open one 60
	ANSWER=$(say list)
	[[ $ANSWER == "row "*" open=1 left="*"\"allow udp $(at "$A" 4000) > $(at "$S" 99)\" by \"$A\"" ]] ||
		die "$ANSWER"
	gate_down
}

test_start
gateway
point "no more sessions than a requester may have" sessions
point "no more sessions than there may be in all" all_sessions
both "NATFW-3.6-05 nothing for third parties" third_party
point "every decision is in the log, session ids are not" logged
point "messages that make no sense do nothing" nonsense
point "sessions that are not there" unknown_sessions
point "NATFW-3.4-13 no longer than was granted" no_longer_than_granted
point "a reload names sessions that are not permitted any more" reload
point "the ledger can be read" listed
ktap_end
