// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/local.h"
#include "ctl/stats.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static uint64_t counts[STATS_EVENTS_COUNT];
static uint64_t restarts[PROC_COUNT];

static const struct {
	const char *name, *help;
} events[STATS_EVENTS_COUNT] = {
	[STATS_CLIENTS] = { "control_connections_total", "Connections to the control socket" },
	[STATS_REQUESTS] = { "control_requests_total", "Requests on the control socket" },
	[STATS_ERRORS] = { "control_errors_total", "Requests answered with an error" },
	[STATS_EVENTS] = { "session_events_total", "Changes of sessions told to clients" },
	[STATS_SCRAPES] = { "scrapes_total", "Requests for metrics" },
	[STATS_RELOADS] = { "reloads_total", "Configurations put in force, the first one included" },
};

static void name(struct stat_value *v, const char *what, const char *help)
{
	snprintf(v->name, sizeof(v->name), "%s", what);
	snprintf(v->help, sizeof(v->help), "%s", help);
}

static void gauge(struct stat_value *v, const char *what, const char *help, uint64_t number)
{
	name(v, what, help);
	v->gauge = true;
	v->number = number;
}

static void restarted(struct stat_value *v, enum proc_id id, const char *process)
{
	name(v, "process_restarts_total", "Processes started again after they died");
	snprintf(v->label, sizeof(v->label), "process");
	snprintf(v->value, sizeof(v->value), "%s", process);
	v->number = restarts[id];
}

void stats_count(enum stats_event e)
{
	counts[e]++;
}

void stats_restarted(enum proc_id id)
{
	restarts[id]++;
}

bool stats_own(unsigned int i, struct stat_value *v)
{
	*v = (struct stat_value){ 0 };
	if (i < ARRAY_SIZE(events)) {
		name(v, events[i].name, events[i].help);
		v->number = counts[i];
		return true;
	}
	switch (i - ARRAY_SIZE(events)) {
	case 0:
		restarted(v, PROC_SIG, "sig");
		return true;
	case 1:
		restarted(v, PROC_KERN, "kern");
		return true;
	case 2:
		restarted(v, PROC_MGMT, "mgmt");
		return true;
	case 3:
		gauge(v, "control_clients", "Connections to the control socket now", client_count());
		return true;
	case 4:
		gauge(v, "local_sessions", "Sessions of applications on this node", local_count());
		return true;
	case 5:
		gauge(v, "state_stored", "Sessions of applications are stored", !local_error());
		return true;
	default:
		return false;
	}
}
