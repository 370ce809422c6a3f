// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messaging associations: set up, used, kept, re-used, closed (RFC 5971, 4.4.3, 4.4.5, 5.7, 6.4).
 *
 * natfw-test: host quick
 */
#include <stdio.h>
#include <stdlib.h>

#include "scenes.h"

/* ------------------------------------------------------------------ the end that opens it */

static void opened(void)
{
	querier("");
	raw_listen("P", 30000);
	asked("data=aa000000 reliable handle=1");
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd=30000,tcp@1:30000");
	expect(20, "A connect to=P.1:30000 tls=0");
	none(8, "A tx");
	expect(100, "P accepted");
	expect(100, "A tx confirm via=tcp r=0 c=0 s=1 d=0 rc=a1a2a3a4a5a6a7a8 sp=tcp mpo=0 hold=30000 "
	       "mri=pc:A.1/32:4000>P.1/32:5000,p17");
	expect(100, "A tx data via=tcp data=aa000000 c=0 e=0");
	expect(100, "A status handle=1 sent=1");
	none(1000, "A tx confirm");
	none(0, "A tx via=udp");
}

static void proposal_echoed(void)
{
	querier("");
	raw_listen("P", 30000);
	asked("data=aa000000 reliable");
	sim_relaxed = true;
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=hex:020000000278790001010000 +scd=30000,tcp@2:30000");
	expect(100, "A tx confirm via=tcp sp.hex=020000000278790001010000");
}

static void address_of_nli(void)
{
	net("A P; A X");
	gist("A", "");
	app("A", APP, "");
	flow("A.1:4000>P.1:5000 udp");
	raw_listen("P", 30000);
	asked("data=aa000000 reliable");
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd=30000,tcp@0:31111");
	expect(100, "A connect to=P.1:31111");
}

static void queue_in_order(void)
{
	unsigned int i;

	querier("");
	raw_listen("P", 30000);
	asked("data=00000001 reliable");
	for (i = 2; i < 6; i++)
		say("A", "data=%08x reliable", i);
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd");
	for (i = 6; i < 9; i++)
		say("A", "data=%08x reliable", i);
	expect(100, "P rx confirm via=tcp");
	for (i = 1; i < 9; i++) {
		struct event *e = expect(500, "P rx data via=tcp");

		CHECK(num(e, "data") == i || strtoul(get(e, "data"), NULL, 16) == i);
	}
}

static void refused_connection(void)
{
	querier("");
	asked("data=aa000000 reliable handle=1");
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd");
	expect(100, "A connect");
	expect(60000, "A status handle=1 sent=0 failure=association");
	none(60000, "A tx data");
}

static void awaiting(void)
{
	querier("");
	stall("P", true);
	raw_listen("P", 30000);
	asked("data=aa000000 reliable handle=1");
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd");
	expect(100, "A connect");
	none(3000, "A tx");
	none(0, "A status");
	stall("P", false);
	expect(200, "A connected");
	expect(1, "A tx confirm via=tcp");
	expect(1, "A tx data via=tcp data=aa000000");
	expect(100, "A status handle=1 sent=1");
}

static void no_second_syn(void)
{
	querier("");
	asked("data=aa000000 reliable handle=1");
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd");
	expect(100, "A connect");
	none(120000, "A connect to=P.1:30000");
}

static void stack_kept_short(void)
{
	querier("");
	stall("P", true);
	raw_listen("P", 30000);
	asked("data=aa000000 reliable handle=1");
	raw("P", "response to=A.1:270 : -nli +nli=val=500000 +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd");
	expect(100, "A connect");
	expect(40000, "A status handle=1 sent=0");
	stall("P", false);
	none(5000, "A tx confirm");
}

static void long_message(void)
{
	pair("A B", "");
	say("A", "data=zeros:2000");
	expect(1, "A tx query !data sp=tcp");
	expect(1000, "B recv datalen=2000");
	none(0, "A tx data via=udp");
}

static void very_long_message(void)
{
	pair("A B", "");
	say("A", "data=zeros:16000 reliable");
	expect(3000, "B recv datalen=16000 query=0");
	CHECK_EQ(count("B recv datalen=16000"), 1);
}

