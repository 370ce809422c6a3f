// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "rulelist.h"
#include "spec.h"
#include "verbs.h"

static int id_width(const struct natfw_dump *d)
{
	uint64_t max = 0;
	struct natfw_rule r;
	size_t i;

	for (i = 0; i < d->n && !natfw_dump_get(d, i, &r); i++) {
		max = r.id > max ? r.id : max;
		natfw_object_fini(&natfw_rule_set, &r);
	}
	return snprintf(NULL, 0, "%" PRIu64, max);
}

static void show_dump(const struct natfw_dump *d, const size_t *order)
{
	int width = ctl_opt.json ? 0 : id_width(d);
	struct natfw_rule r;
	struct json j;
	size_t i;

	json_init(&j, stdout);
	if (ctl_opt.json)
		json_open(&j, NULL, '[');
	for (i = 0; i < d->n && !natfw_dump_get(d, order[i], &r); i++) {
		if (ctl_opt.json)
			rulelist_json(&j, &r);
		else
			rulelist_print(stdout, &r, width);
		natfw_object_fini(&natfw_rule_set, &r);
	}
	if (ctl_opt.json) {
		json_close(&j, ']');
		json_end(&j);
	}
}

static int show_all(const struct natfw_rule *filter)
{
	struct natfw_dump d;
	size_t *order;

	if (!ctl_dump(NATFW_CMD_RULE_GET, filter, &d))
		return CTL_REFUSED;
	order = rulelist_order(&d);
	if (order)
		show_dump(&d, order);
	free(order);
	natfw_dump_fini(&d);
	return order ? 0 : ctl_fail("out of memory");
}

static int show_one(const struct natfw_rule *key)
{
	struct natfw_client *c = ctl_client();
	struct natfw_error e;
	struct natfw_rule r;
	struct json j;

	if (!c)
		return CTL_REFUSED;
	if (natfw_client_do(c, NATFW_CMD_RULE_GET, 0, key, &r, &e))
		return ctl_refused(&e);
	if (ctl_opt.json) {
		json_init(&j, stdout);
		json_open(&j, NULL, '[');
		rulelist_json(&j, &r);
		json_close(&j, ']');
		json_end(&j);
	} else {
		rulelist_print(stdout, &r, 1);
	}
	natfw_object_fini(&natfw_rule_set, &r);
	return 0;
}

static bool read_rule_id(struct words *w, void *p)
{
	natfw_want((struct natfw_rule *)p, NATFW_A_RULE_ID);
	return read_id(w, &((struct natfw_rule *)p)->id);
}

static bool read_rule_owner(struct words *w, void *p)
{
	natfw_want((struct natfw_rule *)p, NATFW_A_RULE_OWNER);
	return read_owner(w, ((struct natfw_rule *)p)->owner);
}

static const struct words_key show_keys[] = {
	{ "id", read_rule_id, false },
	{ "owner", read_rule_owner, false },
};

static int rule_show(struct words *w)
{
	struct natfw_rule key = { 0 };
	const char *s = words_peek(w);
	bool ok;

	if (s && s[0] >= '0' && s[0] <= '9')
		ok = read_rule_id(w, &key);
	else
		ok = words_keys(w, show_keys, 2, &key, NULL);
	if (!ok || !words_done(w))
		return ctl_usage(w);
	if (ctl_opt.has_owner && !key.has) {
		memcpy(key.owner, ctl_opt.owner, sizeof(key.owner));
		natfw_want(&key, NATFW_A_RULE_OWNER);
	}
	return natfw_has(&key, NATFW_A_RULE_ID) ? show_one(&key) : show_all(&key);
}

static void print_added(const struct natfw_rule *r)
{
	struct json j;

	if (ctl_opt.json) {
		json_init(&j, stdout);
		rulelist_json(&j, r);
		json_end(&j);
		return;
	}
	printf("id %" PRIu64, r->id);
	if (natfw_has(r, NATFW_A_RULE_EXT_ADDR)) {
		fputs(" external ", stdout);
		print_endpoint(stdout, &r->ext_addr, r->ext_port);
	}
	putchar('\n');
}

