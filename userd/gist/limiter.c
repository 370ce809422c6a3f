// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One token bucket for all D-mode that starts here, whatever the interface and type; what is only
 * forwarded does not count (RFC 5971 5.3.3).
 */
#include "gist/engine.h"

#define RATE_DEFAULT 6250000  /* 5 % of 1 Gbit/s, in octets */
#define QUERY_SIZE   256      /* octets, IP header and all: to reckon packets with */

void gist_limiter_init(struct gist *g)
{
	struct limiter *l = &g->limiter;

	l->rate = g->config.rate ? g->config.rate : RATE_DEFAULT;
	l->burst = g->config.burst ? g->config.burst : l->rate / 8;
	if (l->burst < 2 * DATAGRAM_MAX)
		l->burst = 2 * DATAGRAM_MAX;
	l->at = gist_now(g);
	l->tokens = (int64_t)l->burst * 1000;
}

static void fill(struct gist *g)
{
	struct limiter *l = &g->limiter;
	uint64_t passed = gist_now(g) - l->at;
	int64_t full = (int64_t)l->burst * 1000;

	l->at = gist_now(g);
	if (passed > 1000000)
		passed = 1000000;
	l->tokens += (int64_t)passed * l->rate;
	if (l->tokens > full)
		l->tokens = full;
}

bool gist_limiter_take(struct gist *g, size_t octets)
{
	fill(g);
	if (g->limiter.tokens < (int64_t)octets * 1000) {
		COUNT(g, limited);
		return false;
	}
	g->limiter.tokens -= (int64_t)octets * 1000;
	return true;
}

void gist_limiter_owe(struct gist *g, size_t octets)
{
	int64_t least = -(int64_t)g->limiter.burst * 1000;

	fill(g);
	g->limiter.tokens -= (int64_t)octets * 1000;
	if (g->limiter.tokens < least)
		g->limiter.tokens = least;
}

bool gist_limiter_spare(struct gist *g)
{
	fill(g);
	return g->limiter.tokens >= (int64_t)g->limiter.burst * 500;
}

uint32_t gist_limiter_wait(struct gist *g)
{
	int64_t lack;

	fill(g);
	lack = (int64_t)DATAGRAM_MAX * 1000 - g->limiter.tokens;
	return lack > 0 ? (uint32_t)(lack / g->limiter.rate) + 1 : 1;
}

uint32_t gist_limiter_validity(struct gist *g, uint32_t wish)
{
	uint64_t states = g->roles[QUERIER] + g->roles[RESPONDER];
	uint64_t least = states * 2 * 1000 * QUERY_SIZE / g->limiter.rate;

	if (wish < least)
		wish = least > VALIDITY_MAX ? VALIDITY_MAX : (uint32_t)least;
	return wish ? wish : 1;
}
