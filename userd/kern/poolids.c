// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "kern/poolids.h"

/* In the order of the module's own groups, which is that of its dumps. */
static int group_of(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 0;
	case IPPROTO_UDP:
		return 1;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	case IPPROTO_SCTP:
		return 3;
	case IPPROTO_DCCP:
		return 4;
	case IPPROTO_UDPLITE:
		return 5;
	}
	return -1;
}

static uint8_t protocol_of(unsigned int group, uint8_t version)
{
	static const uint8_t protocols[POOLIDS_GROUPS] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_UDPLITE,
	};

	return group == 2 && version == 6 ? IPPROTO_ICMPV6 : protocols[group];
}

/* ------------------------------------------------------------------ addresses of a pool */

/* The last 64 bits: no range of a pool is as long. */
static uint64_t low_bits(const struct address *a)
{
	unsigned int len = address_bits(a) / 8, i = len > 8 ? len - 8 : 0;
	uint64_t low = 0;

	for (; i < len; i++)
		low = low << 8 | a->b[i];
	return low;
}

static void add(struct address *a, uint64_t n)
{
	unsigned int i = address_bits(a) / 8;
	uint64_t sum = low_bits(a) + n;
	unsigned int end = i > 8 ? i - 8 : 0;

	while (i-- > end) {
		a->b[i] = (uint8_t)sum;
		sum >>= 8;
	}
}

static uint64_t range_size(const struct nat_range *r)
{
	return low_bits(&r->last) - low_bits(&r->first) + 1;
}

static bool in_range(const struct nat_range *r, const struct address *a)
{
	return a->version == r->first.version && memcmp(a->b, r->first.b, address_bits(a) / 8) >= 0 &&
	       memcmp(a->b, r->last.b, address_bits(a) / 8) <= 0;
}

static uint64_t count_addresses(const struct pool_info *p)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < p->ranges; i++)
		sum += range_size(&p->range[i]);
	return sum;
}

/* Number of @a among the addresses; false: it is none of them. */
static bool address_number(const struct pool_info *p, const struct address *a, uint64_t *number)
{
	uint32_t i;

	for (*number = 0, i = 0; i < p->ranges; i++) {
		if (in_range(&p->range[i], a)) {
			*number += low_bits(a) - low_bits(&p->range[i].first);
			return true;
		}
		*number += range_size(&p->range[i]);
	}
	return false;
}

static bool address_at(const struct pool_info *p, uint64_t number, struct address *a)
{
	uint32_t i;

	for (i = 0; i < p->ranges; i++) {
		uint64_t size = range_size(&p->range[i]);

		if (number < size) {
			*a = p->range[i].first;
			add(a, number);
			return true;
		}
		number -= size;
	}
	return false;
}

static uint32_t port_count(const struct pool_info *p)
{
	return (uint32_t)p->port_max - p->port_min + 1;
}

/* ------------------------------------------------------------------ pools */

/* Mappings come pool by pool. */
static struct poolid *by_name(struct poolids *p, const char *name)
{
	unsigned int i;

	if (p->recent < p->n && !strcmp(p->v[p->recent].pool.name, name))
		return &p->v[p->recent];
	for (i = 0; i < p->n; i++) {
		if (strcmp(p->v[i].pool.name, name) != 0)
			continue;
		p->recent = i;
		return &p->v[i];
	}
	return NULL;
}

static bool same_range(const struct nat_range *a, const struct nat_range *b)
{
	return address_equal(&a->first, &b->first) && address_equal(&a->last, &b->last);
}

/* With the same numbers for the same mappings. */
static bool is_same(const struct pool_info *a, const struct pool_info *b)
{
	uint32_t i;

	if (a->port_min != b->port_min || a->port_max != b->port_max || a->ranges != b->ranges)
		return false;
	for (i = 0; i < a->ranges; i++)
		if (!same_range(&a->range[i], &b->range[i]))
			return false;
	return true;
}

static void drop(struct poolids *p, struct poolid *one)
{
	memmove(one, one + 1, (size_t)(p->v + --p->n - one) * sizeof(*one));
}

