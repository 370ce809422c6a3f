// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "gist/code.h"
#include "nslp/app.h"
#include "nslp/delete.h"
#include "nslp/forward.h"
#include "nslp/initiate.h"
#include "nslp/local.h"
#include "nslp/place.h"
#include "nslp/report.h"

#define LIFETIME_MIN	1
#define USER_HASH	18	/* characters */

/* --- events ---------------------------------------------------------------------------------- */

static void event_local(const struct nslp_local *l, struct session_event *e)
{
	e->token = l->token;
	e->kind = l->kind;
	e->has_external = l->has_external;
	e->external = l->external;
	e->bindings = l->bindings;
	e->binding_port = l->binding_port;
	memcpy(e->binding, l->address, sizeof(e->binding));
}

static uint8_t kind_of(const struct nslp_session *s)
{
	if (s->rule.type == NSLP_CREATE)
		return SESSION_CREATE;
	return s->rule.action == NSLP_DENY ? SESSION_BLOCK : SESSION_EXTERNAL;
}

bool nslp_app_event(const struct nslp_session *s, struct session_event *e,
		    enum session_state state, uint16_t code, const char *why)
{
	if (!s->local && (s->rule.role != SESSION_NR || s->state == SESSION_PENDING))
		return false;
	memset(e, 0, sizeof(*e));
	memcpy(e->sid, s->sid, GATE_SID);
	e->state = state;
	e->kind = kind_of(s);
	e->msn = s->msn;
	e->code = code;
	e->lifetime = state == SESSION_DEAD ? 0 : s->lifetime;
	snprintf(e->why, sizeof(e->why), "%s", why);
	if (s->local)
		event_local(s->local, e);
	return true;
}

void nslp_app_tell(struct nslp_session *s, uint16_t code, uint16_t object, const char *why)
{
	struct session_event e;

	if (!s->local || !nslp_app_event(s, &e, s->state, code, why))
		return;
	e.object = object;
	s->n->io.event(s->n->io.arg, &e);
}

void nslp_app_passive(struct nslp_session *s)
{
	struct session_event e;

	if (nslp_app_event(s, &e, s->state, NSLP_SUCCESS, "a sender has opened its path"))
		s->n->io.event(s->n->io.arg, &e);
}

uint32_t nslp_app_uid(const struct nslp_session *s)
{
	return s->local ? s->local->uid : (uint32_t)-1;
}

const char *nslp_app_user(const struct nslp_session *s)
{
	return s->local && s->local->uid == GATE_MANAGER ? s->local->user : NULL;
}

/* --- the local part -------------------------------------------------------------------------- */

void nslp_app_forget(struct nslp_session *s)
{
	struct nslp_local *l = s->local;

	if (!l)
		return;
	s->local = NULL;
	timer_stop(s->n->timers, &l->timer);
	*l->at = l->next;
	if (l->next)
		l->next->at = l->at;
	s->n->stats.memory -= sizeof(*l);
	free(l);
}

static void fire(struct timer *t)
{
	nslp_initiate_again(container_of(t, struct nslp_local, timer)->s);
}

static struct nslp_local *attach(struct nslp_session *s)
{
	struct nslp_local *l = calloc(1, sizeof(*l));
	struct nslp *n = s->n;

	if (!l)
		return NULL;
	l->s = s;
	timer_init(&l->timer, fire);
	l->next = n->local;
	l->at = &n->local;
	if (l->next)
		l->next->at = &l->next;
	n->local = l;
	n->stats.memory += sizeof(*l);
	s->local = l;
	return l;
}

/* --- what is asked for ----------------------------------------------------------------------- */

/* This node's own address for the flow, where the application leaves it open. */
static bool own_address(struct nslp *n, const struct address *toward, struct address *own)
{
	struct gist_route route;

	if (address_is_set(own))
		return true;
	if (!address_is_set(toward) || !nslp_place_route(n, toward, &route))
		return false;
	*own = route.source;
	return address_is_set(own);
}

static bool complete(struct nslp *n, struct session_open *o, const char **why)
{
	struct gate_flow *f = &o->flow;
	bool create = o->kind == SESSION_CREATE;
	const struct address *toward = create ? &f->destination :
		address_is_set(&o->toward) ? &o->toward : &f->source;

	*why = "no address of this node for the flow";
	if (!own_address(n, toward, create ? &f->source : &f->destination))
		return false;
	*why = "no address to send toward";
	if (!address_is_set(toward) || (o->loose && !address_is_set(&o->toward)))
		return false;
	if (!f->version)
		f->version = f->destination.version;
	*why = "IP versions do not go together";
	if (f->destination.version != f->version ||
	    (address_is_set(&f->source) && f->source.version != f->version) ||
	    (address_is_set(&o->toward) && o->toward.version != f->version))
		return false;
	if (create && !f->source_len)
		f->source_len = (uint8_t)address_bits(&f->source);
	else if (!create && !f->source_len && !address_is_any(&f->source))
		f->source_len = (uint8_t)address_bits(&f->source);
	if (!f->destination_len)
		f->destination_len = (uint8_t)address_bits(&f->destination);
	return true;
}

