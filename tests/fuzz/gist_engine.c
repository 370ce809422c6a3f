// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the GIST engine: a node that hears datagrams, packets in transit and streams, whose clock
 * and application do what the input says. So that more than first messages get anywhere, some
 * operations make a good answer to what the engine sent last and then spoil an octet of it.
 *
 * Each operation is an octet that says what, and octets that say how. Whatever comes in, what the
 * engine sends is well formed, its memory is bounded and all of it comes back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gist/frame.h"
#include "gist/gist.h"
#include "gist/message.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)
#define NSLPID	32704
#define MEMORY	(8u << 20)
#define STREAMS	16
#define KEPT	4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static struct node {
	struct gist *g;
	struct timers timers;
	uint32_t random;
	uint32_t stream[STREAMS];
	uint8_t query[KEPT], response[KEPT];	/* last sent, without magic number */
	size_t query_len, response_len;
	uint64_t sii;
	unsigned int depth;
	enum gist_peering peering;
} node;

static struct input *script;	/* for what callbacks do */

static uint8_t octet(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static struct gist_view octets(struct input *in, size_t most)
{
	size_t n = octet(in);
	struct gist_view v;

	n = n << 2 | (octet(in) & 3);
	n = n < most ? n : most;
	if (n > (size_t)(in->end - in->p))
		n = (size_t)(in->end - in->p);
	v = gist_view(in->p, n);
	in->p += n;
	return v;
}

/* ------------------------------------------------------------------ what the engine asks for */

static void keep(uint8_t *to, size_t *len, struct gist_view v)
{
	if (v.len > KEPT)
		return;
	memcpy(to, v.data, v.len);
	*len = v.len;
}

static void look(struct gist_view v, enum gist_mode mode)
{
	struct gist_message m;
	struct gist_fault fault;

	if (mode == GIST_DATAGRAM)
		REQUIRE(gist_magic_strip(&v));
	REQUIRE(gist_message_parse(&m, v, mode, GIST_ALLOW_LOOSE_UPSTREAM, &fault) == GIST_ACCEPT);
	if (m.head.type == GIST_QUERY)
		keep(node.query, &node.query_len, v);
	if (m.head.type == GIST_RESPONSE)
		keep(node.response, &node.response_len, v);
}

static int io_datagram(void *arg, const struct endpoint *from, const struct endpoint *to,
		       struct gist_view payload)
{
	(void)arg;
	(void)from;
	(void)to;
	look(payload, GIST_DATAGRAM);
	return node.random & 0x1000 ? 0 : node.random & 0x700 ? 0 : -ENOBUFS;
}

static int io_qmode(void *arg, const struct gist_qmode *q, struct gist_view payload)
{
	(void)arg;
	REQUIRE(q->source.version == q->destination.version);
	look(payload, GIST_DATAGRAM);
	return 0;
}

static int io_forward(void *arg, const void *token, struct gist_view payload)
{
	(void)arg;
	REQUIRE(token == &node && payload.len >= 12);
	return 0;
}

static int io_connect(void *arg, uint32_t ma, const struct gist_target *to)
{
	unsigned int i;

	(void)arg;
	(void)to;
	for (i = 0; i < STREAMS; i++)
		if (!node.stream[i]) {
			node.stream[i] = ma;
			return 0;
		}
	return -ENOBUFS;
}

static bool known(uint32_t ma)
{
	unsigned int i;

	for (i = 0; i < STREAMS; i++)
		if (node.stream[i] == ma)
			return true;
	return false;
}

static void forget(uint32_t ma)
{
	unsigned int i;

	for (i = 0; i < STREAMS; i++)
		if (node.stream[i] == ma)
			node.stream[i] = 0;
}

static int io_stream(void *arg, uint32_t ma, struct gist_view v)
{
	(void)arg;
	REQUIRE(ma && known(ma));
	look(v, GIST_CONNECTION);
	return 0;
}

static size_t io_backlog(void *arg, uint32_t ma)
{
	(void)arg;
	REQUIRE(ma && known(ma));
	return 0;
}

static void io_close(void *arg, uint32_t ma, bool flush)
{
	(void)arg;
	(void)flush;
	REQUIRE(ma && known(ma));
	forget(ma);
}

static bool io_route(void *arg, const struct address *to, struct gist_route *r)
{
	(void)arg;
	memset(r, 0, sizeof(*r));
	r->ifindex = to->b[0] & 1 ? 1 : 2;
	r->source = *to;
	memset(r->source.b, 0, sizeof(r->source.b));
	r->source.b[0] = 10;
	r->source.b[3] = 1;
	r->mtu = 1500;
	return to->b[0] != 0xee;
}

static bool io_local(void *arg, const struct address *a)
{
	(void)arg;
	return a->b[0] == 10 && !a->b[1] && !a->b[2] && a->b[3] == 1;
}

static bool io_ingress(void *arg, const struct address *source, unsigned int ifindex)
{
	(void)arg;
	return source->b[0] != 0xee && ifindex;
}

static bool io_interface(void *arg, unsigned int ifindex, unsigned int version, struct address *a)
{
	(void)arg;
	memset(a, 0, sizeof(*a));
	a->version = (uint8_t)version;
	a->b[0] = 10;
	a->b[3] = 1;
	return ifindex && ifindex < 3;
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

/* ------------------------------------------------------------------ the application */

static const uint8_t sid[3][GIST_SID_SIZE] = { { 1 }, { 2 }, { 0 } };

static struct gist_mri flow(unsigned int which)
{
	struct gist_mri m = {
		.source = { 4, { 10, 0, 0, 1 } }, .destination = { 4, { 11, 0, 0, 9 } },
		.source_prefix = 32, .destination_prefix = 32, .has_protocol = true, .protocol = 17,
		.has_sport = true, .has_dport = true, .sport = 1, .dport = (uint16_t)(which & 1),
	};
	struct address a;

	if (which & 2) {
		a = m.source;
		m.source = m.destination;
		m.destination = a;
	}
	if (which & 4) {
		m = (struct gist_mri){ .method = GIST_MRM_LOOSE, .source = m.source,
				       .destination = m.destination };
	}
	m.upstream = which & 8;
	return m;
}

static void submit(struct input *in)
{
	static const uint8_t data[1024];
	uint8_t how = octet(in), more = octet(in);
	struct gist_mri mri = flow(how);
	struct gist_tx tx = {
		.nslpid = NSLPID, .sid = sid[more & 1], .mri = &mri,
		.data = gist_view(data, (size_t)(octet(in)) * 4),
		.handle = more & 2, .reliable = more & 4, .secure = more & 8, .no_state = more & 16,
		.from_flow = more & 32, .discover = more & 64,
		.sii = more & 128 ? node.sii : 0, .timeout = how & 0x80 ? 2000 : 0,
	};

	gist_send(node.g, &tx);
}

/* Callbacks may call back. */
static void react(void)
{
	uint8_t what;

	if (node.depth > 3 || !script || script->p >= script->end)
		return;
	node.depth++;
	what = octet(script);
	if ((what & 7) == 1) {
		submit(script);
	} else if ((what & 7) == 2) {
		struct gist_mri mri = flow(what >> 3);

		gist_set_lifetime(node.g, NSLPID, what & 0x80 ? NULL : sid[0], &mri, what & 0x40 ? 0 : 5000);
	} else if ((what & 7) == 3) {
		struct gist_mri mri = flow(what >> 3);

		gist_invalidate(node.g, NSLPID, &mri, what & 0x40, what & 0x80);
	}
	node.depth--;
}

static enum gist_peering app_query(void *arg, const struct gist_rx *rx, struct gist_view *answer)
{
	static const uint8_t payload[8] = "answered";

	(void)arg;
	if (rx->data.len & 4)
		*answer = gist_view(payload, sizeof(payload));
	react();
	return node.peering;
}

static void app_message(void *arg, const struct gist_rx *rx)
{
	(void)arg;
	REQUIRE(rx->mri && rx->sid && rx->nslpid == NSLPID);
	if (rx->peer && rx->peer->sii)
		node.sii = rx->peer->sii;
	react();
}

static void app_status(void *arg, const struct gist_status *s)
{
	(void)arg;
	REQUIRE(s->handle && s->mri && s->sid);
	react();
}

static void app_network(void *arg, const struct gist_network *n)
{
	(void)arg;
	REQUIRE(n->mri);
	if (n->peer && n->peer->sii)
		node.sii = n->peer->sii;
	react();
}

/* ------------------------------------------------------------------ what happens to it */

static struct gist_arrival arrival(struct input *in)
{
	uint8_t how = octet(in);
	struct gist_arrival a = {
		.from = { { how & 1 ? 6 : 4, { 11, 0, 0, 9 } }, 270 },
		.to = { { how & 1 ? 6 : 4, { 10, 0, 0, 1 } }, 270 },
		.ttl = how & 2 ? 255 : 64, .ifindex = how & 4 ? 2 : 1, .rao = how & 8 ? 1000 : -1,
	};

	if (how & 16)
		a.from.address.b[3] = 10;
	if (how & 32)
		a.to.address.b[3] = 77;
	return a;
}

static void hear(struct input *in, struct gist_view message, bool transit)
{
	struct gist_arrival a = arrival(in);
	uint8_t *copy = malloc(message.len + 4);
	struct gist_out o;

	gist_out_init(&o, copy, message.len + 4);
	gist_magic_put(&o);
	gist_out_bytes(&o, message.data, message.len);
	/* with the right length, so that what is in it is got at */
	if (message.len >= GIST_HEADER_SIZE && octet(in) & 1) {
		copy[6] = (uint8_t)((message.len - GIST_HEADER_SIZE) / 4 >> 8);
		copy[7] = (uint8_t)((message.len - GIST_HEADER_SIZE) / 4);
	}
	if (transit) {
		a.to.address.b[3] = 77;
		gist_intercepted(node.g, &a, &node, gist_out_view(&o));
	} else {
		gist_datagram(node.g, &a, gist_out_view(&o));
	}
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

static const struct gist_nli peer_nli = {
	.ttl = 64, .validity = 20000, .identity = { (const uint8_t *)"peer", 4 },
	.address = { 4, { 11, 0, 0, 9 } },
};

static uint32_t pick_stream(struct input *in)
{
	return node.stream[octet(in) % STREAMS];
}

static void into_stream(uint32_t ma, struct gist_view v)
{
	uint8_t *copy;
	size_t used;

	if (!ma)
		return;
	copy = malloc(v.len ? v.len : 1);
	memcpy(copy, v.data, v.len);
	used = gist_ma_input(node.g, ma, gist_view(copy, v.len));
	REQUIRE(used <= v.len);
	free(copy);
}

static void deliver(struct input *in, struct gist_message *m, uint8_t how)
{
	uint8_t buf[2048];
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	gist_message_put(&o, m);
	if (o.error)
		return;
	if (how & 0x80)
		spoil(in, buf, o.len);
	if (m->mode == GIST_CONNECTION)
		into_stream(pick_stream(in), gist_view(buf, o.len));
	else
		hear(in, gist_view(buf, o.len), false);
}

/* A Response to the last Query. */
static void respond(struct input *in)
{
	static const uint8_t cookie[16] = "responder cookie";
	uint8_t how = octet(in), proposal[8] = { 1, 1, 0, 0, 2, 2, 1, 0 };
	uint8_t options[16] = { 1, 0, 2, 0, 0x75, 0x30, 0, 0 };
	struct gist_message q, m = { .mode = how & 1 ? GIST_CONNECTION : GIST_DATAGRAM };
	struct gist_fault fault;

	if (!node.query_len || gist_message_parse(&q, gist_view(node.query, node.query_len),
						  GIST_DATAGRAM, 0, &fault) != GIST_ACCEPT)
		return;
	m.head = (struct gist_header){ .hops = 9, .nslpid = q.head.nslpid, .type = GIST_RESPONSE,
				       .source = true, .reply = how & 2 };
	m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NLI) |
		GIST_BIT(GIST_QUERY_COOKIE);
	m.mri = q.mri;
	m.mri.upstream = !q.mri.upstream;
	m.sid = q.sid;
	m.nli = peer_nli;
	m.query_cookie = q.query_cookie;
	if (how & 2) {
		m.responder_cookie = gist_view(cookie, sizeof(cookie));
		m.present |= GIST_BIT(GIST_RESPONDER_COOKIE);
	}
	if (how & 4) {
		m.proposal = (struct gist_proposal){ .count = how & 8 ? 2 : 1,
						     .profiles = { proposal, how & 8 ? 8 : 4 } };
		m.stackconf = (struct gist_stackconf){ .count = 1, .hold = 20000,
						       .options = { options, 8 } };
		m.present |= GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
	}
	if (how & 16) {
		m.nslp_data = gist_view(cookie, 8);
		m.present |= GIST_BIT(GIST_NSLP_DATA);
	}
	if (how & 32)
		m.nli.identity = gist_view(cookie, 5);
	deliver(in, &m, how);
}

/* A Query of the peer's, or a Confirm to the last Response. */
static void query(struct input *in)
{
	static const uint8_t cookie[8] = "a cookie";
	uint8_t how = octet(in), proposal[4] = { 1, 1, 0, 0 }, options[4] = { 1, 0, 0, 0 };
	struct gist_message m = { .mode = GIST_DATAGRAM };

	m.head = (struct gist_header){ .hops = 9, .nslpid = NSLPID, .type = GIST_QUERY,
				       .context_free = true, .source = true, .reply = true };
	m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NLI) |
		GIST_BIT(GIST_QUERY_COOKIE);
	m.mri = flow((how & 7) ^ 2);
	m.sid = sid[how & 8 ? 1 : 0];
	m.nli = peer_nli;
	m.query_cookie = gist_view(cookie, 8);
	if (how & 16) {
		m.proposal = (struct gist_proposal){ .count = 1, .profiles = { proposal, 4 } };
		m.stackconf = (struct gist_stackconf){ .count = 1, .hold = 20000, .options = { options, 4 } };
		m.present |= GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
	}
	deliver(in, &m, how);
}

static void confirm(struct input *in)
{
	uint8_t how = octet(in);
	struct gist_message r, m = { .mode = how & 1 ? GIST_CONNECTION : GIST_DATAGRAM };
	struct gist_fault fault;

	if (!node.response_len ||
	    (gist_message_parse(&r, gist_view(node.response, node.response_len), GIST_DATAGRAM, 0,
				&fault) != GIST_ACCEPT &&
	     gist_message_parse(&r, gist_view(node.response, node.response_len), GIST_CONNECTION, 0,
				&fault) != GIST_ACCEPT))
		return;
	m.head = (struct gist_header){ .hops = 9, .nslpid = r.head.nslpid, .type = GIST_CONFIRM,
				       .source = true };
	m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NLI);
	m.mri = r.mri;
	m.mri.upstream = !r.mri.upstream;
	m.sid = r.sid;
	m.nli = peer_nli;
	if (gist_message_has(&r, GIST_RESPONDER_COOKIE)) {
		m.responder_cookie = r.responder_cookie;
		m.present |= GIST_BIT(GIST_RESPONDER_COOKIE);
	}
	if (how & 1 && gist_message_has(&r, GIST_PROPOSAL)) {
		m.proposal = r.proposal;
		m.stackconf.hold = 20000;
		m.present |= GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
	}
	deliver(in, &m, how);
}

