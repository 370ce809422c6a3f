#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=400
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
	local ready=$WORK/ready.$((++MANAGERS))
	bg rest --ready "$ready" "$@"
	wait_for 15 test -e "$ready"
}

# plays SCENARIO...: the device goes through it, and is there afterwards.
plays() {
	local before
	before=$(pid_of mgmt)
	rest "$@"
	want "$(pid_of mgmt)" "$before" 'the process'
}

# Who takes nothing, and who never finishes, hold up nobody, and take no memory.
holds_nobody() {
	local before after
	before=$(awk '/VmRSS/ { print $2 }' "/proc/$(pid_of mgmt)/status")
	in_background --port 4337 deaf
	seen 'asked'
	plays many
	after=$(awk '/VmRSS/ { print $2 }' "/proc/$(pid_of mgmt)/status")
	((after - before < 65536)) || die "grew by $((after - before)) KiB"
	kill -- "-$BG"
}

never_whole() {
	in_background --port 4337 halves
	seen half
	plays dribble
	plays old
	wait_for 90 file_has "$BG_OUT" over || die "$(cat "$BG_OUT")"
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
point "8040-3.1a,8040-3.3a,8040-3.3b,8040-4.3c discovery, and what is below the root" plays discovery
point "8040-3.5a,8040-3.5b,8040-4.3a,8040-4.3b,8040-2.5c data, by the paths it has" plays data
point "8040-9a,8040-1.3a,8040-4.8c state, capabilities and modules" plays state
point "8040-3.5c defaults" plays defaults
point "8040-4.8a,8040-4.8b,8040-4.8d query parameters" plays queries
point "8040-3.4a,8040-3.4b,8040-3.4c tags, times and conditions" plays conditions
point "8040-4.2a HEAD is GET without a body" plays heads
point "X-8040-ch1,X-8040-ch2,X-8040-ch3 many requests on one connection, and the next call" plays many
point "8040-3.6a,8040-3.6b operations" plays operations
point "8040-6a events in JSON" plays streams
point "8040-6a events in XML" plays in_xml
point "8040-6a,8040-4.8c replay" plays replayed
point "8040-4.8c filters of events" plays filtered
point "X-8040-ch5 what could be understood in two ways" plays smuggling
point "8040-2.1a HTTP without TLS" plays plain
point "X-8040-ch4,8040-2.2a ALPN" plays alpn
point "8040-2.5a,8040-2.5b nobody without a certificate" plays nobody
point "X-CM-9 who takes nothing holds up nobody" holds_nobody
point "8040-12a who never finishes a request" never_whole
point "all within the limits of the process" unharmed
ktap_end
