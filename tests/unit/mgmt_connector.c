// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When the connector calls whom, on a clock moved by hand and with dialling that only takes notes.
 *
 * natfw-test: quick timeout=60
 */
#include <string.h>

#include "ktap.h"
#include "mgmt/connector.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LOG_MAX		4096

static struct {
	uint64_t ms, wall;		/* ms; wall is ms too, of its own */
	uint64_t wake;
	uint32_t seed;
	bool least;			/* random numbers are 0 */
	char dialled[LOG_MAX];		/* initial of each endpoint */
	uint64_t when[LOG_MAX];
	unsigned int dials, hang_ups, leaves, changes;
	bool waits;			/* the session has a subscription */
	struct call *last;
} w;

static struct connector *k;

static uint64_t now(void *arg)
{
	(void)arg;
	return w.ms;
}

static uint64_t wall(void *arg)
{
	(void)arg;
	return w.wall / 1000;
}

static uint32_t number(void *arg, uint32_t below)
{
	(void)arg;
	w.seed = w.seed * 1664525 + 1013904223;
	return w.least || !below ? 0 : (w.seed >> 8) % below;
}

static void dial(void *arg, struct call *c)
{
	(void)arg;
	w.dialled[w.dials] = c->conf->endpoint[c->endpoint].name[0];
	w.when[w.dials++] = w.ms;
	w.last = c;
}

static void hang_up(void *arg, struct call *c)
{
	(void)arg;
	(void)c;
	w.hang_ups++;
}

static void leave(void *arg, struct call *c)
{
	(void)arg;
	(void)c;
	w.leaves++;
}

static void wake(void *arg, uint64_t at)
{
	(void)arg;
	w.wake = at;
}

static void changed(void *arg, struct call *c, enum call_state old)
{
	(void)arg;
	(void)c;
	(void)old;
	w.changes++;
}

static bool waits(void *arg, const struct call *c)
{
	(void)arg;
	(void)c;
	return w.waits;
}

static const struct connector_ops ops = { now, wall, number, dial, hang_up, leave, wake, changed, waits };

static struct conf_endpoint abc[3] = { { .name = "A" }, { .name = "B" }, { .name = "C" } };

static struct conf_call client(unsigned int endpoints)
{
	return (struct conf_call){
		.name = "nms", .endpoint = abc, .endpoints = endpoints, .max_attempts = 3,
		.max_wait = 5, .authentication_time = 30, .backoff_min = 1, .backoff_max = 300,
		.minimum_uptime = 60, .period = 3600, .idle_timeout = 180,
	};
}

/* Time goes on by @ms, and what is due is done when it is. */
static void pass(uint64_t ms)
{
	uint64_t end = w.ms + ms;

	while (w.wake && w.wake <= end && w.dials < LOG_MAX - 2) {
		uint64_t step = w.wake > w.ms ? w.wake - w.ms : 0;

		w.ms += step;
		w.wall += step;
		connector_run(k);
	}
	w.wall += end - w.ms;
	w.ms = end;
}

static void set_up(const struct conf_call *conf, unsigned int n)
{
	memset(&w, 0, sizeof(w));
	w.ms = 1000;
	w.wall = 1764000000000ull;
	k = connector_create(&ops, NULL);
	EXPECT(k && !connector_conf(k, conf, n));
}

static void tear_down(void)
{
	connector_destroy(k);
	k = NULL;
}

static struct call *nms(void)
{
	return connector_call(k, 0);
}

static void refuse(void)
{
	connector_over(k, nms(), CALL_REFUSED, "refused");
}

static void answer(void)
{
	connector_progress(k, nms(), CALL_SECURING);
	connector_up(k, nms(), "admin");
}

/* The next @n attempts, each refused at once. */
static void refuse_next(unsigned int n)
{
	for (; n; n--) {
		uint64_t at = nms()->at;

		pass(at > w.ms ? at - w.ms : 0);
		refuse();
	}
}

static void round_robin(void)
{
	struct conf_call c = client(2);

	set_up(&c, 1);
	refuse_next(9);
	EXPECT(!strncmp(w.dialled, "AAABBBAAA", 9));
	EXPECT_EQ(nms()->attempts, 9);
	EXPECT_EQ(nms()->failed, 9);
	EXPECT_EQ(nms()->error, CALL_REFUSED);
	EXPECT_EQ(nms()->state, CALL_WAITING);
	tear_down();
}

