// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy: who may open what toward whom.
 */
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "nslp/code.h"
#include "policy/flow.h"
#include "policy/policy.h"

#define INSIDE	3
#define OUTSIDE	4
#define HOST	"10.1.0.2"
#define HOST2	"10.1.0.3"
#define NEXT	"10.1.0.9"	/* a natfwd between */
#define SERVER	"203.0.113.1"
#define OWN	"10.1.0.1"

static struct conf conf;
static struct conf_policy entries[8];
static struct conf_prefix prefixes[32];
static unsigned int prefix_count;
static struct gate_request request;
static struct policy_side sides[2] = {
	{ .name = "lan", .outside = false, .zone = 1 },
	{ .name = "wan", .outside = true, .zone = 0 },
};
static struct policy_ask ask;
static struct policy_verdict verdict;

static struct address address(const char *text)
{
	struct address a = { 0 };

	address_read(&a, text);
	return a;
}

static bool behind(void *arg, const struct address *a, uint32_t ifindex)
{
	struct address net = address("10.1.0.0"), net6 = address("fd00:1::");
	bool inside = address_within(a, &net, 16) || address_within(a, &net6, 64);

	(void)arg;
	return inside == (ifindex == INSIDE);
}

static bool own(void *arg, const struct address *a)
{
	struct address mine = address(OWN);

	(void)arg;
	return address_equal(a, &mine);
}

static const struct policy_io io = { .behind = behind, .own = own };

/* A gateway without entries, asked by HOST for a flow of its own. */
static void fresh(void)
{
	memset(&conf, 0, sizeof(conf));
	memset(entries, 0, sizeof(entries));
	prefix_count = 0;
	conf.policy = entries;
	conf.nslp.forward = true;
	conf.nslp.lifetime_min = 10;
	conf.nslp.lifetime_max = 3600;
	conf.policy_sessions_max = 7;
	request = (struct gate_request){
		.op = GATE_ADMIT, .kind = GATE_ALLOW, .lifetime = 60,
		.flow = {
			.source = address(HOST), .destination = address(SERVER), .version = 4,
			.source_len = 32, .destination_len = 32, .protocol = 17,
			.has_protocol = true, .has_sport = true, .has_dport = true,
			.sport = 4000, .dport = 53,
		},
		.who = { .peer = address(HOST), .ifindex = INSIDE, .uid = (uint32_t)-1 },
	};
	ask = (struct policy_ask){ .request = &request, .from = &sides[0] };
}

static void from_outside(void)
{
	fresh();
	request.flow.source = address(SERVER);
	request.flow.destination = address(HOST);
	request.who.peer = address(SERVER);
	request.who.ifindex = OUTSIDE;
	ask.from = &sides[1];
}

/* HOST asks to be reached by anybody. */
static void external(void)
{
	fresh();
	request.kind = GATE_RESERVE;
	request.flow.source = (struct address){ 0 };
	request.flow.source_len = 0;
	request.flow.has_sport = false;
	request.flow.sport = 0;
	request.flow.destination = address(HOST);
}

static struct conf_policy *entry(const char *name, bool permit)
{
	struct conf_policy *e = &entries[conf.policies++];

	memset(e, 0, sizeof(*e));
	strcpy(e->name, name);
	e->permit = permit;
	e->destination_len_min = 32;
	return e;
}

static struct conf_prefix *prefix(const char *text)
{
	struct conf_prefix *p = &prefixes[prefix_count++];
	unsigned int len;

	if (!address_read_prefix(&p->address, &len, text))
		abort();
	p->len = (uint8_t)len;
	return p;
}

static unsigned int decide(void)
{
	policy_decide(&conf, &io, &ask, &verdict);
	return verdict.code;
}

static void own_flows(void)
{
	fresh();
	EXPECT_EQ(decide(), 0);
	EXPECT_EQ(verdict.lifetime, 60);
	EXPECT_EQ(verdict.sessions_max, 7);
	EXPECT(!strcmp(verdict.entry, POLICY_BUILT_IN));
	/* somebody between the host and us */
	request.who.peer = address(NEXT);
	EXPECT_EQ(decide(), 0);
	/* what is not behind that interface is not to be sent from there */
	request.flow.source = address(SERVER);
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.source_len = 0;
	request.flow.source = (struct address){ 0 };
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
}

