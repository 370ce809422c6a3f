// SPDX-License-Identifier: GPL-2.0-only
/*
 * What frames.c runs: a generator of frames that never were an sk_buff, and what swallows them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "frames.h"

const volatile struct frames frames;
__u32 next;

static __always_inline __u16 plus(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

/* The memory is that of an earlier frame, as it was left: all of it is written. */
SEC("xdp")
int generate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct frame *f = data;
	__u32 n = next;

	if ((void *)(f + 1) > end)
		return XDP_ABORTED;
	next = n + 1 < frames.flows ? n + 1 : 0;
#pragma unroll
	for (__u32 i = 0; i < sizeof(*f) / 2; i++)
		((__u16 *)f)[i] = ((const volatile __u16 *)&frames.model)[i];
	f->udp.source = bpf_htons(bpf_ntohs(f->udp.source) + n);
	f->udp.check = bpf_htons(plus((__u16)~bpf_ntohs(f->udp.check) + n));
	return bpf_redirect(frames.device, 0);
}

/* Sending alone: unseen, without even a hop count. */
SEC("xdp")
int forward(struct xdp_md *ctx __attribute__((unused)))
{
	return bpf_redirect(frames.device, 0);
}

SEC("xdp")
int swallow(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
