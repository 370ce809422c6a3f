#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core quick debug
#
# Attached devices that are renamed, moved, resized, or go away.
. "$(dirname "$0")/lib.sh"

# A device of its own for each point: x0 in the gateway, e0 in the host.
extra() {
	veth "$GW" x0 02:00:00:00:07:01 "$HOST" e0 02:00:00:00:07:02
	ip -n "$GW" addr add 10.7.0.1/24 dev x0
}

extra_end() { ip -n "$GW" link del "${1:-x0}"; }

attach_detach() {
	fresh default drop
	ctl dev detach lan
	udp_passes 4000 53
	ctl dev attach lan default drop
	udp_vanishes 4000 53
	fails ctl dev attach lan default drop
	fails ctl dev attach nosuch
	ctl dev detach lan
	fails ctl dev detach lan
}

changed_in_place() {
	fresh default drop
	udp_vanishes 4000 53
	ctl dev set lan default pass
	udp_passes 4000 53
	want "$(ctl_json dev show | jq -r '[.. | objects | select(.ifname? == "lan")] | first | .default')" pass default
}

loopback_refused() {
	fails ctl dev attach lo
}

rename() {
	fresh
	extra
	ctl dev attach x0 default drop
	rule allow udp to "$S" dev x0
	ip -n "$GW" link set x0 down
	ip -n "$GW" link set x0 name y0
	ip -n "$GW" link set y0 up
	ctl dev show | has y0
	ctl rule show | has y0
	pkt <<-E
		open extra $HOST e0 02:00:00:00:07:01
		send extra ip src=$A9 dst=$S udp sport=4000 dport=53
		expect net udp src=$A9
	E
	extra_end y0
}

unregister() {
	fresh
	extra
	ctl dev attach x0
	rule allow udp to "$S" dev x0
	bg ctl monitor
	sleep 0.3
	extra_end
	not_attached x0
	wait_for 3 file_has "$BG_OUT" x0
	wait_for 3 no_rules
	# a new device of that name is not the old one
	extra
	not_attached x0
	extra_end
}

no_rules() { (($(rule_count) == 0)); }

egress_gone() {
	fresh
	extra
	on_gw ip route add 203.0.113.9/32 via 10.7.0.9 dev x0
	ip -n "$GW" neigh replace 10.7.0.9 lladdr 02:00:00:00:07:02 dev x0
	rule allow udp from 10.1.0.2 to 203.0.113.9
	pkt <<-E
		open extra $HOST e0
		send host ip src=10.1.0.2 dst=203.0.113.9 udp sport=4000 dport=53
		expect extra udp
	E
	extra_end
	on_gw ip route replace 203.0.113.9/32 via 192.0.2.2
	pkt <<-E
		send host ip src=10.1.0.2 dst=203.0.113.9 udp sport=4000 dport=53
		expect net udp
	E
	on_gw ip route del 203.0.113.9/32
}

mtu_change() {
	fresh
	rule allow udp from 10.1.0.2 to 203.0.113.1
	pkt <<-E
		send host ip src=10.1.0.2 dst=203.0.113.1 df=1 udp sport=4000 dport=53 len=1372
		expect net udp
	E
	ip -n "$GW" link set wan mtu 1300
	pkt <<-E
		send host ip src=10.1.0.2 dst=203.0.113.1 df=1 udp sport=4000 dport=53 len=1372
		expect host icmp type=3 code=4 mtu=1300
		none net udp
	E
	ip -n "$GW" link set wan mtu 1500
	pkt <<-E
		send host ip src=10.1.0.2 dst=203.0.113.1 df=1 udp sport=4000 dport=53 len=1372
		expect net udp
	E
}

down_and_up() {
	fresh
	rule allow udp from 10.1.0.2 to 203.0.113.1
	udp_passes 4000 53
	ip -n "$GW" link set wan down
	pkt <<-E
		flood host 5 ip src=10.1.0.2 dst=203.0.113.1 udp sport=4000 dport=53
	E
	ip -n "$GW" link set wan up
	ip -n "$GW" route replace 203.0.113.0/24 via 192.0.2.2
	ip -n "$GW" addr replace 2001:db8:2::1/64 dev wan nodad
	ip -n "$GW" route replace 2001:db8:3::/64 via 2001:db8:2::2
	neighbours
	udp_passes 4000 53
}

moved_to_another_netns() {
	fresh
	extra
	ctl dev attach x0
	ip -n "$GW" link set x0 netns "$NET"
	not_attached x0
	want "$(dev_count -N "$NET")" 0 "devices attached there"
	ip -n "$NET" link del x0
}

netns_deleted() {
	local i
	ns DYING
	veth "$DYING" a0 02:00:00:00:07:01 "$HOST" e0 02:00:00:00:07:02
	"$NATFWCTL" -N "$DYING" dev attach a0 default drop
	"$NATFWCTL" -N "$DYING" pool add p 198.51.100.1
	for i in 1 2 3 4 5 6 7 8; do
		"$NATFWCTL" -N "$DYING" rule add nat udp from 10.1.0."$i" snat pool p
	done
	pkt <<-E
		open extra $HOST e0 02:00:00:00:07:01
		flood extra 100 ip src=10.1.0.1 dst=10.9.9.9 udp sport=1..100 dport=1
	E
	ip netns del "$DYING"
	wait_for 10 netns_is_gone
}

netns_is_gone() { ! ip -n "$HOST" link show e0 2>/dev/null; }

test_start
gateway
point "attach and detach" attach_detach
point "settings changed in place" changed_in_place
point "what cannot be attached is refused" loopback_refused
for M in stack direct; do
	point "rename ($M)" rename
	point "the device goes away ($M)" unregister
	point "the device flows leave by goes away ($M)" egress_gone
	point "4787-13 MTU changes ($M)" mtu_change
	point "down and up ($M)" down_and_up
	point "moved to another namespace ($M)" moved_to_another_netns
done
point "namespace deleted" netns_deleted
ktap_end
