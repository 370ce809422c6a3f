// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "error.h"
#include "json.h"
#include "ktap.h"
#include "model.h"
#include "text.h"

#define BIT(a)	(1ull << (a))

static const struct natfw_set *const sets[] = {
	&natfw_info_set, &natfw_timeout_set, &natfw_net_set, &natfw_counter_set,
	&natfw_dev_set, &natfw_match_set, &natfw_nat_set, &natfw_rule_set, &natfw_range_set,
	&natfw_pool_set, &natfw_tuple_set, &natfw_flow_set, &natfw_map_set, &natfw_test_set,
	&natfw_stats_set, &natfw_txn_set, &natfw_overrun_set,
};

#define NSETS	(sizeof(sets) / sizeof(sets[0]))

/* Give every field of @obj some value; lists get two elements. */
static void fill(const struct natfw_set *set, void *obj, unsigned int seed);

static void fill_list(const struct natfw_field *f, struct natfw_list *l, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (f->type == NATFW_T_TEXTS)
			*(char **)natfw_list_add(l, sizeof(char *)) = strdup(i ? "two" : "one");
		else
			fill(f->set, natfw_list_add(l, f->set->size), seed + i);
	}
}

static void fill_field(const struct natfw_field *f, void *p, unsigned int seed)
{
	struct natfw_addr *a = p;

	switch (f->type) {
	case NATFW_T_U32:
		*(uint32_t *)p = f->names ? seed % f->names->n : seed * 2654435761u;
		break;
	case NATFW_T_U64:
		*(uint64_t *)p = seed * 0x9e3779b97f4a7c15ull;
		break;
	case NATFW_T_TEXT:
		*(char **)p = strdup(seed % 2 ? "text" : "");
		break;
	case NATFW_T_IFNAME:
		strcpy(p, "eth12345");
		break;
	case NATFW_T_ADDR:
		a->len = seed % 2 ? 4 : 16;
		memset(a->b, (int)(seed & 0xff), a->len);
		break;
	case NATFW_T_OWNER:
		memset(p, (int)(seed & 0xff), NATFW_OWNER_LEN);
		break;
	case NATFW_T_NEST:
		fill(f->set, p, seed);
		break;
	case NATFW_T_LIST:
	case NATFW_T_TEXTS:
		fill_list(f, p, seed);
		break;
	default:
		break;
	}
}

static void fill(const struct natfw_set *set, void *obj, unsigned int seed)
{
	unsigned int i;

	memset(obj, 0, set->size);
	for (i = 1; i <= set->max; i++) {
		if (set->field[i].type == NATFW_T_NONE)
			continue;
		*(uint64_t *)obj |= BIT(i);
		fill_field(&set->field[i], (char *)obj + set->field[i].off, seed * 7 + i);
	}
}

static void test_round_trip(void)
{
	struct natfw_msg a = { 0 }, b = { 0 };
	unsigned int i, seed;

	for (i = 0; i < NSETS; i++) {
		for (seed = 1; seed < 20; seed++) {
			void *x = malloc(sets[i]->size), *y = malloc(sets[i]->size);

			fill(sets[i], x, seed);
			natfw_msg_reset(&a);
			natfw_msg_reset(&b);
			natfw_object_put(&a, sets[i], x);
			CHECK(!natfw_object_get(sets[i], y, a.buf, a.len));
			natfw_object_put(&b, sets[i], y);
			CHECK(natfw_msg_ok(&a) && natfw_object_has(x) == natfw_object_has(y) &&
			      a.len == b.len && !memcmp(a.buf, b.buf, a.len), "set %s",
			      sets[i]->name);
			natfw_object_fini(sets[i], x);
			natfw_object_fini(sets[i], y);
			free(x);
			free(y);
		}
	}
	natfw_msg_fini(&a);
	natfw_msg_fini(&b);
}

