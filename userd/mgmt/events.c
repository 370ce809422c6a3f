// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/leaf.h"
#include "base/log.h"
#include "ctl/encode.h"
#include "mgmt/events.h"
#include "mgmt/state.h"
#include "mgmt/store.h"
#include "mgmt/stream.h"

#define NETCONF		"ietf-netconf-notifications"

/* ------------------------------------------------------------------ making them */

static struct lyd_node *new(const char *module, const char *name)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(store_ctx(), module);
	struct lyd_node *n = NULL;

	return m && !lyd_new_inner(NULL, m, name, 0, &n) ? n : NULL;
}

/* NULL and "": left out, and so is what the type does not have. */
static void put(struct lyd_node *n, const char *leaf, const char *value)
{
	if (!n || !value || !*value)
		return;
	if (lyd_new_term(n, NULL, leaf, value, 0, NULL)) {
		log_debug(SUB_MGMT, "no %s=\"%s\" in an event: %s", leaf, value, ly_errmsg(store_ctx()));
		ly_err_clean(store_ctx(), NULL);
	}
}

static void put_number(struct lyd_node *n, const char *leaf, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	put(n, leaf, text);
}

static void put_address(struct lyd_node *n, const char *leaf, const struct address *a)
{
	char text[ADDRESS_TEXT];

	if (a && address_is_set(a))
		put(n, leaf, address_text(a, text));
}

/* ------------------------------------------------------------------ sessions of managers (RFC 6470) */

const struct events_by *events_by_session(struct events_by *by, const struct session *s)
{
	*by = (struct events_by){ .user = s->user, .session = s->id, .host = &s->peer.address };
	return by;
}

/* common-session-parms */
static void put_by(struct lyd_node *n, const struct events_by *by)
{
	const struct session *s = by->host || !by->session ? NULL : session_find(by->session);

	put(n, "username", by->user);
	put_number(n, "session-id", by->session);
	put_address(n, "source-host", s ? &s->peer.address : by->host);
}

static bool is_somebody(const struct events_by *by)
{
	return by && by->user;
}

void events_session_start(const struct session *s)
{
	struct lyd_node *n = new(NETCONF, "netconf-session-start");
	struct events_by by;

	put_by(n, events_by_session(&by, s));
	stream_emit(n);
}

static const char *reason(const struct session *s)
{
	if (!s->ending)
		return "other";
	switch (s->end) {
	case SESSION_CLOSED:
	case SESSION_LEFT:
		return "closed";
	case SESSION_KILLED:
		return "killed";
	case SESSION_LOST:
		return "dropped";
	case SESSION_SILENT:
		return "timeout";
	default:
		return s->ready ? "other" : "bad-hello";
	}
}

/* One whose hello has not come has not begun, but it may end by that. */
void events_session_end(const struct session *s)
{
	struct events_by by;
	struct lyd_node *n;

	if (!s->ready && (!s->ending || (s->end != SESSION_BROKEN && s->end != SESSION_SILENT)))
		return;
	n = new(NETCONF, "netconf-session-end");
	put_by(n, events_by_session(&by, s));
	if (s->killed_by)
		put_number(n, "killed-by", s->killed_by);
	put(n, "termination-reason", reason(s));
	stream_emit(n);
}

/* ------------------------------------------------------------------ the configuration (RFC 6470) */

static void put_changed_by(struct lyd_node *n, const struct events_by *by)
{
	struct lyd_node *c = NULL;

	if (!n || lyd_new_inner(n, NULL, "changed-by", 0, &c))
		return;
	if (is_somebody(by))
		put_by(c, by);
	else
		lyd_new_term(c, NULL, "server", "", 0, NULL);
}

static const char *operation_of(const struct lyd_node *n)
{
	const struct lyd_meta *m = lyd_find_meta(n->meta, NULL, "yang:operation");

	return m ? lyd_get_meta_value(m) : "none";
}

