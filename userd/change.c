// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "change.h"
#include "conf/apply.h"
#include "keep.h"

#define RESULT_MAX	(32u << 20)	/* octets of a result */
#define TRY_SECONDS	60		/* until the child that tries is killed */
#define CPU_SECONDS	30

enum stage { IDLE, GATHERING, TRYING, PROVING, ASKING, WRITING, SPREADING };

/* What a child says before the text, if it tries, or conf_pack(), if it proves. */
struct result {
	bool good, own;
	struct conf_error e;
	uint64_t len;		/* octets that follow */
};

static struct {
	const char *file;
	const struct change_ops *ops;
	struct event_base *base;
	struct event *readable, *late;
	struct conf_source disk;	/* in the file, as far as we know */
	bool own;			/* people did not write it, as far as we know */
	struct conf_source force;	/* in force; text NULL: the same */
	struct conf *fallback;		/* of disk, while something is on trial */
	/* the change at hand */
	enum stage stage;
	enum change_how how;
	uint32_t number, total, at;
	char *diff;
	pid_t pid;			/* of the child at work */
	int fd;				/* its result */
	uint8_t *result;
	size_t have, room;
	struct conf *next;
	struct conf_source text;	/* of it */
	bool orphaned;			/* nobody waits for the answer */
	bool put_off;			/* somebody waits for change_ops.idle() */
} ch = { .fd = -1 };

static const struct conf_source *in_force(void)
{
	return ch.force.text ? &ch.force : &ch.disk;
}

/* ------------------------------------------------------------------ the end of a change */

static void close_pipe(void)
{
	if (ch.fd >= 0) {
		event_del(ch.readable);
		close(ch.fd);
	}
	ch.fd = -1;
}

static void forget_result(void)
{
	close_pipe();
	if (ch.result)
		explicit_bzero(ch.result, ch.have);
	free(ch.result);
	ch.result = NULL;
	ch.have = ch.room = 0;
}

static void clear(void)
{
	forget_result();
	event_del(ch.late);
	if (ch.diff)
		explicit_bzero(ch.diff, ch.total);
	free(ch.diff);
	ch.diff = NULL;
	conf_free(ch.next);
	ch.next = NULL;
	conf_source_free(&ch.text);
	ch.stage = IDLE;
}

static void say(uint32_t number, bool good, const struct conf_error *e)
{
	struct change_answer a = { .number = number, .good = good };

	if (e)
		a.e = *e;
	if (!good)
		log_notice(SUB_CONF, "change by a manager refused: %s path=%s", a.e.text, a.e.path);
	if (!ch.orphaned)
		ch.ops->answer(&a);
}

static void revert(void);

static void finish(bool good, const struct conf_error *e)
{
	uint32_t number = ch.number;
	bool put_off = ch.put_off;

	clear();
	say(number, good, e);
	if (ch.orphaned && ch.fallback) {
		revert();
		return;
	}
	ch.orphaned = ch.put_off = false;
	if (put_off)
		ch.ops->idle();
}

static void refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void refuse(const char *fmt, ...)
{
	struct conf_error e = { 0 };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	finish(false, &e);
}

/* ------------------------------------------------------------------ what is in force */

static void forget_trial(void)
{
	conf_free(ch.fallback);
	ch.fallback = NULL;
	conf_source_free(&ch.force);
}

static struct conf *copy_of(const struct conf *c)
{
	struct conf *copy;
	void *packed;
	size_t len;

	if (conf_pack(c, &packed, &len))
		return NULL;
	copy = conf_unpack(packed, len);
	explicit_bzero(packed, len);
	free(packed);
	return copy;
}

static void enforce(void)
{
	struct conf *c = ch.next;

	ch.next = NULL;
	ch.stage = SPREADING;
	conf_check_interfaces(c);
	ch.ops->enforce(c);
}

/* On trial: what it was before is what the file has, unless that is remembered already. */
static void begin_trial(void)
{
	if (!ch.fallback)
		ch.fallback = copy_of(ch.ops->current());
	if (!ch.fallback) {
		refuse("out of memory");
		return;
	}
	conf_source_free(&ch.force);
	ch.force = ch.text;
	ch.text = (struct conf_source){ 0 };
	enforce();
}

