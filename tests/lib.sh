# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What tests in bash source first. Gives KTAP points, network namespaces that go when the
# test ends however it ends, background programs, and waiting for things to become true.
#
#	. "$(dirname "$0")/../lib.sh"
#	ktap_start
#	point "X-FP-3 denied packets vanish" deny_is_silent
#	ktap_end
#
# A point is a command, mostly a function. It runs in a subshell under `set -e`, so it
# fails at its first failing command; what it prints shows up only when it fails.
set -uo pipefail
export LC_ALL=C

TESTS=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
TOP=$(dirname "$TESTS")
# shellcheck source=ktap.sh
. "$TESTS/ktap.sh"

ME=$(basename "$0" .sh)
WORK=''
SLOW=$(slowness)
# Times a wait may last longer than on a machine that does nothing else: builds and guests run beside the tests.
PATIENCE=4
KTAP_N=0 KTAP_BAD=0
# shellcheck disable=SC2034  # for the tests
KSFT_PASS=0 KSFT_FAIL=1 KSFT_SKIP=4

# --- KTAP ------------------------------------------------------------------------------

# ktap_start: to be called once, before anything else here.
ktap_start() {
	echo "KTAP version 1"
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/natfw-$ME.XXXXXX")
	: >"$WORK/pids"
	: >"$WORK/netns"
	trap cleanup EXIT
	trap 'exit 143' TERM HUP
	trap 'exit 130' INT
}

# ktap_end: prints the plan; the test's exit status is that of the script.
ktap_end() {
	echo "1..$KTAP_N"
	((KTAP_BAD == 0)) || exit "$KSFT_FAIL"
	exit "$KSFT_PASS"
}

# ktap_skip_all REASON: nothing here can run.
ktap_skip_all() {
	echo "1..0 # SKIP $*"
	exit "$KSFT_SKIP"
}

ktap_pass() {
	KTAP_N=$((KTAP_N + 1))
	echo "ok $KTAP_N $1"
}

ktap_fail() {
	KTAP_N=$((KTAP_N + 1)) KTAP_BAD=$((KTAP_BAD + 1))
	echo "not ok $KTAP_N $1"
}

# skip NAME REASON
skip() {
	KTAP_N=$((KTAP_N + 1))
	echo "ok $KTAP_N $1 # SKIP $2"
}

diag() {
	sed 's/^/# /'
}

# point NAME COMMAND...
point() {
	local name=$1 status out=$WORK/point.out
	shift
	if [[ -n ${ONLY:-} && ! $name =~ $ONLY ]]; then
		return 0
	fi
	(
		set -eE
		trap 'echo "failed: ${FUNCNAME[0]:-$0}, line $LINENO: $BASH_COMMAND" >&2' ERR
		"$@"
	) >"$out" 2>&1
	status=$?
	if ((status == 0)); then
		ktap_pass "$name"
	elif ((status == KSFT_SKIP)); then
		skip "$name" "$(tail -n 1 "$out")"
	else
		diag <"$out"
		! declare -F point_failed >/dev/null || point_failed 2>&1 | diag
		ktap_fail "$name"
	fi
	kill_since
}

# In a point: this kernel or machine cannot do it.
unable() {
	echo "$*"
	exit "$KSFT_SKIP"
}

# In a point: it did not hold.
die() {
	echo "$*"
	exit 1
}

# want GOT EXPECTED [WHAT]
want() {
	[[ $1 == "$2" ]] || die "${3:-value}: got '$1', expected '$2'"
}

# fails COMMAND...: true if the command fails, its output kept in $WORK/stderr.
fails() {
	if "$@" >"$WORK/stderr" 2>&1; then
		die "should have failed: $*"
	fi
}

# --- programs in the background --------------------------------------------------------

# bg COMMAND...: sets BG to its process id and BG_OUT to the file with its output. It ends
# with the point, or with the test if it was started outside of one.
bg() {
	BG_N=$((BG_N + 1))
	BG_OUT=$WORK/bg.$BASHPID.$BG_N
	# with job control every job is a process group, so all of it can be ended
	set -m
	"$@" </dev/null >"$BG_OUT" 2>&1 &
	BG=$!
	set +m
	echo "$BASHPID $BG" >>"$WORK/pids"
}
BG_N=0

