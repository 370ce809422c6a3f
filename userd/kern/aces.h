/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From an entry of an access control list to rules of the module. One entry is one rule for each
 * interface, or several where it says "all ports but", or ICMP without a family: those match no
 * packet in common, so their order among each other is nothing.
 */
#ifndef _NATFWD_KERN_ACES_H
#define _NATFWD_KERN_ACES_H

#include "conf/conf.h"
#include "model.h"

#define ACE_RULES_MAX	4

/* What a rule says, in the one form in which two that say the same are equal, octet by octet. */
struct ace_key {
	char name[NATFW_NAME_MAX + 1];
	uint64_t has;			/* of the match, what is no matter of course left out */
	uint32_t action, flags, ifindex, zone, family;
	uint8_t src[16], dst[16];
	uint32_t src_len, dst_len, proto, sport, sport_max, dport, dport_max;
	char pool[NATFW_NAME_MAX + 1];
	uint8_t nat_src[16], nat_dst[16];
	uint32_t nat_dport;
	uint32_t icmp_type, icmp_code, spi, dscp, label;
};

/* How many rules @a is, on one interface. */
unsigned int ace_rules(const struct conf_ace *a);
/*
 * Rule number @i of them, for packets that come in by @ifindex; without owner and priority. Its name
 * goes to @name, of NATFW_NAME_MAX + 1, which has to stay.
 */
void ace_rule(struct natfw_rule *r, char *name, const struct conf_acl *acl,
	      const struct conf_ace *a, unsigned int i, uint32_t ifindex);
void ace_key(struct ace_key *k, const struct natfw_rule *r);

#endif /* _NATFWD_KERN_ACES_H */
