// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/nacm.h"
#include "mgmt/nodepath.h"

#define MODULE		"ietf-netconf-acm"
#define VIEWS_MAX	64	/* users that rules are kept for */

enum access { ACCESS_CREATE, ACCESS_READ, ACCESS_UPDATE, ACCESS_DELETE, ACCESS_EXEC, ACCESS_COUNT };

enum rule_type { RULE_ANY, RULE_RPC, RULE_NOTIFICATION, RULE_DATA };

/* Strings are those of nacm.tree. */
struct rule {
	const char *module;		/* NULL: any */
	enum rule_type type;
	const char *name;		/* of the rpc or notification; NULL: any */
	struct nodepath *path;		/* NULL with RULE_DATA: it could not be read */
	unsigned int access;		/* bits by enum access */
	bool permit;
	const struct lyd_node *list;	/* that it is in */
};

struct nacm {
	unsigned int refs;
	bool enabled, read, write, exec;	/* by default, if nothing else says so */
	struct lyd_node *tree;
	struct rule *rule;
	unsigned int rules;
	struct view *views;
	unsigned int views_count;
};

enum verdict { DENY, PERMIT, DEPENDS };

/* Of all instances of a node of the schema. */
struct verdict_of {
	const struct lysc_node *node;
	uint8_t access[ACCESS_COUNT];	/* enum verdict */
	bool readable;			/* it and all below */
};

/* What rules say to one user. */
struct view {
	struct view *next;
	const struct nacm *nacm;
	char *user;
	void *verdicts;			/* tsearch() */
	unsigned int rules;
	const struct rule *rule[];
};

/* Before there is a configuration, and without memory for one. */
static struct nacm standard = { .refs = 1, .enabled = true, .read = true, .exec = true };
static struct nacm *current = &standard;
static struct nacm_denied denied;

/* ------------------------------------------------------------------ reading the configuration */

static const struct lyd_node *child(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *n;

	LY_LIST_FOR(lyd_child(parent), n)
		if (!strcmp(LYD_NAME(n), name))
			return n;
	return NULL;
}

static const char *text(const struct lyd_node *parent, const char *name, const char *otherwise)
{
	const struct lyd_node *n = child(parent, name);

	return n ? lyd_get_value(n) : otherwise;
}

static const char *unless_all(const char *name)
{
	return strcmp(name, "*") ? name : NULL;
}

static unsigned int access_of(const char *operations)
{
	static const char *const names[ACCESS_COUNT] = {
		[ACCESS_CREATE] = "create", [ACCESS_READ] = "read", [ACCESS_UPDATE] = "update",
		[ACCESS_DELETE] = "delete", [ACCESS_EXEC] = "exec",
	};
	unsigned int i, access = 0;

	/* no name is part of another */
	for (i = 0; i < ACCESS_COUNT; i++)
		if (!strcmp(operations, "*") || strstr(operations, names[i]))
			access |= 1u << i;
	return access;
}

static void read_path(struct rule *r, const char *path)
{
	const char *wrong;

	r->type = RULE_DATA;
	r->path = nodepath_parse(path, &wrong);
	if (!r->path)
		log_error(SUB_MGMT, "access control: path \"%s\" of a rule that %s: %s", path,
			  r->permit ? "permits nothing for it" : "denies all data for it", wrong);
}

static void read_rule(struct rule *r, const struct lyd_node *n)
{
	const char *rpc = text(n, "rpc-name", NULL);
	const char *notification = text(n, "notification-name", NULL);
	const char *path = text(n, "path", NULL);

	r->list = lyd_parent(n);
	r->module = unless_all(text(n, "module-name", "*"));
	r->access = access_of(text(n, "access-operations", "*"));
	r->permit = !strcmp(text(n, "action", "deny"), "permit");
	if (path) {
		read_path(r, path);
	} else if (rpc || notification) {
		r->type = rpc ? RULE_RPC : RULE_NOTIFICATION;
		r->name = unless_all(rpc ? rpc : notification);
	}
}

static bool is_rule(const struct lyd_node *n)
{
	return !strcmp(LYD_NAME(n), "rule");
}

