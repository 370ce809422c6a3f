#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# Sessions that managers open, trace and close, by NETCONF and RESTCONF. Paths are those of ../daemon/fake.c, but
# for the last points. The managers are in ops.py and rest_ops.py.
REAL=$(dirname "$(realpath "$0")")/natfwd-san
NATFWD=$(dirname "$(realpath "$0")")/natfwd-fake
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
for user in admin wilma fred barney guest; do
	certificate "$user" managers "/CN=$user"
done
open_work
make_network

# device CLIENT-LINES...
device() {
	device_conf "$@" \
		"ietf-netconf-acm:nacm:" \
		"  groups: {group: [{name: admins, user-name: [admin, nms1]}, {name: users, user-name: [wilma, fred]}," \
		"    {name: enders, user-name: [barney]}]}" \
		"  rule-list:" \
		"    - {name: admins, group: [admins], rule: [{name: all, action: permit}]}" \
		"    - name: enders" \
		"      group: [enders]" \
		"      rule:" \
		"        - {name: one, path: '/natfw:natfw/state/sessions/session/close', access-operations: exec, action: permit}" \
		"    - name: users" \
		"      group: [users]" \
		"      rule:" \
		"        - {name: open, module-name: natfw, rpc-name: session-open, action: permit}" \
		"        - {name: close, module-name: natfw, rpc-name: session-close, action: permit}" \
		"        - {name: refresh, module-name: natfw, rpc-name: session-refresh, action: permit}" \
		"        - {name: trace, module-name: natfw, rpc-name: session-trace, action: permit}" \
		"        - {name: any, path: '/natfw:natfw/state/sessions/session/trace', access-operations: exec, action: permit}"
}

clients() {
	local i
	for ((i = 0; i < 4; i++)); do client "nms$i" "remote-address: $MGR4"; done
	client web "remote-address: $MGR4" | sed 's/transport: tls/transport: restconf/'
}

rest() {
	in_ns "$MGR" python3 "$CALLHOME/rest.py" --certs "$CERTS" "$@"
}

# by peer|rest SCENARIO...: the device goes through it, and is there afterwards.
by() {
	local before
	before=$(pids)
	"$@"
	want "$(pids)" "$before" 'the processes'
}

# kills PROCESS SCENARIO: which dies in the course of it.
kills() {
	peer "$2" -- kill -9 "$(pid_of "$1")"
	wait_for 10 pid_of "$1"
}

# What applications have is theirs, but for who may act on all.
of_applications() {
	in_ns "$DEV" python3 - "$HERE" "$SOCKET" "$WORK/tag" <<-'PY'
		import sys
		sys.path.insert(0, sys.argv[1])
		from client import Client
		c = Client(sys.argv[2])
		out = c.open()
		c.state("established")
		t = c.rpc("session-trace", session=out["session"])["output"]
		assert t["outcome"] == "answered" and t["uid"] == 0 and "id" not in t, t
	PY
	by rest --cert guest session_denied
}

# One refresh for all who trace a session within a few seconds.
traces_once() {
	local n
	n=$(grep -c 'fake session msn' "$LOG" || :)
	by peer ops.traces
	want "$(($(grep -c 'fake session msn' "$LOG") - n))" 5 'opened and refreshed'
}

# A program that waits is answered when the path has answered; the manager's session is none of its.
of_programs() {
	in_ns "$DEV" python3 - "$HERE" "$SOCKET" <<-'PY'
		import sys
		sys.path.insert(0, sys.argv[1])
		from client import Client
		c = Client(sys.argv[2])
		flow = {"source": "192.0.2.1", "destination": "198.51.100.2", "protocol": "udp",
		        "source-port": 4000, "destination-port": 5004}
		a = c.rpc("session-open", kind="create", flow=flow, wait=10)
		assert a["error"]["message"] == "refused: fake", a
		flow["destination"] = "192.0.2.99"
		a = c.rpc("session-open", kind="create", flow=flow, wait=10)["output"]
		assert a["state"] == "established" and a["token"] and a["id"], a
		assert c.rpc("session-close", session=a["session"])["output"] == {}
		# so many wait; others are told what there is, and managers have room
		flow["destination"] = "198.51.100.1"
		for i in range(40):
		    c.send({"id": i, "rpc": {"natfw:session-open": {"kind": "create", "flow": flow, "wait": 3}}})
		some = [c.answer() for _ in range(8)]
		assert sorted(a["id"] for a in some) == list(range(32, 40)), some
		assert all(a["output"]["state"] == "pending" and a["output"]["token"] for a in some), some
		rest = [c.answer() for _ in range(32)]
		assert all(a["output"]["state"] == "pending" for a in rest), rest
		for a in some + rest:
		    assert c.rpc("session-close", session=a["output"]["session"])["output"] == {}
	PY
}

# manages_session VERB...: what the device says is in $WORK/answer.
manages_session() {
	manages "$@" gw-17 >"$WORK/answer" || die "$*: $(cat "$WORK/answer")"
}

