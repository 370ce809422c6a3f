/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many rules in canonical form, encoded, a hundred bytes or so each.
 *
 * A rule's encoding begins with what makes it the rule it is (priority, owner,
 * action, match, translation) and ends with what can be changed in place
 * (name, emit mode, mark, activity, lifetime).
 */
#ifndef _NATFWCTL_RULESET_H
#define _NATFWCTL_RULESET_H

#include "dump.h"
#include "model.h"

struct ruleset_entry {
	uint64_t id;		/* 0 for rules from a file */
	uint32_t priority;
	uint32_t flags;		/* enum natfw_rule_flag */
	uint32_t key_len;	/* bytes of the first part */
	uint32_t line;		/* in the file, or 0 */
	uint32_t hash;		/* of the first part */
	bool refers;		/* names a pool or a device */
};

struct ruleset {
	struct natfw_dump enc;
	struct natfw_list entry;	/* struct ruleset_entry */
	struct natfw_msg scratch;
};

void ruleset_init(struct ruleset *s);
void ruleset_fini(struct ruleset *s);
/* Append canonical rule @r. -ENOMEM. */
int ruleset_add(struct ruleset *s, const struct natfw_rule *r, uint64_t id, unsigned int line);
/* Append the rules of a dump, each brought into canonical form. -ENOMEM. */
int ruleset_add_dump(struct ruleset *s, const struct natfw_dump *d);
static inline size_t ruleset_count(const struct ruleset *s)
{
	return s->enc.n;
}

static inline const struct ruleset_entry *ruleset_entry(const struct ruleset *s, size_t i)
{
	return (const struct ruleset_entry *)s->entry.v + i;
}

/* Decode rule @i, the caller finishes it. -ENOMEM. */
int ruleset_get(const struct ruleset *s, size_t i, struct natfw_rule *r);
/* The encoding of rule @i and its length in bytes. */
const void *ruleset_bytes(const struct ruleset *s, size_t i, size_t *len);
/* True if both are the same rule, what can be changed in place aside. */
bool ruleset_same_key(const struct ruleset *a, size_t i, const struct ruleset *b, size_t j);
/* True if they are the same in everything. */
bool ruleset_same(const struct ruleset *a, size_t i, const struct ruleset *b, size_t j);

#endif /* _NATFWCTL_RULESET_H */