static void revert(void)
{
	if (!ch.fallback) {
		finish(true, NULL);
		return;
	}
	log_notice(SUB_CONF, "what was on trial is reverted");
	ch.next = ch.fallback;
	ch.fallback = NULL;
	conf_source_free(&ch.force);
	enforce();
}

void change_in_force(void)
{
	if (ch.stage == SPREADING)
		finish(true, NULL);
}

/* ------------------------------------------------------------------ writing */

static void kept(void)
{
	conf_source_free(&ch.disk);
	ch.disk = ch.text;
	ch.text = (struct conf_source){ 0 };
	ch.own = true;
	forget_trial();
	log_notice(SUB_CONF, "%s written", ch.file);
	if (ch.next)
		enforce();
	else
		finish(true, NULL);
}

static void written(int status)
{
	int err = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;

	if (!err)
		kept();
	else if (err == KEEP_CHANGED)
		refuse("%.150s has been changed and not been loaded: reload first", ch.file);
	else
		refuse("%.150s cannot be written: %s", ch.file, strerror(err));
}

static void write_file(void)
{
	struct keep_job job = { .file = ch.file, .was = ch.disk, .text = ch.text, .own = ch.own };

	ch.pid = fork();
	if (ch.pid < 0) {
		ch.pid = 0;
		refuse("%s", strerror(errno));
		return;
	}
	if (!ch.pid) {
		(void)close_range(STDERR_FILENO + 1, ~0u, 0);
		_exit(keep_write(&job));
	}
	ch.stage = WRITING;
}

/* ------------------------------------------------------------------ trying */

static bool send_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* In a child. */
static int try(int fd)
{
	struct apply_result r = { 0 };
	struct result out = { 0 };

	out.good = apply_diff(in_force()->text, in_force()->len, ch.diff, &r, &out.e);
	out.own = r.own;
	out.len = out.good ? r.len : 0;
	return send_all(fd, &out, sizeof(out)) && send_all(fd, r.text, out.len) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * In another child, which has seen nothing of the difference: the values that are put in force are what the text that
 * goes into the file is read as, and not what who made the text says it is.
 */
static int prove(int fd)
{
	struct result out = { 0 };
	struct conf *c = conf_read_text(ch.text.text, ch.text.len, &out.e);
	void *packed = NULL;
	size_t len = 0;

	out.good = c && !conf_pack(c, &packed, &len);
	out.len = out.good ? len : 0;
	return send_all(fd, &out, sizeof(out)) && send_all(fd, packed, out.len) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int confined(int (*work)(int fd), int fd)
{
	const struct rlimit cpu = { CPU_SECONDS, CPU_SECONDS };

	return setrlimit(RLIMIT_CPU, &cpu) || ch.ops->confine() ? EXIT_FAILURE : work(fd);
}

static void spawn(const int pipe_fd[2], int (*work)(int fd))
{
	ch.pid = fork();
	if (!ch.pid) {
		signal(SIGPIPE, SIG_DFL);
		if (dup2(pipe_fd[1], STDERR_FILENO + 1) < 0)
			_exit(EXIT_FAILURE);
		(void)close_range(STDERR_FILENO + 2, ~0u, 0);
		_exit(confined(work, STDERR_FILENO + 1));
	}
}

static void start(enum stage stage, int (*work)(int fd))
{
	const struct timeval limit = { TRY_SECONDS, 0 };
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC)) {
		refuse("%s", strerror(errno));
		return;
	}
	spawn(pipe_fd, work);
	close(pipe_fd[1]);
	ch.fd = pipe_fd[0];
	(void)fcntl(ch.fd, F_SETFL, O_NONBLOCK);
	event_assign(ch.readable, ch.base, ch.fd, EV_READ | EV_PERSIST,
		     event_get_callback(ch.readable), NULL);
	if (ch.pid < 0) {
		ch.pid = 0;
		refuse("%s", strerror(errno));
		return;
	}
	ch.stage = stage;
	event_add(ch.readable, NULL);
	event_add(ch.late, &limit);
}

/* ------------------------------------------------------------------ what came of trying */

