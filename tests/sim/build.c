// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages with octets as told, right or wrong.
 *
 * Before ":", after the type (query, response, confirm, data, error, hello, or a number):
 *	from= to=	ADDRESS:PORT; to= of a Query: the flow's destination (d=1: source)
 *	via=		udp, q, tcp (last stream of the node); of a Query q
 *	ttl= rao= tos=	of the IP header
 *	c= s= r= e= hops= nslpid= ver= res=	of the common header
 *	d=		direction of the MRI, if not said there
 *	words=+1	length field larger than is right
 *	poke=AT:HEX	octets of the finished message overwritten
 *	cut=N tail=HEX	octets less or more at the end (length field as before)
 *	nomagic
 * After ":", instead of the objects that the type has to have, a list of what is in the message,
 * or changes: "+data=00" put in at its place, "-nli" left out, "sid!3" with AB=11:
 *	mri mri=FLOW mri=hex:HEX	sid sid=HEX	qc=HEX rc=HEX hello=HEX
 *	nli nli=ADDRESS,pi=HEX,ttl=N,val=N
 *	sp=tls/tcp,tcp	scd=HOLD,tcp@0:PORT	data=HEX data=[NATFW...]
 *	err=CODE/SUB,head=HEX,sid,mri,ai3=N
 *	natt=FLOW,TYPE.TYPE,HEX.HEX	obj=TYPE:AB:HEX
 *
 * A NATFW message: create, external, response, notify or a number; p pe res=HEX, and objects
 *	lt=N efi=1/0 msn=N nonce=HEX info=0201/000 icmp=8,0 ext=ADDRESS:PORT bind=PORT,ADDRESS,...
 *	dti=p17,PORT,PORT,ADDRESS/PREFIX dti=hex:HEX auth=HEX obj=TYPE:AB:HEX cut=N; "lt!3"
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static const char *const object_word[] = {
	"mri", "sid", "nli", "sp", "scd", "qc", "rc", "natt", "data", "err", "hello",
};

/* Places in the order of 5.1. */
static const unsigned int place[] = { 1, 2, 3, 6, 7, 4, 5, 0, 8, 9, 10 };

static unsigned int ab_of(char *word)
{
	char *mark = strchr(word, '!');

	if (!mark || !isdigit((unsigned char)mark[1]) || (mark[2] && mark[2] != '='))
		return 0;
	{
		unsigned int ab = (unsigned int)(mark[1] - '0');

		memmove(mark, mark + 2, strlen(mark + 2) + 1);
		return ab;
	}
}

static size_t put_hex(struct gist_out *o, const char *hex)
{
	uint8_t buf[8192];
	size_t n = read_hex(hex, buf, sizeof(buf));

	gist_out_bytes(o, buf, n);
	return n;
}

/* ------------------------------------------------------------------ NATFW */

static void natfw_dtinfo(struct gist_out *o, const char *v)
{
	struct nslp_dtinfo d = { .prefix = 0 };
	char copy[128], *word, *save, *slash;
	unsigned int a, n = 0;
	struct address sender;

	if (!strncmp(v, "hex:", 4)) {
		put_hex(o, v + 4);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", v);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (sscanf(word, "spi%u", &a) == 1) {
			d.has_spi = true;
			d.spi = a;
		} else if (sscanf(word, "p%u", &a) == 1) {
			d.has_protocol = true;
			d.protocol = (uint8_t)a;
		} else if ((slash = strchr(word, '/'))) {
			*slash = 0;
			d.prefix = (uint8_t)atoi(slash + 1);
			if (read_address(word, &sender))
				memcpy(d.sender, sender.b, 4);
		} else {
			d.has_ports = true;
			if (!n++)
				d.receiver_port = (uint16_t)atoi(word);
			else
				d.sender_port = (uint16_t)atoi(word);
		}
	}
	nslp_dtinfo_put(o, &d);
}

