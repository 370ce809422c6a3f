// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What RESTCONF's requests say, apart from HTTP: paths and what they are of a schema, query parameters, fields, media
 * types, conditions; and how much of JSON a parser is given.
 *
 * natfw-test: quick timeout=60
 */
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "mgmt/etag.h"
#include "mgmt/fields.h"
#include "mgmt/filter.h"
#include "mgmt/json.h"
#include "mgmt/media.h"
#include "mgmt/query.h"
#include "mgmt/resource.h"

static struct ly_ctx *ctx;

static const char module_a[] =
	"module a { yang-version 1.1; namespace 'urn:a'; prefix a;"
	"  container top {"
	"    list one { key 'k'; ordered-by user; leaf k { type string; } leaf v { type uint8; }"
	"      container in { leaf w { type string; } } action go { } }"
	"    list three { key 'x y z'; leaf x { type string; } leaf y { type string; } leaf z { type uint8; } }"
	"    list none { config false; leaf v { type string; } }"
	"    leaf-list ll { type string; }"
	"    choice c { case l { leaf left { type string; } } leaf right { type string; } }"
	"    leaf d { type uint8; default 7; } }"
	"  rpc run { input { leaf x { type string; } } } }";
static const char module_b[] =
	"module b { namespace 'urn:b'; prefix b; import a { prefix a; }"
	"  augment '/a:top' { leaf more { type string; } container sub { leaf in { type string; } } } }";

static void load(void)
{
	ly_log_options(LY_LOSTORE);
	if (ly_ctx_new(NULL, LY_CTX_DISABLE_SEARCHDIRS, &ctx) ||
	    lys_parse_mem(ctx, module_a, LYS_IN_YANG, NULL) || lys_parse_mem(ctx, module_b, LYS_IN_YANG, NULL))
		abort();
}

/* ------------------------------------------------------------------ paths */

static void paths(void)
{
	struct uri u;

	EXPECT(!uri_read(&u, "/restconf/data/a:top/one=x%2Cy,,%C3%A4/b?content=all&depth&x=1%3D2"));
	EXPECT_EQ(u.steps, 5);
	EXPECT(!strcmp(u.step[2].module, "a") && !strcmp(u.step[2].name, "top") && !u.step[2].keys);
	EXPECT(u.step[3].keys == 3 && !strcmp(u.step[3].key[0], "x,y") && !*u.step[3].key[1] &&
	       !strcmp(u.step[3].key[2], "\xc3\xa4"));
	EXPECT(!u.step[4].module && u.parameters == 3);
	EXPECT(!strcmp(u.parameter[1].name, "depth") && !*u.parameter[1].value);
	EXPECT(!strcmp(u.parameter[2].value, "1=2"));
	uri_fini(&u);
	EXPECT(!uri_read(&u, "/a="));
	EXPECT(u.steps == 1 && u.step[0].keys == 1 && !*u.step[0].key[0]);
	uri_fini(&u);
	EXPECT(!uri_read(&u, "/") && !u.steps);
	uri_fini(&u);
	EXPECT(!uri_read(&u, "/a/?") && u.steps == 1 && u.parameters == 1);
	uri_fini(&u);
}

static void bad_paths(void)
{
	static const char *const bad[] = {
		"", "a", "*", "//", "/a//b", "/a%", "/a%4", "/a%4g", "/a%00", "/a=%zz", "/:a", "/a:", "/=x",
		"/a=1,2,3,4,5,6,7,8,9", "/a?x=%", "/a?%00=1",
		"/a?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17",
		"/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0"
		"/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6",
	};
	struct uri u;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!EXPECT(uri_read(&u, bad[i])))
			printf("# %s\n", bad[i]);
		uri_fini(&u);
	}
}

static enum resource_fault read_path(struct uri *u, struct resource *r, const char *path)
{
	EXPECT(!uri_read(u, path));
	return resource_read(r, ctx, u);
}

