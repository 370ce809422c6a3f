#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# Packets that come in a row are taken together (Documentation/datapath.rst). What becomes of
# them must be what becomes of each alone, in the same order, and nobody who looks on may
# see one twice or miss it.
. "$(dirname "$0")/lib.sh"

TRACING=/sys/kernel/tracing
PARAMETER=/sys/module/natfw/parameters/batch
PROCESSOR=/sys/devices/system/cpu/cpu1/online

test_cleanup() {
	echo 0 >"$TRACING/events/natfw/natfw_batch/enable"
	[[ -z ${BEFORE:-} ]] || echo "$BEFORE" >"$PARAMETER"
	! has_processor || echo 1 >"$PROCESSOR"
}

# The host's packets wait and then come all at once.
in_a_row() {
	in_ns "$HOST" tc qdisc replace dev eth0 root netem slot 80ms 80ms packets 64 || unable "no netem"
}

one_by_one() {
	in_ns "$HOST" tc qdisc del dev eth0 root
}

trace_batches() {
	[[ -w $TRACING/trace ]] || unable "no tracefs"
	echo 1 >"$TRACING/tracing_on"
	echo 1 >"$TRACING/events/natfw/natfw_batch/enable"
	: >"$TRACING/trace"
}

# batches: their sizes, a line each, since trace_batches.
batches() {
	sed -n 's/.*natfw_batch: packets=\([0-9]*\) passed=[0-9]*$/\1/p' "$TRACING/trace"
}

passed() {
	sed -n 's/.*natfw_batch: packets=[0-9]* passed=\([0-9]*\)$/\1/p' "$TRACING/trace" |
		awk '{ n += $1 } END { print n + 0 }'
}

# Packets taken, and the largest batch.
taken() { batches | awk '{ n += $1 } END { print n + 0 }'; }
largest() { batches | sort -n | tail -1; }

no_batches() { want "$(batches | wc -l)" 0 batches; }

mode() { echo "$1" >"$PARAMETER"; }

# Something is sent first, so that the row begins with a slot of its own.
row() {
	trace_batches
	{
		echo "send host ip src=$A dst=$S9 udp sport=9 dport=9"
		echo "sleep 5"
		cat
	} | pkt
}

# The same, and keeps the values pkt prints.
row_keeps() { row >"$WORK/kept"; }

kept() { sed -n "s/^$1=//p" "$WORK/kept"; }

# ---- the same as alone ----

all_arrive() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	row_keeps <<-E
		flood host 60 ip src=$A dst=$S udp sport=4000..4006 dport=53
		count net n within=300 dport=53
	E
	want "$(kept n)" 60 "packets arrived"
	reason_is "allow-$M" 60
	(($(largest) >= 16)) || die "largest batch: $(largest)"
	if [[ $M == direct ]]; then
		want "$(passed)" 0 "packets the stack got"
	else
		want "$(passed)" 60 "packets the stack got"
	fi
}

one_binding() {
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	row_keeps <<-E
		flood host 40 ip src=$A dst=$S udp sport=4000 dport=53
		expect net src=$X dport=53 sport=?p
		count net n within=300 src=$X sport=%p dport=53 sum=ok
	E
	want "$(kept n)" 39 "more packets from the same port"
	want "$(reason "nat-$M")" 40 "translated packets"
	(($(largest) >= 16)) || die "largest batch: $(largest)"
}

# More than `show` shows would be of no use.
in_order() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	row >"$WORK/shown" 2>&1 <<-E
		flood host 20 ip src=$A dst=$S udp sport=4001..4020 dport=53
		sleep 300
		show net
	E
	want "$(grep -o 'sport=40[0-9]*' "$WORK/shown" | tr -dc '0-9\n' | tr '\n' ' ')" \
		"$(seq -s ' ' 4001 4020) " "source ports in order of arrival"
	(($(largest) >= 16)) || die "largest batch: $(largest)"
}

