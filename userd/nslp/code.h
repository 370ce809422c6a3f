/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of the NATFW NSLP: RFC 5973, sections 4 and 7.
 *
 * A response code is class and code in one number, as in 0x0304 for "class 3, code 0x04".
 * QoS NSLP has the same classes with other codes: never decode those with these names.
 */
#ifndef _NATFWD_NSLP_CODE_H
#define _NATFWD_NSLP_CODE_H

#include <stdbool.h>
#include <stdint.h>

enum nslp_type {
	NSLP_CREATE = 1,
	NSLP_EXTERNAL = 2,
	NSLP_RESPONSE = 3,
	NSLP_NOTIFY = 4,
};

enum nslp_object {
	NSLP_LIFETIME = 0x00c,		/* NATFW_LT */
	NSLP_EXTERNAL_IP = 0x00d,	/* NATFW_EXTERNAL_IP */
	NSLP_BINDING = 0x00e,		/* NATFW_EXTERNAL_BINDING */
	NSLP_EFI = 0x00f,		/* NATFW_EFI */
	NSLP_INFO = 0x010,		/* NATFW_INFO */
	NSLP_NONCE = 0x011,		/* NATFW_NONCE */
	NSLP_MSN = 0x012,		/* NATFW_MSN */
	NSLP_DTINFO = 0x013,		/* NATFW_DTINFO */
	NSLP_ICMP = 0x014,		/* NATFW_ICMP_TYPES */
	NSLP_AUTH = 0x016,		/* SESSION_AUTH, RFC 5981 */
};

#define NSLP_FIRST		NSLP_LIFETIME
#define NSLP_LAST		NSLP_ICMP
#define NSLP_BIT(object)	(1u << ((object) - NSLP_FIRST))

enum nslp_action {
	NSLP_ALLOW = 1,
	NSLP_DENY = 2,
};

#define NSLP_CLASS(code)	((code) >> 8)

enum nslp_class {
	NSLP_CLASS_INFORMATIONAL = 1,
	NSLP_CLASS_SUCCESS = 2,
	NSLP_CLASS_PROTOCOL = 3,
	NSLP_CLASS_TRANSIENT = 4,
	NSLP_CLASS_PERMANENT = 5,
	NSLP_CLASS_SESSION = 7,
};

enum nslp_code {
	NSLP_ROUTE_CHANGE = 0x0101,
	NSLP_REAUTHENTICATE = 0x0102,
	NSLP_GOING_DOWN = 0x0103,
	NSLP_EXPIRED = 0x0104,
	NSLP_TERMINATED = 0x0105,
	NSLP_SUCCESS = 0x0201,
	NSLP_BAD_TYPE = 0x0301,
	NSLP_BAD_LENGTH = 0x0302,
	NSLP_BAD_FLAGS = 0x0303,
	NSLP_MISSING_OBJECT = 0x0304,
	NSLP_ILLEGAL_OBJECT = 0x0305,
	NSLP_UNKNOWN_OBJECT = 0x0306,
	NSLP_OBJECT_LENGTH = 0x0307,
	NSLP_UNKNOWN_VALUE = 0x0308,
	NSLP_COMBINATION = 0x0309,
	NSLP_DUPLICATE = 0x030a,
	NSLP_EXTERNAL_SIDE = 0x030b,
	NSLP_NO_RESOURCES = 0x0401,
	NSLP_NOT_AUTHENTICATED = 0x0501,
	NSLP_NOT_AUTHORIZED = 0x0502,
	NSLP_INTERNAL = 0x0504,
	NSLP_NO_EDGE = 0x0506,
	NSLP_NOT_REACHED = 0x0507,
	NSLP_ENDED = 0x0701,
	NSLP_LIFETIME_BIG = 0x0702,
	NSLP_NO_RESERVATION = 0x0703,
	NSLP_CONFLICT = 0x0704,
	NSLP_UNKNOWN_ACTION = 0x0705,
	NSLP_NOT_APPLICABLE = 0x0706,
	NSLP_DTINFO_REQUIRED = 0x0707,
	NSLP_SUB_PORTS = 0x0708,
	NSLP_PROTOCOL = 0x0709,
	NSLP_PLAIN_IP = 0x070a,
	NSLP_ICMP_TYPE = 0x070b,
	NSLP_SOURCE_WIDE = 0x070c,
	NSLP_DESTINATION_WIDE = 0x070d,
	NSLP_SOURCE_PORT_WIDE = 0x070e,
	NSLP_DESTINATION_PORT_WIDE = 0x070f,
	NSLP_LIFETIME_SMALL = 0x0710,
	NSLP_GRANT_BIG = 0x0711,
	NSLP_GRANT_SMALL = 0x0712,
};

/* Names for logs and people; "unknown" for what the RFC does not have. Never NULL. */
const char *nslp_type_name(unsigned int type);
const char *nslp_object_name(unsigned int type);
const char *nslp_code_name(unsigned int code);

/* Whether message type @type asks for something, and so may be answered (4.3.3). */
static inline bool nslp_type_request(unsigned int type)
{
	return type == NSLP_CREATE || type == NSLP_EXTERNAL;
}

#endif /* _NATFWD_NSLP_CODE_H */
