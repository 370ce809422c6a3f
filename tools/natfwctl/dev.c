// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "devspec.h"
#include "stats.h"
#include "verbs.h"
#include "xdp.h"

/* The mode, or whose program is in the way. */
static void xdp_text(const struct xdp_state *x, char *buf, size_t size)
{
	if (!x->id)
		snprintf(buf, size, "-");
	else if (x->ours)
		snprintf(buf, size, "%s", xdp_mode_name(x->mode));
	else
		snprintf(buf, size, "other (%s, id %u)", x->name[0] ? x->name : "?", x->id);
}

static void print_dev(const struct natfw_dev *d)
{
	struct xdp_state x;
	char xdp[48];

	xdp_look(d->ifname, &x);
	xdp_text(&x, xdp, sizeof(xdp));
	printf("%-15s %5u  %-7s  %-7s  %s\n", d->ifname, d->zone,
	       natfw_name(&natfw_verdict_names, d->verdict) ?: "?",
	       natfw_name(&natfw_emit_names, d->emit) ?: "?", xdp);
	if (ctl_opt.stats && x.counted)
		printf("    by XDP: dropped %" PRIu64 ", sent %" PRIu64 ", left to the stack %" PRIu64 "\n",
		       x.dropped, x.redirected, x.passed);
	if (ctl_opt.stats)
		stats_print(stdout, &d->counter, "    ");
}

static void json_xdp(struct json *j, const char *ifname)
{
	struct xdp_state x;

	xdp_look(ifname, &x);
	if (!x.id)
		return;
	json_open(j, "xdp", '{');
	json_text(j, "mode", xdp_mode_name(x.mode));
	json_bool(j, "ours", x.ours);
	json_number(j, "program", x.id);
	json_text(j, "name", x.name);
	if (x.counted) {
		json_number(j, "dropped", x.dropped);
		json_number(j, "sent", x.redirected);
		json_number(j, "passed", x.passed);
	}
	json_close(j, '}');
}

static void json_dev(struct json *j, const struct natfw_dev *d)
{
	json_open(j, NULL, '{');
	json_members(j, &natfw_dev_set, d);
	json_xdp(j, d->ifname);
	json_close(j, '}');
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
		printf("%-15s %5s  %-7s  %-7s  %s\n", "DEVICE", "ZONE", "DEFAULT", "EMIT", "XDP");
	for (i = 0; i < d.n && !natfw_dump_get(&d, i, &dev); i++) {
		if (wanted(&dev, name)) {
			found = true;
			if (ctl_opt.json)
				json_dev(&j, &dev);
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

/* A device with its settings; of XDP by word or by option. */
static bool read_spec(struct words *w, struct devspec *s)
{
	if (!devspec_read(w, s, false))
		return false;
	if (!ctl_opt.has_xdp)
		return true;
	if (s->has_xdp)
		return words_fail_all(w, "xdp and --xdp: one of them");
	s->has_xdp = true;
	return xdp_mode_parse(ctl_opt.xdp, &s->xdp) ||
	       words_fail_all(w, "--xdp=%s: native, generic, auto or off", ctl_opt.xdp);
}

/* All of it, or nothing. */
static int dev_attach(struct words *w)
{
	struct natfw_dev undo = { .has = 1ull << NATFW_A_DEV_IFNAME };
	struct devspec s;
	int status;

	if (!read_spec(w, &s))
		return ctl_usage(w);
	if (!xdp_allowed(s.dev.ifname, s.xdp))
		return CTL_REFUSED;
	status = ctl_do(NATFW_CMD_DEV_NEW, &s.dev);
	if (status || xdp_put(s.dev.ifname, s.xdp))
		return status;
	memcpy(undo.ifname, s.dev.ifname, sizeof(undo.ifname));
	ctl_do(NATFW_CMD_DEV_DEL, &undo);
	return CTL_REFUSED;
}

static int dev_set(struct words *w)
{
	struct devspec s;
	int status;

	if (!read_spec(w, &s))
		return ctl_usage(w);
	if (s.has_xdp && !xdp_allowed(s.dev.ifname, s.xdp))
		return CTL_REFUSED;
	status = ctl_do(NATFW_CMD_DEV_SET, &s.dev);
	if (status || !s.has_xdp)
		return status;
	return xdp_put(s.dev.ifname, s.xdp) ? 0 : CTL_REFUSED;
}

static int dev_detach(struct words *w)
{
	struct natfw_dev d = { .has = 1ull << NATFW_A_DEV_IFNAME };
	int status;

	words_take(w, "dev");
	if (!read_ifname(w, d.ifname) || !words_done(w))
		return ctl_usage(w);
	status = ctl_do(NATFW_CMD_DEV_DEL, &d);
	/* even if only the program is left of it */
	return xdp_take(d.ifname) ? status : CTL_REFUSED;
}

static const struct ctl_verb verbs[] = {
	{ "show", dev_show, "[DEV]", "attached devices; -s counters by reason" },
	{ "list", dev_show, "[DEV]", "the same" },
	{ "attach", dev_attach, "DEV [zone N] [default pass|drop] [emit inherit|stack|direct] [xdp MODE]",
	  "look at the packets that come in by DEV" },
	{ "add", dev_attach, "DEV ...", "the same" },
	{ "set", dev_set, "DEV [zone N] [default pass|drop] [emit inherit|stack|direct] [xdp MODE]",
	  "change what is given" },
	{ "detach", dev_detach, "DEV", "leave its packets alone" },
	{ "del", dev_detach, "DEV", "the same" },
};

int verb_dev(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "show", "dev", w);
}
