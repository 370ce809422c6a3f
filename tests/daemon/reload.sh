#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick host timeout=90
#
# SIGHUP and the reload operation: a good configuration comes into force without anybody being restarted, a bad
# one changes nothing and is named.
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
daemon_conf

OPEN='{"id":1,"rpc":{"natfw:session-open":{"kind":"create","flow":{"source":"192.0.2.1","destination":"192.0.2.2"}}}}'

# with LINES: the file of before and these lines.
with() {
	daemon_conf
	printf '%b\n' "$1" >>"$CONF"
}

count() {
	grep -c "$1" "$LOG" || :
}

# reloaded N: a configuration came into force N times.
reloaded() {
	wait_for 10 eval "(( \$(count 'configuration in force') == $1 ))"
}

good() {
	local before tag
	daemon_start
	before=$(pids)
	tag=$(ctl "$OPEN" | jq -r .output.session)
	with 'nslp: {lifetime: 777}'
	kill -HUP "$MONITOR"
	reloaded 1
	want "$(pids)" "$before" 'process ids'
	want "$(count 'sig main info: configuration lifetime=777')" 1
	want "$(count 'kern main info: configuration lifetime=777')" 1
	want "$(ctl '{"id":1,"get":"sessions"}' | jq -r '.data."natfw:natfw".state.sessions.session[0].session // empty')" \
		"$tag" 'session'
	daemon_stop
}

bad() {
	local before
	daemon_conf
	daemon_start
	before=$(pids)
	with 'nslp:\n  lifetime: 1'
	kill -HUP "$MONITOR"
	logs "$CONF:8: lifetime must be between lifetime-min and lifetime-max path=/natfw:natfw/nslp/lifetime"
	logs 'the configuration that was in force stays so'
	want "$(count 'configuration in force')" 0
	want "$(pids)" "$before" 'process ids'
	want "$(ctl '{"id":1,"get":"config"}' | jq -r 'select(.data)|.data."natfw:natfw".nslp.lifetime')" 1800
	daemon_stop
}

gone() {
	daemon_conf
	daemon_start
	rm "$CONF"
	kill -HUP "$MONITOR"
	logs "$CONF: No such file"
	ctl '{"id":1,"get":"daemon"}' >/dev/null
	daemon_conf
	kill -HUP "$MONITOR"
	reloaded 1
	daemon_stop
}

missing_certificate() {
	daemon_conf
	daemon_start
	with "gist: {tls: offered, certificate: $WORK/c, key: $WORK/c, authority: $WORK/c}"
	kill -HUP "$MONITOR"
	logs "$WORK/c: No such file"
	touch "$WORK/c"
	kill -HUP "$MONITOR"
	reloaded 1
	daemon_stop
}

by_operation() {
	local out
	daemon_conf
	daemon_start
	want "$(ctl '{"id":"r","rpc":{"natfw:reload":{}}}')" '{"id": "r", "output": {}}'
	reloaded 1
	with 'nslp:\n  proxy: 5'
	out=$(ctl '{"id":"r","rpc":{"natfw:reload":{}}}')
	want "$(jq -r .error.path <<<"$out")" /natfw:natfw/nslp/proxy
	[[ $(jq -r .error.message <<<"$out") == $CONF:8:* ]] || die "$out"
	want "$(count 'configuration in force')" 1
	daemon_stop
}

config_of() {
	ctl '{"id":1,"get":"config"}' | jq -r "select(.data)|.data.\"natfw:natfw\"$1"
}

what_is_in_force_is_shown() {
	with 'key: [{id: 1, secret: AAAAAAAAAAAA}]\nnslp: {proxy: true, key-id: 1}'
	chmod 600 "$CONF"
	daemon_start
	want "$(config_of .nslp.proxy)" true
	want "$(config_of .key[0].id)" 1
	want "$(config_of '.key[0]|has("secret")')" false
	with 'nslp: {proxy: false}'
	kill -HUP "$MONITOR"
	reloaded 1
	want "$(config_of .nslp.proxy)" false
	daemon_stop
}

socket_moves() {
	daemon_conf
	daemon_start
	sed -i "s|/run/control|/run/other|" "$CONF"
	kill -HUP "$MONITOR"
	reloaded 1
	wait_for 5 test -S "$WORK/run/other"
	[[ ! -e $SOCKET ]] || die "the old socket is still there"
	SOCKET=$WORK/run/other ctl '{"id":1,"get":"daemon"}' >/dev/null
	daemon_stop
	[[ ! -e $WORK/run/other ]]
}

# Who is connected stays so.
connections_stay() {
	daemon_conf
	daemon_start
	python3 - "$HERE" "$SOCKET" "$MONITOR" <<'PY'
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from client import Client
c = Client(sys.argv[2])
tag = c.open()["session"]
c.state("established")
os.kill(int(sys.argv[3]), signal.SIGHUP)
assert c.rpc("reload") == {"id": c.last, "output": {}}
c.rpc("session-refresh", session=tag)
c.state("established")
PY
	daemon_stop
}

levels() {
	daemon_conf
	daemon_start
	kill -HUP "$MONITOR"
	reloaded 1
	want "$(count 'client slot=')" 0
	sed -i "s|^daemon:|daemon:\n  log: {subsystem: {ctl: debug}}|" "$CONF"
	kill -HUP "$MONITOR"
	reloaded 2
	ctl '{"id":1,"get":"daemon"}' >/dev/null
	logs 'ctl ctl debug: client slot=0'
	daemon_stop
}

fixed_things_stay() {
	daemon_conf
	daemon_start
	sed -i "s|state-directory: .*|state-directory: $WORK/elsewhere|" "$CONF"
	kill -HUP "$MONITOR"
	logs 'take a restart'
	reloaded 1
	[[ ! -e $WORK/elsewhere ]]
	daemon_stop
}

# Many at once: the last one counts, and nothing is lost on the way.
storm() {
	local i before
	daemon_conf
	daemon_start
	before=$(pids)
	for ((i = 0; i < 50; i++)); do
		with "nslp: {lifetime: $((1000 + i))}"
		kill -HUP "$MONITOR"
	done
	wait_for 10 eval '[[ $(config_of .nslp.lifetime) == 1049 ]]'
	logs 'kern main info: configuration lifetime=1049'
	want "$(pids)" "$before" 'process ids'
	daemon_stop
}

# A large one does not fit into one message.
large() {
	local i
	daemon_conf
	{
		echo "policy: {entry: ["
		for ((i = 0; i < 2000; i++)); do
			echo "{name: entry-$i, from: [10.0.$((i / 250)).$((i % 250))], action: permit},"
		done
		echo "]}"
	} >>"$CONF"
	daemon_start
	want "$(config_of '.policy.entry|length')" 2000
	kill -HUP "$MONITOR"
	reloaded 1
	daemon_stop
}

point "a good configuration comes into force, processes and sessions stay" good
point "a bad one is named by file, line and path, and changes nothing" bad
point "a file that is gone changes nothing" gone
point "a certificate that is missing changes nothing" missing_certificate
point "reload on the control socket tells the outcome" by_operation
point "what is in force is shown, without secrets" what_is_in_force_is_shown
point "the control socket moves" socket_moves
point "connections stay" connections_stay
point "levels of the log change" levels
point "what takes a restart stays, and that is said" fixed_things_stay
point "fifty reloads at once" storm
point "a configuration of many parts" large
ktap_end
