// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "policy/check.h"
#include "policy/flow.h"

/* A bool that is neither 0 nor 1 must not be read as one. */
static const size_t flags[] = {
	offsetof(struct gate_request, has_proof),
	offsetof(struct gate_request, flow.has_protocol),
	offsetof(struct gate_request, flow.has_sport),
	offsetof(struct gate_request, flow.has_dport),
	offsetof(struct gate_request, flow.has_spi),
	offsetof(struct gate_request, who.tls),
	offsetof(struct gate_request, who.proxy),
};

static bool flags_are(const void *data)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (p[flags[i]] > 1)
			return false;
	return true;
}

static bool name_is(const char *name)
{
	size_t i;

	for (i = 0; i < GATE_NAME && name[i]; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return i < GATE_NAME;
}

static void flow_tidy(struct gate_flow *f)
{
	address_mask(&f->source, f->source_len);
	address_mask(&f->destination, f->destination_len);
	if (!f->has_protocol)
		f->protocol = 0;
	if (!f->has_sport)
		f->sport = 0;
	if (!f->has_dport)
		f->dport = 0;
	if (!f->has_spi)
		f->spi = 0;
}

static const char *admit_wrong(struct gate_request *r)
{
	const char *why;

	if (r->kind > GATE_RESERVE)
		return "no such kind";
	if (r->translation > GATE_BOTH)
		return "no such translation";
	if (r->who.peer.version && r->who.peer.version != 4 && r->who.peer.version != 6)
		return "neighbour of no IP version";
	if (!name_is(r->who.name))
		return "a name that is none";
	why = flow_wrong(&r->flow);
	if (!why)
		flow_tidy(&r->flow);
	return why;
}

static const char *proof_wrong(struct gate_message *m, const void *data, size_t len)
{
	const size_t head = offsetof(struct gate_proof, octets);
	size_t want;

	if (len < head || len > sizeof(m->proof))
		return "a proof of the wrong length";
	memcpy(&m->proof, data, len);
	want = (size_t)m->proof.message_len + m->proof.mri_len;
	if (want > GATE_PROOF_MAX || head + want > len)
		return "a proof longer than it is";
	memset(m->proof.octets + want, 0, GATE_PROOF_MAX - want);
	return NULL;
}

const char *gate_check(struct gate_message *m, const void *data, size_t len)
{
	struct gate_request *r = &m->request;
	const char *why = NULL;

	memset(m, 0, sizeof(*m));
	if (len < sizeof(*r))
		return "too short";
	memcpy(&r->id, data, sizeof(r->id));
	if (!flags_are(data))
		return "a flag that is neither set nor clear";
	memcpy(r, data, sizeof(*r));
	if (r->op > GATE_CLOSE)
		return "no such operation";
	if (r->has_proof)
		why = proof_wrong(m, (const uint8_t *)data + sizeof(*r), len - sizeof(*r));
	else if (len != sizeof(*r))
		return "too long";
	if (!why && r->op == GATE_ADMIT)
		why = admit_wrong(r);
	return why;
}
