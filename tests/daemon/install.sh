#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=300
#
# `make install`, as packages are made of it: into a directory where nothing is.
. "$(dirname "$0")/../lib.sh"


install_all() {
	make -s -C "$TOP" install DESTDIR="$ROOT" PREFIX=/usr >"$WORK/stdout" 2>&1 || {
		cat "$WORK/stdout" >&2
		return 1
	}
	[[ -x $ROOT/usr/sbin/natfwctl && -x $ROOT/usr/sbin/natfwd ]]
}

# Programs of ours that units start and accounts have as shells.
named_programs() {
	find "$ROOT" -name '*.service' -exec sed -n 's/^ExecStart[^=]*=[-+!@]*\([^ ]*natfw[^ ]*\).*/\1/p' {} +
	find "$ROOT" -path '*/sysusers.d/*' -exec sed -n 's/^u //p' {} + |
		grep -o '[^ ]*natfw[^ ]*$'
}

named_are_there() {
	local program missing='' n=0
	while IFS= read -r program; do
		n=$((n + 1))
		[[ -x $ROOT$program ]] || missing+=" $program"
	done < <(named_programs | sort -u)
	want "$missing" "" "programs that are named and not installed"
	want "$((n > 1))" 1 "programs that are named"
}

ktap_start
ROOT=$WORK/root
point "make install into an empty directory" install_all
point "what units and accounts name is installed" named_are_there
ktap_end
