// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * natfwctl session: this node as initiator, through natfwd.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "verbs.h"

/* ------------------------------------------------------------------ the connection */

static const char *hint_for(int code)
{
	if (code == ENOENT || code == ECONNREFUSED)
		return "'systemctl start natfwd' starts it; -S names another socket";
	if (code == EACCES)
		return "run as root, or be in the group that natfwd's 'control: group' names";
	if (code == EPIPE)
		return "'systemctl status natfwd' tells how it is";
	return NULL;
}

int session_refused(const struct natfw_why *why)
{
	const char *hint = hint_for(why->code);

	ctl_note("%s", why->text);
	if (hint)
		fprintf(stderr, "  %s\n", hint);
	return CTL_REFUSED;
}

struct natfw_conn *session_conn(void)
{
	static struct natfw_conn *c;
	struct natfw_why why;

	if (c)
		return c;
	c = natfw_connect(ctl_opt.socket, &why);
	if (!c)
		session_refused(&why);
	return c;
}

/* ------------------------------------------------------------------ opening */

/* The fields of struct natfw_ask are the words of the command line, almost. */
static const struct {
	const char *field, *word;
} words_of[] = {
	{ "protocol", "proto" },	  { "source", "from" },
	{ "destination", "to" },	  { "source_port", "sport" },
	{ "destination_port", "dport" },  { "port_pair", "pair" },
	{ "icmp_types", "type" },
};

static int ask_refused(const struct natfw_why *why)
{
	const char *text = why->text, *colon = strstr(why->text, ": ");
	unsigned int i;

	for (i = 0; *why->field && i < sizeof(words_of) / sizeof(words_of[0]); i++) {
		if (strcmp(words_of[i].field, why->field) || !colon)
			continue;
		ctl_note("%s%s", words_of[i].word, colon);
		return CTL_REFUSED;
	}
	if (why->code != EINVAL)
		return session_refused(why);
	ctl_note("%s", text);
	return CTL_REFUSED;
}

static void print_endpoint_json(json_t *o, const char *key, const struct natfw_status *st)
{
	const char *text = st->external_text, *colon = strrchr(text, ':');
	json_t *e;

	if (!colon)
		return;
	e = json_pack("{ss#si}", "address", *text == '[' ? text + 1 : text,
		      (size_t)(colon - text) - (*text == '[' ? 2 : 0), "port", atoi(colon + 1));
	json_object_set_new(o, key, e);
}

static json_t *bindings_json(const struct natfw_status *st)
{
	json_t *list = json_array();
	struct natfw_addr a;
	char buf[NATFW_ADDR_TEXT];
	unsigned int i;

	for (i = 0; i < st->binding_count; i++) {
		const struct sockaddr_storage *ss = &st->binding[i];

		a.len = ss->ss_family == AF_INET6 ? 16 : 4;
		if (a.len == 4)
			memcpy(a.b, &((const struct sockaddr_in *)ss)->sin_addr, a.len);
		else
			memcpy(a.b, &((const struct sockaddr_in6 *)ss)->sin6_addr, a.len);
		json_array_append_new(list, json_string(natfw_addr_text(&a, buf)));
	}
	return list;
}

/* What became of a session, with the names of the YANG module. */
static json_t *status_json(const struct natfw_status *st)
{
	json_t *o = json_pack("{ssss}", "session", st->session, "state",
			      natfw_state_name(st->state));

	if (*st->token)
		json_object_set_new(o, "token", json_string(st->token));
	if (st->lifetime)
		json_object_set_new(o, "lifetime", json_integer(st->lifetime));
	print_endpoint_json(o, "external", st);
	if (st->binding_count)
		json_object_set_new(o, "bindings", bindings_json(st));
	if (st->response)
		json_object_set_new(o, "code", json_integer(st->response));
	if (*st->why)
		json_object_set_new(o, "reason", json_string(st->why));
	return o;
}

void session_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
	putchar('\n');
	fflush(stdout);
}

static void print_status(const struct natfw_status *st)
{
	char buf[32];

	if (ctl_opt.json) {
		json_t *o = status_json(st);

		session_json(o);
		json_decref(o);
		return;
	}
	printf("session %s %s", st->session, natfw_state_name(st->state));
	if (st->lifetime)
		printf(" lifetime %s", duration_text(st->lifetime, buf, sizeof(buf)));
	if (*st->external_text)
		printf(" external %s", st->external_text);
	if (ctl_opt.verbose && *st->token)
		printf(" token %s", st->token);
	putchar('\n');
	fflush(stdout);
}

