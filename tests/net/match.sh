#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core quick debug
#
# Every field a rule can name: one packet that has it passes, one that differs in just
# that field does not.
. "$(dirname "$0")/lib.sh"

# only RULE-WORDS -- LAYERS -- LAYERS: with default drop and one allowing rule, the first
# packet arrives and the second does not.
only() {
	local words=() yes=() no=()
	while [[ $1 != -- ]]; do words+=("$1") && shift; done
	shift
	while [[ $1 != -- ]]; do yes+=("$1") && shift; done
	shift
	no=("$@")
	fresh default drop
	rule allow "${words[@]}"
	pkt <<-E
		send host ${yes[*]}
		expect net src=$A
		send host ${no[*]}
		none net src=$A
		none net src=$A2
		none net src=$A9
	E
}

UDP="udp sport=4000 dport=53"

src_host() { only from "$A" -- "ip src=$A dst=$S $UDP" -- "ip src=$A2 dst=$S $UDP"; }

src_prefix() {
	local other=10.3.0.1
	[[ $V == 4 ]] || other=fd00:7::1
	only from "$ANET" -- "ip src=$A dst=$S $UDP" -- "ip src=$other dst=$S $UDP"
}

dst_host() { only to "$S" -- "ip src=$A dst=$S $UDP" -- "ip src=$A dst=$S2 $UDP"; }

# Prefixes that end within a byte.
dst_prefix() {
	local net=203.0.113.0/31
	[[ $V == 4 ]] || net=2001:db8:3::/127
	only to "$net" -- "ip src=$A dst=$S $UDP" -- "ip src=$A dst=$S2 $UDP"
}

any_source() { only from "$ANY" to "$S" -- "ip src=$A dst=$S $UDP" -- "ip src=$A dst=$S2 $UDP"; }

protocol() {
	only udp to "$S" -- "ip src=$A dst=$S $UDP" -- \
		"ip src=$A dst=$S tcp sport=4000 dport=53 flags=S"
}

protocol_number() {
	only proto 253 to "$S" -- "ip src=$A dst=$S raw data=x" -- \
		"ip src=$A dst=$S raw number=254 data=x"
}

any_protocol() {
	fresh default drop
	rule allow from "$A" to "$S"
	pkt <<-E
		send host ip src=$A dst=$S $UDP
		expect net udp
		send host ip src=$A dst=$S tcp sport=1 dport=2 flags=S
		expect net tcp
		send host ip src=$A dst=$S icmp type=$ECHO id=1
		expect net icmp
		send host ip src=$A dst=$S esp spi=5
		expect net esp
		send host ip src=$A dst=$S gre data=x
		expect net proto=47
		send host ip src=$A dst=$S raw number=200 data=x
		expect net proto=200
		send host ip src=$A2 dst=$S $UDP
		none net udp src=$A2
	E
}

sport_one() {
	only udp from "$A" sport 4000 -- "ip src=$A dst=$S $UDP" -- \
		"ip src=$A dst=$S udp sport=4001 dport=53"
}

# Ranges that are no power of two: both ends in, both neighbours out.
port_ranges() {
	fresh default drop
	rule allow udp sport 3999-4001 dport 50-1030
	pkt <<-E
		send host ip src=$A dst=$S udp sport=3999 dport=50
		expect net sport=3999 dport=50
		send host ip src=$A dst=$S udp sport=4001 dport=1030
		expect net sport=4001 dport=1030
		send host ip src=$A dst=$S udp sport=3998 dport=50
		send host ip src=$A dst=$S udp sport=4002 dport=50
		send host ip src=$A dst=$S udp sport=4000 dport=49
		send host ip src=$A dst=$S udp sport=4000 dport=1031
		none net udp src=$A
	E
}

ports_of_others() {
	local proto
	for proto in tcp sctp dccp udplite; do
		only proto "$proto" dport 80 -- "ip src=$A dst=$S $proto sport=4000 dport=80" -- \
			"ip src=$A dst=$S $proto sport=4000 dport=81"
	done
}

icmp_type() {
	only proto "$ICMP" type "$ECHO" -- "ip src=$A dst=$S icmp type=$ECHO id=1" -- \
		"ip src=$A dst=$S icmp type=$REPLY id=1"
}

icmp_code() {
	only proto "$ICMP" type "$ECHO" code 0 -- "ip src=$A dst=$S icmp type=$ECHO id=1" -- \
		"ip src=$A dst=$S icmp type=$ECHO code=7 id=1"
}

