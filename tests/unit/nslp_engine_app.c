// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Applications on this node: what they open, change, refresh and close, and what they are told.
 *
 * natfw-test: quick timeout=120
 */
#include "nslp/auth.h"
#include "nslp/hmac.h"
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

static void notify(unsigned int peer, struct gist_mri mri, uint16_t code)
{
	struct nslp_message m = rig_notify(code);

	rig_in(peer, &mri, &m);
}

static struct session_open opening(void)
{
	struct session_open o = { .token = 42, .kind = SESSION_CREATE, .uid = 1000 };

	memcpy(o.sid, rig_sid, 16);
	o.flow.destination = addr(DR);
	o.flow.has_protocol = o.flow.has_sport = o.flow.has_dport = true;
	o.flow.protocol = 17;
	o.flow.sport = 4000;
	o.flow.dport = 5000;
	return o;
}

static void app_answer(uint16_t code, uint32_t lifetime)
{
	struct sent s = rig.sent[rig.sends - 1];
	struct nslp_message r = rig_response(s.m.msn, code, lifetime);

	s.mri = rig_back(s.mri);
	rig_in(2, &s.mri, &r);
}

static uint32_t app_open(struct session_open *o)
{
	const char *why = "";
	int rc = nslp_app_open(rig.n, o, &why);

	if (!EXPECT_EQ(rc, 0))
		printf("# %s\n", why);
	return rig.sent[0].m.msn;
}

static void app_create(void)
{
	struct session_open o = opening();
	struct gist_mri mri = rig_mri("192.0.2.1", DR, 5000);

	rig_start(HOST);
	app_open(&o);
	EXPECT_EQ(rig.asks, 0);
	EXPECT_EQ(rig.events, 1);
	EXPECT_EQ(rig.told[0].state, SESSION_PENDING);
	EXPECT_EQ(rig.told[0].token, 42);
	rig_expect_sent(0, NSLP_CREATE, mri);
	EXPECT_EQ(rig.sent[0].m.lifetime, 1575);
	app_answer(NSLP_SUCCESS, 525);
	EXPECT_EQ(rig.events, 2);
	EXPECT_EQ(rig.told[1].state, SESSION_ESTABLISHED);
	EXPECT_EQ(rig.told[1].lifetime, 525);
	EXPECT_EQ(rig.told[1].code, NSLP_SUCCESS);
	EXPECT_EQ(rig_info().uid, 1000);
	rig_clear();
	EXPECT_EQ(nslp_app_close(rig.n, rig_sid, false), 0);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.lifetime, 0);
	EXPECT_EQ(rig.told[0].state, SESSION_DEAD);
	EXPECT(!rig_has());
	rig_stop();
}

static void app_refreshes(void)
{
	struct session_open o = opening();
	uint64_t least = UINT64_MAX, most = 0, at;
	unsigned int i;
	uint32_t msn;

	rig_start(HOST);
	msn = app_open(&o);
	app_answer(NSLP_SUCCESS, 525);
	for (i = 0; i < 200; i++) {
		rig_clear();
		at = rig.timers.now;
		while (!rig.sends)
			rig_pass(100);
		at = rig.timers.now - at;
		least = at < least ? at : least;
		most = at > most ? at : most;
		EXPECT_EQ(rig.sent[0].m.msn, ++msn);
		EXPECT_EQ(rig.sent[0].m.lifetime, 1575);
		app_answer(NSLP_SUCCESS, 525);
	}
	EXPECT(least >= 50000 && least < 60000);
	EXPECT(most <= 150100 && most > 140000);
	rig_stop();
}