static unsigned int each_rule(struct nacm *n, bool read)
{
	const struct lyd_node *list, *r;
	unsigned int count = 0;

	LY_LIST_FOR(lyd_child(n->tree), list) {
		if (strcmp(LYD_NAME(list), "rule-list") != 0)
			continue;
		LY_LIST_FOR(lyd_child(list), r) {
			if (!is_rule(r))
				continue;
			if (read)
				read_rule(&n->rule[count], r);
			count++;
		}
	}
	return count;
}

static bool is_permit(const struct lyd_node *tree, const char *leaf, const char *otherwise)
{
	return !strcmp(text(tree, leaf, otherwise), "permit");
}

static bool read_tree(struct nacm *n, const struct lyd_node *tree)
{
	if (lyd_dup_single(tree, NULL, LYD_DUP_RECURSIVE, &n->tree))
		return false;
	n->enabled = strcmp(text(n->tree, "enable-nacm", "true"), "false");
	n->read = is_permit(n->tree, "read-default", "permit");
	n->write = is_permit(n->tree, "write-default", "deny");
	n->exec = is_permit(n->tree, "exec-default", "permit");
	n->rules = each_rule(n, false);
	n->rule = calloc(n->rules + 1, sizeof(*n->rule));
	if (!n->rule)
		return false;
	each_rule(n, true);
	return true;
}

static const struct lyd_node *find_tree(const struct lyd_node *running)
{
	const struct lyd_node *n;

	LY_LIST_FOR(running, n)
		if (n->schema && !strcmp(LYD_NAME(n), "nacm") &&
		    !strcmp(n->schema->module->name, MODULE))
			return n;
	return NULL;
}

/* ------------------------------------------------------------------ life */

static void drop_views(struct nacm *n)
{
	struct view *v;

	while ((v = n->views)) {
		n->views = v->next;
		tdestroy(v->verdicts, free);
		free(v->user);
		free(v);
	}
	n->views_count = 0;
}

static void drop(struct nacm *n)
{
	unsigned int i;

	drop_views(n);
	for (i = 0; n->rule && i < n->rules; i++)
		nodepath_free(n->rule[i].path);
	free(n->rule);
	lyd_free_all(n->tree);
	if (n != &standard)
		free(n);
}

struct nacm *nacm_take(void)
{
	current->refs++;
	return current;
}

void nacm_release(struct nacm *n)
{
	if (n && !--n->refs)
		drop(n);
}

static void replace(struct nacm *by)
{
	nacm_release(current);
	current = by;
}

int nacm_conf(const struct lyd_node *running)
{
	const struct lyd_node *tree = find_tree(running);
	struct nacm *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	n->refs = 1;
	n->enabled = n->read = n->exec = true;
	if (tree && !read_tree(n, tree)) {
		drop(n);
		return -ENOMEM;
	}
	replace(n);
	return 0;
}

void nacm_fini(void)
{
	standard.refs++;
	replace(&standard);
	drop_views(&standard);
}

/* ------------------------------------------------------------------ a user's rules */

static bool is_member(const struct lyd_node *group, const char *user)
{
	const struct lyd_node *n;

	LY_LIST_FOR(lyd_child(group), n)
		if (!strcmp(LYD_NAME(n), "user-name") && !strcmp(lyd_get_value(n), user))
			return true;
	return false;
}

/* The group called @name has @user; NULL: any has. */
static bool in_group(const struct nacm *n, const char *name, const char *user)
{
	const struct lyd_node *groups = child(n->tree, "groups"), *g;

	LY_LIST_FOR(groups ? lyd_child(groups) : NULL, g)
		if ((!name || !strcmp(text(g, "name", ""), name)) && is_member(g, user))
			return true;
	return false;
}

/* "*" is every group there is, and not who is in none (3.4.4, step 5). */
static bool list_is_for(const struct nacm *n, const struct lyd_node *list, const char *user)
{
	const struct lyd_node *c;

	LY_LIST_FOR(lyd_child(list), c)
		if (!strcmp(LYD_NAME(c), "group") &&
		    in_group(n, unless_all(lyd_get_value(c)), user))
			return true;
	return false;
}

static void select_rules(struct view *v, const struct nacm *n)
{
	const struct lyd_node *list = NULL;
	bool mine = false;
	unsigned int i;

	for (i = 0; i < n->rules; i++) {
		if (n->rule[i].list != list) {
			list = n->rule[i].list;
			mine = list_is_for(n, list, v->user);
		}
		if (mine)
			v->rule[v->rules++] = &n->rule[i];
	}
}