static int not_granted(const struct natfw_status *st, const struct natfw_why *why)
{
	if (ctl_opt.json && *st->session)
		print_status(st);
	if (why->code == ETIMEDOUT && *st->session) {
		ctl_note("%s", why->text);
		fprintf(stderr, "  it goes on: 'natfwctl session show %s' tells how it stands,\n"
			"  'natfwctl session delete %s' ends it\n", st->session, st->session);
		return CTL_REFUSED;
	}
	if (why->code == ECONNABORTED) {
		ctl_note("refused: %s", why->text);
		return CTL_REFUSED;
	}
	return session_refused(why);
}

static void on_change(struct natfw_session *s, void *arg)
{
	(void)arg;
	print_status(natfw_status(s));
}

/* Stay until the session is dead; whoever ends this process ends the session. */
static int hold(struct natfw_conn *c, struct natfw_session *s)
{
	struct natfw_why why;

	natfw_on_change(s, on_change, NULL);
	while (natfw_status(s)->state != NATFW_STATE_DEAD) {
		struct pollfd p = { .fd = natfw_fd(c), .events = natfw_events(c) };

		poll(&p, 1, -1);
		if (natfw_dispatch(c, &why))
			return session_refused(&why);
	}
	return ctl_fail("it has ended: %s", natfw_status(s)->why);
}

static int open_session(struct words *w, enum natfw_kind kind, bool proxy)
{
	struct session_spec spec;
	struct natfw_session *s;
	struct natfw_conn *c;
	struct natfw_why why;
	bool ok = session_spec_read(w, kind, &spec);
	int ms;

	if (!ok)
		return ctl_usage(w);
	spec.ask.proxy |= proxy;
	spec.ask.keep = !spec.hold;
	if (!(kind == NATFW_KIND_CREATE ? spec.has_source : spec.has_destination) &&
	    natfw_ask_here(&spec.ask, &why))
		return ask_refused(&why);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	s = natfw_open(c, &spec.ask, &why);
	if (!s)
		return ask_refused(&why);
	ms = spec.has_wait ? (int)(spec.wait > 86400 ? 86400 : spec.wait) * 1000 : SESSION_PATH;
	if (natfw_wait(s, ms, &why))
		return *why.field ? ask_refused(&why) : not_granted(natfw_status(s), &why);
	print_status(natfw_status(s));
	return spec.hold ? hold(c, s) : 0;
}

static int session_create(struct words *w)
{
	return open_session(w, NATFW_KIND_CREATE, false);
}

static int session_external(struct words *w)
{
	return open_session(w, NATFW_KIND_EXTERNAL, false);
}

static int session_block(struct words *w)
{
	return open_session(w, NATFW_KIND_BLOCK, false);
}

static int session_proxy(struct words *w)
{
	if (words_take(w, "create"))
		return open_session(w, NATFW_KIND_CREATE, true);
	if (words_take(w, "external"))
		return open_session(w, NATFW_KIND_EXTERNAL, true);
	if (words_take(w, "block"))
		return open_session(w, NATFW_KIND_BLOCK, true);
	words_fail_all(w, "'create', 'external' or 'block' has to follow");
	return ctl_usage(w);
}

/* ------------------------------------------------------------------ those that are there */

/* What refresh waits for: the next word of one session. */
struct outcome {
	const char *session;
	json_t *event;
};

static void on_outcome(const char *line, void *arg)
{
	json_t *all = json_loads(line, 0, NULL), *event;
	struct outcome *o = arg;
	const char *session;

	event = json_object_get(json_object_get(all, "notification"), "natfw:session-event");
	session = json_string_value(json_object_get(event, "session"));
	if (session && !strcmp(session, o->session) && !o->event &&
	    strcmp(json_string_value(json_object_get(event, "state")) ?: "", "pending"))
		o->event = json_incref(event);
	json_decref(all);
}

