#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=300
#
# The generic form of call home: a service of the device over a connection that the device opened.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd}
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
certificate stranger strangers "/CN=nms1"
certificate nameless managers "/O=no name"
open_work
make_network
LOG=$WORK/log

LITTLE=12288 # KiB; the sanitizer keeps 8 MiB of what was freed
PORT=7000 # where managers are called

# with KIND TRANSPORT [SERVICE-MEMBERS]: a service of that kind, offered so
with() {
	local kind=$1 transport=$2
	serves "$kind"
	OTHER="  service: [{name: it, port: 2000${3:+, $3}}]" device_conf \
		"$(client nms "remote-address: $MGR4, remote-port: $PORT, service: it" |
			sed "s/transport: tls/transport: $transport/")"
	[[ $transport == relay ]] || sed -i 's/identity: ours, //' "$CONF"
	fresh_start
}

serves() {
	[[ -z ${SERVICE:-} ]] || kill -- "-$SERVICE" 2>/dev/null || :
	: >"$WORK/service"
	[[ $1 != none ]] || return 0
	bg in_ns "$DEV" python3 "$CALLHOME/service.py" 127.0.0.1 2000 "$1" "$WORK/service"
	SERVICE=$BG
	wait_for 10 eval '[[ -n $(in_ns "$DEV" ss -Hltn "sport = :2000") ]]'
}

noted() {
	wait_for 15 file_has "$WORK/service" "$1" || die "service: $(cat "$WORK/service")"
}

both() {
	local kind=$1 scenario=$2
	with "$kind" relay
	peer --port $PORT --relay "relay_scenarios.$scenario"
	daemon_stop
	with "$kind" relay-plain
	peer --port $PORT --plain "relay_scenarios.$scenario"
	daemon_stop
}

through_tls() {
	with echo relay
	manager --port $PORT --relay relay_scenarios.waits 3
	seen quiet
	comes nms state up
	want "$(of nms user)" nms1
	want "$(of nms transport)" relay
	# nobody has said anything to the service yet
	want "$(cat "$WORK/service")" ''
	seen 'done'
	noted begin
	daemon_stop
}

strangers() {
	with echo relay
	for cert in none stranger; do
		peer --port $PORT --cert $cert refused
		logs 'was=securing reason=certificate '
	done
	peer --port $PORT --cert nameless refused
	logs 'was=securing reason=mapping '
	# plain text at the place of TLS
	peer --port $PORT --plain relay_scenarios.nothing
	logs 'was=securing reason=tls '
	want "$(cat "$WORK/service")" ''
	daemon_stop
}

banners() {
	with banner relay "connect: at-once"
	peer --port $PORT --relay relay_scenarios.banner >"$WORK/said"
	want "$(cat "$WORK/said")" '220 here'
	noted begin
	daemon_stop
}

rss() {
	awk '/VmRSS/ { print $2 }' "/proc/$(pid_of mgmt)/status"
}

slowly() {
	local before
	with flood "$1"
	before=$(rss)
	manager --port $PORT "$2" relay_scenarios.slow 4
	seen begun
	sleep 3
	(($(rss) - before < LITTLE)) || die "grew by $(($(rss) - before)) KiB"
	seen 'done'
	noted "end 209715200"
	daemon_stop
}

stuffed() {
	local before
	with flood "$1"
	before=$(rss)
	manager --port $PORT "$2" relay_scenarios.stuffs
	seen '^sent'
	(($(rss) - before < LITTLE)) || die "grew by $(($(rss) - before)) KiB"
	daemon_stop
}

idle() {
	with echo relay-plain "idle-timeout: 2"
	manager --port $PORT --plain relay_scenarios.idle
	wait_for 15 test -s "$BG_OUT"
	awk '{ exit !($1 > 1.5 && $1 < 5) }' "$BG_OUT" || die "$(cat "$BG_OUT")"
	logs 'was=up reason=idle '
	noted 'end 1'
	daemon_stop
}

# A manager of which nothing is heard any more, also no answer to what TCP asks.
vanished() {
	with echo relay
	sed -i 's/service: it}/service: it, keepalive: {max-wait: 1, max-attempts: 2}}/' "$CONF"
	ctl '{"id":1,"rpc":{"natfw:reload":{}}}' >/dev/null
	manager --port $PORT --relay relay_scenarios.waits 60
	comes nms state up
	# one that is silent, and there, stays
	sleep 5
	want "$(of nms state)" up
	file_lacks "$LOG" 'was=up reason='
	in_ns "$MGR" nft "add table ip t; add chain ip t in {type filter hook input priority 0;};
		add rule ip t in tcp dport $PORT drop"
	logs 'was=up reason=lost '
	in_ns "$MGR" nft delete table ip t
	daemon_stop
}

ends() {
	with quit relay
	manager --port $PORT --relay relay_scenarios.ends
	seen '^bye'
	logs 'was=up reason=closed text="closed by both ends"'
	daemon_stop
	with echo relay-plain
	peer --port $PORT --plain relay_scenarios.resets
	logs 'was=up reason=lost '
	noted 'end 1\|broken'
	daemon_stop
}

