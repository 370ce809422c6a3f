#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# The daemon calls its managers: ports, addresses, names, what becomes of failures, and what is seen of it all.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd}
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
open_work
make_network


calls_default_port() {
	device_conf "$(client nms remote-address: $MGR4)"
	manager session 40
	fresh_start
	comes nms state up
	want "$(of nms user)" nms1
	want "$(of nms address)" $MGR4
	want "$(of nms port)" 4335
	want "$(of nms sessions)" 1
	seen "^up 1 $DEV4"
	# no port of management is open
	want "$(in_ns "$DEV" ss -Hltn | grep -vc ':270 \|:9270 ')" 0
	daemon_stop
	file_has "$LOG" "manager called client=\"nms\" endpoint=\"main\" at=$MGR4:4335 user=\"nms1\""
	file_lacks "$LOG" 'system call not allowed'
}

other_ports() {
	device_conf "$(client nms "remote-address: $MGR4, remote-port: 17000, local-address: $DEV4,
		local-port: 17001, interface: wan")"
	manager --port 17000 session 40
	fresh_start
	seen "^up 1 $DEV4 17001"
	comes nms port 17000
	daemon_stop
}

ephemeral_ports() {
	device_conf "$(client nms remote-address: $MGR4)"
	manager drop 3
	fresh_start
	wait_for 15 eval "[[ \$(wc -l <$BG_OUT) == 3 ]]"
	want "$(cut -d' ' -f2 "$BG_OUT" | sort -u | wc -l)" 3
	daemon_stop
}

ipv6() {
	device_conf "$(client nms "remote-address: '$MGR6'")"
	manager --address $MGR6 session 40
	fresh_start
	seen "^up 1 $DEV6"
	comes nms address $MGR6
	daemon_stop
}

# A translator in front of the device, whose firewall lets out one port and nothing in.
behind_nat() {
	ns NAT
	veth "$DEV" in 02:00:00:00:00:03 "$NAT" lan 02:00:00:00:00:04
	veth "$NAT" out 02:00:00:00:00:05 "$MGR" far 02:00:00:00:00:06
	ip -n "$DEV" addr add 10.0.0.2/24 dev in
	ip -n "$NAT" addr add 10.0.0.1/24 dev lan
	ip -n "$NAT" addr add 198.51.100.1/24 dev out
	ip -n "$MGR" addr add 198.51.100.2/24 dev far
	ip -n "$DEV" route add 198.51.100.0/24 via 10.0.0.1
	in_ns "$NAT" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$NAT" nft 'add table ip t; add chain ip t post {type nat hook postrouting priority 100;};
		add rule ip t post oif out masquerade;
		add chain ip t through {type filter hook forward priority 0; policy drop;};
		add rule ip t through ct state established accept;
		add rule ip t through iif lan tcp dport 4335 accept'
	# the manager has no way to the device's network
	fails in_ns "$MGR" ip route get 10.0.0.2
	device_conf "$(client nms remote-address: 198.51.100.2)"
	manager --address 198.51.100.2 session 40
	fresh_start
	comes nms state up
	# who it is, is told by the certificate; the address is the translator's
	seen '^up 1 198.51.100.1 '
	daemon_stop
	ip -n "$DEV" link del in
}

# A device that has IPv6 only, and a manager with IPv4 only: the name server makes up an address (RFC 6147), and a
# translator stands for it (RFC 6146; here one that passes on octets, which neither end sees).
nat64() {
	local at=64:ff9b::c000:202
	mkdir -p "/etc/netns/$DEV"
	echo "nameserver $MGR4" >"/etc/netns/$DEV/resolv.conf"
	bg in_ns "$MGR" python3 "$CALLHOME/dns.py" $MGR4 "nms.example=$at"
	ip -n "$MGR" link set lo up
	ip -n "$MGR" addr add $at/128 dev lo
	ip -n "$DEV" route add 64:ff9b::/96 via $MGR6
	bg in_ns "$MGR" socat "TCP6-LISTEN:4335,bind=[$at],reuseaddr,fork" "TCP4:$MGR4:4335"
	device_conf "$(client nms "remote-address: nms.example")"
	manager session 40
	fresh_start
	comes nms state up
	want "$(of nms address)" $at
	daemon_stop
	rm -rf "/etc/netns/$DEV"
}

