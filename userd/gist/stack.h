/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stack-Proposal and Stack-Configuration-Data: what messaging associations both ends can
 * have (RFC 5971, sections 5.7, A.3.4 and A.3.5).
 *
 * Both are parsed in place: profiles and option fields are checked when the object is
 * parsed and then taken one by one. For sending, they are written one by one to an output
 * of the caller, whose view goes into the object.
 *
 * Where the RFC is open:
 *  - no profile at all is 10/1, any profile without layer 10/3;
 *  - a hold time of zero is 10/1;
 *  - Forwards-TCP has two octets of options in a Response; four (port and two zeros) are
 *    accepted, and anything in a Query; a port of zero is 10/1;
 *  - a proposal and configuration data that disagree are no fault in a Confirm, where the
 *    latter has the hold time only;
 *  - profiles with layers that are not known are for the caller to leave alone.
 */
#ifndef _NATFWD_GIST_STACK_H
#define _NATFWD_GIST_STACK_H

#include "gist/fault.h"

struct gist_proposal {
	uint32_t reserved;	/* 24 bits, kept so that an echo is the same octets */
	uint8_t count;
	struct gist_view profiles;	/* encoded, padding included */
};

struct gist_profile {
	uint8_t count;
	const uint8_t *layer;	/* top first, enum gist_ma_protocol */
};

struct gist_stackconf {
	uint8_t count;
	uint32_t hold;		/* MA-Hold-Time, milliseconds */
	struct gist_view options;	/* encoded fields */
};

struct gist_option {
	uint8_t protocol;	/* enum gist_ma_protocol */
	uint8_t profile;	/* from 1; 0: all of the proposal */
	bool unusable;		/* D */
	struct gist_view data;	/* without padding */
};

/*
 * gist_proposal_parse() - read a Stack-Proposal (RFC 5971 A.3.4)
 *
 * Returns: false, and a fault 10/0, 10/1 or 10/3. @p shows the object.
 */
bool gist_proposal_parse(struct gist_proposal *p, const struct gist_tlv *tlv,
			 struct gist_fault *fault);
/* The next profile of a parsed proposal's @rest, which begins as its profiles. */
bool gist_profile_next(struct gist_view *rest, struct gist_profile *profile);
/* Whether @profile has @protocol as one of its layers. */
bool gist_profile_has(const struct gist_profile *profile, uint8_t protocol);
/* The profile with number @number, from 1. */
bool gist_proposal_get(const struct gist_proposal *p, unsigned int number,
		       struct gist_profile *profile);
/* Write one profile of @count layers, top first, at least one. */
void gist_profile_put(struct gist_out *o, const uint8_t *layers, unsigned int count);
/* Write the object. */
void gist_proposal_put(struct gist_out *o, const struct gist_proposal *p);

/*
 * gist_stackconf_parse() - read Stack-Configuration-Data (RFC 5971 A.3.5)
 *
 * Returns: false, and a fault 10/0 or 10/1. @s shows the object.
 */
bool gist_stackconf_parse(struct gist_stackconf *s, const struct gist_tlv *tlv,
			  struct gist_fault *fault);
/* The next option field of parsed configuration data's @rest. */
bool gist_option_next(struct gist_view *rest, struct gist_option *option);
/* Write one option field. */
void gist_option_put(struct gist_out *o, const struct gist_option *option);
/* Write the object. */
void gist_stackconf_put(struct gist_out *o, const struct gist_stackconf *s);

/*
 * gist_stackconf_find() - the option field for @protocol in profile @profile
 * (RFC 5971 A.3.5): the one for that profile, else the one for all
 *
 * Returns: false if there is none.
 */
bool gist_stackconf_find(const struct gist_stackconf *s, uint8_t protocol,
			 unsigned int profile, struct gist_option *option);
/* The port in a Forwards-TCP option field of a Response, 0 if it has none (5.7.2). */
uint16_t gist_option_tcp_port(const struct gist_option *option);
/* Write a Forwards-TCP option field with @port (of host order), none if 0. */
void gist_option_put_tcp(struct gist_out *o, unsigned int profile, uint16_t port);

/*
 * gist_stack_check() - whether the two objects agree (RFC 5971 5.7.1, A.4.4.10)
 * @p, @s: parsed
 * @ptlv, @stlv: as received
 * @answer: they are from a Response, where Forwards-TCP has a port
 * @fault: why not
 *
 * Returns: false, and 10/5 (option field for a protocol or profile that is not proposed,
 * Forwards-TCP without option field), 10/0 or 10/1 (bad Forwards-TCP options).
 */
bool gist_stack_check(const struct gist_proposal *p, const struct gist_stackconf *s,
		      const struct gist_tlv *ptlv, const struct gist_tlv *stlv, bool answer,
		      struct gist_fault *fault);

#endif /* _NATFWD_GIST_STACK_H */
