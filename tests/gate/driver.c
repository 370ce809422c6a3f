// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The gate of natfwd without its process: reads statements, one a line, and says what the gate
 * answers. A line of "." ends what one statement brought about.
 *
 *	interface NAME inside|outside [zone=N] [pool=NAME] [attach] [drop]
 *	policy NAME permit|deny [third] [any] [from=PREFIX] [toward=PREFIX] [key=ID] [max=N]
 *	set forward|need|sessions|all|rate|min|max N
 *	start
 *	admit SID [kind=..] [xlat=..] [proto=N] [src=ADDR[/LEN]] [sport=N] [dst=..] [dport=N] [pair]
 *	      [spi=N] [icmp=T,T] [in=IF] [out=IF] [from=IF] [peer=ADDR] [uid=N] [life=N] [ref=SID]
 *	open|hold SID [LIFETIME]	close SID
 *	together		statements that follow are one round, until
 *	now			which flushes
 *	wait MS			goes on for as long
 *	config FILE		access lists, pools and managers of FILE, applied
 *	try FILE		whether its access lists would be
 *	list	stat NAME	raw HEX
 *	bench N, refresh N	sessions set up and extended, and what it took
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>

#include "kern/gate.h"
#include "kern/route.h"

#define MAX_INTERFACES	8
#define MAX_POLICIES	16

static struct gate *gate;
static struct routes routes;
static struct conf conf;
static struct conf_interface interfaces[MAX_INTERFACES];
static struct conf_policy policies[MAX_POLICIES];
static struct conf_prefix prefixes[2 * MAX_POLICIES];
static unsigned int prefix_count;
static bool together, quiet, started;
static uint64_t answers, good, last_request;

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void die(const char *what, const char *arg)
{
	printf("! %s: %s\n.\n", what, arg);
	fflush(stdout);
	exit(2);
}

static bool behind(void *arg, const struct address *a, uint32_t ifindex)
{
	(void)arg;
	return kern_routes_behind(&routes, a, ifindex);
}

static bool own(void *arg, const struct address *a)
{
	(void)arg;
	return kern_routes_own(&routes, a);
}

static void answer(void *arg, const struct gate_answer *a)
{
	static const char *const ops[] = { "admit", "open", "hold", "close", "gone" };
	char text[ENDPOINT_TEXT];

	(void)arg;
	answers++;
	good += !a->code;
	if (quiet)
		return;
	printf("%s %.16s code=0x%04x lifetime=%u", ops[a->op], (const char *)a->sid, a->code,
	       a->lifetime);
	if (a->has_external)
		printf(" external=%s", endpoint_text(&a->external, text));
	if (address_is_set(&a->internal.address))
		printf(" internal=%s", endpoint_text(&a->internal, text));
	if (a->silent)
		printf(" silent");
	printf(" why=%s\n", a->why);
}

static uint64_t ntp(void *arg)
{
	(void)arg;
	return (uint64_t)(time(NULL) + 2208988800) << 32;
}

static void random_octets(void *arg, void *buf, size_t n)
{
	(void)arg;
	if (getrandom(buf, n, 0) < 0)
		abort();
}

/*
 * Configuration
 */

static const char *value(const char *word, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(word, key, n) && word[n] == '=' ? word + n + 1 : NULL;
}

static void do_interface(char **w, int n)
{
	struct conf_interface *i = &interfaces[conf.interfaces++];
	const char *v;
	int k;

	if (n < 2 || conf.interfaces > MAX_INTERFACES)
		die("interface", "NAME SIDE");
	snprintf(i->name, sizeof(i->name), "%s", w[0]);
	i->outside = !strcmp(w[1], "outside");
	i->edge = i->outside;
	i->firewall = true;
	for (k = 2; k < n; k++) {
		if ((v = value(w[k], "zone")))
			i->zone = (uint32_t)atoi(v);
		else if ((v = value(w[k], "pool")))
			snprintf(i->pool, sizeof(i->pool), "%s", v);
		else if (!strcmp(w[k], "attach"))
			i->attach = true;
		else if (!strcmp(w[k], "drop"))
			i->drop = true;
		else
			die("interface", w[k]);
	}
	i->nat = i->pool[0];
}

