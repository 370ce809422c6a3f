/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One node with an NSLP engine: GIST, the gate and applications are played by the test. What the
 * engine sends, asks and tells is kept in order; the test takes it out and says what comes back.
 *
 * Interface 1 (10.0.0.0/8) is inside, 2 (everything else) is outside. The node is 10.0.0.1 and
 * 192.0.2.1; its neighbour inside is peer 1 (and from 3 on), outside peer 2.
 */
#ifndef _NATFW_TESTS_NSLP_ENGINE_RIG_H
#define _NATFW_TESTS_NSLP_ENGINE_RIG_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gist/code.h"
#include "ktap.h"
#include "nslp/lower.h"
#include "nslp/message.h"

#define KEPT	64

struct sent {
	uint8_t sid[16];
	struct gist_mri mri;
	uint8_t octets[2048];
	size_t len;
	uint32_t handle;
	uint64_t sii;
	struct nslp_message m;
};

struct rig {
	struct timers timers;
	struct nslp *n;
	struct gist_nslp ops;
	struct nslp_config c;
	struct nslp_interface interface[2];
	struct sent sent[KEPT];
	struct gate_request asked[KEPT];
	struct gate_proof proof;
	struct session_event told[KEPT];
	unsigned int sends, asks, events;	/* since they were looked at last */
	unsigned int lifetimes;
	void (*on_send)(void);			/* GIST calls back from within */
	int send_error, gate_error;
	bool auto_gate;				/* the gate grants everything at once */
	bool no_ma;				/* no associations, in or out */
	bool down;				/* no route to the outside */
	uint32_t random;
};

static struct rig rig;

/* --- what the engine sees -------------------------------------------------------------------- */

static inline int rig_attach(struct gist *g, uint16_t nslpid, unsigned int rao4,
			     unsigned int rao6, const struct gist_nslp *ops)
{
	(void)g;
	EXPECT_EQ(nslpid, 33);
	EXPECT_EQ(rao4, 65);
	EXPECT_EQ(rao6, 68);
	rig.ops = *ops;
	return 0;
}

static inline int rig_send(struct gist *g, const struct gist_tx *tx)
{
	struct sent *s = &rig.sent[rig.sends];
	struct nslp_fault fault;

	(void)g;
	if (rig.send_error)
		return rig.send_error;
	if (!EXPECT(rig.sends < KEPT) || !EXPECT(tx->data.len <= sizeof(s->octets)))
		return -ENOBUFS;
	rig.sends++;
	memcpy(s->sid, tx->sid, 16);
	s->mri = *tx->mri;
	memcpy(s->octets, tx->data.data, tx->data.len);
	s->len = tx->data.len;
	s->handle = tx->handle;
	s->sii = tx->sii;
	EXPECT_EQ(nslp_message_parse(&s->m, gist_view(s->octets, s->len), 0, &fault), NSLP_ACCEPT);
	if (rig.on_send)
		rig.on_send();
	/* What it was told has to hold to the end. */
	EXPECT(!memcmp(s->sid, tx->sid, 16) && gist_mri_equal(&s->mri, tx->mri));
	EXPECT(!memcmp(s->octets, tx->data.data, s->len));
	return 0;
}

static inline void rig_lifetime(struct gist *g, uint16_t nslpid, const uint8_t *sid,
				const struct gist_mri *mri, uint32_t lifetime)
{
	(void)g;
	(void)sid;
	(void)mri;
	(void)lifetime;
	EXPECT_EQ(nslpid, 33);
	rig.lifetimes++;
}

static inline bool rig_association(const struct gist *g, uint64_t sii,
				   enum gist_security *security)
{
	(void)g;
	if (security)
		*security = GIST_CLEAR;
	return sii && !rig.no_ma;
}

static const struct nslp_lower rig_lower = { rig_attach, rig_send, rig_lifetime,
					     rig_association };

static inline struct address addr(const char *text)
{
	struct address a = { 0 };

	if (!address_read(&a, text))
		abort();
	return a;
}

