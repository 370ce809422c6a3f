# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A line of network namespaces with GIST nodes in them:
#
#	NI 10.9.1.1 -- 10.9.1.2 NF 10.9.2.1 -- 10.9.2.2 NR
#	   fd09:1::1   fd09:1::2    fd09:2::1  fd09:2::2
. "$(dirname "$0")/../lib.sh"
FIFOS=''

# /run is where FIFOs can be made on every rig
line_up() {
	FIFOS=$(mktemp -d "/run/natfw-$ME.XXXXXX")
	ns NI NF NR
	veth "$NI" ni0 02:00:00:00:01:01 "$NF" nf0 02:00:00:00:01:02
	veth "$NF" nf1 02:00:00:00:02:01 "$NR" nr0 02:00:00:00:02:02
	addresses "$NI" ni0 10.9.1.1/24 fd09:1::1/64
	addresses "$NF" nf0 10.9.1.2/24 fd09:1::2/64
	addresses "$NF" nf1 10.9.2.1/24 fd09:2::1/64
	addresses "$NR" nr0 10.9.2.2/24 fd09:2::2/64
	in_ns "$NF" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -n "$NI" route add default via 10.9.1.2
	ip -n "$NI" route add default via fd09:1::2
	ip -n "$NR" route add default via 10.9.2.1
	ip -n "$NR" route add default via fd09:2::1
}

test_cleanup() {
	[[ -z $FIFOS ]] || rm -rf "$FIFOS"
}

addresses() {
	ip -n "$1" addr add "$3" dev "$2"
	ip -n "$1" addr add "$4" dev "$2" nodad
}

# node NAME NETNS OPTION...: starts one; its output is in the file $WORK/NAME, its process NAME_PID.
node() {
	local name=$1 netns=$2
	rm -f "$FIFOS/$name"
	mkfifo "$FIFOS/$name" || return 1
	bg in_ns "$netns" "$(dirname "$0")/node" "${@:3}" "$FIFOS/$name"
	printf -v "${name}_PID" %s "$BG"
	ln -sf "$BG_OUT" "$WORK/$name"
	wait_for 10 file_has "$WORK/$name" ^ready
}

# tell NAME COMMAND...
tell() {
	[[ -p $FIFOS/$1 ]] || die "there is no $1"
	# read and write: does not wait for a reader that is no more
	echo "${*:2}" 1<>"$FIFOS/$1"
}

# says NAME PATTERN: it does, within seconds.
says() {
	wait_for "${SAYS:-5}" file_has "$WORK/$1" "$2"
}

# never NAME PATTERN: it has not, so far.
never() {
	file_lacks "$WORK/$1" "$2"
}

# counted NAME COUNTER: what it is.
counted() {
	: >"$WORK/count"
	local lines
	lines=$(wc -l <"$WORK/$1")
	tell "$1" stats
	wait_for 5 eval "tail -n +$((lines + 1)) $WORK/$1 | has '^stat end'"
	tail -n "+$((lines + 1))" "$WORK/$1" | sed -n "s/^stat $2=//p" | tail -n 1
}

# quit NAME: ends it orderly; anything a sanitizer has to say makes it fail.
quit() {
	local pid=${1}_PID
	tell "$1" quit
	wait "${!pid}" || die "$1 ended with $?: $(tail -n 30 "$WORK/$1")"
}

point_failed() {
	local n
	for n in ni nf nr; do
		[[ -e $WORK/$n ]] || continue
		echo "--- $n"
		tail -n 25 "$WORK/$n"
	done
}
