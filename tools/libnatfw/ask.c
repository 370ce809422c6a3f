// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an application asks for: checked, and turned into the input of session-open.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define ICMP_TYPES_MAX	16

/* ------------------------------------------------------------------ from a socket */

static bool is_any(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *four = (const struct sockaddr_in *)ss;

	if (ss->ss_family == AF_INET)
		return four->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
}

static uint16_t port_of(const struct sockaddr_storage *ss)
{
	if (ss->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)ss)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)ss)->sin6_port);
}

/* To @text of NATFW_ENDPOINT_TEXT octets; an IPv4-mapped address as IPv4. */
static const char *address_to_text(const struct sockaddr_storage *ss, char *text)
{
	const struct in6_addr *six = &((const struct sockaddr_in6 *)ss)->sin6_addr;
	const void *four = &((const struct sockaddr_in *)ss)->sin_addr;

	if (ss->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(six))
		four = &six->s6_addr[12];
	else if (ss->ss_family == AF_INET6)
		return inet_ntop(AF_INET6, six, text, NATFW_ENDPOINT_TEXT);
	return inet_ntop(AF_INET, four, text, NATFW_ENDPOINT_TEXT);
}

/* The address of this host that packets to @to leave by. */
static bool address_toward(const char *to, char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_DGRAM }, *a;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	bool found = false;
	int fd;

	if (!to || getaddrinfo(to, "9", &hints, &a))
		return false;
	/* connecting a datagram socket only looks up the route */
	fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, a->ai_addr, a->ai_addrlen) &&
	    !getsockname(fd, (struct sockaddr *)&ss, &len))
		found = address_to_text(&ss, text);
	if (fd >= 0)
		close(fd);
	freeaddrinfo(a);
	return found;
}

/* One end of the flow: @ss, unless the application has said it already. */
static void take_end(const char **address, uint16_t *port, char *text,
		     const struct sockaddr_storage *ss)
{
	if (!*port)
		*port = port_of(ss);
	if (!*address && !is_any(ss))
		*address = address_to_text(ss, text);
}

PUBLIC int natfw_ask_here(struct natfw_ask *ask, struct natfw_why *why)
{
	bool create = ask->kind == NATFW_KIND_CREATE;
	const char **mine = create ? &ask->source : &ask->destination;
	const char *field = create ? "source" : "destination";
	const char *to = create ? ask->destination : ask->toward ? ask->toward : ask->source;
	char *text = ask->socket_text[create ? 0 : 1];

	if (*mine)
		return 0;
	if (!to)
		return why_set(why, EINVAL, field,
			       "%s: missing, and there is no other address to find it by", field);
	if (!address_toward(to, text))
		return why_set(why, EINVAL, field, "%s: no route to %s", field, to);
	*mine = text;
	return 0;
}

static int ask_sender(struct natfw_ask *ask, const struct sockaddr_storage *here,
		      const struct sockaddr_storage *there, struct natfw_why *why)
{
	if (there->ss_family == AF_UNSPEC)
		return why_set(why, ENOTCONN, "destination",
			       "destination: the socket is not connected");
	take_end(&ask->source, &ask->source_port, ask->socket_text[0], here);
	take_end(&ask->destination, &ask->destination_port, ask->socket_text[1], there);
	return 0;
}

static int ask_receiver(struct natfw_ask *ask, const struct sockaddr_storage *here,
			const struct sockaddr_storage *there, struct natfw_why *why)
{
	if (!port_of(here))
		return why_set(why, EINVAL, "destination_port",
			       "destination_port: the socket is not bound to a port");
	take_end(&ask->destination, &ask->destination_port, ask->socket_text[1], here);
	if (there->ss_family != AF_UNSPEC)
		take_end(&ask->source, &ask->source_port, ask->socket_text[0], there);
	return natfw_ask_here(ask, why);
}

PUBLIC int natfw_ask_socket(struct natfw_ask *ask, int fd, struct natfw_why *why)
{
	struct sockaddr_storage here, there;
	socklen_t len = sizeof(here);
	int protocol;

	if (getsockname(fd, (struct sockaddr *)&here, &len))
		return why_set(why, errno, NULL, "the socket has no address: %s", strerror(errno));
	if (here.ss_family != AF_INET && here.ss_family != AF_INET6)
		return why_set(why, EAFNOSUPPORT, NULL, "the socket is not of the internet");
	len = sizeof(protocol);
	if (!ask->protocol && !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
		ask->protocol = protocol;
	len = sizeof(there);
	if (getpeername(fd, (struct sockaddr *)&there, &len))
		there.ss_family = AF_UNSPEC;
	return ask->kind == NATFW_KIND_CREATE ? ask_sender(ask, &here, &there, why) :
						ask_receiver(ask, &here, &there, why);
}

/* ------------------------------------------------------------------ checks */

static int fault(struct natfw_why *why, const char *field, const char *text)
{
	return why_set(why, EINVAL, field, "%s: %s", field, text);
}

/* AF_INET or AF_INET6 if @text is an address, or, with @prefix, one with a length; else 0. */
static int family_of(const char *text, bool prefix)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN], *end;
	struct in6_addr buf;
	unsigned long bits;
	int family;

	if (len >= sizeof(address) || (slash && !prefix))
		return 0;
	memcpy(address, text, len);
	address[len] = 0;
	family = inet_pton(AF_INET, address, &buf) == 1 ? AF_INET :
		 inet_pton(AF_INET6, address, &buf) == 1 ? AF_INET6 : 0;
	if (!family || !slash)
		return family;
	bits = strtoul(slash + 1, &end, 10);
	if (end == slash + 1 || *end || slash[1] == '-' || slash[1] == '+' ||
	    bits > (family == AF_INET ? 32 : 128))
		return 0;
	return family;
}

