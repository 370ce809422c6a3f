// SPDX-License-Identifier: GPL-2.0-only
/* Identifications of IPv4 datagrams: see ident.h. */
#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/random.h>

#include "ident.h"

#define NATFW_IDENT_SOURCES	1024
#define NATFW_IDENT_BLOCK	16U
/* A block further behind than this is too old: a quarter of the way round. */
#define NATFW_IDENT_AGE		16384U

struct natfw_ident_block {
	u32	next;
	u32	left;
};

struct natfw_ident_blocks {
	struct natfw_ident_block b[NATFW_IDENT_SOURCES];
};

static atomic_t natfw_ident_next[NATFW_IDENT_SOURCES];
static struct natfw_ident_blocks __percpu *natfw_ident_blocks;
static hsiphash_key_t natfw_ident_secret __read_mostly;

u16 natfw_ident_source(const union natfw_addr *src, const union natfw_addr *dst, u8 proto)
{
	return hsiphash_3u32((__force u32)src->a32[3], (__force u32)dst->a32[3], proto,
			     &natfw_ident_secret) % NATFW_IDENT_SOURCES;
}

static u32 natfw_ident_reserve(u16 source, u32 count)
{
	return (u32)atomic_add_return(count, &natfw_ident_next[source]) - count;
}

u16 natfw_ident_take(int cpu, u16 source, u32 count)
{
	struct natfw_ident_block *b = &per_cpu_ptr(natfw_ident_blocks, cpu)->b[source];
	u32 now = atomic_read(&natfw_ident_next[source]);

	if (count > NATFW_IDENT_BLOCK)
		return natfw_ident_reserve(source, count);
	if (b->left < count || now - b->next > NATFW_IDENT_AGE) {
		b->next = natfw_ident_reserve(source, NATFW_IDENT_BLOCK);
		b->left = NATFW_IDENT_BLOCK;
	}
	b->left -= count;
	b->next += count;
	return b->next - count;
}

int natfw_ident_init(void)
{
	natfw_ident_blocks = alloc_percpu(struct natfw_ident_blocks);
	if (!natfw_ident_blocks)
		return -ENOMEM;
	get_random_bytes(&natfw_ident_secret, sizeof(natfw_ident_secret));
	get_random_bytes(natfw_ident_next, sizeof(natfw_ident_next));
	return 0;
}

void natfw_ident_exit(void)
{
	free_percpu(natfw_ident_blocks);
}
