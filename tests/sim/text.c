// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages and addresses as words, and back.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->len, sizeof(t->s) - t->len, fmt, ap);
	va_end(ap);
	t->len += (size_t)n < sizeof(t->s) - t->len ? (size_t)n : sizeof(t->s) - 1 - t->len;
}

/* Long ones by their beginning, length and a sum. */
void text_hex(struct text *t, const char *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t sum = 0;
	size_t i;

	if (key)
		text_add(t, " %s=", key);
	for (i = 0; i < len && i < 300; i++)
		text_add(t, "%02x", p[i]);
	if (len <= 300)
		return;
	for (i = 0; i < len; i++)
		sum = sum * 31 + p[i];
	text_add(t, "...%zu.%08x", len, sum);
}

/* ------------------------------------------------------------------ addresses */

static const uint8_t v6_prefix[] = { 0xfd, 0x00, 0x00 };

void text_address(struct text *t, const struct address *a)
{
	char buf[ADDRESS_TEXT];
	static const uint8_t zero[10];

	if (a->version == 4 && a->b[0] == 10 && !a->b[1] && a->b[2] && a->b[3] && a->b[3] < NODES)
		text_add(t, "%c.%u", 'A' + a->b[3] - 1, a->b[2]);
	else if (a->version == 6 && !memcmp(a->b, v6_prefix, 3) && !memcmp(a->b + 4, zero, 10) &&
		 a->b[3] && !a->b[14] && a->b[15] && a->b[15] < NODES)
		text_add(t, "%c.%uv6", 'A' + a->b[15] - 1, a->b[3]);
	else
		text_add(t, "%s", address_text(a, buf));
}

bool read_address(const char *s, struct address *a)
{
	unsigned int link;
	char node, rest[8] = "";

	if (sscanf(s, "%c.%u%7s", &node, &link, rest) >= 2 && isupper((unsigned char)node)) {
		memset(a, 0, sizeof(*a));
		if (!*rest) {
			a->version = 4;
			a->b[0] = 10;
			a->b[2] = (uint8_t)link;
			a->b[3] = (uint8_t)(node - 'A' + 1);
			return true;
		}
		a->version = 6;
		a->b[0] = 0xfd;
		a->b[3] = (uint8_t)link;
		a->b[15] = (uint8_t)(node - 'A' + 1);
		return !strcmp(rest, "v6");
	}
	return address_read(a, s);
}

bool read_endpoint(const char *s, struct endpoint *e)
{
	char copy[128], *colon;

	snprintf(copy, sizeof(copy), "%s", s);
	colon = strrchr(copy, ':');
	if (!colon)
		return false;
	*colon = 0;
	e->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return read_address(copy, &e->address);
}

void text_endpoint(struct text *t, const char *key, const struct endpoint *e)
{
	text_add(t, " %s=", key);
	text_address(t, &e->address);
	text_add(t, ":%u", e->port);
}

size_t read_hex(const char *s, uint8_t *out, size_t size)
{
	size_t n = 0;
	unsigned int v;

	while (*s && n < size) {
		if (sscanf(s, "%2x", &v) != 1)
			break;
		out[n++] = (uint8_t)v;
		s += strlen(s) > 1 ? 2 : 1;
	}
	return n;
}

/* ------------------------------------------------------------------ flows */

static void text_mri_end(struct text *t, const struct address *a, unsigned int prefix, bool has,
			 unsigned int port)
{
	text_address(t, a);
	text_add(t, "/%u", prefix);
	if (has)
		text_add(t, ":%u", port);
}

void text_mri(struct text *t, const char *key, const struct gist_mri *m)
{
	text_add(t, " %s=", key);
	if (m->method == GIST_MRM_LOOSE) {
		text_add(t, "le:");
		text_address(t, &m->source);
		text_add(t, ">");
		text_address(t, &m->destination);
		return;
	}
	text_add(t, "pc:");
	text_mri_end(t, &m->source, m->source_prefix, m->has_sport, m->sport);
	text_add(t, ">");
	text_mri_end(t, &m->destination, m->destination_prefix, m->has_dport, m->dport);
	if (m->has_protocol)
		text_add(t, ",p%u", m->protocol);
	if (m->has_ds)
		text_add(t, ",ds%u", m->ds);
	if (m->has_label)
		text_add(t, ",fl%u", m->label);
	if (m->has_spi)
		text_add(t, ",spi%u", m->spi);
}

