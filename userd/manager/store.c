// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "manager/store.h"

#define VERSION		1
#define BUSY_MS		3000

struct batch {
	uint64_t number;
	unsigned int devices, gone, refusals;
	bool all;			/* these are all devices there are */
	struct device_record *device;
	char (*name)[DEVICE_NAME];	/* of devices that are gone */
	struct refusal *refusal;
};

struct store {
	struct inventory *v;
	sqlite3 *db;
	sqlite3_stmt *put_device, *del_device, *put_refusal, *cut_refusals;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool started, ending;
	struct batch *pending;		/* handed over, not yet taken by the thread */
	bool busy;			/* from being handed over to being reported */
	uint64_t number, finished;
	char error[128];		/* of the one finished */
	int fd;
	struct event *event;
	void (*done)(void *arg, uint64_t number, const char *error);
	void *arg;
};

/* ------------------------------------------------------------------ the database */

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS device (name TEXT PRIMARY KEY, identifier TEXT NOT NULL,"
	" issuer TEXT NOT NULL, credential TEXT NOT NULL, pins BLOB NOT NULL,"
	" transport INTEGER NOT NULL, added INTEGER NOT NULL, first_seen INTEGER NOT NULL,"
	" last_seen INTEGER NOT NULL, connections INTEGER NOT NULL, source TEXT NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS refusal (digest BLOB NOT NULL, identifier TEXT NOT NULL,"
	" reason TEXT NOT NULL, source TEXT NOT NULL, transport INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL,"
	" PRIMARY KEY (digest, identifier, reason)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS refusal_last ON refusal (last);"
	"PRAGMA user_version = 1;";

static int text(sqlite3_stmt *q, int at, const char *value)
{
	return sqlite3_bind_text(q, at, value, -1, SQLITE_TRANSIENT);
}

static int number(sqlite3_stmt *q, int at, uint64_t value)
{
	return sqlite3_bind_int64(q, at, (sqlite3_int64)value);
}

static int run(sqlite3_stmt *q)
{
	int rc = sqlite3_step(q);

	sqlite3_reset(q);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_device(struct store *s, const struct device_record *r)
{
	sqlite3_stmt *q = s->put_device;
	int bad = text(q, 1, r->name) | text(q, 2, r->identifier) | text(q, 3, r->issuer) |
		  text(q, 4, r->credential) | number(q, 6, r->transport) | number(q, 7, r->added) |
		  number(q, 8, r->first_seen) | number(q, 9, r->last_seen) |
		  number(q, 10, r->connections) | text(q, 11, r->source) |
		  sqlite3_bind_blob(q, 5, r->pin, r->pins * DIGEST_SIZE, SQLITE_TRANSIENT);

	return bad ? SQLITE_ERROR : run(q);
}

static int write_refusal(struct store *s, const struct refusal *r)
{
	sqlite3_stmt *q = s->put_refusal;
	int bad = sqlite3_bind_blob(q, 1, r->digest, DIGEST_SIZE, SQLITE_TRANSIENT) |
		  text(q, 2, r->identifier) | text(q, 3, r->reason) | text(q, 4, r->source) |
		  number(q, 5, r->transport) | number(q, 6, r->first) | number(q, 7, r->last) |
		  number(q, 8, r->count);

	return bad ? SQLITE_ERROR : run(q);
}

static int write_gone(struct store *s, const char *name)
{
	return text(s->del_device, 1, name) ? SQLITE_ERROR : run(s->del_device);
}

static int exec(struct store *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

/* All of a batch or nothing. What is gone goes first, as another may have its name by now. */
static int write_batch(struct store *s, const struct batch *b)
{
	int rc = exec(s, "BEGIN IMMEDIATE");
	unsigned int i;

	if (!rc && b->all)
		rc = exec(s, "DELETE FROM device");
	for (i = 0; !rc && i < b->gone; i++)
		rc = write_gone(s, b->name[i]);
	for (i = 0; !rc && i < b->devices; i++)
		rc = write_device(s, &b->device[i]);
	for (i = 0; !rc && i < b->refusals; i++)
		rc = write_refusal(s, &b->refusal[i]);
	if (!rc && b->refusals)
		rc = number(s->cut_refusals, 1, s->v->limits->refused) ? SQLITE_ERROR :
		     run(s->cut_refusals);
	if (!rc)
		rc = exec(s, "COMMIT");
	if (rc)
		exec(s, "ROLLBACK");
	return rc;
}

/* ------------------------------------------------------------------ reading it */

static void column(sqlite3_stmt *q, int at, char *out, size_t size)
{
	const unsigned char *value = sqlite3_column_text(q, at);

	snprintf(out, size, "%s", value ? (const char *)value : "");
}

static uint64_t integer(sqlite3_stmt *q, int at)
{
	return (uint64_t)sqlite3_column_int64(q, at);
}

static void read_device(struct store *s, sqlite3_stmt *q)
{
	struct device_record r = { .pins = 0 };
	int size = sqlite3_column_bytes(q, 4);
	const char *why;

	column(q, 0, r.name, sizeof(r.name));
	column(q, 1, r.identifier, sizeof(r.identifier));
	column(q, 2, r.issuer, sizeof(r.issuer));
	column(q, 3, r.credential, sizeof(r.credential));
	r.pins = (uint8_t)(size > (int)sizeof(r.pin) ? DEVICE_PINS : size / DIGEST_SIZE);
	if (r.pins)
		memcpy(r.pin, sqlite3_column_blob(q, 4), r.pins * DIGEST_SIZE);
	r.transport = (uint8_t)(integer(q, 5) < TRANSPORT_COUNT ? integer(q, 5) : 0);
	r.added = integer(q, 6);
	r.first_seen = integer(q, 7);
	r.last_seen = integer(q, 8);
	r.connections = integer(q, 9);
	column(q, 10, r.source, sizeof(r.source));
	if (!inventory_add(s->v, &r, true, &why))
		log_warn(SUB_MAIN, "inventory: device left out name=%s: %s", r.name, why);
}

static void read_refusal(struct store *s, sqlite3_stmt *q)
{
	struct refusal r = { .count = integer(q, 7) };

	if (sqlite3_column_bytes(q, 0) == DIGEST_SIZE)
		memcpy(r.digest, sqlite3_column_blob(q, 0), DIGEST_SIZE);
	column(q, 1, r.identifier, sizeof(r.identifier));
	column(q, 2, r.reason, sizeof(r.reason));
	column(q, 3, r.source, sizeof(r.source));
	r.transport = (uint8_t)(integer(q, 4) < TRANSPORT_COUNT ? integer(q, 4) : 0);
	r.first = integer(q, 5);
	r.last = integer(q, 6);
	inventory_refuse_stored(s->v, &r);
}

static int read_all(struct store *s, const char *sql, void (*one)(struct store *, sqlite3_stmt *))
{
	sqlite3_stmt *q;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);

	while (!rc && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		one(s, q);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int check_version(struct store *s, char *why, size_t size)
{
	sqlite3_stmt *q;
	int version = -1;

	if (!sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) &&
	    sqlite3_step(q) == SQLITE_ROW)
		version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	if (version == 0 || version == VERSION)
		return 0;
	snprintf(why, size, "%s", version < 0 ? sqlite3_errmsg(s->db) : "made by another version");
	return -1;
}

static int prepare(struct store *s)
{
	static const char put_device[] =
		"INSERT OR REPLACE INTO device VALUES (?,?,?,?,?,?,?,?,?,?,?)";
	static const char put_refusal[] = "INSERT OR REPLACE INTO refusal VALUES (?,?,?,?,?,?,?,?)";
	static const char cut[] =
		"DELETE FROM refusal WHERE last < (SELECT last FROM refusal ORDER BY last DESC"
		" LIMIT 1 OFFSET ?)";
	int rc = sqlite3_prepare_v2(s->db, put_device, -1, &s->put_device, NULL);

	if (!rc)
		rc = sqlite3_prepare_v2(s->db, "DELETE FROM device WHERE name = ?", -1,
					&s->del_device, NULL);
	if (!rc)
		rc = sqlite3_prepare_v2(s->db, put_refusal, -1, &s->put_refusal, NULL);
	return rc ? rc : sqlite3_prepare_v2(s->db, cut, -1, &s->cut_refusals, NULL);
}

static int open_database(struct store *s, const char *path)
{
	mode_t mask = umask(077);
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				 SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);

	umask(mask);
	/* one that was told to end may be at its last write */
	if (!rc)
		sqlite3_busy_timeout(s->db, BUSY_MS);
	return rc;
}

static int load(struct store *s)
{
	int rc = exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF;"
		      "PRAGMA temp_store = MEMORY;");

	if (!rc)
		rc = exec(s, schema);
	if (!rc)
		rc = prepare(s);
	if (!rc)
		rc = read_all(s, "SELECT * FROM device ORDER BY added, name", read_device);
	return rc ? rc : read_all(s, "SELECT * FROM refusal ORDER BY last", read_refusal);
}

struct store *store_open(const char *dir, struct inventory *v, char *why, size_t size)
{
	struct store *s = calloc(1, sizeof(*s));
	char path[4200];

	snprintf(why, size, "out of memory");
	if (!s)
		return NULL;
	s->v = v;
	s->fd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	snprintf(path, sizeof(path), "%s/inventory.sqlite", dir);
	if (open_database(s, path)) {
		snprintf(why, size, "%s: %s", path, s->db ? sqlite3_errmsg(s->db) : "out of memory");
		goto failed;
	}
	if (check_version(s, why, size))
		goto failed;
	if (!load(s))
		return s;
	snprintf(why, size, "%s: %s", path, sqlite3_errmsg(s->db));
failed:
	store_close(s);
	return NULL;
}

/* ------------------------------------------------------------------ the thread */

static void free_batch(struct batch *b)
{
	if (!b)
		return;
	free(b->device);
	free(b->name);
	free(b->refusal);
	free(b);
}

static void finish(struct store *s, const struct batch *b, int rc)
{
	const uint64_t one = 1;
	char error[sizeof(s->error)] = "";

	if (rc)
		snprintf(error, sizeof(error), "%s", sqlite3_errmsg(s->db));
	pthread_mutex_lock(&s->lock);
	s->finished = b->number;
	memcpy(s->error, error, sizeof(error));
	pthread_mutex_unlock(&s->lock);
	if (write(s->fd, &one, sizeof(one)) < 0)
		log_error(SUB_MAIN, "inventory: the loop cannot be told: %s", strerror(errno));
}

static void *writer(void *arg)
{
	struct store *s = arg;
	struct batch *b;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		while (!s->pending && !s->ending)
			pthread_cond_wait(&s->work, &s->lock);
		b = s->pending;
		s->pending = NULL;
		pthread_mutex_unlock(&s->lock);
		if (!b)
			return NULL;
		finish(s, b, write_batch(s, b));
		free_batch(b);
	}
}

