// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/siphash.h"
#include "base/table.h"
#include "manager/admit.h"

#define KEY_SIZE	9	/* family, 8 octets */
#define DOUBLINGS	16
#define EVICT_LOOK	16	/* of the sources longest unseen, how many are looked at */

struct source {
	struct table_node node;
	struct source *newer, *older;	/* by when it was seen */
	uint8_t key[KEY_SIZE];
	uint8_t blocks;			/* so far, for how long the next one is */
	uint32_t waiting, half_open;
	uint32_t familiar;		/* devices that were last authenticated from here */
	uint32_t failures;
	bool sour;			/* failed lately, and no device of it came since */
	uint64_t window;		/* when failures began to be counted */
	uint64_t failed;		/* the last time */
	uint64_t blocked_until;
};

struct admit {
	const struct settings_limits *limits;
	struct table table;
	struct source *newest, *oldest;
	uint8_t hash_key[16];
	uint32_t waiting, half_open, strangers, soured;	/* the latter two: of half_open */
	uint64_t tokens, filled;		/* thousandths of a handshake, and when counted */
	struct admit_stats stats;
};

/* ------------------------------------------------------------------ sources */

/* An address of either family; IPv4 in IPv6 is IPv4, and of IPv6 a host has a whole /64. */
static bool key_of(const struct sockaddr *from, uint8_t key[KEY_SIZE])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;

	memset(key, 0, KEY_SIZE);
	if (from->sa_family == AF_INET) {
		key[0] = 4;
		memcpy(key + 1, &((const struct sockaddr_in *)from)->sin_addr, 4);
		return true;
	}
	if (from->sa_family != AF_INET6)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
		key[0] = 4;
		memcpy(key + 1, six->sin6_addr.s6_addr + 12, 4);
	} else {
		key[0] = 6;
		memcpy(key + 1, six->sin6_addr.s6_addr, 8);
	}
	return true;
}

static void unlink_source(struct admit *a, struct source *s)
{
	*(s->newer ? &s->newer->older : &a->newest) = s->older;
	*(s->older ? &s->older->newer : &a->oldest) = s->newer;
	s->newer = s->older = NULL;
}

static void link_newest(struct admit *a, struct source *s)
{
	s->older = a->newest;
	*(a->newest ? &a->newest->newer : &a->oldest) = s;
	a->newest = s;
}

static void drop(struct admit *a, struct source *s)
{
	unlink_source(a, s);
	table_del(&a->table, &s->node);
	free(s);
}

/* Of the longest unseen, one that is not in use: rather one that is neither blocked nor familiar. */
static bool evict(struct admit *a, uint64_t now)
{
	struct source *s, *second = NULL;
	int look = 0;

	for (s = a->oldest; s && look < EVICT_LOOK; s = s->newer, look++) {
		if (s->waiting || s->half_open)
			continue;
		if (!s->familiar && s->blocked_until <= now) {
			drop(a, s);
			return true;
		}
		if (!second && !s->familiar)
			second = s;
	}
	if (second)
		drop(a, second);
	return second;
}

static struct source *find(struct admit *a, const uint8_t key[KEY_SIZE])
{
	uint64_t hash = siphash(key, KEY_SIZE, a->hash_key);
	struct table_node *n;

	for (n = table_first(&a->table, hash); n; n = table_next(n, hash)) {
		struct source *s = container_of(n, struct source, node);

		if (!memcmp(s->key, key, KEY_SIZE))
			return s;
	}
	return NULL;
}

static struct source *add(struct admit *a, const uint8_t key[KEY_SIZE], uint64_t now)
{
	struct source *s;

	if (a->table.count >= a->limits->sources && !evict(a, now))
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	memcpy(s->key, key, KEY_SIZE);
	if (table_add(&a->table, &s->node, siphash(key, KEY_SIZE, a->hash_key))) {
		free(s);
		return NULL;
	}
	link_newest(a, s);
	return s;
}

