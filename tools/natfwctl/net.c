// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>

#include "ctl.h"
#include "netspec.h"
#include "verbs.h"

static void print_settings(const struct natfw_net *n)
{
	printf("emit %s  flow-max %u  cache-max %u  rule-max %u  watermark %u%%\n",
	       natfw_name(&natfw_emit_names, n->emit) ?: "?", n->flow_max, n->cache_max,
	       n->rule_max, n->watermark);
}

static void print_timeouts(const struct natfw_timeout *t)
{
	char buf[32];
	unsigned int i;

	fputs("timeouts", stdout);
	for (i = 1; i <= natfw_timeout_set.max; i++) {
		const struct natfw_field *f = &natfw_timeout_set.field[i];

		if (t->has >> i & 1)
			printf("  %s %s", f->name,
			       duration_text(*(const uint32_t *)((const char *)t + f->off), buf,
					     sizeof(buf)));
	}
	putchar('\n');
}

static void print_use(const struct natfw_net *n)
{
	char buf[32];

	printf("rules %u  subtables %u  generation %u\n", n->rules, n->subtables, n->generation);
	printf("flows %u  cached %u  mappings %u  memory %s\n", n->flows, n->cached, n->mappings,
	       amount_text(n->memory, buf, sizeof(buf)));
}

static int net_show(struct words *w)
{
	struct natfw_client *c;
	struct natfw_error e;
	struct natfw_net n;
	struct json j;

	if (!words_done(w))
		return ctl_usage(w);
	c = ctl_client();
	if (!c)
		return CTL_REFUSED;
	if (natfw_client_do(c, NATFW_CMD_NET_GET, 0, NULL, &n, &e))
		return ctl_refused(&e);
	if (ctl_opt.json) {
		json_init(&j, stdout);
		json_entry(&j, NULL, &natfw_net_set, &n);
		json_end(&j);
		return 0;
	}
	print_settings(&n);
	print_timeouts(&n.timeout);
	print_use(&n);
	return 0;
}

static int net_set(struct words *w)
{
	struct natfw_net n = { 0 };

	if (!netspec_read(w, &n))
		return ctl_usage(w);
	return ctl_do(NATFW_CMD_NET_SET, &n);
}

static const struct ctl_verb verbs[] = {
	{ "show", net_show, "", "settings, and what is in use" },
	{ "set", net_set,
	  "[emit stack|direct] [flow-max N] [cache-max N] [rule-max N]\n"
	  "[watermark PERCENT] [timeout NAME SECONDS]...",
	  "change what is given; timeouts: udp, tcp-opening, tcp-established, tcp-closing,\n"
	  "\ttcp-reset, icmp, sctp, dccp, other, cache" },
};

int verb_net(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "show", "net", w);
}
