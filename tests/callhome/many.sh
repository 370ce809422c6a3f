#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=200
#
# Answers about many sessions, which are made and given in pieces. The managers are in many.py.
. "$(dirname "$0")/lib.sh"

N=400

ktap_start
make_certificates
certificate partner managers "/CN=partner"
certificate visitor managers "/CN=visitor"
open_work
make_network

# sessions N: of an application, that nobody answers; their tags in $WORK/tags
sessions() {
	in_ns "$DEV" python3 - "$HERE" "$SOCKET" "$WORK/tags" "$1" <<-'PY' &
		import os
		import sys
		sys.path.insert(0, sys.argv[1])
		from client import Client
		c = Client(sys.argv[2])
		for i in range(int(sys.argv[4])):
		    c.rpc("session-open", kind="create", lifetime=600, flow={
		        "source": "192.0.2.1", "destination": "192.0.2.2", "protocol": 132 if i % 50 == 7 else "udp",
		        "source-port": 4000 + i, "destination-port": 5004})
		with open(sys.argv[3] + ".new", "w") as f:
		    f.write("\n".join(s["session"] for s in c.get("sessions")[0]))
		os.rename(sys.argv[3] + ".new", sys.argv[3])
		# until the daemon ends
		c.sock.settimeout(300)
		while c.line():
		    pass
	PY
	wait_for 30 test -s "$WORK/tags"
	want "$(sort -u "$WORK/tags" | grep -c .)" "$1" sessions
}

device() {
	device_conf "$(client nms0 "remote-address: $MGR4")" "$(client nms1 "remote-address: $MGR4")" \
		"$(client nms2 "remote-address: $MGR4")" \
		"$(client web "remote-address: $MGR4" | sed 's/transport: tls/transport: restconf/')" "$@"
}

device
fresh_start
sessions $N || die "no sessions"

not_all() {
	local one before
	one=$(sed -n 200p "$WORK/tags")
	device "ietf-netconf-acm:nacm:" "  groups: {group: [{name: partners, user-name: [partner]}," \
		"    {name: all, user-name: [partner, visitor]}]}" "  rule-list:" \
		"  - name: partners" "    group: [partners]" "    rule:" \
		"    - {name: flows, path: /natfw:natfw/state/sessions/session/flow, action: deny}" \
		"  - name: all" "    group: [all]" "    rule:" \
		"    - {name: one, path: \"/natfw:natfw/state/sessions/session[session='$one']\", action: deny}"
	before=$(grep -c 'configuration in force' "$LOG" || :)
	kill -HUP "$MONITOR"
	wait_for 10 eval '(($(grep -c "configuration in force" "$LOG") > before))'
	peer --cert partner many.hidden $N
}

rest() {
	in_ns "$MGR" python3 "$CALLHOME/rest.py" --certs "$CERTS" "$@" $N
}

# A second is for a machine that does nothing else; what is meant is: not after all forty answers.
patience() {
	peer many.slow $N >"$WORK/slow"
	echo "# $(cat "$WORK/slow")"
	awk '{ exit !($3 < 5) }' "$WORK/slow" || die "$(cat "$WORK/slow")"
}

clean() {
	if grep -q 'Sanitizer\|runtime error\|not whole' "$LOG"; then
		die "$(grep 'Sanitizer\|runtime error\|not whole' "$LOG")"
	fi
}

point "all sessions, in whichever way they are asked for" peer many.same $N
point "some of them, some of each, or none" peer many.some $N
point "with the framing of NETCONF 1.0" peer many.old_framing $N
point "events come between answers" peer many.interleaved $N
point "who does not read holds up nobody" patience
point "who leaves in the middle leaves nothing behind" peer many.gone $N
point "the same by RESTCONF" rest rest_same
point "some of it by RESTCONF" rest rest_some
point "8341-3.4.5a what may not be read is in no piece" not_all
point "nothing was wrong meanwhile" clean
ktap_end
