// SPDX-License-Identifier: GPL-2.0-or-later
/* natfw-test: core quick debug timeout=120 */
/*
 * Packets that lie: truncated, with lengths that cannot be, header chains
 * without end, fragments that overlap, ICMP errors cut off anywhere, bytes
 * flipped. Each must end for exactly one reason, and nothing may come out that
 * the oracle would not let through. That the kernel survives it unhurt is for
 * whoever reads its log.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/natfw.h>

#include "gen.h"
#include "ktap.h"
#include "rig.h"

struct run {
	struct rng	rng;
	struct rig	rig;
	struct oracle	oracle;
	uint64_t	seed;
	int		number;
	bool		direct;
	uint64_t	sent, unsendable, out, bad;
	struct reasons	start, now;
};

static uint16_t zone_of_route(const struct addr *dst)
{
	(void)dst;
	return 0;
}

/* ways to lie */

static void cut(struct rng *r, struct packet *p)
{
	p->len = rnd(r, p->len + 1);
}

static void cut_early(struct rng *r, struct packet *p)
{
	size_t n = rnd(r, 64);

	if (n < p->len)
		p->len = n;
}

static void flip_bits(struct rng *r, struct packet *p)
{
	int n = 1 + rnd(r, 8);

	while (n--)
		p->data[rnd(r, p->len)] ^= 1 << rnd(r, 8);
}

static void flip_header(struct rng *r, struct packet *p)
{
	size_t head = p->len < 80 ? p->len : 80;
	int n = 1 + rnd(r, 4);

	while (n--)
		p->data[rnd(r, head)] = rnd(r, 256);
}

static void lie_length(struct rng *r, struct packet *p)
{
	int at = p->data[0] >> 4 == 4 ? 2 : 4;
	uint16_t v = get16(p->data + at);

	switch (rnd(r, 5)) {
	case 0:
		v = 0;
		break;
	case 1:
		v = 65535;
		break;
	case 2:
		v += 1 + rnd(r, 64);
		break;
	case 3:
		v -= 1 + rnd(r, 64);
		break;
	default:
		v = rnd(r, 64);
	}
	put16(p->data + at, v);
	if (at == 2 && chance(r, 80))
		put16(p->data + 10, packet_ipsum(p->data));
}

static void lie_ihl(struct rng *r, struct packet *p)
{
	p->data[0] = (chance(r, 80) ? p->data[0] & 0xf0 : rnd(r, 256) & 0xf0) | rnd(r, 16);
	if (p->len >= 60 && chance(r, 80))
		put16(p->data + 10, packet_ipsum(p->data));
}

static void lie_transport(struct rng *r, struct packet *p)
{
	struct view v;

	if (!view_parse(&v, p->data, p->len) || v.l4 + 20 > p->len)
		return;
	switch (v.proto) {
	case P_TCP:
		p->data[v.l4 + 12] = rnd(r, 16) << 4;
		p->data[v.l4 + 13] = rnd(r, 256);
		break;
	case P_DCCP:
		p->data[v.l4 + 4] = rnd(r, 256);
		p->data[v.l4 + 5] = rnd(r, 256);
		break;
	default:
		put16(p->data + v.l4 + 4, rnd(r, 4) ? rnd(r, 16) : rnd64(r));
	}
}

/* So many extension headers that nobody wants to follow them. */
static void long_chain(struct rng *r, struct packet *p)
{
	static const uint8_t kinds[] = { P_HOPOPTS, P_DSTOPTS, P_ROUTING, P_FRAGMENT, 135, 139, 140 };
	int n = 1 + rnd(r, 40);
	uint8_t *h = p->data + 40, next;

	if (p->data[0] >> 4 != 6)
		return;
	next = kinds[rnd(r, 7)];
	p->data[6] = next;
	while (n--) {
		memset(h, 0, 8);
		h[0] = next = n ? kinds[rnd(r, 7)] : P_UDP;
		h[1] = chance(r, 95) ? 0 : rnd(r, 256);
		h += 8;
	}
	memset(h, 0, 16);
	p->len = h + 16 - p->data;
	put16(p->data + 4, p->len - 40);
}

