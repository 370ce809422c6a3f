// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of certificates and the authorised peer database.
 *
 * natfw-test: quick timeout=30
 */
#include <string.h>

#include "ktap.h"
#include "sig/peerdb.h"

static struct conf_peer entries[4];
static struct conf_gist gist = { .peer = entries };

static void entry(unsigned int i, const char *name, const char *at, bool permit)
{
	unsigned int len = 0;

	entries[i] = (struct conf_peer){ .permit = permit };
	strcpy(entries[i].name, name);
	if (at)
		EXPECT(address_read_prefix(&entries[i].at.address, &len, at));
	entries[i].at.len = (uint8_t)len;
	gist.peers = i + 1;
}

static const char *found;

static bool permits(const char *name, const char *at)
{
	static struct peer_names names;
	struct address a;

	found = NULL;
	names.count = 0;
	EXPECT(peer_names_add(&names, name, strlen(name)));
	EXPECT(address_read(&a, at));
	return peerdb_permits(&gist, &names, &a, &found);
}

static void case_does_not_matter(void)
{
	EXPECT(peer_name_match("NODE.Example.COM", "node.example.com"));
	EXPECT(peer_name_match("node.example.com.", "node.example.com"));
	EXPECT(!peer_name_match("node.example.com", "node.example.org"));
	EXPECT(!peer_name_match("node.example.com", "anode.example.com"));
	EXPECT(!peer_name_match("", ""));
}

static void star_is_one_label(void)
{
	EXPECT(peer_name_match("*.example.com", "a.example.com"));
	EXPECT(peer_name_match("a.example.com", "*.EXAMPLE.com"));
	EXPECT(peer_name_match("*.example.com", "*.example.com"));
	EXPECT(!peer_name_match("*.example.com", "a.b.example.com"));
	EXPECT(!peer_name_match("*.example.com", "a.example.org"));
	EXPECT(!peer_name_match("*.example.com", ".example.com"));
	EXPECT(!peer_name_match("*", "example"));
	EXPECT(!peer_name_match("*.", "a."));
	EXPECT(!peer_name_match("a*.example.com", "ab.example.com"));
	EXPECT(!peer_name_match("a.*.com", "a.b.com"));
}

static void star_is_not_the_parent(void)
{
	EXPECT(!peer_name_match("*.example.com", "example.com"));
	EXPECT(!peer_name_match("example.com", "*.example.com"));
}

static void takes_only_host_names(void)
{
	struct peer_names n = { 0 };
	char longer[PEERDB_NAME];
	unsigned int i;

	EXPECT(!peer_names_add(&n, "a.example.com\0.evil.example", 27));
	EXPECT(!peer_names_add(&n, "", 0));
	EXPECT(!peer_names_add(&n, "a b", 3));
	memset(longer, 'a', sizeof(longer));
	EXPECT(!peer_names_add(&n, longer, sizeof(longer)));
	EXPECT(peer_names_add(&n, longer, sizeof(longer) - 1));
	for (i = 1; i < PEERDB_NAMES; i++)
		EXPECT(peer_names_add(&n, "a", 1));
	EXPECT(!peer_names_add(&n, "a", 1));
}

static void first_match_decides(void)
{
	entry(0, "a.example.com", NULL, false);
	entry(1, "*.example.com", NULL, true);
	EXPECT(!permits("a.example.com", "192.0.2.1"));
	EXPECT(permits("b.example.com", "192.0.2.1"));
	entry(0, "*.example.com", NULL, true);
	entry(1, "a.example.com", NULL, false);
	EXPECT(permits("a.example.com", "192.0.2.1"));
}

static void scope_counts(void)
{
	entry(0, "a.example.com", "192.0.2.1", true);
	entry(1, "*", NULL, false);
	gist.peer_default = true;
	EXPECT(permits("a.example.com", "192.0.2.1"));
	EXPECT(!permits("a.example.com", "192.0.2.2"));
	EXPECT(!permits("a.example.com", "2001:db8::1"));
	entry(0, "a.example.com", "2001:db8::/32", true);
	EXPECT(permits("a.example.com", "2001:db8::1"));
	gist.peer_default = false;
}

static void default_is_for_the_rest(void)
{
	entry(0, "a.example.com", NULL, true);
	EXPECT(!permits("b.example.com", "192.0.2.1"));
	gist.peer_default = true;
	EXPECT(permits("b.example.com", "192.0.2.1"));
	gist.peer_default = false;
	EXPECT(!peerdb_permits(&gist, &(struct peer_names){ 0 }, &entries[0].at.address, NULL));
}

static void all_names_count(void)
{
	struct peer_names n = { 0 };
	struct address a;

	entry(0, "c.example.com", NULL, true);
	EXPECT(address_read(&a, "192.0.2.1"));
	peer_names_add(&n, "a.example.com", 13);
	peer_names_add(&n, "b.example.com", 13);
	EXPECT(!peerdb_permits(&gist, &n, &a, &found));
	peer_names_add(&n, "c.example.com", 13);
	EXPECT(peerdb_permits(&gist, &n, &a, &found));
	EXPECT(!strcmp(found, "c.example.com"));
}

static void name_without_star_is_used(void)
{
	entry(0, "*.example.com", NULL, true);
	EXPECT(permits("a.example.com", "192.0.2.1") && !strcmp(found, "a.example.com"));
	entry(0, "a.example.com", NULL, true);
	EXPECT(permits("*.example.com", "192.0.2.1") && !strcmp(found, "a.example.com"));
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "GIST-5.7.3.1-04 case does not matter", case_does_not_matter },
		{ "GIST-5.7.3.1-05 a star is one label, on either side", star_is_one_label },
		{ "GIST-5.7.3.1-06 a star is not the parent", star_is_not_the_parent },
		{ "names that no host has are not taken", takes_only_host_names },
		{ "GIST-4.4.2-01,GIST-4.4.2-02 the first entry that matches decides",
		  first_match_decides },
		{ "GIST-4.4.2-03,GIST-4.4.2-05 an entry is for where it says", scope_counts },
		{ "GIST-5.7.3.1-01 peers in no entry", default_is_for_the_rest },
		{ "GIST-5.7.3.1-02 every name is compared", all_names_count },
		{ "the name without a star is the one used", name_without_star_is_used },
	};

	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
