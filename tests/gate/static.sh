#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug timeout=400
#
# Access control lists of the configuration file: what packets meet, and that rules which stay are left alone.
. "$(dirname "$0")/lib.sh"

begin() {
	fresh default "${1:-drop}"
	: >"$WORK/gate.log"
	gate_up
}

# the prefix of an address, and its container and leaves
IP() { printf '%s/%s' "$1" "$((V == 4 ? 32 : 128))"; }
from() { echo "ipv$V: {source-ipv$V-network: $(IP "$1")}"; }
toward() { echo "ipv$V: {destination-ipv$V-network: $(IP "$1")}"; }
flow() { echo "ipv$V: {source-ipv$V-network: $(IP "$1"), destination-ipv$V-network: $(IP "$2")}"; }
dport() { echo "$1: {destination-port: {operator: ${3:-eq}, port: $2}}"; }

# list NAME ENTRY...: each ENTRY is "NAME ACTION[,stateless] [MATCHES]"
list() {
	local name=$1 entry words
	shift
	echo "    - name: $name"
	echo "      type: natfw-acl:ipv4-ipv6-acl-type"
	echo "      aces:"
	echo "        ace:"
	for entry in "$@"; do
		read -r -a words <<<"$entry"
		echo "          - name: ${words[0]}"
		echo "            matches: {${words[*]:2}}"
		echo "            actions:"
		echo "              forwarding: ${words[1]%%,*}"
		case ${words[1]} in
		*,pool=*) echo "              natfw-acl:translate: {source-pool: ${words[1]#*=}}" ;;
		*,to=*) echo "              natfw-acl:translate: {destination-address: ${words[1]#*=}, destination-port: 8080}" ;;
		esac
		[[ ${words[1]} != *,stateless ]] || echo "              natfw-acl:stateful: false"
	done
}

# attach INTERFACE LIST...
attach() {
	local interface=$1 l
	shift
	echo "      - interface-id: $interface"
	echo "        ingress: {acl-sets: {acl-set: ["
	for l in "$@"; do
		echo "          {name: $l},"
	done
	echo "        ]}}"
}

# file LISTS ATTACHMENTS
file() {
	echo "interface: [{name: lan}, {name: wan, side: outside}, {name: dmz0}]"
	echo "ietf-access-control-list:acls:"
	printf '  acl:\n%s\n' "$1"
	printf '  attachment-points:\n    interface:\n%s\n' "$2"
}

# config: the file on standard input is in force.
config() {
	cat >"$WORK/acl.yaml"
	want "$(say config "$WORK/acl.yaml" | sed 's/ ms=.*//')" applied "$(cat "$WORK/acl.yaml")"
}

# on_lan ENTRY...
on_lan() { file "$(list office "$@")" "$(attach lan office)" | config; }

acl_rules() { ctl_json -s rule show | jq '[.[] | select(.name != null and (.name | contains("/")))]'; }
acl_ids() { acl_rules | jq -c 'sort_by(.priority) | [.[].id]'; }
acl_names() { acl_rules | jq -r 'sort_by(.priority) | [.[].name] | join(" ")'; }

obeyed() {
	begin
	drops_out "$A" 4000 "$S" 99
	on_lan "dns accept $(toward "$S"), $(dport udp 99)"
	want "$(acl_names)" office/dns
	passes_out "$A" 4000 "$S" 99
	passes_in "$S" 99 "$A" 4000
	drops_out "$A" 4000 "$S" 98
	drops_out "$A" 4000 "$S2" 99
	drops_in "$S2" 99 "$A" 4000
	on_lan "dns accept $(toward "$S2"), $(dport udp 99)"
	passes_out "$A" 4000 "$S2" 99
	drops_out "$A" 4000 "$S" 99
	file "$(list office "a drop")" "$(attach lan)" | config
	want "$(acl_names)" ""
	drops_out "$A" 4000 "$S2" 99
	gate_down
}