static void app_external(void)
{
	struct session_open o = opening();
	struct nslp_message r;
	static const uint8_t nat[] = { 10, 9, 9, 9 };
	struct gist_mri mri = rig_loose("10.0.0.1", "198.51.100.1");

	rig_start(HOST);
	o.kind = SESSION_EXTERNAL;
	o.loose = true;
	o.binding = true;
	o.flow.destination = addr("10.0.0.1");
	o.flow.has_sport = false;
	o.toward = addr("198.51.100.1");
	app_open(&o);
	rig_expect_sent(0, NSLP_EXTERNAL, mri);
	EXPECT_EQ(rig.sent[0].m.dtinfo.receiver_port, 5000);
	EXPECT_EQ(rig.sent[0].m.dtinfo.prefix, 0);
	EXPECT_EQ(rig.sent[0].m.dtinfo.protocol, 17);
	EXPECT(nslp_message_has(&rig.sent[0].m, NSLP_BINDING));
	r = rig_response(rig.sent[0].m.msn, NSLP_SUCCESS, 600);
	r.present |= NSLP_BIT(NSLP_EXTERNAL_IP) | NSLP_BIT(NSLP_BINDING);
	r.external = (struct nslp_external){ .port = 77, .version = 4, .address = { 9, 8, 7, 6 } };
	r.binding = (struct nslp_binding){ .port = 78, .version = 4,
					   .addresses = gist_view(nat, 4) };
	mri = rig_back(mri);
	rig_in(2, &mri, &r);
	EXPECT(rig.told[1].has_external);
	EXPECT_EQ(rig.told[1].external.port, 77);
	EXPECT_EQ(rig.told[1].bindings, 1);
	EXPECT_EQ(rig.told[1].binding_port, 78);
	EXPECT_EQ(rig.told[1].binding[0].b[1], 9);
	rig_stop();
	rig_start(HOST);
	o = opening();
	o.kind = SESSION_BLOCK;
	o.flow.source = addr(DR);
	o.flow.destination = addr("10.0.0.1");
	app_open(&o);
	mri = rig_back(rig_mri(DR, "10.0.0.1", 5000));
	rig_expect_sent(0, NSLP_EXTERNAL, mri);
	EXPECT_EQ(rig.sent[0].m.efi.action, NSLP_DENY);
	EXPECT_EQ(rig.sent[0].m.dtinfo.prefix, 32);
	rig_stop();
}

static void app_resumes(void)
{
	struct session_open o = opening();

	rig_start(HOST);
	o.has_msn = true;
	o.msn = 0xffffffff;
	EXPECT_EQ(app_open(&o), 0);
	app_answer(NSLP_SUCCESS, 600);
	EXPECT_EQ(rig.told[1].msn, 0);
	rig_stop();
	rig_start(HOST);
	memset(o.sid, 0, 16);
	o.has_msn = false;
	app_open(&o);
	EXPECT(memcmp(rig.sent[0].sid, o.sid, 16));
	EXPECT(!memcmp(rig.sent[0].sid, rig.told[0].sid, 16));
	rig_stop();
}

static void app_changes(void)
{
	struct session_open o = opening();

	rig_start(HOST);
	app_open(&o);
	app_answer(NSLP_SUCCESS, 600);
	rig_clear();
	o.flow.destination = addr("203.0.113.8");
	app_open(&o);
	EXPECT_EQ(rig.sent[0].mri.destination.b[3], 8);
	EXPECT_EQ(rig_info().flow.destination.b[3], 7);
	app_answer(NSLP_SUCCESS, 600);
	EXPECT_EQ(rig_info().flow.destination.b[3], 8);
	EXPECT_EQ(nslp_app_refresh(rig.n, rig_sid), 0);
	EXPECT_EQ(rig.sends, 2);
	EXPECT_EQ(rig.sent[1].m.msn, rig.sent[0].m.msn + 1);
	rig_stop();
}

static void app_mistakes(void)
{
	struct session_open o = opening();
	const char *why;

	establish(FIREWALL);
	EXPECT_EQ(nslp_app_open(rig.n, &o, &why), -EEXIST);
	rig_sid[0]++;
	o = opening();
	rig_sid[0]--;
	o.flow.has_protocol = false;
	EXPECT_EQ(nslp_app_open(rig.n, &o, &why), -EINVAL);
	o.flow.has_protocol = true;
	o.flow.source = addr("fd00::1");
	EXPECT_EQ(nslp_app_open(rig.n, &o, &why), -EINVAL);
	o.flow.source.version = 0;
	o.beyond = true;
	EXPECT_EQ(nslp_app_open(rig.n, &o, &why), -EINVAL);
	o.beyond = false;
	o.flow.destination.version = 0;
	EXPECT_EQ(nslp_app_open(rig.n, &o, &why), -EINVAL);
	EXPECT(why && *why);
	EXPECT_EQ(nslp_app_refresh(rig.n, rig_sid), -ENOENT);
	EXPECT_EQ(rig.sends, 0);
	rig_stop();
}

