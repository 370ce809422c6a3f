// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CREATE at initiator, forwarder, receiver (RFC 5973, 3.7.1).
 *
 * natfw-test: host quick
 */
#include <stdio.h>
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))

static void forwarded(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "B gate op=admit kind=allow trans=plain flow=A.1/32:4000>C.2/32:5000,p17 in=1 out=2 lt=60 "
	       "who=A.1 whoif=1");
	expect(1000, "B tx data via=tcp m=create lt=60 msn=5 efi=1/0 p=0 mri=pc:A.1/32:4000>C.2/32:5000,p17 d=0 "
	       "sid=" S);
	expect(1000, "C recv query=0 m=create");
	IS(session_state("B", S), "pending");
	IS(gate_state("B", S), "admitted");
	none(1000, "B gate op=open");
	answer("response lt=60 msn=5 info=0201");
	expect(1000, "B gate op=open lt=60 sid=" S);
	expect(1000, "A recv m=response lt=60 msn=5 info=0201 d=1");
	IS(session_state("B", S), "established");
	IS(gate_state("B", S), "open");
	CHECK_EQ(count("B tx m=response"), 1);
}

static void installed_before_told(void)
{
	const struct event *open, *told;

	nf("gate_delay=300");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	answer("response lt=60 msn=5 info=0201");
	open = expect(1000, "B answer op=1");
	told = expect(1000, "B tx m=response");
	CHECK(open->time <= told->time);
}

/* What the asking side says itself is no answer, whatever its number. */
static void own_response(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	say("A", "d=0 reliable data=[response lt=60 msn=5 info=0201]");
	expect(100, "A tx data via=tcp m=response");
	none(1000, "B gate op=open");
	none(0, "C recv m=response");
	IS(session_state("B", S), "pending");
}

/* GIST hands up, and says so, what it has no routing state for. */
static void without_state(void)
{
	nf("");
	raw("A", "data via=q c=1 nslpid=33 rao=65 from=A.1:270 to=C.2:270 : mri sid nli=A.1,pi=4141414141414141 "
	    "data=[create lt=60 efi=1/0 msn=5]");
	expect(100, "A tx data via=q");
	none(1000, "B gate");
	none(0, "B tx");
	IS(session_state("B", S), "none");
}

static void other_session_response(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "C recv query=0 m=create");
	say("C", "d=1 sid=" S2 " reliable data=[response lt=60 msn=5 info=0201]");
	none(2000, "B gate op=open");
	none(0, "A recv m=response");
	answer("response lt=60 msn=5 info=0201");
	expect(1000, "B gate op=open");
}

static void failed(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "C recv query=0 m=create");
	answer("response msn=5 info=%s", sim_now->arg[0]);
	expect(1000, "A recv m=response msn=5 info=%s", sim_now->arg[0]);
	expect(10, "B gate op=close");
	none(1000, "B gate op=open");
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

/* Classes that a RESPONSE cannot have. */
static void no_response(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "C recv query=0 m=create");
	answer("response lt=60 msn=5 info=%s", sim_now->arg[0]);
	none(2000, "B gate op=open");
}

static void duplicate_response(void)
{
	nf_established("");
	run(10000);
	answer("response lt=60 msn=5 info=0201");
	none(1000, "B gate op=open");
	CHECK(session_of("B", S, NULL));
	run(48000);
	IS(session_state("B", S), "established");
	run(3000);
	IS(session_state("B", S), "none");
}

static void not_reached(void)
{
	nf("");
	gist_off("C");
	ask("create lt=200 efi=1/0 msn=5");
	expect(100000, "A recv m=response msn=5 info=0507");
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	none(1000, "B gate op=open");
}

