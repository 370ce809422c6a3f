// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What passes through (RFC 5971, 4.3.1, 4.3.2, 4.3.4, 5.3.2).
 *
 * natfw-test: host quick
 */
#include <string.h>

#include "scenes.h"

/* R - B - C: B is on the way. */
static void middle(const char *options)
{
	net("R B C");
	gist("B", options);
	app("B", APP, "");
	flow("R.1:4000>C.2:5000 udp");
}

/* Not an exact match: goes on as it is. */
static void near_miss(void)
{
	middle("");
	sim_relaxed = true;
	raw("R", "%s", sim_now->arg[0]);
	expect(100, "C rx ttl=63");
	none(1000, "B tx");
	none(0, "B relay");
	none(0, "B recv");
	CHECK_EQ(queriers("B") + responders("B"), 0);
}

static void other_octets(void)
{
	middle("");
	raw_octets("R", "C.2:270", "000102030405060708090a0b0c0d0e0f10");
	expect(100, "C rx size=17");
	raw_octets("R", "C.2:271", "4e04bda5010a00000021804000000000");
	expect(100, "C rx to=C.2:271");
	none(100, "B tx");
}

static void taken(void)
{
	middle("");
	raw("R", "query hops=5 : +data=bb000000");
	expect(100, "B recv query=1 data=bb000000 hops=4");
	expect(10, "B tx response");
	none(1000, "C rx query");
}

static void foreign_application(void)
{
	struct event *in, *out;

	middle("");
	sim_relaxed = true;
	raw("R", "query nslpid=33 hops=10 ttl=40 : +obj=2000:2:0badcafe");
	in = expect(10, "R tx query");
	out = expect(100, "C rx query hops=9 ttl=39 nslpid=33 rao=1000");
	CHECK_EQ(in->len, out->len);
	out->octets[1]++;
	CHECK(!memcmp(in->octets, out->octets, in->len));
	out->octets[1]--;
	none(1000, "B tx");
	none(0, "B recv");
}

static void foreign_alert(void)
{
	struct event *in, *out;

	middle("");
	raw("R", "query nslpid=33 rao=4711 hops=10 ttl=40");
	in = expect(10, "R tx query");
	out = expect(100, "C rx query hops=10 ttl=39");
	CHECK(in->len == out->len && !memcmp(in->octets, out->octets, in->len));
	none(1000, "B tx");
}

static void ours_by_foreign_alert(void)
{
	middle("");
	raw("R", "query rao=4711");
	expect(100, "B recv query=1");
	expect(10, "B tx response");
}

static void not_looked_at(void)
{
	struct event *in, *out;

	middle("bypass_checks=1");
	sim_relaxed = true;
	raw("R", "query nslpid=33 : %s", sim_now->arg[0]);
	in = expect(10, "R tx query");
	out = expect(100, "C rx query");
	CHECK_EQ(in->len, out->len);
	out->octets[1] = in->octets[1];
	CHECK(!memcmp(in->octets, out->octets, in->len));
	none(1000, "B tx");
}

static void last_hop(void)
{
	middle("");
	raw("R", "query nslpid=33 hops=1");
	expect(100, "B tx error err=2/0 to=R.1:270");
	none(1000, "C rx");
}

static void no_hops(void)
{
	middle("");
	raw("R", "query nslpid=33 hops=0");
	expect(100, "B tx error err=2/0");
	none(1000, "C rx");
}

static void last_ttl(void)
{
	middle("");
	raw("R", "query nslpid=33 ttl=1");
	none(1000, "C rx");
	raw("R", "query nslpid=33 ttl=1 rao=4711");
	none(1000, "C rx");
}

static void hops_one_here(void)
{
	middle("");
	raw("R", "query hops=1");
	expect(100, "B recv query=1 hops=0");
	expect(10, "B tx response");
}

static void hops_one_declined(void)
{
	middle("");
	app("B", APP, "propagate");
	raw("R", "query hops=1");
	expect(100, "B recv query=1 hops=0");
	none(1000, "C rx");
	CHECK(count("B tx error err=2/0") <= 1);
}