static int add_rule(const struct natfw_rule *r)
{
	struct natfw_client *c = ctl_client();
	struct natfw_rule made;
	struct natfw_error e;

	if (!c)
		return CTL_REFUSED;
	if (natfw_client_do(c, NATFW_CMD_RULE_NEW, NATFW_ECHO, r, &made, &e))
		return ctl_refused(&e);
	print_added(&made);
	natfw_object_fini(&natfw_rule_set, &made);
	return 0;
}

static int rule_add(struct words *w)
{
	struct natfw_rule r;
	int status;

	if (!spec_read(w, &r)) {
		natfw_object_fini(&natfw_rule_set, &r);
		return ctl_usage(w);
	}
	if (ctl_opt.has_owner && !natfw_has(&r, NATFW_A_RULE_OWNER)) {
		memcpy(r.owner, ctl_opt.owner, sizeof(r.owner));
		natfw_want(&r, NATFW_A_RULE_OWNER);
	}
	status = add_rule(&r);
	natfw_object_fini(&natfw_rule_set, &r);
	return status;
}

static int rule_del(struct words *w)
{
	struct natfw_rule key = { .has = 1ull << NATFW_A_RULE_ID };
	int status = 0;

	do {
		if (!read_id(w, &key.id))
			return ctl_usage(w);
		status = ctl_do(NATFW_CMD_RULE_DEL, &key);
	} while (!status && !words_end(w));
	return status;
}

/* What rule set is asked for: the attributes, and which way activity goes. */
struct change {
	struct natfw_rule r;
	bool active, inactive;
};

static bool read_lifetime(struct words *w, void *p)
{
	struct natfw_rule *r = p;

	natfw_want(r, NATFW_A_RULE_LIFETIME);
	return read_seconds(w, "the lifetime", &r->lifetime);
}

static bool read_name_key(struct words *w, void *p)
{
	struct natfw_rule *r = p;

	natfw_want(r, NATFW_A_RULE_NAME);
	return read_text(w, "a name", &r->name);
}

static bool read_mark(struct words *w, void *p)
{
	struct natfw_rule *r = p;

	if (words_take(w, "none")) {
		natfw_want(r, NATFW_A_RULE_CLEAR_MARK);
		return true;
	}
	natfw_want(r, NATFW_A_RULE_MARK);
	return read_number(w, "the mark", 0, UINT32_MAX, &r->mark);
}

static bool read_emit(struct words *w, void *p)
{
	struct natfw_rule *r = p;

	natfw_want(r, NATFW_A_RULE_EMIT);
	return read_name(w, "emit", &natfw_emit_names, &r->emit);
}

static bool read_active(struct words *w, void *p)
{
	(void)w;
	((struct change *)p)->active = true;
	return true;
}

static bool read_inactive(struct words *w, void *p)
{
	(void)w;
	((struct change *)p)->inactive = true;
	return true;
}

static const struct words_key set_keys[] = {
	{ "lifetime", read_lifetime, false }, { "name", read_name_key, false },
	{ "mark", read_mark, false }, { "emit", read_emit, false },
	{ "active", read_active, false }, { "inactive", read_inactive, false },
};

/* The flags a rule has now, with activity as asked. */
static int fill_flags(struct natfw_client *c, struct change *ch, struct natfw_error *e)
{
	struct natfw_rule key = { .has = 1ull << NATFW_A_RULE_ID, .id = ch->r.id };
	struct natfw_rule now;
	int err;

	if (!ch->active && !ch->inactive)
		return 0;
	err = natfw_client_do(c, NATFW_CMD_RULE_GET, 0, &key, &now, e);
	if (err)
		return err;
	ch->r.flags = now.flags & ~(uint32_t)NATFW_RULE_FLAG_INACTIVE;
	if (ch->inactive)
		ch->r.flags |= NATFW_RULE_FLAG_INACTIVE;
	natfw_want(&ch->r, NATFW_A_RULE_FLAGS);
	natfw_object_fini(&natfw_rule_set, &now);
	return 0;
}

