# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The gateway that traffic tests stand on:
#
#	host ---- lan [ gateway ] wan ---- net
#	host2 -- lan2 [         ]
#
# host has A and A2, host2 (only after `gateway two`) B; net has the servers S, S2, S3, and
# S8 and S9 that nobody answers for;
# X, X2 ... X6 are external addresses routed to the gateway, which has none of them. `use 4`
# and `use 6` choose the family all of these are of; V is then 4 or 6.
# shellcheck source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

PKT=$TESTS/net/pkt
NATFWCTL=${NATFWCTL:-$TOP/tools/natfwctl/natfwctl}
# link-layer addresses: what the gateway's neighbours send to, and they themselves
MAC_LAN=02:00:00:00:01:01 MAC_HOST=02:00:00:00:01:02
MAC_WAN=02:00:00:00:02:01 MAC_NET=02:00:00:00:02:02
MAC_LAN2=02:00:00:00:03:01 MAC_HOST2=02:00:00:00:03:02
HOST='' GW='' NET='' HOST2=''

# --- topology --------------------------------------------------------------------------

# test_start: ends the test at once where there is no natfw.
test_start() {
	ktap_start
	if ! modprobe natfw 2>"$WORK/modprobe"; then
		sed 's/^/# /' "$WORK/modprobe"
		echo "# try tools/vm/run -- tests/net/$ME.sh"
		ktap_fail "natfw loads"
		ktap_end
	fi
	[[ -x $PKT && -x $NATFWCTL ]] || {
		echo "# run make -C tools and make -C tests first"
		ktap_fail "programs are built"
		ktap_end
	}
}

# gateway [two]
gateway() {
	ns HOST GW NET
	veth "$HOST" eth0 "$MAC_HOST" "$GW" lan "$MAC_LAN"
	veth "$NET" eth0 "$MAC_NET" "$GW" wan "$MAC_WAN"
	gateway_addresses
	[[ ${1:-} != two ]] || gateway_two
	use 4
}

gateway_addresses() {
	ip -n "$HOST" -batch - <<-E
		addr add 10.1.0.2/16 dev eth0
		addr add 10.1.0.3/16 dev eth0
		addr add fd00:1::2/64 dev eth0 nodad
		addr add fd00:1::3/64 dev eth0 nodad preferred_lft 0
		route add default via 10.1.0.1
		route add default via fd00:1::1
	E
	ip -n "$GW" -batch - <<-E
		addr add 10.1.0.1/16 dev lan
		addr add fd00:1::1/64 dev lan nodad
		addr add 192.0.2.1/24 dev wan
		addr add 2001:db8:2::1/64 dev wan nodad
		route add 203.0.113.0/24 via 192.0.2.2
		route add 2001:db8:3::/64 via 2001:db8:2::2
	E
	default_route
	ip -n "$NET" -batch - <<-E
		addr add 192.0.2.2/24 dev eth0
		addr add 2001:db8:2::2/64 dev eth0 nodad
		addr add 203.0.113.1/32 dev lo
		addr add 203.0.113.2/32 dev lo
		addr add 203.0.113.3/32 dev lo
		addr add 2001:db8:3::1/128 dev lo nodad
		addr add 2001:db8:3::2/128 dev lo nodad
		addr add 2001:db8:3::3/128 dev lo nodad
		route add 198.51.100.0/24 via 192.0.2.1
		route add 2001:db8:4::/64 via 2001:db8:2::1
		route add 10.0.0.0/8 via 192.0.2.1
		route add fd00::/16 via 2001:db8:2::1
	E
	in_ns "$GW" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
		echo 0 >/proc/sys/net/ipv4/conf/lan/send_redirects'
	quiet "$HOST"
	quiet "$NET"
	neighbours
}

default_route() {
	ip -n "$GW" route replace default via 192.0.2.2
	ip -n "$GW" route replace default via 2001:db8:2::2
}

# Kernels at both ends answer what they did not ask for; they must not, while packets are
# made by hand. What is made by hand does not go through their hooks.
quiet() {
	in_ns "$1" nft -f - <<-E
		table inet quiet {
			chain out {
				type filter hook output priority 0
				tcp flags rst drop
				icmp type destination-unreachable drop
				icmpv6 type { destination-unreachable, parameter-problem } drop
			}
		}
	E
}

loud() { in_ns "$1" nft delete table inet quiet; }

# Known beforehand, so that no packet waits for one.
neighbours() {
	ip -n "$GW" -batch - <<-E
		neigh replace 10.1.0.2 lladdr $MAC_HOST dev lan
		neigh replace 10.1.0.3 lladdr $MAC_HOST dev lan
		neigh replace fd00:1::2 lladdr $MAC_HOST dev lan
		neigh replace fd00:1::3 lladdr $MAC_HOST dev lan
		neigh replace 192.0.2.2 lladdr $MAC_NET dev wan
		neigh replace 2001:db8:2::2 lladdr $MAC_NET dev wan
	E
	ip -n "$HOST" -batch - <<-E
		neigh replace 10.1.0.1 lladdr $MAC_LAN dev eth0
		neigh replace fd00:1::1 lladdr $MAC_LAN dev eth0
	E
	ip -n "$NET" -batch - <<-E
		neigh replace 192.0.2.1 lladdr $MAC_WAN dev eth0
		neigh replace 2001:db8:2::1 lladdr $MAC_WAN dev eth0
	E
}

