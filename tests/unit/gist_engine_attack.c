// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The GIST engine among people who mean harm: nobody who is not on the path makes, ends or uses
 * anything, and nobody at all gets more memory or more packets than he should.
 *
 * natfw-test: quick timeout=200
 */
#include <errno.h>

#include "gist_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct packet seen[8];
static unsigned int seen_count;
static unsigned int seen_type;

static unsigned int type_of(const struct packet *p)
{
	return p->data[10] & 0x7f;
}

/* Keep what is of type seen_type, and let it go on. */
static bool watch(struct packet *p)
{
	if ((p->what == DATAGRAM || p->what == QMODE) && type_of(p) == seen_type &&
	    seen_count < ARRAY_SIZE(seen))
		seen[seen_count++] = *p;
	return true;
}

static bool watch_and_lose(struct packet *p)
{
	watch(p);
	return p->what > QMODE || type_of(p) != seen_type;
}

static void watch_for(unsigned int type, bool lose)
{
	seen_type = type;
	seen_count = 0;
	rig.filter = lose ? watch_and_lose : watch;
}

/* Where the value of an object begins. */
static uint8_t *object(struct packet *p, unsigned int type, size_t *size)
{
	struct gist_walk w = gist_walk(gist_view(p->data + 12, p->len - 12));
	struct gist_tlv tlv;

	while (gist_walk_next(&w, &tlv)) {
		if (tlv.type != type)
			continue;
		if (size)
			*size = tlv.value.len;
		return p->data + (tlv.value.data - p->data);
	}
	return NULL;
}

static void established(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	rig_send(0, &down, "down", false);
	rig_run(100);
	EXPECT_EQ(rig.node[1].messages, 1);
}

static bool works(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);
	unsigned int before[2] = { rig.node[0].messages, rig.node[1].messages };

	rig.filter = NULL;
	rig_send(0, &down, "fine", false);
	rig_send(1, &up, "good", false);
	rig_run(20);
	return rig.node[0].messages == before[0] + 1 && rig.node[1].messages == before[1] + 1;
}

/* --- cookies -------------------------------------------------------------------------------- */

/* The Confirm of a handshake that has not come to its end, to be played with. */
static struct packet *confirm(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	watch_for(GIST_CONFIRM, true);
	rig_send(0, &down, "down", false);
	rig_run(3);
	EXPECT_EQ(seen_count, 1);
	gist_destroy(rig.node[0].g);
	rig.node[0].g = NULL;
	rig_run(5);
	rig.filter = NULL;
	return &seen[0];
}

static bool makes_state(struct packet *p)
{
	rig_requeue(p);
	rig_run(5);
	return rig.node[1].g->roles[RESPONDER];
}

static void confirm_good(void)
{
	EXPECT(makes_state(confirm()));
	EXPECT_EQ(rig.node[1].g->counter[GIST_N_bad_cookie], 0);
	rig_stop();
}

/* Each octet of what the cookie is bound to. */
static void confirm_changed(void)
{
	static const unsigned int bound[] = { GIST_MRI, GIST_SID, GIST_NLI, GIST_RESPONDER_COOKIE };
	unsigned int i, j, made = 0;
	struct packet *p = confirm();
	uint8_t *octet;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(bound); i++) {
		object(p, bound[i], &size);
		for (j = 0; j < size; j++) {
			/* validity, TTL, reserved bits and address of the NLI's own packet */
			if (bound[i] == GIST_NLI && j < 8)
				continue;
			if (bound[i] == GIST_MRI && (j < 4 || j == 15))
				continue;
			octet = object(p, bound[i], NULL) + j;
			*octet ^= 1;
			made += makes_state(p);
			*octet ^= 1;
		}
	}
	EXPECT_EQ(made, 0);
	EXPECT(makes_state(p));
	rig_stop();
}

