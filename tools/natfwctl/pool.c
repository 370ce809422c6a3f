// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "poolspec.h"
#include "verbs.h"

static void print_pool(const struct natfw_pool *p)
{
	double percent = p->ports ? 100.0 * (double)p->used / (double)p->ports : 0;

	poolspec_print(stdout, p);
	printf("\n    used %" PRIu64 " of %" PRIu64 " ports (%.1f%%)  on hold %" PRIu64
	       "  hosts %u  refused %" PRIu64 "  rules %u\n", p->used, p->ports, percent,
	       p->held, p->hosts, p->refused, p->rules);
}

static int show_pools(const char *name)
{
	struct natfw_dump d;
	struct natfw_pool p;
	struct json j;
	bool found = false;
	size_t i;

	if (!ctl_dump(NATFW_CMD_POOL_GET, NULL, &d))
		return CTL_REFUSED;
	json_init(&j, stdout);
	if (ctl_opt.json)
		json_open(&j, NULL, '[');
	for (i = 0; i < d.n && !natfw_dump_get(&d, i, &p); i++) {
		if (!name || (p.name && !strcmp(p.name, name))) {
			found = true;
			if (ctl_opt.json)
				json_entry(&j, NULL, &natfw_pool_set, &p);
			else
				print_pool(&p);
		}
		natfw_object_fini(&natfw_pool_set, &p);
	}
	if (ctl_opt.json) {
		json_close(&j, ']');
		json_end(&j);
	}
	natfw_dump_fini(&d);
	return !name || found ? 0 : ctl_fail("there is no pool '%s'", name);
}

static int pool_show(struct words *w)
{
	const char *name = NULL;

	if (!words_end(w))
		name = words_next(w, "a pool");
	if (!words_done(w))
		return ctl_usage(w);
	return show_pools(name);
}

static int pool_add(struct words *w)
{
	struct natfw_pool p;
	int status;

	status = poolspec_read(w, &p) ? ctl_do(NATFW_CMD_POOL_NEW, &p) : ctl_usage(w);
	natfw_object_fini(&natfw_pool_set, &p);
	return status;
}

static int pool_set(struct words *w)
{
	struct natfw_pool p;
	int status;

	status = poolspec_read_changes(w, &p) ? ctl_do(NATFW_CMD_POOL_SET, &p) : ctl_usage(w);
	natfw_object_fini(&natfw_pool_set, &p);
	return status;
}

static int pool_del(struct words *w)
{
	struct natfw_pool p = { .has = 1ull << NATFW_A_POOL_NAME };
	int status;

	status = read_text(w, "a pool", &p.name) && words_done(w) ?
		 ctl_do(NATFW_CMD_POOL_DEL, &p) : ctl_usage(w);
	natfw_object_fini(&natfw_pool_set, &p);
	return status;
}

static const struct ctl_verb verbs[] = {
	{ "show", pool_show, "[NAME]", "pools, and what is in use" },
	{ "list", pool_show, "[NAME]", "the same" },
	{ "add", pool_add,
	  "NAME ADDR[-ADDR|/LEN]... [ports A-B] [zone N] [mapping eim|apdm]\n"
	  "... [filtering eif|adf|apdf] [preserve] [parity] [unpaired]\n"
	  "... [host-quota N] [owner-quota N] [block-size N] [hold SECONDS] [watermark PERCENT]",
	  "make a pool" },
	{ "set", pool_set,
	  "NAME [filtering F] [preserve] [parity] [unpaired] [no-flags]\n"
	  "... [host-quota N] [owner-quota N] [hold SECONDS] [watermark PERCENT]",
	  "change what is given" },
	{ "del", pool_del, "NAME", "remove a pool that no rule names" },
};

int verb_pool(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "show", "pool", w);
}
