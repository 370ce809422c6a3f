#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# Memory runs out, at every place in turn: what is refused leaves no trace.
. "$(dirname "$0")/lib.sh"

FAIL=/sys/kernel/debug/failslab

test_cleanup() { echo 0 >"$FAIL/probability"; }

# faulty NTH COMMAND...: the command's NTH allocation fails, as long as there is one.
faulty() {
	local nth=$1
	shift
	bash -c 'nth=$1; shift; exec 3>/proc/self/fail-nth; echo "$nth" >&3; exec "$@"' - "$nth" "$@"
}

prepare() {
	echo Y >"$FAIL/task-filter"
	echo 100 >"$FAIL/probability"
	echo 1 >"$FAIL/interval"
	echo -1 >"$FAIL/times"
	echo 0 >"$FAIL/verbose"
	echo N >"$FAIL/ignore-gfp-wait"
}

# The state that must not change when something is refused.
snapshot() {
	ctl_json rule show
	ctl_json pool show | jq 'map(del(.refused))'
	ctl_json dev show | jq 'map(del(.counter))'
	ctl_json net show | jq '{rules, flows, mappings}'
}

# each COMMAND...: fail its first, second, ... allocation until it succeeds.
each() {
	local nth before
	for ((nth = 1; nth < 400; nth++)); do
		before=$(snapshot)
		if faulty "$nth" "$NATFWCTL" -N "$GW" "$@" >"$WORK/out" 2>&1; then
			((nth < 3)) || echo "$* succeeded at $nth"
			# several in a row: the failure was past the last allocation
			((++CLEAN >= 3)) && return 0
			"${UNDO[@]}"
			continue
		fi
		CLEAN=0
		want "$(snapshot)" "$before" "state after a refusal at allocation $nth of: $*"
	done
	CLEAN=0
}

undo_rules() { ctl rule flush all >/dev/null; }
undo_pool() { ctl pool del q; }
undo_dev() { ctl dev detach wan; }

commands() {
	fresh
	ctl pool add p 198.51.100.1
	prepare
	CLEAN=0 UNDO=(undo_rules)
	each rule add allow udp from 10.1.0.2 sport 5 to 203.0.113.1 dport 7
	undo_rules
	CLEAN=0 each rule add allow udp from 10.1.0.0/16 dport 7-90 stateful name long-name
	undo_rules
	CLEAN=0 each rule add nat udp from 10.1.0.2 sport 5 to 203.0.113.1 dport 7 snat 198.51.100.1:99
	undo_rules
	CLEAN=0 each rule add nat udp from 10.1.0.2 snat pool p
	undo_rules
	UNDO=(undo_pool)
	CLEAN=0 each pool add q 198.51.100.7-198.51.100.9 block-size 64
	undo_pool
	ctl dev detach wan
	UNDO=(undo_dev)
	CLEAN=0 each dev attach wan zone 3
	echo 0 >"$FAIL/probability"
}

# Packets: allocations that may not wait fail one time in four.
packets() {
	fresh
	ctl pool add p 198.51.100.1-198.51.100.3
	rule priority 5 allow udp dport 1-5 stateful
	rule priority 9 nat from 10.1.0.0/16 snat pool p
	traffic
	# in this order: other processes must not be hit
	echo 0 >"$FAIL/probability"
	echo Y >"$FAIL/ignore-gfp-wait"
	echo N >"$FAIL/task-filter"
	echo -1 >"$FAIL/times"
	echo 0 >"$FAIL/verbose"
	echo 10 >"$FAIL/probability"
	sleep 5
	echo 0 >"$FAIL/probability"
	ctl stats
}

test_start
[[ -w $FAIL/probability && -e /proc/self/fail-nth ]] || ktap_skip_all "this kernel cannot make memory fail"
gateway
point "a refused request changes nothing" commands
echo 0 >"$FAIL/probability"
point "packets" packets
point "works afterwards" still_works
ktap_end