/* What the kern process would have reserved: 192.0.2.1, port 40000 and up. */
static inline void rig_grant(const struct gate_request *r, struct gate_answer *a)
{
	*a = (struct gate_answer){ .id = r->id, .op = r->op, .lifetime = r->lifetime };
	memcpy(a->sid, r->sid, 16);
	if (r->op != GATE_ADMIT)
		return;
	a->has_external = r->translation == GATE_SOURCE || r->translation == GATE_BIND ||
		r->translation == GATE_BOTH;
	a->external = (struct endpoint){ addr("192.0.2.1"), 40000 };
	a->internal = (struct endpoint){ addr("10.0.0.9"), 5000 };
}

static inline int rig_gate(void *arg, const struct gate_request *r, const struct gate_proof *proof)
{
	struct gate_answer a;

	(void)arg;
	if (rig.gate_error)
		return rig.gate_error;
	if (!EXPECT(rig.asks < KEPT))
		return -ENOBUFS;
	rig.asked[rig.asks++] = *r;
	if (proof)
		rig.proof = *proof;
	if (rig.auto_gate && r->op != GATE_CLOSE) {
		rig_grant(r, &a);
		nslp_gate_answer(rig.n, &a);
	}
	return 0;
}

static inline void rig_event(void *arg, const struct session_event *e)
{
	(void)arg;
	if (EXPECT(rig.events < KEPT))
		rig.told[rig.events++] = *e;
}

static inline void rig_random(void *arg, void *buf, size_t n)
{
	uint8_t *p = buf;

	(void)arg;
	while (n--) {
		rig.random = rig.random * 1103515245 + 12345;
		*p++ = (uint8_t)(rig.random >> 16);
	}
}

static inline bool rig_local(void *arg, const struct address *a)
{
	struct address in = addr("10.0.0.1"), out = addr("192.0.2.1");

	(void)arg;
	return address_equal(a, &in) || address_equal(a, &out);
}

static inline bool rig_route(void *arg, const struct address *to, struct gist_route *r)
{
	bool inside = to->version == 4 ? to->b[0] == 10 : to->b[0] == 0xfd;

	memset(r, 0, sizeof(*r));
	if (rig.down && !inside)
		return false;
	r->local = rig_local(arg, to);
	r->ifindex = inside ? 1 : 2;
	r->source = addr(to->version == 6 ? "fd00::1" : inside ? "10.0.0.1" : "192.0.2.1");
	return true;
}

static inline uint64_t rig_ntp(void *arg)
{
	(void)arg;
	return 0xe000000000000000u + ++rig.random;
}

static const struct nslp_io rig_io = {
	.gate = rig_gate, .event = rig_event, .random = rig_random, .route = rig_route,
	.local = rig_local, .ntp = rig_ntp,
};

/* --- making one ------------------------------------------------------------------------------ */

enum node { HOST, FIREWALL, NAT, EDGE_FIREWALL, EDGE_NAT };

static inline void rig_start(enum node node)
{
	memset(&rig, 0, sizeof(rig));
	timers_init(&rig.timers, 1000000);
	nslp_config_default(&rig.c);
	rig.random = 4711;
	rig.auto_gate = true;
	rig.c.forward = node != HOST;
	rig.interface[0] = (struct nslp_interface){ .ifindex = 1, .firewall = node != HOST };
	rig.interface[1] = (struct nslp_interface){
		.ifindex = 2, .outside = node != HOST, .firewall = node != HOST,
		.nat = node == NAT || node == EDGE_NAT,
		.edge = node == EDGE_FIREWALL || node == EDGE_NAT,
	};
	rig.c.interface = rig.interface;
	rig.c.interfaces = 2;
	rig.c.proxy = true;
	rig.n = nslp_create_over(&rig.c, &rig_io, &rig_lower, NULL, &rig.timers);
}

static inline void rig_configure(void)
{
	nslp_reconfigure(rig.n, &rig.c);
}

static inline void rig_stop(void)
{
	nslp_destroy(rig.n);
	EXPECT_EQ(rig.timers.count, 0);
	timers_fini(&rig.timers);
}

static inline void rig_clear(void)
{
	rig.sends = 0;
	rig.asks = 0;
	rig.events = 0;
}

