#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# The gate at a translator: endpoints reserved by ADMIT, translated by OPEN.
. "$(dirname "$0")/lib.sh"

# begin [POOL-WORDS]: inside is zone 1, as overlapping networks would have it.
begin() {
	fresh default drop
	ctl dev set lan zone 1
	# shellcheck disable=SC2086
	ctl pool add out $X ${1:-}
	LAN_WORDS=zone=1 WAN_WORDS=pool=out LAN2_WORDS=zone=2 gate_up
}

create_out() {
	local sid=$1
	shift
	echo "admit $sid kind=allow xlat=source proto=17 src=$A sport=4000 dst=$S dport=99 in=lan out=wan from=lan peer=$A $*"
}

reserve() {
	local sid=$1
	shift
	echo "admit $sid kind=reserve xlat=bind proto=17 dst=$A dport=5000 in=wan out=lan from=lan peer=$A $*"
}

source_translated() {
	begin
	granted "$(create_out one)"
	external
	want "$EXT_ADDRESS" "$X" "external address"
	drops_out "$A" 4000 "$S" 99
	drops_in "$S" 99 "$X" "$EXT_PORT"
	granted open one 60
	want "$(answer_field external)" "$(at "$X" "$EXT_PORT")" "endpoint when opened"
	passes_out "$A" 4000 "$S" 99 "$X" "$EXT_PORT"
	passes_in "$S" 99 "$X" "$EXT_PORT" "$A" 4000
	drops_in "$S2" 99 "$X" "$EXT_PORT"
	drops_in "$S" 98 "$X" "$EXT_PORT"
	want "$(our_count)" 1 "rules: the hold is not needed any more"
	say close one
	want "$(our_count)" 0 rules
	drops_out "$A" 4000 "$S" 99
	gate_down
}

bind_and_enter() {
	begin
	granted "$(reserve res)"
	external
	granted hold res 60
	want "$(our_count)" 1 "rules of a reservation"
	drops_in "$S" 7 "$X" "$EXT_PORT"
	granted "admit one kind=allow xlat=destination ref=res proto=17 src=$S sport=7 dst=$X dport=$EXT_PORT in=wan out=lan from=wan peer=$S"
	want "$(answer_field internal)" "$(at "$A" 5000)" "internal endpoint"
	drops_in "$S" 7 "$X" "$EXT_PORT"
	granted open one 60
	passes_in "$S" 7 "$X" "$EXT_PORT" "$A" 5000
	passes_out "$A" 5000 "$S" 7 "$X" "$EXT_PORT"
	drops_in "$S2" 7 "$X" "$EXT_PORT"
	drops_in "$S" 8 "$X" "$EXT_PORT"
}

enter_by_reservation() {
	bind_and_enter
	# one reservation serves several
	granted "admit two kind=allow xlat=destination ref=res proto=17 src=$S2 sport=7 dst=$X dport=$EXT_PORT in=wan out=lan from=wan peer=$S2"
	granted open two 60
	passes_in "$S2" 7 "$X" "$EXT_PORT" "$A" 5000
	gate_down
}

# A reservation that goes leaves what rests on it, with its endpoint.
reservation_goes() {
	local port
	bind_and_enter
	port=$EXT_PORT
	say close res
	passes_in "$S" 7 "$X" "$port" "$A" 5000
	passes_out "$A" 5000 "$S" 7 "$X" "$port"
	refused 0x0703 "admit two kind=allow xlat=destination ref=res proto=17 src=$S2 sport=7 dst=$X dport=$port in=wan out=lan from=wan peer=$S2"
	granted "admit one kind=allow xlat=destination ref=res proto=17 src=$S sport=7 dst=$X dport=$port in=wan out=lan from=wan peer=$S"
	granted open one 60
	passes_in "$S" 7 "$X" "$port" "$A" 5000
	say close one
	drops_in "$S" 7 "$X" "$port"
	want "$(our_count)" 0 rules
	gate_down
}

