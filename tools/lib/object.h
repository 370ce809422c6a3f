/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of the natfw family as plain structs, described by tables.
 *
 * Each attribute set of the spec has one struct and one table of fields,
 * indexed by attribute number (model.h). The table drives encoding, decoding,
 * the names in error messages and the JSON output, so a field is described
 * once. The first member of every such struct is "uint64_t has": bit N tells
 * that attribute N is there.
 *
 * Decoding skips attributes it does not know and ones of a wrong size, so any
 * version of this library works with any version of the module.
 *
 * Lifetime: strings and lists within a decoded object belong to it and go
 * with natfw_object_fini(). Nothing here locks.
 */
#ifndef _NATFW_LIB_OBJECT_H
#define _NATFW_LIB_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

enum natfw_type {
	NATFW_T_NONE,		/* padding, or not known here */
	NATFW_T_U32,
	NATFW_T_U64,
	NATFW_T_TEXT,		/* char *, owned */
	NATFW_T_IFNAME,		/* char [IFNAMSIZ] */
	NATFW_T_ADDR,		/* struct natfw_addr */
	NATFW_T_OWNER,		/* uint8_t [NATFW_OWNER_LEN] */
	NATFW_T_FLAG,		/* present or not; no member */
	NATFW_T_NEST,		/* the struct of another set */
	NATFW_T_LIST,		/* struct natfw_list of another set */
	NATFW_T_TEXTS,		/* struct natfw_list of char * */
};

/* Names of the values of an enum, or of the bits of flags. */
struct natfw_names {
	const char *const *name;
	unsigned int n;
	bool flags;
};

struct natfw_set;

struct natfw_field {
	const char *name;		/* as the spec has it */
	enum natfw_type type;
	size_t off;
	const struct natfw_names *names;
	const struct natfw_set *set;	/* of a nest or list */
};

struct natfw_set {
	const char *name;
	const struct natfw_field *field;	/* [max + 1] */
	unsigned int max;
	size_t size;				/* of the struct */
};

struct natfw_list {
	unsigned int n;
	void *v;
};

/* An object's flags about which attributes it has. */
static inline uint64_t natfw_object_has(const void *obj)
{
	return *(const uint64_t *)obj;
}

#define natfw_has(obj, attr)	(((obj)->has >> (attr)) & 1)
#define natfw_want(obj, attr)	((obj)->has |= 1ull << (attr))
#define natfw_drop(obj, attr)	((obj)->has &= ~(1ull << (attr)))

/* Append the attributes @obj has. */
void natfw_object_put(struct natfw_msg *m, const struct natfw_set *set, const void *obj);
/*
 * Read @len bytes of attributes into @obj, which is cleared first. 0, or
 * -ENOMEM and then @obj is empty.
 */
int natfw_object_get(const struct natfw_set *set, void *obj, const void *attrs, size_t len);
/* Free what @obj owns and clear it. */
void natfw_object_fini(const struct natfw_set *set, void *obj);
/* Append a cleared element of @size bytes to @l; NULL when out of memory. */
void *natfw_list_add(struct natfw_list *l, size_t size);
/* Set a NATFW_T_TEXT member to a copy of @text; -ENOMEM. */
int natfw_text_set(char **member, const char *text);

/* The name of value @v, or NULL. */
const char *natfw_name(const struct natfw_names *names, unsigned int v);
/* The value named @text, or -1. */
int natfw_name_find(const struct natfw_names *names, const char *text);

/*
 * Where byte @target of the attributes [@attrs, @attrs + @len) is, as a path
 * like "match.src-len" in @buf; @extra, if not 0, names an attribute missing
 * from the nest at @target. False if there is no attribute.
 */
bool natfw_object_path(const struct natfw_set *set, const void *attrs, size_t len,
		       const void *target, unsigned int extra, char *buf, size_t size);

#endif /* _NATFW_LIB_OBJECT_H */
