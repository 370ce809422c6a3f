// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The codec of NATFW NSLP messages and of SESSION_AUTH, userd/nslp.
 *
 * natfw-test: quick timeout=120
 */
#include <errno.h>

#include "gist/code.h"
#include "ktap.h"
#include "nslp/hmac.h"
#include "nslp/message.h"
#include "octets.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LT	"000c0001 00000627"
#define EXTIP	"000d0002 afc84000 c000024f"
#define BIND	"000e0002 79184000 0a000002"
#define EFI	"000f0001 00010000"
#define INFO	"00100001 02010000"
#define NONCE	"00110001 deadbeef"
#define MSN	"00120001 a1b2c3d4"
#define DTINFO	"00130003 c0000011 4f060000 00000000"
#define ICMP	"00140001 0308000b"
#define DTICMP	"00130002 80000001 00000000"
#define AUTH	"80160002 00080200 00000001"

/* --- helpers --------------------------------------------------------------------------- */

static struct nslp_message msg;
static struct nslp_fault fault;
static uint8_t buf[8192];

static enum nslp_verdict parse(const struct octets *o, unsigned int options)
{
	return nslp_message_parse(&msg, octets_view(o), options, &fault);
}

static void make(struct octets *o, const char *text)
{
	octets_hex(o, text, NSLP_HEADER_SIZE);
}

static bool accepted(const char *text)
{
	struct octets o;

	make(&o, text);
	if (EXPECT_EQ(parse(&o, 0), NSLP_ACCEPT))
		return true;
	printf("# %x %s\n", fault.code, fault.why);
	return false;
}

static void check_answer(void)
{
	struct nslp_message r, back;
	struct nslp_fault f;
	struct gist_out o;

	nslp_message_answer(&r, &msg, fault.code, fault.object);
	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_put(&o, &r, 0);
	EXPECT_EQ(o.error, 0);
	EXPECT_EQ(nslp_message_parse(&back, gist_out_view(&o), 0, &f), NSLP_ACCEPT);
	EXPECT_EQ(back.info.code, fault.code);
	EXPECT_EQ(back.info.object, fault.object);
	EXPECT_EQ(back.msn, nslp_message_has(&msg, NSLP_MSN) ? msg.msn : 0);
}

static bool refused_octets(const struct octets *o, unsigned int options, unsigned int code,
			   unsigned int object)
{
	bool ok = EXPECT_EQ(parse(o, options), NSLP_REFUSE);

	ok &= EXPECT_EQ(fault.code, code);
	ok &= EXPECT_EQ(fault.object, object);
	if (ok)
		check_answer();
	return ok;
}

static bool refused(const char *text, unsigned int code, unsigned int object)
{
	struct octets o;

	make(&o, text);
	return refused_octets(&o, 0, code, object);
}

static bool dropped(const char *text)
{
	struct octets o;

	make(&o, text);
	return EXPECT_EQ(parse(&o, 0), NSLP_DROP) && EXPECT(fault.code);
}

static void round_trip(const char *text)
{
	struct gist_out out;
	struct octets o;

	if (!accepted(text))
		return;
	make(&o, text);
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &msg, 0);
	EXPECT_EQ(out.error, 0);
	EXPECT(octets_are(&o, gist_out_view(&out)));
}

/* One of each message, objects in the order we write them. */
static const char *const samples[] = {
	"01000000" LT EFI MSN,
	"01c00000" LT EFI NONCE MSN,
	"01000000" LT EFI NONCE MSN ICMP,
	"02000000" LT EFI MSN DTINFO,
	"02800000" LT "000e0001 00004000" EFI NONCE MSN DTINFO,
	"02000000" LT BIND EFI MSN DTICMP ICMP,
	"03000000" LT INFO MSN,
	"03000000" LT EXTIP BIND INFO MSN,
	"03000000" "00100001 0705000f" MSN,
	"03000000" "000c0001 00000014" "00100001 0711000c" MSN,
	"04000000" "00100001 01010000",
};

/* --- header ---------------------------------------------------------------------------- */

static void test_samples(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++)
		round_trip(samples[i]);
}

static void test_header(void)
{
	accepted("01800000" LT EFI MSN NONCE);
	EXPECT_EQ(msg.type, NSLP_CREATE);
	EXPECT(msg.proxy && !msg.beyond);
	accepted("02c00000" LT EFI MSN NONCE DTINFO);
	EXPECT_EQ(msg.type, NSLP_EXTERNAL);
	EXPECT(msg.proxy && msg.beyond);
	accepted("03000000" MSN INFO LT);
	EXPECT_EQ(msg.type, NSLP_RESPONSE);
	accepted("04000000" "00100001 01030000");
	EXPECT_EQ(msg.type, NSLP_NOTIFY);
}

static void test_header_reserved(void)
{
	accepted("013fffff" LT EFI MSN);
	EXPECT(!msg.proxy && !msg.beyond);
}

static void test_header_e_alone(void)
{
	accepted("01400000" LT EFI MSN);
	EXPECT(!msg.proxy && !msg.beyond);
}

static void test_header_flags_elsewhere(void)
{
	accepted("03c00000" LT INFO MSN);
	EXPECT(!msg.proxy && !msg.beyond);
	accepted("04c00000" "00100001 01010000");
	EXPECT(!msg.proxy && !msg.beyond);
}

static void test_header_unsendable(void)
{
	struct gist_out out;

	accepted(samples[0]);
	msg.beyond = true;
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &msg, 0);
	EXPECT_EQ(out.error, -EINVAL);
	accepted(samples[6]);
	msg.proxy = true;
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &msg, 0);
	EXPECT_EQ(out.error, -EINVAL);
}

static void test_type(void)
{
	char text[128];
	unsigned int type;

	for (type = 0; type < 256; type++) {
		if (type >= 1 && type <= 4)
			continue;
		snprintf(text, sizeof(text), "%02x000000 %s", type, LT EFI MSN);
		refused(text, NSLP_BAD_TYPE, 0);
	}
}

static void test_length(void)
{
	struct octets o;

	make(&o, samples[0]);
	for (o.len = 0; o.len < NSLP_HEADER_SIZE; o.len++)
		refused_octets(&o, 0, NSLP_BAD_LENGTH, 0);
	make(&o, samples[0]);
	o.len--;
	refused_octets(&o, 0, NSLP_BAD_LENGTH, 0);
	make(&o, samples[6]);
	o.len = 3;
	EXPECT_EQ(parse(&o, 0), NSLP_DROP);
}

