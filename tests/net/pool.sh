#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# External address pools: which address and port a flow gets, and when none.
. "$(dirname "$0")/lib.sh"

# pool_rule NAT-WORDS -- POOL-WORDS: everything from the inside through pool p.
with_pool() {
	fresh default drop
	ctl pool add p "$@"
	rule nat from "$ANET" snat pool p
}

# out SRC SPORT DST [PROTO]: send one packet; "ADDRESS PORT" it has outside.
out() {
	local proto=${4:-udp}
	pkt <<-E | tr '\n' ' ' | sed 's/addr=\([^ ]*\) port=\([^ ]*\) /\1 \2/'
		send host ip src=$1 dst=$3 $proto sport=$2 dport=99 ${5:-}
		expect net $proto dst=$3 src=?addr sport=?port dport=99 sum=ok
	E
}

# in SRC ADDRESS PORT EXPECT-DST EXPECT-PORT: a packet from outside arrives inside.
in_passes() {
	pkt <<-E
		send net ip src=$1 dst=$2 ${6:-udp} sport=99 dport=$3 data=in
		expect host ${6:-udp} src=$1 dst=$4 dport=$5 sum=ok data=in
	E
}

in_vanishes() {
	pkt <<-E
		send net ip src=$1 dst=$2 ${4:-udp} sport=99 dport=$3 data=in
		none host ${4:-udp} data=in
	E
}

port_of() { echo "${1#* }"; }
addr_of() { echo "${1% *}"; }

pool_field() { ctl_json pool show | jq -r "[.. | objects | select(.name? == \"p\")] | first | .\"$1\""; }

round_trip() {
	local got
	with_pool "$X"
	got=$(out "$A" 4000 "$S")
	want "$(addr_of "$got")" "$X" address
	in_passes "$S" "$X" "$(port_of "$got")" "$A" 4000
	want "$(pool_field used)" 1 "ports in use"
}

endpoint_independent() {
	local one two three
	with_pool "$X-$X4"
	one=$(out "$A" 4000 "$S" "${1:-udp}" "${2:-}")
	two=$(out "$A" 4000 "$S2" "${1:-udp}" "${2:-}")
	three=$(out "$A" 4000 "$S3" "${1:-udp}" "${2:-}")
	want "$two" "$one" "endpoint seen by the second server"
	want "$three" "$one" "endpoint seen by the third server"
}

endpoint_independent_tcp() { endpoint_independent tcp flags=S; }
endpoint_independent_dccp() { endpoint_independent dccp; }

query_identifier() {
	with_pool "$X"
	pkt <<-E
		send host ip src=$A dst=$S9 icmp type=$ECHO id=77
		expect net icmp src=$X dst=$S9 qid=?one sum=ok
		send host ip src=$A dst=$S8 icmp type=$ECHO id=77
		expect net icmp src=$X dst=$S8 qid=%one sum=ok
		send host ip src=$A2 dst=$S9 icmp type=$ECHO id=77
		expect net icmp src=$X dst=$S9 qid=?two sum=ok
		send net ip src=$S9 dst=$X icmp type=$REPLY id=%two data=x
		expect host icmp dst=$A2 qid=77 sum=ok
		send net ip src=$S9 dst=$X icmp type=$REPLY id=%one data=x
		expect host icmp dst=$A qid=77 sum=ok
	E
}

symmetric() {
	local one two
	with_pool "$X" mapping apdm filtering apdf
	one=$(out "$A" 4000 "$S")
	two=$(out "$A" 4000 "$S2")
	[[ $one != "$two" ]] || die "both servers see $one"
}

# The same port of two hosts, to one server: two ports, and both work.
no_overloading() {
	local one two
	with_pool "$X"
	one=$(out "$A" 5000 "$S" "${1:-udp}")
	two=$(out "$A2" 5000 "$S" "${1:-udp}")
	[[ $one != "$two" ]] || die "both hosts are $one"
	in_passes "$S" "$X" "$(port_of "$one")" "$A" 5000 "${1:-udp}"
	in_passes "$S" "$X" "$(port_of "$two")" "$A2" 5000 "${1:-udp}"
}

no_overloading_tcp() { no_overloading tcp; }
no_overloading_dccp() { no_overloading dccp; }

paired_address() {
	local port got first=''
	with_pool "$X-$X6"
	for port in 2000 2001 2002 2003 2004 2005 2006 2007; do
		got=$(addr_of "$(out "$A" "$port" "$S")")
		want "$got" "${first:=$got}" "address of port $port"
	done
	want "$(addr_of "$(out "$A" 2000 "$S" tcp)")" "$first" "address of TCP"
	pkt <<-E
		send host ip src=$A dst=$S icmp type=$ECHO id=77
		expect net icmp src=$first dst=$S
	E
}

addresses_are_spread() {
	local i addr got=()
	with_pool "$X-$X4"
	for i in $(seq 20 43); do
		addr=${A%2}$i
		got+=("$(addr_of "$(out "$addr" 2000 "$S")")")
	done
	(($(printf '%s\n' "${got[@]}" | sort -u | wc -l) > 1)) || die "all hosts are ${got[0]}"
}

