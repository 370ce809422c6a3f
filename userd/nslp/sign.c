// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "gist/code.h"
#include "nslp/hmac.h"
#include "nslp/place.h"
#include "nslp/receive.h"
#include "nslp/sign.h"

#define AUTH_MAX	256

/* What NATs do not change, and what they do: good up to the first (AMB-34). */
static unsigned int covered(const struct nslp_message *m, uint16_t *types)
{
	unsigned int type, n = 0;

	for (type = NSLP_FIRST; type <= NSLP_LAST; type++)
		if (m->present & NSLP_BIT(type))
			types[n++] = (uint16_t)type;
	return n;
}

/* The initiator of what is signalled along @mri: a request's own end, a RESPONSE's other one. */
static const struct address *initiator(const struct nslp_message *m, const struct gist_mri *mri)
{
	bool external = m->type == NSLP_RESPONSE ? !mri->upstream : mri->upstream;

	return mri->method == GIST_MRM_PATH && external ? &mri->destination : &mri->source;
}

/* The address that this node signs with. */
static struct address signer(struct nslp *n, const struct nslp_message *m,
			     const struct gist_mri *mri)
{
	struct gist_route route;

	if (m->type != NSLP_RESPONSE)
		return *initiator(m, mri);
	if (nslp_place_route(n, initiator(m, mri), &route) && address_is_set(&route.source))
		return route.source;
	return mri->destination;
}

static int sign(const uint8_t *sid, const struct gist_mri *mri,
		const struct nslp_hmac_key *key, uint8_t *buf, size_t len)
{
	uint8_t value[GIST_MRI_SIZE_MAX];
	struct nslp_hmac_context context = { .sid = sid, .nslpid = NSLP_ID };
	struct gist_out o;

	gist_out_init(&o, value, sizeof(value));
	gist_mri_value_put(&o, mri);
	context.mri = gist_out_view(&o);
	return o.error ? o.error : nslp_hmac_sign(buf, len, &context, key);
}

int nslp_sign(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
	      struct nslp_message *m, uint8_t *buf, size_t size, struct gist_view *v)
{
	struct nslp_hmac_key key = { n->c.key_id, n->c.transform,
				     gist_view(n->c.key, n->c.key_len) };
	bool wanted = sid && n->c.key_id && n->c.key_len;
	uint16_t types[NSLP_LAST - NSLP_FIRST + 1];
	struct address source;
	uint8_t auth[AUTH_MAX];
	struct gist_out o;
	int rc;

	if (wanted) {
		source = signer(n, m, mri);
		gist_out_init(&o, auth, sizeof(auth));
		nslp_hmac_put(&o, &key, &source, n->io.ntp(n->io.arg), types, covered(m, types));
		if (o.error)
			return o.error;
		m->auth = gist_out_view(&o);
	}
	gist_out_init(&o, buf, size);
	nslp_message_put(&o, m, nslp_options(n));
	if (o.error)
		return o.error;
	*v = gist_out_view(&o);
	rc = wanted ? sign(sid, mri, &key, buf, o.len) : 0;
	return rc == -ENOENT ? -EINVAL : rc;
}
