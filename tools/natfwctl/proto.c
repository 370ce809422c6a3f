// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "proto.h"

struct entry {
	const char *name;
	uint32_t value;
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static int find(const struct entry *e, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (e[i].name[0] == name[0] && !strcmp(e[i].name, name))
			return (int)e[i].value;
	return -1;
}

static const char *find_name(const struct entry *e, size_t n, uint32_t value)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (e[i].value == value)
			return e[i].name;
	return NULL;
}

/* The first name of a number is the one printed. */
static const struct entry protos[] = {
	{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "icmp", IPPROTO_ICMP },
	{ "icmpv6", IPPROTO_ICMPV6 }, { "ipv6-icmp", IPPROTO_ICMPV6 },
	{ "icmp6", IPPROTO_ICMPV6 }, { "sctp", IPPROTO_SCTP }, { "dccp", IPPROTO_DCCP },
	{ "udplite", IPPROTO_UDPLITE }, { "esp", IPPROTO_ESP }, { "ah", IPPROTO_AH },
	{ "gre", IPPROTO_GRE }, { "igmp", IPPROTO_IGMP }, { "ipip", IPPROTO_IPIP },
	{ "ipencap", IPPROTO_IPIP }, { "ipv6", IPPROTO_IPV6 }, { "ospf", 89 },
	{ "pim", IPPROTO_PIM }, { "vrrp", 112 }, { "l2tp", 115 },
};

int proto_find(const char *name)
{
	return find(protos, COUNT(protos), name);
}

const char *proto_name(uint32_t proto)
{
	return find_name(protos, COUNT(protos), proto);
}

bool proto_has_ports(uint32_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_UDPLITE;
}

bool proto_is_icmp(uint32_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

static const struct entry services[] = {
	{ "ftp", 21 }, { "ssh", 22 }, { "telnet", 23 }, { "smtp", 25 }, { "domain", 53 },
	{ "dns", 53 }, { "bootps", 67 }, { "bootpc", 68 }, { "tftp", 69 }, { "http", 80 },
	{ "kerberos", 88 }, { "pop3", 110 }, { "sunrpc", 111 }, { "ntp", 123 },
	{ "imap", 143 }, { "snmp", 161 }, { "bgp", 179 }, { "ldap", 389 }, { "https", 443 },
	{ "isakmp", 500 }, { "syslog", 514 }, { "submission", 587 }, { "ldaps", 636 },
	{ "imaps", 993 }, { "pop3s", 995 }, { "openvpn", 1194 }, { "nfs", 2049 },
	{ "stun", 3478 }, { "ipsec-nat-t", 4500 }, { "sip", 5060 }, { "sips", 5061 },
	{ "wireguard", 51820 }, { "netconf", 830 }, { "netconf-ch-ssh", 4334 },
	{ "netconf-ch-tls", 4335 }, { "gist", 270 },
};

int service_find(const char *name)
{
	return find(services, COUNT(services), name);
}

static const struct entry icmp4[] = {
	{ "echo-reply", 0 }, { "destination-unreachable", 3 }, { "source-quench", 4 },
	{ "redirect", 5 }, { "echo-request", 8 }, { "router-advertisement", 9 },
	{ "router-solicitation", 10 }, { "time-exceeded", 11 }, { "parameter-problem", 12 },
	{ "timestamp-request", 13 }, { "timestamp-reply", 14 }, { "info-request", 15 },
	{ "info-reply", 16 }, { "address-mask-request", 17 }, { "address-mask-reply", 18 },
	{ "extended-echo-request", 42 }, { "extended-echo-reply", 43 },
};

static const struct entry icmp6[] = {
	{ "destination-unreachable", 1 }, { "packet-too-big", 2 }, { "time-exceeded", 3 },
	{ "parameter-problem", 4 }, { "echo-request", 128 }, { "echo-reply", 129 },
	{ "mld-query", 130 }, { "mld-report", 131 }, { "mld-done", 132 },
	{ "nd-router-solicit", 133 }, { "nd-router-advert", 134 },
	{ "nd-neighbor-solicit", 135 }, { "nd-neighbor-advert", 136 }, { "nd-redirect", 137 },
	{ "mld2-report", 143 }, { "extended-echo-request", 160 },
	{ "extended-echo-reply", 161 },
};

int icmp_type_find(uint32_t proto, const char *name)
{
	return proto == IPPROTO_ICMPV6 ? find(icmp6, COUNT(icmp6), name) :
					 find(icmp4, COUNT(icmp4), name);
}

const char *icmp_type_name(uint32_t proto, uint32_t type)
{
	return proto == IPPROTO_ICMPV6 ? find_name(icmp6, COUNT(icmp6), type) :
					 find_name(icmp4, COUNT(icmp4), type);
}

static const struct entry dscps[] = {
	{ "cs0", 0 }, { "be", 0 }, { "le", 1 }, { "cs1", 8 }, { "af11", 10 }, { "af12", 12 },
	{ "af13", 14 }, { "cs2", 16 }, { "af21", 18 }, { "af22", 20 }, { "af23", 22 },
	{ "cs3", 24 }, { "af31", 26 }, { "af32", 28 }, { "af33", 30 }, { "cs4", 32 },
	{ "af41", 34 }, { "af42", 36 }, { "af43", 38 }, { "cs5", 40 }, { "va", 44 },
	{ "ef", 46 }, { "cs6", 48 }, { "cs7", 56 },
};

int dscp_find(const char *name)
{
	return find(dscps, COUNT(dscps), name);
}

const char *dscp_name(uint32_t dscp)
{
	return find_name(dscps, COUNT(dscps), dscp);
}
