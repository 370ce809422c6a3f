// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <linux/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "manager/manager.h"
#include "manager/relay.h"
#include "manager/wire.h"

#define BYE_SECONDS	3
#define LOOKS		10	/* in the time for a handshake, whether anything comes */
#define LINES_MAX	20	/* a second, in the log, about those that are not let in */

struct session {
	struct manager *m;
	struct session *next, *previous;
	struct wire *wire;
	struct engine *engine;
	struct relay_call *call;	/* instead of an engine */
	const struct settings_listen *listen;
	struct device *device;		/* that it proved to be; NULL until then */
	const struct credential *credential;
	struct identity id;		/* by its certificate, until OCSP has been looked at */
	struct source *source;		/* while the handshake lasts */
	struct event *timer;
	struct sockaddr_storage from;
	uint64_t since;
	session_answer_fn answer;	/* a question is on its way */
	void *arg;
	int fd;				/* the wire's; to look whether anything came, during the handshake */
	uint64_t patience;		/* ms left for the handshake after the timer that is running */
	bool exclusive, established, leaving, dead;
	bool unproved;			/* it has its certificate's key, but OCSP has not said that it is good */
};

/* ------------------------------------------------------------------ the end */

static void unlink_session(struct session *s)
{
	struct manager *m = s->m;

	*(s->previous ? &s->previous->next : &m->sessions) = s->next;
	if (s->next)
		s->next->previous = s->previous;
}

static void answer_failed(struct session *s, const char *why)
{
	const struct answer a = {
		.outcome = OUTCOME_FAILED, .tag = "", .path = "", .message = why,
	};
	session_answer_fn fn = s->answer;

	s->answer = NULL;
	if (fn)
		fn(s->arg, &a);
}

static void end_handshake(struct session *s, enum admit_result result)
{
	struct source *source = s->source;

	if (!source)
		return;
	s->source = NULL;
	if (!admit_end(s->m->admit, source, result, manager_now())) {
		char text[SOURCE_TEXT];

		manager_source_text(&s->from, text);
		log_notice(SUB_NET, "source blocked source=%s", text);
	}
	if (!s->m->ending)
		door_pump(s->m->door);
}

/* Freed in a later turn of the loop: whoever found out is within the wire or the engine. */
static void bury(struct session *s, const char *why, enum admit_result result)
{
	struct manager *m = s->m;
	struct device *d = s->device;

	if (s->dead)
		return;
	s->dead = true;
	event_del(s->timer);
	if (d && d->session == s) {
		d->session = NULL;
		m->live--;
		m->count.ended++;
		log_info(SUB_NET, "session ended device=%s why=%s", d->record.name, why);
	}
	s->device = NULL;
	if (s->call) {
		log_info(SUB_NET, "call ended service=%s device=%s why=%s", s->listen->service,
			 d ? d->record.name : "-", why);
		m->count.ended++;
		relay_gone(s->call);
		s->call = NULL;
	}
	unlink_session(s);
	s->next = m->dead;
	m->dead = s;
	event_active(m->reap, EV_TIMEOUT, 0);
	answer_failed(s, why);
	end_handshake(s, result);
}

static void free_session(struct session *s)
{
	if (s->engine)
		s->engine->ops->free(s->engine);
	if (s->wire)
		wire_close(s->wire);
	ident_done(&s->id);
	event_free(s->timer);
	free(s);
}

void session_end_all(struct manager *m)
{
	while (m->sessions)
		bury(m->sessions, "the manager ends", RESULT_NEITHER);
}

void session_reap(struct manager *m)
{
	struct session *s;

	while ((s = m->dead)) {
		m->dead = s->next;
		free_session(s);
	}
}

/* Whoever fills the ports does not fill the log. */
static bool may_tell(struct manager *m)
{
	uint64_t second = manager_now() / 1000;

	if (second != m->told) {
		if (m->untold)
			log_notice(SUB_NET, "more that were not let in count=%u", m->untold);
		m->told = second;
		m->lines = m->untold = 0;
	}
	if (m->lines++ < LINES_MAX)
		return true;
	m->untold++;
	return false;
}

/* What went wrong before there was a session. */
static void fail(struct session *s, const char *why)
{
	char text[SOURCE_TEXT];

	manager_source_text(&s->from, text);
	if (may_tell(s->m))
		log_info(SUB_NET, "handshake failed source=%s transport=%s why=%s", text,
			 transport_names[s->listen->transport], why ? why : "closed");
	bury(s, why ? why : "closed", s->unproved ? RESULT_NEITHER : RESULT_BAD);
}

