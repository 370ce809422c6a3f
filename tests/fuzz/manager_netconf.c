// SPDX-License-Identifier: GPL-2.0-or-later
/* Fuzzes the manager's client of NETCONF: see manager_engine.h. */
#include "manager_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct order o = { .rpc = "<get/>", .rpc_len = 6 };
	struct evbuffer *out = evbuffer_new();

	feed(netconf_engine(out, &engine_limits, &engine_user, NULL), &o, data, size);
	evbuffer_free(out);
	return 0;
}
