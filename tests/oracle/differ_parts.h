/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Part of differ.c: packets that come in pieces, and those whose checksum or
 * segmentation is left to devices.
 */
#include <linux/virtio_net.h>

#define PIECES	6

/* fragments */

static size_t unfragmentable(const struct view *v)
{
	return v->family == 4 ? v->l4 : 40;
}

/* The bytes [@from, @to) behind the IP header of @p as a fragment. */
static void cut_piece(struct packet *f, const struct packet *p, const struct view *v,
		      size_t from, size_t to, bool more, uint32_t id)
{
	size_t head = unfragmentable(v), at = head;

	memcpy(f->data, p->data, head);
	if (v->family == 4) {
		put16(f->data + 6, from / 8 | (more ? 0x2000 : 0));
	} else {
		f->data[40] = f->data[6];
		f->data[41] = 0;
		put16(f->data + 42, from | more);
		put32(f->data + 44, id);
		f->data[6] = P_FRAGMENT;
		at += 8;
	}
	memcpy(f->data + at, p->data + head + from, to - from);
	f->len = at + to - from;
	put16(f->data + (v->family == 4 ? 2 : 4), v->family == 4 ? f->len : f->len - 40);
	if (v->family == 4)
		put16(f->data + 10, packet_ipsum(f->data));
}

static int cut_pieces(struct run *t, struct packet *f, const struct packet *p,
		      const struct view *v)
{
	size_t all = p->len - unfragmentable(v), step, from = 0;
	uint32_t id = rnd64(&t->rng);
	int n = 0;

	step = 8 * (1 + rnd(&t->rng, all / 8));
	/* RFC 7112: all headers are in the first piece */
	if (v->family == 6 && step < 40)
		step = 40;
	if (step * PIECES < all)
		step = (all / PIECES + 8) & ~(size_t)7;
	for (; from < all; from += step) {
		size_t to = from + step < all ? from + step : all;

		cut_piece(&f[n++], p, v, from, to, to < all, id);
	}
	return n;
}

static void shuffle(struct run *t, int *order, int n)
{
	int i, k, x;

	for (i = 0; i < n; i++)
		order[i] = i;
	if (chance(&t->rng, 40))
		return;
	for (i = n - 1; i > 0; i--) {
		k = rnd(&t->rng, i + 1);
		x = order[i];
		order[i] = order[k];
		order[k] = x;
	}
}

/* What came out so far, put together again. */
struct whole {
	struct packet	p;
	bool		there[PACKET_MAX];
	size_t		head, have, all;	/* bytes behind the header */
};

static void whole_add(struct whole *w, const struct packet *f)
{
	size_t from, n, i;
	struct view v;

	view_parse(&v, f->data, f->len);
	w->head = unfragmentable(&v);
	from = v.family == 6 && v.frag_hdr ? v.frag_hdr + 8 : w->head;
	n = v.end - from;
	if (!v.frag_off) {
		memcpy(w->p.data, f->data, w->head);
		if (v.family == 6 && v.frag_hdr)
			w->p.data[6] = f->data[v.frag_hdr];
	}
	memcpy(w->p.data + w->head + v.frag_off, f->data + from, n);
	for (i = 0; i < n; i++) {
		w->have += !w->there[v.frag_off + i];
		w->there[v.frag_off + i] = true;
	}
	if (!v.more)
		w->all = v.frag_off + n;
}

/* As if it had never been in pieces. */
static void whole_seal(struct whole *w)
{
	w->p.len = w->head + w->all;
	if (w->p.data[0] >> 4 == 4) {
		put16(w->p.data + 2, w->p.len);
		put16(w->p.data + 6, 0);
		put16(w->p.data + 10, packet_ipsum(w->p.data));
	} else {
		put16(w->p.data + 4, w->p.len - 40);
	}
}

static bool whole_take(struct run *t, int dev, struct whole *w)
{
	struct packet f;

	memset(w, 0, sizeof(*w));
	while (!w->all || w->have < w->all) {
		if (!take_out(t, dev, &f))
			return false;
		whole_add(w, &f);
	}
	whole_seal(w);
	return true;
}

/* Each piece is counted once: as waiting, the last one as what became of all. */
static bool pieces_counted(struct run *t, const struct expect *e, int n)
{
	int i, k, waiting = 0, ended = 0, other = 0;

	for (i = 0; i < t->after.n; i++) {
		int d = t->after.packets[i] - t->before.packets[i];
		bool match = false;

		for (k = 0; e->reasons[k]; k++)
			match |= !strcmp(e->reasons[k], t->after.name[i]);
		if (!strcmp(t->after.name[i], "frag-queued"))
			waiting += d;
		else if (match)
			ended += d;
		else
			other += d;
	}
	return waiting == n - 1 && ended == 1 && !other;
}

