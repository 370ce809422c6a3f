#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core timeout=300
#
# A gateway that lets nothing in, by rules of whoever worked at it, calls its manager all the same.
#
#	GW wan ---- B (the manager)
. "$(dirname "$0")/lib.sh"

CALLHOME=$TESTS/callhome

topology() {
	node GW B
	join B eth0 192.0.2.2/24 GW wan 192.0.2.1/24
	iface GW wan outside edge
}

# calls ENDPOINT-MEMBERS: what the gateway is told; what it offers echoes
calls() {
	EXTRA[GW]="management:
  service: [{name: echo, port: 2000}]
  call-home:
    client:
    - name: b
      endpoint: [{name: e, transport: relay-plain, service: echo, remote-address: 192.0.2.2, remote-port: 7000$1}]
      reconnect: {backoff-max: 1, minimum-uptime: 0}
"
}

answered() {
	on B timeout $((20 * SLOW)) python3 "$CALLHOME/peer.py" --certs "$WORK" --address 192.0.2.2 --port 7000 --plain \
		"relay_scenarios.$1" "${@:2}"
}

# The rule for the call, as JSON, one for each there is.
rules() {
	ctl_json GW rule show | jq -c '.[] | select(.priority == 1)'
}

through() {
	# the daemon's rules have to be older than these, or they would be the ones that are first
	ctl GW rule add priority 2 deny to 192.0.2.1
	ctl GW rule add priority 2 deny from 192.0.2.2
	answered echoes
	blocked B tcp 192.0.2.2 4000 192.0.2.1 40000
	blocked B tcp 192.0.2.2 7000 192.0.2.1 40000
}

one_rule() {
	answered waits 8 &
	wait_for 15 eval '[[ -n $(on GW ss -Htn state established "dport = :7000") ]]'
	local port
	port=$(on GW ss -Htn state established "dport = :7000" | awk '{ sub(/.*:/, "", $3); print $3 }')
	rules >"$WORK/rules"
	want "$(wc -l <"$WORK/rules")" 1 rules
	grep -q "192.0.2.2" "$WORK/rules"
	grep -q "192.0.2.1" "$WORK/rules"
	grep -q "7000" "$WORK/rules"
	grep -q "$port" "$WORK/rules"
	# a kern process that starts anew is told
	crash_one GW kern
	wait_for 15 eval '[[ $(rules | wc -l) == 1 ]]'
	wait
}

low_port() {
	calls ", local-port: 20000"
	config GW >"$RUN/GW/natfwd.yaml"
	kill -HUP "$(pid_of GW)"
	answered echoes
}

over() {
	EXTRA[GW]=''
	config GW >"$RUN/GW/natfwd.yaml"
	kill -HUP "$(pid_of GW)"
	wait_for 15 eval '[[ -z $(rules) ]]'
}

topo_start
topology
calls ''
bg on GW python3 "$CALLHOME/service.py" 127.0.0.1 2000 echo "$WORK/service"
daemons GW
point "CHD-4b,CHD-4a a call gets through rules that let nothing in" through
point "CHD-4b by a rule that is for that connection only" one_rule
point "CHD-4b from a port below others, too" low_port
point "and is gone with it" over
ktap_end
