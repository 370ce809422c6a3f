// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Numbers of pools and mappings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/poolids.h"
#include "ktap.h"

static struct pool_info make(const char *name, const char *first, const char *last)
{
	struct pool_info p = { .port_min = 1024, .port_max = 65535, .ranges = 1 };

	snprintf(p.name, sizeof(p.name), "%s", name);
	address_read(&p.range[0].first, first);
	address_read(&p.range[0].last, last);
	return p;
}

static void add_range(struct pool_info *p, const char *first, const char *last)
{
	address_read(&p->range[p->ranges].first, first);
	address_read(&p->range[p->ranges++].last, last);
}

static uint32_t index_of(struct poolids *p, const char *pool, uint8_t protocol, const char *address, uint16_t port)
{
	struct map_info i = { .protocol = protocol, .external.port = port };

	snprintf(i.pool, sizeof(i.pool), "%s", pool);
	address_read(&i.external.address, address);
	return poolids_index(p, &i);
}

/* The index leads back to what it was made of. */
static bool leads_back(struct poolids *p, const char *pool, uint8_t protocol, const char *address, uint16_t port)
{
	uint32_t index = index_of(p, pool, protocol, address, port);
	char text[ADDRESS_TEXT];
	struct map_info i;

	return index && poolids_find(p, index, &i) && i.index == index && !strcmp(i.pool, pool) &&
	       i.protocol == protocol && i.external.port == port &&
	       !strcmp(address_text(&i.external.address, text), address);
}

/* Both pools are there now. */
static void look(struct poolids *p, struct pool_info *a, struct pool_info *b)
{
	poolids_begin(p);
	if (a)
		EXPECT(!poolids_take(p, a));
	if (b)
		EXPECT(!poolids_take(p, b));
	poolids_end(p);
}

static void there_and_back(void)
{
	struct pool_info a = make("a", "192.0.2.254", "192.0.3.1"), b = make("b", "2001:db8::fffe", "2001:db8::1:1");
	struct poolids p = { 0 };

	add_range(&a, "198.51.100.7", "198.51.100.7");
	b.port_min = b.port_max = 5000;
	look(&p, &a, &b);
	EXPECT(a.id && b.id && a.id != b.id);
	EXPECT(leads_back(&p, "a", 6, "192.0.2.254", 1024));
	EXPECT(leads_back(&p, "a", 17, "192.0.3.1", 65535));
	EXPECT(leads_back(&p, "a", 1, "192.0.2.255", 4000));
	EXPECT(leads_back(&p, "a", 136, "198.51.100.7", 65535));
	EXPECT(leads_back(&p, "b", 58, "2001:db8::1:0", 5000));
	EXPECT(leads_back(&p, "b", 132, "2001:db8::1:1", 5000));
	EXPECT_EQ(index_of(&p, "a", 6, "192.0.2.254", 1024), 1);
	EXPECT_EQ(index_of(&p, "a", 6, "192.0.2.254", 1025), 2);
	poolids_fini(&p);
}

static void none(void)
{
	struct pool_info a = make("a", "192.0.2.1", "192.0.2.2");
	struct poolids p = { 0 };
	struct map_info i;

	look(&p, &a, NULL);
	EXPECT(!index_of(&p, "a", 6, "192.0.2.3", 2000));
	EXPECT(!index_of(&p, "a", 6, "192.0.2.1", 1023));
	EXPECT(!index_of(&p, "a", 50, "192.0.2.1", 2000));
	EXPECT(!index_of(&p, "b", 6, "192.0.2.1", 2000));
	EXPECT(!poolids_find(&p, 0, &i));
	EXPECT(!poolids_find(&p, 2u * 64512 * POOLIDS_GROUPS + 1, &i));
	EXPECT(poolids_find(&p, 2u * 64512 * POOLIDS_GROUPS, &i));
	poolids_fini(&p);
}

