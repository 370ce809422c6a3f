// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

bool rule_beats(const struct rule *a, const struct rule *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->id < b->id;
}

static void *grow(void *p, size_t n, size_t *room, size_t each)
{
	if (n < *room)
		return p;
	*room = *room ? *room * 2 : 64;
	p = realloc(p, *room * each);
	if (!p)
		abort();
	return p;
}

void oracle_add(struct oracle *o, struct rule *r)
{
	size_t i;

	o->rules = grow(o->rules, o->nrules, &o->room, sizeof(*o->rules));
	for (i = o->nrules++; i && rule_beats(r, o->rules[i - 1]); i--)
		o->rules[i] = o->rules[i - 1];
	o->rules[i] = r;
	oracle_fix_flow(o, r);
}

static void flows_end(struct oracle *o, const struct rule *r)
{
	size_t i, n = 0;

	for (i = 0; i < o->nflows; i++)
		if (o->flows[i].rule != r)
			o->flows[n++] = o->flows[i];
	o->nflows = n;
}

void oracle_forget(struct oracle *o, const struct rule *r)
{
	size_t i;

	for (i = 0; i < o->nflows; i++)
		if (o->flows[i].rule == r && !o->flows[i].fixed)
			o->flows[i].dead = true;
}

/* The rule itself stays allocated: reports may still speak of it. */
void oracle_del(struct oracle *o, struct rule *r)
{
	size_t i, n = 0;

	for (i = 0; i < o->nrules; i++)
		if (o->rules[i] != r)
			o->rules[n++] = o->rules[i];
	o->nrules = n;
	r->dead = true;
	flows_end(o, r);
}

void oracle_clear(struct oracle *o)
{
	while (o->nrules)
		oracle_del(o, o->rules[0]);
}

struct key key_of(const struct view *v, uint16_t zone)
{
	struct key k = {
		.src = v->src, .dst = v->dst, .proto = v->proto, .zone = zone,
	};

	if (v->ports) {
		k.sport = v->sport;
		k.dport = v->dport;
	} else if (v->query && v->answer) {
		k.dport = v->id;
	} else if (v->query) {
		k.sport = v->id;
	}
	/* no SPI: the other direction has one nobody can foresee */
	return k;
}

struct key key_turn(const struct key *k, uint16_t zone)
{
	return (struct key){
		.src = k->dst, .dst = k->src, .proto = k->proto, .zone = zone,
		.sport = k->dport, .dport = k->sport,
	};
}

bool key_equal(const struct key *a, const struct key *b)
{
	return addr_equal(&a->src, &b->src) && addr_equal(&a->dst, &b->dst) &&
	       a->proto == b->proto && a->zone == b->zone &&
	       a->sport == b->sport && a->dport == b->dport;
}

static bool in_prefix(const struct prefix *p, const struct addr *a)
{
	return !p->on || addr_within(a, &p->a, p->bits);
}

static bool in_range(const struct range *r, bool there, uint16_t port)
{
	return !r->on || (there && port >= r->lo && port <= r->hi);
}

static bool is(const struct field *f, bool there, uint32_t v)
{
	return !f->on || (there && f->v == v);
}

static bool is_icmp(const struct view *v)
{
	return v->inner != 0;
}

bool match_packet(const struct rule *r, const struct view *v, int dev, uint16_t zone)
{
	const struct match *m = &r->match;

	return !(r->flags & RF_INACTIVE) &&
	       is(&m->family, true, v->family) &&
	       in_prefix(&m->src, &v->src) && in_prefix(&m->dst, &v->dst) &&
	       is(&m->proto, true, v->proto) &&
	       in_range(&m->sport, v->ports, v->sport) &&
	       in_range(&m->dport, v->ports, v->dport) &&
	       is(&m->type, is_icmp(v), v->type) &&
	       is(&m->code, is_icmp(v), v->code) &&
	       is(&m->spi, v->spi_there, v->spi) &&
	       is(&m->dscp, true, v->dscp) &&
	       is(&m->label, v->family == 6, v->label) &&
	       (m->dev < 0 || m->dev == dev) &&
	       (r->flags & RF_ZONE_ANY || m->zone == zone);
}

