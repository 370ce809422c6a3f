/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XML as what is in it, without a schema: elements with a name, a namespace, attributes, and text or
 * elements inside. Read by libyang's parser, which knows no document types and no entities of one's own.
 */
#ifndef _NATFWD_MGMT_XML_H
#define _NATFWD_MGMT_XML_H

#include <event2/buffer.h>
#include <libyang/libyang.h>
#include <stdbool.h>

#define XML_PARTS_MAX	50000	/* elements and attributes of a message */

enum xml_fault {
	XML_GOOD,
	XML_MALFORMED,		/* not well formed, too deep, or not one element */
	XML_TOO_BIG,		/* more than XML_PARTS_MAX */
};

/* Whether what ends in a zero octet can be given to libyang's parser: no document types, not too deep, not too much. */
enum xml_fault xml_check(const char *text);
/* A context for xml_read(), without modules. NULL: no memory. */
struct ly_ctx *xml_create(void);
/*
 * The only element at the top of @text, which ends in a zero octet; for lyd_free_all(). All nodes in it are opaque:
 * what has elements of the library's own modules in it is malformed. NULL: see *@fault.
 */
struct lyd_node *xml_read(struct ly_ctx *ctx, const char *text, enum xml_fault *fault);
/* What @n is, without looking at its type elsewhere; an empty one without a name if it is not opaque. */
const struct lyd_node_opaq *xml_opaque(const struct lyd_node *n);
const char *xml_name(const struct lyd_node *n);
/* "" if it has none. */
const char *xml_ns(const struct lyd_node *n);
/* Its text without white space around it; "" if there are elements inside. Valid until @buf is used again. */
const char *xml_text(const struct lyd_node *n, char *buf, size_t size);
/* Whether it is an element called @name in namespace @ns. */
bool xml_is(const struct lyd_node *n, const char *ns, const char *name);
/* The first child called @name in @ns; NULL: none. */
const struct lyd_node *xml_child(const struct lyd_node *n, const char *ns, const char *name);
/* An attribute without namespace, NULL: it has no such. */
const struct lyd_attr *xml_attribute(const struct lyd_node *n, const char *name);
/* To @out, with what markup is made of written as references. */
void xml_put(struct evbuffer *out, const char *text, size_t len);

#endif /* _NATFWD_MGMT_XML_H */