ranges() {
	local used
	with_pool "$X" "$X3-$X4" "$X6" ports 2000-2000 unpaired
	used=$(for port in 3000 3001 3002 3003; do
		addr_of "$(out "$A" "$port" "$S")"
	done | sort -u | tr '\n' ' ')
	want "$used" "$X $X3 $X4 $X6 " "addresses used"
}

preserve() {
	with_pool "$X" ports 1-65535 preserve
	want "$(port_of "$(out "$A" 4001 "$S")")" 4001 "port for 4001"
	want "$(port_of "$(out "$A" 500 "$S")")" 500 "port for 500"
	(($(port_of "$(out "$A2" 500 "$S")") < 1024)) || die "a second 500 left its range"
	(($(port_of "$(out "$A2" 4001 "$S")") >= 1024)) || die "a second 4001 left its range"
}

parity() {
	local port
	with_pool "$X" parity
	for port in 4000 4001 4002 4003 4004 4005; do
		(($(port_of "$(out "$A" "$port" "$S")") % 2 == port % 2)) || die "parity of $port lost"
	done
}

# Asked for by a rule, while the pool itself does not care.
parity_by_rule() {
	local port
	fresh
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p parity
	for port in 4001 4003 4005 4007 4009; do
		(($(port_of "$(out "$A" "$port" "$S")") % 2)) || die "parity of $port lost"
	done
}

pair() {
	local rtp
	fresh default drop
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p pair
	rtp=$(port_of "$(out "$A" 4000 "$S")")
	((rtp % 2 == 0)) || die "port of RTP is odd: $rtp"
	want "$(port_of "$(out "$A" 4001 "$S")")" $((rtp + 1)) "port of RTCP"
}

random_ports() {
	local i ports=''
	with_pool "$X"
	for i in 1 2 3 4 5 6; do
		ports+="$(port_of "$(out "$A" $((2000 + i)) "$S")") "
	done
	awk '{ for (i = 2; i <= NF; i++) d[$i - $(i - 1)]++
		for (k in d) if (d[k] > 3) exit 1 }' <<<"$ports" || die "a pattern: $ports"
}

quota() {
	with_pool "$X" host-quota 3
	for port in 2000 2001 2002; do
		out "$A" "$port" "$S"
	done
	pkt <<-E
		send host ip src=$A dst=$S udp sport=2003 dport=99
		expect host icmp type=$UNREACH i.sport=2003
		none net sport=2003 src=$A
		none net src=$A
	E
	reason_is quota 1
	out "$A2" 2000 "$S"
	out "$A" 2000 "$S2"
	want "$(pool_field refused)" 1 refused
}

# One application is exempt from pairing by a rule and a pool of its own.
unpaired_application() {
	local used
	fresh
	ctl pool add p "$X-$X2"
	ctl pool add dns "$X3-$X4" ports 2000-2000 unpaired
	rule priority 5 nat udp from "$ANET" dport 99 snat pool dns
	rule priority 10 nat from "$ANET" snat pool p
	used=$(for port in 3000 3001; do
		addr_of "$(out "$A" "$port" "$S")"
	done | sort -u | tr '\n' ' ')
	want "$used" "$X3 $X4 " "addresses used"
}

# A pool for each protocol has a quota for each protocol.
quota_by_protocol() {
	fresh
	ctl pool add u "$X" host-quota 1
	ctl pool add t "$X2" host-quota 2
	rule nat udp from "$ANET" snat pool u
	rule nat tcp from "$ANET" snat pool t
	out "$A" 2000 "$S"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=2001 dport=99
		none net dport=99
	E
	out "$A" 2000 "$S" tcp flags=S
	out "$A" 2001 "$S" tcp flags=S
}

owner_quota() {
	fresh
	ctl pool add p "$X" owner-quota 1
	rule nat udp from "$A" snat pool p owner 00000000000000000000000000000001
	rule nat udp from "$A2" snat pool p owner 00000000000000000000000000000002
	out "$A" 2000 "$S"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=2001 dport=99
		none net dport=99
	E
	out "$A2" 2000 "$S"
}

blocks() {
	local i ports=()
	with_pool "$X" block-size 16
	for i in $(seq 2000 2015); do
		ports+=("$(port_of "$(out "$A" "$i" "$S")")")
	done
	printf '%s\n' "${ports[@]}" | awk '{ b[int($1 / 16)]++ } END { for (k in b) n++; exit n != 1 }' ||
		die "more than one block: ${ports[*]}"
	(($(port_of "$(out "$A2" 2000 "$S")") / 16 != ports[0] / 16)) || die "A2 got a port of A's block"
}

exhaustion() {
	with_pool "$X" ports 2000-2003 watermark 75
	bg ctl monitor
	sleep 0.3
	for port in 3000 3001 3002 3003; do
		out "$A" "$port" "$S"
	done
	pkt <<-E
		send host ip src=$A dst=$S udp sport=3004 dport=99
		expect host icmp type=$UNREACH i.sport=3004
		none net dport=99 src=$A
	E
	reason_is no-port 1
	wait_for 3 file_has "$BG_OUT" "watermark"
	wait_for 3 file_has "$BG_OUT" "exhausted"
	in_passes "$S" "$X" "$(port_of "$(out "$A" 3000 "$S")")" "$A" 3000
}

