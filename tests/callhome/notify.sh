#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# Events told to managers that were called: streams, subscriptions, filters, replay, and who is slow. The
# managers are in events.py.
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
certificate boss managers /CN=boss
open_work
make_network

gone() {
	! kill -0 "$1" 2>/dev/null
}

# called [LINE...]: a device whose first manager is nms, with more of its own.
called() {
	[[ -z ${MONITOR:-} ]] || {
		kill -TERM "$MONITOR" 2>/dev/null || :
		wait_for 10 gone "$MONITOR"
	}
	device_conf "$(client nms "remote-address: $MGR4")" "$@"
	fresh_start
}

many() {
	called "$(for ((i = 1; i < 5; i++)); do client "nms$i" "remote-address: $MGR4"; done)"
}

# plays SCENARIO...: the device goes through it, and is there afterwards.
plays() {
	local before
	before=$(pid_of mgmt)
	peer "$@"
	want "$(pid_of mgmt)" "$before" 'the process'
}

unharmed() {
	kill -TERM "$MONITOR"
	logs 'monitor main notice: ended'
	file_lacks "$LOG" 'AddressSanitizer'
	file_lacks "$LOG" 'system call not allowed'
	file_lacks "$LOG" 'in an event'
}

numbers() {
	want "$(in_ns "$DEV" curl -sf http://127.0.0.1:9270/metrics |
		awk '/^natfwd_events_total\{stream="NETCONF"\}/ { print ($2 > 10) }')" 1
}

many
point ":notification and :interleave" plays events.capabilities
point "5277-a streams" plays events.streams
point "5277-b,6470-a sessions of others, and requests meanwhile" plays events.sessions
point "filters: subtree and XPath" plays events.filters
point "what is no subscription" plays events.wrong
point "replay, with times in any zone, and the end of it" plays events.replay
point "6022-2g counted" plays events.counted
point "metrics" numbers
point "unharmed" unharmed

# sessions COUNT: opened by an application, and closed
cat >"$WORK/sessions" <<-SH
	#!/bin/sh
	exec ip netns exec "$DEV" python3 - "$HERE" "$SOCKET" "\$1" <<-'PY'
		import sys
		sys.path.insert(0, sys.argv[1])
		from client import Client
		c = Client(sys.argv[2])
		for n in range(int(sys.argv[3])):
		    c.rpc("session-open", kind="create", lifetime=60, bound=True, flow={
		        "source": "192.0.2.1", "destination": "192.0.2.2", "protocol": "udp",
		        "source-port": 4000 + n, "destination-port": 5004})
	PY
SH
chmod +x "$WORK/sessions"

many
point "sessions of applications, as many as are told of" plays events.daemon "$WORK/sessions"
point "unharmed" unharmed

called "$(for ((i = 1; i < 4; i++)); do client "nms$i" "remote-address: $MGR4"; done)" \
	"ietf-netconf-acm:nacm:" \
	"  groups: {group: [{name: all, user-name: [nms1]}]}" \
	"  rule-list: [{name: all, group: [all], rule: [{name: all, action: permit}]}]"
point "6470-a changes of the configuration, and commits to be confirmed" plays events.changes
reload() {
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
}

# A person's changes, one to what is on trial; a reload of the same; and back.
reloads() {
	manager --timeout 60 events.reloaded
	seen ready
	cp "$CONF" "$WORK/before"
	echo 'policy: {rate: 77}' >>"$CONF"
	reload
	reload
	cp "$WORK/before" "$CONF"
	kill -HUP "$MONITOR"
	wait "$BG" || die "$(cat "$BG_OUT")"
}

point "6470-a what people change and load is told" reloads
point "unharmed" unharmed

two_endpoints() {
	printf '      - name: other\n        endpoint:\n'
	endpoint first "remote-address: $MGR4, remote-port: 9"
	endpoint second "remote-address: $MGR4, remote-port: 10"
	printf '        reconnect: {backoff-max: 1, minimum-uptime: 0, max-attempts: 1}\n'
}

called "$(two_endpoints)"
point "X-6470-b calls" plays events.calls
point "unharmed" unharmed
called "        periodic: {period: 1, idle-timeout: 2}"
point "a subscription is no idleness" plays events.idle
point "unharmed" unharmed
ktap_end
