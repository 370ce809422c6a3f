// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes what the manager reads of operators: its configuration, devices to be expected, pins. The first octet
 * says which. What is taken keeps to what it promises.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "manager/record.h"
#include "manager/settings.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void settings(const char *text, size_t size)
{
	char why[256] = "";
	struct settings *s = settings_parse(text, size, why, sizeof(why));
	unsigned int i;

	REQUIRE(s || *why);
	for (i = 0; s && i < s->listens; i++)
		REQUIRE(s->listen[i].port && s->listen[i].port < 65536);
	settings_free(s);
}

static void device(const char *text, size_t size)
{
	json_t *o = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	struct device_record r;

	if (o && !record_parse(o, &r))
		REQUIRE(r.pins <= DEVICE_PINS && memchr(r.name, 0, sizeof(r.name)));
	json_decref(o);
}

static void pin(const char *text, size_t size)
{
	char *copy = calloc(1, size + 1);
	uint8_t digest[DIGEST_SIZE];

	memcpy(copy, text, size);
	record_pin(copy, digest);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	if (*data % 3 == 0)
		settings(text, size - 1);
	else if (*data % 3 == 1)
		device(text, size - 1);
	else
		pin(text, size - 1);
	return 0;
}
