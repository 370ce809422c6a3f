// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The node that asks: Queries, Responses, Confirms, the Querying node's machine (RFC 5971, 6.2).
 *
 * natfw-test: host quick
 */
#include <errno.h>

#include "scenes.h"

#define COOKIE_16 \
	"01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da" \
	"e1e8eff6fd040b121920272e353c434a51585f666d747b828990979ea5acb3ba"

static void first_query(void)
{
	querier("");
	CHECK_EQ(say("A", "data=aa000000"), 0);
	expect(1, "A tx query via=q from=A.1:270 to=P.1:270 c=1 r=1 e=0 nslpid=32704 d=0 "
	       "mri=pc:A.1/32:4000>P.1/32:5000,p17 nli=A.1 val=30000 sid=112233445566778899aabbccddeeff01 "
	       "mri.hex=000048c00a0001010a000110202011000fa01388");
	CHECK_EQ(queriers("A"), 1);
}

static void object_order(void)
{
	querier("");
	say("A", "data=aa000000 reliable");
	expect(1, "A tx query objs=0,1,2,5,3,4");
}

static void stack_offered(void)
{
	querier("");
	say("A", "data=aa000000 reliable");
	expect(1, "A tx query sp=tcp scd=tcp@* hold=30000 !data");
	none(400, "A tx data");
}

static void tls_only(void)
{
	querier("tls=1");
	say("A", "data=aa000000 secure reliable");
	expect(1, "A tx query sp=tls/tcp !data");
}

static void both_profiles(void)
{
	querier("tls=1");
	say("A", "data=aa000000 reliable");
	expect(1, "A tx query sp=tls/tcp,tcp");
}

static void tls_required(void)
{
	querier("tls=2");
	say("A", "data=aa000000 reliable");
	expect(1, "A tx query sp=tls/tcp");
}

static void retransmission(void)
{
	static const unsigned int gap[] = { 500, 1000, 2000, 4000, 8000, 16000 };
	unsigned int i;

	querier("");
	say("A", "data=aa000000 handle=7");
	expect(1, "A tx query");
	for (i = 0; i < 6; i++)
		between(gap[i] - 5, gap[i] + 5, "A tx query");
	between(500, 32100, "A status handle=7 sent=0 failure=no_response");
	none(120000, "A tx");
	CHECK_EQ(queriers("A"), 0);
}

static void cap(void)
{
	querier("t2=2000");
	say("A", "data=aa000000 handle=7");
	expect(1, "A tx query");
	between(495, 505, "A tx query");
	between(995, 1005, "A tx query");
	expect(5000, "A status handle=7 sent=0 failure=no_response");
	none(60000, "A tx query");
}

static void small_t1(void)
{
	querier("t1=100 t2=6400");
	say("A", "data=aa000000");
	expect(1, "A tx query");
	between(98, 102, "A tx query");
	between(198, 202, "A tx query");
	between(398, 402, "A tx query");
}

static void large_t1(void)
{
	querier("t1=2000 t2=128000");
	say("A", "data=aa000000");
	expect(1, "A tx query");
	between(1995, 2005, "A tx query");
	between(3995, 4005, "A tx query");
}

static void timeout(void)
{
	querier("");
	say("A", "data=aa000000 handle=7 timeout=3000");
	between(1, 3010, "A status handle=7 sent=0 failure=no_response");
	run(0);
	forget();
	none(60000, "A tx query");
	CHECK_EQ(queriers("A"), 0);
}

static void no_handle(void)
{
	querier("");
	say("A", "data=aa000000 timeout=2000");
	none(60000, "A status");
}

static void signalling_source(void)
{
	net("X A P");
	gist("A", "");
	app("A", APP, "");
	flow("X.1:4000>P.2:5000 udp");
	say("A", "data=aa000000 flow");
	expect(1, "A tx query from=X.1:270 to=P.2:270 s=0 nli=A.2");
	run(40000);
	CHECK(count("A tx query from=A.2:270 s=1 to=P.2:270") >= 1);
}

static void own_source(void)
{
	net("X A P");
	gist("A", "");
	app("A", APP, "");
	flow("X.1:4000>P.2:5000 udp");
	say("A", "data=aa000000");
	expect(1, "A tx query from=A.2:270 to=P.2:270 s=1 nli=A.2");
}

static void ds_and_label(void)
{
	querier("");
	say("A", "data=aa000000 mri=A.1:4000>P.1:5000,p17,ds46");
	expect(1, "A tx query ds=46");
	say("A", "data=aa000000 mri=A.1v6:4000>P.1v6:5000,p17,fl12345");
	expect(1, "A tx query from=A.1v6:270 to=P.1v6:270 label=12345 nli=A.1v6");
}

