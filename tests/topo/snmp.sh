#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: timeout=200
#
# What SNMP tells of a gateway with the module in it is what natfwctl tells: rules by hand and of sessions, a pool that is
# in use, devices, why packets ended, and all of them together. natfwd-snmp is the subagent of net-snmp's snmpd.
#
#	NI ---- lan [ EDGE ] wan ---- NR
. "$(dirname "$0")/lib.sh"

SUBAGENT=${SUBAGENT:-$TOP/userd/build/snmp/san/natfwd-snmp}
[[ -x $SUBAGENT ]] || ktap_skip_all "natfwd-snmp is not built"
[[ -n $(command -v snmpd) && -n $(command -v snmpbulkwalk) ]] || ktap_skip_all "net-snmp is not installed"
export MIBS='' SNMP_PERSISTENT_DIR ASAN_OPTIONS=detect_leaks=0

topology() {
	local name
	node NI EDGE NR
	join NI eth0 10.1.0.2/24 EDGE lan 10.1.0.1/24
	join EDGE wan 192.0.2.1/24,2001:db8:2::1/64 NR eth0 192.0.2.2/24,2001:db8:2::2/64
	addresses NI eth0 10.1.0.3/24
	ip -n "$EDGE" link set lo up
	router EDGE
	via NI default 10.1.0.1
	via NR 198.51.100.8/29 192.0.2.1
	ctl EDGE pool add public 198.51.100.8/32
	ctl EDGE pool add small 198.51.100.9/32 ports 5000-5003
	iface EDGE lan
	iface EDGE wan outside edge nat pool public
	for name in NI EDGE NR; do
		set_in "$name" nslp lifetime-min 1
	done
}

MIB=.1.3.6.1.4.1.8072.9999.9999.5973.1

agent() {
	mkdir -p "$WORK/agent" "$WORK/persistent"
	SNMP_PERSISTENT_DIR=$WORK/persistent
	printf '%s\n' >"$WORK/agent/snmpd.conf" "agentAddress udp:127.0.0.1:10161" "rocommunity public" \
		"master agentx" "agentXSocket unix:$WORK/agentx" "agentXPerms 0666 0755" \
		"agentXTimeout 10"	# where the module is gone, the kernel looks for it with each question
	bg on EDGE env SNMPCONFPATH="$WORK/agent" snmpd -f -Lo -C -c "$WORK/agent/snmpd.conf"
	wait_for 10 test -S "$WORK/agentx" || die "$(cat "$BG_OUT")"
	chmod 755 "$WORK"
	bg on EDGE "$SUBAGENT" -x "unix:$WORK/agentx" -u nobody -c "$(socket_of EDGE)"
	SUB_OUT=$BG_OUT
	wait_for 15 value 1.1.0 || die "$(cat "$SUB_OUT")"
}

ask() { on EDGE "$1" -v2c -c public -t 10 "${@:2}"; }

# value OID: what it is, without its type; false if there is none
value() {
	local v
	v=$(ask snmpget -Oqv 127.0.0.1:10161 "$MIB.$1" 2>&1) && [[ $v != *No\ Such* ]] && tr -d '"' <<<"$v"
}

# figures WHEN: of natfwctl
figures() {
	ctl_json EDGE version >"$WORK/$1.version"
	ctl_json EDGE net show >"$WORK/$1.net"
	ctl_json EDGE -s rule show >"$WORK/$1.rules"
	ctl_json EDGE pool show >"$WORK/$1.pools"
	ctl_json EDGE dev show >"$WORK/$1.devices"
	jq -n --argjson lan "$(ctl_json EDGE -a stats lan)" --argjson wan "$(ctl_json EDGE -a stats wan)" \
		'{$lan, $wan}' >"$WORK/$1.stats"
}

