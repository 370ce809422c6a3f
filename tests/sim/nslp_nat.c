// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CREATE at NATs (RFC 5973, 2, 3.7.1).
 *
 * natfw-test: host quick
 */
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))

static void leaves(void)
{
	nf("nat");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "B gate op=admit kind=allow trans=source flow=A.1/32:4000>C.2/32:5000,p17 in=1 out=2");
	expect(2000, "C recv query=0 m=create mri=pc:B.2/32:40000>C.2/32:5000,p17 msn=5 lt=60 efi=1/0");
	none(500, "B gate op=open");
	IS(gate_state("B", S), "admitted");
	say("C", "d=1 mri=B.2:40000>C.2:5000,p17 reliable data=[response lt=60 msn=5 info=0201]");
	expect(1000, "B gate op=open");
	expect(1000, "A recv m=response info=0201 mri=pc:A.1/32:4000>C.2/32:5000,p17 d=1");
	IS(gate_state("B", S), "open");
}

static void keeps_the_rest(void)
{
	nf("nat");
	CHECK_EQ(say("A", "reliable mri=A.1:4000>C.2:5000,p6,ds46 data=[create lt=60 efi=1/1 msn=5 nonce=01020304]"), 0);
	expect(2000, "C recv query=0 m=create mri=pc:B.2/32:40000>C.2/32:5000,p6,ds46 efi=1/1 nonce=01020304");
}

static void no_port(void)
{
	nf("nat");
	gate("B", "op=admit", "code=0704");
	ask("create lt=60 efi=1/0 msn=5");
	denied("0704", "C");
}

static void refresh_keeps(void)
{
	unsigned int i;

	nf("nat");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create mri=pc:B.2/32:40000>C.2/32:5000,p17");
	say("C", "d=1 mri=B.2:40000>C.2:5000,p17 reliable data=[response lt=60 msn=5 info=0201]");
	expect(1000, "A recv m=response info=0201");
	for (i = 6; i < 10; i++) {
		run(30000);
		ask("create lt=60 efi=1/0 msn=%u", i);
		expect(2000, "C recv query=0 m=create msn=%u mri=pc:B.2/32:40000>C.2/32:5000,p17", i);
		say("C", "d=1 mri=B.2:40000>C.2:5000,p17 reliable data=[response lt=60 msn=%u info=0201]", i);
		expect(1000, "A recv m=response msn=%u info=0201", i);
	}
}

static void failed_frees(void)
{
	nf("nat");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	say("C", "d=1 mri=B.2:40000>C.2:5000,p17 reliable data=[response msn=5 info=0502]");
	expect(1000, "A recv m=response info=0502");
	expect(10, "B gate op=close");
	IS(session_state("B", S), "none");
}

static void hairpin(void)
{
	/* A and D behind the same NAT: A asks for D's external address */
	net("A B C; D B");
	gist("A B C D", "");
	app("A C D", 33, "");
	nslp("B", "forward=1 nat edge out=2");
	say("D", "mri=le:D.3>192.0.2.99 sid=" S2 " reliable data=[external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0]");
	expect(2000, "D recv m=response ext=B.2:40000");
	say("A", "mri=A.1:4000>B.2:40000,p17 reliable data=[create lt=60 efi=1/0 msn=5]");
	expect(2000, "B gate op=admit trans=both ref=" S2);
	expect(2000, "D recv query=0 m=create mri=pc:B.2/32:*>D.3/32:5000,p17");
	CHECK_EQ(count("C recv"), 0);
}