static bool rpc_one(struct natfw_conn *c, const char *rpc, const char *session)
{
	json_t *input = json_pack("{ss}", "session", session);
	char *text = json_dumps(input, JSON_COMPACT), *output;
	struct natfw_why why;

	output = natfw_rpc(c, rpc, text, SESSION_LOCAL, &why);
	json_decref(input);
	free(text);
	if (!output) {
		session_refused(&why);
		return false;
	}
	free(output);
	return true;
}

static int wait_outcome(struct natfw_conn *c, struct outcome *o)
{
	struct natfw_why why;
	unsigned int turns = SESSION_PATH / 100;
	int status = 0;

	while (!o->event && turns--) {
		struct pollfd p = { .fd = natfw_fd(c), .events = natfw_events(c) };

		poll(&p, 1, 100);
		if (natfw_dispatch(c, &why))
			return session_refused(&why);
	}
	if (!o->event)
		return ctl_fail("no answer from the path in time; the session goes on");
	if (ctl_opt.json)
		session_json(o->event);
	else
		session_event_print(stdout, o->event);
	if (!strcmp(json_string_value(json_object_get(o->event, "state")) ?: "", "dead"))
		status = CTL_REFUSED;
	json_decref(o->event);
	return status;
}

static int session_refresh(struct words *w)
{
	struct outcome o = { .session = words_next(w, "a session") };
	struct natfw_conn *c;
	struct natfw_why why;

	if (!o.session || !words_done(w))
		return ctl_usage(w);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	if (natfw_watch(c, on_outcome, &o, SESSION_LOCAL, &why))
		return session_refused(&why);
	if (!rpc_one(c, "session-refresh", o.session))
		return CTL_REFUSED;
	return wait_outcome(c, &o);
}

static int delete_all(struct natfw_conn *c)
{
	json_t *list = session_state("sessions", "session"), *s;
	int status = list ? 0 : CTL_REFUSED;
	size_t i;

	json_array_foreach(list, i, s) {
		/* only those that applications here have opened */
		if (!json_object_get(s, "uid"))
			continue;
		if (!rpc_one(c, "session-close", json_string_value(json_object_get(s, "session"))))
			status = CTL_REFUSED;
	}
	json_decref(list);
	return status;
}

static int session_delete(struct words *w)
{
	const char *session = words_next(w, "a session, or 'all'");
	struct natfw_conn *c;
	int status = 0;

	if (!session)
		return ctl_usage(w);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	if (!strcmp(session, "all") && words_end(w))
		return delete_all(c);
	for (; session; session = words_end(w) ? NULL : words_next(w, "a session"))
		if (!rpc_one(c, "session-close", session))
			status = CTL_REFUSED;
	return status;
}

#define SPEC								\
	"... [toward ADDR] [pair] [type T]... [spi N]\n"		\
	"... [lifetime TIME] [refresh TIME] [wait TIME] [hold] [proxy [beyond]]"

static const struct ctl_verb verbs[] = {
	{ "list", session_list, "", "sessions through this node, or that begin or end here" },
	{ "show", session_show, "TAG", "all about one" },
	{ "create", session_create, "PROTO [from ADDR] [sport P] to ADDR [dport P]\n" SPEC,
	  "as data sender: open the path to the receiver" },
	{ "external", session_external, "PROTO [from ADDR] [sport P] [to ADDR] [dport P]\n" SPEC,
	  "as data receiver: reserve an external address, let signalling in" },
	{ "block", session_block, "PROTO [from ADDR] [sport P] [to ADDR] [dport P]\n" SPEC,
	  "keep a sender out, at the edge of the network" },
	{ "proxy", session_proxy, "create|external|block ...",
	  "the same where the other end does not signal" },
	{ "refresh", session_refresh, "TAG", "refresh now; natfwd does it in time by itself" },
	{ "trace", session_trace, "TAG [wait TIME]", "whether the other end answers, and what is known of the path" },
	{ "delete", session_delete, "TAG... | all", "end sessions; all: those opened here" },
	{ "watch", session_watch, "[TAG]", "print what happens to sessions as it happens" },
	{ "peers", session_peers, "", "messaging associations with other nodes" },
	{ "rules", session_rules, "", "what sessions have in the kernel" },
	{ "pools", session_pools, "", "use of the module's pools" },
	{ "static", session_static, "", "what access lists of natfwd's configuration have in the kernel" },
	{ "config", session_config, "", "natfwd's configuration in force, all of it, as JSON; for root" },
};

int verb_session(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "list", "session", w);
}
