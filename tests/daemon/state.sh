#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# Sessions of applications outlive the daemon: ended, killed, with a full disk, with files that are broken.
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
daemon_conf

py() {
	python3 - "$HERE" "$SOCKET" "$WORK" <<<"
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
SOCKET, WORK = sys.argv[2], sys.argv[3]
from client import Client, wait_for
c = Client(SOCKET)
def keep(out):
	open(WORK + '/kept', 'w').write(json.dumps(out))
def kept():
	return json.load(open(WORK + '/kept'))
def mine():
	return sorted(s['session'] for s in c.get('sessions')[0])
$1"
}

# again HOW: the daemon ends (stop or kill), and is started again on what it left.
again() {
	"daemon_$1"
	wait_for 5 eval '! pgrep -g "$MONITOR"'
	daemon_start
}

survives() {
	fresh_start
	py '
out = c.open(lifetime=600)
c.state("established")
keep(out)'
	again "$1"
	logs 'sessions of applications from before sessions=1'
	logs 'resumed=1'
	py '
out = kept()
s = [s for s in c.get("sessions")[0] if s["session"] == out["session"]]
assert len(s) == 1 and s[0]["id"] == out["id"], s
assert s[0]["flow"]["destination"] == "192.0.2.99"
assert c.rpc("session-attach", token=out["token"])["output"]["id"] == out["id"]
assert c.rpc("session-close", session=out["session"])["output"] == {}
assert c.state("dead")'
	again stop
	file_lacks "$LOG" 'sessions of applications from before'
	daemon_stop
}

# An MSN used before is not used after, however the daemon ended.
msn_goes_on() {
	local i before after
	fresh_start
	py '
tag = c.open()["session"]
c.state("established")
keep({"session": tag})
for i in range(20):
	c.rpc("session-refresh", session=tag)
	c.state("established")'
	for i in 1 2 3; do
		before=$(sed -n 's/.*fake session msn=\([0-9]*\) .*/\1/p' "$LOG" | tail -n 1)
		again kill
		logs 'resumed=1'
		after=$(sed -n 's/.*fake session msn=\([0-9]*\) .*/\1/p' "$LOG" | head -n 1)
		((after > before)) || die "MSN $after after $before"
	done
	daemon_stop
}

bound_do_not_survive() {
	fresh_start
	python3 - "$HERE" "$SOCKET" <<'PY' &
import sys, time
sys.path.insert(0, sys.argv[1])
from client import Client
c = Client(sys.argv[2])
c.open(bound=True)
c.state("established")
print("open", flush=True)
time.sleep(60)
PY
	wait_for 5 file_has "$LOG" 'session opened'
	sleep 0.3
	kill $!
	again stop
	file_lacks "$LOG" 'sessions of applications from before'
	daemon_stop
}

expired_do_not_come_back() {
	fresh_start
	py '
c.open(lifetime=1)
c.state("established")
c.open(lifetime=600)
c.state("established")'
	daemon_kill
	wait_for 5 eval '! pgrep -g "$MONITOR"'
	sleep 1.2
	daemon_start
	logs 'sessions of applications from before sessions=1'
	daemon_stop
}

# What is written over and over does not grow the files, and is whole after it was written anew.
compacts() {
	fresh_start
	py '
tags = [c.open()["session"] for i in range(3)]
for t in tags:
	c.state("established")
out = c.open(destination="198.51.100.5")
for i in range(20):
	c.rpc("session-refresh", session=out["session"])
	for j in range(250):
		c.state("established")
keep(tags + [out["session"]])'
	wait_for 30 eval '(( $(stat -c %s "$WORK/state/ctl.0" "$WORK/state/ctl.1" | sort -n | head -n 1) < 100000 ))'
	# what is left of the other is no more than what was written since it was whole
	(($(stat -c %s "$WORK/state/ctl.0" "$WORK/state/ctl.1" | sort -n | tail -n 1) < 4000000))
	again kill
	logs 'sessions of applications from before sessions=4'
	py 'assert mine() == sorted(kept()), mine()'
	daemon_stop
}

