// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "devspec.h"
#include "lexer.h"
#include "netspec.h"
#include "poolspec.h"
#include "semantics.h"
#include "spec.h"
#include "value.h"

static bool config_fail(struct config *c, unsigned int line, const char *token,
			const char *text)
{
	c->error.line = line;
	snprintf(c->error.token, sizeof(c->error.token), "%s", token);
	snprintf(c->error.text, sizeof(c->error.text), "%s", text);
	return false;
}

static bool take_error(struct config *c, const struct words *w)
{
	return config_fail(c, w->error.line, w->error.token, w->error.text);
}

const struct config_pool *config_pool(const struct config *c, const char *name)
{
	const struct config_pool *p = c->pools.v;
	unsigned int i;

	for (i = 0; i < c->pools.n; i++)
		if (p[i].pool.name && !strcmp(p[i].pool.name, name))
			return &p[i];
	return NULL;
}

const struct config_dev *config_dev(const struct config *c, const char *ifname)
{
	const struct config_dev *d = c->devs.v;
	unsigned int i;

	for (i = 0; i < c->devs.n; i++)
		if (!strcmp(d[i].dev.ifname, ifname))
			return &d[i];
	return NULL;
}

static bool read_net(struct config *c, struct words *w)
{
	c->net_line = w->line[0];
	return netspec_read(w, &c->net);
}

static bool read_dev(struct config *c, struct words *w)
{
	struct config_dev d = { .line = w->line[0] }, *add;
	struct devspec s;

	if (!devspec_read(w, &s, true))
		return false;
	d.dev = s.dev;
	d.has_xdp = s.has_xdp;
	d.xdp = s.xdp;
	if (config_dev(c, d.dev.ifname)) {
		w->at = 3;
		return words_fail(w, "attached a second time");
	}
	add = natfw_list_add(&c->devs, sizeof(*add));
	if (!add)
		return words_fail_all(w, "out of memory");
	*add = d;
	return true;
}

static bool read_pool(struct config *c, struct words *w)
{
	struct config_pool p = { .line = w->line[0] }, *add = NULL;
	bool ok = poolspec_read(w, &p.pool);

	if (ok && config_pool(c, p.pool.name)) {
		w->at = 3;
		ok = words_fail(w, "there is a pool of that name already");
	}
	if (ok) {
		add = natfw_list_add(&c->pools, sizeof(*add));
		ok = add || words_fail_all(w, "out of memory");
	}
	if (ok)
		*add = p;
	else
		natfw_object_fini(&natfw_pool_set, &p.pool);
	return ok;
}

/* Rules without owner get the one asked for; with another one are refused. */
static bool set_owner(struct config *c, struct words *w, struct natfw_rule *r)
{
	if (natfw_has(r, NATFW_A_RULE_OWNER) && memcmp(r->owner, c->owner, sizeof(r->owner)))
		return words_fail_all(w, "the rule is another owner's; -o says whose rules the file has");
	memcpy(r->owner, c->owner, sizeof(r->owner));
	natfw_want(r, NATFW_A_RULE_OWNER);
	spec_canon(r);
	return true;
}

/* Here, where the rule is at hand: to decode a million of them again takes its time. */
static bool check_meaning(const struct config *c, struct words *w, const struct natfw_rule *r)
{
	const char *attr, *why = semantics_check(r, &attr);

	if (!why)
		return true;
	words_fail_all(w, "%s", why);
	config_token(c, w->error.line, attr, w->error.token, sizeof(w->error.token));
	return false;
}

static bool read_rule(struct config *c, struct words *w)
{
	struct natfw_rule r;
	bool ok = spec_read(w, &r) && set_owner(c, w, &r) && check_meaning(c, w, &r);

	if (ok && ruleset_add(&c->rules, &r, 0, w->line[0]))
		ok = words_fail_all(w, "out of memory");
	natfw_object_fini(&natfw_rule_set, &r);
	return ok;
}

static const struct statement {
	const char *noun, *verb;
	bool (*read)(struct config *c, struct words *w);
} statements[] = {
	{ "rule", "add", read_rule }, { "pool", "add", read_pool },
	{ "dev", "attach", read_dev }, { "net", "set", read_net },
};

#define NSTATEMENTS	(sizeof(statements) / sizeof(statements[0]))

static bool read_statement(struct config *c, struct words *w)
{
	const char *noun = words_next(w, "a statement");
	const struct statement *s = NULL;
	unsigned int i;

	for (i = 0; i < NSTATEMENTS && !s; i++)
		if (!strcmp(statements[i].noun, noun))
			s = &statements[i];
	if (!s)
		return words_fail(w, "a statement is 'net set', 'pool add', 'dev attach' or 'rule add'");
	if (words_take(w, s->verb))
		return s->read(c, w);
	w->at += !words_end(w);
	return words_fail(w, "in a file it is '%s %s'", s->noun, s->verb);
}

