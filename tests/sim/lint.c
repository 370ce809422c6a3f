// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What has to be so in every message that an engine sends, whatever the test is about. A program
 * ends with a point for each of these that it had a message for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct rule {
	const char *name;
	const char *when, *must;
};

struct tally {
	unsigned int seen, broken;
};

bool sim_relaxed;

static const struct rule rules[] = {
	{ "GIST-4.3.1-10 no message has a hop count of zero", "ver", "hops>=1" },
	{ "GIST-5.2.1-01 every message is of version one", "tx ver", "ver=1" },
	{ "GIST-3.4-01,GIST-9-05 only the six message types are sent", "tx ver", "type<=5" },
	{ "GIST-5.1-05,GIST-5.3.2-01,GIST-5.3.2.3-05,GIST-5.3.2.1-03,GIST-5.3.2.1-06,GIST-9-01 "
	  "every Query is in Q-mode, with router alert, to port 270", "tx query",
	  "via=q to=*:270 c=1" },
	{ "GIST-5.1-08 every Query wants a reply", "tx query", "r=1" },
	{ "GIST-5.2.1-03 C is set in every Query", "tx query", "c=1" },
	{ "GIST-5.1-06,GIST-4.4.1-01 every Query has MRI, SID, NLI and Query-Cookie", "tx query",
	  "mri.hex sid nli qc" },
	{ "GIST-5.3.1-04,GIST-5.2.1-08 every datagram begins with the magic number", "tx via=udp",
	  "magic=1" },
	{ "GIST-5.3.1-04 every Q-mode datagram begins with the magic number", "tx via=q", "magic=1" },
	{ "GIST-A.1-04 R is not set in a Confirm", "tx confirm", "r=0" },
	{ "GIST-A.1-04 R is not set in Data", "tx data", "r=0" },
	{ "GIST-A.1-04 R is not set in an Error", "tx error", "r=0" },
	{ "GIST-A.1-08,GIST-7.1.4-06 E is not set but in Data", "tx e=1", "data" },
	{ "GIST-5.3.1-01,GIST-5.5-03 a Response is never in Q-mode", "tx response", "via!=q c=0" },
	{ "GIST-5.3.1-01,GIST-5.5-04 a Confirm is never in Q-mode", "tx confirm", "via!=q c=0" },
	{ "GIST-5.2.1-04,GIST-5.5-06 Data in Q-mode has C set", "tx data via=q", "c=1 nli" },
	{ "GIST-5.2.1-04 Data in normal D-mode has C clear", "tx data via=udp", "c=0" },
	{ "GIST-5.2.1-04 Data on an association has C clear", "tx data via=tcp", "c=0" },
	{ "GIST-5.1-27 Data in D-mode has the sender's NLI", "tx data via=udp", "nli" },
	{ "GIST-5.1-28 Data on an association has no NLI", "tx data via=tcp", "!nli" },
	{ "GIST-5.1-28 Data on a TLS association has no NLI", "tx data via=tls", "!nli" },
	{ "GIST-5.1-30 an Error in D-mode has the sender's NLI", "tx error via=udp", "nli" },
	{ "GIST-5.1-32 MA-Hello is never sent by datagram", "tx hello", "via!=udp via!=q" },
	{ "GIST-5.1-33 MA-Hello has NSLPID 0 and a Hello-ID only", "tx hello", "nslpid=0 objs=10" },
	{ "GIST-5.2.2-17 an MA-Hello that asks has an identifier", "tx hello r=1",
	  "hello!=00000000" },
	{ "GIST-5.6-11 an Error has NSLPID 0", "tx error", "nslpid=0" },
	{ "GIST-5.3.1-09 S is set in normal D-mode", "tx via=udp !natt", "s=1" },
	{ "GIST-5.2.1-06 S is set on associations", "tx via=tcp", "s=1" },
	{ "GIST-5.2.1-06 S is set on TLS associations", "tx via=tls", "s=1" },
	{ "GIST-5.1-14 a Response with Responder-Cookie wants a Confirm", "tx response rc", "r=1" },
	{ "GIST-5.1-13,GIST-4.4.1-08 a Response with a Stack-Proposal has the other objects for an "
	  "association", "tx response sp.hex", "rc scd.hex via=udp" },
	{ "GIST-5.1-11 every Response has MRI, SID, NLI and Query-Cookie", "tx response",
	  "mri.hex sid nli qc" },
	{ "GIST-5.1-24 every Confirm has MRI, SID and NLI", "tx confirm", "mri.hex sid nli !natt !qc" },
	{ "GIST-5.1-23,GIST-4.4.5-07 Stack-Configuration-Data of a Confirm is abbreviated",
	  "tx confirm scd.hex", "mpo=0" },
	{ "GIST-5.8.1.3-10 an upstream Query leaves with TTL 255", "tx query d=1 mri=pc:*",
	  "ttl=255" },
	{ "GIST-4.3.3-09 no datagram is longer than the MTU not known allows", "tx via=udp",
	  "len<=512" },
	{ "GIST-4.3.3-09 no Q-mode datagram is longer than that", "tx via=q", "len<=512" },
	{ "GIST-A.3.3-04 no validity time is zero", "tx nli", "val>=1" },
	{ "GIST-A.3.5-04 no hold time is zero", "tx scd", "hold>=1" },
	{ "GIST-A.3.4-05,GIST-A.3.4-06 proposals and profiles are not empty", "tx sp.hex",
	  "sp sp!=,* sp!=" },
	{ "GIST-5.7.2-02 where TCP is proposed there are options for it", "tx query sp=*tcp*",
	  "scd=*tcp@*" },
	{ "GIST-5.7.2-03 options of TCP in a Query have no data", "tx query scd", "scd!=*:*" },
	{ "GIST-5.7.2-04 options of TCP in a Response have the port", "tx response scd=*tcp*",
	  "scd=*tcp@*:*" },
	{ "GIST-A.4.1-02 an Error has the common header of what it answers", "tx error",
	  "ehead=???????????????? err" },
	{ "GIST-A.4.4.1-02 Common Header Parse Errors have neither MRI nor SID", "tx error err=1/*",
	  "!esid !emri" },
	{ "GIST-A.4.4.1-01 Common Header Parse Errors are of class 2", "tx error err=1/*",
	  "eclass=2" },
	{ "GIST-A.4.4.9-01 Object Type Errors name the object", "tx error err=9/*",
	  "eclass=2 ais>=1 ai=3:*" },
	{ "GIST-A.4.4.10-01 Object Value Errors have the object", "tx error err=10/*",
	  "eclass=2 ais>=1 ai=4:*" },
	{ "GIST-A.4.4.12-01 MRI Validation Failures have the MRI", "tx error err=12/*",
	  "eclass=4 ai=4:*:*:0000*" },
	{ "GIST-A.4.4.5-01 No Routing State is of class 2 and has SID and MRI", "tx error err=5/0",
	  "eclass=2 ais=0 esid emri" },
	{ "GIST-A.3.1.1-01,GIST-A.3.1.2-01 N is not set in MRIs", "tx mri.hex", "mri.hex=??00*" },
	{ "GIST-A.4.3-01 Errors of codes 1, 3, 4, 5, 9, 10 are of class 2", "tx error err=3/0", "eclass=2" },
	{ "GIST-A.4.3-01 codes 2, 6, 7, 8, 11, 12 of class 4: 2", "tx error err=2/0", "eclass=4" },
	{ "GIST-A.4.3-01 codes 2, 6, 7, 8, 11, 12 of class 4: 6", "tx error err=6/0", "eclass=4" },
	{ "GIST-A.4.3-01 codes 2, 6, 7, 8, 11, 12 of class 4: 7", "tx error err=7/0", "eclass=4" },
	{ "GIST-A.4.3-01 codes 2, 6, 7, 8, 11, 12 of class 4: 8", "tx error err=8/0", "eclass=4" },
	{ "GIST-A.4.3-01 codes 2, 6, 7, 8, 11, 12 of class 4: 11", "tx error err=11/0", "eclass=4" },
	/* NATFW */
	{ "NATFW-1.1-01,NATFW-4.1-01,NATFW-4.1-02,NATFW-4.1-06,NATFW-4-01 NATFW messages are of four "
	  "types", "natfw tx mobjs", "m!=bad m!=0 datalen>=8" },
	{ "NATFW-3.2.7-02 every RESPONSE has one NATFW_INFO", "natfw tx m=response",
	  "info mobjs!=*010*010*" },
	{ "NATFW-4.1-04 reserved bits of the header are zero", "natfw tx mobjs", "mres=0" },
	{ "NATFW-4.1-09,NATFW-4.1-13 P and E are not set in a RESPONSE", "natfw tx m=response",
	  "p=0 pe=0" },
	{ "NATFW-4.1-09,NATFW-4.1-13 P and E are not set in a NOTIFY", "natfw tx m=notify",
	  "p=0 pe=0" },
	{ "NATFW-4.1-11 E is set together with P only", "natfw tx pe=1", "p=1" },
	{ "NATFW-4.2-08 AB=11 is not sent", "natfw tx mobjs", "mobjs!=*!3*" },
	{ "NATFW-4.3-02,NATFW-4.3.1-01 a CREATE has what it must have", "natfw tx m=create",
	  "lt efi msn" },
	{ "NATFW-4.3-02,NATFW-4.3.2-01,NATFW-3.7.2-21,NATFW-4.2.8-19 an EXTERNAL has what it must "
	  "have", "natfw tx m=external", "lt efi msn dti.hex" },
	{ "NATFW-4.3-02,NATFW-4.3.3-02 a successful RESPONSE has what it must have",
	  "natfw tx m=response info=02*", "lt msn" },
	{ "NATFW-4.3-02,NATFW-4.3.3-03 other RESPONSEs have what they must have",
	  "natfw tx m=response", "msn info" },
	{ "NATFW-4.3.4-01,NATFW-3.5-01,NATFW-3.7.5-32 a NOTIFY has NATFW_INFO only",
	  "natfw tx m=notify", "mobjs=010" },
	{ "NATFW-3.7.5-03 a NOTIFY is of class 1", "natfw tx m=notify", "info=01*" },
	{ "NATFW-3.2.7-04,NATFW-4.2.5-06 a RESPONSE is of class 2, 3, 4, 5 or 7",
	  "natfw tx m=response", "info!=00* info!=01*" },
	{ "NATFW-4.2.5-20 codes that are not assigned are not sent", "natfw tx m=response",
	  "info!=0503 info!=0505" },
	{ "NATFW-4.2.5-02 reserved bits of NATFW_INFO are zero", "natfw tx info", "ires=0" },
	{ "NATFW-4.2-10,NATFW-4.3-04 objects of RFC 5973 have AB=00: CREATE", "natfw tx m=create",
	  "mobjs!=*00c!* mobjs!=*00f!* mobjs!=*011!* mobjs!=*012!* mobjs!=*014!*" },
	{ "NATFW-4.2-10,NATFW-4.3-04 objects of RFC 5973 have AB=00: EXTERNAL", "natfw tx m=external",
	  "mobjs!=*00c!* mobjs!=*00f!* mobjs!=*011!* mobjs!=*012!* mobjs!=*013!* mobjs!=*00e!*" },
	{ "NATFW-4.2-10,NATFW-4.3-04 objects of RFC 5973 have AB=00: RESPONSE", "natfw tx m=response",
	  "mobjs!=*00c!* mobjs!=*010!* mobjs!=*012!* mobjs!=*00d!* mobjs!=*00e!*" },
	{ "NATFW-7.5-02 router alert value 65 with IPv4", "natfw tx query to=*.?:270", "rao=65" },
	{ "NATFW-7.5-02 router alert value 68 with IPv6", "natfw tx query to=*v6:270", "rao=68" },
	{ "NATFW-4.2.8-01,NATFW-4.2.8-02 NATFW_DTINFO is well formed", "natfw tx dti.hex", "dti" },
	{ "NATFW-4.2.2-06,NATFW-4.2.2-01 NATFW_EXTERNAL_IP is IPv4", "natfw tx ext", "extver=4" },
	{ "NATFW-5981.3.1-02,NATFW-5981.3.1-01 SESSION_AUTH has AB=10", "natfw tx auth",
	  "mobjs=*016!2*" },
	{ "NATFW-4.3.1-07,NATFW-4.3.1-05 CREATE is path-coupled and downstream", "natfw tx m=create",
	  "mri=pc:* d=0" },
};

