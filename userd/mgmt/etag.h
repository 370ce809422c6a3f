/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entity-tags and times of what is configured (RFC 8040, 3.4.1 and 3.5.1), and the conditions of requests on
 * them (RFC 9110, 13). A tag is made of the contents, so it is the same for the same, whatever happened between.
 */
#ifndef _NATFWD_MGMT_ETAG_H
#define _NATFWD_MGMT_ETAG_H

#include <libyang/libyang.h>
#include <stdbool.h>
#include <time.h>

#define ETAG_LEN	17

/*
 * Of @node with all in it, of @siblings and those behind it with @all; @node NULL: of what has nothing in it. State
 * does not count. False: no memory.
 */
bool etag_make(const struct lyd_node *node, bool all, char tag[ETAG_LEN]);
/*
 * Whether @list, a field If-Match or If-None-Match, names @tag in any of its representations, or is "*" and there is
 * @something.
 */
bool etag_listed(const char *list, const char *tag, bool something);

/* A new configuration is in force. */
void etag_watch(const struct lyd_node *running);
/* The tag of all of it, "" before there was one, and when it was changed last. */
const char *etag_running(void);
time_t etag_modified(void);

#endif /* _NATFWD_MGMT_ETAG_H */
