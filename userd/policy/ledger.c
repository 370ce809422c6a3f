// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/siphash.h"
#include "policy/flow.h"
#include "policy/ledger.h"

_Static_assert(sizeof(struct ledger_row) + sizeof(struct grant) <= 176, "see ledger.h");

void ledger_init(struct ledger *l, const uint8_t key[16], timer_fn expired, uint64_t now)
{
	memset(l, 0, sizeof(*l));
	table_init(&l->rows);
	table_init(&l->reservations);
	table_init(&l->translated);
	timers_init(&l->timers, now);
	memcpy(l->key, key, sizeof(l->key));
	l->expired = expired;
}

static bool free_row(struct table_node *n, void *arg)
{
	ledger_del(arg, container_of(n, struct ledger_row, node));
	return true;
}

void ledger_fini(struct ledger *l)
{
	table_each(&l->rows, free_row, l);
	table_fini(&l->rows);
	table_fini(&l->reservations);
	table_fini(&l->translated);
	timers_fini(&l->timers);
}

/*
 * Rows
 */

struct ledger_row *ledger_tagged(const struct ledger *l, uint64_t tag, struct ledger_row *row)
{
	struct table_node *n = row ? table_next(&row->node, tag) : table_first(&l->rows, tag);

	return n ? container_of(n, struct ledger_row, node) : NULL;
}

struct ledger_row *ledger_find(const struct ledger *l, const uint8_t *sid)
{
	uint64_t tag = session_hash(sid);
	struct ledger_row *row = NULL;

	while ((row = ledger_tagged(l, tag, row)))
		if (!memcmp(row->sid, sid, GATE_SID))
			return row;
	return NULL;
}

struct ledger_row *ledger_add(struct ledger *l, const uint8_t *sid)
{
	struct ledger_row *row = calloc(1, sizeof(*row));

	if (!row)
		return NULL;
	memcpy(row->sid, sid, GATE_SID);
	timer_init(&row->timer, l->expired);
	if (table_add(&l->rows, &row->node, session_hash(sid))) {
		free(row);
		return NULL;
	}
	l->memory += sizeof(*row);
	return row;
}

void ledger_del(struct ledger *l, struct ledger_row *row)
{
	grant_free(l, row->now);
	grant_free(l, row->next);
	timer_stop(&l->timers, &row->timer);
	table_del(&l->rows, &row->node);
	l->memory -= sizeof(*row);
	free(row);
}

/*
 * Grants. Behind the rule ids: source, destination, external and internal address, each as long as
 * the version has it, the latter two only with translation; then ICMP types.
 */

static size_t octets(unsigned int version)
{
	return version == 4 ? 4 : 16;
}

static size_t ids_size(const struct grant *g)
{
	return ((size_t)g->holds + g->rules) * sizeof(g->id[0]);
}

static unsigned int addresses(const struct grant *g)
{
	return g->translation == GATE_PLAIN ? 2 : 4;
}

static uint8_t *address_at(const struct grant *g, unsigned int i)
{
	return (uint8_t *)g->id + ids_size(g) + i * octets(g->version);
}

static uint8_t *icmp_at(const struct grant *g)
{
	return address_at(g, addresses(g));
}

size_t grant_size(const struct grant *g)
{
	return sizeof(*g) + ids_size(g) + addresses(g) * octets(g->version) + g->icmp_count;
}

static void fill(struct grant *g, const struct gate_flow *f)
{
	g->version = f->version;
	g->source_len = f->source_len;
	g->destination_len = f->destination_len;
	g->protocol = f->protocol;
	g->sport = f->sport;
	g->dport = f->dport;
	g->spi = f->spi;
	g->icmp_count = f->icmp_count;
	g->has = f->has_protocol ? GRANT_PROTOCOL : 0;
	g->has |= f->has_sport ? GRANT_SPORT : 0;
	g->has |= f->has_dport ? GRANT_DPORT : 0;
	g->has |= f->has_spi ? GRANT_SPI : 0;
	g->has |= f->more_ports ? GRANT_PAIR : 0;
}

