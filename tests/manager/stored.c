// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configuration, inventory and its database, pins, operations as text.
 *
 * natfw-test: quick host timeout=60
 */
#include <event2/event.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "manager/compose.h"
#include "manager/record.h"
#include "manager/settings.h"
#include "manager/store.h"

/* ------------------------------------------------------------------ configuration */

static struct settings *parse(const char *text, char why[256])
{
	return settings_parse(text, strlen(text), why, 256);
}

static void defaults(void)
{
	char why[256];
	struct settings *s = parse("", why);

	EXPECT(s && s->listens == 3);
	EXPECT(s && s->listen[0].port == 4334 && s->listen[0].transport == TRANSPORT_SSH);
	EXPECT(s && s->listen[1].port == 4335 && s->listen[1].transport == TRANSPORT_TLS);
	EXPECT(s && s->listen[2].port == 4336 && s->listen[2].transport == TRANSPORT_RESTCONF);
	EXPECT(s && !strcmp(s->state, "/var/lib/natfw-manager"));
	settings_free(s);
	s = parse("listen:\n- {transport: restconf, port: 9443}\nlimits: {failures: 7}\n", why);
	EXPECT(s && s->listens == 1 && s->listen[0].port == 9443 && s->limits.failures == 7);
	EXPECT(s && s->listen[0].transport == TRANSPORT_RESTCONF);
	settings_free(s);
}

static void wrong(void)
{
	static const char *const cases[][2] = {
		{ "nothing: 1", "line 1: nothing: no such setting" },
		{ "limits: {failures: 0}", "line 1: limits/failures: a number from 1 to 10000 was expected" },
		{ "limits: {failures: -1}", "limits/failures" },
		{ "limits: {failures: 1x}", "limits/failures" },
		{ "limits: {none: 1}", "line 1: limits/none: no such setting" },
		{ "listen: 1", "line 1: listen: a list was expected" },
		{ "listen:\n- {port: 0}", "line 2: listen[0]/port" },
		{ "listen:\n- {transport: x}", "line 2: listen[0]/transport: expected one of ssh tls restconf" },
		{ "listen:\n- {address: host}", "listen[0]/address" },
		{ "issuer:\n- {name: a}", "issuer[0]: name and certificates are needed" },
		{ "issuer:\n- {name: a, certificates: b}\n- {name: a, certificates: c}",
		  "issuer[1]: there is another one of that name" },
		{ "issuer:\n- {name: a, certificates: b, revocation: required}", "needs a crl" },
		{ "issuer:\n- {name: a, certificates: b, ocsp: maybe}", "issuer[0]/ocsp: expected one of" },
		{ "issuer:\n- {name: a, certificates: b, shared: maybe}", "issuer[0]/shared: true or false" },
		{ "credential:\n- {name: a}", "credential[0]: there is nothing to prove oneself by" },
		{ "credential:\n- {name: a, key: b}", "credential[0]: certificate and key go together" },
		{ "credential:\n- {name: a, ssh-key: b}", "credential[0]: a user is needed" },
		{ "credential:\n- {user: a, ssh-key: b}", "credential[0]: a name is needed" },
		{ "user: [a]", "line 1: user: a text was expected" },
		{ "user: a\nuser: b", "line 2" },
		{ "a: &x 1", "line 1" },
		{ "[]", "line 1: settings: a map was expected" },
	};
	char why[256];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings *s = parse(cases[i][0], why);

		if (!EXPECT(!s && strstr(why, cases[i][1])))
			printf("# %s: %s\n", cases[i][0], s ? "taken" : why);
		settings_free(s);
	}
}

/* ------------------------------------------------------------------ inventory */

static struct settings_limits limits = { .devices = 3, .refused = 4 };
static struct inventory v;

static struct device_record record(const char *name, const char *identifier, int pin)
{
	struct device_record r = { .pins = pin > 0 };

	strcpy(r.name, name);
	strcpy(r.identifier, identifier);
	memset(r.pin[0], pin, DIGEST_SIZE);
	return r;
}

static struct device *add(const char *name, const char *identifier, int pin, const char **why)
{
	struct device_record r = record(name, identifier, pin);

	return inventory_add(&v, &r, false, why);
}