static void app_fails(void)
{
	struct session_open o = opening();

	rig_start(HOST);
	app_open(&o);
	app_answer(NSLP_NOT_AUTHORIZED, 0);
	EXPECT_EQ(rig.events, 2);
	EXPECT_EQ(rig.told[1].state, SESSION_DEAD);
	EXPECT_EQ(rig.told[1].code, NSLP_NOT_AUTHORIZED);
	EXPECT(!rig_has());
	rig_clear();
	app_open(&o);
	rig_status(0, false, GIST_FAIL_NO_RESPONSE);
	EXPECT_EQ(rig.told[1].state, SESSION_DEAD);
	EXPECT_EQ(rig.told[1].code, NSLP_NOT_REACHED);
	rig_stop();
}

static void app_tries_again(void)
{
	struct session_open o = opening();
	uint32_t msn;

	rig_start(HOST);
	msn = app_open(&o);
	app_answer(NSLP_NO_RESOURCES, 0);
	EXPECT(rig_has());
	rig_pass(30000);
	EXPECT(rig.sends >= 2);
	EXPECT_EQ(rig.sent[1].m.msn, msn + 1);
	app_answer(NSLP_SUCCESS, 600);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_stop();
	rig_start(HOST);
	o.lifetime = 60;
	app_open(&o);
	rig_pass(59000);
	EXPECT(rig.sends > 1 && rig.sends < 6);
	EXPECT_EQ(rig_info().state, SESSION_PENDING);
	rig_pass(1100);
	EXPECT(!rig_has());
	EXPECT_EQ(rig.told[rig.events - 1].state, SESSION_DEAD);
	rig_stop();
}

static void app_gives_up(void)
{
	struct session_open o = opening();
	unsigned int i;

	rig_start(HOST);
	app_open(&o);
	for (i = 0; i < 20 && rig_has(); i++) {
		app_answer(NSLP_NO_RESOURCES, 0);
		rig_pass(100000);
	}
	EXPECT(!rig_has());
	EXPECT(rig.sends < 10);
	rig_stop();
}

static void app_survives(void)
{
	struct session_open o = opening();
	unsigned int i;

	rig_start(HOST);
	app_open(&o);
	app_answer(NSLP_SUCCESS, 600);
	rig_clear();
	for (i = 0; i < 590; i++) {
		rig_pass(1000);
		if (rig.sends) {
			rig_status(0, false, GIST_FAIL_NO_RESPONSE);
			rig_clear();
		}
	}
	EXPECT(rig_has());
	rig_pass(11000);
	EXPECT(!rig_has());
	rig_stop();
}

static void app_adjusts(void)
{
	struct session_open o = opening();
	struct gist_mri back;
	struct nslp_message r;

	rig_start(HOST);
	app_open(&o);
	app_answer(NSLP_GRANT_BIG, 20);
	EXPECT_EQ(rig.sends, 2);
	EXPECT_EQ(rig.sent[1].m.lifetime, 20);
	r = rig_response(rig.sent[1].m.msn, NSLP_GRANT_BIG, 10);
	back = rig_back(rig.sent[1].mri);
	rig_in(2, &back, &r);
	EXPECT_EQ(rig.sends, 2);
	EXPECT(!rig_has());
	rig_stop();
}

static void app_notified(void)
{
	struct session_open o = opening();
	struct gist_mri back;

	rig_start(HOST);
	app_open(&o);
	app_answer(NSLP_SUCCESS, 600);
	back = rig_back(rig.sent[0].mri);
	rig_clear();
	notify(2, back, NSLP_ROUTE_CHANGE);
	EXPECT_EQ(rig.told[0].state, SESSION_TRANSITORY);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.type, NSLP_CREATE);
	notify(2, back, NSLP_ROUTE_CHANGE);
	EXPECT_EQ(rig.sends, 1);
	app_answer(NSLP_SUCCESS, 600);
	EXPECT_EQ(rig_info().state, SESSION_ESTABLISHED);
	rig_clear();
	notify(2, back, NSLP_REAUTHENTICATE);
	EXPECT_EQ(rig.sends, 1);
	app_answer(NSLP_SUCCESS, 600);
	rig_clear();
	notify(2, back, NSLP_GOING_DOWN);
	EXPECT_EQ(rig.sends, 0);
	EXPECT_EQ(rig.told[0].code, NSLP_GOING_DOWN);
	notify(2, back, NSLP_TERMINATED);
	EXPECT_EQ(rig.told[1].state, SESSION_DEAD);
	EXPECT(!rig_has());
	EXPECT_EQ(rig.sends, 0);
	rig_stop();
}