static void silent_manager(void)
{
	struct conf_call c = client(2);

	c.max_attempts = 1;
	set_up(&c, 1);
	pass(1);
	EXPECT_EQ(nms()->state, CALL_RESOLVING);
	connector_progress(k, nms(), CALL_CONNECTING);
	pass(4998);
	EXPECT_EQ(nms()->state, CALL_CONNECTING);
	pass(2);
	EXPECT_EQ(nms()->state, CALL_WAITING);
	EXPECT_EQ(nms()->error, CALL_TIMEOUT);
	EXPECT_EQ(w.hang_ups, 1);
	pass(1000);
	EXPECT(!strcmp(w.dialled, "AB"));
	tear_down();
}

static void late_authentication(void)
{
	struct conf_call c = client(1);

	c.authentication_time = 7;
	set_up(&c, 1);
	pass(1000);
	connector_progress(k, nms(), CALL_SECURING);
	pass(6999);
	EXPECT_EQ(nms()->state, CALL_SECURING);
	pass(1);
	EXPECT_EQ(nms()->state, CALL_WAITING);
	EXPECT_EQ(nms()->error, CALL_TIMEOUT);
	EXPECT(strstr(nms()->why, "authenticated"));
	EXPECT_EQ(w.hang_ups, 1);
	tear_down();
}

static void backoff(void)
{
	struct conf_call c = client(1);
	uint64_t least = 500, pause;
	unsigned int i;

	c.backoff_max = 60;
	set_up(&c, 1);
	refuse_next(20);
	for (i = 1; i < 20; i++) {
		pause = w.when[i] - w.when[i - 1];
		EXPECT(pause >= least && pause <= 2 * least);
		least = least * 2 > 30000 ? 30000 : least * 2;
	}
	tear_down();
}

/* A hundred devices whose manager was away do not come back together. */
static void spread(void)
{
	struct conf_call c = client(1);
	unsigned int i, bucket[10] = { 0 };

	c.backoff_min = c.backoff_max = 60;
	for (i = 0; i < 100; i++) {
		set_up(&c, 1);
		w.seed = i * 2654435761u;
		refuse_next(1);
		EXPECT(nms()->at >= w.ms + 30000 && nms()->at <= w.ms + 60000);
		bucket[(nms()->at - w.ms - 30000) * 10 / 30001]++;
		tear_down();
	}
	for (i = 0; i < 10; i++)
		EXPECT(bucket[i] >= 2 && bucket[i] <= 25);
}

static void held_session(void)
{
	struct conf_call c = client(2);

	set_up(&c, 1);
	refuse_next(3);			/* A is down */
	pass(60000);
	EXPECT_EQ(w.dialled[3], 'B');
	tear_down();

	set_up(&c, 1);
	refuse_next(3);
	pass(nms()->at - w.ms);
	answer();
	EXPECT_EQ(nms()->state, CALL_UP);
	EXPECT(!strcmp(nms()->user, "admin"));
	pass(3600000);
	EXPECT_EQ(nms()->state, CALL_UP);
	connector_over(k, nms(), CALL_LOST, "reset");
	EXPECT(nms()->at - w.ms <= 1000);
	pass(1000);
	/* first-listed again, without a long pause */
	EXPECT(!strcmp(w.dialled, "AAABA"));
	tear_down();
}

static void last_connected(void)
{
	struct conf_call c = client(3);

	c.start_with = CALL_START_LAST;
	set_up(&c, 1);
	refuse_next(3);
	pass(nms()->at - w.ms);
	answer();
	pass(100000);
	connector_over(k, nms(), CALL_LOST, "reset");
	pass(1000);
	EXPECT(!strcmp(w.dialled, "AAABB"));
	tear_down();
}

