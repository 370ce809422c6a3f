// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints messages that our own codec writes, in lines as those of vectors/: one of each
 * type, with every object, over UDP and over a stream whose segments cut messages apart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gist/frame.h"
#include "gist/message.h"
#include "gist/reply.h"
#include "nslp/hmac.h"
#include "nslp/message.h"

#define DATAGRAM	" udp 192.0.2.1.4711 > 198.51.100.2.270 ttl=64 ip_options=94040041 payload="
#define SEGMENT		" tcp 192.0.2.1.51000 > 198.51.100.2.30000 ttl=64 ip_options=- payload="

static const uint8_t sid[GIST_SID_SIZE] = "session-identity";
static const uint8_t cookie[8] = "cookies!";
static uint8_t buf[4096], payload[2048], scratch[512];
static unsigned int when;

static struct gist_message base(unsigned int type, enum gist_mode mode)
{
	struct gist_message m = {
		.head = { .hops = 10, .nslpid = GIST_NSLPID_NATFW, .type = (uint8_t)type,
			  .source = true },
		.mode = mode,
		.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID),
		.mri = { .method = GIST_MRM_PATH, .has_protocol = true, .has_sport = true,
			 .has_dport = true, .source = { 4, { 192, 0, 2, 1 } },
			 .destination = { 4, { 198, 51, 100, 2 } }, .source_prefix = 32,
			 .destination_prefix = 32, .protocol = 17, .sport = 4000, .dport = 5000 },
		.sid = sid,
		.nli = { .ttl = 64, .validity = 30000, .identity = { sid, 5 },
			 .address = { 4, { 192, 0, 2, 1 } } },
		.query_cookie = { cookie, 8 },
		.responder_cookie = { cookie, 4 },
	};

	return m;
}

static void hex(struct gist_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		printf("%02x", v.data[i]);
	printf("\n");
}

static struct gist_view finish(const struct gist_out *o)
{
	if (o->error) {
		fprintf(stderr, "built: message %u: %s\n", when, strerror(-o->error));
		exit(1);
	}
	return gist_out_view(o);
}

static void datagram(const struct gist_message *m)
{
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	gist_magic_put(&o);
	gist_message_put(&o, m);
	printf("%u.0" DATAGRAM, when++);
	hex(finish(&o));
}

/* In pieces of @cut octets; all in one if 0. */
static void segments(struct gist_view v, size_t cut)
{
	size_t at, n;

	for (at = 0; at < v.len; at += n) {
		n = cut && v.len - at > cut ? cut : v.len - at;
		printf("%u.0" SEGMENT, when++);
		hex(gist_view(v.data + at, n));
	}
}

static void put_stack(struct gist_message *m)
{
	static const uint8_t layers[] = { GIST_MA_TLS, GIST_MA_TCP };
	static uint8_t options[32];
	struct gist_out p, c;

	gist_out_init(&p, scratch, 64);
	gist_profile_put(&p, layers, 2);
	gist_profile_put(&p, layers + 1, 1);
	gist_out_init(&c, options, sizeof(options));
	gist_option_put_tcp(&c, 0, m->head.type == GIST_RESPONSE ? 6123 : 0);
	m->proposal = (struct gist_proposal){ 0, 2, finish(&p) };
	m->stackconf = (struct gist_stackconf){ 1, 30000, finish(&c) };
	m->present |= GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
}

static void put_natt(struct gist_message *m)
{
	struct gist_out t, n;

	gist_out_init(&t, scratch + 64, 64);
	gist_natt_put_type(&t, GIST_NLI);
	gist_natt_put_type(&t, GIST_STACKCONF);
	gist_out_init(&n, scratch + 128, 64);
	gist_natt_put_nat(&n, gist_view("kept", 4));
	m->natt = (struct gist_natt){ .type_count = 2, .nat_count = 1, .mri = m->mri,
				      .types = finish(&t), .nats = finish(&n) };
	m->present |= GIST_BIT(GIST_NATT);
}

static void handshake(void)
{
	struct gist_message m = base(GIST_QUERY, GIST_DATAGRAM);

	m.head.context_free = m.head.reply = true;
	m.present |= GIST_BIT(GIST_NLI) | GIST_BIT(GIST_QUERY_COOKIE);
	put_natt(&m);
	put_stack(&m);
	datagram(&m);
	m.head.type = GIST_RESPONSE;
	m.head.context_free = false;
	m.mri.upstream = true;
	m.present |= GIST_BIT(GIST_RESPONDER_COOKIE);
	put_stack(&m);
	datagram(&m);
	m = base(GIST_QUERY, GIST_DATAGRAM);
	m.head.context_free = m.head.reply = true;
	m.mri = (struct gist_mri){ .method = GIST_MRM_LOOSE, .source = { 6, { 0x20, 1 } },
				   .destination = { 6, { 0x20, 2 } } };
	m.present |= GIST_BIT(GIST_NLI) | GIST_BIT(GIST_QUERY_COOKIE);
	datagram(&m);
}

