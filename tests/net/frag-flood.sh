#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# Floods of fragments that never become whole: what they cost is bounded, and the
# fragments of others are put together all the same.
. "$(dirname "$0")/lib.sh"

# Four honest senders; for IPv6 in prefixes of their own, since a /64 counts as one sender.
# Where addresses are kept by hash, two may share a place once in a while: then one of
# the four may lose, not two.
honest() {
	if [[ $V == 4 ]]; then
		echo 10.1.0.2 10.1.0.3 10.1.0.4 10.1.0.5
	else
		echo fd00:1::2 fd00:11::2 fd00:12::2 fd00:13::2
	fi
}

# first FROM ID, rest FROM ID: the two pieces of a datagram.
first() { echo "send host ip src=$1 dst=$S id=$2 split=1000 order=0 udp sport=4000 dport=99 len=1800"; }
rest() { echo "send host ip src=$1 dst=$S id=$2 split=1000 order=1 udp sport=4000 dport=99 len=1800"; }

# lone COUNT SOURCE: as many first pieces that nothing follows.
lone() {
	local head=''
	if [[ $V == 4 ]]; then
		head="ip src=$2 dst=$S2 id=1..65535 mf=1 off=0"
	else
		head="ip src=$2 dst=$S2 frag id=1..65535 mf=1 off=0"
	fi
	echo "flood host $1 $head udp sport=1 dport=2 len=1000"
}

# forged COUNT: the same from addresses that do not come again soon.
forged() {
	local i
	if [[ $V == 4 ]]; then
		lone "$1" 10.9.0.0..10.9.255.255
		return
	fi
	for ((i = 0; i < 200; i++)); do
		lone $((($1 + 199) / 200)) "fd00:9:$i::1"
	done
}

each() {
	local a
	for a in $(honest); do
		"$1" "$a" "$2"
	done
}

allow() {
	fresh default drop
	rule allow udp to "$S" dport 99
}

# between ID FLOOD...: one piece of each, the flood, the other piece. ARRIVED: whole ones.
between() {
	local id=$1 counted
	shift
	counted=$({
		each first "$id"
		"$@"
		echo "drain net"
		each rest "$id"
		echo "count net n within=500 off=0 sport=4000 dport=99"
	} | pkt)
	ARRIVED=$(sed -n 's/^n=//p' <<<"$counted")
}

memory() { ctl_json net show | jq .memory; }

# Eight megabytes and what else there is, whatever came before.
bounded() {
	local now
	now=$(memory)
	echo "memory $IDLE in the beginning, $now now"
	((now - IDLE < (8 << 20) + (1 << 18))) || die "$((now - IDLE)) bytes are kept"
	((now - IDLE > 3 << 20)) || die "only $((now - IDLE)) bytes are kept: was that a flood?"
}

one_sender() {
	local evil=10.1.0.66
	[[ $V == 4 ]] || evil=fd00:66::1
	allow
	between 50 lone 20000 "$evil"
	((ARRIVED >= 3)) || die "$ARRIVED of 4 datagrams arrived"
}

# Those of whom something whole came before are not touched by whoever did not.
known_senders() {
	allow
	pkt < <(each first 1; each rest 1)
	between 51 forged 30000
	bounded
	((ARRIVED >= 3)) || die "$ARRIVED of 4 datagrams arrived"
}

# The others have to be quicker than the flood turns over its half of the memory.
new_senders() {
	allow
	# the memory is full of such before
	pkt < <(forged 30000)
	between 52 forged 200
	want "$ARRIVED" 4 "datagrams that arrived"
}

whole_packets() {
	allow
	pkt <<-E
		$(forged 30000)
		drain net
		send host ip src=$A dst=$S udp sport=4000 dport=99 data=whole
		expect net udp data=whole
	E
}

# A sender who uses up his share with datagrams of his own loses the oldest of them.
own_share() {
	allow
	pkt <<-E
		$(lone 5000 "$A")
		drain net
		$(first "$A" 53)
		$(rest "$A" 53)
		expect net off=0 sport=4000 dport=99
	E
}

# As small as pieces may be: what it takes to sort them in is bounded.
many_pieces() {
	allow
	pkt <<-E
		send host ip src=$A dst=$S id=60 split=8 udp sport=4000 dport=99 len=1900
		none net off=0 sport=4000
		send host ip src=$A dst=$S id=61 split=8 order=reverse udp sport=4000 dport=99 len=1900
		none net off=0 sport=4000
		send host ip src=$A dst=$S id=62 split=16 udp sport=4000 dport=99 len=1900
		expect net off=0 sport=4000
	E
	reason_some frag-bad
}

no_longer_kept() {
	local now
	now=$(memory)
	((now - IDLE < 1 << 18))
}

goes_away() {
	allow
	pkt < <(forged 3000)
	(($(memory) - IDLE > 1 << 20)) || die "nothing was kept"
	wait_for 45 no_longer_kept
}

test_start
gateway
allow
IDLE=$(memory)
both "4787-14a,X-FRG-3 a sender's flood is his own trouble" one_sender
both "4787-14a,X-FRG-3 forged senders do not touch known ones" known_senders
both "4787-14a,X-FRG-3 forged senders leave new ones a way" new_senders
both "4787-14a,X-FRG-3 forged senders leave whole packets alone" whole_packets
both "4787-14a,X-FRG-3 a sender gets through his own debris" own_share
both "X-FRG-3 a datagram in very many pieces" many_pieces
point "X-FRG-3 what waited for nothing goes away" goes_away
ktap_end
