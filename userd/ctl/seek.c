// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/query.h"
#include "ctl/seek.h"

#define SECONDS	10	/* for an answer */

struct seek {
	uint64_t tag;
	char text[SESSION_TAG];
	struct query *session, *rule;
	void (*done)(void *arg, const struct seek_found *f);
	void *arg;
};

static unsigned int seeks;

static void finish(struct seek *s)
{
	struct seek_found f = { .broken = s->session->broken };
	unsigned int i;

	if (s->session->count)
		f.session = query_record(s->session, 0);
	for (i = 0; s->rule && i < s->rule->count && i < SEEK_RULES; i++)
		memcpy(&f.rule[f.rules++], query_record(s->rule, i), sizeof(f.rule[0]));
	if (s->rule && s->rule->broken)
		f.broken = s->rule->broken;
	s->done(s->arg, &f);
	query_end(s->session);
	if (s->rule)
		query_end(s->rule);
	free(s);
	seeks--;
}

/* The session is found before all have been looked at. */
static void on_progress(struct query *q)
{
	struct seek *s = q->arg;

	if ((query_over(s->session) || s->session->count) && (!s->rule || query_over(s->rule)))
		finish(s);
}

static bool has_tag(const struct query *q, const void *record)
{
	const struct seek *s = q->arg;
	const struct session_info *i = record;

	return session_hash(i->sid) == s->tag;
}

static bool is_of(const struct query *q, const void *record)
{
	const struct seek *s = q->arg;
	const struct rule_info *r = record;

	return !strncmp((const char *)r->sid_tag, s->text, sizeof(r->sid_tag));
}

static struct query *ask(struct seek *s, enum proc_id from, enum msg_type what, enum msg_type tell, size_t size,
			 bool (*want)(const struct query *q, const void *record))
{
	struct query *q = query_start(QUERY_FROM(from), what, tell, size, on_progress, s);

	if (!q)
		return NULL;
	q->want = want;
	query_limit(q, SECONDS);
	return q;
}

bool seek_start(uint64_t tag, bool rules, void (*done)(void *arg, const struct seek_found *f), void *arg)
{
	struct seek *s = seeks < (rules ? SEEKS_RULES : SEEKS_MAX) ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return false;
	*s = (struct seek){ .tag = tag, .done = done, .arg = arg };
	snprintf(s->text, sizeof(s->text), "%016llx", (unsigned long long)tag);
	s->session = ask(s, PROC_SIG, MSG_SESSION_LIST, MSG_SESSION_INFO, sizeof(struct session_info), has_tag);
	if (s->session && rules)
		s->rule = ask(s, PROC_KERN, MSG_RULE_LIST, MSG_RULE_INFO, sizeof(struct rule_info), is_of);
	if (s->session && (s->rule || !rules)) {
		seeks++;
		return true;
	}
	if (s->session)
		query_end(s->session);
	free(s);
	return false;
}
