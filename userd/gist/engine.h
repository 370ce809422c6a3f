/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the GIST engine: what its files share. Nothing of this is for applications or I/O.
 *
 * Routing state is one table with a row for each (MRI, SID, NSLPID), the MRI in the direction that
 * messages leave in (RFC 5971 4.2.1): so a flow has a row for each neighbour, and what a Response,
 * a Confirm or Data belongs to is found under its MRI turned around. A row is made by a Query of
 * ours (the querying node machine, 6.2) or of the peer's (the responding node machine, 6.3).
 *
 * Sizes, for 200,000 sessions through one neighbour: a row is 168 octets and its MRI, 188 with IPv4
 * and ports, 208 with its places in table and timers; what only a handshake needs is allocated for
 * as long as it lasts; peers and associations are shared.
 */
#ifndef _NATFWD_GIST_ENGINE_H
#define _NATFWD_GIST_ENGINE_H

#include "base/log.h"
#include "base/table.h"
#include "gist/frame.h"
#include "gist/gist.h"
#include "gist/reply.h"

#define NSLPS_MAX		8
#define OUT_SIZE		24576	/* more than one NSLP-Data object and all around it */
#define NSLP_DATA_MAX		(GIST_TLV_WORDS_MAX * 4)
#define DATAGRAM_MAX		576	/* octets, headers included, if nothing is known (4.3.3) */
#define DATAGRAM_HEADERS	64	/* room for IP and UDP (4.3.3) */
#define COOKIE_SIZE		16
#define GRANT_MAX		96	/* octets of a Responder-Cookie */
#define MA_PER_PEER		8
#define MA_SETUP_TIME		30000	/* ms; also how long stack objects are kept (5.7.1) */
#define MA_UNPROVEN_MAX		16384	/* octets of a message before the first Confirm */
#define QUEUE_MAX		32	/* messages of one state that wait */
#define QUEUE_OCTETS_MAX	(32u << 20)	/* of all states together */
#define VALIDITY_MIN		1000u	/* ms of routing state, whatever a peer says */
#define VALIDITY_MAX		3600000u
#define HOLD_MIN		1000u	/* ms of an association, ditto */
#define TTL_DEFAULT		64	/* Q-mode; and what struct gist_io sends D-mode with */
#define TTL_UPSTREAM		255	/* 5.8.1.3 */

struct ma;
struct state;

/* -------------------------------------------------------------- secrets and limits */

struct secrets {
	uint64_t changed;
	struct secret {
		uint32_t generation; /* random: told in clear, not to be guessed (8.5) */
		uint8_t key[16];
		bool used;
	} secret[2]; /* now, and before */
};

struct limiter {
	uint64_t at;	      /* when @tokens was right */
	int64_t tokens;	      /* octets * 1000 */
	uint32_t rate, burst; /* octets/s, octets */
};

/* -------------------------------------------------------------- peers */

/* What all peers of an address have together: whoever has one can be any number of peers. */
struct host {
	struct table_node node;
	struct address address;	     /* of IPv6 the /64 */
	uint32_t refs, responders;   /* peers; states that they made by their Queries */
};

struct peer {
	struct table_node by_nli, by_sii;
	struct ma *mas;
	struct host *host;
	uint64_t sii;
	uint32_t refs;	     /* states and associations */
	uint32_t ifindex;
	struct address address;
	struct address own; /* ours, toward it */
	uint8_t identity_len;
	uint8_t identity[];
};

/* -------------------------------------------------------------- routing state */

enum role { QUERIER, RESPONDER };

/* The states of 6.2 and 6.3, whose names differ only in what is awaited first. */
enum phase {
	AWAITING, /* Awaiting Response, Awaiting Confirm */
	ESTABLISHED,
	REFRESHING, /* Awaiting Refresh */
};

enum validity { BAD, TENTATIVE, GOOD }; /* 7.1.3 */