/* Data and Errors about what was sent last. */
static void about(struct input *in)
{
	static const uint8_t payload[12] = "some payload";
	uint8_t how = octet(in), value[GIST_MRI_SIZE_MAX], head[GIST_HEADER_SIZE];
	struct gist_message m = { .mode = how & 1 ? GIST_CONNECTION : GIST_DATAGRAM };
	struct gist_out o;

	m.mri = flow(how >> 2 & 11);
	m.mri.upstream = !m.mri.upstream;
	m.sid = sid[how & 2 ? 1 : 0];
	m.nli = peer_nli;
	if (!(how & 32)) {
		m.head = (struct gist_header){ .hops = 9, .nslpid = NSLPID, .type = GIST_DATA,
					       .source = true, .explicit_route = how & 64 };
		m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NSLP_DATA) |
			(how & 1 ? 0 : GIST_BIT(GIST_NLI));
		m.nslp_data = gist_view(payload, sizeof(payload));
		deliver(in, &m, how);
		return;
	}
	m.mri.upstream = !m.mri.upstream;
	gist_out_init(&o, value, sizeof(value));
	gist_mri_value_put(&o, &m.mri);
	memcpy(head, node.query_len ? node.query : (const uint8_t *)"\1\t\0\0\x7f\xc0\x80\xc0", sizeof(head));
	if (how & 64)
		head[6] = 3;
	m.head = (struct gist_header){ .hops = 9, .type = GIST_ERROR, .source = true };
	m.present = GIST_BIT(GIST_ERROR_DATA) | (how & 1 ? 0 : GIST_BIT(GIST_NLI));
	m.error = (struct gist_error){ .code = (uint16_t)(1 + octet(in) % 12), .subcode = octet(in) % 6,
				       .header = head, .sid = m.sid, .mri = gist_out_view(&o), .datagram = true };
	deliver(in, &m, how);
}

