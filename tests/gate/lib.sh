# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The gate of natfwd on the gateway of tests/net: `driver` stands for its process.
# shellcheck source=../net/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../net/lib.sh"

DRIVER=${DRIVER:-$TESTS/gate/driver}
GATE_IN='' GATE_OUT='' GATE_PID=''

# gate_up [INTERFACE-WORDS]: a gateway with the two sides, or as the words say.
gate_up() {
	gate_spawn
	gate_setup "$@"
}

gate_spawn() {
	mkfifo "$WORK/in.$$" "$WORK/out.$$"
	ASAN_OPTIONS=detect_leaks=0 ip netns exec "$GW" "$DRIVER" \
		<"$WORK/in.$$" >"$WORK/out.$$" 2>>"$WORK/gate.log" &
	GATE_PID=$!
	echo "$GATE_PID" >>"$WORK/pids"
	exec {GATE_IN}>"$WORK/in.$$" {GATE_OUT}<"$WORK/out.$$"
	rm -f "$WORK/in.$$" "$WORK/out.$$"
}

gate_setup() {
	say "interface lan inside ${LAN_WORDS:-}" >/dev/null
	say "interface wan outside ${WAN_WORDS:-}" >/dev/null
	[[ -z $HOST2 ]] || say "interface lan2 inside ${LAN2_WORDS:-}" >/dev/null
	local line
	for line in "$@"; do
		say "$line" >/dev/null
	done
	want "$(say start)" "module ${MODULE:-yes}" "at start"
}

# say STATEMENT: what it brought about.
say() {
	local line
	echo "$*" >&"$GATE_IN" || die "the driver is gone"
	while read -r -t "$((30 * SLOW))" -u "$GATE_OUT" line; do
		[[ $line != . ]] || return 0
		echo "$line"
	done
	cat "$WORK/gate.log" >&2
	die "the driver did not answer: $*"
}

# gate_kill: as a crash does.
gate_kill() {
	kill -9 "$GATE_PID"
	wait "$GATE_PID" 2>/dev/null || true
	exec {GATE_IN}>&- {GATE_OUT}<&-
}

gate_down() {
	exec {GATE_IN}>&-
	wait "$GATE_PID" || die "the driver ended with $?: $(tail -n 20 "$WORK/gate.log")"
	exec {GATE_OUT}<&-
}

# granted STATEMENT: its answer must be good; the answer in ANSWER.
granted() {
	ANSWER=$(say "$@")
	[[ $ANSWER == *' code=0x0000 '* ]] || die "not granted: $* -> $ANSWER"
}

# refused CODE STATEMENT
refused() {
	local code=$1
	shift
	ANSWER=$(say "$@")
	[[ $ANSWER == *" code=$code "* ]] || die "expected $code: $* -> $ANSWER"
}

# answer_field NAME: of ANSWER.
answer_field() {
	sed -n "s/.* $1=\([^ ]*\).*/\1/p" <<<"$ANSWER"
}

# external: sets EXT_ADDRESS and EXT_PORT from ANSWER.
external() {
	local e
	e=$(answer_field external)
	EXT_PORT=${e##*:}
	EXT_ADDRESS=${e%:*}
	EXT_ADDRESS=${EXT_ADDRESS#[}
	EXT_ADDRESS=${EXT_ADDRESS%]}
	[[ -n $EXT_PORT ]] || die "no external endpoint: $ANSWER"
}

# Our rules, without those for signalling itself.
our_rules() { ctl_json -s rule show | jq '[.[] | select(.name != null and .name != "natfwd-base")]'; }
our_count() { our_rules | jq length; }

# passes_out / passes_in / drops_...: SRC SPORT DST DPORT [EXPECTED-SRC EXPECTED-SPORT]
passes_out() {
	pkt <<-P
		send host ip src=$1 dst=$3 udp sport=$2 dport=$4 data=out
		expect net udp src=${5:-$1} dst=$3 sport=${6:-$2} dport=$4 data=out sum=ok
	P
}

drops_out() {
	pkt <<-P
		send host ip src=$1 dst=$3 udp sport=$2 dport=$4 data=no
		none net udp data=no
	P
}

# passes_in SRC SPORT DST DPORT [INSIDE-DST INSIDE-DPORT]
passes_in() {
	pkt <<-P
		send net ip src=$1 dst=$3 udp sport=$2 dport=$4 data=in
		expect host udp src=$1 dst=${5:-$3} sport=$2 dport=${6:-$4} data=in sum=ok
	P
}

drops_in() {
	pkt <<-P
		send net ip src=$1 dst=$3 udp sport=$2 dport=$4 data=no
		none host udp data=no
	P
}
