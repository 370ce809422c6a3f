// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/siphash.h"
#include "manager/inventory.h"

int inventory_init(struct inventory *v, const struct settings_limits *limits)
{
	memset(v, 0, sizeof(*v));
	v->limits = limits;
	table_init(&v->names);
	table_init(&v->identifiers);
	table_init(&v->pins);
	table_init(&v->refusals);
	return getrandom(v->key, sizeof(v->key), 0) == sizeof(v->key) ? 0 : -EIO;
}

void inventory_fini(struct inventory *v)
{
	struct device *d;
	struct refused *r;

	while ((d = v->first)) {
		v->first = d->next;
		free(d);
	}
	while ((d = v->gone)) {
		v->gone = d->next_dirty;
		free(d);
	}
	while ((r = v->newest)) {
		v->newest = r->older;
		free(r);
	}
	table_fini(&v->names);
	table_fini(&v->identifiers);
	table_fini(&v->pins);
	table_fini(&v->refusals);
}

static uint64_t hash_text(const struct inventory *v, const char *text)
{
	return siphash(text, strlen(text), v->key);
}

/* ------------------------------------------------------------------ looking */

struct device *inventory_by_name(struct inventory *v, const char *name)
{
	uint64_t hash = hash_text(v, name);
	struct table_node *n;

	for (n = table_first(&v->names, hash); n; n = table_next(n, hash)) {
		struct device *d = container_of(n, struct device, by_name);

		if (!strcmp(d->record.name, name))
			return d;
	}
	return NULL;
}

struct device *inventory_by_identifier(struct inventory *v, const char *identifier)
{
	uint64_t hash = hash_text(v, identifier);
	struct table_node *n;

	if (!*identifier)
		return NULL;
	for (n = table_first(&v->identifiers, hash); n; n = table_next(n, hash)) {
		struct device *d = container_of(n, struct device, by_identifier);

		if (!strcmp(d->record.identifier, identifier))
			return d;
	}
	return NULL;
}

struct device *inventory_by_pin(struct inventory *v, const uint8_t digest[DIGEST_SIZE])
{
	uint64_t hash = siphash(digest, DIGEST_SIZE, v->key);
	struct table_node *n;

	for (n = table_first(&v->pins, hash); n; n = table_next(n, hash)) {
		const struct device_pin *p = container_of(n, struct device_pin, node);

		if (!memcmp(p->device->record.pin[p - p->device->by_pin], digest, DIGEST_SIZE))
			return p->device;
	}
	return NULL;
}

/* ------------------------------------------------------------------ devices */

bool inventory_name_valid(const char *text)
{
	static const char rest[] = "-_.:";
	const char *c;

	if (!*text || *text == '-' || strlen(text) >= DEVICE_NAME)
		return false;
	for (c = text; *c; c++)
		if (!(*c >= '0' && *c <= '9') && !(*c >= 'a' && *c <= 'z') &&
		    !(*c >= 'A' && *c <= 'Z') && !strchr(rest, *c))
			return false;
	return true;
}

void inventory_printable(char *out, size_t size, const char *in, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		out[i] = in[i] > ' ' && in[i] < 0x7f ? in[i] : '?';
	out[i] = '\0';
}

static const char *unfit(struct inventory *v, const struct device_record *r)
{
	unsigned int i;

	if (!inventory_name_valid(r->name))
		return "name: letters, digits and -_.: are allowed, 63 of them";
	if (inventory_by_name(v, r->name))
		return "name: there is a device of that name";
	if (!*r->identifier && !r->pins)
		return "an identifier or a pin is needed to know the device by";
	if (inventory_by_identifier(v, r->identifier))
		return "identifier: another device has it";
	if (r->pins > DEVICE_PINS)
		return "pins: too many";
	for (i = 0; i < r->pins; i++)
		if (inventory_by_pin(v, r->pin[i]))
			return "pins: another device has one of them";
	if (v->devices >= v->limits->devices)
		return "there are as many devices as limits/devices allows";
	return NULL;
}

static void mark(struct inventory *v, struct device *d)
{
	if (d->dirty)
		return;
	d->dirty = true;
	d->next_dirty = v->dirty;
	v->dirty = d;
}

void inventory_mark_all(struct inventory *v)
{
	struct device *d;

	for (d = v->first; d; d = d->next)
		mark(v, d);
	v->all_dirty = true;
}

static bool index_device(struct inventory *v, struct device *d)
{
	const struct device_record *r = &d->record;
	unsigned int i;

	if (table_add(&v->names, &d->by_name, hash_text(v, r->name)))
		return false;
	if (*r->identifier &&
	    table_add(&v->identifiers, &d->by_identifier, hash_text(v, r->identifier)))
		goto names;
	for (i = 0; i < r->pins; i++) {
		d->by_pin[i].device = d;
		if (table_add(&v->pins, &d->by_pin[i].node, siphash(r->pin[i], DIGEST_SIZE, v->key)))
			goto pins;
	}
	return true;
pins:
	while (i--)
		table_del(&v->pins, &d->by_pin[i].node);
	if (*r->identifier)
		table_del(&v->identifiers, &d->by_identifier);
names:
	table_del(&v->names, &d->by_name);
	return false;
}

