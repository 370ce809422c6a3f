// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What another implementation sent, sent to ours: the Query as it was captured, the Confirm with the
 * cookie and proposal that ours gave, then its NATFW messages, octet for octet. And what ours sends has
 * the form that other one has.
 *
 * natfw-test: host quick
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gist/tlv.h"
#include "scenes.h"

#define IS(a, b)	CHECK(!strcmp(a, b))
#define LINES	16

struct line {
	char via[8], from[64], to[64];
	char hex[4096];
};

static struct line lines[LINES];
static unsigned int count_lines;

/* "0.0 udp 10.77.1.2.270 > 10.77.2.2.270 ttl=100 ip_options=94040041 payload=..." */
static void load(const char *name)
{
	char path[128], text[8192], *dot;
	FILE *f;

	snprintf(path, sizeof(path), "../replay/vectors/%s.txt", name);
	f = fopen(path, "r");
	count_lines = 0;
	if (!f) {
		sim_fail("no %s", path);
		return;
	}
	while (count_lines < LINES && fgets(text, sizeof(text), f)) {
		struct line *l = &lines[count_lines];

		if (sscanf(text, "%*f %7s %63s > %63s ttl=%*d ip_options=%*s payload=%4095s", l->via, l->from,
			   l->to, l->hex) != 4)
			continue;
		dot = strrchr(l->from, '.');
		*dot = ':';
		dot = strrchr(l->to, '.');
		*dot = ':';
		count_lines++;
	}
	fclose(f);
}

static size_t octets_of(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned int v;

	for (; sscanf(hex, "%2x", &v) == 1; hex += 2)
		out[n++] = (uint8_t)v;
	return n;
}

/* The captured Confirm, with @rc and @sp in place of its own. */
static void confirm_for(const char *captured, const char *rc, const char *sp, char *out)
{
	uint8_t in[2048], buf[2048], value[512];
	size_t n = octets_of(captured, in), len = 8, vlen, i;
	struct gist_walk w = gist_walk(gist_view(in + 8, n - 8));
	struct gist_tlv tlv;

	memcpy(buf, in, 8);
	while (gist_walk_next(&w, &tlv)) {
		if (tlv.type != 6 && tlv.type != 3) {
			memcpy(buf + len, tlv.all.data, tlv.all.len);
			len += tlv.all.len;
			continue;
		}
		vlen = octets_of(tlv.type == 6 ? rc : sp, value);
		buf[len] = 0;
		buf[len + 1] = (uint8_t)tlv.type;
		buf[len + 2] = 0;
		buf[len + 3] = (uint8_t)(vlen / 4);
		memcpy(buf + len + 4, value, vlen);
		len += 4 + vlen;
	}
	buf[2] = (uint8_t)((len - 8) / 4 >> 8);
	buf[3] = (uint8_t)((len - 8) / 4);
	for (i = 0; i < len; i++)
		sprintf(out + 2 * i, "%02x", buf[i]);
}

/* A (10.77.1.2) - B (10.77.1.1, 10.77.2.1) - C (10.77.2.2), as when it was captured. */
static void network(void)
{
	net("A B C");
	address("A", 1, "10.77.1.2");
	address("B", 1, "10.77.1.1");
	address("B", 2, "10.77.2.1");
	address("C", 2, "10.77.2.2");
}

/* Lines of @name that @node sent, toward the engine whose stream port is at @stream. */
static void handshake(const char *name, const char *node, const char *stream)
{
	static char confirm[8192];
	unsigned int i;

	load(name);
	if (!count_lines)
		return;
	raw_packet(node, lines[0].from, lines[0].to, 100, 65, lines[0].hex);
	expect(500, "%s rx response qc=$qc rc=$rc sp.hex=$sp nslpid=33 d=1", node);
	expect(0, "%s tx query qc=$qc", node);
	raw_connect(node, stream);
	for (i = 0; i < count_lines && strcmp(lines[i].via, "tcp"); i++)
		;
	confirm_for(lines[i].hex, var("rc"), var("sp"), confirm);
	raw_octets(node, NULL, confirm);
	run(30);
}

/* The next captured message of @node's after the Confirm; @skip of them have been had. */
static const char *message(const char *from, unsigned int skip)
{
	unsigned int i, n = 0;

	for (i = 0; i < count_lines; i++)
		if (!strcmp(lines[i].via, "tcp") && !strncmp(lines[i].from, from, strlen(from)) &&
		    n++ == skip + 1)
			return lines[i].hex;
	return "";
}