static struct view *new_view(struct nacm *n, const char *user)
{
	struct view *v = calloc(1, sizeof(*v) + n->rules * sizeof(v->rule[0]));

	if (!v)
		return NULL;
	v->nacm = n;
	v->user = strdup(user);
	if (!v->user) {
		free(v);
		return NULL;
	}
	select_rules(v, n);
	if (n->views_count == VIEWS_MAX)
		drop_views(n);
	n->views_count++;
	v->next = n->views;
	n->views = v;
	return v;
}

/* NULL: no memory, and nothing is permitted. */
static struct view *view_of(struct nacm *n, const char *user)
{
	struct view *v;

	for (v = n->views; v; v = v->next)
		if (!strcmp(v->user, user))
			return v;
	return new_view(n, user);
}

/* ------------------------------------------------------------------ verdicts */

static enum nodepath_fit fits_path(const struct rule *r, const struct lysc_node *node)
{
	if (r->path)
		return nodepath_fits(r->path, node);
	/* what could not be read permits nothing, and denies everything */
	return r->permit ? NODEPATH_NO : NODEPATH_ALL;
}

static enum nodepath_fit fits(const struct rule *r, const struct lysc_node *node, enum access access)
{
	if (!(r->access & 1u << access) || (r->module && strcmp(r->module, node->module->name)))
		return NODEPATH_NO;
	switch (r->type) {
	case RULE_ANY:
		return NODEPATH_ALL;
	case RULE_RPC:
		return node->nodetype == LYS_RPC && (!r->name || !strcmp(r->name, node->name)) ?
		       NODEPATH_ALL : NODEPATH_NO;
	case RULE_NOTIFICATION:
		return node->nodetype == LYS_NOTIF && !node->parent &&
		       (!r->name || !strcmp(r->name, node->name)) ? NODEPATH_ALL : NODEPATH_NO;
	default:
		return node->nodetype == LYS_RPC || (node->nodetype == LYS_NOTIF && !node->parent) ?
		       NODEPATH_NO : fits_path(r, node);
	}
}

/* Of the node itself, or one around it. */
static bool is_tagged(const struct lysc_node *node, const char *tag)
{
	LY_ARRAY_COUNT_TYPE i;

	for (; node; node = node->parent)
		LY_ARRAY_FOR(node->exts, i)
			if (!strcmp(node->exts[i].def->name, tag) &&
			    !strcmp(node->exts[i].def->module->name, MODULE))
				return true;
	return false;
}

static bool is_dangerous(const struct lysc_node *node)
{
	return node->nodetype == LYS_RPC && !strcmp(node->module->name, "ietf-netconf") &&
	       (!strcmp(node->name, "kill-session") || !strcmp(node->name, "delete-config"));
}

/* Where no rule matches (3.4.4, 10 to 12; 3.4.5, 9 to 13). */
static bool by_default(const struct nacm *n, const struct lysc_node *node, enum access access)
{
	if (is_tagged(node, "default-deny-all") || is_dangerous(node))
		return false;
	if (access == ACCESS_READ)
		return n->read;
	if (access == ACCESS_EXEC)
		return n->exec;
	return n->write && !is_tagged(node, "default-deny-write");
}

/* From the last rule to the first, as each overrules those behind it where it matches. */
static enum verdict judge(const struct view *v, const struct lysc_node *node, enum access access)
{
	enum verdict verdict = by_default(v->nacm, node, access) ? PERMIT : DENY;
	unsigned int i;

	for (i = v->rules; i-- > 0;) {
		enum verdict says = v->rule[i]->permit ? PERMIT : DENY;
		enum nodepath_fit fit = fits(v->rule[i], node, access);

		if (fit == NODEPATH_ALL)
			verdict = says;
		else if (fit == NODEPATH_SOME && verdict != says)
			verdict = DEPENDS;
	}
	return verdict;
}

static int compare(const void *a, const void *b)
{
	const struct verdict_of *x = a, *y = b;

	return x->node < y->node ? -1 : x->node > y->node;
}

static const struct verdict_of *verdict_of(struct view *v, const struct lysc_node *node);

