// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Streams of events: who is told what, in which order, and that nobody who does not listen costs memory.
 *
 * natfw-test: quick timeout=60
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ktap.h"
#include "mgmt/nacm.h"
#include "mgmt/restconf.h"
#include "mgmt/stream.h"
#include "mgmt/xml.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NCN		"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications"

static struct ly_ctx *ctx, *plain;
static struct event_base *base;

/* A subscriber that keeps what it was told: numbers of events, 'R' and 'N' for the two that end something. */
struct ear {
	struct stream_sub *sub;
	unsigned int told, room;	/* events it takes now */
	unsigned int first, last;
	bool in_order;
	char ends[8];
	unsigned int overs;
	enum stream_end end;
	struct ear *cancels;		/* when it is told something */
};

static bool on_event(void *arg, const struct stream_event *e)
{
	struct ear *ear = arg;
	unsigned int n;

	if (!ear->room)
		return false;
	ear->room--;
	if (!strcmp(LYD_NAME(e->node), "replayComplete")) {
		strcat(ear->ends, "R");
	} else if (!strcmp(LYD_NAME(e->node), "notificationComplete")) {
		strcat(ear->ends, "N");
	} else {
		n = (unsigned int)strtoul(strstr(e->xml, "<session-id>") + 12, NULL, 10);
		if (ear->told++)
			ear->in_order &= n == ear->last + 1;
		else
			ear->first = n;
		ear->last = n;
	}
	if (ear->cancels) {
		stream_cancel(ear->cancels->sub);
		ear->cancels->sub = NULL;
		ear->cancels = NULL;
	}
	return true;
}

static void on_over(void *arg, enum stream_end end)
{
	struct ear *ear = arg;

	ear->sub = NULL;
	ear->overs++;
	ear->end = end;
}

static const struct stream_ops ops = { on_event, on_over };

static void turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static enum stream_fault listen_to(struct ear *ear, const struct stream_wish *w)
{
	enum stream_fault fault;

	memset(ear, 0, sizeof(*ear));
	ear->in_order = true;
	ear->room = 1000000;
	ear->sub = stream_subscribe(w, &ops, ear, &fault);
	EXPECT(!ear->sub == !!fault);
	return fault;
}

static struct lyd_node *started(unsigned int n, const char *user)
{
	const struct lys_module *m = ly_ctx_get_module_implemented(ctx, "ietf-netconf-notifications");
	struct lyd_node *e = NULL;
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	EXPECT(!lyd_new_inner(NULL, m, "netconf-session-start", 0, &e));
	EXPECT(!lyd_new_term(e, NULL, "username", user, 0, NULL));
	EXPECT(!lyd_new_term(e, NULL, "session-id", text, 0, NULL));
	return e;
}

static void emit(unsigned int from, unsigned int to)
{
	for (; from <= to; from++)
		stream_emit(started(from, "x"));
}

static void set_up(void)
{
	EXPECT(!stream_setup(base, ctx));
	EXPECT(!nacm_conf(NULL));
}

static struct timespec in(double seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += (time_t)seconds;
	return t;
}

struct look {
	const char *name;
	uint64_t number;
};

static void look(void *arg, const struct stat_value *v)
{
	struct look *l = arg;

	if (!strcmp(v->name, l->name))
		l->number += v->number;
}

static uint64_t number(const char *name)
{
	struct look l = { .name = name };

	stream_stats(look, &l);
	return l.number;
}

/* ------------------------------------------------------------------ points */

static void told(void)
{
	struct stream_wish w = { .user = "u" };
	struct ear a, b, c;

	set_up();
	emit(1, 3);
	EXPECT(!listen_to(&a, &w));
	w.stream = "NETCONF";
	EXPECT(!listen_to(&b, &w));
	w.stream = "natfw";
	EXPECT(!listen_to(&c, &w));
	emit(4, 10);
	EXPECT_EQ(a.told, 0);		/* not from inside */
	turn();
	EXPECT(a.told == 7 && a.first == 4 && a.in_order && b.told == 7 && c.told == 0);
	stream_cancel(b.sub);
	emit(11, 11);
	turn();
	EXPECT(a.told == 8 && b.told == 7);
	w.stream = "nothing";
	EXPECT_EQ(listen_to(&b, &w), STREAM_UNKNOWN);
	stream_clear();
}

static void waiting(void)
{
	struct stream_wish w = { .user = "u" };
	struct ear a;

	set_up();
	EXPECT(!listen_to(&a, &w));
	a.room = 5;
	emit(1, 100);
	turn();
	EXPECT_EQ(a.told, 5);
	emit(101, 200);
	turn();
	EXPECT_EQ(a.told, 5);
	a.room = 100;
	turn();
	EXPECT_EQ(a.told, 5);		/* it has not said so yet */
	stream_resume(a.sub);
	turn();
	EXPECT_EQ(a.told, 105);
	a.room = 1000;
	stream_resume(a.sub);
	turn();
	EXPECT(a.told == 200 && a.in_order && !a.overs);
	stream_clear();
}

