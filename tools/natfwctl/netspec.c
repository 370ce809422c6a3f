// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "netspec.h"
#include "value.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Settings that are numbers: attributes 1..WATERMARK, and every timeout. */
#define NET_LAST	NATFW_A_NET_WATERMARK

static uint32_t *member(const struct natfw_set *set, const void *obj, unsigned int attr)
{
	return (uint32_t *)((char *)obj + set->field[attr].off);
}

static bool read_setting(struct words *w, struct natfw_net *n, unsigned int attr, uint32_t min,
			 uint32_t max)
{
	n->has |= 1ull << attr;
	return read_number(w, natfw_net_set.field[attr].name, min, max,
			   member(&natfw_net_set, n, attr));
}

static bool read_emit(struct words *w, void *p)
{
	struct natfw_net *n = p;

	natfw_want(n, NATFW_A_NET_EMIT);
	if (!read_name(w, "emit", &natfw_emit_names, &n->emit))
		return false;
	return n->emit != NATFW_EMIT_INHERIT ||
	       words_fail(w, "a namespace has nothing to inherit from: stack or direct");
}

static bool read_flow_max(struct words *w, void *n)
{
	return read_setting(w, n, NATFW_A_NET_FLOW_MAX, 0, UINT32_MAX);
}

static bool read_cache_max(struct words *w, void *n)
{
	return read_setting(w, n, NATFW_A_NET_CACHE_MAX, 0, UINT32_MAX);
}

static bool read_rule_max(struct words *w, void *n)
{
	return read_setting(w, n, NATFW_A_NET_RULE_MAX, 0, UINT32_MAX);
}

static bool read_watermark(struct words *w, void *n)
{
	return read_setting(w, n, NATFW_A_NET_WATERMARK, 1, 100);
}

static int timeout_find(const char *name)
{
	unsigned int i;

	for (i = 1; i <= natfw_timeout_set.max; i++)
		if (!strcmp(natfw_timeout_set.field[i].name, name))
			return (int)i;
	return -1;
}

static bool read_timeout(struct words *w, void *p)
{
	struct natfw_net *n = p;
	const char *s = words_next(w, "the name of a timeout");
	uint32_t *v;
	int attr;

	if (!s)
		return false;
	attr = timeout_find(s);
	if (attr < 0)
		return words_fail(w, "no such timeout; there are udp, tcp-opening, tcp-established, tcp-closing, tcp-reset, icmp, sctp, dccp, other and cache");
	v = member(&natfw_timeout_set, &n->timeout, (unsigned int)attr);
	natfw_want(n, NATFW_A_NET_TIMEOUT);
	n->timeout.has |= 1ull << attr;
	if (!read_seconds(w, "the timeout", v))
		return false;
	return *v || words_fail(w, "a timeout is at least one second");
}

static const struct words_key keys[] = {
	{ "emit", read_emit, false }, { "flow-max", read_flow_max, false },
	{ "cache-max", read_cache_max, false }, { "rule-max", read_rule_max, false },
	{ "watermark", read_watermark, false }, { "timeout", read_timeout, true },
};

bool netspec_read(struct words *w, struct natfw_net *n)
{
	if (words_end(w))
		return words_fail_all(w, "say what to set");
	return words_keys(w, keys, COUNT(keys), n, NULL) && words_done(w);
}

void netspec_print(FILE *f, const struct natfw_net *n)
{
	const char *sep = "";
	unsigned int i;

	if (natfw_has(n, NATFW_A_NET_EMIT)) {
		fprintf(f, "emit %s", natfw_name(&natfw_emit_names, n->emit) ?: "?");
		sep = " ";
	}
	for (i = NATFW_A_NET_FLOW_MAX; i <= NET_LAST; i++) {
		if (!(n->has >> i & 1))
			continue;
		fprintf(f, "%s%s %u", sep, natfw_net_set.field[i].name,
			*member(&natfw_net_set, n, i));
		sep = " ";
	}
	for (i = 1; i <= natfw_timeout_set.max; i++) {
		if (!(n->timeout.has >> i & 1))
			continue;
		fprintf(f, "%stimeout %s %u", sep, natfw_timeout_set.field[i].name,
			*member(&natfw_timeout_set, &n->timeout, i));
		sep = " ";
	}
}

static void difference(const struct natfw_set *set, unsigned int last, void *want,
		       const void *have, void *undo)
{
	uint64_t *has = want;
	unsigned int i;

	*(uint64_t *)undo = 0;
	for (i = 1; i <= last; i++) {
		uint32_t old = *member(set, have, i);

		if (!(*has >> i & 1))
			continue;
		*member(set, undo, i) = old;
		if (*member(set, want, i) == old)
			*has &= ~(1ull << i);
		else
			*(uint64_t *)undo |= 1ull << i;
	}
}

bool netspec_difference(struct natfw_net *want, const struct natfw_net *have,
			struct natfw_net *undo)
{
	memset(undo, 0, sizeof(*undo));
	difference(&natfw_net_set, NET_LAST, want, have, undo);
	difference(&natfw_timeout_set, natfw_timeout_set.max, &want->timeout, &have->timeout,
		   &undo->timeout);
	if (want->timeout.has)
		natfw_want(undo, NATFW_A_NET_TIMEOUT);
	else
		natfw_drop(want, NATFW_A_NET_TIMEOUT);
	return want->has;
}