void text_flow(struct text *t, const struct gate_flow *f)
{
	unsigned int i;

	text_add(t, " flow=");
	text_mri_end(t, &f->source, f->source_len, f->has_sport, f->sport);
	text_add(t, ">");
	text_mri_end(t, &f->destination, f->destination_len, f->has_dport, f->dport);
	if (f->has_protocol)
		text_add(t, ",p%u", f->protocol);
	if (f->has_spi)
		text_add(t, ",spi%u", f->spi);
	if (f->more_ports)
		text_add(t, ",+%u", f->more_ports);
	for (i = 0; i < f->icmp_count; i++)
		text_add(t, "%s%u", i ? "." : ",icmp", f->icmp[i]);
}

/* "A.1/24:4000" */
static bool read_mri_end(char *s, struct address *a, uint8_t *prefix, bool *has, uint16_t *port)
{
	char *slash = strchr(s, '/'), *colon;

	colon = slash ? strchr(slash, ':') : strrchr(s, ':');
	if (colon && !slash && strchr(s, ':') != colon)
		colon = NULL;	/* IPv6 in numbers: ports only after a prefix */
	*has = colon;
	if (colon) {
		*colon = 0;
		*port = (uint16_t)strtoul(colon + 1, NULL, 10);
	}
	if (slash)
		*slash = 0;
	if (!read_address(s, a))
		return false;
	*prefix = slash ? (uint8_t)strtoul(slash + 1, NULL, 10) : (uint8_t)address_bits(a);
	return true;
}

static void read_mri_option(const char *s, struct gist_mri *m)
{
	unsigned int v = 0;

	if (sscanf(s, "ds%u", &v) == 1) {
		m->has_ds = true;
		m->ds = (uint8_t)v;
	} else if (sscanf(s, "fl%u", &v) == 1) {
		m->has_label = true;
		m->label = v;
	} else if (sscanf(s, "spi%u", &v) == 1) {
		m->has_spi = true;
		m->spi = v;
	} else if (sscanf(s, "p%u", &v) == 1) {
		m->has_protocol = true;
		m->protocol = (uint8_t)v;
	}
}

/* "pc:A.1:4000>C.2:5000,p17", "le:A.1>192.0.2.1"; pc may be left out. */
bool read_mri(const char *s, struct gist_mri *m)
{
	char copy[512], *to, *options, *word, *save;

	memset(m, 0, sizeof(*m));
	snprintf(copy, sizeof(copy), "%s", s);
	word = copy;
	if (!strncmp(word, "le:", 3)) {
		m->method = GIST_MRM_LOOSE;
		word += 3;
	} else if (!strncmp(word, "pc:", 3)) {
		word += 3;
	}
	options = strchr(word, ',');
	if (options)
		*options++ = 0;
	to = strchr(word, '>');
	if (!to)
		return false;
	*to++ = 0;
	if (m->method == GIST_MRM_LOOSE)
		return read_address(word, &m->source) && read_address(to, &m->destination);
	if (!read_mri_end(word, &m->source, &m->source_prefix, &m->has_sport, &m->sport) ||
	    !read_mri_end(to, &m->destination, &m->destination_prefix, &m->has_dport, &m->dport))
		return false;
	if (options)
		for (word = strtok_r(options, ",", &save); word; word = strtok_r(NULL, ",", &save))
			read_mri_option(word, m);
	return true;
}

/* ------------------------------------------------------------------ specifications */

static void words_variables(const char *in, char *out, size_t size)
{
	size_t n = 0;
	char name[32];

	while (*in && n + 1 < size) {
		if (*in != '$') {
			out[n++] = *in++;
			continue;
		}
		sscanf(in + 1, "%31[A-Za-z0-9_]", name);
		n += (size_t)snprintf(out + n, size - n, "%s", var(name));
		if (n >= size)
			n = size - 1;
		in += 1 + strlen(name);
	}
	out[n] = 0;
}

void words_split(struct words *ws, const char *spec)
{
	char *p = ws->s;
	int depth;

	words_variables(spec, ws->s, sizeof(ws->s));
	for (ws->n = 0; ws->n < WORDS; ) {
		p += strspn(p, " ");
		if (!*p)
			return;
		ws->word[ws->n++] = p;
		for (depth = 0; *p && (*p != ' ' || depth); p++)
			depth += (*p == '[') - (*p == ']');
		if (*p)
			*p++ = 0;
	}
}

