/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy: who may open what toward whom, for how long (RFC 5973 3.6, 5).
 *
 * The entries of the configuration in their order; the first that fits decides. Where none fits,
 * what is built in does:
 *
 *	CREATE from inside	flows that come from behind the interface it came in by
 *	CREATE from outside	flows that a reservation is there for
 *	EXTERNAL		from inside, for a destination that is the requester itself
 *	local applications	flows of this node's addresses; root, where this node is no gateway,
 *				any
 *	managers of this node	as local applications that are not root's
 *	on behalf of others	nothing
 *
 * Pure: it looks at values and asks its two questions about routing through callbacks. How many is
 * requester.h's, what is there already ledger.h's.
 */
#ifndef _NATFWD_POLICY_POLICY_H
#define _NATFWD_POLICY_POLICY_H

#include "base/gate.h"
#include "conf/conf.h"

struct policy_io {
	void *arg;
	/* Whether the route to @a leaves by interface @ifindex. */
	bool (*behind)(void *arg, const struct address *a, uint32_t ifindex);
	/* Whether @a is an address of this node. */
	bool (*own)(void *arg, const struct address *a);
};

/* The interface a request came in by. */
struct policy_side {
	const char *name;	/* NULL: none that is configured */
	bool outside;
	uint32_t zone;
};

/* What is known about a reservation for the flow of a CREATE. */
enum policy_reservation {
	RESERVATION_NONE,
	RESERVATION_FITS,
};

struct policy_ask {
	const struct gate_request *request;
	const struct policy_side *from;	/* NULL: this node itself */
	uint32_t key;			/* id of the key that has signed; 0: none */
	enum policy_reservation reservation;
	/*
	 * The session was there before this process was, and its requester cannot sign again just
	 * now: entries with a key fit without it. Good for what is there only, see
	 * policy_verdict.waived.
	 */
	bool resumed;
};

struct policy_verdict {
	uint16_t code;			/* enum nslp_code; 0: may be done */
	uint16_t object;		/* type of the object at fault, or 0 */
	uint32_t lifetime;		/* seconds granted */
	uint32_t sessions_max;		/* of the requester */
	bool waived;			/* granted for a key that nobody has shown */
	const char *entry;		/* that decided; the configuration's or static */
	const char *why;		/* static; "" if it may be done */
};

#define POLICY_BUILT_IN	"built-in"

/*
 * policy_decide() - decide about an ADMIT whose request gate_check() has read
 * @c: the configuration
 * @v: filled in
 */
void policy_decide(const struct conf *c, const struct policy_io *io, const struct policy_ask *ask,
		   struct policy_verdict *v);

/* Whether the request is a local application's. */
static inline bool policy_local(const struct gate_request *r)
{
	return r->who.uid != (uint32_t)-1;
}

#endif /* _NATFWD_POLICY_POLICY_H */
