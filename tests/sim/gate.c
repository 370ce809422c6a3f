// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A gate that grants everything, unless told otherwise, and lets what it granted expire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static struct gate_entry *entry_of(struct node *n, const uint8_t *sid, bool make)
{
	unsigned int i;

	for (i = 0; i < n->gates; i++)
		if (!memcmp(n->gate[i].sid, sid, GATE_SID))
			return &n->gate[i];
	if (!make || n->gates == 64)
		return NULL;
	memset(&n->gate[i], 0, sizeof(n->gate[i]));
	memcpy(n->gate[i].sid, sid, GATE_SID);
	n->gate[i].state = "none";
	n->gates++;
	return &n->gate[i];
}

static void text_request(struct text *t, const struct node *n, const struct gate_request *r,
			 const struct gate_proof *proof)
{
	static const char *const op[] = { "admit", "open", "hold", "close", "gone" };
	static const char *const kind[] = { "allow", "deny", "reserve" };
	static const char *const trans[] = { "plain", "source", "bind", "destination", "both" };

	text_add(t, "%s gate op=%s", n->name, op[r->op]);
	text_hex(t, "sid", r->sid, GATE_SID);
	text_add(t, " lt=%u in=%u out=%u", r->lifetime, r->in_ifindex, r->out_ifindex);
	if (r->op != GATE_ADMIT)
		return;
	text_add(t, " kind=%s trans=%s", kind[r->kind], trans[r->translation]);
	if (r->translation == GATE_DESTINATION || r->translation == GATE_BOTH)
		text_hex(t, "ref", r->ref, GATE_SID);
	text_flow(t, &r->flow);
	text_add(t, " who=");
	text_address(t, &r->who.peer);
	text_add(t, " whoif=%u uid=%d tls=%d proxy=%d wname=%s proof=%d", r->who.ifindex,
		 (int)r->who.uid, r->who.tls, r->who.proxy, *r->who.name ? r->who.name : "-",
		 proof ? proof->message_len : 0);
}

static void tell_gone(struct node *n, const uint8_t *sid)
{
	struct gate_answer a = { .op = GATE_GONE };
	struct text t = { .len = 0 };

	memcpy(a.sid, sid, GATE_SID);
	text_add(&t, "%s gone", n->name);
	text_hex(&t, "sid", sid, GATE_SID);
	note(t.s, gist_view(NULL, 0));
	if (n->n)
		nslp_gate_answer(n->n, &a);
}

static void expired(struct item *i)
{
	struct gate_entry *e = entry_of(i->node, i->data, false);

	if (!e || !e->expires || e->expires > w.now || !strcmp(e->state, "none"))
		return;
	e->state = "none";
	e->expires = 0;
	tell_gone(i->node, i->data);
}

static void lives(struct node *n, struct gate_entry *e, const char *state, uint32_t lifetime)
{
	uint64_t ms = (uint64_t)lifetime * 1000;
	struct item *i = later(ms, expired);

	e->state = state;
	e->expires = w.now + ms;
	i->node = n;
	i->data = malloc(GATE_SID);
	memcpy(i->data, e->sid, GATE_SID);
}

/* What a kernel with free ports would do. */
static void translate(struct node *n, const struct gate_request *r, struct gate_answer *a,
		      struct gate_entry *e)
{
	struct gate_entry *ref;

	if (r->translation == GATE_SOURCE || r->translation == GATE_BIND || r->translation == GATE_BOTH) {
		if (!e->has_external) {
			struct iface *i = node_iface(n, n->gate_link);

			e->external.address = i ? i->a4 : n->iface[n->ifaces - 1].a4;
			e->external.port = (uint16_t)(40000 + n->next_port);
			n->next_port = (uint16_t)(n->next_port + 2);
			e->has_external = true;
		}
		a->has_external = true;
		a->external = e->external;
	}
	if (r->translation == GATE_DESTINATION || r->translation == GATE_BOTH) {
		ref = entry_of(n, r->ref, false);
		if (ref) {
			a->internal.address = ref->last.flow.destination;
			a->internal.port = ref->last.flow.dport;
		}
	}
}

static void apply(struct node *n, const struct gate_request *r, struct gate_answer *a)
{
	struct gate_entry *e = entry_of(n, r->sid, true);

	if (!e)
		return;
	a->lifetime = r->lifetime;
	switch (r->op) {
	case GATE_ADMIT:
		if (!strcmp(e->state, "none"))
			e->state = "admitted";
		translate(n, r, a, e);
		e->last = *r;
		break;
	case GATE_OPEN: lives(n, e, "open", r->lifetime); break;
	case GATE_HOLD: lives(n, e, "held", r->lifetime); break;
	default: break;
	}
}

