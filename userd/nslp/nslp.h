/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The NATFW NSLP engine (RFC 5973): sessions in all roles (NI, NF, NR, edge-NAT, edge-firewall,
 * proxy), on top of the GIST engine and in front of the gate.
 *
 * As pure as GIST's: no sockets, no clock of its own. GIST messages come by the struct gist_nslp that
 * nslp_create() registers; requests for rules leave by struct nslp_io and are answered by
 * nslp_gate_answer(); local applications (natfwctl, libnatfw, through the control process) use
 * nslp_app_*(). One thread; callbacks may call back, but must not destroy the engine.
 */
#ifndef _NATFWD_NSLP_NSLP_H
#define _NATFWD_NSLP_NSLP_H

#include "base/gate.h"
#include "base/session.h"
#include "gist/gist.h"

struct nslp;
struct nslp_session;

/* How the interfaces divide the world; from configuration, by interface index. */
struct nslp_interface {
	unsigned int ifindex;
	bool outside;		/* away from the hosts that are served here (RFC 5973 1.1: public side) */
	bool edge;		/* outside, and the last NAT or firewall of this administration (3.7.2) */
	bool nat;		/* outside, and flows that leave here have their source translated */
	bool firewall;		/* packets through here are filtered: pinholes are wanted */
};

struct nslp_config {
	const struct nslp_interface *interface;	/* borrowed until the next nslp_reconfigure() */
	unsigned int interfaces;
	bool forward;			/* this node is a gateway (NF); else only NI and NR */
	bool respond;			/* accept CREATE for own addresses as NR */
	bool proxy;			/* be proxy-NI and proxy-NR when asked with P */
	bool need_reservation;		/* CREATE from outside wants a matching EXTERNAL also at a firewall */
	uint32_t lifetime_min, lifetime_max;	/* seconds granted here */
	uint32_t lifetime;		/* asked for by this node as NI when the application says nothing */
	uint32_t transitory;		/* ms a session is kept after a route change; at least 30000 */
	uint32_t sessions;		/* at most */
	uint32_t sessions_per_peer;	/* pending ones of one neighbour at most */
	unsigned int allow;		/* NSLP_ALLOW_... of nslp/message.h */
	bool reliable;			/* ask GIST for an association (default) */
	bool secure;			/* and for TLS */
	uint32_t key_id;		/* sign as NI with this key; 0: not */
	uint8_t transform;
	uint8_t key[64];
	uint8_t key_len;
};

struct nslp_io {
	void *arg;
	/* -ENOBUFS or -EPIPE: the gate is not there: the engine answers 4/0x01. @proof or NULL. */
	int (*gate)(void *arg, const struct gate_request *r, const struct gate_proof *proof);
	/* A local application's session has changed; see base/session.h. */
	void (*event)(void *arg, const struct session_event *e);
	/*
	 * May be NULL. A session, local or not, is established, transitory or, as @code and @why have it, over from
	 * now on; see nslp_info().
	 */
	void (*changed)(void *arg, const struct nslp_session *s, enum session_state state,
			uint16_t code, const char *why);
	void (*random)(void *arg, void *buf, size_t n);
	bool (*route)(void *arg, const struct address *to, struct gist_route *r);
	bool (*local)(void *arg, const struct address *a);
	/* Seconds and fraction since 1900 as NTP has it, for SESSION_AUTH. */
	uint64_t (*ntp)(void *arg);
};

void nslp_config_default(struct nslp_config *c);
/* Registers with @g. NULL: out of memory. */
struct nslp *nslp_create(const struct nslp_config *c, const struct nslp_io *io, struct gist *g,
			 struct timers *timers);
/* @notify: tell neighbours that the node goes down (NOTIFY 1/0x03); rules stay, the kernel ends them. */
void nslp_shutdown(struct nslp *n, bool notify);
void nslp_destroy(struct nslp *n);
void nslp_reconfigure(struct nslp *n, const struct nslp_config *c);

void nslp_gate_answer(struct nslp *n, const struct gate_answer *a);
/* The kern process was restarted: admit and open everything again. */
void nslp_gate_restarted(struct nslp *n);

/*
 * Local applications as NI or NI+. nslp_app_open() starts a session, or changes or resumes the one
 * with this id; the outcome comes as events. -EINVAL with a reason in @why, -ENOBUFS, -EEXIST (id is
 * a session that is not local).
 */
int nslp_app_open(struct nslp *n, const struct session_open *o, const char **why);
/* Refresh now, not when the timer says. -ENOENT. */
int nslp_app_refresh(struct nslp *n, const uint8_t *sid);
/* Delete it: LT=0, no answer awaited (3.7.4). -ENOENT. @all: also ones that are not local (operator). */
int nslp_app_close(struct nslp *n, const uint8_t *sid, bool all);

enum nslp_counter {
#define NSLP_COUNTER(name, text) NSLP_N_##name,
#include "nslp/counter.def"
#undef NSLP_COUNTER
	NSLP_COUNTERS,
};

struct nslp_stats {
	uint64_t counter[NSLP_COUNTERS];
	uint64_t response[8];		/* RESPONSEs sent, by class */
	uint32_t sessions, pending, established, transitory;
	uint64_t memory;		/* octets of sessions */
};

void nslp_stats(const struct nslp *n, struct nslp_stats *s);
const char *nslp_counter_name(enum nslp_counter c);
void nslp_each(struct nslp *n, void (*fn)(void *arg, const struct session_info *i), void *arg);
/* What is known of a session, in nslp_io.changed. */
void nslp_info(const struct nslp_session *s, struct session_info *i);
/* One session, for lists that are sent in portions. False: no such session. */
bool nslp_find(struct nslp *n, const uint8_t *sid, struct session_info *i);

#endif /* _NATFWD_NSLP_NSLP_H */
