// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The GIST engine: finding peers, and messages between them.
 *
 * natfw-test: quick timeout=120
 */
#include <errno.h>

#include "gist_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- both directions ------------------------------------------------------------------------ */

static void dmode(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);

	rig_start(0, 2);
	EXPECT_EQ(rig_send(0, &down, "down", false), 0);
	rig_run(100);
	EXPECT_EQ(rig.node[1].queries, 1);
	EXPECT_EQ(rig.node[2].queries, 0);
	EXPECT_EQ(rig.node[1].messages, 1);
	EXPECT(!strcmp(rig.node[1].text, "down"));
	EXPECT(rig.node[1].rx.validated && !rig.node[1].peer.ma);
	EXPECT_EQ(rig.node[0].sent, 1);
	EXPECT_EQ(rig_send(1, &up, "back", false), 0);
	EXPECT_EQ(rig_send(0, &down, "more", false), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[0].text, "back"));
	EXPECT(!strcmp(rig.node[1].text, "more"));
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	EXPECT_EQ(rig.types[GIST_RESPONSE], 1);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 1);
	EXPECT_EQ(rig.types[GIST_DATA], 3);
	EXPECT_EQ(rig.types[GIST_ERROR], 0);
	rig_stop();
}

static void cmode(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);

	rig_start(0, 2);
	EXPECT_EQ(rig_send(0, &down, "down", true), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[1].text, "down"));
	EXPECT(rig.node[1].peer.ma);
	EXPECT_EQ(rig_send(1, &up, "back", true), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[0].text, "back"));
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	EXPECT_EQ(rig.types[GIST_RESPONSE], 1);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 0);
	EXPECT_EQ(rig.types[GIST_DATA], 0);
	rig_stop();
}

/* --- finding a peer ------------------------------------------------------------------------- */

/* Queries as they go: when, and their cookies. */
static uint64_t query_at[16];
static uint8_t query_cookie[16][COOKIE_SIZE];
static unsigned int queries;
static struct packet kept[4];
static unsigned int keeping;

static void read_packet(const struct packet *p, struct gist_message *m)
{
	struct gist_fault fault;

	gist_message_parse(m, gist_view(p->data + 4, p->len - 4), GIST_DATAGRAM, 0, &fault);
}

static bool note_query(struct packet *p)
{
	struct gist_message m;

	if (p->what != QMODE || p->node != 1 || queries == ARRAY_SIZE(query_at))
		return true;
	read_packet(p, &m);
	if (m.head.type != GIST_QUERY)
		return true;
	query_at[queries] = rig.timers.now - 1;
	memcpy(query_cookie[queries], m.query_cookie.data, COOKIE_SIZE);
	queries++;
	return true;
}

static bool note_query_lose_all(struct packet *p)
{
	note_query(p);
	return false;
}

static void retransmission(void)
{
	static const unsigned int at[] = { 0, 500, 1500, 3500, 7500, 15500, 31500 };
	struct gist_mri down = rig_flow(0, 2, 1, false);
	unsigned int i, j;

	rig_start(0, 1);
	queries = 0;
	rig.filter = note_query_lose_all;
	rig_send(0, &down, "down", false);
	rig_run(63400);
	EXPECT_EQ(queries, ARRAY_SIZE(at));
	EXPECT_EQ(rig.node[0].failed, 0);
	for (i = 0; i < queries; i++) {
		EXPECT_EQ(query_at[i] - query_at[0], at[i]);
		for (j = 0; j < i; j++)
			EXPECT(memcmp(query_cookie[i], query_cookie[j], COOKIE_SIZE));
	}
	rig_run(200);
	EXPECT_EQ(rig.node[0].failed, 1);
	EXPECT_EQ(rig.node[0].failure, GIST_FAIL_NO_RESPONSE);
	EXPECT_EQ(rig.node[0].events[GIST_LAST_NODE], 1);
	EXPECT_EQ(rig.node[0].g->roles[QUERIER], 0);
	rig_stop();
}

