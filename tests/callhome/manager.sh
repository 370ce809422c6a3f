#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# natfwd calls natfw-manager, each the program as it is: the device is known by the serial number in its
# certificate, the manager by its own, and what the manager's command prints is the device's tree.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd}
. "$(dirname "$0")/lib.sh"

[[ -x $NATFW_MANAGER ]] || ktap_skip_all "natfw-manager is not built"

ktap_start
make_certificates
open_work
make_network
mkdir -p "$WORK/manager"
chmod 600 "$CERTS/nms.key"
cat >"$WORK/manager.yaml" <<E
user: root
state: $WORK/manager
control: {path: $WORK/manager.sock}
listen: [{transport: tls, address: $MGR4}]
issuer: [{name: maker, certificates: $CERTS/root.pem, identifier: serial-number}]
credential: [{name: ops, user: nms1, certificate: $CERTS/nms.pem, key: $CERTS/nms.key}]
E

serves() {
	bg in_ns "$MGR" "$NATFW_MANAGER" serve -c "$WORK/manager.yaml"
	wait_for 10 listens 4335 || die "$(cat "$BG_OUT")"
}

connected() {
	manages devices | has 'gw-17.*connected'
}

reads() {
	serves
	manages devices add gw-17 identifier=17 credential=ops
	device_conf "$(client nms "remote-address: $MGR4")"
	fresh_start
	comes nms state up
	want "$(of nms user)" nms1
	wait_for 10 connected || die "$(manages devices; manages devices refused)"
	manages get gw-17 >"$WORK/answer"
	file_has "$WORK/answer" '<natfw xmlns="urn:natfw:yang:natfw"'
	file_has "$WORK/answer" 'netconf-state'
	file_has "$WORK/answer" "<remote-address>$MGR4</remote-address>"
	# the manager goes away and comes back: the device returns by itself
	kill -- "-$BG"
	logs 'was=up reason='
	serves
	wait_for 30 connected
	daemon_stop
}

unknown_device() {
	serves
	manages devices remove gw-17
	device_conf "$(client nms "remote-address: $MGR4")"
	fresh_start
	logs 'was=securing reason=\|was=up reason='
	wait_for 10 eval 'manages devices refused | has 17'
	daemon_stop
}

# Work for a device that is not there now; it is there again at another address, that nobody told the manager.
elsewhere() {
	serves
	manages devices add gw-17 identifier=17 credential=ops 2>/dev/null || :
	device_conf "$(client nms "remote-address: $MGR4, keepalive: {max-wait: 1, max-attempts: 2}")"
	fresh_start
	wait_for 15 connected
	ip -n "$DEV" link set wan down
	wait_for 20 eval '! is nms state up'
	manages devices close gw-17 2>/dev/null || :
	wait_for 20 eval '! connected'
	manages get -w 60 gw-17 >"$WORK/answer" &
	local asked=$!
	sleep 2
	want "$(cat "$WORK/answer")" '' 'answers before it is there'
	ip -n "$DEV" addr del $DEV4/24 dev wan
	ip -n "$DEV" addr add 192.0.2.77/24 dev wan
	ip -n "$DEV" link set wan up
	wait "$asked"
	file_has "$WORK/answer" '<natfw xmlns="urn:natfw:yang:natfw"'
	want "$(of nms sessions)" 2
	wait_for 5 eval 'manages devices | has "gw-17.*192\.0\.2\.77"' || die "$(manages devices)"
	daemon_stop
	ip -n "$DEV" addr del 192.0.2.77/24 dev wan
	ip -n "$DEV" addr add $DEV4/24 dev wan
}

point "8071-S6a,8071-S1a,8071-C5a,8071-C6b natfw-manager is called, reads the tree, goes and comes back" reads
point "CHD-1a,CHD-3a,CHD-3d,CHD-5a a device that is away for a while, and back with another address" elsewhere
point "8071-C6b a device that natfw-manager does not expect" unknown_device
ktap_end
