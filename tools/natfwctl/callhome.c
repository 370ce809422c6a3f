// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Managers that natfwd calls (RFC 8071).
 */
#include <stdlib.h>

#include "session.h"
#include "verbs.h"

static int callhome_now(struct words *w)
{
	const char *name = words_next(w, "a manager");
	struct natfw_conn *c;
	struct natfw_why why;
	json_t *input;
	char *text, *output;

	if (!name || !words_done(w))
		return ctl_usage(w);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	input = json_pack("{ss}", "client", name);
	text = json_dumps(input, JSON_COMPACT);
	output = natfw_rpc(c, "call-home", text, SESSION_LOCAL, &why);
	json_decref(input);
	free(text);
	if (!output)
		return session_refused(&why);
	free(output);
	return 0;
}

static const struct ctl_verb verbs[] = {
	{ "list", session_calls, "", "managers, how far calls to them have come, and what failed" },
	{ "now", callhome_now, "NAME", "call a manager now, whenever its next call would be" },
};

int verb_callhome(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "list", "callhome", w);
}
