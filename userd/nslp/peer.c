// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "nslp/peer.h"

/* Refreshes, for each session that a neighbour has here. */
#define EACH		2	/* a second */
#define BURST		4	/* at once */
#define BURST_ANY	32	/* at once, besides, of a neighbour with few sessions */

static uint64_t hash_of(const struct nslp *n, const struct gist_peer *p)
{
	if (p->sii)
		return siphash(&p->sii, sizeof(p->sii), n->key);
	return siphash(p->address.b, sizeof(p->address.b), n->key);
}

bool nslp_peer_is(const struct nslp_peer *known, const struct gist_peer *p)
{
	if (!known || !p || known->sii != p->sii)
		return false;
	return p->sii || address_equal(&known->address, &p->address);
}

bool nslp_peer_vouches(const struct nslp_peer *known, const struct gist_peer *p)
{
	return nslp_peer_is(known, p) && (!known->tls || p->security == GIST_TLS);
}

static bool matches(const struct nslp_peer *known, const struct gist_peer *p)
{
	return nslp_peer_is(known, p) && known->tls == (p->security == GIST_TLS) &&
		!strncmp(known->name, p->name ? p->name : "", sizeof(known->name) - 1);
}

static struct nslp_peer *find(const struct nslp *n, const struct gist_peer *p, uint64_t hash)
{
	struct table_node *node;

	for (node = table_first(&n->peers, hash); node; node = table_next(node, hash))
		if (matches(container_of(node, struct nslp_peer, node), p))
			return container_of(node, struct nslp_peer, node);
	return NULL;
}

struct nslp_peer *nslp_peer_get(struct nslp *n, const struct gist_peer *p)
{
	uint64_t hash = p ? hash_of(n, p) : 0;
	struct nslp_peer *peer = p ? find(n, p, hash) : NULL;

	if (!p)
		return NULL;
	if (!peer) {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			return NULL;
		if (table_add(&n->peers, &peer->node, hash)) {
			free(peer);
			return NULL;
		}
		peer->sii = p->sii;
		peer->tokens = UINT64_MAX / 2;	/* as many as its sessions may have */
		peer->tls = p->security == GIST_TLS;
		snprintf(peer->name, sizeof(peer->name), "%s", p->name ? p->name : "");
		n->stats.memory += sizeof(*peer);
	}
	peer->address = p->address;
	return nslp_peer_ref(peer);
}

bool nslp_peer_paced(const struct nslp *n, struct nslp_peer *p)
{
	uint64_t now = n->timers->now, full;

	if (!p)
		return true;
	full = ((uint64_t)p->refs * BURST + BURST_ANY) * 1000;
	p->tokens += (now - p->at) * p->refs * EACH;
	p->at = now;
	if (p->tokens > full)
		p->tokens = full;
	if (p->tokens < 1000)
		return false;
	p->tokens -= 1000;
	return true;
}

struct nslp_peer *nslp_peer_ref(struct nslp_peer *p)
{
	if (p)
		p->refs++;
	return p;
}

void nslp_peer_put(struct nslp *n, struct nslp_peer *p)
{
	if (!p || --p->refs)
		return;
	table_del(&n->peers, &p->node);
	n->stats.memory -= sizeof(*p);
	free(p);
}
