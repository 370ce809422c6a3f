// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CREATE in each role: forwarder as firewall and NAT, responder, with an asynchronous gate.
 *
 * natfw-test: quick timeout=120
 */
#include "nslp_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DS		"10.0.0.2"
#define DR		"203.0.113.7"

/* A CREATE from inside, as far as its being sent on. */
static struct gist_mri outgoing(uint32_t msn, uint32_t lifetime)
{
	struct gist_mri mri = rig_mri(DS, DR, 5000);
	struct nslp_message m = rig_create(msn, lifetime);

	rig_in(1, &mri, &m);
	return mri;
}

/* One that has been answered with success. */
static struct gist_mri established(void)
{
	struct gist_mri mri = outgoing(100, 600), far;
	struct nslp_message r = rig_response(100, NSLP_SUCCESS, 600);

	far = rig_back(rig.sent[0].mri);
	rig_in(2, &far, &r);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	return mri;
}

static void firewall_forwards(void)
{
	struct gist_mri mri;

	rig_start(FIREWALL);
	mri = outgoing(100, 600);
	EXPECT_EQ(rig.asks, 1);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_PLAIN);
	EXPECT_EQ(rig.asked[0].in_ifindex, 1);
	EXPECT_EQ(rig.asked[0].out_ifindex, 2);
	EXPECT_EQ(rig.asked[0].flow.dport, 5000);
	EXPECT_EQ(rig.asked[0].who.uid, (uint32_t)-1);
	EXPECT_EQ(rig.sends, 1);
	rig_expect_sent(0, NSLP_CREATE, mri);
	EXPECT_EQ(rig.sent[0].m.msn, 100);
	EXPECT_EQ(rig.sent[0].m.lifetime, 600);
	EXPECT_EQ(rig_info().state, SESSION_PENDING);
	EXPECT_EQ(rig_info().role, SESSION_NF);
	rig_stop();
}

static void opens_on_success(void)
{
	struct nslp_message r = rig_response(100, NSLP_SUCCESS, 500);
	struct gist_mri mri, back;

	rig_start(FIREWALL);
	mri = outgoing(100, 600);
	back = rig_back(mri);
	rig_clear();
	rig_in(2, &back, &r);
	EXPECT_EQ(rig.asks, 1);
	rig_expect_asked(0, GATE_OPEN, GATE_ALLOW, GATE_PLAIN);
	EXPECT_EQ(rig.asked[0].lifetime, 500);
	EXPECT_EQ(rig.sends, 1);
	rig_expect_response(0, back, 100, NSLP_SUCCESS);
	EXPECT_EQ(rig.sent[0].m.lifetime, 500);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	EXPECT_EQ(rig_info().lifetime, 500);
	rig_clear();
	rig_in(2, &back, &r);
	EXPECT_EQ(rig.sends, 0);
	EXPECT_EQ(rig.asks, 0);
	rig_stop();
}

static void waits_for_gate(void)
{
	struct nslp_message r = rig_response(100, NSLP_SUCCESS, 600);
	struct gist_mri back;

	rig_start(FIREWALL);
	rig.auto_gate = false;
	back = rig_back(outgoing(100, 600));
	EXPECT_EQ(rig.sends, 0);
	rig_answer(0, 0);
	EXPECT_EQ(rig.sends, 1);
	rig_in(2, &back, &r);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig_info().state, SESSION_PENDING);
	rig_answer(1, 0);
	EXPECT_EQ(rig.sends, 2);
	rig_expect_response(1, back, 100, NSLP_SUCCESS);
	rig_stop();
}

static void gate_refuses(void)
{
	struct gist_mri back;

	rig_start(FIREWALL);
	rig.auto_gate = false;
	back = rig_back(outgoing(100, 600));
	rig_answer(0, NSLP_NOT_AUTHORIZED);
	EXPECT_EQ(rig.sends, 1);
	rig_expect_response(0, back, 100, NSLP_NOT_AUTHORIZED);
	EXPECT(!rig_has());
	EXPECT_EQ(rig.asks, 1);
	rig_stop();
}

