// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Have natfwd read its configuration again.
 */
#include <stdlib.h>

#include "session.h"
#include "verbs.h"

int verb_reload(struct words *w)
{
	struct natfw_conn *c;
	struct natfw_why why;
	char *output;

	if (!words_done(w))
		return ctl_usage(w);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	output = natfw_rpc(c, "reload", ctl_opt.force ? "{\"force\":[null]}" : NULL, SESSION_PATH, &why);
	if (!output)
		return session_refused(&why);
	free(output);
	return 0;
}
