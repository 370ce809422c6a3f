// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node that is asked: the Responding node's machine and what precedes it (RFC 5971, 6.1, 6.3).
 *
 * natfw-test: host quick
 */
#include <stdio.h>
#include <stdlib.h>

#include "scenes.h"

static void response(void)
{
	responder("");
	raw("R", "query from=R.1:6789");
	expect(100, "B recv query=1 validated=0 datalen=0");
	expect(10, "B tx response via=udp from=B.1:270 to=R.1:6789 c=0 s=1 r=1 d=1 qc=c00c1e5500112233 nli=B.1 "
	       "mri=pc:R.1/32:4000>B.1/32:5000,p17 sid=112233445566778899aabbccddeeff01 rc nslpid=32704 rao=-1");
	none(1000, "B tx");
}

static void response_order(void)
{
	responder("");
	app("B", APP, "answer=cafe0000");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "B tx response objs=0,1,2,5,6,3,4,8 r=1 sp=tcp scd=tcp@1:30000 hold=30000 data=cafe0000");
}

static void answer_data(void)
{
	responder("");
	app("B", APP, "answer=cafe0000");
	raw("R", "query : +data=bb000000");
	expect(100, "B recv query=1 data=bb000000");
	expect(10, "B tx response data=cafe0000 nslpid=32704");
	app("B", APP, "");
	raw("R", "query");
	expect(100, "B tx response !data");
}

static void cookie_echo(void)
{
	responder("");
	raw("R", "query : -qc +qc=%s", sim_now->arg[0]);
	expect(100, "B tx response qc=%s", sim_now->arg[0]);
}

/* Policy case 2: state with the Query, Confirm wanted all the same. */
static void early(void)
{
	responder("delayed=0");
	raw("R", "query");
	expect(100, "B tx response r=1 rc=$rc");
	CHECK_EQ(responders("B"), 1);
	raw("R", "data to=B.1:270");
	expect(100, "B tx error err=5/0");
	none(0, "B recv query=0");
	CHECK_EQ(say("B", "d=1 data=cc000000"), 0);
	none(200, "B tx data");
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	expect(100, "B recv query=0 data=bb000000");
	expect(10, "B tx data via=udp to=R.1:270 data=cc000000");
	none(60000, "B tx response");
}

static void early_repeats(void)
{
	static const unsigned int gap[] = { 500, 1000, 2000, 4000, 8000, 16000 };
	unsigned int i;

	responder("delayed=0");
	raw("R", "query");
	expect(100, "B tx response r=1 qc=c00c1e5500112233 rc=$rc");
	for (i = 0; i < 6; i++)
		between(gap[i] - 5, gap[i] + 5, "B tx response r=1 qc=c00c1e5500112233 rc=$rc");
	none(120000, "B tx response");
	CHECK_EQ(responders("B"), 0);
	raw("R", "data to=B.1:270");
	expect(100, "B tx error err=5/0");
}

static void early_restarts(void)
{
	responder("delayed=0");
	raw("R", "query");
	expect(100, "B tx response");
	between(495, 505, "B tx response");
	between(995, 1005, "B tx response");
	raw("R", "query : -qc +qc=2222222222222222");
	expect(100, "B tx response qc=2222222222222222");
	between(495, 505, "B tx response qc=2222222222222222");
}

static void delayed(void)
{
	responder("");
	raw("R", "query");
	expect(100, "B tx response r=1 rc");
	CHECK_EQ(responders("B"), 0);
	none(70000, "B tx");
	CHECK(say("B", "d=1 data=cc000000") < 0);
}

static void confirm(void)
{
	responder("");
	answered("", "");
	CHECK_EQ(responders("B"), 0);
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	settled("B");
	expect(10, "B recv query=0 validated=1 data=bb000000 peer=R.1 sii=$s");
	CHECK_EQ(responders("B"), 1);
	none(1000, "B tx");
	say("B", "d=1 data=cc000000");
	expect(1, "B tx data via=udp to=R.1:270 from=B.1:270 data=cc000000 d=1 c=0 s=1 nli=B.1");
}

static void confirm_again(void)
{
	responder("");
	answered("", "");
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	expect(100, "B recv data=bb000000");
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	none(1000, "B recv");
	none(0, "B tx error");
	CHECK_EQ(responders("B"), 1);
}

