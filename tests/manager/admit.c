// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may have a handshake: blocks, shares of sources and of strangers, rates, bounded memory.
 *
 * natfw-test: quick host timeout=60
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "manager/admit.h"

static struct settings_limits limits;
static struct admit *a;

static struct sockaddr_storage at(const char *text)
{
	struct sockaddr_storage s;

	memset(&s, 0, sizeof(s));
	s.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (s.ss_family == AF_INET6)
		inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&s)->sin6_addr);
	else
		inet_pton(AF_INET, text, &((struct sockaddr_in *)&s)->sin_addr);
	return s;
}

static void fresh(void)
{
	admit_destroy(a);
	limits = (struct settings_limits){
		.half_open = 8, .half_open_per_source = 2, .waiting = 16, .waiting_per_source = 4,
		.handshakes = 100, .handshake_time = 20, .failures = 3, .failure_window = 60,
		.penalty = 10, .penalty_max = 40, .sources = 64,
	};
	a = admit_create(&limits, 1000);
}

static enum admit_verdict enter(const char *from, uint64_t now, struct source **s)
{
	struct sockaddr_storage f = at(from);

	return admit_enter(a, (struct sockaddr *)&f, now, s);
}

static void familiar(const char *from, int more, uint64_t now)
{
	struct sockaddr_storage f = at(from);

	admit_familiar(a, (struct sockaddr *)&f, more, now);
}

/* One whole handshake; false: it did not begin. */
static bool handshake(const char *from, uint64_t now, enum admit_result result)
{
	struct source *s;

	if (enter(from, now, &s) != ADMIT_OK)
		return false;
	if (!admit_begin(a, s, now)) {
		admit_abandon(a, s);
		return false;
	}
	admit_end(a, s, result, now);
	return true;
}

static void blocked_and_again(void)
{
	struct sockaddr_storage f = at("192.0.2.1");

	fresh();
	EXPECT(handshake("192.0.2.1", 1000, RESULT_BAD));
	EXPECT(handshake("192.0.2.1", 1000, RESULT_BAD));
	EXPECT(handshake("192.0.2.1", 1000, RESULT_BAD));
	EXPECT(!handshake("192.0.2.1", 1001, RESULT_GOOD));
	EXPECT(handshake("192.0.2.2", 1001, RESULT_GOOD));
	EXPECT_EQ(admit_blocked(a, (struct sockaddr *)&f, 1000), 10000);
	EXPECT(!handshake("192.0.2.1", 10999, RESULT_GOOD));
	EXPECT(handshake("192.0.2.1", 11000, RESULT_BAD));
	EXPECT(handshake("192.0.2.1", 11000, RESULT_BAD));
	EXPECT(handshake("192.0.2.1", 11000, RESULT_BAD));
	/* twice as long */
	EXPECT_EQ(admit_blocked(a, (struct sockaddr *)&f, 11000), 20000);
	admit_forgive(a);
	EXPECT_EQ(admit_blocked(a, (struct sockaddr *)&f, 11000), 0);
}

static void longest_block(void)
{
	struct sockaddr_storage f = at("192.0.2.1");
	uint64_t now = 1000, left = 0;
	int i;

	fresh();
	for (i = 0; i < 90; i++) {
		handshake("192.0.2.1", now, RESULT_BAD);
		left = admit_blocked(a, (struct sockaddr *)&f, now);
		EXPECT(left <= 40000);
		now += left;
	}
	EXPECT(now > 30 * 30000);
}

static void failures_are_forgotten(void)
{
	int i;

	fresh();
	for (i = 0; i < 20; i++)
		EXPECT(handshake("192.0.2.1", 1000 + i * 31000ull, RESULT_BAD));
}

static void families(void)
{
	fresh();
	handshake("2001:db8:0:1::1", 1000, RESULT_BAD);
	handshake("2001:db8:0:1::2", 1000, RESULT_BAD);
	handshake("2001:db8:0:1::3", 1000, RESULT_BAD);
	/* a host has all of its /64, and another one has another */
	EXPECT(!handshake("2001:db8:0:1::4", 1000, RESULT_GOOD));
	EXPECT(handshake("2001:db8:0:2::1", 1000, RESULT_GOOD));
	handshake("::ffff:192.0.2.9", 1000, RESULT_BAD);
	handshake("192.0.2.9", 1000, RESULT_BAD);
	handshake("::ffff:192.0.2.9", 1000, RESULT_BAD);
	EXPECT(!handshake("192.0.2.9", 1000, RESULT_GOOD));
}

