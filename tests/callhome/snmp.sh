#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=300
#
# SNMP: natfwd-snmp is the subagent of net-snmp's snmpd, which is asked by net-snmp's tools.
NATFWD=${NATFWD:-$(dirname "$(realpath "$0")")/natfwd}
. "$(dirname "$0")/lib.sh"
. "$CALLHOME/mibs.sh"

SUBAGENT=${SUBAGENT:-$CALLHOME/natfwd-snmp}
[[ -x $SUBAGENT ]] || ktap_skip_all "natfwd-snmp is not built"
[[ -n $(command -v snmpd) ]] || ktap_skip_all "snmpd is not installed"
export MIBS='' SNMP_PERSISTENT_DIR
MIB=.1.3.6.1.4.1.8072.9999.9999.5973.1

ktap_start
make_certificates
open_work
make_network
SNMP_PERSISTENT_DIR=$WORK/snmp
mkdir -p "$WORK/agent" "$WORK/snmp"
ip -n "$DEV" link set lo up

# --- agent and subagent ----------------------------------------------------------------

# agent LINE...: snmpd, to be asked on loopback by a community
agent() {
	printf '%s\n' >"$WORK/agent/snmpd.conf" "agentAddress udp:127.0.0.1:10161" "rocommunity public" \
		"master agentx" "agentXSocket unix:$WORK/agentx" "agentXPerms 0666 0755" "sysName gw17" "$@"
	bg in_ns "$DEV" env SNMPCONFPATH="$WORK/agent" snmpd -f -Lo -C -c "$WORK/agent/snmpd.conf"
	AGENT=$BG AGENT_OUT=$BG_OUT
	wait_for 10 test -S "$WORK/agentx" || die "$(cat "$AGENT_OUT")"
}

subagent() {
	bg in_ns "$DEV" "$SUBAGENT" -x "unix:$WORK/agentx" -u nobody "$@"
	SUB=$BG SUB_OUT=$BG_OUT
	wait_for 10 knows 2.1.0 || wait_for 1 knows 1.1.0 || die "$(cat "$SUB_OUT" "$AGENT_OUT")"
}

# ask COMMAND OID...: by the community
ask() {
	in_ns "$DEV" "$1" -v2c -c public -On -t 5 127.0.0.1:10161 "${@:2}"
}

knows() {
	[[ $(ask snmpget "$MIB.$1" 2>&1) != *No\ Such* ]] && ask snmpget "$MIB.$1" >/dev/null 2>&1
}

# value OID: what it is, without its type
value() {
	ask snmpget -Oqv "$MIB.$1" 2>&1 | tr -d '"'
}

# octets WORD: as subidentifiers
octets() {
	local text
	text=$(printf '%s' "$1" | od -An -v -tu1 | tr -s ' \n' '.')
	echo "${text%.}"
}

device_conf "$(client nms "remote-address: $MGR4")"
fresh_start
agent
subagent -c "$SOCKET"

# --- points ----------------------------------------------------------------------------

the_daemon() {
	local version
	version=$(sed -n 's/^NATFW_VERSION *:*= *//p' "$TOP/Kbuild")
	want "$(value 2.1.0)" "$version"
	want "$(value 2.3.0)" 0 'sessions'
	# this kernel has no module, or none is loaded here: there is nothing to be said about it
	[[ -d /sys/module/natfw ]] || want "$(value 1.2.0)" "No Such Instance currently exists at this OID"
}

unprivileged() {
	local pid
	pid=$(pgrep -f "natfwd-snmp -x unix:$WORK" | tail -n 1)
	want "$(stat -c %U "/proc/$pid")" nobody
	want "$(awk '/^CapEff/ { print $2 }' "/proc/$pid/status")" 0000000000000000
	want "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$pid/status")" 1
}

calls_shown() {
	local name
	name=$(octets nms)
	wait_for 15 eval '[[ $(value 8.1.12$(octets nms)) != 0 ]]'
	want "$(value "8.1.2$name")" main 'endpoint'
	want "$(value "8.1.3$name")" tls
	want "$(value "8.1.13$name")" refused 'last error'
}

a_session() {
	rm -f "$WORK/tag"
	unanswered_session
	wait_for 15 knows "7.1.2$(octets "$(cat "$WORK/tag")")"
}

