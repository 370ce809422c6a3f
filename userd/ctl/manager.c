// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/log.h"
#include "ctl/asker.h"
#include "ctl/manager.h"
#include "ctl/request.h"
#include "ctl/stats.h"
#include "proc.h"

void manager_take(const void *data, size_t len)
{
	const char *text = (const char *)data + sizeof(struct manager_ask);
	struct manager_ask ask;
	struct asker *a;
	json_t *rpc;

	if (len < sizeof(ask)) {
		log_error(SUB_CTL, "a manager's request of %zu octets", len);
		return;
	}
	memcpy(&ask, data, sizeof(ask));
	ask.user[sizeof(ask.user) - 1] = '\0';
	a = asker_manager(ask.number, ask.user, ask.operator == 1);
	if (!a)
		return;
	stats_count(STATS_REQUESTS);
	rpc = json_loadb(text, len - sizeof(ask), JSON_REJECT_DUPLICATES, NULL);
	request_operation(a, rpc);
	json_decref(rpc);
}
