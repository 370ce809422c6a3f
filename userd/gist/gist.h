/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GIST engine (RFC 5971): routing state, handshakes, messaging associations.
 *
 * Pure protocol: it has no sockets and no clock of its own. What it wants done outside goes through
 * struct gist_io, what happens outside comes in through gist_datagram(), gist_intercepted(),
 * gist_ma_*() and gist_route_changed(), time through the struct timers given. Signalling
 * applications register a struct gist_nslp. So the daemon (userd/sig) and the tests with a fake
 * clock run the same engine.
 *
 * One thread. Callbacks may call back into the engine, gist_send() included, but must not destroy
 * it. Views handed to callbacks are valid until they return. Functions that can fail return 0 or a
 * negative errno and then have changed nothing.
 */
#ifndef _NATFWD_GIST_GIST_H
#define _NATFWD_GIST_GIST_H

#include "base/timers.h"
#include "gist/message.h"

struct gist;

/* ------------------------------------------------------------------ what the engine wants done */

/* The IP and UDP headers of a Q-mode message (5.3.2): source and addresses come from the MRI. */
struct gist_qmode {
	struct address source;		/* of the flow (S=0) or our own (S=1) */
	struct address destination;
	uint16_t sport;			/* where replies are awaited: gist_config.port */
	uint8_t ttl;			/* 255 upstream (5.8.1.3) */
	uint8_t ds;			/* six bits */
	uint32_t label;			/* IPv6 flow label, 0: none */
	int rao;			/* router alert value, -1: no option */
	unsigned int ifindex;		/* interface to leave by, 0: as routed */
};

/* How a destination is reached, from the kernel's routing table. */
struct gist_route {
	unsigned int ifindex;
	struct address source;		/* preferred source address there; unset: none */
	struct address gateway;		/* unset: on link */
	uint32_t mtu;			/* octets; 0: not known */
	bool local;			/* the destination is this node */
};

struct gist_target {
	struct endpoint to;
	struct address from;		/* source to use, or unset */
	bool tls;
};

struct gist_io {
	void *arg;
	/* Send a datagram in normal mode from @from's address and port (5.3.1). */
	int (*datagram)(void *arg, const struct endpoint *from, const struct endpoint *to,
			struct gist_view payload);
	/* Send a Q-mode datagram (5.3.2). -EMSGSIZE: does not fit the link. */
	int (*qmode)(void *arg, const struct gist_qmode *q, struct gist_view payload);
	/*
	 * Put an intercepted packet on its way again (4.3.4): its IP header as it came with TTL one
	 * lower, @payload in place of the old one (same octets: leave checksum valid). @token as
	 * given to gist_intercepted().
	 */
	int (*forward)(void *arg, const void *token, struct gist_view payload);
	/*
	 * Open a stream to @to for association @ma. Ends in gist_ma_connected() or
	 * gist_ma_failed(), never from within this call.
	 */
	int (*connect)(void *arg, uint32_t ma, const struct gist_target *to);
	/* Queue octets on the stream; reliable, in order. -ENOBUFS when too much is queued. */
	int (*stream)(void *arg, uint32_t ma, struct gist_view octets);
	/* Octets queued and not yet taken by the kernel; 0 when idle. */
	size_t (*backlog)(void *arg, uint32_t ma);
	/* Close the stream; after what is queued if @flush. Nothing comes from @ma any more. */
	void (*close)(void *arg, uint32_t ma, bool flush);
	/* False if there is no route. */
	bool (*route)(void *arg, const struct address *to, struct gist_route *r);
	bool (*local)(void *arg, const struct address *a);
	/* Whether packets from @source may come in by @ifindex: reverse path (4.3.2, 5.8.1.2). */
	bool (*ingress)(void *arg, const struct address *source, unsigned int ifindex);
	/* A unicast address of this node on @ifindex, of IP version @version; false if none. */
	bool (*interface_address)(void *arg, unsigned int ifindex, unsigned int version,
				  struct address *a);
	/* Strong random octets. */
	void (*random)(void *arg, void *buf, size_t n);
};

