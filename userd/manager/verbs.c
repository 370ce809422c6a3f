// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "manager/ask.h"
#include "manager/compose.h"
#include "manager/verbs.h"

#define PREFIXES_MAX	16

/* ------------------------------------------------------------------ asking devices */

static int ask_once(const struct ask *a, json_t *steps, bool undo, char **devices)
{
	struct client_link *c = client_open(a->socket);
	int status = ask_devices(a, c, steps, undo, devices);

	client_close(c);
	return status;
}

static json_t *one_step(json_t *step, const char *why)
{
	if (!step)
		errx(VERB_USAGE, "%s", why);
	return json_pack("[o]", step);
}

int verb_get(int argc, char **argv)
{
	const char *prefixes[PREFIXES_MAX + 1] = { NULL }, *why = "";
	struct compose what = { .prefix = prefixes };
	unsigned int n = 0;
	struct ask a;
	int opt;

	ask_init(&a);
	while ((opt = getopt(argc, argv, ASK_OPTIONS "cs:x:n:f:p:")) != -1) {
		if (ask_option(&a, opt, optarg))
			continue;
		else if (opt == 'c')
			what.source = "running";
		else if (opt == 's')
			what.source = optarg;
		else if (opt == 'x')
			what.xpath = optarg;
		else if (opt == 'n' && n < PREFIXES_MAX && strchr(optarg, '='))
			prefixes[n++] = optarg;
		else if (opt == 'f')
			what.subtree = ask_read_file(optarg);
		else if (opt == 'p')
			what.path = optarg;
		else
			return VERB_USAGE;
	}
	if (optind == argc)
		return VERB_USAGE;
	return ask_once(&a, one_step(compose_get_step(&what, &why), why), false, argv + optind);
}

/*
 * The candidate is everybody's, so it is locked meanwhile: nobody else's changes are committed, or discarded, with
 * these (RFC 6241 8.3.5.2); and should the session end half way, the device discards them.
 * @revert: seconds after which the device goes back by itself, unless the next step still gets through to it
 * (8.4); 0: no.
 */
static json_t *commit_steps(json_t *edit, unsigned int revert)
{
	json_t *lock = json_pack("{s:s, s:b}", "rpc", "<lock><target><candidate/></target></lock>", "quiet", 1);
	json_t *steps = json_pack("[o, o]", lock, edit);
	char confirmed[128];

	snprintf(confirmed, sizeof(confirmed), "<commit><confirmed/><confirm-timeout>%u</confirm-timeout>"
		 "</commit>", revert);
	if (revert)
		json_array_append_new(steps, json_pack("{s:s}", "rpc", confirmed));
	json_array_append_new(steps, json_pack("{s:s}", "rpc", "<commit/>"));
	json_array_append_new(steps, json_pack("{s:s, s:b}", "rpc", ASK_UNLOCK, "quiet", 1));
	return steps;
}

static unsigned int seconds_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '1' || *text > '9' || *end || n > 86400)
		errx(VERB_USAGE, "-R %s: seconds, from 1 to 86400, are expected", text);
	return (unsigned int)n;
}

int verb_edit(int argc, char **argv)
{
	struct compose what = { .target = NULL };
	json_t *step;
	const char *why = "";
	unsigned int revert = 0;
	bool commit = false;
	struct ask a;
	int opt;

	ask_init(&a);
	while ((opt = getopt(argc, argv, ASK_OPTIONS "t:o:e:CR:p:m:")) != -1) {
		if (ask_option(&a, opt, optarg))
			continue;
		else if (opt == 't')
			what.target = optarg;
		else if (opt == 'o')
			what.operation = optarg;
		else if (opt == 'e')
			what.on_error = optarg;
		else if (opt == 'C')
			commit = true;
		else if (opt == 'R')
			commit = (revert = seconds_of(optarg));
		else if (opt == 'p')
			what.path = optarg;
		else if (opt == 'm')
			what.method = optarg;
		else
			return VERB_USAGE;
	}
	if (argc - optind < 2 || (what.path && (commit || what.target)) ||
	    (commit && what.target && strcmp(what.target, "candidate")))
		return VERB_USAGE;
	if (commit && !what.target)
		what.target = "candidate";
	step = compose_edit_step(&what, ask_read_file(argv[optind]), &why);
	if (!step)
		errx(VERB_USAGE, "%s: %s", argv[optind], why);
	return ask_once(&a, commit ? commit_steps(step, revert) : one_step(step, why), commit,
			argv + optind + 1);
}