static void within_timeout(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	struct gist_tx tx = {
		.nslpid = GIST_NSLPID_NATFW, .sid = rig_sid, .mri = &down, .handle = 7,
		.data = gist_view("down", 4), .timeout = 2000,
	};

	rig_start(0, 1);
	queries = 0;
	rig.filter = note_query_lose_all;
	EXPECT_EQ(gist_send(rig.node[0].g, &tx), 0);
	rig_run(1990);
	EXPECT_EQ(rig.node[0].failed, 0);
	EXPECT_EQ(queries, 3);
	rig_run(20);
	EXPECT_EQ(rig.node[0].failed, 1);
	rig_stop();
}

/* Responses are kept for later. */
static bool keep_responses(struct packet *p)
{
	if (p->what != DATAGRAM || (p->data[10] & 0x7f) != GIST_RESPONSE)
		return true;
	if (keeping < ARRAY_SIZE(kept))
		kept[keeping++] = *p;
	return false;
}

static void any_response(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	keeping = 0;
	rig.filter = keep_responses;
	rig_send(0, &down, "down", false);
	rig_run(1400);
	EXPECT_EQ(keeping, 2);
	EXPECT_EQ(rig.node[1].messages, 0);
	rig.filter = NULL;
	rig_requeue(&kept[0]);
	rig_run(20);
	EXPECT_EQ(rig.node[1].messages, 1);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 1);
	rig_requeue(&kept[1]);
	rig_run(20);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 2);
	EXPECT_EQ(rig.node[1].messages, 1);
	rig_run(5000);
	EXPECT_EQ(rig.types[GIST_QUERY], 2);
	rig_stop();
}

static unsigned int losing;

static bool lose_one_confirm(struct packet *p)
{
	return p->what != DATAGRAM || (p->data[10] & 0x7f) != GIST_CONFIRM || !losing--;
}

static void lost_confirm(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	losing = 1;
	rig.filter = lose_one_confirm;
	rig_send(0, &down, "lost", false);
	rig_run(50);
	EXPECT_EQ(rig.node[1].messages, 0);
	EXPECT_EQ(rig.types[GIST_ERROR], 1);
	EXPECT_EQ(rig.types[GIST_QUERY], 2);
	rig.filter = NULL;
	rig_send(0, &down, "here", false);
	rig_run(50);
	EXPECT(!strcmp(rig.node[1].text, "here"));
	rig_stop();
}

static void propagated(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 2);
	rig.node[1].peering = GIST_PROPAGATE;
	rig_send(0, &down, "down", false);
	rig_run(50);
	EXPECT_EQ(rig.node[1].queries, 1);
	EXPECT_EQ(rig.node[1].messages, 0);
	EXPECT(!strcmp(rig.node[2].text, "down"));
	EXPECT(rig.node[2].rx.endpoint);
	rig_stop();
}

/* At the end of the flow one has to peer. */
static void endpoint_peers(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 2);
	rig.node[1].peering = rig.node[2].peering = GIST_PROPAGATE;
	rig_send(0, &down, "down", false);
	rig_run(50);
	EXPECT(!strcmp(rig.node[2].text, "down"));
	rig_stop();
}

static void last_node(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 2);
	rig.node[1].g->nslp[0].id = 77;		/* has RAO 65, but not the application */
	rig.node[2].g->nslp[0].id = 77;
	rig_send(0, &down, "down", false);
	rig_run(50);
	EXPECT_EQ(rig.node[1].g->counter[GIST_N_forwarded], 1);
	EXPECT_EQ(rig.node[0].failed, 1);
	EXPECT_EQ(rig.node[0].failure, GIST_FAIL_REFUSED);
	EXPECT_EQ(rig.node[0].error, 0x700);
	EXPECT_EQ(rig.node[0].events[GIST_LAST_NODE], 1);
	rig_stop();
}

