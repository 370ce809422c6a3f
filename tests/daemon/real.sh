#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# The daemon as it is, with nothing faked, in a network namespace of its own and without the kernel module: all of
# it lives behind its seccomp filters, comes back, reloads and ends.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd-real}
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
ns NODE SILENT
veth "$NODE" out 02:00:00:00:00:01 "$SILENT" in 02:00:00:00:00:02
ip -n "$NODE" addr add 192.0.2.1/24 dev out
daemon_conf "  metrics: {port: 9270}" \
	"nslp: {forward: false}" \
	"interface: [{name: lo}]"
cat >"$WORK/in_ns" <<SH
#!/bin/sh
exec nsenter --net=/run/netns/$NODE "$NATFWD" "\$@"
SH
chmod +x "$WORK/in_ns"
NATFWD=$WORK/in_ns

lives() {
	fresh_start
	wait_for 10 ctl '{"id":1,"get":"counters"}' >/dev/null
	ctl '{"id":1,"get":"sessions"}' '{"id":2,"get":"peers"}' '{"id":3,"get":"rules"}' |
		grep -c '"end": true' >"$WORK/ends"
	want "$(cat "$WORK/ends")" 3
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
}

well_formed_metrics() {
	fresh_start
	in_ns "$NODE" curl -sf http://127.0.0.1:9270/metrics >"$WORK/metrics"
	daemon_stop
	file_has "$WORK/metrics" '^natfwd_scrape_complete 1'
	file_has "$WORK/metrics" '^natfwd_gist_'
	file_has "$WORK/metrics" '^natfwd_nslp_'
	file_has "$WORK/metrics" '^natfwd_gate_'
	# one type for each name, and no series twice
	want "$(grep '^# TYPE' "$WORK/metrics" | cut -d' ' -f3 | sort | uniq -d)" ''
	want "$(grep -v '^#' "$WORK/metrics" | sed 's/ [0-9]*$//' | sort | uniq -d)" ''
}

comes_back() {
	local name old
	fresh_start
	for name in sig kern ctl; do
		old=$(pid_of "$name")
		kill -9 "$old"
		wait_for 10 eval "[[ -n \$(pid_of $name) && \$(pid_of $name) != $old ]]"
		wait_for 10 ctl '{"id":1,"get":"counters"}'
	done
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
	file_lacks "$LOG" 'cannot open'
}

reloads() {
	local before
	fresh_start
	before=$(pids)
	sed -i 's/^gist:.*//' "$CONF"
	echo 'gist: {port: 271, t1: 700, peer-default: permit}' >>"$CONF"
	kill -HUP "$MONITOR"
	logs 'ports, ipv6 and tls of gist take a restart'
	logs 'configuration in force'
	in_ns "$NODE" ss -Hlnu 'sport = :270' | has .
	want "$(pids)" "$before" 'process ids'
	sed -i '/^gist:/d' "$CONF"
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
}

# Nobody answers, so it is pending until it is closed.
session() {
	fresh_start
	python3 - "$HERE" "$SOCKET" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
from client import Client
c = Client(sys.argv[2])
out = c.rpc("session-open", kind="create", lifetime=60, flow={
	"source": "192.0.2.1", "destination": "192.0.2.9", "protocol": "udp",
	"source-port": 4000, "destination-port": 5004})["output"]
e = c.event()
assert e["state"] == "pending" and e["session"] == out["session"], e
assert [s["id"] for s in c.get("sessions")[0] if s["role"] == "initiator"] == [out["id"]]
assert c.rpc("session-close", session=out["session"])["output"] == {}
c.state("dead")
PY
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
}

module_required() {
	echo 'x' >"$WORK/out"
	! grep -q '^natfw ' /proc/modules 2>/dev/null || unable "the module is loaded here"
	sed 's/nslp: {forward: false}/nslp: {forward: true}/; s/^daemon:/daemon:\n  module-required: true/' \
		"$CONF" >"$WORK/required.yaml"
	fails timeout 20 "$NATFWD" -c "$WORK/required.yaml"
	file_has "$WORK/stderr" 'natfwd cannot start without it'
}

point "lives behind its filters, and lists what it has" lives
point "metrics of all processes are well-formed" well_formed_metrics
point "every process comes back, with its sockets" comes_back
point "reloads, and says that ports take a restart" reloads
point "a session begins and ends" session
point "without the module it does not start if told to need it" module_required
ktap_end
