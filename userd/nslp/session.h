/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions (RFC 5973, section 3.2.8): state, timers, what is kept of them.
 *
 * At a forwarder a session is 280 octets with both MRIs, beside the allocator's own; what only some
 * have hangs on pointers: an extra part of the rule (EXTERNAL, ICMP types), a reservation, an
 * application, and an exchange while a request is under way. Neighbours are shared records.
 *
 * A session always has a timer running: the answer's deadline while Pending, then the lifetime, or
 * the hold of a transitory one.
 */
#ifndef _NATFWD_NSLP_SESSION_H
#define _NATFWD_NSLP_SESSION_H

#include "nslp/peer.h"
#include "nslp/rule.h"

/* Where a request is that this node is busy with. */
enum nslp_stage {
	NSLP_STAGE_ADMIT,	/* the gate is asked whether it may */
	NSLP_STAGE_SENT,	/* it went on; the RESPONSE is awaited */
	NSLP_STAGE_OPEN,	/* the gate is told to open or hold */
	NSLP_STAGE_RESTORE,	/* no request: the gate forgot, and is asked again */
};

/* One request under way; a session has one at most, a newer one takes its place. */
struct nslp_exchange {
	uint8_t stage;			/* enum nslp_stage */
	bool fresh;			/* the session begins with it */
	bool proxy, beyond;		/* P, E of the request */
	uint32_t msn;
	uint32_t lifetime;		/* accepted here; then what is granted */
	uint32_t handle;		/* of GIST's MessageStatus */
	uint64_t gate;			/* id of what the gate was asked last */
	uint16_t refuse, refuse_object;	/* what to say once the asker has proved itself */
	struct nslp_peer *near;		/* who asked; NULL: this node */
	struct nslp_rule *next;		/* an update: to be swapped in on success (3.10) */
	struct gist_view octets;	/* owned: the request until sent on, then its RESPONSE */
};

struct nslp_reservation;
struct nslp_local;

struct nslp_session {
	struct table_node node;
	struct timer timer;
	struct nslp *n;
	struct nslp_rule rule;
	struct nslp_peer *near, *far;	/* NULL: this node, or not known */
	struct nslp_exchange *exchange;	/* NULL: none under way */
	struct nslp_reservation *reservation;	/* that CREATEs match, or a deny for them */
	struct nslp_local *local;	/* opened by an application here */
	struct nslp_session *link;	/* proxy-NI: the other of both sessions */
	uint64_t expiry;		/* ms, when the lifetime ends */
	uint32_t msn;			/* of the last request accepted, or sent */
	uint32_t lifetime;		/* seconds granted */
	uint8_t sid[GATE_SID];
	uint8_t state;			/* enum session_state */
	bool proxy, beyond;		/* P, E */
	bool granted;			/* the gate holds something of it */
	bool counted;			/* in the pending ones of its neighbour */
	bool reached;			/* the far side may know of it */
};

/* The session called @sid, or NULL. */
struct nslp_session *nslp_session_find(const struct nslp *n, const uint8_t *sid);
/* A new one, Pending, without a rule. NULL: limits, or out of memory. */
struct nslp_session *nslp_session_create(struct nslp *n, const uint8_t *sid,
					 struct nslp_peer *near);
/* Take it out: frees it and what hangs on it. Nobody is told. */
void nslp_session_free(struct nslp_session *s);
/*
 * End it for good (Dead): rules go, the secondary session of a proxy too, the application is told
 * @code and @why. Neighbours are not.
 */
void nslp_session_end(struct nslp_session *s, uint16_t code, const char *why);
void nslp_session_state(struct nslp_session *s, enum session_state state);
/* Established for @lifetime seconds from now; the rule of an update takes over (3.10). */
void nslp_session_establish(struct nslp_session *s, uint32_t lifetime);
/* Hold it until an updating request comes (3.2.8, 3.9). */
void nslp_session_transitory(struct nslp_session *s, bool hold);
/* Move the deadline of a Pending one, ms from now. */
void nslp_session_deadline(struct nslp_session *s, uint64_t after);
/* Seconds of lifetime left. */
uint32_t nslp_session_left(const struct nslp_session *s);

/* Begin an exchange, in place of one under way. NULL: out of memory. */
struct nslp_exchange *nslp_exchange_begin(struct nslp_session *s, uint32_t msn, uint32_t lifetime);
void nslp_exchange_end(struct nslp_session *s);
/* Keep a copy of @octets; false: out of memory. */
bool nslp_exchange_keep(struct nslp_exchange *x, struct gist_view octets);
void nslp_exchange_forget(struct nslp_exchange *x);
/* The rule the exchange is about. */
static inline struct nslp_rule *nslp_session_rule(struct nslp_session *s)
{
	return s->exchange && s->exchange->next ? s->exchange->next : &s->rule;
}

/* Whether this node has begun it. */
static inline bool nslp_session_initiated(const struct nslp_session *s)
{
	return s->rule.role == SESSION_NI || s->rule.role == SESSION_PROXY_NI;
}

/* All that match, their ids in an array to be freed; @*count of them. */
uint8_t (*nslp_session_collect(struct nslp *n, bool (*match)(const struct nslp_session *s,
							     const void *arg),
			       const void *arg, uint32_t *count))[GATE_SID];

#endif /* _NATFWD_NSLP_SESSION_H */
