#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# What ends by itself: rules with a lifetime, idle flows. The kernel ends them; nothing
# of ours runs meanwhile.
. "$(dirname "$0")/lib.sh"

rule_gone() { (($(rule_count) == 0)); }
no_flows() { (($(flow_count) == 0)); }

rule_expires() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53 lifetime $((2 * SLOW))
	udp_passes 4000 53
	wait_for 6 rule_gone
	udp_vanishes 4000 53
}

binding_expires() {
	fresh default drop
	rule nat udp to "$X" dport 8080 dnat "$(at "$A" 80)" lifetime $((2 * SLOW))
	pkt <<-E
		send net ip src=$S dst=$X udp sport=99 dport=8080
		expect host udp dst=$A dport=80
	E
	wait_for 6 rule_gone
	pkt <<-E
		send net ip src=$S dst=$X udp sport=99 dport=8080
		none host udp
		send host ip src=$A dst=$S udp sport=80 dport=99
		none net udp
	E
	want "$(flow_count)" 0 flows
}

refresh_extends() {
	local i
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53 lifetime $((6 * SLOW))
	for i in 1 2 3 4; do
		sleep $((2 * SLOW))
		ctl rule refresh id "$RULE" lifetime $((6 * SLOW))
	done
	udp_passes 4000 53
	(($(rule_field "$RULE" expires) <= 6 * SLOW)) || die "lifetime grew"
	wait_for 9 rule_gone
}

refresh_by_zero() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53 lifetime 2
	ctl rule refresh id "$RULE" lifetime 0
	sleep 3
	udp_passes 4000 53
}

permanent_stays() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	want "$(rule_field "$RULE" expires)" "" "seconds left"
	sleep 2
	udp_passes 4000 53
}

says_why() {
	fresh
	bg ctl monitor
	sleep 0.3
	rule allow udp from "$A" to "$S" dport 53 lifetime 1
	wait_for 6 file_has "$BG_OUT" expir
}

# idle TIMEOUT-NAME SECONDS PROTO FIELDS: a flow dies after that, and not at half of it.
idle() {
	local limit=$(($2 * SLOW))
	fresh
	ctl net set timeout "$1" "$limit"
	ctl pool add p "$X" hold 0
	rule nat from "$ANET" snat pool p
	pkt <<-E
		send host ip src=$A dst=$S $3 sport=4000 dport=99 ${4:-}
		expect net $3 src=$X sport=?p
		${5:-} send net ip src=$S dst=$X $3 sport=99 dport=%p
		${5:-} expect host $3 dst=$A
	E
	sleep "$(awk "BEGIN { print $limit / 2 }")"
	want "$(flow_count)" 1 "flows at half time"
	wait_for $((limit + 4)) no_flows
}

udp_idle() { idle udp 3 udp; }
half_open() { idle tcp-opening 3 tcp flags=S "#"; }
sctp_idle() { idle sctp 3 sctp; }
dccp_idle() { idle dccp 3 dccp; }
udplite_idle() { idle udp 3 udplite; }

icmp_idle() {
	fresh
	ctl net set timeout icmp 2
	rule nat proto "$ICMP" from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S icmp type=$ECHO id=7
		expect net icmp src=$X
	E
	want "$(flow_count)" 1 flows
	wait_for 8 no_flows
}

other_idle() {
	fresh
	ctl net set timeout other 2
	rule nat from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S gre data=x
		expect net proto=47 src=$X
	E
	wait_for 8 no_flows
}

outbound_refreshes() {
	local i
	fresh
	ctl net set timeout udp $((6 * SLOW))
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p
	for i in 1 2 3 4 5; do
		pkt <<-E
			send host ip src=$A dst=$S udp sport=4000 dport=99
			expect net udp src=$X
		E
		sleep $((2 * SLOW))
	done
	want "$(flow_count)" 1 flows
	wait_for 14 no_flows
}

closed_port() {
	fresh
	ctl net set timeout udp 2
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p
	pkt <<-E >"$WORK/port"
		send host ip src=$A dst=$S udp sport=4000 dport=99
		expect net udp src=$X sport=?port
	E
	wait_for 8 no_flows
	pkt <<-E
		set port $(sed -n 's/^port=//p' "$WORK/port")
		send net ip src=$S dst=$X udp sport=99 dport=%port data=late
		none host data=late
	E
}

defaults() {
	ctl_json net show >"$WORK/settings"
	want "$(jq -r '.timeout | [.udp, ."tcp-established", ."tcp-opening", ."tcp-closing", ."tcp-reset", .icmp, .sctp, .dccp, .other] | join(" ")' "$WORK/settings")" \
		"300 7440 240 240 240 60 7440 7440 300" "default timeouts"
}

short_ones_work() {
	ctl net set timeout tcp-opening 30
	ctl net set timeout udp 150 timeout icmp 90
	fails ctl net set timeout udp 0
}

test_start
gateway
point "8512-1,4787-5,4787-5c,5382-5,5382-5b,5508-2,5597-5,6092-14,6092-35 defaults" defaults
both "X-FP-9 a rule's lifetime ends it" rule_expires
both "X-FP-9 a binding's lifetime ends it" binding_expires
both "refreshing extends a lifetime" refresh_extends
both "a lifetime made endless" refresh_by_zero
both "permanent rules stay" permanent_stays
both "expiry is told" says_why
both "4787-5b UDP" udp_idle
both "5382-5a,7857-2.1,7857-2.1b TCP, half open" half_open
both "X-SCTP-4 SCTP" sctp_idle
both "DCCP" dccp_idle
both "UDP-Lite" udplite_idle
both "5508-2a,7857-11 ICMP queries" icmp_idle
both "6092-12 other protocols" other_idle
both "4787-6 outbound packets refresh" outbound_refreshes
both "an expired mapping is closed" closed_port
point "5382-5a,4787-5b,5508-2a,7857-2.1b settings" short_ones_work
ktap_end
