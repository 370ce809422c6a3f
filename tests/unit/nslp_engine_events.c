// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens unasked: NOTIFY, route changes, the gate.
 *
 * natfw-test: quick timeout=120
 */
#include "nslp_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DS		"10.0.0.2"
#define DR		"203.0.113.7"

static struct gist_mri establish(enum node node)
{
	struct nslp_message m = rig_create(100, 600), r = rig_response(100, NSLP_SUCCESS, 600);
	struct gist_mri mri = rig_mri(DS, DR, 5000), far;

	rig_start(node);
	rig_in(1, &mri, &m);
	far = rig_back(rig.sent[0].mri);
	rig_in(2, &far, &r);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	return mri;
}

/* Its MRI on the other side of a NAT. */
static struct gist_mri beyond(struct gist_mri mri)
{
	mri.source = addr("192.0.2.1");
	mri.sport = 40000;
	return mri;
}

static void notify(unsigned int peer, struct gist_mri mri, uint16_t code)
{
	struct nslp_message m = rig_notify(code);

	rig_in(peer, &mri, &m);
}

static void expect_notify(unsigned int i, struct gist_mri mri, uint16_t code, uint64_t sii)
{
	rig_expect_sent(i, NSLP_NOTIFY, mri);
	EXPECT_EQ(rig.sent[i].m.info.code, code);
	EXPECT_EQ(rig.sent[i].sii, sii);
}

/* --- NOTIFY ---------------------------------------------------------------------------------- */

static void ended_by_others(void)
{
	static const uint16_t codes[] = { NSLP_EXPIRED, NSLP_TERMINATED };
	struct gist_mri mri;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		mri = establish(NAT);
		notify(2, rig_back(beyond(mri)), codes[i]);
		EXPECT_EQ(rig.sends, 1);
		expect_notify(0, rig_back(mri), codes[i], 0);
		EXPECT(rig_asked(GATE_CLOSE));
		EXPECT(!rig_has());
		rig_stop();
		mri = establish(NAT);
		notify(1, mri, codes[i]);
		EXPECT_EQ(rig.sends, 1);
		expect_notify(0, beyond(mri), codes[i], 2);
		EXPECT(!rig_has());
		rig_stop();
	}
}

static void route_notify(void)
{
	struct gist_mri mri = establish(FIREWALL);

	notify(2, rig_back(mri), NSLP_ROUTE_CHANGE);
	expect_notify(0, rig_back(mri), NSLP_ROUTE_CHANGE, 0);
	EXPECT_EQ(rig_info().state, SESSION_TRANSITORY);
	EXPECT(!rig_asked(GATE_CLOSE));
	notify(2, rig_back(mri), NSLP_ROUTE_CHANGE);
	EXPECT_EQ(rig.sends, 1);
	rig_pass(29999);
	EXPECT(rig_has());
	rig_pass(2);
	EXPECT(!rig_has());
	EXPECT(rig_asked(GATE_CLOSE));
	rig_stop();
}

static void comes_back(void)
{
	struct gist_mri mri = establish(FIREWALL), back = rig_back(mri);
	struct nslp_message m = rig_create(101, 600), r = rig_response(101, NSLP_SUCCESS, 600);

	notify(2, back, NSLP_ROUTE_CHANGE);
	rig_in(1, &mri, &m);
	rig_in(2, &back, &r);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_pass(590000);
	EXPECT(rig_has());
	rig_stop();
}

static void lasting_notify(void)
{
	struct gist_mri mri = establish(FIREWALL);

	notify(2, rig_back(mri), NSLP_GOING_DOWN);
	notify(2, rig_back(mri), NSLP_REAUTHENTICATE);
	expect_notify(0, rig_back(mri), NSLP_GOING_DOWN, 0);
	expect_notify(1, rig_back(mri), NSLP_REAUTHENTICATE, 0);
	rig_pass(599000);
	EXPECT(rig_has());
	rig_stop();
}

static void wrong_way(void)
{
	struct gist_mri mri = establish(NAT);

	notify(1, mri, NSLP_REAUTHENTICATE);
	notify(2, rig_back(mri), NSLP_TERMINATED);
	notify(1, beyond(mri), NSLP_TERMINATED);
	notify(3, mri, NSLP_TERMINATED);
	notify(103, rig_back(beyond(mri)), NSLP_TERMINATED);
	EXPECT_EQ(rig.sends + rig.asks, 0);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig.no_ma = true;
	notify(2, rig_back(beyond(mri)), NSLP_TERMINATED);
	EXPECT_EQ(rig.sends, 0);
	EXPECT(rig_has());
	rig.no_ma = false;
	rig_sid[0]++;
	notify(2, rig_back(beyond(mri)), NSLP_TERMINATED);
	rig_sid[0]--;
	EXPECT(rig_has());
	EXPECT_EQ(rig_counter(NSLP_N_dropped), 7);
	rig_stop();
}

