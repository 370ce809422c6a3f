// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flows, the ledger, reservations, requesters and their quotas, requests from another process.
 */
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "base/log.h"
#include "policy/check.h"
#include "policy/flow.h"
#include "policy/ledger.h"

static const uint8_t key[16] = "key of the tests";
static struct ledger ledger;

static struct address address(const char *text)
{
	struct address a = { 0 };

	address_read(&a, text);
	return a;
}

static struct gate_flow flow(const char *source, const char *destination)
{
	struct gate_flow f = {
		.source = address(source), .destination = address(destination),
		.protocol = 17, .has_protocol = true, .has_sport = true, .has_dport = true,
		.sport = 4000, .dport = 53,
	};

	f.version = f.destination.version;
	f.source_len = (uint8_t)address_bits(&f.source);
	f.destination_len = (uint8_t)address_bits(&f.destination);
	return f;
}

static void expired(struct timer *t)
{
	(void)t;
}

static void begin(void)
{
	ledger_init(&ledger, key, expired, 1000);
}

static struct ledger_row *reserve(unsigned int n, const struct gate_flow *f, const char *external,
				  uint16_t port)
{
	const struct grant_spec spec = {
		.flow = f, .kind = GATE_RESERVE,
		.translation = external ? GATE_BIND : GATE_PLAIN, .holds = !!external,
	};
	uint8_t sid[GATE_SID] = { (uint8_t)n, (uint8_t)(n >> 8) };
	struct ledger_row *row = ledger_add(&ledger, sid);
	struct endpoint e = { .port = port };

	row->now = grant_new(&ledger, &spec);
	if (external) {
		e.address = address(external);
		grant_set_external(row->now, &e);
	}
	EXPECT_EQ(ledger_reserve(&ledger, row), 0);
	return row;
}

static void rows_are_found(void)
{
	uint8_t sid[GATE_SID] = { 0 };
	struct ledger_row *row;
	unsigned int i;

	begin();
	for (i = 0; i < 5000; i++) {
		memcpy(sid, &i, sizeof(i));
		EXPECT(ledger_add(&ledger, sid));
	}
	for (i = 0; i < 5000; i++) {
		memcpy(sid, &i, sizeof(i));
		row = ledger_find(&ledger, sid);
		EXPECT(row && !memcmp(row->sid, sid, sizeof(sid)));
		EXPECT(row && ledger_tagged(&ledger, session_hash(sid), NULL) == row);
		if (row && i % 2)
			ledger_del(&ledger, row);
	}
	EXPECT_EQ(ledger.rows.count, 2500);
	memcpy(sid, &(unsigned int){ 5 }, sizeof(i));
	EXPECT(!ledger_find(&ledger, sid));
	ledger_fini(&ledger);
	EXPECT_EQ(ledger.memory, 0);
}

static void grants_keep_flows(void)
{
	struct gate_flow f = flow("10.1.0.2", "203.0.113.1"), g;
	struct grant_spec spec = { .flow = &f, .translation = GATE_SOURCE, .holds = 2, .rules = 3 };
	struct endpoint e = { address("198.51.100.1"), 4711 }, got;
	struct grant *grant;

	begin();
	f.more_ports = 1;
	grant = grant_new(&ledger, &spec);
	grant_flow(grant, &g);
	EXPECT(flow_equal(&f, &g));
	EXPECT(grant_is(grant, &spec));
	grant_external(grant, &got);
	EXPECT(!address_is_set(&got.address));
	grant_set_external(grant, &e);
	grant_external(grant, &got);
	EXPECT(address_equal(&got.address, &e.address) && got.port == 4711);
	*grant_rule(grant, 2) = 99;
	grant->id[1] = 77;
	grant_flow(grant, &g);
	EXPECT(flow_equal(&f, &g));
	f.dport++;
	EXPECT(!grant_is(grant, &spec));
	grant_free(&ledger, grant);
	EXPECT_EQ(ledger.memory, 0);

	f = flow("fd00:1::2", "2001:db8::1");
	f.protocol = 58;
	f.has_sport = f.has_dport = false;
	f.icmp_count = 3;
	f.icmp[2] = 129;
	spec.translation = GATE_PLAIN;
	grant = grant_new(&ledger, &spec);
	grant_flow(grant, &g);
	EXPECT(flow_equal(&f, &g) && g.icmp[2] == 129);
	grant_free(&ledger, grant);
	ledger_fini(&ledger);
}

static void size_of_a_session(void)
{
	struct gate_flow f = flow("10.1.0.2", "203.0.113.1");
	struct grant_spec spec = { .flow = &f, .rules = 1 };
	struct grant *g;

	begin();
	g = grant_new(&ledger, &spec);
	EXPECT(sizeof(struct ledger_row) + grant_size(g) <= 200);
	grant_free(&ledger, g);
	ledger_fini(&ledger);
}