/* --- which objects --------------------------------------------------------------------- */

static void lacks(const char *text, unsigned int type, unsigned int code, unsigned int options)
{
	struct octets o;

	make(&o, text);
	octets_cut(&o, type);
	refused_octets(&o, options, code, type);
}

static void test_missing_create(void)
{
	lacks("01000000" LT EFI MSN, NSLP_LIFETIME, NSLP_MISSING_OBJECT, 0);
	lacks("01000000" LT EFI MSN, NSLP_EFI, NSLP_MISSING_OBJECT, 0);
	lacks("01000000" LT EFI MSN, NSLP_MSN, NSLP_MISSING_OBJECT, 0);
	refused("01000000", NSLP_MISSING_OBJECT, NSLP_LIFETIME);
}

static void test_missing_nonce(void)
{
	lacks("01800000" LT EFI MSN NONCE, NSLP_NONCE, NSLP_MISSING_OBJECT, 0);
	lacks("02800000" LT EFI MSN NONCE DTINFO, NSLP_NONCE, NSLP_MISSING_OBJECT, 0);
}

static void test_missing_external(void)
{
	static const uint16_t types[] = { NSLP_LIFETIME, NSLP_EFI, NSLP_MSN, NSLP_DTINFO };
	struct octets o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		lacks("02000000" LT EFI MSN DTINFO, types[i], NSLP_MISSING_OBJECT, 0);
	lacks("02000000" LT EFI MSN DTINFO, NSLP_DTINFO, NSLP_DTINFO_REQUIRED, NSLP_AT_NAT);
	make(&o, "02000000" LT EFI MSN);
	EXPECT_EQ(parse(&o, NSLP_ALLOW_NO_DTINFO), NSLP_ACCEPT);
}

static void test_missing_response(void)
{
	dropped("03000000" INFO MSN);
	dropped("03000000" LT MSN);
	dropped("03000000" LT INFO);
	dropped("03000000" "00100001 05020000");
	accepted("03000000" "00100001 05020000" MSN);
	accepted("03000000" "00100001 05020000" MSN LT);
	dropped("03000000" "00100001 07110000" MSN);
	dropped("03000000" "00100001 07120000" MSN);
	accepted("03000000" "00100001 07120000" MSN LT);
}

static void test_missing_notify(void)
{
	dropped("04000000");
	accepted("04000000" "00100001 01050000");
	accepted("04000000" "00100001 01050000" MSN);
	EXPECT(!nslp_message_has(&msg, NSLP_MSN));
}

static void test_illegal_request(void)
{
	static const uint16_t create[] = { NSLP_EXTERNAL_IP, NSLP_BINDING, NSLP_INFO,
					   NSLP_DTINFO };
	static const uint16_t external[] = { NSLP_EXTERNAL_IP, NSLP_INFO };
	static const char *const objects[] = {
		[NSLP_EXTERNAL_IP - NSLP_FIRST] = EXTIP,
		[NSLP_BINDING - NSLP_FIRST] = BIND,
		[NSLP_INFO - NSLP_FIRST] = INFO,
		[NSLP_DTINFO - NSLP_FIRST] = DTINFO,
	};
	char text[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(create); i++) {
		snprintf(text, sizeof(text), "01000000 %s %s", LT EFI MSN,
			 objects[create[i] - NSLP_FIRST]);
		refused(text, NSLP_ILLEGAL_OBJECT, create[i]);
	}
	for (i = 0; i < ARRAY_SIZE(external); i++) {
		snprintf(text, sizeof(text), "02000000 %s %s", LT EFI MSN DTINFO,
			 objects[external[i] - NSLP_FIRST]);
		refused(text, NSLP_ILLEGAL_OBJECT, external[i]);
	}
}

static void test_illegal_response(void)
{
	dropped("03000000" LT INFO MSN EFI);
	dropped("03000000" LT INFO MSN DTINFO);
	dropped("03000000" LT INFO MSN NONCE);
	dropped("03000000" LT INFO MSN ICMP);
	dropped("03000000" EXTIP "00100001 05020000" MSN);
	dropped("03000000" BIND "00100001 05020000" MSN);
	dropped("04000000" "00100001 01010000" LT);
}

static void test_duplicates(void)
{
	struct octets o, twice;
	struct gist_walk w;
	struct gist_tlv tlv;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		make(&o, samples[i]);
		w = gist_walk(gist_view(o.b + 4, o.len - 4));
		while (gist_walk_next(&w, &tlv)) {
			twice = o;
			octets_double(&twice, tlv.type);
			EXPECT_EQ(parse(&twice, 0), o.b[0] < 3 ? NSLP_REFUSE : NSLP_DROP);
			EXPECT_EQ(fault.code, NSLP_DUPLICATE);
			EXPECT_EQ(fault.object, tlv.type);
		}
	}
}

static void test_unknown(void)
{
	struct octets o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		make(&o, samples[i]);
		octets_append(&o, GIST_AB_MANDATORY, 0x7f0, 2);
		EXPECT_EQ(parse(&o, 0), o.b[0] < 3 ? NSLP_REFUSE : NSLP_DROP);
		EXPECT_EQ(fault.code, NSLP_UNKNOWN_OBJECT);
		EXPECT_EQ(fault.object, 0x7f0);
		make(&o, samples[i]);
		octets_append(&o, GIST_AB_IGNORE, 0x7f0, 0);
		octets_append(&o, GIST_AB_FORWARD, 0x7f1, 3);
		EXPECT_EQ(parse(&o, 0), NSLP_ACCEPT);
		EXPECT_EQ(msg.unknown, 2);
	}
}

static void test_unknown_shared(void)
{
	refused("01000000" LT EFI MSN "00010001 00000001", NSLP_UNKNOWN_OBJECT, 0x001);
	refused("01000000" LT EFI MSN "000b0001 00000001", NSLP_UNKNOWN_OBJECT, 0x00b);
	refused("01000000" LT EFI MSN "00150001 00000001", NSLP_UNKNOWN_OBJECT, 0x015);
}

