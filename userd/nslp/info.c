// SPDX-License-Identifier: GPL-2.0-or-later
#include "nslp/info.h"

void nslp_info_parse(struct nslp_info *info, struct gist_view value)
{
	info->code = gist_get16(value.data) & 0x0fff;
	info->object = gist_get16(value.data + 2) & 0x0fff;
}

bool nslp_info_check(const struct nslp_info *info, unsigned int type, struct nslp_fault *fault)
{
	bool event = NSLP_CLASS(info->code) == NSLP_CLASS_INFORMATIONAL;

	if (type == NSLP_NOTIFY ? event : !event && NSLP_CLASS(info->code))
		return true;
	return nslp_fault(fault, NSLP_UNKNOWN_VALUE, NSLP_INFO, "class is not for this message");
}

void nslp_info_put(struct gist_out *o, const struct nslp_info *info)
{
	gist_out_u16(o, info->code & 0x0fff);
	gist_out_u16(o, info->object & 0x0fff);
}
