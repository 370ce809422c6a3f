/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Beginnings that many tests share. A is an engine that asks, B one that answers; peers whose
 * octets the test writes are R (before B) and P (behind A).
 */
#ifndef _NATFW_TESTS_SCENES_H
#define _NATFW_TESTS_SCENES_H

#include "sim.h"

#define APP	32704	/* NSLPID of the scripted application */

/* A - P: engine A with an application, about to ask; P writes octets. */
void querier(const char *options);
/* A has sent its first Query; its cookie is $qc. Words for say(). */
void asked(const char *what);
/* A has routing state by a Response without Confirm; D-mode. */
void querier_ready(const char *options);
/* A has an association with P ($conn on P's side), Confirm sent, and Data "aa" on it. */
void querier_associated(const char *options);

/* R - B: engine B with an application, R writes octets. */
void responder(const char *options);
/* R has asked and been answered: $rc is the Responder-Cookie. Words for raw(), objects too. */
void answered(const char *head, const char *objects);
/* B has routing state by a Confirm; D-mode. */
void responder_ready(const char *options);
/* B has an association with R, confirmed; nothing sent on it since. */
void responder_associated(const char *options);
/* The node has got routing state by a peer's handshake. */
void settled(const char *node);

/* B refuses what R sends in D-mode with this Error ("9/2"), tells nobody and keeps no state. */
void refused(const char *error, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* B takes no notice at all: no message, nothing handed up. */
void ignored(const char *node);

/* Engines A and B, A asking for the application's flow A.1 > B.x; "A B" or with nodes between. */
void pair(const char *chain, const char *options);

/* The number of routing states of an engine. */
unsigned int queriers(const char *node);
unsigned int responders(const char *node);
unsigned int associations(const char *node);

#endif /* _NATFW_TESTS_SCENES_H */
