// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=30
/*
 * What XPath expressions are taken to cost: those that ask for something are cheap however much there is, and those
 * that go through all for each are not.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "mgmt/xpath.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MANY	100000
#define MOST	4e6

static void expect(bool cheap, const char *expr)
{
	if (!EXPECT_EQ(xpath_is_cheap(expr, MANY, MOST), cheap))
		printf("# %s: %g\n", expr, xpath_cost(expr, MANY));
}

static void asks(void)
{
	static const char *const good[] = {
		"/", ".", "*", "//*", "/n:natfw", "/n:natfw/n:key[n:id='2']/n:name", "/n:*", "//n:session[n:id = 5]",
		"/n:a/n:b[n:x='1' or n:x='2' or n:x='3']/n:c", "/a/b[c/d > 5 and not(contains(e, 'f'))]/g",
		"/a | /b | //c", "count(//a) > 5", "//a/b//c", "/a/b[1]", "/a/b[last()]/c[position() < 10]",
		"/a[b='//*[//*]']", "/a[b=\"..\"]", "//*[.//a]", "/a/b[c and d]", "/a/b[- 5 = c * 2]", "/a/b[.5 > c]",
		"/a/child::b/descendant::c", "/a/text()", "/a[b != 'x']", "/a/div/mod", "/a/b[c div 2 = 1]", "current()/a", "",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		expect(true, good[i]);
}

static void goes_through(void)
{
	static const char *const bad[] = {
		"//*[count(//*) > 1]", "//*[//*]", "(//*)[//*]", "*[//*]", "n:*[//*]", "//n:*[//n:*]", "//*/@a[//*]",
		"//*[../../*]", "//a/../b/../*", "//*[preceding::*]", "/a/b/following-sibling::c", "//*/ancestor::*",
		"//*[a = //b]", "//a = //b", "//a != //b", "//a <= //b", "//a[2 * //b = 1]", "//a[b and //c]", "//a[-//b = 1]",
		"//a[count(//b) = 1]", "//a['x' = /b]", "//a[current()/b]", "//a[deref(b)]", "//a[re-match(b, '(a+)+c')]",
		"//a[b[c[//d]]]", "//a[(b | //c)/d]", "//a[string(/) = 'x']", "//a[. = //b]", "//a[ ( /b ) ]",
		"//a[b[string-length(//c)]]", "//a/text()[//b]", "//a/node( )[//b]",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect(false, bad[i]);
}

/* The same expressions are all right where there is little. */
static void little(void)
{
	EXPECT(xpath_is_cheap("//*[count(//*) > 1]", 500, MOST));
	EXPECT(!xpath_is_cheap("//*[//*[//*]]", 500, MOST));
	EXPECT(xpath_is_cheap("//*[//*[//*]]", 50, MOST));
	EXPECT(!xpath_is_cheap("//*[//*[//*[//*[//*]]]]", 50, MOST));
}

static char *times(const char *text, size_t n)
{
	char *all = malloc(strlen(text) * n + 1);
	size_t i;

	for (i = 0, *all = 0; i < n; i++)
		memcpy(all + i * strlen(text), text, strlen(text) + 1);
	return all;
}

static void long_ones(void)
{
	char *many = times("//*|", 1000), *deep = times("(", 100000), *inside = times("a[", 100000), *closed = times("]", 100000);

	expect(false, many);
	expect(false, deep);
	expect(false, inside);
	EXPECT(isinf(xpath_cost(deep, 1)) && isinf(xpath_cost(inside, 1)));
	/* what is no expression ends as well */
	expect(true, closed);
	expect(true, "'");
	expect(true, "a::");
	free(many);
	free(deep);
	free(inside);
	free(closed);
}

/* What the library would end the process for. */
static void remainders(void)
{
	static const char *const yes[] = {
		"3 mod 0", "3mod0", "3modc/s", "/a/b[c mod 0 = 1]", "a mod b", "and mod0", "a andb mod 0", "(1)mod 0",
		"'x'mod 0", "*mod 0", ".mod 0", "..mod 0", "a[b]mod 0", "1 or 2 mod 0", "1.5mod0",
	}, *const no[] = {
		"/model", "/a/mod", "/mod/b", "a and model = 1", "/a[mod = 1]", "'3 mod 0'", "/a.mod", "/a-mod/b", "x:mod",
		"1 div 0", "/a[mod='x' or b='y']",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(yes); i++)
		if (!EXPECT(!xpath_is_cheap(yes[i], 10, 1e9)))
			printf("# %s\n", yes[i]);
	for (i = 0; i < ARRAY_SIZE(no); i++)
		if (!EXPECT(xpath_is_cheap(no[i], 10, 1e9)))
			printf("# %s\n", no[i]);
}

/* What may be asked of entries one by one. */
static void local(void)
{
	static const char *const yes[] = {
		"/n:natfw", "/n:a/n:b[n:x = 'y']/n:c", "/a/b[c='1' and d != \"[2]\"]", "/a/b[c > 5 or d < 1.5]/e", " /a/*/b ",
		"/n:*/b", "/a/b[c + 1 = 2]", "/a.b/c-d[e='/x//y']", "/a/b[x='a'][y='b']",
	}, *const no[] = {
		"", "a/b", "//a", "/a//b", "/a/b[1]", "/a/b[last()]", "/a/b[position() < 3]", "/a/..", "/a/.", "/a/b[../c = 1]",
		"/a/b[c/d = 1]", "/a/b[/c = 1]", "/a | /b", "/a/b[c]", "/a/b[- 1]", "/a/b[c", "/a/child::b", "count(/a)", "/a/b[.='x']",
		"/a/b[$x = 1]", "/a/b[c[d='x']]", "/a/@b", "/a/b['x']", "(/a)", "/a/b[c='x", "/a/b/text()", "/a = /b",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(yes); i++)
		if (!EXPECT(xpath_is_local(yes[i])))
			printf("# %s\n", yes[i]);
	for (i = 0; i < ARRAY_SIZE(no); i++)
		if (!EXPECT(!xpath_is_local(no[i])))
			printf("# %s\n", no[i]);
}

static const struct ktap_test tests[] = {
	{ "what is asked for by its place and its keys is cheap", asks },
	{ "what goes through all for each is not", goes_through },
	{ "where there is little it is", little },
	{ "long, deep and broken ones", long_ones },
	{ "remainders are never", remainders },
	{ "what may be asked of entries one by one", local },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
