#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the daemon knows of routes, interfaces and addresses, and how it hears of changes.
#
# natfw-test: quick timeout=120
. "$(dirname "$0")/lib.sh"

index() {
	in_ns "$NF" cat "/sys/class/net/$1/ifindex"
}

# asks COMMAND PATTERN: what the NF says to it last.
asks() {
	local n
	n=$(wc -l <"$WORK/nf")
	tell nf "$1"
	wait_for 5 eval "(( \$(wc -l <$WORK/nf) > $n ))"
	tail -n 1 "$WORK/nf" | has "$2" || {
		tail -n 1 "$WORK/nf"
		return 1
	}
}

ASK="wait_for 5 asks"

lookups() {
	node nf "$NF" -i 2
	asks "route 10.9.2.2" "found=1 if=$(ifindex nf1) source=10.9.2.1 gateway=- mtu=1500 local=0"
	asks "route fd09:2::2" "found=1 if=$(ifindex nf1) source=fd09:2::1 gateway=- mtu=1500"
	asks "route 10.9.1.2" "found=1 .*local=1"
	asks "route fd09:2::1" "found=1 .*local=1"
	asks "route 203.0.113.1" "found=0"
	asks "route 2001:db8::1" "found=0"
	ip -n "$NF" route add 203.0.113.0/24 via 10.9.2.2 mtu 1280
	$ASK "route 203.0.113.1" "found=1 .* source=10.9.2.1 gateway=10.9.2.2 mtu=1280"
	ip -n "$NF" route add blackhole 203.0.113.7
	$ASK "route 203.0.113.7" "found=0"
	ip -n "$NF" route del 203.0.113.0/24
	$ASK "route 203.0.113.1" "found=0"
	ip -n "$NF" route del blackhole 203.0.113.7
	quit nf
}

ifindex() {
	in_ns "$NF" ip -j link show dev "$1" | jq '.[0].ifindex'
}

remembers() {
	node nf "$NF" -i 2
	local i before
	asks "route 10.9.2.2" found=1
	before=$(counted nf route_lookup)
	for ((i = 0; i < 20; i++)); do
		asks "route 10.9.2.2" found=1
	done
	want "$(counted nf route_lookup)" "$before"
	quit nf
}

ingress() {
	local inside outside
	inside=$(ifindex nf0) outside=$(ifindex nf1)
	node nf "$NF" -i 2
	asks "ingress 10.9.1.1 $inside" "ingress 1"
	asks "ingress 10.9.1.1 $outside" "ingress 0"
	asks "ingress 10.9.1.2 $outside" "ingress 0"
	asks "ingress 203.0.113.1 $outside" "ingress 0"
	ip -n "$NF" route add 203.0.113.0/24 nexthop via 10.9.1.1 nexthop via 10.9.2.2
	$ASK "ingress 203.0.113.1 $inside" "ingress 1"
	asks "ingress 203.0.113.1 $outside" "ingress 1"
	ip -n "$NF" route del 203.0.113.0/24
	$ASK "ingress 203.0.113.1 $inside" "ingress 0"
	asks "ingress fd09:2::9 $outside" "ingress 1"
	asks "ingress fd09:2::9 $inside" "ingress 0"
	quit nf
}

addresses_of() {
	local i
	i=$(ifindex nf0)
	node nf "$NF" -i 2
	asks "interface $i 4" "interface 1 10.9.1.2"
	asks "interface $i 6" "interface 1 fd09:1::2"
	ip -n "$NF" addr add 10.9.77.2/24 dev nf0
	ip -n "$NF" addr del 10.9.1.2/24 dev nf0
	$ASK "interface $i 4" "interface 1 10.9.77.2"
	ip -n "$NF" addr add 10.9.1.2/24 dev nf0
	ip -n "$NF" addr del 10.9.77.2/24 dev nf0
	$ASK "interface $i 4" "interface 1 10.9.1.2"
	ip -n "$NF" addr del fd09:1::2/64 dev nf0
	$ASK "interface $i 6" "interface 0"
	ip -n "$NF" addr add fd09:1::2/64 dev nf0 nodad
	$ASK "interface $i 6" "interface 1 fd09:1::2"
	asks "interface 4242 4" "interface 0"
	quit nf
}

# A change on the path makes the querier ask again before its refresh is due.
changes_told() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	tell ni send 10.9.1.1 10.9.2.2 datagram hello
	says nf "^message"
	local before
	before=$(grep -c ^query "$WORK/nf")
	ip -n "$NF" addr add 10.9.1.3/24 dev nf0
	ip -n "$NI" route add 10.9.2.0/24 via 10.9.1.3
	wait_for 5 eval "(( \$(grep -c ^query $WORK/nf) > $before ))"
	ip -n "$NF" addr del 10.9.1.3/24 dev nf0
	ip -n "$NI" route del 10.9.2.0/24
	quit ni && quit nf
}

# An interface that goes down takes its IPv4 routes along without a word of each.
link_down() {
	node nf "$NF" -i 2
	asks "route 10.9.2.2" found=1
	ip -n "$NF" link set nf1 down
	$ASK "route 10.9.2.2" found=0
	ip -n "$NF" link set nf1 up
	ip -n "$NF" addr add fd09:2::1/64 dev nf1 nodad
	$ASK "route 10.9.2.2" found=1
	quit nf
}

# More events than there is room for: all is asked again.
too_many() {
	node nf "$NF" -i 2
	local pid
	pid=$(ip netns pids "$NF" | while read -r p; do
		[[ $(cat "/proc/$p/comm") == node ]] && echo "$p"; done)
	kill -STOP "$pid"
	for i in $(seq 0 255); do
		echo "route add blackhole 198.18.$i.0/24"
		for j in $(seq 1 127); do
			echo "route add blackhole 198.18.$i.$j"
		done
	done >"$WORK/batch"
	ip -n "$NF" -batch "$WORK/batch"
	ip -n "$NF" addr add 10.9.88.2/24 dev nf0
	kill -CONT "$pid"
	wait_for 10 eval "(( \$(counted nf route_resync) > 0 ))"
	sed -i s/add/del/ "$WORK/batch"
	asks "route 10.9.88.2" local=1
	ip -n "$NF" addr del 10.9.88.2/24 dev nf0
	ip -n "$NF" -batch "$WORK/batch"
	quit nf
}

ktap_start
{ ip netns add "nf$$-probe" && ip netns del "nf$$-probe"; } 2>/dev/null ||
	ktap_skip_all "no network namespaces here"
line_up

point "what the kernel's routing says" lookups
point "answers are remembered" remembers
point "GIST-4.3.2-01 reverse path, over several next hops too" ingress
point "GIST-5.2.2-01 an address of an interface" addresses_of
point "GIST-7.1.2-01 changes of routes are told" changes_told
point "GIST-7.1.2-01 interfaces that go down" link_down
point "events that were lost" too_many
ktap_end
