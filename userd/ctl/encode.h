/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plain values of the daemon as the JSON of natfw.yang (RFC 7951). What is made is the caller's; NULL: no
 * memory.
 */
#ifndef _NATFWD_CTL_ENCODE_H
#define _NATFWD_CTL_ENCODE_H

#include <jansson.h>

#include "base/session.h"
#include "proc.h"

#define ENCODE_TAG	17	/* room for a tag */

/* @id: show the session id, which is a secret. */
json_t *encode_session(const struct session_info *i, bool id);
json_t *encode_event(const struct session_event *e, bool id);
json_t *encode_peer(const struct peer_info *p);
json_t *encode_rule(const struct rule_info *r);
json_t *encode_ace(const struct ace_info *i);
json_t *encode_pool(const struct pool_info *i);
json_t *encode_counter(const struct stat_value *v);
json_t *encode_call(const struct call_info *i);
/* Members "session" and, with @id, "id" into @o. */
void encode_session_name(json_t *o, const uint8_t sid[GATE_SID], bool id);
void encode_hex(const uint8_t *octets, size_t n, char *text);
/* @n octets of lower-case hexadecimal digits; false if @text is not that. */
bool encode_read_hex(const char *text, uint8_t *octets, size_t n);

#endif /* _NATFWD_CTL_ENCODE_H */
