// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A NETCONF client (RFC 6241): hello, then one rpc at a time. What is not to be kept is not kept: between
 * messages there is neither parser nor buffer.
 */
#define _GNU_SOURCE
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/engine.h"
#include "manager/frame.h"
#include "manager/message.h"

struct netconf {
	struct engine e;
	struct frame frame;
	struct reader *reader;		/* of the message that is arriving; NULL between messages */
	struct evbuffer *text;		/* its text, when it is kept */
	uint64_t id;			/* of the rpc last sent */
	unsigned int capabilities;
	uint32_t session;
	bool greeted;			/* their hello came */
	bool bye;			/* close-session was sent */
	bool broken;
};

static const char hello[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>"
	"<capability>urn:ietf:params:netconf:base:1.0</capability>"
	"<capability>urn:ietf:params:netconf:base:1.1</capability>"
	"</capabilities></hello>";

static void broken(struct netconf *n, const char *why)
{
	n->broken = true;
	n->e.user->broken(n->e.arg, why);
}

/* ------------------------------------------------------------------ messages */

static void take_hello(struct netconf *n, const struct message *m)
{
	if (m->kind != MESSAGE_HELLO) {
		broken(n, "something else than hello came first");
		return;
	}
	if (!m->has_session) {
		broken(n, "hello without session-id");
		return;
	}
	if (!(m->capabilities & (CAP_BASE_10 | CAP_BASE_11))) {
		broken(n, "no base version in common");
		return;
	}
	n->greeted = true;
	n->capabilities = m->capabilities;
	n->session = m->session;
	if (m->capabilities & CAP_BASE_11)
		frame_set_chunked(&n->frame);
	n->frame.limit = n->e.limits->hello * 1024;
	n->e.user->ready(n->e.arg);
}

static void answer(struct netconf *n, const struct message *m)
{
	struct answer a = {
		.outcome = m->errors ? OUTCOME_ERROR : m->warnings ? OUTCOME_WARNING : OUTCOME_OK,
		.tag = m->error_tag, .path = m->error_path, .message = m->error_message,
		.text = n->text,
	};
	n->e.asked = false;
	n->frame.limit = n->e.limits->hello * 1024;
	n->e.user->answered(n->e.arg, &a);
}

static void take_reply(struct netconf *n, const struct message *m)
{
	if (!n->e.asked)
		broken(n, "a reply that nobody asked for");
	else if (!m->has_id || m->id != n->id)
		broken(n, "a reply to another message-id");
	else if (!m->children)
		broken(n, "an empty reply");
	else if (m->ok && m->errors)
		broken(n, "a reply of ok and an error");
	else
		answer(n, m);
}

static void take_message(struct netconf *n, const struct message *m)
{
	if (!n->greeted)
		take_hello(n, m);
	else if (m->kind == MESSAGE_REPLY)
		take_reply(n, m);
	else if (m->kind != MESSAGE_NOTIFICATION)
		broken(n, "neither a reply nor a notification");
}

static void forget_message(struct netconf *n)
{
	reader_free(n->reader);
	n->reader = NULL;
	if (n->text)
		evbuffer_free(n->text);
	n->text = NULL;
}

static void take_piece(struct netconf *n, const uint8_t *piece, size_t size)
{
	if (!n->reader) {
		n->reader = reader_begin();
		n->text = n->e.asked ? evbuffer_new() : NULL;
		if (!n->reader || (n->e.asked && !n->text)) {
			broken(n, "out of memory");
			return;
		}
	}
	if (reader_feed(n->reader, piece, size))
		broken(n, reader_error(n->reader));
	else if (n->text && evbuffer_add(n->text, piece, size))
		broken(n, "out of memory");
}

static void take_end(struct netconf *n)
{
	const struct message *m = n->reader ? reader_end(n->reader) : NULL;

	if (!n->reader)
		broken(n, "an empty message");
	else if (!m)
		broken(n, reader_error(n->reader));
	else
		take_message(n, m);
}

/* ------------------------------------------------------------------ data */

static void on_data(struct engine *e, const uint8_t *data, size_t len)
{
	struct netconf *n = (struct netconf *)e;
	const uint8_t *piece = NULL;
	size_t used, size = 0;

	while (!n->broken) {
		switch (frame_next(&n->frame, data, len, &used, &piece, &size)) {
		case FRAME_MORE:
			return;
		case FRAME_DATA:
			take_piece(n, piece, size);
			break;
		case FRAME_END:
			take_end(n);
			if (!n->broken)
				forget_message(n);
			break;
		case FRAME_BAD:
			broken(n, "framing lost");
			return;
		case FRAME_LONG:
			broken(n, "message too long");
			return;
		}
		data += used;
		len -= used;
	}
}

/* ------------------------------------------------------------------ asking */

/* As it is sent, it must be well-formed and one operation; and what ends it must be ours. */
static const char *check(const struct netconf *n, const char *text, size_t len)
{
	struct reader *r = reader_begin();
	const struct message *m;
	const char *why = NULL;

	if (!r)
		return "out of memory";
	m = reader_feed(r, text, len) ? NULL : reader_end(r);
	if (!m)
		why = "the request is not well-formed";
	else if (m->kind != MESSAGE_RPC || m->children != 1)
		why = "the request is not one operation";
	else if (!n->frame.chunked && memmem(text, len, FRAME_MARKER, strlen(FRAME_MARKER)))
		why = "the request has the marker that ends messages of NETCONF 1.0";
	reader_free(r);
	return why;
}

static struct evbuffer *compose(uint64_t id, const char *rpc, size_t len)
{
	struct evbuffer *b = evbuffer_new();

	if (b && (evbuffer_add_printf(b, "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\""
				      " message-id=\"%" PRIu64 "\">", id) < 0 ||
		  evbuffer_add(b, rpc, len) || evbuffer_add(b, "</rpc>", 6))) {
		evbuffer_free(b);
		b = NULL;
	}
	return b;
}

static const char *ask(struct engine *e, const struct order *o)
{
	struct netconf *n = (struct netconf *)e;
	const char *why = "out of memory", *text;
	struct evbuffer *b;
	size_t len;

	if (!o->rpc)
		return "the device speaks NETCONF, not RESTCONF";
	if (e->asked || !n->greeted)
		return "the session is busy";
	b = compose(n->id + 1, o->rpc, o->rpc_len);
	len = b ? evbuffer_get_length(b) : 0;
	text = b ? (const char *)evbuffer_pullup(b, -1) : NULL;
	if (text) {
		why = check(n, text, len);
		if (!why && frame_put(e->out, n->frame.chunked, text, len))
			why = "out of memory";
	}
	if (b)
		evbuffer_free(b);
	if (why)
		return why;
	n->id++;
	e->asked = true;
	/* a notification may be half here: what is left of it is counted by the same limit */
	n->frame.limit = (size_t)e->limits->message * 1024;
	e->user->flush(e->arg);
	return NULL;
}

static void bye(struct engine *e)
{
	static const struct order close_session = {
		.rpc = "<close-session/>", .rpc_len = sizeof("<close-session/>") - 1,
	};
	struct netconf *n = (struct netconf *)e;

	if (!n->bye && !ask(e, &close_session))
		n->bye = true;
}

static void netconf_free(struct engine *e)
{
	struct netconf *n = (struct netconf *)e;

	forget_message(n);
	free(n);
}

static void describe(const struct engine *e, char *out, size_t size)
{
	const struct netconf *n = (const struct netconf *)e;
	size_t at = (size_t)snprintf(out, size, "NETCONF %s session-id %u",
				     n->frame.chunked ? "1.1" : "1.0", n->session);
	unsigned int bit;

	for (bit = CAP_WRITABLE_RUNNING; bit <= CAP_DEFAULTS && at < size; bit <<= 1)
		if (n->capabilities & bit)
			at += (size_t)snprintf(out + at, size - at, " %s", capability_name(bit));
}

/* Sent at once, whatever they do (RFC 6241 8.1). */
struct engine *netconf_engine(struct evbuffer *out, const struct settings_limits *limits,
			      const struct engine_user *user, void *arg)
{
	static const struct engine_ops ops = { on_data, ask, bye, netconf_free, describe };
	struct netconf *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->e = (struct engine){
		.ops = &ops, .user = user, .arg = arg, .out = out, .limits = limits,
	};
	frame_init(&n->frame, limits->hello * 1024);
	if (frame_put(out, false, hello, sizeof(hello) - 1)) {
		free(n);
		return NULL;
	}
	user->flush(arg);
	return &n->e;
}
