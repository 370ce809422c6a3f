#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# What traffic stands on goes away under it: devices, namespaces, the module.
. "$(dirname "$0")/lib.sh"

# busy: rules, a pool and flows of every sort, and traffic.
busy() {
	fresh
	ctl pool add p 198.51.100.1-198.51.100.3
	rule priority 5 allow udp dport 1-5 stateful
	rule priority 6 nat udp from 10.1.0.2 sport 7 to 203.0.113.1 dport 7 snat 198.51.100.9:99
	rule priority 9 nat from 10.1.0.0/16 snat pool p
	rule priority 9 nat from fd00:1::/64 snat 2001:db8:4::/64
	traffic
	sleep 0.3
}

resize() {
	ip -n "$GW" link set wan mtu 600
	ip -n "$GW" link set wan mtu 1500
	ip -n "$GW" link set lan mtu 1400
	ip -n "$GW" link set lan mtu 1500
}

mtu() {
	busy
	rounds 4 resize
}

rename_once() {
	ip -n "$GW" link set wan down
	ip -n "$GW" link set wan name wide
	ip -n "$GW" link set wide up
	ip -n "$GW" link set wide down
	ip -n "$GW" link set wide name wan
	ip -n "$GW" link set wan up
}

rename() {
	busy
	rounds 4 rename_once
}

routes() {
	ip -n "$GW" route replace 203.0.113.0/24 via 192.0.2.2
	ip -n "$GW" route replace unreachable 203.0.113.0/24
	ip -n "$GW" route del 203.0.113.0/24
	ip -n "$GW" neigh flush all
}

rerouting() {
	ip -n "$GW" link set wan up
	ip -n "$GW" addr replace 192.0.2.1/24 dev wan
	busy
	rounds 4 routes
}

# Device after device, each attached, with flows through it, then gone.
short_lived() {
	ip -n "$GW" link add d0 type veth peer name d1 netns "$HOST"
	ip -n "$GW" link set d0 up
	ip -n "$HOST" link set d1 up
	ctl dev attach d0 default drop emit direct
	rule allow dev d0 stateful
	pkt <<-E
		open d $HOST d1 02:00:00:00:01:01
		flood d 50 ip src=10.1.0.7 dst=203.0.113.1 udp sport=1..50 dport=7
	E
	late_answers
	ip -n "$GW" link del d0
}

# Packets that wait for a neighbour at d0 who is not there, and whose sender natfw would
# tell: the stack has no route to the address they are translated to.
late_answers() {
	ip -n "$GW" addr add 100.64.0.1/24 dev d0
	rule priority 1 nat udp from 10.1.0.2 to 100.64.0.0/24 snat 198.18.0.1 emit direct
	printf 'send host ip src=10.1.0.2 dst=100.64.0.%d udp sport=9 dport=9\n' {2..9} | pkt
}

unregister() {
	busy
	ip -n "$GW" route replace unreachable 198.18.0.0/15
	rounds 6 short_lived
	want "$(dev_count)" 2 "attached devices"
}

short_lived_netns() {
	ip netns add "$GW-x"
	echo "$GW-x" >>"$WORK/netns"
	ip -n "$GW-x" link add d0 type veth peer name d1 netns "$HOST"
	ip -n "$GW-x" link set d0 up
	ip -n "$HOST" link set d1 up
	"$NATFWCTL" -N "$GW-x" dev attach d0 default drop
	"$NATFWCTL" -N "$GW-x" pool add p 198.51.100.1
	"$NATFWCTL" -N "$GW-x" rule add nat udp snat pool p family 4 >/dev/null
	pkt <<-E
		open d $HOST d1 $(ip netns exec "$GW-x" cat /sys/class/net/d0/address)
		flood d 50 ip src=10.1.0.7 dst=203.0.113.1 udp sport=1..50 dport=7
	E
	ip netns del "$GW-x"
}

netns() {
	busy
	rounds 6 short_lived_netns
}

reload() {
	modprobe -r natfw
	modprobe natfw
	ctl dev attach lan default drop
	ctl dev attach wan
	ctl pool add p 198.51.100.1
	rule nat from 10.1.0.0/16 snat pool p
	rule allow udp stateful
	sleep 0.2
}

unload() {
	busy
	rounds 8 reload
}

# While somebody listens and somebody else asks.
unload_with_listeners() {
	busy
	bg "$NATFWCTL" -N "$GW" monitor all
	bg asking
	rounds 6 reload || modprobe natfw
}

asking() {
	while :; do
		ctl rule show
		ctl stats
		ctl flow show
	done
}

# A namespace that is deleted together with everything in it, under traffic.
whole_gateway() {
	busy
	ip netns del "$GW"
	sleep 1
	lsmod | has '^natfw'
}

test_start
gateway
point "MTU" mtu
point "routes and neighbours" rerouting
point "devices unregistered" unregister
point "namespaces deleted" netns
point "module unloaded" unload
point "module unloaded while others use it" unload_with_listeners
point "devices renamed" rename
point "the whole gateway" whole_gateway
ktap_end
