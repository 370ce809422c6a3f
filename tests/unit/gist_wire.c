// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The codec of GIST messages, userd/gist.
 *
 * natfw-test: quick timeout=120
 */
#include <errno.h>

#include "gist/frame.h"
#include "gist/message.h"
#include "gist/reply.h"
#include "ktap.h"
#include "octets.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PC4	"00000005 000048c0 c0000201 c6336402 20201100 0fa01388"
#define SID	"00010004 00112233 44556677 8899aabb ccddeeff"
#define NLI	"00020004 04404000 00007530 0a000001 c0000209"
#define COOKIE	"00050002 01020304 05060708"
#define RCOOKIE	"00060001 a1a2a3a4"
#define STACKQ	"00030002 01000000 01010000 00040003 01000000 00007530 01010000"
#define STACKR	"00030003 02000000 02020100 01010000" \
		"00040006 02000000 00007530 01010200 17eb0000 01020200 153e0000"
#define PAYLOAD	"00080002 01000000 deadbeef"
#define NATT	"00070008 05020100 000048c0 0a000001 c6336402 20201100 0fa01388 00020004 00020102"

/* --- helpers --------------------------------------------------------------------------- */

static struct gist_message msg;
static struct gist_fault fault;
static uint8_t buf[70000];

static enum gist_verdict parse(const struct octets *o, enum gist_mode mode)
{
	return gist_message_parse(&msg, octets_view(o), mode, 0, &fault);
}

/* A message of @type with @flags (octets 6 and 7), its length put in. */
static void make(struct octets *o, unsigned int flags, const char *objects)
{
	static const char head[] = "010a0000 00210000";
	struct octets rest;

	octets_hex(o, head, GIST_HEADER_SIZE);
	octets_hex(&rest, objects, 0);
	octets_insert(o, o->len, rest.b, rest.len);
	o->b[6] = flags >> 8;
	o->b[7] = (uint8_t)flags;
}

static void fix_length(struct octets *o)
{
	size_t words = (o->len - o->head) / 4;

	o->b[2] = (uint8_t)(words >> 8);
	o->b[3] = (uint8_t)words;
}

#define QUERY	0x80c0
#define RESP	0x01c0
#define CONFIRM	0x0280
#define DATA	0x0380
#define HELLO	0x0580

static void make_fixed(struct octets *o, unsigned int flags, const char *objects)
{
	make(o, flags, objects);
	if (flags == HELLO || flags == HELLO + 0x40)
		o->b[5] = 0;
	fix_length(o);
}

static const struct gist_nli own = {
	.ttl = 64, .validity = 30000,
	.identity = { (const uint8_t *)"me", 2 },
	.address = { 4, { 192, 0, 2, 1 } },
};

/* The additional information that A.4.4 asks for with @f. */
static void check_infos(const struct gist_error *e, const struct gist_fault *f)
{
	struct gist_info info;

	if (f->code == GIST_E_HEADER && f->subcode == GIST_E_LENGTH) {
		EXPECT(gist_error_find(e, GIST_INFO_LENGTH, &info));
		EXPECT_EQ(gist_get16(info.value.data), f->words);
	} else if (f->code == GIST_E_OBJECT) {
		EXPECT(gist_error_find(e, GIST_INFO_OBJECT_TYPE, &info));
		EXPECT_EQ(gist_get16(info.value.data), f->type);
	} else if (f->code == GIST_E_VALUE) {
		EXPECT_EQ(e->info_count, f->subcode == GIST_E_STACK_MISMATCH ? 2 : 1);
		EXPECT(gist_error_find(e, GIST_INFO_OBJECT_VALUE, &info));
		EXPECT_EQ(gist_get16(info.value.data), f->object[0].tlv.len / 4);
		EXPECT_EQ(gist_get16(info.value.data + 2), f->object[0].offset);
		EXPECT(gist_view_equal(gist_view(info.value.data + 4, info.value.len - 4),
				       f->object[0].tlv));
	} else {
		EXPECT_EQ(e->info_count, 0);
	}
}

static void check_error(const struct gist_error *e, const struct gist_message *orig)
{
	EXPECT_EQ(e->code, fault.code);
	EXPECT_EQ(e->subcode, fault.subcode);
	EXPECT_EQ(e->class, gist_error_class(fault.code));
	EXPECT(!memcmp(e->header, orig->octets.data, GIST_HEADER_SIZE));
	EXPECT_EQ(e->datagram, orig->mode == GIST_DATAGRAM);
	EXPECT_EQ(e->qmode, gist_message_qmode(orig));
	if (fault.code == GIST_E_HEADER) {
		EXPECT(!e->sid && !e->mri.len);
	} else {
		EXPECT_EQ(!!e->sid, gist_message_has(orig, GIST_SID));
		EXPECT_EQ(!!e->mri.len, gist_message_has(orig, GIST_MRI));
	}
	check_infos(e, &fault);
}

/* The Error that answers the message just parsed is well formed and says what it must. */
static void check_reply(void)
{
	const struct gist_reply reply = { .hops = 10, .source = true, .nli = &own,
					  .comment = true };
	struct gist_message e;
	struct gist_fault f;
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	gist_reply_put(&o, &msg, &fault, &reply);
	if (!EXPECT_EQ(o.error, 0))
		return;
	EXPECT_EQ(gist_message_parse(&e, gist_out_view(&o), msg.mode, 0, &f), GIST_ACCEPT);
	EXPECT_EQ(e.head.nslpid, 0);
	EXPECT_EQ(gist_message_has(&e, GIST_NATT), gist_message_has(&msg, GIST_NATT));
	check_error(&e.error, &msg);
}

/* @o is refused with @code/@subcode, and the Error sent back is right. */
static bool refused(const struct octets *o, enum gist_mode mode, unsigned int code,
		    unsigned int subcode)
{
	bool ok = EXPECT_EQ(parse(o, mode), GIST_REFUSE);

	ok &= EXPECT_EQ(fault.code, code);
	ok &= EXPECT_EQ(fault.subcode, subcode);
	if (ok)
		check_reply();
	return ok;
}

static bool refused_objects(unsigned int flags, enum gist_mode mode, const char *objects,
			    unsigned int code, unsigned int subcode)
{
	struct octets o;

	make_fixed(&o, flags, objects);
	return refused(&o, mode, code, subcode);
}

/* @o is accepted and written again as it was. */
static void round_trip(const struct octets *o, enum gist_mode mode)
{
	struct gist_out out;

	if (!EXPECT_EQ(parse(o, mode), GIST_ACCEPT)) {
		printf("# %u/%u %s\n", fault.code, fault.subcode, fault.why);
		return;
	}
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, &msg);
	EXPECT_EQ(out.error, 0);
	EXPECT(octets_are(o, gist_out_view(&out)));
}

static void round_trip_objects(unsigned int flags, enum gist_mode mode, const char *objects)
{
	struct octets o;

	make_fixed(&o, flags, objects);
	round_trip(&o, mode);
}

/* One of each message, and how it travels. */
static const struct sample {
	unsigned int flags;
	enum gist_mode mode;
	const char *objects;
} samples[] = {
	{ QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE },
	{ QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE STACKQ PAYLOAD },
	{ QUERY, GIST_DATAGRAM, NATT PC4 SID NLI COOKIE STACKQ },
	{ RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE RCOOKIE STACKR },
	{ RESP, GIST_DATAGRAM, NATT PC4 SID NLI COOKIE RCOOKIE STACKR PAYLOAD },
	{ 0x0180, GIST_CONNECTION, PC4 SID NLI COOKIE },
	{ CONFIRM, GIST_DATAGRAM, PC4 SID NLI RCOOKIE },
	{ CONFIRM, GIST_CONNECTION, PC4 SID NLI RCOOKIE "00030003 02000000 02020100 01010000"
		"00040002 00000000 00007530" PAYLOAD },
	{ DATA, GIST_DATAGRAM, PC4 SID NLI PAYLOAD },
	{ 0x8380, GIST_DATAGRAM, NATT PC4 SID NLI PAYLOAD },
	{ DATA, GIST_CONNECTION, PC4 SID PAYLOAD },
	{ 0x03a0, GIST_CONNECTION, PC4 SID PAYLOAD },
	{ HELLO, GIST_CONNECTION, "000a0001 00000000" },
	{ HELLO + 0x40, GIST_CONNECTION, "000a0001 12345678" },
};

