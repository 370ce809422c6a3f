// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "mgmt/commit.h"
#include "mgmt/target.h"

static const char *const names[] = { "running", "candidate" };

/* ------------------------------------------------------------------ parameters */

static bool find_name(const struct lyd_node *n, enum datastore *which)
{
	for (*which = DATASTORE_RUNNING; *which <= DATASTORE_CANDIDATE; ++*which)
		if (xml_is(n, NETCONF_NS, names[*which]))
			return true;
	return false;
}

bool target_or_config(struct request *r, const char *name, enum datastore *which,
		      const struct lyd_node **config)
{
	const struct lyd_node *n = xml_child(r->op, NETCONF_NS, name);
	const struct lyd_node *inside = n ? xml_opaque(n)->child : NULL;

	if (!inside) {
		request_error(r, "protocol", "missing-element", name, "of which datastore?");
		return false;
	}
	if (config)
		*config = xml_is(inside, NETCONF_NS, "config") ? inside : NULL;
	if (!inside->next && ((config && *config) || find_name(inside, which)))
		return true;
	request_error(r, "protocol", "invalid-value", NULL, "datastores are running and candidate");
	return false;
}

bool target_read(struct request *r, const char *name, enum datastore *which)
{
	return target_or_config(r, name, which, NULL);
}

bool target_known(struct request *r, const char *const *known)
{
	const struct lyd_node *c;
	size_t i;

	LY_LIST_FOR(lyd_child(r->op), c) {
		for (i = 0; known[i] && !xml_is(c, NETCONF_NS, known[i]); i++)
			;
		if (known[i] || xml_is(c, DEFAULTS_NS, "with-defaults"))
			continue;
		request_error(r, "protocol", "unknown-element", xml_name(c),
			      "no parameter of this operation");
		return false;
	}
	return true;
}

int target_word(struct request *r, const char *name, const char *const *words, int otherwise)
{
	const struct lyd_node *n = xml_child(r->op, NETCONF_NS, name);
	char text[32];
	int i;

	if (!n)
		return otherwise;
	xml_text(n, text, sizeof(text));
	for (i = 0; words[i]; i++)
		if (!strcmp(text, words[i]))
			return i;
	request_error(r, "protocol", "invalid-value", NULL, "%s is none of what %s may be", text, name);
	return -1;
}

/* ------------------------------------------------------------------ commits */

static void on_turn(void *arg)
{
	struct request *r = arg;

	r->waiter = NULL;
	r->turn(r);
}

bool target_waits(struct request *r, void (*run)(struct request *r))
{
	if (!commit_is_busy())
		return false;
	r->turn = run;
	r->waiter = commit_wait(on_turn, r);
	if (!r->waiter)
		request_error(r, "application", "resource-denied", NULL, "out of memory");
	return true;
}

void target_done(void *arg, const struct mgmt_error *e)
{
	struct request *r = arg;

	r->commit = NULL;
	if (e)
		request_fail(r, e);
	else if (r->faults)
		request_fail_all(r);
	else
		request_ok(r);
}

void target_begun(struct request *r, struct commit *c)
{
	r->commit = c;
	if (!c)
		request_error(r, "application", "resource-denied", NULL, "out of memory");
}
