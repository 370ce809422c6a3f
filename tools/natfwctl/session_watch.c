// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of sessions as they come.
 */
#include <poll.h>
#include <string.h>

#include "session.h"

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key)) ?: "";
}

void session_event_print(FILE *f, const json_t *event)
{
	const json_t *external = json_object_get(event, "external");
	const json_t *lifetime = json_object_get(event, "lifetime");
	const char *code = text_of(event, "code-name"), *reason = text_of(event, "reason");
	char buf[NATFW_ENDPOINT_TEXT + 8];

	fprintf(f, "session %s %s %s", text_of(event, "session"), text_of(event, "kind"),
		text_of(event, "state"));
	if (lifetime)
		fprintf(f, " lifetime %s",
			duration_text((uint64_t)json_integer_value(lifetime), buf, sizeof(buf)));
	if (external)
		fprintf(f, " external %s", session_endpoint_text(external, buf, sizeof(buf)));
	if (*code || *reason)
		fprintf(f, "  # %s%s%s", code, *code && *reason ? ": " : "", reason);
	putc('\n', f);
	fflush(f);
}

static void on_event(const char *line, void *arg)
{
	json_t *all = json_loads(line, 0, NULL), *event;
	const char *tag = arg;

	event = json_object_get(json_object_get(all, "notification"), "natfw:session-event");
	if (event && (!tag || !strcmp(tag, text_of(event, "session")))) {
		if (ctl_opt.json) {
			puts(line);
			fflush(stdout);
		} else {
			if (ctl_opt.stamp)
				printf("%s ", text_of(all, "time"));
			session_event_print(stdout, event);
		}
	}
	json_decref(all);
}

int session_watch(struct words *w)
{
	const char *tag = words_end(w) ? NULL : words_next(w, "a session");
	struct natfw_conn *c;
	struct natfw_why why;

	if (!words_done(w))
		return ctl_usage(w);
	c = session_conn();
	if (!c)
		return CTL_REFUSED;
	if (natfw_watch(c, on_event, (void *)tag, SESSION_LOCAL, &why))
		return session_refused(&why);
	for (;;) {
		struct pollfd p = { .fd = natfw_fd(c), .events = natfw_events(c) };

		poll(&p, 1, -1);
		if (natfw_dispatch(c, &why))
			return session_refused(&why);
	}
}