# The first entry that matches decides; a flow that is there already is judged anew.
in_order() {
	begin
	on_lan "all accept"
	passes_out "$A" 4000 "$S" 99
	on_lan "no drop $(toward "$S")" "all accept"
	drops_out "$A" 4000 "$S" 99
	passes_out "$A" 4000 "$S2" 99
	on_lan "all accept" "no drop $(toward "$S")"
	passes_out "$A" 4000 "$S" 99
	gate_down
}

# Two lists of one interface are one, in their order; another interface has its own.
several() {
	begin
	file "$(
		list first "no drop $(flow "$A" "$S")"
		list second "yes accept $(toward "$S")"
		list third "in accept,stateless $(flow "$S2" "$A")"
	)" "$(
		attach lan first second
		attach wan third
	)" | config
	drops_out "$A" 4000 "$S" 99
	passes_out "$A2" 4000 "$S" 99
	drops_out "$A" 4000 "$S2" 99
	passes_in "$S2" 7 "$A" 8
	drops_out "$A" 8 "$S2" 7
	gate_down
}

operators() {
	begin
	on_lan "low accept $(dport udp 100 lte)" "high accept $(dport udp 60000 gte)" \
		"but accept $(toward "$S2"), $(dport udp 5000 neq)" \
		"range accept udp: {destination-port: {lower-port: 200, upper-port: 300}, source-port: {operator: neq, port: 7}}"
	passes_out "$A" 4000 "$S" 100
	drops_out "$A" 4000 "$S" 101
	drops_out "$A" 4000 "$S" 59999
	passes_out "$A" 4000 "$S" 60000
	passes_out "$A" 4000 "$S2" 4999
	drops_out "$A" 4000 "$S2" 5000
	passes_out "$A" 4000 "$S2" 5001
	drops_out "$A" 4000 "$S" 199
	passes_out "$A" 4000 "$S" 200
	passes_out "$A" 4000 "$S" 300
	drops_out "$A" 7 "$S" 250
	want "$(acl_rules | jq length)" 6 "rules of four entries"
	gate_down
}

icmp() {
	local types=(8 13)
	[[ $V == 4 ]] || types=(128 129)
	begin
	on_lan "ping accept icmp: {type: ${types[0]}}"
	want "$(acl_rules | jq length)" 2 "rules, of each family"
	pkt <<-P
		send host ip src=$A dst=$S icmp type=${types[0]} code=0 id=7 seq=1 data=ping
		expect net icmp src=$A dst=$S type=${types[0]} data=ping
		send host ip src=$A dst=$S icmp type=${types[1]} code=0 id=7 seq=1 data=no
		none net icmp data=no
	P
	gate_down
}

rejects() {
	begin pass
	on_lan "no reject tcp: {destination-port: {port: 23}}"
	pkt <<-P
		send host ip src=$A dst=$S tcp sport=4000 dport=23 flags=S seq=5
		expect host tcp src=$S dst=$A sport=23 dport=4000 flags=RA
		none net tcp dport=23
	P
	passes_out "$A" 4000 "$S" 23
	gate_down
}

stateless() {
	begin
	on_lan "dns accept,stateless $(dport udp 99)"
	passes_out "$A" 4000 "$S" 99
	drops_in "$S" 99 "$A" 4000
	gate_down
}