static void confirm_other_nslp(void)
{
	struct packet *p = confirm();
	struct gist_nslp ops = { &rig.node[1], rig_query, rig_message, rig_status, rig_network };

	EXPECT_EQ(gist_register(rig.node[1].g, 99, 1, 1, &ops), 0);
	EXPECT_EQ(gist_register(rig.node[1].g, 99, 1, 1, &ops), -EEXIST);
	p->data[9] = 99;
	EXPECT(!makes_state(p));
	rig_stop();
}

static void confirm_other_source(void)
{
	struct packet *p = confirm();

	p->a.from.address.b[3] = 77;
	EXPECT(!makes_state(p));
	EXPECT_EQ(rig.node[1].g->counter[GIST_N_spoofed], 1);
	rig_stop();
}

static void confirm_late(void)
{
	struct packet *p = confirm();

	rig_run(95000);
	EXPECT(!makes_state(p));
	EXPECT_EQ(rig.node[1].g->counter[GIST_N_bad_cookie], 1);
	rig_stop();
}

static void response_forged(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	watch_for(GIST_RESPONSE, true);
	rig_send(0, &down, "down", false);
	rig_run(5);
	rig.filter = NULL;
	object(&seen[0], GIST_QUERY_COOKIE, NULL)[3] ^= 1;
	rig_requeue(&seen[0]);
	rig_run(5);
	EXPECT_EQ(rig.node[0].g->counter[GIST_N_bad_cookie], 1);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 0);
	EXPECT_EQ(rig.types[GIST_ERROR], 0);
	rig_stop();
}

static void response_elsewhere(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	watch_for(GIST_RESPONSE, true);
	rig_send(0, &down, "down", false);
	rig_run(5);
	rig.filter = NULL;
	seen[0].a.from.address.b[3] = 9;
	rig_requeue(&seen[0]);
	rig_run(5);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 0);
	EXPECT_EQ(rig.node[0].failed, 1);
	rig_stop();
}

/* --- off the path ---------------------------------------------------------------------------- */

static void data_spoofed(void)
{
	struct packet p;
	struct gist_mri down = rig_flow(0, 2, 1, false);

	established();
	watch_for(GIST_DATA, false);
	rig_send(0, &down, "mine", false);
	rig_run(5);
	p = seen[0];
	p.a.from.address.b[3] = 66;
	rig_requeue(&p);
	rig_run(5);
	EXPECT_EQ(rig.node[1].messages, 2);
	/* with an NLI to fit, but not the peer's */
	object(&p, GIST_NLI, NULL)[8 + 4 + 3] = 66;
	rig_requeue(&p);
	rig_run(5);
	EXPECT_EQ(rig.node[1].messages, 2);
	EXPECT_EQ(rig.node[1].g->counter[GIST_N_spoofed], 2);
	EXPECT(works());
	rig_stop();
}

/* By datagram, although there is an association: it is not taken for one by that. */
static void data_beside(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	struct packet p;

	established();
	watch_for(GIST_DATA, false);
	rig_send(0, &down, "mine", false);
	rig_run(5);
	p = seen[0];
	rig_send(0, &down, "tcp.", true);
	rig_run(20);
	EXPECT_EQ(rig.node[1].messages, 3);
	EXPECT(rig.node[1].peer.ma);
	rig_requeue(&p);
	rig_run(5);
	EXPECT_EQ(rig.node[1].messages, 4);
	EXPECT_EQ(rig.node[1].peer.ma, 0);
	rig_stop();
}

static void with_tls(unsigned int index, uint8_t tls)
{
	struct gist_config c;

	rig_config(&c, index);
	c.tls = tls;
	c.tls_port = 30001;
	gist_reconfigure(rig.node[index].g, &c);
}