static void gate_is_silent(void)
{
	struct gate_answer a;

	rig_start(FIREWALL);
	rig.auto_gate = false;
	outgoing(100, 600);
	rig_grant(&rig.asked[0], &a);
	a.code = NSLP_NOT_AUTHORIZED;
	a.silent = true;
	nslp_gate_answer(rig.n, &a);
	EXPECT_EQ(rig.sends, 0);
	EXPECT(!rig_has());
	rig_stop();
}

static void gate_away(void)
{
	struct gist_mri back;

	rig_start(FIREWALL);
	rig.gate_error = -EPIPE;
	back = rig_back(outgoing(100, 600));
	rig_expect_response(0, back, 100, NSLP_NO_RESOURCES);
	EXPECT(!rig_has());
	rig.gate_error = 0;
	rig.auto_gate = false;
	rig_clear();
	outgoing(101, 600);
	rig_pass(10001);
	rig_expect_response(0, back, 101, NSLP_NO_RESOURCES);
	EXPECT(!rig_has());
	rig_stop();
}

static void open_fails(void)
{
	struct nslp_message r = rig_response(100, NSLP_SUCCESS, 600);
	struct gist_mri mri, back;

	rig_start(FIREWALL);
	rig.auto_gate = false;
	mri = outgoing(100, 600);
	back = rig_back(mri);
	rig_answer(0, 0);
	rig_in(2, &back, &r);
	rig_clear();
	rig.asked[0].op = GATE_OPEN;
	rig_answer(1, NSLP_CONFLICT);
	EXPECT_EQ(rig.sends, 2);
	rig_expect_sent(0, NSLP_NOTIFY, mri);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_TERMINATED);
	EXPECT_EQ(rig.sent[0].sii, 2);
	rig_expect_response(1, back, 100, NSLP_CONFLICT);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_stop();
}

static void nat_from_inside(void)
{
	struct nslp_message r = rig_response(100, NSLP_SUCCESS, 600);
	struct gist_mri mri, far, back;

	rig_start(NAT);
	mri = outgoing(100, 600);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_SOURCE);
	far = mri;
	far.source = addr("192.0.2.1");
	far.sport = 40000;
	rig_expect_sent(0, NSLP_CREATE, far);
	EXPECT(!rig_asked(GATE_OPEN));
	far = rig_back(far);
	back = rig_back(mri);
	rig_in(2, &back, &r);
	EXPECT(!rig_asked(GATE_OPEN));
	rig_in(2, &far, &r);
	EXPECT(rig_asked(GATE_OPEN));
	rig_expect_response(1, back, 100, NSLP_SUCCESS);
	EXPECT_EQ(rig_info().external.port, 40000);
	rig_stop();
}

static void nat_from_outside(void)
{
	struct gist_mri mri = rig_mri(DR, "192.0.2.1", 40000);
	struct nslp_message m = rig_create(1, 600);

	rig_start(EDGE_NAT);
	rig_in(2, &mri, &m);
	rig_expect_response(0, rig_back(mri), 1, NSLP_NO_RESERVATION);
	EXPECT(!rig_has());
	EXPECT_EQ(rig.asks, 0);
	rig_stop();
}

static void error_passes(void)
{
	struct nslp_message r = rig_response(100, NSLP_CONFLICT, 0);
	struct gist_mri back;

	rig_start(FIREWALL);
	back = rig_back(outgoing(100, 600));
	rig_clear();
	rig_in(2, &back, &r);
	rig_expect_response(0, back, 100, NSLP_CONFLICT);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_asked(GATE_OPEN));
	EXPECT(!rig_has());
	rig_stop();
}

