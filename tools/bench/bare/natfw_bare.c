// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that translation at netdev ingress can cost, for `make bench` to compare with: a
 * hash chain, another source address, and away by a device and a header that are the same for
 * all. No rules, no routes, no neighbours, no timers, no counters, no second direction, IPv4 and
 * UDP only; anything may collide. What natfw or anybody else takes beyond this is for what they
 * do; what this takes nobody can save who looks up flows and sends by dev_queue_xmit().
 *
 *	echo "lan wan 10.0.0.1" >/sys/module/natfw_bare/parameters/attach
 *
 * in the network namespace of the devices; without an address packets keep theirs. It stays
 * until the first device goes, or the module.
 */
#include <linux/etherdevice.h>
#include <linux/inet.h>
#include <linux/ip.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/nsproxy.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip.h>

#define BARE_BUCKETS	BIT(21)
#define BARE_FLOWS	2000000

struct bare_flow {
	struct bare_flow	*next;
	__be32			saddr, daddr;
	__be16			sport, dport;
	__be32			to;
};

struct bare_table {
	struct nf_hook_ops	ops;
	struct net_device	*out;
	struct net		*net;
	__be32			to;
	u32			flows;
	struct bare_flow	**buckets;
};

static DEFINE_MUTEX(bare_lock);
static struct bare_table *bare;		/* one at a time */
static struct kmem_cache *bare_cache;

static u32 bare_hash(const struct iphdr *ip, const struct udphdr *udp)
{
	return jhash_3words((__force u32)ip->saddr, (__force u32)ip->daddr,
			    (__force u32)udp->source << 16 | (__force u32)udp->dest, 0) &
	       (BARE_BUCKETS - 1);
}

static bool bare_is(const struct bare_flow *f, const struct iphdr *ip, const struct udphdr *udp)
{
	return f->saddr == ip->saddr && f->daddr == ip->daddr && f->sport == udp->source &&
	       f->dport == udp->dest;
}

/* Once there it stays, so two processors may at worst make two of the same. */
static struct bare_flow *bare_create(struct bare_table *t, struct bare_flow **at,
				     const struct iphdr *ip, const struct udphdr *udp)
{
	struct bare_flow *f;

	if (t->flows >= BARE_FLOWS)
		return NULL;
	f = kmem_cache_alloc(bare_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!f)
		return NULL;
	t->flows++;
	f->saddr = ip->saddr;
	f->daddr = ip->daddr;
	f->sport = udp->source;
	f->dport = udp->dest;
	f->to = t->to ?: ip->saddr;
	f->next = READ_ONCE(*at);
	/* bare_find() depends on what it reads here */
	smp_store_release(at, f);
	return f;
}

static struct bare_flow *bare_find(struct bare_table *t, const struct iphdr *ip,
				   const struct udphdr *udp)
{
	struct bare_flow **at = &t->buckets[bare_hash(ip, udp)], *f;

	for (f = READ_ONCE(*at); f; f = f->next)
		if (bare_is(f, ip, udp))
			return f;
	return bare_create(t, at, ip, udp);
}

static void bare_rewrite(struct sk_buff *skb, struct iphdr *ip, struct udphdr *udp, __be32 to)
{
	if (ip->saddr != to) {
		if (udp->check)
			inet_proto_csum_replace4(&udp->check, skb, ip->saddr, to, true);
		csum_replace4(&ip->check, ip->saddr, to);
		ip->saddr = to;
	}
	ip_decrease_ttl(ip);
}

