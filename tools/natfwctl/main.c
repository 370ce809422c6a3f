// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "ctl.h"
#include "netns.h"
#include "verbs.h"

static const struct ctl_verb verbs[] = {
	{ "rule", verb_rule, "[show | add SPEC | del | set | refresh | flush]",
	  "rules: what is permitted, refused, translated" },
	{ "pool", verb_pool, "[show | add | set | del]", "external addresses for translation" },
	{ "dev", verb_dev, "[show | attach DEV | set DEV | detach DEV]",
	  "devices whose packets are looked at" },
	{ "net", verb_net, "[show | set]", "settings of the network namespace" },
	{ "flow", verb_flow, "[show | map | flush]", "flows and mappings" },
	{ "session", verb_session,
	  "[list | show | create | external | block | proxy | refresh | trace | delete | watch | peers |\n"
	  " rules | static | pools | config]",
	  "signalling through natfwd: ask the path for pinholes and public addresses" },
	{ "callhome", verb_callhome, "[list | now NAME]", "managers that natfwd calls" },
	{ "reload", verb_reload, "[--force]", "have natfwd read its configuration again" },
	{ "stats", verb_stats, "[DEV]", "how packets ended, by reason" },
	{ "monitor", verb_monitor, "[dev | rule | pool | map | all]...",
	  "print events as they come" },
	{ "show", verb_show, "", "the configuration, as a file apply accepts" },
	{ "apply", verb_apply, "FILE",
	  "replace the configuration, all or nothing (FILE -: stdin)" },
	{ "sync", verb_sync, "[-n] FILE",
	  "change only what differs; flows of kept rules live on" },
	{ "check", verb_check, "FILE", "say whether apply would accept the file; change nothing" },
	{ "test", verb_test, "dev DEV from ADDR to ADDR proto P [sport N] [dport N] ...",
	  "which rule a packet would hit, and why" },
	{ "doctor", verb_doctor, "", "look for what keeps natfw from working" },
	{ "version", verb_version, "", "of natfwctl and of the module" },
};

#define NVERBS	(sizeof(verbs) / sizeof(verbs[0]))

static const char options[] =
	"Options, anywhere on the line:\n"
	"  -j, --json        JSON\n"
	"  -N, --netns NAME  work in that network namespace (name, process id or path)\n"
	"  -s, --stats       counters too\n"
	"  -a, --all         zero counters too\n"
	"  -v, --verbose     say more\n"
	"  -t, --timestamp   begin events with the time\n"
	"  -f, --force       reload: also while a manager has locked the configuration, whose session ends\n"
	"  -S, --socket PATH session, callhome, reload: control socket of natfwd (default $NATFW_CONTROL, then\n"
	"                    /run/natfwd/control)\n"
	"  -o, --owner HEX   apply, sync, check, show: the rules of this owner (default 0)\n"
	"  -n, --dry-run     sync, apply: only say what would change\n"
	"  -k, --keep        sync, apply: keep pools and devices the file does not name\n"
	"      --xdp[=MODE]  dev attach, dev set: drop and send before there is a packet; MODE is\n"
	"                    native, generic or off; without it what the device can, or not at all\n"
	"  -h, --help        how a command is used\n"
	"  -V, --version\n";

static int help(struct words *w)
{
	const char *name = words_peek(w);
	const struct ctl_verb *v = name ? ctl_find(verbs, NVERBS, name) : NULL;

	if (v) {
		ctl_opt.help = true;
		w->at++;
		printf("Usage:\n");
		if (v->run == verb_rule || v->run == verb_pool || v->run == verb_dev ||
		    v->run == verb_net || v->run == verb_flow || v->run == verb_session ||
		    v->run == verb_callhome)
			return v->run(w);
		ctl_help(stdout, v, 1, "");
		return 0;
	}
	printf("Usage: natfwctl [OPTIONS] COMMAND ...\n");
	ctl_help(stdout, verbs, NVERBS, "");
	printf("%s'natfwctl help COMMAND' says more, natfwctl(8) everything.\n", options);
	return 0;
}

