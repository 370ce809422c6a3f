/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The objects of NATFW-MIB as tables in memory: what is asked for is looked up in a snapshot, which is
 * filled anew when it is older than TABLE_FRESH_MS. A group of scalars is a table of one row, whose index
 * is 0 and whose columns have no entry above them.
 *
 * One thread.
 */
#ifndef _NATFWD_SNMP_TABLE_H
#define _NATFWD_SNMP_TABLE_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>

#define TABLE_FRESH_MS	5000
#define TABLE_ROWS_MAX	65536		/* what there is more of is not shown */
#define TABLE_INDEX_MAX	100		/* subidentifiers; AgentX names have 128 */
#define TABLE_COLUMNS	24

struct cell {
	u_char type;			/* ASN_...; 0: there is no such instance */
	uint64_t number;
	char *octets;			/* of ASN_OCTET_STR, owned by the row */
	size_t len;
};

struct row {
	oid *index;
	size_t index_len;
	struct cell cell[];		/* of column i + 1 */
};

struct table {
	oid number;			/* below natfwObjects */
	bool scalars;
	unsigned int columns;
	/* Fill it; false: nothing can be had. */
	bool (*load)(struct table *t);
	struct row **row;		/* by index, once filled */
	size_t rows, room;
	uint64_t filled;		/* ms; 0: never */
};

/* All of them, in the order of their numbers; register with the agent. @root is NATFW-MIB's natfwObjects. */
void table_register(struct table *const *tables, size_t n, const oid *root, size_t root_len);

/* A new row, to be indexed and filled; NULL: there are too many, or no memory. */
struct row *table_row(struct table *t);
void row_index(struct row *r, oid subid);
/* Each octet a subidentifier, as of a string of fixed size or an IMPLIED one. */
void row_index_octets(struct row *r, const void *octets, size_t len);

/* Column numbers begin with 1, as in the MIB. */
void cell_number(struct row *r, unsigned int column, u_char type, uint64_t number);
void cell_octets(struct row *r, unsigned int column, const void *octets, size_t len);
/* Of SnmpAdminString, cut at 255 octets; NULL: none. */
void cell_text(struct row *r, unsigned int column, const char *text);

#endif /* _NATFWD_SNMP_TABLE_H */