static void hello(struct input *in)
{
	struct gist_message m = { .mode = GIST_CONNECTION, .hello = octet(in) };

	m.head = (struct gist_header){ .hops = 1, .type = GIST_MA_HELLO, .source = true,
				       .reply = m.hello & 1 };
	m.present = GIST_BIT(GIST_HELLO_ID);
	deliver(in, &m, 0);
}

static void accept_stream(struct input *in)
{
	struct endpoint from = { { 4, { 11, 0, 0, 9 } }, 1234 }, to = { { 4, { 10, 0, 0, 1 } }, 30000 };
	uint8_t how = octet(in);
	unsigned int i;

	for (i = 0; i < STREAMS && node.stream[i]; i++)
		;
	if (i == STREAMS)
		return;
	node.stream[i] = gist_ma_accepted(node.g, &from, &to, 1, how & 1, how & 2 ? "peer.example" : NULL);
}

static bool allowed(void *arg, const char *name, const struct address *peer)
{
	uint8_t *how = arg;

	(void)peer;
	return name ? *how & 1 : *how & 2;
}

static void other(struct input *in)
{
	uint8_t how = octet(in);
	struct gist_mri mri = flow(how >> 3);
	struct address any = { .version = 0 };

	switch (how & 7) {
	case 0: gist_set_lifetime(node.g, NSLPID, NULL, &mri, octet(in) * 1000u); break;
	case 1: gist_invalidate(node.g, how & 0x80 ? 0 : NSLPID, &mri, how & 0x40, octet(in) & 1); break;
	case 2: gist_route_changed(node.g, &any, 0); break;
	case 3: gist_ma_review(node.g, allowed, &how); break;
	case 4: node.peering = (enum gist_peering)(how >> 3) % 3; break;
	default: gist_has_association(node.g, node.sii, NULL); break;
	}
}

