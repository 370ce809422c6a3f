// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faulty messages and the Errors they get (RFC 5971, 5.6 and A.4).
 *
 * natfw-test: host quick
 */
#include "scenes.h"

#define ARG(n)	(sim_now->arg[n])

/* To a node without state: message, Error. */
static void fault(void)
{
	responder("");
	refused(ARG(1), "%s", ARG(0));
}

/* The same on an association. */
static void stream_fault(void)
{
	responder_associated("");
	raw("R", "%s", ARG(0));
	expect(100, "R rx error via=tcp err=%s edgram=0 eqmode=0", ARG(1));
	none(100, "R rx via=udp");
	none(100, "R rx error");
	none(0, "B recv");
}

static void format_qmode(void)
{
	responder("");
	raw("R", "query hops=7 : +obj=2000:0:00000000");
	expect(100, "R rx error via=udp hops>=1 nslpid=0 c=0 r=0 err=9/1 edgram=1 eqmode=1 ehead=0107*7fc080c0 "
	       "esid=112233445566778899aabbccddeeff01 nli=B.1 pi=4242424242424242 objs=2,9");
	none(60000, "R rx error");
}

static void format_dmode(void)
{
	responder("");
	raw("R", "data to=B.1:270 : +obj=2000:0:00000000");
	expect(100, "R rx error via=udp err=9/1 edgram=1 eqmode=0 esid emri");
}

static void emri_octets(void)
{
	const struct event *e;

	responder("");
	raw("R", "query : +obj=2000:0:00000000");
	e = expect(10, "R tx query mri.hex=$mri");
	(void)e;
	expect(100, "R rx error err=9/1 emri=$mri");
}

static void mri_unreadable(void)
{
	responder("");
	raw("R", "query : -mri +mri=hex:780048c00a0001120a000102202011000fa01388");
	expect(100, "R rx error err=10/1 !emri ai=4:6:*");
}

static void to_nli(void)
{
	net("X R B");
	gist("B", "");
	app("B", APP, "");
	flow("X.1:4000>B.2:5000 udp");
	raw("R", "query s=0 from=X.1:270 : +obj=2000:0:00000000");
	expect(100, "B tx error to=R.2:270 from=B.2:270 s=1 err=9/1");
	none(1000, "B tx");
}

static void nli_broken(void)
{
	responder("");
	raw("R", "query s=1 from=R.1:6789 : -nli +nli=hex:ff4040000000753052525252" "0a000112");
	expect(100, "B tx error to=R.1:* err=10/0");
	raw("R", "query s=0 from=R.1:6789 : -nli +nli=hex:ff4040000000753052525252" "0a000112");
	none(1000, "B tx");
}

static void own_identity(void)
{
	responder("");
	raw("R", "query : +obj=2000:0:00000000");
	expect(100, "B tx error nli=B.1 pi=4242424242424242");
}

static void no_error_to_error(void)
{
	static const char *const bad[] = {
		"error to=B.1:270 ver=2", "error to=B.1:270 : -err", "error to=B.1:270 hops=0",
		"error to=B.1:270 : +obj=2000:0:00000000", "error to=B.1:270 r=1",
		"error to=B.1:270 : nli err err", "error to=B.1:270 e=1", "error to=B.1:270 c=1",
		"error to=B.1:270 words=+1", "error to=B.1:270 : nli err=5/0,sid,mri obj=8:0:00000000",
		"error to=B.1:270 : -err +err=77/3,sid,mri", "error to=B.1:270 cut=4",
	};
	unsigned int i;

	responder("");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		raw("R", "%s", bad[i]);
	ignored("B");
}

static void unmatched_error(void)
{
	responder("");
	raw("R", "error to=B.1:270 : nli %s", ARG(0));
	ignored("B");
	CHECK_EQ(queriers("B") + responders("B"), 0);
}

static void unmatched_response(void)
{
	responder("");
	raw("R", "response to=B.1:270 : -qc +qc=0011223344556677 +rc=aabbccdd");
	raw("R", "response to=B.1:270 : -qc +qc=0011223344556677 +obj=2000:0:00000000");
	ignored("B");
	CHECK_EQ(queriers("B"), 0);
}

static void stream_response(void)
{
	responder_associated("");
	raw("R", "response via=tcp d=0 : -qc +qc=0011223344556677");
	none(1000, "R rx");
}

