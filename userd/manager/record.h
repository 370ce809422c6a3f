/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the manager knows, as JSON objects, for the control socket.
 */
#ifndef _MANAGER_RECORD_H
#define _MANAGER_RECORD_H

#include <jansson.h>

#include "manager/manager.h"

/* New references; NULL: out of memory. */
json_t *record_device(const struct device *d);
json_t *record_refusal(const struct refusal *r);
json_t *record_status(struct manager *m);
/* A device to be expected. NULL, or what is wrong; what was read so far is in @out then. */
const char *record_parse(json_t *o, struct device_record *out);
/*
 * "SHA256:" and base64, as ssh-keygen prints it, or "sha256:" and hexadecimal digits (colons between are
 * allowed), as openssl does; or a line of a public key file of SSH, whose digest is taken.
 */
bool record_pin(const char *text, uint8_t digest[DIGEST_SIZE]);

#endif /* _MANAGER_RECORD_H */
