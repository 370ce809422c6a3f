// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions kept, changed and ended: sequence numbers, lifetimes, refresh, update, delete, aggregates.
 *
 * natfw-test: quick timeout=120
 */
#include "nslp_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DS		"10.0.0.2"
#define DR		"203.0.113.7"

static struct gist_mri ask(const char *to, uint32_t msn, uint32_t lifetime)
{
	struct gist_mri mri = rig_mri(DS, to, 5000);
	struct nslp_message m = rig_create(msn, lifetime);

	rig_in(1, &mri, &m);
	return mri;
}

/* The RESPONSE to what was sent last. */
static void answer(uint32_t msn, uint16_t code, uint32_t lifetime)
{
	struct nslp_message r = rig_response(msn, code, lifetime);
	struct gist_mri far;

	if (!EXPECT(rig.sends))
		return;
	far = rig_back(rig.sent[rig.sends - 1].mri);
	rig_in(2, &far, &r);
}

static struct gist_mri establish(enum node node)
{
	struct gist_mri mri;

	rig_start(node);
	mri = ask(DR, 100, 600);
	answer(100, NSLP_SUCCESS, 600);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	return mri;
}

static void msn_order(void)
{
	establish(FIREWALL);
	ask(DR, 100, 600);
	ask(DR, 99, 600);
	ask(DR, 100 + 0x80000000u, 600);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	EXPECT_EQ(rig_counter(NSLP_N_replayed), 3);
	ask(DR, 101, 600);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.msn, 101);
	rig_clear();
	ask(DR, 101, 600);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	ask(DR, 105, 600);
	EXPECT_EQ(rig.sends, 1);
	rig_stop();
}

static void msn_wraps(void)
{
	rig_start(FIREWALL);
	ask(DR, 0xffffffff, 600);
	answer(0xffffffff, NSLP_SUCCESS, 600);
	rig_clear();
	ask(DR, 0, 600);
	EXPECT_EQ(rig.sends, 1);
	rig_stop();
}

static void msn_needs_rights(void)
{
	establish(FIREWALL);
	rig.auto_gate = false;
	ask(DR, 200, 600);
	rig_answer(0, NSLP_NOT_AUTHENTICATED);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NOT_AUTHENTICATED);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	EXPECT_EQ(rig_info().msn, 100);
	rig_clear();
	ask(DR, 101, 600);
	EXPECT_EQ(rig.asks, 1);
	rig_stop();
}

static void refresh(void)
{
	struct gist_mri mri = establish(NAT);

	rig_pass(300000);
	ask(DR, 101, 600);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_SOURCE);
	EXPECT_EQ(rig.sent[0].mri.sport, 40000);
	EXPECT_EQ(rig_info().left, 300);
	answer(101, NSLP_SUCCESS, 600);
	rig_expect_asked(1, GATE_OPEN, GATE_ALLOW, GATE_SOURCE);
	rig_expect_response(1, rig_back(mri), 101, NSLP_SUCCESS);
	EXPECT_EQ(rig_info().left, 600);
	EXPECT_EQ(rig_counter(NSLP_N_refreshed), 1);
	rig_pass(599000);
	EXPECT(rig_has());
	rig_pass(2000);
	EXPECT(!rig_has());
	rig_stop();
}

/* What a neighbour can make the gate and those behind do is bounded; ending is not. */
static void refresh_paced(void)
{
	struct gist_mri mri = establish(FIREWALL);
	struct nslp_message m;
	unsigned int taken = 0;
	uint32_t msn;

	for (msn = 101; msn < 400; msn++) {
		rig_clear();
		m = rig_create(msn, 600);
		rig_in(1, &mri, &m);
		taken += rig.asks > 0;
	}
	EXPECT(taken >= 32 && taken <= 48);
	EXPECT_EQ(rig_counter(NSLP_N_paced), 299 - taken);
	/* it goes on as time goes by, and the session is what it was */
	rig_pass(3000);
	EXPECT(rig_has());
	rig_clear();
	ask(DR, 401, 600);
	answer(401, NSLP_SUCCESS, 600);
	EXPECT_EQ(rig_info().left, 600);
	while (rig_counter(NSLP_N_paced) == 299 - taken) {
		rig_clear();
		ask(DR, msn++ + 10, 600);
	}
	rig_clear();
	ask(DR, 1000, 0);
	EXPECT(!rig_has());
	rig_stop();
}

