// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <grp.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "manager/control.h"
#include "manager/job.h"
#include "manager/record.h"
#include "manager/relay.h"

#define CLIENTS_MAX	64
#define LINE_MAX_OCTETS	(8 * 1024 * 1024)
#define PAUSE_SECONDS	1	/* without a descriptor */
#define OUTPUT_MAX	(32 * 1024 * 1024)	/* not taken: nothing more is begun */

struct client {
	struct control *c;
	struct client *next, *previous;
	struct bufferevent *bev;
	struct request *request;	/* one at a time */
	json_t *id;			/* of what is being answered */
	uint64_t awaited;		/* write that has to be on the disk before the answer; 0: none */
	uint32_t uid;
	bool handed;			/* the connection is the relay's now */
	bool last;			/* it says no more, and takes what is still to come */
};

struct control {
	struct manager *m;
	int fd;
	struct event *event, *rested;
	bool paused;			/* none has been taken since */
	struct client *clients;
	unsigned int count;
};

/* ------------------------------------------------------------------ answering */

static void put(struct client *k, json_t *message, struct evbuffer *raw)
{
	struct evbuffer *out = bufferevent_get_output(k->bev);
	size_t octets = raw ? evbuffer_get_length(raw) : 0;
	char *text;

	if (!message)
		return;
	if (k->id)
		json_object_set(message, "id", k->id);
	if (octets)
		json_object_set_new(message, "octets", json_integer((json_int_t)octets));
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (!text)
		return;
	evbuffer_add_printf(out, "%s\n", text);
	if (octets)
		evbuffer_add_buffer(out, raw);
	free(text);
}

static void put_error(struct client *k, const char *why)
{
	put(k, json_pack("{s:b, s:s}", "done", 1, "error", why), NULL);
}

static void put_done(struct client *k)
{
	put(k, json_pack("{s:b}", "done", 1), NULL);
}

/* ------------------------------------------------------------------ requests for devices */

static bool read_on(struct client *k);

static void on_tell(void *arg, json_t *message, struct evbuffer *raw)
{
	put(arg, message, raw);
}

static bool on_full(void *arg)
{
	const struct client *k = arg;

	return evbuffer_get_length(bufferevent_get_output(k->bev)) > OUTPUT_MAX;
}

static void on_done(void *arg, struct request *r)
{
	struct client *k = arg;

	(void)r;
	k->request = NULL;
	read_on(k);
}

static void op_ask(struct client *k, json_t *message)
{
	static const struct request_user user = { on_tell, on_full, on_done };
	const char *why;

	k->request = request_start(k->c->m, message, &user, k, &why);
	if (!k->request)
		put_error(k, why);
}

/* ------------------------------------------------------------------ relays */

#define RELAY_WAIT_MAX	86400

static void on_released(void *arg)
{
	((struct control *)arg)->count--;
}

/* NULL, or why there is none. @d: whose service, NULL for a plain one. */
static const char *check_relay(const struct manager *m, const char *service, const char *name,
			       struct device **d)
{
	enum transport t = service ? relay_transport(m->settings, service) : TRANSPORT_COUNT;

	*d = name ? inventory_by_name((struct inventory *)&m->inventory, name) : NULL;
	if (t == TRANSPORT_COUNT)
		return "service: there is no such relay";
	if (t == TRANSPORT_RELAY_PLAIN)
		return name ? "device: it is not known who calls at a plain relay" : NULL;
	return *d ? NULL : "device: there is no such device";
}

static void op_relay(struct client *k, json_t *message)
{
	const char *service = json_string_value(json_object_get(message, "service"));
	const char *name = json_string_value(json_object_get(message, "device")), *why;
	json_int_t wait = json_integer_value(json_object_get(message, "wait"));
	struct device *d;

	why = check_relay(k->c->m, service, name, &d);
	if (!why && (wait < 0 || wait > RELAY_WAIT_MAX))
		why = "wait: seconds within bounds are expected";
	if (!why) {
		k->handed = relay_tool(k->c->m, k->bev, d, service, (unsigned int)wait, k->id,
				       on_released, k->c);
		why = k->handed ? NULL : "out of memory";
	}
	if (why)
		put_error(k, why);
}

