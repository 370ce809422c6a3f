/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading NETCONF messages (RFC 6241) as they arrive, by libxml2's push parser: well-formed, UTF-8, no
 * document type (3.2) and so no entities, bounded depth. No tree is built; what is of interest on the way
 * is noted, and the text goes on to who asked.
 */
#ifndef _MANAGER_MESSAGE_H
#define _MANAGER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_kind { MESSAGE_OTHER, MESSAGE_HELLO, MESSAGE_REPLY, MESSAGE_NOTIFICATION, MESSAGE_RPC };

/* Capabilities that make a difference here; all others are ignored (RFC 6241 8). */
enum capability {
	CAP_BASE_10 = 1 << 0, CAP_BASE_11 = 1 << 1, CAP_WRITABLE_RUNNING = 1 << 2,
	CAP_CANDIDATE = 1 << 3, CAP_CONFIRMED = 1 << 4, CAP_ROLLBACK = 1 << 5, CAP_VALIDATE = 1 << 6,
	CAP_STARTUP = 1 << 7, CAP_XPATH = 1 << 8, CAP_NOTIFICATION = 1 << 9, CAP_DEFAULTS = 1 << 10,
};

struct message {
	enum message_kind kind;
	bool has_id;
	uint64_t id;			/* message-id, when it is a number of ours */
	unsigned int children;		/* elements right below the root */
	bool ok;			/* rpc-reply has <ok/> */
	unsigned int errors, warnings;	/* rpc-error by severity */
	char error_tag[64], error_path[256], error_message[256];	/* of the first error */
	/* hello */
	unsigned int capabilities, listed;	/* enum capability; how many there were */
	bool has_session;
	uint32_t session;
};

struct reader;

/* NULL: out of memory. */
struct reader *reader_begin(void);
/* 0, or -1: it is no such message, reader_error() says why. */
int reader_feed(struct reader *r, const void *data, size_t len);
/* The end: the message, valid until reader_free(); NULL: it was none. */
const struct message *reader_end(struct reader *r);
const char *reader_error(const struct reader *r);
void reader_free(struct reader *r);
/* The capability a URI stands for, parameters aside (RFC 6241 8.1); 0: none of ours. */
unsigned int capability_of(const char *uri);
/* What it is called in lists for people; @bit has one bit. */
const char *capability_name(unsigned int bit);

#endif /* _MANAGER_MESSAGE_H */
