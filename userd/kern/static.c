// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "kern/gate_private.h"
#include "kern/order.h"

#define TRIES		3	/* when others change what is being changed */
#define RETRY_MS	5000

/* A rule of ours in the module. */
struct found {
	struct ace_key key;
	uint32_t priority;
	uint64_t id;
	bool used;
};

/* One look at the module and what is to be done then. */
struct job {
	struct gate *g;
	const struct conf *conf;
	bool try;			/* nothing is to be in force */
	struct natfw_dump devices;
	struct found *found;		/* by key */
	size_t founds;
	struct static_rule *rule;	/* wanted */
	size_t rules, room;
	struct static_rule **asked;	/* by number of request; NULL: none's */
	size_t asks;
	unsigned int waiting;		/* interfaces that are not attached */
	int err;			/* the first thing refused */
	struct natfw_error e;
	const struct static_rule *wrong;	/* the rule it is about, or NULL */
};

/* ------------------------------------------------------------------ what there is */

static int compare_found(const void *a, const void *b)
{
	return memcmp(&((const struct found *)a)->key, &((const struct found *)b)->key,
		      sizeof(struct ace_key));
}

static int take_found(struct job *j, const struct natfw_dump *d)
{
	struct natfw_rule r;
	size_t i;

	j->found = calloc(d->n ? d->n : 1, sizeof(*j->found));
	if (!j->found)
		return -ENOMEM;
	for (i = 0; i < d->n; i++) {
		struct found *f = &j->found[j->founds];

		if (natfw_dump_get(d, i, &r))
			return -ENOMEM;
		ace_key(&f->key, &r);
		f->priority = r.priority;
		f->id = r.id;
		j->founds++;
		natfw_object_fini(d->set, &r);
	}
	qsort(j->found, j->founds, sizeof(*j->found), compare_found);
	return 0;
}

static int dump_rules(struct gate *g, struct natfw_dump *d, struct natfw_error *e)
{
	struct natfw_rule filter = { 0 };

	memcpy(filter.owner, g->statics.owner, sizeof(filter.owner));
	natfw_want(&filter, NATFW_A_RULE_OWNER);
	return natfw_client_dump(g->link.client, NATFW_CMD_RULE_GET, &filter, d, e);
}

static int look(struct job *j)
{
	struct natfw_client *c = j->g->link.client;
	struct natfw_dump d;
	int err = natfw_client_dump(c, NATFW_CMD_DEV_GET, NULL, &j->devices, &j->e);

	if (err)
		return err;
	err = dump_rules(j->g, &d, &j->e);
	if (err)
		return err;
	err = take_found(j, &d);
	natfw_dump_fini(&d);
	return err;
}

/* ------------------------------------------------------------------ what is wanted */

/* 0: it is not attached. */
static uint32_t attached(const struct job *j, const char *name)
{
	struct natfw_dev dev;
	uint32_t ifindex = 0;
	size_t i;

	for (i = 0; !ifindex && i < j->devices.n; i++) {
		if (natfw_dump_get(&j->devices, i, &dev))
			continue;
		if (!strncmp(dev.ifname, name, sizeof(dev.ifname)))
			ifindex = dev.ifindex;
		natfw_object_fini(j->devices.set, &dev);
	}
	return ifindex;
}

static struct static_rule *rule_add(struct job *j)
{
	size_t room = j->room ? j->room * 2 : 256;
	struct static_rule *more;

	if (j->rules == j->room) {
		more = realloc(j->rule, room * sizeof(*more));
		if (!more)
			return NULL;
		j->rule = more;
		j->room = room;
	}
	memset(&j->rule[j->rules], 0, sizeof(*j->rule));
	return &j->rule[j->rules++];
}

static int want_ace(struct job *j, const char *interface, uint32_t ifindex,
		    const struct conf_acl *acl, const struct conf_ace *a)
{
	char name[NATFW_NAME_MAX + 1];
	struct static_rule *s;
	struct natfw_rule r;
	unsigned int i;

	for (i = 0; i < ace_rules(a); i++) {
		s = rule_add(j);
		if (!s)
			return -ENOMEM;
		ace_rule(&r, name, acl, a, i, ifindex);
		ace_key(&s->key, &r);
		memcpy(s->acl, acl->name, sizeof(s->acl));
		memcpy(s->ace, a->name, sizeof(s->ace));
		memcpy(s->interface, interface, sizeof(s->interface));
		s->line = a->line;
	}
	return 0;
}

static int want_acl(struct job *j, const char *interface, uint32_t ifindex,
		    const struct conf_acl *acl)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < acl->aces; i++)
		err = want_ace(j, interface, ifindex, acl, &acl->ace[i]);
	return err;
}

