// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "mgmt/callhome.h"
#include "mgmt/certname.h"
#include "mgmt/invoke.h"
#include "mgmt/store.h"
#include "proc.h"

#define SECONDS	90	/* for an answer; the path may be waited for 60 */

struct invoke {
	struct invoke *next;
	uint64_t number;
	struct event *limit;
	char name[32];			/* as an operation of its own */
	char path[512];			/* of what an action is of; empty: no action */
	struct mgmt_error error;	/* without another one, when @limit is over; tag NULL: it is done */
	void (*done)(void *arg, const struct invoke_result *r);
	void *arg;
};

static struct event_base *loop;
static struct invoke *invokes;
static uint64_t last_number;

int invoke_init(struct event_base *base)
{
	loop = base;
	/* so that no answer to a process before is taken for one to this */
	return getrandom(&last_number, sizeof(last_number), 0) == sizeof(last_number) ? 0 : -EIO;
}

/* ------------------------------------------------------------------ what there is */

/* Operations, and actions of sessions by what they are called as such. */
static const struct {
	const char *name, *action;
} served[] = {
	{ "call-home", NULL }, { "session-open", NULL }, { "session-refresh", "refresh" },
	{ "session-close", "close" }, { "session-trace", "trace" },
};

static const char *name_of(const struct lysc_node *op)
{
	bool action = op->nodetype == LYS_ACTION;
	size_t i;

	if (strcmp(op->module->name, "natfw") != 0)
		return NULL;
	for (i = 0; i < sizeof(served) / sizeof(served[0]); i++)
		if (action ? served[i].action && !strcmp(op->name, served[i].action) :
		    !strcmp(op->name, served[i].name))
			return served[i].name;
	return NULL;
}

const char *invoke_value(const struct lyd_node *op, const char *name)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(op), c)
		if (!strcmp(c->schema->name, name))
			return lyd_get_value(c);
	return NULL;
}

bool invoke_serves(const struct lysc_node *op)
{
	return name_of(op);
}

/* ------------------------------------------------------------------ the end */

static void forget(struct invoke *v)
{
	struct invoke **at = &invokes;

	while (*at != v)
		at = &(*at)->next;
	*at = v->next;
	event_free(v->limit);
	free(v);
}

void invoke_cancel(struct invoke *v)
{
	if (v)
		forget(v);
}

static void finish(struct invoke *v, const struct invoke_result *r)
{
	void (*done)(void *arg, const struct invoke_result *r) = v->done;
	struct mgmt_error e;
	struct invoke_result copy = *r;
	void *arg = v->arg;

	if (r->error) {
		e = *r->error;
		copy.error = &e;
	}
	forget(v);
	done(arg, &copy);
}

static void fail(struct invoke *v)
{
	const struct invoke_result r = { .error = &v->error };

	finish(v, &r);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	const struct invoke_result good = { .error = NULL };
	struct invoke *v = arg;

	(void)fd;
	(void)what;
	if (v->error.tag)
		fail(v);
	else
		finish(v, &good);
}

/* The answer is known, and told from the loop. */
static void at_once(struct invoke *v)
{
	const struct timeval now = { 0, 0 };

	event_add(v->limit, &now);
}

static void set_error(struct invoke *v, const char *tag, const char *path, const char *text)
{
	v->error = (struct mgmt_error){ .type = "application", .tag = tag };
	snprintf(v->error.path, sizeof(v->error.path), "%s", path);
	snprintf(v->error.message, sizeof(v->error.message), "%s", text);
}

/* ------------------------------------------------------------------ the answer */

static const char *tag_of(const char *tag)
{
	static const char *const tags[] = {
		"data-missing", "invalid-value", "malformed-message", "operation-failed", "operation-not-supported",
		"resource-denied", "access-denied",
	};
	size_t i;

	for (i = 0; tag && i < sizeof(tags) / sizeof(tags[0]); i++)
		if (!strcmp(tag, tags[i]))
			return tags[i];
	return "operation-failed";
}

/* What an operation has in its input an action has around it. */
static void take_error(struct invoke *v, const json_t *error)
{
	const char *tag = tag_of(json_string_value(json_object_get(error, "tag")));
	const char *path = json_string_value(json_object_get(error, "path"));
	const char *text = json_string_value(json_object_get(error, "message"));
	struct invoke_result r = { .error = &v->error };

	r.missing = *v->path && !strcmp(tag, "data-missing");
	if (!*v->path && !strcmp(tag, "data-missing"))
		tag = "invalid-value";
	set_error(v, tag, *v->path ? v->path : path ? path : "", text ? text : "");
	finish(v, &r);
}

/* For lyd_free_all(*@tree). */
static const struct lyd_node *read_output(const struct invoke *v, json_t *output, struct lyd_node **tree)
{
	char qualified[64], *text;
	struct lyd_node *op = NULL;
	struct ly_in *in = NULL;
	json_t *doc;

	snprintf(qualified, sizeof(qualified), "natfw:%s", v->name);
	doc = json_pack("{s:O}", qualified, output);
	text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	if (text && !ly_in_new_memory(text, &in) &&
	    lyd_parse_op(store_ctx(), NULL, in, LYD_JSON, LYD_TYPE_REPLY_YANG, tree, &op)) {
		log_error(SUB_MGMT, "output that does not fit the modules: %s", ly_errmsg(store_ctx()));
		ly_err_clean(store_ctx(), NULL);
		op = NULL;
	}
	ly_in_free(in, 0);
	free(text);
	return op;
}