static struct conf_prefix *prefix(const char *text)
{
	struct conf_prefix *p = &prefixes[prefix_count++];
	unsigned int len;

	if (!address_read_prefix(&p->address, &len, text))
		die("prefix", text);
	p->len = (uint8_t)len;
	return p;
}

static void do_policy(char **w, int n)
{
	struct conf_policy *p = &policies[conf.policies++];
	const char *v;
	int k;

	if (n < 2 || conf.policies > MAX_POLICIES)
		die("policy", "NAME ACTION");
	snprintf(p->name, sizeof(p->name), "%s", w[0]);
	p->permit = !strcmp(w[1], "permit");
	p->destination_len_min = 32;
	for (k = 2; k < n; k++) {
		if (!strcmp(w[k], "third"))
			p->third_party = true;
		else if (!strcmp(w[k], "any"))
			p->any_sender = true;
		else if ((v = value(w[k], "from")))
			p->from = prefix(v), p->froms = 1;
		else if ((v = value(w[k], "toward")))
			p->toward = prefix(v), p->towards = 1;
		else if ((v = value(w[k], "key")))
			p->key_id = (uint32_t)atoi(v);
		else if ((v = value(w[k], "max")))
			p->sessions_max = (uint32_t)atoi(v);
		else if ((v = value(w[k], "life")))
			p->lifetime_max = (uint32_t)atoi(v);
		else
			die("policy", w[k]);
	}
}

static void do_set(char **w, int n)
{
	uint32_t v = n == 2 ? (uint32_t)atoi(w[1]) : 0;

	if (n != 2)
		die("set", "NAME VALUE");
	if (!strcmp(w[0], "forward"))
		conf.nslp.forward = v;
	else if (!strcmp(w[0], "need"))
		conf.nslp.need_reservation = v;
	else if (!strcmp(w[0], "sessions"))
		conf.policy_sessions_max = v;
	else if (!strcmp(w[0], "all"))
		conf.nslp.sessions = v;
	else if (!strcmp(w[0], "rate"))
		conf.policy_rate = v;
	else if (!strcmp(w[0], "min"))
		conf.nslp.lifetime_min = v;
	else if (!strcmp(w[0], "max"))
		conf.nslp.lifetime_max = v;
	else
		die("set", w[0]);
}

/* Of the file, these alone. */
static void do_config(const char *file)
{
	static struct conf *last;
	struct conf_error e;
	struct conf *c = conf_read(file, &e);
	uint64_t begin;

	if (!c) {
		printf("invalid %s: %s\n", e.path, e.text);
		return;
	}
	conf.mgmt = c->mgmt;
	conf.pool = c->pool;
	conf.pools = c->pools;
	conf.acl = c->acl;
	conf.acls = c->acls;
	conf.acl_point = c->acl_point;
	conf.acl_points = c->acl_points;
	begin = now_ms();
	gate_clock(gate, begin);
	if (gate_configure(gate, &conf))
		die("config", "out of memory");
	if (gate_apply(gate, &e))
		printf("applied ms=%llu\n", (unsigned long long)(now_ms() - begin));
	else
		printf("refused %s: %s\n", e.path, e.text);
	conf_free(last);
	last = c;
}

static void do_try(const char *file)
{
	struct conf_error e;
	struct conf *c = conf_read(file, &e);

	if (!c)
		printf("invalid %s: %s\n", e.path, e.text);
	else if (gate_try(gate, c, &e))
		printf("would\n");
	else
		printf("refused %s: %s\n", e.path, e.text);
	conf_free(c);
}

static void do_start(void)
{
	gate_clock(gate, now_ms());
	if (gate_configure(gate, &conf))
		die("start", "out of memory");
	if (!started)
		gate_start(gate);
	started = true;
	printf("module %s\n", gate_has_module(gate) ? "yes" : "no");
}

/*
 * Requests
 */

static void put_sid(uint8_t sid[GATE_SID], const char *text)
{
	memset(sid, 0, GATE_SID);
	memcpy(sid, text, strnlen(text, GATE_SID));
}

