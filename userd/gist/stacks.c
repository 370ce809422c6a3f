// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which associations we propose, accept and choose (RFC 5971 5.7): TLS over TCP, and TCP alone.
 *
 * TLS comes first wherever there is a choice. What a Response proposes is a constant of the
 * configuration, whatever the Query had, so that a querying node that insists on security notices
 * when somebody has taken it out on the way (8.6).
 */
#include "gist/engine.h"

static const uint8_t tls_tcp[] = { GIST_MA_TLS, GIST_MA_TCP };
static const uint8_t tcp[] = { GIST_MA_TCP };

struct writer {
	struct stacks *s;
	struct gist_out profiles, options;
};

static struct writer writer(const struct gist *g, struct stacks *s)
{
	struct writer w = { .s = s };

	s->p = (struct gist_proposal){ 0 };
	s->s = (struct gist_stackconf){ .hold = g->config.hold };
	gist_out_init(&w.profiles, s->proposal, sizeof(s->proposal));
	gist_out_init(&w.options, s->options, sizeof(s->options));
	return w;
}

static void add(struct writer *w, bool tls, uint16_t port)
{
	gist_profile_put(&w->profiles, tls ? tls_tcp : tcp, tls ? 2 : 1);
	w->s->p.count++;
	w->s->s.count++;
	gist_option_put_tcp(&w->options, w->s->p.count, port);
}

static bool finish(struct writer *w)
{
	w->s->p.profiles = gist_out_view(&w->profiles);
	w->s->s.options = gist_out_view(&w->options);
	return w->s->p.count;
}

bool gist_stacks_wanted(const struct gist *g, bool secure, struct stacks *s)
{
	struct writer w = writer(g, s);

	if (g->config.tls != GIST_TLS_NONE)
		add(&w, true, 0);
	if (g->config.tls != GIST_TLS_REQUIRED && !secure)
		add(&w, false, 0);
	return finish(&w);
}

bool gist_stacks_accepted(const struct gist *g, struct stacks *s)
{
	struct writer w = writer(g, s);

	if (g->config.tls != GIST_TLS_NONE && g->config.tls_port)
		add(&w, true, g->config.tls_port);
	if (g->config.tls != GIST_TLS_REQUIRED && g->config.tcp_port)
		add(&w, false, g->config.tcp_port);
	return finish(&w);
}

bool gist_stacks_are_ours(const struct gist *g, const struct gist_proposal *p)
{
	struct stacks ours;

	return gist_stacks_accepted(g, &ours) && p->count == ours.p.count &&
	       gist_view_equal(p->profiles, ours.p.profiles);
}

/* Exactly the layers of TLS over TCP, or of TCP. */
static bool profile_is(const struct gist_profile *p, bool tls)
{
	if (tls)
		return p->count == 2 && p->layer[0] == GIST_MA_TLS && p->layer[1] == GIST_MA_TCP;
	return p->count == 1 && p->layer[0] == GIST_MA_TCP;
}

static bool port_of(const struct gist_message *m, unsigned int number, uint16_t *port)
{
	struct gist_option option;

	if (!gist_stackconf_find(&m->stackconf, GIST_MA_TCP, number, &option) || option.unusable)
		return false;
	*port = gist_option_tcp_port(&option);
	return *port;
}

static bool find(const struct gist_message *m, bool tls, uint16_t *port)
{
	struct gist_view rest = m->proposal.profiles;
	struct gist_profile p;
	unsigned int number;

	for (number = 1; gist_profile_next(&rest, &p); number++)
		if (profile_is(&p, tls) && port_of(m, number, port))
			return true;
	return false;
}

bool gist_stacks_choose(const struct gist *g, const struct gist_message *m, bool secure, bool *tls,
			uint16_t *port)
{
	*tls = true;
	if (g->config.tls != GIST_TLS_NONE && find(m, true, port))
		return true;
	*tls = false;
	return g->config.tls != GIST_TLS_REQUIRED && !secure && find(m, false, port);
}

bool gist_stacks_met(const struct gist_message *m, bool tls)
{
	struct gist_view rest = m->proposal.profiles;
	struct gist_profile p;

	while (gist_profile_next(&rest, &p))
		if ((tls && profile_is(&p, true)) || profile_is(&p, false))
			return true;
	return false;
}
