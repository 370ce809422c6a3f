// SPDX-License-Identifier: GPL-2.0-or-later
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/acl.h"

/* ------------------------------------------------------------------ small things */

static bool no_memory(struct conf_error *e)
{
	snprintf(e->text, sizeof(e->text), "out of memory");
	return false;
}

static void *list(const struct lyd_node *first, size_t size, unsigned int *count)
{
	const struct lyd_node *n;
	void *p;

	*count = 0;
	for (n = first; n; n = tree_next(n))
		++*count;
	p = *count ? calloc(*count, size) : NULL;
	*count = p ? *count : 0;
	return p;
}

/* False: it is not there. */
static bool number(const struct lyd_node *parent, const char *name, uint32_t *to)
{
	const char *value = tree_value(parent, name);

	if (value)
		*to = (uint32_t)strtoul(value, NULL, 10);
	return value;
}

static bool octet(const struct lyd_node *parent, const char *name, uint8_t *to)
{
	uint32_t v;

	if (!number(parent, name, &v))
		return false;
	*to = (uint8_t)v;
	return true;
}

/* The name of an identity, without its module's. */
static const char *identity(const struct lyd_node *parent, const char *name)
{
	const char *value = tree_value(parent, name);
	const char *colon = value ? strchr(value, ':') : NULL;

	return colon ? colon + 1 : value;
}

static bool says_anything(const struct lyd_node *n)
{
	const struct lyd_node *c;

	if (n->schema->nodetype & LYD_NODE_TERM)
		return true;
	LY_LIST_FOR(lyd_child(n), c)
		if (says_anything(c))
			return true;
	return false;
}

/* ------------------------------------------------------------------ layer 3 */

static void prefix(const struct lyd_node *parent, const char *name, struct conf_prefix *p)
{
	const char *value = tree_value(parent, name);
	unsigned int len = 0;

	if (!value || !address_read_prefix(&p->address, &len, value))
		return;
	p->len = (uint8_t)len;
	address_mask(&p->address, len);
}

static bool build_ip(struct conf_ace *a, const struct lyd_node *ip, uint8_t version,
		     struct conf_error *e)
{
	static const uint8_t foreign[] = { [4] = IPPROTO_ICMPV6, [6] = IPPROTO_ICMP };

	a->version = version;
	prefix(ip, version == 4 ? "source-ipv4-network" : "source-ipv6-network", &a->source);
	prefix(ip, version == 4 ? "destination-ipv4-network" : "destination-ipv6-network",
	       &a->destination);
	a->has_dscp = octet(ip, "dscp", &a->dscp);
	a->has_protocol = octet(ip, "protocol", &a->protocol);
	a->has_label = number(ip, "flow-label", &a->label);
	if (a->has_protocol && a->protocol == foreign[version])
		return tree_fail(e, tree_find(ip, "protocol"), "not a protocol of packets of IPv%u",
				 version);
	return true;
}

/* What the type of the list says, if an entry does not: 4, 6, or 0 for both. */
static uint8_t version_of(const struct lyd_node *acl)
{
	const char *type = identity(acl, "type");

	if (type && !strcmp(type, "ipv4-acl-type"))
		return 4;
	return type && !strcmp(type, "ipv6-acl-type") ? 6 : 0;
}

/* The condition that the model has looks at all lists (RFC 8519, 4.1): this one is meant. */
static bool build_l3(struct conf_ace *a, const struct lyd_node *acl, const struct lyd_node *matches,
		     struct conf_error *e)
{
	const struct lyd_node *ipv4 = tree_find(matches, "ipv4"), *ipv6 = tree_find(matches, "ipv6");
	uint8_t version = version_of(acl);

	a->version = version;
	if (ipv4 && version == 6)
		return tree_fail(e, ipv4, "the type of the list is ipv6-acl-type");
	if (ipv6 && version == 4)
		return tree_fail(e, ipv6, "the type of the list is ipv4-acl-type");
	if (ipv4)
		return build_ip(a, ipv4, 4, e);
	return !ipv6 || build_ip(a, ipv6, 6, e);
}

