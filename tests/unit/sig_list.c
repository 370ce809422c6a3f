// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists for the control process: in portions, none left out, whatever is full or goes meanwhile. The
 * engines and the channel are stood in for.
 *
 * natfw-test: quick timeout=60
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "sig/list.h"
#include "sig/net.h"
#include "sig/stats.h"

struct net net;

static uint32_t sessions;		/* that there are */
static uint32_t from;			/* the first one that still is */
static uint32_t sent, most, turn_sent;	/* items, in all, most in one turn, in this one */
static uint32_t ends, next;
static size_t backlog;
static unsigned int full;		/* sends that fail from now on */
static bool disorder;
static bool mgmt_deaf;			/* its channel takes nothing */
static uint32_t to_mgmt;		/* items it got */
static struct session_info shown;	/* the last of them */

void nslp_each(struct nslp *n, void (*fn)(void *arg, const struct session_info *i), void *arg)
{
	struct session_info i = { .sid = { 0 } };
	uint32_t k;

	(void)n;
	for (k = 0; k < sessions; k++) {
		memcpy(i.sid, &k, sizeof(k));
		fn(arg, &i);
	}
}

bool nslp_find(struct nslp *n, const uint8_t *sid, struct session_info *i)
{
	uint32_t k;

	(void)n;
	memcpy(&k, sid, sizeof(k));
	memset(i, 0, sizeof(*i));
	i->msn = k;
	memcpy(i->sid, sid, sizeof(i->sid));
	i->token = 4711;
	return k >= from;
}

void gist_each_ma(const struct gist *g, void (*fn)(void *arg, const struct gist_ma_info *i),
		  void *arg)
{
	struct gist_ma_info i = { .state = "connected", .tls = true, .sessions = 7 };

	(void)g;
	fn(arg, &i);
	i.name = "a.example.com";
	fn(arg, &i);
}

void stats_each(const struct nslp *n, void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	struct stat_value v = { .name = "x", .number = 5 };

	(void)n;
	fn(arg, &v);
}

static struct peer_info peer;
static struct stat_value value;

static void see(enum msg_type type, const void *b)
{
	const struct session_info *i = b;

	if (type == MSG_PEER_INFO) {
		peer = *(const struct peer_info *)b;
	} else if (type == MSG_STATS_VALUE) {
		value = *(const struct stat_value *)b;
	} else {
		disorder |= i->msn < next;
		next = i->msn + 1;
	}
}

int proc_send2(enum proc_id to, enum msg_type type, const void *a, size_t alen, const void *b,
	       size_t blen)
{
	EXPECT(to == (*(const uint64_t *)a == 42 ? PROC_CTL : PROC_MGMT) && alen == sizeof(uint64_t));
	EXPECT_EQ(blen, type == MSG_SESSION_INFO ? sizeof(struct session_info) :
			type == MSG_PEER_INFO ? sizeof(struct peer_info) : sizeof(struct stat_value));
	if (full) {
		full--;
		return -ENOBUFS;
	}
	if (to == PROC_MGMT) {
		to_mgmt++;
		shown = *(const struct session_info *)b;
		return 0;
	}
	see(type, b);
	sent++;
	turn_sent++;
	return 0;
}

int proc_send(enum proc_id to, enum msg_type type, const void *data, size_t len)
{
	(void)type;
	EXPECT(len == sizeof(uint64_t) && *(const uint64_t *)data == (to == PROC_CTL ? 42 : 43));
	if (full) {
		full--;
		return -ENOBUFS;
	}
	ends++;
	return 0;
}

size_t proc_backlog(enum proc_id to)
{
	return to == PROC_MGMT && mgmt_deaf ? 10 << 20 : backlog;
}

/* Turns of the loop until the list has ended, at most @n. */
static unsigned int run(unsigned int n)
{
	unsigned int turns = 0;

	while (!ends && turns < n) {
		turn_sent = 0;
		event_base_loop(net.base, EVLOOP_ONCE);
		turns++;
		if (turn_sent > most)
			most = turn_sent;
	}
	return turns;
}

static void reset(uint32_t count)
{
	sessions = count;
	from = sent = most = ends = next = 0;
	disorder = false;
}

