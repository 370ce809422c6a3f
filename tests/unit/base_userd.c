// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon's engines stand on, userd/base: timers, tables, hashes, addresses.
 *
 * natfw-test: quick timeout=60
 */
#include <string.h>

#include "base/address.h"
#include "base/log.h"
#include "base/siphash.h"
#include "base/table.h"
#include "base/timers.h"
#include "ktap.h"
#include "octets.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- timers ---------------------------------------------------------------------------- */

#define TIMERS	5000

static struct timers heap;
static struct timer timer[TIMERS];
static uint64_t due[TIMERS], last;
static unsigned int fired;

static void note(struct timer *t)
{
	EXPECT_EQ(heap.now, t->at);
	EXPECT(t->at >= last);
	EXPECT_EQ(due[t - timer], t->at);
	EXPECT(!timer_running(t));
	last = t->at;
	due[t - timer] = 0;
	fired++;
}

static void fill(uint32_t *seed)
{
	unsigned int i;

	for (i = 0; i < TIMERS; i++) {
		timer_init(&timer[i], note);
		due[i] = heap.now + octets_random(seed) % 10000;
		EXPECT(!timer_start(&heap, &timer[i], due[i] - heap.now));
	}
	last = fired = 0;
}

static void timers_in_order(void)
{
	uint32_t seed = 7;

	timers_init(&heap, 1000);
	fill(&seed);
	EXPECT(timers_run(&heap, 20000, 0));
	EXPECT_EQ(fired, TIMERS);
	EXPECT_EQ(timers_next(&heap), TIMERS_NEVER);
	EXPECT_EQ(heap.now, 20000);
	timers_fini(&heap);
}

/* Every third is moved, every fifth stopped, at random places of the heap. */
static void timers_moved(void)
{
	unsigned int i, stopped = 0;
	uint32_t seed = 9;

	timers_init(&heap, 5);
	fill(&seed);
	for (i = 0; i < TIMERS; i++) {
		if (i % 3 == 0) {
			due[i] = heap.now + octets_random(&seed) % 10000;
			timer_start(&heap, &timer[i], due[i] - heap.now);
		}
		if (i % 5 == 0) {
			timer_stop(&heap, &timer[i]);
			timer_stop(&heap, &timer[i]);
			EXPECT_EQ(timer_left(&heap, &timer[i]), TIMERS_NEVER);
			stopped++;
		}
	}
	timers_run(&heap, 30000, 0);
	EXPECT_EQ(fired, TIMERS - stopped);
	timers_fini(&heap);
}

static void timers_bounded(void)
{
	uint32_t seed = 3;

	timers_init(&heap, 0);
	fill(&seed);
	EXPECT(!timers_run(&heap, 20000, 100));
	EXPECT_EQ(fired, 100);
	EXPECT(heap.now < 20000);
	EXPECT(timers_run(&heap, 20000, 0));
	EXPECT(timers_run(&heap, 100, 0));
	EXPECT_EQ(heap.now, 20000);
	timers_fini(&heap);
}

static void again(struct timer *t)
{
	if (++fired < 10)
		timer_start(&heap, t, 7);
}

static void timers_again(void)
{
	timers_init(&heap, 100);
	fired = 0;
	timer_init(&timer[0], again);
	timer_start(&heap, &timer[0], 0);
	timers_run(&heap, 1000, 0);
	EXPECT_EQ(fired, 10);
	EXPECT_EQ(timer[0].at, 100 + 9 * 7);
	timer_start(&heap, &timer[0], UINT64_MAX);
	EXPECT_EQ(timers_next(&heap), TIMERS_NEVER - 1);
	timers_fini(&heap);
}

/* --- tables ---------------------------------------------------------------------------- */

#define NODES	20000

struct item {
	struct table_node node;
	unsigned int number;
};

static struct item item[NODES];

static struct item *find(struct table *t, unsigned int number, uint64_t hash)
{
	struct table_node *n;

