// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SESSION_AUTH, TLS, limits on what strangers may do (RFC 5973, 3.6, 5; RFC 5981).
 *
 * natfw-test: host quick
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nslp/hmac.h"
#include "nslp/message.h"
#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))
#define KEY		"000102030405060708090a0b0c0d0e0f"

/* A SESSION_AUTH nobody here understands. */
#define TOKEN		"obj=016:2:00080101c0000201"

static void skipped(void)
{
	nf("");
	sim_relaxed = true;
	ask("create lt=60 efi=1/0 msn=5 " TOKEN);
	expect(2000, "B gate op=admit proof!=0");
	expect(2000, "C recv query=0 m=create mobjs=00c,00f,012,016!2");
}

static void two(void)
{
	nf("");
	sim_relaxed = true;
	ask("create lt=60 efi=1/0 msn=5 " TOKEN " " TOKEN);
	expect(2000, "C recv query=0 m=create mobjs=00c,00f,012,016!2,016!2");
	CHECK_EQ(count("A recv m=response"), 0);
}

static void everywhere(void)
{
	nf("");
	sim_relaxed = true;
	ask("create lt=60 efi=1/0 msn=5 " TOKEN);
	expect(2000, "C recv query=0 m=create");
	answer("response lt=60 msn=5 info=0201 " TOKEN);
	expect(2000, "A recv m=response info=0201");
	IS(gate_state("B", S), "open");
}

static void proof(void)
{
	edge("nat");
	sim_relaxed = true;
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0 " TOKEN);
	expect(2000, "B gate op=admit proof=56");
}

static void not_wanted(void)
{
	nf("");
	sim_relaxed = true;
	gate("B", "op=admit", sim_now->arg[0]);
	ask("create lt=60 efi=1/0 msn=5 " TOKEN);
	expect(2000, "A recv m=response info=%s", sim_now->arg[1]);
	none(1000, "C recv");
	IS(session_state("B", S), "none");
}

static void silently(void)
{
	nf("");
	sim_relaxed = true;
	gate("B", "op=admit", "code=0502 silent");
	ask("create lt=60 efi=1/0 msn=5 " TOKEN);
	none(3000, "A recv m=response");
	none(0, "C recv");
	IS(session_state("B", S), "none");
}

/* For each purpose of a message: somebody who may not. */
static void each_purpose(void)
{
	nf_established("");
	gate("B", "op=admit", "code=0502 always");
	ask("create lt=60 efi=1/0 msn=6");
	expect(2000, "A recv m=response msn=6 info=0502");
	say("A", "mri=A.1:4000>C.2:5001,p17 reliable data=[create lt=60 efi=1/0 msn=7]");
	expect(2000, "A recv m=response msn=7 info=0502");
	say("A", "sid=" S2 " mri=C.2:4000>A.1:5000,p17 d=1 reliable discover data=[external lt=60 efi=1/0 msn=1 "
	    "dti=p17,5000,4000,10.0.2.3/32]");
	expect(2000, "A recv m=response sid=" S2 " info=0502");
	none(0, "C recv");
}

/* ------------------------------------------------------------------ signing */

static size_t hex_of(const char *s, uint8_t *out)
{
	size_t n = 0;
	unsigned int v;

	for (; sscanf(s, "%2x", &v) == 1; s += 2)
		out[n++] = (uint8_t)v;
	return n;
}

/* The signature in @e by @key, verified as any other node would. */
static int verify(const struct event *e, uint32_t id, unsigned int transform, const char *key)
{
	uint8_t data[1024], mri[64], sid[16], octets[64];
	struct nslp_hmac_context c = { .sid = sid, .nslpid = 33 };
	struct nslp_hmac_key k = { .id = id, .transform = (uint8_t)transform };
	struct nslp_message m;
	struct nslp_fault f;
	struct gist_tlv tlv;
	struct gist_view v = gist_view(data, hex_of(get(e, "data"), data));

	hex_of(get(e, "sid"), sid);
	c.mri = gist_view(mri, hex_of(get(e, "mri.hex"), mri));
	k.key = gist_view(octets, hex_of(key, octets));
	if (nslp_message_parse(&m, v, 0, &f) != NSLP_ACCEPT || !nslp_message_auth(&m, 0, &tlv))
		return -1;
	return nslp_hmac_verify(v, &tlv, &c, &k);
}