static void random_selection(void)
{
	struct conf_call c = client(3);
	unsigned int i, count[3] = { 0 };

	c.start_with = CALL_START_RANDOM;
	for (i = 0; i < 300; i++) {
		set_up(&c, 1);
		w.seed = i * 2654435761u;
		/* as another device would have it */
		EXPECT(!connector_conf(k, NULL, 0));
		EXPECT(!connector_conf(k, &c, 1));
		pass(1000);
		count[w.dialled[0] - 'A']++;
		tear_down();
	}
	for (i = 0; i < 3; i++)
		EXPECT(count[i] > 60 && count[i] < 140);
}

static void hangs_up_at_once(void)
{
	struct conf_call c = client(1);
	unsigned int i;

	set_up(&c, 1);
	pass(1);
	for (i = 0; i < 8; i++) {
		answer();
		pass(100);
		connector_over(k, nms(), CALL_CLOSED, "bye");
		pass(nms()->at - w.ms);
	}
	EXPECT(w.when[8] - w.when[7] >= 32000);
	/* one that lasts ends that */
	answer();
	pass(61000);
	connector_over(k, nms(), CALL_CLOSED, "bye");
	EXPECT(nms()->at - w.ms <= 1000);
	tear_down();
}

static void periods(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	c.has_anchor = true;
	c.period = 300;
	c.anchor = 1764000000 + 900;	/* in the future, at :15 */
	set_up(&c, 1);
	pass(299999);
	EXPECT_EQ(w.dials, 0);
	pass(1);
	EXPECT_EQ(w.dials, 1);
	answer();
	pass(100000);			/* however long it took */
	connector_over(k, nms(), CALL_CLOSED, "done");
	pass(199999);
	EXPECT_EQ(w.dials, 1);
	pass(1);
	EXPECT_EQ(w.dials, 2);
	EXPECT_EQ(w.when[1] - w.when[0], 300000);
	tear_down();
}

static void implicit_anchor(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	set_up(&c, 1);
	pass(1);
	EXPECT_EQ(w.dials, 1);
	answer();
	connector_over(k, nms(), CALL_CLOSED, "done");
	pass(3601000);
	EXPECT_EQ(w.dials, 2);
	EXPECT(w.when[1] - w.when[0] >= 3599000 && w.when[1] - w.when[0] <= 3601000);
	tear_down();
}

static void tick_while_open(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	c.idle_timeout = 0;
	set_up(&c, 1);
	pass(1);
	answer();
	pass(10 * 3600000);
	EXPECT_EQ(w.dials, 1);
	EXPECT_EQ(nms()->state, CALL_UP);
	tear_down();
}

static void idle(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	set_up(&c, 1);
	pass(1);
	answer();
	pass(179000);
	connector_active(k, nms());
	pass(179999);
	EXPECT_EQ(nms()->state, CALL_UP);
	pass(1);
	EXPECT_EQ(nms()->state, CALL_WAITING);
	EXPECT_EQ(nms()->error, CALL_IDLE);
	EXPECT_EQ(w.hang_ups, 1);
	/* and not before its time */
	pass(3000000);
	EXPECT_EQ(w.dials, 1);
	tear_down();
}

/* One that waits for events is not, however long nothing comes. */
static void subscribed(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	set_up(&c, 1);
	pass(1);
	answer();
	w.waits = true;
	pass(1000000);
	EXPECT_EQ(nms()->state, CALL_UP);
	w.waits = false;
	pass(180000);
	EXPECT_EQ(nms()->error, CALL_IDLE);
	tear_down();
}

static void not_closed_by_manager(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	set_up(&c, 1);
	pass(1);
	answer();
	pass(70000);
	connector_over(k, nms(), CALL_LOST, "reset");
	pass(1000);
	EXPECT_EQ(w.dials, 2);
	tear_down();
}

static void period_gives_up(void)
{
	struct conf_call c = client(2);
	uint64_t start;

	c.periodic = true;
	set_up(&c, 1);
	start = w.ms;
	refuse_next(6);
	EXPECT(!strcmp(w.dialled, "AAABBB"));
	EXPECT(nms()->at >= start + 3599000 && nms()->at <= start + 3601000);
	refuse_next(1);
	EXPECT_EQ(w.dialled[6], 'A');
	tear_down();
}

