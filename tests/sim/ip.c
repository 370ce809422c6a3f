// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Links, routes, packets, what nodes in between do with them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

const char *message_word(struct gist_view octets);
static int packet_leave(struct node *n, struct packet *p);
static void arrive(struct item *i);

/* ------------------------------------------------------------------ topology */

struct node *node_of(const char *name)
{
	struct node *n = &w.node[(unsigned int)(*name - 'A' + 1) % NODES];

	if (!n->used) {
		fprintf(stderr, "no node %s\n", name);
		abort();
	}
	return n;
}

struct iface *node_iface(struct node *n, unsigned int link)
{
	unsigned int i;

	for (i = 0; i < n->ifaces; i++)
		if (n->iface[i].link == link)
			return &n->iface[i];
	return NULL;
}

static struct node *node_add(char c)
{
	struct node *n = &w.node[c - 'A' + 1];

	if (n->used)
		return n;
	n->used = true;
	timers_init(&n->timers, w.now);
	n->random = w.random ^ (uint32_t)c * 2654435761u;
	if (!n->random)
		n->random = 1;
	n->gate_delay = 1;
	return n;
}

static void attach(struct node *n, unsigned int link)
{
	struct iface *i = &n->iface[n->ifaces++];
	char text[8];

	i->link = link;
	snprintf(text, sizeof(text), "%c.%u", n->name[0], link);
	read_address(text, &i->a4);
	snprintf(text, sizeof(text), "%c.%uv6", n->name[0], link);
	read_address(text, &i->a6);
}

static void link_add(char a, char b)
{
	unsigned int l = ++w.links;

	w.link[l] = (struct sim_link){ .mtu = 1500, .delay = 5, .cost = 1, .up = true, .used = true };
	attach(node_add(a), l);
	attach(node_add(b), l);
}

static bool linked(char a, char b)
{
	unsigned int i;

	if (!w.node[a - 'A' + 1].used)
		return false;
	for (i = 0; i < w.node[a - 'A' + 1].ifaces; i++)
		if (node_iface(&w.node[b - 'A' + 1], w.node[a - 'A' + 1].iface[i].link))
			return true;
	return false;
}

void net(const char *chains)
{
	char last = 0, first = 0, end = 0, text[64];
	bool main_chain = true;

	for (; *chains; chains++) {
		if (*chains == ';') {
			last = 0;
			main_chain = false;
		}
		if (*chains < 'A' || *chains > 'Z')
			continue;
		if (!first)
			first = *chains;
		if (last && !linked(last, *chains))
			link_add(last, *chains);
		last = *chains;
		if (main_chain)
			end = last;
	}
	w.away = (unsigned int)(end - 'A' + 1);
	snprintf(text, sizeof(text), "%c.%u:4000>%c.%u:5000 udp", first,
		 w.node[first - 'A' + 1].iface[0].link, end, w.node[end - 'A' + 1].iface[0].link);
	flow(text);
}

void flow(const char *text)
{
	char copy[256], *blank;
	bool tcp = strstr(text, " tcp"), udp = strstr(text, " udp");

	snprintf(copy, sizeof(copy), "%s", text);
	blank = strchr(copy, ' ');
	if (blank)
		*blank = 0;
	if (!read_mri(copy, &w.flow)) {
		fprintf(stderr, "what flow is %s?\n", text);
		abort();
	}
	if (tcp || udp) {
		w.flow.has_protocol = true;
		w.flow.protocol = tcp ? 6 : 17;
	}
}

struct gist_mri *the_flow(void)
{
	return &w.flow;
}

void session(const char *sid)
{
	read_hex(sid, w.sid, sizeof(w.sid));
}

