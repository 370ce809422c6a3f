// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "gist/engine.h"

/* A cookie is good for one to two of these: longer than a slow association takes. */
#define LIFE 45000 /* ms */

static void renew(struct gist *g, struct secret *s)
{
	g->io.random(g->io.arg, s, sizeof(*s));
	s->used = true;
}

const struct secret *gist_secret_now(struct gist *g)
{
	struct secrets *all = &g->secrets;

	if (all->secret[0].used && gist_now(g) - all->changed < LIFE)
		return &all->secret[0];
	if (gist_now(g) - all->changed < 2 * LIFE)
		all->secret[1] = all->secret[0];
	else
		all->secret[1].used = false;
	renew(g, &all->secret[0]);
	all->changed = gist_now(g);
	return &all->secret[0];
}

const struct secret *gist_secret_find(struct gist *g, uint32_t generation)
{
	unsigned int i;

	gist_secret_now(g);
	for (i = 0; i < 2; i++)
		if (g->secrets.secret[i].used && g->secrets.secret[i].generation == generation)
			return &g->secrets.secret[i];
	return NULL;
}
