#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=300
#
# Firewalls and NATs in boxes of their own: the NAT is not the edge of its network, a firewall is.
#
#	NI ---- R ---- wan [ EFW ] lan ---- wan [ NAT ] lan ---- wan [ IFW ] lan ---- NR
. "$(dirname "$0")/lib.sh"

topology() {
	node NI R EFW NAT IFW NR
	join NI eth0 203.0.113.2/28 R r1 203.0.113.1/28
	join R r2 192.0.2.1/30 EFW wan 192.0.2.2/30
	join EFW lan 198.51.100.1/29 NAT wan 198.51.100.2/29
	join NAT lan 10.1.0.1/24 IFW wan 10.1.0.2/24
	join IFW lan 10.2.0.1/24 NR eth0 10.2.0.2/24
	router R EFW NAT IFW
	via NI default 203.0.113.1
	via R 198.51.100.0/28 192.0.2.2
	via EFW default 192.0.2.1
	via EFW 198.51.100.8/29 198.51.100.2
	via NAT default 198.51.100.1
	via NAT 10.2.0.0/24 10.1.0.2
	via IFW default 10.1.0.1
	via NR default 10.2.0.1
	ctl NAT pool add public 198.51.100.8/29
	iface EFW lan
	iface EFW wan outside edge
	iface NAT lan
	iface NAT wan outside nat pool public
	iface IFW lan
	iface IFW wan outside
	trust_nat EFW 198.51.100.2 198.51.100.8/29
	# the firewall between tells of NR's flows
	trust_nat NAT 10.1.0.2 10.2.0.0/24
	local name
	for name in NI EFW NAT IFW NR; do
		set_in "$name" nslp lifetime-min 1
	done
}

S=203.0.113.2 TOWARD=203.0.113.2

edge_answers() {
	external udp
	[[ $X == 198.51.100.* ]] || die "external address $X"
	want "$(session_json EFW list | jq -r '.[0].role')" edge "role of EFW"
	blocked NI udp "$S" 4000 "$X" "$XP"
	close NR
}

opens() {
	calm NI NR
	external "$1"
	open NI create "$1" from "$S" sport 4000 to "$X" dport "$XP"
	passes NI "$1" "$S" 4000 "$X" "$XP" "$S 4000"
	blocked NI "$1" "$S" 4001 "$X" "$XP"
	blocked NI "$1" "$S" 4000 "$X" $((XP ^ 1))
	close NI
	shut NI "$1" "$S" 4000 "$X" "$XP"
	quit NR
}

refreshed() {
	calm NI NR
	external udp lifetime 8 refresh 2
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP" lifetime 8 refresh 2
	steady NI udp "$S" 4000 "$X" "$XP"
	goes_on 10
	none_lost
	quit NI NR
	stops 14
}

outward() {
	calm NI NR
	blocked NR udp 10.2.0.2 4000 "$S" 5000
	open NR create udp from 10.2.0.2 sport 4000 to "$S" dport 5000
	passes NR udp 10.2.0.2 4000 "$S" 5000 '198\.51\.100\.(8|9|1[0-5]) [0-9]+'
	blocked NR udp 10.2.0.2 4000 "$S" 5001
	close NR
	shut NR udp 10.2.0.2 4000 "$S" 5000
}

topo_start
topology
daemons NI EFW NAT IFW NR
serve NR udp 5000
serve NR tcp 5000
serve NI udp 5000 5001
point "NATFW-3.7.2-15,NATFW-3.7.2-16,NATFW-3.7.2-18,NATFW-3.7.2-40,NATFW-3.7.2-41,NATFW-3.7.2-43,NATFW-3.7.2-44,NATFW-3.7.2-45 the edge firewall answers EXTERNAL that has passed a NAT, and opens nothing" edge_answers
point "NATFW-3.1-01,NATFW-3.1-02,NATFW-3.7.2-65 a UDP flow and no other passes firewall, NAT and firewall" opens udp
point "NATFW-3.1-01,NATFW-3.1-02,NATFW-3.7.2-65 a TCP flow and no other passes firewall, NAT and firewall" opens tcp
point "NATFW-3.2.6-01,NATFW-3.2.6-02 refreshes keep it" refreshed
point "NATFW-2.2-01,NATFW-3.1-03 outward through firewall, NAT and firewall" outward
ktap_end
