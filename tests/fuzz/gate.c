// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: messages of a signalling process that has been taken over, as the kern process
 * reads them, up to what would go to the kernel. The first octet chooses the configuration.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "policy/check.h"
#include "policy/flow.h"
#include "policy/ledger.h"
#include "policy/policy.h"
#include "policy/proof.h"

static struct conf_key key = { .id = 7, .transform = 12, .secret = "a long secret key", .len = 17 };
static struct conf_prefix prefix[] = { { { 4, { 10, 1 } }, 16 }, { { 6, { 0xfd } }, 8 } };
static struct conf_policy entries[] = {
	{ .name = "refuse", .port_min = 25, .port_max = 25, .destination_len_min = 32 },
	{ .name = "tls", .tls_name = "*.example.net", .permit = true, .third_party = true },
	{ .name = "key", .key_id = 7, .permit = true, .third_party = true, .any_sender = true },
	{ .name = "some", .permit = true, .toward = prefix, .towards = 2, .destination_len_min = 24,
	  .create = true, .external = true, .protocol = { 6, 17 }, .protocols = 2 },
};
static struct conf conf = {
	.policy = entries, .policies = 4, .keys = &key, .key_count = 1,
	.nslp = { .lifetime_min = 10, .lifetime_max = 3600 }, .policy_sessions_max = 16,
};
static struct proofs proofs;

static bool yes(void *arg, const struct address *a, uint32_t ifindex)
{
	(void)arg;
	return a->b[0] == 10 && ifindex;
}

static bool own(void *arg, const struct address *a)
{
	(void)arg;
	return a->b[0] == 10;
}

static void must(bool so)
{
	if (!so)
		abort();
}

static void expired(struct timer *t)
{
	(void)t;
}

static void check_flow(const struct gate_request *r)
{
	struct grant_spec spec = {
		.flow = &r->flow, .kind = r->kind, .translation = r->translation, .rules = 1,
	};
	uint8_t types[FLOW_ICMP_MAX];
	struct gate_flow back;
	char text[FLOW_TEXT];
	struct ledger ledger;
	struct grant *g;

	flow_text(&r->flow, text);
	must(strlen(text) < sizeof(text));
	must(flow_icmp(&r->flow, types) <= FLOW_ICMP_MAX);
	must(flow_equal(&r->flow, &r->flow) && flow_within(&r->flow, &r->flow));
	ledger_init(&ledger, (const uint8_t *)"0123456789abcdef", expired, 0);
	g = grant_new(&ledger, &spec);
	must(g && grant_is(g, &spec));
	grant_flow(g, &back);
	must(flow_equal(&back, &r->flow));
	grant_free(&ledger, g);
	must(!ledger.memory);
	ledger_fini(&ledger);
}

static void decide(const struct gate_message *m, uint8_t choice)
{
	static const struct policy_io io = { .behind = yes, .own = own };
	struct policy_side side = { .name = "lan", .outside = choice & 1 };
	struct policy_ask ask = {
		.request = &m->request, .from = m->request.who.ifindex ? &side : NULL,
		.reservation = choice & 2 ? RESERVATION_FITS : RESERVATION_NONE,
	};
	struct policy_verdict v;
	struct requester_id id;
	char text[REQUESTER_TEXT];
	const char *why = "";

	if (m->request.has_proof)
		proof_verify(&proofs, &conf, &m->request, &m->proof, 1ull << 40, &ask.key, &why);
	must(why);
	conf.nslp.forward = choice & 4;
	conf.policies = choice & 8 ? 4 : 0;
	policy_decide(&conf, &io, &ask, &v);
	must(v.entry && v.why);
	must(v.code || (v.lifetime && v.lifetime <= m->request.lifetime && v.lifetime <= 3600));
	requester_identify(&id, &m->request.who, ask.key);
	requester_text(&id, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	struct gate_message m;

	if (!begun)
		proofs_init(&proofs, (const uint8_t *)"0123456789abcdef");
	begun = true;
	if (!size)
		return 0;
	if (gate_check(&m, data + 1, size - 1) || m.request.op != GATE_ADMIT)
		return 0;
	check_flow(&m.request);
	decide(&m, data[0]);
	return 0;
}
