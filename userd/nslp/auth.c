// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "nslp/auth.h"

#define ATTR_HEAD	4
#define TCP		6
#define UDP		17
#define ONCE		(NSLP_AUTH_BIT(NSLP_AUTH_ENT_ID) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_SESSION_ID) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_START_TIME) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_END_TIME) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_OBJECT_LIST) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_DATA))
#define HMAC_NEEDS	(NSLP_AUTH_BIT(NSLP_AUTH_SOURCE_ADDR) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_START_TIME) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_OBJECT_LIST) | \
			 NSLP_AUTH_BIT(NSLP_AUTH_DATA))

static bool bad(struct nslp_fault *f, const char *why)
{
	return nslp_fault(f, NSLP_NOT_AUTHORIZED, NSLP_AUTH, why);
}

bool nslp_attr_next(struct gist_view *rest, struct nslp_attr *attr)
{
	const uint8_t *p = rest->data;
	size_t len;

	if (rest->len < ATTR_HEAD)
		return false;
	len = gist_get16(p);
	if (len <= ATTR_HEAD || gist_padded(len) > rest->len)
		return false;
	attr->xtype = p[2];
	attr->subtype = p[3];
	attr->all = gist_view(p, len);
	attr->value = gist_view(p + ATTR_HEAD, len - ATTR_HEAD);
	*rest = gist_view(p + gist_padded(len), rest->len - gist_padded(len));
	return true;
}

void nslp_attr_put(struct gist_out *o, unsigned int xtype, unsigned int subtype,
		   struct gist_view value)
{
	if (!value.len || value.len > UINT16_MAX - ATTR_HEAD)
		gist_out_fail(o, -EINVAL);
	gist_out_u16(o, (uint16_t)(ATTR_HEAD + value.len));
	gist_out_u8(o, (uint8_t)xtype);
	gist_out_u8(o, (uint8_t)subtype);
	gist_out_padded(o, value);
}

static bool parse_time(uint64_t *time, const struct nslp_attr *attr, struct nslp_fault *fault)
{
	if (attr->subtype != NSLP_AUTH_NTP || attr->value.len != 8)
		return bad(fault, "time is no NTP timestamp");
	*time = (uint64_t)gist_get32(attr->value.data) << 32 | gist_get32(attr->value.data + 4);
	return true;
}

/* n, that many types, and padding if n is even (3.2.7). */
static bool parse_list(struct nslp_auth *auth, const struct nslp_attr *attr,
		       struct nslp_fault *fault)
{
	const uint8_t *p = attr->value.data;

	if (attr->value.len < 2)
		return bad(fault, "object list too short");
	auth->object_count = gist_get16(p);
	if (2 + 2 * (size_t)auth->object_count > attr->value.len ||
	    gist_padded(2 + 2 * (size_t)auth->object_count) < attr->value.len)
		return bad(fault, "object list is not as long as it says");
	auth->objects = gist_view(p + 2, 2 * (size_t)auth->object_count);
	return true;
}

static bool check_address(const struct nslp_attr *attr, struct nslp_fault *fault)
{
	size_t len = attr->value.len;

	switch (attr->subtype) {
	case NSLP_ADDRESS_IPV4:
	case NSLP_ADDRESS_SPI:
		return len == 4 || bad(fault, "address of wrong length");
	case NSLP_ADDRESS_IPV6:
		return len == 16 || bad(fault, "address of wrong length");
	case NSLP_ADDRESS_UDP_PORTS:
	case NSLP_ADDRESS_TCP_PORTS:
		return len % 2 == 0 || bad(fault, "half a port");
	default:
		return bad(fault, "kind of address not known");
	}
}

static bool parse_entity(struct nslp_auth *auth, const struct nslp_attr *attr,
			 struct nslp_fault *fault)
{
	auth->entity = *attr;
	if (attr->subtype < NSLP_ENTITY_IPV4 || attr->subtype > NSLP_ENTITY_HMAC)
		return bad(fault, "kind of authorizing entity not known");
	if (attr->subtype == NSLP_ENTITY_HMAC && attr->value.len != 4)
		return bad(fault, "no transform");
	return true;
}

static bool parse_attr(struct nslp_auth *auth, const struct nslp_attr *attr,
		       struct nslp_fault *fault)
{
	switch (attr->xtype) {
	case NSLP_AUTH_ENT_ID:
		return parse_entity(auth, attr, fault);
	case NSLP_AUTH_SESSION_ID:
		auth->session_id = attr->value;
		return true;
	case NSLP_AUTH_SOURCE_ADDR:
	case NSLP_AUTH_DEST_ADDR:
		return check_address(attr, fault);
	case NSLP_AUTH_START_TIME:
		return parse_time(&auth->start, attr, fault);
	case NSLP_AUTH_END_TIME:
		return parse_time(&auth->end, attr, fault);
	case NSLP_AUTH_OBJECT_LIST:
		return parse_list(auth, attr, fault);
	case NSLP_AUTH_DATA:
		auth->data = attr->value;
		return true;
	default:
		return true;
	}
}