static void test_ab(void)
{
	refused("01000000" LT EFI "c0120001 00000001", NSLP_COMBINATION, NSLP_MSN);
	refused("01000000" LT EFI MSN "c7f00000", NSLP_COMBINATION, 0x7f0);
	accepted("01000000" LT "400f0001 00010000" "b012f001 a1b2c3d4");
	EXPECT_EQ(msg.msn, 0xa1b2c3d4);
	dropped("03000000" LT INFO MSN "c7f00000");
}

/* All orders of five objects. */
static void permute(const char *const *objects, unsigned int used, char *text, size_t len)
{
	unsigned int i;

	if (used == 0x1f) {
		EXPECT(accepted(text));
		EXPECT(msg.lifetime == 0x627 && msg.msn == 0xa1b2c3d4 &&
		       msg.nonce == 0xdeadbeef && msg.dtinfo.receiver_port == 20230);
		return;
	}
	for (i = 0; i < 5; i++) {
		if (used & 1u << i)
			continue;
		strcpy(text + len, objects[i]);
		permute(objects, used | 1u << i, text, len + strlen(objects[i]));
	}
}

static void test_order(void)
{
	static const char *const objects[] = { LT, EFI, MSN, NONCE, DTINFO };
	char text[512] = "02800000";

	permute(objects, 0, text, strlen(text));
}

static void resized(const char *text, unsigned int type, unsigned int words)
{
	struct octets o;

	make(&o, text);
	octets_resize(&o, type, words);
	refused_octets(&o, 0, NSLP_OBJECT_LENGTH, type);
}

static void test_object_length(void)
{
	static const uint16_t single[] = { NSLP_LIFETIME, NSLP_EFI, NSLP_NONCE, NSLP_MSN };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(single); i++) {
		resized("01000000" LT EFI NONCE MSN, single[i], 0);
		resized("01000000" LT EFI NONCE MSN, single[i], 2);
	}
	resized("02000000" LT EFI MSN DTINFO, NSLP_DTINFO, 1);
	resized("02000000" LT EFI MSN DTINFO, NSLP_DTINFO, 4);
	resized("02000000" LT EFI MSN BIND DTINFO, NSLP_BINDING, 0);
	resized("01000000" LT EFI MSN ICMP, NSLP_ICMP, 0);
}

static void test_truncated_object(void)
{
	struct octets o;

	make(&o, "01000000" LT EFI MSN);
	o.len -= 4;
	refused_octets(&o, 0, NSLP_OBJECT_LENGTH, NSLP_MSN);
	make(&o, "01000000" LT EFI MSN "00000fff");
	refused_octets(&o, 0, NSLP_OBJECT_LENGTH, 0);
}

static void test_syntax_first(void)
{
	/* length before AB, AB before unknown, unknown before twice, and so on */
	refused("01000000" LT EFI MSN MSN "c7f00000" "000c0002 00000000 00000000",
		NSLP_OBJECT_LENGTH, NSLP_LIFETIME);
	refused("01000000" LT EFI MSN MSN "07f00000" "c7f00000", NSLP_COMBINATION, 0x7f0);
	refused("01000000" LT EFI MSN MSN INFO "07f00000", NSLP_UNKNOWN_OBJECT, 0x7f0);
	refused("01000000" LT EFI MSN INFO MSN, NSLP_DUPLICATE, NSLP_MSN);
	refused("01000000" LT EFI INFO, NSLP_ILLEGAL_OBJECT, NSLP_INFO);
	refused("01000000" LT "000f0001 00090000", NSLP_MISSING_OBJECT, NSLP_MSN);
}

static void test_forward(void)
{
	struct octets o, want;
	struct nslp_message out;
	struct gist_out to;

	make(&o, "02000000" DTINFO "87f10001 12345678" LT AUTH "47f20000" EFI MSN);
	EXPECT_EQ(parse(&o, 0), NSLP_ACCEPT);
	EXPECT_EQ(msg.auths, 1);
	out = msg;
	out.lifetime = 60;
	out.binding = (struct nslp_binding){ 31000, 4, gist_view("\n\0\0\2", 4) };
	out.present |= NSLP_BIT(NSLP_BINDING);
	gist_out_init(&to, buf, sizeof(buf));
	nslp_message_forward(&to, &msg, &out, 0);
	EXPECT_EQ(to.error, 0);
	make(&want, "02000000" DTINFO "87f10001 12345678" "000c0001 0000003c" AUTH EFI MSN BIND);
	EXPECT(octets_are(&want, gist_out_view(&to)));
}

/* --- values ---------------------------------------------------------------------------- */

static void test_lifetime(void)
{
	accepted("01000000" "000c0001 0000012c" EFI MSN);
	EXPECT_EQ(msg.lifetime, 300);
	round_trip("01000000" "000c0001 ffffffff" EFI MSN);
	EXPECT_EQ(msg.lifetime, 0xffffffff);
	round_trip("01000000" "000c0001 00000000" EFI MSN);
}

static void test_external_ip(void)
{
	round_trip("03000000" LT EXTIP INFO MSN);
	EXPECT_EQ(msg.external.port, 45000);
	EXPECT(!memcmp(msg.external.address, "\xc0\0\2\x4f", 4));
	accepted("03000000" LT "000d0002 afc84fff c000024f" INFO MSN);
	round_trip("03000000" LT "000d0002 00004000 c000024f" INFO MSN);
	EXPECT_EQ(msg.external.port, 0);
	dropped("03000000" LT "000d0002 afc86000 c000024f" INFO MSN);
	dropped("03000000" LT "000d0001 afc84000" INFO MSN);
	dropped("03000000" LT "000d0005 afc86000 c000024f 00000000 00000000 00000000" INFO MSN);
}

static void test_binding(void)
{
	round_trip("02000000" LT "000e0001 00004000" EFI MSN DTINFO);
	EXPECT_EQ(msg.binding.addresses.len, 0);
	round_trip("02000000" LT "000e0003 79184000 0a000002 0a000102" EFI MSN DTINFO);
	EXPECT_EQ(msg.binding.addresses.len, 8);
	EXPECT_EQ(msg.binding.port, 31000);
	accepted("02000000" LT "000e0001 00004fff" EFI MSN DTINFO);
	refused("02000000" LT "000e0001 00006000" EFI MSN DTINFO, NSLP_UNKNOWN_VALUE,
		NSLP_BINDING);
	refused("02000000" LT "000e0001 00005000" EFI MSN DTINFO, NSLP_UNKNOWN_VALUE,
		NSLP_BINDING);
}