void session_end(struct session *s, bool bye, const char *why)
{
	const struct timeval soon = { BYE_SECONDS, 0 };

	if (s->dead)
		return;
	if (!bye || !s->engine || !s->established || s->leaving || session_busy(s)) {
		bury(s, why, RESULT_NEITHER);
		return;
	}
	s->leaving = true;
	event_add(s->timer, &soon);
	s->engine->ops->bye(s->engine);
}

void session_close_device(struct manager *m, struct device *d, const char *why)
{
	struct session *s, *next;

	for (s = m->sessions; s; s = next) {
		next = s->next;
		if (s->device == d && s->established)
			session_end(s, true, why);
	}
}

void session_forget_device(struct manager *m, struct device *d)
{
	struct session *s, *next;

	for (s = m->sessions; s; s = next) {
		next = s->next;
		if (s->device == d)
			bury(s, "the device is not expected any more", RESULT_NEITHER);
	}
}

/* ------------------------------------------------------------------ who it is */

static void refuse(struct session *s, const struct identity *id, const char *why)
{
	struct refusal r = { .transport = s->listen->transport };

	memcpy(r.digest, id->digest, DIGEST_SIZE);
	memcpy(r.identifier, id->identifier, sizeof(r.identifier));
	snprintf(r.reason, sizeof(r.reason), "%s", why);
	manager_source_text(&s->from, r.source);
	s->m->count.refused++;
	inventory_refuse(&s->m->inventory, &r, (uint64_t)time(NULL));
	if (may_tell(s->m))
		log_notice(SUB_NET, "refused source=%s transport=%s identifier=%s why=%s", r.source,
			   transport_names[s->listen->transport], *r.identifier ? r.identifier : "-", why);
}

static const struct credential *bound(struct session *s, const struct identity *id)
{
	struct manager *m = s->m;
	int i;

	if (!id->device) {
		refuse(s, id, id->reason);
		return NULL;
	}
	i = settings_credential_find(m->settings, id->device->record.credential);
	if (i < 0) {
		refuse(s, id, "no credential is bound to the device");
		return NULL;
	}
	s->device = id->device;
	s->exclusive = id->exclusive;
	s->credential = &m->credentials[i];
	return s->credential;
}

static const struct credential *on_certificate(void *arg, X509 *leaf, STACK_OF(X509) *chain)
{
	struct session *s = arg;

	/* shown once: who it is does not change on a connection */
	if (s->dead || s->device)
		return NULL;
	ident_done(&s->id);
	ident_certificate(s->m->ident, &s->m->inventory, leaf, chain, time(NULL), &s->id);
	return bound(s, &s->id);
}

static bool on_stapled(void *arg, const uint8_t *der, size_t len)
{
	struct session *s = arg;
	bool asked = s->id.by;
	const char *why = s->dead ? "closed" : ident_stapled(&s->id, der, len);

	ident_done(&s->id);
	if (!why) {
		s->m->count.stapled += asked && der;
		return true;
	}
	refuse(s, &s->id, why);
	s->device = NULL;
	/* a device may have none to show just after it has started, and its neighbours with it */
	s->unproved = !ident_tells_revoked(why);
	return false;
}

static const struct credential *on_host_key(void *arg, const uint8_t digest[DIGEST_SIZE])
{
	struct session *s = arg;
	struct identity id;

	if (s->dead || s->device)
		return NULL;
	ident_host_key(&s->m->inventory, digest, &id);
	return bound(s, &id);
}

/* Only who has pinned the key, or an issuer of its own, may be told one (RFC 8071 5). */
static bool may_tell_password(void *arg)
{
	const struct session *s = arg;

	return s->exclusive && s->credential->password;
}

/* ------------------------------------------------------------------ still that? */

/* Revoked, and not merely out of date: who was let in before that stays. */
static bool is_revoked(const struct session *s)
{
	STACK_OF(X509) *chain = NULL;
	X509 *leaf = s->wire->ops->shown ? s->wire->ops->shown(s->wire, &chain) : NULL;

	return leaf && ident_is_revoked(s->m->ident, &s->m->inventory, leaf, chain, time(NULL));
}

void session_judge_again(struct manager *m)
{
	struct session *s, *next;

	for (s = m->sessions; s; s = next) {
		next = s->next;
		/* also who was judged but has not done the rest of its handshake */
		if (s->device && is_revoked(s))
			bury(s, "certificate revoked", RESULT_NEITHER);
	}
}

/* ------------------------------------------------------------------ what is spoken */

static void move_familiar(struct session *s, uint64_t now)
{
	struct sockaddr_storage before;
	const char *old = s->device->record.source;

	if (*old && manager_source_parse(old, &before))
		admit_familiar(s->m->admit, (struct sockaddr *)&before, -1, now);
	admit_familiar(s->m->admit, (struct sockaddr *)&s->from, 1, now);
}

