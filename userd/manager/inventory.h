/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices: those expected, what was seen of them, and who was refused. In memory, where everything is
 * looked up; a thread of store.c writes what changed to the database, so that no disk is waited for.
 *
 * A device is known by what it proves: a pinned key or certificate (digest), or an identifier that a
 * certificate of a configured issuer has. Its address is noted for people to read, and decides nothing.
 * Clock: seconds of wall time. One thread.
 */
#ifndef _MANAGER_INVENTORY_H
#define _MANAGER_INVENTORY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"
#include "manager/settings.h"

#define DEVICE_NAME	64	/* with the zero, as are the others */
#define DEVICE_ID	128
#define DEVICE_PINS	4
#define DIGEST_SIZE	32	/* SHA-256 */
#define SOURCE_TEXT	INET6_ADDRSTRLEN

struct relay_call;
struct session;

/* What is stored of a device. */
struct device_record {
	char name[DEVICE_NAME];
	char identifier[DEVICE_ID];		/* empty: pins only */
	char issuer[DEVICE_NAME];		/* that must have certified it; empty: any configured */
	char credential[DEVICE_NAME];
	uint8_t pin[DEVICE_PINS][DIGEST_SIZE];	/* of SSH host key, public key (SPKI) or certificate */
	uint8_t pins;
	uint8_t transport;			/* last seen by, enum transport */
	uint64_t added, first_seen, last_seen;
	uint64_t connections;
	char source[SOURCE_TEXT];		/* last seen at */
};

struct device_pin {
	struct table_node node;
	struct device *device;
};

struct device {
	struct device_record record;
	struct table_node by_name, by_identifier;
	struct device_pin by_pin[DEVICE_PINS];
	struct device *next, *previous;
	struct device *next_dirty;
	bool dirty, removed;
	struct session *session;		/* the live one, or NULL; its engine's */
	struct job *waiting;			/* requests for when it connects; job.c's */
	struct relay_call *calls;		/* relay.c's */
};

/* Somebody who was refused, by what was shown and why. */
struct refusal {
	uint8_t digest[DIGEST_SIZE];		/* of the key or certificate; zeros: none was shown */
	char identifier[DEVICE_ID];		/* as shown; printable, unverified */
	char reason[64];
	char source[SOURCE_TEXT];		/* the last one */
	uint8_t transport;
	uint64_t first, last, count;
};

struct refused {
	struct refusal r;
	struct table_node node;
	struct refused *newer, *older, *next_dirty;
	bool dirty;
};

struct inventory {
	const struct settings_limits *limits;
	struct table names, identifiers, pins, refusals;
	struct device *first, *last;		/* in order of names being added */
	struct device *dirty, *gone;
	bool all_dirty;				/* what is in the database counts no more */
	struct refused *newest, *oldest, *dirty_refused;
	uint8_t key[16];
	uint32_t devices, refused;
};

/* 0 or -errno. @limits must stay. */
int inventory_init(struct inventory *v, const struct settings_limits *limits);
void inventory_fini(struct inventory *v);
/*
 * Add a device. NULL and *@why if there is one of that name, identifier or pin already, there are too
 * many, or something is wrong with it. @stored: it comes from the database and need not go there.
 */
struct device *inventory_add(struct inventory *v, const struct device_record *r, bool stored,
			     const char **why);
/* Forget it: the device may not be used afterwards; requests and session must be gone before. */
void inventory_remove(struct inventory *v, struct device *d);
struct device *inventory_by_name(struct inventory *v, const char *name);
struct device *inventory_by_identifier(struct inventory *v, const char *identifier);
struct device *inventory_by_pin(struct inventory *v, const uint8_t digest[DIGEST_SIZE]);
/* Everything has to be written again: the database failed. */
void inventory_mark_all(struct inventory *v);
/* It proved who it is, by @transport, from @source, at @now. */
void inventory_seen(struct inventory *v, struct device *d, enum transport transport,
		    const char *source, uint64_t now);
/* Somebody was refused: first, last and count are filled in here. Bounded: the oldest goes. */
void inventory_refuse(struct inventory *v, const struct refusal *r, uint64_t now);
/* From the database. */
void inventory_refuse_stored(struct inventory *v, const struct refusal *r);
/* Whether @text can be a name: letters, digits, and -_.: within. */
bool inventory_name_valid(const char *text);
/* @in, unverified, as printable ASCII for logs and people; the rest becomes '?'. */
void inventory_printable(char *out, size_t size, const char *in, size_t len);

#endif /* _MANAGER_INVENTORY_H */
