// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "nslp/code.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const type_names[] = {
	[NSLP_CREATE] = "CREATE",
	[NSLP_EXTERNAL] = "EXTERNAL",
	[NSLP_RESPONSE] = "RESPONSE",
	[NSLP_NOTIFY] = "NOTIFY",
};

static const char *const object_names[] = {
	[NSLP_LIFETIME] = "NATFW_LT",
	[NSLP_EXTERNAL_IP] = "NATFW_EXTERNAL_IP",
	[NSLP_BINDING] = "NATFW_EXTERNAL_BINDING",
	[NSLP_EFI] = "NATFW_EFI",
	[NSLP_INFO] = "NATFW_INFO",
	[NSLP_NONCE] = "NATFW_NONCE",
	[NSLP_MSN] = "NATFW_MSN",
	[NSLP_DTINFO] = "NATFW_DTINFO",
	[NSLP_ICMP] = "NATFW_ICMP_TYPES",
	[NSLP_AUTH] = "SESSION_AUTH",
};

static const struct {
	uint16_t code;
	const char *name;
} code_names[] = {
	{ NSLP_ROUTE_CHANGE, "route change on the path" },
	{ NSLP_REAUTHENTICATE, "re-authentication required" },
	{ NSLP_GOING_DOWN, "node is going down soon" },
	{ NSLP_EXPIRED, "session lifetime expired" },
	{ NSLP_TERMINATED, "session terminated" },
	{ NSLP_SUCCESS, "all processed" },
	{ NSLP_BAD_TYPE, "illegal message type" },
	{ NSLP_BAD_LENGTH, "wrong message length" },
	{ NSLP_BAD_FLAGS, "bad flags" },
	{ NSLP_MISSING_OBJECT, "mandatory object missing" },
	{ NSLP_ILLEGAL_OBJECT, "illegal object present" },
	{ NSLP_UNKNOWN_OBJECT, "unknown object present" },
	{ NSLP_OBJECT_LENGTH, "wrong object length" },
	{ NSLP_UNKNOWN_VALUE, "unknown field value" },
	{ NSLP_COMBINATION, "invalid combination of flags and fields" },
	{ NSLP_DUPLICATE, "duplicate object" },
	{ NSLP_EXTERNAL_SIDE, "EXTERNAL on the external side" },
	{ NSLP_NO_RESOURCES, "resources temporarily unavailable" },
	{ NSLP_NOT_AUTHENTICATED, "authentication failed" },
	{ NSLP_NOT_AUTHORIZED, "authorization failed" },
	{ NSLP_INTERNAL, "internal or system error" },
	{ NSLP_NO_EDGE, "no edge device here" },
	{ NSLP_NOT_REACHED, "did not reach the responder" },
	{ NSLP_ENDED, "session terminated asynchronously" },
	{ NSLP_LIFETIME_BIG, "requested lifetime too big" },
	{ NSLP_NO_RESERVATION, "no reservation matches" },
	{ NSLP_CONFLICT, "rule denied by policy conflict" },
	{ NSLP_UNKNOWN_ACTION, "unknown rule action" },
	{ NSLP_NOT_APPLICABLE, "rule action not applicable" },
	{ NSLP_DTINFO_REQUIRED, "NATFW_DTINFO required" },
	{ NSLP_SUB_PORTS, "sub_ports value not permitted" },
	{ NSLP_PROTOCOL, "IP protocol not supported" },
	{ NSLP_PLAIN_IP, "plain IP rule not permitted" },
	{ NSLP_ICMP_TYPE, "ICMP type not permitted" },
	{ NSLP_SOURCE_WIDE, "source address range too large" },
	{ NSLP_DESTINATION_WIDE, "destination address range too large" },
	{ NSLP_SOURCE_PORT_WIDE, "source port range too large" },
	{ NSLP_DESTINATION_PORT_WIDE, "destination port range too large" },
	{ NSLP_LIFETIME_SMALL, "requested lifetime too small" },
	{ NSLP_GRANT_BIG, "modified lifetime too big" },
	{ NSLP_GRANT_SMALL, "modified lifetime too small" },
};

static const char *name_of(const char *const *names, size_t n, unsigned int i)
{
	return i < n && names[i] ? names[i] : "unknown";
}

const char *nslp_type_name(unsigned int type)
{
	return name_of(type_names, ARRAY_SIZE(type_names), type);
}

const char *nslp_object_name(unsigned int type)
{
	return name_of(object_names, ARRAY_SIZE(object_names), type);
}

const char *nslp_code_name(unsigned int code)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(code_names); i++)
		if (code_names[i].code == code)
			return code_names[i].name;
	return "unknown";
}