static void on_engine_ready(void *arg)
{
	struct session *s = arg;
	struct device *d = s->device;
	struct manager *m = s->m;
	char text[SOURCE_TEXT], what[160];

	if (s->dead)
		return;
	event_del(s->timer);
	manager_source_text(&s->from, text);
	move_familiar(s, manager_now());
	end_handshake(s, RESULT_GOOD);
	if (d->session) {
		/* it calls again before the other connection was seen to be dead */
		m->count.replaced++;
		bury(d->session, "replaced by a newer one", RESULT_NEITHER);
	}
	s->established = true;
	s->since = (uint64_t)time(NULL);
	d->session = s;
	m->live++;
	m->count.established++;
	inventory_seen(&m->inventory, d, s->listen->transport, text, s->since);
	session_describe(s, what, sizeof(what));
	log_info(SUB_NET, "session established device=%s source=%s %s", d->record.name, text, what);
	job_device_ready(d);
}

static void on_answered(void *arg, const struct answer *a)
{
	struct session *s = arg;
	session_answer_fn fn = s->answer;

	if (s->dead)
		return;
	event_del(s->timer);
	s->answer = NULL;
	if (s->leaving) {
		bury(s, "closed", RESULT_NEITHER);
		return;
	}
	if (fn)
		fn(s->arg, a);
	if (!s->dead && s->device)
		job_device_ready(s->device);
}

static void on_broken(void *arg, const char *why)
{
	struct session *s = arg;

	if (s->dead)
		return;
	if (s->established)
		bury(s, why, RESULT_NEITHER);
	else
		fail(s, why);
}

static void on_flush(void *arg)
{
	struct session *s = arg;

	if (!s->dead)
		wire_flush(s->wire);
}

/* What is spoken is not ours: it waits for a tool that does. */
static void offer(struct session *s)
{
	struct manager *m = s->m;
	struct device *d = s->device;
	bool familiar = admit_is_familiar(s->source);
	char text[SOURCE_TEXT];

	event_del(s->timer);
	if (d)
		move_familiar(s, manager_now());
	end_handshake(s, d ? RESULT_GOOD : RESULT_NEITHER);
	s->established = true;
	s->since = (uint64_t)time(NULL);
	m->count.established++;
	manager_source_text(&s->from, text);
	if (d)
		inventory_seen(&m->inventory, d, s->listen->transport, text, s->since);
	if (d || may_tell(m))
		log_info(SUB_NET, "call held service=%s device=%s source=%s", s->listen->service,
			 d ? d->record.name : "-", text);
	s->call = relay_offer(m, s, d, s->listen->service, familiar);
	if (!s->call)
		bury(s, "out of memory", RESULT_NEITHER);
}

static const struct engine_user engine_user = { on_engine_ready, on_answered, on_broken, on_flush };

/* "Basic ..." (RFC 7617), if this device may be told a password and there is nothing better. */
static char *authorization(const struct session *s)
{
	const struct credential *c = s->credential;
	char plain[1024], *out;
	int n;

	if (!may_tell_password((void *)s) || !c->s->user || c->certificate)
		return NULL;
	n = snprintf(plain, sizeof(plain), "%s:%s", c->s->user, c->password);
	out = n < (int)sizeof(plain) ? calloc(1, 6 + 4 * ((size_t)n + 2) / 3 + 4) : NULL;
	if (out) {
		memcpy(out, "Basic ", 6);
		EVP_EncodeBlock((unsigned char *)out + 6, (unsigned char *)plain, n);
	}
	explicit_bzero(plain, sizeof(plain));
	return out;
}

static void on_wire_ready(void *arg)
{
	struct session *s = arg;
	const struct settings_limits *l = &s->m->settings->limits;
	char *secret;

	if (s->dead)
		return;
	if (!s->device && s->listen->transport != TRANSPORT_RELAY_PLAIN) {
		fail(s, "nothing was proved");
		return;
	}
	if (s->listen->service) {
		offer(s);
		return;
	}
	if (s->listen->transport == TRANSPORT_RESTCONF) {
		secret = authorization(s);
		s->engine = restconf_engine(s->wire->out, l, secret, &engine_user, s);
		if (secret)
			explicit_bzero(secret, strlen(secret));
		free(secret);
	} else {
		s->engine = netconf_engine(s->wire->out, l, &engine_user, s);
	}
	if (!s->engine)
		fail(s, "out of memory");
}