static void kind_is(const char *path, enum resource_fault fault, enum resource_kind kind, bool instance)
{
	struct resource r;
	struct uri u;
	enum resource_fault f = read_path(&u, &r, path);

	if (!EXPECT(f == fault && (f || (r.kind == kind && r.instance == instance)) && (!f || *r.wrong)))
		printf("# %s: %d %d %d %s\n", path, f, r.kind, r.instance, r.wrong);
	resource_fini(&r);
	uri_fini(&u);
}

static void kinds(void)
{
	kind_is("/.well-known/host-meta", RESOURCE_GOOD, RESOURCE_HOST_META, false);
	kind_is("/restconf", RESOURCE_GOOD, RESOURCE_ROOT, false);
	kind_is("/restconf/", RESOURCE_GOOD, RESOURCE_ROOT, false);
	kind_is("/restconf/data", RESOURCE_GOOD, RESOURCE_DATASTORE, false);
	kind_is("/restconf/data/a:top", RESOURCE_GOOD, RESOURCE_DATA, true);
	kind_is("/restconf/data/a:top/a:one=x", RESOURCE_GOOD, RESOURCE_DATA, true);
	kind_is("/restconf/data/a:top/one", RESOURCE_GOOD, RESOURCE_DATA, false);
	kind_is("/restconf/data/a:top/one=x/v", RESOURCE_GOOD, RESOURCE_DATA, false);
	kind_is("/restconf/data/a:top/one=x/go", RESOURCE_GOOD, RESOURCE_ACTION, false);
	kind_is("/restconf/data/a:top/three=,,3", RESOURCE_GOOD, RESOURCE_DATA, true);
	kind_is("/restconf/data/a:top/ll=x", RESOURCE_GOOD, RESOURCE_DATA, true);
	kind_is("/restconf/data/a:top/left", RESOURCE_GOOD, RESOURCE_DATA, false);
	kind_is("/restconf/data/a:top/b:more", RESOURCE_GOOD, RESOURCE_DATA, false);
	kind_is("/restconf/data/a:top/b:sub/in", RESOURCE_GOOD, RESOURCE_DATA, false);
	kind_is("/restconf/operations/a:run", RESOURCE_GOOD, RESOURCE_OPERATION, false);
	kind_is("/restconf/streams/NETCONF/json", RESOURCE_GOOD, RESOURCE_STREAM, false);
	/* names of modules have to be where they are another one, and only data is data */
	kind_is("/restconf/data/top", RESOURCE_BAD, 0, false);
	kind_is("/restconf/data/c:top", RESOURCE_UNKNOWN, 0, false);
	kind_is("/restconf/data/a:top/more", RESOURCE_UNKNOWN, 0, false);
	kind_is("/restconf/data/a:run", RESOURCE_UNKNOWN, 0, false);
	kind_is("/restconf/data/a:top/c", RESOURCE_UNKNOWN, 0, false);
	kind_is("/restconf/operations/run", RESOURCE_BAD, 0, false);
	kind_is("/restconf/operations/a:top", RESOURCE_UNKNOWN, 0, false);
	kind_is("/restconf/nothing", RESOURCE_UNKNOWN, 0, false);
	kind_is("/data", RESOURCE_UNKNOWN, 0, false);
	/* keys */
	kind_is("/restconf/data/a:top=x", RESOURCE_BAD, 0, false);
	kind_is("/restconf/data/a:top/one=x,y", RESOURCE_BAD, 0, false);
	kind_is("/restconf/data/a:top/three=x,y", RESOURCE_BAD, 0, false);
	kind_is("/restconf/data/a:top/three=x,y,z", RESOURCE_BAD, 0, false);
	kind_is("/restconf/data/a:top/none=x", RESOURCE_BAD, 0, false);
	kind_is("/restconf/data/a:top/one/v", RESOURCE_BAD, 0, false);
	kind_is("/restconf/data/a:top/d/x", RESOURCE_UNKNOWN, 0, false);
	kind_is("/restconf/data/a:top/ll=x/y", RESOURCE_UNKNOWN, 0, false);
}

