#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# Five gateways, each a whole natfwd in a network namespace of its own, and natfw-manager that they call by TLS, SSH
# and RESTCONF: its commands on one of them, on all, and where some refuse, are slow, or go away meanwhile.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd}
. "$(dirname "$0")/lib.sh"

[[ -x $NATFW_MANAGER ]] || ktap_skip_all "natfw-manager is not built"

ktap_start
make_certificates
open_work
ns MGR
ACCOUNTS=()
PROGRAM=$NATFWD
export NATFW_MANAGER_SOCKET=$WORK/manager.sock
declare -A DIR MON

test_cleanup() {
	local name
	for name in "${ACCOUNTS[@]}"; do
		rm -rf "/etc/netns/$name"
	done
}

# device NAME N ACCESS LINES...: a gateway in network N, which does for ACCESS what the rules say; the lines are
# of management/call-home, with MANAGER as the address to call.
device() {
	local name=$1 net=$2 access=$3 at=$WORK/$1 manager=10.9.$2.1
	shift 3
	ns "$name"
	mkdir -p "$at/certs"
	chmod 755 "$at"
	cp "$CERTS"/{managers.pem,middle.*,ops,ops.pub} "$at/certs/"
	veth "${!name}" wan "02:00:00:00:0$net:01" "$MGR" "lan$net" "02:00:00:00:0$net:02"
	ip -n "${!name}" addr add "10.9.$net.2/24" dev wan
	ip -n "$MGR" addr add "$manager/24" dev "lan$net"
	local DEV=${!name} WORK=$at CERTS=$at/certs NATFWD=$PROGRAM SSH='' CONF SOCKET LOG MONITOR
	certificate device middle "/CN=$name/serialNumber=SN-$name"
	cat "$CERTS/middle.pem" >>"$CERTS/device.pem"
	printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' "$DEV" "$NATFWD" >"$at/in_dev"
	chmod +x "$at/in_dev"
	NATFWD=$at/in_dev
	open_work
	if [[ $* == *'transport: ssh'* ]]; then
		ACCOUNTS+=("$DEV")
		local operator
		operator=$(<"$CERTS/ops.pub")
		make_ssh
		cp "$at/../certs/ops" "$CERTS/ops"
		SSH=${SSH/key: ssh-*\}]/key: $operator\}]}
	fi
	device_conf "${@//MANAGER/$manager}" "ietf-netconf-acm:nacm:" \
		"  groups: {group: [{name: managers, user-name: [nms1, ops]}]}" \
		"  rule-list:" "  - name: all" "    group: [managers]" "    rule:" \
		"    - {name: port, path: '/natfw:natfw/gist', access-operations: 'create update delete', action: $access}" \
		"    - {name: most, module-name: '*', action: permit}"
	starts
	DIR[$name]=$at
	MON[$name]=$MONITOR
}

# The daemon of $WORK, which the test, and not only a point, ends.
starts() {
	daemon_start
	echo "$$ $MONITOR" >>"$WORK/../pids"
}

# at NAME COMMAND...: with what the helpers of one device want
at() {
	local WORK=${DIR[$1]} LOG=${DIR[$1]}/log CONF=${DIR[$1]}/natfwd.yaml SOCKET=${DIR[$1]}/run/control
	local MONITOR=${MON[$1]} NATFWD=${DIR[$1]}/in_dev
	"${@:2}"
}

# serves [LIMITS]
serves() {
	mkdir -p "$WORK/manager"
	chmod 600 "$CERTS/nms.key"
	cat >"$WORK/manager.yaml" <<-E
		user: root
		state: $WORK/manager
		control: {path: $NATFW_MANAGER_SOCKET}
		issuer: [{name: maker, certificates: $CERTS/root.pem, identifier: serial-number}]
		credential: [{name: ops, user: natfwd-ssh, certificate: $CERTS/nms.pem, key: $CERTS/nms.key, ssh-key: $CERTS/ops}]
		limits: {penalty: 1, penalty-max: 1${1:+, $1}}
	E
	set -m
	in_ns "$MGR" "$NATFW_MANAGER" serve -c "$WORK/manager.yaml" >"$WORK/manager.log" 2>&1 </dev/null &
	SERVER=$!
	set +m
	echo "$BASHPID $SERVER" >>"$WORK/pids"
	wait_for 10 "$NATFW_MANAGER" status || die "$(cat "$WORK/manager.log")"
}

# manages ARGUMENT...: what it says is in $WORK/{answer,said}, what it ended with is $STATUS
manages() {
	STATUS=0
	timeout 60 "$NATFW_MANAGER" "$@" >"$WORK/answer" 2>"$WORK/said" || STATUS=$?
}

