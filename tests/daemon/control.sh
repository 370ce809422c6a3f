#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick host timeout=120
#
# The control socket as Documentation/control.rst has it: who may do what, what is answered to nonsense, limits.
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
# two users of no name in one group that may connect
USER1=64001 USER2=64002
GROUP=nogroup
GID=$(getent group $GROUP | cut -d: -f3)
daemon_conf "  group: $GROUP"
fresh_start || exit 1

# py CODE: with the module client, SOCKET and a Client for root, c.
py() {
	python3 - "$HERE" "$SOCKET" <<<"
import json, os, socket, sys, time
sys.path.insert(0, sys.argv[1])
SOCKET = sys.argv[2]
import client
from client import Client, wait_for
$PY_MORE
c = Client(SOCKET)
$1"
}
# in_user(UID, FUNCTION): calls it in a process of that user, and wants it to return
PY_MORE="
def in_user(uid, call):
	child = os.fork()
	if not child:
		try:
			os.setgroups([])
			os.setresgid($GID, $GID, $GID)
			os.setresuid(uid, uid, uid)
			call()
			os._exit(0)
		except BaseException:
			import traceback
			traceback.print_exc()
			os._exit(1)
	assert not os.waitpid(child, 0)[1], 'failed as user %d' % uid
def message(answer):
	assert 'error' in answer, answer
	return answer['error']['message']
USER1, USER2 = $USER1, $USER2
"

permissions() {
	want "$(stat -c '%a %u %g' "$SOCKET")" "660 0 $GID"
	py '
def refused():
	os.setgroups([])
	try:
		Client(SOCKET)
	except PermissionError:
		return
	raise AssertionError("got in")
child = os.fork()
if not child:
	os.setgroups([]), os.setresgid(64003, 64003, 64003), os.setresuid(64003, 64003, 64003)
	try:
		Client(SOCKET)
	except PermissionError:
		os._exit(0)
	os._exit(1)
assert not os.waitpid(child, 0)[1]
in_user(USER1, lambda: Client(SOCKET).get("daemon"))
'
}

root_only_without_group() {
	sed -i '/group:/d' "$CONF"
	kill -HUP "$MONITOR"
	wait_for 5 eval '[[ $(stat -c "%a %u %g" "$SOCKET") == "600 0 0" ]]'
	echo "  group: $GROUP" >>"$CONF"
	kill -HUP "$MONITOR"
	wait_for 5 eval '[[ $(stat -c "%a %u %g" "$SOCKET") == "660 0 '"$GID"'" ]]'
}

opens() {
	py '
out = c.open(lifetime=600)
assert len(out["session"]) == 16 and len(out["id"]) == 32 and len(out["token"]) == 32
assert c.events == [], "an event before the answer"
e = c.event()
assert e["state"] == "pending" and e["session"] == out["session"], e
e = c.event()
assert e == {"session": out["session"], "id": out["id"], "state": "established", "kind": "create",
			"lifetime": 600, "code": 513, "code-name": "all processed", "reason": "fake"}, e
assert c.rpc("session-close", session=out["session"])["output"] == {}
e = c.event()
assert e["state"] == "dead" and e["code"] == 261, e
assert message(c.rpc("session-close", session=out["session"])) == "no such session"
'
}

external() {
	py '
out = c.rpc("session-open", kind="external", flow={"destination": "192.0.2.9", "protocol": "tcp",
			"destination-port": 80}, toward="203.0.113.1")["output"]
e = c.state("established")
assert e["external"] == {"address": "192.0.2.1", "port": 40000}, e
assert e["bindings"] == {"port": 40000, "address": ["192.0.2.1"]}, e
'
}

refused_by_path() {
	py '
c.open(destination="198.51.100.2")
e = c.state("dead")
assert e["code"] == 0x0502 and e["code-name"] == "authorization failed", e
'
}

