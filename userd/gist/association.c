// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messaging associations (RFC 5971 6.4).
 *
 * One is wanted for as long as there is routing state that uses it. Then MA-Hellos keep it, at
 * random times within the peer's hold time; when it is wanted no more it is Idle, and closed once
 * the peer has been silent for our hold time. One that is accepted has no peer until the first
 * Confirm has come, and is closed if it does not come soon.
 *
 * Whether a silent peer is still there is left to the transport, which acknowledges the hellos.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gist/engine.h"

static uint64_t id_hash(uint32_t id)
{
	return id * 0x9e3779b97f4a7c15u;
}

struct ma *gist_ma_find(const struct gist *g, uint32_t id)
{
	uint64_t hash = id_hash(id);
	struct table_node *n;

	for (n = table_first(&g->mas, hash); n; n = table_next(n, hash))
		if (container_of(n, struct ma, node)->id == id)
			return container_of(n, struct ma, node);
	return NULL;
}

static void start(struct ma *ma, uint64_t after)
{
	if (timer_start(ma->g->timers, &ma->timer, after))
		log_error(SUB_GIST, "out of memory for timers");
}

static uint32_t peer_hold(const struct ma *ma)
{
	uint32_t hold = ma->hold ? ma->hold : ma->g->config.hold;

	return hold < HOLD_MIN ? HOLD_MIN : hold;
}

static void send_hello(struct ma *ma, uint32_t id)
{
	struct gist_message m;

	gist_message_init(ma->g, &m, GIST_MA_HELLO, GIST_NSLPID_NONE, 1);
	m.hello = id;
	m.present = GIST_BIT(GIST_HELLO_ID);
	gist_output_stream(ma, &m);
}

/* Whatever has been sent since the timer was set has told the peer as much as a hello. */
static void keep(struct ma *ma)
{
	uint64_t quiet = gist_now(ma->g) - ma->sent;
	uint64_t period = gist_random_refresh(ma->g, peer_hold(ma));

	if (ma->sent == ma->armed)
		send_hello(ma, 0);
	else
		period = period > quiet ? period - quiet : 1;
	ma->armed = ma->sent;
	start(ma, period);
}

static void fire(struct timer *t)
{
	struct ma *ma = container_of(t, struct ma, timer);

	if (ma->phase == MA_CONNECTING)
		gist_ma_close(ma, ETIMEDOUT);
	else if (ma->phase == MA_IDLE || !ma->peer)
		gist_ma_close(ma, 0);
	else
		keep(ma);
}

static struct ma *create(struct gist *g, const struct endpoint *to)
{
	struct ma *ma;

	if (g->mas.count >= g->config.associations ||
	    gist_peer_associations(g, &to->address) >= MA_PER_PEER) {
		COUNT(g, full);
		return NULL;
	}
	ma = calloc(1, sizeof(*ma));
	if (!ma)
		return NULL;
	do {
		ma->id = ++g->next_ma;
	} while (!ma->id || gist_ma_find(g, ma->id));
	ma->g = g;
	ma->from = *to;
	ma->heard = ma->sent = gist_now(g);
	timer_init(&ma->timer, fire);
	if (table_add(&g->mas, &ma->node, id_hash(ma->id))) {
		free(ma);
		return NULL;
	}
	g->memory += sizeof(*ma);
	start(ma, MA_SETUP_TIME);
	return ma;
}

static void unlink_peer(struct ma *ma)
{
	if (!ma->peer)
		return;
	*ma->prev = ma->next;
	if (ma->next)
		ma->next->prev = ma->prev;
	gist_peer_put(ma->g, ma->peer);
	ma->peer = NULL;
}

void gist_ma_set_peer(struct ma *ma, struct peer *peer)
{
	if (!ma->outgoing)
		ma->g->unproven--;
	peer->refs++;
	ma->peer = peer;
	ma->next = peer->mas;
	ma->prev = &peer->mas;
	if (peer->mas)
		peer->mas->prev = &ma->next;
	peer->mas = ma;
}

void gist_ma_greet(struct ma *ma)
{
	ma->greeted = true;
	ma->armed = ma->sent;
	start(ma, gist_random_refresh(ma->g, peer_hold(ma)));
}