static void no_next_hop(void)
{
	struct gist_mri back;

	rig_start(FIREWALL);
	back = rig_back(outgoing(100, 600));
	rig_status(0, false, GIST_FAIL_NO_RESPONSE);
	EXPECT_EQ(rig.sends, 2);
	rig_expect_response(1, back, 100, NSLP_NOT_REACHED);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_clear();
	back = rig_back(outgoing(7, 600));
	rig_network(GIST_LAST_NODE, &rig.sent[0].mri, false);
	rig_expect_response(1, back, 7, NSLP_NOT_REACHED);
	EXPECT_EQ(rig.sends, 2);
	rig_clear();
	rig.send_error = -ENETUNREACH;
	outgoing(8, 600);
	EXPECT(!rig_has());
	rig_stop();
}

static void unknown_response(void)
{
	struct nslp_message r = rig_response(100, NSLP_SUCCESS, 600);
	struct gist_mri back;

	rig_start(FIREWALL);
	back = rig_back(rig_mri(DS, DR, 5000));
	rig_in(2, &back, &r);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	outgoing(101, 600);
	rig_clear();
	rig_in(2, &back, &r);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	EXPECT_EQ(rig_info().state, SESSION_PENDING);
	rig_stop();
}

static void pending_ends(void)
{
	rig_start(FIREWALL);
	rig.c.lifetime_max = 300;
	rig_configure();
	outgoing(100, 600);
	rig_pass(299999);
	EXPECT(rig_has());
	rig_pass(2);
	EXPECT(!rig_has());
	EXPECT(rig_asked(GATE_CLOSE));
	rig_stop();
}

static void established_ends(void)
{
	rig_start(FIREWALL);
	established();
	rig_pass(599999);
	EXPECT(rig_has());
	rig_pass(2);
	EXPECT(!rig_has());
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT_EQ(rig_counter(NSLP_N_expired), 1);
	rig_stop();
}

static void responder(void)
{
	struct gist_mri mri = rig_mri(DR, "10.0.0.1", 5000);
	struct nslp_message m = rig_create(1, 600);

	rig_start(HOST);
	rig_in(2, &mri, &m);
	EXPECT_EQ(rig.asks, 0);
	EXPECT_EQ(rig.sends, 1);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	EXPECT_EQ(rig.sent[0].m.lifetime, 600);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	EXPECT_EQ(rig_info().role, SESSION_NR);
	EXPECT_EQ(rig.events, 1);
	EXPECT_EQ(rig.told[0].state, SESSION_ESTABLISHED);
	rig_stop();
}

static void responder_with_gate(void)
{
	struct gist_mri mri = rig_mri(DS, "10.0.0.1", 5000);
	struct nslp_message m = rig_create(1, 600);

	rig_start(FIREWALL);
	rig_in(1, &mri, &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_PLAIN);
	rig_expect_asked(1, GATE_OPEN, GATE_ALLOW, GATE_PLAIN);
	rig_expect_response(0, rig_back(mri), 1, NSLP_SUCCESS);
	rig_stop();
}

