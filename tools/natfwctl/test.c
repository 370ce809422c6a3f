// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "ctl.h"
#include "explain.h"
#include "proto.h"
#include "rulelist.h"
#include "spec.h"
#include "verbs.h"

static bool read_dev(struct words *w, void *p)
{
	struct natfw_test *t = p;

	natfw_want(t, NATFW_A_TEST_IFNAME);
	return read_ifname(w, t->ifname);
}

static bool whole(struct words *w, const struct endpoint *ep)
{
	if (!ep->addr.len || ep->len != natfw_addr_bits(&ep->addr))
		return words_fail(w, "a packet has one address");
	return !ep->has_port || ep->port == ep->port_max ||
	       words_fail(w, "a packet has one port");
}

static bool read_from(struct words *w, void *p)
{
	struct natfw_test *t = p;
	struct endpoint ep;

	if (!read_endpoint(w, &ep) || !whole(w, &ep))
		return false;
	t->src = ep.addr;
	natfw_want(t, NATFW_A_TEST_SRC);
	if (ep.has_port) {
		t->sport = ep.port;
		natfw_want(t, NATFW_A_TEST_SPORT);
	}
	return true;
}

static bool read_to(struct words *w, void *p)
{
	struct natfw_test *t = p;
	struct endpoint ep;

	if (!read_endpoint(w, &ep) || !whole(w, &ep))
		return false;
	t->dst = ep.addr;
	natfw_want(t, NATFW_A_TEST_DST);
	if (ep.has_port) {
		t->dport = ep.port;
		natfw_want(t, NATFW_A_TEST_DPORT);
	}
	return true;
}

static bool read_proto_key(struct words *w, void *p)
{
	natfw_want((struct natfw_test *)p, NATFW_A_TEST_PROTO);
	return read_proto(w, &((struct natfw_test *)p)->proto);
}

static bool read_proto_name(struct words *w, void *p)
{
	w->at--;
	return read_proto_key(w, p);
}

static bool read_port(struct words *w, uint32_t *port)
{
	uint32_t last;

	return read_ports(w, 0, port, &last) &&
	       (*port == last || words_fail(w, "a packet has one port"));
}

static bool read_sport(struct words *w, void *p)
{
	natfw_want((struct natfw_test *)p, NATFW_A_TEST_SPORT);
	return read_port(w, &((struct natfw_test *)p)->sport);
}

static bool read_dport(struct words *w, void *p)
{
	natfw_want((struct natfw_test *)p, NATFW_A_TEST_DPORT);
	return read_port(w, &((struct natfw_test *)p)->dport);
}

static bool read_type(struct words *w, void *p)
{
	struct natfw_test *t = p;
	const char *s = words_peek(w);
	int v = s ? icmp_type_find(t->proto, s) : -1;

	natfw_want(t, NATFW_A_TEST_ICMP_TYPE);
	if (v < 0)
		return read_number(w, "the ICMP type", 0, 255, &t->icmp_type);
	w->at++;
	t->icmp_type = (uint32_t)v;
	return true;
}

static bool read_code(struct words *w, void *p)
{
	natfw_want((struct natfw_test *)p, NATFW_A_TEST_ICMP_CODE);
	return read_number(w, "the ICMP code", 0, 255, &((struct natfw_test *)p)->icmp_code);
}

static bool read_spi(struct words *w, void *p)
{
	natfw_want((struct natfw_test *)p, NATFW_A_TEST_SPI);
	return read_number(w, "the SPI", 0, UINT32_MAX, &((struct natfw_test *)p)->spi);
}

static bool read_dscp(struct words *w, void *p)
{
	struct natfw_test *t = p;
	const char *s = words_peek(w);
	int v = s ? dscp_find(s) : -1;

	natfw_want(t, NATFW_A_TEST_DSCP);
	if (v < 0)
		return read_number(w, "the DSCP", 0, 63, &t->dscp);
	w->at++;
	t->dscp = (uint32_t)v;
	return true;
}

