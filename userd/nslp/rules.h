/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which objects a message type has and how long they are, for reader and writer.
 */
#ifndef _NATFWD_NSLP_RULES_H
#define _NATFWD_NSLP_RULES_H

#include "nslp/message.h"

/* Type as in RFC 5973 of objects numbered @wire; 0 if not known. */
unsigned int nslp_rules_type(unsigned int wire, unsigned int options);
/* The number to write for type @type. */
unsigned int nslp_rules_wire(unsigned int type, unsigned int options);
/* Whether a value of @len octets may be one of @type. */
bool nslp_rules_size(unsigned int type, size_t len);
/* Whether @type may be in @m, whose type and information are known. */
bool nslp_rules_allow(const struct nslp_message *m, unsigned int type);
/* Nothing is missing: else 3/0x04, or 7/0x07. */
bool nslp_rules_complete(const struct nslp_message *m, unsigned int options,
			 struct nslp_fault *fault);
/* All values are known ones and fit together. */
bool nslp_rules_values(const struct nslp_message *m, unsigned int options,
		       struct nslp_fault *fault);

#endif /* _NATFWD_NSLP_RULES_H */