static void on_finished(evutil_socket_t fd, short what, void *arg)
{
	struct store *s = arg;
	char error[sizeof(s->error)];
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) != sizeof(n))
		return;
	pthread_mutex_lock(&s->lock);
	n = s->finished;
	memcpy(error, s->error, sizeof(error));
	pthread_mutex_unlock(&s->lock);
	s->busy = false;
	if (*error)
		inventory_mark_all(s->v);
	s->done(s->arg, n, *error ? error : NULL);
}

int store_start(struct store *s, struct event_base *base,
		void (*done)(void *arg, uint64_t number, const char *error), void *arg)
{
	sigset_t all, before;
	int err;

	s->done = done;
	s->arg = arg;
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->fd < 0)
		return -errno;
	s->event = event_new(base, s->fd, EV_READ | EV_PERSIST, on_finished, s);
	if (!s->event || event_add(s->event, NULL))
		return -ENOMEM;
	/* signals are the loop's */
	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&s->thread, NULL, writer, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	s->started = !err;
	return -err;
}

/* ------------------------------------------------------------------ handing over */

static struct batch *new_batch(const struct inventory *v)
{
	const struct device *d;
	const struct refused *f;
	struct batch *b = calloc(1, sizeof(*b));
	unsigned int devices = 0, gone = 0, refusals = 0;