static bool read_label(struct words *w, void *p)
{
	natfw_want((struct natfw_test *)p, NATFW_A_TEST_FLOW_LABEL);
	return read_number(w, "the flow label", 0, 0xfffff,
			   &((struct natfw_test *)p)->flow_label);
}

static const struct words_key keys[] = {
	{ "dev", read_dev, false }, { "iif", read_dev, false }, { "from", read_from, false },
	{ "to", read_to, false }, { "proto", read_proto_key, false },
	{ "tcp", read_proto_name, false }, { "udp", read_proto_name, false },
	{ "icmp", read_proto_name, false }, { "icmpv6", read_proto_name, false },
	{ "sctp", read_proto_name, false }, { "dccp", read_proto_name, false },
	{ "esp", read_proto_name, false }, { "ah", read_proto_name, false },
	{ "sport", read_sport, false }, { "dport", read_dport, false },
	{ "type", read_type, false }, { "code", read_code, false }, { "spi", read_spi, false },
	{ "dscp", read_dscp, false }, { "flowlabel", read_label, false },
};

static bool packet_read(struct words *w, struct natfw_test *t)
{
	memset(t, 0, sizeof(*t));
	if (!words_keys(w, keys, sizeof(keys) / sizeof(keys[0]), t, NULL) || !words_done(w))
		return false;
	if (!natfw_has(t, NATFW_A_TEST_IFNAME))
		return words_fail_all(w, "dev is missing: by which device does the packet come in?");
	if (!natfw_has(t, NATFW_A_TEST_SRC) || !natfw_has(t, NATFW_A_TEST_DST))
		return words_fail_all(w, "from and to are both needed");
	if (!natfw_has(t, NATFW_A_TEST_PROTO))
		return words_fail_all(w, "proto is missing");
	if (proto_is_icmp(t->proto) && !natfw_has(t, NATFW_A_TEST_ICMP_TYPE)) {
		t->icmp_type = t->proto == IPPROTO_ICMP ? 8 : 128;
		natfw_want(t, NATFW_A_TEST_ICMP_TYPE);
	}
	return true;
}

/* Everything known about the case. */
struct trial {
	struct natfw_test packet, answer;
	struct natfw_dump rules;
	struct explain x;
	uint32_t zone;
};

static void print_side(uint32_t proto, const struct natfw_addr *a, uint32_t port)
{
	char buf[NATFW_ADDR_TEXT];

	if (proto_has_ports(proto))
		print_endpoint(stdout, a, port);
	else
		fputs(natfw_addr_text(a, buf), stdout);
}

static void print_packet(const struct trial *tr)
{
	const struct natfw_test *t = &tr->packet;
	char buf[64];

	fputs("packet   ", stdout);
	print_proto(stdout, t->proto);
	putchar(' ');
	print_side(t->proto, &t->src, t->sport);
	fputs(" > ", stdout);
	print_side(t->proto, &t->dst, t->dport);
	if (proto_is_icmp(t->proto))
		printf(" type %s", explain_value(t, 0, PATTERN_TYPE, buf, sizeof(buf)));
	printf(" by %s, zone %u\n", t->ifname, tr->zone);
}

static const char *fate(const struct natfw_test *a)
{
	if (!natfw_has(a, NATFW_A_TEST_ACTION))
		return a->verdict == NATFW_VERDICT_PASS ? "passes to the stack, untouched" :
		       "is dropped";
	switch (a->action) {
	case NATFW_ACTION_DENY:
		return "is dropped";
	case NATFW_ACTION_REJECT:
		return "is dropped, and its sender told";
	case NATFW_ACTION_NAT:
		return "is permitted and translated";
	}
	return "is permitted";
}