/* Somebody on the path, with all that the peer has but its TLS. */
static void downgrade(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);
	struct gist_config c;

	rig_start(0, 1);
	with_tls(0, GIST_TLS_OFFERED);
	with_tls(1, GIST_TLS_OFFERED);
	rig_send(0, &down, "mine", true);
	rig_run(50);
	EXPECT_EQ(rig.node[1].peer.security, GIST_TLS);
	rig.conn[0].ma[0] = 0;			/* stays open */
	gist_destroy(rig.node[0].g);
	rig_config(&c, 0);
	rig_node(0, &c);
	rig_send(0, &down, "evil", false);
	rig_run(50);
	EXPECT(strcmp(rig.node[1].text, "evil"));
	EXPECT(rig.node[1].g->counter[GIST_N_spoofed] > 0);
	EXPECT_EQ(rig_send(1, &up, "back", false), 0);
	rig_run(50);
	EXPECT_EQ(rig.node[0].messages, 0);	/* it went by the association */
	EXPECT_EQ(rig.node[1].g->counter[GIST_N_data_sent], 1);
	rig_stop();
}

static bool end_state(struct table_node *n, void *arg)
{
	(void)arg;
	gist_state_end(container_of(n, struct state, node), NO_EVENT, GIST_FAIL_LIMIT, 0);
	return true;
}

/* No Routing State to Data of ours, as node 1 would say it. */
static void no_state_error(struct packet *p)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	established();
	watch_for(GIST_ERROR, true);
	table_each(&rig.node[1].g->states, end_state, NULL);
	rig_send(0, &down, "gone", false);
	rig_run(5);
	EXPECT_EQ(seen_count, 1);
	*p = seen[0];
	rig.filter = NULL;
}

static void error_from_peer(void)
{
	struct packet p;

	no_state_error(&p);
	rig_requeue(&p);
	rig_run(5);
	EXPECT_EQ(rig.types[GIST_QUERY], 2);
	rig_stop();
}

static void error_spoofed(void)
{
	struct packet p;

	no_state_error(&p);
	p.a.from.address.b[3] = 66;
	rig_requeue(&p);
	rig_run(5);
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	EXPECT_EQ(rig.node[0].g->counter[GIST_N_spoofed], 1);
	rig_stop();
}

static void error_guessed(void)
{
	struct packet p;
	size_t size;

	no_state_error(&p);
	object(&p, GIST_ERROR_DATA, &size)[8 + GIST_HEADER_SIZE + 5] ^= 1;	/* SID */
	rig_requeue(&p);
	rig_run(5);
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	rig_stop();
}

/* A peer that goes on saying so is not asked faster and faster. */
static void error_for_ever(void)
{
	struct packet p;
	unsigned int i;

	no_state_error(&p);
	for (i = 0; i < 500; i++) {
		rig_requeue(&p);
		rig_run(20);
	}
	EXPECT(rig.types[GIST_QUERY] < 12);
	rig_stop();
}

/* A Query with somebody else's flow and session, whose Response never gets to its sender. */
static void query_spoofed(void)
{
	unsigned int asked;
	struct packet p;

	established();
	watch_for(GIST_QUERY, false);
	rig_run(23000);
	EXPECT(seen_count >= 1);
	p = seen[0];
	rig.filter = watch_and_lose;
	seen_type = GIST_RESPONSE;
	object(&p, GIST_NLI, NULL)[8] ^= 1;		/* another identity and address */
	object(&p, GIST_NLI, NULL)[15] = 55;
	p.a.from.address.b[3] = 55;
	asked = rig.node[1].queries;
	rig_requeue(&p);
	rig_run(5);
	EXPECT_EQ(rig.node[1].queries, asked + 1);
	rig.filter = NULL;
	EXPECT_EQ(rig.node[1].events[GIST_ROUTE_DELETED], 0);
	EXPECT(works());
	rig_run(100000);
	EXPECT_EQ(rig.node[1].events[GIST_STATE_LOST], 0);
	EXPECT(works());
	rig_stop();
}

/* --- limits ---------------------------------------------------------------------------------- */

