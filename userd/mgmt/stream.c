// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/filter.h"
#include "mgmt/nacm.h"
#include "mgmt/stream.h"

#define COMPLETE	"nc-notifications"

struct entry {
	struct stream_event event;
	size_t len;			/* of event.xml */
	unsigned int streams;		/* bits */
};

static const struct {
	const char *name, *description;
	const char *module;		/* whose events it has; NULL: all */
} streams[] = {
	{ "NETCONF", "All events", NULL },
	{ "natfw", "What natfwd does: calls, sessions, rules, pools", "natfw" },
};

#define STREAMS	(sizeof(streams) / sizeof(streams[0]))

struct stream_sub {
	struct stream_sub *next;
	unsigned int stream;
	char user[64];
	struct lyd_node *filter;
	char *xpath;
	struct timespec start, stop;
	uint64_t at;			/* number of the next event to look at */
	uint64_t replay;		/* events before this one are told again; 0: that is over */
	bool waits;			/* for room */
	bool begun;			/* an event has been told */
	bool stopping;			/* its time has come */
	struct event *timer;
	const struct stream_ops *ops;
	void *arg;
};

static struct {
	struct event_base *base;
	const struct ly_ctx *ctx;
	struct lyd_node *probe;		/* to try filters on */
	struct event *turn;		/* tell what there is */
	struct timespec created, aged[STREAMS];
	struct entry ring[STREAM_EVENTS];
	uint64_t first, next;		/* numbers of events; the first is 1 */
	size_t octets;
	struct stream_sub *subs;
	unsigned int count;
	uint64_t events[STREAMS], told, slow, lost;
} record = { .first = 1, .next = 1 };

/* ------------------------------------------------------------------ times */

static bool is_set(const struct timespec *t)
{
	return t->tv_sec || t->tv_nsec;
}

static bool before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

const char *stream_time(const struct timespec *t, char buf[STREAM_TIME])
{
	struct tm tm;
	size_t n;

	gmtime_r(&t->tv_sec, &tm);
	n = strftime(buf, STREAM_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, STREAM_TIME - n, ".%06ldZ", t->tv_nsec / 1000);
	return buf;
}

/* ".123" and so on; @text is behind it then. */
static bool read_fraction(const char **text, long *nsec)
{
	long unit = 100000000;

	*nsec = 0;
	if (**text != '.')
		return true;
	if ((*text)[1] < '0' || (*text)[1] > '9')
		return false;
	for (++*text; **text >= '0' && **text <= '9'; ++*text, unit /= 10)
		*nsec += (**text - '0') * unit;
	return true;
}