struct device *inventory_add(struct inventory *v, const struct device_record *r, bool stored,
			     const char **why)
{
	struct device *d;

	*why = unfit(v, r);
	if (*why)
		return NULL;
	*why = "out of memory";
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->record = *r;
	if (!index_device(v, d)) {
		free(d);
		return NULL;
	}
	d->previous = v->last;
	*(v->last ? &v->last->next : &v->first) = d;
	v->last = d;
	v->devices++;
	if (!stored)
		mark(v, d);
	*why = NULL;
	return d;
}

static void forget_dirty(struct inventory *v, struct device *d)
{
	struct device **at;

	for (at = &v->dirty; *at; at = &(*at)->next_dirty)
		if (*at == d) {
			*at = d->next_dirty;
			return;
		}
}

void inventory_remove(struct inventory *v, struct device *d)
{
	unsigned int i;

	if (d->dirty)
		forget_dirty(v, d);
	table_del(&v->names, &d->by_name);
	if (*d->record.identifier)
		table_del(&v->identifiers, &d->by_identifier);
	for (i = 0; i < d->record.pins; i++)
		table_del(&v->pins, &d->by_pin[i].node);
	*(d->previous ? &d->previous->next : &v->first) = d->next;
	*(d->next ? &d->next->previous : &v->last) = d->previous;
	v->devices--;
	d->removed = true;
	d->next_dirty = v->gone;
	v->gone = d;
}

void inventory_seen(struct inventory *v, struct device *d, enum transport transport,
		    const char *source, uint64_t now)
{
	struct device_record *r = &d->record;

	if (!r->first_seen)
		r->first_seen = now;
	r->last_seen = now;
	r->connections++;
	r->transport = (uint8_t)transport;
	strncpy(r->source, source, sizeof(r->source) - 1);
	mark(v, d);
}

/* ------------------------------------------------------------------ refused */

/* What makes two refusals the same: not where they came from, which may be anywhere. */
static uint64_t refusal_hash(const struct inventory *v, const struct refusal *r)
{
	uint8_t all[DIGEST_SIZE + DEVICE_ID + sizeof(r->reason)] = { 0 };

	memcpy(all, r->digest, DIGEST_SIZE);
	memcpy(all + DIGEST_SIZE, r->identifier, strlen(r->identifier));
	memcpy(all + DIGEST_SIZE + DEVICE_ID, r->reason, strlen(r->reason));
	return siphash(all, sizeof(all), v->key);
}

static bool same_refusal(const struct refusal *a, const struct refusal *b)
{
	return !memcmp(a->digest, b->digest, DIGEST_SIZE) && !strcmp(a->identifier, b->identifier) &&
	       !strcmp(a->reason, b->reason);
}

static void unlink_refused(struct inventory *v, struct refused *f)
{
	*(f->newer ? &f->newer->older : &v->newest) = f->older;
	*(f->older ? &f->older->newer : &v->oldest) = f->newer;
	f->newer = f->older = NULL;
}

static void link_refused(struct inventory *v, struct refused *f)
{
	f->older = v->newest;
	*(v->newest ? &v->newest->newer : &v->oldest) = f;
	v->newest = f;
}

static void mark_refused(struct inventory *v, struct refused *f)
{
	if (f->dirty)
		return;
	f->dirty = true;
	f->next_dirty = v->dirty_refused;
	v->dirty_refused = f;
}

static struct refused *find_refused(struct inventory *v, const struct refusal *r, uint64_t hash)
{
	struct table_node *n;

	for (n = table_first(&v->refusals, hash); n; n = table_next(n, hash)) {
		struct refused *f = container_of(n, struct refused, node);

		if (same_refusal(&f->r, r))
			return f;
	}
	return NULL;
}

/* The oldest one's memory is used again; it stays in the database until it is cut to size there. */
static struct refused *room_for_refused(struct inventory *v)
{
	struct refused *f = v->oldest;

	if (v->refused < v->limits->refused || !f || f->dirty)
		return v->refused < v->limits->refused ? calloc(1, sizeof(*f)) : NULL;
	unlink_refused(v, f);
	table_del(&v->refusals, &f->node);
	v->refused--;
	memset(f, 0, sizeof(*f));
	return f;
}

static struct refused *add_refused(struct inventory *v, const struct refusal *r, uint64_t hash)
{
	struct refused *f = room_for_refused(v);

	if (!f)
		return NULL;
	f->r = *r;
	if (table_add(&v->refusals, &f->node, hash)) {
		free(f);
		return NULL;
	}
	v->refused++;
	link_refused(v, f);
	return f;
}

void inventory_refuse(struct inventory *v, const struct refusal *r, uint64_t now)
{
	uint64_t hash = refusal_hash(v, r);
	struct refused *f = find_refused(v, r, hash);

	if (f) {
		unlink_refused(v, f);
		link_refused(v, f);
	} else {
		f = add_refused(v, r, hash);
		if (!f)
			return;
		f->r.first = now;
		f->r.count = 0;
	}
	f->r.last = now;
	f->r.count++;
	f->r.transport = r->transport;
	memcpy(f->r.source, r->source, sizeof(f->r.source));
	mark_refused(v, f);
}

void inventory_refuse_stored(struct inventory *v, const struct refusal *r)
{
	uint64_t hash = refusal_hash(v, r);

	if (!find_refused(v, r, hash))
		add_refused(v, r, hash);
}
