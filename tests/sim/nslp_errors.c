// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faulty NATFW messages (RFC 5973, 3.3, 4.1 to 4.3).
 *
 * natfw-test: host quick
 */
#include <string.h>

#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))

/* At a forwarder: refused, not forwarded, no session. */
static void fault(void)
{
	nf("");
	ask("%s", sim_now->arg[0]);
	expect(2000, "A recv m=response info=%s", sim_now->arg[1]);
	none(1000, "C recv");
	none(0, "B gate");
	none(0, "A recv m=response");
	IS(session_state("B", S), "none");
}

/* At the receiver. */
static void fault_receiver(void)
{
	nr("");
	ask("%s", sim_now->arg[0]);
	expect(2000, "A recv m=response info=%s", sim_now->arg[1]);
	none(1000, "A recv m=response");
	IS(session_state("B", S), "none");
}

/* EXTERNAL, at an edge that is a NAT or only a firewall. */
static void fault_external(void)
{
	edge(sim_now->arg[2] ? sim_now->arg[2] : "");
	reserve_loose("%s", sim_now->arg[0]);
	expect(2000, "A recv m=response info=%s", sim_now->arg[1]);
	none(1000, "B gate op=hold");
	IS(session_state("B", S), "none");
}

/* As good as any. */
static void accepted(void)
{
	nf("");
	sim_relaxed = true;
	ask("%s", sim_now->arg[0]);
	expect(2000, "C recv query=0 m=create %s", sim_now->arg[1] ? sim_now->arg[1] : "");
	CHECK_EQ(count("A recv m=response info=03*"), 0);
}

static void accepted_receiver(void)
{
	nr("");
	ask("%s", sim_now->arg[0]);
	expect(2000, "A recv m=response info=0201");
}

/* RESPONSE and NOTIFY are never answered. */
static void dropped(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create");
	answer("%s", sim_now->arg[0]);
	none(2000, "C recv m=response");
	none(0, "A recv m=response");
	none(0, "A recv m=notify");
	none(0, "B gate op=open");
	IS(session_state("B", S), "pending");
}

static void never_answered(void)
{
	static const char *const words[] = {
		"notify info=0105", "notify info=0101", "notify", "notify info=0201",
		"notify info=0101 obj=7f0:0:", "response msn=5 info=0201 lt=60", "response info=0201",
		"response msn=5", "response msn=5 info=0502", "response msn=5 info=0201 lt=60 obj=7f0:0:",
		"notify info=0101 efi=1/0", "response lt=60 msn=5 info=0201 efi=1/0",
	};
	unsigned int i;

	nr_established("");
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		say("A", "reliable data=[%s]", words[i]);
		say("A", "reliable sid=" S2 " data=[%s]", words[i]);
	}
	none(3000, "A recv m=response");
	none(0, "A recv m=notify");
}

static void two_faults(void)
{
	nf("");
	gate("B", "op=admit", "code=0502 always");
	ask("create lt=60 lt=60 efi=9/9 msn=5");
	expect(2000, "A recv m=response info=03*");
	none(1000, "A recv m=response");
	none(0, "B gate");
}

static void unknown_left_out(void)
{
	nf("");
	ask("create lt=60 efi=1/0 msn=5 obj=7f0:1:01020304");
	expect(2000, "C recv query=0 m=create mobjs=00c,00f,012");
}

static void unknown_kept(void)
{
	nf("");
	sim_relaxed = true;
	ask("create lt=60 obj=7f0:2:01020304 efi=1/0 msn=5");
	expect(2000, "C recv query=0 m=create mobjs=00c,7f0!2,00f,012");
	answer("response lt=60 msn=5 info=0201");
	expect(2000, "A recv m=response mobjs=*00c* mobjs!=*7f0*");
}

