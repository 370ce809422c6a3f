#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# TLS between GIST nodes: certificates on both sides, names, the authorised peer list.
#
# natfw-test: quick timeout=240
. "$(dirname "$0")/lib.sh"

PORT=30001

# pair NI-CERTS NF-CERTS [OPTION-OF-NF]...: two nodes, TLS required.
pair() {
	node ni "$NI" -i 1 -t required -c "$CERTS/$1"
	node nf "$NF" -i 2 -t required -c "$CERTS/$2" "${@:3}"
	tell ni send 10.9.1.1 10.9.2.2 secure hello
}

# accepts NAME NI-CERTS [PEER-ENTRY]...: the NF takes Data over TLS, from NAME.
accepts() {
	local entries=() entry
	for entry in "${@:3}"; do
		entries+=(-p "$entry")
	done
	pair "$2" nf "${entries[@]}"
	says nf "^message .*tls=1 name=$1 ma=1.*validated=1.*text=hello"
	says ni "^status .*sent=1.*tls=1 name=nf.example.com"
	quit ni && quit nf
}

# refuses_peer NI-CERTS PEER-ENTRY...: authenticated, and not let in; nothing but TLS was said.
refuses_peer() {
	local entries=() entry
	for entry in "${@:2}"; do
		entries+=(-p "$entry")
	done
	pair "$1" nf "${entries[@]}"
	says nf "TLS peer refused"
	tell nf peersinfo
	says nf "^ma end"
	never nf "^ma peer"
	never nf "^message"
	quit ni && quit nf
}

# refuses_certificate SIDE NI-CERTS NF-CERTS WHY
refuses_certificate() {
	pair "$2" "$3"
	says "$1" "TLS handshake failed.*$4"
	never nf "^message"
	quit ni && quit nf
}

# The querying side looks as closely.
querier_refuses_peer() {
	node ni "$NI" -i 1 -t required -c "$CERTS/ni" -p other.example.com
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	tell ni send 10.9.1.1 10.9.2.2 secure hello
	says ni "TLS peer refused.*name=nf.example.com"
	says ni "^status .*sent=0"
	never nf "^message"
	quit ni && quit nf
}

# client OPTION...: a TLS client without GIST toward the NF.
client() {
	in_ns "$NI" timeout 10 openssl s_client -connect 10.9.1.2:$PORT -CAfile "$CERTS/good.pem" \
		-verify_return_error "$@" </dev/null >"$WORK/client" 2>&1
}

own_certificate() {
	echo "-cert $CERTS/ni/cert.pem -key $CERTS/ni/key.pem"
}

# negotiates VERSION OPTION...
negotiates() {
	local version=$1
	# shellcheck disable=SC2046
	client $(own_certificate) "${@:2}"
	file_has "$WORK/client" "$version, Cipher is "
}

versions() {
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	negotiates TLSv1.3
	negotiates TLSv1.2 -tls1_2
	fails negotiates TLSv1.1 -tls1_1 -cipher DEFAULT@SECLEVEL=0
	fails negotiates TLSv1 -tls1 -cipher DEFAULT@SECLEVEL=0
	quit nf
}

suites() {
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	negotiates TLSv1.2 -tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384
	fails negotiates TLSv1.2 -tls1_2 -cipher "aNULL:eNULL@SECLEVEL=0"
	quit nf
}

asks_for_certificate() {
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	# shellcheck disable=SC2046
	client $(own_certificate)
	file_has "$WORK/client" "Acceptable client certificate CA names"
	file_has "$WORK/client" "CN = test authority good"
	file_has "$WORK/client" "subject=CN = nf.example.com"
	client -tls1_2 || :
	says nf "TLS handshake failed.*peer did not return a certificate"
	quit nf
}

# No session is resumed past the check of its certificate.
no_tickets() {
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	# shellcheck disable=SC2046
	client $(own_certificate) -tls1_2 -sess_out "$WORK/session"
	file_lacks "$WORK/client" "TLS session ticket:"
	# shellcheck disable=SC2046
	client $(own_certificate) -tls1_2 -sess_in "$WORK/session" || :
	file_lacks "$WORK/client" "^Reused"
	quit nf
}

required_means_no_tcp() {
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	fails listening "$NF" tcp 30000
	listening "$NF" tcp $PORT
	quit nf
}

# Who was let in is put out when the list says so.
reviewed() {
	pair ni nf
	says nf "^message .*name=ni.example.com"
	tell nf peers '!ni.example.com'
	says ni "stream ended"
	tell nf peersinfo
	says nf "^ma end"
	never nf "^ma peer"
	tell nf peers ni.example.com
	# What went onto a connection that was still being refused is lost, for the client of TLS is done before the server
	# has decided. The NI is told (event 6), and says it again.
	for _ in 1 2 3 4 5; do
		tell ni send 10.9.1.1 10.9.2.2 secure again
		SAYS=4 says nf "^message .*name=ni.example.com.*text=again" && break
	done
	says nf "^message .*name=ni.example.com.*text=again"
	quit ni && quit nf
}

# New certificates are for new connections; bad ones do not displace good ones.
renewed() {
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	tell nf certs "$CERTS/mixed"
	says nf "certificates in use are kept"
	# shellcheck disable=SC2046
	client $(own_certificate)
	file_has "$WORK/client" "subject=CN = nf.example.com"
	tell nf certs "$CERTS/nf2"
	wait_for 5 eval "[[ \$(grep -c 'certificates loaded' $WORK/nf) == 2 ]]"
	# shellcheck disable=SC2046
	client $(own_certificate)
	file_has "$WORK/client" "subject=CN = nf2.example.com"
	quit nf
}