static void declined(void)
{
	struct event *in, *out;

	middle("");
	sim_relaxed = true;
	app("B", APP, "propagate");
	raw("R", "query hops=10 ttl=40 res=31 : mri sid nli obj=2000:2:0badcafe qc obj=2001:2: sp scd data=bb000000");
	in = expect(10, "R tx query");
	out = expect(100, "C rx query hops=9 ttl=39 rao=1000 from=R.1:270 to=C.2:270");
	CHECK_EQ(in->len, out->len);
	out->octets[1] = in->octets[1];
	CHECK(!memcmp(in->octets, out->octets, in->len));
	none(1000, "B tx");
}

static void declined_payload(void)
{
	middle("");
	app("B", APP, "propagate answer=cafe0000cafe0001");
	raw("R", "query : +data=bb000000");
	expect(100, "C rx query data=cafe0000cafe0001 objs=0,1,2,5,8 qc=c00c1e5500112233 words=$w");
	CHECK(*var("w"));
	raw("R", "query : -qc +qc=2222222222222222");
	expect(100, "C rx query data=cafe0000cafe0001 qc=2222222222222222");
}

static void declined_order(void)
{
	middle("");
	sim_relaxed = true;
	app("B", APP, "propagate answer=cafe0000");
	raw("R", "query : mri obj=2000:2:0badcafe sid nli obj=2001:2:00000001 qc data=bb000000");
	expect(100, "C rx query objs=0,2000!2,1,2,2001!2,5,8 data=cafe0000");
}

static void not_stored(void)
{
	net("R B C");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>C.2:5000 udp");
	raw("R", "query : +obj=2000:2:0badcafe");
	expect(100, "B tx response objs=0,1,2,5,6");
	say("B", "data=aa000000");
	expect(10, "B tx query objs=0,1,2,5");
}

static void reply_past(void)
{
	net("A B C");
	gist("A C", "");
	app("A C", APP, "");
	gist("B", "");
	app("B", APP, "propagate");
	flow("A.1:4000>C.2:5000 udp");
	say("A", "data=aa000000 reliable");
	expect(2000, "C recv data=aa000000 validated=1");
	CHECK(count("B relay query") >= 1);
	CHECK_EQ(count("B tx"), 0);
	CHECK_EQ(count("B recv query=0"), 0);
	CHECK_EQ(queriers("B") + responders("B") + associations("B"), 0);
}

static void error_past(void)
{
	net("R B C");
	gist("B C", "");
	app("B", APP, "propagate");
	app("C", APP, "");
	flow("R.1:4000>C.2:5000 udp");
	raw("R", "query : -qc");
	/* B relays only what it can read: the fault is told by one of them */
	expect(200, "R rx error err=9/2");
	none(1000, "R rx error");
}

static void error_of_last(void)
{
	net("R B C");
	gist("B C", "");
	app("B", APP, "");
	app("C", APP, "");
	flow("R.1:4000>C.2:5000 udp");
	raw("R", "query nslpid=33");
	expect(200, "C tx error err=7/0 to=R.1:270");
	expect(100, "R rx error err=7/0 from=C.2:270");
	CHECK_EQ(count("B tx"), 0);
}

static void too_large(void)
{
	middle("bypass_checks=1");
	link_set(2, "mtu=400");
	raw("R", "query nslpid=33 : +data=zeros:400");
	expect(100, "B tx error err=8/0 eclass=4 ais=1 ai=2:400 to=R.1:270");
	none(1000, "C rx");
}

static void too_large_declined(void)
{
	middle("");
	app("B", APP, "propagate");
	link_set(2, "mtu=400");
	raw("R", "query : +data=zeros:400");
	expect(100, "B tx error err=8/0 ai=2:400");
}

static void wild(void)
{
	middle("bypass_checks=1");
	raw("R", "query nslpid=33 to=C.2:270 : -mri +mri=R.1/32>C.2/0,p17");
	expect(100, "B tx error err=12/0 eclass=4 ais=1 ai=4:*:0000*");
	none(1000, "C rx");
	gist("B", "bypass_checks=0");
	raw("R", "query nslpid=33 to=C.2:270 : -mri +mri=R.1/32>C.2/0,p17");
	expect(100, "C rx query");
}

