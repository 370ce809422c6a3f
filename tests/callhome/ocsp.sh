#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: host timeout=240
#
# OCSP at the device: what it shows of itself, what it asks about managers, and managers that are not wanted any more.
. "$(dirname "$0")/lib.sh"

PORT=8888
AT=http://$MGR4:$PORT
MODES=(chunked another later slow huge garbage wrong_kind error redirect)

ktap_start
make_certificates
certificate helper managers "/CN=responder" "" 30 OCSPSigning
certificate other managers "/CN=no responder"
certificate fake strangers "/CN=managers authority" "" 30 OCSPSigning
for NAME in good revoked unknown stale delegated undelegated foreign away "${MODES[@]}"; do
	certificate "m-$NAME" managers "/CN=nms1"
done
EXTENSION="authorityInfoAccess=OCSP;URI:$AT/named" certificate named managers "/CN=nms1"
EXTENSION="authorityInfoAccess=OCSP;URI:http://127.0.0.1:$PORT/" certificate inward managers "/CN=nms1"
EXTENSION="authorityInfoAccess=OCSP;URI:http://$DEV4:9270/" certificate itself managers "/CN=nms1"
EXTENSION="authorityInfoAccess=OCSP;URI:$AT/" certificate stranger strangers "/CN=nms1"
open_work
make_network

# answers JSON: what responders answer from now on
answers() {
	echo "$1" >"$WORK/answers.new"
	mv "$WORK/answers.new" "$WORK/answers"
}

responders() {
	in_ns "$MGR" python3 "$CALLHOME/responder.py" serve "$@"
}

# responder AUTHORITY [CERTIFICATE...]: asked about these; what it prints is in $ASKED.
responder() {
	local ca=$1 name certs=()
	shift
	for name; do
		certs+=(--cert "$CERTS/$name.pem")
	done
	once_ready responders --issuer "$CERTS/$ca.pem" --key "$CERTS/$ca.key" "${certs[@]}" --port $PORT \
		--state "$WORK/answers"
	ASKED=$BG_OUT RESPONDER=$BG
}

serial() {
	printf '%d' "0x$(openssl x509 -in "$CERTS/$1.pem" -noout -serial | cut -d= -f2)"
}

# asked NAME: how often about that certificate
asked() {
	grep -c "^asked $(serial "$1") " "$ASKED" || :
}

# with OCSP [CRL]: the device is up, with that in its identity
with() {
	OCSP=$1 CRL=${2:-} device_conf "$(client nms "remote-address: $MGR4, remote-port: 4335" |
		sed "s/transport: tls/transport: ${TRANSPORT:-tls}/")"
	fresh_start
}

# again OCSP [CRL]: the same for a device that is there
again() {
	OCSP=$1 CRL=${2:-} device_conf "$(client nms "remote-address: $MGR4, remote-port: 4335" |
		sed "s/transport: tls/transport: ${TRANSPORT:-tls}/")"
	want "$(ctl '{"id":1,"rpc":{"natfw:reload":{}}}' | jq -c .output)" '{}'
}

# is_in PEER-OPTION...: a session, which goes on in the background
is_in() {
	manager "$@" session 60
	seen '^up'
	comes nms state up
}

hang_up() {
	kill -- "-$BG" 2>/dev/null || :
	wait_for 15 eval '[[ $(of nms state) != up ]]'
}

ended_by() {
	grep -c "was=$2 reason=$1 " "$LOG" || :
}

# keeps_out REASON PEER-OPTION...: without a word of NETCONF
keeps_out() {
	local reason=$1 before
	shift
	before=$(ended_by "$reason" securing)
	peer "$@" refused
	wait_for 15 eval "(( \$(ended_by $reason securing) > $before ))"
}

# ends REASON: the session that is there, soon
ends() {
	wait_for 20 eval "(( \$(ended_by $1 up) ))" || die "$(tail "$LOG")"
	kill -- "-$BG" 2>/dev/null || :
}

# status OPTION...: what openssl's client says of a staple, in $WORK/s_client
status() {
	bg in_ns "$MGR" socat "TCP-LISTEN:4335,reuseaddr" "TCP-LISTEN:5000,reuseaddr"
	comes nms state securing
	wait_for 10 listens 5000
	in_ns "$MGR" timeout $((5 * SLOW + 5)) openssl s_client -connect 127.0.0.1:5000 -cert "$CERTS/nms.pem" \
		-key "$CERTS/nms.key" -CAfile "$CERTS/root.pem" "$@" </dev/null >"$WORK/s_client" 2>&1 || :
	kill -- "-$BG" 2>/dev/null || :
}

