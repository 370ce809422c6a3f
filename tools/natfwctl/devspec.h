/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An attached device as text: DEV [zone N] [default pass|drop] [emit E] [xdp MODE].
 */
#ifndef _NATFWCTL_DEVSPEC_H
#define _NATFWCTL_DEVSPEC_H

#include <stdio.h>

#include "model.h"
#include "words.h"
#include "xdp.h"

/* What is asked for of a device: settings of the module, and XDP, which is the kernel's. */
struct devspec {
	struct natfw_dev dev;
	bool has_xdp;
	enum xdp_mode xdp;
};

/*
 * Read the rest of @w into @s; with @defaults what is not given is set too, but
 * for XDP, which is then left as it is.
 */
bool devspec_read(struct words *w, struct devspec *s, bool defaults);
void devspec_print(FILE *f, const struct natfw_dev *d);
/* " xdp MODE" if our program is on @ifname. */
void devspec_print_xdp(FILE *f, const char *ifname);
bool devspec_same(const struct natfw_dev *a, const struct natfw_dev *b);
/* Leave in @d only the name and what dev-new takes. */
void devspec_keep_config(struct natfw_dev *d);

#endif /* _NATFWCTL_DEVSPEC_H */
