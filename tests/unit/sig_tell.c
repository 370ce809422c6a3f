// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What applications are told of their sessions while the control process does not keep up: the last
 * word on each session, later, and in order. The channel is stood in for.
 *
 * natfw-test: quick timeout=60
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "ktap.h"
#include "proc.h"
#include "sig/tell.h"

static unsigned int room;		/* events that go through */
static int failure;			/* then */
static struct session_event got[20000];
static unsigned int count;

int proc_send(enum proc_id to, enum msg_type type, const void *data, size_t len)
{
	EXPECT(to == PROC_CTL && type == MSG_SESSION_EVENT && len == sizeof(got[0]));
	if (!room)
		return failure;
	room--;
	memcpy(&got[count++], data, len);
	return 0;
}

static void say(uint32_t session, enum session_state state)
{
	struct session_event e = { .token = session + 1, .state = (uint8_t)state };

	memcpy(e.sid, &session, sizeof(session));
	tell(&e);
}

static void start(unsigned int n)
{
	tell_forget();
	room = n;
	failure = -ENOBUFS;
	count = 0;
}

static void at_once(void)
{
	start(2);
	say(1, SESSION_ESTABLISHED);
	say(1, SESSION_DEAD);
	EXPECT(count == 2 && got[0].state == SESSION_ESTABLISHED && got[1].state == SESSION_DEAD);
}

static void later(void)
{
	unsigned int told = 0;
	uint32_t i;

	start(1);
	for (i = 0; i < 1000; i++)
		say(i, SESSION_ESTABLISHED);
	for (i = 0; i < 1000; i += 2)
		say(i, SESSION_DEAD);
	EXPECT_EQ(count, 1);
	room = 300;
	tell_drained();
	EXPECT_EQ(count, 301);
	/* there may be room again, but not for what would come before its time */
	room = 1;
	say(1, SESSION_DEAD);
	EXPECT_EQ(count, 301);
	room = 2000;
	tell_drained();
	tell_drained();
	for (i = 0; i < 301; i++)
		told += got[i].token == 2;
	EXPECT_EQ(count - 301, 1000 - 300 + told);
}

/* The last word on each is what was said last. */
static void last_word(void)
{
	static uint8_t state[3000];
	uint32_t i;

	start(100);
	for (i = 0; i < 3000; i++)
		say(i, SESSION_ESTABLISHED);
	for (i = 0; i < 3000; i += 3)
		say(i, SESSION_DEAD);
	while (room = 7, count < 4000) {
		unsigned int before = count;

		tell_drained();
		if (count == before)
			break;
	}
	for (i = 0; i < count; i++)
		state[got[i].token - 1] = got[i].state;
	for (i = 0; i < 3000; i++)
		EXPECT_EQ(state[i], i % 3 ? SESSION_ESTABLISHED : SESSION_DEAD);
	say(1, SESSION_DEAD);
	EXPECT(got[count - 1].token == 2 && got[count - 1].state == SESSION_DEAD);
}

static void bounded(void)
{
	uint32_t i;

	start(0);
	for (i = 0; i < TELL_MAX + 100; i++)
		say(i, SESSION_ESTABLISHED);
	room = 20000;
	tell_drained();
	EXPECT_EQ(count, TELL_MAX);
}

static void nobody(void)
{
	start(0);
	failure = -EPIPE;
	say(1, SESSION_DEAD);
	room = 10;
	tell_drained();
	EXPECT_EQ(count, 0);
	/* another control process */
	start(0);
	say(1, SESSION_DEAD);
	tell_forget();
	room = 10;
	tell_drained();
	EXPECT_EQ(count, 0);
	say(1, SESSION_ESTABLISHED);
	EXPECT_EQ(count, 1);
	tell_forget();
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "what there is room for is told at once", at_once },
		{ "what there is no room for is told later, and in order", later },
		{ "the last word on a session is not lost", last_word },
		{ "there is a bound", bounded },
		{ "nothing is kept for one that is gone", nobody },
	};

	log_levels[SUB_NSLP] = LEVEL_ERROR;
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