/* --- common header --------------------------------------------------------------------- */

static void test_header_fields(void)
{
	struct octets o;

	make_fixed(&o, 0x8040, PC4 SID NLI COOKIE);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	EXPECT_EQ(msg.head.version, 1);
	EXPECT_EQ(msg.head.hops, 10);
	EXPECT_EQ(gist_header_total(&msg.head), o.len);
	EXPECT_EQ(msg.head.nslpid, GIST_NSLPID_NATFW);
	EXPECT_EQ(msg.head.type, GIST_QUERY);
	EXPECT(msg.head.context_free && msg.head.reply);
	EXPECT(!msg.head.source && !msg.head.explicit_route);
	o.b[7] |= 0x80;
	round_trip(&o, GIST_DATAGRAM);
	EXPECT(msg.head.source);
	o.b[7] |= 0x1f;
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
}

static void test_version(void)
{
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	o.b[0] = 2;
	refused(&o, GIST_DATAGRAM, 1, 0);
	refused(&o, GIST_CONNECTION, 1, 0);
}

static void test_type(void)
{
	unsigned int type;

	for (type = 6; type < 128; type++)
		refused_objects(0x0080 | type << 8, type % 2, PC4 SID PAYLOAD, 1, 1);
}

static void test_r_flag(void)
{
	refused_objects(0x8080, GIST_DATAGRAM, PC4 SID NLI COOKIE, 1, 2);
	refused_objects(0x02c0, GIST_DATAGRAM, PC4 SID NLI, 1, 2);
	refused_objects(0x03c0, GIST_CONNECTION, PC4 SID PAYLOAD, 1, 2);
}

static void test_r_flag_cookie(void)
{
	refused_objects(0x0180, GIST_DATAGRAM, PC4 SID NLI COOKIE RCOOKIE, 1, 2);
	round_trip_objects(RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE);
}

static void test_e_flag(void)
{
	refused_objects(QUERY | 0x20, GIST_DATAGRAM, PC4 SID NLI COOKIE, 1, 4);
	refused_objects(RESP | 0x20, GIST_DATAGRAM, PC4 SID NLI COOKIE, 1, 4);
	refused_objects(CONFIRM | 0x20, GIST_CONNECTION, PC4 SID NLI, 1, 4);
	refused_objects(HELLO | 0x20, GIST_CONNECTION, "000a0001 00000000", 1, 4);
}

static void test_c_flag(void)
{
	refused_objects(0x00c0, GIST_DATAGRAM, PC4 SID NLI COOKIE, 1, 5);
	refused_objects(0x81c0, GIST_DATAGRAM, PC4 SID NLI COOKIE, 1, 5);
	refused_objects(0x8280, GIST_DATAGRAM, PC4 SID NLI, 1, 5);
	refused_objects(0x8380, GIST_CONNECTION, PC4 SID PAYLOAD, 1, 5);
	refused_objects(0x8580, GIST_CONNECTION, "000a0001 00000000", 1, 5);
}

static void test_length(void)
{
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	o.b[3]++;
	refused(&o, GIST_DATAGRAM, 1, 3);
	EXPECT_EQ(fault.words, (o.len - 8) / 4);
	o.b[3] -= 2;
	refused(&o, GIST_DATAGRAM, 1, 3);
	EXPECT_EQ(fault.words, (o.len - 8) / 4);
	o.b[3]++;
	o.len++;
	refused(&o, GIST_DATAGRAM, 1, 3);
}

static void test_length_overrun(void)
{
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	octets_find(&o, GIST_QUERY_COOKIE, NULL)[3]++;
	refused(&o, GIST_DATAGRAM, 1, 3);
	EXPECT_EQ(fault.words, (o.len - 8) / 4 + 1);
}

static void test_hops(void)
{
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	o.b[1] = 0;
	refused(&o, GIST_DATAGRAM, 2, 0);
	o.b[1] = 1;
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	EXPECT_EQ(msg.head.hops, 1);
}

static void test_encapsulation(void)
{
	refused_objects(QUERY, GIST_CONNECTION, PC4 SID NLI COOKIE, 3, 0);
	refused_objects(HELLO, GIST_DATAGRAM, "000a0001 00000000", 3, 0);
	refused_objects(CONFIRM, GIST_DATAGRAM, PC4 SID NLI RCOOKIE
			"00030002 01000000 01010000", 3, 0);
}

static void test_too_short(void)
{
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	for (o.len = 0; o.len < GIST_HEADER_SIZE; o.len++)
		EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_DROP);
}

static void test_magic(void)
{
	const uint8_t bytes[] = { 0x4e, 0x04, 0xbd, 0xa5, 7 };
	struct gist_view v = gist_view(bytes, sizeof(bytes));
	struct gist_out o;

	EXPECT(gist_magic_strip(&v));
	EXPECT_EQ(v.len, 1);
	EXPECT(!gist_magic_strip(&v));
	v = gist_view(bytes, 3);
	EXPECT(!gist_magic_strip(&v));
	gist_out_init(&o, buf, sizeof(buf));
	gist_magic_put(&o);
	EXPECT(gist_view_equal(gist_out_view(&o), gist_view(bytes, 4)));
}

static void test_frames(void)
{
	struct gist_view stream, frame;
	struct octets o;
	size_t one, n;

	make_fixed(&o, HELLO, "000a0001 00000000");
	one = o.len;
	octets_insert(&o, one, o.b, one);
	for (n = 0; n <= o.len; n++) {
		stream = gist_view(o.b, n);
		EXPECT_EQ(gist_frame_next(&stream, &frame),
			  n < one ? GIST_FRAME_MORE : GIST_FRAME_MESSAGE);
		EXPECT_EQ(gist_frame_next(&stream, &frame),
			  n < 2 * one ? GIST_FRAME_MORE : GIST_FRAME_MESSAGE);
	}
	EXPECT_EQ(stream.len, 0);
	o.b[one] = 9;
	stream = gist_view(o.b + one, one);
	EXPECT_EQ(gist_frame_next(&stream, &frame), GIST_FRAME_LOST);
	EXPECT_EQ(gist_message_parse(&msg, frame, GIST_CONNECTION, 0, &fault), GIST_REFUSE);
	EXPECT_EQ(fault.code * 16 + fault.subcode, 0x10);
}

/* --- which objects --------------------------------------------------------------------- */

static void test_samples(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++)
		round_trip_objects(samples[i].flags, samples[i].mode, samples[i].objects);
}

static void lacks(unsigned int flags, enum gist_mode mode, const char *objects,
		  unsigned int type)
{
	struct octets o;

	make(&o, flags, objects);
	octets_cut(&o, type);
	fix_length(&o);
	refused(&o, mode, 9, 2);
	EXPECT_EQ(fault.type, type);
}

static void test_missing_query(void)
{
	static const uint8_t types[] = { GIST_MRI, GIST_SID, GIST_NLI, GIST_QUERY_COOKIE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		lacks(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE, types[i]);
		lacks(RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE, types[i]);
	}
}

static void test_missing_rest(void)
{
	lacks(CONFIRM, GIST_DATAGRAM, PC4 SID NLI, GIST_MRI);
	lacks(CONFIRM, GIST_DATAGRAM, PC4 SID NLI, GIST_SID);
	lacks(CONFIRM, GIST_CONNECTION, PC4 SID NLI, GIST_NLI);
	lacks(DATA, GIST_CONNECTION, PC4 SID PAYLOAD, GIST_MRI);
	lacks(DATA, GIST_CONNECTION, PC4 SID PAYLOAD, GIST_SID);
	lacks(DATA, GIST_CONNECTION, PC4 SID PAYLOAD, GIST_NSLP_DATA);
	lacks(DATA, GIST_DATAGRAM, PC4 SID NLI PAYLOAD, GIST_NLI);
	lacks(HELLO, GIST_CONNECTION, "000a0001 00000000", GIST_HELLO_ID);
}

