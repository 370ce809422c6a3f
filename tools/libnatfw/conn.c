// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connection: lines of JSON to and from natfwd. One socket, never blocking; what cannot be
 * written is kept and goes out when natfw_dispatch() finds room.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int clock_left(int64_t end)
{
	int64_t left = end < 0 ? -1 : end - clock_ms();

	return end < 0 ? -1 : left < 0 ? 0 : (int)left;
}

/* ------------------------------------------------------------------ connecting */

PUBLIC struct natfw_conn *natfw_connect_fd(int fd, struct natfw_why *why)
{
	struct natfw_conn *c = calloc(1, sizeof(*c));
	int flags = fcntl(fd, F_GETFL);

	if (!c || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		why_set(why, c ? errno : ENOMEM, NULL, "cannot use the connection");
		free(c);
		close(fd);
		return NULL;
	}
	c->fd = fd;
	return c;
}

static int connect_failed(int code, const char *path, struct natfw_why *why)
{
	if (code == EACCES || code == EPERM)
		return why_set(why, EACCES, NULL,
			       "%s: not permitted; root and members of natfwd's group may", path);
	if (code == ENOENT || code == ECONNREFUSED)
		return why_set(why, code, NULL, "%s: natfwd is not running", path);
	return why_set(why, code, NULL, "%s: %s", path, strerror(code));
}