static void long_list(void)
{
	reset(200000);
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	EXPECT_EQ(sent, 0);	/* nothing within the question */
	run(10000);
	EXPECT_EQ(sent, 200000);
	EXPECT_EQ(ends, 1);
	EXPECT(most && most <= 200);
	EXPECT(!disorder);
}

static void some_go(void)
{
	reset(1000);
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	run(1);
	from = 900;
	run(100);
	EXPECT(sent >= 100 && sent < 1000);
	EXPECT_EQ(next, 1000);
	EXPECT_EQ(ends, 1);
}

static void channel_full(void)
{
	reset(500);
	full = 3;
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	run(1000);
	EXPECT_EQ(sent, 500);
	EXPECT(!disorder);
	reset(0);
	full = 2;	/* the end too is said in the end */
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	run(1000);
	EXPECT_EQ(ends, 1);
}

static void channel_behind(void)
{
	reset(10);
	backlog = 10 << 20;
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	run(5);
	EXPECT_EQ(sent, 0);
	backlog = 0;
	run(100);
	EXPECT_EQ(sent, 10);
}

static void other_lists(void)
{
	reset(0);
	list_start(PROC_CTL, MSG_PEER_LIST, 42, NULL);
	run(100);
	EXPECT_EQ(sent, 2);
	EXPECT(peer.tls && peer.sessions == 7 && !strcmp(peer.name, "a.example.com") &&
	       !strcmp(peer.state, "connected"));
	reset(0);
	list_start(PROC_CTL, MSG_STATS, 42, NULL);
	run(100);
	EXPECT_EQ(sent, 1);
	EXPECT(value.number == 5 && !strcmp(value.name, "x"));
}

/* In portions by turns: each is whole, and a short one does not wait for the end of a long one. */
static void by_turns(void)
{
	reset(300);
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	run(100);
	EXPECT(sent >= 300 && sent < 600);
	ends = 0;
	run(100);
	EXPECT_EQ(sent, 600);
	reset(300);
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	list_start(PROC_CTL, MSG_PEER_LIST, 42, NULL);
	run(100);
	EXPECT(sent > 2 && sent < 300 && peer.sessions == 7);
	ends = 0;
	run(100);
	EXPECT(sent == 302 && !disorder);
}

static void asker_gone(void)
{
	reset(300);
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	list_stop(PROC_CTL);
	event_base_loop(net.base, EVLOOP_NONBLOCK);
	EXPECT_EQ(sent, 0);
	EXPECT_EQ(ends, 0);
}

/* It asks more than it takes: others get what they ask for all the same, at once. */
static void slow_asker(void)
{
	unsigned int i;

	reset(300);
	to_mgmt = 0;
	mgmt_deaf = true;
	for (i = 0; i < 50; i++)
		list_start(PROC_MGMT, MSG_SESSION_LIST, 43, NULL);
	list_start(PROC_CTL, MSG_SESSION_LIST, 42, NULL);
	EXPECT(run(6) <= 5);
	EXPECT(sent == 300 && ends == 1 && !disorder && !to_mgmt);
	mgmt_deaf = false;
	ends = 0;
	for (i = 0; i < 8; i++, ends = 0)
		run(100);
	EXPECT_EQ(to_mgmt, 8 * 300);
	list_stop(PROC_MGMT);
}

static void no_ids(void)
{
	uint8_t sid[16] = { 0 };
	uint64_t hash = session_hash(sid);

	reset(1);
	list_start(PROC_MGMT, MSG_SESSION_LIST, 43, NULL);
	run(10);
	EXPECT_EQ(shown.token, 1);
	EXPECT(!memcmp(shown.sid, &hash, sizeof(hash)) && !memcmp(shown.sid + 8, sid, 8));
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "200,000 sessions, few a turn", long_list },
		{ "sessions that go meanwhile", some_go },
		{ "a channel that is full", channel_full },
		{ "a control process that is behind", channel_behind },
		{ "peers and counters", other_lists },
		{ "two lists by turns", by_turns },
		{ "nobody is there any more", asker_gone },
		{ "one that takes nothing holds up no other", slow_asker },
		{ "the management process gets no ids", no_ids },
	};
	int bad;

	net.base = event_base_new();
	bad = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	list_stop(PROC_CTL);
	return bad;
}