# Everything libyang or the daemon refuses has a path and words.
bad_requests() {
	py '
flow = {"source": "192.0.2.1", "destination": "192.0.2.2"}
def bad(path, words, **content):
	a = c.rpc("session-open", **content)
	assert a["error"]["path"] == path, a
	assert words in a["error"]["message"], a
O = "/natfw:session-open"
a = c.rpc("session-open", flow=flow)
assert "kind" in message(a), a
bad(O + "/kind", "dig", kind="dig", flow=flow)
bad(O + "/lifetime", "range", kind="create", flow=flow, lifetime=0)
bad(O + "/flow/source", "sends", kind="create", flow={"destination": "192.0.2.2"})
bad(O + "/flow/destination", "known", kind="create", flow={"source": "192.0.2.2"})
bad(O + "/flow/source", "versions", kind="create", flow={"source": "192.0.2.1", "destination": "::1"})
bad(O + "/flow/destination-port", "protocol", kind="create", flow={**flow, "destination-port": 1})
bad(O + "/flow/source-port", "protocol", kind="create", flow={**flow, "source-port": 1, "protocol": "icmp"})
bad(O + "/flow/destination-port", "70000", kind="create", flow={**flow, "destination-port": 70000})
bad(O + "/flow/more-ports", "destination-port", kind="create", flow={**flow, "protocol": 17, "more-ports": 1})
bad(O + "/flow/more-ports", "65535", kind="create", flow={**flow, "protocol": 17, "destination-port": 65535, "more-ports": 1})
bad(O + "/flow/spi", "esp", kind="create", flow={**flow, "spi": 1})
bad(O + "/flow/icmp-type", "icmp", kind="create", flow={**flow, "icmp-type": [8], "protocol": "icmpv6"})
bad(O + "/toward", "toward is for", kind="create", flow=flow, toward="192.0.2.3")
bad(O + "/toward", "needs it", kind="external", flow={"destination": "192.0.2.2"})
bad(O + "/toward", "version", kind="external", flow={"destination": "192.0.2.2"}, toward="::1")
assert "nothing" in message(c.rpc("session-open", kind="create", flow=flow, nothing=1))
assert message(c.rpc("session-refresh", session="0" * 16)) == "no such session"
assert "session" in message(c.rpc("session-refresh"))
assert message(c.rpc("session-attach", token="0" * 32)) == "no such session"
assert "pattern" in message(c.rpc("session-attach", token="0"))
assert "no-such" in message(c.rpc("no-such"))
assert "annotations" in message(c.ask(rpc={"@natfw:session-attach": {"token": "0" * 32}}))
assert "annotations" in message(c.rpc("session-close", **{"@session": {}}))
assert "nesting" in message(c.rpc("session-close", session=[[[[[[[[[[]]]]]]]]]]))
assert "one member" in message(c.ask(rpc={}))
assert "one member" in message(c.ask(rpc=5))
assert "get is one of" in message(c.ask(get="secrets"))
assert "get is one of" in message(c.ask(get=5))
assert "session-event" in message(c.ask(subscribe="all"))
assert "one of" in message(c.ask(dance=1))
assert "one of" in message(c.ask(get="daemon", rpc={}))
# and after all that it still works
c.open()
'
}

not_requests() {
	py '
for line in ("x", "5", "[]", "\"a\"", "{}", "{\"id\": null, \"get\": \"daemon\"}", "{\"id\": 1.5}",
			"{\"id\": {}}", "{\"id\": 1", "{\"id\": 1, \"id\": 2}", "{\"id\": \"%s\"}" % ("x" * 65),
			"\xff\xfe", "{\"id\": \"\\u0000\", \"get\": \"daemon\"}", "[" * 3000):
	c.send(line.encode("latin-1"))
	a = c.answer()
	assert a["id"] is None and a["error"]["message"], (line, a)
c.send("")
assert c.ask(get="daemon")["data"]
'
}

ids_come_back() {
	py '
for i in (0, -1, 2**62, "", "a \" \\ b", "x" * 64):
	c.send({"id": i, "subscribe": "session-event"})
	assert c.answer() == {"id": i, "output": {}}
'
}

sixteen_bad_lines() {
	py '
for i in range(15):
	c.send("x")
	c.answer()
c.ask(subscribe="session-event")
for i in range(16):
	c.send("x")
	assert c.answer()["id"] is None
assert c.ended()
'
}

long_lines() {
	py '
pad = "x" * (65536 - len("{\"id\":1,\"get\":\"\"}"))
c.send("{\"id\":1,\"get\":\"%s\"}" % pad)
assert c.answer()["id"] == 1
c.send("{\"id\":1,\"get\":\"%s\"}" % (pad + "x"))
a = c.answer()
assert a["id"] is None and "65536" in a["error"]["message"], a
assert c.ended()
d = Client(SOCKET)
d.sock.sendall(b"x" * 70000)
assert "65536" in d.answer()["error"]["message"]
assert d.ended()
'
}

