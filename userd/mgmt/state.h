/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon has, asked of the other processes: /natfw/state as JSON (RFC 7951), and state in trees of
 * the IETF.
 */
#ifndef _NATFWD_MGMT_STATE_H
#define _NATFWD_MGMT_STATE_H

#include <event2/event.h>
#include <jansson.h>

#include "base/session.h"
#include "proc.h"

/* Parts, by bit. */
enum {
	STATE_SESSIONS, STATE_PEERS, STATE_RULES, STATE_ACES, STATE_POOLS, STATE_NAT, STATE_MAPS, STATE_COUNTERS,
	STATE_CALLS, STATE_DAEMON, STATE_PARTS
};

#define STATE_BIT(part)	(1u << (part))
/* Of ietf-nat (RFC 8512), and not of /natfw/state. */
#define STATE_OF_NAT	(STATE_BIT(STATE_NAT) | STATE_BIT(STATE_MAPS))
#define STATE_ALL	((STATE_BIT(STATE_PARTS) - 1) & ~STATE_OF_NAT)

struct state;
struct entries;

struct state_answer {
	json_t *tree;			/* {"natfw:natfw": {"state": ...}}; the callee's */
	struct entries *entries;	/* of lists that are empty in the tree; the callee's */
	const char *missing;		/* in words; NULL: nothing is */
	const char *refused;		/* why there is neither tree nor entries, in words */
};

void state_init(struct event_base *base);
/* The name of a part in /natfw/state; of one that is not there "". */
const char *state_name(unsigned int part);
/*
 * Gather @parts for @user, with a session's tag in @tag of sessions and rules only that one's, of mappings those of
 * @maps. @done is called once, not before this returns. Those of @parts in @empty, all lists of entries, are there with no
 * entries. NULL: too much to do.
 */
struct state *state_gather(const char *user, unsigned int parts, unsigned int empty, const char *tag,
			   const struct map_wishes *maps,
			   void (*done)(void *arg, struct state_answer *a), void *arg);
/* Nobody waits any more. */
void state_cancel(struct state *s);
/* As for proc_ops; false if the message is not for here. */
bool state_message(enum proc_id from, enum msg_type type, const void *data, size_t len);
void state_peer(enum proc_id id);
/* Member "session" of @o, a session as it is told here. */
void state_tag(json_t *o, const struct session_info *i);
/* The part that is known here: members of call-home/client. Set by who knows them. */
extern json_t *(*state_calls)(void);

#endif /* _NATFWD_MGMT_STATE_H */
