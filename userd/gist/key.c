// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/siphash.h"
#include "gist/engine.h"

/*
 * Written anew from the parsed MRI, so that what is equal has equal octets: reserved bits and
 * fields without their flag are zero.
 */
bool gist_key_make(struct key *k, const struct gist_mri *mri, bool upstream, const uint8_t *sid,
		   uint16_t nslpid)
{
	struct gist_mri turned = *mri;
	struct gist_out o;

	turned.upstream = upstream;
	gist_out_init(&o, k->mri, sizeof(k->mri));
	gist_mri_value_put(&o, &turned);
	if (o.error)
		return false;
	k->mri_len = (uint8_t)o.len;
	k->sid = sid;
	k->nslpid = nslpid;
	return true;
}

uint64_t gist_key_hash(const struct gist *g, const struct key *k)
{
	uint8_t all[GIST_MRI_SIZE_MAX + GIST_SID_SIZE + 2];

	memcpy(all, k->sid, GIST_SID_SIZE);
	all[GIST_SID_SIZE] = k->nslpid >> 8;
	all[GIST_SID_SIZE + 1] = (uint8_t)k->nslpid;
	memcpy(all + GIST_SID_SIZE + 2, k->mri, k->mri_len);
	return siphash(all, GIST_SID_SIZE + 2u + k->mri_len, g->table_key);
}

/* @value is one that gist_key_make() has written. */
void gist_key_mri(struct gist_mri *mri, const uint8_t *value, size_t len)
{
	struct gist_tlv tlv = { .all = { value, len }, .value = { value, len } };
	struct gist_fault fault;

	gist_mri_value_parse(mri, tlv.value, &tlv, 0, &fault);
}
