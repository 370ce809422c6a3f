// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Routes that change, routing state that is not trusted (RFC 5971, 7.1).
 *
 * natfw-test: host quick
 */
#include <errno.h>

#include "scenes.h"

/* A - B - D and A - C - D: B is the shorter way. */
static void fork_ready(const char *how)
{
	net("A B D; A C D");
	link_set(3, "cost=5");
	gist("A B C D", "");
	app("A B C D", APP, "");
	flow("A.1:4000>D.2:5000 udp");
	gist("A", "inactive=10000000");
	say("A", "data=aa000000 handle=1 mri=A.1:4000>D.2:5000,p17 %s", how);
	expect(3000, "B recv data=aa000000");
	expect(0, "A network event=good sii=$b");
	run(1000);
	forget();
}

static void switched(void)
{
	link_set(1, "cost=10");
	route_changed();
}

static void local_change(void)
{
	fork_ready("");
	switched();
	expect(1500, "A network event=tentative");
	expect(3000, "C tx response");
	expect(100, "A network event=good sii!=$b");
	expect(0, "A network event=deleted sii=$b");
	say("A", "data=bb000000");
	expect(100, "C recv data=bb000000");
	none(100, "B recv data=bb000000");
}

static void local_change_association(void)
{
	fork_ready("reliable");
	switched();
	expect(4000, "A network event=good sii!=$b");
	say("A", "data=bb000000 reliable");
	expect(1000, "C recv data=bb000000");
	none(100, "B recv data=bb000000");
}

static void flap(void)
{
	fork_ready("");
	link_set(1, "cost=10");
	link_set(1, "cost=1");
	route_changed();
	none(2000, "A network event=deleted");
	say("A", "data=bb000000");
	expect(100, "B recv data=bb000000");
}

static void old_handle(void)
{
	fork_ready("reliable");
	switched();
	expect(4000, "A network event=good sii!=$b");
	CHECK_EQ(say("A", "data=dd000000 sii=$b"), 0);
	expect(100, "A tx data e=1 via=tcp");
	expect(100, "B recv data=dd000000 explicit=1");
	none(0, "A tx query e=1");
}

static void found_by_refresh(void)
{
	fork_ready("");
	link_set(1, "cost=10");	/* nobody tells */
	expect(25000, "C tx response");
	expect(100, "A network event=good sii!=$b");
	expect(0, "A network event=deleted sii=$b");
}

static void peer_replaced(void)
{
	querier_ready("inactive=10000000");
	set("qc", "%s", "");
	expect(23000, "A tx query qc=$qc");
	raw("P", "response to=A.1:270 : -nli +nli=pi=99999999");
	expect(100, "A network event=good sii=$new");
	expect(0, "A network event=deleted sii!=$new");
}

static void withdrawn(void)
{
	net("A B C");
	gist("A B C", "");
	app("A B C", APP, "");
	gist("A", "inactive=10000000");
	flow("A.1:4000>C.2:5000 udp");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	expect(0, "A network event=good sii=$b");
	forget();
	app("B", APP, "propagate");
	expect(25000, "C tx response");
	expect(100, "A network event=good sii!=$b");
	say("A", "data=bb000000");
	expect(100, "C recv data=bb000000");
}

/* ------------------------------------------------------------------ told by the application */

static void bad(void)
{
	querier_ready("");
	gist_invalidate(engine("A"), APP, the_flow(), true, false);
	say("A", "data=bb000000");
	expect(10, "A tx query qc=$qc2");
	none(300, "A tx data");
	raw("P", "response to=A.1:270 : -qc +qc=$qc2");
	expect(100, "A tx data data=bb000000");
	none(0, "A network event=bad");
}

static void bad_urgent(void)
{
	querier_ready("");
	gist_invalidate(engine("A"), APP, the_flow(), true, true);
	expect(10, "A tx query");
}

static void tentative_urgent(void)
{
	querier_ready("");
	gist_invalidate(engine("A"), APP, the_flow(), false, true);
	expect(10, "A tx query qc=$qc2");
	say("A", "data=bb000000");
	expect(10, "A tx data data=bb000000");
	raw("P", "response to=A.1:270 : -qc +qc=$qc2");
	expect(100, "A network event=good");
	none(0, "A network event=tentative");
}

static void not_checked(void)
{
	fork_ready("");
	/* the route is as it was; the application knows better */
	gist_invalidate(engine("A"), APP, the_flow(), false, true);
	expect(10, "A tx query");
}

static void all_applications(void)
{
	querier_ready("");
	app("A", 32705, "rao=1000");
	set("qc", "%s", "");
	say("A", "nslpid=32705 data=bb000000");
	expect(10, "A tx query nslpid=32705 qc=$qc");
	run(10);
	raw("P", "response to=A.1:270 nslpid=32705");
	expect(100, "A network event=good nslpid=32705");
	forget();
	gist_invalidate(engine("A"), 0, the_flow(), true, true);
	expect(10, "A tx query nslpid=32704");
	expect(10, "A tx query nslpid=32705");
}

static void one_application(void)
{
	querier_ready("");
	app("A", 32705, "rao=1000");
	set("qc", "%s", "");
	say("A", "nslpid=32705 data=bb000000");
	expect(10, "A tx query nslpid=32705 qc=$qc");
	run(10);
	raw("P", "response to=A.1:270 nslpid=32705");
	expect(100, "A network event=good nslpid=32705");
	forget();
	gist_invalidate(engine("A"), 32705, the_flow(), true, true);
	expect(10, "A tx query nslpid=32705");
	none(100, "A tx query nslpid=32704");
}

static void responder_passive(void)
{
	struct gist_mri m;

	responder_ready("");
	m = *the_flow();
	m.upstream = true;
	gist_invalidate(engine("B"), APP, &m, true, true);
	none(2000, "B tx query");
}

