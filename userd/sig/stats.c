// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "sig/net.h"
#include "sig/stats.h"

struct teller {
	void (*fn)(void *arg, const struct stat_value *v);
	void *arg;
};

static const char *const gist_help[] = {
#define GIST_COUNTER(name, text) [GIST_N_##name] = text,
#include "gist/counter.def"
#undef GIST_COUNTER
};

static const char *const nslp_help[] = {
#define NSLP_COUNTER(name, text) [NSLP_N_##name] = text,
#include "nslp/counter.def"
#undef NSLP_COUNTER
};

static void tell(const struct teller *t, const char *part, const char *name, const char *help,
		 bool gauge, uint64_t number)
{
	struct stat_value v = { .gauge = gauge, .number = number };

	snprintf(v.name, sizeof(v.name), "%s_%s%s", part, name, gauge ? "" : "_total");
	snprintf(v.help, sizeof(v.help), "%s", help);
	t->fn(t->arg, &v);
}

static void tell_net(const struct teller *t)
{
	unsigned int i;

	for (i = 0; i < NET_COUNTERS; i++)
		tell(t, "net", net_counter_name(i), net_counter_help(i), false, net.counter[i]);
}

static void tell_gist(const struct teller *t)
{
	struct gist_stats s;
	unsigned int i;

	gist_stats(net.gist, &s);
	for (i = 0; i < GIST_COUNTERS; i++)
		tell(t, "gist", gist_counter_name(i), gist_help[i], false, s.counter[i]);
	tell(t, "gist", "queriers", "routing states as querier", true, s.queriers);
	tell(t, "gist", "responders", "routing states as responder", true, s.responders);
	tell(t, "gist", "associations", "messaging associations", true, s.associations);
	tell(t, "gist", "handshakes", "handshakes under way", true, s.handshakes);
	tell(t, "gist", "queued", "messages that wait for a handshake", true, s.queued);
	tell(t, "gist", "memory_bytes", "octets of states and associations", true, s.memory);
}

/* Classes of RFC 5973 4.2.5; the others are not assigned. */
static void tell_responses(const struct teller *t, const struct nslp_stats *s)
{
	static const char *const class[8] = {
		[1] = "informational", [2] = "success", [3] = "protocol-error",
		[4] = "transient-failure", [5] = "permanent-failure", [6] = "session-failure",
	};
	struct stat_value v = { .name = "nslp_response_class_total", .label = "class",
				.help = "RESPONSEs sent by class" };
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (!class[i])
			continue;
		snprintf(v.value, sizeof(v.value), "%s", class[i]);
		v.number = s->response[i];
		t->fn(t->arg, &v);
	}
}

static void tell_nslp(const struct teller *t, const struct nslp *nslp)
{
	struct nslp_stats s;
	unsigned int i;

	nslp_stats(nslp, &s);
	for (i = 0; i < NSLP_COUNTERS; i++)
		tell(t, "nslp", nslp_counter_name(i), nslp_help[i], false, s.counter[i]);
	tell_responses(t, &s);
	tell(t, "nslp", "sessions", "NATFW sessions", true, s.sessions);
	tell(t, "nslp", "pending", "sessions waiting for a RESPONSE", true, s.pending);
	tell(t, "nslp", "established", "sessions established", true, s.established);
	tell(t, "nslp", "transitory", "sessions kept after a route change", true, s.transitory);
	tell(t, "nslp", "memory_bytes", "octets of sessions", true, s.memory);
}

void stats_each(const struct nslp *nslp, void (*fn)(void *arg, const struct stat_value *v),
		void *arg)
{
	struct teller t = { fn, arg };

	tell_net(&t);
	if (net.gist)
		tell_gist(&t);
	if (nslp)
		tell_nslp(&t, nslp);
}
