#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: stock timeout=400
#
# The oracle's packets over XDP: every packet three times, so that XDP has what the first
# one decided, and the same comparison of bytes and counters as without.
. "$(dirname "$0")/../lib.sh"

export NATFWCTL=${NATFWCTL:-$TOP/tools/natfwctl/natfwctl}
BATCHES=${NATFW_ORACLE_BATCHES:-3}

# agree MODE FAMILY SEED OPTION...
agree() {
	"$TESTS/oracle/differ" --xdp "$1" --family "$2" --seed "$3" --rules 25 --packets 25 \
		--batches "$BATCHES" --mode direct "${@:4}" | tee "$WORK/differ"
	! grep -q '^not ok' "$WORK/differ"
}

ktap_start
if ! modprobe natfw 2>/dev/null || [[ ! -e /sys/kernel/btf/natfw ]]; then
	ktap_skip_all "natfw.ko has no type information here: no kernel BTF, or no pahole when it was built"
fi
if [[ -n ${NATFW_LEAN:-} && $(uname -r) != 6.12.* ]]; then
	point "native, IPv4, default drop" agree native 4 4001 --drop
	ktap_end
fi
point "native, IPv4" agree native 4 4001
point "native, IPv6, default drop" agree native 6 4002 --drop
point "generic, IPv4, default drop" agree generic 4 4003 --drop
point "generic, IPv6, zones" agree generic 6 4004 --zones
ktap_end
