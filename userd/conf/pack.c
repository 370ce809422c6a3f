// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A configuration as octets for another process of the same program: the structs as they are, then the
 * arrays in a fixed order. Nothing is believed when it is unpacked: lengths have to add up, strings to
 * end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

#define MAGIC		0x6e617466u
#define COUNT_MAX	1000000u

struct head {
	uint32_t magic;
	uint32_t size;		/* of struct conf */
	uint64_t tree;		/* octets of conf.tree with its end, 0: none */
};

/* One pass over all arrays; first to count, then to write or read. */
struct walk {
	uint8_t *at;		/* NULL: only count */
	size_t len;		/* octets passed, or left when reading */
	bool reading, bad;
};

/* ------------------------------------------------------------------ arrays */

static void *take(struct walk *w, size_t n)
{
	void *p = w->len < n ? NULL : calloc(1, n);

	if (!p) {
		w->bad = true;
		return NULL;
	}
	memcpy(p, w->at, n);
	w->at += n;
	w->len -= n;
	return p;
}

static void array(struct walk *w, void **p, unsigned int *count, size_t size)
{
	size_t n = *count <= COUNT_MAX ? *count * size : 0;

	if (w->reading) {
		w->bad |= *count > COUNT_MAX;
		*p = n && !w->bad ? take(w, n) : NULL;
		*count = *p ? *count : 0;
		return;
	}
	if (w->at && n) {
		memcpy(w->at, *p, n);
		w->at += n;
	}
	w->len += n;
}

#define ARRAY(w, p, count) array(w, (void **)&(p), &(count), sizeof(*(p)))

static void entry_arrays(struct walk *w, struct conf_policy *p)
{
	ARRAY(w, p->from, p->froms);
	ARRAY(w, p->toward, p->towards);
	ARRAY(w, p->source, p->sources);
}

static void mgmt_arrays(struct walk *w, struct conf_mgmt *m)
{
	unsigned int i;

	ARRAY(w, m->ssh.host_key, m->ssh.host_keys);
	ARRAY(w, m->ssh.user_key, m->ssh.user_keys);
	ARRAY(w, m->identity, m->identities);
	ARRAY(w, m->rule, m->rules);
	ARRAY(w, m->service, m->services);
	ARRAY(w, m->listen, m->listens);
	ARRAY(w, m->call, m->calls);
	for (i = 0; i < m->calls; i++)
		ARRAY(w, m->call[i].endpoint, m->call[i].endpoints);
}

static void acl_arrays(struct walk *w, struct conf *c)
{
	unsigned int i;

	ARRAY(w, c->acl, c->acls);
	for (i = 0; i < c->acls; i++)
		ARRAY(w, c->acl[i].ace, c->acl[i].aces);
	ARRAY(w, c->acl_point, c->acl_points);
	for (i = 0; i < c->acl_points; i++)
		ARRAY(w, c->acl_point[i].acl, c->acl_point[i].acls);
}

/*
 * What is read has pointers of another process until its turn comes: none of them may be left behind if it
 * is broken off, so array() is gone on with, and sets them to NULL.
 */
static void arrays(struct walk *w, struct conf *c)
{
	unsigned int i;

	ARRAY(w, c->interface, c->interfaces);
	ARRAY(w, c->pool, c->pools);
	for (i = 0; i < c->pools; i++)
		ARRAY(w, c->pool[i].address, c->pool[i].addresses);
	ARRAY(w, c->gist.address, c->gist.addresses);
	ARRAY(w, c->gist.peer, c->gist.peers);
	ARRAY(w, c->keys, c->key_count);
	ARRAY(w, c->policy, c->policies);
	for (i = 0; i < c->policies; i++)
		entry_arrays(w, &c->policy[i]);
	mgmt_arrays(w, &c->mgmt);
	acl_arrays(w, c);
}

/* ------------------------------------------------------------------ packing */

int conf_pack(const struct conf *c, void **out, size_t *len)
{
	struct head head = { MAGIC, sizeof(*c), c->tree ? strlen(c->tree) + 1 : 0 };
	struct walk w = { .len = sizeof(head) + sizeof(*c) };
	uint8_t *octets;

	arrays(&w, (struct conf *)c);
	*len = w.len + head.tree;
	octets = malloc(*len);
	if (!octets)
		return -ENOMEM;
	memcpy(octets, &head, sizeof(head));
	memcpy(octets + sizeof(head), c, sizeof(*c));
	w.at = octets + sizeof(head) + sizeof(*c);
	arrays(&w, (struct conf *)c);
	if (head.tree)
		memcpy(w.at, c->tree, head.tree);
	*out = octets;
	return 0;
}

/* ------------------------------------------------------------------ unpacking */

#define ENDS(text) (memchr(text, 0, sizeof(text)) != NULL)

static bool identity_ends(const struct conf_identity *i)
{
	return ENDS(i->name) && ENDS(i->certificate) && ENDS(i->key) && ENDS(i->authority) &&
	       ENDS(i->crl) && ENDS(i->ocsp.staple_from) && ENDS(i->ocsp.responder);
}

static bool endpoint_ends(const struct conf_endpoint *e)
{
	return ENDS(e->name) && ENDS(e->remote) && ENDS(e->interface) && ENDS(e->identity) &&
	       ENDS(e->service);
}

