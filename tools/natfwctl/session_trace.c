// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * natfwctl session trace: does the other end answer, and what is known of the way there.
 */
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "value.h"
#include "verbs.h"

#define WAIT_MAX	60	/* seconds, as in natfw.yang */

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "-";
}

static long long number_of(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* ------------------------------------------------------------------ what came of it */

static void print_outcome(const json_t *t)
{
	printf("%-16s%s", "path", text_of(t, "outcome"));
	if (json_object_get(t, "round-trip"))
		printf(" after %lld ms", number_of(t, "round-trip"));
	if (json_object_get(t, "code"))
		printf(": %s (%lld/0x%02llx)", text_of(t, "code-name"), number_of(t, "code") >> 8,
		       number_of(t, "code") & 0xff);
	putchar('\n');
}

static void print_bindings(const json_t *t)
{
	const json_t *bindings = json_object_get(t, "bindings"), *a;
	size_t i;

	json_array_foreach(json_object_get(bindings, "address"), i, a)
		printf("%-16s%s port %lld\n", "translator", json_string_value(a), number_of(bindings, "port"));
}

static void print_rules(const json_t *t)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(t, "rule"), i, rule)
		printf("%-16s%s: %s\n", "rule", json_is_true(json_object_get(rule, "open")) ? "open" : "reserved",
		       text_of(rule, "text"));
}

static int show(const json_t *t, const char *tag)
{
	const char *outcome = text_of(t, "outcome");

	if (ctl_opt.json) {
		session_json(t);
	} else {
		print_outcome(t);
		session_print(t, tag);
		print_bindings(t);
		print_rules(t);
	}
	return strcmp(outcome, "refused") && strcmp(outcome, "no-answer") ? 0 : CTL_REFUSED;
}

/* ------------------------------------------------------------------ asking */

static bool read_wait(struct words *w, uint32_t *seconds)
{
	if (words_end(w) || !words_take(w, "wait"))
		return true;
	return read_seconds(w, "wait", seconds) &&
	       (*seconds <= WAIT_MAX || words_fail(w, "a path is waited for a minute at most"));
}

int session_trace(struct words *w)
{
	const char *tag = words_next(w, "a session");
	uint32_t seconds = 10;
	struct natfw_why why;
	struct natfw_conn *c;
	json_t *input, *t;
	char *text, *output;
	int status;

	if (!tag || !read_wait(w, &seconds) || !words_done(w))
		return ctl_usage(w);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	input = json_pack("{sssi}", "session", tag, "wait", (int)seconds);
	text = json_dumps(input, JSON_COMPACT);
	json_decref(input);
	output = natfw_rpc(c, "session-trace", text, SESSION_PATH + (int)seconds * 1000, &why);
	free(text);
	if (!output)
		return session_refused(&why);
	t = json_loads(output, 0, NULL);
	free(output);
	status = show(t, tag);
	json_decref(t);
	return status;
}
