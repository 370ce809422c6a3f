#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: timeout=300
#
# The units under a real systemd, which is process 1 of a container made here: what `make install` installs, on a copy of
# this system that is thrown away. Wants a guest, with a kernel that has natfw.
. "$(dirname "$0")/../lib.sh"

HERE=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
TARGET=natfw-test.target

# --- outside ---------------------------------------------------------------------------

outside() {
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] && modprobe natfw 2>/dev/null || ktap_skip_all "wants a guest with natfw"
	[[ -x /lib/systemd/systemd ]] || ktap_skip_all "systemd is not installed"
	local root=/run/natfw-systemd/root
	mkdir -p /run/natfw-systemd
	mount -t tmpfs tmpfs /run/natfw-systemd
	mkdir /run/natfw-systemd/{up,work} $root
	mount -t overlay overlay -o lowerdir=/,upperdir=/run/natfw-systemd/up,workdir=/run/natfw-systemd/work $root ||
		ktap_skip_all "no overlay on this root"
	mount --rbind /dev $root/dev
	mount --rbind /sys $root/sys
	mount --bind /lib/modules $root/lib/modules
	mount -t tmpfs -o mode=755 tmpfs $root/run
	mount -t tmpfs -o mode=755 tmpfs $root/var/lib
	: >$root/run/console
	mount --bind $root/run/console $root/dev/console
	make -s -C "$TOP" install DESTDIR=$root >/run/natfw-systemd/install 2>&1 || {
		cat /run/natfw-systemd/install
		exit 1
	}
	# this checkout may be in /tmp, which is emptied at boot
	mkdir -p $root/etc/tmpfiles.d
	ln -sf /dev/null $root/etc/tmpfiles.d/tmp.conf
	unit $root "$TARGET" '[Unit]' 'Requires=natfw-test.service' 'AllowIsolate=yes'
	unit $root natfw-test.service '[Unit]' 'After=basic.target' 'SuccessAction=exit-force' \
		'FailureAction=exit-force' '[Service]' 'Type=oneshot' \
		"ExecStart=/bin/bash $HERE/systemd.sh inside" "WorkingDirectory=$HERE" \
		'StandardOutput=file:/run/out' 'StandardError=file:/run/out'
	cd $root || exit 1
	# not only chroot: what looks into namespaces of services must not find this system around it
	timeout $((250 * ${NATFW_PATIENCE:-1})) unshare --pid --fork --mount --ipc --uts sh -c 'pivot_root . . && umount -l . && cd / &&
		umount -l /proc; mount -t proc proc /proc && exec env container=natfw "$@"' sh \
		/lib/systemd/systemd --system --unit="$TARGET" --show-status=no --log-target=console >/dev/null 2>&1
	if [[ ! -s $root/run/out ]]; then
		sed 's/^/# /' $root/run/console
	else
		cat $root/run/out
	fi
	! grep -q '^not ok' $root/run/out
}

# unit ROOT NAME LINE...
unit() {
	printf '%s\n' "${@:3}" >"$1/etc/systemd/system/$2"
}

# --- inside ----------------------------------------------------------------------------

CONF=/etc/natfwd.yaml

shown() { systemctl show -P "$2" "$1"; }
pid() { shown natfwd MainPID; }
child() { pgrep -P "$(pid)" -f "natfwd: $1"; }
journal() { journalctl -q -o cat -u "$1"; }

point_failed() {
	journalctl -q -o short-monotonic -u natfwd -u natfwd-snmp -u natfw-manager | tail -n "${1:-12}"
}

is_active() { [[ $(shown "$1" ActiveState) == active ]]; }