second_endpoint() {
	device_conf "      - name: nms" "        endpoint:" \
		"$(endpoint first "remote-address: $MGR4, remote-port: 4999")" \
		"$(endpoint second "remote-address: $MGR4")" \
		"        reconnect: {max-attempts: 2, backoff-max: 1}"
	manager session 40
	fresh_start
	comes nms state up
	want "$(of nms endpoint)" second
	# both attempts at the first; more of them if this machine lets one at the second time out
	(($(of nms failures) >= 2)) || die "failures: $(of nms failures)"
	want "$(of nms sessions)" 1
	daemon_stop
	# no port is tried that was not asked for
	want "$(grep -o 'at=[^ ]*' "$LOG" | sort -u | tr '\n' ' ')" "at=$MGR4:4335 "
}

swallowed() {
	in_ns "$MGR" nft 'add table ip t; add chain ip t in {type filter hook input priority 0;};
		add rule ip t in tcp dport 4335 drop'
	device_conf "      - name: nms" "        endpoint:" \
		"$(endpoint first "remote-address: $MGR4")" \
		"$(endpoint second "remote-address: '$MGR6'")" \
		"        reconnect: {max-wait: 1, max-attempts: 1, backoff-max: 1}"
	manager --address $MGR6 session 40
	fresh_start
	comes nms state up
	want "$(of nms endpoint)" second
	logs 'reason=timeout text="Connection timed out"\|reason=timeout text="not connected in time"'
	in_ns "$MGR" nft delete table ip t
	daemon_stop
}

reasons() {
	device_conf "$(client nms "remote-address: $MGR4")" "$(client name "remote-address: nowhere.example")"
	fresh_start
	comes nms last-error refused
	comes name last-error dns
	manager drop 1
	logs 'was=securing reason=tls '
	manager --cert none refused
	logs 'was=securing reason=certificate '
	manager reset 1
	logs 'was=up reason=lost '
	manager several 1
	logs 'was=up reason=closed text="close-session"'
	daemon_stop
}

late() {
	device_conf "$(client nms "remote-address: $MGR4")" "        authentication-time: 2"
	manager silent
	fresh_start
	logs 'was=securing reason=timeout text="not authenticated in time"'
	wait_for 10 test -s "$BG_OUT"
	read -r octets seconds <"$BG_OUT"
	want "$octets" 0 "octets before the ClientHello"
	awk -v s="$seconds" 'BEGIN { exit !(s > 1.5 && s < 6) }' || die "put up with for $seconds s"
	daemon_stop
}

resumed() {
	device_conf "$(client nms "remote-address: $MGR4")"
	manager reset 3
	fresh_start
	wait_for 20 eval "[[ \$(wc -l <$BG_OUT) == 3 ]]"
	awk '{ t[NR] = $2 } END { exit !(t[2] - t[1] < 3 && t[3] - t[2] < 3) }' "$BG_OUT" || die "$(cat "$BG_OUT")"
	daemon_stop
}

vanished() {
	device_conf "$(client nms "remote-address: $MGR4, keepalive: {max-wait: 1, max-attempts: 2}")"
	manager session 60
	fresh_start
	comes nms state up
	# idle for longer than would be put up with from one that is gone
	sleep 5
	want "$(of nms state)" up
	want "$(of nms sessions)" 1
	gives_up 4335
	daemon_stop
}

