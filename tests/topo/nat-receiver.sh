#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug timeout=300
#
# RFC 5973, 2.4: the receiver is behind two NATs, the sender in public.
#
#	NI ---- R ---- wan [ EDGE ] lan ---- wan [ MB ] lan ---- NR
#
# EDGE has the public addresses 198.51.100.8/29, MB 10.1.0.8/29 for what is behind it.
. "$(dirname "$0")/lib.sh"

topology() {
	node NI R EDGE MB NR
	join NI eth0 203.0.113.2/28 R r1 203.0.113.1/28
	join R r2 192.0.2.1/30 EDGE wan 192.0.2.2/30
	join EDGE lan 10.1.0.1/24 MB wan 10.1.0.2/24
	join MB lan 10.2.0.1/24 NR eth0 10.2.0.2/24
	addresses NI eth0 203.0.113.3/28
	router R EDGE MB
	via NI default 203.0.113.1
	via R 198.51.100.8/29 192.0.2.2
	via EDGE default 192.0.2.1
	via EDGE 10.1.0.8/29 10.1.0.2
	via MB default 10.1.0.1
	via NR default 10.2.0.1
	ctl EDGE pool add public 198.51.100.8/29
	ctl MB pool add middle 10.1.0.8/29
	iface EDGE lan
	iface EDGE wan outside edge nat pool public
	iface MB lan
	iface MB wan outside nat pool middle
	trust_nat EDGE 10.1.0.2 10.1.0.8/29
	set_in MB nslp lifetime-min 1
	set_in EDGE nslp lifetime-min 1
	set_in NI nslp lifetime-min 1
	set_in NR nslp lifetime-min 1
}

S=203.0.113.2

# external PROTO PORT WORDS...: NR asks for a public endpoint; in X and XP.
external() {
	open NR external "$1" dport "$2" toward "$S" "${@:3}"
	X=$(answer .external.address) XP=$(answer .external.port) RESERVED=$SID
}

# Reserved is not open: signalling gets through to the receiver, data does not.
only_reserves() {
	external udp 5000
	[[ $X == 198.51.100.* && $XP -gt 0 ]] || die "external endpoint $X:$XP"
	blocked NI udp "$S" 4000 "$X" "$XP"
	close NR "$RESERVED"
}

bindings_told() {
	external udp 5000
	want "$(answer '.bindings[0]' | cut -d. -f1-3)" 10.1.0 "what MB uses"
	close NR "$RESERVED"
}

opens() {
	local proto=$1
	external "$proto" 5000
	blocked NI "$proto" "$S" 4000 "$X" "$XP"
	open NI create "$proto" from "$S" sport 4000 to "$X" dport "$XP"
	passes NI "$proto" "$S" 4000 "$X" "$XP" "$S 4000"
	blocked NI "$proto" "$S" 4001 "$X" "$XP"
	blocked NI "$proto" 203.0.113.3 4000 "$X" "$XP"
	blocked NI "$proto" "$S" 4000 "$X" $((XP ^ 1))
	close NI
	shut NI "$proto" "$S" 4000 "$X" "$XP"
	close NR "$RESERVED"
	wait_for 5 pinholes_are EDGE 0
	wait_for 5 pinholes_are MB 0
}

# Data is seen at the receiver as from the sender: only the destination is translated.
several_senders() {
	local one
	external udp 5000
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP"
	one=$SID
	open NI create udp from 203.0.113.3 sport 4000 to "$X" dport "$XP"
	passes NI udp "$S" 4000 "$X" "$XP" "$S 4000"
	passes NI udp 203.0.113.3 4000 "$X" "$XP" "203.0.113.3 4000"
	close NI "$one"
	shut NI udp "$S" 4000 "$X" "$XP"
	passes NI udp 203.0.113.3 4000 "$X" "$XP"
	quit NI NR
}

no_reservation() {
	refused NI "no reservation" create udp from "$S" to 198.51.100.9 dport 7777
}

# RFC 5973, 3.7.2: the data session lives on when the reservation is deleted after the CREATE.
reservation_ends_first() {
	external udp 5000
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP"
	close NR "$RESERVED"
	wait_for 5 sessions_are NR 1
	refused NI "no reservation" create udp from 203.0.113.3 to "$X" dport "$XP"
	quit NI NR
}

refreshed() {
	external udp 5000 lifetime 8 refresh 2
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP" lifetime 8 refresh 2
	steady NI udp "$S" 4000 "$X" "$XP"
	goes_on 10
	none_lost
	quit NI NR
	stops 14
}

everybody_dies() {
	external udp 5000 lifetime $((20 * SLOW)) refresh 2
	open NI create udp from "$S" sport 4000 to "$X" dport "$XP" lifetime $((20 * SLOW)) refresh 2
	steady NI udp "$S" 4000 "$X" "$XP"
	crash NI
	crash NR
	crash EDGE
	crash MB
	goes_on 1
	stops 30
	wait_for 8 pinholes_are EDGE 0
	wait_for 8 pinholes_are MB 0
}


topo_start
topology
daemons NI EDGE MB NR
serve NR udp 5000
serve NR tcp 5000
point "NATFW-1.2-02,NATFW-3.2.2-02,NATFW-3.2.1-06,NATFW-3.7.2-19,NATFW-3.7.2-31,NATFW-3.7.2-54,NATFW-3.7.2-63 EXTERNAL reserves and opens nothing" only_reserves
point "NATFW-3.7.2-32,NATFW-3.7.2-35,NATFW-B-01 bindings of inner NATs are told" bindings_told
point "NATFW-3.1-02,NATFW-3.2.2-03,NATFW-3.7.2-36,NATFW-2.2-02 EXTERNAL and CREATE open one UDP flow through two NATs" opens udp
point "NATFW-3.1-02,NATFW-3.2.2-03,NATFW-3.7.2-58 EXTERNAL and CREATE open one TCP flow through two NATs" opens tcp
point "NATFW-3.7.2-60,NATFW-3.7.2-62 one reservation serves several CREATEs" several_senders
point "NATFW-3.2.4-02 CREATE without a reservation is refused at the NAT" no_reservation
point "NATFW-3.7.2-61 the reservation may end before the session it was for" reservation_ends_first
point "NATFW-3.2.6-01,NATFW-3.2.6-02,NATFW-3.7.2-59 refreshes keep reservation and flow" refreshed
point "NATFW-1.1-04 all daemons die: the flow goes on, and ends with its lifetime" everybody_dies
ktap_end
