/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Identifications for translated IPv4 datagrams (RFC 6864).
 *
 * Two hosts behind one external address may use the same identification
 * towards the same peer, so a datagram that is or may become fragmented gets
 * another one, unique for its addresses and protocol for as long as the field
 * allows. There are some sources of them, each a counter; a secret hash of
 * addresses and protocol says which one counts.
 *
 * Counters are shared between processors, which take blocks of them, so that
 * most packets write nothing shared. A block not used up in a while is given
 * up, lest its values come when the counter has been round.
 */
#ifndef _NATFW_IDENT_H
#define _NATFW_IDENT_H

#include "key.h"

/* The source for datagrams from @src to @dst, both IPv4. */
u16 natfw_ident_source(const union natfw_addr *src, const union natfw_addr *dst, u8 proto);
/* First of @count identifications, host order. Bottom halves off, on @cpu. */
u16 natfw_ident_take(int cpu, u16 source, u32 count);

int natfw_ident_init(void);
void natfw_ident_exit(void);

#endif /* _NATFW_IDENT_H */
