// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "mgmt/certname.h"
#include "mgmt/credentials.h"
#include "mgmt/restconf.h"
#include "mgmt/revocation.h"
#include "mgmt/service.h"
#include "mgmt/session.h"
#include "mgmt/ssh.h"
#include "mgmt/transport.h"

#define LEAVE_MS	1000	/* that sshd has to end by itself */
#define ANEW_MIN	5	/* s between questions about a manager that is here */
#define ANEW_MAX	3600
#define ANEW_FAILED	60	/* s until the next one, when nobody answers */

struct transport {
	struct transport *next;
	const struct transport_ops *ops;
	void *arg;
	struct endpoint remote;
	char user[64];
	struct bufferevent *handshake;	/* of TLS; until it is known that the manager is not revoked */
	char identity[64];		/* that is shown to it */
	STACK_OF(X509) *chain;		/* what it was accepted by */
	struct revocation *check;
	struct event *anew;		/* it is asked about again */
	time_t good;			/* until when what was said of it last is */
	bool http;			/* what is spoken then */
	struct bufferevent *plain;	/* until soon comes */
	struct event *soon;
	struct ssh *ssh;
	struct session *session;
	struct restconf *restconf;	/* instead of a session */
	struct service *service;
	char offered[64];		/* name of the service; empty: management */
	/* a session over SSH is over when sshd is */
	enum session_end end;
	bool ended;
	char why[96];
	enum call_error reason;		/* that it was ended for from here; CALL_NONE: it was not */
};

static struct event_base *loop;
static const struct conf_mgmt *conf;
static struct transport *transports;

const char *transport_name(enum conf_transport which)
{
	static const char *const names[] = {
		[CALL_TLS_TRANSPORT] = "tls", [CALL_SSH_TRANSPORT] = "ssh",
		[CALL_RESTCONF_TRANSPORT] = "restconf",
		[CALL_RELAY_TRANSPORT] = "relay", [CALL_PLAIN_TRANSPORT] = "relay-plain",
	};

	return which < sizeof(names) / sizeof(names[0]) && names[which] ? names[which] : "unknown";
}

/* Of subscriptions nothing may come for long. */
bool transport_waits(const struct transport *t)
{
	return (t->session && t->session->sub) || restconf_waits(t->restconf);
}

/* ------------------------------------------------------------------ the end */

/* Who has come through it is told that it is over (RFC 7589, 4). */
static void drop_handshake(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	bufferevent_free(bev);
}

static void drop_plain(struct transport *t)
{
	if (t->plain)
		bufferevent_free(t->plain);
	if (t->soon)
		event_free(t->soon);
}

static void unlink_transport(const struct transport *t)
{
	struct transport **at = &transports;

	while (*at && *at != t)
		at = &(*at)->next;
	if (*at)
		*at = t->next;
}

void transport_close(struct transport *t)
{
	bool was_up;

	if (!t)
		return;
	unlink_transport(t);
	was_up = t->session;
	if (t->handshake)
		drop_handshake(t->handshake);
	drop_plain(t);
	revocation_cancel(t->check);
	if (t->anew)
		event_free(t->anew);
	sk_X509_pop_free(t->chain, X509_free);
	session_destroy(t->session);
	restconf_destroy(t->restconf);
	service_close(t->service);
	ssh_close(t->ssh, was_up ? LEAVE_MS : 0);
	free(t);
}

bool transport_leave(struct transport *t, const char *why)
{
	if (t->session)
		session_leave(t->session, SESSION_PARTED, why);
	else if (t->restconf)
		restconf_leave(t->restconf, why);
	return t->session || t->restconf || t->ended;
}

static void over(struct transport *t, enum call_error error, const char *why)
{
	const struct transport_ops *ops = t->ops;
	void *arg = t->arg;
	char text[96];

	/* it may be of what goes with the transport */
	snprintf(text, sizeof(text), "%s", why);
	transport_close(t);
	ops->over(arg, error, text);
}

/* ------------------------------------------------------------------ a session */

