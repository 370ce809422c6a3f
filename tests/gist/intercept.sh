#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Interception: Q-mode messages on their way to somebody else are caught, taken or passed on;
# everything else goes by untouched.
#
# natfw-test: quick timeout=180
. "$(dirname "$0")/lib.sh"

PKT=$TESTS/net/pkt
MAGIC=4e04bda5
QUERY=${MAGIC}010a0002002180c0aabbccdd11223344	# C=1; not a good Query, but taken for one
DATA=${MAGIC}010a000200210380aabbccdd11223344	# C=0
RAO4=94040041
RAO6=050200440100

pkt() {
	{
		echo "open ni $NI ni0 02:00:00:00:01:02"
		echo "open nr $NR nr0 02:00:00:00:02:01"
		cat
	} | "$PKT" --slowness "$SLOW"
}

# goes_by NETWORK-LAYER UDP: a packet from NI arrives at NR, TTL one lower, as it was.
goes_by() {
	pkt <<-E
		send ni ip $1 ttl=64 $2
		expect nr udp ttl=63 sum=ok $3
	E
}

V4="src=10.9.1.1 dst=10.9.2.2"
V6="src=fd09:1::1 dst=fd09:2::2"

# handshake FROM TO: the NF catches the Query, state is set up, Data goes both ways.
handshake() {
	tell ni send "$1" "$2" datagram hello
	says nf "^query .*endpoint=0 validated=0.* ttl=64 distance=0"
	says nf "^message .*validated=1.*text=hello"
	tell nf back "$1" "$2" datagram answer
	says ni "^message .*up=1.*text=answer"
	never nr "^query"
}

peers_on_path() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2
	node nr "$NR" -i 3
	handshake "$@"
	# on a slow kernel it may have been asked again
	want "$(counted nf intercepted)" "$(grep -c ^query "$WORK/nf")"
	want "$(counted nf relayed)" 0
	quit ni && quit nf && quit nr
}

# propagates WHAT HOPS FROM TO: the NF lets it go on, with one TTL less.
propagates() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2 -a "$1"
	node nr "$NR" -i 3
	tell ni send "$3" "$4" datagram hello
	says nr "^query .*endpoint=1.*hops=$2 ttl=63"
	says nr "^message .*text=hello"
	says ni "^status .*sent=1"
	want "$(counted nf relayed)" "$(counted nf intercepted)"
	(($(counted nf intercepted) > 0))
	quit ni && quit nf && quit nr
}

ignores() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2 -a ignore
	node nr "$NR" -i 3
	tell ni send 10.9.1.1 10.9.2.2 datagram hello
	says nf "^query"
	never nr "^query"
	want "$(counted nf relayed)" 0
	quit ni && quit nf && quit nr
}

# once OPTION...: a Query to one of the NF's own addresses is handled once, and not caught.
once() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2 "$@"
	tell ni send 10.9.1.1 10.9.2.1 datagram hello
	tell ni send fd09:1::1 fd09:2::1 datagram hello
	says nf "^message peer=10.*text=hello"
	says nf "^message peer=fd.*text=hello"
	(($(grep -c "^query .*endpoint=1" "$WORK/nf") == 2 || SLOW > 1))
	want "$(counted nf intercepted)" 0
	want "$(counted nf relayed)" 0
	quit ni && quit nf
}

# Who is gone has left nothing behind.
leaves_no_trap() {
	node nf "$NF" -i 2
	in_ns "$NF" nft list tables | grep "inet natfwd"
	stop "$nf_PID"
	in_ns "$NF" nft list tables >"$WORK/tables"
	file_lacks "$WORK/tables" natfwd
	goes_by "$V4 opts=$RAO4" "udp sport=270 dport=270 hex=$QUERY" "hex=$QUERY"
}

# The forward chain counts what goes by: to be on it is to have been forwarded by the kernel.
forwarded() {
	in_ns "$NF" nft -j list counters | jq '.nftables[] | .counter? // empty | .packets'
}

