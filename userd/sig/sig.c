// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The signalling process: engines in the middle, the network on one side (sig/net.h), on the other
 * the kern process, whose gate is asked for rules, and the control process with its applications.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "herald.h"
#include "nslp/nslp.h"
#include "proc.h"
#include "sig/clock.h"
#include "sig/list.h"
#include "sig/net.h"
#include "sig/routes.h"
#include "sig/links.h"
#include "sig/stats.h"
#include "sig/stream.h"
#include "sig/tell.h"

#define EARLY_MAX	32	/* descriptors that may come before the configuration */
#define DOWN_STEP_MS	20
#define NTP_EPOCH	2208988800u	/* 1970 in seconds of NTP */

static struct {
	struct conf *conf;
	struct nslp *nslp;
	struct nslp_interface *interfaces;	/* of the configuration in use */
	struct { uint32_t which, arg; int fd; } early[EARLY_MAX];
	unsigned int early_count;
	struct event *down_step;
	unsigned int down_left;			/* ms */
} sig;

/* ---- configuration ---- */

static unsigned int read_interfaces(struct nslp_interface *to, const struct conf *c)
{
	unsigned int i, n = 0, ifindex;

	for (i = 0; i < c->interfaces; i++) {
		ifindex = links_index(c->interface[i].name);
		if (!ifindex)
			continue;	/* not there: told again when it comes */
		to[n++] = (struct nslp_interface){
			.ifindex = ifindex,
			.outside = c->interface[i].outside,
			.edge = c->interface[i].edge,
			.nat = c->interface[i].nat,
			.firewall = c->interface[i].firewall,
		};
	}
	return n;
}

static void read_key(struct nslp_config *n, const struct conf *c)
{
	unsigned int i;

	for (i = 0; c->nslp.key_id && i < c->key_count; i++) {
		if (c->keys[i].id != c->nslp.key_id)
			continue;
		n->key_id = c->keys[i].id;
		n->transform = c->keys[i].transform;
		n->key_len = c->keys[i].len;
		memcpy(n->key, c->keys[i].secret, sizeof(n->key));
		return;
	}
}

/* @interfaces has room for all of @c's. */
static void nslp_settings(struct nslp_config *n, const struct conf *c,
			  struct nslp_interface *interfaces)
{
	nslp_config_default(n);
	n->interface = interfaces;
	n->interfaces = read_interfaces(interfaces, c);
	n->forward = c->nslp.forward;
	n->respond = c->nslp.respond;
	n->proxy = c->nslp.proxy;
	n->need_reservation = c->nslp.need_reservation;
	n->lifetime = c->nslp.lifetime;
	n->lifetime_min = c->nslp.lifetime_min;
	n->lifetime_max = c->nslp.lifetime_max;
	n->transitory = c->nslp.transitory * 1000;
	n->sessions = c->nslp.sessions;
	n->sessions_per_peer = c->nslp.sessions_per_peer;
	n->secure = c->gist.tls == GIST_TLS_REQUIRED;
	read_key(n, c);
}

static struct nslp_interface *new_interfaces(const struct conf *c)
{
	return calloc(c->interfaces + 1, sizeof(struct nslp_interface));
}

/* The engine borrows the table: the old one goes when it has the new one. */
static void renew_nslp(void)
{
	struct nslp_interface *now = new_interfaces(sig.conf);
	struct nslp_config n;

	if (!sig.nslp || !now) {
		free(now);
		return;
	}
	nslp_settings(&n, sig.conf, now);
	nslp_reconfigure(sig.nslp, &n);
	explicit_bzero(n.key, sizeof(n.key));
	free(sig.interfaces);
	sig.interfaces = now;
}

static bool same_ports(const struct conf *a, const struct conf *b)
{
	return a->gist.port == b->gist.port && a->gist.tcp_port == b->gist.tcp_port &&
	       a->gist.tls_port == b->gist.tls_port && a->gist.ipv6 == b->gist.ipv6 &&
	       !a->gist.tls == !b->gist.tls;
}

/* What sockets are bound to, and TLS as such, stay as they were. */
static void keep_ports(struct conf *now, const struct conf *was)
{
	if (same_ports(now, was))
		return;
	log_warn(SUB_CONF, "ports, IPv6 and TLS of GIST change when natfwd is started again");
	now->gist.port = was->gist.port;
	now->gist.tcp_port = was->gist.tcp_port;
	now->gist.tls_port = was->gist.tls_port;
	now->gist.ipv6 = was->gist.ipv6;
	now->gist.tls = was->gist.tls;
}