/* ------------------------------------------------------------------ configuration */

#define GIST_TLS_NONE		0	/* Forwards-TCP only */
#define GIST_TLS_OFFERED	1	/* TLS/TCP and TCP */
#define GIST_TLS_REQUIRED	2	/* TLS/TCP only; no D-mode Data with content */

struct gist_config {
	uint8_t identity[32];		/* Peer-Identity, stable while the node lives (3.3) */
	uint8_t identity_len;
	uint16_t port;			/* UDP source port of Queries, where replies come; 270 */
	uint16_t tcp_port;		/* where associations are accepted; 0: none */
	uint16_t tls_port;
	uint8_t tls;			/* GIST_TLS_... */
	uint32_t t1, t2;		/* ms; 500 and 32000 (5.3.3) */
	uint32_t validity;		/* RS-validity-time, ms; 30000 */
	uint32_t hold;			/* MA-Hold-Time, ms; 30000 */
	uint32_t inactive;		/* Inactive_QNode, ms, where SetStateLifetime is not used */
	uint8_t hops;			/* initial GIST hop count */
	uint32_t rate;			/* octets/s of D-mode in all (5.3.3); 0: 5 % of 1 Gbit/s */
	uint32_t burst;			/* octets */
	uint32_t handshakes;		/* handshakes of ours under way at most; 0: 100000 */
	uint32_t states;		/* routing states at most */
	uint32_t associations;		/* at most, and per peer address at most 8 */
	bool delayed;			/* keep no state before the Confirm (8.5); default */
	bool no_rao;			/* leave the option out (5.3.2.1), for tests */
	bool bypass_checks;		/* look for 8/0, 2/0 and 12/0 when forwarding for others */
	bool comments;			/* debugging text in Errors */
	bool cookie_errors;		/* answer a bad cookie with 10/4 (debugging, 8.6) */
	unsigned int allow;		/* GIST_ALLOW_... */
};

/* Defaults of the RFC; the caller adds identity and ports. */
void gist_config_default(struct gist_config *c);

/* ------------------------------------------------------------------ what arrives */

struct gist_arrival {
	struct endpoint from, to;	/* IP and UDP headers */
	uint8_t ttl;			/* of the IP header, 0: not known */
	unsigned int ifindex;
	int rao;			/* value of the router alert option, -1: none */
};

/* ------------------------------------------------------------------ signalling applications */

enum gist_security { GIST_CLEAR, GIST_TLS };

/* Which signalling peer, where it is and how a message got here (4.1.2). */
struct gist_peer {
	uint64_t sii;			/* SII-Handle (3.3); 0: not known. Same peer, same handle */
	struct address address;		/* interface address of its NLI */
	unsigned int ifindex;		/* where its message came in */
	enum gist_security security;
	const char *name;		/* authenticated TLS identity, NULL: none */
	uint32_t ma;			/* association it came by, 0: D-mode */
};

struct gist_rx {
	uint16_t nslpid;
	const uint8_t *sid;		/* GIST_SID_SIZE octets */
	const struct gist_mri *mri;	/* as in the message */
	struct gist_view mri_value;	/* the same, value as on the wire */
	struct gist_view data;
	const struct gist_peer *peer;
	bool validated;			/* matched against routing state, peer proven reachable */
	bool query;			/* came in a Query: nothing is proven */
	bool explicit_route;		/* E=1: the application has to check by itself (7.1.5) */
	bool endpoint;			/* the message cannot go on: flow ends here */
	bool translated;		/* a GIST-aware NAT was on the way (7.2) */
	uint8_t hops;			/* after the decrement */
	uint8_t ttl;
	int distance;			/* IP hops to the peer, -1: not known */
};

enum gist_peering {
	GIST_PEER,			/* answer the Query, be the next signalling hop */
	GIST_PROPAGATE,			/* not for us, let it go on (4.3.2) */
	GIST_IGNORE,			/* overloaded: neither */
};