static void signs(void)
{
	struct event *e;
	uint8_t auth[256];
	size_t n;

	ni("key_id=77 transform=12 key=" KEY);
	app_open("A", "create", "lt=60");
	e = expect(2000, "A tx data m=create auth mobjs=*016!2");
	CHECK_EQ(verify(e, 77, 12, KEY), 0);
	CHECK(verify(e, 77, 12, "ff0102030405060708090a0b0c0d0e0f") != 0);
	CHECK(verify(e, 77, 13, KEY) != 0);
	n = hex_of(get(e, "auth"), auth);
	CHECK(n > 40);
	/* AUTH_ENT_ID of kind HMAC_SIGNED is first, AUTHENTICATION_DATA last */
	CHECK(auth[2] == 1 && auth[3] == 10 && auth[7] == 12);
}

static void attributes(void)
{
	unsigned int seen = 0, last = 0, at;
	uint8_t auth[256];
	struct event *e;
	size_t n;

	ni("key_id=77 transform=12 key=" KEY);
	app_open("A", "create", "lt=60");
	e = expect(2000, "A tx data m=create auth");
	n = hex_of(get(e, "auth"), auth);
	for (at = 0; at + 4 <= n; at += (unsigned int)(((auth[at] << 8 | auth[at + 1]) + 3) & ~3)) {
		unsigned int len = (unsigned int)(auth[at] << 8 | auth[at + 1]), pad;

		CHECK(len > 4 && at + len <= n);
		if (len <= 4)
			return;
		last = auth[at + 2];
		seen |= 1u << last;
		if (last == 2 || last == 7 || last == 8)
			CHECK_EQ(auth[at + 3], 0);
		if (last == 7)		/* list of objects: half words, padded when even */
			CHECK((auth[at + 4] << 8 | auth[at + 5]) == 3);
		for (pad = len; pad % 4; pad++)
			CHECK_EQ(auth[at + pad], 0);
		if (last == 8)
			CHECK_EQ(auth[at + 7], 77);	/* the Key-ID is first */
	}
	CHECK_EQ(last, 8);
	/* entity, source, start, list, data */
	CHECK_EQ(seen & 0x1aa, 0x1aa);
}

static void start_differs(void)
{
	struct event *a, *b;
	char first[600];

	ni("key_id=77 transform=12 key=" KEY);
	app_open("A", "create", "lt=60");
	a = expect(2000, "A tx data m=create auth sid=$sid");
	snprintf(first, sizeof(first), "%s", get(a, "auth"));
	expect(2000, "B recv query=0 m=create msn=$m");
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=$m info=0201]");
	expect(1000, "A event state=established");
	app_refresh("A", var("sid"));
	b = expect(1000, "A tx data m=create auth msn!=$m");
	CHECK(strcmp(first, get(b, "auth")));
	CHECK_EQ(verify(b, 77, 12, KEY), 0);
}

static void signs_external(void)
{
	struct event *e;

	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "key_id=77 transform=12 key=" KEY);
	app_open("A", "external", "lt=60 flow=B.1:4000>A.1:5000,p17");
	e = expect(2000, "A tx data m=external auth");
	CHECK_EQ(verify(e, 77, 12, KEY), 0);
}

static void not_without_key(void)
{
	ni("");
	app_open("A", "create", "lt=60");
	expect(2000, "A tx data m=create !auth");
}

/* ------------------------------------------------------------------ neighbours */

static void tls(void)
{
	net("A B C");
	gist("A B C", "tls=1");
	app("A C", 33, "");
	nslp("B", "forward=1 fw out=2 secure=1");
	flow("A.1:4000>C.2:5000 udp");
	CHECK_EQ(say("A", "reliable secure data=[create lt=60 efi=1/0 msn=5]"), 0);
	expect(2000, "B gate op=admit tls=1 wname=a.example.com");
	expect(3000, "C recv query=0 m=create sec=1 pname=b.example.com");
	CHECK_EQ(count("B tx data via=tcp m=create"), 0);
	CHECK_EQ(count("A tx query m=create"), 0);
}

static void association(void)
{
	nf_established("");
	CHECK_EQ(count("tx data via=udp nslpid=33"), 0);
	CHECK_EQ(count("tx query nslpid=33 data"), 0);
}

static void nothing_in_query(void)
{
	nf("");
	raw("A", "query nslpid=33 rao=65 from=A.1:270 to=C.2:270 : mri sid nli=A.1,pi=4141414141414141 qc "
	    "data=[create lt=60 efi=1/0 msn=5]");
	run(1000);
	IS(session_state("B", S), "none");
	CHECK_EQ(count("B gate"), 0);
}


