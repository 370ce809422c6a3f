// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <linux/if.h>
#include <linux/natfw.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

static const void *member(const void *obj, const struct natfw_field *f)
{
	return (const char *)obj + f->off;
}

static void put_text(struct natfw_msg *m, uint16_t type, const char *s)
{
	natfw_msg_put(m, type, s, strlen(s) + 1);
}

static void put_nest(struct natfw_msg *m, uint16_t type, const struct natfw_set *set,
		     const void *obj)
{
	size_t at = natfw_msg_nest_begin(m, type);

	natfw_object_put(m, set, obj);
	natfw_msg_nest_end(m, at);
}

static void put_list(struct natfw_msg *m, uint16_t type, const struct natfw_field *f,
		     const struct natfw_list *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		if (f->type == NATFW_T_TEXTS)
			put_text(m, type, ((char **)l->v)[i]);
		else
			put_nest(m, type, f->set, (char *)l->v + i * f->set->size);
	}
}

static void put_field(struct natfw_msg *m, uint16_t type, const struct natfw_field *f,
		      const void *p)
{
	const struct natfw_addr *a = p;

	switch (f->type) {
	case NATFW_T_NONE:
		break;
	case NATFW_T_U32:
		natfw_msg_put(m, type, p, sizeof(uint32_t));
		break;
	case NATFW_T_U64:
		natfw_msg_put(m, type, p, sizeof(uint64_t));
		break;
	case NATFW_T_TEXT:
		if (*(char *const *)p)
			put_text(m, type, *(char *const *)p);
		break;
	case NATFW_T_IFNAME:
		put_text(m, type, p);
		break;
	case NATFW_T_ADDR:
		natfw_msg_put(m, type, a->b, a->len);
		break;
	case NATFW_T_OWNER:
		natfw_msg_put(m, type, p, NATFW_OWNER_LEN);
		break;
	case NATFW_T_FLAG:
		natfw_msg_put(m, type, NULL, 0);
		break;
	case NATFW_T_NEST:
		put_nest(m, type, f->set, p);
		break;
	case NATFW_T_LIST:
	case NATFW_T_TEXTS:
		put_list(m, type, f, p);
		break;
	}
}

void natfw_object_put(struct natfw_msg *m, const struct natfw_set *set, const void *obj)
{
	uint64_t has = natfw_object_has(obj);
	unsigned int i;

	for (i = 1; i <= set->max; i++)
		if (has >> i & 1)
			put_field(m, (uint16_t)i, &set->field[i], member(obj, &set->field[i]));
}

void *natfw_list_add(struct natfw_list *l, size_t size)
{
	void *v = l->v;

	/* Room doubles whenever the count is a power of two. */
	if (!(l->n & (l->n - 1))) {
		v = realloc(l->v, size * (l->n ? l->n * 2 : 1));
		if (!v)
			return NULL;
		l->v = v;
	}
	v = (char *)v + size * l->n++;
	memset(v, 0, size);
	return v;
}

int natfw_text_set(char **text, const char *value)
{
	char *s = strdup(value);

	if (!s)
		return -ENOMEM;
	free(*text);
	*text = s;
	return 0;
}

/* 1: taken, 0: not usable, -ENOMEM. */
static int get_number(const struct nlattr *a, const struct natfw_field *f, void *p)
{
	uint64_t v;

	if (nla_len(a) >= (int)sizeof(uint64_t)) {
		memcpy(&v, nla_data(a), sizeof(v));
	} else if (nla_len(a) >= (int)sizeof(uint32_t)) {
		uint32_t v32;

		memcpy(&v32, nla_data(a), sizeof(v32));
		v = v32;
	} else {
		return 0;
	}
	if (f->type == NATFW_T_U64)
		memcpy(p, &v, sizeof(v));
	else
		*(uint32_t *)p = (uint32_t)v;
	return 1;
}

static int get_text(const struct nlattr *a, char **p)
{
	size_t len = strnlen(nla_data(a), (size_t)nla_len(a));
	char *s = strndup(nla_data(a), len);

	if (!s)
		return -ENOMEM;
	free(*p);
	*p = s;
	return 1;
}

static int get_ifname(const struct nlattr *a, char *p)
{
	size_t len = strnlen(nla_data(a), (size_t)nla_len(a));

	if (len >= IFNAMSIZ)
		return 0;
	memcpy(p, nla_data(a), len);
	p[len] = 0;
	return 1;
}

static int get_addr(const struct nlattr *a, struct natfw_addr *p)
{
	if (nla_len(a) != 4 && nla_len(a) != 16)
		return 0;
	memset(p, 0, sizeof(*p));
	p->len = (uint8_t)nla_len(a);
	memcpy(p->b, nla_data(a), p->len);
	return 1;
}

static int get_owner(const struct nlattr *a, uint8_t *p)
{
	if (nla_len(a) < NATFW_OWNER_LEN)
		return 0;
	memcpy(p, nla_data(a), NATFW_OWNER_LEN);
	return 1;
}

