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
#define CHAIN_MAX	10	/* certificates */

struct memory {
	uint8_t id[OCSP_ID_SIZE];
	struct ocsp_answer answer;	/* since 0: none; static texts */
	time_t quiet;			/* on a clock that is not set */
	time_t used;			/* likewise; 0: free */
};

struct part {
	struct revocation *of;
	X509 *x, *by;
	uint8_t id[OCSP_ID_SIZE];
	struct inquiry *inquiry;
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

/* ------------------------------------------------------------------ the end of a check */

void revocation_cancel(struct revocation *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->parts; i++) {
		inquiry_cancel(r->part[i].inquiry);
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
	certname_log(subject, text, sizeof(text));
	if (p->answer.standing == STANDING_UNKNOWN)
		log_warn(SUB_MGMT, "revocation not known certificate=\"%s\" reason=\"%s\"", text,
			 p->answer.why);
	else if (p->answer.standing == STANDING_REVOKED)
		log_notice(SUB_MGMT, "revoked, by OCSP certificate=\"%s\"", text);
	else
		log_debug(SUB_MGMT, "not revoked, by OCSP certificate=\"%s\" for_s=%lld", text,
			  (long long)(p->answer.until - time(NULL)));
}

static void unanswered(struct part *p, const char *why)
{
	struct memory *m = memory_of(p->id);

	count.failed++;
	snprintf(p->why, sizeof(p->why), "%s", why);
	p->answer = (struct ocsp_answer){ .why = p->why };
	say(p);
	m->quiet = boottime() + QUIET;
	/* what was said before is still good */
	if (is_good_now(m))
		p->answer = m->answer;
	closed(p->of);
}

static void on_answer(void *arg, const uint8_t *der, size_t len, const char *why)
{
	struct part *p = arg;
	struct memory *m;

	p->inquiry = NULL;
	if (der)
		ocsp_read(der, len, p->x, p->by, &p->answer);
	if (!der || p->answer.standing == STANDING_UNKNOWN) {
		unanswered(p, der ? p->answer.why : why);
		return;
	}
	m = memory_of(p->id);
	m->answer = p->answer;
	m->quiet = 0;
	count.revoked += p->answer.standing == STANDING_REVOKED;
	say(p);
	closed(p->of);
}

/* ------------------------------------------------------------------ a question */

/* Of a name in the certificate the host is somebody else's choice. */
static void ask_at(struct part *p, const char *url, bool named)
{
	const char *why = "out of memory";
	size_t len;
	uint8_t *request = ocsp_request(p->x, p->by, &len);

	count.asked++;
	if (request)
		p->inquiry = inquiry_start(url, request, len, PATIENCE, named, on_answer, p, &why);
	OPENSSL_free(request);
	if (!p->inquiry)
		unanswered(p, why);
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
		unanswered(p, "out of memory");
		return;
	}
	m = find(p->id);
	if (is_good_now(m) && !anew) {
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
