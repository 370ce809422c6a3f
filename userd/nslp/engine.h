/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine itself, seen by its own files only.
 *
 * Who does what when a request comes in (RFC 5973, section 3.7):
 *
 *	receive.c	syntax, sequence number, lifetime; finds or makes session and exchange
 *	create.c	what a CREATE means at this node; reserve.c: what an EXTERNAL does
 *	gateway.c	asks the gate; its answers
 *	exchange.c	drives a request on: admitted, sent, answered, opened, or failed
 *	forward.c	as NF; respond.c as NR, edge and proxy-NR; initiate.c as NI and proxy-NI
 *
 * Any call that sends, asks the gate or tells an application may come back into the engine and end
 * the session it was about: such calls come last, and nothing of the session is used after them.
 */
#ifndef _NATFWD_NSLP_ENGINE_H
#define _NATFWD_NSLP_ENGINE_H

#include "base/table.h"
#include "nslp/lower.h"
#include "nslp/message.h"

#define NSLP_ID			33	/* NSLPID (RFC 5973 7) */
#define NSLP_RAO4		65
#define NSLP_RAO6		68
#define NSLP_MESSAGE_MAX	4096	/* octets of a message taken in or made */
#define NSLP_LINGER		5000	/* ms GIST keeps state for what was sent last */
#define NSLP_GATE_WAIT		10000	/* ms until the gate has to have answered */
#define NSLP_SCANS		10	/* walks through all sessions a second, at a peer's wish */

struct nslp_local;

/* Sessions still to be restored after the gate was restarted. */
struct nslp_restore {
	struct timer timer;
	uint8_t (*sid)[GATE_SID];	/* reservations, then what may refer to them */
	uint32_t count, next;
	uint32_t reservations, answered;	/* of the first kind; of these, the gate has answered */
	uint64_t since;			/* ms, when it began */
};

/* Rules that are to go and the gate could not be told to take away yet. */
struct nslp_closing {
	struct timer timer;
	uint8_t (*sid)[GATE_SID];
	uint32_t count, size;
};

struct nslp {
	struct nslp_config c;
	struct nslp_io io;
	const struct nslp_lower *lower;
	struct gist *gist;
	struct timers *timers;
	struct table sessions;		/* by SID */
	struct table reservations;	/* by external endpoint */
	struct table peers;		/* by SII-Handle */
	struct nslp_local *local;	/* sessions of applications here */
	uint8_t key[16];		/* of these tables */
	uint64_t gate_id;
	uint64_t order;			/* of reservations, for the oldest */
	uint32_t handle;
	uint64_t scan_second;
	unsigned int scans[2];		/* in it: for strangers, for those with an association */
	struct nslp_restore restore;
	struct nslp_closing closing;
	struct nslp_stats stats;
	bool down;			/* nothing new is begun */
};

static inline void nslp_count(struct nslp *n, enum nslp_counter counter)
{
	n->stats.counter[counter]++;
}

/*
 * nslp_send() - hand a message to GIST
 * @mri: in the direction of the message
 * @octets: the message
 * @handle: for MessageStatus, or 0
 * @sii: not 0: explicit routing to this peer
 */
int nslp_send(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
	      struct gist_view octets, uint32_t handle, uint64_t sii);
/* Write @m and send it so. -EMSGSIZE and -EINVAL of the codec too. */
int nslp_send_message(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
		      const struct nslp_message *m, uint64_t sii);
/* Tell GIST how long state toward @mri is wanted; seconds. */
void nslp_keep(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri, uint32_t lifetime);
/* The same MRI in the other direction. */
struct gist_mri nslp_inverted(const struct gist_mri *mri);
/*
 * Whether another walk through all sessions is due a peer now. Who is @known, by an association, is
 * not kept from it by those who are not, whom anybody may pretend to be.
 */
bool nslp_may_scan(struct nslp *n, bool known);
bool nslp_sid_zero(const uint8_t *sid);

#endif /* _NATFWD_NSLP_ENGINE_H */
