// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages captured from another implementation, in vectors/: each is read and written
 * again, byte for byte where its format has one encoding. Files named rfc-* have the
 * numbers of the RFCs, the others those from before the registries.
 *
 * natfw-test: quick timeout=60
 */
#include <dirent.h>
#include <errno.h>

#include "gist/frame.h"
#include "gist/message.h"
#include "nslp/message.h"
#include "../unit/ktap.h"
#include "../unit/octets.h"

#define LINE_MAX_SIZE	8192

struct line {
	enum gist_mode mode;
	struct octets payload;
};

static unsigned int gist_count, nslp_count;
static bool old;		/* numbers of this file */

static bool read_line(FILE *f, struct line *l)
{
	static char text[LINE_MAX_SIZE];
	char *payload;

	if (!fgets(text, sizeof(text), f))
		return false;
	payload = strstr(text, "payload=");
	if (!EXPECT(payload != NULL))
		return false;
	l->mode = strstr(text, " udp ") ? GIST_DATAGRAM : GIST_CONNECTION;
	octets_hex(&l->payload, payload + strlen("payload="), 0);
	return true;
}

/* AB is ours to send as 00, and the external address's IP version as 4. */
static void normalize(struct octets *o)
{
	struct gist_walk w = gist_walk(gist_view(o->b + NSLP_HEADER_SIZE,
						 o->len - NSLP_HEADER_SIZE));
	struct gist_tlv tlv;

	while (gist_walk_next(&w, &tlv)) {
		uint8_t *p = o->b + (tlv.all.data - o->b);

		p[0] &= 0x0f;
		if (tlv.type == 0xf2)
			p[6] |= 0x40;
	}
}

static void check_nslp(struct gist_view data)
{
	unsigned int options = NSLP_ALLOW_NO_DTINFO | (old ? NSLP_OLD_NUMBERS : 0);
	struct nslp_message m;
	struct nslp_fault fault;
	struct gist_out out;
	struct octets want;
	uint8_t buf[1024];

	nslp_count++;
	if (!EXPECT_EQ(nslp_message_parse(&m, data, options, &fault), NSLP_ACCEPT)) {
		printf("# %x: %s\n", fault.code, fault.why);
		return;
	}
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_put(&out, &m, options);
	EXPECT_EQ(out.error, 0);
	memcpy(want.b, data.data, data.len);
	want.len = data.len;
	if (old)
		normalize(&want);
	EXPECT(octets_are(&want, gist_out_view(&out)));
	gist_out_init(&out, buf, sizeof(buf));
	nslp_message_forward(&out, &m, &m, options);
	EXPECT(octets_are(&want, gist_out_view(&out)));
}

/* What we do not send ourselves: a loose-end Query from the edge. */
static bool deviates(const struct gist_message *m)
{
	return m->head.type == GIST_QUERY && m->mri.method == GIST_MRM_LOOSE &&
		m->mri.upstream;
}

static void check_again(const struct gist_message *m, struct gist_view bytes)
{
	struct gist_out out;
	uint8_t buf[1024];

	gist_out_init(&out, buf, sizeof(buf));
	gist_message_put(&out, m);
	if (deviates(m)) {
		EXPECT_EQ(out.error, -EINVAL);
		return;
	}
	EXPECT_EQ(out.error, 0);
	EXPECT(gist_view_equal(gist_out_view(&out), bytes));
}

static void check_gist(struct gist_view bytes, enum gist_mode mode, struct gist_message *m)
{
	struct gist_fault fault;

	gist_count++;
	if (!EXPECT_EQ(gist_message_parse(m, bytes, mode, GIST_ALLOW_LOOSE_UPSTREAM, &fault),
		       GIST_ACCEPT)) {
		printf("# %u/%u %s\n", fault.code, fault.subcode, fault.why);
		return;
	}
	check_again(m, bytes);
	if (gist_message_has(m, GIST_NSLP_DATA))
		check_nslp(m->nslp_data);
}

/* Our echo of a Query's MRI is what the other implementation answers with. */
static void check_echo(const struct gist_message *query, const struct gist_message *response)
{
	struct gist_out out;
	uint8_t buf[128];

	gist_out_init(&out, buf, sizeof(buf));
	gist_mri_echo(&out, query->tlv[GIST_MRI].value, !query->mri.upstream);
	EXPECT(gist_view_equal(gist_out_view(&out), response->tlv[GIST_MRI].all));
	EXPECT(gist_view_equal(query->query_cookie, response->query_cookie));
	EXPECT(!memcmp(query->sid, response->sid, GIST_SID_SIZE));
}

static void check_file(const char *name)
{
	static struct line lines[16];
	static struct gist_message m[16];
	struct gist_view v, frame;
	char path[300];
	unsigned int n;
	FILE *f;

	snprintf(path, sizeof(path), "vectors/%s", name);
	f = fopen(path, "r");
	if (!EXPECT(f != NULL))
		return;
	old = strncmp(name, "rfc-", 4);
	for (n = 0; n < 16 && read_line(f, &lines[n]); n++) {
		v = octets_view(&lines[n].payload);
		if (lines[n].mode == GIST_DATAGRAM) {
			EXPECT(gist_magic_strip(&v));
			check_gist(v, GIST_DATAGRAM, &m[n]);
			continue;
		}
		EXPECT_EQ(gist_frame_next(&v, &frame), GIST_FRAME_MESSAGE);
		EXPECT_EQ(v.len, 0);
		check_gist(frame, GIST_CONNECTION, &m[n]);
	}
	EXPECT(n > 2);
	check_echo(&m[0], &m[1]);
	fclose(f);
}

static int is_vector(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 4 && !strcmp(d->d_name + len - 4, ".txt");
}

int main(void)
{
	struct dirent **files;
	bool bad = false;
	int n = scandir("vectors", &files, is_vector, alphasort), i;
	char name[300];

	if (n <= 0) {
		printf("1..0 # SKIP no vectors\n");
		return 4;
	}
	printf("KTAP version 1\n1..%d\n", n + 1);
	for (i = 0; i < n; i++) {
		check_file(files[i]->d_name);
		bad |= ktap_failed;
		snprintf(name, sizeof(name), "vectors of %s", files[i]->d_name);
		ktap_point((unsigned int)i + 1, name);
		free(files[i]);
	}
	free(files);
	printf("# %u messages of GIST, %u of NATFW\n", gist_count, nslp_count);
	EXPECT(gist_count > 190 && nslp_count > 100);
	bad |= ktap_failed;
	ktap_point((unsigned int)n + 1, "all of them");
	return bad;
}
