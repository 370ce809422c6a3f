// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the server is capable of, and the streams of events there are (RFC 8040, 9).
 */
#include <event2/buffer.h>

#include "mgmt/rest.h"
#include "mgmt/stream.h"

#define CAPABILITY	"urn:ietf:params:restconf:capability:"

static void put_stream(struct evbuffer *out, const struct stream_info *i)
{
	static const char *const encodings[] = { "xml", "json" };
	char created[STREAM_TIME];
	unsigned int e;

	evbuffer_add_printf(out, "<stream><name>%s</name><description>%s</description>"
			    "<replay-support>true</replay-support><replay-log-creation-time>%s"
			    "</replay-log-creation-time>", i->name, i->description,
			    stream_time(&i->created, created));
	/* relative: what it is called by is known at the other end only */
	for (e = 0; e < 2; e++)
		evbuffer_add_printf(out, "<access><encoding>%s</encoding><location>/" RESTCONF_ROOT
				    "/streams/%s/%s</location></access>", encodings[e], i->name,
				    encodings[e]);
	evbuffer_add_printf(out, "</stream>");
}

struct evbuffer *restconf_monitoring(void)
{
	static const char *const capabilities[] = {
		"defaults:1.0?basic-mode=trim", "depth:1.0", "fields:1.0", "filter:1.0", "replay:1.0",
		"with-defaults:1.0",
	};
	struct evbuffer *out = evbuffer_new();
	struct stream_info info;
	unsigned int i;

	if (!out)
		return NULL;
	evbuffer_add_printf(out, "<restconf-state xmlns=\""
			    "urn:ietf:params:xml:ns:yang:ietf-restconf-monitoring\"><capabilities>");
	for (i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		evbuffer_add_printf(out, "<capability>" CAPABILITY "%s</capability>", capabilities[i]);
	evbuffer_add_printf(out, "</capabilities><streams>");
	for (i = 0; stream_info(i, &info); i++)
		put_stream(out, &info);
	evbuffer_add_printf(out, "</streams></restconf-state>");
	return out;
}
