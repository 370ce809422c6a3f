// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * natfwd: the signalling daemon of natfw. This is what its command line says; monitor.c is the life of the
 * first process, proc.c that of the others.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "child.h"
#include "conf/conf.h"
#include "monitor.h"
#include "notify.h"
#include "process.h"

#define EXIT_USAGE	2

static const char usage_text[] =
	"usage: natfwd [-c FILE] [-d SUBSYSTEM=LEVEL]... [-f]\n"
	"       natfwd -t [-c FILE]\n"
	"       natfwd -V\n"
	"\n"
	"  -c FILE   configuration, " NATFWD_CONF " if not given\n"
	"  -d S=L    log subsystem S (main, conf, net, gist, nslp, policy, kern, ctl, mgmt, all) from\n"
	"            level L (error, warning, notice, info, debug), whatever is configured\n"
	"  -f        stay in the foreground, which it does anyway\n"
	"  -t        check the configuration and end\n"
	"  -V        print the version\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(EXIT_USAGE);
}

/* "gist=debug", "all=info" */
static void take_level(struct monitor_options *o, char *text)
{
	char *equals = strchr(text, '=');
	int sub, level, i;

	if (!equals)
		usage();
	*equals = 0;
	sub = log_subsystem_find(text);
	level = log_level_find(equals + 1);
	if (level < 0 || (sub < 0 && strcmp(text, "all") != 0))
		usage();
	for (i = 0; i < SUB_COUNT; i++)
		if (i == sub || sub < 0)
			o->level[i] = level;
}

static void say_error(FILE *f, const char *file, const struct conf_error *e)
{
	if (e->line)
		fprintf(f, "%s:%u: ", file, e->line);
	else
		fprintf(f, "%s: ", file);
	if (*e->path)
		fprintf(f, "%s: ", e->path);
	fprintf(f, "%s\n", e->text);
}

static struct conf *read_conf(const char *file, struct conf_source *source)
{
	struct conf_error e = { 0 };
	struct conf *c = conf_read_source(file, source, &e);

	if (!c) {
		say_error(stderr, file, &e);
		exit(EXIT_FAILURE);
	}
	return c;
}

static int check(const char *file)
{
	struct conf_source source;

	conf_free(read_conf(file, &source));
	conf_source_free(&source);
	puts("ok");
	return EXIT_SUCCESS;
}

static void become(const char *name)
{
	enum proc_id id;

	for (id = PROC_SIG; id < PROC_COUNT; id++)
		if (!strcmp(process_name(id), name))
			process_main(id);
	usage();
}

int main(int argc, char **argv)
{
	struct monitor_options o = { .file = NATFWD_CONF };
	struct conf_source source;
	bool only_check = false;
	struct conf *c;
	int opt;

	memset(o.level, -1, sizeof(o.level));
	while ((opt = getopt(argc, argv, "c:d:ftVP:")) != -1) {
		switch (opt) {
		case 'c':
			o.file = optarg;
			break;
		case 'd':
			take_level(&o, optarg);
			break;
		case 'f':
			break;
		case 't':
			only_check = true;
			break;
		case 'V':
			puts("natfwd " NATFW_VERSION);
			return EXIT_SUCCESS;
		case CHILD_OPTION:
			become(optarg);
			break;
		default:
			usage();
		}
	}
	if (optind < argc)
		usage();
	log_open("natfwd", false);
	if (only_check)
		return check(o.file);
	/* what whoever started it left open is nobody's business here */
	(void)close_range(STDERR_FILENO + 1, ~0u, 0);
	notify_init();
	c = read_conf(o.file, &source);
	return monitor_main(&o, c, &source);
}
