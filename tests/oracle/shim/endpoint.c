// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: quick host timeout=60 */
/* kmod/endpoint.c against an array with one entry for each endpoint there can be. */
#include "shim.h"

#include "../../../kmod/endpoint.c"

#include "../ktap.h"

#define PROTOS	3

struct naive {
	struct natfw_endpoints	e;
	struct {
		struct natfw_endpoint	e;
		bool			used;
	}			at[PROTOS][65536];
	u32			ports;		/* from 0 on, every @step */
	u32			step;
	u32			others;		/* of how many one is not at the first address; 0: none */
	u32			count, wrong;
};

static atomic_long_t memory;
static u64 dice = 1;

static u32 rnd(u32 n)
{
	dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
	return (dice >> 33) % n;
}

static u16 some_address(const struct naive *n)
{
	return n->others && !rnd(n->others) ? rnd(65536) : 7;
}

static void add(struct naive *n, u8 proto, u16 port)
{
	struct natfw_endpoint new = {
		.port = port, .proto = proto, .address = some_address(n), .external = rnd(65536),
	};

	if (natfw_endpoint_add(&n->e, &new, &memory)) {
		n->wrong += !shim_fail_every;
		return;
	}
	n->at[proto][port].e = new;
	n->at[proto][port].used = true;
	n->count++;
}

static void del(struct naive *n, u8 proto, u16 port)
{
	natfw_endpoint_del(&n->e, proto, port, &memory);
	n->at[proto][port].used = false;
	n->count--;
}

static void check(struct naive *n, u8 proto, u16 port)
{
	const struct natfw_endpoint *want = &n->at[proto][port].e;
	struct natfw_endpoint got;
	bool found = natfw_endpoint_find(&n->e, proto, port, &got);

	n->wrong += found != n->at[proto][port].used;
	if (found)
		n->wrong += got.port != port || got.proto != proto ||
			    got.address != want->address || got.external != want->external;
}

static void check_all(struct naive *n)
{
	u32 proto, port;

	for (proto = 0; proto < PROTOS; proto++)
		for (port = 0; port < 65536; port++)
			check(n, proto, port);
	n->wrong += n->e.count != n->count;
}

static void step(struct naive *n, u32 grow)
{
	u16 port = rnd(n->ports) * n->step;
	u8 proto = rnd(PROTOS);

	check(n, proto, port);
	if (!n->at[proto][port].used && rnd(100) < grow)
		add(n, proto, port);
	else if (n->at[proto][port].used && rnd(100) >= grow)
		del(n, proto, port);
}

static void empty(struct naive *n)
{
	u32 proto, port;

	for (proto = 0; proto < PROTOS; proto++)
		for (port = 0; port < 65536; port++)
			if (n->at[proto][port].used)
				del(n, proto, port);
}

static void test_random(const char *what, const struct naive *as, u32 steps, int fail)
{
	static struct naive n;
	u32 i;

	n = *as;
	shim_fail_every = fail;
	for (i = 0; i < steps && !n.wrong; i++) {
		step(&n, i / (steps / 4) & 1 ? 20 : 80);
		if (i % (steps / 6) == 0)
			check_all(&n);
	}
	check_all(&n);
	shim_fail_every = 0;
	ktap_is(!n.wrong, "endpoints %s: %u steps as the naive array, %u wrong", what, i, n.wrong);
	empty(&n);
	ktap_is(!n.wrong && !atomic_read(&memory), "endpoints %s: the last takes all memory along",
		what);
}

static void test_randoms(void)
{
	static struct naive n;

	n = (struct naive) { .ports = 4, .step = 1 };
	test_random("of a small host", &n, 20000, 0);
	n = (struct naive) { .ports = 500, .step = 1 };
	test_random("of a host", &n, 100000, 0);
	n = (struct naive) { .ports = 60000, .step = 1 };
	test_random("of a large host", &n, 1000000, 0);
	n = (struct naive) { .ports = 30000, .step = 2 };
	test_random("with even ports", &n, 300000, 0);
	n = (struct naive) { .ports = 60000, .step = 1, .others = 1 };
	test_random("of many addresses", &n, 1000000, 0);
	n = (struct naive) { .ports = 5000, .step = 13, .others = 200 };
	test_random("of some other addresses", &n, 300000, 0);
	n = (struct naive) { .ports = 20000, .step = 3, .others = 100 };
	test_random("without memory", &n, 300000, 5);
}

