// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: decoding of what the kernel sends (tools/lib/object.c).
 * What was decoded and encoded again must decode to the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct natfw_set *const sets[] = {
	&natfw_rule_set, &natfw_pool_set, &natfw_dev_set, &natfw_net_set, &natfw_flow_set,
	&natfw_map_set, &natfw_stats_set, &natfw_test_set, &natfw_info_set, &natfw_txn_set, &natfw_overrun_set,
};

/* Larger than any object. */
union room {
	uint64_t has;
	char bytes[4096];
};

static void encode(struct natfw_msg *m, const struct natfw_set *set, const void *obj)
{
	memset(m, 0, sizeof(*m));
	natfw_msg_begin(m, 1, 1, 1, 0, 0);
	natfw_object_put(m, set, obj);
	natfw_msg_end(m);
}

static void again(const struct natfw_set *set, const void *obj)
{
	static union room other;
	struct natfw_msg a, b;
	const size_t head = 20;

	encode(&a, set, obj);
	if (natfw_msg_ok(&a) && !natfw_object_get(set, &other, a.buf + head, a.len - head)) {
		encode(&b, set, &other);
		if (a.len != b.len || memcmp(a.buf, b.buf, a.len))
			abort();
		natfw_msg_fini(&b);
		natfw_object_fini(set, &other);
	}
	natfw_msg_fini(&a);
}

static void one(const struct natfw_set *set, const uint8_t *attrs, size_t len, uint32_t at)
{
	static union room obj;
	char path[64];

	if (set->size > sizeof(obj))
		abort();
	natfw_object_path(set, attrs, len, attrs + at % (len + 1), at >> 24, path, sizeof(path));
	if (natfw_object_get(set, &obj, attrs, len))
		return;
	again(set, &obj);
	natfw_object_fini(set, &obj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct natfw_set *set;
	uint8_t *copy;
	uint32_t at;

	if (size < 5)
		return 0;
	set = sets[data[0] % (sizeof(sets) / sizeof(*sets))];
	memcpy(&at, data + 1, 4);
	size -= 5;
	/* messages are aligned, and end where they end */
	copy = malloc(size ? size : 1);
	memcpy(copy, data + 5, size);
	one(set, copy, size, at);
	free(copy);
	return 0;
}