static void print_result(const struct trial *tr)
{
	const struct natfw_test *a = &tr->answer;

	printf("result   %s", fate(a));
	if (natfw_has(a, NATFW_A_TEST_EMIT) &&
	    (a->action == NATFW_ACTION_ALLOW || a->action == NATFW_ACTION_NAT))
		printf(", emit %s", natfw_name(&natfw_emit_names, a->emit) ?: "?");
	if (!natfw_has(a, NATFW_A_TEST_RULE))
		printf(": no rule matches, so the default of %s decides", tr->packet.ifname);
	else if (a->source == NATFW_TEST_SOURCE_FLOW)
		printf(": it belongs to a flow of rule %" PRIu64, a->rule);
	else
		printf(": rule %" PRIu64, a->rule);
	putchar('\n');
	if (!natfw_has(a, NATFW_A_TEST_XLAT))
		return;
	fputs("leaves   ", stdout);
	print_side(tr->packet.proto, &a->xlat.src, a->xlat.sport);
	fputs(" > ", stdout);
	print_side(tr->packet.proto, &a->xlat.dst, a->xlat.dport);
	putchar('\n');
}

static void print_rule(const struct natfw_rule *r)
{
	printf("%" PRIu64 "  ", r->id);
	spec_print(stdout, r);
	putchar('\n');
}

/* Field by field, what the rule asks for and the packet has. */
static void print_fields(const struct trial *tr, const struct natfw_rule *r)
{
	char want[64], have[64];
	struct pattern p;
	uint32_t about, miss;
	unsigned int f;

	pattern_init(&p, r);
	about = pattern_fields(&p);
	miss = pattern_miss(&p, &tr->packet, tr->zone);
	for (f = 0; f < PATTERN_FIELDS; f++) {
		if (!((about | miss) >> f & 1))
			continue;
		printf("           %-9s %-20s %s %s\n", pattern_field(f),
		       explain_wanted(&p, f, want, sizeof(want)),
		       miss >> f & 1 ? "differs from" : "has",
		       explain_value(&tr->packet, tr->zone, f, have, sizeof(have)));
	}
}

static bool find_rule(const struct natfw_dump *d, uint64_t id, struct natfw_rule *r)
{
	size_t i;

	for (i = 0; i < d->n && !natfw_dump_get(d, i, r); i++) {
		if (r->id == id)
			return true;
		natfw_object_fini(&natfw_rule_set, r);
	}
	return false;
}

static void print_winner(const struct trial *tr)
{
	struct natfw_rule r;

	if (!natfw_has(&tr->answer, NATFW_A_TEST_RULE) ||
	    !find_rule(&tr->rules, tr->answer.rule, &r))
		return;
	fputs("rule     ", stdout);
	print_rule(&r);
	print_fields(tr, &r);
	natfw_object_fini(&natfw_rule_set, &r);
}

static const char *why_lost(const struct trial *tr, const struct explain_rule *e)
{
	const struct explain_rule *first = &tr->x.match[0];

	if (e->inactive)
		return "it is inactive";
	if (e->priority > first->priority)
		return "its priority number is higher";
	return "same priority, higher id";
}

static void print_losers(const struct trial *tr)
{
	struct natfw_rule r;
	unsigned int i;

	for (i = 0; i < tr->x.nmatch; i++) {
		const struct explain_rule *e = &tr->x.match[i];

		if (e->id == tr->answer.rule || natfw_dump_get(&tr->rules, e->nr, &r))
			continue;
		fputs("also     ", stdout);
		print_rule(&r);
		printf("           matches too, but %s\n", why_lost(tr, e));
		natfw_object_fini(&natfw_rule_set, &r);
	}
	if (tr->x.all_matches > EXPLAIN_MOST)
		printf("           and %zu more\n", tr->x.all_matches - EXPLAIN_MOST);
}

