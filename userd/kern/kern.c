// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kern process: CAP_NET_ADMIN, policy, and alone the natfw netlink family. What it does is
 * gate.c's; here it is tied to the loop and to the other processes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/boottime.h"
#include "herald.h"
#include "kern/gate.h"
#include "kern/maps.h"
#include "kern/nat.h"
#include "kern/route.h"

#define NTP_UNIX	2208988800u	/* seconds from 1900 to 1970 */
#define LIST_STEP	64		/* rows of a listing at a time */
#define LISTINGS_EACH	16		/* asked for at once by one process; each asks for fewer */
#define LISTINGS	(2 * LISTINGS_EACH)	/* the control and the management process */

struct listing {
	enum proc_id to;
	uint64_t number;		/* of the request */
	enum msg_type tell;		/* MSG_RULE_INFO, MSG_ACE_INFO, MSG_POOL_INFO */
	uint32_t at;
};

static struct {
	struct event_base *base;
	struct gate *gate;
	struct conf *conf;
	struct routes routes;
	struct event *tick, *flush, *events, *family;
	int events_fd;
	bool started;
	struct listing listing[LISTINGS];	/* one after the other */
	unsigned int listings;
} kern;

static void set_clock(void)
{
	kern.routes.now = boottime_ms();
	gate_clock(kern.gate, kern.routes.now);
}

/*
 * What the gate needs
 */

static bool behind(void *arg, const struct address *a, uint32_t ifindex)
{
	(void)arg;
	return kern_routes_behind(&kern.routes, a, ifindex);
}

static bool own(void *arg, const struct address *a)
{
	(void)arg;
	return kern_routes_own(&kern.routes, a);
}

/* The signalling process is slow, or starts anew: its requests time out, and are repeated. */
static void send_answer(void *arg, const struct gate_answer *a)
{
	(void)arg;
	if (proc_send(PROC_SIG, MSG_GATE_ANSWER, a, sizeof(*a)))
		log_debug(SUB_KERN, "an answer could not be sent");
}

static uint64_t ntp(void *arg)
{
	struct timespec t;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec + NTP_UNIX) << 32 |
	       ((uint64_t)t.tv_nsec << 32) / 1000000000u;
}

static void random_octets(void *arg, void *buf, size_t n)
{
	(void)arg;
	if (getrandom(buf, n, 0) != (ssize_t)n)
		abort();
}

static bool may_tell(void *arg)
{
	(void)arg;
	return herald_may();
}

static void tell(void *arg, enum msg_type type, const void *event, size_t len)
{
	(void)arg;
	herald(type, event, len);
}

/*
 * The loop
 */

static void on_readable(evutil_socket_t fd, short what, void *arg);

static struct event *watch(int fd)
{
	struct event *ev;

	if (fd < 0)
		return NULL;
	ev = event_new(kern.base, fd, EV_READ | EV_PERSIST, on_readable, NULL);
	if (ev)
		event_add(ev, NULL);
	return ev;
}

/* The module comes and goes, and with it the socket its events come by. */
static void watch_events(void)
{
	int events, family;

	gate_fds(kern.gate, &events, &family);
	if (!kern.family)
		kern.family = watch(family);
	if (events == kern.events_fd && (events < 0) == !kern.events)
		return;
	if (kern.events)
		event_free(kern.events);
	kern.events = watch(events);
	kern.events_fd = events;
}

static void run_again(void)
{
	struct timeval tv;
	uint64_t ms;

	set_clock();
	ms = gate_tick(kern.gate, kern.routes.now);
	watch_events();
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	event_add(kern.tick, &tv);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	run_again();
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	set_clock();
	gate_events(kern.gate);
	watch_events();
}

static void on_flush(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	set_clock();
	gate_flush(kern.gate);
	run_again();
}

/* When all messages that are there have been read. */
static void flush_soon(void)
{
	static const struct timeval soon = { 0, 0 };

	if (!event_pending(kern.flush, EV_TIMEOUT, NULL))
		event_add(kern.flush, &soon);
}

/*
 * Listings and numbers
 */

struct numbered {
	enum proc_id to;
	uint64_t number;
	int err;
};

static bool send_row(void *arg, const struct rule_info *i)
{
	struct numbered *n = arg;

	n->err = proc_send2(n->to, MSG_RULE_INFO, &n->number, sizeof(n->number), i, sizeof(*i));
	return !n->err;
}

