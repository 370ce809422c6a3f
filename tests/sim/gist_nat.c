// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NATs on the way, that know GIST and that do not (RFC 5971, 7.2).
 *
 * natfw-test: host quick
 */
#include "scenes.h"

/* A querier behind a NAT that knows nothing. */
static void behind(const char *how)
{
	net("A N B");
	gist("A B", "");
	app("A B", APP, "");
	nat("N", 2);
	flow("A.1:4000>B.2:5000 udp");
	say("A", "data=aa000000 handle=1 %s", how);
}

static void legacy_s1(void)
{
	behind("");
	expect(100, "A tx query s=1");
	expect(100, "B tx error err=9/4 ai=3:0 to=N.2:60000 from=B.2:270");
	expect(100, "A status handle=1 sent=0 failure=refused error=9/4");
	none(60000, "A tx query");
	CHECK_EQ(responders("B") + queriers("A"), 0);
	none(0, "B tx response");
}

static void legacy_s0(void)
{
	net("X A N B");
	gist("A B", "");
	app("A B", APP, "");
	nat("N", 3);
	flow("X.1:4000>B.3:5000 udp");
	say("A", "data=aa000000 handle=1 flow");
	expect(100, "A tx query s=0");
	expect(100, "B tx response to=A.2:*");
	run(70000);
	CHECK(count("A status handle=1 sent=0") == 1);
	CHECK_EQ(queriers("A"), 0);
	CHECK_EQ(count("A network event=good"), 0);
}

static void legacy_outside(void)
{
	querier("");
	asked("data=aa000000 handle=1 reliable");
	raw("P", "response to=A.1:270 : mri sid nli=10.1.1.1 qc=$qc rc=0102030405060708 sp scd");
	expect(100, "A status handle=1 sent=0");
	none(60000, "A tx confirm");
	none(0, "A connect");
	CHECK_EQ(queriers("A"), 0);
}

static void refused_query(void)
{
	responder("");
	raw("R", "query s=1 from=R.1:4444 : mri sid nli=10.1.1.1 qc");
	expect(100, "B tx error err=9/4 ais=1 ai=3:0 to=R.1:4444 from=B.1:270");
	none(1000, "B tx response");
	CHECK_EQ(responders("B"), 0);
}

static void refused_query_v6(void)
{
	responder("");
	flow("R.1v6:4000>B.1v6:5000 udp");
	raw("R", "query s=1 from=R.1v6:4444 : mri sid nli=fd00:9::1 qc");
	expect(100, "B tx error err=9/4 to=R.1v6:4444 from=B.1v6:270");
}

static void static_nat(void)
{
	net("X R B");
	gist("B", "");
	app("B", APP, "");
	flow("X.1:4000>B.2:5000 udp");
	raw("R", "query s=0 from=X.1:270 : mri sid nli=R.2 qc");
	expect(100, "B tx response s=1 from=B.2:270 to=R.2:270 nli=B.2");
}

static void data_through(void)
{
	responder("");
	raw("R", "data via=q s=0 c=1 from=R.1:6000 to=B.1:270 : mri sid nli=10.1.1.1 data=bb000000");
	expect(100, "B recv data=bb000000 validated=0");
	none(100, "B tx error");
}

/* ------------------------------------------------------------------ NATs that know */

#define INNER "192.0.2.1:7000>B.1:5000,p17"

static void aware_query(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query : +natt=" INNER ";2;cafe %s", sim_now->arg[0]);
	expect(100, "R tx query natt=$natt");
	expect(100, "B recv query=1 translated=1 mri=pc:R.1/32:4000>B.1/32:5000,p17");
	expect(100, "B tx response natt=$natt objs=7,* mri=pc:R.1/32:4000>B.1/32:5000,p17 d=1 nli=B.1 rc");
}

static void aware_opaque(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query : +natt=" INNER ";2.4;%s +sp +scd", sim_now->arg[0]);
	expect(100, "R tx query natt=$natt");
	expect(100, "B tx response natt=$natt");
}

static void aware_missing(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query : +natt=" INNER ";;cafe");
	expect(100, "R tx query natt=$natt");
	expect(100, "B tx error err=9/4 ai=3:2 objs=7,2,9 natt=$natt");
	CHECK_EQ(responders("B"), 0);
}

static void aware_missing_stack(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query : +natt=" INNER ";2;cafe +sp +scd");
	expect(100, "B tx error err=9/4 ai=3:4 objs=7,2,9");
}

static void aware_error(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query %s : +natt=" INNER ";2;cafe %s", sim_now->arg[0], sim_now->arg[1]);
	expect(100, "R tx query natt=$natt");
	expect(100, "B tx error err=%s objs=7,* natt=$natt", sim_now->arg[2]);
}

static void aware_confirm(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query : +natt=" INNER ";2;cafe");
	expect(100, "R rx response rc=$rc");
	/* the querier's own view: before the NAT */
	raw("R", "confirm to=B.1:270 : -mri +mri=" INNER " -nli +nli=192.0.2.1 +rc=$rc +data=bb000000");
	expect(100, "B recv data=bb000000 query=0 mri=pc:R.1/32:4000>B.1/32:5000,p17 translated=1");
	CHECK_EQ(responders("B"), 1);
	raw("R", "data to=B.1:270 : mri=" INNER " sid nli=192.0.2.1 data=bb000001");
	expect(100, "B recv data=bb000001 mri=pc:R.1/32:4000>B.1/32:5000,p17 validated=1");
	say("B", "d=1 data=cc000000");
	expect(10, "B tx data to=R.1:270 mri=pc:192.0.2.1/32:7000>B.1/32:5000,p17 d=1");
}