static void no_state_kept(void)
{
	responder("");
	raw("R", "query : +obj=2000:0:00000000 +sp=tcp +scd");
	expect(100, "R rx error err=9/1");
	CHECK_EQ(queriers("B") + responders("B") + associations("B"), 0);
	none(1000, "B connect");
}

static void one_error(void)
{
	responder("");
	drop(1, "B tx error");
	raw("R", "query : -qc");
	expect(100, "B tx error err=9/2");
	none(60000, "B tx");
}

static void same_association(void)
{
	responder_associated("");
	set("first", "%s", "1");
	raw_connect("R", "B.1:30000");
	raw("R", "hello via=tcp r=1 : hello=00000000");
	expect(100, "R rx error via=tcp conn=2 err=10/1");
	none(1000, "R rx error");
}

static void version_on_stream(void)
{
	responder_associated("");
	raw("R", "data via=tcp ver=2");
	expect(100, "R rx error via=tcp ver=1 err=1/0");
	expect(1000, "B closes");
}

static void unlimited_by_nothing(void)
{
	unsigned int i;

	responder("rate=2000 burst=1000");
	for (i = 0; i < 300; i++)
		raw("R", "query : -qc");
	run(1000);
	CHECK(count("B tx error err=9/2") >= 2);
	CHECK(count("B tx error err=9/2") <= 30);
}

static void class_is_secondary(void)
{
	querier_ready("");
	raw("P", "error to=A.1:270 : nli err=5/0,sid,mri,class=4,dgram");
	expect(100, "A tx query");
}

static void more_information(void)
{
	querier_ready("");
	raw("P", "error to=A.1:270 : nli err=5/0,sid,mri,dgram,ai2=1400,ai9=1");
	expect(100, "A tx query");
}

static void two_faults_one_error(void)
{
	responder("");
	raw("R", "query hops=0 r=0 : -sid +qc +obj=2000:0:00000000");
	expect(100, "R rx error");
	none(1000, "R rx error");
}

static void comment(void)
{
	responder("comments=1");
	raw("R", "query : -qc");
	expect(100, "R rx error err=9/2 comment");
	gist("B", "comments=0");
	raw("R", "query : -qc");
	expect(100, "R rx error err=9/2 !comment");
}

