// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A GIST node on real sockets: userd/sig without its process framework, the GIST engine, and an
 * application that says what it gets and sends what it is told to.
 *
 *	node [OPTION]... FIFO
 *
 * Options:
 *	-i N		identity, a number
 *	-a peer|pass|ignore|other|none
 *			what the application does with Queries (other: it is another one, none:
 *			there is none)
 *	-t none|offered|required
 *			TLS
 *	-c DIR		with DIR/cert.pem, DIR/key.pem, DIR/ca.pem
 *	-p NAME[@PREFIX]	lets in TLS peers of that name; !NAME: keeps them out. None: all
 *	-g PORT		GIST port for Queries and replies
 *	-r		no trap: raw router alert sockets only
 *	-n N		at most N descriptors, once all is open
 *	-h MS		hold time of associations
 *
 * Commands, one a line, come through FIFO:
 *	send SRC DST KIND TEXT		down: datagram, reliable or secure
 *	back SRC DST KIND TEXT		up, to the node the flow comes from
 *	open SRC DST TEXT		Q-mode Data, no handshake
 *	peers NAME[@PREFIX]		another list of TLS peers: only this one
 *	stats, route ADDRESS, ingress ADDRESS IFINDEX, interface IFINDEX VERSION, peersinfo
 *	certs DIR			other certificates
 *	quit
 *
 * Events are lines on standard output, beginning with their name.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gist/code.h"
#include "sig/clock.h"
#include "sig/net.h"
#include "sig/routes.h"
#include "sig/sockets.h"
#include "sig/stream.h"

#define PEERS	8

static struct conf conf;
static struct conf_peer peers[PEERS];
static enum gist_peering answer = GIST_PEER;
static bool application = true, raw_only;
static uint16_t nslpid = GIST_NSLPID_NATFW;
static uint8_t identity[16];
static uint8_t key[16] = { 1 };
static unsigned int descriptors, hold;
static uint32_t handles;

void proc_exit(int status)
{
	exit(status);
}

static void fatal(const char *what)
{
	fprintf(stderr, "node: %s\n", what);
	exit(1);
}

/* ---- the application ---- */

static void say_peer(const struct gist_peer *p)
{
	char text[ADDRESS_TEXT];

	if (p)
		printf(" peer=%s if=%u tls=%d name=%s ma=%d", address_text(&p->address, text),
		       p->ifindex, p->security == GIST_TLS, p->name ? p->name : "-", !!p->ma);
}

static void say(const char *event, const struct gist_rx *rx)
{
	printf("%s", event);
	say_peer(rx->peer);
	printf(" up=%d endpoint=%d validated=%d hops=%u ttl=%u distance=%d text=%.*s\n",
	       rx->mri->upstream, rx->endpoint, rx->validated, rx->hops, rx->ttl, rx->distance,
	       (int)rx->data.len, (const char *)rx->data.data);
}

static enum gist_peering on_query(void *arg, const struct gist_rx *rx, struct gist_view *reply)
{
	(void)arg;
	(void)reply;
	say("query", rx);
	return rx->endpoint ? GIST_PEER : answer;
}

static void on_message(void *arg, const struct gist_rx *rx)
{
	(void)arg;
	say("message", rx);
}

static void on_status(void *arg, const struct gist_status *s)
{
	(void)arg;
	printf("status handle=%u sent=%d failure=%d error=%u.%u", s->handle, s->sent, s->failure,
	       s->error >> 8, s->error & 255);
	say_peer(s->peer);
	putchar('\n');
}

static void on_network(void *arg, const struct gist_network *n)
{
	(void)arg;
	printf("network event=%d up=%d", n->event, n->upstream);
	say_peer(n->peer);
	putchar('\n');
}

static const struct gist_nslp ops = {
	.query = on_query, .message = on_message, .status = on_status, .network = on_network,
};

/* ---- commands ---- */

static void flow(struct gist_mri *m, const char *from, const char *to, bool up)
{
	struct address a, b;

	if (!address_read(&a, from) || !address_read(&b, to))
		fatal("no address");
	*m = (struct gist_mri){ .method = GIST_MRM_PATH, .upstream = up, .source = a,
				.destination = b, .has_protocol = true, .protocol = 17 };
	m->source_prefix = m->destination_prefix = a.version == 4 ? 32 : 128;
}

