// SPDX-License-Identifier: GPL-2.0-only
/*
 * The XDP program of natfw: asks the module, does what it says.
 *
 * natfwctl dev attach DEV --xdp puts it on a device.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/natfw_xdp.h>

extern int bpf_natfw_xdp_run(struct xdp_md *ctx, __u32 *ifindex) __ksym;

/* Frames by what became of them: XDP_DROP, XDP_PASS, XDP_REDIRECT. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XDP_REDIRECT + 1);
	__type(key, __u32);
	__type(value, __u64);
} natfw_xdp_count SEC(".maps");

SEC("xdp.frags")
int natfw_xdp(struct xdp_md *ctx)
{
	__u32 ifindex = 0, verdict = bpf_natfw_xdp_run(ctx, &ifindex);
	__u64 *n = bpf_map_lookup_elem(&natfw_xdp_count, &verdict);

	if (n)
		(*n)++;
	if (verdict == XDP_REDIRECT)
		return bpf_redirect(ifindex, 0);
	return verdict == XDP_DROP ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
