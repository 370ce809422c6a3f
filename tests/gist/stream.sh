#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Associations over TCP on real sockets: long messages, limits, peers that say nothing, descriptors
# that run out.
#
# natfw-test: quick timeout=240
. "$(dirname "$0")/lib.sh"

PORT=30000

# The longest there are, one after the other, both ways: more than sockets take at once.
long_messages() {
	local i
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	tell ni send 10.9.1.1 10.9.2.2 reliable first
	says nf "^message .*text=first"
	for ((i = 0; i < 20; i++)); do
		tell ni send 10.9.1.1 10.9.2.2 reliable '*16380'
		tell nf back 10.9.1.1 10.9.2.2 reliable '*16380'
	done
	wait_for 5 long_ones nf 20
	wait_for 5 long_ones ni 20
	quit ni && quit nf
}

# long_ones NAME N: so many of 16380 octets have come.
long_ones() {
	local n
	n=$(sed -n 's/^message .*text=long//p' "$WORK/$1" | awk 'length == 16376' | wc -l)
	((n == $2))
}

many_messages() {
	local i
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	tell ni send 10.9.1.1 10.9.2.2 reliable first
	says nf "^message .*text=first"
	for ((i = 0; i < 200; i++)); do
		tell ni send 10.9.1.1 10.9.2.2 reliable "number$i."
	done
	says nf "^message .*text=number199\."
	want "$(sed -n 's/^message .*text=number\([0-9]*\)\..*/\1/p' "$WORK/nf" | tr '\n' ' ')" \
		"$(seq -s ' ' 0 199) " "order"
	quit ni && quit nf
}

# What is not taken is counted and refused; what has been taken arrives.
bounded() {
	local i
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	tell ni send 10.9.1.1 10.9.2.2 reliable first
	says nf "^message .*text=first"
	kill -STOP "$(node_process "$NF")"
	for ((i = 0; i < 600; i++)); do
		tell ni send 10.9.1.1 10.9.2.2 reliable '*16380'
	done
	says ni "^send handle=601"
	file_has "$WORK/ni" "error=-105"
	local taken
	taken=$(grep -c "^send .*error=0" "$WORK/ni")
	((taken > 5 && taken < 600)) || die "$taken were taken"
	kill -CONT "$(node_process "$NF")"
	wait_for 10 eval "[[ \$(grep -c ^message $WORK/nf) == $taken ]]"
	quit ni && quit nf
}

node_process() {
	ip netns pids "$1" | while read -r p; do
		[[ $(cat "/proc/$p/comm" 2>/dev/null) == node ]] && echo "$p"
	done
}

# A peer that goes away is noticed at once, and found again.
peer_leaves() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	tell ni send 10.9.1.1 10.9.2.2 reliable hello
	says nf "^message .*text=hello"
	quit nf
	says ni "stream ended"
	node nf "$NF" -i 2
	tell ni send 10.9.1.1 10.9.2.2 reliable again
	SAYS=15 says nf "^message .*text=again"
	quit ni && quit nf
}

# Refused connections fail at once; those that are not answered, in time.
nobody_there() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	in_ns "$NF" nft -f - <<-E
		table inet admin {
			chain input {
				type filter hook input priority 0
				tcp dport $PORT tcp flags syn reject with tcp reset
			}
		}
	E
	tell ni send 10.9.1.1 10.9.2.2 reliable hello
	says ni "stream ended.*refused"
	want "$(counted ni connect_failed)" 1
	in_ns "$NF" nft delete table inet admin
	quit ni && quit nf
}

not_answered() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	in_ns "$NF" nft -f - <<-E
		table inet admin {
			chain input { type filter hook input priority 0; tcp dport $PORT drop; }
		}
	E
	tell ni send 10.9.1.1 10.9.2.2 reliable hello
	SAYS=15 says ni "stream ended.*timed out"
	want "$(counted ni setup_timeout)" 1
	in_ns "$NF" nft delete table inet admin
	quit ni && quit nf
}

# crowd N: so many connections from NI that say nothing.
crowd() {
	bg in_ns "$NI" python3 -c '
import socket, sys, time
s = []
for i in range(int(sys.argv[1])):
	s.append(socket.create_connection(("10.9.1.2", '$PORT')))
	s[-1].setblocking(False)
print("there", flush=True)
closed = set()
while True:
	for c in s:
		try:
			if c.recv(1) == b"": closed.add(c)
		except BlockingIOError:
			pass
		except OSError:
			closed.add(c)
	print("closed", len(closed), flush=True)
	time.sleep(0.2)' "$1"
	CROWD=$BG_OUT
	wait_for 5 file_has "$CROWD" "^there"
}

# Many that say nothing from one address: some are kept for a while, and then no more.
silent_ones() {
	node nf "$NF" -i 2
	crowd 40
	wait_for 5 file_has "$CROWD" "^closed 24$"
	want "$(counted nf accept_refused)" 24
	want "$(counted nf accepted)" 16
	tell nf peersinfo
	says nf "^ma end"
	never nf "^ma peer"
	wait_for 15 file_has "$CROWD" "^closed 40$"
	want "$(counted nf setup_timeout)" 16
	quit nf
}

# They keep nobody else out.
others_get_in() {
	node nf "$NF" -i 2
	node nr "$NR" -i 3
	crowd 40
	tell nr send 10.9.2.2 10.9.1.1 reliable hello
	says nf "^message peer=10.9.2.2.*text=hello"
	quit nf && quit nr
}

# Accepting waits when there are no descriptors, without taking the processor, and goes on after.
no_descriptors() {
	local used before after
	used=$(node_descriptors)
	node nf "$NF" -i 2 -n "$((used + 4))"
	crowd 12
	sleep 0.5
	(($(counted nf accept_paused) > 0)) || die "accepted all"
	before=$(counted nf accept_paused)
	sleep 1
	after=$(counted nf accept_paused)
	((after - before < 10)) || die "it spins: $((after - before)) in a second"
	stop "$BG"
	node nr "$NR" -i 3
	tell nr send 10.9.2.2 10.9.1.1 reliable hello
	SAYS=15 says nf "^message peer=10.9.2.2.*text=hello"
	quit nf && quit nr
}

# How many a node has open by itself.
node_descriptors() {
	node probe "$NR" -i 9 >&2
	find "/proc/$(node_process "$NR")/fd" -type l | wc -l
	quit probe >&2
}

# Whoever speaks something else is told so, in an Error (1/0), and hung up on.
not_gist() {
	node nf "$NF" -i 2
	in_ns "$NI" timeout 5 python3 -c '
import socket
c = socket.create_connection(("10.9.1.2", '$PORT'))
c.sendall(b"GET / HTTP/1.0\r\n\r\n")
said = b""
while True:
	more = c.recv(4096)
	if not more: break
	said += more
print(said.hex())' >"$WORK/said"
	file_has "$WORK/said" "^01..........04"
	quit nf
}

ktap_start
{ ip netns add "nf$$-probe" && ip netns del "nf$$-probe"; } 2>/dev/null ||
	ktap_skip_all "no network namespaces here"
line_up

point "GIST-5.7.2-01 long messages in pieces, both ways" long_messages
point "messages in order" many_messages
point "a bound on what is queued for a peer that does not read" bounded
point "a peer that leaves is noticed and found again" peer_leaves
point "a connection refused" nobody_there
point "a connection that is not answered" not_answered
point "connections that say nothing are few, and not for long" silent_ones
point "and keep nobody else out" others_get_in
point "descriptors that run out" no_descriptors
point "GIST-A.4.4.1-01 something else than GIST" not_gist
ktap_end