static void external_for_itself(void)
{
	external();
	EXPECT_EQ(decide(), 0);
	request.flow.destination = address(HOST2);
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.kind = GATE_DENY;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.destination = address(HOST);
	EXPECT_EQ(decide(), 0);
	request.flow.destination_len = 24;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
}

static void external_from_outside(void)
{
	external();
	request.who.ifindex = OUTSIDE;
	ask.from = &sides[1];
	EXPECT_EQ(decide(), NSLP_EXTERNAL_SIDE);
}

static void create_from_outside(void)
{
	from_outside();
	EXPECT_EQ(decide(), NSLP_NO_RESERVATION);
	ask.reservation = RESERVATION_FITS;
	EXPECT_EQ(decide(), 0);
	ask.reservation = RESERVATION_NONE;
	entry("server", true)->from = prefix(SERVER "/32");
	entries[0].froms = 1;
	EXPECT_EQ(decide(), 0);
	EXPECT(!strcmp(verdict.entry, "server"));
	conf.nslp.need_reservation = true;
	EXPECT_EQ(decide(), NSLP_NO_RESERVATION);
	conf.nslp.need_reservation = false;
	request.translation = GATE_DESTINATION;
	EXPECT_EQ(decide(), NSLP_NO_RESERVATION);
}

static void unknown_interface_is_outside(void)
{
	static const struct policy_side nowhere = { .outside = true };

	from_outside();
	ask.from = &nowhere;
	EXPECT_EQ(decide(), NSLP_NO_RESERVATION);
}

static void proxies(void)
{
	fresh();
	request.who.proxy = true;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	entry("create only", true)->create = true;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	entries[0].proxy = true;
	EXPECT_EQ(decide(), 0);
	/* an entry about proxies alone is none about others */
	fresh();
	entry("proxies", false)->proxy = true;
	EXPECT_EQ(decide(), 0);
	request.who.proxy = true;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
}

static void local_applications(void)
{
	fresh();
	request.who = (struct gate_who){ .uid = 1000 };
	ask.from = NULL;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.source = address(OWN);
	EXPECT_EQ(decide(), 0);
	request.flow.source = address(HOST);
	request.who.uid = 0;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);	/* at a gateway root writes it down */
	entry("root", true)->local = true;
	entries[0].third_party = true;
	EXPECT_EQ(decide(), 0);
	/* where nothing is forwarded nothing is opened */
	conf.policies = 0;
	conf.nslp.forward = false;
	EXPECT_EQ(decide(), 0);
	request.who.uid = 1000;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
}

/* Managers are as applications, and none of them is root. */
static void managers(void)
{
	fresh();
	request.who = (struct gate_who){ .uid = GATE_MANAGER, .name = "ops" };
	ask.from = NULL;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.source = address(OWN);
	EXPECT_EQ(decide(), 0);
	request.flow.source = address(HOST);
	entry("local", true)->local = true;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	entries[0].third_party = true;
	EXPECT_EQ(decide(), 0);
	conf.policies = 0;
	conf.nslp.forward = false;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
}

static void first_entry_decides(void)
{
	fresh();
	entry("no dns", false)->port_min = 53;
	entries[0].port_max = 53;
	entry("all", true)->third_party = true;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	EXPECT(!strcmp(verdict.entry, "no dns"));
	request.flow.dport = 54;
	EXPECT_EQ(decide(), 0);
	EXPECT(!strcmp(verdict.entry, "all"));
}