/* ------------------------------------------------------------------ the difference */

/* What is there already has its priority and id, if nothing else has them. */
static void recognise(struct job *j, struct static_rule *s)
{
	struct found want = { .key = s->key }, *f;

	f = bsearch(&want, j->found, j->founds, sizeof(*f), compare_found);
	if (!f || f->used)
		return;
	f->used = true;
	s->priority = f->priority;
	s->id = f->id;
}

/* Of one interface, from @first on. */
static int put_in_order(struct job *j, size_t first)
{
	size_t i, n = j->rules - first;
	uint32_t *priority = calloc(n ? n : 1, sizeof(*priority));
	int err = priority ? 0 : -ENOMEM;

	for (i = 0; !err && i < n; i++) {
		recognise(j, &j->rule[first + i]);
		priority[i] = j->rule[first + i].priority;
	}
	if (!err)
		err = order_assign(priority, n, STATIC_FIRST, STATIC_LAST);
	for (i = 0; !err && i < n; i++) {
		struct static_rule *s = &j->rule[first + i];

		s->made = !s->id || priority[i] != s->priority;
		s->priority = priority[i];
	}
	free(priority);
	return err;
}

static int want_point(struct job *j, const struct conf_acl_point *p)
{
	const struct conf *c = j->conf;
	uint32_t ifindex = attached(j, p->interface);
	size_t first = j->rules;
	unsigned int i;
	int err = 0;

	if (!ifindex && p->acls) {
		j->waiting++;
		if (!j->g->statics.said && !j->try)
			log_warn(SUB_KERN, "access lists of interface=%s wait until it is attached to "
				 "the module", p->interface);
		return 0;
	}
	for (i = 0; !err && i < p->acls; i++)
		err = want_acl(j, p->interface, ifindex, &c->acl[p->acl[i]]);
	return err ? err : put_in_order(j, first);
}

static int want_all(struct job *j)
{
	const struct conf *c = j->conf;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < c->acl_points; i++)
		err = want_point(j, &c->acl_point[i]);
	if (!j->try)
		j->g->statics.said = c;
	return err;
}

/* ------------------------------------------------------------------ the transaction */

static void ask(struct job *j, struct static_rule *s, unsigned int cmd, unsigned int flags,
		const void *obj)
{
	j->asked[j->asks++] = s;
	/* what cannot be added keeps the batch from being sent, which says so */
	(void)natfw_batch_add(j->g->link.batch, cmd, flags, obj);
}

static void ask_new(struct job *j, struct static_rule *s, const struct conf_acl *acl,
		    const struct conf_ace *a, unsigned int i)
{
	char name[NATFW_NAME_MAX + 1];
	struct natfw_rule r;

	ace_rule(&r, name, acl, a, i, s->key.ifindex);
	memcpy(r.owner, j->g->statics.owner, sizeof(r.owner));
	natfw_want(&r, NATFW_A_RULE_OWNER);
	r.priority = s->priority;
	natfw_want(&r, NATFW_A_RULE_PRIORITY);
	ask(j, s, NATFW_CMD_RULE_NEW, NATFW_ECHO, &r);
}

/* The same way as want_all() went. */
static void ask_point(struct job *j, const struct conf_acl_point *p, size_t *at)
{
	const struct conf *c = j->conf;
	unsigned int i, k, n;

	if (!attached(j, p->interface))
		return;
	for (i = 0; i < p->acls; i++) {
		const struct conf_acl *acl = &c->acl[p->acl[i]];

		for (k = 0; k < acl->aces; k++)
			for (n = 0; n < ace_rules(&acl->ace[k]); n++, ++*at)
				if (j->rule[*at].made)
					ask_new(j, &j->rule[*at], acl, &acl->ace[k], n);
	}
}

static void ask_del(struct job *j, uint64_t id)
{
	struct natfw_rule r = { .id = id };

	natfw_want(&r, NATFW_A_RULE_ID);
	ask(j, NULL, NATFW_CMD_RULE_DEL, 0, &r);
}

static void ask_all(struct job *j)
{
	const struct conf *c = j->conf;
	struct natfw_txn_info t = { 0 };
	size_t i, at = 0;

	ask(j, NULL, NATFW_CMD_TXN_BEGIN, 0, NULL);
	for (i = 0; i < c->acl_points; i++)
		ask_point(j, &c->acl_point[i], &at);
	for (i = 0; i < j->rules; i++)
		if (j->rule[i].made && j->rule[i].id)
			ask_del(j, j->rule[i].id);
	for (i = 0; i < j->founds; i++)
		if (!j->found[i].used)
			ask_del(j, j->found[i].id);
	t.staged = (uint32_t)j->asks - 1;
	natfw_want(&t, NATFW_A_TXN_STAGED);
	if (!j->try)
		ask(j, NULL, NATFW_CMD_TXN_COMMIT, 0, &t);
}