static void slow(void)
{
	struct stream_wish w = { .user = "u" };
	struct ear a, b;
	unsigned int i;

	set_up();
	EXPECT(!listen_to(&a, &w));
	EXPECT(!listen_to(&b, &w));
	a.room = 3;
	for (i = 1; i <= 10 * STREAM_EVENTS; i++) {
		emit(i, i);
		if (i % 100 == 0)
			turn();
		if (i == STREAM_EVENTS)
			EXPECT(!a.overs);
	}
	turn();
	EXPECT(a.overs == 1 && a.end == STREAM_SLOW && a.told == 3);
	EXPECT(b.told == 10 * STREAM_EVENTS && b.in_order && !b.overs);
	EXPECT_EQ(number("event_subscriptions"), 1);
	EXPECT_EQ(number("event_subscriptions_slow_total"), 1);
	stream_clear();
}

/* What RESTCONF's clients are told of streams is what its module has, whatever has gone from them. */
static void monitored(void)
{
	struct evbuffer *out = restconf_monitoring();
	struct lyd_node *tree = NULL;

	evbuffer_add(out, "", 1);
	EXPECT(!lyd_parse_data_mem(ctx, (char *)evbuffer_pullup(out, -1), LYD_XML,
				   LYD_PARSE_ONLY | LYD_PARSE_STRICT, 0, &tree));
	EXPECT(tree);
	lyd_free_all(tree);
	evbuffer_free(out);
}

static void bounded(void)
{
	struct stream_wish w = { .user = "u", .start = in(-3600) };
	struct stream_info info;
	static char big[4001];
	struct ear a;
	unsigned int i;

	set_up();
	EXPECT(stream_info(0, &info) && !info.aged.tv_sec && info.created.tv_sec);
	EXPECT(!stream_info(2, &info));
	monitored();
	memset(big, 'x', sizeof(big) - 1);
	for (i = 1; i <= 2000; i++)
		stream_emit(started(i, big));
	EXPECT(!listen_to(&a, &w));
	turn();
	EXPECT(a.told > 300 && a.told * 4000ull <= STREAM_OCTETS && a.last == 2000);
	EXPECT(stream_info(0, &info) && info.aged.tv_sec);
	monitored();
	stream_clear();
}

static void replayed(void)
{
	struct stream_wish w = { .user = "u", .start = in(-10) };
	struct ear a, b;

	set_up();
	emit(1, 5);
	EXPECT(!listen_to(&a, &w));
	emit(6, 7);
	turn();
	EXPECT(a.told == 7 && a.in_order && !strcmp(a.ends, "R"));
	emit(8, 8);
	turn();
	EXPECT(a.told == 8 && !strcmp(a.ends, "R"));
	/* in portions, the word that ends it too */
	EXPECT(!listen_to(&b, &w));
	b.room = 8;
	turn();
	EXPECT(b.told == 8 && !strcmp(b.ends, ""));
	b.room = 1;
	stream_resume(b.sub);
	turn();
	EXPECT(b.told == 8 && !strcmp(b.ends, "R"));
	/* what was before is not told */
	w.start = in(0);
	EXPECT(!listen_to(&b, &w));
	turn();
	EXPECT(b.told == 0 && !strcmp(b.ends, "R"));
	stream_clear();
}

/* A subscriber that is slow while it is told again misses nothing in silence. */
static void replayed_slowly(void)
{
	struct stream_wish w = { .user = "u", .start = in(-10) };
	struct ear a;

	set_up();
	emit(1, 100);
	EXPECT(!listen_to(&a, &w));
	a.room = 10;
	turn();
	emit(101, STREAM_EVENTS + 20);
	a.room = 100000;
	stream_resume(a.sub);
	turn();
	EXPECT(a.told == 10 && a.overs == 1 && a.end == STREAM_SLOW);
	stream_clear();
}

