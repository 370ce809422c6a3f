// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/boottime.h"
#include "herald.h"

#define INTERVAL	(1000 / HERALD_RATE)	/* ms */

static struct {
	struct event *timer;
	uint64_t next;		/* ms, when all that was told has been paid for */
	uint64_t untold;
} state;

static void count(void)
{
	static const struct timeval second = { 1, 0 };

	if (!state.untold++ && state.timer)
		event_add(state.timer, &second);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	uint64_t number = state.untold;

	(void)fd;
	(void)what;
	(void)arg;
	state.untold = 0;
	/* without room they are counted on */
	if (number && proc_send(PROC_MGMT, MSG_EVENTS_LOST, &number, sizeof(number))) {
		count();
		state.untold = number;
	}
}

int herald_init(struct event_base *base)
{
	state.timer = evtimer_new(base, on_timer, NULL);
	return state.timer ? 0 : -ENOMEM;
}

bool herald_may(void)
{
	uint64_t now = boottime_ms();

	if (!state.timer)
		return false;
	if (state.next < now)
		state.next = now;
	if (state.next - now <= INTERVAL * (HERALD_BURST - 1)) {
		state.next += INTERVAL;
		return true;
	}
	count();
	return false;
}

void herald(enum msg_type type, const void *data, size_t len)
{
	if (proc_send(PROC_MGMT, type, data, len))
		count();
}

void herald_fini(void)
{
	if (state.timer)
		event_free(state.timer);
	memset(&state, 0, sizeof(state));
}
