// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many devices that call one manager by NETCONF over TLS, in one process: each has a certificate of its own
 * by an authority made here, greets, answers every rpc, and calls again when its connection ends, after a
 * random time that doubles while it is not let in.
 *
 *	devices N PORT DIRECTORY [PREFIX NETWORK]	writes DIRECTORY/ca.pem and devices.json, says "ready"
 *
 * A line on standard input begins; a number on a later one has so many hang up, and call again. With PREFIX their
 * names begin with that, and each has an address of its own in 127.NETWORK.0.0/16.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_FIRST_MS	500
#define WAIT_MAX_MS	8000
#define BUFFER		8192

struct device {
	X509 *certificate;
	SSL *ssl;
	int fd;
	struct event *in, *out, *again;
	struct in_addr source;
	unsigned int wait_ms;
	bool shaken, chunked;
	char text[BUFFER];
	size_t len;
};

static struct event_base *base;
static SSL_CTX *context;
static EVP_PKEY *key;
static struct sockaddr_in manager;
static unsigned long answered;
static struct device *all;
static unsigned int count;

static void call(struct device *d);

/* ------------------------------------------------------------------ certificates */

static X509 *certify(const char *name, const char *serial, X509 *issuer, long number)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	X509_EXTENSION *ca;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), number);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400 * 30L);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	if (serial)
		X509_NAME_add_entry_by_txt(subject, "serialNumber", MBSTRING_ASC,
					   (const unsigned char *)serial, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : subject);
	X509_set_pubkey(x, key);
	ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, issuer ? "critical,CA:FALSE" :
				 "critical,CA:TRUE");
	X509_add_ext(x, ca, -1);
	X509_EXTENSION_free(ca);
	if (!X509_sign(x, key, EVP_sha256()))
		errx(1, "cannot sign");
	return x;
}

static FILE *create(const char *dir, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		err(1, "%s", path);
	return f;
}

/* The key of all of them is the same, which costs the manager nothing less. */
static void make_devices(unsigned int n, const char *dir, const char *prefix, unsigned int network)
{
	X509 *ca = certify("bench authority", NULL, NULL, 1);
	FILE *f = create(dir, "ca.pem"), *list = create(dir, "devices.json");
	char serial[32];
	unsigned int i;

	all = calloc(n, sizeof(*all));
	count = n;
	PEM_write_X509(f, ca);
	for (i = 0; i < n; i++) {
		snprintf(serial, sizeof(serial), "SN%.8s%06u", prefix, i);
		all[i].certificate = certify("device", serial, ca, 2 + (long)i);
		all[i].fd = -1;
		all[i].source.s_addr = htonl(network ? 127u << 24 | network << 16 | (i + 1) : INADDR_LOOPBACK);
		fprintf(list, "{\"name\":\"%s%u\",\"identifier\":\"%s\",\"credential\":\"ops\"}\n", prefix, i, serial);
	}
	fclose(f);
	fclose(list);
	X509_free(ca);
}

/* ------------------------------------------------------------------ a session */

static void later(struct device *d)
{
	unsigned int ms = d->wait_ms / 2 + (unsigned int)(random() % (d->wait_ms / 2 + 1));
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(d->again, &tv);
	d->wait_ms = d->wait_ms * 2 > WAIT_MAX_MS ? WAIT_MAX_MS : d->wait_ms * 2;
}

static void hang_up(struct device *d)
{
	event_free(d->in);
	event_free(d->out);
	SSL_free(d->ssl);
	close(d->fd);
	d->in = d->out = NULL;
	d->ssl = NULL;
	d->fd = -1;
	later(d);
}

static void say(struct device *d, const char *text)
{
	char out[1024];
	int n = d->chunked ? snprintf(out, sizeof(out), "\n#%zu\n%s\n##\n", strlen(text), text) :
			     snprintf(out, sizeof(out), "%s]]>]]>", text);

	if (SSL_write(d->ssl, out, n) != n)
		d->len = BUFFER;	/* taken for the end */
}

static void greet(struct device *d)
{
	say(d, "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>"
	       "<capability>urn:ietf:params:netconf:base:1.1</capability></capabilities>"
	       "<session-id>1</session-id></hello>");
}

