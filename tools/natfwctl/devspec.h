/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An attached device as text: DEV [zone N] [default pass|drop] [emit E].
 */
#ifndef _NATFWCTL_DEVSPEC_H
#define _NATFWCTL_DEVSPEC_H

#include <stdio.h>

#include "model.h"
#include "words.h"

/* Read the rest of @w into @d; with @defaults what is not given is set too. */
bool devspec_read(struct words *w, struct natfw_dev *d, bool defaults);
void devspec_print(FILE *f, const struct natfw_dev *d);
bool devspec_same(const struct natfw_dev *a, const struct natfw_dev *b);
/* Leave in @d only the name and what dev-new takes. */
void devspec_keep_config(struct natfw_dev *d);

#endif /* _NATFWCTL_DEVSPEC_H */
