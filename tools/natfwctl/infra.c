// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "devspec.h"
#include "infra.h"
#include "netspec.h"
#include "poolspec.h"

static bool plan_fail(struct config *c, unsigned int line, const char *token, const char *text)
{
	c->error.line = line;
	snprintf(c->error.token, sizeof(c->error.token), "%s", token);
	snprintf(c->error.text, sizeof(c->error.text), "%s", text);
	return false;
}

static struct infra_step *add_step(struct natfw_list *l, struct config *c, unsigned int cmd,
				   unsigned int line)
{
	struct infra_step *s = natfw_list_add(l, sizeof(*s));

	if (!s) {
		plan_fail(c, line, "", "out of memory");
		return NULL;
	}
	s->cmd = cmd;
	s->line = line;
	return s;
}

static bool plan_net(struct infra *in, struct config *c, const struct state *s)
{
	struct natfw_net want = c->net, undo;
	struct infra_step *step;

	if (!netspec_difference(&want, &s->net, &undo))
		return true;
	step = add_step(&in->before, c, NATFW_CMD_NET_SET, c->net_line);
	if (!step)
		return false;
	step->obj.net = want;
	step->undo_cmd = NATFW_CMD_NET_SET;
	step->undo.net = undo;
	return true;
}

static bool plan_pool_new(struct infra *in, struct config *c, const struct config_pool *p)
{
	struct infra_step *step = add_step(&in->before, c, NATFW_CMD_POOL_NEW, p->line);

	if (!step)
		return false;
	step->obj.pool = p->pool;
	step->undo_cmd = NATFW_CMD_POOL_DEL;
	step->undo.pool.has = 1ull << NATFW_A_POOL_NAME;
	step->undo.pool.name = p->pool.name;
	return true;
}

static bool plan_pool_del(struct natfw_list *l, struct config *c, const struct natfw_pool *have)
{
	struct infra_step *step = add_step(l, c, NATFW_CMD_POOL_DEL, 0);

	if (!step)
		return false;
	step->obj.pool.has = 1ull << NATFW_A_POOL_NAME;
	step->obj.pool.name = have->name;
	step->undo_cmd = NATFW_CMD_POOL_NEW;
	step->undo.pool = *have;
	poolspec_keep_config(&step->undo.pool);
	return true;
}

static bool plan_pool_set(struct infra *in, struct config *c, const struct config_pool *p,
			  const struct natfw_pool *have)
{
	struct infra_step *step = add_step(&in->before, c, NATFW_CMD_POOL_SET, p->line);

	if (!step)
		return false;
	step->obj.pool = p->pool;
	poolspec_keep_terms(&step->obj.pool);
	step->undo_cmd = NATFW_CMD_POOL_SET;
	step->undo.pool = *have;
	poolspec_keep_terms(&step->undo.pool);
	return true;
}

static bool plan_pool(struct infra *in, struct config *c, const struct state *s,
		      const struct config_pool *p)
{
	const struct natfw_pool *have = state_pool(s, p->pool.name);

	if (!have)
		return plan_pool_new(in, c, p);
	if (poolspec_same_shape(&p->pool, have))
		return poolspec_same_terms(&p->pool, have) || plan_pool_set(in, c, p, have);
	if (have->rules)
		return plan_fail(c, p->line, p->pool.name,
				 "rules use this pool, so its addresses, ports, zone, mapping and block size stay as they are; give the changed pool another name");
	return plan_pool_del(&in->before, c, have) && plan_pool_new(in, c, p);
}

/* How many of the rules that are to go name the pool. */
static unsigned int our_rules(const struct state *s, const char *pool)
{
	unsigned int count = 0;
	struct natfw_rule r;
	size_t i;

	for (i = 0; i < s->rules.n && !natfw_dump_get(&s->rules, i, &r); i++) {
		count += r.nat.pool && !strcmp(r.nat.pool, pool);
		natfw_object_fini(&natfw_rule_set, &r);
	}
	return count;
}

static bool plan_gone_pools(struct infra *in, struct config *c, const struct state *s)
{
	const struct natfw_pool *p = s->pools.v;
	unsigned int i;

	for (i = 0; i < s->pools.n; i++) {
		if (!p[i].name || config_pool(c, p[i].name))
			continue;
		if (p[i].rules > our_rules(s, p[i].name)) {
			ctl_note("pool %s is not in the file, but rules of other owners use it; it stays",
				 p[i].name);
			continue;
		}
		if (!plan_pool_del(&in->after, c, &p[i]))
			return false;
	}
	return true;
}

/* The default verdict becomes drop only when the rules are there. */
static bool plan_drop(struct infra *in, struct config *c, const struct config_dev *d)
{
	struct infra_step *step = add_step(&in->after, c, NATFW_CMD_DEV_SET, d->line);

	if (!step)
		return false;
	step->obj.dev = d->dev;
	step->obj.dev.has = 1ull << NATFW_A_DEV_IFNAME | 1ull << NATFW_A_DEV_DEFAULT;
	step->quiet = true;
	return true;
}