static void reservations_at_a_firewall(void)
{
	struct gate_flow any = flow("0.0.0.0", "10.1.0.2"), f = flow("203.0.113.1", "10.1.0.2");
	struct ledger_row *row;

	begin();
	any.source_len = 0;
	any.source = (struct address){ 0 };
	any.has_sport = false;
	row = reserve(1, &any, NULL, 0);
	EXPECT(ledger_reservation(&ledger, &f, false, NULL, NULL) == row);
	EXPECT(!ledger_reservation(&ledger, &f, true, NULL, NULL));
	f.dport = 54;
	EXPECT(!ledger_reservation(&ledger, &f, false, NULL, NULL));
	f.dport = 53;
	f.protocol = 6;
	EXPECT(!ledger_reservation(&ledger, &f, false, NULL, NULL));
	f = flow("203.0.113.1", "10.1.0.3");
	EXPECT(!ledger_reservation(&ledger, &f, false, NULL, NULL));
	/* wider than what is reserved is not reserved */
	f = flow("203.0.113.1", "10.1.0.2");
	f.has_dport = false;
	EXPECT(!ledger_reservation(&ledger, &f, false, NULL, NULL));
	ledger_fini(&ledger);
}

static void reservations_with_wildcards(void)
{
	struct gate_flow wide = flow("203.0.113.0", "10.1.0.2");
	struct gate_flow f = flow("203.0.113.1", "10.1.0.2");
	struct ledger_row *row;

	begin();
	wide.source_len = 24;
	wide.has_sport = wide.has_dport = false;
	row = reserve(1, &wide, NULL, 0);
	EXPECT(ledger_reservation(&ledger, &f, false, NULL, NULL) == row);
	f.source = address("203.0.114.1");
	EXPECT(!ledger_reservation(&ledger, &f, false, NULL, NULL));
	wide.has_protocol = false;
	wide.source_len = 0;
	row = reserve(2, &wide, NULL, 0);
	EXPECT(ledger_reservation(&ledger, &f, false, NULL, NULL) == row);
	wide.destination_len = 24;
	wide.destination = address("10.1.9.0");
	row = reserve(3, &wide, NULL, 0);
	f.destination = address("10.1.9.7");
	EXPECT(ledger_reservation(&ledger, &f, false, NULL, NULL) == row);
	ledger_del(&ledger, row);
	EXPECT(!ledger_reservation(&ledger, &f, false, NULL, NULL));
	ledger_fini(&ledger);
}

/* From outside one sees the external endpoint alone. */
static void reservations_at_a_translator(void)
{
	struct gate_flow r = flow("203.0.113.1", "10.1.0.2");
	struct gate_flow f = flow("203.0.113.1", "198.51.100.1");
	struct ledger_row *row;

	begin();
	r.has_sport = false;
	row = reserve(1, &r, "198.51.100.1", 45000);
	f.dport = 45000;
	EXPECT(ledger_reservation(&ledger, &f, true, NULL, NULL) == row);
	EXPECT(ledger_fits(row, &f, true));
	EXPECT(!ledger_fits(row, &f, false));
	f.source = address("203.0.113.2");
	EXPECT(!ledger_fits(row, &f, true));
	f = flow("203.0.113.1", "10.1.0.2");
	EXPECT(!ledger_reservation(&ledger, &f, true, NULL, NULL));
	EXPECT(!ledger_reservation(&ledger, &f, false, NULL, NULL));
	ledger_fini(&ledger);
}

static struct requester_id who(const char *text)
{
	struct gate_who w = { .peer = address(text), .uid = (uint32_t)-1 };
	struct requester_id id;

	requester_identify(&id, &w, 0);
	return id;
}

static void quota_of_sessions(void)
{
	struct requester_id id = who("10.1.0.2"), other = who("10.1.0.3");
	struct requester *r, *o;
	struct requesters t;
	unsigned int i;

	requesters_init(&t, key, 0);
	r = requester_get(&t, &id, 0);
	o = requester_get(&t, &other, 0);
	EXPECT(r != o && r == requester_get(&t, &id, 5));
	for (i = 0; i < 10; i++)
		EXPECT(!requester_take(&t, r, 10, true, 0));
	EXPECT(requester_take(&t, r, 10, true, 0));
	EXPECT_EQ(r->sessions, 10);
	EXPECT(!requester_take(&t, o, 10, true, 0));
	requester_give(&t, r);
	EXPECT(!requester_take(&t, r, 10, true, 0));
	requester_move(&t, r, o);
	EXPECT_EQ(r->sessions, 9);
	EXPECT_EQ(o->sessions, 2);
	requesters_fini(&t);
}

