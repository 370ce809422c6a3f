// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IP packets of Q-mode: what userd/sig/packet.c builds, reads and passes on. Expected octets were
 * put together by hand and by another program, or captured from another implementation.
 *
 * natfw-test: quick timeout=30
 */
#include <errno.h>

#include "ktap.h"
#include "octets.h"
#include "sig/packet.h"

/* A Query's common header with magic number, and eight octets that are not looked at. */
#define PAYLOAD	"4e04bda5 010a000200218080 aabbccdd11223344"
#define V4	"46b8003400004000ff11f983c0000201c633640294040041" "1a85010e001cae94" PAYLOAD
/* IPv4 without UDP checksum, and a UDP length. */
#define NO_SUM(len)	"46b8003400004000ff11f983c0000201c633640294040041" "1a85010e" len "0000" PAYLOAD
#define V6	"6b8abcde0024004020010db8000000000000000000000001" \
		"20010db8000900000000000000000002" "1100050200440100" "010e010e001c58c5" PAYLOAD

static struct octets packet, payload;
static uint8_t buf[PACKET_MAX];
static struct gist_out out;

static struct address address(const char *text)
{
	struct address a = { 0 };

	EXPECT(address_read(&a, text));
	return a;
}

static struct gist_qmode q4(void)
{
	return (struct gist_qmode){
		.source = address("192.0.2.1"), .destination = address("198.51.100.2"),
		.sport = 6789, .ttl = 255, .ds = 46, .rao = 65,
	};
}

static struct gist_qmode q6(void)
{
	return (struct gist_qmode){
		.source = address("2001:db8::1"), .destination = address("2001:db8:9::2"),
		.sport = 270, .ttl = 64, .ds = 46, .label = 0xabcde, .rao = 68,
	};
}

static struct gist_view build(const struct gist_qmode *q)
{
	octets_hex(&payload, PAYLOAD, 0);
	gist_out_init(&out, buf, sizeof(buf));
	packet_build(&out, q, octets_view(&payload));
	return gist_out_view(&out);
}

static enum packet_kind parse(struct packet *p, const char *hex)
{
	octets_hex(&packet, hex, 0);
	return packet_parse(p, octets_view(&packet));
}

static void builds_ipv4(void)
{
	struct gist_qmode q = q4();

	octets_hex(&packet, V4, 0);
	EXPECT(octets_are(&packet, build(&q)));
	EXPECT_EQ(gist_get16(buf + 6), 0x4000);
}

static void builds_ipv6(void)
{
	struct gist_qmode q = q6();

	octets_hex(&packet, V6, 0);
	EXPECT(octets_are(&packet, build(&q)));
}

static void builds_without_alert(void)
{
	struct gist_qmode q = q4();
	struct packet p;

	q.rao = -1;
	EXPECT_EQ(build(&q).len, 48);
	EXPECT_EQ(buf[0], 0x45);
	EXPECT_EQ(packet_parse(&p, gist_out_view(&out)), PACKET_OTHER);
	q = q6();
	q.rao = -1;
	EXPECT_EQ(build(&q).len, 68);
	EXPECT_EQ(buf[6], 17);
}

static void refuses_to_build(void)
{
	static uint8_t large[65536];
	struct gist_qmode q = q4();

	q.ttl = 0;
	build(&q);
	EXPECT_EQ(out.error, -EINVAL);
	q = q4();
	q.source = address("2001:db8::1");
	build(&q);
	EXPECT_EQ(out.error, -EINVAL);
	q = q4();
	q.ds = 64;
	build(&q);
	EXPECT_EQ(out.error, -EINVAL);
	q = q4();
	gist_out_init(&out, buf, sizeof(buf));
	packet_build(&out, &q, gist_view(large, 65535 - 24 - 8 + 1));
	EXPECT_EQ(out.error, -EMSGSIZE);
	gist_out_init(&out, buf, sizeof(buf));
	packet_build(&out, &q, gist_view(large, 65535 - 24 - 8));
	EXPECT_EQ(out.error, 0);
}