static void unknown_method(void)
{
	middle("bypass_checks=1");
	raw("R", "query nslpid=33 to=C.2:270 : -mri +mri=hex:780000000a0001120a000203");
	expect(100, "C rx query mri.hex=780000000a0001120a000203");
	none(1000, "B tx");
}

static void loop(void)
{
	unsigned int n;

	net("R B C");
	gist("B C", "");
	app("B C", APP, "");
	w_away("B");
	flow("R.1:4000>C.2:5000 udp");
	raw("R", "query nslpid=33 to=192.0.2.1:270 hops=20 ttl=255");
	run(10000);
	n = count("relay") + count("pass");
	CHECK(n > 10 && n <= 20);
}

static void ttl_consistent(void)
{
	net("R B C D");
	gist("B C", "");
	app("B C", APP, "");
	flow("R.1:4000>D.3:5000 udp");
	raw("R", "query nslpid=33 hops=10 ttl=40");
	expect(200, "D rx query hops=8 ttl=38");
}

static void stream_through(void)
{
	net("A B C");
	gist("A C", "");
	app("A C", APP, "");
	gist("B", "");
	app("B", 33, "");
	flow("A.1:4000>C.2:5000 udp");
	say("A", "data=aa000000 reliable");
	expect(2000, "C recv data=aa000000");
	CHECK_EQ(associations("B"), 0);
	CHECK_EQ(count("B recv"), 0);
}

static void application_by_number(void)
{
	middle("");
	app("B", 32705, "rao=1000");
	raw("R", "query nslpid=32705 : +data=bb000000");
	expect(100, "B recv nslpid=32705 query=1 data=bb000000");
	raw("R", "query nslpid=32704 : +data=bb000000");
	expect(100, "B recv nslpid=32704 query=1 data=bb000000");
}

static void data_in_transit(void)
{
	middle("");
	raw("R", "data via=q c=1 to=C.2:270 : -data +data=bb000000");
	expect(100, "B recv data=bb000000 validated=0 query=0");
}

static void flow_data(void)
{
	middle("");
	raw_octets("R", "C.2:5000", "00112233");
	expect(100, "C rx to=C.2:5000");
}

static void busy(void)
{
	unsigned int i;

	net("R B C");
	gist("B", "rate=2000 burst=2000");
	app("B", APP, "");
	flow("R.1:4000>C.2:5000 udp");
	for (i = 0; i < 50; i++)
		raw("R", "query : -sid +sid=%032x", i);
	run(100);
	CHECK(count("B tx response") < 40);
	/* what is only passed on is not limited */
	for (i = 0; i < 50; i++)
		raw("R", "query nslpid=33 : -sid +sid=%032x", i);
	run(100);
	CHECK_EQ(count("C rx query nslpid=33"), 50);
}