static void take_output(struct invoke *v, json_t *output)
{
	struct invoke_result r = { .error = NULL };
	struct lyd_node *tree = NULL;

	if (json_object_size(output)) {
		r.output = read_output(v, output, &tree);
		if (!r.output) {
			set_error(v, "operation-failed", v->path, "it is done, and what came of it cannot be told");
			r.error = &v->error;
		}
	}
	finish(v, &r);
	lyd_free_all(tree);
}

static struct invoke *find(uint64_t number)
{
	struct invoke *v = invokes;

	while (v && v->number != number)
		v = v->next;
	return v;
}

bool invoke_message(const void *data, size_t len)
{
	const char *text = (const char *)data + sizeof(uint64_t);
	struct invoke *v;
	uint64_t number;
	json_t *answer, *output;

	if (len < sizeof(number))
		return false;
	memcpy(&number, data, sizeof(number));
	v = find(number);
	if (!v)
		return true;	/* nobody waits any more */
	answer = json_loadb(text, len - sizeof(number), 0, NULL);
	output = json_object_get(answer, "output");
	if (output)
		take_output(v, output);
	else
		take_error(v, json_object_get(answer, "error"));
	json_decref(answer);
	return true;
}

void invoke_lost(void)
{
	struct invoke *v;

	for (v = invokes; v; v = v->next) {
		if (!strcmp(v->name, "call-home"))
			continue;
		set_error(v, "operation-failed", v->path,
			  "the control process was restarted; what was asked for may have been done");
		at_once(v);
	}
}

/* ------------------------------------------------------------------ asking */

/* Who names a manager that is not there should know. */
struct look {
	const char *name;
	bool found;
};

static void look_at(void *arg, const struct call_info *i)
{
	struct look *l = arg;

	l->found |= !strcmp(l->name, i->name);
}

static void call_home(struct invoke *v, const struct lyd_node *op)
{
	struct look l = { .name = invoke_value(op, "client") };

	callhome_each(look_at, &l);
	if (l.found)
		callhome_now(l.name);
	else
		set_error(v, "invalid-value", "/natfw:call-home/client", "no such manager");
	at_once(v);
}

/* An action as the operation that does the same. For free(); NULL: no memory. */
static char *from_action(const struct invoke *v, const struct lyd_node *op)
{
	const char *wait = invoke_value(op, "wait");
	json_t *input = json_pack("{s:s}", "session", invoke_value(lyd_parent(op), "session")), *doc;
	char qualified[64], *text;

	if (wait)
		json_object_set_new(input, "wait", json_integer(atoi(wait)));
	snprintf(qualified, sizeof(qualified), "natfw:%s", v->name);
	doc = json_pack("{s:o}", qualified, input);
	text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	return text;
}

static char *text_of(const struct invoke *v, const struct lyd_node *op)
{
	char *text = NULL;

	if (*v->path)
		return from_action(v, op);
	if (lyd_print_mem(&text, op, LYD_JSON, LYD_PRINT_SHRINK))
		return NULL;
	return text;
}

static void ask(struct invoke *v, const char *user, const struct lyd_node *op)
{
	const struct timeval limit = { SECONDS, 0 };
	struct manager_ask m = { .number = v->number, .operator = *v->path != '\0' };
	char *text = text_of(v, op), who[LOG_NAME];

	snprintf(m.user, sizeof(m.user), "%s", user);
	log_info(SUB_MGMT, "operation %s%s%s user=\"%s\"", v->name, *v->path ? " at " : "", v->path,
		 log_name(user, who, sizeof(who)));
	if (!text || proc_send2(PROC_CTL, MSG_MANAGER_ASK, &m, sizeof(m), text, strlen(text))) {
		set_error(v, "resource-denied", v->path, "the control process is not there, or has too much to do");
		at_once(v);
	} else {
		set_error(v, "operation-failed", v->path, "no answer in time; what was asked for may have been done");
		event_add(v->limit, &limit);
	}
	free(text);
}

static struct invoke *new_invoke(const struct lyd_node *op)
{
	struct invoke *v = calloc(1, sizeof(*v));
	char *path;

	if (!v)
		return NULL;
	v->limit = evtimer_new(loop, on_limit, v);
	if (!v->limit) {
		free(v);
		return NULL;
	}
	snprintf(v->name, sizeof(v->name), "%s", name_of(op->schema));
	if (op->schema->nodetype == LYS_ACTION) {
		path = lyd_path(lyd_parent(op), LYD_PATH_STD, NULL, 0);
		snprintf(v->path, sizeof(v->path), "%s", path ? path : "/natfw:natfw");
		free(path);
	}
	v->number = ++last_number;
	v->next = invokes;
	invokes = v;
	return v;
}

struct invoke *invoke_start(const char *user, const struct lyd_node *op,
			    void (*done)(void *arg, const struct invoke_result *r), void *arg)
{
	unsigned int n = 0;
	struct invoke *v;

	for (v = invokes; v; v = v->next)
		n++;
	v = n < INVOKES_MAX ? new_invoke(op) : NULL;
	if (!v)
		return NULL;
	v->done = done;
	v->arg = arg;
	if (!strcmp(v->name, "call-home"))
		call_home(v, op);
	else
		ask(v, user, op);
	return v;
}
