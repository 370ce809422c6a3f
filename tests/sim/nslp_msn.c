// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sequence numbers, deletes, updates (RFC 5973, 3.5, 3.7.4, 3.10).
 *
 * natfw-test: host quick
 */
#include <stdlib.h>
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))

/* At the receiver: MSN stored, then another one. */
static void accepted(void)
{
	nr("");
	ask("create lt=60 efi=1/0 msn=%s", sim_now->arg[0]);
	expect(2000, "A recv m=response msn=%s info=0201", sim_now->arg[0]);
	ask("create lt=60 efi=1/0 msn=%s", sim_now->arg[1]);
	expect(2000, "A recv m=response msn=%s info=0201", sim_now->arg[1]);
}

static void dropped(void)
{
	nr("");
	ask("create lt=60 efi=1/0 msn=%s", sim_now->arg[0]);
	expect(2000, "A recv m=response msn=%s info=0201", sim_now->arg[0]);
	run(30000);
	ask("create lt=60 efi=1/0 msn=%s", sim_now->arg[1]);
	none(2000, "A recv m=response");
	run(30000);
	IS(session_state("B", S), "none");	/* was not extended */
}

static void forwarder_drops(void)
{
	nf_established("");
	ask("create lt=60 efi=1/0 msn=5");
	ask("create lt=600 efi=1/0 msn=4");
	ask("create lt=0 efi=1/0 msn=5");
	ask("create lt=0 efi=1/0 msn=3");
	none(2000, "C recv m=create");
	none(0, "A recv m=response");
	IS(session_state("B", S), "established");
	IS(gate_state("B", S), "open");
	ask("create lt=60 efi=1/0 msn=10");
	expect(2000, "C recv query=0 m=create msn=10");
	ask("create lt=60 efi=1/0 msn=8");
	none(1000, "C recv m=create");
}

static void not_advanced(void)
{
	nf_established("");
	gate("B", "op=admit", "code=0502");
	ask("create lt=60 efi=1/0 msn=105");
	expect(2000, "A recv m=response info=0502 msn=105");
	ask("create lt=60 efi=1/0 msn=6");
	expect(2000, "C recv query=0 m=create msn=6");
}

static void per_session(void)
{
	nf("");
	say("A", "sid=%032x mri=A.1:1>C.2:2,p17 reliable data=[create lt=60 efi=1/0 msn=5]", 1);
	expect(2000, "C recv query=0 m=create sid=%032x", 1);
	say("A", "sid=%032x mri=A.1:3>C.2:2,p17 reliable data=[create lt=60 efi=1/0 msn=5]", 2);
	expect(2000, "C recv query=0 m=create sid=%032x", 2);
}

static void old_response(void)
{
	nf_established("");
	say("A", "mri=A.1:4000>C.2:5001,p17 reliable data=[create lt=60 efi=1/0 msn=6]");
	expect(2000, "C recv query=0 m=create msn=6");
	say("A", "mri=A.1:4000>C.2:5002,p17 reliable data=[create lt=60 efi=1/0 msn=7]");
	expect(2000, "C recv query=0 m=create msn=7");
	say("C", "d=1 mri=A.1:4000>C.2:5001,p17 reliable data=[response lt=60 msn=6 info=0201]");
	none(1000, "B gate op=open");
	say("C", "d=1 mri=A.1:4000>C.2:5002,p17 reliable data=[response lt=60 msn=7 info=0201]");
	expect(1000, "B gate op=open");
}

