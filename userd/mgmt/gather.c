// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "mgmt/datastore.h"
#include "mgmt/gather.h"
#include "mgmt/nacm.h"
#include "mgmt/request.h"
#include "mgmt/restconf.h"
#include "mgmt/state.h"
#include "mgmt/store.h"
#include "mgmt/stream.h"

struct gather {
	struct gather_wish wish;
	struct state *state;
	void (*done)(void *arg, struct gathered *g);
	void *arg;
};

static void add_xml(struct lyd_node **tree, struct evbuffer *xml)
{
	if (!xml)
		return;
	evbuffer_add(xml, "", 1);
	store_add(tree, (const char *)evbuffer_pullup(xml, -1), LYD_XML);
	evbuffer_free(xml);
}

static void add_library(struct lyd_node **tree)
{
	struct lyd_node *library = store_library();

	if (library && lyd_merge_siblings(tree, library, LYD_MERGE_DESTRUCT))
		log_error(SUB_MGMT, "no memory for the library");
}

static void add_state(struct lyd_node **tree, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	if (text)
		store_add(tree, text, LYD_JSON);
	free(text);
}

static struct lyd_node *whole_tree(const struct gather_wish *wish, json_t *state)
{
	struct lyd_node *tree = wish->config ? datastore_read(DATASTORE_RUNNING) : NULL;

	if (wish->parts)
		add_state(&tree, state);
	if (wish->monitoring)
		add_xml(&tree, monitoring_make());
	if (wish->restconf)
		add_xml(&tree, restconf_monitoring());
	if (wish->library)
		add_library(&tree);
	if (wish->streams)
		stream_state(&tree);
	if (wish->denied)
		nacm_state(store_ctx(), &tree);
	return tree;
}

static void on_state(void *arg, struct state_answer *a)
{
	struct gathered all = { .entries = a->entries, .refused = a->refused };
	struct gather *g = arg;

	g->state = NULL;
	if (a->missing)
		log_warn(SUB_MGMT, "state is not whole: %s", a->missing);
	if (!a->refused)
		all.tree = whole_tree(&g->wish, a->tree);
	json_decref(a->tree);
	g->done(g->arg, &all);
	free(g);
}

struct gather *gather_start(const struct gather_wish *wish, void (*done)(void *arg, struct gathered *g), void *arg)
{
	struct gather *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	*g = (struct gather){ .wish = *wish, .done = done, .arg = arg };
	g->state = state_gather(wish->user, wish->parts, wish->empty, wish->tag, &wish->maps, on_state, g);
	if (g->state)
		return g;
	free(g);
	return NULL;
}

static bool may_see_some(const char *user, unsigned int part)
{
	const struct lysc_node *n;
	char path[64];

	snprintf(path, sizeof(path), "/natfw:natfw/state/%s", state_name(part));
	n = lys_find_path(store_ctx(), NULL, path, 0);
	LY_LIST_FOR(n ? lysc_node_child(n) : NULL, n)
		if (n->nodetype == LYS_LIST && nacm_may_see_some(user, n))
			return true;
	return false;
}

void gather_hide(struct gather_wish *wish, const char *user)
{
	static const unsigned int lists[] = { STATE_SESSIONS, STATE_PEERS, STATE_RULES };
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (wish->parts & STATE_BIT(lists[i]) && !may_see_some(user, lists[i]))
			wish->empty |= STATE_BIT(lists[i]);
}

void gather_cancel(struct gather *g)
{
	if (!g)
		return;
	state_cancel(g->state);
	free(g);
}