static bool check(const struct session_open *o, const char **why)
{
	const struct gate_flow *f = &o->flow;

	*why = "no such kind of session";
	if (o->kind > SESSION_BLOCK)
		return false;
	*why = "a loose end is for EXTERNAL, allow, IPv4";
	if (o->loose && (o->kind != SESSION_EXTERNAL || f->version != 4))
		return false;
	*why = "ports and SPI need a protocol, and exclude each other";
	if ((f->has_sport || f->has_dport || f->has_spi) && !f->has_protocol)
		return false;
	if (f->has_spi && (f->has_sport || f->has_dport))
		return false;
	*why = "E without P";
	if (o->beyond && !o->proxy)
		return false;
	*why = "prefix too long, or too many ports or ICMP types";
	return f->source_len <= (f->version == 4 ? 32 : 128) &&
		f->destination_len <= (f->version == 4 ? 32 : 128) && f->more_ports <= 1 &&
		!(f->more_ports && f->has_dport && f->dport == UINT16_MAX) &&
		f->icmp_count <= GATE_ICMP_MAX;
}

/* A sender that is not known is a prefix of no length; its address still says which way to go. */
static void make_path(struct gist_mri *m, const struct session_open *o)
{
	const struct gate_flow *f = &o->flow;

	m->method = GIST_MRM_PATH;
	m->upstream = o->kind != SESSION_CREATE;
	m->source = f->source_len ? f->source : o->toward;
	m->source.version = f->version;
	m->source_prefix = f->source_len;
	m->destination = f->destination;
	m->destination_prefix = f->destination_len;
	m->has_protocol = f->has_protocol;
	m->protocol = f->protocol;
	m->has_sport = f->has_sport;
	m->sport = f->sport;
	m->has_dport = f->has_dport;
	m->dport = f->dport;
	m->has_spi = f->has_spi;
	m->spi = f->spi;
}

/* Ports go with a protocol that has them, any as 0; no address if there is none (3.7.2). */
static void make_dtinfo(struct nslp_dtinfo *d, const struct gate_flow *f)
{
	memset(d, 0, sizeof(*d));
	d->has_protocol = f->has_protocol;
	d->protocol = f->has_protocol ? f->protocol : 0;
	d->has_spi = f->has_spi;
	d->spi = f->spi;
	d->has_ports = f->has_sport || f->has_dport;
	d->receiver_port = f->has_dport ? f->dport : 0;
	d->sender_port = f->has_sport ? f->sport : 0;
	if (f->version != 4 || !f->source_len)
		return;
	d->prefix = f->source_len;
	memcpy(d->sender, f->source.b, sizeof(d->sender));
}

static bool make_rule(struct nslp *n, struct nslp_rule *r, const struct session_open *o)
{
	const struct gate_flow *f = &o->flow;
	struct gist_route route;

	memset(r, 0, sizeof(*r));
	make_path(&r->far, o);
	if (o->loose)
		r->far = (struct gist_mri){ .method = GIST_MRM_LOOSE, .source = f->destination,
					    .destination = o->toward };
	r->near = r->far;
	r->type = o->kind == SESSION_CREATE ? NSLP_CREATE : NSLP_EXTERNAL;
	r->action = o->kind == SESSION_BLOCK ? NSLP_DENY : NSLP_ALLOW;
	r->sub_ports = f->more_ports;
	r->role = SESSION_NI;
	r->kind = r->type == NSLP_EXTERNAL && r->action == NSLP_ALLOW ? GATE_RESERVE :
		r->action == NSLP_DENY ? GATE_DENY : GATE_ALLOW;
	if (nslp_place_route(n, r->type == NSLP_CREATE ? &f->destination : o->loose ?
			     &o->toward : &f->source, &route)) {
		r->out = r->type == NSLP_CREATE ? route.ifindex : 0;
		r->in = r->type == NSLP_CREATE ? 0 : route.ifindex;
		r->gated = n->c.forward || nslp_place_interface(n, route.ifindex)->firewall;
	}
	if (r->type == NSLP_CREATE && !f->icmp_count)
		return true;
	if (!nslp_rule_extra(r))
		return false;
	r->extra->has_dtinfo = r->type == NSLP_EXTERNAL;
	make_dtinfo(&r->extra->dtinfo, f);
	r->extra->icmp_count = f->icmp_count;
	memcpy(r->extra->icmp, f->icmp, sizeof(r->extra->icmp));
	return true;
}

/* --- opening --------------------------------------------------------------------------------- */

/*
 * Names in policy are printable ASCII: other octets, and the percent sign, are as in a URI (RFC 3986, 2.1). What is too
 * long then has its beginning, "%~", which no other name has, and a hash of the whole, as different managers are
 * different requesters.
 */