static void octets_arrive(void)
{
	pair("A B", "");
	say("A", "data=00ff807f11223344 reliable");
	expect(1000, "B recv data=00ff807f11223344");
}

static void threshold(void)
{
	querier_ready("");
	/* header 8, MRI 24, SID 20, NLI 24, NSLP-Data 4: 432 octets make 512 */
	say("A", "data=zeros:%s", sim_now->arg[0]);
	expect(1, "A tx %s", sim_now->arg[1]);
}

static void loss_free(void)
{
	unsigned int i, next = 1;

	pair("A B", "");
	link_set(1, "loss=20 dup=20 jitter=50");
	say("A", "data=00000001 reliable");
	run(30000);
	for (i = 2; i <= 200; i++)
		say("A", "data=%08x reliable", i);
	run(30000);
	for (i = 1; i <= 200; i++) {
		struct event *e = expect(0, "B recv query=0");

		CHECK_EQ(strtoul(get(e, "data"), NULL, 16), next);
		next++;
	}
	none(0, "B recv query=0");
}

static void both_directions(void)
{
	pair("A B", "");
	say("A", "data=aa000000 reliable");
	expect(1000, "B recv data=aa000000");
	CHECK_EQ(say("B", "data=bb000000 d=1 reliable"), 0);
	expect(10, "B tx data via=tcp conn=1 d=1");
	expect(100, "A recv data=bb000000 validated=1");
	none(1000, "B connect");
}

static void unreliable_on_it(void)
{
	querier_associated("");
	say("A", "data=bb000000");
	expect(10, "A tx data via=tcp data=bb000000");
}

static void one_association(void)
{
	unsigned int i;

	pair("A B", "");
	for (i = 0; i < 50; i++) {
		say("A", "data=%08x reliable", i);
		run(20);
	}
	CHECK_EQ(count("A connect"), 1);
	CHECK_EQ(count("B recv query=0 ma=%s", get(expect(0, "B recv query=0"), "ma")), 50);
}

/* ------------------------------------------------------------------ the end that accepts */

static void accepted(void)
{
	responder("");
	raw("R", "query : -nli +nli=val=500000 +sp=tcp +scd");
	expect(100, "R rx response via=udp r=1 rc=$rc sp.hex=$sp scd=tcp@1:30000");
	raw_connect("R", "B.1:30000");
	expect(0, "B accepted");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=5000 +data=bb000000");
	expect(100, "B recv data=bb000000 validated=1 ma!=0");
	say("B", "d=1 data=cc000000 reliable");
	expect(1, "B tx data via=tcp");
	/* hellos at the pace of the hold time in the Confirm */
	between(2450, 3800, "B tx hello r=0 hello=00000000");
}

static void not_before_confirm(void)
{
	responder("");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	say("B", "d=1 data=cc000000 reliable");
	none(500, "B tx data");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	say("B", "d=1 data=dd000000 reliable");
	expect(10, "B tx data via=tcp data=dd000000");
}


static void confirm_changed(void)
{
	responder("");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=tls/tcp +scd=30000 +data=bb000000");
	expect(200, "B closes");
	none(1000, "B recv query=0");
	none(0, "B tx via=tcp");
	CHECK_EQ(responders("B"), 0);
	CHECK_EQ(associations("B"), 0);
}

static void cookie_changed(void)
{
	responder("");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=00112233445566778899aabbccddeeff +sp=hex:$sp +scd=30000 +data=bb000000");
	expect(200, "B closes");
	none(1000, "B recv query=0");
	CHECK_EQ(responders("B"), 0);
}

static void refresh_changed(void)
{
	responder_associated("");
	set("rc", "%s", "");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc");
	raw("R", "confirm via=tcp : +rc=00112233445566778899aabbccddeeff");
	run(200);
	CHECK_EQ(responders("B"), 0);
}

static void hold_missing(void)
{
	responder("");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp");
	expect(100, "R rx error via=tcp err=9/2 ai=3:4");
	CHECK_EQ(responders("B"), 0);
}