static void test_missing_stack(void)
{
	lacks(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE STACKQ, GIST_PROPOSAL);
	lacks(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE STACKQ, GIST_STACKCONF);
	lacks(RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE RCOOKIE STACKR, GIST_PROPOSAL);
	lacks(RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE RCOOKIE STACKR, GIST_STACKCONF);
	lacks(RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE RCOOKIE STACKR, GIST_RESPONDER_COOKIE);
	lacks(CONFIRM, GIST_CONNECTION, PC4 SID NLI RCOOKIE STACKR, GIST_PROPOSAL);
	lacks(CONFIRM, GIST_CONNECTION, PC4 SID NLI RCOOKIE STACKR, GIST_RESPONDER_COOKIE);
	round_trip_objects(CONFIRM, GIST_CONNECTION, PC4 SID NLI RCOOKIE
			   "00030002 01000000 01010000");
}

static void test_duplicates(void)
{
	struct octets o;
	struct gist_view rest;
	struct gist_walk w;
	struct gist_tlv tlv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		make_fixed(&o, samples[i].flags, samples[i].objects);
		rest = gist_view(o.b + 8, o.len - 8);
		w = gist_walk(rest);
		while (gist_walk_next(&w, &tlv)) {
			struct octets twice = o;

			octets_double(&twice, tlv.type);
			fix_length(&twice);
			refused(&twice, samples[i].mode, 9, 0);
			EXPECT_EQ(fault.type, tlv.type);
		}
	}
}

static void test_not_allowed(void)
{
	refused_objects(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE "000a0001 00000000", 9, 3);
	EXPECT_EQ(fault.type, GIST_HELLO_ID);
	refused_objects(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE RCOOKIE, 9, 3);
	refused_objects(CONFIRM, GIST_DATAGRAM, NATT PC4 SID NLI, 9, 3);
	EXPECT_EQ(fault.type, GIST_NATT);
	refused_objects(CONFIRM, GIST_DATAGRAM, PC4 SID NLI COOKIE, 9, 3);
	refused_objects(DATA, GIST_DATAGRAM, PC4 SID NLI COOKIE PAYLOAD, 9, 3);
	refused_objects(DATA, GIST_CONNECTION, PC4 SID NLI PAYLOAD, 9, 3);
	EXPECT_EQ(fault.type, GIST_NLI);
	refused_objects(HELLO, GIST_CONNECTION, PC4 "000a0001 00000000", 9, 3);
}

static void test_order(void)
{
	refused_objects(QUERY, GIST_DATAGRAM, SID PC4 NLI COOKIE, 9, 3);
	EXPECT_EQ(fault.type, GIST_MRI);
	refused_objects(QUERY, GIST_DATAGRAM, PC4 NATT SID NLI COOKIE, 9, 3);
	refused_objects(QUERY, GIST_DATAGRAM, PC4 SID NLI STACKQ COOKIE, 9, 3);
	refused_objects(DATA, GIST_CONNECTION, PC4 PAYLOAD SID, 9, 3);
}

static void with_unknown(const struct sample *s, unsigned int ab, struct octets *o)
{
	make(o, s->flags, s->objects);
	octets_append(o, ab, 2000, 3);
	octets_append(o, ab, 2000, 0);
	o->b[5] = s->flags == HELLO ? 0 : o->b[5];
	fix_length(o);
}

static void test_unknown(void)
{
	struct octets o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		with_unknown(&samples[i], GIST_AB_MANDATORY, &o);
		refused(&o, samples[i].mode, 9, 1);
		EXPECT_EQ(fault.type, 2000);
		with_unknown(&samples[i], GIST_AB_RESERVED, &o);
		refused(&o, samples[i].mode, 9, 5);
		with_unknown(&samples[i], GIST_AB_IGNORE, &o);
		EXPECT_EQ(parse(&o, samples[i].mode), GIST_ACCEPT);
		EXPECT_EQ(msg.unknown, 2);
		with_unknown(&samples[i], GIST_AB_FORWARD, &o);
		EXPECT_EQ(parse(&o, samples[i].mode), GIST_ACCEPT);
	}
}

static void test_known_ab(void)
{
	struct octets o;
	unsigned int ab;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	for (ab = 0; ab < 3; ab++) {
		octets_find(&o, GIST_SID, NULL)[0] = (uint8_t)(ab << 6 | 0x30);
		EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	}
	octets_find(&o, GIST_SID, NULL)[0] = 0xc0;
	refused(&o, GIST_DATAGRAM, 9, 5);
	EXPECT_EQ(fault.type, GIST_SID);
}