static void flood(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	struct packet p;
	uint64_t before;
	unsigned int i;

	rig_start(0, 1);
	watch_for(GIST_QUERY, false);
	rig_send(0, &down, "down", false);
	rig_run(5);
	gist_destroy(rig.node[0].g);
	rig.node[0].g = NULL;
	p = seen[0];
	before = rig.node[1].g->memory;
	for (i = 0; i < 20000; i++) {
		rig_random(NULL, object(&p, GIST_SID, NULL), GIST_SID_SIZE);
		rig_random(NULL, object(&p, GIST_NLI, NULL) + 8, 4);
		rig_requeue(&p);
		if (i % 100 == 0)
			rig_run(1);
	}
	rig_run(10);
	EXPECT(rig.node[1].queries > 5000);
	EXPECT_EQ(rig.node[1].g->memory, before);
	EXPECT_EQ(rig.node[1].g->states.count, 1);	/* of the one that was no flood */
	EXPECT_EQ(rig.node[1].g->peers.count, 1);
	rig_stop();
}

/* Strangers' Queries leave enough for what we have to send ourselves. */
static void flood_and_refresh(void)
{
	struct gist_mri down = rig_flow(1, 2, 1, false);
	struct gist_mri loose = {
		.method = GIST_MRM_LOOSE, .source = rig_address(0, 1),
		.destination = rig_address(3, 1),
	};
	struct gist_config c;
	struct packet p;
	unsigned int i;

	rig_start(0, 2);
	rig_config(&c, 1);
	c.rate = 20000;
	c.burst = 4000;
	gist_reconfigure(rig.node[1].g, &c);
	watch_for(GIST_QUERY, false);
	rig_send(0, &loose, "down", false);
	rig_run(5);
	p = seen[0];
	rig.filter = NULL;
	for (i = 0; i < 3000; i++) {
		rig_random(NULL, object(&p, GIST_SID, NULL), GIST_SID_SIZE);
		rig_requeue(&p);
		rig_run(1);
		for (; i == 2800 && down.sport < 4008; down.sport++)
			EXPECT_EQ(rig_send(1, &down, "mine", false), 0);
	}
	EXPECT(rig.node[1].g->counter[GIST_N_limited] > 2000);
	EXPECT_EQ(rig.node[1].g->counter[GIST_N_query_sent], 8);
	rig_stop();
}

static void limited(void)
{
	struct gist_config c;
	struct gist_mri down;
	unsigned int i;

	rig_start(0, 1);
	rig_config(&c, 0);
	c.rate = 20000;
	c.burst = 2000;
	gist_reconfigure(rig.node[0].g, &c);
	for (i = 0; i < 500; i++) {
		down = rig_flow(0, 2, 1, false);
		down.sport = (uint16_t)i;
		EXPECT_EQ(rig_send(0, &down, "down", false), 0);
	}
	rig_run(1000);
	EXPECT(rig.types[GIST_QUERY] < 120);
	EXPECT(rig.types[GIST_QUERY] > 20);
	rig_run(60000);
	/* Confirms are never held back; Data that is, is reported. */
	EXPECT_EQ(rig.node[0].sent + rig.node[0].failed, 500);
	EXPECT(rig.node[1].g->roles[RESPONDER] > 100);
	/* 4.4.4: so many states are refreshed less often */
	EXPECT(gist_limiter_validity(rig.node[0].g, 1) > 1000);
	rig_stop();
}

static void full(void)
{
	struct gist_config c;
	struct gist_mri down;
	unsigned int i, refused = 0;

	rig_start(0, 1);
	rig_config(&c, 0);
	c.states = 40;
	c.handshakes = 30;
	gist_reconfigure(rig.node[0].g, &c);
	rig_config(&c, 1);
	c.states = 20;
	gist_reconfigure(rig.node[1].g, &c);
	for (i = 0; i < 50; i++) {
		down = rig_flow(0, 2, 1, false);
		down.sport = (uint16_t)i;
		refused += rig_send(0, &down, "down", false) == -ENOBUFS;
	}
	EXPECT_EQ(refused, 20);
	rig_run(400);
	EXPECT_EQ(rig.node[1].g->roles[RESPONDER], 15);	/* no peer gets all */
	rig_stop();
}