many_in_one_write() {
	py '
c.sock.sendall(b"".join(b"{\"id\":%d,\"subscribe\":\"session-event\"}\n" % i for i in range(2000)))
for i in range(2000):
	assert c.answer()["id"] == i
line = b"{\"id\":7,\"get\":\"daemon\"}\n"
for i in range(len(line)):
	c.sock.sendall(line[i:i + 1])
assert c.answer()["id"] == 7
'
}

# A client that only sends no more still gets its answers.
half_closed() {
	py '
c.send({"id": 1, "get": "sessions"})
c.send({"id": 2, "get": "counters"})
c.sock.shutdown(socket.SHUT_WR)
ends = set()
while True:
	a = c.line()
	if a is None:
		break
	if "end" in a:
		ends.add(a["id"])
assert ends == {1, 2}, ends
'
}

lists() {
	py '
tag = c.open()["session"]
c.state("established")
entries, end = c.get("sessions")
mine = [e for e in entries if e["session"] == tag][0]
assert end == {"id": c.last, "end": True}
assert mine["flow"] == {"source": "192.0.2.10", "destination": "192.0.2.99", "protocol": "udp",
						"destination-port": 5004}, mine
peers, _ = c.get("peers")
assert peers[0]["address"] == "192.0.2.77" and peers[0]["tls"] is True
rules, _ = c.get("rules")
assert rules[0]["rule"] == str(1 << 40), rules
static, _ = c.get("static-rules")
assert static == [{"list": "office", "entry": "web", "rules": 2, "packets": "5", "octets": "700"},
				  {"list": "office", "entry": "rest", "rules": 2, "packets": "5", "octets": "700"}], static
pools, _ = c.get("pools")
assert pools == [{"name": "internet", "configured": True, "address": ["192.0.2.128-192.0.2.129"], "port-min": 1024,
				  "port-max": 65535, "ports": "129024", "used": "7", "held": "2", "hosts": 4, "refused": "3",
				  "rules": 1}], pools
counters, _ = c.get("counters")
byname = {e["name"]: e for e in counters}
assert byname["kern_rules"]["value"] == "7" and byname["local_sessions"]["gauge"] is True
daemon, _ = c.get("daemon")
assert {p["name"] for p in daemon[-1:]} == {"ctl"} or daemon, daemon
'
}

# Every line of state and every notification is an instance of the schema, says yanglint.
is_yang() {
	command -v yanglint >/dev/null || unable "yanglint is not installed"
	py '
import subprocess, tempfile
def lint(kind, value):
	with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
		json.dump(value, f)
		f.flush()
		done = subprocess.run(["yanglint", "-f", "json", "-t", kind, "'"$TOP"'/userd/yang/natfw.yang", f.name],
							capture_output=True, text=True)
		assert done.returncode == 0, (value, done.stderr)
c.rpc("session-open", kind="external", flow={"source": "192.0.2.0/24", "destination": "192.0.2.9", "protocol": "sctp",
	"source-port": 1, "destination-port": 80, "more-ports": 1})
c.state("established")
for what in ("sessions", "peers", "rules", "static-rules", "pools", "counters", "interfaces", "daemon"):
	c.send({"id": 1, "get": what})
	while True:
		a = c.answer()
		if "data" not in a:
			break
		lint("get", a["data"])
for e in c.events:
	lint("notif", {"natfw:session-event": e})
c.send({"id": 1, "subscribe": "session-event"})
c.answer()
out = c.open()
lint("notif", {"natfw:session-event": c.event()})
'
}

owners() {
	py '
def other():
	d = Client(SOCKET)
	assert message(d.rpc("session-close", session=tag)) == "no such session"
	assert message(d.rpc("session-refresh", session=tag)) == "no such session"
	flow = {"source": "192.0.2.1", "destination": "192.0.2.2"}
	assert message(d.rpc("session-open", session=tag, kind="create", flow=flow)) == "no such session"
	assert d.get("sessions")[0] == []
	for what in ("peers", "rules", "static-rules", "pools", "config"):
		assert "root only" in message(d.get(what)[1]), what
	assert "root only" in message(d.rpc("reload"))
	for what in ("counters", "interfaces", "daemon"):
		assert "error" not in d.get(what)[1]
tag = c.open()["session"]
in_user(USER1, other)
c.rpc("session-refresh", session=tag)
'
}