static bool plan_dev_new(struct infra *in, struct config *c, const struct config_dev *d)
{
	struct infra_step *step;

	if (!if_nametoindex(d->dev.ifname))
		return plan_fail(c, d->line, d->dev.ifname, "there is no such device here");
	step = add_step(&in->before, c, NATFW_CMD_DEV_NEW, d->line);
	if (!step)
		return false;
	step->obj.dev = d->dev;
	step->obj.dev.verdict = NATFW_VERDICT_PASS;
	step->undo_cmd = NATFW_CMD_DEV_DEL;
	step->undo.dev = d->dev;
	step->undo.dev.has = 1ull << NATFW_A_DEV_IFNAME;
	return d->dev.verdict == NATFW_VERDICT_PASS || plan_drop(in, c, d);
}

static bool plan_dev_set(struct infra *in, struct config *c, const struct config_dev *d,
			 const struct natfw_dev *have)
{
	struct infra_step *step = add_step(&in->before, c, NATFW_CMD_DEV_SET, d->line);
	bool tighten = d->dev.verdict != have->verdict && d->dev.verdict == NATFW_VERDICT_DROP;

	if (!step)
		return false;
	step->obj.dev = d->dev;
	if (tighten)
		natfw_drop(&step->obj.dev, NATFW_A_DEV_DEFAULT);
	step->undo_cmd = NATFW_CMD_DEV_SET;
	step->undo.dev = *have;
	devspec_keep_config(&step->undo.dev);
	return !tighten || plan_drop(in, c, d);
}

static bool plan_dev(struct infra *in, struct config *c, const struct state *s,
		     const struct config_dev *d)
{
	const struct natfw_dev *have = state_dev(s, d->dev.ifname);

	if (!have)
		return plan_dev_new(in, c, d);
	return devspec_same(&d->dev, have) || plan_dev_set(in, c, d, have);
}

static bool xdp_as_wanted(const struct xdp_state *have, enum xdp_mode mode)
{
	if (mode == XDP_MODE_OFF)
		return !have->ours;
	return have->ours && (mode == XDP_MODE_AUTO || have->mode == mode);
}

/* A file that says nothing of XDP leaves it as it is. */
static bool plan_xdp(struct infra *in, struct config *c, const struct config_dev *d)
{
	struct infra_xdp *x;
	struct xdp_state have;

	xdp_look(d->dev.ifname, &have);
	if (!d->has_xdp || xdp_as_wanted(&have, d->xdp))
		return true;
	if (have.id && !have.ours)
		return plan_fail(c, d->line, d->dev.ifname,
				 "another's XDP program is on this device, and stays");
	x = natfw_list_add(&in->xdp, sizeof(*x));
	if (!x)
		return plan_fail(c, d->line, "", "out of memory");
	*x = (struct infra_xdp){ d->dev.ifname, d->xdp };
	return true;
}

/* True if one of @rules that is not of owner @owner names the device. */
static bool others_name(const struct natfw_dump *rules, const uint8_t *owner,
			const char *ifname)
{
	struct natfw_rule r;
	bool yes = false;
	size_t i;

	for (i = 0; i < rules->n && !yes && !natfw_dump_get(rules, i, &r); i++) {
		yes = memcmp(r.owner, owner, sizeof(r.owner)) &&
		      natfw_has(&r.match, NATFW_A_MATCH_IFNAME) &&
		      !strcmp(r.match.ifname, ifname);
		natfw_object_fini(&natfw_rule_set, &r);
	}
	return yes;
}

/* Rules that name a device go with it; those of others must not. */
static bool dev_must_stay(const struct config *c, const char *ifname)
{
	struct natfw_dump all;
	bool stays;

	if (!ctl_dump(NATFW_CMD_RULE_GET, NULL, &all))
		return true;
	stays = others_name(&all, c->owner, ifname);
	natfw_dump_fini(&all);
	if (stays)
		ctl_note("device %s is not in the file, but rules of other owners name it; it stays",
			 ifname);
	return stays;
}

static bool plan_gone_devs(struct infra *in, struct config *c, const struct state *s)
{
	const struct natfw_dev *d = s->devs.v;
	struct infra_step *step;
	unsigned int i;

	for (i = 0; i < s->devs.n; i++) {
		if (config_dev(c, d[i].ifname) || dev_must_stay(c, d[i].ifname))
			continue;
		step = add_step(&in->after, c, NATFW_CMD_DEV_DEL, 0);
		if (!step)
			return false;
		step->obj.dev = d[i];
		step->obj.dev.has = 1ull << NATFW_A_DEV_IFNAME;
	}
	return true;
}

bool infra_plan(struct infra *in, struct config *c, const struct state *s, bool keep)
{
	const struct config_pool *p = c->pools.v;
	const struct config_dev *d = c->devs.v;
	unsigned int i;

	memset(in, 0, sizeof(*in));
	if (!plan_net(in, c, s))
		return false;
	for (i = 0; i < c->pools.n; i++)
		if (!plan_pool(in, c, s, &p[i]))
			return false;
	for (i = 0; i < c->devs.n; i++)
		if (!plan_dev(in, c, s, &d[i]) || !plan_xdp(in, c, &d[i]))
			return false;
	return keep || (plan_gone_pools(in, c, s) && plan_gone_devs(in, c, s));
}