static void natfw_binding(struct gist_out *o, const char *v)
{
	char copy[256], *word, *save;
	struct address a;

	snprintf(copy, sizeof(copy), "%s", v);
	word = strtok_r(copy, ",", &save);
	gist_out_u16(o, (uint16_t)atoi(word ? word : "0"));
	gist_out_u16(o, 0x4000);
	while ((word = strtok_r(NULL, ",", &save)))
		if (read_address(word, &a))
			gist_out_bytes(o, a.b, 4);
}

static void natfw_icmp(struct gist_out *o, const char *v)
{
	uint8_t types[64];
	unsigned int n = 0;
	char copy[256], *word, *save;

	snprintf(copy, sizeof(copy), "%s", v);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		types[n++] = (uint8_t)atoi(word);
	gist_out_u8(o, (uint8_t)n);
	gist_out_bytes(o, types, n);
	while (o->len % 4)
		gist_out_u8(o, 0);
}

static void natfw_external(struct gist_out *o, const char *v)
{
	struct endpoint e = { .port = 0 };

	read_endpoint(v, &e);
	gist_out_u16(o, e.port);
	gist_out_u16(o, 0x4000);
	gist_out_bytes(o, e.address.b, 4);
}

static void natfw_value(struct gist_out *o, const char *key, const char *v)
{
	unsigned int a = 0, b = 0;

	if (!strcmp(key, "lt") || !strcmp(key, "msn")) {
		gist_out_u32(o, (uint32_t)strtoul(v, NULL, 10));
	} else if (!strcmp(key, "nonce")) {
		gist_out_u32(o, (uint32_t)strtoul(v, NULL, 16));
	} else if (!strcmp(key, "efi")) {
		sscanf(v, "%u/%u", &a, &b);
		gist_out_u32(o, a << 16 | b);
	} else if (!strcmp(key, "info")) {
		sscanf(v, "%x/%x", &a, &b);
		gist_out_u32(o, a << 16 | b);
	} else if (!strcmp(key, "dti")) {
		natfw_dtinfo(o, v);
	} else if (!strcmp(key, "bind")) {
		natfw_binding(o, v);
	} else if (!strcmp(key, "icmp")) {
		natfw_icmp(o, v);
	} else if (!strcmp(key, "ext")) {
		natfw_external(o, v);
	} else {
		put_hex(o, v);
	}
}

static void tlv(struct gist_out *o, unsigned int type, unsigned int ab, size_t mark)
{
	size_t len = o->len - mark - 4;

	o->data[mark] = (uint8_t)(ab << 6 | type >> 8);
	o->data[mark + 1] = (uint8_t)type;
	o->data[mark + 2] = (uint8_t)(len / 4 >> 8);
	o->data[mark + 3] = (uint8_t)(len / 4);
}

/* "TYPE:AB:HEX", type in hex for NATFW, in decimal for GIST. */
static void other_object(struct gist_out *o, const char *v, const char *format)
{
	unsigned int type = 0, ab = 0;
	size_t mark = o->len;
	const char *hex = strrchr(v, ':');

	sscanf(v, format, &type, &ab);
	gist_out_u32(o, 0);
	put_hex(o, hex + 1);
	tlv(o, type, ab, mark);
}

static void natfw_object(struct gist_out *o, char *word)
{
	static const struct { const char *key; unsigned int type; } known[] = {
		{ "lt", 0xc }, { "ext", 0xd }, { "bind", 0xe }, { "efi", 0xf }, { "info", 0x10 },
		{ "nonce", 0x11 }, { "msn", 0x12 }, { "dti", 0x13 }, { "icmp", 0x14 }, { "auth", 0x16 },
	};
	unsigned int ab = ab_of(word), i;
	char *eq = strchr(word, '=');
	size_t mark = o->len;

	if (!eq) {
		sim_fail("what is %s?", word);
		return;
	}
	*eq = 0;
	if (!strcmp(word, "obj")) {
		other_object(o, eq + 1, "%x:%u:");
		return;
	}
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(known[i].key, word)) {
			gist_out_u32(o, 0);
			natfw_value(o, word, eq + 1);
			tlv(o, known[i].type, ab, mark);
			return;
		}
	sim_fail("what is %s?", word);
}