static enum call_error error_of(enum session_end end)
{
	if (end == SESSION_PARTED)
		return CALL_NONE;
	return end == SESSION_CLOSED || end == SESSION_KILLED || end == SESSION_LEFT ? CALL_CLOSED :
	       CALL_LOST;
}

static void on_active(void *arg)
{
	struct transport *t = arg;

	t->ops->active(t->arg);
}

static void on_over(void *arg, enum session_end end, const char *why)
{
	struct transport *t = arg;

	t->session = NULL;
	t->restconf = NULL;
	if (!t->ssh) {
		over(t, t->reason ? t->reason : error_of(end), why);
		return;
	}
	/* what sshd still has goes out, and its end tells whether the manager closed the connection */
	t->end = end;
	t->ended = true;
	snprintf(t->why, sizeof(t->why), "%s", why);
	ssh_leave(t->ssh, LEAVE_MS);
}

static const struct session_ops session_ops = { on_active, on_over };

static bool begin_session(struct transport *t, struct bufferevent *bev, const char *user,
			  const char *how)
{
	snprintf(t->user, sizeof(t->user), "%s", user);
	if (t->http)
		t->restconf = restconf_create(bev, user, &t->remote, &session_ops, t);
	else
		t->session = session_create(bev, user, how, &t->remote, &session_ops, t);
	return t->session || t->restconf;
}

/* ------------------------------------------------------------------ a service */

static void on_service_over(void *arg, enum call_error error, const char *why)
{
	struct transport *t = arg;

	t->service = NULL;
	over(t, error, why);
}

static const struct service_ops service_ops = { on_active, on_service_over };

static bool begin_service(struct transport *t, struct bufferevent *bev)
{
	const struct conf_service *c = NULL;
	unsigned int i;

	for (i = 0; conf && i < conf->services; i++)
		if (!strcmp(conf->service[i].name, t->offered))
			c = &conf->service[i];
	if (c)
		t->service = service_open(bev, c, &service_ops, t);
	else
		bufferevent_free(bev);
	return t->service;
}

/* ------------------------------------------------------------------ TLS */

static bool begin(struct transport *t, struct bufferevent *bev, const char *user)
{
	snprintf(t->user, sizeof(t->user), "%s", user);
	return *t->offered ? begin_service(t, bev) : begin_session(t, bev, user, "netconf-tls");
}

/* Who it is, by its certificate, before a word is said (RFC 7589, 7; RFC 8040, 2.5). */
static void let_in(struct transport *t)
{
	struct bufferevent *bev = t->handshake;
	char user[64];

	if (!certname_map(conf->rule, conf->rules, t->chain, user, sizeof(user))) {
		over(t, CALL_MAPPING, "no cert-to-name fits the manager's certificate");
		return;
	}
	t->handshake = NULL;
	if (begin(t, bev, user))
		t->ops->up(t->arg, user);
	else
		over(t, CALL_LOCAL, "out of memory");
}

static void on_checked(void *arg, const struct ocsp_answer *a);

/* Whether anybody is asked about the manager. */
static bool asks(const struct transport *t)
{
	const struct conf_ocsp *o = credentials_ocsp(t->identity);

	return o && o->managers != OCSP_NOT_ASKED;
}

/* Authorities and lists may have been read since its chain was looked at. False: it is over. */
static bool still_accepted(struct transport *t)
{
	bool revoked;
	const char *why = credentials_again(t->identity, t->chain, &revoked);

	if (why)
		over(t, revoked ? CALL_REVOKED : credentials_usable(t->identity) ? CALL_CERTIFICATE : CALL_LOCAL,
		     why);
	return !why;
}

/*
 * Its chain leads to an authority of ours, or did when it was shown: whoever is slow with the rest of the handshake has
 * what there was when that began. What is sent on it meanwhile waits.
 */