static void app_route_changes(void)
{
	struct session_open o = opening();
	struct gist_mri mri;

	rig_start(HOST);
	app_open(&o);
	app_answer(NSLP_SUCCESS, 600);
	mri = rig.sent[0].mri;
	rig_clear();
	rig_network(GIST_ROUTE_BAD, &mri, false);
	EXPECT_EQ(rig.sends, 1);
	EXPECT_EQ(rig.sent[0].m.type, NSLP_CREATE);
	rig_stop();
}

/* What policy calls manager @user. */
static const char *name_of(const char *user)
{
	static char name[2][GATE_NAME];
	static unsigned int turn;
	struct session_open o = opening();

	o.uid = GATE_MANAGER;
	snprintf(o.user, sizeof(o.user), "%s", user);
	rig_start(FIREWALL);
	rig.auto_gate = false;
	app_open(&o);
	EXPECT_EQ(rig.asked[0].who.uid, GATE_MANAGER);
	EXPECT(!rig.asked[0].who.tls);
	EXPECT_EQ(rig_info().uid, GATE_MANAGER);
	turn = !turn;
	memcpy(name[turn], rig.asked[0].who.name, GATE_NAME);
	rig_stop();
	return name[turn];
}

/* Who asks is told by name, in which policy's files and the log can have it; nobody has the name of another. */
static void manager_on_gateway(void)
{
	char a[SESSION_USER] = "", b[SESSION_USER] = "";
	const char *name;
	int i;

	EXPECT(!strcmp(name_of("nms 1~"), "nms 1~"));
	EXPECT(!strcmp(name_of("op\xc3\xa9rateur\n"), "op%C3%A9rateur%0A"));
	EXPECT(!strcmp(name_of("50%"), "50%25"));
	for (i = 0; i < 62; i += 2) {
		strcat(a, "\xc3\xa9");
		strcat(b, i < 60 ? "\xc3\xa9" : "\xc3\xa8");
	}
	name = name_of(a);
	EXPECT(strcmp(name, name_of(b)) != 0);
	EXPECT(!strncmp(name, "%C3%A9%C3", 9) && strstr(name, "%~") && strlen(name) < GATE_NAME);
	memset(a, 'x', sizeof(a) - 1);
	EXPECT(!strcmp(name_of(a), a));
	memset(b, 'x', sizeof(b) - 1);
	a[62] = '\n';
	b[62] = '%';
	EXPECT(strcmp(name_of(a), name_of(b)) != 0);
}

static void app_on_gateway(void)
{
	struct session_open o = opening();

	rig_start(FIREWALL);
	rig.auto_gate = false;
	app_open(&o);
	rig_expect_asked(0, GATE_ADMIT, GATE_ALLOW, GATE_PLAIN);
	EXPECT_EQ(rig.asked[0].who.uid, 1000);
	EXPECT_EQ(rig.sends, 0);
	rig_answer(0, 0);
	EXPECT_EQ(rig.sends, 1);
	app_answer(NSLP_SUCCESS, 600);
	EXPECT_EQ(rig.asked[1].op, GATE_OPEN);
	rig_answer(1, 0);
	EXPECT_EQ(rig.told[1].state, SESSION_ESTABLISHED);
	rig_stop();
	rig_start(FIREWALL);
	rig.auto_gate = false;
	app_open(&o);
	rig_answer(0, NSLP_NOT_AUTHORIZED);
	EXPECT_EQ(rig.told[1].state, SESSION_DEAD);
	EXPECT_EQ(rig.told[1].code, NSLP_NOT_AUTHORIZED);
	rig_stop();
}

static void app_signs(void)
{
	static const uint8_t key[16] = "0123456789abcdef";
	struct nslp_hmac_key k = { 7, NSLP_HMAC_SHA2_256_128, gist_view(key, sizeof(key)) };
	struct session_open o = opening();
	uint8_t value[GIST_MRI_SIZE_MAX];
	struct nslp_hmac_context c = { .sid = rig_sid, .nslpid = 33 };
	struct gist_tlv tlv;
	struct gist_out out;

	rig_start(HOST);
	rig.c.key_id = 7;
	rig.c.transform = NSLP_HMAC_SHA2_256_128;
	memcpy(rig.c.key, key, sizeof(key));
	rig.c.key_len = sizeof(key);
	rig_configure();
	app_open(&o);
	gist_out_init(&out, value, sizeof(value));
	gist_mri_value_put(&out, &rig.sent[0].mri);
	c.mri = gist_out_view(&out);
	rig.sent[0].m.octets = gist_view(rig.sent[0].octets, rig.sent[0].len);
	if (EXPECT(nslp_message_auth(&rig.sent[0].m, 0, &tlv)))
		EXPECT_EQ(nslp_hmac_verify(rig.sent[0].m.octets, &tlv, &c, &k), 0);
	rig_stop();
}

