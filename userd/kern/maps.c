// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "kern/gate_private.h"
#include "kern/maps.h"
#include "kern/nat.h"
#include "walk.h"

#define BACKLOG_MAX	(1u << 20)	/* octets on their way before the next piece is read */
#define WAIT_MS		20		/* for them to become less */
#define RULES		64		/* remembered while looking: mappings of packets have few */

/* What the rule says that made a mapping. */
struct made_by {
	uint64_t id;			/* 0: not in use */
	uint8_t type;			/* enum map_type */
	bool has_left;
	uint32_t left;
};

struct look {
	enum proc_id to;
	uint64_t number;
	struct map_wishes wishes;
	struct natfw_walk *walk;	/* NULL: not in use */
	struct event *readable, *wait;
	uint32_t told;
	uint8_t fault;			/* enum map_fault */
	struct made_by rule[RULES];	/* by id */
};

static struct event_base *loop;
static struct gate *gate;
static struct look looks[MAPS_LOOKS];

/* ------------------------------------------------------------------ one mapping */

/*
 * A rule that has an endpoint of its own, reserved from the pool or given, made the mapping itself; else a packet did
 * that met it.
 */
static void describe_rule(struct made_by *m, const struct natfw_rule *r)
{
	bool own = natfw_has(r, NATFW_A_RULE_EXT_ADDR) || !natfw_has(&r->nat, NATFW_A_NAT_POOL);

	if (!own)
		return;
	m->has_left = natfw_has(r, NATFW_A_RULE_EXPIRES);
	m->left = r->expires;
	m->type = m->has_left || !memcmp(r->owner, gate->owner, sizeof(gate->owner)) ? MAP_EXPLICIT :
										     MAP_STATIC;
}

static const struct made_by *look_up(struct look *l, uint64_t id)
{
	struct made_by *m = &l->rule[id % RULES];
	struct natfw_rule ask = { .id = id }, r;
	struct natfw_error e;

	if (m->id == id)
		return m;
	*m = (struct made_by){ .id = id, .type = MAP_IMPLICIT };
	natfw_want(&ask, NATFW_A_RULE_ID);
	/* one that has gone: flows that came by it are still there */
	if (!link_up(&gate->link) || natfw_client_do(gate->link.client, NATFW_CMD_RULE_GET, 0, &ask, &r, &e))
		return m;
	describe_rule(m, &r);
	natfw_object_fini(&natfw_rule_set, &r);
	return m;
}

static void take_endpoint(struct endpoint *e, const struct natfw_addr *a, uint32_t port)
{
	plan_address_back(&e->address, a);
	e->port = (uint16_t)port;
}

static void take_map(struct map_info *i, const struct natfw_map *m)
{
	*i = (struct map_info){
		.protocol = (uint8_t)m->proto, .internal_zone = m->int_zone, .external_zone = m->ext_zone,
		.rule = m->rule, .flows = m->flows,
	};
	take_endpoint(&i->internal, &m->int_addr, m->int_port);
	take_endpoint(&i->external, &m->ext_addr, m->ext_port);
	if (m->pool)
		memcpy(i->pool, m->pool, strnlen(m->pool, sizeof(i->pool) - 1));
	i->index = poolids_index(&gate->poolids, i);
}

static bool send_one(struct look *l, const struct map_info *i)
{
	return !proc_send2(l->to, MSG_MAP_INFO, &l->number, sizeof(l->number), i, sizeof(*i));
}

static void take(void *arg, const void *obj)
{
	struct look *l = arg;
	const struct made_by *m;
	struct map_info i;

	if (l->fault)
		return;
	take_map(&i, obj);
	if (!i.index || !map_wishes_fit(&l->wishes, &i))
		return;
	if (l->told == NAT_MAPS_MAX) {
		l->fault = MAP_TOO_MANY;
		return;
	}
	m = look_up(l, i.rule);
	i.type = m->type;
	i.has_left = m->has_left;
	i.left = m->left;
	if (send_one(l, &i))
		l->told++;
	else
		l->fault = MAP_BROKEN;
}

/* ------------------------------------------------------------------ looking */

static void end(enum proc_id to, uint64_t number, uint8_t fault)
{
	const struct map_info i = { .fault = fault };

	if (fault)
		proc_send2(to, MSG_MAP_INFO, &number, sizeof(number), &i, sizeof(i));
	proc_send(to, MSG_MAP_INFO, &number, sizeof(number));
}

static void forget(struct look *l)
{
	if (l->readable)
		event_free(l->readable);
	if (l->wait)
		event_free(l->wait);
	natfw_walk_close(l->walk);
	*l = (struct look){ 0 };
}