# broken COMMAND: with the state file after COMMAND did something to it, the daemon starts.
broken() {
	fresh_start
	py '
keep([c.open()["session"] for i in range(5)])
for i in range(5):
	c.state("established")'
	daemon_kill
	wait_for 5 eval '! pgrep -g "$MONITOR"'
	"$@" "$WORK/state/ctl.0" "$WORK/state/ctl.1"
	daemon_start
	py '
have = mine()
assert set(have) <= set(kept()), have
out = c.open()
c.state("established")'
	again kill
	logs 'sessions of applications from before'
	if grep -E 'AddressSanitizer|runtime error' "$LOG"; then
		die 'a sanitizer complains'
	fi
	daemon_stop
}

cut_short() {
	local file
	for file; do
		((!$(stat -c %s "$file"))) || truncate -s -7 "$file"
	done
}

flip() {
	python3 - "$@" <<'PY'
import os, random, sys
random.seed(3)
for name in sys.argv[1:]:
	size = os.path.getsize(name)
	with open(name, "r+b") as f:
		for i in range(min(size, 5)):
			f.seek(random.randrange(size))
			f.write(bytes([random.randrange(256)]))
PY
}

noise() {
	local file
	for file; do
		head -c 5000 /dev/urandom >"$file"
	done
}

empty() {
	: >"$1"
	: >"$2"
}

# The last record is lost when it is cut; those before it are not.
only_the_last_is_lost() {
	fresh_start
	py '
keep([c.open()["session"] for i in range(5)])
for i in range(5):
	c.state("established")'
	daemon_kill
	wait_for 5 eval '! pgrep -g "$MONITOR"'
	cut_short "$WORK/state/ctl.0" "$WORK/state/ctl.1"
	daemon_start
	logs 'sessions of applications from before sessions=5'
	daemon_stop
}

# The daemon in a mount namespace where its state directory is a file system of 200 KiB.
full_disk() {
	local out
	rm -rf "$WORK/state"
	mkdir "$WORK/state"
	unshare -m sh -c 'mount -t tmpfs -o size=200k none "$1" || exit 4' sh "$WORK/state" ||
		unable "cannot mount"
	cat >"$WORK/in_small" <<SH
#!/bin/sh
mount -t tmpfs -o size=200k,mode=700 none "$WORK/state" || exit 1
exec "$NATFWD" "\$@"
SH
	chmod +x "$WORK/in_small"
	cat >"$WORK/small" <<SH
#!/bin/sh
exec unshare -m "$WORK/in_small" "\$@"
SH
	chmod +x "$WORK/small"
	NATFWD=$WORK/small daemon_start
	out=$(py '
out = c.open()
c.state("established")
print(out["session"])')
	in_state head -c 1000000 /dev/zero ">fill" || :
	py '
many = [c.open(bound=False) for i in range(250)]
for i in many:
	c.state("established")
for i in many:
	c.rpc("session-refresh", session=i["session"])
	c.state("established")
stored = [e for e in c.get("counters")[0] if e["name"] == "state_stored"]
assert stored[0]["value"] == "0", stored'
	logs 'sessions cannot be stored: No space left on device'
	# said once, not for each
	(($(grep -c 'cannot be stored' "$LOG") <= 3))
	in_state rm fill
	wait_for 30 file_has "$LOG" 'sessions can be stored again'
	# whoever dies now, all is there
	kill -9 "$(pid_of ctl)"
	wait_for 10 file_has "$LOG" 'sessions of applications from before sessions=251'
	py "assert '$out' in mine()"
	daemon_stop
}

# in_state COMMAND...: in the daemon's mount namespace and state directory
in_state() {
	nsenter -t "$(pid_of_monitor)" -m sh -c "cd '$WORK/state' && $*"
}

pid_of_monitor() {
	echo "$MONITOR"
}

point "sessions survive an orderly end" survives stop
point "sessions survive SIGKILL" survives kill
point "an MSN used before is not used after" msn_goes_on
point "bound sessions do not survive" bound_do_not_survive
point "sessions whose lifetime has passed do not come back" expired_do_not_come_back
point "files do not grow for ever" compacts
point "half a record costs that record" only_the_last_is_lost
point "files cut short" broken cut_short
point "files with bits that flipped" broken flip
point "files of noise" broken noise
point "empty files" broken empty
point "a full disk: told once, sessions go on, stored when there is room" full_disk
ktap_end