# drop_in UNIT LINE...: in its section Service; without lines it goes
drop_in() {
	rm -rf "/run/systemd/system/$1.service.d"
	if (($# > 1)); then
		mkdir -p "/run/systemd/system/$1.service.d"
		printf '%s\n' '[Service]' "${@:2}" >"/run/systemd/system/$1.service.d/test.conf"
	fi
	systemctl daemon-reload
}

certificates() {
	local name
	mkdir -p /etc/natfw
	chmod 755 /etc/natfw
	for name in device nms root; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$name" \
			-keyout "/etc/natfw/$name.key" -out "/etc/natfw/$name.pem" 2>/dev/null
	done
	cp /etc/natfw/device.pem /etc/natfw/root.pem
	ssh-keygen -q -t ed25519 -N '' -f /etc/natfw/host
	ssh-keygen -q -t ed25519 -N '' -f /etc/natfw/ops
	echo "gateway $(cut -d' ' -f1,2 /etc/natfw/host.pub)" >/etc/natfw/known_hosts
	chmod 600 /etc/natfw/*.key /etc/natfw/host /etc/natfw/ops
}

configure() {
	cat >$CONF <<-E
		interface: [{name: lo}]
		nslp: {forward: false}
		ietf-netconf-acm:nacm:
		  groups: {group: [{name: all, user-name: [nms, ops]}]}
		  rule-list:
		  - name: all
		    group: [all]
		    rule: [{name: all, module-name: '*', access-operations: '*', action: permit}]
		management:
		  ssh:
		    host-key: [{name: host, file: /etc/natfw/host}]
		    user:
		    - {name: ops, authorized-key: [{name: it, public-key: $(cut -d' ' -f1,2 /etc/natfw/ops.pub)}]}
		  identity:
		  - {name: ours, certificate: /etc/natfw/device.pem, key: /etc/natfw/device.key, authority: /etc/natfw/nms.pem}
		  cert-to-name: [{id: 1, map-type: common-name}]
		  call-home:
		    client:
		    - name: tls
		      endpoint: [{name: a, transport: tls, identity: ours, remote-address: 127.0.0.1}]
		      reconnect: {backoff-max: 1, minimum-uptime: 0}
		    - name: ssh
		      endpoint: [{name: a, transport: ssh, remote-address: 127.0.0.1}]
		      reconnect: {backoff-max: 1, minimum-uptime: 0}
	E
}

peer() {
	python3 "$TESTS/callhome/peer.py" --certs /etc/natfw --address 127.0.0.1 "$@"
}

starts() {
	systemctl start natfwd
	want "$(shown natfwd ActiveState)/$(shown natfwd SubState)" active/running
	want "$(shown natfwd Type)" notify
	want "$(shown natfwd NotifyAccess)" main
	[[ -n $(shown natfwd StatusText) ]]
	want "$(pgrep -P "$(pid)" | wc -l)" 4 'processes'
	want "$(stat -c '%U %a' /run/natfwd /var/lib/natfwd | tr '\n' ' ')" 'root 755 root 700 '
	natfwctl session list
	natfwctl dev show | has lo || natfwctl version
}

# What systemd lets the monitor do, and what the others have left.
confined() {
	local main one
	main=$(pid)
	want "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$main/status")" 1
	want "$(awk '/^Seccomp:/ { print $2 }' "/proc/$main/status")" 2
	for one in sig ctl mgmt; do
		want "$(stat -c %U "/proc/$(child $one)")" natfwd "$one"
		want "$(awk '/^CapEff/ { print $2 }' "/proc/$(child $one)/status")" 0000000000000000 "$one"
	done
	fails nsenter -t "$main" -m touch /usr/natfw-test
	fails nsenter -t "$main" -m touch /var/natfw-test
	nsenter -t "$main" -m touch /etc/natfw-test
	rm /etc/natfw-test
}

reloads() {
	local before
	before=$(pid)
	sed -i 's/^nslp: .*/nslp: {forward: false, lifetime: 77}/' $CONF
	systemctl reload natfwd
	wait_for 10 eval 'journal natfwd | has "configuration in force"'
	natfwctl -j session config | has 77
	want "$(pid)" "$before" 'process'
	echo 'nslp: [' >>$CONF
	systemctl reload natfwd
	wait_for 10 eval 'journal natfwd | has "that was in force stays so"'
	is_active natfwd
	natfwctl -j session config | has 77
	sed -i '$d' $CONF
	systemctl reload natfwd
}

edit() {
	peer --port 4335 --cert nms "$@"
}

# A manager writes the file, through what the unit lets be written; where it may not, it is told so.
commits() {
	edit systemd.commit 88
	grep -q '88' $CONF
	[[ -s $CONF.before ]]
	drop_in natfwd 'ReadWritePaths='
	systemctl restart natfwd
	edit systemd.refused 99
	if grep -q '99' $CONF; then die "written"; fi
	drop_in natfwd
	systemctl restart natfwd
	edit systemd.commit 78
}

by_ssh() {
	# as debian/natfwd.postinst has it
	usermod -p '*' natfwd-ssh
	systemctl restart natfwd
	peer --port 4334 --key ops --login natfwd-ssh systemd.reads || {
		cat /etc/natfw/ssh.log
		return 1
	}
}

# One of its processes, or all of it.
crashes() {
	local before mgmt
	before=$(pid) mgmt=$(child mgmt)
	kill -SEGV "$mgmt"
	wait_for 10 eval '[[ -n $(child mgmt) && $(child mgmt) != $mgmt ]]'
	want "$(pid)" "$before" 'process'
	kill -KILL "$before"
	wait_for 20 eval '[[ $(shown natfwd NRestarts) == 1 ]] && is_active natfwd && [[ $(pid) != $before ]]'
	want "$(pgrep -c -f "natfwd: ")" 4 'processes'
}

# It says that it lives as long as it does.
watched() {
	local before
	drop_in natfwd 'WatchdogSec=2s'
	systemctl restart natfwd
	before=$(pid)
	sleep 5
	want "$(pid)" "$before" 'process'
	kill -STOP "$before"
	wait_for 30 eval '[[ $(pid) != 0 && $(pid) != $before ]] && is_active natfwd'
	(($(shown natfwd NRestarts) > 0))
	drop_in natfwd
	systemctl restart natfwd
}

bad_start() {
	cp $CONF /run/good
	echo 'nslp: {lifetime: never}' >$CONF
	systemctl stop natfwd
	fails systemctl start natfwd
	journal natfwd | has 'lifetime'
	cp /run/good $CONF
	systemctl reset-failed natfwd
	systemctl start natfwd
}

subagent() {
	systemctl start natfwd-snmp
	is_active natfwd-snmp
	wait_for 5 eval '[[ $(stat -c %U "/proc/$(shown natfwd-snmp MainPID)") == natfwd-snmp ]]'
	if [[ -n $(command -v snmpd) ]]; then
		printf '%s\n' 'agentAddress udp:127.0.0.1:10161' 'rocommunity public' 'master agentx' \
			'agentXPerms 0660 0755 root natfwd-snmp' >/etc/snmp/snmpd.conf
		mkdir -p /var/agentx
		bg snmpd -f -Lo -C -c /etc/snmp/snmpd.conf
		wait_for 20 eval 'snmpget -v2c -c public -Oqv 127.0.0.1:10161 $MIB.2.1.0 | has "[0-9]"'
		snmpget -v2c -c public -Oqv 127.0.0.1:10161 $MIB.1.1.0 | has '[0-9]'
	fi
	systemctl restart natfwd
	wait_for 10 is_active natfwd-snmp
	systemctl stop natfwd
	want "$(shown natfwd-snmp ActiveState)" inactive
	systemctl start natfwd
}
MIB=.1.3.6.1.4.1.8072.9999.9999.5973.1

manager() {
	cat >/etc/natfw-manager.yaml <<-E
		listen: [{transport: tls, address: 127.0.0.1, port: 14335}]
		issuer: [{name: ours, certificates: /etc/natfw/device.pem}]
		credential: [{name: ops, certificate: /etc/natfw/nms.pem, key: /etc/natfw/nms.key}]
	E
	systemctl start natfw-manager
	is_active natfw-manager
	want "$(stat -c %U "/proc/$(shown natfw-manager MainPID)")" natfw-manager
	natfw-manager status
	systemctl reload natfw-manager
	is_active natfw-manager
	kill -KILL "$(shown natfw-manager MainPID)"
	wait_for 10 eval 'is_active natfw-manager && natfw-manager status'
	systemctl stop natfw-manager
	want "$(shown natfw-manager Result)" success
}

ends() {
	systemctl stop natfwd
	want "$(shown natfwd Result)" success
	want "$(pgrep -c -f "natfwd: ")" 0 'processes'
	[[ ! -e /run/natfwd ]]
}

verified() {
	local unit
	for unit in natfwd natfwd-snmp natfw-manager natfw-rules; do
		systemd-analyze verify --man=no "$unit.service" 2>&1 | grep "$unit" && die "$unit"
	done
	# what systemd thinks of what is left: 0 is nothing, 10 is all
	for unit in natfwd natfwd-snmp natfw-manager; do
		systemd-analyze security --no-pager --threshold=45 "$unit.service" >"$WORK/security" ||
			die "$(tail -n 1 "$WORK/security")"
		echo "# $(tail -n 1 "$WORK/security")"
	done
}

inside() {
	ktap_start
	certificates
	configure
	point "units are what systemd understands, and not exposed" verified
	point "starts, and says when it is there" starts
	point "is confined, and has what it needs" confined
	point "reloads, and goes on with what was in force" reloads
	point "a manager commits to the file, where the unit lets it" commits
	point "managers get in by SSH" by_ssh
	point "what crashes is started again" crashes
	point "what hangs is started again" watched
	point "a bad configuration is no start, and is told" bad_start
	point "the subagent comes and goes with the daemon" subagent
	point "the manager's unit" manager
	point "ends in order" ends
	ktap_end
}

case ${1:-} in
inside) inside ;;
*) outside ;;
esac