/* Another Peer-Identity makes another peer, but no other host. */
static void full_of_names(void)
{
	struct gist_config c;
	struct gist_mri down;
	unsigned int i;

	rig_start(0, 1);
	rig_config(&c, 1);
	c.states = 20;
	gist_reconfigure(rig.node[1].g, &c);
	for (i = 0; i < 40; i++) {
		if (i % 10 == 0) {
			gist_destroy(rig.node[0].g);
			rig_config(&c, 0);
			c.identity[0] = (uint8_t)i;
			rig_node(0, &c);
		}
		down = rig_flow(0, 2, 1, false);
		down.sport = (uint16_t)i;
		rig_send(0, &down, "down", false);
		rig_run(20);
	}
	EXPECT_EQ(rig.node[1].g->peers.count, 2);
	EXPECT_EQ(rig.node[1].g->roles[RESPONDER], 15);
	rig_stop();
}

static void queue_full(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	unsigned int i, refused = 0;

	rig_start(0, 0);
	for (i = 0; i < 100; i++)
		refused += rig_send(0, &down, "down", false) == -ENOBUFS;
	EXPECT_EQ(refused, 100 - QUEUE_MAX);
	rig_run(70000);
	EXPECT_EQ(rig.node[0].failed, QUEUE_MAX);
	EXPECT_EQ(rig.node[0].g->queued, 0);
	EXPECT_EQ(rig.node[0].g->queued_octets, 0);
	rig_stop();
}

static void streams(void)
{
	struct endpoint from = { rig_address(0, 1), 1 }, to = { rig_address(1, 1), 30000 };
	static const uint8_t huge[8] = { 1, 10, 0xff, 0xff, 0, 33, 2, 0x80 };
	struct gist *g;
	unsigned int i, n = 0;
	uint32_t ma = 0, id;

	rig_start(1, 1);
	g = rig.node[1].g;
	g->config.associations = 20;
	for (i = 0; i < 20; i++) {
		from.address.b[3] = i < 10 ? 1 : 2;
		id = gist_ma_accepted(g, &from, &to, 1, false, NULL);
		n += !!id;
		ma = id ? id : ma;
	}
	EXPECT_EQ(n, 10);			/* eight of one, and half in all */
	EXPECT_EQ(gist_ma_input(g, ma, gist_view(huge, 8)), 8);
	EXPECT_EQ(g->mas.count, 9);
	rig_run(MA_SETUP_TIME + 10);
	EXPECT_EQ(g->mas.count, 0);
	rig_stop();
}

/* Who has a /64 has as many addresses as he likes. */
static void streams_of_many(void)
{
	struct endpoint from = { { 6, { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1 } }, 1 };
	struct endpoint to = { { 6, { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 2 } }, 30000 };
	unsigned int i, n = 0;
	struct gist *g;

	rig_start(1, 1);
	g = rig.node[1].g;
	for (i = 0; i < 100; i++) {
		from.address.b[15] = (uint8_t)i;
		n += !!gist_ma_accepted(g, &from, &to, 1, false, NULL);
	}
	EXPECT_EQ(n, MA_PER_PEER);
	from.address.b[7] = 3;
	EXPECT(gist_ma_accepted(g, &from, &to, 1, false, NULL));
	rig_stop();
}

/* --- octets at random ------------------------------------------------------------------------- */

static bool spoil(struct packet *p)
{
	if (p->len && octets_random(&rig.seed) % 3 == 0)
		p->data[octets_random(&rig.seed) % p->len] ^= (uint8_t)octets_random(&rig.seed);
	if (p->len > 20 && octets_random(&rig.seed) % 30 == 0)
		p->len -= octets_random(&rig.seed) % 16;
	return octets_random(&rig.seed) % 10;
}

static bool silence(struct packet *p)
{
	return p->what == SHUT;
}

