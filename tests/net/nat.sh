#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core stock quick debug
#
# Translation by rules with fixed addresses: source, destination, both, prefixes, ranges.
. "$(dirname "$0")/lib.sh"

UDP="udp sport=4000 dport=53"

snat_address() {
	fresh default drop
	rule nat udp from "$A" to "$S" dport 53 snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S ttl=64 $UDP data=there
		expect net udp src=$X dst=$S sport=4000 dport=53 data=there sum=ok ttl=63
		send net ip src=$S dst=$X ttl=64 udp sport=53 dport=4000 data=back
		expect host udp src=$S dst=$A sport=53 dport=4000 data=back sum=ok ttl=63
		none net src=$A
	E
	reason_is "nat-$M" 2
}

snat_port() {
	fresh default drop
	rule nat tcp from "$A" sport 4000 to "$S" dport 80 snat "$(at "$X" 5001)"
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=4000 dport=80 flags=S
		expect net tcp src=$X dst=$S sport=5001 dport=80 flags=S sum=ok
		send net ip src=$S dst=$X tcp sport=80 dport=5001 flags=SA
		expect host tcp src=$S dst=$A sport=80 dport=4000 flags=SA sum=ok
	E
}

dnat_port() {
	fresh default drop
	rule nat tcp to "$X" dport 8080 dnat "$(at "$A" 80)"
	pkt <<-E
		send net ip src=$S dst=$X tcp sport=4000 dport=8080 flags=S
		expect host tcp src=$S dst=$A sport=4000 dport=80 flags=S sum=ok
		send host ip src=$A dst=$S tcp sport=80 dport=4000 flags=SA
		expect net tcp src=$X dst=$S sport=8080 dport=4000 flags=SA sum=ok
	E
}

dnat_exact() {
	fresh default drop
	rule nat udp from "$S" sport 7000 to "$X" dport 8080 dnat "$(at "$A" 80)"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=80 dport=7000 data=first
		expect net udp src=$X sport=8080 data=first sum=ok
		send net ip src=$S dst=$X udp sport=7000 dport=8080 data=in
		expect host udp src=$S dst=$A sport=7000 dport=80 data=in sum=ok
		send net ip src=$S2 dst=$X udp sport=7000 dport=8080 data=other
		none host data=other
	E
}

twice() {
	fresh default drop
	rule nat udp from "$A" to "$X2" dport 53 snat "$X" dnat "$(at "$S" 5353)"
	pkt <<-E
		send host ip src=$A dst=$X2 $UDP data=there
		expect net udp src=$X dst=$S sport=4000 dport=5353 data=there sum=ok
		send net ip src=$S dst=$X udp sport=5353 dport=4000 data=back
		expect host udp src=$X2 dst=$A sport=53 dport=4000 data=back sum=ok
	E
}

# A prefix for a prefix, host bits kept; any protocol.
basic() {
	local len=16 in=10.1.0.0/16 out=172.16.0.0/16 image=172.16.0.2
	[[ $V == 4 ]] || len=64 in=fd00:1::/64 out=2001:db8:5::/64 image=2001:db8:5::2
	fresh default drop
	rule nat from "$in" snat "$out"
	ip -n "$NET" route replace "$out" via "$G"
	pkt <<-E
		send host ip src=$A dst=$S $UDP data=a
		expect net udp src=$image data=a sum=ok
		send net ip src=$S dst=$image udp sport=53 dport=4000 data=b
		expect host udp dst=$A data=b sum=ok
		send host ip src=$A dst=$S icmp type=$ECHO id=5 data=c
		expect net icmp src=$image type=$ECHO qid=5 sum=ok
		send host ip src=$A dst=$S esp spi=9
		expect net esp src=$image spi=9
	E
}

port_range() {
	fresh default drop
	rule nat udp to "$X" dport 6000-6009 dnat "$(at "$A" 7000-7009)"
	pkt <<-E
		send net ip src=$S dst=$X udp sport=99 dport=6000
		expect host udp dst=$A dport=7000 sum=ok
		send net ip src=$S dst=$X udp sport=99 dport=6009
		expect host udp dst=$A dport=7009 sum=ok
		send net ip src=$S dst=$X udp sport=99 dport=6010
		none host udp dport=7010
		send host ip src=$A dst=$S udp sport=7009 dport=99
		expect net udp src=$X sport=6009 sum=ok
	E
}

echo_identifier() {
	fresh default drop
	rule nat proto "$ICMP" from "$A" to "$S9" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S9 icmp type=$ECHO id=77 seq=3 data=ping
		expect net icmp src=$X type=$ECHO qid=77 seq=3 sum=ok
		send net ip src=$S9 dst=$X icmp type=$REPLY id=77 seq=3 data=ping
		expect host icmp src=$S9 dst=$A type=$REPLY qid=77 seq=3 data=ping sum=ok
	E
}