static void not_reached_endpoint(void)
{
	net("A B C");
	gist("A B C", "");
	app("A", 33, "");
	app("C", APP, "");
	nslp("B", "forward=1 fw out=2");
	flow("A.1:4000>C.2:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(5000, "A recv m=response info=0507");
	IS(session_state("B", S), "none");
}

static void three_nodes(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	nslp("B", "forward=1 fw out=2");
	nslp("C", "forward=1 fw out=3");
	flow("A.1:4000>D.3:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "D recv query=0 m=create msn=5 lt=60");
	say("D", "d=1 reliable data=[response lt=60 msn=5 info=0201]");
	expect(1000, "C gate op=open");
	expect(1000, "C tx m=response");
	expect(1000, "B gate op=open");
	expect(1000, "B tx m=response");
	expect(1000, "A recv m=response msn=5 info=0201 sid=" S " peer=B.1");
	CHECK_EQ(count("A recv m=response"), 1);
	/* hop by hop: nothing from D or C to A */
	CHECK_EQ(count("D tx data to=A.*"), 0);
	CHECK_EQ(count("C tx data to=A.*"), 0);
	IS(session_state("C", S), "established");
}

static void refused_in_the_middle(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	nslp("B", "forward=1 fw out=2");
	nslp("C", "forward=1 fw out=3");
	flow("A.1:4000>D.3:5000 udp");
	gate("C", "op=admit", "code=0502");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C tx m=response info=0502");
	expect(1000, "B tx m=response info=0502");
	expect(1000, "A recv m=response info=0502 msn=5 peer=B.1");
	none(1000, "D recv");
	IS(session_state("B", S), "none");
	IS(session_state("C", S), "none");
	IS(gate_state("B", S), "none");
	CHECK_EQ(count("B gate op=open"), 0);
}

static void transparent_node(void)
{
	net("A B C D");
	gist("A C D", "");
	gist("B", "");
	app("B", APP, "rao=65");
	app("A D", 33, "");
	nslp("C", "forward=1 fw out=3");
	flow("A.1:4000>D.3:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "D recv query=0 m=create");
	CHECK(count("B relay query nslpid=33") >= 1);
	CHECK_EQ(count("B recv"), 0);
	CHECK_EQ(count("B tx"), 0);
}

static void many_sessions(void)
{
	unsigned int i;
	char sid[40];

	nf("");
	for (i = 1; i <= 3; i++)
		CHECK_EQ(say("A", "reliable sid=%032x mri=A.1:%u>C.2:5000,p17 data=[create lt=60 efi=1/0 msn=5]",
			     i, 4000 + i), 0);
	for (i = 1; i <= 3; i++) {
		expect(2000, "C recv query=0 m=create sid=%032x mri=pc:A.1/32:%u>C.2/32:5000,p17", i, 4000 + i);
		say("C", "d=1 reliable sid=%032x mri=A.1:%u>C.2:5000,p17 data=[response lt=60 msn=5 info=0201]",
		    i, 4000 + i);
		expect(1000, "A recv m=response sid=%032x", i);
	}
	say("A", "reliable sid=%032x mri=A.1:4002>C.2:5000,p17 data=[create lt=0 efi=1/0 msn=6]", 2);
	run(100);
	for (i = 1; i <= 3; i++) {
		__builtin_snprintf(sid, sizeof(sid), "%032x", i);
		IS(gate_state("B", sid), i == 2 ? "none" : "open");
	}
}

static void gated_fields(void)
{
	nf("");
	CHECK_EQ(say("A", "reliable mri=%s data=[create lt=60 msn=5 %s]", sim_now->arg[0],
		     sim_now->arg[1]), 0);
	expect(1000, "B gate op=admit %s", sim_now->arg[2]);
}

static void tcp_association_udp_flow(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "A tx data via=tcp m=create");
	expect(1000, "B gate op=admit flow=A.1/32:4000>C.2/32:5000,p17");
}

static void ipv6(void)
{
	nf("");
	flow("A.1v6:4000>C.2v6:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "B gate op=admit flow=A.1v6/128:4000>C.2v6/128:5000,p17 trans=plain");
	granted(60, 5);
	IS(gate_state("B", S), "open");
}

static void rule_refused(void)
{
	nf("");
	gate("B", "op=admit", sim_now->arg[0]);
	ask("create lt=60 efi=1/0 msn=5");
	denied(sim_now->arg[1], "C");
	IS(session_state("B", S), "none");
}

static void gate_away(void)
{
	nf("");
	gate("B", "op=admit", "fail=32");
	ask("create lt=60 efi=1/0 msn=5");
	denied("0401", "C");
}

static void gate_silent(void)
{
	nf("");
	gate("B", "op=admit", "drop");
	ask("create lt=60 efi=1/0 msn=5");
	expect(15000, "A recv m=response info=0401");
	IS(session_state("B", S), "none");
}

static void open_fails(void)
{
	nf("");
	gate("B", "op=open", "code=0504");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "C recv query=0 m=create");
	answer("response lt=60 msn=5 info=0201");
	expect(1000, "A recv m=response info=0504");
	none(1000, "A recv m=response info=0201");
	expect(1000, "C recv m=notify info=0105");
	IS(session_state("B", S), "none");
}

static void loose_create(void)
{
	nf("");
	CHECK_EQ(say("A", "reliable mri=le:A.1>C.2 data=[create lt=60 efi=1/0 msn=5]"), 0);
	run(3000);
	CHECK_EQ(count("C recv query=0"), 0);
	CHECK_EQ(count("B gate op=admit"), 0);
	CHECK_EQ(count("B tx m=response info=02*"), 0);
}

/* ------------------------------------------------------------------ receiver */

static void receiver(void)
{
	nr("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "A recv m=response lt=60 msn=5 info=0201 d=1 mri=pc:A.1/32:4000>B.1/32:5000,p17 sid=" S);
	CHECK_EQ(count("B tx m=response"), 1);
	IS(session_state("B", S), "established");
	none(1000, "B tx m=create");
}

static void receiver_refuses(void)
{
	nr("fw");
	gate("B", "op=admit", "code=0502");
	ask("create lt=60 efi=1/0 msn=5");
	expect(1000, "A recv m=response msn=5 info=0502");
	IS(session_state("B", S), "none");
}

static void receiver_response(void)
{
	nr_established("");
	say("A", "reliable data=[response lt=60 msn=5 info=0201]");
	say("A", "reliable data=[response lt=60 msn=5 info=0502]");
	none(2000, "B tx data");
	IS(session_state("B", S), "established");
}

static void unknown_response(void)
{
	nr("");
	say("A", "reliable sid=" S2 " data=[response lt=60 msn=5 info=0201]");
	none(2000, "B tx data");
	none(0, "B gate");
	IS(session_state("B", S2), "none");
}

/* ------------------------------------------------------------------ initiator */

static void initiator(void)
{
	ni("");
	CHECK_EQ(app_open("A", "create", "lt=60"), 0);
	expect(1, "A tx query to=B.1:270 mri=pc:A.1/32:4000>B.1/32:5000,p17 d=0 nslpid=33");
	expect(2000, "B recv query=0 m=create lt=60 efi=1/0 p=0 pe=0 msn=$msn sid=$sid d=0 "
	       "mri=pc:A.1/32:4000>B.1/32:5000,p17");
	none(100, "A event state=established");
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=$msn info=0201]");
	expect(1000, "A event state=established lt=60 sid=$sid");
	none(1000, "A tx m=response");
	none(0, "A tx m=notify");
}

static void initiator_parameters(void)
{
	ni("");
	flow("A.1:4000>B.1:6000 tcp");
	CHECK_EQ(app_open("A", "create", "lt=77 more=1"), 0);
	expect(2000, "B recv query=0 m=create lt=77 efi=1/1 mri=pc:A.1/32:4000>B.1/32:6000,p6");
}

static void initiator_icmp(void)
{
	ni("");
	CHECK_EQ(app_open("A", "create", "lt=77 flow=A.1>B.1,p1 icmp=8"), 0);
	expect(2000, "B recv query=0 m=create icmp=01080000 mri=pc:A.1/32>B.1/32,p1");
}

static void initiator_error(void)
{
	ni("");
	app_open("A", "create", "lt=60");
	expect(2000, "B recv query=0 m=create msn=$msn sid=$sid");
	say("B", "d=1 reliable sid=$sid data=[response msn=$msn info=%s]", sim_now->arg[0]);
	expect(30000, "A event state=dead code=%s", sim_now->arg[0]);
	none(1000, "A event state=established");
}

static void initiator_no_lt(void)
{
	ni("");
	app_open("A", "create", "lt=60");
	expect(2000, "B recv query=0 m=create msn=$msn sid=$sid");
	say("B", "d=1 reliable sid=$sid data=[response msn=$msn info=0201]");
	none(3000, "A event state=established");
}

static void initiator_other_msn(void)
{
	ni("");
	app_open("A", "create", "lt=60 msn=100");
	expect(2000, "B recv query=0 m=create msn=101 sid=$sid");
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=100 info=0201]");
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=102 info=0201]");
	none(2000, "A event state=established");
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=101 info=0201]");
	expect(1000, "A event state=established");
}

