// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * EXTERNAL in each role, what CREATE makes of reservations, and proxies.
 *
 * natfw-test: quick timeout=120
 */
#include "nslp_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DR		"10.0.0.2"	/* receiver, inside */
#define DS		"203.0.113.7"	/* sender, outside */
#define SDA		"198.51.100.1"
#define EXT		"192.0.2.1"

static const uint8_t ext_sid[16] = { 0xde, 0xad, 0xbe, 0xef, 9 };
static const uint8_t create_sid[16] = { 0xc, 0xc };

static void be(const uint8_t *sid)
{
	memcpy(rig_sid, sid, 16);
}

/* From the receiver, loose end. */
static struct gist_mri reserve(uint32_t msn, struct nslp_message *m)
{
	struct gist_mri mri = rig_loose(DR, SDA);

	be(ext_sid);
	m->msn = msn;
	rig_in(1, &mri, m);
	return mri;
}

/* From the receiver, path-coupled, @sender known, or any. */
static struct gist_mri reserve_path(uint32_t msn, const char *sender, struct nslp_message *m)
{
	struct gist_mri mri = rig_back(rig_mri(sender, DR, 5000));

	be(ext_sid);
	mri.has_sport = false;
	mri.sport = 0;
	if (!strcmp(sender, "0.0.0.0"))
		mri.source_prefix = 0;
	m->msn = msn;
	rig_in(1, &mri, m);
	return mri;
}

static void with_binding(struct nslp_message *m)
{
	m->present |= NSLP_BIT(NSLP_BINDING);
	m->binding.version = 4;
}

static void expect_external(unsigned int i, const char *a, uint16_t port)
{
	struct address x = addr(a);

	EXPECT(nslp_message_has(&rig.sent[i].m, NSLP_EXTERNAL_IP));
	EXPECT_EQ(rig.sent[i].m.external.port, port);
	EXPECT(!memcmp(rig.sent[i].m.external.address, x.b, 4));
}

static void edge_nat(void)
{
	struct nslp_message m = rig_external(1, 600);
	struct gist_mri mri;

	rig_start(EDGE_NAT);
	with_binding(&m);
	mri = reserve(1, &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_RESERVE, GATE_BIND);
	EXPECT_EQ(rig.asked[0].in_ifindex, 2);
	EXPECT_EQ(rig.asked[0].out_ifindex, 1);
	EXPECT_EQ(rig.asked[0].flow.source_len, 0);
	EXPECT_EQ(rig.asked[0].flow.destination.b[0], 10);
	EXPECT_EQ(rig.asked[0].flow.dport, 5000);
	EXPECT_EQ(rig.asked[0].flow.protocol, 17);
	rig_expect_asked(1, GATE_HOLD, GATE_RESERVE, GATE_BIND);
	EXPECT_EQ(rig.asks, 2);
	EXPECT_EQ(rig.sends, 1);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	expect_external(0, EXT, 40000);
	EXPECT(nslp_message_has(&rig.sent[0].m, NSLP_BINDING));
	EXPECT_EQ(rig.sent[0].m.binding.addresses.len, 0);
	EXPECT_EQ(rig_info().role, SESSION_EDGE);
	rig_stop();
}

