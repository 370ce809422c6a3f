// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames before they become packets of the stack.
 *
 * What is done here is a strict subset of what natfw_hook() does, with the same
 * result and the same counters: frames that hit a flow or an exact rule whose
 * verdict stands, and that are dropped, or sent to a next hop that is known, as
 * they are or with addresses and ports exchanged. Every doubt is XDP_PASS: the
 * frame becomes an skb and comes by natfw_hook(), which finds, makes, answers
 * and counts. So nothing is counted twice, and nothing is missed.
 *
 * A frame says less than an skb. Two things stand beside it where a driver or
 * another network namespace put them: a VLAN tag, and that a checksum is to be
 * completed yet. Devices that may hide a tag are left alone
 * (natfw_xdp_blind()); an unfinished checksum shows by being that of the pseudo
 * header (natfw_xdp_unfinished()).
 */
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/sctp.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/xdp.h>

#include "compat.h"
#include "emit.h"
#include "ident.h"
#include "net.h"
#include "rewrite.h"
#include "rule.h"
#include "trace.h"
#include "xdp.h"

/* ---- what the frame is ---- */

/* True if a VLAN tag may have been taken off the frame. */
static bool natfw_xdp_blind(const struct net_device *dev)
{
	if (dev->features & (NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_STAG_RX))
		return true;
#if IS_ENABLED(CONFIG_VLAN_8021Q)
	/* a device made of software has it from whoever sent the skb */
	return !dev->dev.parent && rcu_access_pointer(dev->vlan_info);
#else
	return false;
#endif
}

/* Protocols of which frames are looked at; AH and ESP flows stand under two keys. */
static bool natfw_xdp_knows(u8 proto)
{
	return proto != IPPROTO_ESP && proto != IPPROTO_AH;
}