static void print_near(const struct trial *tr)
{
	char want[64], have[64];
	struct natfw_rule r;
	struct pattern p;
	unsigned int i, f;

	for (i = 0; i < tr->x.nnear; i++) {
		const struct explain_rule *e = &tr->x.near[i];

		if (natfw_dump_get(&tr->rules, e->nr, &r))
			return;
		f = (unsigned int)__builtin_ctz(e->miss);
		pattern_init(&p, &r);
		fputs("near     ", stdout);
		print_rule(&r);
		printf("           would match, were it not for %s: it wants %s, the packet has %s\n",
		       pattern_field(f), explain_wanted(&p, f, want, sizeof(want)),
		       explain_value(&tr->packet, tr->zone, f, have, sizeof(have)));
		natfw_object_fini(&natfw_rule_set, &r);
	}
}

static void print_trial(const struct trial *tr)
{
	print_packet(tr);
	print_result(tr);
	print_winner(tr);
	print_losers(tr);
	if (!natfw_has(&tr->answer, NATFW_A_TEST_RULE))
		print_near(tr);
}

static void json_rules(struct json *j, const char *key, const struct trial *tr,
		       const struct explain_rule *list, unsigned int n)
{
	unsigned int i, f;

	json_open(j, key, '[');
	for (i = 0; i < n; i++) {
		json_open(j, NULL, '{');
		json_number(j, "id", list[i].id);
		json_number(j, "priority", list[i].priority);
		if (!list[i].miss && list[i].id != tr->answer.rule)
			json_text(j, "lost", why_lost(tr, &list[i]));
		for (f = 0; f < PATTERN_FIELDS; f++)
			if (list[i].miss >> f & 1)
				json_text(j, "differs", pattern_field(f));
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_trial(const struct trial *tr)
{
	struct natfw_rule r;
	struct json j;

	json_init(&j, stdout);
	json_open(&j, NULL, '{');
	json_entry(&j, "packet", &natfw_test_set, &tr->packet);
	json_entry(&j, "answer", &natfw_test_set, &tr->answer);
	if (natfw_has(&tr->answer, NATFW_A_TEST_RULE) &&
	    find_rule(&tr->rules, tr->answer.rule, &r)) {
		json_open(&j, "rule", '[');
		rulelist_json(&j, &r);
		json_close(&j, ']');
		natfw_object_fini(&natfw_rule_set, &r);
	}
	json_rules(&j, "matching", tr, tr->x.match, tr->x.nmatch);
	json_rules(&j, "near", tr, tr->x.near, tr->x.nnear);
	json_close(&j, '}');
	json_end(&j);
}

static bool find_zone(struct trial *tr)
{
	struct natfw_dev key = { .has = 1ull << NATFW_A_DEV_IFNAME }, d;
	struct natfw_error e;

	memcpy(key.ifname, tr->packet.ifname, sizeof(key.ifname));
	if (natfw_client_do(ctl_client(), NATFW_CMD_DEV_GET, 0, &key, &d, &e)) {
		if (e.code == ENODEV)
			ctl_fail("%s is not attached, so its packets are not looked at; 'natfwctl dev attach %s' changes that",
				 key.ifname, key.ifname);
		else
			ctl_refused(&e);
		return false;
	}
	tr->zone = d.zone;
	natfw_object_fini(&natfw_dev_set, &d);
	return true;
}

int verb_test(struct words *w)
{
	struct natfw_client *c;
	struct natfw_error e;
	struct trial tr = { 0 };

	if (!packet_read(w, &tr.packet))
		return ctl_usage(w);
	c = ctl_client();
	if (!c || !find_zone(&tr))
		return CTL_REFUSED;
	if (natfw_client_do(c, NATFW_CMD_TEST, 0, &tr.packet, &tr.answer, &e))
		return ctl_refused(&e);
	if (!ctl_dump(NATFW_CMD_RULE_GET, NULL, &tr.rules))
		return CTL_REFUSED;
	if (!explain_packet(&tr.x, &tr.rules, &tr.packet, tr.zone))
		(ctl_opt.json ? json_trial : print_trial)(&tr);
	natfw_dump_fini(&tr.rules);
	return 0;
}
