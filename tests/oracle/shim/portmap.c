// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: quick host timeout=60 */
/* kmod/portmap.c against an array with one entry for each port. */
#include "shim.h"

#include "../../../kmod/portmap.c"

#include "../ktap.h"

enum { FREE, USED, HELD };

struct naive {
	struct natfw_portmap	*pm;
	u8			state[65536];
	u32			until[65536];
	u32			lo, hi, now, wrong, freed;
};

static atomic_long_t memory;
static __thread u64 dice = 1;

static u32 rnd(u32 n)
{
	dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
	return (dice >> 33) % n;
}

static u32 some_port(const struct naive *n)
{
	if (rnd(20) == 0)
		return rnd(65536);
	return n->lo + rnd(n->hi - n->lo + 1);
}

static bool free_at(const struct naive *n, u32 port)
{
	return port >= n->lo && port <= n->hi && n->state[port] == FREE;
}

static bool would_do(const struct naive *n, u32 port, enum natfw_port_want want)
{
	switch (want) {
	case NATFW_PORT_EVEN:
		return free_at(n, port) && !(port & 1);
	case NATFW_PORT_ODD:
		return free_at(n, port) && port & 1;
	case NATFW_PORT_PAIR:
		return free_at(n, port) && !(port & 1) && free_at(n, port + 1);
	default:
		return free_at(n, port);
	}
}

static bool any_would_do(const struct naive *n, u32 lo, u32 hi, enum natfw_port_want want)
{
	u32 port;

	for (port = lo; port <= hi; port++)
		if (would_do(n, port, want) && (want != NATFW_PORT_PAIR || port < hi))
			return true;
	return false;
}

/* Who uses a port is told by its number. */
static void *user(u32 port)
{
	return (void *)(0x10000UL + port);
}

static void take(struct naive *n)
{
	u32 port = some_port(n);
	int err = natfw_portmap_take(n->pm, port, user(port)), want = 0;

	if (port < n->lo || port > n->hi)
		want = -ERANGE;
	else if (n->state[port] != FREE)
		want = -EBUSY;
	n->wrong += err != want;
	if (!err)
		n->state[port] = USED;
}

static void find(struct naive *n)
{
	u32 a = some_port(n), b = some_port(n), lo = min(a, b), hi = max(a, b);
	enum natfw_port_want want = rnd(4);
	int got;

	if (rnd(2)) {
		lo = n->lo;
		hi = n->hi;
	}
	got = natfw_portmap_find(n->pm, lo, hi, want);
	if (got < 0) {
		n->wrong += got != -ENOSPC || any_would_do(n, lo, hi, want);
		return;
	}
	n->wrong += (u32)got < lo || (u32)got > hi || !would_do(n, got, want);
	if (want == NATFW_PORT_PAIR)
		n->wrong += (u32)got + 1 > hi;
	n->wrong += natfw_portmap_take(n->pm, got, user(got)) != 0;
	n->state[got] = USED;
}

static void release(struct naive *n)
{
	u32 port = some_port(n);

	if (port < n->lo || port > n->hi || n->state[port] == FREE)
		return;
	if (n->state[port] == USED && rnd(2)) {
		n->until[port] = n->now + rnd(50);
		natfw_portmap_hold(n->pm, port, n->until[port]);
		n->state[port] = HELD;
	} else if (n->state[port] == HELD && rnd(2)) {
		natfw_portmap_reclaim(n->pm, port, user(port));
		n->state[port] = USED;
	} else {
		natfw_portmap_release(n->pm, port);
		n->state[port] = FREE;
	}
}

static struct naive *sweeping;

static void freed(struct natfw_portmap *pm, u16 port, void *arg)
{
	struct naive *n = arg;

	n->wrong += pm != n->pm || n->state[port] != HELD || n->until[port] > n->now;
	n->state[port] = FREE;
	n->freed++;
}