static void ask_certificates(void)
{
	if (!sig.conf->gist.tls)
		return;
	proc_ask_fd(SOCKET_CERT, 0);
	proc_ask_fd(SOCKET_KEY, 0);
	proc_ask_fd(SOCKET_CA, 0);
}

static void reload(struct conf *was)
{
	struct gist_config g;

	keep_ports(sig.conf, was);
	net_gist_config(&g, sig.conf, proc_secrets()->identity);
	clock_enter();
	if (net.gist)
		gist_reconfigure(net.gist, &g);
	renew_nslp();
	clock_leave();
	net_reload();
	ask_certificates();
}

static void on_conf(struct conf *c)
{
	struct conf *was = sig.conf;
	unsigned int i;

	sig.conf = c;
	net.conf = c;
	if (was) {
		reload(was);
		conf_free(was);
		return;
	}
	for (i = 0; i < sig.early_count; i++)
		net_socket(sig.early[i].which, sig.early[i].arg, sig.early[i].fd);
	sig.early_count = 0;
}

static void on_socket(enum proc_socket which, uint32_t arg, int fd)
{
	if (sig.conf) {
		net_socket(which, arg, fd);
	} else if (fd >= 0 && sig.early_count == EARLY_MAX) {
		close(fd);
	} else if (fd >= 0) {
		sig.early[sig.early_count].which = which;
		sig.early[sig.early_count].arg = arg;
		sig.early[sig.early_count++].fd = fd;
	}
}

/* ---- what the NATFW engine wants ---- */

static int to_gate(void *arg, const struct gate_request *r, const struct gate_proof *proof)
{
	(void)arg;
	return proc_send2(PROC_KERN, MSG_GATE, r, sizeof(*r), proof, proof ? sizeof(*proof) : 0);
}

static void to_application(void *arg, const struct session_event *e)
{
	(void)arg;
	tell(e);
}

static void to_managers(void *arg, const struct nslp_session *s, enum session_state state, uint16_t code,
			const char *why)
{
	struct session_change c = { .state = state, .code = code };

	(void)arg;
	if (!herald_may())
		return;
	nslp_info(s, &c.info);
	list_hide(&c.info);
	snprintf(c.why, sizeof(c.why), "%s", why);
	herald(MSG_SESSION_CHANGE, &c, sizeof(c));
}

static void random_octets(void *arg, void *buf, size_t n)
{
	net_gist_io.random(arg, buf, n);
}

static uint64_t ntp(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &ts);
	return ((uint64_t)ts.tv_sec + NTP_EPOCH) << 32 |
	       ((uint64_t)ts.tv_nsec << 32) / 1000000000;
}

static const struct nslp_io nslp_io = {
	.gate = to_gate,
	.event = to_application,
	.changed = to_managers,
	.random = random_octets,
	.route = routes_find,
	.local = routes_local,
	.ntp = ntp,
};

/* ---- life ---- */

static void links_changed(void)
{
	if (sig.conf)
		renew_nslp();
}

static int on_init(struct event_base *base)
{
	int err = herald_init(base);

	net.links_changed = links_changed;
	return err ? err : net_init(base);
}

static void on_start(void)
{
	struct nslp_config n;
	struct gist_config g;

	sig.interfaces = sig.conf ? new_interfaces(sig.conf) : NULL;
	if (!sig.interfaces)
		proc_exit(EXIT_FAILURE);
	clock_enter();
	net_gist_config(&g, sig.conf, proc_secrets()->identity);
	net.gist = gist_create(&g, &net_gist_io, &net.timers);
	nslp_settings(&n, sig.conf, sig.interfaces);
	sig.nslp = net.gist ? nslp_create(&n, &nslp_io, net.gist, &net.timers) : NULL;
	explicit_bzero(n.key, sizeof(n.key));
	clock_leave();
	if (sig.nslp)
		return;
	log_error(SUB_NSLP, "no memory to start");
	proc_exit(EXIT_FAILURE);
}

static void on_peer(enum proc_id peer, bool again)
{
	list_stop(peer);
	if (peer == PROC_CTL)
		tell_forget();
	if (peer != PROC_KERN || !again || !sig.nslp)
		return;
	clock_enter();
	nslp_gate_restarted(sig.nslp);
	clock_leave();
}

static void on_drained(enum proc_id peer)
{
	if (peer == PROC_CTL)
		tell_drained();
}

