// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "gist/code.h"
#include "nslp/rule.h"

struct nslp_extra *nslp_rule_extra(struct nslp_rule *r)
{
	if (!r->extra)
		r->extra = calloc(1, sizeof(*r->extra));
	return r->extra;
}

void nslp_rule_fini(struct nslp_rule *r)
{
	free(r->extra);
	r->extra = NULL;
}

static bool read_extra(struct nslp_rule *r, const struct nslp_message *m, struct nslp_fault *fault)
{
	const struct gist_view *types = &m->icmp.types;

	if (!nslp_rule_extra(r))
		return nslp_fault(fault, NSLP_NO_RESOURCES, 0, "out of memory");
	if (nslp_message_has(m, NSLP_DTINFO)) {
		r->extra->dtinfo = m->dtinfo;
		r->extra->has_dtinfo = true;
	}
	if (!nslp_message_has(m, NSLP_ICMP))
		return true;
	if (types->len > sizeof(r->extra->icmp))
		return nslp_fault(fault, NSLP_ICMP_TYPE, NSLP_ICMP, "too many ICMP types");
	r->extra->icmp_count = (uint8_t)types->len;
	if (types->len)
		memcpy(r->extra->icmp, types->data, types->len);
	return true;
}

bool nslp_rule_read(struct nslp_rule *r, const struct gist_mri *mri, const struct nslp_message *m,
		    struct nslp_fault *fault)
{
	memset(r, 0, sizeof(*r));
	r->near = *mri;
	r->far = *mri;
	r->type = m->type;
	r->action = (uint8_t)m->efi.action;
	r->sub_ports = (uint8_t)m->efi.sub_ports;
	if (!nslp_message_has(m, NSLP_DTINFO) && !nslp_message_has(m, NSLP_ICMP))
		return true;
	return read_extra(r, m, fault);
}

static bool same_dtinfo(const struct nslp_dtinfo *a, const struct nslp_dtinfo *b)
{
	return a->has_protocol == b->has_protocol && a->has_ports == b->has_ports &&
		a->has_spi == b->has_spi && a->prefix == b->prefix && a->protocol == b->protocol &&
		a->receiver_port == b->receiver_port && a->sender_port == b->sender_port &&
		a->spi == b->spi && !memcmp(a->sender, b->sender, sizeof(a->sender));
}

static bool same_extra(const struct nslp_extra *a, const struct nslp_extra *b)
{
	static const struct nslp_extra none;

	a = a ? a : &none;
	b = b ? b : &none;
	return a->has_dtinfo == b->has_dtinfo && same_dtinfo(&a->dtinfo, &b->dtinfo) &&
		a->icmp_count == b->icmp_count && !memcmp(a->icmp, b->icmp, sizeof(a->icmp));
}

bool nslp_rule_same(const struct nslp_rule *a, const struct nslp_rule *b)
{
	return gist_mri_equal(&a->near, &b->near) && a->action == b->action &&
		a->sub_ports == b->sub_ports && same_extra(a->extra, b->extra);
}

static void flow_path(struct gate_flow *f, const struct gist_mri *m)
{
	f->source = m->source;
	f->source_len = m->source_prefix;
	f->destination = m->destination;
	f->destination_len = m->destination_prefix;
	f->has_protocol = m->has_protocol;
	f->protocol = m->protocol;
	f->has_sport = m->has_sport;
	f->sport = m->sport;
	f->has_dport = m->has_dport;
	f->dport = m->dport;
	f->has_spi = m->has_spi;
	f->spi = m->spi;
}

/* The loose-end method has no more than the receiver's address (3.8). */
static void flow_loose(struct gate_flow *f, const struct gist_mri *m)
{
	f->destination = m->source;
	f->destination_len = (uint8_t)address_bits(&m->source);
}

static void flow_sender(struct gate_flow *f, const struct nslp_dtinfo *d)
{
	if (!d->prefix || f->version != 4)
		return;
	f->source.version = 4;
	memcpy(f->source.b, d->sender, sizeof(d->sender));
	address_mask(&f->source, d->prefix);
	f->source_len = d->prefix;
}

