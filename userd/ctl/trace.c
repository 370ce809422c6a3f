// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/boottime.h"
#include "ctl/encode.h"
#include "ctl/seek.h"
#include "ctl/trace.h"
#include "ctl/wait.h"

#define PAUSE_MS	5000	/* between refreshes of one session for this */

enum outcome { TRACE_ANSWERED, TRACE_REFUSED, TRACE_NO_ANSWER, TRACE_NOT_ASKED };

struct trace {
	struct asker *a;
	uint64_t tag;
	enum outcome outcome;
	uint64_t start, took;		/* ms */
	bool has_event;
	struct session_event event;	/* the answer of the path */
};

/* ------------------------------------------------------------------ the answer */

/* What the session has now, and beside it what only answers of the path tell. */
static void put_parts(json_t *o, const struct trace *t, const struct seek_found *f)
{
	static const char *const extra[] = { "bindings", "code", "code-name", "object", "reason" };
	json_t *event = t->has_event ? encode_event(&t->event, false) : NULL, *part;
	json_t *info = f->session ? encode_session(f->session, false) : NULL;
	size_t i;

	json_object_del(info, "session");
	json_object_del(event, "session");
	json_object_update_missing(o, info);
	for (i = 0; event && i < sizeof(extra) / sizeof(extra[0]); i++)
		if ((part = json_object_get(event, extra[i])))
			json_object_set(o, extra[i], part);
	/* over by now */
	json_object_update_missing(o, event);
	json_decref(info);
	json_decref(event);
}

static json_t *rules_of(const struct seek_found *f)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < f->rules; i++) {
		json_t *rule = encode_rule(&f->rule[i]);

		json_object_del(rule, "session");
		json_array_append_new(list, rule);
	}
	return list;
}

static json_t *output_of(const struct trace *t, const struct seek_found *f)
{
	static const char *const outcomes[] = {
		[TRACE_ANSWERED] = "answered", [TRACE_REFUSED] = "refused", [TRACE_NO_ANSWER] = "no-answer",
		[TRACE_NOT_ASKED] = "not-asked",
	};
	json_t *o = json_object();

	json_object_set_new(o, "outcome", json_string(outcomes[t->outcome]));
	if (t->has_event)
		json_object_set_new(o, "round-trip", json_integer((json_int_t)t->took));
	put_parts(o, t, f);
	if (f->rules)
		json_object_set_new(o, "rule", rules_of(f));
	return o;
}

static void on_found(void *arg, const struct seek_found *f)
{
	struct trace *t = arg;

	if (f->broken)
		asker_error(t->a, "operation-failed", NULL, "%s", f->broken);
	else if (!f->session && !t->has_event)
		asker_error(t->a, "data-missing", "session", "no such session");
	else
		asker_output(t->a, output_of(t, f));
	free(t);
}

/* ------------------------------------------------------------------ asking */

/* These are false when @t was answered already. */
static bool seek(struct trace *t)
{
	if (seek_start(t->tag, true, on_found, t))
		return true;
	asker_error(t->a, "resource-denied", NULL, "too much is looked for at once");
	return false;
}

static void take_answer(struct trace *t, const struct session_event *e)
{
	t->has_event = true;
	t->event = *e;
	t->outcome = wait_refused(e) ? TRACE_REFUSED : TRACE_ANSWERED;
}

static void on_answer(void *arg, const struct session_event *e)
{
	struct trace *t = arg;

	t->took = boottime_ms() - t->start;
	if (e)
		take_answer(t, e);
	if (!seek(t))
		free(t);
}

static bool await(struct trace *t, unsigned int seconds)
{
	t->outcome = TRACE_NO_ANSWER;
	if (asker_wait(t->a, t->tag, seconds, on_answer, t))
		return true;
	asker_error(t->a, "resource-denied", NULL, "too many wait for answers of the path");
	return false;
}

static bool refresh(struct trace *t, struct local *l)
{
	const char *why = local_refresh(l);

	if (why) {
		asker_error(t->a, "operation-failed", NULL, "%s", why);
		return false;
	}
	l->probed = t->start;
	l->took = LOCAL_UNANSWERED;
	return true;
}

/* What the path said a moment ago; an answer that is still to come is waited for. */
static bool repeat(struct trace *t, const struct local *l, unsigned int seconds)
{
	t->start = l->probed;
	if (l->took == LOCAL_UNANSWERED)
		return await(t, seconds);
	take_answer(t, &l->last);
	t->took = l->took;
	return seek(t);
}

static bool probe(struct trace *t, struct local *l, unsigned int seconds)
{
	uint64_t now = boottime_ms();

	if (l->probed && now - l->probed < PAUSE_MS)
		return repeat(t, l, seconds);
	t->start = now;
	return refresh(t, l) && await(t, seconds);
}

static bool can_ask(const struct local *l)
{
	return l && (l->last.state == SESSION_ESTABLISHED || l->last.state == SESSION_TRANSITORY);
}

void trace_start(struct asker *a, struct local *l, uint64_t tag, unsigned int seconds)
{
	struct trace *t;

	if (!asker_hold(a))
		return;
	t = calloc(1, sizeof(*t));
	if (!t) {
		asker_error(a, "resource-denied", NULL, "out of memory");
		return;
	}
	*t = (struct trace){ .a = a, .tag = tag, .outcome = TRACE_NOT_ASKED };
	if (!(can_ask(l) ? probe(t, l, seconds) : seek(t)))
		free(t);
}
