#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core timeout=200
#
# Mappings of the kernel module, made by packets and by rules, as a manager that was called reads them. The managers are in
# nats.py.
. "$(dirname "$0")/lib.sh"

IN4=10.1.0.2 POOL4=192.0.2.129
ktap_start
modprobe natfw 2>/dev/null || ktap_skip_all "natfw is not there"
make_certificates
open_work
make_network
ns HOST
veth "$DEV" lan 02:00:00:00:00:03 "$HOST" eth 02:00:00:00:00:04
ip -n "$DEV" addr add 10.1.0.1/24 dev lan
ip -n "$HOST" addr add $IN4/24 dev eth
ip -n "$HOST" route add default via 10.1.0.1
in_ns "$DEV" sysctl -qw net.ipv4.ip_forward=1

device_conf "$(client nms "remote-address: $MGR4")" "$(client other "remote-address: $MGR4")" \
	"pool: [{name: internet, address: [$POOL4/32, 192.0.2.136/30], port-max: 50000, hold: 7, host-quota: 400}]" \
	"ietf-access-control-list:acls:" "  acl:" "    - name: out" "      type: ipv4-acl-type" "      aces:" "        ace:" \
	"          - name: out" "            matches: {ipv4: {source-ipv4-network: 10.1.0.0/24}}" \
	"            actions: {forwarding: accept, natfw-acl:translate: {source-pool: internet}}" \
	"  attachment-points:" "    interface:" \
	"      - {interface-id: lan, ingress: {acl-sets: {acl-set: [{name: out}]}}}"
sed -i 's/^interface: .*/interface: [{name: wan, attach: true}, {name: lan, attach: true}]/' "$CONF"
fresh_start

natfwctl() { "$TOP/tools/natfwctl/natfwctl" -N "$DEV" "$@"; }

# sends PORT COUNT: a datagram from each of so many ports
sends() {
	in_ns "$HOST" python3 - "$IN4" "$1" "$2" "$MGR4" <<-'PY'
		import socket, sys
		for port in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
		    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		    s.bind((sys.argv[1], port))
		    s.sendto(b"x", (sys.argv[4], 9))
		    s.close()
	PY
}

# maps FILTER: of those the module has, in its own words
maps() { natfwctl -j flow map | jq -c "[.[] | select($1)]"; }

by_packets() {
	sends 4000 3
	maps 'true' >"$WORK/maps"
	peer nats.by_packets "$WORK/maps"
}

by_rules() {
	natfwctl rule add nat udp from 10.1.0.7 sport 5004 to $MGR4 dport 5004 dev lan snat pool internet lifetime 60
	natfwctl rule add nat udp from 10.1.0.8 sport 5004 to $MGR4 dport 5004 dev lan snat pool internet
	natfwctl rule add nat tcp from 10.1.0.9 sport 80 to $MGR4 dport 5004 dev lan snat $POOL4:8080
	peer nats.by_rules
}

numbers() {
	sends 6000 500
	peer nats.in_numbers
	"$TOP/tools/natfwctl/natfwctl" -S "$SOCKET" session pools >"$WORK/pools"
	file_has "$WORK/pools" '^internet *natfwd *192.0.2.129 +1' || die "$(cat "$WORK/pools")"
}

point "X-INT-7,8512-2 mappings that packets made" by_packets
point "8512-2 mappings that rules made, and how long they live" by_rules
point "8512-2 use of pools: ports, hosts, and what was refused" numbers
ktap_end
