// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "value.h"

static struct words *one(const char *text)
{
	static char copy[256], *v[1];
	static struct words w;

	snprintf(copy, sizeof(copy), "%s", text);
	v[0] = copy;
	words_init(&w, v, NULL, 1);
	return &w;
}

static void endpoint_ok(const char *text, const char *addr, uint32_t len, bool port,
			uint32_t first, uint32_t last)
{
	char buf[NATFW_ADDR_TEXT];
	struct endpoint ep;

	if (!read_endpoint(one(text), &ep)) {
		CHECK(false, "%s refused", text);
		return;
	}
	CHECK(!strcmp(natfw_addr_text(&ep.addr, buf), addr), "%s: address %s", text, buf);
	CHECK(ep.len == len && ep.has_port == port && ep.port == first && ep.port_max == last,
	      "%s: /%u %d %u-%u", text, ep.len, ep.has_port, ep.port, ep.port_max);
}

static void test_endpoints(void)
{
	endpoint_ok("10.0.0.1", "10.0.0.1", 32, false, 0, 0);
	endpoint_ok("10.0.0.0/8", "10.0.0.0", 8, false, 0, 0);
	endpoint_ok("10.0.0.1:80", "10.0.0.1", 32, true, 80, 80);
	endpoint_ok("10.0.0.0/8:80-90", "10.0.0.0", 8, true, 80, 90);
	endpoint_ok("10.0.0.1:https", "10.0.0.1", 32, true, 443, 443);
	endpoint_ok("2001:db8::1", "2001:db8::1", 128, false, 0, 0);
	endpoint_ok("2001:db8::/32", "2001:db8::", 32, false, 0, 0);
	endpoint_ok("[2001:db8::1]:53", "2001:db8::1", 128, true, 53, 53);
	endpoint_ok("[2001:db8::/32]:53", "2001:db8::", 32, true, 53, 53);
	endpoint_ok("[2001:db8::]/32:53", "2001:db8::", 32, true, 53, 53);
	endpoint_ok("[::1]", "::1", 128, false, 0, 0);
	endpoint_ok("any", "any", 0, false, 0, 0);
	endpoint_ok("any:80", "any", 0, true, 80, 80);
}

static void test_bad_endpoints(void)
{
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/", "10.0.0.1:", "[::1",
		"[::1]x", "::1/129", "10.0.0.1:99999", "10.0.0.1:9-8", "host.example", ":80",
		"[10.0.0.1]/8/9", "10.0.0.1/8x",
	};
	struct endpoint ep;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!read_endpoint(one(bad[i]), &ep), "'%s' accepted", bad[i]);
}

static void seconds_ok(const char *text, uint32_t want)
{
	uint32_t v;

	CHECK(read_seconds(one(text), "t", &v) && v == want, "%s", text);
}

static void test_seconds(void)
{
	uint32_t v;

	seconds_ok("0", 0);
	seconds_ok("90", 90);
	seconds_ok("90s", 90);
	seconds_ok("10m", 600);
	seconds_ok("1h30m", 5400);
	seconds_ok("2d", 172800);
	seconds_ok("never", 0);
	seconds_ok("4294967295", UINT32_MAX);
	CHECK(!read_seconds(one("4294967296"), "t", &v));
	CHECK(!read_seconds(one("1x"), "t", &v));
	CHECK(!read_seconds(one("h"), "t", &v));
	CHECK(!read_seconds(one("99999999w"), "t", &v));
}

static void test_owner(void)
{
	uint8_t o[NATFW_OWNER_LEN];
	char buf[OWNER_TEXT];

	CHECK(owner_parse("00112233445566778899aabbCCDDEEFF", o));
	CHECK(!strcmp(owner_text(o, buf), "00112233445566778899aabbccddeeff"));
	CHECK(owner_parse("00112233-4455-6677-8899-aabbccddeeff", o));
	CHECK(owner_parse("0", o) && owner_is_zero(o));
	CHECK(!owner_parse("0011", o));
	CHECK(!owner_parse("00112233445566778899aabbccddeeff00", o));
	CHECK(!owner_parse("0011223344556677889 aabbccddeeff", o));
}

static void duration_ok(uint64_t s, const char *want)
{
	char buf[32];

	CHECK(!strcmp(duration_text(s, buf, sizeof(buf)), want), "%s, not %s", buf, want);
}

static void test_durations(void)
{
	duration_ok(0, "0s");
	duration_ok(59, "59s");
	duration_ok(60, "1m");
	duration_ok(61, "1m01s");
	duration_ok(3840, "1h04m");
	duration_ok(90000, "1d01h");
}

const struct ktap_test value_tests[] = {
	{ "value: addresses with prefix and port", test_endpoints },
	{ "value: wrong addresses are refused", test_bad_endpoints },
	{ "value: times", test_seconds },
	{ "value: owner cookies", test_owner },
	{ "value: durations for people", test_durations },
	{ NULL, NULL },
};