static void put_edit(struct lyd_node *n, const struct lyd_node *changed, const char *operation)
{
	struct lyd_node *edit = NULL;
	char *path = lyd_path(changed, LYD_PATH_STD, NULL, 0);

	if (path && n && !lyd_new_list(n, NULL, "edit", 0, &edit)) {
		put(edit, "target", path);
		put(edit, "operation", operation);
	}
	free(path);
}

/* The topmost nodes that have changed; how many. With @n NULL they are only counted. */
static unsigned int put_edits(struct lyd_node *n, const struct lyd_node *diff)
{
	const struct lyd_node *d;
	unsigned int count = 0;

	LY_LIST_FOR(diff, d) {
		const char *operation = operation_of(d);

		if (!strcmp(operation, "none")) {
			count += put_edits(n, lyd_child(d));
			continue;
		}
		/* what has moved is "replace" as well, and is no leaf */
		if (!strcmp(operation, "replace") && !(d->schema->nodetype & LYS_LEAF))
			operation = "merge";
		if (n)
			put_edit(n, d, operation);
		count++;
	}
	return count;
}

void events_config_change(const struct events_by *by, const struct lyd_node *diff)
{
	struct lyd_node *n = new(NETCONF, "netconf-config-change");
	const struct lyd_node *d;

	put_changed_by(n, by);
	if (put_edits(NULL, diff) <= EVENTS_EDITS)
		put_edits(n, diff);
	else
		LY_LIST_FOR(diff, d)
			put_edit(n, d, "merge");
	stream_emit(n);
}

void events_confirmed_commit(const struct events_by *by, enum events_confirm what, uint32_t seconds)
{
	static const char *const names[] = {
		[EVENTS_CONFIRM_START] = "start", [EVENTS_CONFIRM_CANCEL] = "cancel",
		[EVENTS_CONFIRM_TIMEOUT] = "timeout", [EVENTS_CONFIRM_EXTEND] = "extend",
		[EVENTS_CONFIRM_COMPLETE] = "complete",
	};
	struct lyd_node *n = new(NETCONF, "netconf-confirmed-commit");

	if (is_somebody(by) && what != EVENTS_CONFIRM_TIMEOUT)
		put_by(n, by);
	put(n, "confirm-event", names[what]);
	if (what == EVENTS_CONFIRM_START || what == EVENTS_CONFIRM_EXTEND)
		put_number(n, "timeout", seconds);
	stream_emit(n);
}

/* ------------------------------------------------------------------ calls */

/* NULL: nothing that anybody is told of. */
static const char *call_event(const struct call *c, enum call_state old)
{
	if (c->state == CALL_UP)
		return "connected";
	if (c->state == CALL_WAITING)
		return old == CALL_UP ? "ended" : "failed";
	return old == CALL_WAITING ? "attempt" : NULL;
}

static void put_over(struct lyd_node *n, const struct call *c)
{
	put(n, "reason", call_error_name(c->error));
	put(n, "reason-text", c->why);
	put(n, "next-endpoint", c->conf->endpoint[c->endpoint].name);
	put_number(n, "next-in", c->at > c->since ? (c->at - c->since + 999) / 1000 : 0);
}

void events_call(const struct call *c, enum call_state old, const struct endpoint *to)
{
	const char *event = call_event(c, old);
	struct lyd_node *n;

	if (!event)
		return;
	n = new("natfw", "call-home-event");
	put(n, "client", c->conf->name);
	put(n, "event", event);
	put(n, "endpoint", c->conf->endpoint[c->state == CALL_WAITING ? c->used : c->endpoint].name);
	put_address(n, "address", &to->address);
	if (to->port)
		put_number(n, "port", to->port);
	if (c->state == CALL_UP)
		put(n, "user", c->user);
	if (c->state == CALL_WAITING)
		put_over(n, c);
	stream_emit(n);
}

/* ------------------------------------------------------------------ from other processes */

static uint64_t suppressed[PROC_COUNT];

