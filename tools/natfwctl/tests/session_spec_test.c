// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is typed behind `natfwctl session create`.
 */
#include <stdio.h>
#include <string.h>

#include "ktap.h"
#include "session.h"

#define WORDS_MAX	32

/* @line, words apart by one space, read as a request of @kind. */
static bool read_line(const char *line, enum natfw_kind kind, struct session_spec *s, struct words *w)
{
	static char buf[512];
	static char *v[WORDS_MAX];
	unsigned int n = 0;
	char *p;

	snprintf(buf, sizeof(buf), "%s", line);
	for (p = strtok(buf, " "); p && n < WORDS_MAX; p = strtok(NULL, " "))
		v[n++] = p;
	words_init(w, v, NULL, n);
	return session_spec_read(w, kind, s);
}

static void test_create(void)
{
	struct session_spec s;
	struct words w;

	CHECK(read_line("udp from 10.1.0.2 sport 4000 to 203.0.113.5 dport 5000 lifetime 300",
			NATFW_KIND_CREATE, &s, &w), "%s", w.error.text);
	CHECK(s.ask.protocol == IPPROTO_UDP && s.ask.source_port == 4000);
	CHECK(!strcmp(s.ask.source, "10.1.0.2") && !strcmp(s.ask.destination, "203.0.113.5"));
	CHECK(s.ask.destination_port == 5000 && s.ask.lifetime == 300 && !s.ask.port_pair);
}

static void test_any_order(void)
{
	struct session_spec s;
	struct words w;

	CHECK(read_line("lifetime 5m to [2001:db8::5]:5004-5005 proxy tcp beyond refresh 1m",
			NATFW_KIND_CREATE, &s, &w), "%s", w.error.text);
	CHECK(!strcmp(s.ask.destination, "2001:db8::5") && s.ask.destination_port == 5004);
	CHECK(s.ask.port_pair && s.ask.proxy && s.ask.beyond && s.ask.protocol == IPPROTO_TCP);
	CHECK(s.ask.lifetime == 300 && s.ask.refresh == 60000);
	CHECK(!s.has_source && s.has_destination);
}

static void test_external(void)
{
	struct session_spec s;
	struct words w;

	CHECK(read_line("proto 17 dport sip toward 192.0.2.1 from 198.51.100.0/24 hold wait 5",
			NATFW_KIND_EXTERNAL, &s, &w), "%s", w.error.text);
	CHECK(s.ask.destination_port == 5060 && !strcmp(s.ask.toward, "192.0.2.1"));
	CHECK(!strcmp(s.ask.source, "198.51.100.0/24") && s.hold && s.wait == 5);
	CHECK(read_line("icmp to 10.0.0.1 type echo-request type 13", NATFW_KIND_EXTERNAL, &s, &w));
	CHECK(s.ask.icmp_type_count == 2 && s.ask.icmp_types[0] == 8 && s.ask.icmp_types[1] == 13);
	CHECK(read_line("esp from any to 10.0.0.1 spi 7", NATFW_KIND_EXTERNAL, &s, &w));
	CHECK(!s.ask.source && s.has_source && s.ask.spi == 7);
}

static void test_refused(void)
{
	static const char *const bad[] = {
		"udp tcp", "udp to 10.0.0.1 to 10.0.0.2", "udp to 10.0.0.1:5000 dport 5001",
		"udp dport 5000-5002", "udp dport 0", "udp sport 70000", "udp from 10.0.0", "udp toward x",
		"udp lifetime 0", "udp lifetime soon", "udp refresh 0", "udp beyond", "udp to",
		"icmp type nothing", "udp spi x", "nonsense", "udp to 10.0.0.1 nonsense",
	};
	struct session_spec s;
	struct words w;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!read_line(bad[i], NATFW_KIND_CREATE, &s, &w), "'%s' is taken", bad[i]);
		CHECK(w.error.set && *w.error.text, "'%s': no reason", bad[i]);
	}
}

const struct ktap_test session_spec_tests[] = {
	{ "session: create", test_create },
	{ "session: parts in any order", test_any_order },
	{ "session: external, protocols of all kinds", test_external },
	{ "session: what is refused, and why", test_refused },
	{ 0 }
};
