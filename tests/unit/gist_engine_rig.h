/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A chain of nodes with GIST engines: node i has the address 10.0.i.1 and the interfaces 1 (to
 * lower ones) and 2. Each step takes a millisecond. What is on its way can be looked at, lost,
 * changed, and sent by somebody else.
 */
#ifndef _NATFW_TESTS_GIST_ENGINE_RIG_H
#define _NATFW_TESTS_GIST_ENGINE_RIG_H

#include <stdlib.h>
#include <string.h>

#include "gist/engine.h"
#include "ktap.h"
#include "octets.h"

#define NODES	5
#define CONNS	64

enum what { DATAGRAM, QMODE, OPEN, STREAM, SHUT };

struct packet {
	struct packet *next;
	enum what what;
	uint64_t at;
	unsigned int node;		/* where it is */
	unsigned int ifindex;		/* by which it got there */
	struct gist_arrival a;
	unsigned int conn;
	bool back;			/* STREAM, SHUT: toward who has connected */
	size_t len;
	uint8_t data[4096];
};

struct node {
	struct gist *g;
	unsigned int index;
	enum gist_peering peering;
	struct gist_view answer;
	unsigned int queries, messages, sent, failed, events[8];
	enum gist_failure failure;
	uint16_t error;
	char text[64];			/* of the last message */
	struct gist_peer peer;		/* of the last message */
	struct gist_rx rx;
	struct gist_mri mri;
};

struct conn {
	bool used, open, tls;
	unsigned int node[2];		/* who has connected, who accepted */
	uint32_t ma[2];
	uint8_t in[2][70000];
	size_t len[2];
};

static struct rig {
	struct timers timers;
	struct node node[NODES];
	struct conn *conn;
	struct packet *first, **end;
	struct packet *forwarding;
	bool forwarded;
	bool (*filter)(struct packet *p);	/* false: lost */
	uint32_t seed;
	unsigned int steps;
	unsigned int types[GIST_TYPES];		/* datagrams by type */
	bool refuse_connect;
} rig;

static inline struct address rig_address(unsigned int node, unsigned int host)
{
	return (struct address){ 4, { 10, 0, (uint8_t)node, (uint8_t)host } };
}

static inline void rig_random(void *arg, void *buf, size_t n)
{
	uint8_t *p = buf;

	(void)arg;
	while (n--)
		*p++ = (uint8_t)(octets_random(&rig.seed) >> 11);
}

static inline struct packet *rig_queue(enum what what)
{
	struct packet *p = calloc(1, sizeof(*p));

	p->what = what;
	p->at = rig.timers.now + 1;
	*rig.end = p;
	rig.end = &p->next;
	return p;
}

static inline void rig_payload(struct packet *p, struct gist_view v)
{
	if (v.len > sizeof(p->data))
		abort();
	memcpy(p->data, v.data, v.len);
	p->len = v.len;
}

static inline void rig_step_to(struct packet *p, unsigned int dest)
{
	bool up = dest > p->node;

	p->node += up ? 1 : -1u;
	p->ifindex = up ? 1 : 2;
}

static inline int rig_datagram(void *arg, const struct endpoint *from, const struct endpoint *to,
			       struct gist_view payload)
{
	struct node *n = arg;
	struct packet *p = rig_queue(DATAGRAM);

	p->a = (struct gist_arrival){ .from = *from, .to = *to, .ttl = 64, .rao = -1 };
	p->node = to->address.b[2];
	p->ifindex = p->node > n->index ? 1 : 2;
	rig_payload(p, payload);
	rig.types[p->data[10] & 0x7f]++;
	return 0;
}

static inline int rig_qmode(void *arg, const struct gist_qmode *q, struct gist_view payload)
{
	struct node *n = arg;
	struct packet *p = rig_queue(QMODE);

	p->a = (struct gist_arrival){
		.from = { q->source, q->sport }, .to = { q->destination, GIST_PORT },
		.ttl = q->ttl, .rao = q->rao,
	};
	p->node = n->index;
	rig_step_to(p, q->destination.b[2]);
	rig_payload(p, payload);
	rig.types[p->data[10] & 0x7f]++;
	return 0;
}

static inline int rig_forward(void *arg, const void *token, struct gist_view payload)
{
	struct packet *p = (struct packet *)(uintptr_t)token;

	(void)arg;
	rig_payload(p, payload);
	rig.forwarded = true;
	return 0;
}

static inline int rig_connect(void *arg, uint32_t ma, const struct gist_target *to)
{
	struct node *n = arg;
	struct packet *p;
	unsigned int i;

	for (i = 0; rig.conn[i].used; i++)
		;
	rig.conn[i] = (struct conn){ .used = true, .tls = to->tls };
	rig.conn[i].node[0] = n->index;
	rig.conn[i].node[1] = to->to.address.b[2];
	rig.conn[i].ma[0] = ma;
	p = rig_queue(OPEN);
	p->conn = i;
	p->a.to = to->to;
	return 0;
}