static bool read_zone(const char *text, long *offset)
{
	unsigned int hours, minutes;
	char sign;
	int end = 0;

	*offset = 0;
	if (!strcmp(text, "Z"))
		return true;
	if (sscanf(text, "%c%2u:%2u%n", &sign, &hours, &minutes, &end) != 3 || end != 6 || text[end] ||
	    (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
		return false;
	*offset = (long)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return true;
}

bool stream_read_time(const char *text, struct timespec *t)
{
	struct tm tm = { 0 };
	long offset;

	if (strlen(text) < 20 || text[4] != '-' || text[10] != 'T')
		return false;
	text = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!text || !read_fraction(&text, &t->tv_nsec) || !read_zone(text, &offset))
		return false;
	t->tv_sec = timegm(&tm) - offset;
	return true;
}

/* ------------------------------------------------------------------ the record */

static struct entry *entry(uint64_t number)
{
	return &record.ring[number % STREAM_EVENTS];
}

static void drop_first(void)
{
	struct entry *e = entry(record.first++);
	unsigned int i;

	for (i = 0; i < STREAMS; i++)
		if (e->streams & 1u << i)
			record.aged[i] = e->event.at;
	record.octets -= e->len;
	lyd_free_all((struct lyd_node *)e->event.node);
	free((char *)e->event.xml);
	memset(e, 0, sizeof(*e));
}

static unsigned int streams_of(const struct lyd_node *n)
{
	unsigned int i, bits = 0;

	for (i = 0; i < STREAMS; i++)
		if (!streams[i].module || !strcmp(streams[i].module, n->schema->module->name))
			bits |= 1u << i;
	return bits;
}

static bool make_event(struct stream_event *e, struct lyd_node *n)
{
	char *xml;

	if (lyd_print_mem(&xml, n, LYD_XML, LYD_PRINT_SHRINK))
		return false;
	*e = (struct stream_event){ .at = now(), .node = n, .xml = xml };
	return true;
}

static void soon(void)
{
	event_active(record.turn, EV_TIMEOUT, 0);
}

void stream_emit(struct lyd_node *notification)
{
	struct entry new = { 0 };
	unsigned int i;

	if (!notification)
		return;
	if (!record.base || !make_event(&new.event, notification)) {
		record.lost++;
		lyd_free_all(notification);
		return;
	}
	new.len = strlen(new.event.xml);
	new.streams = streams_of(notification);
	record.octets += new.len;
	while (record.next - record.first == STREAM_EVENTS ||
	       (record.octets > STREAM_OCTETS && record.first < record.next))
		drop_first();
	*entry(record.next++) = new;
	for (i = 0; i < STREAMS; i++)
		record.events[i] += new.streams >> i & 1;
	soon();
}

/* ------------------------------------------------------------------ telling */

static void unlink_sub(struct stream_sub *s)
{
	struct stream_sub **at = &record.subs;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
}

void stream_cancel(struct stream_sub *s)
{
	if (!s)
		return;
	unlink_sub(s);
	record.count--;
	if (s->timer)
		event_free(s->timer);
	lyd_free_all(s->filter);
	free(s->xpath);
	free(s);
}

static void over(struct stream_sub *s, enum stream_end end)
{
	const struct stream_ops *ops = s->ops;
	void *arg = s->arg;

	if (end == STREAM_SLOW) {
		record.slow++;
		log_notice(SUB_MGMT, "a subscriber of stream %s is too slow: events were lost to it",
			   streams[s->stream].name);
	}
	stream_cancel(s);
	ops->over(arg, end);
}

static bool passes(const struct stream_sub *s, const struct lyd_node *n)
{
	if (s->filter && !filter_fits(n, s->filter))
		return false;
	return !s->xpath || filter_fits_xpath(n, s->xpath);
}

static bool wants(const struct stream_sub *s, const struct entry *e)
{
	if (!(e->streams & 1u << s->stream) || (is_set(&s->start) && before(&e->event.at, &s->start)) ||
	    (is_set(&s->stop) && before(&s->stop, &e->event.at)))
		return false;
	return passes(s, e->event.node) && nacm_may_hear(s->user, e->event.node->schema);
}

/* Whether @s is still there, after what was told to it. */
static bool is_there(const struct stream_sub *s)
{
	const struct stream_sub *t;

	for (t = record.subs; t && t != s; t = t->next)
		;
	return t;
}

static struct lyd_node *complete(const struct ly_ctx *ctx, const char *name)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(ctx, COMPLETE);
	struct lyd_node *n = NULL;

	return m && !lyd_new_inner(NULL, m, name, 0, &n) ? n : NULL;
}

/* replayComplete or notificationComplete. 0, or -EAGAIN: no room, or -ESRCH: @s has gone. */
static int tell_complete(struct stream_sub *s, const char *name)
{
	struct lyd_node *n = complete(record.ctx, name);
	struct stream_event e;
	bool taken;

	if (!n || !make_event(&e, n)) {
		lyd_free_all(n);
		return 0;
	}
	taken = s->ops->event(s->arg, &e);
	free((char *)e.xml);
	lyd_free_all(n);
	return !is_there(s) ? -ESRCH : taken ? 0 : -EAGAIN;
}

/* The event @s is at. The same result. */
static int tell_one(struct stream_sub *s)
{
	const struct entry *e = entry(s->at);
	bool taken;

	if (!wants(s, e)) {
		s->at++;
		return 0;
	}
	taken = s->ops->event(s->arg, &e->event);
	if (!is_there(s))
		return -ESRCH;
	if (!taken)
		return -EAGAIN;
	record.told++;
	s->begun = true;
	s->at++;
	return 0;
}