static void take_result(void *arg, unsigned int nr, int err, const void *reply,
			const struct natfw_error *e)
{
	struct job *j = arg;
	const struct natfw_rule *r = reply;

	if (!err && r && j->asked[nr])
		j->asked[nr]->id = r->id;
	if (!err || j->err)
		return;
	j->err = err;
	j->e = *e;
	j->wrong = j->asked[nr];
}

static bool differs(const struct job *j)
{
	size_t i;

	for (i = 0; i < j->rules; i++)
		if (j->rule[i].made)
			return true;
	for (i = 0; i < j->founds; i++)
		if (!j->found[i].used)
			return true;
	return false;
}

static int run(struct job *j)
{
	struct gate *g = j->g;
	int err;

	if (!differs(j))
		return 0;
	j->asked = calloc(j->rules * 2 + j->founds + 2, sizeof(*j->asked));
	if (!j->asked)
		return -ENOMEM;
	ask_all(j);
	err = natfw_batch_run(g->link.batch, take_result, j, &j->e);
	if (err) {
		mend_lost(g, j->e.text, false);
		return err;
	}
	if (j->err == -ENOENT && !j->e.text[0])
		mend_lost(g, "the module was unloaded", true);
	else if (j->err || j->try)
		natfw_client_do(g->link.client, NATFW_CMD_TXN_ABORT, 0, NULL, NULL, NULL);
	return j->err;
}

/* ------------------------------------------------------------------ what came of it */

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int compare_names(const void *a, const void *b)
{
	const struct static_rule *x = *(struct static_rule *const *)a;
	const struct static_rule *y = *(struct static_rule *const *)b;
	int order = strcmp(x->acl, y->acl);

	return order ? order : strcmp(x->ace, y->ace);
}

/* What is in force from now on. */
static int keep(struct job *j)
{
	struct statics *s = &j->g->statics;
	size_t i, n = j->rules ? j->rules : 1;
	uint64_t *id = calloc(n, sizeof(*id));
	struct static_rule **named = calloc(n, sizeof(*named));

	if (!id || !named) {
		free(id);
		free(named);
		return -ENOMEM;
	}
	for (i = 0; i < j->rules; i++) {
		id[i] = j->rule[i].id;
		named[i] = &j->rule[i];
	}
	qsort(id, j->rules, sizeof(*id), compare_ids);
	qsort(named, j->rules, sizeof(*named), compare_names);
	static_fini(s);
	s->rule = j->rule;
	s->n = j->rules;
	s->id = id;
	s->named = named;
	j->rule = NULL;
	return 0;
}

static void count_changes(const struct job *j)
{
	size_t i, made = 0, gone = 0;

	for (i = 0; i < j->rules; i++)
		made += j->rule[i].made;
	for (i = 0; i < j->founds; i++)
		gone += !j->found[i].used;
	j->g->counter[GATE_N_static_changes] += made + gone;
	if (made || gone)
		log_notice(SUB_KERN, "static rules in force count=%zu made=%zu removed=%zu", j->rules,
			   made, gone);
}

static void clean(struct job *j)
{
	natfw_dump_fini(&j->devices);
	free(j->found);
	free(j->rule);
	free(j->asked);
}

/* Once. */
static int apply(struct job *j)
{
	int err = look(j);

	if (!err)
		err = want_all(j);
	if (!err)
		err = run(j);
	if (err || j->try)
		return err;
	count_changes(j);
	return keep(j);
}

/* Something went, or came, while it was worked on. */
static bool is_raced(int err)
{
	return err == -ENOENT || err == -ENODEV;
}

static void explain(const struct job *j, int err, struct conf_error *e)
{
	const struct static_rule *s = j->wrong;
	struct natfw_error plain = { .code = -err };

	*e = (struct conf_error){ 0 };
	natfw_error_text(err == j->err || j->e.code ? &j->e : &plain, e->text, sizeof(e->text));
	if (err == -ENOSPC && !j->err)
		snprintf(e->text, sizeof(e->text), "more rules than there are priorities for them");
	if (!s) {
		snprintf(e->path, sizeof(e->path), "/ietf-access-control-list:acls");
		return;
	}
	e->line = s->line;
	snprintf(e->path, sizeof(e->path),
		 "/ietf-access-control-list:acls/acl[name='%s']/aces/ace[name='%s']", s->acl, s->ace);
}

