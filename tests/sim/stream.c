// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Streams: TCP, with TLS as a flag and a name. In order, complete, in segments of random size.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define BACKLOG	1048576

const char *message_word(struct gist_view octets);

static void text_stream(struct text *t, const struct node *n, const char *what, const struct conn *c,
			unsigned int end, struct gist_view m)
{
	text_add(t, "%s %s %s via=%s conn=%u", n->name, what, message_word(m), c->tls ? "tls" : "tcp",
		 (unsigned int)(c - w.conn));
	text_endpoint(t, "from", &c->end[end].ep);
	text_endpoint(t, "to", &c->end[!end].ep);
	text_message(t, m, GIST_CONNECTION);
}

/* Whole messages of what node @end of @c sent (or got), into the trace. */
static void trace(struct conn *c, unsigned int end, struct node *n, const char *what,
		  struct gist_view *octets)
{
	struct gist_view m;
	struct text *t = malloc(sizeof(*t));

	for (;;) {
		struct gist_view all = *octets;
		enum gist_frame f = gist_frame_next(octets, &m);

		if (f == GIST_FRAME_MORE || !all.len)
			break;
		if (f == GIST_FRAME_LOST)
			m = all;
		t->len = 0;
		t->s[0] = 0;
		text_stream(t, n, what, c, end, m);
		note(t->s, m);
		if (n->g && !w.raw && !strcmp(what, "tx")) {
			lint(n, t->s, m, GIST_CONNECTION);
			capture("tcp", &c->end[end].ep, &c->end[!end].ep, 64, m);
		}
		if (f == GIST_FRAME_LOST) {
			octets->len = 0;
			break;
		}
	}
	free(t);
}

static void append(uint8_t **buf, size_t *len, const void *data, size_t n)
{
	*buf = realloc(*buf, *len + n + 1);
	memcpy(*buf + *len, data, n);
	*len += n;
}

static void consume(uint8_t *buf, size_t *len, size_t n)
{
	memmove(buf, buf + n, *len - n);
	*len -= n;
}

/* What has come in to an engine, offered to it. */
static void offer(struct conn *c, unsigned int e)
{
	struct node *n = c->end[e].node;
	uint8_t *copy;
	size_t used, len;

	while (c->end[e].in_len && c->end[e].ma && n->g) {
		len = c->end[e].in_len;
		copy = malloc(len);
		memcpy(copy, c->end[e].in, len);
		used = gist_ma_input(n->g, c->end[e].ma, gist_view(copy, len));
		free(copy);
		if (used > len)
			sim_fail("%s used more octets than there are", n->name);
		if (!used || used > c->end[e].in_len || !c->end[e].open)
			return;
		consume(c->end[e].in, &c->end[e].in_len, used);
	}
}

static void deliver(struct conn *c, unsigned int e, const uint8_t *data, size_t len)
{
	struct gist_view v;

	if (!c->end[e].open)
		return;
	append(&c->end[e].in, &c->end[e].in_len, data, len);
	if (c->end[e].ma) {
		offer(c, e);
		return;
	}
	v = gist_view(c->end[e].in, c->end[e].in_len);
	trace(c, !e, c->end[e].node, "rx", &v);
	consume(c->end[e].in, &c->end[e].in_len, c->end[e].in_len - v.len);
}

static void tell_failed(struct item *i);

static void tell(struct conn *c, unsigned int end, uint64_t after, unsigned int error)
{
	struct item *i = later(after, tell_failed);

	i->conn = c;
	i->end = end;
	i->arg = error;
}

/* The next segment from @i->end to the other; and at the end of all, that it is the end. */
static void pump(struct item *i)
{
	struct conn *c = i->conn;
	unsigned int e = i->end;
	size_t n = 1 + roll(&w.random) % 1448;
	struct item *again;
	uint8_t *data;

	c->end[e].pumping = false;
	if (!c->end[0].node->stalled && !c->end[1].node->stalled && c->end[e].flying) {
		if (n > c->end[e].flying)
			n = c->end[e].flying;
		data = malloc(n);
		memcpy(data, c->end[e].out, n);
		consume(c->end[e].out, &c->end[e].flying, n);
		deliver(c, !e, data, n);
		free(data);
	}
	if (c->end[e].flying) {
		again = later(c->end[0].node->stalled || c->end[1].node->stalled ? 10 :
			      roll(&w.random) & 1, pump);
		again->conn = c;
		again->end = e;
		c->end[e].pumping = true;
	} else if (c->end[e].fin) {
		c->end[e].fin = false;
		tell(c, !e, 0, 0);
	}
}

