#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=180
#
# TLS with its roles turned: the device, which opened the connection, is the server. Who is let in, and as whom.
. "$(dirname "$0")/lib.sh"

ktap_start
make_certificates
authority gone
certificate alice managers "/CN=someone" "DNS:NMS2.Example.ORG,email:Alice@EXAMPLE.com"
certificate nobody managers "/O=no name"
certificate stranger strangers "/CN=nms1"
certificate server managers "/CN=nms1" "" 30 serverAuth
certificate revoked managers "/CN=nms1"
certificate expired managers "/CN=nms1" "" -1
certificate second strangers "/CN=another face"
open_work
make_network

# with EXTRA-CLIENT-LINES...: the device is up, with manager nms.
with() {
	device_conf "$(client nms "remote-address: $MGR4")" "$@"
	fresh_start
}

# lets_in USER PEER-OPTION...
lets_in() {
	local user=$1
	shift
	manager "$@" session 40
	seen '^up'
	comes nms state up
	want "$(of nms user)" "$user"
	kill -- "-$BG" 2>/dev/null || :
	wait_for 15 eval '[[ $(of nms state) != up ]]'
}

# keeps_out REASON PEER-OPTION...: without a word of NETCONF
keeps_out() {
	local reason=$1
	shift
	local before
	before=$(ended_by "$reason")
	peer "$@" refused
	wait_for 15 eval "(( \$(ended_by $reason) > $before ))"
}

ended_by() {
	grep -c "was=securing reason=$1 " "$LOG" || :
}

# relay: a port that openssl's client can connect to, and then has the device's connection.
relay() {
	bg in_ns "$MGR" socat "TCP-LISTEN:4335,reuseaddr" "TCP-LISTEN:5000,reuseaddr"
	comes nms state securing
	wait_for 10 listens 5000
}

s_client() {
	in_ns "$MGR" timeout $((5 * SLOW + 5)) openssl s_client -connect 127.0.0.1:5000 -cert "$CERTS/nms.pem" \
		-key "$CERTS/nms.key" -ign_eof "$@" </dev/null >"$WORK/s_client" 2>&1 || :
}

chain_is_sent() {
	with
	relay
	s_client -showcerts -verify 3 -verify_return_error -CAfile "$CERTS/root.pem"
	file_has "$WORK/s_client" 'Verify return code: 0'
	want "$(grep -c 'BEGIN CERTIFICATE' "$WORK/s_client")" 2 'certificates'
	file_has "$WORK/s_client" 'Acceptable client certificate CA names'
	file_has "$WORK/s_client" '<hello xmlns='
	daemon_stop
}

# A whole session by openssl's client: both hellos, a request, and the end.
openssl_session() {
	local ns=urn:ietf:params:xml:ns:netconf:base:1.0 old=urn:ietf:params:netconf:base:1.0
	with
	relay
	printf '%s]]>]]>' >"$WORK/input" \
		"<hello xmlns=\"$ns\"><capabilities><capability>$old</capability></capabilities></hello>" \
		"<rpc xmlns=\"$ns\" message-id=\"11\"><get-config><source><running/></source></get-config></rpc>" \
		"<rpc xmlns=\"$ns\" message-id=\"12\"><close-session/></rpc>"
	in_ns "$MGR" timeout 20 openssl s_client -connect 127.0.0.1:5000 -cert "$CERTS/nms.pem" -key "$CERTS/nms.key" \
		-CAfile "$CERTS/root.pem" -quiet -ign_eof <"$WORK/input" >"$WORK/s_client" 2>&1 || :
	want "$(grep -o 'rpc-reply[^>]*message-id="[0-9]*"' "$WORK/s_client" | grep -o '[0-9]*"$' | tr '\n' ' ')" '11" 12" '
	file_has "$WORK/s_client" "<remote-address>$MGR4</remote-address>"
	logs 'was=up reason=closed text="close-session"'
	daemon_stop
}

# What was agreed on once is not taken up again, and nothing is said before it is known who says it.
nothing_early() {
	local version
	with
	printf 'GET / HTTP/1.1\r\n\r\n' >"$WORK/early"
	for version in tls1_2 tls1_3; do
		relay
		s_client -$version -sess_out "$WORK/session"
		file_has "$WORK/s_client" '<hello xmlns='
		file_has "$WORK/s_client" '^New, TLSv1'
		file_lacks "$WORK/s_client" 'Post-Handshake New Session Ticket arrived'
		file_lacks "$WORK/s_client" 'TLS session ticket:'
		# TLS 1.2 has something to come back with, TLS 1.3 has not
		[[ -s $WORK/session ]] || continue
		relay
		s_client -$version -sess_in "$WORK/session"
		file_has "$WORK/s_client" '^New, TLSv1'
		file_lacks "$WORK/s_client" '^Reused'
		rm "$WORK/session"
	done
	# a session that says it may begin early, by another server with the same certificate
	cat "$CERTS/device.pem" "$CERTS/device.key" >"$WORK/both.pem"
	bg in_ns "$MGR" openssl s_server -accept 127.0.0.1:5001 -cert "$WORK/both.pem" -early_data -naccept 1 -quiet
	wait_for 10 listens 5001
	(sleep 1) | in_ns "$MGR" timeout 10 openssl s_client -connect 127.0.0.1:5001 -tls1_3 -sess_out "$WORK/session" >"$WORK/made" 2>&1
	[[ -s $WORK/session ]] || die "$(cat "$WORK/made")"
	relay
	s_client -tls1_3 -sess_in "$WORK/session" -early_data "$WORK/early"
	file_has "$WORK/s_client" 'Early data was rejected' || die "$(cat "$WORK/s_client")"
	file_has "$WORK/s_client" '^New, TLSv1.3'
	daemon_stop
}

