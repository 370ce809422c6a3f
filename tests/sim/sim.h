/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signalling engines on a simulated network with a fake clock.
 *
 * There is one network at a time. Nodes have names of one letter and addresses by link: "B.2" is
 * node B's IPv4 address on link 2 (10.0.2.2), "B.2v6" its IPv6 address (fd00:2::2). A node has an
 * engine (gist()), with a scripted application (app()) or the NATFW engine (nslp()) on top; one
 * without engine is a plain router or a peer whose octets the test writes itself (raw()).
 *
 * All that happens is written down as events, one line each, which expectations look at:
 *
 *	A tx query via=q from=A.1:270 to=C.2:270 c=1 r=1 mri=pc:A.1/32:4000>C.2/32:5000:17 ...
 *
 * A pattern is a list of words. "key=value" has to be there ("*" matches anything in the value),
 * "key!=value" must not, "key" is there with any value, "!key" is not; "key>=N" and "key<=N" are
 * for numbers; "key=$name" binds the variable at its first use and compares from then on. Other
 * words have to be among those before the first key (node, what, message).
 *
 * Time is in milliseconds. Everything is the same in each run with the same SIM_SEED.
 */
#ifndef _NATFW_TESTS_SIM_H
#define _NATFW_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "gist/gist.h"
#include "nslp/nslp.h"

struct event {
	uint64_t time;
	char *text;
	uint8_t *octets;	/* of messages: without magic number */
	size_t len;
	bool used;		/* an expectation has had it */
};

struct sim_test {
	const char *name;	/* ids of requirements, a blank, words */
	void (*run)(void);
	const char *arg[4];	/* for functions that serve several points */
};

/* The one that runs. */
extern const struct sim_test *sim_now;

/* Runs all, or those whose name has what ONLY says; then what lint() found. For return from main. */
int sim_main(const struct sim_test *tests, unsigned int n);
#define SIM_MAIN(tests) \
	int main(void) { return sim_main(tests, sizeof(tests) / sizeof((tests)[0])); }

/* ------------------------------------------------------------------ the network */

/* Chains of nodes, "A B C; B D C": each pair of neighbours gets a link, numbered from 1. */
void net(const char *chains);
/* "mtu=400 delay=5 loss=10 dup=5 jitter=20 cost=1 up=0" on the link numbered @link. */
void link_set(unsigned int link, const char *options);
/* Drop the next @n messages that match, 0: all from now on. */
void drop(unsigned int n, const char *pattern);
/* Keep messages that match until release(). */
void hold(const char *pattern);
void release(void);
/* Send as they are, but at @offset of the message the octet @xor'ed. */
void tamper(const char *pattern, unsigned int offset, unsigned int xor);
/* The node translates sources of what goes out by link @outside, as NATs do that know no GIST. */
void nat(const char *node, unsigned int outside);
/* Where addresses are that no node has. */
void w_away(const char *node);
/* Routing has changed by link_set(): tell the engines. */
void route_changed(void);
/* Reset all streams of the node. */
void cut(const char *node);
/* Streams of the node carry nothing until told otherwise. */
void stall(const char *node, bool on);

/* ------------------------------------------------------------------ time and events */

uint64_t now(void);
void run(uint64_t ms);
/* The first event not had before that matches, within @ms; fails if there is none. */
struct event *expect(uint64_t ms, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, but not before @from and not after @to. */
struct event *between(uint64_t from, uint64_t to, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Nothing that matches in @ms from now, nor before unless it was expected. */
void none(uint64_t ms, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* How many there were, expected or not. */
unsigned int count(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* All so far counts as expected. */
void forget(void);
/* A value in an event's line; "" if it has no such key. Valid until the next call. */
const char *get(const struct event *e, const char *key);
uint64_t num(const struct event *e, const char *key);
/* Variables, as in patterns. */
const char *var(const char *name);
void set(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define CHECK(condition) \
	sim_check(condition, #condition, __FILE__, __LINE__)
#define CHECK_EQ(a, b) \
	sim_check_eq((long long)(a), (long long)(b), #a " == " #b, __FILE__, __LINE__)
bool sim_check(bool met, const char *text, const char *file, int line);
bool sim_check_eq(long long a, long long b, const char *text, const char *file, int line);
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
extern bool sim_failed;

/* ------------------------------------------------------------------ nodes */

/*
 * Engines for the nodes named ("A B"), with options that are fields of struct gist_config:
 * "validity=10000 delayed=0 tls=1". A trailing "off" takes the engine away (restart).
 */
void gist(const char *nodes, const char *options);
void gist_off(const char *nodes);
struct gist *engine(const char *node);
/*
 * A scripted application: "peer" (default), "propagate" or "ignore" Queries, "answer=HEX" for the
 * Response or the propagated Query, "rao=65".
 */
void app(const char *nodes, unsigned int nslpid, const char *options);
/*
 * gist_send() by a node's application: "nslpid= sid= mri= d= data= handle= sii= timeout= ttl= hops="
 * and "reliable secure no_state flow". Returns what it returned. Default NSLPID is the node's first.
 */
int say(const char *node, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The NATFW engine; natfw.c has the options. */
void nslp(const char *nodes, const char *options);
struct nslp *natfw(const char *node);

/*
 * nslp_app_open(): @kind is create, external or block, words are "flow= token= sid= msn= lt=
 * refresh= toward= more= icmp=" and "proxy beyond loose binding". Returns what it returned.
 */
int app_open(const char *node, const char *kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int app_refresh(const char *node, const char *sid);
int app_close(const char *node, const char *sid, bool all);
/* The session in the engine's list; false if it is not there. */
bool session_of(const char *node, const char *sid, struct session_info *info);
/* Its state: "none", "pending", "established", "transitory", "dead". */
const char *session_state(const char *node, const char *sid);

/* The flow that is signalled for when nothing else is said: "A.1:4000>C.2:5000 udp". */
void flow(const char *text);
struct gist_mri *the_flow(void);
/* 32 hex digits. */
void session(const char *sid);

/*
 * A message with octets as told. Words before ":" are about header and packet, those after it are
 * objects; see build.c for both. Sent by datagram, or on the node's last stream with via=tcp.
 */
void raw(const char *node, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A stream of a raw node, to "B.1:30000" (tls: "B.1:30001 tls name=..."). */
void raw_connect(const char *node, const char *to);
void raw_close(const char *node, bool reset);
/* The raw node takes Q-mode packets that pass it. */
void raw_intercept(const char *node);
/* Let the raw node accept streams on @port; @refuse: reset those that come. */
void raw_listen(const char *node, unsigned int port);
/* Octets as they are: no header, no magic number. */
void raw_octets(const char *node, const char *to, const char *hex);

/* The test sends what engines echo and would not write by themselves: look less closely. */
extern bool sim_relaxed;

/* State of a session at a node's gate: "none", "admitted", "open", "held". */
const char *gate_state(const char *node, const char *sid);
/*
 * Answer the next request (or all: "always") that matches @pattern as told: "code=0502 lt=20
 * external=B.2:4711 silent drop delay=100 object=12".
 */
void gate(const char *node, const char *pattern, const char *answer);
/* GATE_GONE for the session. */
void gate_gone(const char *node, const char *sid);

/* A datagram as it was captured. */
void raw_packet(const char *node, const char *from, const char *to, unsigned int ttl, int rao,
		const char *hex);
/* Another IPv4 address for the node on that link. */
void address(const char *node, unsigned int link, const char *text);

/* Counters of an engine by name. */
uint64_t counter(const char *node, const char *name);

#endif /* _NATFW_TESTS_SIM_H */