#define STATE_STACK	0x01 /* an association is wanted: Queries propose stacks */
#define STATE_SECURE	0x02 /* only TLS will do */
#define STATE_FINAL	0x04 /* no interest any more: not refreshed (B.5) */
#define STATE_FROM_FLOW 0x08 /* Queries with the flow's source address */
#define STATE_CHECK	0x10 /* look at the route when the timer fires (7.1.2) */
#define STATE_URGENT	0x20 /* a new handshake when the timer fires */
#define STATE_RELIABLE	0x40 /* sent reliable messages by its association */
#define STATE_BROKEN	0x100	/* say when the timer fires that messages may be lost */
#define STATE_LIFETIME	0x80 /* SetStateLifetime has been used */

struct state {
	struct table_node node;
	struct timer timer;
	struct gist *g;
	uint64_t expire;   /* the peer is good until then; 0: not set */
	uint64_t refresh;  /* querier: next Query */
	uint64_t inactive; /* querier: Inactive_QNode */
	uint64_t nonce;	   /* querier: of the latest handshake's cookies */
	struct peer *peer; /* NULL while Bad */
	struct ma *ma;
	struct state *ma_next, **ma_prev;
	struct handshake *hs; /* NULL when nothing is under way */
	struct alias *alias;  /* the peer is behind a GIST-aware NAT, or NULL */
	uint32_t lifetime;    /* of Inactive_QNode, ms */
	uint32_t route;	      /* hash of the local route, 0: not known */
	uint16_t nslpid;
	uint16_t port; /* responder: where the peer awaits D-mode */
	uint16_t flags;
	uint8_t role, phase, validity;
	uint8_t transmissions; /* Queries of the latest handshake */
	uint8_t distance;      /* IP hops to the peer, 0: not known */
	uint8_t mri_len;
	uint8_t strikes; /* querier: No Routing State since anything came by this state */
	uint8_t sid[GIST_SID_SIZE];
	uint8_t mri[]; /* value as on the wire, in the direction we send */
};

/* The peer's own MRI where a NAT has changed it (7.2.3): what its messages are found under. */
struct alias {
	struct table_node node;
	struct state *state;
	uint8_t mri_len;
	uint8_t mri[]; /* in the direction we send */
};

/* A message that waits. */
struct pending {
	struct pending *next;
	uint32_t handle;
	uint16_t len;
	bool association; /* does not go in D-mode */
	uint8_t hops, ttl;
	uint8_t data[];
};

/* What a handshake needs while it lasts. */
struct handshake {
	uint64_t next;	   /* No_Response or No_Confirm, 0: not running */
	uint64_t deadline; /* of the whole, 0: by T2 */
	uint32_t wait;	   /* ms, as long as the last transmission was waited for */
	uint16_t queued;
	uint8_t hops, ttl;
	bool last; /* that was the last transmission */
	struct pending *first, **end;
	/* Querier: Responder-Cookie and Stack-Proposal for the Confirm; responder: the Response. */
	uint8_t *answer;
	uint16_t answer_len, cookie_len;
	bool confirm;		  /* querier: wanted, and not sent yet */
	struct endpoint from, to; /* responder: of the Response */
};

/* -------------------------------------------------------------- associations */

enum ma_phase { MA_CONNECTING, MA_CONNECTED, MA_IDLE };

struct ma {
	struct table_node node;
	struct timer timer;
	struct gist *g;
	struct ma *next, **prev; /* of the peer, once there is one */
	struct peer *peer;
	struct state *states;
	struct endpoint from; /* as accepted, or where we connect to */
	char *name;
	uint64_t heard, sent; /* when last */
	uint64_t armed; /* @sent when the timer was set */
	uint32_t id;
	uint32_t ifindex;
	uint32_t sessions;
	uint32_t hold;	/* the peer's, ms; 0: not known */
	uint8_t phase;
	bool tls, outgoing;
	bool reliable; /* has had messages that must not be lost */
	bool greeted;  /* first Confirm sent or received */
	bool dead;
};

