#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=300
#
# RFC 5973, 2.3: the sender is behind two NATs, the receiver in public.
#
#	NI ---- lan [ MB ] wan ---- lan [ EDGE ] wan ---- R ---- NR
. "$(dirname "$0")/lib.sh"

topology() {
	node NI MB EDGE R NR
	join NI eth0 10.2.0.2/24 MB lan 10.2.0.1/24
	join MB wan 10.1.0.2/24 EDGE lan 10.1.0.1/24
	join EDGE wan 192.0.2.2/30 R r1 192.0.2.1/30
	join R r2 203.0.113.1/28 NR eth0 203.0.113.2/28
	addresses NI eth0 10.2.0.3/24
	router MB EDGE R
	via NI default 10.2.0.1
	via MB default 10.1.0.1
	via EDGE default 192.0.2.1
	via EDGE 10.1.0.8/29 10.1.0.2
	via R 198.51.100.8/29 192.0.2.2
	via NR default 203.0.113.1
	ctl EDGE pool add public 198.51.100.8/29
	ctl MB pool add middle 10.1.0.8/29
	iface MB lan
	iface MB wan outside nat pool middle
	iface EDGE lan
	iface EDGE wan outside edge nat pool public
	trust_nat EDGE 10.1.0.2 10.1.0.8/29
	local name
	for name in NI MB EDGE NR; do
		set_in "$name" nslp lifetime-min 1
	done
}

S=10.2.0.2 D=203.0.113.2
PUBLIC='198\.51\.100\.(8|9|1[0-5]) [0-9]+'

# The receiver sees the public address, and the session there is about it.
opens() {
	blocked NI "$1" "$S" 4000 "$D" 5000
	open NI create "$1" from "$S" sport 4000 to "$D" dport 5000
	passes NI "$1" "$S" 4000 "$D" 5000 "$PUBLIC"
	blocked NI "$1" "$S" 4001 "$D" 5000
	blocked NI "$1" "$S" 4000 "$D" 5001
	blocked NI "$1" 10.2.0.3 4000 "$D" 5000
	close NI
	shut NI "$1" "$S" 4000 "$D" 5000
	wait_for 5 pinholes_are MB 0
	wait_for 5 pinholes_are EDGE 0
}

# What NR was told of the flow is what it gets.
mri_translated() {
	local told got
	open NI create udp from "$S" sport 4000 to "$D" dport 5000
	passes NI udp "$S" 4000 "$D" 5000 "$PUBLIC"
	told=$(session_json NR list | jq -r '.[0].flow | "\(.source) \(."source-port")"')
	got=$(heard | sed -n "s/^udp \(.*\) $TEXT\$/\1/p")
	want "$told" "$got" "the flow's source at NR"
	want "$(session_json EDGE list | jq -r '.[0].translation')" source "translation at EDGE"
	close NI
}

refreshed() {
	open NI create udp from "$S" sport 4000 to "$D" dport 5000 lifetime 8 refresh 2
	steady NI udp "$S" 4000 "$D" 5000
	goes_on 10
	none_lost
	close NI
	stops 14
}

sender_dies() {
	open NI create tcp from "$S" sport 4000 to "$D" dport 5000 lifetime $((20 * SLOW)) refresh 2
	steady NI tcp "$S" 4000 "$D" 5000
	crash NI
	goes_on 1
	stops 30
	wait_for 8 pinholes_are EDGE 0
}

# A port that MB has taken for one host is not another's.
two_hosts() {
	open NI create udp from "$S" sport 4000 to "$D" dport 5000
	open NI create udp from 10.2.0.3 sport 4000 to "$D" dport 5000
	passes NI udp "$S" 4000 "$D" 5000 "$PUBLIC"
	passes NI udp 10.2.0.3 4000 "$D" 5000 "$PUBLIC"
	want "$(heard | grep '^udp' | tail -n 2 | cut -d' ' -f2-3 | sort -u | wc -l)" 2 "sources seen"
	quit NI
}

topo_start
topology
daemons NI MB EDGE NR
serve NR udp 5000 5001
serve NR tcp 5000 5001
point "NATFW-2.2-01,NATFW-3.1-02,NATFW-2.3-01 a UDP flow and no other passes two NATs on the sender's side" opens udp
point "NATFW-2.2-01,NATFW-3.1-02 a TCP flow and no other passes two NATs on the sender's side" opens tcp
point "NATFW-2.2-01 the translation is in the signalling" mri_translated
point "NATFW-1.1-03 two hosts with the same port" two_hosts
point "NATFW-3.2.6-01 refreshes keep a translated flow" refreshed
point "NATFW-1.1-04,NATFW-3.4-01 a dead sender's flow goes on, and ends with its lifetime" sender_dies
ktap_end