/* ------------------------------------------------------------------ layer 4 */

static void operate(struct conf_ports *p, const char *operator, uint16_t port)
{
	p->given = true;
	p->min = p->max = port;
	if (operator && !strcmp(operator, "lte"))
		p->min = 0;
	else if (operator && !strcmp(operator, "gte"))
		p->max = 65535;
	p->except = operator && !strcmp(operator, "neq");
}

static bool build_ports(struct conf_ports *p, const struct lyd_node *l4, const char *name,
			struct conf_error *e)
{
	const struct lyd_node *n = tree_find(l4, name);
	uint32_t first, last;

	if (!n || !says_anything(n))
		return true;
	if (number(n, "port", &first)) {
		operate(p, tree_value(n, "operator"), (uint16_t)first);
		return true;
	}
	if (!number(n, "lower-port", &first) || !number(n, "upper-port", &last))
		return tree_fail(e, n, "a port, or lower-port and upper-port");
	if (first > last)
		return tree_fail(e, n, "the lower-port is above the upper-port");
	*p = (struct conf_ports){ .given = true, .min = (uint16_t)first, .max = (uint16_t)last };
	return true;
}

/* A protocol that layer 3 names already has to be the same. */
static bool set_protocol(struct conf_ace *a, const struct lyd_node *l4, uint8_t protocol,
			 struct conf_error *e)
{
	if (a->has_protocol && a->protocol != protocol)
		return tree_fail(e, l4, "protocol %u is matched already, which has no %s header",
				 a->protocol, l4->schema->name);
	a->has_protocol = true;
	a->protocol = protocol;
	return true;
}

static bool build_icmp(struct conf_ace *a, const struct lyd_node *icmp, struct conf_error *e)
{
	a->has_type = octet(icmp, "type", &a->type);
	a->has_code = octet(icmp, "code", &a->code);
	if (a->has_code && !a->has_type)
		return tree_fail(e, icmp, "a code says nothing without a type");
	a->icmp = !a->version;
	return a->icmp || set_protocol(a, icmp, a->version == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, e);
}

static bool build_l4(struct conf_ace *a, const struct lyd_node *matches, struct conf_error *e)
{
	static const char *const names[] = { "tcp", "udp", "icmp" };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	const struct lyd_node *n = NULL;
	unsigned int i;

	for (i = 0; i < 3 && !n; i++)
		n = tree_find(matches, names[i]);
	if (!n)
		return true;
	if (i == 3)
		return build_icmp(a, n, e);
	return set_protocol(a, n, protocols[i - 1], e) &&
	       build_ports(&a->sport, n, "source-port", e) &&
	       build_ports(&a->dport, n, "destination-port", e);
}

/* ------------------------------------------------------------------ entries */

static bool build_actions(struct conf_ace *a, const struct lyd_node *ace, struct conf_error *e)
{
	static const char *const words[] = {
		[ACE_ACCEPT] = "accept", [ACE_DROP] = "drop", [ACE_REJECT] = "reject",
	};
	const struct lyd_node *actions = tree_find(ace, "actions");
	const char *word = identity(actions, "forwarding");
	const char *stateful = tree_value(actions, "stateful");
	unsigned int i;

	for (i = 0; word && i < 3; i++)
		if (!strcmp(word, words[i]))
			break;
	if (!word || i == 3)
		return tree_fail(e, actions, "forwarding is accept, drop or reject");
	a->forwarding = (uint8_t)i;
	a->stateful = i == ACE_ACCEPT && (!stateful || !strcmp(stateful, "true"));
	return true;
}

/* The kernel takes the family from the address or the pool: it must not be another one, nor a guess. */
static bool build_address(struct conf_ace *a, struct address *to, const struct lyd_node *translate,
			  const char *name, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(translate, name);

	if (!n)
		return true;
	address_read(to, lyd_get_value(n));
	return to->version == a->version ||
	       tree_fail(e, n, "not an address for packets of IPv%u", a->version);
}

