/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between the kernels natfw builds for, under the
 * name of the feature and not of the version: 6.1, 6.12 and 7.2 are what it
 * is built and tested on, what lies between follows from when the change was
 * made. No other file looks at LINUX_VERSION_CODE.
 *
 * Each entry says what changed, and when. A wrapper has the newest kernel's
 * shape, so that the code reads as if that were the only one.
 */
#ifndef _NATFW_COMPAT_H
#define _NATFW_COMPAT_H

#include <linux/version.h>
#include <linux/skbuff.h>

#endif /* _NATFW_COMPAT_H */
