// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where NETCONF messages begin and end, however the octets come.
 *
 * natfw-test: quick timeout=60
 */
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "mgmt/framing.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct framing f;

/* All of @data, @step octets at a time; the first result that is not MORE. *@used: octets taken. */
static enum framing_result feed(const char *data, size_t len, size_t step, size_t *used)
{
	enum framing_result r = FRAMING_MORE;
	size_t n;

	*used = 0;
	while (r == FRAMING_MORE && *used < len) {
		size_t part = len - *used < step ? len - *used : step;
		char *copy = malloc(part);

		/* exactly so long, for the sanitizer to see what is behind */
		memcpy(copy, data + *used, part);
		r = framing_take(&f, copy, part, &n);
		free(copy);
		EXPECT(n <= part && (r != FRAMING_MORE || n == part));
		*used += n;
	}
	return r;
}

static void start(bool chunked, size_t max)
{
	framing_init(&f, max);
	f.chunked = chunked;
}

static void marked(void)
{
	static const char two[] = "<a>]]>]]</a>]]>]]><b/>]]>]]>";
	size_t step, used;

	for (step = 1; step < sizeof(two); step++) {
		start(false, 100);
		EXPECT_EQ(feed(two, sizeof(two) - 1, step, &used), FRAMING_MESSAGE);
		EXPECT(!strcmp(f.text, "<a>]]>]]</a>") && f.len == 12);
		EXPECT_EQ(feed(two + used, sizeof(two) - 1 - used, step, &used), FRAMING_MESSAGE);
		EXPECT(!strcmp(f.text, "<b/>"));
		framing_fini(&f);
	}
}

static void chunks(void)
{
	static const char two[] = "\n#3\n<a>\n#10\n0123456789\n#4\n</a>\n##\n\n#1\nx\n##\n";
	size_t step, used;

	for (step = 1; step < sizeof(two); step++) {
		start(true, 100);
		EXPECT_EQ(feed(two, sizeof(two) - 1, step, &used), FRAMING_MESSAGE);
		EXPECT(!strcmp(f.text, "<a>0123456789</a>"));
		EXPECT_EQ(feed(two + used, sizeof(two) - 1 - used, step, &used), FRAMING_MESSAGE);
		EXPECT(!strcmp(f.text, "x"));
		framing_fini(&f);
	}
}

static void bad_chunks(void)
{
	static const char *const bad[] = {
		"x", "\nx", "\n#x", "\n#0\n", "\n#007\n", "\n#\n", "\n##\n", "\n#-1\n", "\n#+1\n",
		"\n# 1\n", "\n#1 \n", "\n#4294967296\n", "\n#99999999999\n", "\n#1\nab", "\n#1\na\n#\n",
		"\n#1\na\n##x", "\n#1\r\n", "\r\n#1\na",
	};
	size_t i, step, used;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		for (step = 1; step < 12; step++) {
			start(true, 100);
			EXPECT_EQ(feed(bad[i], strlen(bad[i]), step, &used), FRAMING_BAD);
			framing_fini(&f);
		}
	start(true, 100);
	EXPECT_EQ(feed("\n#4294967295\n", 13, 1, &used), FRAMING_MORE);
	EXPECT(f.room <= 1024);
	framing_fini(&f);
}

static void limits(void)
{
	size_t used;

	start(false, 8);
	EXPECT_EQ(feed("ab]]>]]>", 8, 8, &used), FRAMING_MESSAGE);
	EXPECT_EQ(feed("abc]]>]]>", 9, 1, &used), FRAMING_TOO_BIG);
	framing_fini(&f);
	start(true, 8);
	EXPECT_EQ(feed("\n#8\n01234567\n##\n", 16, 1, &used), FRAMING_MESSAGE);
	EXPECT_EQ(feed("\n#9\n012345678\n##\n", 17, 3, &used), FRAMING_TOO_BIG);
	framing_fini(&f);
}

static void any_octets(void)
{
	static const char alphabet[] = "\n#]>0123<a";
	char data[64];
	size_t used, i;
	unsigned int n;

	srandom(17);
	for (n = 0; n < 100000; n++) {
		for (i = 0; i < sizeof(data); i++)
			data[i] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		start(n & 1, 40);
		if (feed(data, sizeof(data), 1 + n % 9, &used) == FRAMING_MESSAGE)
			EXPECT(f.text && strlen(f.text) == f.len && f.len <= 40);
		framing_fini(&f);
	}
}

static const struct ktap_test tests[] = {
	{ "6242-4.3a,X-6242-4.3b the marker, however it is cut", marked },
	{ "6242-4.2a,6242-4.2e chunks, however they are cut", chunks },
	{ "6242-4.2b,6242-4.2c,6242-4.2d what is no chunk", bad_chunks },
	{ "6242-4.2d messages have a limit", limits },
	{ "octets of any kind", any_octets },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