static void reads_ipv4(void)
{
	struct gist_qmode q = q4();
	struct packet p;

	EXPECT_EQ(parse(&p, V4 "0000"), PACKET_QMODE);	/* padding of the link */
	octets_hex(&payload, PAYLOAD, 0);
	EXPECT(octets_are(&payload, p.payload));
	EXPECT(address_equal(&p.source, &q.source) && address_equal(&p.destination, &q.destination));
	EXPECT_EQ(p.version, 4);
	EXPECT_EQ(p.ttl, 255);
	EXPECT_EQ(p.rao, 65);
	EXPECT_EQ(p.sport, 6789);
	EXPECT_EQ(p.dport, 270);
	EXPECT_EQ(p.octets.len, 52);
}

static void reads_ipv6(void)
{
	struct gist_qmode q = q6();
	struct packet p;

	EXPECT_EQ(parse(&p, V6), PACKET_QMODE);
	EXPECT(address_equal(&p.source, &q.source) && address_equal(&p.destination, &q.destination));
	EXPECT_EQ(p.rao, 68);
	EXPECT_EQ(p.ttl, 64);
	EXPECT_EQ(p.payload.len, 20);
}

/* A captured Query: IP header by the record, UDP and payload as they were. */
static void reads_captured(void)
{
	struct gist_qmode q = { .source = address("10.77.1.2"), .destination = address("10.77.2.2"),
				.sport = 270, .ttl = 100, .rao = 65 };
	struct packet p;

	octets_hex(&payload, "4e04bda5010a001e002180c000000005000048c00a4d01020a4d0202202011001388177000"
		   "010004a26e54db3cc52293b31d75b443d568fa000200071064400000007530e1dc8863cc5b428c6d92"
		   "eda7abe840df0a4d0102000500014bb6b1d90003000302000000010100000202010000040004020000"
		   "000002bf200101000001020000", 0);
	gist_out_init(&out, buf, sizeof(buf));
	packet_build(&out, &q, octets_view(&payload));
	EXPECT_EQ(out.error, 0);
	EXPECT_EQ(gist_get32(buf + 20), 0x94040041);
	EXPECT_EQ(packet_parse(&p, gist_out_view(&out)), PACKET_QMODE);
	EXPECT(octets_are(&payload, p.payload));
}

/* Change one octet of a good packet: what it is then. */
static enum packet_kind with(const char *hex, size_t at, uint8_t octet)
{
	struct packet p;

	octets_hex(&packet, hex, 0);
	packet.b[at] = octet;
	return packet_parse(&p, octets_view(&packet));
}

static void passes_on_what_is_not_exact(void)
{
	struct packet p;

	EXPECT_EQ(with(V4, 9, 6), PACKET_OTHER);	/* TCP */
	EXPECT_EQ(with(V4, 9, 47), PACKET_OTHER);	/* GRE */
	EXPECT_EQ(with(V4, 9, 50), PACKET_OTHER);	/* ESP */
	EXPECT_EQ(with(V4, 26, 2), PACKET_OTHER);	/* another port */
	EXPECT_EQ(with(V4, 20, 0x95), PACKET_OTHER);	/* another option */
	EXPECT_EQ(with(V4, 6, 0x20), PACKET_OTHER);	/* fragments follow */
	EXPECT_EQ(with(V4, 7, 1), PACKET_OTHER);	/* a fragment */
	EXPECT_EQ(with(V4, 32, 0x4f), PACKET_OTHER);	/* magic number */
	EXPECT_EQ(with(V4, 30, 0xaf), PACKET_OTHER);	/* UDP checksum */
	EXPECT_EQ(with(V4, 29, 0x1b), PACKET_OTHER);	/* UDP length */
	EXPECT_EQ(with(V4, 28, 0x01), PACKET_OTHER);
	EXPECT_EQ(parse(&p, NO_SUM("001c")), PACKET_QMODE);
	EXPECT_EQ(parse(&p, NO_SUM("0018")), PACKET_OTHER);	/* ends before the packet does */
	EXPECT_EQ(parse(&p, NO_SUM("0020")), PACKET_OTHER);
	EXPECT_EQ(with(V6, 54, 0) + with(V6, 55, 0), 2 * PACKET_OTHER);
	EXPECT_EQ(with(V6, 6, 44), PACKET_OTHER);	/* fragment header first */
	EXPECT_EQ(with(V6, 40, 51), PACKET_OTHER);	/* AH */
	EXPECT_EQ(with(V6, 40, 41), PACKET_OTHER);	/* a tunnel */
	EXPECT_EQ(with(V6, 40, 0), PACKET_OTHER);	/* a second hop-by-hop header */
	EXPECT_EQ(with(V6, 42, 4), PACKET_OTHER);	/* another option */
	EXPECT_EQ(with(V6, 43, 200), PACKET_OTHER);	/* too long an option */
}

