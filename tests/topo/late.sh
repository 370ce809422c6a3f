#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick timeout=120
#
# Interfaces that come after natfwd has started, go, and come back under another index.
#
#	NI ---- lan [ FW ] wan ---- NR
. "$(dirname "$0")/lib.sh"

inside() {
	join NI eth0 203.0.113.2/28 FW lan 203.0.113.1/28
	via NI default 203.0.113.1
}

outside() {
	join FW wan 192.0.2.1/30 NR eth0 192.0.2.2/30
	via NR default 192.0.2.1
	wait_for 15 attached wan
}

attached() { ctl FW dev show | grep -w "$1"; }

# The session has its rule at the firewall only if wan is known as what it is.
opens() {
	open NI create udp from 203.0.113.2 sport 4000 to 192.0.2.2 dport "$1"
	want "$(answer .state)" established
	pinholes_are FW 1
	close NI
	wait_for 5 pinholes_are FW 0
}

comes_late() {
	outside
	opens 5001
}

comes_again() {
	on FW ip link del wan
	outside
	opens 5002
}

topo_start
node NI FW NR
router FW
inside
iface FW lan
iface FW wan outside edge
daemons NI FW NR
point "an interface that comes later" comes_late
point "one that goes and comes back" comes_again
ktap_end