PUBLIC struct natfw_conn *natfw_connect(const char *path, struct natfw_why *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (!path)
		path = getenv("NATFW_CONTROL");
	if (!path || !*path)
		path = NATFW_CONTROL_SOCKET;
	if (strlen(path) >= sizeof(sa.sun_path)) {
		connect_failed(ENAMETOOLONG, path, why);
		return NULL;
	}
	memcpy(sa.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		connect_failed(errno, path, why);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	return natfw_connect_fd(fd, why);
}

PUBLIC void natfw_disconnect(struct natfw_conn *c)
{
	if (!c)
		return;
	while (c->sessions)
		natfw_leave(c->sessions);
	while (c->calls)
		call_free(c, c->calls);
	close(c->fd);
	free(c->in);
	free(c->out);
	free(c);
}

PUBLIC int natfw_fd(const struct natfw_conn *c)
{
	return c->fd;
}

PUBLIC short natfw_events(const struct natfw_conn *c)
{
	return (short)(POLLIN | (c->out_len ? POLLOUT : 0));
}

/* ------------------------------------------------------------------ writing */

/* Room for @more octets behind @len in *@buf. */
static bool grow(char **buf, size_t *size, size_t len, size_t more)
{
	size_t want = *size ? *size : 4096;
	char *p;

	while (want < len + more)
		want *= 2;
	if (want == *size)
		return true;
	p = realloc(*buf, want);
	if (!p)
		return false;
	*buf = p;
	*size = want;
	return true;
}

static int broken(struct natfw_conn *c, int code, const char *text)
{
	if (!c->broken) {
		c->broken = true;
		why_set(&c->why, code, NULL, "%s", text);
		session_lost(c);
	}
	return -c->why.code;
}

static int flush_out(struct natfw_conn *c)
{
	ssize_t n;

	while (c->out_len) {
		n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return broken(c, EPIPE, "natfwd has closed the connection");
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	return 0;
}

/* Queue @line and a newline. */
static int put_line(struct natfw_conn *c, const char *line)
{
	size_t len = strlen(line);

	if (!grow(&c->out, &c->out_size, c->out_len, len + 1))
		return -ENOMEM;
	memcpy(c->out + c->out_len, line, len);
	c->out[c->out_len + len] = '\n';
	c->out_len += len + 1;
	return flush_out(c);
}

static int put_json(struct natfw_conn *c, const json_t *message)
{
	char *line = message ? json_dumps(message, JSON_COMPACT) : NULL;
	int err = line ? put_line(c, line) : -ENOMEM;

	free(line);
	return err;
}

static struct call *call_new(struct natfw_conn *c, enum call_for what)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->id = ++c->id;
	call->what = what;
	call->next = c->calls;
	c->calls = call;
	return call;
}

void call_free(struct natfw_conn *c, struct call *call)
{
	struct call **at = &c->calls;

	while (*at && *at != call)
		at = &(*at)->next;
	if (*at)
		*at = call->next;
	json_decref(call->output);
	free(call);
}

struct call *conn_request(struct natfw_conn *c, enum call_for for_what, const char *verb,
			  json_t *what, struct natfw_why *why)
{
	struct call *call = c->broken ? NULL : call_new(c, for_what);
	json_t *message;
	int err;

	if (!call) {
		json_decref(what);
		why_set(why, c->broken ? c->why.code : ENOMEM, NULL, "%s",
			c->broken ? c->why.text : "out of memory");
		return NULL;
	}
	message = json_pack("{sIso}", "id", (json_int_t)call->id, verb, what);
	err = put_json(c, message);
	json_decref(message);
	if (!err)
		return call;
	call_free(c, call);
	why_set(why, -err, NULL, "%s", c->broken ? c->why.text : "out of memory");
	return NULL;
}

struct call *conn_rpc(struct natfw_conn *c, enum call_for for_what, const char *name,
		      json_t *input, struct natfw_why *why)
{
	char full[64];

	snprintf(full, sizeof(full), "natfw:%s", name);
	if (!input)
		input = json_object();
	return conn_request(c, for_what, "rpc", json_pack("{so}", full, input), why);
}

/* ------------------------------------------------------------------ reading */

static struct call *call_find(struct natfw_conn *c, const json_t *id)
{
	struct call *call;

	if (!json_is_integer(id))
		return NULL;
	for (call = c->calls; call; call = call->next)
		if (call->id == (uint64_t)json_integer_value(id))
			return call;
	return NULL;
}

static void told(natfw_told *fn, void *arg, const json_t *what)
{
	char *text = json_dumps(what, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text)
		fn(text, arg);
	free(text);
}

/* The answer to @call, or a part of it. */
static void take_answer(struct natfw_conn *c, struct call *call, const json_t *message)
{
	json_t *data = json_object_get(message, "data"), *error = json_object_get(message, "error");

	if (data) {
		if (call->told)
			told(call->told, call->arg, data);
		return;
	}
	call->done = true;
	if (error)
		why_error(&call->why, error);
	else
		call->output = json_incref(json_object_get(message, "output"));
	if (!error && !call->output)
		call->output = json_object();
	if (call->what == CALL_WAITED)
		return;
	session_answer(c, call);
	call_free(c, call);
}

static void take_notification(struct natfw_conn *c, const json_t *message)
{
	const json_t *event = json_object_get(json_object_get(message, "notification"),
					      "natfw:session-event");

	if (!event)
		return;
	if (c->watch)
		told(c->watch, c->watch_arg, message);
	session_event(c, event);
}

/* An error that belongs to no request is about the connection: too many clients. */
static int take_complaint(struct natfw_conn *c, const json_t *message)
{
	struct natfw_why why = { 0 };

	why_error(&why, json_object_get(message, "error"));
	return broken(c, EREMOTEIO, why.text);
}

static int take_line(struct natfw_conn *c, const char *line, size_t len)
{
	json_t *message, *id;
	struct call *call;
	int err = 0;

	if (!len)
		return 0;
	message = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message)) {
		json_decref(message);
		return broken(c, EPROTO, "what natfwd said is not JSON");
	}
	id = json_object_get(message, "id");
	call = call_find(c, id);
	if (call)
		take_answer(c, call, message);
	else if (json_is_null(id) && json_object_get(message, "error"))
		err = take_complaint(c, message);
	else
		take_notification(c, message);
	json_decref(message);
	return err;
}

/* Take the whole lines out of what has come. */
static int take_lines(struct natfw_conn *c)
{
	size_t at = 0;
	char *end;
	int err = 0;

	while (!err && (end = memchr(c->in + at, '\n', c->in_len - at))) {
		err = take_line(c, c->in + at, (size_t)(end - c->in) - at);
		at = (size_t)(end - c->in) + 1;
	}
	c->in_len -= at;
	memmove(c->in, c->in + at, c->in_len);
	if (!err && c->in_len >= LINE_OCTETS)
		err = broken(c, EPROTO, "what natfwd said is too long");
	return err;
}

