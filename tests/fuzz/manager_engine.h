/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device sends after it has proved who it is. The first octet says in pieces of which size; an octet of
 * zero asks the next question. Whatever comes, each question has one answer at most, none comes that was not
 * asked for, and after the protocol was broken nothing does.
 */
#ifndef _FUZZ_MANAGER_ENGINE_H
#define _FUZZ_MANAGER_ENGINE_H

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "manager/engine.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ready, asked, over;

static void on_ready(void *arg)
{
	(void)arg;
	REQUIRE(!ready && !over);
	ready = true;
}

static void on_answered(void *arg, const struct answer *a)
{
	(void)arg;
	REQUIRE(asked && !over);
	REQUIRE(a->outcome != OUTCOME_FAILED && a->tag && a->path && a->message);
	asked = false;
}

static void on_broken(void *arg, const char *why)
{
	(void)arg;
	REQUIRE(!over && why && *why);
	over = true;
}

static void on_flush(void *arg)
{
	(void)arg;
}

static void ask(struct engine *e, const struct order *o)
{
	if (!ready || asked || over)
		return;
	REQUIRE(!e->ops->ask(e, o));
	asked = true;
}

static const struct engine_user engine_user = { on_ready, on_answered, on_broken, on_flush };
static const struct settings_limits engine_limits = { .message = 32, .hello = 16 };

/* Takes @e over. @o is the question. */
static void feed(struct engine *e, const struct order *o, const uint8_t *data, size_t size)
{
	size_t piece = size && *data ? *data : 4096, n;

	ready = asked = over = false;
	for (data += !!size, size -= !!size; size && !over; data += n, size -= n) {
		const uint8_t *zero = memchr(data, 0, size);

		n = zero ? (size_t)(zero - data) : size;
		if (!n) {
			ask(e, o);
			n = 1;
			continue;
		}
		n = n < piece ? n : piece;
		e->ops->data(e, data, n);
	}
	e->ops->free(e);
}

#endif /* _FUZZ_MANAGER_ENGINE_H */
