// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "manager/ask.h"

#define FILE_MAX	(4 * 1024 * 1024)
#define STATUS_USAGE	2

void ask_init(struct ask *a)
{
	const char *socket = getenv("NATFW_MANAGER_SOCKET");

	*a = (struct ask){ .socket = socket ? socket : CONTROL_PATH };
	a->quiet = !isatty(STDERR_FILENO);
}

static int seconds(int opt, const char *arg)
{
	char *end;
	long n = strtol(arg, &end, 10);

	if (*end || end == arg || n < 0 || n > 604800)
		errx(STATUS_USAGE, "-%c: seconds are expected", opt);
	return (int)n;
}

bool ask_option(struct ask *a, int opt, const char *arg)
{
	switch (opt) {
	case 'j':
		a->json = true;
		return true;
	case 'q':
		a->quiet = true;
		return true;
	case 'w':
		a->wait = seconds(opt, arg);
		return true;
	case 'T':
		a->timeout = seconds(opt, arg);
		return true;
	case 'S':
		a->socket = arg;
		return true;
	default:
		return false;
	}
}

char *ask_read_file(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = calloc(1, FILE_MAX + 2);
	size_t n;

	if (!f || !text)
		err(STATUS_USAGE, "%s", path);
	n = fread(text, 1, FILE_MAX + 1, f);
	if (ferror(f))
		err(STATUS_USAGE, "%s", path);
	if (n > FILE_MAX || memchr(text, 0, n))
		errx(STATUS_USAGE, "%s: longer than 4 MiB, or no text", path);
	if (f != stdin)
		fclose(f);
	return text;
}

/* ------------------------------------------------------------------ showing */

struct progress {
	int devices;			/* of these */
	int answers, failed;
	bool headings;			/* there are several, or may be */
	bool live;			/* a line on standard error says how far it is */
};

static const char *member(json_t *o, const char *key)
{
	const char *value = json_string_value(json_object_get(o, key));

	return value ? value : "";
}

/* A device's words, on a terminal: nothing that moves the cursor. */
static void put_safe(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text >= ' ' && *text != 0x7f ? *text : '?', out);
}

/* Octets that a terminal could take for orders: C0 but line ends and tabs, DEL, and C1 in UTF-8. */
static void put_raw(const char *raw, size_t size)
{
	bool terminal = isatty(STDOUT_FILENO);
	size_t i;

	if (!terminal)
		fwrite(raw, 1, size, stdout);
	for (i = 0; terminal && i < size; i++) {
		unsigned char c = (unsigned char)raw[i];
		bool c1 = i && (unsigned char)raw[i - 1] == 0xc2 && c >= 0x80 && c < 0xa0;

		putchar((c < ' ' && c != '\n' && c != '\t') || c == 0x7f || c1 ? '?' : c);
	}
}

static void show_text(json_t *m, const char *raw, size_t size, const struct progress *p)
{
	const char *outcome = member(m, "outcome");
	bool bad = !strcmp(outcome, "error") || !strcmp(outcome, "failed");

	if (p->headings || bad) {
		FILE *out = p->headings ? stdout : stderr;

		fprintf(out, "== %s: %s", member(m, "device"), outcome);
		if (json_object_get(m, "status"))
			fprintf(out, " %lld", json_integer_value(json_object_get(m, "status")));
		if (*member(m, "error-tag"))
			fprintf(out, " %s", member(m, "error-tag"));
		if (*member(m, "error-path")) {
			fputs(" at ", out);
			put_safe(out, member(m, "error-path"));
		}
		if (*member(m, "message")) {
			fputs(": ", out);
			put_safe(out, member(m, "message"));
		}
		fputc('\n', out);
	}
	if (raw) {
		put_raw(raw, size);
		if (size && raw[size - 1] != '\n')
			putchar('\n');
	}
}

