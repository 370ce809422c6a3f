// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "channel.h"
#include "process.h"
#include "sandbox.h"

#define CONF_MAX	(16u << 20)
#define FLUSH_MS	500

static struct {
	enum proc_id id;
	const struct proc_ops *ops;
	struct event_base *base;
	struct channel *channel[PROC_COUNT];
	struct proc_setup setup;
	uint8_t *conf;			/* being put together */
	uint32_t conf_total, conf_at;
	bool started, ending;
} self;

const struct proc_ops *process_ops(enum proc_id id)
{
	static const struct proc_ops *const ops[PROC_COUNT] = {
		[PROC_SIG] = &sig_ops, [PROC_KERN] = &kern_ops, [PROC_CTL] = &ctl_ops,
		[PROC_MGMT] = &mgmt_ops,
	};

	return ops[id];
}

const char *process_name(enum proc_id id)
{
	return id == PROC_MONITOR ? "monitor" : process_ops(id)->name;
}

const struct proc_secrets *proc_secrets(void)
{
	return &self.setup.secrets;
}

/* ------------------------------------------------------------------ out */

int proc_send2(enum proc_id to, enum msg_type type, const void *a, size_t alen, const void *b,
	       size_t blen)
{
	if (!self.channel[to])
		return -EPIPE;
	return channel_post(self.channel[to], type, a, alen, b, blen);
}

int proc_send(enum proc_id to, enum msg_type type, const void *data, size_t len)
{
	return proc_send2(to, type, data, len, NULL, 0);
}

int proc_send_fd(enum proc_id to, enum msg_type type, const void *data, size_t len, int fd)
{
	if (self.channel[to])
		return channel_send(self.channel[to], type, data, len, NULL, 0, fd);
	close(fd);
	return -EPIPE;
}

size_t proc_backlog(enum proc_id to)
{
	return self.channel[to] ? channel_backlog(self.channel[to]) : 0;
}

int proc_ask_fd(enum proc_socket which, uint32_t arg)
{
	struct proc_fd ask = { which, arg };

	return proc_send(PROC_MONITOR, MSG_ASK_FD, &ask, sizeof(ask));
}

void proc_exit(int status)
{
	int i;

	for (i = 0; i < PROC_COUNT; i++)
		if (self.channel[i])
			channel_flush(self.channel[i], FLUSH_MS);
	log_debug(SUB_MAIN, "process ends status=%d", status);
	_exit(status);
}

/* ------------------------------------------------------------------ from peers */

static void on_message(void *arg, unsigned int type, const void *data, size_t len, int fd)
{
	enum proc_id from = (enum proc_id)(uintptr_t)arg;

	if (fd >= 0)
		close(fd);
	if (type < MSG_GATE) {
		log_error(SUB_MAIN, "message %u is not for %s to send", type, process_name(from));
		return;
	}
	self.ops->message(from, type, data, len);
}

/* The monitor will bring a new one. */
static void on_closed(void *arg)
{
	enum proc_id peer = (enum proc_id)(uintptr_t)arg;

	channel_destroy(self.channel[peer]);
	self.channel[peer] = NULL;
}

static void on_drained(void *arg)
{
	if (self.ops->drained)
		self.ops->drained((enum proc_id)(uintptr_t)arg);
}

static const struct channel_ops peer_channel = { on_message, on_closed, on_drained };

/* ------------------------------------------------------------------ from the monitor */

