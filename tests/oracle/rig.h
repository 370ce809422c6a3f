/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway to try packets on: a network namespace with three attached veth
 * devices, and one with their other ends, where packets are put in and what
 * comes out is taken. Nothing there speaks on its own.
 */
#ifndef _ORACLE_RIG_H
#define _ORACLE_RIG_H

#include "nlc.h"
#include "packet.h"

#define RIG_DEVS	3

struct rig {
	int		gw, ends;		/* namespaces */
	int		ifindex[RIG_DEVS];	/* of the gateway's side */
	int		end[RIG_DEVS];		/* of ours */
	int		sock[RIG_DEVS];
	uint16_t	zone[RIG_DEVS];
	struct nl	nl;
};

/*
 * XDP on every device: "native" or "generic". False, with a word on stderr, if
 * that cannot be.
 */
bool rig_xdp(struct rig *r, const char *mode);
/* Frames XDP dropped and sent so far. */
uint64_t rig_xdp_done(struct rig *r);
/* 0; -ENOENT if the module is not there; another -errno with a word on stderr. */
int rig_start(struct rig *r);
void rig_stop(struct rig *r);
/* Device packets to @dst leave by, -1: none. */
int rig_route(const struct addr *dst);
int rig_send(struct rig *r, int dev, const void *data, size_t len);
/* The same with another protocol number, or a virtio network header before @data. */
int rig_send_as(struct rig *r, int dev, uint16_t ethertype, const void *data, size_t len);
int rig_send_gso(struct rig *r, int dev, const void *vnet, size_t vlen,
		 const void *data, size_t len);
/* What came out of @dev, without Ethernet header. False if nothing did. */
bool rig_recv(struct rig *r, int dev, struct packet *p);
/* Wait until something came out of any; false after @ms. */
bool rig_wait(struct rig *r, int ms);
void rig_drain(struct rig *r);

#endif