static void finish(struct look *l)
{
	end(l->to, l->number, l->fault);
	forget(l);
}

/* An index that is asked for alone, and was found. */
static bool has_all(const struct look *l)
{
	return l->wishes.n == 1 && l->wishes.wish[0].index && l->told;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval wait = { 0, WAIT_MS * 1000 };
	struct look *l = arg;
	struct natfw_error e;
	int more;

	(void)fd;
	(void)what;
	if (proc_backlog(l->to) > BACKLOG_MAX) {
		event_del(l->readable);
		event_add(l->wait, &wait);
		return;
	}
	more = natfw_walk_read(l->walk, take, l, &e);
	if (more < 0 && !l->fault)
		l->fault = MAP_BROKEN;
	if (more <= 0 || l->fault || has_all(l))
		finish(l);
}

static void on_wait(evutil_socket_t fd, short what, void *arg)
{
	struct look *l = arg;

	(void)fd;
	(void)what;
	event_add(l->readable, NULL);
}

static void ask_external(struct natfw_map *ask, const struct address *a, bool has_port, uint16_t port)
{
	if (address_is_set(a)) {
		plan_address(&ask->ext_addr, a);
		natfw_want(ask, NATFW_A_MAP_EXT_ADDR);
	}
	if (has_port) {
		ask->ext_port = port;
		natfw_want(ask, NATFW_A_MAP_EXT_PORT);
	}
}

static void ask_protocol(struct natfw_map *ask, uint8_t protocol)
{
	ask->proto = protocol;
	natfw_want(ask, NATFW_A_MAP_PROTO);
}

static void ask_wish(struct natfw_map *ask, const struct map_wish *w)
{
	if (address_is_set(&w->internal.address) && w->internal_len == address_bits(&w->internal.address)) {
		plan_address(&ask->int_addr, &w->internal.address);
		natfw_want(ask, NATFW_A_MAP_INT_ADDR);
	}
	if (w->has_internal_port) {
		ask->int_port = w->internal.port;
		natfw_want(ask, NATFW_A_MAP_INT_PORT);
	}
	if (w->external_len == address_bits(&w->external.address))
		ask_external(ask, &w->external.address, w->has_external_port, w->external.port);
	if (w->has_protocol)
		ask_protocol(ask, w->protocol);
}

/*
 * Of one external address, and by an index at the one place where it may be, the module looks itself. It would do so by
 * other things as well, but through all there are in one go if few fit, and nothing else could be done here meanwhile.
 * What comes is looked at anyway.
 */
static int open_walk(struct look *l, struct natfw_error *e)
{
	const struct map_wish *w = &l->wishes.wish[0];
	struct natfw_map ask = { 0 };
	struct map_info at;

	if (l->wishes.n == 1 && w->index && poolids_find(&gate->poolids, w->index, &at)) {
		ask_external(&ask, &at.external.address, true, at.external.port);
		ask_protocol(&ask, at.protocol);
	} else if (l->wishes.n == 1 && address_is_set(&w->external.address)) {
		ask_wish(&ask, w);
	}
	return natfw_walk_open(&l->walk, NATFW_CMD_MAP_GET, &ask, e);
}

static bool begin(struct look *l)
{
	struct natfw_error e;

	if (open_walk(l, &e))
		return false;
	l->wait = evtimer_new(loop, on_wait, l);
	l->readable = event_new(loop, natfw_walk_fd(l->walk), EV_READ | EV_PERSIST, on_readable, l);
	return l->wait && l->readable && !event_add(l->readable, NULL);
}

void maps_tell(enum proc_id to, uint64_t number, const struct map_wishes *w)
{
	struct look *l = looks;
	int err = nat_look(gate);

	while (l < looks + MAPS_LOOKS && l->walk)
		l++;
	if (err == -ENOENT || l == looks + MAPS_LOOKS) {
		/* no module has no mappings */
		end(to, number, err ? MAP_GOOD : MAP_BUSY);
		return;
	}
	*l = (struct look){ .to = to, .number = number, .wishes = *w };
	if (!err && begin(l))
		return;
	forget(l);
	end(to, number, MAP_BROKEN);
}

void maps_forget(enum proc_id to)
{
	unsigned int i;

	for (i = 0; i < MAPS_LOOKS; i++)
		if (looks[i].walk && looks[i].to == to)
			forget(&looks[i]);
}

void maps_init(struct event_base *base, struct gate *g)
{
	loop = base;
	gate = g;
}