/* Let @ms pass. */
static inline void rig_pass(uint64_t ms)
{
	timers_run(&rig.timers, rig.timers.now + ms, 0);
}

/* --- what comes in --------------------------------------------------------------------------- */

static inline struct gist_peer rig_peer(unsigned int number)
{
	struct gist_peer p = { .sii = number, .ifindex = number == 2 ? 2 : 1,
			       .ma = rig.no_ma ? 0 : number };

	p.address = addr(number == 2 ? "192.0.2.2" : "10.0.0.2");
	if (number > 2)
		p.address.b[3] = (uint8_t)number;
	return p;
}

static uint8_t rig_sid[16] = { 0xde, 0xad, 0xbe, 0xef, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1 };

static inline void rig_octets(unsigned int peer, const struct gist_mri *mri, struct gist_view data)
{
	uint8_t value[GIST_MRI_SIZE_MAX];
	struct gist_peer p = rig_peer(peer);
	struct gist_out o;
	struct gist_rx rx = { .nslpid = 33, .sid = rig_sid, .mri = mri, .data = data, .peer = &p,
			      .validated = true, .hops = 10, .ttl = 64, .distance = 0 };

	gist_out_init(&o, value, sizeof(value));
	gist_mri_value_put(&o, mri);
	rx.mri_value = gist_out_view(&o);
	rx.explicit_route = peer > 100;
	if (rx.explicit_route)
		p = rig_peer(peer - 100);
	rig.ops.message(rig.ops.arg, &rx);
}

/* From @peer; with 100 added, explicitly routed. */
static inline void rig_in(unsigned int peer, const struct gist_mri *mri,
			  const struct nslp_message *m)
{
	uint8_t buf[2048];
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_put(&o, m, 0);
	if (EXPECT_EQ(o.error, 0))
		rig_octets(peer, mri, gist_out_view(&o));
}

/* UDP from @from to @to, port 4000 to @port. */
static inline struct gist_mri rig_mri(const char *from, const char *to, uint16_t port)
{
	struct gist_mri m = { .method = GIST_MRM_PATH, .has_protocol = true, .protocol = 17,
			      .has_sport = true, .has_dport = true, .sport = 4000,
			      .dport = port };

	m.source = addr(from);
	m.destination = addr(to);
	m.source_prefix = (uint8_t)address_bits(&m.source);
	m.destination_prefix = m.source_prefix;
	return m;
}

static inline struct gist_mri rig_loose(const char *from, const char *sda)
{
	struct gist_mri m = { .method = GIST_MRM_LOOSE };

	m.source = addr(from);
	m.destination = addr(sda);
	return m;
}

static inline struct gist_mri rig_back(struct gist_mri m)
{
	m.upstream = !m.upstream;
	return m;
}

static inline struct nslp_message rig_create(uint32_t msn, uint32_t lifetime)
{
	struct nslp_message m = { .type = NSLP_CREATE, .msn = msn, .lifetime = lifetime,
				  .efi = { .action = NSLP_ALLOW } };

	m.present = NSLP_BIT(NSLP_MSN) | NSLP_BIT(NSLP_LIFETIME) | NSLP_BIT(NSLP_EFI);
	return m;
}

/* EXTERNAL for UDP port 5000 from anywhere. */
static inline struct nslp_message rig_external(uint32_t msn, uint32_t lifetime)
{
	struct nslp_message m = rig_create(msn, lifetime);

	m.type = NSLP_EXTERNAL;
	m.present |= NSLP_BIT(NSLP_DTINFO);
	m.dtinfo = (struct nslp_dtinfo){ .has_protocol = true, .has_ports = true, .protocol = 17,
					 .receiver_port = 5000 };
	return m;
}

static inline struct nslp_message rig_proxy(struct nslp_message m, bool beyond)
{
	m.proxy = true;
	m.beyond = beyond;
	m.nonce = 0xdeadbeef;
	m.present |= NSLP_BIT(NSLP_NONCE);
	return m;
}

