// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments that wait; fragq.h says who may keep how many.
 *
 * Pieces of a datagram are a list in order. A piece that overlaps another ends
 * the datagram (RFC 5722; for IPv4 as RFC 3128 advises), one that is contained
 * in another is dropped. So what is handed on is whole, once and without
 * overlap, and the kernel's reassembler has it no longer than that takes.
 */
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/slab.h>

#include "fragq.h"
#include "net.h"
#include "parse.h"

/* In the control block of a piece that waits. */
struct natfw_piece_cb {
	u32	from;
	u32	end;
};

#define NATFW_PIECE(skb) ((struct natfw_piece_cb *)(skb)->cb)

static_assert(sizeof(struct natfw_piece_cb) <= sizeof_field(struct sk_buff, cb));

struct natfw_sender {
	struct list_head	queues;	/* natfw_fragq.mine, oldest first */
	u32			bytes;
	u32			tag;	/* who of those that share the place is known */
	unsigned long		until;	/* and how long */
};

/* A datagram that is not whole. */
struct natfw_fragq {
	struct hlist_node	hash;
	struct list_head	age;	/* shard->queues[known] */
	struct list_head	mine;
	struct natfw_sender	*sender;
	struct natfw_key	key;
	struct sk_buff		*first, *tail;
	unsigned long		born;
	u32			bytes;	/* of memory */
	u32			have;	/* bytes of data */
	u32			len;	/* of the whole, 0: unknown */
	u32			far;	/* end of the farthest piece */
	u32			n;
	bool			known;
};

struct natfw_shard {
	spinlock_t		lock;	/* of the rest */
	u32			bytes[2];	/* of senders not known, and known */
	struct list_head	queues[2];	/* oldest first */
	struct hlist_head	bucket[NATFW_FRAG_BUCKETS];
	struct natfw_sender	sender[NATFW_FRAG_SENDERS];
} ____cacheline_aligned_in_smp;

struct natfw_fragqs {
	struct natfw_net	*nn;
	siphash_key_t		secret;		/* of senders */
	hsiphash_key_t		key_secret;	/* of datagrams */
	struct delayed_work	work;	/* ages queues out, while there are any */
	struct natfw_shard	shard[NATFW_FRAG_SHARDS];
};

/* ---- one datagram ---- */

static void natfw_fragq_charge(struct natfw_fragqs *all, struct natfw_shard *s,
			       struct natfw_fragq *q, u32 bytes)
{
	q->bytes += bytes;
	q->sender->bytes += bytes;
	s->bytes[q->known] += bytes;
	atomic_long_add(bytes, &all->nn->memory);
}

static void natfw_fragq_unlink(struct natfw_fragqs *all, struct natfw_shard *s,
			       struct natfw_fragq *q)
{
	hlist_del(&q->hash);
	list_del(&q->age);
	list_del(&q->mine);
	q->sender->bytes -= q->bytes;
	s->bytes[q->known] -= q->bytes;
	atomic_long_sub(q->bytes, &all->nn->memory);
}

static void natfw_fragq_drop(struct natfw_fragqs *all, struct natfw_shard *s,
			     struct natfw_fragq *q)
{
	natfw_fragq_unlink(all, s, q);
	kfree_skb_list_reason(q->first, natfw_reasons[NATFW_R_FRAG_BAD].drop_reason);
	kfree(q);
}

/* The piece behind which one from @from on belongs; NULL: it is the first. */
static struct sk_buff *natfw_fragq_before(const struct natfw_fragq *q, u32 from)
{
	struct sk_buff *pos = q->tail, *next;

	if (!pos || NATFW_PIECE(pos)->from <= from)
		return pos;
	if (NATFW_PIECE(q->first)->from > from)
		return NULL;
	pos = q->first;
	while ((next = pos->next) && NATFW_PIECE(next)->from <= from)
		pos = next;
	return pos;
}

/* True if the end, or what lies beyond it, contradicts what is known. */
static bool natfw_fragq_contradicts(const struct natfw_fragq *q,
				    const struct natfw_piece *piece)
{
	if (piece->last)
		return q->len ? q->len != piece->end : q->far > piece->end;
	return q->len && piece->end > q->len;
}

/* 0 and *@pos, -EEXIST for a duplicate, or -EINVAL for what ends the datagram. */
static int natfw_fragq_place(const struct natfw_fragq *q, const struct natfw_piece *piece,
			     struct sk_buff **pos)
{
	struct sk_buff *next;

	*pos = natfw_fragq_before(q, piece->from);
	if (*pos && NATFW_PIECE(*pos)->end >= piece->end)
		return -EEXIST;
	next = *pos ? (*pos)->next : q->first;
	if ((*pos && NATFW_PIECE(*pos)->end > piece->from) ||
	    (next && NATFW_PIECE(next)->from < piece->end) ||
	    natfw_fragq_contradicts(q, piece) || q->n == NATFW_FRAG_PIECES)
		return -EINVAL;
	return 0;
}

