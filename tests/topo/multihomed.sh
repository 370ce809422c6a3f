#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=300
#
# RFC 5973, 2.7 and 2.8: a network with two ways out, over NATs or over firewalls.
#
#	           .---- lan [ A ] wan ----.
#	HOST ---- SW                       R ---- FAR, FAR2
#	           '---- lan [ B ] wan ----'
#
# SW routes to FAR by A and to FAR2 by B; it has no daemon. HOST has a private address, which A and B
# translate, and a public one, for when they are firewalls.
. "$(dirname "$0")/lib.sh"

topology() {
	node HOST SW A B R FAR FAR2
	join HOST eth0 10.1.0.2/24 SW s0 10.1.0.1/24
	addresses HOST eth0 198.51.100.130/28
	addresses SW s0 198.51.100.129/28
	join SW s1 10.2.0.1/24 A lan 10.2.0.2/24
	join SW s2 10.3.0.1/24 B lan 10.3.0.2/24
	join A wan 192.0.2.1/30 R r1 192.0.2.2/30
	join B wan 192.0.2.5/30 R r2 192.0.2.6/30
	join R r3 203.0.113.1/29 FAR eth0 203.0.113.2/29
	join R r4 203.0.113.9/29 FAR2 eth0 203.0.113.10/29
	router SW A B R
	via HOST default 10.1.0.1
	via SW 203.0.113.2/32 10.2.0.2
	via SW 203.0.113.10/32 10.3.0.2
	via SW 192.0.2.0/24 10.2.0.2
	local name
	for name in A B; do
		via "$name" 10.1.0.0/24 "10.$([[ "$name" == A ]] && echo 2 || echo 3).0.1"
		via "$name" 198.51.100.128/28 "10.$([[ "$name" == A ]] && echo 2 || echo 3).0.1"
	done
	via A default 192.0.2.2
	via B default 192.0.2.6
	via R 198.51.100.8/29 192.0.2.1
	via R 198.51.100.16/29 192.0.2.5
	via R 198.51.100.128/28 192.0.2.1
	via FAR default 203.0.113.1
	via FAR2 default 203.0.113.9
	ctl A pool add public 198.51.100.8/29
	ctl B pool add public 198.51.100.16/29
	for name in A B; do
		iface "$name" lan
		iface "$name" wan outside edge "$@"
	done
	for name in HOST A B FAR FAR2; do
		set_in "$name" nslp lifetime-min 1
	done
}

# Which NAT has it is seen by the address.
by_a='198\.51\.100\.(8|9|1[0-5])' by_b='198\.51\.100\.(1[6-9]|2[0-3])'

reservation_by_route() {
	open HOST external udp to 10.1.0.2 dport 5000 toward 203.0.113.10
	[[ $(answer .external.address) =~ ^$by_b$ ]] || die "not from B: $ANSWER"
	sessions_are A 0
	sessions_are B 1
	close HOST
	open HOST external udp to 10.1.0.2 dport 5000 toward 203.0.113.2
	[[ $(answer .external.address) =~ ^$by_a$ ]] || die "not from A: $ANSWER"
	sessions_are A 1
	close HOST
}

flows_by_route() {
	calm HOST FAR FAR2
	open HOST create udp from 10.1.0.2 sport 4000 to 203.0.113.2 dport 5000
	passes HOST udp 10.1.0.2 4000 203.0.113.2 5000 "$by_a [0-9]+"
	blocked HOST udp 10.1.0.2 4000 203.0.113.10 5000
	open HOST create udp from 10.1.0.2 sport 4000 to 203.0.113.10 dport 5000
	passes HOST udp 10.1.0.2 4000 203.0.113.10 5000 "$by_b [0-9]+"
	sessions_are A 1
	sessions_are B 1
	quit HOST
}

# in by B, while what HOST sends to FAR goes by A
in_by_b() {
	local x xp
	calm HOST FAR FAR2
	open HOST external udp to 10.1.0.2 dport 5000 toward 203.0.113.10
	x=$(answer .external.address) xp=$(answer .external.port)
	open FAR2 create udp from 203.0.113.10 sport 4000 to "$x" dport "$xp"
	passes FAR2 udp 203.0.113.10 4000 "$x" "$xp" "203.0.113.10 4000"
	blocked FAR2 udp 203.0.113.10 4001 "$x" "$xp"
	quit FAR2 HOST
}

# A block is asked for along the route to the sender; it is where that leads, and only there.
block_by_route() {
	calm HOST FAR FAR2
	open HOST block udp from 203.0.113.2 to 198.51.100.130 dport 5000
	wait_for 5 sessions_are A 1
	sessions_are B 0
	close HOST
}

firewalls_by_route() {
	calm HOST FAR FAR2
	open HOST create udp from 198.51.100.130 sport 4000 to 203.0.113.2 dport 5000
	passes HOST udp 198.51.100.130 4000 203.0.113.2 5000 "198.51.100.130 4000"
	sessions_are B 0
	blocked HOST udp 198.51.100.130 4000 203.0.113.10 5000
	close HOST
	shut HOST udp 198.51.100.130 4000 203.0.113.2 5000
}

topo_start
topology nat pool public
daemons HOST A B FAR FAR2
serve FAR udp 5000
serve FAR2 udp 5000
serve HOST udp 5000
point "NATFW-2.7-01,NATFW-3.7.2-06 the NAT on the way to the signalled address makes the reservation" reservation_by_route
point "NATFW-2.7-01 each flow is opened at the NAT it goes through" flows_by_route
point "NATFW-2.7-01 in by the other NAT" in_by_b
# the same boxes as firewalls, and HOST with its public address only: who signals is who the flow is for
calm HOST FAR FAR2
crash HOST
ip -n "$HOST" addr del 10.1.0.2/24 dev eth0
via HOST default 198.51.100.129
for gateway in A B; do
	crash "$gateway"
	IFACES["$gateway"]=''
	iface "$gateway" lan
	iface "$gateway" wan outside edge
done
daemons A B HOST
point "NATFW-2.8-01,NATFW-C-02 EXTERNAL goes to the firewall that the route leads to, and only there" block_by_route
point "NATFW-2.8-01 each flow is opened at the firewall it goes through" firewalls_by_route
ktap_end
