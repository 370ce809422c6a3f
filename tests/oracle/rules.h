/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle: an array of rules, looked through from one end to the other,
 * and an array of flows, looked through the same way.
 */
#ifndef _ORACLE_RULES_H
#define _ORACLE_RULES_H

#include "packet.h"
#include "rewrite.h"

enum action { ACT_ALLOW, ACT_DENY, ACT_REJECT, ACT_NAT };
enum emit { EMIT_INHERIT, EMIT_STACK, EMIT_DIRECT };

#define RF_STATEFUL	1
#define RF_INACTIVE	2
#define RF_ZONE_ANY	4
#define RF_PARITY	8
#define RF_PAIR		16

struct range {
	bool		on;
	uint16_t	lo, hi;
};

struct field {
	bool		on;
	uint32_t	v;
};

struct prefix {
	bool		on;
	struct addr	a;
	unsigned int	bits;
};

struct match {
	struct field	family;
	struct prefix	src, dst;
	struct field	proto;
	struct range	sport, dport;
	struct field	type, code, spi, dscp, label;
	int		dev;		/* index into the rig's devices, or -1 */
	uint16_t	zone;
};

struct translation {
	struct prefix	src, dst;
	struct range	sport, dport;
	struct field	out_zone;
	const char	*pool;
};

struct rule {
	uint64_t	id;
	uint32_t	priority;
	enum action	action;
	enum emit	emit;
	uint32_t	flags;
	struct field	mark;
	uint8_t		owner[16];
	struct match	match;
	struct translation nat;
	bool		dead;
	/* what the kernel should count */
	uint64_t	packets, bytes;
};

/* What packets of a flow have in common. Query identifiers stand for ports. */
struct key {
	struct addr	src, dst;
	uint8_t		proto;
	uint16_t	zone;
	uint16_t	sport, dport;
};

struct flow {
	struct key	orig, reply;
	struct rule	*rule;
	bool		dead;
	bool		fixed;	/* of an exact rule: there from the start */
};

struct oracle {
	struct rule	**rules;	/* best first */
	size_t		nrules, room;
	struct flow	*flows;
	size_t		nflows, flow_room;
};

void oracle_add(struct oracle *o, struct rule *r);
void oracle_del(struct oracle *o, struct rule *r);
void oracle_clear(struct oracle *o);
/* The rule was made inactive: flows packets made of it are over. */
void oracle_forget(struct oracle *o, const struct rule *r);

struct key key_of(const struct view *v, uint16_t zone);
struct key key_turn(const struct key *k, uint16_t zone);
bool key_equal(const struct key *a, const struct key *b);

bool match_packet(const struct rule *r, const struct view *v, int dev, uint16_t zone);
/* The best rule whose conditions @v meets, by looking at each. */
struct rule *oracle_match(const struct oracle *o, const struct view *v, int dev,
			  uint16_t zone);
bool rule_beats(const struct rule *a, const struct rule *b);
/* Host addresses, one protocol, one port each or one SPI, one zone, no more. */
bool rule_exact(const struct rule *r);
/* What @r makes of a packet that looks like @v. */
struct xlat rule_xlat(const struct rule *r, const struct view *v);
/* A flow of @r by what it matches, if it is exact and keeps state. */
void oracle_fix_flow(struct oracle *o, struct rule *r);

enum fate {
	FATE_PASS,	/* no rule: the device's default */
	FATE_SEND,	/* forwarded as it came */
	FATE_XLAT,	/* forwarded, translated */
	FATE_ERROR,	/* ICMP error, forwarded with the embedded packet restored */
	FATE_DENY,
	FATE_REJECT,
	FATE_CLASH,
	FATE_UNTRANSLATABLE,
};

struct answer {
	enum fate	fate;
	struct rule	*rule;
	struct flow	*flow;		/* with FATE_CLASH the one in the way */
	bool		reply;		/* it is a reply of @flow */
	struct xlat	x;		/* with FATE_XLAT and FATE_ERROR */
	struct xlat	inner;		/* with FATE_ERROR */
};

/* Zone of the device a packet to this address leaves by; the rig knows. */
typedef uint16_t (*route_zone)(const struct addr *dst);

/* What is to become of the packet, making and ending flows on the way. */
struct answer oracle_packet(struct oracle *o, const struct packet *p, int dev,
			    uint16_t zone, route_zone out);
/* The same without a trace. */
struct answer oracle_ask(const struct oracle *o, const struct packet *p, int dev,
			 uint16_t zone, route_zone out);

/* True if packets of some translated flow look like @k, or do once translated. */
bool oracle_translated_to(const struct oracle *o, const struct key *k);

const char *rule_text(const struct rule *r);

#endif
