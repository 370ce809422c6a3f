// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listing what natfwd has: sessions, peers, rules.
 */
#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "session.h"

#define CELL	160

/* ------------------------------------------------------------------ reading */

struct gathered {
	const char *subtree, *list;
	json_t *all;
};

static void gather(const char *line, void *arg)
{
	json_t *data = json_loads(line, 0, NULL), *part = data;
	struct gathered *g = arg;

	part = json_object_get(part, "natfw:natfw");
	part = json_object_get(part, "state");
	part = json_object_get(part, g->subtree);
	json_array_extend(g->all, json_object_get(part, g->list));
	json_decref(data);
}

json_t *session_state(const char *subtree, const char *list)
{
	struct gathered g = { .subtree = subtree, .list = list };
	struct natfw_conn *c = session_conn();
	struct natfw_why why;

	if (!c)
		return NULL;
	g.all = json_array();
	if (!natfw_get(c, subtree, gather, &g, SESSION_LOCAL, &why))
		return g.all;
	session_refused(&why);
	json_decref(g.all);
	return NULL;
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const char *text_or(const json_t *o, const char *key, const char *otherwise)
{
	const char *s = text_of(o, key);

	return s && *s ? s : otherwise;
}

static unsigned int number_of(const json_t *o, const char *key)
{
	return (unsigned int)json_integer_value(json_object_get(o, key));
}

/* ------------------------------------------------------------------ as text */

static void end_text(const json_t *flow, const char *address, const char *port, char *buf,
		     size_t size)
{
	const char *a = text_or(flow, address, "any");
	unsigned int p = number_of(flow, port);

	if (!p)
		snprintf(buf, size, "%s", a);
	else if (strchr(a, ':'))
		snprintf(buf, size, "[%s]:%u", a, p);
	else
		snprintf(buf, size, "%s:%u", a, p);
}

static void protocol_text(const json_t *flow, char *buf, size_t size)
{
	const json_t *p = json_object_get(flow, "protocol");

	if (json_is_integer(p))
		snprintf(buf, size, "%s", proto_name(number_of(flow, "protocol")) ?: "");
	else
		snprintf(buf, size, "%s", json_string_value(p) ?: "any");
	if (json_is_integer(p) && !*buf)
		snprintf(buf, size, "%u", number_of(flow, "protocol"));
}

const char *session_flow_text(const json_t *flow, char *buf, size_t size)
{
	char from[NATFW_ENDPOINT_TEXT + 8], to[NATFW_ENDPOINT_TEXT + 8], proto[16];

	protocol_text(flow, proto, sizeof(proto));
	end_text(flow, "source", "source-port", from, sizeof(from));
	end_text(flow, "destination", "destination-port", to, sizeof(to));
	snprintf(buf, size, "%s %s -> %s%s", proto, from, to,
		 number_of(flow, "more-ports") ? " and next" : "");
	return buf;
}

const char *session_endpoint_text(const json_t *endpoint, char *buf, size_t size)
{
	if (text_of(endpoint, "address"))
		end_text(endpoint, "address", "port", buf, size);
	else
		snprintf(buf, size, "-");
	return buf;
}

static void seconds_text(const json_t *o, const char *key, char *buf, size_t size)
{
	if (json_object_get(o, key))
		duration_text(number_of(o, key), buf, size);
	else
		snprintf(buf, size, "-");
}

/* ------------------------------------------------------------------ tables */

/* A column: its title, and how a cell is made from an entry. */
struct column {
	const char *title;
	void (*cell)(const json_t *entry, char *buf, size_t size);
};

#define COLUMNS_MAX	9

static void measure(const json_t *list, const struct column *col, unsigned int n, int *width)
{
	char cell[CELL];
	const json_t *entry;
	unsigned int i;
	size_t at;

	for (i = 0; i < n; i++)
		width[i] = (int)strlen(col[i].title);
	json_array_foreach(list, at, entry) {
		for (i = 0; i < n; i++) {
			col[i].cell(entry, cell, sizeof(cell));
			if ((int)strlen(cell) > width[i])
				width[i] = (int)strlen(cell);
		}
	}
}

/* The last column is not padded. */
static void print_cell(const char *text, int width, bool last)
{
	if (last)
		printf("%s\n", text);
	else
		printf("%-*s  ", width, text);
}

static void print_table(const json_t *list, const struct column *col, unsigned int n)
{
	int width[COLUMNS_MAX];
	char cell[CELL];
	const json_t *entry;
	unsigned int i;
	size_t at;

	measure(list, col, n, width);
	for (i = 0; i < n; i++)
		print_cell(col[i].title, width[i], i == n - 1);
	json_array_foreach(list, at, entry) {
		for (i = 0; i < n; i++) {
			col[i].cell(entry, cell, sizeof(cell));
			print_cell(cell, width[i], i == n - 1);
		}
	}
}

static int print_list(struct words *w, const char *subtree, const char *name,
		      const struct column *col, unsigned int n)
{
	json_t *list;

	if (!words_done(w))
		return ctl_usage(w);
	list = session_state(subtree, name);
	if (!list)
		return CTL_REFUSED;
	if (ctl_opt.json)
		session_json(list);
	else
		print_table(list, col, n);
	json_decref(list);
	return 0;
}

#define TEXT_CELL(fn, key)							\
static void fn(const json_t *e, char *buf, size_t size)				\
{										\
	snprintf(buf, size, "%s", text_or(e, key, "-"));			\
}

TEXT_CELL(cell_session, "session")
TEXT_CELL(cell_role, "role")
TEXT_CELL(cell_kind, "kind")
TEXT_CELL(cell_state, "state")
TEXT_CELL(cell_name, "name")
TEXT_CELL(cell_text, "text")
TEXT_CELL(cell_requester, "requester")
TEXT_CELL(cell_endpoint, "endpoint")
TEXT_CELL(cell_list, "list")
TEXT_CELL(cell_entry, "entry")
TEXT_CELL(cell_packets, "packets")
TEXT_CELL(cell_octets, "octets")
TEXT_CELL(cell_used, "used")
TEXT_CELL(cell_held, "held")
TEXT_CELL(cell_refused, "refused")
TEXT_CELL(cell_transport, "transport")
TEXT_CELL(cell_user, "user")

static void cell_left(const json_t *e, char *buf, size_t size)
{
	seconds_text(e, "left", buf, size);
}

static void cell_flow(const json_t *e, char *buf, size_t size)
{
	session_flow_text(json_object_get(e, "flow"), buf, size);
}

static void cell_external(const json_t *e, char *buf, size_t size)
{
	session_endpoint_text(json_object_get(e, "external"), buf, size);
}

static void cell_peer(const json_t *e, char *buf, size_t size)
{
	session_endpoint_text(e, buf, size);
}

static void cell_over(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s", json_is_true(json_object_get(e, "tls")) ? "tls" : "tcp");
}

static void cell_opened(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s", json_is_true(json_object_get(e, "outgoing")) ? "here" : "there");
}

static void cell_sessions(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%u", number_of(e, "sessions"));
}

static void cell_rules(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%u", number_of(e, "rules"));
}

static void cell_hosts(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%u", number_of(e, "hosts"));
}

static void cell_maker(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s", json_is_true(json_object_get(e, "configured")) ? "natfwd" : "natfwctl");
}

/* Of many ranges the first, and how many there are beside it. */
static void cell_addresses(const json_t *e, char *buf, size_t size)
{
	const json_t *list = json_object_get(e, "address");
	const char *first = json_string_value(json_array_get(list, 0));

	if (json_array_size(list) > 1)
		snprintf(buf, size, "%s +%zu", first ? first : "-", json_array_size(list) - 1);
	else
		snprintf(buf, size, "%s", first ? first : "-");
}

static void cell_ports(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%u-%u", number_of(e, "port-min"), number_of(e, "port-max"));
}

static void cell_idle(const json_t *e, char *buf, size_t size)
{
	duration_text(number_of(e, "idle") / 1000, buf, size);
}

/* uint64, so a string; a rule that is not there yet has none */
static void cell_rule(const json_t *e, char *buf, size_t size)
{
	const char *s = text_or(e, "rule", "0");

	snprintf(buf, size, "%s", strcmp(s, "0") ? s : "-");
}

static void cell_open(const json_t *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s", json_is_true(json_object_get(e, "open")) ? "open" : "reserved");
}

static void cell_since(const json_t *e, char *buf, size_t size)
{
	duration_text(number_of(e, "since"), buf, size);
}

static void cell_next(const json_t *e, char *buf, size_t size)
{
	if (json_object_get(e, "next"))
		duration_text(number_of(e, "next"), buf, size);
	else
		snprintf(buf, size, "-");
}

static void cell_error(const json_t *e, char *buf, size_t size)
{
	const char *error = text_or(e, "last-error", "none");

	if (!strcmp(error, "none"))
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%s: %s", error, text_or(e, "last-error-text", "-"));
}

static const struct column call_columns[] = {
	{ "MANAGER", cell_name },   { "STATE", cell_state }, { "FOR", cell_since },
	{ "ENDPOINT", cell_endpoint }, { "OVER", cell_transport }, { "AT", cell_peer },
	{ "USER", cell_user },	    { "NEXT", cell_next },   { "LAST ERROR", cell_error },
};

static const struct column session_columns[] = {
	{ "SESSION", cell_session }, { "ROLE", cell_role },	    { "KIND", cell_kind },
	{ "STATE", cell_state },     { "LEFT", cell_left },	    { "FLOW", cell_flow },
	{ "EXTERNAL", cell_external },
};

static const struct column peer_columns[] = {
	{ "PEER", cell_peer },	   { "STATE", cell_state },	  { "OVER", cell_over },
	{ "OPENED", cell_opened }, { "SESSIONS", cell_sessions }, { "IDLE", cell_idle },
	{ "NAME", cell_name },
};

static const struct column rule_columns[] = {
	{ "SESSION", cell_session }, { "RULE", cell_rule }, { "STATE", cell_open },
	{ "LEFT", cell_left },	     { "REQUESTER", cell_requester }, { "TEXT", cell_text },
};

static const struct column static_columns[] = {
	{ "LIST", cell_list }, { "ENTRY", cell_entry }, { "RULES", cell_rules },
	{ "PACKETS", cell_packets }, { "OCTETS", cell_octets },
};

static const struct column pool_columns[] = {
	{ "POOL", cell_name }, { "MADE BY", cell_maker }, { "ADDRESSES", cell_addresses }, { "PORTS", cell_ports },
	{ "USED", cell_used }, { "HELD", cell_held }, { "HOSTS", cell_hosts }, { "REFUSED", cell_refused },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

_Static_assert(COUNT(session_columns) <= COLUMNS_MAX && COUNT(peer_columns) <= COLUMNS_MAX &&
	       COUNT(rule_columns) <= COLUMNS_MAX && COUNT(call_columns) <= COLUMNS_MAX, "print_table() has room for so many");

int session_list(struct words *w)
{
	return print_list(w, "sessions", "session", session_columns, COUNT(session_columns));
}

int session_peers(struct words *w)
{
	return print_list(w, "peers", "peer", peer_columns, COUNT(peer_columns));
}

int session_calls(struct words *w)
{
	return print_list(w, "call-home", "client", call_columns, COUNT(call_columns));
}

int session_static(struct words *w)
{
	return print_list(w, "static-rules", "entry", static_columns, COUNT(static_columns));
}

int session_pools(struct words *w)
{
	return print_list(w, "pools", "pool", pool_columns, COUNT(pool_columns));
}

int session_rules(struct words *w)
{
	return print_list(w, "rules", "rule", rule_columns, COUNT(rule_columns));
}

/* ------------------------------------------------------------------ one session */

static void print_field(const char *name, const char *value)
{
	printf("%-16s%s\n", name, value);
}

void session_print(const json_t *s, const char *tag)
{
	char buf[CELL];

	print_field("session", tag);
	print_field("role", text_or(s, "role", "-"));
	print_field("kind", text_or(s, "kind", "-"));
	print_field("state", text_or(s, "state", "-"));
	print_field("flow", session_flow_text(json_object_get(s, "flow"), buf, sizeof(buf)));
	print_field("external",
		    session_endpoint_text(json_object_get(s, "external"), buf, sizeof(buf)));
	print_field("translation", text_or(s, "translation", "none"));
	seconds_text(s, "lifetime", buf, sizeof(buf));
	print_field("lifetime", buf);
	seconds_text(s, "left", buf, sizeof(buf));
	print_field("left", buf);
	print_field("initiator side", text_or(s, "initiator-side", "-"));
	print_field("responder side", text_or(s, "responder-side", "-"));
	if (json_is_true(json_object_get(s, "proxy")))
		print_field("proxy", "yes");
	if (json_object_get(s, "uid")) {
		snprintf(buf, sizeof(buf), "%u", number_of(s, "uid"));
		print_field("opened by uid", buf);
	}
}

static const json_t *find_session(const json_t *list, const char *tag)
{
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s)
		if (!strcmp(text_or(s, "session", ""), tag))
			return s;
	return NULL;
}

int session_show(struct words *w)
{
	const char *tag = words_next(w, "the session");
	const json_t *s;
	int status = 0;
	json_t *list;

	if (!tag || !words_done(w))
		return ctl_usage(w);
	list = session_state("sessions", "session");
	if (!list)
		return CTL_REFUSED;
	s = find_session(list, tag);
	if (!s) {
		status = ctl_fail("there is no session %s; it may have ended", tag);
		fprintf(stderr, "  'natfwctl session list' shows those there are\n");
	} else if (ctl_opt.json) {
		session_json(s);
	} else {
		session_print(s, tag);
	}
	json_decref(list);
	return status;
}
