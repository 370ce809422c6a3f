// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "mgmt/hello.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

#define BASE		"urn:ietf:params:netconf:base:"
#define CAPABILITY	"urn:ietf:params:netconf:capability:"
#define URI_MAX		512

static const char *const capabilities[] = {
	BASE "1.0",
	BASE "1.1",
	CAPABILITY "writable-running:1.0",
	CAPABILITY "candidate:1.0",
	CAPABILITY "confirmed-commit:1.1",
	CAPABILITY "rollback-on-error:1.0",
	CAPABILITY "validate:1.1",
	CAPABILITY "xpath:1.0",
	CAPABILITY "notification:1.0",
	CAPABILITY "interleave:1.0",
	CAPABILITY "with-defaults:1.0?basic-mode=trim&also-supported=report-all",
	/* modules of YANG 1.0 say so themselves, others by the library (RFC 7950, 5.6.4) */
	"urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring?module=ietf-netconf-monitoring"
	"&revision=2010-10-04",
	"urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults?module=ietf-netconf-with-defaults"
	"&revision=2011-06-01",
	"urn:ietf:params:xml:ns:yang:ietf-netconf-acm?module=ietf-netconf-acm&revision=2018-02-14",
	"urn:ietf:params:xml:ns:yang:ietf-netconf-notifications?module=ietf-netconf-notifications"
	"&revision=2012-02-06",
	"urn:ietf:params:xml:ns:netconf:notification:1.0?module=notifications&revision=2008-07-14",
	"urn:ietf:params:xml:ns:netmod:notification?module=nc-notifications&revision=2008-07-14",
};

void hello_each(void (*fn)(struct evbuffer *out, const char *uri), struct evbuffer *out)
{
	char library[128];
	size_t i;

	for (i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		fn(out, capabilities[i]);
	snprintf(library, sizeof(library),
		 CAPABILITY "yang-library:1.1?revision=2019-01-04&content-id=%s",
		 store_content_id());
	fn(out, library);
}

static void put_capability(struct evbuffer *out, const char *uri)
{
	evbuffer_add_printf(out, "<capability>");
	xml_put(out, uri, strlen(uri));
	evbuffer_add_printf(out, "</capability>");
}

struct evbuffer *hello_make(uint32_t session)
{
	struct evbuffer *out = evbuffer_new();

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			    "<hello xmlns=\"" NETCONF_NS "\"><capabilities>");
	hello_each(put_capability, out);
	evbuffer_add_printf(out, "</capabilities><session-id>%u</session-id></hello>", session);
	return out;
}

/* URIs are compared without their parameters. */
static bool is_base(const char *uri, const char *version)
{
	size_t n = strlen(BASE);

	if (strncmp(uri, BASE, n) != 0 || strncmp(uri + n, version, strlen(version)) != 0)
		return false;
	return !uri[n + strlen(version)] || uri[n + strlen(version)] == '?';
}

static const char *read_tree(const struct lyd_node *hello, bool *chunked)
{
	const struct lyd_node *list, *c;
	char uri[URI_MAX];
	bool old = false;

	if (!xml_is(hello, NETCONF_NS, "hello"))
		return "the first message is no hello";
	if (xml_child(hello, NETCONF_NS, "session-id"))
		return "a session-id in the manager's hello";
	list = xml_child(hello, NETCONF_NS, "capabilities");
	*chunked = false;
	LY_LIST_FOR(list ? lyd_child(list) : NULL, c) {
		if (!xml_is(c, NETCONF_NS, "capability"))
			continue;
		xml_text(c, uri, sizeof(uri));
		*chunked |= is_base(uri, "1.1");
		old |= is_base(uri, "1.0");
	}
	return *chunked || old ? NULL : "no version of NETCONF in common";
}

const char *hello_read(const char *text, bool *chunked)
{
	enum xml_fault fault;
	struct lyd_node *hello = xml_read(store_xml(), text, &fault);
	const char *wrong = hello ? read_tree(hello, chunked) : "a hello that is not well formed";

	lyd_free_all(hello);
	return wrong;
}
