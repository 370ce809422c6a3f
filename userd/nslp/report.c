// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "gist/code.h"
#include "nslp/delete.h"
#include "nslp/initiate.h"
#include "nslp/receive.h"
#include "nslp/report.h"
#include "nslp/respond.h"

/* --- sending --------------------------------------------------------------------------------- */

static void send_notify(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
			uint16_t code, uint64_t sii)
{
	struct nslp_message m = { .type = NSLP_NOTIFY, .present = NSLP_BIT(NSLP_INFO) };

	m.info.code = code;
	if (!nslp_send_message(n, sid, mri, &m, sii))
		nslp_count(n, NSLP_N_notify_sent);
}

void nslp_report(struct nslp_session *s, uint16_t code)
{
	struct gist_mri back = nslp_inverted(&s->rule.near);

	if (s->near && !nslp_session_initiated(s))
		send_notify(s->n, s->sid, &back, code, 0);
}

/* Explicitly routed: the neighbour on the path may be another one by now (3.7.5). */
static void report_to(struct nslp_session *s, uint16_t code, uint64_t sii)
{
	if (s->rule.role == SESSION_NF && s->reached && sii)
		send_notify(s->n, s->sid, &s->rule.far, code, sii);
}

void nslp_report_far(struct nslp_session *s, uint16_t code)
{
	report_to(s, code, s->far ? s->far->sii : 0);
}

/* The initiator has given it up, most likely: not worth a new association. */
static bool still_near(const struct nslp_session *s)
{
	enum gist_security security;

	return s->near && s->near->sii &&
		s->n->lower->has_association(s->n->gist, s->near->sii, &security);
}

void nslp_report_expired(struct nslp_session *s)
{
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	memcpy(sid, s->sid, sizeof(sid));
	nslp_count(n, NSLP_N_expired);
	if (still_near(s))
		nslp_report(s, NSLP_EXPIRED);
	s = nslp_session_find(n, sid);
	if (s)
		nslp_session_end(s, 0, "lifetime expired");
}

/* Whoever waits for a RESPONSE is told by one. */
static void tell_near(struct nslp_session *s)
{
	const struct nslp_exchange *x = s->exchange;
	struct nslp_answer a = { .code = NSLP_ENDED };

	if (!x || x->stage == NSLP_STAGE_RESTORE || nslp_session_initiated(s)) {
		nslp_report(s, NSLP_TERMINATED);
		return;
	}
	a.msn = x->msn;
	nslp_respond(s->n, s->sid, &nslp_session_rule(s)->near, &a);
}

void nslp_report_terminated(struct nslp_session *s, const char *why)
{
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	memcpy(sid, s->sid, sizeof(sid));
	tell_near(s);
	s = nslp_session_find(n, sid);
	if (s)
		nslp_report_far(s, NSLP_TERMINATED);
	s = nslp_session_find(n, sid);
	if (s && nslp_session_initiated(s))
		nslp_initiate_delete(s);
	s = nslp_session_find(n, sid);
	if (s)
		nslp_session_end(s, NSLP_TERMINATED, why);
}

void nslp_report_route(struct nslp_session *s, const struct gist_peer *old)
{
	uint64_t sii = old ? old->sii : s->far ? s->far->sii : 0;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	if (s->state != SESSION_ESTABLISHED)
		return;
	memcpy(sid, s->sid, sizeof(sid));
	nslp_session_transitory(s, true);
	nslp_report(s, NSLP_ROUTE_CHANGE);
	s = nslp_session_find(n, sid);
	if (s)
		report_to(s, NSLP_ROUTE_CHANGE, sii);
}

/* --- receiving ------------------------------------------------------------------------------- */

static void pass_on(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
		    const struct nslp_message *m, uint64_t sii)
{
	uint8_t buf[NSLP_MESSAGE_MAX];
	struct gist_out o;

	gist_out_init(&o, buf, sizeof(buf));
	nslp_message_forward(&o, m, m, nslp_options(n));
	if (o.error || nslp_send(n, sid, mri, gist_out_view(&o), 0, sii))
		return;
	nslp_count(n, NSLP_N_notify_sent);
}

enum heading { NOWHERE, TO_NI, TO_NR };

/*
 * Which way it goes in the session, and whether it came from there (7.1.5 of RFC 5971). Beyond an
 * edge that answers itself there is nobody who could end its session.
 */
static enum heading heading(const struct nslp_session *s, const struct gist_rx *rx)
{
	bool onward = s->rule.role == SESSION_NF || nslp_session_initiated(s);
	struct gist_mri back = nslp_inverted(&s->rule.far);

	if (onward && s->reached && gist_mri_equal(rx->mri, &back))
		return !rx->explicit_route || nslp_peer_vouches(s->far, rx->peer) ? TO_NI : NOWHERE;
	if (nslp_session_initiated(s) || !gist_mri_equal(rx->mri, &s->rule.near))
		return NOWHERE;
	return nslp_peer_vouches(s->near, rx->peer) ? TO_NR : NOWHERE;
}

static void forward_notify(struct nslp_session *s, const struct nslp_message *m,
			   enum heading to)
{
	struct gist_mri back = nslp_inverted(&s->rule.near);