static void routing_header(struct rng *r, struct packet *p)
{
	if (p->data[0] >> 4 != 6 || p->len + 24 > PACKET_MAX)
		return;
	memmove(p->data + 64, p->data + 40, p->len - 40);
	memset(p->data + 40, 0, 24);
	p->data[40] = p->data[6];
	p->data[41] = 2;
	p->data[42] = rnd(r, 5);
	p->data[43] = rnd(r, 4);
	memcpy(p->data + 48, p->data + 8, 16);
	p->data[6] = P_ROUTING;
	p->len += 24;
	put16(p->data + 4, p->len - 40);
}

static void jumbo(struct rng *r, struct packet *p)
{
	if (p->data[0] >> 4 != 6 || p->len + 8 > PACKET_MAX)
		return;
	memmove(p->data + 48, p->data + 40, p->len - 40);
	p->data[40] = p->data[6];
	p->data[41] = 0;
	p->data[42] = 0xc2;
	p->data[43] = 4;
	put32(p->data + 44, chance(r, 50) ? 65536 + rnd(r, 100) : rnd64(r));
	p->data[6] = P_HOPOPTS;
	p->len += 8;
	put16(p->data + 4, 0);
}

static void one_fragment4(struct rng *r, struct packet *p)
{
	uint16_t off = chance(r, 50) ? rnd(r, 4) : rnd(r, 8192);

	put16(p->data + 6, (chance(r, 50) ? 0x2000 : 0) | off);
	put16(p->data + 4, rnd(r, 4));
	if (chance(r, 40) && p->len > 28)
		p->len = 20 + 8 * (1 + rnd(r, 2));
	put16(p->data + 2, p->len);
	put16(p->data + 10, packet_ipsum(p->data));
}

static void one_fragment6(struct rng *r, struct packet *p)
{
	uint16_t off = (chance(r, 50) ? rnd(r, 4) : rnd(r, 8192)) << 3;

	if (p->len + 8 > PACKET_MAX)
		return;
	memmove(p->data + 48, p->data + 40, p->len - 40);
	p->data[40] = p->data[6];
	p->data[41] = 0;
	put16(p->data + 42, off | rnd(r, 2));
	put32(p->data + 44, rnd(r, 4));
	p->data[6] = P_FRAGMENT;
	p->len += 8;
	if (chance(r, 40) && p->len > 64)
		p->len = 48 + 8 * (1 + rnd(r, 2));
	put16(p->data + 4, p->len - 40);
}

/* Few identifiers, so that pieces of different datagrams meet. */
static void one_fragment(struct rng *r, struct packet *p)
{
	if (p->data[0] >> 4 == 4)
		one_fragment4(r, p);
	else
		one_fragment6(r, p);
}

static void lie_options(struct rng *r, struct packet *p)
{
	size_t n = 4 * (1 + rnd(r, 10)), i;

	if (p->data[0] != 0x45 || p->len + n > PACKET_MAX)
		return;
	memmove(p->data + 20 + n, p->data + 20, p->len - 20);
	for (i = 0; i < n; i++)
		p->data[20 + i] = rnd(r, 256);
	p->data[0] = 0x45 + n / 4;
	p->len += n;
	put16(p->data + 2, p->len);
	put16(p->data + 10, packet_ipsum(p->data));
}

static void error_cut(struct rng *r, struct packet *p)
{
	static struct packet e;
	struct view v;
	size_t n;

	gen_error(r, &e, p);
	view_parse(&v, e.data, e.len);
	/* every length there is, down to nothing but the header */
	n = v.l4 + rnd(r, e.len - v.l4 + 1);
	e.len = n;
	put16(e.data + (v.family == 4 ? 2 : 4), v.family == 4 ? n : n - 40);
	packet_fill_sums(&e);
	*p = e;
}