# ends STATUS [LAST LINE ON STANDARD ERROR]
ends() {
	want "$STATUS" "$1" "status; $(tail -n 20 "$WORK/answer" "$WORK/said")"
	(($# < 2)) || want "$(tail -n 1 "$WORK/said")" "$2" "$(cat "$WORK/answer")"
}

# got FILTER WANTED: of all answers in JSON
got() {
	want "$(jq -rs "$1" "$WORK/answer")" "$2" "$1 of $(cut -c 1-400 "$WORK/answer")"
}

answered() {
	file_has "$WORK/answer" "$1" || die "$1 is not in: $(cut -c 1-1000 "$WORK/answer" "$WORK/said")"
}

connected() {
	[[ $("$NATFW_MANAGER" devices -j | jq -rs 'map(select(.state == "connected").name) | sort | join(" ")') == "$*" ]]
}

ALL=(rest shell slow tls tls2)

# port N: a file that says so
port() {
	echo "<natfw xmlns=\"urn:natfw:yang:natfw\"><gist><port>$1</port></gist></natfw>" >"$WORK/port-$1.xml"
	echo "$WORK/port-$1.xml"
}

# in_file NAME PORT
in_file() {
	at "$1" eval 'grep -A3 "^gist:" "$CONF"' | has " port: $2\$" || die "$1: $(cat "${DIR[$1]}/natfwd.yaml")"
}

# Nothing of what was begun is left: the candidate is clean, and can be locked.
left_clean() {
	local name
	for name; do
		manages exec - "$name" < <(echo "<lock><target><candidate/></target></lock><unlock><target><candidate/></target></unlock>")
		ends 0
	done
}

all_call() {
	wait_for 30 connected "${ALL[@]}" || die "$("$NATFW_MANAGER" devices; "$NATFW_MANAGER" devices refused; tail -n 5 "$WORK"/*/log)"
	manages devices
	want "$(awk '{ print $1 "-" $3 }' "$WORK/answer" | sort | tr '\n' ' ')" \
		'rest-restconf shell-ssh slow-tls tls-tls tls2-tls '
}

gets() {
	manages get '*'
	ends 0 '5 devices: 5 done, 0 refused, 0 failed'
	want "$(grep -c '^== [a-z0-9]*: ok' "$WORK/answer")" 5 'headings'
	want "$(grep -c '<natfw xmlns="urn:natfw:yang:natfw"' "$WORK/answer")" 4 'answers in XML'
	answered '"natfw:natfw":{'
	manages get -j -c rest tls
	ends 0
	got '[.[] | select(.done) | .ok] | tostring' '[2]'
	got '[.[] | select(.device == "tls").reply | contains("<state ")] | tostring' '[false]'
	got '[.[] | select(.device == "rest").reply | fromjson | .["ietf-restconf:data"]["natfw:natfw"].state] | tostring' '[null]'
	# one device: what it says, and nothing else
	echo '<natfw xmlns="urn:natfw:yang:natfw"><management><call-home/></management></natfw>' >"$WORK/filter"
	manages get -c -f "$WORK/filter" shell
	ends 0
	want "$(cat "$WORK/said")" ''
	answered '<transport>ssh</transport>'
	manages get -x '/n:natfw/n:state/n:call-home' -n n=urn:natfw:yang:natfw tls
	answered '<address>10.9.1.1</address>'
	manages get -p /natfw:natfw/gist/port rest
	answered '"natfw:port":270'
	manages get -p /natfw:natfw/gist/port tls
	ends 1
	file_has "$WORK/said" 'the device speaks NETCONF, not RESTCONF'
}

# Devices there are not, and words that are none.
wrong_names() {
	manages get tls gw-99
	ends 1 'natfw-manager: devices: there is no such device: gw-99'
	want "$(cat "$WORK/answer")" '' 'answers'
	manages get 'x*'
	ends 1 'natfw-manager: devices: there is no such device: x*'
	manages devices close tls gw-99
	ends 1 'natfw-manager: devices: there is no such device: gw-99'
	connected "${ALL[@]}"
	manages edit -C -t running "$(port 1)" tls
	ends 2
	manages edit "$WORK/none" tls
	ends 2
	manages rpc '<a><b></a>' tls
	ends 2
	manages rest GRAB /data rest
	ends 1
	file_has "$WORK/said" 'no such method'
	manages get -S "$WORK/none" tls
	ends 3
}

# All are asked; one refuses, and one speaks something else.
edits() {
	manages edit -C "$(port 4001)" '*'
	ends 1 '5 devices: 3 done, 1 refused, 1 failed'
	answered '^== tls2: error access-denied at /natfw:natfw/natfw:gist/natfw:port'
	answered '^== rest: failed: the device speaks RESTCONF, not NETCONF'
	for name in tls slow shell; do in_file "$name" 4001; done
	left_clean tls slow shell tls2
	manages edit -j -C "$(port 70000)" tls shell
	ends 1
	got '[.[] | select(.device) | .outcome + " " + .["error-tag"] + " " + .["error-path"]] | unique | join(",")' \
		'error invalid-value /natfw:natfw/natfw:gist/natfw:port'
	got '.[-1] | [.devices, .ok, .error, .failed] | tostring' '[2,0,2,0]'
	left_clean tls shell
	manages edit -R 60 "$(port 4002)" tls shell
	ends 0
	for name in tls shell; do in_file "$name" 4002; done
	manages edit -t running -e rollback-on-error "$(port 4003)" tls
	ends 0
	in_file tls 4003
	echo '{"natfw:gist": {"port": 4004}}' >"$WORK/port.json"
	manages edit -p /natfw:natfw/gist "$WORK/port.json" rest
	ends 0
	in_file rest 4004
}

# Somebody else is at work in the candidate: neither is it committed, nor thrown away.
others_candidate() {
	manages edit -t candidate "$(port 4010)" tls
	ends 0
	manages edit -C "$(port 4011)" tls
	ends 1
	answered 'lock-denied'
	in_file tls 4003
	manages get -s candidate tls
	answered '<port>4010</port>'
	manages rpc '<discard-changes/>' tls
	ends 0
	manages edit -C "$(port 4011)" tls
	ends 0
	in_file tls 4011
}

operations() {
	manages rpc '<lock><target><running/></target></lock>' shell
	ends 0
	manages rpc "<unlock><target><running/></target></unlock>" shell tls
	ends 1 '2 devices: 1 done, 1 refused, 0 failed'
	printf '%s\n' '<get-config><source><running/></source></get-config>' '<rpc><validate><source><running/></source></validate></rpc>' \
		'<no-such-thing xmlns="urn:x"/>' '<get/>' >"$WORK/operations"
	manages exec -j "$WORK/operations" shell
	ends 1
	got '[.[] | select(.device).outcome] | join(" ")' 'ok ok error'
	manages rpc "$(echo '<get-schema xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring">
		<identifier>natfw</identifier></get-schema>')" '[st]*'
	ends 0 '4 devices: 4 done, 0 refused, 0 failed'
	want "$(grep -c 'namespace .*urn:natfw:yang:natfw' "$WORK/answer")" 4 'modules'
	manages rest GET '/data/natfw:natfw/gist?content=config' rest
	answered '"port":4004'
	echo '{"natfw:rate": 22}' >"$WORK/rate.json"
	manages rest -d "$WORK/rate.json" PUT /data/natfw:natfw/policy/rate rest
	ends 0
	manages rest GET /data/natfw:natfw/none rest tls
	ends 1 '2 devices: 0 done, 1 refused, 1 failed'
	answered '^== rest: error [0-9]* [a-z-]*'
	manages shell rest < <(printf '%s\n' get-config '# not' 'GET /data/natfw:natfw/gist/port' '' help commit quit get)
	ends 1
	answered 'METHOD PATH'
	answered '"natfw:port":4004'
	manages shell shell tls < <(echo get-config candidate)
	ends 0 '2 devices: 2 done, 0 refused, 0 failed'
	manages shell tls < <(printf 'commit')
	ends 0
}

# Progress is for a terminal.
progress() {
	timeout 60 script -qec "$NATFW_MANAGER get '*'" /dev/null >"$WORK/terminal" 2>&1 || die "$(cat "$WORK/terminal")"
	file_has "$WORK/terminal" '5 devices: 0 answers, 0 failed'
	file_has "$WORK/terminal" '5 devices: 4 answers, 0 failed'
	# which does not stand before an answer's heading
	file_lacks "$WORK/terminal" 'failed == '
	file_has "$WORK/terminal" '5 devices: 5 done'
}

stopped() {
	at slow eval 'kill -STOP "$(pid_of mgmt)"'
}

goes_on() {
	at slow eval 'kill -CONT "$(pid_of mgmt)"'
}

# One that does not answer does not hold up the others, and comes back by itself.
slow_one() {
	local n
	n=$("$NATFW_MANAGER" devices -j | jq 'select(.name == "slow").connections')
	stopped
	manages get -T 2 '*'
	goes_on
	ends 1 '5 devices: 4 done, 0 refused, 1 failed'
	answered '^== slow: failed: no answer in time'
	want "$(grep '^==' "$WORK/answer" | tail -n 1)" '== slow: failed: no answer in time'
	wait_for 20 eval 'connected "${ALL[@]}" && (($("$NATFW_MANAGER" devices -j | jq "select(.name == \"slow\").connections") > '"$n"'))'
}

# Who asked goes away in the midst of an edit: what was begun is put back, and nothing of the lock is left.
given_up() {
	stopped
	"$NATFW_MANAGER" edit -C "$(port 4020)" slow >"$WORK/answer" 2>&1 &
	sleep 0.5
	kill "$!"
	goes_on
	wait_for 10 eval 'left_clean slow'
	manages get -s candidate slow
	file_lacks "$WORK/answer" 4020
	in_file slow 4001
}

# A gateway loses power while it is asked; another one while it has a change to confirm.
vanishes() {
	stopped
	"$NATFW_MANAGER" get -T 50 slow tls >"$WORK/answer" 2>"$WORK/said" &
	local asked=$!
	wait_for 10 file_has "$WORK/answer" '== tls: ok'
	kill -KILL "${MON[slow]}"
	wait "$asked" && STATUS=0 || STATUS=$?
	ends 1 '2 devices: 1 done, 0 refused, 1 failed'
	answered '^== slow: failed: '
	manages get slow
	ends 1
	file_has "$WORK/said" 'the device is not connected'
	# work that waits for it
	"$NATFW_MANAGER" edit -C -w 60 "$(port 4030)" slow >"$WORK/answer" 2>"$WORK/said" &
	asked=$!
	at slow starts
	wait "$asked" && STATUS=0 || STATUS=$?
	ends 0
	in_file slow 4030
}

# The manager takes no more than it was told to, and the device is none the worse.
too_large() {
	kill -TERM -- "-$SERVER"
	wait_for 10 eval '! kill -0 -- "-'"$SERVER"'" 2>/dev/null'
	serves 'message: 16'
	wait_for 30 connected "${ALL[@]}" || die "$("$NATFW_MANAGER" devices; "$NATFW_MANAGER" devices refused; tail -n 5 "$WORK"/manager.log "$WORK"/*/log)"
	manages get '*'
	ends 1 '5 devices: 0 done, 0 refused, 5 failed'
	want "$(grep -c '^== .*: failed: \(message\|response\) too long' "$WORK/answer")" 5 'answers that are too long'
	wait_for 30 connected "${ALL[@]}"
	manages get -c -f "$WORK/filter" tls shell
	ends 0
}

unharmed() {
	local name
	for name in "${!DIR[@]}"; do
		file_lacks "${DIR[$name]}/log" 'system call not allowed'
		file_lacks "${DIR[$name]}/log" 'AddressSanitizer'
	done
	file_lacks "$WORK/manager.log" 'system call not allowed'
}

ssh_key ops
client() {
	printf '      - name: nms\n        endpoint: [{name: main, %s, remote-address: MANAGER}]\n' "$1"
	printf '        reconnect: {backoff-max: 1, minimum-uptime: 0}\n'
}
device tls 1 permit "$(client 'transport: tls, identity: ours')"
device tls2 2 deny "$(client 'transport: tls, identity: ours')"
device shell 3 permit "$(client 'transport: ssh')"
device rest 4 permit "$(client 'transport: restconf, identity: ours')"
device slow 5 permit "$(client 'transport: tls, identity: ours')"
serves
for name in tls tls2 rest slow; do
	"$NATFW_MANAGER" devices add $name identifier=SN-$name credential=ops
done
"$NATFW_MANAGER" devices add shell "pin=$(cat "$WORK/shell/certs/host.pub")" credential=ops

point "X-8071-C9,8071-C3a,8071-C3b,8071-C8a five gateways call, by TLS, SSH and RESTCONF" all_call
point "get, of one, of all, with filters and paths" gets
point "names there are not, and wrong usage: said by name, and by the status" wrong_names
point "edit, of all, where one refuses" edits
point "6241-8.3b edit leaves alone what somebody else has in the candidate" others_candidate
point "rpc, exec, rest and shell" operations
point "progress on a terminal" progress
point "one that does not answer" slow_one
point "who asked goes away in the midst of it" given_up
point "one that vanishes, and work that waits for it" vanishes
point "answers longer than the manager takes" too_large
point "all within their limits" unharmed
ktap_end