static void inner_nat(void)
{
	struct nslp_message m = rig_external(1, 600), r = rig_response(1, NSLP_SUCCESS, 600);
	struct gist_mri mri, far;

	rig_start(NAT);
	with_binding(&m);
	mri = reserve(1, &m);
	far = rig_loose(EXT, SDA);
	rig_expect_sent(0, NSLP_EXTERNAL, far);
	EXPECT_EQ(rig.sent[0].m.dtinfo.receiver_port, 40000);
	EXPECT_EQ(rig.sent[0].m.binding.addresses.len, 4);
	EXPECT_EQ(rig.sent[0].m.binding.port, 40000);
	EXPECT_EQ(rig.sent[0].m.msn, 1);
	r.present |= NSLP_BIT(NSLP_EXTERNAL_IP);
	r.external = (struct nslp_external){ .port = 77, .version = 4, .address = { 9, 8, 7, 6 } };
	far = rig_back(far);
	rig_clear();
	rig_in(2, &far, &r);
	rig_expect_asked(0, GATE_HOLD, GATE_RESERVE, GATE_BIND);
	EXPECT_EQ(rig.asks, 1);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	expect_external(0, "9.8.7.6", 77);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void no_binding_unasked(void)
{
	struct nslp_message m = rig_external(1, 600);

	rig_start(NAT);
	reserve(1, &m);
	EXPECT(!nslp_message_has(&rig.sent[0].m, NSLP_BINDING));
	rig_stop();
}

static void second_binding(void)
{
	static const uint8_t first[] = { 10, 9, 9, 9 };
	struct nslp_message m = rig_external(1, 600);

	rig_start(NAT);
	with_binding(&m);
	m.binding.port = 40000;
	m.binding.addresses = gist_view(first, 4);
	reserve(1, &m);
	EXPECT_EQ(rig.sent[0].m.binding.addresses.len, 8);
	EXPECT_EQ(rig.sent[0].m.binding.addresses.data[0], 10);
	EXPECT_EQ(rig.sent[0].m.binding.addresses.data[4], 192);
	EXPECT_EQ(rig.sent[0].m.binding.port, 40000);
	rig_stop();
}

static void path_coupled_nat(void)
{
	struct nslp_message m = rig_external(1, 600);
	struct gist_mri mri, far;

	rig_start(NAT);
	mri = reserve_path(1, DS, &m);
	far = mri;
	far.destination = addr(EXT);
	far.dport = 40000;
	rig_expect_sent(0, NSLP_EXTERNAL, far);
	EXPECT_EQ(rig.asked[0].flow.source_len, 32);
	rig_stop();
	rig_start(EDGE_NAT);
	m = rig_external(1, 600);
	mri = reserve_path(1, DS, &m);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	expect_external(0, EXT, 40000);
	rig_stop();
}

static void refused_at_nat(void)
{
	struct nslp_message m = rig_external(1, 600);
	struct gist_mri mri = rig_loose(DS, "198.51.100.9");

	rig_start(EDGE_NAT);
	be(ext_sid);
	rig_in(2, &mri, &m);
	rig_expect_response(0, rig_back(mri), 1, NSLP_EXTERNAL_SIDE);
	m.efi.action = NSLP_DENY;
	mri = reserve(2, &m);
	rig_expect_response(1, rig_back(mri), 2, NSLP_NOT_APPLICABLE);
	EXPECT_EQ(rig.asks, 0);
	EXPECT(!rig_has());
	rig.auto_gate = false;
	m.efi.action = NSLP_ALLOW;
	reserve(3, &m);
	rig_answer(0, NSLP_SOURCE_WIDE);
	EXPECT_EQ(rig.sent[2].m.info.code, NSLP_SOURCE_WIDE);
	rig_stop();
}

static void no_dtinfo(void)
{
	static const uint8_t bare[] = { 2, 0, 0, 0, 0, 0xc, 0, 1, 0, 0, 2, 0x58,
					0, 0xf, 0, 1, 0, 1, 0, 0, 0, 0x12, 0, 1, 0, 0, 0, 7 };
	struct gist_mri mri = rig_loose(DR, SDA);

	rig_start(EDGE_NAT);
	be(ext_sid);
	rig_octets(1, &mri, gist_view(bare, sizeof(bare)));
	rig_expect_response(0, rig_back(mri), 7, NSLP_DTINFO_REQUIRED);
	rig_stop();
}

static void edge_firewall(void)
{
	struct nslp_message m = rig_external(1, 600);
	struct gist_mri mri;

	rig_start(EDGE_FIREWALL);
	with_binding(&m);
	mri = reserve_path(1, DS, &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_RESERVE, GATE_PLAIN);
	rig_expect_asked(1, GATE_HOLD, GATE_RESERVE, GATE_PLAIN);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	EXPECT(!nslp_message_has(&rig.sent[0].m, NSLP_EXTERNAL_IP));
	EXPECT(nslp_message_has(&rig.sent[0].m, NSLP_BINDING));
	EXPECT_EQ(rig.sends, 1);
	rig_stop();
	rig_start(EDGE_FIREWALL);
	m = rig_external(1, 600);
	mri = rig_loose("192.0.2.79", SDA);
	be(ext_sid);
	rig_in(1, &mri, &m);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	expect_external(0, "192.0.2.79", 5000);
	rig_stop();
}

static void deny_at_edge(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(1, 600);
	struct gist_mri mri;

	rig_start(EDGE_FIREWALL);
	m.efi.action = NSLP_DENY;
	mri = reserve_path(1, DS, &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_DENY, GATE_PLAIN);
	rig_expect_asked(1, GATE_OPEN, GATE_DENY, GATE_PLAIN);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	EXPECT(!nslp_message_has(&rig.sent[0].m, NSLP_EXTERNAL_IP));
	rig_clear();
	be(create_sid);
	mri = rig_mri(DS, DR, 5000);
	rig_in(2, &mri, &c);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_CONFLICT);
	rig_clear();
	mri = rig_mri("203.0.113.8", DR, 5000);
	rig_in(2, &mri, &c);
	rig_expect_sent(0, NSLP_CREATE, mri);
	rig_stop();
}