static void set_sour(struct admit *a, struct source *s, bool sour)
{
	if (s->sour == sour)
		return;
	s->sour = sour;
	a->soured += sour ? s->half_open : -s->half_open;
}

static struct source *touch(struct admit *a, const struct sockaddr *from, uint64_t now)
{
	uint8_t key[KEY_SIZE];
	struct source *s;

	if (!key_of(from, key))
		return NULL;
	s = find(a, key);
	if (!s)
		return add(a, key, now);
	unlink_source(a, s);
	link_newest(a, s);
	if (now - s->failed > a->limits->penalty * 1000ull)
		set_sour(a, s, false);
	return s;
}

/* ------------------------------------------------------------------ what there is to share out */

struct admit *admit_create(const struct settings_limits *limits, uint64_t now)
{
	struct admit *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->limits = limits;
	a->filled = now;
	a->tokens = limits->handshakes * 1000ull;
	table_init(&a->table);
	if (getrandom(a->hash_key, sizeof(a->hash_key), 0) == sizeof(a->hash_key))
		return a;
	admit_destroy(a);
	return NULL;
}

void admit_destroy(struct admit *a)
{
	if (!a)
		return;
	while (a->oldest)
		drop(a, a->oldest);
	table_fini(&a->table);
	free(a);
}

bool admit_is_familiar(const struct source *source)
{
	return source->familiar;
}

bool admit_is_sour(const struct source *source)
{
	return source->sour;
}

static void fill(struct admit *a, uint64_t now)
{
	uint64_t most = a->limits->handshakes * 1000ull;

	if (now <= a->filled)
		return;
	a->tokens += (now - a->filled) * a->limits->handshakes;
	if (a->tokens > most)
		a->tokens = most;
	a->filled = now;
}

/*
 * Strangers leave half of a second's handshakes, and of the places, to those known; those that failed lately, half
 * of what is left to those that did not.
 */
static bool room(const struct admit *a, const struct source *s)
{
	const struct settings_limits *l = a->limits;

	if (a->half_open >= l->half_open || a->tokens < 1000)
		return false;
	if (s->half_open >= l->half_open_per_source + s->familiar)
		return false;
	if (s->familiar)
		return true;
	if (s->sour && (a->soured >= (l->half_open + 3) / 4 ||
			(a->tokens < l->handshakes * 750ull && l->handshakes >= 4)))
		return false;
	return a->strangers < (l->half_open + 1) / 2 &&
	       (a->tokens >= l->handshakes * 500ull || l->handshakes < 2);
}

/* ------------------------------------------------------------------ a connection's way */

static enum admit_verdict judge(struct admit *a, const struct source *s, uint64_t now)
{
	const struct settings_limits *l = a->limits;
	uint32_t places;

	if (!s)
		return ADMIT_MEMORY;
	/* half of the places to wait are not for strangers, and half of those not for who failed */
	places = s->familiar ? l->waiting : s->sour ? (l->waiting + 3) / 4 : (l->waiting + 1) / 2;
	if (s->blocked_until > now)
		return ADMIT_BLOCKED;
	if (s->waiting >= l->waiting_per_source + 2 * s->familiar)
		return ADMIT_SOURCE_FULL;
	return a->waiting >= places ? ADMIT_FULL : ADMIT_OK;
}

enum admit_verdict admit_enter(struct admit *a, const struct sockaddr *from, uint64_t now,
			       struct source **source)
{
	enum admit_verdict v;

	*source = touch(a, from, now);
	v = judge(a, *source, now);
	a->stats.verdict[v]++;
	if (v != ADMIT_OK)
		return v;
	(*source)->waiting++;
	a->waiting++;
	return v;
}

void admit_abandon(struct admit *a, struct source *source)
{
	source->waiting--;
	a->waiting--;
}

