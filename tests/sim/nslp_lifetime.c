// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lifetimes: asked for, lowered, granted, over; refreshes (RFC 5973, 3.2.8, 3.4, 3.7.3).
 *
 * natfw-test: host quick
 */
#include <stdlib.h>
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))

static void lowered(void)
{
	nf("max=20");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create lt=20 msn=5");
	answer("response lt=20 msn=5 info=0201");
	expect(1000, "B gate op=open lt=20");
	expect(1000, "A recv m=response lt=20 info=0201");
}

static void unchanged(void)
{
	nf("min=10 max=3600");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create lt=60");
}

static void not_raised(void)
{
	nf("min=30");
	ask("create lt=5 efi=1/0 msn=5");
	expect(2000, "A recv m=response info=0710 iobj=00c");
	none(1000, "C recv");
	IS(session_state("B", S), "none");
}

static void huge(void)
{
	nf("max=3600");
	ask("create lt=4294967295 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create lt=3600");
	answer("response lt=3600 msn=5 info=0201");
	expect(2000, "A recv m=response lt=3600 info=0201");
	run(3000000);
	IS(session_state("B", S), "established");
}

static void huge_receiver(void)
{
	nr("max=1000");
	ask("create lt=4294967295 efi=1/0 msn=5");
	expect(2000, "A recv m=response lt=1000 info=0201");
	run(900000);
	IS(session_state("B", S), "established");
	run(110000);
	IS(session_state("B", S), "none");
}

static void receiver_limits(void)
{
	nr("min=30 max=100");
	say("A", "reliable data=[create lt=5 efi=1/0 msn=5]");
	expect(2000, "A recv m=response info=0710");
	say("A", "reliable data=[create lt=50 efi=1/0 msn=6]");
	expect(2000, "A recv m=response info=0201 lt=50");
}