sessions_shown() {
	local tag
	a_session
	tag=$(octets "$(cat "$WORK/tag")")
	want "$(value "7.1.2$tag")" create
	want "$(value "7.1.12$tag")" udp
	want "$(value "7.1.13$tag") $(value "7.1.14$tag")" '4000 5004'
	want "$(value "7.1.9$tag") $(value "7.1.11$tag")" '1 32'
	want "$(value "7.1.10$tag")" 'C0 00 02 02 '
	wait_for 15 eval '[[ $(value 2.3.0) == 1 ]]'
}

# Every object once, in order, and as many as one by one: a walk by GETNEXT and one by GETBULK.
walks() {
	ask snmpwalk "$MIB" >"$WORK/next"
	ask snmpbulkwalk -Cr25 "$MIB" >"$WORK/bulk"
	want "$(cut -d' ' -f1 "$WORK/next")" "$(cut -d' ' -f1 "$WORK/bulk")"
	(($(wc -l <"$WORK/next") > 60)) || die "$(cat "$WORK/next")"
	want "$(cut -d' ' -f1 "$WORK/next" | sort -u | wc -l)" "$(wc -l <"$WORK/next")" 'names'
	ask snmpwalk "$MIB.9.1.1" >"$WORK/column"
	want "$(grep -vc Counter64 "$WORK/column")" 0
	# ends where it ends
	ask snmpgetnext "$MIB.9.2" >"$WORK/behind"
	want "$(grep -c "$MIB" "$WORK/behind")" 0
}

same_as_metrics() {
	local line name
	while read -r line; do
		name=$(jq -r '.name + (if ."label-value" then "." + ."label-value" else "" end)' <<<"$line")
		knows "9.1.1$(octets "$name")" || die "$name is not there"
	done < <(ctl '{"id":1,"get":"counters"}' | jq -c 'select(.data) | .data."natfw:natfw".state.counters.counter[0:8][]')
}

# The module's names are those of what the subagent has, all of it, and its types.
named() {
	local mibs=$WORK/mibs line
	# the one of before ends when GIST has asked in vain often enough
	knows "7.1.2$(octets "$(cat "$WORK/tag")")" || a_session
	make_mibs "$mibs"
	cp /usr/share/snmp/mibs/NET-SNMP-MIB.txt "$TOP/userd/snmp/NATFW-MIB.txt" "$mibs"
	in_ns "$DEV" env MIBS=NATFW-MIB snmpwalk -v2c -c public -M "$mibs" 127.0.0.1:10161 NATFW-MIB::natfwMIB \
		>"$WORK/named" 2>"$WORK/stderr"
	want "$(cat "$WORK/stderr")" ''
	want "$(grep -v '^NATFW-MIB::natfw[A-Z][A-Za-z]*[.[]' "$WORK/named" | grep -c '^NATFW')" 0 'without a name'
	want "$(grep -c 'Wrong Type' "$WORK/named")" 0 'of another type'
	file_has "$WORK/named" '^NATFW-MIB::natfwCallEndpoint..nms. = STRING: main'
	file_has "$WORK/named" '^NATFW-MIB::natfwSessionDestinationType..[0-9a-f]*. = INTEGER: ipv4(1)'
}

read_only() {
	sed -i 's/^rocommunity/rwcommunity/' "$WORK/agent/snmpd.conf"
	fails ask snmpset "$MIB.2.1.0" s changed
	[[ $(value 2.1.0) != changed ]]
}

restricted() {
	ctl '{"id":1,"restrict":"get"}' '{"id":2,"get":"config"}' '{"id":3,"rpc":{"natfw:reload":{}}}' \
		'{"id":4,"subscribe":"session-event"}' '{"id":5,"restrict":"x"}' >"$WORK/restricted"
	want "$(grep -c 'restricted to get' "$WORK/restricted")" 4
	ctl '{"id":1,"restrict":"get"}' '{"id":2,"get":"call-home"}' >"$WORK/restricted"
	file_has "$WORK/restricted" '"nms"'
}

daemon_goes() {
	kill -TERM "$MONITOR"
	wait_for 15 file_has "$SUB_OUT" 'natfwd has gone' || die "$(cat "$SUB_OUT")"
	wait_for 5 eval '! pgrep -f "natfwd-snmp -x unix:$WORK" >/dev/null'
	if grep -q 'Sanitizer\|runtime error' "$SUB_OUT"; then
		die "$(cat "$SUB_OUT")"
	fi
}