/* A call has an endpoint, and connects to one by number. */
static bool call_ends(const struct conf_call *c)
{
	const struct conf_endpoint *e = c->endpoint;
	bool good = ENDS(c->name) && c->endpoints;
	unsigned int i;

	for (i = 0; good && i < c->endpoints; i++, e++)
		good = endpoint_ends(e);
	return good;
}

static bool ssh_ends(const struct conf_ssh *s)
{
	bool good = ENDS(s->program) && ENDS(s->relay) && ENDS(s->account) && ENDS(s->directory);
	unsigned int i;

	for (i = 0; good && i < s->host_keys; i++)
		good = ENDS(s->host_key[i].name) && ENDS(s->host_key[i].file);
	for (i = 0; good && i < s->user_keys; i++)
		good = ENDS(s->user_key[i].user) && ENDS(s->user_key[i].key);
	return good;
}

static bool mgmt_ends(const struct conf_mgmt *m)
{
	bool good = ssh_ends(&m->ssh);
	unsigned int i;

	for (i = 0; good && i < m->identities; i++)
		good = identity_ends(&m->identity[i]);
	for (i = 0; good && i < m->rules; i++)
		good = ENDS(m->rule[i].name) && m->rule[i].len <= sizeof(m->rule[i].fingerprint);
	for (i = 0; good && i < m->services; i++)
		good = ENDS(m->service[i].name);
	for (i = 0; good && i < m->listens; i++)
		good = endpoint_ends(&m->listen[i].e);
	for (i = 0; good && i < m->calls; i++)
		good = call_ends(&m->call[i]);
	return good;
}

static bool prefix_fits(const struct conf_prefix *p)
{
	return !p->len || p->len <= address_bits(&p->address);
}

static bool acl_ends(const struct conf_acl *a)
{
	bool good = ENDS(a->name);
	unsigned int i;

	for (i = 0; good && i < a->aces; i++)
		good = ENDS(a->ace[i].name) && ENDS(a->ace[i].to.pool) && a->ace[i].forwarding <= ACE_REJECT &&
		       prefix_fits(&a->ace[i].source) && prefix_fits(&a->ace[i].destination);
	return good;
}

static bool pools_end(const struct conf *c)
{
	bool good = true;
	unsigned int i, k;

	for (i = 0; good && i < c->pools; i++) {
		good = ENDS(c->pool[i].name);
		for (k = 0; good && k < c->pool[i].addresses; k++)
			good = prefix_fits(&c->pool[i].address[k]);
	}
	return good;
}

/* A point has its lists by number. */
static bool acls_end(const struct conf *c)
{
	bool good = true;
	unsigned int i, k;

	for (i = 0; good && i < c->acls; i++)
		good = acl_ends(&c->acl[i]);
	for (i = 0; good && i < c->acl_points; i++) {
		good = ENDS(c->acl_point[i].interface);
		for (k = 0; good && k < c->acl_point[i].acls; k++)
			good = c->acl_point[i].acl[k] < c->acls;
	}
	return good;
}

static bool strings_end(const struct conf *c)
{
	bool good = ENDS(c->gist.certificate) && ENDS(c->gist.key) && ENDS(c->gist.authority) &&
		    ENDS(c->control.socket) && ENDS(c->control.group) && ENDS(c->user) &&
		    ENDS(c->chroot) && ENDS(c->state);
	unsigned int i;

	for (i = 0; good && i < c->interfaces; i++)
		good = ENDS(c->interface[i].name) && ENDS(c->interface[i].pool);
	for (i = 0; good && i < c->gist.peers; i++)
		good = ENDS(c->gist.peer[i].name);
	for (i = 0; good && i < c->key_count; i++)
		good = ENDS(c->keys[i].name) && c->keys[i].len <= sizeof(c->keys[i].secret);
	for (i = 0; good && i < c->policies; i++)
		good = ENDS(c->policy[i].name) && ENDS(c->policy[i].interface) &&
		       ENDS(c->policy[i].tls_name) &&
		       c->policy[i].protocols <= sizeof(c->policy[i].protocol);
	return good && mgmt_ends(&c->mgmt) && acls_end(c) && pools_end(c);
}

static void take_tree(struct walk *w, struct conf *c, uint64_t len)
{
	if (len != w->len || (len && w->at[len - 1])) {
		w->bad = true;
		return;
	}
	if (len)
		c->tree = take(w, len);
}

struct conf *conf_unpack(const void *data, size_t len)
{
	struct head head;
	struct walk w = { .reading = true };
	struct conf *c;

	if (len < sizeof(head) + sizeof(*c))
		return NULL;
	memcpy(&head, data, sizeof(head));
	if (head.magic != MAGIC || head.size != sizeof(*c))
		return NULL;
	c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	memcpy(c, (const uint8_t *)data + sizeof(head), sizeof(*c));
	c->tree = NULL;
	w.at = (uint8_t *)data + sizeof(head) + sizeof(*c);
	w.len = len - sizeof(head) - sizeof(*c);
	arrays(&w, c);
	if (!w.bad)
		take_tree(&w, c, head.tree);
	if (!w.bad && strings_end(c))
		return c;
	conf_free(c);
	return NULL;
}