static void put_natfw(struct gist_out *o, char *spec)
{
	static const char *const name[] = { "", "create", "external", "response", "notify" };
	struct words *ws = malloc(sizeof(*ws));
	size_t start = o->len, cut = 0;
	unsigned int i, type;
	uint32_t res = 0;

	spec[strlen(spec) - 1] = 0;
	words_split(ws, spec + 1);
	for (type = 1; type < 5 && strcmp(name[type], ws->word[0]); type++)
		;
	if (type == 5)
		type = (unsigned int)strtoul(ws->word[0], NULL, 0);
	gist_out_u32(o, type << 24);
	for (i = 1; i < ws->n; i++) {
		if (!strcmp(ws->word[i], "p"))
			o->data[start + 1] |= 0x80;
		else if (!strcmp(ws->word[i], "pe"))
			o->data[start + 1] |= 0x40;
		else if (!strncmp(ws->word[i], "res=", 4)) {
			res = (uint32_t)strtoul(ws->word[i] + 4, NULL, 16);
			o->data[start + 1] |= (uint8_t)(res >> 16);
			o->data[start + 2] |= (uint8_t)(res >> 8);
			o->data[start + 3] |= (uint8_t)res;
		} else if (!strncmp(ws->word[i], "cut=", 4))
			cut = (size_t)atoi(ws->word[i] + 4);
		else
			natfw_object(o, ws->word[i]);
	}
	o->len -= cut;
	free(ws);
}

/* ------------------------------------------------------------------ GIST objects */

struct builder {
	struct node *node;
	struct gist_out *o;
	unsigned int type;
	bool upstream;
	struct address own;
};

static void value_mri(struct builder *b, const char *v)
{
	struct gist_mri m = w.flow;

	if (v && !strncmp(v, "hex:", 4)) {
		put_hex(b->o, v + 4);
		return;
	}
	if (v && *v && !read_mri(v, &m))
		sim_fail("what flow is %s?", v);
	m.upstream = b->upstream;
	gist_mri_value_put(b->o, &m);
}

static void value_nli(struct builder *b, const char *v)
{
	uint8_t id[255];
	struct gist_nli n = { .ttl = 0, .validity = 30000, .identity = { id, 4 }, .address = b->own };
	char copy[1024], *word, *save;
	uint32_t val = 30000;

	memset(id, b->node->name[0], sizeof(id));
	if (v && !strncmp(v, "hex:", 4)) {
		put_hex(b->o, v + 4);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", v ? v : "");
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (!strncmp(word, "pi=", 3))
			n.identity.len = read_hex(word + 3, id, sizeof(id));
		else if (!strncmp(word, "ttl=", 4))
			n.ttl = (uint8_t)atoi(word + 4);
		else if (!strncmp(word, "val=", 4))
			val = (uint32_t)strtoul(word + 4, NULL, 10);
		else if (!read_address(word, &n.address))
			sim_fail("what is %s?", word);
	}
	gist_out_u8(b->o, (uint8_t)n.identity.len);
	gist_out_u8(b->o, n.ttl);
	gist_out_u16(b->o, (uint16_t)(n.address.version << 12));
	gist_out_u32(b->o, val);
	gist_out_padded(b->o, n.identity);
	gist_out_bytes(b->o, n.address.b, n.address.version == 6 ? 16 : 4);
}

static unsigned int layer(const char *s)
{
	return !strcmp(s, "tcp") ? 1 : !strcmp(s, "tls") ? 2 : !strcmp(s, "sctp") ? 3 :
		(unsigned int)atoi(s);
}