static void stopped(void)
{
	struct stream_wish w = { .user = "u", .start = in(-100), .stop = in(-50) };
	struct ear a;

	set_up();
	emit(1, 5);
	EXPECT(!listen_to(&a, &w));
	event_base_loop(base, EVLOOP_ONCE);
	turn();
	EXPECT(a.told == 0 && !strcmp(a.ends, "RN") && a.overs == 1 && a.end == STREAM_STOPPED);
	w.stop = in(1);
	EXPECT(!listen_to(&a, &w));
	turn();
	EXPECT(a.told == 5 && !strcmp(a.ends, "R") && !a.overs);
	/* events until then */
	emit(6, 6);
	while (!a.overs && event_base_loop(base, EVLOOP_ONCE) == 0)
		;
	EXPECT(a.told == 6 && !strcmp(a.ends, "RN") && a.end == STREAM_STOPPED);
	w.stop = in(-200);
	EXPECT_EQ(listen_to(&a, &w), STREAM_BACKWARD);
	w.stop = w.start;
	EXPECT_EQ(listen_to(&a, &w), STREAM_BACKWARD);
	w.start = in(100);
	w.stop = in(200);
	EXPECT_EQ(listen_to(&a, &w), STREAM_FUTURE);
	memset(&w.start, 0, sizeof(w.start));
	EXPECT_EQ(listen_to(&a, &w), STREAM_UNSTARTED);
	stream_clear();
}

static void cancelled(void)
{
	struct stream_wish w = { .user = "u" };
	struct ear a, b, c;

	set_up();
	EXPECT(!listen_to(&a, &w) && !listen_to(&b, &w) && !listen_to(&c, &w));
	a.cancels = &a;
	b.cancels = &a;
	c.cancels = &b;
	emit(1, 3);
	turn();
	EXPECT(c.told == 3 && b.told == 0 && a.told == 1);
	EXPECT(!a.sub && !b.sub && !a.overs && !b.overs);
	stream_clear();
}

static void filtered(void)
{
	static const struct {
		const char *filter, *xpath;
		unsigned int told;
	} cases[] = {
		{ "<filter xmlns='urn:f'><e xmlns='urn:x'/></filter>", NULL, 0 },
		{ "<filter xmlns='urn:f'/>", NULL, 0 },
		{ "<filter xmlns='urn:f' type='subtree'><netconf-session-start xmlns='" NCN "'/></filter>", NULL, 5 },
		{ "<filter xmlns='urn:f'><netconf-session-start xmlns='" NCN "'><session-id>3</session-id></netconf-session-start></filter>",
		  NULL, 1 },
		{ "<filter xmlns='urn:f'><netconf-session-start xmlns='" NCN "'><source-host/></netconf-session-start></filter>", NULL, 0 },
		{ "<filter xmlns='urn:f'><netconf-session-end xmlns='" NCN "'/><netconf-session-start xmlns='" NCN "'/></filter>", NULL, 5 },
		{ "<filter xmlns='urn:f' type='xpath' xmlns:n='" NCN "' select='/n:netconf-session-start[n:session-id &lt; 3]'/>", NULL, 2 },
		{ "<filter xmlns='urn:f' type='xpath' xmlns:n='" NCN "' select='n:netconf-session-start/n:session-id'/>", NULL, 5 },
		{ "<filter xmlns='urn:f' type='xpath' xmlns:n='" NCN "' select='count(/n:netconf-session-start) = 1'/>", NULL, 5 },
		{ "<filter xmlns='urn:f' type='xpath' xmlns:n='" NCN "' select='1 = 2'/>", NULL, 0 },
		{ NULL, "/ietf-netconf-notifications:netconf-session-start[session-id='4']", 1 },
		{ NULL, "/ietf-netconf-notifications:netconf-session-end", 0 },
	};
	enum xml_fault fault;
	struct ear ear[ARRAY_SIZE(cases)];
	size_t i;

	set_up();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lyd_node *f = cases[i].filter ? xml_read(plain, cases[i].filter, &fault) : NULL;
		struct stream_wish w = { .user = "u", .filter = f, .xpath = cases[i].xpath };

		EXPECT(!cases[i].filter || f);
		EXPECT(!listen_to(&ear[i], &w));
		/* it was copied */
		lyd_free_all(f);
	}
	emit(1, 5);
	turn();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (ear[i].told != cases[i].told)
			printf("# case %zu\n", i);
		EXPECT_EQ(ear[i].told, cases[i].told);
	}
	stream_clear();
}

static void no_filter(void)
{
	static const char *const bad[] = {
		"<filter xmlns='urn:f' type='xpath'/>", "<filter xmlns='urn:f' type='xpath' select='/n:x['/>", "<filter xmlns='urn:f' type='sql' select='*'/>",
		"<filter xmlns='urn:f' type='xpath' select='/undeclared:x'/>", "<filter xmlns='urn:f' type='xpath' select=''/>",
	};
	struct stream_wish w = { .user = "u" };
	enum xml_fault fault;
	struct ear a;
	size_t i;

	set_up();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct lyd_node *f = xml_read(plain, bad[i], &fault);

		w.filter = f;
		EXPECT_EQ(listen_to(&a, &w), STREAM_FILTER);
		lyd_free_all(f);
	}
	w.filter = NULL;
	w.xpath = "/nothing:x";
	EXPECT_EQ(listen_to(&a, &w), STREAM_FILTER);
	stream_clear();
}

