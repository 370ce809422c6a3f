// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gist/engine.h"

void gist_config_default(struct gist_config *c)
{
	*c = (struct gist_config){
		.port = GIST_PORT,
		.t1 = 500,
		.t2 = 32000,
		.validity = 30000,
		.hold = 30000,
		.inactive = 300000,
		.hops = 30,
		.states = 500000,
		.associations = 4096,
		.delayed = true,
	};
}

static void complete_config(struct gist *g, const struct gist_config *c)
{
	g->config = *c;
	if (!g->config.handshakes)
		g->config.handshakes = 100000;
	if (!g->config.hops)
		g->config.hops = 30;
	if (!g->config.t1)
		g->config.t1 = 500;
	if (g->config.t2 < g->config.t1)
		g->config.t2 = g->config.t1;
	if (!g->config.validity)
		g->config.validity = 30000;
	if (!g->config.hold)
		g->config.hold = 30000;
	if (g->config.identity_len > sizeof(g->config.identity))
		g->config.identity_len = sizeof(g->config.identity);
	gist_limiter_init(g);
}

struct gist *gist_create(const struct gist_config *c, const struct gist_io *io,
			 struct timers *timers)
{
	struct gist *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->io = *io;
	g->timers = timers;
	table_init(&g->states);
	table_init(&g->aliases);
	table_init(&g->peers);
	table_init(&g->siis);
	table_init(&g->hosts);
	table_init(&g->mas);
	g->io.random(g->io.arg, g->table_key, sizeof(g->table_key));
	g->io.random(g->io.arg, g->cookie_key, sizeof(g->cookie_key));
	g->io.random(g->io.arg, &g->next_sii, sizeof(g->next_sii));
	g->next_sii |= 1;
	complete_config(g, c);
	return g;
}

static bool any(struct table_node *n, void *arg)
{
	*(struct table_node **)arg = n;
	return false;
}

static struct table_node *some(struct table *t)
{
	struct table_node *n = NULL;

	table_each(t, any, &n);
	return n;
}

/* Tables are emptied bucket by bucket; nobody is told of anything. */
static bool drop_state(struct table_node *n, void *arg)
{
	(void)arg;
	gist_state_end(container_of(n, struct state, node), NO_EVENT, GIST_FAIL_LIMIT, 0);
	return true;
}

void gist_destroy(struct gist *g)
{
	struct table_node *n;

	if (!g)
		return;
	g->nslps = 0;
	table_each(&g->states, drop_state, NULL);
	while ((n = some(&g->mas)))
		gist_ma_close(container_of(n, struct ma, node), 0);
	table_fini(&g->states);
	table_fini(&g->aliases);
	table_fini(&g->peers);
	table_fini(&g->siis);
	table_fini(&g->hosts);
	table_fini(&g->mas);
	explicit_bzero(g, sizeof(*g));
	free(g);
}

void gist_reconfigure(struct gist *g, const struct gist_config *c)
{
	complete_config(g, c);
}

int gist_register(struct gist *g, uint16_t nslpid, unsigned int rao4, unsigned int rao6,
		  const struct gist_nslp *ops)
{
	if (gist_nslp_find(g, nslpid))
		return -EEXIST;
	if (nslpid == GIST_NSLPID_NONE)
		return -EINVAL;
	if (g->nslps == NSLPS_MAX)
		return -ENOBUFS;
	g->nslp[g->nslps++] = (struct nslp_entry){ nslpid, rao4, rao6, *ops };
	return 0;
}

const struct nslp_entry *gist_nslp_find(const struct gist *g, uint16_t nslpid)
{
	unsigned int i;

	for (i = 0; i < g->nslps; i++)
		if (g->nslp[i].id == nslpid)
			return &g->nslp[i];
	return NULL;
}

enum log_level gist_remark_level(struct gist *g)
{
	if (g->remarked && gist_now(g) - g->remarked < 1000)
		return LEVEL_DEBUG;
	g->remarked = gist_now(g);
	return LEVEL_NOTICE;
}

uint32_t gist_random_between(struct gist *g, uint32_t low, uint32_t high)
{
	uint32_t r;

	if (high <= low)
		return low;
	g->io.random(g->io.arg, &r, sizeof(r));
	return low + (uint32_t)((uint64_t)r * ((uint64_t)high - low + 1) >> 32);
}

uint32_t gist_random_refresh(struct gist *g, uint32_t span)
{
	uint32_t at = gist_random_between(g, span / 2, span / 4 * 3);

	return at ? at : 1;
}

void gist_datagram(struct gist *g, const struct gist_arrival *a, struct gist_view payload)
{
	struct inbound in = { .arrival = a };

	if (!gist_magic_strip(&payload)) {
		COUNT(g, malformed);
		return;
	}
	gist_node_datagram(g, &in, payload);
}

bool gist_intercepted(struct gist *g, const struct gist_arrival *a, const void *token,
		      struct gist_view payload)
{
	struct inbound in = { .arrival = a, .token = token, .transit = true };

	if (a->to.port != GIST_PORT || !gist_magic_strip(&payload))
		return false;
	return gist_node_datagram(g, &in, payload);
}

void gist_stats(const struct gist *g, struct gist_stats *s)
{
	memcpy(s->counter, g->counter, sizeof(s->counter));
	s->queriers = g->roles[QUERIER];
	s->responders = g->roles[RESPONDER];
	s->associations = g->mas.count;
	s->handshakes = g->handshakes;
	s->queued = g->queued;
	s->memory = g->memory;
}

const char *gist_counter_name(enum gist_counter c)
{
	static const char *const names[GIST_COUNTERS] = {
#define GIST_COUNTER(name, text) #name,
#include "gist/counter.def"
#undef GIST_COUNTER
	};

	return names[c];
}
