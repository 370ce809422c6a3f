// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Streams whose time is over in the very moment that something comes by them. The engine and the
 * clock are stood in for: what is due fires when a callback of the loop begins, as it does in natfwd.
 *
 * natfw-test: quick timeout=60
 */
#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ktap.h"
#include "sig/clock.h"
#include "sig/net.h"
#include "sig/routes.h"
#include "sig/stream.h"
#include "sig/tls.h"

#define LONG_MS	60000		/* longer than anything is waited for */

struct net net;

static uint64_t leap;			/* ms that pass before the next callback */
static unsigned int accepted, input, failed, connected_ones;
static bool close_by_timer, clear_allowed;
static struct timer engine_timer;
static uint32_t ma;

void clock_enter(void)
{
	timers_run(&net.timers, net.timers.now + leap, 1000);
	leap = 0;
}

void clock_leave(void)
{
}

bool routes_find(void *arg, const struct address *to, struct gist_route *r)
{
	(void)arg;
	(void)to;
	memset(r, 0, sizeof(*r));
	return false;
}

/* What the engine does when nothing is confirmed in time. */
static void engine_closes(struct timer *t)
{
	(void)t;
	stream_close(NULL, ma, !close_by_timer);
}

uint32_t gist_ma_accepted(struct gist *g, const struct endpoint *from, const struct endpoint *to,
			  unsigned int ifindex, bool tls, const char *name)
{
	(void)g;
	(void)from;
	(void)to;
	(void)ifindex;
	(void)tls;
	(void)name;
	accepted++;
	timer_init(&engine_timer, engine_closes);
	EXPECT(!timer_start(&net.timers, &engine_timer, 1000));
	return ma = 1;
}

void gist_ma_connected(struct gist *g, uint32_t id, const char *name)
{
	(void)g;
	(void)id;
	(void)name;
	connected_ones++;
}

size_t gist_ma_input(struct gist *g, uint32_t id, struct gist_view octets)
{
	(void)g;
	(void)id;
	input++;
	return octets.len;
}

void gist_ma_failed(struct gist *g, uint32_t id, int error)
{
	(void)g;
	(void)id;
	(void)error;
	failed++;
}

void gist_ma_review(struct gist *g, bool (*allowed)(void *arg, const char *name,
						     const struct address *peer), void *arg)
{
	(void)g;
	clear_allowed = allowed(arg, NULL, &(struct address){ 4, { 127, 0, 0, 1 } });
}

static const struct endpoint here = { { 4, { 127, 0, 0, 1 } }, 1 };

static void run(void)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		event_base_loop(net.base, EVLOOP_NONBLOCK);
		usleep(500);
	}
}

static void begin(void)
{
	timers_init(&net.timers, 1000);
	net.gist = (struct gist *)&net;		/* not looked at */
	leap = 0;
	accepted = input = failed = connected_ones = 0;
}

static void end(void)
{
	timer_stop(&net.timers, &engine_timer);
	stream_fini();
	EXPECT_EQ(net.timers.count, 0);
	timers_fini(&net.timers);
}

/* A connection that was accepted; the other end. */
static int other_end(bool tls)
{
	int fd[2];

	EXPECT(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd));
	stream_accepted(fd[0], tls, &here, &here);
	run();
	return fd[1];
}

static void nothing_said_in_time(void)
{
	int fd;

	begin();
	fd = other_end(false);
	EXPECT_EQ(send(fd, "octets", 6, 0), 6);
	leap = LONG_MS;
	run();
	EXPECT_EQ(accepted, 0);
	EXPECT_EQ(recv(fd, &(char){ 0 }, 1, 0), 0);
	close(fd);
	end();
}

static void gone_in_time(void)
{
	int fd;

	begin();
	fd = other_end(false);
	close(fd);
	leap = LONG_MS;
	run();
	EXPECT_EQ(accepted, 0);
	end();
}

static void closed_by_the_engine(void)
{
	unsigned int i;
	int fd;

	for (i = 0; i < 2; i++) {
		begin();
		close_by_timer = i;
		fd = other_end(false);
		EXPECT_EQ(send(fd, "octets", 6, 0), 6);
		run();
		EXPECT_EQ(accepted, 1);
		EXPECT_EQ(input, 1);
		EXPECT_EQ(send(fd, "octets", 6, 0), 6);
		leap = 2000;
		run();
		EXPECT_EQ(input, 1);
		close(fd);
		leap = LONG_MS;
		run();
		EXPECT_EQ(failed, 0);
		end();
	}
}

static void connected_too_late(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct gist_target to = { .to = here };
	socklen_t n = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	begin();
	EXPECT(!bind(fd, (struct sockaddr *)&sin, n) && !listen(fd, 1) &&
	       !getsockname(fd, (struct sockaddr *)&sin, &n));
	to.to.port = ntohs(sin.sin_port);
	EXPECT(!stream_connect(NULL, 7, &to));
	leap = LONG_MS;
	run();
	EXPECT_EQ(failed, 1);
	EXPECT_EQ(connected_ones, 0);
	close(fd);
	end();
}

/* After a reload that wants TLS of everybody. */
static void review_without_tls(void)
{
	struct conf conf = { .gist.tls = GIST_TLS_OFFERED };

	begin();
	net.conf = &conf;
	stream_review();
	EXPECT(clear_allowed);
	conf.gist.tls = GIST_TLS_REQUIRED;
	stream_review();
	EXPECT(!clear_allowed);
	net.conf = NULL;
	end();
}

int main(void)
{
	static const struct ktap_test tests[] = {
		{ "octets come when their time is over", nothing_said_in_time },
		{ "the other end goes when its time is over", gone_in_time },
		{ "octets come when the engine closes", closed_by_the_engine },
		{ "a connection is there when its time is over", connected_too_late },
		{ "GIST-4.4.2-09 associations without TLS where it is required", review_without_tls },
	};
	int status;

	net.base = event_base_new();
	status = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	event_base_free(net.base);
	return status;
}
