/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of this node written, and signed if there is a key (RFC 5981, sections 4.4 and 6.4).
 */
#ifndef _NATFWD_NSLP_SIGN_H
#define _NATFWD_NSLP_SIGN_H

#include "nslp/engine.h"

/*
 * nslp_sign() - write @m to @buf
 * @sid: sign for this session; NULL: do not sign
 * @mri: as it goes out
 * @v: shows what was written
 *
 * Returns 0, or -EMSGSIZE, -EINVAL, -EIO.
 */
int nslp_sign(struct nslp *n, const uint8_t *sid, const struct gist_mri *mri,
	      struct nslp_message *m, uint8_t *buf, size_t size, struct gist_view *v);

#endif /* _NATFWD_NSLP_SIGN_H */
