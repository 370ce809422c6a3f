// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conf/acl.h"
#include "conf/build.h"
#include "conf/words.h"

/* ------------------------------------------------------------------ leaves by table */

enum field_kind { BOOL, U8, U16, U32, TEXT, ENUM, WORD };

struct field {
	const char *name;
	enum field_kind kind;
	size_t at, size;
	const char *word;	/* WORD: a bool that is true if this is the value */
};

#define FIELD(name, kind, type, member) \
	{ name, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), NULL }
#define FIELD_WORD(name, word, type, member) \
	{ name, WORD, offsetof(struct type, member), sizeof(bool), word }

static const struct field interface_fields[] = {
	FIELD("name", TEXT, conf_interface, name),
	FIELD_WORD("side", "outside", conf_interface, outside),
	FIELD("edge", BOOL, conf_interface, edge),
	FIELD("nat", BOOL, conf_interface, nat),
	FIELD("firewall", BOOL, conf_interface, firewall),
	FIELD("pool", TEXT, conf_interface, pool),
	FIELD("zone", U32, conf_interface, zone),
	FIELD("attach", BOOL, conf_interface, attach),
	FIELD_WORD("default", "drop", conf_interface, drop),
};

static const struct field pool_fields[] = {
	FIELD("name", TEXT, conf_pool, name),
	FIELD("port-min", U16, conf_pool, port_min),
	FIELD("port-max", U16, conf_pool, port_max),
	FIELD("zone", U32, conf_pool, zone),
	FIELD("filtering", ENUM, conf_pool, filtering),
	FIELD("preserve", BOOL, conf_pool, preserve),
	FIELD("host-quota", U32, conf_pool, host_quota),
	FIELD("hold", U32, conf_pool, hold),
};

static const struct field gist_fields[] = {
	FIELD("ipv6", BOOL, conf_gist, ipv6),
	FIELD("port", U16, conf_gist, port),
	FIELD("tcp-port", U16, conf_gist, tcp_port),
	FIELD("tls-port", U16, conf_gist, tls_port),
	FIELD("tls", ENUM, conf_gist, tls),
	FIELD("certificate", TEXT, conf_gist, certificate),
	FIELD("key", TEXT, conf_gist, key),
	FIELD("authority", TEXT, conf_gist, authority),
	FIELD("t1", U32, conf_gist, t1),
	FIELD("t2", U32, conf_gist, t2),
	FIELD("validity", U32, conf_gist, validity),
	FIELD("hold", U32, conf_gist, hold),
	FIELD("rate", U32, conf_gist, rate),
	FIELD("states", U32, conf_gist, states),
	FIELD("associations", U32, conf_gist, associations),
	FIELD_WORD("peer-default", "permit", conf_gist, peer_default),
	FIELD("old-numbers", BOOL, conf_gist, old_numbers),
};

static const struct field peer_fields[] = {
	FIELD("name", TEXT, conf_peer, name),
	FIELD_WORD("action", "permit", conf_peer, permit),
};

static const struct field nslp_fields[] = {
	FIELD("forward", BOOL, conf_nslp, forward),
	FIELD("respond", BOOL, conf_nslp, respond),
	FIELD("proxy", BOOL, conf_nslp, proxy),
	FIELD("need-reservation", BOOL, conf_nslp, need_reservation),
	FIELD("lifetime", U32, conf_nslp, lifetime),
	FIELD("lifetime-min", U32, conf_nslp, lifetime_min),
	FIELD("lifetime-max", U32, conf_nslp, lifetime_max),
	FIELD("transitory", U32, conf_nslp, transitory),
	FIELD("sessions", U32, conf_nslp, sessions),
	FIELD("sessions-per-peer", U32, conf_nslp, sessions_per_peer),
	FIELD("key-id", U32, conf_nslp, key_id),
};

static const struct field policy_fields[] = {
	FIELD("name", TEXT, conf_policy, name),
	FIELD("interface", TEXT, conf_policy, interface),
	FIELD("zone", U32, conf_policy, zone),
	FIELD("tls-name", TEXT, conf_policy, tls_name),
	FIELD("key-id", U32, conf_policy, key_id),
	FIELD("local", BOOL, conf_policy, local),
	FIELD_WORD("action", "permit", conf_policy, permit),
	FIELD("third-party", BOOL, conf_policy, third_party),
	FIELD("source-prefix-min", U8, conf_policy, source_len_min),
	FIELD("destination-prefix-min", U8, conf_policy, destination_len_min),
	FIELD("lifetime-max", U32, conf_policy, lifetime_max),
	FIELD("sessions-max", U32, conf_policy, sessions_max),
	FIELD("any-sender", BOOL, conf_policy, any_sender),
};

