/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ledger: what was granted to whom, a row for each session id, with the kernel rules that stand
 * for it. Pure memory; kern/gate.h moves it and keeps the kernel in step.
 *
 * A row has at most two grants: @now, which is in force, and @next, which is admitted and waits to
 * be opened. Sized for 200,000 rows: with IPv4 and one rule, row and grant take 184 octets.
 */
#ifndef _NATFWD_POLICY_LEDGER_H
#define _NATFWD_POLICY_LEDGER_H

#include "base/timers.h"
#include "policy/requester.h"

/*
 * A grant: a flow, and what was made of it. Rows of a session's grant have the flow packed; use the
 * functions below.
 */
struct grant {
	struct table_node node;		/* of reservations or translated flows */
	struct ledger_row *row;
	uint32_t in_ifindex, out_ifindex;
	uint32_t pool_ifindex;		/* interface whose pool external endpoints come from */
	uint32_t spi;
	uint16_t sport, dport;		/* host order */
	uint16_t external, internal;	/* ports */
	uint8_t kind, translation;
	uint8_t version, source_len, destination_len, protocol;
	uint8_t has;			/* GRANT_... */
	uint8_t icmp_count;
	uint8_t holds, rules;		/* kernel rule ids there is room for */
	uint8_t mends;			/* how often rules were put right */
	bool listed;			/* among them */
	uint64_t id[];			/* holds, then rules; 0: none. Then addresses, ICMP types */
};

#define GRANT_PROTOCOL	0x01
#define GRANT_SPORT	0x02
#define GRANT_DPORT	0x04
#define GRANT_SPI	0x08
#define GRANT_PAIR	0x10	/* more_ports */
#define GRANT_EXTERNAL	0x20	/* external endpoint is known */
#define GRANT_INTERNAL	0x40

struct ledger_row {
	struct table_node node;		/* hash: session_hash(), the tag of its rules */
	uint8_t sid[GATE_SID];
	struct requester *requester;
	struct grant *now, *next;
	struct timer timer;
	uint32_t now_until, next_until;	/* seconds of the timers' clock */
	uint32_t ifindex;		/* its requests come in by */
	uint32_t granted;		/* seconds it may be opened for at most */
	bool open;			/* @now is in force, not only held */
	bool busy;			/* the caller has something to do for it */
	bool proxy;			/* asked for on behalf of somebody else */
};

struct ledger {
	struct table rows;
	struct table reservations;	/* by destination */
	struct table translated;	/* flows in force, by all they are */
	struct timers timers;
	uint8_t key[16];
	timer_fn expired;		/* of new rows */
	uint64_t memory;		/* octets of rows and grants */
};

void ledger_init(struct ledger *l, const uint8_t key[16], timer_fn expired, uint64_t now);
/* Frees every row. */
void ledger_fini(struct ledger *l);
struct ledger_row *ledger_find(const struct ledger *l, const uint8_t *sid);
/* The next row whose rules bear @tag, after @row; @row NULL: the first. */
struct ledger_row *ledger_tagged(const struct ledger *l, uint64_t tag, struct ledger_row *row);
/* NULL: out of memory. */
struct ledger_row *ledger_add(struct ledger *l, const uint8_t *sid);
/* Frees the row and its grants. Its requester is the caller's to give back. */
void ledger_del(struct ledger *l, struct ledger_row *row);

/* What a grant is made from. */
struct grant_spec {
	const struct gate_flow *flow;
	uint8_t kind, translation;
	uint32_t in_ifindex, out_ifindex, pool_ifindex;
	unsigned int holds, rules;	/* kernel rules it will need */
};

/* NULL: out of memory. Not in a row yet. */
struct grant *grant_new(struct ledger *l, const struct grant_spec *spec);
/* May be NULL. Takes it out of where it is listed. */
void grant_free(struct ledger *l, struct grant *g);
/* The flow it was made from. */
void grant_flow(const struct grant *g, struct gate_flow *f);
/* Whether it is one for that; where external endpoints come from does not count. */
bool grant_is(const struct grant *g, const struct grant_spec *spec);
void grant_external(const struct grant *g, struct endpoint *e);
void grant_internal(const struct grant *g, struct endpoint *e);
void grant_set_external(struct grant *g, const struct endpoint *e);
void grant_set_internal(struct grant *g, const struct endpoint *e);
static inline uint64_t *grant_rule(struct grant *g, unsigned int i)
{
	return &g->id[g->holds + i];
}
/* Octets of memory a grant takes. */
size_t grant_size(const struct grant *g);

/*
 * List the grant of @row, a RESERVE that is in force now, among the reservations. -ENOMEM.
 *
 * A CREATE rests on a reservation if its flow is within the reserved one; where there is a
 * translator (GRANT_EXTERNAL) the flow goes to the external endpoint instead of the internal one.
 */
int ledger_reserve(struct ledger *l, struct ledger_row *row);
/* What else has to be so of a reservation. */
typedef bool (*ledger_also)(const struct ledger_row *row, void *arg);
/*
 * The reservation that @f may rest on, or NULL. @translated: by its external endpoint. @also: of
 * those that fit the first it likes, or NULL.
 */
struct ledger_row *ledger_reservation(const struct ledger *l, const struct gate_flow *f,
				      bool translated, ledger_also also, void *arg);
/* Whether the reservation of @row is one for @f. */
bool ledger_fits(const struct ledger_row *row, const struct gate_flow *f, bool translated);

/*
 * List the translated flow of @row, which is open, so that another session for it finds it. Without
 * memory it will not be found.
 */
void ledger_list_translated(struct ledger *l, struct ledger_row *row);
/* Another row than @row that has the flow of @g, translated as @g says. */
struct ledger_row *ledger_twin(const struct ledger *l, const struct grant *g,
			       const struct ledger_row *row);

#endif /* _NATFWD_POLICY_LEDGER_H */
