/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just enough generic netlink to speak to the module without its own library. */
#ifndef _ORACLE_NLC_H
#define _ORACLE_NLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules.h"

struct nl {
	int		fd;
	uint32_t	seq;
	uint16_t	family;
	char		error[256];	/* what the kernel said about the last refusal */
};

struct msg {
	size_t		len;
	uint8_t		*data;
	size_t		room;
};

struct attr {
	uint16_t	type;
	uint16_t	len;
	const uint8_t	*data;
};

void msg_start(struct msg *m, uint8_t cmd, uint16_t flags);
void msg_free(struct msg *m);
void msg_put(struct msg *m, uint16_t type, const void *data, size_t len);
void msg_u32(struct msg *m, uint16_t type, uint32_t v);
void msg_u64(struct msg *m, uint16_t type, uint64_t v);
size_t msg_nest(struct msg *m, uint16_t type);
void msg_nest_end(struct msg *m, size_t at);

/* False at the end. */
bool attr_next(const uint8_t **p, size_t *left, struct attr *a);
uint32_t attr_u32(const struct attr *a);
uint64_t attr_u64(const struct attr *a);

/* 0, or -errno. The family must be there. */
int nl_open(struct nl *nl);
void nl_close(struct nl *nl);
/* Frees @m. @fn is called with the attributes of each reply. 0 or -errno. */
int nl_call(struct nl *nl, struct msg *m,
	    void (*fn)(const uint8_t *attrs, size_t len, void *arg), void *arg);

/* The family's own objects. Devices by interface index. */
int nl_dev_new(struct nl *nl, int ifindex, uint16_t zone, int verdict, int emit);
int nl_dev_set(struct nl *nl, int ifindex, uint16_t zone, int verdict, int emit);
/* Sets u->id. */
int nl_rule_new(struct nl *nl, struct rule *u, const int *ifindexes);
int nl_rule_del(struct nl *nl, uint64_t id);
int nl_rule_flush(struct nl *nl);
int nl_rule_inactive(struct nl *nl, struct rule *u, bool inactive);
int nl_txn(struct nl *nl, uint8_t cmd);
int nl_simple(struct nl *nl, uint8_t cmd);

#define NL_REASONS	64

struct reasons {
	int		n;
	char		name[NL_REASONS][32];
	bool		drop[NL_REASONS];
	uint64_t	packets[NL_REASONS];
	uint64_t	bytes[NL_REASONS];
};

int nl_stats(struct nl *nl, struct reasons *r);
uint64_t reasons_sum(const struct reasons *r);

/* What the kernel says it would do with a packet. */
struct told {
	uint32_t	source, action, verdict, emit;
	bool		has_action, has_rule, has_xlat;
	uint64_t	rule;
	struct addr	src, dst;
	uint32_t	sport, dport;
};

int nl_test(struct nl *nl, const struct view *v, int ifindex, struct told *t);
/* Calls @fn for every rule in force: id, packets, bytes. */
int nl_rules(struct nl *nl, void (*fn)(uint64_t id, uint64_t packets, uint64_t bytes,
				       void *arg), void *arg);
/* One gauge of the namespace. */
uint64_t nl_gauge(struct nl *nl, uint16_t attr);

#endif
