/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of HTTP/1.1 (RFC 9112), read piece by piece as they arrive: requests at a server, responses at a
 * client. Strict: what could be understood in two ways is refused, and so is a response that only the end of
 * the connection ends: nobody could tell whether all of it came. Between messages nothing is kept.
 */
#ifndef _BASE_HTTP_H
#define _BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_TARGET_MAX	8000

struct http {
	/* A field of the head, without white space around @value. False: bad. Set by who wants to know, or NULL. */
	bool (*field)(void *arg, const char *name, const char *value);
	void *arg;
	bool requests;
	bool old;		/* HTTP/1.0 */
	bool close;		/* no other message follows */
	bool has_length, chunked;
	bool head_only;		/* the request was HEAD: no body follows, whatever is said */
	unsigned int status;	/* of a response; for a request that is refused what it is answered with */
	char method[16];	/* of a request */
	char *target;
	/* inside */
	uint8_t state;
	uint64_t left;		/* of the body, or the chunk */
	size_t head, seen, limit;
	char *line;		/* the one that is arriving */
	size_t len;
};

enum http_event {
	HTTP_MORE,		/* all was used */
	HTTP_HEAD,		/* what begins the message, and its fields, are known */
	HTTP_DATA,		/* a piece of the body */
	HTTP_END,		/* of the message */
	HTTP_BAD,		/* no HTTP, or what cannot be trusted to be understood */
	HTTP_LONG,		/* longer than the limit */
};

/* @limit: octets of a body. */
void http_init(struct http *h, size_t limit);
/* A request was sent: a response may come. */
void http_expect(struct http *h, bool head_only);
/* A request may come. */
void http_listen(struct http *h);
/*
 * Takes @used octets of @data, up to the next event; with HTTP_DATA *@piece is part of @data. After HTTP_BAD and
 * HTTP_LONG nothing can follow.
 */
enum http_event http_next(struct http *h, const uint8_t *data, size_t len, size_t *used,
			  const uint8_t **piece, size_t *size);
/* Whether @word is in @list, in which commas are between words, in any case. */
bool http_has(const char *list, const char *word);
void http_fini(struct http *h);

#endif /* _BASE_HTTP_H */
