// SPDX-License-Identifier: GPL-2.0-or-later
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/etag.h"

static char current[ETAG_LEN];
static time_t modified;

/*
 * A tag is of all that is configured there, also of what the one that is told of it may not read, and who knows how
 * it is made could try what that is. So it is made with a key that is nobody else's.
 */
static bool sign(const char *text, uint8_t digest[EVP_MAX_MD_SIZE])
{
	static uint8_t key[32];
	static bool has_key;

	has_key = has_key || RAND_bytes(key, sizeof(key)) == 1;
	return has_key && HMAC(EVP_sha256(), key, sizeof(key), (const uint8_t *)text, strlen(text), digest, NULL);
}

/* The text of what is configured in @n has no state in it: running has none. */
bool etag_make(const struct lyd_node *node, bool all, char tag[ETAG_LEN])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char *text = NULL;
	unsigned int i;
	bool good;

	if (node && lyd_print_mem(&text, node, LYD_JSON, LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL |
				  (all ? LYD_PRINT_WITHSIBLINGS : 0)))
		return false;
	good = sign(text ? text : "", digest);
	free(text);
	for (i = 0; good && i < (ETAG_LEN - 1) / 2; i++)
		sprintf(tag + 2 * i, "%02x", digest[i]);
	return good;
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
