// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Those who are not on the path, replay, forge, or want more than they may (RFC 5971, 8).
 *
 * natfw-test: host quick
 */
#include "scenes.h"

/* A - B, and X at B who would like to have a say. */
static void victim(const char *options)
{
	net("A B; X B");
	gist("A B", options);
	app("A B", APP, "");
	flow("A.1:4000>B.1:5000 udp");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000 sii=$a");
	run(100);
	forget();
}

static void works_on(void)
{
	say("A", "data=bb000000");
	expect(200, "B recv data=bb000000 validated=1 sii=$a");
	say("B", "d=1 data=cc000000");
	expect(100, "A recv data=cc000000 validated=1");
}

static void forged_confirm(void)
{
	victim("");
	session("00000000000000000000000000000001");
	raw("X", "confirm from=A.1:270 to=B.1:270 : mri sid nli=A.1,pi=4141414141414141 rc=00112233445566778899aabbccddeeff");
	session("112233445566778899aabbccddeeff01");
	run(100);
	CHECK_EQ(responders("B"), 1);
	works_on();
}

static void forged_query(void)
{
	victim("");
	raw("X", "query s=1 from=X.2:270 to=B.1:270 : mri sid nli=X.2,pi=5858 qc");
	run(100);
	works_on();
}

static void forged_error(void)
{
	victim("");
	raw("X", "error from=X.2:270 to=B.1:270 : nli=X.2 err=5/0,sid,mri,up,dgram");
	run(100);
	works_on();
	CHECK_EQ(count("B network event=lost"), 0);
}

static void forged_error_source(void)
{
	/* who can forge the peer's address and knows the SID is on the path; off it he does not know it */
	victim("");
	session("00000000000000000000000000000001");
	raw("X", "error from=A.1:270 to=B.1:270 : nli=A.1 err=5/0,sid,mri,up,dgram");
	session("112233445566778899aabbccddeeff01");
	run(100);
	works_on();
}

static void forged_data(void)
{
	victim("");
	raw("X", "data from=X.2:270 to=B.1:270 : mri sid nli=X.2 data=ee000000");
	raw("X", "data from=X.2:270 to=B.1:270 : mri sid nli=A.1,pi=4141414141414141 data=ee000000");
	raw("X", "data from=A.1:270 to=B.1:270 : mri sid nli=A.1,pi=5858 data=ee000000");
	none(500, "B recv data=ee000000");
	works_on();
}

static void forged_response(void)
{
	unsigned int i;

	victim("");
	for (i = 0; i < 100; i++)
		raw("X", "response from=B.1:270 to=A.1:270 : mri sid nli=B.1 qc=%032x", i);
	run(100);
	works_on();
}

static void replayed_response(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=10000");
	expect(100, "A network event=good");
	set("old", "%s", var("qc"));
	set("qc", "%s", "");
	expect(8000, "A tx query qc=$qc");
	run(6);
	raw("P", "response to=A.1:270 : -nli +nli=val=10000 +rc=0102030405060708");
	expect(100, "A tx confirm");
	forget();
	raw("P", "response to=A.1:270 : -qc +qc=$old -nli +nli=pi=99999999,val=100000 +rc=aabbccdd");
	none(500, "A tx confirm");
	none(0, "A network");
}

static void replayed_confirm(void)
{
	responder("");
	answered("", "-nli +nli=val=10000");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	run(700000);
	CHECK_EQ(responders("B"), 0);
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	none(500, "B recv query=0");
	CHECK_EQ(responders("B"), 0);
}

static void other_sid(void)
{
	responder_ready("");
	raw("R", "data to=B.1:270");
	expect(100, "B recv sii=$a");
	session("00000000000000000000000000000009");
	set("rc", "%s", "");
	raw("R", "query : -nli +nli=pi=5858");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : -nli +nli=pi=5858 +rc=$rc");
	run(100);
	CHECK_EQ(responders("B"), 2);
	session("112233445566778899aabbccddeeff01");
	raw("R", "data to=B.1:270");
	expect(100, "B recv sii=$a validated=1");
}

static void ingress(void)
{
	net("A B; X B");
	gist("B", "");
	app("B", APP, "");
	flow("A.1:4000>B.1:5000 udp");
	/* A's flow cannot come in where X is */
	raw("X", "query s=0 from=A.1:270 to=B.1:270 : mri sid nli=X.2 qc");
	expect(100, "B tx error err=12/2 eclass=4 ais=1 ai=4:*:0000* to=X.2:270");
	none(100, "B tx response");
}

