// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mgmt/gather.h"
#include "mgmt/nacm.h"
#include "mgmt/commit.h"
#include "mgmt/errorpath.h"
#include "mgmt/invoke.h"
#include "mgmt/pieces.h"
#include "mgmt/request.h"

/* ------------------------------------------------------------------ the envelope */

/* Attributes of the request come back (RFC 6241, 4.1); prefixes are ours, as theirs may be declared elsewhere. */
static void put_attributes(struct evbuffer *out, const struct lyd_node *rpc)
{
	const struct lyd_attr *a = rpc ? xml_opaque(rpc)->attr : NULL;
	unsigned int n = 0;

	for (; a; a = a->next) {
		if (a->name.prefix && a->name.module_ns) {
			evbuffer_add_printf(out, " xmlns:a%u=\"", ++n);
			xml_put(out, a->name.module_ns, strlen(a->name.module_ns));
			evbuffer_add_printf(out, "\" a%u:%s=\"", n, a->name.name);
		} else {
			evbuffer_add_printf(out, " %s=\"", a->name.name);
		}
		xml_put(out, a->value, strlen(a->value));
		evbuffer_add(out, "\"", 1);
	}
}

static struct evbuffer *begin(const struct request *r)
{
	struct evbuffer *out = evbuffer_new();

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "<rpc-reply xmlns=\"" NETCONF_NS "\"");
	put_attributes(out, r->rpc);
	evbuffer_add(out, ">", 1);
	return out;
}

void request_free(struct request *r)
{
	if (!r)
		return;
	gather_cancel(r->gather);
	pieces_cancel(r->pieces);
	commit_unwait(r->waiter);
	commit_cancel(r->commit);
	invoke_cancel(r->invoke);
	lyd_free_all(r->tree);
	lyd_free_all(r->rpc);
	nacm_release(r->nacm);
	free(r->fault);
	free(r);
}

static void finish(struct request *r, struct evbuffer *out)
{
	struct session *s = r->session;

	request_free(r);
	evbuffer_add_printf(out, "</rpc-reply>");
	session_reply(s, out);
}

/* Without memory for an answer there is none, and so no session any more (RFC 6241, 4.3). */
static void give_up(struct request *r)
{
	struct session *s = r->session;

	request_free(r);
	s->request = NULL;
	session_end(s, SESSION_LOST, "out of memory");
}

/* ------------------------------------------------------------------ answers */

void request_ok(struct request *r)
{
	struct evbuffer *out = begin(r);

	if (!out) {
		give_up(r);
		return;
	}
	evbuffer_add_printf(out, "<ok/>");
	finish(r, out);
}

static bool print(void *arg, struct evbuffer *out, struct lyd_node *tree)
{
	const struct request *r = arg;
	char *text = NULL;

	evbuffer_add_printf(out, "<data>");
	if (tree && lyd_print_mem(&text, tree, LYD_XML, LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS | r->print))
		return false;
	if (text)
		evbuffer_add(out, text, strlen(text));
	free(text);
	return !evbuffer_add(out, "</data>", 7);
}

void request_data(struct request *r, struct lyd_node *tree)
{
	struct evbuffer *out = begin(r);
	bool good = out && print(r, out, tree);

	lyd_free_all(tree);
	if (good) {
		finish(r, out);
		return;
	}
	if (out)
		evbuffer_free(out);
	give_up(r);
}

/* ------------------------------------------------------------------ answers in pieces */

static bool put_envelope(const struct request *r, struct evbuffer *out)
{
	struct evbuffer *head = begin(r);

	if (!head)
		return false;
	evbuffer_prepend_buffer(out, head);
	evbuffer_free(head);
	return true;
}

static bool more(void *arg, struct evbuffer *out)
{
	struct request *r = arg;

	if (!r->begun && evbuffer_get_length(out) < PIECES_WHOLE)
		return true;
	if (!r->begun && !put_envelope(r, out))
		return true;
	r->begun = true;
	return session_reply_part(r->session, out);
}

/* What has begun, and cannot go on, is no answer, and nothing can follow it. */
static void end_pieces(void *arg, struct evbuffer *out)
{
	struct request *r = arg;

	r->pieces = NULL;
	if (out && (r->begun || put_envelope(r, out))) {
		finish(r, out);
		return;
	}
	if (out)
		evbuffer_free(out);
	if (!out && !r->begun)
		r->cutter->refuse(r);
	else
		give_up(r);
}

static bool cut(void *arg, struct lyd_node **tree)
{
	struct request *r = arg;

	return r->cutter->cut(r, tree);
}

static bool all(void *arg, const struct lysc_node *list)
{
	struct request *r = arg;

	return r->cutter->all(r, list);
}

void request_pieces(struct request *r, struct lyd_node *tree, struct entries *entries,
		    const struct request_cutter *cutter)
{
	static const struct pieces_ops ops = {
		.format = LYD_XML, .cut = cut, .all = all, .print = print, .more = more, .done = end_pieces,
	};

	r->cutter = cutter;
	r->pieces = pieces_start(tree, entries, r->print, &ops, r);
	if (!r->pieces)
		give_up(r);
}