static const struct sim_test tests[] = {
	{ "GIST-4.3.1-04,GIST-4.3.4-01,GIST-3.6-02 another port goes on", near_miss,
	  { "query to=C.2:271" } },
	{ "GIST-4.3.1-04,GIST-3.6-02,GIST-5.3.2.3-08,GIST-5.3.2.3-09 without magic number it goes on", near_miss,
	  { "query nomagic" } },
	{ "GIST-3.6-01,GIST-4.3.1-04,GIST-5.3.2-03 without router alert it goes on", near_miss,
	  { "query norao" } },
	{ "GIST-3.6-01 a Confirm for somebody else goes on", near_miss,
	  { "confirm to=C.2:270 : +rc=01020304" } },
	{ "GIST-3.6-01 Data for somebody else goes on", near_miss, { "data to=C.2:270" } },
	{ "GIST-3.6-01 a Response for somebody else goes on", near_miss,
	  { "response to=C.2:270 : -qc +qc=01020304" } },
	{ "GIST-3.6-01 with router alert but C=0 it goes on", near_miss,
	  { "data to=C.2:270 via=q c=0" } },
	{ "GIST-4.3.1-04 another version goes on", near_miss, { "query ver=2" } },
	{ "GIST-5.3.2.3-06,GIST-5.3.2.3-08,GIST-5.3.2.3-09 other octets to the port go on", other_octets },
	{ "GIST-4.3.1-05,GIST-4.3.1-06,GIST-4.3.1-11 a Query for an application here is taken", taken },
	{ "GIST-4.3.4-03,GIST-4.3.4-08,GIST-4.3.4-20,GIST-4.3.2-07,GIST-3.7-01,GIST-4.3.4-21 our router alert, another's Query: one hop less, nothing else",
	  foreign_application },
	{ "GIST-4.3.4-02,GIST-4.3.4-08 another's router alert and Query: not even that", foreign_alert },
	{ "GIST-4.3.1-07 the router alert does not decide", ours_by_foreign_alert },
	{ "GIST-4.3.4-19 unknown objects are not looked at", not_looked_at,
	  { "+obj=2000:0:00000000" } },
	{ "GIST-4.3.4-19 AB=11 is not looked at", not_looked_at, { "-sid +sid!3" } },
	{ "GIST-4.3.4-19 duplicates are not looked at", not_looked_at, { "+sid +qc" } },
	{ "GIST-4.3.4-19,GIST-4.3.4-20 order is not looked at", not_looked_at, { "mri qc sid data nli" } },
	{ "GIST-4.3.4-19 missing objects are not looked at", not_looked_at, { "mri" } },
	{ "GIST-4.3.4-14,GIST-A.4.4.2-01,GIST-4.3.1-10 the last hop is used up: 2/0", last_hop },
	{ "GIST-4.3.1-09 no hop at all: 2/0", no_hops },
	{ "the last TTL is used up", last_ttl },
	{ "GIST-A.1-03 the last hop is enough to get here", hops_one_here },
	{ "GIST-A.1-03,GIST-4.3.1-10 but no further", hops_one_declined },
	{ "GIST-4.3.2-04,GIST-4.3.2-07,GIST-4.3.2-08,GIST-4.3.2-09,GIST-A.2.1-03,GIST-3.7-01,GIST-4.3.1-11 a Query not taken goes on, octet for octet",
	  declined },
	{ "GIST-4.3.2-06,GIST-6.1-06 with another payload, if the application has one", declined_payload },
	{ "GIST-4.3.2-08,GIST-A.2.1-03 and objects in their order", declined_order },
	{ "GIST-A.2.1-03 objects to be forwarded are not kept", not_stored },
	{ "GIST-3.2-02,GIST-4.3.2-05 beyond the first Query the node between has no part", reply_past },
	{ "GIST-4.3.2-10 one Error, from one of them", error_past },
	{ "GIST-4.3.2-10,GIST-4.3.4-05 the last node's Error goes to the originator", error_of_last },
	{ "GIST-4.3.4-12,GIST-A.4.4.8-01,GIST-A.4.2-03 too large for the next link: 8/0", too_large },
	{ "GIST-4.3.4-12,GIST-A.4.4.8-01 also when the application passes it on", too_large_declined },
	{ "GIST-4.3.4-16,GIST-4.3.4-22,GIST-A.4.4.12-02 too many paths: 12/0, if wanted", wild },
	{ "GIST-4.3.4-18 an unknown routing method goes on", unknown_method },
	{ "GIST-4.3.4-10 loops end", loop },
	{ "GIST-4.3.4-10,GIST-4.3.4-08 each node takes one of each", ttl_consistent },
	{ "GIST-3.2-02 associations of others go through", stream_through },
	{ "GIST-3.8-01,GIST-9-04,GIST-4.3.1-05 applications are told apart by number", application_by_number },
	{ "GIST-4.3.1-06 Data in Q-mode is taken as well", data_in_transit },
	{ "GIST-5.3.2.3-06 data of the flow is no signalling", flow_data },
	{ "GIST-5.3.2.3-10,GIST-5.3.2.3-11,GIST-5.3.3-22 what is answered is limited, what is passed on is not", busy },
};

SIM_MAIN(tests)
