// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "gist/fault.h"

bool gist_fault_plain(struct gist_fault *f, unsigned int code, unsigned int subcode,
		      const char *why)
{
	memset(f, 0, sizeof(*f));
	f->code = (uint16_t)code;
	f->subcode = (uint8_t)subcode;
	f->why = why;
	return false;
}

bool gist_fault_length(struct gist_fault *f, uint32_t words, const char *why)
{
	gist_fault_plain(f, GIST_E_HEADER, GIST_E_LENGTH, why);
	f->words = words > UINT16_MAX ? UINT16_MAX : (uint16_t)words;
	return false;
}

bool gist_fault_mtu(struct gist_fault *f, uint16_t mtu)
{
	gist_fault_plain(f, GIST_E_TOO_LARGE, 0, "larger than the next link");
	f->mtu = mtu;
	return false;
}

bool gist_fault_type(struct gist_fault *f, unsigned int subcode, unsigned int type,
		     const char *why)
{
	gist_fault_plain(f, GIST_E_OBJECT, subcode, why);
	f->type = (uint16_t)type;
	return false;
}

static void add_object(struct gist_fault *f, const struct gist_tlv *tlv, size_t offset)
{
	f->object[f->objects].tlv = tlv->all;
	f->object[f->objects].offset = (uint16_t)offset;
	f->objects++;
}

bool gist_fault_value(struct gist_fault *f, unsigned int subcode, const struct gist_tlv *tlv,
		      size_t offset, const char *why)
{
	gist_fault_plain(f, GIST_E_VALUE, subcode, why);
	add_object(f, tlv, offset);
	return false;
}

bool gist_fault_stack(struct gist_fault *f, const struct gist_tlv *proposal,
		      const struct gist_tlv *stackconf, size_t offset, const char *why)
{
	gist_fault_value(f, GIST_E_STACK_MISMATCH, proposal, 0, why);
	add_object(f, stackconf, offset);
	return false;
}

bool gist_fault_mri(struct gist_fault *f, unsigned int subcode, const struct gist_tlv *tlv,
		    size_t offset, const char *why)
{
	gist_fault_plain(f, GIST_E_MRI, subcode, why);
	add_object(f, tlv, offset);
	return false;
}