/* What touches a refusal is refused, or asking for more would get around it. */
static void refusals_cannot_be_passed(void)
{
	struct conf_policy *e;

	fresh();
	e = entry("no dns at one server", false);
	e->port_min = e->port_max = 53;
	e->toward = prefix(SERVER "/32");
	e->towards = 1;
	e->protocol[0] = 17;
	e->protocols = 1;
	e = entry("all", true);
	e->any_sender = true;
	e->destination_len_min = 0;
	e->port_min = 1;
	e->port_max = 65535;
	request.flow.dport = 54;
	EXPECT_EQ(decide(), 0);
	request.flow.dport = 52;
	request.flow.more_ports = 1;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.more_ports = 0;
	request.flow.has_dport = false;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.has_dport = true;
	request.flow.dport = 53;
	request.flow.destination = address("203.0.112.0");
	request.flow.destination_len = 22;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.destination_len = 24;
	EXPECT_EQ(decide(), 0);
	request.flow.destination = (struct address){ 0 };
	request.flow.destination_len = 0;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	request.flow.destination = address(SERVER);
	request.flow.destination_len = 32;
	request.flow.has_protocol = request.flow.has_sport = request.flow.has_dport = false;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
}

static void conditions(void)
{
	struct conf_policy *e;

	fresh();
	e = entry("e", false);
	e->from = prefix("10.1.0.0/16");
	e->froms = 1;
	e->toward = prefix("203.0.113.0/24");
	e->towards = 1;
	e->source = prefix("10.1.0.0/30");
	e->sources = 1;
	strcpy(e->interface, "lan");
	e->has_zone = true;
	e->zone = 1;
	e->create = true;
	e->protocol[0] = 17;
	e->protocols = 1;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	e->zone = 2;
	EXPECT_EQ(decide(), 0);
	e->zone = 1;
	strcpy(e->interface, "wan");
	EXPECT_EQ(decide(), 0);
	strcpy(e->interface, "lan");
	e->create = false;
	e->external = true;
	EXPECT_EQ(decide(), 0);
	e->create = true;
	e->protocol[0] = 6;
	EXPECT_EQ(decide(), 0);
	e->protocol[0] = 17;
	request.who.peer = address("10.2.0.2");
	EXPECT_EQ(decide(), 0);
}

static void third_parties(void)
{
	external();
	request.flow.destination = address(HOST2);
	entry("e", true)->any_sender = true;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHORIZED);
	entries[0].third_party = true;
	EXPECT_EQ(decide(), 0);
}

static void names(void)
{
	fresh();
	strcpy(entry("e", true)->tls_name, "*.example.net");
	entries[0].third_party = true;
	request.flow.source = address(SERVER);
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
	request.who.tls = true;
	strcpy(request.who.name, "gw.example.net");
	EXPECT_EQ(decide(), 0);
	strcpy(request.who.name, "GW.EXAMPLE.NET");
	EXPECT_EQ(decide(), 0);
	strcpy(request.who.name, "a.gw.example.net");
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
	strcpy(request.who.name, ".example.net");
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
	strcpy(request.who.name, "example.net");
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
	strcpy(request.who.name, "gw.example.net.");
	EXPECT_EQ(decide(), 0);
	/* who may be any of them is not the one */
	strcpy(entries[0].tls_name, "gw.example.net");
	strcpy(request.who.name, "*.example.net");
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
	strcpy(request.who.name, "gw.example.net");
	EXPECT_EQ(decide(), 0);
	request.who.tls = false;	/* says so, and has not proved it */
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
}

static void keys(void)
{
	fresh();
	request.flow.source = address(SERVER);
	entry("e", true)->key_id = 7;
	entries[0].third_party = true;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
	ask.key = 8;
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
	ask.key = 7;
	EXPECT_EQ(decide(), 0);
	EXPECT(!verdict.waived);
	/* a session from before a restart, whose requester signs again with the next refresh */
	ask.key = 0;
	ask.resumed = true;
	EXPECT_EQ(decide(), 0);
	EXPECT(verdict.waived);
	strcpy(entries[0].tls_name, "gw.example.net");
	EXPECT_EQ(decide(), NSLP_NOT_AUTHENTICATED);
}

