// SPDX-License-Identifier: GPL-2.0-or-later
// natfw-test: quick host timeout=60
/*
 * What the monitor makes of a change that managers ask for, when the child that tries it says one thing and writes
 * another: it is in the place of the real one here.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "conf/apply.h"
#include "ktap.h"

#define BEFORE	"gist: {port: 1000}\n"
#define AFTER	"gist: {port: 1001}\n"

static struct {
	const char *text, *values;	/* that the child gives back */
	const char *file;
	struct event_base *base;
	struct conf *force;
	unsigned int port;		/* put in force */
	struct change_answer answer;
	bool answered;
} t;

static struct conf *read_conf(const char *text)
{
	struct conf_error e;

	return conf_read_text(text, strlen(text), &e);
}

bool apply_diff(const char *text, size_t len, const char *diff, struct apply_result *r, struct conf_error *e)
{
	(void)text;
	(void)len;
	(void)diff;
	*e = (struct conf_error){ 0 };
	*r = (struct apply_result){ .conf = read_conf(t.values), .text = strdup(t.text), .len = strlen(t.text) };
	return r->conf;
}

static void quiet(enum log_subsystem sub, enum log_level level, const char *line)
{
	(void)sub;
	(void)level;
	(void)line;
}

/* ------------------------------------------------------------------ the monitor */

static bool check(const struct conf *c, struct conf_error *e)
{
	(void)c;
	(void)e;
	return true;
}

static bool try(const struct conf *c)
{
	static const struct conf_error none;

	(void)c;
	change_tried(&none);
	return true;
}

static void enforce(struct conf *c)
{
	t.port = c->gist.port;
	conf_free(t.force);
	t.force = c;
	change_in_force();
}

static void answer(const struct change_answer *a)
{
	t.answer = *a;
	t.answered = true;
	event_base_loopbreak(t.base);
}

static const struct conf *current(void)
{
	return t.force;
}

static int confine(void)
{
	return 0;
}

static void idle(void)
{
}

static const struct change_ops ops = { check, try, enforce, answer, current, confine, idle };

static void on_child(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	(void)arg;
	change_reap();
}

/* ------------------------------------------------------------------ changes */

static void ask(const char *text, const char *values)
{
	static uint32_t number;
	struct {
		struct change_part part;
		char diff[4];
	} m = { { ++number, CHANGE_KEEP, sizeof(m.diff), 0 }, "<a/>" };

	t.text = text;
	t.values = values;
	t.port = 0;
	t.answered = false;
	EXPECT(change_part(&m, sizeof(m)));
	while (!t.answered && !event_base_loop(t.base, EVLOOP_ONCE))
		;
}

static void expect_file(const char *text)
{
	struct conf_source s;

	EXPECT(!conf_load_text(t.file, &s) && s.len == strlen(text) && !memcmp(s.text, text, s.len));
	conf_source_free(&s);
}

static void honest(void)
{
	ask(AFTER, AFTER);
	EXPECT(t.answer.good);
	EXPECT_EQ(t.port, 1001);
	expect_file(AFTER);
	ask(BEFORE, BEFORE);
	EXPECT(t.answer.good);
	expect_file(BEFORE);
}

static void another_value(void)
{
	ask(AFTER, "gist: {port: 1002}\n");
	EXPECT(t.answer.good);
	EXPECT_EQ(t.port, 1001);
	expect_file(AFTER);
	ask(BEFORE, AFTER);
	EXPECT_EQ(t.port, 1000);
	expect_file(BEFORE);
}

static void refused(const char *text, const char *values)
{
	ask(text, values);
	EXPECT(!t.answer.good && strstr(t.answer.e.text, "could not be read"));
	EXPECT_EQ(t.port, 0);
	expect_file(BEFORE);
}

static void no_configuration(void)
{
	refused("gist: {port: none}\n", AFTER);
	refused("gist: [", AFTER);
}

static const struct ktap_test tests[] = {
	{ "what is written and what is in force agree", honest },
	{ "what is in force is what is written, whatever is said", another_value },
	{ "what is written has to be a configuration", no_configuration },
};

/* ------------------------------------------------------------------ */

static bool set_up(char *directory, char *file)
{
	struct conf_source source = { strdup(BEFORE), strlen(BEFORE) };
	struct event *e;
	FILE *f;

	if (!mkdtemp(directory))
		return false;
	sprintf(file, "%s/natfwd.yaml", directory);
	f = fopen(file, "w");
	if (!f || fputs(BEFORE, f) < 0 || fclose(f))
		return false;
	t.file = file;
	t.base = event_base_new();
	t.force = read_conf(BEFORE);
	e = evsignal_new(t.base, SIGCHLD, on_child, NULL);
	if (event_add(e, NULL) || change_init(t.base, file, &ops))
		return false;
	change_loaded(&source);
	return true;
}

int main(void)
{
	char directory[] = "/tmp/conf_change.XXXXXX", file[64], before[80];
	int failed;

	log_capture(quiet);
	if (!set_up(directory, file))
		return EXIT_FAILURE;
	failed = ktap_main(tests, sizeof(tests) / sizeof(tests[0]));
	unlink(file);
	sprintf(before, "%s.before", file);
	unlink(before);
	rmdir(directory);
	/* what libevent and the monitor keep is theirs to the end */
	fflush(stdout);
	_exit(failed);
}