static void do_send(const char *from, const char *to, const char *kind, const char *text, bool up)
{
	static char padded[65536];
	struct gist_mri mri;
	struct gist_tx tx = { .nslpid = GIST_NSLPID_NATFW, .sid = identity, .mri = &mri,
			      .handle = ++handles };
	size_t n = strlen(text);
	char c = 0;
	int err;

	flow(&mri, from, to, up);
	memset(padded, '.', sizeof(padded));
	if (sscanf(text, "*%zu%c", &n, &c) == 1 && n < sizeof(padded))
		memcpy(padded, "long", 4);
	else
		memcpy(padded, text, n);
	tx.data = gist_view(padded, (n + 3) & ~(size_t)3);
	tx.reliable = strcmp(kind, "datagram") && strcmp(kind, "open");
	tx.secure = !strcmp(kind, "secure");
	tx.no_state = !strcmp(kind, "open");
	tx.sid = key;	/* the same at all nodes */
	err = gist_send(net.gist, &tx);
	printf("send handle=%u error=%d\n", tx.handle, err);
}

static void say_stats(void)
{
	unsigned int i;

	for (i = 0; i < NET_COUNTERS; i++)
		printf("stat %s=%llu\n", net_counter_name(i),
		       (unsigned long long)net.counter[i]);
	puts("stat end");
}

static void say_ma(void *arg, const struct gist_ma_info *i)
{
	char text[ENDPOINT_TEXT];

	(void)arg;
	printf("ma peer=%s state=%s tls=%d outgoing=%d name=%s\n", endpoint_text(&i->peer, text),
	       i->state, i->tls, i->outgoing, i->name ? i->name : "-");
}

static void say_route(const char *text)
{
	struct gist_route r = { 0 };
	char source[ADDRESS_TEXT], gateway[ADDRESS_TEXT];
	struct address a;
	bool found = address_read(&a, text) && routes_find(NULL, &a, &r);

	printf("route found=%d if=%u source=%s gateway=%s mtu=%u local=%d\n", found, r.ifindex,
	       address_text(&r.source, source), address_text(&r.gateway, gateway), r.mtu, r.local);
}

static void say_ingress(const char *text, unsigned int ifindex)
{
	struct address a;

	printf("ingress %d\n", address_read(&a, text) && routes_ingress(NULL, &a, ifindex));
}

static void say_interface(unsigned int ifindex, unsigned int version)
{
	struct address a = { 0 };
	char text[ADDRESS_TEXT];

	printf("interface %d", routes_interface_address(NULL, ifindex, version, &a));
	printf(" %s\n", address_text(&a, text));
}

static void add_peer(const char *text)
{
	struct conf_peer *p = &peers[conf.gist.peers++];
	unsigned int len = 0;
	const char *at;

	*p = (struct conf_peer){ .permit = *text != '!' };
	text += *text == '!';
	at = strchr(text, '@');
	snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(text, "@"), text);
	if (at && !address_read_prefix(&p->at.address, &len, at + 1))
		fatal("no prefix");
	p->at.len = (uint8_t)len;
	conf.gist.peer_default = false;
}

static void give_certificates(const char *dir)
{
	static const char *const name[] = { "cert", "key", "ca" };
	char path[256];
	unsigned int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s.pem", dir, name[i]);
		net_socket(SOCKET_CERT + i, 0, open(path, O_RDONLY | O_CLOEXEC));
	}
}

static void obey(char *line)
{
	char *word[5] = { 0 };
	unsigned int n = 0;
	char *save = NULL, *w;

	for (w = strtok_r(line, " ", &save); w && n < 5; w = strtok_r(NULL, " ", &save))
		word[n++] = w;
	if (n == 5 && !strcmp(word[0], "send"))
		do_send(word[1], word[2], word[3], word[4], false);
	else if (n == 5 && !strcmp(word[0], "back"))
		do_send(word[1], word[2], word[3], word[4], true);
	else if (n == 4 && !strcmp(word[0], "open"))
		do_send(word[1], word[2], "open", word[3], false);
	else if (n == 1 && !strcmp(word[0], "stats"))
		say_stats();
	else if (n == 1 && !strcmp(word[0], "peersinfo"))
		gist_each_ma(net.gist, say_ma, NULL), puts("ma end");
	else if (n == 2 && !strcmp(word[0], "route"))
		say_route(word[1]);
	else if (n == 3 && !strcmp(word[0], "ingress"))
		say_ingress(word[1], (unsigned int)atoi(word[2]));
	else if (n == 3 && !strcmp(word[0], "interface"))
		say_interface((unsigned int)atoi(word[1]), (unsigned int)atoi(word[2]));
	else if (n == 2 && !strcmp(word[0], "certs"))
		give_certificates(word[1]);
	else if (n == 1 && !strcmp(word[0], "quit"))
		event_base_loopbreak(net.base);
	else if (n == 2 && !strcmp(word[0], "peers"))
		conf.gist.peers = 0, add_peer(word[1]), net_reload();
	else
		printf("what %s\n", n ? word[0] : "");
}

