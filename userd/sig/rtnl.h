/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to rtnetlink and its answers, octet by octet. */
#ifndef _NATFWD_SIG_RTNL_H
#define _NATFWD_SIG_RTNL_H

#include <linux/rtnetlink.h>

#include "base/address.h"

typedef void (*rtnl_fn)(const struct nlmsghdr *h, void *arg);

/* Attributes of a message by type; what is longer than the message is not there. */
#define RTNL_ATTRIBUTES	64
struct rtnl_attributes {
	const struct rtattr *of[RTNL_ATTRIBUTES];
};

void rtnl_parse(struct rtnl_attributes *t, const struct rtattr *a, size_t n);
/* Of a whole message whose header behind nlmsghdr has @header octets; false if it is shorter. */
bool rtnl_parse_message(struct rtnl_attributes *t, const struct nlmsghdr *h, size_t header);
/* The attribute's value as a number or address, 0 or unset if it is not there. */
uint32_t rtnl_u32(const struct rtnl_attributes *t, unsigned int type);
struct address rtnl_address(const struct rtnl_attributes *t, unsigned int type, int family);

/*
 * The route to @to on socket @fd, @flags RTM_F_...; @fn gets the answer. 0 or -errno (-ENETUNREACH:
 * none). All of what is asked on a netlink socket is answered before sendto() returns, so this does
 * not wait.
 */
int rtnl_route(int fd, const struct address *to, unsigned int flags, rtnl_fn fn, void *arg);
/* All links or addresses (@type RTM_GETLINK, RTM_GETADDR); @fn gets each. */
int rtnl_dump(int fd, uint16_t type, rtnl_fn fn, void *arg);
/* Events on @fd, at most @max datagrams of them. -ENOBUFS: some were lost. */
int rtnl_events(int fd, unsigned int max, rtnl_fn fn, void *arg);

#endif /* _NATFWD_SIG_RTNL_H */
