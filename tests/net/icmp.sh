#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core oldest quick debug
#
# ICMP errors about translated flows (RFC 5508), and errors the gateway itself makes.
. "$(dirname "$0")/lib.sh"

# flow [PROTO [FIELDS]]: A port 4000 talks to S port 99 as X port 5001.
flow() {
	fresh ${DEFAULT:+default $DEFAULT}
	rule nat "${1:-udp}" from "$A" sport 4000 to "$S" dport 99 snat "$(at "$X" 5001)"
	pkt <<-E
		send host ip src=$A dst=$S ${1:-udp} sport=4000 dport=99 ${2:-}
		expect net ${1:-udp} src=$X sport=5001
	E
}
DEFAULT=''

# error FROM ICMP-FIELDS: an error from outside about the flow.
error() { echo "send net ip src=$1 dst=$X icmp $2 ip src=$X dst=$S ${3:-udp} sport=5001 dport=99 ${4:-}"; }

embedded() {
	flow "${1:-udp}" "${2:-}"
	pkt <<-E
		$(error "$R" "type=$UNREACH code=$PORTUN" "${1:-udp}" "data=payload ${2:-}")
		expect host icmp src=$R dst=$A type=$UNREACH code=$PORTUN sum=ok i.src=$A i.dst=$S i.sport=4000 i.dport=99
	E
	[[ $V == 6 ]] || inner_header_sum "$@"
	reason_is icmp-error "$((V == 6 ? 1 : 2))"
}

inner_header_sum() {
	pkt <<-E
		$(error "$R" "type=3 code=3" "${1:-udp}" "data=payload ${2:-}")
		expect host icmp i.ipsum=ok
	E
}

embedded_tcp() { embedded tcp flags=S; }
embedded_dccp() { embedded dccp; }

# The inner transport checksum is restored along with what it covers.
embedded_sum() {
	flow
	pkt <<-E
		$(error "$R" "type=$UNREACH code=$PORTUN" udp "data=payload")
		expect host icmp i.sport=4000 i.sum=ok
	E
}

embedded_sum_unverified() {
	flow
	pkt <<-E
		$(error "$R" "type=$UNREACH code=$PORTUN" udp "sum=bad data=payload")
		expect host icmp i.sport=4000
	E
}

every_code() {
	local code type script=''
	flow
	for type in $([[ $V == 4 ]] && echo 3 11 12 || echo 1 3 4); do
		for code in $(codes "$type"); do
			script+="$(error "$R" "type=$type code=$code word=0")"$'\n'
			script+="expect host icmp type=$type code=$code dst=$A i.sport=4000 sum=ok"$'\n'
		done
	done
	pkt <<<"$script"
}

codes() {
	case $V.$1 in
	4.3) seq 0 15 ;;
	6.1) seq 0 6 ;;
	*) seq 0 1 ;;
	esac
}

truncated_quote() {
	local head=28
	[[ $V == 4 ]] || head=48
	flow
	pkt <<-E
		$(error "$R" "type=$UNREACH code=$PORTUN trunc=$head" udp "len=500")
		expect host icmp quoted=$head sum=ok i.src=$A i.sport=4000
	E
}

extended() {
	flow
	pkt <<-E
		$(error "$R" "type=$UNREACH code=$PORTUN ext=1" udp "len=300")
		expect host icmp quoted=140 sum=ok i.src=$A i.sport=4000
	E
}

inner_options() {
	use 4
	flow
	pkt <<-E
		send net ip src=$R dst=$X icmp type=3 code=3 ip src=$X dst=$S opts=01010101 udp sport=5001 dport=99 data=x
		expect host icmp sum=ok i.ihl=6 i.src=$A i.sport=4000 i.ipsum=ok
	E
}

bad_sum() {
	flow
	pkt <<-E
		$(error "$R" "type=$UNREACH code=$PORTUN sum=bad")
		none host icmp
	E
	reason_is icmp-checksum 1
}

bad_inner_sum() {
	use 4
	flow
	pkt <<-E
		send net ip src=$R dst=$X icmp type=3 code=3 ip src=$X dst=$S ipsum=bad udp sport=5001 dport=99 data=x
		none host icmp
	E
	reason_is icmp-checksum 1
}

unknown_flow() {
	flow
	fresh
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p
	pkt <<-E
		send net ip src=$R dst=$X icmp type=$UNREACH code=$PORTUN ip src=$X dst=$S udp sport=7777 dport=99
		none host icmp
		none net within=0 icmp
	E
	reason_is icmp-unrelated 1
}

# Somebody guesses the mapping, but not whom it talks to.
guessed_mapping() {
	fresh
	ctl pool add p "$X" filtering apdf
	rule nat udp from "$ANET" snat pool p
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=99
		expect net udp src=$X sport=?p
		send net ip src=$R dst=$X icmp type=$UNREACH code=$PORTUN ip src=$X dst=$S2 udp sport=%p dport=99
		none host icmp
		send net ip src=$S dst=$X udp sport=99 dport=%p data=reply
		expect host udp data=reply
	E
}

