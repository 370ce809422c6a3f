#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=600
#
# NETCONF over SSH on connections that the device opened: it is sshd there, and OpenSSH's client the manager.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd}
. "$(dirname "$0")/lib.sh"

[[ -x /usr/sbin/sshd ]] || ktap_skip_all "sshd is not installed"

ktap_start
make_certificates
open_work
make_network
make_ssh
LOG=$WORK/log

with() {
	device_conf "$(ssh_client nms "remote-address: $MGR4")" "$@"
	fresh_start
}

ssh_manager() {
	manager --port 4334 --key ops "$@"
}

# ssh_leaf LEAF: one more in management/ssh.
ssh_leaf() {
	SSH=${SSH/directory/$1$'\n'    directory}
}

# ssh_user NAME KEYS: one more
ssh_user() {
	SSH+=$'\n'"      - {name: $1, authorized-key: [$2]}"
}

# authorized NAME KEY
authorized() {
	echo "{name: $1, public-key: $(cat "$CERTS/$2.pub")}"
}

reload() {
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
}

# There is no sshd of the device's.
no_sshd() {
	[[ -z $(pids "$DEV" '^(/[^ ]*/)?sshd') ]]
}

first() {
	with
	ssh_manager session 40
	seen '^up'
	comes nms state up
	want "$(of nms user)" ops
	want "$(of nms transport)" ssh
	want "$(of nms port)" 4334
	# no port of management is open, and what sshd was told is root's alone; there is no token in the list of processes
	want "$(in_ns "$DEV" ss -Hltn | grep -vc ':270 \|:9270 ')" 0
	want "$(stat -c %a%u "$WORK"/ssh/*.conf)" 6000
	want "$(stat -c %a%u "$WORK/ssh/keys")" 6400
	file_lacks "/proc/$(pgrep -f 'natfwd-netconf ')/cmdline" "$(sed -n 's/.*natfwd-netconf-//p' "$WORK"/ssh/*.conf)"
	daemon_stop
	file_has "$LOG" "manager called client=\"nms\" endpoint=\"main\" at=$MGR4:4334 user=\"ops\""
	file_lacks "$LOG" 'system call not allowed'
	wait_for 10 no_sshd
	want "$(find "$WORK/ssh" -type f -o -type s)" ''
}

other_port() {
	device_conf "$(ssh_client nms "remote-address: '$MGR6', remote-port: 17000, local-address: '$DEV6',
		local-port: 17001, interface: wan")"
	fresh_start
	manager --address $MGR6 --port 17000 --key ops session 40
	seen "^up [0-9]* $DEV6 17001"
	comes nms port 17000
	daemon_stop
}

server_role() {
	with
	manager --port 4334 ident
	seen '^SSH-2.0-OpenSSH_.* True$'
	daemon_stop
}

