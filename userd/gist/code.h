/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of GIST: RFC 5971, section 9 and appendix A, and what RFC 5973 adds.
 */
#ifndef _NATFWD_GIST_CODE_H
#define _NATFWD_GIST_CODE_H

#include <stdint.h>

#define GIST_VERSION		1
#define GIST_PORT		270		/* UDP, destination of Q-mode */
#define GIST_MAGIC		0x4e04bda5u	/* first word of every datagram, 5.2.1 */
#define GIST_NSLPID_NONE	0		/* in Error and MA-Hello */
#define GIST_NSLPID_NATFW	33		/* RFC 5973, section 7.5 */
#define GIST_RAO4_NATFW		65		/* router alert values, ditto */
#define GIST_RAO6_NATFW		68

enum gist_type {
	GIST_QUERY = 0,
	GIST_RESPONSE = 1,
	GIST_CONFIRM = 2,
	GIST_DATA = 3,
	GIST_ERROR = 4,
	GIST_MA_HELLO = 5,
	GIST_TYPES,
};

enum gist_object {
	GIST_MRI = 0,
	GIST_SID = 1,
	GIST_NLI = 2,
	GIST_PROPOSAL = 3,		/* Stack-Proposal */
	GIST_STACKCONF = 4,		/* Stack-Configuration-Data */
	GIST_QUERY_COOKIE = 5,
	GIST_RESPONDER_COOKIE = 6,
	GIST_NATT = 7,			/* NAT-Traversal */
	GIST_NSLP_DATA = 8,
	GIST_ERROR_DATA = 9,
	GIST_HELLO_ID = 10,
	GIST_OBJECTS,
};

#define GIST_BIT(object)	(1u << (object))

enum gist_method {
	GIST_MRM_PATH = 0,		/* path-coupled */
	GIST_MRM_LOOSE = 1,		/* loose-end */
};

enum gist_ma_protocol {
	GIST_MA_TCP = 1,		/* Forwards-TCP */
	GIST_MA_TLS = 2,
	GIST_MA_SCTP = 3,		/* RFC 6084 */
	GIST_MA_DTLS = 4,
};

enum gist_error_class {
	GIST_CLASS_INFORMATIONAL = 0,
	GIST_CLASS_SUCCESS = 1,
	GIST_CLASS_PROTOCOL = 2,
	GIST_CLASS_TRANSIENT = 3,
	GIST_CLASS_PERMANENT = 4,
};

enum gist_error_code {
	GIST_E_HEADER = 1,
	GIST_E_HOPS = 2,
	GIST_E_ENCAPSULATION = 3,
	GIST_E_DELIVERY = 4,
	GIST_E_NO_STATE = 5,
	GIST_E_NSLPID = 6,
	GIST_E_ENDPOINT = 7,
	GIST_E_TOO_LARGE = 8,
	GIST_E_OBJECT = 9,
	GIST_E_VALUE = 10,
	GIST_E_TTL = 11,
	GIST_E_MRI = 12,
};

/* Subcodes of 1, A.4.4.1. */
enum gist_header_error {
	GIST_E_VERSION = 0,
	GIST_E_TYPE = 1,
	GIST_E_R_FLAG = 2,
	GIST_E_LENGTH = 3,
	GIST_E_E_FLAG = 4,
	GIST_E_C_FLAG = 5,
};

/* Subcodes of 9, A.4.4.9. */
enum gist_object_error {
	GIST_E_DUPLICATE = 0,
	GIST_E_UNRECOGNISED = 1,
	GIST_E_MISSING = 2,
	GIST_E_INVALID_TYPE = 3,
	GIST_E_UNTRANSLATED = 4,
	GIST_E_AB_FLAGS = 5,
};

/* Subcodes of 10, A.4.4.10. */
enum gist_value_error {
	GIST_E_OBJECT_LENGTH = 0,
	GIST_E_UNSUPPORTED = 1,
	GIST_E_COMBINATION = 2,
	GIST_E_EMPTY_LIST = 3,
	GIST_E_COOKIE = 4,
	GIST_E_STACK_MISMATCH = 5,
};

/* Subcodes of 12, A.4.4.12. */
enum gist_mri_error {
	GIST_E_TOO_WILD = 0,
	GIST_E_IP_VERSION = 1,
	GIST_E_INGRESS = 2,
};

/* Additional information in an Error, A.4.2. */
enum gist_info_type {
	GIST_INFO_LENGTH = 1,
	GIST_INFO_MTU = 2,
	GIST_INFO_OBJECT_TYPE = 3,
	GIST_INFO_OBJECT_VALUE = 4,
};

/* Names for logs and people; "unknown" for what the RFC does not have. Never NULL. */
const char *gist_type_name(unsigned int type);
const char *gist_object_name(unsigned int type);
const char *gist_error_name(unsigned int code, unsigned int subcode);
/* The class that the catalogue gives to @code (A.4.4); protocol error for others. */
enum gist_error_class gist_error_class(unsigned int code);

#endif /* _NATFWD_GIST_CODE_H */