enum gist_failure {
	GIST_FAIL_NO_RESPONSE,		/* nobody answers: last node (4.4.1, 5.3.3) */
	GIST_FAIL_REFUSED,		/* an Error ended it: struct gist_status.error */
	GIST_FAIL_ASSOCIATION,		/* the messaging association could not be made or broke */
	GIST_FAIL_SECURITY,		/* peer not authorised or attributes cannot be met */
	GIST_FAIL_TOO_LARGE,
	GIST_FAIL_NO_ROUTE,
	GIST_FAIL_LIMIT,		/* out of states, handshakes, rate or memory */
};

/* MessageStatus (B.3): what became of a gist_send() that had a handle. */
struct gist_status {
	uint32_t handle;
	uint16_t nslpid;
	const uint8_t *sid;
	const struct gist_mri *mri;
	bool sent;			/* on its way; else @failure tells */
	enum gist_failure failure;
	uint16_t error;			/* GIST_FAIL_REFUSED: code << 8 | subcode */
	const struct gist_peer *peer;	/* sent: to whom; may be NULL */
};

enum gist_event {
	GIST_LAST_NODE,			/* no further node with this NSLP (B.4): Endpoint Found, or
					 * nobody answered the first handshake */
	GIST_ROUTE_GOOD,		/* routing status: peer (re)confirmed, @peer is set */
	GIST_ROUTE_TENTATIVE,
	GIST_ROUTE_BAD,			/* the route has changed */
	GIST_ROUTE_DELETED,		/* old peer @peer is no longer on the path */
	GIST_AUTH_CHANGED,
	GIST_COMMUNICATION_FAILURE,	/* messages may be lost */
	GIST_STATE_LOST,		/* routing state expired or was removed */
};

/* NetworkNotification (B.4). Concerns @sid, or all sessions of the MRI if NULL. */
struct gist_network {
	enum gist_event event;
	uint16_t nslpid;
	const uint8_t *sid;
	const struct gist_mri *mri;
	bool upstream;			/* which neighbour is meant: toward the flow's source */
	const struct gist_peer *peer;	/* or NULL */
};

struct gist_nslp {
	void *arg;
	/*
	 * A Query, initial or refresh (4.3.2). With GIST_PEER, @answer (empty when called) is
	 * payload for the Response, 256 octets at most; with GIST_PROPAGATE it takes the place of
	 * the payload, if not empty. @rx->data may be empty.
	 */
	enum gist_peering (*query)(void *arg, const struct gist_rx *rx, struct gist_view *answer);
	/* RecvMessage of anything else with payload. */
	void (*message)(void *arg, const struct gist_rx *rx);
	void (*status)(void *arg, const struct gist_status *s);
	void (*network)(void *arg, const struct gist_network *n);
};

/* ------------------------------------------------------------------ the engine */

struct gist *gist_create(const struct gist_config *c, const struct gist_io *io,
			 struct timers *timers);
void gist_destroy(struct gist *g);
/* New limits and timers for what comes after; identity and ports must be as before. */
void gist_reconfigure(struct gist *g, const struct gist_config *c);
/* @rao4, @rao6: router alert values of the application. -EEXIST. @ops are copied. */
int gist_register(struct gist *g, uint16_t nslpid, unsigned int rao4, unsigned int rao6,
		  const struct gist_nslp *ops);

/* A datagram for one of our addresses, magic number and all. */
void gist_datagram(struct gist *g, const struct gist_arrival *a, struct gist_view payload);
/*
 * A packet to UDP port 270 caught on its way to somebody else. True: it was consumed, or forwarded
 * by gist_io.forward(); false: not for us, the caller lets it go on unchanged (5.3.2, 3.6).
 */
bool gist_intercepted(struct gist *g, const struct gist_arrival *a, const void *token,
		      struct gist_view payload);

/* Streams. @ma of accepted ones is chosen by the engine; 0: refused, close it. @name: of TLS. */
uint32_t gist_ma_accepted(struct gist *g, const struct endpoint *from, const struct endpoint *to,
			  unsigned int ifindex, bool tls, const char *name);