static void ingress_prefix(void)
{
	net("A B; X B");
	gist("B", "");
	app("B", APP, "");
	w_away("X");
	raw("A", "query to=B.1:270 : -mri +mri=A.1/8:4000>B.1:5000,p17");
	expect(100, "B tx error err=12/2");
}

static void ingress_not_confirm(void)
{
	responder("");
	answered("", "");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	raw("R", "data to=B.1:270 : -mri +mri=10.9.9.9:4000>B.1:5000,p17");
	none(100, "B tx error err=12/*");
	raw("R", "confirm to=B.1:270 : -mri +mri=10.9.9.9:4000>B.1:5000,p17 +rc=01020304");
	none(100, "B tx error err=12/*");
}

static void loose_no_ingress(void)
{
	net("A B; X B");
	gist("B", "");
	app("B", APP, "");
	raw("X", "query s=0 from=A.1:270 to=B.1:270 ttl=64 : -mri +mri=le:A.1>192.0.2.1 -nli +nli=X.2");
	none(100, "B tx error err=12/2");
}

static void amplification(void)
{
	struct event *q, *r;

	responder("");
	raw("R", "query s=0 from=R.1:270 : mri sid nli=10.0.1.77 qc=01020304");
	q = expect(10, "R tx query");
	r = expect(100, "B tx response");
	CHECK(r->len < q->len + 100);
	none(60000, "B tx");
}

static void tls_data_by_datagram(void)
{
	pair("A B", "tls=1");
	say("A", "data=aa000000 reliable secure");
	expect(1000, "B recv data=aa000000 sec=1");
	run(100);
	raw("A", "data from=A.1:270 to=B.1:270 : mri sid nli=A.1,pi=4141414141414141 data=ee000000");
	none(500, "B recv data=ee000000");
}

static void tls_required_no_clear(void)
{
	responder("tls=2");
	raw("R", "query");
	expect(100, "B tx response rc=$rc");
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	none(500, "B recv query=0");
	CHECK_EQ(responders("B"), 0);
}

static void hijacked_association(void)
{
	net("R B; X B");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>B.1:5000 udp");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	raw_connect("X", "B.2:30000");
	raw("X", "data via=tcp : -data +data=ee000000");
	none(500, "B recv data=ee000000");
}