# Sent, dropped, answered, for the gateway itself, in pieces, no IP: in one row.
mixed() {
	local i
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	rule deny udp from "$A" to "$S2"
	rule nat udp from "$A" to "$S3" snat "$X"
	rule allow "$ICMP" from "$A" to "$AGW"
	{
		for i in {1..6}; do
			echo "send host ip src=$A dst=$S udp sport=4000 dport=53"
			echo "send host ip src=$A dst=$S2 udp sport=4000 dport=53"
			echo "send host ip src=$A dst=$S3 udp sport=4000 dport=53"
			echo "send host ip src=$A dst=$AGW icmp type=$ECHO code=0 id=7 seq=$i"
			echo "send host ip src=$A dst=$S8 udp sport=4000 dport=53"
		done
		echo "count net plain within=300 src=$A dst=$S dport=53"
		echo "count net turned within=50 src=$X dst=$S3 dport=53"
		echo "count net denied within=50 dst=$S2"
		echo "count host answers within=300 src=$AGW type=$REPLY"
	} | row_keeps
	want "$(kept plain)" 6 "permitted packets"
	want "$(kept turned)" 6 "translated packets"
	want "$(kept denied)" 0 "denied packets that arrived"
	want "$(kept answers)" 6 "answers of the gateway"
	reason_is deny 6
	reason_is drop-default 7
	(($(largest) >= 8)) || die "largest batch: $(largest)"
}

# ---- who looks on ----

seen_once() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	row_keeps <<-E
		open tap $GW lan
		flood host 40 ip src=$A dst=$S udp sport=4000..4006 dport=53
		count net n within=300 dport=53
		count tap seen within=50 dport=53
	E
	want "$(kept n)" 40 "packets arrived"
	want "$(kept seen)" 40 "packets a packet socket saw"
	(($(taken) >= 40)) || die "$(taken) packets in batches"
}

# A chain behind natfw's hook has to see what natfw lets pass.
hook_behind() {
	fresh default pass
	on_gw nft -f - <<-E
		table netdev behind {
			counter c { }
			chain in { type filter hook ingress device "lan" priority 20; udp dport 53 counter name c; }
		}
	E
	row_keeps <<-E
		flood host 20 ip src=$A dst=$S udp sport=4000 dport=53
		count net n within=300 dport=53
	E
	on_gw nft -j list counters table netdev behind >"$WORK/counters"
	on_gw nft delete table netdev behind
	want "$(kept n)" 20 "packets arrived"
	want "$(jq '.nftables[] | select(.counter) | .counter.packets' "$WORK/counters")" 20 "packets counted"
	no_batches
}

# ---- when ----

# not_taken MODE: in which nothing waits at such a rate.
not_taken() {
	mode "$1"
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	row_keeps <<-E
		flood host 20 ip src=$A dst=$S udp sport=4000 dport=53
		count net n within=300 dport=53
	E
	mode 2
	want "$(kept n)" 20 "packets arrived"
	no_batches
}

# ---- who looks on what is sent ----

# Counts the packets to port 53 that leave by wan until outgoing_over.
outgoing() {
	rm -f "$WORK/over"
	on_gw python3 - "$WORK/ready" "$WORK/over" >"$WORK/outgoing" <<-'P' &
		import os, socket, sys
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3 << 8)
		s.bind(('wan', 3))
		s.settimeout(0.2)
		open(sys.argv[1], 'w').close()
		n = 0
		while True:
		    over = os.path.exists(sys.argv[2])
		    try:
		        frame, addr = s.recvfrom(200)
		    except TimeoutError:
		        if over:
		            break
		        continue
		    head = 34 if frame[12:14] == b'\x08\x00' else 54
		    n += addr[2] == socket.PACKET_OUTGOING and frame[head + 2:head + 4] == b'\0\x35'
		print(n)
	P
	WATCH=$!
	wait_for 5 test -e "$WORK/ready"
	rm "$WORK/ready"
}

outgoing_over() {
	touch "$WORK/over"
	wait "$WATCH"
}

sent_seen() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	outgoing
	row_keeps <<-E
		flood host 40 ip src=$A dst=$S udp sport=4000..4006 dport=53
		count net n within=300 dport=53
	E
	outgoing_over
	want "$(kept n)" 40 "packets arrived"
	want "$(<"$WORK/outgoing")" 40 "packets a packet socket saw leave"
}