static void share_of_a_source(void)
{
	struct source *s, *t;
	int i;

	fresh();
	for (i = 0; i < 4; i++)
		EXPECT_EQ(enter("192.0.2.1", 1000, &s), ADMIT_OK);
	EXPECT_EQ(enter("192.0.2.1", 1000, &t), ADMIT_SOURCE_FULL);
	EXPECT(admit_begin(a, s, 1000));
	EXPECT(admit_begin(a, s, 1000));
	EXPECT(!admit_begin(a, s, 1000));
	EXPECT_EQ(enter("192.0.2.1", 1000, &t), ADMIT_OK);
	admit_end(a, s, RESULT_GOOD, 1000);
	EXPECT(admit_begin(a, s, 1000));
	/* devices behind it give it more */
	familiar("192.0.2.1", 3, 1000);
	EXPECT(admit_begin(a, s, 1000));
	EXPECT(admit_begin(a, s, 1000));
}

static void share_of_strangers(void)
{
	struct source *s, *known;
	char text[32];
	int i, in = 0, begun = 0;

	fresh();
	familiar("198.51.100.1", 1, 1000);
	for (i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", i);
		if (enter(text, 1000, &s) == ADMIT_OK) {
			in++;
			begun += admit_begin(a, s, 1000);
		}
	}
	EXPECT_EQ(begun, 4);
	EXPECT_EQ(in, 12);
	EXPECT_EQ(admit_patience(a, s), 5000);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(enter("198.51.100.1", 1000, &known), ADMIT_OK);
		EXPECT(admit_begin(a, known, 1000));
	}
	EXPECT(admit_is_familiar(known));
	EXPECT_EQ(admit_patience(a, known), 20000);
}

/* How many of ten sources get in, and how many of those begin. */
static int ten_of(const char *network, uint64_t now, int *in, struct source **held)
{
	char text[32];
	int i, begun = 0;

	for (*in = i = 0; i < 10; i++) {
		struct source *s;

		snprintf(text, sizeof(text), "%s.%d", network, i);
		if (enter(text, now, &s) != ADMIT_OK)
			continue;
		++*in;
		if (admit_begin(a, s, now))
			held[begun++] = s;
	}
	return begun;
}

static void share_of_the_sour(void)
{
	struct source *sour[10], *clean[10], *s;
	char text[32];
	int i, in;

	fresh();
	for (i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "10.0.0.%d", i);
		EXPECT(handshake(text, 1000, RESULT_BAD));
	}
	EXPECT_EQ(ten_of("10.0.0", 1000, &in, sour), 2);
	EXPECT_EQ(in, 2 + 4);
	/* who calls for the first time does not stand in line behind those */
	EXPECT_EQ(ten_of("192.0.2", 1000, &in, clean), 2);
	EXPECT_EQ(in, 2 + 4);
	EXPECT(!admit_is_sour(clean[0]) && admit_is_sour(sour[0]));
	/* failing makes one sour, a device makes it good again, and so does time */
	admit_end(a, clean[0], RESULT_BAD, 1000);
	EXPECT(admit_is_sour(clean[0]));
	admit_end(a, clean[1], RESULT_GOOD, 1000);
	EXPECT(!admit_is_sour(clean[1]));
	admit_end(a, sour[0], RESULT_NEITHER, 1000);
	admit_end(a, sour[1], RESULT_GOOD, 1000);
	EXPECT(admit_is_sour(sour[0]) && !admit_is_sour(sour[1]));
	EXPECT_EQ(enter("10.0.0.5", 11000, &s), ADMIT_FULL);
	fresh();
	EXPECT(handshake("10.0.0.1", 1000, RESULT_BAD));
	EXPECT_EQ(enter("10.0.0.1", 11000, &s), ADMIT_OK);
	EXPECT(admit_is_sour(s));
	EXPECT_EQ(enter("10.0.0.1", 11001, &s), ADMIT_OK);
	EXPECT(!admit_is_sour(s));
}

/* What is counted of them stays right when they change within a handshake. */
static void sour_meanwhile(void)
{
	struct source *s[4];
	int i, in;

	fresh();
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(enter("192.0.2.1", 1000, &s[i]), ADMIT_OK);
		EXPECT(admit_begin(a, s[i], 1000));
	}
	admit_end(a, s[0], RESULT_BAD, 1000);
	/* one of it is left, which counts now; time passes, and it does not any more */
	EXPECT_EQ(enter("192.0.2.1", 20000, &s[0]), ADMIT_OK);
	admit_end(a, s[1], RESULT_NEITHER, 20000);
	admit_abandon(a, s[0]);
	for (i = 0; i < 10; i++)
		handshake("10.0.0.1", 20000 + i * 1000ull, RESULT_BAD);
	admit_forgive(a);
	for (i = 0; i < 2; i++)
		EXPECT(handshake("10.0.0.2", 31000, RESULT_BAD));
	EXPECT(handshake("10.0.0.3", 31000, RESULT_BAD));
	EXPECT_EQ(ten_of("10.0.0", 31000, &in, s), 4);
}

