// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/boottime.h"
#include "base/log.h"
#include "mgmt/certname.h"
#include "mgmt/inquiry.h"
#include "mgmt/revocation.h"

#define REMEMBERED	256	/* certificates */
#define QUIET		10	/* s that who did not answer is not asked again */
#define PATIENCE	5	/* s for an answer */
#define FRESH		3600	/* s that nobody is asked again who was said to be good */
#define CHAIN_MAX	10	/* certificates */

struct memory {
	uint8_t id[OCSP_ID_SIZE];
	struct ocsp_answer answer;	/* since 0: none; static texts */
	time_t asked;			/* when that was; on a clock that is not set */
	time_t quiet;			/* likewise */
	time_t used;			/* likewise; 0: free */
};

/* One for all who wait for the same to be said. */
struct question {
	struct question *next;
	struct inquiry *inquiry;
	struct part *parts;		/* never none */
	uint8_t id[OCSP_ID_SIZE];
	bool named;
	char url[];
};

struct part {
	struct revocation *of;
	X509 *x, *by;
	uint8_t id[OCSP_ID_SIZE];
	struct question *question;
	struct part *next;		/* of the question */
	struct ocsp_answer answer;
	char why[96];
};

struct revocation {
	revocation_fn fn;
	void *arg;
	struct event *done;
	struct part part[CHAIN_MAX];
	unsigned int parts, open;
};

static struct memory remembered[REMEMBERED];
static struct question *questions;
static struct {
	uint64_t asked, failed, known, revoked;
} count;

/* ------------------------------------------------------------------ what is known */

static struct memory *find(const uint8_t id[OCSP_ID_SIZE])
{
	struct memory *m;

	for (m = remembered; m < remembered + REMEMBERED; m++)
		if (m->used && !memcmp(m->id, id, OCSP_ID_SIZE))
			return m;
	return NULL;
}

/* What was not looked at for longest gives way. Never NULL. */
static struct memory *memory_of(const uint8_t id[OCSP_ID_SIZE])
{
	struct memory *m = find(id), *i;

	if (!m) {
		for (m = i = remembered; i < remembered + REMEMBERED; i++)
			if (i->used < m->used)
				m = i;
		*m = (struct memory){ .answer.why = "" };
		memcpy(m->id, id, OCSP_ID_SIZE);
	}
	m->used = boottime() + 1;
	return m;
}

static bool is_good_now(const struct memory *m)
{
	time_t now = time(NULL);

	return m && m->answer.since && now <= m->answer.until;
}

/* Responders are asked again now and then, however long they say that one is good. */
static bool is_fresh(const struct memory *m)
{
	return is_good_now(m) && (m->answer.standing == STANDING_REVOKED ||
				  boottime() < m->asked + FRESH);
}