static void on_wire_data(void *arg, const uint8_t *data, size_t len)
{
	struct session *s = arg;

	if (s->dead)
		return;
	if (s->engine)
		s->engine->ops->data(s->engine, data, len);
	else if (s->call)
		relay_data(s->call, data, len);
}

static void on_wire_closed(void *arg, const char *why)
{
	struct session *s = arg;

	if (s->dead)
		return;
	if (s->established)
		bury(s, why ? why : "closed by the device", RESULT_NEITHER);
	else
		fail(s, why);
}

static void on_wire_written(void *arg)
{
	struct session *s = arg;

	if (!s->dead && s->call)
		relay_written(s->call);
}

static const struct wire_user wire_user = {
	on_certificate, on_stapled, on_host_key, may_tell_password, on_wire_ready, on_wire_data, on_wire_closed,
	on_wire_written,
};

/* ------------------------------------------------------------------ the beginning */

static void set_timer(struct session *s, uint64_t ms)
{
	const struct timeval tv = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	event_add(s->timer, &tv);
}

/* Nothing has come yet, as TCP counts. */
static bool is_silent(const struct session *s)
{
	struct tcp_info info = { .tcpi_bytes_received = 1 };
	socklen_t len = sizeof(info);

	getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return !info.tcpi_bytes_received;
}

/* The handshake goes on, and is looked at again. */
static void be_patient(struct session *s)
{
	uint64_t ms = s->m->settings->limits.handshake_time * 1000ull / LOOKS;

	if (ms > s->patience)
		ms = s->patience;
	s->patience -= ms;
	set_timer(s, ms);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (s->established)
		bury(s, s->leaving ? "closed" : "no answer in time", RESULT_NEITHER);
	else if (!s->patience)
		fail(s, "handshake takes too long");
	else if (admit_is_crowded(s->m->admit, s->source) && is_silent(s))
		fail(s, "silence, while others wait");
	else
		be_patient(s);
}

static struct wire *open_wire(struct session *s, int fd)
{
	if (s->listen->transport == TRANSPORT_RELAY_PLAIN)
		return plain_wire(s->m->base, fd, &wire_user, s);
	if (s->listen->transport == TRANSPORT_SSH)
		return ssh_wire(s->m->base, fd, &wire_user, s);
	return tls_wire(s->m->base, fd, s->listen->transport == TRANSPORT_RESTCONF, &wire_user, s);
}

void session_start(struct manager *m, int fd, const struct settings_listen *l, struct source *source,
		   const struct sockaddr_storage *from)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s)
		s->timer = evtimer_new(m->base, on_timer, s);
	if (!s || !s->timer) {
		free(s);
		close(fd);
		admit_end(m->admit, source, RESULT_NEITHER, manager_now());
		return;
	}
	s->m = m;
	s->listen = l;
	s->source = source;
	s->from = *from;
	s->next = m->sessions;
	if (s->next)
		s->next->previous = s;
	m->sessions = s;
	s->fd = fd;
	s->patience = admit_patience(m->admit, source);
	be_patient(s);
	s->wire = open_wire(s, fd);
	if (!s->wire)
		bury(s, "out of memory", RESULT_NEITHER);
	else if (l->transport == TRANSPORT_RELAY_PLAIN)
		on_wire_ready(s);
}

/* ------------------------------------------------------------------ asking */

bool session_busy(const struct session *s)
{
	return s->answer || s->leaving || s->engine->asked;
}

const char *session_ask(struct session *s, const struct order *o, unsigned int seconds,
			session_answer_fn fn, void *arg)
{
	const char *why;

	if (session_busy(s))
		return "the session is busy";
	/* the engine may find out at once that it is over, and then the answer is that */
	s->answer = fn;
	s->arg = arg;
	set_timer(s, seconds * 1000ull);
	why = s->engine->ops->ask(s->engine, o);
	if (!why)
		return NULL;
	s->answer = NULL;
	event_del(s->timer);
	return why;
}

uint64_t session_since(const struct session *s)
{
	return s->since;
}

void session_describe(const struct session *s, char *out, size_t size)
{
	s->engine->ops->describe(s->engine, out, size);
}

/* ------------------------------------------------------------------ relays */

size_t session_send(struct session *s, struct evbuffer *from)
{
	evbuffer_add_buffer(s->wire->out, from);
	wire_flush(s->wire);
	return evbuffer_get_length(s->wire->out);
}

void session_pause(struct session *s, bool paused)
{
	s->wire->ops->pause(s->wire, paused);
}

void session_finish(struct session *s)
{
	s->wire->ops->finish(s->wire);
}

void session_source(const struct session *s, char out[SOURCE_TEXT])
{
	manager_source_text(&s->from, out);
}