/* A newer module's attributes, and ones of another size. */
static void test_unknown(void)
{
	struct natfw_msg m = { 0 };
	uint32_t v32 = 9;
	uint64_t v64 = 1ull << 40 | 5;
	struct natfw_rule r;
	uint8_t odd[5] = { 1 };

	natfw_msg_put(&m, 200, "new", 4);
	natfw_msg_put(&m, NATFW_A_RULE_ID, &v32, sizeof(v32));
	natfw_msg_put(&m, NATFW_A_RULE_PRIORITY, &v64, sizeof(v64));
	natfw_msg_put(&m, NATFW_A_RULE_EXT_ADDR, odd, sizeof(odd));
	natfw_msg_put(&m, NATFW_A_RULE_MARK, odd, 2);
	natfw_msg_put(&m, NATFW_A_RULE_NAME, "abc", 3);
	CHECK(!natfw_object_get(&natfw_rule_set, &r, m.buf, m.len));
	CHECK(r.has == (BIT(NATFW_A_RULE_ID) | BIT(NATFW_A_RULE_PRIORITY) |
			BIT(NATFW_A_RULE_NAME)), "has %llx", (unsigned long long)r.has);
	CHECK(r.id == 9 && r.priority == 5 && !strcmp(r.name, "abc"));
	natfw_object_fini(&natfw_rule_set, &r);
	natfw_msg_fini(&m);
}

/* Bytes cut off anywhere must do no harm. */
static void test_truncated(void)
{
	struct natfw_msg m = { 0 };
	struct natfw_rule r, cut;
	size_t len;

	fill(&natfw_rule_set, &r, 3);
	natfw_object_put(&m, &natfw_rule_set, &r);
	for (len = 0; len < m.len; len++) {
		char *copy = malloc(len + 1);

		memcpy(copy, m.buf, len);
		CHECK(!natfw_object_get(&natfw_rule_set, &cut, copy, len));
		natfw_object_fini(&natfw_rule_set, &cut);
		free(copy);
	}
	natfw_object_fini(&natfw_rule_set, &r);
	natfw_msg_fini(&m);
}

/* An acknowledgment about the attribute at @offs of the request. */
static struct nlmsghdr *make_ack(struct natfw_msg *m, uint32_t offs, int miss, bool nest)
{
	struct nlmsgerr e = { .error = -22 };
	struct nlmsghdr h = { .nlmsg_type = NLMSG_ERROR,
			      .nlmsg_flags = NLM_F_ACK_TLVS | NLM_F_CAPPED };
	uint32_t type = (uint32_t)miss;

	natfw_msg_reset(m);
	natfw_msg_put_raw(m, &h, sizeof(h));
	natfw_msg_put_raw(m, &e, sizeof(e));
	natfw_msg_put(m, NLMSGERR_ATTR_MSG, "no good", 8);
	if (miss)
		natfw_msg_put(m, 5, &type, sizeof(type));
	if (nest)
		natfw_msg_put(m, 6, &offs, sizeof(offs));
	else if (offs)
		natfw_msg_put(m, NLMSGERR_ATTR_OFFS, &offs, sizeof(offs));
	((struct nlmsghdr *)m->buf)->nlmsg_len = (uint32_t)m->len;
	return (struct nlmsghdr *)m->buf;
}

static void error_is(struct natfw_msg *rq, const struct nlmsghdr *ack, const char *want)
{
	char text[NATFW_ERROR_TEXT];
	struct natfw_error e;

	CHECK(natfw_error_read(&e, ack, natfw_msg_head(rq), &natfw_rule_set) == -22);
	natfw_error_text(&e, text, sizeof(text));
	CHECK(!strcmp(text, want), "%s, not %s", text, want);
}

static void test_errors(void)
{
	struct natfw_msg rq = { 0 }, ack = { 0 };
	struct natfw_rule r = { 0 };
	uint32_t base = sizeof(struct nlmsghdr) + sizeof(struct genlmsghdr);
	uint32_t match = base + 8, src_len = match + 4 + 8;

	r.has = BIT(NATFW_A_RULE_PRIORITY) | BIT(NATFW_A_RULE_MATCH);
	r.match.has = BIT(NATFW_A_MATCH_SRC) | BIT(NATFW_A_MATCH_SRC_LEN);
	r.match.src.len = 4;
	natfw_msg_begin(&rq, 20, NATFW_CMD_RULE_NEW, 1, 0, 1);
	natfw_object_put(&rq, &natfw_rule_set, &r);
	natfw_msg_end(&rq);
	error_is(&rq, make_ack(&ack, src_len, 0, false),
		 "match.src-len: no good (Invalid argument)");
	error_is(&rq, make_ack(&ack, match, 0, false), "match: no good (Invalid argument)");
	error_is(&rq, make_ack(&ack, 0, NATFW_A_RULE_ACTION, false),
		 "action: no good (Invalid argument)");
	error_is(&rq, make_ack(&ack, match, NATFW_A_MATCH_PROTO, true),
		 "match.proto: no good (Invalid argument)");
	error_is(&rq, make_ack(&ack, 0, 0, false), "no good (Invalid argument)");
	error_is(&rq, make_ack(&ack, 9999, 0, false), "no good (Invalid argument)");
	natfw_msg_fini(&rq);
	natfw_msg_fini(&ack);
}

