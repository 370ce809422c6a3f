// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operations of data models, and actions (RFC 7950, 7.14 and 7.15).
 */
#include <stdlib.h>
#include <string.h>

#include "mgmt/invoke.h"
#include "mgmt/nacm.h"
#include "mgmt/request.h"
#include "mgmt/store.h"

/* ------------------------------------------------------------------ reading */

static LY_ERR parse(const char *text, struct lyd_node **tree, struct lyd_node **op)
{
	struct ly_in *in;
	LY_ERR err = ly_in_new_memory(text, &in);

	if (err)
		return err;
	err = lyd_parse_op(store_ctx(), NULL, in, LYD_XML, LYD_TYPE_RPC_YANG, tree, op);
	ly_in_free(in, 0);
	return err ? err : lyd_validate_op(*tree, NULL, LYD_TYPE_RPC_YANG, NULL);
}

/* What @n says by the modules, in r->tree. NULL, and the request is answered, if it does not fit them. */
static const struct lyd_node *read_op(struct request *r, const struct lyd_node *n)
{
	struct lyd_node *op = NULL;
	struct mgmt_error e;
	char *text = NULL;
	LY_ERR err = lyd_print_mem(&text, n, LYD_XML, LYD_PRINT_SHRINK);

	if (!err)
		err = parse(text, &r->tree, &op);
	free(text);
	if (!err)
		return op;
	error_libyang(&e, store_ctx());
	if (strstr(e.message, "operation node"))
		error_bad(&e, "missing-element", "action", NULL, "no action in it");
	request_fail(r, &e);
	return NULL;
}

/* ------------------------------------------------------------------ running */

static void on_done(void *arg, const struct invoke_result *result)
{
	struct request *r = arg;

	r->invoke = NULL;
	if (result->error)
		request_fail(r, result->error);
	else if (result->output)
		request_output(r, result->output);
	else
		request_ok(r);
}

static void run(struct request *r, const struct lyd_node *op)
{
	if (!invoke_serves(op->schema)) {
		request_error(r, "protocol", "operation-not-supported", NULL, "%s is for programs on the device",
			      op->schema->name);
		return;
	}
	r->invoke = invoke_start(r->session->user, op, on_done, r);
	if (!r->invoke)
		request_error(r, "application", "resource-denied", NULL, "too much to do");
}

void invoke_rpc(struct request *r)
{
	const struct lyd_node *op = read_op(r, r->op);

	if (op)
		run(r, op);
}

static void deny(struct request *r, const struct lyd_node *op)
{
	struct mgmt_error e;

	error_set(&e, "access-denied", op, "this user may not do that");
	request_fail(r, &e);
}

void invoke_action(struct request *r)
{
	const struct lyd_node *top = lyd_child(r->op), *op;

	if (!top || top->next) {
		request_error(r, "protocol", top ? "bad-element" : "missing-element",
			      top ? xml_name(top->next) : "action", "an action is of one node");
		return;
	}
	op = read_op(r, top);
	if (op && op->schema->nodetype != LYS_ACTION)
		request_error(r, "protocol", "bad-element", op->schema->name, "that is no action");
	else if (op && !nacm_may_act(r->session->user, op))
		deny(r, op);
	else if (op)
		run(r, op);
}