static void clock_set(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	c.has_anchor = true;
	c.anchor = 1764000000;
	set_up(&c, 1);
	pass(600000);
	w.wall += 86400000ull + 1800000;	/* a day and half an hour on */
	connector_clock_set(k);
	EXPECT_EQ(w.dials, 0);
	EXPECT_EQ(nms()->at - w.ms, 1200000);
	pass(1200000);
	EXPECT_EQ(w.dials, 1);
	/* what waits after a failure is not concerned */
	refuse();
	w.wall -= 40000000;
	connector_clock_set(k);
	EXPECT(nms()->at - w.ms <= 1000);
	tear_down();
}

static void several(void)
{
	struct conf_call c[3] = { client(1), client(1), client(1) };

	strcpy(c[1].name, "other");
	strcpy(c[2].name, "third");
	set_up(c, 3);
	pass(1);
	EXPECT_EQ(w.dials, 3);
	connector_progress(k, connector_call(k, 0), CALL_SECURING);
	connector_up(k, connector_call(k, 0), "a");
	connector_over(k, connector_call(k, 1), CALL_DNS, "no such name");
	EXPECT_EQ(connector_call(k, 0)->state, CALL_UP);
	EXPECT_EQ(connector_call(k, 1)->state, CALL_WAITING);
	EXPECT_EQ(connector_call(k, 2)->state, CALL_RESOLVING);
	connector_progress(k, connector_call(k, 2), CALL_SECURING);
	connector_up(k, connector_call(k, 2), "b");
	EXPECT_EQ(connector_call(k, 2)->state, CALL_UP);
	EXPECT(!connector_call(k, 3));
	tear_down();
}

static void reconfigured(void)
{
	struct conf_call old[2] = { client(1), client(1) }, new[2] = { client(1), client(1) };
	struct call *kept;

	strcpy(old[1].name, "gone");
	strcpy(new[0].name, "fresh");
	set_up(old, 2);
	pass(1);
	answer();
	connector_progress(k, connector_call(k, 1), CALL_SECURING);
	connector_up(k, connector_call(k, 1), "x");
	kept = nms();
	EXPECT(!connector_conf(k, new, 2));
	EXPECT_EQ(w.hang_ups, 0);
	EXPECT_EQ(w.leaves, 1);
	EXPECT(connector_call(k, 1) == kept);
	EXPECT_EQ(kept->state, CALL_UP);
	EXPECT(kept->conf == &new[1]);
	pass(1);
	EXPECT_EQ(w.dials, 3);
	tear_down();
}

/* A session stays as long as the way it came by does; what is not up yet begins anew. */
static void way_changed(void)
{
	static struct conf_endpoint swapped[2] = { { .name = "B" }, { .name = "A", .keep_wait = 3 } };
	static struct conf_endpoint moved[1] = { { .name = "A", .port = 17 } };
	struct conf_call c = client(1), more = client(2), again = client(2), other = client(1);

	set_up(&c, 1);
	pass(1);
	more.backoff_max = 7;
	EXPECT(!connector_conf(k, &more, 1));
	EXPECT_EQ(w.hang_ups, 1);
	pass(1);
	EXPECT_EQ(w.dials, 2);
	answer();
	/* others before it, numbers, keepalive */
	again.endpoint = swapped;
	again.start_with = CALL_START_LAST;
	EXPECT(!connector_conf(k, &again, 1));
	EXPECT_EQ(nms()->state, CALL_UP);
	EXPECT_EQ(nms()->endpoint, 1);
	EXPECT(nms()->conf == &again);
	EXPECT_EQ(w.hang_ups + w.leaves, 1);
	/* and is where to begin again */
	pass(100000);
	connector_over(k, nms(), CALL_LOST, "gone");
	EXPECT_EQ(nms()->endpoint, 1);
	pass(nms()->at - w.ms);
	answer();
	/* another port */
	other.endpoint = moved;
	EXPECT(!connector_conf(k, &other, 1));
	EXPECT_EQ(w.hang_ups, 1);
	EXPECT_EQ(w.leaves, 1);
	EXPECT_EQ(nms()->state, CALL_WAITING);
	pass(1);
	EXPECT_EQ(w.dials, 4);
	tear_down();
}