static const struct field key_fields[] = {
	FIELD("id", U32, conf_key, id),
	FIELD("name", TEXT, conf_key, name),
	FIELD("transform", ENUM, conf_key, transform),
};

static const struct field control_fields[] = {
	FIELD("socket", TEXT, conf_control, socket),
	FIELD("group", TEXT, conf_control, group),
};

static const struct field identity_fields[] = {
	FIELD("name", TEXT, conf_identity, name),
	FIELD("certificate", TEXT, conf_identity, certificate),
	FIELD("key", TEXT, conf_identity, key),
	FIELD("authority", TEXT, conf_identity, authority),
	FIELD("crl", TEXT, conf_identity, crl),
};

static const struct field ocsp_fields[] = {
	FIELD("staple", BOOL, conf_identity, ocsp.staple),
	FIELD("staple-responder", TEXT, conf_identity, ocsp.staple_from),
	FIELD("managers", ENUM, conf_identity, ocsp.managers),
	FIELD("responder", TEXT, conf_identity, ocsp.responder),
	FIELD("named-responder", BOOL, conf_identity, ocsp.named),
};

static const struct field ssh_fields[] = {
	FIELD("program", TEXT, conf_ssh, program),
	FIELD("relay", TEXT, conf_ssh, relay),
	FIELD("account", TEXT, conf_ssh, account),
	FIELD("directory", TEXT, conf_ssh, directory),
	FIELD("authentication-attempts", U8, conf_ssh, attempts),
};

static const struct field service_fields[] = {
	FIELD("name", TEXT, conf_service, name),
	FIELD("port", U16, conf_service, at.port),
	FIELD("idle-timeout", U32, conf_service, idle),
	FIELD_WORD("connect", "at-once", conf_service, at_once),
};

static const struct field host_key_fields[] = {
	FIELD("name", TEXT, conf_host_key, name),
	FIELD("file", TEXT, conf_host_key, file),
};

static const struct field rule_fields[] = {
	FIELD("id", U32, conf_name_rule, id),
	FIELD("map-type", ENUM, conf_name_rule, type),
	FIELD("name", TEXT, conf_name_rule, name),
};

static const struct field endpoint_fields[] = {
	FIELD("name", TEXT, conf_endpoint, name),
	FIELD("transport", ENUM, conf_endpoint, transport),
	FIELD("remote-address", TEXT, conf_endpoint, remote),
	FIELD("remote-port", U16, conf_endpoint, port),
	FIELD("local-port", U16, conf_endpoint, local_port),
	FIELD("interface", TEXT, conf_endpoint, interface),
	FIELD("identity", TEXT, conf_endpoint, identity),
	FIELD("service", TEXT, conf_endpoint, service),
};

static const struct field listen_fields[] = {
	FIELD("name", TEXT, conf_listen, e.name),
	FIELD("transport", ENUM, conf_listen, e.transport),
	FIELD("port", U16, conf_listen, e.local_port),
	FIELD("identity", TEXT, conf_listen, e.identity),
	FIELD("authentication-time", U16, conf_listen, authentication_time),
	FIELD("max-sessions", U16, conf_listen, max_sessions),
	FIELD("max-unauthenticated", U16, conf_listen, max_unknown),
	FIELD("max-per-source", U16, conf_listen, max_per_source),
};

static const struct field keepalive_fields[] = {
	FIELD("max-wait", U16, conf_endpoint, keep_wait),
	FIELD("max-attempts", U8, conf_endpoint, keep_attempts),
};

static const struct field call_fields[] = {
	FIELD("name", TEXT, conf_call, name),
	FIELD("authentication-time", U16, conf_call, authentication_time),
};

static const struct field periodic_fields[] = {
	FIELD("period", U32, conf_call, period),
	FIELD("idle-timeout", U32, conf_call, idle_timeout),
};

