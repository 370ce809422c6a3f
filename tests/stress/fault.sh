#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# Memory runs out under traffic. What requests do then is nl/fault's.
. "$(dirname "$0")/lib.sh"

FAIL=/sys/kernel/debug/failslab

test_cleanup() { echo 0 >"$FAIL/probability"; }

# Allocations that may not wait fail one time in ten, those for packets and flows among them.
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
	reason_some no-memory
}

test_start
[[ -w $FAIL/probability ]] || ktap_skip_all "this kernel cannot make memory fail"
gateway
point "packets" packets
point "works afterwards" still_works
ktap_end
