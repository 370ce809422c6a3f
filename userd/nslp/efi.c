// SPDX-License-Identifier: GPL-2.0-or-later
#include "nslp/efi.h"

void nslp_efi_parse(struct nslp_efi *efi, struct gist_view value)
{
	efi->action = gist_get16(value.data);
	efi->sub_ports = gist_get16(value.data + 2);
}

bool nslp_efi_check(const struct nslp_efi *efi, struct nslp_fault *fault)
{
	if (efi->action != NSLP_ALLOW && efi->action != NSLP_DENY)
		return nslp_fault(fault, NSLP_UNKNOWN_ACTION, NSLP_EFI, "action not known");
	if (efi->sub_ports > 1)
		return nslp_fault(fault, NSLP_SUB_PORTS, NSLP_EFI, "sub_ports above 1");
	return true;
}

bool nslp_efi_check_port(const struct nslp_efi *efi, uint16_t port, struct nslp_fault *fault)
{
	if (efi->sub_ports && port == UINT16_MAX)
		return nslp_fault(fault, NSLP_SUB_PORTS, NSLP_EFI, "no port after 65535");
	return true;
}

void nslp_efi_put(struct gist_out *o, const struct nslp_efi *efi)
{
	gist_out_u16(o, efi->action);
	gist_out_u16(o, efi->sub_ports);
}