static const struct field reconnect_fields[] = {
	FIELD("start-with", ENUM, conf_call, start_with),
	FIELD("max-wait", U16, conf_call, max_wait),
	FIELD("max-attempts", U8, conf_call, max_attempts),
	FIELD("backoff-min", U32, conf_call, backoff_min),
	FIELD("backoff-max", U32, conf_call, backoff_max),
	FIELD("minimum-uptime", U32, conf_call, minimum_uptime),
};

static const struct field daemon_fields[] = {
	FIELD("user", TEXT, conf, user),
	FIELD("chroot", TEXT, conf, chroot),
	FIELD("state-directory", TEXT, conf, state),
	FIELD("module-required", BOOL, conf, module_required),
};

static const struct field limit_fields[] = {
	FIELD("sessions-max", U32, conf, policy_sessions_max),
	FIELD("rate", U32, conf, policy_rate),
};

#define FILL(parent, fields, to) fill(parent, fields, sizeof(fields) / sizeof((fields)[0]), to)

static void put(const struct field *f, const struct lyd_node *n, void *to)
{
	const char *value = lyd_get_value(n);
	unsigned long number = strtoul(value, NULL, 10);

	switch (f->kind) {
	case BOOL:
		*(bool *)to = !strcmp(value, "true");
		break;
	case WORD:
		*(bool *)to = !strcmp(value, f->word);
		break;
	case U8:
		*(uint8_t *)to = (uint8_t)number;
		break;
	case U16:
		*(uint16_t *)to = (uint16_t)number;
		break;
	case U32:
		*(uint32_t *)to = (uint32_t)number;
		break;
	case ENUM:
		*(uint8_t *)to =
			(uint8_t)((const struct lyd_node_term *)n)->value.enum_item->value;
		break;
	case TEXT:
		snprintf(to, f->size, "%s", value);
		break;
	}
}

/* What is not there stays as it is. */
static void fill(const struct lyd_node *parent, const struct field *f, size_t n, void *to)
{
	const struct lyd_node *leaf;

	for (; n; n--, f++) {
		leaf = tree_find(parent, f->name);
		if (leaf)
			put(f, leaf, (char *)to + f->at);
	}
}

/* ------------------------------------------------------------------ lists */

static unsigned int count(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *n;
	unsigned int i = 0;

	for (n = tree_find(parent, name); n; n = tree_next(n))
		i++;
	return i;
}

/* An array for all instances of @name in @parent, zeroed; *@n is their number. NULL: none, or no memory. */
static void *array(const struct lyd_node *parent, const char *name, size_t size, unsigned int *n,
		   struct conf_error *e)
{
	unsigned int have = count(parent, name);
	void *p = have ? calloc(have, size) : NULL;

	*n = p ? have : 0;
	if (have && !p)
		snprintf(e->text, sizeof(e->text), "out of memory");
	return p;
}

static void read_prefix(struct conf_prefix *p, const char *text)
{
	unsigned int len = 0;

	(void)address_read_prefix(&p->address, &len, text);
	p->len = (uint8_t)len;
	address_mask(&p->address, len);
}

static struct conf_prefix *prefixes(const struct lyd_node *parent, const char *name,
				    unsigned int *n, struct conf_error *e)
{
	struct conf_prefix *p = array(parent, name, sizeof(*p), n, e);
	const struct lyd_node *leaf = tree_find(parent, name);
	unsigned int i;

	for (i = 0; i < *n; i++, leaf = tree_next(leaf))
		read_prefix(&p[i], lyd_get_value(leaf));
	return p;
}

/* ------------------------------------------------------------------ parts */

static bool build_interfaces(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(tree, "interface");
	unsigned int i;

	c->interface = array(tree, "interface", sizeof(*c->interface), &c->interfaces, e);
	for (i = 0; i < c->interfaces; i++, n = tree_next(n))
		FILL(n, interface_fields, &c->interface[i]);
	return true;
}

static bool build_pools(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(tree, "pool");
	unsigned int i, k;

	c->pool = array(tree, "pool", sizeof(*c->pool), &c->pools, e);
	for (i = 0; i < c->pools; i++, n = tree_next(n)) {
		struct conf_pool *p = &c->pool[i];

		FILL(n, pool_fields, p);
		p->address = prefixes(n, "address", &p->addresses, e);
		for (k = 1; k < p->addresses; k++)
			if (p->address[k].address.version != p->address[0].address.version)
				return tree_fail(e, n, "addresses of both families");
	}
	return true;
}