static void other_direction(void)
{
	struct gist_mri m;

	querier_ready("");
	m = *the_flow();
	m.upstream = true;
	gist_invalidate(engine("A"), APP, &m, true, true);
	none(1000, "A tx query");
	say("A", "data=bb000000");
	expect(10, "A tx data");
}

static void many_at_once(void)
{
	unsigned int i;

	querier("rate=3000 burst=3000");
	for (i = 0; i < 20; i++) {
		say("A", "data=aa000000 sid=%032x", i + 1);
		run(200);
	}
	forget();
	gist_invalidate(engine("A"), APP, the_flow(), true, true);
	run(1000);
	/* 3000 octets of burst and 3000 a second, of more than 150 each */
	CHECK(count("A tx query") < 20 * 8);
}

static void relay_rows(void)
{
	net("A B C");
	gist("A B C", "");
	app("A B C", APP, "");
	flow("A.1:4000>C.2:5000 udp");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	say("B", "data=aa000000");
	expect(1000, "C recv data=aa000000");
	CHECK_EQ(responders("B"), 1);
	CHECK_EQ(queriers("B"), 1);
	gist_off("C");
	run(25000);
	say("A", "data=bb000000");
	expect(100, "B recv data=bb000000");
	CHECK_EQ(responders("B"), 1);
}

static void path_end(void)
{
	net("A B");
	gist("A B", "");
	app("A B", APP, "");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	forget();
	CHECK(say("B", "data=cc000000") < 0);
	none(1000, "B tx query");
}

static void wins(const char *first)
{
	(void)first;
	net("R B P");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>P.2:5000 udp");
}

/* 5.8.1.3: what a peer's downstream Query says goes before our own upstream one. */
static void downstream_wins(void)
{
	wins("");
	raw_intercept("R");
	say("B", "d=1 discover data=aa000000");
	expect(100, "R rx query d=1 qc=$qc");
	raw("R", "response to=B.1:270 d=0 : -nli +nli=pi=01010101");
	expect(100, "B network event=good");
	run(10);
	raw("R", "query : -nli +nli=pi=02020202");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : -nli +nli=pi=02020202 +rc=$rc +data=bb000000");
	expect(100, "B recv query=0 data=bb000000 sii=$new");
	run(40000);
	CHECK_EQ(count("B tx query d=1") , 1);
}

static void separate_sessions(void)
{
	wins("");
	raw_intercept("R");
	say("B", "d=1 discover data=aa000000 sid=00000000000000000000000000000009");
	expect(100, "R rx query d=1 qc=$qc");
	session("00000000000000000000000000000009");
	raw("R", "response to=B.1:270 d=0 : -nli +nli=val=10000");
	expect(100, "B network event=good");
	session("00000000000000000000000000000008");
	raw("R", "query : -nli +nli=val=300000");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm to=B.1:270 : +rc=$rc");
	settled("B");
	CHECK_EQ(queriers("B"), 1);
	CHECK_EQ(responders("B"), 1);
	run(120000);
	CHECK_EQ(queriers("B"), 0);
	CHECK_EQ(responders("B"), 1);
}

static const struct sim_test tests[] = {
	{ "GIST-7.1.2-01,GIST-7.1.3-04,GIST-7.1.3-07,GIST-7.1.4-08,GIST-7.1.4-09,GIST-B.4-02,GIST-B.4-03 the local route changes: told, found again, the old peer told",
	  local_change },
	{ "GIST-7.1.3-04,GIST-7.1.2-01 the same with an association", local_change_association },
	{ "GIST-7.1.3-10 a route that is back is no change", flap },
	{ "GIST-7.1.4-04,GIST-7.1.4-05,GIST-7.1.4-06,GIST-7.1.5-02,GIST-7.1.4-07 the old peer by its handle", old_handle },
	{ "GIST-7.1.2-05,GIST-7.1.4-08 without being told, the refresh finds it", found_by_refresh },
	{ "GIST-7.1.2-07,GIST-7.1.4-08,GIST-B.4-03 a new identity downstream is a new peer", peer_replaced },
	{ "GIST-3.5-02,GIST-7.1.2-07 a node leaves the path", withdrawn },
	{ "GIST-7.1.3-11,GIST-7.1.3-12,GIST-B.6-02,GIST-B.6-04,GIST-7.1.3-07 Bad: nothing is sent before the Response", bad },
	{ "GIST-7.1.3-13,GIST-B.6-04,GIST-7.1.2-04 Urgent: asked at once", bad_urgent },
	{ "GIST-7.1.3-03,GIST-7.1.3-13,GIST-B.6-02,GIST-7.1.3-07 Tentative: Data flows on", tentative_urgent },
	{ "GIST-7.1.3-09 the route alone does not repair what the application knows", not_checked },
	{ "GIST-B.6-01 all applications", all_applications },
	{ "GIST-B.6-01 one of them", one_application },
	{ "GIST-7.1.3-08 a responder repairs nothing", responder_passive },
	{ "GIST-7.1.3-06 the other direction has nothing to do with it", other_direction },
	{ "GIST-5.3.3-25 many at once do not flood", many_at_once },
	{ "GIST-6-05,GIST-4.2.1-02 a relay's two rows have nothing to do with each other", relay_rows },
	{ "GIST-4.2.1-05,GIST-4.2.1-04 there is nothing beyond the end of the flow", path_end },
	{ "GIST-5.8.1.3-04 the peer's downstream Query goes before our upstream one", downstream_wins },
	{ "GIST-5.8.1.3-03 for different sessions there are two rows", separate_sessions },
};

SIM_MAIN(tests)