# A paired host is not moved when its address is full.
exhausted_host_stays() {
	local first
	with_pool "$X-$X2" ports 2000-2001
	first=$(addr_of "$(out "$A" 3000 "$S")")
	want "$(addr_of "$(out "$A" 3001 "$S")")" "$first" "second port"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=3002 dport=99
		none net dport=99
	E
}

protocols_apart() {
	with_pool "$X" ports 2000-2000
	want "$(out "$A" 3000 "$S" udp)" "$X 2000" UDP
	want "$(out "$A2" 3000 "$S" tcp)" "$X 2000" TCP
	in_passes "$S" "$X" 2000 "$A" 3000 udp
	in_passes "$S" "$X" 2000 "$A2" 3000 tcp
}

hold_time() {
	with_pool "$X" ports 2000-2000 hold 3
	out "$A" 3000 "$S"
	ctl flow flush all >/dev/null
	pkt <<-E
		send host ip src=$A2 dst=$S udp sport=3000 dport=99
		none net dport=99
	E
	want "$(pool_field held)" 1 held
	wait_for 10 out "$A2" 3000 "$S"
}

hold_default() {
	with_pool "$X"
	want "$(pool_field hold)" 120 "default hold time"
}

# A static rule's external endpoint is not given to another.
static_endpoint() {
	fresh
	ctl pool add p "$X" ports 2000-2001
	rule nat udp to "$X" dport 2000 dnat "$(at "$A" 80)"
	rule nat udp from "$ANET" snat pool p
	want "$(out "$A2" 3000 "$S")" "$X 2001" "the port left"
	fails ctl rule add nat udp to "$X" dport 2001 dnat "$(at "$A" 81)"
}

reserved_endpoint() {
	local json
	fresh default drop
	ctl pool add p "$X"
	json=$(ctl_json rule add nat udp from "$A" sport 4000 to "$S" dport 99 snat pool p)
	grep -q "$X" <<<"$json" || die "no external address in $json"
	want "$(addr_of "$(out "$A" 4000 "$S")")" "$X" address
}

in_use_stays() {
	with_pool "$X"
	fails ctl pool del p
	ctl rule del id "$RULE"
	ctl pool del p
}

# Flows of a rule that is gone do not keep its pool.
deleted_with_flows() {
	with_pool "$X"
	out "$A" 4000 "$S"
	ctl rule del id "$RULE"
	want "$(pool_field rules)" 0 "rules of the pool"
	ctl pool del p
}

external_address_unmapped() {
	with_pool "$X"
	in_vanishes "$S" "$X" 5555
	want "$(reason drop-default) $(reason filtered)" "1 0" "drop-default and filtered"
}

untranslatable() {
	with_pool "$X"
	pkt <<-E
		send host ip src=$A dst=$S raw number=200 data=x
		none net src=$A
		none net proto=200
	E
	reason_is not-translatable 1
}

test_start
gateway
every "a port of the pool, and back" round_trip
both "4787-1,4787-11 one endpoint towards all servers" endpoint_independent
both "5382-1 one endpoint towards all servers, TCP" endpoint_independent_tcp
both "5597-1 one endpoint towards all servers, DCCP" endpoint_independent_dccp
both "5508-1a,5508-1 query identifiers" query_identifier
both "mapping by destination if asked for" symmetric
both "4787-3,7857-3 two hosts, one port, one server" no_overloading
both "5382-7 two hosts, one port, one server, TCP" no_overloading_tcp
both "5597-7 two hosts, one port, one server, DCCP" no_overloading_dccp
both "4787-2,6888-2 a host keeps its external address" paired_address
both "hosts are spread over the addresses" addresses_are_spread
both "6888-3 several ranges" ranges
both "4787-3a preserved ports keep to their range" preserve
both "4787-4 parity" parity
both "7857-8 parity on request" parity_by_rule
both "X-4787-4b RTP and RTCP side by side on request" pair
both "7857-9,6888-15 ports follow no pattern" random_ports
both "6888-4,6888-11b,5508-8 host quota" quota
both "6888-4b quota of one protocol" quota_by_protocol
both "6888-2b one application unpaired" unpaired_application
both "owner quota" owner_quota
both "6888-14 blocks of ports" blocks
both "6888-11a,6888-11c,6888-11d,6888-13,8512-3 exhaustion" exhaustion
both "7857-4 an exhausted host is not moved" exhausted_host_stays
both "7857-5 protocols have ports of their own" protocols_apart
both "6888-8 freed ports are held" hold_time
both "8512-1 default hold time" hold_default
both "static endpoints are not given away" static_endpoint
both "a rule's own reserved endpoint" reserved_endpoint
both "a pool in use stays" in_use_stays
both "a pool goes right after its rules" deleted_with_flows
both "nothing listens at an unmapped port" external_address_unmapped
both "X-PRT-2 untranslatable protocols stay inside" untranslatable
ktap_end
