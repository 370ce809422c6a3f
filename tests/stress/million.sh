#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: timeout=420
#
# A million rules and a million flows: they fit, in bounded memory and time, and the
# millionth works like the first.
. "$(dirname "$0")/lib.sh"

# N exact rules: one host, ports counted through, 64 servers.
exact_rules() {
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++)
			printf "rule add allow udp from 10.1.%d.%d sport %d to 203.0.113.1 dport 53\n", \
				int(i / 256) % 256, i % 256, int(i / 65536) + 1000
	}'
}

million_rules() {
	local start=$SECONDS n=1000000
	fresh default drop
	{
		echo "dev attach lan default drop emit stack"
		echo "dev attach wan default drop emit stack"
		exact_rules "$n"
	} >"$WORK/rules"
	ctl apply "$WORK/rules"
	echo "loaded in $((SECONDS - start)) s"
	want "$(ctl_json net show | jq .rules)" "$n" rules
	ctl net show
	((SECONDS - start < 180)) || die "loading took $((SECONDS - start)) s"
	pkt <<-E
		send host ip src=10.1.0.0 dst=203.0.113.1 udp sport=1000 dport=53 data=first
		expect net data=first
		send host ip src=10.1.66.63 dst=203.0.113.1 udp sport=1015 dport=53 data=last
		expect net data=last
		send host ip src=10.1.66.63 dst=203.0.113.1 udp sport=1016 dport=53 data=none
		none net data=none
	E
	start=$SECONDS
	ctl rule flush all >/dev/null
	((SECONDS - start < 60)) || die "flushing took $((SECONDS - start)) s"
	want "$(rule_count)" 0 rules
}

memory() { ctl_json net show | jq .memory; }

million_flows() {
	local before after n
	fresh default drop
	before=$(memory)
	rule nat udp from 10.1.0.0/16 snat 172.16.0.0/16
	pkt <<-E
		flood host 1100000 ip src=10.1.0.0..10.1.255.255 dst=203.0.113.1 udp sport=1000..1999 dport=53
	E
	after=$(memory)
	n=$(ctl_json net show | jq .flows)
	echo "$n flows, $(((after - before) / n)) bytes each"
	((n >= 1000000)) || die "only $n flows"
	((n <= 1048576)) || die "$n flows, more than permitted"
	(((after - before) / n <= 256)) || die "$(((after - before) / n)) bytes a flow"
	(($(reason flow-limit) > 0)) || die "the limit was never reached"
	pkt <<-E
		send host ip src=10.1.0.0 dst=203.0.113.1 udp sport=1000 dport=53 data=again
		expect net src=172.16.0.0 data=again
	E
	ctl flow flush all >/dev/null
	want "$(ctl_json net show | jq .flows)" 0 flows
	after=$(memory)
	((after - before < 64 << 20)) || die "$((after - before)) bytes kept after the flows"
}

# Idle ones go by themselves.
aged_out() {
	fresh default drop
	ctl net set timeout udp 2
	rule nat udp from 10.1.0.0/16 snat 172.16.0.0/16
	pkt <<-E
		flood host 100000 ip src=10.1.0.0..10.1.255.255 dst=203.0.113.1 udp sport=1000..1999 dport=53
	E
	(($(ctl_json net show | jq .flows) > 1000)) || die "no flows"
	wait_for 30 flows_gone
}

flows_gone() { (($(ctl_json net show | jq .flows) == 0)); }

# Cached verdicts of a scan take the room they may and no more.
scan() {
	fresh default drop
	ctl net set cache-max 10000
	rule allow tcp dport 80
	pkt <<-E
		flood host 100000 ip src=10.1.0.0..10.1.255.255 dst=203.0.113.1 tcp sport=1000..1999 dport=1..60000 flags=S
	E
	(($(ctl_json net show | jq .cached) <= 10000)) || die "$(ctl_json net show | jq .cached) cached"
	ctl net set cache-max 262144
}

# A flood of new flows leaves the old ones alone.
old_flows_stay() {
	fresh default drop
	ctl net set flow-max 1000
	rule nat udp from 10.1.0.0/16 snat 172.16.0.0/16
	pkt <<-E
		send host ip src=10.1.0.2 dst=203.0.113.1 udp sport=7 dport=53
		expect net src=172.16.0.2 sport=7
		flood host 20000 ip src=10.1.0.0..10.1.255.255 dst=203.0.113.1 udp sport=1000..1999 dport=53
		drain net
		send host ip src=10.1.0.2 dst=203.0.113.1 udp sport=7 dport=53 data=still
		expect net src=172.16.0.2 data=still
	E
	(($(ctl_json net show | jq .flows) <= 1000)) || die "more flows than permitted"
	ctl net set flow-max 1048576
}

test_start
gateway
# nobody has to answer for all those addresses
ip -n "$NET" route add 172.16.0.0/16 via 192.0.2.1
on_net sysctl -qw net.ipv4.icmp_echo_ignore_all=1
on_net nft -f - <<-E
	table ip quiet { chain out { type filter hook output priority 0; meta l4proto icmp drop; } }
E
point "X-FP-1,X-FP-6 a million rules" million_rules
point "X-FP-6,6888-5 a million flows" million_flows
point "4787-11 flows age out by the thousand" aged_out
point "X-FP-6 a scan" scan
point "6888-11d,6888-5 old flows stay at the limit" old_flows_stay
ktap_end
