// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "gist/mri.h"

#define N_FLAG		0x80	/* of octet 1 */
#define P_FLAG		0x0800	/* of the second half word, path-coupled */
#define T_FLAG		0x0400
#define F_FLAG		0x0200
#define S_FLAG		0x0100
#define A_FLAG		0x0080
#define B_FLAG		0x0040
#define D_FLAG		0x0020
#define LOOSE_D_FLAG	0x0800	/* ditto, loose-end */

/* What is read, and where to point at when it is wrong. */
struct reader {
	struct gist_view value;
	const struct gist_tlv *tlv;
	size_t at;
	struct gist_fault *fault;
};

static bool bad(const struct reader *r, enum gist_value_error subcode, size_t offset,
		const char *why)
{
	return gist_fault_value(r->fault, subcode, r->tlv, r->at + offset, why);
}

static void read_flags(struct gist_mri *m, uint16_t flags)
{
	m->has_protocol = flags & P_FLAG;
	m->has_ds = flags & T_FLAG;
	m->has_label = flags & F_FLAG;
	m->has_spi = flags & S_FLAG;
	m->has_sport = flags & A_FLAG;
	m->has_dport = flags & B_FLAG;
	m->upstream = flags & D_FLAG;
}

/* Octets of a value, by what it says of itself. */
static size_t size_of(const struct gist_mri *m)
{
	size_t size = 4 + 2 * gist_address_size(m->source.version);

	if (m->method == GIST_MRM_LOOSE)
		return size;
	return size + 4 + (m->has_label ? 4 : 0) + (m->has_spi ? 4 : 0) +
		(m->has_sport || m->has_dport ? 4 : 0);
}

static bool check_flags(const struct gist_mri *m, const struct reader *r)
{
	if (m->has_label && m->source.version != 6)
		return bad(r, GIST_E_COMBINATION, 2, "flow label without IPv6");
	if (m->has_spi && !m->has_protocol)
		return bad(r, GIST_E_COMBINATION, 2, "SPI without protocol");
	if (m->has_sport && !m->has_protocol)
		return bad(r, GIST_E_COMBINATION, 3, "source port without protocol");
	if (m->has_dport && !m->has_protocol)
		return bad(r, GIST_E_COMBINATION, 3, "destination port without protocol");
	return true;
}

/* The words that are there only with their flag. */
static void read_options(struct gist_mri *m, const uint8_t *p)
{
	if (m->has_label) {
		m->label = gist_get32(p) & 0xfffff;
		p += 4;
	}
	if (m->has_spi) {
		m->spi = gist_get32(p);
		p += 4;
	}
	if (m->has_sport)
		m->sport = gist_get16(p);
	if (m->has_dport)
		m->dport = gist_get16(p + 2);
}

static void read_fixed(struct gist_mri *m, const uint8_t *p)
{
	m->source_prefix = p[0];
	m->destination_prefix = p[1];
	m->protocol = m->has_protocol ? p[2] : 0;
	m->ds = m->has_ds ? p[3] >> 2 : 0;
}

static bool read_path(struct gist_mri *m, const struct reader *r)
{
	size_t size = gist_address_size(m->source.version), at = 4 + 2 * size;
	const uint8_t *p = r->value.data + at;

	read_fixed(m, p);
	if (m->source_prefix > size * 8)
		return bad(r, GIST_E_UNSUPPORTED, at, "source prefix too long");
	if (m->destination_prefix > size * 8)
		return bad(r, GIST_E_UNSUPPORTED, at + 1, "destination prefix too long");
	read_options(m, p + 4);
	return true;
}

/* The word all methods begin with, and what it says of the rest. */
static bool read_start(struct gist_mri *m, const struct reader *r)
{
	const uint8_t *p = r->value.data;

	if (r->value.len < 4)
		return bad(r, GIST_E_OBJECT_LENGTH, 0, "MRI without method");
	m->method = p[0];
	m->nat_free = p[1] & N_FLAG;
	if (m->method != GIST_MRM_PATH && m->method != GIST_MRM_LOOSE)
		return bad(r, GIST_E_UNSUPPORTED, 0, "message routing method not known");
	m->source.version = p[2] >> 4;
	if (!gist_address_size(m->source.version))
		return bad(r, GIST_E_UNSUPPORTED, 2, "IP version not known");
	if (m->method == GIST_MRM_LOOSE)
		m->upstream = gist_get16(p + 2) & LOOSE_D_FLAG;
	else
		read_flags(m, gist_get16(p + 2));
	return check_flags(m, r);
}

static bool read_mri(struct gist_mri *m, const struct reader *r)
{
	const uint8_t *p = r->value.data;
	size_t size;

	memset(m, 0, sizeof(*m));
	if (!read_start(m, r))
		return false;
	if (r->value.len != size_of(m))
		return bad(r, GIST_E_OBJECT_LENGTH, 2, "length of MRI does not fit its flags");
	size = gist_address_size(m->source.version);
	gist_address_parse(&m->destination, m->source.version, p + 4 + size);
	gist_address_parse(&m->source, m->source.version, p + 4);
	return m->method == GIST_MRM_LOOSE || read_path(m, r);
}