no_neighbours() {
	in_ns "$1" ip neigh flush nud permanent
	in_ns "$1" ip neigh flush all
}

gateway_two() {
	ns HOST2
	veth "$HOST2" eth0 "$MAC_HOST2" "$GW" lan2 "$MAC_LAN2"
	ip -n "$HOST2" -batch - <<-E
		addr add 10.2.0.2/16 dev eth0
		addr add fd00:2::2/64 dev eth0 nodad
		route add default via 10.2.0.1
		route add default via fd00:2::1
		neigh replace 10.2.0.1 lladdr $MAC_LAN2 dev eth0
		neigh replace fd00:2::1 lladdr $MAC_LAN2 dev eth0
	E
	ip -n "$GW" -batch - <<-E
		addr add 10.2.0.1/16 dev lan2
		addr add fd00:2::1/64 dev lan2 nodad
		neigh replace 10.2.0.2 lladdr $MAC_HOST2 dev lan2
		neigh replace fd00:2::2 lladdr $MAC_HOST2 dev lan2
	E
	quiet "$HOST2"
}

use() {
	V=$1
	if [[ $1 == 4 ]]; then
		A=10.1.0.2 A2=10.1.0.3 A9=10.1.0.9 AGW=10.1.0.1 ANET=10.1.0.0/16
		B=10.2.0.2 BGW=10.2.0.1 G=192.0.2.1 R=192.0.2.2
		S=203.0.113.1 S2=203.0.113.2 S3=203.0.113.3 SNET=203.0.113.0/24 S8=203.0.113.8 S9=203.0.113.9
		X=198.51.100.1 X2=198.51.100.2 X3=198.51.100.3 X4=198.51.100.4
		X5=198.51.100.5 X6=198.51.100.6 XNET=198.51.100.0/24 XLAST=198.51.100.255
		HOSTLEN=32 ANY=0.0.0.0/0 ICMP=icmp ECHO=8 REPLY=0 UNREACH=3 PORTUN=3 TIMEX=11
	else
		A=fd00:1::2 A2=fd00:1::3 A9=fd00:1::9 AGW=fd00:1::1 ANET=fd00:1::/64
		B=fd00:2::2 BGW=fd00:2::1 G=2001:db8:2::1 R=2001:db8:2::2
		S=2001:db8:3::1 S2=2001:db8:3::2 S3=2001:db8:3::3 SNET=2001:db8:3::/64 S8=2001:db8:3::8 S9=2001:db8:3::9
		X=2001:db8:4::1 X2=2001:db8:4::2 X3=2001:db8:4::3 X4=2001:db8:4::4
		X5=2001:db8:4::5 X6=2001:db8:4::6 XNET=2001:db8:4::/64 XLAST=2001:db8:4::ff
		HOSTLEN=128 ANY=::/0 ICMP=icmpv6 ECHO=128 REPLY=129 UNREACH=1 PORTUN=4 TIMEX=3
	fi
}

# An address and port as programs write them.
at() {
	if [[ $1 == *:* ]]; then
		echo "[$1]:$2"
	else
		echo "$1:$2"
	fi
}

bracket() {
	if [[ $1 == *:* ]]; then echo "[$1]"; else echo "$1"; fi
}

on_host() { in_ns "$HOST" "$@"; }
on_host2() { in_ns "$HOST2" "$@"; }
on_gw() { in_ns "$GW" "$@"; }
on_net() { in_ns "$NET" "$@"; }

# both NAME FUNCTION...: a point for each family. With NATFW_LEAN set, where time is short,
# for one of them, taking turns.
both() {
	local family name=$1
	shift
	for family in $(families); do
		use "$family"
		point "$name (IPv$family)" "$@"
	done
	LEAN_FAMILY=$((10 - LEAN_FAMILY))
	use 4
}
LEAN_FAMILY=4

families() {
	if [[ -n ${NATFW_LEAN:-} ]]; then
		echo "$LEAN_FAMILY"
	else
		echo 4 6
	fi
}

# every NAME FUNCTION...: a point for each family and emit mode; M is the mode. With
# NATFW_LEAN set, for each mode with one of the families.
every() {
	local name=$1
	shift
	for M in stack direct; do
		both "$name ($M)" "$@"
	done
	M=stack
}
M=stack

# --- natfw -----------------------------------------------------------------------------

ctl() { "$NATFWCTL" -N "$GW" "$@"; }
ctl_json() { "$NATFWCTL" -N "$GW" -j "$@"; }