static bool build_peers(struct conf_gist *g, const struct lyd_node *gist, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(gist, "peer");
	unsigned int i;

	g->peer = array(gist, "peer", sizeof(*g->peer), &g->peers, e);
	if (n && !g->tls)
		log_warn(SUB_CONF, "line %u: peers are known by TLS, which is off", tree_line(n));
	for (i = 0; i < g->peers; i++, n = tree_next(n)) {
		const char *at = tree_value(n, "at");

		FILL(n, peer_fields, &g->peer[i]);
		if (at)
			read_prefix(&g->peer[i].at, at);
	}
	return true;
}

static bool build_gist(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *gist = tree_find(tree, "gist"), *n = tree_find(gist, "address");
	struct conf_gist *g = &c->gist;
	unsigned int i;

	FILL(gist, gist_fields, g);
	g->address = array(gist, "address", sizeof(*g->address), &g->addresses, e);
	for (i = 0; i < g->addresses; i++, n = tree_next(n)) {
		address_read(&g->address[i], lyd_get_value(n));
		if (g->address[i].version == 6 && !g->ipv6)
			return tree_fail(e, n, "an IPv6 address, and ipv6 is off");
	}
	if (g->tls_port && g->tls_port == g->tcp_port)
		return tree_fail(e, tree_find(gist, "tls-port"), "the same as tcp-port");
	return build_peers(g, gist, e);
}

static bool build_nslp(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	(void)e;
	FILL(tree_find(tree, "nslp"), nslp_fields, &c->nslp);
	return true;
}

static bool has_ports(unsigned int protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 33 || protocol == 132 ||
	       protocol == 136;
}

static bool build_port(struct conf_policy *p, const struct lyd_node *entry, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(entry, "port");
	unsigned long low, high;
	char *end;
	unsigned int i;

	if (!n)
		return true;
	low = strtoul(lyd_get_value(n), &end, 10);
	high = *end ? strtoul(end + 1, NULL, 10) : low;
	if (!low || low > high || high > UINT16_MAX)
		return tree_fail(e, n, "ports are from 1 to 65535, the lower one first");
	for (i = 0; i < p->protocols; i++)
		if (!has_ports(p->protocol[i]))
			return tree_fail(e, n, "a port, and protocol %u has none", p->protocol[i]);
	p->port_min = (uint16_t)low;
	p->port_max = (uint16_t)high;
	return true;
}

static void build_kinds(struct conf_policy *p, const struct lyd_node *entry)
{
	const struct lyd_node *n;

	for (n = tree_find(entry, "kind"); n; n = tree_next(n)) {
		const char *kind = lyd_get_value(n);

		p->create |= !strcmp(kind, "create");
		p->external |= !strcmp(kind, "external");
		p->block |= !strcmp(kind, "block");
		p->proxy |= !strcmp(kind, "proxy");
	}
}

static bool build_entry(const struct conf *c, struct conf_policy *p, const struct lyd_node *entry,
			struct conf_error *e)
{
	const struct lyd_node *n;

	FILL(entry, policy_fields, p);
	p->has_zone = tree_find(entry, "zone");
	build_kinds(p, entry);
	p->from = prefixes(entry, "from", &p->froms, e);
	p->toward = prefixes(entry, "toward", &p->towards, e);
	p->source = prefixes(entry, "source", &p->sources, e);
	for (n = tree_find(entry, "protocol"); n; n = tree_next(n))
		p->protocol[p->protocols++] = (uint8_t)words_protocol_find(lyd_get_value(n));
	if (p->lifetime_max && p->lifetime_max < c->nslp.lifetime_min)
		return tree_fail(e, tree_find(entry, "lifetime-max"),
				 "less than nslp/lifetime-min, which is %u", c->nslp.lifetime_min);
	if (*p->tls_name && !c->gist.tls)
		log_warn(SUB_CONF, "line %u: policy entry %s wants a TLS name, and TLS is off",
			 tree_line(entry), p->name);
	return build_port(p, entry, e);
}

static bool build_policy(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *policy = tree_find(tree, "policy"), *n = tree_find(policy, "entry");
	unsigned int i;

	FILL(policy, limit_fields, c);
	c->policy = array(policy, "entry", sizeof(*c->policy), &c->policies, e);
	for (i = 0; i < c->policies; i++, n = tree_next(n))
		if (!build_entry(c, &c->policy[i], n, e))
			return false;
	return true;
}

