#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# The gate at a firewall: what packets meet after ADMIT, OPEN, HOLD and CLOSE.
. "$(dirname "$0")/lib.sh"

# out SID [WORDS]: a CREATE of the host for its own flow.
create_out() {
	local sid=$1
	shift
	echo "admit $sid kind=allow proto=17 src=$A sport=4000 dst=$S dport=99 in=lan out=wan from=lan peer=$A $*"
}

begin() {
	fresh default drop
	gate_up "$@"
}

opens_and_closes() {
	begin
	granted "$(create_out one)"
	drops_out "$A" 4000 "$S" 99
	want "$(our_count)" 0 "rules after ADMIT"
	granted open one 60
	want "$(our_count)" 1 "rules after OPEN"
	passes_out "$A" 4000 "$S" 99
	passes_in "$S" 99 "$A" 4000
	drops_out "$A" 4001 "$S" 99
	drops_in "$S2" 99 "$A" 4000
	want "$(say close one)" "" "answer to CLOSE"
	want "$(our_count)" 0 "rules after CLOSE"
	drops_out "$A" 4000 "$S" 99
	gate_down
}

# told PATTERN...: events since they were looked at last, one line each.
told() {
	local lines pattern n=0
	lines=$(say events)
	for pattern; do
		((++n))
		sed -n "${n}p" <<<"$lines" | has -- "$pattern" || die "event $n is no $pattern: $lines"
	done
	want "$(grep -c . <<<"$lines")" "$n" "events: $lines"
}

tells() {
	begin
	say events
	granted "$(create_out one)"
	granted open one 60
	granted "$(create_out one)"
	granted open one 60
	granted "admit two kind=reserve proto=17 src=$S dst=$A dport=99 in=wan out=lan from=lan peer=$A"
	granted hold two 60
	granted hold two 60
	# what is only refreshed is no event
	told '^rule opened .* id=1 text="allow .*4000' '^rule reserved .* text="reserve'
	say close one
	told '^rule closed .* text="allow .*4000.*" why=""'
	granted "$(create_out three life=2)"
	granted open three 2
	say wait $((6000 * SLOW)) >/dev/null
	told '^rule opened' '^rule ended .* why="..*"'
	gate_down
}

expires() {
	begin
	granted "$(create_out one life=2)"
	granted open one 2
	passes_out "$A" 4000 "$S" 99
	ANSWER=$(say wait $((6000 * SLOW)))
	[[ $ANSWER == "gone one code=0x0104 "* ]] || die "not told: $ANSWER"
	want "$(our_count)" 0 "rules"
	drops_out "$A" 4000 "$S" 99
	want "$(say list)" "" "ledger"
	gate_down
}

refresh_extends() {
	local i
	begin
	granted "$(create_out one life=4)"
	granted open one 4
	for ((i = 0; i < 4; i++)); do
		want "$(say wait 1500)" "" "unasked"
		granted "$(create_out one life=4)"
		granted open one 4
	done
	passes_out "$A" 4000 "$S" 99
	want "$(our_count)" 1 "rules"
	gate_down
}

pair() {
	begin
	granted "$(create_out one pair)"
	granted open one 60
	passes_out "$A" 4000 "$S" 99
	passes_out "$A" 4001 "$S" 100
	drops_out "$A" 4000 "$S" 100
	drops_out "$A" 4002 "$S" 101
	gate_down
}

icmp() {
	local proto=1
	[[ $V == 4 ]] || proto=58
	begin
	granted "admit one kind=allow proto=$proto icmp=$ECHO,$TIMEX src=$A dst=$S in=lan out=wan from=lan peer=$A"
	granted open one 60
	want "$(our_count)" 2 "rules, one a type"
	on_host ping -c 1 -W 2 "$S" || die "ping does not get through"
	on_host ping -c 1 -W 1 "$S2" && die "ping gets through elsewhere"
	refused 0x070b "admit two kind=allow proto=$proto icmp=$([[ $V == 4 ]] && echo 5 || echo 137) src=$A dst=$S in=lan out=wan from=lan peer=$A"
	gate_down
}

spi() {
	begin
	granted "admit one kind=allow proto=50 spi=0x1234 src=$A dst=$S in=lan out=wan from=lan peer=$A"
	granted open one 60
	pkt <<-P
		send host ip src=$A dst=$S proto=50 raw hex=0000123400000001
		expect net ip src=$A dst=$S
	P
	gate_down
}

wildcard() {
	begin "policy wide permit any third"
	granted "admit one kind=allow proto=17 src=$S dst=$A dport=99 in=wan out=lan from=wan peer=$S"
	granted open one 60
	passes_in "$S" 1 "$A" 99
	passes_in "$S" 2 "$A" 99
	drops_in "$S" 2 "$A" 98
	drops_in "$S2" 2 "$A" 99
	gate_down
}