struct rule *oracle_match(const struct oracle *o, const struct view *v, int dev,
			  uint16_t zone)
{
	size_t i;

	for (i = 0; i < o->nrules; i++)
		if (match_packet(o->rules[i], v, dev, zone))
			return o->rules[i];
	return NULL;
}

static bool host(const struct prefix *p)
{
	return p->on && p->bits == 8u * p->a.len;
}

static bool single(const struct range *r)
{
	return r->on && r->lo == r->hi;
}

bool rule_exact(const struct rule *r)
{
	const struct match *m = &r->match;

	if (!host(&m->src) || !host(&m->dst) || !m->proto.on ||
	    m->type.on || m->code.on || m->dscp.on || m->label.on ||
	    m->dev >= 0 || r->flags & RF_ZONE_ANY)
		return false;
	if (proto_has_ports(m->proto.v))
		return single(&m->sport) && single(&m->dport);
	if (m->proto.v == P_ESP || m->proto.v == P_AH)
		return m->spi.on;
	return m->proto.v != P_ICMP && m->proto.v != P_ICMP6;
}

static uint16_t moved(const struct range *to, const struct range *from, uint16_t port)
{
	if (!to->on)
		return port;
	if (to->lo == to->hi || !from->on)
		return to->lo;
	return to->lo + (port - from->lo);
}

struct xlat rule_xlat(const struct rule *r, const struct view *v)
{
	const struct translation *n = &r->nat;
	struct xlat x = xlat_none(v);

	if (n->src.on)
		x.src = addr_join(&n->src.a, n->src.bits, &v->src);
	if (n->dst.on)
		x.dst = addr_join(&n->dst.a, n->dst.bits, &v->dst);
	if (v->ports) {
		x.sport = moved(&n->sport, &r->match.sport, v->sport);
		x.dport = moved(&n->dport, &r->match.dport, v->dport);
	}
	return x;
}

static struct key key_xlat(const struct key *k, const struct xlat *x, bool ports)
{
	struct key r = *k;

	r.src = x->src;
	r.dst = x->dst;
	if (ports) {
		r.sport = x->sport;
		r.dport = x->dport;
	}
	return r;
}

static bool keeps_state(const struct rule *r)
{
	return r->action == ACT_NAT ||
	       (r->action == ACT_ALLOW && r->flags & RF_STATEFUL);
}

static struct flow *flow_add(struct oracle *o, struct rule *r, const struct key *orig,
			     const struct key *reply, bool fixed)
{
	o->flows = grow(o->flows, o->nflows, &o->flow_room, sizeof(*o->flows));
	o->flows[o->nflows] = (struct flow){
		.orig = *orig, .reply = *reply, .rule = r, .fixed = fixed,
	};
	return &o->flows[o->nflows++];
}

/* A packet just as an exact rule describes it. */
static void view_of_rule(struct view *v, const struct rule *r)
{
	const struct match *m = &r->match;

	memset(v, 0, sizeof(*v));
	v->family = m->src.a.len == 4 ? 4 : 6;
	v->src = m->src.a;
	v->dst = m->dst.a;
	v->proto = m->proto.v;
	v->ports = proto_has_ports(v->proto);
	v->sport = m->sport.lo;
	v->dport = m->dport.lo;
	v->spi_there = m->spi.on;
	v->spi = m->spi.v;
}

void oracle_fix_flow(struct oracle *o, struct rule *r)
{
	struct key orig, sent, reply;
	struct view v;
	struct xlat x;

	if (!rule_exact(r) || !keeps_state(r))
		return;
	view_of_rule(&v, r);
	x = rule_xlat(r, &v);
	orig = key_of(&v, r->match.zone);
	sent = key_xlat(&orig, &x, v.ports);
	reply = key_turn(&sent, r->nat.out_zone.on ? r->nat.out_zone.v : r->match.zone);
	flow_add(o, r, &orig, &reply, true);
}

static bool flow_live(const struct flow *f)
{
	return !f->dead && !f->rule->dead && !(f->rule->flags & RF_INACTIVE);
}

