/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trap: a rule in a table of our own that takes Q-mode messages on their way to somebody else
 * out of the stack and gives them to a nfnetlink_log group (RFC 5971 5.3.2).
 *
 * Linux gives IPv4 packets with a router alert option to raw sockets only if the option's value is
 * 0, and RFC 5973 has 65; and a router alert socket takes every UDP packet with the option, which
 * then can go on only as a packet of this node, past the forward rules of the administrator. The
 * rule takes what is GIST's and nothing else.
 */
#ifndef _NATFWD_SIG_NFT_H
#define _NATFWD_SIG_NFT_H

/*
 * Make table "inet natfwd", owned by the socket returned: the table goes when that is closed. Needs
 * CAP_NET_ADMIN. A negative errno: -EOPNOTSUPP or -ENOENT without nf_tables, -EEXIST or -EPERM if
 * somebody else has such a table.
 */
int nft_trap(unsigned int group);
/*
 * Drop what else comes in by @device for UDP port 270 of somebody else. natfw.ko lets that port pass
 * where it drops everything that no rule permits, because it cannot tell Q-mode messages; without this
 * the port would be open through the firewall. @owner: what nft_trap() returned. 0 or -errno.
 */
int nft_guard(int owner, const char *device);
/* A socket bound to @group of nfnetlink_log, whole packets, each at once. Or a negative errno. */
int nft_group(unsigned int group);

#endif /* _NATFWD_SIG_NFT_H */
