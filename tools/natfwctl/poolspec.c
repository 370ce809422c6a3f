// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "poolspec.h"
#include "value.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(attr)	(1ull << (attr))

/* What pool-set can change. */
#define TERMS	(BIT(NATFW_A_POOL_FILTERING) | BIT(NATFW_A_POOL_FLAGS) |		\
		 BIT(NATFW_A_POOL_HOST_QUOTA) | BIT(NATFW_A_POOL_OWNER_QUOTA) |		\
		 BIT(NATFW_A_POOL_HOLD) | BIT(NATFW_A_POOL_WATERMARK))
#define SHAPE	(BIT(NATFW_A_POOL_RANGE) | BIT(NATFW_A_POOL_PORT_MIN) |			\
		 BIT(NATFW_A_POOL_PORT_MAX) | BIT(NATFW_A_POOL_ZONE) |			\
		 BIT(NATFW_A_POOL_MAPPING) | BIT(NATFW_A_POOL_BLOCK_SIZE))
#define NAME	BIT(NATFW_A_POOL_NAME)

static void pool_defaults(struct natfw_pool *p)
{
	memset(p, 0, sizeof(*p));
	p->port_min = 1024;
	p->port_max = 65535;
	p->hold = 120;
	p->watermark = 80;
	p->has = (SHAPE | TERMS) & ~BIT(NATFW_A_POOL_RANGE);
}

/* 1: a range, 0: not one, -1: one, but wrong. */
static int range_parse(struct words *w, const char *s, struct natfw_range *r)
{
	char first[NATFW_ADDR_TEXT];
	size_t len = strcspn(s, "-/");
	uint64_t bits;

	if (len >= sizeof(first))
		return 0;
	memcpy(first, s, len);
	first[len] = 0;
	if (!natfw_addr_parse(&r->first, first))
		return 0;
	r->last = r->first;
	w->at++;
	if (s[len] == '-' && !natfw_addr_parse(&r->last, s + len + 1))
		return words_fail(w, "what follows the dash is not an address") - 1;
	if (s[len] == '/') {
		if (!number_parse(s + len + 1, 0, natfw_addr_bits(&r->first), &bits))
			return words_fail(w, "not a prefix length for that address") - 1;
		natfw_addr_fill(&r->first, (unsigned int)bits, false);
		natfw_addr_fill(&r->last, (unsigned int)bits, true);
	}
	if (natfw_addr_cmp(&r->first, &r->last) > 0 || r->first.len != r->last.len)
		return words_fail(w, "the range ends before it begins") - 1;
	return 1;
}

static bool read_ranges(struct words *w, struct natfw_pool *p)
{
	struct natfw_range r = { 0 }, *add;
	const char *s;
	int got;

	while ((s = words_peek(w))) {
		got = range_parse(w, s, &r);
		if (got <= 0)
			break;
		add = natfw_list_add(&p->range, sizeof(*add));
		if (!add)
			return words_fail(w, "out of memory");
		*add = r;
		add->has = BIT(NATFW_A_RANGE_FIRST) | BIT(NATFW_A_RANGE_LAST);
		natfw_want(p, NATFW_A_POOL_RANGE);
	}
	if (w->error.set)
		return false;
	if (!p->range.n)
		return words_fail_all(w, "a pool needs an address, such as 192.0.2.1 or 192.0.2.0/28");
	return true;
}

static bool read_ports_key(struct words *w, void *p)
{
	struct natfw_pool *pool = p;

	return read_ports(w, 1, &pool->port_min, &pool->port_max);
}

static bool read_zone(struct words *w, void *p)
{
	return read_number(w, "the zone", 0, 65534, &((struct natfw_pool *)p)->zone);
}

static bool read_mapping(struct words *w, void *p)
{
	uint32_t *v = &((struct natfw_pool *)p)->mapping;

	if (words_take(w, "eim"))
		*v = NATFW_MAPPING_ENDPOINT_INDEPENDENT;
	else if (words_take(w, "apdm"))
		*v = NATFW_MAPPING_ADDRESS_AND_PORT_DEPENDENT;
	else
		return read_name(w, "mapping", &natfw_mapping_names, v);
	return true;
}

