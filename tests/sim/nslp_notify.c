// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NOTIFY, and routes that change (RFC 5973, 3.2.8, 3.7.5, 3.9).
 *
 * natfw-test: host quick
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))
#define ALL		"00000000000000000000000000000000"

/* Two forwarders with NATFW between scripted A and D, established, lt 600. */
static void two(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	nslp("B", "forward=1 fw out=2");
	nslp("C", "forward=1 fw out=3");
	flow("A.1:4000>D.3:5000 udp");
	ask("create lt=600 efi=1/0 msn=5");
	expect(2000, "D recv query=0 m=create");
	say("D", "d=1 reliable data=[response lt=600 msn=5 info=0201]");
	expect(2000, "A recv m=response info=0201");
	forget();
}

static void established(void)
{
	nf("");
	ask("create lt=600 efi=1/0 msn=5");
	granted(600, 5);
}

/* From C toward A. */
static void from_far(const char *code)
{
	say("C", "d=1 reliable data=[notify info=%s]", code);
}

static void to_ni(void)
{
	two();
	say("D", "d=1 reliable data=[notify info=%s]", sim_now->arg[0]);
	expect(1000, "C tx data m=notify info=%s d=1 via=tcp", sim_now->arg[0]);
	expect(1000, "B tx data m=notify info=%s d=1 via=tcp sid=" S, sim_now->arg[0]);
	expect(1000, "A recv m=notify info=%s sid=" S " peer=B.1", sim_now->arg[0]);
	none(1000, "D recv m=notify");
	CHECK_EQ(count("C tx data m=notify"), 1);
	none(0, "C tx query d=1");
}

static void to_nr(void)
{
	two();
	say("A", "reliable data=[notify info=%s]", sim_now->arg[0]);
	expect(1000, "B tx data m=notify info=%s d=0", sim_now->arg[0]);
	expect(1000, "C tx data m=notify info=%s d=0", sim_now->arg[0]);
	expect(1000, "D recv m=notify info=%s", sim_now->arg[0]);
	none(1000, "A recv m=notify");
}

