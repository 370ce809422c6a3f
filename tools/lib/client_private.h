/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What client.c shares with transaction.c and events.c.
 */
#ifndef _NATFW_LIB_CLIENT_PRIVATE_H
#define _NATFW_LIB_CLIENT_PRIVATE_H

#include <netlink/netlink.h>

#include "client.h"

#define CLIENT_RX	(256 * 1024)	/* bytes; more than the kernel puts in one message */

struct natfw_client {
	struct nl_sock *sk;
	int fd;
	uint16_t family;
	uint32_t version;
	uint32_t seq;		/* last one used */
	struct natfw_msg tx;
	char *rx;		/* CLIENT_RX bytes */
	struct natfw_dump groups;	/* multicast groups of the family, encoded */
};

/* Send @len bytes; all or a negative errno. */
int natfw_client_send(struct natfw_client *c, const void *buf, size_t len,
		      struct natfw_error *e);
/*
 * Receive into c->rx: bytes, 0 if nothing is there and @flags has
 * MSG_DONTWAIT, or a negative errno (-ENOBUFS: messages were lost).
 */
ssize_t natfw_client_recv(struct natfw_client *c, int flags, struct natfw_error *e);
/* Multicast group @name, or 0. */
uint32_t natfw_client_group(const struct natfw_client *c, const char *name);

#endif /* _NATFW_LIB_CLIENT_PRIVATE_H */