# One user may refer to a session of another connection of his; root to all, without learning ids.
same_user_and_root() {
	py '
r, w = os.pipe()
def first():
	os.write(w, json.dumps(Client(SOCKET).open()).encode())
in_user(USER1, first)
out = json.loads(os.read(r, 1000))
def second():
	d = Client(SOCKET)
	sessions = d.get("sessions")[0]
	assert [s["id"] for s in sessions] == [out["id"]], sessions
	assert d.rpc("session-refresh", session=out["session"])["output"] == {}
in_user(USER1, second)
mine = [s for s in c.get("sessions")[0] if s["session"] == out["session"]]
assert "id" not in mine[0] and mine[0]["uid"] == USER1, mine
c.ask(subscribe="session-event")
assert c.rpc("session-refresh", session=out["session"])["output"] == {}
e = c.event(lambda e: e["session"] == out["session"])
assert "id" not in e, e
assert c.rpc("session-close", session=out["session"])["output"] == {}
e = c.event(lambda e: e["session"] == out["session"] and e["state"] == "dead")
assert "id" not in e, e
'
}

tokens() {
	py '
out = c.open()
c.state("established")
c.close()
def other():
	d = Client(SOCKET)
	a = d.rpc("session-attach", token=out["token"])["output"]
	assert a["session"] == out["session"] and a["id"] == out["id"] and a["state"] == "established", a
	d.rpc("session-refresh", session=out["session"])
	e = d.state("established")
	assert e["id"] == out["id"]
	wrong = ("0" if out["token"][0] != "0" else "1") + out["token"][1:]
	assert message(d.rpc("session-attach", token=wrong)) == "no such session"
in_user(USER2, other)
def other_again():
	d = Client(SOCKET)
	assert message(d.rpc("session-refresh", session=out["session"])) == "no such session"
in_user(USER2, other_again)
'
}

bound() {
	py '
c.ask(subscribe="session-event")
d = Client(SOCKET)
bound = d.open(bound=True)["session"]
free = d.open()["session"]
d.close()
e = c.event(lambda e: e["state"] == "dead")
assert e["session"] == bound, e
have = [s["session"] for s in c.get("sessions")[0]]
assert free in have and bound not in have
'
}

changes() {
	py '
out = c.open(lifetime=100)
c.state("established")
a = c.rpc("session-open", session=out["session"], kind="create", lifetime=200,
		flow={"source": "192.0.2.10", "destination": "192.0.2.77"})
assert a["output"]["session"] == out["session"] and a["output"]["id"] == out["id"], a
e = c.state("established")
assert e["lifetime"] == 200 and e["id"] == out["id"], e
mine = [s for s in c.get("sessions")[0] if s["session"] == out["session"]]
assert mine[0]["flow"]["destination"] == "192.0.2.77"
'
}

# Root ends a session that only goes through this node.
closes_others() {
	sed -i '/^gist:/d' "$CONF"
	echo "gist: {rate: 3}" >>"$CONF"
	kill -HUP "$MONITOR"
	wait_for 5 eval '(( $(ctl "{\"id\":1,\"get\":\"sessions\"}" | grep -c forwarder) == 3 ))'
	py '
through = [s for s in c.get("sessions")[0] if s["role"] == "forwarder"]
assert len(through) == 3 and "id" not in through[0] and "uid" not in through[0], through
# what is known of one that did not begin here, and of the rule that one of them has
traces = [c.rpc("session-trace", session=s["session"])["output"] for s in through]
assert all(t["outcome"] == "not-asked" and t["role"] == "forwarder" and "round-trip" not in t for t in traces), traces
rules = [t["rule"] for t in traces if "rule" in t]
assert rules == [[{"rule": str((1 << 40) + 1), "open": True, "left": 30, "text": "rule add action deny",
			"requester": "192.0.2.9"}]], rules
assert message(c.rpc("session-trace", session="0" * 16)) == "no such session"
assert c.rpc("session-close", session=through[1]["session"])["output"] == {}
assert message(c.rpc("session-refresh", session=through[1]["session"])) == "it is refreshed from where it began"
'
	logs 'fake session of others closed'
}

client_limits() {
	py '
def seventeen():
	many = [Client(SOCKET) for i in range(16)]
	for m in many:
		m.get("daemon")
	one = Client(SOCKET)
	assert one.line() == {"id": None, "error": {"path": "", "message": "too many clients"}}
	assert one.ended()
	many[0].close()
	time.sleep(0.2)
	Client(SOCKET).get("daemon")
in_user(USER1, seventeen)
time.sleep(0.2)
many = [Client(SOCKET) for i in range(63)]
for m in many:
	m.get("daemon")
one = Client(SOCKET)
assert one.line()["error"]["message"] == "too many clients"
'
}

