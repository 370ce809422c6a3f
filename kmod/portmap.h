/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which ports of one external address and one protocol are taken.
 *
 * A port is free, in use by somebody, or on hold until a given second. Ports
 * are kept in chunks of 256, made when the first port of a chunk is taken and
 * let go when the last one is free again. A bitmap per parity says which chunks
 * have no free port left, so that finding a port costs the same whether the map
 * is empty or nearly full.
 *
 * Who uses a port, or until when it is held, is one word, and a chunk has no
 * more of them than it has ports taken: the word's place is the number of ports
 * taken below. So the map costs some ten bytes for each port in use, be they
 * many or few.
 *
 * Called by lease.c. No locking of its own: the caller holds the pool's lock,
 * save for natfw_portmap_user(), which is for readers under RCU. Allocates with
 * GFP_ATOMIC.
 */
#ifndef _NATFW_PORTMAP_H
#define _NATFW_PORTMAP_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#define NATFW_CHUNK_PORTS	256
#define NATFW_CHUNKS		(65536 / NATFW_CHUNK_PORTS)

/* A word for each port of a chunk that is in use or on hold, in order. */
struct natfw_portwords {
	union {
		struct rcu_head	rcu;	/* once replaced */
		DECLARE_FLEX_ARRAY(unsigned long, word);
	};
};

struct natfw_portchunk {
	DECLARE_BITMAP(busy, NATFW_CHUNK_PORTS); /* in use, on hold or out of bounds */
	DECLARE_BITMAP(held, NATFW_CHUNK_PORTS);
	struct natfw_portwords	*words;		/* only ever replaced by more */
	seqcount_t		moves;		/* of words, and changes of bits */
	u16			nfree[2];	/* even, odd */
	u16			nused;
	u16			nheld;
	u16			below;		/* ports before the bounds */
	u16			room;		/* for words */
	struct rcu_head		rcu;
};

struct natfw_portmap {
	struct list_head	holding;	/* in the pool's, while held != 0 */
	atomic_long_t		*memory;	/* charged for chunks */
	u32			used;
	u32			held;
	u32			due;		/* no hold ends before */
	u32			address;	/* number of the address, for lease.c */
	u8			group;		/* of protocols, for lease.c */
	u16			min, max;
	DECLARE_BITMAP(full[2], NATFW_CHUNKS);
	DECLARE_BITMAP(holds, NATFW_CHUNKS);
	struct natfw_portchunk __rcu *chunk[NATFW_CHUNKS];
};

/* What natfw_portmap_find() looks for. */
enum natfw_port_want {
	NATFW_PORT_EVEN,
	NATFW_PORT_ODD,
	NATFW_PORT_ANY,
	NATFW_PORT_PAIR,	/* even, and the next one is free too */
};

struct natfw_portmap *natfw_portmap_create(u16 min, u16 max, atomic_long_t *memory);
void natfw_portmap_destroy(struct natfw_portmap *pm);	/* NULL is fine */

bool natfw_portmap_is_free(const struct natfw_portmap *pm, u16 port);
bool natfw_portmap_is_held(const struct natfw_portmap *pm, u16 port);
/* Take @port for @user: 0, -ERANGE, -EBUSY or -ENOMEM. */
int natfw_portmap_take(struct natfw_portmap *pm, u16 port, void *user);
/*
 * Who uses @port, or NULL. Under RCU, without the lock: what is returned may have
 * let go of the port since. Whoever looks at it must be able to tell; map.c.
 */
void *natfw_portmap_user(const struct natfw_portmap *pm, u16 port);
/* The first port from @port on that is in use, or -ENOENT. */
int natfw_portmap_next(const struct natfw_portmap *pm, u32 port);
/* A free port within @min and @max that none can predict, or -ENOSPC. */
int natfw_portmap_find(const struct natfw_portmap *pm, u16 min, u16 max,
		       enum natfw_port_want want);
/* Free @port, which is in use or held, at once. */
void natfw_portmap_release(struct natfw_portmap *pm, u16 port);
/* Keep @port, which is in use, from being taken before @until. */
void natfw_portmap_hold(struct natfw_portmap *pm, u16 port, u32 until);
/* @port, which is in use, is @user's from now on. */
void natfw_portmap_pass(struct natfw_portmap *pm, u16 port, void *user);
/* The port on hold goes back into use, by @user. */
void natfw_portmap_reclaim(struct natfw_portmap *pm, u16 port, void *user);

/*
 * Free what has been on hold long enough by @now. @freed is called for each
 * port. Sets pm->due to the earliest end of those that remain.
 */
void natfw_portmap_sweep(struct natfw_portmap *pm, u32 now,
			 void (*freed)(struct natfw_portmap *pm, u16 port,
				       void *arg), void *arg);

int natfw_portmap_module_init(void);
void natfw_portmap_module_exit(void);

#endif /* _NATFW_PORTMAP_H */