/* A notification of natfw from its content as JSON, which is taken. */
static struct lyd_node *decode(const char *name, json_t *content)
{
	struct lyd_node *tree = NULL, *n = NULL;
	char full[64], *text;
	struct ly_in *in;

	snprintf(full, sizeof(full), "natfw:%s", name);
	content = json_pack("{s:o}", full, content);
	text = content ? json_dumps(content, JSON_COMPACT) : NULL;
	json_decref(content);
	if (!text || ly_in_new_memory(text, &in)) {
		free(text);
		return NULL;
	}
	if (lyd_parse_op(store_ctx(), NULL, in, LYD_JSON, LYD_TYPE_NOTIF_YANG, &tree, &n)) {
		log_error(SUB_MGMT, "an event that does not fit the modules: %s", ly_errmsg(store_ctx()));
		ly_err_clean(store_ctx(), NULL);
		lyd_free_all(tree);
		tree = NULL;
	}
	ly_in_free(in, 0);
	free(text);
	return tree;
}

/* What of a list's entry is not in its event. */
static void drop(json_t *o, const char *const *names)
{
	for (; *names; names++)
		json_object_del(o, *names);
}

static void session_changed(const struct session_change *c)
{
	static const char *const not[] = {
		"translation", "proxy", "left", "uid", "initiator-side", "responder-side", NULL,
	};
	struct session_event e = { .state = c->state, .kind = c->info.kind, .code = c->code };
	json_t *o = encode_session(&c->info, false), *event;

	memcpy(e.why, c->why, sizeof(e.why));
	event = encode_event(&e, false);
	drop(o, not);
	json_object_update_new(o, event);
	state_tag(o, &c->info);
	stream_emit(decode("session-event", o));
}

static void rule_changed(const struct rule_event *e)
{
	static const char *const names[] = {
		[RULE_RESERVED] = "reserved", [RULE_OPENED] = "opened", [RULE_CLOSED] = "closed",
		[RULE_ENDED] = "ended",
	};
	static const char *const not[] = { "open", "left", NULL };
	json_t *o = encode_rule(&e->info);

	drop(o, not);
	leaf_text(o, "event", e->what <= RULE_ENDED ? names[e->what] : "");
	leaf_text(o, "reason", e->why);
	stream_emit(decode("rule-event", o));
}

static void pool_exhausted(const struct pool_event *e)
{
	struct lyd_node *n = new("natfw", "pool-exhausted");

	put(n, "interface", e->interface);
	put(n, "pool", e->pool);
	put_number(n, "refused", e->refused);
	put(n, "reason", e->why);
	stream_emit(n);
}

static const char *process(enum proc_id id)
{
	return id == PROC_KERN ? "kern" : "sig";
}

static void events_lost(enum proc_id from, uint64_t number)
{
	struct lyd_node *n = new("natfw", "events-suppressed");

	suppressed[from] += number;
	put(n, "process", process(from));
	put_number(n, "events", number);
	stream_emit(n);
}

bool events_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	uint64_t number;

	if (from == PROC_SIG && type == MSG_SESSION_CHANGE && len == sizeof(struct session_change)) {
		session_changed(data);
	} else if (from == PROC_KERN && type == MSG_RULE_EVENT && len == sizeof(struct rule_event)) {
		rule_changed(data);
	} else if (from == PROC_KERN && type == MSG_POOL_EVENT && len == sizeof(struct pool_event)) {
		pool_exhausted(data);
	} else if (type == MSG_EVENTS_LOST && len == sizeof(number)) {
		memcpy(&number, data, sizeof(number));
		events_lost(from, number);
	} else {
		return false;
	}
	return true;
}

void events_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	struct stat_value v = { .name = "events_suppressed_total", .label = "process",
				.help = "Events of sessions and rules beyond what is told in a second" };
	static const enum proc_id from[] = { PROC_SIG, PROC_KERN };
	size_t i;

	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		snprintf(v.value, sizeof(v.value), "%s", process(from[i]));
		v.number = suppressed[from[i]];
		fn(arg, &v);
	}
}