static void answer(struct device *d)
{
	const char *id = strstr(d->text, "message-id=\"");
	char out[512];

	snprintf(out, sizeof(out), "<rpc-reply xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" "
		 "message-id=\"%lu\"><data><x xmlns=\"urn:x\">y</x></data></rpc-reply>",
		 id ? strtoul(id + 12, NULL, 10) : 0);
	say(d, out);
	answered++;
}

/* One message at a time comes, so its end is the end of what there is. */
static void take(struct device *d)
{
	const char *end = d->chunked ? "\n##\n" : "]]>]]>";

	d->text[d->len] = '\0';
	if (!strstr(d->text, end))
		return;
	d->wait_ms = WAIT_FIRST_MS;
	if (d->chunked)
		answer(d);
	else
		d->chunked = true;
	if (d->len < BUFFER)
		d->len = 0;
}

static bool shake(struct device *d)
{
	int rc = d->shaken ? 1 : SSL_do_handshake(d->ssl);

	if (rc == 1) {
		if (!d->shaken)
			greet(d);
		d->shaken = true;
		return true;
	}
	if (SSL_get_error(d->ssl, rc) == SSL_ERROR_WANT_WRITE)
		event_add(d->out, NULL);
	else if (SSL_get_error(d->ssl, rc) != SSL_ERROR_WANT_READ)
		hang_up(d);
	return false;
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct device *d = arg;
	int n;

	(void)fd;
	(void)what;
	ERR_clear_error();
	if (!shake(d))
		return;
	while (d->len < BUFFER - 1) {
		n = SSL_read(d->ssl, d->text + d->len, (int)(BUFFER - 1 - d->len));
		if (n <= 0)
			break;
		d->len += (size_t)n;
		take(d);
	}
	if (d->len >= BUFFER - 1 || SSL_get_error(d->ssl, n) != SSL_ERROR_WANT_READ)
		hang_up(d);
}

static void call(struct device *d)
{
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr = d->source };
	const int one = 1;

	d->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0 || bind(d->fd, (const struct sockaddr *)&from, sizeof(from)))
		err(1, "socket");
	setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	d->shaken = d->chunked = false;
	d->len = 0;
	d->ssl = SSL_new(context);
	d->in = event_new(base, d->fd, EV_READ | EV_PERSIST, on_event, d);
	d->out = event_new(base, d->fd, EV_WRITE, on_event, d);
	if (!d->ssl || !d->in || !d->out || SSL_use_certificate(d->ssl, d->certificate) != 1 ||
	    SSL_use_PrivateKey(d->ssl, key) != 1)
		errx(1, "out of memory");
	SSL_set_fd(d->ssl, d->fd);
	SSL_set_accept_state(d->ssl);
	event_add(d->in, NULL);
	if (connect(d->fd, (struct sockaddr *)&manager, sizeof(manager)) && errno != EINPROGRESS)
		hang_up(d);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	call(arg);
}

/* ------------------------------------------------------------------ all of them */

static void on_line(evutil_socket_t fd, short what, void *arg)
{
	char line[64];
	ssize_t n = read(fd, line, sizeof(line) - 1);
	unsigned int i, most;

	(void)what;
	(void)arg;
	if (n <= 0) {
		event_base_loopbreak(base);
		return;
	}
	line[n] = '\0';
	most = (unsigned int)atoi(line);
	for (i = 0; i < count && i < most; i++)
		if (all[i].ssl)
			hang_up(&all[i]);
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	char begin[64];
	unsigned int i;

	if (argc != 4 && argc != 6)
		errx(2, "usage: devices N PORT DIRECTORY [PREFIX NETWORK]");
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	manager.sin_family = AF_INET;
	manager.sin_port = htons((uint16_t)atoi(argv[2]));
	manager.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	base = event_base_new();
	key = EVP_EC_gen("P-256");
	context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	make_devices((unsigned int)atoi(argv[1]), argv[3], argc == 6 ? argv[4] : "d",
		     argc == 6 ? (unsigned int)atoi(argv[5]) : 0);
	puts("ready");
	fflush(stdout);
	if (read(STDIN_FILENO, begin, sizeof(begin)) <= 0)
		return 0;
	event_add(event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_line, NULL), NULL);
	for (i = 0; i < count; i++) {
		all[i].again = evtimer_new(base, on_again, &all[i]);
		all[i].wait_ms = WAIT_FIRST_MS;
		later(&all[i]);
	}
	return event_base_dispatch(base) < 0;
}
