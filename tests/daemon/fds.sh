#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick host timeout=60
#
# Processes that have no descriptors left go on, and recover.
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
PORT=$((20000 + $$ % 10000))
daemon_conf "  metrics: {port: $PORT}"

# limited_start N: the control process may have no more descriptors than it has at rest, and N.
limited_start() {
	local have
	fresh_start
	have=$(descriptors ctl)
	may_have ctl $((have + $1)):$((have + $1))
}

control_process() {
	limited_start 3
	python3 - "$HERE" "$SOCKET" <<'PY'
import sys, time
sys.path.insert(0, sys.argv[1])
from client import Client
many = [Client(sys.argv[2]) for i in range(20)]
many[0].get("daemon")
PY
	logs 'ctl ctl error: cannot take a connection: Too many open files'
	python3 - "$HERE" "$SOCKET" <<'PY'
import sys
sys.path.insert(0, sys.argv[1])
from client import Client
Client(sys.argv[2]).get("daemon")
PY
	daemon_stop
}

# While there are none it does not spin.
no_spinning() {
	local before after
	limited_start 2
	bg python3 -c "
import sys, time
sys.path.insert(0, '$HERE')
from client import Client
many = [Client('$SOCKET') for i in range(20)]
time.sleep(30)"
	logs 'cannot take a connection'
	before=$(cpu_of ctl)
	sleep 2
	after=$(cpu_of ctl)
	((after - before < 40)) || die "$((after - before)) ticks in two seconds"
	(($(grep -c 'cannot take a connection' "$LOG") < 8))
	daemon_stop
}

# The monitor has none for a channel: the process it wanted to start is tried again, or the daemon ends; it never
# goes on without.
monitor() {
	local status=0
	fresh_start
	prlimit --pid "$MONITOR" --nofile=5
	kill -9 "$(pid_of kern)"
	logs 'cannot start kern again: Too many open files'
	wait "$MONITOR" || status=$?
	want "$status" 1 'exit status'
	[[ ! -e $SOCKET ]]
}

# limited LIMIT...: $WORK/limited is the daemon with what these say to `ulimit`, and without the capability to go beyond.
limited() {
	cat >"$WORK/limited" <<-SH
		#!/bin/sh
		ulimit $* || exit 1
		exec setpriv --bounding-set=-sys_resource "$NATFWD" "\$@"
	SH
	chmod +x "$WORK/limited"
}

starts_with() {
	limited "$@"
	NATFWD=$WORK/limited fresh_start
}

most() {
	awk '/^Max open files/ { print $4 }' "/proc/$1/limits"
}

# What the configuration may come to need has to be there when it starts, and when it changes.
enough() {
	local has
	starts_with -S -n 300
	(($(most "$MONITOR") >= 1500)) || die "$(most "$MONITOR")"
	(($(most "$(pid_of sig)") >= 1500))
	daemon_stop
	limited -n 300
	fails "$WORK/limited" -c "$CONF"
	cp "$WORK/stderr" "$LOG"
	file_has "$LOG" 'process sig may come to need [0-9]* descriptors, and may have 300 (RLIMIT_NOFILE) path=.*associations'
	starts_with -n 4000
	has=$(pid_of sig)
	daemon_conf "  metrics: {port: $PORT}" "gist: {associations: 5000}"
	ctl '{"id":1,"rpc":{"natfw:reload":{}}}' >"$WORK/reload"
	file_has "$WORK/reload" 'may have 4000 (RLIMIT_NOFILE)' || die "$(cat "$WORK/reload")"
	want "$(pid_of sig)" "$has" 'the process'
	daemon_conf "  metrics: {port: $PORT}"
	daemon_stop
}

point "the control process takes connections again when it can" control_process
point "and does not spin meanwhile" no_spinning
point "the limit is raised as far as it may be, or is an error" enough
point "the monitor does not go on with a process missing" monitor
ktap_end
