/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions with natfwd: what `natfwctl session` is made of.
 */
#ifndef _NATFWCTL_SESSION_H
#define _NATFWCTL_SESSION_H

#include <jansson.h>

#include "ctl.h"
#include "natfw_session.h"

/* Milliseconds that natfwd, and a path, may take to answer. */
#define SESSION_LOCAL	10000
#define SESSION_PATH	40000

/* A request as it was typed; @ask points into @text, so it is not to be copied. */
struct session_spec {
	struct natfw_ask ask;
	char text[3][NATFW_ENDPOINT_TEXT];	/* source, destination, toward */
	uint8_t icmp[16];
	bool has_source, has_destination;	/* "from any" is something that was said */
	uint32_t wait;				/* seconds */
	bool has_wait;
	bool hold;				/* stay, and end it with this process */
};

/* Read [PROTO] from ADDR sport P to ADDR ...; false and w->error. */
bool session_spec_read(struct words *w, enum natfw_kind kind, struct session_spec *s);

/* The connection; on failure says why and returns NULL. Never to be closed. */
struct natfw_conn *session_conn(void);
/* Say what went wrong and what to do about it; CTL_REFUSED. */
int session_refused(const struct natfw_why *why);

/* The entries of list @list of state @subtree, a new array; NULL if it failed, which was said. */
json_t *session_state(const char *subtree, const char *list);
/* What a session is about: "udp 10.1.0.2:4000 -> 203.0.113.5:5000", to @buf. Returns @buf. */
const char *session_flow_text(const json_t *flow, char *buf, size_t size);
/* "203.0.113.5:5000" of {"address": ..., "port": ...}, "-" if there is none. Returns @buf. */
const char *session_endpoint_text(const json_t *endpoint, char *buf, size_t size);
/* What is known of session @tag, a line for each thing. */
void session_print(const json_t *s, const char *tag);
/* One line on an event. */
void session_event_print(FILE *f, const json_t *event);
/* JSON on a line of standard output. */
void session_json(const json_t *value);

/* Verbs of their own. */
int session_list(struct words *w);
int session_show(struct words *w);
int session_peers(struct words *w);
int session_rules(struct words *w);
int session_pools(struct words *w);
int session_static(struct words *w);
int session_config(struct words *w);
int session_calls(struct words *w);
int session_watch(struct words *w);
int session_trace(struct words *w);

#endif /* _NATFWCTL_SESSION_H */