has_called() {
	manages devices | has "gw-17.*connected" && manages "$@" gw-17 >/dev/null 2>&1
}

# As an operator does it (Documentation/manager.rst): by NETCONF, and then by RESTCONF.
by_manager() {
	local ns='xmlns="urn:natfw:yang:natfw"' tag flow
	[[ -x $NATFW_MANAGER ]] || die "natfw-manager is not built"
	flow='<source>192.0.2.1</source><destination>192.0.2.2</destination><protocol>udp</protocol>'
	flow+='<source-port>4000</source-port><destination-port>5004</destination-port>'
	serve_manager 4336 "{transport: tls, address: $MGR4}, {transport: restconf, address: $MGR4}"
	manages devices add gw-17 identifier=17 credential=ops
	wait_for 20 has_called get -c || die "$(manages devices; manages devices refused)"
	manages_session rpc "<session-open $ns><kind>create</kind><flow>$flow</flow></session-open>"
	file_has "$WORK/answer" 'established' || die "$(cat "$WORK/answer")"
	tag=$(grep -o '[0-9a-f]\{16\}' "$WORK/answer" | head -n1)
	manages_session rpc "<session-trace $ns><session>$tag</session></session-trace>"
	file_has "$WORK/answer" 'answered' || die "$(cat "$WORK/answer")"
	manages_session rpc "<action xmlns=\"urn:ietf:params:xml:ns:yang:1\"><natfw $ns><state><sessions>
		<session><session>$tag</session><close/></session></sessions></state></natfw></action>"
	fails manages rpc "<session-close $ns><session>$tag</session></session-close>" gw-17
	sed -i 's/transport: tls/transport: restconf/' "$CONF"
	kill -HUP "$MONITOR"
	wait_for 20 has_called rest GET /data/natfw:natfw/gist/port || die "$(manages devices)"
	echo '{"natfw:input": {"kind": "create", "flow": {"source": "192.0.2.1", "destination": "192.0.2.2",
		"protocol": "udp", "source-port": 4000, "destination-port": 5004}}}' >"$WORK/open.json"
	manages_session rest -d "$WORK/open.json" POST /operations/natfw:session-open
	tag=$(grep -o '[0-9a-f]\{16\}' "$WORK/answer" | head -n1)
	manages_session rest POST "/data/natfw:natfw/state/sessions/session=$tag/trace"
	file_has "$WORK/answer" '"outcome":"answered"' || die "$(cat "$WORK/answer")"
	manages_session rest POST "/data/natfw:natfw/state/sessions/session=$tag/close"
	kill -- "-$BG"
}

unharmed() {
	kill -TERM "$MONITOR"
	logs 'monitor main notice: ended'
	file_lacks "$LOG" 'system call not allowed'
	file_lacks "$LOG" 'AddressSanitizer'
	file_lacks "$LOG" 'does not fit the modules'
	file_lacks "$LOG" 'is not one to get here'
}

# The manager's side has a node as well, which answers.
responder() {
	local conf=$CONF log=$LOG
	CONF=$WORK/responder.yaml
	cat >"$CONF" <<-E
		daemon: {user: nobody, chroot: $WORK/there/empty, state-directory: $WORK/there/state}
		control: {socket: $WORK/there/control}
		nslp: {forward: false}
		interface: [{name: lan}]
	E
	mkdir -p "$WORK/there"
	bg in_ns "$MGR" "$REAL" -c "$CONF"
	RESPONDER=$BG
	CONF=$conf LOG=$log
	wait_for 10 test -S "$WORK/there/control"
}

real_device() {
	sed -i "s|exec .*|exec ip netns exec \"$DEV\" \"$REAL\" \"\$@\"|" "$WORK/in_dev"
	device "$(client nms "remote-address: $MGR4")"
	sed -i 's/interface: \[{name: lo}\]/interface: [{name: wan}]/' "$CONF"
}

device "$(clients)"
fresh_start
point "8341-3.4.4a,8341-3.4.4d what is not permitted by a rule" by peer ops.defaults
point "NETCONF: open, trace, refresh, change, close" by peer ops.opens
point "what the path refuses, and does not answer" by peer ops.refused
point "a session is traced so often" traces_once
point "whose sessions" by peer ops.owners
point "6241-4.3a,7950-8.3a,7950-8.3b what makes no sense" by peer ops.wrong
point "so many sessions" by peer ops.many
point "8040-3.6a,8040-3.6b RESTCONF: operations on sessions" by rest session_operations
point "8040-3.6a,8040-3.6b RESTCONF: actions of sessions" by rest session_actions
point "sessions of applications" of_applications
point "programs that wait" of_programs
point "the process that has sessions dies" kills ctl ops.waiting
point "the process that has managers dies" kills mgmt ops.left
point "unharmed" unharmed
responder
real_device
fresh_start
point "a path that is not fake" peer --cert admin ops.real
point "natfw-manager" by_manager
point "unharmed" unharmed
kill -- "-$RESPONDER"
ktap_end
