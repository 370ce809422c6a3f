// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "ctl.h"

struct ctl_options ctl_opt;

/* The verb being run, for messages: "rule add". */
static char context[32];
static const struct ctl_verb *running;
static const char *running_noun;

static void say(const char *fmt, va_list ap)
{
	fflush(stdout);
	fprintf(stderr, "natfwctl: %s%s", context, context[0] ? ": " : "");
	vfprintf(stderr, fmt, ap);
	putc('\n', stderr);
}

void ctl_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

int ctl_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	return CTL_REFUSED;
}

const char *ctl_hint(int code, const char *text)
{
	if (strstr(text, "module is not loaded"))
		return "run 'modprobe natfw'; if that fails, 'natfwctl doctor' tells why";
	if (code == EPERM)
		return "changes need CAP_NET_ADMIN: run as root";
	if (code == EDQUOT)
		return "a quota is used up, see 'natfwctl pool show' and 'natfwctl net show'";
	if (code == ENOSPC)
		return "a limit is reached, see 'natfwctl net show' and 'natfwctl pool show'";
	if (code == ENODEV)
		return "is the device in this network namespace? -N NAME uses another one";
	return NULL;
}

int ctl_refused(const struct natfw_error *e)
{
	const char *hint = ctl_hint(e->code, e->text);
	char text[NATFW_ERROR_TEXT];

	if (hint && strstr(e->text, "not loaded"))
		snprintf(text, sizeof(text), "%s", e->text);
	else
		natfw_error_text(e, text, sizeof(text));
	ctl_note("%s", text);
	if (hint)
		fprintf(stderr, "  %s\n", hint);
	return CTL_REFUSED;
}

static void print_usage(FILE *f, const struct ctl_verb *v, const char *noun)
{
	const char *s = v->usage, *end;

	do {
		end = strchr(s, '\n');
		if (!strncmp(s, "... ", 4))
			fprintf(f, "      %.*s\n", end ? (int)(end - s - 4) : (int)strlen(s + 4),
				s + 4);
		else
			fprintf(f, "  natfwctl %s%s%s%s%.*s\n", noun, *noun ? " " : "",
				v->name, *s ? " " : "", end ? (int)(end - s) : (int)strlen(s), s);
		s = end ? end + 1 : NULL;
	} while (s);
}

int ctl_usage(const struct words *w)
{
	char text[NATFW_ERROR_TEXT];

	ctl_note("%s", words_error_text(w, text, sizeof(text)));
	if (running) {
		fputs("Usage:\n", stderr);
		print_usage(stderr, running, running_noun);
	}
	return CTL_USAGE;
}

void ctl_help(FILE *f, const struct ctl_verb *v, unsigned int n, const char *noun)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		print_usage(f, &v[i], noun);
		fprintf(f, "\t%s\n", v[i].brief);
	}
}

const struct ctl_verb *ctl_find(const struct ctl_verb *v, unsigned int n, const char *name)
{
	const struct ctl_verb *found = NULL;
	size_t len = strlen(name);
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (!strcmp(v[i].name, name))
			return &v[i];
		if (strncmp(v[i].name, name, len))
			continue;
		if (found)
			return NULL;
		found = &v[i];
	}
	return found;
}

static void list_matching(const struct ctl_verb *v, unsigned int n, const char *name, char *buf,
			  size_t size)
{
	size_t len = 0, nlen = strlen(name);
	unsigned int i, fit = 0;

	buf[0] = 0;
	for (i = 0; i < n; i++)
		fit += !strncmp(v[i].name, name, nlen);
	for (i = 0; i < n && len < size; i++)
		if (!fit || !strncmp(v[i].name, name, nlen))
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "",
						v[i].name);
}

static int unknown_verb(const struct ctl_verb *v, unsigned int n, const char *noun,
			const char *name)
{
	char list[256];

	snprintf(context, sizeof(context), "%s", noun);
	list_matching(v, n, name, list, sizeof(list));
	ctl_note("'%s' is not a command; there are: %s", name, list);
	fprintf(stderr, "  'natfwctl help%s%s' says more\n", *noun ? " " : "", noun);
	return CTL_USAGE;
}

int ctl_run(const struct ctl_verb *v, unsigned int n, const char *fallback, const char *noun,
	    struct words *w)
{
	const char *name = words_peek(w);
	const struct ctl_verb *found;
	bool named = name;

	if (name)
		w->at++;
	else
		name = fallback ? fallback : "help";
	found = ctl_find(v, n, name);
	if (!strcmp(name, "help") || (ctl_opt.help && (*noun || !found))) {
		named = named && found;
		ctl_help(stdout, named ? found : v, named ? 1 : n, noun);
		return 0;
	}
	if (!found)
		return unknown_verb(v, n, noun, name);
	running = found;
	running_noun = noun;
	snprintf(context, sizeof(context), "%s%s%s", noun, *noun ? " " : "", found->name);
	return found->run(w);
}

struct natfw_client *ctl_client_new(void)
{
	struct natfw_client *c;
	struct natfw_error e;

	if (natfw_client_open(&c, ctl_opt.netns, &e)) {
		ctl_refused(&e);
		return NULL;
	}
	return c;
}

struct natfw_client *ctl_client(void)
{
	static struct natfw_client *c;

	if (!c)
		c = ctl_client_new();
	return c;
}

int ctl_do(unsigned int cmd, const void *obj)
{
	struct natfw_client *c = ctl_client();
	struct natfw_error e;

	if (!c)
		return CTL_REFUSED;
	return natfw_client_do(c, cmd, 0, obj, NULL, &e) ? ctl_refused(&e) : 0;
}

bool ctl_dump(unsigned int cmd, const void *filter, struct natfw_dump *d)
{
	struct natfw_client *c = ctl_client();
	struct natfw_error e;

	if (!c)
		return false;
	if (natfw_client_dump(c, cmd, filter, d, &e)) {
		ctl_refused(&e);
		return false;
	}
	if (d->partial)
		ctl_note("incomplete: it changed while it was read; some entries may be missing");
	return true;
}
