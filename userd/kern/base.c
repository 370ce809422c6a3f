// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the node needs for itself: devices attached, pools there, and rules that let messages
 * between natfwds pass where devices drop what no rule permits (RFC 5973 1.5).
 */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "gist/gist.h"
#include "kern/gate_private.h"

#define BASE_LIFETIME	600	/* seconds */
#define BASE_REFRESH	120000	/* ms */
#define LOOK_MS		5000
#define ADDRESSES	64	/* of this node, at most */
#define GIST_PORT	270	/* that Queries go to (RFC 5971 5.3.2.1) */
#define PORT_OWN_MIN	32768	/* ports that this node's own connections have */
#define PORT_OWN_MAX	65535

/*
 * Rules
 */

struct base {
	struct gate *g;
	struct address address[ADDRESSES];	/* messages come to */
	unsigned int addresses;
	struct address own[ADDRESSES];	/* of interfaces */
	unsigned int owns;
	uint64_t hash;			/* of all that was asked for */
	bool send;			/* else only the hash */
};

static void take_made(void *arg, unsigned int nr, int err, const void *reply,
		      const struct natfw_error *e)
{
	const struct natfw_rule *r = reply;
	struct gate *g = arg;
	char text[NATFW_ERROR_TEXT];

	(void)nr;
	if (err && err != -ENOENT)
		log_warn(SUB_KERN, "cannot make a rule for signalling: %s",
			 natfw_error_text(e, text, sizeof(text)));
	else if (r)
		ids_add(&g->base, r->id);
}

/* Not secret: the hash only tells whether anything has changed. */
static const uint8_t hash_key[16] = BASE_NAME;

static void send_rule(struct base *b, const struct natfw_rule *r)
{
	b->hash = b->hash * 31 + siphash(&r->match, sizeof(r->match), hash_key);
	if (b->send)
		natfw_batch_add(b->g->link.batch, NATFW_CMD_RULE_NEW, NATFW_ECHO, r);
}

static struct natfw_rule rule_to(const struct base *b, const struct address *to, uint32_t priority,
				 uint32_t protocol, uint32_t dport, uint32_t dport_max)
{
	struct natfw_rule r = {
		.name = (char *)BASE_NAME, .action = NATFW_ACTION_ALLOW,
		.priority = priority, .emit = NATFW_EMIT_STACK, .lifetime = BASE_LIFETIME,
		.flags = NATFW_RULE_FLAG_ZONE_ANY,
		.match = { .proto = protocol, .dport = dport, .dport_max = dport_max },
	};

	memcpy(r.owner, b->g->owner, sizeof(r.owner));
	r.has = 1ull << NATFW_A_RULE_OWNER | 1ull << NATFW_A_RULE_NAME |
		1ull << NATFW_A_RULE_ACTION | 1ull << NATFW_A_RULE_PRIORITY |
		1ull << NATFW_A_RULE_EMIT | 1ull << NATFW_A_RULE_LIFETIME |
		1ull << NATFW_A_RULE_FLAGS | 1ull << NATFW_A_RULE_MATCH;
	natfw_want(&r.match, NATFW_A_MATCH_PROTO);
	natfw_want(&r.match, NATFW_A_MATCH_DPORT);
	natfw_want(&r.match, NATFW_A_MATCH_DPORT_MAX);
	if (to) {
		plan_address(&r.match.dst, to);
		natfw_want(&r.match, NATFW_A_MATCH_DST);
	}
	return r;
}

static void add(struct base *b, const struct address *to, uint32_t priority, uint32_t protocol,
		uint32_t dport, uint32_t dport_max)
{
	struct natfw_rule r = rule_to(b, to, priority, protocol, dport, dport_max);

	send_rule(b, &r);
}

static void add_address(struct address *list, unsigned int *n, const struct address *a)
{
	unsigned int i;

	for (i = 0; i < *n; i++)
		if (address_equal(&list[i], a))
			return;
	if (*n < ADDRESSES)
		list[(*n)++] = *a;
}

static bool is_configured(const struct conf *c, const char *name)
{
	unsigned int i;

	for (i = 0; i < c->interfaces; i++)
		if (!strcmp(c->interface[i].name, name))
			return true;
	return false;
}

