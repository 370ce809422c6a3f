// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "mgmt/nodepath.h"

#define STEPS_MAX	32
#define KEYS_MAX	32	/* of a path */

/* Names and values are in nodepath.text. */
struct key {
	const char *name;	/* NULL: the node itself, "." */
	const char *value;
	unsigned long position;	/* 0: it is none */
};

struct step {
	const char *module, *name;
	unsigned int key, keys;	/* nodepath.key from here on, and how many */
};

struct nodepath {
	unsigned int steps, keys;
	struct step step[STEPS_MAX];
	struct key key[KEYS_MAX];
	char text[];
};

/* ------------------------------------------------------------------ reading */

struct reader {
	const char *at;
	char *out;		/* room for pieces, each with a zero octet */
	const char *wrong;
};

static bool fail(struct reader *r, const char *wrong)
{
	r->wrong = wrong;
	return false;
}

static void blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool take(struct reader *r, char c)
{
	blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static const char *piece(struct reader *r, size_t len)
{
	char *s = r->out;

	memcpy(s, r->at, len);
	s[len] = 0;
	r->out += len + 1;
	r->at += len;
	return s;
}

static const char *name(struct reader *r)
{
	static const char other[] = "0123456789-._";
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t len = 0;

	blanks(r);
	if (*r->at && strchr(first, *r->at))
		while (r->at[len] && (strchr(first, r->at[len]) || strchr(other, r->at[len])))
			len++;
	return len ? piece(r, len) : NULL;
}

/* [module:]name; *@module stays as it is if there is none. */
static const char *qualified(struct reader *r, const char **module)
{
	const char *n = name(r);

	if (!n || *r->at != ':')
		return n;
	r->at++;
	*module = n;
	return name(r);
}

static bool read_value(struct reader *r, struct key *k)
{
	const char *end;
	char quote;

	blanks(r);
	quote = *r->at;
	end = quote == '"' || quote == '\'' ? strchr(r->at + 1, quote) : NULL;
	if (!end)
		return fail(r, "a predicate compares with a string in quotes");
	r->at++;
	k->value = piece(r, (size_t)(end - r->at));
	r->at++;
	return true;
}

/* What is in brackets. */
static bool read_key(struct reader *r, struct key *k, const char *module)
{
	char *end;

	blanks(r);
	if (*r->at >= '1' && *r->at <= '9') {
		k->position = strtoul(r->at, &end, 10);
		r->at = end;
		return true;
	}
	if (*r->at == '.') {
		r->at++;
	} else {
		k->name = qualified(r, &module);
		if (!k->name)
			return fail(r, "a predicate is [key='value'], [.='value'] or [position]");
	}
	return take(r, '=') ? read_value(r, k) : fail(r, "a predicate compares by =");
}

static bool read_keys(struct reader *r, struct nodepath *p, struct step *s)
{
	s->key = p->keys;
	while (take(r, '[')) {
		if (p->keys == KEYS_MAX)
			return fail(r, "too many predicates");
		if (!read_key(r, &p->key[p->keys], s->module))
			return false;
		if (!take(r, ']'))
			return fail(r, "a predicate without an end");
		p->keys++;
		s->keys++;
	}
	return true;
}

static bool read_step(struct reader *r, struct nodepath *p)
{
	struct step *s = &p->step[p->steps];

	if (p->steps == STEPS_MAX)
		return fail(r, "too many nodes");
	s->module = p->steps ? s[-1].module : NULL;
	s->name = qualified(r, &s->module);
	if (!s->name)
		return fail(r, "a path is /module:node/node...");
	if (!s->module)
		return fail(r, "the first node has to have its module in front");
	p->steps++;
	return read_keys(r, p, s);
}

static bool read_path(struct reader *r, struct nodepath *p)
{
	if (!take(r, '/'))
		return fail(r, "a path begins with /");
	blanks(r);
	if (!*r->at)
		return true;
	do {
		if (!read_step(r, p))
			return false;
	} while (take(r, '/'));
	blanks(r);
	return *r->at ? fail(r, "something behind the path") : true;
}

struct nodepath *nodepath_parse(const char *text, const char **wrong)
{
	/* a piece is ended by at least one character of @text that is in no piece, but for the last */
	struct nodepath *p = calloc(1, sizeof(*p) + strlen(text) + 2);
	struct reader r = { .at = text };

	if (!p) {
		*wrong = "no memory";
		return NULL;
	}
	r.out = p->text;
	if (read_path(&r, p))
		return p;
	*wrong = r.wrong;
	free(p);
	return NULL;
}

void nodepath_free(struct nodepath *p)
{
	free(p);
}

/* ------------------------------------------------------------------ nodes of the schema */

static bool is_step(const struct step *s, const struct lysc_node *node)
{
	return !strcmp(s->name, node->name) && !strcmp(s->module, node->module->name);
}

static unsigned int schema_depth(const struct lysc_node *node)
{
	unsigned int depth = 0;

	for (; node; node = lysc_data_parent(node))
		depth++;
	return depth;
}

enum nodepath_fit nodepath_fits(const struct nodepath *p, const struct lysc_node *node)
{
	unsigned int depth = schema_depth(node), i;

	if (depth < p->steps)
		return NODEPATH_NO;
	for (; depth > p->steps; depth--)
		node = lysc_data_parent(node);
	for (i = p->steps; i-- > 0; node = lysc_data_parent(node))
		if (!is_step(&p->step[i], node))
			return NODEPATH_NO;
	return p->keys ? NODEPATH_SOME : NODEPATH_ALL;
}

/* ------------------------------------------------------------------ instances */

static bool has_position(const struct lyd_node *node, unsigned long position)
{
	const struct lyd_node *n = lyd_first_sibling(node);

	for (; n != node && position; n = n->next)
		position -= n->schema == node->schema;
	return position == 1;
}

/* In whatever form the value is written. */
static bool has_value(const struct lyd_node *n, const char *value)
{
	const struct lyd_node_term *t = (const struct lyd_node_term *)n;
	LY_ERR err;

	if (!strcmp(lyd_get_value(n), value))
		return true;
	if (t->value.realtype->basetype == LY_TYPE_STRING)
		return false;
	err = lyd_value_compare(t, value, strlen(value));
	if (err && err != LY_ENOT)
		ly_err_clean((struct ly_ctx *)LYD_CTX(n), NULL);
	return !err;
}

static bool has_key(const struct key *k, const struct lyd_node *node)
{
	const struct lyd_node *n = node;

	if (k->position)
		return has_position(node, k->position);
	if (k->name)
		for (n = lyd_child(node); n; n = n->next)
			if (!strcmp(LYD_NAME(n), k->name))
				break;
	return n && n->schema && n->schema->nodetype & LYD_NODE_TERM && has_value(n, k->value);
}

static bool has_keys(const struct nodepath *p, const struct step *s, const struct lyd_node *node)
{
	unsigned int i;

	for (i = 0; i < s->keys; i++)
		if (!has_key(&p->key[s->key + i], node))
			return false;
	return true;
}

static unsigned int depth_of(const struct lyd_node *node)
{
	unsigned int depth = 0;

	for (; node; node = lyd_parent(node))
		depth++;
	return depth;
}

bool nodepath_has(const struct nodepath *p, const struct lyd_node *node)
{
	unsigned int depth = depth_of(node), i;

	if (depth < p->steps)
		return false;
	for (; depth > p->steps; depth--)
		node = lyd_parent(node);
	for (i = p->steps; i-- > 0; node = lyd_parent(node))
		if (!node->schema || !is_step(&p->step[i], node->schema) ||
		    !has_keys(p, &p->step[i], node))
			return false;
	return true;
}
