/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A unit test is a function; what it finds wrong it notes with CHECK().
 */
#ifndef _NATFWCTL_KTAP_H
#define _NATFWCTL_KTAP_H

#include <stdbool.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
};

/* Note that the current test failed, at @file:@line, and why. */
void ktap_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define CHECK(cond, ...)	do {						\
	if (!(cond))								\
		ktap_fail(__FILE__, __LINE__, "wrong: " __VA_ARGS__);		\
} while (0)

extern const struct ktap_test config_tests[], diff_tests[], object_tests[], spec_tests[];
extern const struct ktap_test value_tests[], pattern_tests[], session_tests[];
extern const struct ktap_test session_spec_tests[];

#endif /* _NATFWCTL_KTAP_H */