static void nli_ttl(void)
{
	querier("");
	say("A", "data=aa000000 ttl=33");
	expect(1, "A tx query ttl=33 nttl=33");
	session("00000000000000000000000000000009");
	say("A", "data=aa000000");
	expect(1, "A tx query ttl=$t nttl=$t");
}

static void hop_count(void)
{
	querier("");
	say("A", "data=aa000000 hops=7");
	expect(1, "A tx query hops=7");
	session("00000000000000000000000000000009");
	say("A", "data=aa000000");
	expect(1, "A tx query hops>=1");
}

static void ipv6(void)
{
	querier("");
	flow("A.1v6:4000>P.1v6:5000 udp");
	say("A", "data=aa000000");
	expect(1, "A tx query via=q from=A.1v6:270 to=P.1v6:270 rao=1001 nli=A.1v6 qc=$qc");
	run(10);
	raw("P", "response to=A.1v6:270 : +rc=01020304");
	expect(100, "A tx confirm via=udp from=A.1v6:270 to=P.1v6:270");
}

static void loose(void)
{
	querier("");
	say("A", "data=aa000000 mri=le:A.1>192.0.2.99");
	expect(1, "A tx query via=q from=A.1:270 to=192.0.2.99:270 mri=le:A.1>192.0.2.99 d=0 rao=1000 "
	       "mri.hex=01004000*");
	between(495, 505, "A tx query via=q to=192.0.2.99:270");
	forget();
	raw("P", "response to=A.1:270 : -mri +mri=le:A.1>192.0.2.99 -qc +qc=00000000");
	none(100, "A network event=good");
}

static void loose_upstream(void)
{
	querier("");
	CHECK(say("A", "data=aa000000 mri=le:192.0.2.99>A.1 d=1 discover") < 0);
	CHECK(say("A", "data=aa000000 mri=le:192.0.2.99>A.1 d=1") < 0);
	none(1000, "A tx");
}

static void upstream_query(void)
{
	querier("");
	CHECK_EQ(say("A", "data=aa000000 mri=P.1:4000>A.1:5000,p17 d=1 discover ttl=10"), 0);
	expect(1, "A tx query via=q from=A.1:270 to=P.1:270 ttl=255 s=1 d=1 mri=pc:P.1/32:4000>A.1/32:5000,p17 "
	       "nttl=0 rao=1000");
}

static void upstream_unknown(void)
{
	querier("");
	CHECK_EQ(say("A", "data=aa000000 mri=P.1:4000>A.1:5000,p17 d=1"), -ENOENT);
	none(1000, "A tx");
}

static void to_itself(void)
{
	querier("");
	CHECK(say("A", "data=aa000000 mri=P.1:4000>A.1:5000,p17") < 0);
	CHECK(say("A", "data=aa000000 mri=le:P.1>A.1") < 0);
	none(1000, "A tx");
	CHECK_EQ(queriers("A"), 0);
}

static void no_application(void)
{
	querier("");
	CHECK(say("A", "nslpid=0 data=aa000000") < 0);
	none(100, "A tx");
}

static void odd_data(void)
{
	querier("");
	CHECK_EQ(say("A", "data=aabbccddee"), -EINVAL);
	none(100, "A tx");
}

static void response_confirm(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : +rc=0102030405060708090a0b0c");
	expect(100, "A tx confirm via=udp from=A.1:270 to=P.1:270 c=0 r=0 s=1 d=0 rc=0102030405060708090a0b0c "
	       "mri=pc:A.1/32:4000>P.1/32:5000,p17 sid=112233445566778899aabbccddeeff01 nli=A.1 "
	       "!sp.hex !scd.hex !qc");
	expect(100, "A network event=good upstream=0 sii=$s peer=P.1");
	CHECK(*var("s") && *var("s") != '0');
}

static void response_no_confirm(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270");
	expect(100, "A network event=good");
	none(1000, "A tx confirm");
}

static void response_r_without_cookie(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 r=1");
	expect(100, "A tx confirm !rc");
}

static void response_cookie_without_r(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 r=0 : +rc=01020304");
	none(400, "A network event=good");
	none(0, "A tx confirm");
}

static void confirm_echoes(void)
{
	querier("");
	asked("data=aa000000");
	set("rc", "%s", COOKIE_16);
	raw("P", "response to=A.1:270 : +rc=$rc");
	expect(100, "A tx confirm rc=$rc");
}