static void confirm_by_datagram(void)
{
	responder("");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw("R", "confirm to=B.1:270 : +rc=$rc +sp=hex:$sp +scd=30000");
	expect(100, "R rx error err=3/0");
	CHECK_EQ(responders("B"), 0);
}

static void at_once(void)
{
	responder("");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "B tx response");
	raw_connect("R", "B.1:30000");
	expect(0, "B accepted");
}

static void same_proposal(void)
{
	static const char *const sp[] = { "tcp", "tls/tcp", "tls/tcp,tcp", "sctp,tcp" };
	static const char *const scd[] = { "30000,tcp@0", "30000,tcp@0", "30000,tcp@0", "30000,tcp@0,sctp@0" };
	unsigned int i;

	responder("tls=1");
	for (i = 0; i < 4; i++) {
		raw("R", "query : -sid +sid=%032x +sp=%s +scd=%s", i + 1, sp[i], scd[i]);
		expect(100, "B tx response sid=%032x sp=tls/tcp,tcp", i + 1);
	}
}

static void foreign_flow(void)
{
	responder_associated("");
	raw("R", "data via=tcp : -mri +mri=R.1:4000>B.1:5001,p17 -data +data=bb000000");
	expect(100, "R rx error via=tcp err=4/0 eclass=2 ais=0 edgram=0");
	none(100, "B recv");
}

static void foreign_explicit(void)
{
	responder_associated("");
	raw("R", "data via=tcp e=1 : -mri +mri=R.1:4000>B.1:5001,p17 -data +data=bb000000");
	expect(100, "B recv data=bb000000 explicit=1 validated=0");
	none(100, "R rx error");
}

static void data_delivered(void)
{
	responder_associated("");
	raw("R", "data via=tcp : -data +data=bb000000");
	expect(100, "B recv data=bb000000 validated=1 explicit=0 d=0 ma!=0");
	none(100, "R rx error");
}

static void segments(void)
{
	responder_associated("");
	raw_octets("R", NULL, "0109000e7fc00380" "00000005000048c00a0001120a000102202011000fa01388"
		   "00010004112233445566778899aabbccddeeff01");
	run(100);
	none(0, "B recv");
	raw_octets("R", NULL, "00080002" "bb000000" "bb000001"
		   "0109000d7fc00380" "00000005000048c00a0001120a000102202011000fa01388"
		   "00010004112233445566778899aabbccddeeff01" "00080001" "cc000000");
	expect(100, "B recv data=bb000000bb000001");
	expect(100, "B recv data=cc000000");
}

/* ------------------------------------------------------------------ hellos and closing */

static void hellos(void)
{
	uint64_t last, gap, low = 1 << 30, high = 0;
	unsigned int i;

	responder("inactive=10000000 validity=100000000");
	raw("R", "query : -nli +nli=val=500000 +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=20000");
	settled("B");
	for (i = 0; i < 36; i++) {
		last = now();
		between(i ? 9990 : 0, 15010, "B tx hello r=0 hello=00000000");
		gap = now() - last;
		if (!i)
			continue;
		low = gap < low ? gap : low;
		high = gap > high ? gap : high;
	}
	CHECK(high - low > 1200);
}

static void hello_short(void)
{
	responder("validity=100000000");
	raw("R", "query : -nli +nli=val=500000 +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=4000");
	settled("B");
	between(1990, 3020, "B tx hello");
	between(1990, 3020, "B tx hello");
}

static void hello_answered(void)
{
	static const char *const id[] = { "00000001", "12345678", "ffffffff", "deadbeef", "00000005" };
	unsigned int i;

	responder_associated("");
	for (i = 0; i < 5; i++) {
		raw("R", "hello via=tcp r=1 : hello=%s", id[i]);
		expect(50, "R rx hello r=0 hello=%s", id[i]);
	}
}

static void hello_postpones(void)
{
	responder("validity=100000000");
	raw("R", "query : -nli +nli=val=500000 +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=20000");
	settled("B");
	run(9000);
	raw("R", "hello via=tcp r=1 : hello=00000005");
	expect(50, "B tx hello r=0 hello=00000005");
	between(9990, 15020, "B tx hello r=0 hello=00000000");
}

