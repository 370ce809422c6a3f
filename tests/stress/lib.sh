# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Traffic that goes on while something else happens to the gateway.
# shellcheck source=../net/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

# traffic: TCP, UDP, ICMP and fragments of both families from host to net until stopped.
# Whatever becomes of the packets is fine.
traffic() {
	local v
	for v in 4 6; do
		use "$v"
		bg traffic_loop
	done
	bg on_host ping -4 -q -i 0.01 -W 1 203.0.113.1
	use 4
}

traffic_loop() {
	local id=''
	[[ $V == 6 ]] || id="id=1..9999 "
	while :; do
		pkt <<-E || sleep 0.1
			flood host 300 ip src=$A dst=$S udp sport=1..60000 dport=1..20 len=20
			flood host 200 ip src=$A dst=$S tcp sport=1..60000 dport=80 flags=S
			flood net 100 ip src=$S dst=$X udp sport=1..60000 dport=1..60000
			flood host 50 ip src=$A2 dst=$S icmp type=$ECHO id=1..500
			flood host 20 ip src=$A dst=$S $id split=512 udp sport=1..999 dport=7 len=1400
			flood net 20 ip src=$R dst=$X icmp type=$UNREACH code=0 ip src=$X dst=$S udp sport=1..60000 dport=7
		E
	done
}

# rounds SECONDS COMMAND...: again and again; ends at the first failure.
rounds() {
	local end=$((SECONDS + $1))
	shift
	ROUNDS=0
	while ((SECONDS < end)); do
		"$@"
		ROUNDS=$((ROUNDS + 1))
	done
	echo "$ROUNDS rounds"
}

# Everything works as if nothing had happened.
still_works() {
	local v
	for v in 4 6; do
		use "$v"
		fresh default drop
		rule nat udp from "$A" to "$S" snat "$X"
		pkt <<-E
			send host ip src=$A dst=$S udp sport=4000 dport=53 data=fine
			expect net udp src=$X data=fine sum=ok
		E
	done
	use 4
}
