// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load for a signalling gateway: many sessions from one process, which is data sender or data
 * receiver. The engines of natfwd on real sockets, without its processes: what is measured is the
 * node between the two.
 *
 *	load nr
 *	load ni SOURCE DESTINATION SESSIONS [WINDOW [REFRESHES [HOLD]]]
 *	load flood SOURCE DESTINATION QUERIES RATE
 *
 * ni opens SESSIONS sessions by CREATE, WINDOW of them at a time, then refreshes each REFRESHES times in
 * the same way, then keeps them for HOLD seconds, then deletes them. One line of JSON for each phase:
 * how many succeeded, how long it took, round trip times in microseconds.
 *
 * flood sends Queries of as many sessions, RATE a second, and never confirms one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "gist/frame.h"
#include "nslp/nslp.h"
#include "sig/clock.h"
#include "sig/net.h"
#include "sig/routes.h"
#include "sig/sockets.h"

#define PORTS		60000u	/* sessions differ in source port, then in destination port */
#define FIRST_PORT	2000u
#define LIFETIME	7200	/* seconds; long, so that nothing refreshes by itself meanwhile */

enum phase { OPENING, REFRESHING, HOLDING, CLOSING };

struct session {
	uint8_t sid[GATE_SID];
	uint64_t asked;		/* ns */
	bool pending, established;
};

static struct conf conf;
static uint8_t identity[16];
static struct nslp *nslp;
static struct address source, destination;

static struct {
	struct session *session;
	uint32_t *rtt;			/* microseconds, [answers] */
	unsigned int sessions, window, rounds, hold;
	unsigned int next, pending, answers, failed;
	enum phase phase;
	uint64_t began;
	struct event *later;
} load;

void proc_exit(int status)
{
	exit(status);
}

