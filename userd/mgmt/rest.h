/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the RESTCONF server: a request while it is worked on, and the forms its answer may have.
 */
#ifndef _NATFWD_MGMT_REST_H
#define _NATFWD_MGMT_REST_H

#include "mgmt/error.h"
#include "mgmt/http.h"
#include "mgmt/query.h"
#include "mgmt/resource.h"
#include "mgmt/restconf.h"

#define RESTCONF_NS	"urn:ietf:params:xml:ns:yang:ietf-restconf"

enum rest_method {
	REST_GET, REST_HEAD, REST_OPTIONS, REST_POST, REST_PUT, REST_PATCH, REST_DELETE, REST_METHODS,
};

enum rest_format { REST_JSON, REST_XML };

struct gather;
struct pieces;
struct invoke;
struct nacm;
struct commit;
struct commit_waiter;
struct sse;

struct restconf {
	struct http_conn *http;
	char user[64];
	struct endpoint peer;
	const struct session_ops *ops;
	void *arg;
	/* the request; NULL: none */
	const struct http_request *request;
	enum rest_method method;
	struct uri uri;
	struct resource target;
	struct query query;
	enum rest_format format;	/* of the answer */
	struct gather *gather;
	struct pieces *pieces;		/* of a long answer */
	struct evbuffer *fields;	/* of its head, until that is written */
	bool begun;			/* it is */
	bool missing;			/* there is nothing to be answered */
	struct nacm *rules;		/* for all of the request (RFC 8341, 3.4) */
	struct commit_waiter *waiter;	/* until the commit of somebody else is over */
	struct commit *commit;
	struct invoke *invoke;
	char *location;			/* of what is created; NULL: nothing is */
	struct sse *sse;
};

/* Each of these ends the request. */
/* @body is taken, of the answer's format; @fields as well, may be NULL. */
void rest_answer(struct restconf *r, unsigned int status, struct evbuffer *fields, struct evbuffer *body);
/* The fields of an answer with a body, as above; NULL: no memory. */
struct evbuffer *rest_head(const struct restconf *r, struct evbuffer *fields);
/* Without a body. */
void rest_done(struct restconf *r, unsigned int status, struct evbuffer *fields);
/* An errors document (RFC 8040, 7.1), with the status that goes with @e (7), or with @status if that is not 0. */
void rest_error(struct restconf *r, unsigned int status, const struct mgmt_error *e);
/* The same of protocol layer, in words. */
void rest_fail(struct restconf *r, unsigned int status, const char *tag, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* No memory. */
void rest_give_up(struct restconf *r);

/* Fields of an answer; NULL: no memory. */
struct evbuffer *rest_fields(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What has been taken for a request is given back; not the request itself. */
void rest_forget(struct restconf *r);

/*
 * Fields ETag and Last-Modified of the target as it is configured, and whether the conditions of the request are met
 * (RFC 9110, 13.2): *@status 0, 304 or 412. State has neither. NULL: no memory.
 */
struct evbuffer *rest_conditions(struct restconf *r, unsigned int *status);

/* What is asked for; @r is theirs. */
void rest_get(struct restconf *r);
void rest_api(struct restconf *r);
void rest_operations(struct restconf *r);
void rest_edit(struct restconf *r);
void rest_invoke(struct restconf *r);
void rest_stream(struct restconf *r);

#endif /* _NATFWD_MGMT_REST_H */