static void orders(void)
{
	static const char *const order[] = {
		"create lt=60 efi=1/0 msn=5", "create lt=60 msn=5 efi=1/0", "create efi=1/0 lt=60 msn=5",
		"create efi=1/0 msn=5 lt=60", "create msn=5 lt=60 efi=1/0", "create msn=5 efi=1/0 lt=60",
	};
	unsigned int i;

	nr("");
	for (i = 0; i < 6; i++) {
		say("A", "reliable sid=%032x data=[%s]", i + 1, order[i]);
		expect(2000, "A recv m=response info=0201 sid=%032x", i + 1);
	}
}

static void repeated_types(void)
{
	static const char *const type[] = { "0", "5", "255" };
	unsigned int i;

	nf("");
	for (i = 0; i < 3; i++) {
		say("A", "reliable sid=%032x data=[%s lt=60 efi=1/0 msn=5]", i + 1, type[i]);
		expect(2000, "A recv m=response info=0301 sid=%032x", i + 1);
	}
	none(100, "C recv");
}

static const struct sim_test tests[] = {
	{ "NATFW-4.1-07,NATFW-7.1-01 other message types: 3/0x01", repeated_types },
	{ "NATFW-4.1-05,NATFW-3.3-03,NATFW-4.2.5-08 reserved bits of the header are ignored", accepted,
	  { "create res=3fffff lt=60 efi=1/0 msn=5" } },
	{ "NATFW-4.1-12,NATFW-4.2.5-08 E without P is ignored", accepted,
	  { "create pe lt=60 efi=1/0 msn=5" } },
	{ "NATFW-4.2-03,NATFW-3.3-02,NATFW-3.3-04 a lifetime of two words: 3/0x07", fault,
	  { "create obj=00c:0:0000003c00000000 efi=1/0 msn=5", "0307" } },
	{ "NATFW-4.2-04,NATFW-3.3-02,NATFW-3.3-04 an object cut short: 3/0x07", fault,
	  { "create lt=60 efi=1/0 msn=5 cut=4", "0307" } },
	{ "NATFW-4.2-05 an unknown object with AB=00: 3/0x06", fault,
	  { "create lt=60 efi=1/0 msn=5 obj=7f0:0:00000000", "0306" } },
	{ "NATFW-7.3-01,NATFW-4.2-05 an object of QoS NSLP: 3/0x06", fault,
	  { "create lt=60 efi=1/0 msn=5 obj=001:0:00000000", "0306" } },
	{ "NATFW-4.2-09 AB=11 on a known object: 3/0x09", fault, { "create lt!3=60 efi=1/0 msn=5", "0309" } },
	{ "NATFW-4.2-09 AB=11 on an unknown object: 3/0x09", fault,
	  { "create lt=60 efi=1/0 msn=5 obj=7f0:3:00000000", "0309" } },
	{ "NATFW-4.2-06 AB=01: left out", unknown_left_out },
	{ "NATFW-4.2-07 AB=10: kept where it is, and not stored", unknown_kept },
	{ "NATFW-4.2-11 reserved bits of an object header are ignored", accepted,
	  { "create obj=300c:0:0000003c efi=1/0 msn=5" } },
	{ "NATFW-4.3-07 two lifetimes: 3/0x0A", fault, { "create lt=60 lt=60 efi=1/0 msn=5", "030a iobj=00c" } },
	{ "NATFW-4.3-07 two MSNs: 3/0x0A", fault, { "create lt=60 efi=1/0 msn=5 msn=5", "030a" } },
	{ "NATFW-4.3-05,NATFW-4.3-08,NATFW-4.3.1-01 no lifetime: 3/0x04", fault, { "create efi=1/0 msn=5", "0304 iobj=00c" } },
	{ "NATFW-4.3-05,NATFW-4.3-08 no NATFW_EFI: 3/0x04", fault, { "create lt=60 msn=5", "0304 iobj=00f" } },
	{ "NATFW-4.3-05,NATFW-4.3-08 no MSN: 3/0x04", fault, { "create lt=60 efi=1/0", "0304 iobj=012" } },
	{ "NATFW-4.3.1-02 proxy mode without nonce: 3/0x04", fault, { "create p lt=60 efi=1/0 msn=5", "0304 iobj=011" } },
	{ "NATFW-4.3.1-03,NATFW-4.3-03 a nonce without proxy mode is fine", accepted,
	  { "create lt=60 efi=1/0 msn=5 nonce=deadbeef", "nonce=deadbeef" } },
	{ "NATFW-4.3-06,NATFW-4.3-08 CREATE with NATFW_DTINFO: 3/0x05", fault,
	  { "create lt=60 efi=1/0 msn=5 dti=p17,1,2,192.0.2.1/32", "0305 iobj=013" } },
	{ "NATFW-4.3-06 CREATE with NATFW_INFO: 3/0x05", fault, { "create lt=60 efi=1/0 msn=5 info=0201", "0305" } },
	{ "NATFW-4.3-06,NATFW-4.2.2-03 CREATE with NATFW_EXTERNAL_IP: 3/0x05", fault,
	  { "create lt=60 efi=1/0 msn=5 ext=192.0.2.1:5", "0305" } },
	{ "NATFW-4.3-06,NATFW-4.2.3-03 CREATE with NATFW_EXTERNAL_BINDING: 3/0x05", fault,
	  { "create lt=60 efi=1/0 msn=5 bind=0", "0305" } },
	{ "NATFW-4.2.2-03 EXTERNAL with NATFW_EXTERNAL_IP: 3/0x05", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0 ext=192.0.2.1:5", "0305" } },
	{ "NATFW-4.2.4-06,NATFW-4.2.5-05 action 0: 7/0x05", fault, { "create lt=60 efi=0/0 msn=5", "0705 iobj=00f" } },
	{ "NATFW-4.2.4-06 action 3: 7/0x05", fault, { "create lt=60 efi=3/0 msn=5", "0705" } },
	{ "NATFW-4.2.4-06 action 65535: 7/0x05", fault, { "create lt=60 efi=65535/0 msn=5", "0705" } },
	{ "NATFW-4.2.4-10 sub_ports 2: 7/0x08", fault, { "create lt=60 efi=1/2 msn=5", "0708" } },
	{ "NATFW-4.2.4-10 sub_ports 65535: 7/0x08", fault, { "create lt=60 efi=1/65535 msn=5", "0708" } },
	{ "NATFW-4.2.5-07 octets left over", fault, { "create lt=60 efi=1/0 msn=5 obj=00f:0:", "030*" } },
	{ "NATFW-4.2.9-06 more ICMP types than there are octets: 3/0x07", fault,
	  { "create lt=60 efi=1/0 msn=5 obj=014:0:09080008", "0307" } },
	{ "NATFW-4.2.9-05 padding of ICMP types is ignored", accepted,
	  { "create lt=60 efi=1/0 msn=5 obj=014:0:0108ffff" } },
	{ "NATFW-4-01,NATFW-4.2.5-07 a header only", fault, { "create", "030*" } },
	{ "NATFW-4.1-07 the receiver says so too: 3/0x01", fault_receiver, { "9 lt=60 efi=1/0 msn=5", "0301" } },
	{ "NATFW-4.2-03 the receiver: 3/0x07", fault_receiver, { "create obj=00c:0:0000003c00000000 efi=1/0 msn=5", "0307" } },
	{ "NATFW-4.2-05 the receiver: 3/0x06", fault_receiver, { "create lt=60 efi=1/0 msn=5 obj=7f0:0:", "0306" } },
	{ "NATFW-4.2-06 the receiver: AB=01 is nothing", accepted_receiver,
	  { "create lt=60 efi=1/0 msn=5 obj=7f0:1:01020304" } },
	{ "NATFW-4.3-05 the receiver: 3/0x04", fault_receiver, { "create lt=60 msn=5", "0304" } },
	{ "NATFW-4.3-06 the receiver: 3/0x05", fault_receiver, { "create lt=60 efi=1/0 msn=5 info=0201", "0305" } },
	{ "NATFW-4.3-07 the receiver: 3/0x0A", fault_receiver, { "create lt=60 efi=1/0 efi=1/0 msn=5", "030a" } },
	{ "NATFW-4.2.4-06 the receiver: 7/0x05", fault_receiver, { "create lt=60 efi=4/0 msn=5", "0705" } },
	{ "NATFW-4.2.8-07 P and S: 3/0x09", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=hex:e00020110fa013880000000000000000", "03*", "nat" } },
	{ "NATFW-4.2.8-07 P and S, of the right length: 3/0x09", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=hex:e00020110fa0138800000000", "0309", "nat" } },
	{ "NATFW-4.2.8-09 P without I: 3/0x09", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=hex:400020000fa0138800000000", "0309", "nat" } },
	{ "NATFW-4.2.8-09 S without I: 3/0x09", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=hex:20002000000012340a000001", "0309", "nat" } },
	{ "NATFW-4.2.8-17 a prefix of 33: 3/0x08", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=hex:c00021110fa013880a000001", "0308", "nat" } },
	{ "NATFW-4.2.8-18 P without ports: 3/0x07", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=hex:c00020110a000001", "0307", "nat" } },
	{ "NATFW-4.2.8-18 ports without P: 3/0x07", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=hex:800020110fa013880a000001", "0307", "nat" } },
	{ "NATFW-4.2.5-09,NATFW-4.2.3-06 another IP version in a binding: 3/0x08", fault_external,
	  { "external lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0 obj=00e:0:00006000", "0308", "nat" } },
	{ "NATFW-4.3.2-01,NATFW-3.7.2-38 no DTINFO at a firewall: 3/0x04", fault_external,
	  { "external lt=60 efi=1/0 msn=1", "0304" } },
	{ "NATFW-3.7.2-38,NATFW-4.3.2-01,NATFW-3.7.2-25 no DTINFO at a NAT: 7/0x07", fault_external,
	  { "external lt=60 efi=1/0 msn=1", "0707", "nat" } },
	{ "NATFW-4.3.2-01 no lifetime in an EXTERNAL: 3/0x04", fault_external,
	  { "external efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0", "0304", "nat" } },
	{ "NATFW-4.3.2-02 EXTERNAL in proxy mode without nonce: 3/0x04", fault_external,
	  { "external p lt=60 efi=1/0 msn=1 dti=p17,5000,0,0.0.0.0/0", "0304", "nat" } },
	{ "NATFW-3.3-08,NATFW-3.2.7-01,NATFW-4.3.3-01 a RESPONSE with an unknown object is dropped", dropped,
	  { "response lt=60 msn=5 info=0201 obj=7f0:0:" } },
	{ "NATFW-4.3.3-04 a RESPONSE with NATFW_EFI is dropped", dropped, { "response lt=60 msn=5 info=0201 efi=1/0" } },
	{ "NATFW-3.4-32,NATFW-4.3.3-02 a success without lifetime is dropped", dropped, { "response msn=5 info=0201" } },
	{ "NATFW-4.3.3-03 a RESPONSE without NATFW_INFO is dropped", dropped, { "response lt=60 msn=5" } },
	{ "NATFW-3.3-08,NATFW-4.3.4-04 a NOTIFY without NATFW_INFO is dropped", dropped, { "notify" } },
	{ "NATFW-3.3-08 a NOTIFY with an unknown object is dropped", dropped, { "notify info=0105 obj=7f0:0:" } },
	{ "NATFW-3.7.5-03 a NOTIFY of another class is dropped", dropped, { "notify info=0205" } },
	{ "NATFW-3.2.7-01,NATFW-4.3.3-01,NATFW-3.3-08 nothing answers a RESPONSE or NOTIFY", never_answered },
	{ "NATFW-3.3-01,NATFW-3.3-06 syntax first; one RESPONSE", two_faults },
	{ "NATFW-4.3-01 objects in any order", orders },
};

SIM_MAIN(tests)