static void initiator_counts(void)
{
	unsigned long m;

	ni("");
	app_open("A", "create", "lt=60");
	expect(2000, "B recv query=0 m=create sid=$sid msn=$m");
	m = strtoul(var("m"), NULL, 10);
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=$m info=0201]");
	expect(1000, "A event state=established");
	app_refresh("A", var("sid"));
	expect(1000, "B recv query=0 m=create msn=%lu lt=60", m + 1);
	say("B", "d=1 reliable sid=$sid data=[response lt=60 msn=%lu info=0201]", m + 1);
	run(20);
	app_open("A", "create", "sid=$sid lt=60 flow=A.1:4000>B.1:5001,p17");
	expect(3000, "B recv query=0 m=create msn=%lu mri=pc:A.1/32:4000>B.1/32:5001,p17", m + 2);
	say("B", "d=1 reliable sid=$sid mri=A.1:4000>B.1:5001,p17 data=[response lt=60 msn=%lu info=0201]", m + 2);
	run(20);
	app_close("A", var("sid"), false);
	expect(1000, "B recv query=0 m=create lt=0 msn=%lu", m + 3);
}

static void initiator_wraps(void)
{
	ni("");
	app_open("A", "create", "lt=60 msn=4294967293 sid=" S2);
	expect(2000, "B recv query=0 m=create msn=4294967294");
	say("B", "d=1 reliable sid=" S2 " data=[response lt=60 msn=4294967294 info=0201]");
	expect(1000, "A event state=established");
	app_refresh("A", S2);
	expect(1000, "B recv query=0 m=create msn=4294967295");
	say("B", "d=1 reliable sid=" S2 " data=[response lt=60 msn=4294967295 info=0201]");
	run(20);
	app_refresh("A", S2);
	expect(1000, "B recv query=0 m=create msn=0");
}

static void initiator_random(void)
{
	unsigned long m, high = 0, low = 0xffffffff;
	unsigned int i;

	ni("");
	for (i = 0; i < 60; i++) {
		app_open("A", "create", "lt=60 flow=A.1:%u>B.1:5000,p17", 1000 + i);
		m = num(expect(3000, "B recv query=0 m=create"), "msn");
		high = m > high ? m : high;
		low = m < low ? m : low;
	}
	CHECK(high > 0xc0000000 && low < 0x40000000);
}

/* ------------------------------------------------------------------ deletes */

static void deleted(void)
{
	nf_established("");
	ask("create lt=0 efi=1/0 msn=6");
	expect(100, "B gate op=close");
	IS(gate_state("B", S), "none");
	IS(session_state("B", S), "none");
	expect(1000, "C recv query=0 m=create lt=0 msn=6");
	none(2000, "A recv m=response");
}

static void deleted_receiver(void)
{
	nr_established("fw");
	ask("create lt=0 efi=1/0 msn=6");
	run(50);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	none(2000, "A recv m=response");
}

static void deleted_pending(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create lt=60");
	ask("create lt=0 efi=1/0 msn=6");
	expect(1000, "C recv query=0 m=create lt=0");
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	answer("response lt=60 msn=5 info=0201");
	none(1000, "B gate op=open");
}

static void deleted_unknown(void)
{
	nf("");
	ask("create lt=0 efi=1/0 msn=6");
	none(2000, "A recv m=response");
	none(0, "B gate");
	IS(session_state("B", S), "none");
	nr("");
}

