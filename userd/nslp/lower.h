/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the NSLP needs of the layer below (RFC 5973, section 3.2.8; RFC 5971, appendix B): GIST's
 * service interface as a table, so that tests can stand in for it.
 */
#ifndef _NATFWD_NSLP_LOWER_H
#define _NATFWD_NSLP_LOWER_H

#include "nslp/nslp.h"

struct nslp_lower {
	int (*attach)(struct gist *g, uint16_t nslpid, unsigned int rao4, unsigned int rao6,
		      const struct gist_nslp *ops);
	int (*send)(struct gist *g, const struct gist_tx *tx);
	void (*set_lifetime)(struct gist *g, uint16_t nslpid, const uint8_t *sid,
			     const struct gist_mri *mri, uint32_t lifetime);
	bool (*has_association)(const struct gist *g, uint64_t sii,
				enum gist_security *security);
};

/* nslp_create() on another layer; @lower is borrowed for the engine's life. */
struct nslp *nslp_create_over(const struct nslp_config *c, const struct nslp_io *io,
			      const struct nslp_lower *lower, struct gist *g,
			      struct timers *timers);

#endif /* _NATFWD_NSLP_LOWER_H */