static void widths(void)
{
	fresh();
	request.flow.source_len = 24;
	EXPECT_EQ(decide(), NSLP_SOURCE_WIDE);
	request.flow.source_len = 32;
	request.flow.destination_len = 24;
	EXPECT_EQ(decide(), NSLP_DESTINATION_WIDE);
	entry("e", true)->destination_len_min = 24;
	EXPECT_EQ(decide(), 0);
	request.flow.destination_len = 23;
	EXPECT_EQ(decide(), NSLP_DESTINATION_WIDE);
	request.flow.destination_len = 32;
	request.flow.source_len = 24;
	EXPECT_EQ(decide(), 0);
	entries[0].source_len_min = 25;
	EXPECT_EQ(decide(), NSLP_SOURCE_WIDE);
}

static void widths6(void)
{
	fresh();
	request.flow.version = 6;
	request.flow.source = address("fd00:1::2");
	request.flow.destination = address("2001:db8::");
	request.flow.source_len = 128;
	request.flow.destination_len = 96;
	entry("e", true)->destination_len_min = 24;
	EXPECT_EQ(decide(), 0);
	request.flow.destination_len = 95;
	EXPECT_EQ(decide(), NSLP_DESTINATION_WIDE);
}

static void ports(void)
{
	fresh();
	request.flow.has_sport = false;
	EXPECT_EQ(decide(), NSLP_SOURCE_PORT_WIDE);
	request.flow.has_sport = true;
	request.flow.has_dport = false;
	EXPECT_EQ(decide(), NSLP_DESTINATION_PORT_WIDE);
	entry("e", true)->any_sender = true;
	EXPECT_EQ(decide(), NSLP_DESTINATION_PORT_WIDE);
	entries[0].port_min = 1;	/* all of them, which somebody wrote down */
	entries[0].port_max = 65535;
	EXPECT_EQ(decide(), 0);
	request.flow.has_sport = false;
	EXPECT_EQ(decide(), 0);
	entries[0].any_sender = false;
	EXPECT_EQ(decide(), NSLP_SOURCE_PORT_WIDE);
}

static void senders(void)
{
	external();
	entry("e", true);
	EXPECT_EQ(decide(), NSLP_SOURCE_WIDE);
	entries[0].any_sender = true;
	entries[0].source_len_min = 24;
	EXPECT_EQ(decide(), 0);
	external();
	request.flow.has_dport = false;
	EXPECT_EQ(decide(), NSLP_DESTINATION_PORT_WIDE);
}

static void protocols(void)
{
	fresh();
	request.flow.has_protocol = request.flow.has_sport = request.flow.has_dport = false;
	EXPECT_EQ(decide(), NSLP_PLAIN_IP);
	fresh();
	request.flow.source = address(SERVER);
	entry("tcp", true)->protocols = 1;
	entries[0].protocol[0] = 6;
	entries[0].third_party = true;
	EXPECT_EQ(decide(), NSLP_PROTOCOL);
	request.flow.protocol = 6;
	EXPECT_EQ(decide(), 0);
}

static void translation(void)
{
	fresh();
	request.translation = GATE_SOURCE;
	EXPECT_EQ(decide(), 0);
	request.flow.protocol = 51;
	request.flow.has_sport = request.flow.has_dport = false;
	EXPECT_EQ(decide(), NSLP_PROTOCOL);
	request.flow.protocol = 50;
	EXPECT_EQ(decide(), NSLP_PLAIN_IP);
	request.flow.protocol = 1;
	EXPECT_EQ(decide(), NSLP_PLAIN_IP);
	external();
	request.kind = GATE_DENY;
	request.translation = GATE_BIND;
	EXPECT_EQ(decide(), NSLP_NOT_APPLICABLE);
	external();
	request.translation = GATE_BIND;
	EXPECT_EQ(decide(), 0);
	request.flow.more_ports = 1;
	request.flow.dport = 5001;
	EXPECT_EQ(decide(), NSLP_SUB_PORTS);
	EXPECT_EQ(verdict.object, NSLP_EFI);
}

