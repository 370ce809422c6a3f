// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/boottime.h"
#include "ctl/journal.h"
#include "ctl/local.h"
#include "proc.h"

/* MSNs stored ahead: so many messages of a session need no further write. */
#define RESERVE		1024
#define RESERVE_LOW	256
#define LIFETIME	1800	/* seconds that an unanswered request without one is kept */

enum { STORED_SESSION, STORED_END };

/* What is in the journal. */
struct stored {
	uint32_t type;
	uint32_t reserved;
	uint64_t expires;
	uint8_t token[LOCAL_TOKEN];
	struct session_open open;
};

/* What was stored before managers could open sessions. */
#define STORED_OLD	((offsetof(struct stored, open.user) + 7) & ~(size_t)7)

static struct table table;
static struct journal journal;
static bool have_journal;

static uint64_t wall(void)
{
	return (uint64_t)time(NULL);
}

/* ------------------------------------------------------------------ the journal */

/* Not before an MSN is known, as nothing could be opened again without. */
static bool store(uint32_t type, const struct local *l)
{
	bool good = !journal.error;
	struct stored s;

	if (!have_journal || l->bound >= 0 || !l->reserved)
		return true;
	memset(&s, 0, sizeof(s));
	s.type = type;
	s.reserved = l->reserved;
	s.expires = l->expires;
	memcpy(s.token, l->token, sizeof(s.token));
	s.open = l->open;
	if (journal_append(&journal, &s, sizeof(s)))
		return true;
	if (good)
		log_error(SUB_CTL, "sessions cannot be stored: %s", strerror(journal.error));
	return false;
}

static bool store_again(struct table_node *n, void *arg)
{
	const struct local *l = container_of(n, struct local, node);

	(void)arg;
	return l->closing || store(STORED_SESSION, l);
}

void local_tidy(void)
{
	int failed;

	if (!have_journal || !journal_stale(&journal, table.count))
		return;
	failed = journal.error;
	journal_begin(&journal);
	table_each(&table, store_again, NULL);
	if (!journal_end(&journal) && !failed)
		log_error(SUB_CTL, "sessions cannot be stored: %s", strerror(journal.error));
	else if (!journal.error && failed)
		log_notice(SUB_CTL, "sessions can be stored again");
}

int local_error(void)
{
	return have_journal ? journal.error : ENODEV;
}

static void drop(struct local *l)
{
	table_del(&table, &l->node);
	explicit_bzero(l, sizeof(*l));
	free(l);
}

static struct local *add(const struct session_open *o)
{
	struct local *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->open = *o;
	l->bound = -1;
	memcpy(l->last.sid, o->sid, GATE_SID);
	l->last.kind = o->kind;
	if (!table_add(&table, &l->node, session_hash(o->sid)))
		return l;
	free(l);
	return NULL;
}

static void restore(void *arg, const void *data, size_t len)
{
	struct stored s;
	struct local *l;

	(void)arg;
	if (len != sizeof(s) && len != STORED_OLD)
		return;
	memset(&s, 0, sizeof(s));
	memcpy(&s, data, len == sizeof(s) ? len : offsetof(struct stored, open.user));
	s.open.user[sizeof(s.open.user) - 1] = '\0';
	l = local_find(session_hash(s.open.sid));
	if (l && s.type == STORED_END) {
		drop(l);
		return;
	}
	if (s.type != STORED_SESSION || (!l && (local_count() >= LOCAL_MAX || !(l = add(&s.open)))))
		return;
	l->open = s.open;
	l->reserved = s.reserved;
	l->expires = s.expires;
	memcpy(l->token, s.token, sizeof(l->token));
}

static bool drop_expired(struct table_node *n, void *arg)
{
	struct local *l = container_of(n, struct local, node);

	if (l->expires <= *(const uint64_t *)arg)
		drop(l);
	return true;
}

bool local_init(const uint8_t seed[32], const int state[2])
{
	uint64_t now = wall();

	table_init(&table);
	if (state[0] >= 0 && state[1] >= 0) {
		have_journal = true;
		journal_open(&journal, state, seed, restore, NULL);
		if (journal.error)
			log_error(SUB_CTL, "sessions cannot be stored: %s", strerror(journal.error));
	}
	table_each(&table, drop_expired, &now);
	if (table.count)
		log_notice(SUB_CTL, "sessions of applications from before sessions=%u", table.count);
	return have_journal;
}

/* ------------------------------------------------------------------ looking */

struct local *local_find(uint64_t tag)
{
	struct table_node *n = table_first(&table, tag);

	return n ? container_of(n, struct local, node) : NULL;
}

struct token_search {
	const uint8_t *token;
	struct local *found;
};

/* In a time that says nothing about how much of a token was right. */
static bool same_token(const uint8_t *a, const uint8_t *b)
{
	unsigned int i, differ = 0;

	for (i = 0; i < LOCAL_TOKEN; i++)
		differ |= a[i] ^ b[i];
	return !differ;
}

static bool match_token(struct table_node *n, void *arg)
{
	struct token_search *s = arg;
	struct local *l = container_of(n, struct local, node);

	if (same_token(l->token, s->token))
		s->found = l;
	return true;
}

struct local *local_find_token(const uint8_t token[LOCAL_TOKEN])
{
	struct token_search s = { token, NULL };

	table_each(&table, match_token, &s);
	return s.found;
}

unsigned int local_count(void)
{
	return table.count;
}

struct user_count {
	uint32_t uid;
	const char *user;
	unsigned int n;
};