/* Where there is room for @want numbers; as many as there is room for at the end otherwise. Gives the place in the array. */
static unsigned int find_room(const struct poolids *p, uint64_t want, uint32_t *first, uint32_t *count)
{
	uint64_t at = 1, room;
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		if (!p->v[i].count)
			continue;
		if (p->v[i].first - at >= want)
			break;
		at = (uint64_t)p->v[i].first + p->v[i].count;
	}
	room = (i < p->n ? p->v[i].first : UINT32_MAX + 1ull) - at;
	*count = (uint32_t)(room < want ? room : want);
	*first = *count ? (uint32_t)at : 0;
	return i;
}

/* There is room for it in the array. */
static void place(struct poolids *p, const struct pool_info *pool)
{
	uint32_t first, count;
	unsigned int at;

	at = find_room(p, count_addresses(pool) * port_count(pool) * POOLIDS_GROUPS, &first, &count);
	memmove(&p->v[at + 1], &p->v[at], (p->n++ - at) * sizeof(*p->v));
	p->v[at] = (struct poolid){ .pool = *pool, .first = first, .count = count, .there = true };
}

static int insert(struct poolids *p, struct pool_info *pool)
{
	struct poolid *more = realloc(p->v, (p->n + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	p->v = more;
	pool->id = ++p->last_id;
	place(p, pool);
	return 0;
}

/* There may be numbers now for those that have none. */
static void place_again(struct poolids *p)
{
	struct pool_info pool;
	unsigned int i;

	for (i = 0; i < p->n; i++) {
		if (p->v[i].count)
			continue;
		pool = p->v[i].pool;
		drop(p, &p->v[i]);
		place(p, &pool);
	}
}

void poolids_begin(struct poolids *p)
{
	unsigned int i;

	for (i = 0; i < p->n; i++)
		p->v[i].there = false;
}

int poolids_take(struct poolids *p, struct pool_info *pool)
{
	struct poolid *one = by_name(p, pool->name);

	if (one && !is_same(&one->pool, pool)) {
		drop(p, one);
		one = NULL;
	}
	if (!one)
		return insert(p, pool);
	pool->id = one->pool.id;
	one->pool = *pool;
	one->there = true;
	return 0;
}

void poolids_end(struct poolids *p)
{
	unsigned int i = 0;

	while (i < p->n) {
		if (p->v[i].there)
			i++;
		else
			drop(p, &p->v[i]);
	}
	place_again(p);
}

void poolids_fini(struct poolids *p)
{
	free(p->v);
	*p = (struct poolids){ 0 };
}

/* ------------------------------------------------------------------ mappings */

uint32_t poolids_index(struct poolids *p, const struct map_info *i)
{
	const struct poolid *one = by_name(p, i->pool);
	int group = group_of(i->protocol);
	uint64_t number, at;

	if (!one || group < 0 || !address_number(&one->pool, &i->external.address, &number) ||
	    i->external.port < one->pool.port_min || i->external.port > one->pool.port_max)
		return 0;
	at = (number * POOLIDS_GROUPS + (unsigned int)group) * port_count(&one->pool) +
	     i->external.port - one->pool.port_min;
	return at < one->count ? one->first + (uint32_t)at : 0;
}

bool poolids_find(const struct poolids *p, uint32_t index, struct map_info *i)
{
	const struct poolid *one = p->v;
	uint32_t at, ports;

	while (one < p->v + p->n && (!one->count || index < one->first || index - one->first >= one->count))
		one++;
	if (one == p->v + p->n)
		return false;
	at = index - one->first;
	ports = port_count(&one->pool);
	*i = (struct map_info){ .index = index };
	memcpy(i->pool, one->pool.name, sizeof(i->pool));
	i->external.port = (uint16_t)(one->pool.port_min + at % ports);
	if (!address_at(&one->pool, at / ports / POOLIDS_GROUPS, &i->external.address))
		return false;
	i->protocol = protocol_of(at / ports % POOLIDS_GROUPS, i->external.address.version);
	return true;
}