static void any_cookie(void)
{
	querier("");
	say("A", "data=aa000000");
	expect(1, "A tx query qc=$q1");
	expect(600, "A tx query qc=$q2");
	expect(1100, "A tx query qc=$q3");
	run(20);
	raw("P", "response to=A.1:270 : -qc +qc=$q1 +rc=0101010101010101");
	expect(100, "A tx confirm rc=0101010101010101");
	none(5000, "A tx query");
	expect(0, "A network event=good");
}

static void later_replies(void)
{
	querier("");
	say("A", "data=aa000000");
	expect(1, "A tx query qc=$q1");
	expect(600, "A tx query qc=$q2");
	run(20);
	raw("P", "response to=A.1:270 : -qc +qc=$q1 +rc=0101010101010101");
	expect(100, "A tx confirm rc=0101010101010101");
	raw("P", "response to=A.1:270 : -qc +qc=$q2 +rc=0202020202020202");
	expect(100, "A tx confirm rc=0202020202020202");
}

static void wrong_cookie(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -qc +qc=000000000000000000000000 +rc=01020304");
	none(300, "A tx");
	none(0, "A network");
	CHECK(counter("A", "bad_cookie") + counter("A", "response_received") > 0);
	/* the handshake is still under way */
	expect(600, "A tx query");
}

static void flood_of_responses(void)
{
	unsigned int i;

	querier("");
	asked("data=aa000000");
	for (i = 0; i < 1000; i++)
		raw("P", "response to=A.1:270 : -qc +qc=%08x%08x%08x", i, i * 7, i * 13);
	none(300, "A tx");
	none(0, "A network");
	CHECK_EQ(queriers("A"), 1);
}

static void response_data(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : +data=cafe0000");
	expect(100, "A recv query=0 data=cafe0000 peer=P.1 validated=1 d=1");
}

static void queued_data(void)
{
	querier("");
	asked("data=aa000000");
	say("A", "data=bb000000");
	say("A", "data=cc000000");
	none(100, "A tx data");
	raw("P", "response to=A.1:270 : +rc=01020304");
	expect(100, "A tx confirm");
	expect(100, "A tx data via=udp data=bb000000 from=A.1:270 to=P.1:270 c=0 s=1 nli=A.1 d=0");
	expect(100, "A tx data data=cc000000");
}

static void peer_address(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : +rc=01020304");
	expect(100, "A tx confirm to=P.1:270");
	run(10);
	say("A", "data=bb000000");
	expect(10, "A tx data via=udp to=P.1:270 rao=-1 c=0 nli=A.1");
}

static void refresh(void)
{
	unsigned int i;

	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=8000");
	expect(100, "A network event=good");
	for (i = 0; i < 4; i++) {
		say("A", "data=bb000000");
		set("qc", "%s", "");
		between(3990, 6050, "A tx query via=q c=1 r=1 to=P.1:270 qc=$qc");
		run(10);
		raw("P", "response to=A.1:270 : -nli +nli=val=8000");
		run(20);
	}
}

static void refresh_random(void)
{
	uint64_t last, gap, low = 1 << 30, high = 0;
	unsigned int i;

	querier("inactive=10000000");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=20000");
	expect(100, "A network event=good");
	for (i = 0; i < 60; i++) {
		last = now();
		set("qc", "%s", "");
		between(9900, 15100, "A tx query qc=$qc");
		gap = now() - last;
		low = gap < low ? gap : low;
		high = gap > high ? gap : high;
		run(6);
		raw("P", "response to=A.1:270 : -nli +nli=val=20000");
		run(6);
	}
	CHECK(high - low > 2000);
}

static void refresh_lost(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=10000");
	expect(100, "A network event=good");
	say("A", "data=bb000000");
	forget();
	expect(8000, "A tx query qc=$a");
	between(495, 505, "A tx query qc=$b");
	between(995, 1005, "A tx query qc=$c");
	between(1995, 2005, "A tx query");
	CHECK(*var("a") && *var("b") && *var("c"));
}

static void data_while_refreshing(void)
{
	querier_ready("");
	expect(23000, "A tx query qc=$r");
	say("A", "data=bb000000");
	expect(1, "A tx data data=bb000000");
	raw("P", "data to=A.1:270 d=1 : -data +data=cc000000");
	expect(100, "A recv data=cc000000");
	raw("P", "response to=A.1:270 : -qc +qc=$r");
	none(3000, "A tx query");
}

static void refresh_given_up(void)
{
	querier_ready("");
	say("A", "data=bb000000 handle=3");
	run(23000);
	run(70000);
	CHECK_EQ(queriers("A"), 0);
	forget();
	none(100000, "A tx query");
}

static void refresh_stack_objects(void)
{
	querier_associated("inactive=10000000");
	expect(23000, "A tx query sp=tcp scd=tcp@*");
}

