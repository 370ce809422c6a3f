// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests on the control socket: a line to JSON, to libyang, to plain values. What is refused says why; what
 * is taken makes sense.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/input.h"

static void check(const struct session_open *o)
{
	const struct gate_flow *f = &o->flow;

	if (!address_is_set(&f->destination) || f->destination_len > address_bits(&f->destination) ||
	    f->source_len > 128 || f->icmp_count > GATE_ICMP_MAX || f->more_ports > 1 ||
	    (o->kind == SESSION_CREATE && !address_is_set(&f->source)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	json_error_t error;
	json_t *request;
	struct input in;
	struct input_error e;

	if (!ready && input_init())
		abort();
	ready = true;
	request = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
	if (json_is_object(request) && json_object_size(request) == 1) {
		if (!input_read(request, &in, &e) != !!*e.text)
			abort();
		if (!*e.text && in.rpc == INPUT_OPEN)
			check(&in.open);
	}
	json_decref(request);
	return 0;
}
