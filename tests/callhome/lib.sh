# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A device with a whole natfwd in one network namespace, $DEV, its manager in another, $MGR, and certificates
# for both: the device's comes from a root by way of an intermediate authority. Sourced first.

CALLHOME=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
NATFWD=${NATFWD:-$CALLHOME/natfwd-san}
# shellcheck source=../daemon/lib.sh
. "$CALLHOME/../daemon/lib.sh"

DEV4=192.0.2.1 MGR4=192.0.2.2 DEV6=2001:db8::1 MGR6=2001:db8::2

# --- certificates ----------------------------------------------------------------------

quietly() {
	"$@" 2>"$WORK/openssl.err" || die "$(cat "$WORK/openssl.err")"
}

# authority NAME [ISSUER]
authority() {
	local sign=(-x509)
	[[ -z ${2:-} ]] || sign=(-x509 -CA "$CERTS/$2.pem" -CAkey "$CERTS/$2.key")
	quietly openssl req "${sign[@]}" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj "/CN=$1 authority" -addext 'basicConstraints=critical,CA:TRUE' \
		-keyout "$CERTS/$1.key" -out "$CERTS/$1.pem"
}

# certificate NAME AUTHORITY SUBJECT [SAN [DAYS [USAGE]]]
certificate() {
	local extensions="basicConstraints=critical,CA:FALSE"
	[[ -z ${4:-} ]] || extensions+=$'\n'"subjectAltName=$4"
	[[ -z ${6:-} ]] || extensions+=$'\n'"extendedKeyUsage=$6"
	[[ -z ${EXTENSION:-} ]] || extensions+=$'\n'$EXTENSION
	quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$3" \
		-keyout "$CERTS/$1.key" -out "$CERTS/$1.req"
	quietly openssl x509 -req -in "$CERTS/$1.req" -CA "$CERTS/$2.pem" -CAkey "$CERTS/$2.key" \
		-set_serial "$((++SERIAL))" -days "${5:-30}" -extfile <(echo "$extensions") \
		-out "$CERTS/$1.pem"
}
SERIAL=100

# revocation AUTHORITY NAME...: $CERTS/AUTHORITY.crl with these certificates on it.
revocation() {
	local db=$WORK/ca-$1 ca=$1 name
	mkdir -p "$db"
	: >"$db/index"
	echo 01 >"$db/crlnumber"
	printf '[ca]\ndefault_ca=this\n[this]\ndatabase=%s/index\ncrlnumber=%s/crlnumber\n%s\n%s\n' \
		"$db" "$db" 'default_md=sha256' 'default_crl_days=30' >"$db/conf"
	shift
	for name; do
		quietly openssl ca -config "$db/conf" -keyfile "$CERTS/$ca.key" \
			-cert "$CERTS/$ca.pem" -revoke "$CERTS/$name.pem"
	done
	quietly openssl ca -config "$db/conf" -keyfile "$CERTS/$ca.key" -cert "$CERTS/$ca.pem" \
		-gencrl -out "$CERTS/$ca.crl"
}

# fingerprint NAME: as cert-to-name has it.
fingerprint() {
	local digest
	digest=$(openssl x509 -in "$CERTS/$1.pem" -noout -fingerprint -sha256)
	echo "04:${digest#*=}"
}

make_certificates() {
	CERTS=$WORK/certs
	mkdir -p "$CERTS"
	authority root
	authority middle root
	authority managers
	authority strangers
	certificate device middle "/CN=gateway-17/serialNumber=17"
	cat "$CERTS/middle.pem" >>"$CERTS/device.pem"
	certificate nms managers "/CN=nms1"
}

# --- SSH -------------------------------------------------------------------------------

test_cleanup() {
	[[ -z ${DEV:-} ]] || rm -rf "/etc/netns/$DEV"
}

