#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# A manager that is not ours: libnetconf2's client, of which netopeer2-cli is made, called by TLS and SSH. It compiles
# the modules that the device gives it, and reads what it is told by them; see nc_manager.c.
. "$(dirname "$0")/lib.sh"

[[ -x $CALLHOME/nc_manager ]] || ktap_skip_all "libnetconf2 is not installed"

ktap_start
make_certificates
open_work
make_network
make_ssh
device_conf "$(client nms "remote-address: $MGR4")" \
	"$(client other "remote-address: $MGR4, remote-port: 4400")" \
	"$(ssh_client nms-ssh "remote-address: $MGR4")" \
	"key:" \
	"  - {id: 1, name: first, secret: c2VjcmV0LXNlY3JldA==}" \
	"ietf-netconf-acm:nacm:" \
	"  groups: {group: [{name: managers, user-name: [nms1, ops]}]}" \
	"  rule-list: [{name: all, group: [managers], rule: [{name: most, module-name: '*', action: permit}]}]"
fresh_start

# foreign STEP...: what it prints is in $SAID, or $WORK/said
foreign() {
	in_ns "$MGR" "$CALLHOME/nc_manager" $MGR4 "${PORT:-4335}" "$CERTS/nms.pem" "$CERTS/nms.key" "$CERTS/root.pem" \
		"$@" >"${SAID:-$WORK/said}" 2>&1 || die "$(cat "${SAID:-$WORK/said}")"
}

# The same over SSH.
foreign_ssh() {
	in_ns "$MGR" "$CALLHOME/nc_manager" $MGR4 4334 ssh:natfwd-ssh "$CERTS/ops" "$CERTS/host.pub" \
		"$@" >"$WORK/said" 2>&1 || die "$(cat "$WORK/said")"
}

said() {
	file_has "$WORK/said" "$1" || die "$1 is not in: $(cat "$WORK/said")"
}

# How often that was said.
times() {
	grep -c "$1" "$WORK/said" || :
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

kill_999='<kill-session xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><session-id>999</session-id></kill-session>'

is_refused() {
	foreign refused invalid-value get-schema no-such-module \
		refused invalid-value rpc "$kill_999" \
		get /natfw:natfw/state/call-home
	said 'refused invalid-value'
}

# port N: a file that says so
port() {
	echo "<natfw xmlns=\"urn:natfw:yang:natfw\"><gist><port>$1</port></gist></natfw>" >"$WORK/port-$1"
	echo "$WORK/port-$1"
}

modules() {
	"$1" module natfw module ietf-netconf-acm module ietf-access-control-list module ietf-netconf-monitoring \
		module ietf-netconf-notifications module ietf-yang-library
}

# What is running afterwards is what is said of it, and in the file; nothing of the locks is left.
edits() {
	"$1" lock running lock candidate edit candidate "$(port 3001)" validate candidate \
		get-config running get-config candidate commit get-config running unlock candidate unlock running
	want "$(times '<port>3001<')" 2 'in the candidate and, after the commit, in running'
	file_has "$CONF" 'port: 3001'
	"$1" edit candidate "$(port 3002)" discard get-config candidate edit running "$(port 3003)" get-config running
	want "$(times '<port>3001<'),$(times '<port>3002<'),$(times '<port>3003<')" 1,0,1 'after discard and edit'
	file_has "$CONF" 'port: 3003'
	"$1" refused invalid-value edit candidate "$(port 70000)" get-config running
	said '<port>3003<'
}

confirms() {
	"$1" edit candidate "$(port 3010)" confirmed 60 get-config running cancel get-config running
	want "$(times '<port>3010<'),$(times '<port>3003<')" 1,1 'tried, and cancelled'
	"$1" edit candidate "$(port 3011)" confirmed 1 get-config running sleep 3 get-config running
	want "$(times '<port>3011<'),$(times '<port>3003<')" 1,1 'tried, and run out'
	"$1" edit candidate "$(port 3012)" confirmed 60 commit get-config running
	want "$(times '<port>3012<')" 1 'confirmed'
	file_has "$CONF" 'port: 3012'
}

# Another session has what one wants, and gives it back by its end.
locked() {
	local before
	# points before have locked it as well
	before=$(grep -c 'session locked.*candidate' "$LOG" || :)
	bg eval 'SAID=$WORK/holder PORT=4400 foreign lock running lock candidate sleep 60'
	wait_for 15 eval '(($(grep -c "session locked.*candidate" "$LOG") > '"$before"'))'
	foreign refused lock-denied lock running refused lock-denied lock candidate \
		refused in-use edit running "$(port 3020)" get-config running
	want "$(times '<port>3020<')" 0 'changed past a lock'
	kill -- "-$BG"
	wait_for 15 eval '! is other state up'
	foreign lock running edit running "$(port 3021)" unlock running get-config running
	said '<port>3021<'
}

hears() {
	"$1" capability urn:ietf:params:netconf:capability:notification:1.0 \
		capability urn:ietf:params:netconf:capability:interleave:1.0 subscribe NETCONF \
		edit running "$(port "$2")" notification netconf-config-change get-config running
	said '<target xmlns:nf="urn:natfw:yang:natfw">/nf:natfw/nf:gist'
	said "<port>$2<"
}

by_ssh() {
	modules foreign_ssh
	edits foreign_ssh
	hears foreign_ssh 3031
	# the account says nothing of who it is
	wait_for 10 file_has "$LOG" 'manager called client="nms-ssh" .*user="ops"'
}

point "8071-S6a,8071-S1a,8071-C5a,CHD-2a libnetconf2's client is called, and reads tree, configuration and modules" reads
point "libnetconf2's client is refused what there is not, and the session goes on" is_refused
point "X-INT-4 it compiles every module that it is given" modules foreign
point "6241-8.3c,6241-7.2a it locks, edits, validates, commits and discards" edits foreign
point "6241-8.4a,6241-8.4b it commits on trial: cancelled, run out, confirmed" confirms foreign
point "6241-7.5a it is denied what another one has locked" locked
point "5277-b it subscribes, and hears what it does itself" hears foreign 3030
point "X-INT-2,8071-1.4a the same over SSH: modules, edits, commits, events" by_ssh
ktap_end
