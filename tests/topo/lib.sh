# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Networks that signalling is tested on. Every node is a network namespace with a natfwd of its
# own where it has one: its own configuration, control socket and state.
#
#	node NI FW NR                            namespaces; $NI, $FW, $NR are their names
#	join NI eth0 10.1.0.2/24 FW lan 10.1.0.1/24
#	router FW                                forwards packets
#	via NI default 10.1.0.1                  a route
#	iface FW lan                             natfwd there serves it, drops what no rule permits
#	iface FW wan side outside edge nat pool out
#	daemons NI FW NR                         starts natfwd on each, waits until it answers
#
# Nodes are named in upper case everywhere.
# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

NATFWCTL=${NATFWCTL:-$TOP/tools/natfwctl/natfwctl}
NATFWD=${NATFWD:-$TOP/userd/natfwd}

ENDPOINT=$TESTS/topo/endpoint
# what sanitizers print is lost if they may not look up names
[[ $NATFWD != *san* ]] || export NATFWD_NO_SECCOMP=1
RUN=''
declare -A IFACES=() EXTRA=()
GATEWAYS=()

# --- topology --------------------------------------------------------------------------

# topo_start: ends the test at once where there is no natfw.
topo_start() {
	ktap_start
	RUN=$(mktemp -d "/run/natfw-$ME.XXXXXX")
	chmod 755 "$RUN"
	if ! modprobe natfw 2>"$WORK/modprobe"; then
		sed 's/^/# /' "$WORK/modprobe"
		echo "# try tools/vm/run -- tests/topo/$ME.sh"
		ktap_fail "natfw loads"
		ktap_end
	fi
	[[ -x $NATFWD && -x $NATFWCTL ]] || {
		echo "# run make first"
		ktap_fail "programs are built"
		ktap_end
	}
}

test_cleanup() {
	rm -rf "$RUN"
}

node() {
	local name
	ns "$@"
	for name; do
		mkdir -p "$RUN/$name/state" "$RUN/$name/empty"
		chmod 755 "$RUN/$name"
	done
}

# on NODE COMMAND...
on() { in_ns "${!1}" "${@:2}"; }

# join NODE DEV ADDRESSES NODE DEV ADDRESSES: a wire; addresses are separated by commas.
join() {
	ip -n "${!1}" link add "$2" type veth peer name "$5" netns "${!4}" || exit 1
	addresses "$1" "$2" "$3"
	addresses "$4" "$5" "$6"
	ip -n "${!1}" link set "$2" up
	ip -n "${!4}" link set "$5" up
}

