#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=300
#
# Who may ask for what: third parties, blocking at the edge, signed requests, neighbours that prove who
# they are.
#
#	NI ---- R ---- wan [ FW ] lan ---- NR
#	                   [    ] lan2 --- OTHER
. "$(dirname "$0")/lib.sh"

topology() {
	node NI R FW NR OTHER
	join NI eth0 203.0.113.2/28 R r1 203.0.113.1/28
	join R r2 192.0.2.1/30 FW wan 192.0.2.2/30
	join FW lan 198.51.100.1/28 NR eth0 198.51.100.2/28
	join FW lan2 198.51.100.17/28 OTHER eth0 198.51.100.18/28
	addresses NI eth0 203.0.113.3/28
	router R FW
	via NI default 203.0.113.1
	via R 198.51.100.0/27 192.0.2.2
	via FW default 192.0.2.1
	via NR default 198.51.100.1
	via OTHER default 198.51.100.17
	local name
	for name in NI FW NR OTHER; do
		set_in "$name" nslp lifetime-min 1
	done
}

S=203.0.113.2 D=198.51.100.2
# base64 of "a key that is as long as it has to"
SECRET=YSBrZXkgdGhhdCBpcyBhcyBsb25nIGFzIGl0IGhhcyB0bw==

third_party() {
	refused OTHER "authori[sz]|denied" external udp to "$D" dport 5000 toward "$S"
	refused NI "no reservation" create udp from "$S" sport 4000 to "$D" dport 5000
	wait_for 5 sessions_are FW 0
	pinholes_are FW 0
	blocked NI udp "$S" 4000 "$D" 5000
}

with_reservation() {
	calm NI NR OTHER
	open NR external udp to "$D" dport 5000 from "$S"
	blocked NI udp "$S" 4000 "$D" 5000
	open NI create udp from "$S" sport 4000 to "$D" dport 5000
	passes NI udp "$S" 4000 "$D" 5000 "$S 4000"
	blocked NI udp "$S" 4001 "$D" 5000
	quit NI NR
	shut NI udp "$S" 4000 "$D" 5000
}

too_much() {
	refused NI "." create udp from "$S" to 198.51.100.0/28 dport 5000
	refused NR "." external udp to 198.51.100.0/28 dport 5000 toward "$S"
}

# A gateway that lets everything pass, and is asked not to.
blocks() {
	calm NI NR OTHER
	ctl FW dev set wan default pass
	ctl FW dev set lan default pass
	passes NI udp "$S" 4000 "$D" 5000
	passes NI udp 203.0.113.3 4000 "$D" 5000
	open NR block udp from "$S" to "$D" dport 5000
	blocked NI udp "$S" 4000 "$D" 5000
	passes NI udp 203.0.113.3 4000 "$D" 5000
	passes NI tcp "$S" 4000 "$D" 5000
	close NR
	passes NI udp "$S" 4000 "$D" 5000
	ctl FW dev set wan default drop
	ctl FW dev set lan default drop
}

not_ones_own_to_block() {
	refused OTHER "." block udp from "$S" to "$D" dport 5000
}

# --- signed requests, RFC 5981 ---------------------------------------------------------

signed_conf() {
	more "$1" <<-CONF
		key:
		- {id: 7, name: guests, secret: $2}
	CONF
}

signed_setup() {
	crash NI
	crash FW
	signed_conf NI "$1"
	signed_conf FW $SECRET
	set_in NI nslp key-id 7
	more FW <<-CONF
		policy:
		  entry:
		  - name: with-key
		    interface: wan
		    key-id: 7
		    third-party: true
		    action: permit
	CONF
	daemons NI FW
}

signed_accepted() {
	signed_setup $SECRET
	open NI create udp from "$S" sport 4000 to "$D" dport 5000
	passes NI udp "$S" 4000 "$D" 5000
	blocked NI udp "$S" 4001 "$D" 5000
	close NI
	shut NI udp "$S" 4000 "$D" 5000
}

