#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=600
#
# What a manager that was called can do by RESTCONF. The managers are in rest_*.py.
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
open_work
make_network

# rest_client NAME ENDPOINT-MEMBERS...
rest_client() {
	client "$@" | sed 's/transport: tls/transport: restconf/'
}

rest_conf() {
	device_conf "$(rest_client nms "remote-address: $MGR4")" \
		"$(rest_client "'a,b/c d'" "remote-address: $MGR4, remote-port: 9")" \
		"$(rest_client slow "remote-address: $MGR4, remote-port: 4337")" \
		"$(client classic "remote-address: $MGR4")" \
		"ietf-netconf-acm:nacm:" \
		"  groups: {group: [{name: managers, user-name: [nms1]}]}" \
		"  rule-list:" \
		"  - name: all" \
		"    group: [managers]" \
		"    rule:" \
		"    - {name: a, path: '/natfw:natfw/gist', access-operations: create update delete, action: deny}" \
		"    - {name: b, path: '/natfw:natfw/daemon/log', access-operations: read, action: deny}" \
		"    - {name: c, module-name: natfw, rpc-name: reload, access-operations: exec, action: deny}" \
		"    - {name: d, module-name: '*', access-operations: '*', action: permit}" \
		"key:" \
		"  - {id: 1, name: first, secret: c2VjcmV0LXNlY3JldA==}" \
		"  - {id: 2, name: second, secret: c2VjcmV0LXNlY3JldA==}"
}

# rest SCENARIO...: a manager in its namespace
rest() {
	in_ns "$MGR" python3 "$CALLHOME/rest.py" --certs "$CERTS" "$@"
}

# in_background SCENARIO...: the same, once it listens. Its output is in $BG_OUT.
in_background() {
	once_ready rest "$@"
}

# plays SCENARIO...: the device goes through it, and is there afterwards.
plays() {
	local before
	before=$(pid_of mgmt)
	rest "$@"
	want "$(pid_of mgmt)" "$before" 'the process'
}

rss() {
	awk '/VmRSS/ { print $2 }' "/proc/$(pid_of mgmt)/status"
}

# Who takes nothing, and who never finishes, hold up nobody, and take no memory.
holds_nobody() {
	local before after
	before=$(rss)
	in_background --port 4337 deaf
	seen 'asked'
	plays many
	after=$(rss)
	((after - before < 65536)) || die "grew by $((after - before)) KiB"
	kill -- "-$BG"
}

# What is taken for a request is given back.
keeps_nothing() {
	local before after
	in_background steady
	wait_for 60 file_has "$BG_OUT" warm || die "$(cat "$BG_OUT")"
	before=$(rss)
	wait_for 90 file_has "$BG_OUT" over || die "$(cat "$BG_OUT")"
	after=$(rss)
	((after - before < 16384)) || die "grew by $((after - before)) KiB"
	echo "# grew by $((after - before)) KiB"
	kill -- "-$BG" 2>/dev/null || :
}

never_whole() {
	in_background --port 4337 halves
	seen half
	plays dribble
	plays old
	wait_for 90 file_has "$BG_OUT" over || die "$(cat "$BG_OUT")"
}

# Other clients: curl, through a relay that takes a call and lets curl connect to it; TLS is curl's.
relayed() {
	command -v curl >/dev/null || die "no curl"
	url=https://gateway-17 me=(--silent --show-error --max-time 20 --cacert "$CERTS/root.pem"
		--cert "$CERTS/nms.pem" --key "$CERTS/nms.key" --connect-to gateway-17:443:127.0.0.1:8443)
	# the second listener is there when the call has come
	bg in_ns "$MGR" socat "TCP-LISTEN:4336,bind=$MGR4,reuseaddr" TCP-LISTEN:8443,bind=127.0.0.1,reuseaddr
	wait_for 15 listens 8443
}