/* ICMP: queries only. @h: eight bytes. */
static bool natfw_xdp_parse_icmp(struct natfw_xdp *c, const u8 *h)
{
	struct natfw_pkt *p = &c->p;
	bool v6 = natfw_pkt_is6(p);
	__be16 id = *(const __be16 *)(h + 4);

	if (p->key.proto != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return false;
	p->icmp_type = h[0];
	p->icmp_code = h[1];
	p->flags |= NATFW_P_QUERY;
	if (natfw_icmp_request(v6, h[0]))
		p->key.sport = id;
	else if (natfw_icmp_reply(v6, h[0]))
		p->key.dport = id;
	else
		return false;
	return true;
}

/* @left: bytes from the network header on that are there and of the packet. */
static bool natfw_xdp_parse_transport(struct natfw_xdp *c, unsigned int left)
{
	struct natfw_pkt *p = &c->p;
	unsigned int need = natfw_transport_len(p->key.proto);
	const u8 *h = c->nh + p->thoff;

	if (p->thoff + need > left || !natfw_xdp_knows(p->key.proto))
		return false;
	p->key.ports = 0;
	if (natfw_proto_has_ports(p->key.proto)) {
		natfw_key_set_tail(&p->key, *(const __be32 *)h, p->key.proto, NATFW_KIND_FLOW,
				   p->key.zone);
		if (p->key.proto == IPPROTO_TCP)
			p->tcp_flags = h[13];
		return true;
	}
	return !need || natfw_xdp_parse_icmp(c, h);
}

/* No options, no fragments, one destination. */
static bool natfw_xdp_parse4(struct natfw_xdp *c, unsigned int linear)
{
	const struct iphdr *ih = c->nh;
	struct natfw_pkt *p = &c->p;
	unsigned int end;

	if (linear < sizeof(*ih) || ih->version != 4 || ih->ihl != 5)
		return false;
	end = ntohs(ih->tot_len);
	if (end < sizeof(*ih) || end > p->len || ip_is_fragment(ih) ||
	    ipv4_is_multicast(ih->daddr) || ipv4_is_lbcast(ih->daddr))
		return false;
	natfw_addr_set4(&p->key.src, ih->saddr);
	natfw_addr_set4(&p->key.dst, ih->daddr);
	p->key.proto = ih->protocol;
	p->ttl = ih->ttl;
	p->thoff = sizeof(*ih);
	return natfw_xdp_parse_transport(c, min(end, linear));
}

/* Extension headers, as far as they are not a flow's "protocol". */
static bool natfw_xdp_is_ext(u8 nexthdr)
{
	return ipv6_ext_hdr(nexthdr) || nexthdr == NEXTHDR_MOBILITY;
}

/* Addresses no router forwards, or no packet of this family has. */
static bool natfw_xdp_addr6(const struct in6_addr *a)
{
	return !(ipv6_addr_type(a) & (IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL |
				      IPV6_ADDR_LOOPBACK | IPV6_ADDR_MAPPED)) &&
	       !ipv6_addr_any(a);
}

static bool natfw_xdp_parse6(struct natfw_xdp *c, unsigned int linear)
{
	const struct ipv6hdr *ih = c->nh;
	struct natfw_pkt *p = &c->p;
	unsigned int end;

	if (linear < sizeof(*ih) || ih->version != 6)
		return false;
	end = ntohs(ih->payload_len) + sizeof(*ih);
	if (end > p->len || !ih->payload_len || natfw_xdp_is_ext(ih->nexthdr) ||
	    !natfw_xdp_addr6(&ih->saddr) || !natfw_xdp_addr6(&ih->daddr))
		return false;
	natfw_addr_set6(&p->key.src, &ih->saddr);
	natfw_addr_set6(&p->key.dst, &ih->daddr);
	p->flags = NATFW_P_V6;
	p->key.proto = ih->nexthdr;
	p->ttl = ih->hop_limit;
	p->thoff = sizeof(*ih);
	return natfw_xdp_parse_transport(c, min(end, linear));
}

static bool natfw_xdp_parse(struct natfw_xdp *c, unsigned int linear)
{
	switch (c->eth->h_proto) {
	case htons(ETH_P_IP):
		return natfw_xdp_parse4(c, linear);
	case htons(ETH_P_IPV6):
		return natfw_xdp_parse6(c, linear);
	default:
		return false;
	}
}

/* Fill in what does not depend on the frame's contents. False: not for us. */
static bool natfw_xdp_start(const struct xdp_buff *xdp, struct natfw_xdp *c)
{
	struct net_device *dev = xdp->rxq->dev;
	struct natfw_dev *nd = natfw_dev_get_rcu(dev);

	if (!nd || natfw_xdp_blind(dev) || dev->type != ARPHRD_ETHER)
		return false;
	c->eth = xdp->data;
	c->nh = c->eth + 1;
	if (c->nh > xdp->data_end || !ether_addr_equal(c->eth->h_dest, dev->dev_addr))
		return false;
	natfw_pkt_begin(&c->p, nd, NULL, xdp_get_buff_len((struct xdp_buff *)xdp) - ETH_HLEN,
			smp_processor_id());
	c->p.key.kind = NATFW_KIND_FLOW;
	c->generic = natfw_xdp_is_generic(xdp);
	return true;
}

/* ---- how it leaves ---- */

/*
 * True if the sender may have left the transport checksum to a device: its
 * field is then the sum of the pseudo header, to be completed. Once in 65536
 * times a finished one looks so too, and the frame takes the longer way.
 */
static bool natfw_xdp_unfinished(const struct natfw_xdp *c)
{
	const struct natfw_pkt *p = &c->p;
	const struct natfw_l4 *l4 = natfw_l4_find(p->key.proto, natfw_pkt_is6(p));
	const struct ipv6hdr *ih6 = c->nh;
	const struct iphdr *ih = c->nh;
	u32 field, sum;

	if (p->key.proto == IPPROTO_SCTP)
		return !((const struct sctphdr *)(c->nh + p->thoff))->checksum;
	if (!l4->pseudo)
		return false;
	field = *(const u16 *)(c->nh + p->thoff + l4->csum);
	if (!field && l4->zero)
		return false;
	sum = (__force u16)natfw_pseudo_sum(p, natfw_pkt_is6(p) ? ntohs(ih6->payload_len)
								: ntohs(ih->tot_len) - p->thoff);
	/* a multiple of 65535 */
	sum += field;
	return !sum || sum == 0xffff || sum == 2 * 0xffff;
}

/* Whether what is needed of the packet beyond its flow is in the frame. */
static bool natfw_xdp_sendable(const struct xdp_buff *xdp, const struct natfw_xdp *c)
{
	const struct natfw_pkt *p = &c->p;

	return p->ttl > 1 && natfw_transport_len(p->key.proto) &&
	       !xdp_buff_has_frags((struct xdp_buff *)xdp) && !natfw_xdp_unfinished(c);
}

/* A CRC over the whole packet is not done here. */
static bool natfw_xdp_translatable(const struct natfw_xdp *c)
{
	return c->p.key.proto != IPPROTO_SCTP || c->x.ports == c->p.key.ports;
}

/* Where it goes, if that is known, and takes frames. The stack is to put tags on. */
static bool natfw_xdp_hop(struct natfw_xdp *c)
{
	if (!natfw_emit_frame(&c->p, c->h, &c->way) || c->way.dev->type != ARPHRD_ETHER ||
	    is_vlan_dev(c->way.dev))
		return false;
	return c->generic || natfw_xdp_xmit_ok(c->way.dev);
}

static int natfw_xdp_judge_permit(const struct xdp_buff *xdp, struct natfw_xdp *c,
				  const struct natfw_flow *f)
{
	if (natfw_flow_mark(f) ||
	    natfw_emit_mode(&c->p, natfw_flow_emit(f)) != NATFW_EMIT_DIRECT ||
	    !natfw_xdp_sendable(xdp, c))
		return XDP_PASS;
	c->nat = f->flags & NATFW_FLOW_NAT;
	if (c->nat) {
		natfw_half_xlat(c->h, &c->x);
		if (!natfw_xdp_translatable(c))
			return XDP_PASS;
	}
	if (!natfw_xdp_hop(c))
		return XDP_PASS;
	c->why = c->nat ? NATFW_R_NAT_DIRECT : NATFW_R_ALLOW_DIRECT;
	return XDP_REDIRECT;
}

/* What is known of the rule is in the flow; see natfw_follow(). */
static int natfw_xdp_judge_flow(const struct xdp_buff *xdp, struct natfw_xdp *c)
{
	const struct natfw_flow *f = natfw_half_flow(c->h);

	if (f->rule == c->p.nn->fallback) {
		c->why = NATFW_R_DROP_DEFAULT;
		return READ_ONCE(c->p.nd->default_verdict) == NATFW_VERDICT_PASS ?
		       XDP_PASS : XDP_DROP;
	}
	if (f->action == NATFW_ACTION_DENY) {
		c->why = NATFW_R_DENY;
		return XDP_DROP;
	}
	if (f->action == NATFW_ACTION_REJECT)
		return XDP_PASS;
	return natfw_xdp_judge_permit(xdp, c, f);
}

int natfw_xdp_judge(const struct xdp_buff *xdp, struct natfw_xdp *c)
{
	if (!natfw_xdp_start(xdp, c) || !natfw_xdp_parse(c, xdp->data_end - c->nh))
		return XDP_PASS;
	c->h = natfw_flow_hit(&c->p);
	return c->h ? natfw_xdp_judge_flow(xdp, c) : XDP_PASS;
}

/* ---- carrying it out ---- */

/* As natfw_rewrite_id(). */
static void natfw_xdp_rewrite_id(const struct natfw_xdp *c, struct iphdr *ih)
{
	if (ih->frag_off & htons(IP_DF) || natfw_addr_equal(&c->x.src, &c->p.key.src))
		return;
	natfw_csum_apply(&ih->check, natfw_rewrite_fresh_id(ih, c->p.cpu, c->h->node.ident, 1));
}

static void natfw_xdp_translate(struct natfw_xdp *c)
{
	const struct natfw_l4 *l4 = natfw_l4_find(c->p.key.proto, natfw_pkt_is6(&c->p));
	void *th = c->nh + c->p.thoff;
	struct natfw_delta d;

	d.addr = natfw_rewrite_addrs(c->nh, natfw_pkt_is6(&c->p), &c->x.src, &c->x.dst);
	if (!natfw_pkt_is6(&c->p))
		natfw_xdp_rewrite_id(c, c->nh);
	if (!l4->csum)
		return;
	d.ports = natfw_sub_endpoints(&c->p, th, &c->x);
	natfw_l4_sum(th + l4->csum, l4, &d);
}

static void natfw_xdp_rewrite(struct natfw_xdp *c)
{
	if (c->nat)
		natfw_xdp_translate(c);
	if (natfw_pkt_is6(&c->p))
		((struct ipv6hdr *)c->nh)->hop_limit--;
	else
		ip_decrease_ttl(c->nh);
	*c->eth = c->way.head;
}

void natfw_xdp_carry_out(struct natfw_xdp *c, int verdict)
{
	struct natfw_flow *f = natfw_half_flow(c->h);

	natfw_flow_touch(&c->p, f, c->h);
	if (verdict == XDP_REDIRECT)
		natfw_xdp_rewrite(c);
	natfw_stats_count(c->p.nd->stats, c->p.cpu, c->why, c->p.len);
	trace_natfw_end(&c->p, f->rule == c->p.nn->fallback ? NULL : f->rule, c->why);
}