static bool natfw_fragq_whole_with(const struct natfw_fragq *q,
				   const struct natfw_piece *piece)
{
	u32 len = piece->last ? piece->end : q->len;

	return len && q->have + piece->end - piece->from == len;
}

static void natfw_fragq_keep(struct natfw_fragq *q, struct sk_buff *skb,
			     const struct natfw_piece *piece, struct sk_buff *pos)
{
	/* neither route nor device nor socket can wait with it */
	skb_dst_drop(skb);
	skb_orphan(skb);
	skb->dev = NULL;
	NATFW_PIECE(skb)->from = piece->from;
	NATFW_PIECE(skb)->end = piece->end;
	if (pos) {
		skb->next = pos->next;
		pos->next = skb;
	} else {
		skb->next = q->first;
		q->first = skb;
	}
	if (!skb->next)
		q->tail = skb;
	q->have += piece->end - piece->from;
	q->far = max(q->far, piece->end);
	if (piece->last)
		q->len = piece->end;
	q->n++;
}

/* ---- who is sending ---- */

/* The upper half of the result is free for other uses. */
static u64 natfw_sender_hash(const struct natfw_fragqs *all, const struct natfw_key *k)
{
	return siphash_2u64(natfw_key_is4(k) ? k->src.w[1] : k->src.w[0],
			    (u64)k->zone << 1 | natfw_key_is4(k), &all->secret);
}

static bool natfw_sender_known(const struct natfw_sender *w, u32 tag)
{
	return w->tag == tag && time_before(jiffies, w->until);
}

/* Who holds a place as known keeps it, or many others could take it from him. */
static void natfw_sender_learn(struct natfw_sender *w, u32 tag)
{
	if (w->tag != tag && time_before(jiffies, w->until))
		return;
	w->tag = tag;
	w->until = jiffies + NATFW_FRAG_KNOWN * HZ;
}

/* ---- all of a shard ---- */

static struct hlist_head *natfw_shard_bucket(struct natfw_fragqs *all,
					     struct natfw_shard *s,
					     const struct natfw_key *k)
{
	return &s->bucket[natfw_key_hash(k, &all->key_secret) & (NATFW_FRAG_BUCKETS - 1)];
}

static struct natfw_fragq *natfw_shard_find(struct natfw_fragqs *all, struct natfw_shard *s,
					    const struct natfw_key *k)
{
	struct natfw_fragq *q;

	hlist_for_each_entry(q, natfw_shard_bucket(all, s, k), hash)
		if (natfw_key_equal(&q->key, k))
			return q;
	return NULL;
}

static struct natfw_fragq *natfw_shard_new(struct natfw_fragqs *all, struct natfw_shard *s,
					   const struct natfw_key *k, u64 hash)
{
	struct natfw_fragq *q = kzalloc(sizeof(*q), GFP_ATOMIC | __GFP_NOWARN);

	if (!q)
		return NULL;
	q->key = *k;
	q->born = jiffies;
	q->sender = &s->sender[hash / NATFW_FRAG_SHARDS & (NATFW_FRAG_SENDERS - 1)];
	q->known = natfw_sender_known(q->sender, hash >> 32);
	hlist_add_head(&q->hash, natfw_shard_bucket(all, s, k));
	list_add_tail(&q->age, &s->queues[q->known]);
	list_add_tail(&q->mine, &q->sender->queues);
	natfw_fragq_charge(all, s, q, sizeof(*q));
	queue_delayed_work(natfw_wq, &all->work, HZ);
	return q;
}

/* The oldest of @list that is not @not, or NULL. */
#define natfw_oldest_but(list, not, member) ({					\
	struct natfw_fragq *_q = list_first_entry_or_null(list, struct natfw_fragq, member); \
	if (_q && _q == (not))							\
		_q = list_is_last(&_q->member, list) ? NULL :			\
		     list_next_entry(_q, member);				\
	_q;									\
})

/* Whose place one more piece of @q takes. */
static struct natfw_fragq *natfw_shard_victim(struct natfw_shard *s, struct natfw_fragq *q)
{
	bool known = s->bytes[false] <= NATFW_FRAG_BYTES / 2;

	return natfw_oldest_but(&s->queues[known], q, age) ?:
	       natfw_oldest_but(&s->queues[!known], q, age);
}

/* Room for @bytes more of @q; false if there is none even without all others. */
static bool natfw_shard_room(struct natfw_fragqs *all, struct natfw_shard *s,
			     struct natfw_fragq *q, u32 bytes)
{
	struct natfw_fragq *old;

	while (q->sender->bytes + bytes > NATFW_FRAG_BYTES / 2) {
		old = natfw_oldest_but(&q->sender->queues, q, mine);
		if (!old)
			return false;
		natfw_fragq_drop(all, s, old);
	}
	while (s->bytes[0] + s->bytes[1] + bytes > NATFW_FRAG_BYTES) {
		old = natfw_shard_victim(s, q);
		if (!old)
			return false;
		natfw_fragq_drop(all, s, old);
	}
	return true;
}