static void test_relay(void)
{
	struct gist_view data = gist_view("\1\2\3\4", 4);
	struct octets o, want;
	struct gist_out out;

	make(&o, QUERY, NATT PC4 SID NLI COOKIE PAYLOAD);
	octets_append(&o, GIST_AB_FORWARD, 2001, 2);
	octets_append(&o, GIST_AB_IGNORE, 2002, 1);
	fix_length(&o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_relay(&out, &msg, NULL);
	want = o;
	want.b[1]--;
	EXPECT(octets_are(&want, gist_out_view(&out)));
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_relay(&out, &msg, &data);
	EXPECT_EQ(gist_message_parse(&msg, gist_out_view(&out), GIST_DATAGRAM, 0, &fault),
		  GIST_ACCEPT);
	EXPECT(gist_view_equal(msg.nslp_data, data));
	EXPECT_EQ(msg.unknown, 2);
	msg.head.hops = 1;
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_relay(&out, &msg, NULL);
	EXPECT_EQ(out.error, -EINVAL);
}

/* --- contents of objects --------------------------------------------------------------- */

static void query_with(struct octets *o, const char *mri)
{
	make(o, QUERY, mri);
	{
		struct octets rest;

		octets_hex(&rest, SID NLI COOKIE, 0);
		octets_insert(o, o->len, rest.b, rest.len);
	}
	fix_length(o);
}

static void good_mri(const char *mri)
{
	struct octets o;

	query_with(&o, mri);
	round_trip(&o, GIST_DATAGRAM);
}

static void bad_mri(const char *mri, unsigned int subcode, unsigned int offset)
{
	struct octets o;

	query_with(&o, mri);
	refused(&o, GIST_DATAGRAM, 10, subcode);
	EXPECT_EQ(fault.object[0].offset, offset);
	EXPECT_EQ(gist_get16(fault.object[0].tlv.data) & 0xfff, GIST_MRI);
}

#define A6	"20010db8 00000000 00000000 00000001 "
#define B6	"20010db8 00000000 00000000 00000002 "

static void test_mri4(void)
{
	good_mri(PC4);
	EXPECT(msg.mri.has_protocol && msg.mri.has_sport && msg.mri.has_dport);
	EXPECT(!msg.mri.upstream && !msg.mri.nat_free);
	EXPECT_EQ(msg.mri.sport, 4000);
	EXPECT_EQ(msg.mri.dport, 5000);
	EXPECT_EQ(msg.mri.protocol, 17);
	EXPECT_EQ(msg.mri.source.b[0], 192);
	EXPECT_EQ(msg.mri.destination.b[0], 198);
	good_mri("00000005 000048e0 c0000201 c6336402 20201100 0fa01388");
	EXPECT(msg.mri.upstream);
	good_mri("00000004 00004000 c0000201 c6336402 18200000");
	EXPECT_EQ(msg.mri.source_prefix, 24);
}

static void test_mri6(void)
{
	good_mri("0000000a 00006000" A6 B6 "80800000");
	good_mri("0000000c 00006ec0" A6 B6 "808011b8 000fffff 0fa01388");
	EXPECT(msg.mri.has_label && msg.mri.has_ds);
	EXPECT_EQ(msg.mri.label, 0xfffff);
	EXPECT_EQ(msg.mri.ds, 0x2e);
	good_mri("0000000b 00006900" A6 B6 "80803200 00001234");
	EXPECT_EQ(msg.mri.spi, 0x1234);
}

static void test_mri_spi(void)
{
	good_mri("00000005 00004900 c0000201 c6336402 20203200 00001234");
	EXPECT(msg.mri.has_spi);
	bad_mri("00000004 00004900 c0000201 c6336402 20203200", 0, 6);
}

static void test_mri_combination(void)
{
	bad_mri("00000005 00004200 c0000201 c6336402 20200000 00000001", 2, 6);
	bad_mri("00000005 00004100 c0000201 c6336402 20200000 00000001", 2, 6);
	bad_mri("00000005 00004080 c0000201 c6336402 20200000 00010001", 2, 7);
	bad_mri("00000005 00004040 c0000201 c6336402 20200000 00010001", 2, 7);
}

static void test_mri_value(void)
{
	bad_mri("00000005 780048c0 c0000201 c6336402 20201100 0fa01388", 1, 4);
	bad_mri("00000005 000058c0 c0000201 c6336402 20201100 0fa01388", 1, 6);
	bad_mri("00000005 000048c0 c0000201 c6336402 21201100 0fa01388", 1, 16);
	bad_mri("00000005 000048c0 c0000201 c6336402 20211100 0fa01388", 1, 17);
	bad_mri("0000000a 00006000" A6 B6 "81800000", 1, 40);
}

static void test_mri_length(void)
{
	bad_mri("00000004 000048c0 c0000201 c6336402 20201100", 0, 6);
	bad_mri("00000006 000048c0 c0000201 c6336402 20201100 0fa01388 00000000", 0, 6);
	bad_mri("00000000", 0, 4);
	bad_mri("00000001 000048c0", 0, 6);
	bad_mri("0000000a 00006200" A6 B6 "80800000", 0, 6);
	bad_mri("00000004 01004000 c0000201 c6336402 00000000", 0, 6);
}

static void test_mri_ignored(void)
{
	struct gist_mri first;
	struct octets o;

	query_with(&o, "00000004 00004000 c0000201 c6336402 20206300");
	parse(&o, GIST_DATAGRAM);
	first = msg.mri;
	query_with(&o, "00000004 00004000 c0000201 c6336402 202000fc");
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	EXPECT(gist_mri_equal(&first, &msg.mri));
}

static void test_mri_ports(void)
{
	struct gist_mri first;
	struct octets o;

	query_with(&o, "00000005 00004880 c0000201 c6336402 20201100 0fa01111");
	parse(&o, GIST_DATAGRAM);
	first = msg.mri;
	query_with(&o, "00000005 00004880 c0000201 c6336402 20201100 0fa02222");
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	EXPECT(gist_mri_equal(&first, &msg.mri));
	good_mri("00000005 00004880 c0000201 c6336402 20201100 00000000");
	EXPECT(msg.mri.has_sport && !msg.mri.has_dport && !msg.mri.sport);
	first = msg.mri;
	good_mri("00000004 00004800 c0000201 c6336402 20201100");
	EXPECT(!gist_mri_equal(&first, &msg.mri));
	good_mri("00000005 00004840 c0000201 c6336402 20201100 00001388");
}

static void test_mri_loose(void)
{
	struct octets o;

	good_mri("00000003 01004000 c0000201 c6336402");
	EXPECT(!msg.mri.upstream && msg.mri.method == GIST_MRM_LOOSE);
	good_mri("00000009 01006000" A6 B6);
	bad_mri("00000003 01004800 c0000201 c6336402", 1, 6);
	query_with(&o, "00000003 01004800 c0000201 c6336402");
	EXPECT_EQ(gist_message_parse(&msg, octets_view(&o), GIST_DATAGRAM,
				     GIST_ALLOW_LOOSE_UPSTREAM, &fault), GIST_ACCEPT);
	round_trip_objects(0x0180, GIST_DATAGRAM,
			   "00000003 01004800 c0000201 c6336402" SID NLI COOKIE);
	EXPECT(msg.mri.upstream);
}

static void test_mri_echo(void)
{
	struct octets o;
	struct gist_out out;
	struct gist_message r;

	query_with(&o, "00000005 0000489f c0000201 c6336402 202011ff 0fa01388");
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	r = msg;
	r.head.type = GIST_RESPONSE;
	r.head.context_free = false;
	r.echo = msg.tlv[GIST_MRI].value;
	r.mri.upstream = !msg.mri.upstream;
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, &r);
	EXPECT_EQ(out.error, 0);
	octets_find(&o, GIST_MRI, NULL)[7] ^= 0x20;
	EXPECT(!memcmp(out.data + 8, o.b + 8, o.len - 8));
}

static void test_mri_unsendable(void)
{
	struct gist_mri m = { .method = GIST_MRM_PATH, .source = { 4, { 1 } },
			      .destination = { 4, { 2 } }, .has_sport = true };
	struct gist_out out;

	gist_out_init(&out, buf, sizeof(buf));
	gist_mri_put(&out, &m);
	EXPECT_EQ(out.error, -EINVAL);
	m.has_protocol = m.has_spi = true;
	gist_out_init(&out, buf, sizeof(buf));
	gist_mri_put(&out, &m);
	EXPECT_EQ(out.error, -EINVAL);
	m.has_spi = false;
	m.source_prefix = 33;
	gist_out_init(&out, buf, sizeof(buf));
	gist_mri_put(&out, &m);
	EXPECT_EQ(out.error, -EINVAL);
}

static void resized(unsigned int flags, enum gist_mode mode, const char *objects,
		    unsigned int type, unsigned int words)
{
	struct octets o;

	make(&o, flags, objects);
	o.b[5] = flags == HELLO ? 0 : o.b[5];
	octets_resize(&o, type, words);
	fix_length(&o);
	refused(&o, mode, 10, 0);
}

static void test_sid(void)
{
	resized(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE, GIST_SID, 3);
	resized(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE, GIST_SID, 5);
	resized(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE, GIST_SID, 0);
}

static void test_sid_opaque(void)
{
	round_trip_objects(QUERY, GIST_DATAGRAM, PC4 "00010004 00000000 00000000 00000000 00000000"
			   NLI COOKIE);
	round_trip_objects(QUERY, GIST_DATAGRAM, PC4 "00010004 ffffffff ffffffff ffffffff ffffffff"
			   NLI COOKIE);
	EXPECT_EQ(msg.sid[15], 255);
}

static void good_nli(const char *nli, size_t identity)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s%s%s", PC4, SID, nli, COOKIE);
	round_trip_objects(QUERY, GIST_DATAGRAM, text);
	EXPECT_EQ(msg.nli.identity.len, identity);
}

static void bad_nli(const char *nli, unsigned int subcode, unsigned int offset)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s%s%s", PC4, SID, nli, COOKIE);
	refused_objects(QUERY, GIST_DATAGRAM, text, 10, subcode);
	EXPECT_EQ(fault.object[0].offset, offset);
}

static void test_nli(void)
{
	good_nli(NLI, 4);
	EXPECT_EQ(msg.nli.ttl, 64);
	EXPECT_EQ(msg.nli.validity, 30000);
	EXPECT_EQ(msg.nli.address.b[3], 9);
	good_nli("00020004 01404000 00007530 61000000 c0000209", 1);
	good_nli("00020005 05404000 00007530 61626364 65000000 c0000209", 5);
	good_nli("0002000a 10406000 00002710" A6 B6, 16);
	good_nli("00020003 00404000 00007530 c0000209", 0);
}

static void test_nli_bad(void)
{
	bad_nli("00020004 09404000 00007530 0a000001 c0000209", 0, 4);
	bad_nli("00020004 00404000 00007530 0a000001 c0000209", 0, 4);
	bad_nli("00020001 00404000", 0, 4);
	bad_nli("00020004 04405000 00007530 0a000001 c0000209", 1, 6);
	bad_nli("00020004 04404000 00000000 0a000001 c0000209", 1, 8);
	bad_nli("00020004 04404000 00007530 0a000001 e0000001", 1, 16);
	bad_nli("00020004 04404000 00007530 0a000001 ffffffff", 1, 16);
	bad_nli("00020004 04404000 00007530 0a000001 00000000", 1, 16);
}

static void query_stack(const char *stack, struct octets *o)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", PC4 SID NLI COOKIE, stack);
	make_fixed(o, QUERY, text);
}