static void lost(struct state *st, int error, uint32_t spread)
{
	bool reliable = st->flags & STATE_RELIABLE;

	if (st->role == QUERIER)
		gist_querier_lost(st, reliable, error, spread);
	else
		gist_responder_lost(st, reliable && error, spread);
}

/* Nobody finds it any more when those who used it are told. */
static void destroy(struct ma *ma, int error)
{
	struct gist *g = ma->g;
	struct peer *peer = ma->peer;
	uint32_t spread = GIST_SPREAD(ma->sessions);
	struct state *st;

	if (error)
		COUNT(g, ma_failed);
	if (peer)
		peer->refs++;
	else
		g->unproven--;
	ma->dead = true;
	timer_stop(g->timers, &ma->timer);
	table_del(&g->mas, &ma->node);
	unlink_peer(ma);
	while (ma->states) {
		st = ma->states;
		gist_state_unbind(st);
		lost(st, error, spread);
	}
	gist_peer_put(g, peer);
	g->memory -= sizeof(*ma);
	free(ma->name);
	free(ma);
}

void gist_ma_close(struct ma *ma, int error)
{
	/* Lost framing is said before the end. */
	ma->g->io.close(ma->g->io.arg, ma->id, !error || error == EPROTO);
	destroy(ma, error);
}

struct ma *gist_ma_open(struct gist *g, struct peer *peer, const struct endpoint *to, bool tls,
			uint32_t hold)
{
	struct gist_target target = { *to, peer->own, tls };
	struct ma *ma = create(g, to);

	if (!ma)
		return NULL;
	ma->phase = MA_CONNECTING;
	ma->outgoing = true;
	ma->tls = tls;
	ma->hold = hold;
	ma->ifindex = peer->ifindex;
	gist_ma_set_peer(ma, peer);
	if (g->io.connect(g->io.arg, ma->id, &target)) {
		destroy(ma, ECONNREFUSED);
		return NULL;
	}
	return ma;
}

void gist_ma_sent(struct ma *ma)
{
	ma->sent = gist_now(ma->g);
}

void gist_ma_wanted(struct ma *ma)
{
	if (ma->phase != MA_IDLE)
		return;
	ma->phase = MA_CONNECTED;
	ma->armed = ma->sent;
	start(ma, gist_random_refresh(ma->g, peer_hold(ma)));
}

void gist_ma_unwanted(struct ma *ma)
{
	if (ma->dead || ma->phase != MA_CONNECTED)
		return;
	ma->phase = MA_IDLE;
	start(ma, ma->g->config.hold);
}

/* Anything heard: the peer is there and wants the association (4.4.5). */
static void heard(struct ma *ma)
{
	ma->heard = gist_now(ma->g);
	if (ma->phase == MA_IDLE)
		start(ma, ma->g->config.hold);
}

void gist_ma_hello(struct ma *ma, const struct gist_message *m)
{
	if (m->head.reply)
		send_hello(ma, m->hello);
}

static bool set_name(struct ma *ma, const char *name)
{
	if (!name)
		return true;
	ma->name = strdup(name);
	return ma->name;
}

uint32_t gist_ma_accepted(struct gist *g, const struct endpoint *from, const struct endpoint *to,
			  unsigned int ifindex, bool tls, const char *name)
{
	struct ma *ma;

	(void)to;
	/* Strangers get half; the rest is for who has shown to be there, and for our own. */
	if (g->unproven >= (g->config.associations + 1) / 2 ||
	    gist_peer_unproven(g, &from->address) >= MA_PER_PEER) {
		COUNT(g, full);
		return 0;
	}
	ma = create(g, from);
	if (!ma)
		return 0;
	g->unproven++;
	ma->phase = MA_CONNECTED;
	ma->tls = tls;
	ma->ifindex = ifindex;
	if (!set_name(ma, name)) {
		destroy(ma, 0);
		return 0;
	}
	COUNT(g, ma_opened);
	return ma->id;
}

