/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KTAP points from C: a table of named functions, in which expectations are made. The
 * first that is not met is shown, and the point fails; the function goes on.
 */
#ifndef _NATFW_TESTS_KTAP_H
#define _NATFW_TESTS_KTAP_H

#include <stdbool.h>
#include <stdio.h>

struct ktap_test {
	const char *name;	/* ids of requirements, a blank, words */
	void (*run)(void);
};

static bool ktap_failed;

#define EXPECT(condition) \
	ktap_expect(condition, #condition, __FILE__, __LINE__)
#define EXPECT_EQ(a, b) \
	ktap_expect_eq((long long)(a), (long long)(b), #a " == " #b, __FILE__, __LINE__)

static inline bool ktap_expect(bool met, const char *text, const char *file, int line)
{
	if (!met && !ktap_failed)
		printf("# %s:%d: not so: %s\n", file, line, text);
	ktap_failed |= !met;
	return met;
}

static inline bool ktap_expect_eq(long long a, long long b, const char *text,
				  const char *file, int line)
{
	if (a != b && !ktap_failed)
		printf("# %s:%d: not so: %s (%lld, %lld)\n", file, line, text, a, b);
	ktap_failed |= a != b;
	return a == b;
}

static inline void ktap_point(unsigned int number, const char *name)
{
	printf("%s %u %s\n", ktap_failed ? "not ok" : "ok", number, name);
	fflush(stdout);
	ktap_failed = false;
}

static inline int ktap_main(const struct ktap_test *tests, unsigned int n)
{
	unsigned int i;
	bool bad = false;

	printf("KTAP version 1\n1..%u\n", n);
	for (i = 0; i < n; i++) {
		tests[i].run();
		bad |= ktap_failed;
		ktap_point(i + 1, tests[i].name);
	}
	return bad;
}

#endif /* _NATFW_TESTS_KTAP_H */
