# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2153
#
# Tells a healthy kernel log from one that reports a fault.

SPLAT='BUG: |WARNING: (CPU|possible|suspicious|inconsistent|bad unlock|lock held|nested lock|\
Nested lock|held lock|can|chain|at |.*/)|------------\[ cut here|Kernel panic|Oops: |\
general protection fault|kernel BUG at|UBSAN: |INFO: (task .* blocked|rcu.* detected|trying to register)|\
rcu: INFO: .*(stall|detected)|ODEBUG: |refcount_t: |list_(add|del) corruption|\
unregister_netdevice: waiting for|DEBUG_LOCKS_WARN_ON|Internal error: |soft lockup|\
leaked percpu|Objects remaining|Modules linked in:'
SPLAT=${SPLAT//\\$'\n'/}

# Only what the kernel says once COMMAND runs counts: a distribution's kernel may grumble
# about an emulated machine. A guest that never got that far is judged by all of it.
splat_log() {
	tr -d '\r' <"$1" | awk '/natfw-guest: start/ { n = 0; delete line }
		{ line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }'
}

# The reported objects that natfw allocated: one of its functions is in the trace, or one
# without a name, as those of an unloaded module are. What leaks at boot has such, too.
leaks_found() {
	[[ ! -e $1 ]] || awk '/^unreferenced object/ { show(); object = "" }
		{ object = object $0 "\n" }
		function show() {
			if (object ~ /\[natfw|\n *0x[0-9a-f]+\n/ && object !~ /comm "swapper/)
				printf "%s", object
		}
		END { show() }' "$1"
}

splat_found() {
	# not -q: leaving early would fail the pipe
	splat_log "$1" | grep -E -- "$SPLAT" >/dev/null
}
