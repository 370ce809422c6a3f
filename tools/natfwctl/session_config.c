// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The configuration that natfwd has in force, wherever it came from.
 */
#include <stdio.h>

#include "session.h"

static void print(const char *json, void *arg)
{
	json_t *tree = json_loads(json, 0, NULL);

	*(bool *)arg = tree && !json_dumpf(tree, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(tree);
}

int session_config(struct words *w)
{
	struct natfw_conn *c;
	struct natfw_why why;
	bool printed = false;

	if (!words_done(w))
		return ctl_usage(w);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	if (natfw_get(c, "config", print, &printed, SESSION_LOCAL, &why))
		return session_refused(&why);
	return printed ? 0 : CTL_REFUSED;
}
