#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core
#
# What standard tools can see: tracepoints of natfw, and why packets are dropped.
. "$(dirname "$0")/lib.sh"

TRACING=/sys/kernel/tracing

trace_on() {
	[[ -w $TRACING/trace ]] || unable "no tracefs"
	echo 0 >"$TRACING/tracing_on"
	: >"$TRACING/trace"
	echo 1 >"$TRACING/events/$1/enable"
	echo 1 >"$TRACING/tracing_on"
}

trace_off() {
	echo 0 >"$TRACING/tracing_on"
	echo 0 >"$TRACING/events/$1/enable"
	cat "$TRACING/trace" >"$WORK/trace"
}

test_cleanup() {
	echo 0 >"$TRACING/tracing_on"
	echo 0 >"$TRACING/events/natfw/enable"
	echo 0 >"$TRACING/events/skb/kfree_skb/enable"
}

steps() {
	fresh
	rule nat udp from "$A" to "$S" snat "$X"
	trace_on natfw
	udp_snat
	trace_off natfw
	want "$(($(grep -c natfw "$WORK/trace") > 1))" 1 "events of natfw"
}

udp_snat() {
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net udp src=$X
	E
}

drop_event() {
	fresh
	rule deny udp from "$A" to "$S"
	trace_on natfw
	udp_vanishes 4000 53
	trace_off natfw
	grep natfw "$WORK/trace" | has deny
}

# Drop monitors and `perf trace` show the kernel's own drop reason.
drop_reason() {
	fresh
	rule deny udp from "$A" to "$S"
	trace_on skb/kfree_skb
	udp_vanishes 4000 53
	trace_off skb/kfree_skb
	grep kfree_skb "$WORK/trace" | has -E 'NETFILTER_DROP' || {
		head -50 "$WORK/trace"
		return 1
	}
}

test_start
gateway
both "tracepoints follow a packet" steps
both "tracepoints name the reason" drop_event
both "drops carry the kernel's reason" drop_reason
ktap_end
