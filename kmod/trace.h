/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: natfw:* in tracefs, perf and bpftrace. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM natfw

#if !defined(_NATFW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _NATFW_TRACE_H

#include <linux/tracepoint.h>
#include "flow.h"
#include "net.h"
#include "rule.h"


TRACE_EVENT(natfw_end,
	TP_PROTO(const struct natfw_pkt *p, const struct natfw_rule *r, int reason),
	TP_ARGS(p, r, reason),
	TP_STRUCT__entry(
		__field(const void *, skb)
		__field(int, ifindex)
		__field(int, reason)
		__field(u64, rule)
		__field(u32, len)
		__field(u16, zone)
		__field(u16, sport)
		__field(u16, dport)
		__field(u8, proto)
		__array(u8, src, 16)
		__array(u8, dst, 16)
		__string(name, natfw_reasons[reason].name)
	),
	TP_fast_assign(
		__entry->skb = p->skb;
		__entry->ifindex = p->nd->dev->ifindex;
		__entry->reason = reason;
		__entry->rule = r ? r->id : 0;
		__entry->len = p->len;
		__entry->zone = p->key.zone;
		__entry->sport = ntohs(p->key.sport);
		__entry->dport = ntohs(p->key.dport);
		__entry->proto = p->key.proto;
		memcpy(__entry->src, &p->key.src, 16);
		memcpy(__entry->dst, &p->key.dst, 16);
		natfw_assign_str(name, natfw_reasons[reason].name);
	),
	TP_printk("reason=%s ifindex=%d rule=%llu zone=%u proto=%u src=%pI6c sport=%u dst=%pI6c dport=%u len=%u skb=%p",
		  __get_str(name), __entry->ifindex, __entry->rule, __entry->zone,
		  __entry->proto, __entry->src, __entry->sport, __entry->dst,
		  __entry->dport, __entry->len, __entry->skb)
);

DECLARE_EVENT_CLASS(natfw_flow,
	TP_PROTO(const struct natfw_flow *f),
	TP_ARGS(f),
	TP_STRUCT__entry(
		__field(u64, rule)
		__field(u16, zone)
		__field(u16, sport)
		__field(u16, dport)
		__field(u8, proto)
		__field(u8, flags)
		__array(u8, src, 16)
		__array(u8, dst, 16)
	),
	TP_fast_assign(
		__entry->rule = f->rule->id;
		struct natfw_key k;

		natfw_node_key(&natfw_flow_half(f, 0)->node, &k);
		__entry->zone = k.zone;
		__entry->sport = ntohs(k.sport);
		__entry->dport = ntohs(k.dport);
		__entry->proto = k.proto;
		__entry->flags = f->flags;
		memcpy(__entry->src, &k.src, 16);
		memcpy(__entry->dst, &k.dst, 16);
	),
	TP_printk("rule=%llu flags=%#x zone=%u proto=%u src=%pI6c sport=%u dst=%pI6c dport=%u",
		  __entry->rule, __entry->flags, __entry->zone, __entry->proto,
		  __entry->src, __entry->sport, __entry->dst, __entry->dport)
);

DEFINE_EVENT(natfw_flow, natfw_flow_new,
	TP_PROTO(const struct natfw_flow *f), TP_ARGS(f));
DEFINE_EVENT(natfw_flow, natfw_flow_del,
	TP_PROTO(const struct natfw_flow *f), TP_ARGS(f));

TRACE_EVENT(natfw_classify,
	TP_PROTO(const struct natfw_pkt *p, const struct natfw_rule *r,
		 const struct natfw_search *s),
	TP_ARGS(p, r, s),
	TP_STRUCT__entry(
		__field(const void *, skb)
		__field(u64, rule)
		__field(u32, subtables)
		__field(u32, compared)
		__field(bool, cacheable)
	),
	TP_fast_assign(
		__entry->skb = p->skb;
		__entry->rule = r ? r->id : 0;
		__entry->subtables = s->subtables;
		__entry->compared = s->compared;
		__entry->cacheable = !s->uncacheable;
	),
	TP_printk("rule=%llu subtables=%u compared=%u cacheable=%d skb=%p", __entry->rule,
		  __entry->subtables, __entry->compared, __entry->cacheable, __entry->skb)
);

/* Packets dealt with together; the stack got @passed of them. */
TRACE_EVENT(natfw_batch,
	TP_PROTO(u32 n, u32 passed),
	TP_ARGS(n, passed),
	TP_STRUCT__entry(
		__field(u32, n)
		__field(u32, passed)
	),
	TP_fast_assign(
		__entry->n = n;
		__entry->passed = passed;
	),
	TP_printk("packets=%u passed=%u", __entry->n, __entry->passed)
);

TRACE_EVENT(natfw_commit,
	TP_PROTO(const struct net *net, u64 gen, u32 added, u32 removed),
	TP_ARGS(net, gen, added, removed),
	TP_STRUCT__entry(
		__field(unsigned int, netns)
		__field(u64, gen)
		__field(u32, added)
		__field(u32, removed)
	),
	TP_fast_assign(
		__entry->netns = net->ns.inum;
		__entry->gen = gen;
		__entry->added = added;
		__entry->removed = removed;
	),
	TP_printk("netns=%u gen=%llu added=%u removed=%u", __entry->netns,
		  __entry->gen, __entry->added, __entry->removed)
);

#endif /* _NATFW_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
