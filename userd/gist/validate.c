// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a Q-mode message has to be before it is believed anything (RFC 5971 5.8.1, 7.2.1, 7.4).
 */
#include "gist/engine.h"

#define TTL_NEIGHBOUR 254 /* least of an upstream Query (5.8.1.3, A.4.4.11) */

/*
 * The address that the message follows has to be one place: a quarter of its bits at least.
 * Upstream a flow whose source is not known is signalled for toward an address it may come from,
 * with a prefix of any length (RFC 5973 3.7.2): then that address has to be one.
 */
bool gist_validate_wild(const struct gist_message *m, struct gist_fault *fault)
{
	const struct gist_mri *mri = &m->mri;
	bool one = mri->upstream ? !address_is_any(&mri->source) :
		mri->destination_prefix >= address_bits(&mri->destination) / 4;

	if (mri->method != GIST_MRM_PATH || one)
		return true;
	return gist_fault_mri(fault, GIST_E_TOO_WILD, &m->tlv[GIST_MRI], GIST_TLV_HEAD,
			      "flow description is wider than one path");
}

static void last_address(struct address *a, unsigned int len)
{
	unsigned int i;

	for (i = len; i < address_bits(a); i++)
		a->b[i / 8] |= (uint8_t)(0x80 >> (i % 8));
}

/*
 * All of the flow's sources could come in where the Query did: both ends of the range stand for it.
 */
static bool ingress(struct gist *g, const struct gist_mri *mri, unsigned int ifindex)
{
	struct address first = mri->source, last = mri->source;

	address_mask(&first, mri->source_prefix);
	last_address(&last, mri->source_prefix);
	return g->io.ingress(g->io.arg, &first, ifindex) &&
	       (mri->source_prefix == address_bits(&last) ||
		g->io.ingress(g->io.arg, &last, ifindex));
}

static bool validate_path(struct gist *g, const struct gist_arrival *a,
			  const struct gist_message *m, struct gist_fault *fault)
{
	const struct gist_tlv *tlv = &m->tlv[GIST_MRI];

	if (m->mri.upstream) {
		if (a->ttl >= TTL_NEIGHBOUR)
			return true;
		return gist_fault_plain(fault, GIST_E_TTL, 0, "upstream Query from beyond one hop");
	}
	/* A flow without known source (RFC 5973, EXTERNAL) is no claim that could be checked. */
	if (!m->mri.source_prefix || ingress(g, &m->mri, a->ifindex))
		return true;
	return gist_fault_mri(fault, GIST_E_INGRESS, tlv, GIST_TLV_HEAD + 4,
			      "the flow would not come in here");
}

bool gist_validate_qmode(struct gist *g, const struct gist_arrival *a, const struct gist_message *m,
			 struct gist_fault *fault)
{
	struct address own;

	if (m->mri.source.version != a->to.address.version ||
	    !g->io.interface_address(g->io.arg, a->ifindex, m->mri.source.version, &own))
		return gist_fault_mri(fault, GIST_E_IP_VERSION, &m->tlv[GIST_MRI],
				      GIST_TLV_HEAD + 2, "IP version is not that of the packet");
	if (!gist_validate_wild(m, fault))
		return false;
	return m->mri.method != GIST_MRM_PATH || validate_path(g, a, m, fault);
}

bool gist_validate_nat(const struct gist_arrival *a, const struct gist_message *m,
		       struct gist_fault *fault)
{
	if (gist_message_has(m, GIST_NATT))
		return gist_message_natt_check(m, fault);
	if (!m->head.source || address_equal(&a->from.address, &m->nli.address))
		return true;
	return gist_fault_type(fault, GIST_E_UNTRANSLATED, GIST_MRI,
			       "source is not that of the NLI: a NAT on the way");
}
