/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data that managers see, and the modules it is of.
 */
#ifndef _NATFWD_MGMT_STORE_H
#define _NATFWD_MGMT_STORE_H

#include <libyang/libyang.h>
#include <stdbool.h>

/* Read the modules; before privileges go. 0 or -errno. */
int store_init(void);
struct ly_ctx *store_ctx(void);
/* For xml_read(). */
struct ly_ctx *store_xml(void);
/* Names the set of modules (RFC 8525). */
const char *store_content_id(void);
/* A copy of what the modules are (RFC 8525), for lyd_free_all(); NULL: no memory. */
struct lyd_node *store_library(void);
/* Data in @format added to *@tree, state allowed. False: it is not of our modules. */
bool store_add(struct lyd_node **tree, const char *text, LYD_FORMAT format);

#endif /* _NATFWD_MGMT_STORE_H */
