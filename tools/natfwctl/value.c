// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto.h"
#include "value.h"

bool number_parse(const char *s, uint64_t min, uint64_t max, uint64_t *v)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	n = strtoull(s, &end, s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10);
	if (errno || *end || n < min || n > max)
		return false;
	*v = n;
	return true;
}

bool read_number(struct words *w, const char *what, uint32_t min, uint32_t max, uint32_t *v)
{
	const char *s = words_next(w, what);
	uint64_t n;

	if (!s)
		return false;
	if (!number_parse(s, min, max, &n))
		return words_fail(w, "%s must be a number from %u to %u", what, min, max);
	*v = (uint32_t)n;
	return true;
}

bool read_id(struct words *w, uint64_t *id)
{
	const char *s;

	words_take(w, "id");
	s = words_next(w, "a rule id");
	if (!s)
		return false;
	if (!number_parse(s, 1, UINT64_MAX, id))
		return words_fail(w, "not a rule id");
	return true;
}

static uint64_t unit_seconds(char c)
{
	switch (c) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	}
	return 0;
}

static bool seconds_parse(const char *s, uint32_t *v)
{
	uint64_t sum = 0, unit;
	unsigned long n;
	char *end;

	do {
		if (!isdigit((unsigned char)*s))
			return false;
		errno = 0;
		n = strtoul(s, &end, 10);
		unit = *end ? unit_seconds(*end++) : 1;
		if (errno || !unit || n > UINT32_MAX)
			return false;
		sum += n * unit;
		s = end;
	} while (*s && sum <= UINT32_MAX);
	if (sum > UINT32_MAX)
		return false;
	*v = (uint32_t)sum;
	return true;
}

bool read_seconds(struct words *w, const char *what, uint32_t *v)
{
	const char *s = words_next(w, what);

	if (!s)
		return false;
	*v = 0;
	if (!strcmp(s, "never") || !strcmp(s, "none"))
		return true;
	if (!seconds_parse(s, v))
		return words_fail(w, "%s must be seconds, or a time such as 90s, 10m, 1h30m", what);
	return true;
}

static bool port_parse(const char *s, uint32_t *v)
{
	uint64_t n;
	int port;

	if (number_parse(s, 0, 65535, &n)) {
		*v = (uint32_t)n;
		return true;
	}
	port = service_find(s);
	if (port < 0)
		return false;
	*v = (uint32_t)port;
	return true;
}

/* Text up to @end (or NUL) as a string of its own. */
static bool copy_part(char *buf, size_t size, const char *s, const char *end)
{
	size_t len = end ? (size_t)(end - s) : strlen(s);

	if (len >= size)
		return false;
	memcpy(buf, s, len);
	buf[len] = 0;
	return true;
}

/* False if @s is not P or P-P. Service names may contain dashes. */
static bool ports_parse(const char *s, uint32_t *first, uint32_t *last)
{
	const char *dash = strchr(s, '-');
	char part[32];

	if (port_parse(s, first)) {
		*last = *first;
		return true;
	}
	for (; dash; dash = strchr(dash + 1, '-'))
		if (copy_part(part, sizeof(part), s, dash) && port_parse(part, first) &&
		    port_parse(dash + 1, last))
			return true;
	return false;
}

static bool check_ports(struct words *w, const char *s, uint32_t min, uint32_t *first,
			uint32_t *last)
{
	if (!ports_parse(s, first, last))
		return words_fail(w, "not a port, nor a range of ports such as 8000-8080");
	if (*first > *last)
		return words_fail(w, "the range of ports ends before it begins");
	if (*first < min)
		return words_fail(w, "port %u cannot be used here", *first);
	return true;
}

bool read_ports(struct words *w, uint32_t min, uint32_t *first, uint32_t *last)
{
	const char *s = words_next(w, "a port");

	return s && check_ports(w, s, min, first, last);
}

