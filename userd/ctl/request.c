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
#include "ctl/seek.h"
#include "ctl/trace.h"
#include "ctl/wait.h"
#include "proc.h"

#define RELOADS_MAX	16	/* under way */
#define OPEN_WAIT	10	/* seconds, of managers, who are not told otherwise */
#define TRACE_WAIT	10

/* Who waits for a reload, oldest first. */
static struct asker *reloads[RELOADS_MAX];
static unsigned int reload_count;

/* ------------------------------------------------------------------ sessions */

/* The session that is spoken of; NULL, and it was answered, if there is none for who asks. */
static struct local *session_of(struct asker *a, const struct input *in)
{
	struct local *l = local_find(in->session);

	if (l && !l->closing && asker_may_touch(a, l))
		return l;
	asker_error(a, "data-missing", "session", "no such session");
	return NULL;
}

static json_t *named(const struct asker *a, const struct local *l, bool token)
{
	json_t *o = json_object();
	char text[2 * LOCAL_TOKEN + 1];

	encode_session_name(o, l->open.sid, asker_may_know(a, l));
	if (!token || asker_is_manager(a))
		return o;
	encode_hex(l->token, LOCAL_TOKEN, text);
	json_object_set_new(o, "token", json_string(text));
	return o;
}

/* What has become of a session until now, as the output of an operation. */
static json_t *with_state(json_t *o, const struct session_event *e)
{
	static const char *const common[] = { "state", "kind", "lifetime", "external" };
	json_t *event = encode_event(e, false), *part;
	size_t i;

	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if ((part = json_object_get(event, common[i])))
			json_object_set(o, common[i], part);
	json_decref(event);
	return o;
}

/* Of who waits for what becomes of it. */
struct opening {
	struct asker *a;
	json_t *output;
	uint64_t tag;
};

static void on_opened(void *arg, const struct session_event *e)
{
	struct opening *o = arg;
	const struct local *l = local_find(o->tag);

	if (e && wait_refused(e)) {
		asker_error(o->a, "operation-failed", NULL, "refused: %s", e->why);
		json_decref(o->output);
	} else {
		/* without a word in time it is what it was */
		asker_output(o->a, e || l ? with_state(o->output, e ? e : &l->last) : o->output);
	}
	free(o);
}

/* Answers with @output, which is taken, when it is known what becomes of @l; who waits is held already. */
static void answer_opened(struct asker *a, const struct local *l, json_t *output, unsigned int seconds)
{
	struct opening *o;

	if (!seconds) {
		asker_output(a, asker_is_manager(a) ? with_state(output, &l->last) : output);
		return;
	}
	o = calloc(1, sizeof(*o));
	if (o)
		*o = (struct opening){ .a = a, .output = output, .tag = session_hash(l->open.sid) };
	if (o && asker_wait(a, o->tag, seconds, on_opened, o))
		return;
	free(o);
	/* it is there: who asked learns of it, and of the rest by events */
	asker_output(a, with_state(output, &l->last));
}

static unsigned int wait_of(const struct asker *a, const struct input *in)
{
	return in->has_wait ? in->wait : asker_is_manager(a) ? OPEN_WAIT : 0;
}

static const char *too_many(const struct asker *a, const struct session_open *o)
{
	bool root = !asker_is_manager(a) && a->operator;

	if (local_count() >= LOCAL_MAX || (!root && local_count_of(o->uid, o->user) >= LOCAL_USER_MAX))
		return "too many sessions";
	return NULL;
}

static void open_new(struct asker *a, struct input *in)
{
	const struct client *c = asker_connection(a);
	const char *why = too_many(a, &in->open);
	char tag[SESSION_TAG], user[LOG_NAME];
	struct local *l;

	if (why) {
		asker_error(a, "resource-denied", NULL, "%s", why);
		return;
	}
	l = local_open(&in->open, c ? (int)c->slot : -1, in->bound, &why);
	if (!l) {
		asker_error(a, "operation-failed", NULL, "%s", why);
		return;
	}
	if (c)
		log_info(SUB_CTL, "session opened sid=%s uid=%u", session_tag(l->open.sid, tag), c->uid);
	else
		log_info(SUB_CTL, "session opened sid=%s manager=\"%s\"", session_tag(l->open.sid, tag),
			 log_name(a->user, user, sizeof(user)));
	answer_opened(a, l, named(a, l, true), wait_of(a, in));
}

static void do_open(struct asker *a, struct input *in)
{
	const struct client *c = asker_connection(a);
	struct local *l;
	const char *why;

	in->open.uid = c ? c->uid : GATE_MANAGER;
	snprintf(in->open.user, sizeof(in->open.user), "%s", a->user);
	if (!c && in->bound) {
		asker_error(a, "invalid-value", "bound", "is for programs on this node");
		return;
	}
	/* before anything is done */
	if (wait_of(a, in) && !asker_hold(a))
		return;
	if (!in->has_session) {
		open_new(a, in);
		return;
	}
	l = session_of(a, in);
	if (!l)
		return;
	why = local_change(l, &in->open);
	if (why)
		asker_error(a, "operation-failed", NULL, "%s", why);
	else
		answer_opened(a, l, named(a, l, false), wait_of(a, in));
}

static void do_attach(struct asker *a, struct input *in)
{
	struct local *l = local_find_token(in->token);

	if (!l || l->closing) {
		asker_error(a, "invalid-value", "token", "no such session");
		return;
	}
	l->owners |= 1ull << asker_connection(a)->slot;
	asker_output(a, with_state(named(a, l, false), &l->last));
}

static void do_refresh_local(struct asker *a, struct local *l)
{
	const char *why = local_refresh(l);

	if (why)
		asker_error(a, "operation-failed", NULL, "%s", why);
	else
		asker_output(a, NULL);
}

