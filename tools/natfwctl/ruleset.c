// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ruleset.h"
#include "spec.h"

#define BIT(attr)	(1ull << (attr))
#define KEY_ATTRS	(BIT(NATFW_A_RULE_PRIORITY) | BIT(NATFW_A_RULE_OWNER) |		\
			 BIT(NATFW_A_RULE_ACTION) | BIT(NATFW_A_RULE_MATCH) |		\
			 BIT(NATFW_A_RULE_NAT))

void ruleset_init(struct ruleset *s)
{
	memset(s, 0, sizeof(*s));
	natfw_dump_init(&s->enc, &natfw_rule_set);
}

void ruleset_fini(struct ruleset *s)
{
	natfw_dump_fini(&s->enc);
	natfw_msg_fini(&s->scratch);
	free(s->entry.v);
	ruleset_init(s);
}

/* FNV-1a, four bytes at a time; encodings are multiples of four. */
static uint32_t hash_bytes(const char *p, size_t len)
{
	uint32_t h = 2166136261u, v;

	for (; len >= sizeof(v); p += sizeof(v), len -= sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		h = (h ^ v) * 16777619u;
		h ^= h >> 15;
	}
	return h;
}

int ruleset_add(struct ruleset *s, const struct natfw_rule *r, uint64_t id, unsigned int line)
{
	struct natfw_msg *m = &s->scratch;
	struct natfw_rule part = *r;
	struct ruleset_entry *e;
	uint32_t key_len;

	natfw_msg_reset(m);
	part.has = r->has & KEY_ATTRS;
	natfw_object_put(m, &natfw_rule_set, &part);
	key_len = (uint32_t)m->len;
	part.has = r->has & ~KEY_ATTRS;
	natfw_object_put(m, &natfw_rule_set, &part);
	if (!natfw_msg_ok(m) || natfw_dump_add(&s->enc, m->buf, m->len))
		return -ENOMEM;
	e = natfw_list_add(&s->entry, sizeof(*e));
	if (!e)
		return -ENOMEM;
	*e = (struct ruleset_entry){
		.id = id, .priority = r->priority, .flags = r->flags, .key_len = key_len,
		.line = line, .hash = hash_bytes(m->buf, key_len),
		.refers = natfw_has(&r->match, NATFW_A_MATCH_IFNAME) ||
			  natfw_has(&r->nat, NATFW_A_NAT_POOL),
	};
	return 0;
}

int ruleset_add_dump(struct ruleset *s, const struct natfw_dump *d)
{
	struct natfw_rule r;
	int err = 0;
	size_t i;

	for (i = 0; i < d->n && !err; i++) {
		uint64_t id;

		err = natfw_dump_get(d, i, &r);
		if (err)
			break;
		id = r.id;
		spec_canon(&r);
		err = ruleset_add(s, &r, id, 0);
		natfw_object_fini(&natfw_rule_set, &r);
	}
	return err;
}

int ruleset_get(const struct ruleset *s, size_t i, struct natfw_rule *r)
{
	return natfw_dump_get(&s->enc, i, r);
}

const void *ruleset_bytes(const struct ruleset *s, size_t i, size_t *len)
{
	*len = s->enc.at[i + 1] - s->enc.at[i];
	return s->enc.buf + s->enc.at[i];
}

bool ruleset_same_key(const struct ruleset *a, size_t i, const struct ruleset *b, size_t j)
{
	const struct ruleset_entry *x = ruleset_entry(a, i), *y = ruleset_entry(b, j);

	return x->hash == y->hash && x->key_len == y->key_len &&
	       !((x->flags ^ y->flags) & ~(uint32_t)NATFW_RULE_FLAG_INACTIVE) &&
	       !memcmp(a->enc.buf + a->enc.at[i], b->enc.buf + b->enc.at[j], x->key_len);
}

bool ruleset_same(const struct ruleset *a, size_t i, const struct ruleset *b, size_t j)
{
	size_t la, lb;
	const void *x = ruleset_bytes(a, i, &la), *y = ruleset_bytes(b, j, &lb);

	return la == lb && !memcmp(x, y, la);
}