static void hello_unasked(void)
{
	responder_associated("");
	raw("R", "hello via=tcp");
	none(1000, "R rx");
}

/* The responder has lost interest: idle, and kept as long as the other end wants. */
static void idle(const char *options)
{
	responder(options);
	raw("R", "query : -nli +nli=val=5000 +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=100000");
	settled("B");
	run(5100);	/* the routing state goes */
	CHECK_EQ(responders("B"), 0);
	forget();
}

static void idle_kept(void)
{
	unsigned int i;

	idle("hold=10000");
	for (i = 0; i < 10; i++) {
		run(8000);
		raw("R", "hello via=tcp");
	}
	none(1000, "B closes");
	none(0, "B tx hello");
	raw("R", "hello via=tcp r=1 : hello=00000007");
	expect(50, "R rx hello r=0 hello=00000007");
}

static void idle_closed(void)
{
	idle("hold=10000");
	raw("R", "hello via=tcp");
	between(9900, 10200, "B closes");
	CHECK_EQ(associations("B"), 0);
}

static void idle_message(void)
{
	idle("hold=10000");
	run(3000);
	raw("R", "data via=tcp e=1");
	expect(100, "B recv explicit=1");
	none(9500, "B closes");
}

static void idle_to_connected(void)
{
	idle("hold=10000");
	set("rc", "%s", "");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc via=tcp");
	raw("R", "confirm via=tcp : +rc=$rc");
	settled("B");
	run(4000);
	CHECK_EQ(associations("B"), 1);
}

static void querier_idle(void)
{
	querier_associated("hold=10000");
	gist_set_lifetime(engine("A"), APP, NULL, the_flow(), 0);
	none(9000, "A closes");
	expect(60000, "A closes");
	CHECK_EQ(associations("A"), 0);
}

static void peer_closes(void)
{
	responder_associated("");
	raw_close("R", false);
	run(100);
	CHECK_EQ(associations("B"), 0);
	none(0, "B tx error");
}

