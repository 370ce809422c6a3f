#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# Processes that die come back, and what applications have goes on; a process that does what it must not is
# killed and named; one that dies over and over ends the daemon.
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
daemon_conf

py() {
	python3 - "$HERE" "$SOCKET" "$MONITOR" "$@"
}

PRELUDE='
import os, signal, subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from client import Client, wait_for
socket, monitor = sys.argv[2], sys.argv[3]
def pid(name):
	found = subprocess.run(["pgrep", "-P", monitor, "-f", "natfwd: " + name], capture_output=True, text=True)
	return found.stdout.strip()
def restart(name, sig=signal.SIGKILL):
	old = pid(name)
	os.kill(int(old), sig)
	wait_for(lambda: pid(name) not in ("", old))
'

# comes_back NAME SIGNAL
comes_back() {
	local old others
	fresh_start
	old=$(pid_of "$1")
	others=$(pgrep -P "$MONITOR" | grep -vx "$old")
	kill "-$2" "$old"
	wait_for 10 eval '[[ -n $(pid_of "'"$1"'") && $(pid_of "'"$1"'") != '"$old"' ]]'
	logs "process $1 killed by signal"
	want "$(pgrep -P "$MONITOR" | grep -vx "$(pid_of "$1")")" "$others" 'the others'
	wait_for 10 ctl '{"id":1,"get":"daemon"}'
	daemon_stop
}

signalling_process_forgets() {
	fresh_start
	py <<<"$PRELUDE"'
c = Client(socket)
out = c.open()
c.state("established")
other = c.open(destination="198.51.100.6")
c.state("established"), c.state("established")
restart("sig")
for i in range(2):
	event = c.state("established")
	assert event["session"] in (out["session"], other["session"])
	assert event["id"] in (out["id"], other["id"])
daemon, _ = c.get("daemon")
'
	logs 'fake session msn=[0-9]* resumed=1'
	daemon_stop
}

# The MSN goes on from what was stored ahead, over its wrap and whoever dies.
msn_never_goes_back() {
	local last=0 msn
	fresh_start
	py <<<"$PRELUDE"'
c = Client(socket)
tag = c.open()["session"]
c.state("established")
for name in ("sig", "ctl", "sig"):
	for i in range(5):
		c.rpc("session-refresh", session=tag)
		c.state("established")
	restart(name)
	if name == "ctl":
		time.sleep(1)
		c = Client(socket)
		assert [s["session"] for s in c.get("sessions")[0]] == [tag]
		c.send({"id": 0, "subscribe": "session-event"})
		c.answer()
	else:
		c.state("established")
c.rpc("session-refresh", session=tag)
c.state("established")
'
	sed -n 's/.*fake session msn=\([0-9]*\) .*/\1/p' "$LOG" >"$WORK/msn"
	(($(wc -l <"$WORK/msn") >= 19))
	while read -r msn; do
		((msn > last)) || die "MSN $msn after $last"
		last=$msn
	done <"$WORK/msn"
	daemon_stop
}

msn_wraps() {
	fresh_start
	py <<<"$PRELUDE"'
c = Client(socket)
tag = c.open(destination="198.51.100.6")["session"]
c.state("established")
c.state("established")
for i in range(3):
	c.rpc("session-refresh", session=tag)
restart("sig")
'
	logs 'resumed=1'
	# 0xfffffffe is the first one, what is stored is ahead of it, across zero
	(($(sed -n 's/.*msn=\([0-9]*\) resumed=1/\1/p' "$LOG" | head -n 1) < 5000))
	daemon_stop
}

bound_sessions_end_with_ctl() {
	fresh_start
	py <<<"$PRELUDE"'
c = Client(socket)
bound = c.open(bound=True)["session"]
free = c.open()["session"]
c.state("established"), c.state("established")
restart("ctl")
c = Client(socket)
wait_for(lambda: [s["session"] for s in c.get("sessions")[0]] == [free])
'
	logs 'sessions without an owner are closed sessions=1'
	daemon_stop
}

# A session whose connection ends while there is no way to say so is ended later.
ends_what_could_not_be_told() {
	fresh_start
	py <<<"$PRELUDE"'
c, d = Client(socket), Client(socket)
d.open(bound=True)
mine = c.open()["session"]
sig = int(pid("sig"))
# or it would kill what hangs, on a machine that takes long to fill its queue
os.kill(int(monitor), signal.SIGSTOP)
os.kill(sig, signal.SIGSTOP)
while "too much to do" not in str(c.burst(200, "session-refresh", session=mine)):
	pass
d.close()
time.sleep(0.3)
os.kill(sig, signal.SIGCONT)
os.kill(int(monitor), signal.SIGCONT)
wait_for(lambda: [s["session"] for s in Client(socket).get("sessions")[0]] == [mine])
'
	daemon_stop
}