struct grant *grant_new(struct ledger *l, const struct grant_spec *spec)
{
	struct grant head = {
		.in_ifindex = spec->in_ifindex, .out_ifindex = spec->out_ifindex,
		.pool_ifindex = spec->pool_ifindex,
		.kind = spec->kind, .translation = spec->translation,
		.holds = (uint8_t)spec->holds, .rules = (uint8_t)spec->rules,
	};
	struct grant *g;

	fill(&head, spec->flow);
	g = calloc(1, grant_size(&head));
	if (!g)
		return NULL;
	*g = head;
	memcpy(address_at(g, 0), spec->flow->source.b, octets(g->version));
	memcpy(address_at(g, 1), spec->flow->destination.b, octets(g->version));
	memcpy(icmp_at(g), spec->flow->icmp, g->icmp_count);
	l->memory += grant_size(g);
	return g;
}

void grant_free(struct ledger *l, struct grant *g)
{
	if (!g)
		return;
	if (g->listed)
		table_del(g->kind == GATE_RESERVE ? &l->reservations : &l->translated, &g->node);
	l->memory -= grant_size(g);
	free(g);
}

static void get_address(const struct grant *g, unsigned int i, struct address *a)
{
	memset(a, 0, sizeof(*a));
	a->version = g->version;
	memcpy(a->b, address_at(g, i), octets(g->version));
}

void grant_flow(const struct grant *g, struct gate_flow *f)
{
	memset(f, 0, sizeof(*f));
	f->version = g->version;
	f->source_len = g->source_len;
	f->destination_len = g->destination_len;
	f->protocol = g->protocol;
	f->has_protocol = g->has & GRANT_PROTOCOL;
	f->has_sport = g->has & GRANT_SPORT;
	f->has_dport = g->has & GRANT_DPORT;
	f->has_spi = g->has & GRANT_SPI;
	f->more_ports = !!(g->has & GRANT_PAIR);
	f->sport = g->sport;
	f->dport = g->dport;
	f->spi = g->spi;
	f->icmp_count = g->icmp_count;
	get_address(g, 0, &f->source);
	get_address(g, 1, &f->destination);
	memcpy(f->icmp, icmp_at(g), g->icmp_count);
}

bool grant_is(const struct grant *g, const struct grant_spec *spec)
{
	struct gate_flow f;

	if (g->kind != spec->kind || g->translation != spec->translation ||
	    g->in_ifindex != spec->in_ifindex || g->out_ifindex != spec->out_ifindex)
		return false;
	grant_flow(g, &f);
	return flow_equal(&f, spec->flow);
}

static void get_endpoint(const struct grant *g, uint8_t flag, unsigned int i, uint16_t port,
			 struct endpoint *e)
{
	memset(e, 0, sizeof(*e));
	if (!(g->has & flag))
		return;
	get_address(g, i, &e->address);
	e->port = port;
}

void grant_external(const struct grant *g, struct endpoint *e)
{
	get_endpoint(g, GRANT_EXTERNAL, 2, g->external, e);
}

void grant_internal(const struct grant *g, struct endpoint *e)
{
	get_endpoint(g, GRANT_INTERNAL, 3, g->internal, e);
}

static bool set_endpoint(struct grant *g, uint8_t flag, unsigned int i, const struct endpoint *e)
{
	if (g->translation == GATE_PLAIN || e->address.version != g->version)
		return false;
	memcpy(address_at(g, i), e->address.b, octets(g->version));
	g->has |= flag;
	return true;
}

void grant_set_external(struct grant *g, const struct endpoint *e)
{
	if (set_endpoint(g, GRANT_EXTERNAL, 2, e))
		g->external = e->port;
}

void grant_set_internal(struct grant *g, const struct endpoint *e)
{
	if (set_endpoint(g, GRANT_INTERNAL, 3, e))
		g->internal = e->port;
}

/*
 * Reservations
 */

/* Where a CREATE would find a reservation; what is left open is zero. */
struct place {
	uint8_t address[16];
	uint16_t port;
	uint8_t version, protocol;
	bool translated;
};

static uint64_t place_hash(const struct ledger *l, const struct place *p)
{
	return siphash(p, sizeof(*p), l->key);
}

