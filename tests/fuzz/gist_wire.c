// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the codec of GIST messages: whatever is accepted is written again and means the
 * same, and whatever is refused can be answered with an Error that is well formed.
 * The first octet says how the rest arrives, and whether its length is put right first.
 */
#include <stdlib.h>
#include <string.h>

#include "gist/frame.h"
#include "gist/message.h"
#include "gist/reply.h"

#define REQUIRE(condition)	do { if (!(condition)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t buf[1 << 18], relayed[1 << 18];

static const struct gist_nli own = {
	.ttl = 1, .validity = 1, .identity = { (const uint8_t *)"x", 1 },
	.address = { 4, { 10, 0, 0, 1 } },
};

static void again(const struct gist_message *m, unsigned int allow)
{
	struct gist_message back;
	struct gist_fault fault;
	struct gist_out out;

	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, m);
	if (out.error)
		return;
	REQUIRE(gist_message_parse(&back, gist_out_view(&out), m->mode, allow, &fault) ==
		GIST_ACCEPT);
	REQUIRE(back.present == m->present);
	REQUIRE(!gist_message_has(m, GIST_MRI) || gist_mri_equal(&back.mri, &m->mri));
	gist_message_natt_check(m, &fault);
}

static void relay(const struct gist_message *m, unsigned int allow)
{
	struct gist_message back;
	struct gist_fault fault;
	struct gist_out out;

	gist_out_init(&out, relayed, sizeof(relayed));
	gist_message_relay(&out, m, NULL);
	if (!out.error)
		REQUIRE(gist_message_parse(&back, gist_out_view(&out), m->mode, allow, &fault) ==
			GIST_ACCEPT);
}

static void answer(const struct gist_message *m, const struct gist_fault *f)
{
	const struct gist_reply reply = { .hops = 1, .nli = &own, .comment = true };
	struct gist_message back;
	struct gist_fault fault;
	struct gist_out out;

	gist_out_init(&out, buf, sizeof(buf));
	gist_reply_put(&out, m, f, &reply);
	REQUIRE(out.error == 0);
	REQUIRE(gist_message_parse(&back, gist_out_view(&out), m->mode, 0, &fault) ==
		GIST_ACCEPT);
	REQUIRE(back.error.code == f->code && back.error.subcode == f->subcode);
}

static void one(struct gist_view v, enum gist_mode mode, unsigned int allow)
{
	struct gist_message m;
	struct gist_fault fault;

	switch (gist_message_parse(&m, v, mode, allow, &fault)) {
	case GIST_ACCEPT:
		again(&m, allow);
		relay(&m, allow);
		break;
	case GIST_REFUSE:
		answer(&m, &fault);
		break;
	default:
		break;
	}
}

/* One message as long as it is, so that what is in it is got at. */
static void fitted(const uint8_t *data, size_t size, enum gist_mode mode, unsigned int allow)
{
	uint8_t *copy;

	if (size < GIST_HEADER_SIZE || size > sizeof(buf))
		return;
	copy = malloc(size);
	if (!copy)
		return;
	memcpy(copy, data, size);
	copy[2] = (uint8_t)((size - GIST_HEADER_SIZE) / 4 >> 8);
	copy[3] = (uint8_t)((size - GIST_HEADER_SIZE) / 4);
	one(gist_view(copy, size), mode, allow);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gist_view rest, frame;
	unsigned int allow;

	if (!size)
		return 0;
	rest = gist_view(data + 1, size - 1);
	allow = data[0] & 2 ? GIST_ALLOW_LOOSE_UPSTREAM : 0;
	if (data[0] & 4) {
		fitted(rest.data, rest.len, data[0] & 1 ? GIST_CONNECTION : GIST_DATAGRAM, allow);
		return 0;
	}
	if (data[0] & 1) {
		while (gist_frame_next(&rest, &frame) == GIST_FRAME_MESSAGE)
			one(frame, GIST_CONNECTION, allow);
		return 0;
	}
	if (gist_magic_strip(&rest))
		one(rest, GIST_DATAGRAM, allow);
	return 0;
}