static void test_efi(void)
{
	round_trip("01000000" LT "000f0001 00020001" MSN);
	EXPECT_EQ(msg.efi.action, NSLP_DENY);
	EXPECT_EQ(msg.efi.sub_ports, 1);
	refused("01000000" LT "000f0001 00000000" MSN, NSLP_UNKNOWN_ACTION, NSLP_EFI);
	refused("01000000" LT "000f0001 00030000" MSN, NSLP_UNKNOWN_ACTION, NSLP_EFI);
	refused("02000000" LT "000f0001 ffff0000" MSN DTINFO, NSLP_UNKNOWN_ACTION, NSLP_EFI);
}

static void test_sub_ports(void)
{
	refused("01000000" LT "000f0001 00010002" MSN, NSLP_SUB_PORTS, NSLP_EFI);
	refused("01000000" LT "000f0001 0001ffff" MSN, NSLP_SUB_PORTS, NSLP_EFI);
}

static void test_sub_ports_end(void)
{
	refused("02000000" LT "000f0001 00010001" MSN "00130003 c0002011 ffff0000 00000000",
		NSLP_SUB_PORTS, NSLP_EFI);
	accepted("02000000" LT "000f0001 00010001" MSN "00130003 c0002011 fffe0000 00000000");
	EXPECT(!nslp_efi_check_port(&msg.efi, 65535, &fault));
	EXPECT(nslp_efi_check_port(&msg.efi, 65534, &fault));
}

static void test_sub_ports_unsendable(void)
{
	struct gist_out out;

	accepted(samples[0]);
	msg.efi.sub_ports = 2;
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &msg, 0);
	EXPECT_EQ(out.error, -EINVAL);
}

static void test_info(void)
{
	round_trip("03000000" "00100001 0705000f" MSN);
	EXPECT_EQ(msg.info.code, NSLP_UNKNOWN_ACTION);
	EXPECT_EQ(msg.info.object, NSLP_EFI);
	accepted("03000000" LT "00100001 f201f000" MSN);
	EXPECT_EQ(msg.info.code, NSLP_SUCCESS);
	EXPECT_EQ(msg.info.object, 0);
	accepted("03000000" "00100001 077f0000" MSN);
	EXPECT_EQ(NSLP_CLASS(msg.info.code), NSLP_CLASS_SESSION);
	accepted("03000000" "00100001 06020000" MSN);
}

static void test_info_class(void)
{
	dropped("03000000" "00100001 01010000" MSN LT);
	dropped("03000000" "00100001 00010000" MSN LT);
	dropped("04000000" "00100001 02010000");
	dropped("04000000" "00100001 07010000");
}

static void test_nonce_msn(void)
{
	round_trip("01800000" LT EFI "00110001 00000000" MSN);
	round_trip("01800000" LT EFI "00110001 ffffffff" "00120001 ffffffff");
	EXPECT_EQ(msg.nonce, 0xffffffff);
	EXPECT_EQ(msg.msn, 0xffffffff);
	round_trip("01000000" LT EFI "00120001 00000000");
}

static void test_msn_order(void)
{
	EXPECT(nslp_msn_newer(0, 0xffffffff));
	EXPECT(!nslp_msn_newer(0xfffffff0, 5));
	EXPECT(nslp_msn_newer(10, 5));
	EXPECT(!nslp_msn_newer(5, 5));
	EXPECT(nslp_msn_newer(0x7fffffff, 0));
}

static void test_msn_undefined(void)
{
	EXPECT(!nslp_msn_newer(0x80000000, 0));
	EXPECT(!nslp_msn_newer(0, 0x80000000));
}

static void test_msn_answer(void)
{
	refused("01000000" MSN LT, NSLP_MISSING_OBJECT, NSLP_EFI);
	EXPECT_EQ(msg.msn, 0xa1b2c3d4);
	refused("01000000" LT, NSLP_MISSING_OBJECT, NSLP_EFI);
	EXPECT(!nslp_message_has(&msg, NSLP_MSN));
}

#define EXT(dtinfo)	"02000000" LT EFI MSN dtinfo

static void test_dtinfo(void)
{
	round_trip(EXT("00130003 c0002011 4f060001 cb007109"));
	EXPECT(msg.dtinfo.has_protocol && msg.dtinfo.has_ports && !msg.dtinfo.has_spi);
	EXPECT_EQ(msg.dtinfo.prefix, 32);
	EXPECT_EQ(msg.dtinfo.protocol, 17);
	EXPECT_EQ(msg.dtinfo.receiver_port, 20230);
	EXPECT_EQ(msg.dtinfo.sender_port, 1);
	EXPECT_EQ(msg.dtinfo.sender[3], 9);
	round_trip(EXT("00130003 a0002032 00001234 cb007109"));
	EXPECT(msg.dtinfo.has_spi && msg.dtinfo.spi == 0x1234);
	round_trip(EXT("00130002 80000001 00000000"));
	round_trip(EXT("00130002 00000000 00000000"));
}

static void test_dtinfo_combination(void)
{
	refused(EXT("00130003 e0002011 00000000 00000000"), NSLP_COMBINATION, NSLP_DTINFO);
	refused(EXT("00130003 60002011 00000000 00000000"), NSLP_COMBINATION, NSLP_DTINFO);
	refused(EXT("00130003 40002011 00000000 00000000"), NSLP_COMBINATION, NSLP_DTINFO);
	refused(EXT("00130003 20002032 00000000 00000000"), NSLP_COMBINATION, NSLP_DTINFO);
}

static void test_dtinfo_length(void)
{
	refused(EXT("00130002 c0002011 00000000"), NSLP_OBJECT_LENGTH, NSLP_DTINFO);
	refused(EXT("00130003 80002011 00000000 00000000"), NSLP_OBJECT_LENGTH, NSLP_DTINFO);
	refused(EXT("00130003 00000000 00000000 00000000"), NSLP_OBJECT_LENGTH, NSLP_DTINFO);
}

