// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions: what the application has asked for, and how natfwd says it stands.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static const char *const state_names[] = {
	[NATFW_STATE_PENDING] = "pending",
	[NATFW_STATE_ESTABLISHED] = "established",
	[NATFW_STATE_TRANSITORY] = "transitory",
	[NATFW_STATE_DEAD] = "dead",
};

static const char *const kind_names[] = {
	[NATFW_KIND_CREATE] = "create",
	[NATFW_KIND_EXTERNAL] = "external",
	[NATFW_KIND_BLOCK] = "block",
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

PUBLIC const char *natfw_state_name(enum natfw_state state)
{
	return state < COUNT(state_names) ? state_names[state] : "unknown";
}

/* Index of @name in @names, or -1. */
static int name_index(const char *const *names, unsigned int n, const char *name)
{
	unsigned int i;

	for (i = 0; name && i < n; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

/* ------------------------------------------------------------------ reading what natfwd says */

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static unsigned int number_of(const json_t *o, const char *key)
{
	return (unsigned int)json_integer_value(json_object_get(o, key));
}

static void copy_text(char *to, size_t size, const char *from)
{
	if (from)
		snprintf(to, size, "%s", from);
}

static bool read_sockaddr(struct sockaddr_storage *ss, const char *address, unsigned int port)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *four = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (!address)
		return false;
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
	} else if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
	}
	return ss->ss_family != AF_UNSPEC;
}

static void read_external(struct natfw_status *s, const json_t *external)
{
	const char *address = text_of(external, "address");
	unsigned int port = number_of(external, "port");

	if (!read_sockaddr(&s->external, address, port))
		return;
	snprintf(s->external_text, sizeof(s->external_text),
		 s->external.ss_family == AF_INET6 ? "[%s]:%u" : "%s:%u", address, port);
}

static void read_bindings(struct natfw_status *s, const json_t *bindings)
{
	unsigned int port = number_of(bindings, "port");
	const json_t *list = json_object_get(bindings, "address"), *one;
	size_t i;

	s->binding_count = 0;
	json_array_foreach(list, i, one)
		if (s->binding_count < NATFW_BINDINGS &&
		    read_sockaddr(&s->binding[s->binding_count], json_string_value(one), port))
			s->binding_count++;
}

/* Why it stands as it does: the code's name and the reason, what there is of them. */
static void read_why(struct natfw_status *s, const json_t *o)
{
	const char *code = text_of(o, "code-name"), *reason = text_of(o, "reason");

	if (code && reason && !strcmp(code, reason))
		reason = NULL;
	snprintf(s->why, sizeof(s->why), "%s%s%s", code ? code : "", code && reason ? ": " : "",
		 reason ? reason : "");
}

/* An event, or the output of an operation: what is said counts, the rest stays. */
static void read_status(struct natfw_session *s, const json_t *o)
{
	struct natfw_status *st = &s->status;
	int kind = name_index(kind_names, COUNT(kind_names), text_of(o, "kind"));
	int state = name_index(state_names, COUNT(state_names), text_of(o, "state"));
	const json_t *part;

	copy_text(st->session, sizeof(st->session), text_of(o, "session"));
	copy_text(st->id, sizeof(st->id), text_of(o, "id"));
	copy_text(st->token, sizeof(st->token), text_of(o, "token"));
	if (kind >= 0)
		st->kind = (enum natfw_kind)kind;
	if (json_object_get(o, "lifetime"))
		st->lifetime = number_of(o, "lifetime");
	part = json_object_get(o, "external");
	if (part)
		read_external(st, part);
	part = json_object_get(o, "bindings");
	if (part)
		read_bindings(st, part);
	if (state < 0)
		return;
	st->state = (enum natfw_state)state;
	st->response = number_of(o, "code");
	st->object = number_of(o, "object");
	read_why(st, o);
	s->changed = true;
}

static void die(struct natfw_session *s, const char *why)
{
	if (s->status.state == NATFW_STATE_DEAD)
		return;
	s->status.state = NATFW_STATE_DEAD;
	s->status.response = 0;
	copy_text(s->status.why, sizeof(s->status.why), why);
	s->changed = true;
}

/* ------------------------------------------------------------------ what conn.c calls */

static void close_named(struct natfw_conn *c, const char *session)
{
	if (session && *session)
		conn_rpc(c, CALL_NOTHING, "session-close",
			 json_pack("{ss}", "session", session), NULL);
}

void session_answer(struct natfw_conn *c, struct call *call)
{
	struct natfw_session *s = call->session;

	if (call->what == CALL_CLOSE_NEXT)
		close_named(c, text_of(call->output, "session"));
	if (!s)
		return;
	if (call->what == CALL_OPEN)
		s->opening = false;
	if (call->output)
		read_status(s, call->output);
	else if (call->what == CALL_OPEN && !*s->status.session)
		die(s, call->why.text);
	else
		copy_text(s->status.why, sizeof(s->status.why), call->why.text);
	s->changed = true;
}

void session_event(struct natfw_conn *c, const json_t *event)
{
	const char *tag = text_of(event, "session");
	struct natfw_session *s;

	for (s = c->sessions; s; s = s->next)
		if (tag && !strcmp(s->status.session, tag))
			read_status(s, event);
}

void session_lost(struct natfw_conn *c)
{
	struct natfw_session *s;

	for (s = c->sessions; s; s = s->next)
		die(s, c->why.text);
}