others_untouched() {
	node nf "$NF" -i 2
	in_ns "$NF" nft -f - <<-E
		table inet admin {
			counter seen { }
			chain forward {
				type filter hook forward priority 0
				meta l4proto udp counter name seen
			}
		}
	E
	goes_by "$V4 opts=$RAO4" "udp sport=270 dport=270 hex=$DATA" "hex=$DATA"
	goes_by "$V4 opts=$RAO4" "udp sport=270 dport=271 hex=$QUERY" "hex=$QUERY"
	goes_by "$V4 opts=$RAO4" "udp sport=270 dport=270 hex=5e04bda5010a000200218080" ""
	goes_by "$V4" "udp sport=270 dport=270 hex=$QUERY" "hex=$QUERY"
	goes_by "$V4 opts=94040000" "udp sport=5 dport=7 data=another" "data=another"
	goes_by "$V4 opts=$RAO4" "udp sport=270 dport=270 data=short" "data=short"
	goes_by "$V6" "hbh opts=$RAO6 udp sport=270 dport=270 hex=$DATA" "hex=$DATA"
	goes_by "$V6" "hbh opts=$RAO6 udp sport=5 dport=7 data=another" "data=another"
	goes_by "$V6" "udp sport=270 dport=270 hex=$QUERY" "hex=$QUERY"
	want "$(forwarded)" 9 "packets forwarded by the kernel"
	want "$(counted nf intercepted)" 0
	want "$(counted nf relayed)" 0
	in_ns "$NF" nft delete table inet admin
	quit nf
}

# What the rule cannot see is found out later, and goes on all the same.
nearly_untouched() {
	node nf "$NF" -i 2
	goes_by "$V6" "hbh udp sport=270 dport=270 hex=$QUERY" "hex=$QUERY"
	pkt <<-E
		send ni ip $V4 opts=$RAO4 udp sport=270 dport=270 hex=$QUERY sum=bad
		expect nr ttl=63 dport=270
	E
	want "$(counted nf intercepted)" 0
	want "$(counted nf relayed)" 2
	quit nf
}

# A fragmented one is no Q-mode message (DF is a must): its parts go by.
fragments_untouched() {
	node nf "$NF" -i 2
	pkt <<-E
		send ni ip $V4 opts=$RAO4 split=16 udp sport=270 dport=270 hex=$QUERY
		expect nr ttl=63 mf=1
		expect nr ttl=63 mf=0 off>0
	E
	want "$(counted nf intercepted)" 0
	quit nf
}

takes_real_ones() {
	node nf "$NF" -i 2
	pkt <<-E
		send ni ip $V4 opts=$RAO4 df=1 udp sport=270 dport=270 hex=$QUERY
		send ni ip $V4 opts=0101010194040041 df=1 udp sport=270 dport=270 hex=$DATA
		send ni ip $V6 hbh opts=$RAO6 udp sport=270 dport=270 hex=$QUERY
		none nr hex=$QUERY
	E
	want "$(counted nf intercepted)" 2
	quit nf
}

# Other values of the option are somebody else's alert, but port, magic number and C say GIST.
every_value() {
	node nf "$NF" -i 2 -a none
	goes_by "$V4 opts=94040007 df=1" "udp sport=270 dport=270 hex=$QUERY" "dport=270"
	goes_by "$V6" "hbh opts=050200070100 udp sport=270 dport=270 hex=$QUERY" "dport=270"
	want "$(counted nf intercepted)" 2
	want "$(counted nf relayed)" 2
	quit nf
}

expired() {
	node nf "$NF" -i 2 -a none
	pkt <<-E
		send ni ip $V4 ttl=1 opts=$RAO4 df=1 udp sport=270 dport=270 hex=$QUERY
		send ni ip $V6 ttl=1 hbh opts=$RAO6 udp sport=270 dport=270 hex=$QUERY
		none nr dport=270
	E
	want "$(counted nf relay_failed)" 2
	quit nf
}

# ---- raw router alert sockets, without nf_tables ----

raw_ipv6() {
	node ni "$NI" -i 1
	node nf "$NF" -i 2 -r
	node nr "$NR" -i 3
	handshake fd09:1::1 fd09:2::2
	want "$(counted nf intercepted)" "$(grep -c ^query "$WORK/nf")"
	quit ni && quit nf && quit nr
}

