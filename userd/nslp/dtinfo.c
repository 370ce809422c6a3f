// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "nslp/dtinfo.h"

#define I_FLAG	0x80	/* of the first octet */
#define P_FLAG	0x40
#define S_FLAG	0x20

bool nslp_dtinfo_check(const struct nslp_dtinfo *d, struct nslp_fault *fault)
{
	if (d->has_ports && d->has_spi)
		return nslp_fault(fault, NSLP_COMBINATION, NSLP_DTINFO, "both ports and SPI");
	if ((d->has_ports || d->has_spi) && !d->has_protocol)
		return nslp_fault(fault, NSLP_COMBINATION, NSLP_DTINFO,
				  "ports or SPI without protocol");
	if (d->prefix > 32)
		return nslp_fault(fault, NSLP_UNKNOWN_VALUE, NSLP_DTINFO, "prefix above 32");
	return true;
}

static void read_flags(struct nslp_dtinfo *d, const uint8_t *p)
{
	d->has_protocol = p[0] & I_FLAG;
	d->has_ports = p[0] & P_FLAG;
	d->has_spi = p[0] & S_FLAG;
	d->prefix = p[2];
	d->protocol = d->has_protocol ? p[3] : 0;
}

bool nslp_dtinfo_parse(struct nslp_dtinfo *d, struct gist_view value, struct nslp_fault *fault)
{
	const uint8_t *p = value.data;

	memset(d, 0, sizeof(*d));
	read_flags(d, p);
	if (!nslp_dtinfo_check(d, fault))
		return false;
	if (value.len != (d->has_ports || d->has_spi ? 12 : 8))
		return nslp_fault(fault, NSLP_OBJECT_LENGTH, NSLP_DTINFO,
				  "length does not fit the flags");
	if (d->has_ports) {
		d->receiver_port = gist_get16(p + 4);
		d->sender_port = gist_get16(p + 6);
	} else if (d->has_spi) {
		d->spi = gist_get32(p + 4);
	}
	memcpy(d->sender, p + value.len - 4, sizeof(d->sender));
	return true;
}

void nslp_dtinfo_put(struct gist_out *o, const struct nslp_dtinfo *d)
{
	gist_out_u16(o, (uint16_t)(((d->has_protocol ? I_FLAG : 0) |
				    (d->has_ports ? P_FLAG : 0) |
				    (d->has_spi ? S_FLAG : 0)) << 8));
	gist_out_u8(o, d->prefix);
	gist_out_u8(o, d->has_protocol ? d->protocol : 0);
	if (d->has_ports) {
		gist_out_u16(o, d->receiver_port);
		gist_out_u16(o, d->sender_port);
	} else if (d->has_spi) {
		gist_out_u32(o, d->spi);
	}
	gist_out_bytes(o, d->sender, sizeof(d->sender));
}
