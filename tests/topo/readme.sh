#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick timeout=60
#
# "Signalled pinholes in five minutes" of README.md, as it stands there.
#
#	HOST ---- lan0 [ GW ] wan0 ---- FAR
. "$(dirname "$0")/lib.sh"

README=$TOP/README.md

# The indented block after the line that says @1.
block() {
	awk -v from="$1" '
		index($0, from) { on = 1; next }
		on && /^    / { print substr($0, 5); seen = 1; next }
		on && seen && !/^$/ { exit }
		on && seen && /^$/ { exit }' "$README"
}

# the paths are this test's, everything else the README's
config() {
	cat <<-E
		daemon: {user: nobody, chroot: $RUN/$1/empty, state-directory: $RUN/$1/state}
		control: {socket: $(socket_of "$1")}
	E
	if [[ $1 == GW ]]; then
		block "On the gateway, \`/etc/natfwd.yaml\` is"
	else
		block "On the hosts, \`/etc/natfwd.yaml\` is"
	fi
}

topology() {
	node HOST GW FAR
	join HOST eth0 10.1.0.2/24 GW lan0 10.1.0.1/24
	join GW wan0 192.0.2.1/24 FAR eth0 192.0.2.2/24
	router GW
	via HOST default 10.1.0.1
	via FAR 198.51.100.8/29 192.0.2.1
	GATEWAYS=(GW)
}

commands() {
	local said x xp
	said=$(session HOST external udp dport 5000 toward 192.0.2.2)
	[[ $said =~ ^session\ [0-9a-f]{16}\ established\ lifetime\ 30m\ external\ ([0-9.]+):([0-9]+)$ ]] || die "$said"
	x=${BASH_REMATCH[1]} xp=${BASH_REMATCH[2]}
	bg in_ns "$HOST" socat -u UDP-RECV:5000 -
	wait_listen "$HOST" udp 5000
	session FAR create udp sport 4000 to "$x" dport "$xp"
	echo hello | on FAR socat - "UDP:$x:$xp,bind=:4000"
	wait_for 5 file_has "$BG_OUT" '^hello$'
	on FAR sh -c "echo uninvited | socat - UDP:$x:$xp,bind=:4001"
	echo hello again | on FAR socat - "UDP:$x:$xp,bind=:4000"
	wait_for 5 file_has "$BG_OUT" '^hello again$'
	file_lacks "$BG_OUT" uninvited
	want "$(session GW list | wc -l)" 3 "lines of the gateway's list"
	session FAR delete "$(session_json FAR list | jq -r '.[0].session')"
	wait_for 5 pinholes_are GW 1
}

topo_start
topology
on GW "$NATFWCTL" pool add public 198.51.100.8/29
daemons GW HOST FAR
point "the README's five minutes of signalled pinholes" commands
ktap_end
