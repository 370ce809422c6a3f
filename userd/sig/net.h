/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network side of the signalling process: sockets and clock around the GIST engine. One of it
 * in a process. Every way in from the event loop is between clock_enter() and clock_leave().
 */
#ifndef _NATFWD_SIG_NET_H
#define _NATFWD_SIG_NET_H

#include <event2/event.h>

#include "conf/conf.h"
#include "gist/gist.h"
#include "proc.h"

enum net_counter {
#define NET_COUNTER(name, text) NET_N_##name,
#include "sig/counter.def"
#undef NET_COUNTER
	NET_COUNTERS,
};

struct net {
	struct event_base *base;
	struct timers timers;
	struct gist *gist;		/* NULL: not started, or ended */
	const struct conf *conf;	/* in force; whoever runs the process owns it */
	uint64_t counter[NET_COUNTERS];
	void (*links_changed)(void);	/* interfaces came, went or were renamed; may be NULL */
};

extern struct net net;

static inline void net_count(enum net_counter c)
{
	net.counter[c]++;
}

const char *net_counter_name(enum net_counter c);
const char *net_counter_help(enum net_counter c);

/* Set up, before there are sockets. 0 or -errno. */
int net_init(struct event_base *base);
/* A descriptor of the monitor, which is owned here from now on; -1: there is none. */
void net_socket(enum proc_socket which, uint32_t arg, int fd);
/* net.conf has changed. */
void net_reload(void);
/* The engine's way out; one for the process. */
extern const struct gist_io net_gist_io;
/* Settings of the engine from configuration. @identity: 16 octets. */
void net_gist_config(struct gist_config *g, const struct conf *c, const uint8_t identity[16]);
/* End: streams are closed, sockets too. After the engine is gone. */
void net_fini(void);

#endif /* _NATFWD_SIG_NET_H */