static int tell_replayed(struct stream_sub *s)
{
	int err = 0;

	if (s->replay && s->at >= s->replay) {
		err = tell_complete(s, "replayComplete");
		if (!err)
			s->replay = 0;
	}
	return err;
}

/* What there is, until there is no room. */
static void tell(struct stream_sub *s)
{
	int err = 0;

	if (s->waits)
		return;
	/* what has gone before the replay began is not missed */
	if (s->at < record.first && !s->begun && s->replay)
		s->at = record.first;
	if (s->at < record.first) {
		over(s, STREAM_SLOW);
		return;
	}
	while (!err) {
		err = tell_replayed(s);
		if (err || s->at >= record.next)
			break;
		err = tell_one(s);
	}
	if (!err && s->stopping) {
		err = tell_complete(s, "notificationComplete");
		if (!err)
			over(s, STREAM_STOPPED);
	}
	if (err == -EAGAIN)
		s->waits = true;
}

/* One that waits for room and has missed what it waits with is over as well. */
static bool has_missed(const struct stream_sub *s)
{
	return s->waits && s->at < record.first;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct stream_sub *s, *next;

	(void)fd;
	(void)what;
	(void)arg;
	for (s = record.subs; s; s = next) {
		/* another may go when this one is told, so the way on is looked for again */
		next = s->next;
		if (has_missed(s))
			over(s, STREAM_SLOW);
		else
			tell(s);
		if (next && !is_there(next))
			next = record.subs;
	}
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct stream_sub *s = arg;

	(void)fd;
	(void)what;
	s->stopping = true;
	soon();
}

void stream_resume(struct stream_sub *s)
{
	if (!s || !s->waits)
		return;
	s->waits = false;
	soon();
}

/* ------------------------------------------------------------------ subscribing */

static enum stream_fault check_times(const struct stream_wish *w)
{
	struct timespec t = now();

	if (is_set(&w->stop) && !is_set(&w->start))
		return STREAM_UNSTARTED;
	if (is_set(&w->start) && before(&t, &w->start))
		return STREAM_FUTURE;
	if (is_set(&w->stop) && !before(&w->start, &w->stop))
		return STREAM_BACKWARD;
	return STREAM_GOOD;
}

static enum stream_fault check(const struct stream_wish *w, unsigned int *stream)
{
	const char *name = w->stream ? w->stream : streams[0].name;

	for (*stream = 0; *stream < STREAMS; ++*stream)
		if (!strcmp(streams[*stream].name, name))
			break;
	if (*stream == STREAMS)
		return STREAM_UNKNOWN;
	if ((w->filter && !filter_is_good(record.probe, w->filter)) ||
	    (w->xpath && !filter_is_xpath(record.probe, w->xpath)))
		return STREAM_FILTER;
	return record.count == STREAM_SUBS ? STREAM_FULL : check_times(w);
}

static bool copy_filter(struct stream_sub *s, const struct stream_wish *w)
{
	if (w->filter && lyd_dup_single(w->filter, NULL, LYD_DUP_RECURSIVE, &s->filter))
		return false;
	if (!w->xpath)
		return true;
	s->xpath = strdup(w->xpath);
	return s->xpath;
}

static bool start_timer(struct stream_sub *s)
{
	struct timespec t = now();
	struct timeval in = { 0 };

	if (!is_set(&s->stop))
		return true;
	if (before(&t, &s->stop))
		in.tv_sec = s->stop.tv_sec - t.tv_sec + 1;
	s->timer = evtimer_new(record.base, on_stop, s);
	return s->timer && !event_add(s->timer, &in);
}

static void link_sub(struct stream_sub *s)
{
	s->next = record.subs;
	record.subs = s;
	record.count++;
}

