// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "offload.h"

#define MOST_FEATURES	256

static bool ask(const char *ifname, void *data)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_data = data };
	bool ok;

	if (fd < 0)
		return false;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	ok = !ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return ok;
}

static unsigned int feature_count(const char *ifname)
{
	__u32 room[sizeof(struct ethtool_sset_info) / sizeof(__u32) + 1] = { 0 };
	struct ethtool_sset_info *q = (struct ethtool_sset_info *)room;

	q->cmd = ETHTOOL_GSSET_INFO;
	q->sset_mask = 1ull << ETH_SS_FEATURES;
	if (!ask(ifname, q) || !q->sset_mask)
		return 0;
	return q->data[0] < MOST_FEATURES ? q->data[0] : MOST_FEATURES;
}

/* Number of the feature called @name, or -1. */
static int feature_find(const char *ifname, unsigned int n, const char *name)
{
	struct ethtool_gstrings *s = calloc(1, sizeof(*s) + n * ETH_GSTRING_LEN);
	int found = -1;
	unsigned int i;

	if (!s)
		return -1;
	s->cmd = ETHTOOL_GSTRINGS;
	s->string_set = ETH_SS_FEATURES;
	s->len = n;
	if (!ask(ifname, s))
		n = 0;
	for (i = 0; i < n && found < 0; i++)
		if (!strncmp((char *)s->data + i * ETH_GSTRING_LEN, name, ETH_GSTRING_LEN))
			found = (int)i;
	free(s);
	return found;
}

bool offload_on(const char *ifname, const char *feature)
{
	unsigned int n = feature_count(ifname), blocks = (n + 31) / 32;
	int nr = n ? feature_find(ifname, n, feature) : -1;
	struct ethtool_gfeatures *g;
	bool on;

	if (nr < 0)
		return false;
	g = calloc(1, sizeof(*g) + blocks * sizeof(g->features[0]));
	if (!g)
		return false;
	g->cmd = ETHTOOL_GFEATURES;
	g->size = blocks;
	on = ask(ifname, g) && g->features[nr / 32].active >> nr % 32 & 1;
	free(g);
	return on;
}