static void test_dump(void)
{
	struct natfw_dump d;
	struct natfw_msg m = { 0 };
	struct natfw_rule r = { .has = BIT(NATFW_A_RULE_ID) };
	size_t i;

	natfw_dump_init(&d, &natfw_rule_set);
	for (i = 0; i < 1000; i++) {
		r.id = i * 3;
		natfw_msg_reset(&m);
		natfw_object_put(&m, &natfw_rule_set, &r);
		CHECK(!natfw_dump_add(&d, m.buf, m.len));
	}
	for (i = 0; i < 1000; i++)
		CHECK(!natfw_dump_get(&d, i, &r) && r.id == i * 3);
	natfw_dump_fini(&d);
	natfw_msg_fini(&m);
}

static void test_json(void)
{
	static const char want[] = "{\"name\":\"\\\"\\\\\\u000a\xc3\xa9\\u00ff\",\"flags\":[\"stateful\",1048576]}";
	struct natfw_rule r = { 0 };
	char *text = NULL;
	struct json j;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	r.name = strdup("\"\\\n\xc3\xa9\xff");
	r.flags = NATFW_RULE_FLAG_STATEFUL | 1u << 20;
	r.has = BIT(NATFW_A_RULE_NAME) | BIT(NATFW_A_RULE_FLAGS);
	json_init(&j, f);
	json_entry(&j, NULL, &natfw_rule_set, &r);
	fclose(f);
	CHECK(!strcmp(text, want), "%s", text);
	free(text);
	natfw_object_fini(&natfw_rule_set, &r);
}

/* The tables cover every attribute the uapi header has, PAD aside. */
static void test_complete(void)
{
	static const unsigned int last[] = {
		NATFW_A_INFO_MAX, NATFW_A_TIMEOUT_MAX, NATFW_A_NET_MAX, NATFW_A_COUNTER_MAX,
		NATFW_A_DEV_MAX, NATFW_A_MATCH_MAX, NATFW_A_NAT_MAX, NATFW_A_RULE_MAX,
		NATFW_A_RANGE_MAX, NATFW_A_POOL_MAX, NATFW_A_TUPLE_MAX, NATFW_A_FLOW_MAX,
		NATFW_A_MAP_MAX, NATFW_A_TEST_MAX, NATFW_A_STATS_MAX,
	};
	unsigned int i, k, named;

	for (i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
		for (named = 0, k = 1; k <= sets[i]->max; k++)
			named += !!sets[i]->field[k].name;
		CHECK(named + 1 >= last[i], "%s has %u of %u", sets[i]->name, named, last[i]);
	}
	for (i = 1; i <= NATFW_CMD_TXN_ABORT; i++)
		CHECK(natfw_command_set(i), "command %u", i);
	for (i = NATFW_CMD_DEV_NEW_NTF; i <= NATFW_CMD_OVERRUN_NTF; i++)
		CHECK(natfw_event_set(i) && natfw_event_name(i), "event %u", i);
}

const struct ktap_test object_tests[] = {
	{ "object: encode, decode, encode", test_round_trip },
	{ "object: unknown attributes and sizes are skipped", test_unknown },
	{ "object: truncated attributes do no harm", test_truncated },
	{ "object: errors name the attribute", test_errors },
	{ "object: dumps keep what they are given", test_dump },
	{ "object: JSON is escaped", test_json },
	{ "object: every attribute and command is known", test_complete },
	{ NULL, NULL },
};
