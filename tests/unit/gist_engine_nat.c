// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The GIST engine on both sides of a NAT that knows GIST, and of one that does not (RFC 5971 7.2).
 *
 * Node 0 is inside and has the address 10.0.0.200 outside.
 *
 * natfw-test: quick timeout=60
 */
#include <errno.h>

#include "gist_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define OUTSIDE		200
#define INSIDE		1

static bool without_nli;	/* a NAT that leaves the NLI out of its list */
static struct address inner_source;

static unsigned int type_of(const struct packet *p)
{
	return p->data[10] & 0x7f;
}

/* MRI and NLI of a Query are made those of outside, and the object says so. */
static void translate_query(struct packet *p)
{
	uint8_t buf[1024], types[8];
	struct gist_message m;
	struct gist_fault fault;
	struct gist_out o, list;

	if (!EXPECT(gist_message_parse(&m, gist_view(p->data + 4, p->len - 4), GIST_DATAGRAM, 0,
				       &fault) == GIST_ACCEPT))
		return;
	gist_out_init(&list, types, sizeof(types));
	gist_natt_put_type(&list, without_nli ? GIST_MRI : GIST_NLI);
	gist_natt_put_type(&list, GIST_STACKCONF);
	m.natt = (struct gist_natt){
		.inner = m.tlv[GIST_MRI].value, .types = gist_out_view(&list), .type_count = 2,
	};
	m.present |= GIST_BIT(GIST_NATT);
	inner_source = m.mri.source;
	m.mri.source.b[3] = OUTSIDE;
	m.mri.sport = 999;
	m.nli.address.b[3] = OUTSIDE;
	gist_out_init(&o, buf, sizeof(buf));
	gist_magic_put(&o);
	gist_message_put(&o, &m);
	EXPECT_EQ(o.error, 0);
	rig_payload(p, gist_out_view(&o));
}

/* Addresses of packets, and of the Query what is in it. */
static void translate(struct packet *p)
{
	if (p->a.from.address.b[2] == 0 && p->a.from.address.b[3] == INSIDE) {
		p->a.from.address.b[3] = OUTSIDE;
		if (p->what == QMODE && type_of(p) == GIST_QUERY)
			translate_query(p);
	} else if (p->a.to.address.b[2] == 0 && p->a.to.address.b[3] == OUTSIDE) {
		p->a.to.address.b[3] = INSIDE;
	}
}

static bool aware(struct packet *p)
{
	if (p->what == DATAGRAM || (p->what == QMODE && p->node == 1))
		translate(p);
	return true;
}

/* Packets only. */
static bool legacy(struct packet *p)
{
	if (p->what > QMODE)
		return true;
	if (p->a.from.address.b[2] == 0 && p->a.from.address.b[3] == INSIDE)
		p->a.from.address.b[3] = OUTSIDE;
	else if (p->a.to.address.b[2] == 0 && p->a.to.address.b[3] == OUTSIDE)
		p->a.to.address.b[3] = INSIDE;
	return true;
}

static struct gist_mri inside(bool upstream)
{
	return rig_flow(0, 2, INSIDE, upstream);
}

static struct gist_mri outside(bool upstream)
{
	struct gist_mri m = rig_flow(0, 2, INSIDE, upstream);

	m.source.b[3] = OUTSIDE;
	m.sport = 999;
	return m;
}

static void both_ways(bool reliable)
{
	struct gist_mri down = inside(false), up = outside(true), seen = outside(false);

	rig_start(0, 1);
	without_nli = false;
	rig.filter = aware;
	EXPECT_EQ(rig_send(0, &down, "down", reliable), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[1].text, "down"));
	EXPECT(gist_mri_equal(&rig.node[1].mri, &seen));
	EXPECT(rig.node[1].rx.translated && rig.node[1].rx.validated);
	EXPECT_EQ(rig.node[1].peer.address.b[3], OUTSIDE);
	EXPECT_EQ(rig_send(1, &up, "back", reliable), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[0].text, "back"));
	EXPECT(address_equal(&rig.node[0].mri.source, &down.source));
	EXPECT_EQ(rig.types[GIST_ERROR], 0);
	rig_run(60000);
	EXPECT_EQ(rig_send(0, &down, "more", reliable), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[1].text, "more"));
	EXPECT_EQ(rig.node[1].g->aliases.count, 1);
	EXPECT_EQ(rig.node[1].g->states.count, 1);
	EXPECT_EQ(rig.types[GIST_ERROR], 0);
	rig_stop();
}

static void datagrams(void)
{
	both_ways(false);
}

static void association(void)
{
	both_ways(true);
}

static void not_listed(void)
{
	struct gist_mri down = inside(false);

	rig_start(0, 1);
	without_nli = true;
	rig.filter = aware;
	rig_send(0, &down, "down", false);
	rig_run(100);
	EXPECT_EQ(rig.types[GIST_RESPONSE], 0);
	EXPECT_EQ(rig.types[GIST_ERROR], 1);
	EXPECT_EQ(rig.node[0].failed, 1);
	EXPECT_EQ(rig.node[0].error, GIST_E_OBJECT << 8 | GIST_E_UNTRANSLATED);
	rig_stop();
}

static void not_aware(void)
{
	struct gist_mri down = inside(false);

	rig_start(0, 1);
	rig.filter = legacy;
	rig_send(0, &down, "down", false);
	rig_run(100);
	EXPECT_EQ(rig.node[1].queries, 0);
	EXPECT_EQ(rig.types[GIST_ERROR], 1);
	EXPECT_EQ(rig.node[0].failed, 1);
	EXPECT_EQ(rig.node[0].error, GIST_E_OBJECT << 8 | GIST_E_UNTRANSLATED);
	EXPECT_EQ(rig.node[0].g->states.count, 0);
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "GIST-7.2.3-05,GIST-7.2.3-06,GIST-7.2.3-07,GIST-7.2.3-09,GIST-7.2.2-06 through a NAT",
	  datagrams },
	{ "GIST-7.2.3-09,GIST-7.2.2-06 the same by an association", association },
	{ "GIST-7.2.3-01,GIST-7.2.3-02 a NAT that has not translated all", not_listed },
	{ "GIST-7.2.1-02,GIST-7.2.1-03,GIST-7.2.1-04,GIST-7.2.1-06 a NAT that knows no GIST",
	  not_aware },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