/* C=0, with a right checksum: Confirm and Data in normal mode go to the same port. */
static void leaves_context_alone(void)
{
	struct gist_qmode q = q4();
	struct packet p;

	octets_hex(&payload, "4e04bda5 010a000200210280 aabbccdd11223344", 0);
	gist_out_init(&out, buf, sizeof(buf));
	packet_build(&out, &q, octets_view(&payload));
	EXPECT_EQ(packet_parse(&p, gist_out_view(&out)), PACKET_OTHER);
	octets_hex(&payload, "4e04bda5 010a0002002180", 0);	/* half a header */
	gist_out_init(&out, buf, sizeof(buf));
	packet_build(&out, &q, octets_view(&payload));
	EXPECT_EQ(packet_parse(&p, gist_out_view(&out)), PACKET_OTHER);
}

static void is_bad(void)
{
	struct packet p;

	EXPECT_EQ(packet_parse(&p, gist_view(NULL, 0)), PACKET_BAD);
	EXPECT_EQ(with(V4, 0, 0x56), PACKET_BAD);
	EXPECT_EQ(with(V4, 0, 0x44), PACKET_BAD);
	EXPECT_EQ(with(V4, 3, 53), PACKET_BAD);
	EXPECT_EQ(with(V4, 3, 23), PACKET_BAD);
	EXPECT_EQ(with(V6, 5, 0x25), PACKET_BAD);
}

/* Every truncation, in a buffer of just that size for the sanitizer to watch. */
static void survives_truncation(void)
{
	static const char *const all[] = { V4, V6 };
	struct packet p;
	uint8_t *copy;
	size_t i, n;

	for (i = 0; i < 2; i++) {
		octets_hex(&packet, all[i], 0);
		for (n = 0; n < packet.len; n++) {
			copy = malloc(n ? n : 1);
			memcpy(copy, packet.b, n);
			EXPECT_EQ(packet_parse(&p, gist_view(copy, n)), PACKET_BAD);
			free(copy);
		}
	}
}

/* NOPs before the option, a longer option list, other extension headers before UDP. */
static void finds_alert_behind_others(void)
{
	struct packet p;
	static uint8_t longer[128];
	size_t at;

	octets_hex(&packet, V4, 0);
	memcpy(longer, packet.b, 20);
	memcpy(longer + 20, "\x01\x07\x07\x04\0\0\0\0\x94\x04\x00\x41", 12);
	memcpy(longer + 32, packet.b + 24, packet.len - 24);
	longer[0] = 0x48;
	longer[3] = (uint8_t)(packet.len + 8);
	EXPECT_EQ(packet_parse(&p, gist_view(longer, packet.len + 8)), PACKET_QMODE);
	EXPECT_EQ(p.rao, 65);
	octets_hex(&packet, V6, 0);
	memcpy(longer, packet.b, 48);
	longer[40] = 60;
	at = 48;
	memcpy(longer + at, "\x11\x00\x01\x04\0\0\0\0", 8);
	memcpy(longer + at + 8, packet.b + 48, packet.len - 48);
	longer[5] = (uint8_t)(longer[5] + 8);
	EXPECT_EQ(packet_parse(&p, gist_view(longer, packet.len + 8)), PACKET_QMODE);
	EXPECT_EQ(p.rao, 68);
}

static struct gist_view relay(const struct packet *p, const struct gist_view *with_payload)
{
	gist_out_init(&out, buf, sizeof(buf));
	packet_relay(&out, p, with_payload);
	return gist_out_view(&out);
}