static void forwarder(void)
{
	network();
	gist("B C", "");
	nslp("B", "forward=1 fw out=2");
	nslp("C", "");
	handshake("rfc-fw-create-a", "A", "10.77.1.1:30000");
	raw_octets("A", NULL, message("10.77.1.2", 0));
	expect(3000, "A rx data m=response info=0201 lt=$lt msn=$msn via=tcp d=1");
	expect(0, "A tx data m=create msn=$msn");
	expect(0, "B gate op=open");
	expect(0, "C event state=established");
	/* its refresh, its delete */
	run(6000);
	raw_octets("A", NULL, message("10.77.1.2", 1));
	expect(3000, "A rx data m=response info=0201 msn!=$msn");
	run(2000);
	forget();
	raw_octets("A", NULL, message("10.77.1.2", 2));
	expect(100, "B gate op=close");
	none(2000, "A rx data m=response");
}

static void receiver(void)
{
	network();
	gist("C", "");
	nslp("C", "");
	handshake("rfc-fw-create-b", "B", "10.77.2.2:30000");
	raw_octets("B", NULL, message("10.77.2.1", 0));
	expect(3000, "B rx data m=response info=0201 lt=$lt msn=$msn");
	expect(0, "B tx data m=create msn=$msn");
	run(6000);
	raw_octets("B", NULL, message("10.77.2.1", 1));
	expect(3000, "B rx data m=response info=0201 msn!=$msn");
	raw_octets("B", NULL, message("10.77.2.1", 2));
	none(2000, "B rx data m=response");
}

static void lifetime(void)
{
	network();
	gist("B C", "");
	nslp("B", "forward=1 fw out=2 max=60");
	nslp("C", "");
	handshake("rfc-err-lifetime-a", "A", "10.77.1.1:30000");
	raw_octets("A", NULL, message("10.77.1.2", 0));
	/* 200 s wanted: that one refuses, ours lowers */
	expect(3000, "A rx data m=response info=0201 lt=60");
}

static void reservation(void)
{
	network();
	gist("B", "");
	nslp("B", "forward=1 nat edge out=1");
	handshake("rfc-ext-le-nat-b", "C", "10.77.2.1:30000");
	raw_octets("C", NULL, message("10.77.2.2", 0));
	expect(3000, "C rx data m=response info=0201 ext=10.77.1.1:40000 lt=$lt");
	expect(0, "B gate op=hold");
	forget();
	run(6000);
	raw_octets("C", NULL, message("10.77.2.2", 1));
	expect(3000, "C rx data m=response info=0201 ext=10.77.1.1:40000");
}

/* The objects of that one's message number @n, as in the trace. */
static const char *form(const char *name, unsigned int n, bool data)
{
	static char text[256];
	uint8_t in[2048];
	size_t len, head = 8;
	struct gist_walk w;
	struct gist_tlv tlv;

	load(name);
	len = octets_of(lines[n].hex, in);
	if (!strcmp(lines[n].via, "udp"))
		head = 12;
	*text = 0;
	w = gist_walk(gist_view(in + head, len - head));
	while (gist_walk_next(&w, &tlv)) {
		if (data && tlv.type == 8) {
			*text = 0;
			w = gist_walk(gist_view(tlv.value.data + 4, tlv.value.len - 4));
			while (gist_walk_next(&w, &tlv))
				sprintf(text + strlen(text), "%s%03x", *text ? "," : "", tlv.type);
			break;
		}
		if (!data)
			sprintf(text + strlen(text), "%s%u", *text ? "," : "", tlv.type);
	}
	return text;
}

static void our_form(void)
{
	ni("tls=1");
	gist("A B", "tls=1");
	app_open("A", "create", "lt=200");
	expect(10, "A tx query objs=%s", form("rfc-fw-create-a", 0, false));
	expect(500, "B tx response objs=%s", form("rfc-fw-create-a", 1, false));
	expect(500, "A tx confirm objs=%s", form("rfc-fw-create-a", 2, false));
	expect(500, "A tx data objs=%s", form("rfc-fw-create-a", 3, false));
}

static const struct sim_test tests[] = {
	{ "NATFW-3.2.1-02,NATFW-3.7.3-04,NATFW-3.7.4-06 another implementation's CREATE, refresh, delete through ours", forwarder },
	{ "NATFW-3.7.1-23,NATFW-3.7.4-06 to ours", receiver },
	{ "NATFW-3.4-13,NATFW-3.4-17 its CREATE for longer than ours likes", lifetime },
	{ "NATFW-3.7.2-19,NATFW-4.2.2-02,NATFW-3.7.3-11 its EXTERNAL to our edge-NAT", reservation },
	{ "GIST-5.1-02,GIST-5.1-06 ours have the form of its messages", our_form },
};

SIM_MAIN(tests)
