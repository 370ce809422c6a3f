/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions as local applications see them: the messages between the control process, which speaks to
 * applications, and the signalling process, which has the engine (plain structs, one binary).
 */
#ifndef _NATFWD_BASE_SESSION_H
#define _NATFWD_BASE_SESSION_H

#include "base/gate.h"

enum session_kind {
	SESSION_CREATE,		/* as data sender: open the path to the receiver (RFC 5973 3.7.1) */
	SESSION_EXTERNAL,	/* as data receiver: reserve an external address, or let in (3.7.2) */
	SESSION_BLOCK,		/* EXTERNAL, deny: keep a sender out at the edge */
};

enum session_state {
	SESSION_PENDING, SESSION_ESTABLISHED, SESSION_TRANSITORY, SESSION_DEAD,
};

enum session_role {
	SESSION_NI, SESSION_NF, SESSION_NR, SESSION_EDGE, SESSION_PROXY_NI, SESSION_PROXY_NR,
};

#define SESSION_USER	64	/* room for a manager's name */

struct session_open {
	uint64_t token;			/* the caller's, comes back in events */
	uint8_t sid[GATE_SID];		/* zero: choose one */
	bool has_msn;			/* resuming: @msn was the last one used */
	uint32_t msn;
	uint8_t kind;			/* enum session_kind */
	bool proxy, beyond;		/* P and E flags */
	bool loose;			/* EXTERNAL by loose-end MRM toward @toward, sender not known */
	bool binding;			/* ask for NATFW_EXTERNAL_BINDING */
	struct gate_flow flow;		/* in the direction of the data */
	struct address toward;		/* signalling destination address (SDA); without loose: where the
					 * edge is looked for while the sender is not known */
	uint32_t lifetime;		/* seconds to ask for; 0: as configured */
	uint32_t refresh;		/* ms between refreshes; 0: derived from what is granted (3.4) */
	uint32_t uid;			/* who asked; GATE_MANAGER: @user */
	char user[SESSION_USER];	/* last, as what was stored before has none */
};

#define SESSION_BINDINGS	8

struct session_event {
	uint64_t token;			/* of session_open; 0 for sessions that are not local */
	uint8_t sid[GATE_SID];
	uint8_t state;			/* enum session_state */
	uint8_t kind;
	uint32_t msn;			/* last one used: what resuming has to go on from */
	uint16_t code;			/* response code that brought it here; 0: none (timeout, own) */
	uint16_t object;
	uint32_t lifetime;		/* granted, seconds */
	bool has_external;
	struct endpoint external;	/* NATFW_EXTERNAL_IP */
	uint8_t bindings;		/* NATFW_EXTERNAL_BINDING, nearest NAT first */
	uint16_t binding_port;
	struct address binding[SESSION_BINDINGS];
	char why[96];			/* in words */
};

struct session_info {
	uint8_t sid[GATE_SID];		/* shown to the operator as session_tag() only; to mgmt: session_hash() */
	uint64_t token;			/* to mgmt: whether there is one */
	uint8_t role;			/* enum session_role */
	uint8_t state;
	uint8_t kind;
	uint8_t translation;		/* enum gate_translation */
	bool proxy;
	uint32_t msn;
	uint32_t lifetime;		/* granted, seconds */
	uint32_t left;			/* seconds */
	uint32_t uid;			/* as in session_open; (uint32_t)-1: not local */
	struct gate_flow flow;		/* as on the side toward the NI */
	bool has_external;
	struct endpoint external;
	struct address peer_ni, peer_nr;	/* signalling neighbours, unset: none */
};

/* A session, local or not, has come to another state; in @info it is as it was before if it is over. */
struct session_change {
	struct session_info info;
	uint8_t state;			/* enum session_state */
	uint16_t code;			/* as in session_event */
	char why[96];
};

#endif /* _NATFWD_BASE_SESSION_H */