static void relays_unchanged(void)
{
	struct packet p;
	struct gist_view v;

	parse(&p, V4);
	v = relay(&p, NULL);
	EXPECT_EQ(v.len, packet.len);
	EXPECT_EQ(v.data[8], 254);
	EXPECT_EQ(gist_get16(v.data + 10), 0xfa83);
	packet.b[8]--;
	packet.b[10] = 0xfa;
	EXPECT(octets_are(&packet, v));
	parse(&p, V6);
	v = relay(&p, NULL);
	packet.b[7]--;
	EXPECT(octets_are(&packet, v));
}

static void relays_with_other_payload(void)
{
	struct gist_view other, v;
	struct packet p, again;
	static const char *const all[] = { V4, V6 };
	size_t i;

	octets_hex(&payload, "4e04bda5 0109000400218080 aabbccdd11223344 5566778899aabbcc", 0);
	other = octets_view(&payload);
	for (i = 0; i < 2; i++) {
		parse(&p, all[i]);
		v = relay(&p, &other);
		EXPECT_EQ(v.len, packet.len + 8);
		EXPECT_EQ(packet_parse(&again, v), PACKET_QMODE);
		EXPECT(octets_are(&payload, again.payload));
		EXPECT_EQ(again.rao, p.rao);
		EXPECT_EQ(again.ttl, p.ttl - 1);
		EXPECT_EQ(again.sport, p.sport);
		/* version, DS, flow label; flags; addresses and options stay */
		EXPECT(!memcmp(v.data, packet.b, i ? 4 : 2));
		EXPECT(!memcmp(v.data + (i ? 8 : 12), packet.b + (i ? 8 : 12), i ? 40 : 12));
	}
}

static void relays_no_expired(void)
{
	struct packet p;

	parse(&p, V4);
	p.ttl = 1;
	relay(&p, NULL);
	EXPECT_EQ(out.error, -ETIME);
	p.ttl = 0;
	relay(&p, NULL);
	EXPECT_EQ(out.error, -ETIME);
}

static void relays_others(void)
{
	struct packet p;

	EXPECT_EQ(with(V4, 26, 2), PACKET_OTHER);
	packet_parse(&p, octets_view(&packet));
	EXPECT_EQ(relay(&p, NULL).len, packet.len);
	EXPECT(!memcmp(buf + 24, packet.b + 24, packet.len - 24));
	octets_hex(&payload, PAYLOAD, 0);
	relay(&p, &(struct gist_view){ payload.b, payload.len });
	EXPECT_EQ(out.error, -EINVAL);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "GIST-5.3.2.1-03,GIST-5.3.2.1-07,GIST-5.3.2.1-08,GIST-5.3.2.3-05,GIST-5.3.1-03 "
		  "an IPv4 packet as built", builds_ipv4 },
		{ "GIST-5.3.2.2-03,GIST-5.3.2.2-05,GIST-5.3.2.2-07 an IPv6 packet as built",
		  builds_ipv6 },
		{ "GIST-5.3.2.1-05 without router alert if asked for", builds_without_alert },
		{ "what cannot be is not built", refuses_to_build },
		{ "GIST-5.3.2.3-12 an IPv4 packet as read", reads_ipv4 },
		{ "GIST-5.3.2.2-04 an IPv6 packet as read", reads_ipv6 },
		{ "a Query of another implementation", reads_captured },
		{ "GIST-3.6-02,GIST-4.3.4-01,GIST-5.3.2.2-06,GIST-5.3.2.3-01,GIST-5.3.2.3-08 "
		  "what is not quite Q-mode is for others", passes_on_what_is_not_exact },
		{ "GIST-3.6-01 only context-free messages are taken", leaves_context_alone },
		{ "no IP packets", is_bad },
		{ "every truncation", survives_truncation },
		{ "router alert behind other options and before other headers",
		  finds_alert_behind_others },
		{ "GIST-4.3.4-07,GIST-5.3.2.4-03 going on unchanged, TTL one lower",
		  relays_unchanged },
		{ "GIST-4.3.2-06 going on with another payload", relays_with_other_payload },
		{ "GIST-4.3.4-10 not going on without TTL", relays_no_expired },
		{ "packets of others going on", relays_others },
	};

	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
