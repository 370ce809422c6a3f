#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core
#
# Beside the administrator's nftables: theirs stay as they are, and both take effect.
. "$(dirname "$0")/lib.sh"

admin_rules() {
	on_gw nft -f - <<-E
		flush ruleset
		table inet admin {
			set bad { type inet_service; elements = { 6666 } }
			chain ingress { type filter hook ingress device lan priority -500; udp dport 6667 drop; }
			chain forwarded {
				type filter hook forward priority 0; policy accept;
				udp dport @bad drop
				ct state established,related accept
			}
			chain nat { type nat hook postrouting priority 100; oifname "nosuch" masquerade; }
		}
		table netdev early {
			chain in { type filter hook ingress device lan priority -10; udp dport 6668 drop; }
		}
	E
}

untouched() {
	fresh default drop
	admin_rules
	on_gw nft list ruleset >"$WORK/before"
	ctl pool add p "$X"
	rule nat from "$ANET" snat pool p
	want "$(whoami_at "$HOST" "$S" 80 | cut -d ' ' -f 1)" "$X" "client seen"
	wipe
	on_gw nft list ruleset >"$WORK/after"
	diff "$WORK/before" "$WORK/after"
}

# What either drops is dropped, in whatever order they come.
both_drop() {
	M=stack
	fresh default drop
	admin_rules
	rule allow udp from "$A" to "$S"
	udp_passes 4000 53
	udp_vanishes 4000 6666
	udp_vanishes 4000 6667
	udp_vanishes 4000 6668
	pkt <<-E
		send host ip src=$A2 dst=$S udp sport=4000 dport=53
		none net src=$A2
	E
}

# Their connection tracking and NAT for what passes us by, ours for the rest.
nat_side_by_side() {
	M=stack
	fresh
	on_gw nft -f - <<-E
		flush ruleset
		table inet admin {
			chain nat { type nat hook postrouting priority 100; udp dport 54 masquerade; }
		}
	E
	rule nat udp from "$A" to "$S" dport 53 snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53
		expect net udp src=$X sport=4000
		send net ip src=$S dst=$X udp sport=53 dport=4000 data=ours
		expect host udp dst=$A data=ours
		send host ip src=$A dst=$S udp sport=4001 dport=54
		expect net udp src=$G sport=?p
		send net ip src=$S dst=$G udp sport=54 dport=%p data=theirs
		expect host udp dst=$A dport=4001 data=theirs
	E
}

# A rule set reloaded by its owner does not disturb our connections.
reload() {
	fresh default drop
	admin_rules
	rule nat tcp from "$A" to "$S" snat "$X"
	bg reload_loop
	head -c 2000000 /dev/urandom >"$WORK/web/file"
	on_host curl -sS -g -m 30 --limit-rate 1M "http://$(at "$S" 80)/file" >"$WORK/got"
	cmp "$WORK/web/file" "$WORK/got"
}

reload_loop() {
	while :; do
		admin_rules
		sleep 0.05
	done
}

flowtable() {
	M=stack
	fresh
	on_gw nft -f - <<-E || unable "no flowtables"
		flush ruleset
		table inet admin {
			flowtable ft { hook ingress priority 0; devices = { lan, wan }; }
			chain forwarded { type filter hook forward priority 0; ct state established flow add @ft; }
		}
	E
	rule nat tcp from "$A" to "$S" snat "$X"
	head -c 500000 /dev/urandom >"$WORK/web/file"
	on_host curl -sS -g -m 15 "http://$(at "$S" 80)/file" >"$WORK/got"
	cmp "$WORK/web/file" "$WORK/got"
	on_gw nft flush ruleset
}

test_start
gateway
web "$NET" 80
every "the administrator's rules stay as they are" untouched
both "what either drops is dropped" both_drop
both "their NAT and ours side by side" nat_side_by_side
every "their rules reloaded under our traffic" reload
both "their flowtable" flowtable
ktap_end
