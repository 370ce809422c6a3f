#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=300
#
# Ports at which managers connect: NETCONF over SSH and TLS as it is without call home.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd}
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
certificate stranger strangers "/CN=nms1"
open_work
make_network
make_ssh
LOG=$WORK/log

# with LINE...: endpoints that are listened at
with() {
	conf "$@"
	fresh_start
	# they are asked for when the configuration is in force
	wait_for 10 eval "((\$(open_ports | wc -w) >= $#))" || die "$(open_ports)"
}

# The configuration calls nobody.
conf() {
	device_conf
	sed -i '/^  call-home:$/,$d' "$CONF"
	if (($#)); then
		printf '%s\n' "  listen:" "    endpoint:" "$@" >>"$CONF"
	fi
}

tls() {
	echo "    - {name: 't$1', transport: tls, identity: ours, address: '$1'${2:+, $2}}"
}

ssh_at() {
	echo "    - {name: 's$1', transport: ssh, address: '$1'${2:+, $2}}"
}

# asks [OPTION...] SCENARIO: a manager connects
asks() {
	in_ns "$MGR" python3 "$CALLHOME/peer.py" --certs "$CERTS" --connect "$@"
}

open_ports() {
	in_ns "$DEV" ss -Hltn | awk '{ print $4 }' | grep -v ':270$\|:9270$' | sort | tr '\n' ' '
}

# the number of METRIC of LISTENER
counts() {
	in_ns "$DEV" curl -sf http://127.0.0.1:9270/metrics | sed -n "s/^natfwd_listen_$1{listener=\"$2\"} //p"
}

reload() {
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
}

none() {
	with
	want "$(open_ports)" ''
	daemon_stop
}

registered() {
	with "$(tls $DEV4)" "$(ssh_at $DEV4)" "$(tls $DEV6)" "$(ssh_at ::)"
	want "$(open_ports)" "$DEV4:6513 $DEV4:830 [$DEV6]:6513 [::]:830 "
	asks --address $DEV4 --port 6513 session
	asks --address $DEV4 --port 830 --key ops session
	asks --address $DEV6 --port 6513 session
	asks --address $DEV6 --port 830 --key ops session
	file_has "$LOG" "manager connected listener=\"t$DEV4\" from=$MGR4:[0-9]* user=\"nms1\""
	file_has "$LOG" "manager connected listener=\"s::\" from=\[$MGR6\]:[0-9]* user=\"ops\""
	logs "manager gone listener=\"s$DEV4\" from=$MGR4:[0-9]* reason=closed text=\"close-session\""
	want "$(counts sessions_total "t$DEV4")" 1
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
}

restconf() {
	local url=https://$DEV4/restconf
	with "    - {name: web, transport: restconf, identity: ours, address: $DEV4}"
	want "$(open_ports)" "$DEV4:443 "
	in_ns "$MGR" curl -s --cacert "$CERTS/root.pem" -k --cert "$CERTS/nms.pem" --key "$CERTS/nms.key" \
		-H 'Accept: application/yang-data+json' "$url/data/natfw:natfw/management/listen" >"$WORK/answer"
	want "$(jq -r '.[].endpoint[].name' "$WORK/answer")" web || cat "$WORK/answer"
	fails in_ns "$MGR" curl -s -k "$url/data"
	logs 'manager gone listener="web" .* reason=certificate'
	file_has "$LOG" 'manager connected listener="web" .* user="nms1"'
	daemon_stop
}

# NETCONF is at its own port by default, and elsewhere if it is wanted there.
elsewhere() {
	with "$(ssh_at $DEV4 "port: 2222")"
	want "$(open_ports)" "$DEV4:2222 "
	asks --address $DEV4 --port 2222 --key ops session
	daemon_stop
}

strangers() {
	with "$(tls $DEV4)" "$(ssh_at $DEV4)"
	asks --address $DEV4 --port 6513 --cert none refused
	asks --address $DEV4 --port 6513 --cert stranger refused
	ssh_key other
	asks --address $DEV4 --port 830 --key other denied
	logs "manager gone listener=\"t$DEV4\" from=$MGR4:[0-9]* reason=certificate"
	logs "manager gone listener=\"s$DEV4\" from=$MGR4:[0-9]* reason=authentication"
	# others are not kept out by that, yet
	asks --address $DEV4 --port 6513 session
	for _ in 1 2; do
		asks --address $DEV4 --port 6513 --cert none refused
	done
	logs "reason=certificate"
	wait_for 10 eval '(($(counts failed_total t$DEV4) == 4))'
	# now whoever comes from there has to wait, and it is cheap; others have not
	asks --address $DEV4 --port 6513 turned_away
	wait_for 10 eval '(($(counts refused_total t$DEV4) == 1))'
	ip -n "$MGR" addr add 192.0.2.77/24 dev lan
	asks --address $DEV4 --port 6513 --source 192.0.2.77 session
	ip -n "$MGR" addr del 192.0.2.77/24 dev lan
	daemon_stop
}

silent() {
	local start
	with "$(tls $DEV4 "authentication-time: 2, max-per-source: 2")"
	bg in_ns "$MGR" sleep 60
	asks --address $DEV4 --port 6513 mutes 3
	wait_for 10 eval '(($(counts failed_total t$DEV4) == 2))'
	want "$(counts refused_total "t$DEV4")" 1
	logs 'reason=timeout text="not authenticated in time"'
	daemon_stop
}

many() {
	with "$(tls $DEV4 "max-sessions: 3")"
	asks --address $DEV4 --port 6513 crowd 3
	want "$(counts accepted_total "t$DEV4")" 4
	want "$(counts refused_total "t$DEV4")" 1
	daemon_stop
}

# Who has not authenticated takes no place of who has, and gives way to others.
flooded() {
	with "$(tls $DEV4 "max-sessions: 2, max-unauthenticated: 4, max-per-source: 64")"
	asks --address $DEV4 --port 6513 flood 12
	want "$(counts refused_total "t$DEV4")" 0
	logs 'reason=local text="gives way to others"'
	daemon_stop
}

# What a manager does to its own listener is answered before it is hung up.
own_listener() {
	conf "$(tls $DEV4)" "ietf-netconf-acm:nacm:" "  write-default: permit"
	fresh_start
	wait_for 10 eval '[[ -n $(open_ports) ]]'
	asks --address $DEV4 --port 6513 own_port "t$DEV4"
	want "$(open_ports)" "$DEV4:6516 "
	daemon_stop
}

changes() {
	with "$(tls $DEV4)" "$(ssh_at $DEV4)"
	bg in_ns "$MGR" python3 "$CALLHOME/peer.py" --certs "$CERTS" --connect --address $DEV4 --port 6513 hold
	seen '^up'
	local tls=$BG_OUT
	bg in_ns "$MGR" python3 "$CALLHOME/peer.py" --certs "$CERTS" --connect --address $DEV4 --port 830 --key ops hold
	seen '^up'
	conf "$(tls $DEV4)" "$(tls $DEV6)"
	reload
	seen '^over'
	wait_for 10 eval '[[ $(open_ports) == "$DEV4:6513 [$DEV6]:6513 " ]]' || die "$(open_ports)"
	file_lacks "$tls" over
	asks --address $DEV6 --port 6513 session
	asks --address $DEV4 --port 6513 session
	# the port outlives the process
	kill -KILL "$(pid_of mgmt)"
	asks --address $DEV4 --port 6513 session
	conf
	reload
	wait_for 10 eval '[[ -z $(open_ports) ]]'
	daemon_stop
}

taken() {
	bg in_ns "$DEV" socat "TCP-LISTEN:6513,bind=$DEV4,reuseaddr" "EXEC:sleep 60"
	wait_for 10 eval '[[ -n $(in_ns "$DEV" ss -Hltn "sport = :6513") ]]'
	with "$(tls $DEV4)" "$(ssh_at $DEV4)"
	file_has "$LOG" 'cannot open port for managers: Address already in use'
	asks --address $DEV4 --port 830 --key ops session
	kill -- "-$BG"
	wait_for 10 eval '[[ -z $(in_ns "$DEV" ss -Hltn "sport = :6513") ]]'
	reload
	wait_for 10 eval '[[ $(open_ports) == "$DEV4:6513 $DEV4:830 " ]]'
	daemon_stop
}

no_leak() {
	local before
	with "$(tls $DEV4)" "$(ssh_at $DEV4)"
	asks --address $DEV4 --port 6513 session
	asks --address $DEV4 --port 830 --key ops session
	logs 'manager gone listener="s'
	before=$(find "/proc/$(pid_of mgmt)/fd" "/proc/$MONITOR/fd" | wc -l)
	for _ in 1 2 3; do
		asks --address $DEV4 --port 6513 session
		asks --address $DEV4 --port 830 --key ops session
		asks --address $DEV4 --port 830 slams
	done
	wait_for 10 eval '[[ $(find "/proc/$(pid_of mgmt)/fd" "/proc/$MONITOR/fd" | wc -l) == '"$before"' ]]'
	daemon_stop
}

rejected() {
	local why=$1
	shift
	conf "$@"
	fails "$NATFWD" -t -c "$CONF"
	file_has "$WORK/stderr" "$why" || die "$(cat "$WORK/stderr")"
}

bad_conf() {
	rejected 'TLS needs an identity' "    - {name: a, transport: tls, address: 0.0.0.0}"
	rejected 'address' "    - {name: a, transport: ssh}"
	rejected 'nique' "$(tls $DEV4)" "    - {name: b, transport: tls, identity: ours, address: $DEV4, port: 7}" \
		"    - {name: c, transport: tls, identity: ours, address: $DEV4, port: 7}"
	SSH='' rejected 'needs a host-key and a user' "$(ssh_at $DEV4)"
	conf "$(tls $DEV4)"
	"$NATFWD" -t -c "$CONF"
}

point "CHD-5h no port without its configuration" none
point "6242-3c,7589-3a the registered ports, with both versions of IP" registered
point "8040-2.2a,8040-2.5c RESTCONF, by curl" restconf
point "6242-3b,6242-3c another port" elsewhere
point "7589-1a,7589-5a,6242-6b strangers, and those who try too often" strangers
point "4252-4a who says nothing" silent
point "6241-1.2a as many as there may be" many
point "X-6241-lim strangers keep nobody out" flooded
point "X-CM-5 what changes the own listener is answered" own_listener
point "ports come and go with the configuration" changes
point "a port that somebody else has" taken
point "X-CM-11 nothing is left behind" no_leak
point "bad configuration is refused by name" bad_conf
ktap_end