static void responder_refuses(void)
{
	struct gist_mri mri = rig_mri(DR, "10.0.0.1", 5000);
	struct nslp_message m = rig_create(1, 600), r = rig_response(1, NSLP_SUCCESS, 600);
	struct gist_mri back = rig_back(mri);

	rig_start(HOST);
	rig.c.respond = false;
	rig_configure();
	rig_in(2, &mri, &m);
	rig_expect_response(0, back, 1, NSLP_NOT_REACHED);
	EXPECT(!rig_has());
	rig.c.respond = true;
	rig_configure();
	m.msn = 2;
	rig_in(2, &mri, &m);
	rig_clear();
	rig_in(2, &back, &r);
	rig_in(2, &mri, &r);
	EXPECT_EQ(rig.sends, 0);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void malformed(void)
{
	static const uint8_t bad_type[] = { 9, 0, 0, 0, 0, 0x12, 0, 1, 0, 0, 0, 7 };
	static const uint8_t no_lifetime[] = { 1, 0, 0, 0, 0, 0x12, 0, 1, 0, 0, 0, 7,
					       0, 0xf, 0, 1, 0, 1, 0, 0 };
	static const uint8_t bad_response[] = { 3, 0, 0, 0, 0, 0x12, 0, 1, 0, 0, 0, 7 };
	struct gist_mri mri = rig_mri(DS, DR, 5000), back = rig_back(mri);

	rig_start(FIREWALL);
	rig_octets(1, &mri, gist_view(bad_type, sizeof(bad_type)));
	rig_expect_response(0, back, 7, NSLP_BAD_TYPE);
	rig_octets(1, &mri, gist_view(no_lifetime, sizeof(no_lifetime)));
	rig_expect_response(1, back, 7, NSLP_MISSING_OBJECT);
	rig_octets(1, &mri, gist_view(bad_response, sizeof(bad_response)));
	EXPECT_EQ(rig.sends, 2);
	EXPECT_EQ(rig.asks, 0);
	EXPECT(!rig_has());
	EXPECT_EQ(rig_counter(NSLP_N_malformed), 3);
	rig_stop();
}

static void limits(void)
{
	struct gist_mri back;

	rig_start(FIREWALL);
	rig.c.sessions_per_peer = 1;
	rig_configure();
	outgoing(1, 600);
	rig_clear();
	rig_sid[15]++;
	back = rig_back(outgoing(1, 600));
	rig_expect_response(0, back, 1, NSLP_NO_RESOURCES);
	EXPECT_EQ(rig_counter(NSLP_N_full), 1);
	rig_sid[15]--;
	rig_stop();
	rig_start(FIREWALL);
	rig.c.sessions = 1;
	rig_configure();
	established();
	rig_sid[15]++;
	outgoing(1, 600);
	rig_expect_response(0, back, 1, NSLP_NO_RESOURCES);
	rig_sid[15]--;
	rig_stop();
}

static void own_session(void)
{
	struct session_open o = { .kind = SESSION_CREATE };
	struct gist_mri mri = rig_mri(DR, "10.0.0.1", 5000);
	struct nslp_message m = rig_create(1000, 600);
	const char *why;

	rig_start(HOST);
	memcpy(o.sid, rig_sid, 16);
	o.flow.destination = addr(DR);
	EXPECT_EQ(nslp_app_open(rig.n, &o, &why), 0);
	rig_clear();
	rig_in(2, &mri, &m);
	EXPECT_EQ(rig.sends, 0);
	EXPECT_EQ(rig_info().state, SESSION_PENDING);
	rig_stop();
}

static void unproven(void)
{
	struct gist_mri mri = rig_mri(DS, DR, 5000);
	struct nslp_message m = rig_create(1, 600);
	struct gist_peer p = rig_peer(1);
	uint8_t buf[256];
	struct gist_out o;
	struct gist_rx rx = { .nslpid = 33, .sid = rig_sid, .mri = &mri, .peer = &p };

	rig_start(FIREWALL);
	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_put(&o, &m, 0);
	rx.data = gist_out_view(&o);
	rig.ops.message(rig.ops.arg, &rx);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	EXPECT(!rig_has());
	rig_stop();
}

static enum gist_peering query(const struct gist_mri *mri, bool endpoint)
{
	struct gist_view answer = { 0 };
	struct gist_peer p = rig_peer(1);
	struct gist_rx rx = { .nslpid = 33, .sid = rig_sid, .mri = mri, .peer = &p,
			      .query = true, .endpoint = endpoint };

	return rig.ops.query(rig.ops.arg, &rx, &answer);
}

static void peering(void)
{
	struct gist_mri through = rig_mri(DS, DR, 1), here = rig_mri(DR, "10.0.0.1", 1);
	struct gist_mri external = rig_back(rig_mri("10.0.0.1", "10.0.0.2", 1));

	rig_start(HOST);
	EXPECT_EQ(query(&through, false), GIST_PROPAGATE);
	EXPECT_EQ(query(&here, true), GIST_PEER);
	EXPECT_EQ(query(&external, true), GIST_PEER);
	rig.c.respond = false;
	rig_configure();
	EXPECT_EQ(query(&here, true), GIST_IGNORE);
	rig_stop();
	rig_start(FIREWALL);
	EXPECT_EQ(query(&through, false), GIST_PEER);
	rig_stop();
}

static void ipv6(void)
{
	struct gist_mri mri = rig_mri("fd00::2", "2001:db8::7", 5000);
	struct nslp_message m = rig_create(1, 600);

	rig_start(NAT);
	rig_in(1, &mri, &m);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_PLAIN);
	rig_expect_sent(0, NSLP_CREATE, mri);
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "NATFW-3.2.1-02,NATFW-3.7.1-17,NATFW-3.7.1-18,NATFW-3.2.8-04 a firewall remembers and "
	  "forwards", firewall_forwards },
	{ "NATFW-3.7.1-26,NATFW-3.7.1-29,NATFW-3.4-23,NATFW-3.2.8-06,NATFW-3.7.1-35 rules open on "
	  "success only, once", opens_on_success },
	{ "NATFW-3.3-05,NATFW-3.6-01 nothing goes on before the gate has answered",
	  waits_for_gate },
	{ "NATFW-3.6-03,NATFW-3.6-06,NATFW-3.3-06 what policy refuses is answered and forgotten",
	  gate_refuses },
	{ "NSLP gate: refused without a word", gate_is_silent },
	{ "NATFW-3.2.5-02 no gate, or one that does not answer, is 4/0x01", gate_away },
	{ "NATFW-3.2.5-02 a pinhole that fails to open is reported both ways", open_fails },
	{ "NATFW-3.7.1-13,NATFW-3.7.1-15,NATFW-3.7.1-16,NATFW-3.7.1-34,NATFW-3.2.1-04 a NAT gives "
	  "the source an external address", nat_from_inside },
	{ "NATFW-3.7.1-08,NATFW-3.7.1-09 a NAT asked from outside without reservation is 7/0x03",
	  nat_from_outside },
	{ "NATFW-3.7.1-30,NATFW-3.2.8-08,NATFW-3.7.1-25 an error is passed on and ends the session",
	  error_passes },
	{ "NATFW-3.7.1-05,NATFW-3.7.1-06,NATFW-3.7.1-07 no next hop is 5/0x07", no_next_hop },
	{ "NATFW-3.7.1-33,NATFW-3.5-17 a RESPONSE to nothing asked has no effect",
	  unknown_response },
	{ "NATFW-3.2.8-05,NATFW-3.4-13,NATFW-3.4-14 a session stays pending as long as it was "
	  "granted", pending_ends },
	{ "NATFW-3.2.8-07,NATFW-3.4-01 a session ends with its lifetime", established_ends },
	{ "NATFW-3.7.1-23,NATFW-3.2.1-03,NATFW-3.4-22,NATFW-3.5-10 the receiver answers success",
	  responder },
	{ "NATFW-3.6-05 a receiver that filters asks its gate", responder_with_gate },
	{ "NATFW-3.7.1-24,NATFW-3.7.1-31 a receiver refuses, and drops RESPONSEs",
	  responder_refuses },
	{ "NATFW-3.3-01,NATFW-3.3-02,NATFW-3.3-04,NATFW-3.3-08 what is malformed is answered by "
	  "type", malformed },
	{ "NSLP limits: pending sessions of a neighbour, sessions at all", limits },
	{ "NATFW-3.7.1-04 CREATE for a session of this node's own is dropped", own_session },
	{ "NATFW-3.6-01 a peer that GIST has not proven is not heard", unproven },
	{ "NATFW-3.2-02,NATFW-2.3-01 who is a signalling peer of whom", peering },
	{ "NSLP IPv6: not translated, passed at a firewall", ipv6 },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
