// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signalling peers: one object for each NLI (Peer-Identity and Interface-Address) and interface
 * that its messages come in by, shared by all that is between it and us. Its SII-Handle is the same
 * for all sessions (RFC 5971 7.1.4).
 */
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "gist/engine.h"

static uint64_t nli_hash(const struct gist *g, struct gist_view identity, const struct address *a)
{
	uint8_t all[17 + UINT8_MAX];

	all[0] = a->version;
	memcpy(all + 1, a->b, 16);
	if (identity.len)
		memcpy(all + 17, identity.data, identity.len);
	return siphash(all, 17 + identity.len, g->table_key);
}

static uint64_t sii_hash(const struct gist *g, uint64_t sii)
{
	return siphash(&sii, sizeof(sii), g->table_key);
}

bool gist_peer_is(const struct peer *p, struct gist_view identity, const struct address *a)
{
	return address_equal(&p->address, a) &&
	       gist_view_equal(gist_view(p->identity, p->identity_len), identity);
}

struct peer *gist_peer_find(struct gist *g, struct gist_view identity, const struct address *a,
			    uint32_t ifindex)
{
	uint64_t hash = nli_hash(g, identity, a);
	struct table_node *n;
	struct peer *p;

	for (n = table_first(&g->peers, hash); n; n = table_next(n, hash)) {
		p = container_of(n, struct peer, by_nli);
		if (p->ifindex == ifindex && gist_peer_is(p, identity, a))
			return p;
	}
	return NULL;
}

struct peer *gist_peer_by_sii(const struct gist *g, uint64_t sii)
{
	uint64_t hash = sii_hash(g, sii);
	struct table_node *n;

	for (n = table_first(&g->siis, hash); n; n = table_next(n, hash))
		if (container_of(n, struct peer, by_sii)->sii == sii)
			return container_of(n, struct peer, by_sii);
	return NULL;
}

static struct host *find_host(struct gist *g, const struct address *a, uint64_t hash)
{
	struct table_node *n;
	struct host *h;

	for (n = table_first(&g->hosts, hash); n; n = table_next(n, hash)) {
		h = container_of(n, struct host, node);
		if (address_equal(&h->address, a))
			return h;
	}
	return NULL;
}

static struct host *host_get(struct gist *g, const struct address *peer)
{
	struct address a = { .version = peer->version };
	struct host *h;
	uint64_t hash;

	memcpy(a.b, peer->b, a.version == 4 ? 4 : 8);
	hash = siphash(&a, sizeof(a), g->table_key);
	h = find_host(g, &a, hash);
	if (!h) {
		h = calloc(1, sizeof(*h));
		if (!h)
			return NULL;
		if (table_add(&g->hosts, &h->node, hash)) {
			free(h);
			return NULL;
		}
		h->address = a;
		g->memory += sizeof(*h);
	}
	h->refs++;
	return h;
}

static void host_put(struct gist *g, struct host *h)
{
	if (--h->refs)
		return;
	table_del(&g->hosts, &h->node);
	g->memory -= sizeof(*h);
	free(h);
}

static bool enter(struct gist *g, struct peer *p, struct gist_view identity)
{
	p->host = host_get(g, &p->address);
	if (!p->host)
		return false;
	if (table_add(&g->peers, &p->by_nli, nli_hash(g, identity, &p->address)))
		goto no_peers;
	if (!table_add(&g->siis, &p->by_sii, sii_hash(g, p->sii)))
		return true;
	table_del(&g->peers, &p->by_nli);
no_peers:
	host_put(g, p->host);
	return false;
}

static struct peer *make(struct gist *g, struct gist_view identity, const struct address *a)
{
	struct peer *p = calloc(1, sizeof(*p) + identity.len);

	if (!p)
		return NULL;
	p->address = *a;
	p->identity_len = (uint8_t)identity.len;
	if (identity.len)
		memcpy(p->identity, identity.data, identity.len);
	p->sii = g->next_sii++;
	if (!g->next_sii)
		g->next_sii = 1;
	if (!enter(g, p, identity)) {
		free(p);
		return NULL;
	}
	g->memory += sizeof(*p) + identity.len;
	return p;
}

struct peer *gist_peer_get(struct gist *g, struct gist_view identity, const struct address *a,
			   uint32_t ifindex, const struct address *own)
{
	struct peer *p = gist_peer_find(g, identity, a, ifindex);

	if (!p)
		p = make(g, identity, a);
	if (!p)
		return NULL;
	p->ifindex = ifindex;
	p->own = *own;
	p->refs++;
	return p;
}

void gist_peer_put(struct gist *g, struct peer *p)
{
	if (!p || --p->refs)
		return;
	table_del(&g->peers, &p->by_nli);
	table_del(&g->siis, &p->by_sii);
	host_put(g, p->host);
	g->memory -= sizeof(*p) + p->identity_len;
	free(p);
}

static struct ma *usable(const struct peer *p, bool tls, bool connected)
{
	struct ma *ma;

	for (ma = p->mas; ma; ma = ma->next)
		if ((ma->tls || !tls) && (ma->phase != MA_CONNECTING || !connected))
			return ma;
	return NULL;
}

struct ma *gist_peer_association(struct gist *g, struct gist_view identity, const struct address *a,
				 bool tls, bool connected)
{
	uint64_t hash = nli_hash(g, identity, a);
	struct table_node *n;
	struct peer *p;
	struct ma *ma;

	for (n = table_first(&g->peers, hash); n; n = table_next(n, hash)) {
		p = container_of(n, struct peer, by_nli);
		ma = gist_peer_is(p, identity, a) ? usable(p, tls, connected) : NULL;
		if (ma)
			return ma;
	}
	return NULL;
}

struct count {
	const struct address *address;
	unsigned int found;
	bool unproven;			/* only those; of IPv6 in the /64 */
};

static bool count_one(struct table_node *n, void *arg)
{
	struct ma *ma = container_of(n, struct ma, node);
	struct count *c = arg;
	unsigned int bits = address_bits(c->address);

	if (c->unproven && ma->peer)
		return true;
	if (c->unproven && bits > 64)
		bits = 64;
	if (address_within(&ma->from.address, c->address, bits))
		c->found++;
	return true;
}

unsigned int gist_peer_associations(struct gist *g, const struct address *a)
{
	struct count c = { .address = a };

	table_each(&g->mas, count_one, &c);
	return c.found;
}

unsigned int gist_peer_unproven(struct gist *g, const struct address *a)
{
	struct count c = { .address = a, .unproven = true };

	table_each(&g->mas, count_one, &c);
	return c.found;
}