esp_spi() {
	only proto esp spi 0x1001 -- "ip src=$A dst=$S esp spi=0x1001" -- \
		"ip src=$A dst=$S esp spi=0x1002"
}

ah_spi() {
	only proto ah spi 0x1001 -- "ip src=$A dst=$S ah spi=0x1001" -- \
		"ip src=$A dst=$S ah spi=0x1002"
}

dscp() {
	only udp to "$S" dscp 46 -- "ip src=$A dst=$S dscp=46 $UDP" -- \
		"ip src=$A dst=$S dscp=44 $UDP"
}

# The field is not part of a flow's key: one flow, two verdicts.
dscp_within_flow() {
	fresh default drop
	rule allow udp to "$S" dscp 46
	pkt <<-E
		send host ip src=$A dst=$S dscp=46 $UDP data=a
		expect net data=a dscp=46
		send host ip src=$A dst=$S dscp=0 $UDP data=b
		none net data=b
		send host ip src=$A dst=$S dscp=46 $UDP data=c
		expect net data=c
	E
}

flow_label() {
	use 6
	only udp to "$S" flowlabel 0x12345 -- "ip src=$A dst=$S label=0x12345 $UDP" -- \
		"ip src=$A dst=$S label=0x12346 $UDP"
}

device() {
	fresh default drop
	rule allow udp to "$S" dev lan
	udp_passes 4000 53
	pkt <<-E
		send host2 ip src=$B dst=$S udp sport=4000 dport=53
		none net src=$B
	E
}

zone() {
	fresh default drop
	ctl dev set lan2 zone 7
	rule allow udp to "$S" zone 7
	pkt <<-E
		send host2 ip src=$B dst=$S udp sport=4000 dport=53
		expect net src=$B
	E
	udp_vanishes 4000 53
}

zone_any() {
	fresh default drop
	ctl dev set lan2 zone 7
	rule allow udp to "$S" zone any
	udp_passes 4000 53
	pkt <<-E
		send host2 ip src=$B dst=$S udp sport=4000 dport=53
		expect net src=$B
	E
}

# Headers between address and transport are stepped over.
extension_headers() {
	use 6
	only udp to "$S" dport 53 -- "ip src=$A dst=$S dst $UDP" -- \
		"ip src=$A dst=$S dst udp sport=4000 dport=54"
	only udp to "$S" dport 53 -- "ip src=$A dst=$S hbh dst $UDP" -- \
		"ip src=$A dst=$S hbh dst udp sport=4000 dport=54"
}

ip_options() {
	use 4
	only udp to "$S" dport 53 -- "ip src=$A dst=$S opts=01010101 $UDP" -- \
		"ip src=$A dst=$S opts=01010101 udp sport=4000 dport=54"
}

# What is no port must not be taken for one: a header cut short, a later fragment.
truncated() {
	fresh
	rule deny tcp dport 80
	pkt <<-E
		send host ip src=$A dst=$S cut=19 iplen=21 tcp sport=4000 dport=80 flags=S
		send host ip src=$A dst=$S cut=10 tcp sport=4000 dport=80 flags=S
		none net src=$A
	E
}

refused_rules() {
	fresh
	fails ctl rule add allow udp from "$A" to 192.0.2.1/33
	fails ctl rule add allow udp from 10.1.0.2 to 2001:db8::1
	fails ctl rule add allow icmp dport 80
	fails ctl rule add allow udp dport 90-80
	fails ctl rule add allow esp dport 80
	want "$(rule_count)" 0 rules
}

test_start
gateway two
both "X-FP-1 source address" src_host
both "X-FP-1 source prefix" src_prefix
both "X-FP-1 destination address" dst_host
both "destination prefix of odd length" dst_prefix
both "any source" any_source
both "X-FP-1 protocol" protocol
both "protocol by number" protocol_number
both "any protocol" any_protocol
both "X-FP-1 source port" sport_one
both "X-FP-1 port ranges" port_ranges
both "ports of TCP, SCTP, DCCP and UDP-Lite" ports_of_others
both "ICMP type" icmp_type
both "ICMP code" icmp_code
both "6092-21 ESP by SPI" esp_spi
both "6092-21 AH by SPI" ah_spi
both "DSCP" dscp
both "DSCP differs within a flow" dscp_within_flow
point "IPv6 flow label" flow_label
both "ingress device" device
both "zone" zone
both "any zone" zone_any
point "X-FP-10 IPv6 extension headers are followed" extension_headers
point "IPv4 options are skipped" ip_options
both "a header cut short hides no port" truncated
point "rules that make no sense are refused" refused_rules
ktap_end
