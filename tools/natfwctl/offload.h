/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device does with packets before natfw sees them.
 */
#ifndef _NATFWCTL_OFFLOAD_H
#define _NATFWCTL_OFFLOAD_H

#include <stdbool.h>

/* True if @feature (as ethtool names it, "rx-lro") of @ifname is on. */
bool offload_on(const char *ifname, const char *feature);

#endif /* _NATFWCTL_OFFLOAD_H */
