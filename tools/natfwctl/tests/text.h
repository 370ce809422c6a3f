/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statements of a test as text.
 */
#ifndef _NATFWCTL_TEST_TEXT_H
#define _NATFWCTL_TEST_TEXT_H

#include "model.h"
#include "ruleset.h"

/* Read SPEC @text into @r; false with the reason in @why (256 bytes). */
bool text_rule(const char *text, struct natfw_rule *r, char *why);
/* SPEC of @r, allocated. */
char *text_of(const struct natfw_rule *r);
/* Append the rule @text to @s under @id; a test error if it is none. */
void text_add(struct ruleset *s, uint64_t id, const char *text);

#endif /* _NATFWCTL_TEST_TEXT_H */