static void aware_refresh(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query : +natt=" INNER ";2;cafe");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : -mri +mri=" INNER " -nli +nli=192.0.2.1 +rc=$rc");
	settled("B");
	forget();
	set("rc", "%s", "");
	raw("R", "query : +natt=" INNER ";2;cafe -qc +qc=2222222222222222");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : -mri +mri=" INNER " -nli +nli=192.0.2.1 +rc=$rc");
	none(500, "B network event=deleted");
	CHECK_EQ(responders("B"), 1);
}

static void aware_querier(void)
{
	querier("");
	asked("data=aa000000");
	sim_relaxed = true;
	raw("P", "response to=A.1:270 : natt=A.1:4000>P.1:5000,p17;2; mri=198.51.100.1:60001>P.1:5000,p17 "
	    "sid nli qc=$qc rc=0102030405060708");
	expect(100, "A tx confirm mri=pc:A.1/32:4000>P.1/32:5000,p17 d=0");
	expect(100, "A network event=good");
}

static void aware_querier_error(void)
{
	querier("");
	asked("data=aa000000 handle=1");
	raw("P", "error to=A.1:270 : natt=A.1:4000>P.1:5000,p17;2; nli "
	    "err=9/4,sid,mri=198.51.100.1:60001>P.1:5000,q,ai3=4");
	expect(100, "A status handle=1 sent=0 failure=refused error=9/4");
}

static void aware_data(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "data via=q c=1 to=B.1:270 : +natt=" INNER ";2; -data +data=bb000000");
	expect(100, "B recv data=bb000000 mri=pc:R.1/32:4000>B.1/32:5000,p17");
	CHECK_EQ(responders("B"), 0);
}

static void two_nats(void)
{
	responder("");
	sim_relaxed = true;
	raw("R", "query : +natt=" INNER ";2;cafe.beef00");
	expect(100, "R tx query natt=$natt natt.nats=2");
	expect(100, "B tx response natt=$natt natt.nats=2");
}

static const struct sim_test tests[] = {
	{ "GIST-7.2-01,GIST-7.2.1-02,GIST-7.2.1-03,GIST-7.2.1-04,GIST-7.2.1-06,GIST-5.3.2.1-02,GIST-7.2.1-05,GIST-A.4.4.9-06 a NAT that knows no GIST, S=1: found, and the end",
	  legacy_s1 },
	{ "GIST-7.2-01,GIST-7.2.1-01 the same with S=0: nothing comes back", legacy_s0 },
	{ "GIST-7.2.1-08,GIST-7.2.1-12,GIST-5.3.1-10 the NAT is at the responder: the querier ends it", legacy_outside },
	{ "GIST-7.2.1-02,GIST-7.2.1-03,GIST-7.2.1-04,GIST-7.2.1-05,GIST-A.4.4.9-06 Untranslated Object goes to the packet's source", refused_query },
	{ "GIST-5.3.2.2-02 the same with IPv6", refused_query_v6 },
	{ "GIST-7.2.1-07 the Response to a Query with S=0 is an ordinary one", static_nat },
	{ "GIST-7.2.1-10 Data is not checked for NATs", data_through },
	{ "GIST-7.2.3-05,GIST-7.2.3-06,GIST-A.3.9-01 NAT-Traversal comes back first, MRI as it is here", aware_query, { "" } },
	{ "GIST-A.3.9-03,GIST-7.2.2-05 opaque data of no octets", aware_opaque, { "00" } },
	{ "GIST-A.3.9-03,GIST-7.2.2-05 opaque data of six octets", aware_opaque, { "010203040506" } },
	{ "GIST-A.3.9-02 a list of two", aware_opaque, { "0102" } },
	{ "GIST-7.2.3-01,GIST-7.2.3-02,GIST-A.4.4.9-06,GIST-A.3.9-04 NLI not translated: 9/4", aware_missing },
	{ "GIST-7.2.3-01,GIST-A.4.4.9-06 Stack-Configuration-Data not translated: 9/4", aware_missing_stack },
	{ "GIST-7.2.3-03 other Errors begin with it too: 2/0", aware_error, { "hops=0", "", "2/0" } },
	{ "GIST-7.2.3-03 other Errors begin with it too: 9/1", aware_error,
	  { "", "+obj=2000:0:00000000", "9/1" } },
	{ "GIST-7.2.3-03 other Errors begin with it too: 10/1", aware_error,
	  { "", "-nli +nli=val=0", "10/1" } },
	{ "GIST-7.2.3-09,GIST-7.2.2-06 the Confirm has the querier's view, the application this node's", aware_confirm },
	{ "GIST-7.2.3-09 a refresh is no change", aware_refresh },
	{ "GIST-7.2.3-07 a Response belongs to the Query whose MRI is inside", aware_querier },
	{ "GIST-7.2.3-07 an Error as well", aware_querier_error },
	{ "GIST-7.2.3-04 it means nothing in what changes no state", aware_data },
	{ "GIST-7.2.3-06 two NATs", two_nats },
};

SIM_MAIN(tests)