# --- over TLS, called home -------------------------------------------------------------
#
# snmpd is the server of TLS on a port of loopback; natfwd offers that as a service to natfw-manager, and a tool
# of net-snmp beside the manager is the client. net-snmp 5.9.3 has nothing newer than TLS 1.0, so OpenSSL is told
# to let it, here and in these programs only; what protects is the TLS around it.

identity_of() {
	local at=$WORK/$1/tls
	mkdir -p "$at/certs" "$at/private" "$at/ca-certs"
	quietly openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$3" \
		-keyout "$at/private/$2.key" -out "$at/certs/$2.crt" "${@:4}"
}

print_of() {
	local digest
	digest=$(openssl x509 -in "$WORK/tools/tls/certs/$1.crt" -noout -fingerprint -sha256)
	echo "${digest#*=}"
}

old_tls() {
	printf '%s\n' 'openssl_conf = init' '[init]' 'ssl_conf = ssl' '[ssl]' 'system_default = all' '[all]' \
		'MinProtocol = TLSv1' 'CipherString = ALL:!aNULL:@SECLEVEL=0' >"$WORK/openssl.cnf"
}

secure_agent() {
	local name
	old_tls
	identity_of agent gateway gateway
	for name in nms1 other nobody; do
		identity_of tools "$name" "$name"
	done
	# 33 octets, of which no security name can be made, and an address, of which one can
	identity_of tools long 'a-manager-with-a-name-too-long-33' -addext 'subjectAltName=IP:192.0.2.2'
	cp "$WORK/tools/tls/certs/"*.crt "$WORK/agent/tls/certs/"
	cp "$WORK/agent/tls/certs/gateway.crt" "$WORK/tools/tls/certs/"
	printf '%s\n' >"$WORK/agent/snmpd.conf" "agentAddress tlstcp:127.0.0.1:10161" \
		"master agentx" "agentXSocket unix:$WORK/agentx" "agentXPerms 0666 0755" "sysName gw17" \
		"[snmp] disableSNMPv1 yes" "[snmp] disableSNMPv2c yes" "[snmp] localCert gateway" "[snmp] trustCert nms1" "[snmp] trustCert other" \
		"[snmp] trustCert nobody" "[snmp] trustCert long" \
		"certSecName 10 $(print_of nms1) --cn" "certSecName 20 $(print_of other) --sn second" \
		"certSecName 30 $(print_of long) --cn" "certSecName 31 $(print_of long) --ip" \
		"rouser -s tsm nms1 authPriv" "rouser -s tsm 192.0.2.2 authPriv" "rouser -s tsm second authPriv .1.3.6.1.2.1.1.5" "$@"
	secure_start
}

secure_start() {
	local port
	port=$(sed -n 's/^agentAddress tlstcp:.*://p' "$WORK/agent/snmpd.conf")
	bg in_ns "$DEV" env SNMPCONFPATH="$WORK/agent" OPENSSL_CONF="$WORK/openssl.cnf" \
		snmpd -f -Lo -C -c "$WORK/agent/snmpd.conf"
	AGENT=$BG AGENT_OUT=$BG_OUT
	wait_for 10 test -S "$WORK/agentx" || die "$(cat "$AGENT_OUT")"
	wait_for 10 listening "$DEV" tcp "$port" || die "$(cat "$AGENT_OUT")"
}

called_home() {
	kill -- "-$AGENT"
	rm -f "$WORK/agentx"
	secure_agent "$@"
	OTHER=$(printf '%s\n' '  service:' '    - {name: snmp, port: 10161}')
	device_conf "$(relayed snmp relay 20017)" "$(relayed bare relay-plain 20018)"
	fresh_start
	subagent_of_tls
	serve_relays
}

relayed() {
	printf '      - name: %s\n        endpoint:\n' "$1"
	printf '          - {name: main, transport: %s, service: snmp, remote-address: %s, remote-port: %s%s}\n' \
		"$2" $MGR4 "$3" "$([[ $2 == relay ]] && echo ', identity: ours')"
	printf '        reconnect: {backoff-max: 1, minimum-uptime: 0}\n'
}

subagent_of_tls() {
	bg in_ns "$DEV" "$SUBAGENT" -x "unix:$WORK/agentx" -u nobody -c "$SOCKET"
}

