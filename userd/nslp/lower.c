// SPDX-License-Identifier: GPL-2.0-or-later
#include "nslp/lower.h"

struct nslp *nslp_create(const struct nslp_config *c, const struct nslp_io *io, struct gist *g,
			 struct timers *timers)
{
	static const struct nslp_lower over_gist = {
		.attach = gist_register,
		.send = gist_send,
		.set_lifetime = gist_set_lifetime,
		.has_association = gist_has_association,
	};

	return nslp_create_over(c, io, &over_gist, g, timers);
}