# What the subagent has is up to five seconds old.
same() {
	sleep 5.1
	figures before
	ask snmpbulkwalk -OnxetU 127.0.0.1:10161 "$MIB" >"$WORK/walk"
	figures after
	python3 "$TESTS/topo/snmp_same.py" "$WORK"
}

# send ADDRESS PORT DPORT COUNT: datagrams, each from a port of its own
send() {
	on NI python3 -c 'if True:
		import socket, sys
		for i in range(int(sys.argv[4])):
		    s = socket.socket(type=socket.SOCK_DGRAM)
		    s.bind((sys.argv[1], int(sys.argv[2]) + i))
		    s.sendto(b"x" * 100, ("192.0.2.2", int(sys.argv[3])))' "$@"
}

rules_and_pool() {
	ctl EDGE rule add allow proto tcp from 10.1.0.0/24 to 192.0.2.2/32 dport 80-90 name web
	ctl EDGE rule add priority 7 deny proto udp to 192.0.2.2/32 dport 7
	ctl EDGE rule add allow family ip6 from 2001:db8:2::/64 proto icmpv6 lifetime 600 name six
	ctl EDGE rule add reject from 10.1.0.9/32 name "owned" owner 00112233445566778899aabbccddeeff
	ctl EDGE rule add snat pool small proto udp from 10.1.0.3/32 dport 9 name translated
	same
}

# More flows than the pool has ports, denied ones, and octets that are counted.
traffic() {
	send 10.1.0.3 6000 9 6
	send 10.1.0.2 7000 7 5
	same >"$WORK/said"
	cat "$WORK/said"
	want "$(jq '[.[] | select(.name == "translated")][0].packets > 0' "$WORK/before.rules")" true "packets of a rule"
	want "$(jq '.[] | select(.name == "small") | .refused > 0 and .used == 4' "$WORK/before.pools")" true "a pool that is used up"
	jq -e '[.. | objects | select(has("packets")) | .packets] | add > 0' "$WORK/before.stats" >/dev/null
}

# One of them has a rule in the kernel, whose counters are its own.
sessions() {
	local tag
	open NI create udp from 10.1.0.2 sport 4000 to 192.0.2.2 dport 5000 lifetime 120
	send 10.1.0.2 4000 5000 1
	same
	want "$(value 2.3.0)" "$(sessions_at EDGE)" 'sessions'
	tag=$(session_json EDGE list | jq -r '.[0].session')
	want "$(value "7.1.13$(octets "$tag")") $(value "7.1.14$(octets "$tag")")" '4000 5000' 'ports'
	want "$(value "7.1.3$(octets "$tag")")" established
	close NI
	sleep 5.1
	want "$(value 2.3.0)" 0 'sessions later'
}

sessions_at() { session_json "$1" list | jq length; }

octets() {
	local text
	text=$(printf '%s' "$1" | od -An -v -tu1 | tr -s ' \n' '.')
	echo "${text%.}"
}

# Without it there is nothing to be told, and no error; with it there is again.
module_goes() {
	kill "$(pid_of EDGE)" 2>/dev/null || :
	bg on EDGE "$SUBAGENT" -k -x "unix:$WORK/agentx" -u nobody
	SUB_OUT=$BG_OUT
	wait_for 15 value 1.1.0 || die "$(cat "$SUB_OUT")"
	wait_for 10 rmmod natfw
	sleep 5.1
	fails value 1.1.0
	want "$(ask snmpwalk -On 127.0.0.1:10161 "$MIB.3" | grep -vc 'No Such')" 0 'rules'
	modprobe natfw
	sleep 5.1
	# should snmpd have given the subagent up, that calls again
	wait_for 30 value 1.1.0 || die "$(cat "$SUB_OUT")"
}

topo_start
topology
daemons NI EDGE NR
agent
point "rules, pools, devices and totals are natfwctl's" rules_and_pool
point "what traffic counts, and a pool that is used up" traffic
point "a session, and its rule in the kernel" sessions
point "the module goes, and comes back" module_goes
ktap_end
