#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=120
#
# Translation as managers read it, of a daemon whose kernel module is not real and has more mappings than are told at
# once. binding.sh has the real one. The managers are in nats.py.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd-fake}
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
certificate guest managers "/CN=guest"
open_work
make_network
device_conf "$(client nms "remote-address: $MGR4")" "$(client other "remote-address: $MGR4")" \
	"$(client rest "remote-address: $MGR4, remote-port: 4336" | sed 's/transport: tls/transport: restconf/')" \
	"ietf-netconf-acm:nacm:" "  groups: {group: [{name: managers, user-name: [nms1]}, {name: guests, user-name: [guest]}]}" \
	"  rule-list:" \
	"  - name: all" "    group: [managers]" "    rule:" \
	"    - {name: all, module-name: '*', access-operations: '*', action: permit}" \
	"  - name: others" "    group: [guests]" "    rule:" \
	"    - {name: maps, path: '/ietf-nat:nat/instances/instance/mapping-table', access-operations: read, action: deny}" \
	"    - {name: sessions, path: '/natfw:natfw/state/sessions', access-operations: read, action: deny}"
fresh_start

rest() { in_ns "$MGR" python3 "$CALLHOME/rest.py" --certs "$CERTS" "$@"; }

point "8512-2 the instance, its pools, statistics; and the modules in the library" peer nats.described
point "use of pools in natfw's own tree" peer nats.pool_use
point "nothing of it can be written" peer nats.read_only
point "8512-2 filters find mappings" peer nats.selected
point "more mappings than are told at once are refused, other questions are not" peer nats.too_many
point "who may not read mappings is not refused because of them" peer nats.unseen
point "the same by RESTCONF" rest resources

# More than are made one tree, and fewer than are refused.
echo "gist: {states: 7000, rate: 6000}" >>"$CONF"
before=$(grep -c 'configuration in force' "$LOG" || :)
kill -HUP "$MONITOR"
again() { (($(grep -c 'configuration in force' "$LOG") > before)); }
wait_for 10 again
point "8512-2 an instance is found by its name, and its mappings with it" peer nats.by_name
point "who may read no session is not told that there are too many" peer nats.uncounted
point "7,000 mappings by RESTCONF, by what they are in" rest many_mappings
ktap_end
