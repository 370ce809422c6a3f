# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by tests and by what runs them and adds up their points: reading KTAP, and what kind of machine this is.

# The system's programs first: for those tests/deps installs what tests want, and what stands in for python3 in some homes
# takes a second to find it.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH

# ktap_count FILE: "passed failed skipped", counting points that have none below them.
ktap_count() {
	awk '
	function leaf(skip, bad) {
		if (skip) s++; else if (bad) f++; else p++
	}
	match($0, /^ *(not )?ok( |$)/) {
		match($0, /^ */); depth = RLENGTH
		parent = 0
		for (d in below) if (d + 0 > depth) { parent = 1; delete below[d] }
		below[depth] = 1
		text = substr($0, depth + 1)
		skip = text ~ /# *SKIP/
		bad = text ~ /^not / && text !~ /# *(TODO|XFAIL)/
		if (!parent) leaf(skip, bad)
	}
	END { print p + 0, f + 0, s + 0 }' "$1"
}

# ktap_failures FILE: failed points with the diagnostic lines right before them.
ktap_failures() {
	awk '
	/^ *#/ { diag = diag $0 "\n"; if (++n > 40) { sub(/^[^\n]*\n/, "", diag) } next }
	/^ *not ok/ && !/# *(SKIP|TODO|XFAIL)/ { printf "%s%s\n", diag, $0 }
	{ diag = ""; n = 0 }' "$1"
}

# ktap_close FILE STATUS LIMIT: add a failed point for what the points do not tell: a
# test that died, hung, or ended early; a skipped one if all of it was skipped.
ktap_close() {
	local file=$1 status=$2 limit=$3 ok bad skip plan seen
	read -r ok bad skip < <(ktap_count "$file")
	plan=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$file" | head -n 1)
	seen=$(grep -cE '^(not )?ok [0-9]' "$file")
	case $status in
	124 | 137) echo "not ok time limit of $limit s exceeded" >>"$file" ;;
	4)
		((ok + bad + skip)) ||
			echo "ok 1 # SKIP $(sed -n 's/^1\.\.0 *# *SKIP *//p' "$file" | head -n 1)" >>"$file"
		;;
	0)
		((ok + bad + skip)) || echo "not ok no test point" >>"$file"
		;;
	*)
		((bad)) || echo "not ok ended with status $status" >>"$file"
		;;
	esac
	if [[ $status == [01] && -n $plan && $plan != "$seen" ]]; then
		echo "not ok $seen points, but $plan planned" >>"$file"
	elif [[ $status == 0 && -z $plan ]]; then
		echo "not ok ended without a plan" >>"$file"
	fi
}

# slowness: how many times longer things take on this kernel than on a plain one.
slowness() {
	if [[ -n ${NATFW_SLOWNESS:-} ]]; then
		echo "$NATFW_SLOWNESS"
	elif grep -qs 'QEMU TCG\|QEMU Virtual' /proc/cpuinfo; then
		echo 3
	elif [[ -e /sys/kernel/debug/kmemleak ]]; then
		echo 3
	else
		echo 1
	fi
}

# in_time SECONDS: what takes so long ends before tests/check wants to, if it minds.
in_time() {
	((!${NATFW_DEADLINE:-0} || EPOCHSECONDS + $1 <= NATFW_DEADLINE))
}