static void settle_pieces(struct run *t, int n)
{
	int tries;

	for (tries = 0; tries < 50; tries++) {
		nl_stats(&t->rig.nl, &t->after);
		if (reasons_sum(&t->after) - reasons_sum(&t->before) >= (uint64_t)n)
			return;
		usleep(2000);
	}
}

/* What is translated may need another identification to be unique (RFC 6864). */
static void take_id(const struct packet *got, struct packet *want)
{
	put16(want->data + 4, get16(got->data + 4));
	put16(want->data + 10, packet_ipsum(want->data));
}

static bool compare_pieces(struct run *t, const struct packet *p, int dev,
			   const struct answer *a, struct expect *e, int n)
{
	static struct whole w;

	if (e->out && !whole_take(t, e->dev, &w)) {
		report_bytes(t, "fragments not forwarded, or not all", p, dev, a, e, NULL, 0);
		return false;
	}
	if (e->out && a->fate == FATE_XLAT && e->bytes.data[0] >> 4 == 4)
		take_id(&w.p, &e->bytes);
	if (e->out && !packet_same(&w.p, &e->bytes, NULL)) {
		report_bytes(t, "fragments forwarded with other bytes", p, dev, a, e, &w.p,
			     e->dev);
		return false;
	}
	if (e->answered && !compare_answer(t, p, dev, a, e))
		return false;
	if (!nothing_else(t, p, dev, a, e))
		return false;
	if (pieces_counted(t, e, n))
		return true;
	report(t, "pieces are not counted as waiting but one", p, dev, a);
	return false;
}

/* What is slow for being a fragment need not be told from what is not. */
static void expect_pieces(struct expect *e)
{
	if (e->reasons[0] && !strcmp(e->reasons[0], "nat-direct"))
		want_reasons(e, "nat-direct", "nat-slow", NULL);
	else if (e->reasons[0] && !strcmp(e->reasons[0], "allow-direct"))
		want_reasons(e, "allow-direct", "allow-slow", NULL);
}

static bool worth_cutting(const struct packet *p, const struct view *v)
{
	return !v->error && p->len - unfragmentable(v) > 64 && v->ttl > 1;
}

static void send_pieces(struct run *t, struct packet *f, const int *order, int n, int dev)
{
	int i;

	for (i = 0; i < n; i++)
		rig_send(&t->rig, dev, f[order[i]].data, f[order[i]].len);
}

static void one_in_pieces(struct run *t)
{
	static struct packet p, f[PIECES + 1];
	static struct expect e;
	int dev, n, order[PIECES + 1];
	struct answer a;
	struct view v;

	do {
		dev = some_packet(t, &p, &v, GENP_PLAIN | GENP_TTL | GENP_NOERR);
	} while (!worth_cutting(&p, &v));
	if (v.family == 4) {
		put16(p.data + 6, 0);
		put16(p.data + 10, packet_ipsum(p.data));
	}
	if (!t->oracle.nrules)
		return;		/* the module leaves fragments alone then */
	t->number++;
	n = cut_pieces(t, f, &p, &v);
	shuffle(t, order, n);
	a = oracle_packet(&t->oracle, &p, dev, t->rig.zone[dev], zone_of_route);
	expect_make(t, &e, &p, &v, &a);
	expect_pieces(&e);
	nl_stats(&t->rig.nl, &t->before);
	send_pieces(t, f, order, n, dev);
	settle_pieces(t, n);
	t->sent += n;
	t->pieces++;
	remember(t, &v, dev, &a);
	if (compare_pieces(t, &p, dev, &a, &e, n))
		count_rule(&a, n == 1 ? &f[0] : &p);
	else
		rig_drain(&t->rig);
}

/* offloads */

static uint16_t pseudo_of(const struct packet *p, const struct view *v)
{
	uint8_t tail[4] = { 0, v->proto, (p->len - v->l4) >> 8, p->len - v->l4 };
	uint32_t acc;

	acc = sum_add(0, v->src.b, v->src.len);
	acc = sum_add(acc, v->dst.b, v->dst.len);
	return sum_fold(sum_add(acc, tail, 4));
}