stapled() {
	responder middle device
	answers '{}'
	with "{staple: true, staple-responder: '$AT/ours'}"
	logs 'identity ours: response of OCSP good'
	file_has "$ASKED" "^asked $(serial device) application/ocsp-request $MGR4:$PORT /ours"
	for version in 2 3; do
		status "-tls1_$version" -status
		file_has "$WORK/s_client" 'OCSP Response Status: successful'
		file_has "$WORK/s_client" 'Cert Status: good'
		file_has "$WORK/s_client" 'Verify return code: 0'
	done
	want "$(asked device)" 1
	status
	file_lacks "$WORK/s_client" 'OCSP Response Status'
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
}

fetched() {
	grep -c 'identity ours: response of OCSP good' "$LOG" || :
}

# It is asked for again before its time is over, and what is over is not shown.
renewed() {
	local before
	responder middle device
	answers '{"until": 6}'
	with "{staple: true, staple-responder: '$AT/'}"
	logs 'identity ours: response of OCSP good'
	wait_for 15 eval '(( $(asked device) > 1 ))'
	answers '{"mode": "error"}'
	wait_for 20 file_has "$LOG" 'no response of OCSP to show .*have_one=no'
	status -status
	file_has "$WORK/s_client" 'OCSP response: no response sent'
	# and comes back
	before=$(fetched)
	answers '{}'
	wait_for 30 eval '(( $(fetched) > before ))'
	status -status
	file_has "$WORK/s_client" 'Cert Status: good'
	daemon_stop
}

# What managers would not believe is not shown to them.
not_stapled() {
	responder middle device
	answers "$(jq -nc --arg c "$CERTS" '{signer: ($c + "/fake.pem"), key: ($c + "/fake.key")}')"
	with "{staple: true, staple-responder: '$AT/'}"
	logs 'no response of OCSP to show reason="the OCSP response is not signed by who may"'
	status -status
	file_has "$WORK/s_client" 'OCSP response: no response sent'
	daemon_stop
	# nobody to ask
	with "{staple: true}"
	logs 'no responder is configured or named in the certificate'
	daemon_stop
}

managers_are_asked_about() {
	responder managers "${CERTIFICATES[@]}"
	with "{managers: require, responder: '$AT'}"
	answers '{}'
	is_in --cert m-good
	hang_up
	is_in --cert m-good --tls TLSv1_2
	hang_up
	want "$(asked m-good)" 1 'remembered'
	answers '{"digest": "sha256"}'
	is_in --cert nms
	hang_up
	answers '{"status": "revoked"}'
	keeps_out revoked --cert m-revoked
	logs 'revoked, by OCSP certificate="/CN=nms1"'
	answers '{"status": "unknown"}'
	keeps_out unchecked --cert m-unknown
	logs 'reason="the responder does not know the certificate"'
	answers '{"since": -7200, "until": -3600}'
	keeps_out unchecked --cert m-stale
	logs 'reason="the OCSP response is out of date"'
	in_ns "$DEV" curl -s http://127.0.0.1:9270/metrics >"$WORK/metrics"
	file_has "$WORK/metrics" '^natfwd_ocsp_revoked_total 1$'
	file_has "$WORK/metrics" '^natfwd_ocsp_failed_total [1-9]'
	file_has "$WORK/metrics" '^natfwd_ocsp_known_total [1-9]'
	file_has "$WORK/metrics" 'natfwd_callhome_ended_total{reason="revoked"} 1$'
	daemon_stop
	file_lacks "$LOG" 'system call not allowed'
}

# by NAME: signed by that one
by() {
	answers "$(jq -nc --arg c "$CERTS" --arg n "$1" \
		'{signer: "\($c)/\($n).pem", key: "\($c)/\($n).key"}')"
}

who_may_sign() {
	responder managers "${CERTIFICATES[@]}"
	with "{managers: require, responder: '$AT'}"
	by helper
	is_in --cert m-delegated
	hang_up
	by other
	keeps_out unchecked --cert m-undelegated
	by fake
	keeps_out unchecked --cert m-foreign
	want "$(grep -c 'not known.*reason="the OCSP response is not signed by who may"' "$LOG")" 2
	daemon_stop
}

# mode NAME REASON
mode() {
	answers "{\"mode\": \"$1\"}"
	keeps_out unchecked --cert "m-$1"
	logs "revocation not known certificate=\"/CN=nms1\" reason=\"$2\""
}

bad_responders() {
	responder managers "${CERTIFICATES[@]}"
	with "{managers: require, responder: '$AT'}"
	mode another 'the OCSP response is about another certificate'
	mode later 'the responder says: try later'
	mode huge 'the OCSP response is too long'
	mode garbage 'this is no OCSP response'
	mode wrong_kind 'the responder does not speak OCSP'
	mode error 'the responder refuses the request'
	mode redirect 'the responder is somewhere else'
	file_lacks "$ASKED" followed
	mode slow 'the responder does not answer in time'
	answers '{"mode": "chunked"}'
	is_in --cert m-chunked
	hang_up
	kill -- "-$RESPONDER"
	keeps_out unchecked --cert m-away
	logs 'reason="the responder cannot be reached: Connection refused"'
	daemon_stop
}

