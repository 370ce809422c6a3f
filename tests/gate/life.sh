#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug timeout=400
#
# The gate when things go wrong: it dies, somebody takes rules out, events are lost, the module goes.
. "$(dirname "$0")/lib.sh"

begin() {
	fresh default drop
	pool
	WAN_WORDS=pool=out gate_up "$@"
}

pool() { ctl pool add out "$X"; }

plain() {
	echo "admit $1 kind=allow proto=17 src=$A sport=${2:-4000} dst=$S dport=99 in=lan out=wan from=lan peer=$A ${3:-life=600}"
}

translated() {
	echo "admit $1 kind=allow xlat=source proto=17 src=$A sport=${2:-4100} dst=$S dport=99 in=lan out=wan from=lan peer=$A life=600"
}

reserve() {
	echo "admit $1 kind=reserve xlat=bind proto=17 dst=$A dport=5000 in=wan out=lan from=lan peer=$A life=600"
}

enter() {
	echo "admit $1 kind=allow xlat=destination ref=res proto=17 src=$S sport=7 dst=$X dport=$2 in=wan out=lan from=wan peer=$S life=600"
}

all_four() {
	granted "$(plain one)"
	granted open one 600
	granted "$(translated two)"
	external
	PORT2=$EXT_PORT
	granted open two 600
	granted "$(reserve res)"
	external
	PORT=$EXT_PORT
	granted hold res 600
	granted "$(enter in "$PORT")"
	granted open in 600
}

all_pass() {
	passes_out "$A" 4000 "$S" 99
	passes_out "$A" 4100 "$S" 99 "$X" "$PORT2"
	passes_in "$S" 7 "$X" "$PORT" "$A" 5000
}

ids() { our_rules | jq -c '[.[].id] | sort'; }

# The process dies and comes back; nobody notices but those who look at processes.
killed() {
	local before
	begin
	all_four
	all_pass
	before=$(ids)
	gate_kill
	all_pass
	WAN_WORDS=pool=out gate_up
	all_pass
	want "$(say stat gate_orphans)" "gate_orphans 4"
	granted "$(plain one)"
	granted open one 60
	granted "$(translated two)"
	external
	want "$EXT_PORT" "$PORT2" "endpoint of the translated session"
	granted open two 60
	granted "$(reserve res)"
	external
	want "$EXT_PORT" "$PORT" "endpoint of the reservation"
	granted hold res 60
	granted "$(enter in "$PORT")"
	granted open in 60
	want "$(ids)" "$before" "rules, the same ones"
	want "$(say stat gate_adopted_total)" "gate_adopted_total 4"
	want "$(say stat gate_orphans)" "gate_orphans 0"
	all_pass
	say close one
	say close two
	say close in
	say close res
	want "$(our_count)" 0 rules
	gate_down
}

# Who asks for something else under the id of an earlier life gets that.
adopts_only_what_fits() {
	begin
	granted "$(plain one)"
	granted open one 60
	gate_kill
	WAN_WORDS=pool=out gate_up
	granted "$(plain one 4001)"
	want "$(say stat gate_adopted_total)" "gate_adopted_total 0"
	granted open one 60
	passes_out "$A" 4001 "$S" 99
	gate_down
}

# What a key was shown for goes on without it, and nothing else does.
keyed() {
	begin
	granted "$(plain one)"
	granted open one 60
	gate_kill
	WAN_WORDS=pool=out gate_up "policy signed permit key=7"  "policy rest refuse"
	refused 0x0501 "$(plain one 4001)"
	refused 0x0502 "$(plain two 4000)"
	granted "$(plain one)"
	granted open one 60
	want "$(say stat gate_adopted_total)" "gate_adopted_total 1"
	refused 0x0502 "$(plain one)"
	gate_down
}

nobody_asks() {
	begin
	granted "$(plain one 4000 life=3)"
	granted open one 3
	gate_kill
	WAN_WORDS=pool=out gate_up
	say wait $((7000 * SLOW))
	want "$(our_count)" 0 "rules"
	want "$(say stat gate_orphans)" "gate_orphans 0"
	gate_down
}