/* Every index is of one mapping. */
static void unique(void)
{
	struct pool_info a = make("a", "10.0.0.1", "10.0.0.3"), b = make("b", "10.0.1.1", "10.0.1.1");
	static const uint8_t protocols[] = { 6, 17, 1, 132, 33, 136 };
	bool seen[(3 * 10 + 1 * 7) * 6 + 1] = { false };
	struct poolids p = { 0 };
	unsigned int host, port, k, twice = 0;
	char text[16];

	a.port_min = 2000, a.port_max = 2009;
	b.port_min = 7, b.port_max = 13;
	look(&p, &a, &b);
	for (k = 0; k < 6; k++) {
		for (port = 7; port < 14; port++) {
			uint32_t at = index_of(&p, "b", protocols[k], "10.0.1.1", (uint16_t)port);

			twice += !at || at >= sizeof(seen) || seen[at];
			seen[at < sizeof(seen) ? at : 0] = true;
		}
		for (host = 1; host < 4; host++)
			for (port = 2000; port < 2010; port++) {
				snprintf(text, sizeof(text), "10.0.0.%u", host);
				uint32_t at = index_of(&p, "a", protocols[k], text, (uint16_t)port);

				twice += !at || at >= sizeof(seen) || seen[at];
				seen[at < sizeof(seen) ? at : 0] = true;
			}
	}
	EXPECT_EQ(twice, 0);
	poolids_fini(&p);
}

/* Numbers stay when others come and go, and are not somebody else's while they are in use. */
static void kept(void)
{
	struct pool_info a = make("a", "10.0.0.1", "10.0.0.1"), b = make("b", "10.0.1.1", "10.0.1.1");
	struct pool_info c = make("c", "10.0.2.1", "10.0.2.2"), d = make("d", "10.0.3.1", "10.0.3.1");
	struct poolids p = { 0 };
	uint32_t id, index;

	look(&p, &a, &b);
	id = b.id;
	index = index_of(&p, "b", 17, "10.0.1.1", 3000);
	look(&p, &b, &c);
	EXPECT_EQ(b.id, id);
	EXPECT_EQ(index_of(&p, "b", 17, "10.0.1.1", 3000), index);
	EXPECT(!index_of(&p, "a", 17, "10.0.0.1", 3000));
	/* c is too long for the gap, d is not */
	EXPECT(index_of(&p, "c", 6, "10.0.2.1", 1024) > index);
	poolids_begin(&p);
	EXPECT(!poolids_take(&p, &b) && !poolids_take(&p, &c) && !poolids_take(&p, &d));
	poolids_end(&p);
	EXPECT_EQ(index_of(&p, "d", 6, "10.0.3.1", 1024), 1);
	EXPECT(d.id != a.id);
	/* other addresses are another pool */
	b = make("b", "10.0.9.1", "10.0.9.1");
	look(&p, &b, NULL);
	EXPECT(b.id != id);
	poolids_fini(&p);
}

static void full(void)
{
	struct pool_info a = make("a", "10.0.0.0", "10.0.255.255"), b = make("b", "11.0.0.1", "11.0.0.1");
	struct poolids p = { 0 };

	look(&p, &a, &b);
	EXPECT(index_of(&p, "a", 6, "10.0.0.0", 1024));
	EXPECT(index_of(&p, "a", 6, "10.0.43.1", 1024));
	EXPECT(!index_of(&p, "a", 6, "10.0.43.255", 1024));
	EXPECT(!index_of(&p, "b", 6, "11.0.0.1", 1024));
	look(&p, &b, NULL);
	EXPECT(index_of(&p, "b", 6, "11.0.0.1", 1024));
	poolids_fini(&p);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "an index leads back to its mapping", there_and_back },
		{ "what is no mapping of a pool has no index", none },
		{ "indices are unique", unique },
		{ "numbers stay while others come and go", kept },
		{ "what does not fit into 32 bits has none", full },
	};

	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