static void look_up(void)
{
	uint8_t digest[DIGEST_SIZE];
	struct device *a, *b;
	const char *why;

	inventory_init(&v, &limits);
	a = add("a", "SN1", 0, &why);
	b = add("b", "", 7, &why);
	EXPECT(a && b && !why);
	EXPECT(inventory_by_name(&v, "a") == a && inventory_by_identifier(&v, "SN1") == a);
	EXPECT(!inventory_by_identifier(&v, "") && !inventory_by_identifier(&v, "SN"));
	memset(digest, 7, sizeof(digest));
	EXPECT(inventory_by_pin(&v, digest) == b);
	digest[31] = 8;
	EXPECT(!inventory_by_pin(&v, digest));
	EXPECT(!add("a", "SN2", 0, &why) && strstr(why, "name"));
	EXPECT(!add("c", "SN1", 0, &why) && strstr(why, "identifier"));
	EXPECT(!add("c", "", 7, &why) && strstr(why, "pins"));
	EXPECT(!add("c", "", 0, &why) && !add("-c", "x", 0, &why) && !add("c d", "x", 0, &why));
	EXPECT(add("c", "SN3", 9, &why) != NULL);
	EXPECT(!add("d", "SN4", 0, &why) && strstr(why, "limits/devices"));
	inventory_remove(&v, a);
	EXPECT(!inventory_by_name(&v, "a") && !inventory_by_identifier(&v, "SN1"));
	EXPECT(add("d", "SN1", 0, &why) != NULL);
	EXPECT_EQ(v.devices, 3);
	inventory_fini(&v);
}

static void refusals(void)
{
	struct refusal r = { .reason = "x" };
	int i;

	inventory_init(&v, &limits);
	for (i = 0; i < 10; i++) {
		r.digest[0] = (uint8_t)(i % 3);
		inventory_refuse(&v, &r, 100 + (uint64_t)i);
	}
	EXPECT_EQ(v.refused, 3);
	EXPECT(v.newest->r.count == 4 && v.newest->r.first == 100 && v.newest->r.last == 109);
	for (i = 0; i < 100; i++) {
		r.digest[0] = (uint8_t)(10 + i);
		inventory_refuse(&v, &r, 200);
		v.dirty_refused = NULL;
		v.newest->dirty = v.oldest->dirty = false;
	}
	EXPECT_EQ(v.refused, 4);
	inventory_fini(&v);
}

/* ------------------------------------------------------------------ database */

static char dir[] = "/tmp/natfw-manager-store.XXXXXX";
static struct event_base *base;
static uint64_t reported;
static char failure[128];

static void on_done(void *arg, uint64_t number, const char *error)
{
	(void)arg;
	reported = number;
	snprintf(failure, sizeof(failure), "%s", error ? error : "");
}

static struct store *open_store(void)
{
	char why[256];
	struct store *s;

	inventory_init(&v, &limits);
	s = store_open(dir, &v, why, sizeof(why));
	if (!EXPECT(s))
		printf("# %s\n", why);
	EXPECT(s && !store_start(s, base, on_done, NULL));
	return s;
}

static void flush(struct store *s)
{
	uint64_t n = store_flush(s);
	int i;

	EXPECT(n);
	/* one at a time */
	EXPECT(!store_flush(s) || reported >= n);
	for (i = 0; i < 500 && reported < n; i++) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		usleep(10000);
	}
	EXPECT_EQ(reported, n);
	EXPECT(!*failure);
}

static void database(void)
{
	struct refusal r = { .reason = "y", .digest = { 3 } };
	struct store *s = open_store();
	const char *why;

	reported = 0;
	add("a", "SN1", 5, &why);
	add("b", "SN2", 0, &why);
	inventory_refuse(&v, &r, 77);
	flush(s);
	inventory_remove(&v, inventory_by_name(&v, "b"));
	add("b", "SN2", 0, &why);
	inventory_seen(&v, inventory_by_name(&v, "b"), TRANSPORT_TLS, "2001:db8::1", 99);
	flush(s);
	add("c", "SN3", 0, &why);
	store_close(s);
	inventory_fini(&v);

	s = open_store();
	reported = 0;
	EXPECT_EQ(v.devices, 3);
	EXPECT(inventory_by_name(&v, "c") != NULL);
	EXPECT_EQ(inventory_by_name(&v, "b")->record.last_seen, 99);
	EXPECT_EQ(inventory_by_name(&v, "b")->record.transport, TRANSPORT_TLS);
	EXPECT(!strcmp(inventory_by_name(&v, "b")->record.source, "2001:db8::1"));
	EXPECT_EQ(inventory_by_name(&v, "a")->record.pins, 1);
	EXPECT(v.newest && v.newest->r.last == 77 && v.newest->r.digest[0] == 3);
	inventory_remove(&v, inventory_by_name(&v, "a"));
	inventory_mark_all(&v);
	store_close(s);
	inventory_fini(&v);

	s = open_store();
	EXPECT_EQ(v.devices, 2);
	store_close(s);
	inventory_fini(&v);
}

