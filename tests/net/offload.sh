#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core debug
#
# Large packets that network cards make and take apart (GSO, GRO), checksums left to them.
# Speeds mean nothing in a guest; what is looked at is whether data arrives whole, without
# retransmission, and in packets as large as they came.
. "$(dirname "$0")/lib.sh"

SIZE=20M
BYTES=20000000

# features WORDS: of the devices along the way.
features() {
	ip netns exec "$HOST" ethtool -K eth0 "$@" >/dev/null 2>&1
	ip netns exec "$NET" ethtool -K eth0 "$@" >/dev/null 2>&1
	ip netns exec "$GW" ethtool -K lan "$@" >/dev/null 2>&1
	ip netns exec "$GW" ethtool -K wan "$@" >/dev/null 2>&1
}

all_on() { features tx on rx on sg on tso on gso on gro on; }

# Restores what a point changed, whatever became of it.
with() {
	local words=$1
	shift
	# shellcheck disable=SC2086  # a list of words
	features $words
	"$@"
}

transfer() {
	fresh default drop
	rule nat tcp from "$A" to "$S" snat "$X"
	on_host timeout 100 env TMPDIR=/run iperf3 "-$V" -B "$A" -c "$S" -n "$SIZE" -J "$@" >"$WORK/iperf"
	jq -e ".end.sum_sent.bytes >= $BYTES" "$WORK/iperf" || die "$(tail -n 30 "$WORK/iperf")"
}

few_retransmits() {
	local again
	again=$(jq '.end.sum_sent.retransmits' "$WORK/iperf")
	((again < BYTES / 1448 / 20)) || die "$again retransmissions"
}

# iperf3 may end before the last byte has arrived.
#
# Bytes per packet the gateway counted: large ones stay large.
large_packets() {
	local packets bytes
	packets=$(rule_field "$RULE" packets)
	bytes=$(rule_field "$RULE" bytes)
	((bytes >= BYTES / 3)) || die "$bytes bytes counted"
	((bytes / packets >= $1)) || die "$packets packets for $bytes bytes"
}

up() { all_on && transfer && few_retransmits && large_packets 2000; }
down() { all_on && transfer -R && few_retransmits; }
no_gso() { with "tso off gso off" transfer && few_retransmits; }
no_gro() { with "tso off gso off gro off" transfer && few_retransmits; }
no_checksum_offload() { with "tx off rx off" transfer && few_retransmits; }
only_checksum_offload() { with "tx on rx on tso off gso off gro off" transfer && few_retransmits; }

# Segments the sender's card would cut are taken together again at the gateway.
gro_at_gateway() { with "tx on sg on tso off gso off gro on" transfer && few_retransmits; }

fraglist() {
	all_on
	features rx-gro-list on tso off gso off
	transfer && few_retransmits
	features rx-gro-list off
}

# UDP_SEGMENT: one send, ten datagrams.
udp_segments() {
	all_on
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	cat >"$WORK/recv.py" <<-'E'
		import socket, sys
		family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
		s = socket.socket(family, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 99))
		s.settimeout(30)
		print('ready', flush=True)
		got = [s.recvfrom(65535) for i in range(10)]
		print('got', sorted({len(d) for d, a in got}), sorted({a[0] for d, a in got}), flush=True)
	E
	cat >"$WORK/send.py" <<-'E'
		import socket, sys
		family = socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET
		s = socket.socket(family, socket.SOCK_DGRAM)
		s.bind((sys.argv[1], 4000))
		s.setsockopt(socket.IPPROTO_UDP, 103, 1000)
		s.sendto(b'x' * 10000, (sys.argv[2], 99))
	E
	bg on_net python3 "$WORK/recv.py" "$S"
	local out=$BG_OUT
	wait_for 10 file_has "$out" ready
	on_host python3 "$WORK/send.py" "$A" "$S" || unable "no UDP segmentation offload"
	wait_for 10 file_has "$out" got
	want "$(tail -n 1 "$out")" "got [1000] ['$X']" "datagrams"
}

# The small MTU behind the gateway: large packets are cut to it, not refused.
small_mtu() {
	all_on
	ip -n "$GW" link set wan mtu 1400
	ip -n "$NET" link set eth0 mtu 1400
	SIZE=5M BYTES=5000000 transfer
	ip -n "$GW" link set wan mtu 1500
	ip -n "$NET" link set eth0 mtu 1500
}

partial_checksum_answers() {
	all_on
	fresh default drop
	rule nat udp from "$A" to "$S" snat "$X"
	bg on_net socat -T 30 "UDP$V-RECVFROM:99,fork,bind=$(bracket "$S")" SYSTEM:"echo answer"
	wait_listen "$NET" udp 99
	want "$(echo q | on_host timeout 5 socat -t 2 - "UDP$V:$(at "$S" 99),bind=$(at "$A" 4000)")" answer answer
}

test_start
gateway
bg on_net env TMPDIR=/run iperf3 -s
wait_listen "$NET" tcp 5201
if ((SLOW >= 3)); then
	SIZE=3M BYTES=3000000
fi
every "X-FP-5 all offloads, upload" up
every "X-FP-5 all offloads, download" down
every "X-FP-5 no segmentation offload" no_gso
both "X-FP-5 no receive offload" no_gro
every "X-FP-5 no checksum offload" no_checksum_offload
both "X-FP-5 checksum offload alone" only_checksum_offload
every "X-FP-5 receive offload at the gateway" gro_at_gateway
every "X-FP-5 receive offload as fragment lists" fraglist
every "X-FP-5 UDP segmentation offload" udp_segments
every "large packets over a smaller MTU" small_mtu
both "UDP with checksums left to the card" partial_checksum_answers
ktap_end
