/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules and packets by the dice; the same seed gives the same ones. */
#ifndef _ORACLE_GEN_H
#define _ORACLE_GEN_H

#include "rules.h"

struct rng {
	uint64_t s;
};

uint64_t rnd64(struct rng *r);
/* 0 .. n-1 */
uint32_t rnd(struct rng *r, uint32_t n);
/* True @percent times of a hundred. */
bool chance(struct rng *r, int percent);

/* Networks addresses come from: sites behind devices, and one outside. */
#define SITES		3
#define SITE_OUTSIDE	3

struct addr gen_site_addr(struct rng *r, int family, int site);
struct addr gen_addr(struct rng *r, int family);
/* The site an address belongs to, or -1. */
int addr_site(const struct addr *a);

#define GEN_NAT		1
#define GEN_STATE	2
#define GEN_DEV		4
#define GEN_EMIT	8
#define GEN_REJECT	16
#define GEN_EXOTIC	32	/* DSCP, flow label, ICMP type, zones */
#define GEN_ALL		63

/* Leave ESP and AH out. */
extern bool gen_no_ipsec;

void gen_rule(struct rng *r, struct rule *u, int family, int features);

#define GENP_PLAIN	1	/* no options, no extension headers */
#define GENP_SUMS	2	/* every checksum right */
#define GENP_TTL	4	/* enough TTL */
#define GENP_NOERR	8	/* no ICMP errors */

/* A packet; with @o likely one that a rule matches or nearly does. */
void gen_packet(struct rng *r, struct packet *p, int family, const struct oracle *o,
		int plain);
/* An ICMP error about @p from its receiver, or from a router on the way. */
void gen_error(struct rng *r, struct packet *e, const struct packet *p);
/* A packet the other end would answer @p with. */
void gen_reply(struct rng *r, struct packet *q, const struct packet *p);

#endif
