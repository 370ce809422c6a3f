// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the NATFW engine: GIST, the gate and applications do what the input says. Messages come as
 * octets, or as good ones of which an octet is spoilt; answers refer to what was sent or asked last.
 *
 * What the engine sends is well formed, its memory is bounded and all of it comes back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gist/code.h"
#include "nslp/lower.h"
#include "nslp/message.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)
#define MEMORY	(4u << 20)
#define ASKED	8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static struct node {
	struct nslp *n;
	struct timers timers;
	struct gist_nslp ops;
	struct nslp_config c;
	struct nslp_interface interface[2];
	uint32_t random;
	struct gate_request asked[ASKED];
	unsigned int asks;
	struct {
		uint8_t sid[16];
		struct gist_mri mri;
		uint32_t handle, msn, lifetime;
		uint8_t type;
	} sent;
	unsigned int depth;
	bool associated;
	int send_error, gate_error;
} node;

static struct input *script;

static uint8_t octet(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static void sid_of(uint8_t which, uint8_t sid[16])
{
	memset(sid, 0, 16);
	which &= 7;
	if (which == 7)
		memcpy(sid, node.sent.sid, 16);
	else
		sid[0] = which;		/* 0: all of them */
}

static struct gist_mri flow(uint8_t which)
{
	struct gist_mri m = {
		.source = { 4, { 10, 0, 0, 2 } }, .destination = { 4, { 192, 0, 2, 9 } },
		.source_prefix = 32, .destination_prefix = 32, .has_protocol = true, .protocol = 17,
		.has_sport = true, .has_dport = true, .sport = 1000, .dport = (uint16_t)(2000 + (which & 1)),
	};
	struct address a;

	if (which & 2) {
		a = m.source;
		m.source = m.destination;
		m.destination = a;
	}
	if (which & 4)
		m = (struct gist_mri){ .method = GIST_MRM_LOOSE, .source = m.source,
				       .destination = { 4, { 203, 0, 113, 1 } } };
	if (which & 16)
		m.destination = (struct address){ 4, { 192, 0, 2, 1 } };	/* this node */
	if (which & 32)
		m.source_prefix = 0;
	m.upstream = which & 8;
	return m;
}

/* ------------------------------------------------------------------ what the engine asks for */

static void react(void);

static int lower_attach(struct gist *g, uint16_t nslpid, unsigned int rao4, unsigned int rao6,
			const struct gist_nslp *ops)
{
	(void)g;
	REQUIRE(nslpid == 33 && rao4 == 65 && rao6 == 68);
	node.ops = *ops;
	return 0;
}

static int lower_send(struct gist *g, const struct gist_tx *tx)
{
	struct nslp_message m;
	struct nslp_fault fault;

	(void)g;
	if (node.send_error)
		return node.send_error;
	/* what is passed on may have what only another node can judge */
	if (nslp_message_parse(&m, tx->data, NSLP_ALLOW_NO_DTINFO, &fault) != NSLP_ACCEPT)
		REQUIRE(NSLP_CLASS(fault.code) == NSLP_CLASS_PROTOCOL ||
			NSLP_CLASS(fault.code) == NSLP_CLASS_SESSION);
	memcpy(node.sent.sid, tx->sid, 16);
	node.sent.mri = *tx->mri;
	node.sent.handle = tx->handle;
	node.sent.msn = m.msn;
	node.sent.lifetime = m.lifetime;
	node.sent.type = m.type;
	react();
	return 0;
}

static void lower_lifetime(struct gist *g, uint16_t nslpid, const uint8_t *sid,
			   const struct gist_mri *mri, uint32_t lifetime)
{
	(void)g;
	(void)sid;
	(void)lifetime;
	REQUIRE(nslpid == 33 && mri);
}

static bool lower_associated(const struct gist *g, uint64_t sii, enum gist_security *security)
{
	(void)g;
	(void)sii;
	if (security)
		*security = GIST_CLEAR;
	return node.associated;
}

static int io_gate(void *arg, const struct gate_request *r, const struct gate_proof *proof)
{
	(void)arg;
	REQUIRE(r->op <= GATE_CLOSE && r->kind <= GATE_RESERVE && r->translation <= GATE_BOTH);
	REQUIRE(!proof || (size_t)proof->message_len + proof->mri_len <= sizeof(proof->octets));
	if (node.gate_error)
		return node.gate_error;
	if (r->op != GATE_CLOSE)
		node.asked[node.asks++ % ASKED] = *r;
	return 0;
}

static void io_event(void *arg, const struct session_event *e)
{
	(void)arg;
	REQUIRE(e->state <= SESSION_DEAD && e->bindings <= SESSION_BINDINGS);
	react();
}

static void io_random(void *arg, void *buf, size_t n)
{
	uint8_t *p = buf;

	(void)arg;
	while (n--) {
		node.random = node.random * 1103515245 + 12345;
		*p++ = (uint8_t)(node.random >> 16);
	}
}

static bool io_local(void *arg, const struct address *a)
{
	(void)arg;
	return a->version == 4 && ((a->b[0] == 10 && a->b[3] == 1) || (a->b[0] == 192 && a->b[3] == 1));
}

static bool io_route(void *arg, const struct address *to, struct gist_route *r)
{
	(void)arg;
	memset(r, 0, sizeof(*r));
	r->ifindex = to->b[0] == 10 ? 1 : 2;
	r->source = (struct address){ 4, { 10, 0, 0, 1 } };
	r->mtu = 1500;
	return to->b[0] != 0xee;
}

static uint64_t io_ntp(void *arg)
{
	(void)arg;
	return node.timers.now << 20;
}

/* ------------------------------------------------------------------ what happens to it */

static struct gist_peer peer(uint8_t which)
{
	struct gist_peer p = {
		.sii = which & 3 ? which & 3 : 1, .address = { 4, { 10, 0, 0, 2 } },
		.ifindex = which & 1 ? 1 : 2, .ma = which & 4 ? 0 : 5,
		.security = which & 8 ? GIST_TLS : GIST_CLEAR, .name = which & 8 ? "peer.example" : NULL,
	};

	if (!(which & 1))
		p.address = (struct address){ 4, { 192, 0, 2, 9 } };
	return p;
}

static void receive(struct input *in, const struct gist_mri *mri, const uint8_t *sid,
		    struct gist_view data)
{
	uint8_t how = octet(in), value[GIST_MRI_SIZE_MAX], *copy = malloc(data.len ? data.len : 1);
	struct gist_peer p = peer(octet(in));
	struct gist_rx rx = {
		.nslpid = 33, .sid = sid, .mri = mri, .peer = &p, .validated = !(how & 1),
		.query = how & 2 && how & 4, .explicit_route = how & 8, .endpoint = how & 16,
		.hops = 5, .ttl = 64, .distance = -1,
	};
	struct gist_view answer = { NULL, 0 };
	struct gist_out o;

	gist_out_init(&o, value, sizeof(value));
	gist_mri_value_put(&o, mri);
	rx.mri_value = gist_out_view(&o);
	memcpy(copy, data.data, data.len);
	rx.data = gist_view(copy, data.len);
	if (rx.query)
		node.ops.query(node.ops.arg, &rx, &answer);
	else
		node.ops.message(node.ops.arg, &rx);
	free(copy);
}

static void spoil(struct input *in, uint8_t *p, size_t len)
{
	unsigned int n = octet(in) & 3, at;

	while (n-- && len) {
		at = octet(in);
		p[at % len] ^= octet(in);
	}
}

static void put(struct input *in, const struct nslp_message *m, const struct gist_mri *mri,
		const uint8_t *sid, bool spoilt)
{
	uint8_t buf[512];
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_put(&o, m, 0);
	if (o.error)
		return;
	if (spoilt)
		spoil(in, buf, o.len);
	receive(in, mri, sid, gist_view(buf, o.len));
}

static void request(struct input *in)
{
	static const uint8_t addresses[4] = { 10, 9, 9, 9 }, icmp[2] = { 8, 0 };
	uint8_t how = octet(in), more = octet(in), sid[16];
	struct gist_mri mri = flow(octet(in));
	struct nslp_message m = {
		.type = how & 1 ? NSLP_EXTERNAL : NSLP_CREATE, .proxy = how & 2, .beyond = how & 4,
		.lifetime = (more & 0x70) == 0x70 ? 0 : (more & 0x70) * 4u + 1, .msn = octet(in),
		.efi = { how & 8 ? NSLP_DENY : NSLP_ALLOW, how & 16 ? 1 : 0 }, .nonce = 0x01000000,
		.dtinfo = { .has_protocol = true, .has_ports = true, .protocol = 17,
			    .receiver_port = (uint16_t)(2000 + (more & 1)) },
		.binding = { .version = 4, .addresses = { addresses, how & 32 ? 4 : 0 } },
		.icmp = { { icmp, 2 } },
	};

	m.present = NSLP_BIT(NSLP_LIFETIME) | NSLP_BIT(NSLP_EFI) | NSLP_BIT(NSLP_MSN);
	if (how & 2)
		m.present |= NSLP_BIT(NSLP_NONCE);
	if (how & 1)
		m.present |= NSLP_BIT(NSLP_DTINFO) | (how & 64 ? NSLP_BIT(NSLP_BINDING) : 0);
	if (more & 2) {
		mri.protocol = 1;
		m.dtinfo = (struct nslp_dtinfo){ .has_protocol = true, .protocol = 1 };
		mri.has_sport = mri.has_dport = false;
		m.present |= NSLP_BIT(NSLP_ICMP);
	}
	sid_of(more >> 2 & 7, sid);
	put(in, &m, &mri, sid, how & 0x80);
}

/* To what was sent last, mostly. */
static void response(struct input *in)
{
	static const uint16_t code[] = { 0x0201, 0x0201, 0x0201, 0x0704, 0x0401, 0x0507, 0x0701, 0x0711 };
	static const uint8_t addresses[8] = { 10, 9, 9, 9, 10, 9, 9, 8 };
	uint8_t how = octet(in), sid[16];
	struct gist_mri mri = how & 8 ? flow(octet(in)) : node.sent.mri;
	struct nslp_message m = {
		.type = NSLP_RESPONSE, .msn = node.sent.msn, .lifetime = node.sent.lifetime,
		.info = { code[how & 7], 0 },
		.external = { 4000, 4, { 203, 0, 113, 7 } },
		.binding = { .version = 4, .port = 7, .addresses = { addresses, 8 } },
	};

	m.present = NSLP_BIT(NSLP_MSN) | NSLP_BIT(NSLP_INFO) | NSLP_BIT(NSLP_LIFETIME);
	if (how & 16)
		m.present |= NSLP_BIT(NSLP_EXTERNAL_IP) | NSLP_BIT(NSLP_BINDING);
	if (how & 32)
		m.lifetime += octet(in) - 128u;
	if (how & 64)
		m.msn += octet(in);
	mri.upstream = !mri.upstream;
	sid_of(7, sid);
	put(in, &m, &mri, sid, how & 0x80);
}

static void notify(struct input *in)
{
	uint8_t how = octet(in), sid[16];
	struct gist_mri mri = how & 8 ? flow(octet(in)) : node.sent.mri;
	struct nslp_message m = {
		.type = NSLP_NOTIFY, .present = NSLP_BIT(NSLP_INFO),
		.info = { (uint16_t)(0x0100 | (how & 7)), 0 },
	};

	if (how & 16)
		mri.upstream = !mri.upstream;
	if (how & 32)
		mri = (struct gist_mri){ .source.version = 4, .destination.version = 4, .upstream = how & 16 };
	sid_of(how & 64 ? octet(in) : 7, sid);
	put(in, &m, &mri, sid, how & 0x80);
}

static void raw(struct input *in)
{
	uint8_t sid[16], n = octet(in);
	struct gist_mri mri = flow(octet(in));
	struct gist_view v;

	sid_of(octet(in), sid);
	if (n > in->end - in->p)
		n = (uint8_t)(in->end - in->p);
	v = gist_view(in->p, n);
	in->p += n;
	receive(in, &mri, sid, v);
}

static void gate(struct input *in)
{
	static const uint16_t code[] = { 0, 0, 0, 0, 0, 0x0502, 0x0704, 0x0401 };
	uint8_t how = octet(in);
	const struct gate_request *r = &node.asked[(node.asks - 1 - (how >> 5 & 3)) % ASKED];
	struct gate_answer a = { 0 };

	if (!node.asks)
		return;
	a.id = r->id;
	a.op = r->op;
	memcpy(a.sid, r->sid, 16);
	a.code = code[how & 7];
	a.lifetime = r->lifetime;
	a.silent = how & 8;
	if (how & 16)
		a.lifetime = octet(in);
	if (how & 0x80)
		a.id = 0, a.op = GATE_GONE, a.code = how & 4 ? 0x0102 : 0;
	a.has_external = true;
	a.external = (struct endpoint){ { 4, { 192, 0, 2, 1 } }, (uint16_t)(40000 + (node.asks & 3)) };
	a.internal = (struct endpoint){ { 4, { 10, 0, 0, 2 } }, 2000 };
	nslp_gate_answer(node.n, &a);
}

static void open_session(struct input *in)
{
	uint8_t how = octet(in), more = octet(in);
	struct gist_mri m = flow(more & 3);
	struct session_open o = {
		.token = 1, .kind = how % 3, .proxy = how & 4, .beyond = how & 8, .loose = how & 16,
		.binding = how & 32, .lifetime = how & 64 ? 0 : 30, .refresh = how & 128 ? 5000 : 0,
		.toward = { 4, { 203, 0, 113, 1 } }, .uid = 1,
	};
	const char *why = NULL;

	sid_of(more >> 2 & 7, o.sid);
	o.flow = (struct gate_flow){
		.source = m.source, .destination = m.destination, .version = 4,
		.source_len = more & 32 ? 0 : 32, .destination_len = 32, .protocol = 17,
		.has_protocol = !(more & 64), .has_sport = true, .has_dport = true, .sport = 1, .dport = 2,
		.more_ports = more & 128 ? 1 : 0,
	};
	REQUIRE(!nslp_app_open(node.n, &o, &why) || why);
}

static void status(struct input *in)
{
	uint8_t how = octet(in);
	struct gist_peer p = peer(how);
	struct gist_status s = {
		.handle = node.sent.handle, .nslpid = 33, .sid = node.sent.sid, .mri = &node.sent.mri,
		.sent = how & 0x80, .failure = (enum gist_failure)(how >> 4 & 7) % 7, .peer = &p,
	};

	if (s.handle)
		node.ops.status(node.ops.arg, &s);
}

static void network(struct input *in)
{
	uint8_t how = octet(in), sid[16];
	struct gist_peer p = peer(octet(in));
	struct gist_mri mri = how & 0x40 ? flow(octet(in)) : node.sent.mri;
	struct gist_network n = {
		.event = (enum gist_event)(how & 7), .nslpid = 33, .mri = &mri, .upstream = how & 0x10,
		.peer = how & 0x20 ? &p : NULL,
	};

	sid_of(octet(in), sid);
	if (how & 8)
		n.sid = sid;
	node.ops.network(node.ops.arg, &n);
}

static void walk(void *arg, const struct session_info *i)
{
	(void)arg;
	REQUIRE(i->state <= SESSION_DEAD && i->role <= SESSION_PROXY_NR);
}

static void other(struct input *in)
{
	uint8_t how = octet(in), sid[16];

	sid_of(how >> 4, sid);
	switch (how & 7) {
	case 0: nslp_app_refresh(node.n, sid); break;
	case 1: nslp_app_close(node.n, sid, how & 8); break;
	case 2: nslp_gate_restarted(node.n); break;
	case 3: node.send_error = how & 8 ? 0 : how & 16 ? -ENOBUFS : -ENETUNREACH; break;
	case 4: node.gate_error = how & 8 ? 0 : -EPIPE; break;
	case 5: node.associated = how & 8; break;
	case 6: nslp_each(node.n, walk, NULL); break;
	default:
		node.c.lifetime_max = how & 8 ? 100 : 3600;
		nslp_reconfigure(node.n, &node.c);
	}
}

/* Callbacks may call back. */
static void react(void)
{
	uint8_t what;

	if (node.depth > 3 || !script || script->p >= script->end)
		return;
	node.depth++;
	what = octet(script);
	if ((what & 15) == 1)
		gate(script);
	else if ((what & 15) == 2)
		other(script);
	else if ((what & 15) == 3)
		status(script);
	else if ((what & 15) == 4)
		network(script);
	node.depth--;
}

static void one(struct input *in)
{
	switch (octet(in) % 13) {
	case 0: timers_run(&node.timers, node.timers.now + octet(in) * 10u, 0); break;
	case 1: timers_run(&node.timers, node.timers.now + octet(in) * 1000u, 0); break;
	case 2: case 3: request(in); break;
	case 4: case 5: response(in); break;
	case 6: notify(in); break;
	case 7: case 8: gate(in); break;
	case 9: open_session(in); break;
	case 10: raw(in); break;
	case 11: (octet(in) & 1 ? status : network)(in); break;
	default: other(in); break;
	}
}

static void begin(struct input *in)
{
	static const struct nslp_lower lower = {
		lower_attach, lower_send, lower_lifetime, lower_associated,
	};
	static const struct nslp_io io = {
		.gate = io_gate, .event = io_event, .random = io_random, .route = io_route,
		.local = io_local, .ntp = io_ntp,
	};
	uint8_t how = octet(in);

	memset(&node, 0, sizeof(node));
	timers_init(&node.timers, 1000);
	node.random = octet(in) | 1;
	node.associated = true;
	nslp_config_default(&node.c);
	node.interface[0] = (struct nslp_interface){ .ifindex = 1, .firewall = how & 1 };
	node.interface[1] = (struct nslp_interface){ .ifindex = 2, .outside = true, .edge = how & 2,
						     .nat = how & 4, .firewall = how & 1 };
	node.c.interface = node.interface;
	node.c.interfaces = 2;
	node.c.forward = how & 8;
	node.c.respond = how & 16;
	node.c.proxy = how & 32;
	node.c.need_reservation = how & 64;
	node.c.lifetime_min = 2;
	node.c.lifetime_max = 1000;
	node.c.sessions = 32;
	if (how & 128) {
		node.c.key_id = 7;
		node.c.transform = 12;
		node.c.key_len = 16;
	}
	node.n = nslp_create_over(&node.c, &io, &lower, NULL, &node.timers);
	REQUIRE(node.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned int guard = 0;
	struct nslp_stats s;

	memset(log_levels, LEVEL_ERROR, SUB_COUNT);
	begin(&in);
	script = &in;
	while (in.p < in.end && ++guard < 2000)
		one(&in);
	nslp_stats(node.n, &s);
	REQUIRE(s.memory < MEMORY && s.sessions <= 64);
	script = NULL;
	if (guard & 1)
		nslp_shutdown(node.n, true);
	timers_run(&node.timers, node.timers.now + 1000000, 50000);
	nslp_destroy(node.n);
	timers_fini(&node.timers);
	return 0;
}
