/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extended flow information: what is to be done with the flow, and for how many ports
 * (RFC 5973, section 4.2.4).
 */
#ifndef _NATFWD_NSLP_EFI_H
#define _NATFWD_NSLP_EFI_H

#include "gist/tlv.h"
#include "nslp/fault.h"

struct nslp_efi {
	uint16_t action;	/* enum nslp_action */
	uint16_t sub_ports;	/* 0, or 1: the next higher port too */
};

/* Read @value, one word; what it says is for nslp_efi_check(). */
void nslp_efi_parse(struct nslp_efi *efi, struct gist_view value);
/* Action and sub_ports are known: else 7/0x05 or 7/0x08. */
bool nslp_efi_check(const struct nslp_efi *efi, struct nslp_fault *fault);
/*
 * nslp_efi_check_port() - whether as many ports as asked for follow from @port
 * (RFC 5973 4.2.4): with sub_ports 1 there is none after 65535
 *
 * Returns: false, and 7/0x08. @port 0 stands for any.
 */
bool nslp_efi_check_port(const struct nslp_efi *efi, uint16_t port, struct nslp_fault *fault);
/* Write the value. */
void nslp_efi_put(struct gist_out *o, const struct nslp_efi *efi);

#endif /* _NATFWD_NSLP_EFI_H */