static void initiator_silence(void)
{
	ni("");
	app_open("A", "create", "lt=30");
	expect(2000, "B recv query=0 m=create");
	expect(31000, "A event state=dead");
	none(0, "A event state=established");
}

static void initiator_nobody(void)
{
	ni("");
	gist_off("B");
	app_open("A", "create", "lt=300");
	expect(301000, "A event state=dead");
}

static void initiator_own_create(void)
{
	ni_established("");
	say("B", "d=0 reliable mri=A.1:4000>B.1:5000,p17 sid=$sid discover data=[create lt=60 efi=1/0 msn=9]");
	say("B", "mri=B.1:4000>A.1:5000,p17 sid=$sid reliable data=[create lt=60 efi=1/0 msn=4000000000]");
	none(3000, "A tx data");
	IS(session_state("A", var("sid")), "established");
}

static void octets(void)
{
	nr("");
	ask("create lt=300 efi=1/0 msn=7");
	expect(2000, "A recv m=response data=03000000000c00010000012c0010000102010000*");
	CHECK_EQ(count("A recv m=response data=*0012000100000007*"), 1);
	/* the session id is GIST's, not in the message */
	CHECK_EQ(count("data=*" S "*"), 0);
}

static void wild_refused_below(void)
{
	nf("");
	raw("A", "query nslpid=33 rao=65 from=A.1:270 to=C.2:270 : mri=hex:780000000a0001010a000203 sid "
	    "nli=A.1,pi=4141414141414141 qc");
	expect(500, "B tx error err=10/1");
	CHECK_EQ(count("B gate"), 0);
}

