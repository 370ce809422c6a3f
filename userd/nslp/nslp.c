// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nslp/app.h"
#include "nslp/closing.h"
#include "nslp/local.h"
#include "nslp/match.h"
#include "nslp/receive.h"
#include "nslp/report.h"
#include "nslp/restore.h"
#include "nslp/route.h"

/* --- sending --------------------------------------------------------------------------------- */

/*
 * Only an EXTERNAL looks for a peer upstream by itself (3.7.2); RESPONSE and NOTIFY go back to one
 * that is known.
 */
int nslp_send(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
	      struct gist_view octets, uint32_t handle, uint64_t sii)
{
	struct gist_mri along = *mri;	/* the session these are of may end before GIST returns */
	uint8_t copy[GATE_SID];
	struct gist_tx tx = {
		.nslpid = NSLP_ID, .sid = copy, .mri = &along, .data = octets, .handle = handle,
		.sii = sii, .reliable = n->c.reliable || sii, .secure = n->c.secure,
		.discover = octets.len && octets.data[0] == NSLP_EXTERNAL && mri->upstream,
	};

	memcpy(copy, sid, sizeof(copy));
	return n->lower->send(n->gist, &tx);
}

int nslp_send_message(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
		      const struct nslp_message *m, uint64_t sii)
{
	uint8_t buf[NSLP_MESSAGE_MAX];
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_put(&o, m, nslp_options(n));
	return o.error ? o.error : nslp_send(n, sid, mri, gist_out_view(&o), 0, sii);
}

void nslp_keep(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri, uint32_t lifetime)
{
	uint64_t ms = (uint64_t)lifetime * 1000;

	n->lower->set_lifetime(n->gist, NSLP_ID, sid, mri,
			       ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms);
}

struct gist_mri nslp_inverted(const struct gist_mri *mri)
{
	struct gist_mri m = *mri;

	m.upstream = !m.upstream;
	return m;
}

bool nslp_sid_zero(const uint8_t *sid)
{
	static const uint8_t zero[GATE_SID];

	return !memcmp(sid, zero, GATE_SID);
}

bool nslp_may_scan(struct nslp *n, bool known)
{
	uint64_t second = n->timers->now / 1000;

	if (n->scan_second != second) {
		n->scan_second = second;
		memset(n->scans, 0, sizeof(n->scans));
	}
	return n->scans[known]++ < NSLP_SCANS;
}

/* --- the engine ------------------------------------------------------------------------------ */

void nslp_config_default(struct nslp_config *c)
{
	*c = (struct nslp_config){
		.respond = true,
		.proxy = true,
		.lifetime_min = 10,
		.lifetime_max = 86400,
		.lifetime = 1575,	/* 5.25 refresh periods of 300 s (3.4) */
		.transitory = 30000,
		.sessions = 250000,
		.sessions_per_peer = 10000,
		.reliable = true,
	};
}

/* The RFC's own limits hold whatever the configuration says. */
static void configure(struct nslp *n, const struct nslp_config *c)
{
	n->c = *c;
	if (n->c.transitory < 30000)
		n->c.transitory = 30000;
	if (n->c.key_len > sizeof(n->c.key))
		n->c.key_len = 0;
}

struct nslp *nslp_create_over(const struct nslp_config *c, const struct nslp_io *io,
			      const struct nslp_lower *lower, struct gist *g,
			      struct timers *timers)
{
	struct nslp *n = calloc(1, sizeof(*n));
	struct gist_nslp ops = {
		.arg = n, .query = nslp_receive_query, .message = nslp_receive,
		.status = nslp_route_status, .network = nslp_route_network,
	};

	if (!n)
		return NULL;
	configure(n, c);
	n->io = *io;
	n->lower = lower;
	n->gist = g;
	n->timers = timers;
	table_init(&n->sessions);
	table_init(&n->reservations);
	table_init(&n->peers);
	nslp_restore_init(n);
	nslp_closing_init(n);
	io->random(io->arg, n->key, sizeof(n->key));
	if (!lower->attach(g, NSLP_ID, NSLP_RAO4, NSLP_RAO6, &ops))
		return n;
	free(n);
	return NULL;
}