void link_set(unsigned int link, const char *options)
{
	struct sim_link *l = &w.link[link];
	struct words ws;

	words_split(&ws, options);
	l->mtu = (unsigned int)words_num(&ws, "mtu", l->mtu);
	l->delay = (unsigned int)words_num(&ws, "delay", l->delay);
	l->jitter = (unsigned int)words_num(&ws, "jitter", l->jitter);
	l->loss = (unsigned int)words_num(&ws, "loss", l->loss);
	l->dup = (unsigned int)words_num(&ws, "dup", l->dup);
	l->cost = (unsigned int)words_num(&ws, "cost", l->cost);
	l->up = words_num(&ws, "up", l->up);
}

void nat(const char *node, unsigned int outside)
{
	node_of(node)->nat_link = outside;
}

void route_changed(void)
{
	static const struct address any;
	unsigned int i;

	for (i = 1; i < NODES; i++)
		if (w.node[i].g)
			gist_route_changed(w.node[i].g, &any, 0);
}

/* ------------------------------------------------------------------ routes */

bool node_local(const struct node *n, const struct address *a)
{
	unsigned int i;

	for (i = 0; i < n->ifaces; i++)
		if (address_equal(a, &n->iface[i].a4) || address_equal(a, &n->iface[i].a6))
			return true;
	return false;
}

struct node *node_owning(const struct address *a)
{
	unsigned int i;

	for (i = 1; i < NODES; i++)
		if (w.node[i].used && node_local(&w.node[i], a))
			return &w.node[i];
	return NULL;
}

/* Distance of each node from where @to is. */
static void distances(const struct address *to, unsigned int *d)
{
	unsigned int i, k, n, link = 0;
	bool changed = true;
	struct node *owner = node_owning(to);

	if (to->version == 4 && to->b[0] == 10 && !to->b[1])
		link = to->b[2];
	for (i = 1; i < NODES; i++) {
		d[i] = 1000000;
		if (owner ? &w.node[i] == owner : link && w.link[link].used ?
		    !!node_iface(&w.node[i], link) : i == w.away)
			d[i] = 0;
	}
	while (changed) {
		changed = false;
		for (i = 1; i < NODES; i++)
			for (k = 0; k < w.node[i].ifaces; k++)
				for (n = 1; n < NODES; n++) {
					unsigned int l = w.node[i].iface[k].link;

					if (n == i || !w.link[l].up || !node_iface(&w.node[n], l) ||
					    d[n] + w.link[l].cost >= d[i])
						continue;
					d[i] = d[n] + w.link[l].cost;
					changed = true;
				}
	}
}

bool next_hop(struct node *n, const struct address *to, unsigned int *link, struct node **next)
{
	unsigned int d[NODES], k, m, best = 1000000;

	distances(to, d);
	*next = NULL;
	for (k = 0; k < n->ifaces; k++)
		for (m = 1; m < NODES; m++) {
			unsigned int l = n->iface[k].link;

			if (&w.node[m] == n || !w.link[l].up || !node_iface(&w.node[m], l) ||
			    d[m] + w.link[l].cost >= best)
				continue;
			best = d[m] + w.link[l].cost;
			*link = l;
			*next = &w.node[m];
		}
	return *next;
}

/* ------------------------------------------------------------------ packets */

struct packet *packet_new(const void *payload, size_t len)
{
	struct packet *p = calloc(1, sizeof(*p));

	p->payload = malloc(len ? len : 1);
	if (len)
		memcpy(p->payload, payload, len);
	p->len = len;
	p->rao = -1;
	p->ttl = 64;
	return p;
}

static void packet_free(struct packet *p)
{
	free(p->payload);
	free(p);
}

static struct gist_view message_of(const struct packet *p)
{
	struct gist_view v = gist_view(p->payload, p->len);

	gist_magic_strip(&v);
	return v;
}

static void text_packet(struct text *t, const struct node *n, const char *what,
			const struct packet *p)
{
	struct gist_view m = message_of(p);
	struct endpoint from = { p->source, p->sport }, to = { p->destination, p->dport };

	text_add(t, "%s %s %s via=%s", n->name, what, message_word(m), p->rao >= 0 ? "q" : "udp");
	text_add(t, " magic=%d", m.len != p->len);
	text_endpoint(t, "from", &from);
	text_endpoint(t, "to", &to);
	text_add(t, " ttl=%u rao=%d ds=%u label=%u df=%d size=%zu", p->ttl, p->rao, p->ds, p->label,
		 p->df, p->len);
	text_message(t, m, GIST_DATAGRAM);
}

