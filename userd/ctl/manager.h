/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations that managers ask for, by way of the management process, which has looked at what they may.
 */
#ifndef _NATFWD_CTL_MANAGER_H
#define _NATFWD_CTL_MANAGER_H

#include <stddef.h>

/* MSG_MANAGER_ASK. */
void manager_take(const void *data, size_t len);

#endif /* _NATFWD_CTL_MANAGER_H */