static bool all_readable(struct view *v, const struct lysc_node *node)
{
	const struct lysc_node *c;

	LY_LIST_FOR(lysc_node_child(node), c) {
		if (c->nodetype & (LYS_CHOICE | LYS_CASE)) {
			if (!all_readable(v, c))
				return false;
		} else {
			const struct verdict_of *of = verdict_of(v, c);

			if (!of || !of->readable)
				return false;
		}
	}
	return true;
}

/* NULL: no memory. */
static const struct verdict_of *verdict_of(struct view *v, const struct lysc_node *node)
{
	struct verdict_of key = { .node = node }, *new;
	void *found = tfind(&key, &v->verdicts, compare);
	enum access a;

	if (found)
		return *(struct verdict_of **)found;
	new = calloc(1, sizeof(*new));
	if (!new)
		return NULL;
	new->node = node;
	for (a = 0; a < ACCESS_COUNT; a++)
		new->access[a] = judge(v, node, a);
	new->readable = new->access[ACCESS_READ] == PERMIT && all_readable(v, node);
	if (tsearch(new, &v->verdicts, compare))
		return new;
	free(new);
	return NULL;
}

static bool judge_instance(const struct view *v, const struct lyd_node *n, enum access access)
{
	unsigned int i;

	for (i = 0; i < v->rules; i++) {
		const struct rule *r = v->rule[i];
		enum nodepath_fit fit = fits(r, n->schema, access);

		if (fit == NODEPATH_ALL ||
		    (fit == NODEPATH_SOME && nodepath_has(r->path, n)))
			return r->permit;
	}
	return by_default(v->nacm, n->schema, access);
}

static bool may(struct view *v, const struct lyd_node *n, enum access access)
{
	const struct verdict_of *of = n->schema ? verdict_of(v, n->schema) : NULL;

	if (!of)
		return false;
	if (of->access[access] == DEPENDS)
		return judge_instance(v, n, access);
	return of->access[access] == PERMIT;
}

/* It and all around it. */
static bool may_see(struct view *v, const struct lyd_node *n)
{
	for (; n; n = lyd_parent(n))
		if (!may(v, n, ACCESS_READ))
			return false;
	return true;
}

/* ------------------------------------------------------------------ operations */

static bool is_named(const struct lysc_node *node, const char *module, const char *name)
{
	return !strcmp(node->name, name) && !strcmp(node->module->name, module);
}

static bool is_free(const struct nacm *n, const char *user)
{
	return !user || !n->enabled;
}

/* Of nodes at the top, that have no instances. */
static bool may_use(const char *user, const struct lysc_node *node, enum access access)
{
	struct view *v = view_of(current, user);
	const struct verdict_of *of = v ? verdict_of(v, node) : NULL;

	return of && of->access[access] == PERMIT;
}

bool nacm_may_exec(const char *user, const struct lysc_node *rpc)
{
	if (is_free(current, user) || is_named(rpc, "ietf-netconf", "close-session") ||
	    may_use(user, rpc, ACCESS_EXEC))
		return true;
	denied.operations++;
	return false;
}

bool nacm_may_act(const char *user, const struct lyd_node *action)
{
	struct view *v;

	if (is_free(current, user))
		return true;
	v = view_of(current, user);
	if (v && may(v, action, ACCESS_EXEC) && (!lyd_parent(action) || may_see(v, lyd_parent(action))))
		return true;
	denied.operations++;
	return false;
}

bool nacm_could_hear(const char *user, const struct lysc_node *notification)
{
	return is_free(current, user) ||
	       is_named(notification, "nc-notifications", "replayComplete") ||
	       is_named(notification, "nc-notifications", "notificationComplete") ||
	       may_use(user, notification, ACCESS_READ);
}

bool nacm_may_hear(const char *user, const struct lysc_node *notification)
{
	bool may_hear = nacm_could_hear(user, notification);

	denied.notifications += !may_hear;
	return may_hear;
}

/* ------------------------------------------------------------------ reading */

