// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gate_private.h"
#include "kern/pools.h"

static bool add_name(struct pools *p, const char *name)
{
	char (*more)[64] = realloc(p->name, (p->n + 1) * sizeof(*more));

	if (!more)
		return false;
	p->name = more;
	snprintf(p->name[p->n++], sizeof(*more), "%s", name);
	return true;
}

void pools_fini(struct pools *p)
{
	free(p->name);
	*p = (struct pools){ 0 };
}

/* ------------------------------------------------------------------ one pool */

static void range_of(struct natfw_range *r, const struct conf_prefix *p)
{
	memset(r, 0, sizeof(*r));
	plan_address(&r->first, &p->address);
	r->last = r->first;
	natfw_addr_fill(&r->last, p->len, true);
	natfw_want(r, NATFW_A_RANGE_FIRST);
	natfw_want(r, NATFW_A_RANGE_LAST);
}

/* What can be changed later on, too. */
static void put_settings(struct natfw_pool *p, const struct conf_pool *c)
{
	p->name = (char *)c->name;	/* only read */
	natfw_want(p, NATFW_A_POOL_NAME);
	p->filtering = c->filtering;
	natfw_want(p, NATFW_A_POOL_FILTERING);
	p->flags = c->preserve ? NATFW_POOL_FLAG_PRESERVE : 0;
	natfw_want(p, NATFW_A_POOL_FLAGS);
	p->host_quota = c->host_quota;
	natfw_want(p, NATFW_A_POOL_HOST_QUOTA);
	p->hold = c->hold;
	natfw_want(p, NATFW_A_POOL_HOLD);
}

static int make(struct gate *g, const struct conf_pool *c, struct natfw_error *e)
{
	struct natfw_pool p = { .port_min = c->port_min, .port_max = c->port_max, .zone = c->zone };
	unsigned int i;
	int err;

	put_settings(&p, c);
	natfw_want(&p, NATFW_A_POOL_PORT_MIN);
	natfw_want(&p, NATFW_A_POOL_PORT_MAX);
	natfw_want(&p, NATFW_A_POOL_ZONE);
	natfw_want(&p, NATFW_A_POOL_RANGE);
	p.range.v = calloc(c->addresses, sizeof(struct natfw_range));
	if (!p.range.v)
		return natfw_error_set(e, ENOMEM, "out of memory");
	p.range.n = c->addresses;
	for (i = 0; i < c->addresses; i++)
		range_of((struct natfw_range *)p.range.v + i, &c->address[i]);
	err = natfw_client_do(g->link.client, NATFW_CMD_POOL_NEW, 0, &p, NULL, e);
	free(p.range.v);
	return err;
}

static bool same_ranges(const struct natfw_pool *p, const struct conf_pool *c)
{
	const struct natfw_range *have = p->range.v;
	struct natfw_range want;
	unsigned int i;

	if (p->range.n != c->addresses)
		return false;
	for (i = 0; i < c->addresses; i++) {
		const struct natfw_addr *last = have[i].last.len ? &have[i].last : &have[i].first;

		range_of(&want, &c->address[i]);
		if (natfw_addr_cmp(&have[i].first, &want.first) || natfw_addr_cmp(last, &want.last))
			return false;
	}
	return true;
}

static bool same_pool(const struct natfw_pool *p, const struct conf_pool *c)
{
	return p->port_min == c->port_min && p->port_max == c->port_max && p->zone == c->zone &&
	       p->mapping == NATFW_MAPPING_ENDPOINT_INDEPENDENT && same_ranges(p, c);
}

static bool same_settings(const struct natfw_pool *p, const struct conf_pool *c)
{
	return p->filtering == c->filtering && p->host_quota == c->host_quota && p->hold == c->hold &&
	       p->flags == (c->preserve ? NATFW_POOL_FLAG_PRESERVE : 0u);
}

static int set(struct gate *g, const struct conf_pool *c, struct natfw_error *e)
{
	struct natfw_pool p = { 0 };

	put_settings(&p, c);
	return natfw_client_do(g->link.client, NATFW_CMD_POOL_SET, 0, &p, NULL, e);
}

/* 1: it was made. */
static int see_to(struct gate *g, const struct conf_pool *c, bool only_new, struct natfw_error *e)
{
	struct natfw_pool ask = { .name = (char *)c->name }, p;
	int err;

	natfw_want(&ask, NATFW_A_POOL_NAME);
	err = natfw_client_do(g->link.client, NATFW_CMD_POOL_GET, 0, &ask, &p, e);
	if (err == -ENOENT && e->text[0]) {
		err = make(g, c, e);
		return err ? err : 1;
	}
	if (err)
		return err;
	if (!same_pool(&p, c))
		err = natfw_error_set(e, EEXIST, "a pool of this name has other addresses, ports or zone: "
				      "take it out with natfwctl pool del first");
	else if (!only_new && !same_settings(&p, c))
		err = set(g, c, e);
	natfw_object_fini(&natfw_pool_set, &p);
	return err;
}

static int take_out(struct gate *g, const char *name, struct natfw_error *e)
{
	struct natfw_pool p = { .name = (char *)name };

	natfw_want(&p, NATFW_A_POOL_NAME);
	return natfw_client_do(g->link.client, NATFW_CMD_POOL_DEL, 0, &p, NULL, e);
}

/* ------------------------------------------------------------------ all of them */

static void explain(const struct conf_pool *c, const struct natfw_error *why, struct conf_error *e)
{
	*e = (struct conf_error){ 0 };
	natfw_error_text(why, e->text, sizeof(e->text));
	snprintf(e->path, sizeof(e->path), "/natfw:natfw/pool[name='%s']", c->name);
}

bool pools_make(struct gate *g, const struct conf *c, struct pools *made, struct conf_error *e)
{
	struct natfw_error why = { 0 };
	bool good = true;
	unsigned int i;
	int err;

	for (i = 0; link_up(&g->link) && i < c->pools; i++) {
		err = see_to(g, &c->pool[i], made, &why);
		if (err == 1 && made && !add_name(made, c->pool[i].name))
			log_warn(SUB_KERN, "no memory: pool=%s stays", c->pool[i].name);
		if (err >= 0)
			continue;
		explain(&c->pool[i], &why, e);
		good = false;
	}
	return good;
}

void pools_undo(struct gate *g, struct pools *made)
{
	struct natfw_error e;
	unsigned int i;

	for (i = 0; link_up(&g->link) && i < made->n; i++)
		take_out(g, made->name[i], &e);
	pools_fini(made);
}

static bool has(const struct conf *c, const char *name)
{
	unsigned int i;

	for (i = 0; i < c->pools; i++)
		if (!strcmp(c->pool[i].name, name))
			return true;
	return false;
}

void pools_drop(struct gate *g, const struct conf *c, struct pools *had)
{
	char text[NATFW_ERROR_TEXT];
	struct natfw_error e;
	unsigned int i;

	for (i = 0; link_up(&g->link) && i < had->n; i++)
		if (!has(c, had->name[i]) && take_out(g, had->name[i], &e))
			log_warn(SUB_KERN, "pool=%s stays: %s", had->name[i],
				 natfw_error_text(&e, text, sizeof(text)));
	pools_fini(had);
	for (i = 0; i < c->pools; i++)
		if (!add_name(had, c->pool[i].name))
			break;
}
