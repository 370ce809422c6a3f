// SPDX-License-Identifier: GPL-2.0-or-later
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "devspec.h"
#include "stats.h"
#include "verbs.h"

static void print_dev(const struct natfw_dev *d)
{
	printf("%-15s %5u  %-7s  %s\n", d->ifname, d->zone,
	       natfw_name(&natfw_verdict_names, d->verdict) ?: "?",
	       natfw_name(&natfw_emit_names, d->emit) ?: "?");
	if (ctl_opt.stats)
		stats_print(stdout, &d->counter, "    ");
}

static bool wanted(const struct natfw_dev *d, const char *name)
{
	return !name || !strcmp(d->ifname, name);
}

static int show_devs(const char *name)
{
	struct natfw_dump d;
	struct natfw_dev dev;
	struct json j;
	bool found = false;
	size_t i;

	if (!ctl_dump(NATFW_CMD_DEV_GET, NULL, &d))
		return CTL_REFUSED;
	json_init(&j, stdout);
	if (ctl_opt.json)
		json_open(&j, NULL, '[');
	else if (d.n)
		printf("%-15s %5s  %-7s  %s\n", "DEVICE", "ZONE", "DEFAULT", "EMIT");
	for (i = 0; i < d.n && !natfw_dump_get(&d, i, &dev); i++) {
		if (wanted(&dev, name)) {
			found = true;
			if (ctl_opt.json)
				json_entry(&j, NULL, &natfw_dev_set, &dev);
			else
				print_dev(&dev);
		}
		natfw_object_fini(&natfw_dev_set, &dev);
	}
	if (ctl_opt.json) {
		json_close(&j, ']');
		json_end(&j);
	}
	natfw_dump_fini(&d);
	return !name || found ? 0 : ctl_fail("'%s' is not attached; 'natfwctl dev attach %s' does that",
					     name, name);
}

static int dev_show(struct words *w)
{
	const char *name = NULL;

	words_take(w, "dev");
	if (!words_end(w))
		name = words_next(w, "a device");
	if (!words_done(w))
		return ctl_usage(w);
	return show_devs(name);
}

static int dev_attach(struct words *w)
{
	struct natfw_dev d;

	if (!devspec_read(w, &d, false))
		return ctl_usage(w);
	return ctl_do(NATFW_CMD_DEV_NEW, &d);
}

static int dev_set(struct words *w)
{
	struct natfw_dev d;

	if (!devspec_read(w, &d, false))
		return ctl_usage(w);
	return ctl_do(NATFW_CMD_DEV_SET, &d);
}

static int dev_detach(struct words *w)
{
	struct natfw_dev d = { .has = 1ull << NATFW_A_DEV_IFNAME };

	words_take(w, "dev");
	if (!read_ifname(w, d.ifname) || !words_done(w))
		return ctl_usage(w);
	return ctl_do(NATFW_CMD_DEV_DEL, &d);
}

static const struct ctl_verb verbs[] = {
	{ "show", dev_show, "[DEV]", "attached devices; -s counters by reason" },
	{ "list", dev_show, "[DEV]", "the same" },
	{ "attach", dev_attach, "DEV [zone N] [default pass|drop] [emit inherit|stack|direct]",
	  "look at the packets that come in by DEV" },
	{ "add", dev_attach, "DEV ...", "the same" },
	{ "set", dev_set, "DEV [zone N] [default pass|drop] [emit inherit|stack|direct]",
	  "change what is given" },
	{ "detach", dev_detach, "DEV", "leave its packets alone" },
	{ "del", dev_detach, "DEV", "the same" },
};

int verb_dev(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "show", "dev", w);
}
