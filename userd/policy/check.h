/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests as they come from a process that faces the network, which may have been taken over:
 * every length, number and flag is looked at before anything else uses it.
 */
#ifndef _NATFWD_POLICY_CHECK_H
#define _NATFWD_POLICY_CHECK_H

#include "base/gate.h"

struct gate_message {
	struct gate_request request;
	struct gate_proof proof;	/* with request.has_proof; zero behind the lengths */
};

/*
 * gate_check() - read what MSG_GATE carries
 * @m: filled in; nothing of it refers to @data
 *
 * Names are terminated, host bits of prefixes are cleared, ports and SPI that are not said are
 * zero. Returns: NULL, or why it cannot be one, and then @m->request.id is the sender's if there
 * was one.
 */
const char *gate_check(struct gate_message *m, const void *data, size_t len);

#endif /* _NATFWD_POLICY_CHECK_H */
