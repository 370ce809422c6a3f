/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One question to a responder of OCSP, by HTTP (RFC 6960, appendix A.1): a connection, a POST, an answer, and that
 * is it. Nothing blocks, no redirection is followed, and what comes is bounded in octets and in time. What it says is for
 * others to find out; it is not to be believed because of where it came from.
 */
#ifndef _NATFWD_MGMT_INQUIRY_H
#define _NATFWD_MGMT_INQUIRY_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inquiry;

/* The body of a response that came whole; NULL, and @why, if none did. Both are valid for the call. */
typedef void (*inquiry_fn)(void *arg, const uint8_t *der, size_t len, const char *why);

void inquiry_init(struct event_base *base);
/*
 * Ask the responder at @url the @len octets of @request, both copied, for @seconds in all. @far: its host may not be this
 * node or a neighbour by link-local address, as the URL was written by somebody else. @fn is called once, and not before
 * this has returned; the inquiry is freed then. NULL, and *@why: it cannot be asked.
 */
struct inquiry *inquiry_start(const char *url, const uint8_t *request, size_t len, unsigned int seconds,
			      bool far, inquiry_fn fn, void *arg, const char **why);
/* Nothing is told any more. NULL is allowed. */
void inquiry_cancel(struct inquiry *q);

#endif /* _NATFWD_MGMT_INQUIRY_H */
