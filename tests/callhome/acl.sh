#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: core timeout=400
#
# A manager that was called changes access lists, and packets obey. The managers are in acls.py.
. "$(dirname "$0")/lib.sh"

ktap_start
modprobe natfw 2>/dev/null || ktap_skip_all "natfw is not there"
make_certificates
open_work
make_network
device_conf "$(client nms "remote-address: $MGR4")" "$(client other "remote-address: $MGR4")" \
	"ietf-netconf-acm:nacm:" "  groups: {group: [{name: managers, user-name: [nms1]}]}" "  rule-list:" \
	"  - name: all" "    group: ['*']" "    rule:" \
	"    - {name: all, module-name: '*', access-operations: '*', action: permit}"
sed -i 's/^interface: .*/interface: [{name: wan, attach: true}]/' "$CONF"
fresh_start

pings() { in_ns "$MGR" ping -c 1 -W 1 "$DEV4" >/dev/null; }

obeyed() {
	pings
	peer acls.put drop
	if pings; then die "passes"; fi
	peer acls.counted
	peer acls.put accept
	pings
	grep -q "ping" "$CONF" || die "not in the file"
}

# A second is what it may take on a machine that does nothing else (0.4 s); this one may be busy.
thousand() {
	peer --timeout 180 acls.thousand >"$WORK/thousand"
	echo "# $(cat "$WORK/thousand")"
	awk '/^commit/ { exit !($2 < 4 && $4 < 4 && $7 < 4) }' "$WORK/thousand" || [[ $NATFWD_SAN ]] ||
		die "$(cat "$WORK/thousand")"
}
# not with sanitizers, and not where the clock is slow
NATFWD_SAN=''
[[ $CALLHOME/natfwd-san -ef $(sed -n 's/.*\$LIMITS "\([^"]*\)".*/\1/p' "$WORK/in_dev") ]] && NATFWD_SAN=1

point "X-INT-7,X-NC-7 packets obey a list that a manager commits, and one that it changes" obeyed
point "what a call says passes whatever lists say" peer acls.shut
point "what the module refuses comes back with the path of the entry" peer acls.refused
point "1,000 entries are committed in no time, the kernel included" thousand
ktap_end