static const char data[] =
	"{\"a:top\":{\"one\":[{\"k\":\"x,'\\\"/\",\"v\":1},{\"k\":\"y\",\"in\":{\"w\":\"z\"}}],"
	"\"three\":[{\"x\":\"\",\"y\":\"b\",\"z\":3}],\"ll\":[\"p\",\"q\"],\"d\":7,\"b:sub\":{\"in\":\"i\"}}}";

static struct lyd_node *tree(void)
{
	struct lyd_node *t = NULL;

	EXPECT(!lyd_parse_data_mem(ctx, data, LYD_JSON, LYD_PARSE_ONLY, 0, &t) && t);
	return t;
}

static void finds(const struct lyd_node *t, const char *path, const char *found, const char *parent)
{
	struct lyd_node *n, *p;
	struct resource r;
	struct uri u;
	char *at;

	EXPECT(!read_path(&u, &r, path));
	n = resource_find(&r, t);
	at = n ? lyd_path(n, LYD_PATH_STD, NULL, 0) : NULL;
	if (!EXPECT(!strcmp(at ? at : "", found)))
		printf("# %s: %s\n", path, at ? at : "");
	free(at);
	p = resource_parent(&r, t);
	EXPECT(!strcmp(p ? p->schema->name : "", parent));
	resource_fini(&r);
	uri_fini(&u);
}

static void instances(void)
{
	struct lyd_node *t = tree();

	finds(t, "/restconf/data/a:top", "/a:top", "");
	finds(t, "/restconf/data/a:top/one=y/in/w", "/a:top/one[k='y']/in/w", "in");
	finds(t, "/restconf/data/a:top/one=x%2C%27%22%2F/v", "/a:top/one[k=\"x,'\"/\"]/v", "one");
	finds(t, "/restconf/data/a:top/one=y/v", "", "one");
	finds(t, "/restconf/data/a:top/one=z/v", "", "");
	finds(t, "/restconf/data/a:top/three=,b,3", "/a:top/three[x=''][y='b'][z='3']", "top");
	finds(t, "/restconf/data/a:top/three=,b,03", "/a:top/three[x=''][y='b'][z='3']", "top");
	finds(t, "/restconf/data/a:top/ll=q", "/a:top/ll[.='q']", "top");
	finds(t, "/restconf/data/a:top/ll=r", "", "top");
	finds(t, "/restconf/data/a:top/b:sub/in", "/a:top/b:sub/in", "sub");
	lyd_free_all(t);
}

/* ------------------------------------------------------------------ queries */

static const char *query(struct query *q, const char *text)
{
	static struct uri u;
	char target[512];

	uri_fini(&u);
	snprintf(target, sizeof(target), "/x?%s", text);
	EXPECT(!uri_read(&u, target));
	return query_read(q, &u, ~QUERY(QUERY_FILTER));
}

static void parameters(void)
{
	static const char *const bad[] = {
		"content=", "content=Config", "content=all&content=all", "depth=0", "depth=-1", "depth=+1",
		"depth=65536", "depth=1.0", "depth=99999999999", "insert=middle", "insert=before", "insert=after",
		"point=%2Fa", "insert=first&point=%2Fa", "with-defaults=x", "stop-time=2020-01-01T00:00:00Z",
		"start-time=1&start-time=1", "filter=x", "other=1", "=", "",
	};
	struct query q;
	size_t i;

	EXPECT(!query(&q, "content=nonconfig&depth=65535&fields=a&with-defaults=report-all"));
	EXPECT(q.content == CONTENT_STATE && q.depth == 65535 && q.print == LYD_PRINT_WD_ALL && !strcmp(q.fields, "a"));
	EXPECT(!query(&q, "depth=unbounded") && !q.depth && q.print == LYD_PRINT_WD_TRIM);
	EXPECT(!query(&q, "insert=before&point=%2Fa:b%2Fc=1") && q.insert == INSERT_BEFORE);
	EXPECT(!query(&q, "start-time=a%2Bb&stop-time=c") && !strcmp(q.start, "a+b") && !strcmp(q.stop, "c"));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!EXPECT(query(&q, bad[i])))
			printf("# %s\n", bad[i]);
	(void)query(&q, "");
}