/* ------------------------------------------------------------------ the inventory */

static void op_devices(struct client *k, json_t *message)
{
	const struct device *d;

	(void)message;
	for (d = k->c->m->inventory.first; d; d = d->next)
		put(k, record_device(d), NULL);
	put_done(k);
}

static void op_refused(struct client *k, json_t *message)
{
	const struct refused *f;

	(void)message;
	for (f = k->c->m->inventory.newest; f; f = f->older)
		put(k, record_refusal(&f->r), NULL);
	put_done(k);
}

/* Said when it is on the disk: then it is so, whatever happens. */
static void await_disk(struct client *k)
{
	struct manager *m = k->c->m;

	k->awaited = store_flush(m->store);
	if (!k->awaited)
		k->awaited = UINT64_MAX;	/* the next one, when the disk is done with the last */
}

static const char *check_bindings(const struct settings *s, const struct device_record *r)
{
	if (settings_credential_find(s, r->credential) < 0)
		return "credential: there is none of that name";
	if (*r->issuer && settings_issuer_find(s, r->issuer) < 0)
		return "issuer: there is none of that name";
	return NULL;
}

/* All of them or none. */
static const char *add_all(struct manager *m, json_t *list, char *name, size_t size)
{
	struct device *before = m->inventory.last, *d;
	struct device_record r;
	const char *why = NULL;
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		why = record_parse(o, &r);
		if (!why)
			why = check_bindings(m->settings, &r);
		r.added = (uint64_t)time(NULL);
		if (!why)
			inventory_add(&m->inventory, &r, false, &why);
		if (why) {
			snprintf(name, size, "%s", r.name);
			break;
		}
	}
	while (why && m->inventory.last != before) {
		d = m->inventory.last;
		inventory_remove(&m->inventory, d);
	}
	return why;
}

