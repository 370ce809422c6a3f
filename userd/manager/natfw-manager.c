// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * natfw-manager: takes calls from devices (RFC 8071), and is told what to ask of them.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "manager/serve.h"
#include "manager/verbs.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
} verbs[] = {
	{ "devices", verb_devices, "[-j] [list | add NAME KEY=VALUE... | import FILE | remove NAME... | "
	  "close NAME... | refused]" },
	{ "get", verb_get, "[-c|-s STORE] [-x XPATH [-n PREFIX=URI]... | -f FILE | -p PATH] DEVICE..." },
	{ "edit", verb_edit, "[-t STORE] [-o OPERATION] [-e OPTION] [-C | -R SECONDS] [-p PATH [-m METHOD]] FILE DEVICE..." },
	{ "rpc", verb_rpc, "XML|FILE|- DEVICE..." },
	{ "exec", verb_exec, "FILE|- DEVICE..." },
	{ "rest", verb_rest, "[-d FILE] METHOD PATH DEVICE..." },
	{ "shell", verb_shell, "DEVICE..." },
	{ "relay", verb_relay, "[-l [ADDRESS:]PORT | -u PATH] SERVICE [DEVICE]" },
	{ "status", verb_status, "[-j]" },
	{ "reload", verb_reload, "" },
	{ "forgive", verb_forgive, "" },
};

#define VERBS	(sizeof(verbs) / sizeof(verbs[0]))

static int usage(FILE *out)
{
	size_t i;

	fprintf(out, "usage: natfw-manager serve [-c FILE] [-t] [-d SUBSYSTEM=LEVEL]\n");
	for (i = 0; i < VERBS; i++)
		fprintf(out, "       natfw-manager %s %s\n", verbs[i].name, verbs[i].usage);
	fprintf(out, "       natfw-manager -V\n"
		"options of all that ask devices: -j JSON, -q no progress, -w SECONDS wait for devices,\n"
		"       -T SECONDS wait for answers; of all commands: -S SOCKET\n");
	return out == stdout ? EXIT_SUCCESS : 2;
}

/* SUBSYSTEM=LEVEL, or LEVEL for all. */
static void set_level(const char *text)
{
	const char *equals = strchr(text, '=');
	int level = log_level_find(equals ? equals + 1 : text), i;
	char name[16] = "all";

	if (equals)
		snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	if (level < 0 || (strcmp(name, "all") && log_subsystem_find(name) < 0))
		errx(2, "-d: no such subsystem or level: %s", text);
	for (i = 0; i < SUB_COUNT; i++)
		if (!strcmp(name, "all") || i == log_subsystem_find(name))
			log_levels[i] = (uint8_t)level;
}

static int verb_serve(int argc, char **argv)
{
	const char *config = MANAGER_CONF;
	bool check = false;
	int opt;

	while ((opt = getopt(argc, argv, "c:d:t")) != -1) {
		switch (opt) {
		case 'c':
			config = optarg;
			break;
		case 'd':
			set_level(optarg);
			break;
		case 't':
			check = true;
			break;
		default:
			return usage(stderr);
		}
	}
	if (optind < argc)
		return usage(stderr);
	return check ? serve_check(config) : serve(config);
}

int main(int argc, char **argv)
{
	size_t i;
	int status;

	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "-V"))
		return puts("natfw-manager " NATFW_VERSION) < 0;
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return usage(stdout);
	if (!strcmp(argv[1], "serve"))
		return verb_serve(argc - 1, argv + 1);
	for (i = 0; i < VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		status = verbs[i].run(argc - 1, argv + 1);
		if (status == VERB_USAGE)
			fprintf(stderr, "usage: natfw-manager %s %s\n", verbs[i].name, verbs[i].usage);
		return status;
	}
	return usage(stderr);
}
