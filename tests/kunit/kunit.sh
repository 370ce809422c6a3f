#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug timeout=60
#
# The results of the module's KUnit suites, which run when it is loaded. They are in it if
# it was built with NATFW_KUNIT=1, as tools/vm/run does when that is in its environment.
. "$(dirname "$0")/../lib.sh"

RESULTS=/sys/kernel/debug/kunit
FILTER=/sys/module/kunit/parameters/filter_glob

# A suite's results are KTAP already; they become subtests of one point.
show() {
	local suite=$1 file=$RESULTS/$1/results
	sed 's/^/    /' "$file"
	if grep -q '^ *not ok' "$file"; then
		ktap_fail "$suite"
	else
		ktap_pass "$suite"
	fi
}

# tests/check keeps the suites from running each time it is loaded, which takes seconds.
loaded() {
	[[ ! -e /sys/module/natfw || -n $(compgen -G "$RESULTS/natfw*") ]] || wait_for 10 rmmod natfw
	printf '*' >"$FILTER"
	modprobe natfw
}

ktap_start
[[ -d $RESULTS ]] || ktap_skip_all "no KUnit in this kernel"
loaded || ktap_fail "natfw loads"
for suite in "$RESULTS"/natfw*; do
	[[ -e $suite/results ]] || continue
	show "${suite##*/}"
done
((KTAP_N)) || ktap_fail "there are suites"
ktap_end