names() {
	mkdir -p "/etc/netns/$DEV"
	echo "nameserver $MGR4" >"/etc/netns/$DEV/resolv.conf"
	# the first address of each version is nobody's
	bg in_ns "$MGR" python3 "$CALLHOME/dns.py" $MGR4 "nms.example=2001:db8::99,192.0.2.99,$MGR4" \
		"slow.example="
	device_conf "$(client nms "remote-address: nms.example")" \
		"        authentication-time: 20" \
		"$(client slow "remote-address: slow.example")"
	sed -i 's/backoff-max: 1,/backoff-max: 1, max-wait: 9,/' "$CONF"
	manager session 40
	fresh_start
	comes nms state up
	want "$(of nms address)" $MGR4
	# also when it has just been given up, and is soon looked up anew
	comes slow state resolving
	logs 'client="slow" was=resolving reason=\(dns\|timeout\)'
	daemon_stop
	rm -rf "/etc/netns/$DEV"
	file_lacks "$LOG" 'system call not allowed'
}

reloaded() {
	local two
	two=$(client one "remote-address: $MGR4"; client two "remote-address: $MGR4, remote-port: 4336")
	device_conf "$two"
	manager hold
	local first=$BG_OUT
	manager --port 4336 hold
	fresh_start
	comes one state up
	comes two state up
	device_conf "$(client two "remote-address: $MGR4, remote-port: 4336")"
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
	BG_OUT=$first seen over
	comes two state up
	want "$(of two sessions)" 1
	want "$(of one state)" ''
	daemon_stop
}

by_hand() {
	device_conf "      - name: nms" "        endpoint:" "$(endpoint main "remote-address: $MGR4")" \
		"        periodic: {anchor-time: '2026-01-01T00:00:00Z', period: 10080}"
	manager several 1
	fresh_start
	want "$(of nms attempts)" 0
	want "$(ctl '{"id":1,"rpc":{"natfw:call-home":{"client":"nobody"}}}' | jq -r .error.message)" 'no such manager'
	want "$(ctl '{"id":1,"rpc":{"natfw:call-home":{"client":"nms"}}}' | jq -c .output)" '{}'
	comes nms sessions 1
	comes nms last-error closed
	daemon_stop
}

no_leak() {
	local before
	device_conf "$(client nms "remote-address: $MGR4")"
	sed -i 's/backoff-max: 1,/backoff-max: 1, backoff-min: 1,/' "$CONF"
	fresh_start
	before=$(find "/proc/$(pid_of mgmt)/fd" | wc -l)
	manager drop 8
	wait_for 20 eval "[[ \$(wc -l <$BG_OUT) == 8 ]]"
	comes nms last-error refused
	want "$(find "/proc/$(pid_of mgmt)/fd" | wc -l)" "$before" "descriptors"
	daemon_stop
}

by_cli() {
	local cli="$TOP/tools/natfwctl/natfwctl"
	device_conf "$(client nms "remote-address: $MGR4")" "      - name: night" "        endpoint:" \
		"$(endpoint main "remote-address: $MGR4, remote-port: 4999")" \
		"        periodic: {anchor-time: '2026-01-01T00:00:00Z', period: 10080}"
	manager session 40
	fresh_start
	comes nms state up
	"$cli" -S "$SOCKET" callhome >"$WORK/table"
	file_has "$WORK/table" "^nms *up .* main *tls *$MGR4:4335 *nms1 "
	file_has "$WORK/table" "^night *waiting "
	"$cli" -S "$SOCKET" callhome now night
	comes night last-error refused
	want "$("$cli" -S "$SOCKET" -j callhome | jq -r '.[] | select(.name == "night") | ."last-error"')" refused
	fails "$cli" -S "$SOCKET" callhome now nobody
	file_has "$WORK/stderr" 'no such manager'
	daemon_stop
}

