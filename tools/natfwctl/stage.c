// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "stage.h"

static int add_flush(struct natfw_txn *t, const struct stage *s, struct natfw_error *e)
{
	struct natfw_rule key = { .has = 1ull << NATFW_A_RULE_OWNER };

	memcpy(key.owner, s->c->owner, sizeof(key.owner));
	return natfw_txn_add(t, NATFW_CMD_RULE_FLUSH, &key, e);
}

static int add_removals(struct natfw_txn *t, const struct stage *s, struct natfw_error *e)
{
	struct natfw_rule key = { .has = 1ull << NATFW_A_RULE_ID };
	int err = 0;
	size_t i;

	if (s->replace)
		return add_flush(t, s, e);
	for (i = 0; i < s->d->ndel && !err; i++) {
		key.id = ruleset_entry(s->have, s->d->del[i])->id;
		err = natfw_txn_add(t, NATFW_CMD_RULE_DEL, &key, e);
	}
	return err;
}

static int add_rules(struct natfw_txn *t, const struct stage *s, struct natfw_error *e)
{
	const void *bytes;
	int err = 0;
	size_t i, len;

	for (i = 0; i < s->d->nadd && !err; i++) {
		bytes = ruleset_bytes(&s->c->rules, s->d->add[i], &len);
		err = natfw_txn_add_raw(t, NATFW_CMD_RULE_NEW, bytes, len, e);
	}
	return err;
}

/* Say in the file's terms what request number @failed was refused for. */
static void explain(const struct stage *s, long failed, const struct natfw_error *e,
		    struct config_error *err)
{
	size_t ndel = s->replace ? 1 : s->d->ndel;

	memset(err, 0, sizeof(*err));
	natfw_error_text(e, err->text, sizeof(err->text));
	if (failed < 0 || (size_t)failed < ndel || (size_t)failed - ndel >= s->d->nadd)
		return;
	err->line = ruleset_entry(&s->c->rules, s->d->add[(size_t)failed - ndel])->line;
	config_token(s->c, err->line, e->attr, err->token, sizeof(err->token));
}

/* A rule to be removed went by itself, so the difference is stale. */
static bool removal_gone(const struct stage *s, long failed, const struct natfw_error *e)
{
	return !s->replace && e->code == ENOENT && failed >= 0 && (size_t)failed < s->d->ndel;
}

int stage_run(const struct stage *s, struct natfw_client *cl, bool dry,
	      struct config_error *cerr)
{
	size_t expected = s->d->nadd + (s->replace ? 1 : s->d->ndel);
	struct natfw_txn *t;
	struct natfw_error e;
	long failed = -1;
	int err;

	err = natfw_txn_begin(&t, cl, s->generation, expected, &e);
	if (err) {
		explain(s, -1, &e, cerr);
		return err;
	}
	err = add_removals(t, s, &e);
	if (!err)
		err = add_rules(t, s, &e);
	if (!err && dry)
		err = natfw_txn_flush(t, &e);
	failed = natfw_txn_failed(t);
	if (err || dry)
		natfw_txn_abort(t);
	else
		err = natfw_txn_commit(t, NULL, &failed, &e);
	if (!err)
		return 0;
	explain(s, failed, &e, cerr);
	return removal_gone(s, failed, &e) ? -ESTALE : err;
}

static void change_text(struct natfw_rule *ch, const struct natfw_rule *have,
			struct natfw_rule *want)
{
	if (!natfw_has(want, NATFW_A_RULE_NAME) ||
	    (natfw_has(have, NATFW_A_RULE_NAME) && !strcmp(have->name, want->name)))
		return;
	ch->name = want->name;
	natfw_want(ch, NATFW_A_RULE_NAME);
}

static void change_mark(struct natfw_rule *ch, const struct natfw_rule *have,
			const struct natfw_rule *want)
{
	bool old = natfw_has(have, NATFW_A_RULE_MARK), new = natfw_has(want, NATFW_A_RULE_MARK);

	if (new && (!old || have->mark != want->mark)) {
		ch->mark = want->mark;
		natfw_want(ch, NATFW_A_RULE_MARK);
	} else if (old && !new) {
		natfw_want(ch, NATFW_A_RULE_CLEAR_MARK);
	}
}

/* What rule-set has to be told to make @have into @want. */
static void make_change(struct natfw_rule *ch, const struct natfw_rule *have,
			struct natfw_rule *want)
{
	change_text(ch, have, want);
	change_mark(ch, have, want);
	if (have->emit != want->emit) {
		ch->emit = want->emit;
		natfw_want(ch, NATFW_A_RULE_EMIT);
	}
	if (have->flags != want->flags) {
		ch->flags = want->flags & NATFW_RULE_FLAG_INACTIVE;
		natfw_want(ch, NATFW_A_RULE_FLAGS);
	}
	if (have->lifetime != want->lifetime) {
		ch->lifetime = want->lifetime;
		natfw_want(ch, NATFW_A_RULE_LIFETIME);
	}
}

static bool change_one(const struct stage *s, struct natfw_client *cl,
		       const struct diff_pair *p)
{
	uint64_t id = ruleset_entry(s->have, p->have)->id;
	struct natfw_rule ch = { .has = 1ull << NATFW_A_RULE_ID, .id = id };
	struct natfw_rule have = { 0 }, want = { 0 };
	char text[NATFW_ERROR_TEXT];
	struct natfw_error e;
	int err;

	if (ruleset_get(s->have, p->have, &have) || ruleset_get(&s->c->rules, p->want, &want)) {
		err = natfw_error_set(&e, ENOMEM, "out of memory");
	} else {
		make_change(&ch, &have, &want);
		err = natfw_client_do(cl, NATFW_CMD_RULE_SET, 0, &ch, NULL, &e);
	}
	if (err)
		ctl_note("rule %" PRIu64 " stays as it was: %s", id,
			 natfw_error_text(&e, text, sizeof(text)));
	natfw_object_fini(&natfw_rule_set, &have);
	natfw_object_fini(&natfw_rule_set, &want);
	return !err;
}

unsigned int stage_change(const struct stage *s, struct natfw_client *cl)
{
	unsigned int failures = 0;
	size_t i;

	for (i = 0; i < s->d->nset; i++)
		failures += !change_one(s, cl, &s->d->set[i]);
	return failures;
}
