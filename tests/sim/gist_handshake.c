// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Engines with each other, from the first Query to the last refresh (RFC 5971, 3, 4, D).
 *
 * natfw-test: host quick
 */
#include "scenes.h"

static void datagrams(void)
{
	pair("A B", "");
	say("A", "data=aa000000 handle=1");
	expect(1, "A tx query via=q");
	expect(100, "B tx response via=udp r=1");
	expect(100, "A tx confirm via=udp");
	expect(100, "B recv data=aa000000 validated=1");
	expect(0, "A status handle=1 sent=1");
	none(1000, "A tx data via=tcp");
	CHECK_EQ(queriers("A"), 1);
	CHECK_EQ(responders("B"), 1);
	CHECK_EQ(associations("A") + associations("B"), 0);
}

static void association(void)
{
	pair("A B", "");
	say("A", "data=aa000000 reliable handle=1");
	expect(1, "A tx query via=q !data sp=tcp");
	expect(100, "B tx response via=udp sp=tcp rc scd=tcp@*:30000");
	expect(100, "A connect to=B.1:30000");
	expect(100, "A tx confirm via=tcp");
	expect(100, "A tx data via=tcp");
	expect(100, "B recv data=aa000000 validated=1");
	expect(100, "A status handle=1 sent=1");
	CHECK_EQ(associations("A"), 1);
	CHECK_EQ(associations("B"), 1);
}

/* Appendix D. */
static void golden(void)
{
	net("X A B");
	gist("A", "port=6789 tls=1");
	gist("B", "tls=1");
	app("A B", APP, "");
	flow("X.1:4000>B.2:5000 udp");
	say("A", "data=aa000000 reliable secure flow");
	expect(1, "A tx query via=q from=X.1:6789 to=B.2:270 c=1 r=1 s=0 d=0 qc sp scd");
	expect(100, "B tx response via=udp from=B.2:270 to=A.2:6789 c=0 r=1 s=1 d=1 qc rc sp scd=*tcp@*:*");
	expect(100, "A connect to=B.2:30001 tls=1");
	expect(100, "A tx confirm via=tls c=0 r=0 s=1 d=0 rc sp mpo=0");
	expect(100, "B recv data=aa000000 sec=1");
}

static void ports(void)
{
	net("C D");
	gist("C", "port=6789");
	gist("D", "");
	app("C D", APP, "");
	flow("C.1:4000>D.1:5000 udp");
	say("C", "data=aa000000");
	expect(1, "C tx query from=C.1:6789 to=D.1:270");
	expect(100, "D tx response from=D.1:270 to=C.1:6789");
	expect(100, "C tx confirm from=C.1:6789 to=D.1:270");
	expect(100, "C tx data from=C.1:6789 to=D.1:270");
	expect(100, "D recv data=aa000000");
	say("D", "d=1 data=bb000000");
	expect(1, "D tx data from=D.1:270 to=C.1:6789");
	expect(100, "C recv data=bb000000");
}

static void lost_confirm(void)
{
	pair("A B", "");
	drop(1, "A tx confirm");
	say("A", "data=aa000000");
	expect(200, "B tx error err=5/0");
	forget();
	expect(100, "A tx query");
	say("A", "data=bb000000");
	expect(5000, "B recv data=bb000000 validated=1");
}

static void lost_response(void)
{
	pair("A B", "");
	drop(1, "B tx response");
	say("A", "data=aa000000");
	expect(3000, "B recv data=aa000000");
	CHECK(count("A tx query") == 2);
}

static void lost_query(void)
{
	pair("A B", "");
	drop(2, "A tx query");
	say("A", "data=aa000000");
	expect(3000, "B recv data=aa000000");
}

static void disorder(void)
{
	unsigned int i, got;

	pair("A B", "");
	link_set(1, "jitter=400 dup=30 loss=10");
	for (i = 0; i < 20; i++)
		say("A", "data=aa000000 sid=%032x reliable", i + 1);
	run(30000);
	got = 0;
	for (i = 0; i < 20; i++)
		got += count("B recv data=aa000000 sid=%032x query=0", i + 1) == 1;
	CHECK_EQ(got, 20);
}

static void unreliable_loss(void)
{
	pair("A B", "");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	drop(1, "A tx data");
	say("A", "data=bb000000 handle=4");
	expect(100, "A status handle=4 sent=1");
	none(5000, "A status handle=4 sent=0");
	none(0, "B recv data=bb000000");
	link_set(1, "dup=100");
	say("A", "data=cc000000");
	run(100);
	CHECK(count("B recv data=cc000000") >= 1);
}

static void chain(void)
{
	pair("A B C", "");
	gist("C", "");
	app("C", APP, "");
	flow("A.1:4000>C.2:5000 udp");
	say("A", "data=aa000000 reliable");
	expect(1000, "B recv data=aa000000 hops=$h");
	say("B", "data=aa000000 reliable hops=$h");
	expect(1000, "C recv data=aa000000");
	say("C", "d=1 data=bb000000 reliable");
	expect(1000, "B recv data=bb000000 d=1");
	say("B", "d=1 data=bb000000 reliable");
	expect(1000, "A recv data=bb000000 d=1");
	CHECK_EQ(responders("B"), 1);
	CHECK_EQ(queriers("B"), 1);
}