static void test_dtinfo_rest(void)
{
	refused(EXT("00130003 c0002111 4f060000 cb007109"), NSLP_UNKNOWN_VALUE, NSLP_DTINFO);
	accepted(EXT("00130003 dfff2011 4f060000 cb007109"));
	accepted(EXT("00130002 00000006 00000000"));
	EXPECT_EQ(msg.dtinfo.protocol, 0);
}

static void test_icmp(void)
{
	round_trip("01000000" LT EFI MSN "00140001 0308000b");
	EXPECT(gist_view_equal(msg.icmp.types, gist_view("\10\0\13", 3)));
	round_trip("01000000" LT EFI MSN "00140002 0408000b 03000000");
	round_trip("01000000" LT EFI MSN "00140001 01080000");
	round_trip("01000000" LT EFI MSN "00140003 08000102 03040506 07000000");
	accepted("01000000" LT EFI MSN "00140001 0108ffff");
	EXPECT_EQ(msg.icmp.types.len, 1);
}

static void test_icmp_count(void)
{
	refused("01000000" LT EFI MSN "00140001 09080000", NSLP_OBJECT_LENGTH, NSLP_ICMP);
	refused("01000000" LT EFI MSN "00140002 01080000 00000000", NSLP_OBJECT_LENGTH,
		NSLP_ICMP);
}

static void test_icmp_protocol(void)
{
	refused("02000000" LT EFI MSN DTINFO ICMP, NSLP_COMBINATION, NSLP_ICMP);
	accepted("02000000" LT EFI MSN DTICMP ICMP);
	EXPECT(nslp_icmp_check_protocol(58, &fault));
	EXPECT(!nslp_icmp_check_protocol(6, &fault));
}

static void test_old_numbers(void)
{
	struct octets o;
	struct gist_out out;

	make(&o, "03000000 00f10001 0000001e 40f20002 27100000 0a4d0101 00f40001 02010002"
	     "00f60001 fe82303b");
	EXPECT_EQ(parse(&o, NSLP_OLD_NUMBERS), NSLP_ACCEPT);
	EXPECT_EQ(msg.external.port, 10000);
	EXPECT_EQ(parse(&o, 0), NSLP_DROP);
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &msg, NSLP_OLD_NUMBERS);
	EXPECT_EQ(out.error, -EINVAL);
	EXPECT_EQ(parse(&o, NSLP_OLD_NUMBERS), NSLP_ACCEPT);
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &msg, NSLP_OLD_NUMBERS);
	make(&o, "03000000 00f10001 0000001e 00f20002 27104000 0a4d0101 00f40001 02010002"
	     "00f60001 fe82303b");
	EXPECT(octets_are(&o, gist_out_view(&out)));
}

/* --- SESSION_AUTH ---------------------------------------------------------------------- */

static struct nslp_auth auth;

static bool auth_parse(const char *attributes)
{
	static struct octets o;
	struct gist_tlv tlv;

	make(&o, "01000000 80160000");
	{
		struct octets rest;

		octets_hex(&rest, attributes, 0);
		octets_insert(&o, o.len, rest.b, rest.len);
	}
	o.b[7] = (uint8_t)((o.len - 8) / 4);
	parse(&o, 0);
	return nslp_message_auth(&msg, 0, &tlv) && nslp_auth_parse(&auth, &tlv, &fault);
}

static void auth_bad(const char *attributes)
{
	EXPECT(!auth_parse(attributes));
	EXPECT_EQ(fault.code, NSLP_NOT_AUTHORIZED);
	EXPECT_EQ(fault.object, NSLP_AUTH);
}

#define HMAC	"0008010a 0000000c"
#define SOURCE	"00080301 c0000201"
#define START	"000c0501 e0000000 00000001"
#define LIST	"000c0700 0002000c 00120000"
#define PROOF	"00180800 00000007 00112233 44556677 8899aabb ccddeeff"

static void test_auth_passes(void)
{
	accepted("01000000" LT EFI MSN AUTH AUTH);
	EXPECT_EQ(msg.auths, 2);
	accepted("02000000" LT EFI MSN DTINFO AUTH);
	accepted("03000000" LT INFO MSN AUTH);
	accepted("04000000" "00100001 01010000" AUTH);
}

static void test_auth_attributes(void)
{
	struct gist_view rest;
	struct nslp_attr attr;

	EXPECT(auth_parse("00090103 68656c6c 6f000000" "00080200 00000001" SOURCE
			  "00140402 20010db8 00000000 00000000 00000001" START
			  "000c0601 e0000001 00000000" "00080800 00000007"));
	EXPECT_EQ(auth.entity.subtype, NSLP_ENTITY_FQDN);
	EXPECT(gist_view_equal(auth.entity.value, gist_view("hello", 5)));
	EXPECT_EQ(auth.start, 0xe000000000000001ull);
	EXPECT_EQ(auth.end, 0xe000000100000000ull);
	EXPECT_EQ(nslp_auth_key_id(&auth), 7);
	EXPECT(!nslp_auth_hmac(&auth));
	EXPECT_EQ(auth.session_id.len, 4);
	rest = auth.attributes;
	EXPECT(nslp_attr_next(&rest, &attr) && attr.xtype == NSLP_AUTH_ENT_ID);
}

static void test_auth_put(void)
{
	static const uint16_t types[] = { NSLP_LIFETIME, NSLP_MSN, NSLP_EFI };
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	nslp_attr_put(&o, NSLP_AUTH_ENT_ID, NSLP_ENTITY_FQDN, gist_view("hello", 5));
	EXPECT(gist_view_equal(gist_out_view(&o), gist_view("\0\11\1\3hello\0\0\0", 12)));
	gist_out_init(&o, buf, sizeof(buf));
	nslp_auth_put_objects(&o, types, 2);
	EXPECT(gist_view_equal(gist_out_view(&o), gist_view("\0\14\7\0\0\2\0\14\0\22\0\0", 12)));
	gist_out_init(&o, buf, sizeof(buf));
	nslp_auth_put_objects(&o, types, 3);
	EXPECT(gist_view_equal(gist_out_view(&o), gist_view("\0\14\7\0\0\3\0\14\0\22\0\17", 12)));
	gist_out_init(&o, buf, sizeof(buf));
	nslp_auth_put_objects(&o, types, 0);
	EXPECT_EQ(o.len, 8);
	nslp_attr_put(&o, NSLP_AUTH_DATA, 0, gist_view(NULL, 0));
	EXPECT_EQ(o.error, -EINVAL);
}