static void deny_at_inner(void)
{
	struct nslp_message m = rig_external(1, 600), r = rig_response(1, NSLP_SUCCESS, 600);
	struct gist_mri mri;

	rig_start(FIREWALL);
	m.efi.action = NSLP_DENY;
	mri = reserve_path(1, DS, &m);
	rig_expect_sent(0, NSLP_EXTERNAL, mri);
	mri = rig_back(mri);
	rig_in(2, &mri, &r);
	EXPECT(!rig_asked(GATE_OPEN));
	EXPECT(rig_asked(GATE_HOLD));
	rig_expect_response(1, mri, 1, NSLP_SUCCESS);
	rig_stop();
}

static void inner_firewall(void)
{
	struct nslp_message m = rig_external(1, 600), r = rig_response(1, NSLP_CONFLICT, 0);
	struct gist_mri mri;

	rig_start(FIREWALL);
	mri = reserve_path(1, "0.0.0.0", &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_RESERVE, GATE_PLAIN);
	rig_expect_sent(0, NSLP_EXTERNAL, mri);
	mri = rig_back(mri);
	rig_in(2, &mri, &r);
	rig_expect_response(1, mri, 1, NSLP_CONFLICT);
	EXPECT(!rig_has());
	mri = reserve_path(2, DS, &m);
	rig_status(2, false, GIST_FAIL_NO_RESPONSE);
	EXPECT_EQ(rig.sent[3].m.info.code, NSLP_NO_EDGE);
	rig_stop();
}

static void no_edge(void)
{
	struct gist_mri mri = rig_back(rig_mri("10.0.0.1", DR, 5000));
	struct nslp_message m = rig_external(1, 600);

	rig_start(HOST);
	be(ext_sid);
	rig_in(1, &mri, &m);
	rig_expect_response(0, rig_back(mri), 1, NSLP_NO_EDGE);
	EXPECT(!rig_has());
	rig_stop();
}

static void loose_ipv6(void)
{
	struct gist_mri mri = rig_loose("fd00::2", "2001:db8::1");
	struct nslp_message m = rig_external(1, 600);

	rig_start(EDGE_FIREWALL);
	be(ext_sid);
	rig_in(1, &mri, &m);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_PROTOCOL);
	rig_stop();
}

/* --- CREATE by a reservation ----------------------------------------------------------------- */

static void reserved(struct nslp_message *m)
{
	rig_start(EDGE_NAT);
	reserve(1, m);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	be(create_sid);
}

static void create_enters(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(50, 600);
	struct nslp_message r = rig_response(50, NSLP_SUCCESS, 600);
	struct gist_mri mri = rig_mri(DS, EXT, 40000), far = rig_mri(DS, "10.0.0.9", 5000);

	reserved(&m);
	rig_in(2, &mri, &c);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_DESTINATION);
	EXPECT(!memcmp(rig.asked[0].ref, ext_sid, 16));
	EXPECT_EQ(rig.asked[0].flow.source.b[0], 203);
	EXPECT_EQ(rig.asked[0].in_ifindex, 2);
	EXPECT_EQ(rig.asked[0].out_ifindex, 1);
	rig_expect_sent(0, NSLP_CREATE, far);
	far = rig_back(far);
	rig_in(1, &far, &r);
	rig_expect_asked(1, GATE_OPEN, GATE_ALLOW, GATE_DESTINATION);
	rig_expect_response(1, rig_back(mri), 50, NSLP_SUCCESS);
	rig_clear();
	rig_sid[5] = 1;
	mri.sport++;
	rig_in(2, &mri, &c);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_DESTINATION);
	rig_stop();
}

struct match_case {
	const char *what;
	const char *from, *to;
	uint16_t sport, dport;
	uint8_t protocol;
	bool match;
};