# What stays in its place is the same rule: with its counters, and flows that stand on it.
difference() {
	local before after i entries=()
	begin
	for ((i = 0; i < 20; i++)); do
		entries+=("e$i accept $(dport udp $((100 + i)))")
	done
	on_lan "${entries[@]}"
	before=$(acl_ids)
	passes_out "$A" 4000 "$S" 110
	on_lan "${entries[@]}"
	want "$(acl_ids)" "$before" "the same again"
	on_lan "${entries[@]:0:10}" "new drop $(dport udp 7)" "${entries[@]:10}"
	after=$(acl_ids)
	want "$(jq -cn "$after - $before | length")" 1 "rules made"
	want "$(jq -cn "$before - $after | length")" 0 "rules removed"
	want "$(acl_names | cut -d ' ' -f 11)" office/new "its place"
	on_lan "${entries[@]:19:1}" "${entries[@]:0:10}" "${entries[@]:11:8}"
	want "$(jq -cn "$(acl_ids) - $before | length")" 1 "moved"
	want "$(acl_rules | jq length)" 19
	want "$(say stat gate_static_changes_total)" "gate_static_changes_total $((20 + 1 + 3))"
	gate_down
}

# Rules stay when the daemon ends, and a new one finds them; those of others are not touched.
adopted() {
	local before
	begin
	rule allow udp dport 55 priority 3
	on_lan "dns accept $(dport udp 99)" "no drop"
	passes_out "$A" 4000 "$S" 99
	before=$(acl_ids)
	gate_kill
	passes_out "$A" 4000 "$S" 99
	drops_out "$A" 4000 "$S" 98
	gate_spawn
	say config "$WORK/acl.yaml" >/dev/null
	gate_setup
	want "$(acl_ids)" "$before" "rules of an earlier life"
	want "$(say stat gate_static_changes_total)" "gate_static_changes_total 0"
	gate_down
	passes_out "$A" 4000 "$S" 99
	passes_out "$A" 4000 "$S" 55
	gate_spawn
	file "$(list office "dns drop")" "$(attach lan)" >"$WORK/acl.yaml"
	say config "$WORK/acl.yaml" >/dev/null
	gate_setup
	say wait 2500 >/dev/null
	want "$(acl_names)" "" "what the configuration says no more"
	passes_out "$A" 4000 "$S" 55
	gate_down
}

put_back() {
	begin
	on_lan "dns accept $(dport udp 99)" "ntp accept $(dport udp 123)"
	# it must not put back what is missing before that was seen
	kill -STOP "$GATE_PID"
	ctl rule del "$(acl_ids | jq '.[0]')" >/dev/null
	drops_out "$A" 4000 "$S" 99
	kill -CONT "$GATE_PID"
	say wait 2500 >/dev/null
	want "$(acl_names)" "office/dns office/ntp" "after one was taken out"
	passes_out "$A" 4000 "$S" 99
	ctl rule flush all >/dev/null
	say wait 2500 >/dev/null
	want "$(acl_names)" "office/dns office/ntp" "after a flush"
	passes_out "$A" 4000 "$S" 99
	gate_down
}

# An interface that is not there yet gets its rules when it is.
waits() {
	begin
	file "$(list office "dns accept $(dport udp 99)")" "$(
		attach dmz0 office
		attach lan office
	)" | config
	want "$(acl_rules | jq length)" 1 "rules"
	grep -q "interface=dmz0 wait" "$WORK/gate.log" || die "not said"
	ip -n "$GW" link add dmz0 type dummy
	ctl dev attach dmz0 zone 5
	say wait 2500 >/dev/null
	want "$(acl_rules | jq -r '[.[].match.ifname] | sort | join(" ")')" "dmz0 lan" "interfaces"
	ctl dev detach dmz0
	say wait 2500 >/dev/null
	want "$(acl_rules | jq length)" 1 "rules without it"
	ctl dev attach dmz0
	say wait 2500 >/dev/null
	want "$(acl_rules | jq length)" 2 "rules, again"
	ip -n "$GW" link del dmz0
	gate_down
}

