#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core quick debug
#
# Fragments: judged and translated as the datagram they are part of.
. "$(dirname "$0")/lib.sh"

# The whole datagram at the far end, however it travelled.
arrives() {
	local len=$1 order=${2:+order=$2}
	pkt <<-E >"$WORK/pieces"
		send host ip src=$A dst=$S id=${ID:=100} split=1000 $order udp sport=4000 dport=99 len=$len
		expect net src=$FROM off=0 sport=$FROMPORT dport=99
		expect net src=$FROM off>0 mf=0
	E
	ID=$((ID + 1))
}

snat() {
	fresh default drop
	rule nat udp from "$A" sport 4000 to "$S" dport 99 snat "$(at "$X" 5001)" stateful
	FROM=$X FROMPORT=5001
}

allow() {
	fresh default drop
	rule allow udp from "$A" sport 4000 to "$S" dport 99
	FROM=$A FROMPORT=4000
}

in_order() { "$1" && arrives 1800; }
out_of_order() { "$1" && arrives 1800 reverse; }

deny_covers_all() {
	fresh
	rule deny udp from "$A" to "$S" dport 99
	pkt <<-E
		send host ip src=$A dst=$S id=7 split=1000 udp sport=4000 dport=99 len=2500
		send host ip src=$A dst=$S id=8 split=1000 order=reverse udp sport=4000 dport=99 len=2500
		none net src=$A
	E
}

# A later fragment alone: its datagram is never whole, so it must not get through.
alone() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 99
	pkt <<-E
		send host ip src=$A dst=$S id=7 split=1000 order=1 udp sport=4000 dport=99 len=1800
		none net src=$A
	E
}

untranslated_never_leaves() {
	snat
	pkt <<-E
		send host ip src=$A dst=$S id=7 split=1000 order=1 udp sport=4000 dport=99 len=1800
		send host ip src=$A dst=$S id=8 split=1000 order=0 udp sport=4000 dport=99 len=1800
		none net src=$A
	E
}

# Two hosts, one identification, to one server, interleaved: outside the pieces of the one
# can be told from those of the other.
same_id() {
	fresh default drop
	ctl pool add p "$X"
	rule nat udp from "$ANET" to "$S" snat pool p
	pkt <<-E
		send host ip src=$A dst=$S id=7 split=1000 order=0 udp sport=4000 dport=99 len=1800
		send host ip src=$A2 dst=$S id=7 split=1000 order=0 udp sport=4000 dport=99 len=1900
		send host ip src=$A dst=$S id=7 split=1000 order=1 udp sport=4000 dport=99 len=1800
		send host ip src=$A2 dst=$S id=7 split=1000 order=1 udp sport=4000 dport=99 len=1900
		expect net src=$X off=0 sport=?one id=?first
		expect net src=$X off=0 sport!=%one id!=%first sport=?two id=?second
		expect net src=$X off>0 mf=0 id=%first
		expect net src=$X off>0 mf=0 id=%second
	E
}

# RFC 1858: the first fragment ends within the TCP header.
tiny() {
	fresh
	rule deny tcp from "$A" to "$S" dport 80
	pkt <<-E
		send host ip src=$A dst=$S id=7 split=8 tcp sport=4000 dport=80 flags=S len=40
		send host ip src=$A dst=$S id=8 split=16 order=reverse tcp sport=4000 dport=80 flags=S len=40
		none net src=$A
	E
}

# RFC 3128: a second fragment that writes over the ports of the first.
overlapping() {
	fresh
	rule deny tcp from "$A" to "$S" dport 80
	if [[ $V == 4 ]]; then
		pkt <<-E
			send host ip src=$A dst=$S id=7 mf=1 off=0 tcp sport=4000 dport=81 flags=S len=12
			send host ip src=$A dst=$S id=7 mf=0 off=8 proto=6 raw len=40
			send host ip src=$A dst=$S id=8 mf=1 off=0 tcp sport=4000 dport=81 flags=S len=12
			send host ip src=$A dst=$S id=8 mf=1 off=0 tcp sport=4000 dport=80 flags=S len=12
			send host ip src=$A dst=$S id=8 mf=0 off=32 proto=6 raw len=40
			none net id=7
			none net within=0 dport=80
		E
	else
		pkt <<-E
			send host ip src=$A dst=$S frag id=7 mf=1 off=0 tcp sport=4000 dport=81 flags=S len=12
			send host ip src=$A dst=$S frag id=7 mf=0 off=8 next=6 raw len=40
			send host ip src=$A dst=$S frag id=8 mf=1 off=0 tcp sport=4000 dport=81 flags=S len=12
			send host ip src=$A dst=$S frag id=8 mf=1 off=0 tcp sport=4000 dport=80 flags=S len=12
			send host ip src=$A dst=$S frag id=8 mf=0 off=32 next=6 raw len=40
			none net within=0 dport=80
		E
	fi
	(($(reason frag-bad) > 0)) || die "nothing ended as frag-bad"
}