static void upstream(void)
{
	struct gist_mri up = rig_flow(0, 2, 1, true);
	struct gist_tx tx = {
		.nslpid = GIST_NSLPID_NATFW, .sid = rig_sid, .mri = &up,
		.data = gist_view("up..", 4),
	};

	rig_start(0, 2);
	EXPECT_EQ(gist_send(rig.node[2].g, &tx), -ENOENT);
	tx.discover = true;
	EXPECT_EQ(gist_send(rig.node[2].g, &tx), 0);
	rig_run(50);
	EXPECT(!strcmp(rig.node[1].text, "up.."));
	EXPECT(rig.node[1].rx.mri->upstream);
	rig_stop();
}

/* Two hops are too far for a Query upstream. */
static void upstream_ttl(void)
{
	struct gist_mri up = rig_flow(0, 3, 1, true);
	struct gist_tx tx = {
		.nslpid = GIST_NSLPID_NATFW, .sid = rig_sid, .mri = &up, .discover = true,
		.data = gist_view("up..", 4), .handle = 1,
	};

	rig_start(0, 3);
	gist_destroy(rig.node[2].g);
	rig.node[2].g = NULL;
	gist_send(rig.node[3].g, &tx);
	rig_run(50);
	EXPECT_EQ(rig.node[1].queries, 1);		/* 254 is accepted */
	gist_destroy(rig.node[1].g);
	rig.node[1].g = NULL;
	up.sport++;
	gist_send(rig.node[3].g, &tx);
	rig_run(50);
	EXPECT_EQ(rig.node[0].queries, 0);
	EXPECT_EQ(rig.node[3].error, GIST_E_TTL << 8);
	rig_stop();
}

/* --- keeping it ------------------------------------------------------------------------------ */

static void refresh(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);
	unsigned int i;

	rig_start(0, 1);
	queries = 0;
	rig.filter = note_query;
	rig_send(0, &down, "down", false);
	rig_run(200000);
	EXPECT(queries >= 8 && queries <= 14);
	for (i = 1; i < queries; i++) {
		EXPECT(query_at[i] - query_at[i - 1] >= 15000);
		EXPECT(query_at[i] - query_at[i - 1] <= 22600);
		EXPECT(i < 2 || query_at[i] - query_at[i - 1] != query_at[1] - query_at[0]);
	}
	EXPECT_EQ(rig.node[1].g->roles[RESPONDER], 1);
	EXPECT_EQ(rig_send(1, &up, "back", false), 0);
	rig_run(20);
	EXPECT_EQ(rig.node[0].messages, 1);
	EXPECT_EQ(rig.node[1].events[GIST_STATE_LOST], 0);
	rig_stop();
}

static void no_interest(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	rig_send(0, &down, "down", false);
	rig_run(100);
	gist_set_lifetime(rig.node[0].g, GIST_NSLPID_NATFW, rig_sid, &down, 0);
	EXPECT_EQ(rig_send(0, &down, "last", false), 0);
	rig_run(29000);
	EXPECT(!strcmp(rig.node[1].text, "last"));
	EXPECT_EQ(rig.node[0].g->roles[QUERIER], 1);
	rig_run(1500);
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	EXPECT_EQ(rig.node[0].g->roles[QUERIER], 0);
	EXPECT_EQ(rig.node[1].g->roles[RESPONDER], 0);
	EXPECT_EQ(rig.node[1].events[GIST_STATE_LOST], 1);
	rig_stop();
}

static void inactive(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	rig_send(0, &down, "down", false);
	rig_run(100);
	gist_set_lifetime(rig.node[0].g, GIST_NSLPID_NATFW, NULL, &down, 50000);
	rig_run(49000);
	EXPECT_EQ(rig.node[0].g->roles[QUERIER], 1);
	rig_run(1000);
	EXPECT_EQ(rig.node[0].g->roles[QUERIER], 0);
	rig_stop();
}

