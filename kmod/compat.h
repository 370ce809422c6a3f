/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between the kernels natfw builds for, under the
 * name of the feature and not of the version: 6.1, 6.12 and 7.2 are what it
 * is built and tested on, what lies between follows from when the change was
 * made. No other file looks at LINUX_VERSION_CODE.
 *
 * Each entry says what changed, and when. A wrapper has the newest kernel's
 * shape, so that the code reads as if that were the only one.
 */
#ifndef _NATFW_COMPAT_H
#define _NATFW_COMPAT_H

#include <linux/version.h>
#include <linux/btf_ids.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/if_inet6.h>
#include <net/inet_dscp.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/xdp.h>

/* Generations, stamps and counters are words of 64 bits, read in one piece. */
#ifndef CONFIG_64BIT
#error "natfw needs a 64-bit kernel"
#endif

/* Buckets are locked by spinning with bottom halves off, which can be preempted there. */
#ifdef CONFIG_PREEMPT_RT
#error "natfw does not work with CONFIG_PREEMPT_RT"
#endif

/*
 * For what is large and filled in member by member: do not clear it on top of
 * that (CONFIG_INIT_STACK_ALL_ZERO), packet by packet.
 */
#if __has_attribute(__uninitialized__) && !defined(__CHECKER__)
#define natfw_not_cleared __attribute__((__uninitialized__))
#else
#define natfw_not_cleared
#endif

/* GSO helpers moved there from linux/netdevice.h and skbuff.h in 6.5. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif

/* Came in 6.2; before, duplicate and overlapping fragments had no reason. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define SKB_DROP_REASON_DUP_FRAG SKB_DROP_REASON_NETFILTER_DROP
#endif

/*
 * ip_route_input_noref() takes a dscp_t and returns a drop reason since 6.13;
 * before, the whole TOS byte and an errno. Zero is success in both.
 */
static inline bool natfw_route_input(struct sk_buff *skb, __be32 daddr,
				     __be32 saddr, u8 tos,
				     struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return !ip_route_input_noref(skb, daddr, saddr,
				     inet_dsfield_to_dscp(tos), dev);
#else
	return !ip_route_input_noref(skb, daddr, saddr, tos, dev);
#endif
}

/* Forwarding can be forced for one device since 6.17. */
static inline bool natfw_v6_forced(const struct inet6_dev *idev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return idev && READ_ONCE(idev->cnf.force_forwarding);
#else
	return false;
#endif
}

/*
 * Have __netif_receive_skb() leave out taps and ingress hooks for @skb, which
 * went through them already; what it does behind them to every packet is done
 * here then. False if this kernel does not look at the flag, which
 * it may have all the same (CONFIG_NET_XGRESS, since 6.6).
 */
static inline bool natfw_skip_ingress(struct sk_buff *skb)
{
#ifdef CONFIG_NET_CLS_ACT
	skb_reset_redirect(skb);
	skb->tc_skip_classify = 1;
	return true;
#else
	return false;
#endif
}

#define NATFW_SKIPS_INGRESS	IS_ENABLED(CONFIG_NET_CLS_ACT)

/* tc is told by it which side of a device it sees @skb at. */
static inline void natfw_not_at_ingress(struct sk_buff *skb)
{
#if defined(CONFIG_NET_XGRESS) || \
	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0) && defined(CONFIG_NET_CLS_ACT))
	skb->tc_at_ingress = 0;
#endif
}

/* True if nftables, tc or BPF look at what @dev sends. RCU. */
static inline bool natfw_egress_watched(const struct net_device *dev)
{
#ifdef CONFIG_NETFILTER_EGRESS
	if (rcu_access_pointer(dev->nf_hooks_egress))
		return true;
#endif
#if defined(CONFIG_NET_XGRESS)
	return rcu_access_pointer(dev->tcx_egress);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0) && defined(CONFIG_NET_CLS_ACT)
	return rcu_access_pointer(dev->miniq_egress);
#else
	return false;
#endif
}

/* A device that is none, for NAPIs without one. It is allocated by the kernel since 6.10. */
static inline struct net_device *natfw_dummy_alloc(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return alloc_netdev_dummy(0);
#else
	struct net_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (dev)
		init_dummy_netdev(dev);
	return dev;
#endif
}

static inline void natfw_dummy_free(struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	free_netdev(dev);
#else
	kfree(dev);
#endif
}

/*
 * A cache of SLAB_TYPESAFE_BY_RCU with its free pointer at @freeptr within the
 * object since 6.12; before, it comes on top.
 */
static inline struct kmem_cache *natfw_cache_typesafe(const char *name, unsigned int size,
						      unsigned int freeptr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	struct kmem_cache_args args = {
		.use_freeptr_offset = true, .freeptr_offset = freeptr,
	};

	return kmem_cache_create(name, size, &args, SLAB_TYPESAFE_BY_RCU);
#else
	return kmem_cache_create(name, size, 0, SLAB_TYPESAFE_BY_RCU, NULL);
#endif
}

/*
 * __assign_str() takes the source from __string() since 6.10.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define natfw_assign_str(dst, src)	__assign_str(dst)
#else
#define natfw_assign_str(dst, src)	__assign_str(dst, src)
#endif

/*
 * The attributes of a dump's request: a member of struct genl_info since 6.6.
 */
static inline struct nlattr **natfw_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* Refusals can be composed, in at most 80 bytes, since 6.2; before, @plain it is. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define natfw_extack_fmt(extack, plain, fmt, ...) do {				\
	scnprintf((extack)->_msg_buf, NETLINK_MAX_FMTMSG_LEN, fmt, __VA_ARGS__);	\
	(extack)->_msg = (extack)->_msg_buf;					\
} while (0)
#else
#define natfw_extack_fmt(extack, plain, fmt, ...) NL_SET_ERR_MSG(extack, plain)
#endif

/* struct netdev_rx_queue has its own header since 6.6. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/netdev_rx_queue.h>
#endif

/* A driver's XDP has queues of its own, generic XDP those of the device. */
static inline bool natfw_xdp_is_generic(const struct xdp_buff *xdp)
{
	const struct netdev_rx_queue *q = xdp->rxq->dev->_rx;

	return xdp->rxq == &q[xdp->rxq->queue_index].xdp_rxq;
}

/*
 * True if @dev takes frames from the XDP program of another device. Drivers say
 * so since 6.3. Before, those that are able to still want to have an XDP
 * program of their own, to have queues for it; veth wants it at its other end,
 * of which we know nothing.
 */
static inline bool natfw_xdp_xmit_ok(const struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	return READ_ONCE(dev->xdp_features) & NETDEV_XDP_ACT_NDO_XMIT;
#else
	const struct bpf_xdp_entity *own = &dev->xdp_state[XDP_MODE_DRV];

	return dev->netdev_ops->ndo_xdp_xmit &&
	       (READ_ONCE(own->prog) || READ_ONCE(own->link)) &&
	       !(dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "veth"));
#endif
}

/*
 * Sets of kfuncs are marked as such since 6.9, kfuncs themselves since 6.3. Ours
 * are called by programs only: there is no call that could be inlined.
 */
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif
#ifndef __bpf_kfunc
#define __bpf_kfunc		__used
#endif

#endif /* _NATFW_COMPAT_H */
