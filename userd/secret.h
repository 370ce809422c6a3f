/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's secret: 32 random octets in its state directory, made when it is started for the first
 * time. Everything that has to be the same in all its lives, and known to nobody else, is derived from
 * it (HKDF with SHA-256, RFC 5869).
 */
#ifndef _NATFWD_SECRET_H
#define _NATFWD_SECRET_H

#include "proc.h"

#define SECRET_SIZE	32

/*
 * Read the secret from @dir, or make it. The file stays open and locked, so that there is one daemon on
 * a state directory: *@lock is its descriptor. 0 or -errno; -EBUSY: there is another daemon; -EBADMSG:
 * the file is no secret.
 */
int secret_open(const char *dir, uint8_t secret[SECRET_SIZE], int *lock);
/* What process @id gets of it. 0 or -EIO. */
int secret_derive(const uint8_t secret[SECRET_SIZE], enum proc_id id, struct proc_secrets *out);

#endif /* _NATFWD_SECRET_H */