static void confirm_unknown(void)
{
	responder("delayed=0");
	raw("R", "confirm to=B.1:270 : +rc=0102030405060708 +data=bb000000");
	expect(100, "B tx error err=5/0 to=R.1:270");
	none(0, "B recv");
}

static void confirm_bad_cookie(void)
{
	responder("");
	answered("", "");
	tamper("R tx confirm", (unsigned int)(8 + 24 + 20 + 20 + 4 + 5), 1);
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	none(1000, "B recv");
	none(0, "B tx");
	CHECK_EQ(responders("B"), 0);
	CHECK(counter("B", "bad_cookie") >= 1);
}

/* The Confirm differs from the Query in one of the things the cookie is bound to. */
static void confirm_rebound(void)
{
	responder("");
	app("B", 32705, "rao=1000");
	answered("", "");
	raw("R", "confirm to=B.1:270 %s", sim_now->arg[0]);
	none(1000, "B recv");
	none(0, "B network");
	CHECK_EQ(responders("B"), 0);
}

static void confirm_old(void)
{
	responder("");
	answered("", "");
	run(600000);
	raw("R", "confirm to=B.1:270 : +rc=$rc +data=bb000000");
	none(1000, "B recv");
	CHECK_EQ(responders("B"), 0);
}

static void confirm_flood(void)
{
	unsigned int i;

	responder("");
	for (i = 0; i < 500; i++)
		raw("R", "confirm to=B.1:270 : -sid +sid=%032x +rc=%08x%08x%08x%08x%08x", i, i, i, i, i, i);
	run(1000);
	CHECK_EQ(responders("B"), 0);
	none(0, "B recv");
}

static void query_flood(void)
{
	struct gist_stats s, t;
	unsigned int i;

	responder("rate=100000000 burst=100000000");
	gist_stats(engine("B"), &s);
	for (i = 0; i < 1000; i++)
		raw("R", "query : -sid +sid=%032x", i);
	run(100);
	gist_stats(engine("B"), &t);
	CHECK_EQ(responders("B"), 0);
	CHECK(t.memory <= s.memory + 4096);
	CHECK_EQ(count("B tx response"), 1000);
}

static void cookie_debug(void)
{
	responder("cookie_errors=1");
	raw("R", "confirm to=B.1:270 : +rc=0102030405060708");
	expect(100, "B tx error err=10/4 ai=4:*:0006*");
}

static void cookie_silent(void)
{
	responder("");
	raw("R", "confirm to=B.1:270 : +rc=0102030405060708");
	raw("R", "response to=B.1:270 : -qc +qc=01020304");
	ignored("B");
}

static void restart(void)
{
	responder("");
	answered("", "+sp=tcp +scd");
	raw("R", "query from=R.1:271");
	expect(100, "B tx response to=R.1:271");
}

static void s_zero(void)
{
	net("X R B");
	gist("B", "");
	app("B", APP, "");
	flow("X.1:4000>B.2:5000 udp");
	raw("R", "query s=0 from=X.1:6789 : mri sid nli=R.2 qc");
	expect(100, "B tx response to=R.2:6789");
}

static void data_unknown(void)
{
	responder("");
	raw("R", "data to=B.1:270");
	expect(100, "B tx error err=5/0 to=R.1:270 edgram=1 eqmode=0");
	none(100, "B recv");
}

static void data_before_confirm(void)
{
	responder("");
	answered("", "");
	raw("R", "data to=B.1:270");
	expect(100, "B tx error err=5/0");
	none(100, "B recv");
}

static void data_stateless(void)
{
	responder("");
	raw("R", "data via=q to=B.1:270 c=1 : -data +data=bb000000");
	expect(100, "B recv data=bb000000 query=0 validated=0 explicit=0");
	none(1000, "B tx");
	CHECK_EQ(responders("B"), 0);
}

static void data_explicit(void)
{
	responder("");
	raw("R", "data to=B.1:270 e=1 : -data +data=bb000000");
	expect(100, "B recv data=bb000000 explicit=1 validated=0");
	none(1000, "B tx error");
	CHECK_EQ(responders("B"), 0);
}

