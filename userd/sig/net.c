// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "sig/clock.h"
#include "sig/intercept.h"
#include "sig/listen.h"
#include "sig/net.h"
#include "sig/raw.h"
#include "sig/routes.h"
#include "sig/sockets.h"
#include "sig/stream.h"
#include "sig/tls.h"
#include "sig/udp.h"

struct net net;

static const struct {
	const char *name, *help;
} counters[] = {
#define NET_COUNTER(name, text) [NET_N_##name] = { #name, text },
#include "sig/counter.def"
#undef NET_COUNTER
};

const char *net_counter_name(enum net_counter c)
{
	return counters[c].name;
}

const char *net_counter_help(enum net_counter c)
{
	return counters[c].help;
}

/* The kernel's generator: always there once it has been started, and then it does not wait. */
static void fresh_random(uint8_t *at, size_t n)
{
	ssize_t got;

	while (n) {
		got = getrandom(at, n, 0);
		if (got < 0 && errno != EINTR)
			proc_exit(1);	/* nothing here is safe without */
		if (got <= 0)
			continue;
		at += got;
		n -= (size_t)got;
	}
}

/* Handshakes take a few octets each, from a store; what was given out is in it no more. */
static void strong_random(void *arg, void *buf, size_t n)
{
	static struct {
		uint8_t octets[512];
		size_t left;
	} store;

	(void)arg;
	if (n > sizeof(store.octets)) {
		fresh_random(buf, n);
		return;
	}
	if (n > store.left) {
		fresh_random(store.octets, sizeof(store.octets));
		store.left = sizeof(store.octets);
	}
	store.left -= n;
	memcpy(buf, store.octets + store.left, n);
	explicit_bzero(store.octets + store.left, n);
}

const struct gist_io net_gist_io = {
	.datagram = udp_send,
	.qmode = raw_qmode,
	.forward = intercept_forward,
	.connect = stream_connect,
	.stream = stream_write,
	.backlog = stream_backlog,
	.close = stream_close,
	.route = routes_find,
	.local = routes_local,
	.ingress = routes_ingress,
	.interface_address = routes_interface_address,
	.random = strong_random,
};

int net_init(struct event_base *base)
{
	net.base = base;
	tls_init();
	return clock_init();
}

static uint16_t udp_port(uint32_t arg)
{
	return arg ? SIG_PORT : net.conf->gist.port;
}

/* Certificate, key and authorities come in this order; only all of them are of use. */
static void certificate(enum proc_socket which, int fd)
{
	tls_file(which, fd);
	if (which != SOCKET_CA)
		return;
	if (tls_load())
		log_info(SUB_NET, "TLS certificates loaded");
	else
		log_error(SUB_NET, tls_ready() ? "the TLS certificates in use are kept"
					       : "there is no TLS without certificates");
}

void net_socket(enum proc_socket which, uint32_t arg, int fd)
{
	if (fd < 0)
		return;
	switch (which) {
	case SOCKET_UDP4:
	case SOCKET_UDP6:
		udp_socket(which == SOCKET_UDP4 ? 4 : 6, udp_port(arg), fd);
		break;
	case SOCKET_RAW4:
	case SOCKET_RAW6:
		raw_socket(which == SOCKET_RAW4 ? 4 : 6, fd);
		break;
	case SOCKET_RAO4:
	case SOCKET_RAO6:
		intercept_alert(which == SOCKET_RAO4 ? 4 : 6, fd);
		break;
	case SOCKET_TRAP:
		intercept_trap(fd);
		break;
	case SOCKET_TCP:
	case SOCKET_TLS:
		listen_socket(which == SOCKET_TLS, arg, fd);
		break;
	case SOCKET_ROUTE:
		routes_socket(arg, fd);
		break;
	case SOCKET_CERT:
	case SOCKET_KEY:
	case SOCKET_CA:
		certificate(which, fd);
		break;
	default:
		close(fd);
	}
}

void net_reload(void)
{
	clock_enter();
	stream_review();
	clock_leave();
}

void net_gist_config(struct gist_config *g, const struct conf *c, const uint8_t identity[16])
{
	gist_config_default(g);
	memcpy(g->identity, identity, 16);
	g->identity_len = 16;
	g->port = c->gist.port;
	g->tcp_port = c->gist.tcp_port;
	g->tls_port = c->gist.tls_port;
	g->tls = c->gist.tls;
	g->t1 = c->gist.t1;
	g->t2 = c->gist.t2;
	g->validity = c->gist.validity;
	g->hold = c->gist.hold;
	g->rate = c->gist.rate;
	g->states = c->gist.states;
	g->associations = c->gist.associations;
	if (c->gist.old_numbers)
		g->allow |= GIST_ALLOW_LOOSE_UPSTREAM;
}

void net_fini(void)
{
	stream_fini();
	listen_fini();
	intercept_fini();
	udp_fini();
	raw_fini();
	routes_fini();
	tls_fini();
	clock_fini();
}