static void refresh_lost(void)
{
	establish(FIREWALL);
	rig_pass(300000);
	ask(DR, 101, 600);
	rig_pass(299000);
	EXPECT(rig_has());
	rig_pass(2000);
	EXPECT(!rig_has());
	rig_clear();
	ask(DR, 55, 600);
	EXPECT_EQ(rig_info().state, SESSION_PENDING);
	rig_stop();
}

static void refresh_refused(void)
{
	establish(FIREWALL);
	ask(DR, 101, 600);
	answer(101, NSLP_CONFLICT, 0);
	EXPECT_EQ(rig.sends, 2);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	EXPECT(!rig_asked(GATE_CLOSE));
	ask(DR, 102, 600);
	rig_status(rig.sends - 1, false, GIST_FAIL_NO_RESPONSE);
	EXPECT_EQ(rig.sent[rig.sends - 1].m.info.code, NSLP_NOT_REACHED);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	ask(DR, 103, 600);
	answer(103, NSLP_NOT_AUTHORIZED, 0);
	EXPECT_EQ(rig.sends, 2);
	EXPECT(!rig_has());
	EXPECT(rig_asked(GATE_CLOSE));
	rig_stop();
}

static void update(void)
{
	struct gist_mri mri;

	establish(FIREWALL);
	mri = ask("203.0.113.8", 101, 600);
	EXPECT_EQ(rig.asked[0].flow.destination.b[3], 8);
	rig_expect_sent(0, NSLP_CREATE, mri);
	EXPECT_EQ(rig_info().flow.destination.b[3], 7);
	EXPECT(!rig_asked(GATE_OPEN) && !rig_asked(GATE_CLOSE));
	answer(101, NSLP_SUCCESS, 600);
	EXPECT(rig_asked(GATE_OPEN));
	EXPECT_EQ(rig_info().flow.destination.b[3], 8);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void update_refused(void)
{
	establish(FIREWALL);
	ask("203.0.113.8", 101, 600);
	answer(101, NSLP_CONFLICT, 0);
	EXPECT_EQ(rig_info().flow.destination.b[3], 7);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	EXPECT_EQ(rig.asks, 2);
	EXPECT_EQ(rig.asked[1].op, GATE_ADMIT);
	EXPECT_EQ(rig.asked[1].flow.destination.b[3], 7);
	rig_stop();
}

static void update_of_action(void)
{
	struct gist_mri mri = establish(FIREWALL);
	struct nslp_message m = rig_create(101, 600);

	m.efi.sub_ports = 1;
	rig_in(1, &mri, &m);
	EXPECT_EQ(rig.asked[0].flow.more_ports, 1);
	answer(101, NSLP_SUCCESS, 600);
	EXPECT_EQ(rig_info().flow.more_ports, 1);
	rig_clear();
	m.msn = 102;
	m.efi.action = NSLP_DENY;
	rig_in(1, &mri, &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_DENY, GATE_PLAIN);
	answer(102, NSLP_SUCCESS, 600);
	rig_clear();
	m.msn = 103;
	m.efi.action = NSLP_ALLOW;
	rig_in(1, &mri, &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_PLAIN);
	rig_clear();
	rig_sid[15]++;
	rig_in(1, &mri, &m);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_CONFLICT);
	rig_sid[15]--;
	rig_stop();
}

