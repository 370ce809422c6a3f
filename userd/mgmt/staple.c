// SPDX-License-Identifier: GPL-2.0-or-later
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mgmt/inquiry.h"
#include "mgmt/staple.h"
#include "ocsp.h"

#define PATIENCE	10	/* s for an answer */
#define PAUSE_MIN	2	/* s, after a failure; doubles */
#define PAUSE_MAX	600
#define LATEST		86400	/* s until it is asked for again, however long it is good for */

struct staple {
	char name[64];
	X509 *x, *by;
	char url[256];			/* as configured */
	struct event *timer;
	struct inquiry *inquiry;
	uint8_t *der;
	size_t len;
	struct ocsp_answer answer;
	unsigned int failures;		/* in a row */
	uint64_t shown;
};

static uint32_t random_below(uint32_t below)
{
	uint32_t n = 0;

	RAND_bytes((uint8_t *)&n, sizeof(n));
	return below ? n % below : 0;
}

static void wait_for(struct staple *s, time_t seconds)
{
	const struct timeval tv = {
		seconds < 1 ? 1 : seconds > LATEST ? LATEST : seconds,
		(suseconds_t)random_below(1000000),
	};

	event_add(s->timer, &tv);
}

/* Many devices that began together do not come back together. */
static void wait_for_half(struct staple *s)
{
	time_t now = time(NULL), left = s->answer.until > now ? s->answer.until - now : 0;

	wait_for(s, left / 2 + (time_t)random_below((uint32_t)(left / 4 + 1)));
}

static void failed(struct staple *s, const char *why)
{
	time_t pause = PAUSE_MIN;
	unsigned int i;

	for (i = 0; i < s->failures && pause < PAUSE_MAX; i++)
		pause *= 2;
	if (pause > PAUSE_MAX)
		pause = PAUSE_MAX;
	s->failures++;
	log_at(SUB_MGMT, s->failures > 1 ? LEVEL_INFO : LEVEL_WARN,
	       "identity %s: no response of OCSP to show reason=\"%s\" have_one=%s", s->name, why,
	       staple_is_there(s) ? "yes" : "no");
	wait_for(s, pause / 2 + (time_t)random_below((uint32_t)(pause / 2 + 1)));
}

/* Responders make them ahead of time, so it may be the one that is here; near its end that goes on for too long. */
static void repeated(struct staple *s)
{
	time_t now = time(NULL);

	if (s->answer.until > now && s->answer.until - now > 2 * PAUSE_MAX)
		wait_for_half(s);
	else
		failed(s, "the responder has no newer one");
}

/* ------------------------------------------------------------------ asking */

static void keep(struct staple *s, const uint8_t *der, size_t len, const struct ocsp_answer *a)
{
	uint8_t *copy = malloc(len);

	if (!copy) {
		failed(s, "out of memory");
		return;
	}
	memcpy(copy, der, len);
	free(s->der);
	s->der = copy;
	s->len = len;
	s->answer = *a;
	s->failures = 0;
	if (a->standing == STANDING_REVOKED)
		log_error(SUB_MGMT, "identity %s: its certificate is revoked, by OCSP", s->name);
	else
		log_info(SUB_MGMT, "identity %s: response of OCSP good for_s=%lld", s->name,
			 (long long)(a->until - time(NULL)));
	wait_for_half(s);
}

static void on_answer(void *arg, const uint8_t *der, size_t len, const char *why)
{
	struct staple *s = arg;
	struct ocsp_answer a;

	s->inquiry = NULL;
	if (!der) {
		failed(s, why);
		return;
	}
	ocsp_read(der, len, s->x, s->by, &a);
	if (a.standing == STANDING_UNKNOWN)
		failed(s, a.why);
	else if (a.until <= time(NULL))
		failed(s, "the OCSP response is out of date");
	else if (s->der && len == s->len && !memcmp(s->der, der, len))
		repeated(s);
	else
		keep(s, der, len, &a);
}

static void ask(struct staple *s)
{
	char *named = *s->url ? NULL : ocsp_responder(s->x);
	const char *why = "no responder is configured or named in the certificate";
	const char *url = named ? named : s->url;
	uint8_t *request = NULL;
	size_t len;

	if (*url) {
		why = "out of memory";
		request = ocsp_request(s->x, s->by, &len);
	}
	if (request)
		s->inquiry = inquiry_start(url, request, len, PATIENCE, false, on_answer, s, &why);
	OPENSSL_free(request);
	OPENSSL_free(named);
	if (!s->inquiry)
		failed(s, why);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct staple *s = arg;

	(void)fd;
	(void)what;
	if (!s->inquiry)
		ask(s);
}

/* ------------------------------------------------------------------ what it is about */

static void forget(struct staple *s)
{
	inquiry_cancel(s->inquiry);
	s->inquiry = NULL;
	event_del(s->timer);
	X509_free(s->x);
	X509_free(s->by);
	s->x = s->by = NULL;
	free(s->der);
	s->der = NULL;
	s->answer = (struct ocsp_answer){ 0 };
	s->failures = 0;
}

void staple_set(struct staple *s, X509 *x, X509 *by, const char *url)
{
	if (s->x && by && !X509_cmp(s->x, x) && !X509_cmp(s->by, by) && !strcmp(s->url, url))
		return;
	forget(s);
	if (!by) {
		log_warn(SUB_MGMT, "identity %s: OCSP cannot be asked for, as who certified it is not "
			 "in its certificate's file", s->name);
		return;
	}
	X509_up_ref(x);
	X509_up_ref(by);
	s->x = x;
	s->by = by;
	snprintf(s->url, sizeof(s->url), "%s", url);
	/* after a moment, in which the resolver may be told of servers */
	wait_for(s, 0);
}

bool staple_is_there(const struct staple *s)
{
	return s && s->der && time(NULL) <= s->answer.until;
}

const uint8_t *staple_get(struct staple *s, size_t *len)
{
	if (!staple_is_there(s))
		return NULL;
	s->shown++;
	*len = s->len;
	return s->der;
}

uint64_t staple_shown(const struct staple *s)
{
	return s ? s->shown : 0;
}

/* ------------------------------------------------------------------ life */

struct staple *staple_create(struct event_base *base, const char *name)
{
	struct staple *s = calloc(1, sizeof(*s));

	if (s)
		s->timer = evtimer_new(base, on_timer, s);
	if (!s || !s->timer) {
		free(s);
		return NULL;
	}
	snprintf(s->name, sizeof(s->name), "%s", name);
	return s;
}

void staple_free(struct staple *s)
{
	if (!s)
		return;
	forget(s);
	event_free(s->timer);
	free(s);
}