static void test_auth_malformed(void)
{
	auth_bad("00040200");
	auth_bad("00030200");
	auth_bad("00000000");
	auth_bad("00100200 00000001");
	auth_bad("00080501 00000001");
	auth_bad("000c0502 e0000000 00000001");
	auth_bad("00070301 c0000200");
	auth_bad("00080302 c0000201");
	auth_bad("00080309 c0000201");
	auth_bad("00080100 00000001");
	auth_bad("00080163 00000001");
}

static void test_auth_rules(void)
{
	auth_bad(LIST);
	auth_bad("00080800 00000007" SOURCE);
	auth_bad(START START);
	auth_bad("00080303 13c40000" "00080303 13c40000");
	EXPECT(auth_parse("00080303 13c40001" "00080304 13c40001"));
	auth_bad("00080700 0009000c" PROOF);
	auth_bad("00060700 0002" "0000" PROOF);
}

static void test_auth_hmac_needs(void)
{
	EXPECT(auth_parse(HMAC SOURCE START LIST PROOF));
	EXPECT(nslp_auth_hmac(&auth));
	EXPECT_EQ(nslp_auth_transform(&auth), NSLP_HMAC_SHA2_256_128);
	EXPECT_EQ(auth.object_count, 2);
	auth_bad(HMAC START LIST PROOF);
	auth_bad(HMAC SOURCE LIST PROOF);
	auth_bad(HMAC SOURCE START PROOF);
	auth_bad(HMAC SOURCE START LIST);
	auth_bad(HMAC SOURCE START LIST "00080800 00000007");
}

static void test_auth_covers(void)
{
	const struct address a = { 4, { 192, 0, 2, 1 } }, b = { 4, { 192, 0, 2, 2 } };

	EXPECT(auth_parse(SOURCE "00080401 c0000202" "00060404 13c40000"));
	EXPECT(nslp_auth_covers(&auth, NSLP_AUTH_SOURCE_ADDR, &a, 6, 1));
	EXPECT(!nslp_auth_covers(&auth, NSLP_AUTH_SOURCE_ADDR, &b, 6, 1));
	EXPECT(nslp_auth_covers(&auth, NSLP_AUTH_DEST_ADDR, &b, 6, 5060));
	EXPECT(!nslp_auth_covers(&auth, NSLP_AUTH_DEST_ADDR, &b, 6, 5061));
	EXPECT(!nslp_auth_covers(&auth, NSLP_AUTH_DEST_ADDR, &b, 17, 5060));
	EXPECT(!nslp_auth_covers(&auth, NSLP_AUTH_DEST_ADDR, &a, 6, 5060));
}

static const uint8_t sid[16] = "0123456789abcdef";
static const uint8_t mri[20] = { 0, 0, 0x48, 0xc0, 192, 0, 2, 1, 198, 51, 100, 2,
				 32, 32, 17, 0, 15, 160, 19, 136 };
static const struct nslp_hmac_context context = { sid, 33, { mri, sizeof(mri) } };
static const struct nslp_hmac_key key = {
	7, NSLP_HMAC_SHA2_256_128, { (const uint8_t *)"a long secret key", 17 },
};

/* A signed CREATE in buf; its length. */
static size_t sign(const struct nslp_hmac_key *with, uint64_t start)
{
	static const uint16_t types[] = { NSLP_LIFETIME, NSLP_EFI, NSLP_MSN };
	const struct address source = { 4, { 192, 0, 2, 1 } };
	static uint8_t object[512];
	struct gist_out o;

	accepted(samples[0]);
	gist_out_init(&o, object, sizeof(object));
	nslp_hmac_put(&o, with, &source, start, types, ARRAY_SIZE(types));
	msg.auth = gist_out_view(&o);
	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_put(&o, &msg, 0);
	EXPECT_EQ(o.error, 0);
	EXPECT_EQ(nslp_hmac_sign(buf, o.len, &context, with), 0);
	return o.len;
}

static int verify(size_t len, const struct nslp_hmac_context *c, const struct nslp_hmac_key *k)
{
	struct gist_tlv tlv;

	if (nslp_message_parse(&msg, gist_view(buf, len), 0, &fault) != NSLP_ACCEPT ||
	    !nslp_message_auth(&msg, 0, &tlv))
		return 1;
	return nslp_hmac_verify(gist_view(buf, len), &tlv, c, k);
}

static void test_hmac(void)
{
	size_t len = sign(&key, 1), i;
	uint8_t was;

	EXPECT_EQ(verify(len, &context, &key), 0);
	EXPECT(buf[28] == 0x80 && buf[29] == 0x16);
	for (i = NSLP_HEADER_SIZE; i < len; i++) {
		was = buf[i];
		buf[i] ^= 1;
		EXPECT(verify(len, &context, &key));
		buf[i] = was;
	}
	EXPECT_EQ(verify(len, &context, &key), 0);
}

static void test_hmac_context(void)
{
	struct nslp_hmac_context other = context;
	uint8_t changed[20];
	size_t len = sign(&key, 1);

	other.nslpid = 34;
	EXPECT_EQ(verify(len, &other, &key), -EBADMSG);
	other = context;
	other.sid = (const uint8_t *)"0123456789abcdeF";
	EXPECT_EQ(verify(len, &other, &key), -EBADMSG);
	other = context;
	memcpy(changed, mri, sizeof(mri));
	changed[19]++;
	other.mri.data = changed;
	EXPECT_EQ(verify(len, &other, &key), -EBADMSG);
}

/* Computed with Python's hmac module over the octets that hmac.h names. */
static void test_hmac_known(void)
{
	static const uint8_t want[16] = {
		0x1d, 0x5f, 0xec, 0xb0, 0x4e, 0x4a, 0xa9, 0xfb,
		0xc7, 0x9a, 0xf4, 0x16, 0x7d, 0x1b, 0x89, 0xfc,
	};
	size_t len = sign(&key, 0xe000000000000001ull);

	EXPECT(!memcmp(buf + len - 16, want, 16));
}

