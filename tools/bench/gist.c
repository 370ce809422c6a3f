// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the GIST engine costs: handshakes a second, memory for each session, and what a flood of
 * Queries leaves behind. Two engines side by side in one process, messages handed over in memory.
 *
 *	make -C userd build/libnsis.a
 *	cc -O2 -std=gnu11 -Iuserd -o bench-gist tools/bench/gist.c userd/build/libnsis.a -lcrypto
 *	./bench-gist [SESSIONS]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gist/gist.h"

#define RING	(1u << 16)

struct message {
	bool qmode;
	unsigned int to;
	struct gist_arrival a;
	size_t len;
	uint8_t data[600];
};

static struct timers timers;
static struct gist *engine[2];
static struct message *ring;
static unsigned int head, tail;
static unsigned long received;

static struct address address(unsigned int node)
{
	return (struct address){ 4, { 10, 0, (uint8_t)node, 1 } };
}

static unsigned int self(void *arg)
{
	return arg == &engine[1];
}

static struct message *put(struct gist_view payload)
{
	struct message *m = &ring[head++ % RING];

	if (head - tail > RING || payload.len > sizeof(m->data))
		abort();
	memcpy(m->data, payload.data, payload.len);
	m->len = payload.len;
	return m;
}

static int send_datagram(void *arg, const struct endpoint *from, const struct endpoint *to,
			 struct gist_view payload)
{
	struct message *m = put(payload);

	m->to = !self(arg);
	m->a = (struct gist_arrival){ *from, *to, 64, 1, -1 };
	return 0;
}

static int send_qmode(void *arg, const struct gist_qmode *q, struct gist_view payload)
{
	struct message *m = put(payload);

	m->to = !self(arg);
	m->a = (struct gist_arrival){ { q->source, q->sport }, { q->destination, 270 }, q->ttl, 1,
				      q->rao };
	return 0;
}

static bool route(void *arg, const struct address *to, struct gist_route *r)
{
	(void)to;
	*r = (struct gist_route){ .ifindex = 1, .source = address(self(arg)), .mtu = 1500 };
	return true;
}

static bool is_local(void *arg, const struct address *a)
{
	struct address own = address(self(arg));

	return address_equal(&own, a);
}

static bool ingress(void *arg, const struct address *source, unsigned int ifindex)
{
	(void)arg;
	(void)source;
	(void)ifindex;
	return true;
}

static bool interface(void *arg, unsigned int ifindex, unsigned int version, struct address *a)
{
	(void)ifindex;
	*a = address(self(arg));
	return version == 4;
}

static void random_octets(void *arg, void *buf, size_t n)
{
	static uint64_t s = 88172645463325252u;
	uint8_t *p = buf;

	(void)arg;
	while (n--) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		*p++ = (uint8_t)(s >> 24);
	}
}

static enum gist_peering on_query(void *arg, const struct gist_rx *rx, struct gist_view *answer)
{
	(void)arg;
	(void)rx;
	(void)answer;
	return GIST_PEER;
}

static void on_message(void *arg, const struct gist_rx *rx)
{
	(void)arg;
	(void)rx;
	received++;
}

static void deliver(void)
{
	while (tail != head) {
		struct message *m = &ring[tail++ % RING];

		if (!engine[m->to])
			continue;
		if (is_local(&engine[m->to], &m->a.to.address))
			gist_datagram(engine[m->to], &m->a, gist_view(m->data, m->len));
		else
			gist_intercepted(engine[m->to], &m->a, NULL, gist_view(m->data, m->len));
	}
}

