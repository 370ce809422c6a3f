// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "nslp/forward.h"
#include "nslp/initiate.h"
#include "nslp/report.h"
#include "nslp/route.h"

static bool waiting(const struct nslp_session *s)
{
	return s->exchange && s->exchange->stage == NSLP_STAGE_SENT;
}

static void failed(struct nslp_session *s, enum gist_failure failure)
{
	if (nslp_session_initiated(s))
		nslp_initiate_unsent(s, failure);
	else
		nslp_forward_failed(s, failure);
}

void nslp_route_status(void *engine, const struct gist_status *st)
{
	struct nslp *n = engine;
	struct nslp_session *s = nslp_session_find(n, st->sid);
	struct nslp_peer *old;

	if (!s || !waiting(s) || s->exchange->handle != st->handle)
		return;
	if (!st->sent) {
		failed(s, st->failure);
		return;
	}
	if (!st->peer || nslp_peer_is(s->far, st->peer))
		return;
	old = s->far;
	s->far = nslp_peer_get(n, st->peer);
	nslp_peer_put(n, old);
}

/* --- neighbours ------------------------------------------------------------------------------ */

/* Whether @mri is the flow of @side; GIST may give it in either direction. */
static bool same_flow(const struct gist_mri *mri, const struct gist_mri *side)
{
	struct gist_mri m;

	if (!mri)
		return false;
	m = *mri;
	m.upstream = side->upstream;
	return gist_mri_equal(&m, side);
}

/* Whether the neighbour toward the NR is meant: the one that requests go to. */
static bool is_far(const struct nslp_session *s, const struct gist_network *e)
{
	return s->reached && e->upstream == s->rule.far.upstream &&
		same_flow(e->mri, &s->rule.far);
}

static bool is_near(const struct nslp_session *s, const struct gist_network *e)
{
	return !nslp_session_initiated(s) && e->upstream != s->rule.near.upstream &&
		same_flow(e->mri, &s->rule.near);
}

static void route_bad(struct nslp_session *s, const struct gist_peer *old)
{
	if (nslp_session_initiated(s))
		nslp_initiate_notified(s, NSLP_ROUTE_CHANGE);
	else
		nslp_report_route(s, old);
}

/* What was on its way may not have got there. */
static void lost(struct nslp_session *s)
{
	if (nslp_session_initiated(s))
		nslp_initiate_later(s);
	else if (waiting(s))
		failed(s, GIST_FAIL_ASSOCIATION);
}

static void far_event(struct nslp_session *s, const struct gist_network *e)
{
	switch (e->event) {
	case GIST_LAST_NODE:
		/* With nothing under way an outage, most likely: the next refresh will show. */
		if (waiting(s))
			failed(s, GIST_FAIL_NO_RESPONSE);
		break;
	case GIST_ROUTE_BAD:
	case GIST_ROUTE_DELETED:
		if (!waiting(s) || s->state != SESSION_PENDING)
			route_bad(s, e->peer);
		break;
	case GIST_COMMUNICATION_FAILURE:
		lost(s);
		break;
	case GIST_STATE_LOST:
		if (nslp_session_initiated(s) && !waiting(s))
			nslp_initiate_later(s);
		break;
	default:
		break;
	}
}

static void event(struct nslp_session *s, const struct gist_network *e)
{
	if (is_far(s, e))
		far_event(s, e);
	else if (is_near(s, e) && (e->event == GIST_ROUTE_BAD || e->event == GIST_ROUTE_DELETED))
		route_bad(s, NULL);
}

static bool concerned(const struct nslp_session *s, const void *arg)
{
	return is_far(s, arg) || is_near(s, arg);
}

void nslp_route_network(void *engine, const struct gist_network *e)
{
	struct nslp *n = engine;
	struct nslp_session *s;
	uint8_t (*sid)[GATE_SID];
	uint32_t i, count;

	if (e->sid) {
		s = nslp_session_find(n, e->sid);
		if (s)
			event(s, e);
		return;
	}
	sid = nslp_session_collect(n, concerned, e, &count);
	for (i = 0; i < count; i++) {
		s = nslp_session_find(n, sid[i]);
		if (s)
			event(s, e);
	}
	free(sid);
}