# Filtering of the pool is for what nobody signalled.
open_pool_is_no_hole() {
	begin "filtering eif"
	granted "$(reserve res)"
	external
	granted hold res 60
	drops_in "$S" 7 "$X" "$EXT_PORT"
	granted "admit one kind=allow xlat=destination ref=res proto=17 src=$S sport=7 dst=$X dport=$EXT_PORT in=wan out=lan from=wan peer=$S"
	granted open one 60
	passes_in "$S" 7 "$X" "$EXT_PORT" "$A" 5000
	drops_in "$S2" 7 "$X" "$EXT_PORT"
	granted "$(create_out two)"
	external
	granted open two 60
	passes_out "$A" 4000 "$S" 99 "$X" "$EXT_PORT"
	drops_in "$S2" 99 "$X" "$EXT_PORT"
	gate_down
}

pair() {
	begin
	granted "$(create_out one pair)"
	external
	((EXT_PORT % 2 == 0)) || die "a pair begins with $EXT_PORT"
	granted open one 60
	passes_out "$A" 4000 "$S" 99 "$X" "$EXT_PORT"
	passes_out "$A" 4001 "$S" 100 "$X" $((EXT_PORT + 1))
	passes_in "$S" 100 "$X" $((EXT_PORT + 1)) "$A" 4001
	want "$(our_count)" 2 rules
	refused 0x0708 "admit odd kind=allow xlat=source proto=17 src=$A sport=4003 dst=$S dport=99 pair in=lan out=wan from=lan peer=$A"
	granted "$(reserve res pair)"
	external
	granted hold res 60
	granted "admit two kind=allow xlat=destination ref=res proto=17 src=$S sport=8 dst=$X dport=$EXT_PORT pair in=wan out=lan from=wan peer=$S"
	granted open two 60
	passes_in "$S" 8 "$X" "$EXT_PORT" "$A" 5000
	passes_in "$S" 9 "$X" $((EXT_PORT + 1)) "$A" 5001
	gate_down
}

# Two hosts behind the same translator, one of which has only the other's external endpoint.
hairpin() {
	begin
	ctl dev attach lan2 zone 2 default drop 2>/dev/null || ctl dev set lan2 zone 2 default drop
	granted "$(reserve res)"
	external
	local dst=$EXT_PORT src
	granted hold res 60
	granted "admit one kind=allow xlat=both ref=res proto=17 src=$B sport=6000 dst=$X dport=$dst in=lan2 out=lan from=lan2 peer=$B"
	want "$(answer_field internal)" "$(at "$A" 5000)" "internal endpoint"
	external
	src=$EXT_PORT
	granted open one 60
	pkt <<-P
		send host2 ip src=$B dst=$X udp sport=6000 dport=$dst data=there
		expect host udp src=$X dst=$A sport=$src dport=5000 data=there sum=ok
		send host ip src=$A dst=$X udp sport=5000 dport=$src data=back
		expect host2 udp src=$X dst=$B sport=$dst dport=6000 data=back sum=ok
	P
	want "$(our_rules | jq '[.[] | select(.lifetime == 60)] | length')" 3 "rules that live as long as the session"
	say close one
	pkt <<-P
		send host2 ip src=$B dst=$X udp sport=6000 dport=$dst data=there
		none host udp data=there
	P
	gate_down
}

# Both ends under addresses of this box: the receiver sees the sender as one of ours.
twice() {
	begin
	granted "$(reserve res)"
	external
	local dst=$EXT_PORT src
	granted hold res 60
	granted "admit one kind=allow xlat=both ref=res proto=17 src=$S sport=7 dst=$X dport=$dst in=wan out=lan from=wan peer=$S"
	external
	src=$EXT_PORT
	granted open one 60
	pkt <<-P
		send net ip src=$S dst=$X udp sport=7 dport=$dst data=there
		expect host udp src=$X dst=$A sport=$src dport=5000 data=there sum=ok
		send host ip src=$A dst=$X udp sport=5000 dport=$src data=back
		expect net udp src=$X dst=$S sport=$dst dport=7 data=back sum=ok
		send net ip src=$S2 dst=$X udp sport=7 dport=$dst data=other
		none host udp data=other
	P
	say close one
	want "$(our_count)" 1 "rules: the reservation"
	gate_down
}