versions() {
	with
	lets_in nms1 --tls TLSv1_2
	lets_in nms1 --tls TLSv1_3
	relay
	s_client -tls1_1 -cipher 'ALL:@SECLEVEL=0'
	file_lacks "$WORK/s_client" hello
	logs 'reason=tls text="unsupported protocol"'
	daemon_stop
}

who_is_refused() {
	with
	keeps_out certificate --cert none
	keeps_out certificate --cert none --tls TLSv1_2
	keeps_out certificate --cert stranger
	keeps_out certificate --cert expired
	keeps_out certificate --cert server
	# by another's certificate nobody is let in, wherever it comes from
	lets_in nms1
	daemon_stop
}

revoked() {
	revocation managers
	CRL=$CERTS/managers.crl with
	lets_in nms1 --cert revoked
	revocation managers revoked
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
	keeps_out revoked --cert revoked
	file_has "$LOG" 'text="certificate revoked"'
	lets_in nms1
	daemon_stop
	# a list of another authority says nothing about this one
	revocation strangers
	CRL=$CERTS/strangers.crl with
	keeps_out certificate
	daemon_stop
}

mapping() {
	RULES="    - {id: 30, map-type: specified, name: guest, fingerprint: '$(fingerprint managers)'}
    - {id: 20, map-type: san-dns-name, fingerprint: '$(fingerprint alice)'}
    - {id: 10, map-type: san-rfc822-name, fingerprint: '$(fingerprint nms)'}" with
	# rule 10 fits, and has no name to give; 20 does not fit
	lets_in guest
	lets_in nms2.example.org --cert alice
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
}

no_name() {
	with
	keeps_out mapping --cert nobody
	keeps_out mapping --cert nobody --tls TLSv1_2
	daemon_stop
}

# A name is for the whole connection: rules that change meanwhile give it no other one.
constant() {
	with
	manager session 40
	comes nms user nms1
	RULES="    - {id: 1, map-type: specified, name: other, fingerprint: '$(fingerprint managers)'}" \
		device_conf "$(client nms "remote-address: $MGR4")"
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
	sleep 1
	# a session that is told to end may do so, one that goes on is whose it was
	[[ $(of nms state) != up || $(of nms user) == nms1 ]] || die "now it is $(of nms user)"
	want "$(of nms sessions)" 1
	kill -- "-$BG" 2>/dev/null || :
	wait_for 15 eval '[[ $(of nms state) != up ]]'
	lets_in other
	daemon_stop
}

# Another handshake on a connection is refused, so there is never another certificate.
renegotiated() {
	with
	relay
	{
		sleep 2
		echo R
		sleep 3
	} | in_ns "$MGR" timeout 20 openssl s_client -connect 127.0.0.1:5000 -tls1_2 -cert "$CERTS/nms.pem" \
		-key "$CERTS/nms.key" >"$WORK/s_client" 2>&1 || :
	# it was let in before
	file_has "$WORK/s_client" '<hello xmlns='
	file_has "$WORK/s_client" 'RENEGOTIATING' || die "$(cat "$WORK/s_client")"
	file_has "$WORK/s_client" 'no renegotiation' || die "$(tail "$WORK/s_client")"
	daemon_stop
}

identities() {
	OTHER="    - {name: other, certificate: $CERTS/second.pem, key: $CERTS/second.key,
       authority: $CERTS/managers.pem}"
	export OTHER
	device_conf "$(client nms "remote-address: $MGR4")" "      - name: two" "        endpoint:" \
		"          - {name: a, transport: tls, identity: other, remote-address: $MGR4, remote-port: 4336}" \
		"        reconnect: {backoff-max: 1}"
	manager session 40
	manager --port 4336 --ca strangers session 40
	fresh_start
	comes nms state up
	comes two state up
	daemon_stop
	unset OTHER
}

bad_files() {
	with
	lets_in nms1
	cp "$CERTS/device.pem" "$WORK/good.pem"
	echo rubbish >"$CERTS/device.pem"
	ctl '{"id":1,"rpc":{"natfw:reload":{}}}' >/dev/null
	logs 'identity ours: certificate is not usable'
	# what was read before is still used
	lets_in nms1
	cp "$WORK/good.pem" "$CERTS/device.pem"
	ctl '{"id":1,"rpc":{"natfw:reload":{}}}' >/dev/null
	lets_in nms1
	mv "$CERTS/device.key" "$WORK/device.key"
	file_has <(ctl '{"id":1,"rpc":{"natfw:reload":{}}}') 'device.key'
	mv "$WORK/device.key" "$CERTS/device.key"
	daemon_stop
}

point "8071-S3b,8071-S4a,7589-2b,CHS-2 openssl s_client with the root alone: the chain is sent" chain_is_sent
point "7589-8a,7589-8b TLS 1.2 and 1.3, nothing older" versions
point "7589-1a,6241-2.3a openssl s_client: a session, from hello to close-session" openssl_session
point "X-7589-2e,X-7589-8c no session is resumed, and nothing is taken early" nothing_early
point "7589-1a,7589-5a,X-7589-2d,6242-6b,CHD-6a no, strange, expired and servers' certificates" who_is_refused
point "CHS-24 revoked certificates" revoked
point "7589-7b,7589-7c,7589-7d,7589-7f,7589-7j,7407-b,CHD-6d the user's name, by rules in their order" mapping
point "7589-7a,7589-7k,CHD-6e no name, no session" no_name
point "CHD-6f the name is the same as long as the connection lasts" constant
point "CHS-9 nothing is renegotiated" renegotiated
point "8071-S4c every endpoint shows its own identity" identities
point "files that are broken or missing" bad_files
ktap_end