static void at_receiver(void)
{
	struct gist_mri mri = rig_mri(DR, "10.0.0.1", 5000);
	struct nslp_message m = rig_create(1, 600);

	rig_start(HOST);
	rig_in(2, &mri, &m);
	rig_clear();
	notify(2, mri, NSLP_REAUTHENTICATE);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	notify(102, mri, NSLP_ROUTE_CHANGE);
	EXPECT_EQ(rig_info().state, SESSION_TRANSITORY);
	EXPECT_EQ(rig.sends, 0);
	notify(2, mri, NSLP_TERMINATED);
	EXPECT(!rig_has());
	EXPECT_EQ(rig.events, 1);
	EXPECT_EQ(rig.told[0].state, SESSION_DEAD);
	rig_stop();
}

static void many_void(void)
{
	struct gist_mri mri = establish(FIREWALL), all = { .method = GIST_MRM_PATH };
	struct nslp_message m = rig_notify(NSLP_TERMINATED);
	uint8_t sid[16];

	memcpy(sid, rig_sid, 16);
	all.source.version = all.destination.version = 4;
	all.upstream = true;
	memset(rig_sid, 0, 16);
	rig_in(109, &all, &m);
	rig.no_ma = true;
	rig_in(102, &all, &m);
	EXPECT_EQ(rig.sends, 0);
	rig.no_ma = false;
	rig_in(102, &all, &m);
	memcpy(rig_sid, sid, 16);
	EXPECT_EQ(rig.sends, 1);
	expect_notify(0, rig_back(mri), NSLP_TERMINATED, 0);
	EXPECT(!memcmp(rig.sent[0].sid, sid, 16));
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_stop();
}

static void goes_down(void)
{
	static const uint8_t zero[16];
	struct gist_mri mri = establish(FIREWALL);
	struct nslp_message m = rig_create(1, 600);

	rig_sid[0]++;
	rig_in(1, &mri, &m);
	rig_clear();
	nslp_shutdown(rig.n, true);
	EXPECT_EQ(rig.sends, 1);
	EXPECT(!memcmp(rig.sent[0].sid, zero, 16));
	EXPECT_EQ(rig.sent[0].sii, 1);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_GOING_DOWN);
	EXPECT_EQ(rig.sent[0].mri.source_prefix + rig.sent[0].mri.destination_prefix, 0);
	EXPECT_EQ(rig.asks, 0);
	rig_sid[0]++;
	rig_in(1, &mri, &m);
	EXPECT_EQ(rig.sent[1].m.info.code, NSLP_NO_RESOURCES);
	rig_sid[0] -= 2;
	rig_stop();
}

/* --- the network ----------------------------------------------------------------------------- */

static void route_changes(void)
{
	struct gist_mri mri = establish(NAT), far = beyond(mri);

	rig_network(GIST_ROUTE_BAD, &far, false);
	EXPECT_EQ(rig.sends, 2);
	expect_notify(0, rig_back(mri), NSLP_ROUTE_CHANGE, 0);
	expect_notify(1, far, NSLP_ROUTE_CHANGE, 2);
	EXPECT_EQ(rig_info().state, SESSION_TRANSITORY);
	rig_network(GIST_ROUTE_DELETED, &far, false);
	EXPECT_EQ(rig.sends, 2);
	rig_stop();
	establish(NAT);
	rig_network(GIST_ROUTE_BAD, &mri, false);
	rig_network(GIST_ROUTE_TENTATIVE, &far, false);
	rig_network(GIST_STATE_LOST, &far, false);
	EXPECT_EQ(rig.sends, 0);
	rig_stop();
}

static void route_changes_external(void)
{
	struct nslp_message m = rig_external(1, 600), r = rig_response(1, NSLP_SUCCESS, 600);
	struct gist_mri mri = rig_back(rig_mri(DR, DS, 5000)), back = rig_back(mri);

	rig_start(FIREWALL);
	rig_in(1, &mri, &m);
	rig_in(2, &back, &r);
	rig_clear();
	rig_network(GIST_ROUTE_BAD, &mri, true);
	EXPECT_EQ(rig.sends, 2);
	expect_notify(0, back, NSLP_ROUTE_CHANGE, 0);
	EXPECT_EQ(rig_info().state, SESSION_TRANSITORY);
	rig_stop();
}

