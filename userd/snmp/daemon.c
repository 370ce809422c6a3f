// SPDX-License-Identifier: GPL-2.0-or-later
/* What natfwd has: the state of its tree, as lines of JSON (Documentation/control.rst). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "natfw_session.h"
#include "snmp/sources.h"

#define WAIT_MS	4000

static struct natfw_conn *conn;
static bool lost;

bool daemon_connect(const char *path)
{
	struct natfw_why why = { 0 };

	conn = natfw_connect(path, &why);
	if (conn && !natfw_restrict(conn, WAIT_MS, &why))
		return true;
	fprintf(stderr, "natfwd: %s\n", why.text);
	natfw_disconnect(conn);
	conn = NULL;
	return false;
}

bool daemon_lost(void)
{
	struct pollfd p = { conn ? natfw_fd(conn) : -1, POLLRDHUP, 0 };

	if (conn && poll(&p, 1, 0) > 0 && p.revents & (POLLRDHUP | POLLHUP | POLLERR))
		lost = true;
	return lost;
}

/* ------------------------------------------------------------------ reading */

struct reading {
	struct table *table;
	const char *subtree, *list;
	void (*fill)(struct table *t, json_t *entry);
};

static void on_line(const char *line, void *arg)
{
	const struct reading *g = arg;
	json_t *top = json_loads(line, 0, NULL), *entry, *in;
	size_t i;

	in = json_object_get(json_object_get(json_object_get(top, "natfw:natfw"), "state"), g->subtree);
	if (!g->list)
		g->fill(g->table, in);
	json_array_foreach(json_object_get(in, g->list ? g->list : ""), i, entry)
		g->fill(g->table, entry);
	json_decref(top);
}

static bool get(struct reading g)
{
	struct natfw_why why;

	if (!conn || lost)
		return false;
	if (!natfw_get(conn, g.subtree, on_line, &g, WAIT_MS, &why))
		return true;
	/* one that did not answer may do so yet, in the middle of the next */
	lost = true;
	return false;
}

