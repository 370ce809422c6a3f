#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick timeout=180
#
# Signalling over TLS between whole daemons, in their sandboxes.
#
#	NI ---- lan [ FW ] wan ---- NR
. "$(dirname "$0")/lib.sh"

topology() {
	local name
	node NI FW NR
	join NI eth0 203.0.113.2/28,2001:db8:a::2/64 FW lan 203.0.113.1/28,2001:db8:a::1/64
	join FW wan 192.0.2.1/30,2001:db8:1::1/64 NR eth0 192.0.2.2/30,2001:db8:1::2/64
	router FW
	via NI default 203.0.113.1
	via NI default 2001:db8:a::1
	via NR default 192.0.2.1
	via NR default 2001:db8:1::1
	iface FW lan
	iface FW wan outside edge
	for name in NI FW NR; do
		certificate "$name" good "/CN=${name,,}.example.com" "DNS:${name,,}.example.com"
		set_in "$name" gist tls required
		set_in "$name" gist certificate "$CERTS/$name/cert.pem"
		set_in "$name" gist key "$CERTS/$name/key.pem"
		set_in "$name" gist authority "$CERTS/$name/ca.pem"
		set_in "$name" gist peer-default permit
	done
}

reload() {
	config "$1" >"$RUN/$1/natfwd.yaml"
	kill -HUP "$(pid_of "$1")"
}

# peers NODE: names of its TLS peers.
peers() { session_json "$1" peers | jq -r '.[] | select(.tls) | .name' | sort -u | tr '\n' ' '; }

session_over_tls() {
	open NI create udp from "$1" sport 4000 to "$2" dport "$3"
	want "$(peers NI)" "fw.example.com "
	want "$(peers FW)" "ni.example.com nr.example.com "
	want "$(peers NR)" "fw.example.com "
	close NI
}

# A list that says no ends what there is.
refused_after_reload() {
	open NI create udp from 203.0.113.2 sport 4000 to 192.0.2.2 dport 5020
	set_in FW gist peer '[{name: ni.example.com, action: refuse}]'
	reload FW
	wait_for 5 eval '[[ "$(peers FW)" != *ni.example.com* ]]'
}

topo_start
command -v openssl >/dev/null || ktap_skip_all "no openssl"
. "$TESTS/gist/certs.sh"
authority good
topology
daemons NI FW NR
point "GIST-5.7.3-01 a session over TLS through the sandboxes (IPv4)" \
	session_over_tls 203.0.113.2 192.0.2.2 5001
point "GIST-5.7.3-01 a session over TLS through the sandboxes (IPv6)" \
	session_over_tls 2001:db8:a::2 2001:db8:1::2 5002
point "GIST-4.4.2-09 the peer list is looked at again at reload" refused_after_reload
ktap_end