static bool read_filtering(struct words *w, void *p)
{
	struct natfw_pool *pool = p;
	uint32_t *v = &pool->filtering;

	natfw_want(pool, NATFW_A_POOL_FILTERING);
	if (words_take(w, "eif"))
		*v = NATFW_FILTERING_ENDPOINT_INDEPENDENT;
	else if (words_take(w, "adf"))
		*v = NATFW_FILTERING_ADDRESS_DEPENDENT;
	else if (words_take(w, "apdf"))
		*v = NATFW_FILTERING_ADDRESS_AND_PORT_DEPENDENT;
	else
		return read_name(w, "filtering", &natfw_filtering_names, v);
	return true;
}

static bool read_flag(struct words *w, void *p)
{
	struct natfw_pool *pool = p;

	natfw_want(pool, NATFW_A_POOL_FLAGS);
	pool->flags |= 1u << natfw_name_find(&natfw_pool_flag_names, w->v[w->at - 1]);
	return true;
}

static bool read_no_flags(struct words *w, void *p)
{
	(void)w;
	natfw_want((struct natfw_pool *)p, NATFW_A_POOL_FLAGS);
	return true;
}

static bool read_host_quota(struct words *w, void *p)
{
	struct natfw_pool *pool = p;

	natfw_want(pool, NATFW_A_POOL_HOST_QUOTA);
	return read_number(w, "the quota", 0, UINT32_MAX, &pool->host_quota);
}

static bool read_owner_quota(struct words *w, void *p)
{
	struct natfw_pool *pool = p;

	natfw_want(pool, NATFW_A_POOL_OWNER_QUOTA);
	return read_number(w, "the quota", 0, UINT32_MAX, &pool->owner_quota);
}

static bool read_block_size(struct words *w, void *p)
{
	uint32_t *v = &((struct natfw_pool *)p)->block_size;

	if (!read_number(w, "the block size", 0, 32768, v))
		return false;
	if (*v && (*v < 16 || *v & (*v - 1)))
		return words_fail(w, "the block size must be 0 or a power of two from 16 to 32768");
	return true;
}

static bool read_hold(struct words *w, void *p)
{
	struct natfw_pool *pool = p;

	natfw_want(pool, NATFW_A_POOL_HOLD);
	if (!read_seconds(w, "hold", &pool->hold))
		return false;
	return pool->hold <= 86400 || words_fail(w, "at most a day (86400)");
}

static bool read_watermark(struct words *w, void *p)
{
	struct natfw_pool *pool = p;

	natfw_want(pool, NATFW_A_POOL_WATERMARK);
	return read_number(w, "the watermark", 1, 100, &pool->watermark);
}

/* What pool-set can change comes first. */
static const struct words_key keys[] = {
	{ "filtering", read_filtering, false }, { "preserve", read_flag, false },
	{ "parity", read_flag, false }, { "unpaired", read_flag, false },
	{ "no-flags", read_no_flags, false },
	{ "host-quota", read_host_quota, false }, { "owner-quota", read_owner_quota, false },
	{ "hold", read_hold, false }, { "watermark", read_watermark, false },
	{ "ports", read_ports_key, false }, { "zone", read_zone, false },
	{ "mapping", read_mapping, false }, { "block-size", read_block_size, false },
};

#define NTERMS	9

bool poolspec_read(struct words *w, struct natfw_pool *p)
{
	pool_defaults(p);
	natfw_want(p, NATFW_A_POOL_NAME);
	return read_text(w, "the pool's name", &p->name) && read_ranges(w, p) &&
	       words_keys(w, keys, COUNT(keys), p, NULL) && words_done(w);
}

bool poolspec_read_changes(struct words *w, struct natfw_pool *p)
{
	memset(p, 0, sizeof(*p));
	natfw_want(p, NATFW_A_POOL_NAME);
	if (!read_text(w, "the pool's name", &p->name))
		return false;
	if (!words_keys(w, keys, NTERMS, p, NULL))
		return false;
	if (!words_end(w)) {
		w->at++;
		return words_fail(w, "cannot be changed; pool set takes filtering, preserve, parity, unpaired, no-flags, host-quota, owner-quota, hold and watermark");
	}
	if (p->has == NAME)
		return words_fail_all(w, "say what to change");
	return true;
}