serve_relays() {
	ip -n "$MGR" link set lo up
	export NATFW_MANAGER_SOCKET=$WORK/manager.sock
	serve_manager 20017 "{transport: relay, service: snmp, address: $MGR4, port: 20017}, "`
		`"{transport: relay-plain, service: bare, address: $MGR4, port: 20018}"
	"$NATFW_MANAGER" devices add gw-17 identifier=17 credential=ops
	bg in_ns "$MGR" "$NATFW_MANAGER" relay -l 16101 snmp gw-17
	RELAY_OUT=$BG_OUT
	bg in_ns "$MGR" "$NATFW_MANAGER" relay -l 16102 bare
	wait_for 10 listens 16101
	wait_for 10 listens 16102
}

# over PORT IDENTITY COMMAND WORDS...: a tool of net-snmp at the manager, as IDENTITY
over() {
	in_ns "$MGR" env SNMPCONFPATH="$WORK/tools" OPENSSL_CONF="$WORK/openssl.cnf" "$3" -v3 \
		--defSecurityModel=tsm -l authPriv -On -r 0 -t 10 -T our_identity="$2" -T their_identity=gateway \
		"tlstcp:127.0.0.1:$1" "${@:4}" 2>&1
}

SYSNAME=.1.3.6.1.2.1.1.5.0

answers_home() {
	want "$(over "$1" nms1 snmpget -Oqv $SYSNAME | tail -n 1)" '"gw17"' || die "$(cat "$AGENT_OUT")"
	want "$(over "$1" nms1 snmpget -Oqv "$MIB.8.1.3$(octets snmp)" | tail -n 1)" '"relay"'
}

# Many requests on one call; one connection to the service.
one_call() {
	local before after
	before=$(grep -c 'manager called client="snmp"' "$LOG")
	over 16101 nms1 snmpbulkwalk -Cr5 "$MIB" >"$WORK/far"
	(($(wc -l <"$WORK/far") > 60)) || die "$(cat "$WORK/far")"
	after=$(grep -c 'manager called client="snmp"' "$LOG")
	((after - before <= 1)) || die "$((after - before)) calls"
}

# Which name a certificate gets, by what that name may see.
security_names() {
	want "$(over 16101 other snmpget -Oqv $SYSNAME | tail -n 1)" '"gw17"'
	over 16101 other snmpget "$MIB.2.1.0" >"$WORK/said" || :
	file_has "$WORK/said" 'No Such\|authorizationError\|noAccess' || die "$(cat "$WORK/said")"
}

no_row() {
	fails over 16101 nobody snmpget $SYSNAME
	want "$(over 16101 nms1 snmpget -Oqv $SYSNAME | tail -n 1)" '"gw17"' 'afterwards'
}

no_certificate() {
	in_ns "$MGR" env OPENSSL_CONF="$WORK/openssl.cnf" openssl s_client -connect 127.0.0.1:16101 -tls1 -quiet \
		</dev/null >"$WORK/said" 2>&1 || :
	file_has "$WORK/said" 'alert\|error' || die "$(cat "$WORK/said")"
}

set_refused() {
	over 16101 nms1 snmpset .1.3.6.1.2.1.1.6.0 s here >"$WORK/said" || :
	file_has "$WORK/said" 'noAccess\|authorizationError\|notWritable' || die "$(cat "$WORK/said")"
}

# GetRequest of sysName.0 by version 2c, which net-snmp's own tools do not send over TLS.
no_community() {
	{
		printf '0\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01\x000\x0e0\x0c'
		printf '\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x05\x00'
		sleep 2
	} | in_ns "$MGR" env OPENSSL_CONF="$WORK/openssl.cnf" timeout 10 openssl s_client -quiet -tls1 \
		-cert "$WORK/tools/tls/certs/nms1.crt" -key "$WORK/tools/tls/private/nms1.key" \
		-connect 127.0.0.1:16101 >"$WORK/said" 2>"$WORK/stderr" || :
	file_has "$WORK/stderr" 'CN = gateway' || die "$(cat "$WORK/stderr")"
	want "$(wc -c <"$WORK/said")" 0 'octets in answer' || die "$(xxd "$WORK/said")"
}