/* The last piece is here. */
static int natfw_shard_whole(struct natfw_fragqs *all, struct natfw_shard *s,
			     struct natfw_fragq *q, u64 hash, struct natfw_pkt *p,
			     int (*whole)(struct natfw_pkt *p, struct sk_buff *others))
{
	int err;

	natfw_fragq_unlink(all, s, q);
	natfw_sender_learn(q->sender, hash >> 32);
	err = whole(p, q->first);
	kfree(q);
	return err;
}

static int natfw_shard_add(struct natfw_fragqs *all, struct natfw_shard *s, u64 hash,
			   struct natfw_pkt *p, const struct natfw_piece *piece,
			   int (*whole)(struct natfw_pkt *p, struct sk_buff *others),
			   int *result)
{
	struct natfw_fragq *q = natfw_shard_find(all, s, &piece->key);
	u32 bytes = p->skb->truesize;
	struct sk_buff *pos;
	int err;

	if (!q)
		q = natfw_shard_new(all, s, &piece->key, hash);
	if (!q)
		return -ENOMEM;
	err = natfw_fragq_place(q, piece, &pos);
	if (err == -EEXIST)
		return -EINVAL;
	if (!err && natfw_fragq_whole_with(q, piece)) {
		*result = natfw_shard_whole(all, s, q, hash, p, whole);
		return 0;
	}
	if (!err && !natfw_shard_room(all, s, q, bytes))
		err = -ENOMEM;
	if (err) {
		natfw_fragq_drop(all, s, q);
		return err;
	}
	natfw_fragq_charge(all, s, q, bytes);
	natfw_fragq_keep(q, p->skb, piece, pos);
	return -EINPROGRESS;
}

int natfw_fragq_add(struct natfw_pkt *p, const struct natfw_piece *piece,
		    int (*whole)(struct natfw_pkt *p, struct sk_buff *others),
		    int *err)
{
	struct natfw_fragqs *all = p->nn->fragqs;
	u64 hash = natfw_sender_hash(all, &piece->key);
	struct natfw_shard *s = &all->shard[hash & (NATFW_FRAG_SHARDS - 1)];
	int ret;

	spin_lock(&s->lock);
	ret = natfw_shard_add(all, s, hash, p, piece, whole, err);
	spin_unlock(&s->lock);
	return ret;
}

/* ---- ageing ---- */

/* True if some are left. */
static bool natfw_shard_age(struct natfw_fragqs *all, struct natfw_shard *s, u32 seconds)
{
	struct natfw_fragq *q, *next;
	bool left = false;
	u32 known;

	spin_lock_bh(&s->lock);
	for (known = 0; known < ARRAY_SIZE(s->queues); known++) {
		list_for_each_entry_safe(q, next, &s->queues[known], age) {
			if (jiffies - q->born < seconds * HZ)
				break;
			natfw_fragq_drop(all, s, q);
		}
		left |= !list_empty(&s->queues[known]);
	}
	spin_unlock_bh(&s->lock);
	return left;
}

static void natfw_fragq_work(struct work_struct *work)
{
	struct natfw_fragqs *all = container_of(to_delayed_work(work),
						struct natfw_fragqs, work);
	bool left = false;
	u32 i;

	for (i = 0; i < NATFW_FRAG_SHARDS; i++)
		left |= natfw_shard_age(all, &all->shard[i], NATFW_FRAG_SECONDS);
	if (left)
		queue_delayed_work(natfw_wq, &all->work, HZ);
}

static void natfw_shard_init(struct natfw_shard *s)
{
	u32 i;

	spin_lock_init(&s->lock);
	for (i = 0; i < ARRAY_SIZE(s->queues); i++)
		INIT_LIST_HEAD(&s->queues[i]);
	for (i = 0; i < NATFW_FRAG_SENDERS; i++) {
		INIT_LIST_HEAD(&s->sender[i].queues);
		s->sender[i].until = jiffies;
	}
}

int natfw_fragq_init(struct natfw_net *nn)
{
	struct natfw_fragqs *all = kvzalloc(sizeof(*all), GFP_KERNEL_ACCOUNT);
	u32 i;

	if (!all)
		return -ENOMEM;
	all->nn = nn;
	get_random_bytes(&all->secret, sizeof(all->secret));
	get_random_bytes(&all->key_secret, sizeof(all->key_secret));
	INIT_DELAYED_WORK(&all->work, natfw_fragq_work);
	for (i = 0; i < NATFW_FRAG_SHARDS; i++)
		natfw_shard_init(&all->shard[i]);
	nn->fragqs = all;
	return 0;
}

void natfw_fragq_fini(struct natfw_net *nn)
{
	struct natfw_fragqs *all = nn->fragqs;
	u32 i;

	cancel_delayed_work_sync(&all->work);
	for (i = 0; i < NATFW_FRAG_SHARDS; i++)
		natfw_shard_age(all, &all->shard[i], 0);
	nn->fragqs = NULL;
	kvfree(all);
}
