#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick host timeout=120
#
# How the daemon starts and ends, what its processes may do, what it tells the service manager.
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
daemon_conf

prints_version() {
	"$NATFWD" -V | has -x 'natfwd [0-9.]*'
}

usage_is_told() {
	local status=0
	"$NATFWD" -x 2>"$WORK/err" || status=$?
	want "$status" 2
	file_has "$WORK/err" '^usage: natfwd'
	fails "$NATFWD" -d loud
	fails "$NATFWD" -d gist=loud
	fails "$NATFWD" -t -c "$CONF" more
}

starts_and_ends() {
	daemon_start
	[[ -S $SOCKET ]]
	daemon_stop
	[[ ! -e $SOCKET ]] || die "the control socket is still there"
	want "$(tail -n 1 "$LOG")" 'monitor main notice: ended'
}

# field NAME PID
field() {
	sed -n "s/^$1:[[:blank:]]*//p" "/proc/$2/status" | tr -s '\t ' ' '
}

privileges_are_gone() {
	local name pid uid caps
	uid=$(id -u nobody)
	NATFWD=$HERE/natfwd daemon_start
	for name in sig kern ctl; do
		pid=$(pid_of "$name")
		caps=0000000000000000
		[[ $name != kern ]] || caps=0000000000001000
		want "$(field Uid "$pid")" "$uid $uid $uid $uid" "uid of $name"
		want "$(field Groups "$pid" | tr -d ' ')" '' "groups of $name"
		want "$(field CapEff "$pid")" "$caps" "effective capabilities of $name"
		want "$(field CapPrm "$pid")" "$caps" "permitted capabilities of $name"
		want "$(field CapBnd "$pid")" "$caps" "bounding set of $name"
		want "$(field CapInh "$pid")" 0000000000000000 "inheritable capabilities of $name"
		want "$(field CapAmb "$pid")" 0000000000000000 "ambient capabilities of $name"
		want "$(field NoNewPrivs "$pid")" 1 "no_new_privs of $name"
		want "$(field Seccomp "$pid")" 2 "seccomp mode of $name"
		want "$(readlink "/proc/$pid/root")" "$WORK/run/empty" "root of $name"
		want "$(cat "/proc/$pid/comm")" "natfwd-$name" "name of $name"
	done
	daemon_stop
}

# Each is a program of its own, so addresses of one tell nothing about another's.
layouts_differ() {
	local name
	daemon_start
	for name in sig kern ctl; do
		grep -m 1 'natfwd' "/proc/$(pid_of "$name")/maps" | cut -d - -f 1
	done >"$WORK/maps"
	want "$(sort -u "$WORK/maps" | wc -l)" 3 'different load addresses'
	daemon_stop
}

# Descriptors of the monitor, and its environment, are not in the others.
nothing_is_inherited() {
	local name pid
	exec 9<"$CONF"
	SECRET_OF_MINE=1 daemon_start
	exec 9<&-
	for name in sig kern ctl; do
		pid=$(pid_of "$name")
		if find "/proc/$pid/fd" -printf '%l\n' | grep -E 'secret|/natfwd|notify'; then
			die "descriptors of the monitor in $name"
		fi
		if tr '\0' '\n' <"/proc/$pid/environ" | grep SECRET; then
			die "environment of the monitor in $name"
		fi
	done
	daemon_stop
}

second_is_refused() {
	daemon_start
	fails timeout 10 "$NATFWD" -c "$CONF"
	file_has "$WORK/stderr" 'another natfwd has the state directory'
	[[ -S $SOCKET ]]
	ctl '{"id":1,"get":"daemon"}' >/dev/null
	daemon_stop
}

# With another state directory, it still does not take the socket away from the first.
socket_is_not_stolen() {
	daemon_start
	sed "s|$WORK/state|$WORK/state2|" "$CONF" >"$WORK/other.yaml"
	fails timeout 10 "$NATFWD" -c "$WORK/other.yaml"
	file_has "$WORK/stderr" 'control socket: Address already in use'
	ctl '{"id":1,"get":"daemon"}' >/dev/null
	daemon_stop
}

left_over_socket_is_no_matter() {
	daemon_start
	kill -9 "$MONITOR"
	wait "$MONITOR" || :
	[[ -S $SOCKET ]]
	wait_for 5 eval '! pgrep -g "$MONITOR"'
	daemon_start
	daemon_stop
}

orphans_end() {
	daemon_start
	kill -9 "$MONITOR"
	wait "$MONITOR" || :
	wait_for 5 eval '! pgrep -g "$MONITOR"'
}

secret_is_kept() {
	rm -rf "$WORK/state"
	daemon_start
	daemon_stop
	want "$(stat -c '%a %s %U' "$WORK/state/secret")" '600 32 root'
	want "$(stat -c '%a' "$WORK/state")" 700
	cp "$WORK/state/secret" "$WORK/secret"
	daemon_start
	daemon_stop
	cmp "$WORK/secret" "$WORK/state/secret"
}