host_keys() {
	ssh_key second ecdsa
	SSH=${SSH/host-key: [/host-key: [{name: second, file: $CERTS/second\}, }
	device_conf "$(ssh_client nms "remote-address: $MGR4, host-key: [host]")" \
		"$(ssh_client other "remote-address: $MGR4, remote-port: 4000, host-key: [second]")"
	fresh_start
	ssh_manager several 1
	seen '^[0-9]'
	# the other one is not the one that is known
	peer --port 4000 --key ops denied
	echo "gateway $(cut -d' ' -f1,2 "$CERTS/second.pub")" >"$CERTS/known_hosts"
	peer --port 4000 --key ops several 1
	peer --port 4334 --key ops denied
	echo "gateway $(cut -d' ' -f1,2 "$CERTS/host.pub")" >"$CERTS/known_hosts"
	daemon_stop
}

users() {
	ssh_key boss
	ssh_key rsa rsa
	ssh_key old
	ssh_user "'The Boss, äöü \"x\"'" "$(authorized a boss), $(authorized b rsa)"
	with
	for key in boss rsa; do
		manager --port 4334 --key $key session 40
		seen '^up'
		comes nms user 'The Boss, äöü "x"'
		kill -- "-$BG"
		wait_for 15 eval '[[ $(of nms state) != up ]]'
	done
	peer --port 4334 --key old denied
	logs 'was=securing reason=authentication '
	# the name one logs in with is not who one is
	peer --port 4334 --key ops --login root denied
	peer --port 4334 --key ops --login ops denied
	ssh_manager session 40
	comes nms user ops
	daemon_stop
}

methods() {
	with
	ssh_manager methods
	seen '^publickey$'
	daemon_stop
}

tries() {
	local i
	for i in 1 2 3 4 5 6 7 8; do ssh_key "wrong$i"; done
	ssh_leaf "authentication-attempts: 3"
	with
	manager --port 4334 --key wrong1 tries wrong2 wrong3 wrong4 wrong5 wrong6 wrong7 wrong8
	seen '^3 True'
	logs 'reason=authentication text=".*: Too many'
	daemon_stop
}

late() {
	local scenario
	with "        authentication-time: 2"
	for scenario in mute lazy; do
		ssh_manager $scenario
		wait_for 15 test -s "$BG_OUT"
		awk '{ exit !($1 > 1 && $1 < 6) }' "$BG_OUT" || die "put up with for $(cat "$BG_OUT") s"
	done
	want "$(grep -c 'was=securing reason=timeout text="not authenticated in time"' "$LOG")" 2
	wait_for 10 no_sshd
	daemon_stop
}

ends() {
	with
	ssh_manager several 1
	seen '^[0-9]'
	logs 'was=up reason=closed text="close-session"'
	ssh_manager quits 1
	logs 'was=up reason=closed text="closed by the manager"'
	ssh_manager cut 1
	logs 'was=up reason=lost text="Connection \(closed\|reset\) by'
	ssh_manager hold
	seen '^up'
	comes nms state up
	# the session's sshd, and the one that watches it
	# shellcheck disable=SC2046  # several
	kill -KILL $(pids "$DEV" '^sshd: natfwd-ssh') || die "no sshd: $(ps ax)"
	wait_for 10 eval "[[ \$(grep -c 'was=up reason=lost' $LOG) == 2 ]]"
	daemon_stop
	wait_for 10 no_sshd
}

resumed() {
	device_conf "$(ssh_client nms "remote-address: $MGR4")" "        periodic: {period: 10080}"
	fresh_start
	ssh_manager cut 2
	wait_for 20 eval "[[ \$(wc -l <$BG_OUT) == 2 ]]"
	ssh_manager quits 1
	seen '^up'
	comes nms state waiting
	(($(of nms next) > 1000)) || die "next: $(of nms next)"
	daemon_stop
}

vanished() {
	device_conf "$(ssh_client nms "remote-address: $MGR4, keepalive: {max-wait: 1, max-attempts: 2}")"
	fresh_start
	ssh_manager session 60
	comes nms state up
	sleep 6
	want "$(of nms state)" up
	want "$(of nms sessions)" 1
	gives_up 4334
	daemon_stop
}

# The same, of a manager whose TCP answers and whose SSH does not.
stopped() {
	local client
	device_conf "$(ssh_client nms "remote-address: $MGR4, keepalive: {max-wait: 1, max-attempts: 2}")"
	fresh_start
	ssh_manager session 60
	comes nms state up
	client=$(pids "$MGR" '^ssh .*known_hosts.*-l natfwd-ssh -s gateway')
	kill -STOP "$client"
	logs 'was=up reason=lost text="Timeout, client not responding'
	kill -KILL "$client"
	daemon_stop
}

reloaded() {
	ssh_key boss
	local plain=$SSH
	ssh_user boss "$(authorized it boss)"
	with
	manager --port 4334 --key boss session 40
	seen '^up'
	comes nms user boss
	reload
	want "$(of nms sessions)" 1
	SSH=$plain device_conf "$(ssh_client nms "remote-address: $MGR4")"
	reload
	logs 'was=up reason=closed text="not a user any more"'
	kill -- "-$BG" 2>/dev/null || :
	wait_for 10 eval '! listens 4334'
	peer --port 4334 --key boss denied
	ssh_manager session 40
	comes nms user ops
	daemon_stop
}

restarted() {
	with
	ssh_manager hold
	seen '^up'
	comes nms state up
	kill -KILL "$(pid_of mgmt)"
	wait_for 10 no_sshd
	ssh_manager session 40
	seen '^up'
	comes nms state up
	kill -- "-$BG"
	kill -KILL "$MONITOR"
	wait "$MONITOR" || :
	wait_for 10 no_sshd
	# what a killed monitor leaves behind
	daemon_start
	want "$(find "$WORK/ssh" -name '*.conf' | wc -l)" 0
	daemon_stop
}

# relay_says UID OCTETS...: to the daemon's socket, from a process of that user; prints how many octets come back.
relay_says() {
	python3 - "$WORK/ssh/relay" "$@" <<-'PY'
		import os, socket, sys
		uid, data = int(sys.argv[2]), b"".join(bytes.fromhex(x) for x in sys.argv[3:])
		os.setgid(64999 if uid != 65534 else 65534)
		os.setuid(uid)
		s = socket.socket(socket.AF_UNIX)
		s.settimeout(10)
		try:
		    s.connect(sys.argv[1])
		    s.sendall(data)
		    print(len(s.recv(100)))
		except PermissionError:
		    print("denied")
		except ConnectionError:
		    print(0)
	PY
}

forged() {
	local token magic=6e617466776431 user
	user=$(printf 'ops%0122d' 0 | sed 's/^ops/6f7073/')
	with "        authentication-time: 60"
	ssh_manager mute
	comes nms state securing
	wait_for 10 eval "[[ -s \$(echo $WORK/ssh/*.conf) ]]"
	token=$(sed -n 's/.*natfwd-netconf-//p' "$WORK"/ssh/*.conf)
	want "${#token}" 32
	want "$(relay_says 65534 "${magic}00" "$token" "$user")" denied
	want "$(relay_says 64999 "${magic}00" "00${token:2}" "$user")" 0
	want "$(relay_says 64999 "00000000${magic:8}00" "$token" "$user")" 0
	# a user there is not
	want "$(relay_says 64999 "${magic}00" "$token" "${user/6f7073/6f7074}")" 0
	comes nms state waiting
	logs 'relay refused'
	daemon_stop
}

# Without descriptors relays wait, and nothing spins.
no_room() {
	local before
	with "        authentication-time: 60"
	ssh_manager session
	seen '^up'
	comes nms state waiting
	may_have mgmt "$(descriptors mgmt):4096"
	bg in_ns "$DEV" python3 -c "
import socket, sys, time
all_ = [socket.socket(socket.AF_UNIX) for _ in range(3)]
for s in all_:
    s.connect('$WORK/ssh/relay')
time.sleep(30)"
	logs 'mgmt mgmt error: cannot take a connection: Too many open files'
	before=$(cpu_of mgmt)
	sleep 2
	(($(cpu_of mgmt) - before < 60)) || die "$(($(cpu_of mgmt) - before)) ticks in two seconds"
	want "$(grep -c 'cannot take a connection' "$LOG")" 1 'lines'
	kill -- "-$BG"
	may_have mgmt 4096:4096
	ssh_manager session
	seen '^up'
	daemon_stop
}

no_leak() {
	local before monitor
	with
	sed -i 's/backoff-max: 1,/backoff-max: 1, backoff-min: 1,/' "$CONF"
	ssh_manager several 1
	seen '^[0-9]'
	comes nms state waiting
	comes nms last-error refused
	before=$(find "/proc/$(pid_of mgmt)/fd" | wc -l)
	monitor=$(find "/proc/$MONITOR/fd" | wc -l)
	ssh_manager several 4
	wait_for 30 eval "[[ \$(wc -l <$BG_OUT) == 4 ]]"
	ssh_manager drop 4
	wait_for 30 eval "[[ \$(wc -l <$BG_OUT) == 4 ]]"
	wait_for 10 no_sshd
	comes nms last-error refused
	want "$(find "/proc/$(pid_of mgmt)/fd" | wc -l)" "$before" "descriptors of mgmt"
	want "$(find "/proc/$MONITOR/fd" | wc -l)" "$monitor" "descriptors of the monitor"
	want "$(find "$WORK/ssh" -name '*.conf' | wc -l)" 0
	daemon_stop
}

# One device for all of these.
plays() {
	peer --port 4334 --key ops "$@" >"$WORK/played"
	cat "$WORK/played"
}

offers() {
	plays offers
	file_has "$WORK/played" 'KEX algorithms: .*curve25519-sha256'
	file_has "$WORK/played" 'ciphers ctos: .*aes256-gcm'
	file_lacks "$WORK/played" 'sha1\|ssh-rsa\|ssh-dss\|cbc\|3des\|arcfour\|umac-64\|md5'
	file_has "$WORK/played" '^strict True'
}

says() {
	plays "$1"
	file_has "$WORK/played" "$2"
}

unharmed() {
	kill -TERM "$MONITOR"
	logs 'monitor main notice: ended'
	file_lacks "$LOG" 'system call not allowed'
	file_lacks "$LOG" 'does not answer'
	file_lacks "$LOG" 'process .* \(killed\|ended\)'
}


# What natfwd.service grants is all that sshd gets.
confined() {
	local caps
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$TOP/tools/systemd/natfwd.service" | tr 'A-Z\n' 'a-z ' |
		sed 's/cap_/+/g; s/ *$//; s/  */,/g')
	LIMITS="setpriv --bounding-set -all,$caps --no-new-privs"
	export LIMITS
	with
	file_lacks "/proc/$MONITOR/status" '^CapBnd:.*ffff'
	ssh_manager several 1
	seen '^[0-9]'
	daemon_stop
}

locked() {
	sed -i 's/^natfwd-ssh:[*]/natfwd-ssh:!/' "/etc/netns/$DEV/shadow"
	with
	peer --port 4334 --key ops denied
	file_has "$LOG" "account natfwd-ssh is locked"
	sed -i 's/^natfwd-ssh:!/natfwd-ssh:*/' "/etc/netns/$DEV/shadow"
	daemon_stop
}

cannot_start() {
	device_conf "$(ssh_client nms "remote-address: $MGR4")"
	fails timeout 10 "$NATFWD" -c "$CONF"
	file_has "$WORK/stderr" "$1" || die "$(cat "$WORK/stderr")"
}

bad_conf() {
	local ok=$SSH e
	e=$(ssh_client nms "remote-address: $MGR4")
	SSH='' rejects 'needs a host-key and a user' "$e"
	SSH=${ok%user:*} rejects 'needs a host-key and a user' "$e"
	ssh_user two "$(authorized it ops)"
	rejects 'user ops has this key as well' "$e"
	SSH=${ok/key: ssh-ed25519 /key: nonsense } rejects 'not a public key' "$e"
	SSH=${ok/certs\/host/certs/\"x} rejects 'file' "$e"
	SSH=${ok/certs\/host/certs/nothere} cannot_start 'nothere: No such file'
	SSH=$ok
	ssh_leaf "program: /usr/sbin/nothere"
	cannot_start '/usr/sbin/nothere: No such file'
	SSH=$ok
	ssh_leaf "account: nothere"
	cannot_start 'management/ssh/account: No such file'
	SSH=$ok
	ssh_leaf "account: root"
	cannot_start 'management/ssh/account: Operation not permitted'
	SSH=$ok
	device_conf "$e"
	"$NATFWD" -t -c "$CONF"
}

# natfw-manager, which knows the device by its host key.
our_manager() {
	local manager=$TOP/userd/manager/natfw-manager
	[[ -x $manager ]] || unable "natfw-manager is not built"
	export NATFW_MANAGER_SOCKET=$WORK/manager.sock
	mkdir -p "$WORK/manager"
	cat >"$WORK/manager.yaml" <<-E
		user: root
		state: $WORK/manager
		control: {path: $NATFW_MANAGER_SOCKET}
		listen: [{transport: ssh, address: $MGR4}]
		credential: [{name: ops, user: natfwd-ssh, ssh-key: $CERTS/ops}]
	E
	bg in_ns "$MGR" "$manager" serve -c "$WORK/manager.yaml"
	wait_for 10 listens 4334 || die "$(cat "$BG_OUT")"
	"$manager" devices add gw pin="$(cat "$CERTS/host.pub")" credential=ops
	with
	comes nms state up
	want "$(of nms user)" ops
	wait_for 10 eval "$manager devices | has 'gw.*connected'"
	"$manager" get gw >"$WORK/answer"
	file_has "$WORK/answer" '<natfw xmlns="urn:natfw:yang:natfw"'
	file_has "$WORK/answer" 'netconf-ssh</transport>'
	daemon_stop
}

# ncclient of Debian, which is for Debian's Python: reads, edits, locks, commits, hears of events.
other_manager() {
	/usr/bin/python3 -c 'import ncclient' 2>/dev/null || unable "ncclient is not installed"
	# it does not take a port that was in use a moment ago
	device_conf "$(ssh_client nms "remote-address: $MGR4, remote-port: 4900")" \
		"ietf-netconf-acm:nacm:" \
		"  groups: {group: [{name: managers, user-name: [ops]}]}" \
		"  rule-list: [{name: all, group: [managers], rule: [{name: most, module-name: '*', action: permit}]}]"
	fresh_start
	in_ns "$MGR" timeout 60 /usr/bin/python3 "$CALLHOME/nc_client.py" "$MGR4" 4900 natfwd-ssh "$CERTS/ops" \
		"$CERTS/host.pub" >"$WORK/said" || die "$(cat "$WORK/said")"
	want "$(tr '\n' ' ' <"$WORK/said")" 'reads edits confirms hears '
	file_has "$CONF" 'port: 3120'
	logs 'was=up reason=closed text="close-session"'
	daemon_stop
}

# gist N: a file that says so
gist() {
	echo "<natfw xmlns=\"urn:natfw:yang:natfw\"><gist><port>$1</port></gist></natfw>" >"$WORK/home/$1.xml"
	echo "config=@$WORK/home/$1.xml"
}

# yangcli, which connects, so a relay takes the call for it.
yangcli_manager() {
	command -v yangcli >/dev/null || unable "yangcli is not installed"
	mkdir -p "$WORK/home"
	with "ietf-netconf-acm:nacm:" \
		"  groups: {group: [{name: managers, user-name: [ops]}]}" \
		"  rule-list: [{name: all, group: [managers], rule: [{name: most, module-name: '*', action: permit}]}]"
	printf '%s\n' >"$WORK/script" 'get-schema identifier=natfw' 'lock target=candidate' \
		"edit-config target=candidate $(gist 3201)" 'validate source=candidate' commit 'unlock target=candidate' \
		'get-config source=running' "edit-config target=candidate $(gist 3202)" discard-changes \
		'get-config source=candidate' "edit-config target=running $(gist 3203)" \
		'get-config source=running'
	bg in_ns "$MGR" socat "TCP-LISTEN:4334,bind=$MGR4,reuseaddr" TCP-LISTEN:8830,bind=127.0.0.1,reuseaddr
	wait_for 15 listens 8830
	in_ns "$MGR" env HOME="$WORK/home" timeout 60 yangcli --server=127.0.0.1 --ncport=8830 --user=natfwd-ssh \
		--password=none --public-key="$CERTS/ops.pub" --private-key="$CERTS/ops" --batch-mode \
		--modpath="$TOP/userd/yang:/usr/share/yuma/modules" --run-script="$WORK/script" \
		>"$WORK/said" 2>&1 </dev/null || die "$(cat "$WORK/said")"
	file_has "$WORK/said" 'Protocol version set to: RFC 6241 (base:1.1)' || die "$(cat "$WORK/said")"
	file_has "$WORK/said" 'namespace "urn:natfw:yang:natfw"'
	file_lacks "$WORK/said" 'RPC Error Reply' || die "$(cat "$WORK/said")"
	want "$(grep -o 'port 32[0-9]*' "$WORK/said" | tr '\n' ' ')" 'port 3201 port 3201 port 3203 ' "$(cat "$WORK/said")"
	file_has "$CONF" 'port: 3203'
	logs 'was=up reason=closed'
	daemon_stop
}

point "8071-S1a,8071-S1d,8071-S6a,CHD-6c,CHO-1,6241-2.3a,6242-3d calls the registered port, and keeps its secrets" first
point "8071-S1b,8071-S1c,X-6242-3g,8071-S3c other ports, and IPv6" other_port
point "8071-S3a,8071-1.4a,4253-4a the device is the server of SSH, and says so first" server_role
point "8071-S4c the host key of the endpoint" host_keys
point "4252-5a,6242-6b,CHD-6b,CHD-6e,X-8071-5f who it is, is told by the key" users
point "4252-5b no other way in than by keys" methods
point "4252-4b wrong keys have an end" tries
point "8071-S5a,4252-4a a manager that does not authenticate, or asks for nothing, is hung up" late
point "6242-5a,CHO-2 ends: in order, of SSH only, and without a word" ends
point "X-7589-4b,NCSM-5 a connection that broke is made again, one that was closed is not" resumed
point "8071-S7a,8071-S7c,X-8071-S7d,X-8071-S7f,CHD-4d a manager that vanished is noticed, a silent one stays" vanished
point "8071-S7c one whose TCP is there and whose SSH is not, too" stopped
point "6241-2.2a users and keys come and go with the configuration" reloaded
point "X-CM-11 mgmt and the monitor die, and no sshd is left" restarted
point "relays that are none" forged
point "8071-1.4a,8071-C5b natfw-manager" our_manager
point "X-INT-1,8071-1.4a ncclient: reads, edits, locks, commits, events" other_manager
point "8071-1.4a yangcli: reads, edits, locks, commits" yangcli_manager
point "relays wait for descriptors" no_room
point "no process, descriptor or file is left behind" no_leak
point "within what the unit grants" confined
point "an account that is locked" locked
point "bad configuration is refused by name" bad_conf
with
point "X-SSH-1,X-SSH-2 algorithms" offers
point "X-6242-3e commands, shells and terminals" says commands "done"
point "X-6242-3e forwarding and environment" says forwards "done"
point "X-6242-3f a second channel is refused, and the first goes on" says channels "done"
point "a session over, and the connection kept" says again "done"
point "4253-7a new keys in the midst of answers" says rekey 'rekeyed True'
point "4254-4a requests nobody knows are answered" says asked "done"
point "X-6242-4.2f,4254-6a much in both directions at a time" says big "done"
point "6242-4.1a,6241-8.1a,6241-8.1b,6241-8.1c,6241-8.1e hellos" plays greetings
point "6242-4.1c,6242-4.3a,X-6242-4.3b framing of base:1.0" plays old_framing
point "X-6242-4.1d,6242-4.1b a hello and a request in one segment" plays one_segment
point "6242-4.2b,6242-4.2c framing that is none" plays bad_framing
point "garbage before SSH" says garbage "done"
point "garbage in the subsystem" says rubbish over
point "and all are alive" unharmed
ktap_end