by_curl() {
	local url me
	relayed
	in_ns "$MGR" curl "${me[@]}" --http1.1 -D "$WORK/heads" \
		"$url/.well-known/host-meta" -o "$WORK/meta" --next "${me[@]}" \
		"$url/restconf/data/natfw:natfw/gist/port" -o "$WORK/port" --next "${me[@]}" \
		-X PUT -H 'Content-Type: application/yang-data+json' -d '{"natfw:rate": 21}' \
		-w '%{http_code} %{num_connects}\n' "$url/restconf/data/natfw:natfw/policy/rate" --next "${me[@]}" \
		-H 'Accept: application/yang-data+xml' "$url/restconf/data/natfw:natfw/policy/rate" --next "${me[@]}" \
		-X DELETE -w ' %{http_code} %{num_connects}\n' "$url/restconf/data/natfw:natfw/policy/rate" >"$WORK/answers" ||
		die "curl: $?"
	file_has "$WORK/meta" "rel='restconf' href='/restconf'"
	want "$(cat "$WORK/port")" '{"natfw:port":270}'
	# all on the connection that the device has made
	want "$(cat "$WORK/answers")" "201 0
<rate xmlns=\"urn:natfw:yang:natfw\">21</rate> 204 0"
	kill -- "-$BG" 2>/dev/null || :
}

# tag_of FILE: the last ETag in heads that curl has written
tag_of() {
	sed -n 's/^[Ee][Tt]ag: *\([^\r]*\)\r*$/\1/p' "$1" | tail -n 1
}

# PATCH, and what is changed only if it is as one thinks.
curl_edits() {
	local url me tag at=restconf/data/natfw:natfw/policy type='Content-Type: application/yang-data+json'
	relayed
	in_ns "$MGR" curl "${me[@]}" -X PATCH -H "$type" -d '{"natfw:policy": {"rate": 31}}' -o /dev/null -w '%{http_code} ' \
		"$url/$at" --next "${me[@]}" -D "$WORK/heads" "$url/$at/rate" --next "${me[@]}" -o "$WORK/refusal" \
		-X PATCH -H "$type" -H 'If-Match: "of something else"' -d '{"natfw:rate": 32}' -w ' %{http_code} ' "$url/$at/rate" \
		--next "${me[@]}" "$url/$at/rate" >"$WORK/answers" || die "curl: $?"
	want "$(cat "$WORK/answers")" '204 {"natfw:rate":31} 412 {"natfw:rate":31}'
	jq -e '."ietf-restconf:errors".error[0]."error-tag" == "operation-failed"' "$WORK/refusal" >/dev/null || cat "$WORK/refusal"
	tag=$(tag_of "$WORK/heads")
	[[ $tag == '"'*'"' ]] || die "tag '$tag' of $(cat "$WORK/heads")"
	relayed
	in_ns "$MGR" curl "${me[@]}" -H "If-None-Match: $tag" -w '%{http_code} ' "$url/$at/rate" --next "${me[@]}" \
		-X PATCH -H "$type" -H "If-Match: $tag" -d '{"natfw:rate": 32}' -w '%{http_code} ' "$url/$at/rate" --next "${me[@]}" \
		-X PATCH -H "$type" -H "If-Match: $tag" -d '{"natfw:rate": 33}' -o /dev/null -w '%{http_code} ' "$url/$at/rate" \
		--next "${me[@]}" -H "If-None-Match: $tag" "$url/$at/rate" --next "${me[@]}" \
		-X DELETE -w ' %{http_code}' "$url/$at/rate" >"$WORK/answers" || die "curl: $?"
	want "$(cat "$WORK/answers")" '304 204 412 {"natfw:rate":32} 204'
}

# Other managers are called in vain all the time, which curl hears as it happens.
curl_hears() {
	local url me event
	relayed
	event=$(grep -m 1 '^data: ' < <(in_ns "$MGR" curl "${me[@]}" --no-buffer -H 'Accept: text/event-stream' \
		"$url/restconf/streams/natfw/json"))
	jq -e '."ietf-restconf:notification"."natfw:call-home-event".client' <<<"${event#data: }" >/dev/null || die "$event"
}

connected() {
	manages devices | has 'gw-17.*connected'
}