/* At most one list of ports of each protocol, and what comes once (3.2.3). */
static bool check_once(const struct nslp_auth *auth, const struct nslp_attr *attr,
		       unsigned int *lists, struct nslp_fault *fault)
{
	unsigned int bit;

	if (auth->present & ONCE & NSLP_AUTH_BIT(attr->xtype))
		return bad(fault, "attribute twice");
	if (attr->xtype != NSLP_AUTH_SOURCE_ADDR && attr->xtype != NSLP_AUTH_DEST_ADDR)
		return true;
	if (attr->subtype != NSLP_ADDRESS_UDP_PORTS && attr->subtype != NSLP_ADDRESS_TCP_PORTS)
		return true;
	bit = 1u << (attr->xtype * 4 + attr->subtype);
	if (*lists & bit)
		return bad(fault, "two lists of ports");
	*lists |= bit;
	return true;
}

static bool check_signed(const struct nslp_auth *auth, struct nslp_fault *fault)
{
	if (nslp_auth_has(auth, NSLP_AUTH_OBJECT_LIST) && !nslp_auth_has(auth, NSLP_AUTH_DATA))
		return bad(fault, "list of objects, but no proof");
	if (!nslp_auth_hmac(auth))
		return true;
	if ((auth->present & HMAC_NEEDS) != HMAC_NEEDS)
		return bad(fault, "HMAC_SIGNED lacks an attribute");
	return auth->data.len > 4 || bad(fault, "no MAC behind the Key-ID");
}

bool nslp_auth_parse(struct nslp_auth *auth, const struct gist_tlv *tlv,
		     struct nslp_fault *fault)
{
	struct gist_view rest = tlv->value;
	unsigned int lists = 0;
	struct nslp_attr attr;

	memset(auth, 0, sizeof(*auth));
	auth->attributes = tlv->value;
	while (nslp_attr_next(&rest, &attr)) {
		if (nslp_auth_has(auth, NSLP_AUTH_DATA))
			return bad(fault, "attribute behind the proof");
		if (attr.xtype >= NSLP_AUTH_XTYPES)
			continue;
		if (!check_once(auth, &attr, &lists, fault) || !parse_attr(auth, &attr, fault))
			return false;
		auth->present |= NSLP_AUTH_BIT(attr.xtype);
	}
	if (rest.len)
		return bad(fault, "attribute without content, or beyond the object");
	return check_signed(auth, fault);
}

uint32_t nslp_auth_key_id(const struct nslp_auth *auth)
{
	return auth->data.len >= 4 ? gist_get32(auth->data.data) : 0;
}

uint8_t nslp_auth_transform(const struct nslp_auth *auth)
{
	return nslp_auth_hmac(auth) ? auth->entity.value.data[3] : 0;
}

/* What the attributes of one end say. */
struct scope {
	bool addresses, address_found;
	bool lists, port_found;
};

static void scope_ports(struct scope *s, const struct nslp_attr *attr, uint8_t protocol,
			uint16_t port)
{
	size_t i;

	s->lists = true;
	if (protocol != (attr->subtype == NSLP_ADDRESS_UDP_PORTS ? UDP : TCP))
		return;
	for (i = 0; i + 2 <= attr->value.len; i += 2)
		s->port_found |= gist_get16(attr->value.data + i) == port;
}

static void scope_address(struct scope *s, const struct nslp_attr *attr,
			  const struct address *address)
{
	s->addresses = true;
	s->address_found |= gist_view_equal(attr->value, gist_view(address->b,
						gist_address_size(address->version)));
}

bool nslp_auth_covers(const struct nslp_auth *auth, enum nslp_auth_xtype xtype,
		      const struct address *address, uint8_t protocol, uint16_t port)
{
	struct gist_view rest = auth->attributes;
	struct scope s = { false, false, false, false };
	struct nslp_attr attr;

	while (nslp_attr_next(&rest, &attr)) {
		if (attr.xtype != xtype)
			continue;
		if (attr.subtype <= NSLP_ADDRESS_IPV6)
			scope_address(&s, &attr, address);
		else if (attr.subtype <= NSLP_ADDRESS_TCP_PORTS)
			scope_ports(&s, &attr, protocol, port);
	}
	return (!s.addresses || s.address_found) && (!s.lists || s.port_found);
}

void nslp_auth_put_objects(struct gist_out *o, const uint16_t *types, unsigned int n)
{
	size_t len = gist_padded(2 + 2 * (size_t)n);
	unsigned int i;

	if (len > UINT16_MAX - ATTR_HEAD)
		gist_out_fail(o, -EINVAL);
	gist_out_u16(o, (uint16_t)(ATTR_HEAD + len));
	gist_out_u8(o, NSLP_AUTH_OBJECT_LIST);
	gist_out_u8(o, 0);
	gist_out_u16(o, (uint16_t)n);
	for (i = 0; i < n; i++)
		gist_out_u16(o, types[i] & 0x0fff);
	if (n % 2 == 0)
		gist_out_u16(o, 0);
}