static bool do_step(struct config *c, const struct infra_step *s)
{
	struct natfw_client *cl = ctl_client();
	char text[NATFW_ERROR_TEXT], token[64];
	struct natfw_error e;

	if (!cl)
		return plan_fail(c, s->line, "", "no connection to the kernel");
	if (!natfw_client_do(cl, s->cmd, 0, &s->obj, NULL, &e))
		return true;
	config_token(c, s->line, e.attr, token, sizeof(token));
	return plan_fail(c, s->line, token, natfw_error_text(&e, text, sizeof(text)));
}

bool infra_before(struct infra *in, struct config *c)
{
	const struct infra_step *s = in->before.v;

	for (in->ndone = 0; in->ndone < in->before.n; in->ndone++) {
		if (do_step(c, &s[in->ndone]))
			continue;
		infra_undo(in);
		return false;
	}
	return true;
}

void infra_undo(struct infra *in)
{
	const struct infra_step *s = in->before.v;
	char text[NATFW_ERROR_TEXT];
	struct natfw_error e;

	while (in->ndone-- > 0) {
		if (!s[in->ndone].undo_cmd ||
		    !natfw_client_do(ctl_client(), s[in->ndone].undo_cmd, 0,
				     &s[in->ndone].undo, NULL, &e))
			continue;
		ctl_note("while going back: %s", natfw_error_text(&e, text, sizeof(text)));
	}
	in->ndone = 0;
}

/* A device that is detached does not keep the program, which would keep the module. */
static bool do_after(const struct infra_step *s)
{
	char text[NATFW_ERROR_TEXT];
	struct natfw_error e;
	bool gone = s->cmd == NATFW_CMD_DEV_DEL;

	if (!natfw_client_do(ctl_client(), s->cmd, 0, &s->obj, NULL, &e) ||
	    (gone && e.code == ENODEV))
		return !gone || xdp_take(s->obj.dev.ifname);
	ctl_note("the rules are in force, but: %s", natfw_error_text(&e, text, sizeof(text)));
	return false;
}

bool infra_after(const struct infra *in)
{
	const struct infra_step *s = in->after.v;
	const struct infra_xdp *x = in->xdp.v;
	bool ok = true;
	unsigned int i;

	for (i = 0; i < in->after.n; i++)
		ok &= do_after(&s[i]);
	for (i = 0; i < in->xdp.n; i++)
		ok &= xdp_put(x[i].ifname, x[i].mode);
	return ok;
}

static void print_dev_step(FILE *f, const struct infra_step *s)
{
	switch (s->cmd) {
	case NATFW_CMD_DEV_NEW:
		fputs("+ dev attach ", f);
		break;
	case NATFW_CMD_DEV_SET:
		fputs("~ dev set ", f);
		break;
	default:
		fprintf(f, "- dev detach %s\n", s->obj.dev.ifname);
		return;
	}
	devspec_print(f, &s->obj.dev);
	putc('\n', f);
}

static void print_step(FILE *f, const struct infra_step *s)
{
	switch (s->cmd) {
	case NATFW_CMD_NET_SET:
		fputs("~ net set ", f);
		netspec_print(f, &s->obj.net);
		putc('\n', f);
		break;
	case NATFW_CMD_POOL_NEW:
	case NATFW_CMD_POOL_SET:
		fputs(s->cmd == NATFW_CMD_POOL_NEW ? "+ pool add " : "~ pool set ", f);
		poolspec_print(f, &s->obj.pool);
		putc('\n', f);
		break;
	case NATFW_CMD_POOL_DEL:
		fputs("- pool del ", f);
		print_text(f, s->obj.pool.name);
		putc('\n', f);
		break;
	default:
		print_dev_step(f, s);
	}
}

static void print_steps(FILE *f, const struct natfw_list *l)
{
	const struct infra_step *s = l->v;
	unsigned int i;

	for (i = 0; i < l->n; i++)
		if (!s[i].quiet)
			print_step(f, &s[i]);
}

void infra_print(FILE *f, const struct infra *in)
{
	const struct infra_xdp *x = in->xdp.v;
	unsigned int i;

	print_steps(f, &in->before);
	print_steps(f, &in->after);
	for (i = 0; i < in->xdp.n; i++)
		fprintf(f, "~ dev set %s xdp %s\n", x[i].ifname, xdp_mode_name(x[i].mode));
}

unsigned int infra_count(const struct infra *in)
{
	const struct infra_step *s = in->after.v;
	unsigned int n = in->before.n + in->xdp.n, i;

	for (i = 0; i < in->after.n; i++)
		n += !s[i].quiet;
	return n;
}

void infra_fini(struct infra *in)
{
	free(in->before.v);
	free(in->after.v);
	free(in->xdp.v);
	memset(in, 0, sizeof(*in));
}