static void launch(struct conn *c, unsigned int end)
{
	struct item *i;

	if (c->end[end].pumping)
		return;
	i = later(5 + roll(&w.random) % 3, pump);
	i->conn = c;
	i->end = end;
	c->end[end].pumping = true;
}

int stream_write(struct conn *c, unsigned int end, struct gist_view octets)
{
	struct gist_view v;

	if (c->end[end].flying + octets.len > BACKLOG)
		return -ENOBUFS;
	append(&c->end[end].rest, &c->end[end].rest_len, octets.data, octets.len);
	v = gist_view(c->end[end].rest, c->end[end].rest_len);
	trace(c, end, c->end[end].node, "tx", &v);
	consume(c->end[end].rest, &c->end[end].rest_len, c->end[end].rest_len - v.len);
	append(&c->end[end].out, &c->end[end].flying, octets.data, octets.len);
	launch(c, end);
	return 0;
}

/* ------------------------------------------------------------------ up and down */

struct conn *conn_of(struct node *n, uint32_t ma, unsigned int *end)
{
	unsigned int i, e;

	for (i = 0; i < CONNS; i++)
		for (e = 0; e < 2; e++)
			if (w.conn[i].used && w.conn[i].end[e].node == n &&
			    w.conn[i].end[e].ma == ma && w.conn[i].end[e].open) {
				*end = e;
				return &w.conn[i];
			}
	return NULL;
}

static void tell_failed(struct item *i)
{
	struct conn *c = i->conn;
	struct node *n = c->end[i->end].node;
	uint32_t ma = c->end[i->end].ma;

	if (!c->end[i->end].open)
		return;
	notef("%s down conn=%u error=%u", n->name, (unsigned int)(c - w.conn), i->arg);
	c->end[i->end].open = false;
	c->end[i->end].ma = 0;
	if (ma && n->g)
		gist_ma_failed(n->g, ma, (int)i->arg);
}

/* End @end has gone; the other will be told with @error. */
void conn_shut(struct conn *c, unsigned int end, int error)
{
	c->end[end].open = false;
	c->end[end].ma = 0;
	if (!c->end[!end].open)
		return;
	if (error) {
		tell(c, !end, 5, (unsigned int)error);
	} else {
		c->end[end].fin = true;
		launch(c, end);
	}
}

static void tell_connected(struct item *i)
{
	struct conn *c = i->conn;
	struct node *n = c->end[0].node;

	if (!c->end[0].open)
		return;
	c->established = true;
	notef("%s connected conn=%u", n->name, (unsigned int)(c - w.conn));
	if (c->end[0].ma && n->g)
		gist_ma_connected(n->g, c->end[0].ma, c->tls && *c->end[1].node->tls_name ?
				  c->end[1].node->tls_name : NULL);
}

static bool accept_engine(struct conn *c)
{
	struct node *n = c->end[1].node;
	uint32_t ma;

	ma = gist_ma_accepted(n->g, &c->end[0].ep, &c->end[1].ep, c->end[1].ifindex, c->tls,
			      c->tls && *c->end[0].node->tls_name ? c->end[0].node->tls_name : NULL);
	c->end[1].ma = ma;
	c->end[1].open = ma;
	notef("%s %s conn=%u ma=%u", n->name, ma ? "accepted" : "refused",
	      (unsigned int)(c - w.conn), ma);
	return ma;
}

static bool port_open(const struct node *n, const struct conn *c)
{
	return c->end[1].ep.port && n->listen[c->tls] == c->end[1].ep.port;
}

/* The first packet has come to the other end. */
static void syn(struct item *i)
{
	struct conn *c = i->conn;
	struct node *n = c->end[1].node;
	struct item *answer;
	bool ok = n && port_open(n, c);

	if (!c->end[0].open)
		return;
	if (ok && n->stalled) {
		answer = later(50, syn);
		answer->conn = c;
		return;
	}
	if (ok && n->g) {
		ok = accept_engine(c);
	} else if (ok) {
		c->end[1].open = true;
		n->last_conn = (unsigned int)(c - w.conn);
		notef("%s accepted conn=%u", n->name, n->last_conn);
	}
	answer = later(5, ok ? tell_connected : tell_failed);
	answer->conn = c;
	answer->end = 0;
	answer->arg = ok ? 0 : ECONNREFUSED;
}