static void bad_stack(const char *stack, unsigned int subcode, unsigned int offset)
{
	struct octets o;

	query_stack(stack, &o);
	refused(&o, GIST_DATAGRAM, 10, subcode);
	EXPECT_EQ(fault.object[fault.objects - 1].offset, offset);
}

#define CONF	"00040003 01000000 00007530 01000000"

static void test_proposal(void)
{
	struct gist_profile p;
	struct octets o;

	query_stack("00030003 02000000 02020100 01010000" CONF, &o);
	round_trip(&o, GIST_DATAGRAM);
	EXPECT(gist_proposal_get(&msg.proposal, 1, &p));
	EXPECT(p.count == 2 && p.layer[0] == GIST_MA_TLS && p.layer[1] == GIST_MA_TCP);
	EXPECT(gist_proposal_get(&msg.proposal, 2, &p) && p.count == 1);
	EXPECT(!gist_proposal_get(&msg.proposal, 3, &p));
	EXPECT(!gist_proposal_get(&msg.proposal, 0, &p));
	query_stack("00030003 01000000 05020103 04050000" CONF, &o);
	round_trip(&o, GIST_DATAGRAM);
	query_stack("00030002 01000000 020201ff" CONF, &o);
	round_trip(&o, GIST_DATAGRAM);
}

static void test_proposal_bad(void)
{
	bad_stack("00030001 00000000" CONF, 1, 4);
	bad_stack("00030002 00000000 01010000" CONF, 1, 4);
	bad_stack("00030004 03000000 01010000 00000000 01010000" CONF, 3, 12);
	bad_stack("00030002 01000000 00000000" CONF, 3, 8);
	bad_stack("00030002 02000000 01010000" CONF, 0, 12);
	bad_stack("00030002 01000000 09010203" CONF, 0, 8);
	bad_stack("00030003 01000000 01010000 01010000" CONF, 0, 12);
	bad_stack("00030000" CONF, 0, 4);
}

#define TCP	"00030002 01000000 01010000"

static void test_stackconf(void)
{
	struct gist_option option;
	struct octets o;

	query_stack(TCP "00040005 02000000 00007530 01010100 ff000000 01000080", &o);
	round_trip(&o, GIST_DATAGRAM);
	EXPECT_EQ(msg.stackconf.hold, 30000);
	EXPECT(gist_stackconf_find(&msg.stackconf, GIST_MA_TCP, 1, &option));
	EXPECT(option.data.len == 1 && !option.unusable);
	EXPECT(gist_stackconf_find(&msg.stackconf, GIST_MA_TCP, 2, &option));
	EXPECT(option.profile == 0 && option.unusable);
	EXPECT(!gist_stackconf_find(&msg.stackconf, GIST_MA_TLS, 1, &option));
}

static void test_stackconf_bad(void)
{
	bad_stack(TCP "00040001 01000000", 0, 4);
	bad_stack(TCP "00040003 01000000 00000000 01000000", 1, 8);
	bad_stack(TCP "00040002 01000000 00007530", 0, 12);
	bad_stack(TCP "00040003 01000000 00007530 01000100", 0, 12);
	bad_stack(TCP "00040004 01000000 00007530 01000000 00000000", 0, 16);
}

static void test_mismatch(void)
{
	bad_stack(TCP "00040003 01000000 00007530 02000000", 5, 12);
	bad_stack(TCP "00040004 02000000 00007530 01000000 01090000", 5, 16);
	bad_stack(TCP "00040002 00000000 00007530", 5, 4);
	EXPECT_EQ(gist_get16(fault.object[0].tlv.data), GIST_PROPOSAL);
	EXPECT_EQ(gist_get16(fault.object[1].tlv.data), GIST_STACKCONF);
}

static void response_tcp(const char *conf, struct octets *o)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", PC4 SID NLI COOKIE RCOOKIE TCP, conf);
	make_fixed(o, RESP, text);
}

