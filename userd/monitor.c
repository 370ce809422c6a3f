// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/boottime.h"
#include "base/log.h"
#include "change.h"
#include "child.h"
#include "host.h"
#include "limit.h"
#include "monitor.h"
#include "notify.h"
#include "outfit.h"
#include "sandbox.h"
#include "secret.h"
#include "sshd.h"
#include "supply.h"

#define QUEUE_MAX	(64u << 20)	/* to a process: a configuration is never refused */
#define PING_MS		5000
#define PINGS_MAX	6		/* unanswered */
#define SIG_DOWN_MS	2000		/* to tell neighbours */
#define DOWN_MS		1000
#define MGMT_MS		60000	/* without managers, if mgmt dies over and over */

static struct {
	const struct monitor_options *o;
	struct conf *conf;
	struct event_base *base;
	struct child child[PROC_COUNT];		/* [PROC_MONITOR] is not used */
	struct event *ping, *down, *watchdog;
	uint8_t secret[SECRET_SIZE];
	uid_t uid;
	gid_t gid;
	int lock;
	int status;		/* exit status */
	bool up;		/* all have been ready once */
	bool reloading, ending, over;
	bool put_off;		/* a reload, until what is being written is */
	bool forced;		/* that one, whoever has the lock by then */
	struct conf *next;	/* that kern is asked about, for a reload */
	struct conf_source source;	/* what it was read from */
	unsigned int asked;	/* how often ctl has asked for it, and wants an answer */
	unsigned int tries;	/* kern has been asked and has not answered; only the last counts */
	struct conf_lock locked;	/* by a manager */
} m;

static const enum proc_id order[] = { PROC_KERN, PROC_SIG, PROC_CTL, PROC_MGMT };

#define for_each_child(c) \
	for (size_t i_ = 0; i_ < sizeof(order) / sizeof(order[0]) && ((c) = &m.child[order[i_]]); i_++)

static struct timeval in_ms(uint64_t ms)
{
	return (struct timeval){ (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };
}

static void start_timer(struct event *e, uint64_t ms)
{
	struct timeval tv = in_ms(ms);

	event_add(e, &tv);
}

static int say(struct child *c, enum msg_type type, const void *data, size_t len)
{
	return c->channel ? channel_send(c->channel, type, data, len, NULL, 0, -1) : -EPIPE;
}

/* ------------------------------------------------------------------ the end */

static void kill_all(void)
{
	struct child *c;

	for_each_child(c)
		if (c->pid)
			kill(c->pid, SIGKILL);
}

static void ask_down(struct child *c, uint32_t ms)
{
	if (c->pid && say(c, MSG_DOWN, &ms, sizeof(ms)))
		kill(c->pid, SIGKILL);
}

/* sig first, which still needs the others; then the rest; then it is over. */
static void go_down(void)
{
	struct child *sig = &m.child[PROC_SIG], *c;
	bool any = false;

	if (sig->pid) {
		ask_down(sig, SIG_DOWN_MS);
		start_timer(m.down, SIG_DOWN_MS + DOWN_MS);
		return;
	}
	for_each_child(c) {
		any |= c->pid;
		ask_down(c, DOWN_MS);
	}
	if (any) {
		start_timer(m.down, 2 * DOWN_MS);
		return;
	}
	m.over = true;
	event_base_loopbreak(m.base);
}

static void on_down_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	log_warn(SUB_MAIN, "processes do not end in time, and are killed");
	kill_all();
}

static void end(int status)
{
	struct child *c;

	if (m.ending)
		return;
	m.ending = true;
	m.status = status;
	notify("STOPPING=1\nSTATUS=Ending");
	for_each_child(c)
		event_del(c->again);
	go_down();
}

/* ------------------------------------------------------------------ channels between processes */

static int connect_all(struct child *c)
{
	struct child *peer;
	int err = 0;

	for_each_child(peer)
		if (!err && peer != c && peer->channel)
			err = outfit_connect(c, peer);
	return err;
}

/* ------------------------------------------------------------------ what processes say */

static void all_ready(void)
{
	struct child *c;

	for_each_child(c)
		if (!c->ready)
			return;
	if (!m.up)
		log_notice(SUB_MAIN, "started");
	else if (m.reloading)
		log_notice(SUB_MAIN, "configuration in force");
	m.up = true;
	m.reloading = false;
	notify("READY=1\nSTATUS=Running");
	change_in_force();
}

static void reload(void);
static void nobody_tries(void);
static void answered_try(const struct conf_error *e);

static void unlock(void);