static void extra_response(void)
{
	querier("inactive=10000000");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=20000");
	expect(100, "A network event=good");
	run(9000);
	raw("P", "response to=A.1:270 : -nli +nli=val=20000");
	none(9900, "A tx query");
	expect(6000, "A tx query");
}

static void inactive(void)
{
	querier("inactive=12000");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=100000");
	expect(100, "A network event=good");
	forget();
	none(100000, "A tx query");
	CHECK_EQ(queriers("A"), 0);
	none(0, "A tx error");
}

static void active(void)
{
	unsigned int i;

	querier("inactive=12000");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=100000");
	expect(100, "A network event=good");
	for (i = 0; i < 4; i++) {
		run(8000);
		say("A", "data=bb000000");
	}
	CHECK_EQ(queriers("A"), 1);
	for (i = 0; i < 2; i++) {
		run(8000);
		raw("P", "data to=A.1:270 d=1");
	}
	run(8000);
	CHECK_EQ(queriers("A"), 1);
	run(13000);
	CHECK_EQ(queriers("A"), 0);
}

static void response_data_is_activity(void)
{
	querier("inactive=12000");
	asked("data=aa000000");
	run(100);
	raw("P", "response to=A.1:270 : -nli +nli=val=100000 +data=cc000000");
	run(11500);
	CHECK_EQ(queriers("A"), 1);
	run(2000);
	CHECK_EQ(queriers("A"), 0);
}

static void set_lifetime(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=100000");
	expect(100, "A network event=good");
	gist_set_lifetime(engine("A"), APP, NULL, the_flow(), 10000);
	run(9000);
	gist_set_lifetime(engine("A"), APP, NULL, the_flow(), 60000);
	run(51000);
	CHECK_EQ(queriers("A"), 1);
	run(12000);
	CHECK_EQ(queriers("A"), 0);
}

static void lifetime_kept(void)
{
	unsigned int i, n = 0;

	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270");
	expect(100, "A network event=good");
	gist_set_lifetime(engine("A"), APP, NULL, the_flow(), 300000);
	for (i = 0; i < 12; i++) {
		set("qc", "%s", "");
		if (count("A tx query") == 0)
			break;
		expect(23000, "A tx query qc=$qc");
		run(6);
		raw("P", "response to=A.1:270");
		run(6);
		n++;
	}
	CHECK_EQ(n, 12);
}

static void lifetime_zero(void)
{
	querier_ready("");
	gist_set_lifetime(engine("A"), APP, NULL, the_flow(), 0);
	none(100000, "A tx");
	CHECK_EQ(queriers("A"), 0);
}

static void lifetime_one_session(void)
{
	struct gist_mri up = { .method = 0 };

	querier_ready("");
	session("00000000000000000000000000000009");
	set("qc", "%s", "");
	asked("data=aa000000");
	raw("P", "response to=A.1:270");
	expect(100, "A network event=good");
	gist_set_lifetime(engine("A"), APP, (const uint8_t *)"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09",
			  the_flow(), 0);
	forget();
	expect(25000, "A tx query sid=112233445566778899aabbccddeeff01");
	none(100, "A tx query sid=00000000000000000000000000000009");
	/* the other direction is not this one */
	up = *the_flow();
	up.upstream = true;
	gist_set_lifetime(engine("A"), APP, NULL, &up, 0);
	expect(600, "A tx query sid=112233445566778899aabbccddeeff01");
}

static void no_state_error(void)
{
	querier_ready("");
	raw("P", "error to=A.1:270 : nli err=5/0,sid,mri,dgram");
	expect(10, "A tx query qc=$new");
	say("A", "data=bb000000");
	none(300, "A tx data");
	raw("P", "response to=A.1:270 : -qc +qc=$new");
	expect(100, "A tx data data=bb000000");
}

static void no_state_error_refreshing(void)
{
	querier_ready("");
	expect(23000, "A tx query");
	raw("P", "error to=A.1:270 : nli err=5/0,sid,mri,dgram");
	expect(10, "A tx query qc=$new");
	say("A", "data=bb000000");
	none(300, "A tx data");
	raw("P", "response to=A.1:270 : -qc +qc=$new");
	expect(100, "A tx data data=bb000000");
}

static void stray_events(void)
{
	querier_ready("");
	raw("P", "confirm to=A.1:270 : +rc=0102030405060708");
	none(200, "A network");
	none(0, "A recv");
	CHECK_EQ(queriers("A"), 1);
	say("A", "data=bb000000");
	expect(1, "A tx data via=udp");
}

static void duplicate_response(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : +rc=0102030405060708");
	expect(100, "A tx confirm");
	raw("P", "response to=A.1:270 : +rc=0102030405060708");
	expect(100, "A tx confirm rc=0102030405060708");
	say("A", "data=bb000000");
	expect(1, "A tx data");
}

