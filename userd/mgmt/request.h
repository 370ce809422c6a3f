/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request while it is worked on, and the forms its answer may have.
 */
#ifndef _NATFWD_MGMT_REQUEST_H
#define _NATFWD_MGMT_REQUEST_H

#include "mgmt/entries.h"
#include "mgmt/error.h"
#include "mgmt/filter.h"
#include "mgmt/hello.h"
#include "mgmt/session.h"
#include "mgmt/xml.h"

#define MONITORING_NS	"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring"
#define DEFAULTS_NS	"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults"
#define ACTION_NS	"urn:ietf:params:xml:ns:yang:1"
#define NATFW_NS	"urn:natfw:yang:natfw"
#define NOTIFICATION_NS	"urn:ietf:params:xml:ns:netconf:notification:1.0"

#define FAULTS_MAX	32	/* errors told in one answer */

struct commit;
struct commit_waiter;
struct gather;
struct invoke;
struct nacm;
struct pieces;
struct request;

struct request_cutter {
	bool (*cut)(struct request *r, struct lyd_node **tree);
	bool (*all)(struct request *r, const struct lysc_node *list);	/* of it is asked for, and told */
	void (*refuse)(struct request *r);
};

struct request {
	struct session *session;
	struct nacm *nacm;		/* access control from its beginning to its end (RFC 8341, 3.4) */
	struct lyd_node *rpc;		/* the element; NULL: it could not be read */
	const struct lyd_node *op;	/* in it */
	struct gather *gather;		/* under way */
	struct pieces *pieces;		/* of the answer, under way */
	bool begun;			/* some of them have been written */
	unsigned int steps;		/* that its filter has taken */
	struct filter_spent spent;	/* the same of an expression */
	const char *wrong;		/* with its filter; NULL: it takes too long */
	uint32_t print;			/* LYD_PRINT_WD_... */
	struct commit *commit;		/* under way */
	struct commit_waiter *waiter;	/* for the end of another one; then turn() */
	void (*turn)(struct request *r);
	const struct request_cutter *cutter;
	struct lyd_node *tree;		/* that is being tested, or the operation as the modules have it */
	struct invoke *invoke;		/* under way */
	struct mgmt_error *fault;	/* of operations that went on after errors */
	unsigned int faults;
};

/* Each of these ends the request, and frees it. */
void request_ok(struct request *r);
/* An answer with @tree in an element data; takes @tree. */
void request_data(struct request *r, struct lyd_node *tree);
/*
 * The same with @entries in it, and made in pieces, of which cut() takes out what is not asked for; refuse() answers if
 * it says that there can be no answer. Takes both; ends the request later.
 */
void request_pieces(struct request *r, struct lyd_node *tree, struct entries *entries,
		    const struct request_cutter *cutter);
/* An answer with @text, escaped, in an element data of ietf-netconf-monitoring. */
void request_text(struct request *r, const char *text);
/* An answer with the output of @op, in which it is. */
void request_output(struct request *r, const struct lyd_node *op);
/*
 * rpc-error: @type is transport, rpc, protocol or application, @tag one of RFC 6241, appendix A. @bad is the
 * name that goes with tags that want one (bad-element; with bad-attribute the attribute, and the element is the
 * operation's), NULL: none.
 */
void request_error(struct request *r, const char *type, const char *tag, const char *bad,
		   const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* access-denied, the operation as such (RFC 8341, 3.4.4). */
void request_denied(struct request *r);
/* The same, as @e has it. */
void request_fail(struct request *r, const struct mgmt_error *e);
/* Remember an error for request_fail_all(). Those after FAULTS_MAX are not told. */
void request_add_fault(struct request *r, const struct mgmt_error *e);
void request_fail_all(struct request *r);
void request_free(struct request *r);

/* Operations; @r is theirs. */
void get_data(struct request *r);
void get_config(struct request *r);
void get_schema(struct request *r);
/* create-subscription (RFC 5277, 2.1.1). */
void subscribe(struct request *r);
void edit_config(struct request *r);
void copy_config(struct request *r);
void delete_config(struct request *r);
void lock(struct request *r);
void unlock(struct request *r);
void commit(struct request *r);
void cancel_commit(struct request *r);
void discard_changes(struct request *r);
void validate(struct request *r);
/* Those of natfw.yang (RFC 7950, 7.14.4), and actions (7.15.2). */
void invoke_rpc(struct request *r);
void invoke_action(struct request *r);
/* netconf-state, as XML (RFC 6022). */
struct evbuffer *monitoring_make(void);

#endif /* _NATFWD_MGMT_REQUEST_H */