static void reload_asked(bool force)
{
	m.asked++;
	if (m.forced)
		return;
	m.forced = force && !change_give_way();
	if (m.forced) {
		m.put_off = true;
		return;
	}
	if (force)
		unlock();
	reload();
}

static bool from_mgmt(unsigned int type, const void *data, size_t len)
{
	if (type == MSG_CHANGE)
		return change_part(data, len);
	if (type != MSG_CONF_LOCK || len != sizeof(m.locked))
		return false;
	memcpy(&m.locked, data, len);
	m.locked.user[sizeof(m.locked.user) - 1] = 0;
	return true;
}

static void on_message(void *arg, unsigned int type, const void *data, size_t len, int fd)
{
	struct child *c = arg;

	if (type == MSG_SSH_START && len == sizeof(struct ssh_start) && c->id == PROC_MGMT &&
	    fd >= 0) {
		sshd_start(m.conf, data, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (type == MSG_READY && !len) {
		c->ready = true;
		all_ready();
	} else if (type == MSG_TRIED && len == sizeof(struct conf_error) && c->id == PROC_KERN) {
		answered_try(data);
	} else if (type == MSG_PING && !len) {
		c->unanswered = 0;
	} else if (type == MSG_ASK_FD && len == sizeof(struct proc_fd)) {
		outfit_give_asked(c, m.conf, data);
	} else if (type == MSG_RELOAD && len == 1 && c->id == PROC_CTL) {
		reload_asked(*(const uint8_t *)data);
	} else if (type == MSG_SSH_STOP && len == sizeof(struct ssh_stop) && c->id == PROC_MGMT) {
		sshd_stop(data);
	} else if (c->id != PROC_MGMT || !from_mgmt(type, data, len)) {
		log_error(SUB_MAIN, "message %u of %zu octets from %s is not one to send here", type,
			  len, process_name(c->id));
	}
}

/* It is dying, or closed the channel, which is as good. */
static void on_closed(void *arg)
{
	struct child *c = arg;

	channel_destroy(c->channel);
	c->channel = NULL;
	if (c->pid && !m.ending)
		kill(c->pid, SIGKILL);
}

static const struct channel_ops child_channel = { on_message, on_closed, NULL };

static void tell_mgmt(enum msg_type type, const void *data, size_t len)
{
	say(&m.child[PROC_MGMT], type, data, len);
}

/* ------------------------------------------------------------------ starting */

static int furnish(struct child *c)
{
	int err = outfit_give_setup(c, m.conf, m.secret, m.uid, m.gid);

	if (!err)
		err = outfit_give_conf(c, MSG_CONF, m.conf);
	if (!err)
		err = connect_all(c);
	if (!err)
		err = outfit_give_sockets(c, m.conf);
	return err ? err : say(c, MSG_START, NULL, 0);
}

static int start(struct child *c)
{
	int fd = -1, err = child_spawn(c, &fd);

	if (err)
		return err;
	c->channel = channel_create(m.base, fd, QUEUE_MAX, &child_channel, c);
	err = c->channel ? furnish(c) : -ENOMEM;
	if (err)
		kill(c->pid, SIGKILL);
	return err;
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	int err = m.ending ? 0 : start(c);

	(void)fd;
	(void)what;
	if (!err)
		return;
	log_error(SUB_MAIN, "cannot start %s again: %s", process_name(c->id), strerror(-err));
	if (!c->pid)
		end(EXIT_FAILURE);
}

/* ------------------------------------------------------------------ dying */

/* ms until the next start. What managers bring about is no reason to end signalling. */
static uint64_t patience(int delay)
{
	if (delay >= 0)
		return (uint64_t)delay;
	log_error(SUB_MAIN, "process mgmt dies over and over: no managers for %d s", MGMT_MS / 1000);
	return MGMT_MS;
}

static void buried(struct child *c, int status)
{
	char how[64];
	int delay = child_died(c, boottime_ms());

	channel_destroy(c->channel);
	c->channel = NULL;
	if (c->id == PROC_MGMT)
		sshd_stop_all();
	if (m.ending) {
		go_down();
		return;
	}
	if (c->id == PROC_MGMT) {
		m.locked.session = 0;
		change_orphaned();
	}
	if (c->id == PROC_CTL)
		m.asked = 0;
	if (c->id == PROC_KERN)
		nobody_tries();
	log_error(SUB_MAIN, "process %s %s", process_name(c->id),
		  child_end_text(status, how, sizeof(how)));
	if (!m.up) {
		log_error(SUB_MAIN, "natfwd cannot start without it");
		end(EXIT_FAILURE);
	} else if (delay < 0 && c->id != PROC_MGMT) {
		log_error(SUB_MAIN, "process %s died %d times within %d s: natfwd ends. Rules in force "
			  "stay until their lifetime ends", process_name(c->id), CHILD_DEATHS,
			  CHILD_PERIOD / 1000);
		end(EXIT_FAILURE);
	} else {
		start_timer(c->again, patience(delay));
	}
}

static void on_child(evutil_socket_t sig, short what, void *arg)
{
	struct child *c;
	int status;

	(void)sig;
	(void)what;
	(void)arg;
	for_each_child(c)
		if (c->pid && waitpid(c->pid, &status, WNOHANG) == c->pid)
			buried(c, status);
	sshd_reap();
	change_reap();
}

static void on_ping(evutil_socket_t fd, short what, void *arg)
{
	struct child *c;

	(void)fd;
	(void)what;
	(void)arg;
	for_each_child(c) {
		if (!c->pid || !c->channel)
			continue;
		if (c->unanswered++ < PINGS_MAX) {
			say(c, MSG_PING, NULL, 0);
			continue;
		}
		log_error(SUB_MAIN, "process %s does not answer, and is killed", process_name(c->id));
		kill(c->pid, SIGKILL);
	}
}

/* ------------------------------------------------------------------ configuration */

/* Sockets that are open stay, also for a process that is started again. */
static void keep_ports(struct conf_gist *new, const struct conf_gist *old)
{
	if (new->port != old->port || new->tcp_port != old->tcp_port ||
	    new->tls_port != old->tls_port || new->ipv6 != old->ipv6 || new->tls != old->tls)
		log_warn(SUB_CONF, "ports, ipv6 and tls of gist take a restart");
	new->port = old->port;
	new->tcp_port = old->tcp_port;
	new->tls_port = old->tls_port;
	new->ipv6 = old->ipv6;
	new->tls = old->tls;
}

/* What was set when privileges were dropped stays. */
static void keep_fixed(struct conf *new, const struct conf *old)
{
	if (strcmp(new->user, old->user) || strcmp(new->chroot, old->chroot) ||
	    strcmp(new->state, old->state) || new->syslog != old->syslog)
		log_warn(SUB_CONF, "user, chroot, state-directory and log/to take a restart");
	memcpy(new->user, old->user, sizeof(new->user));
	memcpy(new->chroot, old->chroot, sizeof(new->chroot));
	memcpy(new->state, old->state, sizeof(new->state));
	new->syslog = old->syslog;
	keep_ports(&new->gist, &old->gist);
}

static void set_levels(struct conf *c)
{
	int i;

	for (i = 0; i < SUB_COUNT; i++)
		if (m.o->level[i] >= 0)
			c->level[i] = (uint8_t)m.o->level[i];
	memcpy(log_levels, c->level, sizeof(log_levels));
}

/* The error in one line, for the log and for who asked. */
static void tell(struct conf_error *e)
{
	char text[sizeof(e->text)];

	if (e->line)
		snprintf(text, sizeof(text), "%s:%u: %.180s", m.o->file, e->line, e->text);
	else
		snprintf(text, sizeof(text), "%s: %.180s", m.o->file, e->text);
	log_error(SUB_CONF, "%s path=%s", text, e->path);
	memcpy(e->text, text, sizeof(e->text));
}

static bool check_files(const struct conf *c, struct conf_error *e)
{
	const char *missing = supply_check(c);

	if (!missing)
		return limit_raise(c, e);
	snprintf(e->text, sizeof(e->text), "%.150s: %s", missing, strerror(errno));
	snprintf(e->path, sizeof(e->path), "/natfw:natfw");
	return false;
}

static struct conf *read_again(struct conf_source *source, struct conf_error *e)
{
	struct conf *c = conf_read_source(m.o->file, source, e);

	if (!c || check_files(c, e))
		return c;
	conf_source_free(source);
	conf_free(c);
	return NULL;
}

static void refuse(struct conf_error *e)
{
	tell(e);
	log_error(SUB_CONF, "the configuration that was in force stays so");
	notify("READY=1\nSTATUS=Running; the new configuration is wrong: %.200s", e->text);
}

/* To all that are there; who is being started gets the new one anyway. */
static void spread(void)
{
	struct child *c;
	int err;

	m.reloading = true;
	for_each_child(c) {
		if (!c->channel)
			continue;
		c->ready = false;
		err = limit_raise_running(m.conf, c->id, c->pid);
		if (err)
			log_warn(SUB_MAIN, "process %s may not have more descriptors: %s", process_name(c->id),
				 strerror(-err));
		if (outfit_give_conf(c, MSG_CONF, m.conf))
			kill(c->pid, SIGKILL);
	}
}

/* Without it calls over SSH fail, and say so. */
static void prepare_ssh(const struct conf *c)
{
	int err = sshd_conf(c);

	if (err)
		log_error(SUB_MAIN, "%s: %s", c->mgmt.ssh.directory, strerror(-err));
}

static void enforce(struct conf *c)
{
	keep_fixed(c, m.conf);
	prepare_ssh(c);
	supply_conf(c);
	conf_free(m.conf);
	m.conf = c;
	set_levels(c);
	spread();
}

/* Whether the file may be read now. False and @e. */
static bool may_reload(struct conf_error *e)
{
	if (m.locked.session)
		snprintf(e->text, sizeof(e->text),
			 "locked by session %u of user \"%.60s\"; natfwctl reload --force ends it", m.locked.session,
			 m.locked.user);
	else if (!change_give_way())
		snprintf(e->text, sizeof(e->text), "it is being written; once more, please");
	return !*e->text;
}

/* The session that has the lock ends, and the lock with it (RFC 6241, 7.5): who is on the box has the last word. */
static void unlock(void)
{
	if (!m.locked.session)
		return;
	log_notice(SUB_CONF, "session %u of user \"%s\" has locked the configuration, and is ended for a reload",
		   m.locked.session, m.locked.user);
	tell_mgmt(MSG_CONF_UNLOCK, &m.locked.session, sizeof(m.locked.session));
	m.locked.session = 0;
}

/* False: there is nobody to ask. */
static bool ask_kern(const struct conf *c)
{
	struct child *kern = &m.child[PROC_KERN];

	if (!kern->channel || outfit_give_conf(kern, MSG_TRY, c))
		return false;
	m.tries++;
	return true;
}

/* To all who have asked. */
static void reload_over(const struct conf_error *e)
{
	for (; m.asked; m.asked--)
		say(&m.child[PROC_CTL], MSG_RELOAD, e, sizeof(*e));
}

static void drop_next(void)
{
	conf_free(m.next);
	m.next = NULL;
	conf_source_free(&m.source);
}

/* As the file has it, and not as it stays until a restart. */
static void remember_host(const struct conf *c)
{
	if (host_remember(c))
		log_error(SUB_CONF, "out of memory: no changes by managers");
}

static void reload_tried(const struct conf_error *verdict)
{
	struct conf_error e = *verdict;
	struct conf *c = m.next;

	if (*e.text) {
		drop_next();
		refuse(&e);
	} else {
		m.next = NULL;
		change_loaded(&m.source);
		remember_host(c);
		enforce(c);
	}
	reload_over(&e);
}

static bool read_next(struct conf_error *e)
{
	drop_next();
	if (!may_reload(e)) {
		tell(e);
		return false;
	}
	notify_reloading();
	m.next = read_again(&m.source, e);
	if (!m.next)
		refuse(e);
	return m.next;
}

/* Nothing is in force before kern has said that the module would take it. */
static void reload(void)
{
	struct conf_error e = { 0 };

	if (!read_next(&e))
		reload_over(&e);
	else if (!ask_kern(m.next))
		reload_tried(&e);
}

/* ------------------------------------------------------------------ what kern says to it */

static void tried(const struct conf_error *e)
{
	if (m.next)
		reload_tried(e);
	else
		change_tried(e);
}

static void answered_try(const struct conf_error *said)
{
	struct conf_error e = *said;

	e.path[sizeof(e.path) - 1] = e.text[sizeof(e.text) - 1] = 0;
	if (m.tries && !--m.tries)
		tried(&e);
}

/* It has died: its successor will see. */
static void nobody_tries(void)
{
	static const struct conf_error none;

	if (m.tries)
		tried(&none);
	m.tries = 0;
}

/* ------------------------------------------------------------------ changes by managers */

static void answer_change(const struct change_answer *a)
{
	say(&m.child[PROC_MGMT], MSG_CHANGE_DONE, a, sizeof(*a));
}

static const struct conf *current(void)
{
	return m.conf;
}

static int confine(void)
{
	const struct sandbox box = { PROC_MONITOR, m.uid, m.gid, m.conf->chroot };

	explicit_bzero(m.secret, sizeof(m.secret));
	return sandbox_enter(&box);
}

static bool check_change(const struct conf *c, struct conf_error *e)
{
	return host_allows(c, e) && check_files(c, e);
}

static bool try_change(const struct conf *c)
{
	static const struct conf_error none;

	if (m.next)
		return false;
	if (!ask_kern(c))
		change_tried(&none);
	return true;
}

static void reload_now(void)
{
	if (m.put_off && !m.ending) {
		if (m.forced)
			unlock();
		reload();
	}
	m.put_off = m.forced = false;
}

static const struct change_ops change_ops = {
	check_change, try_change, enforce, answer_change, current, confine, reload_now,
};

/* ------------------------------------------------------------------ signals */

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct child *c;

	(void)what;
	(void)arg;
	if (m.ending)
		return;
	if (sig == SIGHUP) {
		m.put_off = m.forced || !change_give_way();
		if (!m.put_off)
			reload();
	} else if (sig == SIGUSR1) {
		for_each_child(c)
			say(c, MSG_DUMP, NULL, 0);
	} else {
		log_notice(SUB_MAIN, "ending");
		end(EXIT_SUCCESS);
	}
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	notify("WATCHDOG=1");
}

static int watch_signals(void)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT, SIGUSR1 };
	struct event *e = evsignal_new(m.base, SIGCHLD, on_child, NULL);
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; e && i < sizeof(signals) / sizeof(signals[0]); i++) {
		event_add(e, NULL);
		e = evsignal_new(m.base, signals[i], on_signal, NULL);
	}
	return e ? event_add(e, NULL) : -ENOMEM;
}

