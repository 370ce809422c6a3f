/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients of the control socket (Documentation/control.rst) and managers ask for.
 */
#ifndef _NATFWD_CTL_REQUEST_H
#define _NATFWD_CTL_REQUEST_H

#include "conf/conf.h"
#include "ctl/asker.h"
#include "ctl/client.h"

struct local;
struct session_event;

/* @c is a client's, @request a line of it with an id. */
void request_take(struct client *c, json_t *request);
/* @rpc: {"natfw:NAME": {...}}. @a is taken, and answered. */
void request_operation(struct asker *a, const json_t *rpc);
/* The monitor has answered to the reload that was asked for first. */
void request_reloaded(const struct conf_error *e);
/* Tell clients of @e, of local session @l or of one that goes through here (NULL). */
void request_tell(const struct session_event *e, const struct local *l);

#endif /* _NATFWD_CTL_REQUEST_H */