static void sweep(struct naive *n)
{
	u32 port, due = U32_MAX;

	n->now += rnd(10);
	sweeping = n;
	natfw_portmap_sweep(n->pm, n->now, freed, n);
	for (port = n->lo; port <= n->hi; port++) {
		if (n->state[port] != HELD)
			continue;
		n->wrong += n->until[port] <= n->now;
		due = min(due, n->until[port]);
	}
	n->wrong += n->pm->due != due;
}

static void compare(struct naive *n)
{
	u32 port, used = 0, held = 0;
	int next = natfw_portmap_next(n->pm, 0);

	for (port = 0; port < 65536; port++) {
		n->wrong += natfw_portmap_is_free(n->pm, port) != free_at(n, port);
		n->wrong += natfw_portmap_is_held(n->pm, port) != (n->state[port] == HELD);
		n->wrong += natfw_portmap_user(n->pm, port) !=
			    (n->state[port] == USED ? user(port) : NULL);
		if (n->state[port] == USED) {
			n->wrong += next != (int)port;
			next = natfw_portmap_next(n->pm, port + 1);
		}
		used += n->state[port] == USED;
		held += n->state[port] == HELD;
	}
	n->wrong += next != -ENOENT;
	n->wrong += n->pm->used != used || n->pm->held != held;
}

static void test_random(u32 lo, u32 hi, u32 steps)
{
	static struct naive n;
	u32 i, port;

	memset(&n, 0, sizeof(n));
	n.lo = lo;
	n.hi = hi;
	n.pm = natfw_portmap_create(lo, hi, &memory);
	for (i = 0; i < steps && !n.wrong; i++) {
		/* first more is taken, then more is given back */
		if (rnd(10) < (i / 20000 & 1 ? 3 : 6))
			rnd(2) ? take(&n) : find(&n);
		else
			release(&n);
		if (i % 997 == 0) {
			sweep(&n);
			shim_sweep();
		}
		if (i % 9973 == 0)
			compare(&n);
	}
	compare(&n);
	ktap_is(!n.wrong, "portmap %u-%u: %u steps as the naive array, %u wrong", lo, hi, i,
		n.wrong);
	for (port = lo; port <= hi; port++)
		if (n.state[port] != FREE)
			natfw_portmap_release(n.pm, port);
	ktap_is(atomic_read(&memory) == (long)sizeof(*n.pm), "portmap %u-%u: chunks are let go",
		lo, hi);
	natfw_portmap_destroy(n.pm);
	ktap_is(!atomic_read(&memory), "portmap %u-%u: memory gauge returns to zero", lo, hi);
}

/* Every port can be had, one after the other, and then none. */
static void test_exhaust(enum natfw_port_want want, u32 lo, u32 hi, u32 expect)
{
	struct natfw_portmap *pm = natfw_portmap_create(lo, hi, &memory);
	u32 got = 0;
	int port;

	while ((port = natfw_portmap_find(pm, lo, hi, want)) >= 0) {
		natfw_portmap_take(pm, port, user(port));
		if (want == NATFW_PORT_PAIR)
			natfw_portmap_take(pm, port + 1, user(port + 1));
		got++;
	}
	ktap_is(got == expect, "portmap %u-%u wanting %d: %u of %u found", lo, hi, want, got,
		expect);
	natfw_portmap_destroy(pm);
}

/* RFC 6056: the next port must not follow from those before. */
static void test_spread(void)
{
	struct natfw_portmap *pm = natfw_portmap_create(1024, 65535, &memory);
	u32 bucket[16] = { 0 }, i, low = 1000, high = 0;

	for (i = 0; i < 8000; i++) {
		int port = natfw_portmap_find(pm, 1024, 65535, NATFW_PORT_ANY);

		natfw_portmap_take(pm, port, user(port));
		bucket[(port - 1024) * 16 / 64512]++;
	}
	for (i = 0; i < 16; i++) {
		low = min(low, bucket[i]);
		high = max(high, bucket[i]);
	}
	ktap_is(low > 400 && high < 600, "portmap: ports are spread evenly, %u to %u of 500", low,
		high);
	natfw_portmap_destroy(pm);
}