# natfw-manager, with its own client.
by_manager() {
	[[ -x $NATFW_MANAGER ]] || die "natfw-manager is not built"
	serve_manager 4336 "{transport: restconf, address: $MGR4}"
	manages devices add gw-17 identifier=17 credential=ops
	wait_for 20 connected || die "$(manages devices; manages devices refused)"
	manages rest -q GET /data/natfw:natfw/gist/port gw-17 >"$WORK/answer"
	file_has "$WORK/answer" '"natfw:port":270' || die "$(cat "$WORK/answer")"
	echo '{"natfw:rate": 22}' >"$WORK/body"
	manages rest -d "$WORK/body" PUT /data/natfw:natfw/policy/rate gw-17
	manages rest GET /data/natfw:natfw/policy/rate gw-17 >"$WORK/answer"
	file_has "$WORK/answer" '"natfw:rate":22' || die "$(cat "$WORK/answer")"
	fails manages rest GET /data/natfw:natfw/none gw-17
	manages rest DELETE /data/natfw:natfw/policy/rate gw-17
	kill -- "-$BG"
}

# What was answered is on the disk: the daemon is killed as a power cut would.
kept() {
	rest_conf
	fresh_start
	plays survives before
	kill -KILL "$MONITOR"
	wait "$MONITOR" 2>/dev/null || :
	daemon_start
	plays survives after
	daemon_stop
}

unharmed() {
	file_has "$LOG" 'user="nms1"'
	kill -TERM "$MONITOR"
	logs 'monitor main notice: ended'
	file_lacks "$LOG" 'system call not allowed'
	file_lacks "$LOG" 'does not fit the modules'
	file_lacks "$LOG" 'AddressSanitizer'
}

rest_conf
fresh_start
point "8071-S6b,8040-3.1a,8040-3.3a,8040-3.3b,8040-4.3c discovery, and what is below the root" plays discovery
point "8040-4.1a OPTIONS" plays options
point "8040-3.2a,8040-5.2a,8040-5.2b,8040-5.5a media types" plays formats
point "8040-3.5a,8040-3.5b,8040-4.3a,8040-4.3b,8040-2.5c data, by the paths it has" plays data
point "8040-9a,8040-1.3a,8040-4.8c state, capabilities and modules" plays state
point "8040-3.5c defaults" plays defaults
point "8040-4.8a,8040-4.8b,8040-4.8d query parameters" plays queries
point "8040-3.4a,8040-3.4b,8040-3.4c tags, times and conditions" plays conditions
point "8040-4.2a HEAD is GET without a body" plays heads
point "X-8040-ch1,X-8040-ch2,X-8040-ch3 many requests on one connection, and the next call" plays many
point "8040-3.6a,8040-3.6b operations" plays operations
point "8040-4.4a,8040-4.4b,8040-4.4c POST" plays creates
point "8040-4.5a,8040-4.5b PUT" plays replaces
point "8040-4.6a,8040-4.6b PATCH" plays merges
point "8040-4.7a,8040-4.7b DELETE" plays deletes
point "X-CM-5 what changes the entry of its own call is answered" plays own_entry
point "8040-4.8b places in lists that are ordered by their user" plays places
point "8040-3.4a edits with conditions" plays conditional
point "8040-4.5c the datastore as a whole, and secrets" plays whole
point "8040-1.4a,8040-1.4b,8040-1.4d,8040-1.4e,6241-7.5b what NETCONF has locked, or on trial" plays locked
point "8341-f what no rule permits" plays denied
point "a thousand entries" plays large
point "8040-3.1a,8040-4.5a,X-8040-ch2 curl" by_curl
point "8040-4.6a,8040-3.4a curl: PATCH, If-Match, If-None-Match" curl_edits
point "8040-6a curl: events" curl_hears
point "8040-3.1b,8040-2.5c natfw-manager" by_manager
point "8040-6a events in JSON" plays streams
point "8040-6a events in XML" plays in_xml
point "8040-6a,8040-4.8c replay" plays replayed
point "8040-4.8c filters of events" plays filtered
point "X-8040-ch5 what could be understood in two ways" plays smuggling
point "chunks, and what is none" plays chunks
point "8040-12a,8040-7a,8040-5.2a what is too large, too deep, or expands" plays too_large
point "expectations" plays continues
point "8040-2.1a HTTP without TLS" plays plain
point "X-8040-ch4,8040-2.2a ALPN" plays alpn
point "8040-2.5a,8040-2.5b nobody without a certificate" plays nobody
point "X-CM-9 who takes nothing holds up nobody" holds_nobody
point "requests take no memory for good" keeps_nothing
point "8040-12a who never finishes a request" never_whole
point "all within the limits of the process" unharmed
point "8040-1.4c what was answered survives" kept
ktap_end
