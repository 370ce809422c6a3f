// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "state.h"

static bool load_net(struct state *s)
{
	struct natfw_client *c = ctl_client();
	struct natfw_error e;

	if (!c)
		return false;
	if (!natfw_client_do(c, NATFW_CMD_NET_GET, 0, NULL, &s->net, &e))
		return true;
	ctl_refused(&e);
	return false;
}

static bool load_list(unsigned int cmd, struct natfw_list *l)
{
	struct natfw_dump d;
	bool ok = true;
	size_t i;
	void *obj;

	if (!ctl_dump(cmd, NULL, &d))
		return false;
	for (i = 0; i < d.n && ok; i++) {
		obj = natfw_list_add(l, d.set->size);
		ok = obj && !natfw_dump_get(&d, i, obj);
	}
	if (!ok)
		ctl_fail("out of memory");
	natfw_dump_fini(&d);
	return ok;
}

static bool load_rules(struct state *s, const uint8_t *owner)
{
	struct natfw_rule filter = { .has = 1ull << NATFW_A_RULE_OWNER };

	if (owner)
		memcpy(filter.owner, owner, sizeof(filter.owner));
	else
		filter.has = 0;
	return ctl_dump(NATFW_CMD_RULE_GET, &filter, &s->rules);
}

bool state_load(struct state *s, const uint8_t *owner)
{
	memset(s, 0, sizeof(*s));
	natfw_dump_init(&s->rules, &natfw_rule_set);
	if (load_net(s) && load_list(NATFW_CMD_DEV_GET, &s->devs) &&
	    load_list(NATFW_CMD_POOL_GET, &s->pools) && load_rules(s, owner))
		return true;
	state_fini(s);
	return false;
}

static void list_fini(const struct natfw_set *set, struct natfw_list *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++)
		natfw_object_fini(set, (char *)l->v + i * set->size);
	free(l->v);
}

void state_fini(struct state *s)
{
	list_fini(&natfw_dev_set, &s->devs);
	list_fini(&natfw_pool_set, &s->pools);
	natfw_dump_fini(&s->rules);
	memset(s, 0, sizeof(*s));
}

const struct natfw_pool *state_pool(const struct state *s, const char *name)
{
	const struct natfw_pool *p = s->pools.v;
	unsigned int i;

	for (i = 0; i < s->pools.n; i++)
		if (p[i].name && !strcmp(p[i].name, name))
			return &p[i];
	return NULL;
}

const struct natfw_dev *state_dev(const struct state *s, const char *ifname)
{
	const struct natfw_dev *d = s->devs.v;
	unsigned int i;

	for (i = 0; i < s->devs.n; i++)
		if (!strcmp(d[i].ifname, ifname))
			return &d[i];
	return NULL;
}
