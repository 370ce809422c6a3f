#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug timeout=300
#
# RFC 5973, 3.7.6: one of the hosts does not signal, an edge acts for it.
#
#	NI ---- lan [ FW ] wan ---- R ---- wan [ NAT ] lan ---- NR
. "$(dirname "$0")/lib.sh"

topology() {
	node NI FW R NAT NR
	join NI eth0 203.0.113.2/28 FW lan 203.0.113.1/28
	join FW wan 192.0.2.1/30 R r1 192.0.2.2/30
	join R r2 192.0.2.5/30 NAT wan 192.0.2.6/30
	join NAT lan 10.1.0.1/24 NR eth0 10.1.0.2/24
	addresses R r1 192.0.2.130/30
	router FW R NAT
	via NI default 203.0.113.1
	via FW default 192.0.2.2
	via R 203.0.113.0/28 192.0.2.1
	via R 198.51.100.8/29 192.0.2.6
	via NAT default 192.0.2.5
	via NR default 10.1.0.1
	ctl NAT pool add public 198.51.100.8/29
	iface FW lan
	iface FW wan outside edge
	iface NAT lan
	iface NAT wan outside edge nat pool public
	# nobody is acted for unless the operator says so
	may_ask FW 203.0.113.0/28
	may_ask NAT 10.1.0.0/24
	local name
	for name in NI FW NAT NR; do
		set_in "$name" nslp lifetime-min 1
		set_in "$name" nslp proxy true
	done
}

may_ask() {
	more "$1" <<-CONF
		policy:
		  entry:
		  - {name: may-ask, from: [$2], kind: [proxy], any-sender: true, action: permit}
	CONF
}

# The receiver is a router that knows nothing of signalling: the edge answers for it.
create_proxy() {
	blocked NI udp 203.0.113.2 4000 192.0.2.2 5000
	open NI proxy create udp from 203.0.113.2 sport 4000 to 192.0.2.2 dport 5000
	want "$(session_json FW list | jq -r '.[0].role')" proxy-responder "role of FW"
	passes NI udp 203.0.113.2 4000 192.0.2.2 5000 "203.0.113.2 4000"
	blocked NI udp 203.0.113.2 4001 192.0.2.2 5000
	close NI
	shut NI udp 203.0.113.2 4000 192.0.2.2 5000
}

create_proxy_refreshed() {
	calm NI NR
	open NI proxy create udp from 203.0.113.2 sport 4000 to 192.0.2.2 dport 5000 lifetime 8 refresh 2
	steady NI udp 203.0.113.2 4000 192.0.2.2 5000
	goes_on 10
	none_lost
	close NI
	stops 6
}

# The sender, R, does not signal: the NAT sends the CREATE for it.
external_proxy() {
	local x xp
	calm NI NR
	open NR proxy external udp from 192.0.2.2 to 10.1.0.2 dport 5000
	x=$(answer .external.address) xp=$(answer .external.port)
	passes R udp 192.0.2.2 4000 "$x" "$xp" "192.0.2.2 4000"
	blocked R udp 192.0.2.5 4000 "$x" "$xp"
	close NR
	shut R udp 192.0.2.2 4000 "$x" "$xp"
	wait_for 5 sessions_are NAT 0
}

external_proxy_refreshed() {
	local x xp
	calm NI NR
	open NR proxy external udp from 192.0.2.2 to 10.1.0.2 dport 5000 lifetime 8 refresh 2
	x=$(answer .external.address) xp=$(answer .external.port)
	wait_for 5 passes_now "$x" "$xp"
	steady R udp 192.0.2.2 4000 "$x" "$xp"
	goes_on 10
	none_lost
	close NR
	stops 14
}

passes_now() { on R "$ENDPOINT" send udp 192.0.2.2 4000 "$1" "$2" first 0.5; }

not_configured() {
	local name
	for name in NI FW; do
		crash "$name"
		set_in "$name" nslp proxy false
	done
	daemons NI FW
	calm NI
	if try NI proxy create udp from 203.0.113.2 sport 4000 to 192.0.2.2 dport 5000 wait 45; then
		die "granted by nobody"
	fi
	wait_for 10 pinholes_are FW 0
	quit NI
}

topo_start
topology
daemons NI FW NAT NR
serve R udp 5000
serve NR udp 5000
point "NATFW-3.7.6-01,NATFW-3.7.6-02,NATFW-3.7.6-03,NATFW-3.7.6.2-01,NATFW-3.7.6.2-05 CREATE for a receiver that does not signal" create_proxy
point "NATFW-3.7.6.2-04 and its refreshes" create_proxy_refreshed
point "NATFW-3.7.6.1-01,NATFW-3.7.6.1-02,NATFW-3.7.6.1-03,NATFW-3.7.6.1-09,NATFW-3.7.6.1-15 EXTERNAL for a sender that does not signal" external_proxy
point "NATFW-3.7.6.1-06,NATFW-3.7.6.1-12,NATFW-3.7.6.1-13 and its refreshes" external_proxy_refreshed
point "NATFW-3.7.6-04 a firewall that is not to be a proxy is none" not_configured
ktap_end