static unsigned int bare_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct bare_table *t = priv;
	struct bare_flow *f;
	struct udphdr *udp;
	struct iphdr *ip;

	if (skb->protocol != htons(ETH_P_IP) ||
	    !pskb_may_pull(skb, sizeof(*ip) + sizeof(*udp)) ||
	    skb_ensure_writable(skb, sizeof(*ip) + sizeof(*udp)))
		return NF_ACCEPT;
	ip = (struct iphdr *)skb->data;
	udp = (struct udphdr *)(ip + 1);
	if (ip->ihl != 5 || ip->protocol != IPPROTO_UDP || ip_is_fragment(ip) || ip->ttl < 2)
		return NF_ACCEPT;
	f = bare_find(t, ip, udp);
	if (!f)
		return NF_ACCEPT;
	bare_rewrite(skb, ip, udp, f->to);
	skb->dev = t->out;
	eth_header(skb, t->out, ETH_P_IP, t->out->broadcast, NULL, skb->len);
	dev_queue_xmit(skb);
	return NF_STOLEN;
}

static void bare_free(struct bare_table *t)
{
	struct bare_flow *f, *next;
	u32 i;

	for (i = 0; t->buckets && i < BARE_BUCKETS; i++) {
		for (f = t->buckets[i]; f; f = next) {
			next = f->next;
			kmem_cache_free(bare_cache, f);
		}
	}
	kvfree(t->buckets);
	dev_put(t->out);
	dev_put(t->ops.dev);
	kfree(t);
}

/* bare_lock. */
static void bare_detach(void)
{
	struct bare_table *t = bare;

	if (!t)
		return;
	bare = NULL;
	nf_unregister_net_hook(t->net, &t->ops);	/* waits for packets */
	synchronize_net();
	bare_free(t);
}

static struct bare_table *bare_make(struct net *net, const char *in, const char *out, __be32 to)
{
	struct bare_table *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	t->net = net;
	t->to = to;
	t->buckets = kvcalloc(BARE_BUCKETS, sizeof(*t->buckets), GFP_KERNEL);
	t->out = dev_get_by_name(net, out);
	t->ops.dev = dev_get_by_name(net, in);
	t->ops.hook = bare_hook;
	t->ops.pf = NFPROTO_NETDEV;
	t->ops.hooknum = NF_NETDEV_INGRESS;
	t->ops.priv = t;
	if (t->buckets && t->out && t->ops.dev && !nf_register_net_hook(net, &t->ops))
		return t;
	bare_free(t);
	return NULL;
}

static int bare_set(const char *text, const struct kernel_param *kp)
{
	char in[IFNAMSIZ], out[IFNAMSIZ], addr[16] = "";
	__be32 to = 0;

	if (sscanf(text, "%15s %15s %15s", in, out, addr) < 2 ||
	    (addr[0] && !in4_pton(addr, -1, (u8 *)&to, -1, NULL)))
		return -EINVAL;
	mutex_lock(&bare_lock);
	bare_detach();
	bare = bare_make(current->nsproxy->net_ns, in, out, to);
	mutex_unlock(&bare_lock);
	return bare ? 0 : -EINVAL;
}

static const struct kernel_param_ops bare_attach_ops = { .set = bare_set };
module_param_cb(attach, &bare_attach_ops, NULL, 0200);
MODULE_PARM_DESC(attach, "device packets come from, device they leave by, new source address");

static int bare_event(struct notifier_block *nb, unsigned long event, void *info)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (event != NETDEV_UNREGISTER)
		return NOTIFY_DONE;
	mutex_lock(&bare_lock);
	if (bare && (dev == bare->ops.dev || dev == bare->out))
		bare_detach();
	mutex_unlock(&bare_lock);
	return NOTIFY_DONE;
}

static struct notifier_block bare_notifier = { .notifier_call = bare_event };

static int __init bare_init(void)
{
	int err;

	bare_cache = KMEM_CACHE(bare_flow, SLAB_HWCACHE_ALIGN);
	if (!bare_cache)
		return -ENOMEM;
	err = register_netdevice_notifier(&bare_notifier);
	if (err)
		kmem_cache_destroy(bare_cache);
	return err;
}

static void __exit bare_exit(void)
{
	unregister_netdevice_notifier(&bare_notifier);
	mutex_lock(&bare_lock);
	bare_detach();
	mutex_unlock(&bare_lock);
	kmem_cache_destroy(bare_cache);
}

module_init(bare_init);
module_exit(bare_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What translation costs at least, for natfw's benchmark");
