# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The daemon with fake signalling and kern processes (fake.c), all that it keeps in $WORK. Sourced first.
# NATFWD names another program; the one with sanitizers is the default.

# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
NATFWD=${NATFWD:-$HERE/natfwd-san}
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:quarantine_size_mb=8

((EUID == 0)) || ktap_skip_all "wants root"
[[ -x $NATFWD ]] || ktap_skip_all "the daemon is not built"

# daemon_conf [LINE...]: writes $CONF; lines go to control and below. The user is one that every system has.
daemon_conf() {
	CONF=$WORK/natfwd.yaml
	printf '%s\n' >"$CONF" \
		"daemon:" \
		"  user: nobody" \
		"  chroot: $WORK/run/empty" \
		"  state-directory: $WORK/state" \
		"control:" \
		"  socket: $WORK/run/control" \
		"$@"
}

# What the other tests' directories let nobody but root see is in the way of other users.
open_work() {
	chmod 755 "$WORK"
	SOCKET=$WORK/run/control
	mkdir -p "$WORK/run"
}

# daemon_start [OPTION...]: MONITOR is its process id; returns when it is ready.
daemon_start() {
	LOG=$WORK/log
	: >"$LOG"
	set -m
	"$NATFWD" -c "$CONF" "$@" </dev/null >"$LOG" 2>&1 &
	MONITOR=$!
	set +m
	echo "$BASHPID $MONITOR" >>"$WORK/pids"
	wait_for 10 daemon_ready || {
		cat "$LOG"
		return 1
	}
}

# The same with nothing of an earlier life.
fresh_start() {
	rm -rf "$WORK/state"
	daemon_start "$@"
}

daemon_ready() {
	file_has "$LOG" 'main notice: started'
}

# daemon_stop: orderly; true if it ended as it should.
daemon_stop() {
	local status=0
	kill -TERM "$MONITOR" 2>/dev/null || :
	wait "$MONITOR" || status=$?
	((status == 0)) || {
		tail -n 30 "$LOG"
		die "ended with status $status"
	}
}

# The same for points that only want it gone, with no word about how.
daemon_kill() {
	kill -9 "$MONITOR" 2>/dev/null || :
	wait "$MONITOR" 2>/dev/null || :
}

# pid_of sig|kern|ctl
pid_of() {
	pgrep -P "$MONITOR" -f "natfwd: $1"
}

pids() {
	echo "$(pid_of kern) $(pid_of sig) $(pid_of ctl)"
}

# logs TEXT: it is in the log, or comes soon.
logs() {
	wait_for 10 file_has "$LOG" "$1"
}

# ctl LINE...: sends lines, one by one, each after the answer to the one before; prints answers.
ctl() {
	python3 "$HERE/client.py" "$SOCKET" "$@"
}

point_failed() {
	[[ ! -s ${LOG:-} ]] || tail -n 30 "$LOG"
}

# may_have PROCESS N: descriptors, from now on. It takes the same user, or a capability that not every root has.
may_have() {
	local pid user
	pid=$(pid_of "$1")
	user=$(awk '/^Uid:/ { print "--reuid=" $2 } /^Gid:/ { print "--regid=" $2 }' "/proc/$pid/status")
	# shellcheck disable=SC2086
	setpriv $user --clear-groups prlimit --pid "$pid" --nofile="$2"
}

# descriptors PROCESS: that it has
descriptors() {
	find "/proc/$(pid_of "$1")/fd" -mindepth 1 | wc -l
}

cpu_of() {
	awk '{ print $14 + $15 }' "/proc/$(pid_of "$1")/stat"
}
