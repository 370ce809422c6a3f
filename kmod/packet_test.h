/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random packets for the tests of translation, the long way and the short one, and what
 * they are to be afterwards. Checksums are made over everything, where the RFCs put them:
 * not as the module does.
 */
#ifndef _NATFW_PACKET_TEST_H
#define _NATFW_PACKET_TEST_H

#include <linux/types.h>

struct kunit;
struct natfw_key;
struct natfw_pkt;
struct natfw_xlat;
union natfw_addr;

#define NATFW_SAMPLE_MAX	2048	/* bytes */

/* What a packet is to look like. */
struct natfw_sample {
	bool	v6;
	bool	may_fragment;	/* IPv4 without DF */
	u8	proto;
	u8	type;		/* of ICMP */
	u8	extra;		/* IPv4 options or extension headers, bytes */
	u16	payload;	/* behind the transport header */
	u16	cover;		/* bytes the checksum covers, 0: all */
};

/* A random key of such packets, and what one is to become. */
void natfw_sample_key(struct natfw_key *k, const struct natfw_sample *s);
void natfw_sample_xlat(struct natfw_xlat *x, const struct natfw_sample *s);

/* Bytes of the network header, with what @s->extra says. */
unsigned int natfw_sample_nhlen(const struct natfw_sample *s);
/* That header at @nh, of a packet of @len bytes. */
void natfw_sample_header(void *nh, const struct natfw_sample *s, const struct natfw_key *k,
			 unsigned int len);
/* The checksum in the @len bytes at @l4. */
void natfw_sample_seal(void *nh, u8 *l4, unsigned int len, const struct natfw_sample *s);
/* A whole packet, of @k and random otherwise, into @buf; returns its length. */
unsigned int natfw_sample_write(u8 *buf, const struct natfw_sample *s, const struct natfw_key *k);

/* @data becomes p->skb; what was there is freed. */
void natfw_sample_skb(struct kunit *test, struct natfw_pkt *p, const void *data,
		      unsigned int len, bool v6);
/* So does a random packet, and @p says of it what parsing would. */
void natfw_sample_create(struct kunit *test, struct natfw_pkt *p, const struct natfw_sample *s);
/* Leave its transport checksum to the device. */
void natfw_sample_unseal(struct natfw_pkt *p, const struct natfw_sample *s);

/* True if a receiver would take the packet at @nh, whose transport has @len bytes at @l4. */
bool natfw_sample_sound(const void *nh, const void *l4, unsigned int len,
			const struct natfw_sample *s);
void natfw_expect_addrs(struct kunit *test, const void *nh, bool v6,
			const union natfw_addr *src, const union natfw_addr *dst);
/* Ports or identifier, at @l4. */
void natfw_expect_endpoints(struct kunit *test, const void *l4, const struct natfw_sample *s,
			    const struct natfw_xlat *x);

#endif /* _NATFW_PACKET_TEST_H */
