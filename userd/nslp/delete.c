// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "gist/code.h"
#include "nslp/delete.h"
#include "nslp/forward.h"
#include "nslp/respond.h"

/*
 * Who may: the neighbour that the session is known to come from, over a path that GIST has matched
 * with its routing state; knowing the session id is the proof of ownership (5.2.1). Somebody else
 * who knows it may be the same host by another way: then an association has to vouch for him. What
 * was begun with TLS is not ended without.
 */
static bool may_delete(const struct nslp_session *s, const struct gist_rx *rx)
{
	bool tls = rx->peer && rx->peer->security == GIST_TLS;

	if (s->near && s->near->tls && !tls)
		return false;
	return nslp_peer_is(s->near, rx->peer) || (rx->peer && rx->peer->ma);
}

static void deleted(struct nslp_session *s, const struct nslp_message *m)
{
	nslp_count(s->n, NSLP_N_deleted);
	if (s->rule.role == SESSION_NF || s->beyond)
		nslp_forward_delete(s, m);
}

void nslp_delete(struct nslp *n, struct nslp_session *s, const struct gist_rx *rx,
		 const struct nslp_message *m)
{
	uint8_t sid[GATE_SID];

	if (!s || !may_delete(s, rx)) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	memcpy(sid, s->sid, sizeof(sid));
	s->msn = m->msn;
	deleted(s, m);
	s = nslp_session_find(n, sid);
	if (s)
		nslp_session_end(s, 0, "deleted by its initiator");
}

/* --- many at once ---------------------------------------------------------------------------- */

static bool prefix_within(const struct address *a, unsigned int len, const struct address *wide,
			  unsigned int wide_len)
{
	return !wide_len || (len >= wide_len && address_within(a, wide, wide_len));
}

static bool path_within(const struct gist_mri *m, const struct gist_mri *wide)
{
	if (wide->has_protocol && (!m->has_protocol || m->protocol != wide->protocol))
		return false;
	if (wide->has_sport && (!m->has_sport || m->sport != wide->sport))
		return false;
	if (wide->has_dport && (!m->has_dport || m->dport != wide->dport))
		return false;
	return prefix_within(&m->source, m->source_prefix, &wide->source, wide->source_prefix) &&
		prefix_within(&m->destination, m->destination_prefix, &wide->destination,
			      wide->destination_prefix);
}

static bool loose_within(const struct gist_mri *m, const struct gist_mri *wide)
{
	return (address_is_any(&wide->source) || address_equal(&m->source, &wide->source)) &&
		(address_is_any(&wide->destination) ||
		 address_equal(&m->destination, &wide->destination));
}

bool nslp_delete_within(const struct gist_mri *mri, const struct gist_mri *wide)
{
	if (mri->method != wide->method || mri->source.version != wide->source.version)
		return false;
	return mri->method == GIST_MRM_PATH ? path_within(mri, wide) : loose_within(mri, wide);
}

static bool belongs(const struct nslp_session *s, const void *arg)
{
	const struct gist_rx *rx = arg;

	return !nslp_session_initiated(s) && nslp_peer_is(s->near, rx->peer) &&
		s->rule.near.upstream == rx->mri->upstream &&
		nslp_delete_within(&s->rule.near, rx->mri);
}

/* The aggregate itself goes no further; what it ends is deleted further on one by one. */
static uint32_t delete_all(struct nslp *n, const struct gist_rx *rx, uint8_t type)
{
	struct nslp_session *s;
	uint32_t i, count, ended = 0;
	uint8_t (*sid)[GATE_SID] = nslp_session_collect(n, belongs, rx, &count);

	for (i = 0; i < count; i++) {
		s = nslp_session_find(n, sid[i]);
		if (!s || s->rule.type != type)
			continue;
		ended++;
		deleted(s, NULL);
		s = nslp_session_find(n, sid[i]);
		if (s)
			nslp_session_end(s, 0, "deleted by its initiator with others");
	}
	free(sid);
	return ended;
}

/* The address that makes it the NI's own: nobody ends all sessions of everybody. */
static bool names_peer(const struct gist_rx *rx)
{
	return address_equal(&rx->mri->source, &rx->peer->address) ||
		address_equal(&rx->mri->destination, &rx->peer->address);
}

/*
 * Ownership cannot be shown here: the association it came in by stands for it. Without one the
 * asker is not authenticated, and with nothing here that is his he is not authorized.
 */
void nslp_delete_aggregate(struct nslp *n, const struct gist_rx *rx,
			   const struct nslp_message *m)
{
	bool known = rx->peer && rx->peer->ma && rx->peer->sii;

	if (!nslp_type_request(m->type) || m->lifetime || !rx->peer || !nslp_may_scan(n, known)) {
		nslp_count(n, NSLP_N_dropped);
		return;
	}
	if (!known)
		nslp_refuse(n, rx, m, NSLP_NOT_AUTHENTICATED, 0);
	else if (!names_peer(rx) || !delete_all(n, rx, m->type))
		nslp_refuse(n, rx, m, NSLP_NOT_AUTHORIZED, 0);
}