const char *words_get(const struct words *ws, const char *key)
{
	size_t n = strlen(key);
	unsigned int i;

	for (i = 0; i < ws->n; i++) {
		if (strncmp(ws->word[i], key, n))
			continue;
		if (ws->word[i][n] == '=')
			return ws->word[i] + n + 1;
		if (!ws->word[i][n])
			return "";
	}
	return NULL;
}

unsigned long words_num(const struct words *ws, const char *key, unsigned long otherwise)
{
	const char *v = words_get(ws, key);

	return v ? strtoul(v, NULL, 0) : otherwise;
}

bool words_has(const struct words *ws, const char *key)
{
	return words_get(ws, key);
}

/* Words that nobody reads are mistakes. */
void words_unknown(const struct words *ws, const char *const *known)
{
	unsigned int i, k;
	size_t n;

	for (i = 0; i < ws->n; i++) {
		n = strcspn(ws->word[i], "=");
		for (k = 0; known[k]; k++)
			if (strlen(known[k]) == n && !strncmp(known[k], ws->word[i], n))
				break;
		if (!known[k])
			sim_fail("what is %s?", ws->word[i]);
	}
}

/* ------------------------------------------------------------------ GIST messages */

static const char *type_word(unsigned int type)
{
	static const char *const name[] = {
		"query", "response", "confirm", "data", "error", "hello",
	};

	return type < 6 ? name[type] : "unknown";
}

static const char *layer_word(unsigned int p, char *buf)
{
	static const char *const name[] = { "0", "tcp", "tls", "sctp", "dtls" };

	if (p < 5)
		return name[p];
	sprintf(buf, "%u", p & 255);
	return buf;
}

static void text_proposal(struct text *t, const struct gist_tlv *tlv)
{
	struct gist_proposal p;
	struct gist_profile profile;
	struct gist_fault f;
	struct gist_view rest;
	unsigned int i, n = 0;
	char buf[8];

	text_hex(t, "sp.hex", tlv->value.data, tlv->value.len);
	if (!gist_proposal_parse(&p, tlv, &f))
		return;
	text_add(t, " sp=");
	for (rest = p.profiles; gist_profile_next(&rest, &profile); n++) {
		text_add(t, "%s", n ? "," : "");
		for (i = 0; i < profile.count; i++)
			text_add(t, "%s%s", i ? "/" : "", layer_word(profile.layer[i], buf));
	}
}

static void text_stackconf(struct text *t, const struct gist_tlv *tlv)
{
	struct gist_stackconf s;
	struct gist_option o;
	struct gist_fault f;
	struct gist_view rest;
	unsigned int n = 0;
	char buf[8];

	text_hex(t, "scd.hex", tlv->value.data, tlv->value.len);
	if (!gist_stackconf_parse(&s, tlv, &f))
		return;
	text_add(t, " mpo=%u hold=%u scd=", s.count, s.hold);
	for (rest = s.options; gist_option_next(&rest, &o); n++) {
		text_add(t, "%s%s@%u", n ? "," : "", layer_word(o.protocol, buf), o.profile);
		if (o.data.len)
			text_add(t, ":%u", gist_option_tcp_port(&o));
		if (o.unusable)
			text_add(t, "x");
	}
}

static void text_infos(struct text *t, const struct gist_error *e)
{
	struct gist_view rest = e->infos;
	struct gist_info i;
	unsigned int n = 0;

	text_add(t, " ais=%u ai=", e->info_count);
	while (gist_info_next(&rest, &i)) {
		text_add(t, "%s%u:", n++ ? "," : "", i.type);
		if (i.type == GIST_INFO_OBJECT_VALUE && i.value.len >= 8) {
			text_add(t, "%u:%u:", gist_get16(i.value.data) & 0xfff,
				 gist_get16(i.value.data + 2));
			text_hex(t, NULL, i.value.data + 4, i.value.len - 4);
		} else if (i.value.len >= 4) {
			text_add(t, "%u", gist_get16(i.value.data));
		}
	}
}

