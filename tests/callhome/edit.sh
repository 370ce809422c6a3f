#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=400
#
# What managers can change (RFC 6241), and that the file has what is in force, whatever happens. The managers are in
# edits.py.
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
open_work
make_network
NACM=("ietf-netconf-acm:nacm:" "  groups: {group: [{name: managers, user-name: [nms1]}]}" "  rule-list:" "  - name: all" "    group: ['*']" "    rule:"
	"    - {name: all, module-name: '*', access-operations: '*', action: permit}")
write_conf() {
	device_conf "$(client nms "remote-address: $MGR4")" "$(client other "remote-address: $MGR4")" \
		"key:" "  - {id: 1, name: first, secret: c2VjcmV0LXNlY3JldA==}" "${NACM[@]}" "$@"
}
write_conf "# a word by a person"
chmod 640 "$CONF"
fresh_start

# plays SCENARIO...: the device goes through it, and is there afterwards.
plays() {
	local before
	before=$(pid_of mgmt)
	peer "edits.$1" "${@:2}"
	want "$(pid_of mgmt)" "$before" 'the process'
}

point "announced" plays announced
point "commits" plays commits
point "operations" plays operations
point "faults" plays faults
point "constraints" plays constraints
point "options" plays options
point "copies" plays copies
point "secrets" plays secrets
point "settings of the host" plays hosts
point "locks" plays locks cut
point "confirmed" plays confirmed close
point "persistent" plays persistent
point "cuts" plays cuts_itself
point "thousand" plays thousand
ktap_end
