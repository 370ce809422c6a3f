// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rates, sizes, room (RFC 5971, 4.3.3, 4.4.4, 5.3.3, 8.4).
 *
 * natfw-test: host quick
 */
#include <stdlib.h>

#include "scenes.h"

static unsigned int octets_sent(const char *pattern)
{
	return count("%s", pattern) * 164;
}

static void burst(void)
{
	unsigned int i, refused_at_once = 0;

	querier("rate=10000 burst=10000");
	for (i = 0; i < 400; i++)
		refused_at_once += say("A", "data=aa000000 handle=%u sid=%032x timeout=20000", i + 1, i + 1) < 0;
	run(1000);
	CHECK(count("A tx query") <= 200);
	CHECK(count("A tx query") >= 60);
	run(100000);
	/* none vanished: each was sent or is told of */
	CHECK_EQ(count("A status") + refused_at_once, 400);
}

static void mean(void)
{
	unsigned int i, n;

	querier("rate=2000 burst=2000");
	for (i = 0; i < 100; i++)
		say("A", "data=aa000000 sid=%032x", i + 1);
	n = 0;
	forget();
	run(20000);
	n = count("A tx query");
	/* 2000 octets a second, 160 and more each: 250 in 20 s, and the bucket */
	CHECK(n <= 20 * 2000 / 160 + 15);
	CHECK(n >= 100);
	(void)octets_sent;
}

static void all_interfaces(void)
{
	unsigned int i;

	net("A P; A X");
	gist("A", "rate=2000 burst=2000");
	app("A", APP, "");
	for (i = 0; i < 50; i++) {
		say("A", "data=aa000000 mri=A.1:1>P.1:2,p17 sid=%032x", i + 1);
		say("A", "data=aa000000 mri=A.2:1>X.2:2,p17 sid=%032x", i + 100);
	}
	run(1000);
	CHECK(count("A tx query") <= 30);
}

static void mtu_known(void)
{
	querier("");
	link_set(1, "mtu=400");
	asked("data=aa000000");
	raw("P", "response to=A.1:270");
	expect(100, "A network event=good");
	forget();
	say("A", "data=zeros:264");
	expect(10, "A tx query sp=tcp");
	none(0, "A tx data via=udp");
	say("A", "data=zeros:128");
	run(10);
	CHECK_EQ(count("A tx via=udp len>=337"), 0);
	CHECK_EQ(count("A tx via=q len>=337"), 0);
}

static void mtu_large(void)
{
	querier_ready("");
	link_set(1, "mtu=9000");
	say("A", "data=zeros:600");
	expect(10, "A tx query sp=tcp");
	none(100, "A tx data via=udp");
}

static void mtu_v6(void)
{
	querier("");
	flow("A.1v6:4000>P.1v6:5000 udp");
	asked("data=aa000000");
	raw("P", "response to=A.1v6:270");
	expect(100, "A network event=good");
	forget();
	say("A", "data=zeros:480");
	expect(10, "A tx query sp=tcp");
	none(100, "A tx data via=udp");
}

static void no_state_too_large(void)
{
	querier("");
	CHECK(say("A", "data=zeros:600 no_state") < 0);
	none(100, "A tx");
}

static void validity_grows(void)
{
	unsigned int i, val;

	responder("rate=1000 burst=1000000");
	raw("R", "query");
	val = (unsigned int)num(expect(100, "R rx response rc=$rc"), "val");
	CHECK_EQ(val, 30000);
	for (i = 0; i < 150; i++) {
		set("rc", "%s", "");
		raw("R", "query : -sid +sid=%032x", i + 1);
		expect(100, "R rx response rc=$rc");
		raw("R", "confirm to=B.1:270 : -sid +sid=%032x +rc=$rc", i + 1);
		run(6);
	}
	CHECK(responders("B") > 100);
	raw("R", "query : -sid +sid=%032x", 9999);
	val = (unsigned int)num(expect(100, "R rx response"), "val");
	CHECK(val > 31000);
}

static void full(void)
{
	unsigned int i;

	querier("states=10");
	for (i = 0; i < 20; i++)
		say("A", "data=aa000000 sid=%032x", i + 1);
	CHECK(queriers("A") <= 10);
	CHECK(counter("A", "full") >= 10);
}

static void full_associations(void)
{
	unsigned int i;

	responder("associations=3");
	for (i = 0; i < 10; i++)
		raw_connect("R", "B.1:30000");
	CHECK(associations("B") <= 3);
}

static void per_peer(void)
{
	unsigned int i;

	responder("");
	for (i = 0; i < 20; i++)
		raw_connect("R", "B.1:30000");
	CHECK(associations("B") <= 8);
}

static void unconfirmed_association(void)
{
	responder("");
	raw_connect("R", "B.1:30000");
	CHECK_EQ(associations("B"), 1);
	run(60000);
	CHECK_EQ(associations("B"), 0);
}

static void endless_message(void)
{
	unsigned int i;

	responder("");
	raw_connect("R", "B.1:30000");
	raw_octets("R", NULL, "010affff7fc00280");
	for (i = 0; i < 40; i++)
		raw_octets("R", NULL, "0000000000000000000000000000000000000000000000000000000000000000");
	run(1000);
	CHECK_EQ(associations("B"), 0);
}