# An account for managers that only the device has, keys of both sides, and the relay where the account gets at it.
# $SSH are the lines of management, with user ops.
make_ssh() {
	local etc=/etc/netns/$DEV file
	mkdir -p "$etc"
	for file in passwd group shadow; do
		grep -v '^natfwd-ssh:' "/etc/$file" >"$etc/$file"
	done
	chmod 640 "$etc/shadow"
	echo "natfwd-ssh:x:64999:64999::/nonexistent:$WORK/natfwd-netconf" >>"$etc/passwd"
	echo "natfwd-ssh:x:64999:" >>"$etc/group"
	echo "natfwd-ssh:*:20000::::::" >>"$etc/shadow"
	install -m 755 "$TOP/userd/natfwd-netconf" "$WORK/natfwd-netconf"
	ssh_key host
	ssh_key ops
	echo "gateway $(cut -d' ' -f1,2 "$CERTS/host.pub")" >"$CERTS/known_hosts"
	SSH="  ssh:
    directory: $WORK/ssh
    relay: $WORK/natfwd-netconf
    host-key: [{name: host, file: $CERTS/host}]
    user:
      - {name: ops, authorized-key: [{name: it, public-key: $(cat "$CERTS/ops.pub")}]}"
}

# ssh_key NAME [TYPE]
ssh_key() {
	rm -f "$CERTS/$1" "$CERTS/$1.pub"
	ssh-keygen -q -t "${2:-ed25519}" -N '' -C "key $1" -f "$CERTS/$1"
}

# ssh_client NAME ENDPOINT-MEMBERS...
ssh_client() {
	client "$@" | sed 's/transport: tls, identity: ours/transport: ssh/'
}

# --- the network -----------------------------------------------------------------------

make_network() {
	ns DEV MGR
	veth "$DEV" wan 02:00:00:00:00:01 "$MGR" lan 02:00:00:00:00:02
	ip -n "$DEV" addr add $DEV4/24 dev wan
	ip -n "$MGR" addr add $MGR4/24 dev lan
	ip -n "$DEV" addr add $DEV6/64 dev wan nodad
	ip -n "$MGR" addr add $MGR6/64 dev lan nodad
	cat >"$WORK/in_dev" <<-SH
		#!/bin/sh
		exec ip netns exec "$DEV" \$LIMITS "$NATFWD" "\$@"
	SH
	chmod +x "$WORK/in_dev"
	NATFWD=$WORK/in_dev
}

# --- the device ------------------------------------------------------------------------

# device_conf CLIENT-LINES...: writes $CONF with management as it is mostly wanted; $RULES and $IDENTITY add to it.
device_conf() {
	daemon_conf "  metrics: {port: 9270}" "nslp: {forward: false}" "interface: [{name: lo}]" \
		"management:" \
		"${SSH:-}" \
		"  identity:" \
		"    - {name: ours, certificate: $CERTS/device.pem, key: $CERTS/device.key," \
		"       authority: $CERTS/managers.pem${CRL:+, crl: $CRL}${OCSP:+, ocsp: $OCSP}}" \
		"${OTHER:-}" \
		"  cert-to-name:" \
		"${RULES:-    - {id: 1, map-type: common-name\}}" \
		"  call-home:" \
		"    client:" \
		"$@"
}

# client NAME ENDPOINT-MEMBERS... : lines of one with one endpoint, and quick retries.
client() {
	local name=$1
	shift
	printf '      - name: %s\n        endpoint:\n' "$name"
	endpoint main "$@"
	printf '        reconnect: {backoff-max: 1, minimum-uptime: 0}\n'
}

# endpoint NAME MEMBERS: the rest of a flow mapping
endpoint() {
	printf '          - {name: %s, transport: tls, identity: ours, %s}\n' "$1" "${*:2}"
}

# calls: the state of the managers as JSON lines
calls() {
	ctl '{"id":1,"get":"call-home"}'
}

# of NAME FIELD: a leaf of manager NAME
of() {
	calls | jq -r --arg n "$1" --arg f "$2" \
		'select(.data) | .data."natfw:natfw".state."call-home".client[] | select(.name == $n) | .[$f]'
}

is() {
	[[ $(of "$1" "$2") == "$3" ]]
}

# comes NAME FIELD VALUE: soon
comes() {
	wait_for 15 is "$@" || die "$2 of $1 is '$(of "$1" "$2")', not '$3': $(calls)"
}

