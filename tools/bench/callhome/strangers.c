// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Strangers at a manager's port: so many connections a second, from so many sources, of which none ever becomes a
 * session.
 *
 *	strangers KIND RATE PORT SOURCES	until standard input ends; then says {"made": ..., "reset": ...}
 *
 * KIND is silent (connects, and says nothing more), junk (says what nobody understands), or tls (a whole handshake,
 * by a certificate that nobody has heard of). With -6 before it, every source is a /64 of its own below
 * 2001:db8:f00::/40, which has to be local (ip -6 route add local 2001:db8:f00::/40 dev lo), and the manager is ::1;
 * otherwise sources are in 127.64.0.0/10.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELD		8192	/* connections kept, until the manager or their turn ends them */
#define TICK_MS		10

struct stranger {
	int fd;			/* -1: none */
	SSL *ssl;
	struct event *event;
};

static struct stranger held[HELD];
static struct event_base *base;
static SSL_CTX *context;
static const char *kind;
static bool six;
static unsigned int rate, port, sources, next_source, next_held;
static unsigned long made, cut;
static double owed;

/* ------------------------------------------------------------------ one of them */

static void forget(struct stranger *s)
{
	const struct linger now = { 1, 0 };

	if (s->fd < 0)
		return;
	event_free(s->event);
	SSL_free(s->ssl);
	setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(s->fd);
	*s = (struct stranger){ .fd = -1 };
}

static bool over(struct stranger *s)
{
	char octets[4096];
	ssize_t n;

	while ((n = recv(s->fd, octets, sizeof(octets), 0)) > 0)
		;
	return !n || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static bool shaken(struct stranger *s)
{
	int rc;

	ERR_clear_error();
	rc = SSL_is_init_finished(s->ssl) ? SSL_read(s->ssl, &(char){ 0 }, 1) : SSL_do_handshake(s->ssl);
	return rc > 0 || SSL_get_error(s->ssl, rc) == SSL_ERROR_WANT_READ;
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct stranger *s = arg;
	bool good;

	(void)fd;
	(void)what;
	good = s->ssl ? shaken(s) : !over(s);
	if (good)
		return;
	cut++;
	forget(s);
}

/* ------------------------------------------------------------------ and the next one */

static int open_six(void)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6 }, to = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	char text[INET6_ADDRSTRLEN];
	const int one = 1;

	snprintf(text, sizeof(text), "2001:db8:f%02x:%x::1", next_source >> 16 & 0xff, next_source & 0xffff);
	inet_pton(AF_INET6, text, &from.sin6_addr);
	setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS))
		err(1, "%s", text);
	return fd;
}

static int open_four(void)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	from.sin_addr.s_addr = htonl(0x7f400001 + next_source);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS))
		err(1, "a connection");
	return fd;
}

static void come(void)
{
	struct stranger *s = &held[next_held];
	static const char junk[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n\0\1\2\3\4";

	forget(s);
	s->fd = six ? open_six() : open_four();
	next_source = (next_source + 1) % sources;
	next_held = (next_held + 1) % HELD;
	made++;
	if (!strcmp(kind, "tls")) {
		s->ssl = SSL_new(context);
		SSL_set_fd(s->ssl, s->fd);
		SSL_set_accept_state(s->ssl);
	} else if (!strcmp(kind, "junk")) {
		/* connections to this node are there at once */
		(void)!send(s->fd, junk, sizeof(junk), MSG_NOSIGNAL);
	}
	s->event = event_new(base, s->fd, EV_READ | EV_PERSIST, on_event, s);
	event_add(s->event, NULL);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	static struct timeval before;
	struct timeval now;

	(void)fd;
	(void)what;
	(void)arg;
	evutil_gettimeofday(&now, NULL);
	if (before.tv_sec)
		owed += rate * ((double)(now.tv_sec - before.tv_sec) + (double)(now.tv_usec - before.tv_usec) / 1e6);
	before = now;
	for (; owed >= 1; owed--)
		come();
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	event_base_loopbreak(base);
}

/* ------------------------------------------------------------------ all of them */

static void make_context(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, 2);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME_add_entry_by_txt(name, "serialNumber", MBSTRING_ASC, (const unsigned char *)"SN000001", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	context = SSL_CTX_new(TLS_server_method());
	if (!X509_sign(x, key, EVP_sha256()) || SSL_CTX_use_certificate(context, x) != 1 ||
	    SSL_CTX_use_PrivateKey(context, key) != 1)
		errx(1, "no certificate");
	SSL_CTX_set_num_tickets(context, 0);
	X509_free(x);
	EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	const struct timeval tick = { 0, TICK_MS * 1000 };
	unsigned int i;

	if (argc > 1 && !strcmp(argv[1], "-6")) {
		six = true;
		argc--;
		argv++;
	}
	if (argc != 5)
		errx(2, "usage: strangers [-6] silent|junk|tls RATE PORT SOURCES");
	kind = argv[1];
	rate = (unsigned int)atoi(argv[2]);
	port = (unsigned int)atoi(argv[3]);
	sources = (unsigned int)atoi(argv[4]);
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	base = event_base_new();
	make_context();
	for (i = 0; i < HELD; i++)
		held[i].fd = -1;
	event_add(event_new(base, -1, EV_PERSIST, on_tick, NULL), &tick);
	event_add(event_new(base, STDIN_FILENO, EV_READ, on_end, NULL), NULL);
	event_base_dispatch(base);
	printf("{\"made\": %lu, \"reset\": %lu}\n", made, cut);
	return 0;
}