deny_wins() {
	begin "policy all permit third any"
	ctl dev set lan default pass
	granted "$(create_out one)"
	granted open one 60
	granted "admit two kind=deny proto=17 src=$S dst=$A in=wan out=lan from=lan peer=$A"
	granted open two 60
	passes_out "$A" 4000 "$S" 99
	drops_in "$S" 99 "$A" 4000
	say close two
	passes_in "$S" 99 "$A" 4000
	gate_down
}

# Where somebody further out enforces it.
deny_remembered() {
	begin "policy all permit third any"
	granted "$(create_out one)"
	granted open one 60
	granted "admit two kind=deny proto=17 src=$S dst=$A in=wan out=lan from=lan peer=$A"
	granted hold two 60
	granted hold two 60
	want "$(our_count)" 1 rules
	passes_in "$S" 99 "$A" 4000
	granted open two 60
	drops_in "$S" 99 "$A" 4000
	granted hold two 60
	say close two
	passes_in "$S" 99 "$A" 4000
	gate_down
}

# A new flow under the same id: the old one is there until the new one is.
update_swaps() {
	begin
	granted "$(create_out one)"
	granted open one 60
	granted "admit one kind=allow proto=17 src=$A sport=4000 dst=$S2 dport=99 in=lan out=wan from=lan peer=$A"
	passes_out "$A" 4000 "$S" 99
	drops_out "$A" 4000 "$S2" 99
	granted open one 60
	drops_out "$A" 4000 "$S" 99
	passes_out "$A" 4000 "$S2" 99
	want "$(our_count)" 1 "rules"
	gate_down
}

reservation_opens_nothing() {
	begin
	granted "admit res kind=reserve proto=17 src=0.0.0.0/0 dst=$A dport=99 in=wan out=lan from=lan peer=$A"
	granted hold res 60
	want "$(our_count)" 0 "rules"
	drops_in "$S" 5 "$A" 99
	refused 0x0703 "admit bad kind=allow proto=17 src=$S sport=5 dst=$A dport=98 in=wan out=lan from=wan peer=$S"
	granted "admit one kind=allow proto=17 src=$S sport=5 dst=$A dport=99 in=wan out=lan from=wan peer=$S"
	granted open one 60
	passes_in "$S" 5 "$A" 99
	drops_in "$S" 6 "$A" 99
	say close res
	passes_in "$S" 5 "$A" 99
	# the session goes on by itself, a new one does not come in
	granted "admit one kind=allow proto=17 src=$S sport=5 dst=$A dport=99 in=wan out=lan from=wan peer=$S"
	granted open one 60
	refused 0x0703 "admit two kind=allow proto=17 src=$S sport=6 dst=$A dport=99 in=wan out=lan from=wan peer=$S"
	gate_down
}

together() {
	local i
	begin
	say together
	for ((i = 0; i < 20; i++)); do
		say "admit s$i kind=allow proto=17 src=$A sport=$((4000 + i)) dst=$S dport=99 in=lan out=wan from=lan peer=$A" >/dev/null
	done
	say now >/dev/null
	say together
	for ((i = 0; i < 20; i++)); do
		say "open s$i 60" >"$WORK/answers"
	done
	want "$(say now | grep -c '^open .* code=0x0000')" 20 "answers"
	want "$(our_count)" 20 "rules"
	passes_out "$A" 4019 "$S" 99
	gate_down
}

signalling_passes() {
	begin
	pkt <<-P
		send host ip src=$A dst=$S udp sport=270 dport=270 data=query
		expect net udp src=$A dst=$S sport=270 dport=270 data=query
	P
	gate_down
}

test_start
gateway
both "NATFW-3.1-01,NATFW-3.7.1-17,NATFW-3.7.4-04 a flow is let through by OPEN, and no more by CLOSE" opens_and_closes
both "NATFW-3.7.3-01,NATFW-3.4-01 the kernel ends what is not refreshed, and the session is told" expires
point "what managers are told of rules" tells
point "NATFW-3.7.3-07 a refresh counts from now" refresh_extends
both "NATFW-4.2.4-08 two ports are two flows" pair
both "NATFW-4.2.9-03 each ICMP type is let through by itself" icmp
point "wildcards that policy permits" wildcard
point "NATFW-3.1-05,NATFW-4.2.4-04 deny wins over allow" deny_wins
point "NATFW-3.7.2-68 a denial may be only remembered" deny_remembered
both "NATFW-3.10-05,NATFW-3.10-09 an update swaps the old flow for the new one" update_swaps
point "NATFW-3.7.2-58 a reservation opens nothing, and a CREATE may rest on it" reservation_opens_nothing
point "many openings in one round" together
both "NATFW-1.5-01 messages of the protocol itself pass" signalling_passes
ktap_end