static void error_mad(struct rng *r, struct packet *p)
{
	static struct packet e;
	struct view v;
	int n = 1 + rnd(r, 6);

	gen_error(r, &e, p);
	view_parse(&v, e.data, e.len);
	while (n--)
		e.data[v.inner + rnd(r, e.len - v.inner)] = rnd(r, 256);
	packet_fill_sums(&e);
	*p = e;
}

static void noise(struct rng *r, struct packet *p)
{
	size_t i;

	p->len = rnd(r, 200);
	for (i = 0; i < p->len; i++)
		p->data[i] = rnd64(r);
	if (p->len && chance(r, 80))
		p->data[0] = chance(r, 50) ? 0x45 : 0x60;
}

static void strange_addresses(struct rng *r, struct packet *p)
{
	static const uint8_t odd[][4] = {
		{ 0, 0, 0, 0 }, { 255, 255, 255, 255 }, { 127, 0, 0, 1 }, { 224, 0, 0, 1 },
		{ 240, 0, 0, 1 }, { 169, 254, 0, 1 }, { 10, 1, 255, 254 }, { 10, 1, 255, 255 },
	};
	bool src = chance(r, 50);
	uint8_t *a;

	if (p->data[0] >> 4 == 4) {
		memcpy(p->data + (src ? 12 : 16), odd[rnd(r, 8)], 4);
	} else {
		a = p->data + (src ? 8 : 24);
		memset(a, 0, 16);
		if (chance(r, 50))
			a[15] = rnd(r, 2);
		else if (chance(r, 50))
			a[10] = a[11] = 0xff;
		else
			a[0] = chance(r, 50) ? 0xff : 0xfe;
	}
	packet_fill_sums(p);
}

static void (*const ways[])(struct rng *, struct packet *) = {
	cut, cut_early, flip_bits, flip_header, lie_length, lie_ihl, lie_transport,
	long_chain, routing_header, jumbo, one_fragment, one_fragment, one_fragment,
	lie_options, error_cut, error_cut, error_mad, noise, strange_addresses,
};

/* judgement */

static void complain(struct run *t, const char *what, const struct packet *p, int dev,
		     const struct packet *got, int out)
{
	struct view v;

	t->bad++;
	view_parse(&v, p->data, p->len);
	printf("# DIFFERENCE: %s\n# seed %llu %s, packet %d, in by %d: %s\n", what,
	       (unsigned long long)t->seed, t->direct ? "direct" : "stack", t->number, dev,
	       view_text(&v));
	packet_dump("packet", p->data, p->len);
	if (got) {
		view_parse(&v, got->data, got->len);
		printf("# out of %d: %s\n", out, view_text(&v));
		packet_dump("got", got->data, got->len);
	}
}

/* An error or reset of the gateway's making, on its way to whom it concerns. */
static bool from_gateway(const struct view *g, const struct packet *got)
{
	if (g->error)
		return true;
	return g->proto == P_TCP && got->data[g->l4 + 13] & 4;
}

/* What the oracle forbids altogether, whatever else is wrong with the packet. */
static bool forbidden(struct run *t, const struct packet *p, int dev)
{
	struct answer a;
	struct view v;

	if (!view_parse(&v, p->data, p->len))
		return v.family == 0;
	if (v.frag)
		return false;
	a = oracle_ask(&t->oracle, p, dev, 0, zone_of_route);
	return a.fate == FATE_DENY || a.fate == FATE_REJECT ||
	       a.fate == FATE_UNTRANSLATABLE;
}

static void look_out(struct run *t, const struct packet *p, int dev)
{
	static struct packet got;
	struct view g;
	int i;

	for (i = 0; i < RIG_DEVS; i++) {
		while (rig_recv(&t->rig, i, &got)) {
			t->out++;
			view_parse(&g, got.data, got.len);
			if (forbidden(t, p, dev) && !from_gateway(&g, &got))
				complain(t, "forwarded what must not be", p, dev, &got, i);
		}
	}
}

static bool settle(struct run *t, uint64_t want)
{
	int tries;

	for (tries = 0; tries < 50; tries++) {
		nl_stats(&t->rig.nl, &t->now);
		if (reasons_sum(&t->now) >= want)
			return reasons_sum(&t->now) == want;
		usleep(2000);
	}
	return false;
}

