// SPDX-License-Identifier: GPL-2.0-or-later
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
	void (*done)(void *arg, struct lyd_node *tree);
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

static void on_state(void *arg, json_t *json, const char *missing)
{
	struct gather *g = arg;
	struct lyd_node *tree = g->wish.config ? datastore_read(DATASTORE_RUNNING) : NULL;

	g->state = NULL;
	if (missing)
		log_warn(SUB_MGMT, "state is not whole: %s", missing);
	if (g->wish.parts)
		add_state(&tree, json);
	json_decref(json);
	if (g->wish.monitoring)
		add_xml(&tree, monitoring_make());
	if (g->wish.restconf)
		add_xml(&tree, restconf_monitoring());
	if (g->wish.library)
		add_library(&tree);
	if (g->wish.streams)
		stream_state(&tree);
	if (g->wish.denied)
		nacm_state(store_ctx(), &tree);
	g->done(g->arg, tree);
	free(g);
}

struct gather *gather_start(const struct gather_wish *wish,
			    void (*done)(void *arg, struct lyd_node *tree), void *arg)
{
	struct gather *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	*g = (struct gather){ .wish = *wish, .done = done, .arg = arg };
	g->state = state_gather(wish->parts, on_state, g);
	if (g->state)
		return g;
	free(g);
	return NULL;
}

void gather_cancel(struct gather *g)
{
	if (!g)
		return;
	state_cancel(g->state);
	free(g);
}
