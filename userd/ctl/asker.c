// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ctl/asker.h"
#include "ctl/local.h"
#include "ctl/wait.h"
#include "proc.h"

/* ------------------------------------------------------------------ who */

struct asker *asker_client(const struct client *c, json_t *id)
{
	struct asker *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->client = c->number;
	a->id = json_incref(id);
	a->operator = client_root(c);
	return a;
}

struct asker *asker_manager(uint64_t number, const char *user, bool operator)
{
	struct asker *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->number = number;
	a->operator = operator;
	snprintf(a->user, sizeof(a->user), "%s", user);
	return a;
}

struct client *asker_connection(const struct asker *a)
{
	return a->client ? client_find(a->client) : NULL;
}

bool asker_hold(struct asker *a)
{
	struct client *c = asker_connection(a);

	if (c && !client_begin(c, false)) {
		asker_error(a, "resource-denied", NULL, "too many requests");
		return false;
	}
	a->held = c;
	return true;
}

bool asker_wait(const struct asker *a, uint64_t tag, unsigned int seconds,
		void (*done)(void *arg, const struct session_event *e), void *arg)
{
	const struct client *c = asker_connection(a);

	if (!c && !asker_is_manager(a))
		return false;
	return wait_start(c ? c->uid : GATE_MANAGER, a->user, tag, seconds, done, arg);
}

/* ------------------------------------------------------------------ whose sessions */

static bool owns(const struct asker *a, const struct local *l)
{
	const struct client *c = asker_connection(a);

	return c && local_is_of(l, c->slot);
}

static bool is_users(const struct asker *a, const struct local *l)
{
	const struct client *c = asker_connection(a);

	if (asker_is_manager(a))
		return l->open.uid == GATE_MANAGER && !strcmp(l->open.user, a->user);
	return c && l->open.uid == c->uid;
}

bool asker_may_touch(const struct asker *a, const struct local *l)
{
	return a->operator || owns(a, l) || is_users(a, l);
}

/* The id is for who opened it on this node, or was given the token. */
bool asker_may_know(const struct asker *a, const struct local *l)
{
	return !asker_is_manager(a) && (owns(a, l) || is_users(a, l));
}

/* ------------------------------------------------------------------ answers */

static void done(struct asker *a)
{
	struct client *c = asker_connection(a);

	if (c && a->held)
		client_done(c, false);
	json_decref(a->id);
	free(a);
}

/* Takes @answer. Without an answer the management process gives it up in time. */
static void tell_manager(const struct asker *a, json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL, user[LOG_NAME];

	json_decref(answer);
	if (!text || proc_send2(PROC_MGMT, MSG_MANAGER_ANSWER, &a->number, sizeof(a->number), text, strlen(text)))
		log_warn(SUB_CTL, "a manager cannot be answered user=\"%s\"",
			 log_name(a->user, user, sizeof(user)));
	free(text);
}

void asker_output(struct asker *a, json_t *output)
{
	struct client *c = asker_connection(a);

	if (!output)
		output = json_object();
	if (asker_is_manager(a))
		tell_manager(a, json_pack("{s:o}", "output", output));
	else if (c)
		client_output(c, json_incref(a->id), output);
	else
		json_decref(output);
	done(a);
}

void asker_error_at(struct asker *a, const char *tag, const char *path, const char *text)
{
	struct client *c = asker_connection(a);

	if (asker_is_manager(a))
		tell_manager(a, json_pack("{s:{s:s,s:s,s:s}}", "error", "tag", tag, "path", path, "message", text));
	else if (c)
		client_error(c, json_incref(a->id), path, "%s", text);
	done(a);
}

void asker_error(struct asker *a, const char *tag, const char *leaf, const char *fmt, ...)
{
	char path[128], text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "%s%s%s%s", *a->op ? "/natfw:" : "", a->op, leaf ? "/" : "", leaf ? leaf : "");
	asker_error_at(a, tag, path, text);
}