	for (n = table_first(t, hash); n; n = table_next(n, hash))
		if (container_of(n, struct item, node)->number == number)
			return container_of(n, struct item, node);
	return NULL;
}

/* Every hash is shared by four, so that chains are told apart by more than their bucket. */
static uint64_t hash_of(unsigned int number)
{
	uint64_t group = number / 4;

	return group * 0x9e3779b97f4a7c15u;
}

static void table_grows(void)
{
	struct table t;
	unsigned int i;

	table_init(&t);
	EXPECT(!table_first(&t, 1));
	for (i = 0; i < NODES; i++) {
		item[i].number = i;
		EXPECT(!table_add(&t, &item[i].node, hash_of(i)));
		EXPECT(find(&t, i / 2, hash_of(i / 2)) == &item[i / 2]);
	}
	EXPECT_EQ(t.count, NODES);
	for (i = 0; i < NODES; i += 2)
		table_del(&t, &item[i].node);
	for (i = 0; i < NODES; i++)
		EXPECT(find(&t, i, hash_of(i)) == (i % 2 ? &item[i] : NULL));
	EXPECT_EQ(t.count, NODES / 2);
	table_fini(&t);
}

static bool take(struct table_node *n, void *arg)
{
	struct table *t = arg;

	fired++;
	if (container_of(n, struct item, node)->number % 3 == 0)
		table_del(t, n);
	return true;
}

/* Walked while it is half grown. */
static void table_walk(void)
{
	unsigned int i, n = 64 + 3;
	struct table t;

	table_init(&t);
	for (i = 0; i < n; i++) {
		item[i].number = i;
		table_add(&t, &item[i].node, hash_of(i));
	}
	EXPECT(t.old);
	fired = 0;
	table_each(&t, take, &t);
	EXPECT_EQ(fired, n);
	for (i = 0; i < n; i++)
		EXPECT(!find(&t, i, hash_of(i)) == (i % 3 == 0));
	table_fini(&t);
}

/* --- hashes and names ------------------------------------------------------------------ */

/* From the reference implementation's vectors: key 00..0f, input 00, 01, 02.. */
static void siphash_vectors(void)
{
	static const struct {
		size_t len;
		uint64_t out;
	} want[] = {
		{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },
		{ 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 },
	};
	uint8_t key[16], in[16];
	unsigned int i;

	for (i = 0; i < 16; i++)
		key[i] = in[i] = (uint8_t)i;
	for (i = 0; i < ARRAY_SIZE(want); i++)
		EXPECT_EQ(siphash(in, want[i].len, key), want[i].out);
}

/* As `openssl mac -macopt size:16 ... SIPHASH` has them, and the reference implementation. */
static void siphash128_vectors(void)
{
	static const struct {
		size_t len;
		const char *out;
	} want[] = {
		{ 0, "a3817f04ba25a8e66df67214c7550293" },
		{ 1, "da87c1d86b99af44347659119b22fc45" },
		{ 8, "3b62a9ba6258f5610f83e264f31497b4" },
		{ 15, "5493e99933b0a8117e08ec0f97cfc3d9" },
	};
	uint8_t key[16], in[16], out[16];
	char text[33];
	unsigned int i, k;

	for (i = 0; i < 16; i++)
		key[i] = in[i] = (uint8_t)i;
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		siphash128(out, in, want[i].len, key);
		for (k = 0; k < 16; k++)
			snprintf(text + 2 * k, 3, "%02x", out[k]);
		EXPECT(!strcmp(text, want[i].out));
	}
}

static char line[256];

static void sink(enum log_subsystem sub, enum log_level level, const char *text)
{
	EXPECT_EQ(sub, SUB_NSLP);
	EXPECT_EQ(level, LEVEL_WARN);
	snprintf(line, sizeof(line), "%s", text);
}

