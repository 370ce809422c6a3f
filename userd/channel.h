/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel between two processes of the daemon: SOCK_SEQPACKET, typed messages, one or several a datagram,
 * at most one descriptor alongside. What the kernel does not take at once is queued, up to a limit.
 *
 * Callbacks may send, and may destroy the channel.
 */
#ifndef _NATFWD_CHANNEL_H
#define _NATFWD_CHANNEL_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_MESSAGE_MAX	60000	/* octets of a message, without its head */
#define CHANNEL_QUEUE_MAX	(4u << 20)

struct channel;

struct channel_ops {
	/* @data is aligned to 8 octets and valid for the call; @fd is the callee's, -1: none. */
	void (*message)(void *arg, unsigned int type, const void *data, size_t len, int fd);
	/* The other end is gone; nothing comes any more. Not after channel_destroy(). */
	void (*closed)(void *arg);
	/* May be NULL: the queue is empty again after something was refused. */
	void (*drained)(void *arg);
};

/* Both ends, close-on-exec and non-blocking. 0 or -errno. */
int channel_pair(int fd[2]);
/* Owns @fd from now on, also if it fails: NULL. @limit: octets queued at most. */
struct channel *channel_create(struct event_base *base, int fd, size_t limit,
			       const struct channel_ops *ops, void *arg);
void channel_destroy(struct channel *ch);
/*
 * Send @a and @b together (either may be empty). @fd is closed in any case; -1: none. 0, -ENOBUFS (queue
 * full, or no memory), -EPIPE, -EMSGSIZE.
 */
int channel_send(struct channel *ch, unsigned int type, const void *a, size_t alen, const void *b,
		 size_t blen, int fd);
/*
 * The same without a descriptor, and not at once: what is posted in one turn of the loop goes together, at
 * the end of the turn or when it is much. A system call and a wakeup cost as much as a short message is
 * worth. Order is kept, also with channel_send(). 0, -ENOBUFS, -EMSGSIZE; that the other end is gone shows
 * up later.
 */
int channel_post(struct channel *ch, unsigned int type, const void *a, size_t alen, const void *b,
		 size_t blen);
/* Octets that were accepted, and not yet taken by the kernel. */
size_t channel_backlog(const struct channel *ch);
/* Descriptors among that. */
unsigned int channel_descriptors(const struct channel *ch);
/* Write what is queued, waiting @ms at most. For the end of a process. */
void channel_flush(struct channel *ch, int ms);
/*
 * Wait for one message, of @type and @len octets, on a channel nobody has created yet. 0 or -errno;
 * -EPROTO if something else comes.
 */
int channel_await(int fd, unsigned int type, void *data, size_t len);

#endif /* _NATFWD_CHANNEL_H */