static void test_hmac_keys(void)
{
	struct nslp_hmac_key other = key;
	size_t len = sign(&key, 1);

	other.id = 8;
	EXPECT_EQ(verify(len, &context, &other), -EINVAL);
	other = key;
	other.key = gist_view("another key here!", 17);
	EXPECT_EQ(verify(len, &context, &other), -EBADMSG);
	other = key;
	other.transform = NSLP_HMAC_SHA2_512_256;
	EXPECT_EQ(verify(len, &context, &other), -EINVAL);
	len = sign(&other, 1);
	EXPECT_EQ(verify(len, &context, &other), 0);
	other.transform = 99;
	EXPECT_EQ(verify(len, &context, &other), -EINVAL);
}

static void test_hmac_short_key(void)
{
	struct nslp_hmac_key other = key;
	const struct address source = { 4, { 192, 0, 2, 1 } };
	struct gist_out o;
	size_t len = sign(&key, 1);

	other.key.len = 7;
	EXPECT_EQ(verify(len, &context, &other), -EINVAL);
	gist_out_init(&o, buf, sizeof(buf));
	nslp_hmac_put(&o, &other, &source, 1, NULL, 0);
	EXPECT_EQ(o.error, -EINVAL);
}

static void test_hmac_listed(void)
{
	struct octets o;
	size_t len = sign(&key, 1);

	memcpy(o.b, buf, len);
	o.len = len;
	o.head = NSLP_HEADER_SIZE;
	/* an object that is listed, under another number */
	octets_find(&o, NSLP_MSN, NULL)[1] = NSLP_NONCE;
	memcpy(buf, o.b, len);
	EXPECT(verify(len, &context, &key));
	{
		struct gist_walk w = gist_walk(gist_view(buf + 4, len - 4));
		struct gist_tlv tlv;

		while (gist_walk_next(&w, &tlv))
			if (tlv.type == NSLP_AUTH)
				EXPECT_EQ(nslp_hmac_verify(gist_view(buf, len), &tlv, &context,
							   &key), -ENOENT);
	}
}

static void test_hmac_times(void)
{
	uint8_t first[16];
	size_t len = sign(&key, 1);

	memcpy(first, buf + len - 16, 16);
	len = sign(&key, 2);
	EXPECT(memcmp(first, buf + len - 16, 16));
}

/* --- robustness ------------------------------------------------------------------------ */

static void survive(const uint8_t *data, size_t len)
{
	uint8_t *tight = octets_tight(data, len);
	struct gist_out out;
	struct gist_tlv tlv;
	unsigned int i;

	gist_out_init(&out, buf, sizeof(buf));
	if (nslp_message_parse(&msg, gist_view(tight, len), 0, &fault) == NSLP_ACCEPT) {
		nslp_message_put(&out, &msg, 0);
		EXPECT_EQ(out.error, 0);
		gist_out_init(&out, buf, sizeof(buf));
		nslp_message_forward(&out, &msg, &msg, 0);
		EXPECT_EQ(out.error, 0);
		for (i = 0; nslp_message_auth(&msg, i, &tlv); i++)
			nslp_auth_parse(&auth, &tlv, &fault);
	}
	free(tight);
}

static void test_truncation(void)
{
	struct octets o;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		make(&o, samples[i]);
		for (n = 0; n < o.len; n++)
			survive(o.b, n);
	}
}

static void test_mutation(void)
{
	uint32_t state = 5973, i, k;
	struct octets o;

	for (i = 0; i < 60000; i++) {
		k = octets_random(&state) % (ARRAY_SIZE(samples) + 1);
		make(&o, k < ARRAY_SIZE(samples) ? samples[k] : "01000000" LT EFI MSN
		     "80160013" HMAC SOURCE START LIST PROOF "00080303 13c40001");
		for (k = octets_random(&state) % 4 + 1; k; k--)
			o.b[octets_random(&state) % o.len] ^= (uint8_t)(1u << octets_random(&state) % 8);
		if (octets_random(&state) % 8 == 0)
			o.len = octets_random(&state) % (o.len + 1);
		survive(o.b, o.len);
	}
}

static void test_out_bounds(void)
{
	struct gist_out out;
	struct octets o;
	uint8_t *tight;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		accepted(samples[i]);
		make(&o, samples[i]);
		parse(&o, 0);
		for (n = 0; n <= o.len; n++) {
			tight = octets_tight(buf, n);
			gist_out_init(&out, tight, n);
			nslp_message_put(&out, &msg, 0);
			EXPECT_EQ(out.error, n < o.len ? -EMSGSIZE : 0);
			free(tight);
		}
	}
}

static void test_names(void)
{
	unsigned int i;

	for (i = 0; i < 4096; i++)
		EXPECT(nslp_type_name(i) && nslp_object_name(i) && nslp_code_name(i));
	EXPECT(!strcmp(nslp_code_name(NSLP_SUCCESS), "all processed"));
	EXPECT(!strcmp(nslp_code_name(0x503), "unknown"));
}