# Nobody answers, and it is let in, but not before that is known.
preferred() {
	responder managers m-slow m-revoked
	answers '{"mode": "slow"}'
	with "{managers: prefer, responder: '$AT'}"
	manager --cert m-slow session 60
	wait_for 10 file_has "$ASKED" asked
	sleep 1
	want "$(of nms state)" securing
	file_lacks "$BG_OUT" '^up'
	seen '^up'
	comes nms state up
	hang_up
	answers '{"status": "revoked"}'
	keeps_out revoked --cert m-revoked
	daemon_stop
}

# Who waits for the same does so for one answer.
shared() {
	local first
	responder managers m-slow
	answers '{"mode": "slow"}'
	OCSP="{managers: prefer, responder: '$AT'}" CRL='' device_conf \
		"$(client nms "remote-address: $MGR4, remote-port: 4335")" \
		"$(client other "remote-address: $MGR4, remote-port: 4336")"
	manager --cert m-slow session 60
	first=$BG
	manager --cert m-slow --port 4336 session 60
	fresh_start
	comes nms state up
	comes other state up
	want "$(asked m-slow)" 1
	want "$(grep -c 'the responder does not answer in time' "$LOG")" 2
	kill -- "-$first" "-$BG" 2>/dev/null || :
	daemon_stop
}

# Whoever has not proved that it comes from an authority of ours makes us connect nowhere.
named() {
	responder managers named inward stranger m-good
	answers '{}'
	with "{managers: require, named-responder: true}"
	is_in --cert named
	hang_up
	file_has "$ASKED" "^asked $(serial named) .* /named"
	keeps_out certificate --cert stranger
	keeps_out unchecked --cert m-good
	logs 'reason="no responder to ask"'
	keeps_out unchecked --cert inward
	logs 'reason="the responder cannot be reached: Permission denied"'
	keeps_out unchecked --cert itself
	want "$(grep -c 'reason="the responder cannot be reached: Permission denied"' "$LOG")" 2
	want "$(grep -c asked "$ASKED")" 1
	again "{managers: prefer, named-responder: true, responder: '$AT/configured'}"
	is_in --cert named
	hang_up
	file_lacks "$ASKED" "/configured"
	daemon_stop
	# what is configured comes first
	with "{managers: require, named-responder: true, responder: '$AT/configured'}"
	is_in --cert named
	file_has "$ASKED" '/configured'
	hang_up
	daemon_stop
}

revoked_meanwhile() {
	responder managers nms
	answers '{"until": 6}'
	with "{managers: require, responder: '$AT'}"
	is_in
	answers '{"status": "revoked"}'
	ends revoked
	file_has "$LOG" 'not wanted any more user="nms1" certificate="/CN=nms1" reason=revoked'
	daemon_stop
	# it was good, and nobody says that it still is
	answers '{"until": 6}'
	with "{managers: require, responder: '$AT'}"
	is_in
	answers '{"mode": "error"}'
	ends unchecked
	daemon_stop
	revocation managers
	with '' "$CERTS/managers.crl"
	is_in
	revocation managers m-good
	again '' "$CERTS/managers.crl"
	sleep 1
	want "$(of nms state)" up
	revocation managers nms
	again '' "$CERTS/managers.crl"
	ends revoked
	daemon_stop
}

# The connection was there before the list, and so was what the handshake goes by.
revoked_before_the_handshake() {
	revocation managers
	with '' "$CERTS/managers.crl"
	bg in_ns "$MGR" socat "TCP-LISTEN:4335,reuseaddr" "TCP-LISTEN:5000,reuseaddr"
	comes nms state securing
	wait_for 10 listens 5000
	revocation managers nms
	again '' "$CERTS/managers.crl"
	sleep 1
	want "$(of nms state)" securing
	in_ns "$MGR" timeout $((5 * SLOW + 5)) openssl s_client -quiet -connect 127.0.0.1:5000 \
		-cert "$CERTS/nms.pem" -key "$CERTS/nms.key" -CAfile "$CERTS/root.pem" </dev/zero >"$WORK/s_client" 2>&1 || :
	wait_for 15 eval '(( $(ended_by revoked securing) ))'
	want "$(ended_by revoked up)" 0
	daemon_stop
}

# with_rules RULE...: and the device reads them
with_rules() {
	RULES=$(printf '    - {%s}\n' "$@")
	export RULES
	again ''
	unset RULES
}