void drop(unsigned int n, const char *pattern)
{
	w.filter[w.filters++] = (struct filter){ strdup(pattern), n, FILTER_DROP, 0, 0, true };
}

void hold(const char *pattern)
{
	w.filter[w.filters++] = (struct filter){ strdup(pattern), 0, FILTER_HOLD, 0, 0, true };
}

void tamper(const char *pattern, unsigned int offset, unsigned int xor)
{
	w.filter[w.filters++] = (struct filter){ strdup(pattern), 1, FILTER_TAMPER, offset, xor, true };
}

static struct filter *filtered(const char *text)
{
	unsigned int i;

	for (i = 0; i < w.filters; i++) {
		struct filter *f = &w.filter[i];

		if (!f->on || !match(text, f->pattern, false))
			continue;
		if (f->left && !--f->left)
			f->on = false;
		return f;
	}
	return NULL;
}

void release(void)
{
	unsigned int i;

	for (i = 0; i < w.filters; i++)
		if (w.filter[i].what == FILTER_HOLD)
			w.filter[i].on = false;
	for (i = 0; i < w.helds; i++) {
		packet_leave(w.held[i]->node, w.held[i]->packet);
		w.held[i]->packet = NULL;
		item_free(w.held[i]);
	}
	w.helds = 0;
}

static void put_on_hold(struct node *n, struct packet *p)
{
	struct item *i = calloc(1, sizeof(*i));

	i->node = n;
	i->packet = p;
	if (w.helds == 64)
		abort();
	w.held[w.helds++] = i;
}

/* Onto the link toward its destination. */
static int packet_leave(struct node *n, struct packet *p)
{
	struct sim_link *l;
	struct node *next;
	unsigned int link;
	struct item *i;

	if (node_local(n, &p->destination)) {
		i = later(0, arrive);
		i->node = n;
		i->packet = p;
		p->ifindex = n->iface[0].link;
		return 0;
	}
	if (!next_hop(n, &p->destination, &link, &next)) {
		packet_free(p);
		return -ENETUNREACH;
	}
	l = &w.link[link];
	if (roll(&w.random) % 100 < l->loss) {
		packet_free(p);
		return 0;
	}
	i = later(l->delay + (l->jitter ? roll(&w.random) % l->jitter : 0), arrive);
	i->node = next;
	i->packet = p;
	p->ifindex = link;
	if (roll(&w.random) % 100 < l->dup) {
		struct packet *copy = packet_new(p->payload, p->len);
		uint8_t *payload = copy->payload;

		*copy = *p;
		copy->payload = payload;
		i = later(l->delay + 1, arrive);
		i->node = next;
		i->packet = copy;
	}
	return 0;
}

int packet_send(struct node *n, struct packet *p, const char *what)
{
	struct text t = { .len = 0 };
	struct filter *f;
	size_t at;

	text_packet(&t, n, what, p);
	note(t.s, message_of(p));
	if (n->g && !w.raw) {
		struct endpoint from = { p->source, p->sport }, to = { p->destination, p->dport };

		lint(n, t.s, message_of(p), GIST_DATAGRAM);
		capture("udp", &from, &to, p->ttl, gist_view(p->payload, p->len));
	}
	f = filtered(t.s);
	if (f && f->what == FILTER_DROP) {
		packet_free(p);
		return 0;
	}
	if (f && f->what == FILTER_HOLD) {
		put_on_hold(n, p);
		return 0;
	}
	if (f) {
		at = 4 + f->offset;
		if (at < p->len)
			p->payload[at] ^= (uint8_t)f->xor;
	}
	return packet_leave(n, p);
}

/* ------------------------------------------------------------------ on the way */