static void do_close_local(struct asker *a, struct local *l)
{
	const char *why = local_close(l);

	if (why)
		asker_error(a, "operation-failed", NULL, "%s", why);
	else
		asker_output(a, NULL);
}

/* ------------------------------------------------------------------ sessions of others, for operators */

/* Whether what is found is there; if not, it was answered. */
static bool is_found(struct asker *a, const struct seek_found *f)
{
	if (f->session)
		return true;
	asker_error(a, f->broken ? "operation-failed" : "data-missing", f->broken ? NULL : "session", "%s",
		    f->broken ? f->broken : "no such session");
	return false;
}

static void close_found(void *arg, const struct seek_found *f)
{
	const uint8_t all = 1;
	struct asker *a = arg;

	if (!is_found(a, f))
		return;
	if (proc_send2(PROC_SIG, MSG_SESSION_CLOSE, f->session->sid, GATE_SID, &all, sizeof(all)))
		asker_error(a, "operation-failed", NULL, "the signalling process has too much to do");
	else
		asker_output(a, NULL);
}

static void refresh_found(void *arg, const struct seek_found *f)
{
	if (is_found(arg, f))
		asker_error(arg, "operation-not-supported", "session", "it is refreshed from where it began");
}

/* One that goes through this node is the operator's. */
static void seek(struct asker *a, uint64_t tag, void (*found)(void *arg, const struct seek_found *f))
{
	if (!asker_hold(a))
		return;
	if (!seek_start(tag, false, found, a))
		asker_error(a, "resource-denied", NULL, "too much is looked for at once");
}

static bool is_others(const struct asker *a, const struct input *in)
{
	return a->operator && !local_find(in->session);
}

static void do_refresh(struct asker *a, struct input *in)
{
	struct local *l;

	if (is_others(a, in))
		seek(a, in->session, refresh_found);
	else if ((l = session_of(a, in)))
		do_refresh_local(a, l);
}

static void do_close(struct asker *a, struct input *in)
{
	struct local *l;

	if (is_others(a, in))
		seek(a, in->session, close_found);
	else if ((l = session_of(a, in)))
		do_close_local(a, l);
}

static void do_trace(struct asker *a, struct input *in)
{
	struct local *l = is_others(a, in) ? NULL : session_of(a, in);

	if (l || is_others(a, in))
		trace_start(a, l, in->session, in->has_wait ? in->wait : TRACE_WAIT);
}

/* ------------------------------------------------------------------ the daemon */

static void do_reload(struct asker *a, struct input *in)
{
	const uint8_t force = in->force;

	if (!a->operator)
		asker_error(a, "access-denied", NULL, "for root only");
	else if (reload_count == RELOADS_MAX)
		asker_error(a, "resource-denied", NULL, "too many requests");
	else if (!asker_hold(a))
		return;
	else if (proc_send(PROC_MONITOR, MSG_RELOAD, &force, sizeof(force)))
		asker_error(a, "operation-failed", NULL, "the monitor is busy");
	else
		reloads[reload_count++] = a;
}

static void do_call(struct asker *a, struct input *in)
{
	if (!a->operator)
		asker_error(a, "access-denied", NULL, "for root only");
	else if (!list_has_call(in->client))
		asker_error(a, "invalid-value", "client", "no such manager");
	else if (proc_send(PROC_MGMT, MSG_CALL_NOW, in->client, sizeof(in->client)))
		asker_error(a, "operation-failed", NULL, "the management process is not there");
	else
		asker_output(a, NULL);
}

void request_reloaded(const struct conf_error *e)
{
	struct asker *first = reloads[0];

	if (!reload_count)
		return;
	memmove(reloads, reloads + 1, --reload_count * sizeof(reloads[0]));
	if (*e->text)
		asker_error_at(first, "operation-failed", e->path, e->text);
	else
		asker_output(first, NULL);
}

/* ------------------------------------------------------------------ requests */

static const struct {
	void (*run)(struct asker *a, struct input *in);
	bool here;		/* for programs on this node only */
} operations[INPUT_RPCS] = {
	[INPUT_OPEN] = { do_open, false }, [INPUT_ATTACH] = { do_attach, true },
	[INPUT_REFRESH] = { do_refresh, false }, [INPUT_CLOSE] = { do_close, false },
	[INPUT_TRACE] = { do_trace, false }, [INPUT_RELOAD] = { do_reload, true },
	[INPUT_CALL] = { do_call, true },
};

void request_operation(struct asker *a, const json_t *rpc)
{
	struct input_error e;
	struct input in;

	if (!json_is_object(rpc) || json_object_size(rpc) != 1) {
		asker_error(a, "malformed-message", NULL, "rpc has one member, the operation's name");
		return;
	}
	if (!input_read(rpc, &in, &e)) {
		asker_error_at(a, "invalid-value", e.path, e.text);
		return;
	}
	snprintf(a->op, sizeof(a->op), "%s", input_name(in.rpc));
	if (asker_is_manager(a) && operations[in.rpc].here)
		asker_error(a, "operation-not-supported", NULL, "is for programs on this node");
	else
		operations[in.rpc].run(a, &in);
}

static void take_rpc(struct client *c, json_t *id, const json_t *rpc)
{
	struct asker *a = asker_client(c, id);

	if (a)
		request_operation(a, rpc);
	else
		client_error(c, json_incref(id), "", "out of memory");
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
		if (l && local_is_of(l, c->slot))
			tell_one(c, e, true);
		else if (c->subscribed && (client_root(c) || (l && l->open.uid == c->uid)))
			tell_one(c, e, l && l->open.uid == c->uid);
	}
}