static void peer_changes(void)
{
	struct gist_mri down = rig_flow(0, 3, 1, false);

	rig_start(0, 3);
	rig_send(0, &down, "down", false);
	rig_run(100);
	EXPECT(!strcmp(rig.node[1].text, "down"));
	EXPECT_EQ(rig.node[0].events[GIST_ROUTE_GOOD], 1);
	rig.node[1].peering = GIST_PROPAGATE;
	rig_run(23000);
	EXPECT_EQ(rig.node[0].events[GIST_ROUTE_GOOD], 2);
	EXPECT_EQ(rig.node[0].events[GIST_ROUTE_DELETED], 1);
	rig_send(0, &down, "next", false);
	rig_run(100);
	EXPECT(!strcmp(rig.node[2].text, "next"));
	rig_stop();
}

static void invalidated(void)
{
	struct gist_mri down = rig_flow(0, 3, 1, false);

	rig_start(0, 3);
	rig_send(0, &down, "down", false);
	rig_run(100);
	gist_invalidate(rig.node[0].g, GIST_NSLPID_NATFW, &down, true, true);
	EXPECT_EQ(rig_send(0, &down, "wait", false), 0);
	EXPECT_EQ(rig.types[GIST_DATA], 1);
	rig_run(100);
	EXPECT_EQ(rig.types[GIST_QUERY], 2);
	EXPECT(!strcmp(rig.node[1].text, "wait"));
	rig_stop();
}

static void nobody_any_more(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	rig_send(0, &down, "down", false);
	rig_run(100);
	rig.filter = note_query_lose_all;
	rig_run(31000);
	EXPECT_EQ(rig.node[0].events[GIST_ROUTE_BAD], 1);	/* not confirmed in time */
	EXPECT_EQ(rig_send(0, &down, "wait", false), 0);	/* no longer to the old peer */
	EXPECT_EQ(rig.types[GIST_DATA], 1);
	rig_run(60000);
	EXPECT_EQ(rig.node[0].g->roles[QUERIER], 0);
	EXPECT_EQ(rig.node[0].failed, 1);
	rig_stop();
}

/* Node 1 is between: what it has toward node 2 does not outlive what node 0 has made there. */
static void upstream_gone(void)
{
	struct gist_mri down = rig_flow(0, 3, 1, false);

	rig_start(0, 2);
	rig_send(0, &down, "down", false);
	rig_run(100);
	EXPECT_EQ(rig_send(1, &down, "next", false), 0);
	rig_run(100);
	EXPECT_EQ(rig.node[2].messages, 1);
	rig_run(40000);
	EXPECT_EQ(rig.node[2].g->roles[RESPONDER], 1);
	gist_destroy(rig.node[0].g);
	rig.node[0].g = NULL;
	rig_run(62000);
	EXPECT_EQ(rig.node[1].events[GIST_STATE_LOST], 1);
	EXPECT_EQ(rig.node[1].g->states.count, 0);
	EXPECT_EQ(rig.node[2].g->states.count, 0);
	rig_stop();
}

/* --- addresses of Queries -------------------------------------------------------------------- */

static struct packet sent[16];

static bool note_addresses(struct packet *p)
{
	if (p->what == QMODE && p->node == 1 && queries < ARRAY_SIZE(sent))
		sent[queries++] = *p;
	return false;
}

static void from_flow(void)
{
	struct gist_mri down = rig_flow(0, 2, 77, false);
	struct address own = rig_address(0, 1);
	struct gist_message m;
	unsigned int i, ours = 0;

	rig_start(0, 0);
	queries = 0;
	rig.filter = note_addresses;
	rig_send(0, &down, "down", false);
	rig_run(40000);
	EXPECT_EQ(queries, 7);
	for (i = 0; i < queries; i++) {
		read_packet(&sent[i], &m);
		EXPECT(address_equal(&sent[i].a.to.address, &down.destination));
		EXPECT(address_equal(&m.nli.address, &own));
		EXPECT_EQ(sent[i].a.rao, 65);
		EXPECT_EQ(m.nli.ttl, 64);
		ours += m.head.source;
		EXPECT(address_equal(&sent[i].a.from.address,
				     m.head.source ? &own : &down.source));
	}
	read_packet(&sent[0], &m);
	EXPECT(!m.head.source);
	EXPECT(ours >= 1 && ours <= 4);
	rig_stop();
}

