// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/name.h"
#include "sig/peerdb.h"

static bool host_octet(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '*';
}

bool peer_names_add(struct peer_names *n, const void *name, size_t len)
{
	const uint8_t *o = name;
	size_t i;

	if (!len || len >= PEERDB_NAME || n->count == PEERDB_NAMES)
		return false;
	for (i = 0; i < len; i++)
		if (!host_octet(o[i]))
			return false;
	memcpy(n->name[n->count], name, len);
	n->name[n->count++][len] = 0;
	return true;
}

bool peer_name_match(const char *a, const char *b)
{
	return name_fits(a, b) || name_fits(b, a);
}

static const char *match(const char *entry, const struct peer_names *names)
{
	unsigned int i;

	for (i = 0; i < names->count; i++) {
		if (!strcmp(entry, "*"))
			return names->name[i];
		if (peer_name_match(entry, names->name[i]))
			return name_wild(entry) ? names->name[i] : entry;
	}
	return NULL;
}

static bool within(const struct address *at, const struct conf_prefix *p)
{
	return !p->len || address_within(at, &p->address, p->len);
}

bool peerdb_permits(const struct conf_gist *g, const struct peer_names *names,
		    const struct address *at, const char **name)
{
	const char *found;
	unsigned int i;

	if (!names->count)
		return false;
	for (i = 0; i < g->peers; i++) {
		found = within(at, &g->peer[i].at) ? match(g->peer[i].name, names) : NULL;
		if (!found)
			continue;
		if (name)
			*name = found;
		return g->peer[i].permit;
	}
	if (name)
		*name = names->name[0];
	return g->peer_default;
}