#define RULES	(sizeof(rules) / sizeof(*rules))
static struct tally tallies[RULES];

/* What a pattern does not say. */
static const char parsed_name[] =
	"GIST-5.1-01,GIST-5.1-02,GIST-5.2.1-02,GIST-5.2.2-01,GIST-A.2-01,GIST-A.2-02,GIST-A.3.2-01 "
	"every message is one that a node may not refuse";
static const char canonical_name[] =
	"GIST-A-01,GIST-A-03,GIST-A.1-01,GIST-A.1-02 reserved bits and padding are zero, numbers big "
	"endian";
static const char source_name[] =
	"GIST-5.2.2-04,GIST-5.2.1-05,GIST-5.2.2-03 with S set the IP source is the NLI's address";
static const char cookie_name[] =
	"GIST-8.5-01,GIST-8.5-02,GIST-5.3.3-08 no Query-Cookie is used twice, all have 64 bits";
static struct tally parsed, canonical, source, cookie;

static void broken(struct tally *t, const char *name, const char *text)
{
	t->broken++;
	sim_fail("%s: %.900s", name, text);
}

static void check_parsed(const char *text, struct gist_view octets, enum gist_mode mode)
{
	struct gist_message m;
	struct gist_fault f;
	struct gist_out out;
	uint8_t *buf;

	parsed.seen++;
	if (gist_message_parse(&m, octets, mode, 0, &f) != GIST_ACCEPT) {
		sim_fail("%u/%u %s: %.900s", f.code, f.subcode, f.why, text);
		parsed.broken++;
		return;
	}
	if (sim_relaxed)
		return;
	canonical.seen++;
	buf = malloc(octets.len + 16);
	gist_out_init(&out, buf, octets.len + 16);
	m.present &= ~0u;
	gist_message_put(&out, &m);
	if (out.error || !gist_view_equal(gist_out_view(&out), octets))
		broken(&canonical, canonical_name, text);
	free(buf);
}

