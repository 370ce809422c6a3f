/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the schema's enumerations, in the order of the enums in C.
 */
#ifndef _NATFWD_CONF_WORDS_H
#define _NATFWD_CONF_WORDS_H

#include <stddef.h>

/* "udp" or "200" to @buf; buf. */
const char *words_protocol(unsigned int protocol, char *buf, size_t len);
/* The number of a protocol's canonical value in the tree. */
unsigned int words_protocol_find(const char *value);

#endif /* _NATFWD_CONF_WORDS_H */
