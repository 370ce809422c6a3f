#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# A manager that is not ours: libnetconf2's client, called by TLS. It compiles the modules that the device
# gives it, and reads what it is told by them; see nc_manager.c.
. "$(dirname "$0")/lib.sh"

[[ -x $CALLHOME/nc_manager ]] || ktap_skip_all "libnetconf2 is not installed"

ktap_start
make_certificates
open_work
make_network
device_conf "$(client nms "remote-address: $MGR4")" \
	"key:" \
	"  - {id: 1, name: first, secret: c2VjcmV0LXNlY3JldA==}"
fresh_start

# foreign STEP...: what it prints is in $WORK/said
foreign() {
	in_ns "$MGR" "$CALLHOME/nc_manager" $MGR4 4335 "$CERTS/nms.pem" "$CERTS/nms.key" "$CERTS/root.pem" \
		"$@" >"$WORK/said" 2>"$WORK/stderr" || die "$(cat "$WORK/said" "$WORK/stderr")"
}

said() {
	file_has "$WORK/said" "$1" || die "$1 is not in: $(cat "$WORK/said" "$WORK/stderr")"
}

reads() {
	foreign capability urn:ietf:params:netconf:base:1.1 \
		get /natfw:natfw/state/call-home get-config running get-schema natfw get -
	said "session [1-9][0-9]* of $DEV4"
	said '<remote-address>192.0.2.2</remote-address>'
	said '<name>first</name>'
	said 'namespace "urn:natfw:yang:natfw"'
	said '<state xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"\|<netconf-state'
	if grep -q 'c2VjcmV0' "$WORK/said"; then
		die "a secret was read"
	fi
	logs 'was=up reason=closed'
}

is_refused() {
	foreign refused invalid-value get-schema no-such-module \
		refused access-denied rpc '<kill-session xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><session-id>999</session-id></kill-session>' \
		get /natfw:natfw/state/call-home
	said 'refused invalid-value'
}

point "8071-S6a,8071-S1a,8071-C5a,CHD-2a libnetconf2's client is called, and reads tree, configuration and modules" reads
point "libnetconf2's client is refused what there is not, and the session goes on" is_refused
ktap_end
