// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * EXTERNAL: reservations, denials, edges (RFC 5973, 3.7.2, 3.8).
 *
 * natfw-test: host quick
 */
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))
#define EXT		"external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0"

/* ------------------------------------------------------------------ edge-NAT */

static void edge_nat(void)
{
	edge("nat");
	reserve_loose(EXT);
	expect(2000, "B gate op=admit kind=reserve trans=bind flow=*>A.1/32:5000,p17 who=A.1");
	expect(2000, "A recv m=response lt=60 msn=1 info=0201 ext=B.2:40000 mobjs!=*00e* mri=le:A.1>192.0.2.99 d=1");
	IS(gate_state("B", S), "held");
	IS(session_state("B", S), "established");
	none(60, "C recv");
	none(0, "C rx");
	CHECK_EQ(count("B gate op=open"), 0);
	CHECK_EQ(count("B tx query"), 0);
	CHECK_EQ(count("B relay query"), 0);
}

static void stays_reserved(void)
{
	reserved("");
	run(58000);
	CHECK_EQ(count("B gate op=open"), 0);
	IS(gate_state("B", S), "held");
	run(4000);
	IS(gate_state("B", S), "none");
	IS(session_state("B", S), "none");
}

static void second_port(void)
{
	reserved("");
	say("A", "sid=" S2 " mri=le:A.1>192.0.2.99 reliable data=[external lt=60 efi=1/0 msn=1 dti=p17,5001,0,0.0.0.0/0]");
	expect(2000, "A recv m=response sid=" S2 " ext!=B.2:40000 ext=B.2:*");
}

static void binding_copied(void)
{
	edge("nat");
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0 bind=7,10.9.9.1,10.9.8.1");
	expect(2000, "A recv m=response info=0201 bind=7/4,10.9.9.1,10.9.8.1 ext=B.2:40000");
}

