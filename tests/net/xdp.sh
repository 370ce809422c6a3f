#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core stock timeout=500
#
# XDP: what is dropped and sent before there is a packet of the stack, and that nobody can
# tell but by the speed. Most points send the same packets without and with XDP, expect the
# same to arrive, and compare every counter; those of the XDP program say that it had a hand
# in it, or none.
. "$(dirname "$0")/lib.sh"

MODE=native
M=direct
UDP="udp sport=4000 dport=53"

# --- without and with ------------------------------------------------------------------

# What natfw counted since `fresh`: reasons, rules, flows and their state.
counted() {
	ctl_json stats | jq -S --argjson zero "$ZERO" '
		def reasons: [.. | objects | select(has("packets") and has("name"))] |
			map({key: .name, value: [.packets, .bytes]}) | from_entries;
		reasons as $now | ($zero | reasons) as $was | $now |
		with_entries(.key as $k | .value = [.value[0] - ($was[$k][0] // 0),
			.value[1] - ($was[$k][1] // 0)]) |
		with_entries(select(.value[0] > 0)) |
		del(."pass-default", ."pass-local", ."pass-nd", ."pass-non-ip", ."drop-default")'
	ctl_json -s rule show | jq -S 'map({packets, bytes})'
	flows | jq -S '[.. | objects | select(has("orig"))] | map({o: .orig.packets,
		ob: .orig.bytes, r: .reply.packets, rb: .reply.bytes, s: .state}) | sort'
}

xdp_off() {
	ctl dev set lan --xdp=off
	ctl dev set wan --xdp=off
}

xdp_on() {
	ctl dev set lan --xdp="$MODE"
	ctl dev set wan --xdp="$MODE"
}

xdp_field() { ctl_json dev show "$1" | jq -r ".[0].xdp.$2 // \"\""; }

# alike RULES PACKETS DROPPED SENT: RULES makes the rules, PACKETS sends and expects. How
# many of the frames that came in by lan XDP dropped and sent.
alike() {
	local without
	fresh default drop
	xdp_off
	"$1"
	"$2"
	without=$(counted)
	fresh default drop
	xdp_on
	"$1"
	"$2"
	diff <(echo "$without") <(counted) || die "counters differ; those with XDP are on the right"
	had_a_hand "$3" "$4"
}

had_a_hand() {
	local sent=$2
	[[ $MODE != native || -z $NO_XMIT ]] || sent=0
	want "$(xdp_field lan dropped) $(xdp_field lan sent)" "$1 $sent" "frames XDP dropped and sent"
}

# --- drops -----------------------------------------------------------------------------

deny() {
	rule deny udp from "$A" sport 4000 to "$S" dport 53
	rule deny udp to "$S2"
	rule deny "$ICMP" to "$S"
	rule deny proto gre to "$S"
}

# The first packet of each finds its verdict.
send_denied() {
	pkt <<-E
		flood host 10 ip src=$A dst=$S $UDP len=100
		flood host 5 ip src=$A dst=$S2 udp sport=4000 dport=9
		flood host 4 ip src=$A dst=$S icmp type=$ECHO id=7 data=x
		flood host 3 ip src=$A dst=$S gre
		flood host 6 ip src=$A dst=$S3 udp sport=4000 dport=9
		none net ip
	E
}

drops() { alike deny send_denied $((9 + 4 + 3 + 2 + 5)) 0; }

# --- sent ------------------------------------------------------------------------------

snat() { rule nat from "$A" snat "$X"; }

send_udp() {
	local i
	for i in 1 2 3; do
		cat <<-E
			send host ip src=$A dst=$S ttl=17 dscp=46 $UDP len=$((i * 7))
			expect net udp src=$X sport=4000 dport=53 ttl=16 dscp=46 ethsrc=$MAC_WAN sum=ok
			send net ip src=$S dst=$X udp sport=53 dport=4000 data=$i
			expect host udp src=$S dst=$A dport=4000 data=$i sum=ok ethsrc=$MAC_LAN
		E
	done | pkt
}

send_unsummed() {
	[[ $V == 4 ]] || return 0
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4001 dport=53 sum=0 data=1
		expect net udp src=$X sport=4001 sum=zero
		send host ip src=$A dst=$S id=7 df=0 udp sport=4001 dport=53 sum=0 data=2
		expect net udp src=$X sport=4001 sum=zero data=2 ipsum=ok
	E
}

# A whole connection; the last packets are of one that is over.
send_tcp() {
	pkt <<-E
		send host ip src=$A dst=$S tcp sport=5000 dport=80 flags=S
		expect net tcp src=$X flags=S sum=ok
		send net ip src=$S dst=$X tcp sport=80 dport=5000 flags=SA
		expect host tcp dst=$A flags=SA sum=ok
		send host ip src=$A dst=$S tcp sport=5000 dport=80 flags=A
		expect net tcp src=$X flags=A sum=ok
		send host ip src=$A dst=$S tcp sport=5000 dport=80 flags=PA len=1300
		expect net tcp src=$X flags=PA sum=ok
		send net ip src=$S dst=$X tcp sport=80 dport=5000 flags=FA
		expect host tcp dst=$A flags=FA sum=ok
		send host ip src=$A dst=$S tcp sport=5000 dport=80 flags=FA
		expect net tcp src=$X flags=FA sum=ok
	E
}

send_echo() {
	pkt <<-E
		send host ip src=$A dst=$S icmp type=$ECHO id=77 seq=1 data=ping
		expect net icmp src=$X type=$ECHO qid=77 seq=1 sum=ok
		send net ip src=$S dst=$X icmp type=$REPLY id=77 seq=1 data=ping
		expect host icmp src=$S dst=$A type=$REPLY qid=77 seq=1 sum=ok
		send host ip src=$A dst=$S icmp type=$ECHO id=77 seq=2 data=ping
		expect net icmp src=$X type=$ECHO qid=77 seq=2 sum=ok
		send net ip src=$S dst=$X icmp type=$REPLY id=77 seq=2 data=ping
		expect host icmp src=$S dst=$A type=$REPLY qid=77 seq=2 sum=ok
	E
}

# Broken sums are not mended.
send_broken() {
	pkt <<-E
		send host ip src=$A dst=$S udp sport=4002 dport=53 data=1
		expect net udp src=$X sport=4002 sum=ok
		send host ip src=$A dst=$S udp sport=4002 dport=53 sum=bad data=2
		expect net udp src=$X sport=4002 sum=bad data=2
	E
}

translations() {
	send_udp
	send_tcp
	send_echo
	send_broken
}

# first packets apart; replies are of wan
sends() { alike snat translations 0 $((2 + 3 + 1 + 1)); }

unsummed() { alike snat send_unsummed 0 1; }

others() {
	rule allow stateful udp from "$A" to "$S" dport 53
	rule nat tcp from "$A" to "$S2" dport 81 dnat "$(at "$S" 80)"
	rule nat udp from "$A" to "$S2" dnat "$S3" snat "$X2"
}

send_others() {
	local i
	for i in 1 2; do
		cat <<-E
			send host ip src=$A dst=$S $UDP data=$i
			expect net udp src=$A dst=$S data=$i sum=ok ttl=63
			send host ip src=$A dst=$S2 tcp sport=5000 dport=81 flags=S
			expect net tcp src=$A dst=$S dport=80 sum=ok
			send net ip src=$S dst=$A tcp sport=80 dport=5000 flags=SA
			expect host tcp src=$S2 dst=$A sport=81 dport=5000 sum=ok
			send host ip src=$A dst=$S2 udp sport=4000 dport=9 data=$i
			expect net udp src=$X2 dst=$S3 sport=4000 dport=9 data=$i sum=ok
			send net ip src=$S3 dst=$X2 udp sport=9 dport=4000 data=$i
			expect host udp src=$S2 dst=$A sport=9 dport=4000 data=$i sum=ok
		E
	done | pkt
}

sends_others() { alike others send_others 0 3; }

# --- left to the stack -----------------------------------------------------------------

# Each after a packet that made the flow, so that XDP could have had it.
send_odd() {
	send_udp_once
	pkt <<-E
		send host ip src=$A dst=$S ttl=1 $UDP data=x
		expect host icmp type=$TIMEX i.src=$A i.sport=4000
		none net udp
		send host ip src=$A dst=$S split=512 $UDP len=1000
		expect net udp src=$X
		send host ip src=$A dst=$S cut=6 $UDP
		none net udp
		send host eth dst=02:00:00:00:77:77 ip src=$A dst=$S $UDP data=other
		none net udp
		send host vlan id=9 ip src=$A dst=$S $UDP data=tagged
		none net udp
		send host ip src=$A dst=$S iplen=10 $UDP
		none net udp
	E
}

send_udp_once() {
	pkt <<-E
		send host ip src=$A dst=$S $UDP data=1
		expect net udp src=$X data=1 sum=ok
	E
}

send_options() {
	local options="opts=01010101"
	# what IPv6 has in their place
	[[ $V == 4 ]] || options=dst
	send_udp_once
	pkt <<-E
		send host ip src=$A dst=$S $options $UDP data=2
		expect net udp src=$X data=2
	E
}

odd() { alike snat send_odd 0 0; }
options() { alike snat send_options 0 0; }

send_too_big() {
	send_udp_once
	ip -n "$GW" link set wan mtu 1300
	pkt <<-E
		send host ip src=$A dst=$S ${1:-} $UDP len=1350
		expect host icmp mtu=1300 i.src=$A i.sport=4000
		none net udp
	E
	ip -n "$GW" link set wan mtu 1500
}

send_too_big_df() {
	if [[ $V == 4 ]]; then send_too_big df=1; else send_too_big; fi
}

too_big() { alike snat send_too_big_df 0 0; }

not_direct() {
	rule nat udp from "$A" to "$S" snat "$X" emit stack
	rule nat udp from "$A" to "$S2" snat "$X" mark 7
	rule reject tcp to "$S"
}

send_not_direct() {
	pkt <<-E
		send host ip src=$A dst=$S $UDP data=1
		expect net udp src=$X data=1
		send host ip src=$A dst=$S $UDP data=2
		expect net udp src=$X data=2
		send host ip src=$A dst=$S2 $UDP data=1
		expect net udp src=$X data=1
		send host ip src=$A dst=$S2 $UDP data=2
		expect net udp src=$X data=2
		send host ip src=$A dst=$S tcp sport=1 dport=2 flags=S
		expect host tcp src=$S flags=RA
		send host ip src=$A dst=$S tcp sport=1 dport=2 flags=S
		expect host tcp src=$S flags=RA
	E
}

others_decide() { alike not_direct send_not_direct 0 0; }

# A neighbour that is forgotten is asked for, and then known again.
send_unresolved() {
	send_udp_once
	no_neighbours "$GW"
	no_neighbours "$NET"
	pkt <<-E
		send host ip src=$A dst=$S $UDP data=2
		expect net udp src=$X data=2
		send host ip src=$A dst=$S $UDP data=3
		expect net udp src=$X data=3
		send host ip src=$A dst=$S $UDP data=4
		expect net udp src=$X data=4
	E
	neighbours
}

# The second after the neighbour is known is XDP's again, or later on a slow machine.
unresolved() {
	local sent
	fresh default drop
	xdp_on
	snat
	send_unresolved
	sent=$(xdp_field lan sent)
	reason_is nat-direct 4
	((sent <= 2)) || die "XDP sent $sent"
}

# A host's kernel leaves checksums to the card, and cards make several packets of one.
send_by_sockets() {
	on_host timeout 60 env TMPDIR=/run iperf3 "-$V" -B "$A" -c "$S" -n 300K -J >"$WORK/iperf"
	jq -e '.end.sum_sent.bytes >= 300000' "$WORK/iperf" || die "$(tail -n 20 "$WORK/iperf")"
}

sockets() {
	fresh default drop
	xdp_on
	snat
	on_host ethtool -K eth0 "$@" >/dev/null 2>&1
	send_by_sockets
	on_host ethtool -K eth0 tx on tso on gso on >/dev/null 2>&1
}

sockets_offload() { sockets tx on tso on gso on; }

sockets_plain() {
	sockets tx off tso off gso off
	[[ $MODE == native && -n $NO_XMIT ]] || (($(xdp_field lan sent) > 10)) ||
		die "XDP sent $(xdp_field lan sent)"
}

# --- on and off ------------------------------------------------------------------------

features() { on_gw ethtool -K lan rxvlan "$1" rx-vlan-stag-hw-parse "$1" >/dev/null; }

attach_mode() {
	wipe
	ctl dev attach lan --xdp="$1"
	want "$(xdp_field lan mode) $(xdp_field lan ours)" "$1 true"
	ctl dev show lan | has " $1\$"
	ctl dev detach lan
	! on_gw ip link show lan | has xdp
	not_attached lan
}

attach_both() {
	attach_mode native
	attach_mode generic
}

attach_auto() {
	wipe
	ctl dev attach lan --xdp
	want "$(xdp_field lan mode)" native
	ctl dev set lan --xdp=off
	want "$(xdp_field lan mode)" ""
	is_attached lan
}

# Without a driver's own: a device of the kind nobody has XDP for.
attach_no_driver() {
	wipe
	on_gw ip link add d0 type dummy
	on_gw ip link set d0 up
	fails ctl dev attach d0 --xdp=native
	not_attached d0
	ctl dev attach d0 --xdp 2>"$WORK/stderr"
	file_has "$WORK/stderr" "generic XDP it is"
	want "$(xdp_field d0 mode)" generic
	on_gw ip link del d0
}

# Tags the card takes off would go unseen.
attach_tags() {
	wipe
	features on
	ctl dev attach lan --xdp 2>"$WORK/stderr"
	file_has "$WORK/stderr" "takes VLAN tags off"
	want "$(xdp_field lan mode)" ""
	is_attached lan
	ctl dev detach lan
	fails ctl dev attach lan --xdp=native
	not_attached lan
	features off
}

# ... and switched on later XDP stands back.
tags_later() {
	fresh default drop
	xdp_on
	deny
	features on
	send_denied
	features off
	reason_some deny
	had_a_hand 0 0
}

# pin FILE: a program that passes everything and is not natfw's, kept there.
pin_program() {
	python3 - "$1" <<-'E'
		import ctypes, struct, sys
		libc = ctypes.CDLL(None, use_errno=True)
		code = struct.pack('<BBhi', 0xb7, 0, 0, 2) + struct.pack('<BBhi', 0x95, 0, 0, 0)
		code, licence, path = (ctypes.create_string_buffer(b) for b in
			(code, b'GPL', sys.argv[1].encode()))

		def bpf(cmd, attr):
		    attr = ctypes.create_string_buffer(attr, 128)
		    fd = libc.syscall(321, cmd, attr, 128)
		    if fd < 0:
		        sys.exit('bpf(%d): errno %d' % (cmd, ctypes.get_errno()))
		    return fd

		fd = bpf(5, struct.pack('<IIQQIIQII16s', 6, 2, ctypes.addressof(code),
			ctypes.addressof(licence), 0, 0, 0, 0, 0, b'somebody'))
		bpf(6, struct.pack('<QI', ctypes.addressof(path), fd))
	E
}

test_cleanup() { umount "$WORK/bpf"; }

# Somebody else's program is neither replaced nor removed.
attach_foreign() {
	wipe
	on_gw ip link set dev lan xdp off
	mkdir "$WORK/bpf"
	mount -t bpf bpf "$WORK/bpf"
	pin_program "$WORK/bpf/other"
	on_gw ip link set dev lan xdp pinned "$WORK/bpf/other" || unable "ip cannot set a program"
	fails ctl dev attach lan --xdp
	file_has "$WORK/stderr" "program 'somebody'"
	not_attached lan
	ctl dev attach lan
	ctl dev detach lan
	on_gw ip link show lan | has xdp
	ctl dev attach lan
	fails ctl dev set lan --xdp=generic
	ctl dev show lan | has "other (somebody"
	on_gw ip link set dev lan xdp off
}

bad_mode() {
	wipe
	fails ctl dev attach lan --xdp=fast
	file_has "$WORK/stderr" "native, generic"
	fails ctl dev attach lan xdp native --xdp
	file_has "$WORK/stderr" "one of them"
	not_attached lan
}

file_wants() { echo "dev attach lan emit direct $*" | ctl apply -; }

by_file() {
	wipe
	file_wants xdp generic
	want "$(xdp_field lan mode)" generic
	# what is shown can be applied, and is what there is
	ctl show >"$WORK/shown"
	file_has "$WORK/shown" "dev attach lan .* xdp generic"
	want "$(ctl_json --dry-run apply "$WORK/shown" | jq .other)" 0 "changes to what is shown"
	# a file that does not speak of it leaves it
	file_wants zone 7
	want "$(xdp_field lan mode)" generic
	file_wants xdp native
	want "$(xdp_field lan mode)" native
	file_wants xdp auto
	want "$(xdp_field lan mode)" native
	file_wants xdp off
	want "$(xdp_field lan mode)" ""
	is_attached lan
	# who is not in the file keeps no program
	file_wants xdp generic
	ctl apply /dev/null
	not_attached lan
	want "$(on_gw ip -j link show lan | jq '.[0].xdp')" null "program left behind"
}

# --- going away ------------------------------------------------------------------------

keep_sending() {
	bg sh -c "while :; do
		printf 'open host $HOST eth0 $MAC_LAN\nflood host 200 ip src=$A dst=$S $UDP\n' | $PKT
	done"
}

# The program's hold on the module ends with the program.
module_stays() {
	fresh
	xdp_on
	fails rmmod natfw
}

detach_under_traffic() {
	local i
	fresh default drop
	snat
	keep_sending
	for i in 1 2 3 4; do
		xdp_on
		ctl dev detach lan
		ctl dev attach lan emit direct --xdp="$MODE"
		xdp_off
	done
	reason_some nat-direct
}

has_ended() { (($(reason "$1") > 0)); }

device_under_traffic() {
	ns EXTRA
	veth "$EXTRA" x0 02:00:00:00:08:02 "$GW" x1 02:00:00:00:08:01
	on_gw ethtool -K x1 rxvlan off rx-vlan-stag-hw-parse off >/dev/null
	fresh default drop
	ctl dev attach x1 default drop --xdp="$MODE"
	rule deny udp to "$S"
	bg sh -c "while :; do
		printf 'open x $EXTRA x0 02:00:00:00:08:01\nflood x 200 ip src=$A dst=$S $UDP\n' | $PKT || exit
	done"
	# not reason_some(), which does not come back where there are none yet
	wait_for 10 has_ended deny
	on_gw ip link del x1
	not_attached x1
	ns_del "$EXTRA"
}

namespace_gone() {
	ns OTHER PEER
	veth "$PEER" p0 02:00:00:00:09:02 "$OTHER" p1 02:00:00:00:09:01
	in_ns "$OTHER" ethtool -K p1 rxvlan off rx-vlan-stag-hw-parse off >/dev/null
	"$NATFWCTL" -N "$OTHER" dev attach p1 --xdp="$MODE"
	ns_del "$OTHER"
	ns_del "$PEER"
}

# Without type information it is as if nobody had asked, unless it was demanded.
falls_back() {
	wipe
	ctl dev attach lan --xdp 2>"$WORK/stderr"
	file_has "$WORK/stderr" "no XDP, the ordinary path has it all"
	is_attached lan
	want "$(xdp_field lan mode)" ""
	ctl dev detach lan
	fails ctl dev attach lan --xdp=native
	not_attached lan
}

test_start
# before 6.3 the kernel does not say whether a veth takes frames, and none are sent by it
NO_XMIT=''
[[ $(uname -r) != 6.[0-2].* ]] || NO_XMIT=1
gateway
for dev in lan wan; do
	on_gw ethtool -K "$dev" rxvlan off rx-vlan-stag-hw-parse off >/dev/null
done
if [[ ! -e /sys/kernel/btf/natfw ]]; then
	point "attach where there is no XDP" falls_back
	skip "XDP" "natfw.ko has no type information: no kernel BTF, or no pahole when it was built"
	ktap_end
fi
# a veth takes frames if its other end has NAPI
on_host ethtool -K eth0 gro on >/dev/null
on_net ethtool -K eth0 gro on >/dev/null
bg on_net env TMPDIR=/run iperf3 -s
wait_listen "$NET" tcp 5201

# Where time is short, all of it on one kernel; on the others what differs between kernels.
if [[ -n ${NATFW_LEAN:-} && $(uname -r) != 6.12.* ]]; then
	point "attach and detach" attach_both
	for MODE in native generic; do
		both "dropped, $MODE" drops
		both "translated and sent, $MODE" sends
		both "other ways to be sent, $MODE" sends_others
	done
	use 4
	MODE=native
	point "namespace gone, $MODE" namespace_gone
	point "the module stays while a program uses it" module_stays
	ktap_end
fi

point "attach and detach" attach_both
point "attach as the device can" attach_auto
point "attach where the driver has no XDP" attach_no_driver
point "attach where the card takes tags off" attach_tags
point "tags taken off later" tags_later
point "another's program stays" attach_foreign
point "a mode that is none" bad_mode
point "by a file" by_file
for MODE in native generic; do
	both "dropped, $MODE" drops
	both "translated and sent, $MODE" sends
	both "other ways to be sent, $MODE" sends_others
	# where time is short, generic mode by what differs
	if [[ -z ${NATFW_LEAN:-} || $MODE == native ]]; then
		both "what only the stack can do, $MODE" odd
		both "options, $MODE" options
		both "too big, $MODE" too_big
		both "rules that want the stack, $MODE" others_decide
		both "unknown neighbour, $MODE" unresolved
	fi
	use 4
	point "UDP without a checksum, $MODE" unsummed
	point "device set and detached under traffic, $MODE" detach_under_traffic
	point "device gone under traffic, $MODE" device_under_traffic
	point "namespace gone, $MODE" namespace_gone
done
# last, since connections of theirs may outlive the point
for MODE in native generic; do
	[[ -z ${NATFW_LEAN:-} || $MODE == native ]] || continue
	both "sockets with offloads, $MODE" sockets_offload
	both "sockets without offloads, $MODE" sockets_plain
done
point "the module stays while a program uses it" module_stays
ktap_end
