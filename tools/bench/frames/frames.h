/* SPDX-License-Identifier: GPL-2.0-only */
/* What frames.c tells frames.bpf.c. */
#ifndef FRAMES_H
#define FRAMES_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/types.h>
#include <linux/udp.h>

struct frame {
	struct ethhdr	eth;
	struct iphdr	ip;
	struct udphdr	udp;
} __attribute__((packed));

struct frames {
	__u32		flows;	/* source ports, from the model's */
	__u32		device;	/* where frames go */
	struct frame	model;	/* with a checksum for its ports */
};

#endif