/* False: a key is gone. */
static bool prune(struct view *v, struct lyd_node **first)
{
	struct lyd_node *n, *next;
	bool whole = true;

	for (n = *first; n; n = next) {
		struct lyd_node *below = lyd_child(n);
		const struct verdict_of *of = v && n->schema ? verdict_of(v, n->schema) : NULL;

		next = n->next;
		if (of && of->readable)
			continue;
		if (of && may(v, n, ACCESS_READ) && (!below || prune(v, &below)))
			continue;
		if (n->schema && lysc_is_key(n->schema))
			whole = false;
		if (n == *first)
			*first = next;
		lyd_free_tree(n);
	}
	return whole;
}

void nacm_prune_by(struct nacm *n, const char *user, struct lyd_node **tree)
{
	if (!is_free(n, user))
		prune(view_of(n, user), tree);
}

bool nacm_reads_all(struct nacm *n, const char *user, const struct lysc_node *node)
{
	struct view *v = is_free(n, user) ? NULL : view_of(n, user);
	const struct verdict_of *of = v ? verdict_of(v, node) : NULL;

	if (is_free(n, user))
		return true;
	if (!of || !of->readable)
		return false;
	while ((node = lysc_data_parent(node))) {
		of = verdict_of(v, node);
		if (!of || of->access[ACCESS_READ] != PERMIT)
			return false;
	}
	return true;
}

void nacm_prune(const char *user, struct lyd_node **tree)
{
	nacm_prune_by(current, user, tree);
}

/* Of what was read without its schema: all nodes of that name, as it has no value. */
static bool may_see_opaque(struct view *v, const struct lyd_node *n)
{
	const struct lyd_node_opaq *o = (const struct lyd_node_opaq *)n;
	const struct lyd_node *parent = lyd_parent(n);
	const struct lys_module *m = o->format == LY_VALUE_XML ?
				     ly_ctx_get_module_implemented_ns(o->ctx, o->name.module_ns ? : "") :
				     ly_ctx_get_module_implemented(o->ctx, o->name.module_name ? : "");
	const struct lysc_node *s = m && (!parent || parent->schema) ?
				    lys_find_child(parent ? parent->schema : NULL, m, o->name.name, 0, 0, 0) : NULL;
	const struct verdict_of *of = s ? verdict_of(v, s) : NULL;

	/* what there is no such node of is no secret */
	if (!s)
		return true;
	return of && of->access[ACCESS_READ] == PERMIT && may_see(v, parent);
}

bool nacm_may_see(const char *user, const struct lyd_node *n)
{
	struct view *v = is_free(current, user) ? NULL : view_of(current, user);

	if (is_free(current, user))
		return true;
	return v && (n->schema ? may_see(v, n) : may_see_opaque(v, n));
}

static bool denies_all(struct view *v, const struct lysc_node *node)
{
	const struct verdict_of *of = verdict_of(v, node);

	return !of || of->access[ACCESS_READ] == DENY;
}

bool nacm_may_see_some(const char *user, const struct lysc_node *list)
{
	struct view *v = is_free(current, user) ? NULL : view_of(current, user);
	const struct lysc_node *n;

	if (is_free(current, user))
		return true;
	/* an entry without a key goes whole */
	LY_LIST_FOR(v ? lysc_node_child(list) : NULL, n)
		if (lysc_is_key(n) && denies_all(v, n))
			return false;
	for (n = list; v && n; n = lysc_data_parent(n))
		if (denies_all(v, n))
			return false;
	return v;
}

/* ------------------------------------------------------------------ writing */

/* What is done to a node of a diff, if it says so itself. */
static const char *operation_of(const struct lyd_node *n, const char *otherwise)
{
	const struct lyd_meta *m;

	LY_LIST_FOR(n->meta, m)
		if (!strcmp(m->name, "operation") && !strcmp(m->annotation->module->name, "yang"))
			return lyd_get_meta_value(m);
	return otherwise;
}

static bool is_case_of(const struct lysc_node *node, const struct lysc_node **choice)
{
	for (; node && node->parent && node->parent->nodetype & (LYS_CASE | LYS_CHOICE); node = node->parent)
		if (node->parent->nodetype == LYS_CHOICE) {
			*choice = node->parent;
			return true;
		}
	return false;
}

