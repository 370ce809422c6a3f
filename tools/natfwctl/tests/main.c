// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>

#include "ktap.h"

static const struct ktap_test *const suites[] = {
	value_tests, spec_tests, config_tests, object_tests, pattern_tests, diff_tests,
	session_tests, session_spec_tests,
};

#define NSUITES	(sizeof(suites) / sizeof(suites[0]))

static bool failed;

void ktap_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	failed = true;
	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static unsigned int count(void)
{
	const struct ktap_test *t;
	unsigned int i, n = 0;

	for (i = 0; i < NSUITES; i++)
		for (t = suites[i]; t->name; t++)
			n++;
	return n;
}

int main(void)
{
	const struct ktap_test *t;
	unsigned int i, n = 0, bad = 0;

	printf("KTAP version 1\n1..%u\n", count());
	for (i = 0; i < NSUITES; i++) {
		for (t = suites[i]; t->name; t++) {
			failed = false;
			t->run();
			bad += failed;
			printf("%sok %u %s\n", failed ? "not " : "", ++n, t->name);
			fflush(stdout);
		}
	}
	return bad > 0;
}