static void source_differs(void)
{
	querier("");
	asked("data=aa000000 handle=5");
	raw("P", "response to=A.1:270 : mri sid nli=10.9.9.9 qc=$qc rc=01020304");
	none(100, "A tx");
	expect(100, "A status handle=5 sent=0");
	none(60000, "A tx");
	CHECK_EQ(queriers("A"), 0);
}

static void untranslated(void)
{
	querier("");
	asked("data=aa000000 handle=5");
	raw("P", "error to=A.1:270 : nli err=9/4,sid,mri,q,ai3=0");
	expect(100, "A status handle=5 sent=0 failure=refused error=9/4");
	none(60000, "A tx query");
	CHECK_EQ(queriers("A"), 0);
}

static void endpoint_found(void)
{
	querier("");
	asked("data=aa000000 handle=5");
	raw("P", "error to=A.1:270 : nli err=7/0,sid,mri,q");
	expect(100, "A network event=last_node upstream=0");
	expect(0, "A status handle=5 sent=0");
	none(60000, "A tx query");
}

static void too_large(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "error to=A.1:270 : nli err=8/0,sid,mri,q,ai2=400");
	expect(100, "A tx query sp=tcp !data");
}

static void hops_exceeded(void)
{
	querier("");
	asked("data=aa000000 handle=5 hops=1");
	raw("P", "error to=A.1:270 : nli err=2/0,sid,mri,q");
	run(100);
	CHECK(count("A status handle=5 sent=0") || count("A tx query hops>=2"));
}

static void too_wild(void)
{
	querier("");
	asked("data=aa000000 handle=5");
	raw("P", "error to=A.1:270 : nli err=12/0,sid,mri,q");
	expect(100, "A status handle=5 sent=0 failure=refused error=12/0");
}

static void no_state_data(void)
{
	querier("");
	CHECK_EQ(say("A", "data=aa000000 no_state"), 0);
	expect(1, "A tx data via=q from=A.1:270 to=P.1:270 c=1 e=0 nli=A.1 rao=1000 data=aa000000");
	none(2000, "A tx query");
	CHECK_EQ(queriers("A"), 0);
}

static void bypassing_state(void)
{
	querier_ready("");
	CHECK_EQ(say("A", "data=aa000000 no_state"), 0);
	expect(1, "A tx data via=q c=1 to=P.1:270");
	CHECK_EQ(queriers("A"), 1);
}

static void two_flows(void)
{
	querier("");
	asked("data=aa000000");
	session("00000000000000000000000000000009");
	say("A", "data=bb000000 handle=9");
	session("112233445566778899aabbccddeeff01");
	raw("P", "response to=A.1:270");
	expect(100, "A network event=good sid=112233445566778899aabbccddeeff01");
	expect(600, "A tx query sid=00000000000000000000000000000009");
	between(1000, 64000, "A status handle=9 sent=0");
	none(0, "A status handle=1");
}

static void sid_any(void)
{
	static const char *const sid[] = {
		"00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
		"0123456789abcdeffedcba9876543210",
	};
	unsigned int i;

	querier("");
	for (i = 0; i < 3; i++) {
		session(sid[i]);
		say("A", "data=aa000000");
		expect(1, "A tx query sid=%s", sid[i]);
	}
	CHECK_EQ(queriers("A"), 3);
}

static void rows(void)
{
	querier("");
	app("A", 32705, "rao=1000");
	say("A", "data=aa000000");
	say("A", "data=aa000000 mri=A.1:4000>P.1:5001,p17");
	say("A", "data=aa000000 sid=00000000000000000000000000000009");
	say("A", "data=aa000000 nslpid=32705");
	CHECK_EQ(queriers("A"), 4);
	say("A", "data=aa000000");
	CHECK_EQ(queriers("A"), 4);
}

static void distance(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=ttl=7 +data=cc000000");
	expect(100, "A recv data=cc000000 dist=7");
}

static void stacks_not_used(void)
{
	querier("");
	raw_listen("P", 30000);
	asked("data=aa000000 reliable handle=4");
	raw("P", "response to=A.1:270 : +rc=0102030405060708 +sp=tcp +scd=30000,tcp@0:30000x");
	none(2000, "A connect");
	expect(60000, "A status handle=4 sent=0");
}

static void port_of_profile(void)
{
	querier("tls=1");
	asked("data=aa000000 reliable secure");
	raw("P", "response to=A.1:270 : +rc=0102030405060708 +sp=tcp,tls/tcp +scd=30000,tcp@1:30000,tcp@2:31000");
	expect(100, "A connect to=P.1:31000 tls=1");
}