static void matching(const struct nslp_message *m, const struct match_case *c, unsigned int n)
{
	struct nslp_message create = rig_create(1, 600), external = *m;
	struct gist_mri mri;

	for (; n--; c++) {
		reserved(&external);
		mri = rig_mri(c->from, c->to, c->dport);
		mri.sport = c->sport;
		mri.protocol = c->protocol;
		mri.has_dport = c->dport;
		mri.has_sport = c->sport;
		rig_in(2, &mri, &create);
		if (!EXPECT_EQ(rig.sends && rig.sent[0].m.type == NSLP_CREATE, c->match))
			printf("# %s\n", c->what);
		rig_stop();
	}
}

static void any_sender(void)
{
	static const struct match_case cases[] = {
		{ "any sender", DS, EXT, 4000, 40000, 17, true },
		{ "any source port", "198.51.100.9", EXT, 1, 40000, 17, true },
		{ "other port", DS, EXT, 4000, 40001, 17, false },
		{ "other protocol", DS, EXT, 4000, 40000, 6, false },
		{ "other address", DS, "192.0.2.99", 4000, 40000, 17, false },
		{ "internal port", DS, EXT, 4000, 5000, 17, false },
		{ "any port", DS, EXT, 4000, 0, 17, false },
	};
	struct nslp_message m = rig_external(1, 600);

	matching(&m, cases, ARRAY_SIZE(cases));
}

static void one_sender(void)
{
	static const struct match_case cases[] = {
		{ "that sender", DS, EXT, 4000, 40000, 17, true },
		{ "same network", "203.0.113.200", EXT, 4000, 40000, 17, true },
		{ "other network", "203.0.114.7", EXT, 4000, 40000, 17, false },
		{ "other source port", DS, EXT, 4001, 40000, 17, false },
		{ "any source port", DS, EXT, 0, 40000, 17, false },
	};
	struct nslp_message m = rig_external(1, 600);

	m.dtinfo.prefix = 24;
	memcpy(m.dtinfo.sender, (uint8_t[]){ 203, 0, 113, 7 }, 4);
	m.dtinfo.sender_port = 4000;
	matching(&m, cases, ARRAY_SIZE(cases));
}

static void two_ports(void)
{
	static const struct match_case cases[] = {
		{ "first", DS, EXT, 4000, 40000, 17, true },
		{ "second", DS, EXT, 4000, 40001, 17, true },
		{ "third", DS, EXT, 4000, 40002, 17, false },
	};
	struct nslp_message m = rig_external(1, 600);

	m.efi.sub_ports = 1;
	matching(&m, cases, ARRAY_SIZE(cases));
}

static void reservation_ends(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(1, 600);
	struct gist_mri mri = rig_mri(DS, EXT, 40000);

	reserved(&m);
	m.lifetime = 0;
	reserve(2, &m);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT_EQ(rig.sends, 0);
	EXPECT(!rig_has());
	be(create_sid);
	rig_in(2, &mri, &c);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NO_RESERVATION);
	rig_stop();
}

static void restored_in_order(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(50, 600);
	struct nslp_message r = rig_response(50, NSLP_SUCCESS, 600);
	struct gist_mri mri = rig_mri(DS, EXT, 40000), far = rig_mri(DS, "10.0.0.9", 5000);

	reserved(&m);
	rig_in(2, &mri, &c);
	far = rig_back(far);
	rig_in(1, &far, &r);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	rig.auto_gate = false;
	nslp_gate_restarted(rig.n);
	rig_pass(100);
	EXPECT_EQ(rig.asks, 1);
	rig_expect_asked(0, GATE_ADMIT, GATE_RESERVE, GATE_BIND);
	rig_answer(0, 0);
	rig_pass(100);
	EXPECT_EQ(rig.asks, 2);
	rig_expect_asked(1, GATE_HOLD, GATE_RESERVE, GATE_BIND);
	rig_answer(1, 0);
	rig_pass(100);
	EXPECT_EQ(rig.asks, 3);
	rig_expect_asked(2, GATE_ADMIT, GATE_ALLOW, GATE_DESTINATION);
	rig_answer(2, 0);
	rig_expect_asked(3, GATE_OPEN, GATE_ALLOW, GATE_DESTINATION);
	rig_stop();
}