	if (!b)
		return NULL;
	for (d = v->dirty; d; d = d->next_dirty)
		devices++;
	for (d = v->gone; d; d = d->next_dirty)
		gone++;
	for (f = v->dirty_refused; f; f = f->next_dirty)
		refusals++;
	b->device = calloc(devices + 1, sizeof(*b->device));
	b->name = calloc(gone + 1, sizeof(*b->name));
	b->refusal = calloc(refusals + 1, sizeof(*b->refusal));
	if (b->device && b->name && b->refusal)
		return b;
	free_batch(b);
	return NULL;
}

static struct batch *gather(struct inventory *v)
{
	struct batch *b = new_batch(v);
	struct device *d;
	struct refused *f;

	if (!b)
		return NULL;
	b->all = v->all_dirty;
	v->all_dirty = false;
	while ((d = v->dirty)) {
		v->dirty = d->next_dirty;
		d->dirty = false;
		b->device[b->devices++] = d->record;
	}
	while ((d = v->gone)) {
		v->gone = d->next_dirty;
		memcpy(b->name[b->gone++], d->record.name, DEVICE_NAME);
		free(d);
	}
	while ((f = v->dirty_refused)) {
		v->dirty_refused = f->next_dirty;
		f->dirty = false;
		b->refusal[b->refusals++] = f->r;
	}
	return b;
}

uint64_t store_flush(struct store *s)
{
	struct batch *b;
	uint64_t n;

	if (s->busy || !s->started)
		return 0;
	b = gather(s->v);
	if (!b)
		return 0;
	n = b->number = ++s->number;
	s->busy = true;
	pthread_mutex_lock(&s->lock);
	s->pending = b;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	/* the writer may be done with it by now, and have freed it */
	return n;
}

static void end_thread(struct store *s)
{
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->started = false;
}

void store_close(struct store *s)
{
	struct batch *b;

	if (!s)
		return;
	if (s->started)
		end_thread(s);
	if (s->cut_refusals) {
		b = gather(s->v);
		if (!b || write_batch(s, b))
			log_error(SUB_MAIN, "inventory: the last changes are lost");
		free_batch(b);
	}
	if (s->event)
		event_free(s->event);
	if (s->fd >= 0)
		close(s->fd);
	sqlite3_finalize(s->put_device);
	sqlite3_finalize(s->del_device);
	sqlite3_finalize(s->put_refusal);
	sqlite3_finalize(s->cut_refusals);
	sqlite3_close(s->db);
	free_batch(s->pending);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