static void deliver(struct node *n, struct packet *p)
{
	struct gist_arrival a = {
		.from = { p->source, p->sport }, .to = { p->destination, p->dport },
		.ttl = p->ttl, .ifindex = p->ifindex, .rao = p->rao,
	};
	struct text t = { .len = 0 };

	if (n->g) {
		gist_datagram(n->g, &a, gist_view(p->payload, p->len));
		return;
	}
	text_packet(&t, n, "rx", p);
	note(t.s, message_of(p));
}

/* Out of a NAT: the source becomes the NAT's. */
static void nat_out(struct node *n, struct packet *p, unsigned int link)
{
	struct endpoint in = { p->source, p->sport };
	unsigned int i;

	if (link != n->nat_link || p->ifindex == n->nat_link)
		return;
	for (i = 0; i < n->nats; i++)
		if (n->nat[i].inside.port == in.port &&
		    address_equal(&n->nat[i].inside.address, &in.address))
			break;
	if (i == n->nats)
		n->nat[n->nats++] = (struct nat_entry){ in, (uint16_t)(60000 + i) };
	p->source = node_iface(n, link)->a4;
	p->sport = n->nat[i].port;
}

static bool nat_in(struct node *n, struct packet *p)
{
	unsigned int i;

	if (p->ifindex != n->nat_link)
		return false;
	for (i = 0; i < n->nats; i++)
		if (n->nat[i].port == p->dport) {
			p->destination = n->nat[i].inside.address;
			p->dport = n->nat[i].inside.port;
			return true;
		}
	return false;
}

static void pass_on(struct node *n, struct packet *p)
{
	struct node *next;
	unsigned int link;

	if (p->ttl <= 1) {
		notef("%s expired", n->name);
		packet_free(p);
		return;
	}
	p->ttl--;
	if (!next_hop(n, &p->destination, &link, &next)) {
		packet_free(p);
		return;
	}
	if (p->df && p->len + 28 > w.link[link].mtu) {
		notef("%s toobig", n->name);
		packet_free(p);
		return;
	}
	if (n->nat_link)
		nat_out(n, p, link);
	packet_leave(n, p);
}

static bool intercepted(struct node *n, struct packet *p)
{
	struct gist_arrival a = {
		.from = { p->source, p->sport }, .to = { p->destination, p->dport },
		.ttl = p->ttl, .ifindex = p->ifindex, .rao = p->rao,
	};
	struct text t = { .len = 0 };

	if (p->rao < 0 || p->dport != GIST_PORT)
		return false;
	if (n->g && gist_intercepted(n->g, &a, p, gist_view(p->payload, p->len)))
		return true;
	if (!n->g && !n->swallow)
		return false;
	text_packet(&t, n, n->g ? "pass" : "rx", p);
	note(t.s, message_of(p));
	return !n->g;
}

static void arrive(struct item *i)
{
	struct packet *p = i->packet;
	struct node *n = i->node;

	if (n->nat_link && nat_in(n, p)) {
		i->packet = NULL;
		pass_on(n, p);
	} else if (node_local(n, &p->destination)) {
		deliver(n, p);
	} else if (!intercepted(n, p)) {
		i->packet = NULL;
		pass_on(n, p);
	}
}

/* ------------------------------------------------------------------ what the engine asks for */

static int io_datagram(void *arg, const struct endpoint *from, const struct endpoint *to,
		       struct gist_view payload)
{
	struct node *n = arg;
	struct packet *p = packet_new(payload.data, payload.len);

	p->source = from->address;
	p->sport = from->port;
	p->destination = to->address;
	p->dport = to->port;
	if (!address_is_set(&p->source) || !node_local(n, &p->source))
		sim_fail("%s sends a datagram from an address it does not have", n->name);
	return packet_send(n, p, "tx");
}

