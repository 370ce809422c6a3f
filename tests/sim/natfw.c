// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes with the NATFW engine, and their local applications.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static void io_event(void *arg, const struct session_event *e)
{
	static const char *const state[] = { "pending", "established", "transitory", "dead" };
	struct node *n = arg;
	struct text t = { .len = 0 };
	unsigned int i;

	text_add(&t, "%s event state=%s token=%llu kind=%u msn=%u code=%04x object=%03x lt=%u", n->name,
		 state[e->state], (unsigned long long)e->token, e->kind, e->msn, e->code, e->object,
		 e->lifetime);
	text_hex(&t, "sid", e->sid, GATE_SID);
	if (e->has_external)
		text_endpoint(&t, "external", &e->external);
	if (e->bindings)
		text_add(&t, " bindport=%u bindings=", e->binding_port);
	for (i = 0; i < e->bindings && i < SESSION_BINDINGS; i++) {
		text_add(&t, "%s", i ? "," : "");
		text_address(&t, &e->binding[i]);
	}
	note(t.s, gist_view(NULL, 0));
}

static void io_random(void *arg, void *buf, size_t len)
{
	struct node *n = arg;
	uint8_t *p = buf;

	while (len--)
		*p++ = (uint8_t)(roll(&n->random) >> 11);
}

static uint64_t io_ntp(void *arg)
{
	struct node *n = arg;

	return ((3900000000ull + w.now / 1000 + n->ntp_offset) << 32) |
		((w.now % 1000) << 32) / 1000;
}

/* "out=2,3": links whose interfaces are outside, with "edge", "nat", "fw" as words of their own. */
static void interfaces(struct node *n, const struct words *ws)
{
	const char *out = words_get(ws, "out");
	unsigned int i;
	char text[64], want[8];

	snprintf(text, sizeof(text), ",%s,", out ? out : "");
	for (i = 0; i < n->ifaces; i++) {
		struct nslp_interface *f = &n->interface[i];

		snprintf(want, sizeof(want), ",%u,", n->iface[i].link);
		memset(f, 0, sizeof(*f));
		f->ifindex = n->iface[i].link;
		f->firewall = words_has(ws, "fw");
		if (!strstr(text, want))
			continue;
		f->outside = true;
		f->edge = words_has(ws, "edge");
		f->nat = words_has(ws, "nat");
		n->gate_link = f->ifindex;
	}
	n->nc.interface = n->interface;
	n->nc.interfaces = n->ifaces;
}

static void configure(struct node *n, const char *options)
{
	struct nslp_config *c = &n->nc;
	struct words ws;

	words_split(&ws, options);
	interfaces(n, &ws);
	c->forward = words_num(&ws, "forward", c->forward);
	c->respond = words_num(&ws, "respond", c->respond);
	c->proxy = words_num(&ws, "proxy", c->proxy);
	c->need_reservation = words_num(&ws, "need_reservation", c->need_reservation);
	c->lifetime_min = (uint32_t)words_num(&ws, "min", c->lifetime_min);
	c->lifetime_max = (uint32_t)words_num(&ws, "max", c->lifetime_max);
	c->lifetime = (uint32_t)words_num(&ws, "lifetime", c->lifetime);
	c->transitory = (uint32_t)words_num(&ws, "transitory", c->transitory);
	c->sessions = (uint32_t)words_num(&ws, "sessions", c->sessions);
	c->sessions_per_peer = (uint32_t)words_num(&ws, "per_peer", c->sessions_per_peer);
	c->reliable = words_num(&ws, "reliable", c->reliable);
	c->secure = words_num(&ws, "secure", c->secure);
	c->key_id = (uint32_t)words_num(&ws, "key_id", c->key_id);
	c->transform = (uint8_t)words_num(&ws, "transform", c->transform);
	if (words_has(&ws, "key"))
		c->key_len = (uint8_t)read_hex(words_get(&ws, "key"), c->key, sizeof(c->key));
	n->gate_delay = (uint32_t)words_num(&ws, "gate_delay", n->gate_delay);
}

static void nslp_one(struct node *n, const char *options)
{
	struct nslp_io io = {
		.arg = n, .gate = gate_request, .event = io_event, .random = io_random, .ntp = io_ntp,
	};
	extern bool sim_route(void *arg, const struct address *to, struct gist_route *r);
	extern bool sim_local(void *arg, const struct address *a);

	io.route = sim_route;
	io.local = sim_local;
	if (n->n) {
		configure(n, options);
		nslp_reconfigure(n->n, &n->nc);
		return;
	}
	memset(&n->nc, 0, sizeof(n->nc));
	nslp_config_default(&n->nc);
	n->nc.respond = true;
	configure(n, options);
	n->n = nslp_create(&n->nc, &io, n->g, &n->timers);
	if (!n->n)
		sim_fail("nslp_create failed");
}

