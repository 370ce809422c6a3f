// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/siphash.h"
#include "gist/code.h"
#include "nslp/auth.h"
#include "nslp/code.h"
#include "nslp/hmac.h"
#include "nslp/rule.h"
#include "policy/flow.h"
#include "policy/proof.h"

#define MESSAGE_HEAD	4
#define WAYS		4	/* places a START_TIME may be remembered at */

void proofs_init(struct proofs *p, const uint8_t key[16])
{
	memset(p, 0, sizeof(*p));
	memcpy(p->key, key, sizeof(p->key));
}

/* What one object comes to. */
struct check {
	struct proofs *p;
	const struct conf *c;
	const struct gate_request *r;
	struct gist_view message, mri;
	uint64_t ntp;
	uint32_t key;
	const char *why;
};

static enum proof_result bad(struct check *k, enum proof_result result, const char *why)
{
	k->why = why;
	return result;
}

static const struct conf_key *find_key(const struct conf *c, uint32_t id)
{
	unsigned int i;

	for (i = 0; id && i < c->key_count; i++)
		if (c->keys[i].id == id)
			return &c->keys[i];
	return NULL;
}

/* Seconds from @a to @b, timestamps of any era. */
static int64_t apart(uint64_t a, uint64_t b)
{
	return (int64_t)(b - a) >> 32;
}

static bool in_time(const struct check *k, const struct nslp_auth *auth)
{
	int64_t age = apart(auth->start, k->ntp);

	if (age > PROOF_WINDOW || age < -PROOF_WINDOW)
		return false;
	return !nslp_auth_has(auth, NSLP_AUTH_END_TIME) || apart(k->ntp, auth->end) >= 0;
}

/*
 * Where the START_TIME of this key and session is remembered, or is to be: of several places the
 * one that has been there longest gives way, unless it is still within the window. Then there is no
 * room, and nothing is accepted that could not be told from a replay.
 */
static struct proof_seen *place(struct check *k, uint64_t who)
{
	struct proof_seen *set = &k->p->seen[(who % (PROOF_MEMORY / WAYS)) * WAYS];
	struct proof_seen *best = NULL;
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].start && set[i].who == who)
			return &set[i];
		if (set[i].start && apart(set[i].start, k->ntp) <= PROOF_WINDOW)
			continue;
		if (!best || set[i].start < best->start)
			best = &set[i];
	}
	return best;
}

static bool remember(struct check *k, uint32_t key, uint64_t start)
{
	uint8_t id[GATE_SID + sizeof(key)];
	struct proof_seen *s;
	uint64_t who;

	memcpy(id, k->r->sid, GATE_SID);
	memcpy(id + GATE_SID, &key, sizeof(key));
	who = siphash(id, sizeof(id), k->p->key);
	s = place(k, who);
	if (!s || (s->start && s->who == who && (int64_t)(start - s->start) <= 0))
		return false;
	*s = (struct proof_seen){ .who = who, .start = start };
	return true;
}

/* The signer's end of the flow, or the neighbour itself, is the source; the other end is the other. */
static bool covers(const struct check *k, const struct nslp_auth *auth)
{
	const struct gate_flow *f = &k->r->flow;
	bool create = k->r->kind == GATE_ALLOW;
	const struct address *own = create ? &f->source : &f->destination;
	const struct address *other = create ? &f->destination : &f->source;
	uint16_t own_port = create ? f->sport : f->dport;
	uint16_t other_port = create ? f->dport : f->sport;

	if (!nslp_auth_covers(auth, NSLP_AUTH_SOURCE_ADDR, own, f->protocol, own_port) &&
	    !nslp_auth_covers(auth, NSLP_AUTH_SOURCE_ADDR, &k->r->who.peer, f->protocol, own_port))
		return false;
	return !other->version ||
	       nslp_auth_covers(auth, NSLP_AUTH_DEST_ADDR, other, f->protocol, other_port);
}

static bool session_is(const struct check *k, const struct nslp_auth *auth)
{
	return !nslp_auth_has(auth, NSLP_AUTH_SESSION_ID) ||
	       gist_view_equal(auth->session_id, gist_view(k->r->sid, GATE_SID));
}

static bool is_listed(const struct nslp_auth *auth, unsigned int type)
{
	unsigned int i;

	for (i = 0; i < auth->object_count; i++)
		if ((gist_get16(auth->objects.data + 2 * i) & 0x0fff) == type)
			return true;
	return false;
}

/* Who is on the way may put in what is not on the list: then it must not say what is opened. */
static bool lists_all(const struct nslp_message *m, const struct nslp_auth *auth)
{
	static const uint16_t types[] = { NSLP_EFI, NSLP_DTINFO, NSLP_ICMP };
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (nslp_message_has(m, types[i]) && !is_listed(auth, types[i]))
			return false;
	return true;
}