static void crowded(void)
{
	struct source *held[10], *known;
	int in;

	fresh();
	EXPECT_EQ(enter("192.0.2.77", 1000, &held[0]), ADMIT_OK);
	EXPECT(!admit_is_crowded(a, held[0]));
	EXPECT_EQ(ten_of("192.0.2", 1000, &in, held), 4);
	EXPECT(admit_is_crowded(a, held[0]));
	familiar("198.51.100.1", 1, 1000);
	EXPECT_EQ(enter("198.51.100.1", 1000, &known), ADMIT_OK);
	EXPECT(!admit_is_crowded(a, known));
	admit_end(a, held[3], RESULT_NEITHER, 1000);
	EXPECT(!admit_is_crowded(a, held[0]));
}

static void rate(void)
{
	struct settings_limits *l = &limits;
	uint64_t now;
	int begun = 0;

	fresh();
	l->half_open = l->half_open_per_source = 1000;
	/* one source all the time: half of a second's are not for it */
	for (now = 1000; now < 11000; now += 2)
		begun += handshake("192.0.2.1", now, RESULT_NEITHER);
	EXPECT(begun >= 1000 && begun <= 1060);
	/* and those are there at once for who is known */
	familiar("198.51.100.1", 1, now);
	for (begun = 0; handshake("198.51.100.1", now, RESULT_NEITHER);)
		begun++;
	EXPECT(begun >= 49 && begun <= 51);
}

static void many_sources(void)
{
	struct admit_stats stats;
	struct source *kept[64], *s;
	char text[32];
	int i;

	fresh();
	limits.waiting = 1000;
	familiar("198.51.100.1", 1, 1000);
	for (i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.%d", i >> 16, i >> 8 & 255, i & 255);
		if (enter(text, 1000, &s) == ADMIT_OK)
			admit_abandon(a, s);
	}
	admit_stats(a, 1000, &stats);
	EXPECT_EQ(stats.sources, 64);
	/* what is in use, and who is known, is not forgotten */
	for (i = 0; i < 63; i++) {
		snprintf(text, sizeof(text), "10.9.9.%d", i);
		EXPECT_EQ(enter(text, 1000, &kept[i]), ADMIT_OK);
	}
	EXPECT_EQ(enter("10.8.8.8", 1000, &s), ADMIT_MEMORY);
	EXPECT_EQ(enter("198.51.100.1", 1000, &s), ADMIT_OK);
	EXPECT(admit_is_familiar(s));
	for (i = 0; i < 63; i++)
		admit_abandon(a, kept[i]);
	EXPECT_EQ(enter("10.8.8.8", 1000, &s), ADMIT_OK);
}

static void many_devices_behind_one(void)
{
	int i, held = 0;

	fresh();
	familiar("192.0.2.1", 99, 1000);
	for (i = 0; i < 299; i++)
		held += handshake("192.0.2.1", 1000 + i * 20ull, RESULT_BAD);
	EXPECT_EQ(held, 299);
	EXPECT(handshake("192.0.2.1", 8000, RESULT_BAD));
	EXPECT(!handshake("192.0.2.1", 8000, RESULT_GOOD));
}

static void balance(void)
{
	struct source *s[8];
	struct admit_stats stats;
	int i;

	/* becoming known, or not any more, within a handshake */
	fresh();
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(enter("192.0.2.1", 1000, &s[i]), ADMIT_OK);
		EXPECT(admit_begin(a, s[i], 1000));
	}
	familiar("192.0.2.1", 1, 1000);
	admit_end(a, s[0], RESULT_GOOD, 1000);
	familiar("192.0.2.1", -1, 1000);
	familiar("192.0.2.1", -5, 1000);
	admit_end(a, s[1], RESULT_NEITHER, 1000);
	admit_stats(a, 1000, &stats);
	EXPECT_EQ(stats.half_open, 0);
	EXPECT_EQ(stats.waiting, 0);
	for (i = 0; i < 4; i++) {
		char text[32];

		snprintf(text, sizeof(text), "192.0.2.%d", i);
		EXPECT_EQ(enter(text, 2000, &s[i]), ADMIT_OK);
		EXPECT(admit_begin(a, s[i], 2000));
	}
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "8071-5d,CHD-5g a source that fails is blocked, longer each time", blocked_and_again },
		{ "8071-5d no block is longer than the longest", longest_block },
		{ "8071-5d failures are forgotten in time", failures_are_forgotten },
		{ "8071-5d a /64 is a source, and so is IPv4 in IPv6", families },
		{ "CHD-5g the share of a source", share_of_a_source },
		{ "CHD-5g the share of strangers", share_of_strangers },
		{ "CHD-5g the share of sources that failed lately", share_of_the_sour },
		{ "counts stay right when a source fails meanwhile", sour_meanwhile },
		{ "strangers take up their places", crowded },
		{ "CHD-5g handshakes a second", rate },
		{ "CHD-5g sources are forgotten, but for those in use and known", many_sources },
		{ "8071-5d one address of many devices is not blocked for a few", many_devices_behind_one },
		{ "counts stay right when a source becomes known meanwhile", balance },
	};
	int status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));

	admit_destroy(a);
	return status;
}
