// SPDX-License-Identifier: GPL-2.0-or-later
#include "reconcile.h"
#include "verbs.h"

int verb_sync(struct words *w)
{
	return reconcile_run(w, RECONCILE_SYNC);
}
