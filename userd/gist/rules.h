/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which objects a message type has, for the reader and the writer of messages.
 */
#ifndef _NATFWD_GIST_RULES_H
#define _NATFWD_GIST_RULES_H

#include "gist/message.h"

/* Place in the order of RFC 5971 5.1, from 0; @object is a known one. */
unsigned int gist_rules_place(unsigned int object);
/* The object at @place, from 0 to GIST_OBJECTS - 1. */
unsigned int gist_rules_at(unsigned int place);
/* Whether objects of @object may be in messages of @type. */
bool gist_rules_allow(unsigned int type, enum gist_mode mode, unsigned int object);
/* Nothing is missing: else false and 9/2. */
bool gist_rules_complete(const struct gist_message *m, struct gist_fault *fault);
/* What is there fits together (RFC 5971 5.1, 5.2.2): else false, and 1/2, 3/0 or 10/1. */
bool gist_rules_consistent(const struct gist_message *m, unsigned int allow,
			   struct gist_fault *fault);

#endif /* _NATFWD_GIST_RULES_H */