static void ipv6(void)
{
	pair("A B", "");
	flow("A.1v6:4000>B.1v6:5000 udp");
	say("A", "data=aa000000 reliable");
	expect(1, "A tx query from=A.1v6:270 to=B.1v6:270");
	expect(100, "B tx response from=B.1v6:270 to=A.1v6:270 nli=B.1v6");
	expect(100, "A connect to=B.1v6:30000");
	expect(1000, "B recv data=aa000000");
}

static void both_versions(void)
{
	pair("A B", "");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	say("A", "data=bb000000 mri=A.1v6:4000>B.1v6:5000,p17");
	expect(1, "A tx query from=A.1v6:270");
	expect(1000, "B recv data=bb000000");
}

static void sids(void)
{
	static const char *const sid[] = {
		"00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff",
		"0123456789abcdeffedcba9876543210",
	};
	unsigned int i;

	pair("A B", "");
	for (i = 0; i < 3; i++) {
		say("A", "data=aa000000 sid=%s", sid[i]);
		expect(1000, "B recv data=aa000000 sid=%s", sid[i]);
	}
}

static void flows_and_sessions(void)
{
	pair("A B", "");
	say("A", "data=00000001 sid=00000000000000000000000000000001 mri=A.1:1>B.1:2,p17");
	say("A", "data=00000002 sid=00000000000000000000000000000001 mri=A.1:1>B.1:3,p17");
	say("A", "data=00000003 sid=00000000000000000000000000000002 mri=A.1:1>B.1:2,p17");
	say("A", "data=00000004 sid=00000000000000000000000000000002 mri=A.1:1>B.1:3,p17");
	run(1000);
	CHECK_EQ(count("B recv query=0 validated=1"), 4);
	CHECK_EQ(responders("B"), 4);
}

static void applications(void)
{
	pair("A B", "");
	app("A B", 32705, "rao=1002");
	say("A", "nslpid=32704 data=aa000000");
	expect(1, "A tx query nslpid=32704 rao=1000");
	say("A", "nslpid=32705 data=bb000000 reliable");
	expect(1, "A tx query nslpid=32705 rao=1002");
	expect(1000, "B recv query=0 nslpid=32704 data=aa000000 ma=0");
	expect(1000, "B recv query=0 nslpid=32705 data=bb000000 ma!=0");
}

static void loose(void)
{
	net("A B C");
	gist("A B", "");
	app("A B", APP, "");
	say("A", "data=aa000000 mri=le:A.1>192.0.2.1 reliable");
	expect(1000, "B recv query=1 mri=le:A.1>192.0.2.1 d=0");
	expect(1000, "B recv data=aa000000 mri=le:A.1>192.0.2.1 d=0 validated=1");
	say("B", "data=bb000000 mri=le:A.1>192.0.2.1 d=1");
	expect(1000, "A recv data=bb000000 mri=le:A.1>192.0.2.1 d=1");
}

static void upstream(void)
{
	net("A B");
	gist("A B", "");
	app("A B", APP, "");
	flow("B.1:4000>A.1:5000 udp");
	say("A", "d=1 discover data=aa000000 reliable");
	expect(1, "A tx query d=1 to=B.1:270 ttl=255");
	expect(100, "B tx response d=0");
	expect(1000, "B recv data=aa000000 d=1 validated=1");
	say("B", "data=bb000000");
	expect(1000, "A recv data=bb000000 d=0");
}

static void upstream_far(void)
{
	net("A B C D");
	gist("A D", "");
	app("A D", APP, "");
	flow("D.3:4000>A.1:5000 udp");
	say("A", "d=1 discover data=aa000000 handle=1");
	expect(200, "D tx error err=11/0");
	expect(100, "A status handle=1 sent=0");
}

static void ignored_nodes(void)
{
	net("A B C");
	gist("A C", "");
	app("A C", APP, "");
	flow("A.1:4000>C.2:5000 udp");
	say("A", "data=aa000000");
	expect(1000, "C recv data=aa000000 validated=1 peer=A.1");
	CHECK_EQ(count("B rx"), 0);
}

static void attributes(void)
{
	pair("A B", "");
	app("A", APP, "");
	say("A", "data=aa000000");
	expect(100, "B recv query=1 validated=0 explicit=0");
	expect(1000, "B recv data=aa000000 validated=1 explicit=0 sec=0 pname=-");
}

static void long_life(void)
{
	unsigned int i;

	pair("A B", "");
	say("A", "data=aa000000 reliable");
	for (i = 0; i < 40; i++) {
		run(60000);
		say("A", "data=bb000000 reliable");
		run(100);
	}
	CHECK_EQ(count("B recv data=bb000000"), 40);
	CHECK_EQ(count("A connect"), 1);
	CHECK_EQ(count("A network event=communication"), 0);
	CHECK_EQ(count("A network event=bad"), 0);
	CHECK(count("A tx query") > 60);
}