static bool forget_route(struct table_node *n, void *arg)
{
	(void)arg;
	container_of(n, struct state, node)->route ^= 1;
	return true;
}

/* Routes have changed: only what goes elsewhere now is looked for again. */
static void route_change(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	struct address all = { 0 }, other = rig_address(9, 0);

	rig_start(0, 1);
	rig_send(0, &down, "down", false);
	rig_run(100);
	gist_route_changed(rig.node[0].g, &other, 24);
	gist_route_changed(rig.node[0].g, &all, 0);
	rig_run(1000);
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	EXPECT_EQ(rig.node[0].events[GIST_ROUTE_TENTATIVE], 0);
	table_each(&rig.node[0].g->states, forget_route, NULL);
	gist_route_changed(rig.node[0].g, &other, 24);
	rig_run(1000);
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	gist_route_changed(rig.node[0].g, &all, 0);
	rig_run(1000);
	EXPECT_EQ(rig.types[GIST_QUERY], 2);
	EXPECT_EQ(rig.node[0].events[GIST_ROUTE_TENTATIVE], 1);
	EXPECT_EQ(rig.node[0].events[GIST_ROUTE_GOOD], 2);
	rig_stop();
}

/* --- associations ---------------------------------------------------------------------------- */

static unsigned int opened(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < CONNS; i++)
		n += rig.conn[i].used;
	return n;
}

static void reuse(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), other = rig_flow(0, 2, 2, false);

	rig_start(0, 1);
	rig_send(0, &down, "down", true);
	rig_run(100);
	EXPECT_EQ(rig_send(0, &other, "more", true), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[1].text, "more"));
	EXPECT_EQ(opened(), 1);
	EXPECT_EQ(rig.types[GIST_RESPONSE], 1);		/* the second one on the association */
	EXPECT_EQ(rig.node[0].g->mas.count, 1);
	rig_run(60000);
	EXPECT_EQ(opened(), 1);
	rig_stop();
}

static void two_at_once(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), other = rig_flow(0, 2, 2, false);

	rig_start(0, 1);
	rig_send(0, &down, "down", true);
	rig_send(0, &other, "more", true);
	rig_run(100);
	EXPECT_EQ(rig.node[1].messages, 2);
	EXPECT_EQ(opened(), 1);
	rig_stop();
}

static void keepalive(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	struct gist *g;

	rig_start(0, 1);
	rig_send(0, &down, "down", true);
	rig_run(10000);
	g = rig.node[0].g;
	EXPECT_EQ(g->counter[GIST_N_hello_sent], 0);
	rig_run(190000);
	EXPECT(g->counter[GIST_N_hello_sent] + rig.node[1].g->counter[GIST_N_hello_sent] > 5);
	EXPECT_EQ(opened(), 1);
	gist_set_lifetime(g, GIST_NSLPID_NATFW, rig_sid, &down, 0);
	rig_run(29000);
	EXPECT_EQ(rig.node[1].g->mas.count, 1);
	rig_run(65000);
	EXPECT_EQ(g->mas.count, 0);
	EXPECT_EQ(rig.node[1].g->mas.count, 0);
	rig_stop();
}

static void connect_refused(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	rig.refuse_connect = true;
	rig_send(0, &down, "down", true);
	rig_run(100);
	EXPECT_EQ(rig.node[0].failed, 1);
	EXPECT_EQ(rig.node[0].failure, GIST_FAIL_ASSOCIATION);
	EXPECT_EQ(rig.node[0].g->roles[QUERIER], 0);
	EXPECT_EQ(rig.node[0].g->mas.count, 0);
	rig_stop();
}

static void broken(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	rig_send(0, &down, "down", true);
	rig_run(100);
	gist_ma_failed(rig.node[0].g, rig.conn[0].ma[0], ECONNRESET);
	rig.conn[0].ma[0] = 0;
	gist_ma_failed(rig.node[1].g, rig.conn[0].ma[1], ECONNRESET);
	rig.conn[0].ma[1] = 0;
	rig_run(1);
	EXPECT_EQ(rig.node[0].events[GIST_COMMUNICATION_FAILURE], 1);
	EXPECT_EQ(rig_send(0, &down, "more", true), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[1].text, "more"));
	EXPECT_EQ(opened(), 2);
	rig_stop();
}