static void refused_create_leaves_it(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(1, 600);
	struct gist_mri mri = rig_mri(DS, EXT, 40001);

	reserved(&m);
	rig_in(2, &mri, &c);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NO_RESERVATION);
	EXPECT_EQ(rig.asks, 0);
	be(ext_sid);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void external_update(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(1, 600);
	struct gist_mri mri = rig_mri(DS, EXT, 40000);

	reserved(&m);
	m.dtinfo.protocol = 6;
	reserve(2, &m);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_SUCCESS);
	rig_clear();
	be(create_sid);
	rig_in(2, &mri, &c);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NO_RESERVATION);
	rig_clear();
	mri.protocol = 6;
	c.msn++;
	rig_in(2, &mri, &c);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_DESTINATION);
	rig_stop();
}

static void hairpin(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(1, 600);
	struct gist_mri mri = rig_mri("10.0.0.3", EXT, 40000), far;

	reserved(&m);
	rig_in(3, &mri, &c);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_BOTH);
	far = rig_mri(EXT, "10.0.0.9", 5000);
	far.sport = 40000;
	rig_expect_sent(0, NSLP_CREATE, far);
	rig_stop();
}

static void twice_nat(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(1, 600);
	struct gist_mri mri = rig_mri(DS, EXT, 40000);

	rig_start(EDGE_NAT);
	reserve(1, &m);
	rig.interface[0].nat = true;
	rig_configure();
	rig_clear();
	be(create_sid);
	rig_in(2, &mri, &c);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_BOTH);
	EXPECT_EQ(rig.sent[0].mri.source.b[0], 192);
	EXPECT_EQ(rig.sent[0].mri.destination.b[0], 10);
	rig_stop();
}

static void firewall_wants_reservation(void)
{
	struct nslp_message m = rig_external(1, 600), c = rig_create(1, 600);
	struct gist_mri mri = rig_mri(DS, DR, 5000);

	rig_start(EDGE_FIREWALL);
	rig.c.need_reservation = true;
	rig_configure();
	be(create_sid);
	rig_in(2, &mri, &c);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NO_RESERVATION);
	reserve_path(1, DS, &m);
	rig_clear();
	be(create_sid);
	c.msn++;
	rig_in(2, &mri, &c);
	rig_expect_sent(0, NSLP_CREATE, mri);
	rig_stop();
}

/* --- proxies --------------------------------------------------------------------------------- */

static unsigned int find_sent(enum nslp_type type)
{
	unsigned int i;

	for (i = 0; i < rig.sends; i++)
		if (rig.sent[i].m.type == type)
			return i;
	EXPECT(!"sent");
	return 0;
}

/* The RESPONSE of the receiver to the edge's CREATE. */
static void proxy_answer(unsigned int i, uint16_t code)
{
	struct sent s = rig.sent[i];
	struct nslp_message r = rig_response(s.m.msn, code,
					     code == NSLP_SUCCESS ? s.m.lifetime : 0);
	struct gist_mri back = rig_back(s.mri);

	be(s.sid);
	rig_in(1, &back, &r);
}

static void proxy_ni(void)
{
	struct nslp_message m = rig_proxy(rig_external(1, 600), false);
	struct gist_mri mri, far = rig_mri("0.0.0.0", DR, 5000);
	unsigned int i;
	uint32_t msn;

	rig_start(EDGE_NAT);
	mri = reserve(1, &m);
	EXPECT_EQ(rig.sends, 2);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	i = find_sent(NSLP_CREATE);
	far.source_prefix = 0;
	far.has_sport = false;
	far.sport = 0;
	EXPECT(gist_mri_equal(&rig.sent[i].mri, &far));
	EXPECT(memcmp(rig.sent[i].sid, ext_sid, 16));
	EXPECT_EQ(rig.sent[i].m.nonce, 0xdeadbeef);
	EXPECT(!rig.sent[i].m.proxy);
	EXPECT_EQ(rig.sent[i].m.lifetime, 600);
	rig_expect_asked(2, GATE_ADMIT, GATE_ALLOW, GATE_DESTINATION);
	EXPECT_EQ(rig.asked[2].flow.dport, 40000);
	EXPECT(!memcmp(rig.asked[2].ref, ext_sid, 16));
	EXPECT(rig.asked[2].who.proxy);
	EXPECT_EQ(rig.asks, 3);
	msn = rig.sent[i].m.msn;
	proxy_answer(i, NSLP_SUCCESS);
	rig_expect_asked(3, GATE_OPEN, GATE_ALLOW, GATE_DESTINATION);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	EXPECT_EQ(rig_info().role, SESSION_PROXY_NI);
	EXPECT_EQ(rig.sends, 2);
	rig_pass(500000);
	EXPECT_EQ(rig.sends, 2);
	rig_clear();
	reserve(2, &m);
	i = find_sent(NSLP_CREATE);
	EXPECT_EQ(rig.sent[i].m.msn, msn + 1);
	proxy_answer(i, NSLP_SUCCESS);
	rig_clear();
	m.lifetime = 0;
	reserve(3, &m);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.type, NSLP_CREATE);
	EXPECT_EQ(rig.sent[0].m.lifetime, 0);
	EXPECT_EQ(rig.sent[0].m.msn, msn + 2);
	EXPECT_EQ(rig.asks, 2);
	EXPECT(rig_asked(GATE_CLOSE));
	be(rig.sent[0].sid);
	EXPECT(!rig_has());
	rig_stop();
}

