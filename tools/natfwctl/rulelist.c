// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>

#include "ctl.h"
#include "rulelist.h"
#include "spec.h"

struct rank {
	uint64_t id;
	uint32_t priority;
	size_t nr;
};

static int rank_cmp(const void *x, const void *y)
{
	const struct rank *a = x, *b = y;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return 0;
}

static bool fill_ranks(const struct natfw_dump *d, struct rank *rank)
{
	struct natfw_rule r;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (natfw_dump_get(d, i, &r))
			return false;
		rank[i] = (struct rank){ r.id, r.priority, i };
		natfw_object_fini(&natfw_rule_set, &r);
	}
	return true;
}

size_t *rulelist_order(const struct natfw_dump *d)
{
	struct rank *rank = malloc((d->n + 1) * sizeof(*rank));
	size_t *order = malloc((d->n + 1) * sizeof(*order));
	size_t i;

	if (!rank || !order || !fill_ranks(d, rank)) {
		free(rank);
		free(order);
		return NULL;
	}
	qsort(rank, d->n, sizeof(*rank), rank_cmp);
	for (i = 0; i < d->n; i++)
		order[i] = rank[i].nr;
	free(rank);
	return order;
}

static void print_state(FILE *f, const struct natfw_rule *r)
{
	const char *sep = "  # ";
	char buf[32];

	if (natfw_has(r, NATFW_A_RULE_EXT_ADDR)) {
		fprintf(f, "%sexternal ", sep);
		print_endpoint(f, &r->ext_addr, r->ext_port);
		sep = ", ";
	}
	if (natfw_has(r, NATFW_A_RULE_EXPIRES) && r->lifetime)
		fprintf(f, "%s%s left", sep, duration_text(r->expires, buf, sizeof(buf)));
}

static void print_counters(FILE *f, const struct natfw_rule *r, int width)
{
	char buf[32];

	fprintf(f, "\n%*s  packets %" PRIu64 "  bytes %" PRIu64 "  flows %u", width, "",
		r->packets, r->bytes, r->flows);
	if (natfw_has(r, NATFW_A_RULE_USED))
		fprintf(f, "  used %s ago", duration_text(r->used / 1000, buf, sizeof(buf)));
	else
		fputs("  never used", f);
}

void rulelist_print(FILE *f, const struct natfw_rule *r, int width)
{
	fprintf(f, "%*" PRIu64 "  ", width, r->id);
	spec_print(f, r);
	print_state(f, r);
	if (ctl_opt.stats)
		print_counters(f, r, width);
	putc('\n', f);
}

void rulelist_json(struct json *j, const struct natfw_rule *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	json_open(j, NULL, '{');
	json_members(j, &natfw_rule_set, r);
	if (f) {
		spec_print(f, r);
		if (!fclose(f) && text)
			json_text(j, "spec", text);
		free(text);
	}
	json_close(j, '}');
}