bool admit_begin(struct admit *a, struct source *source, uint64_t now)
{
	fill(a, now);
	if (!room(a, source))
		return false;
	admit_abandon(a, source);
	a->tokens -= 1000;
	source->half_open++;
	a->half_open++;
	a->strangers += !source->familiar;
	a->soured += source->sour;
	a->stats.begun++;
	return true;
}

static void block(struct admit *a, struct source *s, uint64_t now)
{
	uint64_t seconds = (uint64_t)a->limits->penalty << s->blocks;

	if (seconds > a->limits->penalty_max)
		seconds = a->limits->penalty_max;
	if (s->blocks < DOUBLINGS)
		s->blocks++;
	s->blocked_until = now + seconds * 1000;
	s->failures = 0;
	a->stats.blocks++;
}

/* Many devices behind one address fail more often than one does. */
static bool failed(struct admit *a, struct source *s, uint64_t now)
{
	const struct settings_limits *l = a->limits;

	s->failed = now;
	set_sour(a, s, true);
	if (!s->failures || now - s->window > l->failure_window * 1000ull) {
		s->failures = 0;
		s->window = now;
	}
	if (++s->failures < (uint64_t)l->failures * (1 + s->familiar))
		return true;
	block(a, s, now);
	return false;
}

bool admit_end(struct admit *a, struct source *source, enum admit_result result, uint64_t now)
{
	source->half_open--;
	a->half_open--;
	a->soured -= source->sour;
	if (!source->familiar && a->strangers)
		a->strangers--;
	if (result == RESULT_GOOD) {
		a->stats.good++;
		source->blocks = 0;
		set_sour(a, source, false);
	}
	if (result != RESULT_BAD)
		return true;
	a->stats.bad++;
	return source->blocked_until > now || failed(a, source, now);
}

void admit_familiar(struct admit *a, const struct sockaddr *from, int more, uint64_t now)
{
	struct source *s = touch(a, from, now);

	if (!s || (more < 0 && s->familiar < (uint32_t)-more))
		return;
	/* what is half open now is counted on the other side from here on */
	if (!s->familiar && more > 0)
		a->strangers -= s->half_open < a->strangers ? s->half_open : a->strangers;
	s->familiar += (uint32_t)more;
	if (!s->familiar)
		a->strangers += s->half_open;
}

bool admit_is_crowded(const struct admit *a, const struct source *source)
{
	return !source->familiar && a->strangers > a->limits->half_open * 3 / 8;
}

uint64_t admit_patience(const struct admit *a, const struct source *source)
{
	uint64_t ms = a->limits->handshake_time * 1000ull;

	return admit_is_crowded(a, source) ? ms / 4 : ms;
}

uint64_t admit_pause(const struct admit *a, uint64_t now)
{
	uint64_t ms = 1000 / a->limits->handshakes;

	(void)now;
	return ms < 10 ? 10 : ms;
}

uint64_t admit_blocked(struct admit *a, const struct sockaddr *from, uint64_t now)
{
	uint8_t key[KEY_SIZE];
	struct source *s = key_of(from, key) ? find(a, key) : NULL;

	return s && s->blocked_until > now ? s->blocked_until - now : 0;
}

void admit_forgive(struct admit *a)
{
	struct source *s;

	for (s = a->newest; s; s = s->older) {
		s->blocked_until = 0;
		s->blocks = 0;
		s->failures = 0;
		set_sour(a, s, false);
	}
}

void admit_stats(struct admit *a, uint64_t now, struct admit_stats *out)
{
	const struct source *s;

	*out = a->stats;
	out->waiting = a->waiting;
	out->half_open = a->half_open;
	out->sources = a->table.count;
	out->blocked = 0;
	for (s = a->newest; s; s = s->older)
		out->blocked += s->blocked_until > now;
}

const char *admit_verdict_name(enum admit_verdict v)
{
	static const char *const names[ADMIT_VERDICTS] = {
		"ok", "blocked", "source-full", "full", "no-memory",
	};

	return names[v];
}