static const char *text_of(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* Numbers of 64 bits are strings (RFC 7951 6.1). */
static uint64_t number_of(json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_string(v) ? strtoull(json_string_value(v), NULL, 10) :
				   (uint64_t)json_integer_value(v);
}

static void put_number(struct row *r, unsigned int column, u_char type, json_t *o, const char *key)
{
	if (json_object_get(o, key))
		cell_number(r, column, type, number_of(o, key));
}

static void put_text(struct row *r, unsigned int column, json_t *o, const char *key)
{
	cell_text(r, column, text_of(o, key) ? text_of(o, key) : "");
}

/* An address, or a prefix, as InetAddressType, InetAddress and (@length) the prefix's length. */
static void put_address(struct row *r, unsigned int column, const char *text, bool length)
{
	char address[INET6_ADDRSTRLEN];
	uint8_t octets[16];
	const char *slash = text ? strchr(text, '/') : NULL;
	int family, bits;

	cell_number(r, column, ASN_INTEGER, 0);
	cell_octets(r, column + 1, "", 0);
	if (length)
		cell_number(r, column + 2, ASN_UNSIGNED, 0);
	if (!text)
		return;
	snprintf(address, sizeof(address), "%.*s", slash ? (int)(slash - text) : INET6_ADDRSTRLEN, text);
	family = strchr(address, ':') ? AF_INET6 : AF_INET;
	bits = family == AF_INET ? 32 : 128;
	if (inet_pton(family, address, octets) != 1)
		return;
	cell_number(r, column, ASN_INTEGER, family == AF_INET ? 1 : 2);
	cell_octets(r, column + 1, octets, (size_t)bits / 8);
	if (length)
		cell_number(r, column + 2, ASN_UNSIGNED, slash ? (uint64_t)atoi(slash + 1) : (uint64_t)bits);
}

/* ------------------------------------------------------------------ the daemon itself */

enum { N_VERSION = 1, N_UPTIME, N_SESSIONS, N_COUNT = N_SESSIONS };

static void fill_daemon(struct table *t, json_t *o)
{
	struct row *r = o ? table_row(t) : NULL;
	uint64_t started = number_of(o, "started"), now = (uint64_t)time(NULL);

	if (!r)
		return;
	row_index(r, 0);
	put_text(r, N_VERSION, o, "version");
	/* hundredths of a second, which wrap (RFC 2578 7.1.8) */
	cell_number(r, N_UPTIME, ASN_TIMETICKS, (uint32_t)(now > started ? (now - started) * 100 : 0));
}

/* Of the counters, the one about sessions. */
static void fill_sessions(struct table *t, json_t *o)
{
	const char *name = text_of(o, "name");

	if (t->rows && name && !strcmp(name, "nslp_sessions"))
		cell_number(t->row[0], N_SESSIONS, ASN_GAUGE, number_of(o, "value"));
}

static bool load_daemon(struct table *t)
{
	return get((struct reading){ t, "daemon", NULL, fill_daemon }) && t->rows &&
	       get((struct reading){ t, "counters", "counter", fill_sessions });
}

struct table daemon_table = {
	.number = MIB_DAEMON, .scalars = true, .columns = N_COUNT, .load = load_daemon,
};

/* ------------------------------------------------------------------ sessions */

enum {
	S_ROLE = 1, S_KIND, S_STATE, S_LIFETIME, S_LEFT, S_SOURCE, S_SOURCE_ADDRESS,
	S_SOURCE_LENGTH, S_DESTINATION, S_DESTINATION_ADDRESS, S_DESTINATION_LENGTH, S_PROTOCOL,
	S_SOURCE_PORT, S_DESTINATION_PORT, S_EXTERNAL, S_EXTERNAL_ADDRESS, S_EXTERNAL_PORT,
	S_COUNT = S_EXTERNAL_PORT,
};

static void fill_flow(struct row *r, json_t *flow)
{
	json_t *protocol = json_object_get(flow, "protocol");
	char text[16];

	put_address(r, S_SOURCE, text_of(flow, "source"), true);
	put_address(r, S_DESTINATION, text_of(flow, "destination"), true);
	snprintf(text, sizeof(text), "%lld", json_integer_value(protocol));
	cell_text(r, S_PROTOCOL, json_is_integer(protocol) ? text : text_of(flow, "protocol") ?: "");
	cell_number(r, S_SOURCE_PORT, ASN_UNSIGNED, number_of(flow, "source-port"));
	cell_number(r, S_DESTINATION_PORT, ASN_UNSIGNED, number_of(flow, "destination-port"));
}

static void fill_session(struct table *t, json_t *o)
{
	json_t *external = json_object_get(o, "external");
	const char *tag = text_of(o, "session");
	struct row *r = tag && strlen(tag) <= 32 ? table_row(t) : NULL;

	if (!r)
		return;
	row_index_octets(r, tag, strlen(tag));
	put_text(r, S_ROLE, o, "role");
	put_text(r, S_KIND, o, "kind");
	put_text(r, S_STATE, o, "state");
	cell_number(r, S_LIFETIME, ASN_UNSIGNED, number_of(o, "lifetime"));
	cell_number(r, S_LEFT, ASN_UNSIGNED, number_of(o, "left"));
	fill_flow(r, json_object_get(o, "flow"));
	put_address(r, S_EXTERNAL, text_of(external, "address"), false);
	cell_number(r, S_EXTERNAL_PORT, ASN_UNSIGNED, number_of(external, "port"));
}

static bool load_sessions(struct table *t)
{
	return get((struct reading){ t, "sessions", "session", fill_session });
}

struct table session_table = { .number = MIB_SESSIONS, .columns = S_COUNT, .load = load_sessions };

/* ------------------------------------------------------------------ managers that are called */

enum {
	C_STATE = 1, C_ENDPOINT, C_TRANSPORT, C_REMOTE, C_REMOTE_ADDRESS, C_REMOTE_PORT, C_USER,
	C_SINCE, C_NEXT, C_ATTEMPTS, C_SESSIONS, C_FAILURES, C_ERROR, C_ERROR_TEXT,
	C_COUNT = C_ERROR_TEXT,
};

static void fill_call(struct table *t, json_t *o)
{
	const char *name = text_of(o, "name");
	struct row *r = name && strlen(name) <= 64 ? table_row(t) : NULL;

	if (!r)
		return;
	row_index_octets(r, name, strlen(name));
	put_text(r, C_STATE, o, "state");
	put_text(r, C_ENDPOINT, o, "endpoint");
	put_text(r, C_TRANSPORT, o, "transport");
	put_address(r, C_REMOTE, text_of(o, "address"), false);
	cell_number(r, C_REMOTE_PORT, ASN_UNSIGNED, number_of(o, "port"));
	put_text(r, C_USER, o, "user");
	put_number(r, C_SINCE, ASN_UNSIGNED, o, "since");
	put_number(r, C_NEXT, ASN_UNSIGNED, o, "next");
	cell_number(r, C_ATTEMPTS, ASN_COUNTER64, number_of(o, "attempts"));
	cell_number(r, C_SESSIONS, ASN_COUNTER64, number_of(o, "sessions"));
	cell_number(r, C_FAILURES, ASN_COUNTER64, number_of(o, "failures"));
	put_text(r, C_ERROR, o, "last-error");
	put_text(r, C_ERROR_TEXT, o, "last-error-text");
}

static bool load_calls(struct table *t)
{
	return get((struct reading){ t, "call-home", "client", fill_call });
}

struct table call_table = { .number = MIB_CALLS, .columns = C_COUNT, .load = load_calls };

/* ------------------------------------------------------------------ counters */

enum { V_VALUE = 1, V_GAUGE, V_HELP, V_COUNT = V_HELP };

/* By name, or name and the value of its label. */
static void fill_counter(struct table *t, json_t *o)
{
	const char *name = text_of(o, "name"), *label = text_of(o, "label-value");
	char key[TABLE_INDEX_MAX + 1];
	int n = name ? snprintf(key, sizeof(key), "%s%s%s", name, label ? "." : "", label ? label : "") : 0;
	struct row *r = n > 0 && n < (int)sizeof(key) ? table_row(t) : NULL;

	if (!r)
		return;
	row_index_octets(r, key, (size_t)n);
	cell_number(r, V_VALUE, ASN_COUNTER64, number_of(o, "value"));
	cell_number(r, V_GAUGE, ASN_INTEGER, json_is_true(json_object_get(o, "gauge")) ? 1 : 2);
	put_text(r, V_HELP, o, "help");
}

static bool load_counters(struct table *t)
{
	return get((struct reading){ t, "counters", "counter", fill_counter });
}

struct table counter_table = { .number = MIB_COUNTERS, .columns = V_COUNT, .load = load_counters };