static void data_known(void)
{
	responder_ready("");
	raw("R", "data to=B.1:270 hops=5 ttl=57 : -data +data=bb000000");
	expect(100, "B recv data=bb000000 validated=1 query=0 explicit=0 hops=4 ttl=57 peer=R.1 if=1 "
	       "sid=112233445566778899aabbccddeeff01 mri=pc:R.1/32:4000>B.1/32:5000,p17 d=0 sec=0 pname=- ma=0");
}

static void data_wrong_source(void)
{
	net("R B; X B");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>B.1:5000 udp");
	raw("R", "query");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	raw("X", "data from=X.2:270 to=B.1:270 : mri sid nli=R.1 data=bb000000");
	none(1000, "B recv data=bb000000");
	say("B", "d=1 data=cc000000");
	expect(1, "B tx data to=R.1:270");
}

static void data_changes_nothing(void)
{
	responder_ready("");
	raw("R", "data to=B.1:270 : mri sid nli=R.1,pi=5a5a5a5a,val=1000,ttl=0 data=bb000000");
	run(5000);
	CHECK_EQ(responders("B"), 1);
	say("B", "d=1 data=cc000000");
	expect(1, "B tx data to=R.1:270");
}

static void expiry(void)
{
	responder("");
	raw("R", "query : -nli +nli=val=20");
	expect(100, "R rx response rc=$rc val=$val");
	CHECK(atoi(var("val")) > 20);
	raw("R", "confirm to=B.1:270 : -nli +nli=val=20 +rc=$rc");
	settled("B");
	run((uint64_t)atoi(var("val")) - 100);
	CHECK_EQ(responders("B"), 1);
	run(200);
	CHECK_EQ(responders("B"), 0);
	raw("R", "data to=B.1:270");
	expect(100, "B tx error err=5/0");
}

static void short_validity(void)
{
	responder("");
	answered("", "-nli +nli=val=10000");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	run(9700);
	CHECK_EQ(responders("B"), 1);
	run(500);
	CHECK_EQ(responders("B"), 0);
	none(1000, "B tx query");
}

static void refreshed(void)
{
	unsigned int i;

	responder("");
	answered("", "-nli +nli=val=20000");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	for (i = 0; i < 3; i++) {
		run(15000);
		set("rc", "%s", "");
		raw("R", "query : -qc +qc=%08x%08x -nli +nli=val=20000", i, i);
		expect(100, "R rx response rc=$rc qc=%08x%08x r=1", i, i);
		raw("R", "confirm to=B.1:270 : +rc=$rc");
		run(10);
		CHECK_EQ(responders("B"), 1);
	}
	run(15000);
	CHECK_EQ(responders("B"), 1);
	run(6000);
	CHECK_EQ(responders("B"), 0);
}

static void refresh_unconfirmed(void)
{
	responder("");
	answered("", "-nli +nli=val=20000");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	run(15000);
	raw("R", "query : -nli +nli=val=20000");
	expect(100, "B tx response r=1");
	raw("R", "data to=B.1:270 : -data +data=bb000000");
	expect(100, "B recv data=bb000000 validated=1");
	say("B", "d=1 data=cc000000");
	expect(1, "B tx data data=cc000000");
	run(6000);
	CHECK_EQ(responders("B"), 0);
	forget();
	none(60000, "B tx response");
}

static void many_queries(void)
{
	responder("");
	raw("R", "query : -qc +qc=1111111111111111");
	raw("R", "query : -qc +qc=2222222222222222");
	raw("R", "query : -qc +qc=3333333333333333");
	expect(100, "B tx response qc=1111111111111111");
	expect(100, "B tx response qc=2222222222222222");
	expect(100, "B tx response qc=3333333333333333");
	none(1000, "B tx");
}

static void query_payload_again(void)
{
	responder("");
	raw("R", "query : +data=bb000000");
	expect(100, "B recv query=1 data=bb000000");
	raw("R", "query : -qc +qc=2222222222222222 +data=bb000000");
	expect(100, "B recv query=1 data=bb000000");
	CHECK_EQ(count("B recv"), 2);
}

static void no_routing_state(void)
{
	responder_ready("");
	say("B", "d=1 data=cc000000");
	expect(1, "B tx data");
	raw("R", "error to=B.1:270 : nli err=5/0,sid,mri,up,dgram");
	expect(100, "B network event=lost upstream=1");
	CHECK_EQ(responders("B"), 0);
	CHECK(say("B", "d=1 data=cc000000") < 0);
	none(1000, "B tx");
}

