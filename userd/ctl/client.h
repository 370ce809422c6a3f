/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections to the control socket: lines in, lines out, and what one may cost.
 *
 * A connection has a slot, below CLIENT_MAX, and a number that is never used again: whoever answers later
 * keeps the number and asks for the connection, which may be gone.
 */
#ifndef _NATFWD_CTL_CLIENT_H
#define _NATFWD_CTL_CLIENT_H

#include <event2/event.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIENT_MAX		64	/* connections */
#define CLIENT_USER_MAX		16	/* of one user but root */
#define CLIENT_LINE_MAX		65536
#define CLIENT_WAITING_MAX	64	/* requests of one under way */
#define CLIENT_LISTS_MAX	4	/* of them lists */

struct bufferevent;

struct client {
	uint64_t number;
	unsigned int slot;
	uint32_t uid;
	struct bufferevent *bev;
	unsigned int waiting, lists;	/* requests under way */
	unsigned int bad;		/* lines in a row that were no requests */
	bool subscribed;
	bool restricted;		/* by itself: may only get state */
	bool ended;			/* sends no more */
	bool closing;			/* when all is written */
};

struct client_ops {
	/* A line that is a JSON object. */
	void (*request)(struct client *c, json_t *request);
	/* What was queued for it has been written. */
	void (*drained)(struct client *c);
	/* It is gone, or is going. */
	void (*gone)(struct client *c);
};

void client_init(struct event_base *base, const struct client_ops *ops);
/* Take connections from the listening socket @fd, owned from now on, and no longer from the one before. */
void client_listen(int fd);
struct client *client_find(uint64_t number);
struct client *client_at(unsigned int slot);
static inline bool client_root(const struct client *c)
{
	return !c->uid;
}
/* Send @line, which is taken; a client too slow for what is not an answer to it is disconnected. */
void client_send(struct client *c, json_t *line);
void client_notify(struct client *c, json_t *line);
/* {"id": @id, "output": @output}; both are taken, @output NULL: {}. */
void client_output(struct client *c, json_t *id, json_t *output);
/* {"id": @id, "error": ...}; @id is taken. */
void client_error(struct client *c, json_t *id, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A request that is answered later, one for a list or not; false: too many. */
bool client_begin(struct client *c, bool list);
void client_done(struct client *c, bool list);
/* Octets not yet written to it. */
size_t client_backlog(const struct client *c);
unsigned int client_count(void);
/* The process ends: what waits for them is written, as far as that takes no time. */
void client_close_all(void);

#endif /* _NATFWD_CTL_CLIENT_H */
