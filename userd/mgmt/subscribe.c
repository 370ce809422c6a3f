// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * create-subscription, and the events that follow (RFC 5277). Sessions go on answering requests (:interleave).
 */
#include <stdlib.h>
#include <string.h>

#include "mgmt/request.h"
#include "mgmt/stream.h"

/* ------------------------------------------------------------------ events */

static struct evbuffer *make(const struct stream_event *e)
{
	struct evbuffer *out = evbuffer_new();
	char at[STREAM_TIME];

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "<notification xmlns=\"" NOTIFICATION_NS "\"><eventTime>%s</eventTime>",
			    stream_time(&e->at, at));
	evbuffer_add(out, e->xml, strlen(e->xml));
	evbuffer_add_printf(out, "</notification>");
	return out;
}

static bool on_event(void *arg, const struct stream_event *e)
{
	struct evbuffer *out = make(e);

	if (out && session_notify(arg, out))
		return true;
	if (out)
		evbuffer_free(out);
	return false;
}

/* RFC 5277 has no word for it, so a manager that missed something is hung up; it may have it told again. */
static void on_over(void *arg, enum stream_end end)
{
	struct session *s = arg;

	s->sub = NULL;
	if (end == STREAM_SLOW)
		session_end(s, SESSION_LOST, "too slow for its notifications");
}

static const struct stream_ops ops = { on_event, on_over };

/* ------------------------------------------------------------------ the operation */

static const char *const names[] = { "stream", "filter", "startTime", "stopTime" };

static bool all_known(struct request *r)
{
	const struct lyd_node *c;
	size_t i;

	LY_LIST_FOR(lyd_child(r->op), c) {
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (xml_is(c, NOTIFICATION_NS, names[i]))
				break;
		if (i < sizeof(names) / sizeof(names[0]))
			continue;
		request_error(r, "protocol", "unknown-element", xml_name(c),
			      "no parameter of this operation");
		return false;
	}
	return true;
}

static bool read_time(struct request *r, const char *name, struct timespec *t)
{
	const struct lyd_node *n = xml_child(r->op, NOTIFICATION_NS, name);
	char text[64];

	if (!n || stream_read_time(xml_text(n, text, sizeof(text)), t))
		return true;
	request_error(r, "protocol", "bad-element", name, "%s is no date and time with a zone", name);
	return false;
}

static void refuse(struct request *r, enum stream_fault fault)
{
	static const struct {
		const char *tag, *bad, *text;
	} faults[] = {
		[STREAM_UNKNOWN] = { "invalid-value", NULL, "no such stream" },
		[STREAM_FILTER] = { "invalid-value", NULL, "the filter is none" },
		[STREAM_FUTURE] = { "bad-element", "startTime", "startTime is later than now" },
		[STREAM_UNSTARTED] = { "missing-element", "startTime", "stopTime goes with startTime" },
		[STREAM_BACKWARD] = { "bad-element", "stopTime", "stopTime is not later than startTime" },
		[STREAM_FULL] = { "resource-denied", NULL, "too many subscriptions" },
	};

	request_error(r, fault == STREAM_FULL ? "application" : "protocol", faults[fault].tag,
		      faults[fault].bad, "%s", faults[fault].text);
}

void subscribe(struct request *r)
{
	const struct lyd_node *stream = xml_child(r->op, NOTIFICATION_NS, "stream");
	struct stream_wish wish = { .user = r->session->user };
	struct session *s = r->session;
	enum stream_fault fault;
	char name[64];

	if (!all_known(r) || !read_time(r, "startTime", &wish.start) ||
	    !read_time(r, "stopTime", &wish.stop))
		return;
	if (s->sub) {
		request_error(r, "protocol", "operation-failed", NULL, "this session has a subscription");
		return;
	}
	if (stream)
		wish.stream = xml_text(stream, name, sizeof(name));
	wish.filter = xml_child(r->op, NOTIFICATION_NS, "filter");
	s->sub = stream_subscribe(&wish, &ops, s, &fault);
	if (s->sub)
		request_ok(r);
	else
		refuse(r, fault);
}
