// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * Sessions of applications and managers over restarts: who has them, and what an older version has stored.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/journal.h"
#include "ctl/local.h"
#include "ktap.h"
#include "proc.h"

#define OLD_SIZE	176	/* of a record, before managers could open sessions */

static const uint8_t seed[32] = "0123456789abcdef0123456789abcde";
static int files[2];
static unsigned int sent;

/* Lives that end leave what they had behind. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* ------------------------------------------------------------------ the other processes */

int proc_send(enum proc_id to, enum msg_type type, const void *data, size_t len)
{
	(void)data;
	(void)len;
	EXPECT(to == PROC_SIG && type == MSG_SESSION_OPEN);
	sent++;
	return 0;
}

int proc_send2(enum proc_id to, enum msg_type type, const void *a, size_t alen, const void *b, size_t blen)
{
	(void)to;
	(void)type;
	(void)a;
	(void)alen;
	(void)b;
	(void)blen;
	return 0;
}

/* ------------------------------------------------------------------ files */

static void new_files(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		char name[] = "/tmp/local.XXXXXX";

		files[i] = mkstemp(name);
		unlink(name);
	}
}

/* A new life of the process. */
static void start(void)
{
	int fd[2] = { dup(files[0]), dup(files[1]) };

	EXPECT(local_init(seed, fd));
}

/* ------------------------------------------------------------------ tests */

struct record {
	uint32_t type, reserved;
	uint64_t expires;
	uint8_t token[16];
	struct session_open open;
};

static void nothing(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
}

static void store_old(const struct record *r)
{
	int fd[2] = { dup(files[0]), dup(files[1]) };
	struct journal j;

	EXPECT(journal_open(&j, fd, seed, nothing, NULL));
	EXPECT(journal_append(&j, r, OLD_SIZE));
	journal_close(&j);
}

static void test_old(void)
{
	struct record r = { .reserved = 7, .expires = UINT64_MAX, .token = "token" };
	struct local *l;

	new_files();
	memset(r.open.sid, 5, sizeof(r.open.sid));
	r.open.uid = 1000;
	r.open.lifetime = 600;
	store_old(&r);
	start();
	EXPECT_EQ(local_count(), 1);
	l = local_find(session_hash(r.open.sid));
	EXPECT(l && l->open.uid == 1000 && l->open.lifetime == 600 && !*l->open.user);
	EXPECT(l && !memcmp(l->token, "token", 6));
}

static struct local *open_as(uint32_t uid, const char *user)
{
	struct session_open o = { .uid = uid, .lifetime = 600 };
	struct session_event e = { .state = SESSION_ESTABLISHED, .msn = 3, .lifetime = 600 };
	const char *why = NULL;
	struct local *l;

	snprintf(o.user, sizeof(o.user), "%s", user);
	l = local_open(&o, -1, false, &why);
	EXPECT(l && !why);
	if (!l)
		return NULL;
	memcpy(e.sid, l->open.sid, sizeof(e.sid));
	local_event(l, &e);
	return l;
}

static void test_managers(void)
{
	struct local *l;
	uint64_t tag;

	new_files();
	start();
	l = open_as(GATE_MANAGER, "wilma");
	tag = l ? session_hash(l->open.sid) : 0;
	open_as(GATE_MANAGER, "fred");
	open_as(1000, "");
	EXPECT(l && !l->owners && l->bound == -1);
	start();
	EXPECT_EQ(local_count(), 3);
	l = local_find(tag);
	EXPECT(l && l->open.uid == GATE_MANAGER && !strcmp(l->open.user, "wilma"));
	EXPECT_EQ(local_count_of(GATE_MANAGER, "wilma"), 1);
	EXPECT_EQ(local_count_of(GATE_MANAGER, "nobody"), 0);
	EXPECT_EQ(local_count_of(1000, "whatever"), 1);
	sent = 0;
	local_resume();
	EXPECT_EQ(sent, 3);
}

/* Who changes a session does not come to own it. */
static void test_change(void)
{
	struct session_open o = { .uid = 0, .lifetime = 700 };
	struct local *l;

	new_files();
	start();
	l = open_as(GATE_MANAGER, "wilma");
	EXPECT(l && !local_change(l, &o));
	EXPECT(l && l->open.lifetime == 700 && l->open.uid == GATE_MANAGER && !strcmp(l->open.user, "wilma"));
}

int main(void)
{
	static const uint8_t tag_key[16] = "tags";
	static const struct ktap_test tests[] = {
		{ "what an older version has stored", test_old },
		{ "sessions are their managers' after a restart", test_managers },
		{ "a change makes nobody owner", test_change },
	};

	session_tag_key(tag_key);
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
