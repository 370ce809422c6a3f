// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "infra.h"
#include "reconcile.h"
#include "spec.h"
#include "stage.h"
#include "state.h"

#define TRIES	5	/* how often rules may change under our hands */

struct job {
	struct config c;
	struct state s;
	struct infra in;
	struct ruleset have;
	struct diff d;
	enum reconcile_mode mode;
};

int reconcile_refused(const char *path, const struct config_error *e)
{
	char where[32] = "", token[80] = "";

	if (e->line)
		snprintf(where, sizeof(where), ":%u", e->line);
	if (e->token[0])
		snprintf(token, sizeof(token), "'%s': ", e->token);
	fflush(stdout);
	fprintf(stderr, "natfwctl: %s%s: %s%s\n", strcmp(path, "-") ? path : "(stdin)", where,
		token, e->text);
	return CTL_REFUSED;
}

bool reconcile_keeps(const struct config *c)
{
	return ctl_opt.keep || !owner_is_zero(c->owner);
}

static const char *check_references(const struct config *c, const struct state *s,
				    const struct natfw_rule *r, const char **attr)
{
	const struct natfw_match *m = &r->match;
	const struct config_dev *d = config_dev(c, m->ifname);
	bool dev = natfw_has(m, NATFW_A_MATCH_IFNAME), keep = reconcile_keeps(c);

	*attr = "nat.pool";
	if (natfw_has(&r->nat, NATFW_A_NAT_POOL) && !config_pool(c, r->nat.pool) &&
	    !(keep && (!s || state_pool(s, r->nat.pool))))
		return "the file has no such pool";
	*attr = "match.ifname";
	if (dev && !d && !(keep && (!s || state_dev(s, m->ifname))))
		return "the file does not attach this device";
	if (dev && d && !(r->flags & NATFW_RULE_FLAG_ZONE_ANY) && d->dev.zone != m->zone)
		return "the device is in another zone than the rule";
	return NULL;
}

bool reconcile_references(struct config *c, const struct state *s)
{
	const char *why, *attr;
	struct natfw_rule r;
	size_t i;

	for (i = 0; i < ruleset_count(&c->rules); i++) {
		if (!ruleset_entry(&c->rules, i)->refers)
			continue;
		if (ruleset_get(&c->rules, i, &r))
			return false;
		why = check_references(c, s, &r, &attr);
		natfw_object_fini(&natfw_rule_set, &r);
		if (!why)
			continue;
		c->error.line = ruleset_entry(&c->rules, i)->line;
		config_token(c, c->error.line, attr, c->error.token, sizeof(c->error.token));
		snprintf(c->error.text, sizeof(c->error.text), "%s", why);
		return false;
	}
	return true;
}

int reconcile_load(struct words *w, struct config *c, const char **path)
{
	int status;

	*path = words_next(w, "a file, or - for standard input,");
	if (!*path || !words_done(w))
		return ctl_usage(w);
	if (config_load(c, *path, ctl_opt.owner))
		return 0;
	status = reconcile_refused(*path, &c->error);
	config_fini(c);
	return status;
}

static int compare(struct job *j)
{
	int err;

	ruleset_fini(&j->have);
	diff_fini(&j->d);
	err = ruleset_add_dump(&j->have, &j->s.rules);
	if (!err && j->mode == RECONCILE_APPLY)
		err = diff_replace(&j->d, &j->have, &j->c.rules);
	else if (!err)
		err = diff_rules(&j->d, &j->have, &j->c.rules);
	return err ? ctl_fail("out of memory") : 0;
}

static void print_rule(const struct ruleset *s, size_t nr, const char *sign)
{
	struct natfw_rule r;

	if (ruleset_get(s, nr, &r))
		return;
	fputs(sign, stdout);
	if (ruleset_entry(s, nr)->id)
		printf("%" PRIu64 " ", ruleset_entry(s, nr)->id);
	spec_print(stdout, &r);
	putchar('\n');
	natfw_object_fini(&natfw_rule_set, &r);
}

static void print_diff(const struct job *j)
{
	size_t i;

	infra_print(stdout, &j->in);
	for (i = 0; i < j->d.ndel; i++)
		print_rule(&j->have, j->d.del[i], "- rule ");
	for (i = 0; i < j->d.nadd; i++)
		print_rule(&j->c.rules, j->d.add[i], "+ rule add ");
	for (i = 0; i < j->d.nset; i++) {
		print_rule(&j->have, j->d.set[i].have, "~ rule ");
		print_rule(&j->c.rules, j->d.set[i].want, "       as ");
	}
}

