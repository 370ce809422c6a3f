/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the signalling process counts, for metrics. */
#ifndef _NATFWD_SIG_STATS_H
#define _NATFWD_SIG_STATS_H

#include "nslp/nslp.h"
#include "proc.h"

/* Call @fn for every metric of sockets, GIST (if there is an engine) and NSLP (ditto). */
void stats_each(const struct nslp *nslp, void (*fn)(void *arg, const struct stat_value *v),
		void *arg);

#endif /* _NATFWD_SIG_STATS_H */
