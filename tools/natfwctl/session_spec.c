// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is asked for, in words like those of rules.
 */
#include <string.h>

#include "proto.h"
#include "session.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Text of @ep, as natfwd wants it, to @text. */
static void prefix_text(const struct endpoint *ep, char *text)
{
	char buf[NATFW_ADDR_TEXT];

	natfw_addr_text(&ep->addr, buf);
	if (ep->len == natfw_addr_bits(&ep->addr))
		snprintf(text, NATFW_ENDPOINT_TEXT, "%s", buf);
	else
		snprintf(text, NATFW_ENDPOINT_TEXT, "%s/%u", buf, ep->len);
}

/* The port or the pair of them at one end of the flow. */
static bool set_ports(struct words *w, struct session_spec *s, uint16_t *port, uint32_t first,
		      uint32_t last)
{
	if (*port)
		return words_fail(w, "the port is given twice");
	if (last > first + 1)
		return words_fail(w, "one port, or two in a row: signalling has no other ranges");
	*port = (uint16_t)first;
	if (last > first)
		s->ask.port_pair = true;
	return true;
}

static bool read_end(struct words *w, struct session_spec *s, const char **address, char *text,
		     uint16_t *port)
{
	struct endpoint ep;

	if (!read_endpoint(w, &ep))
		return false;
	if (ep.addr.len) {
		prefix_text(&ep, text);
		*address = text;
	}
	return !ep.has_port || set_ports(w, s, port, ep.port, ep.port_max);
}

static bool read_from(struct words *w, void *p)
{
	struct session_spec *s = p;

	s->has_source = true;
	return read_end(w, s, &s->ask.source, s->text[0], &s->ask.source_port);
}

static bool read_to(struct words *w, void *p)
{
	struct session_spec *s = p;

	s->has_destination = true;
	return read_end(w, s, &s->ask.destination, s->text[1], &s->ask.destination_port);
}

static bool read_port(struct words *w, struct session_spec *s, uint16_t *port)
{
	uint32_t first, last;

	return read_ports(w, 1, &first, &last) && set_ports(w, s, port, first, last);
}

static bool read_sport(struct words *w, void *p)
{
	struct session_spec *s = p;

	return read_port(w, s, &s->ask.source_port);
}

static bool read_dport(struct words *w, void *p)
{
	struct session_spec *s = p;

	return read_port(w, s, &s->ask.destination_port);
}

static bool read_toward(struct words *w, void *p)
{
	struct session_spec *s = p;
	struct natfw_addr a;

	if (!read_addr(w, &a))
		return false;
	s->ask.toward = natfw_addr_text(&a, s->text[2]);
	return true;
}

static bool read_protocol(struct words *w, void *p)
{
	struct session_spec *s = p;
	uint32_t proto;

	if (!read_proto(w, &proto))
		return false;
	s->ask.protocol = (int)proto;
	return true;
}

static bool read_type(struct words *w, void *p)
{
	struct session_spec *s = p;
	const char *name = words_next(w, "an ICMP type");
	uint64_t n;
	int type;

	if (!name)
		return false;
	if (s->ask.icmp_type_count == COUNT(s->icmp))
		return words_fail(w, "at most %u types", (unsigned int)COUNT(s->icmp));
	type = icmp_type_find((uint32_t)s->ask.protocol, name);
	if (type < 0 && number_parse(name, 0, 255, &n))
		type = (int)n;
	if (type < 0)
		return words_fail(w, "no ICMP type of the protocol named before it");
	s->icmp[s->ask.icmp_type_count++] = (uint8_t)type;
	s->ask.icmp_types = s->icmp;
	return true;
}

static bool read_spi(struct words *w, void *p)
{
	struct session_spec *s = p;

	return read_number(w, "spi", 1, UINT32_MAX, &s->ask.spi);
}

static bool read_lifetime(struct words *w, void *p)
{
	struct session_spec *s = p;

	return read_seconds(w, "lifetime", &s->ask.lifetime) &&
	       (s->ask.lifetime || words_fail(w, "a session always has a lifetime"));
}

static bool read_refresh(struct words *w, void *p)
{
	struct session_spec *s = p;
	uint32_t seconds;

	if (!read_seconds(w, "refresh", &seconds))
		return false;
	if (!seconds || seconds > UINT32_MAX / 1000)
		return words_fail(w, "refresh is from 1 second to 49 days");
	s->ask.refresh = seconds * 1000;
	return true;
}

static bool read_wait(struct words *w, void *p)
{
	struct session_spec *s = p;

	s->has_wait = true;
	return read_seconds(w, "wait", &s->wait);
}

static bool read_pair(struct words *w, void *p)
{
	(void)w;
	((struct session_spec *)p)->ask.port_pair = true;
	return true;
}

static bool read_proxy(struct words *w, void *p)
{
	(void)w;
	((struct session_spec *)p)->ask.proxy = true;
	return true;
}

static bool read_beyond(struct words *w, void *p)
{
	(void)w;
	((struct session_spec *)p)->ask.beyond = true;
	return true;
}

static bool read_hold(struct words *w, void *p)
{
	(void)w;
	((struct session_spec *)p)->hold = true;
	return true;
}

static const struct words_key keys[] = {
	{ "proto", read_protocol, false },
	{ "from", read_from, false },
	{ "to", read_to, false },
	{ "sport", read_sport, false },
	{ "dport", read_dport, false },
	{ "toward", read_toward, false },
	{ "type", read_type, true },
	{ "spi", read_spi, false },
	{ "lifetime", read_lifetime, false },
	{ "refresh", read_refresh, false },
	{ "wait", read_wait, false },
	{ "pair", read_pair, false },
	{ "proxy", read_proxy, false },
	{ "beyond", read_beyond, false },
	{ "hold", read_hold, false },
};

/* "udp" alone is as good as "proto udp". */
static bool take_protocol(struct words *w, struct session_spec *s)
{
	const char *name = words_peek(w);
	int proto = name ? proto_find(name) : -1;

	if (proto < 0)
		return false;
	if (s->ask.protocol)
		return words_fail_all(w, "the protocol is given twice");
	s->ask.protocol = proto;
	w->at++;
	return true;
}

bool session_spec_read(struct words *w, enum natfw_kind kind, struct session_spec *s)
{
	uint64_t seen = 0;

	memset(s, 0, sizeof(*s));
	s->ask.kind = kind;
	do {
		if (!words_keys(w, keys, COUNT(keys), s, &seen))
			return false;
	} while (take_protocol(w, s));
	if (!words_done(w))
		return false;
	if (s->ask.beyond && !s->ask.proxy)
		return words_fail_all(w, "'beyond' goes with 'proxy'");
	return true;
}