/* The flow of the best rule that takes @k for a reply. */
static struct flow *flow_by_reply(const struct oracle *o, const struct key *k)
{
	struct flow *best = NULL;
	size_t i;

	for (i = 0; i < o->nflows; i++) {
		struct flow *f = &o->flows[i];

		if (flow_live(f) && key_equal(&f->reply, k) &&
		    (!best || rule_beats(f->rule, best->rule)))
			best = f;
	}
	return best;
}

bool oracle_translated_to(const struct oracle *o, const struct key *k)
{
	size_t i;

	for (i = 0; i < o->nflows; i++)
		if (flow_live(&o->flows[i]) && o->flows[i].rule->action == ACT_NAT &&
		    (key_equal(&o->flows[i].orig, k) || key_equal(&o->flows[i].reply, k)))
			return true;
	return false;
}

static struct flow *flow_by_orig(const struct oracle *o, const struct key *k,
				 const struct rule *r)
{
	size_t i;

	for (i = 0; i < o->nflows; i++)
		if (flow_live(&o->flows[i]) && o->flows[i].rule == r &&
		    key_equal(&o->flows[i].orig, k))
			return &o->flows[i];
	return NULL;
}

/* The best rule's flow of @k, whichever way. */
static struct flow *flow_by_any(const struct oracle *o, const struct key *k, bool *reply)
{
	struct flow *best = flow_by_reply(o, k);
	size_t i;

	*reply = best;
	for (i = 0; i < o->nflows; i++) {
		struct flow *f = &o->flows[i];

		if (flow_live(f) && key_equal(&f->orig, k) &&
		    (!best || rule_beats(f->rule, best->rule))) {
			best = f;
			*reply = false;
		}
	}
	return best;
}

/* What a packet of @f that has @v's key becomes. */
static struct xlat flow_xlat(const struct flow *f, bool reply)
{
	const struct key *o = reply ? &f->orig : &f->reply;

	return (struct xlat){ o->dst, o->src, o->dport, o->sport };
}

static void answer_flow(struct answer *a, struct flow *f, bool reply)
{
	a->flow = f;
	a->rule = f->rule;
	a->reply = reply;
	a->fate = f->rule->action == ACT_NAT ? FATE_XLAT : FATE_SEND;
	a->x = flow_xlat(f, reply);
}

/* Bindings of losers that this very packet would have been part of. */
static void end_overtaken(struct oracle *o, const struct key *k, const struct view *v,
			  int dev, uint16_t zone, const struct rule *winner)
{
	size_t i;

	for (i = 0; i < o->nflows; i++) {
		struct flow *f = &o->flows[i];

		if (!f->fixed && !f->dead && f->rule != winner &&
		    key_equal(&f->orig, k) && match_packet(f->rule, v, dev, zone))
			f->dead = true;
	}
}

/*
 * True if replies to @f and to a new flow of @r could not be told apart: both
 * translate back, to different things. Else precedence decides, packet by
 * packet.
 */
static bool flow_clashes(const struct flow *f, const struct key *reply,
			 const struct key *orig, const struct rule *r)
{
	return flow_live(f) && key_equal(&f->reply, reply) &&
	       f->rule->action == ACT_NAT && r->action == ACT_NAT &&
	       (f->rule == r || !key_equal(&f->orig, orig));
}

static struct flow *reply_taken(const struct oracle *o, const struct key *reply,
				const struct key *orig, const struct rule *r)
{
	size_t i;

	for (i = 0; i < o->nflows; i++)
		if (flow_clashes(&o->flows[i], reply, orig, r))
			return &o->flows[i];
	return NULL;
}

static bool translatable(const struct rule *r, const struct view *v)
{
	struct xlat x = rule_xlat(r, v);

	if (x.src.len != v->src.len || x.dst.len != v->dst.len)
		return false;
	return v->proto != P_AH;
}

