// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

static size_t octets(const struct address *a)
{
	return address_bits(a) / 8;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->version == b->version && !memcmp(a->b, b->b, octets(a));
}

bool address_is_any(const struct address *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->b, zero, octets(a));
}

bool address_within(const struct address *a, const struct address *prefix, unsigned int len)
{
	struct address x = *a, y = *prefix;

	if (a->version != prefix->version || len > address_bits(a))
		return false;
	address_mask(&x, len);
	address_mask(&y, len);
	return address_equal(&x, &y);
}

void address_mask(struct address *a, unsigned int len)
{
	size_t i;

	for (i = 0; i < octets(a); i++) {
		if (len >= 8) {
			len -= 8;
			continue;
		}
		a->b[i] &= (uint8_t)(0xff00 >> len);
		len = 0;
	}
}

bool address_read(struct address *a, const char *text)
{
	struct address x = { 0 };

	if (inet_pton(AF_INET, text, x.b) == 1)
		x.version = 4;
	else if (inet_pton(AF_INET6, text, x.b) == 1)
		x.version = 6;
	else
		return false;
	*a = x;
	return true;
}

bool address_read_prefix(struct address *a, unsigned int *len, const char *text)
{
	const char *slash = strchr(text, '/');
	char copy[ADDRESS_TEXT], *end;
	struct address x;
	unsigned long n;
	size_t size = slash ? (size_t)(slash - text) : strlen(text);

	if (size >= sizeof(copy))
		return false;
	memcpy(copy, text, size);
	copy[size] = 0;
	if (!address_read(&x, copy))
		return false;
	n = address_bits(&x);
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		n = strtoul(slash + 1, &end, 10);
		if (*end || n > address_bits(&x))
			return false;
	}
	*a = x;
	*len = (unsigned int)n;
	return true;
}

const char *address_text(const struct address *a, char *buf)
{
	if (!a->version || !inet_ntop(a->version == 4 ? AF_INET : AF_INET6, a->b, buf, ADDRESS_TEXT))
		strcpy(buf, "-");
	return buf;
}

const char *endpoint_text(const struct endpoint *e, char *buf)
{
	char text[ADDRESS_TEXT];

	snprintf(buf, ENDPOINT_TEXT, e->address.version == 6 ? "[%s]:%u" : "%s:%u",
		 address_text(&e->address, text), e->port);
	return buf;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (e->address.version == 4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(e->port);
		memcpy(&in->sin_addr, e->address.b, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(e->port);
	memcpy(&in6->sin6_addr, e->address.b, 16);
	return sizeof(*in6);
}

bool endpoint_from_sockaddr(struct endpoint *e, const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

	*e = (struct endpoint){ 0 };
	if (sa->sa_family == AF_INET) {
		e->address.version = 4;
		memcpy(e->address.b, &in->sin_addr, 4);
		e->port = ntohs(in->sin_port);
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	e->port = ntohs(in6->sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		e->address.version = 4;
		memcpy(e->address.b, in6->sin6_addr.s6_addr + 12, 4);
		return true;
	}
	e->address.version = 6;
	memcpy(e->address.b, &in6->sin6_addr, 16);
	return true;
}
