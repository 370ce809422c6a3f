#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick debug
#
# The results of the module's KUnit suites, which run when it is loaded. They are in it if
# it was built with NATFW_KUNIT=1, as tools/vm/run does when that is in its environment.
. "$(dirname "$0")/../lib.sh"

RESULTS=/sys/kernel/debug/kunit

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

ktap_start
[[ -d $RESULTS ]] || ktap_skip_all "no KUnit in this kernel"
modprobe natfw || ktap_fail "natfw loads"
for suite in "$RESULTS"/natfw*; do
	[[ -e $suite/results ]] || continue
	show "${suite##*/}"
done
((KTAP_N)) || ktap_fail "there are suites"
ktap_end
