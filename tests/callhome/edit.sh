#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=900
#
# What managers can change (RFC 6241), and that the file has what is in force, whatever happens. The managers are in
# edits.py.
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
open_work
make_network
NATFWCTL=$TOP/tools/natfwctl/natfwctl
[[ -x $NATFWCTL ]] || ktap_skip_all "natfwctl is not built"
ETC=$WORK/etc
mkdir "$ETC"

NACM=("ietf-netconf-acm:nacm:" "  write-default: permit" "  groups: {group: [{name: managers, user-name: [nms1]}]}"
	"  rule-list:" "  - name: all" "    group: ['*']" "    rule:"
	"    - {name: all, module-name: '*', access-operations: '*', action: permit}")

# What a person writes, as $CONF.
write_conf() {
	device_conf "$(client nms "remote-address: $MGR4")" "$(client other "remote-address: $MGR4")" \
		"key:" "  - {id: 1, name: first, secret: c2VjcmV0LXNlY3JldA==}  # do not tell" "${NACM[@]}"
	mv "$CONF" "$ETC/natfwd.yaml"
	CONF=$ETC/natfwd.yaml
	chmod 640 "$CONF"
	chown nobody "$CONF"
}

begin() {
	rm -rf "${ETC:?}"/*
	write_conf
	fresh_start
}

finish() {
	kill -TERM "$MONITOR"
	wait_for 10 gone "$MONITOR"
	file_lacks "$LOG" 'system call not allowed'
	file_lacks "$LOG" 'AddressSanitizer'
	file_lacks "$LOG" 'is not one to'
}

# alone FUNCTION...: with a daemon of its own
alone() {
	begin
	"$@"
	finish
}

# again: the daemon once more, as it was left
again() {
	kill -TERM "$MONITOR" 2>/dev/null || :
	wait_for 10 gone "$MONITOR"
	daemon_start
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

# plays SCENARIO...: the device goes through it, and is there afterwards.
plays() {
	local before
	before=$(pid_of mgmt)
	peer "edits.$1" "${@:2}"
	want "$(pid_of mgmt)" "$before" 'the process'
}

# in_file PORT: the file is sound, and has that for gist.port; '-' is none
in_file() {
	"$NATFWD" -t -c "$CONF" >"$WORK/check" 2>&1 || die "$(cat "$WORK/check" "$CONF")"
	if [[ $1 == - ]]; then
		file_lacks "$CONF" 'port: '"$1" && ! grep -A3 '^gist:' "$CONF" | has 'port:'
	else
		grep -A3 '^gist:' "$CONF" | has " port: $1\$" || die "$(cat "$CONF")"
	fi
}

# what natfwctl and the control socket show
in_force() {
	"$NATFWCTL" -S "$SOCKET" session config | jq -r '."natfw:natfw".gist.port'
}

reloads() {
	ctl '{"id":1,"rpc":{"natfw:reload":{}}}'
}

# --- files -------------------------------------------------------------------------------

file_is_written() {
	cp "$CONF" "$WORK/person"
	plays leave 3001
	in_file 3001
	want "$(in_force)" 3001 'what the control socket shows'
	cmp "$CONF.before" "$WORK/person"
	want "$(stat -c '%a %U' "$CONF")" '640 nobody' 'mode and owner'
	file_has "$CONF" 'c2VjcmV0LXNlY3JldA=='
	# what natfwd wrote itself is not kept
	plays leave 3002
	cmp "$CONF.before" "$WORK/person"
	in_file 3002
	want "$(ls "$ETC")" $'natfwd.yaml\nnatfwd.yaml.before' 'files'
	# and the other way round: a person's edit shows, and is kept when it goes
	sed -i 's/^gist:/# mine\ngist:/; s/port: 3002/port: 3003/' "$CONF"
	cp "$CONF" "$WORK/person"
	want "$(reloads | jq -c .output)" '{}'
	want "$(peer edits.shows)" 'port 3003' 'what managers see'
	plays leave 3004
	cmp "$CONF.before" "$WORK/person"
	again
	want "$(in_force)" 3004 'after a restart'
}

json_too() {
	plays leave 3009
	# what is in force, as JSON, with what is secret
	ctl '{"id":1,"get":"config"}' | jq 'select(.data) | .data | ."natfw:natfw".key[0].secret = "c2VjcmV0LXNlY3JldA=="' \
		>"$WORK/new.json"
	cp "$WORK/new.json" "$CONF"
	want "$(reloads | jq -c .output)" '{}'
	plays leave 3010
	jq -e '."natfw:natfw".gist.port == 3010 and ."ietf-netconf-acm:nacm"."write-default" == "permit"' "$CONF" \
		>/dev/null || die "$(cat "$CONF")"
	want "$(in_force)" 3010
}

not_over_an_edit() {
	cp "$CONF" "$WORK/mine"
	echo '# not loaded yet' >>"$CONF"
	cp "$CONF" "$WORK/edited"
	plays refuses operation-failed 'reload first'
	cmp "$CONF" "$WORK/edited"
	want "$(reloads | jq -c .output)" '{}'
	plays leave 3020
	in_file 3020
}

linked() {
	mkdir "$ETC/real"
	mv "$CONF" "$ETC/real/"
	ln -s real/natfwd.yaml "$CONF"
	plays leave 3030
	[[ -L $CONF ]]
	in_file 3030
	mv -f "$ETC/real/natfwd.yaml" "$CONF"
	rm -r "$ETC/real"
}

no_reload_while_locked() {
	local how
	manager edits.holds_lock
	wait_for 15 file_has "$LOG" 'session locked'
	how=$(reloads)
	[[ $how == *'locked by session'* ]] || die "$how"
	wait "$BG" || die "$(cat "$BG_OUT")"
	want "$(reloads | jq -c .output)" '{}'
}

# Who is on the box has the last word.
reload_by_force() {
	local how
	manager edits.keeps_lock
	seen locked
	sed -i 's/^gist:/# mine\n&/' "$CONF"
	! how=$("$NATFWCTL" -S "$SOCKET" reload 2>&1) || die "reloaded"
	[[ $how == *"locked by session $(sed -n 's/^locked //p' "$BG_OUT") of user \"nms1\""* ]] || die "$how"
	file_lacks "$BG_OUT" ended
	"$NATFWCTL" -S "$SOCKET" reload --force
	seen ended
	logs 'session killed id=.* by the operator'
	"$NATFWCTL" -S "$SOCKET" reload
	"$NATFWCTL" -S "$SOCKET" reload --force
	plays leave 3025
	in_file 3025
}

disk_is_full() {
	local n
	mount -t tmpfs -o size=64k,mode=755 tmpfs "$ETC"
	write_conf
	again
	plays leave 3040
	n=$(df --output=avail -B1 "$ETC" | tail -1)
	head -c "$n" /dev/zero >"$ETC/ballast" 2>/dev/null || :
	plays refuses operation-failed 'No space left'
	in_file 3040
	want "$(in_force)" 3040
	[[ ! -e $CONF.new ]]
	rm "$ETC/ballast"
	plays leave 3041
	in_file 3041
	# nor where nobody may write
	mount -o remount,ro "$ETC"
	plays refuses operation-failed 'Read-only file system'
	kill -TERM "$MONITOR"
	wait_for 10 gone "$MONITOR"
	umount "$ETC"
	begin
}

# --- on trial ----------------------------------------------------------------------------

trial_is_not_written() {
	plays leave 3050
	manager edits.trial 3051
	seen trial
	in_file 3050
	want "$(in_force)" 3051
}

trial_ends_with() {
	trial_is_not_written
	case $1 in
	mgmt)
		kill -9 "$(pid_of mgmt)"
		;;
	daemon)
		kill -9 "$MONITOR"
		wait_for 10 gone "$MONITOR"
		daemon_start
		;;
	esac
	seen 'port 3050'
	in_file 3050
	want "$(in_force)" 3050
}

reload_ends_trial() {
	plays leave 3060
	manager edits.overtaken 3061 3060
	seen trial
	want "$(reloads | jq -c .output)" '{}'
	wait "$BG" || die "$(cat "$BG_OUT")"
	want "$(in_force)" 3060
}

# --- power -------------------------------------------------------------------------------

# The last answer is in the file, or what was asked for after it; and the file is whole.
cut_while_committing() {
	local i last port
	for i in $(seq 12); do
		manager edits.storm
		seen 'done'
		sleep "0.$((RANDOM % 90 + 10))"
		kill -9 "$MONITOR"
		wait_for 10 gone "$MONITOR"
		wait_for 15 file_has "$BG_OUT" over
		last=$(sed -n 's/^done //p' "$BG_OUT" | tail -1)
		"$NATFWD" -t -c "$CONF" >"$WORK/check" 2>&1 || die "$(cat "$WORK/check")"
		port=$(sed -n '/^gist:/,/^[^ ]/s/^ *port: //p' "$CONF")
		((port == last || port == last + 1)) || die "run $i: $port is in the file, $last was answered"
		daemon_start
		want "$(in_force)" "$port"
	done
}

# shoot: ends a child of the monitor that is none of the four, if there is one just now.
shoot() {
	local child own
	own=$(<"/proc/$MONITOR/comm")
	for child in $(pgrep -P "$MONITOR"); do
		[[ $(cat "/proc/$child/comm" 2>/dev/null) != "$own" ]] || kill -9 "$child" 2>/dev/null || continue
		[[ -e /proc/$child/comm ]] || return 0
	done
	return 1
}

# Who tries or writes a change is killed: it is refused, or was done, and the next one goes.
helper_dies() {
	local mgmt
	mgmt=$(pid_of mgmt)
	plays leave 3070
	manager edits.refused_storm
	seen 'done'
	for _ in $(seq 400); do
		shoot || :
		! file_has "$BG_OUT" 'enough' || break
	done
	wait "$BG" || die "$(cat "$BG_OUT")"
	file_has "$BG_OUT" 'enough'
	want "$(pid_of mgmt)" "$mgmt" 'the process'
	plays leave 3071
	in_file 3071
}

# Under a second each where there is nothing else to do and no sanitizer; ten are too much anywhere.
thousand() {
	peer edits.thousand | tee "$WORK/times"
	awk '{ for (i = 2; i <= NF; i += 2) if ($i > 10) exit 1 }' "$WORK/times" || die "$(cat "$WORK/times")"
}

# What a manager brings about ends no more than management.
dies_over_and_over() {
	local others i old
	others=$(pid_of kern),$(pid_of sig),$(pid_of ctl)
	for i in 1 2 3 4 5; do
		wait_for 10 eval '[[ -n $(pid_of mgmt) ]]'
		old=$(pid_of mgmt)
		kill -KILL "$old"
		wait_for 10 eval '[[ $(pid_of mgmt) != '"$old"' ]]'
	done
	logs 'process mgmt dies over and over: no managers for 60 s'
	want "$(pid_of kern),$(pid_of sig),$(pid_of ctl)" "$others" 'the others'
	want "$(pid_of mgmt)" '' 'mgmt'
}

begin
# The manager says how often it is called, and is called so, without more ado and after a restart.
schedule_of_manager() {
	device_conf "      - name: nms" "        endpoint:" "$(endpoint main "remote-address: $MGR4")" \
		"        periodic: {anchor-time: '2026-01-01T00:00:00Z', period: 10080}" "${NACM[@]}"
	again
	manager --timeout 90 edits.schedules
	ctl '{"id":1,"rpc":{"natfw:call-home":{"client":"nms"}}}' >/dev/null
	seen told
	wait_for 75 file_has "$BG_OUT" called || die "$(cat "$BG_OUT"; calls)"
	within_a_minute
	again
	within_a_minute
}

within_a_minute() {
	wait_for 15 is nms state waiting
	wait_for 15 eval '(($(of nms next) <= 60))' || die "$(calls)"
}

point "6241-1.3a,6241-8.7a capabilities and datastores" plays announced
point "6241-8.2a,6241-8.3c,6241-7.1a candidate, commit, running" plays commits
point "6241-7.2a,6241-7.2b,6241-7.2c,6241-7.2d,6241-7.2e,6241-7.2f,6241-7.2g,6241-7.2l,7950-7.8a operations, and order" \
	plays operations
point "7950-8.3a,7950-8.3b,7950-8.3c,6241-4.3d errors, and where they are" plays faults
point "6241-8.6a,7950-8.3e,7950-15a constraints, put off in candidate" plays constraints
point "6241-7.2i,6241-7.2j,6241-7.2k,6241-7.2m,6241-4.3b options" plays options
point "6241-7.3a,6241-7.3b,6241-7.4a copy-config, delete-config" plays copies
point "X-NC-9 secrets stay, and are not seen" plays secrets
point "X-6242-4.3c what ends a message, within one" plays marker
point "X-6241-4.1c namespaces, wherever they are declared" plays prefixes
point "settings of the host" plays hosts
point "6022-2c,6241-7.5a,6241-7.5c,6241-7.5e,6241-7.5f,6241-7.6a,6241-8.3b,6241-8.3d,6241-2.1a,6241-7.9a locks" plays locks cut
point "6241-7.8a locks and close-session" plays locks close
point "6241-7.5d,6241-8.4a,6241-8.4b,6241-8.4c,6241-8.4f confirmed commit" plays confirmed close
point "6241-8.4c a confirmed commit and a connection that breaks" plays confirmed cut
point "6241-7.9c a confirmed commit and kill-session" plays confirmed kill
point "6241-8.4e,6241-8.4f confirmed commit with persist" plays persistent
point "X-6241-8.4g a change that cuts its own way is answered, and reverted" plays cuts_itself
point "X-CM-5 what changes the entry of its own call is answered, and ends it only if it has to" plays own_entry
point "a thousand entries" thousand
point "all within the limits of the processes" finish
point "what is committed is in the file, and what people wrote is kept" alone file_is_written
point "a file in JSON stays one" alone json_too
point "what people have edited and not loaded is not written over" alone not_over_an_edit
point "a file by a symbolic link" alone linked
point "6241-7.5b who reads the file again keeps to locks" alone no_reload_while_locked
point "the operator takes a lock away" alone reload_by_force
point "6241-8.3a a disk that is full, or read-only" alone disk_is_full
point "a reload ends what is on trial" alone reload_ends_trial
point "what is on trial ends with the process" alone trial_ends_with mgmt
point "6241-8.4d what is on trial ends with the daemon" alone trial_ends_with daemon
point "6241-8.3a power is cut while commits go on" alone cut_while_committing
point "who tries and writes changes is killed" alone helper_dies
point "a process that managers kill over and over ends nothing else" alone dies_over_and_over
point "CHD-5c,CHD-5d a manager says how often it is called" alone schedule_of_manager
ktap_end