/* one thread takes and gives back, others ask who has what, without a lock */

#define ASKERS		3
#define BASE		1000
#define SPAN		600
#define PUBLISHED	64	/* answers at a time that an asker adds to the sum */
#define WANTED		100000	/* answers, before it may end */
#define ROUNDS		1000	/* but it ends after so many, where askers get no processor */

struct asking {
	struct natfw_portmap	*pm;
	bool			over;
	u32			answers, wrong;
};

/* Ports at fixed distances are never given back, so they must always be seen. */
static bool stays(u32 port)
{
	return port % 7 == 0;
}

static void *ask(void *arg)
{
	struct asking *a = arg;
	u32 port, n = 0, wrong = 0;
	void *who;

	dice = (unsigned long)pthread_self();
	while (!READ_ONCE(a->over)) {
		port = BASE + rnd(SPAN);
		rcu_read_lock();
		who = natfw_portmap_user(a->pm, port);
		rcu_read_unlock();
		wrong += who ? who != user(port) : stays(port);
		if (++n % PUBLISHED == 0)
			__atomic_add_fetch(&a->answers, PUBLISHED, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&a->wrong, wrong, __ATOMIC_RELAXED);
	return NULL;
}

static void churn(struct natfw_portmap *pm)
{
	u32 port, i;

	for (i = 0; i < 30000; i++) {
		port = BASE + rnd(SPAN);
		if (stays(port))
			continue;
		if (natfw_portmap_is_held(pm, port) && rnd(2))
			natfw_portmap_reclaim(pm, port, user(port));
		else if (natfw_portmap_is_free(pm, port))
			natfw_portmap_take(pm, port, user(port));
		else if (rnd(4) || natfw_portmap_is_held(pm, port))
			natfw_portmap_release(pm, port);
		else
			natfw_portmap_hold(pm, port, 1);
		if (i % 5000 == 0)
			shim_sweep();
	}
}

static void test_readers(void)
{
	struct asking a = { .pm = natfw_portmap_create(BASE, BASE + SPAN - 1, &memory) };
	pthread_t asker[ASKERS];
	u32 i;

	dice = 1;
	for (i = BASE; i < BASE + SPAN; i++)
		if (stays(i))
			natfw_portmap_take(a.pm, i, user(i));
	for (i = 0; i < ASKERS; i++)
		pthread_create(&asker[i], NULL, ask, &a);
	for (i = 0; i < ROUNDS && READ_ONCE(a.answers) < WANTED; i++)
		churn(a.pm);
	WRITE_ONCE(a.over, true);
	for (i = 0; i < ASKERS; i++)
		pthread_join(asker[i], NULL);
	ktap_is(!a.wrong && a.answers >= WANTED, "portmap: %u readers without lock, %u answers, %u wrong",
		ASKERS, a.answers, a.wrong);
	natfw_portmap_destroy(a.pm);
	shim_sweep();
}

int main(void)
{
	ktap_start();
	natfw_portmap_module_init();
	test_readers();
	test_random(1024, 65535, 300000);
	test_random(1, 65535, 100000);
	test_random(4000, 4009, 100000);
	test_random(255, 257, 50000);
	test_random(65535, 65535, 20000);
	test_exhaust(NATFW_PORT_ANY, 1024, 65535, 64512);
	test_exhaust(NATFW_PORT_EVEN, 1023, 2048, 513);
	test_exhaust(NATFW_PORT_ODD, 1024, 2047, 512);
	test_exhaust(NATFW_PORT_PAIR, 1023, 2048, 512);
	test_exhaust(NATFW_PORT_PAIR, 1025, 1027, 1);
	test_spread();
	natfw_portmap_module_exit();
	ktap_is(!shim_warnings, "no warnings");
	return ktap_end();
}