static void handshakes(void)
{
	unsigned int i;

	querier("handshakes=5");
	for (i = 0; i < 20; i++)
		say("A", "data=aa000000 sid=%032x", i + 1);
	CHECK(count("A tx query") <= 5);
}

static void overload_answers(void)
{
	unsigned int i;

	responder_ready("rate=3000 burst=3000");
	for (i = 0; i < 100; i++)
		raw("R", "query : -sid +sid=%032x", i + 1);
	run(100);
	CHECK(count("B tx response") < 60);
	/* what there was works on */
	raw("R", "data to=B.1:270 : -data +data=bb000000");
	expect(100, "B recv data=bb000000 validated=1");
}

static void confirms_still_taken(void)
{
	unsigned int i;

	net("R B; X B");
	gist("B", "rate=3000 burst=3000");
	app("B", APP, "");
	flow("X.2:4000>B.2:5000 udp");
	raw("X", "query");
	expect(100, "X rx response rc=$rc");
	flow("R.1:4000>B.1:5000 udp");
	for (i = 0; i < 200; i++)
		raw("R", "confirm to=B.1:270 : -sid +sid=%032x +rc=0102030405060708", i + 1);
	flow("X.2:4000>B.2:5000 udp");
	raw("X", "confirm to=B.2:270 : +rc=$rc");
	settled("B");
}

static void refresh_in_time(void)
{
	unsigned int i, seen = 0;

	pair("A B", "inactive=10000000");
	say("A", "data=aa000000");
	expect(1000, "B recv data=aa000000");
	link_set(1, "loss=15");
	for (i = 0; i < 30; i++) {
		forget();
		set("n", "%u", count("B recv query=1"));
		run(30000);
		seen += count("B recv query=1") > (unsigned int)atoi(var("n"));
	}
	CHECK_EQ(seen, 30);
}

static void high_latency(void)
{
	pair("A B", "inactive=10000000 t1=3000");
	link_set(1, "delay=800");
	say("A", "data=aa000000");
	expect(10000, "A network event=good");
	run(200000);
	CHECK_EQ(queriers("A"), 1);
	CHECK_EQ(responders("B"), 1);
	CHECK_EQ(count("A network event=bad"), 0);
}

static void memory_returns(void)
{
	struct gist_stats s, t;
	unsigned int i;

	querier("");
	gist_stats(engine("A"), &s);
	for (i = 0; i < 100; i++)
		say("A", "data=aa000000 reliable sid=%032x timeout=1000", i + 1);
	run(200000);
	gist_stats(engine("A"), &t);
	CHECK_EQ(t.memory, s.memory);
	CHECK_EQ(t.queued, 0);
	CHECK_EQ(t.handshakes, 0);
}

static void priority_is_local(void)
{
	querier_ready("");
	say("A", "data=bb000000 hops=30");
	expect(10, "A tx data hops=30 data=bb000000");
}

static void waiting_queue_bounded(void)
{
	unsigned int i, bad = 0;

	querier("");
	for (i = 0; i < 1000; i++)
		bad += say("A", "data=%08x reliable", i) < 0;
	CHECK(bad > 0 && bad < 1000);
}

static const struct sim_test tests[] = {
	{ "GIST-5.3.3-23,GIST-5.3.3-24,GIST-5.3.3-28 a burst is held back, none is lost without a word", burst },
	{ "GIST-5.3.3-25,GIST-5.3.3-24 the mean rate is what was configured", mean },
	{ "GIST-5.3.3-20 over all interfaces together", all_interfaces },
	{ "GIST-4.3.3-08,GIST-4.3.3-09 with a smaller MTU datagrams are smaller", mtu_known },
	{ "GIST-4.3.3-09 with a larger one they are not larger", mtu_large },
	{ "GIST-4.3.3-10 the same with IPv6", mtu_v6 },
	{ "GIST-4.3.3-08 Data without state has to fit", no_state_too_large },
	{ "GIST-4.4.4-05 with more states than can be refreshed they are valid for longer", validity_grows },
	{ "rows are bounded", full },
	{ "GIST-8.4-08 associations are bounded", full_associations },
	{ "GIST-8.4-08 associations of one peer are bounded", per_peer },
	{ "GIST-8.4-08 an association without Confirm is closed", unconfirmed_association },
	{ "GIST-8.4-08 nor may its first message be endless", endless_message },
	{ "GIST-5.3.3-25 handshakes are bounded", handshakes },
	{ "GIST-8.4-05 Queries beyond the rate are dropped, sessions live on", overload_answers },
	{ "GIST-8.4-07 a flood of Confirms from one does not stop another", confirms_still_taken },
	{ "GIST-4.4.4-06,GIST-4.4.4-12 with loss, state is refreshed in time", refresh_in_time },
	{ "GIST-4.4.4-12,GIST-5.3.3-05 with latency as well", high_latency },
	{ "GIST-6.2-07,GIST-5.7.1-09 memory comes back", memory_returns },
	{ "nothing of the application's hints is in the message", priority_is_local },
	{ "GIST-4.1.1-06 what waits is bounded, and refused then", waiting_queue_bounded },
};

SIM_MAIN(tests)