static const struct ktap_test tests[] = {
	{ "NATFW-4-01,NATFW-4-02,NATFW-4.3-02,NATFW-4.3-03,NATFW-4.3-04,NATFW-4.2-10"
	  " every message is written as it was read", test_samples },
	{ "NATFW-4.1-01,NATFW-4.1-02,NATFW-4.1-03,NATFW-4.1-06,NATFW-7.1-01,NATFW-7.2-01"
	  " header", test_header },
	{ "NATFW-4.1-05,NATFW-3.3-03 reserved bits of the header", test_header_reserved },
	{ "NATFW-4.1-12,NATFW-4.2.5-08 E without P", test_header_e_alone },
	{ "NATFW-4.1-10,NATFW-4.1-14 P and E where they mean nothing",
	  test_header_flags_elsewhere },
	{ "NATFW-4.1-09,NATFW-4.1-11,NATFW-4.1-13 flags that are not sent",
	  test_header_unsendable },
	{ "NATFW-4.1-07 unknown message types", test_type },
	{ "NATFW-4.2.5-07 less than a header, no whole words", test_length },
	{ "NATFW-4.3.1-01,NATFW-4.3-05 missing in CREATE", test_missing_create },
	{ "NATFW-4.3.1-02,NATFW-4.3.2-02,NATFW-4.3.1-03 nonce with P", test_missing_nonce },
	{ "NATFW-4.3.2-01,NATFW-4.2.8-19 missing in EXTERNAL", test_missing_external },
	{ "NATFW-4.3.3-02,NATFW-4.3.3-03,NATFW-3.5-01 missing in RESPONSE",
	  test_missing_response },
	{ "NATFW-4.3.4-01,NATFW-4.3.4-04 NOTIFY", test_missing_notify },
	{ "NATFW-4.3-06,NATFW-4.2.2-03,NATFW-4.2.3-03 objects not allowed in requests",
	  test_illegal_request },
	{ "NATFW-4.3.3-04,NATFW-3.3-08 objects not allowed in RESPONSE and NOTIFY",
	  test_illegal_response },
	{ "NATFW-4.3-07 duplicates", test_duplicates },
	{ "NATFW-4.2-05,NATFW-4.2-06,NATFW-3.3-08 unknown objects", test_unknown },
	{ "NATFW-7.3-01 objects of another NSLP", test_unknown_shared },
	{ "NATFW-4.2-09,NATFW-4.2-11,NATFW-4.2-01 AB and reserved bits of objects", test_ab },
	{ "NATFW-4.3-01 any order", test_order },
	{ "NATFW-4.2-03,NATFW-4.2-02 object lengths", test_object_length },
	{ "NATFW-4.2-04,NATFW-3.3-02 last object cut off", test_truncated_object },
	{ "NATFW-3.3-01,NATFW-3.3-06 one fault, in a fixed order", test_syntax_first },
	{ "NATFW-4.2-06,NATFW-4.2-07,NATFW-3.5-03,NATFW-5981.3.1-03 forwarding", test_forward },
	{ "NATFW-4.2.1-01,NATFW-4.2.1-02 lifetime", test_lifetime },
	{ "NATFW-4.2.2-01,NATFW-4.2.2-02,NATFW-4.2.2-06,NATFW-4.2.2-07,NATFW-4.2.2-08"
	  " external address", test_external_ip },
	{ "NATFW-4.2.3-01,NATFW-4.2.3-02,NATFW-4.2.3-06,NATFW-4.2.3-08,NATFW-4.2.5-09"
	  " external binding", test_binding },
	{ "NATFW-4.2.4-01,NATFW-4.2.4-06 action", test_efi },
	{ "NATFW-4.2.4-10 sub_ports", test_sub_ports },
	{ "NATFW-4.2.4-13 two ports from the last one on", test_sub_ports_end },
	{ "NATFW-4.2.4-09 sub_ports that are not sent", test_sub_ports_unsendable },
	{ "NATFW-4.2.5-01,NATFW-4.2.5-03,NATFW-4.2.5-04,NATFW-4.2.5-05,NATFW-4.2.5-21"
	  " information", test_info },
	{ "NATFW-4.2.5-06 classes by message", test_info_class },
	{ "NATFW-4.2.6-01,NATFW-4.2.6-02,NATFW-4.2.7-01,NATFW-3.5-09 nonce and MSN",
	  test_nonce_msn },
	{ "NATFW-3.5-08,NATFW-3.5-07 order of MSNs", test_msn_order },
	{ "NATFW-3.5-15 MSNs without order", test_msn_undefined },
	{ "NATFW-3.5-10 MSN of an answer", test_msn_answer },
	{ "NATFW-4.2.8-01,NATFW-4.2.8-02,NATFW-4.2.8-03,NATFW-4.2.8-04,NATFW-4.2.8-05"
	  " data terminal information", test_dtinfo },
	{ "NATFW-4.2.8-07,NATFW-4.2.8-09 DTINFO flags", test_dtinfo_combination },
	{ "NATFW-4.2.8-18 DTINFO length", test_dtinfo_length },
	{ "NATFW-4.2.8-12,NATFW-4.2.8-17,NATFW-4.2.8-20 DTINFO prefix, protocol, reserved bits",
	  test_dtinfo_rest },
	{ "NATFW-4.2.9-01,NATFW-4.2.9-02,NATFW-4.2.9-04,NATFW-4.2.9-05,NATFW-4-03 ICMP types",
	  test_icmp },
	{ "NATFW-4.2.9-06 ICMP count", test_icmp_count },
	{ "NATFW-4.2.9-07 ICMP types for another protocol", test_icmp_protocol },
	{ "numbers from before the registry", test_old_numbers },
	{ "NATFW-5981.3.1-01,NATFW-5981.3.1-04,NATFW-5981.3.2-03 SESSION_AUTH in messages",
	  test_auth_passes },
	{ "NATFW-5981.3.2-02,NATFW-5981.4.1-03 attributes read", test_auth_attributes },
	{ "NATFW-5981.3.2-01,NATFW-5981.3.2.7-03,NATFW-5981.3.2.2-01 attributes written",
	  test_auth_put },
	{ "NATFW-5981.3.2-04,NATFW-5981.6.3.3-01,NATFW-5981.6.3.4-01 malformed attributes",
	  test_auth_malformed },
	{ "NATFW-5981.3.2.3-03,NATFW-5981.3.2.7-01,NATFW-5981.3.2.8-01 attributes together",
	  test_auth_rules },
	{ "NATFW-5981.4.4-01 what HMAC_SIGNED needs", test_auth_hmac_needs },
	{ "NATFW-5981.3.2.3-01,NATFW-5981.3.2.3-04,NATFW-5981.3.2.4-01 authorized addresses",
	  test_auth_covers },
	{ "NATFW-5981.4.1-01,NATFW-5981.3.1-02,NATFW-5981.6.4-01 signature", test_hmac },
	{ "NATFW-5981.3.2.7-02 the signature covers SID, NSLPID and MRI", test_hmac_context },
	{ "NATFW-5981.4.1-01,NATFW-5981.3.2.7-02 a known signature", test_hmac_known },
	{ "NATFW-5981.4.1-02,NATFW-5981.4.4-04 keys and transforms", test_hmac_keys },
	{ "NATFW-5981.4.4-03 short keys", test_hmac_short_key },
	{ "NATFW-5981.3.2.7-02 a listed object is missing", test_hmac_listed },
	{ "NATFW-5981.4.4-02 another time, another signature", test_hmac_times },
	{ "truncation at every octet", test_truncation },
	{ "sixty thousand mutations", test_mutation },
	{ "nothing is written beyond the buffer", test_out_bounds },
	{ "names", test_names },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