static void table_full(void)
{
	nf("sessions=3");
	for (unsigned int i = 1; i <= 4; i++)
		say("A", "sid=%032x mri=A.1:%u>C.2:5000,p17 reliable data=[create lt=60 efi=1/0 msn=5]", i, 4000 + i);
	expect(3000, "A recv m=response info=0401");
	run(100);
	CHECK_EQ(count("C recv query=0 m=create"), 3);
}

static void pending_full(void)
{
	nf("per_peer=2");
	for (unsigned int i = 1; i <= 4; i++)
		say("A", "sid=%032x mri=A.1:%u>C.2:5000,p17 reliable data=[create lt=60 efi=1/0 msn=5]", i, 4000 + i);
	run(1000);
	CHECK_EQ(count("C recv query=0 m=create"), 2);
	CHECK_EQ(count("A recv m=response info=0401"), 2);
}

static void restart(void)
{
	nf_established("");
	nslp_gate_restarted(natfw("B"));
	expect(1000, "B gate op=admit sid=" S);
	expect(1000, "B gate op=open sid=" S);
	IS(session_state("B", S), "established");
}

static void memory_returns(void)
{
	struct nslp_stats before, after;
	unsigned int i;

	nf("");
	nslp_stats(natfw("B"), &before);
	for (i = 1; i <= 50; i++) {
		say("A", "sid=%032x mri=A.1:%u>C.2:5000,p17 reliable data=[create lt=20 efi=1/0 msn=5]", i, 4000 + i);
		run(20);
	}
	run(60000);
	nslp_stats(natfw("B"), &after);
	CHECK_EQ(after.sessions, 0);
	CHECK_EQ(after.memory, before.memory);
}

static const struct sim_test tests[] = {
	{ "NATFW-5981.3.1-03,NATFW-5981.6.3.2-02 SESSION_AUTH is the gate's to judge, and goes on as it is", skipped },
	{ "NATFW-5981.3.1-04 two of them are no duplicates", two },
	{ "NATFW-5981.3.2-03 nor are they illegal", everywhere },
	{ "NATFW-3.6-01 the gate gets all that proof needs", proof },
	{ "NATFW-5981.6.3.4-01,NATFW-5981.6.3.2-03,NATFW-3.6-03 the proof is bad: 5/0x02", not_wanted, { "code=0502", "0502" } },
	{ "NATFW-3.6-02,NATFW-5.1.3-01 proof is missing: 5/0x01", not_wanted, { "code=0501", "0501" } },
	{ "NATFW-5981.6.4-01 a bad signature: silence", silently },
	{ "NATFW-3.6-07,NATFW-3.6-01,NATFW-3.10-03 every message is asked about", each_purpose },
	{ "NATFW-5981.3.2.7-02,NATFW-5981.4.1-01,NATFW-5981.4.4-04,NATFW-5981.3.1-01 a signed CREATE", signs },
	{ "NATFW-5981.4.4-01,NATFW-5981.3.2-01,NATFW-5981.3.2-02,NATFW-5981.3.2-04,NATFW-5981.3.2.7-01,NATFW-5981.3.2.7-03,NATFW-5981.3.2.8-01,NATFW-5981.4.1-03,NATFW-5981.3.2.2-01 what is in it", attributes },
	{ "NATFW-5981.4.4-02 no two have the same start time", start_differs },
	{ "NATFW-5981.3.2.7-02 a signed EXTERNAL", signs_external },
	{ "NATFW-5981.3.1-03 unsigned without a key", not_without_key },
	{ "NATFW-5.2.1-03 neighbours with TLS", tls },
	{ "NATFW-5.2.1-04,NATFW-4.3.3-05,NATFW-4-04 nothing of NATFW outside associations", association },
	{ "NATFW-5.2.1-04,NATFW-5-01 what is in a Query is not looked at", nothing_in_query },
	{ "NATFW-4.2.5-10,NATFW-5-01 no room: 4/0x01", table_full },
	{ "NATFW-4.2.5-10,NATFW-5-01 no room for one neighbour's unanswered: 4/0x01", pending_full },
	{ "NATFW-1.4-02 the gate forgets: asked again", restart },
	{ "NATFW-3.4-01,NATFW-5-01 memory comes back", memory_returns },
};

SIM_MAIN(tests)
