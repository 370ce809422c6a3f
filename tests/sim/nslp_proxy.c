// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Proxy mode (RFC 5973, 3.7.6).
 *
 * natfw-test: host quick
 */
#include <stdlib.h>
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))
#define EXTP		"external p lt=60 efi=1/0 msn=1 nonce=deadbeef dti=p17,5000,0,0.0.0.0/0"

/* ------------------------------------------------------------------ EXTERNAL-PROXY at an edge-NAT */

static void started(void)
{
	edge("nat proxy=1");
	reserve_loose(EXTP);
	expect(2000, "A recv m=response msn=1 info=0201 ext=B.2:40000 sid=" S);
	expect(2000, "A recv query=0 m=create p=0 pe=0 nonce=deadbeef sid=$sid msn=$m lt=$lt "
	       "mri=pc:*/0>A.1/32:5000,p17 d=0");
	CHECK(strcmp(var("sid"), S));
	CHECK(atoi(var("lt")) <= 60 && atoi(var("lt")) > 0);
	CHECK_EQ(count("B gate op=open"), 0);
	CHECK_EQ(count("C recv"), 0);
}

static void created(void)
{
	edge("nat proxy=1");
	reserve_loose(EXTP);
	expect(2000, "A recv query=0 m=create sid=$sid msn=$m mri=$mri");
	IS(session_state("B", S), "established");
	run(200);
	CHECK_EQ(count("B gate op=open"), 0);
	say("A", "d=1 sid=$sid mri=$mri reliable data=[response lt=60 msn=$m info=0201]");
	expect(1000, "B gate op=open sid=$sid");
	IS(gate_state("B", var("sid")), "open");
	IS(gate_state("B", S), "held");
	forget();
}

static void not_wanted(void)
{
	edge("nat proxy=1");
	reserve_loose(EXTP);
	expect(2000, "A recv query=0 m=create sid=$sid msn=$m mri=$mri");
	say("A", "d=1 sid=$sid mri=$mri reliable data=[response msn=$m info=0502]");
	none(2000, "B gate op=open");
	IS(gate_state("B", S), "held");
}