static void explicitly(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 2, true);
	enum gist_security security;
	struct gist_tx tx = {
		.nslpid = GIST_NSLPID_NATFW, .sid = (const uint8_t *)"fedcba9876543210", .mri = &up,
		.data = gist_view("here", 4),
	};

	rig_start(0, 1);
	rig_send(0, &down, "down", true);
	rig_run(100);
	tx.sii = rig.node[1].peer.sii;
	EXPECT(gist_has_association(rig.node[1].g, tx.sii, &security));
	EXPECT_EQ(security, GIST_CLEAR);
	EXPECT_EQ(gist_send(rig.node[1].g, &tx), 0);
	rig_run(10);
	EXPECT(!strcmp(rig.node[0].text, "here"));
	EXPECT(rig.node[0].rx.explicit_route && !rig.node[0].rx.validated);
	tx.sii++;
	EXPECT_EQ(gist_send(rig.node[1].g, &tx), -ENOENT);
	rig_stop();
}

static void stateless(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	struct gist_tx tx = {
		.nslpid = GIST_NSLPID_NATFW, .sid = rig_sid, .mri = &down, .no_state = true,
		.data = gist_view("once", 4), .from_flow = true,
	};

	rig_start(0, 1);
	EXPECT_EQ(gist_send(rig.node[0].g, &tx), 0);
	rig_run(10);
	EXPECT(!strcmp(rig.node[1].text, "once"));
	EXPECT(!rig.node[1].rx.validated);
	EXPECT_EQ(rig.node[0].g->roles[QUERIER] + rig.node[1].g->roles[RESPONDER], 0);
	rig_stop();
}

static void tls_node(unsigned int index, uint8_t tls)
{
	struct gist_config c;

	rig_config(&c, index);
	c.tls = tls;
	c.tls_port = 30001;
	gist_destroy(rig.node[index].g);
	rig_node(index, &c);
}

static void tls_preferred(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	tls_node(0, GIST_TLS_OFFERED);
	tls_node(1, GIST_TLS_OFFERED);
	rig_send(0, &down, "down", true);
	rig_run(100);
	EXPECT_EQ(rig.node[1].peer.security, GIST_TLS);
	EXPECT(rig.node[1].messages == 1);
	rig_stop();
}

static void tls_required(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);

	rig_start(0, 1);
	tls_node(0, GIST_TLS_REQUIRED);
	rig_send(0, &down, "down", false);
	rig_run(100);
	EXPECT_EQ(rig.node[0].failed, 1);
	EXPECT_EQ(rig.node[0].failure, GIST_FAIL_SECURITY);
	EXPECT_EQ(rig.node[1].messages, 0);
	EXPECT_EQ(opened(), 0);
	rig_stop();
}

static void early_state(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);
	struct gist_config c;

	rig_start(0, 1);
	rig_config(&c, 1);
	c.delayed = false;
	gist_reconfigure(rig.node[1].g, &c);
	losing = 1;
	rig.filter = lose_one_confirm;
	rig_send(0, &down, "lost", false);
	rig_run(5);
	EXPECT_EQ(rig.node[1].g->roles[RESPONDER], 1);
	EXPECT_EQ(rig_send(1, &up, "wait", false), 0);
	EXPECT_EQ(rig.types[GIST_DATA], 1);
	rig_run(2000);
	EXPECT(rig.types[GIST_RESPONSE] >= 2);
	EXPECT_EQ(rig.node[0].messages, 1);
	rig_stop();
}