sent_filtered() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	on_gw nft -f - 2>/dev/null <<-E || unable "no egress hook"
		table netdev out {
			counter c { }
			chain out { type filter hook egress device "wan" priority 0; udp sport 4001 counter name c drop; }
		}
	E
	row_keeps <<-E
		flood host 40 ip src=$A dst=$S udp sport=4000..4001 dport=53
		count net n within=300 dport=53
	E
	on_gw nft -j list counters table netdev out >"$WORK/counters"
	on_gw nft delete table netdev out
	want "$(kept n)" 20 "packets arrived"
	want "$(jq '.nftables[] | select(.counter) | .counter.packets' "$WORK/counters")" 20 "packets dropped"
}

sent_classified() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	on_gw tc qdisc add dev wan clsact || unable "no clsact"
	on_gw tc filter add dev wan egress matchall action drop
	row_keeps <<-E
		flood host 40 ip src=$A dst=$S udp sport=4000 dport=53
		count net n within=300 dport=53
	E
	on_gw tc qdisc del dev wan clsact
	want "$(kept n)" 0 "packets arrived"
}

sent_queued() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	on_gw tc qdisc add dev wan root netem delay 1ms || unable "no netem"
	row_keeps <<-E
		flood host 40 ip src=$A dst=$S udp sport=4000 dport=53
		count net n within=300 dport=53
	E
	on_gw tc -s -j qdisc show dev wan >"$WORK/qdisc"
	on_gw tc qdisc del dev wan root
	want "$(kept n)" 40 "packets arrived"
	(($(jq '.[0].packets' "$WORK/qdisc") >= 40)) || die "$(cat "$WORK/qdisc")"
}

# ---- what the driver gets ----

# greet COUNT ADDRESS...: the host's kernel sends INIT, ABORT, INIT and so on by SCTP, checksums
# left to the card, with room before them for the headers of a tunnel.
greet() {
	on_host python3 - "$@" <<-'P'
		import socket, struct, sys, time
		for peer in sys.argv[2:] * int(sys.argv[1]):
		    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		    s.bind(('10.1.0.2', 4000))
		    s.setblocking(False)
		    s.connect_ex((peer, 99))
		    time.sleep(0.01)
		    s.close()
	P
}

# tunnel NETNS N MAC PEER-MAC: one of its ends, 1 the gateway's and 2 the network's.
tunnel() {
	ip -n "$1" link add x0 address "$3" type vxlan id 7 dstport 4789 \
		local "192.0.2.$2" remote "192.0.2.$((3 - $2))" || unable "no vxlan"
	ip -n "$1" -batch - <<-E
		link set x0 up
		addr add 10.30.0.$2/24 dev x0
		neigh replace 10.30.0.$((3 - $2)) lladdr $4 dev x0
	E
}

# A lane must not leave CRC32c to a device that cannot do it (natfw_lane_plain()). The host's
# end is not looked at: packets that a socket there sees are shared, no lane takes them.
sctp_summed() {
	on_host modprobe -q sctp || unable "no SCTP in this kernel"
	tunnel "$GW" 1 "$MAC_WAN" "$MAC_NET"
	tunnel "$NET" 2 "$MAC_NET" "$MAC_WAN"
	fresh default drop
	rule allow sctp from 10.1.0.2 sport 4000 to 10.30.0.2 dport 99
	bg greet 50 10.30.0.2
	{
		echo "open net $NET x0"
		printf 'expect net sctp sport=4000 sum=ok sum!=partial\n%.0s' {1..8}
		echo "none net within=1 sctp sum=partial"
	} | "$PKT" --slowness "$SLOW"
	ip -n "$GW" link del x0
	ip -n "$NET" link del x0
}

# Two tunnels that lead into each other, and a device above them.
tunnel_loop() {
	on_gw sysctl -q net.ipv6.conf.default.disable_ipv6=1
	ip -n "$GW" -batch - 2>/dev/null <<-E || unable "no vxlan or macvlan"
		link add x1 type vxlan id 1 dstport 4789 local 192.0.2.1 remote 10.20.0.1
		link add x2 type vxlan id 2 dstport 4789 local 192.0.2.1 remote 10.20.0.2
		link add x3 link x1 type macvlan
	E
	ip -n "$GW" -batch - <<-E
		link set x1 up
		link set x2 up
		link set x3 up
		route add 10.20.0.1 dev x2
		route add 10.20.0.2 dev x1
		route add 10.20.1.0/24 dev x1
		route add 10.20.3.0/24 dev x3
		neigh add 10.20.0.1 lladdr $MAC_NET dev x2
		neigh add 10.20.0.2 lladdr $MAC_NET dev x1
		neigh add 10.20.1.1 lladdr $MAC_NET dev x1
		neigh add 10.20.3.1 lladdr $MAC_NET dev x3
	E
	on_gw sysctl -q net.ipv6.conf.default.disable_ipv6=0
}