static void asymmetric(void)
{
	/* A > C by B, back the other way by D: the RESPONSE comes by B all the same */
	net("A B C; A D C");
	link_set(3, "cost=5");
	gist("A B C D", "");
	app("A C", 33, "");
	nslp("B", "forward=1 fw out=2");
	nslp("D", "forward=1 fw out=4");
	flow("A.1:4000>C.2:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	link_set(1, "cost=20");
	link_set(2, "cost=20");
	answer("response lt=60 msn=5 info=0201");
	expect(2000, "B gate op=open");
	expect(2000, "A recv m=response peer=B.1");
	CHECK_EQ(count("D gate"), 0);
	CHECK_EQ(count("C tx query"), 0);
}

static void sids(void)
{
	unsigned int i, k, v, ones[16] = { 0 }, all[16];
	char name[16];

	for (k = 0; k < 16; k++)
		all[k] = 255;

	ni("");
	for (i = 0; i < 40; i++) {
		__builtin_snprintf(name, sizeof(name), "s%u", i);
		app_open("A", "create", "lt=60 flow=A.1:%u>B.1:5000,p17", 1000 + i);
		expect(3000, "A event state=pending sid=$%s", name);
		run(20);
		CHECK_EQ(count("A event state=pending sid=%s", var(name)), 1);
		for (k = 0; k < 16 && sscanf(var(name) + 2 * k, "%2x", &v) == 1; k++) {
			ones[k] |= v;
			all[k] &= v;
		}
	}
	/* each of 128 bits is now this, now that */
	for (k = 0; k < 16; k++) {
		CHECK_EQ(ones[k], 255);
		CHECK_EQ(all[k], 0);
	}
}

static void reserved_classes(void)
{
	failed();
}

static const struct sim_test tests[] = {
	{ "NATFW-3.2.1-02,NATFW-3.2.1-04,NATFW-3.2.8-03,NATFW-3.2.8-04,NATFW-3.2.8-06,NATFW-3.7.1-17,NATFW-3.7.1-18,NATFW-3.7.1-29,NATFW-3.7.1-26,NATFW-1.2-04,NATFW-1.1-02,NATFW-3.1-01,NATFW-3.4-12,NATFW-3.5-02,NATFW-3.5-10,NATFW-4-04 a firewall remembers, forwards, and installs with the RESPONSE",
	  forwarded },
	{ "NATFW-3.2.1-04,NATFW-3.7.1-29 the rule is there before the RESPONSE goes on", installed_before_told },
	{ "NATFW-3.7.1-25,NATFW-3.7.1-26 a RESPONSE from the asking side installs nothing", own_response },
	{ "NATFW-3.2.8-13 a CREATE without routing state is nothing", without_state },
	{ "NATFW-3.7.1-26,NATFW-3.7.1-33 a RESPONSE of another session installs nothing", other_session_response },
	{ "NATFW-3.2.8-08,NATFW-3.7.1-30,NATFW-3.2.7-05 class 3: Dead, and passed on", failed, { "0304" } },
	{ "NATFW-3.2.8-08,NATFW-3.2.7-05 class 4: Dead, and passed on", failed, { "0401" } },
	{ "NATFW-3.2.8-08,NATFW-3.7.1-30,NATFW-3.2.7-05 class 5: Dead, and passed on", failed, { "0507" } },
	{ "NATFW-3.2.8-08,NATFW-3.2.7-05 class 7: Dead, and passed on", failed, { "0704" } },
	{ "NATFW-4.2.5-21 a code not known counts as its class", reserved_classes, { "077f" } },
	{ "NATFW-3.2.7-04,NATFW-3.2.7-03 class 1 is no success", no_response, { "0101" } },
	{ "NATFW-3.2.7-03 class 0 is no success", no_response, { "0001" } },
	{ "NATFW-3.2.7-03,NATFW-3.2.7-05 class 6 is no success", no_response, { "0601" } },
	{ "NATFW-3.2.7-03,NATFW-3.2.7-05 class 15 is no success", no_response, { "0f01" } },
	{ "NATFW-3.7.1-35 a success again has no effect", duplicate_response },
	{ "NATFW-3.7.1-05,NATFW-3.7.1-06,NATFW-3.7.1-07,NATFW-4.2.5-20 nobody further on: 5/0x07", not_reached },
	{ "NATFW-3.7.1-05,NATFW-3.7.1-06 the end of the path has no NATFW: 5/0x07", not_reached_endpoint },
	{ "NATFW-3.7.1-25,NATFW-3.3-07,NATFW-1.2-05,NATFW-1.1-02,NATFW-3.5-03,NATFW-2.3-01 two forwarders, hop by hop", three_nodes },
	{ "NATFW-3.3-07,NATFW-3.6-06,NATFW-3.3-06,NATFW-3.7.1-30 the second refuses: the first forgets", refused_in_the_middle },
	{ "NATFW-3.2-02,NATFW-3.7.1-02,NATFW-3.2-01 a node without NATFW is passed", transparent_node },
	{ "NATFW-1.2-06,NATFW-1.1-03,NATFW-5.2.1-07 sessions are independent", many_sessions },
	{ "NATFW-1.4-01,NATFW-3.1-04,NATFW-D.2-01,NATFW-3.7-01 the rule has the flow's five values", gated_fields,
	  { "A.1:34543>C.2:23198,p17", "efi=1/0", "flow=A.1/32:34543>C.2/32:23198,p17 kind=allow" } },
	{ "NATFW-3.1-04,NATFW-4.2.4-08,NATFW-4.2.4-12 two ports", gated_fields,
	  { "A.1:4000>C.2:5004,p17", "efi=1/1", "flow=A.1/32:4000>C.2/32:5004,p17,+1" } },
	{ "NATFW-4.2.4-07 one port", gated_fields,
	  { "A.1:4000>C.2:5004,p17", "efi=1/0", "flow=A.1/32:4000>C.2/32:5004,p17" } },
	{ "NATFW-3.1-08 an SPI in place of ports", gated_fields,
	  { "A.1>C.2,p50,spi4660", "efi=1/0", "flow=A.1/32>C.2/32,p50,spi4660" } },
	{ "NATFW-4.2.9-03,NATFW-4.3.1-04,NATFW-4.2.9-02 ICMP types", gated_fields,
	  { "A.1>C.2,p1", "efi=1/0 icmp=8,0,11", "flow=A.1/32>C.2/32,p1,icmp8.0.11" } },
	{ "NATFW-D.1-01 wildcards", gated_fields,
	  { "A.1/24>C.2/32,p17", "efi=1/0", "flow=A.1/24>C.2/32,p17" } },
	{ "NATFW-4.2.4-04,NATFW-1.2-01 action deny", gated_fields,
	  { "A.1:4000>C.2:5000,p17", "efi=2/0", "kind=deny" } },
	{ "NATFW-4.2.4-02 action allow, in the direction of the flow", gated_fields,
	  { "A.1:4000>C.2:5000,p17", "efi=1/0", "kind=allow flow=A.1/32:4000>C.2/32:5000,p17" } },
	{ "NATFW-3.7-01 the rule comes from the MRI, not from packets", tcp_association_udp_flow },
	{ "NATFW-D.2-03 IPv6", ipv6 },
	{ "NATFW-3.7.1-19,NATFW-4.2.5-05 a conflict: 7/0x04", rule_refused, { "code=0704", "0704" } },
	{ "NATFW-3.6-03,NATFW-3.3-05,NATFW-3.6-05,NATFW-3.6-01 not authorized: 5/0x02", rule_refused, { "code=0502", "0502" } },
	{ "NATFW-3.6-02,NATFW-3.3-05,NATFW-3.6-01 not authenticated: 5/0x01", rule_refused, { "code=0501", "0501" } },
	{ "NATFW-4.2.5-13 a protocol that is not supported: 7/0x09", rule_refused, { "code=0709", "0709" } },
	{ "NATFW-4.2.5-15 ICMP types that are not permitted: 7/0x0B", rule_refused, { "code=070b", "070b" } },
	{ "NATFW-4.2.5-16 sources too wide: 7/0x0C", rule_refused, { "code=070c", "070c" } },
	{ "NATFW-4.2.5-17 destinations too wide: 7/0x0D", rule_refused, { "code=070d", "070d" } },
	{ "NATFW-4.2.5-18,NATFW-D.1-02 source ports too wide: 7/0x0E", rule_refused, { "code=070e", "070e" } },
	{ "NATFW-4.2.5-19,NATFW-D.1-02 destination ports too wide: 7/0x0F", rule_refused, { "code=070f", "070f" } },
	{ "NATFW-4.2.5-10,NATFW-3.2.5-02,NATFW-5.1.2-01 the gate is away: 4/0x01", gate_away },
	{ "NATFW-3.2.5-02,NATFW-4.2.5-10 the gate does not answer: 4/0x01", gate_silent },
	{ "NATFW-4.2.5-11,NATFW-3.2.5-02 the rule cannot be installed: 5/0x04, and the other side is told", open_fails },
	{ "NATFW-4.3.1-07 CREATE by loose-end is no CREATE", loose_create },
	{ "NATFW-3.7.1-23,NATFW-3.2.1-03,NATFW-3.4-22 the receiver accepts", receiver },
	{ "NATFW-3.7.1-24 the receiver refuses", receiver_refuses },
	{ "NATFW-3.7.1-31,NATFW-3.2.7-01,NATFW-4.3.3-01 RESPONSEs at the receiver are nothing", receiver_response },
	{ "NATFW-3.7.1-33,NATFW-3.2.8-03,NATFW-3.2.7-01 a RESPONSE for no session is nothing", unknown_response },
	{ "NATFW-3.2.1-01,NATFW-3.2.1-05,NATFW-3.7.1-27,NATFW-3.7.1-01,NATFW-3.7.1-03,NATFW-3.4-04,NATFW-3.4-11,NATFW-4.3.1-05,NATFW-4.3.1-06,NATFW-7.5-01,GIST-5.8.1.1-01 the initiator asks, and tells its application after success",
	  initiator },
	{ "NATFW-4.3.1-06,NATFW-4.2.4-01,NATFW-3.4-11 what the application wants is in the message", initiator_parameters },
	{ "NATFW-4.2.9-01,NATFW-4.2.9-02,NATFW-4.2.9-04,NATFW-4-03 ICMP types of one octet", initiator_icmp },
	{ "NATFW-3.7.1-28 an error is told: 7/0x04", initiator_error, { "0704" } },
	{ "NATFW-3.7.1-28,NATFW-3.2.7-05 an error is told: 5/0x02", initiator_error, { "0502" } },
	{ "NATFW-3.4-32,NATFW-4.3.3-02 a success without lifetime is none", initiator_no_lt },
	{ "NATFW-3.5-17 a RESPONSE to another request is not taken", initiator_other_msn },
	{ "NATFW-3.7.1-36,NATFW-3.2.8-05 no RESPONSE: it fails with the lifetime asked for", initiator_silence },
	{ "NATFW-3.7.1-36 nobody at all", initiator_nobody },
	{ "NATFW-3.7.1-04 a CREATE for a session of one's own is discarded", initiator_own_create },
	{ "NATFW-4-02,NATFW-4.2.1-01,NATFW-4.2.5-01,NATFW-4.2.7-01,NATFW-4.2-01,NATFW-4.2-02,NATFW-3.2.8-02 octet for octet", octets },
	{ "NATFW-D.1-03 what GIST refuses is not asked about", wild_refused_below },
	{ "NATFW-1.1-05,NATFW-4.3.3-05 back by the way it came, whatever the routes", asymmetric },
	{ "NATFW-3.2.8-01,NATFW-5.2.1-06,GIST-4.1.3-01 session ids are random", sids },
};

SIM_MAIN(tests)