static void proxy_ni_refused(void)
{
	struct nslp_message m = rig_proxy(rig_external(1, 600), false);
	unsigned int i;

	rig_start(EDGE_NAT);
	reserve(1, &m);
	i = find_sent(NSLP_CREATE);
	rig.asks = 0;
	proxy_answer(i, NSLP_NOT_AUTHORIZED);
	EXPECT(!rig_has());
	EXPECT_EQ(rig.asks, 1);
	EXPECT_EQ(rig.asked[0].op, GATE_CLOSE);
	be(ext_sid);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	rig_pass(601000);
	EXPECT(!rig_has());
	rig_stop();
}

static void proxy_ni_not_admitted(void)
{
	struct nslp_message m = rig_proxy(rig_external(1, 600), false);
	struct nslp_stats s;

	rig_start(EDGE_NAT);
	rig.auto_gate = false;
	reserve(1, &m);
	rig_answer(0, 0);
	rig_answer(1, 0);
	EXPECT_EQ(rig.asks, 3);
	rig_answer(2, NSLP_SOURCE_PORT_WIDE);
	nslp_stats(rig.n, &s);
	EXPECT_EQ(s.sessions, 1);
	m.lifetime = 0;
	reserve(2, &m);
	nslp_stats(rig.n, &s);
	EXPECT_EQ(s.sessions, 0);
	EXPECT_EQ(rig.sends, 1);
	rig_stop();
}

static void proxy_ni_fate(void)
{
	struct nslp_message m = rig_proxy(rig_external(1, 600), false);
	unsigned int i;

	rig_start(EDGE_NAT);
	reserve(1, &m);
	i = find_sent(NSLP_CREATE);
	proxy_answer(i, NSLP_SUCCESS);
	rig_clear();
	be(ext_sid);
	rig_gone(0);
	i = find_sent(NSLP_CREATE);
	EXPECT_EQ(rig.sent[i].m.lifetime, 0);
	i = find_sent(NSLP_NOTIFY);
	EXPECT_EQ(rig.sent[i].m.info.code, NSLP_TERMINATED);
	EXPECT(!rig_has());
	rig_stop();
}

static void no_proxy(void)
{
	struct nslp_message m = rig_proxy(rig_external(1, 600), false);
	struct gist_mri mri;

	rig_start(EDGE_NAT);
	rig.c.proxy = false;
	rig_configure();
	mri = reserve(1, &m);
	rig_expect_response(0, rig_back(mri), 1, NSLP_NOT_AUTHORIZED);
	EXPECT(!rig_has());
	rig_stop();
	rig_start(NAT);
	reserve(1, &m);
	EXPECT(rig.sent[0].m.proxy);
	EXPECT_EQ(rig.sent[0].m.type, NSLP_EXTERNAL);
	rig_stop();
}

static void proxy_ni_beyond(void)
{
	struct nslp_message m = rig_proxy(rig_external(1, 600), true);
	struct gist_mri far = rig_loose(EXT, SDA);
	unsigned int i;

	rig_start(EDGE_NAT);
	reserve(1, &m);
	EXPECT_EQ(rig.sends, 3);
	i = find_sent(NSLP_EXTERNAL);
	EXPECT(gist_mri_equal(&rig.sent[i].mri, &far));
	EXPECT(rig.sent[i].m.beyond);
	EXPECT_EQ(rig.sent[i].m.dtinfo.receiver_port, 40000);
	rig_stop();
}