/* False at an error; l->n is 0 at the end. */
static bool parse_one(struct config *c, struct lexer *l)
{
	struct words w;

	if (!lexer_next(l))
		return config_fail(c, l->line, "", l->error);
	if (!l->n)
		return true;
	words_init(&w, l->word, l->word_line, l->n);
	return read_statement(c, &w) || take_error(c, &w);
}

static bool parse_text(struct config *c)
{
	struct lexer l;
	bool ok;

	if (!lexer_init(&l, c->text, c->len))
		return config_fail(c, 0, "", "out of memory");
	do {
		ok = parse_one(c, &l);
	} while (ok && l.n);
	lexer_fini(&l);
	return ok;
}

static void config_init(struct config *c, const uint8_t *owner)
{
	memset(c, 0, sizeof(*c));
	ruleset_init(&c->rules);
	memcpy(c->owner, owner, sizeof(c->owner));
}

bool config_parse(struct config *c, const char *text, size_t len, const uint8_t *owner)
{
	config_init(c, owner);
	c->text = malloc(len + 1);
	if (!c->text)
		return config_fail(c, 0, "", "out of memory");
	memcpy(c->text, text, len);
	c->text[len] = 0;
	c->len = len;
	return parse_text(c);
}

static bool read_all(struct config *c, FILE *f)
{
	size_t cap = 0, n;
	char *text;

	do {
		if (c->len + 65536 > cap) {
			cap = cap ? cap * 2 : 131072;
			text = realloc(c->text, cap);
			if (!text)
				return config_fail(c, 0, "", "out of memory");
			c->text = text;
		}
		n = fread(c->text + c->len, 1, cap - c->len - 1, f);
		c->len += n;
	} while (n);
	c->text[c->len] = 0;
	return !ferror(f) || config_fail(c, 0, "", "cannot be read");
}

bool config_load(struct config *c, const char *path, const uint8_t *owner)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	bool ok;

	config_init(c, owner);
	if (!f)
		return config_fail(c, 0, "", strerror(errno));
	ok = read_all(c, f);
	if (f != stdin)
		fclose(f);
	return ok && parse_text(c);
}

void config_fini(struct config *c)
{
	struct config_pool *p = c->pools.v;
	unsigned int i;

	for (i = 0; i < c->pools.n; i++)
		natfw_object_fini(&natfw_pool_set, &p[i].pool);
	free(c->pools.v);
	free(c->devs.v);
	free(c->text);
	ruleset_fini(&c->rules);
	memset(c, 0, sizeof(*c));
}

/* The words whose value an attribute is; tried in order. */
static const struct {
	const char *attr, *word[3];
} origins[] = {
	{ "match.src", { "from", "saddr" } }, { "match.dst", { "to", "daddr" } },
	{ "match.sport", { "sport", "from" } }, { "match.dport", { "dport", "to" } },
	{ "match.icmp-type", { "type" } }, { "match.icmp-code", { "code" } },
	{ "match.ifname", { "dev", "iif" } }, { "match.flow-label", { "flowlabel" } },
	{ "match.proto", { "proto" } }, { "nat.src", { "snat" } }, { "nat.sport", { "snat" } },
	{ "nat.pool", { "pool" } }, { "nat.dst", { "dnat" } }, { "nat.dport", { "dnat" } },
	{ "nat.out-zone", { "out-zone" } }, { "port-m", { "ports" } },
	{ "default", { "default" } }, { "flags", { "pair", "parity", "stateful" } },
	{ "ifname", { "attach" } }, { "range", { "add" } }, { "name", { "name", "add" } },
};

/* The statement that begins at @line, or l->n == 0. */
static void statement_at(struct lexer *l, unsigned int line)
{
	while (lexer_next(l) && l->n && l->word_line[0] < line)
		;
	if (l->n && l->word_line[0] != line)
		l->n = 0;
}

static const char *word_after(const struct lexer *l, const char *word)
{
	unsigned int i;

	for (i = 1; word && i + 1 < l->n; i++)
		if (!strcmp(l->word[i], word))
			return l->word[i + 1];
	return NULL;
}

static const char *find_origin(const struct lexer *l, const char *attr)
{
	const char *last = strrchr(attr, '.'), *found = NULL;
	unsigned int i, k;

	for (i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		for (k = 0; k < 3 && !found; k++)
			if (!strncmp(attr, origins[i].attr, strlen(origins[i].attr)))
				found = word_after(l, origins[i].word[k]);
	return found ? found : word_after(l, last ? last + 1 : attr);
}

void config_token(const struct config *c, unsigned int line, const char *attr, char *buf,
		  size_t size)
{
	const char *found = NULL;
	struct lexer l;

	buf[0] = 0;
	if (!lexer_init(&l, c->text, c->len))
		return;
	statement_at(&l, line);
	if (l.n && attr[0])
		found = find_origin(&l, attr);
	if (!found && l.n > 2)
		found = l.word[2];
	if (found)
		snprintf(buf, size, "%s", found);
	lexer_fini(&l);
}