static void fields_are(const char *expr, const char *expected)
{
	struct lyd_node *t = tree(), *child = lyd_child(t);
	struct fields f;
	char *text = NULL;

	EXPECT(!fields_read(&f, expr));
	EXPECT(fields_keep(&f, child));
	filter_prune(&child);
	lyd_print_mem(&text, t, LYD_JSON, LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL);
	if (!EXPECT(!strcmp(text ? text : "", expected)))
		printf("# %s: %s\n", expr, text);
	free(text);
	fields_fini(&f);
	lyd_free_all(t);
}

static void fields(void)
{
	static const char *const bad[] = {
		"", ";", "a;", ";a", "a/", "/a", "a(", "a()", "a(b", "a)b", "a(b)c", "a:", ":a", "a:b:c", "a b", "a,b",
		"a(b)(c)", "a//b",
	};
	struct fields f;
	size_t i;

	fields_are("d", "{\"a:top\":{\"d\":7}}");
	fields_are("one/v", "{\"a:top\":{\"one\":[{\"k\":\"x,'\\\"/\",\"v\":1}]}}");
	fields_are("one(in/w;v);d", "{\"a:top\":{\"one\":[{\"k\":\"x,'\\\"/\",\"v\":1},{\"k\":\"y\",\"in\":{\"w\":\"z\"}}],"
		   "\"d\":7}}");
	fields_are("a:ll;b:sub(in)", "{\"a:top\":{\"ll\":[\"p\",\"q\"],\"b:sub\":{\"in\":\"i\"}}}");
	fields_are("b:sub/in", "{\"a:top\":{\"b:sub\":{\"in\":\"i\"}}}");
	/* a name without a module is of that of what it is in */
	fields_are("ll;sub", "{\"a:top\":{\"ll\":[\"p\",\"q\"]}}");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!EXPECT(fields_read(&f, bad[i])))
			printf("# %s\n", bad[i]);
		fields_fini(&f);
	}
}

/* ------------------------------------------------------------------ media types, tags, JSON */