static void nat_deny(void)
{
	edge("nat");
	reserve_loose("external lt=60 efi=2/0 msn=1 dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "A recv m=response info=0706");
	IS(session_state("B", S), "none");
	CHECK_EQ(count("B gate"), 0);
	none(100, "C rx");
}

static void from_outside(void)
{
	edge(sim_now->arg[0]);
	flow("A.1:4000>C.2:5000 udp");
	CHECK_EQ(say("C", "d=1 discover reliable data=[external lt=60 efi=1/0 msn=1 dti=p17,5000,0,10.0.1.1/32]"), 0);
	expect(2000, "C recv m=response info=030b");
	none(1000, "A recv");
	none(0, "B gate");
	IS(session_state("B", S), "none");
}

static void refused_by_gate(void)
{
	edge("nat");
	gate("B", "op=admit", sim_now->arg[0]);
	reserve_loose(EXT);
	expect(2000, "A recv m=response info=%s", sim_now->arg[1]);
	IS(session_state("B", S), "none");
}

static void path_coupled_nat(void)
{
	edge("nat");
	reserve("external lt=60 efi=1/0 msn=1 dti=p17,5000,4000,10.0.2.3/32");
	expect(2000, "A recv m=response info=0201 ext=B.2:40000 mri=pc:C.2/32:4000>A.1/32:5000,p17");
}

/* ------------------------------------------------------------------ edge firewall */

static void edge_firewall(void)
{
	edge("");
	reserve(EXT);
	expect(2000, "B gate op=admit kind=reserve trans=plain");
	expect(2000, "A recv m=response info=0201 mobjs!=*00d*");
	IS(gate_state("B", S), "held");
	none(1000, "B gate op=open");
	none(0, "C recv");
	none(0, "B tx query");
}

static void edge_firewall_deny(void)
{
	const struct event *open, *told;

	edge("");
	reserve("external lt=60 efi=2/0 msn=1 dti=p17,5000,4000,10.0.2.3/32");
	expect(2000, "B gate op=admit kind=deny flow=C.2/32:4000>A.1/32:5000,p17");
	open = expect(2000, "B gate op=open");
	told = expect(2000, "B tx m=response info=0201 mobjs!=*00d*");
	CHECK(open->time <= told->time);
	IS(gate_state("B", S), "open");
	none(1000, "C recv");
}

static void edge_firewall_loose(void)
{
	edge("");
	reserve_loose(EXT);
	expect(2000, "A recv m=response info=0201 ext=A.1:5000");
	IS(gate_state("B", S), "held");
}

static void edge_firewall_binding(void)
{
	edge("");
	reserve("external lt=60 efi=1/0 msn=1 dti=p17,5000,4000,10.0.2.3/32 bind=7,10.9.9.1");
	expect(2000, "A recv m=response info=0201 bind=7/4,10.9.9.1");
}

static void denied_create(void)
{
	edge("");
	reserve("external lt=60 efi=2/0 msn=1 dti=p17,5000,4000,10.0.2.3/32");
	expect(2000, "A recv m=response info=0201");
	forget();
	enter("C.2:4000>A.1:5000,p17", "create lt=60 efi=1/0 msn=1");
	expect(2000, "C recv m=response info=0704");
	none(1000, "A recv m=create");
	/* another flow is not what was denied */
	CHECK_EQ(say("C", "sid=00000000000000000000000000000077 mri=C.2:4001>A.1:5000,p17 reliable "
		     "data=[create lt=60 efi=1/0 msn=1]"), 0);
	expect(2000, "A recv query=0 m=create");
}

/* ------------------------------------------------------------------ on the way to the edge */

/* A - B - C - D: B on the way, C the edge. */
static void chain(const char *inner, const char *outer)
{
	char all[256];

	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	__builtin_snprintf(all, sizeof(all), "forward=1 fw out=2 %s", inner);
	nslp("B", all);
	__builtin_snprintf(all, sizeof(all), "forward=1 fw edge out=3 %s", outer);
	nslp("C", all);
	flow("D.3:4000>A.1:5000 udp");
}

static void inner_firewall(void)
{
	chain("", "");
	reserve(EXT);
	expect(2000, "B tx data m=external mri=pc:D.3/32:4000>A.1/32:5000,p17 d=1 dti=p17,5000,0,0.0.0.0/0");
	expect(2000, "C tx data m=response");
	expect(2000, "A recv m=response info=0201");
	CHECK_EQ(count("B gate op=open"), 0);
	CHECK_EQ(count("C gate op=open"), 0);
	IS(session_state("B", S), "established");
	IS(session_state("C", S), "established");
	IS(gate_state("B", S), "held");
	none(100, "D recv");
}

static void inner_pending(void)
{
	chain("", "");
	hold("C tx response");
	reserve(EXT);
	run(300);
	IS(session_state("B", S), "pending");
	CHECK_EQ(count("B gate op=open"), 0);
	release();
	expect(2000, "A recv m=response info=0201");
}

static void inner_nat(void)
{
	chain("nat", "");
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0 bind=0");
	expect(2000, "B tx data m=external mri=le:B.2>192.0.2.99 d=0 dti=p17,40000,0,0.0.0.0/0 bind=40000/4,B.2 "
	       "msn=1 lt=60 efi=1/0");
	/* the edge is a firewall: the address is the NAT's */
	expect(2000, "C tx data m=response ext=B.2:40000 bind=40000/4,B.2");
	expect(2000, "A recv m=response info=0201 ext=B.2:40000 bind=40000/4,B.2 mri=le:A.1>192.0.2.99 d=1");
	CHECK_EQ(count("B tx data m=response"), 1);
}

static void inner_nat_no_binding(void)
{
	chain("nat", "nat");
	reserve_loose(EXT);
	expect(2000, "B tx data m=external mobjs!=*00e*");
	expect(2000, "A recv m=response info=0201 mobjs!=*00e* ext=C.3:40000");
}

static void two_inner_nats(void)
{
	net("A B C D E");
	gist("A B C D E", "");
	app("A E", 33, "");
	nslp("B", "forward=1 nat out=2");
	nslp("C", "forward=1 nat out=3");
	nslp("D", "forward=1 nat edge out=4");
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0 bind=0");
	expect(3000, "A recv m=response info=0201 bind=*/4,B.2,C.3 ext=D.4:40000");
	CHECK_EQ(count("E recv"), 0);
}

static void inner_deny(void)
{
	chain("", "");
	reserve("external lt=60 efi=2/0 msn=1 dti=p17,5000,4000,10.0.3.4/32");
	expect(2000, "A recv m=response info=0201");
	CHECK_EQ(count("B gate op=open"), 0);
	IS(gate_state("C", S), "open");
	CHECK(session_of("B", S, NULL));
}

static void inner_failed(void)
{
	chain("", "");
	gate("C", "op=admit", "code=070d");
	reserve(EXT);
	expect(2000, "A recv m=response info=070d");
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

static void no_edge(void)
{
	chain("", "");
	gist_off("C");
	gist_off("D");
	reserve("external lt=200 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0");
	expect(100000, "A recv m=response info=0506");
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

static void end_host(void)
{
	net("A B");
	gist("A B", "");
	app("A", 33, "");
	nslp("B", "");
	flow("B.1:4000>A.1:5000 udp");
	reserve(EXT);
	expect(2000, "A recv m=response info=0506");
	IS(session_state("B", S), "none");
}

static void edge_flag(void)
{
	chain("edge", "");
	reserve(EXT);
	expect(2000, "A recv m=response info=0201");
	none(1000, "C recv");
	CHECK_EQ(count("C gate"), 0);
	nslp("B", "forward=1 fw out=2");
	say("A", "sid=" S2 " d=1 discover reliable data=[" EXT "]");
	expect(2000, "A recv m=response info=0201 sid=" S2);
	CHECK(count("C gate op=admit") == 1);
}

static void response_from_outside(void)
{
	reserved("");
	say("C", "mri=le:A.1>192.0.2.99 d=1 reliable data=[response lt=60 msn=1 info=0502]");
	say("C", "d=0 reliable data=[response lt=60 msn=1 info=0502]");
	run(2000);
	IS(session_state("B", S), "established");
	CHECK_EQ(count("A recv m=response"), 1);
}

static void ipv6_loose(void)
{
	edge("nat");
	CHECK_EQ(say("A", "mri=le:A.1v6>fd00:99::1 reliable data=[" EXT "]"), 0);
	expect(2000, "A recv m=response info=0709 mobjs!=*00d*");
}

/* ------------------------------------------------------------------ CREATE into a reservation */

static void create_enters(void)
{
	struct event *open, *told;

	reserved("");
	enter("C.2:6000>B.2:40000,p17", "create lt=60 efi=1/0 msn=1");
	expect(2000, "B gate op=admit kind=allow trans=destination ref=" S " flow=C.2/32:6000>B.2/32:40000,p17");
	expect(2000, "A recv query=0 m=create mri=pc:C.2/32:6000>A.1/32:5000,p17 sid=" S2);
	none(100, "B gate op=open");
	IS(gate_state("B", S2), "admitted");
	say("A", "d=1 sid=" S2 " mri=C.2:6000>A.1:5000,p17 reliable data=[response lt=60 msn=1 info=0201]");
	open = expect(1000, "B gate op=open sid=" S2);
	told = expect(1000, "C recv m=response info=0201 mri=pc:C.2/32:6000>B.2/32:40000,p17 d=1");
	CHECK(open->time <= told->time);
	CHECK_EQ(count("C recv ext=*"), 0);
	IS(gate_state("B", S), "held");
}

/* Not what was reserved: 7/0x03, and the reservation is as it was. */
static void create_misses(void)
{
	edge("nat");
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=%s", sim_now->arg[0]);
	expect(2000, "A recv m=response info=0201 ext=B.2:*");
	enter(sim_now->arg[1], "create lt=60 efi=1/0 msn=1");
	expect(2000, "C recv m=response info=0703");
	none(500, "A recv m=create");
	IS(session_state("B", S2), "none");
	IS(gate_state("B", S), "held");
	if (!sim_now->arg[2])
		return;
	CHECK_EQ(say("C", "mri=%s sid=%032x reliable data=[create lt=60 efi=1/0 msn=1]", sim_now->arg[2], 88), 0);
	expect(2000, "A recv query=0 m=create");
}

static void create_hits(void)
{
	edge("nat");
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=%s", sim_now->arg[0]);
	expect(2000, "A recv m=response info=0201 ext=B.2:*");
	enter(sim_now->arg[1], "create lt=60 efi=1/0 msn=1");
	expect(2000, "A recv query=0 m=create mri=%s", sim_now->arg[2]);
}

static void nothing_reserved(void)
{
	edge("nat");
	enter("C.2:6000>B.2:45001,p17", "create lt=60 efi=1/0 msn=1");
	expect(2000, "C recv m=response info=0703");
	none(1000, "A recv");
	IS(session_state("B", S2), "none");
}

static void two_reservations(void)
{
	net("A B C; D B");
	gist("A B C D", "");
	app("A C D", 33, "");
	nslp("B", "forward=1 nat edge out=2");
	CHECK_EQ(say("A", "mri=le:A.1>192.0.2.99 reliable data=[" EXT "]"), 0);
	expect(2000, "A recv m=response ext=$a");
	CHECK_EQ(say("D", "mri=le:D.3>192.0.2.99 sid=" S2 " reliable data=[" EXT "]"), 0);
	expect(2000, "D recv m=response ext=$d");
	say("C", "mri=C.2:6000>%s,p17 sid=%032x reliable data=[create lt=60 efi=1/0 msn=1]", var("d"), 71);
	expect(2000, "D recv query=0 m=create mri=pc:C.2/32:6000>D.3/32:5000,p17");
	say("C", "mri=C.2:6000>%s,p17 sid=%032x reliable data=[create lt=60 efi=1/0 msn=1]", var("a"), 72);
	expect(2000, "A recv query=0 m=create mri=pc:C.2/32:6000>A.1/32:5000,p17");
}

static void several_creates(void)
{
	unsigned int i;

	reserved("");
	for (i = 1; i <= 2; i++) {
		say("C", "mri=C.2:%u>B.2:40000,p17 sid=%032x reliable data=[create lt=60 efi=1/0 msn=1]",
		    6000 + i, 100 + i);
		expect(2000, "A recv query=0 m=create sid=%032x mri=pc:C.2/32:%u>A.1/32:5000,p17", 100 + i,
		       6000 + i);
		say("A", "d=1 sid=%032x mri=C.2:%u>A.1:5000,p17 reliable data=[response lt=60 msn=1 info=0201]",
		    100 + i, 6000 + i);
		expect(2000, "C recv m=response info=0201 sid=%032x", 100 + i);
	}
	CHECK_EQ(count("B gate op=open"), 2);
}

static void reservation_deleted(void)
{
	reserved("");
	enter("C.2:6000>B.2:40000,p17", "create lt=60 efi=1/0 msn=1");
	expect(2000, "A recv query=0 m=create");
	say("A", "d=1 sid=" S2 " mri=C.2:6000>A.1:5000,p17 reliable data=[response lt=60 msn=1 info=0201]");
	expect(2000, "C recv m=response info=0201");
	reserve_loose("external lt=0 efi=1/0 msn=2 dti=p17,5000,0,0.0.0.0/0");
	run(100);
	IS(session_state("B", S), "none");
	/* the CREATE lives on, another one does not get in */
	IS(gate_state("B", S2), "open");
	say("C", "mri=C.2:6001>B.2:40000,p17 sid=%032x reliable data=[create lt=60 efi=1/0 msn=1]", 99);
	expect(2000, "C recv m=response info=0703 sid=%032x", 99);
}

static void retargeted(void)
{
	reserved("");
	reserve_loose("external lt=60 efi=1/0 msn=2 dti=p17,5555,0,0.0.0.0/0");
	expect(2000, "A recv m=response msn=2 info=0201 ext=$e");
	say("C", "mri=C.2:6000>%s,p17 sid=" S2 " reliable data=[create lt=60 efi=1/0 msn=1]", var("e"));
	expect(2000, "A recv query=0 m=create mri=pc:C.2/32:6000>A.1/32:5555,p17");
}

static void firewall_with_and_without(void)
{
	/* a firewall that EXTERNAL has visited, and one that it has not: both open with CREATE */
	chain("", "");
	reserve("external lt=60 efi=1/0 msn=1 dti=p17,5000,4000,10.0.3.4/32");
	expect(2000, "A recv m=response info=0201");
	say("D", "sid=" S2 " reliable data=[create lt=60 efi=1/0 msn=1]");
	expect(2000, "A recv query=0 m=create");
	say("A", "d=1 sid=" S2 " reliable data=[response lt=60 msn=1 info=0201]");
	expect(2000, "D recv m=response info=0201");
	IS(gate_state("B", S2), "open");
	IS(gate_state("C", S2), "open");
}

static void firewall_not_visited(void)
{
	/* A - B - C - D and A - E - C: asked for by B, the data's way is by E */
	net("A B C D; A E C");
	gist("A B C D E", "");
	app("A D", 33, "");
	nslp("B", "forward=1 fw out=2");
	nslp("E", "forward=1 fw out=5");
	nslp("C", "forward=1 fw edge out=3");
	link_set(4, "cost=5");
	flow("D.3:4000>A.1:5000 udp");
	reserve("external lt=60 efi=1/0 msn=1 dti=p17,5000,4000,10.0.3.4/32");
	expect(2000, "A recv m=response info=0201");
	CHECK(count("B gate op=hold") == 1);
	link_set(4, "cost=1");
	link_set(2, "cost=20");
	link_set(1, "cost=20");
	say("D", "sid=" S2 " reliable data=[create lt=60 efi=1/0 msn=1]");
	expect(3000, "E tx m=create");
	expect(3000, "A recv query=0 m=create");
	say("A", "d=1 sid=" S2 " reliable data=[response lt=60 msn=1 info=0201]");
	expect(3000, "D recv m=response info=0201");
	IS(gate_state("E", S2), "open");
	IS(gate_state("C", S2), "open");
}

static void needs_reservation(void)
{
	edge("need_reservation=1");
	flow("C.2:4000>A.1:5000 udp");
	enter("C.2:4000>A.1:5000,p17", "create lt=60 efi=1/0 msn=1");
	expect(2000, "C recv m=response info=0703");
	forget();
	reserve("external lt=60 efi=1/0 msn=1 dti=p17,5000,4000,10.0.2.3/32");
	expect(2000, "A recv m=response info=0201");
	say("C", "sid=%032x mri=C.2:4000>A.1:5000,p17 reliable data=[create lt=60 efi=1/0 msn=1]", 5);
	expect(2000, "A recv query=0 m=create");
}

/* ------------------------------------------------------------------ the initiator */

static void initiator_known_sender(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	CHECK_EQ(app_open("A", "external", "lt=60 flow=B.1:4000>A.1:5000,p17"), 0);
	expect(1, "A tx query mri=pc:B.1/32:4000>A.1/32:5000,p17 d=1 rao=65");
	expect(2000, "B recv query=0 m=external dti=p17,5000,4000,B.1/32 lt=60 efi=1/0 p=0 d=1");
}

static void initiator_unknown_sender(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	CHECK_EQ(app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 toward=B.1"), 0);
	expect(2000, "B recv query=0 m=external mri=pc:*/0>A.1/32:5000,p17 d=1 dti=p17,5000,0,0.0.0.0/0");
}

static void initiator_loose(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	CHECK_EQ(app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=B.1"), 0);
	expect(1, "A tx query mri=le:A.1>B.1 d=0 to=B.1:270");
	expect(2000, "B recv query=0 m=external mri=le:A.1>B.1 dti=p17,5000,0,0.0.0.0/0 mobjs!=*00e*");
}

static void initiator_binding(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	CHECK_EQ(app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=B.1 binding"), 0);
	expect(2000, "B recv query=0 m=external bind=0/4 sid=$sid msn=$msn");
	say("B", "d=1 mri=le:A.1>B.1 sid=$sid reliable data=[response lt=60 msn=$msn info=0201 "
	    "ext=192.0.2.79:45000 bind=31000,10.9.0.2,10.9.1.2]");
	expect(1000, "A event state=established external=192.0.2.79:45000 bindport=31000 bindings=10.9.0.2,10.9.1.2");
}

static void initiator_port_zero(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=B.1 binding");
	expect(2000, "B recv query=0 m=external sid=$sid msn=$msn");
	say("B", "d=1 mri=le:A.1>B.1 sid=$sid reliable data=[response lt=60 msn=$msn info=0201 "
	    "ext=192.0.2.79:0 bind=0,10.0.0.2]");
	expect(1000, "A event state=established external=192.0.2.79:0 bindport=0");
}

static void initiator_bad_version(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=B.1");
	expect(2000, "B recv query=0 m=external sid=$sid msn=$msn");
	say("B", "d=1 mri=le:A.1>B.1 sid=$sid reliable data=[response lt=60 msn=$msn info=0201 "
	    "obj=00d:0:b5c860004b00024f]");
	none(3000, "A event state=established");
}

static void initiator_reserved_bits(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=B.1 binding");
	expect(2000, "B recv query=0 m=external sid=$sid msn=$msn");
	say("B", "d=1 mri=le:A.1>B.1 sid=$sid reliable data=[response res=3fffff lt=60 msn=$msn "
	    "obj=010:0:f201f000 obj=00d:0:afc84fffc000024f obj=00e:0:afc84fff0a000002]");
	expect(1000, "A event state=established external=192.0.2.79:45000 bindings=10.0.0.2");
}

static void initiator_discards(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	app_open("A", "external", "lt=60 flow=B.1:4000>A.1:5000,p17");
	expect(2000, "B recv query=0 m=external sid=$sid msn=$msn");
	forget();
	say("B", "mri=B.1:4000>A.1:5000,p17 sid=$sid d=0 reliable data=[external lt=60 efi=1/0 msn=4000000000 "
	    "dti=p17,5000,0,0.0.0.0/0]");
	none(2000, "A tx m=response");
	IS(session_state("A", var("sid")), "pending");
}

static void initiator_block(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	CHECK_EQ(app_open("A", "block", "lt=60 flow=B.1:4000>A.1:5000,p17"), 0);
	expect(2000, "B recv query=0 m=external efi=2/0 mri=pc:B.1/32:4000>A.1/32:5000,p17 d=1");
}

static void initiator_becomes_receiver(void)
{
	net("A B C");
	gist("A B C", "");
	app("C", 33, "");
	nslp("A", "");
	nslp("B", "forward=1 nat edge out=2");
	CHECK_EQ(app_open("A", "external", "lt=60 flow=0.0.0.0/0>A.1:5000,p17 loose toward=192.0.2.99"), 0);
	expect(2000, "A event state=established external=B.2:40000");
	none(100, "C recv");
	enter("C.2:6000>B.2:40000,p17", "create lt=60 efi=1/0 msn=1");
	expect(3000, "C recv m=response info=0201");
	IS(gate_state("B", S2), "open");
}

static void initiator_error(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	app_open("A", "external", "lt=60 flow=B.1:4000>A.1:5000,p17");
	expect(2000, "B recv query=0 m=external sid=$sid msn=$msn");
	say("B", "d=0 mri=B.1:4000>A.1:5000,p17 sid=$sid reliable data=[response msn=$msn info=070c]");
	expect(30000, "A event state=dead code=070c");
}

static void initiator_dtinfo(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	CHECK_EQ(app_open("A", "external", "lt=60 flow=%s", sim_now->arg[0]), 0);
	expect(2000, "B recv query=0 m=external dti.hex=%s", sim_now->arg[1]);
}

static void address_only(void)
{
	edge("nat");
	gate("B", "op=admit", "external=B.2:0");
	reserve_loose(EXT);
	expect(2000, "A recv m=response info=0201 ext=B.2:0");
}

static void address_only_inner(void)
{
	chain("nat", "");
	gate("B", "op=admit", "external=B.2:0");
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0 bind=0");
	expect(2000, "B tx data m=external bind=0/4,B.2 dti=p17,5000,0,0.0.0.0/0");
}

static void two_ports(void)
{
	edge("nat");
	reserve_loose("external lt=60 efi=1/1 msn=1 dti=p17,6000,0,0.0.0.0/0");
	expect(2000, "B gate op=admit flow=*>A.1/32:6000,p17,+1");
	expect(2000, "A recv m=response info=0201 ext=B.2:40000");
	enter("C.2:6000>B.2:40001,p17", "create lt=60 efi=1/0 msn=1");
	expect(2000, "A recv query=0 m=create");
}

static void other_host(void)
{
	net("A B C; D B");
	gist("A B C D", "");
	app("A C D", 33, "");
	nslp("B", "forward=1 nat edge out=2");
	/* A asks for D */
	CHECK_EQ(say("A", "mri=le:D.3>192.0.2.99 reliable data=[" EXT "]"), 0);
	expect(2000, "B gate op=admit flow=*>D.3/32:5000,p17 who=A.1");
	expect(2000, "A recv m=response info=0201");
}

static void optional_objects(void)
{
	edge("nat");
	reserve_loose("external lt=60 efi=1/0 msn=1 nonce=01020304 dti=p1,0.0.0.0/0 icmp=8,0 bind=0");
	expect(2000, "B gate op=admit flow=*,p1,icmp8.0");
	expect(2000, "A recv m=response info=0201");
}

static void any_receiver_port(void)
{
	edge("nat");
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=p17,0,0,0.0.0.0/0");
	expect(2000, "B gate op=admit flow=*>A.1/32,p17");
}

static void protocol_without_i(void)
{
	edge("nat");
	sim_relaxed = true;
	reserve_loose("external lt=60 efi=1/0 msn=1 dti=hex:0000000600000000");
	expect(2000, "B gate op=admit flow=*>A.1/32");
	none(0, "B gate op=admit flow=*p6*");
}

static void initiator_sub_ports(void)
{
	net("A B");
	gist("A B", "");
	nslp("A", "");
	CHECK(app_open("A", "external", "lt=60 more=2 flow=B.1:4000>A.1:5000,p17"));
	CHECK(app_open("A", "create", "lt=60 more=2 flow=A.1:4000>B.1:5000,p17"));
	CHECK(app_open("A", "create", "lt=60 more=1 flow=A.1:4000>B.1:65535,p17"));
	none(1000, "A tx");
}

static const struct sim_test tests[] = {
	{ "NATFW-3.7.2-18,NATFW-3.7.2-19,NATFW-3.7.2-31,NATFW-3.7.2-34,NATFW-3.7.2-14,NATFW-1.2-02,NATFW-3.7.2-54,NATFW-4.2.2-01,NATFW-4.2.2-02,NATFW-3.8-02,NATFW-3.8-05,NATFW-D.3-01,NATFW-D.3-02,NATFW-E-02,NATFW-4.3.3-06,NATFW-3.7.2-12 an edge-NAT reserves and answers, and sends nothing on",
	  edge_nat },
	{ "NATFW-3.7.2-58,NATFW-3.7.2-63,NATFW-3.2.2-02,NATFW-3.4-01,NATFW-3.7.3-01 without CREATE nothing is ever opened", stays_reserved },
	{ "NATFW-3.7.2-31,NATFW-6-01 another reservation has another port", second_port },
	{ "NATFW-3.7.2-35,NATFW-3.7.2-20,NATFW-4.2.3-02 an edge-NAT copies the bindings", binding_copied },
	{ "NATFW-3.7.2-30,NATFW-1.5-02,NATFW-3.7.2-48 no deny at a NAT: 7/0x06", nat_deny },
	{ "NATFW-3.7.2-29,NATFW-3.7.2-48 EXTERNAL from outside a NAT: 3/0x0B", from_outside, { "nat" } },
	{ "NATFW-3.7.2-67 from outside a firewall: 3/0x0B", from_outside, { "" } },
	{ "NATFW-3.7.2-39,NATFW-3.7.2-25,NATFW-4.2.5-16,NATFW-5.3-01 any sender is too many: 7/0x0C", refused_by_gate, { "code=070c", "070c" } },
	{ "NATFW-3.7.2-25,NATFW-3.7.1-14 no port left: 7/0x04", refused_by_gate, { "code=0704", "0704" } },
	{ "NATFW-3.7.2-39,NATFW-4.2.5-14 plain IP: 7/0x0A", refused_by_gate, { "code=070a", "070a" } },
	{ "NATFW-3.6-07,NATFW-3.6-03 not authorized: 5/0x02", refused_by_gate, { "code=0502", "0502" } },
	{ "NATFW-4.3.2-04,NATFW-3.7.2-19 path-coupled at a NAT", path_coupled_nat },
	{ "NATFW-3.7.2-41,NATFW-3.7.2-43,NATFW-3.7.2-46,NATFW-3.7.2-14,NATFW-3.7.2-58 an edge firewall remembers, and answers", edge_firewall },
	{ "NATFW-3.7.2-42,NATFW-3.7.2-02,NATFW-3.7.2-46,NATFW-4.2.4-04 an edge firewall denies at once", edge_firewall_deny },
	{ "NATFW-3.7.2-44,NATFW-3.7.2-45 with loose-end an edge firewall says the address", edge_firewall_loose },
	{ "NATFW-3.7.2-47 an edge firewall copies the bindings", edge_firewall_binding },
	{ "NATFW-4.2.4-05,NATFW-4.2.4-03 what is denied is not signalled for", denied_create },
	{ "NATFW-3.7.2-40,NATFW-3.7.2-12,NATFW-3.7.2-53,NATFW-3.2.6-03,NATFW-3.7.2-54 an inner firewall remembers and forwards", inner_firewall },
	{ "NATFW-3.7.2-40,NATFW-3.2.8-04 and is Pending until the RESPONSE", inner_pending },
	{ "NATFW-3.7.2-32,NATFW-3.7.2-36,NATFW-3.7.2-37,NATFW-3.7.2-15,NATFW-3.7.2-16,NATFW-3.7.2-17,NATFW-3.7.2-45,NATFW-3.5-03,NATFW-4.2.3-01,NATFW-B-01,NATFW-4.3.3-06 an inner NAT writes its own address, the firewall beyond answers",
	  inner_nat },
	{ "NATFW-3.7.2-33,NATFW-3.7.2-20 no bindings unless asked for", inner_nat_no_binding },
	{ "NATFW-4.2.3-07,NATFW-B-01,NATFW-4.2.3-09 each NAT adds its address", two_inner_nats },
	{ "NATFW-3.7.2-68 a deny is in force at the edge only", inner_deny },
	{ "NATFW-3.7.2-55 refused at the edge: forgotten on the way", inner_failed },
	{ "NATFW-3.7.2-66,NATFW-4.2.5-20 there is no edge: 5/0x06", no_edge },
	{ "NATFW-3.7.2-49,NATFW-4.2.5-20 an end host is no edge: 5/0x06", end_host },
	{ "NATFW-3.7.2-13,NATFW-3.7.6.4-01,NATFW-3.7.6.4-02 what the edge is, is configured", edge_flag },
	{ "NATFW-3.7.2-56 RESPONSEs from outside are nothing", response_from_outside },
	{ "NATFW-4.2.2-08 loose-end for IPv6: 7/0x09", ipv6_loose },
	{ "NATFW-3.7.1-08,NATFW-3.7.1-11,NATFW-3.7.1-12,NATFW-3.7.1-34,NATFW-3.2.2-02,NATFW-3.2.2-03,NATFW-3.2.2-04,NATFW-3.7.2-62,NATFW-3.8-01,NATFW-3.8-04,NATFW-3.7.1-16,NATFW-4.2.4-03,NATFW-5.3-02 CREATE comes in by a reservation",
	  create_enters },
	{ "NATFW-3.7.1-09,NATFW-3.7.1-10 nothing is reserved: 7/0x03", nothing_reserved },
	{ "NATFW-3.8-14,NATFW-3.8-08,NATFW-3.7.1-37,NATFW-4.2.8-13,NATFW-3.7.2-24,NATFW-3.8-23 another protocol: 7/0x03; the right one gets in", create_misses,
	  { "p6,5000,0,0.0.0.0/0", "C.2:6000>B.2:40000,p17", "C.2:6000>B.2:40000,p6" } },
	{ "NATFW-3.8-09,NATFW-3.8-18,NATFW-3.7.2-23,NATFW-3.7.2-24 another source port: 7/0x03", create_misses,
	  { "p17,5000,6000,0.0.0.0/0", "C.2:6001>B.2:40000,p17", "C.2:6000>B.2:40000,p17" } },
	{ "NATFW-3.8-10,NATFW-3.8-15,NATFW-3.7.2-23,NATFW-3.7.2-24 another sender: 7/0x03", create_misses,
	  { "p17,5000,0,203.0.113.9/32", "C.2:6000>B.2:40000,p17" } },
	{ "NATFW-3.8-12 a sender out of the range: 7/0x03", create_misses,
	  { "p17,5000,0,203.0.113.0/24", "C.2:6000>B.2:40000,p17" } },
	{ "NATFW-3.8-19,NATFW-3.8-20 the internal port is no external one: 7/0x03", create_misses,
	  { "p17,5000,0,0.0.0.0/0", "C.2:6000>B.2:5000,p17" } },
	{ "NATFW-3.8-22,NATFW-3.8-19 a CREATE without ports is wider than what was reserved: 7/0x03", create_misses,
	  { "p17,5000,0,0.0.0.0/0", "C.2>B.2,p17" } },
	{ "NATFW-3.8-25 an unknown port is not any port: 7/0x03", create_misses,
	  { "p17,5000,0,0.0.0.0/0", "C.2:6000>B.2:0,p17" } },
	{ "NATFW-3.8-17 the internal address is no external one: 7/0x03", create_misses,
	  { "p17,5000,0,0.0.0.0/0", "C.2:6000>A.1:40000,p17" } },
	{ "NATFW-3.8-16 another external address: 7/0x03", create_misses,
	  { "p17,5000,0,0.0.0.0/0", "C.2:6000>B.1:40000,p17" } },
	{ "NATFW-3.8-21 another SPI: 7/0x03", create_misses,
	  { "p50,spi4660,0.0.0.0/0", "C.2>B.2,p50,spi4661", "C.2>B.2,p50,spi4660" } },
	{ "NATFW-3.8-11,NATFW-4.2.8-10,NATFW-4.2.8-15,NATFW-3.8-07 any sender, any source port", create_hits,
	  { "p17,5000,0,0.0.0.0/0", "C.2:12345>B.2:40000,p17", "pc:C.2/32:12345>A.1/32:5000,p17" } },
	{ "NATFW-3.8-12,NATFW-4.2.8-10 a sender within the range", create_hits,
	  { "p17,5000,0,10.0.2.0/24", "C.2:12345>B.2:40000,p17", "pc:C.2/32:12345>A.1/32:5000,p17" } },
	{ "NATFW-3.8-24 DSCP takes no part", create_hits,
	  { "p17,5000,0,0.0.0.0/0", "C.2:12345>B.2:40000,p17,ds46", "pc:C.2/32:12345>A.1/32:5000,p17,ds46" } },
	{ "NATFW-4.2.8-20 reserved bits of DTINFO are ignored", create_hits,
	  { "hex:dfff00110000000000000000", "C.2:12345>B.2:40000,p17", "pc:*" } },
	{ "NATFW-3.8-01 each reservation has its host", two_reservations },
	{ "NATFW-3.7.2-60 one reservation serves many", several_creates },
	{ "NATFW-3.7.2-61,NATFW-3.7.2-62 the reservation may go, the session stays", reservation_deleted },
	{ "NATFW-3.10-08,NATFW-3.10-10 a reservation can be changed", retargeted },
	{ "NATFW-3.7.2-65 firewalls open with CREATE", firewall_with_and_without },
	{ "NATFW-3.7.2-65,NATFW-3.7.2-64 one that EXTERNAL did not visit", firewall_not_visited },
	{ "NATFW-3.7.2-65,NATFW-3.6-04 a firewall may insist on a reservation", needs_reservation },
	{ "NATFW-3.7.2-04,NATFW-3.7.2-07,NATFW-3.7.2-01,NATFW-3.7.2-21,NATFW-3.7.2-22,NATFW-4.3.2-04,NATFW-3.2.2-01,NATFW-A-04,NATFW-4.2.8-03 the sender is known: path-coupled, upstream",
	  initiator_known_sender },
	{ "NATFW-3.7.2-05,NATFW-3.7.2-27,NATFW-4.2.8-16,NATFW-A-04 only firewalls: path-coupled, any source", initiator_unknown_sender },
	{ "NATFW-3.7.2-06,NATFW-3.7.2-08,NATFW-3.7.2-10,NATFW-3.7.2-22,NATFW-3.7.2-27,NATFW-4.3.2-05,NATFW-4.2.8-02,GIST-5.8.2.1-02 a NAT: loose-end", initiator_loose },
	{ "NATFW-3.7.2-50,NATFW-3.7.2-51,NATFW-3.7.2-20,NATFW-4.2.3-01,NATFW-3.2.1-06,NATFW-B-01 what was reserved is told to the application", initiator_binding },
	{ "NATFW-4.2.2-05,NATFW-4.2.3-05,NATFW-3.7.2-51 port 0 is none", initiator_port_zero },
	{ "NATFW-4.2.2-06 another IP version is not taken", initiator_bad_version },
	{ "NATFW-4.2.5-03,NATFW-4.2.5-04,NATFW-4.2.2-07,NATFW-4.2.3-08,NATFW-4.1-05 reserved bits of a RESPONSE are ignored", initiator_reserved_bits },
	{ "NATFW-3.7.2-28 an EXTERNAL for one's own session is discarded", initiator_discards },
	{ "NATFW-3.7.2-02,NATFW-4.3.2-06 deny", initiator_block },
	{ "NATFW-3.7.2-03,NATFW-3.7.2-50,NATFW-4.3.2-06 who reserved becomes receiver", initiator_becomes_receiver },
	{ "NATFW-3.7.2-52 an error is told", initiator_error },
	{ "NATFW-4.2.8-06,NATFW-4.2.8-08,NATFW-4.2.8-03,NATFW-4.2.8-05 DTINFO with ports", initiator_dtinfo,
	  { "B.1:4000>A.1:5000,p17", "c000201113880fa00a000102" } },
	{ "NATFW-4.2.8-06,NATFW-4.2.8-08,NATFW-4.2.8-04,NATFW-4.2.8-05 DTINFO with an SPI", initiator_dtinfo,
	  { "B.1>A.1,p50,spi4660", "a0002032000012340a000102" } },
	{ "NATFW-4.2.8-08,NATFW-4.2.8-05 DTINFO with a protocol only", initiator_dtinfo,
	  { "B.1>A.1,p1", "800020010a000102" } },
	{ "NATFW-4.2.8-11,NATFW-4.2.8-05 DTINFO without protocol", initiator_dtinfo,
	  { "B.1>A.1", "000020000a000102" } },
	{ "NATFW-4.2.2-04,NATFW-3.8-19 an address without port", address_only },
	{ "NATFW-4.2.3-04 an address without port at an inner NAT", address_only_inner },
	{ "NATFW-4.2.4-11,NATFW-4.2.4-12 two ports next to each other", two_ports },
	{ "NATFW-3.7.2-11 for another host", other_host },
	{ "NATFW-4.3.2-03 all that EXTERNAL may have", optional_objects },
	{ "NATFW-4.2.8-14 any port of the receiver", any_receiver_port },
	{ "NATFW-4.2.8-12 the protocol does not count without I", protocol_without_i },
	{ "NATFW-4.2.4-09,NATFW-4.2.4-13 ports that there are not", initiator_sub_ports },
};

SIM_MAIN(tests)