# Linux knows only the value 0: one with 65 goes by, one with 0 is caught.
raw_ipv4() {
	node nf "$NF" -i 2 -r -a none
	goes_by "$V4 opts=$RAO4 df=1" "udp sport=270 dport=270 hex=$QUERY" "hex=$QUERY"
	want "$(counted nf intercepted)" 0 "with 65"
	goes_by "$V4 opts=94040000 df=1" "udp sport=270 dport=270 hex=$QUERY" "dport=270"
	want "$(counted nf intercepted)" 1 "with 0"
	quit nf
}

# What a raw socket gets and does not want goes on: nobody else will do it.
raw_others() {
	node nf "$NF" -i 2 -r
	goes_by "$V4 opts=94040000" "udp sport=5 dport=7 data=another" "data=another"
	goes_by "$V4 opts=94040000" "udp sport=270 dport=270 hex=$DATA" "hex=$DATA"
	goes_by "$V6" "hbh opts=$RAO6 udp sport=5 dport=7 data=another" "data=another"
	want "$(counted nf relayed)" 3
	want "$(counted nf intercepted)" 0
	quit nf
}

# IPv6 alerts of one network namespace are not shown in all of them.
raw_namespace() {
	node nf "$NF" -i 2 -a none
	node ni "$NI" -i 1 -r
	pkt <<-E
		send ni ip $V6 hbh opts=$RAO6 udp sport=5 dport=7 data=another
		expect nr data=another
	E
	want "$(counted ni relayed)" 0
	quit ni && quit nf
}

ktap_start
in_own_ns() { ip netns add "nf$$-probe" && ip netns del "nf$$-probe"; }
in_own_ns 2>/dev/null || ktap_skip_all "no network namespaces here"
line_up

point "GIST-5.3.2-03,GIST-5.3.2.1-01,GIST-5.3.2.3-04 IPv4: a Query is caught on its way" \
	peers_on_path 10.9.1.1 10.9.2.2
point "GIST-5.3.2-03,GIST-5.3.2.2-01,GIST-5.3.2.2-04 IPv6: a Query is caught on its way" \
	peers_on_path fd09:1::1 fd09:2::2
point "GIST-4.3.2-04,GIST-4.3.4-10 IPv4: an application that declines lets it go on" \
	propagates pass 28 10.9.1.1 10.9.2.2
point "GIST-4.3.2-04,GIST-4.3.4-10 IPv6: an application that declines lets it go on" \
	propagates pass 28 fd09:1::1 fd09:2::2
point "GIST-4.3.4-03,GIST-4.3.4-07,GIST-4.3.4-08 IPv4: a node with another application is passed" \
	propagates other 28 10.9.1.1 10.9.2.2
point "GIST-4.3.4-03,GIST-4.3.4-07,GIST-4.3.4-08 IPv6: a node with another application is passed" \
	propagates other 28 fd09:1::1 fd09:2::2
point "GIST-4.3.4-02,GIST-4.3.4-07 IPv4: a node without applications is passed" \
	propagates none 29 10.9.1.1 10.9.2.2
point "GIST-4.3.4-02,GIST-4.3.4-07 IPv6: a node without applications is passed" \
	propagates none 29 fd09:1::1 fd09:2::2
point "GIST-4.3.2-05 an overloaded node is silent" ignores
point "GIST-4.3.2-01 a Query to an own address is handled once" once
point "the trap goes with who set it" leaves_no_trap
point "GIST-3.6-01,GIST-3.6-02,GIST-4.3.4-01,GIST-5.3.2.3-09 all else is forwarded by the kernel" \
	others_untouched
point "GIST-4.3.4-01 what is found out late goes on too" nearly_untouched
point "GIST-4.3.4-01 fragments go by" fragments_untouched
point "GIST-5.3.2.3-05,GIST-5.3.2.3-08 port, magic number and C make a Query" takes_real_ones
point "GIST-4.3.4-02 other values of the router alert go on" every_value
point "GIST-4.3.4-10 what has no TTL left does not go on" expired
point "raw sockets: IPv6 Queries are caught" raw_ipv6
point "raw sockets: IPv4 Queries only with router alert 0" raw_ipv4
point "raw sockets: packets of others go on" raw_others
point "raw sockets: a Query to an own address is handled once" once -r
point "raw sockets: other network namespaces are not disturbed" raw_namespace
ktap_end
