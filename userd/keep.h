/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing the configuration file, so that it is there whole whatever happens: the one before, or the new one.
 */
#ifndef _NATFWD_KEEP_H
#define _NATFWD_KEEP_H

#include "conf/conf.h"

#define KEEP_CHANGED	255	/* the file is not any more what it was */

struct keep_job {
	const char *file;		/* may be a symbolic link */
	struct conf_source was;		/* what has to be in it */
	struct conf_source text;	/* what is to be in it */
	bool own;			/* what was in it is not worth keeping as FILE.before */
};

/* On the disk when it returns, with owner and mode as they were. 0, errno or KEEP_CHANGED. May block. */
int keep_write(const struct keep_job *job);

#endif /* _NATFWD_KEEP_H */