static bool kind_is(const struct check *k, const struct nslp_message *m, const struct gist_mri *mri)
{
	bool external = m->type == NSLP_EXTERNAL;
	uint8_t allow = external ? GATE_RESERVE : GATE_ALLOW;

	if (!external && m->type != NSLP_CREATE)
		return false;
	/* the type is not signed, but the direction is */
	if (mri->method == GIST_MRM_LOOSE ? !external || mri->upstream : mri->upstream != external)
		return false;
	return k->r->kind == (m->efi.action == NSLP_DENY ? GATE_DENY : allow);
}

static bool flow_is(const struct check *k, const struct nslp_message *m, const struct gist_mri *mri)
{
	struct nslp_fault fault;
	struct nslp_rule rule;
	struct gate_flow f;
	bool same;

	same = nslp_rule_read(&rule, mri, m, &fault);
	if (same) {
		nslp_rule_flow(&rule, &f);
		same = flow_equal(&f, &k->r->flow);
	}
	nslp_rule_fini(&rule);
	return same;
}

/* What is asked for is what was signed, whatever the process that has brought both says. */
static bool is_asked_for(const struct check *k, const struct nslp_auth *auth)
{
	const struct gist_tlv none = { .type = GIST_MRI };
	struct gist_fault unused;
	struct nslp_fault fault;
	struct nslp_message m;
	struct gist_mri mri;

	return nslp_message_parse(&m, k->message, NSLP_ALLOW_NO_DTINFO, &fault) == NSLP_ACCEPT &&
	       gist_mri_value_parse(&mri, k->mri, &none, 0, &unused) && lists_all(&m, auth) &&
	       kind_is(k, &m, &mri) && flow_is(k, &m, &mri);
}

/* An object signed with a key of ours. */
static enum proof_result check_signed(struct check *k, const struct gist_tlv *tlv,
				      const struct nslp_auth *auth, const struct conf_key *key)
{
	const struct nslp_hmac_context context = {
		.sid = k->r->sid, .nslpid = GIST_NSLPID_NATFW, .mri = k->mri,
	};
	const struct nslp_hmac_key hmac = {
		.id = key->id, .transform = key->transform, .key = gist_view(key->secret, key->len),
	};

	if (nslp_hmac_verify(k->message, tlv, &context, &hmac))
		return bad(k, PROOF_BAD, "wrong signature");
	if (!session_is(k, auth))
		return bad(k, PROOF_BAD, "signed for another session");
	if (!in_time(k, auth))
		return bad(k, PROOF_BAD, "signed at another time");
	if (!covers(k, auth))
		return bad(k, PROOF_REFUSED, "signed for other addresses");
	if (!is_asked_for(k, auth))
		return bad(k, PROOF_REFUSED, "signed for something else");
	if (!remember(k, key->id, auth->start))
		return bad(k, PROOF_BAD, "seen before");
	k->key = key->id;
	return PROOF_GOOD;
}

static enum proof_result check_object(struct check *k, const struct gist_tlv *tlv)
{
	const struct conf_key *key;
	struct nslp_fault fault;
	struct nslp_auth auth;

	if (!nslp_auth_parse(&auth, tlv, &fault))
		return bad(k, PROOF_REFUSED, fault.why);
	if (!nslp_auth_hmac(&auth))
		return PROOF_NONE;
	key = find_key(k->c, nslp_auth_key_id(&auth));
	if (!key)
		return PROOF_NONE;	/* meant for somebody else */
	if (nslp_auth_transform(&auth) != key->transform)
		return bad(k, PROOF_BAD, "signed with another algorithm");
	return check_signed(k, tlv, &auth, key);
}

enum proof_result proof_verify(struct proofs *p, const struct conf *c, const struct gate_request *r,
			       const struct gate_proof *proof, uint64_t ntp, uint32_t *key,
			       const char **why)
{
	struct check k = {
		.p = p, .c = c, .r = r, .ntp = ntp, .why = "",
		.message = gist_view(proof->octets, proof->message_len),
		.mri = gist_view(proof->octets + proof->message_len, proof->mri_len),
	};
	enum proof_result result = PROOF_NONE;
	struct gist_walk w;
	struct gist_tlv tlv;

	*key = 0;
	if (proof->message_len < MESSAGE_HEAD)
		return PROOF_NONE;
	w = gist_walk(gist_view(k.message.data + MESSAGE_HEAD, k.message.len - MESSAGE_HEAD));
	while (result == PROOF_NONE && gist_walk_next(&w, &tlv))
		if (tlv.type == NSLP_AUTH)
			result = check_object(&k, &tlv);
	*key = k.key;
	*why = k.why;
	return result;
}