static void on_secured(struct transport *t)
{
	const SSL *ssl = bufferevent_openssl_get_ssl(t->handshake);
	char user[64];

	t->chain = X509_chain_up_ref(SSL_get0_verified_chain(ssl));
	if (t->chain && !credentials_are_of(t->identity, ssl) && !still_accepted(t))
		return;
	/* nobody is asked about who would not be let in anyway */
	if (!t->chain || !asks(t) ||
	    !certname_map(conf->rule, conf->rules, t->chain, user, sizeof(user))) {
		let_in(t);
		return;
	}
	t->check = revocation_check(loop, credentials_ocsp(t->identity), t->chain, false, on_checked, t);
	if (!t->check)
		over(t, CALL_LOCAL, "out of memory");
}

/* ------------------------------------------------------------------ still wanted? */

/* What it is about to be told gets out, if that takes no time. */
static void on_hang_up(evutil_socket_t fd, short what, void *arg)
{
	struct transport *t = arg;

	(void)fd;
	(void)what;
	over(t, t->reason, t->why);
}

static void log_hang_up(const struct transport *t)
{
	char subject[200], text[2 * sizeof(subject)], user[LOG_NAME];

	X509_NAME_oneline(X509_get_subject_name(sk_X509_value(t->chain, 0)), subject, sizeof(subject));
	log_notice(SUB_MGMT, "manager not wanted any more user=\"%s\" certificate=\"%s\" reason=%s text=\"%s\"",
		   log_name(t->user, user, sizeof(user)),
		   log_name(subject, text, sizeof(text)), call_error_name(t->reason), t->why);
}

static void hang_up(struct transport *t, enum call_error reason, const char *why)
{
	const struct timeval soon = { 0, 200000 };

	/* who is to leave when it has been answered is not waited for if there is more against it */
	if (t->reason && (t->reason != CALL_MAPPING || reason == CALL_MAPPING))
		return;
	t->reason = reason;
	snprintf(t->why, sizeof(t->why), "%s", why);
	log_hang_up(t);
	/* it may be the manager itself that has changed the rules, and is to hear what came of it */
	if (t->session && reason == CALL_MAPPING)
		session_leave(t->session, SESSION_KILLED, t->why);
	else if (t->restconf && reason == CALL_MAPPING)
		restconf_leave(t->restconf, t->why);
	else if (t->session)
		session_end(t->session, SESSION_KILLED, t->why);
	else if (!t->soon)
		t->soon = evtimer_new(loop, on_hang_up, t);
	if (t->soon)
		event_add(t->soon, &soon);
}

static bool is_up(const struct transport *t)
{
	return t->chain && !t->handshake && !t->ended;
}

static void on_anew(evutil_socket_t fd, short what, void *arg);

static void ask_again(struct transport *t, time_t seconds)
{
	const struct timeval tv = {
		seconds < ANEW_MIN ? ANEW_MIN : seconds > ANEW_MAX ? ANEW_MAX : seconds, 0,
	};

	if (!t->anew)
		t->anew = evtimer_new(loop, on_anew, t);
	if (t->anew)
		event_add(t->anew, &tv);
}

/* One is revoked; whoever else has that certificate, or one by it, is not asked about first. */
static void sweep(void)
{
	struct transport *t;

	for (t = transports; t; t = t->next)
		if (is_up(t) && revocation_known(t->chain))
			hang_up(t, CALL_REVOKED, "certificate revoked");
}

/* What was said before is good for a while, whoever does not answer now. */
static void checked_again(struct transport *t, const struct ocsp_answer *a, bool required)
{
	time_t now = time(NULL);

	if (a->standing == STANDING_GOOD) {
		t->good = a->until;
		/* 0: there is nobody above it to be asked */
		if (a->until)
			ask_again(t, a->until > now ? (a->until - now) / 2 : 0);
	} else if (required && now > t->good) {
		hang_up(t, CALL_UNCHECKED, a->why);
	} else {
		ask_again(t, t->good > now && t->good - now < ANEW_FAILED ? t->good - now + 1 : ANEW_FAILED);
	}
}

/* Lists may have been read while it waited, or somebody asked who was told. */
static void let_in_late(struct transport *t)
{
	if (revocation_known(t->chain))
		over(t, CALL_REVOKED, "certificate revoked");
	else if (still_accepted(t))
		let_in(t);
}