/* Another rule that translates the destination of what @r makes of @v. */
static struct rule *hairpin_rule(struct oracle *o, const struct rule *r,
				 const struct view *v, const struct xlat *x, int dev,
				 uint16_t zone)
{
	struct view w = *v;
	struct rule *d;
	struct flow *f;
	struct key k;

	w.src = x->src;
	if (v->ports)
		w.sport = x->sport;
	k = key_of(&w, zone);
	d = oracle_match(o, &w, dev, zone);
	f = flow_by_reply(o, &k);
	if (!d || d == r || d->action != ACT_NAT || (f && !rule_beats(d, f->rule)))
		return NULL;
	return d->nat.dst.on || d->nat.dport.on ? d : NULL;
}

/* RFC 4787 REQ-9: from inside to an address that stands for another one inside. */
static void hairpin(struct oracle *o, const struct rule *r, const struct view *v,
		    struct xlat *x, int dev, uint16_t zone)
{
	struct xlat none = xlat_none(v), y;
	struct rule *d;

	if (r->action != ACT_NAT || !r->nat.src.on ||
	    !addr_equal(&x->dst, &none.dst) || x->dport != none.dport)
		return;
	d = hairpin_rule(o, r, v, x, dev, zone);
	if (!d)
		return;
	y = rule_xlat(d, v);
	x->dst = y.dst;
	x->dport = y.dport;
}

static void answer_new(struct oracle *o, struct answer *a, struct rule *r,
		       const struct view *v, const struct key *k, int dev,
		       route_zone out)
{
	struct key sent, reply;
	struct flow *f;

	f = flow_by_orig(o, k, r);
	if (f) {
		answer_flow(a, f, false);
		return;
	}
	a->rule = r;
	if (r->action == ACT_NAT && !translatable(r, v)) {
		a->fate = FATE_UNTRANSLATABLE;
		return;
	}
	a->x = rule_xlat(r, v);
	hairpin(o, r, v, &a->x, dev, k->zone);
	sent = key_xlat(k, &a->x, v->ports);
	if (r->action != ACT_NAT)
		sent = *k;
	reply = key_turn(&sent, r->nat.out_zone.on ? r->nat.out_zone.v : out(&sent.dst));
	if (r->action == ACT_NAT && v->ttl <= 1) {
		/* ends here, and leaves nothing behind */
		a->fate = FATE_XLAT;
		return;
	}
	a->flow = reply_taken(o, &reply, k, r);
	if (a->flow) {
		a->fate = FATE_CLASH;
		return;
	}
	answer_flow(a, flow_add(o, r, k, &reply, false), false);
}

static void answer_rule(struct oracle *o, struct answer *a, struct rule *r,
			const struct view *v, const struct key *k, int dev,
			route_zone out)
{
	a->rule = r;
	switch (r->action) {
	case ACT_DENY:
		a->fate = FATE_DENY;
		return;
	case ACT_REJECT:
		a->fate = FATE_REJECT;
		return;
	case ACT_ALLOW:
	case ACT_NAT:
		break;
	}
	if (keeps_state(r))
		answer_new(o, a, r, v, k, dev, out);
	else
		a->fate = FATE_SEND;
}

/* An error about a flow goes with the flow's packets the same way. */
static struct flow *flow_of_error(const struct oracle *o, const struct packet *p,
				  const struct view *v, uint16_t zone,
				  struct answer *a)
{
	struct key k, back;
	struct flow *f;
	struct view in;
	bool reply;

	view_parse(&in, p->data + v->inner, v->end - v->inner);
	if (!in.family)
		return NULL;
	k = key_of(&in, zone);
	back = key_turn(&k, zone);
	f = flow_by_any(o, &back, &reply);
	if (!f || !f->reply.src.len)
		return NULL;
	a->reply = reply;
	return f;
}

static void answer_error(struct answer *a, struct flow *f, const struct view *v)
{
	const struct key *h = a->reply ? &f->reply : &f->orig;
	struct xlat x = flow_xlat(f, a->reply);

	a->flow = f;
	a->rule = f->rule;
	a->fate = FATE_ERROR;
	a->inner = xlat_turn(&x);
	a->x = (struct xlat){ .src = v->src, .dst = v->dst };
	/*
	 * RFC 5508 REQ-5: where the end on the reporter's side is hidden, so
	 * is every router there.
	 */
	if (!addr_equal(&x.src, &h->src))
		a->x.src = x.src;
	if (addr_equal(&v->dst, &h->dst))
		a->x.dst = x.dst;
}