static int get_nest(const struct nlattr *a, const struct natfw_set *set, void *p)
{
	int err;

	natfw_object_fini(set, p);
	err = natfw_object_get(set, p, nla_data(a), (size_t)nla_len(a));
	return err ? err : 1;
}

static int get_list(const struct nlattr *a, const struct natfw_field *f, struct natfw_list *l)
{
	bool text = f->type == NATFW_T_TEXTS;
	void *p = natfw_list_add(l, text ? sizeof(char *) : f->set->size);

	if (!p)
		return -ENOMEM;
	return text ? get_text(a, p) : get_nest(a, f->set, p);
}

static int get_field(const struct nlattr *a, const struct natfw_field *f, void *p)
{
	switch (f->type) {
	case NATFW_T_U32:
	case NATFW_T_U64:
		return get_number(a, f, p);
	case NATFW_T_TEXT:
		return get_text(a, p);
	case NATFW_T_IFNAME:
		return get_ifname(a, p);
	case NATFW_T_ADDR:
		return get_addr(a, p);
	case NATFW_T_OWNER:
		return get_owner(a, p);
	case NATFW_T_FLAG:
		return 1;
	case NATFW_T_NEST:
		return get_nest(a, f->set, p);
	case NATFW_T_LIST:
	case NATFW_T_TEXTS:
		return get_list(a, f, p);
	case NATFW_T_NONE:
		break;
	}
	return 0;
}

int natfw_object_get(const struct natfw_set *set, void *obj, const void *attrs, size_t len)
{
	const struct nlattr *a = attrs;
	int left = (int)len;

	memset(obj, 0, set->size);
	for (; nla_ok(a, left); a = nla_next(a, &left)) {
		unsigned int type = (unsigned int)nla_type(a);
		int got;

		if (!type || type > set->max)
			continue;
		got = get_field(a, &set->field[type], (char *)obj + set->field[type].off);
		if (got < 0) {
			natfw_object_fini(set, obj);
			return got;
		}
		if (got)
			*(uint64_t *)obj |= 1ull << type;
	}
	return 0;
}

static void list_fini(const struct natfw_field *f, struct natfw_list *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		if (f->type == NATFW_T_TEXTS)
			free(((char **)l->v)[i]);
		else
			natfw_object_fini(f->set, (char *)l->v + i * f->set->size);
	}
	free(l->v);
}

void natfw_object_fini(const struct natfw_set *set, void *obj)
{
	unsigned int i;

	for (i = 1; i <= set->max; i++) {
		const struct natfw_field *f = &set->field[i];
		void *p = (char *)obj + f->off;

		if (f->type == NATFW_T_TEXT)
			free(*(char **)p);
		else if (f->type == NATFW_T_NEST)
			natfw_object_fini(f->set, p);
		else if (f->type == NATFW_T_LIST || f->type == NATFW_T_TEXTS)
			list_fini(f, p);
	}
	memset(obj, 0, set->size);
}

const char *natfw_name(const struct natfw_names *names, unsigned int v)
{
	return names && v < names->n ? names->name[v] : NULL;
}

int natfw_name_find(const struct natfw_names *names, const char *text)
{
	unsigned int i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], text))
			return (int)i;
	return -1;
}

static const char *field_name(const struct natfw_set *set, unsigned int type)
{
	return type && type <= set->max ? set->field[type].name : NULL;
}

/* Append ".name", or the number of an attribute without one. */
static void path_add(char *buf, size_t size, const struct natfw_set *set, unsigned int type)
{
	const char *name = set ? field_name(set, type) : NULL;
	size_t len = strlen(buf);

	if (name)
		snprintf(buf + len, size - len, "%s%s", len ? "." : "", name);
	else
		snprintf(buf + len, size - len, "%sattribute %u", len ? "." : "", type);
}

static const struct natfw_set *nest_set(const struct natfw_set *set, unsigned int type)
{
	return set && field_name(set, type) ? set->field[type].set : NULL;
}

bool natfw_object_path(const struct natfw_set *set, const void *attrs, size_t len,
		       const void *target, unsigned int extra, char *buf, size_t size)
{
	const struct nlattr *a = attrs;
	const char *t = target;
	int left = (int)len;

	for (; nla_ok(a, left); a = nla_next(a, &left)) {
		const struct natfw_set *sub = nest_set(set, (unsigned int)nla_type(a));
		const char *at = (const char *)a;

		if (t < at || t >= at + a->nla_len)
			continue;
		path_add(buf, size, set, (unsigned int)nla_type(a));
		if (t != at && sub)
			return natfw_object_path(sub, nla_data(a), (size_t)nla_len(a), t, extra,
						 buf, size);
		if (extra)
			path_add(buf, size, sub, extra);
		return true;
	}
	return false;
}