void nslp(const char *nodes, const char *options)
{
	for (; *nodes; nodes++)
		if (*nodes >= 'A' && *nodes <= 'Z')
			nslp_one(node_of(nodes), options);
}

struct nslp *natfw(const char *node)
{
	return node_of(node)->n;
}

void natfw_free(struct node *n)
{
	if (n->n)
		nslp_destroy(n->n);
	n->n = NULL;
}

/* ------------------------------------------------------------------ local applications */

static void open_flow(struct session_open *o, const char *v)
{
	struct gate_flow *f = &o->flow;
	struct gist_mri m = w.flow;

	if (v && !read_mri(v, &m))
		sim_fail("what flow is %s?", v);
	memset(f, 0, sizeof(*f));
	f->source = m.source;
	f->destination = m.destination;
	f->version = m.destination.version;
	f->source_len = m.source_prefix;
	f->destination_len = m.destination_prefix;
	if (!m.source_prefix)
		memset(&f->source, 0, sizeof(f->source));
	f->protocol = m.protocol;
	f->has_protocol = m.has_protocol;
	f->has_sport = m.has_sport;
	f->has_dport = m.has_dport;
	f->has_spi = m.has_spi;
	f->sport = m.sport;
	f->dport = m.dport;
	f->spi = m.spi;
}

int app_open(const char *node, const char *kind, const char *fmt, ...)
{
	struct session_open o = { .token = 1, .uid = 1000 };
	const char *why = NULL;
	char spec[2048];
	struct words ws;
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(spec, sizeof(spec), fmt, ap);
	va_end(ap);
	words_split(&ws, spec);
	o.kind = !strcmp(kind, "create") ? SESSION_CREATE : !strcmp(kind, "external") ?
		SESSION_EXTERNAL : SESSION_BLOCK;
	open_flow(&o, words_get(&ws, "flow"));
	o.token = words_num(&ws, "token", 1);
	if (words_has(&ws, "sid"))
		read_hex(words_get(&ws, "sid"), o.sid, sizeof(o.sid));
	o.has_msn = words_has(&ws, "msn");
	o.msn = (uint32_t)words_num(&ws, "msn", 0);
	o.proxy = words_has(&ws, "proxy");
	o.beyond = words_has(&ws, "beyond");
	o.loose = words_has(&ws, "loose");
	o.binding = words_has(&ws, "binding");
	if (words_has(&ws, "toward"))
		read_address(words_get(&ws, "toward"), &o.toward);
	o.lifetime = (uint32_t)words_num(&ws, "lt", 0);
	o.refresh = (uint32_t)words_num(&ws, "refresh", 0);
	o.flow.more_ports = (uint8_t)words_num(&ws, "more", 0);
	if (words_has(&ws, "icmp")) {
		char *copy = strdup(words_get(&ws, "icmp")), *word, *save;

		for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
			o.flow.icmp[o.flow.icmp_count++] = (uint8_t)atoi(word);
		free(copy);
	}
	r = nslp_app_open(node_of(node)->n, &o, &why);
	if (r)
		notef("%s openfailed error=%d", node, -r);
	return r;
}

int app_refresh(const char *node, const char *sid)
{
	uint8_t octets[GATE_SID];

	read_hex(sid, octets, sizeof(octets));
	return nslp_app_refresh(node_of(node)->n, octets);
}

int app_close(const char *node, const char *sid, bool all)
{
	uint8_t octets[GATE_SID];

	read_hex(sid, octets, sizeof(octets));
	return nslp_app_close(node_of(node)->n, octets, all);
}

/* ------------------------------------------------------------------ looking at sessions */

struct finder {
	uint8_t sid[GATE_SID];
	struct session_info found;
	unsigned int n;
};

static void found(void *arg, const struct session_info *i)
{
	struct finder *f = arg;

	if (memcmp(f->sid, i->sid, GATE_SID))
		return;
	f->found = *i;
	f->n++;
}

bool session_of(const char *node, const char *sid, struct session_info *info)
{
	struct finder f = { .n = 0 };

	read_hex(sid, f.sid, sizeof(f.sid));
	nslp_each(node_of(node)->n, found, &f);
	if (f.n > 1)
		sim_fail("%s has the session %u times", node, f.n);
	if (info)
		*info = f.found;
	return f.n;
}

const char *session_state(const char *node, const char *sid)
{
	static const char *const name[] = { "pending", "established", "transitory", "dead" };
	struct session_info i;

	return session_of(node, sid, &i) ? name[i.state] : "none";
}