bool revocation_known(STACK_OF(X509) *chain)
{
	uint8_t id[OCSP_ID_SIZE];
	const struct memory *m;
	int i;

	for (i = 0; i + 1 < sk_X509_num(chain); i++) {
		if (!ocsp_id(sk_X509_value(chain, i), sk_X509_value(chain, i + 1), id))
			continue;
		m = find(id);
		if (is_good_now(m) && m->answer.standing == STANDING_REVOKED)
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ questions */

static void forget(struct question *q)
{
	struct question **at = &questions;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	inquiry_cancel(q->inquiry);
	free(q);
}

/* Nobody is asked for whoever has gone. */
static void withdraw(struct part *p)
{
	struct question *q = p->question;
	struct part **at;

	if (!q)
		return;
	for (at = &q->parts; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	p->question = NULL;
	if (!q->parts)
		forget(q);
}

static void join(struct question *q, struct part *p)
{
	p->question = q;
	p->next = q->parts;
	q->parts = p;
}

static struct question *same(const struct part *p, const char *url, bool named)
{
	struct question *q;

	for (q = questions; q; q = q->next)
		if (!memcmp(q->id, p->id, OCSP_ID_SIZE) && q->named == named && !strcmp(q->url, url))
			return q;
	return NULL;
}

/* ------------------------------------------------------------------ the end of a check */

void revocation_cancel(struct revocation *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->parts; i++) {
		withdraw(&r->part[i]);
		X509_free(r->part[i].x);
		X509_free(r->part[i].by);
	}
	if (r->done)
		event_free(r->done);
	free(r);
}

static void worst_of(const struct revocation *r, struct ocsp_answer *a)
{
	unsigned int i;

	*a = (struct ocsp_answer){ .standing = STANDING_GOOD, .why = "" };
	for (i = 0; i < r->parts; i++) {
		const struct ocsp_answer *one = &r->part[i].answer;

		if (one->standing == STANDING_REVOKED ||
		    (one->standing == STANDING_UNKNOWN && a->standing == STANDING_GOOD)) {
			a->standing = one->standing;
			a->why = one->why;
		}
		a->unasked |= one->unasked;
		if (one->until && (!a->until || one->until < a->until)) {
			a->until = one->until;
			a->since = one->since;
		}
	}
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct revocation *r = arg;
	revocation_fn fn = r->fn;
	void *whose = r->arg;
	struct ocsp_answer a;
	char why[sizeof(r->part[0].why)];

	(void)fd;
	(void)what;
	worst_of(r, &a);
	snprintf(why, sizeof(why), "%s", a.why);
	a.why = why;
	revocation_cancel(r);
	fn(whose, &a);
}

static void closed(struct revocation *r)
{
	if (!--r->open)
		event_active(r->done, EV_TIMEOUT, 0);
}

/* ------------------------------------------------------------------ an answer */

static void say(const struct part *p)
{
	char subject[200], text[2 * sizeof(subject)];

	X509_NAME_oneline(X509_get_subject_name(p->x), subject, sizeof(subject));
	log_name(subject, text, sizeof(text));
	if (p->answer.standing == STANDING_UNKNOWN)
		log_warn(SUB_MGMT, "revocation not known certificate=\"%s\" reason=\"%s\"", text,
			 p->answer.why);
	else if (p->answer.standing == STANDING_REVOKED)
		log_notice(SUB_MGMT, "revoked, by OCSP certificate=\"%s\"", text);
	else
		log_debug(SUB_MGMT, "not revoked, by OCSP certificate=\"%s\" for_s=%lld", text,
			  (long long)(p->answer.until - time(NULL)));
}

static void unknown(struct part *p, const struct memory *m, const char *why, bool unasked)
{
	count.failed++;
	snprintf(p->why, sizeof(p->why), "%s", why);
	p->answer = (struct ocsp_answer){ .why = p->why, .unasked = unasked };
	say(p);
	/* what was said before is still good */
	if (is_good_now(m))
		p->answer = m->answer;
	closed(p->of);
}

static void unanswered(struct part *p, const char *why)
{
	struct memory *m = memory_of(p->id);

	m->quiet = boottime() + QUIET;
	unknown(p, m, why, false);
}

/* That says nothing of the responder. */
static void unasked(struct part *p, const char *why)
{
	unknown(p, find(p->id), why, true);
}

/* Whoever is between may hand on one from before it was revoked for as long as that is good. */
static bool is_older(const struct ocsp_answer *a, const struct memory *m)
{
	return a->standing == STANDING_GOOD && is_good_now(m) &&
	       m->answer.standing == STANDING_REVOKED && m->answer.since >= a->since;
}

static void take(struct part *p, const uint8_t *der, size_t len, const char *why)
{
	struct memory *m;

	if (der)
		ocsp_read(der, len, p->x, p->by, &p->answer);
	if (!der || p->answer.standing == STANDING_UNKNOWN) {
		unanswered(p, der ? p->answer.why : why);
		return;
	}
	m = memory_of(p->id);
	if (is_older(&p->answer, m))
		p->answer = m->answer;
	m->answer = p->answer;
	m->asked = boottime();
	m->quiet = 0;
	count.revoked += p->answer.standing == STANDING_REVOKED;
	say(p);
	closed(p->of);
}

/* That they are told is in a later turn of the loop, so nobody goes meanwhile. */
static void on_answer(void *arg, const uint8_t *der, size_t len, const char *why)
{
	struct question *q = arg;
	struct part *p;

	q->inquiry = NULL;
	while ((p = q->parts)) {
		q->parts = p->next;
		p->question = NULL;
		take(p, der, len, why);
	}
	forget(q);
}

/* ------------------------------------------------------------------ asking */

static struct question *begin_question(const struct part *p, const char *url, bool named,
				       const char **why)
{
	size_t len, size = strlen(url) + 1;
	uint8_t *request = ocsp_request(p->x, p->by, &len);
	struct question *q = request ? calloc(1, sizeof(*q) + size) : NULL;

	*why = "out of memory";
	if (q) {
		memcpy(q->id, p->id, OCSP_ID_SIZE);
		memcpy(q->url, url, size);
		q->named = named;
		q->inquiry = inquiry_start(url, request, len, PATIENCE, named, on_answer, q, why);
	}
	OPENSSL_free(request);
	if (!q || !q->inquiry) {
		free(q);
		return NULL;
	}
	q->next = questions;
	questions = q;
	return q;
}

/* Of a name in the certificate the host is somebody else's choice. */
static void ask_at(struct part *p, const char *url, bool named)
{
	struct question *q = same(p, url, named);
	const char *why = NULL;

	if (!q) {
		count.asked++;
		q = begin_question(p, url, named, &why);
	}
	if (q)
		join(q, p);
	else
		unasked(p, why);
}

static void ask(struct part *p, const struct conf_ocsp *conf)
{
	char *named;

	if (*conf->responder) {
		ask_at(p, conf->responder, false);
		return;
	}
	named = conf->named ? ocsp_responder(p->x) : NULL;
	if (named)
		ask_at(p, named, true);
	else
		unanswered(p, "no responder to ask");
	OPENSSL_free(named);
}

static void begin(struct part *p, const struct conf_ocsp *conf, bool anew)
{
	const struct memory *m;

	p->of->open++;
	if (!ocsp_id(p->x, p->by, p->id)) {
		unasked(p, "out of memory");
		return;
	}
	m = find(p->id);
	if (is_fresh(m) && !anew) {
		count.known++;
		p->answer = m->answer;
		closed(p->of);
	} else if (m && m->quiet > boottime()) {
		p->answer = is_good_now(m) ? m->answer :
			    (struct ocsp_answer){ .why = "the responder did not answer a moment ago" };
		closed(p->of);
	} else {
		ask(p, conf);
	}
}

static void add_part(struct revocation *r, X509 *x, X509 *by)
{
	struct part *p = &r->part[r->parts++];

	X509_up_ref(x);
	X509_up_ref(by);
	p->of = r;
	p->x = x;
	p->by = by;
	p->answer.why = "";
}

struct revocation *revocation_check(struct event_base *base, const struct conf_ocsp *conf,
				    STACK_OF(X509) *chain, bool anew, revocation_fn fn, void *arg)
{
	struct revocation *r = calloc(1, sizeof(*r));
	unsigned int i;
	int n;

	if (r)
		r->done = evtimer_new(base, on_done, r);
	if (!r || !r->done || sk_X509_num(chain) > CHAIN_MAX) {
		revocation_cancel(r);
		return NULL;
	}
	r->fn = fn;
	r->arg = arg;
	for (n = 0; n + 1 < sk_X509_num(chain); n++)
		add_part(r, sk_X509_value(chain, n), sk_X509_value(chain, n + 1));
	/* one more, so that it is not done before all have begun */
	r->open = 1;
	for (i = 0; i < r->parts; i++)
		begin(&r->part[i], conf, anew);
	closed(r);
	return r;
}

/* ------------------------------------------------------------------ numbers */

void revocation_stats(void (*fn)(void *arg, const struct stat_value *v), void *arg)
{
	const struct {
		const char *name, *help;
		uint64_t number;
	} all[] = {
		{ "asked", "Questions to responders of OCSP about managers", count.asked },
		{ "failed", "Such questions without a usable answer", count.failed },
		{ "known", "Answers about managers that were still known", count.known },
		{ "revoked", "Answers that a manager's certificate is revoked", count.revoked },
	};
	struct stat_value v = { 0 };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(v.name, sizeof(v.name), "ocsp_%s_total", all[i].name);
		snprintf(v.help, sizeof(v.help), "%s", all[i].help);
		v.number = all[i].number;
		fn(arg, &v);
	}
}