static void end(void)
{
	tell_forget();
	nslp_destroy(sig.nslp);
	gist_destroy(net.gist);
	herald_fini();
	sig.nslp = NULL;
	net.gist = NULL;
	net_fini();
	proc_exit(EXIT_SUCCESS);
}

/* When what is queued has left, or time is up, it is over. */
static void down_step(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval step = { .tv_usec = DOWN_STEP_MS * 1000 };

	(void)fd;
	(void)what;
	(void)arg;
	if (!sig.down_step || stream_idle() || sig.down_left < 2 * DOWN_STEP_MS)
		end();
	sig.down_left -= DOWN_STEP_MS;
	event_add(sig.down_step, &step);
}

/*
 * Neighbours are not told: a NOTIFY about all sessions makes them void (RFC 5973 3.7.5), and here the
 * rules stay in the kernel until the daemon is back, which refreshes bring its sessions again.
 */
static void on_down(unsigned int ms)
{
	static const struct timeval step = { .tv_usec = DOWN_STEP_MS * 1000 };

	list_stop(PROC_CTL);
	list_stop(PROC_MGMT);
	if (!sig.nslp)
		proc_exit(EXIT_SUCCESS);
	clock_enter();
	nslp_shutdown(sig.nslp, false);
	clock_leave();
	sig.down_left = ms;
	sig.down_step = evtimer_new(net.base, down_step, NULL);
	if (!sig.down_step || event_add(sig.down_step, &step))
		end();
}

/* ---- messages ---- */

/* It ended before it began. */
static void refuse(const struct session_open *o, int err, const char *why)
{
	struct session_event e = { .token = o->token, .state = SESSION_DEAD, .kind = o->kind };

	memcpy(e.sid, o->sid, sizeof(e.sid));
	strncpy(e.why, why ? why : strerror(-err), sizeof(e.why) - 1);
	to_application(NULL, &e);
}

static void on_open(const struct session_open *o)
{
	const char *why = NULL;
	int err = nslp_app_open(sig.nslp, o, &why);

	if (err)
		refuse(o, err, why);
}

static bool from_kern(enum msg_type type, const void *data, size_t len)
{
	if (type != MSG_GATE_ANSWER || len != sizeof(struct gate_answer))
		return false;
	nslp_gate_answer(sig.nslp, data);
	return true;
}

static bool asked(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	uint64_t number;

	if ((type != MSG_SESSION_LIST && type != MSG_PEER_LIST && type != MSG_STATS) ||
	    len != sizeof(number))
		return false;
	memcpy(&number, data, sizeof(number));
	list_start(from, type, number, sig.nslp);
	return true;
}

static bool from_ctl(enum msg_type type, const void *data, size_t len)
{
	const uint8_t *octets = data;

	if (type == MSG_SESSION_OPEN && len == sizeof(struct session_open))
		on_open(data);
	else if (type == MSG_SESSION_REFRESH && len == GATE_SID)
		nslp_app_refresh(sig.nslp, octets);
	else if (type == MSG_SESSION_CLOSE && len == GATE_SID + 1)
		nslp_app_close(sig.nslp, octets, octets[GATE_SID]);
	else
		return asked(PROC_CTL, type, data, len);
	return true;
}

static void on_message(enum proc_id from, enum msg_type type, const void *data, size_t len)
{
	bool known = false;

	if (!sig.nslp)
		return;	/* who is restarted asks again */
	clock_enter();
	if (from == PROC_KERN)
		known = from_kern(type, data, len);
	else if (from == PROC_CTL)
		known = from_ctl(type, data, len);
	else if (from == PROC_MGMT)
		known = asked(from, type, data, len);
	clock_leave();
	if (!known)
		log_error(SUB_MAIN, "message not understood from=%u type=%u length=%zu", from, type,
			  len);
}

static void dump_one(void *arg, const struct stat_value *v)
{
	(void)arg;
	if (v->number)
		log_notice(SUB_MAIN, "%s=%llu", v->name, (unsigned long long)v->number);
}

static void on_dump(void)
{
	stats_each(sig.nslp, dump_one, NULL);
}

const struct proc_ops sig_ops = {
	.name = "sig",
	.init = on_init,
	.conf = on_conf,
	.socket = on_socket,
	.start = on_start,
	.peer = on_peer,
	.message = on_message,
	.down = on_down,
	.drained = on_drained,
	.dump = on_dump,
};
