// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "policy/requester.h"

#define BURST_MS	2000	/* of its rate that a requester who was quiet may ask for at once */
#define QUIET_MS	10000	/* until one without sessions is forgotten */

void requesters_init(struct requesters *t, const uint8_t key[16], uint32_t rate)
{
	memset(t, 0, sizeof(*t));
	table_init(&t->table);
	memcpy(t->key, key, sizeof(t->key));
	t->rate = rate;
}

static bool drop(struct table_node *n, void *arg)
{
	struct requesters *t = arg;

	table_del(&t->table, n);
	free(container_of(n, struct requester, node));
	return true;
}

void requesters_fini(struct requesters *t)
{
	table_each(&t->table, drop, t);
	table_fini(&t->table);
}

void requester_identify(struct requester_id *id, const struct gate_who *who, uint32_t key)
{
	memset(id, 0, sizeof(*id));
	if (key) {
		id->kind = REQUESTER_KEY;
		id->number = key;
	} else if (who->uid == GATE_MANAGER) {
		id->kind = REQUESTER_MANAGER;
		memcpy(id->name, who->name, strnlen(who->name, GATE_NAME - 1));
	} else if (who->uid != (uint32_t)-1) {
		id->kind = REQUESTER_USER;
		id->number = who->uid;
	} else if (who->tls) {
		id->kind = REQUESTER_TLS;
		memcpy(id->name, who->name, strnlen(who->name, GATE_NAME - 1));
	} else {
		id->kind = REQUESTER_ADDRESS;
		id->address.version = who->peer.version;
		memcpy(id->address.b, who->peer.b, address_bits(&who->peer) / 8);
	}
}

static struct requester *find(const struct requesters *t, const struct requester_id *id,
			      uint64_t hash)
{
	struct table_node *n;

	for (n = table_first(&t->table, hash); n; n = table_next(n, hash)) {
		struct requester *r = container_of(n, struct requester, node);

		if (!memcmp(&r->id, id, sizeof(*id)))
			return r;
	}
	return NULL;
}

struct requester *requester_get(struct requesters *t, const struct requester_id *id, uint64_t now)
{
	uint64_t hash = siphash(id, sizeof(*id), t->key);
	struct requester *r = find(t, id, hash);

	if (r)
		return r;
	if (t->table.count >= REQUESTERS_MAX)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	memcpy(&r->id, id, sizeof(*id));
	r->at = now;
	r->tokens = UINT32_MAX;
	if (table_add(&t->table, &r->node, hash)) {
		free(r);
		return NULL;
	}
	return r;
}

static void refill(const struct requesters *t, struct requester *r, uint64_t now)
{
	uint64_t full = (uint64_t)t->rate * BURST_MS, have;

	if (full > UINT32_MAX)
		full = UINT32_MAX;
	if (full < 1000)
		full = 1000;
	have = r->tokens + (now - r->at) * t->rate;
	r->tokens = (uint32_t)(have > full ? full : have);
	r->at = now;
}

const char *requester_take(struct requesters *t, struct requester *r, uint32_t max, bool paced,
			   uint64_t now)
{
	uint64_t before = r->at;

	refill(t, r, now > before ? now : before);
	if (max && r->sessions >= max)
		return "the requester has as many sessions as it may have";
	if (paced && t->rate && r->tokens < 1000)
		return "the requester asks too fast";
	if (paced && t->rate)
		r->tokens -= 1000;
	r->sessions++;
	return NULL;
}

void requester_give(struct requesters *t, struct requester *r)
{
	(void)t;
	r->sessions--;
}

void requester_move(struct requesters *t, struct requester *from, struct requester *to)
{
	if (from == to)
		return;
	to->sessions++;
	requester_give(t, from);
}

struct sweep {
	struct requesters *t;
	uint64_t now;
};

static bool sweep_one(struct table_node *n, void *arg)
{
	struct requester *r = container_of(n, struct requester, node);
	struct sweep *s = arg;

	if (!r->sessions && s->now > r->at + QUIET_MS)
		drop(n, s->t);
	return true;
}

void requesters_sweep(struct requesters *t, uint64_t now)
{
	struct sweep s = { .t = t, .now = now };

	table_each(&t->table, sweep_one, &s);
}

const char *requester_text(const struct requester_id *id, char *buf)
{
	char text[ADDRESS_TEXT];

	switch (id->kind) {
	case REQUESTER_KEY:
		snprintf(buf, REQUESTER_TEXT, "key %u", id->number);
		break;
	case REQUESTER_TLS:
		snprintf(buf, REQUESTER_TEXT, "tls %s", id->name);
		break;
	case REQUESTER_MANAGER:
		snprintf(buf, REQUESTER_TEXT, "manager %s", id->name);
		break;
	case REQUESTER_USER:
		snprintf(buf, REQUESTER_TEXT, "user %u", id->number);
		break;
	default:
		snprintf(buf, REQUESTER_TEXT, "%s", address_text(&id->address, text));
	}
	return buf;
}