tunnel_loop_end() {
	ip -n "$GW" link del x3
	ip -n "$GW" link del x2
	ip -n "$GW" link del x1
}

# into_loop: what the tunnels count when six packets go there by each way.
into_loop() {
	fresh default drop
	rule allow sctp from 10.1.0.2 sport 4000 to 10.20.0.0/16 dport 99
	tunnel_counters >"$WORK/before"
	greet 3 10.20.1.1 10.20.3.1
	reason_is "allow-$M" 12
	tunnel_counters | paste -d ' ' - "$WORK/before" |
		awk '{ printf "%s:%d,%d,%d ", $1, $2 - $6, $3 - $7, $4 - $8 }'
}

tunnel_counters() {
	ip -n "$GW" -s -j link show type vxlan |
		jq -r '.[] | "\(.ifname) \(.stats64.tx | "\(.packets) \(.errors) \(.dropped)")"'
}

# The kernel counts how deep it is; what a lane sends must count (natfw_lane_start()). By
# tunnels alone one more or less may be the same, therefore both ways.
as_deep() {
	local way
	on_host modprobe -q sctp || unable "no SCTP in this kernel"
	on_host ethtool -K eth0 tx-checksum-sctp off >/dev/null || unable "no such feature"
	tunnel_loop
	M=stack way=$(into_loop)
	want "$(M=direct into_loop)" "$way" "counters of the tunnels"
	tunnel_loop_end
}

# ---- processors ----

# One that may be taken away: no real machine's.
has_processor() { [[ -w $PROCESSOR ]] && grep -q '^flags.* hypervisor' /proc/cpuinfo; }

on_processor() { taskset -pc 1 "$BASHPID"; }

# What its batch is left with when it goes, the KUnit suites see.
processor_back() {
	fresh default drop
	rule allow udp from "$A" to "$S" dport 53
	on_processor
	pkt <<<"flood host 2000 ip src=$A dst=$S udp sport=4000 dport=53" &
	echo 0 >"$PROCESSOR"
	echo 1 >"$PROCESSOR"
	wait $!
	reason_is allow-direct 2000
	on_processor
	trace_batches
	pkt <<<"flood host 5 ip src=$A dst=$S udp sport=4000 dport=53"
	want "$(sed -n 's/.*\[001\].* natfw_batch: packets=\([0-9]*\) .*/\1/p' "$TRACING/trace" |
		awk '{ n += $1 } END { print n + 0 }')" 5 "packets taken there"
}

test_start
gateway
[[ -w $PARAMETER ]] || ktap_skip_all "no such parameter"
BEFORE=$(<"$PARAMETER")
mode 2
in_a_row
every "packets of several flows, taken together" all_arrive
M=direct
both "the first packets of a flow, taken together (direct)" one_binding
both "order (direct)" in_order
both "packets with different ends in one row (direct)" mixed
M=stack
if [[ -z ${NATFW_LEAN:-} ]]; then
	both "the first packets of a flow, taken together (stack)" one_binding
	both "order (stack)" in_order
	both "packets with different ends in one row (stack)" mixed
fi
both "a packet socket sees each once" seen_once
both "a hook behind natfw's sees each" hook_behind
point "not at a low rate" not_taken 1
point "not when switched off" not_taken 0
M=direct
both "a packet socket sees what is sent directly" sent_seen
both "an egress chain filters what is sent directly" sent_filtered
both "tc classifies what is sent directly" sent_classified
both "a queueing discipline queues what is sent directly" sent_queued
one_by_one
point "SCTP checksums left to the card, into a tunnel (direct)" sctp_summed
point "tunnels in each other, as deep as by the stack" as_deep
! has_processor || point "a processor goes and comes back" processor_back
ktap_end