static void show_json(json_t *m, const char *raw, size_t size)
{
	json_t *text = raw ? json_stringn(raw, size) : NULL;

	json_object_del(m, "octets");
	json_object_del(m, "id");
	if (text)
		json_object_set_new(m, "reply", text);
	else if (raw)
		json_object_set_new(m, "reply", json_string("(not UTF-8)"));
	json_dumpf(m, stdout, JSON_COMPACT);
	putchar('\n');
}

/* The line goes before anything else is shown, which may be on the same terminal, and comes again after it. */
static void hide_progress(const struct progress *p)
{
	if (p->live)
		fputs("\r\033[K", stderr);
}

static void show_progress(const struct progress *p)
{
	if (!p->live)
		return;
	fflush(stdout);
	fprintf(stderr, "\r\033[K%d devices: %d answers, %d failed ", p->devices, p->answers, p->failed);
}

static void count(struct progress *p, json_t *m)
{
	const char *outcome = member(m, "outcome");

	p->answers++;
	p->failed += !strcmp(outcome, "error") || !strcmp(outcome, "failed");
}

static int show_end(const struct ask *a, const struct progress *p, json_t *m)
{
	const char *error = member(m, "error");
	json_int_t bad = json_integer_value(json_object_get(m, "error")) +
			 json_integer_value(json_object_get(m, "failed"));

	if (*error)
		warnx("%s", error);
	else if (a->json)
		show_json(m, NULL, 0);
	else if (p->headings)
		fprintf(stderr, "%lld devices: %lld done, %lld refused, %lld failed\n",
			json_integer_value(json_object_get(m, "devices")),
			json_integer_value(json_object_get(m, "ok")),
			json_integer_value(json_object_get(m, "error")),
			json_integer_value(json_object_get(m, "failed")));
	return *error || bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void show_answer(const struct ask *a, struct progress *p, json_t *m, const char *raw, size_t size)
{
	if (json_object_get(m, "begun")) {
		p->devices = (int)json_integer_value(json_object_get(m, "devices"));
	} else {
		count(p, m);
		hide_progress(p);
		if (a->json)
			show_json(m, raw, size);
		else
			show_text(m, raw, size, p);
	}
	show_progress(p);
}

static int receive(const struct ask *a, struct client_link *c, struct progress *p)
{
	json_t *m;
	char *raw;
	size_t size;
	int status;

	for (;;) {
		m = client_receive(c, &raw, &size);
		if (json_object_get(m, "done"))
			break;
		show_answer(a, p, m, raw, size);
		free(raw);
		json_decref(m);
	}
	hide_progress(p);
	status = show_end(a, p, m);
	json_decref(m);
	fflush(stdout);
	return status;
}

/* ------------------------------------------------------------------ asking */

static void add_undo(json_t *m)
{
	json_object_set_new(m, "undo", json_pack("[{s:s}, {s:s}]", "rpc", "<discard-changes/>",
						 "rpc", ASK_UNLOCK));
	json_object_set_new(m, "undo-from", json_integer(1));
}

int ask_devices(const struct ask *a, struct client_link *c, json_t *steps, bool undo, char **devices)
{
	json_t *m = json_pack("{s:s, s:o}", "op", "ask", "steps", steps);
	json_t *names = json_array();
	struct progress p = { .devices = 0 };

	for (; *devices; devices++) {
		json_array_append_new(names, json_string(*devices));
		p.headings |= strpbrk(*devices, "*?[") != NULL;
	}
	p.headings |= json_array_size(names) > 1;
	p.live = p.headings && !a->quiet;
	json_object_set_new(m, "devices", names);
	json_object_set_new(m, "progress", json_boolean(p.live));
	if (undo)
		add_undo(m);
	if (a->wait)
		json_object_set_new(m, "wait", json_integer(a->wait));
	if (a->timeout)
		json_object_set_new(m, "timeout", json_integer(a->timeout));
	client_send(c, m);
	return receive(a, c, &p);
}