static void op_add(struct client *k, json_t *message)
{
	json_t *list = json_object_get(message, "add");
	char name[DEVICE_NAME] = "", text[256];
	const char *why = "add: a list of devices is needed";

	if (json_array_size(list))
		why = add_all(k->c->m, list, name, sizeof(name));
	if (!why) {
		log_notice(SUB_CTL, "devices added uid=%u count=%zu", k->uid, json_array_size(list));
		await_disk(k);
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s", name, *name ? ": " : "", why);
	put_error(k, text);
}

static void remove_one(struct manager *m, struct device *d)
{
	struct sockaddr_storage from;

	session_forget_device(m, d);
	relay_device_gone(m, d);
	job_device_gone(d);
	if (*d->record.source && manager_source_parse(d->record.source, &from))
		admit_familiar(m->admit, (struct sockaddr *)&from, -1, manager_now());
	inventory_remove(&m->inventory, d);
}

/* The devices that a list names, all of which have to be there; NULL: and then @why. */
static struct device **named(struct manager *m, json_t *list, const char **why)
{
	size_t i, n = json_array_size(list);
	struct device **all = calloc(n + 1, sizeof(struct device *));
	json_t *o;

	*why = n ? "out of memory" : "devices: a list of names is needed";
	if (!all || !n)
		goto failed;
	json_array_foreach(list, i, o) {
		const char *name = json_string_value(o);

		all[i] = name ? inventory_by_name(&m->inventory, name) : NULL;
		*why = name ? no_such_device(name) : "devices: a list of names is needed";
		if (!all[i])
			goto failed;
	}
	return all;
failed:
	free(all);
	return NULL;
}

static void op_remove(struct client *k, json_t *message)
{
	struct manager *m = k->c->m;
	const char *why;
	struct device **all = named(m, json_object_get(message, "devices"), &why), **d;

	if (!all) {
		put_error(k, why);
		return;
	}
	for (d = all; *d; d++) {
		log_notice(SUB_CTL, "device removed uid=%u device=%s", k->uid, (*d)->record.name);
		/* named twice, it is gone already */
		if (!(*d)->removed)
			remove_one(m, *d);
	}
	free(all);
	await_disk(k);
}

static void op_close(struct client *k, json_t *message)
{
	const char *why;
	struct device **all = named(k->c->m, json_object_get(message, "devices"), &why), **d;

	if (!all) {
		put_error(k, why);
		return;
	}
	for (d = all; *d; d++)
		session_close_device(k->c->m, *d, "closed by the operator");
	free(all);
	put_done(k);
}

/* ------------------------------------------------------------------ the manager itself */

static void op_status(struct client *k, json_t *message)
{
	(void)message;
	put(k, record_status(k->c->m), NULL);
	put_done(k);
}

static void op_forgive(struct client *k, json_t *message)
{
	(void)message;
	admit_forgive(k->c->m->admit);
	log_notice(SUB_CTL, "sources are not blocked any more uid=%u", k->uid);
	put_done(k);
}

static void op_reload(struct client *k, json_t *message)
{
	const char *why = manager_reload(k->c->m);

	(void)message;
	if (why)
		put_error(k, why);
	else
		put_done(k);
}

static const struct {
	const char *name;
	void (*fn)(struct client *k, json_t *message);
} ops[] = {
	{ "ask", op_ask }, { "devices", op_devices }, { "refused", op_refused }, { "add", op_add },
	{ "remove", op_remove }, { "close", op_close }, { "status", op_status },
	{ "forgive", op_forgive }, { "reload", op_reload }, { "relay", op_relay },
};

static void dispatch(struct client *k, json_t *message)
{
	const char *op = json_string_value(json_object_get(message, "op"));
	size_t i;

	json_decref(k->id);
	k->id = json_incref(json_object_get(message, "id"));
	for (i = 0; op && i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(ops[i].name, op)) {
			ops[i].fn(k, message);
			return;
		}
	put_error(k, "op: there is no such operation");
}

/* ------------------------------------------------------------------ clients */

static void drop(struct client *k)
{
	if (k->request)
		request_cancel(k->request);
	if (!k->handed) {
		k->c->count--;
		bufferevent_free(k->bev);
	}
	*(k->previous ? &k->previous->next : &k->c->clients) = k->next;
	if (k->next)
		k->next->previous = k->previous;
	json_decref(k->id);
	free(k);
}

static void take_line(struct client *k, const char *line, size_t len)
{
	json_error_t e;
	json_t *message = json_loadb(line, len, JSON_REJECT_DUPLICATES, &e);

	if (json_is_object(message)) {
		dispatch(k, message);
	} else {
		json_decref(k->id);
		k->id = NULL;
		put_error(k, message ? "an object is expected" : e.text);
	}
	json_decref(message);
}

/*
 * One after the other: what comes meanwhile waits, up to the watermark. It is read for all that, as the end of the
 * connection is found out by reading. False: @k is gone.
 */
static bool read_on(struct client *k)
{
	struct evbuffer *in = bufferevent_get_input(k->bev);
	size_t len;
	char *line;

	while (!k->request && !k->awaited && !k->handed &&
	       (line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF))) {
		take_line(k, line, len);
		free(line);
	}
	/* it is the relay's now, or a line that has no end */
	if (k->handed || (!k->request && !k->awaited && evbuffer_get_length(in) >= LINE_MAX_OCTETS)) {
		drop(k);
		return false;
	}
	return true;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	read_on(arg);
}

static bool is_busy(const struct client *k)
{
	return k->request || k->awaited || evbuffer_get_length(bufferevent_get_output(k->bev));
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *k = arg;

	(void)bev;
	if (k->request)
		request_resume(k->request);
	else if (k->last && !is_busy(k))
		drop(k);
}

/* Whether it is gone altogether, or has said its last and waits for the answer, as nc does. */
static bool listens(const struct client *k)
{
	struct pollfd p = { .fd = bufferevent_getfd(k->bev) };

	return !poll(&p, 1, 0);
}

static void on_gone(struct bufferevent *bev, short what, void *arg)
{
	struct client *k = arg;

	(void)bev;
	k->last = (what & BEV_EVENT_EOF) && !k->last && is_busy(k) && listens(k);
	if (!k->last)
		drop(k);
}

