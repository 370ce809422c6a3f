#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core quick debug
#
# What each transport wants of a translator.
. "$(dirname "$0")/lib.sh"

udp_zero() {
	use 4
	fresh
	rule nat udp from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53 sum=zero data=x
		expect net udp src=$X sum=zero data=x
	E
}

# A sum that comes out as zero is sent as all ones: for some port it must.
udp_never_zero() {
	fresh
	rule nat udp from "$A" snat "$X"
	pkt <<-E
		flood host 65535 ip src=$A dst=$S udp sport=1..65535 dport=53
		count net all udp
		count net zero within=0 udp sum=zero
		count net bad within=0 udp sum=bad
	E
}

never_zero() {
	udp_never_zero >"$WORK/counts"
	file_has "$WORK/counts" '^zero=0$'
	file_has "$WORK/counts" '^bad=0$'
	file_has "$WORK/counts" '^all=[1-9]'
}

# proto_round PROTO FIELDS CONDITIONS: with the port translated, there and back.
proto_round() {
	fresh
	rule nat proto "$1" from "$A" sport 4000 to "$S" dport 99 snat "$(at "$X" 5001)"
	pkt <<-E
		send host ip src=$A dst=$S $1 sport=4000 dport=99 $2
		expect net $1 src=$X dst=$S sport=5001 dport=99 sum=ok $3
		send net ip src=$S dst=$X $1 sport=99 dport=5001 $2
		expect host $1 src=$S dst=$A sport=99 dport=4000 sum=ok $3
	E
}

udplite_whole() { proto_round udplite "cov=0 data=abcdefgh" "cov=0"; }
udplite_header() { proto_round udplite "cov=8 data=abcdefgh" "cov=8"; }
udplite_part() { proto_round udplite "cov=11 data=abcdefgh" "cov=11"; }
sctp() { proto_round sctp "vtag=0x1234 data=chunks" "vtag=4660"; }
dccp_request() { proto_round dccp "type=0 service=1718909045 data=x" "type=0 service=1718909045"; }
dccp_coverage() { proto_round dccp "type=2 cov=1 data=abcdefgh" "cov=1"; }
dccp_coverage_part() { proto_round dccp "type=2 cov=2 data=abcdefgh" "cov=2"; }
dccp_sequence() { proto_round dccp "type=1" "type=1" && proto_round dccp "type=4" "type=4"; }
tcp_options() { proto_round tcp "flags=S opts=020405b401030307 seq=4294967290" "flags=S seq=4294967290"; }

# Wrong CRC in, wrong CRC out.
sctp_broken() {
	fresh
	rule nat sctp from "$A" sport 4000 to "$S" dport 99 snat "$(at "$X" 5001)"
	pkt <<-E
		send host ip src=$A dst=$S sctp sport=4000 dport=99 sum=bad data=x
		none net sctp sum=ok
	E
}

# Addresses only: the sum does not cover them and stays what it was.
sctp_address_only() {
	fresh
	rule nat sctp from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S sctp sport=4000 dport=99 vtag=7 data=x
		expect net sctp src=$X sport=4000 vtag=7 sum=ok
		send host ip src=$A dst=$S sctp sport=4001 dport=99 vtag=7 sum=bad data=x
		expect net sctp src=$X sport=4001 sum=bad
	E
}

sctp_two_hosts() {
	fresh
	ctl pool add p "$X"
	rule nat sctp from "$ANET" snat pool p
	pkt <<-E
		send host ip src=$A dst=$S sctp sport=4000 dport=99 vtag=7 data=x
		expect net sctp src=$X sport=?one vtag=7 sum=ok
		send host ip src=$A2 dst=$S sctp sport=4000 dport=99 vtag=8 data=x
		expect net sctp src=$X sport=?two sport!=%one vtag=8 sum=ok
		send net ip src=$S dst=$X sctp sport=99 dport=%one vtag=9 data=y
		expect host sctp dst=$A dport=4000 sum=ok
		send net ip src=$S dst=$X sctp sport=99 dport=%two vtag=10 data=y
		expect host sctp dst=$A2 dport=4000 sum=ok
	E
}

esp() {
	fresh default drop
	rule nat proto esp from "$A" to "$S" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S esp spi=0x1001 data=secret
		expect net esp src=$X spi=4097
		send net ip src=$S dst=$X esp spi=0x2002 data=secret
		expect host esp dst=$A spi=8194
	E
}

esp_filter() {
	fresh default drop
	rule allow proto esp from "$A" to "$S" stateful
	pkt <<-E
		send host ip src=$A dst=$S esp spi=0x1001 data=secret
		expect net esp spi=4097
	E
}

gre() {
	fresh default drop
	rule nat proto gre from "$A" to "$S" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S gre data=inner
		expect net proto=47 src=$X
		send net ip src=$S dst=$X gre data=inner
		expect host proto=47 dst=$A
	E
}

# A second host with the same protocol to the same peer cannot be told apart: an exact rule
# for it is refused, and so is its packet where a wider rule would make the flow.
gre_collision() {
	fresh
	rule nat proto gre from "$A" to "$S" snat "$X"
	if ctl rule add nat proto gre from "$A2" to "$S" snat "$X" 2>"$WORK/err"; then
		die "a second rule with the same replies was made"
	fi
	grep -q 'translates to the same' "$WORK/err" || die "refused, but: $(<"$WORK/err")"
	ctl rule flush all >/dev/null
	rule nat proto gre from "$A" snat "$X"
	rule nat proto gre from "$A2" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S gre data=one
		expect net proto=47 src=$X
		send host ip src=$A2 dst=$S gre data=two
		none net proto=47
	E
	reason_is clash 1
}