static void row_without_association(void)
{
	responder("");
	raw("R", "query : -nli +nli=val=20000 +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	raw_close("R", false);
	run(1000);
	CHECK_EQ(responders("B"), 1);
	run(20000);
	CHECK_EQ(responders("B"), 0);
}

static void association_without_row(void)
{
	unsigned int i;

	idle("hold=10000");
	for (i = 0; i < 3; i++) {
		run(7000);
		raw("R", "hello via=tcp");
	}
	CHECK_EQ(associations("B"), 1);
}

static void reset_with_data(void)
{
	querier_associated("");
	stall("P", true);
	say("A", "data=bb000000 reliable handle=8");
	run(10);
	cut("A");
	expect(1000, "A network event=communication mri=pc:A.1/32:4000>P.1/32:5000,p17");
}

static void reset_tells_all(void)
{
	unsigned int i;

	pair("A B", "");
	for (i = 0; i < 3; i++)
		say("A", "data=aa000000 reliable sid=%032x", i + 1);
	run(1000);
	CHECK_EQ(count("B recv data=aa000000 query=0"), 3);
	CHECK_EQ(count("A connect"), 1);
	forget();
	cut("A");
	for (i = 0; i < 3; i++)
		expect(1000, "A network event=communication sid=%032x", i + 1);
}

static void made_again(void)
{
	pair("A B", "");
	say("A", "data=aa000000 reliable");
	expect(1000, "B recv data=aa000000");
	cut("A");
	run(100);
	say("A", "data=bb000000 reliable");
	expect(5000, "B recv data=bb000000");
	CHECK_EQ(count("A connect"), 2);
}

static void flush_before_close(void)
{
	querier_associated("hold=10000");
	stall("P", true);
	say("A", "data=bb000000 reliable");
	gist_set_lifetime(engine("A"), APP, NULL, the_flow(), 0);
	run(5000);
	stall("P", false);
	expect(1000, "P rx data data=bb000000");
}

static void backpressure(void)
{
	unsigned int i, failed = 0, ok = 0;

	querier_associated("");
	stall("P", true);
	for (i = 0; i < 200; i++) {
		int r = say("A", "data=zeros:60000 reliable handle=%u", i + 100);

		failed += r < 0;
		ok += r == 0;
	}
	run(1000);
	failed += count("A status sent=0");
	CHECK(failed > 0);
	stall("P", false);
	run(20000);
	CHECK_EQ(count("P rx data datalen=60000") + failed, 200);
}

/* ------------------------------------------------------------------ re-use */

static void reused_querier(void)
{
	querier_associated("");
	session("00000000000000000000000000000009");
	set("qc", "%s", "");
	asked("data=bb000000 reliable");
	raw("P", "response via=tcp : +rc=0102030405060708");
	expect(100, "P rx confirm via=tcp rc=0102030405060708 sid=00000000000000000000000000000009 !scd.hex");
	expect(100, "P rx data via=tcp data=bb000000");
	none(1000, "A connect");
	CHECK_EQ(associations("A"), 1);
}

static void reused_responder(void)
{
	responder_associated("");
	session("00000000000000000000000000000009");
	set("rc", "%s", "");
	raw("R", "query : +sp=tcp +scd -qc +qc=2222222222222222");
	expect(100, "R rx response via=tcp qc=2222222222222222 !sp.hex !scd.hex");
	none(1000, "B tx response via=udp");
	CHECK_EQ(associations("B"), 1);
}

static void not_reused(void)
{
	responder_associated("");
	session("00000000000000000000000000000009");
	raw("R", "query %s : -qc +qc=2222222222222222 +sp=tcp +scd %s",
	    sim_now->arg[1] ? sim_now->arg[1] : "", sim_now->arg[0]);
	expect(100, "B tx response via=udp qc=2222222222222222 sp=tcp rc");
	none(100, "B tx via=tcp");
}

static void not_reused_weaker(void)
{
	responder_associated("");
	gist("B", "tls=1 tls_port=30001");
	session("00000000000000000000000000000009");
	raw("R", "query : -qc +qc=2222222222222222 +sp=tls/tcp +scd");
	expect(100, "B tx response via=udp qc=2222222222222222");
}

static void not_reused_required(void)
{
	responder("tls=1");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
	gist("B", "tls=2");
	session("00000000000000000000000000000009");
	raw("R", "query : -qc +qc=2222222222222222 +sp=tls/tcp,tcp +scd");
	expect(100, "B tx response via=udp qc=2222222222222222 sp=tls/tcp");
}

static void second_with_tls(void)
{
	pair("A B", "tls=1");
	say("A", "data=aa000000 reliable");
	expect(1000, "B recv data=aa000000");
	say("A", "data=bb000000 reliable secure");
	expect(2000, "B recv data=bb000000 sec=1");
	none(0, "A tx data via=tcp data=bb000000");
}

/* ------------------------------------------------------------------ TLS */

static void tls(void)
{
	pair("A B", "tls=1");
	say("A", "data=aa000000 reliable secure handle=3");
	expect(1, "A tx query sp=tls/tcp");
	expect(100, "A connect tls=1 to=B.1:30001");
	expect(1000, "A tx confirm via=tls");
	expect(1000, "B recv data=aa000000 sec=1 pname=a.example.com validated=1");
	say("B", "data=bb000000 d=1 reliable secure");
	expect(1000, "A recv data=bb000000 sec=1 pname=b.example.com");
	none(0, "A tx via=tcp");
}


static bool nobody(void *arg, const char *name, const struct address *peer)
{
	(void)arg;
	(void)name;
	(void)peer;
	return false;
}

static void review(void)
{
	pair("A B", "tls=1");
	say("A", "data=aa000000 reliable secure");
	expect(1000, "B recv data=aa000000");
	run(100);
	forget();
	gist_ma_review(engine("B"), nobody, NULL);
	expect(100, "B closes");
	expect(10, "B network event=auth");
	CHECK_EQ(responders("B"), 0);
	CHECK_EQ(associations("B"), 0);
	none(100, "B tx");
}

static void clear_on_clear(void)
{
	pair("A B", "");
	say("A", "data=aa000000 reliable");
	expect(1000, "B recv data=aa000000 sec=0 pname=-");
	CHECK(say("A", "data=bb000000 reliable secure") < 0 || count("A status sent=0") == 0);
	none(2000, "A tx data data=bb000000");
}

static void ma_list(void *arg, const struct gist_ma_info *i)
{
	unsigned int *n = arg;

	CHECK(i->outgoing && !i->tls && i->state && *i->state);
	(*n)++;
}

static void listed(void)
{
	unsigned int n = 0;

	querier_associated("");
	gist_each_ma(engine("A"), ma_list, &n);
	CHECK_EQ(n, 1);
}

static void explicit_send(void)
{
	struct event *e;

	pair("A B", "");
	say("A", "data=aa000000 reliable");
	e = expect(1000, "A network event=good");
	set("sii", "%s", get(e, "sii"));
	run(100);
	forget();
	CHECK_EQ(say("A", "data=bb000000 sii=$sii mri=A.1:1>B.1:2,p6 sid=00000000000000000000000000000000"), 0);
	expect(10, "A tx data via=tcp e=1");
	expect(100, "B recv data=bb000000 explicit=1 validated=0");
	none(1000, "A tx query");
}

static void hold_announced(void)
{
	querier("hold=12345");
	raw_listen("P", 30000);
	asked("data=aa000000 reliable");
	expect(0, "P rx query hold=12345");
	raw("P", "response to=A.1:270 : +rc=a1a2a3a4a5a6a7a8 +sp=tcp +scd");
	expect(100, "P rx confirm hold=12345 mpo=0");
}

static void hold_announced_responder(void)
{
	responder("hold=23456");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response hold=23456");
}

static void long_hold(void)
{
	responder("");
	raw("R", "query : -nli +nli=val=600000 +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=3600000");
	settled("B");
	none(500000, "B closes");
}

/* The earlier association may still deliver what is on it: no other one beside it. */
static void no_replacement(void)
{
	querier_associated("");
	stall("P", true);
	say("A", "data=bb000000 reliable");
	none(40000, "A connect");
	say("A", "data=cc000000 reliable");
	none(20000, "A connect");
}

static void distance_kept(void)
{
	responder("");
	raw("R", "query ttl=60 : -nli +nli=ttl=64 +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000");
	raw("R", "confirm via=tcp : -nli +nli=ttl=200 +rc=$rc +sp=hex:$sp +scd=30000 +data=bb000000");
	expect(100, "B recv data=bb000000 dist=4");
}

static void from_anywhere(void)
{
	net("R B");
	gist("B", "");
	app("B", APP, "");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.1:30000 from=10.0.1.99");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000");
	settled("B");
}

