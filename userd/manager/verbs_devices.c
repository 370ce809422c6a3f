// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "manager/ask.h"
#include "manager/verbs.h"

/* ------------------------------------------------------------------ what all of them do */

static const char *member(json_t *o, const char *key)
{
	const char *value = json_string_value(json_object_get(o, key));

	return value ? value : "-";
}

/* Send it, show what comes until it is done. */
static int run(const struct ask *a, json_t *message, void (*show)(json_t *o))
{
	struct client_link *c = client_open(a->socket);
	const char *error;
	json_t *m;
	char *raw;
	size_t size;
	int status;

	client_send(c, message);
	for (;;) {
		m = client_receive(c, &raw, &size);
		free(raw);
		if (json_object_get(m, "done"))
			break;
		if (a->json) {
			json_dumpf(m, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			show(m);
		}
		json_decref(m);
	}
	error = json_string_value(json_object_get(m, "error"));
	if (error)
		warnx("%s", error);
	status = error ? EXIT_FAILURE : EXIT_SUCCESS;
	json_decref(m);
	client_close(c);
	return status;
}

static const char *when(json_t *o, const char *key, char *text, size_t size)
{
	time_t t = (time_t)json_integer_value(json_object_get(o, key));
	struct tm tm;

	snprintf(text, size, "-");
	if (t && localtime_r(&t, &tm))
		strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	return text;
}

/* ------------------------------------------------------------------ showing */

static void show_calls(json_t *list)
{
	json_t *c;
	size_t i;

	json_array_foreach(list, i, c)
		printf("  %s%s", member(c, "service"),
		       json_is_true(json_object_get(c, "in-use")) ? "*" : "");
}

static void show_device(json_t *o)
{
	char seen[32];

	printf("%-24s %-9s %-8s %-19s %-15s %s%s%s", member(o, "name"), member(o, "state"),
	       member(o, "transport"), when(o, "last-seen", seen, sizeof(seen)),
	       member(o, "source"), member(o, "identifier"),
	       json_object_get(o, "session") ? "  " : "",
	       json_object_get(o, "session") ? member(o, "session") : "");
	show_calls(json_object_get(o, "calls"));
	putchar('\n');
}

static void show_refusal(json_t *o)
{
	char last[32];

	printf("%s %6lld %-15s %-8s %s: %s\n    %s\n", when(o, "last", last, sizeof(last)),
	       json_integer_value(json_object_get(o, "count")), member(o, "source"),
	       member(o, "transport"), member(o, "identifier"), member(o, "reason"),
	       member(o, "pin"));
}

static void show_status(json_t *o)
{
	const char *key;
	json_t *v;

	json_object_foreach(o, key, v) {
		if (json_is_integer(v))
			printf("%-26s %lld\n", key, json_integer_value(v));
		else if (json_is_string(v) && strcmp(key, "id"))
			printf("%-26s %s\n", key, json_string_value(v));
	}
}

static void show_nothing(json_t *o)
{
	(void)o;
}

/* ------------------------------------------------------------------ devices */

/* NAME KEY=VALUE...; pin may be there several times. */
static json_t *parse_device(char **word)
{
	json_t *o = json_object(), *pins = json_array();
	char *equals;

	json_object_set_new(o, "name", json_string(*word));
	while (*++word) {
		equals = strchr(*word, '=');
		if (!equals)
			errx(VERB_USAGE, "%s: KEY=VALUE is expected", *word);
		*equals++ = '\0';
		if (!strcmp(*word, "pin"))
			json_array_append_new(pins, json_string(equals));
		else if (!strcmp(*word, "identifier") || !strcmp(*word, "issuer") ||
			 !strcmp(*word, "credential"))
			json_object_set_new(o, *word, json_string(equals));
		else
			errx(VERB_USAGE, "%s: identifier, issuer, credential or pin is expected", *word);
	}
	json_object_set_new(o, "pins", pins);
	return o;
}

/* A list in JSON, or one object a line. */
static json_t *parse_import(const char *path)
{
	char *text = ask_read_file(path), *line, *rest = text;
	json_t *all = json_loads(text, 0, NULL), *one;
	json_error_t e;

	if (json_is_array(all))
		return all;
	json_decref(all);
	all = json_array();
	while ((line = strsep(&rest, "\n"))) {
		if (!line[strspn(line, " \t\r")])
			continue;
		one = json_loads(line, JSON_REJECT_DUPLICATES, &e);
		if (!one)
			errx(VERB_USAGE, "%s: device %zu: %s", path, json_array_size(all) + 1, e.text);
		json_array_append_new(all, one);
	}
	free(text);
	return all;
}

static json_t *names(char **word)
{
	json_t *list = json_array();

	for (; *word; word++)
		json_array_append_new(list, json_string(*word));
	return list;
}

int verb_devices(int argc, char **argv)
{
	const char *what;
	struct ask a;
	int opt, left;

	ask_init(&a);
	/* what follows "add" are no options */
	while ((opt = getopt(argc, argv, "+" ASK_OPTIONS)) != -1)
		if (!ask_option(&a, opt, optarg))
			return VERB_USAGE;
	what = optind < argc ? argv[optind++] : "list";
	left = argc - optind;
	argv += optind;
	if (!strcmp(what, "list") && !left)
		return run(&a, json_pack("{s:s}", "op", "devices"), show_device);
	if (!strcmp(what, "refused") && !left)
		return run(&a, json_pack("{s:s}", "op", "refused"), show_refusal);
	if (!strcmp(what, "add") && left)
		return run(&a, json_pack("{s:s, s:[o]}", "op", "add", "add", parse_device(argv)),
			   show_nothing);
	if (!strcmp(what, "import") && left == 1)
		return run(&a, json_pack("{s:s, s:o}", "op", "add", "add", parse_import(*argv)),
			   show_nothing);
	if ((!strcmp(what, "remove") || !strcmp(what, "close")) && left)
		return run(&a, json_pack("{s:s, s:o}", "op", what, "devices", names(argv)),
			   show_nothing);
	return VERB_USAGE;
}

/* ------------------------------------------------------------------ the manager itself */

static int simple(int argc, char **argv, const char *op, void (*show)(json_t *o))
{
	struct ask a;
	int opt;

	ask_init(&a);
	while ((opt = getopt(argc, argv, ASK_OPTIONS)) != -1)
		if (!ask_option(&a, opt, optarg))
			return VERB_USAGE;
	return optind < argc ? VERB_USAGE : run(&a, json_pack("{s:s}", "op", op), show);
}

int verb_status(int argc, char **argv)
{
	return simple(argc, argv, "status", show_status);
}

int verb_reload(int argc, char **argv)
{
	return simple(argc, argv, "reload", show_nothing);
}

int verb_forgive(int argc, char **argv)
{
	return simple(argc, argv, "forgive", show_nothing);
}
