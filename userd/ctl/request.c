// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "ctl/encode.h"
#include "ctl/input.h"
#include "ctl/list.h"
#include "ctl/local.h"
#include "ctl/request.h"
#include "proc.h"

#define RELOADS_MAX	16	/* under way */

/* A reload somebody waits for, oldest first. */
static struct reload {
	uint64_t client;
	json_t *id;
} reloads[RELOADS_MAX];
static unsigned int reload_count;

/* ------------------------------------------------------------------ whose sessions */

static bool owns(const struct client *c, const struct local *l)
{
	return l->owners >> c->slot & 1;
}

static bool may_touch(const struct client *c, const struct local *l)
{
	return client_root(c) || owns(c, l) || l->open.uid == c->uid;
}

/* The id is for who opened it, or was given the token. */
static bool may_know(const struct client *c, const struct local *l)
{
	return owns(c, l) || l->open.uid == c->uid;
}

/* The session a client speaks of; NULL, and the client was told, if there is none for it. */
static struct local *session_of(struct client *c, json_t *id, const struct input *in,
				const char *path)
{
	struct local *l = local_find(in->session);

	if (l && !l->closing && may_touch(c, l))
		return l;
	client_error(c, json_incref(id), path, "no such session");
	return NULL;
}

/* ------------------------------------------------------------------ operations */

static json_t *named(const struct local *l, bool token)
{
	json_t *o = json_object();
	char text[2 * LOCAL_TOKEN + 1];

	encode_session_name(o, l->open.sid, true);
	if (!token)
		return o;
	encode_hex(l->token, LOCAL_TOKEN, text);
	json_object_set_new(o, "token", json_string(text));
	return o;
}

static void open_new(struct client *c, json_t *id, struct input *in)
{
	const char *why = NULL;
	struct local *l = NULL;
	char tag[SESSION_TAG];

	if (local_count() >= LOCAL_MAX ||
	    (!client_root(c) && local_count_of(c->uid) >= LOCAL_USER_MAX))
		why = "too many sessions";
	else
		l = local_open(&in->open, c->slot, in->bound, &why);
	if (!l) {
		client_error(c, json_incref(id), "/natfw:session-open", "%s", why);
		return;
	}
	log_info(SUB_CTL, "session opened sid=%s uid=%u", session_tag(l->open.sid, tag), c->uid);
	client_output(c, json_incref(id), named(l, true));
}

static void do_open(struct client *c, json_t *id, struct input *in)
{
	struct local *l;
	const char *why;

	in->open.uid = c->uid;
	if (!in->has_session) {
		open_new(c, id, in);
		return;
	}
	l = session_of(c, id, in, "/natfw:session-open/session");
	if (!l)
		return;
	why = local_change(l, &in->open);
	if (why)
		client_error(c, json_incref(id), "/natfw:session-open", "%s", why);
	else
		client_output(c, json_incref(id), named(l, may_know(c, l)));
}

static void do_attach(struct client *c, json_t *id, struct input *in)
{
	struct local *l = local_find_token(in->token);
	json_t *o;

	if (!l || l->closing) {
		client_error(c, json_incref(id), "/natfw:session-attach/token", "no such session");
		return;
	}
	l->owners |= 1ull << c->slot;
	o = encode_event(&l->last, true);
	/* the output has what is common to state and events */
	json_object_del(o, "bindings");
	json_object_del(o, "code");
	json_object_del(o, "code-name");
	json_object_del(o, "object");
	json_object_del(o, "reason");
	client_output(c, json_incref(id), o);
}

static void do_refresh(struct client *c, json_t *id, struct input *in)
{
	struct local *l = session_of(c, id, in, "/natfw:session-refresh/session");
	const char *why;

	if (!l)
		return;
	why = local_refresh(l);
	if (why)
		client_error(c, json_incref(id), "/natfw:session-refresh", "%s", why);
	else
		client_output(c, json_incref(id), NULL);
}

static void do_close(struct client *c, json_t *id, struct input *in)
{
	struct local *l = local_find(in->session);
	const char *why;

	/* one that goes through this node is the operator's to end */
	if (!l && client_root(c)) {
		list_close(c, id, in->session);
		return;
	}
	l = session_of(c, id, in, "/natfw:session-close/session");
	if (!l)
		return;
	why = local_close(l);
	if (why)
		client_error(c, json_incref(id), "/natfw:session-close", "%s", why);
	else
		client_output(c, json_incref(id), NULL);
}

static void do_reload(struct client *c, json_t *id, struct input *in)
{
	const uint8_t force = in->force;

	if (!client_root(c))
		client_error(c, json_incref(id), "/natfw:reload", "for root only");
	else if (reload_count == RELOADS_MAX || !client_begin(c, false))
		client_error(c, json_incref(id), "/natfw:reload", "too many requests");
	else if (proc_send(PROC_MONITOR, MSG_RELOAD, &force, sizeof(force)))
		client_error(c, json_incref(id), "/natfw:reload", "the monitor is busy");
	else
		reloads[reload_count++] = (struct reload){ c->number, json_incref(id) };
}