/* -------------------------------------------------------------- the engine */

struct nslp_entry {
	uint16_t id;
	unsigned int rao4, rao6;
	struct gist_nslp ops;
};

struct gist {
	struct gist_config config;
	struct gist_io io;
	struct timers *timers;
	struct nslp_entry nslp[NSLPS_MAX];
	unsigned int nslps;
	struct table states, aliases, peers, siis, hosts, mas;
	uint8_t table_key[16], cookie_key[16];
	struct secrets secrets;
	struct limiter limiter;
	uint64_t next_sii;
	uint32_t next_ma;
	uint32_t roles[2]; /* states by enum role */
	uint32_t handshakes;
	uint32_t unproven; /* associations accepted, whose first Confirm has not come */
	uint32_t queued, queued_octets;
	uint64_t memory;
	uint64_t counter[GIST_COUNTERS];
	uint64_t remarked; /* when something was last said of what strangers send */
	uint8_t out[OUT_SIZE];
};

#define COUNT(g, name) ((g)->counter[GIST_N_##name]++)

static inline uint64_t gist_now(const struct gist *g)
{
	return g->timers->now;
}

/*
 * Say what somebody on the network has brought about: at most once a second for people, the rest
 * for who debugs; counters tell how often.
 */
#define gist_remark(g, ...)                                      \
	do {                                                     \
		enum log_level level_ = gist_remark_level(g);    \
		log_at(SUB_GIST, level_, __VA_ARGS__);           \
	} while (0)
enum log_level gist_remark_level(struct gist *g);

/* How a message got here. */
struct inbound {
	const struct gist_arrival *arrival; /* NULL: by @ma */
	struct ma *ma;
	const void *token; /* intercepted on its way to somebody else; else NULL */
	bool transit;
};

/* gist.c */
const struct nslp_entry *gist_nslp_find(const struct gist *g, uint16_t nslpid);
/* Uniform between @low and @high, both included. */
uint32_t gist_random_between(struct gist *g, uint32_t low, uint32_t high);
/* Uniform between half and three quarters of @span (4.4.4, 4.4.5); at least 1. */
uint32_t gist_random_refresh(struct gist *g, uint32_t span);

/* secret.c: rolling secrets */
const struct secret *gist_secret_now(struct gist *g);
const struct secret *gist_secret_find(struct gist *g, uint32_t generation);

/* limiter.c: token bucket of D-mode (5.3.3) */
void gist_limiter_init(struct gist *g);
/* Take @octets; false and nothing taken if they are not there. */
bool gist_limiter_take(struct gist *g, size_t octets);
/* Take them whatever is there: what ends a handshake begun must not be lost. */
void gist_limiter_owe(struct gist *g, size_t octets);
/*
 * Whether there is enough to answer strangers: half of it is left to what starts here and to peers,
 * so that a flood of Queries does not keep routing state from being refreshed.
 */
bool gist_limiter_spare(struct gist *g);
/* Ms until something can be sent again. */
uint32_t gist_limiter_wait(struct gist *g);
/* RS-validity-time that so many states can be refreshed in (4.4.4). */
uint32_t gist_limiter_validity(struct gist *g, uint32_t wish);

/* peer.c */
struct peer *gist_peer_find(struct gist *g, struct gist_view identity, const struct address *a,
			    uint32_t ifindex);
struct peer *gist_peer_by_sii(const struct gist *g, uint64_t sii);
/* A reference to the peer, made if new. NULL: out of memory. */
struct peer *gist_peer_get(struct gist *g, struct gist_view identity, const struct address *a,
			   uint32_t ifindex, const struct address *own);
void gist_peer_put(struct gist *g, struct peer *p);
bool gist_peer_is(const struct peer *p, struct gist_view identity, const struct address *a);
/*
 * An association with this peer (both elements of its NLI, 4.4.3), by whatever interface; with @tls
 * only a secure one.
 */
