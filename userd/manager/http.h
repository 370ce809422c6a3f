/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Responses of HTTP/1.1 (RFC 9112), read piece by piece as they arrive. Strict: what could be understood
 * in two ways is refused, and so is a body that only the end of the connection ends: nobody could tell
 * whether all of it came. Between responses nothing is kept.
 */
#ifndef _MANAGER_HTTP_H
#define _MANAGER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http {
	uint8_t state;
	bool head_only;		/* the request was HEAD: no body follows, whatever is said */
	bool chunked, has_length, has_type, close, json;
	unsigned int status;
	uint64_t left;		/* of the body, or the chunk */
	size_t head, seen, limit;
	char *line;		/* the one that is arriving */
	size_t len;
};

enum http_event {
	HTTP_MORE,		/* all was used */
	HTTP_HEAD,		/* status and header fields are known */
	HTTP_DATA,		/* a piece of the body */
	HTTP_END,		/* of the response */
	HTTP_BAD,		/* no HTTP, or what cannot be trusted to be understood */
	HTTP_LONG,		/* longer than the limit */
};

/* @limit: octets of a body. */
void http_init(struct http *h, size_t limit);
/* A request was sent: a response may come. */
void http_expect(struct http *h, bool head_only);
/* As frame_next() in frame.h. */
enum http_event http_next(struct http *h, const uint8_t *data, size_t len, size_t *used,
			  const uint8_t **piece, size_t *size);
void http_fini(struct http *h);

#endif /* _MANAGER_HTTP_H */