static const struct sim_test tests[] = {
	{ "GIST-A.1-09,GIST-A.4.4.1-01,GIST-A.4.4.1-03,GIST-5.2.1-01 version 2: 1/0 in a message of version 1",
	  fault, { "query ver=2", "1/0 ver=1 eclass=2 ais=0" } },
	{ "GIST-A.1-09,GIST-A.4.4.1-04,GIST-9-05 type 6: 1/1", fault,
	  { "6 to=B.1:270 : mri sid nli data", "1/1 eclass=2 ais=0" } },
	{ "GIST-A.4.4.1-04,GIST-9-05 type 127: 1/1", fault,
	  { "127 to=B.1:270 : mri sid nli data", "1/1" } },
	{ "GIST-A.1-09,GIST-A.4.4.1-05,GIST-5.1-08 a Query with R=0: 1/2", fault,
	  { "query r=0", "1/2 eclass=2" } },
	{ "GIST-A.4.4.1-05,GIST-A.1-04 a Confirm with R=1: 1/2", fault,
	  { "confirm to=B.1:270 r=1", "1/2" } },
	{ "GIST-A.4.4.1-05,GIST-A.1-04 Data with R=1: 1/2", fault, { "data to=B.1:270 r=1", "1/2" } },
	{ "GIST-A.1-09,GIST-A.4.4.1-06,GIST-A.4.2-02 a length one too large: 1/3", fault,
	  { "query words=+1", "1/3 eclass=2 ais=1 ai=1:*" } },
	{ "GIST-A.4.4.1-06,GIST-A.4.2-02,GIST-4.3.1-02 a length one too small: 1/3", fault,
	  { "query words=-1", "1/3 eclass=2 ais=1 ai=1:*" } },
	{ "GIST-4.3.1-02 a second message in the datagram: 1/3", fault,
	  { "query tail=0109000000000003800102030405060708090a0b", "1/3" } },
	{ "GIST-A.1-09,GIST-A.4.4.1-07,GIST-A.1-08,GIST-7.1.4-06 a Query with E=1: 1/4", fault,
	  { "query e=1", "1/4 eclass=2 ais=0" } },
	{ "GIST-A.4.4.1-07,GIST-A.1-08 a Confirm with E=1: 1/4", fault,
	  { "confirm to=B.1:270 e=1", "1/4" } },
	{ "GIST-A.1-08 an MA-Hello with E=1: 1/4", stream_fault,
	  { "hello via=tcp e=1", "1/4" } },
	{ "GIST-A.1-09,GIST-A.4.4.1-08,GIST-5.2.1-03,GIST-5.5-02,GIST-5.1-05 a Query with C=0: 1/5", fault,
	  { "query c=0", "1/5 eclass=2 ais=0" } },
	{ "GIST-A.4.4.1-08 a Confirm with C=1: 1/5", fault, { "confirm to=B.1:270 c=1", "1/5" } },
	{ "GIST-A.4.4.1-08 Data with C=1 on an association: 1/5", stream_fault,
	  { "data via=tcp c=1", "1/5" } },
	{ "GIST-4.3.1-09,GIST-A.4.4.2-01 a Query with no hops left: 2/0", fault,
	  { "query hops=0", "2/0 eclass=4 ais=0 esid emri" } },
	{ "GIST-4.3.1-09,GIST-A.4.4.2-01 Data with no hops left: 2/0", fault,
	  { "data to=B.1:270 hops=0", "2/0" } },
	{ "GIST-4.3.1-09 a Confirm with no hops left: 2/0", fault, { "confirm to=B.1:270 hops=0", "2/0" } },
	{ "GIST-4.3.4-09 hops come before the NSLPID", fault, { "query hops=0 nslpid=32705", "2/0" } },
	{ "GIST-5.5-01,GIST-5.1-32,GIST-A.4.4.3-01 an MA-Hello by datagram: 3/0", fault,
	  { "hello to=B.1:270", "3/0 eclass=2 ais=0" } },
	{ "GIST-5.5-01,GIST-5.1-05,GIST-A.4.4.3-01,GIST-5.5-02 a Query on an association: 3/0", stream_fault,
	  { "query via=tcp", "3/0" } },
	{ "GIST-4.3.4-04,GIST-A.4.4.6-01 Data for another application: 6/0", fault,
	  { "data to=B.1:270 nslpid=32705", "6/0 eclass=4 ais=0" } },
	{ "GIST-4.3.4-04 a Confirm for another application: 6/0", fault,
	  { "confirm to=B.1:270 nslpid=32705", "6/0" } },
	{ "GIST-4.3.4-04,GIST-A.4.4.6-01 Data for another application on an association: 6/0", stream_fault,
	  { "data via=tcp nslpid=32705", "6/0 eclass=4" } },
	{ "GIST-4.3.4-05,GIST-A.4.4.7-01 a Query for another application at the flow's end: 7/0", fault,
	  { "query nslpid=32705", "7/0 eclass=4 ais=0 esid emri" } },
	{ "GIST-4.3.4-06 the same with a routing method nobody knows", fault,
	  { "query nslpid=32705 : -mri +mri=hex:780000000a0001120a000102",
	    "7/0 esid=112233445566778899aabbccddeeff01 emri=780000000a0001120a000102" } },
	{ "GIST-A.4.4.9-02,GIST-5.2.2-01,GIST-5.1-03 two MRIs: 9/0", fault,
	  { "query : +mri", "9/0 eclass=2 ai=3:0" } },
	{ "GIST-A.4.4.9-02,GIST-5.2.2-01 two SIDs: 9/0", fault, { "query : +sid", "9/0 ai=3:1" } },
	{ "GIST-A.4.4.9-02 two NLIs: 9/0", fault, { "query : +nli", "9/0 ai=3:2" } },
	{ "GIST-A.4.4.9-02 two Query-Cookies: 9/0", fault, { "query : +qc", "9/0 ai=3:5" } },
	{ "GIST-A.4.4.9-02 two Stack-Proposals: 9/0", fault,
	  { "query : +sp +sp +scd", "9/0 ai=3:3" } },
	{ "GIST-A.4.4.9-02 two Stack-Configuration-Data: 9/0", fault,
	  { "query : +sp +scd +scd", "9/0 ai=3:4" } },
	{ "GIST-A.4.4.9-02 two NSLP-Data: 9/0", fault, { "query : +data +data", "9/0 ai=3:8" } },
	{ "GIST-A.4.4.9-03,GIST-A.2.1-01,GIST-A.4.2-04,GIST-5.1-04 an unknown object with AB=00: 9/1", fault,
	  { "query : +obj=2000:0:00000000", "9/1 eclass=2 ais=1 ai=3:2000" } },
	{ "GIST-A.2.1-01,GIST-A.4.4.9-03 the same in Data on an association", stream_fault,
	  { "data via=tcp : +obj=2001:0:", "9/1 ai=3:2001" } },
	{ "GIST-A.4.4.9-04,GIST-5.1-03,GIST-5.1-06 a Query without MRI: 9/2", fault,
	  { "query : -mri", "9/2 eclass=2 ai=3:0" } },
	{ "GIST-A.4.4.9-04,GIST-5.1-03,GIST-5.1-06 a Query without SID: 9/2", fault,
	  { "query : -sid", "9/2 ai=3:1" } },
	{ "GIST-A.4.4.9-04,GIST-5.1-06 a Query without NLI: 9/2", fault, { "query : -nli", "9/2 ai=3:2" } },
	{ "GIST-A.4.4.9-04,GIST-5.1-06 a Query without cookie: 9/2", fault, { "query : -qc", "9/2 ai=3:5" } },
	{ "GIST-A.4.4.9-04,GIST-5.7.1-11 a proposal without configuration: 9/2", fault,
	  { "query : +sp", "9/2 ai=3:4" } },
	{ "GIST-A.4.4.9-04,GIST-5.7.1-11 configuration without proposal: 9/2", fault,
	  { "query : +scd", "9/2 ai=3:3" } },
	{ "GIST-5.1-24,GIST-A.4.4.9-04 a Confirm without NLI: 9/2", fault,
	  { "confirm to=B.1:270 : -nli", "9/2 ai=3:2" } },
	{ "GIST-5.1-27 Data by datagram without NLI: 9/2", fault,
	  { "data to=B.1:270 : -nli", "9/2 ai=3:2" } },
	{ "GIST-5.1-26 Data without data: 9/2", fault, { "data to=B.1:270 : -data", "9/2 ai=3:8" } },
	{ "GIST-5.1-33 an MA-Hello without Hello-ID: 9/2", stream_fault,
	  { "hello via=tcp : -hello", "9/2 ai=3:10" } },
	{ "GIST-A.4.4.9-05,GIST-5.1-03 a Query with Hello-ID: 9/3", fault,
	  { "query : +hello=00000001", "9/3 ai=3:10" } },
	{ "GIST-A.4.4.9-05 a Query with Responder-Cookie: 9/3", fault,
	  { "query : +rc=01020304", "9/3 ai=3:6" } },
	{ "GIST-A.4.4.9-05,GIST-5.1-26 Data with Query-Cookie: 9/3", fault,
	  { "data to=B.1:270 : +qc", "9/3 ai=3:5" } },
	{ "GIST-A.4.4.9-05,GIST-5.1-28 Data on an association with NLI: 9/3", stream_fault,
	  { "data via=tcp : +nli", "9/3 ai=3:2" } },
	{ "GIST-5.1-24 a Confirm with Query-Cookie: 9/3", fault,
	  { "confirm to=B.1:270 : +qc", "9/3 ai=3:5" } },
	{ "GIST-5.1-24 a Confirm with NAT-Traversal: 9/3", fault,
	  { "confirm to=B.1:270 : +natt=R.1:1>B.1:2,p17;2;", "9/3 ai=3:7" } },
	{ "GIST-5.1-02 SID before MRI: 9/3", fault, { "query : sid mri nli qc", "9/3" } },
	{ "GIST-5.1-02 data before the cookie: 9/3", fault, { "query : mri sid nli data qc", "9/3" } },
	{ "GIST-A.4.4.9-07,GIST-A.2.1-04 AB=11 on a known object: 9/5", fault,
	  { "query : -sid +sid!3", "9/5 eclass=2 ai=3:1" } },
	{ "GIST-A.4.4.9-07,GIST-A.2.1-04 AB=11 on an unknown object: 9/5", fault,
	  { "query : +obj=2000:3:00000000", "9/5 ai=3:2000" } },
	{ "GIST-A.4.4.9-07 AB=11 on data: 9/5", fault,
	  { "data to=B.1:270 : -data +data!3", "9/5 ai=3:8" } },
	{ "GIST-A.4.4.10-02,GIST-A.2-03,GIST-A.4.2-05 a SID of three words: 10/0", fault,
	  { "query : -sid +sid=112233445566778899aabbcc", "10/0 eclass=2 ais=1 ai=4:4:*:00010003*" } },
	{ "GIST-A.2-03,GIST-A.3.2-01 a SID of five words: 10/0", fault,
	  { "query : -sid +sid=112233445566778899aabbccddeeff0011223344", "10/0 ai=4:6:*" } },
	{ "GIST-A.2-03 an MRI one word short: 10/0", fault,
	  { "query : -mri +mri=hex:000048c00a0001120a00010220201100", "10/0 ai=4:5:*" } },
	{ "GIST-A.3.1.1-10 a flow label that is not there: 10/0", fault,
	  { "query : -mri +mri=hex:00006a0020010db800000000000000000000000120010db800000000000000000000000280801100",
	    "10/0" } },
	{ "GIST-A.3.1.1-12 an SPI that is not there: 10/0", fault,
	  { "query : -mri +mri=hex:000049000a0001120a00010220203200", "10/0" } },
	{ "GIST-A.4.4.10-02 an NLI whose identity does not fit: 10/0", fault,
	  { "query : -nli +nli=hex:204040000000753052525252" "0a000112", "10/0 ai=4:5:*:0002*" } },
	{ "GIST-A.2-03,GIST-A.3.8-01 a Hello-ID of two words: 10/0", stream_fault,
	  { "hello via=tcp : hello=0000000000000000", "10/0" } },
	{ "GIST-A.4.4.10-03,GIST-5.8.1.1-05,GIST-9-07 an unknown routing method: 10/1", fault,
	  { "query : -mri +mri=hex:780000000a0001120a000102", "10/1 ai=4:4:4:0000*" } },
	{ "GIST-A.3.1.1-03 IP version 5 in an MRI: 10/1", fault,
	  { "query : -mri +mri=hex:000058c00a0001120a000102202011000fa01388", "10/1" } },
	{ "GIST-A.3.1.2-04 a loose-end Query with D=1: 10/1", fault,
	  { "query to=B.1:270 : -mri +mri=hex:010048000a0001120a000102", "10/1" } },
	{ "GIST-A.3.3-04 a validity of zero: 10/1", fault, { "query : -nli +nli=val=0", "10/1 ai=4:*:0002*" } },
	{ "GIST-A.3.4-02,GIST-A.4.4.10-03,GIST-A.3.4-07 no profile: 10/1", fault,
	  { "query : +sp=hex:00000000 +scd=30000", "10/1 ai=4:*:0003*" } },
	{ "GIST-A.3.5-04 a hold time of zero: 10/1", fault,
	  { "query : +sp=tcp +scd=0,tcp@0", "10/1 ai=4:*:0004*" } },
	{ "GIST-5.2.2-19,GIST-A.4.4.10-03 an MA-Hello that asks with identifier zero: 10/1", stream_fault,
	  { "hello via=tcp r=1 : hello=00000000", "10/1 ai=4:2:*:000a000100000000" } },
	{ "GIST-A.4.4.10-04,GIST-A.3.1.1-09,GIST-A.3.1.1-18,GIST-5.8.1.1-05 a flow label with IPv4: 10/2", fault,
	  { "query : -mri +mri=hex:00004ac00a0001120a00010220201100000000010fa01388", "10/2 ai=4:*:0000*" } },
	{ "GIST-A.4.4.10-04,GIST-A.3.1.1-11,GIST-A.3.1.1-18 an SPI without protocol: 10/2", fault,
	  { "query : -mri +mri=hex:000041000a0001120a0001022020110000000001", "10/2" } },
	{ "GIST-A.4.4.10-04,GIST-A.3.1.1-13,GIST-A.3.1.1-18 a source port without protocol: 10/2", fault,
	  { "query : -mri +mri=hex:000040800a0001120a000102202011000fa01388", "10/2" } },
	{ "GIST-A.3.1.1-13,GIST-A.3.1.1-18 a destination port without protocol: 10/2", fault,
	  { "query : -mri +mri=hex:000040400a0001120a000102202011000fa01388", "10/2" } },
	{ "GIST-A.4.4.10-05,GIST-A.3.4-03,GIST-A.3.4-07 a profile without layer: 10/3", fault,
	  { "query : +sp=hex:030000000101000000000000010100" "00 +scd", "10/3 ai=4:*:0003*" } },
	{ "GIST-5.7.1-05,GIST-A.4.4.10-07,GIST-A.3.5-06 options for a profile not proposed: 10/5", fault,
	  { "query : +sp=tcp +scd=30000,tcp@9", "10/5 eclass=2 ais=2 ai=4:*:0003*,4:*:0004*" } },
	{ "GIST-5.7.1-05,GIST-A.4.4.10-07 options for a protocol not proposed: 10/5", fault,
	  { "query : +sp=tcp +scd=30000,tcp@0,sctp@0", "10/5 ais=2 ai=4:*:0003*,4:*:0004*" } },
	{ "GIST-5.7.2-02 TCP without options: 10/5", fault,
	  { "query : +sp=tcp +scd=30000", "10/5 ais=2" } },
	{ "GIST-7.4-03,GIST-A.4.4.12-03,GIST-5.8.1.2-12,GIST-A.4.1-06 an IPv6 flow in an IPv4 Query: 12/1", fault,
	  { "query to=B.1:270 : -mri +mri=R.1v6:4000>B.1v6:5000,p17", "12/1 eclass=4 ais=1 ai=4:*:0000*" } },
	{ "GIST-5.8.1.3-13,GIST-A.4.4.11-01,GIST-5.8.1.3-02 an upstream Query from far away: 11/0", fault,
	  { "query d=1 ttl=253 to=B.1:270 : -mri +mri=B.1:4000>R.1:5000,p17", "11/0 eclass=4 ais=0" } },
	{ "GIST-A.4.1-01,GIST-A.4.1-04,GIST-A.4.1-05,GIST-5.2.2-22,GIST-5.6-05,GIST-5.6-07,GIST-5.6-11,GIST-5.1-31 the Error to a Query",
	  format_qmode },
	{ "GIST-A.4.1-05,GIST-5.6-03 the Error to Data in D-mode", format_dmode },
	{ "GIST-A.4.1-03,GIST-A.4.1-04 the Error has the MRI as it was", emri_octets },
	{ "GIST-A.4.1-03 an MRI that cannot be read is not in the Error", mri_unreadable },
	{ "GIST-5.6-07,GIST-5.6-03 the Error goes to the address of the NLI", to_nli },
	{ "GIST-5.6-08,GIST-4.4.1-26 with a broken NLI to the IP source, with S=1 only", nli_broken },
	{ "GIST-5.6-09,GIST-5.1-30 the Error names its sender", own_identity },
	{ "GIST-5.6-02 no Error answers an Error, whatever is wrong with it", no_error_to_error },
	{ "GIST-4.4.6-06,GIST-4.4.6-08,GIST-6.1-12 an Error 5/0 without state is thrown away", unmatched_error,
	  { "err=5/0,sid,mri,dgram" } },
	{ "GIST-4.4.6-06 an Error 10/4 without state is thrown away", unmatched_error,
	  { "err=10/4,sid,mri,dgram" } },
	{ "GIST-4.4.6-06 an Error 7/0 without state is thrown away", unmatched_error,
	  { "err=7/0,sid,mri,q" } },
	{ "GIST-4.4.6-01,GIST-6.1-07 no Error answers a Response that was not asked for", unmatched_response },
	{ "GIST-4.4.6-01 nor on an association", stream_response },
	{ "GIST-5.6-04 nothing is made for the sake of an Error", no_state_kept },
	{ "GIST-5.6-05 an Error is not repeated", one_error },
	{ "GIST-5.6-10 an Error goes over the association the message came by", same_association },
	{ "GIST-A.4.4.1-03 an unknown version on an association: 1/0, then it is closed", version_on_stream },
	{ "GIST-5.6-06 Errors are under the rate limit", unlimited_by_nothing },
	{ "GIST-A.4.3-02 the class of an Error does not matter", class_is_secondary },
	{ "GIST-A.4.1-07,GIST-A.4.2-01 additional information not asked for does not matter", more_information },
	{ "GIST-5.6-05 two faults, one Error", two_faults_one_error },
	{ "GIST-A.4.1-08 a comment, if wanted", comment },
};

SIM_MAIN(tests)