struct ma *gist_peer_association(struct gist *g, struct gist_view identity, const struct address *a,
				 bool tls, bool connected);
unsigned int gist_peer_associations(struct gist *g, const struct address *a);
/* Those of the address, of IPv6 of its /64, that nothing has been proven on yet. */
unsigned int gist_peer_unproven(struct gist *g, const struct address *a);

/* key.c: MRI values as keys */
struct key {
	const uint8_t *sid;
	uint16_t nslpid;
	uint8_t mri_len;
	uint8_t mri[GIST_MRI_SIZE_MAX];
};

/* False if the MRI cannot be written (SPI and ports together). */
bool gist_key_make(struct key *k, const struct gist_mri *mri, bool upstream, const uint8_t *sid,
		   uint16_t nslpid);
uint64_t gist_key_hash(const struct gist *g, const struct key *k);
void gist_key_mri(struct gist_mri *mri, const uint8_t *value, size_t len);

/* state.c */
struct state *gist_state_find(struct gist *g, const struct key *k);
/* The same for what a peer sends, who may have an MRI of its own. */
struct state *gist_state_find_peer(struct gist *g, const struct key *k);
/* NULL: limits or memory. */
struct state *gist_state_create(struct gist *g, const struct key *k, enum role role);
/*
 * The end of it: messages that wait get @failure, then the application @event about its peer,
 * unless that is NO_EVENT. It cannot be found any more when they are told.
 */
#define NO_EVENT (-1)
void gist_state_end(struct state *st, int event, enum gist_failure failure, uint16_t error);
/* The row of the same session in the other direction, toward the other neighbour; NULL: none. */
struct state *gist_state_opposite(const struct state *st);
/* B.5 with a lifetime of 0: not refreshed any more, ends when its validity does. */
void gist_state_finish(struct state *st);
/* Whether Queries are answered without making state, by configuration or because there is much. */
bool gist_state_delayed(const struct gist *g);
/* What the peer calls it, behind a NAT; @k NULL: the same as we. */
int gist_state_alias(struct state *st, const struct key *k);
void gist_state_mri(const struct state *st, struct gist_mri *mri);
/* Takes over the reference @p. */
void gist_state_set_peer(struct state *st, struct peer *p);
void gist_state_bind(struct state *st, struct ma *ma);
void gist_state_unbind(struct state *st);
/* Set the timer to what comes next. */
void gist_state_arm(struct state *st);
/*
 * Do what @flags say when the timer fires, some time within @spread ms: GIST_SPREAD() of the number of
 * states that something concerns, so that it does not stop the loop.
 */
void gist_state_soon(struct state *st, unsigned int flags, uint32_t spread);
#define GIST_SPREAD(states) ((states) / 50)
/* The timer's part of STATE_BROKEN, for both machines. */
void gist_state_tell_broken(struct state *st);
bool gist_handshake_begin(struct state *st);
void gist_handshake_end(struct state *st);
void gist_handshake_answer(struct handshake *hs, struct gist_view cookie, struct gist_view rest);

/* queue.c: messages that wait */
int gist_queue_add(struct state *st, const struct gist_tx *tx, bool association);
struct pending *gist_queue_take(struct state *st);
void gist_queue_free(struct gist *g, struct pending *p);
void gist_queue_fail(struct state *st, enum gist_failure failure, uint16_t error);

/* cookie.c */
void gist_query_cookie(const struct gist *g, const struct state *st, unsigned int transmission,
		       uint8_t cookie[COOKIE_SIZE]);
bool gist_query_cookie_check(const struct gist *g, const struct state *st, struct gist_view cookie);

#define GRANT_STACK 0x01 /* the Response had a Stack-Proposal */
#define GRANT_NAT   0x02 /* a GIST-aware NAT is on the way */

