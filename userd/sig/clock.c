// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "sig/clock.h"
#include "sig/net.h"

#define BURST	1000	/* timers fired before others have their turn */

static struct {
	int fd;
	struct event *event;
	uint64_t armed;		/* for when; TIMERS_NEVER: not */
} alarm_clock = { .fd = -1 };

static uint64_t boottime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void clock_enter(void)
{
	timers_run(&net.timers, boottime(), BURST);
}

/* An earlier alarm than needed does no harm: only a later one is moved. */
void clock_leave(void)
{
	uint64_t at = timers_next(&net.timers);
	struct itimerspec when = { 0 };

	if (at >= alarm_clock.armed)
		return;
	/* the time as reckoned here is rounded down: one more, or it rings before it is due */
	when.it_value.tv_sec = (time_t)((at + 1) / 1000);
	when.it_value.tv_nsec = (long)((at + 1) % 1000) * 1000000;
	if (!timerfd_settime(alarm_clock.fd, TFD_TIMER_ABSTIME, &when, NULL))
		alarm_clock.armed = at;
}

static void ring(evutil_socket_t fd, short what, void *arg)
{
	uint64_t times;

	(void)what;
	(void)arg;
	if (read((int)fd, &times, sizeof(times)) < 0 && errno != EAGAIN)
		return;
	alarm_clock.armed = TIMERS_NEVER;
	clock_enter();
	clock_leave();
}

int clock_init(void)
{
	alarm_clock.armed = TIMERS_NEVER;
	alarm_clock.fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (alarm_clock.fd < 0)
		return -errno;
	timers_init(&net.timers, boottime());
	alarm_clock.event = event_new(net.base, alarm_clock.fd, EV_READ | EV_PERSIST, ring, NULL);
	if (!alarm_clock.event || event_add(alarm_clock.event, NULL))
		return -ENOMEM;
	return 0;
}

void clock_fini(void)
{
	if (alarm_clock.event)
		event_free(alarm_clock.event);
	if (alarm_clock.fd >= 0)
		close(alarm_clock.fd);
	alarm_clock.event = NULL;
	alarm_clock.fd = -1;
	timers_fini(&net.timers);
}
