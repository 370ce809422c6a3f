/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rule of a session: the flow as it is on both sides of this node, what is to be done with it,
 * and in which role this node sees it (RFC 5973, sections 3.1 and 3.8).
 *
 * "near" is the side toward the NI, "far" the one toward the NR; both MRIs are in the direction of
 * the request.
 */
#ifndef _NATFWD_NSLP_RULE_H
#define _NATFWD_NSLP_RULE_H

#include "nslp/engine.h"

/* What few rules have; plain CREATEs at a firewall do without. */
struct nslp_extra {
	struct nslp_dtinfo dtinfo;	/* EXTERNAL */
	bool has_dtinfo;
	uint8_t icmp_count;
	uint8_t icmp[GATE_ICMP_MAX];
	uint32_t nonce;			/* of the EXTERNAL-PROXY behind a CREATE of ours */
	uint8_t ref[GATE_SID];		/* the reservation the flow comes in by */
	struct endpoint external;	/* EXTERNAL at a NAT: what was reserved */
};

struct nslp_rule {
	struct gist_mri near, far;
	uint8_t type;			/* NSLP_CREATE or NSLP_EXTERNAL */
	uint8_t action;			/* enum nslp_action */
	uint8_t sub_ports;
	uint8_t role;			/* enum session_role */
	uint8_t kind;			/* enum gate_kind */
	uint8_t translation;		/* enum gate_translation */
	bool gated;			/* the gate is asked */
	uint32_t in, out;		/* interfaces of the flow's data; 0: not known */
	struct nslp_extra *extra;	/* owned, or NULL */
};

/*
 * nslp_rule_read() - what a request asks for
 * @r: filled in, far side as the near one, no role yet; nslp_rule_fini() later, failed or not
 * @fault: 7/0x0b (more ICMP types than rules can have), 4/0x01 (out of memory)
 */
bool nslp_rule_read(struct nslp_rule *r, const struct gist_mri *mri, const struct nslp_message *m,
		    struct nslp_fault *fault);
void nslp_rule_fini(struct nslp_rule *r);
/* Give the rule its extra part, zeroed; NULL: out of memory. */
struct nslp_extra *nslp_rule_extra(struct nslp_rule *r);
/* Whether the same is asked for: a refresh; else it is an update (3.7.3, 3.10; AMB-25). */
bool nslp_rule_same(const struct nslp_rule *a, const struct nslp_rule *b);
/* The flow on the near side, in the direction of its data. */
void nslp_rule_flow(const struct nslp_rule *r, struct gate_flow *f);
/* What the gate has reserved goes into the far side (3.7.1, 3.7.2). False: it lacks something. */
bool nslp_rule_translate(struct nslp_rule *r, const struct gate_answer *a);
/* The data receiver's address, as on the near side. */
const struct address *nslp_rule_receiver(const struct nslp_rule *r);
/* The objects that say what the rule is: EFI, DTINFO, ICMP types. */
void nslp_rule_objects(const struct nslp_rule *r, struct nslp_message *m);
/* Octets it uses beside itself. */
static inline size_t nslp_rule_memory(const struct nslp_rule *r)
{
	return r->extra ? sizeof(*r->extra) : 0;
}

#endif /* _NATFWD_NSLP_RULE_H */