static void stale_status(void)
{
	struct nslp_message m = rig_create(100, 600);
	struct gist_mri mri = rig_mri(DS, DR, 5000);

	rig_start(FIREWALL);
	rig_in(1, &mri, &m);
	m.msn = 101;
	rig_in(1, &mri, &m);
	rig_status(0, false, GIST_FAIL_NO_RESPONSE);
	EXPECT_EQ(rig.sends, 2);
	rig_status(1, true, 0);
	EXPECT_EQ(rig_info().peer_nr.b[3], 2);
	rig_status(1, false, GIST_FAIL_LIMIT);
	EXPECT_EQ(rig.sent[2].m.info.code, NSLP_NO_RESOURCES);
	EXPECT(!rig_has());
	rig_stop();
}

/* --- the gate -------------------------------------------------------------------------------- */

static void rules_gone(void)
{
	struct gist_mri mri = establish(FIREWALL);

	rig_gone(0);
	EXPECT_EQ(rig.sends, 2);
	expect_notify(0, rig_back(mri), NSLP_TERMINATED, 0);
	expect_notify(1, mri, NSLP_TERMINATED, 2);
	EXPECT(!rig_has());
	rig_stop();
	establish(FIREWALL);
	rig_gone(NSLP_REAUTHENTICATE);
	EXPECT_EQ(rig.sends, 1);
	expect_notify(0, rig_back(mri), NSLP_REAUTHENTICATE, 0);
	EXPECT(rig_has());
	rig_stop();
}

static void gone_while_asked(void)
{
	struct gist_mri mri = establish(FIREWALL);
	struct nslp_message m = rig_create(101, 600);

	rig_in(1, &mri, &m);
	rig_gone(0);
	EXPECT_EQ(rig.sends, 3);
	rig_expect_response(1, rig_back(mri), 101, NSLP_ENDED);
	expect_notify(2, mri, NSLP_TERMINATED, 2);
	EXPECT(!rig_has());
	rig_stop();
}

static void operator_ends(void)
{
	struct gist_mri mri = establish(FIREWALL);

	EXPECT_EQ(nslp_app_close(rig.n, rig_sid, false), -ENOENT);
	EXPECT_EQ(nslp_app_close(rig.n, rig_sid, true), 0);
	expect_notify(0, rig_back(mri), NSLP_TERMINATED, 0);
	expect_notify(1, mri, NSLP_TERMINATED, 2);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_stop();
}

static void expires_loudly(void)
{
	struct gist_mri mri = establish(FIREWALL);

	rig_pass(600001);
	EXPECT_EQ(rig.sends, 1);
	expect_notify(0, rig_back(mri), NSLP_EXPIRED, 0);
	rig_stop();
	establish(FIREWALL);
	rig.no_ma = true;
	rig_pass(600001);
	EXPECT_EQ(rig.sends, 0);
	EXPECT(!rig_has());
	rig_stop();
}

static void gate_restarts(void)
{
	establish(NAT);
	rig_pass(200000);
	nslp_gate_restarted(rig.n);
	rig_pass(1);
	EXPECT_EQ(rig.asks, 2);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_SOURCE);
	rig_expect_asked(1, GATE_OPEN, GATE_ALLOW, GATE_SOURCE);
	EXPECT(rig.asked[1].lifetime >= 399 && rig.asked[1].lifetime <= 400);
	EXPECT_EQ(rig.sends, 0);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
}

static void gate_restarts_later(void)
{
	establish(NAT);
	rig.gate_error = -ENOBUFS;
	nslp_gate_restarted(rig.n);
	rig_pass(100);
	EXPECT_EQ(rig.asks, 0);
	EXPECT(rig_has());
	rig.gate_error = 0;
	rig_pass(100);
	EXPECT_EQ(rig.asks, 2);
	rig_stop();
}

