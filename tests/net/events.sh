#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# What `natfwctl monitor` tells: rules, devices, pools, mappings.
. "$(dirname "$0")/lib.sh"

# listen: starts a monitor and waits until it hears.
listen() {
	bg "$NATFWCTL" -N "$GW" monitor "$@"
	HEARD=$BG_OUT
	wait_for 5 hears
}

hears() {
	ctl rule add deny proto 254 name canary >/dev/null
	ctl rule flush all >/dev/null
	sleep 0.1
	file_has "$HEARD" canary
}

heard() { wait_for 5 file_has "$HEARD" "$1"; }

rules() {
	fresh
	listen
	rule deny udp from "$A" to "$S" name first
	heard first
	ctl rule del id "$RULE"
	wait_for 5 heard_twice "$RULE"
}

heard_twice() { (($(grep -c "\b$1\b" "$HEARD") >= 2)); }

devices() {
	fresh
	listen
	ctl dev detach lan
	heard lan
}

json() {
	fresh
	bg "$NATFWCTL" -N "$GW" -j monitor
	HEARD=$BG_OUT
	wait_for 5 hears
	jq -e . <"$HEARD" >/dev/null
}

watermark() {
	fresh
	ctl pool add p "$X" ports 2000-2003 watermark 50
	rule nat udp from "$ANET" snat pool p
	listen_more
	pkt <<-E
		send host ip src=$A dst=$S udp sport=1 dport=53
		send host ip src=$A dst=$S udp sport=2 dport=53
		send host ip src=$A dst=$S udp sport=3 dport=53
	E
	heard watermark
}

listen_more() {
	bg "$NATFWCTL" -N "$GW" monitor all
	HEARD=$BG_OUT
	wait_for 5 hears_device
}

hears_device() {
	ctl dev set lan zone 0
	sleep 0.1
	file_has "$HEARD" lan
}

mapping() {
	fresh
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p
	listen_more
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4321 dport=53
		expect net udp src=$X
	E
	heard 4321
}

# No destination in it: an operator need not log whom his users talk to.
mapping_private() {
	mapping
	file_lacks "$HEARD" "$S"
}

# Thousands of refusals, but not thousands of events.
refusals_bounded() {
	fresh
	ctl pool add p "$X" ports 2000-2001
	rule nat udp from "$ANET" snat pool p
	listen_more
	pkt <<-E
		flood host 3000 ip src=$A dst=$S udp sport=1..3000 dport=53
		sleep 500
	E
	heard exhausted
	(($(grep -c exhausted "$HEARD") <= 4 * SLOW)) || die "$(grep -c exhausted "$HEARD") events"
}

# A listener that cannot keep up is told that it missed something.
overrun() {
	local i
	fresh
	listen
	kill -STOP "$BG"
	for ((i = 0; i < 20000; i++)); do
		echo "rule add deny udp dport $((i % 60000)) sport $((i / 60000 + 1)) priority $i name a-rather-long-name-$i"
	done >"$WORK/many"
	split -l 2000 "$WORK/many" "$WORK/part."
	for i in "$WORK"/part.*; do
		ctl apply "$i"
	done
	kill -CONT "$BG"
	ctl rule flush all >/dev/null
	rule deny udp name after
	wait_for 20 file_has "$HEARD" LOST
}

limits() {
	fresh
	ctl net set rule-max 10 watermark 50
	listen_more
	local i
	for i in 1 2 3 4 5 6; do
		rule deny udp dport "$i"
	done
	heard "limit\|watermark"
	for i in 7 8 9 10; do
		rule deny udp dport "$i"
	done
	fails ctl rule add deny udp dport 11
	want "$(rule_count)" 10 rules
	ctl net set rule-max 2097152 watermark 80
}

test_start
gateway
both "rules come and go" rules
point "devices" devices
point "JSON" json
both "8512-3 pool watermark" watermark
both "6888-4log mappings" mapping
both "6888-12 mappings without destinations" mapping_private
both "6888-11c refusals are not told one by one" refusals_bounded
point "overrun" overrun
point "8512-3 limits" limits
ktap_end