/* Taken away because another case of its choice has come. */
static bool is_implied(const struct lyd_node *n)
{
	const struct lysc_node *choice, *other;
	const struct lyd_node *s;

	if (!is_case_of(n->schema, &choice))
		return false;
	LY_LIST_FOR(lyd_first_sibling(n), s)
		if (s->schema && s->schema->parent != n->schema->parent && is_case_of(s->schema, &other) &&
		    other == choice && !strcmp(operation_of(s, ""), "create"))
			return true;
	return false;
}

static bool is_plain_container(const struct lysc_node *node)
{
	return node->nodetype == LYS_CONTAINER && !(node->flags & LYS_PRESENCE);
}

static bool may_change(struct view *v, const struct lyd_node *n, const char *operation)
{
	if (!n->schema)
		return false;
	if (!strcmp(operation, "none") || n->flags & LYD_DEFAULT || is_plain_container(n->schema))
		return true;
	if (!strcmp(operation, "create"))
		return may(v, n, ACCESS_CREATE);
	if (!strcmp(operation, "delete"))
		return is_implied(n) || may(v, n, ACCESS_DELETE);
	return may(v, n, ACCESS_UPDATE);
}

/* Entries that are moved have an operation, and what is in them has none of it. */
static const char *inherited(const char *operation)
{
	return strcmp(operation, "replace") ? operation : "none";
}

/* The first node that may not be changed as @diff has it; NULL: all may. */
static const struct lyd_node *refused(struct view *v, const struct lyd_node *diff, const char *operation)
{
	const struct lyd_node *n, *below;

	LY_LIST_FOR(diff, n) {
		const char *own = operation_of(n, operation);

		if (!may_change(v, n, own))
			return n;
		below = lyd_child(n) ? refused(v, lyd_child(n), inherited(own)) : NULL;
		if (below)
			return below;
	}
	return NULL;
}

/* Of what may not be read nothing is told (3.4.3). */
static void tell_path(struct view *v, const struct lyd_node *n, char *path, size_t len)
{
	while (n && !may_see(v, n))
		n = lyd_parent(n);
	if (len)
		*path = 0;
	if (n && !lyd_path(n, LYD_PATH_STD, path, len) && len)
		*path = 0;
}

void nacm_refuse(const char *user, const struct lyd_node *n, char *path, size_t len)
{
	struct view *v = view_of(current, user);

	if (len)
		*path = 0;
	while (v && n && !n->schema)
		n = lyd_parent(n);
	if (v)
		tell_path(v, n, path, len);
	denied.data_writes++;
}

bool nacm_may_write(const char *user, const struct lyd_node *diff, char *path, size_t len)
{
	const struct lyd_node *n;
	struct view *v;

	if (len)
		*path = 0;
	if (is_free(current, user) || !diff)
		return true;
	v = view_of(current, user);
	n = v ? refused(v, diff, "none") : NULL;
	if (v && !n)
		return true;
	if (v)
		tell_path(v, n, path, len);
	denied.data_writes++;
	return false;
}

/* ------------------------------------------------------------------ state */

const struct nacm_denied *nacm_denied(void)
{
	return &denied;
}

void nacm_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	const struct {
		const char *what;
		uint32_t number;
	} all[] = {
		{ "operation", denied.operations },
		{ "write", denied.data_writes },
		{ "notification", denied.notifications },
	};
	struct stat_value v = { .name = "access_denied_total", .label = "what",
				.help = "Refused to managers by access control, by what it was" };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(v.value, sizeof(v.value), "%s", all[i].what);
		v.number = all[i].number;
		fn(arg, &v);
	}
}

static bool put(const struct ly_ctx *ctx, struct lyd_node **tree, const char *path, uint32_t number)
{
	struct lyd_node *new = NULL;
	char value[16];

	snprintf(value, sizeof(value), "%u", number);
	if (lyd_new_path(*tree, ctx, path, value, LYD_NEW_PATH_UPDATE, &new))
		return false;
	if (!*tree)
		*tree = new;
	*tree = lyd_first_sibling(*tree);
	return true;
}

bool nacm_state(const struct ly_ctx *ctx, struct lyd_node **tree)
{
	return put(ctx, tree, "/" MODULE ":nacm/denied-operations", denied.operations) &&
	       put(ctx, tree, "/" MODULE ":nacm/denied-data-writes", denied.data_writes) &&
	       put(ctx, tree, "/" MODULE ":nacm/denied-notifications", denied.notifications);
}
