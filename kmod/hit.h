/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done for each packet whose flow was found before and stands: the lookup, what
 * is noted down in the flow, and the short way out (hit.c).
 */
#ifndef _NATFW_HIT_H
#define _NATFW_HIT_H

#include <linux/if_ether.h>
#include <linux/jiffies.h>

#include "flow.h"
#include "net.h"
#include "parse.h"
#include "rule.h"

/* Stamped for this generation and device, alone under its key, not superseded. */
static inline bool natfw_node_current(const struct natfw_node *n, const struct natfw_pkt *p)
{
	const u64 mask = natfw_node_state(U32_MAX, U16_MAX, NATFW_NODE_SHARED | NATFW_NODE_DEAD);

	return !((READ_ONCE(n->state) ^ natfw_node_state((u32)p->gen, p->nd->slot, 0)) & mask);
}

/*
 * A flow of ESP or AH stands under a key without SPI, since replies have
 * another one, while verdicts stand under the key with it.
 */
static inline bool natfw_spi_hidden(const struct natfw_key *key)
{
	return (key->proto == IPPROTO_ESP || key->proto == IPPROTO_AH) && key->ports;
}

/*
 * The half that was found before to stand for packets like @p, if nothing has
 * changed since; NULL otherwise, and then natfw_flow_find() is to be asked,
 * by a new p->gen. Sets p->gen and p->hash. RCU, bottom halves off.
 */
static __always_inline struct natfw_half *natfw_flow_hit(struct natfw_pkt *p)
{
	struct natfw_node *n;

	p->gen = READ_ONCE(p->nn->gen);
	if (!p->hash)
		p->hash = natfw_table_hash(&p->nn->table, &p->key);
	n = p->node;
	if (!n || unlikely(!natfw_node_has_key(n, &p->key)))
		n = natfw_table_hit(&p->nn->table, &p->key, p->hash);
	if (likely(n && natfw_node_current(n, p) && !natfw_spi_hidden(&p->key)))
		return natfw_node_half(n);
	return NULL;
}

static __always_inline void natfw_flow_seen(struct natfw_flow *f, const struct natfw_half *h)
{
	u8 bit = h->node.flags & NATFW_NODE_REPLY ? NATFW_FLOW_REPLIED
						  : NATFW_FLOW_SEEN;

	if (!(READ_ONCE(f->flags) & bit))
		WRITE_ONCE(f->flags, f->flags | bit);
}

static __always_inline void natfw_flow_track(const struct natfw_pkt *p, struct natfw_flow *f,
					     struct natfw_half *h)
{
	u8 state;

	natfw_flow_seen(f, h);
	if (p->key.proto == IPPROTO_TCP)
		state = natfw_tcp_next(f, h, p->tcp_flags);
	else
		state = (f->flags & NATFW_FLOW_REPLIED) ?
			NATFW_FLOW_STATE_ESTABLISHED : NATFW_FLOW_STATE_OPENING;
	if (state != READ_ONCE(f->state))
		WRITE_ONCE(f->state, state);
}

/* Count a packet, refresh the idle timer, follow the connection's state. */
static __always_inline void natfw_flow_touch(const struct natfw_pkt *p, struct natfw_flow *f,
					     struct natfw_half *h)
{
	u32 now = (u32)jiffies;

	natfw_half_count(h, p->len);
	/* an exact rule is counted by its flow */
	if (!(f->flags & NATFW_FLOW_RULE))
		natfw_rule_hit(f->rule, p->cpu, p->len);
	/* written once a second at most; a reset does not keep a flow alive */
	if (now - READ_ONCE(h->node.used) >= HZ && !(p->tcp_flags & NATFW_TH_RST))
		WRITE_ONCE(h->node.used, now);
	if (f->flags & NATFW_FLOW_TWO)
		natfw_flow_track(p, f, h);
}

/*
 * The short way for a packet of flow @f, half @h, whose rule wants direct mode
 * and no mark: where the last packet went, if all is as it was. False if it is
 * not, or the packet is anything but plain; it is as it was then, and
 * natfw_emit() is to be asked.
 */
bool natfw_emit_hit(struct natfw_pkt *p, const struct natfw_flow *f, struct natfw_half *h);

/* Where a frame goes. */
struct natfw_way {
	const struct dst_entry	*dst;
	struct net_device	*dev;
	struct ethhdr		head;
};

/*
 * The same for a frame @p that is no skb yet, of half @h: where it is to be
 * sent, if all is as it was for the last packet, and that is an Ethernet. False
 * if an skb is needed to tell. RCU, bottom halves off; @way is valid as long.
 */
bool natfw_emit_frame(const struct natfw_pkt *p, const struct natfw_half *h,
		      struct natfw_way *way);

/* How large packets may be that go there. */
u32 natfw_way_mtu(const struct natfw_pkt *p, const struct natfw_way *way);

#ifdef NATFW_KUNIT
/* Translate @p of half @h as natfw_emit_hit() does, and take a hop off. */
void natfw_test_hit_rewrite(const struct natfw_pkt *p, const struct natfw_half *h);
#endif

#endif /* _NATFW_HIT_H */
