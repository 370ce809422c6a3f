// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/log.h"
#include "gist/code.h"
#include "nslp/initiate.h"
#include "nslp/proxy.h"

/* The sender as DTINFO has it, any if it has none (AMB-06), to the receiver @to. */
static void make_mri(struct gist_mri *m, const struct gate_flow *f, const struct endpoint *to)
{
	memset(m, 0, sizeof(*m));
	m->method = GIST_MRM_PATH;
	m->source = f->source;
	m->source.version = f->version;
	m->source_prefix = f->source_len;
	m->destination = to->address;
	m->destination_prefix = (uint8_t)address_bits(&to->address);
	m->has_protocol = f->has_protocol;
	m->protocol = f->protocol;
	m->has_sport = f->has_sport;
	m->sport = f->sport;
	m->has_dport = f->has_dport;
	m->dport = f->has_dport ? to->port : 0;
	m->has_spi = f->has_spi && !f->has_sport && !f->has_dport;
	m->spi = m->has_spi ? f->spi : 0;
}

/* Outside the flow goes to what was reserved, inside to where EXTERNAL came from. */
static bool make_rule(const struct nslp_session *primary, uint32_t nonce, struct nslp_rule *r)
{
	const struct nslp_rule *p = &primary->rule;
	struct endpoint inner, outer;
	struct gate_flow f;

	memset(r, 0, sizeof(*r));
	if (!nslp_rule_extra(r))
		return false;
	nslp_rule_flow(p, &f);
	inner = (struct endpoint){ .address = *nslp_rule_receiver(p), .port = f.dport };
	outer = p->translation == GATE_BIND ? p->extra->external : inner;
	if (!outer.port)
		outer.port = f.dport;
	make_mri(&r->near, &f, &outer);
	make_mri(&r->far, &f, &inner);
	r->type = NSLP_CREATE;
	r->action = NSLP_ALLOW;
	r->sub_ports = p->sub_ports;
	r->role = SESSION_PROXY_NI;
	r->kind = GATE_ALLOW;
	r->translation = p->translation == GATE_BIND ? GATE_DESTINATION : GATE_PLAIN;
	r->gated = true;
	r->in = p->in;
	r->out = p->out;
	r->extra->nonce = nonce;
	r->extra->icmp_count = f.icmp_count;
	memcpy(r->extra->icmp, f.icmp, sizeof(r->extra->icmp));
	memcpy(r->extra->ref, primary->sid, GATE_SID);
	return true;
}

static void begin(struct nslp_session *primary, struct nslp_rule *rule)
{
	struct nslp *n = primary->n;
	struct nslp_session *s;
	uint8_t sid[GATE_SID];

	n->io.random(n->io.arg, sid, sizeof(sid));
	s = nslp_session_create(n, sid, NULL);
	if (!s) {
		log_warn(SUB_NSLP, "no room for the CREATE of an EXTERNAL-PROXY");
		nslp_rule_fini(rule);
		return;
	}
	n->io.random(n->io.arg, &s->msn, sizeof(s->msn));
	s->rule = *rule;
	n->stats.memory += nslp_rule_memory(rule);
	s->link = primary;
	primary->link = s;
	if (nslp_initiate(s, primary->lifetime, NULL))
		nslp_session_free(s);
}

void nslp_proxy_follow(struct nslp_session *s, const struct nslp_message *request)
{
	struct nslp_session *secondary = s->link;
	struct nslp_rule rule;

	if (s->rule.action != NSLP_ALLOW || !s->n->c.proxy)
		return;
	if (!make_rule(s, request->nonce, &rule)) {
		log_warn(SUB_NSLP, "out of memory: no CREATE for an EXTERNAL-PROXY");
		return;
	}
	if (!secondary) {
		begin(s, &rule);
		return;
	}
	if (nslp_rule_same(&secondary->rule, &rule) &&
	    gist_mri_equal(&secondary->rule.far, &rule.far)) {
		nslp_rule_fini(&rule);
		nslp_initiate(secondary, s->lifetime, NULL);
	} else if (nslp_initiate(secondary, s->lifetime, &rule)) {
		nslp_rule_fini(&rule);
	}
}

void nslp_proxy_end(struct nslp_session *s)
{
	struct nslp_session *secondary = s->link;
	struct nslp *n = s->n;
	uint8_t sid[GATE_SID];

	if (!secondary)
		return;
	memcpy(sid, secondary->sid, sizeof(sid));
	nslp_initiate_delete(secondary);
	secondary = nslp_session_find(n, sid);
	if (secondary)
		nslp_session_end(secondary, 0, "its EXTERNAL-PROXY ended");
}