static void summary_json(const struct job *j)
{
	struct json o;

	json_init(&o, stdout);
	json_open(&o, NULL, '{');
	json_number(&o, "added", j->d.nadd);
	json_number(&o, "removed", j->d.ndel);
	json_number(&o, "changed", j->d.nset);
	json_number(&o, "kept", j->d.kept - j->d.nset);
	json_number(&o, "reordered", j->d.again);
	json_number(&o, "other", infra_count(&j->in));
	json_bool(&o, "dry-run", ctl_opt.dry);
	json_close(&o, '}');
	json_end(&o);
}

static void summary(const struct job *j)
{
	unsigned int other = infra_count(&j->in);

	if (ctl_opt.json) {
		summary_json(j);
		return;
	}
	printf("rules: %zu added, %zu removed, %zu changed, %zu kept", j->d.nadd, j->d.ndel,
	       j->d.nset, j->d.kept - j->d.nset);
	if (j->d.again)
		printf(" (%zu of the added only to put them in order)", j->d.again);
	if (other)
		printf("; %u change%s of pools, devices and settings", other,
		       other == 1 ? "" : "s");
	fputs(ctl_opt.dry ? "; nothing was done\n" : "\n", stdout);
}

/* Read the rules again, and the generation they are of. */
static bool refresh(struct job *j)
{
	struct state s;

	if (!state_load(&s, j->c.owner))
		return false;
	natfw_dump_fini(&j->s.rules);
	j->s.rules = s.rules;
	j->s.net = s.net;
	natfw_dump_init(&s.rules, &natfw_rule_set);
	state_fini(&s);
	return true;
}

/*
 * With @strict nobody may have changed rules since they were read. Where a
 * daemon changes its own all the time that may never come true, so in the end
 * it is done without.
 */
static int commit_once(struct job *j, bool strict, struct config_error *e)
{
	bool sync = j->mode == RECONCILE_SYNC;
	struct stage st = {
		.c = &j->c, .have = &j->have, .d = &j->d, .replace = !sync,
		.generation = sync && strict ? &j->s.net.generation : NULL,
	};

	if (sync && j->s.rules.partial)
		return -ESTALE;
	if (sync && !j->d.nadd && !j->d.ndel)
		return 0;
	return stage_run(&st, ctl_client(), false, e);
}

/* The rules come into force here, all at once. */
static int commit_rules(struct job *j, const char *path)
{
	struct config_error e = { .text = "the rules keep changing; try again" };
	int i, err = -ESTALE;

	for (i = 0; i < TRIES && err == -ESTALE; i++) {
		if (i || j->in.ndone) {
			if (!refresh(j) || compare(j))
				return CTL_REFUSED;
		}
		err = commit_once(j, i < TRIES - 1, &e);
	}
	return err ? reconcile_refused(path, &e) : 0;
}

static int carry_out(struct job *j, const char *path)
{
	struct stage st = { .c = &j->c, .have = &j->have, .d = &j->d };
	int status;

	if (!infra_before(&j->in, &j->c))
		return reconcile_refused(path, &j->c.error);
	status = commit_rules(j, path);
	if (status) {
		infra_undo(&j->in);
		return status;
	}
	if (stage_change(&st, ctl_client()))
		status = CTL_REFUSED;
	if (!infra_after(&j->in))
		status = CTL_REFUSED;
	return status;
}

static int reconcile(struct job *j, const char *path)
{
	int status;

	if (!reconcile_references(&j->c, &j->s) ||
	    !infra_plan(&j->in, &j->c, &j->s, reconcile_keeps(&j->c)))
		return reconcile_refused(path, &j->c.error);
	status = compare(j);
	if (status)
		return status;
	if (ctl_opt.dry) {
		if (!ctl_opt.json)
			print_diff(j);
	} else {
		status = carry_out(j, path);
	}
	if (!status)
		summary(j);
	return status;
}

int reconcile_run(struct words *w, enum reconcile_mode mode)
{
	struct job j = { .mode = mode };
	const char *path;
	int status = reconcile_load(w, &j.c, &path);

	if (status)
		return status;
	ruleset_init(&j.have);
	status = CTL_REFUSED;
	if (state_load(&j.s, j.c.owner)) {
		status = reconcile(&j, path);
		state_fini(&j.s);
	}
	infra_fini(&j.in);
	diff_fini(&j.d);
	ruleset_fini(&j.have);
	config_fini(&j.c);
	return status;
}
