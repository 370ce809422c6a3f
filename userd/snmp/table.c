// SPDX-License-Identifier: GPL-2.0-or-later
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "snmp/table.h"

#define TEXT_MAX	255
#define PREFIX_MAX	32

static struct {
	struct table *const *table;
	size_t n;
	oid root[PREFIX_MAX];
	size_t root_len;
} mib;

/* ------------------------------------------------------------------ rows */

static void free_row(struct row *r, unsigned int columns)
{
	unsigned int i;

	for (i = 0; i < columns; i++)
		free(r->cell[i].octets);
	free(r->index);
	free(r);
}

static void empty(struct table *t)
{
	while (t->rows)
		free_row(t->row[--t->rows], t->columns);
}

struct row *table_row(struct table *t)
{
	size_t room = t->room ? t->room * 2 : 16;
	struct row **more, *r;

	if (t->rows == TABLE_ROWS_MAX)
		return NULL;
	if (t->rows == t->room) {
		more = realloc(t->row, room * sizeof(*more));
		if (!more)
			return NULL;
		t->row = more;
		t->room = room;
	}
	r = calloc(1, sizeof(*r) + t->columns * sizeof(r->cell[0]));
	if (r)
		t->row[t->rows++] = r;
	return r;
}

void row_index(struct row *r, oid subid)
{
	oid *more = r->index_len < TABLE_INDEX_MAX ?
		    realloc(r->index, (r->index_len + 1) * sizeof(*more)) : NULL;

	if (!more)
		return;
	r->index = more;
	r->index[r->index_len++] = subid;
}

void row_index_octets(struct row *r, const void *octets, size_t len)
{
	const uint8_t *o = octets;

	while (len--)
		row_index(r, *o++);
}

void cell_number(struct row *r, unsigned int column, u_char type, uint64_t number)
{
	/* a gauge stays at its maximum, and a counter begins again (RFC 2578 7.1) */
	if ((type == ASN_GAUGE || type == ASN_UNSIGNED) && number > UINT32_MAX)
		number = UINT32_MAX;
	r->cell[column - 1].type = type;
	r->cell[column - 1].number = number;
}

void cell_octets(struct row *r, unsigned int column, const void *octets, size_t len)
{
	struct cell *c = &r->cell[column - 1];

	free(c->octets);
	c->octets = malloc(len + 1);
	c->type = c->octets ? ASN_OCTET_STR : 0;
	if (!c->octets)
		return;
	memcpy(c->octets, octets, len);
	c->len = len;
}

void cell_text(struct row *r, unsigned int column, const char *text)
{
	if (text)
		cell_octets(r, column, text, strnlen(text, TEXT_MAX));
}

/* ------------------------------------------------------------------ the snapshot */

static int by_index(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;

	return snmp_oid_compare(x->index, x->index_len, y->index, y->index_len);
}

/* Two of one index would make a walk go on for ever. */
static void drop_doubles(struct table *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->rows; i++) {
		if (n && !by_index(&t->row[n - 1], &t->row[i]))
			free_row(t->row[i], t->columns);
		else
			t->row[n++] = t->row[i];
	}
	t->rows = n;
}

static void refresh(struct table *t)
{
	struct timespec now;
	uint64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	if (t->filled && ms - t->filled < TABLE_FRESH_MS)
		return;
	t->filled = ms;
	empty(t);
	if (!t->load(t))
		empty(t);
	if (t->rows)
		qsort(t->row, t->rows, sizeof(*t->row), by_index);
	drop_doubles(t);
}

