#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=120
#
# After all the others: nothing that nobody knows of any more.
. "$(dirname "$0")/../lib.sh"

LEAKS=/sys/kernel/debug/kmemleak

scan() {
	echo scan >"$LEAKS"
	# younger objects are not reported
	sleep 6
	echo scan >"$LEAKS"
	cat "$LEAKS" >"$WORK/leaks"
	file_lacks "$WORK/leaks" '\[natfw\]' || {
		head -n 60 "$WORK/leaks"
		return 1
	}
}

unloaded() {
	modprobe -r natfw
	scan
}

ktap_start
[[ -w $LEAKS ]] || ktap_skip_all "no kmemleak in this kernel"
modprobe natfw
point "no leak" scan
point "no leak after unloading" unloaded
ktap_end