static void quota_of_rate(void)
{
	struct requester_id id = who("10.1.0.2");
	struct requesters t;
	struct requester *r;
	unsigned int i, n = 0;

	requesters_init(&t, key, 50);
	r = requester_get(&t, &id, 0);
	for (i = 0; i < 1000; i++)
		n += !requester_take(&t, r, 0, true, 1);
	EXPECT_EQ(n, 100);	/* two seconds' worth at once */
	for (i = 0, n = 0; i < 1000; i++)
		n += !requester_take(&t, r, 0, true, 1 + i * 10);
	EXPECT(n >= 499 && n <= 501);
	/* a clock that stands still or goes back gives nothing */
	EXPECT(requester_take(&t, r, 0, true, 5));
	requesters_fini(&t);
}

static void requesters_are_forgotten(void)
{
	struct requester_id id = who("10.1.0.2"), other = who("10.1.0.3");
	struct requesters t;
	struct requester *r;

	requesters_init(&t, key, 50);
	r = requester_get(&t, &id, 0);
	requester_get(&t, &other, 0);
	EXPECT(!requester_take(&t, r, 0, true, 0));
	requesters_sweep(&t, 5000);
	EXPECT_EQ(t.table.count, 2);
	requesters_sweep(&t, 20000);
	EXPECT_EQ(t.table.count, 1);
	requester_give(&t, r);
	requesters_sweep(&t, 20000);
	EXPECT_EQ(t.table.count, 0);
	requesters_fini(&t);
}

static void requesters_are_bounded(void)
{
	struct gate_who w = { .peer = address("10.0.0.0"), .uid = (uint32_t)-1 };
	struct requester_id id;
	struct requesters t;
	unsigned int i;

	requesters_init(&t, key, 50);
	for (i = 0; i < REQUESTERS_MAX; i++) {
		memcpy(w.peer.b, &i, sizeof(i));
		requester_identify(&id, &w, 0);
		EXPECT(requester_get(&t, &id, 0));
	}
	memcpy(w.peer.b, &i, sizeof(i));
	requester_identify(&id, &w, 0);
	EXPECT(!requester_get(&t, &id, 0));
	i = 5;
	memcpy(w.peer.b, &i, sizeof(i));
	requester_identify(&id, &w, 0);
	EXPECT(requester_get(&t, &id, 0));	/* who was there before is served */
	requesters_fini(&t);
}

static void identities(void)
{
	struct gate_who w = { .peer = address("10.1.0.2"), .uid = (uint32_t)-1 };
	char text[REQUESTER_TEXT];
	struct requester_id id;

	requester_identify(&id, &w, 0);
	EXPECT(!strcmp(requester_text(&id, text), "10.1.0.2"));
	strcpy(w.name, "gw.example.net");
	w.tls = true;
	requester_identify(&id, &w, 0);
	EXPECT(!strcmp(requester_text(&id, text), "tls gw.example.net"));
	w.uid = 1000;
	requester_identify(&id, &w, 0);
	EXPECT(!strcmp(requester_text(&id, text), "user 1000"));
	w = (struct gate_who){ .uid = GATE_MANAGER, .name = "ops" };
	requester_identify(&id, &w, 0);
	EXPECT(id.kind == REQUESTER_MANAGER && !strcmp(requester_text(&id, text), "manager ops"));
	requester_identify(&id, &w, 7);
	EXPECT(!strcmp(requester_text(&id, text), "key 7"));
}

static void flows_that_make_no_sense(void)
{
	struct gate_flow f;

#define WRONG(change) \
	do { f = flow("10.1.0.2", "203.0.113.1"); change; EXPECT(flow_wrong(&f)); } while (0)
	f = flow("10.1.0.2", "203.0.113.1");
	EXPECT(!flow_wrong(&f));
	WRONG(f.version = 5);
	WRONG(f.version = 6);
	WRONG(f.source_len = 33);
	WRONG(f.source = address("fd00::1"));
	WRONG(f.destination = (struct address){ 0 });
	WRONG(f.protocol = 1);
	WRONG(f.has_protocol = false);
	WRONG(f.dport = 0);
	WRONG(f.more_ports = 2);
	WRONG(f.more_ports = 1; f.dport = 65535);
	WRONG(f.has_spi = true);
	WRONG(f.icmp_count = 1);
	WRONG(f.has_sport = f.has_dport = false; f.protocol = 58);
	WRONG(f.has_sport = f.has_dport = false; f.protocol = 1; f.icmp_count = 17);
#undef WRONG
}

static void flows_in_words(void)
{
	struct gate_flow f = flow("10.1.0.2", "203.0.113.0");
	char text[FLOW_TEXT];

	f.destination_len = 24;
	f.more_ports = 1;
	EXPECT(!strcmp(flow_text(&f, text), "udp 10.1.0.2:4000-4001 > 203.0.113.0/24:53-54"));
	f = flow("fd00:1::2", "2001:db8::1");
	f.source_len = 0;
	f.has_sport = false;
	EXPECT(!strcmp(flow_text(&f, text), "udp any > [2001:db8::1]:53"));
	f.protocol = 50;
	f.has_dport = false;
	f.has_spi = true;
	f.spi = 0x1234;
	EXPECT(!strcmp(flow_text(&f, text), "esp any > 2001:db8::1 spi 0x00001234"));
}