static int rule_change(struct change *ch)
{
	struct natfw_client *c = ctl_client();
	struct natfw_error e;

	if (!c)
		return CTL_REFUSED;
	if (fill_flags(c, ch, &e) || natfw_client_do(c, NATFW_CMD_RULE_SET, 0, &ch->r, NULL, &e))
		return ctl_refused(&e);
	return 0;
}

static bool change_read(struct words *w, struct change *ch)
{
	if (!read_id(w, &ch->r.id))
		return false;
	natfw_want(&ch->r, NATFW_A_RULE_ID);
	if (words_end(w))
		return words_fail_all(w, "say what to change");
	if (!words_keys(w, set_keys, sizeof(set_keys) / sizeof(set_keys[0]), ch, NULL) ||
	    !words_done(w))
		return false;
	return !(ch->active && ch->inactive) ||
	       words_fail_all(w, "active and inactive exclude each other");
}

static int rule_set(struct words *w)
{
	struct change ch = { 0 };
	int status;

	status = change_read(w, &ch) ? rule_change(&ch) : ctl_usage(w);
	natfw_object_fini(&natfw_rule_set, &ch.r);
	return status;
}

static int rule_refresh(struct words *w)
{
	struct natfw_rule r = { .has = 1ull << NATFW_A_RULE_ID };

	if (!read_id(w, &r.id))
		return ctl_usage(w);
	words_take(w, "lifetime");
	if (!read_lifetime(w, &r) || !words_done(w))
		return ctl_usage(w);
	return ctl_do(NATFW_CMD_RULE_SET, &r);
}

static int rule_flush(struct words *w)
{
	struct natfw_rule key = { 0 };

	natfw_want(&key, NATFW_A_RULE_OWNER);
	memcpy(key.owner, ctl_opt.owner, sizeof(key.owner));
	if (words_take(w, "all"))
		natfw_drop(&key, NATFW_A_RULE_OWNER);
	else if (words_take(w, "owner") && !read_owner(w, key.owner))
		return ctl_usage(w);
	if (!words_done(w))
		return ctl_usage(w);
	return ctl_do(NATFW_CMD_RULE_FLUSH, &key);
}

static const char spec_usage[] =
	"[priority N] ACTION [proto P] [from ADDR[/LEN]] [sport P[-P]]\n"
	"... [to ADDR[/LEN]] [dport P[-P]] [type T [code C]] [spi N] [dscp N]\n"
	"... [flowlabel N] [dev DEV] [zone N|any] [family ip|ip6] [OPTION]...\n"
	"... ACTION: allow [stateful] | deny | reject |\n"
	"...   [nat] snat ADDR[/LEN][:P[-P]]|pool NAME [dnat ADDR[/LEN][:P[-P]]] [out-zone N]\n"
	"... OPTION: emit stack|direct, mark N, lifetime S, owner HEX, name TEXT, inactive,\n"
	"...   parity, pair";

static const struct ctl_verb verbs[] = {
	{ "show", rule_show, "[owner HEX | id N]",
	  "rules, in the order they are tried; -s counters" },
	{ "list", rule_show, "[owner HEX | id N]", "the same" },
	{ "add", rule_add, spec_usage, "make a rule; prints its id and what it reserved" },
	{ "del", rule_del, "id N...", "remove rules" },
	{ "set", rule_set,
	  "id N [lifetime S] [name TEXT] [mark N|none] [emit E] [active|inactive]",
	  "change what is given" },
	{ "refresh", rule_refresh, "id N lifetime S", "let it live S seconds from now" },
	{ "flush", rule_flush, "[owner HEX | all]",
	  "remove the rules of an owner; static ones if none is given" },
};

int verb_rule(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "show", "rule", w);
}
