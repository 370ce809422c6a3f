// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>

#include "gist/code.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const type_names[] = {
	[GIST_QUERY] = "Query",
	[GIST_RESPONSE] = "Response",
	[GIST_CONFIRM] = "Confirm",
	[GIST_DATA] = "Data",
	[GIST_ERROR] = "Error",
	[GIST_MA_HELLO] = "MA-Hello",
};

static const char *const object_names[] = {
	[GIST_MRI] = "Message-Routing-Information",
	[GIST_SID] = "Session-Identifier",
	[GIST_NLI] = "Network-Layer-Information",
	[GIST_PROPOSAL] = "Stack-Proposal",
	[GIST_STACKCONF] = "Stack-Configuration-Data",
	[GIST_QUERY_COOKIE] = "Query-Cookie",
	[GIST_RESPONDER_COOKIE] = "Responder-Cookie",
	[GIST_NATT] = "NAT-Traversal",
	[GIST_NSLP_DATA] = "NSLP-Data",
	[GIST_ERROR_DATA] = "Error",
	[GIST_HELLO_ID] = "Hello-ID",
};

static const struct {
	uint8_t code, subcode;
	const char *name;
} error_names[] = {
	{ 1, 0, "Unknown Version" },
	{ 1, 1, "Unknown Type" },
	{ 1, 2, "Invalid R-flag" },
	{ 1, 3, "Incorrect Message Length" },
	{ 1, 4, "Invalid E-flag" },
	{ 1, 5, "Invalid C-flag" },
	{ 2, 0, "Hop Limit Exceeded" },
	{ 3, 0, "Incorrect Encapsulation" },
	{ 4, 0, "Incorrectly Delivered Message" },
	{ 5, 0, "No Routing State" },
	{ 6, 0, "Unknown NSLPID" },
	{ 7, 0, "Endpoint Found" },
	{ 8, 0, "Message Too Large" },
	{ 9, 0, "Duplicate Object" },
	{ 9, 1, "Unrecognised Object" },
	{ 9, 2, "Missing Object" },
	{ 9, 3, "Invalid Object Type" },
	{ 9, 4, "Untranslated Object" },
	{ 9, 5, "Invalid Extensibility Flags" },
	{ 10, 0, "Incorrect Length" },
	{ 10, 1, "Value Not Supported" },
	{ 10, 2, "Invalid Flag-Field Combination" },
	{ 10, 3, "Empty List" },
	{ 10, 4, "Invalid Cookie" },
	{ 10, 5, "Stack-Proposal - Stack-Configuration-Data Mismatch" },
	{ 11, 0, "Invalid IP-Layer TTL" },
	{ 12, 0, "MRI Too Wild" },
	{ 12, 1, "IP Version Mismatch" },
	{ 12, 2, "Ingress Filter Failure" },
};

static const char *name_of(const char *const *names, size_t n, unsigned int i)
{
	return i < n ? names[i] : "unknown";
}

const char *gist_type_name(unsigned int type)
{
	return name_of(type_names, ARRAY_SIZE(type_names), type);
}

const char *gist_object_name(unsigned int type)
{
	return name_of(object_names, ARRAY_SIZE(object_names), type);
}

const char *gist_error_name(unsigned int code, unsigned int subcode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(error_names); i++)
		if (error_names[i].code == code && error_names[i].subcode == subcode)
			return error_names[i].name;
	return "unknown";
}

enum gist_error_class gist_error_class(unsigned int code)
{
	switch (code) {
	case GIST_E_HOPS:
	case GIST_E_NSLPID:
	case GIST_E_ENDPOINT:
	case GIST_E_TOO_LARGE:
	case GIST_E_TTL:
	case GIST_E_MRI:
		return GIST_CLASS_PERMANENT;
	default:
		return GIST_CLASS_PROTOCOL;
	}
}