# The kernel's refusal names the entry, and leaves all as it was.
refused() {
	local before answer
	begin
	on_lan "dns accept $(dport udp 99)"
	before=$(acl_ids)
	ctl net set rule-max 4 >/dev/null
	file "$(list office "a accept $(dport udp 1)" "b accept $(dport udp 2)" "c accept $(dport udp 3)" \
		"d accept $(dport udp 4)" "e accept $(dport udp 5)")" "$(attach lan office)" >"$WORK/acl.yaml"
	want "$(say try "$WORK/acl.yaml" | sed "s/'.'/'?'/; s/: .*//")" \
		"refused /ietf-access-control-list:acls/acl[name='office']/aces/ace[name='?']" "tried"
	want "$(acl_ids)" "$before" "rules, tried"
	answer=$(say config "$WORK/acl.yaml")
	ctl net set rule-max 2097152 >/dev/null
	[[ $answer == "refused /ietf-access-control-list:acls/acl[name='office']/aces/ace[name='"?"']: "* ]] ||
		die "$answer"
	want "$(acl_ids)" "$before" "rules"
	want "$(say try "$WORK/acl.yaml")" would
	want "$(acl_ids)" "$before" "rules, tried with success"
	passes_out "$A" 4000 "$S" 99
	on_lan "ntp accept $(dport udp 123)"
	want "$(acl_names)" office/ntp "after all that"
	gate_down
}

# Signalled rules come before static ones: that is what they are for.
signalled() {
	begin pass
	on_lan "no drop"
	drops_out "$A" 4000 "$S" 99
	granted "admit one kind=allow proto=17 src=$A sport=4000 dst=$S dport=99 in=lan out=wan from=lan peer=$A"
	granted open one 60
	passes_out "$A" 4000 "$S" 99
	drops_out "$A" 4001 "$S" 99
	gate_down
}

# Source from a pool, and a port forwarded.
translates() {
	local before
	begin
	ctl pool add out "$X"
	file "$(
		list office "out accept,pool=out ipv4: {source-ipv4-network: 10.1.0.0/16}"
		list web "in accept,to=$A ipv4: {destination-ipv4-network: $X2/32}, $(dport udp 80)"
	)" "$(
		attach lan office
		attach wan web
	)" | config
	pkt <<-P
		send host ip src=$A dst=$S udp sport=4000 dport=99 data=out
		expect net udp src=$X dst=$S dport=99 data=out sum=ok
	P
	passes_in "$S" 7 "$X2" 80 "$A" 8080
	drops_in "$S" 7 "$X2" 81
	before=$(acl_ids)
	say config "$WORK/acl.yaml" >/dev/null
	want "$(acl_ids)" "$before" "the same again"
	file "$(list office "out accept,pool=none ipv4: {source-ipv4-network: 10.1.0.0/16}")" "$(attach lan office)" \
		>"$WORK/acl.yaml"
	want "$(say config "$WORK/acl.yaml" | sed 's/ms=.*//')" \
		"refused /ietf-access-control-list:acls/acl[name='office']/aces/ace[name='out']: nat.pool: no such pool (No such file or directory)"
	want "$(acl_ids)" "$before" "after a refusal"
	config </dev/null
	ctl pool del out
	gate_down
}

# with_pool MEMBERS ENTRY...: a pool "net", and entries of lan's list
with_pool() {
	echo "pool: [{name: net, $1}]"
	file "$(list office "${@:2}")" "$(attach lan office)"
}

pool_field() { ctl_json pool show | jq -r ".[] | select(.name == \"net\") | .$1"; }
pool_count() { ctl_json pool show | jq length; }

