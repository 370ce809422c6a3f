// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "ctl.h"
#include "verbs.h"

#ifndef NATFW_VERSION
#define NATFW_VERSION "0.1.0"
#endif

static void print_json(const struct natfw_info *i, unsigned int family)
{
	struct json j;

	json_init(&j, stdout);
	json_open(&j, NULL, '{');
	json_text(&j, "natfwctl", NATFW_VERSION);
	if (i) {
		json_number(&j, "family-version", family);
		json_entry(&j, "module", &natfw_info_set, i);
	}
	json_close(&j, '}');
	json_end(&j);
}

static void print_text_info(const struct natfw_info *i, unsigned int family)
{
	unsigned int n;

	printf("natfwctl %s\n", NATFW_VERSION);
	if (!i) {
		printf("module not loaded: run 'modprobe natfw', see 'natfwctl doctor'\n");
		return;
	}
	printf("module %s, built for Linux %s, netlink family version %u\n",
	       i->version ? i->version : "?", i->kernel ? i->kernel : "?", family);
	if (i->feature.n)
		printf("features");
	for (n = 0; n < i->feature.n; n++)
		printf(" %s", ((char **)i->feature.v)[n]);
	if (i->feature.n)
		putchar('\n');
}

int verb_version(struct words *w)
{
	struct natfw_client *c = NULL;
	struct natfw_info i;
	bool have;

	if (!words_done(w))
		return ctl_usage(w);
	have = !natfw_client_open(&c, ctl_opt.netns, NULL) &&
	       !natfw_client_do(c, NATFW_CMD_INFO_GET, 0, NULL, &i, NULL);
	(ctl_opt.json ? print_json : print_text_info)(have ? &i : NULL,
						      have ? natfw_client_version(c) : 0);
	if (have)
		natfw_object_fini(&natfw_info_set, &i);
	natfw_client_close(c);
	return 0;
}