	if (s->rule.role != SESSION_NF)
		return;
	if (to == TO_NI)
		pass_on(s->n, s->sid, &back, m, 0);
	else if (s->reached)
		pass_on(s->n, s->sid, &s->rule.far, m, s->far ? s->far->sii : 0);
}

/* What it means here; false: it is not to go any further. */
static bool apply(struct nslp_session *s, uint16_t code, enum heading to)
{
	switch (code) {
	case NSLP_ROUTE_CHANGE:
		if (s->state == SESSION_TRANSITORY)
			return false;
		nslp_session_transitory(s, true);
		return true;
	case NSLP_REAUTHENTICATE:
		if (to == TO_NR)
			return false;
		nslp_session_transitory(s, false);
		return true;
	case NSLP_GOING_DOWN:
		nslp_session_transitory(s, false);
		return true;
	default:
		return true;
	}
}

static bool fatal(uint16_t code)
{
	return code == NSLP_EXPIRED || code == NSLP_TERMINATED;
}

static void one(struct nslp_session *s, const struct gist_rx *rx, const struct nslp_message *m)
{
	enum heading to = heading(s, rx);
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	if (to == NOWHERE) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	if (nslp_session_initiated(s)) {
		nslp_initiate_notified(s, m->info.code);
		return;
	}
	memcpy(sid, s->sid, sizeof(sid));
	if (!apply(s, m->info.code, to)) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	forward_notify(s, m, to);
	s = fatal(m->info.code) ? nslp_session_find(n, sid) : NULL;
	if (s)
		nslp_session_end(s, m->info.code, "ended by another node");
}

/* --- for many at once ------------------------------------------------------------------------ */

static bool wild(const struct gist_mri *m)
{
	if (m->method == GIST_MRM_LOOSE)
		return address_is_any(&m->source) && address_is_any(&m->destination);
	return !m->source_prefix && !m->destination_prefix && !m->has_protocol;
}

static bool via(const struct nslp_session *s, const void *arg)
{
	const struct gist_rx *rx = arg;

	if (nslp_peer_is(s->far, rx->peer))
		return wild(rx->mri) || nslp_delete_within(&s->rule.far, rx->mri);
	if (!nslp_session_initiated(s) && nslp_peer_is(s->near, rx->peer))
		return wild(rx->mri) || nslp_delete_within(&s->rule.near, rx->mri);
	return false;
}

/* All of them are void at once; toward the NI each is told on its own (3.7.5). */
static void void_one(struct nslp_session *s, const struct gist_rx *rx, uint16_t code)
{
	bool from_far = nslp_peer_is(s->far, rx->peer);
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	memcpy(sid, s->sid, sizeof(sid));
	if (from_far)
		nslp_report(s, NSLP_TERMINATED);
	else
		nslp_report_far(s, NSLP_TERMINATED);
	s = nslp_session_find(n, sid);
	if (s)
		nslp_session_end(s, code, "a node on the path went down");
}

static void many(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m)
{
	struct nslp_session *s;
	uint8_t (*sid)[GATE_SID];
	uint32_t i, count;

	if ((!fatal(m->info.code) && m->info.code != NSLP_GOING_DOWN) || !rx->peer->sii ||
	    !nslp_may_scan(n, true)) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	sid = nslp_session_collect(n, via, rx, &count);
	for (i = 0; i < count; i++) {
		s = nslp_session_find(n, sid[i]);
		if (s)
			void_one(s, rx, m->info.code);
	}
	free(sid);
}

void nslp_report_received(struct nslp *n, const struct gist_rx *rx, const struct nslp_message *m)
{
	struct nslp_session *s;

	if (!rx->peer || !rx->peer->ma) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	if (nslp_sid_zero(rx->sid)) {
		many(n, rx, m);
		return;
	}
	s = nslp_session_find(n, rx->sid);
	if (s)
		one(s, rx, m);
	else
		nslp_count(n, NSLP_N_dropped);
}

/* --- this node goes down --------------------------------------------------------------------- */

static bool mark(struct table_node *node, void *arg)
{
	struct nslp_session *s = container_of(node, struct nslp_session, node);

	(void)arg;
	if (s->near && !nslp_session_initiated(s))
		s->near->told = false;
	return true;
}

/* Fully wildcarded, of the version the neighbour speaks. */
static struct gist_mri anything(const struct nslp_peer *p)
{
	struct gist_mri m = { .method = GIST_MRM_PATH, .upstream = true };

	m.source.version = p->address.version ? p->address.version : 4;
	m.destination.version = m.source.version;
	return m;
}

static bool tell(struct table_node *node, void *arg)
{
	struct nslp_session *s = container_of(node, struct nslp_session, node);
	static const uint8_t all[GATE_SID];
	struct nslp *n = arg;
	struct gist_mri m;

	if (!s->near || nslp_session_initiated(s) || s->near->told || !still_near(s))
		return true;
	s->near->told = true;
	m = anything(s->near);
	send_notify(n, all, &m, NSLP_GOING_DOWN, s->near->sii);
	return true;
}

void nslp_report_down(struct nslp *n)
{
	table_each(&n->sessions, mark, NULL);
	table_each(&n->sessions, tell, n);
}