/* What a responder has to know when the Confirm comes, all in the Responder-Cookie (8.5). */
struct grant {
	uint32_t ifindex;
	uint16_t port; /* source of the Query */
	uint8_t flags, distance;
	uint32_t validity;
	struct address address; /* with NAT: of the peer, translated */
	uint8_t mri_len;	/* with NAT: MRI as it got here */
	uint8_t mri[GIST_MRI_SIZE_MAX];
};

/* What the cookie is bound to; the MRI in the Query's direction, as the querying node has it. */
struct grant_bind {
	const struct key *key;
	struct gist_view identity;
	const struct address *address; /* not with NAT */
};

size_t gist_grant_write(struct gist *g, const struct grant *grant, const struct grant_bind *b,
			uint8_t cookie[GRANT_MAX]);
bool gist_grant_read(struct gist *g, struct gist_view cookie, const struct grant_bind *b,
		     struct grant *grant);

/* stacks.c: what associations are proposed and chosen (5.7) */
struct stacks {
	uint8_t proposal[16], options[24];
	struct gist_proposal p;
	struct gist_stackconf s;
};

/* For a Query: only what is fit. False if there is nothing to propose. */
bool gist_stacks_wanted(const struct gist *g, bool secure, struct stacks *s);
/* For a Response: a constant of configuration. False if no association is accepted. */
bool gist_stacks_accepted(const struct gist *g, struct stacks *s);
/* Whether a proposal is the one gist_stacks_accepted() makes. */
bool gist_stacks_are_ours(const struct gist *g, const struct gist_proposal *p);
/* Choose from a Response; false if nothing will do. */
bool gist_stacks_choose(const struct gist *g, const struct gist_message *m, bool secure, bool *tls,
			uint16_t *port);
/* Whether a profile of a Query is met by an association. */
bool gist_stacks_met(const struct gist_message *m, bool tls);

/* output.c */
/* S=1 and our hops; for C-mode @own and @validity are not used. */
void gist_message_init(struct gist *g, struct gist_message *m, enum gist_type type, uint16_t nslpid,
		       uint8_t hops);
void gist_message_nli(struct gist *g, struct gist_message *m, const struct address *own,
		      uint8_t ttl);
int gist_output_datagram(struct gist *g, struct gist_message *m, const struct endpoint *from,
			 const struct endpoint *to, bool owe);
int gist_output_qmode(struct gist *g, struct gist_message *m, const struct gist_qmode *q);
int gist_output_stream(struct ma *ma, struct gist_message *m);
/* Octets that a message may have in D-mode toward @to (4.3.3). */
size_t gist_output_limit(struct gist *g, const struct address *to);
/* How Q-mode goes for @mri, and our own address there; -EINVAL, -ENETUNREACH. */
int gist_output_route(struct gist *g, const struct gist_mri *mri, struct gist_route *r,
		      struct address *own);
uint32_t gist_route_hash(const struct gist *g, const struct gist_route *r);
/* Addresses and IP fields of Q-mode (5.8); @from_flow: S=0. */
void gist_output_qmode_fields(struct gist *g, const struct nslp_entry *nslp,
			      const struct gist_mri *mri, const struct gist_route *r,
			      const struct address *own, bool from_flow, uint8_t ttl,
			      struct gist_qmode *q);

/* transfer.c: Data (4.3.3) */
int gist_transfer_state(struct state *st, struct gist_view data, uint8_t hops, bool association);
/* Send what waits, as far as it can be. */
void gist_transfer_flush(struct state *st);

/* querier.c: 6.2 */
int gist_querier_start(struct gist *g, const struct key *k, const struct gist_tx *tx,
		       bool association);
/* A new handshake; the peer, if there is one, stays in use with @keep. */
void gist_querier_restart(struct state *st, bool keep);
/*
 * The peer says that it has no state: find it again, at once the first time (4.4.6), and after ever
 * longer waits for as long as nothing has come by the state in between.
 */