/* Which connection @ma of node @n is, and which end. */
static inline struct conn *rig_conn(const struct node *n, uint32_t ma, unsigned int *end)
{
	unsigned int i;

	for (i = 0; i < CONNS; i++)
		for (*end = 0; *end < 2; (*end)++)
			if (rig.conn[i].used && rig.conn[i].node[*end] == n->index &&
			    rig.conn[i].ma[*end] == ma)
				return &rig.conn[i];
	return NULL;
}

static inline int rig_stream(void *arg, uint32_t ma, struct gist_view octets)
{
	unsigned int end;
	struct conn *c = rig_conn(arg, ma, &end);
	struct packet *p;

	if (!EXPECT(c && c->open))
		return -1;
	p = rig_queue(STREAM);
	p->conn = (unsigned int)(c - rig.conn);
	p->back = end;
	rig_payload(p, octets);
	return 0;
}

static inline size_t rig_backlog(void *arg, uint32_t ma)
{
	(void)arg;
	(void)ma;
	return 0;
}

static inline void rig_close(void *arg, uint32_t ma, bool flush)
{
	unsigned int end;
	struct conn *c = rig_conn(arg, ma, &end);
	struct packet *p;

	(void)flush;
	if (!c)
		return;
	c->ma[end] = 0;
	p = rig_queue(SHUT);
	p->conn = (unsigned int)(c - rig.conn);
	p->back = end;
}

static inline bool rig_local(void *arg, const struct address *a)
{
	struct node *n = arg;
	struct address own = rig_address(n->index, 1);

	return address_equal(a, &own);
}

static inline bool rig_route(void *arg, const struct address *to, struct gist_route *r)
{
	struct node *n = arg;

	if (to->version != 4 || to->b[0] != 10)
		return false;
	*r = (struct gist_route){
		.ifindex = to->b[2] > n->index ? 2 : 1, .source = rig_address(n->index, 1),
		.mtu = 1500, .local = rig_local(arg, to),
	};
	return true;
}

static inline bool rig_ingress(void *arg, const struct address *source, unsigned int ifindex)
{
	struct node *n = arg;

	return ifindex == (source->b[2] < n->index ? 1u : 2u);
}

static inline bool rig_interface(void *arg, unsigned int ifindex, unsigned int version,
				 struct address *a)
{
	struct node *n = arg;

	(void)ifindex;
	*a = rig_address(n->index, 1);
	return version == 4;
}

/* --- the application ---------------------------------------------------------------------- */

static inline enum gist_peering rig_query(void *arg, const struct gist_rx *rx,
					  struct gist_view *answer)
{
	struct node *n = arg;

	n->queries++;
	*answer = n->answer;
	EXPECT(rx->query && !rx->validated);
	return n->peering;
}

static inline void rig_message(void *arg, const struct gist_rx *rx)
{
	struct node *n = arg;

	n->messages++;
	n->peer = *rx->peer;
	n->rx = *rx;
	n->mri = *rx->mri;
	snprintf(n->text, sizeof(n->text), "%.*s", (int)rx->data.len, (const char *)rx->data.data);
}

static inline void rig_status(void *arg, const struct gist_status *s)
{
	struct node *n = arg;

	if (s->sent)
		n->sent++;
	else
		n->failed++;
	n->failure = s->failure;
	n->error = s->error;
}

static inline void rig_network(void *arg, const struct gist_network *e)
{
	struct node *n = arg;

	n->events[e->event]++;
}

/* --- the world ---------------------------------------------------------------------------- */

static inline void rig_config(struct gist_config *c, unsigned int node)
{
	gist_config_default(c);
	c->identity_len = 4;
	memcpy(c->identity, "peer", 4);
	c->identity[3] = (uint8_t)node;
	c->tcp_port = 30000;
	c->inactive = 100000000;
}

static inline void rig_node(unsigned int index, const struct gist_config *c)
{
	struct node *n = &rig.node[index];
	struct gist_io io = {
		.arg = n, .datagram = rig_datagram, .qmode = rig_qmode, .forward = rig_forward,
		.connect = rig_connect, .stream = rig_stream, .backlog = rig_backlog,
		.close = rig_close, .route = rig_route, .local = rig_local,
		.ingress = rig_ingress, .interface_address = rig_interface,
		.random = rig_random,
	};
	struct gist_nslp ops = { n, rig_query, rig_message, rig_status, rig_network };

	n->index = index;
	n->g = gist_create(c, &io, &rig.timers);
	EXPECT(n->g && !gist_register(n->g, GIST_NSLPID_NATFW, 65, 68, &ops));
}

/* Nodes @first to @last have an engine. */
static inline void rig_start(unsigned int first, unsigned int last)
{
	struct gist_config c;
	unsigned int i;

	memset(&rig, 0, sizeof(rig));
	rig.seed = 4711;
	rig.end = &rig.first;
	rig.conn = calloc(CONNS, sizeof(*rig.conn));
	timers_init(&rig.timers, 1000);
	for (i = first; i <= last; i++) {
		rig_config(&c, i);
		rig_node(i, &c);
	}
}