static void newer_takes_over(void)
{
	rig_start(FIREWALL);
	rig.auto_gate = false;
	ask(DR, 100, 600);
	ask("203.0.113.8", 101, 600);
	EXPECT_EQ(rig.asks, 2);
	rig_answer(0, 0);
	EXPECT_EQ(rig.sends, 0);
	rig_answer(1, 0);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.msn, 101);
	EXPECT_EQ(rig.sent[0].mri.destination.b[3], 8);
	EXPECT_EQ(rig_info().state, SESSION_PENDING);
	rig.auto_gate = true;
	answer(100, NSLP_SUCCESS, 600);
	EXPECT_EQ(rig.sends, 1);
	answer(101, NSLP_SUCCESS, 600);
	EXPECT_EQ(rig.sends, 2);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void moved(void)
{
	struct gist_mri mri = establish(FIREWALL);
	struct nslp_message m = rig_create(101, 600);

	mri.source = addr("10.0.0.77");
	rig_in(3, &mri, &m);
	EXPECT_EQ(rig.sends, 1);
	answer(101, NSLP_SUCCESS, 600);
	rig_expect_response(1, rig_back(mri), 101, NSLP_SUCCESS);
	EXPECT_EQ(rig_info().flow.source.b[3], 77);
	rig_stop();
}

static void lifetime_limits(void)
{
	rig_start(FIREWALL);
	rig.c.lifetime_min = 60;
	rig.c.lifetime_max = 300;
	rig_configure();
	ask(DR, 100, 301);
	EXPECT_EQ(rig.sent[0].m.lifetime, 300);
	ask(DR, 101, 300);
	EXPECT_EQ(rig.sent[1].m.lifetime, 300);
	ask(DR, 102, 299);
	EXPECT_EQ(rig.sent[2].m.lifetime, 299);
	answer(102, NSLP_SUCCESS, 60);
	EXPECT_EQ(rig_info().lifetime, 60);
	rig_clear();
	ask(DR, 103, 59);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_LIFETIME_SMALL);
	EXPECT_EQ(rig.sent[0].m.info.object, NSLP_LIFETIME);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void rights_before_lifetime(void)
{
	rig_start(FIREWALL);
	rig.auto_gate = false;
	ask(DR, 100, 1);
	rig_answer(0, NSLP_NOT_AUTHENTICATED);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NOT_AUTHENTICATED);
	rig_clear();
	ask(DR, 100, 1);
	rig_answer(0, 0);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_LIFETIME_SMALL);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_stop();
}

static void grant_too_big(void)
{
	struct gist_mri mri;

	rig_start(FIREWALL);
	rig.c.lifetime_max = 300;
	rig_configure();
	mri = ask(DR, 100, 600);
	answer(100, NSLP_SUCCESS, 301);
	EXPECT_EQ(rig.sends, 3);
	rig_expect_sent(1, NSLP_NOTIFY, mri);
	EXPECT_EQ(rig.sent[1].m.info.code, NSLP_TERMINATED);
	rig_expect_response(2, rig_back(mri), 100, NSLP_GRANT_BIG);
	EXPECT_EQ(rig.sent[2].m.lifetime, 300);
	EXPECT(!rig_asked(GATE_OPEN));
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_stop();
}

static void grant_too_small(void)
{
	struct gist_mri mri;

	rig_start(FIREWALL);
	rig.c.lifetime_min = 60;
	rig_configure();
	mri = ask(DR, 100, 600);
	answer(100, NSLP_SUCCESS, 59);
	rig_expect_sent(1, NSLP_NOTIFY, mri);
	rig_expect_response(2, rig_back(mri), 100, NSLP_GRANT_SMALL);
	EXPECT_EQ(rig.sent[2].m.lifetime, 60);
	EXPECT(!rig_has());
	rig_stop();
}