static void text_error(struct text *t, const struct gist_tlv *tlv)
{
	struct gist_error e;

	if (!gist_error_parse(&e, tlv)) {
		text_hex(t, "err.hex", tlv->value.data, tlv->value.len);
		return;
	}
	text_add(t, " err=%u/%u eclass=%u edgram=%u eqmode=%u", e.code, e.subcode, e.class,
		 e.datagram, e.qmode);
	text_hex(t, "ehead", e.header, 8);
	if (e.sid)
		text_hex(t, "esid", e.sid, 16);
	if (e.mri.len)
		text_hex(t, "emri", e.mri.data, e.mri.len);
	text_infos(t, &e);
	if (e.comment.len)
		text_add(t, " comment=%zu", e.comment.len);
}

static void text_natt(struct text *t, const struct gist_tlv *tlv)
{
	struct gist_natt n;
	struct gist_fault f;

	text_hex(t, "natt", tlv->value.data, tlv->value.len);
	if (!gist_natt_parse(&n, tlv, &f))
		return;
	text_mri(t, "natt.mri", &n.mri);
	text_add(t, " natt.types=%u natt.nats=%u", n.type_count, n.nat_count);
}

static void text_mri_object(struct text *t, const struct gist_tlv *tlv)
{
	struct gist_mri m;
	struct gist_fault f;

	text_hex(t, "mri.hex", tlv->value.data, tlv->value.len);
	if (!gist_mri_parse(&m, tlv, &f))
		return;
	text_mri(t, "mri", &m);
	text_add(t, " d=%u", m.upstream);
}

static void text_nli(struct text *t, const struct gist_tlv *tlv)
{
	struct gist_nli n;
	struct gist_fault f;

	if (!gist_nli_parse(&n, tlv, &f)) {
		text_hex(t, "nli.hex", tlv->value.data, tlv->value.len);
		return;
	}
	text_add(t, " nli=");
	text_address(t, &n.address);
	text_hex(t, "pi", n.identity.data, n.identity.len);
	text_add(t, " nttl=%u val=%u", n.ttl, n.validity);
}

static void text_data(struct text *t, struct gist_view v, unsigned int nslpid)
{
	text_hex(t, "data", v.data, v.len);
	text_add(t, " datalen=%zu", v.len);
	if (nslpid == GIST_NSLPID_NATFW)
		text_natfw(t, v);
}

static void text_object(struct text *t, const struct gist_tlv *tlv, unsigned int nslpid)
{
	static const char *const plain[GIST_OBJECTS] = {
		[GIST_SID] = "sid", [GIST_QUERY_COOKIE] = "qc", [GIST_RESPONDER_COOKIE] = "rc",
		[GIST_HELLO_ID] = "hello",
	};

	switch (tlv->type) {
	case GIST_MRI: text_mri_object(t, tlv); break;
	case GIST_NLI: text_nli(t, tlv); break;
	case GIST_PROPOSAL: text_proposal(t, tlv); break;
	case GIST_STACKCONF: text_stackconf(t, tlv); break;
	case GIST_NATT: text_natt(t, tlv); break;
	case GIST_NSLP_DATA: text_data(t, tlv->value, nslpid); break;
	case GIST_ERROR_DATA: text_error(t, tlv); break;
	default:
		if (tlv->type < GIST_OBJECTS && plain[tlv->type])
			text_hex(t, plain[tlv->type], tlv->value.data, tlv->value.len);
	}
}

void text_message(struct text *t, struct gist_view octets, enum gist_mode mode)
{
	struct gist_header h;
	struct gist_walk walk;
	struct gist_tlv tlv;
	struct text rest = { .len = 0 };
	unsigned int n = 0;

	(void)mode;
	if (!gist_header_parse(&h, octets)) {
		text_add(t, " garbage len=%zu", octets.len);
		return;
	}
	text_add(t, " ver=%u hops=%u words=%u nslpid=%u type=%u c=%u s=%u r=%u e=%u res=%u len=%zu objs=",
		 h.version, h.hops, h.words, h.nslpid, h.type, h.context_free, h.source, h.reply,
		 h.explicit_route, octets.data[7] & 31, octets.len);
	walk = gist_walk(gist_view(octets.data + 8, octets.len - 8));
	while (gist_walk_next(&walk, &tlv)) {
		text_add(t, "%s%u", n++ ? "," : "", tlv.type);
		if (tlv.ab)
			text_add(t, "!%u", tlv.ab);
		text_object(&rest, &tlv, h.nslpid);
	}
	text_add(t, "%s", rest.s);
	if (walk.rest.len)
		text_add(t, " left=%zu", walk.rest.len);
}