# An error changes nothing about the flow.
state_stays() {
	flow "$@"
	pkt <<-E
		$(error "$R" "type=$UNREACH code=$PORTUN" "${1:-udp}" "${2:-}")
		expect host icmp
		send net ip src=$S dst=$X ${1:-udp} sport=99 dport=5001 data=reply ${2:-}
		expect host ${1:-udp} data=reply dport=4000
	E
}

state_stays_tcp() { state_stays tcp flags=SA; }
state_stays_dccp() { state_stays dccp; }

# An error about a query neither ends its session nor makes it younger.
query_state() {
	fresh
	rule nat proto "$ICMP" from "$A" snat "$X"
	pkt <<-E
		send host ip src=$A dst=$S icmp type=$ECHO id=77
		expect net icmp src=$X qid=77
	E
	local before
	before=$(flow_expires)
	sleep 2
	pkt <<-E
		send net ip src=$R dst=$X icmp type=$UNREACH code=1 ip src=$X dst=$S icmp type=$ECHO id=77
		expect host icmp type=$UNREACH i.src=$A i.type=$ECHO
	E
	(($(flow_expires) < before)) || die "the error refreshed the session"
	pkt <<-E
		send net ip src=$S dst=$X icmp type=$REPLY id=77 data=late
		expect host icmp type=$REPLY data=late
	E
}

flow_expires() { flows | jq '[.. | objects | select(has("orig")) | .expires] | first'; }

# From inside: the embedded packet and the sender turn external.
outward() {
	flow
	pkt <<-E
		send net ip src=$S dst=$X udp sport=99 dport=5001 data=in
		expect host udp dst=$A dport=4000
		send host ip src=$A dst=$S icmp type=$UNREACH code=$PORTUN ip src=$S dst=$A udp sport=99 dport=4000 data=in
		expect net icmp dst=$S type=$UNREACH code=$PORTUN sum=ok i.src=$S i.dst=$X i.sport=99 i.dport=5001
		none net src=$A
	E
}

# From a router inside that is not the flow's host: its own address must not show.
outward_router() {
	flow
	pkt <<-E
		send host ip src=$A9 dst=$S icmp type=$TIMEX code=0 ip src=$S dst=$A udp sport=99 dport=4000 data=in
		expect net icmp dst=$S type=$TIMEX sum=ok src!=$A9 i.dst=$X i.dport=5001
	E
}

outward_no_refresh() {
	fresh
	ctl net set timeout udp 3
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p
	local i
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=99
		expect net udp src=$X sport=?p
	E
	# until it must be gone, whenever the table was last gone through
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		pkt <<-E
			send host ip src=$A dst=$S icmp type=$UNREACH code=$PORTUN ip src=$S dst=$A udp sport=99 dport=4000 data=in
		E
		sleep 0.5
	done
	wait_for 1 no_flows
}

no_flows() { (($(flow_count) == 0)); }

# Without translation, an error about a permitted flow needs no rule of its own.
filter_error() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 99 stateful
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4000 dport=99
		expect net udp
		send net ip src=$R dst=$A icmp type=$UNREACH code=$PORTUN ip src=$A dst=$S udp sport=4000 dport=99 data=x
		expect host icmp src=$R type=$UNREACH i.sport=4000
		send net ip src=$R dst=$A icmp type=$UNREACH code=$PORTUN ip src=$A dst=$S udp sport=4001 dport=99 data=x
		none host icmp
	E
}

too_big_from_outside() {
	local type=3 code=4
	[[ $V == 4 ]] || type=2 code=0
	flow
	pkt <<-E
		$(error "$R" "type=$type code=$code mtu=1300" udp "data=x")
		expect host icmp src=$R dst=$A type=$type code=$code mtu=1300 i.src=$A i.sport=4000 sum=ok
	E
}

too_big_by_us() {
	local type=3 code=4 df="df=1"
	[[ $V == 4 ]] || type=2 code=0 df=''
	ip -n "$GW" link set wan mtu 1300
	flow
	pkt <<-E
		send host ip src=$A dst=$S $df udp sport=4000 dport=99 len=1372
		expect host icmp type=$type code=$code mtu=1300 sum=ok i.src=$A i.dst=$S i.sport=4000
		none net udp
	E
	ip -n "$GW" link set wan mtu 1500
}

fragmented_by_us() {
	use 4
	ip -n "$GW" link set wan mtu 1300
	flow
	pkt <<-E
		send host ip src=$A dst=$S id=4321 udp sport=4000 dport=99 len=1372
		expect net src=$X off=0 mf=1 sport=5001
		expect net src=$X off>0 mf=0
	E
	ip -n "$GW" link set wan mtu 1500
}

ttl_by_us() {
	flow
	pkt <<-E
		send host ip src=$A dst=$S ttl=1 udp sport=4000 dport=99 data=x
		expect host icmp type=$TIMEX code=0 sum=ok i.src=$A i.dst=$S i.sport=4000 i.dport=99
		none net udp
	E
}