static bool build_translation(struct conf_ace *a, const struct lyd_node *ace, struct conf_error *e)
{
	const struct lyd_node *t = tree_find(tree_find(ace, "actions"), "translate");
	const char *pool = t ? tree_value(t, "source-pool") : NULL;
	uint32_t port = 0;

	if (!t)
		return true;
	if (!a->version)
		return tree_fail(e, t, "the entry or its list has to be for IPv4 or for IPv6");
	a->translated = a->stateful = true;
	if (pool)
		snprintf(a->to.pool, sizeof(a->to.pool), "%s", pool);
	number(t, "destination-port", &port);
	a->to.dport = (uint16_t)port;
	return build_address(a, &a->to.source, t, "source-address", e) &&
	       build_address(a, &a->to.destination, t, "destination-address", e);
}

static bool build_ace(struct conf_ace *a, const struct lyd_node *acl, const struct lyd_node *ace,
		      struct conf_error *e)
{
	const struct lyd_node *matches = tree_find(ace, "matches");

	snprintf(a->name, sizeof(a->name), "%s", tree_value(ace, "name"));
	a->line = tree_line(ace);
	return build_l3(a, acl, matches, e) && build_l4(a, matches, e) && build_actions(a, ace, e) &&
	       build_translation(a, ace, e);
}

static bool build_acl(struct conf_acl *a, const struct lyd_node *acl, struct conf_error *e)
{
	const struct lyd_node *n = tree_find(tree_find(acl, "aces"), "ace");
	unsigned int i;

	snprintf(a->name, sizeof(a->name), "%s", tree_value(acl, "name"));
	a->ace = list(n, sizeof(*a->ace), &a->aces);
	if (n && !a->ace)
		return no_memory(e);
	for (i = 0; i < a->aces; i++, n = tree_next(n))
		if (!build_ace(&a->ace[i], acl, n, e))
			return false;
	return true;
}

/* ------------------------------------------------------------------ where */

/* The schema has made sure that it is there. */
static uint32_t find_acl(const struct conf *c, const char *name)
{
	uint32_t i;

	for (i = 0; i + 1 < c->acls; i++)
		if (!strcmp(c->acl[i].name, name))
			break;
	return i;
}

static bool build_point(struct conf *c, struct conf_acl_point *p, const struct lyd_node *interface,
			struct conf_error *e)
{
	const struct lyd_node *ingress = tree_find(interface, "ingress");
	const struct lyd_node *n = tree_find(tree_find(ingress, "acl-sets"), "acl-set");
	unsigned int i;

	snprintf(p->interface, sizeof(p->interface), "%s", tree_value(interface, "interface-id"));
	p->acl = list(n, sizeof(*p->acl), &p->acls);
	if (n && !p->acl)
		return no_memory(e);
	for (i = 0; i < p->acls; i++, n = tree_next(n))
		p->acl[i] = find_acl(c, tree_value(n, "name"));
	return true;
}

bool build_acls(struct conf *c, const struct lyd_node *acls, struct conf_error *e)
{
	const struct lyd_node *n = acls ? tree_find(acls, "acl") : NULL;
	unsigned int i;

	c->acl = list(n, sizeof(*c->acl), &c->acls);
	if (n && !c->acl)
		return no_memory(e);
	for (i = 0; i < c->acls; i++, n = tree_next(n))
		if (!build_acl(&c->acl[i], n, e))
			return false;
	n = acls ? tree_find(tree_find(acls, "attachment-points"), "interface") : NULL;
	c->acl_point = list(n, sizeof(*c->acl_point), &c->acl_points);
	if (n && !c->acl_point)
		return no_memory(e);
	for (i = 0; i < c->acl_points; i++, n = tree_next(n))
		if (!build_point(c, &c->acl_point[i], n, e))
			return false;
	return true;
}