/* The prefix length @r is the whole of, or -1. */
static int range_prefix(const struct natfw_range *r)
{
	struct natfw_addr last;
	int bits;

	for (bits = (int)natfw_addr_bits(&r->first); bits > 0; bits--) {
		struct natfw_addr first = r->first;

		natfw_addr_fill(&first, (unsigned int)bits, false);
		last = r->first;
		natfw_addr_fill(&last, (unsigned int)bits, true);
		if (!natfw_addr_cmp(&first, &r->first) && !natfw_addr_cmp(&last, &r->last))
			return bits;
	}
	return -1;
}

static void print_range(FILE *f, const struct natfw_range *r)
{
	char first[NATFW_ADDR_TEXT], last[NATFW_ADDR_TEXT];
	int bits;

	fputs(natfw_addr_text(&r->first, first), f);
	if (!natfw_has(r, NATFW_A_RANGE_LAST) || !natfw_addr_cmp(&r->first, &r->last))
		return;
	bits = range_prefix(r);
	if (bits > 0)
		fprintf(f, "/%d", bits);
	else
		fprintf(f, "-%s", natfw_addr_text(&r->last, last));
}

void poolspec_print_ranges(FILE *f, const struct natfw_pool *p)
{
	const struct natfw_range *r = p->range.v;
	unsigned int i;

	for (i = 0; i < p->range.n; i++) {
		if (i)
			putc(' ', f);
		print_range(f, &r[i]);
	}
}

static void print_flags(FILE *f, uint32_t flags)
{
	unsigned int i;

	for (i = 0; i < natfw_pool_flag_names.n; i++)
		if (flags >> i & 1)
			fprintf(f, " %s", natfw_pool_flag_names.name[i]);
}

static void print_nonzero(FILE *f, const char *word, uint32_t v, uint32_t common)
{
	if (v != common)
		fprintf(f, " %s %u", word, v);
}

void poolspec_print(FILE *f, const struct natfw_pool *p)
{
	print_text(f, p->name ? p->name : "");
	putc(' ', f);
	poolspec_print_ranges(f, p);
	fputs(" ports ", f);
	print_ports(f, p->port_min, p->port_max);
	print_nonzero(f, "zone", p->zone, 0);
	fprintf(f, " mapping %s", natfw_name(&natfw_mapping_names, p->mapping) ?: "?");
	fprintf(f, " filtering %s", natfw_name(&natfw_filtering_names, p->filtering) ?: "?");
	print_flags(f, p->flags);
	print_nonzero(f, "host-quota", p->host_quota, 0);
	print_nonzero(f, "owner-quota", p->owner_quota, 0);
	print_nonzero(f, "block-size", p->block_size, 0);
	print_nonzero(f, "hold", p->hold, 120);
	print_nonzero(f, "watermark", p->watermark, 80);
}

static bool same_ranges(const struct natfw_list *a, const struct natfw_list *b)
{
	const struct natfw_range *x = a->v, *y = b->v;
	unsigned int i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		const struct natfw_addr *xl = natfw_has(&x[i], NATFW_A_RANGE_LAST) ?
					      &x[i].last : &x[i].first;
		const struct natfw_addr *yl = natfw_has(&y[i], NATFW_A_RANGE_LAST) ?
					      &y[i].last : &y[i].first;

		if (natfw_addr_cmp(&x[i].first, &y[i].first) || natfw_addr_cmp(xl, yl))
			return false;
	}
	return true;
}

bool poolspec_same_shape(const struct natfw_pool *a, const struct natfw_pool *b)
{
	return same_ranges(&a->range, &b->range) && a->port_min == b->port_min &&
	       a->port_max == b->port_max && a->zone == b->zone && a->mapping == b->mapping &&
	       a->block_size == b->block_size;
}

bool poolspec_same_terms(const struct natfw_pool *a, const struct natfw_pool *b)
{
	return a->filtering == b->filtering && a->flags == b->flags &&
	       a->host_quota == b->host_quota && a->owner_quota == b->owner_quota &&
	       a->hold == b->hold && a->watermark == b->watermark;
}

void poolspec_keep_terms(struct natfw_pool *p)
{
	p->has &= NAME | TERMS;
}

void poolspec_keep_config(struct natfw_pool *p)
{
	p->has &= NAME | TERMS | SHAPE;
}