static void value_sp(struct builder *b, const char *v)
{
	char copy[256], *word, *save, *part, *inner;
	size_t start = b->o->len, at;
	unsigned int n = 0;

	if (v && !strncmp(v, "hex:", 4)) {
		put_hex(b->o, v + 4);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", v && *v ? v : "tcp");
	gist_out_u32(b->o, 0);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		at = b->o->len;
		gist_out_u8(b->o, 0);
		for (part = strtok_r(word, "/", &inner); part; part = strtok_r(NULL, "/", &inner)) {
			gist_out_u8(b->o, (uint8_t)layer(part));
			b->o->data[at]++;
		}
		while (b->o->len % 4)
			gist_out_u8(b->o, 0);
		n++;
	}
	b->o->data[start] = (uint8_t)n;
}

static void scd_option(struct builder *b, char *word)
{
	unsigned int profile = 0, port = 0;
	char *mark = strchr(word, '@'), *x = strchr(word, 'x');

	if (x)
		*x = 0;
	if (mark) {
		*mark = 0;
		sscanf(mark + 1, "%u:%u", &profile, &port);
	}
	gist_out_u8(b->o, (uint8_t)layer(word));
	gist_out_u8(b->o, (uint8_t)profile);
	gist_out_u8(b->o, port ? 2 : 0);
	gist_out_u8(b->o, x ? 0x80 : 0);
	if (port) {
		gist_out_u16(b->o, (uint16_t)port);
		gist_out_u16(b->o, 0);
	}
}

static void value_scd(struct builder *b, const char *v)
{
	char copy[256], *word, *save;
	size_t start = b->o->len;

	if (v && !strncmp(v, "hex:", 4)) {
		put_hex(b->o, v + 4);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", v && *v ? v : b->type == GIST_CONFIRM ? "30000" :
		 b->type == GIST_QUERY ? "30000,tcp@0" : "30000,tcp@0:30000");
	word = strtok_r(copy, ",", &save);
	gist_out_u32(b->o, 0);
	gist_out_u32(b->o, (uint32_t)strtoul(word ? word : "0", NULL, 10));
	while ((word = strtok_r(NULL, ",", &save))) {
		scd_option(b, word);
		b->o->data[start]++;
	}
}

static void value_error(struct builder *b, const char *v)
{
	unsigned int code = 0, sub = 0, flags = 0, infos = 0, class;
	uint8_t head[8] = { 1, 9, 0, 0, 0x7f, 0xc0, 3, 0x80 }, infobuf[256];
	struct gist_mri m = w.flow;
	char copy[1024], *word, *save;
	uint8_t mri[64];
	struct gist_out mo, io;
	unsigned int a, n;

	gist_out_init(&mo, mri, sizeof(mri));
	gist_out_init(&io, infobuf, sizeof(infobuf));
	snprintf(copy, sizeof(copy), "%s", v ? v : "5/0");
	word = strtok_r(copy, ",", &save);
	sscanf(word ? word : "", "%u/%u", &code, &sub);
	class = gist_error_class(code);
	while ((word = strtok_r(NULL, ",", &save))) {
		if (!strcmp(word, "sid"))
			flags |= 0x80;
		else if (!strcmp(word, "up"))
			m.upstream = true;
		else if (!strncmp(word, "mri=", 4)) {
			flags |= 0x40;
			read_mri(word + 4, &m);
			m.has_protocol = true;
			m.protocol = 17;
		} else if (!strcmp(word, "mri"))
			flags |= 0x40;
		else if (!strncmp(word, "head=", 5))
			read_hex(word + 5, head, 8);
		else if (!strncmp(word, "class=", 6))
			class = (unsigned int)atoi(word + 6);
		else if (!strcmp(word, "dgram"))
			flags |= 0x10;
		else if (!strcmp(word, "q")) {
			flags |= 0x18;
			head[6] = 0x80;
			head[7] = 0xc0;
		}
		else if (sscanf(word, "ai%u=%u", &a, &n) == 2) {
			gist_out_u16(&io, (uint16_t)a);
			gist_out_u16(&io, 1);
			gist_out_u16(&io, (uint16_t)n);
			gist_out_u16(&io, 0);
			infos++;
		}
	}
	if (flags & 0x40)
		gist_mri_value_put(&mo, &m);
	gist_out_u8(b->o, (uint8_t)class);
	gist_out_u16(b->o, (uint16_t)code);
	gist_out_u8(b->o, (uint8_t)sub);
	gist_out_u16(b->o, (uint16_t)(flags << 8));
	gist_out_u8(b->o, (uint8_t)(mo.len / 4));
	gist_out_u8(b->o, (uint8_t)infos);
	gist_out_bytes(b->o, head, 8);
	if (flags & 0x80)
		gist_out_bytes(b->o, w.sid, 16);
	gist_out_bytes(b->o, mri, mo.len);
	gist_out_bytes(b->o, infobuf, io.len);
}