void gist_querier_again(struct state *st);
/* Something has come from the peer, or is sent. */
void gist_querier_heard(struct state *st);
void gist_querier_response(struct gist *g, const struct inbound *in, const struct gist_message *m);
void gist_querier_timer(struct state *st);
/* The association that the state waits for is there. */
void gist_querier_connected(struct state *st);
/* Its association is gone; @spread as for gist_state_soon(). */
void gist_querier_lost(struct state *st, bool reliable, int error, uint32_t spread);
void gist_querier_active(struct state *st);
/* An Error has ended the handshake. */
void gist_querier_refused(struct state *st, int event, uint16_t error);
/* Once more with all the hops there are (2/0); false if that has been tried. */
bool gist_querier_farther(struct state *st);

/* responder.c: 6.3 */
/* True: consumed, or put on its way. */
bool gist_responder_query(struct gist *g, const struct inbound *in, const struct gist_message *m);
void gist_responder_confirm(struct gist *g, const struct inbound *in, const struct gist_message *m);
void gist_responder_timer(struct state *st);
void gist_responder_lost(struct state *st, bool reliable, uint32_t spread);

/* association.c: 6.4 */
struct ma *gist_ma_find(const struct gist *g, uint32_t id);
/* Open one to @to. Takes a reference to @peer. NULL: limits. */
struct ma *gist_ma_open(struct gist *g, struct peer *peer, const struct endpoint *to, bool tls,
			uint32_t hold);
/* The peer has proven to be there; takes a reference. */
void gist_ma_set_peer(struct ma *ma, struct peer *peer);
/* The first Confirm has come by it: keep it from now on. */
void gist_ma_greet(struct ma *ma);
/* @error: a positive errno, 0 if nothing is lost. */
void gist_ma_close(struct ma *ma, int error);
void gist_ma_sent(struct ma *ma);
void gist_ma_wanted(struct ma *ma);
void gist_ma_unwanted(struct ma *ma);
void gist_ma_hello(struct ma *ma, const struct gist_message *m);

/* validate.c: what Q-mode messages have to be (5.8, 7.2.1) */
bool gist_validate_qmode(struct gist *g, const struct gist_arrival *a, const struct gist_message *m,
			 struct gist_fault *fault);
bool gist_validate_nat(const struct gist_arrival *a, const struct gist_message *m,
		       struct gist_fault *fault);
bool gist_validate_wild(const struct gist_message *m, struct gist_fault *fault);

/* node.c: reception, dispatch (4.3, 6.1) */
bool gist_node_datagram(struct gist *g, const struct inbound *in, struct gist_view octets);
/* False: the association is not to be used any more. */
bool gist_node_stream(struct ma *ma, struct gist_view octets);

/* route.c: 7.1 */
void gist_route_check(struct state *st);

/* errors.c: 5.6 */
void gist_error_send(struct gist *g, const struct inbound *in, const struct gist_message *m,
		     const struct gist_fault *fault);
void gist_error_received(struct gist *g, const struct inbound *in, const struct gist_message *m);

/* bypass.c: 4.3.4 */
bool gist_bypass_foreign(struct gist *g, const struct inbound *in, struct gist_view octets);
bool gist_bypass_propagate(struct gist *g, const struct inbound *in, const struct gist_message *m,
			   const struct gist_view *data);

/* notify.c: to applications */
void gist_notify_status(struct state *st, uint32_t handle, bool sent, enum gist_failure failure,
			uint16_t error);
void gist_notify_network(struct state *st, enum gist_event event, struct peer *peer);
void gist_notify_peer(const struct state *st, const struct peer *peer, struct gist_peer *out);
/* Payload of @m, which belongs to @st, to its application; @st may be gone afterwards. */
void gist_notify_message(struct state *st, const struct inbound *in, const struct gist_message *m);
/* The same without routing state. */
void gist_notify_unchecked(struct gist *g, const struct inbound *in, const struct gist_message *m);
void gist_notify_fill(struct gist *g, const struct inbound *in, const struct gist_message *m,
		      struct gist_rx *rx);

#endif /* _NATFWD_GIST_ENGINE_H */