static void no_database(void)
{
	char why[256], path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/inventory.sqlite", dir);
	f = fopen(path, "w");
	fputs("this is no database, but long enough to be taken for one at first sight: 0123456789", f);
	fclose(f);
	inventory_init(&v, &limits);
	EXPECT(!store_open(dir, &v, why, sizeof(why)));
	EXPECT(!store_open("/nowhere", &v, why, sizeof(why)) && strstr(why, "unable to open"));
	inventory_fini(&v);
}

/* ------------------------------------------------------------------ pins, operations */

static void pins(void)
{
	static const char hex[] = "sha256:000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
	static const char key[] = "ssh-ed25519 "
		"AAAAC3NzaC1lZDI1NTE5AAAAIGRHUvU48h8mjI7/mrSYGTzDbkDqHBlZbTsdPyhDJmDq me@there";
	uint8_t digest[DIGEST_SIZE], other[DIGEST_SIZE];

	EXPECT(record_pin(hex, digest) && digest[0] == 0 && digest[10] == 10 && digest[31] == 31);
	EXPECT(record_pin("sha256:00:01:02:03:04:05:06:07:08:09:0A:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:"
			  "19:1a:1b:1c:1d:1e:1f", other));
	EXPECT(!memcmp(digest, other, DIGEST_SIZE));
	EXPECT(record_pin("SHA256:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", other));
	EXPECT(!memcmp(digest, other, DIGEST_SIZE));
	EXPECT(record_pin(key, digest));
	EXPECT(!record_pin("sha256:00", other) && !record_pin("SHA256:AAEC", other));
	EXPECT(!record_pin("SHA256:", other) && !record_pin("", other) && !record_pin("md5:00", other));
	EXPECT(!record_pin("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGRHUvU48h8mjI7/mrSYGTzDbkDqHBlZbTsdPyhDJmDq", other));
	EXPECT(!record_pin("ssh-ed25519", other) && !record_pin("ssh-ed25519 !!!!", other));
}

static void operations(void)
{
	static const char *const prefix[] = { "p=urn:\"x\"", NULL };
	const struct compose get = { .source = "running", .xpath = "/p:a[b='<'] \"", .prefix = prefix };
	const struct compose edit = { .target = "https://h/x?a&b", .operation = "none" };
	const char *why;
	char *text = compose_get(&get);
	json_t *steps;

	EXPECT(!strcmp(text, "<get-config><source><running/></source><filter type=\"xpath\" "
			     "xmlns:p=\"urn:&quot;x&quot;\" select=\"/p:a[b='&lt;'] &quot;\"/></get-config>"));
	free(text);
	text = compose_edit(&edit, "<?xml version='1.0'?><a/>");
	EXPECT(!strcmp(text, "<edit-config><target><url>https://h/x?a&amp;b</url></target>"
			     "<default-operation>none</default-operation><config><a/></config></edit-config>"));
	free(text);
	steps = compose_steps("<a/><!-- --><rpc><b x='1'>&lt;</b></rpc>", &why);
	EXPECT_EQ(json_array_size(steps), 2);
	json_decref(steps);
	EXPECT(!compose_steps("<a>", &why) && !compose_steps("", &why) && !compose_steps("x", &why));
	EXPECT(!compose_steps("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", &why));
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "8071-C1a,8071-C1b listeners without configuration, and with", defaults },
		{ "what is wrong is named by line and path", wrong },
		{ "8071-C6b devices are found by what is expected of them", look_up },
		{ "refusals are counted, and bounded", refusals },
		{ "the database has what was handed over", database },
		{ "what is no database is left alone", no_database },
		{ "8071-C5b pins in each form", pins },
		{ "operations as text", operations },
	};
	int status;

	if (!mkdtemp(dir))
		return 1;
	base = event_base_new();
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	event_base_free(base);
	xmlCleanupParser();
	if (chdir(dir) || unlink("inventory.sqlite") || chdir("/") || rmdir(dir))
		return 1;
	return status;
}