static void one(struct input *in)
{
	uint8_t what = octet(in);
	uint32_t ma;

	switch (what % 15) {
	case 0: timers_run(&node.timers, node.timers.now + octet(in) * 10u, 0); break;
	case 1: timers_run(&node.timers, node.timers.now + octet(in) * 1000u, 0); break;
	case 2: hear(in, octets(in, 1200), false); break;
	case 3: hear(in, octets(in, 1200), true); break;
	case 4: submit(in); break;
	case 5: respond(in); break;
	case 6: query(in); break;
	case 7: confirm(in); break;
	case 8: about(in); break;
	case 9: accept_stream(in); break;
	case 10: into_stream(pick_stream(in), octets(in, 1200)); break;
	case 11:
		ma = pick_stream(in);
		if (ma)
			gist_ma_connected(node.g, ma, octet(in) & 1 ? "peer.example" : NULL);
		break;
	case 12:
		ma = pick_stream(in);
		if (ma) {
			forget(ma);
			gist_ma_failed(node.g, ma, octet(in) & 1 ? ECONNRESET : 0);
		}
		break;
	case 13: hello(in); break;
	default: other(in); break;
	}
}

static void begin(struct input *in)
{
	static const struct gist_io io = {
		.datagram = io_datagram, .qmode = io_qmode, .forward = io_forward, .connect = io_connect,
		.stream = io_stream, .backlog = io_backlog, .close = io_close, .route = io_route,
		.local = io_local, .ingress = io_ingress, .interface_address = io_interface,
		.random = io_random,
	};
	const struct gist_nslp ops = { NULL, app_query, app_message, app_status, app_network };
	uint8_t how = octet(in);
	struct gist_config c;

	memset(&node, 0, sizeof(node));
	timers_init(&node.timers, 1000);
	node.random = octet(in) | 1;
	gist_config_default(&c);
	memcpy(c.identity, "fuzz", 4);
	c.identity_len = 4;
	c.tcp_port = 30000;
	c.tls_port = 30001;
	c.tls = how & 3;
	c.tls = c.tls == 3 ? 0 : c.tls;
	c.delayed = !(how & 4);
	c.bypass_checks = how & 8;
	c.comments = how & 16;
	c.cookie_errors = how & 32;
	c.allow = how & 64 ? GIST_ALLOW_LOOSE_UPSTREAM : 0;
	c.states = 64;
	node.g = gist_create(&c, &io, &node.timers);
	REQUIRE(node.g && !gist_register(node.g, NSLPID, 1000, 1001, &ops));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct gist_stats s;
	unsigned int guard = 0;

	memset(log_levels, LEVEL_ERROR, SUB_COUNT);
	begin(&in);
	script = &in;
	while (in.p < in.end && ++guard < 2000)
		one(&in);
	gist_stats(node.g, &s);
	REQUIRE(s.memory < MEMORY);
	script = NULL;
	timers_run(&node.timers, node.timers.now + 1000000, 50000);
	gist_stats(node.g, &s);
	REQUIRE(!s.handshakes && !s.queued);
	gist_destroy(node.g);
	timers_fini(&node.timers);
	return 0;
}
