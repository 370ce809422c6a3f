/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet's walk without an skb, for frames that are decided already: see
 * xdp.c, and Documentation/xdp.rst.
 */
#ifndef _NATFW_XDP_H
#define _NATFW_XDP_H

#include "flow.h"
#include "hit.h"
#include "parse.h"

struct bpf_natfw_xdp;
struct xdp_buff;
struct xdp_md;

/* A frame, and what is to be done with it. */
struct natfw_xdp {
	struct natfw_pkt	p;	/* p.skb is NULL */
	struct ethhdr		*eth;
	void			*nh;	/* network header */
	struct natfw_half	*h;	/* what it hit */
	enum natfw_reason	why;	/* how it ends, unless XDP_PASS */
	bool			generic;
	bool			nat;
	struct natfw_xlat	x;	/* with @nat */
	struct natfw_way	way;	/* with XDP_REDIRECT */
};

/*
 * Judge the frame. XDP_DROP, XDP_REDIRECT, or XDP_PASS: whatever is not decided
 * yet, or needs more than the frame, is left to natfw_hook(). Changes nothing.
 * RCU, bottom halves off; @c is valid as long as that lasts.
 */
int natfw_xdp_judge(const struct xdp_buff *xdp, struct natfw_xdp *c);

/*
 * Carry out what natfw_xdp_judge() said, other than XDP_PASS, in the same
 * section: count as natfw_hook() would, rewrite the frame in place.
 */
void natfw_xdp_carry_out(struct natfw_xdp *c, int verdict);

/*
 * Offer the kfuncs to XDP programs. Without type information for them, or a
 * kernel that could call them, they are not there, which is no error. Process
 * context, module init; the kernel takes them back with the module.
 */
void natfw_xdp_register(void);

/* The kfuncs, for programs only: uapi/linux/natfw_xdp.h says what they do. */
int bpf_natfw_xdp_run(struct xdp_md *ctx, u32 *ifindex);
int bpf_natfw_xdp_lookup(struct xdp_md *ctx, struct bpf_natfw_xdp *out, u32 out__sz);

#endif /* _NATFW_XDP_H */