static bool send_ace(void *arg, const struct ace_info *i)
{
	struct numbered *n = arg;

	n->err = proc_send2(n->to, MSG_ACE_INFO, &n->number, sizeof(n->number), i, sizeof(*i));
	return !n->err;
}

static bool send_pool(void *arg, const struct pool_info *i)
{
	struct numbered *n = arg;

	n->err = proc_send2(n->to, MSG_POOL_INFO, &n->number, sizeof(n->number), i, sizeof(*i));
	return !n->err;
}

/* True: there is more. */
static bool list_step(struct listing *l, struct numbered *n)
{
	if (l->tell == MSG_ACE_INFO)
		return gate_aces(kern.gate, &l->at, LIST_STEP, send_ace, n);
	if (l->tell == MSG_POOL_INFO)
		return nat_list(kern.gate, &l->at, send_pool, n);
	return gate_list(kern.gate, &l->at, LIST_STEP, send_row, n);
}

/* True: it is complete. */
static bool list_one(struct listing *l)
{
	struct numbered n = { .to = l->to, .number = l->number };

	while (list_step(l, &n) && !n.err)
		;
	return !n.err && !proc_send(l->to, l->tell, &l->number, sizeof(l->number));
}

/*
 * As much as the channels take; the rest when they are empty again, or have another end. Whose channel takes nothing
 * now comes behind the others.
 */
static void list_on(void)
{
	unsigned int i, n = kern.listings;

	for (i = 0; i < n; i++) {
		struct listing first = kern.listing[0];
		bool whole = list_one(&first);

		memmove(kern.listing, kern.listing + 1, --kern.listings * sizeof(first));
		if (!whole)
			kern.listing[kern.listings++] = first;
	}
}

static void list(enum proc_id to, uint64_t number, enum msg_type tell)
{
	unsigned int i, n = 0;

	for (i = 0; i < kern.listings; i++)
		n += kern.listing[i].to == to;
	if (n == LISTINGS_EACH)
		return;
	kern.listing[kern.listings++] = (struct listing){
		.to = to, .number = number, .tell = tell,
	};
	/* with others of the same process before it, it has to wait as they do */
	if (!n)
		list_on();
}

static void send_stat(void *arg, const struct stat_value *v)
{
	const struct numbered *n = arg;

	proc_send2(n->to, MSG_STATS_VALUE, &n->number, sizeof(n->number), v, sizeof(*v));
}

/* Rules that are no good, or no module: the call is made anyhow. */
static void call_flow(const struct call_flow *f)
{
	const uint8_t version = f->remote.address.version;

	set_clock();
	if (!f->open || version == 4 || version == 6)
		gate_call(kern.gate, f);
	if (f->open)
		proc_send(PROC_MGMT, MSG_CALL_FLOW_OPEN, &f->id, sizeof(f->id));
}

static void tell_nat(const struct numbered *n)
{
	struct nat_info i;

	nat_describe(kern.gate, &i);
	proc_send2(n->to, MSG_NAT_INFO, &n->number, sizeof(n->number), &i, sizeof(i));
	proc_send(n->to, MSG_NAT_INFO, &n->number, sizeof(n->number));
}

static void asked_maps(enum proc_id from, const void *data, size_t len)
{
	struct map_wishes w;
	uint64_t number;

	if (len != sizeof(number) + sizeof(w))
		return;
	memcpy(&number, data, sizeof(number));
	memcpy(&w, (const char *)data + sizeof(number), sizeof(w));
	if (w.n <= NAT_WISHES_MAX)
		maps_tell(from, number, &w);
}

static void asked(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	struct numbered n = { .to = from };

	if (len != sizeof(n.number))
		return;
	memcpy(&n.number, data, sizeof(n.number));
	if (type == MSG_RULE_LIST) {
		list(from, n.number, MSG_RULE_INFO);
	} else if (type == MSG_ACE_LIST) {
		list(from, n.number, MSG_ACE_INFO);
	} else if (type == MSG_POOL_LIST) {
		list(from, n.number, MSG_POOL_INFO);
	} else if (type == MSG_NAT_LIST) {
		tell_nat(&n);
	} else if (type == MSG_STATS) {
		gate_stats(kern.gate, send_stat, &n);
		proc_send(from, MSG_STATS_VALUE, &n.number, sizeof(n.number));
	}
}

