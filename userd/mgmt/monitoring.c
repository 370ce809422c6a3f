// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What ietf-netconf-monitoring tells (RFC 6022).
 */
#include <string.h>

#include "mgmt/lock.h"
#include "mgmt/request.h"
#include "mgmt/store.h"

static void put_leaf(struct evbuffer *out, const char *name, const char *text)
{
	evbuffer_add_printf(out, "<%s>", name);
	xml_put(out, text, strlen(text));
	evbuffer_add_printf(out, "</%s>", name);
}

static void put_number(struct evbuffer *out, const char *name, uint32_t n)
{
	evbuffer_add_printf(out, "<%s>%u</%s>", name, n, name);
}

static void put_time(struct evbuffer *out, const char *name, time_t t)
{
	char text[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	put_leaf(out, name, text);
}

static void put_capability(struct evbuffer *out, const char *uri)
{
	put_leaf(out, "capability", uri);
}

static void put_schemas(struct evbuffer *out)
{
	const struct lys_module *m;
	uint32_t at = 0;

	while ((m = ly_ctx_get_module_iter(store_ctx(), &at))) {
		evbuffer_add_printf(out, "<schema>");
		put_leaf(out, "identifier", m->name);
		put_leaf(out, "version", m->revision ? m->revision : "");
		put_leaf(out, "format", "yang");
		put_leaf(out, "namespace", m->ns);
		put_leaf(out, "location", "NETCONF");
		evbuffer_add_printf(out, "</schema>");
	}
}

static void put_session(struct evbuffer *out, const struct session *s)
{
	char host[ADDRESS_TEXT];

	evbuffer_add_printf(out, "<session>");
	put_number(out, "session-id", s->id);
	put_leaf(out, "transport", s->transport);
	put_leaf(out, "username", s->user);
	if (address_is_set(&s->peer.address))
		put_leaf(out, "source-host", address_text(&s->peer.address, host));
	put_time(out, "login-time", s->login);
	put_number(out, "in-rpcs", s->in_rpcs);
	put_number(out, "in-bad-rpcs", s->in_bad_rpcs);
	put_number(out, "out-rpc-errors", s->out_errors);
	put_number(out, "out-notifications", s->out_notifications);
	evbuffer_add_printf(out, "</session>");
}

static void put_totals(struct evbuffer *out)
{
	const struct session_totals *t = &session_totals;

	evbuffer_add_printf(out, "<statistics>");
	put_time(out, "netconf-start-time", t->start);
	put_number(out, "in-bad-hellos", t->bad_hellos);
	put_number(out, "in-sessions", t->sessions);
	put_number(out, "dropped-sessions", t->dropped);
	put_number(out, "in-rpcs", t->in_rpcs);
	put_number(out, "in-bad-rpcs", t->in_bad_rpcs);
	put_number(out, "out-rpc-errors", t->out_errors);
	put_number(out, "out-notifications", t->out_notifications);
	evbuffer_add_printf(out, "</statistics>");
}

static void put_datastore(struct evbuffer *out, const char *name, enum datastore which)
{
	evbuffer_add_printf(out, "<datastore><name>%s</name>", name);
	if (lock_owner(which)) {
		evbuffer_add_printf(out, "<locks><global-lock>");
		put_number(out, "locked-by-session", lock_owner(which));
		put_time(out, "locked-time", lock_since(which));
		evbuffer_add_printf(out, "</global-lock></locks>");
	}
	evbuffer_add_printf(out, "</datastore>");
}

struct evbuffer *monitoring_make(void)
{
	struct evbuffer *out = evbuffer_new();
	const struct session *s;

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "<netconf-state xmlns=\"" MONITORING_NS "\"><capabilities>");
	hello_each(put_capability, out);
	evbuffer_add_printf(out, "</capabilities><datastores>");
	put_datastore(out, "candidate", DATASTORE_CANDIDATE);
	put_datastore(out, "running", DATASTORE_RUNNING);
	evbuffer_add_printf(out, "</datastores><schemas>");
	put_schemas(out);
	evbuffer_add_printf(out, "</schemas><sessions>");
	for (s = session_first(); s; s = s->next)
		put_session(out, s);
	evbuffer_add_printf(out, "</sessions>");
	put_totals(out);
	evbuffer_add_printf(out, "</netconf-state>");
	return out;
}