/* It is root that reads this, and others that wrote it: lengths add up, or it is nothing. */
static bool read_result(struct result *r)
{
	if (ch.have < sizeof(*r))
		return false;
	memcpy(r, ch.result, sizeof(*r));
	r->e.text[sizeof(r->e.text) - 1] = r->e.path[sizeof(r->e.path) - 1] = 0;
	return r->len == ch.have - sizeof(*r);
}

static void go_on(void)
{
	if (ch.how == CHANGE_TEST)
		finish(true, NULL);
	else if (ch.how == CHANGE_TRIAL)
		begin_trial();
	else
		write_file();
}

void change_tried(const struct conf_error *e)
{
	if (ch.stage != ASKING)
		return;
	if (*e->text)
		finish(false, e);
	else
		go_on();
}

/* Files first, then the module. */
static void check(void)
{
	struct conf_error e = { 0 };

	if (!ch.ops->check(ch.next, &e)) {
		finish(false, &e);
		return;
	}
	ch.stage = ASKING;
	if (!ch.ops->try(ch.next))
		refuse("the file is being read again");
}

static bool take_text(const struct result *r)
{
	ch.text = (struct conf_source){ malloc(r->len + 1), r->len };
	if (!ch.text.text)
		return false;
	memcpy(ch.text.text, ch.result + sizeof(*r), r->len);
	ch.text.text[r->len] = 0;
	return true;
}

static void tried(void)
{
	struct result r;

	if (!read_result(&r)) {
		refuse("the change could not be tried");
		return;
	}
	if (!ch.force.text)
		ch.own = r.own;
	if (!r.good) {
		finish(false, &r.e);
	} else if (!take_text(&r)) {
		refuse("out of memory");
	} else {
		forget_result();
		start(PROVING, prove);
	}
}

static void proved(void)
{
	struct result r;

	event_del(ch.late);
	if (read_result(&r) && r.good)
		ch.next = conf_unpack(ch.result + sizeof(r), r.len);
	if (ch.next) {
		check();
		return;
	}
	log_error(SUB_CONF, "what would be written cannot be read");
	refuse("the file could not be read again");
}

static void ended(void)
{
	if (ch.stage == TRYING)
		tried();
	else
		proved();
}

static bool has_child(void)
{
	return ch.stage == TRYING || ch.stage == PROVING;
}

static void stop_trying(void)
{
	if (!ch.pid)
		return;
	kill(ch.pid, SIGKILL);
	(void)waitpid(ch.pid, NULL, 0);
	ch.pid = 0;
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	log_error(SUB_CONF, "trying a change takes too long");
	if (ch.pid)
		kill(ch.pid, SIGKILL);
}

static bool make_room(void)
{
	size_t room = ch.room ? 2 * ch.room : 65536;
	uint8_t *more;

	if (ch.have < ch.room)
		return true;
	more = room <= RESULT_MAX ? malloc(room) : NULL;
	if (!more)
		return false;
	if (ch.have)
		memcpy(more, ch.result, ch.have);
	if (ch.result)
		explicit_bzero(ch.result, ch.have);
	free(ch.result);
	ch.result = more;
	ch.room = room;
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	ssize_t n;

	(void)what;
	(void)arg;
	if (!make_room()) {
		stop_trying();
		refuse("the configuration would be too large");
		return;
	}
	n = read(fd, ch.result + ch.have, ch.room - ch.have);
	if (n > 0)
		ch.have += (size_t)n;
	else if (!n || errno != EAGAIN)
		event_del(ch.readable);
	/* all is there and the child has been buried, or it will be */
	if (n == 0 && !ch.pid)
		ended();
}

void change_reap(void)
{
	int status;

	if (!ch.pid || waitpid(ch.pid, &status, WNOHANG) != ch.pid)
		return;
	ch.pid = 0;
	if (ch.stage == WRITING)
		written(status);
	else if (has_child() && (!WIFEXITED(status) || WEXITSTATUS(status)))
		refuse("the change could not be tried");
	else if (has_child() && !event_pending(ch.readable, EV_READ, NULL))
		ended();
}

/* ------------------------------------------------------------------ from mgmt */