static void tags(void)
{
	static const uint8_t sid[16] = { 1, 2, 3 }, key[16] = { 9 };
	char a[SESSION_TAG], b[SESSION_TAG];

	session_tag(sid, a);
	session_tag_key(key);
	session_tag(sid, b);
	EXPECT_EQ(strlen(b), 16);
	EXPECT(strcmp(a, b));
	log_capture(sink);
	log_warn(SUB_NSLP, "sid=%s", b);
	log_debug(SUB_NSLP, "not this");
	EXPECT(!strncmp(line, "sid=", 4) && !strcmp(line + 4, b));
	log_capture(NULL);
	EXPECT_EQ(log_level_find("debug"), LEVEL_DEBUG);
	EXPECT_EQ(log_subsystem_find("nslp"), SUB_NSLP);
	EXPECT_EQ(log_subsystem_find("nslq"), -1);
}

/* --- addresses ------------------------------------------------------------------------- */

static bool within(const char *a, const char *prefix)
{
	struct address x, p;
	unsigned int len;

	return EXPECT(address_read(&x, a)) && EXPECT(address_read_prefix(&p, &len, prefix)) &&
		address_within(&x, &p, len);
}

static void address_prefixes(void)
{
	EXPECT(within("10.1.2.3", "10.1.0.0/16"));
	EXPECT(within("10.1.2.3", "10.1.2.2/31"));
	EXPECT(!within("10.1.2.3", "10.1.2.2/32"));
	EXPECT(!within("10.2.2.3", "10.1.0.0/15"));
	EXPECT(within("10.1.2.3", "0.0.0.0/0"));
	EXPECT(!within("2001:db8::1", "0.0.0.0/0"));
	EXPECT(within("2001:db8:ffff::1", "2001:db8::/32"));
	EXPECT(!within("2001:db9::", "2001:db8::/32"));
	EXPECT(within("2001:db9::", "2001:db8::/31"));
}

static void address_refused(void)
{
	static const char *const bad[] = {
		"", "1.2.3", "1.2.3.4.5", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+1",
		"1.2.3.4/8x", "::/129", "1.2.3.4/ 8", ":::", "name",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd/1",
	};
	struct address a = { .version = 9 };
	unsigned int i, len = 77;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(!address_read_prefix(&a, &len, bad[i]));
	EXPECT(a.version == 9 && len == 77);
}

static void endpoints(void)
{
	static const char *const text[] = { "192.0.2.1", "2001:db8::5" };
	static const char *const want[] = { "192.0.2.1:5060", "[2001:db8::5]:5060" };
	struct endpoint e = { .port = 5060 }, back;
	struct sockaddr_storage ss;
	char buf[ENDPOINT_TEXT];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		EXPECT(address_read(&e.address, text[i]));
		EXPECT(endpoint_to_sockaddr(&e, &ss));
		EXPECT(endpoint_from_sockaddr(&back, (struct sockaddr *)&ss));
		EXPECT(address_equal(&back.address, &e.address) && back.port == 5060);
		EXPECT(!strcmp(endpoint_text(&back, buf), want[i]));
	}
	EXPECT(address_read(&e.address, "::ffff:192.0.2.7"));
	endpoint_to_sockaddr(&e, &ss);
	endpoint_from_sockaddr(&back, (struct sockaddr *)&ss);
	EXPECT(!strcmp(endpoint_text(&back, buf), "192.0.2.7:5060"));
}

static const struct ktap_test tests[] = {
	{ "timers fire in order, the clock at each one's time", timers_in_order },
	{ "timers moved and stopped anywhere in the heap", timers_moved },
	{ "timers fired a few at a time; the clock never goes back", timers_bounded },
	{ "timers started again from their own callback", timers_again },
	{ "a table finds everything while it grows", table_grows },
	{ "a table is walked while it grows, and nodes taken out", table_walk },
	{ "SipHash-2-4 vectors", siphash_vectors },
	{ "SipHash-2-4-128 vectors", siphash128_vectors },
	{ "session tags and the log", tags },
	{ "address prefixes", address_prefixes },
	{ "addresses and prefixes refused", address_refused },
	{ "endpoints to the kernel's form and back", endpoints },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