# peer SCENARIO...: a manager in its namespace
peer() {
	in_ns "$MGR" python3 "$CALLHOME/peer.py" --certs "$CERTS" "$@"
}

# once_ready COMMAND OPTION...: in the background, once it listens, which it says by a file. It may be over by the time one
# looks at its port. What it prints is in $BG_OUT.
once_ready() {
	local ready=$WORK/ready
	rm -f "$ready"
	bg "$1" --ready "$ready" "${@:2}"
	wait_for 15 test -e "$ready"
}

# manager SCENARIO...: a peer like that
manager() {
	once_ready peer "$@"
}

# serve_manager PORT LISTEN [ISSUER [LINE...]]: natfw-manager, for devices that the maker has certified. LISTEN and ISSUER
# are of its settings, the latter with a comma before it; it listens at PORT, among others.
serve_manager() {
	mkdir -p "$WORK/manager"
	chmod 600 "$CERTS/nms.key"
	cat >"$WORK/manager.yaml" <<-E
		user: root
		state: $WORK/manager
		control: {path: $WORK/manager.sock}
		listen: [$2]
		issuer: [{name: maker, certificates: $CERTS/root.pem, identifier: serial-number${3:-}}]
		credential: [{name: ops, user: nms1, certificate: $CERTS/nms.pem, key: $CERTS/nms.key}]
	E
	printf '%s\n' "${@:4}" >>"$WORK/manager.yaml"
	bg in_ns "$MGR" "$NATFW_MANAGER" serve -c "$WORK/manager.yaml"
	wait_for 10 listens "$1" || die "$(cat "$BG_OUT")"
}
NATFW_MANAGER=$TOP/userd/manager/natfw-manager

manages() { NATFW_MANAGER_SOCKET=$WORK/manager.sock "$NATFW_MANAGER" "$@"; }

listens() {
	[[ -n $(in_ns "$MGR" ss -Hltn "sport = :$1") ]]
}

# seen PATTERN: the manager in the background has printed that.
seen() {
	wait_for 15 file_has "$BG_OUT" "$1" || die "manager: $(cat "$BG_OUT" "$CERTS"/*.log 2>/dev/null)"
}

# A session nobody answers, so it is there until its lifetime or the daemon ends. Its tag is in $WORK/tag.
unanswered_session() {
	in_ns "$DEV" python3 - "$HERE" "$SOCKET" "$WORK/tag" <<-'PY' &
		import os
		import sys
		sys.path.insert(0, sys.argv[1])
		from client import Client
		c = Client(sys.argv[2])
		c.rpc("session-open", kind="create", lifetime=3600, flow={
		    "source": "192.0.2.1", "destination": "192.0.2.2", "protocol": "udp",
		    "source-port": 4000, "destination-port": 5004})
		open(sys.argv[3] + ".new", "w").write(c.get("sessions")[0][0]["session"])
		os.rename(sys.argv[3] + ".new", sys.argv[3])
		# until the daemon ends
		c.sock.settimeout(300)
		while c.line():
		    pass
	PY
	wait_for 10 test -s "$WORK/tag"
}

# gives_up PORT: a manager of which nothing comes any more, whose port that is.
gives_up() {
	local start
	in_ns "$MGR" nft "add table ip t; add chain ip t in {type filter hook input priority 0;};
		add rule ip t in tcp dport $1 drop"
	start=$SECONDS
	logs 'was=up reason=lost '
	((SECONDS - start <= 8 * SLOW * PATIENCE)) || die "took $((SECONDS - start)) s"
	in_ns "$MGR" nft delete table ip t
}

# pids NAMESPACE PATTERN: processes there whose command line has that.
pids() {
	local pid line
	for pid in $(ip netns pids "$1"); do
		line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
		[[ ! $line =~ $2 ]] || echo "$pid"
	done
}

# rejects MESSAGE LINES...: the configuration is refused for that reason.
rejects() {
	local why=$1
	shift
	device_conf "$@"
	fails "$NATFWD" -t -c "$CONF"
	file_has "$WORK/stderr" "$why" || die "$(cat "$WORK/stderr")"
}