signed_wrongly() {
	signed_setup "$(echo 'another key, as long as it has to be' | base64 -w 0)"
	if try NI create udp from "$S" sport 4000 to "$D" dport 5000 wait 8; then
		die "granted with the wrong key"
	fi
	pinholes_are FW 0
	blocked NI udp "$S" 4000 "$D" 5000
	quit NI
}

# --- TLS -------------------------------------------------------------------------------

authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
		-keyout "$RUN/$1.key" -out "$RUN/$1.pem" 2>/dev/null
}

# certificate NODE AUTHORITY
certificate() {
	local name=${1,,}.example
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
		-keyout "$RUN/$1/key.pem" -out "$RUN/$1/csr.pem" 2>/dev/null
	openssl x509 -req -in "$RUN/$1/csr.pem" -CA "$RUN/$2.pem" -CAkey "$RUN/$2.key" -CAcreateserial \
		-days 2 -extfile <(echo "subjectAltName=DNS:$name") -out "$RUN/$1/cert.pem" 2>/dev/null
	set_in "$1" gist tls required
	set_in "$1" gist certificate "$RUN/$1/cert.pem"
	set_in "$1" gist key "$RUN/$1/key.pem"
	set_in "$1" gist authority "$RUN/ca.pem"
	set_in "$1" gist peer-default permit
}

visitors() {
	more FW <<-'CONF'
		policy:
		  entry:
		  - {name: visitors, interface: wan, third-party: true, action: permit}
	CONF
}

tls_setup() {
	local name
	authority ca
	authority false
	visitors
	for name in NI FW NR; do
		crash "$name"
		certificate "$name" ca
	done
	[[ -z ${1:-} ]] || certificate "$1" false
	daemons NI FW NR
}

tls_works() {
	tls_setup
	open NI create udp from "$S" sport 4000 to "$D" dport 5000
	passes NI udp "$S" 4000 "$D" 5000
	want "$(session_json FW peers | jq -r '.[] | select(.state | test("established|connected"; "i")) | .tls' | sort -u)" true "associations over TLS"
	session_json FW peers | jq -e 'any(.[]; .name == "ni.example")' >/dev/null || die "FW does not know NI's name"
	close NI
	shut NI udp "$S" 4000 "$D" 5000
}

tls_stranger() {
	tls_setup NI
	if try NI create udp from "$S" sport 4000 to "$D" dport 5000 wait 10; then
		die "granted to a stranger"
	fi
	pinholes_are FW 0
	quit NI
}

topo_start
topology
iface FW lan
iface FW lan2
iface FW wan outside edge
daemons NI FW NR OTHER
serve NR udp 5000
serve NR tcp 5000
point "NATFW-3.6-01,NATFW-3.6-05,NATFW-3.6-06 nobody opens for somebody else" third_party
point "NATFW-3.7.2-01,NATFW-3.7.2-04,NATFW-3.7.2-43,NATFW-3.7.2-65 who is behind the firewall asks for whom it lets in" with_reservation
point "NATFW-D.1-02,NATFW-5.3-01 whole networks are nobody's to ask for" too_much
point "NATFW-1.5-02,NATFW-3.2.4-01,NATFW-3.7.2-02,NATFW-3.7.2-42,NATFW-3.1-05 EXTERNAL with deny blocks a sender at the edge, at once" blocks
point "NATFW-3.6-07 nobody blocks somebody else's flow" not_ones_own_to_block
point "NATFW-5981.4.1-01,NATFW-5981.4.1-02 a request signed with the key is granted" signed_accepted
point "NATFW-5981.6.4-01,NATFW-5981.6.3.4-01 a request signed with another key is not" signed_wrongly
point "NATFW-5.2.1-04,GIST-5.7.3-01 neighbours that prove themselves by TLS" tls_works
point "NATFW-5.1.1-01 a neighbour with a certificate of somebody else's authority" tls_stranger
ktap_end