# wipe: no rule, flow, pool or device.
wipe() {
	ctl rule flush all >/dev/null
	ctl flow flush all >/dev/null
	ctl apply /dev/null >/dev/null
}

# fresh [default drop|pass]...: nothing but the devices, attached with these words, and
# default timeouts.
fresh() {
	local dev
	ctl rule flush all >/dev/null
	ctl flow flush all >/dev/null
	{
		echo "net set emit stack $TIMEOUTS"
		for dev in lan wan ${HOST2:+lan2}; do
			echo "dev attach $dev emit $M" "$@"
		done
	} | ctl apply - >/dev/null
	ZERO=$(ctl_json stats)
}

TIMEOUTS='timeout udp 300 timeout tcp-opening 240 timeout tcp-established 7440'
TIMEOUTS+=' timeout tcp-closing 240 timeout tcp-reset 240 timeout icmp 60 timeout sctp 7440'
TIMEOUTS+=' timeout dccp 7440 timeout other 300'

rule_count() { ctl_json "$@" rule show | jq length; }
dev_count() { ctl_json "$@" dev show | jq length; }
is_attached() { ctl_json dev show | jq -e "any(.[]; .ifname == \"$1\")" >/dev/null; }

not_attached() {
	if is_attached "$1"; then
		die "$1 is attached"
	fi
}

# rule WORDS...: adds a rule, its id in RULE.
rule() {
	local json
	json=$(ctl_json rule add "$@") || return 1
	RULE=$(jq -r .id <<<"$json")
	[[ $RULE =~ ^[0-9]+$ ]] || die "rule add printed no id: $json"
}

# rule_field ID FIELD
rule_field() {
	ctl_json -s rule show id "$1" | jq -r ".[0].\"$2\" // empty"
}

# reason NAME: packets that ended so since `fresh`.
reason() {
	local now before
	now=$(ctl_json stats | jq "$(reason_query "$1")")
	before=$(jq "$(reason_query "$1")" <<<"$ZERO")
	echo $((now - before))
}

reason_query() {
	echo "[.. | objects | select(.name? == \"$1\" and has(\"packets\")) | .packets] | first // 0"
}

# reason_is NAME COUNT
reason_is() {
	want "$(reason "$1")" "$2" "packets that ended as $1"
}

# The same where devices may say something of their own meanwhile.
reason_some() {
	local n
	n=$(reason "$1")
	((n > 0)) || die "no packet ended as $1"
}

# backlog_losses: packets this machine dropped so far because a processor's input queue was
# full, as the one between the ends of a veth pair is when nobody gets to empty it.
backlog_losses() {
	local sum=0 lost
	while read -r _ lost _; do
		sum=$((sum + 16#$lost))
	done </proc/net/softnet_stat
	echo "$sum"
}

flows() { ctl_json flow show; }
flow_count() { ctl_json net show | jq .flows; }

# --- packets ---------------------------------------------------------------------------

# pkt < STATEMENTS: net/pkt with the ports host, net and, if there is one, host2 open.
pkt() {
	{
		echo "open host $HOST eth0 $MAC_LAN"
		echo "open net $NET eth0 $MAC_WAN"
		[[ -z $HOST2 ]] || echo "open host2 $HOST2 eth0 $MAC_LAN2"
		cat
	} | "$PKT" --slowness "$SLOW"
}

# A packet from host to net and one back, untranslated: pass_udp SPORT DPORT
udp_passes() {
	pkt <<-E
		send host ip src=$A dst=$S udp sport=$1 dport=$2 data=there
		expect net udp src=$A dst=$S sport=$1 dport=$2 data=there sum=ok
	E
}

udp_vanishes() {
	pkt <<-E
		send host ip src=$A dst=$S udp sport=$1 dport=$2 data=there
		none net udp sport=$1 dport=$2
	E
}

# --- servers ---------------------------------------------------------------------------

# web NETNS PORT: a web server that answers with the client's address, both families.
web() {
	mkdir -p "$WORK/web/cgi-bin"
	cat >"$WORK/web/cgi-bin/whoami" <<-'E'
		#!/bin/sh
		printf 'Content-Type: text/plain\r\n\r\n%s %s\n' "$REMOTE_ADDR" "$REMOTE_PORT"
	E
	chmod 755 "$WORK" "$WORK/web" "$WORK/web/cgi-bin" "$WORK/web/cgi-bin/whoami"
	bg in_ns "$1" busybox httpd -f -p "[::]:$2" -h "$WORK/web"
	wait_listen "$1" tcp "$2"
}

# whoami NETNS ADDRESS PORT [CURL-OPTION...]: what the web server sees as the client.
whoami_at() {
	in_ns "$1" curl -sS -g --connect-timeout 5 -m 10 "${@:4}" \
		"http://$(at "$2" "$3")/cgi-bin/whoami" | sed 's/::ffff://; s/[][]//g'
}
