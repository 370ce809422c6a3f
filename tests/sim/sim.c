// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The world: clock, queue, events, expectations, and the points of a program.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct world w;
bool sim_failed;
const struct sim_test *sim_now;

uint32_t roll(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

uint64_t now(void)
{
	return w.now;
}

/* ------------------------------------------------------------------ queue */

static bool before(const struct item *a, const struct item *b)
{
	return a->time < b->time || (a->time == b->time && a->seq < b->seq);
}

static void sift_up(unsigned int i)
{
	struct item *it = w.heap[i];

	for (; i && before(it, w.heap[(i - 1) / 2]); i = (i - 1) / 2)
		w.heap[i] = w.heap[(i - 1) / 2];
	w.heap[i] = it;
}

static void sift_down(unsigned int i)
{
	struct item *it = w.heap[i];
	unsigned int c;

	while ((c = 2 * i + 1) < w.items) {
		if (c + 1 < w.items && before(w.heap[c + 1], w.heap[c]))
			c++;
		if (!before(w.heap[c], it))
			break;
		w.heap[i] = w.heap[c];
		i = c;
	}
	w.heap[i] = it;
}

static void queue(struct item *i)
{
	if (w.items == w.size) {
		w.size = w.size ? w.size * 2 : 64;
		w.heap = realloc(w.heap, w.size * sizeof(*w.heap));
	}
	w.heap[w.items++] = i;
	sift_up(w.items - 1);
}

struct item *later(uint64_t after, void (*fn)(struct item *))
{
	struct item *i = calloc(1, sizeof(*i));

	i->time = w.now + after;
	i->seq = w.seq++;
	i->fn = fn;
	queue(i);
	return i;
}

void item_free(struct item *i)
{
	if (i->packet) {
		free(i->packet->payload);
		free(i->packet);
	}
	free(i->data);
	free(i);
}

static struct item *pop(void)
{
	struct item *i = w.heap[0];

	w.heap[0] = w.heap[--w.items];
	if (w.items)
		sift_down(0);
	return i;
}

/* ------------------------------------------------------------------ clock */

static uint64_t next_time(void)
{
	uint64_t t = w.items ? w.heap[0]->time : TIMERS_NEVER, u;
	unsigned int i;

	for (i = 1; i < NODES; i++) {
		if (!w.node[i].used)
			continue;
		u = timers_next(&w.node[i].timers);
		if (u < t)
			t = u;
	}
	return t;
}

/* Everybody's clock to @t, and what is due then. */
static void advance(uint64_t t)
{
	unsigned int i, guard = 0;
	struct item *it;

	if (t > w.now)
		w.now = t;
	for (i = 1; i < NODES; i++)
		if (w.node[i].used)
			timers_run(&w.node[i].timers, w.now, 0);
	while (w.items && w.heap[0]->time <= w.now && ++guard < 1000000) {
		it = pop();
		it->fn(it);
		item_free(it);
	}
}

/* One step, but not beyond @end; false when there is nothing until then. */
static bool step(uint64_t end)
{
	uint64_t t = next_time();

	if (t > end) {
		advance(end);
		return false;
	}
	advance(t);
	return true;
}

void run(uint64_t ms)
{
	uint64_t end = w.now + ms;

	while (step(end))
		;
}

/* ------------------------------------------------------------------ events */

unsigned int note(const char *text, struct gist_view octets)
{
	struct event *e;

	if (w.events == w.event_size) {
		w.event_size = w.event_size ? w.event_size * 2 : 256;
		w.event = realloc(w.event, w.event_size * sizeof(*w.event));
	}
	e = malloc(sizeof(*e));
	w.event[w.events] = e;
	*e = (struct event){ .time = w.now, .text = strdup(text), .len = octets.len };
	if (octets.len) {
		e->octets = malloc(octets.len);
		memcpy(e->octets, octets.data, octets.len);
	}
	if (getenv("SIM_TRACE"))
		fprintf(stderr, "# %8llu %s\n", (unsigned long long)w.now, text);
	return w.events++;
}

void capture(const char *via, const struct endpoint *from, const struct endpoint *to, unsigned int ttl,
	     struct gist_view octets)
{
	char a[ADDRESS_TEXT], b[ADDRESS_TEXT];
	static uint64_t ms;
	static FILE *f;
	size_t i;

	if (!getenv("SIM_LINES"))
		return;
	if (!f)
		f = fopen(getenv("SIM_LINES"), "w");
	if (!f)
		return;
	ms++;
	fprintf(f, "%llu.%03llu %s %s.%u > %s.%u ttl=%u ip_options=- payload=", (unsigned long long)ms / 1000,
		(unsigned long long)ms % 1000, via, address_text(&from->address, a), from->port,
		address_text(&to->address, b), to->port, ttl);
	for (i = 0; i < octets.len; i++)
		fprintf(f, "%02x", octets.data[i]);
	fprintf(f, "\n");
	fflush(f);
}

void notef(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	note(text, gist_view(NULL, 0));
}

static struct event *find(const char *pattern, bool had, unsigned int from)
{
	unsigned int i;

	for (i = from; i < w.events; i++)
		if ((had || !w.event[i]->used) && match(w.event[i]->text, pattern, false))
			return w.event[i];
	return NULL;
}

/* What happened last, for people. */
static void tail(void)
{
	unsigned int i = w.events > 25 ? w.events - 25 : 0;

	for (; i < w.events; i++)
		printf("#   %8llu %c %.700s\n", (unsigned long long)w.event[i]->time,
		       w.event[i]->used ? '*' : ' ', w.event[i]->text);
}

void sim_fail(const char *fmt, ...)
{
	va_list ap;

	if (!sim_failed) {
		printf("# at %llu: ", (unsigned long long)w.now);
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		printf("\n");
		tail();
	}
	sim_failed = true;
}

bool sim_check(bool met, const char *text, const char *file, int line)
{
	if (!met)
		sim_fail("%s:%d: not so: %s", file, line, text);
	return met;
}

bool sim_check_eq(long long a, long long b, const char *text, const char *file, int line)
{
	if (a != b)
		sim_fail("%s:%d: not so: %s (%lld, %lld)", file, line, text, a, b);
	return a == b;
}

/* Stands in for an event that did not come, so that tests may go on looking at it. */
static struct event *missing(void)
{
	static struct event e;

	e = (struct event){ .text = (char *)"", .time = w.now };
	return &e;
}

static struct event *await(uint64_t ms, const char *pattern)
{
	uint64_t end = w.now + ms;
	unsigned int from = 0, seen;
	struct event *e;
	bool more = true;

	/* Each event is looked at once: long scenes have very many. */
	for (;;) {
		seen = w.events;
		e = find(pattern, false, from);
		if (e || !more)
			break;
		from = seen;
		more = step(end);
	}
	if (!e) {
		sim_fail("within %llu ms there was no: %s", (unsigned long long)ms, pattern);
		return missing();
	}
	match(e->text, pattern, true);
	e->used = true;
	return e;
}

struct event *expect(uint64_t ms, const char *fmt, ...)
{
	char pattern[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(pattern, sizeof(pattern), fmt, ap);
	va_end(ap);
	return await(ms, pattern);
}

struct event *between(uint64_t from, uint64_t to, const char *fmt, ...)
{
	uint64_t start = w.now;
	char pattern[4096];
	struct event *e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(pattern, sizeof(pattern), fmt, ap);
	va_end(ap);
	e = await(to, pattern);
	if (*e->text && e->time < start + from)
		sim_fail("after %lld ms already (not before %llu): %s",
			 (long long)(e->time - start), (unsigned long long)from, pattern);
	return e;
}

void none(uint64_t ms, const char *fmt, ...)
{
	char pattern[4096];
	struct event *e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(pattern, sizeof(pattern), fmt, ap);
	va_end(ap);
	run(ms);
	e = find(pattern, false, 0);
	if (e)
		sim_fail("there should be no: %s; but at %llu: %.600s", pattern,
			 (unsigned long long)e->time, e->text);
}

unsigned int count(const char *fmt, ...)
{
	unsigned int i, n = 0;
	char pattern[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(pattern, sizeof(pattern), fmt, ap);
	va_end(ap);
	for (i = 0; i < w.events; i++)
		n += match(w.event[i]->text, pattern, false);
	return n;
}

void forget(void)
{
	unsigned int i;

	for (i = 0; i < w.events; i++)
		w.event[i]->used = true;
}

/* ------------------------------------------------------------------ patterns */

/* The value of @key in @text, which ends at a blank; NULL if it is not there. */
static const char *value_in(const char *text, const char *key, size_t klen, size_t *len)
{
	const char *p = text;

	while ((p = strstr(p, key))) {
		if ((p == text || p[-1] == ' ') && p[klen] == '=') {
			p += klen + 1;
			*len = strcspn(p, " ");
			return p;
		}
		p += klen;
	}
	return NULL;
}

static bool value_equal(const char *v, size_t len, const char *want)
{
	char copy[TEXT];

	snprintf(copy, sizeof(copy), "%.*s", (int)len, v);
	return !fnmatch(want, copy, FNM_NOESCAPE);
}

static bool has_word(const char *text, const char *word, size_t len)
{
	const char *p = text;

	while (*p) {
		size_t n = strcspn(p, " ");

		if (memchr(p, '=', n))
			return false;
		if (n == len && !memcmp(p, word, n))
			return true;
		p += n + strspn(p + n, " ");
	}
	return false;
}

static bool match_value(const char *v, size_t len, const char *want, bool bind)
{
	char copy[TEXT];

	if (*want != '$')
		return value_equal(v, len, want);
	if (*var(want + 1))
		return strlen(var(want + 1)) == len && !memcmp(var(want + 1), v, len);
	if (bind) {
		snprintf(copy, sizeof(copy), "%.*s", (int)len, v);
		set(want + 1, "%s", copy);
	}
	return true;
}

/* "data" is a message unless it has a value. */
static bool message_name(const char *word)
{
	static const char *const name[] = { "query", "response", "confirm", "data", "error", "hello" };
	unsigned int i;

	for (i = 0; i < 6; i++)
		if (!strcmp(name[i], word))
			return true;
	return false;
}

static bool match_word(const char *text, const char *word, bool bind)
{
	const char *op = strpbrk(word, "=<>!");
	const char *v;
	size_t len = 0, klen;

	if (*word == '!')
		return !value_in(text, word + 1, strlen(word + 1), &len) &&
			!has_word(text, word + 1, strlen(word + 1));
	if (!op)
		return has_word(text, word, strlen(word)) ||
			(!message_name(word) && value_in(text, word, strlen(word), &len));
	klen = (size_t)(op - word);
	{
		char key[64];

		snprintf(key, sizeof(key), "%.*s", (int)klen, word);
		v = value_in(text, key, klen, &len);
	}
	if (*op == '!')
		return !v || !match_value(v, len, op + 2, false);
	if (!v)
		return false;
	if (*op == '<')
		return strtoull(v, NULL, 10) <= strtoull(op + 2, NULL, 10);
	if (*op == '>')
		return strtoull(v, NULL, 10) >= strtoull(op + 2, NULL, 10);
	return match_value(v, len, op + 1, bind);
}

bool match(const char *text, const char *pattern, bool bind)
{
	char copy[4096], *word, *save;

	snprintf(copy, sizeof(copy), "%s", pattern);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!match_word(text, word, bind))
			return false;
	return true;
}

const char *get(const struct event *e, const char *key)
{
	static char copy[4][TEXT];
	static unsigned int at;
	size_t len = 0;
	const char *v = value_in(e->text, key, strlen(key), &len);

	at = (at + 1) % 4;
	snprintf(copy[at], sizeof(copy[at]), "%.*s", v ? (int)len : 0, v ? v : "");
	return copy[at];
}

uint64_t num(const struct event *e, const char *key)
{
	return strtoull(get(e, key), NULL, 10);
}

const char *var(const char *name)
{
	unsigned int i;

	for (i = 0; i < w.vars; i++)
		if (!strcmp(w.var_name[i], name))
			return w.var[i];
	return "";
}

void set(const char *name, const char *fmt, ...)
{
	char value[TEXT];
	unsigned int i;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	for (i = 0; i < w.vars && strcmp(w.var_name[i], name); i++)
		;
	if (i == VARS)
		abort();
	if (i == w.vars) {
		snprintf(w.var_name[i], sizeof(w.var_name[i]), "%s", name);
		w.vars++;
	}
	free(w.var[i]);
	w.var[i] = strdup(value);
}

/* ------------------------------------------------------------------ beginning and end */

static void world_begin(void)
{
	const char *seed = getenv("SIM_SEED");
	unsigned int i;

	memset(&w, 0, sizeof(w));
	w.now = 1000000;
	w.random = seed ? (uint32_t)strtoul(seed, NULL, 0) | 1 : 5971;
	w.next_sport = 50000;
	sim_relaxed = false;
	for (i = 1; i < NODES; i++)
		w.node[i].name[0] = (char)('A' + i - 1);
	memcpy(w.sid, "\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x01", 16);
}

static void world_end(void)
{
	unsigned int i;

	for (i = 1; i < NODES; i++) {
		natfw_free(&w.node[i]);
		engine_free(&w.node[i]);
		gate_free(&w.node[i]);
		if (w.node[i].used)
			timers_fini(&w.node[i].timers);
	}
	streams_free();
	while (w.items)
		item_free(pop());
	for (i = 0; i < w.helds; i++)
		item_free(w.held[i]);
	free(w.heap);
	for (i = 0; i < w.events; i++) {
		free(w.event[i]->text);
		free(w.event[i]->octets);
		free(w.event[i]);
	}
	free(w.event);
	for (i = 0; i < w.vars; i++)
		free(w.var[i]);
	for (i = 0; i < w.filters; i++)
		free(w.filter[i].pattern);
	memset(&w, 0, sizeof(w));
}

static void logged(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)level;
	notef("log %s %s", log_subsystem_name(sub), line);
}

int sim_main(const struct sim_test *tests, unsigned int n)
{
	const char *only = getenv("ONLY");
	unsigned int i, number = 0;
	bool bad = false;

	log_capture(logged);
	printf("KTAP version 1\n");
	for (i = 0; i < n; i++) {
		if (only && !strstr(tests[i].name, only))
			continue;
		sim_failed = false;
		world_begin();
		sim_now = &tests[i];
		tests[i].run();
		world_end();
		bad |= sim_failed;
		printf("%s %u %s\n", sim_failed ? "not ok" : "ok", ++number, tests[i].name);
		fflush(stdout);
	}
	lint_points(&number, &bad);
	printf("1..%u\n", number);
	return bad;
}