static void on_command(evutil_socket_t fd, short what, void *arg)
{
	static char buf[4096];
	static size_t used;
	char *end;
	ssize_t n = read((int)fd, buf + used, sizeof(buf) - 1 - used);

	(void)what;
	(void)arg;
	if (n <= 0)
		return;
	used += (size_t)n;
	buf[used] = 0;
	clock_enter();
	while ((end = strchr(buf, '\n'))) {
		*end = 0;
		obey(buf);
		used -= (size_t)(end + 1 - buf);
		memmove(buf, end + 1, used + 1);
	}
	clock_leave();
}

/* ---- start ---- */

static void open_sockets(void)
{
	enum proc_socket which;
	uint32_t arg;
	int fd;

	for (which = SOCKET_UDP4; which <= SOCKET_ROUTE; which++) {
		if (which == SOCKET_TRAP && raw_only)
			continue;
		for (arg = 0;; arg++) {
			fd = sig_socket_open(&conf, which, arg);
			if (fd < 0 && fd != -ENOENT)
				fprintf(stderr, "socket %d.%u: %s\n", which, arg, strerror(-fd));
			if (fd < 0)
				break;
			net_socket(which, arg, fd);
		}
	}
}

static void set_application(const char *text)
{
	application = strcmp(text, "none");
	nslpid = strcmp(text, "other") ? GIST_NSLPID_NATFW : 32704;
	answer = !strcmp(text, "pass") ? GIST_PROPAGATE :
		 !strcmp(text, "ignore") ? GIST_IGNORE : GIST_PEER;
}

static const char *certificates;

static void options(int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "i:a:t:c:p:g:rn:h:")) >= 0) {
		switch (o) {
		case 'i':
			identity[15] = (uint8_t)atoi(optarg);
			break;
		case 'a':
			set_application(optarg);
			break;
		case 't':
			conf.gist.tls = *optarg == 'o' ? GIST_TLS_OFFERED :
					*optarg == 'r' ? GIST_TLS_REQUIRED : GIST_TLS_NONE;
			break;
		case 'c':
			certificates = optarg;
			break;
		case 'p':
			add_peer(optarg);
			break;
		case 'g':
			conf.gist.port = (uint16_t)atoi(optarg);
			break;
		case 'r':
			raw_only = true;
			break;
		case 'n':
			descriptors = (unsigned int)atoi(optarg);
			break;
		case 'h':
			hold = (unsigned int)atoi(optarg);
			break;
		default:
			exit(2);
		}
	}
	if (optind + 1 != argc)
		fatal("no FIFO");
}

static void defaults(void)
{
	conf.gist = (struct conf_gist){
		.ipv6 = true, .port = 270, .tcp_port = 30000, .tls_port = 30001, .t1 = 500,
		.t2 = 32000, .validity = 30000, .hold = 30000, .states = 1000,
		.associations = 100, .peer = peers, .peer_default = true,
	};
	net.conf = &conf;
}

static void start(void)
{
	struct gist_config g;

	net_gist_config(&g, &conf, identity);
	if (hold)
		g.hold = hold;
	net.gist = gist_create(&g, &net_gist_io, &net.timers);
	if (!net.gist)
		fatal("no engine");
	if (application && gist_register(net.gist, nslpid, GIST_RAO4_NATFW,
					 GIST_RAO6_NATFW, &ops))
		fatal("not registered");
}

int main(int argc, char **argv)
{
	struct event *commands;
	struct rlimit limit;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	log_levels[SUB_NET] = log_levels[SUB_GIST] = LEVEL_DEBUG;
	defaults();
	options(argc, argv);
	if (net_init(event_base_new()))
		fatal("no loop");
	open_sockets();
	if (certificates)
		give_certificates(certificates);
	commands = event_new(net.base, open(argv[optind], O_RDWR | O_NONBLOCK),
			     EV_READ | EV_PERSIST, on_command, NULL);
	if (!commands || event_add(commands, NULL))
		fatal("no commands");
	clock_enter();
	start();
	clock_leave();
	limit = (struct rlimit){ descriptors, descriptors };
	if (descriptors && setrlimit(RLIMIT_NOFILE, &limit))
		fatal("no limit");
	puts("ready");
	event_base_dispatch(net.base);
	event_free(commands);
	gist_destroy(net.gist);
	net.gist = NULL;
	net_fini();
	/* callbacks that were put off hold streams that are gone */
	event_base_loop(net.base, EVLOOP_NONBLOCK);
	event_base_free(net.base);
	return 0;
}
