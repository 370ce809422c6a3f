// SPDX-License-Identifier: GPL-2.0-only
/*
 * What XDP programs call; uapi/linux/natfw_xdp.h says what for.
 *
 * The verifier lets a program call a kernel function by its type information.
 * That of the module is put into natfw.ko after it was linked (tools/btf),
 * where there is what it takes. A program that calls holds the module.
 */
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <net/xdp.h>
#include <uapi/linux/natfw_xdp.h>

#include "compat.h"
#include "net.h"
#include "rule.h"
#include "xdp.h"

#if IS_ENABLED(CONFIG_DEBUG_INFO_BTF_MODULES) && IS_ENABLED(CONFIG_BPF_JIT)

static_assert(sizeof(struct bpf_natfw_xdp) == 72);

static void natfw_xdp_tell_addr(__be32 to[4], const union natfw_addr *a)
{
	if (natfw_addr_is4(a))
		to[0] = a->a32[3];
	else
		memcpy(to, a, sizeof(*a));
}

static void natfw_xdp_tell_sent(struct bpf_natfw_xdp *out, const struct natfw_xdp *c)
{
	const struct natfw_key *k = &c->p.key;

	out->ifindex = c->way.dev->ifindex;
	out->mtu = natfw_way_mtu(&c->p, &c->way);
	out->translated = c->nat;
	natfw_xdp_tell_addr(out->saddr, c->nat ? &c->x.src : &k->src);
	natfw_xdp_tell_addr(out->daddr, c->nat ? &c->x.dst : &k->dst);
	out->sport = c->nat ? c->x.sport : k->sport;
	out->dport = c->nat ? c->x.dport : k->dport;
	memcpy(out->eth, &c->way.head, sizeof(c->way.head));
}

__bpf_kfunc int bpf_natfw_xdp_run(struct xdp_md *ctx, u32 *ifindex)
{
	struct xdp_buff *xdp = (struct xdp_buff *)ctx;
	struct natfw_xdp natfw_not_cleared c;
	int verdict;

	/* a program may be run from a system call, too, and drivers have but the latter */
	rcu_read_lock();
	local_bh_disable();
	verdict = natfw_xdp_judge(xdp, &c);
	if (verdict != XDP_PASS)
		natfw_xdp_carry_out(&c, verdict);
	if (verdict == XDP_REDIRECT)
		*ifindex = c.way.dev->ifindex;
	local_bh_enable();
	rcu_read_unlock();
	return verdict;
}

__bpf_kfunc int bpf_natfw_xdp_lookup(struct xdp_md *ctx, struct bpf_natfw_xdp *out,
				     u32 out__sz)
{
	struct xdp_buff *xdp = (struct xdp_buff *)ctx;
	struct natfw_xdp natfw_not_cleared c;
	int verdict;

	if (out__sz != sizeof(*out))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	rcu_read_lock();
	local_bh_disable();
	verdict = natfw_xdp_judge(xdp, &c);
	if (verdict != XDP_PASS)
		out->rule = natfw_half_flow(c.h)->rule->id;
	if (verdict == XDP_REDIRECT)
		natfw_xdp_tell_sent(out, &c);
	local_bh_enable();
	rcu_read_unlock();
	return verdict;
}

BTF_KFUNCS_START(natfw_xdp_kfuncs)
BTF_ID_FLAGS(func, bpf_natfw_xdp_run)
BTF_ID_FLAGS(func, bpf_natfw_xdp_lookup)
BTF_KFUNCS_END(natfw_xdp_kfuncs)

static const struct btf_kfunc_id_set natfw_xdp_kfunc_set = {
	.owner	= THIS_MODULE,
	.set	= &natfw_xdp_kfuncs,
};

void natfw_xdp_register(void)
{
	int err;

	if (!THIS_MODULE->btf_data_size) {
		pr_info("natfw: built without type information: no XDP\n");
		return;
	}
	err = register_btf_kfunc_id_set(BPF_PROG_TYPE_XDP, &natfw_xdp_kfunc_set);
	if (err)
		pr_warn("natfw: type information is not usable (%d): no XDP\n", err);
}

#else

void natfw_xdp_register(void)
{
}

#endif
