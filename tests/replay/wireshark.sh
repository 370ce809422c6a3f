#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The dissectors of tools/wireshark on what another implementation sent, on what our own
# codec writes, and on damaged messages.
#
# natfw-test: host quick timeout=180

# shellcheck source=../lib.sh
. "$(dirname "$0")/../lib.sh"

HERE=$TESTS/replay
LUA=$TOP/tools/wireshark/natfw.lua

# show PCAP ARG...: tshark with the dissectors; a fault in them fails the point.
show() {
	local pcap=$1 out=$WORK/tshark.out
	shift
	timeout 60 tshark -n -X lua_script:"$LUA" -o natfw.old_numbers:TRUE -r "$pcap" "$@" \
		>"$out" 2>"$out.err"
	if grep -E 'Lua|rror' "$out.err" || grep -F 'Lua Error' "$out"; then
		return 1
	fi
	cat "$out"
}

FIELDS=(
	gist.{type,mri.method,mri.src6,nli.address6,stack.profile,stack.port,object.type}
	gist.{natt.opaque,hello,error.name}
	natfw.{type,object.type,dtinfo.receiver_port,dtinfo.spi,external.address,info.name}
	natfw.{binding.address,icmp.type,auth.key_id,lifetime}
)

# load PCAP: all FIELDS of all packets, "FIELD VALUE" a line, to PCAP.fields.
load() {
	local args=() field
	for field in "${FIELDS[@]}"; do
		args+=(-e "$field")
	done
	show "$1" -T fields "${args[@]}" | awk -F '\t' -v names="${FIELDS[*]}" '
		BEGIN { split(names, name, " ") }
		{
			for (i = 1; i <= NF; i++) {
				n = split($i, value, ",")
				for (k = 1; k <= n; k++) print name[i], value[k]
			}
		}' >"$1.fields"
}

has() {
	grep -qxF -- "$2 $3" "$1.fields" || {
		echo "$2 has no $3 but:"
		grep -F "$2 " "$1.fields" | sort | uniq -c
		return 1
	}
}

count() {
	grep -cF -- "$2 " "$1.fields"
}

# whole PCAP: nothing malformed, nothing without a name.
whole() {
	show "$1" -V >"$1.txt"
	if grep -E 'Malformed|Unknown object|unknown message' "$1.txt"; then
		return 1
	fi
}

