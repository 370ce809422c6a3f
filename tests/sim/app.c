// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A scripted application on top of the GIST engine: writes down all it is told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

size_t build_data(const char *v, uint8_t *buf, size_t size);

static void text_peer(struct text *t, const struct gist_peer *p)
{
	if (!p) {
		text_add(t, " nopeer");
		return;
	}
	text_add(t, " sii=%llu peer=", (unsigned long long)p->sii);
	text_address(t, &p->address);
	text_add(t, " if=%u sec=%d pname=%s ma=%u", p->ifindex, p->security,
		 p->name ? p->name : "-", p->ma);
}

static void text_rx(struct text *t, const struct node *n, const char *what, const struct gist_rx *r)
{
	text_add(t, "%s %s nslpid=%u", n->name, what, r->nslpid);
	text_hex(t, "sid", r->sid, GIST_SID_SIZE);
	text_mri(t, "mri", r->mri);
	text_add(t, " d=%u", r->mri->upstream);
	text_peer(t, r->peer);
	text_add(t, " validated=%d query=%d explicit=%d endpoint=%d translated=%d hops=%u ttl=%u dist=%d",
		 r->validated, r->query, r->explicit_route, r->endpoint, r->translated, r->hops, r->ttl,
		 r->distance);
	text_hex(t, "data", r->data.data, r->data.len);
	text_add(t, " datalen=%zu", r->data.len);
	if (r->nslpid == GIST_NSLPID_NATFW)
		text_natfw(t, r->data);
}

static enum gist_peering app_query(void *arg, const struct gist_rx *rx, struct gist_view *answer)
{
	struct sim_app *a = arg;
	struct text *t = calloc(1, sizeof(*t));

	text_rx(t, a->node, "recv", rx);
	note(t->s, rx->data);
	free(t);
	if (a->answer_len)
		*answer = gist_view(a->answer, a->answer_len);
	return a->peering;
}

static void app_message(void *arg, const struct gist_rx *rx)
{
	struct sim_app *a = arg;
	struct text *t = calloc(1, sizeof(*t));

	text_rx(t, a->node, "recv", rx);
	note(t->s, rx->data);
	free(t);
}

static void app_status(void *arg, const struct gist_status *s)
{
	static const char *const name[] = {
		"no_response", "refused", "association", "security", "too_large", "no_route", "limit",
	};
	struct sim_app *a = arg;
	struct text t = { .len = 0 };

	text_add(&t, "%s status handle=%u sent=%d failure=%s error=%u/%u nslpid=%u", a->node->name,
		 s->handle, s->sent, s->sent ? "-" : name[s->failure], s->error >> 8, s->error & 255,
		 s->nslpid);
	text_hex(&t, "sid", s->sid, GIST_SID_SIZE);
	text_mri(&t, "mri", s->mri);
	text_peer(&t, s->peer);
	note(t.s, gist_view(NULL, 0));
}

static void app_network(void *arg, const struct gist_network *n)
{
	static const char *const name[] = {
		"last_node", "good", "tentative", "bad", "deleted", "auth", "communication", "lost",
	};
	struct sim_app *a = arg;
	struct text t = { .len = 0 };

	text_add(&t, "%s network event=%s nslpid=%u upstream=%d", a->node->name, name[n->event],
		 n->nslpid, n->upstream);
	if (n->sid)
		text_hex(&t, "sid", n->sid, GIST_SID_SIZE);
	text_mri(&t, "mri", n->mri);
	text_add(&t, " d=%u", n->mri->upstream);
	text_peer(&t, n->peer);
	note(t.s, gist_view(NULL, 0));
}

static void app_one(struct node *n, unsigned int nslpid, const char *options)
{
	struct sim_app *a = n->app;
	struct words ws;
	struct gist_nslp ops = {
		.query = app_query, .message = app_message, .status = app_status,
		.network = app_network,
	};
	unsigned int rao;
	bool fresh;

	while (a < n->app + APPS && a->used && a->nslpid != nslpid)
		a++;
	if (a == n->app + APPS)
		abort();
	fresh = !a->used;
	words_split(&ws, options);
	a->node = n;
	a->nslpid = (uint16_t)nslpid;
	a->used = true;
	a->peering = words_has(&ws, "propagate") ? GIST_PROPAGATE :
		words_has(&ws, "ignore") ? GIST_IGNORE : GIST_PEER;
	a->answer_len = 0;
	if (words_has(&ws, "answer"))
		a->answer_len = build_data(words_get(&ws, "answer"), a->answer, sizeof(a->answer));
	rao = (unsigned int)words_num(&ws, "rao", nslpid == GIST_NSLPID_NATFW ? 65 : 1000);
	if (!fresh)
		return;
	ops.arg = a;
	if (gist_register(n->g, a->nslpid, rao, nslpid == GIST_NSLPID_NATFW ? 68 : rao + 1, &ops))
		sim_fail("gist_register failed");
}

void app(const char *nodes, unsigned int nslpid, const char *options)
{
	for (; *nodes; nodes++)
		if (*nodes >= 'A' && *nodes <= 'Z')
			app_one(node_of(nodes), nslpid, options);
}

int say(const char *node, const char *fmt, ...)
{
	static const char *const known[] = {
		"nslpid", "sid", "mri", "d", "data", "handle", "sii", "timeout", "ttl", "hops", "reliable",
		"secure", "no_state", "flow", "discover", NULL,
	};
	static uint8_t data[1 << 18];
	struct node *n = node_of(node);
	uint8_t sid[GIST_SID_SIZE];
	struct gist_mri mri = w.flow;
	struct gist_tx tx = { .sid = sid, .mri = &mri };
	char *spec = malloc(TEXT);
	struct words *ws = malloc(sizeof(*ws));
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(spec, TEXT, fmt, ap);
	va_end(ap);
	words_split(ws, spec);
	words_unknown(ws, known);
	tx.nslpid = (uint16_t)words_num(ws, "nslpid", n->app[0].nslpid);
	memcpy(sid, w.sid, sizeof(sid));
	if (words_has(ws, "sid"))
		read_hex(words_get(ws, "sid"), sid, sizeof(sid));
	if (words_has(ws, "mri") && !read_mri(words_get(ws, "mri"), &mri))
		sim_fail("what flow is %s?", words_get(ws, "mri"));
	mri.upstream = words_num(ws, "d", 0);
	tx.data = gist_view(data, build_data(words_has(ws, "data") ? words_get(ws, "data") : "",
					     data, sizeof(data)));
	tx.handle = (uint32_t)words_num(ws, "handle", 0);
	tx.sii = words_has(ws, "sii") ? strtoull(words_get(ws, "sii"), NULL, 10) : 0;
	tx.timeout = (uint32_t)words_num(ws, "timeout", 0);
	tx.ttl = (uint8_t)words_num(ws, "ttl", 0);
	tx.hops = (uint8_t)words_num(ws, "hops", 0);
	tx.reliable = words_has(ws, "reliable");
	tx.secure = words_has(ws, "secure");
	tx.no_state = words_has(ws, "no_state");
	tx.from_flow = words_has(ws, "flow");
	tx.discover = words_has(ws, "discover");
	r = gist_send(n->g, &tx);
	free(ws);
	free(spec);
	return r;
}