bool gist_mri_value_parse(struct gist_mri *mri, struct gist_view value,
			  const struct gist_tlv *tlv, size_t at, struct gist_fault *fault)
{
	struct reader r = { value, tlv, at, fault };

	return read_mri(mri, &r);
}

bool gist_mri_parse(struct gist_mri *mri, const struct gist_tlv *tlv, struct gist_fault *fault)
{
	return gist_mri_value_parse(mri, tlv->value, tlv, GIST_TLV_HEAD, fault);
}

static bool may_be_sent(const struct gist_mri *m)
{
	size_t bits = gist_address_size(m->source.version) * 8;

	if (!bits || m->destination.version != m->source.version)
		return false;
	if (m->method == GIST_MRM_LOOSE)
		return true;
	if (m->method != GIST_MRM_PATH || m->ds > 63 || m->label > 0xfffff)
		return false;
	if (m->source_prefix > bits || m->destination_prefix > bits)
		return false;
	if (m->has_label && m->source.version != 6)
		return false;
	if ((m->has_spi || m->has_sport || m->has_dport) && !m->has_protocol)
		return false;
	return !(m->has_spi && (m->has_sport || m->has_dport));
}

static uint16_t flags_of(const struct gist_mri *m)
{
	uint16_t flags = (uint16_t)(m->source.version << 12);

	if (m->method == GIST_MRM_LOOSE)
		return flags | (m->upstream ? LOOSE_D_FLAG : 0);
	flags |= m->has_protocol ? P_FLAG : 0;
	flags |= m->has_ds ? T_FLAG : 0;
	flags |= m->has_label ? F_FLAG : 0;
	flags |= m->has_spi ? S_FLAG : 0;
	flags |= m->has_sport ? A_FLAG : 0;
	flags |= m->has_dport ? B_FLAG : 0;
	return flags | (m->upstream ? D_FLAG : 0);
}

static void put_path(struct gist_out *o, const struct gist_mri *m)
{
	gist_out_u8(o, m->source_prefix);
	gist_out_u8(o, m->destination_prefix);
	gist_out_u8(o, m->has_protocol ? m->protocol : 0);
	gist_out_u8(o, m->has_ds ? (uint8_t)(m->ds << 2) : 0);
	if (m->has_label)
		gist_out_u32(o, m->label);
	if (m->has_spi)
		gist_out_u32(o, m->spi);
	if (m->has_sport || m->has_dport) {
		gist_out_u16(o, m->has_sport ? m->sport : 0);
		gist_out_u16(o, m->has_dport ? m->dport : 0);
	}
}

void gist_mri_value_put(struct gist_out *o, const struct gist_mri *mri)
{
	if (!may_be_sent(mri)) {
		gist_out_fail(o, -EINVAL);
		return;
	}
	gist_out_u8(o, mri->method);
	gist_out_u8(o, mri->nat_free ? N_FLAG : 0);
	gist_out_u16(o, flags_of(mri));
	gist_address_put(o, &mri->source);
	gist_address_put(o, &mri->destination);
	if (mri->method == GIST_MRM_PATH)
		put_path(o, mri);
}

void gist_mri_put(struct gist_out *o, const struct gist_mri *mri)
{
	size_t mark = gist_tlv_open(o, GIST_MRI, GIST_AB_MANDATORY);

	gist_mri_value_put(o, mri);
	gist_tlv_close(o, mark);
}

void gist_mri_echo(struct gist_out *o, struct gist_view value, bool upstream)
{
	size_t at = o->len + GIST_TLV_HEAD + 2;
	uint16_t mask, flags;

	if (value.len < 4) {
		gist_out_fail(o, -EINVAL);
		return;
	}
	mask = value.data[0] == GIST_MRM_LOOSE ? LOOSE_D_FLAG : D_FLAG;
	flags = gist_get16(value.data + 2) & (uint16_t)~mask;
	gist_tlv_put(o, GIST_MRI, value);
	gist_out_patch16(o, at, flags | (upstream ? mask : 0));
}

static bool same_options(const struct gist_mri *a, const struct gist_mri *b)
{
	return a->label == b->label && a->spi == b->spi && a->sport == b->sport &&
		a->dport == b->dport && a->protocol == b->protocol && a->ds == b->ds;
}

bool gist_mri_equal(const struct gist_mri *a, const struct gist_mri *b)
{
	return a->method == b->method && a->nat_free == b->nat_free &&
		flags_of(a) == flags_of(b) && same_options(a, b) &&
		a->source_prefix == b->source_prefix &&
		a->destination_prefix == b->destination_prefix &&
		address_equal(&a->source, &b->source) &&
		address_equal(&a->destination, &b->destination);
}
