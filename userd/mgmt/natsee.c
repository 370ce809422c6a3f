// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of a wish for ietf-nat's tree a user may see: what he may not is not gathered, nor is he told that there is too
 * much of it.
 */
#include <stdio.h>

#include "mgmt/gather.h"
#include "mgmt/nacm.h"
#include "mgmt/natwish.h"
#include "mgmt/state.h"
#include "mgmt/store.h"

static bool may_see(const char *user, const char *path)
{
	struct lyd_node *tree = NULL, *n = NULL;
	bool may;

	may = !lyd_new_path(NULL, store_ctx(), path, NULL, 0, &tree) && !lyd_find_path(tree, path, 0, &n) &&
	      nacm_may_see(user, n);
	lyd_free_all(tree);
	return may;
}

/* Rules may be about one of them; else what is so for the first is so for all. */
static bool may_see_one(const char *user, const struct map_wish *w)
{
	char path[128];

	snprintf(path, sizeof(path), "/ietf-nat:nat/instances/instance[id='1']/mapping-table/mapping-entry[index='%u']",
		 w->index ? w->index : 1);
	return may_see(user, path);
}

void natwish_put(const struct nat_wish *w, const char *user, struct gather_wish *wish)
{
	uint32_t i;

	snprintf(wish->user, sizeof(wish->user), "%s", user);
	if (w->instance)
		wish->parts |= STATE_BIT(STATE_NAT);
	wish->maps.n = 0;
	for (i = 0; w->maps && i < w->which.n; i++)
		if (may_see_one(user, &w->which.wish[i]))
			wish->maps.wish[wish->maps.n++] = w->which.wish[i];
	if (wish->maps.n)
		wish->parts |= STATE_BIT(STATE_MAPS);
}
