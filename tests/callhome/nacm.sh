#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# Access control: what which manager sees, runs and is told of, by rules in the configuration file. The managers are
# in access.py.
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
for user in admin wilma guest c u d; do
	certificate "$user" managers "/CN=$user"
done
certificate toor managers /CN=root
open_work
make_network

NACM="ietf-netconf-acm:nacm:"
GROUPS_="  groups: {group: [{name: admin, user-name: [admin]}, {name: limited, user-name: [wilma, bam-bam]},"
GROUPS_+=" {name: guest, user-name: [guest]}]}"
ONE="        - {name: second, path: \"/natfw:natfw/key[id='2']\", access-operations: read, action: permit}"
NONE="        - {name: keys, path: /natfw:natfw/key, action: deny}"

# device [LINE...]: its configuration, with rules; it calls often, as several managers.
device() {
	device_conf "$(for ((i = 0; i < 5; i++)); do client "nms$i" "remote-address: $MGR4"; done)" \
		"key:" \
		"  - {id: 1, name: first, secret: c2VjcmV0LXNlY3JldA==}" \
		"  - {id: 2, name: second, secret: c2VjcmV0LXNlY3JldA==}" \
		"$@"
}

# limited FIRST SECOND: rules for all groups; those about keys in this order
limited() {
	device "$NACM" "$GROUPS_" \
		"  rule-list:" \
		"    - name: admins" \
		"      group: [admin]" \
		"      rule: [{name: all, access-operations: '*', action: permit}]" \
		"    - name: limited" \
		"      group: [limited]" \
		"      rule:" \
		"$@" \
		"        - {name: starts, module-name: ietf-netconf-notifications, notification-name: netconf-session-start," \
		"           access-operations: read, action: deny}" \
		"    - name: guests" \
		"      group: [guest]" \
		"      rule:" \
		"        - {name: natfw, module-name: natfw, action: deny}" \
		"        - {name: monitoring, module-name: ietf-netconf-monitoring, action: deny}" \
		"        - {name: events, rpc-name: create-subscription, action: deny}"
}

# One leaf, of which three users may do one thing each.
writing() {
	local user access
	limited "$ONE" "$NONE"
	sed -i "s/{name: guest, user-name: \[guest\]}/&, {name: c, user-name: [c]}, {name: u, user-name: [u]}, {name: d, user-name: [d]}/" \
		"$CONF"
	for user in c:create u:update d:delete; do
		access=${user#*:} user=${user%:*}
		printf '    - {name: %s, group: [%s], rule: [{name: one, path: /natfw:natfw/nslp/lifetime, %s}]}\n' \
			"$user" "$user" "access-operations: $access, action: permit" >>"$CONF"
	done
	reloads
}

writers() {
	writing
	plays access.writers
	plays access.committers
}

own_rules() {
	limited "$ONE" "$NONE"
	reloads
	plays access.own_rules
}

reloads() {
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
}

# plays SCENARIO...: the device goes through it, and is there afterwards.
plays() {
	local before
	before=$(pid_of mgmt)
	peer "$@"
	want "$(pid_of mgmt)" "$before" 'the process'
}

# The same two rules, the other way round.
reordered() {
	cp "$CONF" "$WORK/before"
	limited "$NONE" "$ONE"
	mv "$CONF" "$WORK/after"
	mv "$WORK/before" "$CONF"
	printf '#!/bin/sh\nmv %s %s\npython3 %s/client.py %s %s\n' "$WORK/after" "$CONF" "$HERE" "$SOCKET" \
		"'{\"id\":1,\"rpc\":{\"natfw:reload\":{}}}'" >"$WORK/change"
	chmod +x "$WORK/change"
	plays access.changed "$WORK/change"
}

switched_off() {
	device "$NACM" "  enable-nacm: false"
	reloads
	plays access.switched_off
}

# Whoever may write the file repairs what has gone wrong with rules, whatever they say.
repaired() {
	device "$NACM" "  exec-default: deny" "  read-default: deny" "$GROUPS_"
	reloads
	fails peer access.readers
	limited "$ONE" "$NONE"
	reloads
	plays access.readers
}

# A path that is none is found before it is in force.
bad_rules() {
	device "$NACM" "  rule-list: [{name: l, group: [g], rule: [{name: r, path: '$1', action: deny}]}]"
	fails "$NATFWD" -t -c "$CONF"
	file_has "$WORK/stderr" "ietf-netconf-acm:nacm/rule-list" || die "$(cat "$WORK/stderr")"
}

numbers() {
	in_ns "$DEV" curl -sf http://127.0.0.1:9270/metrics >"$WORK/metrics"
	want "$(awk '/^natfwd_access_denied_total\{what="operation"\}/ { print ($2 > 0) }' "$WORK/metrics")" 1
	want "$(awk '/^natfwd_access_denied_total\{what="notification"\}/ { print ($2 > 0) }' "$WORK/metrics")" 1
}

unharmed() {
	kill -TERM "$MONITOR"
	logs 'monitor main notice: ended'
	file_lacks "$LOG" 'AddressSanitizer'
	file_lacks "$LOG" 'does not fit the modules'
}

device
fresh_start
point "8341-3.4.1a,8341-3.4.4c,8341-3.4.4d,X-8341-g without rules" plays access.standard
point "8341-3.4.1a nobody writes" plays access.no_writers
limited "$ONE" "$NONE"
reloads
point "8341-d defaults" plays access.defaults
point "8341-3.4.5a,8341-3.4.5c who reads what" plays access.readers
point "8341-3.4.4a,8341-3.4.4b,8341-3.4.4d who runs what" plays access.operations
point "5277-c,8341-3.4.6a who is told of what" plays access.listeners
point "6241-4.3c who does not see what is there does not find out by edits" plays access.hidden
point "what is not read is not copied" plays access.copied
point "8341-e refusals are counted" plays access.counted
point "metrics" numbers
point "8341-3.4.4a the first rule that fits" reordered
point "8341-3.4.5b,8341-3.2.5a,8341-3.2.8a,6241-9a who changes what" writers
point "8341-3.4a rules that change themselves" own_rules
point "access control switched off" switched_off
point "X-8341-g rules that lock everybody out are repaired by the file" repaired
point "a path that is none" bad_rules "/natfw:natfw/nothing"
point "a path that is an expression" bad_rules "/natfw:natfw/key[id > 1]"
point "unharmed" unharmed
ktap_end