static void read_secret(struct conf_key *k, const struct lyd_node *entry)
{
	const struct lyd_node_term *n =
		(const struct lyd_node_term *)tree_find(entry, "secret");
	struct lyd_value_binary *b;

	LYD_VALUE_GET(&n->value, b);
	k->len = (uint8_t)b->size;	/* 64 at most, by the schema */
	memcpy(k->secret, b->data, b->size);
}

static bool build_keys(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(tree, "key");
	unsigned int i;

	c->keys = array(tree, "key", sizeof(*c->keys), &c->key_count, e);
	for (i = 0; i < c->key_count; i++, n = tree_next(n)) {
		FILL(n, key_fields, &c->keys[i]);
		read_secret(&c->keys[i], n);
	}
	return true;
}

/* Octets in hexadecimal with colons between them, as many as @to has room for. Returns how many. */
static uint8_t octets(const char *text, uint8_t *to, size_t room)
{
	char *end = (char *)text;
	size_t n = 0;

	while (n < room && *text) {
		to[n++] = (uint8_t)strtoul(text, &end, 16);
		text = *end ? end + 1 : end;
	}
	return (uint8_t)n;
}

/* The digest has to be as long as its algorithm makes it (RFC 5246, 7.4.1.4.1). */
static bool build_fingerprint(struct conf_name_rule *r, const struct lyd_node *rule,
			      struct conf_error *e)
{
	static const uint8_t length[] = { 0, 16, 20, 28, 32, 48, 64 };
	const struct lyd_node *n = tree_find(rule, "fingerprint");

	if (!n)
		return true;
	r->hash = octets(lyd_get_value(n), &r->hash, 1) ? r->hash : 0;
	r->len = octets(lyd_get_value(n) + 3, r->fingerprint, sizeof(r->fingerprint));
	if (r->hash >= sizeof(length) || r->len != length[r->hash])
		return tree_fail(e, n, "hash algorithm %u has another length", r->hash);
	return true;
}