struct stream_sub *stream_subscribe(const struct stream_wish *w, const struct stream_ops *ops,
				    void *arg, enum stream_fault *fault)
{
	struct stream_sub *s;
	unsigned int stream;

	*fault = check(w, &stream);
	if (*fault)
		return NULL;
	*fault = STREAM_FULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	link_sub(s);
	s->stream = stream;
	s->start = w->start;
	s->stop = w->stop;
	s->ops = ops;
	s->arg = arg;
	snprintf(s->user, sizeof(s->user), "%s", w->user);
	s->at = is_set(&w->start) ? record.first : record.next;
	s->replay = is_set(&w->start) ? record.next : 0;
	if (!copy_filter(s, w) || !start_timer(s)) {
		stream_cancel(s);
		return NULL;
	}
	*fault = STREAM_GOOD;
	soon();
	return s;
}

/* ------------------------------------------------------------------ state */

bool stream_info(unsigned int i, struct stream_info *info)
{
	if (i >= STREAMS)
		return false;
	*info = (struct stream_info){
		.name = streams[i].name, .description = streams[i].description,
		.created = record.created, .aged = record.aged[i],
	};
	return true;
}

static bool add_leaf(struct lyd_node *stream, const char *name, const char *value)
{
	return !lyd_new_term(stream, NULL, name, value, 0, NULL);
}

static bool add_stream(struct lyd_node *list, const struct stream_info *i)
{
	struct lyd_node *n;
	char buf[STREAM_TIME];

	return !lyd_new_list(list, NULL, "stream", 0, &n, i->name) &&
	       add_leaf(n, "description", i->description) && add_leaf(n, "replaySupport", "true") &&
	       add_leaf(n, "replayLogCreationTime", stream_time(&i->created, buf)) &&
	       (!is_set(&i->aged) || add_leaf(n, "replayLogAgedTime", stream_time(&i->aged, buf)));
}

bool stream_state(struct lyd_node **tree)
{
	struct lyd_node *top = NULL, *list = NULL;
	struct stream_info info;
	unsigned int i;
	bool good;

	good = !lyd_new_path(NULL, record.ctx, "/" COMPLETE ":netconf/streams", NULL, 0, &top) &&
	       (list = lyd_child(top));
	for (i = 0; good && stream_info(i, &info); i++)
		good = add_stream(list, &info);
	if (good)
		return !lyd_insert_sibling(*tree, top, tree);
	lyd_free_all(top);
	return false;
}

static void stat(void (*fn)(void *arg, const struct stat_value *v), void *arg, const char *name,
		 const char *help, uint64_t number, const char *stream)
{
	struct stat_value v = { .number = number, .gauge = !strstr(name, "_total") };

	snprintf(v.name, sizeof(v.name), "%s", name);
	snprintf(v.help, sizeof(v.help), "%s", help);
	snprintf(v.label, sizeof(v.label), "%s", stream ? "stream" : "");
	snprintf(v.value, sizeof(v.value), "%s", stream ? stream : "");
	fn(arg, &v);
}

void stream_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	unsigned int i;

	for (i = 0; i < STREAMS; i++)
		stat(fn, arg, "events_total", "Events, by stream", record.events[i], streams[i].name);
	stat(fn, arg, "events_told_total", "Events told to subscribers", record.told, NULL);
	stat(fn, arg, "events_lost_total", "Events lost for want of memory", record.lost, NULL);
	stat(fn, arg, "event_subscriptions", "Subscriptions to events", record.count, NULL);
	stat(fn, arg, "event_subscriptions_slow_total",
	     "Subscriptions ended because their subscriber was too slow", record.slow, NULL);
}

/* ------------------------------------------------------------------ life */

int stream_setup(struct event_base *base, const struct ly_ctx *ctx)
{
	record.turn = evtimer_new(base, on_turn, NULL);
	record.probe = complete(ctx, "replayComplete");
	if (!record.turn || !record.probe)
		return -ENOMEM;
	record.base = base;
	record.ctx = ctx;
	record.created = now();
	return 0;
}

void stream_clear(void)
{
	while (record.subs)
		stream_cancel(record.subs);
	while (record.first < record.next)
		drop_first();
	if (record.turn)
		event_free(record.turn);
	lyd_free_all(record.probe);
	memset(&record, 0, sizeof(record));
	record.first = record.next = 1;
}
