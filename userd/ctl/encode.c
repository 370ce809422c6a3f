// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/leaf.h"
#include "base/log.h"
#include "conf/words.h"
#include "ctl/encode.h"
#include "nslp/code.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const kinds[] = { "create", "external", "block" };
static const char *const states[] = { "pending", "established", "transitory", "dead" };
static const char *const roles[] = {
	"initiator", "forwarder", "responder", "edge", "proxy-initiator", "proxy-responder",
};
static const char *const translations[] = { "none", "source", "bind", "destination", "both" };

static const char *const call_states[] = {
	"waiting", "resolving", "connecting", "securing", "up",
};
static const char *const call_errors[] = {
	"none", "dns", "refused", "timeout", "local", "tls", "certificate", "revoked",
	"unchecked", "mapping", "authentication", "lost", "closed", "idle",
};

#define WORD(words, value) ((value) < ARRAY_SIZE(words) ? (words)[value] : NULL)

/* ------------------------------------------------------------------ parts */

void encode_hex(const uint8_t *octets, size_t n, char *text)
{
	for (; n; n--, text += 2)
		sprintf(text, "%02x", *octets++);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool encode_read_hex(const char *text, uint8_t *octets, size_t n)
{
	if (strlen(text) != 2 * n)
		return false;
	for (; n; n--, text += 2, octets++) {
		int high = digit(text[0]), low = digit(text[1]);

		if (high < 0 || low < 0)
			return false;
		*octets = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void put_bool(json_t *o, const char *name, bool value)
{
	json_object_set_new_nocheck(o, name, json_boolean(value));
}

static void put_address(json_t *o, const char *name, const struct address *a)
{
	char text[ADDRESS_TEXT];

	if (address_is_set(a))
		leaf_text(o, name, address_text(a, text));
}

static void put_prefix(json_t *o, const char *name, const struct address *a, unsigned int len)
{
	char text[ADDRESS_TEXT + 4], addr[ADDRESS_TEXT];

	if (!address_is_set(a))
		return;
	if (len == address_bits(a))
		snprintf(text, sizeof(text), "%s", address_text(a, addr));
	else
		snprintf(text, sizeof(text), "%s/%u", address_text(a, addr), len);
	leaf_text(o, name, text);
}

static void put_endpoint(json_t *o, const char *name, const struct endpoint *e)
{
	json_t *inner = json_object();

	put_address(inner, "address", &e->address);
	leaf_number(inner, "port", e->port);
	json_object_set_new_nocheck(o, name, inner);
}

static json_t *encode_flow(const struct gate_flow *f)
{
	json_t *o = json_object(), *list;
	char text[8];
	unsigned int i;

	put_prefix(o, "source", &f->source, f->source_len);
	put_prefix(o, "destination", &f->destination, f->destination_len);
	/* by name, or a number where it has none (RFC 7951, 6.10) */
	if (f->has_protocol && isdigit((unsigned char)*words_protocol(f->protocol, text, sizeof(text))))
		leaf_number(o, "protocol", f->protocol);
	else if (f->has_protocol)
		leaf_text(o, "protocol", words_protocol(f->protocol, text, sizeof(text)));
	if (f->has_sport)
		leaf_number(o, "source-port", f->sport);
	if (f->has_dport)
		leaf_number(o, "destination-port", f->dport);
	if (f->more_ports)
		leaf_number(o, "more-ports", f->more_ports);
	if (f->has_spi)
		leaf_number(o, "spi", f->spi);
	if (!f->icmp_count)
		return o;
	list = json_array();
	for (i = 0; i < f->icmp_count && i < GATE_ICMP_MAX; i++)
		json_array_append_new(list, json_integer(f->icmp[i]));
	json_object_set_new_nocheck(o, "icmp-type", list);
	return o;
}

void encode_session_name(json_t *o, const uint8_t sid[GATE_SID], bool id)
{
	char text[2 * GATE_SID + 1];

	leaf_text(o, "session", session_tag(sid, text));
	if (!id)
		return;
	encode_hex(sid, GATE_SID, text);
	leaf_text(o, "id", text);
}

/* ------------------------------------------------------------------ wholes */

/* Members of these are in the order of natfw.yang. */
json_t *encode_session(const struct session_info *i, bool id)
{
	json_t *o = json_object();

	encode_session_name(o, i->sid, id);
	leaf_text(o, "role", WORD(roles, i->role));
	leaf_text(o, "state", WORD(states, i->state));
	leaf_text(o, "kind", WORD(kinds, i->kind));
	leaf_number(o, "lifetime", i->lifetime);
	if (i->has_external)
		put_endpoint(o, "external", &i->external);
	leaf_text(o, "translation", WORD(translations, i->translation));
	put_bool(o, "proxy", i->proxy);
	leaf_number(o, "left", i->left);
	if (i->token && i->uid != GATE_MANAGER)
		leaf_number(o, "uid", i->uid);
	json_object_set_new_nocheck(o, "flow", encode_flow(&i->flow));
	put_address(o, "initiator-side", &i->peer_ni);
	put_address(o, "responder-side", &i->peer_nr);
	return o;
}

json_t *encode_call(const struct call_info *i)
{
	json_t *o = json_object();

	leaf_text(o, "name", i->name);
	leaf_text(o, "state", WORD(call_states, i->state));
	leaf_text(o, "endpoint", i->endpoint);
	leaf_text(o, "transport", i->transport);
	put_address(o, "address", &i->remote.address);
	if (address_is_set(&i->remote.address))
		leaf_number(o, "port", i->remote.port);
	leaf_text(o, "user", i->user);
	leaf_number(o, "since", i->since);
	if (i->next)
		leaf_number(o, "next", i->next);
	leaf_long(o, "attempts", i->attempts);
	leaf_long(o, "sessions", i->sessions);
	leaf_long(o, "failures", i->failures);
	leaf_text(o, "last-error", WORD(call_errors, i->error));
	leaf_text(o, "last-error-text", i->why);
	return o;
}

static json_t *encode_bindings(const struct session_event *e)
{
	json_t *o = json_object(), *list = json_array();
	char text[ADDRESS_TEXT];
	unsigned int i;

	for (i = 0; i < e->bindings && i < SESSION_BINDINGS; i++)
		json_array_append_new(list, json_string(address_text(&e->binding[i], text)));
	leaf_number(o, "port", e->binding_port);
	json_object_set_new_nocheck(o, "address", list);
	return o;
}

json_t *encode_event(const struct session_event *e, bool id)
{
	json_t *o = json_object();

	encode_session_name(o, e->sid, id);
	leaf_text(o, "state", WORD(states, e->state));
	leaf_text(o, "kind", WORD(kinds, e->kind));
	if (e->lifetime)
		leaf_number(o, "lifetime", e->lifetime);
	if (e->has_external)
		put_endpoint(o, "external", &e->external);
	if (e->bindings)
		json_object_set_new_nocheck(o, "bindings", encode_bindings(e));
	if (e->code) {
		leaf_number(o, "code", e->code);
		leaf_text(o, "code-name", nslp_code_name(e->code));
	}
	if (e->object)
		leaf_number(o, "object", e->object);
	leaf_text(o, "reason", e->why);
	return o;
}

json_t *encode_peer(const struct peer_info *p)
{
	json_t *o = json_object();

	put_address(o, "address", &p->peer.address);
	leaf_number(o, "port", p->peer.port);
	leaf_text(o, "state", p->state);
	leaf_text(o, "name", p->name);
	put_bool(o, "tls", p->tls);
	put_bool(o, "outgoing", p->outgoing);
	leaf_number(o, "sessions", p->sessions);
	leaf_number(o, "idle", p->idle_ms);
	return o;
}

json_t *encode_rule(const struct rule_info *r)
{
	json_t *o = json_object();

	leaf_text(o, "session", (const char *)r->sid_tag);
	leaf_long(o, "rule", r->rule);
	put_bool(o, "open", r->open);
	leaf_number(o, "left", r->left);
	leaf_text(o, "text", r->text);
	leaf_text(o, "requester", r->requester);
	return o;
}

json_t *encode_ace(const struct ace_info *i)
{
	json_t *o = json_object();

	leaf_text(o, "list", i->acl);
	leaf_text(o, "entry", i->ace);
	leaf_number(o, "rules", i->rules);
	leaf_long(o, "packets", i->packets);
	leaf_long(o, "octets", i->bytes);
	return o;
}

static json_t *encode_range(const struct nat_range *r)
{
	char text[2 * ADDRESS_TEXT + 1], first[ADDRESS_TEXT], last[ADDRESS_TEXT];

	address_text(&r->first, first);
	if (address_equal(&r->first, &r->last))
		return json_string(first);
	snprintf(text, sizeof(text), "%s-%s", first, address_text(&r->last, last));
	return json_string(text);
}

json_t *encode_pool(const struct pool_info *i)
{
	json_t *o = json_object(), *list = json_array();
	uint32_t n;

	leaf_text(o, "name", i->name);
	put_bool(o, "configured", i->configured);
	for (n = 0; n < i->ranges && n < NAT_RANGES; n++)
		json_array_append_new(list, encode_range(&i->range[n]));
	json_object_set_new_nocheck(o, "address", list);
	leaf_number(o, "port-min", i->port_min);
	leaf_number(o, "port-max", i->port_max);
	leaf_long(o, "ports", i->ports);
	leaf_long(o, "used", i->used);
	leaf_long(o, "held", i->held);
	leaf_number(o, "hosts", i->hosts);
	leaf_long(o, "refused", i->refused);
	leaf_number(o, "rules", i->rules);
	return o;
}

json_t *encode_counter(const struct stat_value *v)
{
	json_t *o = json_object();

	leaf_text(o, "name", v->name);
	leaf_text(o, "label", v->label);
	leaf_text(o, "label-value", v->value);
	put_bool(o, "gauge", v->gauge);
	leaf_long(o, "value", v->number);
	leaf_text(o, "help", v->help);
	return o;
}
