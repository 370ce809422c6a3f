// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "devspec.h"
#include "netspec.h"
#include "poolspec.h"
#include "rulelist.h"
#include "spec.h"
#include "state.h"
#include "verbs.h"

static void print_rule(const struct natfw_rule *r)
{
	struct natfw_rule plain = *r;

	/* apply and sync know whose rules the file has. */
	natfw_drop(&plain, NATFW_A_RULE_OWNER);
	fputs("rule add ", stdout);
	spec_print(stdout, &plain);
	putchar('\n');
}

static void print_net(const struct natfw_net *n)
{
	struct natfw_net part = *n;

	part.timeout.has = 0;
	fputs("net set ", stdout);
	netspec_print(stdout, &part);
	part = (struct natfw_net){ .timeout = n->timeout };
	fputs("\nnet set ", stdout);
	netspec_print(stdout, &part);
	putchar('\n');
}

static void print_file(const struct state *s, const size_t *order)
{
	const struct natfw_dev *d = s->devs.v;
	const struct natfw_pool *p = s->pools.v;
	struct natfw_rule r;
	unsigned int i;
	size_t n;

	print_net(&s->net);
	for (i = 0; i < s->pools.n; i++) {
		fputs("pool add ", stdout);
		poolspec_print(stdout, &p[i]);
		putchar('\n');
	}
	for (i = 0; i < s->devs.n; i++) {
		fputs("dev attach ", stdout);
		devspec_print(stdout, &d[i]);
		devspec_print_xdp(stdout, d[i].ifname);
		putchar('\n');
	}
	for (n = 0; n < s->rules.n && !natfw_dump_get(&s->rules, order[n], &r); n++) {
		print_rule(&r);
		natfw_object_fini(&natfw_rule_set, &r);
	}
}

static void json_all(const struct state *s, const size_t *order)
{
	struct natfw_rule r;
	struct json j;
	unsigned int i;
	size_t n;

	json_init(&j, stdout);
	json_open(&j, NULL, '{');
	json_entry(&j, "net", &natfw_net_set, &s->net);
	json_open(&j, "pool", '[');
	for (i = 0; i < s->pools.n; i++)
		json_entry(&j, NULL, &natfw_pool_set, (struct natfw_pool *)s->pools.v + i);
	json_close(&j, ']');
	json_open(&j, "dev", '[');
	for (i = 0; i < s->devs.n; i++)
		json_entry(&j, NULL, &natfw_dev_set, (struct natfw_dev *)s->devs.v + i);
	json_close(&j, ']');
	json_open(&j, "rule", '[');
	for (n = 0; n < s->rules.n && !natfw_dump_get(&s->rules, order[n], &r); n++) {
		rulelist_json(&j, &r);
		natfw_object_fini(&natfw_rule_set, &r);
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_end(&j);
}

int verb_show(struct words *w)
{
	struct state s;
	size_t *order;
	int status = 0;

	words_take(w, "all");
	if (!words_done(w))
		return ctl_usage(w);
	if (!state_load(&s, ctl_opt.owner))
		return CTL_REFUSED;
	if (s.rules.partial)
		status = ctl_fail("the rules kept changing while they were read; this is not all of them");
	order = rulelist_order(&s.rules);
	if (order)
		(ctl_opt.json ? json_all : print_file)(&s, order);
	else
		status = ctl_fail("out of memory");
	free(order);
	state_fini(&s);
	return status;
}