static void granted_less(void)
{
	nf("");
	ask("create lt=20 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create lt=20");
	answer("response lt=15 msn=5 info=0201");
	expect(1000, "B gate op=open lt=15");
	expect(1000, "A recv m=response lt=15 info=0201");
	run(14000);
	IS(session_state("B", S), "established");
	run(2500);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

static void granted_more(void)
{
	nf("max=20");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create lt=20");
	answer("response lt=30 msn=5 info=0201");
	expect(1000, "A recv m=response info=0711 lt=20 msn=5");
	expect(1000, "C recv m=notify info=0105 d=0");
	none(1000, "B gate op=open");
	none(0, "A recv m=response");
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

static void granted_too_little(void)
{
	nf("min=10");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	answer("response lt=5 msn=5 info=0201");
	expect(1000, "A recv m=response info=0712 lt=10 msn=5");
	expect(1000, "C recv m=notify info=0105");
	none(1000, "B gate op=open");
	IS(session_state("B", S), "none");
}

static void grant_notify_further(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	nslp("B", "forward=1 fw out=2 max=20");
	nslp("C", "forward=1 fw out=3");
	flow("A.1:4000>D.3:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "D recv query=0 m=create lt=20");
	/* the test forges what C would not say */
	say("D", "d=1 reliable data=[response lt=20 msn=5 info=0201]");
	expect(2000, "A recv m=response info=0201");
	IS(session_state("C", S), "established");
}

static void pending_ends(void)
{
	nf("max=20");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create lt=20");
	run(18500);
	IS(session_state("B", S), "pending");
	run(2500);
	IS(session_state("B", S), "none");
	none(0, "B gate op=open");
}

static void expires(void)
{
	nf_established("");
	run(58000);
	IS(session_state("B", S), "established");
	IS(gate_state("B", S), "open");
	run(4000);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	none(0, "C recv m=create");
	none(0, "B tx m=create");
}

static void runs_from_response(void)
{
	nf("");
	ask("create lt=40 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	run(20000);
	answer("response lt=40 msn=5 info=0201");
	expect(1000, "A recv m=response");
	run(38000);
	IS(session_state("B", S), "established");
	run(4000);
	IS(session_state("B", S), "none");
}

static void receiver_expires(void)
{
	nr_established("");
	run(58000);
	IS(session_state("B", S), "established");
	run(4000);
	IS(session_state("B", S), "none");
	none(0, "B tx m=create");
}

static void all_nodes(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A", 33, "");
	nslp("B", "forward=1 fw out=2");
	nslp("C", "forward=1 fw out=3");
	nslp("D", "");
	flow("A.1:4000>D.3:5000 udp");
	ask("create lt=30 efi=1/0 msn=5");
	expect(2000, "A recv m=response info=0201 lt=30");
	run(33000);
	IS(session_state("B", S), "none");
	IS(session_state("C", S), "none");
	IS(session_state("D", S), "none");
	CHECK_EQ(count("B tx m=create"), 1);
}

/* ------------------------------------------------------------------ refreshes */

static void refreshed(void)
{
	nf_established("");
	run(50000);
	ask("create lt=60 efi=1/0 msn=6");
	expect(1000, "B gate op=admit");
	granted(60, 6);
	run(58000);
	IS(session_state("B", S), "established");
	run(5000);
	IS(session_state("B", S), "none");	/* 110 s, not 120 */
}

static void refresh_capped(void)
{
	nf_established("max=60");
	ask("create lt=100000 efi=1/0 msn=6");
	expect(2000, "C recv query=0 m=create lt=60 msn=6");
}

static void refresh_too_short(void)
{
	nf_established("min=30");
	ask("create lt=5 efi=1/0 msn=6");
	expect(2000, "A recv m=response info=0710 msn=6");
	IS(session_state("B", S), "established");
	run(63000);
	IS(session_state("B", S), "none");
}

static void refresh_lost(void)
{
	nf_established("");
	run(40000);
	ask("create lt=60 efi=1/0 msn=6");
	expect(2000, "C recv query=0 m=create msn=6");
	/* no answer */
	run(15000);
	IS(gate_state("B", S), "open");
	run(8000);
	IS(gate_state("B", S), "none");
}

static void refresh_same_binding(void)
{
	unsigned int i;

	reserved("");
	for (i = 2; i < 7; i++) {
		run(30000);
		reserve_loose("external lt=60 efi=1/0 msn=%u dti=p17,5000,0,0.0.0.0/0", i);
		expect(2000, "A recv m=response msn=%u info=0201 ext=B.2:40000 lt=60", i);
	}
	IS(gate_state("B", S), "held");
}

static void refresh_after_end(void)
{
	nf_established("");
	run(65000);
	IS(session_state("B", S), "none");
	ask("create lt=60 efi=1/0 msn=6");
	expect(2000, "C recv query=0 m=create msn=6");
	IS(session_state("B", S), "pending");
}

static void refresh_receiver(void)
{
	unsigned int i;

	nr_established("");
	for (i = 6; i < 16; i++) {
		run(20000);
		ask("create lt=60 efi=1/0 msn=%u", i);
		expect(2000, "A recv m=response lt=60 msn=%u info=0201", i);
	}
	CHECK_EQ(count("A recv m=response"), 11);
}

static void refresh_wrong_type(void)
{
	nf_established("edge");
	run(40000);
	say("A", "mri=le:A.1>192.0.2.99 reliable data=[external lt=60 efi=1/0 msn=6 dti=p17,5000,0,0.0.0.0/0]");
	expect(1000, "A tx data via=tcp m=external");
	none(2000, "B gate");
	run(20000);
	IS(session_state("B", S), "none");
}

static void refresh_wrong_type_external(void)
{
	reserved("");
	run(40000);
	say("A", "mri=pc:A.1/32:5000>C.2/32:4000,p17 reliable data=[create lt=60 efi=1/0 msn=6]");
	none(2000, "B gate");
	none(0, "C recv m=create");
	run(21000);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
}

static void refresh_error(void)
{
	nf_established("");
	run(30000);
	ask("create lt=60 efi=1/0 msn=6");
	expect(2000, "C recv query=0 m=create msn=6");
	answer("response msn=6 info=0704");
	expect(2000, "A recv m=response info=0704");
	IS(gate_state("B", S), "open");
	run(32000);
	IS(gate_state("B", S), "none");
}

/* ------------------------------------------------------------------ the initiator's */

static void default_lifetime(void)
{
	struct event *e;

	ni("");
	app_open("A", "create", "token=7");
	e = expect(2000, "B recv query=0 m=create sid=$sid msn=$msn");
	CHECK(num(e, "lt") >= 1575);
	say("B", "d=1 reliable sid=$sid data=[response lt=%s msn=$msn info=0201]", get(e, "lt"));
	expect(1000, "A event state=established");
	between(149000, 451000, "B recv query=0 m=create sid=$sid");
}

static void default_pace(void)
{
	uint64_t last, gap, low = 1 << 30, high = 0, sum = 0;
	unsigned int i;

	ni("");
	app_open("A", "create", "lt=1575");
	expect(2000, "B recv query=0 m=create sid=$sid msn=$m");
	say("B", "d=1 reliable sid=$sid data=[response lt=1575 msn=$m info=0201]");
	expect(1000, "A event state=established");
	for (i = 0; i < 40; i++) {
		last = now();
		set("m", "%s", "");
		between(149000, 451000, "B recv query=0 m=create sid=$sid lt=1575 msn=$m");
		gap = now() - last;
		low = gap < low ? gap : low;
		high = gap > high ? gap : high;
		sum += gap;
		say("B", "d=1 reliable sid=$sid data=[response lt=1575 msn=$m info=0201]");
		run(20);
	}
	CHECK(high - low > 100000);
	CHECK(sum / 40 > 250000 && sum / 40 < 350000);
}

static void paced_by_application(void)
{
	unsigned int i;

	ni("");
	app_open("A", "create", "lt=200 refresh=20000");
	expect(2000, "B recv query=0 m=create sid=$sid msn=$m");
	say("B", "d=1 reliable sid=$sid data=[response lt=200 msn=$m info=0201]");
	expect(1000, "A event state=established");
	for (i = 0; i < 20; i++) {
		set("m", "%s", "");
		between(9900, 30100, "B recv query=0 m=create sid=$sid msn=$m");
		say("B", "d=1 reliable sid=$sid data=[response lt=200 msn=$m info=0201]");
		run(20);
	}
}

static void smaller_grant(void)
{
	ni("");
	app_open("A", "create", "lt=1575");
	expect(2000, "B recv query=0 m=create sid=$sid msn=$m");
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=$m info=0201]");
	expect(1000, "A event state=established lt=60");
	between(5000, 18000, "B recv query=0 m=create sid=$sid");
}

static void refresh_is_same(void)
{
	ni("");
	app_open("A", "create", "lt=60");
	expect(2000, "B recv query=0 m=create sid=$sid msn=$m mri=$mri");
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=$m info=0201]");
	expect(1000, "A event state=established");
	expect(20000, "B recv query=0 m=create sid=$sid mri=$mri lt>=1 msn=%lu", strtoul(var("m"), NULL, 10) + 1);
}

static void survives_loss(void)
{
	net("A B C");
	gist("A B C", "");
	nslp("A", "");
	nslp("B", "forward=1 fw out=2");
	nslp("C", "");
	flow("A.1:4000>C.2:5000 udp");
	app_open("A", "create", "lt=105 refresh=20000");
	expect(2000, "A event state=established sid=$sid");
	gate("B", "op=admit", "drop");
	gate("B", "op=admit", "drop");
	run(150000);
	CHECK(count("B gate op=admit") >= 5);
	IS(session_state("C", var("sid")), "established");
	IS(session_state("B", var("sid")), "established");
}

static const struct sim_test tests[] = {
	{ "NATFW-3.4-14,NATFW-3.4-13,NATFW-3.4-17,NATFW-3.4-23 a forwarder lowers what is asked for", lowered },
	{ "NATFW-3.4-12 what is acceptable stays", unchanged },
	{ "NATFW-3.4-19,NATFW-3.4-18,NATFW-3.4-20 what is too short is refused, not raised: 7/0x10", not_raised },
	{ "NATFW-4.2.1-02,NATFW-3.4-17 there is no infinity, and no overflow", huge },
	{ "NATFW-4.2.1-02,NATFW-3.4-22 at the receiver neither", huge_receiver },
	{ "NATFW-3.4-19,NATFW-3.4-12 the receiver's limits", receiver_limits },
	{ "NATFW-3.4-23,NATFW-3.4-24,NATFW-3.2.8-07,NATFW-3.4-01 what is granted counts", granted_less },
	{ "NATFW-3.4-25,NATFW-3.4-26,NATFW-3.4-29,NATFW-3.4-30,NATFW-3.7.5-15 granted more than accepted: 7/0x11 and NOTIFY", granted_more },
	{ "NATFW-3.4-27,NATFW-3.4-28,NATFW-3.4-29,NATFW-3.4-30 granted less than acceptable: 7/0x12 and NOTIFY", granted_too_little },
	{ "NATFW-3.4-14,NATFW-3.5-03 the lower lifetime goes all the way", grant_notify_further },
	{ "NATFW-3.2.8-05 Pending ends with what was forwarded", pending_ends },
	{ "NATFW-3.4-01,NATFW-3.2.8-07,NATFW-3.4-03,NATFW-1.1-04,NATFW-3.7.3-01,NATFW-3.2.5-01,NATFW-1.1-03 unrefreshed it is gone, rule and all", expires },
	{ "NATFW-3.2.8-06 it runs from the RESPONSE", runs_from_response },
	{ "NATFW-3.4-01,NATFW-3.4-03,NATFW-3.2.8-07 at the receiver too", receiver_expires },
	{ "NATFW-3.4-02,NATFW-3.2.5-01 each node keeps its own time", all_nodes },
	{ "NATFW-3.7.3-07,NATFW-3.7.3-10,NATFW-3.7.3-04 a refresh counts from now", refreshed },
	{ "NATFW-3.4-21,NATFW-3.7.3-08 a refresh is lowered as well", refresh_capped },
	{ "NATFW-3.4-21,NATFW-3.7.3-08,NATFW-3.7.3-06 a refresh that is too short is refused, the session lives out its time", refresh_too_short },
	{ "NATFW-3.7.3-13 a lost refresh is no refresh", refresh_lost },
	{ "NATFW-3.7.3-11,NATFW-3.7.2-59,NATFW-3.7.3-08 refreshes keep the binding", refresh_same_binding },
	{ "NATFW-3.7.3-12 after the end a refresh is a new session", refresh_after_end },
	{ "NATFW-3.7.3-06,NATFW-3.7.3-10,NATFW-3.5-10 each refresh is answered", refresh_receiver },
	{ "NATFW-3.7.3-02 EXTERNAL does not refresh what CREATE made", refresh_wrong_type },
	{ "NATFW-3.7.3-03 nor CREATE what EXTERNAL made", refresh_wrong_type_external },
	{ "NATFW-3.7.3-13,NATFW-3.7.3-06 a refused refresh leaves the old rule its time", refresh_error },
	{ "NATFW-3.4-09,NATFW-3.4-10,NATFW-3.4-04,NATFW-3.7.3-09 1575 s and every 300 s, unless told", default_lifetime },
	{ "NATFW-3.4-07,NATFW-3.4-10,NATFW-3.7.3-09 at random times in half to one and a half of it", default_pace },
	{ "NATFW-3.4-05,NATFW-3.4-07 at the pace of the application", paced_by_application },
	{ "NATFW-3.4-31 a smaller grant makes it faster", smaller_grant },
	{ "NATFW-3.7.3-04,NATFW-3.5-06 same session, same flow, next number", refresh_is_same },
	{ "NATFW-3.4-08 refreshes may be lost", survives_loss },
};

SIM_MAIN(tests)