/*
 * What an endpoint takes, of a host with so many, each of a random port or, if @by is not
 * 0, with ports in sequence.
 */
static void test_memory(u32 count, u32 by, double most)
{
	static struct naive n;
	u32 i, port = 0;
	double each;

	memset(&n, 0, sizeof(n));
	for (i = 0; i < count; i++) {
		do {
			port = by ? port + by : rnd(65536);
		} while (n.at[0][port].used);
		add(&n, 0, port);
	}
	each = (double)atomic_read(&memory) / count;
	ktap_is(each <= most, "endpoints: %u, %s by %u, take %.2f bytes each", count,
		by ? "ports" : "random ports", by, each);
	natfw_endpoints_free(&n.e, &memory);
	ktap_is(!atomic_read(&memory), "endpoints: and give them back");
}

/* Of few endpoints of several protocols. */
static void test_mixed(void)
{
	static struct naive n;
	u32 i, wrong = 0;

	memset(&n, 0, sizeof(n));
	for (i = 1; i <= 60; i++) {
		add(&n, i % PROTOS, 40000 + i);
		wrong += atomic_read(&memory) > (i <= 30 ? 16 + 12 * i : 100 + 10 * i);
	}
	check_all(&n);
	ktap_is(!wrong && !n.wrong, "endpoints: up to 60 of %u protocols take few bytes", PROTOS);
	natfw_endpoints_free(&n.e, &memory);
}

/* Of any number of endpoints, never many more bytes each than there should be. */
static void test_any_number(void)
{
	static struct naive n;
	double each, most = 0;
	u32 i, port, at = 0;

	memset(&n, 0, sizeof(n));
	for (i = 1; i <= 60000; i++) {
		do {
			port = rnd(65536);
		} while (n.at[0][port].used);
		add(&n, 0, port);
		each = (double)atomic_read(&memory) / i;
		if (i > 100 && each > most) {
			most = each;
			at = i;
		}
	}
	ktap_is(most < 7, "endpoints: never more than %.2f bytes each, at %u", most, at);
	while (i-- > 1) {
		do {
			port = (port + 1) % 65536;
		} while (!n.at[0][port].used);
		del(&n, 0, port);
		if (i - 1 == 1000)
			each = (double)atomic_read(&memory) / 1000;
	}
	ktap_is(each < 64, "endpoints: of 60000 that became 1000, %.2f bytes each", each);
	ktap_is(!atomic_read(&memory), "endpoints: and nothing of none");
}

/*
 * All low bits alike, as far as it goes: what a host could do on purpose. Gives how many
 * came to be in one piece.
 */
static u32 hostile(u32 bits, u32 others)
{
	static struct naive n;
	u32 port, most = 0;

	memset(&n, 0, sizeof(n));
	n.others = others;
	for (port = 0; port < 65536; port++) {
		if (port_hash(port) & (BIT(bits) - 1))
			continue;
		add(&n, 0, port);
		if (n.e.tables)
			most = max(most, (u32)(*table_slot(n.e.table, port_hash(port)))->count);
	}
	check_all(&n);
	n.wrong += atomic_read(&memory) > 64 + 24L * n.count;
	natfw_endpoints_free(&n.e, &memory);
	ktap_is(!n.wrong, "endpoints: %u of one hash in %u bits, %u wrong", n.count, bits, n.wrong);
	return most;
}

static void test_hostile(u32 others)
{
	u32 bits, most = 0;

	for (bits = 4; bits <= 12; bits++)
		most = max(most, hostile(bits, others));
	ktap_is(most > 500 && most <= 512, "endpoints: up to %u of them in one piece", most);
}

int main(void)
{
	u32 i;

	ktap_start();
	test_randoms();
	for (i = 1; i <= 16; i++)
		test_memory(i, 1, i < 3 ? 16 : 11);
	test_memory(1, 0, 16);
	test_memory(10, 0, 6.4);
	test_memory(100, 0, 6);
	test_memory(1000, 0, 6);
	test_memory(10000, 0, 5.5);
	test_memory(60000, 0, 5);
	test_memory(1000, 2, 6);
	test_memory(10000, 4, 6);
	test_memory(28000, 1, 6);
	test_memory(1000, 64, 6);
	test_mixed();
	test_any_number();
	test_hostile(0);
	test_hostile(1);
	ktap_is(!shim_warnings, "no warnings");
	return ktap_end();
}
