#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# TCP: what state a connection is thought to be in, and that no valid sequence is stopped.
. "$(dirname "$0")/lib.sh"

state() { flows | jq -r '[.[] | select(.reply and .orig.proto == 6) | .state] | first // "gone"'; }
state_is() { want "$(state)" "$1" state; }
no_flows() { (($(flow_count) == 0)); }

# Statements: `o FLAGS [FIELDS]` from inside, `i FLAGS [FIELDS]` from outside; each arrives.
sequence() {
	local dir flags rest
	while read -r dir flags rest; do
		case $dir in
		o)
			echo "send host ip src=$A dst=$S tcp sport=4000 dport=81 flags=$flags $rest"
			echo "expect net tcp src=$X sport=5001 flags=$flags sum=ok"
			;;
		i)
			echo "send net ip src=$S dst=$X tcp sport=81 dport=5001 flags=$flags $rest"
			echo "expect host tcp dst=$A dport=4000 flags=$flags sum=ok"
			;;
		esac
	done | pkt
}

connection() {
	fresh
	ctl pool add p "$X" ports 5001-5001 hold 0
	rule nat tcp from "$ANET" snat pool p
}

OPEN="o S seq=100
i SA seq=300 ack=101
o A seq=101 ack=301"

opening() {
	connection
	sequence <<<"o S seq=100"
	state_is opening
	sequence <<<"i SA seq=300 ack=101"
	sequence <<<"o A seq=101 ack=301"
	state_is established
}

closing() {
	connection
	sequence <<<"$OPEN"
	sequence <<<"o FA seq=101 ack=301"
	sequence <<<"i FA seq=301 ack=102"
	state_is closing
	sequence <<<"o A seq=102 ack=302"
	state_is closing
}

# One side closed; the other may go on for long.
half_close() {
	connection
	sequence <<<"$OPEN"
	sequence <<<"o FA seq=101 ack=301"
	sequence <<-E
		i A seq=301 ack=102 len=100
		o A seq=102 ack=401
		i FA seq=401 ack=102
		o A seq=102 ack=402
	E
}

valid_sequences() {
	connection
	sequence <<-E
		o S seq=100
		o S seq=100
		i SA seq=300 ack=101
		i SA seq=300 ack=101
		o A seq=101 ack=301
		o PA seq=101 ack=301 len=200
		o PA seq=101 ack=301 len=200
		i A seq=301 ack=301
		o A seq=300 ack=301
		i A seq=301 ack=301
		i PAU seq=301 ack=301 len=10
		o A seq=301 ack=311
		o FPA seq=301 ack=311 len=5
		i A seq=311 ack=307
		i FA seq=311 ack=307
		o A seq=307 ack=312
		i FA seq=311 ack=307
		o A seq=307 ack=312
	E
}

simultaneous_open() {
	connection
	sequence <<-E
		o S seq=100
		i S seq=300
		o SA seq=100 ack=301
		i SA seq=300 ack=101
		o A seq=101 ack=301
		i A seq=301 ack=101 len=20
	E
	state_is established
}

simultaneous_open_filter() {
	fresh default drop
	rule allow tcp from "$A" to "$S" dport 81 stateful
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=81 flags=S seq=100
		expect net tcp flags=S
		send net ip src=$S dst=$A tcp sport=81 dport=4000 flags=S seq=300
		expect host tcp flags=S
		send host ip src=$A dst=$S tcp sport=4000 dport=81 flags=SA seq=100 ack=301
		expect net tcp flags=SA
		send net ip src=$S dst=$A tcp sport=81 dport=4000 flags=SA seq=300 ack=101
		expect host tcp flags=SA
	E
}

# A flow met in the middle, after a restart for one.
midstream() {
	connection
	sequence <<-E
		o A seq=70000 ack=90000 len=1000
		i A seq=90000 ack=71000 len=1000
		o A seq=71000 ack=91000
	E
}

reset_translated() {
	connection
	sequence <<<"$OPEN"
	sequence <<<"i RA seq=301 ack=101"
	state_is reset
}

