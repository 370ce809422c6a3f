#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: quick host timeout=60
#
# natfwd -t: what is right is "ok", what is wrong is named by file, line and path.
. "$(dirname "$0")/lib.sh"

ktap_start
FILE=$WORK/some.yaml

# refused TEXT EXPECTED: the one line that -t prints about it.
refused() {
	local status=0
	printf '%b' "$1" >"$FILE"
	"$NATFWD" -t -c "$FILE" >"$WORK/out" 2>"$WORK/err" || status=$?
	want "$status" 1 'exit status'
	want "$(cat "$WORK/out")" '' 'standard output'
	grep -v '^natfwd conf warning' "$WORK/err" >"$WORK/line"
	want "$(wc -l <"$WORK/line")" 1 'lines'
	# shellcheck disable=SC2053  # a pattern
	[[ $(cat "$WORK/line") == $FILE:$2 ]] || die "got: $(cat "$WORK/line"); expected: $FILE:$2"
}

example_is_good() {
	want "$("$NATFWD" -t -c "$TOP/Documentation/examples/natfwd.yaml" 2>"$WORK/err")" ok
	file_has "$WORK/err" 'interface eth0 is not there yet' || [[ -e /sys/class/net/eth0 ]]
	file_has "$WORK/err" 'is not for its owner alone'
}

# What is said to be a default beside a value is one.
example_tells_defaults() {
	python3 - "$TOP/Documentation/examples/natfwd.yaml" "$TOP/userd/yang/natfw.yang" <<'PY'
import re, sys
yang = open(sys.argv[2]).read()
told = 0
for line in open(sys.argv[1]):
	hit = re.match(r'^[ #]*(?:- )?([a-z0-9-]+): +(\S+) +# default(;.*)?$', line)
	if not hit:
		continue
	name, value = hit.group(1), hit.group(2)
	defaults = re.findall(r'leaf %s \{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*?default "([^"]*)"' % name, yang)
	assert value in defaults, (name, value, defaults)
	told += 1
assert told > 30, told
PY
}

empty_is_good() {
	: >"$FILE"
	want "$("$NATFWD" -t -c "$FILE" 2>&1)" ok
	echo '{}' >"$FILE"
	want "$("$NATFWD" -t -c "$FILE" 2>&1)" ok
}

json_is_good() {
	echo '{"natfw:natfw": {"nslp": {"proxy": true}}}' >"$FILE"
	want "$("$NATFWD" -t -c "$FILE" 2>&1)" ok
}

from_a_pipe() {
	want "$("$NATFWD" -t -c <(echo 'nslp: {proxy: true}') 2>&1)" ok
}

values() {
	refused 'gist:\n  port: 70000\n' '2: /natfw:natfw/gist/port: *70000*'
	refused '# one\n# two\nnslp:\n  forward: maybe\n' '4: /natfw:natfw/nslp/forward: *maybe*'
}

names() {
	refused 'gist:\n  prot: 270\n' '2: /natfw:natfw/gist/prot: there is no such setting'
	refused 'state:\n  daemon:\n' '2: /natfw:natfw/state: is state, and cannot be configured'
}

cross_checks() {
	refused 'interface:\n- name: a\n  nat: true\n  side: outside\n' \
		"3: /natfw:natfw/interface\[name='a'\]/nat: nat needs a pool*"
	refused 'gist:\n  tls: required\n' '2: /natfw:natfw/gist/tls: tls needs certificate*'
	refused 'policy:\n  entry:\n  - name: a\n' \
		"3: /natfw:natfw/policy/entry\[name='a'\]/action: an entry without action"
}

not_yaml() {
	refused 'gist: {\n' '*: *expected*'
	refused 'gist:\n\tport: 1\n' '2: *'
	refused 'gist: &a {}\nnslp: *a\n' '2: aliases are not used here'
}

other_files() {
	fails "$NATFWD" -t -c "$WORK/none"
	want "$(cat "$WORK/stderr")" "$WORK/none: No such file or directory"
	fails "$NATFWD" -t -c /
	want "$(cat "$WORK/stderr")" '/: not a file'
}

# A start with a bad file fails in the same words.
start_fails_as_well() {
	printf 'gist:\n  port: x\n' >"$FILE"
	fails "$NATFWD" -c "$FILE"
	file_has "$WORK/stderr" "^$FILE:2: /natfw:natfw/gist/port: "
}

# Files that TLS needs are looked for before anything is started.
tls_files() {
	printf 'gist:\n  tls: offered\n  certificate: %s\n  key: /k\n  authority: /a\n' \
		"$WORK/cert.pem" >"$FILE"
	want "$("$NATFWD" -t -c "$FILE" 2>&1)" ok
	fails timeout 10 "$NATFWD" -c "$FILE"
	file_has "$WORK/stderr" "cert.pem: No such file"
}

point "the example is good, and warns of what is odd" example_is_good
point "the example tells the defaults of the schema" example_tells_defaults
point "an empty file is good" empty_is_good
point "RFC 7951 JSON is good" json_is_good
point "a pipe will do" from_a_pipe
point "wrong values are named by line and path" values
point "unknown names are named by line and path" names
point "what does not go together is named by line and path" cross_checks
point "what is no YAML is named by line" not_yaml
point "what is no file is named" other_files
point "a start fails in the same words" start_fails_as_well
point "files that are missing are told at start" tls_files
ktap_end
