// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * The configuration on its way to other processes: all of it arrives, and nothing that is not one is taken.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "ktap.h"

#define EXAMPLE	"../../Documentation/examples/natfwd.yaml"

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

static void *packed_example(size_t *len)
{
	struct conf_error e;
	struct conf *c = conf_read(EXAMPLE, &e);
	void *octets = NULL;

	if (EXPECT(c))
		EXPECT(!conf_pack(c, &octets, len));
	conf_free(c);
	return octets;
}

static void round_trip(void)
{
	size_t len, len2;
	void *a = packed_example(&len), *b = NULL;
	struct conf *c = a ? conf_unpack(a, len) : NULL;

	if (EXPECT(c)) {
		EXPECT(c->policies == 6 && c->policy[2].towards == 2 && c->policy[2].toward[1].len == 48);
		EXPECT(c->key_count == 1 && c->keys[0].len == 29 && c->tree && strstr(c->tree, "eth1"));
		EXPECT(!conf_pack(c, &b, &len2) && len2 == len);
	}
	conf_free(c);
	free(a);
	free(b);
}

static void of_any_length(void)
{
	size_t len, n;
	uint8_t *a = packed_example(&len);

	for (n = 0; a && n < len; n++) {
		/* exactly so long, for the sanitizer to see what is behind */
		uint8_t *part = malloc(n ? n : 1);

		memcpy(part, a, n);
		EXPECT(!conf_unpack(part, n));
		free(part);
	}
	if (a) {
		a = realloc(a, len + 1);
		a[len] = 0;
		EXPECT(!conf_unpack(a, len + 1));
	}
	free(a);
}

/* Counts and strings at the places that arrays and texts have: never out of bounds, never a crash. */
static void of_any_content(void)
{
	size_t len, i;
	uint8_t *a = packed_example(&len);
	size_t head = 16;

	for (i = 0; a && i < head + sizeof(struct conf); i += 4) {
		uint32_t old;

		memcpy(&old, a + i, sizeof(old));
		/* bools that are neither are no concern: processes are of one program */
		memset(a + i, 1, sizeof(old));
		conf_free(conf_unpack(a, len));
		memcpy(a + i, &old, sizeof(old));
	}
	free(a);
}

static void strings_end(void)
{
	size_t len;
	uint8_t *a = packed_example(&len);
	struct conf *c;

	if (!a)
		return;
	c = (struct conf *)(a + 16);
	memset(c->user, 'x', sizeof(c->user));
	EXPECT(!conf_unpack(a, len));
	strcpy(c->user, "x");
	c = conf_unpack(a, len);
	EXPECT(c);
	conf_free(c);
	free(a);
}

#define ACL \
	"ietf-access-control-list:acls:\n" \
	"  acl: [{name: a, aces: {ace: [{name: x, actions: {forwarding: drop}}]}}]\n"

/* What is looked up by them. */
static void numbers_are_known(void)
{
	struct conf_error e;
	struct conf *c = conf_read_text(ACL, strlen(ACL), &e), *other;
	void *a = NULL;
	size_t len;
	unsigned int n;

	if (!EXPECT(c && c->acls == 1 && c->acl[0].aces == 1))
		printf("# %s %s\n", e.path, e.text);
	for (n = 0; c && c->acls && n < 5; n++) {
		c->acl[0].ace[0].forwarding = (uint8_t)n;
		EXPECT(!conf_pack(c, &a, &len));
		other = conf_unpack(a, len);
		EXPECT(!other == (n > ACE_REJECT));
		conf_free(other);
		free(a);
	}
	conf_free(c);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "what is packed is what is unpacked", round_trip },
		{ "no other length is taken", of_any_length },
		{ "no content leads out of bounds", of_any_content },
		{ "strings have to end", strings_end },
		{ "numbers are such as there are", numbers_are_known },
	};

	log_capture(quiet);
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