/* @text, if there is any, has to be of the family *@family, or tells it. */
static int check_address(const char *field, const char *text, bool prefix, int *family,
			 struct natfw_why *why)
{
	int mine = text ? family_of(text, prefix) : 0;

	if (!text)
		return 0;
	if (!mine)
		return why_set(why, EINVAL, field, "%s: '%s' is not an address%s", field, text,
			       prefix ? " or prefix" : "");
	if (*family && mine != *family)
		return fault(why, field, "IPv4 and IPv6 do not go together");
	*family = mine;
	return 0;
}

static int check_addresses(const struct natfw_ask *ask, struct natfw_why *why)
{
	bool create = ask->kind == NATFW_KIND_CREATE;
	int family = 0, err;

	if (!ask->destination)
		return fault(why, "destination", "missing: where the data goes to");
	if (create && !ask->source)
		return fault(why, "source", "missing: where the data comes from");
	if (create && ask->toward)
		return fault(why, "toward", "is for external and block");
	err = check_address("destination", ask->destination, true, &family, why);
	if (!err)
		err = check_address("source", ask->source, true, &family, why);
	if (!err)
		err = check_address("toward", ask->toward, false, &family, why);
	return err;
}

static bool has_ports(int protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

static int check_protocol(const struct natfw_ask *ask, struct natfw_why *why)
{
	int p = ask->protocol;

	if (p < 0 || p > 255)
		return fault(why, "protocol", "is a number of 0 to 255");
	if (ask->source_port && !has_ports(p))
		return fault(why, "source_port", "needs a protocol that has ports");
	if (ask->destination_port && !has_ports(p))
		return fault(why, "destination_port", "needs a protocol that has ports");
	if (ask->port_pair && !ask->destination_port)
		return fault(why, "port_pair", "needs a destination_port");
	if (ask->spi && p != IPPROTO_ESP && p != IPPROTO_AH)
		return fault(why, "spi", "needs protocol ESP or AH");
	if (ask->icmp_type_count && p != IPPROTO_ICMP && p != IPPROTO_ICMPV6)
		return fault(why, "icmp_types", "needs protocol ICMP or ICMPv6");
	if (ask->icmp_type_count > ICMP_TYPES_MAX)
		return fault(why, "icmp_types", "at most 16");
	return 0;
}

/* ------------------------------------------------------------------ as JSON */

static void put_text(json_t *o, const char *key, const char *value)
{
	if (value)
		json_object_set_new(o, key, json_string(value));
}

static void put_number(json_t *o, const char *key, json_int_t value)
{
	if (value)
		json_object_set_new(o, key, json_integer(value));
}

static void put_true(json_t *o, const char *key, bool value)
{
	if (value)
		json_object_set_new(o, key, json_true());
}

static json_t *flow_json(const struct natfw_ask *ask)
{
	json_t *flow = json_object(), *types;
	unsigned int i;

	put_text(flow, "source", ask->source);
	put_text(flow, "destination", ask->destination);
	put_number(flow, "protocol", ask->protocol);
	put_number(flow, "source-port", ask->source_port);
	put_number(flow, "destination-port", ask->destination_port);
	put_number(flow, "more-ports", ask->port_pair);
	put_number(flow, "spi", ask->spi);
	if (!ask->icmp_type_count)
		return flow;
	types = json_array();
	for (i = 0; i < ask->icmp_type_count; i++)
		json_array_append_new(types, json_integer(ask->icmp_types[i]));
	json_object_set_new(flow, "icmp-type", types);
	return flow;
}

json_t *ask_json(const struct natfw_ask *ask, struct natfw_why *why)
{
	static const char *const kinds[] = { "create", "external", "block" };
	json_t *input;

	if ((unsigned int)ask->kind >= sizeof(kinds) / sizeof(kinds[0])) {
		fault(why, "kind", "not one there is");
		return NULL;
	}
	if (check_protocol(ask, why) || check_addresses(ask, why))
		return NULL;
	input = json_object();
	put_text(input, "kind", kinds[ask->kind]);
	json_object_set_new(input, "flow", flow_json(ask));
	put_text(input, "toward", ask->toward);
	put_true(input, "proxy", ask->proxy);
	put_true(input, "beyond", ask->beyond);
	put_true(input, "bound", !ask->keep);
	if (ask->no_bindings)
		json_object_set_new(input, "bindings", json_false());
	put_number(input, "lifetime", ask->lifetime);
	put_number(input, "refresh", ask->refresh);
	if (!input)
		why_set(why, ENOMEM, NULL, "out of memory");
	return input;
}
