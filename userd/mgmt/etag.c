// SPDX-License-Identifier: GPL-2.0-or-later
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/etag.h"

static char current[ETAG_LEN];
static time_t modified;

/* The text of what is configured in @n has no state in it: running has none. */
bool etag_make(const struct lyd_node *node, bool all, char tag[ETAG_LEN])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char *text = NULL;
	unsigned int i;

	if (node && lyd_print_mem(&text, node, LYD_JSON, LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL |
				  (all ? LYD_PRINT_WITHSIBLINGS : 0)))
		return false;
	SHA256((const uint8_t *)(text ? text : ""), text ? strlen(text) : 0, digest);
	free(text);
	for (i = 0; i < (ETAG_LEN - 1) / 2; i++)
		sprintf(tag + 2 * i, "%02x", digest[i]);
	return true;
}

/* Entity-tags are quoted, those that are weak have W/ before, and ours the format behind (see rest_get.c). */
bool etag_listed(const char *list, const char *tag, bool something)
{
	size_t len = strlen(tag);

	if (!strcmp(list, "*"))
		return something;
	while ((list = strchr(list, '"'))) {
		const char *end = strchr(list + 1, '"');

		if (!end)
			return false;
		if (something && !strncmp(list + 1, tag, len) && (list[1 + len] == '-' || list[1 + len] == '"'))
			return true;
		list = end + 1;
	}
	return false;
}

void etag_watch(const struct lyd_node *running)
{
	char tag[ETAG_LEN];

	if (!etag_make(running, true, tag) || !strcmp(tag, current))
		return;
	memcpy(current, tag, sizeof(current));
	modified = time(NULL);
}

const char *etag_running(void)
{
	return current;
}

time_t etag_modified(void)
{
	return modified;
}