static void fatal(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* --- figures --------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void report(const char *phase)
{
	double seconds = (double)(now_ns() - load.began) / 1e9;
	unsigned int n = load.answers;

	qsort(load.rtt, n, sizeof(*load.rtt), by_size);
	printf("{\"phase\": \"%s\", \"sessions\": %u, \"failed\": %u, \"seconds\": %.3f, "
	       "\"per_second\": %.0f, \"rtt_median_us\": %u, \"rtt_p99_us\": %u}\n",
	       phase, n, load.failed, seconds, n / seconds, n ? load.rtt[n / 2] : 0,
	       n ? load.rtt[(size_t)n * 99 / 100] : 0);
}

/* --- sessions -------------------------------------------------------------------------- */

static void phase_begin(enum phase phase)
{
	load.phase = phase;
	load.next = load.pending = load.answers = load.failed = 0;
	load.began = now_ns();
}

static int open_one(unsigned int i)
{
	struct session_open o = {
		.token = i + 1, .kind = SESSION_CREATE, .lifetime = LIFETIME,
		.refresh = LIFETIME * 1000u / 2,
		.flow = {
			.source = source, .destination = destination, .version = source.version,
			.source_len = (uint8_t)address_bits(&source),
			.destination_len = (uint8_t)address_bits(&destination),
			.has_protocol = true, .protocol = 17, .has_sport = true, .has_dport = true,
			.sport = (uint16_t)(FIRST_PORT + i % PORTS),
			.dport = (uint16_t)(FIRST_PORT + i / PORTS),
		},
	};
	const char *why = NULL;
	int err;

	memcpy(o.sid, load.session[i].sid, sizeof(o.sid));
	err = nslp_app_open(nslp, &o, &why);
	if (err && !load.failed)
		fprintf(stderr, "load: session %u: %s\n", i, why ? why : strerror(-err));
	return err;
}

static void ask(unsigned int i)
{
	struct session *s = &load.session[i];
	int err;

	if (load.phase == REFRESHING && !s->established)
		return;
	s->asked = now_ns();
	s->pending = true;
	load.pending++;
	err = load.phase == OPENING ? open_one(i) : nslp_app_refresh(nslp, s->sid);
	if (!err)
		return;
	s->pending = false;
	load.pending--;
	load.failed++;
}

static void go_on(void);

static void phase_end(void)
{
	report(load.phase == OPENING ? "create" : "refresh");
	if (load.rounds) {
		load.rounds--;
		phase_begin(REFRESHING);
	} else {
		load.phase = HOLDING;
	}
	go_on();
}

static void close_all(void)
{
	unsigned int i, closed = 0;

	for (i = 0; i < load.sessions; i++)
		if (load.session[i].established && !nslp_app_close(nslp, load.session[i].sid, false))
			closed++;
	printf("{\"phase\": \"delete\", \"sessions\": %u}\n", closed);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval linger = { .tv_sec = 3 };

	(void)fd;
	(void)what;
	(void)arg;
	if (load.phase == CLOSING) {
		event_base_loopbreak(net.base);
		return;
	}
	clock_enter();
	if (load.phase == HOLDING) {
		load.phase = CLOSING;
		close_all();
		event_add(load.later, &linger);
	} else {
		go_on();
	}
	clock_leave();
}

/* From the loop, not from within the engine's callback: the stack would grow with the window. */
static void go_on_later(void)
{
	static const struct timeval at_once;

	if (!evtimer_pending(load.later, NULL))
		event_add(load.later, &at_once);
}

static void go_on(void)
{
	struct timeval hold = { .tv_sec = load.hold };

	if (load.phase == HOLDING) {
		printf("{\"phase\": \"hold\", \"pid\": %d}\n", getpid());
		event_add(load.later, &hold);
		return;
	}
	while (load.pending < load.window && load.next < load.sessions)
		ask(load.next++);
	if (!load.pending && load.next == load.sessions)
		phase_end();
}

static void on_event(void *arg, const struct session_event *e)
{
	struct session *s;

	(void)arg;
	if (!e->token || e->token > load.sessions || load.phase >= HOLDING)
		return;
	s = &load.session[e->token - 1];
	if (e->state == SESSION_PENDING || !s->pending)
		return;
	if (e->state == SESSION_ESTABLISHED)
		load.rtt[load.answers++] = (uint32_t)((now_ns() - s->asked) / 1000);
	else if (!load.failed++)
		fprintf(stderr, "load: session %u: code %04x %s\n", (unsigned int)e->token - 1, e->code,
			e->why);
	s->established = e->state == SESSION_ESTABLISHED;
	s->pending = false;
	load.pending--;
	go_on_later();
}

/* --- a flood of Queries that nobody confirms ------------------------------------------- */

static struct {
	unsigned int left, rate, sent, refused;
	uint64_t began;
	struct event *tick;
} flood;

static enum gist_peering ignore_query(void *arg, const struct gist_rx *rx, struct gist_view *answer)
{
	(void)arg;
	(void)rx;
	(void)answer;
	return GIST_IGNORE;
}

static void ignore_message(void *arg, const struct gist_rx *rx)
{
	(void)arg;
	(void)rx;
}

static void ignore_status(void *arg, const struct gist_status *s)
{
	(void)arg;
	(void)s;
}

static void ignore_network(void *arg, const struct gist_network *n)
{
	(void)arg;
	(void)n;
}

/* A Query as an engine makes it, with a session, a port and a cookie of its own. */
static size_t make_query(uint8_t *buf, size_t size, unsigned int i)
{
	uint8_t sid[GIST_SID_SIZE], cookie[8], profile[8], option[8];
	struct gist_message m = { 0 };
	struct gist_out o, list;

	getrandom(sid, sizeof(sid), 0);
	getrandom(cookie, sizeof(cookie), 0);
	m.head = (struct gist_header){ .hops = 32, .nslpid = GIST_NSLPID_NATFW, .type = GIST_QUERY,
				       .context_free = true, .reply = true, .source = true };
	m.present = GIST_BIT(GIST_MRI) | GIST_BIT(GIST_SID) | GIST_BIT(GIST_NLI) |
		GIST_BIT(GIST_QUERY_COOKIE) | GIST_BIT(GIST_PROPOSAL) | GIST_BIT(GIST_STACKCONF);
	m.mri = (struct gist_mri){
		.method = GIST_MRM_PATH, .source = source, .destination = destination,
		.source_prefix = (uint8_t)address_bits(&source),
		.destination_prefix = (uint8_t)address_bits(&destination), .has_protocol = true,
		.protocol = 17, .has_sport = true, .has_dport = true,
		.sport = (uint16_t)(FIRST_PORT + i % PORTS), .dport = 9,
	};
	m.sid = sid;
	m.nli = (struct gist_nli){ .ttl = 64, .validity = 30000,
				   .identity = gist_view(identity, sizeof(identity)), .address = source };
	m.query_cookie = gist_view(cookie, sizeof(cookie));
	gist_out_init(&list, profile, sizeof(profile));
	gist_profile_put(&list, (const uint8_t []){ GIST_MA_TCP }, 1);
	m.proposal = (struct gist_proposal){ .count = 1, .profiles = gist_out_view(&list) };
	gist_out_init(&list, option, sizeof(option));
	gist_option_put_tcp(&list, 1, 0);
	m.stackconf = (struct gist_stackconf){ .count = 1, .hold = 30000,
					       .options = gist_out_view(&list) };
	gist_out_init(&o, buf, size);
	gist_magic_put(&o);
	gist_message_put(&o, &m);
	return o.error ? 0 : o.len;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval tick = { .tv_usec = 5000 };
	uint64_t due = (now_ns() - flood.began) / 1000 * flood.rate / 1000000;
	struct gist_qmode q = { .source = source, .destination = destination, .sport = 270, .ttl = 64,
				.rao = source.version == 4 ? GIST_RAO4_NATFW : GIST_RAO6_NATFW };
	uint8_t buf[512];

	(void)fd;
	(void)what;
	(void)arg;
	while (flood.sent + flood.refused < due && flood.left) {
		flood.left--;
		if (net_gist_io.qmode(net_gist_io.arg, &q,
				      gist_view(buf, make_query(buf, sizeof(buf), flood.left))))
			flood.refused++;
		else
			flood.sent++;
	}
	if (flood.left) {
		event_add(flood.tick, &tick);
		return;
	}
	printf("{\"phase\": \"flood\", \"sent\": %u, \"refused\": %u, \"seconds\": %.3f}\n", flood.sent,
	       flood.refused, (double)(now_ns() - flood.began) / 1e9);
	event_base_loopbreak(net.base);
}

/* --- a node ---------------------------------------------------------------------------- */

static void random_octets(void *arg, void *buf, size_t n)
{
	net_gist_io.random(arg, buf, n);
}

static int no_gate(void *arg, const struct gate_request *r, const struct gate_proof *proof)
{
	(void)arg;
	(void)r;
	(void)proof;
	return -EPIPE;
}

static uint64_t no_ntp(void *arg)
{
	(void)arg;
	return 0;
}

static const struct nslp_io io = {
	.gate = no_gate, .event = on_event, .random = random_octets, .route = routes_find,
	.local = routes_local, .ntp = no_ntp,
};

static void open_sockets(void)
{
	enum proc_socket which;
	uint32_t arg;
	int fd;

	for (which = SOCKET_UDP4; which <= SOCKET_ROUTE; which++) {
		for (arg = 0;; arg++) {
			fd = sig_socket_open(&conf, which, arg);
			if (fd < 0)
				break;
			net_socket(which, arg, fd);
		}
	}
}

static void node(bool with_nslp)
{
	static const struct gist_nslp nobody = {
		.query = ignore_query, .message = ignore_message, .status = ignore_status,
		.network = ignore_network,
	};
	struct nslp_config n;
	struct gist_config g;

	net_gist_config(&g, &conf, identity);
	g.handshakes = 1000000;
	net.gist = gist_create(&g, &net_gist_io, &net.timers);
	if (!net.gist)
		fatal("no GIST engine");
	if (!with_nslp) {
		gist_register(net.gist, GIST_NSLPID_NATFW, GIST_RAO4_NATFW, GIST_RAO6_NATFW, &nobody);
		return;
	}
	nslp_config_default(&n);
	n.forward = false;
	n.respond = true;
	n.lifetime = n.lifetime_max = LIFETIME;
	n.sessions = n.sessions_per_peer = 1000000;
	nslp = nslp_create(&n, &io, net.gist, &net.timers);
	if (!nslp)
		fatal("no NATFW engine");
}

static void defaults(void)
{
	conf.gist = (struct conf_gist){
		.port = 270, .tcp_port = 30000, .t1 = 2000, .t2 = 32000, .validity = 3600000,
		.hold = 30000, .states = 1000000, .associations = 100, .peer_default = true,
		.rate = 1000000000,
	};
	net.conf = &conf;
	getrandom(identity, sizeof(identity), 0);
}

static unsigned int number(char **argv, int argc, int i, unsigned int otherwise)
{
	return i < argc ? (unsigned int)strtoul(argv[i], NULL, 10) : otherwise;
}

static void addresses(int argc, char **argv)
{
	if (argc < 5 || !address_read(&source, argv[2]) || !address_read(&destination, argv[3]))
		fatal("SOURCE DESTINATION NUMBER...");
}

static void begin_ni(int argc, char **argv)
{
	addresses(argc, argv);
	load.sessions = number(argv, argc, 4, 0);
	load.window = number(argv, argc, 5, 64);
	load.rounds = number(argv, argc, 6, 0);
	load.hold = number(argv, argc, 7, 0);
	load.session = calloc(load.sessions, sizeof(*load.session));
	load.rtt = calloc(load.sessions, sizeof(*load.rtt));
	load.later = evtimer_new(net.base, on_later, NULL);
	if (!load.session || !load.rtt || !load.later)
		fatal("no memory");
	for (unsigned int i = 0; i < load.sessions; i++)
		getrandom(load.session[i].sid, GATE_SID, 0);
	node(true);
	phase_begin(OPENING);
	go_on();
}

static void begin_flood(int argc, char **argv)
{
	static const struct timeval at_once;

	addresses(argc, argv);
	flood.left = number(argv, argc, 4, 0);
	flood.rate = number(argv, argc, 5, 1000);
	node(false);
	flood.began = now_ns();
	flood.tick = evtimer_new(net.base, on_tick, NULL);
	if (!flood.tick || event_add(flood.tick, &at_once))
		fatal("no memory");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned int i = 0; i < SUB_COUNT; i++)
		log_levels[i] = LEVEL_WARN;
	defaults();
	if (argc < 2 || net_init(event_base_new()))
		fatal("nr | ni ... | flood ...");
	open_sockets();
	clock_enter();
	if (!strcmp(argv[1], "ni"))
		begin_ni(argc, argv);
	else if (!strcmp(argv[1], "flood"))
		begin_flood(argc, argv);
	else
		node(true);
	clock_leave();
	puts("{\"phase\": \"ready\"}");
	event_base_dispatch(net.base);
	return 0;
}