static int make_events(void)
{
	uint64_t watchdog = notify_watchdog();
	struct timeval ping = in_ms(PING_MS), dog = in_ms(watchdog / 2);
	struct child *c;

	m.base = event_base_new();
	if (!m.base)
		return -ENOMEM;
	m.ping = event_new(m.base, -1, EV_PERSIST, on_ping, NULL);
	m.down = evtimer_new(m.base, on_down_late, NULL);
	m.watchdog = event_new(m.base, -1, EV_PERSIST, on_watchdog, NULL);
	if (!m.ping || !m.down || !m.watchdog || event_add(m.ping, &ping) ||
	    (watchdog && event_add(m.watchdog, &dog)))
		return -ENOMEM;
	for_each_child(c) {
		c->id = order[i_];
		c->again = evtimer_new(m.base, on_again, c);
		if (!c->again)
			return -ENOMEM;
	}
	return watch_signals();
}

/* ------------------------------------------------------------------ life */

static int find_user(void)
{
	const struct passwd *p = getpwnam(m.conf->user);

	if (!p) {
		log_error(SUB_MAIN, "no user %s (daemon/user)", m.conf->user);
		return -ENOENT;
	}
	m.uid = p->pw_uid;
	m.gid = p->pw_gid;
	return 0;
}

static int open_state(void)
{
	int err = supply_directories(m.conf);

	if (err)
		return err;
	err = secret_open(m.conf->state, m.secret, &m.lock);
	if (err == -EBUSY)
		log_error(SUB_MAIN, "another natfwd has the state directory %s", m.conf->state);
	else if (err)
		log_error(SUB_MAIN, "%s/secret: %s", m.conf->state,
			  err == -EBADMSG ? "not a secret of natfwd" : strerror(-err));
	return err;
}

