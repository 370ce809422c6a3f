/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations as applications ask for them: checked against natfw.yang by libyang, then for what no schema
 * can say, and given as plain values.
 */
#ifndef _NATFWD_CTL_INPUT_H
#define _NATFWD_CTL_INPUT_H

#include <jansson.h>

#include "base/session.h"

enum input_rpc {
	INPUT_OPEN, INPUT_ATTACH, INPUT_REFRESH, INPUT_CLOSE, INPUT_TRACE, INPUT_RELOAD, INPUT_CALL, INPUT_RPCS,
};

struct input {
	enum input_rpc rpc;
	bool has_session;
	uint64_t session;		/* tag */
	uint8_t token[16];		/* INPUT_ATTACH */
	char client[64];		/* INPUT_CALL */
	bool force;			/* INPUT_RELOAD */
	bool bound;			/* INPUT_OPEN */
	bool has_wait;			/* INPUT_OPEN, INPUT_TRACE */
	uint8_t wait;			/* seconds */
	struct session_open open;	/* INPUT_OPEN; sid, token, uid are not set */
};

struct input_error {
	char path[256], text[256];
};

/* While files can be opened. 0 or -ENOMEM. */
int input_init(void);
/* @rpc: {"natfw:NAME": {...}}. False and @e if it is not good. */
bool input_read(const json_t *rpc, struct input *in, struct input_error *e);
/* The name of an operation. */
const char *input_name(enum input_rpc rpc);

#endif /* _NATFWD_CTL_INPUT_H */
