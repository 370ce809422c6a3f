// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests signed with a shared key, as policy sees them.
 */
#include <string.h>

#include "ktap.h"
#include "gist/mri.h"
#include "nslp/code.h"
#include "nslp/hmac.h"
#include "nslp/message.h"
#include "policy/proof.h"

#define NOW	(0xe0000000ull << 32)
#define SECOND	(1ull << 32)

static struct conf_key keys[2];
static struct conf conf = { .keys = keys, .key_count = 2 };
static struct proofs proofs;
static struct gate_request request;
static struct gate_proof proof;
static uint32_t key;
static const char *why;

static struct address address(const char *text)
{
	struct address a = { 0 };

	address_read(&a, text);
	return a;
}

static void fresh(void)
{
	static const uint8_t hash_key[16];

	proofs_init(&proofs, hash_key);
	keys[0] = (struct conf_key){
		.id = 7, .transform = NSLP_HMAC_SHA2_256_128, .len = 17,
		.secret = "a long secret key",
	};
	keys[1] = (struct conf_key){
		.id = 8, .transform = NSLP_HMAC_SHA2_256_128, .secret = "another secret", .len = 14,
	};
	request = (struct gate_request){
		.kind = GATE_ALLOW, .has_proof = true, .sid = "0123456789abcde",
		.flow = {
			.version = 4, .source = address("192.0.2.1"), .source_len = 32,
			.destination = address("198.51.100.2"), .destination_len = 32,
			.has_protocol = true, .protocol = 17, .has_sport = true, .sport = 4000,
			.has_dport = true, .dport = 5000,
		},
		.who = { .peer = address("192.0.2.1"), .uid = (uint32_t)-1 },
	};
}

static void put_mri(struct gist_out *o)
{
	const struct gate_flow *f = &request.flow;
	const struct gist_mri mri = {
		.method = 0, .upstream = request.kind == GATE_RESERVE,
		.source = f->source, .destination = f->destination,
		.source_prefix = f->source_len, .destination_prefix = f->destination_len,
		.has_protocol = true, .protocol = f->protocol, .has_sport = true, .sport = f->sport,
		.has_dport = true, .dport = f->dport,
	};

	gist_mri_value_put(o, &mri);
}

static unsigned int listed = 3;

/* What is asked for, signed by @signer with @with at @start, as @proof. */
static void sign(const struct conf_key *with, const char *signer, uint64_t start)
{
	static const uint16_t types[] = { NSLP_LIFETIME, NSLP_MSN, NSLP_EFI };
	const struct nslp_hmac_key k = { with->id, with->transform, { with->secret, with->len } };
	struct nslp_message m = {
		.type = request.kind == GATE_RESERVE ? NSLP_EXTERNAL : NSLP_CREATE,
		.lifetime = 60, .efi.action = NSLP_ALLOW, .msn = 5,
		.present = NSLP_BIT(NSLP_LIFETIME) | NSLP_BIT(NSLP_EFI) | NSLP_BIT(NSLP_MSN),
	};
	struct nslp_hmac_context context = { .sid = request.sid, .nslpid = 33 };
	const struct address source = address(signer);
	uint8_t object[512], mri[GIST_MRI_SIZE_MAX];
	struct gist_out o, r;

	gist_out_init(&r, mri, sizeof(mri));
	put_mri(&r);
	context.mri = gist_out_view(&r);
	gist_out_init(&o, object, sizeof(object));
	nslp_hmac_put(&o, &k, &source, start, types, listed);
	m.auth = gist_out_view(&o);
	memset(&proof, 0, sizeof(proof));
	gist_out_init(&o, proof.octets, sizeof(proof.octets));
	nslp_message_put(&o, &m, NSLP_ALLOW_NO_DTINFO);
	EXPECT_EQ(o.error, 0);
	EXPECT_EQ(nslp_hmac_sign(proof.octets, o.len, &context, &k), 0);
	proof.message_len = (uint16_t)o.len;
	proof.mri_len = (uint16_t)context.mri.len;
	memcpy(proof.octets + o.len, mri, proof.mri_len);
}

static enum proof_result verify(uint64_t now)
{
	return proof_verify(&proofs, &conf, &request, &proof, now, &key, &why);
}