static void on_checked(void *arg, const struct ocsp_answer *a)
{
	struct transport *t = arg;
	const struct conf_ocsp *o = credentials_ocsp(t->identity);
	bool required = !o || o->managers == OCSP_REQUIRED;
	bool waiting = t->handshake;

	t->check = NULL;
	if (a->standing == STANDING_REVOKED) {
		if (waiting)
			over(t, CALL_REVOKED, a->why);
		else
			hang_up(t, CALL_REVOKED, a->why);
		sweep();
		return;
	}
	/* that nobody answers is one thing; many that come at once do not get each other past it */
	if (waiting && a->standing == STANDING_UNKNOWN && (required || a->unasked)) {
		over(t, CALL_UNCHECKED, a->why);
		return;
	}
	checked_again(t, a, required);
	if (waiting)
		let_in_late(t);
}

static void on_anew(evutil_socket_t fd, short what, void *arg)
{
	struct transport *t = arg;

	(void)fd;
	(void)what;
	if (!asks(t) || !is_up(t))
		return;
	t->check = revocation_check(loop, credentials_ocsp(t->identity), t->chain, true, on_checked, t);
	if (!t->check)
		ask_again(t, ANEW_FAILED);
}

/* By new rules it may be nobody, or somebody else: nobody's name changes on a connection. */
static void map_again(struct transport *t)
{
	char user[64];

	if (!certname_map(conf->rule, conf->rules, t->chain, user, sizeof(user)))
		hang_up(t, CALL_MAPPING, "no cert-to-name fits the manager's certificate any more");
	else if (strcmp(user, t->user) != 0)
		hang_up(t, CALL_MAPPING, "cert-to-name gives the manager another name now");
}

void transport_renewed(const char *name)
{
	struct transport *t;
	const char *why;
	bool revoked;

	for (t = transports; t; t = t->next) {
		if (!is_up(t) || strcmp(t->identity, name) != 0)
			continue;
		why = credentials_again(name, t->chain, &revoked);
		if (why)
			hang_up(t, revoked ? CALL_REVOKED : CALL_CERTIFICATE, why);
		else if (asks(t) && !t->check && !(t->anew && evtimer_pending(t->anew, NULL)))
			/* what is asked may be new */
			ask_again(t, 0);
	}
}

static void on_handshake(struct bufferevent *bev, short what, void *arg)
{
	const SSL *ssl = bufferevent_openssl_get_ssl(bev);
	struct transport *t = arg;
	const char *why;
	bool certificate;

	if (what & BEV_EVENT_CONNECTED) {
		on_secured(t);
		return;
	}
	why = credentials_error(ssl, bufferevent_get_openssl_error(bev), &certificate);
	over(t, SSL_get_verify_result(ssl) == X509_V_ERR_CERT_REVOKED ? CALL_REVOKED :
		certificate ? CALL_CERTIFICATE : CALL_TLS, why);
}