# addresses NODE DEV ADDRESSES
addresses() {
	local a
	for a in ${3//,/ }; do
		if [[ $a == *:* ]]; then
			ip -n "${!1}" addr add "$a" dev "$2" nodad
		else
			ip -n "${!1}" addr add "$a" dev "$2"
		fi
	done
}

# via NODE PREFIX ADDRESS
via() {
	local family=-4
	[[ $3 != *:* ]] || family=-6
	ip "$family" -n "${!1}" route replace "$2" via "$3"
}

router() {
	local name
	for name; do
		on "$name" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
			echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
			echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
			for f in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 >$f; done'
	done
}

# both NAME FUNCTION...: a point for each family; what differs is for `use` of the test.
both() {
	local family name=$1
	for family in 4 6; do
		use "$family"
		point "$name (IPv$family)" "${@:2}"
	done
	use 4
}

# --- configuration ---------------------------------------------------------------------

# iface NODE DEV WORDS...: an interface of a gateway, in the words of natfwd.conf: "outside", "edge", "nat",
# "pool NAME", "open" (it is attached without default drop).
iface() {
	IFACES[$1]+="$2 ${*:3}"$'\n'
	[[ " ${GATEWAYS[*]} " == *" $1 "* ]] || GATEWAYS+=("$1")
}

# trust_nat NODE FROM PREFIX: what the NAT at FROM asks for, inside, is for addresses of its own, PREFIX.
trust_nat() {
	more "$1" <<-CONF
		policy:
		  entry:
		  - name: inner-nat-opens
		    from: [$2]
		    source: [$3]
		    kind: [create, proxy]
		    third-party: true
		    action: permit
		  - name: inner-nat-reserves
		    from: [$2]
		    toward: [$3]
		    kind: [external, proxy]
		    third-party: true
		    any-sender: true
		    action: permit
	CONF
}

# more NODE < LINES: into its configuration, at the top level.
more() { EXTRA[$1]+=$(cat)$'\n'; }

# set_in NODE CONTAINER LEAF VALUE: of gist, nslp, policy, the last one counts; without daemons it is
# only noted.
set_in() { LEAVES[$1.$2]+="  $3: $4"$'\n'; }
declare -A LEAVES=()

# What of a container was set, each leaf once.
leaves() {
	[[ -n ${LEAVES[$1.$2]:-} ]] || return 0
	echo "$2:"
	tac <<<"${LEAVES[$1.$2]%$'\n'}" | awk -F: '!seen[$1]++'
}

iface_yaml() {
	local dev words
	while read -r dev words; do
		[[ -n $dev ]] || continue
		words=" $words "
		echo "  - name: $dev"
		if [[ $words == *" outside "* ]]; then
			echo "    side: outside"
		else
			echo "    side: inside"
		fi
		[[ $words != *" edge "* ]] || echo "    edge: true"
		[[ $words != *" nat "* ]] || echo "    nat: true"
		[[ $words != *" pool "* ]] || sed 's/.* pool \([^ ]*\) .*/    pool: \1/' <<<"$words"
		echo "    attach: true"
		[[ $words == *" open "* ]] || echo "    default: drop"
	done <<<"${IFACES[$1]:-}"
}

# config NODE: its natfwd.yaml.
config() {
	local container
	cat <<-E
		daemon:
		  user: nobody
		  chroot: $RUN/$1/empty
		  state-directory: $RUN/$1/state
		  log: {level: ${NATFWD_LOG:-info}}
		control:
		  socket: $(socket_of "$1")
	E
	[[ -n ${IFACES[$1]:-} ]] || set_in "$1" nslp forward false
	if [[ -n ${IFACES[$1]:-} ]]; then
		echo "interface:"
		iface_yaml "$1"
	fi
	for container in gist nslp policy; do
		leaves "$1" "$container"
	done
	printf '%s' "${EXTRA[$1]:-}"
}

# --- natfwd ----------------------------------------------------------------------------

socket_of() { echo "$RUN/$1/control"; }

# start NODE: its daemon, without waiting for it.
start() {
	config "$1" >"$RUN/$1/natfwd.yaml"
	set -m
	nsenter --net="/run/netns/${!1}" "$NATFWD" -c "$RUN/$1/natfwd.yaml" </dev/null >>"$(log_of "$1")" 2>&1 &
	set +m
	disown
	# the test's own, even if a point starts it
	echo "$$ $!" >>"$WORK/pids"
	echo $! >"$RUN/$1/pid"
}

pid_of() { cat "$RUN/$1/pid"; }
log_of() { echo "$RUN/$1/log"; }

answers() { session "$1" list; }

daemons() {
	local name
	for name; do
		start "$name"
	done
	for name; do
		wait_for 10 answers "$name"
	done
}

# --- signalling ------------------------------------------------------------------------

# ctl NODE WORDS...: natfwctl there, for the kernel.
ctl() { "$NATFWCTL" -N "${!1}" "${@:2}"; }
ctl_json() { "$NATFWCTL" -N "${!1}" -j "${@:2}"; }

# session NODE WORDS...
session() {
	NATFW_CONTROL=$(socket_of "$1") in_ns "${!1}" "$NATFWCTL" session "${@:2}"
}

session_json() {
	NATFW_CONTROL=$(socket_of "$1") in_ns "${!1}" "$NATFWCTL" -j session "${@:2}"
}

# open NODE WORDS...: `session WORDS`, established; what came of it is in ANSWER, its name in SID.
open() {
	ANSWER=$(session_json "$@") || die "session ${*:2}: $ANSWER"
	SID=$(jq -r .session <<<"$ANSWER")
}

# answer FIELD
answer() { jq -r "$1 // empty" <<<"$ANSWER"; }

# session_open NODE WORDS...: as `open`, but whatever comes of it; status 1 if it was refused.
try() {
	ANSWER=$(session_json "$@" 2>"$WORK/refusal")
}

# refused NODE EXPRESSION WORDS...: the session is refused, in words that match.
refused() {
	if try "$1" "${@:3}"; then
		die "granted: ${*:3}"
	fi
	grep -qE "$2" "$WORK/refusal" || {
		cat "$WORK/refusal"
		die "refused for another reason: ${*:3}"
	}
}

# close NODE [SESSION]
close() { session "$1" delete "${2:-$SID}"; }

# quit NODE...: no session of applications there is left.
quit() {
	local name
	for name; do
		session "$name" delete all || :
	done
}

# calm NODE...: what a point before left behind is over everywhere: sessions opened on these nodes,
# daemons that have gone.
calm() {
	local name
	for name in "$@" "${GATEWAYS[@]}"; do
		answers "$name" >/dev/null 2>&1 || again "$name"
	done
	quit "$@"
	for name in "$@" "${GATEWAYS[@]}"; do
		wait_for 10 sessions_are "$name" 0 || again "$name" fresh
	done
}

# again NODE [fresh]: its daemon anew; fresh: it remembers nothing, nor does the kernel.
again() {
	gone "$1" || crash "$1"
	if [[ ${2:-} == fresh ]]; then
		rm -rf "$RUN/$1/state"/*
		ctl "$1" rule flush all
	fi
	daemons "$1"
}

# Rules of sessions in a gateway's kernel: those with a lifetime, but for what lets signalling in.
pinholes() {
	ctl_json "$1" rule show |
		jq '[.[] | select((.lifetime // 0) > 0 and ((.name // "") | startswith("natfwd-base") | not))] | length'
}

# For wait_for as well: they return, and do not end the point.
pinholes_are() {
	are "$(pinholes "$1")" "$2" "rules of sessions at $1" || {
		ctl "$1" rule show | grep -v natfwd-base
		return 1
	}
}

# sessions NODE: how many go through it, begin or end there.
sessions() { session_json "$1" list | jq length; }
sessions_are() { are "$(sessions "$1")" "$2" "sessions at $1"; }

are() {
	[[ $1 == "$2" ]] || {
		echo "$3: $1, expected $2"
		return 1
	}
}

# --- daemons come and go ---------------------------------------------------------------

# process NODE NAME: process id of one of its daemon's processes: sig, kern, ctl.
process() {
	local pid
	for pid in $(pgrep -g "$(pid_of "$1")"); do
		if [[ $(cat "/proc/$pid/comm") == "natfwd-$2" ]]; then
			echo "$pid"
		fi
	done
	return 0
}

# crash NODE: its daemon is killed, all of it, with no time to say good-bye.
crash() {
	kill -9 -- "-$(pid_of "$1")"
	wait_for 5 gone "$1"
	rm -f "$(socket_of "$1")"
}

# zombies do not count: nobody may be there to bury them
gone() { ! pgrep -r DIRSTt -g "$(pid_of "$1")" >/dev/null; }

# crash_one NODE NAME: one process of it; the monitor starts it again.
crash_one() {
	local pid
	pid=$(process "$1" "$2")
	[[ -n $pid ]] || die "$1 has no process $2"
	kill -9 "$pid"
	wait_for 10 another_process "$1" "$2" "$pid"
	wait_for 10 answers "$1"
}

another_process() {
	local now
	now=$(process "$1" "$2")
	[[ -n $now && $now != "$3" ]]
}

# What daemons said, when a point failed.
point_failed() {
	local log
	for log in "$RUN"/*/log; do
		echo "--- natfwd of $(basename "$(dirname "$log")")"
		tail -n "${NATFWD_TAIL:-12}" "$log"
	done
}

# --- traffic ---------------------------------------------------------------------------

# serve NODE PROTO PORT...: what is heard there is in HEARD.
serve() {
	local port
	for port in "${@:3}"; do
		bg in_ns "${!1}" "$ENDPOINT" serve "$2" "$port"
		HEARD+=("$BG_OUT")
		wait_listen "${!1}" "$2" "$port"
	done
}
HEARD=()

# Datagrams and connections have a text of their own each, so that none is taken for another.
text() { TEXT="probe-$BASHPID-$((TEXT_N += 1))"; }
TEXT_N=0

heard() { cat "${HEARD[@]}"; }

# passes NODE PROTO FROM SPORT TO DPORT [SOURCE]: answered, and seen as from SOURCE (an extended regular
# expression "ADDRESS PORT").
passes() {
	text
	on "$1" "$ENDPOINT" send "${@:2:5}" "$TEXT" $((4 * SLOW)) >"$WORK/sent" || {
		cat "$WORK/sent"
		die "does not pass: ${*:1:6}"
	}
	want "$(tail -n 1 "$WORK/sent")" "$TEXT" "answer"
	[[ -z ${7:-} ]] || grep -qE "^$2 $7 $TEXT\$" "${HEARD[@]}" || {
		heard | grep "$TEXT"
		die "not from $7"
	}
}

# Packets that gateways dropped because nothing permits them.
dropped() {
	local gw n=0
	for gw in "${GATEWAYS[@]}"; do
		n=$((n + $(ctl_json "$gw" stats | jq '[.[] | select(.name as $n |
			["drop-default", "deny", "filtered", "reject", "no-port"] | index($n)) |
			.packets] | add // 0')))
	done
	echo "$n"
}

dropped_more() { (($(dropped) > $1)); }

# blocked NODE PROTO FROM SPORT TO DPORT: a gateway drops it, and nobody hears it.
blocked() {
	local before
	before=$(dropped)
	text
	if [[ $2 == udp ]]; then
		on "$1" "$ENDPOINT" shoot "${@:2:5}" "$TEXT" || die "cannot be sent"
	elif on "$1" "$ENDPOINT" send "${@:2:5}" "$TEXT" 0.3 >"$WORK/sent"; then
		die "passes: ${*:1:6}"
	fi
	wait_for 3 dropped_more "$before" || die "no gateway dropped it: ${*:1:6}"
	if heard | grep "$TEXT"; then
		die "heard: ${*:1:6}"
	fi
}

# shut NODE PROTO FROM SPORT TO DPORT: within SHUT_WITHIN seconds, and for good, no answer comes any more.
shut() {
	wait_for "${SHUT_WITHIN:-5}" no_answer "$@"
	blocked "$@"
}

no_answer() { ! on "$1" "$ENDPOINT" send "${@:2:5}" "closing" 0.4; }

# steady NODE PROTO FROM SPORT TO DPORT: numbers sent ten times a second; those answered are in STEADY.
steady() {
	bg in_ns "${!1}" "$ENDPOINT" steady "${@:2:5}" 0.1
	STEADY=$BG_OUT STEADY_PID=$BG
	wait_for 5 answered 3
}

# answered N: that many numbers have come back in all.
answered() { (($(wc -l <"$STEADY") >= $1)); }

# goes_on SECONDS: the steady flow is answered for as long as that.
goes_on() {
	local now
	now=$(wc -l <"$STEADY")
	wait_for $((2 * $1 + 3)) answered $((now + 10 * $1)) || die "the flow stopped"
}

# Every number came back, from the first to the last.
none_lost() {
	local numbers
	mapfile -t numbers < <(grep -xE '[0-9]+' "$STEADY")
	want "${#numbers[@]}" $((numbers[-1] - numbers[0] + 1)) "numbers that came back"
}

# stops SECONDS: the steady flow is answered no more before that many seconds are over.
stops() {
	local end=$((SECONDS + $1 * SLOW)) before after
	while ((SECONDS < end)); do
		before=$(wc -l <"$STEADY")
		sleep 1
		after=$(wc -l <"$STEADY")
		((before != after)) || return 0
	done
	tail -n 3 "$STEADY"
	die "the flow goes on"
}

# external PROTO WORDS...: NR asks for a public endpoint of its port 5000, toward TOWARD; in X and XP, and the
# session in RESERVED.
external() {
	open NR external "$1" dport 5000 toward "${TOWARD:-192.0.2.1}" "${@:2}"
	# shellcheck disable=SC2034
	X=$(answer .external.address) XP=$(answer .external.port) RESERVED=$SID
}

# opens PROTO [ADDRESS PORT]: by EXTERNAL and CREATE one flow from S to NR passes, as one from PUBLIC, and no
# other, nor to ADDRESS PORT.
opens() {
	external "$1"
	blocked NI "$1" "$S" 4000 "$X" "$XP"
	open NI create "$1" from "$S" sport 4000 to "$X" dport "$XP"
	passes NI "$1" "$S" 4000 "$X" "$XP" "$PUBLIC"
	blocked NI "$1" "$S" 4001 "$X" "$XP"
	blocked NI "$1" "$S" 4000 "$X" $((XP ^ 1))
	[[ -z ${2:-} ]] || blocked NI "$1" "$S" 4000 "$2" "$3"
	close NI
	shut NI "$1" "$S" 4000 "$X" "$XP"
	quit NR
}