static void test_tcp_port(void)
{
	struct gist_option option;
	struct octets o;

	response_tcp("00040004 01000000 00007530 01010200 17eb0000", &o);
	round_trip(&o, GIST_DATAGRAM);
	EXPECT(gist_stackconf_find(&msg.stackconf, GIST_MA_TCP, 1, &option));
	EXPECT_EQ(gist_option_tcp_port(&option), 6123);
	response_tcp("00040004 01000000 00007530 01010400 17eb0000", &o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	response_tcp("00040003 01000000 00007530 01010000", &o);
	refused(&o, GIST_DATAGRAM, 10, 0);
	response_tcp("00040004 01000000 00007530 01010200 00000000", &o);
	refused(&o, GIST_DATAGRAM, 10, 1);
	response_tcp("00040003 01000000 00007530 01010080", &o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
}

static void test_stack_build(void)
{
	static const uint8_t layers[] = { GIST_MA_TLS, GIST_MA_TCP };
	uint8_t profiles[16], options[16];
	struct gist_out p, c, out;
	struct octets o;

	query_stack("", &o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	gist_out_init(&p, profiles, sizeof(profiles));
	gist_profile_put(&p, layers, 2);
	gist_profile_put(&p, layers + 1, 1);
	gist_out_init(&c, options, sizeof(options));
	gist_option_put_tcp(&c, 0, 0);
	msg.proposal = (struct gist_proposal){ 0, 2, gist_out_view(&p) };
	msg.stackconf = (struct gist_stackconf){ 1, 30000, gist_out_view(&c) };
	msg.present |= GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, &msg);
	query_stack("00030003 02000000 02020100 01010000 00040003 01000000 00007530 01000000",
		    &o);
	EXPECT(octets_are(&o, gist_out_view(&out)));
	gist_out_init(&c, options, sizeof(options));
	gist_option_put_tcp(&c, 3, 6123);
	EXPECT(gist_view_equal(gist_out_view(&c),
			       gist_view("\1\3\2\0\x17\xeb\0\0", 8)));
}

static void test_cookies(void)
{
	char text[2048];
	unsigned int words, i;
	size_t n;

	for (words = 1; words <= 64; words *= 4) {
		n = (size_t)snprintf(text, sizeof(text), "%s 0005%04x", PC4 SID NLI, words);
		for (i = 0; i < words; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%08x", i * 77);
		round_trip_objects(QUERY, GIST_DATAGRAM, text);
		EXPECT_EQ(msg.query_cookie.len, words * 4);
	}
	resized(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE, GIST_QUERY_COOKIE, 0);
	resized(RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE RCOOKIE, GIST_RESPONDER_COOKIE, 0);
	round_trip_objects(RESP, GIST_DATAGRAM, PC4 SID NLI COOKIE
			   "00060004 01020304 05060708 090a0b0c 0d0e0f10");
}

static void test_hello(void)
{
	round_trip_objects(HELLO, GIST_CONNECTION, "000a0001 00000000");
	EXPECT_EQ(msg.head.words, 2);
	round_trip_objects(HELLO + 0x40, GIST_CONNECTION, "000a0001 12345678");
	EXPECT_EQ(msg.hello, 0x12345678);
	refused_objects(HELLO + 0x40, GIST_CONNECTION, "000a0001 00000000", 10, 1);
	EXPECT_EQ(gist_get16(fault.object[0].tlv.data), GIST_HELLO_ID);
	resized(HELLO, GIST_CONNECTION, "000a0001 00000000", GIST_HELLO_ID, 2);
	resized(HELLO, GIST_CONNECTION, "000a0001 00000000", GIST_HELLO_ID, 0);
}

static void test_nslp_data(void)
{
	round_trip_objects(DATA, GIST_CONNECTION, PC4 SID "00080000");
	round_trip_objects(QUERY, GIST_DATAGRAM, PC4 SID NLI COOKIE PAYLOAD);
	EXPECT_EQ(msg.nslp_data.len, 8);
	msg.nslp_data.len = 5;
	{
		struct gist_out out;

		gist_out_init(&out, buf, sizeof(buf));
		gist_message_put(&out, &msg);
		EXPECT_EQ(out.error, -EINVAL);
	}
}

static void query_natt(const char *natt, struct octets *o)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", natt, PC4 SID NLI COOKIE STACKQ);
	make_fixed(o, QUERY, text);
}

#define INNER	"000048c0 0a000001 c6336402 20201100 0fa01388"

static void test_natt(void)
{
	struct gist_view rest, data;
	struct octets o;

	query_natt(NATT, &o);
	round_trip(&o, GIST_DATAGRAM);
	EXPECT_EQ(msg.natt.mri.source.b[0], 10);
	EXPECT(gist_natt_lists(&msg.natt, GIST_NLI));
	EXPECT(gist_natt_lists(&msg.natt, GIST_STACKCONF));
	EXPECT(!gist_natt_lists(&msg.natt, GIST_MRI));
	rest = msg.natt.nats;
	EXPECT(gist_natt_next(&rest, &data) && data.len == 2 && data.data[1] == 2);
	EXPECT(!gist_natt_next(&rest, &data));
	query_natt("0007000c 05010402" INNER "00020000 00000000 00010500 00020506"
		   "00060102 03040506", &o);
	o.b[8 + 4 + 3] = 0x77;
	round_trip(&o, GIST_DATAGRAM);
	EXPECT_EQ(msg.natt.nat_count, 4);
}

static void bad_natt(const char *natt, unsigned int subcode)
{
	struct octets o;

	query_natt(natt, &o);
	refused(&o, GIST_DATAGRAM, 10, subcode);
	EXPECT(!gist_message_has(&msg, GIST_NATT));
}

static void test_natt_bad(void)
{
	bad_natt("00070000", 0);
	bad_natt("00070001 05020100", 0);
	bad_natt("00070006 05020000" INNER, 0);
	bad_natt("00070007 05010200" INNER "00020000", 0);
	bad_natt("00070008 05010100" INNER "00020000 00070000", 0);
	bad_natt("00070008 05010100" INNER "00020000 ffff0000", 0);
	bad_natt("00070008 05010000" INNER "00020000 00000000", 0);
	bad_natt("00070002 00010000 00020000", 0);
	bad_natt("00070007 05010000 000041c0 0a000001 c6336402 20201100 0fa01388 00020000", 2);
	bad_natt("00070007 05010000 780048c0 0a000001 c6336402 20201100 0fa01388 00020000", 1);
}

static void test_natt_check(void)
{
	struct octets o;

	query_natt(NATT, &o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	EXPECT(gist_message_natt_check(&msg, &fault));
	query_natt("00070007 05010000" INNER "00040000", &o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	EXPECT(!gist_message_natt_check(&msg, &fault));
	EXPECT_EQ(fault.code * 16 + fault.subcode, 0x94);
	EXPECT_EQ(fault.type, GIST_NLI);
	check_reply();
	query_natt("00070007 05010000" INNER "00020000", &o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	EXPECT(!gist_message_natt_check(&msg, &fault));
	EXPECT_EQ(fault.type, GIST_STACKCONF);
}

static void test_natt_build(void)
{
	uint8_t types[8], nats[16];
	struct gist_out t, n, out;
	struct gist_natt natt = { .type_count = 2, .nat_count = 1 };
	struct octets o;

	query_natt(NATT, &o);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	gist_out_init(&t, types, sizeof(types));
	gist_natt_put_type(&t, GIST_NLI);
	gist_natt_put_type(&t, GIST_STACKCONF);
	gist_out_init(&n, nats, sizeof(nats));
	gist_natt_put_nat(&n, gist_view("\1\2", 2));
	natt.mri = msg.natt.mri;
	natt.types = gist_out_view(&t);
	natt.nats = gist_out_view(&n);
	gist_out_init(&out, buf, sizeof(buf));
	gist_natt_put(&out, &natt);
	EXPECT_EQ(out.error, 0);
	EXPECT(gist_view_equal(gist_out_view(&out), msg.tlv[GIST_NATT].all));
}

/* --- Error ----------------------------------------------------------------------------- */

#define EHEAD	"00020000 "
#define ORIG	"010a001e 002180c0 "

static void error_is(enum gist_verdict want, const char *object)
{
	char text[1024];
	struct octets o;

	snprintf(text, sizeof(text), "%s%s", NLI, object);
	make_fixed(&o, 0x0480, text);
	o.b[5] = 0;
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), want);
}

static void test_error_parse(void)
{
	struct gist_info info;

	error_is(GIST_ACCEPT, "00090010 02000902 f8000501" ORIG
		 "00112233 44556677 8899aabb ccddeeff"
		 "000048c0 c0000201 c6336402 20201100 0fa01388"
		 "00030001 00010000 61620000");
	EXPECT_EQ(msg.error.code, 9);
	EXPECT_EQ(msg.error.subcode, 2);
	EXPECT(msg.error.datagram && msg.error.qmode && msg.error.sid);
	EXPECT_EQ(msg.error.mri.len, 20);
	EXPECT(gist_view_equal(msg.error.comment, gist_view("ab", 2)));
	EXPECT(gist_error_find(&msg.error, GIST_INFO_OBJECT_TYPE, &info));
	EXPECT_EQ(gist_get16(info.value.data), GIST_SID);
}

static void test_error_extra_info(void)
{
	struct gist_info info;

	error_is(GIST_ACCEPT, "00090009 02000902 00000003" ORIG
		 "00020001 05dc0000 00990000 00030001 00010000");
	EXPECT(gist_error_find(&msg.error, GIST_INFO_OBJECT_TYPE, &info));
	EXPECT(gist_error_find(&msg.error, GIST_INFO_MTU, &info));
	EXPECT_EQ(gist_get16(info.value.data), 1500);
}

static void test_error_never_answered(void)
{
	const struct gist_reply reply = { .hops = 1, .nli = &own };
	struct gist_out out;
	struct octets o;

	error_is(GIST_DROP, "00090003 02000902 00000000 010a001e");
	error_is(GIST_DROP, "00090004 02000902 00000001" ORIG);
	error_is(GIST_DROP, "00090004 02000902 80000000" ORIG);
	error_is(GIST_DROP, "00090005 02000902 00000000" ORIG "00000000");
	error_is(GIST_DROP, "07d00000");
	error_is(GIST_DROP, "");
	make_fixed(&o, 0x0480, NLI "00090004 02000902 00000000" ORIG);
	o.b[0] = 2;
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_DROP);
	o.b[0] = 1;
	o.b[1] = 0;
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_DROP);
	o.b[1] = 3;
	o.b[7] |= 0x40;
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	gist_out_init(&out, buf, sizeof(buf));
	gist_reply_put(&out, &msg, &fault, &reply);
	EXPECT_EQ(out.error, -EINVAL);
}

static void test_error_nli(void)
{
	struct octets o;

	make_fixed(&o, 0x0480, "00090004 02000500 10000000" ORIG);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_DROP);
	o.b[5] = 0;
	round_trip(&o, GIST_CONNECTION);
}

static void test_error_comment(void)
{
	static const size_t want[] = { 0, 4, 4, 4, 8, 8 };
	const uint8_t header[8] = { 1 };
	struct gist_error e = { .header = header };
	struct gist_out out;
	size_t n, empty = 0;

	for (n = 0; n < ARRAY_SIZE(want); n++) {
		e.comment = gist_view("comment", n);
		gist_out_init(&out, buf, sizeof(buf));
		gist_error_put(&out, &e);
		EXPECT_EQ(out.error, 0);
		empty = n ? empty : out.len;
		EXPECT_EQ(out.len - empty, want[n]);
	}
}

/* What the state machines report, through the same reply. */
static void reported(unsigned int code, unsigned int subcode)
{
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	gist_fault_plain(&fault, code, subcode, "test");
	check_reply();
}

static void test_error_catalogue(void)
{
	unsigned int code;

	for (code = 2; code <= 7; code++)
		reported(code, 0);
	reported(11, 0);
	EXPECT_EQ(gist_error_class(2), GIST_CLASS_PERMANENT);
	EXPECT_EQ(gist_error_class(3), GIST_CLASS_PROTOCOL);
	EXPECT_EQ(gist_error_class(4), GIST_CLASS_PROTOCOL);
	EXPECT_EQ(gist_error_class(5), GIST_CLASS_PROTOCOL);
	EXPECT_EQ(gist_error_class(6), GIST_CLASS_PERMANENT);
	EXPECT_EQ(gist_error_class(7), GIST_CLASS_PERMANENT);
	EXPECT_EQ(gist_error_class(11), GIST_CLASS_PERMANENT);
	EXPECT_EQ(gist_error_class(12), GIST_CLASS_PERMANENT);
}