static void declines(void)
{
	net("R B C");
	gist("B", "");
	app("B", APP, "propagate");
	flow("R.1:4000>C.2:5000 udp");
	raw("R", "query hops=10");
	expect(100, "B recv query=1 hops=9");
	expect(10, "B relay query via=q hops=9 to=C.2:270 qc=c00c1e5500112233 ttl=63");
	none(1000, "B tx");
	CHECK_EQ(responders("B"), 0);
}

static void withdraws(void)
{
	net("R B C");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>C.2:5000 udp");
	answered("", "-nli +nli=val=20000");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	app("B", APP, "propagate");
	raw("R", "query");
	expect(100, "B relay query");
	run(30000);
	CHECK_EQ(responders("B"), 0);
}

static void must_peer(void)
{
	responder("");
	app("B", APP, "propagate");
	raw("R", "query");
	expect(100, "B tx response");
}

static void ignores(void)
{
	net("R B C");
	gist("B", "");
	app("B", APP, "ignore");
	flow("R.1:4000>C.2:5000 udp");
	raw("R", "query");
	expect(100, "B recv query=1");
	none(2000, "B tx");
	CHECK_EQ(responders("B"), 0);
}

static void peer_changes(void)
{
	net("R B C; X B");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>C.2:5000 udp");
	answered("", "");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	raw("R", "data to=B.1:270");
	expect(100, "B recv sii=$old");
	forget();
	set("rc", "%s", "");
	raw("R", "query : -nli +nli=pi=99999999");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : -nli +nli=pi=99999999 +rc=$rc");
	expect(100, "B network event=good sii!=$old");
	expect(10, "B network event=deleted sii=$old");
	CHECK_EQ(responders("B"), 1);
}

static void two_sessions(void)
{
	responder_ready("");
	raw("R", "data to=B.1:270");
	expect(100, "B recv sii=$a");
	session("00000000000000000000000000000009");
	set("rc", "%s", "");
	answered("", "");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	CHECK_EQ(responders("B"), 2);
	raw("R", "data to=B.1:270");
	expect(100, "B recv sid=00000000000000000000000000000009 sii=$a");
}

static void other_peer_other_handle(void)
{
	responder_ready("");
	raw("R", "data to=B.1:270");
	expect(100, "B recv sii=$a");
	raw("R", "data via=q c=1 to=B.1:270 : mri sid nli=R.1,pi=77777777 data=bb000000");
	expect(100, "B recv data=bb000000 sii!=$a");
}

static void two_rows_expire(void)
{
	responder("");
	answered("", "-nli +nli=val=20000");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	run(10000);
	session("00000000000000000000000000000009");
	set("rc", "%s", "");
	answered("", "-nli +nli=val=20000");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	run(100);
	CHECK_EQ(responders("B"), 2);
	run(11000);
	CHECK_EQ(responders("B"), 1);
	raw("R", "data to=B.1:270");
	expect(100, "B recv sid=00000000000000000000000000000009 validated=1");
}

static void reserved_bits(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query res=31 %s", sim_now->arg[0]);
	expect(100, "B tx response rc=$rc");
	set("rc", "%s", var("rc"));
	CHECK_EQ(responders("B"), 0);
}

static void optional_object(void)
{
	responder("");
	raw("R", "query : +obj=2000:1:01020304 +obj=2000:1:01020304");
	expect(100, "B recv query=1 datalen=0");
	expect(10, "B tx response rc=$rc objs=0,1,2,5,6");
	raw("R", "confirm to=B.1:270 : +rc=$rc +obj=2000:1:01020304");
	settled("B");
	raw("R", "data to=B.1:270 : +obj=2000:1:01020304 -data +data=bb000000");
	expect(100, "B recv data=bb000000 validated=1");
}

static void distance(void)
{
	responder("");
	raw("R", "query ttl=60 : -nli +nli=ttl=64");
	expect(100, "B recv query=1 dist=4 ttl=60");
	raw("R", "query ttl=60 : -nli +nli=ttl=64 -qc +qc=22222222");
	expect(100, "R rx response d=1 rc=$rc nttl=4");
	raw("R", "confirm to=B.1:270 ttl=61 : -nli +nli=ttl=64 +rc=$rc +data=bb000000");
	expect(100, "B recv data=bb000000 dist=3");
	raw("R", "data to=B.1:270 ttl=62 : -nli +nli=ttl=64 -data +data=bb000001");
	expect(100, "B recv data=bb000001 dist=2");
}

