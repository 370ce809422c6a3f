/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the relay says to natfwd before anything else.
 */
#ifndef _NATFWD_RELAY_H
#define _NATFWD_RELAY_H

#include <stdint.h>

#define RELAY_MAGIC	"natfwd1"
/* sshd gives the relay the command of the subsystem: this, and the token in hexadecimal. */
#define RELAY_COMMAND	"natfwd-netconf-"

struct relay_hello {
	char magic[8];
	uint8_t token[16];
	char user[64];		/* zero octets follow */
};

#endif /* _NATFWD_RELAY_H */
