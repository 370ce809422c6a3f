#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=300
#
# RFC 5973, 2.2: private networks with two NATs each at both ends, of the same addresses.
#
#	NI -- lan [ MB1 ] wan -- lan [ MB2 ] wan -- R -- wan [ MB3 ] lan -- wan [ MB4 ] lan -- NR
. "$(dirname "$0")/lib.sh"

topology() {
	node NI MB1 MB2 R MB3 MB4 NR
	join NI eth0 10.2.0.2/24 MB1 lan 10.2.0.1/24
	join MB1 wan 10.1.0.2/24 MB2 lan 10.1.0.1/24
	join MB2 wan 192.0.2.2/30 R r1 192.0.2.1/30
	join R r2 192.0.2.5/30 MB3 wan 192.0.2.6/30
	join MB3 lan 10.1.0.1/24 MB4 wan 10.1.0.2/24
	join MB4 lan 10.2.0.1/24 NR eth0 10.2.0.2/24
	router MB1 MB2 R MB3 MB4
	via NI default 10.2.0.1
	via MB1 default 10.1.0.1
	via MB2 default 192.0.2.1
	via MB2 10.1.0.8/29 10.1.0.2
	via R 198.51.100.8/29 192.0.2.2
	via R 203.0.113.8/29 192.0.2.6
	via MB3 default 192.0.2.5
	via MB3 10.1.0.8/29 10.1.0.2
	via MB4 default 10.1.0.1
	via NR default 10.2.0.1
	ctl MB1 pool add middle 10.1.0.8/29
	ctl MB2 pool add public 198.51.100.8/29
	ctl MB3 pool add public 203.0.113.8/29
	ctl MB4 pool add middle 10.1.0.8/29
	iface MB1 lan
	iface MB1 wan outside nat pool middle
	iface MB2 lan
	iface MB2 wan outside edge nat pool public
	iface MB3 lan
	iface MB3 wan outside edge nat pool public
	iface MB4 lan
	iface MB4 wan outside nat pool middle
	trust_nat MB2 10.1.0.2 10.1.0.8/29
	trust_nat MB3 10.1.0.2 10.1.0.8/29
	local name
	for name in NI MB1 MB2 MB3 MB4 NR; do
		set_in "$name" nslp lifetime-min 1
	done
}

S=10.2.0.2
PUBLIC='198\.51\.100\.(8|9|1[0-5]) [0-9]+'

refreshed() {
	external udp lifetime 8 refresh 2
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP" lifetime 8 refresh 2
	steady NI udp "$S" 4000 "$X" "$XP"
	goes_on 10
	none_lost
	quit NI NR
	stops 14
}

all_die() {
	local name
	external udp lifetime $((20 * SLOW)) refresh 2
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP" lifetime $((20 * SLOW)) refresh 2
	steady NI udp "$S" 4000 "$X" "$XP"
	for name in NI MB1 MB2 MB3 MB4 NR; do
		crash "$name"
	done
	goes_on 1
	stops 30
	for name in MB1 MB2 MB3 MB4; do
		wait_for 8 pinholes_are "$name" 0
	done
}

topo_start
topology
daemons NI MB1 MB2 MB3 MB4 NR
serve NR udp 5000
serve NR tcp 5000
point "NATFW-2.2-01,NATFW-2.2-02 a UDP flow and no other passes two NATs at each end" opens udp
point "NATFW-2.2-01,NATFW-2.2-02 a TCP flow and no other passes two NATs at each end" opens tcp
point "NATFW-3.2.6-01,NATFW-3.2.6-02 refreshes keep a flow through four NATs" refreshed
point "NATFW-1.1-04,NATFW-3.4-01 all daemons die: the flow goes on, and ends with its lifetime" all_die
ktap_end