static void media(void)
{
	static const char *const offer[] = { "application/yang-data+json", "application/yang-data+xml" };
	static const struct {
		const char *accept;
		int picked;
	} cases[] = {
		{ NULL, 0 }, { "*/*", 0 }, { "application/*", 0 }, { "application/yang-data+xml", 1 },
		{ "APPLICATION/YANG-DATA+XML", 1 }, { "text/html", -1 }, { "", -1 }, { "text/*, */*;q=0.1", 0 },
		{ "application/yang-data+json;q=0.5, application/yang-data+xml;q=0.50001", -1 + 1 },
		{ "application/yang-data+json;q=0.5,application/yang-data+xml ; q=0.6", 1 },
		{ "application/yang-data+json;q=0, */*", 1 }, { "*/*, application/yang-data+json;q=0", 1 },
		{ "application/yang-data+json;q=0,application/yang-data+xml;q=0.000", -1 },
		{ "application/yang-data+json;charset=utf-8", 0 }, { "application/yang-data+jsonx", -1 },
		{ "application/yang-data", -1 }, { "application/yang-data+xml;q=2", -1 }, { ";q=1", -1 },
		{ "application/yang-data+xml;x=y;q=0.1, application/yang-data+json;q=0.05", 1 }, { ",,*/*,,", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!EXPECT_EQ(media_pick(cases[i].accept, offer, 2), cases[i].picked))
			printf("# %s\n", cases[i].accept);
	EXPECT(media_is("application/yang-data+json", offer[0]) && media_is("Application/Yang-Data+JSON; a=b", offer[0]));
	EXPECT(!media_is("application/yang-data+jsonx", offer[0]) && !media_is("", offer[0]));
}

static void tags(void)
{
	struct lyd_node *t = tree(), *other = tree();
	char a[ETAG_LEN], b[ETAG_LEN];

	EXPECT(etag_make(t, true, a) && etag_make(other, true, b) && !strcmp(a, b) && strlen(a) == ETAG_LEN - 1);
	lyd_free_tree(lyd_child(lyd_child(other))->next);
	EXPECT(etag_make(other, true, b) && strcmp(a, b));
	EXPECT(etag_listed("*", "abc", true) && !etag_listed("*", "abc", false));
	EXPECT(etag_listed("\"x\", \"abc-json\"", "abc", true) && etag_listed("\"abc\"", "abc", true));
	EXPECT(!etag_listed("\"abcd\"", "abc", true) && !etag_listed("abc", "abc", true));
	EXPECT(!etag_listed("\"abc", "abc", true) && !etag_listed("\"abc\"", "abc", false));
	lyd_free_all(t);
	lyd_free_all(other);
}

static void json(void)
{
	static const char *const bad[] = {
		"", " ", "1", "[]", "\"a\"", "{", "}", "{}}", "{}{}", "{} 1", "{\"a", "{\"a\\\"}", "{\"a\\", "{[}",
		"{\"", "x{}",
	};
	static char text[2 * JSON_PARTS_MAX + 10];
	size_t i;

	EXPECT_EQ(json_check("{\"a\":[1,2,{}]}", 14), JSON_GOOD);
	EXPECT_EQ(json_check(" {\"[[[[\\\"{\":0}\r\n\t", 17), JSON_GOOD);
	EXPECT_EQ(json_check("{\0}", 3), JSON_BROKEN);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!EXPECT_EQ(json_check(bad[i], strlen(bad[i])), JSON_BROKEN))
			printf("# %s\n", bad[i]);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	text[0] = '{';
	EXPECT_EQ(json_check(text, JSON_DEPTH_MAX), JSON_BROKEN);
	EXPECT_EQ(json_check(text, JSON_DEPTH_MAX + 1), JSON_DEEP);
	memset(text, '[', 1000);
	EXPECT_EQ(json_check(text, 1000), JSON_BROKEN);
	for (i = 2; i < sizeof(text); i += 2)
		memcpy(text + i, "1,", 2);
	memcpy(text, "{ ", 2);
	EXPECT_EQ(json_check(text, 2 * JSON_PARTS_MAX), JSON_BROKEN);
	EXPECT_EQ(json_check(text, sizeof(text)), JSON_BIG);
}

static const char *self;	/* the program */

/* The tag of a tree that is always the same, in a process of its own, to @tag. */
static void tag_of_another(char tag[ETAG_LEN])
{
	char command[512];
	FILE *f;

	*tag = 0;
	snprintf(command, sizeof(command), "'%s' tag", self);
	f = popen(command, "r");
	EXPECT(f && fgets(tag, ETAG_LEN, f) && strlen(tag) == ETAG_LEN - 1);
	if (f)
		pclose(f);
}

/* Whoever knows all that is shown, and how tags are made, must not find what is hidden by trying. */
static void secret_tags(void)
{
	char a[ETAG_LEN], b[ETAG_LEN], c[ETAG_LEN];
	struct lyd_node *t = tree();

	tag_of_another(a);
	tag_of_another(b);
	EXPECT(etag_make(t, true, c));
	EXPECT(strcmp(a, b) && strcmp(a, c) && strcmp(b, c));
	lyd_free_all(t);
}

static int print_tag(void)
{
	struct lyd_node *t = tree();
	char tag[ETAG_LEN];
	bool good = etag_make(t, true, tag);

	lyd_free_all(t);
	if (good)
		puts(tag);
	return !good;
}

int main(int argc, char **argv)
{
	static const struct ktap_test tests[] = {
		{ "8040-3.5b paths", paths },
		{ "what is no path", bad_paths },
		{ "8040-3.5a,8040-3.5b what paths are of a schema", kinds },
		{ "8040-3.5b where they are in data", instances },
		{ "8040-4.8a query parameters", parameters },
		{ "fields", fields },
		{ "8040-5.2a media types", media },
		{ "8040-3.4a tags", tags },
		{ "tags that nobody else can make", secret_tags },
		{ "JSON is bounded before it is parsed", json },
	};
	int status;

	load();
	if (argc > 1)
		return print_tag();
	self = argv[0];
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	ly_ctx_destroy(ctx);
	return status;
}