static void interface_of_query(void)
{
	net("R B; X B");
	gist("B", "");
	app("B", APP, "");
	flow("R.1:4000>B.1:5000 udp");
	raw("R", "query : +sp=tcp +scd");
	expect(100, "R rx response rc=$rc sp.hex=$sp");
	raw_connect("R", "B.2:30000");
	raw("R", "confirm via=tcp : +rc=$rc +sp=hex:$sp +scd=30000 +data=bb000000");
	expect(100, "B recv data=bb000000 if=1");
}

static void explicit_stale(void)
{
	querier_ready("");
	CHECK(say("A", "data=bb000000 sii=123456789") < 0);
	none(1000, "A tx");
}

static const struct sim_test tests[] = {
	{ "GIST-4.4.1-10,GIST-4.4.1-11,GIST-4.4.1-15,GIST-4.4.1-17,GIST-4.4.1-18,GIST-4.4.1-19,GIST-5.1-17,GIST-5.1-18,GIST-5.1-20,GIST-5.1-22,GIST-5.1-23,GIST-5.7.2-05,GIST-5.7.2-01,GIST-6.4-02,GIST-6.4-03,GIST-4.3.3-15,GIST-4.4.5-07,GIST-6.2-03,GIST-6.2-09,GIST-5.4-02 the querier opens it; Confirm first, then data, at once",
	  opened },
	{ "GIST-5.1-22,GIST-4.4.1-18,GIST-9-08 the Confirm has the proposal as it came", proposal_echoed },
	{ "GIST-5.7.2-07,GIST-4.4.1-10 to the port the Response says", address_of_nli },
	{ "GIST-4.2.2-01,GIST-6.4-03,GIST-6.4-02,GIST-4.3.3-15 all that waited goes out in order", queue_in_order },
	{ "GIST-6.4-01 nothing is said before it is connected", awaiting },
	{ "GIST-4.3.3-16,GIST-6.4-04 nobody listens: the application is told", refused_connection },
	{ "GIST-5.7.1-09,GIST-5.7.1-08 what the Response said is used once", no_second_syn },
	{ "GIST-5.7.1-10 and for no longer than it has to be", stack_kept_short },
	{ "GIST-4.3.3-06,GIST-4.3.3-08 what is too long for a datagram goes over an association", long_message },
	{ "GIST-4.1.1-03,GIST-4.1.1-01,GIST-4.3.1-01 long messages arrive whole", very_long_message },
	{ "GIST-4.1.1-01,GIST-4.3.2-13,GIST-5.2.2-21 octets are not looked at", octets_arrive },
	{ "GIST-4.3.3-07,GIST-4.3.3-09 512 octets go by datagram", threshold, { "432", "data via=udp len=512" } },
	{ "GIST-4.3.3-07,GIST-4.3.3-06 516 do not", threshold, { "436", "query sp=tcp" } },
	{ "GIST-4.1.2-01,GIST-4.1.2-02 reliable: each once, in order", loss_free },
	{ "GIST-2-02,GIST-6.3-07 both ways on one association", both_directions },
	{ "GIST-4.1.2-13,GIST-5.5-05 unreliable messages go over an association there is", unreliable_on_it },
	{ "GIST-4.3.3-14,GIST-4.3.3-21 a session's reliable messages use one association", one_association },
	{ "GIST-4.4.1-20,GIST-4.4.1-21,GIST-6.3-06,GIST-6.4-13,GIST-5.1-17,GIST-A.3.5-02 the responder's side, hold time as in the Confirm", accepted },
	{ "GIST-4.4.1-21 nothing upstream before the Confirm", not_before_confirm },
	{ "GIST-5.7.1-18,GIST-5.7.1-20,GIST-5.7.1-22,GIST-8.6-01 another proposal in the Confirm: no state, closed", confirm_changed },
	{ "GIST-5.7.1-19,GIST-5.7.1-20,GIST-5.7.1-22 another cookie in the Confirm: no state, closed", cookie_changed },
	{ "GIST-5.7.1-20 a bad refresh removes the state", refresh_changed },
	{ "GIST-4.4.5-08 no hold time in the first Confirm: 9/2", hold_missing },
	{ "GIST-5.1-17,GIST-5.5-01,GIST-A.4.4.3-01 a Confirm by datagram for an association: 3/0", confirm_by_datagram },
	{ "GIST-5.7.1-06,GIST-5.7.1-23 the port is open as soon as it is advertised", at_once },
	{ "GIST-5.7.1-14,GIST-8.6-01,GIST-6.1-02 the proposal does not depend on the Query's", same_proposal },
	{ "GIST-4.3.2-15,GIST-A.4.4.4-01 Data for a flow that is not the association's: 4/0", foreign_flow },
	{ "GIST-4.3.2-17,GIST-4.3.2-14 but with E=1 it is handed up", foreign_explicit },
	{ "GIST-4.3.2-18,GIST-5.5-07 Data of its flow is handed up", data_delivered },
	{ "GIST-4.3.1-01,GIST-5.4-01,GIST-5.4-03 segments are no messages", segments },
	{ "GIST-4.4.5-15,GIST-4.4.5-14,GIST-6.4-08,GIST-4.4.5-04,GIST-5.2.2-18 hellos at random times", hellos },
	{ "GIST-6.4-13,GIST-4.4.5-06 at the pace of the peer's hold time", hello_short },
	{ "GIST-5.1-36,GIST-A.1-06,GIST-A.1-05,GIST-6.4-07 a hello that asks is answered", hello_answered },
	{ "GIST-6.4-07 and stands for one of ours", hello_postpones },
	{ "GIST-5.1-34 one that does not ask is not", hello_unasked },
	{ "GIST-4.4.5-03,GIST-6.4-09,GIST-6.4-10 an idle association is kept while the peer wants it", idle_kept },
	{ "GIST-6.4-11,GIST-6.4-14,GIST-4.2.2-02,GIST-4.4.5-01 and closed when it does not", idle_closed },
	{ "GIST-6.4-06 a message makes it connected again", idle_message },
	{ "GIST-6.4-05,GIST-4.4.3-08,GIST-4.4.1-28 a new session makes use of it", idle_to_connected },
	{ "GIST-4.4.5-01,GIST-6.4-11,GIST-6.4-09 the same at the querier's end", querier_idle },
	{ "GIST-4.4.5-01 the peer may close it", peer_closes },
	{ "GIST-4.4-01 routing state does not go with it", row_without_association },
	{ "GIST-4.4-01 nor it with routing state", association_without_row },
	{ "GIST-4.1.2-03,GIST-5.7.2-09,GIST-6.4-12,GIST-6.4-19,GIST-B.4-05 a reset with data under way is told", reset_with_data },
	{ "GIST-6.4-17,GIST-6.4-12,GIST-6.4-19 for each of its flows", reset_tells_all },
	{ "GIST-6.4-12 and it is made again when wanted", made_again },
	{ "GIST-4.4.5-10 what is queued is sent before it is closed", flush_before_close },
	{ "GIST-4.1.1-06,GIST-4.1.2-03 what cannot be queued is refused, nothing is lost", backpressure },
	{ "GIST-4.4.3-07,GIST-4.4.3-08,GIST-5.1-23 a second flow: the Response comes on it", reused_querier },
	{ "GIST-4.4.3-07,GIST-5.1-10,GIST-5.7.1-13 a second flow: the Response goes on it", reused_responder },
	{ "GIST-4.4.3-11,GIST-4.4.3-06 the same identity, another address: not re-used", not_reused,
	  { "-nli +nli=10.0.1.9", "s=0" } },
	{ "GIST-4.4.3-12 the same address, another identity: not re-used", not_reused,
	  { "-nli +nli=pi=99999999" } },
	{ "GIST-4.4.3-10 both others: not re-used", not_reused, { "-nli +nli=10.0.1.9,pi=99999999", "s=0" } },
	{ "GIST-5.7.1-17,GIST-4.4.3-13 the Query offers TLS only: a TCP association is not re-used", not_reused_weaker },
	{ "GIST-5.7.1-16 TLS is required now: a TCP association is not re-used", not_reused_required },
	{ "GIST-3.2-03,GIST-4.4.3-13,GIST-4.1.2-06 a second association, with TLS, for what has to be secure", second_with_tls },
	{ "GIST-5.7.3-13,GIST-4.1.2-06 TLS", tls },
	{ "GIST-4.4.2-06,GIST-4.4.2-07,GIST-4.4.2-09,GIST-4.4.2-10,GIST-B.4-04 peers are authorised no more: closed, forgotten, told", review },
	{ "GIST-4.1.2-06 secure means secure", clear_on_clear },
	{ "associations can be listed", listed },
	{ "GIST-7.1.4-04,GIST-7.1.4-05,GIST-B.1-03,GIST-7.1.4-06 explicit routing: E=1, on the association, no Query", explicit_send },
	{ "GIST-4.4.5-02 the querier says how long it waits", hold_announced },
	{ "GIST-4.4.5-02 the responder as well", hold_announced_responder },
	{ "GIST-4.4.5-16 long hold times", long_hold },
	{ "GIST-4.4.5-11 none beside one that may still deliver", no_replacement },
	{ "GIST-5.2.2-09 TTL in an NLI on an association means nothing", distance_kept },
	{ "GIST-5.7.2-06 the connection may come from any address", from_anywhere },
	{ "GIST-8.5-07 the interface is that of the Query", interface_of_query },
	{ "GIST-7.1.4-06 a handle of nobody is refused", explicit_stale },
};

SIM_MAIN(tests)