struct conn *conn_open(struct node *n, const struct endpoint *from, const struct endpoint *to,
		       bool tls, uint32_t ma)
{
	struct text t = { .len = 0 };
	struct node *next;
	unsigned int i, link = 0;
	struct conn *c;
	struct item *it;

	for (i = 1; i < CONNS && w.conn[i].used; i++)
		;
	if (i == CONNS)
		abort();
	c = &w.conn[i];
	c->used = true;
	c->tls = tls;
	c->end[0].node = n;
	c->end[0].ep = *from;
	c->end[0].ma = ma;
	c->end[0].open = true;
	c->end[1].ep = *to;
	c->end[1].node = node_owning(&to->address);
	if (c->end[1].node && next_hop(c->end[1].node, &from->address, &link, &next))
		c->end[1].ifindex = link;
	text_add(&t, "%s connect conn=%u ma=%u tls=%d", n->name, i, ma, tls);
	text_endpoint(&t, "from", from);
	text_endpoint(&t, "to", to);
	note(t.s, gist_view(NULL, 0));
	it = later(5, syn);
	it->conn = c;
	return c;
}

/* ------------------------------------------------------------------ the engine's side */

static int io_connect(void *arg, uint32_t ma, const struct gist_target *to)
{
	struct node *n = arg, *next;
	struct endpoint from = { .address = to->from, .port = w.next_sport++ };
	unsigned int link;

	if (!address_is_set(&from.address)) {
		if (!next_hop(n, &to->to.address, &link, &next))
			return -ENETUNREACH;
		from.address = to->to.address.version == 6 ? node_iface(n, link)->a6 :
			node_iface(n, link)->a4;
	}
	conn_open(n, &from, &to->to, to->tls, ma);
	return 0;
}

static int io_stream(void *arg, uint32_t ma, struct gist_view octets)
{
	struct node *n = arg;
	unsigned int end;
	struct conn *c = conn_of(n, ma, &end);

	if (!c)
		return -EPIPE;
	if (!c->established && !end)
		sim_fail("%s writes to a stream that is not connected", n->name);
	return stream_write(c, end, octets);
}

static size_t io_backlog(void *arg, uint32_t ma)
{
	unsigned int end;
	struct conn *c = conn_of(arg, ma, &end);

	return c ? c->end[end].flying : 0;
}

static void io_close(void *arg, uint32_t ma, bool flush)
{
	struct node *n = arg;
	unsigned int end;
	struct conn *c = conn_of(n, ma, &end);

	if (!c) {
		sim_fail("%s closes a stream that is not there", n->name);
		return;
	}
	notef("%s closes conn=%u ma=%u flush=%d", n->name, (unsigned int)(c - w.conn), ma, flush);
	conn_shut(c, end, 0);
}

const struct gist_io stream_io = {
	.connect = io_connect, .stream = io_stream, .backlog = io_backlog, .close = io_close,
};

/* ------------------------------------------------------------------ from the test */

void cut(const char *node)
{
	struct node *n = node_of(node);
	unsigned int i, e;

	for (i = 0; i < CONNS; i++) {
		struct conn *c = &w.conn[i];

		if (!c->used || (c->end[0].node != n && c->end[1].node != n))
			continue;
		for (e = 0; e < 2; e++) {
			if (!c->end[e].open)
				continue;
			tell(c, e, 0, ECONNRESET);
		}
	}
	run(0);
}

void stall(const char *node, bool on)
{
	node_of(node)->stalled = on;
}

void raw_listen(const char *node, unsigned int port)
{
	node_of(node)->listen[0] = (uint16_t)port;
}

void raw_connect(const char *node, const char *to)
{
	struct node *n = node_of(node), *next;
	struct endpoint from = { .port = w.next_sport++ }, dest;
	unsigned int link;
	struct words ws;

	words_split(&ws, to);
	if (!read_endpoint(ws.word[0], &dest) || !next_hop(n, &dest.address, &link, &next))
		abort();
	from.address = dest.address.version == 6 ? node_iface(n, link)->a6 : node_iface(n, link)->a4;
	if (words_has(&ws, "from"))
		read_address(words_get(&ws, "from"), &from.address);
	if (words_has(&ws, "name"))
		snprintf(n->tls_name, sizeof(n->tls_name), "%s", words_get(&ws, "name"));
	n->last_conn = (unsigned int)(conn_open(n, &from, &dest, words_has(&ws, "tls"), 0) - w.conn);
	run(12);
}

void raw_close(const char *node, bool reset)
{
	struct conn *c = &w.conn[node_of(node)->last_conn];

	conn_shut(c, c->end[0].node != node_of(node), reset ? ECONNRESET : 0);
}

void streams_free(void)
{
	unsigned int i, e;

	for (i = 0; i < CONNS; i++)
		for (e = 0; e < 2; e++) {
			free(w.conn[i].end[e].in);
			free(w.conn[i].end[e].rest);
			free(w.conn[i].end[e].out);
		}
}