static void icmp(void)
{
	fresh();
	request.flow.protocol = 1;
	request.flow.has_sport = request.flow.has_dport = false;
	request.flow.icmp_count = 2;
	request.flow.icmp[0] = 8;
	request.flow.icmp[1] = 11;
	EXPECT_EQ(decide(), 0);
	request.flow.icmp[1] = 5;	/* redirect */
	EXPECT_EQ(decide(), NSLP_ICMP_TYPE);
	EXPECT_EQ(verdict.object, NSLP_ICMP);
	request.flow.version = 6;
	request.flow.source = address("fd00:1::2");
	request.flow.destination = address("2001:db8::1");
	request.flow.source_len = request.flow.destination_len = 128;
	request.flow.protocol = 58;
	request.flow.icmp[0] = 128;
	request.flow.icmp[1] = 135;	/* neighbour discovery */
	EXPECT_EQ(decide(), NSLP_ICMP_TYPE);
	request.flow.icmp_count = 1;
	EXPECT_EQ(decide(), 0);
}

static void lifetimes(void)
{
	fresh();
	request.lifetime = 9;
	EXPECT_EQ(decide(), NSLP_LIFETIME_SMALL);
	EXPECT_EQ(verdict.object, NSLP_LIFETIME);
	request.lifetime = 100000;
	EXPECT_EQ(decide(), 0);
	EXPECT_EQ(verdict.lifetime, 3600);
	entry("e", true)->lifetime_max = 600;
	EXPECT_EQ(decide(), 0);
	EXPECT_EQ(verdict.lifetime, 600);
	entries[0].lifetime_max = 7200;	/* no more than the node grants at all */
	EXPECT_EQ(decide(), 0);
	EXPECT_EQ(verdict.lifetime, 3600);
	request.lifetime = 50;
	EXPECT_EQ(decide(), 0);
	EXPECT_EQ(verdict.lifetime, 50);
}

static void quotas_of_entries(void)
{
	fresh();
	entry("e", true)->sessions_max = 3;
	EXPECT_EQ(decide(), 0);
	EXPECT_EQ(verdict.sessions_max, 3);
	entries[0].sessions_max = 0;
	decide();
	EXPECT_EQ(verdict.sessions_max, 7);
}

static const struct ktap_test tests[] = {
	{ "NATFW-3.6-04 a host may open for flows from behind its interface", own_flows },
	{ "NATFW-3.6-05 EXTERNAL is for the requester itself; third parties are 5/0x02",
	  external_for_itself },
	{ "NATFW-3.7.2-29 EXTERNAL from outside is 3/0x0B", external_from_outside },
	{ "NATFW-3.7.1-09,NATFW-5.3-02 CREATE from outside rests on a reservation or an entry",
	  create_from_outside },
	{ "an interface that is not configured is outside", unknown_interface_is_outside },
	{ "proxies are permitted by entries alone", proxies },
	{ "local applications have this node's addresses", local_applications },
	{ "managers are as local applications", managers },
	{ "the first entry that fits decides", first_entry_decides },
	{ "what touches a refusal is refused", refusals_cannot_be_passed },
	{ "every condition of an entry counts", conditions },
	{ "an entry is for the requester's own flows unless it says otherwise", third_parties },
	{ "NATFW-3.6-02 names proved by TLS; without proof 5/0x01", names },
	{ "NATFW-3.6-02,NATFW-5981.6.3.3-02 keys; without proof 5/0x01", keys },
	{ "NATFW-4.2.5-16,NATFW-4.2.5-17,NATFW-D.1-02 width of addresses", widths },
	{ "width of IPv6 addresses is four times that", widths6 },
	{ "NATFW-4.2.5-18,NATFW-4.2.5-19,NATFW-D.1-02 width of ports", ports },
	{ "NATFW-5.3-01 senders that are not known yet", senders },
	{ "NATFW-4.2.5-13 protocols", protocols },
	{ "NATFW-3.7.2-30,NATFW-3.7.2-39,NATFW-4.2.5-14 what a translator cannot do", translation },
	{ "NATFW-4.2.5-15 ICMP types", icmp },
	{ "NATFW-3.4-13,NATFW-3.4-18,NATFW-3.4-19,NATFW-3.4-20 lifetimes", lifetimes },
	{ "quotas of entries", quotas_of_entries },
};

int main(void)
{
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
