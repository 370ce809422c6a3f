// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "devspec.h"
#include "events.h"
#include "poolspec.h"
#include "rulelist.h"
#include "spec.h"
#include "verbs.h"

static void print_stamp(void)
{
	struct timespec now;
	struct tm tm;
	char buf[32];

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("%s.%06ld ", buf, now.tv_nsec / 1000);
}

static void print_rule(const struct natfw_event *ev)
{
	const struct natfw_rule *r = ev->obj;

	if (ev->ntf == NATFW_CMD_RULE_NEW_NTF) {
		rulelist_print(stdout, r, 1);
		return;
	}
	printf("%" PRIu64 "  priority %u %s", r->id, r->priority,
	       natfw_name(&natfw_action_names, r->action) ?: "?");
	if (natfw_has(r, NATFW_A_RULE_NAME) && r->name) {
		fputs(" name ", stdout);
		print_text(stdout, r->name);
	}
	printf("  # %s, packets %" PRIu64 " bytes %" PRIu64 "\n",
	       natfw_name(&natfw_del_reason_names, r->reason) ?: "?", r->packets, r->bytes);
}

static void print_pool(const struct natfw_pool *p)
{
	print_text(stdout, p->name ? p->name : "?");
	printf("  used %" PRIu64 " of %" PRIu64 " ports, on hold %" PRIu64 ", refused %" PRIu64 "\n",
	       p->used, p->ports, p->held, p->refused);
}

static void print_map(const struct natfw_map *m)
{
	print_proto(stdout, m->proto);
	putchar(' ');
	print_endpoint(stdout, &m->int_addr, m->int_port);
	fputs(" <> ", stdout);
	print_endpoint(stdout, &m->ext_addr, m->ext_port);
	printf("  pool %s  rule %" PRIu64 "\n", m->pool ? m->pool : "?", m->rule);
}

static void print_overrun(const struct natfw_overrun *o)
{
	printf("*** EVENTS WERE LOST ***");
	if (o->lost)
		printf(" %u of them.", o->lost);
	if (o->count)
		printf(" %u rules came or went at once.", o->count);
	printf(" What was printed so far is not the whole story: list again.\n");
}

static void print_object(const struct natfw_event *ev)
{
	if (ev->set == &natfw_rule_set) {
		print_rule(ev);
	} else if (ev->set == &natfw_dev_set && ev->ntf == NATFW_CMD_DEV_NEW_NTF) {
		devspec_print(stdout, ev->obj);
		putchar('\n');
	} else if (ev->set == &natfw_dev_set) {
		printf("%s\n", ((const struct natfw_dev *)ev->obj)->ifname);
	} else if (ev->set == &natfw_pool_set) {
		print_pool(ev->obj);
	} else if (ev->set == &natfw_net_set) {
		const struct natfw_net *n = ev->obj;

		printf("rules %u of %u, flows %u of %u\n", n->rules, n->rule_max, n->flows,
		       n->flow_max);
	} else if (ev->set == &natfw_map_set) {
		print_map(ev->obj);
	} else {
		print_overrun(ev->obj);
	}
}

static void print_json(const struct natfw_event *ev)
{
	struct timespec now;
	struct json j;

	json_init(&j, stdout);
	json_open(&j, NULL, '{');
	json_text(&j, "event", natfw_event_name(ev->ntf));
	if (ctl_opt.stamp) {
		clock_gettime(CLOCK_REALTIME, &now);
		json_number(&j, "time-us", (uint64_t)now.tv_sec * 1000000 +
			    (uint64_t)now.tv_nsec / 1000);
	}
	json_entry(&j, ev->set->name, ev->set, ev->obj);
	json_close(&j, '}');
	json_end(&j);
}

static void on_event(void *arg, const struct natfw_event *ev)
{
	(void)arg;
	if (ctl_opt.json) {
		print_json(ev);
		return;
	}
	if (ctl_opt.stamp)
		print_stamp();
	if (ev->ntf != NATFW_CMD_OVERRUN_NTF)
		printf("%-14s ", natfw_event_name(ev->ntf));
	print_object(ev);
}

static const char *const group_names[] = {
	NATFW_MCGRP_DEV, NATFW_MCGRP_RULE, NATFW_MCGRP_POOL, NATFW_MCGRP_MAP,
};

#define NGROUPS	4

static const char *find_group(const char *s)
{
	const char *found = NULL;
	unsigned int i;

	for (i = 0; i < NGROUPS; i++)
		if (!strncmp(group_names[i], s, strlen(s)))
			found = group_names[i];
	return found;
}

/* The groups named; all of them but map if none is. */
static bool read_groups(struct words *w, const char **groups)
{
	unsigned int n = 0, i;
	const char *s;

	if (words_take(w, "all")) {
		for (; n < NGROUPS; n++)
			groups[n] = group_names[n];
		return words_done(w);
	}
	for (i = 0; words_end(w) && i < 3; i++)
		groups[n++] = group_names[i];
	while (!words_end(w) && n < NGROUPS) {
		s = words_next(w, "a group");
		groups[n] = find_group(s);
		if (!groups[n++])
			return words_fail(w, "events are about dev, rule, pool or map");
	}
	return words_done(w);
}

static int watch(struct natfw_events *ev)
{
	struct pollfd pfd = { .fd = natfw_events_fd(ev), .events = POLLIN };
	struct natfw_error e;

	for (;;) {
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			return ctl_fail("%s", strerror(errno));
		if (natfw_events_read(ev, on_event, NULL, &e))
			return ctl_refused(&e);
		if (fflush(stdout) || ferror(stdout))
			return CTL_REFUSED;
	}
}

int verb_monitor(struct words *w)
{
	const char *groups[NGROUPS + 1] = { NULL };
	struct natfw_events *ev;
	struct natfw_error e;
	int status;

	if (!read_groups(w, groups))
		return ctl_usage(w);
	if (natfw_events_open(&ev, ctl_opt.netns, groups, &e))
		return ctl_refused(&e);
	status = watch(ev);
	natfw_events_close(ev);
	return status;
}
