# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The kernel log between two moments, and whether it reports a fault.

# What a kernel says when something is wrong with it.
KLOG_FAULT='BUG: |WARNING: |-+\[ cut here|Kernel panic|Oops: |general protection fault|'
KLOG_FAULT+='kernel BUG at|UBSAN: |INFO: task .* blocked|rcu: INFO: .*(stall|detected)|'
KLOG_FAULT+='INFO: trying to register|ODEBUG: |refcount_t: |list_(add|del) corruption|'
KLOG_FAULT+='unregister_netdevice: waiting for|DEBUG_LOCKS_WARN_ON|soft lockup|'
KLOG_FAULT+='suspicious RCU usage|possible .* deadlock|Objects remaining|natfw: .*leak'

# klog_mark FILE: remember where the log ends now.
klog_mark() {
	dmesg 2>/dev/null | tail -n 1 >"$1"
}

# klog_since FILE: what came after the mark.
klog_since() {
	awk 'NR == FNR { mark = $0; next }
		{ line[++n] = $0; if ($0 == mark) start = n }
		END { for (i = start + 1; i <= n; i++) print line[i] }' "$1" <(dmesg 2>/dev/null)
}

# klog_clean FILE: true if nothing that came after the mark reports a fault; else prints
# it from the fault on.
klog_clean() {
	local log
	log=$(klog_since "$1")
	grep -Eq -- "$KLOG_FAULT" <<<"$log" || return 0
	awk -v fault="$KLOG_FAULT" '!hit && $0 ~ fault { hit = 1 } hit && n++ < 120' <<<"$log"
	return 1
}