# Captures of both ends; those of the node between have the same messages.
vectors_known() {
	"$HERE/pcap" "$WORK/v.pcap" "$HERE"/vectors/*-[ab].txt
	load "$WORK/v.pcap"
	[[ $(count "$WORK/v.pcap" gist.type) == $(cat "$HERE"/vectors/*-[ab].txt | wc -l) ]]
	whole "$WORK/v.pcap"
}

vectors_say() {
	has "$WORK/v.pcap" gist.mri.method 1
	has "$WORK/v.pcap" natfw.type 2
	has "$WORK/v.pcap" natfw.type 3
	has "$WORK/v.pcap" natfw.dtinfo.receiver_port 6000
	has "$WORK/v.pcap" natfw.external.address 10.77.1.1
	has "$WORK/v.pcap" natfw.info.name 'all processed'
	has "$WORK/v.pcap" gist.mri.src6 fd77:1::2
	has "$WORK/v.pcap" gist.nli.address6 fd77:1::2
	has "$WORK/v.pcap" gist.stack.profile TLS/Forwards-TCP
	has "$WORK/v.pcap" gist.stack.port 30000
}

built_known() {
	local type
	whole "$WORK/b.pcap"
	load "$WORK/b.pcap"
	for type in 0 1 2 3 4 5; do
		has "$WORK/b.pcap" gist.type "$type"
	done
	for type in 1 2 3 4; do
		has "$WORK/b.pcap" natfw.type "$type"
	done
	for type in 0x000c 0x000d 0x000e 0x000f 0x0010 0x0011 0x0012 0x0013 0x0014 0x0016; do
		has "$WORK/b.pcap" natfw.object.type "$type"
	done
	for type in {0..10}; do
		has "$WORK/b.pcap" gist.object.type "$type"
	done
}

built_say() {
	has "$WORK/b.pcap" gist.natt.opaque 6b657074
	has "$WORK/b.pcap" gist.hello 0x12345678
	has "$WORK/b.pcap" gist.error.name 'Missing Object'
	has "$WORK/b.pcap" natfw.binding.address 10.0.1.2
	has "$WORK/b.pcap" natfw.icmp.type 11
	has "$WORK/b.pcap" natfw.dtinfo.spi 0x00001234
	has "$WORK/b.pcap" natfw.auth.key_id 77
	has "$WORK/b.pcap" natfw.info.name 'unknown rule action'
	has "$WORK/b.pcap" natfw.lifetime 1575
}

# Seven messages in segments of fifty octets.
built_reassembled() {
	[[ $(grep -cxF 'gist.type 3' "$WORK/b.pcap.fields") == 6 ]]
	[[ $(count "$WORK/b.pcap" natfw.type) == 6 ]]
}

# Cut short and with octets changed, no message stops the dissectors.
damaged() {
	local n
	cat "$HERE"/vectors/*-a.txt "$WORK/built.txt" |
		awk -v seed=5971 '
		BEGIN { srand(seed); hex = "0123456789abcdef" }
		{
			split($0, part, "payload=")
			for (i = 0; i < 12; i++) {
				p = part[2]
				n = int(length(p) / 2)
				at = 8 + int(rand() * (n - 8)) * 2 + 1
				if (at < 9) at = 9
				p = substr(p, 1, at - 1) substr(hex, int(rand() * 16) + 1, 1) substr(p, at + 1)
				if (rand() < 0.4) p = substr(p, 1, 24 + int(rand() * (n - 12)) * 2)
				print part[1] "payload=" p
			}
		}' >"$WORK/damaged.txt"
	n=$(wc -l <"$WORK/damaged.txt")
	((n > 500)) || die "only $n"
	"$HERE/pcap" "$WORK/d.pcap" "$WORK/damaged.txt"
	show "$WORK/d.pcap" -V >"$WORK/d.txt"
	grep -q 'Malformed' "$WORK/d.txt"
}

# What the engines send in the scenarios of tests/sim: every message is known, of every type.
simulated_known() {
	local program type
	make -s --no-print-directory -C "$TESTS/sim" all
	for program in gist_handshake nslp_{create,external,nat,notify,proxy,auth}; do
		(cd "$TESTS/sim" && SIM_LINES=$WORK/$program.txt "./$program" >/dev/null)
	done
	cat "$WORK"/gist_*.txt "$WORK"/nslp_*.txt >"$WORK/simulated.txt"
	"$HERE/pcap" "$WORK/s.pcap" "$WORK/simulated.txt"
	whole "$WORK/s.pcap"
	load "$WORK/s.pcap"
	[[ $(count "$WORK/s.pcap" gist.type) == $(wc -l <"$WORK/simulated.txt") ]]
	for type in {0..5}; do
		has "$WORK/s.pcap" gist.type "$type"
	done
	for type in 1 2 3 4; do
		has "$WORK/s.pcap" natfw.type "$type"
	done
}

# What is no GIST is left to others.
not_ours() {
	echo '0.0 udp 192.0.2.1.4711 > 192.0.2.2.270 ttl=64 ip_options=- payload=0102030405060708090a0b0c0d' \
		>"$WORK/n.txt"
	echo '1.0 tcp 192.0.2.1.4711 > 192.0.2.2.80 ttl=64 ip_options=- payload=474554202f20485454502f312e310d0a0d0a' \
		>>"$WORK/n.txt"
	"$HERE/pcap" "$WORK/n.pcap" "$WORK/n.txt"
	load "$WORK/n.pcap"
	[[ ! -s $WORK/n.pcap.fields ]]
}

ktap_start
command -v tshark >/dev/null || ktap_skip_all "tshark is not installed"
command -v python3 >/dev/null || ktap_skip_all "python3 is not installed"
"$HERE/built" >"$WORK/built.txt" || die "no messages of our own"
"$HERE/pcap" "$WORK/b.pcap" "$WORK/built.txt" || die "no capture of them"
point "every message of another implementation" vectors_known
point "what they say" vectors_say
point "every type and object of our own" built_known
point "what these say" built_say
point "messages across segments" built_reassembled
point "what the simulated nodes send" simulated_known
point "damaged messages" damaged
point "what is not GIST" not_ours
ktap_end