static void refreshed(void)
{
	created();
	run(30000);
	CHECK_EQ(count("A recv query=0 m=create"), 1);
	reserve_loose("external p lt=60 efi=1/0 msn=2 nonce=deadbeef dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "A recv m=response msn=2 info=0201 ext=B.2:40000");
	expect(2000, "A recv query=0 m=create sid=$sid msn=%lu lt>=1", strtoul(var("m"), NULL, 10) + 1);
	none(20000, "A recv query=0 m=create");
}

static void not_refreshed(void)
{
	created();
	run(65000);
	CHECK_EQ(count("A recv query=0 m=create lt>=1"), 1);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	IS(gate_state("B", var("sid")), "none");
}

static void deleted(void)
{
	created();
	none(1000, "A recv query=0 m=create lt=0");
	reserve_loose("external p lt=0 efi=1/0 msn=2 nonce=deadbeef dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "A recv query=0 m=create sid=$sid lt=0");
	IS(session_state("B", S), "none");
	IS(gate_state("B", var("sid")), "none");
	none(0, "A recv m=response");
}

static void ended(void)
{
	created();
	app_close("B", S, true);
	run(500);
	IS(gate_state("B", var("sid")), "none");
	IS(session_state("B", var("sid")), "none");
}

static void refused_primary(void)
{
	edge("nat proxy=1");
	gate("B", "op=admit", "code=0704");
	reserve_loose(EXTP);
	expect(2000, "A recv m=response info=0704");
	none(2000, "A recv m=create");
}

static void without_p(void)
{
	edge("nat proxy=1");
	reserve_loose("external lt=60 efi=1/0 msn=1 nonce=deadbeef dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "A recv m=response info=0201");
	none(3000, "A recv m=create");
	CHECK_EQ(count("B gate op=open"), 0);
}

static void nonce_opaque(void)
{
	edge("nat proxy=1");
	reserve_loose("external p lt=60 efi=1/0 msn=1 nonce=00000000 dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "A recv query=0 m=create nonce=00000000");
}

static void at_firewall(void)
{
	edge("proxy=1");
	reserve("external p lt=60 efi=1/0 msn=1 nonce=deadbeef dti=p17,5000,4000,10.0.2.3/32");
	expect(2000, "A recv m=response info=0201");
	expect(2000, "A recv query=0 m=create nonce=deadbeef mri=pc:C.2/32:4000>A.1/32:5000,p17 sid=$sid msn=$m");
	say("A", "d=1 sid=$sid mri=C.2:4000>A.1:5000,p17 reliable data=[response lt=60 msn=$m info=0201]");
	expect(1000, "B gate op=open sid=$sid");
}

static void inner_nodes(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	nslp("B", "forward=1 fw out=2 proxy=1");
	nslp("C", "forward=1 nat edge out=3 proxy=1");
	flow("D.3:4000>A.1:5000 udp");
	reserve_loose(EXTP);
	expect(2000, "B tx m=external p=1 nonce=deadbeef");
	expect(2000, "A recv m=response info=0201 ext=C.3:40000");
	/* the CREATE comes from the edge, through the inner one */
	expect(2000, "C tx m=create p=0");
	expect(2000, "B tx m=create p=0 nonce=deadbeef");
	expect(2000, "A recv query=0 m=create nonce=deadbeef sid=$sid msn=$m mri=$mri");
	CHECK_EQ(count("B tx m=create"), 1);
	say("A", "d=1 sid=$sid mri=$mri reliable data=[response lt=60 msn=$m info=0201]");
	expect(1000, "B gate op=open");
	expect(1000, "C gate op=open");
	CHECK_EQ(count("D recv"), 0);
}

static void sender_known(void)
{
	edge("nat proxy=1");
	reserve_loose("external p lt=60 efi=1/0 msn=1 nonce=deadbeef dti=p6,20,0,203.0.113.9/32");
	expect(2000, "A recv query=0 m=create mri=pc:203.0.113.9/32>A.1/32:20,p6");
}

static void both_creates(void)
{
	created();
	enter("C.2:6000>B.2:40000,p17", "create lt=60 efi=1/0 msn=1");
	expect(2000, "A recv query=0 m=create sid=" S2 " !nonce");
	say("A", "d=1 sid=" S2 " mri=C.2:6000>A.1:5000,p17 reliable data=[response lt=60 msn=1 info=0201]");
	expect(2000, "C recv m=response info=0201");
	IS(gate_state("B", S2), "open");
	IS(gate_state("B", var("sid")), "open");
}

static void deny_no_create(void)
{
	edge("proxy=1");
	reserve("external p lt=60 efi=2/0 msn=1 nonce=deadbeef dti=p17,5000,4000,10.0.2.3/32");
	expect(2000, "A recv m=response info=0201");
	none(2000, "A recv m=create");
}

static void updated(void)
{
	created();
	reserve_loose("external p lt=60 efi=1/0 msn=2 nonce=deadbeef dti=p17,5555,0,0.0.0.0/0");
	expect(2000, "A recv m=response msn=2 info=0201");
	expect(2000, "A recv query=0 m=create sid=$sid mri=pc:*/0>A.1/32:5555,p17");
}

/* ------------------------------------------------------------------ CREATE-PROXY */

static void create_proxy(void)
{
	nf("edge proxy=1");
	ask("create p lt=60 efi=1/0 msn=5 nonce=01020304");
	expect(2000, "A recv m=response msn=5 lt=60 info=0201");
	CHECK(count("B gate op=open") == 1);
	IS(gate_state("B", S), "open");
	none(3000, "C recv");
	none(0, "C rx");
	CHECK_EQ(count("B tx query"), 0);
	CHECK_EQ(count("B relay"), 0);
}

static void create_proxy_refused(void)
{
	nf("nat edge proxy=1");
	gate("B", "op=admit", "code=0704");
	ask("create p lt=60 efi=1/0 msn=5 nonce=01020304");
	expect(2000, "A recv m=response info=0704");
	IS(session_state("B", S), "none");
}

static void create_proxy_goes_on(void)
{
	create_proxy();
	ask("create p lt=60 efi=1/0 msn=6 nonce=01020304");
	expect(2000, "A recv m=response msn=6 info=0201");
	ask("create p lt=0 efi=1/0 msn=7 nonce=01020304");
	run(100);
	IS(gate_state("B", S), "none");
	IS(session_state("B", S), "none");
	none(1000, "A recv m=response");
	none(0, "C recv");
	none(0, "C rx");
}

static void last_node(void)
{
	nf("proxy=1");
	gist_off("C");
	ask("create p lt=200 efi=1/0 msn=5 nonce=01020304");
	expect(100000, "A recv m=response msn=5 info=0201");
	IS(gate_state("B", S), "open");
}

static void inner_forwards_p(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	nslp("B", "forward=1 fw out=2 proxy=1");
	nslp("C", "forward=1 fw edge out=3 proxy=1");
	flow("A.1:4000>D.3:5000 udp");
	ask("create p lt=60 efi=1/0 msn=5 nonce=01020304");
	expect(2000, "B tx m=create p=1 pe=0 nonce=01020304");
	expect(2000, "C tx m=response info=0201");
	expect(2000, "A recv m=response info=0201");
	CHECK_EQ(count("D recv"), 0);
	IS(gate_state("B", S), "open");
	IS(gate_state("C", S), "open");
}

/* ------------------------------------------------------------------ and on beyond the edge */

static void beyond(void)
{
	nf("edge proxy=1");
	ask("create p pe lt=60 efi=1/0 msn=5 nonce=01020304");
	expect(2000, "A recv m=response msn=5 info=0201");
	expect(3000, "C recv query=0 m=create p=1 pe=1 msn=5");
	answer("response lt=60 msn=5 info=0201");
	run(1000);
	IS(session_state("B", S), "established");
	IS(gate_state("B", S), "open");
	CHECK(count("A recv m=response info=02*") >= 1);
	CHECK_EQ(count("A recv m=response info!=0201"), 0);
}

static void beyond_nobody(void)
{
	nf("edge proxy=1");
	gist_off("C");
	ask("create p pe lt=600 efi=1/0 msn=5 nonce=01020304");
	expect(2000, "A recv m=response msn=5 info=0201");
	expect(2000, "B tx query");
	run(100000);
	none(0, "A recv m=response");
	none(0, "A recv m=notify");
	IS(gate_state("B", S), "open");
}

static void beyond_external(void)
{
	edge("nat proxy=1");
	reserve_loose("external p pe lt=60 efi=1/0 msn=1 nonce=deadbeef dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "A recv m=response info=0201");
	expect(2000, "A recv query=0 m=create nonce=deadbeef");
	expect(2000, "B tx query to=192.0.2.99:270");
}

static void e_alone(void)
{
	nf("edge proxy=1");
	ask("create pe lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	CHECK_EQ(count("A recv m=response"), 0);
}

/* ------------------------------------------------------------------ the initiator */

static void initiator(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	CHECK_EQ(app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=B.1 proxy sid="
			  "deadbeef000000000000000000000001"), 0);
	expect(2000, "B recv query=0 m=external p=1 pe=0 nonce=deadbeef");
	CHECK_EQ(app_open("A", "create", "lt=60 flow=A.1:1>B.1:2,p17 proxy beyond"), 0);
	expect(2000, "B recv query=0 m=create p=1 pe=1 nonce");
}

/* A is asked for by an edge, by C as anybody else. */
static void initiator_answers(const char *respond)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", respond);
	app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=B.1 proxy sid="
		 "deadbeef000000000000000000000001");
	expect(2000, "B recv query=0 m=external msn=$m");
}

static void create_first(void)
{
	initiator_answers("respond=0");
	/* no RESPONSE to the EXTERNAL yet */
	say("B", "sid=" S2 " mri=B.1:1>A.1:5000,p17 reliable data=[create lt=60 efi=1/0 msn=7 nonce=deadbeef]");
	expect(2000, "B recv m=response msn=7 info=0201 sid=" S2);
	IS(session_state("A", "deadbeef000000000000000000000001"), "pending");
}

static void other_nonce(void)
{
	initiator_answers("respond=0");
	say("B", "sid=" S2 " mri=B.1:1>A.1:5000,p17 reliable data=[create lt=60 efi=1/0 msn=7 nonce=0badcafe]");
	expect(2000, "B recv m=response msn=7 info=05* sid=" S2);
}

static void no_nonce(void)
{
	initiator_answers("");
	say("B", "sid=" S2 " mri=B.1:1>A.1:5000,p17 reliable data=[create lt=60 efi=1/0 msn=7]");
	expect(2000, "B recv m=response msn=7 info=0201 sid=" S2);
	IS(session_state("A", S2), "established");
}

static void ends_meet(void)
{
	net("A B C");
	gist("A B C", "");
	nslp("A", "");
	nslp("B", "forward=1 nat edge out=2 proxy=1");
	app_open("A", "external", "lt=600 flow=0.0.0.0/0>A.1:21,p6 loose toward=192.0.2.99 proxy");
	expect(3000, "A event state=established external=B.2:40000 kind=1");
	expect(3000, "B gate op=open");
	app_open("A", "external", "lt=600 flow=203.0.113.9/32>A.1:20,p6 loose toward=192.0.2.99 proxy");
	expect(3000, "B gate op=open");
	CHECK_EQ(count("A event state=established kind=1 token=1"), 2);
	run(1500000);
	CHECK_EQ(count("B gate op=close"), 0);
	CHECK_EQ(count("gone"), 0);
}

static const struct sim_test tests[] = {
	{ "NATFW-3.7.6.1-02,NATFW-3.7.6.1-03,NATFW-3.7.6.1-09,NATFW-3.7.6.1-10,NATFW-3.7.6.1-11,NATFW-3.7.6.1-14,NATFW-3.7.6.1-23,NATFW-3.7.6-02,NATFW-3.7.6-04,NATFW-E-01,NATFW-E-02,NATFW-E-03,NATFW-4.3.1-07,NATFW-3.7.1-01 the edge answers, and asks the receiver",
	  started },
	{ "NATFW-3.7.6.1-15,NATFW-5.3-03,NATFW-E-04 open with the receiver's RESPONSE", created },
	{ "NATFW-3.7.6.1-15 not if it refuses", not_wanted },
	{ "NATFW-3.7.6.1-12,NATFW-3.7.3-04 refreshed when the EXTERNAL is, and only then", refreshed },
	{ "NATFW-3.7.6.1-06,NATFW-3.7.6.1-12,NATFW-3.7.6.1-23 it ends with the EXTERNAL", not_refreshed },
	{ "NATFW-3.7.6.1-13,NATFW-3.7.6.1-06 and is deleted with it", deleted },
	{ "NATFW-3.7.6.1-06 whoever ends it", ended },
	{ "NATFW-3.7.6.1-07 none if the EXTERNAL is refused", refused_primary },
	{ "NATFW-3.7.6-04,NATFW-3.7.6.1-16 none without P", without_p },
	{ "NATFW-4.2.6-02,NATFW-4.2.6-01 the nonce is copied whatever it is", nonce_opaque },
	{ "NATFW-3.7.6.1-03,NATFW-3.7.6.1-15 at an edge firewall", at_firewall },
	{ "NATFW-3.7.6-01,NATFW-3.7.6-05,NATFW-3.7.6.1-01 inner nodes are no proxies", inner_nodes },
	{ "NATFW-3.7.6.1-14,NATFW-E-05 the sender, if it is known", sender_known },
	{ "NATFW-3.7.6.1-17,NATFW-3.7.6.1-05,NATFW-3.7.6.1-18 the sender's own CREATE is another session", both_creates },
	{ "NATFW-3.7.6.1-07 a deny needs no CREATE", deny_no_create },
	{ "NATFW-3.7.6.1-14 an update is passed on", updated },
	{ "NATFW-3.7.6.2-01,NATFW-3.7.6.2-05,NATFW-3.7.6.2-06,NATFW-3.7.6.2-07,NATFW-3.7.6.3-07,NATFW-3.7.6-02,NATFW-3.7.6-03 the edge answers a CREATE-PROXY, and its rule is in force",
	  create_proxy },
	{ "NATFW-3.7.6.2-03 or refuses", create_proxy_refused },
	{ "NATFW-3.7.6.2-04 and stays the receiver", create_proxy_goes_on },
	{ "NATFW-3.7.6.2-02 the last node answers for the receiver", last_node },
	{ "NATFW-3.7.6-05,NATFW-3.7.6.2-01 inner nodes forward P", inner_forwards_p },
	{ "NATFW-3.7.6.3-02,NATFW-4.1-15,NATFW-3.7.6.3-05,NATFW-3.7.6.3-06,NATFW-3.7.6.2-08 with E it goes on beyond", beyond },
	{ "NATFW-3.7.6.3-03,NATFW-3.7.6.3-04 and nobody hears if that fails", beyond_nobody },
	{ "NATFW-3.7.6.3-02,NATFW-4.1-15,NATFW-3.7.6.3-03 EXTERNAL too", beyond_external },
	{ "NATFW-4.1-12 E alone is nothing", e_alone },
	{ "NATFW-4.1-08,NATFW-3.7.6-03,NATFW-3.7.6.1-08,NATFW-3.7.6.3-01,NATFW-4.1-03,NATFW-4.2.6-01,NATFW-7.2-01 the initiator's flags, and nonce", initiator },
	{ "NATFW-3.7.6.1-21,NATFW-3.7.6.1-04 a CREATE that is faster than the RESPONSE", create_first },
	{ "NATFW-3.7.6.1-22 another nonce is not ours", other_nonce },
	{ "NATFW-3.7.6.1-05 no nonce: a sender", no_nonce },
	{ "NATFW-3.7.6.1-17,NATFW-E-05,NATFW-3.7.6.1-12 two flows of one host, for a while", ends_meet },
};

SIM_MAIN(tests)