# End what points left running; with "all", everything.
kill_since() {
	local shell pid keep=''
	while read -r shell pid; do
		if [[ ${1:-} != all && $shell == "$BASHPID" ]]; then
			keep+="$shell $pid"$'\n'
			continue
		fi
		kill -9 -- "-$pid" 2>/dev/null || :
	done <"$WORK/pids"
	printf '%s' "$keep" >"$WORK/pids"
}

# stop PID: end it now, and wait until it has.
stop() {
	kill -9 -- "-$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# --- waiting ---------------------------------------------------------------------------

# wait_for SECONDS COMMAND...: until it succeeds. Seconds are those of a fast and idle machine.
wait_for() {
	local limit=$(($1 * SLOW * PATIENCE)) start=$SECONDS nap='' status=0
	shift
	until "$@" >"$WORK/wait.out" 2>&1; do
		if ((SECONDS - start > limit)); then
			cat "$WORK/wait.out"
			echo "waited $limit s for: $*"
			status=1
			break
		fi
		# reading what nobody writes: sleep(1) would be a process each time, which guests feel
		[[ -p $WORK/nap ]] || mkfifo "$WORK/nap"
		[[ -n $nap ]] || exec {nap}<>"$WORK/nap"
		read -rt 0.06 -u "$nap" || :
	done
	[[ -z $nap ]] || exec {nap}>&-
	return $status
}

# listening NETNS tcp|udp PORT: somebody does.
listening() {
	local flag=t
	[[ $2 == tcp ]] || flag=u
	in_ns "$1" ss -Hln"$flag" "sport = :$3" | has .
}

wait_listen() {
	wait_for 5 listening "$@"
}

# has [OPTION OF GREP...] PATTERN: a line of the input does. All of it is read: grep -q, and grep to /dev/null, go at the
# first such line, who still writes to them dies of it, and with pipefail the whole has failed, now and then.
has() {
	[[ -n $(grep "$@") ]]
}

file_has() {
	grep -q -- "$2" "$1"
}

file_lacks() {
	if grep -- "$2" "$1"; then
		return 1
	fi
}

# --- network namespaces ----------------------------------------------------------------

# ns NAME...: makes one for each, its full name in the variable NAME.
ns() {
	local name
	for name in "$@"; do
		printf -v "$name" 'nf%s-%s' "$$" "${name,,}"
		ip netns add "${!name}" || exit 1
		echo "${!name}" >>"$WORK/netns"
		ns_settle "${!name}"
	done
}

# Nothing but what the test asks for: no addresses by themselves, no path filter.
ns_settle() {
	in_ns "$1" sh -c '
		cd /proc/sys/net || exit
		echo 0 >ipv4/conf/all/rp_filter
		echo 0 >ipv4/conf/default/rp_filter
		echo 0 >ipv6/conf/default/accept_ra
		echo 0 >ipv6/conf/default/accept_dad
		echo 0 >ipv6/conf/default/router_solicitations
		echo 0 >ipv6/conf/all/disable_ipv6
		echo 0 >ipv6/conf/default/disable_ipv6
		echo 0 >ipv4/icmp_ratelimit
		echo 0 >ipv6/icmp/ratelimit
		echo 100000 >ipv4/icmp_msgs_per_sec
		ip link set lo up' 2>/dev/null
}

# in_ns NETNS COMMAND...
in_ns() {
	nsenter --net="/run/netns/$1" "${@:2}"
}

ns_del() {
	ip netns del "$1" 2>/dev/null || :
}

# veth NETNS DEV MAC NETNS DEV MAC: a pair, both ends up.
veth() {
	ip -n "$1" link add "$2" address "$3" type veth peer name "$5" address "$6" netns "$4" ||
		exit 1
	ip -n "$1" link set "$2" up
	ip -n "$4" link set "$5" up
}

# --- end -------------------------------------------------------------------------------

cleanup() {
	local status=$? name
	trap - EXIT
	trap '' TERM INT HUP
	kill_since all
	! declare -F test_cleanup >/dev/null || test_cleanup >/dev/null 2>&1
	while read -r name; do
		ns_del "$name"
	done <"$WORK/netns"
	rm -rf "$WORK"
	exit "$status"
}