/* 0, or -errno and @e. Without a module all is done when it comes. */
static int attempt(struct gate *g, const struct conf *c, bool try, struct conf_error *e)
{
	unsigned int tries = 0;
	int err = 0;

	do {
		struct job j = { .g = g, .conf = c, .try = try };

		if (!link_up(&g->link))
			return 0;
		err = apply(&j);
		if (err)
			explain(&j, err, e);
		clean(&j);
	} while (err && link_up(&g->link) && is_raced(err) && ++tries < TRIES);
	return link_up(&g->link) ? err : 0;
}

bool static_try(struct gate *g, const struct conf *c, struct conf_error *e)
{
	return !attempt(g, c, true, e);
}

bool static_apply(struct gate *g, struct conf_error *e)
{
	g->statics.dirty = false;
	g->statics.failed = attempt(g, g->conf, false, e);
	if (!g->statics.failed)
		return true;
	g->statics.retry = g->now + RETRY_MS;
	g->counter[GATE_N_static_refused]++;
	return false;
}

/* ------------------------------------------------------------------ afterwards */

void static_look(struct gate *g)
{
	bool again = g->statics.failed && g->now >= g->statics.retry;
	bool before = g->statics.failed;
	struct conf_error e;

	if ((!g->statics.dirty && !again) || !link_up(&g->link))
		return;
	if (!static_apply(g, &e) && !before)
		log_error(SUB_KERN, "static rules are not in force: %s path=%s", e.text, e.path);
}

void static_gone(struct gate *g, const uint8_t *owner, uint64_t id)
{
	struct statics *s = &g->statics;

	if (s->dirty || memcmp(owner, s->owner, sizeof(s->owner)) ||
	    !bsearch(&id, s->id, s->n, sizeof(id), compare_ids))
		return;
	log_notice(SUB_KERN, "a static rule has gone: the module is made to have them all again");
	s->dirty = true;
}

struct counted {
	uint64_t id, packets, bytes;
};

static int compare_counted(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct counted *read_counters(struct natfw_dump *d)
{
	struct counted *c = calloc(d->n ? d->n : 1, sizeof(*c));
	struct natfw_rule r;
	size_t i;

	for (i = 0; c && i < d->n; i++) {
		if (natfw_dump_get(d, i, &r))
			continue;
		c[i] = (struct counted){ r.id, r.packets, r.bytes };
		natfw_object_fini(d->set, &r);
	}
	if (c)
		qsort(c, d->n, sizeof(*c), compare_counted);
	return c;
}

static void count(struct gate *g)
{
	struct statics *s = &g->statics;
	struct counted *all, *one;
	struct natfw_dump d;
	size_t i;

	if (!s->n || !link_up(&g->link) || dump_rules(g, &d, NULL))
		return;
	all = read_counters(&d);
	for (i = 0; all && i < s->n; i++) {
		one = bsearch(&(struct counted){ .id = s->rule[i].id }, all, d.n, sizeof(*all),
			      compare_counted);
		if (!one)
			continue;
		s->rule[i].packets = one->packets;
		s->rule[i].bytes = one->bytes;
	}
	free(all);
	natfw_dump_fini(&d);
}

/* All of one entry, from *@at on, which is moved behind them. */
static void sum(const struct statics *s, uint32_t *at, struct ace_info *i)
{
	const struct static_rule *first = s->named[*at], *r;

	memset(i, 0, sizeof(*i));
	memcpy(i->acl, first->acl, sizeof(i->acl));
	memcpy(i->ace, first->ace, sizeof(i->ace));
	for (; *at < s->n && !compare_names(&s->named[*at], &first); ++*at) {
		r = s->named[*at];
		i->packets += r->packets;
		i->bytes += r->bytes;
		i->rules++;
	}
}

bool static_list(struct gate *g, uint32_t *at, unsigned int max,
		 bool (*fn)(void *arg, const struct ace_info *i), void *arg)
{
	struct statics *s = &g->statics;
	struct ace_info i;
	uint32_t before;

	if (!*at)
		count(g);
	for (; max && *at < s->n; max--) {
		before = *at;
		sum(s, at, &i);
		if (fn(arg, &i))
			continue;
		*at = before;
		break;
	}
	return *at < s->n;
}

void static_init(struct statics *s, const uint8_t owner[NATFW_OWNER_LEN])
{
	static const uint8_t keys[2][16] = { "natfwd-static-a", "natfwd-static-b" };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint64_t half = siphash(owner, NATFW_OWNER_LEN, keys[i]);

		memcpy(s->owner + 8 * i, &half, sizeof(half));
	}
}

void static_fini(struct statics *s)
{
	free(s->rule);
	free(s->id);
	free(s->named);
}