echo_back() {
	fresh default drop
	ctl pool add p "$X"
	rule nat proto "$ICMP" from "$ANET" snat pool p
	pkt <<-E
		send host ip src=$A dst=$S9 icmp type=$ECHO id=77 seq=9 data=abc
		expect net icmp src=$X type=$ECHO qid=?id seq=9 data=abc sum=ok
		send net ip src=$S9 dst=$X icmp type=$REPLY id=%id seq=9 data=abc
		expect host icmp dst=$A type=$REPLY qid=77 seq=9 data=abc sum=ok
	E
}

timestamp() {
	use 4
	fresh default drop
	rule nat icmp from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S9 icmp type=13 id=77 len=12
		expect net icmp src=$X type=13 qid=77 sum=ok
		send net ip src=$S9 dst=$X icmp type=14 id=77 len=12
		expect host icmp dst=$A type=14 qid=77 sum=ok
	E
}

ip_options_nat() {
	use 4
	fresh
	rule nat udp from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S opts=01010101 udp sport=4000 dport=53 data=x
		expect net udp src=$X ihl=6 sport=4000 sum=ok ipsum=ok
	E
}

extension_headers_nat() {
	use 6
	fresh
	rule nat udp from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S dst udp sport=4000 dport=53 data=x
		expect net udp src=$X ext=60 sport=4000 sum=ok
	E
}

# The kernel's own SCTP at both ends.
real_sctp() {
	on_host modprobe -q sctp 2>/dev/null || unable "no SCTP in this kernel"
	fresh default drop
	rule nat sctp from "$A" to "$S" snat "$X"
	bg on_net timeout 20 socat -u "SCTP$V-LISTEN:5000,bind=$(bracket "$S")" STDOUT
	local out=$BG_OUT
	wait_for 5 sctp_listening
	echo hello-sctp | on_host timeout 15 socat -u STDIN "SCTP$V-CONNECT:$(at "$S" 5000),bind=$(bracket "$A")"
	wait_for 5 file_has "$out" hello-sctp
}

# No application gateway: addresses in payloads are nobody's business here.
payload() {
	fresh
	rule nat udp from "$A" snat "$X"
	rule nat tcp from "$A" snat "$X"
	rule nat dccp from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=5060 dport=5060 data=Via-${A//:/-}
		expect net udp src=$X data=Via-${A//:/-}
		send host ip src=$A dst=$S tcp sport=4000 dport=21 data=PORT-${A//:/-}
		expect net tcp src=$X data=PORT-${A//:/-}
		send host ip src=$A dst=$S dccp type=2 sport=5060 dport=5060 data=Via-${A//:/-}
		expect net dccp src=$X data=Via-${A//:/-}
	E
}

# ICMP that is neither query nor error: nothing in it to translate, so it stays inside;
# without translation a rule decides as for any other packet.
icmp_neither() {
	use 4
	fresh default drop
	ctl pool add p "$X"
	rule nat icmp from "$A" snat pool p
	rule allow icmp from "$A2" type 37
	pkt <<-E
		send host ip src=$A dst=$S icmp type=37 id=1
		none net icmp
		send host ip src=$A2 dst=$S icmp type=37 id=1
		expect net icmp type=37
	E
	reason_is not-translatable 1
}

sctp_listening() { on_net sh -c 'grep -q 5000 /proc/net/sctp/eps'; }

test_start
gateway
point "X-4787-15 UDP without checksum (IPv4)" udp_zero
both "X-4787-15 a UDP checksum never becomes zero" never_zero
both "X-4787-16 UDP-Lite, all covered" udplite_whole
both "X-4787-16 UDP-Lite, header covered" udplite_header
both "X-4787-16 UDP-Lite, part of the payload covered" udplite_part
both "X-SCTP-2 SCTP, port translated" sctp
both "X-SCTP-2 SCTP, a broken checksum is not mended" sctp_broken
both "X-SCTP-1 SCTP, address only" sctp_address_only
both "X-SCTP-1,X-SCTP-3 SCTP, two hosts with one port" sctp_two_hosts
both "5597-11,5597-13 DCCP request" dccp_request
both "5597-11,5597-12 DCCP, header covered" dccp_coverage
both "5597-11,5597-12 DCCP, part of the payload covered" dccp_coverage_part
both "5597-2 DCCP packet types" dccp_sequence
both "5382-11 TCP options and sequence numbers stay" tcp_options
both "X-PRT-1 ESP" esp
both "X-PRT-1,6092-21 ESP, filter" esp_filter
both "X-PRT-1 GRE" gre
both "X-PRT-1 GRE, the second host is refused" gre_collision
every "5508-1,5508-10a echo through a pool" echo_back
point "5508-10b timestamp request" timestamp
both "4787-10,5382-6,5597-6 payloads stay as they are" payload
point "5508-11 ICMP that is neither query nor error" icmp_neither
point "3022-4 IPv4 options" ip_options_nat
point "IPv6 destination options" extension_headers_nat
both "X-SCTP-1 SCTP association between two kernels" real_sctp
ktap_end