static void unknown_profiles(void)
{
	querier("");
	asked("data=aa000000 reliable");
	raw("P", "response to=A.1:270 : +rc=0102030405060708 +sp=120/tcp,tcp +scd=30000,tcp@1:31000,tcp@2:30000");
	expect(100, "A connect to=P.1:30000 tls=0");
}

static void downgrade(void)
{
	querier("tls=2");
	asked("data=aa000000 reliable handle=4");
	raw("P", "response to=A.1:270 : +rc=0102030405060708 +sp=tcp +scd=30000,tcp@0:30000");
	none(2000, "A connect");
	expect(60000, "A status handle=4 sent=0");
}

static void bad_response(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : +obj=2000:0:00000000");
	expect(100, "A tx error err=9/1 to=P.1:270");
	none(0, "A network event=good");
}

static void response_stack_without_cookie(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : +sp=tcp +scd");
	expect(100, "A tx error err=9/2 ai=3:6");
}

static void response_mri_other(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -mri +mri=A.1:4000>P.1:5001,p17");
	none(300, "A network event=good");
}

static void anycast(void)
{
	querier("");
	say("A", "data=aa000000 mri=A.1:4000>192.88.99.1:5000,p17");
	expect(1, "A tx query to=192.88.99.1:270");
}

static void data_while_waiting(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "data to=A.1:270 d=1");
	none(200, "A recv");
	none(0, "A tx error");
	CHECK_EQ(queriers("A"), 1);
	raw("P", "response to=A.1:270");
	expect(100, "A network event=good");
}

static void needs(void)
{
	struct gist_tx tx = { .nslpid = APP };

	querier("");
	CHECK(gist_send(engine("A"), &tx) < 0);
	tx.mri = the_flow();
	CHECK(gist_send(engine("A"), &tx) < 0);
	none(100, "A tx");
	CHECK_EQ(say("A", "data=aa000000"), 0);
}

static void reliable_or_not(void)
{
	querier_ready("");
	say("A", "data=bb000000");
	expect(1, "A tx data via=udp data=bb000000");
	say("A", "data=cc000000 reliable");
	none(1000, "A tx via=udp data=cc000000");
	expect(1000, "A tx query sp=tcp");
}

static void two_values(void)
{
	querier_ready("");
	raw("P", "error to=A.1:270 : nli err=10/0,sid,mri,dgram,ai4=1,ai4=2");
	raw("P", "error to=A.1:270 : nli err=5/0,sid,mri,dgram,ai4=1,ai4=2");
	expect(100, "A tx query");
}

static void wildcard(void)
{
	querier("");
	say("A", "data=aa000000 mri=A.1/24:4000>P.1/32:5000,p17");
	expect(1, "A tx query mri=pc:A.1/24:4000>P.1/32:5000,p17 to=P.1:270");
}

static void lost_row(void)
{
	querier("inactive=10000000");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : -nli +nli=val=10000");
	expect(100, "A network event=good");
	run(120000);
	CHECK_EQ(queriers("A"), 0);
}

static void many_words(void)
{
	querier("");
	asked("data=aa000000");
	raw("P", "response to=A.1:270 : +rc=%s", sim_now->arg[0]);
	expect(100, "A tx confirm rc=%s", sim_now->arg[0]);
}