lists_break_off() {
	fresh_start
	py <<<"$PRELUDE"'
c = Client(socket)
os.kill(int(pid("sig")), signal.SIGSTOP)
c.send({"id": 1, "get": "sessions"})
c.send({"id": 2, "get": "daemon"})
while c.answer() != {"id": 2, "end": True}:
	pass
restart("sig")
end = c.answer()
assert end["id"] == 1 and end["end"] is True and "restarted" in end["error"]["message"], end
assert c.get("sessions")[1] == {"id": c.last, "end": True}
'
	daemon_stop
}

forbidden_call_is_named() {
	local old
	NATFWD=$HERE/natfwd fresh_start
	old=$(pid_of sig)
	py <<<"$PRELUDE"'
c = Client(socket)
c.open(destination="198.51.100.3", bound=True)
'
	logs 'sig main error: system call not allowed: setpriority (141)'
	logs 'process sig killed by signal 31 (Bad system call)'
	wait_for 10 eval '[[ -n $(pid_of sig) && $(pid_of sig) != '"$old"' ]]'
	daemon_stop
}

# Only with the sanitizers, and only if asked to.
filter_can_be_off_in_tests() {
	NATFWD_NO_SECCOMP=1 daemon_start
	want "$(sed -n 's/^Seccomp:[[:blank:]]*//p' "/proc/$(pid_of sig)/status")" 0
	daemon_stop
	export NATFWD_NO_SECCOMP=1
	NATFWD=$HERE/natfwd fresh_start
	want "$(sed -n 's/^Seccomp:[[:blank:]]*//p' "/proc/$(pid_of sig)/status")" 2
	daemon_stop
}

hung_process_is_killed() {
	fresh_start
	kill -STOP "$(pid_of kern)"
	wait_for 60 file_has "$LOG" 'process kern does not answer, and is killed'
	logs 'process kern killed by signal 9'
	wait_for 10 pid_of kern
	daemon_stop
}

dies_over_and_over() {
	local i old status=0
	fresh_start
	for ((i = 0; i < 5; i++)); do
		wait_for 10 pid_of sig
		old=$(pid_of sig)
		kill -9 "$old"
		wait_for 10 eval '[[ $(pid_of sig) != '"$old"' ]]'
	done
	logs 'process sig died 5 times'
	wait "$MONITOR" || status=$?
	want "$status" 1 'exit status'
	file_has "$LOG" 'process sig died 5 times within 60 s: natfwd ends'
	[[ ! -e $SOCKET ]]
}

# sig hangs in MSG_DOWN: the daemon still ends.
ends_without_its_help() {
	fresh_start
	kill -STOP "$(pid_of sig)"
	kill -TERM "$MONITOR"
	wait "$MONITOR"
	file_has "$LOG" 'do not end in time'
}

# Everything at once, over and over, and clients meanwhile; ASan watches.
chaos() {
	fresh_start
	py <<<"$PRELUDE"'
import random
random.seed(1)
out = Client(socket).open()
for i in range(4):
	names = random.sample(["sig", "kern", "ctl"], random.choice((1, 2)))
	for name in names:
		if pid(name):
			os.kill(int(pid(name).split()[0]), signal.SIGKILL)
	wait_for(lambda: all(pid(n) for n in ("sig", "kern", "ctl")))
	time.sleep(0.5)
def there():
	try:
		return [s["id"] for s in Client(socket).get("sessions")[0]] == [out["id"]]
	except OSError:
		return False
wait_for(there)
'
	if grep -E 'AddressSanitizer|runtime error' "$LOG"; then
		die 'a sanitizer complains'
	fi
	daemon_stop
}

for name in sig kern ctl; do
	point "$name comes back after SIGKILL, the others stay" comes_back "$name" KILL
	point "$name comes back after SIGSEGV, the others stay" comes_back "$name" SEGV
done
point "sessions are opened again in a signalling process that knows nothing" signalling_process_forgets
point "an MSN is never used twice" msn_never_goes_back
point "an MSN may wrap" msn_wraps
point "bound sessions end when the control process dies" bound_sessions_end_with_ctl
point "a bound session that could not be ended at once" ends_what_could_not_be_told
point "a list that breaks off says so" lists_break_off
point "a forbidden system call is named, and ends the process" forbidden_call_is_named
point "the filter can be turned off with sanitizers only" filter_can_be_off_in_tests
point "a process that hangs is killed" hung_process_is_killed
point "a process that dies five times within a minute ends the daemon" dies_over_and_over
point "a process that hangs does not keep the daemon from ending" ends_without_its_help
point "processes die all the time, sessions stay" chaos
ktap_end