/* ADDR[/LEN] without port. */
static bool prefix_parse(struct words *w, const char *s, struct endpoint *ep)
{
	const char *slash = strchr(s, '/');
	char part[NATFW_ADDR_TEXT];
	uint64_t len;

	if (!copy_part(part, sizeof(part), s, slash) || !natfw_addr_parse(&ep->addr, part))
		return words_fail(w, "not an address");
	ep->len = natfw_addr_bits(&ep->addr);
	if (!slash)
		return true;
	if (!number_parse(slash + 1, 0, UINT32_MAX, &len))
		return words_fail(w, "'%s' is not a prefix length", slash + 1);
	if (len > ep->len)
		return words_fail(w, "the prefix is longer than the address (%u bits)", ep->len);
	ep->len = (uint32_t)len;
	return true;
}

/*
 * Split @s into address part and port part (NULL if there is none). Brackets
 * go away: [A]:P, [A/L]:P and [A]/L:P are all understood.
 */
static bool endpoint_split(const char *s, char *addr, size_t size, const char **port)
{
	const char *colon = strchr(s, ':'), *close;
	char tail[16];

	*port = NULL;
	if (*s != '[') {
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
		*port = colon ? colon + 1 : NULL;
		return copy_part(addr, size, s, colon);
	}
	close = strchr(s, ']');
	if (!close || !copy_part(addr, size, s + 1, close))
		return false;
	colon = strchr(close, ':');
	*port = colon ? colon + 1 : NULL;
	if (!copy_part(tail, sizeof(tail), close + 1, colon))
		return false;
	if (strlen(addr) + strlen(tail) >= size || (tail[0] && tail[0] != '/'))
		return false;
	strcat(addr, tail);
	return true;
}

bool read_endpoint(struct words *w, struct endpoint *ep)
{
	const char *s = words_next(w, "an address");
	char addr[64];
	const char *port;

	memset(ep, 0, sizeof(*ep));
	if (!s)
		return false;
	if (!endpoint_split(s, addr, sizeof(addr), &port))
		return words_fail(w, "not an address");
	if (strcmp(addr, "any") && strcmp(addr, "all") && !prefix_parse(w, addr, ep))
		return false;
	ep->has_port = port;
	return !port || check_ports(w, port, 0, &ep->port, &ep->port_max);
}

bool read_addr(struct words *w, struct natfw_addr *a)
{
	const char *s = words_next(w, "an address");

	if (!s)
		return false;
	if (!natfw_addr_parse(a, s))
		return words_fail(w, "not an address");
	return true;
}

static void list_names(const struct natfw_names *names, char *buf, size_t size)
{
	size_t len = 0;
	unsigned int i;

	buf[0] = 0;
	for (i = 0; i < names->n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "",
					names->name[i]);
}

bool read_name(struct words *w, const char *what, const struct natfw_names *names, uint32_t *v)
{
	const char *s = words_next(w, what);
	char list[128];
	int i;

	if (!s)
		return false;
	i = natfw_name_find(names, s);
	if (i < 0) {
		list_names(names, list, sizeof(list));
		return words_fail(w, "%s must be one of %s", what, list);
	}
	*v = (uint32_t)i;
	return true;
}

bool read_ifname(struct words *w, char *ifname)
{
	const char *s = words_next(w, "a device");

	if (!s)
		return false;
	if (!*s || strlen(s) >= IFNAMSIZ)
		return words_fail(w, "not a device name (at most %d bytes)", IFNAMSIZ - 1);
	memset(ifname, 0, IFNAMSIZ);
	strcpy(ifname, s);
	return true;
}

bool read_text(struct words *w, const char *what, char **text)
{
	const char *s = words_next(w, what);

	if (!s)
		return false;
	if (strlen(s) > NATFW_NAME_MAX)
		return words_fail(w, "%s is longer than %d bytes", what, NATFW_NAME_MAX);
	if (natfw_text_set(text, s))
		return words_fail(w, "out of memory");
	return true;
}

bool owner_parse(const char *s, uint8_t *owner)
{
	uint8_t out[NATFW_OWNER_LEN] = { 0 };
	unsigned int n = 0;

	if (strcmp(s, "0")) {
		for (; *s; s++) {
			if (*s == '-' || *s == ':')
				continue;
			if (!isxdigit((unsigned char)*s) || n >= 2 * NATFW_OWNER_LEN)
				return false;
			out[n / 2] = (uint8_t)(out[n / 2] << 4 |
					       (isdigit((unsigned char)*s) ? *s - '0' :
						tolower((unsigned char)*s) - 'a' + 10));
			n++;
		}
		if (n != 2 * NATFW_OWNER_LEN)
			return false;
	}
	memcpy(owner, out, sizeof(out));
	return true;
}

