// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kern/places.h"

#define LOOK_MS	1000

int places_init(struct places *p)
{
	memset(p, 0, sizeof(*p));
	p->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return p->fd < 0 ? -errno : 0;
}

void places_fini(struct places *p)
{
	free(p->place);
	if (p->fd >= 0)
		close(p->fd);
}

/* if_nametoindex() would open a socket each time. */
static uint32_t index_of(const struct places *p, const char *name)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, strnlen(name, sizeof(ifr.ifr_name) - 1));
	return ioctl(p->fd, SIOCGIFINDEX, &ifr) ? 0 : (uint32_t)ifr.ifr_ifindex;
}

static void look(struct places *p, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < p->n; i++)
		p->place[i].ifindex = index_of(p, p->place[i].conf->name);
	p->looked = now;
}

void places_look(struct places *p, uint64_t now)
{
	if (now >= p->looked + LOOK_MS)
		look(p, now);
}

int places_configure(struct places *p, const struct conf *c, uint64_t now)
{
	struct place *place = calloc(c->interfaces ? c->interfaces : 1, sizeof(*place));
	unsigned int i;

	if (!place)
		return -ENOMEM;
	free(p->place);
	p->place = place;
	p->n = c->interfaces;
	for (i = 0; i < p->n; i++)
		place[i].conf = &c->interface[i];
	look(p, now);
	return 0;
}

static const struct place *find(const struct places *p, uint32_t ifindex)
{
	unsigned int i;

	for (i = 0; i < p->n; i++)
		if (p->place[i].ifindex == ifindex)
			return &p->place[i];
	return NULL;
}

static const struct place *place_of(struct places *p, uint32_t ifindex, uint64_t now)
{
	const struct place *place = ifindex ? find(p, ifindex) : NULL;

	if (place || !ifindex)
		return place;
	places_look(p, now);
	return find(p, ifindex);
}

const struct conf_interface *places_find(struct places *p, uint32_t ifindex, uint64_t now)
{
	const struct place *place = place_of(p, ifindex, now);

	return place ? place->conf : NULL;
}

void places_side(struct places *p, uint32_t ifindex, uint64_t now, struct policy_side *side)
{
	const struct conf_interface *i = places_find(p, ifindex, now);

	*side = (struct policy_side){ .outside = true };
	if (i)
		*side = (struct policy_side){
			.name = i->name, .outside = i->outside, .zone = i->zone,
		};
}

bool places_zone(struct places *p, uint32_t ifindex, uint64_t now, uint32_t *zone)
{
	const struct conf_interface *conf = places_find(p, ifindex, now);
	unsigned int i;

	*zone = conf ? conf->zone : 0;
	if (ifindex || !p->n)
		return true;
	*zone = p->place[0].conf->zone;
	for (i = 1; i < p->n; i++)
		if (p->place[i].conf->zone != *zone)
			return false;
	return true;
}

static bool translates(const struct conf_interface *i)
{
	return i->outside && i->nat && i->pool[0];
}

const struct place *places_pool(struct places *p, uint32_t ifindex, uint64_t now)
{
	const struct place *place = place_of(p, ifindex, now), *only = NULL;
	unsigned int i;

	if (ifindex)
		return place && translates(place->conf) ? place : NULL;
	for (i = 0; i < p->n; i++) {
		if (!translates(p->place[i].conf))
			continue;
		if (only)
			return NULL;
		only = &p->place[i];
	}
	return only;
}
