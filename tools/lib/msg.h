/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A buffer netlink messages are written into, one after the other.
 *
 * Running out of memory is remembered and told once, by natfw_msg_ok(), so
 * that writers need not check every attribute. Not for several threads.
 */
#ifndef _NATFW_LIB_MSG_H
#define _NATFW_LIB_MSG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct natfw_msg {
	char	*buf;
	size_t	len;		/* bytes written */
	size_t	cap;
	size_t	head;		/* where the message being written begins */
	bool	failed;
};

/* Forget what was written; memory is kept. */
void natfw_msg_reset(struct natfw_msg *m);
/* Give the memory back. */
void natfw_msg_fini(struct natfw_msg *m);
static inline bool natfw_msg_ok(const struct natfw_msg *m)
{
	return !m->failed;
}

/* Begin a generic netlink message to @family; natfw_msg_end() closes it. */
void natfw_msg_begin(struct natfw_msg *m, uint16_t family, uint8_t cmd, uint8_t version,
		     uint16_t flags, uint32_t seq);
void natfw_msg_end(struct natfw_msg *m);
/* Forget the message begun last. */
void natfw_msg_cancel(struct natfw_msg *m);
/* The message begun last; valid until more is written. */
struct nlmsghdr *natfw_msg_head(struct natfw_msg *m);

void natfw_msg_put(struct natfw_msg *m, uint16_t type, const void *data, size_t len);
/* Attributes that are encoded already. */
void natfw_msg_put_raw(struct natfw_msg *m, const void *data, size_t len);
/* Open a nest; the result goes to natfw_msg_nest_end(). */
size_t natfw_msg_nest_begin(struct natfw_msg *m, uint16_t type);
void natfw_msg_nest_end(struct natfw_msg *m, size_t at);

#endif /* _NATFW_LIB_MSG_H */