void nslp_shutdown(struct nslp *n, bool notify)
{
	n->down = true;
	if (notify)
		nslp_report_down(n);
}

static bool any(const struct nslp_session *s, const void *arg)
{
	(void)s;
	(void)arg;
	return true;
}

/* Nobody is told: what the kernel has ends by itself. */
void nslp_destroy(struct nslp *n)
{
	struct nslp_session *s;
	uint8_t (*sid)[GATE_SID];
	uint32_t i, count;

	if (!n)
		return;
	sid = nslp_session_collect(n, any, NULL, &count);
	for (i = 0; i < count; i++) {
		s = nslp_session_find(n, sid[i]);
		if (s)
			nslp_session_free(s);
	}
	free(sid);
	nslp_restore_fini(n);
	nslp_closing_fini(n);
	table_fini(&n->sessions);
	table_fini(&n->reservations);
	table_fini(&n->peers);
	explicit_bzero(&n->c.key, sizeof(n->c.key));
	free(n);
}

void nslp_reconfigure(struct nslp *n, const struct nslp_config *c)
{
	configure(n, c);
}

/* --- looking at it --------------------------------------------------------------------------- */

void nslp_stats(const struct nslp *n, struct nslp_stats *s)
{
	*s = n->stats;
}

const char *nslp_counter_name(enum nslp_counter c)
{
	static const char *const name[] = {
#define NSLP_COUNTER(name, text) #name,
#include "nslp/counter.def"
#undef NSLP_COUNTER
	};

	return c < NSLP_COUNTERS ? name[c] : "unknown";
}

static void info_external(const struct nslp_session *s, struct session_info *i)
{
	const struct nslp_rule *r = &s->rule;

	if (s->local && s->local->has_external) {
		i->has_external = true;
		i->external = s->local->external;
	} else if (r->translation == GATE_BIND && r->extra) {
		i->has_external = address_is_set(&r->extra->external.address);
		i->external = r->extra->external;
	} else if (r->translation == GATE_SOURCE) {
		i->has_external = true;
		i->external.address = r->far.source;
		i->external.port = r->far.sport;
	}
}

void nslp_info(const struct nslp_session *s, struct session_info *i)
{
	bool deny = s->rule.action == NSLP_DENY;

	memset(i, 0, sizeof(*i));
	memcpy(i->sid, s->sid, GATE_SID);
	i->token = s->local ? s->local->token : 0;
	i->role = s->rule.role;
	i->state = s->state;
	i->kind = s->rule.type == NSLP_CREATE ? SESSION_CREATE :
		deny ? SESSION_BLOCK : SESSION_EXTERNAL;
	i->translation = s->rule.translation;
	i->proxy = s->proxy;
	i->msn = s->msn;
	i->lifetime = s->lifetime;
	i->left = nslp_session_left(s);
	i->uid = nslp_app_uid(s);
	nslp_rule_flow(&s->rule, &i->flow);
	info_external(s, i);
	if (s->near)
		i->peer_ni = s->near->address;
	if (s->far)
		i->peer_nr = s->far->address;
}

struct show {
	void (*fn)(void *arg, const struct session_info *i);
	void *arg;
};

static bool show(struct table_node *node, void *arg)
{
	const struct show *w = arg;
	struct session_info i;

	nslp_info(container_of(node, struct nslp_session, node), &i);
	w->fn(w->arg, &i);
	return true;
}

void nslp_each(struct nslp *n, void (*fn)(void *arg, const struct session_info *i), void *arg)
{
	struct show w = { fn, arg };

	table_each(&n->sessions, show, &w);
}

bool nslp_find(struct nslp *n, const uint8_t *sid, struct session_info *i)
{
	struct nslp_session *s = nslp_session_find(n, sid);

	if (s)
		nslp_info(s, i);
	return s;
}