static void two_nats(void)
{
	net("A B C D");
	gist("A B C D", "");
	app("A D", 33, "");
	nslp("B", "forward=1 nat out=2");
	nslp("C", "forward=1 nat out=3");
	flow("A.1:4000>D.3:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(3000, "D recv query=0 m=create mri=pc:C.3/32:40000>D.3/32:5000,p17 msn=5");
	say("D", "d=1 mri=C.3:40000>D.3:5000,p17 reliable data=[response lt=60 msn=5 info=0201]");
	expect(2000, "A recv m=response info=0201 mri=pc:A.1/32:4000>D.3/32:5000,p17");
	IS(gate_state("B", S), "open");
	IS(gate_state("C", S), "open");
}

static void multihomed(void)
{
	/* two NATs side by side: the one on the way to the SDA is asked */
	net("A B C; A D C");
	gist("A B C D", "");
	app("A C", 33, "");
	link_set(1, "cost=5");
	nslp("B", "forward=1 nat edge out=2");
	nslp("D", "forward=1 nat edge out=4");
	say("A", "mri=le:A.3>192.0.2.99 reliable data=[external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0]");
	expect(3000, "A recv m=response info=0201 ext=D.4:40000");
	CHECK_EQ(count("B gate"), 0);
}

static void combined(void)
{
	nf("nat fw");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "B gate op=admit trans=source flow=A.1/32:4000>C.2/32:5000,p17");
	none(500, "B gate op=open");
}

static void ipv6_not_translated(void)
{
	nf("nat");
	flow("A.1v6:4000>C.2v6:5000 udp");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create mri=pc:A.1v6/128:4000>C.2v6/128:5000,p17");
	CHECK(count("B gate op=admit trans=plain") == 1);
}

static void deny_at_nat(void)
{
	nf("nat");
	ask("create lt=60 efi=2/0 msn=5");
	denied("0706", "C");
}

static void update_moves(void)
{
	nf("nat");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create mri=pc:B.2/32:40000>C.2/32:5000,p17");
	say("C", "d=1 mri=B.2:40000>C.2:5000,p17 reliable data=[response lt=60 msn=5 info=0201]");
	expect(1000, "A recv m=response info=0201");
	forget();
	/* the host has moved to another port */
	say("A", "mri=A.1:4444>C.2:5000,p17 reliable data=[create lt=60 efi=1/0 msn=6]");
	expect(2000, "B gate op=admit flow=A.1/32:4444>C.2/32:5000,p17 trans=source");
	expect(2000, "C recv query=0 m=create msn=6");
}

static void gone(void)
{
	nf("nat");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	say("C", "d=1 mri=B.2:40000>C.2:5000,p17 reliable data=[response lt=60 msn=5 info=0201]");
	expect(1000, "A recv m=response info=0201");
	gate_gone("B", S);
	expect(1000, "A recv m=notify info=0105 mri=pc:A.1/32:4000>C.2/32:5000,p17");
	expect(1000, "C recv m=notify info=0105");
	IS(session_state("B", S), "none");
}

static const struct sim_test tests[] = {
	{ "NATFW-3.7.1-13,NATFW-3.7.1-15,NATFW-3.7.1-16,NATFW-3.7.1-34,NATFW-2.2-01,NATFW-3.1-02,NATFW-3.7.1-29,NATFW-3.5-03,NATFW-1.2-04 out through a NAT: bound, not active before the RESPONSE",
	  leaves },
	{ "NATFW-3.7.1-16,NATFW-3.5-03 all but the source stays", keeps_the_rest },
	{ "NATFW-3.7.1-14 no port: 7/0x04", no_port },
	{ "NATFW-3.7.3-11 refreshes keep the port", refresh_keeps },
	{ "NATFW-3.7.1-07,NATFW-3.7.1-30 refused further on: the port is free again", failed_frees },
	{ "NATFW-2.6-01 both behind one NAT", hairpin },
	{ "NATFW-2.2-01,NATFW-3.7.1-34 two NATs in a row", two_nats },
	{ "NATFW-2.7-01 two NATs side by side", multihomed },
	{ "NATFW-3.7.1-20 NAT and firewall in one", combined },
	{ "NATFW-D.2-03 IPv6 is not translated", ipv6_not_translated },
	{ "NATFW-4.2.4-05 deny at a NAT goes no further", deny_at_nat },
	{ "NATFW-3.10-06,NATFW-3.7.3-05 a host that moves", update_moves },
	{ "NATFW-3.7.5-21,NATFW-3.2.5-02,NATFW-3.7.1-32 its rules are taken away: told on both sides", gone },
};

SIM_MAIN(tests)
