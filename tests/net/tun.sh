#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core
#
# Devices without link-layer header: tun and IP tunnels.
. "$(dirname "$0")/lib.sh"

# A tun device of the gateway whose other end is a program: tun0 is 10.8.0.1.
tun_up() {
	bg on_gw python3 "$TESTS/net/tun.py" tun0 "$WORK/tun.in" "$WORK/tun.out"
	wait_for 10 on_gw ip link show tun0
	ip -n "$GW" link set tun0 up
	ip -n "$GW" addr add 10.8.0.1/24 dev tun0
	ip -n "$GW" addr add fd00:8::1/64 dev tun0 nodad
}

# An IPIP tunnel between host and gateway.
ipip_up() {
	ip -n "$GW" link add tnl0 type ipip local 10.1.0.1 remote 10.1.0.2 || return
	ip -n "$HOST" link add tnl0 type ipip local 10.1.0.2 remote 10.1.0.1 || return
	ip -n "$GW" link set tnl0 up
	ip -n "$HOST" link set tnl0 up
	ip -n "$GW" addr add 10.7.0.1/24 dev tnl0
	ip -n "$HOST" addr add 10.7.0.2/24 dev tnl0
	ip -n "$HOST" route add 203.0.113.2/32 via 10.7.0.1
}

tunnel() {
	use 4
	ipip_up 2>"$WORK/err" || unable "no IPIP tunnels here"
	fresh
	ctl dev attach tnl0 emit "$M" default drop
	rule nat proto icmp from 10.7.0.2 to "$S2" snat "$X"
	on_host ping -4 -c 2 -i 0.2 -W 2 -I 10.7.0.2 "$S2"
	(($(reason "nat-$M") >= 4)) || die "not translated: $(ctl stats)"
	ip -n "$GW" link del tnl0
	ip -n "$HOST" link del tnl0
}

through_tun() {
	fresh
	ctl dev attach tun0 emit "$M" default drop
	on_gw ip route replace 10.8.0.0/24 dev tun0
	rule nat proto icmp from 10.8.0.2 to "$S" snat "$X"
	want "$(tun_ping)" "reply" "ping through tun"
}

# tun.py sends one echo request when told to, and says when a reply came.
tun_ping() {
	: >"$WORK/tun.out"
	echo "10.8.0.2 $S" >"$WORK/tun.in"
	wait_for 5 file_has "$WORK/tun.out" reply && cat "$WORK/tun.out"
}

test_start
gateway
for M in stack direct; do
	point "IP tunnel ($M)" tunnel
done
if [[ -c /dev/net/tun ]]; then
	mkfifo "$WORK/tun.in"
	tun_up
	use 4
	for M in stack direct; do
		point "tun ($M)" through_tun
	done
else
	skip "tun" "no /dev/net/tun"
fi
ktap_end
