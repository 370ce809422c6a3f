// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: kmod/parse.c. It must not read what it did not pull, and
 * must agree with the oracle on what it says of packets that hold together.
 */
#include "skb.h"

#include "../../kmod/parse.c"

#include "../oracle/rules.h"

int shim_warnings;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "parser: %s\n", what);
	abort();
}

static bool same_addr(const union natfw_addr *a, const struct addr *b)
{
	union natfw_addr m;
	__be32 v4;

	if (b->len == 16)
		return !memcmp(a->b, b->b, 16);
	memcpy(&v4, b->b, 4);
	natfw_addr_set4(&m, v4);
	return natfw_addr_equal(a, &m);
}

static void compare(const struct natfw_pkt *p, const struct view *v)
{
	struct key k = key_of(v, 0);

	must(!!natfw_pkt_is6(p) == (v->family == 6), "family");
	must(same_addr(&p->key.src, &v->src) && same_addr(&p->key.dst, &v->dst), "addresses");
	must(p->ttl == v->ttl && p->dscp == v->dscp, "ttl, dscp");
	if (p->flags & NATFW_P_OPAQUE)
		return;
	must(p->key.proto == v->proto && p->thoff == v->l4, "protocol");
	if (v->ports || v->query)
		must(ntohs(p->key.sport) == k.sport && ntohs(p->key.dport) == k.dport, "ports");
	if (v->spi_there)
		must(ntohl(p->key.ports) == v->spi, "SPI");
	if (v->inner)
		must(p->icmp_type == v->type && p->icmp_code == v->code, "ICMP type");
}

static void check_inner(const struct natfw_pkt *p)
{
	must(p->inner.nhoff + p->inner.len <= p->skb->len, "embedded packet ends outside");
	must(p->inner.thoff >= p->inner.nhoff + 20, "embedded transport header");
	must(p->inner.thoff <= p->inner.nhoff + p->inner.len, "embedded transport outside");
	must(p->inner.ports == (p->inner.thoff + 4 <= p->inner.nhoff + p->inner.len),
	     "embedded ports");
}

/* Headers that the oracle follows and the parser does not, or the other way round. */
static bool comparable(const struct view *v)
{
	return v->family == 4 || (v->proto != P_FRAGMENT && v->proto != NEXTHDR_MOBILITY &&
				  !v->frag_hdr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct natfw_pkt p;
	struct sk_buff skb = { 0 };
	struct view v;
	bool sound;
	int err;

	if (size < 2 || size > 4096)
		return 0;
	skb.gso = data[0] & 1;
	skb.vlan = data[0] & 2;
	skb.vlan_id = data[0] & 4;
	skb.all = data + 1;
	skb.len = size - 1;
	skb.data = malloc(1);
	skb.protocol = htons(data[1] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
	if (data[0] & 8)
		skb.protocol = htons(data[0] & 16 ? 0x8100 : 0x88a8);
	memset(&p, 0, sizeof(p));
	p.skb = &skb;
	sound = view_parse(&v, data + 1, size - 1);
	err = natfw_parse(&p);
	must(err <= 0 && natfw_failed(err ? err : -1) < NATFW_REASONS, "returned nonsense");
	if (!err) {
		must(p.thoff <= skb.len, "transport header outside");
		if (p.flags & NATFW_P_ICMPERR)
			check_inner(&p);
		if (sound && !skb.gso && comparable(&v))
			compare(&p, &v);
	}
	free(skb.data);
	return 0;
}