/* The word for the message's type, for the part before the keys. */
static void text_natfw_object(struct text *t, const struct gist_tlv *tlv);

static void text_natfw_dtinfo(struct text *t, const struct gist_tlv *tlv)
{
	struct nslp_dtinfo d;
	struct nslp_fault f;
	struct address a = { .version = 4 };

	text_hex(t, "dti.hex", tlv->value.data, tlv->value.len);
	if (!nslp_dtinfo_parse(&d, tlv->value, &f))
		return;
	memcpy(a.b, d.sender, 4);
	text_add(t, " dti=");
	if (d.has_protocol)
		text_add(t, "p%u,", d.protocol);
	if (d.has_ports)
		text_add(t, "%u,%u,", d.receiver_port, d.sender_port);
	if (d.has_spi)
		text_add(t, "spi%u,", d.spi);
	text_address(t, &a);
	text_add(t, "/%u", d.prefix);
}

static void text_natfw_binding(struct text *t, const struct gist_tlv *tlv)
{
	struct address a = { .version = 4 };
	size_t i;

	text_add(t, " bind=%u/%u", gist_get16(tlv->value.data), tlv->value.data[2] >> 4);
	for (i = 4; i + 4 <= tlv->value.len; i += 4) {
		memcpy(a.b, tlv->value.data + i, 4);
		text_add(t, ",");
		text_address(t, &a);
	}
}

static void text_natfw_external(struct text *t, const struct gist_tlv *tlv)
{
	struct endpoint e = { .address = { .version = 4 } };

	if (tlv->value.len < 8)
		return;
	e.port = gist_get16(tlv->value.data);
	memcpy(e.address.b, tlv->value.data + 4, 4);
	text_endpoint(t, "ext", &e);
	text_add(t, " extver=%u", tlv->value.data[2] >> 4);
}

static void text_natfw_object(struct text *t, const struct gist_tlv *tlv)
{
	uint32_t v = tlv->value.len >= 4 ? gist_get32(tlv->value.data) : 0;

	switch (tlv->type) {
	case NSLP_LIFETIME: text_add(t, " lt=%u", v); break;
	case NSLP_EXTERNAL_IP: text_natfw_external(t, tlv); break;
	case NSLP_BINDING:
		if (tlv->value.len >= 4)
			text_natfw_binding(t, tlv);
		break;
	case NSLP_EFI: text_add(t, " efi=%u/%u", v >> 16, v & 0xffff); break;
	case NSLP_INFO: text_add(t, " info=%04x iobj=%03x ires=%u", v >> 16 & 0xfff, v & 0xfff,
				 (v >> 28) + (v >> 12 & 15)); break;
	case NSLP_NONCE: text_add(t, " nonce=%08x", v); break;
	case NSLP_MSN: text_add(t, " msn=%u", v); break;
	case NSLP_DTINFO: text_natfw_dtinfo(t, tlv); break;
	case NSLP_ICMP: text_hex(t, "icmp", tlv->value.data, tlv->value.len); break;
	case NSLP_AUTH: text_hex(t, "auth", tlv->value.data, tlv->value.len); break;
	}
}

void text_natfw(struct text *t, struct gist_view data)
{
	static const char *const name[] = { "0", "create", "external", "response", "notify" };
	struct gist_walk walk;
	struct gist_tlv tlv;
	struct text rest = { .len = 0 };
	unsigned int n = 0;

	if (data.len < 4)
		return;
	text_add(t, " m=%s p=%u pe=%u mres=%u mobjs=", data.data[0] < 5 ? name[data.data[0]] : "bad",
		 data.data[1] >> 7, data.data[1] >> 6 & 1,
		 (data.data[1] & 63) | data.data[2] | data.data[3]);
	walk = gist_walk(gist_view(data.data + 4, data.len - 4));
	while (gist_walk_next(&walk, &tlv)) {
		text_add(t, "%s%03x", n++ ? "," : "", tlv.type);
		if (tlv.ab)
			text_add(t, "!%u", tlv.ab);
		text_natfw_object(&rest, &tlv);
	}
	text_add(t, "%s", rest.s);
}

const char *message_word(struct gist_view octets);
const char *message_word(struct gist_view octets)
{
	return octets.len >= 8 ? type_word(octets.data[6] & 127) : "garbage";
}
