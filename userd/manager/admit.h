/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have a handshake, and when: what is decided about a connection before anything expensive is
 * done for it. RFC 8071 section 5: the manager is the listener now, so its ports take what the devices'
 * took before.
 *
 * A source is an IPv4 address or an IPv6 /64. It says nothing about who a device is, it only shares out
 * what there is: sources that devices were authenticated from lately ("familiar") may have more at a
 * time, and half of everything is kept for them; half of the rest is kept for those of which no handshake has
 * failed in the time of a penalty. A source whose handshakes fail too often is blocked for a while, longer each
 * time.
 *
 * A connection enters (and waits), begins its handshake, and ends it. Memory is bounded by the limits.
 * The clock is the caller's, milliseconds, never going back. One thread.
 */
#ifndef _MANAGER_ADMIT_H
#define _MANAGER_ADMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "manager/settings.h"

struct admit;
struct source;

enum admit_verdict {
	ADMIT_OK,
	ADMIT_BLOCKED,		/* failed too often */
	ADMIT_SOURCE_FULL,	/* has enough waiting */
	ADMIT_FULL,		/* all places to wait are taken */
	ADMIT_MEMORY,		/* no room to remember the source */
	ADMIT_VERDICTS,
};

/* What became of a handshake. */
enum admit_result { RESULT_GOOD, RESULT_BAD, RESULT_NEITHER };

struct admit_stats {
	uint64_t verdict[ADMIT_VERDICTS];
	uint64_t begun, good, bad, blocks;
	uint32_t waiting, half_open, sources, blocked;
};

/* @limits must stay. NULL: out of memory. */
struct admit *admit_create(const struct settings_limits *limits, uint64_t now);
void admit_destroy(struct admit *a);
/*
 * A connection from @from was accepted. ADMIT_OK and *@source, which stays until admit_end() or
 * admit_abandon(); anything else: close it.
 */
enum admit_verdict admit_enter(struct admit *a, const struct sockaddr *from, uint64_t now,
			       struct source **source);
/* May its handshake begin now? True also counts it as begun. */
bool admit_begin(struct admit *a, struct source *source, uint64_t now);
/* It went away, or waited too long, before it was begun. */
void admit_abandon(struct admit *a, struct source *source);
/* A begun one is over; false: its source has been blocked for that. */
bool admit_end(struct admit *a, struct source *source, enum admit_result result, uint64_t now);
/* Devices were authenticated at @from: from now on it is familiar. @more: how many (or fewer, < 0). */
void admit_familiar(struct admit *a, const struct sockaddr *from, int more, uint64_t now);
bool admit_is_familiar(const struct source *source);
/* A handshake of its has failed lately. */
bool admit_is_sour(const struct source *source);
/* Ms a handshake that begins now may take: less for the unknown while they take up all there is. */
uint64_t admit_patience(const struct admit *a, const struct source *source);
/* It is a stranger's, and they take up most of their places: who says nothing should make room. */
bool admit_is_crowded(const struct admit *a, const struct source *source);
/* Ms until admit_begin() may be tried again; never 0. */
uint64_t admit_pause(const struct admit *a, uint64_t now);
/* Ms until @from is no longer blocked, 0: it is not. */
uint64_t admit_blocked(struct admit *a, const struct sockaddr *from, uint64_t now);
/* Lift every block. */
void admit_forgive(struct admit *a);
void admit_stats(struct admit *a, uint64_t now, struct admit_stats *out);
const char *admit_verdict_name(enum admit_verdict v);

#endif /* _MANAGER_ADMIT_H */