static void early_state_ends(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false);
	struct gist_config c;

	rig_start(0, 1);
	rig_config(&c, 1);
	c.delayed = false;
	gist_reconfigure(rig.node[1].g, &c);
	keeping = 4;
	rig.filter = keep_responses;
	rig_send(0, &down, "down", false);
	rig_run(10);
	gist_destroy(rig.node[0].g);
	rig.node[0].g = NULL;
	rig_run(64000);
	EXPECT_EQ(rig.types[GIST_RESPONSE], 7);
	EXPECT_EQ(rig.node[1].g->roles[RESPONDER], 0);
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "GIST-6.1-15,GIST-6.2-09,GIST-6.1-09,GIST-4.3.2-18 Data both ways in D-mode", dmode },
	{ "GIST-2-02,GIST-4.4.1-10,GIST-4.3.3-15 Data both ways on one association", cmode },
	{ "GIST-5.3.3-02,GIST-5.3.3-06,GIST-5.3.3-08,GIST-6.2-07 Queries repeated and given up",
	  retransmission },
	{ "GIST-5.3.3-07 repeated no longer than the application waits", within_timeout },
	{ "GIST-5.3.3-12,GIST-5.3.3-14,GIST-6.2-11 a Response to any of the Queries",
	  any_response },
	{ "GIST-5.3.3-19,GIST-4.4.6-05,GIST-4.4.6-09 a lost Confirm is found out", lost_confirm },
	{ "GIST-4.3.2-04,GIST-6.1-06 a node that does not peer lets the Query go on", propagated },
	{ "GIST-4.3.2-01 where the flow ends the Query ends", endpoint_peers },
	{ "GIST-4.3.4-05,GIST-4.3.4-08 Endpoint Found behind a node that has only the RAO",
	  last_node },
	{ "GIST-5.8.1.3-01,GIST-5.8.1.3-10 a peer upstream", upstream },
	{ "GIST-5.8.1.3-13 an upstream Query from too far", upstream_ttl },
	{ "GIST-4.4.4-06,GIST-4.4.4-13,GIST-6.2-15 refreshed in time, at random", refresh },
	{ "GIST-4.4.4-11,GIST-6.3-16,GIST-4.2.1-06 not refreshed without interest", no_interest },
	{ "GIST-6.2-16,GIST-6.2-20 ended when nothing has happened", inactive },
	{ "GIST-7.1.2-07,GIST-7.1.4-08,GIST-3.5-02 another peer at refresh", peer_changes },
	{ "GIST-7.1.3-11,GIST-7.1.3-13 bad state is not used until found again", invalidated },
	{ "GIST-4.2.1-06,GIST-6.2-07 a peer that is gone", nobody_any_more },
	{ "GIST-4.4.4-10 not refreshed when what it goes on from has ended", upstream_gone },
	{ "GIST-5.8.1.2-02,GIST-5.8.1.2-03,GIST-5.8.1.2-05,GIST-5.8.1.2-06 addresses of Queries",
	  from_flow },
	{ "GIST-7.1.2-01,GIST-7.1.3-10 another next hop", route_change },
	{ "GIST-4.4.3-07,GIST-4.4.3-08 an association is used again", reuse },
	{ "GIST-4.4.3-07 two sessions at once, one association", two_at_once },
	{ "GIST-4.4.5-03,GIST-4.4.5-15,GIST-6.4-08,GIST-6.4-11 kept alive, closed when not wanted",
	  keepalive },
	{ "GIST-4.3.3-16,GIST-6.4-04 no association to be had", connect_refused },
	{ "GIST-6.4-17,GIST-6.4-19 an association breaks and another is made", broken },
	{ "GIST-7.1.4-04,GIST-7.1.4-05,GIST-4.3.2-17 to a peer by its handle", explicitly },
	{ "GIST-4.3.2-14,GIST-5.5-06,GIST-6.1-14 Q-mode Data without state", stateless },
	{ "GIST-8.1-01,GIST-5.7.1-12 TLS where both have it", tls_preferred },
	{ "GIST-8.6-02 no TLS, no messages, where it is required", tls_required },
	{ "GIST-6.3-02,GIST-6.3-11,GIST-6.3-12,GIST-6.3-13 state made by the Query", early_state },
	{ "GIST-6.3-14,GIST-5.3.3-16 and given up without a Confirm", early_state_ends },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
