#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: timeout=600
#
# Large rule sets replaced as a whole, over and over, while another processor sends: each
# packet is judged by the old set or by the new one, and none is lost.
. "$(dirname "$0")/lib.sh"

RULES=${NATFW_REPLACE_RULES:-200000}
KEPT=2000	# of them permit, and as many refuse, in either set
TIMES=4			# replacements under each kind of traffic
LEAST=20000	# packets that must have met them

PG=/proc/net/pktgen

# Rule set $1: everything has another priority than in the sets beside it. What is permitted
# and what is refused lies in front of a rule that says the opposite, so that a packet that
# misses its rule is seen to have.
rule_set() {
	awk -v n="$RULES" -v k="$KEPT" -v set="$1" -v a="$A" -v s="$S" -v o="$S2" 'BEGIN {
		for (i = 0; i < k; i++) {
			printf "rule add priority %d allow udp from %s sport %d to %s dport 53\n", \
				1000 + set, a, 1024 + i, s
			printf "rule add priority %d deny udp from %s sport %d to %s dport 53\n", \
				1000 + set, a, 10000 + i, s
		}
		for (i = 2 * k; i < n; i++)
			printf "rule add priority %d deny udp from %s sport %d to %s dport %d\n", \
				1000 + set, a, i % 50000 + 1, o, 100 + int(i / 50000)
		printf "rule add priority %d deny udp from %s sport 1024-%d to %s\n", \
			5000 + set, a, 1023 + k, s
		printf "rule add priority %d allow udp from %s sport 10000-%d to %s\n", \
			5000 + set, a, 9999 + k, s
	}'
}

# The two sets, as files: 1, 2.
rule_sets() {
	local i
	for i in 1 2; do
		{
			echo "dev attach lan default drop emit direct"
			echo "dev attach wan default drop emit direct"
			rule_set "$i"
		} >"$WORK/set$i"
	done
}

# generator FIRST LAST: packets from random ports in between, by the last processor, as if lan
# had received them.
generator() {
	local line cpu=$(($(nproc) - 1))
	GEN=$PG/lan@$cpu
	on_gw bash -c "[[ -e $GEN ]] || echo add_device lan@$cpu >$PG/kpktgend_$cpu"
	for line in "count 0" "clone_skb 0" "flag !SHARED" "flag NO_TIMESTAMP" "flag UDPCSUM" \
		"flag UDPSRC_RND" "xmit_mode netif_receive" "delay 2000" "pkt_size 60" \
		"src_mac $MAC_HOST" "dst_mac $MAC_LAN" "src_min $A" "src_max $A" \
		"dst_min $S" "dst_max $S" "udp_dst_min 53" "udp_dst_max 53" \
		"udp_src_min $1" "udp_src_max $(($2 + 1))"; do
		on_gw bash -c "echo '$line' >$GEN" || die "pktgen refuses '$line'"
	done
}

start_sending() { on_gw bash -c "echo start >$PG/pgctrl"; }

# Packets sent, once it has ended.
sent() { on_gw sed -n 's/.*pkts-sofar: *\([0-9]*\).*/\1/p' "$GEN"; }

generator_over() { on_gw grep -q 'Result: OK' "$GEN"; }

generator_busy() {
	local n
	n=$(sent)
	((${n:-0} > 0))
}

# under_traffic FIRST LAST: replace the set TIMES times while packets of these ports come; SENT.
under_traffic() {
	local i before after=0
	rule_sets
	ctl apply "$WORK/set1" >/dev/null
	generator "$1" "$2"
	ZERO=$(ctl_json stats)
	bg start_sending
	wait_for 30 generator_busy
	before=$(sent)
	for ((i = 0; i < TIMES; i++)); do
		ctl apply "$WORK/set$((2 - i % 2))" >/dev/null
	done
	after=$(sent)
	on_gw bash -c "echo stop >$PG/pgctrl"
	wait_for 30 generator_over
	SENT=$(sent)
	echo "$SENT packets, $((after - before)) of them during $TIMES replacements of $RULES rules"
	((after - before >= LEAST)) || die "too few to tell"
	want "$(ctl_json net show | jq .rules)" $((RULES + 2)) rules
}

# Every reason packets ended for on lan, save REASON, of which there must be all.
all_ended_as() {
	local other
	other=$(ctl_json stats dev lan | jq -c '[.. | objects | select(has("packets") and
		has("name") and .packets > 0) | {(.name): .packets}] | unique')
	want "$(reason "$1")" "$SENT" "packets that ended as $1, of all: $other;"
}

never_lost() {
	fresh default drop
	under_traffic 1024 $((1023 + KEPT))
	all_ended_as allow-direct
}

never_passed() {
	fresh default drop
	under_traffic 10000 $((9999 + KEPT))
	all_ended_as deny
}

modprobe pktgen 2>/dev/null || [[ -d $PG ]] || ktap_skip_all "no pktgen in this kernel"
test_start
gateway
use 4
M=direct
point "X-FP-2 $RULES rules replaced: what both sets permit is never lost" never_lost
point "X-FP-2 $RULES rules replaced: what both sets refuse never passes" never_passed
ktap_end
