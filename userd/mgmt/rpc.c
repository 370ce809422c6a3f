// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/certname.h"
#include "mgmt/nacm.h"
#include "mgmt/pieces.h"
#include "mgmt/request.h"
#include "mgmt/rpc.h"
#include "mgmt/store.h"

/* ------------------------------------------------------------------ sessions */

static void close_session(struct request *r)
{
	struct session *s = r->session;

	request_ok(r);
	session_end(s, SESSION_CLOSED, "close-session");
}

static void kill_session(struct request *r)
{
	const struct lyd_node *id = xml_child(r->op, NETCONF_NS, "session-id");
	struct session *victim;
	char text[16], user[LOG_NAME], *end;
	unsigned long n;

	if (!id) {
		request_error(r, "protocol", "missing-element", "session-id", "which session?");
		return;
	}
	n = strtoul(xml_text(id, text, sizeof(text)), &end, 10);
	victim = *text && !*end && n <= UINT32_MAX ? session_find((uint32_t)n) : NULL;
	if (!victim || victim == r->session) {
		request_error(r, "protocol", "invalid-value", NULL,
			      victim ? "a session ends itself by close-session" : "no such session");
		return;
	}
	log_notice(SUB_MGMT, "session killed id=%u user=\"%s\" by=%u", victim->id,
		   log_name(victim->user, user, sizeof(user)), r->session->id);
	/* its answer, if one is made, is for nobody */
	rpc_cancel(victim);
	victim->killed_by = r->session->id;
	session_end(victim, SESSION_KILLED, "kill-session");
	request_ok(r);
}

/* ------------------------------------------------------------------ which operation */

static const struct {
	const char *ns, *name;
	void (*run)(struct request *r);		/* NULL: known, and not supported */
} operations[] = {
	{ NETCONF_NS, "get", get_data },
	{ NETCONF_NS, "get-config", get_config },
	{ NETCONF_NS, "close-session", close_session },
	{ NETCONF_NS, "kill-session", kill_session },
	{ MONITORING_NS, "get-schema", get_schema },
	{ NOTIFICATION_NS, "create-subscription", subscribe },
	{ NETCONF_NS, "edit-config", edit_config },
	{ NETCONF_NS, "copy-config", copy_config },
	{ NETCONF_NS, "delete-config", delete_config },
	{ NETCONF_NS, "lock", lock },
	{ NETCONF_NS, "unlock", unlock },
	{ NETCONF_NS, "commit", commit },
	{ NETCONF_NS, "discard-changes", discard_changes },
	{ NETCONF_NS, "cancel-commit", cancel_commit },
	{ NETCONF_NS, "validate", validate },
};

#define COUNT	(sizeof(operations) / sizeof(operations[0]))

static void unknown(struct request *r)
{
	if (strcmp(xml_ns(r->op), NETCONF_NS) && strcmp(xml_ns(r->op), MONITORING_NS) &&
	    !ly_ctx_get_module_latest_ns(store_ctx(), xml_ns(r->op)))
		request_error(r, "protocol", "unknown-namespace", xml_name(r->op),
			      "no module has this namespace");
	else
		request_error(r, "protocol", "unknown-element", xml_name(r->op), "no such operation");
}

static const struct lysc_node *schema_of(const struct request *r)
{
	const struct lys_module *m = ly_ctx_get_module_implemented_ns(store_ctx(), xml_ns(r->op));

	return m ? lys_find_child(NULL, m, xml_name(r->op), 0, LYS_RPC, 0) : NULL;
}

static bool may_run(const struct request *r)
{
	const struct lysc_node *rpc = schema_of(r);

	return rpc && nacm_may_exec(r->session->user, rpc);
}

/* What is not NETCONF's own. */
static void run_model(struct request *r)
{
	if (xml_is(r->op, ACTION_NS, "action"))
		invoke_action(r);
	else if (strcmp(xml_ns(r->op), NATFW_NS) || !schema_of(r))
		unknown(r);
	else if (!may_run(r))
		request_denied(r);
	else
		invoke_rpc(r);
}

static void run(struct request *r)
{
	size_t i;

	for (i = 0; i < COUNT; i++) {
		if (!xml_is(r->op, operations[i].ns, operations[i].name))
			continue;
		if (!may_run(r)) {
			request_denied(r);
			return;
		}
		if (operations[i].run)
			operations[i].run(r);
		else
			request_error(r, "protocol", "operation-not-supported", NULL,
				      "%s is not supported", operations[i].name);
		return;
	}
	run_model(r);
}

/* ------------------------------------------------------------------ messages */

static void count_bad(struct session *s)
{
	s->in_bad_rpcs++;
	session_totals.in_bad_rpcs++;
}

/* RFC 6241, 3: who cannot be told of it any more is not gone on with. */
static void malformed(struct request *r)
{
	struct session *s = r->session;

	count_bad(s);
	if (s->framing.chunked) {
		request_error(r, "rpc", "malformed-message", NULL, "not well-formed XML");
		return;
	}
	request_free(r);
	s->request = NULL;
	session_end(s, SESSION_BROKEN, "not well-formed XML");
}

static void too_big(struct request *r)
{
	count_bad(r->session);
	request_error(r, "rpc", "too-big", NULL, "the message is too long");
}

static void not_rpc(struct request *r)
{
	struct session *s = r->session;

	count_bad(s);
	request_free(r);
	s->request = NULL;
	session_end(s, SESSION_BROKEN, "a message that is no request");
}

static void take_rpc(struct request *r)
{
	const struct lyd_node *first = lyd_child(r->rpc);

	if (!xml_is(r->rpc, NETCONF_NS, "rpc")) {
		not_rpc(r);
		return;
	}
	if (!xml_attribute(r->rpc, "message-id")) {
		count_bad(r->session);
		request_error(r, "rpc", "missing-attribute", "message-id", "a request has a message-id");
		return;
	}
	if (!first || first->next) {
		count_bad(r->session);
		request_error(r, "rpc", first ? "bad-element" : "missing-element",
			      first ? xml_name(first->next) : "rpc", "a request has one operation");
		return;
	}
	r->session->in_rpcs++;
	session_totals.in_rpcs++;
	r->op = first;
	run(r);
}

static struct request *new_request(struct session *s)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r) {
		session_end(s, SESSION_LOST, "out of memory");
		return NULL;
	}
	r->session = s;
	r->nacm = nacm_take();
	s->request = r;
	return r;
}

void rpc_take(struct session *s, const char *text)
{
	struct request *r = new_request(s);
	enum xml_fault fault;

	if (!r)
		return;
	r->rpc = xml_read(store_xml(), text, &fault);
	if (r->rpc)
		take_rpc(r);
	else if (fault == XML_TOO_BIG)
		too_big(r);
	else
		malformed(r);
}

void rpc_too_big(struct session *s)
{
	struct request *r = new_request(s);

	if (r)
		too_big(r);
}

void rpc_resume(struct session *s)
{
	if (s->request)
		pieces_resume(s->request->pieces);
}

void rpc_cancel(struct session *s)
{
	request_free(s->request);
	s->request = NULL;
}