static void restarted_peer(void)
{
	pair("A B", "");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	gist_off("B");
	gist("B", "");
	app("B", APP, "");
	say("A", "data=bb000000");
	expect(1000, "B tx error err=5/0");
	run(1000);
	say("A", "data=cc000000");
	expect(1000, "B recv data=cc000000 validated=1");
}

static void sided_refresh(void)
{
	pair("A B", "inactive=10000000");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	drop(0, "B tx response");
	run(29000);
	CHECK_EQ(responders("B"), 1);
	run(90000);
	CHECK_EQ(queriers("A"), 0);
}

static void no_teardown(void)
{
	pair("A B", "");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	run(100);
	forget();
	gist_set_lifetime(engine("A"), APP, NULL, the_flow(), 0);
	none(60000, "A tx");
	CHECK_EQ(queriers("A") + responders("B"), 0);
}

static void hello_both(void)
{
	pair("A B", "hold=4000 inactive=10000000");
	say("A", "data=aa000000 reliable");
	expect(1000, "B recv data=aa000000");
	run(120000);
	CHECK_EQ(count("A connect"), 1);
	CHECK(count("A tx hello") > 20);
	CHECK(count("B tx hello") > 20);
	CHECK_EQ(count("down"), 0);
}

static void handed_up_once(void)
{
	pair("A B", "");
	say("A", "data=aa000000 reliable");
	run(2000);
	CHECK_EQ(count("B recv data=aa000000"), 1);
	CHECK_EQ(count("B recv query=1"), 1);
}

static const struct sim_test tests[] = {
	{ "GIST-3.2-01,GIST-4.4.1-05,GIST-5.5-04,GIST-5.5-05,GIST-5.1-19,GIST-B.3-01 in datagrams", datagrams },
	{ "GIST-3.2-01,GIST-5.7.1-01,GIST-5.7.2-01,GIST-5.7.2-08,GIST-5.5-04,GIST-5.1-13,GIST-4.1.2-04,GIST-5.7.2-05 by an association",
	  association },
	{ "GIST-D-01,GIST-5.7.2-07,GIST-5.3.1-08 the example of appendix D", golden },
	{ "GIST-5.3.1-08,GIST-5.3.2.3-04,GIST-4.2.1-03 ports are those of the Query", ports },
	{ "GIST-5.3.3-19,GIST-4.4.6-09 a lost Confirm is noticed by Data, and made good", lost_confirm },
	{ "GIST-5.3.3-01 a lost Response", lost_response },
	{ "GIST-5.3.3-01 lost Queries", lost_query },
	{ "GIST-4.1.2-01 loss, copies, disorder", disorder },
	{ "GIST-4.1.2-05 unreliable is unreliable", unreliable_loss },
	{ "GIST-4.2.1-02,GIST-4.3.3-05,GIST-2-02 three nodes, both ways", chain },
	{ "GIST-7.4-01,GIST-7.4-02 IPv6", ipv6 },
	{ "GIST-7.4-01 both versions side by side", both_versions },
	{ "GIST-2-01,GIST-3.7-01 any SID, bit for bit", sids },
	{ "GIST-3.7-02,GIST-4.2.1-01 flows and sessions in any combination", flows_and_sessions },
	{ "GIST-D-02,GIST-3.8-01,GIST-9-03,GIST-5.8.1.2-07 two applications on one flow, one by datagram, one by association", applications },
	{ "GIST-5.8-01,GIST-A.3.1.2-03,GIST-5.8.2.1-02 loose-end, both ways", loose },
	{ "GIST-5.8.1.3-01,GIST-5.8.1.3-05,GIST-A.3.1.1-17,GIST-5.8.1.1-04 asked upstream, both ways", upstream },
	{ "GIST-5.8.1.3-13 upstream, but too far", upstream_far },
	{ "nodes without GIST are not noticed", ignored_nodes },
	{ "GIST-4.1.2-08,GIST-B.2-04,GIST-8.2-01 what the application is told of the sender", attributes },
	{ "GIST-7.1.2-05,GIST-4.4.4-06,GIST-6.4-08 forty minutes", long_life },
	{ "GIST-4.4.6-09,GIST-4.4.6-05 a peer that was restarted", restarted_peer },
	{ "GIST-4.4.4-08 Queries refresh one side, Responses the other", sided_refresh },
	{ "GIST-4.4.4-09,GIST-B.5-02,GIST-4.4.4-11 state is not torn down, it ends", no_teardown },
	{ "GIST-4.4.5-14,GIST-4.4.5-04,GIST-6.4-08 short hold times", hello_both },
	{ "GIST-4.1.2-01,GIST-6.1-03 handed up once", handed_up_once },
};

SIM_MAIN(tests)