bool read_owner(struct words *w, uint8_t *owner)
{
	const char *s = words_next(w, "an owner cookie");

	if (!s)
		return false;
	if (!owner_parse(s, owner))
		return words_fail(w, "an owner cookie is 32 hex digits, or 0");
	return true;
}

bool read_proto(struct words *w, uint32_t *proto)
{
	const char *s = words_next(w, "a protocol");
	uint64_t n;
	int p;

	if (!s)
		return false;
	p = proto_find(s);
	if (p >= 0) {
		*proto = (uint32_t)p;
		return true;
	}
	if (!number_parse(s, 0, 255, &n))
		return words_fail(w, "not a protocol I know; use its number, 0 to 255");
	*proto = (uint32_t)n;
	return true;
}

const char *owner_text(const uint8_t *owner, char *buf)
{
	unsigned int i;

	for (i = 0; i < NATFW_OWNER_LEN; i++)
		sprintf(buf + 2 * i, "%02x", owner[i]);
	return buf;
}

bool owner_is_zero(const uint8_t *owner)
{
	static const uint8_t zero[NATFW_OWNER_LEN];

	return !memcmp(owner, zero, sizeof(zero));
}

static bool plain_char(unsigned char c)
{
	return isalnum(c) || strchr("._-+/@:,=%", c) || c >= 0x80;
}

static bool plain_text(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!plain_char((unsigned char)*s))
			return false;
	return true;
}

void print_text(FILE *f, const char *s)
{
	if (plain_text(s)) {
		fputs(s, f);
		return;
	}
	putc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(f, "\\x%02x", c);
		else
			putc(c, f);
	}
	putc('"', f);
}

void print_prefix(FILE *f, const struct natfw_addr *a, uint32_t len)
{
	char buf[NATFW_ADDR_TEXT];

	fputs(natfw_addr_text(a, buf), f);
	if (len != natfw_addr_bits(a))
		fprintf(f, "/%u", len);
}

void print_endpoint(FILE *f, const struct natfw_addr *a, uint32_t port)
{
	char buf[NATFW_ADDR_TEXT];

	fprintf(f, a->len == 16 ? "[%s]:%u" : "%s:%u", natfw_addr_text(a, buf), port);
}

void print_ports(FILE *f, uint32_t first, uint32_t last)
{
	fprintf(f, first == last ? "%u" : "%u-%u", first, last);
}

void print_proto(FILE *f, uint32_t proto)
{
	const char *name = proto_name(proto);

	if (name)
		fputs(name, f);
	else
		fprintf(f, "%u", proto);
}

const char *duration_text(uint64_t s, char *buf, size_t size)
{
	static const struct {
		unsigned int seconds, part;
		char unit, sub;
	} scale[] = {
		{ 86400, 3600, 'd', 'h' }, { 3600, 60, 'h', 'm' }, { 60, 1, 'm', 's' },
	};
	unsigned int i;

	for (i = 0; i < 3; i++) {
		uint64_t rest = s % scale[i].seconds / scale[i].part;

		if (s < scale[i].seconds)
			continue;
		if (rest)
			snprintf(buf, size, "%" PRIu64 "%c%02" PRIu64 "%c", s / scale[i].seconds,
				 scale[i].unit, rest, scale[i].sub);
		else
			snprintf(buf, size, "%" PRIu64 "%c", s / scale[i].seconds, scale[i].unit);
		return buf;
	}
	snprintf(buf, size, "%" PRIu64 "s", s);
	return buf;
}

const char *amount_text(uint64_t n, char *buf, size_t size)
{
	static const char unit[] = "KMGTPE";
	double v = (double)n;
	int i = -1;

	if (n < 10000) {
		snprintf(buf, size, "%" PRIu64, n);
		return buf;
	}
	while (v >= 1000 && i < 5) {
		v /= 1000;
		i++;
	}
	snprintf(buf, size, v < 10 ? "%.2f%c" : v < 100 ? "%.1f%c" : "%.0f%c", v, unit[i]);
	return buf;
}