static void distance_unknown(void)
{
	responder("");
	raw("R", "query ttl=60 : -nli +nli=ttl=0");
	expect(100, "B recv query=1 dist=-1");
	expect(10, "B tx response nttl=0");
}

static void identities(void)
{
	static const char *const pi[] = { "01", "01020304", "0102030405", "0102030405060708090a0b0c0d0e0f10" };
	unsigned int i;

	responder("");
	for (i = 0; i < 4; i++) {
		raw("R", "query : -sid +sid=%032x -nli +nli=pi=%s", i + 1, pi[i]);
		expect(100, "B tx response sid=%032x", i + 1);
	}
}

static void upstream(void)
{
	net("R B C");
	gist("B", "");
	app("B", APP, "");
	flow("C.2:4000>R.1:5000 udp");
	raw("R", "query d=1 ttl=255 to=C.2:270");
	expect(100, "B recv query=1 d=1");
	expect(10, "B tx response d=0 mri=pc:C.2/32:4000>R.1/32:5000,p17 rc=$rc to=R.1:270");
	raw("R", "confirm to=B.1:270 d=1 : +rc=$rc");
	settled("B");
	raw("R", "query d=1 ttl=254 to=C.2:270 : -sid +sid=00000000000000000000000000000009");
	expect(100, "B tx response d=0");
	raw("R", "query d=1 ttl=253 to=C.2:270 : -sid +sid=00000000000000000000000000000008");
	expect(100, "B tx error err=11/0");
	none(1000, "B tx");
}

static void protocol_ignored(void)
{
	responder("delayed=0");
	raw("R", "query : -mri +mri=hex:000040000a0001120a00010220200000");
	expect(100, "B tx response");
	sim_relaxed = true;
	raw("R", "query : -mri +mri=hex:000040000a0001120a00010220206300 -qc +qc=22222222");
	expect(100, "B tx response qc=22222222");
	CHECK_EQ(responders("B"), 1);
}

static void port_padding(void)
{
	responder("delayed=0");
	raw("R", "query : -mri +mri=hex:000048800a0001120a000102202011000fa00000");
	expect(100, "B tx response");
	sim_relaxed = true;
	raw("R", "query : -mri +mri=hex:000048800a0001120a000102202011000fa0abcd -qc +qc=22222222");
	expect(100, "B tx response qc=22222222");
	CHECK_EQ(responders("B"), 1);
	raw("R", "query : -mri +mri=hex:000048c00a0001120a000102202011000fa00000");
	expect(100, "B tx response");
	CHECK_EQ(responders("B"), 2);
}

static void loose(void)
{
	net("R B C");
	gist("B", "");
	app("B", APP, "");
	raw("R", "query to=192.0.2.99:270 : -mri +mri=le:R.1>192.0.2.99");
	expect(100, "B recv query=1 mri=le:R.1>192.0.2.99 d=0");
	expect(10, "B tx response mri=le:R.1>192.0.2.99 d=1 mri.hex=01004800*  rc=$rc");
	raw("R", "confirm to=B.1:270 : -mri +mri=le:R.1>192.0.2.99 +rc=$rc");
	settled("B");
}

static void restarted(void)
{
	responder_ready("");
	gist_off("B");
	gist("B", "");
	app("B", APP, "");
	raw("R", "data to=B.1:270");
	expect(100, "B tx error err=5/0");
}

static void magic(void)
{
	responder("");
	raw("R", "data to=B.1:270 nomagic");
	raw("R", "query nomagic");
	raw_octets("R", "B.1:270", "4e04bd");
	raw_octets("R", "B.1:270", "");
	raw_octets("R", "B.1:270", "4e04bda5");
	raw_octets("R", "B.1:270", "4e04bda501");
	ignored("B");
}

static void endpoint_flag(void)
{
	net("R B C");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>C.2:5000 udp");
	raw("R", "query");
	expect(100, "B recv query=1 endpoint=0");
	flow("R.1:4000>B.1:5000 udp");
	raw("R", "query");
	expect(100, "B recv query=1 endpoint=1");
}

