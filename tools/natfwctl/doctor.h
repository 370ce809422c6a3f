/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings of the doctor: what is checked, how it is, what to do about it.
 */
#ifndef _NATFWCTL_DOCTOR_H
#define _NATFWCTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"
#include "json.h"
#include "state.h"

enum doctor_status { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

struct doctor {
	struct json json;
	unsigned int warnings, failures;
	struct natfw_client *client;	/* NULL: the module cannot be reached */
	struct state *state;		/* with the rules of every owner, or NULL */
};

/* Put a finding on record: @what was checked, @advice (NULL: none) helps. */
void doctor_say(struct doctor *d, enum doctor_status status, const char *what,
		const char *advice, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* The module: loaded, found, signed; options of the kernel. */
void doctor_module(struct doctor *d);
/* Forwarding, attached devices and their offloads, egress devices of NAT. */
void doctor_devices(struct doctor *d);
/* Addresses and ports of pools against those of this host. */
void doctor_pools(struct doctor *d);

/* The first line of @path, without newline; false if there is none. */
bool doctor_read(const char *path, char *buf, size_t size);

#endif /* _NATFWCTL_DOCTOR_H */
