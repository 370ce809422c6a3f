# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Certificates for tests, made by openssl: an authority "good", one "other".

CERTS=$WORK/certs

quietly() {
	"$@" 2>"$WORK/openssl.err" || die "$(cat "$WORK/openssl.err")"
}

authority() {
	mkdir -p "$CERTS"
	quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj "/CN=test authority $1" -keyout "$CERTS/$1.key" -out "$CERTS/$1.pem"
}

# certificate DIRECTORY AUTHORITY SUBJECT [SAN [DAYS]]: key, certificate and authority in there.
certificate() {
	local dir=$CERTS/$1 extensions
	mkdir -p "$dir"
	extensions="basicConstraints=critical,CA:FALSE"
	[[ -z ${4:-} ]] || extensions+=$'\n'"subjectAltName=$4"
	quietly openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$3" \
		-keyout "$dir/key.pem" -out "$dir/request.pem"
	quietly openssl x509 -req -in "$dir/request.pem" -CA "$CERTS/$2.pem" \
		-CAkey "$CERTS/$2.key" -set_serial "$((++SERIAL))" -days "${5:-30}" \
		-extfile <(echo "$extensions") -out "$dir/cert.pem"
	cp "$CERTS/$2.pem" "$dir/ca.pem"
}
SERIAL=100

# revoke DIRECTORY AUTHORITY OTHER: by the authority's list, which the node with OTHER has.
revoke() {
	local db=$WORK/ca-db
	mkdir -p "$db"
	: >"$db/index"
	echo 01 >"$db/crlnumber"
	cat >"$db/conf" <<-E
		[ca]
		default_ca = this
		[this]
		database = $db/index
		crlnumber = $db/crlnumber
		default_md = sha256
		default_crl_days = 30
	E
	quietly openssl ca -config "$db/conf" -keyfile "$CERTS/$2.key" -cert "$CERTS/$2.pem" \
		-revoke "$CERTS/$1/cert.pem"
	quietly openssl ca -config "$db/conf" -keyfile "$CERTS/$2.key" -cert "$CERTS/$2.pem" \
		-gencrl -out "$db/list"
	cat "$CERTS/$2.pem" "$db/list" >"$CERTS/$3/ca.pem"
}
