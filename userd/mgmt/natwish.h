/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of ietf-nat's tree a manager asks for. There may be a million mappings: they are gathered only if they may be
 * selected, and only those that may. What is not plain to see is asked for.
 */
#ifndef _NATFWD_MGMT_NATWISH_H
#define _NATFWD_MGMT_NATWISH_H

#include "base/nat.h"
#include "mgmt/xml.h"

struct fields;
struct gather_wish;
struct resource;

struct nat_wish {
	bool instance;			/* something besides mappings */
	bool maps;
	struct map_wishes which;
};

void natwish_all(struct nat_wish *w);
/* By a subtree filter (RFC 6241, 6), an element of xml_read(). */
void natwish_subtree(struct nat_wish *w, const struct lyd_node *filter);
/* By an XPath expression. */
void natwish_xpath(struct nat_wish *w, const char *select);
/*
 * By a resource of RESTCONF, the datastore or data; @fields (RFC 8040, 4.8.3) may be empty, and @depth (4.8.2) is 0
 * where there is no limit.
 */
void natwish_resource(struct nat_wish *w, const struct resource *r, const struct fields *fields, unsigned int depth);

/* What is wanted to what @user may see of it: parts and maps; and that it is gathered for @user. */
void natwish_put(const struct nat_wish *w, const char *user, struct gather_wish *wish);

#endif /* _NATFWD_MGMT_NATWISH_H */
