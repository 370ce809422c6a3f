// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The GIST engine: finding peers, and messages between them.
 *
 * natfw-test: quick timeout=120
 */
#include "gist_engine_rig.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- both directions ------------------------------------------------------------------------ */

static void dmode(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);

	rig_start(0, 2);
	EXPECT_EQ(rig_send(0, &down, "down", false), 0);
	rig_run(100);
	EXPECT_EQ(rig.node[1].queries, 1);
	EXPECT_EQ(rig.node[2].queries, 0);
	EXPECT_EQ(rig.node[1].messages, 1);
	EXPECT(!strcmp(rig.node[1].text, "down"));
	EXPECT(rig.node[1].rx.validated && !rig.node[1].peer.ma);
	EXPECT_EQ(rig.node[0].sent, 1);
	EXPECT_EQ(rig_send(1, &up, "back", false), 0);
	EXPECT_EQ(rig_send(0, &down, "more", false), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[0].text, "back"));
	EXPECT(!strcmp(rig.node[1].text, "more"));
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	EXPECT_EQ(rig.types[GIST_RESPONSE], 1);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 1);
	EXPECT_EQ(rig.types[GIST_DATA], 3);
	EXPECT_EQ(rig.types[GIST_ERROR], 0);
	rig_stop();
}

static void cmode(void)
{
	struct gist_mri down = rig_flow(0, 2, 1, false), up = rig_flow(0, 2, 1, true);

	rig_start(0, 2);
	EXPECT_EQ(rig_send(0, &down, "down", true), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[1].text, "down"));
	EXPECT(rig.node[1].peer.ma);
	EXPECT_EQ(rig_send(1, &up, "back", true), 0);
	rig_run(100);
	EXPECT(!strcmp(rig.node[0].text, "back"));
	EXPECT_EQ(rig.types[GIST_QUERY], 1);
	EXPECT_EQ(rig.types[GIST_RESPONSE], 1);
	EXPECT_EQ(rig.types[GIST_CONFIRM], 0);
	EXPECT_EQ(rig.types[GIST_DATA], 0);
	rig_stop();
}

static const struct ktap_test tests[] = {
	{ "GIST-6.1-15,GIST-6.2-09,GIST-6.1-09,GIST-4.3.2-18 Data both ways in D-mode", dmode },
	{ "GIST-2-02,GIST-4.4.1-10,GIST-4.3.3-15 Data both ways on one association", cmode },
};

int main(void)
{
	return ktap_main(tests, ARRAY_SIZE(tests));
}