static int io_qmode(void *arg, const struct gist_qmode *q, struct gist_view payload)
{
	struct node *n = arg, *next;
	unsigned int link;
	struct packet *p;

	if (!next_hop(n, &q->destination, &link, &next) && !node_local(n, &q->destination))
		return -ENETUNREACH;
	if (payload.len + (q->source.version == 6 ? 56u : 32u) > w.link[link].mtu)
		return -EMSGSIZE;
	p = packet_new(payload.data, payload.len);
	p->source = q->source;
	p->sport = q->sport;
	p->destination = q->destination;
	p->dport = GIST_PORT;
	p->ttl = q->ttl;
	p->ds = q->ds;
	p->label = q->label;
	p->rao = q->rao;
	p->df = true;
	return packet_send(n, p, "tx");
}

static int io_forward(void *arg, const void *token, struct gist_view payload)
{
	const struct packet *old = token;
	struct node *n = arg, *next;
	unsigned int link;
	struct packet *p;

	if (old->ttl <= 1) {
		notef("%s expired", n->name);
		return -ETIME;
	}
	if (!next_hop(n, &old->destination, &link, &next))
		return -ENETUNREACH;
	if (payload.len + 32 > w.link[link].mtu)
		return -EMSGSIZE;
	p = packet_new(payload.data, payload.len);
	{
		uint8_t *octets = p->payload;
		size_t len = p->len;

		*p = *old;
		p->payload = octets;
		p->len = len;
	}
	p->ttl--;
	return packet_send(n, p, "relay");
}

bool sim_route(void *arg, const struct address *to, struct gist_route *r);
bool sim_local(void *arg, const struct address *a);

bool sim_route(void *arg, const struct address *to, struct gist_route *r)
{
	struct node *n = arg, *next;
	struct iface *i;
	unsigned int link;

	memset(r, 0, sizeof(*r));
	if (node_local(n, to)) {
		r->local = true;
		r->source = *to;
		r->ifindex = n->iface[0].link;
		return true;
	}
	if (!next_hop(n, to, &link, &next))
		return false;
	i = node_iface(n, link);
	r->ifindex = link;
	r->source = to->version == 6 ? i->a6 : i->a4;
	r->mtu = w.link[link].mtu;
	if (!node_local(next, to)) {
		i = node_iface(next, link);
		r->gateway = to->version == 6 ? i->a6 : i->a4;
	}
	return true;
}

bool sim_local(void *arg, const struct address *a)
{
	return node_local(arg, a);
}

static bool io_ingress(void *arg, const struct address *source, unsigned int ifindex)
{
	struct node *n = arg, *next;
	unsigned int link;

	if (node_local(n, source))
		return false;
	return next_hop(n, source, &link, &next) && link == ifindex;
}

static bool io_interface(void *arg, unsigned int ifindex, unsigned int version, struct address *a)
{
	struct iface *i = node_iface(arg, ifindex);

	if (!i)
		return false;
	*a = version == 6 ? i->a6 : i->a4;
	return true;
}

static void io_random(void *arg, void *buf, size_t n)
{
	struct node *node = arg;
	uint8_t *p = buf;

	while (n--)
		*p++ = (uint8_t)(roll(&node->random) >> 11);
}

static struct gist_io io_of(struct node *n)
{
	struct gist_io io = stream_io;

	io.arg = n;
	io.datagram = io_datagram;
	io.qmode = io_qmode;
	io.forward = io_forward;
	io.route = sim_route;
	io.local = sim_local;
	io.ingress = io_ingress;
	io.interface_address = io_interface;
	io.random = io_random;
	return io;
}

/* ------------------------------------------------------------------ engines */