static void gate_lowers(void)
{
	struct gate_answer a;

	rig_start(FIREWALL);
	rig.auto_gate = false;
	ask(DR, 100, 600);
	rig_grant(&rig.asked[0], &a);
	a.lifetime = 120;
	nslp_gate_answer(rig.n, &a);
	EXPECT_EQ(rig.sent[0].m.lifetime, 120);
	rig_stop();
}

static void delete(void)
{
	struct gist_mri mri = establish(NAT), far;

	far = mri;
	far.source = addr("192.0.2.1");
	far.sport = 40000;
	ask(DR, 99, 0);
	ask(DR, 100, 0);
	EXPECT(rig_has());
	ask(DR, 101, 0);
	EXPECT_EQ(rig.sends, 1);
	rig_expect_sent(0, NSLP_CREATE, far);
	EXPECT_EQ(rig.sent[0].m.lifetime, 0);
	EXPECT_EQ(rig.sent[0].m.msn, 101);
	EXPECT_EQ(rig.sent[0].handle, 0);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_clear();
	ask(DR, 102, 0);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	EXPECT(!rig_has());
	rig_stop();
}

static void delete_without_gate(void)
{
	establish(FIREWALL);
	rig.gate_error = -EPIPE;
	ask(DR, 101, 0);
	EXPECT(!rig_has());
	rig_pass(1000);
	EXPECT_EQ(rig.asks, 0);
	rig.gate_error = 0;
	rig_pass(1000);
	EXPECT_EQ(rig.asks, 1);
	EXPECT_EQ(rig.asked[0].op, GATE_CLOSE);
	EXPECT(!memcmp(rig.asked[0].sid, rig_sid, 16));
	rig_pass(10000);
	EXPECT_EQ(rig.asks, 1);
	rig_stop();
}

static void delete_at_receiver(void)
{
	struct gist_mri mri = rig_mri(DS, "10.0.0.1", 1);
	struct nslp_message m = rig_create(1, 600);

	rig_start(HOST);
	rig_in(1, &mri, &m);
	rig_clear();
	m.msn = 2;
	m.lifetime = 0;
	rig_in(1, &mri, &m);
	EXPECT_EQ(rig.sends, 0);
	EXPECT(!rig_has());
	rig_stop();
}

static void delete_by_stranger(void)
{
	struct gist_mri mri = establish(FIREWALL);
	struct nslp_message m = rig_create(101, 0);

	rig.no_ma = true;
	rig_in(3, &mri, &m);
	EXPECT(rig_has());
	EXPECT_EQ(rig.sends, 0);
	rig.no_ma = false;
	rig_in(103, &mri, &m);
	EXPECT(rig_has());
	rig_stop();
}

static void delete_pending(void)
{
	rig_start(FIREWALL);
	rig.auto_gate = false;
	ask(DR, 100, 600);
	ask(DR, 101, 0);
	EXPECT_EQ(rig.sends, 0);
	EXPECT(!rig_has());
	EXPECT_EQ(rig.asks, 2);
	EXPECT_EQ(rig.asked[1].op, GATE_CLOSE);
	rig_answer(0, 0);
	EXPECT_EQ(rig.sends, 0);
	rig_stop();
}

/* Three sessions of two neighbours; one message with session id 0 from the first. */
static void three(void)
{
	struct gist_mri mri;
	struct nslp_message m = rig_create(1, 600);

	establish(FIREWALL);
	rig_sid[15] = 2;
	ask(DR, 7, 600);
	answer(7, NSLP_SUCCESS, 600);
	rig_sid[15] = 3;
	mri = rig_mri("10.0.0.3", DR, 5000);
	rig_in(3, &mri, &m);
	answer(1, NSLP_SUCCESS, 600);
	rig_sid[15] = 1;
	rig_clear();
}

static bool has(uint8_t last)
{
	uint8_t was = rig_sid[15];
	bool found;

	rig_sid[15] = last;
	found = rig_has();
	rig_sid[15] = was;
	return found;
}