static inline void rig_stop(void)
{
	struct packet *p;
	unsigned int i;

	for (i = 0; i < NODES; i++) {
		struct gist *g = rig.node[i].g;

		rig.node[i].g = NULL;
		gist_destroy(g);
	}
	EXPECT_EQ(rig.timers.count, 0);
	while ((p = rig.first)) {
		rig.first = p->next;
		free(p);
	}
	timers_fini(&rig.timers);
	free(rig.conn);
}

static inline void rig_requeue(struct packet *p)
{
	struct packet *copy = rig_queue(p->what), *next = copy->next;
	uint64_t at = copy->at;

	*copy = *p;
	copy->at = at;
	copy->next = next;
}

static inline void rig_deliver_q(struct packet *p)
{
	struct node *n = &rig.node[p->node];
	unsigned int dest = p->a.to.address.b[2];

	p->a.ifindex = p->ifindex;
	if (p->node == dest) {
		if (n->g)
			gist_datagram(n->g, &p->a, gist_view(p->data, p->len));
		return;
	}
	rig.forwarded = false;
	if (n->g && gist_intercepted(n->g, &p->a, p, gist_view(p->data, p->len)) && !rig.forwarded)
		return;
	p->a.ttl--;
	rig_step_to(p, dest);
	rig_requeue(p);
}

static inline void rig_deliver_open(struct packet *p)
{
	struct conn *c = &rig.conn[p->conn];
	struct node *n = &rig.node[c->node[1]], *from = &rig.node[c->node[0]];
	struct endpoint e = { rig_address(from->index, 1), 40000 };

	if (!c->ma[0])
		return;
	c->open = n->g && !rig.refuse_connect;
	if (c->open)
		c->ma[1] = gist_ma_accepted(n->g, &e, &p->a.to, n->index > from->index ? 1 : 2,
					    c->tls, c->tls ? "client" : NULL);
	c->open = c->ma[1];
	if (c->open)
		gist_ma_connected(from->g, c->ma[0], c->tls ? "server" : NULL);
	else
		gist_ma_failed(from->g, c->ma[0], 111);
}

static inline void rig_deliver_stream(struct packet *p)
{
	struct conn *c = &rig.conn[p->conn];
	unsigned int end = !p->back;
	struct node *n = &rig.node[c->node[end]];
	size_t used;

	if (!c->ma[end] || !n->g)
		return;
	if (p->what == SHUT) {
		gist_ma_failed(n->g, c->ma[end], 0);
		c->ma[end] = 0;
		c->open = false;
		return;
	}
	memcpy(c->in[end] + c->len[end], p->data, p->len);
	c->len[end] += p->len;
	used = gist_ma_input(n->g, c->ma[end], gist_view(c->in[end], c->len[end]));
	c->len[end] -= used;
	memmove(c->in[end], c->in[end] + used, c->len[end]);
}

static inline void rig_deliver(struct packet *p)
{
	struct node *n = &rig.node[p->node < NODES ? p->node : 0];

	if (rig.filter && !rig.filter(p))
		return;
	switch (p->what) {
	case DATAGRAM:
		p->a.ifindex = p->ifindex;
		if (p->node < NODES && n->g)
			gist_datagram(n->g, &p->a, gist_view(p->data, p->len));
		break;
	case QMODE:
		if (p->node < NODES)
			rig_deliver_q(p);
		break;
	case OPEN:
		rig_deliver_open(p);
		break;
	default:
		rig_deliver_stream(p);
		break;
	}
}

/* Let @ms pass. */
static inline void rig_run(uint64_t ms)
{
	uint64_t until = rig.timers.now + ms, next;
	struct packet *p;

	for (;;) {
		p = rig.first;
		next = timers_next(&rig.timers);
		if (p && p->at <= until && p->at <= next) {
			timers_run(&rig.timers, p->at - 1, 0);
			if (rig.timers.now < p->at)
				rig.timers.now = p->at;
			rig.first = p->next;
			if (!rig.first)
				rig.end = &rig.first;
			rig_deliver(p);
			free(p);
		} else if (next <= until) {
			timers_run(&rig.timers, next, 1);
		} else {
			break;
		}
	}
	timers_run(&rig.timers, until, 0);
}

/* A flow from node @from to node @to, hosts of theirs with address ending in @host. */
static inline struct gist_mri rig_flow(unsigned int from, unsigned int to, unsigned int host,
				       bool upstream)
{
	return (struct gist_mri){
		.method = GIST_MRM_PATH, .upstream = upstream, .has_protocol = true,
		.has_sport = true, .has_dport = true, .source = rig_address(from, host),
		.destination = rig_address(to, host), .source_prefix = 32,
		.destination_prefix = 32, .protocol = 17, .sport = 4000, .dport = 5000,
	};
}

static const uint8_t rig_sid[GIST_SID_SIZE] = "0123456789abcdef";

static inline int rig_send(unsigned int node, const struct gist_mri *mri, const char *text,
			   bool reliable)
{
	struct gist_tx tx = {
		.nslpid = GIST_NSLPID_NATFW, .sid = rig_sid, .mri = mri,
		.data = gist_view(text, strlen(text)), .handle = 1, .reliable = reliable,
		.from_flow = true,
	};

	return gist_send(rig.node[node].g, &tx);
}

#endif /* _NATFW_TESTS_GIST_ENGINE_RIG_H */
