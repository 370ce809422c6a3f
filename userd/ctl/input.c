// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/tree.h"
#include "conf/words.h"
#include "ctl/encode.h"
#include "ctl/input.h"

#define DEPTH_MAX	8

static struct ly_ctx *schema;

int input_init(void)
{
	schema = schema_create();
	return schema ? 0 : -ENOMEM;
}

/* Returns false. */
static bool fail(struct input_error *e, const struct lyd_node *parent, const char *name,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static bool fail(struct input_error *e, const struct lyd_node *parent, const char *name,
		 const char *fmt, ...)
{
	char *path = lyd_path(parent, LYD_PATH_STD, NULL, 0);
	va_list ap;

	snprintf(e->path, sizeof(e->path), "%s%s%s", path ? path : "", name ? "/" : "",
		 name ? name : "");
	free(path);
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return false;
}

/* ------------------------------------------------------------------ leaves */

static bool get_bool(const struct lyd_node *parent, const char *name)
{
	const char *value = tree_value(parent, name);

	return value && !strcmp(value, "true");
}

static uint32_t get_number(const struct lyd_node *parent, const char *name, bool *there)
{
	const char *value = tree_value(parent, name);

	if (there)
		*there = value;
	return value ? (uint32_t)strtoul(value, NULL, 10) : 0;
}

static void get_prefix(const struct lyd_node *parent, const char *name, struct address *a,
		       uint8_t *len)
{
	const char *value = tree_value(parent, name);
	unsigned int bits = 0;

	if (value && address_read_prefix(a, &bits, value)) {
		*len = (uint8_t)bits;
		address_mask(a, bits);
	}
}

static void read_flow(const struct lyd_node *n, struct gate_flow *f)
{
	const struct lyd_node *icmp;
	const char *protocol = tree_value(n, "protocol");

	get_prefix(n, "source", &f->source, &f->source_len);
	get_prefix(n, "destination", &f->destination, &f->destination_len);
	f->version = f->destination.version ? f->destination.version : f->source.version;
	f->has_protocol = protocol;
	if (protocol)
		f->protocol = (uint8_t)words_protocol_find(protocol);
	f->sport = (uint16_t)get_number(n, "source-port", &f->has_sport);
	f->dport = (uint16_t)get_number(n, "destination-port", &f->has_dport);
	f->more_ports = (uint8_t)get_number(n, "more-ports", NULL);
	f->spi = get_number(n, "spi", &f->has_spi);
	for (icmp = tree_find(n, "icmp-type"); icmp; icmp = tree_next(icmp))
		f->icmp[f->icmp_count++] = (uint8_t)strtoul(lyd_get_value(icmp), NULL, 10);
}

/* ------------------------------------------------------------------ what makes sense */

static bool has_ports(const struct gate_flow *f)
{
	return f->has_protocol && (f->protocol == 6 || f->protocol == 17 || f->protocol == 33 ||
				   f->protocol == 132 || f->protocol == 136);
}

static bool check_transport(const struct gate_flow *f, const struct lyd_node *n,
			    struct input_error *e)
{
	if (f->has_sport && !has_ports(f))
		return fail(e, n, "source-port", "needs a protocol that has ports");
	if (f->has_dport && !has_ports(f))
		return fail(e, n, "destination-port", "needs a protocol that has ports");
	if (f->more_ports && !f->has_dport)
		return fail(e, n, "more-ports", "needs a destination-port");
	if (f->more_ports && (f->dport == UINT16_MAX || (f->has_sport && f->sport == UINT16_MAX)))
		return fail(e, n, "more-ports", "there is no port after 65535");
	if (f->has_spi && !(f->has_protocol && (f->protocol == 50 || f->protocol == 51)))
		return fail(e, n, "spi", "needs protocol esp or ah");
	if (f->icmp_count && !(f->has_protocol && f->protocol == (f->version == 4 ? 1 : 58)))
		return fail(e, n, "icmp-type", "needs protocol %s",
			    f->version == 4 ? "icmp" : "icmpv6");
	return true;
}

static bool check_open(const struct session_open *o, const struct lyd_node *op,
		       const struct lyd_node *n, struct input_error *e)
{
	const struct gate_flow *f = &o->flow;

	if (!address_is_set(&f->destination))
		return fail(e, n, "destination", "the flow's destination has to be known");
	if (o->kind == SESSION_CREATE && !address_is_set(&f->source))
		return fail(e, n, "source", "who sends is the source of the flow");
	if (address_is_set(&f->source) && f->source.version != f->destination.version)
		return fail(e, n, "source", "source and destination are of different IP versions");
	if (o->loose && o->toward.version != f->destination.version)
		return fail(e, op, "toward", "is of another IP version than the flow");
	if (o->kind != SESSION_CREATE && !o->loose && !address_is_set(&f->source))
		return fail(e, op, "toward", "a sender that is not known needs it, to find the edge");
	return check_transport(f, n, e);
}

/* ------------------------------------------------------------------ operations */

static uint8_t kind_of(const char *word)
{
	return !strcmp(word, "create") ? SESSION_CREATE :
	       !strcmp(word, "external") ? SESSION_EXTERNAL : SESSION_BLOCK;
}

static bool read_open(const struct lyd_node *op, struct input *in, struct input_error *e)
{
	const struct lyd_node *flow = tree_find(op, "flow");
	const char *toward = tree_value(op, "toward");
	struct session_open *o = &in->open;

	o->kind = kind_of(tree_value(op, "kind"));
	o->proxy = get_bool(op, "proxy");
	o->beyond = get_bool(op, "beyond");
	o->binding = get_bool(op, "bindings");
	o->lifetime = get_number(op, "lifetime", NULL);
	o->refresh = get_number(op, "refresh", NULL);
	in->bound = get_bool(op, "bound");
	o->loose = toward && address_read(&o->toward, toward);
	if (flow)
		read_flow(flow, &o->flow);
	return check_open(o, op, flow ? flow : op, e);
}

static const char *const names[INPUT_RPCS] = {
	[INPUT_OPEN] = "session-open", [INPUT_ATTACH] = "session-attach",
	[INPUT_REFRESH] = "session-refresh", [INPUT_CLOSE] = "session-close",
	[INPUT_TRACE] = "session-trace", [INPUT_RELOAD] = "reload", [INPUT_CALL] = "call-home",
};

const char *input_name(enum input_rpc rpc)
{
	return names[rpc];
}

static bool read_op(const struct lyd_node *op, struct input *in, struct input_error *e)
{
	const char *session = tree_value(op, "session"), *token = tree_value(op, "token");
	const char *client = tree_value(op, "client");
	unsigned int i;

	for (i = 0; i < INPUT_RPCS - 1; i++)
		if (!strcmp(op->schema->name, names[i]))
			break;
	in->rpc = i;
	in->force = tree_find(op, "force");
	in->has_session = session;
	in->session = session ? strtoull(session, NULL, 16) : 0;
	in->wait = (uint8_t)get_number(op, "wait", &in->has_wait);
	if (client)
		snprintf(in->client, sizeof(in->client), "%s", client);
	if (token)
		(void)encode_read_hex(token, in->token, sizeof(in->token));
	return in->rpc != INPUT_OPEN || read_open(op, in, e);
}

static bool refused(struct input_error *e)
{
	schema_error(schema, e->text, sizeof(e->text), e->path, sizeof(e->path));
	return false;
}

static bool parse(const char *text, struct lyd_node **tree, struct lyd_node **op)
{
	struct ly_in *in;
	bool good;

	if (ly_in_new_memory(text, &in))
		return false;
	good = !lyd_parse_op(schema, NULL, in, LYD_JSON, LYD_TYPE_RPC_YANG, tree, op) &&
	       !lyd_validate_op(*tree, NULL, LYD_TYPE_RPC_YANG, NULL);
	ly_in_free(in, 0);
	return good;
}

/*
 * Neither annotations (RFC 7952), of which libyang 2.1 leaks some, nor depth that no operation has.
 */
static bool plain(const json_t *value, unsigned int depth)
{
	const char *key;
	json_t *member;
	size_t i;

	if (depth > DEPTH_MAX)
		return false;
	json_object_foreach((json_t *)value, key, member)
		if (strchr(key, '@') || !plain(member, depth + 1))
			return false;
	json_array_foreach(value, i, member)
		if (!plain(member, depth + 1))
			return false;
	return true;
}

static bool not_plain(struct input_error *e)
{
	snprintf(e->text, sizeof(e->text), "annotations and deeper nesting are not used here");
	return false;
}

bool input_read(const json_t *rpc, struct input *in, struct input_error *e)
{
	struct lyd_node *tree = NULL, *op = NULL;
	char *text;
	bool good;

	*in = (struct input){ 0 };
	*e = (struct input_error){ 0 };
	if (!plain(rpc, 0))
		return not_plain(e);
	text = json_dumps(rpc, JSON_COMPACT);
	good = text && (parse(text, &tree, &op) || refused(e)) && read_op(op, in, e);
	lyd_free_all(tree);
	free(text);
	return good;
}