static void wire(const struct proc_wire *w, int fd)
{
	if (w->peer == PROC_MONITOR || w->peer >= PROC_COUNT || w->peer == self.id || fd < 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	channel_destroy(self.channel[w->peer]);
	self.channel[w->peer] = channel_create(self.base, fd, CHANNEL_QUEUE_MAX, &peer_channel,
					       (void *)(uintptr_t)w->peer);
	if (!self.channel[w->peer]) {
		log_error(SUB_MAIN, "no memory for a channel");
		proc_exit(EXIT_FAILURE);
	}
	self.ops->peer(w->peer, w->again);
}

static void try(struct conf *c)
{
	struct conf_error e = { 0 };

	if (self.ops->try && !self.ops->try(c, &e) && !*e.text)
		snprintf(e.text, sizeof(e.text), "refused");
	conf_free(c);
	proc_send(PROC_MONITOR, MSG_TRIED, &e, sizeof(e));
}

/* All three say what they log by the configuration. */
static void conf_whole(bool only_try)
{
	struct conf *c = conf_unpack(self.conf, self.conf_total);

	explicit_bzero(self.conf, self.conf_total);
	free(self.conf);
	self.conf = NULL;
	if (!c) {
		log_error(SUB_MAIN, "the configuration cannot be unpacked");
		proc_exit(EXIT_FAILURE);
	}
	if (only_try) {
		try(c);
		return;
	}
	memcpy(log_levels, c->level, sizeof(log_levels));
	self.ops->conf(c);
	if (self.started)
		proc_send(PROC_MONITOR, MSG_READY, NULL, 0);
}

static void conf_part(const struct proc_part *p, const void *data, size_t len, bool only_try)
{
	if (!p->at) {
		free(self.conf);
		self.conf = p->total <= CONF_MAX ? malloc(p->total ? p->total : 1) : NULL;
		self.conf_total = p->total;
		self.conf_at = 0;
	}
	if (!self.conf || p->total != self.conf_total || p->at != self.conf_at ||
	    len > p->total - p->at) {
		log_error(SUB_MAIN, "the configuration does not come as it should");
		proc_exit(EXIT_FAILURE);
	}
	memcpy(self.conf + p->at, data, len);
	self.conf_at += len;
	if (self.conf_at == self.conf_total)
		conf_whole(only_try);
}

static void start(void)
{
	self.ops->start();
	self.started = true;
	proc_send(PROC_MONITOR, MSG_READY, NULL, 0);
}

static void dump(void)
{
	int i;

	log_notice(SUB_MAIN, "events=%d active=%d",
		   event_base_get_num_events(self.base, EVENT_BASE_COUNT_ADDED),
		   event_base_get_num_events(self.base, EVENT_BASE_COUNT_ACTIVE));
	for (i = 0; i < PROC_COUNT; i++)
		if (i != (int)self.id && (i == PROC_MONITOR || self.channel[i]))
			log_notice(SUB_MAIN, "channel to=%s queued=%zu", process_name(i),
				   proc_backlog(i));
	if (self.ops->dump)
		self.ops->dump();
}

static void on_order(void *arg, unsigned int type, const void *data, size_t len, int fd)
{
	const struct proc_fd *s = data;

	(void)arg;
	if (fd >= 0 && type != MSG_CHANNEL && type != MSG_SOCKET)
		close(fd);
	if (type == MSG_CHANNEL && len == sizeof(struct proc_wire)) {
		wire(data, fd);
	} else if (type == MSG_SOCKET && len == sizeof(*s)) {
		self.ops->socket(s->which, s->arg, fd);
	} else if ((type == MSG_CONF || type == MSG_TRY) && len >= sizeof(struct proc_part)) {
		conf_part(data, (const uint8_t *)data + sizeof(struct proc_part),
			  len - sizeof(struct proc_part), type == MSG_TRY);
	} else if (type == MSG_START && !len) {
		start();
	} else if (type == MSG_PING && !len) {
		proc_send(PROC_MONITOR, MSG_PING, NULL, 0);
	} else if (type == MSG_DUMP && !len) {
		dump();
	} else if (type == MSG_DOWN && len == sizeof(uint32_t)) {
		self.ending = true;
		self.ops->down(*(const uint32_t *)data);
	} else {
		self.ops->message(PROC_MONITOR, type, data, len);
	}
}

static void on_orphaned(void *arg)
{
	(void)arg;
	if (!self.ending)
		log_error(SUB_MAIN, "the monitor is gone");
	_exit(EXIT_FAILURE);
}

static const struct channel_ops monitor_channel = { on_order, on_orphaned, NULL };

/* ------------------------------------------------------------------ life */

static void fail(const char *what, int err)
{
	log_error(SUB_MAIN, "%s: %s", what, strerror(-err));
	_exit(EXIT_FAILURE);
}

/* The terminal and the service manager speak to the monitor; it speaks to us. */
static void leave_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE };
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

static void set_up(void)
{
	int err = channel_await(PROCESS_CHANNEL_FD, MSG_SETUP, &self.setup, sizeof(self.setup));

	if (err)
		_exit(EXIT_FAILURE);
	log_open(self.ops->name, self.setup.to_syslog);
	memcpy(log_levels, self.setup.level, sizeof(log_levels));
	session_tag_key(self.setup.secrets.tag_key);
}

static void name_process(void)
{
	char name[16] = "natfwd-";

	strncat(name, self.ops->name, sizeof(name) - strlen(name) - 1);
	prctl(PR_SET_NAME, name);
}

void process_main(enum proc_id id)
{
	struct sandbox box;
	int err;

	self.id = id;
	self.ops = process_ops(id);
	name_process();
	leave_signals();
	set_up();
	self.base = event_base_new();
	if (!self.base)
		fail("event loop", -ENOMEM);
	err = self.ops->init(self.base);
	if (err)
		fail("start", err);
	box = (struct sandbox){ id, self.setup.uid, self.setup.gid, self.setup.chroot };
	err = sandbox_enter(&box);
	if (err)
		fail("giving up privileges", err);
	self.channel[PROC_MONITOR] = channel_create(self.base, PROCESS_CHANNEL_FD, CHANNEL_QUEUE_MAX,
						    &monitor_channel, NULL);
	if (!self.channel[PROC_MONITOR])
		fail("channel to the monitor", -ENOMEM);
	event_base_dispatch(self.base);
	proc_exit(EXIT_FAILURE);
}