static inline struct nslp_message rig_response(uint32_t msn, uint16_t code, uint32_t lifetime)
{
	struct nslp_message m = { .type = NSLP_RESPONSE, .msn = msn, .lifetime = lifetime };

	m.info.code = code;
	m.present = NSLP_BIT(NSLP_MSN) | NSLP_BIT(NSLP_INFO);
	if (lifetime)
		m.present |= NSLP_BIT(NSLP_LIFETIME);
	return m;
}

static inline struct nslp_message rig_notify(uint16_t code)
{
	struct nslp_message m = { .type = NSLP_NOTIFY, .present = NSLP_BIT(NSLP_INFO) };

	m.info.code = code;
	return m;
}

/* GIST's word on what was sent as number @i. */
static inline void rig_status(unsigned int i, bool sent, enum gist_failure failure)
{
	struct gist_peer p = rig_peer(2);
	struct gist_status st = { .handle = rig.sent[i].handle, .nslpid = 33,
				  .sid = rig.sent[i].sid, .mri = &rig.sent[i].mri, .sent = sent,
				  .failure = failure, .peer = sent ? &p : NULL };

	rig.ops.status(rig.ops.arg, &st);
}

static inline void rig_network(enum gist_event event, const struct gist_mri *mri, bool upstream)
{
	struct gist_peer p = rig_peer(upstream ? 1 : 2);
	struct gist_network e = { .event = event, .nslpid = 33, .sid = rig_sid, .mri = mri,
				  .upstream = upstream, .peer = &p };

	rig.ops.network(rig.ops.arg, &e);
}

/* The answer to what was asked as number @i. */
static inline void rig_answer(unsigned int i, uint16_t code)
{
	struct gate_answer a;

	rig_grant(&rig.asked[i], &a);
	a.code = code;
	nslp_gate_answer(rig.n, &a);
}

static inline void rig_gone(uint16_t code)
{
	struct gate_answer a = { .op = GATE_GONE, .code = code };

	memcpy(a.sid, rig_sid, 16);
	nslp_gate_answer(rig.n, &a);
}

/* --- what is seen ---------------------------------------------------------------------------- */

static inline struct session_info rig_info(void)
{
	struct session_info i = { 0 };

	EXPECT(nslp_find(rig.n, rig_sid, &i));
	return i;
}

static inline bool rig_has(void)
{
	struct session_info i;

	return nslp_find(rig.n, rig_sid, &i);
}

static inline uint64_t rig_counter(enum nslp_counter c)
{
	struct nslp_stats s;

	nslp_stats(rig.n, &s);
	return s.counter[c];
}

/* Message number @i is a RESPONSE with this code, along @mri. */
static inline void rig_expect_response(unsigned int i, struct gist_mri mri, uint32_t msn,
				       uint16_t code)
{
	struct sent *s = &rig.sent[i];

	if (!EXPECT(rig.sends > i))
		return;
	EXPECT_EQ(s->m.type, NSLP_RESPONSE);
	EXPECT_EQ(s->m.info.code, code);
	EXPECT_EQ(s->m.msn, msn);
	EXPECT(gist_mri_equal(&s->mri, &mri));
	EXPECT(!memcmp(s->sid, rig_sid, 16));
}

static inline void rig_expect_sent(unsigned int i, enum nslp_type type, struct gist_mri mri)
{
	if (!EXPECT(rig.sends > i))
		return;
	EXPECT_EQ(rig.sent[i].m.type, type);
	EXPECT(gist_mri_equal(&rig.sent[i].mri, &mri));
}

static inline void rig_expect_asked(unsigned int i, enum gate_op op, enum gate_kind kind,
				    enum gate_translation translation)
{
	if (!EXPECT(rig.asks > i))
		return;
	EXPECT_EQ(rig.asked[i].op, op);
	EXPECT_EQ(rig.asked[i].kind, kind);
	EXPECT_EQ(rig.asked[i].translation, translation);
}

static inline bool rig_asked(enum gate_op op)
{
	unsigned int i;

	for (i = 0; i < rig.asks; i++)
		if (rig.asked[i].op == op)
			return true;
	return false;
}

#endif /* _NATFW_TESTS_NSLP_ENGINE_RIG_H */