/* The manager begins: it is the client of TLS, whoever opened the connection (RFC 8071, 3.1, S3). */
static const char *open_tls(struct transport *t, int fd, const struct transport_want *w)
{
	SSL *ssl = credentials_accept(w->endpoint->identity);

	t->http = w->endpoint->transport == CALL_RESTCONF_TRANSPORT;
	snprintf(t->identity, sizeof(t->identity), "%s", w->endpoint->identity);
	if (ssl && t->http)
		credentials_offer(ssl, "http/1.1");
	if (ssl)
		t->handshake = bufferevent_openssl_socket_new(loop, fd, ssl,
				BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (!t->handshake) {
		/* libevent has freed @ssl */
		close(fd);
		return ssl ? "out of memory" : "the identity has nothing usable";
	}
	bufferevent_setcb(t->handshake, NULL, NULL, on_handshake, t);
	return NULL;
}

/* ------------------------------------------------------------------ SSH */

static bool is_user(const char *name)
{
	unsigned int i;

	for (i = 0; conf && i < conf->ssh.user_keys; i++)
		if (!strcmp(conf->ssh.user_key[i].user, name))
			return true;
	return false;
}

static void on_ssh_up(void *arg, struct bufferevent *bev, const char *user)
{
	struct transport *t = arg;

	/* its key may have been taken away just now */
	if (!is_user(user)) {
		bufferevent_free(bev);
		over(t, CALL_AUTHENTICATION, "not a user any more");
	} else if (begin_session(t, bev, user, "netconf-ssh")) {
		t->ops->up(t->arg, user);
	} else {
		over(t, CALL_LOCAL, "out of memory");
	}
}

/* The relay sees the end of the connection and that of the channel alike; sshd does not. */
static void on_ssh_end(void *arg, enum ssh_how how, const char *why)
{
	struct transport *t = arg;

	t->ssh = NULL;
	if (!t->ended && t->session)
		over(t, how == SSH_LEFT ? CALL_CLOSED : CALL_LOST, why);
	else if (!t->ended)
		over(t, how == SSH_FAILED ? CALL_LOCAL : CALL_AUTHENTICATION, why);
	else if (t->end == SESSION_LEFT && how == SSH_ENDED)
		over(t, CALL_LOST, why);
	else
		over(t, error_of(t->end), t->why);
}

static const struct ssh_ops ssh_ops = { on_ssh_up, on_ssh_end };

static const char *open_ssh(struct transport *t, int fd, const struct transport_want *w)
{
	t->ssh = ssh_open(fd, w->client, w->endpoint->name, &ssh_ops, t);
	return t->ssh ? NULL : "sshd cannot be asked for";
}

/* ------------------------------------------------------------------ plain */

/* Nothing is to be found out, but that is told by the loop like the rest. */
static void on_plain(evutil_socket_t fd, short what, void *arg)
{
	struct transport *t = arg;
	struct bufferevent *bev = t->plain;

	(void)fd;
	(void)what;
	t->plain = NULL;
	if (begin_service(t, bev))
		t->ops->up(t->arg, "");
	else
		over(t, CALL_LOCAL, "the service cannot be offered");
}

static const char *open_plain(struct transport *t, int fd)
{
	const struct timeval now = { 0, 0 };

	t->plain = bufferevent_socket_new(loop, fd, BEV_OPT_CLOSE_ON_FREE);
	t->soon = evtimer_new(loop, on_plain, t);
	if (!t->plain)
		close(fd);
	if (t->plain && t->soon && !event_add(t->soon, &now))
		return NULL;
	drop_plain(t);
	return "out of memory";
}

/* ------------------------------------------------------------------ all */

static const char *open_as(struct transport *t, int fd, const struct transport_want *w)
{
	switch (w->endpoint->transport) {
	case CALL_SSH_TRANSPORT:
		return open_ssh(t, fd, w);
	case CALL_PLAIN_TRANSPORT:
		return open_plain(t, fd);
	default:
		return open_tls(t, fd, w);
	}
}

void transport_init(struct event_base *base)
{
	loop = base;
	service_init(base);
}

void transport_conf(const struct conf_mgmt *m)
{
	struct transport *t, *next;

	conf = m;
	for (t = transports; t; t = next) {
		next = t->next;
		if (t->ssh && t->session && !is_user(t->user))
			session_leave(t->session, SESSION_KILLED, "not a user any more");
		else if (is_up(t))
			map_again(t);
	}
}

struct transport *transport_open(int fd, const struct transport_want *w,
				 const struct transport_ops *ops, void *arg, const char **why)
{
	struct transport *t = calloc(1, sizeof(*t));

	*why = "out of memory";
	if (!t) {
		close(fd);
		return NULL;
	}
	t->ops = ops;
	t->arg = arg;
	t->remote = w->remote;
	if (w->endpoint->transport == CALL_RELAY_TRANSPORT ||
	    w->endpoint->transport == CALL_PLAIN_TRANSPORT)
		snprintf(t->offered, sizeof(t->offered), "%s", w->endpoint->service);
	*why = open_as(t, fd, w);
	if (*why) {
		free(t);
		return NULL;
	}
	t->next = transports;
	transports = t;
	return t;
}
