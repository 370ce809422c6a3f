/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signalling neighbours: one record for all sessions that go by them, counted by use. A neighbour is
 * its SII-Handle (RFC 5971 3.3), or its address while that is not known; with TLS and without it
 * is two, so that what came in clear is never taken for authenticated.
 */
#ifndef _NATFWD_NSLP_PEER_H
#define _NATFWD_NSLP_PEER_H

#include "nslp/engine.h"

struct nslp_peer {
	struct table_node node;
	uint64_t sii;
	struct address address;
	bool tls;
	bool told;			/* of this node going down */
	uint32_t refs;
	uint32_t pending;		/* sessions it has begun that are not established */
	uint64_t tokens, at;		/* refreshes * 1000 it may ask for, and when that was so */
	char name[GATE_NAME];		/* authenticated by TLS; may be empty */
};

/* The record for @p with one more use; NULL: @p is NULL, or out of memory. */
struct nslp_peer *nslp_peer_get(struct nslp *n, const struct gist_peer *p);
struct nslp_peer *nslp_peer_ref(struct nslp_peer *p);
/* One use less; NULL is fine. */
void nslp_peer_put(struct nslp *n, struct nslp_peer *p);
/*
 * One more refresh or update asked for by @p; false: it asks for more than it may. Bounded is what a
 * neighbour can make this node and those behind it do: a refresh costs as much as new sessions do, of
 * which there are only so many. A neighbour's sessions share what each may have, so that it can bring all
 * of them up to date at once when its routes change. NULL may.
 */
bool nslp_peer_paced(const struct nslp *n, struct nslp_peer *p);
/* Whether a message from @p is one from @known. */
bool nslp_peer_is(const struct nslp_peer *known, const struct gist_peer *p);
/* The same, and not with less security than before. */
bool nslp_peer_vouches(const struct nslp_peer *known, const struct gist_peer *p);

#endif /* _NATFWD_NSLP_PEER_H */