static void add_client(struct control *c, int fd)
{
	struct client *k = c->count < CLIENTS_MAX ? calloc(1, sizeof(*k)) : NULL;
	struct ucred who = { 0 };
	socklen_t len = sizeof(who);

	if (k)
		k->bev = bufferevent_socket_new(c->m->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!k || !k->bev) {
		free(k);
		close(fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
	k->uid = who.uid;
	k->c = c;
	k->next = c->clients;
	if (k->next)
		k->next->previous = k;
	c->clients = k;
	c->count++;
	bufferevent_setcb(k->bev, on_read, on_written, on_gone, k);
	bufferevent_setwatermark(k->bev, EV_READ, 0, LINE_MAX_OCTETS);
	bufferevent_enable(k->bev, EV_READ | EV_WRITE);
}

/* The one who waits would wake us at once, again and again. */
static void rest(struct control *c, int err)
{
	const struct timeval pause = { PAUSE_SECONDS, 0 };

	if (!c->paused)
		log_error(SUB_CTL, "cannot take a connection: %s", strerror(err));
	c->paused = true;
	event_del(c->event);
	event_add(c->rested, &pause);
}

static void on_rested(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_add(((struct control *)arg)->event, NULL);
}

static void on_connect(evutil_socket_t fd, short what, void *arg)
{
	int one = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	((struct control *)arg)->paused &= one < 0;
	if (one >= 0)
		add_client(arg, one);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		rest(arg, errno);
}

void control_stored(struct control *c, uint64_t number, const char *error)
{
	struct client *k, *next;

	for (k = c->clients; k; k = next) {
		next = k->next;
		if (k->awaited == UINT64_MAX) {
			await_disk(k);
		} else if (k->awaited && k->awaited <= number) {
			k->awaited = 0;
			if (error)
				put_error(k, "it is so now, but cannot be stored");
			else
				put_done(k);
			read_on(k);
		}
	}
}

/* ------------------------------------------------------------------ the socket */

static bool set_owner(const struct settings *s, char *why, size_t size)
{
	const struct group *g = s->group ? getgrnam(s->group) : NULL;

	if (s->group && !g) {
		snprintf(why, size, "control/group: there is no group %s", s->group);
		return false;
	}
	if (!chmod(s->control, g ? 0660 : 0600) && (!g || !chown(s->control, (uid_t)-1, g->gr_gid)))
		return true;
	snprintf(why, size, "%s: %s", s->control, strerror(errno));
	return false;
}

static bool alive(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = fd >= 0 && !connect(fd, (const struct sockaddr *)a, sizeof(*a));

	if (fd >= 0)
		close(fd);
	return connected;
}

int control_listen(const struct settings *s, char *why, size_t size)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int rc;

	snprintf(why, size, "%s: the name is too long", s->control);
	if (fd < 0 || strlen(s->control) >= sizeof(a.sun_path))
		goto failed;
	strcpy(a.sun_path, s->control);
	if (alive(&a)) {
		snprintf(why, size, "%s: another manager is running", s->control);
		goto failed;
	}
	unlink(s->control);
	mask = umask(0177);
	rc = bind(fd, (struct sockaddr *)&a, sizeof(a));
	umask(mask);
	if (!rc && !listen(fd, 16) && set_owner(s, why, size))
		return fd;
	if (rc)
		snprintf(why, size, "%s: %s", s->control, strerror(errno));
failed:
	if (fd >= 0)
		close(fd);
	return -1;
}

struct control *control_start(struct manager *m, int fd)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->m = m;
	c->fd = fd;
	c->event = event_new(m->base, fd, EV_READ | EV_PERSIST, on_connect, c);
	c->rested = evtimer_new(m->base, on_rested, c);
	if (c->event && c->rested && !event_add(c->event, NULL))
		return c;
	control_free(c);
	return NULL;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	while (c->clients)
		drop(c->clients);
	if (c->event)
		event_free(c->event);
	if (c->rested)
		event_free(c->rested);
	close(c->fd);
	free(c);
}