/* Read what is there. */
static int fill_in(struct natfw_conn *c)
{
	ssize_t n;
	int err;

	for (;;) {
		if (!grow(&c->in, &c->in_size, c->in_len, 4096))
			return broken(c, ENOMEM, "out of memory");
		n = recv(c->fd, c->in + c->in_len, c->in_size - c->in_len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n <= 0)
			return broken(c, EPIPE, "natfwd has closed the connection");
		c->in_len += (size_t)n;
		err = take_lines(c);
		if (err)
			return err;
	}
}

PUBLIC int natfw_dispatch(struct natfw_conn *c, struct natfw_why *why)
{
	if (!c->broken && !flush_out(c))
		fill_in(c);
	session_tell(c);
	if (!c->broken)
		return 0;
	if (why)
		*why = c->why;
	return -c->why.code;
}

int conn_turn(struct natfw_conn *c, int ms, struct natfw_why *why)
{
	struct pollfd p = { .fd = c->fd, .events = natfw_events(c) };

	if (!c->broken)
		poll(&p, 1, ms);
	return natfw_dispatch(c, why);
}

/* ------------------------------------------------------------------ for callers that wait */

/* Until @call is done. */
static int call_wait(struct natfw_conn *c, struct call *call, int ms, struct natfw_why *why)
{
	int64_t end = ms < 0 ? -1 : clock_ms() + ms;
	int err = 0;

	while (!err && !call->done) {
		if (!clock_left(end))
			return why_set(why, ETIMEDOUT, NULL, "natfwd has not answered in time");
		err = conn_turn(c, clock_left(end), why);
	}
	/* the answer may have come right before the end */
	if (!call->done)
		return err;
	if (call->output)
		return 0;
	if (why)
		*why = call->why;
	return -call->why.code;
}

/* Over with: whatever still comes for it is ignored. */
static void call_end(struct natfw_conn *c, struct call *call)
{
	if (call->done) {
		call_free(c, call);
		return;
	}
	call->what = CALL_NOTHING;
	call->told = NULL;
}

PUBLIC char *natfw_rpc(struct natfw_conn *c, const char *name, const char *input, int ms,
		       struct natfw_why *why)
{
	json_t *in = input ? json_loads(input, 0, NULL) : json_object();
	char *text = NULL;
	struct call *call;

	if (!json_is_object(in)) {
		json_decref(in);
		why_set(why, EINVAL, NULL, "the input of %s is not a JSON object", name);
		return NULL;
	}
	call = conn_rpc(c, CALL_WAITED, name, in, why);
	if (!call)
		return NULL;
	if (!call_wait(c, call, ms, why)) {
		text = json_dumps(call->output, JSON_COMPACT);
		if (!text)
			why_set(why, ENOMEM, NULL, "out of memory");
	}
	call_end(c, call);
	return text;
}

PUBLIC int natfw_get(struct natfw_conn *c, const char *subtree, natfw_told *fn, void *arg, int ms,
		     struct natfw_why *why)
{
	struct call *call = conn_request(c, CALL_WAITED, "get", json_string(subtree), why);
	int err;

	if (!call)
		return why ? -why->code : -EPIPE;
	call->told = fn;
	call->arg = arg;
	err = call_wait(c, call, ms, why);
	call_end(c, call);
	return err;
}

/* A request whose output says nothing more than that it was done. */
static int ask_plain(struct natfw_conn *c, const char *verb, const char *what, int ms,
		     struct natfw_why *why)
{
	struct call *call = conn_request(c, CALL_WAITED, verb, json_string(what), why);
	int err;

	if (!call)
		return why ? -why->code : -EPIPE;
	err = call_wait(c, call, ms, why);
	call_end(c, call);
	return err;
}

PUBLIC int natfw_restrict(struct natfw_conn *c, int ms, struct natfw_why *why)
{
	return ask_plain(c, "restrict", "get", ms, why);
}

PUBLIC int natfw_watch(struct natfw_conn *c, natfw_told *fn, void *arg, int ms,
		       struct natfw_why *why)
{
	c->watch = fn;
	c->watch_arg = arg;
	return ask_plain(c, fn ? "subscribe" : "unsubscribe", "session-event", ms, why);
}
