#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/run itself: what it makes of tests that fail, hang, die or say nothing, and of time that runs out.
. "$(dirname "$0")/../lib.sh"

# a_test NAME TAGS < BODY
a_test() {
	{
		printf '#!/bin/bash\n# natfw-test: %s\n' "$2"
		cat
	} >"$WORK/$1"
	chmod 755 "$WORK/$1"
}

# runs TEST...: what tests/run says of them, once each, is $WORK/said; STATUS is how it ended.
runs() {
	STATUS=0
	env NATFW_SLOWNESS=1 NATFW_TRIES="${TRIES:-1}" NATFW_PATIENCE=1 NATFW_DEADLINE="${DEADLINE:-0}" \
		"$TESTS/run" -n self -o "$WORK/self" "${@/#/$WORK/}" >"$WORK/said" 2>&1 || STATUS=$?
}

# totals STATUS PASSED FAILED SKIPPED
totals() {
	want "$STATUS $(tail -n 1 "$WORK/said")" "$1 $2 passed, $3 failed, $4 skipped" "$(cat "$WORK/said"; echo)"
}

points_count() {
	runs good bad
	totals 1 3 1 1
	file_has "$WORK/said" 'not ok 2 it holds'
}

dead_fails() {
	runs dead mute short
	totals 1 2 3 0
	file_has "$WORK/said" 'ended with status 3'
	file_has "$WORK/said" 'no test point'
	file_has "$WORK/said" '1 points, but 2 planned'
}

hang_ends() {
	runs hang
	totals 1 1 1 0
	file_has "$WORK/said" 'time limit of 4 s exceeded'
}

tried_again() {
	TRIES=3 runs moody
	totals 0 1 0 0
	want "$(grep -c 'failed and runs again' "$WORK/said")" 2
	rm "$WORK/moody.was"
	TRIES=2 runs moody
	totals 1 0 1 0
}

# The one whose limit fits is run, those before and after it are not.
late_is_skipped() {
	DEADLINE=$((EPOCHSECONDS + 100)) runs long good unlimited
	totals 0 2 0 3
	file_has "$WORK/said" 'long.*1 skipped'
	file_has "$WORK/self/merged.ktap" 'SKIP no time left'
	[[ ! -e $WORK/long.was ]] || die 'it was run'
	runs long
	totals 0 1 0 0
}

ktap_start
a_test good timeout=20 <<'B'
printf '1..3\nok 1 one\nok 2 two\nok 3 three # SKIP not here\n'
exit 0
B
a_test bad '' <<'B'
printf '1..2\nok 1 one\nnot ok 2 it holds\n'
exit 1
B
a_test dead '' <<'B'
printf '1..2\nok 1 one\n'
exit 3
B
a_test mute '' <<'B'
printf '1..0\n'
B
a_test short '' <<'B'
printf '1..2\nok 1 one\n'
B
a_test hang timeout=4 <<'B'
printf '1..2\nok 1 one\n'
sleep 100
B
a_test moody '' <<'B'
echo 1..1
echo >>"$0.was"
(($(wc -l <"$0.was") < 3)) || { echo 'ok 1 now' && exit; }
echo 'not ok 1 not yet'
exit 1
B
a_test long timeout=200 <<'B'
touch "$0.was"
printf '1..1\nok 1 one\n'
B
cp "$WORK/long" "$WORK/unlimited"
sed -i 's/timeout=200//' "$WORK/unlimited"
point "points are counted" points_count
point "a test that dies, says nothing or too little has failed" dead_fails
point "a test that hangs is ended" hang_ends
point "what failed is tried again, if that is asked for" tried_again
point "what would end too late is skipped" late_is_skipped
ktap_end