static void one_response(void)
{
	const struct event *q, *r;

	responder("");
	raw("R", "query");
	q = expect(10, "R tx query");
	r = expect(100, "B tx response");
	CHECK(r->time - q->time <= 10);
	CHECK(r->len <= q->len + 64);
	none(60000, "B tx");
}

static void forged_address(void)
{
	responder("");
	raw("R", "query s=0 from=R.1:270 : mri sid nli=10.0.9.9 qc");
	run(30000);
	CHECK_EQ(responders("B"), 0);
}

static void interfaces(void)
{
	net("R B; X B");
	gist("B", "delayed=0");
	app("B", APP, "");
	flow("R.1:4000>B.1:5000 udp");
	raw("R", "query");
	expect(100, "B recv query=1 if=1");
	flow("X.2:4000>B.2:5000 udp");
	raw("X", "query");
	expect(100, "B recv query=1 if=2");
	expect(0, "B tx response nli=B.1 pi=$pi");
	expect(0, "B tx response nli=B.2 pi=$pi");
}

static void long_validity(void)
{
	responder("");
	raw("R", "query : -nli +nli=val=600000");
	expect(100, "R rx response val=600000 rc=$rc");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	run(590000);
	CHECK_EQ(responders("B"), 1);
}

/* DS field, TTL, ports: a Query is a Query. */
static void packet_does_not_matter(void)
{
	responder("");
	raw("R", "query ttl=3 from=R.1:12345");
	expect(100, "B tx response to=R.1:12345");
	raw("R", "query ttl=255 from=R.1:270 : -qc +qc=22222222");
	expect(100, "B tx response to=R.1:270");
	raw("R", "query rao=4711 : -qc +qc=33333333");
	expect(100, "B tx response qc=33333333");
}

static void stray(void)
{
	unsigned int i;
	static const char *const what[] = {
		"confirm to=B.1:270 : +rc=0102030405060708", "data to=B.1:270", "response to=B.1:270 : -qc +qc=01020304",
		"error to=B.1:270 : nli err=5/0,sid,mri,dgram", "hello to=B.1:270", "data to=B.1:270 e=1",
	};

	responder("");
	for (i = 0; i < 24; i++) {
		raw("R", "%s", what[(i * 5 + i / 6) % 6]);
		run(7);
	}
	CHECK_EQ(queriers("B") + responders("B") + associations("B"), 0);
	raw("R", "query");
	expect(100, "B tx response rc");
}

static void responder_silent(void)
{
	responder_ready("");
	none(60000, "B tx");
}