static void test_error_mtu(void)
{
	const struct gist_reply reply = { .hops = 1, .nli = &own };
	struct gist_info info;
	struct gist_out out;
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	gist_fault_mtu(&fault, 1280);
	gist_out_init(&out, buf, sizeof(buf));
	gist_reply_put(&out, &msg, &fault, &reply);
	EXPECT_EQ(gist_message_parse(&msg, gist_out_view(&out), GIST_DATAGRAM, 0, &fault),
		  GIST_ACCEPT);
	EXPECT_EQ(msg.error.code, 8);
	EXPECT_EQ(msg.error.class, GIST_CLASS_PERMANENT);
	EXPECT(gist_error_find(&msg.error, GIST_INFO_MTU, &info));
	EXPECT_EQ(gist_get16(info.value.data), 1280);
}

static void test_error_mri(void)
{
	const struct gist_reply reply = { .hops = 1, .nli = &own };
	struct gist_info info;
	struct gist_out out;
	struct octets o;
	unsigned int sub;

	for (sub = 0; sub < 3; sub++) {
		make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
		EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
		gist_fault_mri(&fault, sub, &msg.tlv[GIST_MRI], 17, "too wild");
		gist_out_init(&out, buf, sizeof(buf));
		gist_reply_put(&out, &msg, &fault, &reply);
		EXPECT_EQ(gist_message_parse(&msg, gist_out_view(&out), GIST_DATAGRAM, 0,
					     &fault), GIST_ACCEPT);
		EXPECT_EQ(msg.error.code * 16 + msg.error.subcode, 0xc0 + sub);
		EXPECT(gist_error_find(&msg.error, GIST_INFO_OBJECT_VALUE, &info));
		EXPECT_EQ(gist_get16(info.value.data), 6);
		EXPECT_EQ(gist_get16(info.value.data + 2), 17);
		EXPECT(!memcmp(info.value.data + 4, o.b + 8, 24));
	}
}

static void test_error_salvage(void)
{
	struct octets o;

	query_with(&o, "00000005 000058c0 c0000201 c6336402 20201100 0fa01388");
	refused(&o, GIST_DATAGRAM, 10, 1);
	EXPECT(!gist_message_has(&msg, GIST_MRI) && gist_message_has(&msg, GIST_SID));
	make(&o, QUERY, PC4 SID NLI);
	fix_length(&o);
	refused(&o, GIST_DATAGRAM, 9, 2);
	EXPECT(gist_message_has(&msg, GIST_MRI) && gist_message_has(&msg, GIST_SID));
}

static void test_error_address(void)
{
	const struct address source = { 4, { 203, 0, 113, 1 } };
	struct address to;
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	parse(&o, GIST_DATAGRAM);
	EXPECT(gist_reply_address(&msg, &source, &to) && to.b[3] == 9);
	make_fixed(&o, QUERY, PC4 SID COOKIE);
	parse(&o, GIST_DATAGRAM);
	EXPECT(gist_reply_address(&msg, &source, &to) && to.b[0] == 203);
	make_fixed(&o, 0x8040, PC4 SID COOKIE);
	parse(&o, GIST_DATAGRAM);
	EXPECT(!gist_reply_address(&msg, &source, &to));
}

/* --- robustness ------------------------------------------------------------------------ */

static void test_out_bounds(void)
{
	struct octets o;
	struct gist_out out;
	uint8_t *tight;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		make_fixed(&o, samples[i].flags, samples[i].objects);
		if (samples[i].flags == HELLO || samples[i].flags == HELLO + 0x40)
			o.b[5] = 0;
		EXPECT_EQ(parse(&o, samples[i].mode), GIST_ACCEPT);
		for (n = 0; n <= o.len; n++) {
			tight = octets_tight(buf, n);
			gist_out_init(&out, tight, n);
			gist_message_put(&out, &msg);
			EXPECT_EQ(out.error, n < o.len ? -EMSGSIZE : 0);
			free(tight);
		}
	}
}

static void test_out_refuses(void)
{
	struct gist_out out;
	struct octets o;

	make_fixed(&o, QUERY, PC4 SID NLI COOKIE);
	EXPECT_EQ(parse(&o, GIST_DATAGRAM), GIST_ACCEPT);
	msg.present &= ~GIST_BIT(GIST_NLI);
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, &msg);
	EXPECT_EQ(out.error, -EINVAL);
	EXPECT_EQ(gist_out_view(&out).len, 0);
	msg.present |= GIST_BIT(GIST_NLI) | GIST_BIT(GIST_HELLO_ID);
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, &msg);
	EXPECT_EQ(out.error, -EINVAL);
	msg.present &= ~GIST_BIT(GIST_HELLO_ID);
	msg.head.hops = 0;
	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, &msg);
	EXPECT_EQ(out.error, -EINVAL);
}

/* Parse a tight copy; an Error in reply can be made of whatever is refused. */
static void survive(const uint8_t *data, size_t len, enum gist_mode mode)
{
	const struct gist_reply reply = { .hops = 1, .nli = &own };
	uint8_t *tight = octets_tight(data, len);
	struct gist_out out;

	gist_out_init(&out, buf, sizeof(buf));
	switch (gist_message_parse(&msg, gist_view(tight, len), mode, 0, &fault)) {
	case GIST_REFUSE:
		gist_reply_put(&out, &msg, &fault, &reply);
		EXPECT_EQ(out.error, 0);
		break;
	case GIST_ACCEPT:
		gist_message_put(&out, &msg);
		break;
	default:
		break;
	}
	free(tight);
}

static void test_truncation(void)
{
	struct octets o;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		make_fixed(&o, samples[i].flags, samples[i].objects);
		for (n = 0; n < o.len; n++) {
			survive(o.b, n, samples[i].mode);
			EXPECT(n < GIST_HEADER_SIZE || fault.code == GIST_E_HEADER);
			if (n >= GIST_HEADER_SIZE)
				EXPECT_EQ(fault.subcode, GIST_E_LENGTH);
		}
	}
}

static void test_mutation(void)
{
	uint32_t state = 5971, k, i;
	struct octets o;
	size_t s;

	for (i = 0; i < 60000; i++) {
		s = octets_random(&state) % ARRAY_SIZE(samples);
		make_fixed(&o, samples[s].flags, samples[s].objects);
		for (k = octets_random(&state) % 4 + 1; k; k--)
			o.b[octets_random(&state) % o.len] ^= (uint8_t)(1u << octets_random(&state) % 8);
		if (octets_random(&state) % 8 == 0)
			o.len = octets_random(&state) % (o.len + 1);
		survive(o.b, o.len, samples[s].mode);
	}
}

static void test_names(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++) {
		EXPECT(gist_type_name(i) && gist_object_name(i));
		EXPECT(gist_error_name(i / 16, i % 16));
	}
	EXPECT(!strcmp(gist_error_name(10, 1), "Value Not Supported"));
}

