/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was found wrong with a NATFW message: the response code to answer with and the
 * object to name in it (RFC 5973, section 4.2.5).
 */
#ifndef _NATFWD_NSLP_FAULT_H
#define _NATFWD_NSLP_FAULT_H

#include "nslp/code.h"

struct nslp_fault {
	uint16_t code;		/* enum nslp_code; 0: none */
	uint16_t object;	/* type of the object at fault, 0 if there is none */
	const char *why;	/* static, for logs */
};

/* Fill in @f; returns false, so that a check ends with it. */
static inline bool nslp_fault(struct nslp_fault *f, unsigned int code, unsigned int object,
			      const char *why)
{
	f->code = (uint16_t)code;
	f->object = (uint16_t)object;
	f->why = why;
	return false;
}

#endif /* _NATFWD_NSLP_FAULT_H */