/* "FLOW;TYPE.TYPE;HEX.HEX" */
static void value_natt(struct builder *b, const char *v)
{
	char copy[512], *types, *nats, *word, *save;
	struct gist_natt n = { .type_count = 0 };
	uint8_t tbuf[64], nbuf[256], data[128];
	struct gist_out to, no;

	if (!strncmp(v, "hex:", 4)) {
		put_hex(b->o, v + 4);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", v);
	types = strchr(copy, ';');
	nats = types ? strchr(types + 1, ';') : NULL;
	if (types)
		*types++ = 0;
	if (nats)
		*nats++ = 0;
	read_mri(copy, &n.mri);
	n.mri.upstream = b->type == GIST_QUERY && b->upstream;
	gist_out_init(&to, tbuf, sizeof(tbuf));
	gist_out_init(&no, nbuf, sizeof(nbuf));
	for (word = types ? strtok_r(types, ".", &save) : NULL; word; word = strtok_r(NULL, ".", &save)) {
		gist_out_u16(&to, (uint16_t)atoi(word));
		n.type_count++;
	}
	for (word = nats ? strtok_r(nats, ".", &save) : NULL; word; word = strtok_r(NULL, ".", &save)) {
		size_t len = read_hex(word, data, sizeof(data));

		gist_out_u16(&no, (uint16_t)len);
		gist_out_bytes(&no, data, len);
		while (no.len % 4)
			gist_out_u8(&no, 0);
		n.nat_count++;
	}
	{
		uint8_t mri[64];
		struct gist_out mo;

		gist_out_init(&mo, mri, sizeof(mri));
		gist_mri_value_put(&mo, &n.mri);
		gist_out_u8(b->o, (uint8_t)(mo.len / 4));
		gist_out_u8(b->o, n.type_count);
		gist_out_u8(b->o, n.nat_count);
		gist_out_u8(b->o, 0);
		gist_out_bytes(b->o, mri, mo.len);
		gist_out_padded(b->o, gist_out_view(&to));
		gist_out_bytes(b->o, nbuf, no.len);
	}
}

static void value_data(struct builder *b, char *v)
{
	if (v && *v == '[') {
		put_natfw(b->o, v);
		return;
	}
	if (v && !strncmp(v, "zeros:", 6)) {
		size_t n = (size_t)atoi(v + 6);

		while (n--)
			gist_out_u8(b->o, 0);
		return;
	}
	put_hex(b->o, v && *v ? v : "01020304");
}

static void put_object(struct builder *b, char *word)
{
	unsigned int ab = ab_of(word), i;
	char *v = strchr(word, '=');
	size_t mark = b->o->len, n = v ? (size_t)(v - word) : strlen(word);

	if (v)
		v++;
	if (!strncmp(word, "obj=", 4)) {
		other_object(b->o, v, "%u:%u:");
		return;
	}
	for (i = 0; i < GIST_OBJECTS; i++)
		if (strlen(object_word[i]) == n && !strncmp(word, object_word[i], n))
			break;
	gist_out_u32(b->o, 0);
	switch (i) {
	case GIST_MRI: value_mri(b, v); break;
	case GIST_SID:
		if (v)
			put_hex(b->o, v);
		else
			gist_out_bytes(b->o, w.sid, 16);
		break;
	case GIST_NLI: value_nli(b, v); break;
	case GIST_PROPOSAL: value_sp(b, v); break;
	case GIST_STACKCONF: value_scd(b, v); break;
	case GIST_NATT: value_natt(b, v); break;
	case GIST_NSLP_DATA: value_data(b, v); break;
	case GIST_ERROR_DATA: value_error(b, v); break;
	case GIST_OBJECTS: sim_fail("what is %s?", word); break;
	default: put_hex(b->o, v && *v ? v : "c00c1e5500112233"); break;
	}
	tlv(b->o, i, ab, mark);
}

/* ------------------------------------------------------------------ the message */

static unsigned int type_of(const char *word)
{
	static const char *const name[] = {
		"query", "response", "confirm", "data", "error", "hello",
	};
	unsigned int i;

	for (i = 0; i < 6; i++)
		if (!strcmp(word, name[i]))
			return i;
	return (unsigned int)strtoul(word, NULL, 0);
}

/* The objects of a type when nothing else is said. */
static const char *usual(unsigned int type, bool stream)
{
	static const char *const objects[] = {
		"mri sid nli qc", "mri sid nli qc=$qc", "mri sid nli", "mri sid nli data", "nli err",
		"hello=00000000",
	};

	if (stream && type == GIST_DATA)
		return "mri sid data";
	if (stream && type == GIST_ERROR)
		return "err";
	return type < 6 ? objects[type] : "";
}

static unsigned int word_place(const char *word)
{
	size_t n = strcspn(word, "=!");
	unsigned int i;

	for (i = 0; i < GIST_OBJECTS; i++)
		if (strlen(object_word[i]) == n && !strncmp(word, object_word[i], n))
			return place[i];
	return 99;
}

static bool same_object(const char *a, const char *b)
{
	size_t n = strcspn(a, "=!");

	return n == strcspn(b, "=!") && !strncmp(a, b, n);
}

/* Changes put into the usual list. */
static unsigned int arrange(char **list, unsigned int n, struct words *change)
{
	unsigned int i, k;

	for (i = 0; i < change->n; i++) {
		char *word = change->word[i];

		if (*word == '-') {
			for (k = 0; k < n && !same_object(list[k], word + 1); k++)
				;
			if (k == n) {
				sim_fail("there is no %s", word + 1);
				continue;
			}
			memmove(list + k, list + k + 1, (n - k - 1) * sizeof(*list));
			n--;
			continue;
		}
		word++;
		for (k = 0; k < n && word_place(list[k]) <= word_place(word); k++)
			;
		memmove(list + k + 1, list + k, (n - k) * sizeof(*list));
		list[k] = word;
		n++;
	}
	return n;
}

static void put_objects(struct builder *b, const char *spec, bool stream)
{
	struct words *given = malloc(sizeof(*given)), *list = malloc(sizeof(*list));
	char *order[WORDS * 2];
	unsigned int i, n = 0;

	words_split(given, spec);
	words_split(list, usual(b->type, stream));
	if (given->n && *given->word[0] != '+' && *given->word[0] != '-') {
		for (i = 0; i < given->n; i++)
			order[n++] = given->word[i];
	} else {
		for (i = 0; i < list->n; i++)
			order[n++] = list->word[i];
		n = arrange(order, n, given);
	}
	for (i = 0; i < n; i++)
		put_object(b, order[i]);
	free(given);
	free(list);
}

static void put_head(struct gist_out *o, const struct words *ws, unsigned int type, bool has_rc,
		     bool via_q)
{
	unsigned int c, s, r;

	c = (unsigned int)words_num(ws, "c", type == GIST_QUERY || (type == GIST_DATA && via_q));
	s = (unsigned int)words_num(ws, "s", 1);
	r = (unsigned int)words_num(ws, "r", type == GIST_QUERY || (type == GIST_RESPONSE && has_rc));
	gist_out_u8(o, (uint8_t)words_num(ws, "ver", 1));
	gist_out_u8(o, (uint8_t)words_num(ws, "hops", 10));
	gist_out_u16(o, 0);
	gist_out_u16(o, (uint16_t)words_num(ws, "nslpid", type < 4 ? 32704 : 0));
	gist_out_u8(o, (uint8_t)(c << 7 | type));
	gist_out_u8(o, (uint8_t)(s << 7 | r << 6 | words_num(ws, "e", 0) << 5 |
				 words_num(ws, "res", 0)));
}

static void finish(struct gist_out *o, size_t start, const struct words *ws)
{
	unsigned int words = (unsigned int)((o->len - start - 8) / 4), at;
	const char *v = words_get(ws, "words"), *colon;

	if (v)
		words = (unsigned int)((int)words + atoi(v));
	o->data[start + 2] = (uint8_t)(words >> 8);
	o->data[start + 3] = (uint8_t)words;
	v = words_get(ws, "poke");
	if (v) {
		at = (unsigned int)atoi(v);
		colon = strchr(v, ':');
		read_hex(colon + 1, o->data + start + at, o->len - start - at);
	}
	if (words_has(ws, "cut"))
		o->len -= words_num(ws, "cut", 0);
	if (words_has(ws, "tail"))
		put_hex(o, words_get(ws, "tail"));
}

static void raw_datagram(struct node *n, const struct words *ws, const struct gist_out *o, bool q)
{
	struct packet *p = packet_new(o->data, o->len);
	const char *v = words_get(ws, "from");
	struct endpoint e;

	if (v && read_endpoint(v, &e)) {
		p->source = e.address;
		p->sport = e.port;
	}
	v = words_get(ws, "to");
	if (v && read_endpoint(v, &e)) {
		p->destination = e.address;
		p->dport = e.port;
	}
	p->ttl = (uint8_t)words_num(ws, "ttl", 64);
	p->rao = q ? (int)words_num(ws, "rao", 1000) : -1;
	if (words_has(ws, "norao"))
		p->rao = -1;
	p->df = q;
	packet_send(n, p, "tx");
}

static const struct address *own_address(struct node *n, const struct address *to)
{
	struct node *next;
	unsigned int link = n->iface[0].link;

	next_hop(n, to, &link, &next);
	return to->version == 6 ? &node_iface(n, link)->a6 : &node_iface(n, link)->a4;
}

void raw(const char *node, const char *fmt, ...)
{
	static uint8_t buf[1 << 18];
	static const char *const known[] = {
		"from", "to", "via", "ttl", "rao", "norao", "c", "s", "r", "e", "hops", "nslpid", "ver",
		"res", "d", "words", "poke", "cut", "tail", "nomagic", "conn", NULL,
	};
	struct words *ws = malloc(sizeof(*ws));
	char *spec = malloc(TEXT), *objects, dest[ENDPOINT_TEXT + 16], src[ENDPOINT_TEXT + 16];
	struct builder b = { .node = node_of(node) };
	const struct address *to;
	const char *via;
	struct gist_out o;
	struct endpoint e;
	bool stream, q;
	size_t start;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(spec, TEXT, fmt, ap);
	va_end(ap);
	objects = strstr(spec, " :");
	if (objects) {
		*objects = 0;
		objects += 2;
	}
	words_split(ws, spec);
	b.type = type_of(ws->word[0]);
	memmove(ws->word, ws->word + 1, --ws->n * sizeof(*ws->word));
	words_unknown(ws, known);
	via = words_get(ws, "via");
	stream = via && (!strcmp(via, "tcp") || !strcmp(via, "tls"));
	q = via ? !strcmp(via, "q") : b.type == GIST_QUERY;
	b.upstream = words_num(ws, "d", b.type == GIST_RESPONSE);
	to = words_has(ws, "to") && read_endpoint(words_get(ws, "to"), &e) ? &e.address :
		stream ? &w.conn[b.node->last_conn].end[w.conn[b.node->last_conn].end[0].node ==
		b.node].ep.address :
		b.upstream ? &w.flow.source : &w.flow.destination;
	b.own = *own_address(b.node, to);
	if (!stream && !words_has(ws, "to")) {
		struct endpoint d = { *to, GIST_PORT };
		struct text t = { .len = 0 };

		text_endpoint(&t, "to", &d);
		snprintf(dest, sizeof(dest), "%.60s", t.s + 1);
		ws->word[ws->n++] = dest;
	}
	if (!stream && !words_has(ws, "from")) {
		struct endpoint s = { b.own, GIST_PORT };
		struct text t = { .len = 0 };

		text_endpoint(&t, "from", &s);
		snprintf(src, sizeof(src), "%.60s", t.s + 1);
		ws->word[ws->n++] = src;
	}
	gist_out_init(&o, buf, sizeof(buf));
	b.o = &o;
	if (!stream) {
		if (words_has(ws, "nomagic"))
			gist_out_u32(&o, 0x4e04bda6);
		else
			gist_magic_put(&o);
	}
	start = o.len;
	put_head(&o, ws, b.type, objects && strstr(objects, "rc"), q);
	put_objects(&b, objects ? objects : "", stream);
	finish(&o, start, ws);
	w.raw = true;
	if (o.error)
		sim_fail("cannot write %s", fmt);
	else if (stream)
		stream_write(&w.conn[words_num(ws, "conn", b.node->last_conn)],
			     w.conn[words_num(ws, "conn", b.node->last_conn)].end[0].node != b.node,
			     gist_out_view(&o));
	else
		raw_datagram(b.node, ws, &o, q);
	w.raw = false;
	free(spec);
	free(ws);
}

void raw_octets(const char *node, const char *to, const char *hex)
{
	struct node *n = node_of(node);
	uint8_t buf[8192];
	size_t len = read_hex(hex, buf, sizeof(buf));
	struct endpoint e;
	struct packet *p;

	if (!to) {
		struct conn *c = &w.conn[n->last_conn];

		stream_write(c, c->end[0].node != n, gist_view(buf, len));
		return;
	}
	if (!read_endpoint(to, &e))
		abort();
	p = packet_new(buf, len);
	p->destination = e.address;
	p->dport = e.port;
	p->source = *own_address(n, &e.address);
	p->sport = GIST_PORT;
	packet_send(n, p, "tx");
}

void raw_packet(const char *node, const char *from, const char *to, unsigned int ttl, int rao,
		const char *hex)
{
	uint8_t buf[8192];
	size_t len = read_hex(hex, buf, sizeof(buf));
	struct packet *p = packet_new(buf, len);
	struct endpoint f, t;

	if (!read_endpoint(from, &f) || !read_endpoint(to, &t))
		abort();
	p->source = f.address;
	p->sport = f.port;
	p->destination = t.address;
	p->dport = t.port;
	p->ttl = (uint8_t)ttl;
	p->rao = rao;
	p->df = rao >= 0;
	packet_send(node_of(node), p, "tx");
}

/* The data of a message an application sends. */
size_t build_data(const char *v, uint8_t *buf, size_t size);
size_t build_data(const char *v, uint8_t *buf, size_t size)
{
	char *copy = strdup(v);
	struct builder b = { .node = NULL };
	struct gist_out o;

	gist_out_init(&o, buf, size);
	b.o = &o;
	if (*copy)
		value_data(&b, copy);
	free(copy);
	return o.len;
}