static struct gate_request good_request(void)
{
	return (struct gate_request){
		.id = 4711, .op = GATE_ADMIT, .kind = GATE_ALLOW, .lifetime = 60,
		.flow = flow("10.1.0.2", "203.0.113.1"),
		.who = { .peer = address("10.1.0.2"), .uid = (uint32_t)-1 },
	};
}

static bool accepted(const struct gate_request *r, size_t len)
{
	struct gate_message m;
	uint8_t *copy = malloc(len);	/* exactly as long, for the sanitizer to watch */
	bool good;

	memcpy(copy, r, len < sizeof(*r) ? len : sizeof(*r));
	good = !gate_check(&m, copy, len);
	free(copy);
	return good;
}

static void requests_are_checked(void)
{
	struct gate_request r = good_request();
	size_t len;

	EXPECT(accepted(&r, sizeof(r)));
	for (len = 1; len < sizeof(r); len++)
		EXPECT(!accepted(&r, len));
#define WRONG(change) do { r = good_request(); change; EXPECT(!accepted(&r, sizeof(r))); } while (0)
	WRONG(r.op = GATE_GONE);
	WRONG(r.kind = 3);
	WRONG(r.translation = 5);
	WRONG(r.who.peer.version = 7);
	WRONG(memset(r.who.name, 'a', sizeof(r.who.name)));
	WRONG(strcpy(r.who.name, "new\nline"));
	WRONG(memset(&r.who.tls, 2, 1));
	WRONG(memset(&r.flow.has_dport, 255, 1));
	WRONG(r.has_proof = true);
	WRONG(r.flow.more_ports = 9);
#undef WRONG
}

static void requests_are_tidied(void)
{
	struct gate_request r = good_request();
	struct gate_message m;

	r.flow.source_len = 24;
	r.flow.has_sport = false;
	EXPECT(!gate_check(&m, &r, sizeof(r)));
	EXPECT_EQ(m.request.flow.source.b[3], 0);
	EXPECT_EQ(m.request.flow.sport, 0);
}

static void proofs_are_as_long_as_they_say(void)
{
	struct {
		struct gate_request r;
		struct gate_proof p;
	} both = { .r = good_request() };
	struct gate_message m;

	both.r.has_proof = true;
	both.p.message_len = 100;
	both.p.mri_len = 20;
	memset(both.p.octets, 7, sizeof(both.p.octets));
	EXPECT(!gate_check(&m, &both, sizeof(both.r) + sizeof(both.p)));
	EXPECT_EQ(m.proof.octets[119], 7);
	EXPECT_EQ(m.proof.octets[120], 0);
	both.p.mri_len = GATE_PROOF_MAX - 99;
	EXPECT(gate_check(&m, &both, sizeof(both.r) + sizeof(both.p)));
	both.p.mri_len = 20;
	EXPECT(!gate_check(&m, &both, sizeof(both.r) + 4 + 120));
	EXPECT(gate_check(&m, &both, sizeof(both.r) + 4 + 119));
	EXPECT(gate_check(&m, &both, sizeof(both.r) + 3));
	EXPECT(gate_check(&m, &both, sizeof(both.r)));
}

static const struct ktap_test tests[] = {
	{ "rows are found by session id and by tag", rows_are_found },
	{ "a grant keeps its flow, endpoints and rules", grants_keep_flows },
	{ "a session with IPv4 and one rule takes 200 octets at most", size_of_a_session },
	{ "NATFW-3.7.2-65 reservations at a firewall", reservations_at_a_firewall },
	{ "NATFW-3.8-06,NATFW-3.8-11 reservations with wildcards", reservations_with_wildcards },
	{ "NATFW-3.8-14,NATFW-3.8-15,NATFW-3.8-19 reservations at a translator",
	  reservations_at_a_translator },
	{ "no more sessions than the quota", quota_of_sessions },
	{ "no faster than the rate", quota_of_rate },
	{ "who has nothing and asks nothing is forgotten", requesters_are_forgotten },
	{ "there are never more requesters than fit", requesters_are_bounded },
	{ "the best identity there is", identities },
	{ "flows that make no sense", flows_that_make_no_sense },
	{ "flows in words", flows_in_words },
	{ "requests of another process are checked", requests_are_checked },
	{ "what a request leaves open is zero", requests_are_tidied },
	{ "proofs are as long as they say", proofs_are_as_long_as_they_say },
};

int main(void)
{
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