static void answers_signed(void)
{
	static const uint8_t auth[] = { 0x80, 0x16, 0, 2, 0, 8, 2, 0, 0, 0, 0, 1 };
	static const uint8_t key[16] = "0123456789abcdef";
	struct nslp_hmac_key k = { 7, NSLP_HMAC_SHA2_256_128, gist_view(key, sizeof(key)) };
	struct nslp_message m = rig_create(1, 600);
	struct gist_mri mri = rig_mri(DR, "10.0.0.1", 5000);
	uint8_t value[GIST_MRI_SIZE_MAX];
	struct nslp_hmac_context c = { .sid = rig_sid, .nslpid = 33 };
	struct nslp_fault fault;
	struct nslp_auth a;
	struct gist_tlv tlv;
	struct gist_out out;

	rig_start(HOST);
	rig.c.key_id = 7;
	rig.c.transform = NSLP_HMAC_SHA2_256_128;
	memcpy(rig.c.key, key, sizeof(key));
	rig.c.key_len = sizeof(key);
	rig_configure();
	rig_in(2, &mri, &m);
	EXPECT_EQ(rig.sent[0].m.auths, 0);
	m.msn = 2;
	m.auth = gist_view(auth, sizeof(auth));
	rig_in(2, &mri, &m);
	EXPECT_EQ(rig.sent[1].m.auths, 1);
	gist_out_init(&out, value, sizeof(value));
	gist_mri_value_put(&out, &rig.sent[1].mri);
	c.mri = gist_out_view(&out);
	if (EXPECT(nslp_message_auth(&rig.sent[1].m, 0, &tlv))) {
		EXPECT_EQ(nslp_hmac_verify(rig.sent[1].m.octets, &tlv, &c, &k), 0);
		EXPECT(nslp_auth_parse(&a, &tlv, &fault));
	}
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "NATFW-3.2.1-01,NATFW-3.2.1-05,NATFW-3.7.1-27,NATFW-3.7.4-01,NATFW-3.7.4-02,"
	  "NATFW-3.7.4-07,NATFW-3.4-10 an application opens and closes", app_create },
	{ "NATFW-3.4-07,NATFW-3.4-08,NATFW-3.4-31,NATFW-3.5-06,NATFW-3.7.3-09 refreshes between a "
	  "half and one and a half", app_refreshes },
	{ "NATFW-3.7.2-04,NATFW-3.7.2-06,NATFW-3.7.2-20,NATFW-3.7.2-21,NATFW-3.7.2-22,"
	  "NATFW-3.7.2-27,NATFW-3.7.2-51 an application reserves and blocks", app_external },
	{ "NATFW-3.5-07,NATFW-3.2.8-01 an application resumes, or leaves the id to us",
	  app_resumes },
	{ "NATFW-3.10-01,NATFW-3.10-02 an application changes its flow", app_changes },
	{ "NSLP applications: what cannot be", app_mistakes },
	{ "NATFW-3.7.1-28 failures are told", app_fails },
	{ "NATFW-3.7.1-28,NATFW-3.7.1-36,NATFW-3.5-06 what got lost is asked for again",
	  app_tries_again },
	{ "NSLP applications: given up in the end", app_gives_up },
	{ "NATFW-3.4-08,NATFW-3.2.8-07 an outage is survived until the lifetime ends",
	  app_survives },
	{ "NATFW-3.4-26 an initiator takes the lifetime it is offered, once", app_adjusts },
	{ "NATFW-3.7.5-09,NATFW-3.7.5-18,NATFW-3.7.5-19,NATFW-3.9-04 an initiator heeds NOTIFYs and "
	  "sends none", app_notified },
	{ "NATFW-3.9-08 a route change at the initiator", app_route_changes },
	{ "NSLP applications: on a gateway policy is asked", app_on_gateway },
	{ "a manager's session on a gateway", manager_on_gateway },
	{ "NATFW-5981.4.4-01 requests are signed", app_signs },
	{ "NATFW-5981.6.4-02 answers to signed requests are signed", answers_signed },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
