// SPDX-License-Identifier: GPL-2.0-or-later
#include "shim.h"

int shim_warnings, shim_fail_every;
u32 shim_hash_mask = ~0U;
pthread_rwlock_t shim_rcu = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static pthread_mutex_t later_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *later;

void shim_later(struct rcu_head *head, void *whole)
{
	pthread_mutex_lock(&later_lock);
	head->whole = whole;
	head->next = later;
	later = head;
	pthread_mutex_unlock(&later_lock);
}

void shim_sweep(void)
{
	struct rcu_head *h, *next;

	pthread_mutex_lock(&later_lock);
	h = later;
	later = NULL;
	pthread_mutex_unlock(&later_lock);
	synchronize_rcu();
	for (; h; h = next) {
		next = h->next;
		free(h->whole);
	}
}

u32 get_random_u32(void)
{
	static __thread u64 s;

	s = s * 6364136223846793005ULL + 1442695040888963407ULL + (u64)pthread_self();
	return s >> 32;
}

void get_random_bytes(void *p, size_t n)
{
	u8 *b = p;

	while (n--)
		*b++ = get_random_u32();
}

/* work */

static pthread_mutex_t work_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_cond = PTHREAD_COND_INITIALIZER;
static struct work_struct *work_list, *work_now;
static pthread_t work_thread;
static bool work_over;

bool shim_queue(struct work_struct *w)
{
	bool fresh;

	pthread_mutex_lock(&work_lock);
	fresh = !w->queued;
	if (fresh) {
		w->queued = true;
		w->next = work_list;
		work_list = w;
		pthread_cond_broadcast(&work_cond);
	}
	pthread_mutex_unlock(&work_lock);
	return fresh;
}

static void *work_loop(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&work_lock);
	while (!work_over || work_list) {
		if (!work_list) {
			pthread_cond_wait(&work_cond, &work_lock);
			continue;
		}
		work_now = work_list;
		work_list = work_now->next;
		work_now->queued = false;
		pthread_mutex_unlock(&work_lock);
		work_now->fn(work_now);
		pthread_mutex_lock(&work_lock);
		work_now = NULL;
		pthread_cond_broadcast(&work_cond);
	}
	pthread_mutex_unlock(&work_lock);
	return NULL;
}

void cancel_work_sync(struct work_struct *w)
{
	pthread_mutex_lock(&work_lock);
	while (work_list == w || work_now == w || w->queued)
		pthread_cond_wait(&work_cond, &work_lock);
	pthread_mutex_unlock(&work_lock);
}

void shim_work_start(void)
{
	work_over = false;
	pthread_create(&work_thread, NULL, work_loop, NULL);
}

void shim_work_stop(void)
{
	pthread_mutex_lock(&work_lock);
	work_over = true;
	pthread_cond_broadcast(&work_cond);
	pthread_mutex_unlock(&work_lock);
	pthread_join(work_thread, NULL);
}
