// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/metrics.h"
#include "ctl/query.h"
#include "ctl/stats.h"
#include "listen.h"

/*
 * A request is a line and headers nobody looks at; an answer ends the connection. That is all of HTTP that
 * is needed, and far from all that a library would have open to the network.
 */
#define SCRAPES_MAX	8
#define REQUEST_MAX	8192
#define LIMIT_SECONDS	10	/* for a client to ask, and to take the answer */
#define WAIT_SECONDS	3	/* for other processes */

struct scrape {
	struct bufferevent *bev;	/* NULL: not in use */
	struct query *query;
	bool answered;
};

static struct event_base *loop;
static struct listen *listening;
static struct scrape scrapes[SCRAPES_MAX];

static void finish(struct scrape *s)
{
	if (s->query)
		query_end(s->query);
	bufferevent_free(s->bev);
	*s = (struct scrape){ 0 };
}

/* ------------------------------------------------------------------ the answer */

static void answer(struct scrape *s, const char *status, const char *type, struct evbuffer *body)
{
	struct evbuffer *out = bufferevent_get_output(s->bev);

	s->answered = true;
	evbuffer_add_printf(out,
			    "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
			    "Connection: close\r\n\r\n", status, type, evbuffer_get_length(body));
	evbuffer_add_buffer(out, body);
	evbuffer_free(body);
}

static void answer_text(struct scrape *s, const char *status, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	if (!body) {
		finish(s);
		return;
	}
	evbuffer_add_printf(body, "%s\n", text);
	answer(s, status, "text/plain; charset=utf-8", body);
}

/* Backslash, newline and, in a label's value, quote are written with a backslash. */
static void put_escaped(struct evbuffer *out, const char *text, bool quote)
{
	for (; *text; text++) {
		if (*text == '\\' || (quote && *text == '"'))
			evbuffer_add_printf(out, "\\%c", *text);
		else if (*text == '\n')
			evbuffer_add(out, "\\n", 2);
		else
			evbuffer_add(out, text, 1);
	}
}

static bool same_name(const struct stat_value *a, const struct stat_value *b)
{
	return a && !strcmp(a->name, b->name);
}

static void put_value(struct evbuffer *out, const struct stat_value *v,
		      const struct stat_value *before)
{
	if (!same_name(before, v)) {
		evbuffer_add_printf(out, "# HELP natfwd_%s ", v->name);
		put_escaped(out, v->help, false);
		evbuffer_add_printf(out, "\n# TYPE natfwd_%s %s\n", v->name,
				    v->gauge ? "gauge" : "counter");
	}
	evbuffer_add_printf(out, "natfwd_%s", v->name);
	if (*v->label) {
		evbuffer_add_printf(out, "{%s=\"", v->label);
		put_escaped(out, v->value, true);
		evbuffer_add(out, "\"}", 2);
	}
	evbuffer_add_printf(out, " %llu\n", (unsigned long long)v->number);
}

static int by_name(const void *a, const void *b)
{
	const struct stat_value *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	return order ? order : *x < *y ? -1 : *x > *y;
}

/* Values of one name stand together, as the format wants it. */
static void put_records(struct evbuffer *out, const struct query *q)
{
	const struct stat_value **sorted = calloc(q->count ? q->count : 1, sizeof(*sorted));
	size_t i;

	for (i = 0; sorted && i < q->count; i++)
		sorted[i] = query_record(q, i);
	if (sorted)
		qsort(sorted, q->count, sizeof(*sorted), by_name);
	for (i = 0; sorted && i < q->count; i++)
		put_value(out, sorted[i], i ? sorted[i - 1] : NULL);
	free(sorted);
}

static void put_own(struct evbuffer *out, const struct query *q)
{
	struct stat_value v[2] = { 0 };
	const struct stat_value complete = {
		.name = "scrape_complete", .gauge = true, .number = !q->broken,
		.help = "All processes have told their values",
	};
	unsigned int i;

	for (i = 0; stats_own(i, &v[i & 1]); i++)
		put_value(out, &v[i & 1], i ? &v[!(i & 1)] : NULL);
	put_value(out, &complete, NULL);
}

static void on_progress(struct query *q)
{
	struct scrape *s = q->arg;
	struct evbuffer *body;

	if (!query_over(q))
		return;
	body = evbuffer_new();
	if (!body) {
		finish(s);
		return;
	}
	put_records(body, q);
	put_own(body, q);
	query_end(q);
	s->query = NULL;
	answer(s, "200 OK", "text/plain; version=0.0.4; charset=utf-8", body);
}

/* ------------------------------------------------------------------ the request */

static void begin(struct scrape *s)
{
	stats_count(STATS_SCRAPES);
	s->query = query_start(QUERY_FROM(PROC_SIG) | QUERY_FROM(PROC_KERN) | QUERY_FROM(PROC_MGMT), MSG_STATS,
			       MSG_STATS_VALUE, sizeof(struct stat_value), on_progress, s);
	if (s->query)
		query_limit(s->query, WAIT_SECONDS);
	else
		answer_text(s, "503 Service Unavailable", "too much to do");
}

static void take(struct scrape *s, const char *line)
{
	if (strncmp(line, "GET ", 4) != 0)
		answer_text(s, "405 Method Not Allowed", "only GET");
	else if (!strncmp(line + 4, "/metrics", 8) && strchr(" ?", line[12]))
		begin(s);
	else if (!strncmp(line + 4, "/ ", 2))
		answer_text(s, "200 OK", "natfwd: see /metrics");
	else
		answer_text(s, "404 Not Found", "there is /metrics");
}

/* Once the headers have ended. */
static void on_readable(struct bufferevent *bev, void *arg)
{
	struct scrape *s = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	char *line;

	if (s->query || s->answered) {
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	if (end.pos > REQUEST_MAX || (end.pos < 0 && evbuffer_get_length(in) > REQUEST_MAX)) {
		answer_text(s, "431 Request Header Fields Too Large", "too long");
		return;
	}
	if (end.pos < 0)
		return;
	line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF_STRICT);
	evbuffer_drain(in, evbuffer_get_length(in));
	if (line)
		take(s, line);
	free(line);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct scrape *s = arg;

	(void)bev;
	if (s->answered)
		finish(s);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct scrape *s = arg;

	(void)bev;
	/* one that has sent all it wants to may still read */
	if (!(what & BEV_EVENT_EOF) || !(s->query || s->answered))
		finish(s);
}

static void on_connection(int fd, void *arg)
{
	const struct timeval limit = { LIMIT_SECONDS, 0 };
	struct scrape *s = scrapes;

	(void)arg;
	while (s < scrapes + SCRAPES_MAX && s->bev)
		s++;
	if (s < scrapes + SCRAPES_MAX)
		s->bev = bufferevent_socket_new(loop, fd, BEV_OPT_CLOSE_ON_FREE);
	if (s == scrapes + SCRAPES_MAX || !s->bev) {
		close(fd);
		return;
	}
	bufferevent_setcb(s->bev, on_readable, on_written, on_event, s);
	bufferevent_set_timeouts(s->bev, &limit, &limit);
	bufferevent_enable(s->bev, EV_READ | EV_WRITE);
}

void metrics_init(struct event_base *base)
{
	loop = base;
}

void metrics_listen(int fd)
{
	listen_destroy(listening);
	listening = fd >= 0 ? listen_create(loop, fd, SUB_CTL, on_connection, NULL) : NULL;
}