static void proxy_nr(void)
{
	struct nslp_message c = rig_proxy(rig_create(1, 600), false);
	struct gist_mri mri = rig_mri(DR, DS, 80);

	rig_start(EDGE_NAT);
	be(create_sid);
	rig_in(1, &mri, &c);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_SOURCE);
	rig_expect_asked(1, GATE_OPEN, GATE_ALLOW, GATE_SOURCE);
	EXPECT_EQ(rig.sends, 1);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	EXPECT_EQ(rig_info().role, SESSION_PROXY_NR);
	rig_clear();
	c.msn = 2;
	rig_in(1, &mri, &c);
	rig_expect_response(0, rig_back(mri), 2, NSLP_SUCCESS);
	rig_clear();
	c.msn = 3;
	c.lifetime = 0;
	rig_in(1, &mri, &c);
	EXPECT_EQ(rig.sends, 0);
	EXPECT(!rig_has());
	rig_stop();
}

static void proxy_nr_beyond(void)
{
	struct nslp_message c = rig_proxy(rig_create(1, 600), true);
	struct nslp_message r = rig_response(1, NSLP_SUCCESS, 600);
	struct gist_mri mri = rig_mri(DR, DS, 80), far;

	rig_start(EDGE_NAT);
	be(create_sid);
	rig_in(1, &mri, &c);
	EXPECT_EQ(rig.sends, 2);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	EXPECT_EQ(rig.sent[1].m.type, NSLP_CREATE);
	EXPECT(rig.sent[1].m.proxy && rig.sent[1].m.beyond);
	EXPECT_EQ(rig.sent[1].mri.sport, 40000);
	far = rig_back(rig.sent[1].mri);
	rig_clear();
	rig_in(2, &far, &r);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	EXPECT_EQ(rig.asks, 0);
	rig_clear();
	rig.send_error = -ENETUNREACH;
	c.msn = 2;
	rig_in(1, &mri, &c);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void last_node(void)
{
	struct nslp_message c = rig_proxy(rig_create(1, 600), false);
	struct gist_mri mri = rig_mri(DR, DS, 80);

	rig_start(FIREWALL);
	be(create_sid);
	rig_in(1, &mri, &c);
	rig_expect_sent(0, NSLP_CREATE, mri);
	EXPECT(rig.sent[0].m.proxy);
	rig_status(0, false, GIST_FAIL_NO_RESPONSE);
	rig_expect_asked(1, GATE_OPEN, GATE_ALLOW, GATE_PLAIN);
	rig_expect_response(1, rig_back(mri), 1, NSLP_SUCCESS);
	EXPECT_EQ(rig_info().role, SESSION_PROXY_NR);
	rig_stop();
}

static void own_nonce(void)
{
	struct session_open o = { .kind = SESSION_EXTERNAL, .proxy = true, .loose = true };
	struct gist_mri mri = rig_mri("0.0.0.0", "10.0.0.1", 5000);
	struct nslp_message c = rig_create(1, 600);
	const char *why;

	rig_start(HOST);
	rig.c.respond = false;
	rig_configure();
	memcpy(o.sid, ext_sid, 16);
	o.flow.destination = addr("10.0.0.1");
	o.flow.has_protocol = o.flow.has_dport = true;
	o.flow.protocol = 17;
	o.flow.dport = 5000;
	o.toward = addr(SDA);
	EXPECT_EQ(nslp_app_open(rig.n, &o, &why), 0);
	EXPECT_EQ(rig.sent[0].m.nonce, 0xdeadbeef);
	rig_clear();
	mri.source_prefix = 0;
	c.present |= NSLP_BIT(NSLP_NONCE);
	c.nonce = 0xdeadbeef;
	be(create_sid);
	rig_in(1, &mri, &c);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	rig_sid[7] = 1;
	c.nonce = 1;
	rig_in(1, &mri, &c);
	EXPECT_EQ(rig.sent[1].m.info.code, NSLP_NOT_REACHED);
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "NATFW-3.7.2-18,NATFW-3.7.2-19,NATFW-3.7.2-31,NATFW-3.7.2-34,NATFW-3.7.2-35,"
	  "NATFW-3.7.2-14 the edge NAT reserves and answers", edge_nat },
	{ "NATFW-3.7.2-32,NATFW-3.7.2-36,NATFW-3.7.2-37,NATFW-3.7.2-53,NATFW-3.7.2-54 an inner NAT "
	  "translates and forwards", inner_nat },
	{ "NATFW-3.7.2-33 no binding object unasked", no_binding_unasked },
	{ "NATFW-3.7.2-32 the second NAT appends", second_binding },
	{ "NATFW-3.7.2-48 path-coupled EXTERNAL at NATs", path_coupled_nat },
	{ "NATFW-3.7.2-29,NATFW-3.7.2-30,NATFW-3.7.2-39 what a NAT refuses", refused_at_nat },
	{ "NATFW-3.7.2-38 a NAT wants DTINFO", no_dtinfo },
	{ "NATFW-3.7.2-41,NATFW-3.7.2-43,NATFW-3.7.2-44,NATFW-3.7.2-45,NATFW-3.7.2-46,"
	  "NATFW-3.7.2-47 the edge firewall answers", edge_firewall },
	{ "NATFW-3.7.2-42,NATFW-3.7.2-02,NATFW-3.1-05 deny counts at once at the edge",
	  deny_at_edge },
	{ "NATFW-3.7.2-68 deny is remembered further in", deny_at_inner },
	{ "NATFW-3.7.2-40,NATFW-3.7.2-55,NATFW-3.7.2-66 an inner firewall remembers and forwards",
	  inner_firewall },
	{ "NATFW-3.7.2-49 a host is no edge", no_edge },
	{ "NSLP IPv6: no loose end", loose_ipv6 },
	{ "NATFW-3.7.1-10,NATFW-3.7.1-11,NATFW-3.7.1-12,NATFW-3.7.2-60,NATFW-3.7.2-58,"
	  "NATFW-3.2.2-03 CREATEs come in by a reservation", create_enters },
	{ "NATFW-3.8-13,NATFW-3.8-14,NATFW-3.8-16,NATFW-3.8-19,NATFW-3.8-20 reservation for any "
	  "sender", any_sender },
	{ "NATFW-3.8-09,NATFW-3.8-10,NATFW-3.8-12,NATFW-3.8-15,NATFW-3.8-18,NATFW-3.7.2-24 "
	  "reservation for one sender", one_sender },
	{ "NATFW-3.8-07 reservation of two ports", two_ports },
	{ "NATFW-3.7.2-59,NATFW-3.7.2-61 a deleted reservation matches nothing",
	  reservation_ends },
	{ "NSLP gate: restarted, reservations come before what refers to them", restored_in_order },
	{ "NATFW-3.7.1-37 a refused CREATE leaves the reservation", refused_create_leaves_it },
	{ "NATFW-3.10-08 an updated reservation matches what it is now", external_update },
	{ "NATFW-2.6-01 hairpin: out and in again at one NAT", hairpin },
	{ "NATFW-2.5-02 source and destination translated", twice_nat },
	{ "NSLP policy: a firewall wants a reservation", firewall_wants_reservation },
	{ "NATFW-3.7.6.1-02,NATFW-3.7.6.1-03,NATFW-3.7.6.1-09,NATFW-3.7.6.1-10,NATFW-3.7.6.1-11,"
	  "NATFW-3.7.6.1-12,NATFW-3.7.6.1-13,NATFW-3.7.6.1-15,NATFW-3.7.6.1-23 the edge signals for "
	  "a sender without NSIS", proxy_ni },
	{ "NATFW-3.7.6.1-17 a refused CREATE leaves the reservation inactive", proxy_ni_refused },
	{ "NATFW-3.7.6.1-17 a CREATE of the edge that is not admitted leaves nothing",
	  proxy_ni_not_admitted },
	{ "NATFW-3.7.6.1-06,NATFW-3.7.6.1-07 both sessions end together", proxy_ni_fate },
	{ "NATFW-3.7.6-05 P passes inner nodes; an edge may not want it", no_proxy },
	{ "NATFW-3.7.6.3-02 EXTERNAL goes on beyond the edge with E", proxy_ni_beyond },
	{ "NATFW-3.7.6.2-01,NATFW-3.7.6.2-04,NATFW-3.7.6.2-05,NATFW-3.7.6.2-07,NATFW-3.7.6.3-07 the "
	  "edge answers for a receiver without NSIS", proxy_nr },
	{ "NATFW-3.7.6.3-02,NATFW-3.7.6.3-04,NATFW-3.7.6.3-06 CREATE goes on beyond the edge with E",
	  proxy_nr_beyond },
	{ "NATFW-3.7.6.2-02,NATFW-3.7.6.2-03 the last node answers for the receiver", last_node },
	{ "NATFW-3.7.6.1-04,NATFW-3.7.6.1-08,NATFW-3.7.6.1-21,NATFW-3.7.6.1-22 the edge's CREATE is "
	  "known by its nonce", own_nonce },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
