// SPDX-License-Identifier: GPL-2.0-only
/*
 * Permissions: see peer.h. They stand in the table under external address,
 * protocol and port, and the remote address; flows hold them.
 */
#include <linux/slab.h>

#include "net.h"
#include "peer.h"
#include "pool.h"

static struct kmem_cache *natfw_peer_cache;

static void natfw_peer_key(struct natfw_key *k, const struct natfw_map *m,
			   const union natfw_addr *remote)
{
	natfw_map_external(m, k);
	k->kind = NATFW_KIND_PEER;
	k->src = *remote;
	k->sport = 0;
}

static struct natfw_peer *natfw_peer_find(struct natfw_net *nn,
					  const struct natfw_key *k)
{
	struct natfw_node *n;

	n = natfw_table_hit(&nn->table, k, natfw_table_hash(&nn->table, k));
	return n ? container_of(n, struct natfw_peer, at.node) : NULL;
}

static bool natfw_clash_peer(struct natfw_node *old, void *arg)
{
	struct natfw_peer *peer = container_of(old, struct natfw_peer, at.node);

	if (!refcount_inc_not_zero(&peer->refs))
		return false;	/* on its way out */
	*(struct natfw_peer **)arg = peer;
	return true;
}

struct natfw_peer *natfw_peer_get(struct natfw_net *nn, const struct natfw_map *m,
				  const union natfw_addr *remote)
{
	struct natfw_peer *peer, *theirs = NULL;
	struct natfw_key k;

	natfw_peer_key(&k, m, remote);
	peer = natfw_peer_find(nn, &k);
	if (peer && refcount_inc_not_zero(&peer->refs))
		return peer;
	peer = kmem_cache_zalloc(natfw_peer_cache, GFP_ATOMIC);
	if (!peer)
		return NULL;
	natfw_node_set_key(&peer->at.node, &k);
	refcount_set(&peer->refs, 1);
	atomic_long_add(sizeof(*peer), &nn->memory);
	if (!natfw_table_insert(&nn->table, &peer->at.node,
				natfw_table_hash(&nn->table, &k),
				natfw_clash_peer, &theirs))
		return peer;
	atomic_long_sub(sizeof(*peer), &nn->memory);
	kmem_cache_free(natfw_peer_cache, peer);
	return theirs;
}

static void natfw_peer_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(natfw_peer_cache, container_of(rcu, struct natfw_peer, rcu));
}

void natfw_peer_put(struct natfw_net *nn, struct natfw_peer *peer)
{
	if (!peer || !refcount_dec_and_test(&peer->refs))
		return;
	natfw_table_remove(&nn->table, &peer->at.node);
	atomic_long_sub(sizeof(*peer), &nn->memory);
	call_rcu(&peer->rcu, natfw_peer_free_rcu);
}

bool natfw_peer_admits(struct natfw_net *nn, const struct natfw_map *m,
		       const union natfw_addr *remote)
{
	struct natfw_key k;

	switch (natfw_map_filtering(m)) {
	case NATFW_FILTERING_ENDPOINT_INDEPENDENT:
		return true;
	case NATFW_FILTERING_ADDRESS_DEPENDENT:
		natfw_peer_key(&k, m, remote);
		return natfw_peer_find(nn, &k);
	default:
		return false;
	}
}

int natfw_peer_module_init(void)
{
	natfw_peer_cache = KMEM_CACHE(natfw_peer, SLAB_ACCOUNT);
	return natfw_peer_cache ? 0 : -ENOMEM;
}

void natfw_peer_module_exit(void)
{
	kmem_cache_destroy(natfw_peer_cache);
}
