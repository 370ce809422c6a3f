// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "ctl.h"
#include "stats.h"
#include "verbs.h"

static bool shown(const struct natfw_counter *c)
{
	return ctl_opt.all || c->packets || c->bytes;
}

static void print_counter(FILE *f, const struct natfw_counter *c, const char *indent)
{
	fprintf(f, "%s%-18s %-5s %14" PRIu64 " %17" PRIu64, indent, c->name ? c->name : "?",
		natfw_has(c, NATFW_A_COUNTER_DROP) ? "drop" : "", c->packets, c->bytes);
	if (ctl_opt.verbose && c->doc)
		fprintf(f, "  %s", c->doc);
	putc('\n', f);
}

void stats_print(FILE *f, const struct natfw_list *counters, const char *indent)
{
	const struct natfw_counter *c = counters->v;
	unsigned int i;

	for (i = 0; i < counters->n; i++)
		if (shown(&c[i]))
			print_counter(f, &c[i], indent);
}

static int print_all(const struct natfw_list *l)
{
	const struct natfw_counter *c = l->v;
	struct json j;
	unsigned int i;

	if (!ctl_opt.json) {
		printf("%-18s %-5s %14s %17s\n", "REASON", "FATE", "PACKETS", "BYTES");
		stats_print(stdout, l, "");
		return 0;
	}
	json_init(&j, stdout);
	json_open(&j, NULL, '[');
	for (i = 0; i < l->n; i++)
		if (shown(&c[i]))
			json_entry(&j, NULL, &natfw_counter_set, &c[i]);
	json_close(&j, ']');
	json_end(&j);
	return 0;
}

static int stats_net(struct natfw_client *c)
{
	struct natfw_stats s;
	struct natfw_error e;

	if (natfw_client_do(c, NATFW_CMD_STATS_GET, 0, NULL, &s, &e))
		return ctl_refused(&e);
	print_all(&s.counter);
	natfw_object_fini(&natfw_stats_set, &s);
	return 0;
}

static int stats_dev(struct natfw_client *c, struct natfw_dev *key)
{
	struct natfw_dev d;
	struct natfw_error e;

	if (natfw_client_do(c, NATFW_CMD_DEV_GET, 0, key, &d, &e))
		return ctl_refused(&e);
	print_all(&d.counter);
	natfw_object_fini(&natfw_dev_set, &d);
	return 0;
}

int verb_stats(struct words *w)
{
	struct natfw_dev key = { .has = 1ull << NATFW_A_DEV_IFNAME };
	struct natfw_client *c;
	bool dev;

	words_take(w, "show");
	words_take(w, "dev");
	dev = !words_end(w);
	if ((dev && !read_ifname(w, key.ifname)) || !words_done(w))
		return ctl_usage(w);
	c = ctl_client();
	if (!c)
		return CTL_REFUSED;
	return dev ? stats_dev(c, &key) : stats_net(c);
}
