/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces of this network namespace and their addresses, as rtnetlink tells. */
#ifndef _NATFWD_SIG_LINKS_H
#define _NATFWD_SIG_LINKS_H

#include <linux/rtnetlink.h>

#include "base/address.h"

/* Events RTM_{NEW,DEL}{LINK,ADDR}. True: interfaces came, went, were renamed, or up or down. */
bool links_event(const struct nlmsghdr *h);
/* Forget all, before all is told again. */
void links_forget(void);
/* Interface index of @name, 0: none. */
unsigned int links_index(const char *name);
/* Octets; 0: no such interface. */
uint32_t links_mtu(unsigned int ifindex);
/*
 * The address of IP version @version to use on @ifindex: one that the configuration names, else of
 * global scope, not temporary, not about to go. False if there is none.
 */
bool links_address(unsigned int ifindex, unsigned int version, struct address *a);

#endif /* _NATFWD_SIG_LINKS_H */
