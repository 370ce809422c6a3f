/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making the kernel's state that of a file: what apply, sync and check share.
 */
#ifndef _NATFWCTL_RECONCILE_H
#define _NATFWCTL_RECONCILE_H

#include "config.h"
#include "state.h"
#include "words.h"

enum reconcile_mode {
	RECONCILE_APPLY,	/* replace every rule */
	RECONCILE_SYNC,		/* only what differs */
};

/* Read FILE from @w and carry it out; the exit status. */
int reconcile_run(struct words *w, enum reconcile_mode mode);
/*
 * Read FILE from @w into @c and find what is wrong with it by itself. @path
 * gets its name. 0 or the exit status; config_fini() is due if 0.
 */
int reconcile_load(struct words *w, struct config *c, const char **path);
/* True if pools and devices that the file does not name stay (-k, -o). */
bool reconcile_keeps(const struct config *c);
/*
 * True if every rule refers to pools and devices of the file, or to ones of @s
 * (NULL: not known) that stay; else c->error is set.
 */
bool reconcile_references(struct config *c, const struct state *s);
/* Print "PATH:LINE: 'token': text"; returns CTL_REFUSED. */
int reconcile_refused(const char *path, const struct config_error *e);

#endif /* _NATFWCTL_RECONCILE_H */
