/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session that was opened by an application here has beside a forwarder's.
 */
#ifndef _NATFWD_NSLP_LOCAL_H
#define _NATFWD_NSLP_LOCAL_H

#include "nslp/session.h"

struct nslp_local {
	struct nslp_local *next, **at;	/* in struct nslp */
	struct nslp_session *s;
	struct timer timer;		/* until the next request: a refresh, or one more try */
	uint64_t token;			/* the application's */
	uint32_t uid;
	char user[GATE_NAME];		/* with GATE_MANAGER */
	uint64_t until;			/* ms, when it has to be established */
	uint32_t asked;			/* lifetime, seconds */
	uint32_t refresh;		/* ms; 0: from what is granted */
	uint8_t kind;			/* enum session_kind */
	uint8_t tries;			/* without success */
	bool adjusted;			/* lifetime asked for once again, as the path wants it */
	bool binding;			/* NATFW_EXTERNAL_BINDING is asked for */
	bool has_external;
	struct endpoint external;
	uint8_t bindings;
	uint16_t binding_port;
	struct address address[SESSION_BINDINGS];
};

#endif /* _NATFWD_NSLP_LOCAL_H */
