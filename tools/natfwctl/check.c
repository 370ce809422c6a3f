// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "infra.h"
#include "poolspec.h"
#include "reconcile.h"
#include "stage.h"
#include "state.h"
#include "verbs.h"

/* Pools and devices the rule names, as the file has them, are in force. */
static bool kernel_can_judge(const struct config *c, const struct state *s,
			     const struct natfw_rule *r)
{
	const struct config_pool *p;
	const struct config_dev *d;
	const struct natfw_pool *have;

	if (natfw_has(&r->match, NATFW_A_MATCH_IFNAME)) {
		d = config_dev(c, r->match.ifname);
		if (!state_dev(s, r->match.ifname) ||
		    (d && d->dev.zone != state_dev(s, r->match.ifname)->zone))
			return false;
	}
	if (!natfw_has(&r->nat, NATFW_A_NAT_POOL))
		return true;
	p = config_pool(c, r->nat.pool);
	have = state_pool(s, r->nat.pool);
	return have && (!p || poolspec_same_shape(&p->pool, have));
}

/* Leave in @d the rules the kernel can be asked about; how many others there are. */
static size_t select_rules(const struct config *c, const struct state *s, struct diff *d)
{
	size_t all = d->nadd, i, n = 0;
	struct natfw_rule r;

	for (i = 0; i < all; i++) {
		if (!ruleset_entry(&c->rules, d->add[i])->refers) {
			d->add[n++] = d->add[i];
			continue;
		}
		if (ruleset_get(&c->rules, d->add[i], &r))
			break;
		if (kernel_can_judge(c, s, &r))
			d->add[n++] = d->add[i];
		natfw_object_fini(&natfw_rule_set, &r);
	}
	d->nadd = n;
	return all - n;
}

static int ask_kernel(struct config *c, const struct state *s, struct diff *d,
		      const char *path)
{
	struct stage st = { .c = c, .d = d, .replace = true };
	struct config_error e;
	struct infra in;
	bool ok = infra_plan(&in, c, s, true);

	infra_fini(&in);
	if (!ok)
		return reconcile_refused(path, &c->error);
	if (stage_run(&st, ctl_client(), true, &e))
		return reconcile_refused(path, &e);
	return 0;
}

static void report(const struct config *c, size_t unasked, bool kernel)
{
	struct json j;

	if (ctl_opt.json) {
		json_init(&j, stdout);
		json_open(&j, NULL, '{');
		json_number(&j, "rules", ruleset_count(&c->rules));
		json_number(&j, "pools", c->pools.n);
		json_number(&j, "devices", c->devs.n);
		json_bool(&j, "kernel-asked", kernel);
		json_number(&j, "not-asked", unasked);
		json_close(&j, '}');
		json_end(&j);
		return;
	}
	printf("%zu rules, %u pools, %u devices: fine", ruleset_count(&c->rules), c->pools.n,
	       c->devs.n);
	if (!kernel)
		printf(" as far as can be told without the module");
	else if (unasked)
		printf("; %zu rules wait for pools or devices of the file and were not shown to the kernel",
		       unasked);
	putchar('\n');
}

static int check(struct config *c, const char *path, const struct state *s)
{
	struct diff d = { 0 };
	struct ruleset none;
	size_t unasked = 0;
	int status = 0;

	ruleset_init(&none);
	if (diff_replace(&d, &none, &c->rules))
		return ctl_fail("out of memory");
	if (!reconcile_references(c, s)) {
		status = reconcile_refused(path, &c->error);
	} else if (s) {
		unasked = select_rules(c, s, &d);
		status = ask_kernel(c, s, &d, path);
	}
	if (!status)
		report(c, unasked, s);
	diff_fini(&d);
	return status;
}

int verb_check(struct words *w)
{
	struct natfw_client *probe = NULL;
	struct config c;
	const char *path;
	struct state s;
	bool kernel;
	int status = reconcile_load(w, &c, &path);

	if (status)
		return status;
	kernel = !natfw_client_open(&probe, ctl_opt.netns, NULL);
	natfw_client_close(probe);
	if (kernel && !state_load(&s, c.owner)) {
		config_fini(&c);
		return CTL_REFUSED;
	}
	status = check(&c, path, kernel ? &s : NULL);
	if (kernel)
		state_fini(&s);
	config_fini(&c);
	return status;
}