owner_of_another() {
	begin
	ctl rule add owner 00112233445566778899aabbccddeeff name mine allow udp from "$A" to "$S" lifetime 60
	granted "$(plain one)"
	granted open one 60
	gate_kill
	WAN_WORDS=pool=out gate_up
	want "$(say stat gate_orphans)" "gate_orphans 1"
	gate_down
}

the_rule() { our_rules | jq -r '.[0].id'; }

taken_out_once() {
	local id
	begin
	granted "$(plain one)"
	granted open one 60
	id=$(the_rule)
	ctl rule del id "$id"
	want "$(say wait 500)" "" "unasked"
	passes_out "$A" 4000 "$S" 99
	[[ $(the_rule) != "$id" ]] || die "the same rule"
	want "$(our_rules | jq '.[0].expires > 50')" true "lifetime goes on"
	ctl rule del id "$(the_rule)"
	ANSWER=$(say wait 500)
	[[ $ANSWER == "gone one code=0x0105 "* ]] || die "second time: $ANSWER"
	want "$(our_count)" 0 rules
	want "$(say list)" "" ledger
	drops_out "$A" 4000 "$S" 99
	gate_down
}

taken_out_translated() {
	begin
	all_four
	local id
	for id in $(our_rules | jq '.[].id'); do
		ctl rule del id "$id"
	done
	want "$(say wait 500)" "" "unasked"
	all_pass
	want "$(our_count)" 4 rules
	gate_down
}

flushed() {
	begin
	all_four
	ctl rule flush all
	ANSWER=$(say wait 1000)
	want "$(grep -c '^gone .* code=0x0105' <<<"$ANSWER")" 4 "sessions told"
	want "$(our_count)" 0 rules
	want "$(say list)" "" ledger
	gate_down
}

many() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "rule add allow udp from 10.9.$((i / 250)).$((i % 250)) to $S2"
	done >"$WORK/many"
}

# More rules at once than the module tells one by one.
flushed_in_bulk() {
	local owner
	begin
	all_four
	owner=$(our_rules | jq -r '.[0].owner')
	many 5000
	# replaces all rules of the owner
	ctl apply -k -o "$owner" "$WORK/many" >/dev/null
	ANSWER=$(say wait 2000)
	want "$(grep -c '^gone .* code=0x0105' <<<"$ANSWER")" 4 "sessions told"
	want "$(say list)" "" ledger
	ctl rule flush owner "$owner" >/dev/null
	gate_down
}

# The process is too slow to take what the kernel has to say.
events_lost() {
	local i other=00112233445566778899aabbccddeeff
	begin
	all_four
	many 4000
	kill -STOP "$GATE_PID"
	for i in 1 2 3 4; do
		ctl apply -k -o $other "$WORK/many" >/dev/null
		ctl apply -k -o $other /dev/null >/dev/null
	done
	for i in $(our_rules | jq '.[].id'); do
		ctl rule del id "$i"
	done
	kill -CONT "$GATE_PID"
	say wait 2000 >"$WORK/told"
	want "$(grep -c '^gone' "$WORK/told")" 0 "sessions told"
	[[ $(say stat gate_resyncs_total) != 'gate_resyncs_total 0' ]] || die "no event was lost"
	all_pass
	want "$(our_count)" 4 rules
	gate_down
}

module_returns() {
	begin
	all_four
	say close in
	granted "$(enter in "$PORT")"
	granted open in 60
	rmmod natfw
	say wait 2500
	want "$(say stat gate_module)" "gate_module 0"
	want "$(say stat gate_sessions)" "gate_sessions 4" "ledger stays"
	refused 0x0401 "$(plain new 4300)"
	granted "$(plain one)"
	refused 0x0401 open one 60
	modprobe natfw
	attach_again
	ANSWER=$(say wait 2000)
	want "$(grep -c '^gone' <<<"$ANSWER")" 0 "sessions told: $ANSWER"
	want "$(say stat gate_module)" "gate_module 1"
	want "$(our_count)" 4 rules
	all_pass
	granted "$(plain new 4300)"
	granted open new 60
	passes_out "$A" 4300 "$S" 99
	gate_down
}

