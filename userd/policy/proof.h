/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proof that somebody who has a key asks for a session: SESSION_AUTH objects signed with a shared
 * key (RFC 5981 4.4, 6.4).
 *
 * Besides the signature: the flow and what is to be done with it are what was signed; the session
 * id in the object is the session's, its addresses are the flow's ends where it names them, and
 * START_TIME is neither older nor newer than PROOF_WINDOW
 * allows and newer than the last one accepted for that key and session, so that a recorded message
 * is good for nothing.
 */
#ifndef _NATFWD_POLICY_PROOF_H
#define _NATFWD_POLICY_PROOF_H

#include "base/gate.h"
#include "conf/conf.h"

#define PROOF_WINDOW	30		/* seconds clocks may differ */
#define PROOF_MEMORY	4096		/* START_TIMEs remembered */

struct proof_seen {
	uint64_t who;			/* hash of key and session */
	uint64_t start;			/* NTP timestamp; 0: free */
};

/* What was accepted lately; one for the process. */
struct proofs {
	struct proof_seen seen[PROOF_MEMORY];
	uint8_t key[16];		/* of the hash */
};

void proofs_init(struct proofs *p, const uint8_t key[16]);

enum proof_result {
	PROOF_NONE,	/* no object signed with a key: nothing is proved */
	PROOF_GOOD,
	PROOF_BAD,	/* not to be answered (6.4) */
	PROOF_REFUSED,	/* 5/0x02 (6.3.4): malformed, or not for this flow */
};

/*
 * proof_verify() - check the proof that came with a request
 * @ntp: now, NTP timestamp
 * @key: id of the key that has signed, with PROOF_GOOD
 * @why: in words, else
 */
enum proof_result proof_verify(struct proofs *p, const struct conf *c, const struct gate_request *r,
			       const struct gate_proof *proof, uint64_t ntp, uint32_t *key,
			       const char **why);

#endif /* _NATFWD_POLICY_PROOF_H */
