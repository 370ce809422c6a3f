/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The authorised peer database (RFC 5971 4.4.2), by the names that certificates have (5.7.3.1). Plain
 * values.
 */
#ifndef _NATFWD_SIG_PEERDB_H
#define _NATFWD_SIG_PEERDB_H

#include "conf/conf.h"

#define PEERDB_NAMES	16	/* of one certificate that are looked at */
#define PEERDB_NAME	64	/* octets, the zero included; longer ones match nothing */

/*
 * What a certificate says its owner is called: each dNSName of subjectAltName, or, if there is
 * none, the most specific Common Name.
 */
struct peer_names {
	unsigned int count;
	char name[PEERDB_NAMES][PEERDB_NAME];
};

/*
 * Put in @len octets at @name. Names with a zero or other octets that no host name has, or too
 * long, are left out: false.
 */
bool peer_names_add(struct peer_names *n, const void *name, size_t len);

/* Whether one of two names fits the other (name_fits()): certificates have patterns, too. */
bool peer_name_match(const char *a, const char *b);

/*
 * peerdb_permits() - whether the first entry that is about this peer lets it in
 * @g: entries in order, and what becomes of peers in none; the name "*" in an entry is for all
 * @names: the peer's, authenticated
 * @at: its address
 * @name: where to put what it is called from now on, if not NULL: the name that matched, of entry
 *	and certificate the one without "*". Is in @g or @names.
 */
bool peerdb_permits(const struct conf_gist *g, const struct peer_names *names,
		    const struct address *at, const char **name);

#endif /* _NATFWD_SIG_PEERDB_H */