static void put_end(struct address *a, uint8_t *len, uint8_t *version, const char *text)
{
	unsigned int n;

	if (!address_read_prefix(a, &n, text))
		die("address", text);
	*len = (uint8_t)n;
	*version = a->version;
}

static unsigned int find(const char *const *names, unsigned int n, const char *text)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (!strcmp(names[i], text))
			return i;
	die("word", text);
	return 0;
}

static bool put_flow(struct gate_flow *f, const char *word)
{
	const char *v;

	if ((v = value(word, "proto")))
		f->has_protocol = true, f->protocol = (uint8_t)atoi(v);
	else if ((v = value(word, "src")))
		put_end(&f->source, &f->source_len, &f->version, v);
	else if ((v = value(word, "dst")))
		put_end(&f->destination, &f->destination_len, &f->version, v);
	else if ((v = value(word, "sport")))
		f->has_sport = true, f->sport = (uint16_t)atoi(v);
	else if ((v = value(word, "dport")))
		f->has_dport = true, f->dport = (uint16_t)atoi(v);
	else if ((v = value(word, "spi")))
		f->has_spi = true, f->spi = (uint32_t)strtoul(v, NULL, 0);
	else if (!strcmp(word, "pair"))
		f->more_ports = 1;
	else if ((v = value(word, "icmp")))
		for (; v; v = strchr(v, ',') ? strchr(v, ',') + 1 : NULL)
			f->icmp[f->icmp_count++ % GATE_ICMP_MAX] = (uint8_t)atoi(v);
	else
		return false;
	return true;
}

static void put_word(struct gate_request *r, const char *word)
{
	static const char *const kinds[] = { "allow", "deny", "reserve" };
	static const char *const xlats[] = { "plain", "source", "bind", "destination", "both" };
	const char *v;

	if (put_flow(&r->flow, word))
		return;
	if ((v = value(word, "kind")))
		r->kind = (uint8_t)find(kinds, 3, v);
	else if ((v = value(word, "xlat")))
		r->translation = (uint8_t)find(xlats, 5, v);
	else if ((v = value(word, "in")))
		r->in_ifindex = if_nametoindex(v);
	else if ((v = value(word, "out")))
		r->out_ifindex = if_nametoindex(v);
	else if ((v = value(word, "from")))
		r->who.ifindex = if_nametoindex(v);
	else if ((v = value(word, "peer")))
		address_read(&r->who.peer, v);
	else if ((v = value(word, "uid")))
		r->who.uid = (uint32_t)atoi(v);
	else if ((v = value(word, "life")))
		r->lifetime = (uint32_t)atoi(v);
	else if ((v = value(word, "ref")))
		put_sid(r->ref, v);
	else if (!strcmp(word, "proxy"))
		r->who.proxy = true;
	else
		die("admit", word);
}

static void request(struct gate_request *r)
{
	r->id = ++last_request;
	if (!quiet) {
		routes.now = now_ms();
		gate_clock(gate, routes.now);
	}
	gate_request(gate, r, sizeof(*r));
	if (!together)
		gate_flush(gate);
}

static void do_request(uint8_t op, char **w, int n)
{
	struct gate_request r = { .op = op, .who = { .uid = (uint32_t)-1 }, .lifetime = 60 };
	int i;

	if (n < 1)
		die("request", "no session");
	put_sid(r.sid, w[0]);
	if (op != GATE_ADMIT && n > 1)
		r.lifetime = (uint32_t)atoi(w[1]);
	for (i = 1; op == GATE_ADMIT && i < n; i++)
		put_word(&r, w[i]);
	request(&r);
}

static void do_raw(const char *hex)
{
	uint8_t buf[4096];
	size_t n = 0;
	unsigned int x;

	for (; n < sizeof(buf) && sscanf(hex, "%2x", &x) == 1; hex += 2)
		buf[n++] = (uint8_t)x;
	gate_request(gate, buf, n);
	gate_flush(gate);
}

/*
 * Looking
 */

