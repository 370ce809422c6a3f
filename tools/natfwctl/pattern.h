/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What packets a rule matches, made ready for comparing.
 */
#ifndef _NATFWCTL_PATTERN_H
#define _NATFWCTL_PATTERN_H

#include "model.h"

struct pattern {
	struct natfw_match m;
	uint32_t family;	/* 4, 6, or 0: both */
	uint32_t src_len, dst_len;	/* 0: any */
	bool any_zone;
};

/* Of a canonical rule. */
void pattern_init(struct pattern *p, const struct natfw_rule *r);
/* True if there may be packets that both match. */
bool pattern_overlap(const struct pattern *a, const struct pattern *b);

/* Why a packet does not match: bits, one for each field that differs. */
enum pattern_miss {
	PATTERN_FAMILY, PATTERN_ZONE, PATTERN_DEV, PATTERN_PROTO, PATTERN_SRC, PATTERN_DST,
	PATTERN_SPORT, PATTERN_DPORT, PATTERN_TYPE, PATTERN_CODE, PATTERN_SPI, PATTERN_DSCP,
	PATTERN_LABEL, PATTERN_FIELDS
};

/* A field's name as the grammar has it. */
const char *pattern_field(enum pattern_miss field);
/* Fields of @p that packet @t, arriving in @zone, does not have. */
uint32_t pattern_miss(const struct pattern *p, const struct natfw_test *t, uint32_t zone);
/* Fields @p is about at all. */
uint32_t pattern_fields(const struct pattern *p);

#endif /* _NATFWCTL_PATTERN_H */