bad_secret_is_told() {
	echo short >"$WORK/state/secret"
	fails timeout 10 "$NATFWD" -c "$CONF"
	file_has "$WORK/stderr" 'not a secret of natfwd'
	rm "$WORK/state/secret"
}

open_chroot_is_refused() {
	mkdir -p "$WORK/run/empty"
	chmod 777 "$WORK/run/empty"
	fails timeout 10 "$NATFWD" -c "$CONF"
	file_has "$WORK/stderr" "must be root's"
	chmod 755 "$WORK/run/empty"
}

unknown_user_is_told() {
	sed 's/user: nobody/user: nobody-at-all/' "$CONF" >"$WORK/other.yaml"
	fails timeout 10 "$NATFWD" -c "$WORK/other.yaml"
	file_has "$WORK/stderr" 'no user nobody-at-all'
}

no_file_is_told() {
	fails timeout 10 "$NATFWD" -c "$WORK/nothing.yaml"
	file_has "$WORK/stderr" 'nothing.yaml: No such file'
}

wants_root() {
	cp "$(realpath "$HERE/natfwd")" "$WORK/natfwd"
	chmod 755 "$WORK/natfwd"
	chmod 644 "$CONF"
	fails setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/natfwd" -c "$CONF"
	file_has "$WORK/stderr" 'has to be started by root'
	# but anybody may check a file
	setpriv --reuid=65534 --regid=65534 --clear-groups "$WORK/natfwd" -t -c "$CONF"
}

# said TEXT: the service manager was told.
said() {
	file_has "$WORK/notified" "$1"
}

notifies() {
	rm -f "$WORK/notify"
	: >"$WORK/notified"
	bg socat -u UNIX-RECV:"$WORK/notify" "OPEN:$WORK/notified,append"
	wait_for 5 test -S "$WORK/notify"
	NOTIFY_SOCKET=$WORK/notify WATCHDOG_USEC=400000 daemon_start
	wait_for 5 said 'READY=1'
	wait_for 5 said 'WATCHDOG=1'
	kill -HUP "$MONITOR"
	wait_for 5 said 'RELOADING=1'
	wait_for 5 said 'MONOTONIC_USEC=[0-9]'
	logs 'configuration in force'
	wait_for 5 eval '(( $(grep -c READY=1 "$WORK/notified") >= 2 ))'
	daemon_stop
	wait_for 5 said 'STOPPING=1'
}

abstract_notify() {
	bg socat -u "ABSTRACT-RECV:natfwd-test-$$" "CREATE:$WORK/notified2"
	wait_for 5 test -e "$WORK/notified2"
	NOTIFY_SOCKET=@natfwd-test-$$ daemon_start
	wait_for 5 file_has "$WORK/notified2" READY=1
	daemon_stop
}

levels_of_command_line() {
	daemon_start -d main=debug
	logs 'sig main debug: peer='
	kill -HUP "$MONITOR"
	logs 'configuration in force'
	daemon_stop
	file_has "$LOG" 'process ends status=0'
}

dumps() {
	daemon_start
	kill -USR1 "$MONITOR"
	logs 'ctl main notice: events='
	logs 'ctl ctl notice: clients=0 sessions=0 stored=yes'
	logs 'kern main notice: channel to=sig queued=0'
	daemon_stop
}

interrupt_ends_it() {
	daemon_start
	kill -INT -- "-$MONITOR"
	wait "$MONITOR"
}

point "prints its version" prints_version
point "tells how it is used" usage_is_told
point "starts, and ends orderly on SIGTERM" starts_and_ends
point "ends orderly when a terminal interrupts the group" interrupt_ends_it
point "processes have no privileges; kern has CAP_NET_ADMIN" privileges_are_gone
point "address spaces of processes are laid out apart" layouts_differ
point "descriptors and environment are not inherited" nothing_is_inherited
point "a second daemon on the same state is refused" second_is_refused
point "a live control socket is not taken away" socket_is_not_stolen
point "a control socket left over is replaced" left_over_socket_is_no_matter
point "processes end when the monitor is killed" orphans_end
point "the secret is made once, for root's eyes" secret_is_kept
point "a file that is no secret is not overwritten" bad_secret_is_told
point "a root directory others may write to is refused" open_chroot_is_refused
point "an unknown user is told" unknown_user_is_told
point "a missing file is told" no_file_is_told
point "wants root, but not to check a file" wants_root
point "tells the service manager: ready, reloading, stopping, watchdog" notifies
point "finds a service manager in the abstract namespace" abstract_notify
point "levels of the command line stay through a reload" levels_of_command_line
point "SIGUSR1 tells the log what there is" dumps
ktap_end
