// SPDX-License-Identifier: GPL-2.0-or-later
#include "nslp/rules.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define B(object)	NSLP_BIT(NSLP_##object)
#define REQUEST		(B(LIFETIME) | B(EFI) | B(MSN))

/* Before there was a registry. */
static const uint8_t old_numbers[] = {
	[NSLP_LIFETIME - NSLP_FIRST] = 0xf1,
	[NSLP_EXTERNAL_IP - NSLP_FIRST] = 0xf2,
	[NSLP_EFI - NSLP_FIRST] = 0xf3,
	[NSLP_INFO - NSLP_FIRST] = 0xf4,
	[NSLP_NONCE - NSLP_FIRST] = 0xf5,
	[NSLP_MSN - NSLP_FIRST] = 0xf6,
	[NSLP_DTINFO - NSLP_FIRST] = 0xf7,
	[NSLP_ICMP - NSLP_FIRST] = 0xf9,
};

unsigned int nslp_rules_type(unsigned int wire, unsigned int options)
{
	size_t i;

	if (wire == NSLP_AUTH)
		return wire;
	if (!(options & NSLP_OLD_NUMBERS))
		return wire >= NSLP_FIRST && wire <= NSLP_LAST ? wire : 0;
	for (i = 0; i < ARRAY_SIZE(old_numbers); i++)
		if (old_numbers[i] && old_numbers[i] == wire)
			return NSLP_FIRST + (unsigned int)i;
	return 0;
}

unsigned int nslp_rules_wire(unsigned int type, unsigned int options)
{
	unsigned int old;

	if (!(options & NSLP_OLD_NUMBERS) || type > NSLP_LAST)
		return type;
	old = old_numbers[type - NSLP_FIRST];
	return old ? old : type;
}

bool nslp_rules_size(unsigned int type, size_t len)
{
	switch (type) {
	case NSLP_EXTERNAL_IP:
		return len == 8;
	case NSLP_BINDING:
	case NSLP_ICMP:
		return len >= 4;
	case NSLP_DTINFO:
		return len == 8 || len == 12;
	case NSLP_AUTH:
		return true;
	default:
		return len == 4;
	}
}

static bool success(const struct nslp_message *m)
{
	return nslp_message_has(m, NSLP_INFO) &&
		NSLP_CLASS(m->info.code) == NSLP_CLASS_SUCCESS;
}

static unsigned int allowed(const struct nslp_message *m)
{
	switch (m->type) {
	case NSLP_CREATE:
		return REQUEST | B(NONCE) | B(ICMP);
	case NSLP_EXTERNAL:
		return REQUEST | B(DTINFO) | B(NONCE) | B(ICMP) | B(BINDING);
	case NSLP_RESPONSE:
		return B(INFO) | B(MSN) | B(LIFETIME) |
			(success(m) ? B(EXTERNAL_IP) | B(BINDING) : 0);
	default:
		return B(INFO) | B(MSN);
	}
}

bool nslp_rules_allow(const struct nslp_message *m, unsigned int type)
{
	return type == NSLP_AUTH || (allowed(m) & NSLP_BIT(type));
}

static unsigned int mandatory(const struct nslp_message *m)
{
	switch (m->type) {
	case NSLP_CREATE:
	case NSLP_EXTERNAL:
		return REQUEST | (m->proxy ? B(NONCE) : 0);
	case NSLP_RESPONSE:
		if (success(m) || m->info.code == NSLP_GRANT_BIG ||
		    m->info.code == NSLP_GRANT_SMALL)
			return B(INFO) | B(MSN) | B(LIFETIME);
		return B(INFO) | B(MSN);
	default:
		return B(INFO);
	}
}

bool nslp_rules_complete(const struct nslp_message *m, unsigned int options,
			 struct nslp_fault *fault)
{
	unsigned int lacking = mandatory(m) & ~m->present, type;

	for (type = NSLP_FIRST; type <= NSLP_LAST; type++)
		if (lacking & NSLP_BIT(type))
			return nslp_fault(fault, NSLP_MISSING_OBJECT, type,
					  "mandatory object missing");
	if (m->type != NSLP_EXTERNAL || nslp_message_has(m, NSLP_DTINFO))
		return true;
	if (options & NSLP_AT_NAT)
		return nslp_fault(fault, NSLP_DTINFO_REQUIRED, NSLP_DTINFO,
				  "a NAT needs NATFW_DTINFO");
	return (options & NSLP_ALLOW_NO_DTINFO) ||
		nslp_fault(fault, NSLP_MISSING_OBJECT, NSLP_DTINFO, "mandatory object missing");
}

/* An older implementation leaves the version out. */
static bool version_known(unsigned int version, unsigned int options)
{
	return version == 4 || (!version && (options & NSLP_OLD_NUMBERS));
}

static bool addresses_fit(const struct nslp_message *m, unsigned int options,
			  struct nslp_fault *fault)
{
	if (nslp_message_has(m, NSLP_EXTERNAL_IP) &&
	    !version_known(m->external.version, options))
		return nslp_fault(fault, NSLP_UNKNOWN_VALUE, NSLP_EXTERNAL_IP,
				  "IP version is not 4");
	if (nslp_message_has(m, NSLP_BINDING) && !version_known(m->binding.version, options))
		return nslp_fault(fault, NSLP_UNKNOWN_VALUE, NSLP_BINDING,
				  "IP version is not 4");
	return true;
}

static bool flow_fits(const struct nslp_message *m, struct nslp_fault *fault)
{
	if (!nslp_message_has(m, NSLP_DTINFO))
		return true;
	if (!nslp_dtinfo_check(&m->dtinfo, fault) ||
	    !nslp_efi_check_port(&m->efi, m->dtinfo.receiver_port, fault))
		return false;
	return !nslp_message_has(m, NSLP_ICMP) || !m->dtinfo.has_protocol ||
		nslp_icmp_check_protocol(m->dtinfo.protocol, fault);
}

bool nslp_rules_values(const struct nslp_message *m, unsigned int options,
		       struct nslp_fault *fault)
{
	if (nslp_message_has(m, NSLP_EFI) && !nslp_efi_check(&m->efi, fault))
		return false;
	if (nslp_message_has(m, NSLP_INFO) && !nslp_info_check(&m->info, m->type, fault))
		return false;
	return addresses_fit(m, options, fault) && flow_fits(m, fault);
}