absent() {
	with none relay
	peer --port $PORT --relay relay_scenarios.nothing
	logs 'was=up reason=local text="Connection refused"'
	in_ns "$DEV" curl -sf http://127.0.0.1:9270/metrics >"$WORK/metrics"
	file_has "$WORK/metrics" 'natfwd_service_failures_total{service="it"} 1'
	daemon_stop
}

counted() {
	with echo relay
	peer --port $PORT --relay relay_scenarios.echoes
	logs 'was=up reason='
	in_ns "$DEV" curl -sf http://127.0.0.1:9270/metrics >"$WORK/metrics"
	file_has "$WORK/metrics" 'natfwd_service_connections_total{service="it"} 1'
	file_has "$WORK/metrics" 'natfwd_service_octets_to_total{service="it"} 101014'
	file_has "$WORK/metrics" 'natfwd_service_octets_from_total{service="it"} 101014'
	daemon_stop
}

# A service with TLS and authentication of its own: the device's natfwd sees neither.
own_tls() {
	with none relay-plain
	bg in_ns "$DEV" openssl s_server -accept 127.0.0.1:2000 -cert "$CERTS/device.pem" -cert_chain "$CERTS/middle.pem" \
		-key "$CERTS/device.key" -CAfile "$CERTS/managers.pem" -Verify 3 -verify_return_error -rev -quiet
	wait_for 10 eval '[[ -n $(in_ns "$DEV" ss -Hltn "sport = :2000") ]]'
	bg in_ns "$MGR" socat "TCP-LISTEN:$PORT,reuseaddr" "TCP-LISTEN:5000,reuseaddr"
	wait_for 10 listens 5000
	(echo abcdef; sleep 2) | in_ns "$MGR" timeout 10 openssl s_client -connect 127.0.0.1:5000 -quiet \
		-cert "$CERTS/nms.pem" -key "$CERTS/nms.key" -CAfile "$CERTS/root.pem" -verify_return_error \
		>"$WORK/reversed" 2>"$WORK/s_client" || :
	file_has "$WORK/reversed" fedcba || die "$(cat "$WORK/s_client")"
	daemon_stop
}

no_leak() {
	local before
	with echo relay
	sed -i 's/backoff-max: 1,/backoff-max: 1, backoff-min: 1,/' "$CONF"
	peer --port $PORT --relay relay_scenarios.echoes
	comes nms last-error refused
	before=$(find "/proc/$(pid_of mgmt)/fd" | wc -l)
	for scenario in echoes resets idle; do
		[[ $scenario == idle ]] || peer --port $PORT --relay "relay_scenarios.$scenario"
	done
	manager --port $PORT --relay relay_scenarios.waits 30
	comes nms state up
	kill -- "-$BG"
	comes nms last-error refused
	want "$(find "/proc/$(pid_of mgmt)/fd" | wc -l)" "$before" descriptors
	daemon_stop
}

bad_conf() {
	local e service='  service: [{name: it, port: 2000}]'
	e=$(client nms "remote-address: $MGR4, service: it" | sed 's/transport: tls/transport: relay/')
	OTHER=$service rejects 'need a service and a remote-port' "$e"
	OTHER=$service rejects 'need a service and a remote-port' "${e/service: it/remote-port: 7000}"
	OTHER=$service rejects 'relay needs an identity' "$(sed 's/identity: ours, /remote-port: 7000, /' <<<"$e")"
	OTHER=$service rejects 'service is for transports' "$(client nms "remote-address: $MGR4, service: it")"
	OTHER=$service rejects 'service' "$(client nms "remote-address: $MGR4, remote-port: 7000, service: other" |
		sed 's/transport: tls/transport: relay/')"
	OTHER='  service: [{name: it}]' rejects 'port' "${e/service: it/remote-port: 7000, service: it}"
	OTHER=$service device_conf "${e/service: it/remote-port: 7000, service: it}"
	"$NATFWD" -t -c "$CONF"
}

point "8071-1.3a,CHS-2 a service inside TLS, for who has been mapped to a user" through_tls
point "CHS-4,CHS-7,CHD-6a,CHD-6e,CHT-1 strangers get no octet to the service" strangers
point "octets both ways, with TLS and without" both echo echoes
point "an end that says no more is still answered" eval 'with digest relay-plain; peer --port $PORT --plain relay_scenarios.halves; daemon_stop'
point "services that speak first" banners
point "a manager that does not take what it gets, with TLS" slowly relay --relay
point "and without" slowly relay-plain --plain
point "a service that does not take what it gets, with TLS" stuffed relay --relay
point "without" stuffed relay-plain --plain
point "silence has an end" idle
point "CHS-21 a manager that vanished is noticed, one that is silent is not" vanished
point "CHO-2 ends, from here and from there" ends
point "a service that is not there" absent
point "metrics" counted
point "a service with TLS of its own" own_tls
point "nothing is left behind" no_leak
point "CHD-6g,CHS-19 bad configuration is refused by name" bad_conf
ktap_end
