/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a manager's certificate to a user name, by the rules of RFC 7407 (4.2, cert-to-name).
 */
#ifndef _NATFWD_MGMT_CERTNAME_H
#define _NATFWD_MGMT_CERTNAME_H

#include <openssl/x509.h>

#include "conf/conf.h"

/* In the order of the enumeration map-type of natfw.yang. */
enum certname_type {
	CERTNAME_SPECIFIED, CERTNAME_RFC822, CERTNAME_DNS, CERTNAME_IP, CERTNAME_ANY,
	CERTNAME_COMMON_NAME,
};

/*
 * @chain is the verified one, the manager's own certificate first. The first of the @n rules, which are in
 * the order of their ids, that fits and has a name to give counts; rules whose name would not fit into
 * @name of @size octets, or into XML, are passed over (RFC 7589, 7). False: none.
 */
bool certname_map(const struct conf_name_rule *rule, unsigned int n, const STACK_OF(X509) *chain,
		  char *name, size_t size);
/* Whether @len octets can be a user name: UTF-8 that XML can carry, no control characters (RFC 6242, 3). */
bool certname_valid(const uint8_t *text, size_t len);

#endif /* _NATFWD_MGMT_CERTNAME_H */