#define WORDS_16 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static const struct sim_test tests[] = {
	{ "GIST-4.4.1-04,GIST-5.3.3-11,GIST-4.4.1-05,GIST-4.4.1-06,GIST-5.1-09,GIST-5.1-11,GIST-5.1-12,GIST-5.1-14,GIST-5.3.1-08,GIST-5.5-03,GIST-6.1-03,GIST-B.2-01,GIST-4.3.2-02,GIST-5.3.1-01,GIST-4.4.1-09 a Query is answered by one Response",
	  response },
	{ "GIST-5.1-13,GIST-5.1-16,GIST-4.4.1-08,GIST-5.7.1-13,GIST-A.3.5-05 a Query for an association: a Response with all objects, in order",
	  response_order },
	{ "GIST-4.3.2-03,GIST-4.3.2-11,GIST-4.4.1-07,GIST-B.2-02,GIST-5.1-37 the application's answer is in the Response", answer_data },
	{ "GIST-5.2.2-14,GIST-A.3.6-01 cookies of one word come back", cookie_echo, { "01020304" } },
	{ "GIST-5.2.2-14,GIST-A.3.6-01 cookies of four words come back", cookie_echo,
	  { "0102030405060708090a0b0c0d0e0f10" } },
	{ "GIST-5.2.2-14,GIST-A.3.6-01 cookies of sixteen words come back", cookie_echo, { WORDS_16 } },
	{ "GIST-6.3-02,GIST-6.3-10,GIST-6.3-11,GIST-6.3-12,GIST-4.4.6-05 state with the Query: waits for the Confirm, then all that waited", early },
	{ "GIST-6.3-13,GIST-6.3-14,GIST-6.3-02,GIST-5.3.3-15,GIST-5.3.3-16 then the Response is repeated, and at the end it goes", early_repeats },
	{ "GIST-6.3-04,GIST-6.3-05 another Query starts that anew", early_restarts },
	{ "GIST-6.1-05,GIST-6.3-03,GIST-4.4.1-24,GIST-5.3.3-18,GIST-6-04,GIST-8.3-04 state with the Confirm only", delayed },
	{ "GIST-4.4.6-03,GIST-6.1-09,GIST-6.3-06,GIST-4.3.2-12,GIST-4.1.2-08,GIST-B.2-04,GIST-7.1.3-02,GIST-4.4.1-27 a Confirm makes the state",
	  confirm },
	{ "GIST-6.3-15 a second Confirm is nothing", confirm_again },
	{ "GIST-4.4.6-04,GIST-6.1-08,GIST-A.4.4.5-01 a Confirm where state would have been made before: 5/0", confirm_unknown },
	{ "GIST-5.7.1-19,GIST-8.5-10,GIST-8.5-11 a Confirm with a cookie changed is dropped", confirm_bad_cookie },
	{ "GIST-8.5-04,GIST-5.7.1-19 the cookie is bound to the identity", confirm_rebound,
	  { ": -nli +nli=pi=99999999 +rc=$rc +data=bb000000" } },
	{ "GIST-8.5-04 the cookie is bound to the address", confirm_rebound,
	  { ": -nli +nli=10.0.1.9 +rc=$rc +data=bb000000" } },
	{ "GIST-8.5-04 the cookie is bound to the flow", confirm_rebound,
	  { ": -mri +mri=R.1:4000>B.1:5001,p17 +rc=$rc +data=bb000000" } },
	{ "GIST-8.5-04 the cookie is bound to the application", confirm_rebound,
	  { "nslpid=32705 : +rc=$rc +data=bb000000" } },
	{ "GIST-8.3-05 the cookie is bound to the session", confirm_rebound,
	  { ": -sid +sid=00000000000000000000000000000009 +rc=$rc +data=bb000000" } },
	{ "GIST-8.5-05 a cookie grows old", confirm_old },
	{ "GIST-8.4-03 Confirms without good cookies make nothing", confirm_flood },
	{ "GIST-8.5-06,GIST-6-04 Queries use no memory", query_flood },
	{ "GIST-8.5-09,GIST-A.4.4.10-06 Invalid Cookie, where wanted", cookie_debug },
	{ "GIST-8.5-11 and nowhere else", cookie_silent },
	{ "GIST-5.3.1-08 the Response goes to the port the Query came from", restart },
	{ "GIST-4.4.1-25,GIST-5.3.1-07,GIST-5.6-03 S=0: the Response goes to the NLI's address", s_zero },
	{ "GIST-4.4.6-05,GIST-6.1-10,GIST-4.3.2-16,GIST-A.4.4.5-01 Data without state: 5/0", data_unknown },
	{ "GIST-4.4.6-05 Data before the Confirm: 5/0", data_before_confirm },
	{ "GIST-6.1-11,GIST-4.3.2-14 Data in Q-mode is handed up, as not validated", data_stateless },
	{ "GIST-4.3.2-14,GIST-7.1.4-07,GIST-B.2-05 Data with E=1 is handed up, marked", data_explicit },
	{ "GIST-4.3.2-18,GIST-4.3.2-12,GIST-B.2-06,GIST-B.2-08,GIST-4.3.1-11,GIST-4.3.3-05,GIST-8.2-01 Data with state is handed up", data_known },
	{ "GIST-5.3.1-10,GIST-3.5-01 Data from another address than its NLI's is dropped", data_wrong_source },
	{ "GIST-5.1-25,GIST-3.5-01 Data changes no state", data_changes_nothing },
	{ "GIST-4.4.4-01,GIST-6.3-16,GIST-4.4.4-07,GIST-4.2.1-06 state goes after the time the Response said", expiry },
	{ "GIST-A.3.3-03,GIST-6.3-19,GIST-4.4.4-04 times are milliseconds; a responder refreshes nothing", short_validity },
	{ "GIST-6.3-12,GIST-6.3-05,GIST-6.3-18 Query, Response, Confirm refresh it", refreshed },
	{ "GIST-6.3-16,GIST-6.3-18,GIST-6.3-07,GIST-6.3-08 a refresh without Confirm: works on, then goes at its time", refresh_unconfirmed },
	{ "GIST-6.3-05,GIST-6.3-04 each Query gets its Response", many_queries },
	{ "GIST-5.3.3-09 data of a repeated Query is handed up again", query_payload_again },
	{ "GIST-4.4.6-10,GIST-6.3-17,GIST-4.4.6-11 No Routing State: the responder's state goes, and is told", no_routing_state },
	{ "GIST-4.3.2-04,GIST-6.1-06,GIST-4.3.2-05 not to peer: the Query goes on", declines },
	{ "GIST-3.5-02,GIST-B.2-02 the application is asked again at each refresh", withdraws },
	{ "GIST-4.3.2-01 at the destination there is no going on", must_peer },
	{ "GIST-8.4-05 overload: neither answered nor passed on", ignores },
	{ "GIST-7.1.2-08,GIST-7.1.4-08,GIST-B.4-03 a new identity upstream is a new peer", peer_changes },
	{ "GIST-7.1.4-03,GIST-8.3-05 one peer, one handle, in both sessions", two_sessions },
	{ "GIST-7.1.4-02 two peers, two handles", other_peer_other_handle },
	{ "GIST-6-03 rows expire by themselves", two_rows_expire },
	{ "GIST-A-02 reserved bits of the header mean nothing", reserved_bits, { "" } },
	{ "GIST-A-02 reserved bits of an NLI mean nothing", reserved_bits,
	  { ": -nli +nli=hex:04404fff00007530" "52525252" "0a000112" } },
	{ "GIST-A-02 reserved bits of an MRI mean nothing", reserved_bits,
	  { ": -mri +mri=hex:007f48df0a0001120a000102202011030fa01388" } },
	{ "GIST-A-02,GIST-A.3.4-04 reserved bits and padding of a proposal mean nothing", reserved_bits,
	  { ": +sp=hex:02ffffff020201ff0101ffff +scd" } },
	{ "GIST-A-02 reserved bits of configuration mean nothing", reserved_bits,
	  { ": +sp=tcp +scd=hex:01ffffff000075300100007f" } },
	{ "GIST-A-02 reserved bits of an object header mean nothing", reserved_bits,
	  { "poke=8:3000f005" } },
	{ "GIST-A.2.1-02,GIST-5.1-04,GIST-A.2.1-05 unknown objects with AB=01 are not there", optional_object },
	{ "GIST-5.2.2-08,GIST-5.2.2-10,GIST-B.2-07,GIST-5.2.2-12 distance to the peer upstream", distance },
	{ "GIST-5.2.2-08,GIST-5.2.2-10 distance not known", distance_unknown },
	{ "GIST-A.3.3-02,GIST-A.2-04,GIST-A.3.3-01 identities of any length", identities },
	{ "GIST-5.8.1.3-02,GIST-5.8.1.3-13,GIST-5.1-12 upstream Queries, from no further than one hop", upstream },
	{ "GIST-A.3.1.1-06 the protocol does not matter without P", protocol_ignored },
	{ "GIST-A.3.1.1-14,GIST-A.3.1.1-15,GIST-A.3.1.1-16 a port without its flag is padding, a flagged zero is not", port_padding },
	{ "GIST-5.8-01,GIST-5.8-02,GIST-A.3.1.2-03 loose-end is understood", loose },
	{ "GIST-4.4.6-05 a node that has forgotten says so", restarted },
	{ "GIST-5.3.1-05 without magic number there is no GIST", magic },
	{ "GIST-B.2-03 the application is told whether the flow ends here", endpoint_flag },
	{ "GIST-8.4-01 one Query, one Response of about its size", one_response },
	{ "GIST-8.3-04 an address that is not the querier's comes to nothing", forged_address },
	{ "GIST-B.2-09,GIST-4.4.3-03,GIST-4.4.3-02,GIST-5.2.2-05 each interface has its address, the node one identity", interfaces },
	{ "GIST-4.4.4-03,GIST-7.1.2-06 long validity times", long_validity },
	{ "GIST-5.3-01 how the packet looks does not matter", packet_does_not_matter },
	{ "GIST-6-01,GIST-6.1-01 what belongs to nothing leaves nothing", stray },
	{ "GIST-5.6-01,GIST-7.1.3-08 nothing is sent without cause", responder_silent },
};

SIM_MAIN(tests)