static void dead(void)
{
	established();
	from_far(sim_now->arg[0]);
	expect(1000, "A recv m=notify info=%s", sim_now->arg[0]);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

static void dead_from_near(void)
{
	established();
	say("A", "reliable data=[notify info=%s]", sim_now->arg[0]);
	run(100);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	expect(1000, "C recv m=notify info=%s", sim_now->arg[0]);
}

static void dead_receiver(void)
{
	nr_established("fw");
	say("A", "reliable data=[notify info=%s]", sim_now->arg[0]);
	run(100);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	none(1000, "A recv");
}

static void transitory(void)
{
	established();
	from_far(sim_now->arg[0]);
	expect(1000, "A recv m=notify info=%s", sim_now->arg[0]);
	IS(session_state("B", S), "transitory");
	IS(gate_state("B", S), "open");
	run(29000);
	CHECK(session_of("B", S, NULL));
	IS(gate_state("B", S), "open");
}

static void twice(void)
{
	established();
	from_far("0101");
	expect(1000, "A recv m=notify info=0101");
	from_far("0101");
	none(2000, "A recv m=notify");
}

static void saved(void)
{
	established();
	from_far("0101");
	expect(1000, "A recv m=notify info=0101");
	run(20000);
	ask("create lt=600 efi=1/0 msn=6");
	expect(2000, "C recv query=0 m=create msn=6");
	IS(gate_state("B", S), "open");
	answer("response lt=600 msn=6 info=0201");
	expect(1000, "A recv m=response msn=6");
	IS(session_state("B", S), "established");
	CHECK_EQ(count("B gate op=close"), 0);
	run(60000);
	IS(session_state("B", S), "established");
}

static void not_saved(void)
{
	established();
	from_far("0101");
	expect(1000, "A recv m=notify info=0101");
	run(700000);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

static void reauthenticate_wrong_way(void)
{
	established();
	say("A", "reliable data=[notify info=0102]");
	none(2000, "C recv m=notify");
	none(0, "A recv");
	IS(session_state("B", S), "established");
}

static void reauthenticate_wrong_way_receiver(void)
{
	nr_established("");
	say("A", "reliable data=[notify info=0102]");
	none(2000, "A recv");
	IS(session_state("B", S), "established");
}

static void by_datagram(void)
{
	established();
	raw("C", "data nslpid=33 from=C.2:270 to=B.2:270 d=1 : mri sid nli=C.2,pi=4343434343434343 data=[notify info=0105]");
	run(1000);
	IS(session_state("B", S), "established");
	none(0, "A recv m=notify");
}

static void by_stranger(void)
{
	net("A B C; X B");
	gist("A B C X", "");
	app("A C X", 33, "");
	nslp("B", "forward=1 fw out=2");
	flow("A.1:4000>C.2:5000 udp");
	ask("create lt=600 efi=1/0 msn=5");
	granted(600, 5);
	/* X has an association with B, for another session */
	say("X", "sid=" S2 " mri=X.3:1>C.2:2,p17 reliable data=[create lt=600 efi=1/0 msn=5]");
	expect(2000, "C recv query=0 m=create sid=" S2);
	set("b", "%s", get(expect(0, "X network event=good"), "sii"));
	say("X", "sii=$b d=1 data=[notify info=0105]");
	say("X", "sii=$b d=0 data=[notify info=0105]");
	run(1000);
	IS(session_state("B", S), "established");
	none(0, "A recv m=notify");
	none(0, "C recv m=notify sid=" S);
}

static void unknown(void)
{
	established();
	say("C", "d=1 sid=" S2 " reliable data=[notify info=0105]");
	none(1000, "A recv m=notify");
	IS(session_state("B", S2), "none");
	none(0, "C recv");
}

static void operator_ends(void)
{
	established();
	CHECK_EQ(app_close("B", S, true), 0);
	expect(1000, "A recv m=notify info=0105 d=1 mri=pc:A.1/32:4000>C.2/32:5000,p17");
	expect(1000, "C recv m=notify info=0105");
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	CHECK_EQ(count("B tx query") , 1);
}

static void operator_ends_receiver(void)
{
	nr_established("fw");
	CHECK_EQ(app_close("B", S, true), 0);
	expect(1000, "A recv m=notify info=0105");
	IS(gate_state("B", S), "none");
}

static void operator_ends_reservation(void)
{
	reserved("");
	CHECK_EQ(app_close("B", S, true), 0);
	expect(1000, "A recv m=notify info=0105 mri=le:A.1>192.0.2.99 d=1");
	IS(gate_state("B", S), "none");
}

static void rules_gone(void)
{
	established();
	gate_gone("B", S);
	expect(1000, "A recv m=notify info=0105");
	expect(1000, "C recv m=notify info=0105");
	IS(session_state("B", S), "none");
}

static void ended_in_flight(void)
{
	nf("");
	ask("create lt=600 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	app_close("B", S, true);
	run(500);
	CHECK(count("A recv m=response info=0701") + count("A recv m=notify info=0105") >= 1);
	IS(session_state("B", S), "none");
	answer("response lt=600 msn=5 info=0201");
	none(1000, "B gate op=open");
}

static void must_authenticate_again(void)
{
	struct gate_answer a = { .op = GATE_GONE, .code = 0x0102 };
	unsigned int i, v;

	established();
	for (i = 0; i < 16; i++) {
		sscanf(S + 2 * i, "%2x", &v);
		a.sid[i] = (uint8_t)v;
	}
	nslp_gate_answer(natfw("B"), &a);
	expect(1000, "A recv m=notify info=0102");
	none(1000, "C recv m=notify");
	CHECK(session_of("B", S, NULL));
	IS(gate_state("B", S), "open");
}

static void expiry_told(void)
{
	nf_established("");
	run(61000);
	CHECK(count("A recv m=notify info=0104") <= 1);
	CHECK(count("C recv m=notify info=0104") <= 1);
	none(0, "A recv m=notify info!=0104");
	IS(session_state("B", S), "none");
}

/* ------------------------------------------------------------------ many at once */

static void crowd(void)
{
	unsigned int i;

	net("A B C; X B; B E");
	gist("A B C X E", "");
	app("A C X E", 33, "");
	nslp("B", "forward=1 fw out=2,4");
	for (i = 1; i <= 10; i++) {
		say("A", "sid=%032x mri=A.1:%u>C.2:5000,p17 reliable data=[create lt=600 efi=1/0 msn=5]", i, 4000 + i);
		expect(2000, "C recv query=0 m=create sid=%032x sii=$b", i);
		say("C", "sid=%032x d=1 mri=A.1:%u>C.2:5000,p17 reliable data=[response lt=600 msn=5 info=0201]",
		    i, 4000 + i);
		expect(2000, "A recv m=response info=0201 sid=%032x", i);
	}
	say("X", "sid=%032x mri=X.3:1>C.2:5000,p17 reliable data=[create lt=600 efi=1/0 msn=5]", 20);
	expect(2000, "C recv query=0 m=create sid=%032x", 20);
	say("C", "sid=%032x d=1 mri=X.3:1>C.2:5000,p17 reliable data=[response lt=600 msn=5 info=0201]", 20);
	expect(2000, "X recv m=response info=0201");
	say("X", "sid=%032x mri=X.3:2>E.4:5000,p17 reliable data=[create lt=600 efi=1/0 msn=5]", 21);
	expect(2000, "E recv query=0 m=create sid=%032x", 21);
	say("E", "sid=%032x d=1 mri=X.3:2>E.4:5000,p17 reliable data=[response lt=600 msn=5 info=0201]", 21);
	expect(2000, "X recv m=response info=0201 sid=%032x", 21);
	forget();
}

static const char *state(unsigned int i)
{
	char sid[40];

	__builtin_snprintf(sid, sizeof(sid), "%032x", i);
	return gate_state("B", sid);
}

static void shutdown_all(void)
{
	crowd();
	nslp_shutdown(natfw("B"), true);
	expect(1000, "A recv m=notify info=0103 sid=" ALL " explicit=1 mri=pc:*/0>*/0");
	expect(1000, "X recv m=notify info=0103 sid=" ALL);
	none(1000, "A recv m=notify");
	CHECK(count("B tx m=notify e=1 sid=" ALL) >= 2);
	CHECK(count("B tx m=notify") <= 4);
}

static void aggregate_received(void)
{
	crowd();
	CHECK_EQ(say("C", "sid=" ALL " d=1 mri=0.0.0.0/0>0.0.0.0/0 sii=$b reliable data=[notify info=%s]",
		     sim_now->arg[0]), 0);
	run(500);
	IS(state(1), "none");
	IS(state(10), "none");
	IS(state(20), "none");
	IS(state(21), "open");
	CHECK(count("A recv m=notify") >= 1);
	CHECK(count("X recv m=notify sid=%032x", 20) + count("X recv m=notify sid=" ALL) == 1);
	CHECK_EQ(count("X recv m=notify sid=%032x", 21), 0);
	CHECK_EQ(count("A recv m=notify sid=%032x", 7) + count("A recv m=notify sid=" ALL), 1);
}

/* ------------------------------------------------------------------ initiator */

static void initiator(void)
{
	ni_established("");
	say("B", "d=1 reliable sid=$sid data=[notify info=%s]", sim_now->arg[0]);
	run(100);
	none(2000, "A tx m=notify");
}

static void initiator_lost(void)
{
	ni_established("");
	say("B", "d=1 reliable sid=$sid data=[notify info=%s]", sim_now->arg[0]);
	expect(1000, "A event state=dead code=%s sid=$sid", sim_now->arg[0]);
	IS(session_state("A", var("sid")), "none");
	none(2000, "A tx data");
}

static void initiator_asks_again(void)
{
	ni_established("");
	say("B", "d=1 reliable sid=$sid data=[notify info=%s]", sim_now->arg[0]);
	expect(3000, "B recv query=0 m=create sid=$sid lt=60 msn=%lu", strtoul(var("msn"), NULL, 10) + 1);
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=%lu info=0201]",
	    strtoul(var("msn"), NULL, 10) + 1);
	expect(1000, "A event state=established");
	none(100, "A tx m=notify");
}

static void initiator_warned(void)
{
	ni_established("");
	say("B", "d=1 reliable sid=$sid data=[notify info=0103]");
	expect(1000, "A event state=transitory code=0103");
	CHECK(session_of("A", var("sid"), NULL));
	none(1000, "A event state=dead");
}

static void initiator_twice(void)
{
	ni_established("");
	say("B", "d=1 reliable sid=$sid data=[notify info=0101]");
	expect(3000, "B recv query=0 m=create");
	say("B", "d=1 reliable sid=$sid data=[notify info=0101]");
	none(3000, "B recv query=0 m=create");
}

static void initiator_never_notifies(void)
{
	net("A B D; A C D");
	gist("A B C D", "");
	link_set(3, "cost=5");
	app("D", 33, "");
	nslp("A", "");
	nslp("B", "forward=1 fw out=2");
	nslp("C", "forward=1 fw out=4");
	flow("A.1:4000>D.2:5000 udp");
	app_open("A", "create", "lt=600");
	expect(3000, "D recv query=0 m=create sid=$sid msn=$m");
	say("D", "d=1 reliable sid=$sid data=[response lt=600 msn=$m info=0201]");
	expect(2000, "A event state=established");
	forget();
	link_set(1, "cost=20");
	route_changed();
	/* the same session by the other forwarder */
	expect(20000, "C tx data m=create sid=$sid");
	CHECK_EQ(count("A tx m=notify"), 0);
	CHECK(session_of("C", var("sid"), NULL));
}

/* ------------------------------------------------------------------ routes */

/* A - B - C - E and B - D - E: C is the shorter way. */
static void fork_ready(void)
{
	net("A B C E; B D E");
	link_set(4, "cost=5");
	gist("A B C D E", "");
	app("A E", 33, "");
	nslp("B", "forward=1 fw out=2,4");
	nslp("C", "forward=1 fw out=3");
	nslp("D", "forward=1 fw out=5");
	flow("A.1:4000>E.3:5000 udp");
	ask("create lt=600 efi=1/0 msn=5");
	expect(3000, "E recv query=0 m=create");
	say("E", "d=1 reliable data=[response lt=600 msn=5 info=0201]");
	expect(2000, "A recv m=response info=0201");
	run(1000);
	forget();
	link_set(2, "cost=20");
	route_changed();
}

static void route_to_both(void)
{
	fork_ready();
	expect(5000, "A recv m=notify info=0101 sid=" S);
	expect(5000, "B tx data m=notify info=0101 e=1 d=0 to=C.2:*");
	IS(session_state("B", S), "transitory");
	run(200);
	IS(session_state("C", S), "transitory");
	CHECK_EQ(count("B tx m=notify info=0101"), 2);
	run(28000);
	CHECK(session_of("C", S, NULL));
	IS(gate_state("C", S), "open");
}

static void route_followed(void)
{
	fork_ready();
	expect(5000, "A recv m=notify info=0101");
	run(3000);
	ask("create lt=600 efi=1/0 msn=6");
	expect(5000, "D tx data m=create msn=6");
	expect(3000, "E recv query=0 m=create msn=6");
	say("E", "d=1 reliable data=[response lt=600 msn=6 info=0201]");
	expect(3000, "A recv m=response msn=6 info=0201");
	IS(session_state("B", S), "established");
	IS(session_state("D", S), "established");
	IS(gate_state("D", S), "open");
	run(610000);
	IS(gate_state("C", S), "none");
	IS(session_state("C", S), "none");
}

static const struct sim_test tests[] = {
	{ "NATFW-3.7.5-21,NATFW-3.7.5-16,NATFW-3.7.5-23,NATFW-4.3.4-02,NATFW-1.2-05,NATFW-3.2.6-04,NATFW-3.7.5-25 route change, toward the initiator, hop by hop", to_ni, { "0101" } },
	{ "NATFW-3.7.5-21,NATFW-3.7.5-09 authenticate again, toward the initiator", to_ni, { "0102" } },
	{ "NATFW-3.7.5-21,NATFW-3.7.5-10 going down, toward the initiator", to_ni, { "0103" } },
	{ "NATFW-3.7.5-21 terminated, toward the initiator", to_ni, { "0105" } },
	{ "NATFW-3.7.5-22,NATFW-3.7.5-16,NATFW-3.7.5-23 route change, toward the receiver", to_nr, { "0101" } },
	{ "NATFW-3.7.5-22,NATFW-3.7.5-15 terminated, toward the receiver", to_nr, { "0105" } },
	{ "NATFW-3.7.5-12 expired: Dead", dead, { "0104" } },
	{ "NATFW-3.7.5-14 terminated: Dead", dead, { "0105" } },
	{ "NATFW-3.7.5-12 expired, from the other side: Dead", dead_from_near, { "0104" } },
	{ "NATFW-3.7.5-14 terminated, from the other side: Dead", dead_from_near, { "0105" } },
	{ "NATFW-3.7.5-14 the receiver: Dead", dead_receiver, { "0105" } },
	{ "NATFW-3.2.8-09,NATFW-3.2.8-10 route change: Transitory for 30 s", transitory, { "0101" } },
	{ "NATFW-3.7.5-11,NATFW-3.2.8-09,NATFW-3.2.8-10 going down: Transitory, all stays", transitory, { "0103" } },
	{ "NATFW-3.7.5-05 route change twice: the second is dropped", twice },
	{ "NATFW-3.2.8-11,NATFW-3.9-05 asked again in time: Established, without a gap", saved },
	{ "NATFW-3.2.8-12,NATFW-3.9-03,NATFW-3.9-07 not asked again: it ends", not_saved },
	{ "NATFW-3.7.5-24,NATFW-3.7.5-08 authenticate again, toward the receiver: dropped", reauthenticate_wrong_way },
	{ "NATFW-3.7.5-26 the receiver drops it too", reauthenticate_wrong_way_receiver },
	{ "NATFW-3.7.5-17 by datagram: nothing", by_datagram },
	{ "NATFW-3.7.5-17,NATFW-5.2.1-08,NATFW-5.2.1-05 by somebody who is no neighbour of the session: nothing", by_stranger },
	{ "NATFW-3.7.5-33,NATFW-3.2.8-03 for no session: nothing", unknown },
	{ "NATFW-3.7.1-32,NATFW-3.2.6-04,NATFW-3.7.5-01,NATFW-3.7.5-02,NATFW-3.7.5-15,NATFW-3.7.5-20,NATFW-4.3.4-02 ended by the operator: told on both sides",
	  operator_ends },
	{ "NATFW-3.7.1-32,NATFW-3.7.5-25 ended at the receiver", operator_ends_receiver },
	{ "NATFW-3.7.2-57,NATFW-4.3.4-03 a reservation ended: by the method of its request", operator_ends_reservation },
	{ "NATFW-3.2.5-02,NATFW-3.7.5-02,NATFW-3.7.5-20 its rules are gone: told on both sides", rules_gone },
	{ "NATFW-4.2.5-12,NATFW-3.7.1-33 ended while a request is under way", ended_in_flight },
	{ "NATFW-3.7.5-07,NATFW-3.7.5-08,NATFW-3.7.5-02 policy wants proof again: 1/0x02 toward the initiator only", must_authenticate_again },
	{ "NATFW-3.7.5-13 expiry", expiry_told },
	{ "NATFW-3.7.5-10,NATFW-3.7.5-27,NATFW-3.7.5-28 this node goes down: one NOTIFY for all of a neighbour's", shutdown_all },
	{ "NATFW-3.7.5-29,NATFW-3.7.5-30,NATFW-3.7.5-31 a neighbour is down: all that went by it is void at once", aggregate_received, { "0105" } },
	{ "NATFW-3.7.5-29,NATFW-3.7.5-30 a neighbour goes down", aggregate_received, { "0103" } },
	{ "NATFW-3.7.5-19 the initiator never sends one", initiator, { "0105" } },
	{ "NATFW-3.7.5-18,NATFW-3.7.5-19 the initiator: session lost, expired", initiator_lost, { "0104" } },
	{ "NATFW-3.7.5-18,NATFW-3.7.5-19 the initiator: session lost, terminated", initiator_lost, { "0105" } },
	{ "NATFW-3.9-04,NATFW-3.7.5-18 the initiator: asks again after a route change", initiator_asks_again, { "0101" } },
	{ "NATFW-3.7.5-09,NATFW-3.7.5-18 the initiator: asks again when it has to prove itself", initiator_asks_again, { "0102" } },
	{ "NATFW-3.7.5-11 the initiator: is warned, and goes on", initiator_warned },
	{ "NATFW-3.7.5-05 the initiator: a second one is dropped", initiator_twice },
	{ "NATFW-3.9-08,NATFW-3.7.5-19 a route that changes at the initiator: the same session by the new way", initiator_never_notifies },
	{ "NATFW-3.7.5-04,NATFW-3.7.5-06,NATFW-3.9-01,NATFW-3.9-02,NATFW-3.9-03 a route changes at a forwarder: told on both sides, the old peer by its handle", route_to_both },
	{ "NATFW-3.9-05,NATFW-3.9-06,NATFW-3.9-07,NATFW-3.2.8-11 asked again: the new forwarder joins, the old one forgets", route_followed },
};

SIM_MAIN(tests)