# The manager's own certificate is looked at before the service hears anything.
outer_first() {
	local before
	before=$(grep -c 'SSL_accept\|Connection from' "$AGENT_OUT")
	"$NATFW_MANAGER" devices remove gw-17
	fails over 16101 nms1 snmpget $SYSNAME
	want "$(grep -c 'SSL_accept\|Connection from' "$AGENT_OUT")" "$before"
	"$NATFW_MANAGER" devices add gw-17 identifier=17 credential=ops
	wait_for 20 eval '[[ $(over 16101 nms1 snmpget -Oqv $SYSNAME | tail -n 1) == "\"gw17\"" ]]'
}

# A certificate that two rows are for: the first gives 33 octets, which are no security name.
next_row() {
	want "$(over 16101 long snmpget -Oqv $SYSNAME | tail -n 1)" '"gw17"' || die "$(tail "$AGENT_OUT")"
}

# in_octets SCENARIO PORT...: by messages made by hand
in_octets() {
	in_ns "$MGR" env OPENSSL_CONF="$WORK/openssl.cnf" timeout 60 python3 "$CALLHOME/snmp_octets.py" \
		"$WORK/tools/tls" nms1 "$2" "$1" "${@:3}" >"$WORK/said" 2>&1 || die "$(cat "$WORK/said")"
}

renegotiated() {
	{
		sleep 2
		echo R
		sleep 3
	} | in_ns "$MGR" env OPENSSL_CONF="$WORK/openssl.cnf" timeout 20 openssl s_client -tls1 \
		-cert "$WORK/tools/tls/certs/nms1.crt" -key "$WORK/tools/tls/private/nms1.key" \
		-connect 127.0.0.1:16101 >"$WORK/said" 2>&1 || :
	file_has "$WORK/said" '^RENEGOTIATING'
	file_has "$WORK/said" 'no renegotiation' || die "$(cat "$WORK/said")"
}

# The same names with the prefix of TLS in front, which are others to VACM.
prefixed() {
	kill -- "-$AGENT"
	rm -f "$WORK/agentx"
	# snmpd does not get its port again at once
	sed -i 's/^rouser -s tsm nms1 /rouser -s tsm tls:nms1 /; s/:10161/:10163/' "$WORK/agent/snmpd.conf"
	sed -i 's/port: 10161/port: 10163/' "$CONF"
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
	echo "[snmp] tsmUseTransportPrefix yes" >>"$WORK/agent/snmpd.conf"
	secure_start
	want "$(over 16101 nms1 snmpget -Oqv $SYSNAME | tail -n 1)" '"gw17"' || die "$(tail "$AGENT_OUT")"
	over 16101 other snmpget -Oqv $SYSNAME >"$WORK/said" || :
	file_lacks "$WORK/said" gw17
}

point "the subagent shows natfwd" the_daemon
point "the subagent has no rights" unprivileged
point "CHS-25,CHO-1 a row for each manager that is called" calls_shown
point "sessions are shown" sessions_shown
point "walks find everything, once and in order" walks
point "counters are those of the control socket" same_as_metrics
point "NATFW-MIB names all of it" named
point "nothing can be set" read_only
point "a connection that has restricted itself reads state, and nothing else" restricted
point "the subagent ends with natfwd, and says so" daemon_goes
called_home
point "CHS-1,CHS-2,CHD-2b SNMP over TLS is called home: a tool at the manager reads it" answers_home 16101
point "CHS-8 many requests on one call" one_call
point "CHS-5,CHD-6c the security name is the certificate's, by certSecName" security_names
point "CHS-7,CHD-6e a certificate without a row gets nothing" no_row
point "CHS-4 nor does one who shows none" no_certificate
point "CHS-17 nothing can be set by who may read" set_refused
point "CHS-13 no community gets through" no_community
point "CHS-1 the same as a plain service" answers_home 16102
point "CHS-6 the next row, where one gives no name that can be used" next_row
point "CHS-9 nothing is renegotiated" renegotiated
point "CHS-16 the engine is discovered by the one name all have" in_octets discovers 16101
point "CHS-11 messages end where they say" in_octets frames 16101
point "CHS-12 what is no message ends the connection" in_octets garbage 16101
point "CHS-15 answers come on the session that was asked" in_octets sessions 16101 16102
point "CHD-6a who the manager is not let in by, does not get to the agent" outer_first
point "CHS-14 names with the prefix of the transport" prefixed
ktap_end