/* One after the other, from the start each time: a function may close any session. */
void session_tell(struct natfw_conn *c)
{
	struct natfw_session *s = c->sessions;

	while (s) {
		if (!s->changed) {
			s = s->next;
			continue;
		}
		s->changed = false;
		if (s->fn)
			s->fn(s, s->arg);
		s = c->sessions;
	}
}

/* ------------------------------------------------------------------ for the application */

static struct natfw_session *session_new(struct natfw_conn *c, struct natfw_why *why)
{
	struct natfw_session *s = calloc(1, sizeof(*s));

	if (!s) {
		why_set(why, ENOMEM, NULL, "out of memory");
		return NULL;
	}
	s->conn = c;
	s->opening = true;
	s->next = c->sessions;
	c->sessions = s;
	return s;
}

/* Take @s out of the connection; answers on their way to it are nobody's from now on. */
static void session_free(struct natfw_session *s, enum call_for open_becomes)
{
	struct natfw_session **at = &s->conn->sessions;
	struct call *call;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	for (call = s->conn->calls; call; call = call->next) {
		if (call->session != s)
			continue;
		call->session = NULL;
		call->what = call->what == CALL_OPEN ? open_becomes : CALL_NOTHING;
	}
	free(s);
}

static struct natfw_session *session_ask(struct natfw_conn *c, const char *rpc, json_t *input,
					 struct natfw_why *why)
{
	struct natfw_session *s = session_new(c, why);
	struct call *call;

	if (!s) {
		json_decref(input);
		return NULL;
	}
	call = conn_rpc(c, CALL_OPEN, rpc, input, why);
	if (!call) {
		session_free(s, CALL_NOTHING);
		return NULL;
	}
	call->session = s;
	return s;
}

PUBLIC struct natfw_session *natfw_open(struct natfw_conn *c, const struct natfw_ask *ask,
					struct natfw_why *why)
{
	json_t *input = ask_json(ask, why);
	struct natfw_session *s;

	if (!input)
		return NULL;
	s = session_ask(c, "session-open", input, why);
	if (!s)
		return NULL;
	s->status.kind = ask->kind;
	return s;
}

PUBLIC struct natfw_session *natfw_attach(struct natfw_conn *c, const char *token,
					  struct natfw_why *why)
{
	struct natfw_session *s;

	s = session_ask(c, "session-attach", json_pack("{ss}", "token", token), why);
	if (!s)
		return NULL;
	copy_text(s->status.token, sizeof(s->status.token), token);
	return s;
}

/* Whether there is something to speak of; without a name there is not yet. */
static int named(const struct natfw_session *s, struct natfw_why *why)
{
	if (s->status.state == NATFW_STATE_DEAD)
		return why_set(why, ECONNABORTED, NULL, "the session is dead: %s", s->status.why);
	if (!*s->status.session)
		return why_set(why, EAGAIN, NULL, "the session has no answer yet");
	return 0;
}

PUBLIC int natfw_change(struct natfw_session *s, const struct natfw_ask *ask, struct natfw_why *why)
{
	int err = named(s, why);
	json_t *input = err ? NULL : ask_json(ask, why);
	struct call *call;

	if (!input)
		return err ? err : -EINVAL;
	json_object_set_new(input, "session", json_string(s->status.session));
	call = conn_rpc(s->conn, CALL_OPEN, "session-open", input, why);
	if (!call)
		return -EPIPE;
	call->session = s;
	s->opening = true;
	s->status.state = NATFW_STATE_PENDING;
	return 0;
}

PUBLIC int natfw_wait(struct natfw_session *s, int ms, struct natfw_why *why)
{
	int64_t end = ms < 0 ? -1 : clock_ms() + ms;
	struct natfw_conn *c = s->conn;

	for (;;) {
		if (s->status.state == NATFW_STATE_DEAD)
			return why_set(why, ECONNABORTED, NULL, "%s", s->status.why);
		if (s->status.state == NATFW_STATE_ESTABLISHED && !s->opening)
			return 0;
		if (!clock_left(end))
			return why_set(why, ETIMEDOUT, NULL, "no answer from the path in time");
		conn_turn(c, clock_left(end), why);
	}
}

PUBLIC const struct natfw_status *natfw_status(const struct natfw_session *s)
{
	return &s->status;
}

PUBLIC void natfw_on_change(struct natfw_session *s, natfw_changed *fn, void *arg)
{
	s->fn = fn;
	s->arg = arg;
}

PUBLIC int natfw_refresh(struct natfw_session *s, struct natfw_why *why)
{
	int err = named(s, why);
	struct call *call;

	if (err)
		return err;
	call = conn_rpc(s->conn, CALL_REFRESH, "session-refresh",
			json_pack("{ss}", "session", s->status.session), why);
	if (!call)
		return -EPIPE;
	call->session = s;
	return 0;
}

PUBLIC void natfw_close(struct natfw_session *s)
{
	if (!s)
		return;
	if (s->status.state != NATFW_STATE_DEAD)
		close_named(s->conn, s->status.session);
	session_free(s, *s->status.session ? CALL_NOTHING : CALL_CLOSE_NEXT);
}

PUBLIC void natfw_leave(struct natfw_session *s)
{
	session_free(s, CALL_NOTHING);
}
