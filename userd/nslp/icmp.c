// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "nslp/icmp.h"

#define ICMP4	1
#define ICMP6	58

bool nslp_icmp_parse(struct nslp_icmp *icmp, struct gist_view value, struct nslp_fault *fault)
{
	uint8_t count = value.data[0];

	if (value.len != gist_padded(count + 1u))
		return nslp_fault(fault, NSLP_OBJECT_LENGTH, NSLP_ICMP,
				  "count does not fit the length");
	icmp->types = gist_view(value.data + 1, count);
	return true;
}

bool nslp_icmp_check_protocol(uint8_t protocol, struct nslp_fault *fault)
{
	if (protocol == ICMP4 || protocol == ICMP6)
		return true;
	return nslp_fault(fault, NSLP_COMBINATION, NSLP_ICMP, "ICMP types without ICMP");
}

void nslp_icmp_put(struct gist_out *o, const struct nslp_icmp *icmp)
{
	size_t pad = gist_padded(icmp->types.len + 1) - icmp->types.len - 1;

	if (icmp->types.len > UINT8_MAX)
		gist_out_fail(o, -EINVAL);
	gist_out_u8(o, (uint8_t)icmp->types.len);
	gist_out_bytes(o, icmp->types.data, icmp->types.len);
	while (pad--)
		gist_out_u8(o, 0);
}
