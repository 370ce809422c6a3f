// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "mgmt/media.h"
#include "mgmt/rest.h"
#include "mgmt/sse.h"
#include "mgmt/stream.h"

#define AHEAD		(256u << 10)	/* octets not taken by the peer, until it is told of more */
#define EVENT_NS	"urn:ietf:params:xml:ns:netconf:notification:1.0"

struct sse {
	struct restconf *rest;
	struct stream_sub *sub;
	bool waits;			/* for the peer */
};

/* ------------------------------------------------------------------ events */

/* The notification with its time around it (RFC 8040, 6.4). */
static bool put_json(struct evbuffer *out, const struct stream_event *e, const char *at)
{
	char *text = NULL;

	if (lyd_print_mem(&text, e->node, LYD_JSON, LYD_PRINT_SHRINK) || !text || *text != '{') {
		free(text);
		return false;
	}
	evbuffer_add_printf(out, "{\"ietf-restconf:notification\":{\"eventTime\":\"%s\",%s}", at, text + 1);
	free(text);
	return true;
}

static void put_xml(struct evbuffer *out, const struct stream_event *e, const char *at)
{
	evbuffer_add_printf(out, "<notification xmlns=\"" EVENT_NS "\"><eventTime>%s</eventTime>", at);
	evbuffer_add(out, e->xml, strlen(e->xml));
	evbuffer_add_printf(out, "</notification>");
}

/* Line by line: a text has line ends where it likes. */
static void put_lines(struct evbuffer *out, const char *text, size_t len)
{
	while (len) {
		size_t n = 0;

		while (n < len && text[n] != '\n' && text[n] != '\r')
			n++;
		evbuffer_add_printf(out, "data: ");
		evbuffer_add(out, text, n);
		evbuffer_add(out, "\n", 1);
		n += n < len;
		text += n;
		len -= n;
	}
	evbuffer_add(out, "\n", 1);
}

static void send_event(const struct sse *s, struct evbuffer *one)
{
	struct evbuffer *out = evbuffer_new();
	size_t len = evbuffer_get_length(one);

	if (!out)
		return;
	put_lines(out, (const char *)evbuffer_pullup(one, -1), len);
	http_stream_put(s->rest->http, evbuffer_pullup(out, -1), evbuffer_get_length(out));
	evbuffer_free(out);
}

static bool on_event(void *arg, const struct stream_event *e)
{
	struct sse *s = arg;
	struct evbuffer *one;
	char at[STREAM_TIME];

	s->waits = http_backlog(s->rest->http) > AHEAD;
	one = s->waits ? NULL : evbuffer_new();
	if (!one)
		return false;
	stream_time(&e->at, at);
	if (s->rest->format == REST_XML)
		put_xml(one, e, at);
	else if (!put_json(one, e, at))
		evbuffer_drain(one, evbuffer_get_length(one));
	if (evbuffer_get_length(one))
		send_event(s, one);
	evbuffer_free(one);
	s->rest->ops->active(s->rest->arg);
	return true;
}

/* Who has lost events is told so in a comment, and may ask for them again by start-time. */
static void on_over(void *arg, enum stream_end end)
{
	static const char lost[] = ": events were lost\n\n";
	struct sse *s = arg;
	struct restconf *r = s->rest;

	s->sub = NULL;
	if (end == STREAM_SLOW)
		http_stream_put(r->http, lost, sizeof(lost) - 1);
	rest_forget(r);
	r->request = NULL;
	http_stream_end(r->http);
}

static const struct stream_ops ops = { on_event, on_over };

void sse_resume(struct sse *s)
{
	if (!s || !s->waits)
		return;
	s->waits = false;
	stream_resume(s->sub);
}

void sse_end(struct sse *s)
{
	if (!s)
		return;
	stream_cancel(s->sub);
	free(s);
}

/* ------------------------------------------------------------------ requests */

static void refuse(struct restconf *r, enum stream_fault fault)
{
	static const struct {
		unsigned int status;
		const char *tag, *why;
	} map[] = {
		[STREAM_UNKNOWN] = { 404, "invalid-value", "no such stream" },
		[STREAM_FILTER] = { 400, "invalid-value", "the filter is no XPath expression" },
		[STREAM_FUTURE] = { 400, "invalid-value", "start-time is in the future" },
		[STREAM_UNSTARTED] = { 400, "invalid-value", "stop-time goes with start-time" },
		[STREAM_BACKWARD] = { 400, "invalid-value", "stop-time is not later than start-time" },
		[STREAM_FULL] = { 503, "resource-denied", "too many subscriptions" },
	};

	rest_fail(r, map[fault].status, map[fault].tag, "%s", map[fault].why);
}

static void subscribe(struct restconf *r)
{
	struct stream_wish wish = {
		.stream = r->target.stream, .user = r->user, .xpath = r->query.filter,
	};
	enum stream_fault fault = STREAM_FULL;
	struct sse *s;

	if ((r->query.start && !stream_read_time(r->query.start, &wish.start)) ||
	    (r->query.stop && !stream_read_time(r->query.stop, &wish.stop))) {
		rest_fail(r, 400, "invalid-value", "start-time and stop-time are of type date-and-time");
		return;
	}
	s = calloc(1, sizeof(*s));
	if (s) {
		s->rest = r;
		s->sub = stream_subscribe(&wish, &ops, s, &fault);
	}
	if (!s || !s->sub) {
		free(s);
		refuse(r, fault);
		return;
	}
	r->sse = s;
	http_stream(r->http, rest_fields("Cache-Control: no-cache\r\nContent-Type: text/event-stream\r\n"));
}

static bool has_stream(const char *name)
{
	struct stream_info info;
	unsigned int i;

	for (i = 0; stream_info(i, &info); i++)
		if (!strcmp(info.name, name))
			return true;
	return false;
}

void rest_stream(struct restconf *r)
{
	static const char *const offer[] = { "text/event-stream" };
	bool xml = !strcmp(r->target.encoding, "xml");
	struct http_conn *c = r->http;

	if (!has_stream(r->target.stream) || (!xml && strcmp(r->target.encoding, "json") != 0)) {
		rest_fail(r, 404, "invalid-value", "no such stream");
		return;
	}
	if (media_pick(r->request->field[HTTP_ACCEPT], offer, 1) < 0) {
		rest_fail(r, 406, "invalid-value", "there is text/event-stream");
		return;
	}
	r->format = xml ? REST_XML : REST_JSON;
	if (r->method == REST_GET) {
		subscribe(r);
		return;
	}
	rest_forget(r);
	r->request = NULL;
	http_stream(c, rest_fields("Cache-Control: no-cache\r\nContent-Type: text/event-stream\r\n"));
}