session_limits() {
	py '
def full():
	d = Client(SOCKET)
	have = len(d.get("sessions")[0])
	for i in range(256 - have):
		d.open(bound=True)
	flow = {"source": "192.0.2.1", "destination": "192.0.2.2"}
	assert message(d.rpc("session-open", kind="create", flow=flow)) == "too many sessions"
in_user(USER2, full)
'
}

too_many_lists() {
	py '
os.kill('"$(pid_of sig)"', 19)
try:
	for i in range(5):
		c.send({"id": i, "get": "sessions"})
	a = c.answer()
	assert a["id"] == 4 and a["error"]["message"] == "too many lists at once", a
finally:
	os.kill('"$(pid_of sig)"', 18)
ends = set()
while len(ends) < 4:
	a = c.answer()
	if "end" in a:
		ends.add(a["id"])
'
}

# A list longer than what may wait for a client comes whole, at his pace, and others are served meanwhile.
long_list() {
	sed -i '/^gist:/d' "$CONF"
	echo "gist: {rate: 60000}" >>"$CONF"
	kill -HUP "$MONITOR"
	wait_for 5 file_has "$LOG" 'configuration in force'
	sleep 0.2
	py '
c.send({"id": 1, "get": "sessions"})
time.sleep(1)
d = Client(SOCKET)
start = time.monotonic()
d.get("daemon")
assert time.monotonic() - start < 5
seen = set()
while True:
	a = c.answer()
	if "end" in a:
		assert "error" not in a, a
		break
	s = a["data"]["natfw:natfw"]["state"]["sessions"]["session"][0]
	if s["role"] == "forwarder":
		seen.add(s["session"])
assert len(seen) >= 60000, len(seen)
'
	sed -i '/^gist:/d' "$CONF"
	kill -HUP "$MONITOR"
}

# Who is told events and does not read is disconnected; others are not.
slow_reader() {
	py '
slow = Client(SOCKET)
slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
slow.ask(subscribe="session-event")
out = c.open(destination="198.51.100.5", bound=True)
got = 0
for i in range(60):
	assert c.rpc("session-refresh", session=out["session"])["output"] == {}
	for j in range(250):
		c.state("established")
		got += 1
assert got >= 15000
assert slow.ended()
'
	logs 'client does not read, and is disconnected uid=0'
}

# Requests are not taken from one that does not read answers.
no_answers_read() {
	py '
line = b"{\"id\":1,\"get\":\"config\"}\n"
c.sock.setblocking(False)
sent = 0
end = time.monotonic() + 3
try:
	while time.monotonic() < end and sent < 100000:
		sent += c.sock.send(line) // len(line)
except BlockingIOError:
	pass
assert sent < 100000, "all was taken"
c.sock.settimeout(20)
d = Client(SOCKET)
d.get("daemon")
'
	(($(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(pid_of ctl)/status") < 200000))
}

sanitizers_are_content() {
	if grep -E 'AddressSanitizer|runtime error|system call not allowed' "$LOG"; then
		die "it is not so"
	fi
}

point "the socket is root's and the group's" permissions
point "without a group it is root's alone" root_only_without_group
point "a session is opened, told of, closed" opens
point "EXTERNAL tells the external address and bindings" external
point "a refusal on the path is an event" refused_by_path
point "wrong input is named by path and words" bad_requests
point "what is no request is answered with id null" not_requests
point "ids come back as they were" ids_come_back
point "sixteen bad lines in a row end the connection" sixteen_bad_lines
point "a line too long ends the connection" long_lines
point "many lines in one write, one line in many" many_in_one_write
point "a client that shuts down sending gets its answers" half_closed
point "lists of sessions, peers, rules, counters" lists
point "data and notifications are instances of natfw.yang" is_yang
point "a session is not another user's" owners
point "a user's connections share sessions, root sees tags" same_user_and_root
point "a token gives a session to another user's connection" tokens
point "a bound session ends with its connection" bound
point "a session can be changed" changes
point "root ends sessions that go through" closes_others
point "clients are limited" client_limits
point "sessions of a user are limited" session_limits
point "lists at once are limited" too_many_lists
point "a list of 60000 comes at the pace of who reads" long_list
point "a slow reader of events is disconnected" slow_reader
point "one that reads no answers is not listened to" no_answers_read
point "no sanitizer has complained" sanitizers_are_content
ktap_end