/* What was persistent becomes periodic, and so idle some time; and the other way round. */
static void schedule_changed(void)
{
	struct conf_call c = client(1), p = client(1);

	p.periodic = true;
	p.period = 3600;
	p.idle_timeout = 60;
	set_up(&c, 1);
	pass(1);
	answer();
	EXPECT(!connector_conf(k, &p, 1));
	EXPECT_EQ(nms()->state, CALL_UP);
	pass(61000);
	EXPECT_EQ(w.hang_ups, 1);
	EXPECT_EQ(nms()->state, CALL_WAITING);
	pass(nms()->at - w.ms);
	EXPECT_EQ(w.dials, 2);
	answer();
	EXPECT(!connector_conf(k, &c, 1));
	pass(100000);
	EXPECT_EQ(nms()->state, CALL_UP);
	tear_down();
}

static void by_hand(void)
{
	struct conf_call c = client(1);

	c.periodic = true;
	c.has_anchor = true;
	set_up(&c, 1);
	EXPECT(connector_call_now(k, "nms"));
	EXPECT_EQ(w.dials, 1);
	EXPECT(connector_call_now(k, "nms"));
	EXPECT_EQ(w.dials, 1);
	EXPECT(!connector_call_now(k, "nobody"));
	tear_down();
}

/* Whatever a transport says, and when, there is one call at most and always a next one. */
static void any_order(void)
{
	struct conf_call c = client(3);
	unsigned int i;

	c.idle_timeout = 1;
	for (i = 0; i < 2; i++) {
		unsigned int n;

		c.periodic = i;
		set_up(&c, 1);
		w.seed = 4711 + i;
		for (n = 0; n < 3000; n++) {
			unsigned int r = number(NULL, 7);

			if (r < 2)
				connector_progress(k, nms(), number(NULL, CALL_STATES + 1));
			else if (r == 2)
				connector_up(k, nms(), "u");
			else if (r == 3)
				connector_over(k, nms(), number(NULL, CALL_ERRORS), NULL);
			else if (r == 4)
				connector_active(k, nms());
			else
				pass(number(NULL, 4000));
			EXPECT(nms()->state < CALL_STATES);
			EXPECT(nms()->endpoint < 3);
			EXPECT(nms()->at || nms()->state == CALL_UP);
		}
		EXPECT(nms()->attempts == w.dials);
		tear_down();
	}
}

static const struct ktap_test tests[] = {
	{ "NCSM-2,NCSM-17,CHD-5k endpoints in turn, each max-attempts times", round_robin },
	{ "NCSM-16,CHD-4c an attempt ends after max-wait, and the next is made", silent_manager },
	{ "8071-S5a,4252-4a time to authenticate is limited", late_authentication },
	{ "X-CM-1 pauses double up to a limit, with jitter", backoff },
	{ "CHD-5l a hundred devices return at different times", spread },
	{ "NCSM-5,NCSM-13,X-8071-S7f a session that held: called again at once, first-listed first",
	  held_session },
	{ "NCSM-14 last-connected", last_connected },
	{ "NCSM-15 random-selection", random_selection },
	{ "X-CM-2 a manager that hangs up at once is not called without pause", hangs_up_at_once },
	{ "NCSM-6,CHD-5b whole multiples of the period from the anchor", periods },
	{ "NCSM-7 without an anchor the first call is made at once", implicit_anchor },
	{ "NCSM-11 no second call while one is open", tick_while_open },
	{ "NCSM-12 an idle periodic session is ended", idle },
	{ "NCSM-12 and one with a subscription is not idle", subscribed },
	{ "NCSM-10,X-7589-4b a periodic session that broke is resumed at once", not_closed_by_manager },
	{ "periodic: after all attempts, the next period", period_gives_up },
	{ "X-CM-4 the clock is set", clock_set },
	{ "X-8071-S8,NCSM-1 several managers, none disturbs another", several },
	{ "X-CM-5 configuration changes while calls are made", reconfigured },
	{ "X-CM-5 a session stays while the way it came by does", way_changed },
	{ "X-CM-5 when to call changes under a session", schedule_changed },
	{ "X-CM-10,CHD-5f called by hand", by_hand },
	{ "events in any order", any_order },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