static void start(unsigned int i)
{
	struct gist_nslp ops = { .query = on_query, .message = on_message };
	struct gist_io io = {
		.arg = &engine[i], .datagram = send_datagram, .qmode = send_qmode, .route = route,
		.local = is_local, .ingress = ingress, .interface_address = interface,
		.random = random_octets,
	};
	struct gist_config c;

	gist_config_default(&c);
	c.identity_len = 16;
	c.identity[0] = (uint8_t)i;
	c.states = 2000000;
	c.rate = 2000000000;
	engine[i] = gist_create(&c, &io, &timers);
	gist_register(engine[i], 33, 65, 68, &ops);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct gist_mri flow(unsigned int n)
{
	return (struct gist_mri){
		.has_protocol = true, .has_sport = true, .has_dport = true, .protocol = 17,
		.source = { 4, { 10, 1, (uint8_t)(n >> 16), (uint8_t)(n >> 8) } },
		.destination = { 4, { 10, 2, (uint8_t)n, 1 } }, .source_prefix = 32,
		.destination_prefix = 32, .sport = (uint16_t)n, .dport = 5000,
	};
}

static void session(unsigned int n)
{
	uint8_t sid[GIST_SID_SIZE] = { 0 };
	struct gist_mri mri = flow(n);
	struct gist_tx tx = {
		.nslpid = 33, .sid = sid, .mri = &mri, .data = gist_view("data", 4),
		.from_flow = true,
	};

	memcpy(sid, &n, sizeof(n));
	if (gist_send(engine[0], &tx))
		abort();
}

static void handshakes(unsigned int sessions)
{
	size_t before = mallinfo2().uordblks, after;
	double begin = seconds(), took;
	struct gist_stats s[2];
	unsigned int i;

	for (i = 0; i < sessions; i++) {
		session(i);
		if (i % 256 == 255)
			deliver();
	}
	deliver();
	took = seconds() - begin;
	after = mallinfo2().uordblks;
	gist_stats(engine[0], &s[0]);
	gist_stats(engine[1], &s[1]);
	printf("sessions %u querying %u responding %u messages %lu\n", sessions, s[0].queriers,
	       s[1].responders, received);
	printf("handshakes (both ends, one processor): %.0f a second\n", sessions / took);
	printf("memory for each state: %.0f octets allocated, %.0f as the engine counts\n",
	       (double)(after - before) / (s[0].queriers + s[1].responders),
	       (double)(s[0].memory + s[1].memory) / (s[0].queriers + s[1].responders));
}

/* A minute of nothing but refreshing. */
static void refreshes(unsigned int seconds_long)
{
	struct gist_stats s[2];
	uint64_t end = timers.now + seconds_long * 1000u, sent;
	double begin = seconds(), took;

	gist_stats(engine[0], &s[0]);
	sent = s[0].counter[GIST_N_query_sent];
	while (timers.now < end) {
		timers_run(&timers, timers.now + 1, 0);
		deliver();
	}
	took = seconds() - begin;
	gist_stats(engine[0], &s[0]);
	gist_stats(engine[1], &s[1]);
	printf("refreshing for %u s: %.0f handshakes a second, %.1f %% of one processor, states %u, %u\n",
	       seconds_long,
	       (double)(s[0].counter[GIST_N_query_sent] - sent) / seconds_long,
	       100 * took / seconds_long, s[0].queriers, s[1].responders);
}

/* Queries whose senders never answer. */
static void flood(unsigned int queries)
{
	const enum gist_counter n = GIST_N_response_sent;
	struct gist_stats s[2];
	struct message q;
	size_t before, after;
	double begin, took;
	unsigned int i;

	session(0xffffff);
	q = ring[tail % RING];
	tail = head;
	gist_destroy(engine[0]);
	engine[0] = NULL;
	gist_stats(engine[1], &s[0]);
	before = mallinfo2().uordblks;
	begin = seconds();
	for (i = 0; i < queries; i++) {
		memcpy(q.data + 4 + 8 + 24 + 4, &i, sizeof(i));	/* in the SID */
		q.a.from.address.b[3] = (uint8_t)i;
		gist_intercepted(engine[1], &q.a, NULL, gist_view(q.data, q.len));
		tail = head;
	}
	took = seconds() - begin;
	after = mallinfo2().uordblks;
	gist_stats(engine[1], &s[1]);
	printf("unproven Queries: %.0f a second answered, memory %+ld octets, states %+d\n",
	       (double)(s[1].counter[n] - s[0].counter[n]) / took,
	       (long)after - (long)before, (int)(s[1].responders - s[0].responders));
}

int main(int argc, char **argv)
{
	unsigned int sessions = argc > 1 ? (unsigned int)atoi(argv[1]) : 200000;

	ring = calloc(RING, sizeof(*ring));
	timers_init(&timers, 1000);
	start(0);
	start(1);
	handshakes(sessions);
	refreshes(60);
	flood(500000);
	gist_destroy(engine[1]);
	timers_fini(&timers);
	free(ring);
	return 0;
}