static void gate_wants_proof(void)
{
	struct gist_mri mri = establish(FIREWALL), back = rig_back(mri);
	struct nslp_message m = rig_create(101, 600), r = rig_response(101, NSLP_SUCCESS, 600);

	rig.auto_gate = false;
	nslp_gate_restarted(rig.n);
	rig_pass(1);
	rig_answer(0, NSLP_NOT_AUTHENTICATED);
	EXPECT_EQ(rig.sends, 1);
	expect_notify(0, back, NSLP_REAUTHENTICATE, 0);
	EXPECT_EQ(rig_info().state, SESSION_TRANSITORY);
	rig.auto_gate = true;
	rig_in(1, &mri, &m);
	rig_in(2, &back, &r);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
	establish(FIREWALL);
	rig.auto_gate = false;
	nslp_gate_restarted(rig.n);
	rig_pass(1);
	rig_answer(0, NSLP_NOT_AUTHENTICATED);
	rig_pass(30001);
	EXPECT(!rig_has());
	EXPECT(rig_asked(GATE_CLOSE));
	rig_stop();
}

static void gate_forgets(void)
{
	struct gate_answer a;

	establish(NAT);
	rig.auto_gate = false;
	nslp_gate_restarted(rig.n);
	rig_pass(1);
	rig_grant(&rig.asked[0], &a);
	a.external.port++;
	nslp_gate_answer(rig.n, &a);
	EXPECT_EQ(rig.sends, 2);
	EXPECT_EQ(rig.sent[0].m.info.code, NSLP_TERMINATED);
	EXPECT(rig_asked(GATE_CLOSE));
	EXPECT(!rig_has());
	rig_stop();
}

static void proof(void)
{
	static const uint8_t auth[] = { 0x80, 0x16, 0, 2, 0, 8, 2, 0, 0, 0, 0, 1 };
	struct nslp_message m = rig_create(1, 600);
	struct gist_mri mri = rig_mri(DS, DR, 5000);

	rig_start(FIREWALL);
	m.auth = gist_view(auth, sizeof(auth));
	rig_in(1, &mri, &m);
	EXPECT(rig.asked[0].has_proof);
	EXPECT_EQ(rig.proof.message_len, 4 + 24 + 12);
	EXPECT_EQ(rig.proof.octets[0], NSLP_CREATE);
	EXPECT_EQ(rig.proof.mri_len, 20);
	EXPECT(rig.sent[0].m.auths == 1);
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "NATFW-3.7.5-12,NATFW-3.7.5-14,NATFW-3.7.5-16,NATFW-3.7.5-21,NATFW-3.7.5-22 NOTIFY of an "
	  "end is passed on and ends the session", ended_by_others },
	{ "NATFW-3.7.5-05,NATFW-3.2.8-09,NATFW-3.2.8-10,NATFW-3.2.8-12,NATFW-3.9-03 route change "
	  "makes a session transitory", route_notify },
	{ "NATFW-3.2.8-11,NATFW-3.9-05 a request brings a transitory session back", comes_back },
	{ "NATFW-3.7.5-11,NATFW-3.7.5-07 a warning leaves the session", lasting_notify },
	{ "NATFW-3.7.5-17,NATFW-3.7.5-23,NATFW-3.7.5-24,NATFW-3.7.5-33,NATFW-3.2.7-01 NOTIFYs that "
	  "are dropped", wrong_way },
	{ "NATFW-3.7.5-26 NOTIFY at the receiver", at_receiver },
	{ "NATFW-3.7.5-29,NATFW-3.7.5-30 one NOTIFY for all sessions of a neighbour", many_void },
	{ "NATFW-3.7.5-10,NATFW-3.7.5-27,NATFW-3.7.5-28 going down, once a neighbour", goes_down },
	{ "NATFW-3.9-01,NATFW-3.9-02,NATFW-3.7.5-04,NATFW-3.7.5-06 a route change here is reported "
	  "both ways", route_changes },
	{ "NATFW-3.9-02 a route change on the way of an EXTERNAL", route_changes_external },
	{ "NSLP GIST: what became of an older message does not matter", stale_status },
	{ "NATFW-3.7.1-32,NATFW-3.7.5-02,NATFW-3.7.5-08,NATFW-3.7.5-15 rules that vanish are "
	  "reported", rules_gone },
	{ "NATFW-4.2.5-12 ended while a request is under way is 7/0x01", gone_while_asked },
	{ "NATFW-3.7.1-32,NATFW-3.7.2-57 the operator ends a session", operator_ends },
	{ "NATFW-3.7.5-13 expiry is reported to who is still there", expires_loudly },
	{ "NSLP gate: restarted, everything is admitted again", gate_restarts },
	{ "NSLP gate: restarted and busy", gate_restarts_later },
	{ "NATFW-3.7.5-07 gate restarted: who signed is asked to prove himself again",
	  gate_wants_proof },
	{ "NSLP gate: restarted, another external port", gate_forgets },
	{ "NSLP gate: SESSION_AUTH is handed over with what it covers, and goes on", proof },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
