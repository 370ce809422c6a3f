// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/if.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "sig/links.h"
#include "sig/net.h"
#include "sig/rtnl.h"

#define LIMIT	65536	/* of each: more are not looked at */

struct link {
	unsigned int ifindex;
	uint32_t mtu;
	bool up;
	char name[IFNAMSIZ];
};

struct place {
	unsigned int ifindex;
	struct address address;
	uint8_t scope;
	uint32_t flags;
};

static struct link *links;
static struct place *places;
static unsigned int link_count, link_room, place_count, place_room;

/* Room for one more; false: keep as it is. */
static bool grow(void **array, unsigned int *room, unsigned int count, size_t size)
{
	unsigned int n = *room ? *room * 2 : 16;
	void *p;

	if (count < *room)
		return true;
	if (n > LIMIT)
		return false;
	p = realloc(*array, n * size);
	if (!p)
		return false;
	*array = p;
	*room = n;
	return true;
}

static struct link *find(unsigned int ifindex)
{
	unsigned int i;

	for (i = 0; i < link_count; i++)
		if (links[i].ifindex == ifindex)
			return &links[i];
	return NULL;
}

/* ---- interfaces ---- */

static bool link_gone(unsigned int ifindex)
{
	struct link *l = find(ifindex);

	if (!l)
		return false;
	*l = links[--link_count];
	return true;
}

static struct link *link_new(unsigned int ifindex)
{
	void *array = links;

	if (!grow(&array, &link_room, link_count, sizeof(*links)))
		return NULL;
	links = array;
	links[link_count] = (struct link){ .ifindex = ifindex };
	return &links[link_count++];
}

static bool link_is(unsigned int ifindex, const struct rtnl_attributes *t, bool up)
{
	const struct rtattr *name = t->of[IFLA_IFNAME];
	struct link now = { .ifindex = ifindex, .mtu = rtnl_u32(t, IFLA_MTU), .up = up };
	struct link *l = find(ifindex);
	bool changed;

	if (!name || !RTA_PAYLOAD(name) || RTA_PAYLOAD(name) > sizeof(now.name))
		return false;
	memcpy(now.name, RTA_DATA(name), RTA_PAYLOAD(name));
	now.name[sizeof(now.name) - 1] = 0;
	changed = !l || l->up != up || strcmp(l->name, now.name);
	if (!l)
		l = link_new(ifindex);
	if (l)
		*l = now;
	return changed;
}

static bool link_event(const struct nlmsghdr *h)
{
	const struct ifinfomsg *m = NLMSG_DATA(h);
	struct rtnl_attributes t;

	/* bridges tell of their ports in messages of their own family, which are not about links */
	if (!rtnl_parse_message(&t, h, sizeof(*m)) || m->ifi_family != AF_UNSPEC)
		return false;
	if (h->nlmsg_type == RTM_DELLINK)
		return link_gone((unsigned int)m->ifi_index);
	return link_is((unsigned int)m->ifi_index, &t, m->ifi_flags & IFF_LOWER_UP);
}

/* ---- addresses ---- */

static struct place *find_place(unsigned int ifindex, const struct address *a)
{
	unsigned int i;

	for (i = 0; i < place_count; i++)
		if (places[i].ifindex == ifindex && address_equal(&places[i].address, a))
			return &places[i];
	return NULL;
}

static void place_is(const struct place *now)
{
	struct place *p = find_place(now->ifindex, &now->address);
	void *array = places;

	if (!p) {
		if (!grow(&array, &place_room, place_count, sizeof(*places)))
			return;
		places = array;
		p = &places[place_count++];
	}
	*p = *now;
}

static void place_gone(const struct place *was)
{
	struct place *p = find_place(was->ifindex, &was->address);

	if (p)
		*p = places[--place_count];
}

static void address_event(const struct nlmsghdr *h)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	struct rtnl_attributes t;
	struct place p;

	if (!rtnl_parse_message(&t, h, sizeof(*m)))
		return;
	p = (struct place){ .ifindex = m->ifa_index, .scope = m->ifa_scope, .flags = m->ifa_flags };
	if (t.of[IFA_FLAGS])
		p.flags = rtnl_u32(&t, IFA_FLAGS);
	p.address = rtnl_address(&t, t.of[IFA_LOCAL] ? IFA_LOCAL : IFA_ADDRESS, m->ifa_family);
	if (!address_is_set(&p.address))
		return;
	if (h->nlmsg_type == RTM_NEWADDR)
		place_is(&p);
	else
		place_gone(&p);
}

bool links_event(const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return link_event(h);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		address_event(h);
	}
	return false;
}

void links_forget(void)
{
	free(links);
	free(places);
	links = NULL;
	places = NULL;
	link_count = link_room = place_count = place_room = 0;
}

unsigned int links_index(const char *name)
{
	unsigned int i;

	for (i = 0; i < link_count; i++)
		if (!strcmp(links[i].name, name))
			return links[i].ifindex;
	return 0;
}

uint32_t links_mtu(unsigned int ifindex)
{
	const struct link *l = find(ifindex);

	return l ? l->mtu : 0;
}

static bool configured(const struct address *a)
{
	unsigned int i;

	for (i = 0; net.conf && i < net.conf->gist.addresses; i++)
		if (address_equal(a, &net.conf->gist.address[i]))
			return true;
	return false;
}

/* How good an address is, 0: not at all. */
static unsigned int worth(const struct place *p)
{
	if (p->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) || p->scope >= RT_SCOPE_HOST)
		return 0;
	if (p->scope >= RT_SCOPE_LINK && p->address.version == 6)
		return 0;
	if (configured(&p->address))
		return 5;
	if (p->flags & IFA_F_DEPRECATED)
		return 1;
	if (p->scope)
		return 2;
	return p->flags & IFA_F_SECONDARY ? 3 : 4;	/* of IPv6 the same bit says temporary */
}

bool links_address(unsigned int ifindex, unsigned int version, struct address *a)
{
	unsigned int i, best = 0, w;

	for (i = 0; i < place_count; i++) {
		if (places[i].ifindex != ifindex || places[i].address.version != version)
			continue;
		w = worth(&places[i]);
		if (w <= best)
			continue;
		best = w;
		*a = places[i].address;
	}
	return best;
}