static bool count_user(struct table_node *n, void *arg)
{
	const struct session_open *o = &container_of(n, struct local, node)->open;
	struct user_count *c = arg;

	c->n += o->uid == c->uid && (o->uid != GATE_MANAGER || !strcmp(o->user, c->user));
	return true;
}

unsigned int local_count_of(uint32_t uid, const char *user)
{
	struct user_count c = { uid, user, 0 };

	table_each(&table, count_user, &c);
	return c.n;
}

struct each {
	void (*fn)(struct local *l, void *arg);
	void *arg;
};

static bool each_one(struct table_node *n, void *arg)
{
	const struct each *e = arg;

	e->fn(container_of(n, struct local, node), e->arg);
	return true;
}

void local_each(void (*fn)(struct local *l, void *arg), void *arg)
{
	struct each e = { fn, arg };

	table_each(&table, each_one, &e);
}

/* ------------------------------------------------------------------ orders */

static const char *refusal(int err)
{
	switch (err) {
	case 0:
		return NULL;
	case -ENOBUFS:
		return "the signalling process has too much to do";
	case -EPIPE:
		return "the signalling process is not there just now";
	default:
		return strerror(-err);
	}
}

static const char *send_open(const struct local *l)
{
	return refusal(proc_send(PROC_SIG, MSG_SESSION_OPEN, &l->open, sizeof(l->open)));
}

static void expect(struct local *l, uint32_t lifetime)
{
	l->expires = wall() + (lifetime ? lifetime : LIFETIME);
}

struct local *local_open(struct session_open *o, int slot, bool bound, const char **why)
{
	struct local *l;

	*why = "out of memory";
	if (getrandom(o->sid, sizeof(o->sid), 0) != sizeof(o->sid) ||
	    getrandom(&o->token, sizeof(o->token), 0) != sizeof(o->token))
		return NULL;
	o->token |= 1;	/* 0 stands for sessions that are not local */
	l = add(o);
	if (!l || getrandom(l->token, sizeof(l->token), 0) != sizeof(l->token))
		goto failed;
	l->bound = bound ? slot : -1;
	l->owners = slot < 0 ? 0 : 1ull << slot;
	expect(l, o->lifetime);
	*why = send_open(l);
	if (!*why)
		return l;
failed:
	if (l)
		drop(l);
	return NULL;
}

const char *local_change(struct local *l, const struct session_open *o)
{
	struct session_open before = l->open;
	const char *why;

	l->open = *o;
	memcpy(l->open.sid, before.sid, sizeof(before.sid));
	l->open.token = before.token;
	l->open.uid = before.uid;
	memcpy(l->open.user, before.user, sizeof(before.user));
	l->open.has_msn = false;
	why = send_open(l);
	if (why)
		l->open = before;
	else
		store(STORED_SESSION, l);
	return why;
}

const char *local_refresh(struct local *l)
{
	return refusal(proc_send(PROC_SIG, MSG_SESSION_REFRESH, l->open.sid, GATE_SID));
}

const char *local_close(struct local *l)
{
	const uint8_t all = 0;
	const char *why = refusal(proc_send2(PROC_SIG, MSG_SESSION_CLOSE, l->open.sid, GATE_SID,
					     &all, sizeof(all)));

	if (why)
		return why;
	l->closing = true;
	store(STORED_END, l);
	return NULL;
}

static void note_msn(struct local *l, uint32_t msn)
{
	if (l->reserved && (int32_t)(l->reserved - msn) >= RESERVE_LOW)
		return;
	l->reserved = msn + RESERVE;
	if (!l->reserved)
		l->reserved = 1;	/* 0 stands for none yet */
}

/* An MSN must never be used twice: what may be used next is stored before. */
static void resume_one(struct local *l, void *arg)
{
	(void)arg;
	if (l->closing)
		return;
	l->open.has_msn = l->reserved;
	l->open.msn = l->reserved;
	if (l->reserved)
		note_msn(l, l->reserved);
	store(STORED_SESSION, l);
	send_open(l);
}

void local_resume(void)
{
	local_each(resume_one, NULL);
}

/* ------------------------------------------------------------------ what becomes of them */

bool local_over(const struct local *l)
{
	return l->last.state == SESSION_DEAD;
}

void local_forget(struct local *l)
{
	if (!l->closing)
		store(STORED_END, l);
	drop(l);
}

/* The first word after a refresh for a trace. */
static void note_answer(struct local *l, const struct session_event *e)
{
	if (l->probed && l->took == LOCAL_UNANSWERED && e->state == SESSION_ESTABLISHED)
		l->took = (uint32_t)(boottime_ms() - l->probed);
}

void local_event(struct local *l, const struct session_event *e)
{
	l->last = *e;
	note_answer(l, e);
	if (local_over(l) || l->closing)
		return;
	note_msn(l, e->msn);
	if (e->state == SESSION_ESTABLISHED)
		expect(l, e->lifetime);
	store(STORED_SESSION, l);
}

static void leave_one(struct local *l, void *arg)
{
	unsigned int slot = *(const unsigned int *)arg;

	l->owners &= ~(1ull << slot);
	if (l->bound == (int)slot && !l->closing) {
		l->untold = local_close(l);
		l->closing = true;
	}
}

void local_leave(unsigned int slot)
{
	local_each(leave_one, &slot);
}

static void tell_one(struct local *l, void *arg)
{
	(void)arg;
	if (l->untold)
		l->untold = local_close(l);
}

void local_drained(void)
{
	local_each(tell_one, NULL);
}