attach_again() {
	ctl dev attach lan default drop
	ctl dev attach wan default drop
	pool
}

# Rules of the new module have ids of the old one's.
module_reloaded_at_once() {
	begin
	all_four
	rmmod natfw
	modprobe natfw
	attach_again
	rule priority 700 allow udp from "$A2" to "$S" lifetime 600
	rule priority 700 allow udp from "$A2" to "$S2" lifetime 600
	rule priority 700 allow udp from "$A2" to "$S3" lifetime 600
	granted "$(plain one)"
	say open one 60
	say wait 3500
	ctl_json -s rule show | jq -e 'all(.[] | select(.priority == 700); .lifetime == 600)' >/dev/null ||
		die "a rule of somebody else was touched"
	want "$(our_count)" 4 rules
	all_pass
	gate_down
}

# Kernels load modules when they are asked for; not here.
no_loading() { echo /bin/false >/proc/sys/kernel/modprobe; }
loading() { echo /sbin/modprobe >/proc/sys/kernel/modprobe; }

module_absent() {
	rmmod natfw
	no_loading
	MODULE=no gate_up
	refused 0x0401 "$(plain one)"
	grep -q 'NO KERNEL MODULE' "$WORK/gate.log" || die "not said"
	want "$(say wait 3000)" "" "unasked"
	want "$(grep -c 'NO KERNEL MODULE' "$WORK/gate.log")" 1 "times said"
	loading
	modprobe natfw
	fresh default drop
	say wait 500
	granted "$(plain one)"
	granted open one 60
	passes_out "$A" 4000 "$S" 99
	gate_down
}

host_needs_no_module() {
	rmmod natfw
	MODULE=no gate_up "set forward 0"
	granted "admit one kind=allow proto=17 src=192.0.2.1 sport=4000 dst=$S dport=99 uid=1000"
	granted open one 60
	granted "admit two kind=allow proto=17 src=$A sport=4000 dst=$S dport=99 uid=0"
	refused 0x0502 "admit three kind=allow proto=17 src=$A sport=4000 dst=$S dport=99 uid=1000"
	gate_down
	modprobe natfw
}

attaches() {
	wipe
	LAN_WORDS="attach drop zone=3" gate_up
	is_attached lan || die "lan is not attached"
	not_attached wan
	want "$(ctl_json dev show | jq -r '.[] | select(.ifname == "lan") | .zone')" 3 zone
	grep -q "interface=wan is not attached" "$WORK/gate.log" || die "not said"
	ctl dev detach lan
	say wait $((6500 * SLOW))
	is_attached lan || die "not attached again"
	gate_down
}

no_such_pool() {
	fresh default drop
	WAN_WORDS=pool=nowhere gate_up
	grep -q "natfw/interface\[name='wan'\]/pool" "$WORK/gate.log" || die "path is not named"
	ANSWER=$(say "$(translated one)")
	[[ $ANSWER != *code=0x0000* ]] || die "granted: $ANSWER"
	want "$(say list)" "" ledger
	gate_down
}

test_start
gateway
point "a restarted process adopts what is alive; no rule changes" killed
point "what does not fit is not adopted" adopts_only_what_fits
point "a restart does not ask for signatures that nobody can give again" keyed
point "NATFW-3.7.3-01 rules that nobody asks for again expire" nobody_asks
point "rules of others are nobody's orphans" owner_of_another
point "a rule taken out is put back once, then the session is told" taken_out_once
point "translations are put back with their endpoints" taken_out_translated
point "NATFW-3.7.5-20 a flush ends the sessions, which are told" flushed
point "a flush of very many rules too" flushed_in_bulk
point "lost events are made up for" events_lost
point "the module comes back: so do rules and endpoints" module_returns
point "ids of an earlier module are not taken for ours" module_reloaded_at_once
point "a gateway without module grants nothing, says so once, and looks for it" module_absent
point "a host needs no module" host_needs_no_module
point "devices are attached as configured, and again" attaches
point "a pool that is not there is named with its path" no_such_pool
ktap_end