static const struct option {
	char letter;
	const char *name;
	bool *flag;
} flags[] = {
	{ 'j', "json", &ctl_opt.json }, { 's', "stats", &ctl_opt.stats },
	{ 'a', "all", &ctl_opt.all }, { 'v', "verbose", &ctl_opt.verbose },
	{ 't', "timestamp", &ctl_opt.stamp }, { 'n', "dry-run", &ctl_opt.dry },
	{ 'k', "keep", &ctl_opt.keep }, { 'f', "force", &ctl_opt.force },
	{ 'h', "help", &ctl_opt.help },
};

#define NFLAGS	(sizeof(flags) / sizeof(flags[0]))

static bool set_flag(char letter, const char *name)
{
	unsigned int i;

	for (i = 0; i < NFLAGS; i++) {
		if (name ? strcmp(flags[i].name, name) : flags[i].letter != letter)
			continue;
		*flags[i].flag = true;
		return true;
	}
	return false;
}

/* Take the value of an option from @value. */
static bool set_value(char letter, const char *value)
{
	if (letter == 'N') {
		ctl_opt.netns = value;
		return true;
	}
	if (letter == 'S') {
		ctl_opt.socket = value;
		return true;
	}
	ctl_opt.has_owner = true;
	if (owner_parse(value, ctl_opt.owner))
		return true;
	ctl_note("'%s': an owner cookie is 32 hex digits, or 0", value);
	return false;
}

static int bad_option(const char *arg, const char *why)
{
	ctl_note("%s: %s; 'natfwctl help' lists the options", arg, why);
	return -1;
}

/* A long option. Number of further arguments used, or -1. */
static int long_option(char **argv)
{
	const char *name = argv[0] + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	char letter = 0;

	if (len == 3 && !strncmp(name, "xdp", len)) {
		ctl_opt.has_xdp = true;
		ctl_opt.xdp = eq ? eq + 1 : NULL;
		return 0;
	}
	if (len == 5 && !strncmp(name, "netns", len))
		letter = 'N';
	else if (len == 5 && !strncmp(name, "owner", len))
		letter = 'o';
	else if (len == 6 && !strncmp(name, "socket", len))
		letter = 'S';
	if (!letter)
		return set_flag(0, name) ? 0 : bad_option(argv[0], "no such option");
	if (!eq && !argv[1])
		return bad_option(argv[0], "needs a value");
	if (!set_value(letter, eq ? eq + 1 : argv[1]))
		return -1;
	return !eq;
}

/* A word of short options. Number of further arguments used, or -1. */
static int short_options(char **argv)
{
	const char *s;

	for (s = argv[0] + 1; *s; s++) {
		if (!strchr("NoS", *s)) {
			if (!set_flag(*s, NULL))
				return bad_option(argv[0], "no such option");
			continue;
		}
		if (!s[1] && !argv[1])
			return bad_option(argv[0], "needs a value");
		if (!set_value(*s, s[1] ? s + 1 : argv[1]))
			return -1;
		return !s[1];
	}
	return 0;
}

/* Take options out of @argv; number of words left, or -1. */
static int take_options(int argc, char **argv)
{
	bool all = false;
	int i, n = 0, used;

	for (i = 1; i < argc; i++) {
		if (all || argv[i][0] != '-' || !argv[i][1]) {
			argv[n++] = argv[i];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			all = true;
			continue;
		}
		if (!strcmp(argv[i], "-V") || !strcmp(argv[i], "--version")) {
			argv[0] = "version";
			return 1;
		}
		used = argv[i][1] == '-' ? long_option(argv + i) : short_options(argv + i);
		if (used < 0)
			return -1;
		i += used;
	}
	return n;
}

int main(int argc, char **argv)
{
	int n = take_options(argc, argv), status;
	struct natfw_error e;
	const char *first;
	struct words w;

	if (n < 0)
		return CTL_USAGE;
	words_init(&w, argv, NULL, (unsigned int)n);
	first = words_peek(&w);
	if (!first || !strcmp(first, "help") || ctl_opt.help) {
		if (first && !strcmp(first, "help"))
			w.at++;
		help(&w);
		return first || ctl_opt.help ? 0 : CTL_USAGE;
	}
	if (ctl_opt.netns && natfw_netns_enter(ctl_opt.netns, &e) < 0)
		return ctl_refused(&e);
	ctl_opt.netns = NULL;
	status = ctl_run(verbs, NVERBS, NULL, "", &w);
	if (fflush(stdout) || ferror(stdout))
		return ctl_fail("cannot write the output");
	return status;
}
