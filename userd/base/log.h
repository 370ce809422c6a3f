/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line an event, to standard error (systemd's journal, priorities in its <N> form when
 * it listens there) or to syslog, by subsystem. Never blocks: what cannot be written is counted and
 * said later. Safe in every process of the daemon, before and after privileges are dropped.
 *
 * A line is a sentence, then key=value pairs by the caller's format:
 *	log_info(LOG_NSLP, "session established sid=%s lifetime=%u", ...)
 * A session id is a secret on which ownership rests (RFC 5973 5): log session_tag() of it.
 */
#ifndef _NATFWD_BASE_LOG_H
#define _NATFWD_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_subsystem {
	SUB_MAIN, SUB_CONF, SUB_NET, SUB_GIST, SUB_NSLP, SUB_POLICY, SUB_KERN, SUB_CTL,
	SUB_MGMT, SUB_COUNT,
};

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_NOTICE, LEVEL_INFO, LEVEL_DEBUG };

extern uint8_t log_levels[SUB_COUNT];	/* enum log_level; LEVEL_INFO at start */

static inline bool log_on(enum log_subsystem sub, enum log_level level)
{
	return level <= log_levels[sub];
}

void log_write(enum log_subsystem sub, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_at(sub, level, ...) \
	do { if (log_on(sub, level)) log_write(sub, level, __VA_ARGS__); } while (0)
#define log_error(sub, ...)	log_at(sub, LEVEL_ERROR, __VA_ARGS__)
#define log_warn(sub, ...)	log_at(sub, LEVEL_WARN, __VA_ARGS__)
#define log_notice(sub, ...)	log_at(sub, LEVEL_NOTICE, __VA_ARGS__)
#define log_info(sub, ...)	log_at(sub, LEVEL_INFO, __VA_ARGS__)
#define log_debug(sub, ...)	log_at(sub, LEVEL_DEBUG, __VA_ARGS__)

/* Where lines go: standard error (default) or syslog; @name is the process's, in every line. */
void log_open(const char *name, bool to_syslog);
/* A sink in place of the real one, for tests; NULL restores it. */
void log_capture(void (*sink)(enum log_subsystem, enum log_level, const char *line));
const char *log_subsystem_name(enum log_subsystem sub);
/* The subsystem or level called @name, or -1. */
int log_subsystem_find(const char *name);
int log_level_find(const char *name);

#define LOG_NAME	128	/* room for log_name() of a user's name */
/*
 * @name as it may stand between quotation marks in the log: those in it, and backslashes, have a backslash before
 * them, so that nobody's name reads as another field. Cut off if @size octets do not hold it. Returns @buf.
 */
const char *log_name(const char *name, char *buf, size_t size);

#define SESSION_TAG	17	/* room for session_tag() */
/*
 * A name for a session id that says nothing about it: 16 hex digits of a keyed hash (SipHash) whose
 * key is the daemon's, the same in all its processes and lives. Returns @buf.
 */
const char *session_tag(const uint8_t sid[16], char *buf);
/* The 64-bit hash behind it. */
uint64_t session_hash(const uint8_t sid[16]);
/* Set the key, 16 octets; until then it is zero. */
void session_tag_key(const uint8_t key[16]);

#endif /* _NATFWD_BASE_LOG_H */