void gist_ma_connected(struct gist *g, uint32_t id, const char *name)
{
	struct ma *ma = gist_ma_find(g, id);
	struct state *st, *next;

	if (!ma || ma->phase != MA_CONNECTING)
		return;
	if (!set_name(ma, name)) {
		gist_ma_close(ma, ENOMEM);
		return;
	}
	COUNT(g, ma_opened);
	ma->phase = MA_CONNECTED;
	ma->heard = ma->armed = ma->sent = gist_now(g);
	start(ma, gist_random_refresh(g, peer_hold(ma)));
	for (st = ma->states; st; st = next) {
		next = st->ma_next;
		gist_querier_connected(st);
	}
	if (!ma->sessions)
		gist_ma_unwanted(ma);
}

/* A message without an end in sight, from somebody who has proven nothing. */
static bool too_long(const struct ma *ma, struct gist_view stream)
{
	struct gist_header head;

	return !ma->peer && gist_header_parse(&head, stream) &&
	       gist_header_total(&head) > MA_UNPROVEN_MAX;
}

size_t gist_ma_input(struct gist *g, uint32_t id, struct gist_view octets)
{
	struct gist_view rest = octets, message;
	struct ma *ma = gist_ma_find(g, id);
	enum gist_frame frame;

	while (ma && (frame = gist_frame_next(&rest, &message)) != GIST_FRAME_MORE) {
		heard(ma);
		if (!gist_node_stream(ma, message) || frame == GIST_FRAME_LOST) {
			ma = gist_ma_find(g, id);
			if (ma)
				gist_ma_close(ma, frame == GIST_FRAME_LOST ? EPROTO : 0);
			return octets.len;
		}
		ma = gist_ma_find(g, id);
	}
	if (!ma)
		return octets.len;
	if (too_long(ma, rest)) {
		gist_ma_close(ma, 0);
		return octets.len;
	}
	return octets.len - rest.len;
}

void gist_ma_failed(struct gist *g, uint32_t id, int error)
{
	struct ma *ma = gist_ma_find(g, id);

	if (!ma)
		return;
	log_debug(SUB_GIST, "association lost, ma=%u error=%d", id, error);
	destroy(ma, ma->phase == MA_CONNECTING && !error ? ECONNRESET : error);
}

struct review {
	bool (*allowed)(void *arg, const char *name, const struct address *peer);
	void *arg;
	struct ma *found;
};

static bool refused(struct table_node *n, void *arg)
{
	struct ma *ma = container_of(n, struct ma, node);
	struct review *r = arg;

	if (r->allowed(r->arg, ma->name, &ma->from.address))
		return true;
	r->found = ma;
	return false;
}

/* 4.4.2: no more is said to it, and its routing state goes too. */
static void deny(struct ma *ma)
{
	struct gist *g = ma->g;

	while (ma->states)
		gist_state_end(ma->states, GIST_AUTH_CHANGED, GIST_FAIL_SECURITY, 0);
	g->io.close(g->io.arg, ma->id, false);
	destroy(ma, 0);
}

void gist_ma_review(struct gist *g,
		    bool (*allowed)(void *arg, const char *name, const struct address *peer),
		    void *arg)
{
	struct review r = { allowed, arg, NULL };

	do {
		r.found = NULL;
		table_each(&g->mas, refused, &r);
		if (r.found)
			deny(r.found);
	} while (r.found);
}

struct listing {
	const struct gist *g;
	void (*fn)(void *arg, const struct gist_ma_info *i);
	void *arg;
};

static bool list_one(struct table_node *n, void *arg)
{
	static const char *const names[] = { "connecting", "connected", "idle" };
	struct ma *ma = container_of(n, struct ma, node);
	struct listing *l = arg;
	uint64_t active = ma->heard > ma->sent ? ma->heard : ma->sent;
	struct gist_ma_info i = {
		.ma = ma->id,
		.peer = ma->from,
		.state = ma->peer ? names[ma->phase] : "accepted",
		.name = ma->name,
		.tls = ma->tls,
		.outgoing = ma->outgoing,
		.sessions = ma->sessions,
		.idle_ms = (uint32_t)(gist_now(l->g) - active),
	};

	l->fn(l->arg, &i);
	return true;
}

void gist_each_ma(const struct gist *g, void (*fn)(void *arg, const struct gist_ma_info *i),
		  void *arg)
{
	struct listing l = { g, fn, arg };

	table_each((struct table *)&g->mas, list_one, &l);
}
