/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * What XDP programs can call in natfw.ko. Documentation/xdp.rst has the story;
 * tools/xdp/natfw_xdp.c is the program that is shipped.
 *
 * int bpf_natfw_xdp_run(struct xdp_md *ctx, __u32 *ifindex);
 *
 *	Judges the frame as the attached device would, and carries it out if
 *	that can be done without an skb. Returns what the program has to return:
 *	XDP_DROP, counted; XDP_REDIRECT, counted, translated in place, its next
 *	hop's Ethernet header in front, to be sent by bpf_redirect(*ifindex, 0)
 *	and by no other way; or XDP_PASS, not touched and not counted, for the
 *	ordinary path to judge. A frame must not be given to it twice.
 *
 * int bpf_natfw_xdp_lookup(struct xdp_md *ctx, struct bpf_natfw_xdp *out, __u32 out__sz);
 *
 *	The same judgement, and how the frame would leave, without touching or
 *	counting anything. out__sz is sizeof(struct bpf_natfw_xdp), or -EINVAL
 *	is returned.
 */
#ifndef _UAPI_LINUX_NATFW_XDP_H
#define _UAPI_LINUX_NATFW_XDP_H

#include <linux/types.h>

struct bpf_natfw_xdp {
	__u64	rule;		/* id, 0: none (XDP_PASS, or the device's default) */
	__u32	ifindex;	/* egress device; this and what follows with XDP_REDIRECT only */
	__u32	mtu;		/* of the route */
	__be32	saddr[4];	/* as the frame would leave; IPv4 in saddr[0] */
	__be32	daddr[4];
	__be16	sport;		/* or query identifier, with that of a reply in dport */
	__be16	dport;
	__u8	translated;	/* addresses or ports differ from the frame's */
	__u8	pad[3];
	__u8	eth[16];	/* Ethernet header, 14 bytes */
};

#endif /* _UAPI_LINUX_NATFW_XDP_H */