static const struct sim_test tests[] = {
	{ "GIST-6.2-01,GIST-4.4.1-01,GIST-6.1-15,GIST-5.2.2-02,GIST-5.1-05,GIST-A.3.1.1-17,GIST-4.3.3-19,GIST-5.8.1.2-01,GIST-4.4.4-02,GIST-A.3.1.1-02,GIST-A.3.1.1-04,GIST-A.3.1.1-05,GIST-4.3.1-03 the first message of a flow asks for its peer at once",
	  first_query },
	{ "GIST-5.1-02,GIST-4.4.1-01,GIST-4.4.1-03 objects of a Query in order", object_order },
	{ "GIST-4.3.3-12,GIST-6.2-03,GIST-4.1.2-04,GIST-4.4.1-03,GIST-A.3.5-03,GIST-4.4.5-05 a reliable message asks for an association and waits",
	  stack_offered },
	{ "GIST-5.7.1-12 confidentiality: only TLS is offered", tls_only },
	{ "GIST-5.7.1-02,GIST-A.3.4-01 TLS and TCP are offered, top first", both_profiles },
	{ "GIST-5.7.1-12 TLS required: no plain TCP is offered", tls_required },
	{ "GIST-5.3.3-01,GIST-5.3.3-02,GIST-5.3.3-03,GIST-5.3.3-06,GIST-6.2-06,GIST-6.2-07,GIST-B.3-01 unanswered Queries back off, then No Response",
	  retransmission },
	{ "GIST-5.3.3-27,GIST-5.3.3-06 T2 bounds it", cap },
	{ "GIST-5.3.3-04 a smaller T1", small_t1 },
	{ "GIST-5.3.3-30,GIST-5.3.3-05 a larger T1", large_t1 },
	{ "GIST-5.3.3-07,GIST-B.1-07 the application's time-out", timeout },
	{ "GIST-B.1-02 no handle, no report", no_handle },
	{ "GIST-5.8.1.2-03,GIST-5.8.1.2-05,GIST-5.8.1.2-06,GIST-5.2.1-07,GIST-5.3.2.1-01 a Query with the flow's source, S=0; later ones with the signalling source",
	  signalling_source },
	{ "GIST-5.8.1.2-04,GIST-5.3.2.1-01 a Query with the signalling source, S=1", own_source },
	{ "GIST-5.8.1.2-08,GIST-A.3.1.1-08 DS field and flow label of the Query are the flow's", ds_and_label },
	{ "GIST-5.2.2-07,GIST-B.1-08 the NLI has the TTL of the packet", nli_ttl },
	{ "GIST-4.3.3-03,GIST-B.1-09 the application's hop count", hop_count },
	{ "GIST-7.4-01,GIST-7.4-02,GIST-5.2.2-06,GIST-5.3.2.2-01,GIST-4.3.1-08 IPv6 flow, IPv6 signalling",
	  ipv6 },
	{ "GIST-5.8.2.2-02,GIST-5.8.2.2-04,GIST-5.8.2.1-01,GIST-A.3.1.2-02,GIST-5.8.2.2-03 a loose-end Query", loose },
	{ "GIST-5.8.2.2-01,GIST-4.3.3-20,GIST-6.1-13 loose-end and upstream: nothing can be asked", loose_upstream },
	{ "GIST-5.8.1.3-10,GIST-5.8.1.3-05,GIST-5.8.1.3-07,GIST-5.8.1.3-08,GIST-5.8.1.3-01,GIST-B.1-08,GIST-5.2.2-10 an upstream Query",
	  upstream_query },
	{ "GIST-5.8.1.3-01 upstream and no state: an error", upstream_unknown },
	{ "GIST-4.3.3-01,GIST-4.3.3-22,GIST-4.2.1-05 a message to this node itself is refused", to_itself },
	{ "GIST-9-02 NSLPID 0 is no application's", no_application },
	{ "GIST-A.3.10-01 data that is no whole words is refused", odd_data },
	{ "GIST-4.4.1-15,GIST-5.1-15,GIST-5.1-19,GIST-5.1-20,GIST-5.1-21,GIST-4.4.1-22,GIST-7.1.3-02,GIST-5.3.1-08,GIST-B.4-02 Response R=1: a Confirm, and state",
	  response_confirm },
	{ "GIST-4.4.1-15,GIST-5.2.2-15,GIST-6.2-09 Response R=0: state, and no Confirm", response_no_confirm },
	{ "GIST-A.1-07,GIST-5.1-15,GIST-5.1-21 Response R=1 without cookie: a Confirm without", response_r_without_cookie },
	{ "GIST-5.1-14 a Responder-Cookie with R=0 is no Response", response_cookie_without_r },
	{ "GIST-5.1-21,GIST-5.2.2-16,GIST-A.3.7-01 the Confirm echoes the cookie", confirm_echoes },
	{ "GIST-5.2.2-16,GIST-A.3.7-01 a cookie of one word", many_words, { "01020304" } },
	{ "GIST-5.2.2-16,GIST-A.3.7-01 a cookie of 16 words", many_words, { COOKIE_16 } },
	{ "GIST-5.3.3-12,GIST-5.3.3-13 any of the Queries may be answered", any_cookie },
	{ "GIST-5.3.3-14 and then another one", later_replies },
	{ "GIST-4.4.1-22,GIST-6.1-07,GIST-8.3-01,GIST-5.3.3-17 a wrong cookie is nothing", wrong_cookie },
	{ "GIST-5.3.3-17,GIST-8.5-03 a flood of Responses is nothing", flood_of_responses },
	{ "GIST-6.2-10,GIST-4.3.2-12,GIST-3.4-02 data in a Response", response_data },
	{ "GIST-6.2-05,GIST-6.2-09,GIST-4.4.1-16 what waited follows the Confirm in order", queued_data },
	{ "GIST-4.3.3-17,GIST-5.3.1-06,GIST-5.5-05,GIST-3.2-01 Data to a known peer by normal datagram", peer_address },
	{ "GIST-6.2-15,GIST-6.2-17,GIST-6.2-12,GIST-7.1.2-05,GIST-4.4.4-06,GIST-4.4.4-01 refreshes go on, at the pace the Response says",
	  refresh },
	{ "GIST-4.4.4-13 refreshes are at random times", refresh_random },
	{ "GIST-5.3.3-10,GIST-6.2-06,GIST-4.4.4-12 a refresh without answer is repeated in the same way", refresh_lost },
	{ "GIST-6.2-13,GIST-6.2-14 Data both ways while a refresh is under way", data_while_refreshing },
	{ "GIST-6.2-07,GIST-5.3.3-10 a refresh that is never answered ends the state", refresh_given_up },
	{ "GIST-5.1-07 refreshes of a flow on an association have the stack objects", refresh_stack_objects },
	{ "GIST-6.2-18 another Response postpones the refresh", extra_response },
	{ "GIST-6.2-16,GIST-4.4.4-09 without data the state ends, silently", inactive },
	{ "GIST-6.2-13,GIST-6.2-14,GIST-6.2-16 data either way keeps it", active },
	{ "GIST-6.2-10 data in a Response counts as well", response_data_is_activity },
	{ "GIST-6.2-20 SetStateLifetime restarts the time", set_lifetime },
	{ "GIST-B.5-03 state is kept as long as the application wants", lifetime_kept },
	{ "GIST-4.4.4-11,GIST-B.5-02,GIST-4.4.4-09 SetStateLifetime(0): no more refreshes", lifetime_zero },
	{ "GIST-B.5-01 SetStateLifetime for one session and direction", lifetime_one_session },
	{ "GIST-4.4.6-09,GIST-6.2-08 No Routing State: start again, hold Data", no_state_error },
	{ "GIST-6.2-08 No Routing State while refreshing: the same", no_state_error_refreshing },
	{ "GIST-6.2-21 events that are not for a Querying node are nothing", stray_events },
	{ "GIST-6.2-11 the same Response again: Confirm again", duplicate_response },
	{ "GIST-7.2.1-08,GIST-7.2.1-12,GIST-5.3.1-10,GIST-7.4-06 a Response not from the address in its NLI ends it", source_differs },
	{ "GIST-7.2.1-06 Untranslated Object ends it", untranslated },
	{ "GIST-B.4-01 Endpoint Found: this is the last node", endpoint_found },
	{ "GIST-4.3.4-13 Message Too Large: ask for an association, without data", too_large },
	{ "GIST-4.3.4-15 Hop Limit Exceeded: an error or more hops", hops_exceeded },
	{ "GIST-4.3.4-17 MRI Too Wild is told", too_wild },
	{ "GIST-4.1.2-11,GIST-6.1-14,GIST-B.1-06,GIST-5.5-05,GIST-4.3.3-18 Data without state", no_state_data },
	{ "GIST-4.1.2-12,GIST-5.3.2-02 Data past the state", bypassing_state },
	{ "GIST-6-02 flows have machines of their own", two_flows },
	{ "GIST-2-01 any SID will do", sid_any },
	{ "GIST-4.2.1-01,GIST-3.7-02 one row for each MRI, SID, NSLPID", rows },
	{ "GIST-5.2.2-11,GIST-B.2-07 distance to the peer downstream", distance },
	{ "GIST-5.7.1-04,GIST-A.3.5-07 a protocol that is unusable is not used", stacks_not_used },
	{ "GIST-5.7.1-03,GIST-5.7.2-07 the port of the profile that is chosen", port_of_profile },
	{ "GIST-9-08 profiles not known are passed over", unknown_profiles },
	{ "GIST-8.6-02 no downgrade where TLS is required", downgrade },
	{ "GIST-5.1-16 a faulty Response of a handshake is answered with an Error", bad_response },
	{ "GIST-5.1-16 stack objects without Responder-Cookie: 9/2", response_stack_without_cookie },
	{ "GIST-8.3-01 the right cookie with another flow is nothing", response_mri_other },
	{ "GIST-5.8.1.1-02,GIST-5.8.1.1-03 wildcards by prefix", wildcard },
	{ "GIST-7.4-04 anycast destinations", anycast },
	{ "GIST-6.2-04 Data that comes too early is nothing", data_while_waiting },
	{ "GIST-B.1-01,GIST-4.1.1-02 what a message has to have", needs },
	{ "GIST-B.1-04,GIST-4.1.2-04 reliable messages never go by datagram", reliable_or_not },
	{ "GIST-A.4.2-06 an Error with two values", two_values },
	{ "GIST-4.2.1-06,GIST-4.4.4-08 a row nobody answers for goes", lost_row },
};

SIM_MAIN(tests)
