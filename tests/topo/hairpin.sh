#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug timeout=200
#
# RFC 5973, 2.6: both hosts behind the same NAT, and they do not know.
#
#	NI ---- lan1 [     ]
#	             [ NAT ] wan ---- R
#	NR ---- lan2 [     ]
. "$(dirname "$0")/lib.sh"

topology() {
	node NI NR NAT R
	join NI eth0 10.1.0.2/24 NAT lan1 10.1.0.1/24
	join NR eth0 10.2.0.2/24 NAT lan2 10.2.0.1/24
	join NAT wan 192.0.2.2/30 R r1 192.0.2.1/30
	router NAT R
	via NI default 10.1.0.1
	via NR default 10.2.0.1
	via NAT default 192.0.2.1
	via R 198.51.100.8/29 192.0.2.2
	ctl NAT pool add public 198.51.100.8/29
	iface NAT lan1
	iface NAT lan2
	iface NAT wan outside edge nat pool public
	local name
	for name in NI NAT NR; do
		set_in "$name" nslp lifetime-min 1
	done
}

S=10.1.0.2
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

nat_dies() {
	external udp lifetime $((20 * SLOW)) refresh 2
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP" lifetime $((20 * SLOW)) refresh 2
	steady NI udp "$S" 4000 "$X" "$XP"
	crash NAT
	goes_on 1
	stops 30
	wait_for 8 pinholes_are NAT 0
}

topo_start
topology
daemons NI NAT NR
serve NR udp 5000
serve NR tcp 5000
point "NATFW-2.6-01 a UDP flow and no other turns round at the NAT, translated at both ends" opens udp 10.2.0.2 5000
point "NATFW-2.6-01 a TCP flow and no other turns round at the NAT, translated at both ends" opens tcp 10.2.0.2 5000
point "NATFW-3.2.6-01 refreshes keep it" refreshed
point "NATFW-1.1-04 the NAT's daemon dies: the flow goes on, and ends with its lifetime" nat_dies
ktap_end
