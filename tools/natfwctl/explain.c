// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "proto.h"

static bool ranks_before(const struct explain_rule *a, const struct explain_rule *b)
{
	if (a->inactive != b->inactive)
		return b->inactive;
	return a->priority != b->priority ? a->priority < b->priority : a->id < b->id;
}

/* Keep the best few, in order. */
static void keep(struct explain_rule *list, unsigned int *n, const struct explain_rule *r)
{
	unsigned int i = *n;

	if (i == EXPLAIN_MOST && !ranks_before(r, &list[i - 1]))
		return;
	if (i < EXPLAIN_MOST)
		(*n)++;
	else
		i--;
	for (; i > 0 && ranks_before(r, &list[i - 1]); i--)
		list[i] = list[i - 1];
	list[i] = *r;
}

int explain_packet(struct explain *x, const struct natfw_dump *d, const struct natfw_test *t,
		   uint32_t zone)
{
	struct natfw_rule r;
	struct pattern p;
	size_t i;

	memset(x, 0, sizeof(*x));
	for (i = 0; i < d->n; i++) {
		struct explain_rule e = { .nr = i };

		if (natfw_dump_get(d, i, &r))
			return -ENOMEM;
		pattern_init(&p, &r);
		e.id = r.id;
		e.priority = r.priority;
		e.inactive = r.flags & NATFW_RULE_FLAG_INACTIVE;
		e.miss = pattern_miss(&p, t, zone);
		natfw_object_fini(&natfw_rule_set, &r);
		if (!e.miss) {
			x->all_matches++;
			keep(x->match, &x->nmatch, &e);
		} else if (!(e.miss & (e.miss - 1))) {
			keep(x->near, &x->nnear, &e);
		}
	}
	return 0;
}

static void number_or_name(uint32_t v, const char *name, char *buf, size_t size)
{
	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%u", v);
}

static void packet_number(const struct natfw_test *t, uint32_t zone, enum pattern_miss f,
			  char *buf, size_t size)
{
	switch (f) {
	case PATTERN_ZONE:
		snprintf(buf, size, "%u", zone);
		break;
	case PATTERN_SPORT:
		snprintf(buf, size, "%u", t->sport);
		break;
	case PATTERN_DPORT:
		snprintf(buf, size, "%u", t->dport);
		break;
	case PATTERN_CODE:
		snprintf(buf, size, "%u", t->icmp_code);
		break;
	case PATTERN_SPI:
		snprintf(buf, size, "0x%x", t->spi);
		break;
	default:
		snprintf(buf, size, "0x%x", t->flow_label);
	}
}

const char *explain_value(const struct natfw_test *t, uint32_t zone, enum pattern_miss f,
			  char *buf, size_t size)
{
	char addr[NATFW_ADDR_TEXT];

	switch (f) {
	case PATTERN_FAMILY:
		snprintf(buf, size, "%s", t->src.len == 4 ? "ip" : "ip6");
		break;
	case PATTERN_DEV:
		snprintf(buf, size, "%s", t->ifname);
		break;
	case PATTERN_PROTO:
		number_or_name(t->proto, proto_name(t->proto), buf, size);
		break;
	case PATTERN_SRC:
	case PATTERN_DST:
		snprintf(buf, size, "%s",
			 natfw_addr_text(f == PATTERN_SRC ? &t->src : &t->dst, addr));
		break;
	case PATTERN_TYPE:
		number_or_name(t->icmp_type, icmp_type_name(t->proto, t->icmp_type), buf, size);
		break;
	case PATTERN_DSCP:
		number_or_name(t->dscp, dscp_name(t->dscp), buf, size);
		break;
	default:
		packet_number(t, zone, f, buf, size);
	}
	return buf;
}

static void wanted_prefix(const struct natfw_addr *a, uint32_t len, char *buf, size_t size)
{
	char addr[NATFW_ADDR_TEXT];

	if (len == natfw_addr_bits(a))
		snprintf(buf, size, "%s", natfw_addr_text(a, addr));
	else
		snprintf(buf, size, "%s/%u", natfw_addr_text(a, addr), len);
}

static void wanted_range(uint32_t first, uint32_t last, char *buf, size_t size)
{
	if (first == last)
		snprintf(buf, size, "%u", first);
	else
		snprintf(buf, size, "%u-%u", first, last);
}

/* The rule's fields that are single values, put as those of a packet. */
static void as_packet(const struct pattern *p, struct natfw_test *t)
{
	memset(t, 0, sizeof(*t));
	t->src.len = p->family == 4 ? 4 : 16;
	memcpy(t->ifname, p->m.ifname, sizeof(t->ifname));
	t->proto = p->m.proto;
	t->icmp_type = p->m.icmp_type;
	t->icmp_code = p->m.icmp_code;
	t->spi = p->m.spi;
	t->dscp = p->m.dscp;
	t->flow_label = p->m.flow_label;
}

const char *explain_wanted(const struct pattern *p, enum pattern_miss f, char *buf,
			   size_t size)
{
	struct natfw_test t;

	switch (f) {
	case PATTERN_SRC:
		wanted_prefix(&p->m.src, p->src_len, buf, size);
		break;
	case PATTERN_DST:
		wanted_prefix(&p->m.dst, p->dst_len, buf, size);
		break;
	case PATTERN_SPORT:
		wanted_range(p->m.sport, p->m.sport_max, buf, size);
		break;
	case PATTERN_DPORT:
		wanted_range(p->m.dport, p->m.dport_max, buf, size);
		break;
	default:
		as_packet(p, &t);
		explain_value(&t, p->m.zone, f, buf, size);
	}
	return buf;
}