/* rpc and exec: @all, every element is a step; otherwise there has to be one. */
static int run_text(int argc, char **argv, bool all)
{
	const char *why = "";
	json_t *steps;
	struct ask a;
	char *text;
	int opt;

	ask_init(&a);
	while ((opt = getopt(argc, argv, ASK_OPTIONS)) != -1)
		if (!ask_option(&a, opt, optarg))
			return VERB_USAGE;
	if (argc - optind < 2)
		return VERB_USAGE;
	text = !all && *argv[optind] == '<' ? argv[optind] : ask_read_file(argv[optind]);
	steps = compose_steps(text, &why);
	if (!steps)
		errx(VERB_USAGE, "%s", why);
	if (!all && json_array_size(steps) != 1)
		errx(VERB_USAGE, "one operation is expected; exec takes more");
	return ask_once(&a, steps, false, argv + optind + 1);
}

int verb_rpc(int argc, char **argv)
{
	return run_text(argc, argv, false);
}

int verb_exec(int argc, char **argv)
{
	return run_text(argc, argv, true);
}

int verb_rest(int argc, char **argv)
{
	const char *file = NULL, *text;
	json_t *step;
	struct ask a;
	int opt;

	ask_init(&a);
	while ((opt = getopt(argc, argv, ASK_OPTIONS "d:")) != -1) {
		if (opt == 'd')
			file = optarg;
		else if (!ask_option(&a, opt, optarg))
			return VERB_USAGE;
	}
	if (argc - optind < 3)
		return VERB_USAGE;
	step = json_pack("{s:s, s:s}", "method", argv[optind], "path", argv[optind + 1]);
	if (step && file) {
		text = ask_read_file(file);
		json_object_set_new(step, "body", json_string(text));
		json_object_set_new(step, "type",
				    json_string(*compose_body(text) == '<' ? "xml" : "json"));
	}
	return ask_once(&a, one_step(step, "not UTF-8"), false, argv + optind + 2);
}

/* ------------------------------------------------------------------ shell */

static const char shell_help[] =
	"get [XPATH]           get-config [STORE]    commit     discard\n"
	"METHOD PATH (RESTCONF: GET, DELETE, ...)    <operation ...> in one line     quit\n";

/* The steps of a line, or NULL and @why. */
static json_t *shell_steps(char *line, const char **why)
{
	char *word = strtok(line, " \t\n"), *rest = strtok(NULL, "\n");
	struct compose c = { .source = NULL };

	*why = "no such command; help tells";
	if (!strcmp(word, "get")) {
		c.xpath = rest;
		return one_step(compose_get_step(&c, why), *why);
	}
	if (!strcmp(word, "get-config")) {
		c.source = rest ? rest : "running";
		return one_step(compose_get_step(&c, why), *why);
	}
	if (!strcmp(word, "commit"))
		return compose_steps("<commit/>", why);
	if (!strcmp(word, "discard"))
		return compose_steps("<discard-changes/>", why);
	if (rest && *word >= 'A' && *word <= 'Z')
		return json_pack("[{s:s, s:s}]", "method", word, "path", rest);
	return NULL;
}

static int shell_line(const struct ask *a, struct client_link *c, char *line, char **devices)
{
	const char *why = "";
	json_t *steps = *line == '<' ? compose_steps(line, &why) : shell_steps(line, &why);

	if (steps)
		return ask_devices(a, c, steps, false, devices);
	warnx("%s", why);
	return EXIT_FAILURE;
}

/* False: that was the last. */
static bool next_line(const char *prompt, char **line, size_t *size)
{
	if (prompt)
		fprintf(stderr, "%s> ", prompt);
	if (getline(line, size, stdin) >= 0)
		return true;
	if (prompt)
		fputc('\n', stderr);
	return false;
}

int verb_shell(int argc, char **argv)
{
	bool talking = isatty(STDIN_FILENO);
	int opt, status = EXIT_SUCCESS;
	struct client_link *c;
	char *line = NULL, *text;
	size_t size = 0;
	struct ask a;

	ask_init(&a);
	while ((opt = getopt(argc, argv, ASK_OPTIONS)) != -1)
		if (!ask_option(&a, opt, optarg))
			return VERB_USAGE;
	if (optind == argc)
		return VERB_USAGE;
	c = client_open(a.socket);
	while (next_line(talking ? argv[optind] : NULL, &line, &size)) {
		text = line + strspn(line, " \t\r\n");
		text[strcspn(text, "\r\n")] = '\0';
		if (!strcmp(text, "quit"))
			break;
		if (!strcmp(text, "help"))
			fputs(shell_help, stdout);
		else if (*text && *text != '#')
			status |= shell_line(&a, c, text, argv + optind);
	}
	free(line);
	client_close(c);
	/* who types has seen it */
	return talking ? EXIT_SUCCESS : status;
}
