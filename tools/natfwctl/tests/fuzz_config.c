// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: the configuration file parser. What is accepted must be
 * accepted again, and mean the same, when printed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "poolspec.h"
#include "semantics.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_config(FILE *f, const struct config *c)
{
	const struct config_pool *p = c->pools.v;
	struct natfw_rule r;
	const char *attr;
	unsigned int i;
	size_t n;

	for (i = 0; i < c->pools.n; i++) {
		fputs("pool add ", f);
		poolspec_print(f, &p[i].pool);
		putc('\n', f);
	}
	for (n = 0; n < ruleset_count(&c->rules); n++) {
		if (ruleset_get(&c->rules, n, &r))
			abort();
		semantics_check(&r, &attr);
		fputs("rule add ", f);
		spec_print(f, &r);
		putc('\n', f);
		natfw_object_fini(&natfw_rule_set, &r);
	}
}

static void read_back(const struct config *c, const uint8_t *owner)
{
	struct config again;
	char *text = NULL;
	size_t len, n;
	FILE *f = open_memstream(&text, &len);

	print_config(f, c);
	fclose(f);
	if (!config_parse(&again, text, len, owner)) {
		fprintf(stderr, "line %u '%s' %s\n%s", again.error.line, again.error.token,
			again.error.text, text);
		abort();
	}
	if (ruleset_count(&again.rules) != ruleset_count(&c->rules))
		abort();
	for (n = 0; n < ruleset_count(&c->rules); n++)
		if (!ruleset_same(&c->rules, n, &again.rules, n))
			abort();
	config_fini(&again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t owner[NATFW_OWNER_LEN];
	struct config c;
	char token[64];

	if (config_parse(&c, (const char *)data, size, owner))
		read_back(&c, owner);
	config_token(&c, 1, "match.src", token, sizeof(token));
	config_fini(&c);
	return 0;
}