void request_output(struct request *r, const struct lyd_node *op)
{
	struct evbuffer *out = begin(r);
	char *text = NULL;

	if (!out || lyd_print_mem(&text, lyd_child(op), LYD_XML, LYD_PRINT_SHRINK | LYD_PRINT_WITHSIBLINGS)) {
		if (out)
			evbuffer_free(out);
		give_up(r);
		return;
	}
	if (text)
		evbuffer_add(out, text, strlen(text));
	free(text);
	finish(r, out);
}

void request_text(struct request *r, const char *text)
{
	struct evbuffer *out = begin(r);

	if (!out) {
		give_up(r);
		return;
	}
	evbuffer_add_printf(out, "<data xmlns=\"" MONITORING_NS "\">");
	xml_put(out, text, strlen(text));
	evbuffer_add_printf(out, "</data>");
	finish(r, out);
}

static void count_error(const struct request *r)
{
	r->session->out_errors++;
	session_totals.out_errors++;
}

static void put_error(struct evbuffer *out, const char *type, const char *tag)
{
	evbuffer_add_printf(out, "<rpc-error><error-type>%s</error-type><error-tag>%s</error-tag>"
			    "<error-severity>error</error-severity>", type, tag);
}

/* Children of error-info that a tag has to have (RFC 6241, appendix A). */
static void put_info(struct evbuffer *out, const struct request *r, const char *tag,
		     const char *bad)
{
	bool attribute = strstr(tag, "attribute");

	evbuffer_add_printf(out, "<error-info>");
	if (attribute) {
		evbuffer_add_printf(out, "<bad-attribute>");
		xml_put(out, bad, strlen(bad));
		evbuffer_add_printf(out, "</bad-attribute>");
		bad = r->op ? xml_name(r->op) : "rpc";
	}
	evbuffer_add_printf(out, "<bad-element>");
	xml_put(out, bad, strlen(bad));
	evbuffer_add_printf(out, "</bad-element>");
	if (!strcmp(tag, "unknown-namespace")) {
		evbuffer_add_printf(out, "<bad-namespace>");
		xml_put(out, xml_ns(r->op), strlen(xml_ns(r->op)));
		evbuffer_add_printf(out, "</bad-namespace>");
	}
	evbuffer_add_printf(out, "</error-info>");
}

void request_error(struct request *r, const char *type, const char *tag, const char *bad,
		   const char *fmt, ...)
{
	struct evbuffer *out = begin(r);
	char message[256];
	va_list ap;

	count_error(r);
	if (!out) {
		give_up(r);
		return;
	}
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	put_error(out, type, tag);
	evbuffer_add_printf(out, "<error-message xml:lang=\"en\">");
	xml_put(out, message, strlen(message));
	evbuffer_add_printf(out, "</error-message>");
	if (bad)
		put_info(out, r, tag, bad);
	evbuffer_add_printf(out, "</rpc-error>");
	finish(r, out);
}

void request_denied(struct request *r)
{
	struct evbuffer *out = begin(r);

	count_error(r);
	if (!out) {
		give_up(r);
		return;
	}
	put_error(out, "application", "access-denied");
	evbuffer_add_printf(out, "<error-path xmlns:nc=\"" NETCONF_NS "\" xmlns:op=\"");
	xml_put(out, xml_ns(r->op), strlen(xml_ns(r->op)));
	evbuffer_add_printf(out, "\">/nc:rpc/%s:%s</error-path><error-message xml:lang=\"en\">"
			    "this user may not do that</error-message></rpc-error>",
			    strcmp(xml_ns(r->op), NETCONF_NS) ? "op" : "nc", xml_name(r->op));
	finish(r, out);
}

static void put_fault(struct evbuffer *out, const struct request *r, const struct mgmt_error *e)
{
	put_error(out, e->type, e->tag);
	if (e->app_tag)
		evbuffer_add_printf(out, "<error-app-tag>%s</error-app-tag>", e->app_tag);
	errorpath_put(out, e->path);
	evbuffer_add_printf(out, "<error-message xml:lang=\"en\">");
	xml_put(out, e->message, strlen(e->message));
	evbuffer_add_printf(out, "</error-message>");
	if (*e->bad)
		put_info(out, r, e->tag, e->bad);
	else if (!strcmp(e->tag, "lock-denied") || (!strcmp(e->tag, "in-use") && e->session))
		evbuffer_add_printf(out, "<error-info><session-id>%u</session-id></error-info>",
				    e->session);
	evbuffer_add_printf(out, "</rpc-error>");
}

static void fail_all(struct request *r, const struct mgmt_error *e, unsigned int n)
{
	struct evbuffer *out = begin(r);
	unsigned int i;

	count_error(r);
	if (!out) {
		give_up(r);
		return;
	}
	for (i = 0; i < n; i++)
		put_fault(out, r, &e[i]);
	finish(r, out);
}

void request_fail(struct request *r, const struct mgmt_error *e)
{
	fail_all(r, e, 1);
}

void request_add_fault(struct request *r, const struct mgmt_error *e)
{
	if (!r->fault)
		r->fault = calloc(FAULTS_MAX, sizeof(*r->fault));
	if (r->fault && r->faults < FAULTS_MAX)
		r->fault[r->faults++] = *e;
}

void request_fail_all(struct request *r)
{
	fail_all(r, r->fault, r->faults);
}