metrics() {
	device_conf "$(client nms "remote-address: $MGR4")"
	manager session 40
	fresh_start
	comes nms state up
	in_ns "$DEV" curl -sf http://127.0.0.1:9270/metrics >"$WORK/metrics"
	file_has "$WORK/metrics" '^natfwd_callhome_up{client="nms"} 1'
	file_has "$WORK/metrics" '^natfwd_callhome_sessions_total{client="nms"} 1'
	file_has "$WORK/metrics" '^natfwd_callhome_ended_total{reason="refused"} '
	file_has "$WORK/metrics" '^natfwd_scrape_complete 1'
	daemon_stop
}

bad_conf() {
	rejects 'endpoint' "      - {name: nms}"
	rejects 'whole minutes' "$(client nms "remote-address: $MGR4")" \
		"        periodic: {anchor-time: '2026-01-01T00:00:01Z'}"
	RULES='    []' rejects 'there has to be a cert-to-name' "$(client nms "remote-address: $MGR4")"
	RULES='    - {id: 1, map-type: specified}' rejects 'needs a name' \
		"$(client nms "remote-address: $MGR4")"
	RULES="    - {id: 1, map-type: common-name, fingerprint: '$(printf '%s:' {10..42})43'}" \
		rejects 'fingerprint' "$(client nms "remote-address: $MGR4")"
	RULES="    - {id: 1, map-type: common-name, fingerprint: '04:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff'}" \
		rejects 'another length' "$(client nms "remote-address: $MGR4")"
	rejects 'identity' "      - name: nms" "        endpoint: [{name: a, transport: tls, remote-address: $MGR4}]"
	rejects 'period' "$(client nms "remote-address: $MGR4")" "        periodic: {period: 20000}"
	rejects 'transport' "      - name: nms" \
		"        endpoint: [{name: a, transport: sctp, identity: ours, remote-address: $MGR4}]"
	device_conf "$(client nms "remote-address: $MGR4")"
	"$NATFWD" -t -c "$CONF"
}

# What calls by datagrams could be named; none of it is there.
no_datagrams() {
	local transport
	for transport in dtls udp snmp-dtls; do
		rejects 'transport' "      - name: nms" \
			"        endpoint: [{name: a, transport: $transport, identity: ours, remote-address: $MGR4}]"
	done
}

point "8071-S1a,8071-S1d,CHD-5h,X-CM-6,CHD-6c,CHD-6g,CHD-7a,CHO-1 calls the registered port, and listens at none" \
	calls_default_port
point "8071-S1b,8071-S1c,8071-S3c,TCPM-2,CHO-6 other ports, a source port, address and interface" other_ports
point "CHD-5j source ports are not fixed" ephemeral_ports
point "CHO-5 a manager with an IPv6 address" ipv6
point "CHO-5 one with IPv4 only, for a device with IPv6 only" nat64
point "CHD-1b,CHD-3b,CHD-3c from behind a translator that lets one port out, and nothing in" behind_nat
point "CHD-5k,CHD-6h,NCSM-17 an endpoint that refuses: the next, and no port that was not asked for" second_endpoint
point "8071-S2a,CHD-4c,NCSM-16 SYNs that are swallowed: the next endpoint" swallowed
point "CHO-2,X-6470-b each failure has its reason" reasons
point "8071-S5a,8071-S3b,4252-4a a manager that says nothing is hung up, and is told nothing" late
point "NCSM-5,X-8071-S7f,CHD-4e a broken connection is made again at once" resumed
point "8071-S7a,X-8071-S7e,CHD-4e a manager that vanished is noticed, one that is silent is not" vanished
point "TCPM-1,X-CM-7 names: every address is tried, and a slow one disturbs nobody" names
point "X-CM-5,X-8071-S8,NCSM-1 managers come and go with the configuration" reloaded
point "X-CM-10 called by hand" by_hand
point "CHO-1,X-CM-10 natfwctl callhome" by_cli
point "X-CM-11 no descriptor is left behind" no_leak
point "metrics" metrics
point "NCSM-2,NCSM-8,NCSM-19,7407-a,7407-c,CHD-4f,CHD-5e bad configuration is refused by name" bad_conf
point "CHU-1 no datagrams" no_datagrams
ktap_end