static int prepare(void)
{
	const char *missing = supply_check(m.conf);
	struct conf_error e = { 0 };
	int err;

	if (missing) {
		log_error(SUB_MAIN, "%s: %s", missing, strerror(errno));
		return -ENOENT;
	}
	if (!limit_raise(m.conf, &e)) {
		log_error(SUB_MAIN, "%s path=%s", e.text, e.path);
		return -EMFILE;
	}
	err = find_user();
	if (!err)
		err = open_state();
	if (!err)
		err = child_init();
	if (!err)
		err = make_events();
	return err ? err : change_init(m.base, m.o->file, &change_ops);
}

static int start_all(void)
{
	struct child *c;
	int err;

	for_each_child(c) {
		err = start(c);
		if (err) {
			log_error(SUB_MAIN, "cannot start %s: %s", process_name(c->id), strerror(-err));
			return err;
		}
	}
	return 0;
}

int monitor_main(const struct monitor_options *o, struct conf *c, struct conf_source *source)
{
	m.o = o;
	m.conf = c;
	/* modes are given where things are made */
	umask(022);
	set_levels(c);
	log_open("monitor", c->syslog);
	if (geteuid()) {
		log_error(SUB_MAIN, "natfwd has to be started by root");
		return EXIT_FAILURE;
	}
	if (prepare())
		return EXIT_FAILURE;
	sshd_init(m.base, tell_mgmt);
	prepare_ssh(c);
	change_loaded(source);
	remember_host(c);
	if (start_all())
		end(EXIT_FAILURE);
	if (!m.over)
		event_base_dispatch(m.base);
	kill_all();
	sshd_close();
	change_end();
	supply_close();
	explicit_bzero(m.secret, sizeof(m.secret));
	log_notice(SUB_MAIN, "ended");
	return m.status;
}