ttl_no_state() {
	fresh
	ctl pool add p "$X"
	rule nat udp from "$ANET" snat pool p
	pkt <<-E
		send host ip src=$A dst=$S ttl=1 udp sport=4000 dport=99 data=x
		expect host icmp type=$TIMEX i.src=$A i.sport=4000
	E
	want "$(flow_count)" 0 flows
}

# No error about an error, a group, or a later fragment.
no_error_about() {
	fresh
	rule reject from "$A"
	pkt <<-E
		send host ip src=$A dst=$S icmp type=$UNREACH code=0 ip src=$S dst=$A udp sport=1 dport=2
		none host
	E
	[[ $V == 4 ]] || return 0
	pkt <<-E
		send host ip src=$A dst=$S off=800 raw number=17 len=100
		send host ip src=$A dst=224.0.0.5 udp sport=1 dport=2
		none host
	E
}

no_quench() {
	use 4
	flow
	pkt <<-E
		flood host 200 ip src=$A dst=$S udp sport=4000 dport=99
		send host ip src=$A dst=$S icmp type=15 id=1
		none host icmp type=4
		none host within=0 icmp type=16
	E
}

real_unreachable() {
	loud "$NET"
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	echo x | on_host timeout 5 socat -t 2 - "UDP$V:$(at "$S" 9999),bind=$(at "$A" 4000)" 2>"$WORK/err" || :
	quiet "$NET"
	file_has "$WORK/err" "refused"
}

real_traceroute() {
	loud "$NET"
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	on_host traceroute "-$V" -n -q 1 -w 2 -s "$A" "$S" >"$WORK/trace"
	quiet "$NET"
	cat "$WORK/trace"
	grep -Eq "^ *2 +$S " "$WORK/trace"
}

# From outside, hops inside show as the external address or not at all.
real_traceroute_in() {
	loud "$HOST"
	fresh default drop
	rule nat udp to "$X" dnat "$A"
	on_net traceroute "-$V" -n -q 1 -w 2 -s "$S" "$X" >"$WORK/trace"
	quiet "$HOST"
	cat "$WORK/trace"
	file_lacks "$WORK/trace" "$A"
	grep -Eq " $X " "$WORK/trace"
}

real_pmtu() {
	ip -n "$GW" link set wan mtu 1300
	ip -n "$NET" link set eth0 mtu 1300
	fresh default drop
	rule nat tcp from "$A" to "$S" snat "$X"
	head -c 300000 /dev/urandom >"$WORK/web/big"
	on_host curl -sS -g -m 15 -H Expect: --data-binary "@$WORK/web/big" "http://$(at "$S" 80)/cgi-bin/sum" >"$WORK/got"
	ip -n "$GW" link set wan mtu 1500
	ip -n "$NET" link set eth0 mtu 1500
	on_host ip "-$V" route flush cache
	want "$(cat "$WORK/got")" 300000 "bytes received"
}

test_start
gateway
web "$NET" 80
printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"; wc -c\n' >"$WORK/web/cgi-bin/sum"
chmod 755 "$WORK/web/cgi-bin/sum"
every "5508-4a,5508-4b,5508-4c,3022-2,4787-12a,4787-12b embedded packet restored" embedded
both "5382-9 error about TCP" embedded_tcp
both "5597-9 error about DCCP" embedded_dccp
both "3022-2 embedded checksum restored" embedded_sum
both "5508-3c embedded transport checksum not verified" embedded_sum_unverified
both "5508-4b,5508-10a,5508-10b types and codes stay" every_code
both "X-5508-12 quote cut short" truncated_quote
both "5508-3d extended error (RFC 4884)" extended
point "5508-3b options within the quote" inner_options
both "5508-3 bad ICMP checksum" bad_sum
point "5508-3a bad embedded header checksum" bad_inner_sum
both "5508-4 error about no flow" unknown_flow
both "X-5508-13 guessed mapping" guessed_mapping
both "4787-12,6092-19 UDP survives an error" state_stays
both "5382-10,6092-19 TCP survives an error" state_stays_tcp
both "5597-10 DCCP survives an error" state_stays_dccp
both "5508-6 query session neither ended nor refreshed" query_state
every "5508-5,5508-10a error from inside" outward
both "5508-5c error from a router inside" outward_router
both "7857-7.1 errors from inside do not refresh" outward_no_refresh
every "6092-18 errors about permitted flows pass" filter_error
every "5508-7.1,5382-9 too big, from outside" too_big_from_outside
every "5508-7.1,4787-13,6864-3 too big, by us" too_big_by_us
point "4787-13a fragmented by us, in order" fragmented_by_us
every "5508-7.2 time exceeded, by us" ttl_by_us
both "X-FP-7 no state for what ends here" ttl_no_state
both "5508-10d no error where routers send none" no_error_about
point "5508-10c no source quench, no information reply" no_quench
every "a program learns of the unreachable port" real_unreachable
every "traceroute from inside" real_traceroute
every "5508-5 traceroute from outside" real_traceroute_in
both "5382-9,5508-7.1 path MTU discovery" real_pmtu
ktap_end