static bool show(void *arg, const struct rule_info *i)
{
	(void)arg;
	printf("row %s rule=%llu open=%u left=%u \"%s\" by \"%s\"\n", (const char *)i->sid_tag,
	       (unsigned long long)i->rule, i->open, i->left, i->text, i->requester);
	return true;
}

static void show_stat(void *arg, const struct stat_value *v)
{
	const char *name = arg;

	if (!strcmp(name, "all") || !strcmp(name, v->name))
		printf("%s %llu\n", v->name, (unsigned long long)v->number);
}

static uint64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void bench_request(struct gate_request *r, uint32_t i)
{
	r->sid[0] = 'b';
	memcpy(r->sid + 1, &i, sizeof(i));
	r->flow.sport = (uint16_t)(1024 + i % 60000);
	r->flow.dport = (uint16_t)(1024 + i / 60000);
	request(r);
}

static struct gate_request bench_base(const char *words)
{
	struct gate_request r = { .who = { .uid = (uint32_t)-1 }, .lifetime = 900 };
	char text[512], *w, *save = NULL;

	snprintf(text, sizeof(text), "%s", words);
	for (w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		put_word(&r, w);
	return r;
}

/*
 * Events, kept until they are asked for
 */

static char events[32][400];
static unsigned int events_count;

static bool may_tell(void *arg)
{
	(void)arg;
	return events_count < sizeof(events) / sizeof(events[0]);
}

static void tell(void *arg, enum msg_type type, const void *event, size_t len)
{
	static const char *const names[] = { "reserved", "opened", "closed", "ended" };
	const struct rule_event *r = event;
	const struct pool_event *p = event;

	(void)len;
	if (!may_tell(arg))
		return;
	if (type == MSG_RULE_EVENT)
		snprintf(events[events_count++], sizeof(events[0]), "rule %s %s id=%d text=\"%s\" why=\"%s\"",
			 names[r->what], r->info.sid_tag, r->info.rule != 0, r->info.text, r->why);
	else
		snprintf(events[events_count++], sizeof(events[0]), "pool %s interface=%s refused=%u why=\"%s\"",
			 p->pool, p->interface, p->refused, p->why);
}

static void show_events(void)
{
	unsigned int i;

	for (i = 0; i < events_count; i++)
		puts(events[i]);
	events_count = 0;
}

/* @ops of each of @n sessions, in rounds as a busy loop has them. */
static void bench(const char *name, const uint8_t *ops, unsigned int nops, uint32_t n,
		  const char *words)
{
	struct gate_request r = bench_base(words);
	uint64_t cpu = cpu_us(), wall = now_ms(), had = good, i, k, o;
	const uint32_t round = 128;

	quiet = together = true;
	for (i = 0; i < n; i += round)
		for (o = 0; o < nops; o++) {
			r.op = ops[o];
			for (k = i; k < i + round && k < n; k++)
				bench_request(&r, (uint32_t)k);
			gate_flush(gate);
			gate_events(gate);
		}
	quiet = together = false;
	cpu = cpu_us() - cpu;
	wall = now_ms() - wall;
	printf("%s %u good=%llu cpu_us=%llu wall_ms=%llu per_second=%llu\n", name, n,
	       (unsigned long long)(good - had), (unsigned long long)cpu,
	       (unsigned long long)wall, (unsigned long long)(n * 1000000ull / (cpu ? cpu : 1)));
}

/*
 * The loop
 */

static uint64_t turn(uint64_t limit, bool *input)
{
	struct pollfd p[3] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	uint64_t next = started && !together ? gate_tick(gate, now_ms()) : 1000;

	routes.now = now_ms();
	p[1].fd = p[2].fd = -1;
	if (started)
		gate_fds(gate, &p[1].fd, &p[2].fd);
	p[1].events = p[2].events = POLLIN;
	if (!input)
		p[0].fd = -1;
	if (next > limit)
		next = limit;
	poll(p, 3, next > 1000 ? 1000 : (int)next);
	gate_clock(gate, now_ms());
	if (p[1].revents || p[2].revents)
		gate_events(gate);
	if (input)
		*input = p[0].revents;
	return now_ms();
}

static void do_wait(uint64_t ms)
{
	uint64_t end = now_ms() + ms, now = now_ms();

	while (now < end)
		now = turn(end - now, NULL);
}

static void command(char *line)
{
	static const uint8_t ops[] = { GATE_ADMIT, GATE_OPEN };
	char *w[32], *save = NULL, *t, *rest;
	int n = 0;

	line[strcspn(line, "\n")] = 0;
	rest = strchr(line, ' ') ? strchr(strchr(line, ' ') + 1, ' ') : NULL;
	if (!strncmp(line, "bench ", 6) && rest) {
		bench("bench", ops, 2, (uint32_t)atoi(line + 6), rest);
		return;
	}
	if (!strncmp(line, "refresh ", 8) && rest) {
		bench("refresh", ops, 2, (uint32_t)atoi(line + 8), rest);
		return;
	}
	for (t = strtok_r(line, " ", &save); t && n < 32; t = strtok_r(NULL, " ", &save))
		w[n++] = t;
	if (!n)
		return;
	if (!strcmp(w[0], "interface"))
		do_interface(w + 1, n - 1);
	else if (!strcmp(w[0], "policy"))
		do_policy(w + 1, n - 1);
	else if (!strcmp(w[0], "set"))
		do_set(w + 1, n - 1);
	else if (!strcmp(w[0], "start"))
		do_start();
	else if (!strcmp(w[0], "admit"))
		do_request(GATE_ADMIT, w + 1, n - 1);
	else if (!strcmp(w[0], "open"))
		do_request(GATE_OPEN, w + 1, n - 1);
	else if (!strcmp(w[0], "hold"))
		do_request(GATE_HOLD, w + 1, n - 1);
	else if (!strcmp(w[0], "close"))
		do_request(GATE_CLOSE, w + 1, n - 1);
	else if (!strcmp(w[0], "together"))
		together = true;
	else if (!strcmp(w[0], "now"))
		together = false, gate_flush(gate);
	else if (!strcmp(w[0], "wait") && n > 1)
		do_wait((uint64_t)atoi(w[1]));
	else if (!strcmp(w[0], "config") && n > 1)
		do_config(w[1]);
	else if (!strcmp(w[0], "try") && n > 1)
		do_try(w[1]);
	else if (!strcmp(w[0], "list"))
		for (uint32_t at = 0; gate_list(gate, &at, 16, show, NULL);)
			;
	else if (!strcmp(w[0], "events"))
		show_events();
	else if (!strcmp(w[0], "stat") && n > 1)
		gate_stats(gate, show_stat, w[1]);
	else if (!strcmp(w[0], "raw") && n > 1)
		do_raw(w[1]);
	else
		die("statement", w[0]);
}

int main(int argc, char **argv)
{
	static const struct gate_io io = {
		.policy = { .behind = behind, .own = own },
		.answer = answer, .ntp = ntp, .random = random_octets,
		.may_tell = may_tell, .tell = tell,
	};
	static const uint8_t key[16] = "tests of natfwd";
	uint8_t owner[16] = "gate driver";
	char line[4096];
	bool input;

	if (argc > 1)
		memcpy(owner, argv[1], strnlen(argv[1], 16));
	conf.interface = interfaces;
	conf.policy = policies;
	conf.nslp.forward = true;
	conf.nslp.lifetime_max = 3600;
	conf.nslp.lifetime_min = 1;
	conf.policy_sessions_max = 1000000;
	conf.gist.port = 270;
	session_tag_key(key);
	log_open("driver", false);
	if (getenv("GATE_DEBUG"))
		memset(log_levels, LEVEL_DEBUG, SUB_COUNT);
	setvbuf(stdin, NULL, _IONBF, 0);
	if (kern_routes_init(&routes, key))
		die("routes", strerror(errno));
	gate = gate_create(&io, owner, now_ms());
	if (!gate)
		die("gate", "out of memory");
	for (;;) {
		turn(1000, &input);
		if (!input)
			continue;
		if (!fgets(line, sizeof(line), stdin))
			break;
		command(line);
		printf(".\n");
		fflush(stdout);
	}
	gate_destroy(gate);
	return 0;
}
