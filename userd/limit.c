// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "limit.h"
#include "process.h"

#define SPARE		256	/* what a process has in any case, and clients of the control socket */
#define UNPROVEN	512	/* connections of neighbours that have proved nothing yet (sig/stream.c) */
#define FILES		4	/* of an identity */

unsigned int limit_asked(const struct conf *c)
{
	/* twice: a second configuration may come while the files of the first are on the way */
	return 2 * (FILES * c->mgmt.identities + c->mgmt.listens + 2);
}

/* Connections with managers. */
static unsigned long managers(const struct conf_mgmt *m)
{
	unsigned long n = m->calls;
	unsigned int i;

	for (i = 0; i < m->listens; i++)
		n += m->listen[i].max_sessions + m->listen[i].max_unknown + 1ul;
	return n;
}

unsigned long limit_wanted(const struct conf *c, enum proc_id id)
{
	switch (id) {
	case PROC_MONITOR:
		/* and what sshd says on each */
		return SPARE + limit_asked(c) + 2 * managers(&c->mgmt);
	case PROC_SIG:
		return SPARE + UNPROVEN + c->gist.associations;
	case PROC_MGMT:
		/* the other end of each may be a service, or a relay of sshd */
		return SPARE + limit_asked(c) + 2 * managers(&c->mgmt);
	default:
		return SPARE;
	}
}

static bool is_below(rlim_t limit, unsigned long wanted)
{
	return limit != RLIM_INFINITY && limit < wanted;
}

static int raise_to(pid_t pid, unsigned long wanted)
{
	struct rlimit files;

	if (prlimit(pid, RLIMIT_NOFILE, NULL, &files))
		return -errno;
	if (!is_below(files.rlim_cur, wanted))
		return 0;
	files.rlim_cur = wanted;
	if (is_below(files.rlim_max, wanted))
		files.rlim_max = wanted;
	return prlimit(pid, RLIMIT_NOFILE, &files, NULL) ? -errno : 0;
}

bool limit_raise(const struct conf *c, struct conf_error *e)
{
	struct rlimit files = { 0 };
	unsigned long most = 0;
	enum proc_id id, whose = PROC_MONITOR;

	for (id = PROC_MONITOR; id < PROC_COUNT; id++)
		if (limit_wanted(c, id) > most)
			most = limit_wanted(c, whose = id);
	if (!raise_to(0, most))
		return true;
	(void)getrlimit(RLIMIT_NOFILE, &files);
	snprintf(e->text, sizeof(e->text),
		 "process %s may come to need %lu descriptors, and may have %lu (RLIMIT_NOFILE)",
		 process_name(whose), most, (unsigned long)files.rlim_max);
	snprintf(e->path, sizeof(e->path), whose == PROC_SIG ? "/natfw:natfw/gist/associations" :
		 "/natfw:natfw/management");
	return false;
}

/*
 * It has been given our hard limit. Who may not change that of others could not have gone beyond its own, either, so there is
 * nothing to do.
 */
int limit_raise_running(const struct conf *c, enum proc_id id, pid_t pid)
{
	int err = raise_to(pid, limit_wanted(c, id));

	return err == -EPERM ? 0 : err;
}