update_keeps_endpoint() {
	local port
	begin
	granted "$(create_out one)"
	external
	port=$EXT_PORT
	granted open one 60
	passes_out "$A" 4000 "$S" 99 "$X" "$port"
	granted "admit one kind=allow xlat=source proto=17 src=$A sport=4000 dst=$S2 dport=99 in=lan out=wan from=lan peer=$A"
	external
	want "$EXT_PORT" "$port" "endpoint of the same host and port"
	passes_out "$A" 4000 "$S" 99 "$X" "$port"
	granted open one 60
	passes_out "$A" 4000 "$S2" 99 "$X" "$port"
	drops_out "$A" 4000 "$S" 99
	want "$(our_count)" 1 rules
	gate_down
}

# The requester starts anew and has lost its session id.
asked_again() {
	begin
	granted "$(create_out old)"
	external
	granted open old 60
	granted "$(create_out new)"
	ANSWER=$(say open new 60)
	[[ $ANSWER == *"gone old code=0x0105 "* && $ANSWER == *"open new code=0x0000 "* ]] || die "$ANSWER"
	passes_out "$A" 4000 "$S" 99 "$X" "$EXT_PORT"
	want "$(our_count)" 1 rules
	# somebody else's is in conflict
	granted "$(create_out other "peer=$A2")"
	ANSWER=$(say open other 60)
	[[ $ANSWER == *"open other code=0x0704 "* ]] || die "$ANSWER"
	passes_out "$A" 4000 "$S" 99 "$X" "$EXT_PORT"
	gate_down
}

update_moves_endpoint() {
	begin
	granted "$(create_out one)"
	granted open one 60
	granted "admit one kind=allow xlat=source proto=17 src=$A2 sport=4001 dst=$S dport=99 in=lan out=wan from=lan peer=$A2"
	external
	granted open one 60
	passes_out "$A2" 4001 "$S" 99 "$X" "$EXT_PORT"
	drops_out "$A" 4000 "$S" 99
	gate_down
}

exhausted() {
	begin "ports 2000-2001"
	granted "$(create_out one)"
	granted "$(reserve two)"
	refused 0x0704 "admit three kind=allow xlat=source proto=17 src=$A sport=4009 dst=$S dport=99 in=lan out=wan from=lan peer=$A"
	want "$(our_count)" 2 rules
	want "$(say events | grep -c '^pool .* interface=wan refused=1 why="no address')" 1 "managers are told"
	refused 0x0704 "admit three kind=allow xlat=source proto=17 src=$A sport=4009 dst=$S dport=99 in=lan out=wan from=lan peer=$A"
	want "$(say events)" "" "but not each time"
	granted open one 60
	granted hold two 60
	want "$(say list | wc -l)" 2 "rows"
	say close two
	gate_down
}