static void configure(struct gist_config *c, const char *options)
{
	struct words ws;

	words_split(&ws, options);
	c->t1 = (uint32_t)words_num(&ws, "t1", c->t1);
	c->t2 = (uint32_t)words_num(&ws, "t2", c->t2);
	c->validity = (uint32_t)words_num(&ws, "validity", c->validity);
	c->hold = (uint32_t)words_num(&ws, "hold", c->hold);
	c->inactive = (uint32_t)words_num(&ws, "inactive", c->inactive);
	c->hops = (uint8_t)words_num(&ws, "hops", c->hops);
	c->rate = (uint32_t)words_num(&ws, "rate", c->rate);
	c->burst = (uint32_t)words_num(&ws, "burst", c->burst);
	c->handshakes = (uint32_t)words_num(&ws, "handshakes", c->handshakes);
	c->states = (uint32_t)words_num(&ws, "states", c->states);
	c->associations = (uint32_t)words_num(&ws, "associations", c->associations);
	c->tcp_port = (uint16_t)words_num(&ws, "tcp_port", c->tcp_port);
	c->tls_port = (uint16_t)words_num(&ws, "tls_port", c->tls_port);
	c->port = (uint16_t)words_num(&ws, "port", c->port);
	c->tls = (uint8_t)words_num(&ws, "tls", c->tls);
	c->delayed = words_num(&ws, "delayed", c->delayed);
	c->no_rao = words_num(&ws, "no_rao", c->no_rao);
	c->bypass_checks = words_num(&ws, "bypass_checks", c->bypass_checks);
	c->comments = words_num(&ws, "comments", c->comments);
	c->cookie_errors = words_num(&ws, "cookie_errors", c->cookie_errors);
	c->allow = (unsigned int)words_num(&ws, "allow", c->allow);
	if (words_has(&ws, "id"))
		c->identity_len = (uint8_t)read_hex(words_get(&ws, "id"), c->identity,
						    sizeof(c->identity));
}

static void gist_one(struct node *n, const char *options)
{
	struct gist_io io = io_of(n);

	if (n->g) {
		configure(&n->gc, options);
		gist_reconfigure(n->g, &n->gc);
		return;
	}
	memset(&n->gc, 0, sizeof(n->gc));
	gist_config_default(&n->gc);
	n->gc.identity_len = 8;
	memset(n->gc.identity, n->name[0], 8);
	n->gc.port = 270;
	n->gc.tcp_port = 30000;
	configure(&n->gc, options);
	if (n->gc.tls && !n->gc.tls_port)
		n->gc.tls_port = 30001;
	n->listen[0] = n->gc.tcp_port;
	n->listen[1] = n->gc.tls_port;
	snprintf(n->tls_name, sizeof(n->tls_name), "%c.example.com", n->name[0] | 0x20);
	n->g = gist_create(&n->gc, &io, &n->timers);
	if (!n->g)
		sim_fail("gist_create failed");
}

void gist(const char *nodes, const char *options)
{
	for (; *nodes; nodes++)
		if (*nodes >= 'A' && *nodes <= 'Z')
			gist_one(node_of(nodes), options);
}

void engine_free(struct node *n)
{
	if (n->g)
		gist_destroy(n->g);
	n->g = NULL;
	memset(n->app, 0, sizeof(n->app));
}

void gist_off(const char *nodes)
{
	for (; *nodes; nodes++)
		if (*nodes >= 'A' && *nodes <= 'Z') {
			cut((char[]){ *nodes, 0 });
			natfw_free(node_of(nodes));
			engine_free(node_of(nodes));
		}
}

struct gist *engine(const char *node)
{
	return node_of(node)->g;
}

uint64_t counter(const char *node, const char *name)
{
	struct node *n = node_of(node);
	struct gist_stats s;
	unsigned int i;

	gist_stats(n->g, &s);
	for (i = 0; i < GIST_COUNTERS; i++)
		if (!strcmp(gist_counter_name(i), name))
			return s.counter[i];
	if (n->n) {
		struct nslp_stats ns;

		nslp_stats(n->n, &ns);
		for (i = 0; i < NSLP_COUNTERS; i++)
			if (!strcmp(nslp_counter_name(i), name))
				return ns.counter[i];
	}
	sim_fail("no counter %s", name);
	return 0;
}

void w_away(const char *node)
{
	w.away = (unsigned int)(*node - 'A' + 1);
}

void raw_intercept(const char *node)
{
	node_of(node)->swallow = true;
}

void address(const char *node, unsigned int link, const char *text)
{
	if (!address_read(&node_iface(node_of(node), link)->a4, text))
		abort();
}