static void check_source(const char *text)
{
	struct event e = { .text = (char *)(uintptr_t)text };
	const char *from;
	size_t n;

	if (!match(text, "tx s=1 nli from", false) || match(text, "via=tcp", false) ||
	    match(text, "via=tls", false))
		return;
	source.seen++;
	from = get(&e, "from");
	n = (size_t)(strrchr(from, ':') - from);
	{
		const char *nli = get(&e, "nli");

		if (strlen(nli) != n || strncmp(nli, from, n))
			broken(&source, source_name, text);
	}
}

static void check_cookie(const char *text)
{
	struct event e = { .text = (char *)(uintptr_t)text };
	unsigned int n;
	char pattern[600];

	if (!match(text, "tx query qc", false))
		return;
	cookie.seen++;
	if (w.events > 3000)
		return;
	snprintf(pattern, sizeof(pattern), "tx query qc=%s", get(&e, "qc"));
	n = count("%s", pattern);
	if (n > 1 || strlen(get(&e, "qc")) < 16)
		broken(&cookie, cookie_name, text);
}

void lint(const struct node *n, const char *text, struct gist_view octets, enum gist_mode mode)
{
	unsigned int i;
	const char *when;

	if (match(text, "rx", false))
		return;
	for (i = 0; i < RULES; i++) {
		when = rules[i].when;
		if (!strncmp(when, "natfw ", 6)) {
			if (!n->n)
				continue;
			when += 6;
			if (sim_relaxed || !match(text, "nslpid=33", false))
				continue;
		}
		if (!match(text, when, false) || (sim_relaxed && strstr(when, "mri.hex")))
			continue;
		tallies[i].seen++;
		if (!match(text, rules[i].must, false))
			broken(&tallies[i], rules[i].name, text);
	}
	if (!match(text, "tx", false))
		return;
	check_parsed(text, octets, mode);
	check_source(text);
	check_cookie(text);
}

static void point(const struct tally *t, const char *name, unsigned int *number, bool *bad)
{
	if (!t->seen)
		return;
	printf("%s %u %s\n", t->broken ? "not ok" : "ok", ++*number, name);
	*bad |= t->broken;
}

void lint_points(unsigned int *number, bool *bad)
{
	unsigned int i;

	for (i = 0; i < RULES; i++)
		point(&tallies[i], rules[i].name, number, bad);
	point(&parsed, parsed_name, number, bad);
	point(&canonical, canonical_name, number, bad);
	point(&source, source_name, number, bad);
	point(&cookie, cookie_name, number, bad);
}
