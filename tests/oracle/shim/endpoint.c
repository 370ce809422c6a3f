// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: quick host timeout=60 */
/* kmod/endpoint.c against an array with one entry for each endpoint there can be. */
#include "shim.h"

#include "../../../kmod/endpoint.c"

#include "../ktap.h"

#define PROTOS	3

struct naive {
	struct natfw_endpoints	e;
	struct natfw_endpoint	at[PROTOS][65536];
	u32			ports;		/* from 1 on, every @step */
	u32			step;
	u32			count, wrong;
};

static atomic_long_t memory;
static u64 dice = 1;

static u32 rnd(u32 n)
{
	dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
	return (dice >> 33) % n;
}

static void add(struct naive *n, u8 proto, u16 port)
{
	struct natfw_endpoint new = {
		.port = port, .proto = proto, .address = rnd(65536), .external = rnd(65536),
	};

	if (natfw_endpoint_add(&n->e, &new, &memory)) {
		n->wrong += !shim_fail_every;
		return;
	}
	new.used = 1;
	n->at[proto][port] = new;
	n->count++;
}

static void del(struct naive *n, u8 proto, u16 port)
{
	natfw_endpoint_del(&n->e, proto, port, &memory);
	n->at[proto][port].used = 0;
	n->count--;
}

static void check(struct naive *n, u8 proto, u16 port)
{
	const struct natfw_endpoint *got = natfw_endpoint_find(&n->e, proto, port);
	const struct natfw_endpoint *want = &n->at[proto][port];

	if (want->used)
		n->wrong += !got || memcmp(got, want, sizeof(*got));
	else
		n->wrong += !!got;
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
	u16 port = 1 + rnd(n->ports) * n->step;
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

static void test_random(const char *what, u32 ports, u32 by, u32 steps, int fail)
{
	static struct naive n;
	u32 i;

	memset(&n, 0, sizeof(n));
	n.ports = ports;
	n.step = by;
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

/* What an endpoint takes, of a host with so many. */
static void test_memory(u32 count, u32 most)
{
	static struct naive n;
	u32 i;

	memset(&n, 0, sizeof(n));
	for (i = 0; i < count; i++)
		add(&n, 0, i + 1);
	ktap_is(atomic_read(&memory) <= (long)(count * most), "endpoints: %u take %ld bytes each",
		count, (long)atomic_read(&memory) / count);
	natfw_endpoints_free(&n.e, &memory);
	ktap_is(!atomic_read(&memory), "endpoints: and give them back");
}

int main(void)
{
	ktap_start();
	test_random("of a small host", 4, 1, 20000, 0);
	test_random("of a host", 500, 1, 100000, 0);
	test_random("of a large host", 60000, 1, 1000000, 0);
	test_random("with even ports", 30000, 2, 300000, 0);
	test_random("without memory", 20000, 3, 300000, 5);
	test_memory(1, 32);
	test_memory(100, 24);
	test_memory(3000, 20);
	test_memory(60000, 20);
	ktap_is(!shim_warnings, "no warnings");
	return ktap_end();
}
