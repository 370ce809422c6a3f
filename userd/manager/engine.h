/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is spoken on a wire: NETCONF (netconf.c) or RESTCONF (restconf.c), by the listener that was called
 * (RFC 8071 3.1 C8). An engine has one request on its way at a time; whoever asks waits for its turn in
 * session.c.
 */
#ifndef _MANAGER_ENGINE_H
#define _MANAGER_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manager/settings.h"

struct evbuffer;
struct engine;

/* What is asked of a device; only what its engine speaks is looked at. */
struct order {
	/* NETCONF: the element in <rpc> */
	const char *rpc;
	size_t rpc_len;
	/* RESTCONF: method, path below the root resource ("" to begin with, or "/data..."), body */
	const char *method, *path, *type;
	const char *body;
	size_t body_len;
};

enum outcome {
	OUTCOME_OK,
	OUTCOME_WARNING,	/* done; the device has something to say about it */
	OUTCOME_ERROR,		/* the device refused */
	OUTCOME_FAILED,		/* no answer: the session ended, or what came was none */
};

struct answer {
	enum outcome outcome;
	const char *tag, *path, *message;	/* of an error; may be empty */
	unsigned int status;			/* of HTTP; 0: not HTTP */
	struct evbuffer *text;			/* what the device said; the receiver may drain it */
};

struct engine_user {
	/* The session can be used. */
	void (*ready)(void *arg);
	void (*answered)(void *arg, const struct answer *a);
	/* The peer broke the protocol: the session has to end, and the engine is not to be used any more. */
	void (*broken)(void *arg, const char *why);
	/* There is something in @out, the buffer given at the start. */
	void (*flush)(void *arg);
};

struct engine_ops {
	void (*data)(struct engine *e, const uint8_t *data, size_t len);
	/* NULL, or why it cannot be done: nothing was sent then. answered follows, once. */
	const char *(*ask)(struct engine *e, const struct order *o);
	/* Say goodbye, as the protocol has it. */
	void (*bye)(struct engine *e);
	void (*free)(struct engine *e);
	/* A word for people about version and features, into @out. */
	void (*describe)(const struct engine *e, char *out, size_t size);
};

struct engine {
	const struct engine_ops *ops;
	const struct engine_user *user;
	void *arg;
	struct evbuffer *out;
	const struct settings_limits *limits;
	bool asked;		/* an answer is due */
};

/* The wire is open: greet. @out and @limits must stay. NULL: out of memory. */
struct engine *netconf_engine(struct evbuffer *out, const struct settings_limits *limits,
			      const struct engine_user *user, void *arg);
/* @authorization: value of that header field, or NULL; copied. */
struct engine *restconf_engine(struct evbuffer *out, const struct settings_limits *limits,
			       const char *authorization, const struct engine_user *user, void *arg);

#endif /* _MANAGER_ENGINE_H */
