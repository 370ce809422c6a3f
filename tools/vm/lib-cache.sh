# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2153
#
# Messages, the cache directory and its locks.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/natfw

die() {
	echo "vm: $*" >&2
	exit 98
}

progress() {
	echo "vm: $*" >&2
}

# with_lock FILE COMMAND...: one process at a time. COMMAND runs in a subshell, so it
# hands results back through files. The lock is kept from what COMMAND leaves running.
with_lock() {
	local lock=$1
	shift
	(
		flock -w 3 9 || {
			progress "waiting for another run (${lock#"$CACHE"/})"
			flock 9
		}
		"$@"
	) 9>"$lock"
}

# digest FILE...: what the files hold, short enough for a directory name.
digest() {
	cat "$@" | sha256sum | cut -c 1-12
}

# Old entries go once nothing has touched them for a day; a guest that is still running
# touched its own when it started, and none runs that long.
prune_old() {
	local dir=$1
	[[ -d $dir ]] || return 0
	find "$dir" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} +
}
