#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: timeout=300
#
# The demonstration of call home, each of its claims a point.
. "$(dirname "$0")/lib.sh"

[[ -x $TOP/userd/manager/natfw-manager ]] || ktap_skip_all "natfw-manager is not built"

topo_start
"$TOP/tools/demo/callhome" >"$WORK/demo" 2>&1 || STATUS=$?
while read -r verdict claim; do
	case $verdict in
	proved) ktap_pass "CHD-1b $claim" ;;
	FAILED) ktap_fail "CHD-1b $claim" ;;
	esac
done <"$WORK/demo"
((KTAP_BAD == 0)) || diag <"$WORK/demo"
was_whole() {
	want "${STATUS:-0}" 0
	file_has "$WORK/demo" 'All of it held'
}
point "the demonstration came to its end" was_whole
ktap_end