# Odd and even words, carries: the incremental update must agree with the full sum.
checksums() {
	fresh
	rule nat from "$A" snat "$X"
	local len script=''
	for len in 0 1 2 3 31 64 513 1399; do
		script+="send host ip src=$A dst=$S udp sport=$((len + 1)) dport=7 len=$len"$'\n'
		script+="expect net udp src=$X sport=$((len + 1)) sum=ok ${V/4/ipsum=ok}"$'\n'
		script+="send host ip src=$A dst=$S tcp sport=$((65535 - len)) dport=7 len=$len"$'\n'
		script+="expect net tcp src=$X sport=$((65535 - len)) sum=ok"$'\n'
	done
	pkt <<<"${script//sum=ok 6/sum=ok}"
}

# A sum that was wrong stays wrong: what is broken must not be mended.
broken_sum_stays() {
	fresh
	rule nat from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=53 sum=bad data=x
		expect net udp src=$X sum=bad
		send host ip src=$A dst=$S tcp sport=4000 dport=53 sum=bad data=x
		expect net tcp src=$X sum=bad
	E
}

header_fields_stay() {
	fresh
	rule nat from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S dscp=46 ecn=1 ttl=9 ${1:-} $UDP
		expect net udp src=$X dscp=46 ttl=8 ${2:-}
	E
}

df_stays() {
	use 4
	header_fields_stay "df=1 id=4711" "df=1"
	header_fields_stay "df=0 id=4711" "df=0"
}

label_stays() {
	use 6
	header_fields_stay "label=74565" "label=74565"
}

# What another rule exempts keeps its source.
exempt() {
	fresh
	rule priority 10 allow udp from "$A" to "$S2"
	rule priority 20 nat udp from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S2 $UDP
		expect net udp src=$A dst=$S2
		send host ip src=$A dst=$S $UDP
		expect net udp src=$X dst=$S
	E
}

# The translated flow is another's already.
clash() {
	fresh
	rule nat udp from "$A" to "$S" dport 53 snat "$X"
	rule nat udp from "$A2" to "$S" dport 53 snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S $UDP data=first
		expect net udp src=$X sport=4000 data=first
		send host ip src=$A2 dst=$S $UDP data=second
		none net udp data=second
		send net ip src=$S dst=$X udp sport=53 dport=4000 data=reply
		expect host udp dst=$A data=reply
	E
	reason_is clash 1
}

web_snat() {
	fresh default drop
	rule nat tcp from "$A" to "$S" dport 80 snat "$X"
	want "$(whoami_at "$HOST" "$S" 80 | cut -d ' ' -f 1)" "$X" "client seen"
}

web_dnat() {
	fresh default drop
	rule nat tcp to "$X" dport 8080 dnat "$(at "$A" 80)"
	want "$(whoami_at "$NET" "$X" 8080 --interface "$S" | cut -d ' ' -f 1)" "$S" "client seen"
}

ping_snat() {
	fresh default drop
	rule nat proto "$ICMP" from "$A" to "$S" snat "$X"
	on_host ping "-$V" -c 3 -i 0.1 -W 2 -I "$A" "$S"
}

iperf_snat() {
	fresh default drop
	rule nat from "$A" to "$S" snat "$X"
	on_host timeout 60 env TMPDIR=/run iperf3 "-$V" -B "$A" -c "$S" -n 3M -J >"$WORK/iperf"
	jq -e '.end.sum_sent.bytes >= 3000000' "$WORK/iperf" || die "$(tail -n 30 "$WORK/iperf")"
}

refused() {
	fresh
	fails ctl rule add nat udp from "$A" to "$S"
	fails ctl rule add nat udp from "$ANET" snat "$X/30"
	fails ctl rule add nat udp from "$ANET" snat "$X"
	fails ctl rule add nat udp to "$X" dport 1-10 dnat "$(at "$A" 1-9)"
	fails ctl rule add nat esp from "$A" snat "$(at "$X" 5)"
	fails ctl rule add nat udp from "$A" snat pool nosuch
	fails ctl rule add allow udp from "$A" snat "$X"
	[[ $V == 6 ]] || fails ctl rule add nat udp from 10.1.0.2 snat 2001:db8::1
	want "$(rule_count)" 0 rules
}

test_start
gateway
web "$NET" 80
web "$HOST" 80
bg on_net env TMPDIR=/run iperf3 -s
wait_listen "$NET" tcp 5201
every "2663-1,3022-1 source address" snat_address
every "2663-1,3022-1 source address and port" snat_port
every "2663-1 destination address and port" dnat_port
every "2663-1,X-FP-4 exact binding works from both ends" dnat_exact
every "2663-1 twice" twice
every "2663-1 basic, a prefix for a prefix" basic
every "2663-1 port range for port range" port_range
every "5508-1 echo and its reply" echo_identifier
both "3022-1,X-4787-15 checksums" checksums
both "broken checksums stay broken" broken_sum_stays
both "TTL, DSCP as a router leaves them" header_fields_stay
point "6864-2 DF bit stays" df_stays
point "flow label stays" label_stays
both "6888-6 exempt destinations keep the source" exempt
both "4787-3 two hosts never share a translated flow" clash
every "curl sees a web server as the external address" web_snat
every "curl reaches a web server behind the gateway" web_dnat
every "5508-1 ping" ping_snat
every "iperf3" iperf_snat
both "rules that make no sense are refused" refused
ktap_end
