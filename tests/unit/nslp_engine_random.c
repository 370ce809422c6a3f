// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The engine under whatever comes, in any order: messages from everywhere, GIST's reports, answers of
 * the gate at once, late or never, applications, time. Nothing may be left over, and the books have to
 * be right at all times. SEED=n begins with that one; ROUNDS=n as many.
 *
 * natfw-test: quick timeout=200
 */
#include "base/log.h"
#include "nslp_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define STEPS		300

static uint32_t seed;

static uint32_t roll(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

static struct gist_mri any_mri(void)
{
	static const char *const inside[] = { "10.0.0.2", "10.0.0.3", "10.0.0.9", "10.0.0.1" };
	static const char *const outside[] = { "203.0.113.7", "192.0.2.1", "198.51.100.1" };
	struct gist_mri m;

	switch (roll(6)) {
	case 0:
		return rig_loose(inside[roll(3)], outside[roll(3)]);
	case 1:
		return rig_back(rig_loose("192.0.2.1", outside[roll(3)]));
	case 2:
		m = rig_mri(outside[roll(3)], "192.0.2.1", (uint16_t)(40000 + roll(2)));
		break;
	case 3:
		m = rig_mri(outside[roll(3)], inside[roll(4)], 5000);
		break;
	default:
		m = rig_mri(inside[roll(4)], outside[roll(3)], 5000);
		break;
	}
	if (!roll(6))
		m.source = addr("192.0.2.1");
	if (!roll(6))
		m.sport = 40000;
	m.upstream = roll(2);
	return m;
}

static struct nslp_message any_message(void)
{
	static const uint16_t codes[] = { NSLP_SUCCESS, NSLP_SUCCESS, NSLP_SUCCESS, NSLP_CONFLICT,
					  NSLP_NOT_AUTHORIZED, NSLP_GRANT_BIG };
	struct nslp_message m;
	uint16_t code;

	switch (roll(6)) {
	case 0:
	case 1:
		m = rig_create(roll(6), roll(4) * 200);
		break;
	case 2:
		m = rig_external(roll(6), roll(4) * 200);
		break;
	case 3:
		return rig_notify((uint16_t)(0x101 + roll(5)));
	default:
		code = codes[roll(6)];
		return rig_response(roll(6), code, code == NSLP_CONFLICT ||
				    code == NSLP_NOT_AUTHORIZED ? 0 : 1 + roll(700));
	}
	m.efi.action = roll(5) ? NSLP_ALLOW : NSLP_DENY;
	return roll(3) ? m : rig_proxy(m, roll(2));
}

static void any_sid(void)
{
	memset(rig_sid, 0, 16);
	if (roll(12))
		rig_sid[0] = (uint8_t)(1 + roll(4));
}

static void message(void)
{
	static const unsigned int peers[] = { 1, 1, 2, 2, 3, 101, 102 };
	struct gist_mri mri = any_mri();
	struct nslp_message m = any_message();

	any_sid();
	rig_in(peers[roll(7)], &mri, &m);
}

/* What fits what the engine has sent last: RESPONSE, NOTIFY, or word of GIST. */
static void reply(void)
{
	struct sent s;
	struct nslp_message m;
	unsigned int i;

	if (!rig.sends)
		return;
	i = roll(rig.sends);
	s = rig.sent[i];
	memcpy(rig_sid, s.sid, 16);
	s.mri = rig_back(s.mri);
	switch (roll(5)) {
	case 0:
		rig_status(i, roll(2), roll(7));
		return;
	case 1:
		m = rig_notify((uint16_t)(0x101 + roll(5)));
		break;
	default:
		if (s.m.type != NSLP_CREATE && s.m.type != NSLP_EXTERNAL)
			return;
		m = rig_response(s.m.msn, roll(4) ? NSLP_SUCCESS : NSLP_CONFLICT, 0);
		if (m.info.code == NSLP_SUCCESS) {
			m.present |= NSLP_BIT(NSLP_LIFETIME);
			m.lifetime = s.m.lifetime ? s.m.lifetime + (roll(9) ? 0 : 1) : 5;
		}
		break;
	}
	rig_in(s.mri.upstream || roll(2) ? 2 : 1, &s.mri, &m);
}

static void network(void)
{
	struct gist_mri mri = rig.sends ? rig.sent[roll(rig.sends)].mri : any_mri();

	any_sid();
	rig_network((enum gist_event)roll(GIST_STATE_LOST + 1), &mri, roll(2));
}

/* From within gist_send(): a word on this message or another, or of the network. */
static void within(void)
{
	void (*again)(void) = rig.on_send;
	uint8_t was[16];

	if (roll(4))
		return;
	rig.on_send = NULL;
	memcpy(was, rig_sid, 16);
	if (roll(2)) {
		rig_status(rig.sends - 1, roll(2), roll(7));
	} else {
		memcpy(rig_sid, rig.sent[rig.sends - 1].sid, 16);
		rig_network((enum gist_event)roll(GIST_STATE_LOST + 1),
			    &rig.sent[rig.sends - 1].mri, roll(2));
	}
	memcpy(rig_sid, was, 16);
	rig.on_send = again;
}

static void gate(void)
{
	any_sid();
	if (rig.asks && roll(8))
		rig_answer(roll(rig.asks), roll(5) ? 0 : NSLP_NOT_AUTHORIZED);
	else if (roll(4))
		rig_gone(roll(3) ? 0 : NSLP_REAUTHENTICATE);
	else
		nslp_gate_restarted(rig.n);
}

static void application(void)
{
	struct session_open o = { .kind = (uint8_t)roll(3), .proxy = roll(2), .loose = roll(2) };
	const char *why;

	any_sid();
	memcpy(o.sid, rig_sid, 16);
	o.flow.source = addr("203.0.113.7");
	o.flow.destination = addr("203.0.113.9");
	if (o.kind == SESSION_CREATE)
		o.flow.source = addr("10.0.0.1");
	else
		o.flow.destination = addr("10.0.0.1");
	o.toward = addr("198.51.100.1");
	o.flow.has_protocol = true;
	o.flow.protocol = 17;
	o.lifetime = roll(600);
	switch (roll(4)) {
	case 0:
		nslp_app_close(rig.n, rig_sid, roll(2));
		break;
	case 1:
		nslp_app_refresh(rig.n, rig_sid);
		break;
	default:
		nslp_app_open(rig.n, &o, &why);
		break;
	}
}

/* Seconds; there is a lot sent in that time. */
static void pass(unsigned int seconds)
{
	while (seconds--) {
		rig_pass(1000);
		if (rig.sends > KEPT / 2 || rig.asks > KEPT / 2 || rig.events > KEPT / 2)
			rig_clear();
	}
}

static void step(void)
{
	if (rig.sends > KEPT / 2 || rig.asks > KEPT / 2 || rig.events > KEPT / 2)
		rig_clear();
	rig.auto_gate = roll(2);
	rig.gate_error = roll(30) ? 0 : -ENOBUFS;
	rig.send_error = roll(30) ? 0 : roll(2) ? -ENOBUFS : -ENETUNREACH;
	rig.no_ma = !roll(10);
	rig.on_send = roll(2) ? within : NULL;
	switch (roll(12)) {
	case 0:
		pass(roll(4) ? roll(20) : roll(700));
		break;
	case 1:
		network();
		break;
	case 2:
		application();
		break;
	case 3:
	case 4:
		gate();
		break;
	case 5:
	case 6:
	case 7:
		reply();
		break;
	default:
		message();
		break;
	}
}

struct tally {
	uint32_t n, pending, established, transitory;
};

static void count(void *arg, const struct session_info *i)
{
	struct tally *t = arg;

	t->n++;
	t->pending += i->state == SESSION_PENDING;
	t->established += i->state == SESSION_ESTABLISHED;
	t->transitory += i->state == SESSION_TRANSITORY;
}

/* Each session has a timer, and is counted where it belongs. */
static void audit(void)
{
	struct tally t = { 0 };
	struct nslp_stats s;

	nslp_each(rig.n, count, &t);
	nslp_stats(rig.n, &s);
	EXPECT_EQ(s.sessions, t.n);
	EXPECT_EQ(s.pending, t.pending);
	EXPECT_EQ(s.established, t.established);
	EXPECT_EQ(s.transitory, t.transitory);
	EXPECT(rig.timers.count >= t.n);
}

/* With nobody to refresh anything all is over in the end. */
static void quiet(void)
{
	struct nslp_stats s;
	unsigned int i;

	rig.auto_gate = true;
	rig.gate_error = 0;
	rig.send_error = 0;
	rig.on_send = NULL;
	for (i = 0; i < 400; i++) {
		rig_clear();
		rig_pass(5000);
	}
	nslp_stats(rig.n, &s);
	EXPECT_EQ(s.sessions, 0);
	EXPECT_EQ(s.memory, 0);
	EXPECT_EQ(rig.timers.count, 0);
}

static void one(enum node node)
{
	const char *rounds = getenv("ROUNDS"), *first = getenv("SEED");
	unsigned int i, k, n = rounds ? (unsigned int)atoi(rounds) : 300;

	for (i = 0; i < n && !ktap_failed; i++) {
		seed = (first ? (uint32_t)atoi(first) : 1) + i;
		rig_start(node);
		rig.c.need_reservation = roll(2);
		rig_configure();
		for (k = 0; k < STEPS && !ktap_failed; k++) {
			step();
			audit();
		}
		if (!(i % 8))
			quiet();
		rig_stop();
		if (ktap_failed)
			printf("# SEED=%u\n", (first ? (uint32_t)atoi(first) : 1) + i);
	}
}

static void host(void)
{
	one(HOST);
}

static void firewall(void)
{
	one(FIREWALL);
}

static void nat(void)
{
	one(NAT);
}

static void edge_nat(void)
{
	one(EDGE_NAT);
}

static void edge_firewall(void)
{
	one(EDGE_FIREWALL);
}

static const struct ktap_test tests[] = {
	{ "NSLP random: a host", host },
	{ "NSLP random: a firewall", firewall },
	{ "NSLP random: a NAT", nat },
	{ "NSLP random: an edge NAT", edge_nat },
	{ "NSLP random: an edge firewall", edge_firewall },
};

int main(void)
{
	log_levels[SUB_NSLP] = LEVEL_ERROR;
	return ktap_main(tests, ARRAY_SIZE(tests));
}