static void take_user(struct nslp_local *l, const char *user)
{
	static const uint8_t no_key[16];
	char *text = l->user;
	size_t n = 0, keep = 0, i;

	for (i = 0; user[i] && n < GATE_NAME; i++) {
		bool plain = user[i] >= ' ' && user[i] <= '~' && user[i] != '%';
		size_t size = plain ? 1 : 3;

		if (n + size < GATE_NAME)
			snprintf(text + n, GATE_NAME - n, plain ? "%c" : "%%%02X", (uint8_t)user[i]);
		n += size;
		if (n < GATE_NAME - USER_HASH)
			keep = n;
	}
	text[n < GATE_NAME ? n : keep] = '\0';
	if (n >= GATE_NAME)
		snprintf(text + keep, GATE_NAME - keep, "%%~%016llx",
			 (unsigned long long)siphash(user, strlen(user), no_key));
}

static void take(struct nslp_local *l, const struct session_open *o)
{
	l->token = o->token;
	l->uid = o->uid;
	take_user(l, o->user);
	l->kind = o->kind;
	l->binding = o->binding;
	l->refresh = o->refresh;
	l->asked = o->lifetime ? o->lifetime : l->s->n->c.lifetime;
	l->until = l->s->n->timers->now + (uint64_t)l->asked * 1000;
	l->adjusted = false;
	l->tries = 0;
	l->s->proxy = o->proxy;
	l->s->beyond = o->beyond;
}

static void number(struct nslp *n, const struct session_open *o, uint8_t *sid, uint32_t *msn)
{
	memcpy(sid, o->sid, GATE_SID);
	if (nslp_sid_zero(sid))
		n->io.random(n->io.arg, sid, GATE_SID);
	if (o->has_msn)
		*msn = o->msn;
	else
		n->io.random(n->io.arg, msn, sizeof(*msn));
}

static int open_new(struct nslp *n, const struct session_open *o, struct nslp_rule *rule)
{
	struct nslp_session *s;
	uint8_t sid[GATE_SID];
	uint32_t msn;

	number(n, o, sid, &msn);
	s = nslp_session_create(n, sid, NULL);
	if (!s)
		return -ENOBUFS;
	s->msn = msn;
	if (!attach(s)) {
		nslp_session_free(s);
		return -ENOBUFS;
	}
	s->rule = *rule;
	rule->extra = NULL;
	n->stats.memory += nslp_rule_memory(&s->rule);
	take(s->local, o);
	nslp_app_tell(s, 0, 0, "asked for");
	s = nslp_session_find(n, sid);
	if (!s || !nslp_initiate(s, s->local->asked, NULL))
		return 0;
	nslp_session_free(s);
	return -ENOBUFS;
}

static int change(struct nslp_session *s, const struct session_open *o, struct nslp_rule *rule)
{
	bool same = nslp_rule_same(&s->rule, rule);
	int rc;

	if (s->rule.type != rule->type)
		return -EEXIST;
	take(s->local, o);
	if (same)
		return nslp_initiate(s, s->local->asked, NULL);
	rc = nslp_initiate(s, s->local->asked, rule);
	if (!rc)
		rule->extra = NULL;
	return rc;
}

int nslp_app_open(struct nslp *n, const struct session_open *o, const char **why)
{
	struct session_open full = *o;
	struct nslp_session *s = nslp_session_find(n, o->sid);
	struct nslp_rule rule;
	int rc;

	if (!complete(n, &full, why) || !check(&full, why))
		return -EINVAL;
	*why = "out of resources";
	if (!make_rule(n, &rule, &full))
		return -ENOBUFS;
	if (s && !s->local) {
		*why = "that session is not one of this node's applications";
		rc = -EEXIST;
	} else if (s) {
		rc = change(s, &full, &rule);
	} else {
		rc = open_new(n, &full, &rule);
	}
	nslp_rule_fini(&rule);
	if (!rc)
		*why = NULL;
	return rc;
}

int nslp_app_refresh(struct nslp *n, const uint8_t *sid)
{
	struct nslp_session *s = nslp_session_find(n, sid);

	if (!s || !s->local)
		return -ENOENT;
	nslp_initiate_again(s);
	return 0;
}

/* The operator ends somebody else's session: that is an event for its neighbours (3.7.5). */
int nslp_app_close(struct nslp *n, const uint8_t *sid, bool all)
{
	struct nslp_session *s = nslp_session_find(n, sid);
	uint8_t copy[GATE_SID];

	if (!s || (!s->local && !all))
		return -ENOENT;
	if (!s->local) {
		nslp_report_terminated(s, "ended by the operator");
		return 0;
	}
	memcpy(copy, sid, sizeof(copy));
	nslp_initiate_delete(s);
	s = nslp_session_find(n, copy);
	if (s)
		nslp_session_end(s, 0, "closed");
	return 0;
}