static void from_all(unsigned int peer, const struct gist_mri *mri, const struct nslp_message *m)
{
	uint8_t was[16];

	memcpy(was, rig_sid, 16);
	memset(rig_sid, 0, 16);
	rig_in(peer, mri, m);
	memcpy(rig_sid, was, 16);
}

static struct gist_mri all_of(const char *source)
{
	struct gist_mri mri = { .method = GIST_MRM_PATH };

	mri.source = addr(source);
	mri.source_prefix = 32;
	mri.destination.version = 4;
	return mri;
}

static void aggregate(void)
{
	struct gist_mri mri = all_of(DS);
	struct nslp_message m = rig_create(900, 0);

	three();
	from_all(101, &mri, &m);
	EXPECT(!has(1) && !has(2) && has(3));
	EXPECT_EQ(rig.sends, 2);
	EXPECT(rig.sent[0].sid[0] == 0xde && rig.sent[1].sid[0] == 0xde);
	EXPECT_EQ(rig.sent[0].m.lifetime, 0);
	EXPECT(rig.sent[0].m.msn == 101 || rig.sent[0].m.msn == 8);
	EXPECT_EQ(rig.asks, 2);
	rig_stop();
}

static void aggregate_narrow(void)
{
	struct gist_mri mri = all_of(DS);
	struct nslp_message m = rig_create(900, 0);

	three();
	mri.has_protocol = true;
	mri.protocol = 6;
	from_all(101, &mri, &m);
	EXPECT(has(1) && has(2) && has(3));
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NOT_AUTHORIZED);
	rig_stop();
}

static void aggregate_refused(void)
{
	struct gist_mri mri = all_of(DS);
	struct nslp_message m = rig_create(900, 0);

	three();
	rig.no_ma = true;
	from_all(101, &mri, &m);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_NOT_AUTHENTICATED);
	rig.no_ma = false;
	from_all(109, &mri, &m);
	EXPECT_EQ(rig.sent[1].m.info.code, NSLP_NOT_AUTHORIZED);
	EXPECT_EQ(rig.sent[1].sii, 9);
	mri.source_prefix = 0;
	mri.source = (struct address){ .version = 4 };
	from_all(101, &mri, &m);
	EXPECT_EQ(rig.sent[2].m.info.code, NSLP_NOT_AUTHORIZED);
	EXPECT(has(1) && has(2) && has(3));
	rig_stop();
}

/* Anybody can pretend to be a peer without association: that must not keep the peer from it. */
static void aggregate_flood(void)
{
	struct gist_mri mri = all_of(DS);
	struct nslp_message m = rig_create(900, 0);
	unsigned int i;

	three();
	rig.no_ma = true;
	for (i = 0; i < 200; i++)
		from_all(101, &mri, &m);
	EXPECT(rig.sends > 0 && rig.sends <= 20);
	rig.no_ma = false;
	from_all(101, &mri, &m);
	EXPECT(!has(1) && !has(2) && has(3));
	rig_stop();
}