static void noise(void)
{
	unsigned int i, round;
	struct gist_mri m;
	struct gist_tx tx;

	for (round = 0; round < 20; round++) {
		rig_start(0, 4);
		rig.seed += round;
		rig.filter = spoil;
		for (i = 0; i < 60; i++) {
			m = rig_flow(i % 2 ? 0 : 4, i % 2 ? 4 : 0, 1, i % 5 == 0);
			m.sport = (uint16_t)(i % 7);
			tx = (struct gist_tx){
				.nslpid = GIST_NSLPID_NATFW, .sid = rig_sid, .mri = &m,
				.data = gist_view("noise...", 8), .handle = i + 1,
				.reliable = i % 3 == 0, .discover = true, .from_flow = i % 4,
			};
			gist_send(rig.node[i % 5].g, &tx);
			rig_run(i % 6 ? 50 : 5000);
		}
		for (i = 0; i < CONNS; i++)
			if (rig.conn[i].ma[0] && i % 2)
				gist_ma_failed(rig.node[rig.conn[i].node[0]].g,
					       rig.conn[i].ma[0], ECONNRESET);
		rig_run(100000);
		rig.filter = silence;
		rig_run(4000000);
		EXPECT_EQ(rig.node[2].g->handshakes + rig.node[2].g->queued, 0);
		EXPECT_EQ(rig.node[2].g->states.count + rig.node[2].g->mas.count, 0);
		EXPECT_EQ(rig.node[2].g->peers.count, 0);
		EXPECT_EQ(rig.node[2].g->memory, 0);
		rig_stop();
	}
}

static const struct ktap_test tests[] = {
	{ "GIST-8.4-03 the Confirm makes state", confirm_good },
	{ "GIST-8.5-04,GIST-8.5-06,GIST-8.3-05 not when anything its cookie is bound to is changed",
	  confirm_changed },
	{ "GIST-8.5-04 nor for another application", confirm_other_nslp },
	{ "GIST-5.3.1-10 nor from another address", confirm_other_source },
	{ "GIST-8.5-05 nor too late", confirm_late },
	{ "GIST-8.3-01,GIST-5.3.3-17,GIST-4.4.6-01 a Response without the cookie",
	  response_forged },
	{ "GIST-7.2.1-12,GIST-7.2.1-08 a Response from elsewhere ends the handshake",
	  response_elsewhere },
	{ "GIST-5.3.1-10 Data from elsewhere", data_spoofed },
	{ "GIST-4.1.2-07 Data beside an association is not taken for its", data_beside },
	{ "GIST-8.6-02 a session with TLS is not taken over without", downgrade },
	{ "GIST-4.4.6-09 No Routing State from the peer", error_from_peer },
	{ "GIST-4.4.6-12 No Routing State from elsewhere", error_spoofed },
	{ "GIST-4.4.6-06 an Error about a session that is not there", error_guessed },
	{ "GIST-4.4.6-09 No Routing State without end is not answered faster", error_for_ever },
	{ "GIST-8.3-04,GIST-8.4-03 a spoofed Query moves and ends nothing", query_spoofed },
	{ "GIST-8.4-02,GIST-6.1-05 a flood of Queries takes no memory", flood },
	{ "GIST-5.3.2.3-10,GIST-5.3.3-21 a flood does not keep state from being refreshed",
	  flood_and_refresh },
	{ "GIST-5.3.3-20,GIST-5.3.3-23,GIST-5.3.3-25,GIST-4.4.4-05 no more D-mode than allowed",
	  limited },
	{ "states and handshakes are bounded, also for one peer", full },
	{ "GIST-8.4-08 another identity gets a peer no more states", full_of_names },
	{ "what waits is bounded, and its sender told", queue_full },
	{ "GIST-8.4-08 associations of strangers are bounded", streams },
	{ "GIST-8.4-08 also where addresses cost nothing", streams_of_many },
	{ "anything but what was sent", noise },
};

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

int main(void)
{
	log_capture(quiet);
	return ktap_main(tests, ARRAY_SIZE(tests));
}