# One that connects and says no TLS.
not_tls() {
	node nf "$NF" -i 2 -t required -c "$CERTS/nf"
	echo "GET / HTTP/1.0" | in_ns "$NI" timeout 5 socat - TCP4:10.9.1.2:$PORT >/dev/null || :
	says nf "TLS handshake failed"
	want "$(counted nf tls_failed)" 1
	quit nf
}

both_families() {
	pair ni nf
	tell ni send fd09:1::1 fd09:2::2 secure six
	says nf "^message peer=fd09:1::1 .*tls=1 name=ni.example.com.*text=six"
	tell nf back fd09:1::1 fd09:2::2 secure answer
	says ni "^message .*tls=1.*up=1.*text=answer"
	quit ni && quit nf
}

ktap_start
{ ip netns add "nf$$-probe" && ip netns del "nf$$-probe"; } 2>/dev/null ||
	ktap_skip_all "no network namespaces here"
command -v openssl >/dev/null || ktap_skip_all "no openssl"
. "$(dirname "$0")/certs.sh"
line_up
authority good
authority other
certificate ni good "/CN=ni.example.com" "DNS:ni.example.com"
certificate nf good "/CN=nf.example.com" "DNS:nf.example.com"
certificate nf2 good "/CN=nf2.example.com" "DNS:nf2.example.com"
certificate last good "/CN=x" "DNS:a.example.org,DNS:b.example.org,DNS:ni.example.com"
certificate cn good "/CN=example.org/CN=NI.Example.COM"
certificate both good "/CN=ni.example.com" "DNS:else.example.com"
certificate star good "/CN=x" "DNS:*.example.com"
certificate nameless good "/O=nobody" "IP:10.9.1.1"
certificate wrong other "/CN=ni.example.com" "DNS:ni.example.com"
cp "$CERTS/good.pem" "$CERTS/wrong/ca.pem"
certificate expired good "/CN=ni.example.com" "DNS:ni.example.com" 0
certificate careful good "/CN=nf.example.com" "DNS:nf.example.com"
revoke ni good careful
mkdir -p "$CERTS/mixed"
cp "$CERTS/nf/cert.pem" "$CERTS/nf/ca.pem" "$CERTS/mixed"
cp "$CERTS/ni/key.pem" "$CERTS/mixed"

point "GIST-5.7.3-01,GIST-5.7.3-08,GIST-5.7.3-13 Data over TLS" accepts ni.example.com ni
point "GIST-5.7.3-01 the same over IPv6, and back" both_families
point "GIST-5.7.3.1-02 each dNSName counts" accepts ni.example.com last ni.example.com
point "GIST-5.7.3.1-03,GIST-5.7.3.1-04 the last Common Name if there is no dNSName" \
	accepts ni.example.com cn ni.example.com
point "GIST-5.7.3.1-03 no Common Name if there is a dNSName" refuses_peer both ni.example.com
point "GIST-5.7.3.1-05 a star in the certificate" accepts ni.example.com star ni.example.com
point "GIST-5.7.3.1-05 a star in the list" accepts ni.example.com ni '*.example.com'
point "GIST-5.7.3.1-06 a star is not the parent" refuses_peer star example.com
point "GIST-5.7.3.1-01,GIST-4.4.1-12,GIST-4.4.1-13,GIST-4.4.2-06,GIST-4.4.2-07 a peer not in the list" \
	refuses_peer ni else.example.com
point "GIST-4.4.2-02 the first entry decides" refuses_peer ni '!ni.example.com' '*.example.com'
point "GIST-4.4.2-03 an entry is for an address" refuses_peer ni ni.example.com@10.9.1.77
point "GIST-4.4.2-03 and lets in from there" accepts ni.example.com ni ni.example.com@10.9.1.1
point "a certificate without names" refuses_peer nameless '*'
point "GIST-5.7.3.1-01,GIST-4.4.1-12 the querying node looks as well" querier_refuses_peer
point "GIST-5.7.3.1-07 an authority not known" \
	refuses_certificate nf wrong nf "issuer\|verif\|signature"
point "GIST-5.7.3.1-08 an expired certificate" refuses_certificate nf expired nf "expired"
point "GIST-5.7.3.1-08 a revoked certificate" refuses_certificate nf ni careful "revoked"
point "GIST-5.7.3.1-07 a server of another authority" \
	refuses_certificate ni ni wrong "issuer\|verif\|signature"
point "GIST-5.7.3-02,GIST-5.7.3-03,GIST-5.7.3-04,GIST-5.7.3-05 TLS 1.2, 1.3, nothing older" \
	versions
point "GIST-5.7.3-07 no anonymous or unencrypted suites" suites
point "GIST-5.7.3-09,GIST-5.7.3-10,GIST-5.7.3-11 certificates are shown and asked for" \
	asks_for_certificate
point "nothing is resumed" no_tickets
point "TLS required: no TCP port" required_means_no_tcp
point "GIST-4.4.2-09 peers are looked at again when the list changes" reviewed
point "new certificates without a restart" renewed
point "something else than TLS" not_tls
ktap_end