void gist_ma_connected(struct gist *g, uint32_t ma, const char *name);
/* Octets of a stream; returns how many were used up: what is left is given again with more. */
size_t gist_ma_input(struct gist *g, uint32_t ma, struct gist_view octets);
/* Closed, reset, timed out, refused: @error is a positive errno or 0 (closed by the peer). */
void gist_ma_failed(struct gist *g, uint32_t ma, int error);
/* Drop every association whose peer @allowed says no to (4.4.2: the APD has changed). */
void gist_ma_review(struct gist *g, bool (*allowed)(void *arg, const char *name,
						     const struct address *peer), void *arg);

/* Routes to @prefix/@len (version 0: any) have changed: check states that go there (7.1). */
void gist_route_changed(struct gist *g, const struct address *prefix, unsigned int len);

struct gist_tx {
	uint16_t nslpid;
	const uint8_t *sid;
	const struct gist_mri *mri;	/* in the direction this message is to go */
	struct gist_view data;
	uint32_t handle;		/* 0: no MessageStatus wanted */
	uint64_t sii;			/* not 0: explicit routing to this peer (7.1.4), by association */
	bool reliable;
	bool secure;
	bool no_state;			/* Q-mode Data, no handshake (3.2, 4.3.3) */
	uint32_t timeout;		/* ms, 0: T2 */
	uint8_t ttl;			/* 0: default */
	uint8_t hops;			/* 0: default; a count of 0 is for the caller to refuse */
	bool from_flow;			/* Query with the flow's own source address (S=0) */
	bool discover;			/* upstream without routing state: ask for the peer by a
					 * Query toward the flow's source (5.8.1.3) */
};

/*
 * SendMessage (B.1). Queued while a handshake or an association is being set up. -EINVAL (also: we
 * are its destination), -ENETUNREACH, -ENOBUFS, -EMSGSIZE, -ENOENT (explicit routing without
 * association, or upstream without routing state and no @discover, or @secure and the peer has set
 * up no TLS). MessageStatus that it was sent may come from within; what fails at once is told by
 * the return value only. It is the querying node that decides whether there is an association: a
 * message back that wants one where the peer has made none goes in D-mode.
 */
int gist_send(struct gist *g, const struct gist_tx *tx);
/* SetStateLifetime (B.5), ms; 0: no interest any more. @sid NULL: any. */
void gist_set_lifetime(struct gist *g, uint16_t nslpid, const uint8_t *sid,
		       const struct gist_mri *mri, uint32_t lifetime);
/* InvalidateRoutingState (B.6). */
void gist_invalidate(struct gist *g, uint16_t nslpid, const struct gist_mri *mri, bool bad,
		     bool urgent);
/* Whether there is an association with the peer @sii now; its security to @security or NULL. */
bool gist_has_association(const struct gist *g, uint64_t sii, enum gist_security *security);

/* ------------------------------------------------------------------ looking at it */

enum gist_counter {
#define GIST_COUNTER(name, text) GIST_N_##name,
#include "gist/counter.def"
#undef GIST_COUNTER
	GIST_COUNTERS,
};

struct gist_stats {
	uint64_t counter[GIST_COUNTERS];
	uint32_t queriers, responders, associations, handshakes, queued;
	uint64_t memory;		/* octets of states and associations */
};

void gist_stats(const struct gist *g, struct gist_stats *s);
/* Names of counters as in metrics: "query_sent". */
const char *gist_counter_name(enum gist_counter c);
/* One line on each association, for `natfwctl session show --peers`. */
struct gist_ma_info {
	uint32_t ma;
	struct endpoint peer;
	const char *state, *name;
	bool tls, outgoing;
	uint32_t sessions, idle_ms;
};
void gist_each_ma(const struct gist *g, void (*fn)(void *arg, const struct gist_ma_info *i),
		  void *arg);

#endif /* _NATFWD_GIST_GIST_H */