/* A Query without cookie, and the Error it draws. */
static void error(void)
{
	const struct gist_nli own = { .ttl = 1, .validity = 1, .identity = { sid, 4 },
				      .address = { 4, { 198, 51, 100, 2 } } };
	const struct gist_reply reply = { .hops = 1, .source = true, .nli = &own,
					  .comment = true };
	struct gist_message m = base(GIST_QUERY, GIST_DATAGRAM), bad;
	struct gist_fault fault;
	struct gist_out o;

	m.head.context_free = m.head.reply = true;
	m.present |= GIST_BIT(GIST_NLI) | GIST_BIT(GIST_QUERY_COOKIE);
	gist_out_init(&o, payload, sizeof(payload));
	gist_message_put(&o, &m);
	finish(&o);
	payload[3] = (uint8_t)(payload[3] - 3);
	if (gist_message_parse(&bad, gist_view(payload, o.len - 12), GIST_DATAGRAM, 0,
			       &fault) != GIST_REFUSE)
		exit(1);
	gist_out_init(&o, buf, sizeof(buf));
	gist_magic_put(&o);
	gist_reply_put(&o, &bad, &fault, &reply);
	printf("%u.0" DATAGRAM, when++);
	hex(finish(&o));
}

/* A Data message with @n in @o, as a stream has it. */
static void data(struct gist_out *o, const struct nslp_message *n)
{
	struct gist_message m = base(GIST_DATA, GIST_CONNECTION);
	struct gist_out p;

	gist_out_init(&p, payload, sizeof(payload));
	nslp_message_put(&p, n, 0);
	m.nslp_data = finish(&p);
	m.present |= GIST_BIT(GIST_NSLP_DATA);
	gist_message_put(o, &m);
}

static struct nslp_message request(unsigned int type)
{
	struct nslp_message n = {
		.type = (uint8_t)type, .lifetime = 1575, .efi = { NSLP_ALLOW, 1 },
		.nonce = 0xdeadbeef, .msn = 7,
		.present = NSLP_BIT(NSLP_LIFETIME) | NSLP_BIT(NSLP_EFI) | NSLP_BIT(NSLP_MSN),
	};

	return n;
}

static void put_auth(struct nslp_message *n)
{
	static const uint16_t types[] = { NSLP_LIFETIME, NSLP_MSN };
	const struct nslp_hmac_key key = { 77, NSLP_HMAC_SHA2_256_128, { sid, 16 } };
	const struct address source = { 4, { 192, 0, 2, 1 } };
	struct gist_out a;

	gist_out_init(&a, scratch + 256, 256);
	nslp_hmac_put(&a, &key, &source, 1, types, 2);
	n->auth = finish(&a);
}

static void external(struct gist_out *o)
{
	struct nslp_message n = request(NSLP_EXTERNAL);

	n.proxy = n.beyond = true;
	n.dtinfo = (struct nslp_dtinfo){ .has_protocol = true, .protocol = 1, .prefix = 24,
					 .sender = { 203, 0, 113, 0 } };
	n.binding = (struct nslp_binding){ 31000, 4, gist_view("\n\0\0\2\n\0\1\2", 8) };
	n.icmp.types = gist_view("\10\0\13", 3);
	n.present |= NSLP_BIT(NSLP_DTINFO) | NSLP_BIT(NSLP_BINDING) | NSLP_BIT(NSLP_ICMP) |
		NSLP_BIT(NSLP_NONCE);
	data(o, &n);
	n.present &= ~NSLP_BIT(NSLP_ICMP);
	n.dtinfo = (struct nslp_dtinfo){ .has_protocol = true, .protocol = 50, .has_spi = true,
					 .spi = 0x1234 };
	data(o, &n);
}

static void answers(struct gist_out *o)
{
	struct nslp_message r, n = request(NSLP_CREATE);

	nslp_message_answer(&r, &n, NSLP_SUCCESS, 0);
	r.lifetime = 300;
	r.external = (struct nslp_external){ 45000, 4, { 192, 0, 2, 79 } };
	r.present |= NSLP_BIT(NSLP_LIFETIME) | NSLP_BIT(NSLP_EXTERNAL_IP);
	data(o, &r);
	nslp_message_answer(&r, &n, NSLP_UNKNOWN_ACTION, NSLP_EFI);
	data(o, &r);
	r = (struct nslp_message){ .type = NSLP_NOTIFY, .present = NSLP_BIT(NSLP_INFO),
				   .info = { NSLP_ROUTE_CHANGE, 0 } };
	data(o, &r);
}

static void hello(struct gist_out *o)
{
	struct gist_message m = base(GIST_MA_HELLO, GIST_CONNECTION);

	m.head.nslpid = 0;
	m.head.reply = true;
	m.hello = 0x12345678;
	m.present = GIST_BIT(GIST_HELLO_ID);
	gist_message_put(o, &m);
}

static void association(void)
{
	struct gist_message m = base(GIST_CONFIRM, GIST_CONNECTION);
	struct nslp_message n = request(NSLP_CREATE);
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	m.present |= GIST_BIT(GIST_NLI) | GIST_BIT(GIST_RESPONDER_COOKIE);
	put_stack(&m);
	m.stackconf.count = 0;
	m.stackconf.options.len = 0;
	gist_message_put(&o, &m);
	put_auth(&n);
	data(&o, &n);
	segments(finish(&o), 0);
	gist_out_init(&o, buf, sizeof(buf));
	external(&o);
	answers(&o);
	hello(&o);
	segments(finish(&o), 50);
}

int main(void)
{
	handshake();
	error();
	association();
	return 0;
}