static void one_packet(struct run *t)
{
	uint64_t before = reasons_sum(&t->now);
	static struct packet p;
	int dev = rnd(&t->rng, RIG_DEVS), n = chance(&t->rng, 80) ? 1 : 2;

	t->number++;
	gen_packet(&t->rng, &p, chance(&t->rng, 50) ? 4 : 6, &t->oracle, 0);
	while (n-- && p.len)
		ways[rnd(&t->rng, sizeof(ways) / sizeof(*ways))](&t->rng, &p);
	if (rig_send(&t->rig, dev, p.data, p.len)) {
		t->unsendable++;
		return;
	}
	t->sent++;
	if (!settle(t, before + 1))
		complain(t, "not counted exactly once", &p, dev, NULL, 0);
	look_out(t, &p, dev);
}

static void make_rules(struct run *t, int n)
{
	while (n--) {
		struct rule *u = calloc(1, sizeof(*u));

		gen_rule(&t->rng, u, chance(&t->rng, 50) ? 4 : 6, GEN_ALL);
		if (nl_rule_new(&t->rig.nl, u, t->rig.ifindex))
			free(u);
		else
			oracle_add(&t->oracle, u);
	}
}

static int start(struct run *t)
{
	int i, err = rig_start(&t->rig);

	for (i = 0; !err && i < RIG_DEVS; i++)
		err = nl_dev_new(&t->rig.nl, t->rig.ifindex[i], 0, NATFW_VERDICT_PASS,
				 t->direct ? EMIT_DIRECT : EMIT_STACK);
	if (!err)
		make_rules(t, 20);
	nl_stats(&t->rig.nl, &t->now);
	t->start = t->now;
	return err;
}

static void show_counts(const struct run *t)
{
	int i;

	printf("# reasons:");
	for (i = 0; i < t->now.n; i++)
		if (t->now.packets[i] != t->start.packets[i])
			printf(" %s %llu", t->now.name[i],
			       (unsigned long long)(t->now.packets[i] - t->start.packets[i]));
	printf("\n");
}

static int run_one(uint64_t seed, bool direct, int packets, int seconds)
{
	static struct run t;
	time_t end = time(NULL) + seconds;
	int err;

	memset(&t, 0, sizeof(t));
	t.seed = seed;
	t.direct = direct;
	t.rng.s = seed * 0x9e3779b97f4a7c15;
	err = start(&t);
	if (err == -ENOENT)
		return 4;
	if (err) {
		ktap_is(false, "gateway set up: %s", t.rig.nl.error);
		return 0;
	}
	while (t.bad < 5 && (seconds ? time(NULL) < end : t.number < packets))
		one_packet(&t);
	show_counts(&t);
	printf("# %llu sent, %llu came out, %llu could not be sent\n",
	       (unsigned long long)t.sent, (unsigned long long)t.out,
	       (unsigned long long)t.unsendable);
	ktap_is(!t.bad && t.sent > t.unsendable,
		"X-MANGLE %s: mangled packets counted once, none let through, seed %llu",
		direct ? "direct" : "stack", (unsigned long long)seed);
	rig_stop(&t.rig);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "seed", 1, NULL, 's' }, { "packets", 1, NULL, 'p' },
		{ "seconds", 1, NULL, 't' }, { "mode", 1, NULL, 'm' }, { }
	};
	int c, i, err = 0, packets = 4000, seconds = 0, modes = 3;
	uint64_t seed = 1;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (c == 'p')
			packets = atoi(optarg);
		else if (c == 't')
			seconds = atoi(optarg);
		else if (c == 'm')
			modes = !strcmp(optarg, "direct") ? 2 : 1;
		else
			return 2;
	}
	ktap_start();
	for (i = 0; i < 2 && !err; i++)
		if (modes & 1 << i)
			err = run_one(seed, i, packets, seconds);
	if (err == 4)
		return ktap_skip_all("no natfw family here; modprobe natfw");
	return ktap_end();
}