/* What DTINFO says beyond the MRI (3.8); 0 stands for any port. */
static void flow_dtinfo(struct gate_flow *f, const struct nslp_dtinfo *d)
{
	if (!f->source_len)
		flow_sender(f, d);
	if (d->has_protocol && !f->has_protocol) {
		f->has_protocol = true;
		f->protocol = d->protocol;
	}
	if (d->has_spi && !f->has_spi) {
		f->has_spi = true;
		f->spi = d->spi;
	}
	if (!d->has_ports)
		return;
	if (d->receiver_port) {
		f->has_dport = true;
		f->dport = d->receiver_port;
	}
	if (d->sender_port) {
		f->has_sport = true;
		f->sport = d->sender_port;
	}
}

void nslp_rule_flow(const struct nslp_rule *r, struct gate_flow *f)
{
	const struct nslp_extra *e = r->extra;

	memset(f, 0, sizeof(*f));
	f->version = r->near.source.version;
	f->more_ports = r->sub_ports;
	if (r->near.method == GIST_MRM_LOOSE)
		flow_loose(f, &r->near);
	else
		flow_path(f, &r->near);
	if (!f->source_len)
		f->source = (struct address){ 0 };
	if (!f->destination_len)
		f->destination = (struct address){ 0 };
	if (!e)
		return;
	if (e->has_dtinfo && r->type == NSLP_EXTERNAL)
		flow_dtinfo(f, &e->dtinfo);
	f->icmp_count = e->icmp_count;
	memcpy(f->icmp, e->icmp, sizeof(f->icmp));
}

static void set_source(struct gist_mri *m, const struct endpoint *e)
{
	m->source = e->address;
	m->source_prefix = m->method == GIST_MRM_LOOSE ? 0 : (uint8_t)address_bits(&e->address);
	if (m->has_sport && e->port)
		m->sport = e->port;
}

static void set_destination(struct gist_mri *m, const struct endpoint *e)
{
	m->destination = e->address;
	m->destination_prefix = (uint8_t)address_bits(&e->address);
	if (m->has_dport && e->port)
		m->dport = e->port;
}

static bool reserve(struct nslp_rule *r, const struct endpoint *external)
{
	if (!nslp_rule_extra(r))
		return false;
	r->extra->external = *external;
	if (r->near.method == GIST_MRM_LOOSE)
		set_source(&r->far, external);
	else
		set_destination(&r->far, external);
	return true;
}

bool nslp_rule_translate(struct nslp_rule *r, const struct gate_answer *a)
{
	bool source = r->translation == GATE_SOURCE || r->translation == GATE_BOTH;
	bool destination = r->translation == GATE_DESTINATION || r->translation == GATE_BOTH;

	if (r->role == SESSION_PROXY_NI)
		return true;	/* its far side is the primary's near one */
	if ((source || r->translation == GATE_BIND) && !a->has_external)
		return false;
	if (destination && !address_is_set(&a->internal.address))
		return false;
	if (source)
		set_source(&r->far, &a->external);
	if (destination)
		set_destination(&r->far, &a->internal);
	return r->translation != GATE_BIND || reserve(r, &a->external);
}

const struct address *nslp_rule_receiver(const struct nslp_rule *r)
{
	return r->near.method == GIST_MRM_LOOSE ? &r->near.source : &r->near.destination;
}

void nslp_rule_objects(const struct nslp_rule *r, struct nslp_message *m)
{
	m->present |= NSLP_BIT(NSLP_EFI);
	m->efi.action = r->action;
	m->efi.sub_ports = r->sub_ports;
	if (!r->extra)
		return;
	if (r->extra->has_dtinfo) {
		m->present |= NSLP_BIT(NSLP_DTINFO);
		m->dtinfo = r->extra->dtinfo;
	}
	if (r->extra->icmp_count) {
		m->present |= NSLP_BIT(NSLP_ICMP);
		m->icmp.types = gist_view(r->extra->icmp, r->extra->icmp_count);
	}
}