/* Rules are those in force when it is told. */
static void denied(void)
{
	struct stream_wish w = { .user = "u", .start = in(-10) };
	struct lyd_node *nacm = NULL;
	uint32_t before = nacm_denied()->notifications;
	struct ear a;

	set_up();
	EXPECT(!lyd_new_path(NULL, ctx, "/ietf-netconf-acm:nacm/read-default", "deny", 0, &nacm));
	EXPECT(!nacm_conf(nacm));
	lyd_free_all(nacm);
	emit(1, 3);
	EXPECT(!listen_to(&a, &w));
	turn();
	EXPECT(a.told == 0 && !strcmp(a.ends, "R"));
	EXPECT_EQ(nacm_denied()->notifications, before + 3);
	EXPECT(!nacm_conf(NULL));
	emit(4, 4);
	turn();
	EXPECT(a.told == 1 && a.last == 4);
	stream_clear();
}

static void full(void)
{
	struct stream_wish w = { .user = "u" };
	static struct ear ear[STREAM_SUBS];
	struct ear one;
	unsigned int i;

	set_up();
	for (i = 0; i < STREAM_SUBS; i++)
		EXPECT(!listen_to(&ear[i], &w));
	EXPECT_EQ(listen_to(&one, &w), STREAM_FULL);
	stream_cancel(ear[7].sub);
	EXPECT(!listen_to(&one, &w));
	stream_cancel(NULL);
	stream_clear();
}

static void times(void)
{
	static const struct {
		const char *text;
		time_t sec;
		long nsec;
	} good[] = {
		{ "1970-01-02T00:00:00Z", 86400, 0 },
		{ "2026-11-26T10:00:00Z", 1795687200, 0 },
		{ "2026-11-26T12:30:00.25+02:30", 1795687200, 250000000 },
		{ "2026-11-26T03:00:00.123456789012-07:00", 1795687200, 123456789 },
		{ "2026-11-26T10:00:00-00:00", 1795687200, 0 },
	};
	static const char *const bad[] = {
		"", "now", "2026-11-26", "2026-11-26T10:00:00", "2026-11-26 10:00:00Z", "2026-11-26T10:00:00z ",
		"2026-11-26T10:00:00.Z", "2026-11-26T10:00:00+2:00", "2026-11-26T10:00:00+0200", "2026-13-26T10:00:00Z",
		"2026-11-26T25:00:00Z", "2026-11-26T10:00:00+24:00", "26-11-26T10:00:00.000Z", "2026-11-26T10:00:00ZZ",
	};
	struct timespec t;
	char buf[STREAM_TIME];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT(stream_read_time(good[i].text, &t));
		EXPECT(t.tv_sec == good[i].sec && t.tv_nsec == good[i].nsec);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(!stream_read_time(bad[i], &t));
	t = (struct timespec){ 1795687200, 1500000 };
	EXPECT(!strcmp(stream_time(&t, buf), "2026-11-26T10:00:00.001500Z"));
	EXPECT(stream_read_time(buf, &t) && t.tv_nsec == 1500000);
}

static const struct ktap_test tests[] = {
	{ "who is told what, in order", told },
	{ "who has no room is told later", waiting },
	{ "who is too slow is given up, and others are not", slow },
	{ "the record has a limit, in events and in octets", bounded },
	{ "replay", replayed },
	{ "replay to one that is slow", replayed_slowly },
	{ "stop times", stopped },
	{ "subscriptions that end while they are told", cancelled },
	{ "filters", filtered },
	{ "filters that are none", no_filter },
	{ "5277-c,8341-3.4.6a access control", denied },
	{ "how many there may be", full },
	{ "times with zones", times },
};

int main(void)
{
	static const char *const modules[] = {
		"ietf-netconf-acm", "ietf-netconf-notifications", "nc-notifications", "ietf-restconf-monitoring",
	};
	size_t i;
	int bad;

	ly_log_options(LY_LOSTORE);
	base = event_base_new();
	plain = xml_create();
	if (!base || !plain || ly_ctx_new("../../userd/yang/ietf:../../userd/yang", 0, &ctx))
		return 1;
	for (i = 0; i < ARRAY_SIZE(modules); i++)
		if (!ly_ctx_load_module(ctx, modules[i], NULL, NULL))
			printf("# %s: %s\n", modules[i], ly_errmsg(ctx));
	bad = ktap_main(tests, ARRAY_SIZE(tests));
	nacm_fini();
	ly_ctx_destroy(ctx);
	ly_ctx_destroy(plain);
	event_base_free(base);
	return bad;
}