static void do_call(struct client *c, json_t *id, struct input *in)
{
	if (!client_root(c))
		client_error(c, json_incref(id), "/natfw:call-home", "for root only");
	else if (!list_has_call(in->client))
		client_error(c, json_incref(id), "/natfw:call-home/client", "no such manager");
	else if (proc_send(PROC_MGMT, MSG_CALL_NOW, in->client, sizeof(in->client)))
		client_error(c, json_incref(id), "/natfw:call-home",
			     "the management process is not there");
	else
		client_output(c, json_incref(id), NULL);
}

void request_reloaded(const struct conf_error *e)
{
	struct reload first = reloads[0];
	struct client *c;

	if (!reload_count)
		return;
	memmove(reloads, reloads + 1, --reload_count * sizeof(*reloads));
	c = client_find(first.client);
	if (!c) {
		json_decref(first.id);
		return;
	}
	if (*e->text)
		client_error(c, first.id, e->path, "%s", e->text);
	else
		client_output(c, first.id, NULL);
	client_done(c, false);
}

/* ------------------------------------------------------------------ requests */

static void take_rpc(struct client *c, json_t *id, const json_t *rpc)
{
	static void (*const operations[])(struct client *cl, json_t *i, struct input *in) = {
		[INPUT_OPEN] = do_open, [INPUT_ATTACH] = do_attach, [INPUT_REFRESH] = do_refresh,
		[INPUT_CLOSE] = do_close, [INPUT_RELOAD] = do_reload,
		[INPUT_CALL] = do_call,
	};
	struct input_error e;
	struct input in;

	if (!json_is_object(rpc) || json_object_size(rpc) != 1)
		client_error(c, json_incref(id), "", "rpc has one member, the operation's name");
	else if (!input_read(rpc, &in, &e))
		client_error(c, json_incref(id), e.path, "%s", e.text);
	else
		operations[in.rpc](c, id, &in);
}

static void take_subscription(struct client *c, json_t *id, const json_t *to, bool on)
{
	const char *name = json_string_value(to);

	if (!name || strcmp(name, "session-event") != 0) {
		client_error(c, json_incref(id), "", "there is session-event to subscribe to");
		return;
	}
	c->subscribed = on;
	client_output(c, json_incref(id), NULL);
}

/* What an application knows that it will not need any more, a fault in it cannot use. */
static void take_restriction(struct client *c, json_t *id, const json_t *to)
{
	const char *what = json_string_value(to);

	if (!what || strcmp(what, "get") != 0) {
		client_error(c, json_incref(id), "", "one may restrict oneself to get");
		return;
	}
	c->restricted = true;
	c->subscribed = false;
	client_output(c, json_incref(id), NULL);
}

static bool permitted(const struct client *c, const json_t *request)
{
	const char *what = json_string_value(json_object_get(request, "get"));

	return !c->restricted || (what && strcmp(what, "config") != 0);
}

void request_take(struct client *c, json_t *request)
{
	json_t *id = json_object_get(request, "id"), *what;

	if (json_object_size(request) != 2)
		client_error(c, json_incref(id), "",
			     "a request has id, and one of rpc, get, subscribe, unsubscribe, restrict");
	else if (!permitted(c, request))
		client_error(c, json_incref(id), "", "this connection is restricted to get");
	else if ((what = json_object_get(request, "rpc")))
		take_rpc(c, id, what);
	else if ((what = json_object_get(request, "get")))
		list_get(c, id, json_string_value(what));
	else if ((what = json_object_get(request, "subscribe")))
		take_subscription(c, id, what, true);
	else if ((what = json_object_get(request, "unsubscribe")))
		take_subscription(c, id, what, false);
	else if ((what = json_object_get(request, "restrict")))
		take_restriction(c, id, what);
	else
		client_error(c, json_incref(id), "",
			     "a request has one of rpc, get, subscribe, unsubscribe, restrict");
}

/* ------------------------------------------------------------------ events */

static void stamp(char *text, size_t len)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(text, len, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, len - n, ".%03ldZ", now.tv_nsec / 1000000);
}

static void tell_one(struct client *c, const struct session_event *e, bool id)
{
	char time[40];

	stamp(time, sizeof(time));
	client_notify(c, json_pack("{s:{s:o},s:s}", "notification", "natfw:session-event",
				   encode_event(e, id), "time", time));
}

void request_tell(const struct session_event *e, const struct local *l)
{
	unsigned int slot;

	for (slot = 0; slot < CLIENT_MAX; slot++) {
		struct client *c = client_at(slot);

		if (!c)
			continue;
		if (l && owns(c, l))
			tell_one(c, e, true);
		else if (c->subscribed && (l ? may_touch(c, l) : client_root(c)))
			tell_one(c, e, l && may_know(c, l));
	}
}