static int by_id(const void *a, const void *b)
{
	const struct conf_name_rule *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static bool build_rules(struct conf_mgmt *m, const struct lyd_node *mgmt, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(mgmt, "cert-to-name");
	unsigned int i;

	m->rule = array(mgmt, "cert-to-name", sizeof(*m->rule), &m->rules, e);
	for (i = 0; i < m->rules; i++, n = tree_next(n)) {
		FILL(n, rule_fields, &m->rule[i]);
		if (!build_fingerprint(&m->rule[i], n, e))
			return false;
	}
	if (m->rules)
		qsort(m->rule, m->rules, sizeof(*m->rule), by_id);
	for (i = 0; i + 1 < m->rules; i++)
		if (!m->rule[i].hash)
			log_warn(SUB_CONF, "cert-to-name %u fits all certificates, and is not the last",
				 m->rule[i].id);
	return true;
}

static bool build_identities(struct conf_mgmt *m, const struct lyd_node *mgmt,
			     struct conf_error *e)
{
	const struct lyd_node *n = tree_find(mgmt, "identity");
	unsigned int i;

	m->identity = array(mgmt, "identity", sizeof(*m->identity), &m->identities, e);
	for (i = 0; i < m->identities; i++, n = tree_next(n)) {
		FILL(n, identity_fields, &m->identity[i]);
		FILL(tree_find(n, "ocsp"), ocsp_fields, &m->identity[i]);
	}
	return true;
}

/* One key is one user: octets count, and not the comment. */
static bool check_key(const struct conf_ssh *s, const struct conf_user_key *k,
		      const struct lyd_node *n, struct conf_error *e)
{
	const char *octets = strchr(k->key, ' ') + 1;
	size_t len = strcspn(octets, " ");
	const struct conf_user_key *other;

	for (other = s->user_key; other < k; other++)
		if (!strncmp(strchr(other->key, ' ') + 1, octets, len) &&
		    strcmp(other->user, k->user) != 0)
			return tree_fail(e, n, "user %s has this key as well", other->user);
	return true;
}

static bool build_user(struct conf_ssh *s, const struct lyd_node *user, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(user, "authorized-key");
	struct conf_user_key *k;

	for (; n; n = tree_next(n)) {
		k = &s->user_key[s->user_keys++];
		snprintf(k->user, sizeof(k->user), "%s", tree_value(user, "name"));
		snprintf(k->key, sizeof(k->key), "%s", tree_value(n, "public-key"));
		if (!check_key(s, k, tree_find(n, "public-key"), e))
			return false;
	}
	return true;
}

static bool build_users(struct conf_ssh *s, const struct lyd_node *ssh, struct conf_error *e)
{
	const struct lyd_node *user, *first = tree_find(ssh, "user");
	unsigned int keys = 0;

	for (user = first; user; user = tree_next(user))
		keys += count(user, "authorized-key");
	s->user_key = keys ? calloc(keys, sizeof(*s->user_key)) : NULL;
	if (keys && !s->user_key)
		snprintf(e->text, sizeof(e->text), "out of memory");
	for (user = first; user && s->user_key; user = tree_next(user))
		if (!build_user(s, user, e))
			return false;
	return true;
}

static bool build_ssh(struct conf_ssh *s, const struct lyd_node *mgmt, struct conf_error *e)
{
	const struct lyd_node *ssh = tree_find(mgmt, "ssh"), *n = tree_find(ssh, "host-key");
	unsigned int i;

	FILL(ssh, ssh_fields, s);
	s->host_key = array(ssh, "host-key", sizeof(*s->host_key), &s->host_keys, e);
	for (i = 0; i < s->host_keys; i++, n = tree_next(n))
		FILL(n, host_key_fields, &s->host_key[i]);
	return build_users(s, ssh, e);
}

static bool build_services(struct conf_mgmt *m, const struct lyd_node *mgmt, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(mgmt, "service");
	unsigned int i;

	m->service = array(mgmt, "service", sizeof(*m->service), &m->services, e);
	for (i = 0; i < m->services; i++, n = tree_next(n)) {
		FILL(n, service_fields, &m->service[i]);
		address_read(&m->service[i].at.address, tree_value(n, "address"));
	}
	return true;
}

/* Which of the host keys an endpoint has, as bits. */
static uint16_t host_key_bits(const struct conf_ssh *s, const struct lyd_node *endpoint)
{
	const struct lyd_node *n;
	uint16_t bits = 0;
	unsigned int i;

	for (n = tree_find(endpoint, "host-key"); n; n = tree_next(n))
		for (i = 0; i < s->host_keys; i++)
			if (!strcmp(s->host_key[i].name, lyd_get_value(n)))
				bits |= (uint16_t)(1u << i);
	return bits;
}

/* The registered ports (RFC 8071, 6). */
static void build_endpoint(const struct conf_mgmt *m, struct conf_endpoint *p,
			   const struct lyd_node *n)
{
	static const uint16_t registered[] = {
		[CALL_TLS_TRANSPORT] = 4335, [CALL_SSH_TRANSPORT] = 4334,
		[CALL_RESTCONF_TRANSPORT] = 4336,
		[CALL_PLAIN_TRANSPORT] = 0,
	};
	const char *local = tree_value(n, "local-address");

	FILL(n, endpoint_fields, p);
	FILL(tree_find(n, "keepalive"), keepalive_fields, p);
	p->host_keys = host_key_bits(&m->ssh, n);
	if (!p->port)
		p->port = registered[p->transport];
	if (local)
		address_read(&p->local, local);
}

/* The registered ports (RFC 6242, 7589, 8040). */
static bool build_listeners(struct conf_mgmt *m, const struct lyd_node *mgmt, struct conf_error *e)
{
	static const uint16_t registered[] = {
		[CALL_TLS_TRANSPORT] = 6513, [CALL_SSH_TRANSPORT] = 830,
		[CALL_RESTCONF_TRANSPORT] = 443,
	};
	const struct lyd_node *listen = tree_find(mgmt, "listen");
	const struct lyd_node *n = tree_find(listen, "endpoint");
	struct conf_endpoint *p;
	unsigned int i;

	m->listen = array(listen, "endpoint", sizeof(*m->listen), &m->listens, e);
	for (i = 0; i < m->listens; i++, n = tree_next(n)) {
		p = &m->listen[i].e;
		FILL(n, listen_fields, &m->listen[i]);
		FILL(tree_find(n, "keepalive"), keepalive_fields, p);
		address_read(&p->local, tree_value(n, "address"));
		p->host_keys = host_key_bits(&m->ssh, n);
		if (!p->local_port)
			p->local_port = registered[p->transport];
	}
	return true;
}

static bool build_anchor(struct conf_call *c, const struct lyd_node *periodic,
			 struct conf_error *e)
{
	const struct lyd_node *n = tree_find(periodic, "anchor-time");
	time_t t;

	if (!n)
		return true;
	if (ly_time_str2time(lyd_get_value(n), &t, NULL) || t < 0)
		return tree_fail(e, n, "no time since 1970");
	c->has_anchor = true;
	c->anchor = (uint64_t)t;
	return true;
}

static bool build_call(const struct conf_mgmt *m, struct conf_call *c, const struct lyd_node *call,
		       struct conf_error *e)
{
	const struct lyd_node *periodic = tree_find(call, "periodic"), *n;
	unsigned int i;

	FILL(call, call_fields, c);
	FILL(tree_find(call, "reconnect"), reconnect_fields, c);
	c->endpoint = array(call, "endpoint", sizeof(*c->endpoint), &c->endpoints, e);
	n = tree_find(call, "endpoint");
	for (i = 0; i < c->endpoints; i++, n = tree_next(n))
		build_endpoint(m, &c->endpoint[i], n);
	if (!periodic)
		return true;
	FILL(periodic, periodic_fields, c);
	c->periodic = true;
	c->period *= 60;
	return build_anchor(c, periodic, e);
}

static bool build_management(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *mgmt = tree_find(tree, "management");
	const struct lyd_node *home = tree_find(mgmt, "call-home"), *n = tree_find(home, "client");
	struct conf_mgmt *m = &c->mgmt;
	unsigned int i;

	if (!build_ssh(&m->ssh, mgmt, e) || !build_identities(m, mgmt, e) ||
	    !build_rules(m, mgmt, e) || !build_services(m, mgmt, e) ||
	    !build_listeners(m, mgmt, e))
		return false;
	m->call = array(home, "client", sizeof(*m->call), &m->calls, e);
	for (i = 0; i < m->calls; i++, n = tree_next(n))
		if (!build_call(m, &m->call[i], n, e))
			return false;
	return true;
}

static bool build_control(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *control = tree_find(tree, "control");
	const struct lyd_node *metrics = tree_find(control, "metrics");
	struct endpoint *at = &c->control.metrics;

	(void)e;
	FILL(control, control_fields, &c->control);
	if (!metrics)
		return true;
	address_read(&at->address, tree_value(metrics, "address"));
	at->port = (uint16_t)strtoul(tree_value(metrics, "port"), NULL, 10);
	return true;
}

static uint8_t level(const char *name)
{
	return (uint8_t)log_level_find(name);
}

static bool build_daemon(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	const struct lyd_node *daemon = tree_find(tree, "daemon"), *l = tree_find(daemon, "log");
	const struct lyd_node *subsystem = tree_find(l, "subsystem");
	int i;

	(void)e;
	FILL(daemon, daemon_fields, c);
	c->syslog = !strcmp(tree_value(l, "to"), "syslog");
	for (i = 0; i < SUB_COUNT; i++) {
		const char *own = tree_value(subsystem, log_subsystem_name(i));

		c->level[i] = level(own ? own : tree_value(l, "level"));
	}
	return true;
}

/* What other modules have at the top. */
static bool build_beside(struct conf *c, const struct lyd_node *tree, struct conf_error *e)
{
	return build_acls(c, tree_top(tree, "ietf-access-control-list", "acls"), e);
}

char *build_text(struct lyd_node *tree)
{
	char *text = NULL;

	schema_drop_secrets(tree);
	if (lyd_print_mem(&text, tree, LYD_JSON,
			  LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL | LYD_PRINT_WITHSIBLINGS))
		return NULL;
	return text;
}

struct conf *build_conf(const struct lyd_node *tree, struct conf_error *e)
{
	static bool (*const parts[])(struct conf *c, const struct lyd_node *t,
				     struct conf_error *e) = {
		build_daemon, build_interfaces, build_pools, build_gist, build_nslp, build_policy, build_keys,
		build_control, build_management, build_beside,
	};
	const struct lyd_node *natfw = tree_top(tree, SCHEMA_MODULE, "natfw");
	struct conf *c = natfw ? calloc(1, sizeof(*c)) : NULL;
	size_t i;

	*e = (struct conf_error){ 0 };
	if (!c)
		snprintf(e->text, sizeof(e->text), "out of memory");
	for (i = 0; c && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i](c, natfw, e) && !*e->text)
			continue;
		conf_free(c);
		c = NULL;
	}
	return c;
}