/* Segment @i of @p, as a device would cut it. */
static void segment(struct packet *s, const struct packet *p, const struct view *v,
		    size_t mss, int i)
{
	size_t head = v->l4 + 20, from = i * mss, n = p->len - head - from;
	bool last = n <= mss;

	n = last ? n : mss;
	memcpy(s->data, p->data, head);
	memcpy(s->data + head, p->data + head + from, n);
	s->len = head + n;
	put32(s->data + v->l4 + 4, get32(p->data + v->l4 + 4) + from);
	if (!last)
		s->data[v->l4 + 13] &= ~0x09;	/* FIN, PSH */
	if (v->family == 4) {
		put16(s->data + 2, s->len);
		put16(s->data + 4, get16(p->data + 4) + i);
	} else {
		put16(s->data + 4, s->len - 40);
	}
	packet_fill_sums(s);
}

static bool compare_segments(struct run *t, const struct packet *p, const struct view *v,
			     size_t mss, int dev, const struct answer *a, struct expect *e)
{
	static struct packet s, got;
	size_t n = (p->len - v->l4 - 20 + mss - 1) / mss, i;

	for (i = 0; e->out && i < n; i++) {
		segment(&s, p, v, mss, i);
		rewrite(&e->bytes, &s, a->fate == FATE_XLAT ? &a->x : NULL, true);
		if (!compare_out(t, &s, dev, a, e, &got))
			return false;
	}
	return nothing_else(t, p, dev, a, e);
}

/* A TCP packet of several segments. */
static void grow_tcp(struct run *t, struct packet *p, const struct view *v, size_t payload)
{
	size_t i;

	p->data[v->l4 + 12] = 5 << 4;
	p->data[v->l4 + 13] = chance(&t->rng, 50) ? 0x10 : 0x18;
	for (i = 0; i < payload; i++)
		p->data[v->l4 + 20 + i] = rnd64(&t->rng);
	p->len = v->l4 + 20 + payload;
	put16(p->data + (v->family == 4 ? 2 : 4), v->family == 4 ? p->len : p->len - 40);
	packet_fill_sums(p);
}

static int send_offloaded(struct run *t, const struct packet *p, const struct view *v,
			  size_t mss, int dev)
{
	struct virtio_net_hdr h = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 14 + v->l4,
		.csum_offset = v->proto == P_TCP ? 16 : 6, .hdr_len = 14 + v->l4 + 20,
	};
	struct packet q = *p;

	if (mss) {
		h.gso_type = v->family == 4 ? VIRTIO_NET_HDR_GSO_TCPV4
					    : VIRTIO_NET_HDR_GSO_TCPV6;
		h.gso_size = mss;
	}
	put16(q.data + v->l4 + h.csum_offset, pseudo_of(p, v));
	return rig_send_gso(&t->rig, dev, &h, sizeof(h), q.data, q.len);
}

/*
 * Of one segment or several, its checksum left to whoever sends it on. With XDP
 * only of one: a veth with XDP cuts them before, and our ends join them again.
 */
static void one_offloaded(struct run *t)
{
	static struct packet p;
	static struct expect e;
	size_t mss = !t->opt.xdp && chance(&t->rng, 70) ? 536 + rnd(&t->rng, 900) : 0;
	struct answer a;
	struct view v;
	char why[128];
	int dev, tries = 0;

	do {
		dev = some_packet(t, &p, &v, GENP_PLAIN | GENP_TTL | GENP_NOERR | GENP_SUMS);
	} while (++tries < 200 && (v.proto != P_TCP || v.ttl < 2));
	if (v.proto != P_TCP)
		return;
	grow_tcp(t, &p, &v, mss ? mss + 1 + rnd(&t->rng, 5 * mss) : 100);
	view_parse(&v, p.data, p.len);
	t->number++;
	a = oracle_packet(&t->oracle, &p, dev, t->rig.zone[dev], zone_of_route);
	expect_make(t, &e, &p, &v, &a);
	nl_stats(&t->rig.nl, &t->before);
	if (send_offloaded(t, &p, &v, mss, dev)) {
		report(t, "cannot be sent offloaded", &p, dev, &a);
		return;
	}
	settle(t);
	t->sent++;
	t->offloaded++;
	remember(t, &v, dev, &a);
	if (e.answered && !compare_answer(t, &p, dev, &a, &e))
		return;
	if (!compare_segments(t, &p, &v, mss ? mss : PACKET_MAX, dev, &a, &e)) {
		usleep(20000);
		rig_drain(&t->rig);
	} else if (!counted_as(t, &e, p.len, why)) {
		report(t, why, &p, dev, &a);
	} else {
		count_rule(&a, &p);
	}
}
