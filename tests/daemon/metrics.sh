#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick host timeout=60
#
# Metrics: the format, the HTTP around it, and that no scrape waits for ever.
. "$(dirname "$0")/lib.sh"

ktap_start
open_work
PORT=$((20000 + $$ % 10000))
URL=http://127.0.0.1:$PORT/metrics
daemon_conf "  metrics: {port: $PORT}"
fresh_start || exit 1

is_well_formed() {
	curl -sf "$URL" >"$WORK/metrics"
	python3 - "$WORK/metrics" <<'PY'
import re, sys
typed, helped, seen, series = {}, {}, [], set()
for line in open(sys.argv[1]):
	line = line.rstrip("\n")
	if line.startswith("# HELP "):
		name, text = line[7:].split(" ", 1)
		assert name not in helped, name
		assert re.fullmatch(r'(?:[^\\]|\\\\|\\n)*', text), line
		helped[name] = text
	elif line.startswith("# TYPE "):
		name, kind = line[7:].split(" ")
		assert name not in typed and kind in ("counter", "gauge"), line
		typed[name] = kind
	else:
		hit = re.fullmatch(r'(natfwd_[a-z0-9_]+)(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"\})? (\d+)', line)
		assert hit, line
		name = hit.group(1)
		assert name in typed and name in helped, line
		assert (name, hit.group(2)) not in series, line
		series.add((name, hit.group(2)))
		if name not in seen:
			seen.append(name)
		assert seen[-1] == name, "series of %s are not together" % name
		if typed[name] == "counter":
			assert name.endswith("_total"), name
for name in ("natfwd_gist_query_sent_total", "natfwd_kern_rules", "natfwd_process_restarts_total",
			"natfwd_local_sessions", "natfwd_scrape_complete"):
	assert name in typed, name
PY
}

headers() {
	curl -si "$URL" | tr -d '\r' >"$WORK/answer"
	want "$(head -n 1 "$WORK/answer")" 'HTTP/1.1 200 OK'
	file_has "$WORK/answer" '^Content-Type: text/plain; version=0.0.4'
	file_has "$WORK/answer" '^Connection: close'
}

status_of() {
	curl -s -o /dev/null -w '%{http_code}' "$@"
}

other_requests() {
	want "$(status_of "http://127.0.0.1:$PORT/")" 200
	want "$(status_of "http://127.0.0.1:$PORT/secrets")" 404
	want "$(status_of "http://127.0.0.1:$PORT/metricsandmore")" 404
	want "$(status_of "$URL?x=y")" 200
	want "$(status_of -X POST "$URL")" 405
	want "$(status_of -H "X: $(printf 'x%.0s' {1..9000})" "$URL")" 431
}

counts() {
	local before after
	before=$(curl -sf "$URL" | sed -n 's/^natfwd_control_requests_total //p')
	ctl '{"id":1,"get":"daemon"}' '{"id":2,"get":"daemon"}' >/dev/null
	after=$(curl -sf "$URL" | sed -n 's/^natfwd_control_requests_total //p')
	want "$((after - before))" 2
	want "$(curl -sf "$URL" | sed -n 's/^natfwd_scrape_complete //p')" 1
}

# byte by byte, and with an early end of what is sent
odd_clients() {
	python3 - "$PORT" <<'PY'
import socket, sys, time
def connect():
	s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	s.settimeout(20)
	return s
def rest(s):
	data = b""
	while True:
		more = s.recv(65536)
		if not more:
			return data
		data += more
s = connect()
for c in b"GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n":
	s.sendall(bytes([c]))
assert b"natfwd_scrape_complete 1" in rest(s)
s = connect()
s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
s.shutdown(socket.SHUT_WR)
assert b"natfwd_scrape_complete 1" in rest(s)
s = connect()
s.shutdown(socket.SHUT_WR)
assert rest(s) == b""
for junk in (b"\r\n\r\n", b"GET\r\n\r\n", b"\0\0\r\n\r\n", b"GET /metrics\r\n\r\n"):
	s = connect()
	s.sendall(junk)
	assert rest(s)[:5] == b"HTTP/", junk
s = connect()
s.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" * 50)
assert rest(s).count(b"HTTP/1.1 200") == 1
s = connect()
s.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
s.close()
PY
	want "$(status_of "$URL")" 200
}

# Those who say nothing hold no more than their own places, and those not for ever.
silent_clients() {
	python3 - "$PORT" <<'PY'
import socket, sys, time
many = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for i in range(8)]
time.sleep(0.3)
one = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
one.settimeout(20)
assert one.recv(100) == b"", "a ninth was taken"
for s in many:
	s.settimeout(20)
	assert s.recv(100) == b""
PY
	want "$(status_of "$URL")" 200
}

process_that_hangs() {
	local start=$SECONDS
	kill -STOP "$(pid_of sig)"
	curl -sf --max-time 10 "$URL" >"$WORK/metrics"
	kill -CONT "$(pid_of sig)"
	((SECONDS - start < 8 * SLOW))
	file_has "$WORK/metrics" '^natfwd_scrape_complete 0$'
	file_has "$WORK/metrics" '^natfwd_kern_rules 7$'
	file_lacks "$WORK/metrics" '^natfwd_gist'
	want "$(curl -sf "$URL" | sed -n 's/^natfwd_scrape_complete //p')" 1
}

restarts_are_counted() {
	local old
	old=$(pid_of kern)
	kill -9 "$old"
	wait_for 10 eval '[[ -n $(pid_of kern) && $(pid_of kern) != '"$old"' ]]'
	wait_for 10 eval 'curl -sf "$URL" | has "^natfwd_process_restarts_total{process=\"kern\"} 1$"'
}

moves_and_goes() {
	local other=$((PORT + 1))
	sed -i "s/port: $PORT/port: $other/" "$CONF"
	kill -HUP "$MONITOR"
	wait_for 5 eval '[[ $(status_of http://127.0.0.1:'"$other"'/metrics) == 200 ]]'
	want "$(status_of "$URL" || :)" 000
	sed -i "/metrics:/d" "$CONF"
	kill -HUP "$MONITOR"
	wait_for 5 eval '[[ $(status_of http://127.0.0.1:'"$other"'/metrics) == 000 ]]'
}

point "what is served is well-formed" is_well_formed
point "headers are right" headers
point "other requests have their status" other_requests
point "counters count" counts
point "odd clients are served or closed" odd_clients
point "silent clients are given up" silent_clients
point "a process that hangs holds up nothing for long" process_that_hangs
point "restarts are counted" restarts_are_counted
point "the port moves, and goes, at reload" moves_and_goes
ktap_end
