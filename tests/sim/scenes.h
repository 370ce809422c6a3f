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

/* ------------------------------------------------------------------ NATFW */

#define S	"112233445566778899aabbccddeeff01"	/* the session when nothing is said */
#define S2	"00000000000000000000000000000009"

/* A - B - C: B has the NATFW engine, outside is link 2; A and C have scripted applications. */
void nf(const char *options);
/* A's and C's messages for the flow A > C, NATFW in words. */
void ask(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void answer(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Through nf(): CREATE lt=60 msn=5 asked for and granted, in force at B. */
void nf_established(const char *options);
/* The same for one that A has asked for already. */
void granted(unsigned int lifetime, unsigned int msn);

/* A - B: B is the receiver (NR); A has a scripted application. */
void nr(const char *options);
void nr_established(const char *options);

/* A - B: A is the initiator (NI), by app_open(); B has a scripted application. */
void ni(const char *options);
/* Its CREATE for 60 s is granted; its SID is $sid, its first MSN $msn. */
void ni_established(const char *options);

/*
 * A - B - C: B is the edge, outside is link 2. A asks for what comes from C: path-coupled, or
 * loose-end toward 192.0.2.99. C asks for the flow C > what is reserved.
 */
void edge(const char *options);
void reserve(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void reserve_loose(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* B is an edge-NAT that has reserved B.2:40000 for A.1:5000, UDP, any sender, 60 s; session S. */
void reserved(const char *options);
/* C's CREATE, with a session of its own (S2). */
void enter(const char *mri, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The last request is refused by B with this code, nothing is kept and nothing goes on to @node. */
void denied(const char *code, const char *node);

#endif /* _NATFW_TESTS_SCENES_H */