static void answered(struct item *i)
{
	struct text t = { .len = 0 };

	text_add(&t, "%s answer op=%u code=%04x lt=%u silent=%d", i->node->name, i->answer.op,
		 i->answer.code, i->answer.lifetime, i->answer.silent);
	text_hex(&t, "sid", i->answer.sid, GATE_SID);
	if (i->answer.has_external)
		text_endpoint(&t, "external", &i->answer.external);
	note(t.s, gist_view(NULL, 0));
	if (i->node->n)
		nslp_gate_answer(i->node->n, &i->answer);
}

static struct gate_rule *rule_for(struct node *n, const char *text)
{
	unsigned int i;

	for (i = 0; i < n->rules; i++)
		if (n->rule[i].pattern && match(text, n->rule[i].pattern, false))
			return &n->rule[i];
	return NULL;
}

static void rule_done(struct gate_rule *r)
{
	if (!r || r->always)
		return;
	free(r->pattern);
	free(r->answer);
	r->pattern = r->answer = NULL;
}

/* What the test wants in place of what was granted. */
static void override(struct gate_answer *a, const struct words *ws)
{
	a->code = (uint16_t)(words_has(ws, "code") ? strtoul(words_get(ws, "code"), NULL, 16) : a->code);
	a->object = (uint16_t)(words_has(ws, "object") ? strtoul(words_get(ws, "object"), NULL, 16) :
			       a->object);
	a->lifetime = (uint32_t)words_num(ws, "lt", a->lifetime);
	a->silent = words_has(ws, "silent");
	if (words_has(ws, "external"))
		a->has_external = read_endpoint(words_get(ws, "external"), &a->external);
	if (words_has(ws, "internal"))
		read_endpoint(words_get(ws, "internal"), &a->internal);
}

int gate_request(void *arg, const struct gate_request *r, const struct gate_proof *proof)
{
	struct node *n = arg;
	struct text t = { .len = 0 };
	struct gate_answer a = { .id = r->id, .op = r->op };
	struct gate_rule *rule;
	struct gate_entry *e;
	struct words ws = { .n = 0 };
	struct item *i;

	memcpy(a.sid, r->sid, GATE_SID);
	text_request(&t, n, r, proof);
	note(t.s, gist_view(NULL, 0));
	if (r->op == GATE_CLOSE) {
		e = entry_of(n, r->sid, false);
		if (e) {
			e->state = "none";
			e->expires = 0;
		}
		return 0;
	}
	rule = rule_for(n, t.s);
	if (rule)
		words_split(&ws, rule->answer);
	if (words_has(&ws, "fail")) {
		rule_done(rule);
		return -(int)words_num(&ws, "fail", 32);
	}
	if (!words_has(&ws, "code"))
		apply(n, r, &a);
	override(&a, &ws);
	if (!words_has(&ws, "drop")) {
		i = later(words_num(&ws, "delay", n->gate_delay), answered);
		i->node = n;
		i->answer = a;
		i->answer.id = r->id;
	}
	rule_done(rule);
	return 0;
}

/* ------------------------------------------------------------------ from the test */

const char *gate_state(const char *node, const char *sid)
{
	uint8_t octets[GATE_SID];
	struct gate_entry *e;

	read_hex(sid, octets, sizeof(octets));
	e = entry_of(node_of(node), octets, false);
	return e ? e->state : "none";
}

void gate(const char *node, const char *pattern, const char *answer)
{
	struct node *n = node_of(node);
	struct gate_rule *r = &n->rule[n->rules++];

	if (n->rules > 16)
		abort();
	r->pattern = strdup(pattern);
	r->answer = strdup(answer);
	r->always = strstr(answer, "always");
}

void gate_gone(const char *node, const char *sid)
{
	struct node *n = node_of(node);
	struct gate_entry *e;
	uint8_t octets[GATE_SID];

	read_hex(sid, octets, sizeof(octets));
	e = entry_of(n, octets, false);
	if (e)
		e->state = "none";
	tell_gone(n, octets);
}

void gate_free(struct node *n)
{
	unsigned int i;

	for (i = 0; i < n->rules; i++) {
		free(n->rule[i].pattern);
		free(n->rule[i].answer);
	}
}
