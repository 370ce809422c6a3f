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

# limited_start N: processes may have no more descriptors than the control process has at rest, and N. It has
# more than the others.
limited_start() {
	local pid have
	fresh_start
	pid=$(pid_of ctl)
	have=$(find "/proc/$pid/fd" -mindepth 1 | wc -l)
	daemon_stop
	cat >"$WORK/limited" <<SH
#!/bin/sh
ulimit -n $((have + $1)) || exit 1
exec "$NATFWD" "\$@"
SH
	chmod +x "$WORK/limited"
	NATFWD=$WORK/limited fresh_start
}

cpu_of() {
	awk '{ print $14 + $15 }' "/proc/$(pid_of "$1")/stat"
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

point "the control process takes connections again when it can" control_process
point "and does not spin meanwhile" no_spinning
point "the monitor does not go on with a process missing" monitor
ktap_end
