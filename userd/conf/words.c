// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/words.h"

static const struct {
	unsigned int number;
	const char *name;
} protocols[] = {
	{ 1, "icmp" }, { 6, "tcp" }, { 17, "udp" }, { 33, "dccp" }, { 47, "gre" },
	{ 50, "esp" }, { 51, "ah" }, { 58, "icmpv6" }, { 132, "sctp" }, { 136, "udplite" },
};

#define PROTOCOLS	(sizeof(protocols) / sizeof(protocols[0]))

const char *words_protocol(unsigned int protocol, char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	snprintf(buf, len, "%u", protocol);
	return buf;
}

unsigned int words_protocol_find(const char *value)
{
	size_t i;

	for (i = 0; i < PROTOCOLS; i++)
		if (!strcmp(protocols[i].name, value))
			return protocols[i].number;
	return (unsigned int)strtoul(value, NULL, 10);
}