static void good(void)
{
	fresh();
	sign(&keys[0], "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW + SECOND), PROOF_GOOD);
	EXPECT_EQ(key, 7);
}

static void every_octet_counts(void)
{
	unsigned int i;

	fresh();
	sign(&keys[0], "192.0.2.1", NOW);
	for (i = 4; i < (unsigned int)proof.message_len + proof.mri_len; i++) {
		proof.octets[i] ^= 1;
		EXPECT(verify(NOW) != PROOF_GOOD);
		EXPECT_EQ(key, 0);
		proof.octets[i] ^= 1;
	}
	request.sid[3] ^= 1;
	EXPECT_EQ(verify(NOW), PROOF_BAD);
	request.sid[3] ^= 1;
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
}

static void time_window(void)
{
	fresh();
	sign(&keys[0], "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW + (PROOF_WINDOW + 1) * SECOND), PROOF_BAD);
	EXPECT_EQ(verify(NOW - (PROOF_WINDOW + 2) * SECOND), PROOF_BAD);
	EXPECT_EQ(verify(NOW - PROOF_WINDOW * SECOND), PROOF_GOOD);
}

static void replays(void)
{
	fresh();
	sign(&keys[0], "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
	EXPECT_EQ(verify(NOW), PROOF_BAD);
	sign(&keys[0], "192.0.2.1", NOW - SECOND);
	EXPECT_EQ(verify(NOW), PROOF_BAD);
	sign(&keys[0], "192.0.2.1", NOW + 1);
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
	/* another session is another matter */
	request.sid[0] ^= 1;
	sign(&keys[0], "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
}

/* Memory is bounded; what cannot be remembered is not accepted. */
static void many_sessions(void)
{
	unsigned int i, n = 0;

	fresh();
	for (i = 0; i < 2 * PROOF_MEMORY; i++) {
		memcpy(request.sid, &i, sizeof(i));
		sign(&keys[0], "192.0.2.1", NOW);
		if (verify(NOW) != PROOF_GOOD)
			continue;
		n++;
		EXPECT_EQ(verify(NOW), PROOF_BAD);
	}
	EXPECT(n > PROOF_MEMORY / 2 && n <= PROOF_MEMORY);
	/* later there is room again */
	sign(&keys[0], "192.0.2.1", NOW + 100 * SECOND);
	EXPECT_EQ(verify(NOW + 100 * SECOND), PROOF_GOOD);
}

static void other_keys(void)
{
	struct conf_key stranger;

	fresh();
	sign(&keys[1], "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
	EXPECT_EQ(key, 8);
	stranger = keys[1];
	stranger.id = 9;
	sign(&stranger, "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_NONE);	/* for somebody else to check */
	stranger.id = 7;
	sign(&stranger, "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_BAD);
	stranger = keys[0];
	stranger.transform = NSLP_HMAC_SHA1_96;
	sign(&stranger, "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_BAD);
}

static void addresses(void)
{
	fresh();
	sign(&keys[0], "192.0.2.9", NOW);
	EXPECT_EQ(verify(NOW), PROOF_REFUSED);
	request.who.peer = address("192.0.2.9");	/* a neighbour that signs for the host */
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
	/* a receiver's own end is the destination */
	fresh();
	request.kind = GATE_RESERVE;
	sign(&keys[0], "192.0.2.1", NOW);
	request.who.peer = address("198.51.100.9");
	EXPECT_EQ(verify(NOW), PROOF_REFUSED);
	sign(&keys[0], "198.51.100.2", NOW);
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
}

/* A process that was taken over has a good proof, and would like something else. */
static void something_else(void)
{
	struct gate_request asked;
	unsigned int i;

	for (i = 0; i < 7; i++) {
		fresh();
		sign(&keys[0], "192.0.2.1", NOW);
		asked = request;
		switch (i) {
		case 0:
			request.flow.destination = address("198.51.100.3");
			break;
		case 1:
			request.flow.dport = 22;
			break;
		case 2:
			request.flow.has_sport = false;
			break;
		case 3:
			request.flow.destination_len = 24;
			break;
		case 4:
			request.flow.protocol = 6;
			break;
		case 5:
			request.flow.more_ports = 1;
			break;
		case 6:
			request.kind = GATE_RESERVE;
			request.who.peer = address("192.0.2.1");
			break;
		}
		EXPECT(verify(NOW) == PROOF_REFUSED && !key);
		request = asked;
		EXPECT_EQ(verify(NOW), PROOF_GOOD);
	}
}

/* An object that says what is opened has to be signed itself. */
static void not_listed(void)
{
	fresh();
	listed = 2;
	sign(&keys[0], "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_REFUSED);
	listed = 3;
	sign(&keys[0], "192.0.2.1", NOW);
	EXPECT_EQ(verify(NOW), PROOF_GOOD);
}

static void nothing_signed(void)
{
	fresh();
	memset(&proof, 0, sizeof(proof));
	EXPECT_EQ(verify(NOW), PROOF_NONE);
	proof.octets[0] = 1;
	proof.message_len = 4;
	EXPECT_EQ(verify(NOW), PROOF_NONE);
}

static const struct ktap_test tests[] = {
	{ "NATFW-5981.6.4-01 a good signature", good },
	{ "NATFW-5981.6.4-01 every octet counts, and the session id", every_octet_counts },
	{ "NATFW-5981.3.2.5-01 START_TIME within the window", time_window },
	{ "NATFW-5981.4.4-02,NATFW-5981.7-01 START_TIME newer than the last one", replays },
	{ "START_TIMEs of many sessions", many_sessions },
	{ "NATFW-5981.4.1-02,NATFW-5981.4.4-04 keys and algorithms", other_keys },
	{ "NATFW-5981.3.2.3-01 addresses", addresses },
	{ "NATFW-5981.6.4-01 what is asked for is what was signed", something_else },
	{ "NATFW-5981.6.4-01 what says what is opened is signed", not_listed },
	{ "nothing signed", nothing_signed },
};

int main(void)
{
	return ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