static bool is_sound(const struct change_part *p, size_t len)
{
	bool text = p->how == CHANGE_TEST || p->how == CHANGE_TRIAL;

	if (p->how > CHANGE_REVERT || p->total > CHANGE_MAX || p->at > p->total ||
	    len > p->total - p->at || (text && !p->total) || (p->how == CHANGE_REVERT && p->total))
		return false;
	return !p->at || (ch.stage == GATHERING && p->number == ch.number && p->how == ch.how &&
			  p->total == ch.total && p->at == ch.at && len);
}

/* A second one is mgmt's mistake, or the first is of one that is gone; neither answers the other. */
static void say_busy(uint32_t number)
{
	struct change_answer a = { .number = number };

	snprintf(a.e.text, sizeof(a.e.text), "another change is under way");
	ch.ops->answer(&a);
}

static bool begin(const struct change_part *p)
{
	if (ch.stage > GATHERING) {
		say_busy(p->number);
		return false;
	}
	clear();
	ch.number = p->number;
	ch.how = p->how;
	ch.total = p->total;
	ch.at = 0;
	ch.diff = calloc(1, p->total + 1);
	ch.stage = GATHERING;
	if (!ch.diff)
		refuse("out of memory");
	return ch.diff;
}

/* Keep without a difference: what is in force goes into the file. */
static void keep_all(void)
{
	if (!ch.force.text) {
		finish(true, NULL);
		return;
	}
	ch.text = (struct conf_source){ malloc(ch.force.len + 1), ch.force.len };
	if (!ch.text.text) {
		refuse("out of memory");
		return;
	}
	memcpy(ch.text.text, ch.force.text, ch.force.len + 1);
	write_file();
}

static bool is_edited(void)
{
	struct conf_source now;
	int err = conf_load_text(ch.file, &now);
	bool same = !err && now.len == ch.disk.len && !memcmp(now.text, ch.disk.text, now.len);

	conf_source_free(&now);
	return !same;
}

static void gathered(void)
{
	if (ch.how == CHANGE_REVERT)
		revert();
	else if (is_edited())
		refuse("%.150s has been changed and not been loaded: reload first", ch.file);
	else if (!ch.total)
		keep_all();
	else
		start(TRYING, try);
}

bool change_part(const void *data, size_t len)
{
	struct change_part p;

	if (len < sizeof(p))
		return false;
	memcpy(&p, data, sizeof(p));
	len -= sizeof(p);
	if (!is_sound(&p, len))
		return false;
	if (!p.at && !begin(&p))
		return true;
	memcpy(ch.diff + ch.at, (const uint8_t *)data + sizeof(p), len);
	ch.at += (uint32_t)len;
	if (ch.at == ch.total)
		gathered();
	return true;
}

/* ------------------------------------------------------------------ others */

void change_loaded(struct conf_source *source)
{
	conf_source_free(&ch.disk);
	ch.disk = *source;
	*source = (struct conf_source){ 0 };
	ch.own = false;
	forget_trial();
	/* what one waited for has been overtaken */
	if (ch.stage == SPREADING)
		refuse("the file has been read again meanwhile");
}

/* Nothing of it is anywhere but here. */
static bool is_early(void)
{
	return ch.stage == GATHERING || has_child() || ch.stage == ASKING;
}

bool change_give_way(void)
{
	if (ch.stage == WRITING) {
		ch.put_off = true;
		return false;
	}
	if (is_early()) {
		stop_trying();
		refuse("the file is being read again");
	}
	return true;
}

void change_orphaned(void)
{
	ch.orphaned = ch.stage != IDLE;
	if (is_early()) {
		stop_trying();
		finish(false, NULL);
	} else if (ch.fallback && ch.stage != WRITING) {
		/* what is being written is what has been confirmed */
		ch.orphaned = true;
		clear();
		revert();
	}
}

void change_end(void)
{
	if (has_child())
		stop_trying();
}

int change_init(struct event_base *base, const char *file, const struct change_ops *ops)
{
	ch.base = base;
	ch.file = file;
	ch.ops = ops;
	ch.readable = event_new(base, -1, EV_READ | EV_PERSIST, on_readable, NULL);
	ch.late = evtimer_new(base, on_late, NULL);
	return ch.readable && ch.late ? 0 : -ENOMEM;
}