static bool is_link_local(const struct address *a)
{
	return a->version == 6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* What the configured interfaces have. */
static void find_own(struct base *b)
{
	struct ifaddrs *all, *a;
	struct endpoint e;

	if (getifaddrs(&all))
		return;
	for (a = all; a; a = a->ifa_next)
		if (a->ifa_addr && is_configured(b->g->conf, a->ifa_name) &&
		    endpoint_from_sockaddr(&e, a->ifa_addr) && !is_link_local(&e.address))
			add_address(b->own, &b->owns, &e.address);
	freeifaddrs(all);
}

/* Those messages may be sent to: as configured, or all there are. */
static void find_addresses(struct base *b)
{
	const struct conf *c = b->g->conf;
	unsigned int i;

	find_own(b);
	for (i = 0; i < c->gist.addresses; i++)
		add_address(b->address, &b->addresses, &c->gist.address[i]);
	if (b->addresses)
		return;
	memcpy(b->address, b->own, sizeof(b->address));
	b->addresses = b->owns;
}

static void add_own(struct base *b, uint32_t priority, uint32_t protocol, uint16_t first,
		    uint16_t last)
{
	unsigned int i;

	for (i = 0; first && i < b->addresses; i++)
		add(b, &b->address[i], priority, protocol, first, last);
}

static void add_source(struct natfw_rule *r, const struct address *from, uint16_t port)
{
	r->match.sport = port;
	natfw_want(&r->match, NATFW_A_MATCH_SPORT);
	plan_address(&r->match.src, from);
	natfw_want(&r->match, NATFW_A_MATCH_SRC);
}

/* Who is being called, before all else. */
static void add_calls(struct base *b)
{
	const struct call_flow *f;
	struct natfw_rule r;

	for (f = b->g->call; f < b->g->call + CALLS_MAX; f++) {
		if (!f->open)
			continue;
		r = rule_to(b, &f->local.address, PLAN_CALLS, IPPROTO_TCP, f->local.port,
			    f->local.port);
		add_source(&r, &f->remote.address, f->remote.port);
		send_rule(b, &r);
	}
}

/*
 * What manager @e answers to our address @to, also before it is called. One that is known by name may be anywhere, so
 * what it answers comes in when it is called.
 */
static void add_manager(struct base *b, const struct conf_endpoint *e, const struct address *to)
{
	uint16_t first = e->local_port ? e->local_port : PORT_OWN_MIN;
	struct natfw_rule r = rule_to(b, to, PLAN_MANAGERS, IPPROTO_TCP, first,
				      e->local_port ? first : PORT_OWN_MAX);
	struct address from;

	if (!address_read(&from, e->remote) || from.version != to->version)
		return;
	add_source(&r, &from, e->port);
	send_rule(b, &r);
}

/* Managers are called whatever access lists say: they could not be put right otherwise. */
static void add_managers(struct base *b)
{
	const struct conf_mgmt *m = &b->g->conf->mgmt;
	unsigned int i, k, n;

	for (i = 0; i < m->calls; i++)
		for (k = 0; k < m->call[i].endpoints; k++)
			for (n = 0; n < b->owns; n++)
				add_manager(b, &m->call[i].endpoint[k], &b->own[n]);
}

/*
 * Queries go to where the flow goes, the rest to this node; userd/sig/nft.h keeps the port shut for
 * what is neither. Peers listen where they like, so
 * answers to our own connections are known by our port alone; whether somebody listens there is the
 * stack's.
 */
static void add_all(struct base *b)
{
	const struct conf_gist *gist = &b->g->conf->gist;

	b->hash = 1;
	add(b, NULL, PLAN_SIGNALLING, IPPROTO_UDP, GIST_PORT, GIST_PORT);
	if (gist->port != GIST_PORT)
		add_own(b, PLAN_SIGNALLING, IPPROTO_UDP, gist->port, gist->port);
	add_own(b, PLAN_SIGNALLING, IPPROTO_TCP, gist->tcp_port, gist->tcp_port);
	if (gist->tls != GIST_TLS_NONE && gist->tls_port != gist->tcp_port)
		add_own(b, PLAN_SIGNALLING, IPPROTO_TCP, gist->tls_port, gist->tls_port);
	add_own(b, PLAN_LAST, IPPROTO_TCP, PORT_OWN_MIN, PORT_OWN_MAX);
	add_managers(b);
	add_calls(b);
}

static void del_old(struct gate *g)
{
	struct natfw_rule r = { 0 };
	unsigned int i;

	natfw_want(&r, NATFW_A_RULE_ID);
	for (i = 0; i < g->base.n; i++) {
		r.id = g->base.id[i];
		natfw_batch_add(g->link.batch, NATFW_CMD_RULE_DEL, 0, &r);
	}
	g->base.n = 0;
}

/* New ones first, so that there are always some. */
void base_install(struct gate *g)
{
	struct base b = { .g = g };
	struct ids old = g->base;
	struct natfw_error e;

	find_addresses(&b);
	add_all(&b);
	if (g->base.n && b.hash == g->base_hash)
		return;
	b.send = true;
	g->base = (struct ids){ 0 };
	add_all(&b);
	if (natfw_batch_run(g->link.batch, take_made, g, &e))
		log_warn(SUB_KERN, "cannot make rules for signalling: %s", e.text);
	g->base_hash = b.hash;
	g->base_next = g->now + BASE_REFRESH;
	if (old.n) {
		struct ids made = g->base;

		g->base = old;
		del_old(g);
		natfw_batch_run(g->link.batch, take_made, g, &e);
		old = g->base;
		g->base = made;
	}
	ids_fini(&old);
}

/* Not for whatever mgmt says: it may be somebody else's by then. */
static bool is_endpoint(const struct conf_endpoint *e, const struct call_flow *f)
{
	struct address to;

	if (e->port != f->remote.port)
		return false;
	if (e->local_port ? f->local.port != e->local_port : f->local.port < PORT_OWN_MIN)
		return false;
	return !address_read(&to, e->remote) || address_equal(&to, &f->remote.address);
}

static bool is_configured_call(const struct conf_mgmt *m, const struct call_flow *f)
{
	unsigned int i, k;

	if (!f->remote.port || !f->local.port || !address_is_set(&f->remote.address) ||
	    f->remote.address.version != f->local.address.version)
		return false;
	for (i = 0; i < m->calls; i++)
		for (k = 0; k < m->call[i].endpoints; k++)
			if (is_endpoint(&m->call[i].endpoint[k], f))
				return true;
	return false;
}

/* What is over goes when the rules are next looked at. */
void gate_call(struct gate *g, const struct call_flow *f)
{
	struct call_flow *at = NULL, *i;

	for (i = g->call; i < g->call + CALLS_MAX; i++) {
		if (i->open && i->id == f->id)
			i->open = false;
		if (!i->open && !at)
			at = i;
	}
	if (!f->open || !at || !g->conf || !is_configured_call(&g->conf->mgmt, f))
		return;
	*at = *f;
	if (link_up(&g->link))
		base_install(g);
}

void gate_no_calls(struct gate *g)
{
	memset(g->call, 0, sizeof(g->call));
}

void base_fini(struct gate *g)
{
	ids_fini(&g->base);
}

static int set_life(struct gate *g, uint64_t id)
{
	struct natfw_rule r = { .id = id, .lifetime = BASE_LIFETIME };
	struct natfw_error e = { 0 };
	int err;

	natfw_want(&r, NATFW_A_RULE_ID);
	natfw_want(&r, NATFW_A_RULE_LIFETIME);
	err = natfw_client_do(g->link.client, NATFW_CMD_RULE_SET, 0, &r, NULL, &e);
	/* without words it is not the rule that is missing, but the module */
	return err == -ENOENT && !e.text[0] ? -ENODEV : err;
}

bool base_refresh(struct gate *g)
{
	unsigned int i;
	int err = 0;

	if (g->now >= g->look_next) {
		base_devices(g);
		base_install(g);
	}
	if (g->now < g->base_next)
		return true;
	g->base_next = g->now + BASE_REFRESH;
	for (i = 0; !err && i < g->base.n; i++)
		err = set_life(g, g->base.id[i]);
	if (err == -ENODEV)
		return false;
	if (err) {
		g->base_hash = 0;
		base_install(g);
	}
	return true;
}

/*
 * Devices and pools
 */

static void attach(struct gate *g, const struct conf_interface *i)
{
	struct natfw_dev d = {
		.zone = i->zone, .verdict = i->drop ? NATFW_VERDICT_DROP : NATFW_VERDICT_PASS,
	};
	char text[NATFW_ERROR_TEXT];
	struct natfw_error e;
	int err;

	memcpy(d.ifname, i->name, sizeof(d.ifname));
	natfw_want(&d, NATFW_A_DEV_IFNAME);
	natfw_want(&d, NATFW_A_DEV_ZONE);
	natfw_want(&d, NATFW_A_DEV_DEFAULT);
	err = natfw_client_do(g->link.client, NATFW_CMD_DEV_NEW, 0, &d, NULL, &e);
	if (!err)
		log_notice(SUB_KERN, "attached interface=%s zone=%u default=%s", i->name, i->zone,
			   i->drop ? "drop" : "pass");
	else if (err != -ENODEV)
		log_error(SUB_KERN, "cannot attach: %s; /natfw:natfw/interface[name='%s']/attach",
			  natfw_error_text(&e, text, sizeof(text)), i->name);
}

static void check_attached(struct gate *g, const struct conf_interface *i,
			   const struct natfw_dump *d, bool say)
{
	struct natfw_dev dev;
	bool there = false;
	size_t k;

	for (k = 0; !there && k < d->n; k++) {
		if (natfw_dump_get(d, k, &dev))
			continue;
		there = !strncmp(dev.ifname, i->name, sizeof(i->name));
		if (there && dev.zone != i->zone && say)
			log_error(SUB_KERN,
				  "interface=%s is attached in zone %u, configured is %u: "
				  "/natfw:natfw/interface[name='%s']/zone",
				  i->name, dev.zone, i->zone, i->name);
		natfw_object_fini(d->set, &dev);
	}
	if (!there && i->attach)
		attach(g, i);
	else if (!there && say)
		log_warn(SUB_KERN,
			 "interface=%s is not attached to the module: no rule is asked for what "
			 "comes in by it", i->name);
}

static void check_pool(struct gate *g, const struct conf_interface *i)
{
	struct natfw_pool ask = { .name = (char *)i->pool }, p;
	struct natfw_error e;

	natfw_want(&ask, NATFW_A_POOL_NAME);
	if (natfw_client_do(g->link.client, NATFW_CMD_POOL_GET, 0, &ask, &p, &e)) {
		log_error(SUB_KERN, "pool=\"%s\" is not there: put it into pool, make it with natfwctl pool add, or "
			  "correct /natfw:natfw/interface[name='%s']/pool", i->pool, i->name);
		return;
	}
	if (p.zone != i->zone)
		log_error(SUB_KERN,
			  "pool=%s is in zone %u, its interface in %u: "
			  "/natfw:natfw/interface[name='%s']/pool",
			  i->pool, p.zone, i->zone, i->name);
	if (p.mapping != NATFW_MAPPING_ENDPOINT_INDEPENDENT)
		log_warn(SUB_KERN, "pool=%s maps by flow; bindings want mapping "
			 "endpoint-independent", i->pool);
	natfw_object_fini(&natfw_pool_set, &p);
}

bool base_pools(struct gate *g)
{
	const struct conf *c = g->conf;
	unsigned int i;

	for (i = 0; i < c->interfaces; i++) {
		struct natfw_pool ask = { .name = (char *)c->interface[i].pool };

		natfw_want(&ask, NATFW_A_POOL_NAME);
		if (c->interface[i].nat && c->interface[i].pool[0] &&
		    natfw_client_do(g->link.client, NATFW_CMD_POOL_GET, 0, &ask, NULL, NULL))
			return false;
	}
	return true;
}

void base_devices(struct gate *g)
{
	bool say = g->devices_said != g->conf;
	const struct conf *c = g->conf;
	struct natfw_error e;
	struct natfw_dump d;
	unsigned int i;

	g->look_next = g->now + LOOK_MS;
	if (natfw_client_dump(g->link.client, NATFW_CMD_DEV_GET, NULL, &d, &e))
		return;
	for (i = 0; i < c->interfaces; i++) {
		check_attached(g, &c->interface[i], &d, say);
		if (say && c->interface[i].nat)
			check_pool(g, &c->interface[i]);
	}
	natfw_dump_fini(&d);
	g->devices_said = c;
}