struct answer oracle_packet(struct oracle *o, const struct packet *p, int dev,
			    uint16_t zone, route_zone out)
{
	struct answer a = { .fate = FATE_PASS };
	struct flow *f;
	struct rule *r;
	struct view v;
	struct key k;

	view_parse(&v, p->data, p->len);
	k = key_of(&v, zone);
	r = oracle_match(o, &v, dev, zone);
	if (v.error) {
		f = flow_of_error(o, p, &v, zone, &a);
		if (f && (!r || !rule_beats(r, f->rule))) {
			answer_error(&a, f, &v);
			return a;
		}
		a.reply = false;
	}
	f = flow_by_reply(o, &k);
	if (f && (!r || !rule_beats(r, f->rule))) {
		answer_flow(&a, f, true);
		return a;
	}
	end_overtaken(o, &k, &v, dev, zone, r);
	if (r)
		answer_rule(o, &a, r, &v, &k, dev, out);
	return a;
}

struct answer oracle_ask(const struct oracle *o, const struct packet *p, int dev,
			 uint16_t zone, route_zone out)
{
	struct oracle copy = *o;
	struct answer a;

	copy.flow_room = o->nflows + 1;
	copy.flows = malloc(copy.flow_room * sizeof(*copy.flows));
	if (!copy.flows)
		abort();
	memcpy(copy.flows, o->flows, o->nflows * sizeof(*copy.flows));
	a = oracle_packet(&copy, p, dev, zone, out);
	a.flow = NULL;
	free(copy.flows);
	return a;
}

static int put_field(char *s, size_t n, const char *name, const struct field *f)
{
	return f->on ? snprintf(s, n, " %s %u", name, f->v) : 0;
}

static int put_range(char *s, size_t n, const char *name, const struct range *r)
{
	return r->on ? snprintf(s, n, " %s %u-%u", name, r->lo, r->hi) : 0;
}

static int put_prefix(char *s, size_t n, const char *name, const struct prefix *p)
{
	return p->on ? snprintf(s, n, " %s %s/%u", name, addr_text(&p->a), p->bits) : 0;
}

static int put_match(char *s, size_t n, const struct match *m)
{
	int k = 0;

	k += put_field(s + k, n - k, "family", &m->family);
	k += put_prefix(s + k, n - k, "src", &m->src);
	k += put_prefix(s + k, n - k, "dst", &m->dst);
	k += put_field(s + k, n - k, "proto", &m->proto);
	k += put_range(s + k, n - k, "sport", &m->sport);
	k += put_range(s + k, n - k, "dport", &m->dport);
	k += put_field(s + k, n - k, "type", &m->type);
	k += put_field(s + k, n - k, "code", &m->code);
	k += put_field(s + k, n - k, "spi", &m->spi);
	k += put_field(s + k, n - k, "dscp", &m->dscp);
	k += put_field(s + k, n - k, "label", &m->label);
	k += snprintf(s + k, n - k, " dev %d zone %d", m->dev, m->zone);
	return k;
}

const char *rule_text(const struct rule *r)
{
	static const char *const action[] = { "allow", "deny", "reject", "nat" };
	static char ring[4][512];
	static int turn;
	char *s = ring[turn++ % 4];
	size_t n = sizeof(ring[0]);
	int k;

	k = snprintf(s, n, "id %llu priority %u %s flags %x emit %d",
		     (unsigned long long)r->id, r->priority, action[r->action],
		     r->flags, r->emit);
	k += put_match(s + k, n - k, &r->match);
	if (r->action == ACT_NAT) {
		k += snprintf(s + k, n - k, " to");
		k += put_prefix(s + k, n - k, "src", &r->nat.src);
		k += put_range(s + k, n - k, "sport", &r->nat.sport);
		k += put_prefix(s + k, n - k, "dst", &r->nat.dst);
		k += put_range(s + k, n - k, "dport", &r->nat.dport);
		k += put_field(s + k, n - k, "out-zone", &r->nat.out_zone);
	}
	return s;
}
