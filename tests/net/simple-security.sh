#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test:
#
# A home gateway's rule set after RFC 6092: what it takes in rules of natfw, and that it
# holds.
. "$(dirname "$0")/lib.sh"

# Inside may open anything; outside nothing, save IPsec and IKE; no false addresses.
rule_set() {
	fresh default drop
	rule priority 10 deny from ff00::/8
	rule priority 10 deny from fec0::/10
	rule priority 10 deny to fec0::/10
	rule priority 20 deny from "$ANET" dev wan
	rule priority 30 allow from "$ANET" dev lan stateful
	rule priority 40 allow proto esp to "$ANET" dev wan stateful
	rule priority 40 allow proto ah to "$ANET" dev wan stateful
	rule priority 40 allow udp to "$ANET" dport 500 dev wan stateful
}

inside_opens() {
	rule_set
	pkt <<-E
		send host ip src=$A dst=$S udp sport=5000 dport=6000
		expect net udp
		send net ip src=$S dst=$A udp sport=6000 dport=5000 data=reply
		expect host udp data=reply
		send net ip src=$S dst=$A udp sport=6001 dport=5000 data=other
		none host udp data=other
		send net ip src=$S dst=$A tcp sport=80 dport=22 flags=S
		none host tcp
	E
}

false_interior() {
	rule_set
	pkt <<-E
		send net ip src=$A9 dst=$A udp sport=500 dport=500 data=x
		none host udp data=x
	E
	reason_is deny 1
}

false_exterior() {
	rule_set
	pkt <<-E
		send host ip src=2001:db8:77::1 dst=$S udp sport=1 dport=2
		none net udp
	E
	reason_some drop-default
}

barred() {
	rule_set
	pkt <<-E
		send host ip src=ff02::1 dst=$S udp sport=1 dport=2
		send host ip src=fec0::1 dst=$S udp sport=1 dport=2
		send host ip src=$A dst=fec0::1 udp sport=1 dport=2
		send host ip src=::ffff:10.1.0.2 dst=$S udp sport=1 dport=2
		none net udp
	E
}

ipsec_in() {
	rule_set
	pkt <<-E
		send net ip src=$S dst=$A esp spi=77 data=x
		expect host esp spi=77
		send net ip src=$S dst=$A ah spi=78 data=x
		expect host ah spi=78
		send net ip src=$S dst=$A udp sport=500 dport=500 data=ike
		expect host udp data=ike
	E
	ctl rule flush all >/dev/null
	rule allow from "$ANET" dev lan stateful
	pkt <<-E
		send net ip src=$S dst=$A esp spi=79 data=x
		none host esp
	E
}

# Type 0 is obsolete and must not be followed; type 2 is Mobile IPv6's.
routing_headers() {
	rule_set
	pkt <<-E
		send host ip src=$A dst=$S rt type=0 left=1 udp sport=5000 dport=6000 data=zero
		none net data=zero
		none net within=0 ext=43
		send host ip src=$A dst=$S udp sport=5000 dport=6000
		expect net udp
		send host ip src=$A dst=$S rt type=2 left=1 udp sport=5000 dport=6000 data=two
		expect net ext=43
	E
}

test_start
gateway
use 6
point "6092-31 what inside opens is answered, and nothing else" inside_opens
point "6092-6 an interior source from outside" false_interior
point "6092-5 an exterior source from inside" false_exterior
point "6092-1,6092-3 addresses barred from the Internet" barred
point "6092-21 IPsec and IKE from outside, and how to disable them" ipsec_in
point "6092-4 routing headers" routing_headers
ktap_end
