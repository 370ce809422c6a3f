/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requesters, and what each of them has: sessions, and how fast new ones come.
 *
 * Somebody is known by the best there is: a key that has signed, a name proved by TLS, the user or
 * manager of this node, else the address of the neighbour. A requester is kept while it has sessions or has
 * asked within the last seconds; there are never more than REQUESTERS_MAX, and who is new then is
 * refused, so that a flood from forged addresses costs those who come after it and nobody who is
 * there.
 */
#ifndef _NATFWD_POLICY_REQUESTER_H
#define _NATFWD_POLICY_REQUESTER_H

#include "base/gate.h"
#include "base/table.h"

#define REQUESTERS_MAX	65536
#define REQUESTER_TEXT	80	/* room for requester_text() */

enum requester_kind {
	REQUESTER_KEY, REQUESTER_TLS, REQUESTER_USER, REQUESTER_ADDRESS, REQUESTER_MANAGER,
};

struct requester_id {
	uint8_t kind;			/* enum requester_kind */
	union {
		uint32_t number;	/* of key or user */
		char name[GATE_NAME];
		struct address address;
	};
};

struct requester {
	struct table_node node;
	struct requester_id id;
	uint32_t sessions;
	uint32_t tokens;		/* thousandths of a session that may be asked for at once */
	uint64_t at;			/* when @tokens was right, ms */
};

struct requesters {
	struct table table;
	uint8_t key[16];		/* of the table's hash */
	uint32_t rate;			/* new sessions a second of one requester; 0: not limited */
};

void requesters_init(struct requesters *t, const uint8_t key[16], uint32_t rate);
void requesters_fini(struct requesters *t);
/* Who @who is; @key is the id of the key that has signed, 0: none. */
void requester_identify(struct requester_id *id, const struct gate_who *who, uint32_t key);
/* The requester, made if it is new. NULL: there are too many, or no memory. @now in ms. */
struct requester *requester_get(struct requesters *t, const struct requester_id *id, uint64_t now);
/*
 * Whether @r may have one session more of at most @max and, if @paced, asks slowly enough; takes it
 * if so. NULL, or why not.
 */
const char *requester_take(struct requesters *t, struct requester *r, uint32_t max, bool paced,
			   uint64_t now);
/* One session less. */
void requester_give(struct requesters *t, struct requester *r);
/* A session goes over from @from to @to, whatever the limits: whoever refreshes it has it. */
void requester_move(struct requesters *t, struct requester *from, struct requester *to);
/* Forget those without sessions who have been quiet; to be called about once a second. */
void requesters_sweep(struct requesters *t, uint64_t now);
/* "192.0.2.1", "tls gw.example.net", "user 1000", "key 7", "manager ops" to @buf. Returns @buf. */
const char *requester_text(const struct requester_id *id, char *buf);

#endif /* _NATFWD_POLICY_REQUESTER_H */