/* The flow that CREATEs for the reservation have: to its external endpoint, if it has one. */
static void reserved_flow(const struct grant *g, struct gate_flow *f)
{
	struct endpoint e;

	grant_flow(g, f);
	if (!(g->has & GRANT_EXTERNAL))
		return;
	grant_external(g, &e);
	f->destination = e.address;
	f->destination_len = (uint8_t)address_bits(&e.address);
	f->dport = e.port;
	f->has_dport = true;
}

static void flow_place(struct place *p, const struct gate_flow *f, bool translated)
{
	memset(p, 0, sizeof(*p));
	p->version = f->version;
	p->translated = translated;
	/* reservations for more than a host all are in one place */
	if (!flow_destination_host(f))
		return;
	p->protocol = f->has_protocol ? f->protocol : 0;
	p->port = f->has_dport ? f->dport : 0;
	memcpy(p->address, f->destination.b, octets(f->version));
}

int ledger_reserve(struct ledger *l, struct ledger_row *row)
{
	struct grant *g = row->now;
	struct gate_flow f;
	struct place p;

	if (g->listed)
		return 0;
	reserved_flow(g, &f);
	flow_place(&p, &f, g->has & GRANT_EXTERNAL);
	if (table_add(&l->reservations, &g->node, place_hash(l, &p)))
		return -ENOMEM;
	g->row = row;
	g->listed = true;
	return 0;
}

bool ledger_fits(const struct ledger_row *row, const struct gate_flow *f, bool translated)
{
	const struct grant *g = row->now;
	struct gate_flow reserved;

	if (!g || g->kind != GATE_RESERVE || translated != !!(g->has & GRANT_EXTERNAL))
		return false;
	reserved_flow(g, &reserved);
	return flow_within(f, &reserved);
}

static struct ledger_row *find_at(const struct ledger *l, const struct place *p,
				  const struct gate_flow *f, ledger_also also, void *arg)
{
	uint64_t hash = place_hash(l, p);
	struct table_node *n;

	for (n = table_first(&l->reservations, hash); n; n = table_next(n, hash)) {
		struct grant *g = container_of(n, struct grant, node);

		if (ledger_fits(g->row, f, p->translated) && (!also || also(g->row, arg)))
			return g->row;
	}
	return NULL;
}

/* From the most exact to the widest; each is one look into the table. */
struct ledger_row *ledger_reservation(const struct ledger *l, const struct gate_flow *f,
				      bool translated, ledger_also also, void *arg)
{
	struct ledger_row *row;
	struct place p;
	int wide;

	flow_place(&p, f, translated);
	for (wide = 0; wide < 4; wide++) {
		if (wide == 1)
			p.port = 0;
		if (wide == 2)
			p.protocol = 0;
		if (wide == 3)
			memset(p.address, 0, sizeof(p.address));
		row = find_at(l, &p, f, also, arg);
		if (row)
			return row;
	}
	return NULL;
}

/*
 * Translated flows
 */

static uint64_t flow_hash(const struct ledger *l, const struct grant *g)
{
	struct gate_flow f;

	grant_flow(g, &f);
	return siphash(&f, sizeof(f), l->key);
}

void ledger_list_translated(struct ledger *l, struct ledger_row *row)
{
	struct grant *g = row->now;

	if (g->listed || g->translation == GATE_PLAIN ||
	    table_add(&l->translated, &g->node, flow_hash(l, g)))
		return;
	g->row = row;
	g->listed = true;
}

struct ledger_row *ledger_twin(const struct ledger *l, const struct grant *g,
			       const struct ledger_row *row)
{
	uint64_t hash = flow_hash(l, g);
	struct table_node *n;
	struct gate_flow f, h;

	grant_flow(g, &f);
	for (n = table_first(&l->translated, hash); n; n = table_next(n, hash)) {
		const struct grant *other = container_of(n, struct grant, node);

		grant_flow(other, &h);
		if (other->row != row && other->translation == g->translation &&
		    flow_equal(&f, &h))
			return other->row;
	}
	return NULL;
}