static void hijacked_session(void)
{
	net("R B; X B");
	gist("B", "");
	app("B", APP, "");
	flow("X.2:4000>B.2:5000 udp");
	session(S2);
	raw("X", "query : +sp=tcp +scd");
	expect(100, "X rx response rc=$rc sp.hex=$sp");
	raw_connect("X", "B.2:30000");
	raw("X", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	raw("X", "data via=tcp : -data +data=aa000000");
	expect(100, "B recv data=aa000000 validated=1");
	session(S);
	flow("R.1:4000>B.1:5000 udp");
	set("rc", "%s", "");
	set("sp", "%s", "");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	raw("X", "data via=tcp : -data +data=ee000000");
	expect(100, "X rx error via=tcp err=4/0");
	none(500, "B recv data=ee000000");
	raw("R", "data via=tcp : -data +data=bb000000");
	expect(100, "B recv data=bb000000 validated=1");
}

static void stolen_cookie(void)
{
	/* X has seen R's cookie; it is good for R's address only */
	net("R B; X B");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>B.1:5000 udp");
	raw("R", "query");
	expect(100, "R rx response rc=$rc");
	raw("X", "confirm from=X.2:270 to=B.1:270 : mri sid nli=X.2 rc=$rc");
	raw("X", "confirm from=X.2:270 to=B.1:270 : mri sid nli=R.1 rc=$rc");
	raw("X", "confirm from=X.2:270 to=B.1:270 : mri sid nli=R.1,pi=52525252 rc=$rc");
	run(200);
	CHECK_EQ(responders("B"), 0);
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
}

/* The same where X has an association of its own, confirmed. */
static void stolen_for_association(void)
{
	net("R B; X B");
	gist("B", "");
	app("B", APP, "");
	flow("X.2:4000>B.2:5000 udp");
	session(S2);
	raw("X", "query : +sp=tcp +scd");
	expect(100, "X rx response rc=$rc sp.hex=$sp");
	raw_connect("X", "B.2:30000");
	raw("X", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	session(S);
	flow("R.1:4000>B.1:5000 udp");
	set("rc", "%s", "");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw("X", "confirm via=tcp : mri sid nli=R.1,pi=52525252 rc=$rc sp=hex:$sp scd=30000");
	expect(100, "X rx error via=tcp err=4/0");
	CHECK_EQ(responders("B"), 1);
}

static void cookies_differ(void)
{
	unsigned int i;

	querier("");
	for (i = 0; i < 300; i++)
		say("A", "data=aa000000 sid=%032x timeout=3000", i + 1);
	run(5000);
	/* lint() compares all of them */
	CHECK(count("A tx query") >= 600);
}

static void log_refused(void)
{
	responder("");
	raw("R", "confirm to=B.1:270 : +rc=00112233445566778899aabbccddeeff");
	run(100);
	CHECK(count("log gist") >= 1);
}

static void error_undeliverable(void)
{
	responder("");
	raw("R", "query s=0 : mri sid qc");
	none(500, "B tx error");
}

static void garbage(void)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t seed = 4711;
	char text[600];
	unsigned int i, k, n;

	responder("");
	for (i = 0; i < 2000; i++) {
		n = 16 + (seed >> 7) % 500;
		for (k = 0; k < n; k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = hex[seed >> 20 & 15];
		}
		text[n & ~1u] = 0;
		__builtin_memcpy(text, "4e04bda501", 10);
		raw_octets("R", "B.1:270", text);
		if (i % 50 == 0)
			run(10);
	}
	run(1000);
	CHECK_EQ(responders("B") + queriers("B"), 0);
}

static const struct sim_test tests[] = {
	{ "GIST-8.3-05,GIST-3.5-01 a Confirm forged without the SID changes nothing", forged_confirm },
	{ "GIST-3.5-01 a forged Query changes nothing", forged_query },
	{ "GIST-4.4.6-10,GIST-4.4.6-06 an Error from somebody else changes nothing", forged_error },
	{ "GIST-8.3-05 an Error without the SID changes nothing", forged_error_source },
	{ "GIST-5.3.1-10,GIST-3.5-01 forged Data is dropped", forged_data },
	{ "GIST-8.3-01,GIST-5.3.3-17 forged Responses change nothing", forged_response },
	{ "GIST-8.3-01 a Response replayed changes nothing", replayed_response },
	{ "GIST-8.5-05 a Confirm replayed much later makes nothing", replayed_confirm },
	{ "GIST-8.3-05 another session is another session", other_sid },
	{ "GIST-5.8.1.2-10,GIST-A.4.4.12-04,GIST-8.3-03,GIST-5.8.1.2-09,GIST-5.6-03 a flow that cannot come in here: 12/2", ingress },
	{ "GIST-5.8.1.2-13 nor some of it", ingress_prefix },
	{ "GIST-5.8.1.2-11 which is asked of Q-mode only", ingress_not_confirm },
	{ "GIST-5.8.2.2-05 and not of loose-end", loose_no_ingress },
	{ "GIST-8.4-01 a forged Query is not made more of", amplification },
	{ "GIST-4.1.2-06 what goes by TLS is not taken otherwise", tls_data_by_datagram },
	{ "GIST-8.6-02,GIST-5.7.1-16 with TLS required nothing in clear", tls_required_no_clear },
	{ "GIST-4.3.2-15 an association that nothing was confirmed on is no way in", hijacked_association },
	{ "GIST-4.3.2-15,GIST-3.5-01 nor is one of another session's peer", hijacked_session },
	{ "GIST-8.5-04,GIST-5.3.1-10 a cookie is good for its owner only", stolen_cookie },
	{ "GIST-5.3.1-10,GIST-4.3.2-15 also on another's association", stolen_for_association },
	{ "GIST-8.5-01,GIST-8.5-02 six hundred cookies", cookies_differ },
	{ "GIST-5.7.1-21,GIST-8.5-10 a refused Confirm is in the log", log_refused },
	{ "GIST-5.6-08 nobody can be told: nobody is", error_undeliverable },
	{ "GIST-6.1-01 garbage leaves nothing", garbage },
};

SIM_MAIN(tests)
