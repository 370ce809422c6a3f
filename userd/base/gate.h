/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate: how a process that faces the network asks for rules, and what the kern process, where
 * policy decides, answers. A signalling engine sees only these values; they are also the messages
 * between the two processes (one binary, so plain structs; lengths are checked all the same).
 *
 * A session id is one request of one requester. Its life:
 *
 *	ADMIT	policy decides; what translation needs (an external address and port) is reserved in the
 *		kernel, inactive. Nothing is opened. Repeated for a refresh or an update: with the same
 *		flow nothing changes but who asked; with another the new one is prepared beside the old,
 *		which stays in force until OPEN.
 *	OPEN	what was admitted last comes into force, or is extended, for @lifetime seconds from now; the
 *		kernel ends it by itself. Replaces what the session had, in one transaction.
 *	HOLD	a reservation (EXTERNAL allow) is kept for @lifetime seconds without being opened.
 *	CLOSE	all of it goes, at once.
 *
 * Every request is answered exactly once, in any order, but for CLOSE, which is not answered.
 * Unasked, GATE_GONE tells that a session's rules are no more: expired, taken out by somebody, the
 * module unloaded.
 */
#ifndef _NATFWD_BASE_GATE_H
#define _NATFWD_BASE_GATE_H

#include "base/address.h"

#define GATE_SID	16
#define GATE_NAME	64
#define GATE_ICMP_MAX	16
#define GATE_PROOF_MAX	1024

enum gate_op { GATE_ADMIT, GATE_OPEN, GATE_HOLD, GATE_CLOSE, GATE_GONE };

enum gate_kind {
	GATE_ALLOW,		/* CREATE, allow */
	GATE_DENY,		/* CREATE or EXTERNAL, deny */
	GATE_RESERVE,		/* EXTERNAL, allow: only reserves */
};

/* What this box has to do with the addresses of the flow. */
enum gate_translation {
	GATE_PLAIN,		/* nothing: a firewall */
	GATE_SOURCE,		/* flow leaves a private network: source becomes an external endpoint */
	GATE_BIND,		/* RESERVE at a NAT: an external endpoint for the flow's destination */
	GATE_DESTINATION,	/* flow enters by a reservation: @ref is the session that has it */
	GATE_BOTH,		/* twice NAT or hairpin: source, and destination by @ref */
};

/* A flow, in the direction of its data. Unset or false: any. Ports and SPI in host order. */
struct gate_flow {
	struct address source, destination;	/* version 0 only with a prefix of 0 */
	uint8_t version;			/* 4 or 6 */
	uint8_t source_len, destination_len;
	uint8_t protocol;
	bool has_protocol, has_sport, has_dport, has_spi;
	uint8_t more_ports;			/* that follow dport, and sport: 0 or 1 (sub_ports) */
	uint8_t icmp_count;
	uint16_t sport, dport;
	uint32_t spi;
	uint8_t icmp[GATE_ICMP_MAX];
};

#define GATE_MANAGER	((uint32_t)-2)	/* uid: no application, but a manager of this node, by its name */

/* Who asks, as far as the network-facing process knows. */
struct gate_who {
	struct address peer;		/* signalling neighbour; unset: this node itself */
	uint32_t ifindex;		/* interface its message came in by, 0: this node */
	uint32_t uid;			/* of a local application, or GATE_MANAGER; (uint32_t)-1: not local */
	bool tls;			/* neighbour authenticated by TLS as @name */
	bool proxy;			/* P flag: on behalf of somebody else */
	char name[GATE_NAME];		/* that TLS has proved, or the manager's; printable ASCII */
};

/* What a SESSION_AUTH object has to be checked against (RFC 5981); follows the request. */
struct gate_proof {
	uint16_t message_len;		/* NSLP-Data as received */
	uint16_t mri_len;		/* MRI value as received */
	uint8_t octets[GATE_PROOF_MAX];	/* message, then MRI value */
};

struct gate_request {
	uint64_t id;			/* comes back in the answer */
	uint8_t op;			/* enum gate_op */
	uint8_t kind;			/* enum gate_kind */
	uint8_t translation;		/* enum gate_translation */
	bool has_proof;			/* a struct gate_proof follows */
	uint8_t sid[GATE_SID];
	uint8_t ref[GATE_SID];
	uint32_t lifetime;		/* seconds */
	uint32_t in_ifindex, out_ifindex;	/* the flow's data; 0: any */
	struct gate_flow flow;		/* ADMIT only, as on the side it arrives from */
	struct gate_who who;		/* ADMIT only */
};

struct gate_answer {
	uint64_t id;			/* 0: GATE_GONE */
	uint8_t op;
	uint8_t sid[GATE_SID];
	uint16_t code;			/* response code (nslp/code.h: class << 8 | code); 0: granted */
	uint16_t object;		/* NATFW object type at fault, or 0 */
	uint32_t lifetime;		/* granted: may be less than asked for */
	bool silent;			/* refused without an answer (RFC 5981 6.4) */
	bool has_external;
	struct endpoint external;	/* SOURCE, BIND and BOTH: what was reserved */
	struct endpoint internal;	/* DESTINATION and BOTH: what @ref translates to */
	char why[96];			/* for the log and local applications */
};

#endif /* _NATFWD_BASE_GATE_H */