# Data after a reset: it was not the connection's, and the state goes back.
data_after_reset() {
	connection
	sequence <<<"$OPEN"
	sequence <<<"i R seq=301"
	sequence <<<"o A seq=101 ack=301 len=5"
	sequence <<<"i A seq=301 ack=106 len=5"
	state_is established
}

silence_after_reset() {
	connection
	ctl net set timeout tcp-reset 2
	sequence <<<"$OPEN"
	sequence <<<"i RA seq=301 ack=101"
	wait_for 10 no_flows
}

# Somebody guesses addresses and ports, but not sequence numbers. Those are not tracked, so
# the state moves; it moves back with the next segment of the connection, long before the
# timer of the new state ends anything.
forged() {
	connection
	sequence <<<"$OPEN"
	sequence <<<"i R seq=999999"
	sequence <<<"o A seq=101 ack=301 len=5"
	sequence <<<"i A seq=301 ack=106 len=5"
	state_is established
}

established_outlives() {
	connection
	ctl net set timeout tcp-opening 1 timeout tcp-closing 1 timeout tcp-reset 1 timeout udp 1
	sequence <<<"$OPEN"
	sleep 4
	sequence <<<"i A seq=301 ack=101 len=5"
	state_is established
}

closed_goes() {
	connection
	ctl net set timeout tcp-closing 2
	sequence <<<"$OPEN"
	sequence <<-E
		o FA seq=101 ack=301
		i FA seq=301 ack=102
		o A seq=102 ack=302
	E
	wait_for 10 no_flows
}

# A new connection of the same endpoints, the old one not yet forgotten.
reopened() {
	connection
	sequence <<<"$OPEN"
	sequence <<-E
		o FA seq=101 ack=301
		i FA seq=301 ack=102
		o A seq=102 ack=302
		o S seq=90000
		i SA seq=80000 ack=90001
		o A seq=90001 ack=80001
	E
	state_is established
}

unsolicited() {
	fresh default drop
	ctl pool add p "$X" filtering apdf
	rule nat tcp from "$ANET" snat pool p
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=81 flags=S
		expect net tcp src=$X sport=?p
		send net ip src=$S2 dst=$X tcp sport=81 dport=%p flags=S
		none net tcp dst=$S2
		none net within=6500 dst=$S2
		none host within=0 src=$S2
	E
}

# Deny in a rule is silence for as long as anybody listens.
stealth() {
	fresh
	rule deny tcp to "$A"
	pkt <<-E
		send net ip src=$S dst=$A tcp sport=81 dport=22 flags=S
		none net within=2000 src=$A
	E
}

invalid_flags() {
	connection
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=81 flags=SF
		send host ip src=$A dst=$S tcp sport=4000 dport=81 flags=FSRPAU
	E
	[[ $(state) != established ]]
}

real_long_transfer() {
	connection
	ctl pool set p filtering apdf
	ctl rule flush all >/dev/null
	ctl pool add q "$X2"
	rule nat tcp from "$ANET" snat pool q
	head -c 200000 /dev/urandom >"$WORK/web/file"
	on_host curl -sS -g -m 10 "http://$(at "$S" 80)/file" >"$WORK/got"
	cmp "$WORK/web/file" "$WORK/got"
	[[ $(state) == closing ]]
}

test_start
gateway
web "$NET" 80
every "7857-2 opening and established" opening
both "7857-2 closing" closing
both "5382-2 half close" half_close
every "5382-2 retransmissions, keepalives, urgent data, data with FIN" valid_sequences
every "5382-2a,6092-31 simultaneous open, translated" simultaneous_open
both "5382-2a,6092-31 simultaneous open, filter" simultaneous_open_filter
both "6092-32 met in the middle" midstream
every "7857-2.2 reset is translated" reset_translated
both "7857-2.2b data after a reset" data_after_reset
both "7857-2.2b silence after a reset" silence_after_reset
both "5382-12,7857-2.2c a forged reset ends nothing" forged
both "5382-5,6092-35 established outlives the short timers" established_outlives
both "7857-2.1 closed connection goes" closed_goes
both "opened again at once" reopened
both "5382-4,5382-4b nothing is said to an unsolicited SYN" unsolicited
both "5382-4a silent deny" stealth
both "flags that make no sense" invalid_flags
every "a transfer, and what is left of it" real_long_transfer
ktap_end
