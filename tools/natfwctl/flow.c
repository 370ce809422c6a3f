// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "proto.h"
#include "verbs.h"

static void print_side(const struct natfw_addr *a, uint32_t port, bool ports)
{
	char buf[NATFW_ADDR_TEXT];

	if (ports)
		print_endpoint(stdout, a, port);
	else
		fputs(natfw_addr_text(a, buf), stdout);
}

/* For ICMP the identifier is where the packet has it, the other side is 0. */
static void print_pair(const struct natfw_tuple *t)
{
	bool ports = proto_has_ports(t->proto);

	print_side(&t->src, t->sport, ports);
	fputs(" > ", stdout);
	print_side(&t->dst, t->dport, ports);
	if (proto_is_icmp(t->proto) && (t->sport | t->dport))
		printf(" id %u", t->sport | t->dport);
	if (natfw_has(t, NATFW_A_TUPLE_SPI))
		printf(" spi 0x%x", t->spi);
	if (t->zone)
		printf(" zone %u", t->zone);
}

/* How packets of the first direction leave: the reply's tuple turned round. */
static void print_translated(const struct natfw_tuple *reply)
{
	struct natfw_tuple t = *reply;

	t.src = reply->dst;
	t.dst = reply->src;
	t.sport = reply->dport;
	t.dport = reply->sport;
	fputs("  as ", stdout);
	print_pair(&t);
}

static void print_state(const struct natfw_flow *f)
{
	const char *state = natfw_name(&natfw_flow_state_names, f->state);
	char buf[32];
	unsigned int i;

	if (natfw_has(f, NATFW_A_FLOW_RULE))
		printf("    rule %" PRIu64, f->rule);
	else
		fputs("    no rule", stdout);
	if (state && f->state != NATFW_FLOW_STATE_NONE)
		printf("  %s", state);
	for (i = 0; i < natfw_flow_flag_names.n; i++)
		if (f->flags >> i & 1)
			printf(" %s", natfw_flow_flag_names.name[i]);
	if (natfw_has(f, NATFW_A_FLOW_EXPIRES))
		printf("  %s left", duration_text(f->expires, buf, sizeof(buf)));
}

static void print_counts(const struct natfw_flow *f)
{
	char a[32], b[32];

	printf("  packets %s", amount_text(f->orig.packets, a, sizeof(a)));
	if (natfw_has(f, NATFW_A_FLOW_REPLY))
		printf("/%s", amount_text(f->reply.packets, b, sizeof(b)));
	printf("  bytes %s", amount_text(f->orig.bytes, a, sizeof(a)));
	if (natfw_has(f, NATFW_A_FLOW_REPLY))
		printf("/%s", amount_text(f->reply.bytes, b, sizeof(b)));
	putchar('\n');
}

static void print_flow(const void *obj)
{
	const struct natfw_flow *f = obj;

	print_proto(stdout, f->orig.proto);
	putchar(' ');
	print_pair(&f->orig);
	if ((f->flags & NATFW_FLOW_FLAG_NAT) && natfw_has(f, NATFW_A_FLOW_REPLY))
		print_translated(&f->reply);
	putchar('\n');
	print_state(f);
	print_counts(f);
}

static void print_map(const void *obj)
{
	const struct natfw_map *m = obj;

	print_proto(stdout, m->proto);
	putchar(' ');
	print_endpoint(stdout, &m->int_addr, m->int_port);
	if (m->int_zone)
		printf(" zone %u", m->int_zone);
	fputs(" <> ", stdout);
	print_endpoint(stdout, &m->ext_addr, m->ext_port);
	if (m->ext_zone)
		printf(" zone %u", m->ext_zone);
	printf("  pool %s  rule %" PRIu64 "  flows %u\n", m->pool ? m->pool : "?", m->rule,
	       m->flows);
}

static int show_dump(unsigned int cmd, const void *filter, void (*print)(const void *obj))
{
	union {
		struct natfw_flow flow;
		struct natfw_map map;
	} obj;
	struct natfw_dump d;
	struct json j;
	size_t i;

	if (!ctl_dump(cmd, filter, &d))
		return CTL_REFUSED;
	json_init(&j, stdout);
	if (ctl_opt.json)
		json_open(&j, NULL, '[');
	for (i = 0; i < d.n && !natfw_dump_get(&d, i, &obj); i++) {
		if (ctl_opt.json)
			json_entry(&j, NULL, d.set, &obj);
		else
			print(&obj);
		natfw_object_fini(d.set, &obj);
	}
	if (ctl_opt.json) {
		json_close(&j, ']');
		json_end(&j);
	}
	natfw_dump_fini(&d);
	return 0;
}

static bool read_rule(struct words *w, void *p)
{
	natfw_want((struct natfw_flow *)p, NATFW_A_FLOW_RULE);
	return read_id(w, &((struct natfw_flow *)p)->rule);
}

static bool read_flow_owner(struct words *w, void *p)
{
	natfw_want((struct natfw_flow *)p, NATFW_A_FLOW_OWNER);
	return read_owner(w, ((struct natfw_flow *)p)->owner);
}

static const struct words_key keys[] = {
	{ "rule", read_rule, false },
	{ "owner", read_flow_owner, false },
};

static int flow_show(struct words *w)
{
	struct natfw_flow filter = { 0 };

	if (!words_keys(w, keys, 2, &filter, NULL) || !words_done(w))
		return ctl_usage(w);
	return show_dump(NATFW_CMD_FLOW_GET, &filter, print_flow);
}

static int flow_map(struct words *w)
{
	words_take(w, "show");
	if (!words_done(w))
		return ctl_usage(w);
	return show_dump(NATFW_CMD_MAP_GET, NULL, print_map);
}

static void print_ended(uint32_t count)
{
	struct json j;

	if (!ctl_opt.json) {
		printf("%u flows ended\n", count);
		return;
	}
	json_init(&j, stdout);
	json_open(&j, NULL, '{');
	json_number(&j, "count", count);
	json_close(&j, '}');
	json_end(&j);
}

static int flow_flush(struct words *w)
{
	struct natfw_flow filter = { 0 }, reply;
	struct natfw_client *c;
	struct natfw_error e;

	if (!words_take(w, "all") && words_keys(w, keys, 2, &filter, NULL) && !filter.has &&
	    words_end(w))
		words_fail_all(w, "say which flows: all, rule N or owner HEX");
	if (!words_done(w))
		return ctl_usage(w);
	c = ctl_client();
	if (!c)
		return CTL_REFUSED;
	if (natfw_client_do(c, NATFW_CMD_FLOW_DEL, 0, &filter, &reply, &e))
		return ctl_refused(&e);
	print_ended(reply.count);
	return 0;
}

static const struct ctl_verb verbs[] = {
	{ "show", flow_show, "[rule N] [owner HEX]", "flows, all or those of a rule or an owner" },
	{ "list", flow_show, "[rule N] [owner HEX]", "the same" },
	{ "map", flow_map, "", "endpoint-independent mappings" },
	{ "flush", flow_flush, "all | rule N | owner HEX", "end flows; rules stay" },
};

int verb_flow(struct words *w)
{
	return ctl_run(verbs, sizeof(verbs) / sizeof(verbs[0]), "show", "flow", w);
}