# Pools of the file are made, kept and taken out; what cannot be is said and changes nothing.
pools() {
	local out="out accept,pool=net ipv4: {source-ipv4-network: 10.1.0.0/16}"
	begin
	with_pool "address: [$X/32, $X2]" "$out" >"$WORK/acl.yaml"
	want "$(say try "$WORK/acl.yaml")" would
	want "$(pool_count)" 0 "pools, tried"
	with_pool "address: [$X/32, $X2]" "$out" | config
	pkt <<-P
		send host ip src=$A dst=$S udp sport=4000 dport=99 data=out
		expect net udp dst=$S dport=99 data=out sum=ok
		none net udp src=$A
	P
	with_pool "address: [$X/32, $X2], hold: 7, preserve: true, host-quota: 9" "$out" | config
	want "$(pool_field hold) $(pool_field '"host-quota"')" "7 9" "settings"
	with_pool "address: [$X/32], hold: 8" "$out" >"$WORK/acl.yaml"
	want "$(say try "$WORK/acl.yaml" | cut -d: -f 1-2)" "refused /natfw:natfw/pool[name='net']"
	want "$(pool_field hold)" 7 "hold, after a refusal"
	on_lan "rest accept"
	want "$(pool_count)" 0 "pools, at the end"
	# somebody else's stay
	ctl pool add hand "$X"
	on_lan "rest drop"
	want "$(pool_count)" 1 "pools by hand"
	ctl pool del hand
	gate_down
}

# What managers that are called answer comes in whatever lists say, and nothing else of them.
managers() {
	local gw=192.0.2.1 from=("$S" sport 4335)
	begin
	{
		file "$(list office "no drop")" "$(attach wan office)"
		echo "management:"
		echo "  identity: [{name: i, certificate: /c, key: /k, authority: /a}]"
		echo "  cert-to-name: [{id: 1, map-type: common-name}]"
		echo "  call-home: {client: [{name: m, endpoint: [{name: e, transport: tls, identity: i, remote-address: $S}]}]}"
	} | config
	asked allow "${from[@]}" to "$gw" dport 40000
	asked deny "${from[@]}" to "$gw" dport 22
	asked deny "${from[@]}" to "$A" dport 40000
	asked deny "$S2" sport 4335 to "$gw" dport 40000
	asked deny "$S" sport 4334 to "$gw" dport 40000
	gate_down
}

# asked VERDICT SOURCE WORDS...
asked() {
	local verdict=$1
	shift
	ctl test dev wan tcp from "$@" >"$WORK/answer"
	file_has "$WORK/answer" "$verdict"
}

# A list of 1,000 comes into force within a second, and so does a change in its middle.
thousand() {
	local i entries=() ms
	begin
	for ((i = 0; i < 1000; i++)); do
		entries+=("e$i accept $(flow "$A" "$S"), $(dport udp $((1000 + i)))")
	done
	file "$(list office "${entries[@]}")" "$(attach lan office)" >"$WORK/acl.yaml"
	ms=$(say config "$WORK/acl.yaml" | sed -n 's/applied ms=//p')
	echo "# 1000 entries: $ms ms"
	((ms < 1000 * SLOW)) || die "1000 entries took $ms ms"
	want "$(acl_rules | jq length)" 1000
	passes_out "$A" 4000 "$S" 1999
	file "$(list office "${entries[@]:0:500}" "new drop" "${entries[@]:500}")" "$(attach lan office)" >"$WORK/acl.yaml"
	ms=$(say config "$WORK/acl.yaml" | sed -n 's/applied ms=//p')
	((ms < 1000 * SLOW)) || die "one more took $ms ms"
	drops_out "$A" 4000 "$S" 1999
	passes_out "$A" 4000 "$S" 1499
	gate_down
}

test_start
gateway
both "packets obey an access list, and one that has changed" obeyed
both "entries are tried in their order" in_order
both "lists of an interface in their order, and those of another" several
point "operators and ranges of ports" operators
both "ICMP types" icmp
both "reject answers" rejects
point "stateless entries permit one direction" stateless
point "only the difference goes to the kernel" difference
point "a daemon that starts finds its rules, and leaves others' alone" adopted
point "what somebody takes out is put back" put_back
point "an interface's rules wait for it" waits
point "a refusal of the kernel names the entry and changes nothing" refused
point "what signalling opens is open" signalled
point "translation from a pool, and of a port" translates
point "pools of the file" pools
point "answers of managers come in" managers
point "1,000 entries within a second" thousand
ktap_end
