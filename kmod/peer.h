/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Permission of a remote address to reach an external endpoint (RFC 4787,
 * REQ-8): made by a flow to that address, and there as long as such flows are.
 * Packets under RCU with bottom halves off.
 */
#ifndef _NATFW_PEER_H
#define _NATFW_PEER_H

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include "table.h"

struct natfw_map;
struct natfw_net;

struct natfw_peer {
	struct natfw_wide_node	at;
	refcount_t		refs;
	struct rcu_head		rcu;
};

/* The permission of @remote, made if need be. A reference, or NULL: no memory. */
struct natfw_peer *natfw_peer_get(struct natfw_net *nn, const struct natfw_map *m,
				  const union natfw_addr *remote);
/* Last reference takes the permission out. NULL is fine. */
void natfw_peer_put(struct natfw_net *nn, struct natfw_peer *peer);
/* True if the filtering of the mapping's pool lets @remote in. */
bool natfw_peer_admits(struct natfw_net *nn, const struct natfw_map *m,
		       const union natfw_addr *remote);

int natfw_peer_module_init(void);
void natfw_peer_module_exit(void);

#endif /* _NATFW_PEER_H */