static void deleted_by_other(void)
{
	net("A B C; X B");
	gist("A B C X", "");
	app("A C X", 33, "");
	nslp("B", "forward=1 fw out=2");
	flow("A.1:4000>C.2:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	granted(60, 5);
	/* X knows the session id, and its own address only */
	say("X", "mri=X.3:4000>C.2:5000,p17 data=[create lt=0 efi=1/0 msn=6]");
	run(2000);
	IS(session_state("B", S), "established");
	IS(gate_state("B", S), "open");
}

static void deleted_external(void)
{
	reserved("");
	reserve_loose("external lt=0 efi=1/0 msn=2 dti=p17,5000,0,0.0.0.0/0");
	run(100);
	IS(session_state("B", S), "none");
	IS(gate_state("B", S), "none");
	none(2000, "A recv m=response");
	none(0, "C recv");
	none(0, "C rx");
}

static void initiator_deletes(void)
{
	ni_established("");
	CHECK_EQ(app_close("A", var("sid"), false), 0);
	IS(session_state("A", var("sid")), "none");
	expect(1000, "B recv query=0 m=create lt=0 mri=pc:A.1/32:4000>B.1/32:5000,p17");
	none(30000, "A tx data lt>=1");
}

static void initiator_deletes_external(void)
{
	net("A B");
	gist("A B", "");
	app("B", 33, "");
	nslp("A", "");
	app_open("A", "external", "lt=60 flow=B.1:4000>A.1:5000,p17");
	expect(2000, "B recv query=0 m=external sid=$sid msn=$msn");
	say("B", "mri=B.1:4000>A.1:5000,p17 sid=$sid reliable data=[response lt=60 msn=$msn info=0201]");
	expect(1000, "A event state=established");
	app_close("A", var("sid"), false);
	expect(1000, "B recv query=0 m=external lt=0 dti=p17,5000,4000,B.1/32");
}

/* ------------------------------------------------------------------ many at once */

#define ALL	"00000000000000000000000000000000"

/* A has two UDP sessions and one TCP session by one association; X one. */
static void crowd(void)
{
	unsigned int i;

	net("A B C; X B");
	gist("A B C X", "");
	app("A C X", 33, "");
	nslp("B", "forward=1 fw out=2");
	for (i = 1; i <= 3; i++) {
		say("A", "sid=%032x mri=A.1:%u>C.2:5000,p%u reliable data=[create lt=600 efi=1/0 msn=5]", i,
		    4000 + i, i == 3 ? 6 : 17);
		expect(2000, "C recv query=0 m=create sid=%032x", i);
		say("C", "sid=%032x d=1 mri=A.1:%u>C.2:5000,p%u reliable data=[response lt=600 msn=5 info=0201]",
		    i, 4000 + i, i == 3 ? 6 : 17);
		expect(2000, "A recv m=response info=0201 sid=%032x", i);
	}
	say("X", "sid=%032x mri=X.3:4000>C.2:5000,p17 reliable data=[create lt=600 efi=1/0 msn=5]", 9);
	expect(2000, "C recv query=0 m=create sid=%032x", 9);
	say("C", "sid=%032x d=1 mri=X.3:4000>C.2:5000,p17 reliable data=[response lt=600 msn=5 info=0201]", 9);
	expect(2000, "X recv m=response info=0201");
	set("b", "%s", get(expect(0, "A network event=good"), "sii"));
	set("bx", "%s", get(expect(0, "X network event=good"), "sii"));
	forget();
}

static const char *state(unsigned int i)
{
	char sid[40];

	__builtin_snprintf(sid, sizeof(sid), "%032x", i);
	return gate_state("B", sid);
}

static void aggregate(void)
{
	crowd();
	CHECK_EQ(say("A", "sid=" ALL " mri=A.1/32>0.0.0.0/0,p17 sii=$b reliable data=[create lt=0 efi=1/0 msn=1]"), 0);
	run(200);
	IS(state(1), "none");
	IS(state(2), "none");
	IS(state(3), "open");
	IS(state(9), "open");
	none(1000, "C recv m=create sid=" ALL);
	CHECK_EQ(count("C recv m=create lt=0"), 2);
	none(0, "A recv m=response");
}

static void aggregate_datagram(void)
{
	crowd();
	raw("A", "data via=q c=1 nslpid=33 from=A.1:270 to=C.2:270 rao=65 : mri=A.1/32>C.2/32,p17 sid=" ALL
	    " nli=A.1,pi=4141414141414141 data=[create lt=0 efi=1/0 msn=1]");
	run(500);
	IS(state(1), "open");
	IS(state(9), "open");
}

static void aggregate_foreign(void)
{
	crowd();
	/* X would end A's */
	say("X", "sid=" ALL " mri=A.1/32>0.0.0.0/0,p17 sii=$bx reliable data=[create lt=0 efi=1/0 msn=1]");
	expect(1000, "X recv m=response info=0502");
	IS(state(1), "open");
	IS(state(2), "open");
}

static void aggregate_nothing(void)
{
	crowd();
	say("A", "sid=" ALL " mri=A.1/32>0.0.0.0/0,p132 sii=$b reliable data=[create lt=0 efi=1/0 msn=1]");
	expect(1000, "A recv m=response info=0502");
	IS(state(1), "open");
}

/* ------------------------------------------------------------------ updates */

static void updated(void)
{
	nf_established("");
	say("A", "mri=A.1:4000>C.2:5001,p17 reliable data=[create lt=60 efi=1/0 msn=6]");
	expect(2000, "B gate op=admit flow=A.1/32:4000>C.2/32:5001,p17");
	expect(2000, "C recv query=0 m=create msn=6 mri=pc:A.1/32:4000>C.2/32:5001,p17 sid=" S);
	none(1000, "B gate op=open");
	none(0, "B gate op=close");
	IS(gate_state("B", S), "open");
	say("C", "d=1 mri=A.1:4000>C.2:5001,p17 reliable data=[response lt=60 msn=6 info=0201]");
	expect(1000, "B gate op=open");
	expect(1000, "A recv m=response msn=6 info=0201");
	IS(session_state("B", S), "established");
}

static void update_refused(void)
{
	nf_established("");
	gate("B", "op=admit", "code=0502");
	say("A", "mri=A.1:4000>C.2:5001,p17 reliable data=[create lt=60 efi=1/0 msn=6]");
	expect(2000, "A recv m=response msn=6 info=0502");
	none(1000, "C recv m=create");
	IS(gate_state("B", S), "open");
}

static void update_refused_further(void)
{
	nf_established("");
	say("A", "mri=A.1:4000>C.2:5001,p17 reliable data=[create lt=60 efi=1/0 msn=6]");
	expect(2000, "C recv query=0 m=create msn=6");
	say("C", "d=1 mri=A.1:4000>C.2:5001,p17 reliable data=[response msn=6 info=0704]");
	expect(1000, "A recv m=response msn=6 info=0704");
	none(1000, "B gate op=open");
	IS(gate_state("B", S), "open");
	IS(session_state("B", S), "established");
}

static void update_stale(void)
{
	nf_established("");
	say("A", "mri=A.1:4000>C.2:5001,p17 reliable data=[create lt=60 efi=1/0 msn=5]");
	none(2000, "C recv m=create");
	none(0, "B gate op=admit");
}

static void update_sub_ports(void)
{
	nf_established("");
	ask("create lt=60 efi=1/1 msn=6");
	expect(2000, "B gate op=admit flow=A.1/32:4000>C.2/32:5000,p17,+1");
	expect(2000, "C recv query=0 m=create efi=1/1 msn=6");
	answer("response lt=60 msn=6 info=0201");
	expect(1000, "B gate op=open");
}

static void update_receiver(void)
{
	nr_established("fw");
	say("A", "mri=A.1:4000>B.1:5001,p17 reliable data=[create lt=60 efi=1/0 msn=6]");
	expect(2000, "B gate op=admit flow=A.1/32:4000>B.1/32:5001,p17");
	expect(2000, "A recv m=response msn=6 info=0201");
}

static void initiator_updates(void)
{
	ni_established("");
	CHECK_EQ(app_open("A", "create", "sid=$sid lt=60 refresh=1000000 flow=A.1:4000>B.1:5001,p17"), 0);
	expect(3000, "B recv query=0 m=create sid=$sid mri=pc:A.1/32:4000>B.1/32:5001,p17 msn=%lu",
	       strtoul(var("msn"), NULL, 10) + 1);
}

static const struct sim_test tests[] = {
	{ "NATFW-3.5-08 after 4294967295 comes 0", accepted, { "4294967295", "0" } },
	{ "NATFW-3.5-13 gaps are fine", accepted, { "5", "10" } },
	{ "NATFW-3.5-09 any number to begin with: 0", accepted, { "0", "1" } },
	{ "NATFW-3.5-08 half the space ahead is newer", accepted, { "5", "2147483652" } },
	{ "NATFW-3.5-11 the same again is dropped", dropped, { "5", "5" } },
	{ "NATFW-3.5-12 a lower one is dropped", dropped, { "5", "4" } },
	{ "NATFW-3.5-08,NATFW-3.5-12 half the space behind is older", dropped, { "5", "4294967280" } },
	{ "NATFW-3.5-15 just half the space away is not newer", dropped, { "0", "2147483648" } },
	{ "NATFW-3.5-11,NATFW-3.5-12,NATFW-3.5-13,NATFW-3.5-16 a forwarder drops them too, deletes among them", forwarder_drops },
	{ "NATFW-3.5-14 what was refused does not count", not_advanced },
	{ "NATFW-3.5-05 each session has its own", per_session },
	{ "NATFW-3.5-17 the RESPONSE to an older request installs nothing", old_response },
	{ "NATFW-3.5-06,NATFW-3.2.6-01,NATFW-3.10-02 refresh, update, delete: one more each time", initiator_counts },
	{ "NATFW-3.5-07 and around", initiator_wraps },
	{ "NATFW-3.5-04 the first is random", initiator_random },
	{ "NATFW-3.7.4-03,NATFW-3.7.4-04,NATFW-3.7.4-05,NATFW-3.7.4-06,NATFW-D.2-02 deleted: at once, further on, without an answer", deleted },
	{ "NATFW-3.7.4-03,NATFW-3.7.4-04,NATFW-3.7.4-06 at the receiver", deleted_receiver },
	{ "NATFW-3.7.4-03 while Pending", deleted_pending },
	{ "NATFW-3.7.4-08,NATFW-3.7.4-06 what is not there", deleted_unknown },
	{ "NATFW-3.7.4-09,NATFW-5.2.1-08,NATFW-5.2.1-05 by somebody else", deleted_by_other },
	{ "NATFW-3.7.4-05,NATFW-3.7.4-06,NATFW-3.2.6-02,NATFW-3.7.2-14 an EXTERNAL, no further than the edge", deleted_external },
	{ "NATFW-3.7.4-01,NATFW-3.7.4-02,NATFW-3.7.4-07 the initiator deletes, and does not wait", initiator_deletes },
	{ "NATFW-3.7.4-01,NATFW-3.7.4-02,NATFW-3.7.2-21,NATFW-3.7.2-26 with the message it began with", initiator_deletes_external },
	{ "NATFW-3.7.4-15,NATFW-3.7.4-17,NATFW-3.7.4-18,NATFW-3.7.4-19 all of one's own of a kind at once, one by one further on", aggregate },
	{ "NATFW-3.7.4-16 not without an association", aggregate_datagram },
	{ "NATFW-3.7.4-14,NATFW-3.7.4-15 not somebody else's: 5/0x02", aggregate_foreign },
	{ "NATFW-3.7.4-14 nothing that is one's own: 5/0x02", aggregate_nothing },
	{ "NATFW-3.10-05,NATFW-3.10-09,NATFW-3.10-01,NATFW-3.7.3-05 another flow: the old rule until the RESPONSE", updated },
	{ "NATFW-3.10-03,NATFW-3.10-04 refused here", update_refused },
	{ "NATFW-3.10-04,NATFW-3.10-09 refused further on: the old rule stays", update_refused_further },
	{ "NATFW-3.10-07 an old number: nothing", update_stale },
	{ "NATFW-3.10-10 other ports", update_sub_ports },
	{ "NATFW-3.7.3-05,NATFW-3.10-05 at the receiver", update_receiver },
	{ "NATFW-3.10-01,NATFW-3.10-02 the initiator changes its mind", initiator_updates },
};

SIM_MAIN(tests)