# An end beyond what a datagram can hold.
oversize() {
	fresh
	rule nat udp from "$A" snat "$X"
	if [[ $V == 4 ]]; then
		pkt <<-E
			send host ip src=$A dst=$S id=7 mf=0 off=65528 proto=17 raw len=100
			none net
		E
	else
		pkt <<-E
			send host ip src=$A dst=$S frag id=7 mf=0 off=65528 next=17 raw len=100
			none net ip=6
		E
	fi
}

# A header that says there are fragments, around a datagram that is whole.
atomic() {
	use 6
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S frag id=7 mf=0 off=0 udp sport=4000 dport=99 data=x
		expect net udp src=$X sport=4000
	E
}

# Sockets at both ends; the kernels there cut and put together.
real_4000() {
	fresh default drop
	ctl pool add p "$X"
	rule nat udp from "$A" to "$S" snat pool p
	bg on_net timeout 30 socat -T 20 "UDP$V-RECVFROM:99,fork,reuseaddr,bind=$(bracket "$S")" "SYSTEM:tr a-z A-Z"
	wait_listen "$NET" udp 99
	head -c 3940 /dev/zero | tr '\0' a | fold -w 60 >"$WORK/sent"
	on_host timeout 20 socat -t 8 -T 8 -b 9000 - "UDP$V:$(at "$S" 99),bind=$(at "$A" 4000)" <"$WORK/sent" >"$WORK/got"
	want "$(tr '[:upper:]' '[:lower:]' <"$WORK/got" | cmp - "$WORK/sent" && echo same)" same "4000 bytes echoed"
}

real_ping() {
	fresh default drop
	rule nat proto "$ICMP" from "$A" to "$S" snat "$X"
	on_host ping "-$V" -c 2 -i 0.2 -W 3 -s 4000 -I "$A" "$S"
}

# A flood of first fragments: bounded, and whole packets still pass.
flood() {
	snat
	pkt <<-E
		flood host 20000 ip src=$A2 dst=$S2 $([[ $V == 4 ]] && echo "id=1..65535 mf=1 off=0") $([[ $V == 6 ]] && echo "frag id=1..65535 mf=1 off=0") udp sport=1 dport=2 len=1000
		send host ip src=$A dst=$S udp sport=4000 dport=99 data=whole
		expect net udp src=$X data=whole
	E
	arrives 1800
}

expires() {
	local i
	snat
	pkt <<-E
		send host ip src=$A dst=$S id=9 split=1000 order=0 udp sport=4000 dport=99 len=1800
		sleep 1500
		send host ip src=$A dst=$S id=9 split=1000 order=1 udp sport=4000 dport=99 len=1800
		expect net src=$X off=0
	E
}

test_start
gateway
both "X-FRG-1,4787-14 in order, filter" in_order allow
both "X-FRG-1,4787-14 out of order, filter" out_of_order allow
every "4787-14 in order, translated" in_order snat
every "4787-14 out of order, translated" out_of_order snat
both "X-FRG-1 deny covers all pieces" deny_covers_all
both "X-FRG-1 a piece without its first" alone
both "X-PRT-2 nothing untranslated leaves" untranslated_never_leaves
both "6864-1,7857-10 two hosts, one identification" same_id
both "X-FRG-2 tiny" tiny
both "X-FRG-2 overlapping" overlapping
both "X-FRG-2 beyond the end" oversize
point "IPv6 atomic fragment" atomic
every "4000 bytes of UDP there and back" real_4000
every "ping of 4000 bytes" real_ping
both "X-FRG-3 a fragment waits at least a second and a half" expires
both "4787-14a,X-FRG-3 flood of first fragments" flood
ktap_end