static const struct ktap_test tests[] = {
	{ "GIST-5.2.1-01,GIST-5.2.1-02,GIST-5.2.1-05,GIST-A.1-01,GIST-A.1-02 common header",
	  test_header_fields },
	{ "GIST-A.4.4.1-03,GIST-A.1-09 unknown version", test_version },
	{ "GIST-A.4.4.1-04 unknown type", test_type },
	{ "GIST-5.1-08,GIST-A.1-04,GIST-A.4.4.1-05 R flag", test_r_flag },
	{ "GIST-5.1-14,GIST-A.1-07 R flag and Responder-Cookie", test_r_flag_cookie },
	{ "GIST-A.1-08,GIST-A.4.4.1-07 E flag", test_e_flag },
	{ "GIST-5.2.1-03,GIST-5.2.1-04,GIST-A.4.4.1-08 C flag", test_c_flag },
	{ "GIST-A.4.4.1-06,GIST-A.4.2-02,GIST-A.4.4.1-02 message length", test_length },
	{ "GIST-A.4.4.1-06 object beyond the end of the message", test_length_overrun },
	{ "GIST-A.4.4.2-01,GIST-A.1-03 no hops left", test_hops },
	{ "GIST-5.1-05,GIST-5.1-17,GIST-5.1-32,GIST-A.4.4.3-01 encapsulation",
	  test_encapsulation },
	{ "less than a common header is dropped", test_too_short },
	{ "GIST-5.2.1-08 magic number", test_magic },
	{ "messages in a stream", test_frames },
	{ "GIST-5.1-01,GIST-5.1-06,GIST-5.1-16,GIST-5.1-24,GIST-5.1-26,GIST-5.1-33,GIST-5.1-37"
	  " every message is written as it was read", test_samples },
	{ "GIST-5.1-03,GIST-5.1-06,GIST-5.1-16,GIST-A.4.4.9-04 missing in Query and Response",
	  test_missing_query },
	{ "GIST-5.1-24,GIST-5.1-26,GIST-5.1-27,GIST-5.1-33,GIST-A.4.4.9-04 missing elsewhere",
	  test_missing_rest },
	{ "GIST-5.1-16,GIST-5.7.1-11,GIST-A.4.4.9-04 stack objects without each other",
	  test_missing_stack },
	{ "GIST-5.2.2-01,GIST-A.4.4.9-02 duplicates", test_duplicates },
	{ "GIST-5.1-24,GIST-5.1-26,GIST-5.1-28,GIST-A.4.4.9-05 objects not allowed",
	  test_not_allowed },
	{ "GIST-5.1-02 order", test_order },
	{ "GIST-5.1-04,GIST-A.2.1-01,GIST-A.2.1-02,GIST-A.2.1-04,GIST-A.4.4.9-03,"
	  "GIST-A.4.4.9-07 unknown objects", test_unknown },
	{ "GIST-A.2.1-04,GIST-A.2-01 AB of known objects", test_known_ab },
	{ "GIST-A.2.1-03 a relayed Query keeps what it has", test_relay },
	{ "GIST-A.3.1.1-01,GIST-A.3.1.1-02,GIST-A.3.1.1-04,GIST-A.3.1.1-05,GIST-A.3.1.1-17,"
	  "GIST-5.8.1.1-03 path-coupled IPv4", test_mri4 },
	{ "GIST-A.3.1.1-03,GIST-A.3.1.1-08,GIST-A.3.1.1-10 path-coupled IPv6", test_mri6 },
	{ "GIST-A.3.1.1-12 SPI", test_mri_spi },
	{ "GIST-A.3.1.1-09,GIST-A.3.1.1-11,GIST-A.3.1.1-13,GIST-A.3.1.1-18,GIST-A.4.4.10-04"
	  " flags that do not go together", test_mri_combination },
	{ "GIST-A.3.1.1-03,GIST-A.4.4.10-03,GIST-5.8.1.1-05,GIST-A.3.1-01 unsupported values",
	  test_mri_value },
	{ "GIST-A.2-03,GIST-A.3.1.1-10,GIST-A.3.1.1-12,GIST-A.4.4.10-02 MRI length",
	  test_mri_length },
	{ "GIST-A.3.1.1-06,GIST-A.3.1.1-08 what the flags say is not looked at",
	  test_mri_ignored },
	{ "GIST-A.3.1.1-14,GIST-A.3.1.1-15,GIST-A.3.1.1-16 ports", test_mri_ports },
	{ "GIST-A.3.1.2-01,GIST-A.3.1.2-02,GIST-A.3.1.2-03,GIST-A.3.1.2-04 loose-end",
	  test_mri_loose },
	{ "GIST-5.1-11,GIST-5.1-12 MRI echoed but for the direction", test_mri_echo },
	{ "GIST-A.3.1.1-11,GIST-A.3.1.1-13 MRI that is not sent", test_mri_unsendable },
	{ "GIST-A.3.2-01,GIST-A.2-03 SID length", test_sid },
	{ "GIST-2-01 SID is opaque", test_sid_opaque },
	{ "GIST-A.3.3-01,GIST-A.3.3-02,GIST-A.3.3-03,GIST-A.2-04 NLI", test_nli },
	{ "GIST-A.3.3-04,GIST-A.4.4.10-02 malformed NLI", test_nli_bad },
	{ "GIST-5.2.2-13,GIST-5.7.1-02,GIST-A.3.4-01,GIST-A.3.4-04 Stack-Proposal",
	  test_proposal },
	{ "GIST-A.3.4-02,GIST-A.3.4-03,GIST-A.4.4.10-05 malformed Stack-Proposal",
	  test_proposal_bad },
	{ "GIST-A.3.5-01,GIST-A.3.5-03,GIST-A.3.5-05,GIST-A.3.5-06 Stack-Configuration-Data",
	  test_stackconf },
	{ "GIST-A.3.5-04,GIST-A.4.4.10-02 malformed Stack-Configuration-Data",
	  test_stackconf_bad },
	{ "GIST-5.7.1-05,GIST-A.3.5-06,GIST-A.4.4.10-07 the stack objects disagree",
	  test_mismatch },
	{ "GIST-5.7.1-03,GIST-A.3.5-05,GIST-A.3.5-07 Forwards-TCP port", test_tcp_port },
	{ "GIST-A.3.4-01,GIST-A.3.4-05,GIST-A.3.4-06,GIST-A.3.5-01,GIST-A.3.5-05 stack objects"
	  " put together", test_stack_build },
	{ "GIST-A.3.6-01,GIST-A.3.7-01,GIST-5.2.2-14,GIST-5.2.2-16 cookies", test_cookies },
	{ "GIST-A.3.8-01,GIST-5.2.2-19,GIST-A.1-05 Hello-ID", test_hello },
	{ "GIST-A.3.10-01,GIST-5.2.2-21,GIST-A.2-02 NSLP-Data", test_nslp_data },
	{ "GIST-A.3.9-01,GIST-A.3.9-02,GIST-A.3.9-03,GIST-7.2.3-06 NAT-Traversal", test_natt },
	{ "GIST-A.2-03,GIST-A.4.4.10-02 malformed NAT-Traversal", test_natt_bad },
	{ "GIST-7.2.3-01,GIST-7.2.3-02,GIST-A.3.9-04,GIST-A.4.4.9-06 not translated",
	  test_natt_check },
	{ "GIST-7.2.2-04,GIST-A.3.9-01,GIST-A.3.9-02,GIST-A.3.9-03 NAT-Traversal put together",
	  test_natt_build },
	{ "GIST-A.4.1-01,GIST-A.4.1-04,GIST-A.4.1-05,GIST-5.2.2-22 Error read",
	  test_error_parse },
	{ "GIST-A.4.1-07,GIST-A.4.2-01,GIST-A.4.2-03,GIST-A.4.2-04 additional information",
	  test_error_extra_info },
	{ "GIST-5.6-02 no Error in reply to an Error", test_error_never_answered },
	{ "GIST-5.1-30,GIST-5.1-31 NLI in an Error", test_error_nli },
	{ "GIST-A.4.1-08 comment in an Error", test_error_comment },
	{ "GIST-A.4.3-01,GIST-A.4.4.4-01,GIST-A.4.4.5-01,GIST-A.4.4.6-01,GIST-A.4.4.7-01,"
	  "GIST-A.4.4.11-01,GIST-A.4.1-02,GIST-A.4.1-06 errors without information",
	  test_error_catalogue },
	{ "GIST-A.4.4.8-01 MTU in an Error", test_error_mtu },
	{ "GIST-A.4.4.12-01,GIST-A.4.2-05 MRI in an Error", test_error_mri },
	{ "GIST-A.4.1-03,GIST-A.4.4.9-01,GIST-A.4.4.10-01 what could be read goes back",
	  test_error_salvage },
	{ "where an Error goes", test_error_address },
	{ "nothing is written beyond the buffer", test_out_bounds },
	{ "GIST-5.1-03 what a peer would refuse is not written", test_out_refuses },
	{ "truncation at every octet", test_truncation },
	{ "sixty thousand mutations", test_mutation },
	{ "names", test_names },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