/*
 * proc_ops
 */

static int kern_init(struct event_base *base)
{
	static const struct gate_io io = {
		.policy = { .behind = behind, .own = own },
		.answer = send_answer, .ntp = ntp, .random = random_octets,
		.may_tell = may_tell, .tell = tell,
	};
	uint8_t key[16];
	int err;

	random_octets(NULL, key, sizeof(key));
	err = kern_routes_init(&kern.routes, key);
	if (!err)
		err = herald_init(base);
	if (err)
		return err;
	kern.base = base;
	kern.events_fd = -1;
	kern.gate = gate_create(&io, proc_secrets()->owner, boottime_ms());
	kern.tick = evtimer_new(base, on_tick, NULL);
	kern.flush = evtimer_new(base, on_flush, NULL);
	maps_init(base, kern.gate);
	return kern.gate && kern.tick && kern.flush ? 0 : -ENOMEM;
}

/* At start it is seen to by the gate. */
static void apply(void)
{
	struct conf_error e;

	if (!gate_apply(kern.gate, &e))
		log_error(SUB_KERN, "the module refuses what it would have taken: %s path=%s", e.text,
			  e.path);
}

static bool kern_try(const struct conf *c, struct conf_error *e)
{
	set_clock();
	return !kern.started || gate_try(kern.gate, c, e);
}

static void kern_conf(struct conf *c)
{
	struct conf *old = kern.conf;

	set_clock();
	if (gate_configure(kern.gate, c)) {
		log_error(SUB_KERN, "out of memory: the configuration stays as it was");
		conf_free(c);
		return;
	}
	kern.conf = c;
	conf_free(old);
	if (kern.started)
		apply();
}

static void kern_start(void)
{
	set_clock();
	gate_start(kern.gate);
	if (kern.conf->module_required && kern.conf->nslp.forward && !gate_has_module(kern.gate)) {
		log_error(SUB_KERN,
			  "no kernel module, and /natfw:natfw/daemon/module-required says "
			  "that there has to be one");
		proc_exit(1);
	}
	kern.started = true;
	run_again();
}

static void kern_peer(enum proc_id peer, bool again)
{
	unsigned int i, kept = 0;

	for (i = 0; again && i < kern.listings; i++)
		if (kern.listing[i].to != peer)
			kern.listing[kept++] = kern.listing[i];
	if (again) {
		kern.listings = kept;
		maps_forget(peer);
	}
	if (again && peer == PROC_MGMT)
		gate_no_calls(kern.gate);
}

static void kern_drained(enum proc_id peer)
{
	if (peer == PROC_CTL || peer == PROC_MGMT)
		list_on();
}

static void kern_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	if (from == PROC_MGMT && type == MSG_CALL_FLOW && len == sizeof(struct call_flow)) {
		call_flow(data);
	} else if (from == PROC_MGMT && type == MSG_MAP_LIST) {
		asked_maps(from, data, len);
	} else if (from == PROC_CTL || from == PROC_MGMT) {
		asked(from, type, data, len);
	} else if (from == PROC_SIG && type == MSG_GATE) {
		set_clock();
		gate_request(kern.gate, data, len);
		if (gate_waiting(kern.gate))
			flush_soon();
	}
}

/* Rules stay for as long as they were granted: whoever comes next adopts them. */
static void kern_down(unsigned int ms)
{
	(void)ms;
	maps_forget(PROC_MGMT);
	gate_flush(kern.gate);
	gate_destroy(kern.gate);
	proc_exit(0);
}

static void log_stat(void *arg, const struct stat_value *v)
{
	(void)arg;
	if (v->number)
		log_notice(SUB_KERN, "%s=%llu", v->name, (unsigned long long)v->number);
}

static void kern_dump(void)
{
	gate_stats(kern.gate, log_stat, NULL);
}

static void kern_socket(enum proc_socket which, uint32_t arg, int fd)
{
	(void)which;
	(void)arg;
	(void)fd;
}

const struct proc_ops kern_ops = {
	.name = "kern",
	.init = kern_init,
	.conf = kern_conf,
	.try = kern_try,
	.socket = kern_socket,
	.start = kern_start,
	.peer = kern_peer,
	.message = kern_message,
	.drained = kern_drained,
	.dump = kern_dump,
	.down = kern_down,
};
