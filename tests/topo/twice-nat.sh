#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: timeout=200
#
# RFC 5973, 2.5: both hosts have the same private address, a twice-NAT between them is configured by hand.
# natfwd does not read such translations, so signalling does not get through; it has to survive that,
# and to leave the translation alone.
#
#	NI ---- lan [ FW ] wan ---- left [ TN ] right ---- NR
#
# To NI, NR is 10.9.0.2; to NR, NI is 10.8.0.2; both are 10.1.0.2.
. "$(dirname "$0")/lib.sh"

topology() {
	node NI FW TN NR
	join NI eth0 10.1.0.2/24 FW lan 10.1.0.1/24
	join FW wan 192.0.2.1/30 TN left 192.0.2.2/30
	join TN right 10.1.0.1/24 NR eth0 10.1.0.2/24
	router FW TN
	via NI default 10.1.0.1
	via FW default 192.0.2.2
	via NR default 10.1.0.1
	# one realm in zone 1, the other in zone 0
	ctl TN dev attach left zone 1
	ctl TN dev attach right zone 0
	ctl TN rule add nat from 10.1.0.2 to 10.9.0.2 snat 10.8.0.2 dnat 10.1.0.2 zone 1 out-zone 0
	iface FW lan
	iface FW wan outside edge
	set_in NI nslp lifetime-min 1
	set_in FW nslp lifetime-min 1
}

rules() { ctl TN rule show | sed 's/ *#.*//'; }

translates() {
	ctl FW rule add allow stateful udp from 10.1.0.2 to 10.9.0.2 dport 5001
	passes NI udp 10.1.0.2 4000 10.9.0.2 5001 "10.8.0.2 4000"
	blocked NI udp 10.1.0.2 4000 10.9.0.2 5000
}

survives() {
	local before
	before=$(rules)
	if try NI create udp from 10.1.0.2 sport 4000 to 10.9.0.2 dport 5000 lifetime 20 wait 45; then
		passes NI udp 10.1.0.2 4000 10.9.0.2 5000 "10.8.0.2 4000"
	fi
	want "$(rules)" "$before" "rules of the twice-NAT"
	quit NI
	wait_for 40 sessions_are FW 0
	wait_for 5 pinholes_are FW 0
	blocked NI udp 10.1.0.2 4000 10.9.0.2 5000
}

topo_start
topology
# the route back into the first realm goes by its own table: both have the same addresses
on TN ip rule add iif right to 10.1.0.2 lookup 100
on TN ip route add 10.1.0.2/32 via 192.0.2.1 table 100
daemons NI FW NR
serve NR udp 5000 5001
point "a twice-NAT configured by hand translates both ends" translates
point "signalling survives a twice-NAT that does not take part, and leaves it as it is" survives
ktap_end
