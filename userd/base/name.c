// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <strings.h>

#include "base/name.h"

/* Without the dot of the root. */
static size_t length(const char *name)
{
	size_t n = strlen(name);

	return n > 1 && name[n - 1] == '.' ? n - 1 : n;
}

static bool same(const char *a, size_t an, const char *b, size_t bn)
{
	return an == bn && an && !strncasecmp(a, b, an);
}

bool name_wild(const char *name)
{
	return name[0] == '*' && name[1] == '.' && name[2];
}

/* Whether @name has one label more than what follows the "*" of @pattern. */
static bool covers(const char *pattern, const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot == name)
		return false;
	return same(pattern + 1, length(pattern) - 1, dot, length(name) - (size_t)(dot - name));
}

bool name_fits(const char *pattern, const char *name)
{
	if (same(pattern, length(pattern), name, length(name)))
		return true;
	return name_wild(pattern) && !name_wild(name) && covers(pattern, name);
}
