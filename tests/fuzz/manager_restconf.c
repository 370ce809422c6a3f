// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzzes the manager's client of RESTCONF: see manager_engine.h. */
#include "manager_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct order o = { .method = "GET", .path = "/data" };
	struct evbuffer *out = evbuffer_new();

	feed(restconf_engine(out, &engine_limits, "Basic eDp5", &engine_user, NULL), &o, data, size);
	evbuffer_free(out);
	return 0;
}
