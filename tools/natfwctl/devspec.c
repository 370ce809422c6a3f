// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "devspec.h"
#include "value.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SETTINGS	(1ull << NATFW_A_DEV_ZONE | 1ull << NATFW_A_DEV_DEFAULT |	\
			 1ull << NATFW_A_DEV_EMIT)

static bool read_zone(struct words *w, void *p)
{
	struct natfw_dev *d = p;

	natfw_want(d, NATFW_A_DEV_ZONE);
	return read_number(w, "the zone", 0, 65534, &d->zone);
}

static bool read_default(struct words *w, void *p)
{
	struct natfw_dev *d = p;

	natfw_want(d, NATFW_A_DEV_DEFAULT);
	return read_name(w, "default", &natfw_verdict_names, &d->verdict);
}

static bool read_emit(struct words *w, void *p)
{
	struct natfw_dev *d = p;

	natfw_want(d, NATFW_A_DEV_EMIT);
	return read_name(w, "emit", &natfw_emit_names, &d->emit);
}

static const struct words_key keys[] = {
	{ "zone", read_zone, false },
	{ "default", read_default, false },
	{ "emit", read_emit, false },
};

bool devspec_read(struct words *w, struct natfw_dev *d, bool defaults)
{
	memset(d, 0, sizeof(*d));
	natfw_want(d, NATFW_A_DEV_IFNAME);
	if (defaults)
		d->has |= SETTINGS;
	words_take(w, "dev");
	return read_ifname(w, d->ifname) && words_keys(w, keys, COUNT(keys), d, NULL) &&
	       words_done(w);
}

void devspec_print(FILE *f, const struct natfw_dev *d)
{
	print_text(f, d->ifname);
	fprintf(f, " zone %u default %s emit %s", d->zone,
		natfw_name(&natfw_verdict_names, d->verdict) ?: "?",
		natfw_name(&natfw_emit_names, d->emit) ?: "?");
}

bool devspec_same(const struct natfw_dev *a, const struct natfw_dev *b)
{
	return a->zone == b->zone && a->verdict == b->verdict && a->emit == b->emit;
}

void devspec_keep_config(struct natfw_dev *d)
{
	d->has = (d->has & SETTINGS) | 1ull << NATFW_A_DEV_IFNAME;
}