static void type_mix(void)
{
	struct gist_mri mri = rig_back(establish(FIREWALL));
	struct nslp_message m = rig_external(101, 600);

	rig_in(1, &mri, &m);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static uint64_t octets(void)
{
	struct nslp_stats s;

	nslp_stats(rig.n, &s);
	return s.memory;
}

static void memory(void)
{
	struct nslp_stats s;
	uint64_t before;

	establish(FIREWALL);
	before = octets();
	rig_sid[15] = 2;
	ask(DR, 7, 600);
	answer(7, NSLP_SUCCESS, 600);
	printf("# a session at a firewall: %u octets\n", (unsigned int)(octets() - before));
	EXPECT(octets() - before <= 300);
	rig_sid[15] = 1;
	nslp_stats(rig.n, &s);
	EXPECT_EQ(s.sessions, 2);
	EXPECT_EQ(s.established, 2);
	rig_pass(700000);
	nslp_stats(rig.n, &s);
	EXPECT_EQ(s.sessions + s.pending + s.established + s.transitory, 0);
	EXPECT_EQ(s.memory, 0);
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "NATFW-3.5-08,NATFW-3.5-11,NATFW-3.5-12,NATFW-3.5-13,NATFW-3.5-15 only newer requests "
	  "are heard", msn_order },
	{ "NATFW-3.5-07,NATFW-3.5-09 numbers wrap", msn_wraps },
	{ "NATFW-3.5-14,NATFW-3.6-07,NATFW-3.10-04 a request without rights does not move the "
	  "number", msn_needs_rights },
	{ "NATFW-3.7.3-04,NATFW-3.7.3-07,NATFW-3.7.3-10,NATFW-3.7.3-11 refresh", refresh },
	{ "a neighbour that refreshes without end is held up", refresh_paced },
	{ "NATFW-3.7.3-12,NATFW-3.7.3-13,NATFW-3.7.3-01 a lost refresh changes nothing",
	  refresh_lost },
	{ "NATFW-3.7.3-06 a refused refresh leaves the rule, unless it is over for good",
	  refresh_refused },
	{ "NATFW-3.7.3-05,NATFW-3.10-02,NATFW-3.10-05,NATFW-3.10-09 update replaces the rule on "
	  "success", update },
	{ "NATFW-3.10-04,NATFW-3.10-07 a refused update leaves the old rule", update_refused },
	{ "NATFW-3.10-10 action and ports are updated too", update_of_action },
	{ "NSLP order: a newer request takes the place of one under way", newer_takes_over },
	{ "NATFW-3.10-06,NATFW-3.9-05 a mobile initiator comes from elsewhere", moved },
	{ "NATFW-3.4-12,NATFW-3.4-13,NATFW-3.4-14,NATFW-3.4-19,NATFW-3.4-20,NATFW-3.4-21,"
	  "NATFW-3.4-24 lifetimes at their limits", lifetime_limits },
	{ "NATFW-3.3-05 rights are looked at before the lifetime", rights_before_lifetime },
	{ "NATFW-3.4-25,NATFW-3.4-26,NATFW-3.4-29,NATFW-3.4-30 granted too much", grant_too_big },
	{ "NATFW-3.4-27,NATFW-3.4-28,NATFW-3.4-29 granted too little", grant_too_small },
	{ "NATFW-3.4-14 the gate lowers the lifetime", gate_lowers },
	{ "NATFW-3.7.4-03,NATFW-3.7.4-04,NATFW-3.7.4-05,NATFW-3.7.4-06,NATFW-3.7.4-08,NATFW-3.5-16 "
	  "delete", delete },
	{ "NATFW-3.7.4-04 a delete while the gate is away is not forgotten", delete_without_gate },
	{ "NATFW-3.7.4-06 the receiver does not answer a delete", delete_at_receiver },
	{ "NATFW-3.7.4-09 nobody else deletes", delete_by_stranger },
	{ "NSLP order: delete before the gate has answered", delete_pending },
	{ "NATFW-3.7.4-10,NATFW-3.7.4-17,NATFW-3.7.4-18,NATFW-3.7.4-19 many are deleted at once",
	  aggregate },
	{ "NATFW-3.7.4-11,NATFW-3.7.4-19 an aggregate ends only what it names",
	  aggregate_narrow },
	{ "NATFW-3.7.4-13,NATFW-3.7.4-14,NATFW-3.7.4-15,NATFW-3.7.4-16 an aggregate is refused",
	  aggregate_refused },
	{ "NATFW-3.7.4-16 strangers do not keep it from who may", aggregate_flood },
	{ "NATFW-3.7.3-02,NATFW-3.7.3-03 a session keeps to its type of message", type_mix },
	{ "NSLP size: below 400 octets a session, and none left", memory },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