# What the kernel refuses leaves everything as it was, and others in the round are not touched.
refusal_changes_nothing() {
	local i
	begin
	granted "$(create_out one)"
	external
	granted open one 60
	# a rule by hand has the very translation that the update will want
	ctl rule add priority 900 udp from "$A" sport 4000 to "$S2" dport 99 zone 1 snat "$(at "$X" "$EXT_PORT")" out-zone 0
	say together
	say "admit one kind=allow xlat=source proto=17 src=$A sport=4000 dst=$S2 dport=99 in=lan out=wan from=lan peer=$A"
	for i in 1 2 3; do
		say "admit o$i kind=allow xlat=source proto=17 src=$A sport=410$i dst=$S dport=99 in=lan out=wan from=lan peer=$A"
	done
	want "$(say now | grep -c ' code=0x0000')" 4 "granted"
	say together
	say open o1 60
	say open one 60
	say open o2 60
	say open o3 60
	say now >"$WORK/answers"
	want "$(grep -c '^open o. code=0x0000' "$WORK/answers")" 3 "others"
	want "$(grep -c '^open one code=0x0704' "$WORK/answers")" 1 "refused"
	passes_out "$A" 4000 "$S" 99 "$X" "$EXT_PORT"
	want "$(say stat gate_retries_total)" "gate_retries_total 1"
	gate_down
}

no_ports_no_nat() {
	begin
	refused 0x070a "admit one kind=allow xlat=source proto=50 spi=5 src=$A dst=$S in=lan out=wan from=lan peer=$A"
	refused 0x070a "admit one kind=allow xlat=source src=$A dst=$S in=lan out=wan from=lan peer=$A"
	refused 0x070e "admit one kind=allow xlat=source proto=17 src=$A dst=$S dport=99 in=lan out=wan from=lan peer=$A"
	refused 0x0706 "admit one kind=deny xlat=bind proto=17 dst=$A dport=9 in=wan out=lan from=lan peer=$A"
	refused 0x0703 "admit one kind=allow xlat=destination proto=17 src=$S sport=7 dst=$X dport=99 in=wan out=lan from=wan peer=$S"
	want "$(our_count)" 0 rules
	gate_down
}

# What is reserved where inside is zone 1 is nothing to a host of the same address in zone 2.
other_zone() {
	begin
	granted "$(reserve res)"
	external
	granted hold res 60
	granted "admit plain kind=reserve proto=17 src=$ANY dst=$A dport=9 in=wan out=lan from=lan peer=$A"
	granted hold plain 60
	refused 0x0703 "admit one kind=allow proto=17 src=$S sport=7 dst=$A dport=9 in=wan out=lan2 from=wan peer=$S"
	refused 0x0703 "admit one kind=allow xlat=destination ref=res proto=17 src=$S sport=7 dst=$X dport=$EXT_PORT in=wan out=lan2 from=wan peer=$S"
	granted "admit one kind=allow proto=17 src=$S sport=7 dst=$A dport=9 in=wan out=lan from=wan peer=$S"
	granted "admit two kind=allow xlat=destination ref=res proto=17 src=$S sport=7 dst=$X dport=$EXT_PORT in=wan out=lan from=wan peer=$S"
	gate_down
}

test_start
gateway two
both "NATFW-3.1-02,NATFW-3.7.1-13,NATFW-3.7.1-20 a source is translated from OPEN on" source_translated
both "NATFW-3.2.2-02,NATFW-3.7.2-58,NATFW-3.7.2-60,NATFW-3.7.1-08 flows enter by a reservation" enter_by_reservation
both "NATFW-3.7.2-61 a reservation goes, what rests on it stays" reservation_goes
both "a pool that filters nothing makes no hole of an endpoint" open_pool_is_no_hole
point "NATFW-4.2.4-08 two ports are translated side by side" pair
both "a flow behind the same translator is turned round" hairpin
both "both ends are translated" twice
both "NATFW-3.10-05,NATFW-3.10-09 an update keeps the external endpoint" update_keeps_endpoint
point "NATFW-3.7.1-14 a requester's own old session gives way to its new one" asked_again
point "an update moves to another host" update_moves_endpoint
both "NATFW-3.7.1-09 a reservation of another zone" other_zone
point "NATFW-3.7.1-14 no port left" exhausted
point "a refusal changes nothing, and is nobody else's" refusal_changes_nothing
point "NATFW-3.7.1-09,NATFW-3.7.2-30,NATFW-4.2.5-14 what cannot be translated" no_ports_no_nat
ktap_end
