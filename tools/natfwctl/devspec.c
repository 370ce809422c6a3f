// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "devspec.h"
#include "value.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SETTINGS	(1ull << NATFW_A_DEV_ZONE | 1ull << NATFW_A_DEV_DEFAULT |	\
			 1ull << NATFW_A_DEV_EMIT)

static bool read_zone(struct words *w, void *p)
{
	struct natfw_dev *d = &((struct devspec *)p)->dev;

	natfw_want(d, NATFW_A_DEV_ZONE);
	return read_number(w, "the zone", 0, 65534, &d->zone);
}

static bool read_default(struct words *w, void *p)
{
	struct natfw_dev *d = &((struct devspec *)p)->dev;

	natfw_want(d, NATFW_A_DEV_DEFAULT);
	return read_name(w, "default", &natfw_verdict_names, &d->verdict);
}

static bool read_emit(struct words *w, void *p)
{
	struct natfw_dev *d = &((struct devspec *)p)->dev;

	natfw_want(d, NATFW_A_DEV_EMIT);
	return read_name(w, "emit", &natfw_emit_names, &d->emit);
}

static bool read_xdp(struct words *w, void *p)
{
	const char *text = words_next(w, "native, generic, auto or off");
	struct devspec *s = p;

	s->has_xdp = text;
	return text && (xdp_mode_parse(text, &s->xdp) ||
			words_fail(w, "native, generic, auto or off"));
}

static const struct words_key keys[] = {
	{ "zone", read_zone, false },
	{ "default", read_default, false },
	{ "emit", read_emit, false },
	{ "xdp", read_xdp, false },
};

bool devspec_read(struct words *w, struct devspec *s, bool defaults)
{
	struct natfw_dev *d = &s->dev;

	memset(s, 0, sizeof(*s));
	natfw_want(d, NATFW_A_DEV_IFNAME);
	if (defaults)
		d->has |= SETTINGS;
	words_take(w, "dev");
	return read_ifname(w, d->ifname) && words_keys(w, keys, COUNT(keys), s, NULL) &&
	       words_done(w);
}

void devspec_print(FILE *f, const struct natfw_dev *d)
{
	print_text(f, d->ifname);
	fprintf(f, " zone %u default %s emit %s", d->zone,
		natfw_name(&natfw_verdict_names, d->verdict) ?: "?",
		natfw_name(&natfw_emit_names, d->emit) ?: "?");
}

void devspec_print_xdp(FILE *f, const char *ifname)
{
	struct xdp_state x;

	xdp_look(ifname, &x);
	if (x.ours)
		fprintf(f, " xdp %s", xdp_mode_name(x.mode));
}

bool devspec_same(const struct natfw_dev *a, const struct natfw_dev *b)
{
	return a->zone == b->zone && a->verdict == b->verdict && a->emit == b->emit;
}

void devspec_keep_config(struct natfw_dev *d)
{
	d->has = (d->has & SETTINGS) | 1ull << NATFW_A_DEV_IFNAME;
}