not_mapped_any_more() {
	local print
	print=$(fingerprint nms)
	with ''
	is_in
	with_rules "id: 1, map-type: specified, name: nms1, fingerprint: '$print'" "id: 2, map-type: common-name"
	sleep 1
	want "$(of nms state)" up
	want "$(of nms sessions)" 1
	with_rules "id: 1, map-type: specified, name: other, fingerprint: '$print'"
	ends mapping
	want "$(ended_by mapping up)" 1
	is_in
	want "$(of nms user)" other
	with_rules "id: 1, map-type: common-name, fingerprint: '$(fingerprint other)'"
	wait_for 15 eval '(( $(ended_by mapping up) == 2 ))'
	file_has "$LOG" 'no cert-to-name fits the manager.s certificate any more'
	kill -- "-$BG" 2>/dev/null || :
	daemon_stop
}

# The same by RESTCONF, where nothing is under way.
not_mapped_in_restconf() {
	export TRANSPORT=restconf
	with ''
	bg in_ns "$MGR" socat "TCP-LISTEN:4335,reuseaddr" "TCP-LISTEN:5000,reuseaddr"
	wait_for 10 listens 5000
	bg in_ns "$MGR" sh -c "sleep 60 | openssl s_client -quiet -connect 127.0.0.1:5000 -cert '$CERTS/nms.pem' \
		-key '$CERTS/nms.key'"
	comes nms state up
	want "$(of nms user)" nms1
	with_rules "id: 1, map-type: common-name, fingerprint: '$(fingerprint nms)'"
	sleep 1
	want "$(of nms state)" up
	with_rules "id: 1, map-type: common-name, fingerprint: '$(fingerprint other)'"
	ends mapping
	daemon_stop
}

# The responder that OpenSSL has.
openssl_says() {
	local db=$WORK/ca-managers
	revocation managers m-revoked
	printf 'V\t360101000000Z\t\t%X\tunknown\t/CN=nms1\n' "$(serial nms)" >>"$db/index"
	bg in_ns "$MGR" openssl ocsp -port $PORT -index "$db/index" -CA "$CERTS/managers.pem" \
		-rsigner "$CERTS/helper.pem" -rkey "$CERTS/helper.key" -nmin 10
	wait_for 10 listens $PORT
	with "{managers: require, responder: '$AT'}"
	is_in
	hang_up
	keeps_out revoked --cert m-revoked
	keeps_out unchecked --cert m-good
	file_has "$LOG" 'the responder does not know the certificate'
	daemon_stop
}

connected() {
	manages devices | has 'gw-17.*connected'
}

# refuses REASON
refuses() {
	local reason=$1
	wait_for 20 eval 'manages devices refused | has "17: $reason"' || die "$(manages devices refused)"
}

# Our manager insists on what our device shows.
both_ends() {
	responder middle device
	serve_manager 4335 "{transport: tls, address: $MGR4}" ', ocsp: require' 'limits: {failures: 1000}'
	manages devices add gw-17 identifier=17 credential=ops
	answers '{"mode": "error"}'
	with "{staple: true, staple-responder: '$AT/'}"
	refuses 'no OCSP response'
	answers '{"until": 6}'
	wait_for 30 connected
	answers '{"status": "revoked"}'
	logs 'its certificate is revoked, by OCSP'
	manages devices close gw-17
	refuses 'certificate revoked'
	daemon_stop
}

refused_settings() {
	OCSP="{managers: prefer}" rejects 'need a responder' "$(client nms "remote-address: $MGR4")"
	for NAME in "https://$MGR4/" "http://user@$MGR4/" "http://$MGR4/#there" "ftp://$MGR4/"; do
		OCSP="{managers: prefer, responder: '$NAME'}" rejects responder \
			"$(client nms "remote-address: $MGR4")"
	done
}

CERTIFICATES=(nms)
for NAME in good revoked unknown stale delegated undelegated foreign away "${MODES[@]}"; do
	CERTIFICATES+=("m-$NAME")
done

point "our certificate's response is shown to who asks for it" stapled
point "it is renewed in time, and not shown when it is over" renewed
point "what nobody would believe is not shown" not_stapled
point "managers: good, revoked, unknown, out of date" managers_are_asked_about
point "responses are by the authority or whom it certified for that" who_may_sign
point "responders that are wrong, slow, elsewhere, or not there" bad_responders
point "nobody answers: a preference is no requirement" preferred
point "who waits for the same is told by one answer" shared
point "a certificate's own responder, if that is permitted, and by an authority of ours" named
point "CHS-24 a manager that is revoked while it is here" revoked_meanwhile
point "CHS-24 a manager that is revoked while it takes its time with the handshake" revoked_before_the_handshake
point "a manager that rules give no name or another one any more" not_mapped_any_more
point "the same in RESTCONF" not_mapped_in_restconf
point "openssl ocsp as the responder" openssl_says
point "8071-C5c,8071-C5d natfw-manager insists on what natfwd shows" both_ends
point "settings that are refused" refused_settings
ktap_end