/* The first row whose index is @index or (@after) behind it. */
static size_t find(const struct table *t, const oid *index, size_t len, bool after)
{
	size_t low = 0, high = t->rows, middle;
	int c;

	while (low < high) {
		middle = (low + high) / 2;
		c = snmp_oid_compare(t->row[middle]->index, t->row[middle]->index_len, index, len);
		if (c < 0 || (after && !c))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ------------------------------------------------------------------ requests */

struct place {
	struct table *table;
	unsigned int column;
	size_t row;
};

/* The name of what is above the columns. */
static size_t prefix_of(const struct table *t, oid *name)
{
	size_t n = mib.root_len;

	memcpy(name, mib.root, n * sizeof(*name));
	name[n++] = t->number;
	if (!t->scalars)
		name[n++] = 1;
	return n;
}

static bool exact(const oid *name, size_t len, struct place *p)
{
	oid prefix[PREFIX_MAX];
	size_t i, n;

	for (i = 0; i < mib.n; i++) {
		struct table *t = mib.table[i];

		n = prefix_of(t, prefix);
		if (len <= n || snmp_oidtree_compare(prefix, n, name, n))
			continue;
		if (!name[n] || name[n] > t->columns)
			return false;
		refresh(t);
		*p = (struct place){ t, (unsigned int)name[n], find(t, name + n + 1, len - n - 1, false) };
		return p->row < t->rows && t->row[p->row]->cell[p->column - 1].type &&
		       !snmp_oid_compare(t->row[p->row]->index, t->row[p->row]->index_len,
					 name + n + 1, len - n - 1);
	}
	return false;
}

/* The first instance behind column and index of @rest, all of what is below the table's prefix. */
static bool next_in(struct table *t, const oid *rest, size_t len, struct place *p)
{
	unsigned int column = len ? (rest[0] > t->columns ? t->columns + 1 : (unsigned int)rest[0]) : 0;
	size_t row;

	refresh(t);
	/* behind all of column 0, where there is nothing */
	row = column ? find(t, rest + 1, len - 1, len > 1) : 0;
	if (!column)
		column = 1;
	for (; column <= t->columns; column++, row = 0)
		for (; row < t->rows; row++)
			if (t->row[row]->cell[column - 1].type) {
				*p = (struct place){ t, column, row };
				return true;
			}
	return false;
}

static bool following(const oid *name, size_t len, struct place *p)
{
	oid prefix[PREFIX_MAX];
	size_t i, n;

	for (i = 0; i < mib.n; i++) {
		n = prefix_of(mib.table[i], prefix);
		if (len >= n && !snmp_oidtree_compare(prefix, n, name, n)) {
			if (next_in(mib.table[i], name + n, len - n, p))
				return true;
		} else if (snmp_oid_compare(name, len, prefix, n) < 0 &&
			   next_in(mib.table[i], NULL, 0, p)) {
			return true;
		}
	}
	return false;
}

static void put_value(netsnmp_variable_list *v, const struct cell *c)
{
	struct counter64 c64 = { (u_long)(c->number >> 32), (u_long)(c->number & UINT32_MAX) };
	u_long number = (u_long)c->number;
	uint32_t signed_bits = (uint32_t)c->number;
	long integer = (int32_t)signed_bits;

	if (c->type == ASN_OCTET_STR)
		snmp_set_var_typed_value(v, c->type, c->octets, c->len);
	else if (c->type == ASN_COUNTER64)
		snmp_set_var_typed_value(v, c->type, &c64, sizeof(c64));
	else if (c->type == ASN_INTEGER)
		snmp_set_var_typed_value(v, c->type, &integer, sizeof(integer));
	else
		snmp_set_var_typed_value(v, c->type, &number, sizeof(number));
}

static void answer(netsnmp_request_info *request, const struct place *p, bool name_too)
{
	const struct row *r = p->table->row[p->row];
	oid name[PREFIX_MAX + TABLE_INDEX_MAX + 1];
	size_t n = prefix_of(p->table, name);

	name[n++] = p->column;
	memcpy(name + n, r->index, r->index_len * sizeof(*name));
	if (name_too)
		snmp_set_var_objid(request->requestvb, name, n + r->index_len);
	put_value(request->requestvb, &r->cell[p->column - 1]);
}

static int on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *reg,
		      netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	bool get = info->mode == MODE_GET;
	netsnmp_request_info *r;
	struct place p;

	(void)handler;
	(void)reg;
	for (r = requests; r; r = r->next) {
		const netsnmp_variable_list *v = r->requestvb;

		if (r->processed)
			continue;
		if (get ? exact(v->name, v->name_length, &p) : following(v->name, v->name_length, &p))
			answer(r, &p, !get);
		else if (get)
			netsnmp_set_request_error(info, r, SNMP_NOSUCHINSTANCE);
	}
	return SNMP_ERR_NOERROR;
}

void table_register(struct table *const *tables, size_t n, const oid *root, size_t root_len)
{
	mib.table = tables;
	mib.n = n;
	mib.root_len = root_len;
	memcpy(mib.root, root, root_len * sizeof(*root));
	netsnmp_register_handler(netsnmp_create_handler_registration("natfw", on_request, root, root_len,
								     HANDLER_CAN_RONLY));
}
